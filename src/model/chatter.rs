//! What hosts and routers of a link say to find each other, by its kinds.

/// A kind of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Chatter {
    /// ARP, who has an address (RFC 826).
    ArpRequest,
    /// ARP, an answer.
    ArpReply,
    /// Neighbour discovery, who has an address (RFC 4861).
    NeighbourSolicitation,
    /// Neighbour discovery, an answer.
    NeighbourAdvertisement,
    /// A host asks for routers.
    RouterSolicitation,
    /// A router says that it is there.
    RouterAdvertisement,
    /// DHCP for IPv4 (RFC 2131).
    Dhcp,
    /// DHCP for IPv6 (RFC 8415).
    Dhcpv6,
    /// Groups of IPv4: queries, reports, leaves.
    Igmp,
    /// Groups of IPv6.
    Mld,
}

impl Chatter {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::ArpRequest,
        Self::ArpReply,
        Self::NeighbourSolicitation,
        Self::NeighbourAdvertisement,
        Self::RouterSolicitation,
        Self::RouterAdvertisement,
        Self::Dhcp,
        Self::Dhcpv6,
        Self::Igmp,
        Self::Mld,
    ];

    /// The word in reports.
    pub fn token(self) -> &'static str {
        match self {
            Self::ArpRequest => "arp_request",
            Self::ArpReply => "arp_reply",
            Self::NeighbourSolicitation => "neighbour_solicitation",
            Self::NeighbourAdvertisement => "neighbour_advertisement",
            Self::RouterSolicitation => "router_solicitation",
            Self::RouterAdvertisement => "router_advertisement",
            Self::Dhcp => "dhcp",
            Self::Dhcpv6 => "dhcpv6",
            Self::Igmp => "igmp",
            Self::Mld => "mld",
        }
    }

    /// What people call it.
    pub fn words(self) -> &'static str {
        match self {
            Self::ArpRequest => "ARP request",
            Self::ArpReply => "ARP reply",
            Self::NeighbourSolicitation => "ND solicitation",
            Self::NeighbourAdvertisement => "ND advertisement",
            Self::RouterSolicitation => "router solicitation",
            Self::RouterAdvertisement => "router advertisement",
            Self::Dhcp => "DHCP",
            Self::Dhcpv6 => "DHCPv6",
            Self::Igmp => "IGMP",
            Self::Mld => "MLD",
        }
    }

    /// Of ICMPv6, by its type (RFC 4861, RFC 2710, RFC 3810).
    pub fn of_icmp6(kind: u8) -> Option<Self> {
        Some(match kind {
            133 => Self::RouterSolicitation,
            134 => Self::RouterAdvertisement,
            135 => Self::NeighbourSolicitation,
            136 => Self::NeighbourAdvertisement,
            130..=132 | 143 => Self::Mld,
            _ => return None,
        })
    }

    /// Of UDP, by both ports.
    pub fn of_ports(ports: [u16; 2]) -> Option<Self> {
        match ports {
            [67 | 68, 67 | 68] => Some(Self::Dhcp),
            [546 | 547, 546 | 547] => Some(Self::Dhcpv6),
            _ => None,
        }
    }
}
