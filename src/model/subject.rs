//! What a finding is about.

use super::{Address, Mac, Proto, Tunnel};
use std::fmt;

/// What a finding is about. With the finding's identifier it is the finding's key: two servers that answer slowly are two findings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The whole of what is mirrored, and the mirror itself.
    #[default]
    Network,
    /// A host, by its network address.
    Host(Address),
    /// A service: what listens at a port of a host.
    Service {
        /// The host.
        address: Address,
        /// The port it listens at.
        port: u16,
        /// The transport protocol of the port.
        protocol: Proto,
    },
    /// A conversation of two hosts; `a` is the numerically smaller (address, port), as in the tables of conversations.
    Conversation {
        /// One end.
        a: Address,
        /// Its port, 0 without ports.
        a_port: u16,
        /// The other end.
        b: Address,
        /// Its port, 0 without ports.
        b_port: u16,
        /// The protocol the ports are of, or the network layer's.
        protocol: Proto,
    },
    /// A VLAN, by its identifier.
    Vlan(u16),
    /// A station of the link layer.
    Station(Mac),
    /// A multicast group.
    Group(Address),
    /// A bridge of the spanning tree (IEEE 802.1D clause 9.2.5).
    Bridge {
        /// Its priority with the system identifier extension.
        priority: u16,
        /// Its address.
        mac: Mac,
    },
    /// A mirror session: the tunnel that brings copies.
    Session(Tunnel),
}

/// A part of a subject, for programs to read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SubjectPart {
    /// A number.
    Number(u64),
    /// An address of any layer.
    Address(Address),
    /// A word.
    Word(&'static str),
}

impl Subject {
    /// The words of all kinds.
    pub const KINDS: [&'static str; 9] = ["network", "host", "service", "conversation", "vlan", "station", "group", "bridge", "session"];

    /// The word for its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Subject::Network => "network",
            Subject::Host(_) => "host",
            Subject::Service { .. } => "service",
            Subject::Conversation { .. } => "conversation",
            Subject::Vlan(_) => "vlan",
            Subject::Station(_) => "station",
            Subject::Group(_) => "group",
            Subject::Bridge { .. } => "bridge",
            Subject::Session(_) => "session",
        }
    }

    /// Its parts with their names, in the order of reports; none of the whole network.
    pub fn parts(&self) -> Vec<(&'static str, SubjectPart)> {
        use SubjectPart::{Address as At, Number, Word};
        match *self {
            Subject::Network => Vec::new(),
            Subject::Host(address) | Subject::Group(address) => vec![("address", At(address))],
            Subject::Service { address, port, protocol } => {
                vec![("address", At(address)), ("port", Number(port.into())), ("protocol", Word(protocol.token()))]
            }
            Subject::Conversation { a, a_port, b, b_port, protocol } => vec![
                ("a", At(a)),
                ("a_port", Number(a_port.into())),
                ("b", At(b)),
                ("b_port", Number(b_port.into())),
                ("protocol", Word(protocol.token())),
            ],
            Subject::Vlan(id) => vec![("vlan", Number(id.into()))],
            Subject::Station(mac) => vec![("mac", At(Address::Mac(mac)))],
            Subject::Bridge { priority, mac } => vec![("priority", Number(priority.into())), ("mac", At(Address::Mac(mac)))],
            Subject::Session(tunnel) => vec![
                ("transport", Word(tunnel.kind.token())),
                ("source", At(tunnel.source)),
                ("destination", At(tunnel.destination)),
                ("session", Number(tunnel.id)),
            ],
        }
    }
}

/// `10.20.1.2:53`, `[2001:db8::1]:53`; the address alone without a port.
fn end(f: &mut fmt::Formatter<'_>, address: Address, port: u16) -> fmt::Result {
    match (address, port) {
        (_, 0) => write!(f, "{address}"),
        (Address::V6(_), _) => write!(f, "[{address}]:{port}"),
        _ => write!(f, "{address}:{port}"),
    }
}

/// The name in reports: `network`, `10.20.1.2`, `10.20.1.2:53/udp`, `VLAN 10`, `erspan2 10.0.0.1 -> 10.0.0.9 #7`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Subject::Network => f.write_str("network"),
            Subject::Host(address) | Subject::Group(address) => write!(f, "{address}"),
            Subject::Service { address, port, protocol } => {
                end(f, address, port)?;
                write!(f, "/{}", protocol.token())
            }
            Subject::Conversation { a, a_port, b, b_port, protocol } => {
                end(f, a, a_port)?;
                f.write_str(" - ")?;
                end(f, b, b_port)?;
                write!(f, "/{}", protocol.token())
            }
            Subject::Vlan(id) => write!(f, "VLAN {id}"),
            Subject::Station(mac) => write!(f, "{mac}"),
            Subject::Bridge { priority, mac } => write!(f, "{priority}/{mac}"),
            Subject::Session(Tunnel { kind, source, destination, id }) => {
                write!(f, "{} {source} -> {destination} #{id}", kind.token())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TunnelKind;
    use std::net::{Ipv4Addr, Ipv6Addr};

    /// One subject of each kind, with its name and the names of its parts.
    fn all() -> Vec<(Subject, &'static str, &'static [&'static str])> {
        let v4 = |d| Address::V4(Ipv4Addr::new(10, 20, 1, d));
        let v6 = Address::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
        let mac = Mac([2, 0, 0, 0, 0, 9]);
        let tunnel = Tunnel { kind: TunnelKind::Erspan2, source: v4(1), destination: v4(9), id: 7 };
        vec![
            (Subject::Network, "network", &[]),
            (Subject::Host(v4(2)), "10.20.1.2", &["address"]),
            (Subject::Service { address: v4(2), port: 53, protocol: Proto::Udp }, "10.20.1.2:53/udp", &["address", "port", "protocol"]),
            (
                Subject::Conversation { a: v4(2), a_port: 0, b: v6, b_port: 443, protocol: Proto::Tcp },
                "10.20.1.2 - [2001:db8::1]:443/tcp",
                &["a", "a_port", "b", "b_port", "protocol"],
            ),
            (Subject::Vlan(10), "VLAN 10", &["vlan"]),
            (Subject::Station(mac), "02:00:00:00:00:09", &["mac"]),
            (Subject::Group(v4(3)), "10.20.1.3", &["address"]),
            (Subject::Bridge { priority: 32_768, mac }, "32768/02:00:00:00:00:09", &["priority", "mac"]),
            (Subject::Session(tunnel), "erspan2 10.20.1.1 -> 10.20.1.9 #7", &["transport", "source", "destination", "session"]),
        ]
    }

    #[test]
    fn every_kind_has_a_name_and_parts() {
        let kinds: Vec<_> = all().iter().map(|s| s.0.kind()).collect();
        assert_eq!(kinds, Subject::KINDS);
        for (subject, name, parts) in all() {
            assert_eq!(subject.to_string(), name);
            let told: Vec<_> = subject.parts().iter().map(|p| p.0).collect();
            assert_eq!(told, parts);
            assert!(!told.contains(&"kind") && !told.contains(&"name"), "the report's own members");
        }
    }
}
