//! The commonest packets in one go: Ethernet, at most two VLAN tags, IPv4 without options or IPv6 without extension headers, neither
//! fragmented, and a whole TCP or UDP header that contradicts nothing and carries no tunnel.
//!
//! What is found is what a [walk](super::walk) finds (the tests hold the two against each other), several times as fast: the packet is
//! read once, and all that has to be kept of it is a [`Brief`]. Whatever is out of the ordinary is left to the steps of the walk.

use super::{Rules, tunnel};
use crate::model::{Direction, FlowKey, Frame, Mac, Path, Proto, Segment, VlanStack};

/// A packet in brief: whose it is, and where in it what begins. Blank for all but the commonest. A cache line, because it travels from one
/// core to another.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub struct Brief {
    /// Its conversation.
    pub flow: FlowKey,
    /// The last protocols of its path; there are at most five.
    path: u64,
    /// The upper half of its conversation's [`FlowKey::shard_hash`].
    hash: u32,
    /// Bytes of payload by the IP length.
    payload: u32,
    /// Which way it goes.
    direction: Direction,
    /// VLAN tags.
    tags: u8,
    /// 0 in a blank one.
    net_at: u8,
    transport_at: u8,
    payload_at: u8,
}

const _: () = assert!(size_of::<Brief>() == 64);

#[inline(always)]
fn be16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u16::from_be_bytes(*b))
}

#[inline(always)]
fn is_tag(ether_type: u16) -> bool {
    (ether_type == 0x8100) | (ether_type == 0x88a8)
}

#[inline(always)]
fn be32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u32::from_be_bytes(*b))
}

impl Brief {
    /// Whether nothing was read.
    #[inline]
    pub fn is_blank(&self) -> bool {
        self.net_at == 0
    }

    /// The upper half of its conversation's [`FlowKey::shard_hash`].
    #[inline]
    pub fn hash(&self) -> u32 {
        self.hash
    }

    /// How far into such a packet it is read from here on: to the end of a TCP header, or to the end of the first 64 bytes behind a UDP
    /// header, which tell copies.
    #[inline]
    pub fn reach(&self) -> usize {
        if self.flow.protocol == 6 { usize::from(self.payload_at) } else { usize::from(self.payload_at) + 64 }
    }

    /// Blanks it.
    #[inline]
    pub fn blank(&mut self) {
        self.net_at = 0;
    }

    /// Reads a packet whose link type is Ethernet, `wire` bytes long on the wire; blank for all but the commonest. In place, because it is
    /// long.
    #[inline]
    pub fn read(&mut self, bytes: &[u8], wire: u32, rules: &Rules) {
        self.blank();
        // What was found is told by what is written.
        let _ = self.find(bytes, wire, rules);
    }

    #[inline(always)]
    fn find(&mut self, bytes: &[u8], wire: u32, rules: &Rules) -> Option<()> {
        const IPV4: u16 = 0x0800;
        const IPV6: u16 = 0x86dd;
        let frame = (wire as usize).max(bytes.len());
        // Whether there are tags is not asked one by one: the processor would have to guess, and traffic is as often tagged as not.
        let head: &[u8; 22] = bytes.first_chunk()?;
        let types = [be16(head, 12), be16(head, 16)];
        let tagged = [is_tag(types[0]), is_tag(types[0]) & is_tag(types[1])];
        self.tags = u8::from(tagged[0]) + u8::from(tagged[1]);
        let net_at = 14 + 4 * usize::from(self.tags);
        let ether_type = be16(head, net_at - 2);
        let kind = |tag| if tag == 0x88a8 { Proto::Ieee8021ad as u64 } else { Proto::Vlan as u64 };
        let path = Proto::Eth as u64;
        let path = if tagged[0] { path << 8 | kind(types[0]) } else { path };
        let path = if tagged[1] { path << 8 | kind(types[1]) } else { path };
        let rest = bytes.get(net_at..)?;
        // The network header with the first eight bytes behind it, which hold ports and UDP's length.
        let (header, length, ends, network);
        match ether_type {
            IPV4 => {
                let ip: &[u8; 28] = rest.first_chunk()?;
                // Options, more fragments, a place in a datagram: not the common case.
                if ip[0] != 0x45 || be16(ip, 6) & 0x3fff != 0 {
                    return None;
                }
                (header, length, network) = (20, usize::from(be16(ip, 2)), Proto::Ip);
                ends = [be16(ip, 20), be16(ip, 22), be16(ip, 24)];
                (self.flow, self.direction) = FlowKey::v4(ip[9], be32(ip, 12), be32(ip, 16), ends[0], ends[1]);
            }
            IPV6 => {
                let ip: &[u8; 48] = rest.first_chunk()?;
                let payload = usize::from(be16(ip, 4));
                if ip[0] >> 4 != 6 || payload == 0 {
                    return None;
                }
                (header, length, network) = (40, 40 + payload, Proto::Ipv6);
                ends = [be16(ip, 40), be16(ip, 42), be16(ip, 44)];
                let [s, d] = [8, 24].map(|at| ip[at..].first_chunk().map_or(0, |b| u128::from_be_bytes(*b)));
                (self.flow, self.direction) = FlowKey::new(true, ip[6], s, d, ends[0], ends[1]);
            }
            _ => return None,
        }
        let left = (net_at + length).min(frame).checked_sub(net_at + header)?;
        let (size, transport) = match self.flow.protocol {
            6 => {
                let captured = rest.len() - header;
                let size = usize::from(*rest.get(header + 12)? >> 4) * 4;
                if size < 20 || size > left || size > captured {
                    return None;
                }
                (size, Proto::Tcp)
            }
            17 => {
                let length = usize::from(ends[2]);
                if length < 8 || length > left || tunnel::may_carry_packets(ends[0], ends[1], rules) {
                    return None;
                }
                (8, Proto::Udp)
            }
            _ => return None,
        };
        let payload_at = net_at + header + size;
        self.hash = (self.flow.shard_hash() >> 32) as u32;
        self.transport_at = (net_at + header) as u8;
        self.payload_at = payload_at as u8;
        self.path = path << 16 | (network as u64) << 8 | transport as u64;
        self.payload = (net_at + length).saturating_sub(payload_at) as u32;
        self.net_at = net_at as u8;
        Some(())
    }

    /// Fills in what the packet of this brief is: all of a frame but its time, lengths, bytes and the way it came.
    #[inline]
    pub fn show(&self, bytes: &[u8], frame: &mut Frame<'_>) {
        let transport_at = usize::from(self.transport_at);
        frame.path = Path::from_bits(self.path.into());
        frame.mac = bytes
            .first_chunk()
            .map(|&[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5]| (Mac([s0, s1, s2, s3, s4, s5]), Mac([d0, d1, d2, d3, d4, d5])));
        let tags = [be16(bytes, 14), be16(bytes, 18)];
        frame.vlans = VlanStack::first_of(self.tags, tags);
        frame.tci = (self.tags > 0).then_some(tags[0] & Frame::NOT_DROP_ELIGIBLE);
        frame.ether_type = if self.flow.is_v6 { 0x86dd } else { 0x0800 };
        frame.net = Some(self.net_at.into());
        frame.net_end = u32::from(self.payload_at) + self.payload;
        frame.transport = Some(self.transport_at.into());
        frame.payload = self.payload_at.into();
        frame.flow = Some((self.flow, self.direction));
        frame.hash = self.hash;
        frame.tcp = None;
        if self.flow.protocol == 6
            && let Some(tcp) = bytes.get(transport_at..).and_then(|b| b.first_chunk::<20>())
        {
            let (sequence, acknowledgement) = (be32(tcp, 4), be32(tcp, 8));
            frame.tcp = Some(Segment { sequence, acknowledgement, flags: tcp[13], window: be16(tcp, 14), payload: self.payload });
        }
        frame.fragment = false;
        frame.stop = None;
        // A tag is long and there hardly ever is one: where there is none nothing is written.
        if frame.tag.is_some() {
            frame.tag = None;
        }
    }
}
