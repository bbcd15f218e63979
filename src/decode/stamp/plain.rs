//! Trailers of fixed fields: MetaMako and cPacket, Exablaze, VSS.

use super::{Stamp, Tail};
use crate::model::Timestamp;
use crate::model::time::SECOND;

/// Days that a device's clock may be off: Wireshark's bound for these trailers.
const DAYS: i64 = 30;
/// The same for Exablaze.
const DAYS_EXABLAZE: i64 = 7;

const HAS_FIELDS: u8 = 0x02;
const DUPLICATE: u8 = 0x04;
const DEGRADED: u8 = 0x10;
const RESERVED: u8 = 0xc8;

/// Original check sequence 4, fields (read from the end), seconds 4, nanoseconds 4, flags 1, device 2, port 1; a new check sequence that
/// the capture may have kept.
pub(super) fn metamako(tail: &Tail) -> Option<Stamp> {
    tail.ends().find_map(|end| {
        let (mut stamp, flags) = twelve(tail, end)?;
        if flags & RESERVED != 0 {
            return None;
        }
        stamp.duplicate = flags & DUPLICATE != 0;
        stamp.degraded = flags & DEGRADED != 0;
        let mut at = end - 12;
        if flags & HAS_FIELDS != 0 {
            at = fields(tail, at, &mut stamp)?;
        }
        stamp.bytes = tail.from(at.checked_sub(4)?)?;
        Some(stamp)
    })
}

/// The twelve bytes before `end`, and their flags.
fn twelve(tail: &Tail, end: usize) -> Option<(Stamp, u8)> {
    let at = end.checked_sub(12)?;
    let time = tail.near(tail.be32(at)?, tail.be32(at + 4)?, DAYS)?;
    let [flags, d0, d1, port] = tail.field::<4>(at + 8)?;
    let device = Some(u16::from_be_bytes([d0, d1]));
    Some((Stamp { time: Some(time), device, port: Some(port.into()), ..Stamp::default() }, flags))
}

/// Fields before `at`, last one first; where they start. The last byte of a field's last word says its length in further words 2, whether it
/// is the final one 1, and its tag 5; tag 31 has ten bits of length, less one. The rest of the word belongs to the value.
fn fields(tail: &Tail, mut at: usize, stamp: &mut Stamp) -> Option<usize> {
    loop {
        let place = at.checked_sub(4)?;
        let word = tail.be32(place)?;
        let tag = word & 0x1f;
        let words = if tag == 0x1f { (word >> 6 & 0x03ff) + 1 } else { word >> 6 & 3 };
        at = place.checked_sub(words as usize * 4)?;
        // The value's first three bytes: at the field's start.
        let value = tail.be32(at)? >> 8;
        match tag {
            0 => stamp.ingress = Some(value as u16),
            3 => stamp.egress = Some(value & 0x000f_ffff),
            _ => {}
        }
        if word >> 5 & 1 == 1 {
            return Some(at);
        }
    }
}

/// MetaMako's twelve bytes behind the original check sequence, with a version in the place of the flags.
pub(super) fn cpacket(tail: &Tail) -> Option<Stamp> {
    tail.ends().find_map(|end| {
        let (stamp, _) = twelve(tail, end)?;
        Some(Stamp { bytes: tail.from(end.checked_sub(16)?)?, ..stamp })
    })
}

/// Original check sequence 4, device 1, port 1, seconds 4, binary fraction of a second 5, reserved 1; a new check sequence perhaps.
pub(super) fn exablaze(tail: &Tail) -> Option<Stamp> {
    tail.ends().find_map(|end| {
        let start = end.checked_sub(16)?;
        let [_, _, _, _, device, port, s0, s1, s2, s3, f0, f1, f2, f3, f4, _] = tail.field::<16>(start)?;
        let fraction = u64::from_be_bytes([0, 0, 0, f0, f1, f2, f3, f4]);
        let nanos = (u128::from(fraction) * SECOND as u128) >> 40;
        let time = tail.near(u32::from_be_bytes([s0, s1, s2, s3]), nanos as u32, DAYS_EXABLAZE)?;
        let (device, port) = (Some(device.into()), Some(port.into()));
        Some(Stamp { bytes: tail.from(start)?, time: Some(time), device, port, ..Stamp::default() })
    })
}

/// Seconds 4, clock source 2 bits and nanoseconds 30 bits; a port in one byte or two; a check sequence: any of them in this order, so that
/// the length tells which. A port alone could be anything: a time is demanded.
pub(super) fn vss(tail: &Tail) -> Option<Stamp> {
    let start = tail.start?;
    let length = tail.bytes.len().checked_sub(start)?;
    if !matches!(length, 8..=10 | 12..=14) {
        return None;
    }
    let time: Timestamp = tail.near(tail.be32(start)?, tail.be32(start + 4)? & 0x3fff_ffff, DAYS)?;
    let port = match length & 3 {
        1 => tail.field::<1>(start + 8).map(|[p]| p.into()),
        2 => tail.field::<2>(start + 8).map(|p| u16::from_be_bytes(p).into()),
        _ => None,
    };
    Some(Stamp { bytes: tail.from(start)?, time: Some(time), port, ..Stamp::default() })
}
