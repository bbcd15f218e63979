//! One analysed packet as everything behind the decoder sees it.

use super::{Address, Direction, FlowKey, Mac, MirrorTag, Path, Timestamp, VlanStack};

/// Why a packet was decoded no further, though it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The capture does not hold the whole header (snap length or a cut); not the packet's fault.
    Captured,
    /// The header contradicts itself or the packet's length.
    Malformed,
}

/// Destination kind of a packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cast {
    /// To one station.
    #[default]
    Unicast,
    /// To a group.
    Multicast,
    /// To all.
    Broadcast,
}

/// A TCP header's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgement number.
    pub acknowledgement: u32,
    /// CWR ECE URG ACK PSH RST SYN FIN from the highest bit.
    pub flags: u8,
    /// Window, unscaled.
    pub window: u16,
    /// Payload bytes by the IP length (not only those captured).
    pub payload: u32,
}

/// One packet of the mirrored network, after decapsulation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Frame<'a> {
    /// Packet time.
    pub time: Timestamp,
    /// Wire length of the mirrored frame.
    pub wire: u32,
    /// Captured bytes of the mirrored frame.
    pub bytes: &'a [u8],
    /// Protocols, outermost first.
    pub path: Path,
    /// Source and destination MAC, when the link has them.
    pub mac: Option<(Mac, Mac)>,
    /// VLAN tags.
    pub vlans: VlanStack,
    /// EtherType of the innermost link header (0: none).
    pub ether_type: u16,
    /// Offset of the IP header in `bytes`.
    pub net: Option<u32>,
    /// Offset of the transport header in `bytes`.
    pub transport: Option<u32>,
    /// Offset of what no header was decoded of.
    pub payload: u32,
    /// The conversation, for IP.
    pub flow: Option<(FlowKey, Direction)>,
    /// The conversation's [`FlowKey::shard_hash`] (0: none).
    pub hash: u64,
    /// TCP, when its header is there.
    pub tcp: Option<Segment>,
    /// Whether it is an IP fragment.
    pub fragment: bool,
    /// Why its headers were not read to their end, if so.
    pub stop: Option<Stop>,
    /// What the mirroring device says of this copy.
    pub tag: Option<MirrorTag>,
    /// Number of the mirror session it came through (0: none).
    pub session: u16,
    /// Index of the capture interface.
    pub interface: u16,
}

impl Frame<'_> {
    /// What kind of destination it has: by its MAC address, without one by its IP address.
    pub fn cast(&self) -> Cast {
        let destination = match (self.mac, &self.flow) {
            (Some((_, destination)), _) => Address::Mac(destination),
            (None, Some((key, Direction::AToB))) => key.b(),
            (None, Some((key, Direction::BToA))) => key.a(),
            (None, None) => return Cast::Unicast,
        };
        match destination {
            Address::Mac(Mac::BROADCAST) => Cast::Broadcast,
            Address::V4(a) if a.is_broadcast() => Cast::Broadcast,
            Address::Mac(a) if a.is_group() => Cast::Multicast,
            Address::V4(a) if a.is_multicast() => Cast::Multicast,
            Address::V6(a) if a.is_multicast() => Cast::Multicast,
            _ => Cast::Unicast,
        }
    }
}
