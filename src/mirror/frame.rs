//! One analysed packet as the detectors see it.

use crate::model::{Direction, FlowKey, Mac, MirrorTag, Timestamp, VlanStack};

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
    /// TCP, when its header is there.
    pub tcp: Option<Segment>,
    /// Whether it is an IP fragment.
    pub fragment: bool,
    /// What the mirroring device says of this copy.
    pub tag: Option<MirrorTag>,
    /// Number of the mirror session it came through (0: none).
    pub session: u16,
    /// Index of the capture interface.
    pub interface: u16,
}
