//! IP and what it carries.

use super::bytes::{from, part, v4, v6, word};
use super::checksum::{Pseudo, adjust, sum};
use super::link::{by_type, ethernet, is_frame};
use super::messages::{self, group};
use super::pan::Pan;
use super::payload;
use super::veil::{blank, opaque, veil, veil_evenly};
use crate::model::ip_protocol;

/// An IP packet, the version by its first four bits.
pub fn ip(pan: &mut Pan, bytes: &mut [u8]) {
    if !pan.enter() {
        return blank(pan, bytes);
    }
    match bytes.first().map(|b| b >> 4) {
        Some(4) => four(pan, bytes),
        Some(6) => six(pan, bytes),
        // Enciphered it could begin like one.
        _ => {
            if !super::embedded::packets(pan, bytes) {
                blank(pan, bytes);
            }
        }
    }
    pan.leave();
}

fn four(pan: &mut Pan, bytes: &mut [u8]) {
    let header = usize::from(bytes.first().copied().unwrap_or(0) & 15) * 4;
    if header < 20 || bytes.len() < 20 {
        return blank(pan, from(bytes, 1));
    }
    let before = sum(bytes.get(12..20).unwrap_or_default());
    v4(pan, bytes, 12);
    v4(pan, bytes, 16);
    let after = sum(bytes.get(12..20).unwrap_or_default());
    adjust(bytes, 10, before, after);
    // Options may hold addresses (record route): they are blanked, their checksum too.
    if header > 20 && bytes.len() >= header {
        let old = sum(part(bytes, 20, header));
        part(bytes, 20, header).fill(1);
        let new = sum(part(bytes, 20, header));
        adjust(bytes, 10, old, new);
    }
    let (protocol, fragment) = (bytes.get(9).copied().unwrap_or(0), word(bytes, 6));
    // A length of zero is a packet that a card has yet to cut into pieces.
    let whole = match usize::from(word(bytes, 2)) {
        0 => bytes.len(),
        length => length.max(header),
    };
    // Padding says nothing that should stay.
    from(bytes, whole).fill(0);
    let pseudo = Pseudo { before, after, protocol, length: whole.saturating_sub(header) as u16 };
    let inside = part(bytes, header, whole);
    if fragment & 0x1fff != 0 {
        veil_evenly(pan, inside);
    } else {
        transport(pan, inside, pseudo, fragment & 0x2000 != 0);
    }
}

fn six(pan: &mut Pan, bytes: &mut [u8]) {
    if bytes.len() < 40 {
        return blank(pan, from(bytes, 1));
    }
    let before = sum(bytes.get(8..40).unwrap_or_default());
    let source = sum(bytes.get(8..24).unwrap_or_default());
    v6(pan, bytes, 8);
    v6(pan, bytes, 24);
    let after = sum(bytes.get(8..40).unwrap_or_default());
    // A length of zero is a jumbogram's, or of a packet that a card has yet to cut into pieces.
    let whole = match usize::from(word(bytes, 4)) {
        0 => bytes.len(),
        length => length + 40,
    };
    from(bytes, whole).fill(0);
    let (mut before, mut after) = (before, after);
    let (mut next, mut at, mut is_later, mut is_part) = (bytes.get(6).copied().unwrap_or(59), 40, false, false);
    // Hop-by-hop, routing, fragment, destination options (RFC 8200 section 4).
    while let (0 | 43 | 44 | 60, Some(&[following, length])) = (next, bytes.get(at..).and_then(|b| b.first_chunk::<2>())) {
        let size = if next == 44 { 8 } else { (usize::from(length) + 1) * 8 };
        match next {
            44 => {
                is_later |= word(bytes, at + 2) & 0xfff8 != 0;
                is_part |= word(bytes, at + 2) & 1 != 0;
            }
            43 => {
                let ends = routing(pan, bytes, at, size, source);
                (before, after) = ends.unwrap_or((before, after));
            }
            _ => options_of_six(pan, part(bytes, at + 2, at + size)),
        }
        (next, at) = (following, at + size);
    }
    let inside = part(bytes, at, whole);
    let pseudo = Pseudo { before, after, protocol: next, length: whole.saturating_sub(at) as u16 };
    if is_later { veil_evenly(pan, inside) } else { transport(pan, inside, pseudo, is_part) }
}

/// Hop-by-hop and destination options (RFC 8200 section 4.2): padding, alerts and lengths stay, an address at home is one (RFC 6275 section 6.3),
/// of others nobody knows.
fn options_of_six(pan: &mut Pan, bytes: &mut [u8]) {
    let mut at = 0;
    while let Some(&kind) = bytes.get(at) {
        let length = if kind == 0 { 0 } else { bytes.get(at + 1).map_or(0, |n| usize::from(*n)) };
        let value = part(bytes, at + 2, at + 2 + length);
        match kind {
            0 | 4 | 5 | 0xc2 => {}
            1 => value.fill(0),
            0xc9 => v6(pan, value, 0),
            _ => veil(pan, value),
        }
        at += if kind == 0 { 1 } else { 2 + length };
    }
}

/// A routing header: the addresses of the way. While there is some of it left, a checksum is over the last of them instead of the destination
/// (RFC 8200 section 8.1): the sums of source and last before and after; `source` is that of the source before.
fn routing(pan: &mut Pan, bytes: &mut [u8], at: usize, size: usize, source: u32) -> Option<(u32, u32)> {
    // A segment routing header has the last one first (RFC 8754 section 2).
    let last = if bytes.get(at + 2) == Some(&4) { at + 8 } else { (at + size).checked_sub(16)? };
    let is_on_the_way = bytes.get(at + 3).is_some_and(|left| *left > 0) && size >= 24;
    let old: Option<[u8; 16]> = bytes.get(last..).and_then(|b| b.first_chunk()).copied();
    (at + 8..at + size).step_by(16).for_each(|place| v6(pan, bytes, place));
    let new: [u8; 16] = *bytes.get(last..)?.first_chunk()?;
    let old = old.filter(|_| is_on_the_way)?;
    let both = |source: u32, last: &[u8]| sum(&[(source as u16).to_be_bytes(), (sum(last) as u16).to_be_bytes()].concat());
    Some((both(source, &old), both(sum(bytes.get(8..24)?), &new)))
}

/// What an IP packet carries; the rest of a datagram of which this is the first part is in others.
fn transport(pan: &mut Pan, bytes: &mut [u8], pseudo: Pseudo, is_part: bool) {
    match pseudo.protocol {
        ip_protocol::TCP => tcp(pan, bytes, pseudo),
        ip_protocol::UDP => udp(pan, bytes, pseudo, is_part),
        ip_protocol::ICMP => {
            let old = sum(bytes);
            messages::icmp(pan, bytes);
            let new = sum(bytes);
            adjust(bytes, 2, old, new);
        }
        ip_protocol::ICMPV6 => {
            let old = sum(bytes);
            messages::icmp6(pan, bytes);
            pseudo.seal(bytes, 2, old);
        }
        2 => group::igmp(pan, bytes),
        4 | 41 => ip(pan, bytes),
        47 => gre(pan, bytes),
        // Encapsulating security: index and number stay, all else is enciphered already.
        50 => veil(pan, from(bytes, 8)),
        51 => {
            let header = (bytes.get(1).map_or(0, |n| usize::from(*n)) + 2) * 4;
            veil(pan, part(bytes, 12, header));
            let inner =
                Pseudo { protocol: bytes.first().copied().unwrap_or(59), length: pseudo.length.saturating_sub(header as u16), ..pseudo };
            // One within the other without end would be an attack.
            if pan.enter() {
                transport(pan, from(bytes, header), inner, is_part);
                pan.leave();
            } else {
                blank(pan, from(bytes, header));
            }
        }
        97 if is_frame(from(bytes, 2)) => ethernet(pan, from(bytes, 2)),
        112 => group::vrrp(pan, bytes, pseudo),
        // The checksum is a CRC, which cannot be amended.
        132 => blank(pan, from(bytes, 12)),
        _ => {
            if !super::embedded::packets(pan, bytes) {
                blank(pan, bytes);
            }
        }
    }
}

fn tcp(pan: &mut Pan, bytes: &mut [u8], pseudo: Pseudo) {
    let old = sum(bytes);
    let header = (usize::from(bytes.get(12).copied().unwrap_or(0) >> 4) * 4).max(20);
    let ports = [word(bytes, 0), word(bytes, 2)];
    addresses_of_multipath(pan, part(bytes, 20, header));
    payload::of_ports(pan, ports, true, from(bytes, header));
    pseudo.seal(bytes, 16, old);
}

/// Options of TCP: one tells of more addresses (RFC 8684 section 3.4.1), those without a meaning of anything.
fn addresses_of_multipath(pan: &mut Pan, options: &mut [u8]) {
    let mut at = 0;
    while let Some(&kind) = options.get(at) {
        let length = if kind < 2 { 1 } else { options.get(at + 1).map_or(0, |n| usize::from(*n)) };
        if kind == 0 || length == 0 {
            break;
        }
        if kind == 30 && options.get(at + 2).is_some_and(|b| b >> 4 == 3) || kind > 69 {
            veil(pan, part(options, at + 4, at + length));
        }
        at += length;
    }
}

fn udp(pan: &mut Pan, bytes: &mut [u8], pseudo: Pseudo, is_part: bool) {
    let length = usize::from(word(bytes, 4));
    // What is behind the datagram is not covered, and nobody's. A part has the length of the whole.
    let end = if length < 8 || is_part { bytes.len() } else { length.min(bytes.len()) };
    let (bytes, behind) = bytes.split_at_mut(end);
    behind.fill(0);
    let old = sum(bytes);
    let ports = [word(bytes, 0), word(bytes, 2)];
    payload::of_ports(pan, ports, false, from(bytes, 8));
    // No checksum is none.
    if word(bytes, 6) != 0 {
        let length = if is_part || length < 8 { pseudo.length } else { length as u16 };
        Pseudo { length, ..pseudo }.seal(bytes, 6, old);
    }
}

/// GRE (RFC 2784, 2890), ERSPAN among it.
fn gre(pan: &mut Pan, bytes: &mut [u8]) {
    let (flags, kind, old) = (word(bytes, 0), word(bytes, 2), sum(bytes));
    let header = 4 + [0x8000, 0x2000, 0x1000].iter().filter(|bit| flags & **bit != 0).count() * 4;
    if flags & 7 == 1 {
        // PPTP's (RFC 2637 section 4.1): lengths and numbers, then PPP.
        return opaque(pan, from(bytes, 8), 8);
    }
    let inside = from(bytes, header);
    let ahead = match (kind, inside.first().map_or(0, |b| b >> 4)) {
        (0x22eb, _) => Some(if inside.get(11).is_some_and(|b| b & 1 == 1) { 20 } else { 12 }),
        (0x88be, 2) if flags & 0x1000 != 0 && !is_frame(inside) => Some(if inside.get(11).is_some_and(|b| b & 1 == 1) { 20 } else { 12 }),
        // Type II has 8 bytes, type I none of its own; some send one and announce the other.
        (0x88be, 1) if is_frame(from(inside, 8)) || flags & 0x1000 != 0 && !is_frame(inside) => Some(8),
        (0x88be, _) => Some(0),
        _ => None,
    };
    match ahead {
        Some(ahead) if is_frame(from(inside, ahead)) => ethernet(pan, from(inside, ahead)),
        Some(ahead) => {
            let macs = from(inside, ahead);
            // A frame of a kind that nobody takes apart, or a packet without one.
            if matches!(macs.first(), Some(0x45..=0x4f | 0x60)) { opaque(pan, macs, 0) } else { ethernet(pan, macs) }
        }
        None if matches!(kind, 0x0800 | 0x86dd | 0x6558 | 0x8847 | 0x8848 | 0x0806) => by_type(pan, kind, inside, [[0; 6]; 2]),
        None => {
            // Mirrors and redirectors of makers: a frame somewhere.
            if is_frame(inside) { ethernet(pan, inside) } else { opaque(pan, inside, 0) }
        }
    }
    if flags & 0x8000 != 0 {
        let new = sum(bytes);
        adjust(bytes, 4, old, new);
    }
}
