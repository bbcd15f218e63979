//! The commonest packets in one go: Ethernet, at most two VLAN tags, IPv4 without options or IPv6 without extension headers, neither
//! fragmented, and a whole TCP or UDP header that contradicts nothing and carries no tunnel.
//!
//! What is found is what a [walk](super::walk) finds (the tests hold the two against each other), several times as fast: the packet is
//! read once, and all that has to be kept of it is a [`Brief`]. Whatever is out of the ordinary is left to the steps of the walk.

use super::{Rules, tunnel};
use crate::model::{Direction, FlowKey, Frame, Mac, Path, Proto, Segment, VlanStack};

/// A packet in brief: whose it is, and where in it what begins. Blank for all but the commonest.
#[derive(Debug, Clone, Copy, Default)]
pub struct Brief {
    /// Its conversation.
    pub flow: FlowKey,
    /// Its [`FlowKey::shard_hash`].
    pub hash: u64,
    /// Which way it goes.
    pub direction: Direction,
    /// 0 in a blank one.
    net_at: u8,
    transport_at: u8,
    payload_at: u8,
    /// The last protocols of its path; there are at most five.
    path: u64,
    /// Bytes of payload by the IP length.
    payload: u32,
}

#[inline(always)]
fn be16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u16::from_be_bytes(*b))
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
        let mut path = Proto::Eth as u64;
        let mut net_at = 14;
        let mut ether_type = be16(bytes, 12);
        while ether_type != IPV4 && ether_type != IPV6 {
            let tag = match ether_type {
                0x8100 => Proto::Vlan,
                0x88a8 => Proto::Ieee8021ad,
                _ => return None,
            };
            if net_at > 18 {
                return None;
            }
            path = path << 8 | tag as u64;
            ether_type = be16(bytes, net_at + 2);
            net_at += 4;
        }
        let rest = bytes.get(net_at..)?;
        let is_v4 = ether_type == IPV4;
        let (protocol, header, length) = if is_v4 {
            let ip: &[u8; 20] = rest.first_chunk()?;
            // Options, more fragments, a place in a datagram: not the common case.
            if ip[0] != 0x45 || be16(ip, 6) & 0x3fff != 0 {
                return None;
            }
            (ip[9], 20, usize::from(be16(ip, 2)))
        } else {
            let ip: &[u8; 40] = rest.first_chunk()?;
            let payload = usize::from(be16(ip, 4));
            if ip[0] >> 4 != 6 || payload == 0 {
                return None;
            }
            (ip[6], 40, 40 + payload)
        };
        let (declared, transport_at) = (net_at + length, net_at + header);
        let left = declared.min(frame).checked_sub(transport_at)?;
        let transport = rest.get(header..)?;
        let ports: &[u8; 8] = transport.first_chunk()?;
        let size = match protocol {
            6 => {
                let size = usize::from(transport.first_chunk::<20>()?[12] >> 4) * 4;
                if size < 20 || size > left || size > transport.len() {
                    return None;
                }
                size
            }
            17 => {
                let length = usize::from(be16(ports, 4));
                if length < 8 || length > left || tunnel::may_carry_packets(be16(ports, 0), be16(ports, 2), rules) {
                    return None;
                }
                8
            }
            _ => return None,
        };
        let payload_at = transport_at + size;
        let [network, transport] = [if is_v4 { Proto::Ip } else { Proto::Ipv6 }, if protocol == 6 { Proto::Tcp } else { Proto::Udp }];
        (self.flow, self.direction) = conversation(rest, is_v4, protocol, be16(ports, 0), be16(ports, 2));
        self.hash = self.flow.shard_hash();
        self.transport_at = transport_at as u8;
        self.payload_at = payload_at as u8;
        self.path = path << 16 | (network as u64) << 8 | transport as u64;
        self.payload = declared.saturating_sub(payload_at) as u32;
        self.net_at = net_at as u8;
        Some(())
    }

    /// Fills in what the packet of this brief is: all of a frame but its time, lengths, bytes and the way it came.
    #[inline]
    pub fn show(&self, bytes: &[u8], frame: &mut Frame<'_>) {
        let (net_at, transport_at) = (usize::from(self.net_at), usize::from(self.transport_at));
        frame.path = Path::from_bits(self.path.into());
        frame.mac = bytes.first_chunk().map(|&[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5]| {
            (Mac([s0, s1, s2, s3, s4, s5]), Mac([d0, d1, d2, d3, d4, d5]))
        });
        frame.vlans = VlanStack::default();
        for tag in 0..(net_at - 14) / 4 {
            frame.vlans.push(be16(bytes, 14 + 4 * tag));
        }
        frame.ether_type = if self.flow.is_v6 { 0x86dd } else { 0x0800 };
        frame.net = Some(self.net_at.into());
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

#[inline(always)]
fn conversation(ip: &[u8], is_v4: bool, protocol: u8, source: u16, destination: u16) -> (FlowKey, Direction) {
    if is_v4 {
        return FlowKey::v4(protocol, be32(ip, 12), be32(ip, 16), source, destination);
    }
    let [s, d] = [8, 24].map(|at| ip.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u128::from_be_bytes(*b)));
    FlowKey::new(true, protocol, s, d, source, destination)
}
