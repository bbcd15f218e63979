//! Arista 7150: a counter of 350 MHz in the place of the check sequence or before it, and keyframes that say what it means
//! (Arista, "Timestamping on the 7150 Series").

use super::{Stamp, Tail};
use crate::model::Timestamp;
use crate::model::time::SECOND;

/// IP protocol of keyframes: one reserved for experiments (RFC 3692).
pub const KEYFRAME: u8 = 253;
/// Bits of the counter that frames carry.
const BITS: u32 = 31;
/// Nanoseconds of one tick, as a fraction: 350 MHz.
const TICK: (i128, i128) = (20, 7);

/// Days that the device's clock may be off.
const DAYS: i64 = 30;

/// What a keyframe says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keyframe {
    /// The counter, 64 bits.
    pub ticks: u64,
    /// Nanoseconds of UTC at that count.
    pub utc: Timestamp,
    /// When it was captured.
    pub captured: Timestamp,
    /// Packets that the port it left by has dropped.
    pub drops: u64,
    /// The device, by the number it was given.
    pub device: u16,
    /// The port it left by.
    pub port: u16,
}

/// A keyframe: an IPv4 broadcast of protocol 253 whose payload has one of two lengths: counter 8, UTC 8, last synchronisation 8, \[skew
/// numerator 8 and denominator 8,\] its own time 8, drops of its port 8, device 2, port 2, kind of stamp 1, reserved 1. `ip` starts at the
/// IPv4 header.
pub fn keyframe(ip: &[u8], captured: Timestamp) -> Option<Keyframe> {
    let &[first, _, l0, l1, _, _, _, _, _, KEYFRAME, _, _, _, _, _, _, 255, 255, 255, 255, ..] = ip else { return None };
    let (header, total) = (usize::from(first & 0x0f) * 4, usize::from(u16::from_be_bytes([l0, l1])));
    let payload = ip.get(header..total).filter(|_| first >> 4 == 4)?;
    let be64 = |at: usize| payload.get(at..)?.first_chunk::<8>().map(|b| u64::from_be_bytes(*b));
    let behind = match payload.len() {
        62 => 40,
        46 => 24,
        _ => return None,
    };
    let (ticks, utc, drops) = (be64(0)?, be64(8)?, be64(behind + 8)?);
    let &[d0, d1, p0, p1, ..] = payload.get(behind + 16..)? else { return None };
    let utc = Timestamp(i64::try_from(utc).ok()?);
    // The number is for anybody's experiments: a time that is none belongs to another.
    if (i128::from(utc.0) - i128::from(captured.0)).unsigned_abs() > (DAYS * 86_400 * SECOND) as u128 {
        return None;
    }
    Some(Keyframe { ticks, utc, captured, drops, device: u16::from_be_bytes([d0, d1]), port: u16::from_be_bytes([p0, p1]) })
}

impl Keyframe {
    /// The counter behind a frame: the last four bytes (instead of the check sequence), or the four before a check sequence. `None` when
    /// neither counts on from here to within a second of the time that passed. The counter goes around every 6.1 s, keyframes come
    /// every second.
    pub fn stamp(&self, tail: &Tail) -> Option<Stamp> {
        let start = tail.start?;
        if !matches!(tail.bytes.len().checked_sub(start)?, 4 | 8) {
            return None;
        }
        // Its lowest byte has seven bits.
        let word = tail.be32(start)?;
        let count = u64::from((word & 0xffff_ff00) >> 1 | word & 0x7f);
        let around = 1i128 << BITS;
        let ahead = (i128::from(count) - i128::from(self.ticks)).rem_euclid(around);
        let passed = i128::from(tail.time.0) - i128::from(self.captured.0);
        // A frame may have been stamped just before the keyframe.
        let since = [ahead, ahead - around].map(|ticks| ticks * TICK.0 / TICK.1).into_iter().min_by_key(|since| (since - passed).abs())?;
        if (since - passed).abs() > i128::from(SECOND) {
            return None;
        }
        let time = Timestamp(i64::try_from(i128::from(self.utc.0) + since).ok()?);
        Some(Stamp { bytes: tail.from(start)?, time: Some(time), device: Some(self.device), ..Stamp::default() })
    }
}
