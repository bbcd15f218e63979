//! The commonest packets in one go: Ethernet, at most two VLAN tags, IPv4 without options or IPv6 without extension headers, neither
//! fragmented, and a whole TCP or UDP header that contradicts nothing and carries no tunnel.
//!
//! What is found is what the steps of a walk find (the tests hold the two against each other), several times as fast, because nothing
//! has to be kept for what might come. Whatever is out of the ordinary is left to the steps.

use super::headers::{Fragment, Headers, Net, Transport};
use super::{Rules, tunnel};
use crate::model::{Direction, FlowKey, Mac, Path, Proto, VlanStack};

/// Where things are in such a packet.
struct Outline<'a> {
    ether_type: u16,
    ip: Ip<'a>,
    net_at: usize,
    /// Where the network layer ends: by its own length, and by the frame's too.
    declared: usize,
    end: usize,
    segment: Segment<'a>,
    transport_at: usize,
    payload_at: usize,
}

enum Ip<'a> {
    V4(&'a [u8; 20]),
    V6(&'a [u8; 40]),
}

enum Segment<'a> {
    Tcp(&'a [u8; 20]),
    Udp(&'a [u8; 8]),
}

impl Segment<'_> {
    #[inline(always)]
    fn ports(&self) -> (u16, u16) {
        let [a, b, c, d] = match *self {
            Segment::Tcp(&[a, b, c, d, ..]) | Segment::Udp(&[a, b, c, d, ..]) => [a, b, c, d],
        };
        (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))
    }
}

#[inline(always)]
fn be16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u16::from_be_bytes(*b))
}

#[inline(always)]
fn be32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u32::from_be_bytes(*b))
}

#[inline(always)]
fn is_tag(ether_type: u16) -> bool {
    matches!(ether_type, 0x8100 | 0x88a8)
}

#[inline(always)]
fn outline<'a>(bytes: &'a [u8], wire: u32, rules: &Rules) -> Option<Outline<'a>> {
    let frame = (wire as usize).max(bytes.len());
    let mut net_at = 14;
    let mut ether_type = be16(bytes, 12);
    while is_tag(ether_type) {
        if net_at > 18 {
            return None;
        }
        ether_type = be16(bytes, net_at + 2);
        net_at += 4;
    }
    let rest = bytes.get(net_at..)?;
    let (ip, protocol, header, length) = match ether_type {
        0x0800 => {
            let h: &[u8; 20] = rest.first_chunk()?;
            // Options, more fragments, a place in a datagram: not the common case.
            if h[0] != 0x45 || be16(h, 6) & 0x3fff != 0 {
                return None;
            }
            (Ip::V4(h), h[9], 20, usize::from(be16(h, 2)))
        }
        0x86dd => {
            let h: &[u8; 40] = rest.first_chunk()?;
            let payload = usize::from(be16(h, 4));
            if h[0] >> 4 != 6 || payload == 0 {
                return None;
            }
            (Ip::V6(h), h[6], 40, 40 + payload)
        }
        _ => return None,
    };
    let (declared, transport_at) = (net_at + length, net_at + header);
    let end = declared.min(frame);
    let left = end.checked_sub(transport_at)?;
    let captured = rest.get(header..)?;
    let (segment, size) = match protocol {
        6 => {
            let h: &[u8; 20] = captured.first_chunk()?;
            let size = usize::from(h[12] >> 4) * 4;
            if size < 20 || size > left || size > captured.len() {
                return None;
            }
            (Segment::Tcp(h), size)
        }
        17 => {
            let h: &[u8; 8] = captured.first_chunk()?;
            let length = usize::from(be16(h, 4));
            if length < 8 || length > left || tunnel::may_carry_packets(be16(h, 0), be16(h, 2), rules) {
                return None;
            }
            (Segment::Udp(h), 8)
        }
        _ => return None,
    };
    Some(Outline { ether_type, ip, net_at, declared, end, segment, transport_at, payload_at: transport_at + size })
}

/// The conversation of such a packet, whose link type is Ethernet; `None` for any other.
#[inline]
pub fn straight_flow(bytes: &[u8], wire: u32, rules: &Rules) -> Option<(FlowKey, Direction)> {
    let o = outline(bytes, wire, rules)?;
    let (source, destination) = o.segment.ports();
    let protocol = if matches!(o.segment, Segment::Tcp(_)) { 6 } else { 17 };
    Some(match o.ip {
        Ip::V4(h) => FlowKey::v4(protocol, be32(h, 12), be32(h, 16), source, destination),
        Ip::V6(h) => {
            let [s, d] = addresses(h);
            FlowKey::new(true, protocol, u128::from_be_bytes(s), u128::from_be_bytes(d), source, destination)
        }
    })
}

#[inline(always)]
fn addresses(header: &[u8; 40]) -> [[u8; 16]; 2] {
    [8, 24].map(|at| header.get(at..).and_then(|b| b.first_chunk()).copied().unwrap_or_default())
}

/// Reads such a packet, whose link type is Ethernet; `None` (and nothing written) for any other.
#[inline]
pub(super) fn straight(bytes: &[u8], wire: u32, rules: &Rules, headers: &mut Headers) -> Option<()> {
    let o = outline(bytes, wire, rules)?;
    let &[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1] = bytes.first_chunk()?;
    let h = headers;
    h.path = Path::EMPTY;
    h.path.push(Proto::Eth);
    h.vlans = VlanStack::default();
    let mut tag = u16::from_be_bytes([t0, t1]);
    let mut at = 14;
    while at < o.net_at {
        h.path.push(if tag == 0x88a8 { Proto::Ieee8021ad } else { Proto::Vlan });
        h.vlans.push(be16(bytes, at));
        tag = be16(bytes, at + 2);
        at += 4;
    }
    h.mac = Some((Mac([s0, s1, s2, s3, s4, s5]), Mac([d0, d1, d2, d3, d4, d5])));
    h.ether_type = o.ether_type;
    h.net = match o.ip {
        Ip::V4(ip) => {
            h.path.push(Proto::Ip);
            Net::V4(be32(ip, 12).into(), be32(ip, 16).into())
        }
        Ip::V6(ip) => {
            h.path.push(Proto::Ipv6);
            let [s, d] = addresses(ip);
            Net::V6(s.into(), d.into())
        }
    };
    let (source, destination) = o.segment.ports();
    (h.protocol, h.transport) = match o.segment {
        Segment::Tcp(tcp) => {
            h.path.push(Proto::Tcp);
            let payload = u32::try_from(o.declared.saturating_sub(o.payload_at)).unwrap_or(0);
            let (sequence, acknowledgement) = (be32(tcp, 4), be32(tcp, 8));
            (6, Transport::Tcp { source, destination, sequence, acknowledgement, flags: tcp[13], window: be16(tcp, 14), payload })
        }
        Segment::Udp(_) => {
            h.path.push(Proto::Udp);
            (17, Transport::Udp { source, destination })
        }
    };
    h.frame_at = 0;
    h.wire = wire;
    h.net_at = o.net_at as u32;
    h.net_end = u32::try_from(o.end).unwrap_or(u32::MAX);
    h.fragment = Fragment::Whole;
    h.transport_at = o.transport_at as u32;
    h.payload_at = o.payload_at as u32;
    h.tunnels.clear();
    h.mirror = None;
    h.stop = None;
    Some(())
}
