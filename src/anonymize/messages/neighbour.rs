//! What switches say of themselves behind SNAP and over UDP: CDP, UDLD, VTP, DTP and PAgP (Cisco), per-VLAN spanning tree, FDP (Foundry), EDP
//! (Extreme), MNDP (MikroTik). Forms, lengths and numbers stay, so that what is replaced can be read like what was; checksums that were right
//! are right afterwards.

use super::spanning_tree;
use crate::anonymize::bytes::{from, mac, part, v4, v6, word};
use crate::anonymize::checksum::{adjust, sum};
use crate::anonymize::pan::Pan;
use crate::anonymize::payload::mixed;
use crate::anonymize::veil::{blank, veil};
use crate::anonymize::{embedded, words};

/// Replaces what stands behind a SNAP header of one of these makers, in the `length` bytes that the frame says; false where it is another's.
pub fn behind_snap(pan: &mut Pan, length: u16, bytes: &mut [u8]) -> bool {
    let Some(&[0xaa, 0xaa, 3, a, b, c, high, low]) = bytes.first_chunk::<8>() else { return false };
    let read: fn(&mut Pan, &mut [u8]) = match ([a, b, c], u16::from_be_bytes([high, low])) {
        ([0, 0, 0x0c], 0x2000) => cdp,
        ([0, 0, 0x0c], 0x0111) => udld,
        ([0, 0, 0x0c], 0x2003) => vtp,
        ([0, 0, 0x0c], 0x2004) => dtp,
        ([0, 0, 0x0c], 0x0104) => pagp,
        ([0, 0, 0x0c], 0x010b) => spanning_tree,
        ([0, 0xe0, 0x52], 0x2000) => cdp,
        ([0, 0xe0, 0x2b], 0x00bb) => edp,
        _ => return false,
    };
    let end = usize::from(length).min(bytes.len());
    // What fills the frame up is nobody's.
    from(bytes, end).fill(0);
    read(pan, part(bytes, 8, end));
    true
}

/// A name of a device, with every word of it, however short.
pub fn name(pan: &mut Pan, bytes: &mut [u8]) {
    embedded::sweep(pan, bytes);
    words::name(pan, bytes);
}

/// Shows the values of a list whose heads are of two bytes of type and two of length, which counts them, from `at` on.
fn values(bytes: &mut [u8], at: usize, mut take: impl FnMut(u16, &mut [u8])) {
    let mut at = at;
    while at + 4 <= bytes.len() {
        let (kind, length) = (word(bytes, at), usize::from(word(bytes, at + 2)));
        let end = at + length.max(4);
        take(kind, part(bytes, at + 4, end));
        at = end;
    }
    from(bytes, at).fill(0);
}

/// CDP's sum takes a last odd byte for the low one of a word, and that word for a signed number.
fn odd_sum(bytes: &[u8]) -> u32 {
    let (even, last) = bytes.split_at(bytes.len() & !1);
    let last = last.first().map_or(0, |last| if *last < 0x80 { u32::from(*last) } else { 0xff00 | u32::from(last - 1) });
    sum(even) + last
}

fn cdp(pan: &mut Pan, bytes: &mut [u8]) {
    let old = odd_sum(bytes);
    values(bytes, 4, |kind, value| match kind {
        1 | 0x14 => name(pan, value),
        2 | 0x16 => addresses(pan, value),
        3 | 5 | 6 | 9 | 0x17 => mixed(pan, value),
        // Networks: an address of the router, and prefixes with their length.
        7 => (0..value.len()).step_by(5).for_each(|at| v4(pan, value, at)),
        // What counts, measures and says yes or no: capabilities, VLANs, duplex, power, MTU.
        4 | 0x0a | 0x0b | 0x0e..=0x13 | 0x19 | 0x1a => {}
        _ => blank(pan, value),
    });
    let new = odd_sum(bytes);
    adjust(bytes, 2, old, new);
}

/// A number of addresses, each behind its protocol.
fn addresses(pan: &mut Pan, value: &mut [u8]) {
    let mut at = 4;
    while at + 4 <= value.len() {
        at += 2 + value.get(at + 1).map_or(0, |length| usize::from(*length));
        let length = usize::from(word(value, at));
        match length {
            4 => v4(pan, value, at + 2),
            16 => v6(pan, value, at + 2),
            _ => blank(pan, part(value, at + 2, at + 2 + length)),
        }
        at += 2 + length;
    }
}

fn udld(pan: &mut Pan, bytes: &mut [u8]) {
    let old = sum(bytes);
    values(bytes, 4, |kind, value| match kind {
        1 | 6 => name(pan, value),
        2 => mixed(pan, value),
        3 => heard(pan, value),
        4 | 5 | 7 => {}
        _ => blank(pan, value),
    });
    let new = sum(bytes);
    adjust(bytes, 2, old, new);
}

/// Pairs of a device and its port, each behind its length.
fn heard(pan: &mut Pan, value: &mut [u8]) {
    let (mut at, mut is_device) = (4, true);
    while at + 2 <= value.len() {
        let end = at + 2 + usize::from(word(value, at));
        let text = part(value, at + 2, end);
        if is_device {
            name(pan, text)
        } else {
            mixed(pan, text)
        }
        (at, is_device) = (end, !is_device);
    }
}

fn vtp(pan: &mut Pan, bytes: &mut [u8]) {
    mixed(pan, part(bytes, 4, 36));
    match bytes.get(1) {
        Some(1) => {
            v4(pan, bytes, 40);
            // A digest of the password.
            veil(pan, part(bytes, 56, 72));
            blank(pan, from(bytes, 72));
        }
        Some(2) => {
            let mut at = 40;
            while let Some(length) = bytes.get(at).map(|length| usize::from(*length)).filter(|length| *length >= 12) {
                let end = at + 12 + bytes.get(at + 3).map_or(0, |length| usize::from(*length));
                mixed(pan, part(bytes, at + 12, end.min(at + length)));
                at += length;
            }
            from(bytes, at).fill(0);
        }
        Some(3) => {}
        _ => blank(pan, from(bytes, 36)),
    }
}

fn dtp(pan: &mut Pan, bytes: &mut [u8]) {
    values(bytes, 1, |kind, value| match kind {
        1 => mixed(pan, value),
        2 | 3 => {}
        4 => mac(pan, value, 0),
        _ => blank(pan, value),
    });
}

fn pagp(pan: &mut Pan, bytes: &mut [u8]) {
    if bytes.first() != Some(&1) {
        mac(pan, bytes, 2);
        mac(pan, bytes, 8);
        return blank(pan, from(bytes, 18));
    }
    mac(pan, bytes, 2);
    mac(pan, bytes, 22);
    values(bytes, 46, |kind, value| match kind {
        1 => name(pan, value),
        2 => mixed(pan, value),
        3 => mac(pan, value, 0),
        _ => blank(pan, value),
    });
}

fn edp(pan: &mut Pan, bytes: &mut [u8]) {
    let old = sum(bytes);
    mac(pan, bytes, 10);
    let mut at = 16;
    while at + 4 <= bytes.len() {
        let (kind, end) = (word(bytes, at) as u8, at + usize::from(word(bytes, at + 2)).max(4));
        let value = part(bytes, at + 4, end);
        match kind {
            1 => name(pan, value),
            2 => {}
            5 => {
                v4(pan, value, 8);
                mixed(pan, from(value, 12));
            }
            _ => blank(pan, value),
        }
        at = end;
    }
    let new = sum(bytes);
    adjust(bytes, 4, old, new);
}

/// MNDP: heads whose lengths do not count them.
pub fn mndp(pan: &mut Pan, bytes: &mut [u8]) {
    let mut at = 4;
    while at + 4 <= bytes.len() {
        let (kind, end) = (word(bytes, at), at + 4 + usize::from(word(bytes, at + 2)));
        let value = part(bytes, at + 4, end);
        match kind {
            1 => mac(pan, value, 0),
            5 => name(pan, value),
            7 | 8 | 11 | 12 | 16 => mixed(pan, value),
            10 | 14 => {}
            15 => v6(pan, value, 0),
            17 => v4(pan, value, 0),
            _ => blank(pan, value),
        }
        at = end;
    }
    from(bytes, at).fill(0);
}

/// GLBP: who sends it, and what its values name: an address that is shared, a station that forwards. What authenticates is blanked.
pub fn glbp(pan: &mut Pan, bytes: &mut [u8]) {
    mac(pan, bytes, 6);
    let mut at = 12;
    while at + 2 <= bytes.len() {
        let kind = bytes.get(at).copied().unwrap_or(0);
        let end = at + bytes.get(at + 1).map_or(2, |length| usize::from(*length).max(2));
        let value = part(bytes, at + 2, end);
        match (kind, value.get(21)) {
            (1, Some(4)) => v4(pan, value, 22),
            (1, Some(16)) => v6(pan, value, 22),
            (2, _) => mac(pan, value, 12),
            _ => blank(pan, value),
        }
        at = end;
    }
}
