//! The commonest packets in one go: Ethernet, at most two VLAN tags, IPv4 without options or IPv6 without extension headers, neither
//! fragmented, and a whole TCP or UDP header that contradicts nothing and carries no tunnel.
//!
//! What is found is what a [walk](super::walk()) finds (the tests hold the two against each other), several times as fast: the packet is
//! read once, and all that has to be kept of it is a [`FastHeaders`]. Whatever is out of the ordinary is left to the steps of the walk.

use super::{Rules, tunnel};
use crate::model::{FastHeaders, FlowKey, Mac, Proto, TunnelKind, sealed};

/// How options begin that are time stamps alone, laid out as nearly all systems do (RFC 7323 appendix A).
const TIME_STAMPS: [u8; 4] = [1, 1, 8, 10];

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

/// Reads a packet whose link type is Ethernet, `wire` bytes long on the wire, into [`FastHeaders`], which are blank for all but the commonest. In
/// place, because it is long.
#[inline]
pub fn fast(bytes: &[u8], wire: u32, rules: &Rules, fast: &mut FastHeaders) {
    fast.blank();
    // What was found is told by what is written.
    let _ = find(bytes, wire, rules, fast);
}

#[inline(always)]
fn find(bytes: &[u8], wire: u32, rules: &Rules, fast: &mut FastHeaders) -> Option<()> {
    let frame = (wire as usize).max(bytes.len());
    // Its IP length may be one modulo 65,536.
    if frame > usize::from(u16::MAX) {
        return None;
    }
    let (net_at, ether_type, path) = find_link(bytes, fast)?;
    let rest = bytes.get(net_at..)?;
    let Network { header, length, ends, network } = find_network(rest, ether_type, fast)?;
    let left = (net_at + length).min(frame).checked_sub(net_at + header)?;
    let behind = rest.get(header..)?;
    let (size, transport, is_plain) = match fast.flow.protocol {
        6 => {
            let (size, is_plain) = find_tcp(behind, left, fast)?;
            (size, Proto::Tcp, is_plain && net_at + length <= wire as usize)
        }
        17 => {
            let length = usize::from(ends[2]);
            if length < 8 || length > left || tunnel::may_carry_packets(ends[0], ends[1], rules) {
                return None;
            }
            let content = behind.get(8..).unwrap_or_default();
            let is_plain = TunnelKind::looks_like(content).is_none() && !sealed::may_be_numbered([ends[0], ends[1]], content);
            (8, Proto::Udp, is_plain)
        }
        _ => return None,
    };
    let payload_at = net_at + header + size;
    fast.path = path << 16 | (network as u32) << 8 | transport as u32;
    // At most 65,535, even behind IPv6: a header is taken off.
    fast.payload = (net_at + length).saturating_sub(payload_at) as u16;
    fast.payload_at = payload_at as u8;
    fast.is_plain = is_plain;
    Some(())
}

/// Reads the link layer: where the network header begins, its EtherType, and the tags' part of the path.
#[inline(always)]
fn find_link(bytes: &[u8], fast: &mut FastHeaders) -> Option<(usize, u16, u32)> {
    // Whether there are tags is not asked one by one: the processor would have to guess, and traffic is as often tagged as not.
    let head: &[u8; 22] = bytes.first_chunk()?;
    let types = [be16(head, 12), be16(head, 16)];
    let tagged = [is_tag(types[0]), is_tag(types[0]) & is_tag(types[1])];
    fast.tagged = u8::from(tagged[0]) + u8::from(tagged[1]);
    fast.tags = [be16(head, 14), be16(head, 18)];
    let &[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, ..] = head;
    (fast.source, fast.destination) = (Mac([s0, s1, s2, s3, s4, s5]).word(), Mac([d0, d1, d2, d3, d4, d5]).word());
    let net_at = 14 + 4 * usize::from(fast.tagged);
    let ether_type = be16(head, net_at - 2);
    let kind = |tag| if tag == 0x88a8 { Proto::Ieee8021ad as u32 } else { Proto::Vlan as u32 };
    let path = if tagged[0] { kind(types[0]) } else { 0 };
    let path = if tagged[1] { path << 8 | kind(types[1]) } else { path };
    Some((net_at, ether_type, path))
}

/// What is known of a network header.
struct Network {
    /// Its length.
    header: usize,
    /// Length of the packet, header included.
    length: usize,
    /// The six bytes behind it: ports and UDP's length.
    ends: [u16; 3],
    network: Proto,
}

/// Reads the network header with the first eight bytes behind it, which hold ports and UDP's length.
#[inline(always)]
fn find_network(rest: &[u8], ether_type: u16, fast: &mut FastHeaders) -> Option<Network> {
    const IPV4: u16 = 0x0800;
    const IPV6: u16 = 0x86dd;
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
            (fast.ttl, fast.traffic_class) = (ip[8], ip[1]);
            (fast.flow, fast.direction) = FlowKey::v4(ip[9], be32(ip, 12), be32(ip, 16), ends[0], ends[1]);
        }
        IPV6 => {
            let ip: &[u8; 48] = rest.first_chunk()?;
            let payload = usize::from(be16(ip, 4));
            if ip[0] >> 4 != 6 || payload == 0 {
                return None;
            }
            (header, length, network) = (40, 40 + payload, Proto::Ipv6);
            ends = [be16(ip, 40), be16(ip, 42), be16(ip, 44)];
            (fast.ttl, fast.traffic_class) = (ip[7], (be16(ip, 0) >> 4) as u8);
            let [s, d] = [8, 24].map(|at| ip[at..].first_chunk().map_or(0, |b| u128::from_be_bytes(*b)));
            (fast.flow, fast.direction) = FlowKey::new(true, ip[6], s, d, ends[0], ends[1]);
        }
        _ => return None,
    }
    Some(Network { header, length, ends, network })
}

/// Reads TCP's header: its length, and whether it has no option but time stamps.
#[inline(always)]
fn find_tcp(behind: &[u8], left: usize, fast: &mut FastHeaders) -> Option<(usize, bool)> {
    let tcp: &[u8; 20] = behind.first_chunk()?;
    let size = usize::from(tcp[12] >> 4) * 4;
    if size < 20 || size > left || size > behind.len() {
        return None;
    }
    (fast.sequence, fast.acknowledgement) = (be32(tcp, 4), be32(tcp, 8));
    (fast.flags, fast.window) = (tcp[13], be16(tcp, 14));
    let only_time_stamps = size == 32 && behind.get(20..24) == Some(&TIME_STAMPS);
    Some((size, size == 20 || only_time_stamps))
}
