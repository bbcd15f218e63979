//! A mirroring device's clock, by the stamps on its copies.

use crate::model::Timestamp;
use crate::model::time::SECOND;

/// Beyond its first packets one in this many gives a pair of stamps: a line needs no more.
const PAIRS: u64 = 16;

/// Parts per million beyond which it is no drift: the stamps do not count in the unit that they are said to. A clock without any discipline is off by
/// some hundred at most (ITU-T G.810 allows 4.6 to those of networks).
const MOST_DRIFT: f64 = 10_000.0;

/// A switch's clock against the capture clock: a straight line through the pairs of stamps, by least squares.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SwitchClock {
    /// Nanoseconds of one tick.
    pub tick: u32,
    /// Pairs of stamps taken.
    pub samples: u64,
    offered: u64,
    origin: (i64, u64),
    last: (i64, u64),
    /// A tick of a nanosecond beyond a second was seen: the stamps are no nanoseconds within a second.
    is_beyond_second: bool,
    mean: (f64, f64),
    /// Sums of squares and products about the means: capture, switch, both.
    moments: (f64, f64, f64),
}

impl SwitchClock {
    /// Takes one pair: all of the first 256, then one in 16. A tick of 0 nanoseconds is an unknown unit: such stamps are not used.
    #[inline]
    pub fn push(&mut self, time: Timestamp, raw: u64, tick: u32) {
        self.offered += 1;
        if tick != 0 && (self.offered <= 256 || self.offered.is_multiple_of(PAIRS)) {
            self.take(time, raw, tick);
        }
    }

    fn take(&mut self, time: Timestamp, raw: u64, tick: u32) {
        let is_beyond_second = self.is_beyond_second || tick == 1 && raw >= SECOND as u64;
        if self.samples == 0 || tick != self.tick || is_beyond_second != self.is_beyond_second {
            let (offered, origin) = (self.offered, (time.0, raw));
            *self = Self { tick, samples: 1, offered, origin, last: origin, is_beyond_second, ..Self::default() };
            return;
        }
        let unwrapped = self.unwrap(time, raw);
        self.last = (time.0, unwrapped);
        self.samples += 1;
        let n = self.samples as f64;
        let x = time.0.saturating_sub(self.origin.0) as f64;
        let y = unwrapped.wrapping_sub(self.origin.1) as i64 as f64 * f64::from(tick);
        let (dx, dy) = (x - self.mean.0, y - self.mean.1);
        self.mean.0 += dx / n;
        self.mean.1 += dy / n;
        self.moments.0 += dx * (x - self.mean.0);
        self.moments.1 += dy * (y - self.mean.1);
        self.moments.2 += dx * (y - self.mean.1);
    }

    /// A clock of 32 bits goes around, and one of nanoseconds within a second (IEEE 1588) every second: the reading nearest to where it should be
    /// by the capture clock is meant.
    fn unwrap(&self, time: Timestamp, raw: u64) -> u64 {
        if raw > u64::from(u32::MAX) || self.origin.1 > u64::from(u32::MAX) {
            return raw;
        }
        let ticks = time.0.saturating_sub(self.last.0) / i64::from(self.tick.max(1));
        let expected = self.last.1.wrapping_add_signed(ticks);
        let around = if self.tick == 1 && !self.is_beyond_second { SECOND } else { 1 << 32 };
        let off = (raw as i64).wrapping_sub(expected as i64).rem_euclid(around);
        expected.wrapping_add_signed(if off >= around / 2 { off - around } else { off })
    }

    /// How much faster the switch's clock runs, in parts per million of the capture clock; none before a second and 100 pairs, nor where the stamps are no
    /// clock in their unit.
    pub fn drift_ppm(&self) -> Option<f64> {
        let enough = self.samples >= 100 && self.last.0.saturating_sub(self.origin.0) >= SECOND && self.moments.0 > 0.0;
        enough.then(|| (self.moments.2 / self.moments.0 - 1.0) * 1e6).filter(|drift| drift.abs() <= MOST_DRIFT)
    }

    /// Standard deviation of the pairs about the line, nanoseconds: how unevenly copies travel from switch to stamp.
    pub fn jitter_nanos(&self) -> Option<f64> {
        self.drift_ppm()?;
        let (xx, yy, xy) = self.moments;
        Some(((yy - xy * xy / xx).max(0.0) / self.samples as f64).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_of_32_bits_with_drift() {
        let mut c = SwitchClock::default();
        // 100 ns ticks go around after 429 s; the clock runs 50 ppm fast.
        for n in 0..10_000i64 {
            let t = n * SECOND / 10;
            let ticks = (t as f64 * 1.000_05 / 100.0) as u64 + 4_000_000_000;
            c.push(Timestamp(1_700_000_000 * SECOND + t), ticks & 0xffff_ffff, 100);
        }
        assert!((c.drift_ppm().unwrap() - 50.0).abs() < 0.01, "{:?}", c.drift_ppm());
        assert!(c.jitter_nanos().unwrap() < 1000.0, "{:?}", c.jitter_nanos());
        // Nanoseconds within a second go around each second; free ones of 32 bits every four.
        for around in [SECOND, 1 << 32] {
            let mut c = SwitchClock::default();
            for n in 0..10_000i64 {
                let t = n * SECOND / 10 + n * n % 977;
                let reading = (t as f64 * 1.000_02) as i64 + 700_000_000;
                c.push(Timestamp(1_700_000_000 * SECOND + t), reading.rem_euclid(around) as u64, 1);
            }
            assert!((c.drift_ppm().unwrap() - 20.0).abs() < 0.1, "{around}: {:?}", c.drift_ppm());
        }
        // Stamps that count something else than they say have no drift.
        let mut other = SwitchClock::default();
        (0..1_000i64).for_each(|n| other.push(Timestamp(n * SECOND / 100), n as u64 * 4_000_000, 100));
        assert_eq!((other.samples > 200, other.drift_ppm(), other.jitter_nanos()), (true, None, None));
        let mut unknown = SwitchClock::default();
        unknown.push(Timestamp(1), 5, 0);
        assert_eq!((unknown.samples, unknown.drift_ppm()), (0, None));
    }
}
