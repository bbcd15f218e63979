//! Encapsulations over UDP whose headers hold addresses, or that carry frames without IP; packets in all others are found by what they are.

use super::bytes::{from, mac, part, v4, v6, word};
use super::link::{by_type, ethernet, is_frame};
use super::pan::Pan;
use super::veil::{opaque, veil};

/// Whether a port is an encapsulation's.
pub fn is_tunnel(port: u16) -> bool {
    matches!(port, 1701 | 2152 | 3544 | 4341 | 4789 | 4790 | 5246 | 5247 | 6081 | 6343 | 8472 | 12_222 | 37_008)
}

/// A datagram to or from the port of an encapsulation.
pub fn datagram(pan: &mut Pan, [source, destination]: [u16; 2], bytes: &mut [u8]) {
    let port = if is_tunnel(destination) { destination } else { source };
    match port {
        4789 | 8472 => framed(pan, bytes, 8, 0x6558),
        6081 => {
            let options = usize::from(bytes.first().copied().unwrap_or(0) & 0x3f) * 4;
            let kind = word(bytes, 2);
            veil(pan, part(bytes, 8, 8 + options).get_mut(4..).unwrap_or_default());
            framed(pan, bytes, 8 + options, kind);
        }
        37_008 => tzsp(pan, bytes),
        6343 => sflow(pan, bytes),
        3544 => teredo(pan, bytes),
        5247 => {
            // The radio's address (RFC 5415 section 4.3).
            if bytes.get(3).is_some_and(|b| b & 0x10 != 0) && bytes.get(8) == Some(&6) {
                mac(pan, bytes, 9);
            }
            opaque(pan, bytes, 8);
        }
        _ => opaque(pan, bytes, 8),
    }
}

/// A frame or packet behind a header.
fn framed(pan: &mut Pan, bytes: &mut [u8], header: usize, kind: u16) {
    let inside = from(bytes, header);
    if kind != 0x6558 || is_frame(inside) || inside.first().is_some_and(|b| b & 0xf0 != 0x40) {
        by_type(pan, kind, inside, [[0; 6]; 2]);
    } else {
        opaque(pan, inside, 0);
    }
}

/// TZSP: version, type, encapsulation, fields up to the one that ends them, the frame.
fn tzsp(pan: &mut Pan, bytes: &mut [u8]) {
    let is_ethernet = bytes.get(1).is_some_and(|kind| *kind < 2) && word(bytes, 2) == 1;
    let mut at = 4;
    while let Some(&tag) = bytes.get(at) {
        let length = if tag < 2 { 0 } else { 1 + bytes.get(at + 1).map_or(0, |n| usize::from(*n)) };
        // The sensor's number, and the station's address of some senders.
        if tag >= 0x3c {
            veil(pan, part(bytes, at + 2, at + 1 + length));
        }
        at += 1 + length;
        if tag == 1 {
            break;
        }
    }
    let frame = from(bytes, at);
    if is_ethernet { ethernet(pan, frame) } else { opaque(pan, frame, 0) }
}

/// Teredo: the origin's address, every bit of which is turned over (RFC 4380 section 5.1.1).
fn teredo(pan: &mut Pan, bytes: &mut [u8]) {
    let authentication = match *bytes {
        [0, 1, client, value, ..] => 13 + usize::from(client) + usize::from(value),
        _ => 0,
    };
    veil(pan, part(bytes, 4, authentication.max(4)));
    let rest = from(bytes, authentication);
    if rest.starts_with(&[0, 0]) && rest.len() >= 8 {
        let turn = |rest: &mut [u8]| part(rest, 4, 8).iter_mut().for_each(|b| *b = !*b);
        turn(rest);
        v4(pan, rest, 4);
        turn(rest);
        return opaque(pan, from(rest, 8), 0);
    }
    opaque(pan, rest, 0);
}

/// sFlow version 5: the agent's address, and the headers in flow samples; counters stay, other records do not.
fn sflow(pan: &mut Pan, bytes: &mut [u8]) {
    let long = |bytes: &[u8], at: usize| usize::from(word(bytes, at)) << 16 | usize::from(word(bytes, at + 2));
    let agent = match (long(bytes, 0), long(bytes, 4)) {
        (5, 1) => {
            v4(pan, bytes, 8);
            4
        }
        (5, 2) => {
            v6(pan, bytes, 8);
            16
        }
        _ => return opaque(pan, bytes, 4),
    };
    let mut at = 8 + agent + 16;
    while at + 8 <= bytes.len() {
        let (kind, end) = (long(bytes, at), at.saturating_add(8).saturating_add(long(bytes, at + 4)));
        let sample = part(bytes, at + 8, end);
        // Where the records of a sample begin, after their number.
        let records = match kind {
            1 => 32,
            3 => 44,
            2 => 12,
            4 => 16,
            _ => {
                veil(pan, sample);
                usize::MAX
            }
        };
        let mut place = records;
        while place.saturating_add(8) <= sample.len() {
            let (format, end) = (long(sample, place), place.saturating_add(8).saturating_add(long(sample, place + 4)));
            record(pan, matches!(kind, 1 | 3), format, part(sample, place + 8, end));
            place = end;
        }
        at = end;
    }
}

fn record(pan: &mut Pan, is_flow: bool, format: usize, bytes: &mut [u8]) {
    /// Interface, Ethernet, VLAN and processor counters: numbers only.
    const COUNTERS: std::ops::RangeInclusive<usize> = 1..=5;
    match (is_flow, format) {
        (true, 1) => {
            let (protocol, header) = (word(bytes, 2), from(bytes, 16));
            match protocol {
                1 => ethernet(pan, header),
                11 | 12 => super::network::ip(pan, header),
                _ => opaque(pan, header, 0),
            }
        }
        // VLANs and priorities.
        (true, 1001) => {}
        (false, format) if COUNTERS.contains(&format) || format == 1001 => {}
        _ => veil(pan, bytes),
    }
}
