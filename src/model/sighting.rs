//! What is seen seldom and says much: how addresses are resolved, given out and announced. A shard gathers what is alike within an interval, so
//! that a flood of it is few [`Sighting`]s.

use super::{Mac, Timestamp};
use std::net::{Ipv4Addr, Ipv6Addr};

/// A DHCP message (RFC 2131), as far as it tells who gives out what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DhcpSight {
    /// Its type (RFC 2132 section 9.6).
    pub kind: u8,
    /// The client's hardware address.
    pub client: Mac,
    /// Who answers (option 54).
    pub server: Option<Ipv4Addr>,
    /// The address that is given; 0.0.0.0: none.
    pub given: Ipv4Addr,
    /// The client asks for an address that it had before (option 50).
    pub asks_again: bool,
    /// The relay it came through; 0.0.0.0: none.
    pub relay: Ipv4Addr,
    /// What the client is told.
    pub told: DhcpConfig,
    /// A client that looks for what to boot from (option 60 `PXEClient`): DHCP servers may leave it to others.
    pub is_boot: bool,
}

/// What a DHCP server tells its clients: where two servers differ, one leads clients astray.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DhcpConfig {
    /// The first router (option 3).
    pub router: Option<Ipv4Addr>,
    /// The first name server (option 6).
    pub name_server: Option<Ipv4Addr>,
    /// The subnet mask (option 1).
    pub mask: Option<Ipv4Addr>,
}

/// An answer of a time server (RFC 5905 section 7.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockSight {
    /// The server.
    pub server: super::Address,
    /// The client.
    pub client: super::Address,
    /// Its stratum: 0 and 16 are none, 0 with a code in the reference identifier.
    pub stratum: u8,
    /// The leap indicator: 3 is unsynchronised.
    pub leap: u8,
    /// Root delay halved plus root dispersion, milliseconds.
    pub distance: u32,
    /// What the server's clock says beyond the capture's, milliseconds; `None` without a time.
    pub ahead: Option<i64>,
    /// What the client's clock said beyond the capture's when it asked, milliseconds; `None` where it did not tell: many send a random number.
    pub client_ahead: Option<i64>,
    /// The reference identifier: of stratum 0 four letters (RFC 5905 section 7.4).
    pub reference: [u8; 4],
}

impl ClockSight {
    /// What a server says by stratum 0 that does not want to be asked (RFC 5905 section 7.4). Any other code tells why it has no time.
    const REFUSALS: [[u8; 4]; 3] = [*b"DENY", *b"RSTR", *b"RATE"];

    /// It does not want to be asked.
    pub fn refuses(&self) -> bool {
        self.stratum == 0 && Self::REFUSALS.contains(&self.reference)
    }

    /// It says that it does not know the time: stratum 16 is sent as 0 (RFC 5905 section 7.3).
    pub fn is_unsynchronised(&self) -> bool {
        matches!(self.stratum, 0 | 16..) && !self.refuses() || self.leap == 3
    }
}

/// What was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sight {
    /// An ARP packet (RFC 826).
    Arp {
        /// A reply, not a request.
        is_reply: bool,
        /// Who says so.
        sender: Ipv4Addr,
        /// The hardware address it claims.
        sender_mac: Mac,
        /// Whom it asks for, or tells.
        target: Ipv4Addr,
    },
    /// A neighbour solicitation (RFC 4861 section 4.3).
    Solicitation {
        /// Who asks; `::`: somebody who looks whether the address is free (RFC 4862 section 5.4.2).
        asker: Ipv6Addr,
        /// Whom it asks for.
        target: Ipv6Addr,
        /// It goes to a group, not to the address itself.
        is_to_many: bool,
    },
    /// A neighbour advertisement (RFC 4861 section 4.4).
    Advertisement {
        /// The address it claims.
        address: Ipv6Addr,
        /// The hardware address it claims.
        mac: Mac,
        /// Whom it tells.
        asker: Ipv6Addr,
        /// Others are to believe it whatever they knew (override flag), which proxies and anycast addresses leave out.
        overrides: bool,
    },
    /// A station looks whether an address is free before it uses it, and asks everybody (RFC 5227 section 2.1.1, RFC 4862 section 5.4.2).
    Probe {
        /// Which.
        address: super::Address,
    },
    /// A router advertisement (RFC 4861 section 4.2).
    Router {
        /// Who announces himself.
        source: Ipv6Addr,
        /// For how many seconds as a default router; 0: not.
        lifetime: u16,
        /// Managed and other configuration flags.
        flags: u8,
        /// The first prefix that hosts make addresses of.
        prefix: Option<(Ipv6Addr, u8)>,
    },
    /// A DHCP message.
    Dhcp(DhcpSight),
    /// A datagram that came in fragments (TCP: one of them).
    Datagram {
        /// From whom.
        from: super::Address,
        /// To whom.
        to: super::Address,
        /// What it carries.
        protocol: u8,
        /// Whether all of it came.
        is_whole: bool,
        /// It is of a name server.
        is_dns: bool,
        /// In how many fragments.
        pieces: u8,
    },
    /// An answer of a time server.
    Clock(ClockSight),
    /// A copy of an ARP request, as it is left out of everything else: it may show the same frame in another VLAN.
    ArpCopy {
        /// Who asks.
        sender: Ipv4Addr,
        /// The hardware address it claims.
        sender_mac: Mac,
        /// Whom it asks for.
        target: Ipv4Addr,
    },
    /// Where a station sends from, by an ARP request and what the mirroring device says of it.
    Place {
        /// The mirror session.
        session: u16,
        /// The port by which the frame entered the device.
        port: Option<u32>,
        /// Where the mirror does not say whether the frame entered or left there: the address that the request is from. A broadcast that is seen
        /// once entered; one that left did so by other ports as well.
        sender: Option<Ipv4Addr>,
    },
    /// A host wants what is sent to a group (IGMP, MLD).
    Join {
        /// Which group.
        group: super::Address,
        /// The version of IGMP or MLD.
        version: u8,
    },
    /// A host wants it no longer.
    Leave {
        /// Which group.
        group: super::Address,
        /// The version of IGMP or MLD.
        version: u8,
    },
    /// A host asks another whether it is there, or says that it is (ping: RFC 792 "Echo or Echo Reply Message", RFC 4443 section 4).
    Echo {
        /// It says so.
        is_reply: bool,
        /// From whom.
        from: super::Address,
        /// To whom.
        to: super::Address,
    },
    /// A router tells a host of a better way (RFC 792 "Redirect Message", RFC 4861 section 4.5).
    Redirect {
        /// Who tells.
        router: super::Address,
        /// Whom.
        host: super::Address,
        /// Where the host wants to.
        target: super::Address,
        /// By whom it is to go; the target itself where it is on the link.
        gateway: super::Address,
    },
}

/// Where on a network a frame was seen: an address means the same device only within one of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BroadcastDomain {
    /// The mirror session that brought it, by its number; 0: none. Two may be of two sites whose private addresses are the same.
    pub session: u16,
    /// The outermost VLAN.
    pub vlan: Option<u16>,
}

/// Something seen so often within an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighting {
    /// First.
    pub first: Timestamp,
    /// Last.
    pub last: Timestamp,
    /// The outermost VLAN.
    pub vlan: Option<u16>,
    /// The mirror session that brought it; 0: none.
    pub session: u16,
    /// Who sent the frame.
    pub source: Mac,
    /// What.
    pub what: Sight,
    /// How often.
    pub count: u64,
    /// The numbers of the first packet that shows it and of the last; 0 where they are not known.
    pub numbers: [u64; 2],
}

impl Sighting {
    /// Where it was seen.
    pub fn domain(&self) -> BroadcastDomain {
        BroadcastDomain { session: self.session, vlan: self.vlan }
    }
}
