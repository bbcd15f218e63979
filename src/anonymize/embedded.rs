//! Packets inside of bytes that nobody takes apart: encapsulations that have no function of their own, or none yet.

use super::bytes::{mac, word};
use super::checksum::sum;
use super::link::ethernet;
use super::network::ip;
use super::pan::Pan;
use super::veil::veil;

/// Bytes before a packet that may be the header of its encapsulation; more is something else.
const LONGEST_HEADER: usize = 64;

/// Where a packet is, and whether a frame's header comes before it.
struct Place {
    start: usize,
    end: usize,
    framed: bool,
}

/// Replaces the packets in bytes, and what is around them; false where none is.
pub fn packets(pan: &mut Pan, bytes: &mut [u8]) -> bool {
    let (mut from, mut at) = (0, 0);
    while at < bytes.len() {
        let Some(Place { start, end, framed }) = packet(bytes, from, at) else {
            at += 1;
            continue;
        };
        around(pan, bytes.get_mut(from..start).unwrap_or_default());
        let inside = bytes.get_mut(start..end).unwrap_or_default();
        if framed {
            ethernet(pan, inside);
        } else {
            ip(pan, inside);
        }
        (from, at) = (end.max(at + 1), end.max(at + 1));
    }
    if from > 0 {
        veil(pan, bytes.get_mut(from..).unwrap_or_default());
    }
    from > 0
}

/// A header before a packet stays but for addresses.
fn around(pan: &mut Pan, bytes: &mut [u8]) {
    if bytes.len() > LONGEST_HEADER {
        return veil(pan, bytes);
    }
    // A frame of wireless stations (IEEE 802.11 clause 9.2): three addresses, LLC and SNAP at its end.
    let snap = bytes.len().saturating_sub(8);
    if bytes.get(snap..).is_some_and(|b| b.starts_with(&[0xaa, 0xaa, 3, 0, 0, 0])) {
        let is_data = |b: Option<&u8>| b.is_some_and(|b| b & 0x0f == 8);
        for header in [26, 24] {
            let Some(at) = snap.checked_sub(header) else { continue };
            if is_data(bytes.get(at)) || is_data(bytes.get(at + 1)) {
                [4, 10, 16].into_iter().for_each(|place| mac(pan, bytes, at + place));
                break;
            }
        }
    }
    sweep(pan, bytes);
}

/// The packet whose IP or ARP header is at a place.
fn packet(bytes: &[u8], from: usize, at: usize) -> Option<Place> {
    let rest = bytes.get(at..)?;
    let kind = at.checked_sub(2).filter(|before| *before >= from).map_or(0, |before| word(bytes, before));
    let length = match rest.first()? >> 4 {
        4 => four(rest, kind == 0x0800)?,
        6 => six(rest, kind == 0x86dd)?,
        0 if kind == 0x0806 && rest.starts_with(&[0, 1, 8, 0, 6, 4]) => 28,
        _ => return None,
    };
    let end = (at + length).min(bytes.len());
    Some(match frame(bytes, from, at, kind) {
        Some(start) => Place { start, end, framed: true },
        None if kind == 0x0806 => return None,
        None => Place { start: at, end, framed: false },
    })
}

/// Where the Ethernet frame begins whose EtherType, behind tags, is before a packet.
fn frame(bytes: &[u8], from: usize, at: usize, kind: u16) -> Option<usize> {
    if !matches!(kind, 0x0800 | 0x86dd | 0x0806) {
        return None;
    }
    let mut place = at.checked_sub(2)?;
    while place >= from + 16 && matches!(word(bytes, place - 4), 0x8100 | 0x88a8 | 0x9100) {
        place -= 4;
    }
    let start = place.checked_sub(12).filter(|start| *start >= from)?;
    // Wireless frames have the same behind LLC and SNAP, and no stations just before it.
    (bytes.get(place.checked_sub(6)?..place)? != [0xaa, 0xaa, 3, 0, 0, 0]).then_some(start)
}

/// The length of the IPv4 packet that begins here: its header's checksum is right, or left out below an EtherType.
fn four(rest: &[u8], is_announced: bool) -> Option<usize> {
    let header = usize::from(rest.first()? & 15) * 4;
    let total = usize::from(word(rest, 2));
    let fits = header >= 20 && (total >= header || total == 0);
    let covered = rest.get(..header)?;
    let is_right = sum(covered) == 0xffff || is_announced && word(rest, 10) == 0;
    // All zeros behind the first byte are right by accident.
    (fits && is_right && covered.get(12..20)? != [0; 8]).then_some(if total == 0 { rest.len() } else { total })
}

/// The length of the IPv6 packet that begins here: it has no checksum, so that its length must fit and its addresses be of those there are.
fn six(rest: &[u8], is_announced: bool) -> Option<usize> {
    let header = rest.get(..40)?;
    let length = usize::from(word(header, 4)) + 40;
    let known = matches!(header.get(6)?, 0 | 4 | 6 | 17 | 41 | 43 | 44 | 47 | 50 | 51 | 58 | 59 | 60 | 89 | 103 | 112 | 132);
    let exists = |at: usize| matches!(header.get(at), Some(0x20..=0x3f | 0xfc..=0xff)) || header.get(at..at + 8) == Some(&[0; 8]);
    let fits = length == rest.len() || length <= rest.len() && exists(8) && exists(24);
    (known && header.get(8..24)? != [0xff; 16] && (is_announced || fits)).then_some(length)
}

/// Replaces addresses that were met before wherever they stand, in bytes that nobody takes apart: a net below all else.
pub fn sweep(pan: &mut Pan, bytes: &mut [u8]) {
    let mut at = 0;
    while let Some(rest) = bytes.get_mut(at..).filter(|rest| rest.len() >= 4) {
        at += pan.met(rest).max(1);
    }
}
