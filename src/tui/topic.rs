//! What a row is about, which is the same row in the next picture.

use crate::model::{Address, Likeness, Path, ServiceKey, Subject, Timestamp, Tunnel};
use crate::snapshot::{Conversation, HostRow, Kinds, Snapshot, Table};

/// A layer conversations and end points are counted at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Tcp,
    Udp,
    Sctp,
    Ip,
    Ipv6,
    Eth,
}

impl Kind {
    /// The layer of an address.
    pub fn of_address(address: Address) -> Self {
        match address {
            Address::Mac(_) => Kind::Eth,
            Address::V4(_) => Kind::Ip,
            Address::V6(_) => Kind::Ipv6,
        }
    }

    /// The word on screen.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Tcp => "TCP",
            Kind::Udp => "UDP",
            Kind::Sctp => "SCTP",
            Kind::Ip => "IPv4",
            Kind::Ipv6 => "IPv6",
            Kind::Eth => "Ethernet",
        }
    }

    /// The word registries use.
    pub fn token(self) -> &'static str {
        match self {
            Kind::Tcp => "tcp",
            Kind::Udp => "udp",
            Kind::Sctp => "sctp",
            Kind::Ip => "ip",
            Kind::Ipv6 => "ipv6",
            Kind::Eth => "eth",
        }
    }

    /// The number of its transport protocol; `None` for addresses.
    pub fn protocol(self) -> Option<u8> {
        match self {
            Kind::Tcp => Some(6),
            Kind::Udp => Some(17),
            Kind::Sctp => Some(132),
            Kind::Ip | Kind::Ipv6 | Kind::Eth => None,
        }
    }

    /// Conversations of this kind.
    pub fn conversations(self, snapshot: &Snapshot) -> &Table<Conversation> {
        self.of(&snapshot.stats.conversations)
    }

    /// End points of this kind.
    pub fn endpoints(self, snapshot: &Snapshot) -> &Table<HostRow> {
        self.of(&snapshot.stats.endpoints)
    }

    /// The rows of this kind among those of all.
    pub fn of_mut<R>(self, kinds: &mut Kinds<R>) -> &mut Table<R> {
        match self {
            Kind::Tcp => &mut kinds.tcp,
            Kind::Udp => &mut kinds.udp,
            Kind::Sctp => &mut kinds.sctp,
            Kind::Ip => &mut kinds.ip,
            Kind::Ipv6 => &mut kinds.ipv6,
            Kind::Eth => &mut kinds.eth,
        }
    }

    fn of<R>(self, kinds: &Kinds<R>) -> &Table<R> {
        match self {
            Kind::Tcp => &kinds.tcp,
            Kind::Udp => &kinds.udp,
            Kind::Sctp => &kinds.sctp,
            Kind::Ip => &kinds.ip,
            Kind::Ipv6 => &kinds.ipv6,
            Kind::Eth => &kinds.eth,
        }
    }
}

/// A thing that has a row and a page of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    /// A conversation.
    Conversation { kind: Kind, a: Address, a_port: u16, b: Address, b_port: u16, first: Timestamp },
    /// An end point.
    Host { kind: Kind, address: Address, port: u16 },
    /// What listens at a port.
    Service(ServiceKey),
    /// A path of the hierarchy.
    Protocol(Path),
    /// An application known by its port or content.
    App(String),
    /// An application at the end of a path of the hierarchy.
    Spoken(Path, &'static str),
    /// A VLAN identifier.
    Vlan(u16),
    /// A tunnel that crosses the link; it has no page.
    Tunnel(Tunnel),
    /// A row that has no page: its number, which stays the same while the row is there.
    Row(u64),
    /// A finding: its identifier and what it is about.
    Finding(&'static str, Subject),
    /// Findings that are alike.
    Alike(Likeness),
}

impl Topic {
    /// The topic of a conversation.
    pub fn conversation(kind: Kind, row: &Conversation) -> Self {
        Topic::Conversation { kind, a: row.a, a_port: row.a_port, b: row.b, b_port: row.b_port, first: row.beginning() }
    }

    /// The topic of an end point.
    pub fn host(kind: Kind, row: &HostRow) -> Self {
        Topic::Host { kind, address: row.address, port: row.port }
    }
}
