//! The numbers of a session that several parts of a device put on its packets, each by a counter of its own: line cards and forwarding engines
//! do. Read as one, each change from one to another would be a gap of thousands, or a new start.

use super::ledger::Ledger;
use crate::model::Timestamp;

/// Counters that are told apart: line cards of a large chassis.
const MOST: usize = 8;
/// How far a number is from the latest one of its counter, at most: beyond that it may be another one's, or what lies between is lost.
const NEAR: u64 = 64;
/// Numbered packets after which nothing more is heard of a straggler.
const GONE: u64 = 1_000;
/// Packets of a counter before it is one, and not a straggler.
const PACKETS: u64 = 16;
/// Times that a number belongs to another counter than the one before, before they are several: a jump over what was lost and a new start are once.
const TURNS: u64 = 8;

/// One of them, as far as it is known.
#[derive(Debug, Clone)]
struct Counter {
    ledger: Ledger,
    packets: u64,
    /// Its first and last among the numbered packets of the session, and their times.
    arrivals: [u64; 2],
    times: [Timestamp; 2],
    first: u64,
}

impl Counter {
    fn begin(number: u64, arrival: u64, time: Timestamp) -> Self {
        let mut ledger = Ledger::default();
        ledger.push(number as u32, time);
        Self { ledger, packets: 1, arrivals: [arrival; 2], times: [time; 2], first: number }
    }

    fn push(&mut self, number: u32, arrival: u64, time: Timestamp) {
        self.ledger.push(number, time);
        self.packets += 1;
        (self.arrivals[1], self.times[1]) = (arrival, time);
    }
}

/// Accounts the numbers of one session, in order of arrival.
#[derive(Debug, Clone, Default)]
pub struct Counters {
    /// All numbers read as those of one counter.
    one: Ledger,
    /// The same read as those of several, from the first number that was far from the one before.
    several: Vec<Counter>,
    /// What was missing by then.
    missing_before: u64,
    arrival: u64,
    /// Of which the latest number is, and how often that changed.
    latest: usize,
    turns: u64,
}

impl Counters {
    /// Bytes of those that are told apart.
    #[cfg(test)]
    pub const BYTES: usize = MOST * size_of::<Counter>();

    /// Accounts one packet's number.
    #[inline]
    pub fn push(&mut self, number: u32, time: Timestamp) {
        self.arrival += 1;
        if self.several.is_empty() && self.one.distance(number).is_none_or(|distance| distance <= NEAR) {
            return self.one.push(number, time);
        }
        self.part(number, time);
        self.one.push(number, time);
    }

    /// Gives a number to the counter it is near to, or begins one with it.
    #[inline(never)]
    fn part(&mut self, number: u32, time: Timestamp) {
        if self.several.is_empty() {
            let Some((highest, then)) = self.one.latest() else { return };
            self.missing_before = self.one.missing();
            self.several.push(Counter { packets: self.arrival - 1, ..Counter::begin(highest, self.arrival - 1, then) });
        }
        if let Some(counter) = self.several.get_mut(self.latest).filter(|counter| counter.ledger.distance(number).is_some_and(|d| d <= 1)) {
            return counter.push(number, self.arrival, time);
        }
        let near = self.several.iter().enumerate().filter_map(|(at, counter)| Some((counter.ledger.distance(number)?, at))).min();
        let at = match near {
            Some((distance, at)) if distance <= NEAR || self.several.len() >= MOST && !self.make_room() => at,
            _ => {
                self.several.push(Counter::begin(number.into(), self.arrival, time));
                self.turns += 1;
                self.latest = self.several.len() - 1;
                return;
            }
        };
        if let Some(counter) = self.several.get_mut(at) {
            counter.push(number, self.arrival, time);
        }
        self.turns += u64::from(at != self.latest);
        self.latest = at;
    }

    /// Forgets a straggler.
    fn make_room(&mut self) -> bool {
        let straggler = self.several.iter().position(|counter| counter.packets < PACKETS && self.arrival - counter.arrivals[1] > GONE);
        let Some(at) = straggler else { return false };
        self.several.remove(at);
        self.latest = usize::MAX;
        true
    }

    /// Those that are counters, where there are several: numbers of each came between numbers of others, again and again, and as one they would
    /// have lost far more.
    fn apart(&self) -> Option<u64> {
        let counters = || self.several.iter().filter(|counter| counter.packets >= PACKETS);
        if self.turns < TURNS || counters().count() < 2 {
            return None;
        }
        let missing = counters().fold(self.missing_before, |sum, counter| {
            let skipped = self.skipped(counter);
            sum.saturating_add(counter.ledger.missing()).saturating_add(skipped)
        });
        (missing.saturating_mul(2) < self.one.missing() || self.one.restarts() > TURNS).then_some(missing)
    }

    /// Numbers that a counter skipped before its first one here: it may go on where another one ended.
    fn skipped(&self, counter: &Counter) -> u64 {
        let ended = self.several.iter().filter(|other| other.packets >= PACKETS && other.arrivals[1] < counter.arrivals[0]);
        let steps = ended.filter_map(|other| {
            let (_, time) = (other.arrivals, counter.times[0].since(other.times[1]));
            other.ledger.skipped(counter.first as u32, time)
        });
        steps.min().unwrap_or(0)
    }

    /// Whether the numbers count packets. Until enough packets came this is assumed.
    pub fn is_usable(&self) -> bool {
        self.one.is_usable()
    }

    /// Numbers never seen between the first and the highest of each numbering.
    pub fn missing(&self) -> u64 {
        self.apart().unwrap_or_else(|| self.one.missing())
    }

    /// Runs of missing numbers, at most: those that came late make one, too.
    pub fn gaps(&self) -> u64 {
        if self.apart().is_some() { self.sum(Ledger::gaps) } else { self.one.gaps() }
    }

    /// Packets that came after a higher number of the same counter.
    pub fn reordered(&self) -> u64 {
        if self.apart().is_some() { self.sum(Ledger::reordered) } else { self.one.reordered() }
    }

    /// Packets whose number had been seen before.
    pub fn duplicates(&self) -> u64 {
        if self.apart().is_some() { self.sum(Ledger::duplicates) } else { self.one.duplicates() }
    }

    /// Times the numbering started anew.
    pub fn restarts(&self) -> u64 {
        if self.apart().is_some() { self.sum(Ledger::restarts) } else { self.one.restarts() }
    }

    /// Bits of the numbering.
    pub fn bits(&self) -> u32 {
        self.one.bits()
    }

    fn sum(&self, of: fn(&Ledger) -> u64) -> u64 {
        self.several.iter().fold(0, |sum, counter| sum.saturating_add(of(&counter.ledger)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND;

    const MICROSECOND: i64 = 1_000;

    /// So many packets of counters with these first numbers; `which` chooses the counter of each, `lost` says which packets never came.
    fn counted(firsts: &[u32], packets: u64, which: impl Fn(u64) -> usize, lost: impl Fn(u64) -> bool) -> Counters {
        let (mut counters, mut next) = (Counters::default(), firsts.to_vec());
        for n in 0..packets {
            let number = &mut next[which(n) % firsts.len()];
            if !lost(n) {
                counters.push(*number, Timestamp(n as i64 * 100 * MICROSECOND));
            }
            *number = number.wrapping_add(1);
        }
        counters
    }

    fn random(n: u64) -> u64 {
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33
    }

    #[test]
    fn several_counters_lack_what_each_of_them_lacks() {
        for firsts in
            [&[5_000, 900_000][..], &[100, 3_000_000], &[5_000, 900_000, 77, 123_456], &[7, 3_000_000_000, u32::MAX - 500, 88_888]]
        {
            for which in [|n| n as usize, |n| random(n) as usize, |n| (n / 40) as usize, |n| usize::from(random(n).is_multiple_of(16))] {
                let whole = counted(firsts, 20_000, which, |_| false);
                assert_eq!((whole.missing(), whole.reordered(), whole.duplicates()), (0, 0, 0), "{firsts:?}");
                let lossy = counted(firsts, 20_000, which, |n| random(n + 7).is_multiple_of(10));
                let lost = (0..20_000).filter(|n| random(n + 7).is_multiple_of(10)).count() as u64;
                // The last packets of each are missing unseen.
                assert!(lossy.missing().abs_diff(lost) <= 12, "{firsts:?}: {} of {lost}", lossy.missing());
            }
        }
    }

    #[test]
    fn one_counter_is_read_as_before() {
        let one = |lost: fn(u64) -> bool| {
            let (counters, mut ledger) = (counted(&[1_000], 50_000, |_| 0, lost), Ledger::default());
            let numbers = (0..50_000u64).filter(|n| !lost(*n));
            numbers.for_each(|n| ledger.push(1_000 + n as u32, Timestamp(n as i64 * 100 * MICROSECOND)));
            assert_eq!(
                (counters.missing(), counters.reordered(), counters.restarts(), counters.gaps()),
                (ledger.missing(), ledger.reordered(), ledger.restarts(), ledger.gaps())
            );
            counters.missing()
        };
        assert_eq!(one(|_| false), 0);
        assert_eq!(one(|n| n % 10 == 3), 5_000);
        // Gaps that are longer than what is remembered, again and again.
        assert_eq!(one(|n| n % 5_000 < 2_000 && n > 5_000), 18_000 - 1);
        assert_eq!(one(|n| n % 5_000 >= 3_000 && n < 45_000), 18_000);
    }

    #[test]
    fn what_several_counters_lack_while_nothing_comes_is_missing() {
        let gap = |n: u64| (8_000..16_000).contains(&n);
        let counters = counted(&[5_000, 900_000], 30_000, |n| n as usize, gap);
        assert_eq!(counters.missing(), 8_000);
    }

    #[test]
    fn late_packets_and_new_starts_are_no_counters() {
        // Two ways of one counter, of which one takes longer by more than what is remembered.
        let mut numbers: Vec<(i64, u32)> = (0..20_000).map(|n| (i64::from(n) + if n % 2 == 0 { 3_000 } else { 0 }, n)).collect();
        numbers.sort_unstable();
        let (mut counters, mut one) = (Counters::default(), Ledger::default());
        for (at, number) in numbers {
            counters.push(number, Timestamp(at * 100 * MICROSECOND));
            one.push(number, Timestamp(at * 100 * MICROSECOND));
        }
        assert_eq!((counters.missing(), counters.reordered()), (one.missing(), one.reordered()));
        let mut counters = Counters::default();
        for (start, at) in [(1_000_000u32, 0), (0, 1), (2_000_000_000, 2)] {
            (0..1_000).for_each(|n| counters.push(start + n, Timestamp(at * SECOND + i64::from(n) * MICROSECOND)));
        }
        assert_eq!((counters.missing(), counters.restarts()), (0, 2));
    }
}
