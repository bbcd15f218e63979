//! IEEE 802.11 and the radio headers captures put before it.

use super::walk::{Next, Walk};
use crate::model::{Mac, Proto};

/// Radiotap (<https://www.radiotap.org>): a little-endian length says where the frame starts.
pub(super) fn radiotap(walk: &mut Walk) -> Next {
    walk.push(Proto::Radiotap);
    let Some(&[_, _, l0, l1]) = walk.peek::<4>() else { return Next::End };
    radio(walk, usize::from(u16::from_le_bytes([l0, l1])))
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
/// `swapped`: the two bytes of the frame control field changed places.
pub(super) fn wlan(walk: &mut Walk, swapped: bool) -> Next {
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
    if subtype & 0x08 != 0 {
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
    if walk.at + length > walk.bytes.len() {
        walk.missing(length);
        return Next::End;
    }
    walk.at += length;
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
