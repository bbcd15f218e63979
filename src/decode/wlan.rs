//! IEEE 802.11 and the radio headers captures put before it.

use super::walk::{Next, Walk};
use crate::model::{Mac, Proto};

/// Radiotap (<https://www.radiotap.org>): a little-endian length says where the frame starts.
pub(super) fn radiotap(walk: &mut Walk) -> Next {
    walk.push(Proto::Radiotap);
    let Some(&[_, _, l0, l1]) = walk.peek::<4>() else { return Next::End };
    let length = usize::from(u16::from_le_bytes([l0, l1]));
    let padded = flags(walk.rest().get(..length).unwrap_or(&[])).is_some_and(|flags| flags & DATA_PADDED != 0);
    match radio(walk, length) {
        Next::Wlan if padded => Next::WlanPadded,
        next => next,
    }
}

/// In radiotap's flags: the frame's header is padded to a multiple of four bytes.
const DATA_PADDED: u8 = 0x20;

/// Words of radiotap that say which fields there are, at most: one for each antenna.
const MAX_WORDS: usize = 32;

/// Radiotap's flags, if it has them: behind the time stamp (eight bytes, aligned), which comes first.
fn flags(header: &[u8]) -> Option<u8> {
    let word = |at: usize| header.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b));
    let present = word(4)?;
    if present & 2 == 0 {
        return None;
    }
    let words = 1 + (0..MAX_WORDS).take_while(|n| word(4 + 4 * n).is_some_and(|w| w >> 31 == 1)).count();
    let fields = 4 + 4 * words;
    header.get(if present & 1 == 1 { fields.next_multiple_of(8) + 8 } else { fields }).copied()
}

/// Prism: message code and length in the byte order of the machine that wrote them.
pub(super) fn prism(walk: &mut Walk) -> Next {
    walk.push(Proto::Prism);
    let Some(&[_, _, _, _, l0, l1, l2, l3]) = walk.peek::<8>() else { return Next::End };
    let little = u32::from_le_bytes([l0, l1, l2, l3]);
    let length = if little > 0xffff { little.swap_bytes() } else { little };
    radio(walk, length as usize)
}

/// AVS: version and length, big-endian.
pub(super) fn avs(walk: &mut Walk) -> Next {
    walk.push(Proto::Avs);
    let Some(&[_, _, _, _, l0, l1, l2, l3]) = walk.peek::<8>() else { return Next::End };
    radio(walk, u32::from_be_bytes([l0, l1, l2, l3]) as usize)
}

fn radio(walk: &mut Walk, length: usize) -> Next {
    if length < 4 || length > walk.left() {
        return walk.malformed();
    }
    if walk.at + length > walk.bytes.len() {
        walk.missing(length);
        return Next::End;
    }
    walk.at += length;
    walk.push(Proto::WlanRadio);
    Next::Wlan
}

/// An 802.11 MAC header (IEEE 802.11 clause 9.2): addresses by the two distribution-system bits, then LLC in data frames.
/// `swapped`: the two bytes of the frame control field changed places; `padded`: the header is filled up to a multiple of four bytes.
pub(super) fn wlan(walk: &mut Walk, swapped: bool, padded: bool) -> Next {
    walk.push(Proto::Wlan);
    let Some(&[first, second]) = walk.peek::<2>() else { return Next::End };
    let (control, flags) = if swapped { (second, first) } else { (first, second) };
    let (kind, subtype) = (control >> 2 & 3, control >> 4);
    match kind {
        0 => {
            addresses(walk, flags);
            return walk.leaf(Proto::WlanMgt);
        }
        2 => {}
        _ => return Next::End,
    }
    let mut length = 24;
    if flags & 0x03 == 0x03 {
        length += 6;
    }
    let mut aggregated = false;
    if subtype & 0x08 != 0 {
        aggregated = walk.bytes.get(walk.at + length).is_some_and(|control| control & 0x80 != 0);
        length += 2;
        // The order bit of a QoS frame announces an HT control field.
        if flags & 0x80 != 0 {
            length += 4;
        }
    }
    addresses(walk, flags);
    // Null functions carry nothing; a protected body cannot be read.
    if subtype & 0x04 != 0 {
        return Next::End;
    }
    if flags & 0x40 != 0 {
        return walk.leaf(Proto::Data);
    }
    if padded {
        length = length.next_multiple_of(4);
    }
    if walk.at + length > walk.bytes.len() {
        walk.missing(length);
        return Next::End;
    }
    walk.at += length;
    if aggregated { first_of_several(walk) } else { Next::Llc }
}

/// Several packets in one frame (IEEE 802.11 clause 9.3.2.2), each behind its addresses and length: the first stands for all.
fn first_of_several(walk: &mut Walk) -> Next {
    let Some(&[_, _, _, _, _, _, _, _, _, _, _, _, l0, l1]) = walk.take::<14>() else { return Next::End };
    walk.end = walk.end.min(walk.at + usize::from(u16::from_be_bytes([l0, l1])));
    Next::Llc
}

fn addresses(walk: &mut Walk, flags: u8) {
    let Some(header) = walk.peek::<24>() else { return };
    let address = |at: usize| header.get(at..at + 6).and_then(|b| b.try_into().ok()).map_or(Mac::default(), Mac);
    let (one, two, three) = (address(4), address(10), address(16));
    let (source, destination) = match flags & 0x03 {
        0 => (two, one),
        1 => (two, three),
        2 => (three, one),
        // Four addresses: source is the fourth.
        _ => (walk.bytes.get(walk.at + 24..walk.at + 30).and_then(|b| b.try_into().ok()).map_or(two, Mac), three),
    };
    walk.mac(source, destination);
}
