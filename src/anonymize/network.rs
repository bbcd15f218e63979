//! IP and what it carries.

use super::checksum::{adjust, sum};
use super::link::{ethernet, payload};
use super::messages;
use super::pan::Pan;

fn word(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u16::from_be_bytes(*b))
}

/// Replaces an IPv4 address at a place, unless it is nowhere.
pub fn v4(pan: &mut Pan, bytes: &mut [u8], at: usize) {
    if let Some(place) = bytes.get_mut(at..).and_then(|b| b.first_chunk_mut::<4>()) {
        *place = pan.v4(u32::from_be_bytes(*place)).to_be_bytes();
    }
}

/// Replaces an IPv6 address at a place.
pub fn v6(pan: &mut Pan, bytes: &mut [u8], at: usize) {
    if let Some(place) = bytes.get_mut(at..).and_then(|b| b.first_chunk_mut::<16>()) {
        *place = pan.v6(u128::from_be_bytes(*place)).to_be_bytes();
    }
}

/// An IP packet, the version by its first four bits.
pub fn ip(pan: &mut Pan, bytes: &mut [u8]) {
    match bytes.first().map(|b| b >> 4) {
        Some(4) => four(pan, bytes),
        Some(6) => six(pan, bytes),
        _ => bytes.fill(0),
    }
}

fn four(pan: &mut Pan, bytes: &mut [u8]) {
    let header = usize::from(bytes.first().copied().unwrap_or(0) & 15) * 4;
    if header < 20 || bytes.len() < 20 {
        return bytes.fill(0);
    }
    let before = sum(bytes.get(12..20).unwrap_or_default());
    v4(pan, bytes, 12);
    v4(pan, bytes, 16);
    let after = sum(bytes.get(12..20).unwrap_or_default());
    adjust(bytes, 10, before, after);
    // Options may hold addresses (record route): they are blanked, their checksum too.
    if header > 20 && bytes.len() >= header {
        let old = sum(bytes.get(20..header).unwrap_or_default());
        bytes.get_mut(20..header).unwrap_or_default().fill(1);
        let new = sum(bytes.get(20..header).unwrap_or_default());
        adjust(bytes, 10, old, new);
    }
    let (protocol, fragment) = (bytes.get(9).copied().unwrap_or(0), word(bytes, 6));
    // A length of zero is a packet that a card has yet to cut into pieces.
    let end = match usize::from(word(bytes, 2)) {
        0 => bytes.len(),
        length => length.clamp(header.min(bytes.len()), bytes.len()),
    };
    let (inside, behind) = bytes.get_mut(header.min(end)..).unwrap_or_default().split_at_mut(end - header.min(end));
    // Padding says nothing that should stay.
    behind.fill(0);
    let addresses = (before, after);
    if fragment & 0x1fff != 0 {
        payload(pan, inside);
    } else {
        transport(pan, protocol, inside, addresses);
    }
}

fn six(pan: &mut Pan, bytes: &mut [u8]) {
    if bytes.len() < 40 {
        return bytes.fill(0);
    }
    let before = sum(bytes.get(8..40).unwrap_or_default());
    v6(pan, bytes, 8);
    v6(pan, bytes, 24);
    let after = sum(bytes.get(8..40).unwrap_or_default());
    let (mut next, mut at, mut is_later) = (bytes.get(6).copied().unwrap_or(59), 40, false);
    // Hop-by-hop, routing, fragment, destination options (RFC 8200 section 4).
    while let (0 | 43 | 44 | 60, Some(&[following, length])) = (next, bytes.get(at..).and_then(|b| b.first_chunk::<2>())) {
        let size = if next == 44 { 8 } else { (usize::from(length) + 1) * 8 };
        if next == 44 {
            is_later |= word(bytes, at + 2) & 0xfff8 != 0;
        }
        if next == 43 {
            (at + 8..at + size).step_by(16).for_each(|place| v6(pan, bytes, place));
        }
        (next, at) = (following, at + size);
    }
    let inside = bytes.get_mut(at..).unwrap_or_default();
    if is_later { payload(pan, inside) } else { transport(pan, next, inside, (before, after)) }
}

/// What an IP packet carries; `addresses` are the sums of its addresses before and after, which checksums above cover.
fn transport(pan: &mut Pan, protocol: u8, bytes: &mut [u8], (before, after): (u32, u32)) {
    let old = sum(bytes);
    let field = match protocol {
        6 => {
            let header = usize::from(bytes.get(12).copied().unwrap_or(0) >> 4) * 4;
            let ports = [word(bytes, 0), word(bytes, 2)];
            messages::of_ports(pan, ports, true, bytes.get_mut(header.max(20)..).unwrap_or_default());
            16
        }
        17 => {
            let ports = [word(bytes, 0), word(bytes, 2)];
            let body = bytes.get_mut(8..).unwrap_or_default();
            match ports {
                // VXLAN: eight bytes, then an Ethernet frame.
                [_, 4789 | 8472] => ethernet(pan, body.get_mut(8..).unwrap_or_default()),
                _ => messages::of_ports(pan, ports, false, body),
            }
            // No checksum is none.
            if word(bytes, 6) == 0 { usize::MAX } else { 6 }
        }
        1 => {
            messages::icmp(pan, bytes);
            return adjust_own(bytes, 2, old);
        }
        58 => {
            messages::icmp6(pan, bytes);
            2
        }
        2 => return,
        4 | 41 => return ip(pan, bytes),
        47 => return gre(pan, bytes),
        132 => {
            // The checksum is a CRC, which cannot be amended: words stay out of the way of the ports.
            return bytes.get_mut(12..).unwrap_or_default().fill(0);
        }
        _ => return bytes.fill(0),
    };
    if field == usize::MAX {
        return;
    }
    let new = sum(bytes);
    adjust(bytes, field, old, new);
    adjust(bytes, field, before, after);
}

/// Amends a checksum over nothing but its own message.
fn adjust_own(bytes: &mut [u8], field: usize, old: u32) {
    let new = sum(bytes);
    adjust(bytes, field, old, new);
}

/// GRE (RFC 2784, 2890), ERSPAN among it.
fn gre(pan: &mut Pan, bytes: &mut [u8]) {
    let (flags, kind) = (word(bytes, 0), word(bytes, 2));
    let header = 4 + [0x8000, 0x2000, 0x1000].iter().filter(|bit| flags & **bit != 0).count() * 4;
    let behind = |more: usize| header + more;
    match kind {
        0x0800 | 0x86dd => ip(pan, bytes.get_mut(header..).unwrap_or_default()),
        0x6558 => ethernet(pan, bytes.get_mut(header..).unwrap_or_default()),
        // ERSPAN: type I has no header of its own (and no sequence number), II has 8 bytes, III 12 and a subheader where a bit says so.
        0x88be => ethernet(pan, bytes.get_mut(behind(if flags & 0x1000 == 0 { 0 } else { 8 })..).unwrap_or_default()),
        0x22eb => {
            let platform = bytes.get(header + 11).is_some_and(|b| b & 1 == 1);
            ethernet(pan, bytes.get_mut(behind(if platform { 20 } else { 12 })..).unwrap_or_default());
        }
        _ => bytes.get_mut(header..).unwrap_or_default().fill(0),
    }
}
