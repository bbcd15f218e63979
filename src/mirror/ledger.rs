//! The numbers a mirroring device puts on its packets: what they say is missing, late, doubled, and how its clock runs.

use crate::model::Timestamp;
use crate::model::evidence::NARROW_SEQUENCE_BITS;
use crate::model::time::SECOND;

/// Numbers behind the highest that are remembered one by one: a later one fills its gap.
const WINDOW: u64 = 1024;
/// A number farther back than this starts the numbering anew.
const RESTART: u64 = 1 << 16;
/// So many late packets in ascending order, one by one, start it anew as well: a device restarted soon after its start.
const ASCENDING: u32 = 16;
/// Packets a second that no link exceeds (100 Gbit/s of the shortest frames): a jump forward beyond what can have been sent is a new start.
const FASTEST: i64 = 150_000_000;
/// Equal numbers from the first packet on that show the device does not count.
const CONSTANT: u64 = 16;
/// Where the numbering of some platforms begins anew.
const NARROW: u64 = 1 << NARROW_SEQUENCE_BITS;
/// How near to its wrap a number must be for a small one to follow by wrapping.
const AT_WRAP: u64 = 1 << 15;

/// How far numbers can get in a time.
fn reachable(elapsed: i64) -> u64 {
    (elapsed.clamp(0, 3_600 * SECOND) / 1_000).saturating_mul(FASTEST / 1_000_000) as u64 + RESTART
}

/// Word and bit of a number in the window.
#[inline]
fn place(number: u64) -> (usize, u64) {
    ((number % WINDOW / 64) as usize, 1 << (number % 64))
}

/// Accounts the sequence numbers of one session, in order of arrival.
#[derive(Debug, Clone)]
pub struct Ledger {
    started: bool,
    first: u64,
    highest: u64,
    /// Bit n modulo 1024: number n was seen, for the last 1024 numbers.
    seen: [u64; (WINDOW / 64) as usize],
    received: u64,
    bits: u32,
    /// Whether any two numbers differed.
    counts: bool,
    arrivals: u64,
    last: Timestamp,
    late_next: u64,
    late_run: u32,
    /// Missing before the last restart.
    missing_before: u64,
    /// Steps over numbers.
    gaps: u64,
    reordered: u64,
    late: u64,
    duplicates: u64,
    restarts: u64,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            started: false,
            first: 0,
            highest: 0,
            seen: [0; (WINDOW / 64) as usize],
            received: 0,
            bits: 32,
            counts: false,
            arrivals: 0,
            last: Timestamp(0),
            late_next: 0,
            late_run: 0,
            missing_before: 0,
            gaps: 0,
            reordered: 0,
            late: 0,
            duplicates: 0,
            restarts: 0,
        }
    }
}

impl Ledger {
    /// Of numbers of `bits` bits, 8 to 32.
    pub fn of_bits(bits: u32) -> Self {
        Self { bits: bits.clamp(8, 32), ..Self::default() }
    }

    /// Accounts one packet's number.
    #[inline]
    pub fn push(&mut self, number: u32, time: Timestamp) {
        self.arrivals += 1;
        let elapsed = time.since(self.last);
        self.last = time;
        let number = u64::from(number);
        if !self.started {
            return self.begin(number);
        }
        self.counts |= number != self.first;
        let ahead = self.ahead(number);
        match ahead {
            1 => self.advance(1),
            2.. => self.jump(ahead as u64, number, elapsed),
            _ => self.behind(ahead.unsigned_abs(), number),
        }
    }

    fn begin(&mut self, number: u64) {
        self.started = true;
        self.first = number;
        self.highest = number;
        self.seen = [0; (WINDOW / 64) as usize];
        self.mark(number);
        self.received = 1;
        self.late_run = 0;
    }

    /// How far a number is ahead of the highest, the short way around; a numbering that is seen to wrap early has fewer bits from then on.
    fn ahead(&mut self, number: u64) -> i64 {
        let (ahead, bits) = self.measured(number);
        self.bits = bits;
        ahead
    }

    /// The same, and by how many bits.
    fn measured(&self, number: u64) -> (i64, u32) {
        let wraps = self.bits == 32 && self.highest < NARROW && self.highest >= NARROW - AT_WRAP && number < AT_WRAP;
        let bits = if wraps { NARROW_SEQUENCE_BITS } else { self.bits };
        let bits = if number >= 1 << bits { 32 } else { bits };
        let modulus = 1u64 << bits;
        let forward = number.wrapping_sub(self.highest) & (modulus - 1);
        (if forward < modulus / 2 { forward as i64 } else { forward as i64 - modulus as i64 }, bits)
    }

    fn advance(&mut self, by: u64) {
        self.late_run = 0;
        self.highest = self.highest.wrapping_add(by);
        self.received += 1;
        if by > 1 {
            self.forget(by);
            self.gaps += 1;
        }
        self.mark(self.highest);
    }

    /// How far a number is from the highest, either way; `None` before the first.
    #[inline]
    pub(super) fn distance(&self, number: u32) -> Option<u64> {
        self.started.then(|| self.measured(number.into()).0.unsigned_abs())
    }

    /// The highest number, and when the latest came.
    pub(super) fn latest(&self) -> Option<(u64, Timestamp)> {
        self.started.then(|| (self.highest & ((1 << self.bits) - 1), self.last))
    }

    /// Numbers between the highest and one that came so much later, if it can have been reached.
    pub(super) fn skipped(&self, number: u32, elapsed: i64) -> Option<u64> {
        let by = u64::try_from(self.measured(number.into()).0).ok()?;
        (by <= reachable(elapsed)).then_some(by.saturating_sub(1))
    }

    /// Clears what the numbers skipped by a step forward left in their places.
    #[inline(never)]
    fn forget(&mut self, by: u64) {
        for back in 1..by.min(WINDOW) {
            let (word, bit) = place(self.highest.wrapping_sub(back));
            if let Some(word) = self.seen.get_mut(word) {
                *word &= !bit;
            }
        }
    }

    #[inline]
    fn mark(&mut self, number: u64) {
        let (word, bit) = place(number);
        if let Some(word) = self.seen.get_mut(word) {
            *word |= bit;
        }
    }

    #[inline(never)]
    fn jump(&mut self, by: u64, number: u64, elapsed: i64) {
        if by > reachable(elapsed) { self.restart(number) } else { self.advance(by) }
    }

    #[inline(never)]
    fn behind(&mut self, back: u64, number: u64) {
        if back > RESTART {
            return self.restart(number);
        }
        let (word, bit) = place(self.highest.wrapping_sub(back));
        match self.seen.get_mut(word).filter(|_| back < WINDOW) {
            Some(word) if *word & bit != 0 => self.duplicates += 1,
            Some(word) if self.highest.wrapping_sub(self.first) >= back => {
                *word |= bit;
                self.received += 1;
                self.reordered += 1;
            }
            // Before the first number, or too far back to know whether it was missing.
            _ => {
                self.late += 1;
                self.late_run = if self.late_run > 0 && number == self.late_next { self.late_run + 1 } else { 1 };
                self.late_next = number + 1;
                if self.late_run >= ASCENDING {
                    self.late -= u64::from(ASCENDING);
                    self.restart(number.saturating_sub(u64::from(ASCENDING - 1)));
                    (1..ASCENDING).for_each(|_| self.advance(1));
                }
            }
        }
    }

    fn restart(&mut self, number: u64) {
        self.missing_before = self.missing();
        self.restarts += 1;
        self.begin(number);
    }

    /// Whether the numbers count packets. Until enough packets came this is assumed.
    pub fn is_usable(&self) -> bool {
        self.started && (self.counts || self.arrivals < CONSTANT)
    }

    /// Numbers never seen between the first and the highest (of each numbering). Those of the last 1024 may still come.
    pub fn missing(&self) -> u64 {
        if !self.started || !self.is_usable() {
            return 0;
        }
        // The highest is kept without its wraps taken off.
        let expected = self.highest.wrapping_sub(self.first) + 1;
        self.missing_before + expected.saturating_sub(self.received)
    }

    /// Times that numbers were stepped over, late ones included.
    pub fn gaps(&self) -> u64 {
        self.gaps
    }

    /// Packets that came after a higher number: within the last 1024, and later than that.
    pub fn reordered(&self) -> u64 {
        self.reordered + self.late
    }

    /// Packets whose number had been seen before.
    pub fn duplicates(&self) -> u64 {
        if self.is_usable() { self.duplicates } else { 0 }
    }

    /// Times the numbering started anew.
    pub fn restarts(&self) -> u64 {
        self.restarts
    }

    /// Bits of the numbering: as it was made with, or 30 where 32 were expected and it was seen to wrap there.
    pub fn bits(&self) -> u32 {
        self.bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(numbers: impl IntoIterator<Item = u32>) -> Ledger {
        let mut l = Ledger::default();
        for (n, number) in numbers.into_iter().enumerate() {
            l.push(number, Timestamp(n as i64 * 1_000));
        }
        l
    }

    fn sums(l: &Ledger) -> (u64, u64, u64, u64) {
        (l.missing(), l.reordered(), l.duplicates(), l.restarts())
    }

    #[test]
    fn gaps_late_ones_and_doubles() {
        assert_eq!(sums(&ledger(0..5000)), (0, 0, 0, 0));
        assert_eq!(sums(&ledger((0..5000).filter(|n| n % 10 != 5))), (500, 0, 0, 0));
        assert_eq!(sums(&ledger([1, 2, 4, 3, 5, 9, 6, 7, 8, 10])), (0, 4, 0, 0));
        assert_eq!(sums(&ledger((0..100).flat_map(|n| [n, n]))), (0, 0, 100, 0));
        assert_eq!(sums(&ledger([10, 9, 8, 11])), (0, 2, 0, 0), "before the first number nothing was missing");
    }

    #[test]
    fn wraps() {
        let around = |start: u32| (0..4000u32).map(move |n| start.wrapping_add(n));
        let l = ledger(around(u32::MAX - 1000));
        assert_eq!((sums(&l), l.bits()), ((0, 0, 0, 0), 32));
        let l = ledger(around(u32::MAX - 1000).filter(|n| n % 7 != 3));
        assert_eq!((l.missing(), l.restarts()), ((0..4000).filter(|n| (u32::MAX - 1000).wrapping_add(*n) % 7 == 3).count() as u64, 0));
        let narrow = |n: u32| (0x3fff_ffff - 1000 + n) & 0x3fff_ffff;
        let l = ledger((0..4000).map(narrow));
        assert_eq!((sums(&l), l.bits()), ((0, 0, 0, 0), 30));
        let l = ledger((0..4000).filter(|n| !(990..1010).contains(n)).map(narrow));
        assert_eq!((sums(&l), l.bits()), ((20, 0, 0, 0), 30));
        // Late ones from before the wrap.
        let mut late: Vec<u32> = (0..4000).map(narrow).collect();
        late.swap(999, 1005);
        let l = ledger(late);
        assert_eq!((l.missing(), l.restarts()), (0, 0));
        // Thirty bits pass by unnoticed when the numbering has 32.
        let l = ledger((0..4000u32).map(|n| 0x3fff_ffff - 1000 + n));
        assert_eq!((sums(&l), l.bits()), ((0, 0, 0, 0), 32));
    }

    #[test]
    fn restarts() {
        assert_eq!(sums(&ledger((1_000_000..1_001_000).chain(0..1000))), (0, 0, 0, 1));
        // A device that restarts early: sixteen in a row tell.
        assert_eq!(sums(&ledger((0..5000).chain(0..3000))), (0, 0, 0, 1));
        // A number that cannot have been reached in the time.
        assert_eq!(sums(&ledger((0..1000).chain(2_000_000_000..2_000_001_000))), (0, 0, 0, 1));
        let l = ledger((0..1000).filter(|n| *n != 500).chain(2_000_000_000..2_000_001_000).filter(|n| *n != 2_000_000_007));
        assert_eq!(sums(&l), (2, 0, 0, 1));
        // After an outage of a second the same is a loss.
        let mut l = ledger(0..1000);
        l.push(1_000_999, Timestamp(2 * SECOND));
        assert_eq!(sums(&l), (999_999, 0, 0, 0));
    }

    #[test]
    fn a_device_that_does_not_count() {
        let l = ledger([7; 100]);
        assert!(!l.is_usable());
        assert_eq!((l.missing(), l.duplicates()), (0, 0));
        assert!(!Ledger::default().is_usable());
        assert!(ledger([7; 3]).is_usable());
    }

    #[test]
    fn reordering_within_the_window_loses_nothing() {
        let mut state = 9u64;
        let mut random = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % n
        };
        for start in [0u32, 0x3fff_f000, u32::MAX - 5_000, 123_456] {
            let mut numbers: Vec<u32> = (0..20_000u32).map(|n| start.wrapping_add(n)).collect();
            for chunk in numbers.chunks_mut(500) {
                for i in (1..chunk.len()).rev() {
                    chunk.swap(i, random(i as u64 + 1) as usize);
                }
            }
            let dropped = numbers.iter().filter(|&&n| n % 100 == 99).count() as u64;
            let l = ledger(numbers.iter().copied().filter(|n| n % 100 != 99));
            // The very first and last numbers may be the missing ones; they are not missing between others.
            assert!(l.missing().abs_diff(dropped) <= 1 + l.late, "{start}: {} {dropped} {}", l.missing(), l.late);
            assert_eq!((l.duplicates(), l.restarts()), (0, 0), "{start}");
        }
    }
}
