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
    /// Its number, from 1, in the order in which packets came; 0 where it is not known.
    pub number: u64,
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
    /// Tag control information of the outermost VLAN tag without its drop eligible bit (IEEE 802.1Q 9.6), also of one that the mirror took
    /// off and told of; `None` in an untagged frame.
    pub tci: Option<u16>,
    /// EtherType of the innermost link header (0: none).
    pub ether_type: u16,
    /// Offset in `bytes` of what the link layer carries: behind its header, its VLAN tags and the EtherType or length (an LLC header is
    /// still to come).
    pub l2: u32,
    /// Where that ends by an IEEE 802.3 length field, counted from the first of `bytes`; 0 where the frame's end is its end.
    pub l2_end: u32,
    /// Offset of the IP header in `bytes`.
    pub net: Option<u32>,
    /// Where the IP packet ends by its own length field, counted from the first of `bytes`; 0 when the field is 0, or without IP.
    pub net_end: u32,
    /// Time to live or hop limit; 0 without IP.
    pub ttl: u8,
    /// DSCP and ECN: IPv4's second byte, IPv6's traffic class (RFC 2474, RFC 3168); 0 without IP.
    pub traffic_class: u8,
    /// Offset of the transport header in `bytes`.
    pub transport: Option<u32>,
    /// Offset of what no header was decoded of.
    pub payload: u32,
    /// The conversation, for IP.
    pub flow: Option<(FlowKey, Direction)>,
    /// The hash of the conversation that chooses the shard (0: none).
    pub hash: u32,
    /// TCP, when its header is there.
    pub tcp: Option<Segment>,
    /// Whether nothing that is looked at in each packet is left to be read in its bytes: a TCP segment that ends within the frame and has no
    /// options, or time stamps alone; a UDP datagram that [looks like](super::TunnelKind::looks_like) no tunnel and [carries no number](super::sealed::may_be_numbered). False where that was not looked at.
    pub is_plain: bool,
    /// Whether it is an IP fragment.
    pub fragment: bool,
    /// Whether it is the first piece of a copy that came in IP fragments: it ends early because the rest came in other packets.
    pub piece: bool,
    /// Why its headers were not read to their end, if so.
    pub stop: Option<Stop>,
    /// What the mirroring device says of this copy.
    pub tag: Option<MirrorTag>,
    /// Number of the mirror session it came through (0: none).
    pub session: u16,
    /// Index of the capture interface.
    pub interface: u16,
}

impl<'a> Frame<'a> {
    /// The captured bytes of what the conversation's transport header carries: a TCP segment's data, a UDP datagram's content by its
    /// own length. Padding and trailers are not among them; empty when the header is cut. Of other protocols it is what no header was
    /// decoded of, of a fragment what it holds.
    pub fn payload(&self) -> &'a [u8] {
        let header = |at: u32| self.bytes.get(at as usize..).unwrap_or_default();
        let protocol = self.flow.as_ref().map_or(0, |(key, _)| key.protocol);
        let end = if self.net_end == 0 { u32::MAX } else { self.net_end };
        let (start, end) = match (self.transport, protocol) {
            // Where that is known it is not read again.
            (Some(_), 6) if self.is_plain => (self.payload, end),
            (Some(at), 6) => match header(at).get(12) {
                Some(&offset) if offset >> 4 >= 5 => (at.saturating_add(u32::from(offset >> 4) * 4), end),
                _ => return &[],
            },
            // A length of 0 is a jumbogram's, or that of a segment the sender's hardware was to cut.
            (Some(at), 17) => match word(header(at), 4) {
                length @ 8.. => (at.saturating_add(8), end.min(at.saturating_add(length))),
                _ => (at.saturating_add(8), end),
            },
            (Some(at), 136) => (at.saturating_add(8), end),
            (Some(at), 132) => (at.saturating_add(12), end),
            _ => (self.payload, end),
        };
        let end = (end as usize).min(self.bytes.len());
        self.bytes.get(start as usize..end).unwrap_or_default()
    }

    /// The captured bytes of what the link layer carries: behind its header, its VLAN tags and the EtherType. Of a frame with a length
    /// in the EtherType's place as many bytes as that says, which begin with an LLC header; of others to the frame's end, padding
    /// included.
    pub fn l2_payload(&self) -> &'a [u8] {
        let end = if self.l2_end == 0 { self.bytes.len() } else { (self.l2_end as usize).min(self.bytes.len()) };
        self.bytes.get(self.l2 as usize..end).unwrap_or_default()
    }

    /// Differentiated services code point (RFC 2474), 6 bits.
    pub fn dscp(&self) -> u8 {
        self.traffic_class >> 2
    }

    /// Explicit congestion notification (RFC 3168), 2 bits.
    pub fn ecn(&self) -> u8 {
        self.traffic_class & 3
    }

    /// IPv4 identification (RFC 6864: it says something in fragments and where the sender counts); `None` without an IPv4 header.
    pub fn ip_id(&self) -> Option<u16> {
        let header = self.bytes.get(self.net? as usize..)?;
        (header.first()? >> 4 == 4).then_some(())?;
        header.get(4..6)?.first_chunk().map(|b| u16::from_be_bytes(*b))
    }

    /// Reads [`Self::tci`] from the frame's bytes and tags.
    pub fn outer_tag(&self) -> Option<u16> {
        let Some(&id) = self.vlans.ids().first() else {
            return self.tag.and_then(|t| Some(u16::from(t.cos.unwrap_or(0) & 7) << 13 | t.vlan? & 0x0fff));
        };
        // Priority is where an Ethernet tag has it, if that is a tag of this VLAN.
        match self.bytes.get(14..16) {
            Some(&[a, b]) if self.mac.is_some() && u16::from_be_bytes([a, b]) & 0x0fff == id => {
                Some(u16::from_be_bytes([a, b]) & Self::NOT_DROP_ELIGIBLE)
            }
            _ => Some(id),
        }
    }

    /// Mask of a tag without its drop eligible bit, which a switch may set on the way.
    pub const NOT_DROP_ELIGIBLE: u16 = 0xefff;

    /// Reads [`Self::net_end`] from the frame's bytes (RFC 791 section 3.1, RFC 8200 section 3).
    pub fn ip_end(&self) -> u32 {
        let header = self.net.and_then(|at| self.bytes.get(at as usize..)).unwrap_or_default();
        let [start, v4, v6] = [self.net.unwrap_or(0), word(header, 2), word(header, 4)];
        match header.first().map(|b| b >> 4) {
            Some(4) if v4 > 0 => start.saturating_add(v4),
            Some(6) if v6 > 0 => start.saturating_add(40 + v6),
            _ => 0,
        }
    }

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

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u16::from_be_bytes(*b).into())
}
