//! What a walk over a packet's headers found.

use crate::model::{Mac, Path, VlanStack};
use std::net::{Ipv4Addr, Ipv6Addr};

/// A packet's place in a fragmented datagram.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fragment {
    /// Not a fragment.
    #[default]
    Whole,
    /// The first fragment: the transport header is (usually) here.
    First {
        /// IPv4 identification, or the IPv6 fragment header's.
        id: u32,
    },
    /// A later fragment: no transport header.
    Later {
        /// IPv4 identification, or the IPv6 fragment header's.
        id: u32,
    },
}

/// The outermost network layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Net {
    /// None was found.
    #[default]
    None,
    /// IPv4 source and destination.
    V4(Ipv4Addr, Ipv4Addr),
    /// IPv6 source and destination.
    V6(Ipv6Addr, Ipv6Addr),
}

/// The transport header of the outermost network layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Transport {
    /// None (another IP protocol, a later fragment, cut before it).
    #[default]
    None,
    /// TCP.
    Tcp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
        /// Sequence number.
        sequence: u32,
        /// Acknowledgement number.
        acknowledgement: u32,
        /// The flag byte: CWR ECE URG ACK PSH RST SYN FIN from the highest bit.
        flags: u8,
        /// Window, unscaled.
        window: u16,
        /// Payload bytes by the IP length (not only those captured).
        payload: u32,
    },
    /// UDP or UDP-Lite (which of the two is in [`Headers::protocol`]).
    Udp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
    },
    /// SCTP.
    Sctp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
    },
    /// ICMP or ICMPv6.
    Icmp {
        /// Message type.
        kind: u8,
        /// Message code.
        code: u8,
    },
}

/// Why a walk ended before the packet's own end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The capture does not hold the whole header (snap length or a cut); not the packet's fault.
    Captured,
    /// The header contradicts itself or the packet's length.
    Malformed,
}

/// What [`super::walk`] found in one packet. Values of layers not reached keep their defaults.
#[derive(Debug, Clone, Copy, Default)]
pub struct Headers {
    /// Protocols, outermost first.
    pub path: Path,
    /// Source and destination MAC, when the link has them.
    pub mac: Option<(Mac, Mac)>,
    /// The EtherType (or 0) that the innermost link header announced.
    pub ether_type: u16,
    /// VLAN tags.
    pub vlans: VlanStack,
    /// Outermost network layer.
    pub net: Net,
    /// The IP protocol number after extension headers.
    pub protocol: u8,
    /// Place in a fragmented datagram.
    pub fragment: Fragment,
    /// Transport header.
    pub transport: Transport,
    /// Where the payload of the innermost decoded layer starts, from the packet's first byte.
    pub payload_at: u32,
    /// Why the walk stopped early, if it did.
    pub stop: Option<Stop>,
}
