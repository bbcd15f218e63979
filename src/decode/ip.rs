//! IPv4 (RFC 791) and IPv6 (RFC 8200) with its extension headers.

use super::headers::{Fragment, Net};
use super::walk::{EndAddresses, Next, Walk};
use crate::model::{Address, Proto, TunnelKind};
use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice};

/// IP, version by its first nibble.
#[inline]
pub(super) fn ip(walk: &mut Walk) -> Next {
    match walk.peek::<1>().map(|b| b[0] >> 4) {
        Some(4) => ipv4(walk),
        Some(6) => ipv6(walk),
        Some(_) => walk.malformed(),
        None => Next::End,
    }
}

/// IPv4, because a type said so.
#[inline]
pub(super) fn ipv4(walk: &mut Walk) -> Next {
    walk.push(Proto::Ip);
    if walk.peek::<20>().is_none() {
        return Next::End;
    }
    let Ok(header) = Ipv4HeaderSlice::from_slice(walk.rest()) else { return short_ipv4(walk) };
    let (start, length, total) = (walk.at, usize::from(header.ihl()) * 4, usize::from(header.total_len()));
    let (source, destination) = (header.source_addr(), header.destination_addr());
    // A total length of zero is a segment the sender's hardware was to cut (TSO): the frame's own length stands.
    if total < length && total != 0 {
        return walk.malformed();
    }
    let protocol = header.protocol().0;
    let first = walk.is_first_net();
    let offset = header.fragments_offset().value();
    let ends = EndAddresses(Address::V4(source), Address::V4(destination));
    walk.network(ends, (total > 0).then_some(start + total), header.more_fragments());
    walk.at += length;
    if first {
        let h = &mut *walk.headers;
        h.net = Net::V4(source, destination);
        h.net_at = start as u32;
        h.ttl = header.ttl();
        h.traffic_class = header.dcp().value() << 2 | header.ecn().value();
        h.protocol = protocol;
        if offset > 0 {
            h.fragment = Fragment::Later { id: u32::from(header.identification()) };
        } else if header.more_fragments() {
            h.fragment = Fragment::First { id: u32::from(header.identification()) };
        }
    }
    if offset > 0 { Next::End } else { Next::IpProtocol(protocol) }
}

/// An IPv4 header that is not whole or contradicts itself: its addresses count if they are there. A type may also have said IPv4
/// where another version follows.
#[cold]
#[inline(never)]
fn short_ipv4(walk: &mut Walk) -> Next {
    let Some(&[first, class, _, _, _, _, _, _, ttl, protocol, _, _, a, b, c, d, e, f, g, h]) = walk.peek::<20>() else { return Next::End };
    match first >> 4 {
        4 => {}
        6 => return ipv6(walk),
        _ => return walk.malformed(),
    }
    if walk.is_first_net() {
        walk.headers.net = Net::V4([a, b, c, d].into(), [e, f, g, h].into());
        walk.headers.net_at = walk.at as u32;
        (walk.headers.ttl, walk.headers.traffic_class) = (ttl, class);
        walk.headers.protocol = protocol;
    }
    let length = usize::from(first & 0x0f) * 4;
    if length < 20 {
        return walk.malformed();
    }
    walk.missing(length);
    Next::End
}

/// IPv6, because a type said so.
#[inline]
pub(super) fn ipv6(walk: &mut Walk) -> Next {
    walk.push(Proto::Ipv6);
    if walk.peek::<40>().is_none() {
        return Next::End;
    }
    let Ok(header) = Ipv6HeaderSlice::from_slice(walk.rest()) else { return walk.malformed() };
    let (source, destination) = (header.source_addr(), header.destination_addr());
    let start = walk.at;
    let next = header.next_header().0;
    let first = walk.is_first_net();
    // Zero is a jumbogram (RFC 2675) or an uncut segment: the frame's own length stands.
    let payload = usize::from(header.payload_length());
    walk.network(EndAddresses(Address::V6(source), Address::V6(destination)), (payload > 0).then_some(start + 40 + payload), false);
    walk.at += 40;
    if first {
        let h = &mut *walk.headers;
        h.net = Net::V6(source, destination);
        h.net_at = start as u32;
        h.ttl = header.hop_limit();
        h.traffic_class = header.traffic_class();
        h.protocol = next;
    }
    match next {
        6 | 17 | 58 => Next::IpProtocol(next),
        _ => extensions(walk, next, first),
    }
}

/// Extension headers, at most: more is crafted (RFC 8200 allows each once, destination options twice).
const MAX_EXTENSIONS: usize = 12;

#[inline(never)]
fn extensions(walk: &mut Walk, mut next: u8, first: bool) -> Next {
    for _ in 0..MAX_EXTENSIONS {
        match next {
            // Hop-by-hop, routing, destination options, mobility, HIP, shim6: next header and length in 8-byte units.
            0 | 43 | 60 | 135 | 139 | 140 => {
                let Some(&[after, length]) = walk.peek::<2>() else { return Next::End };
                let start = walk.at;
                if !skip(walk, (usize::from(length) + 1) * 8) {
                    return Next::End;
                }
                if first && matches!(next, 43 | 60) {
                    let header = walk.bytes.get(start..walk.at).unwrap_or(&[]);
                    at_home(&mut walk.headers.net, next, header);
                }
                next = after;
            }
            44 => {
                let Some(&[after, _, o0, o1, i0, i1, i2, i3]) = walk.take::<8>() else { return Next::End };
                next = after;
                let (field, id) = (u16::from_be_bytes([o0, o1]), u32::from_be_bytes([i0, i1, i2, i3]));
                walk.partial = field & 1 == 1;
                if first {
                    walk.headers.protocol = next;
                    walk.headers.fragment = match (field >> 3, field & 1) {
                        (0, 0) => Fragment::Whole,
                        (0, _) => Fragment::First { id },
                        _ => Fragment::Later { id },
                    };
                }
                if field >> 3 > 0 {
                    return Next::End;
                }
            }
            // No next header.
            59 => {
                if first {
                    walk.headers.protocol = next;
                }
                return Next::End;
            }
            _ => break,
        }
    }
    if first {
        walk.headers.protocol = next;
    }
    Next::IpProtocol(next)
}

/// Options of one header that are looked at for a home address.
const MAX_OPTIONS: usize = 32;

/// Puts a mobile node's home address in the place of the one at which it is met on its way (RFC 6275): its conversations go on while that one
/// changes. From the node it is in a destination option (6.3), to the node in a routing header of type 2 (6.4).
#[cold]
#[inline(never)]
fn at_home(net: &mut Net, kind: u8, header: &[u8]) {
    const HOME_ADDRESS: u8 = 0xc9;
    let Net::V6(source, destination) = net else { return };
    let address = |bytes: &[u8]| bytes.first_chunk::<16>().map(|b| (*b).into());
    if kind == 43 {
        if let [_, 2, 2, 1, _, _, _, _, home @ ..] = header {
            *destination = address(home).unwrap_or(*destination);
        }
        return;
    }
    let mut options = header.get(2..).unwrap_or(&[]);
    for _ in 0..MAX_OPTIONS {
        options = match *options {
            [HOME_ADDRESS, 16, ref home @ ..] => return *source = address(home).unwrap_or(*source),
            [0, ref rest @ ..] => rest,
            [_, length, ref rest @ ..] => rest.get(usize::from(length)..).unwrap_or(&[]),
            _ => return,
        };
    }
}

/// Moves past `length` bytes of a header; false (and the reason noted) when they are not all there.
pub(super) fn skip(walk: &mut Walk, length: usize) -> bool {
    if walk.at + length > walk.end.min(walk.bytes.len()) {
        walk.missing(length);
        return false;
    }
    walk.at += length;
    true
}

/// IP inside IP: a tunnel between the ends just read.
pub(super) fn inside(walk: &mut Walk) -> Next {
    let inner = walk.peek::<1>().map(|b| b[0] >> 4);
    let ends = walk.ends();
    let kind = match (ends.0, inner) {
        (Address::V4(_), Some(4)) => TunnelKind::Ipip,
        (Address::V4(_), Some(6)) => TunnelKind::SixInFour,
        (Address::V6(_), Some(4)) => TunnelKind::FourInSix,
        (Address::V6(_), Some(6)) => TunnelKind::SixInSix,
        (_, Some(_)) => return walk.malformed(),
        (_, None) => return Next::End,
    };
    if walk.enter_between(kind, ends, 0) { Next::Ip } else { Next::End }
}
