//! What is usual of a service: medians of what its past bins held.

use super::counts::{Latencies, ServiceCounts};
use super::{BIN, REMEMBERED};
use crate::model::Arrange as _;
use crate::model::Timestamp;
use crate::model::evidence::{Trouble, UnusualSince};

/// Medians of bins kept, and needed.
const KEPT: usize = 30;
const LEAST: usize = 10;

/// Medians that tell something already where they are of so many durations or answers together: what they say is not yet sure.
const YOUNG: usize = 3;
const YOUNG_OF: u64 = 50;

/// Durations or answers of a bin whose median or share counts.
const OF: u64 = 5;

/// A million: shares are kept as parts of it.
const WHOLE: f64 = 1e6;

/// Of bins beyond the usual, how many may come to one that is as usual without an end to them: of four.
const SELDOM: usize = 4;

/// Bins that held far more than usual, of which few only were as usual between them.
#[derive(Debug, Clone, Default)]
struct Beyond {
    /// The latest of them, oldest first.
    values: Vec<u32>,
    /// Durations or answers that these are of.
    of: u64,
    /// The number of the first bin, and how many followed it that were.
    first: i64,
    count: usize,
    /// How many were as usual since.
    usual: usize,
}

impl Beyond {
    fn note(&mut self, (value, of): (u32, u64), bin: i64) {
        if self.values.is_empty() {
            *self = Self { first: bin, ..Self::default() };
        } else if self.values.len() >= KEPT {
            self.values.remove(0);
        }
        self.values.push(value);
        self.of = self.of.saturating_add(of);
        self.count += 1;
    }

    /// A bin was as usual.
    fn passed(&mut self) {
        self.usual += 1;
        if self.usual * SELDOM > self.count {
            *self = Self::default();
        }
    }

    /// Whether they have lasted, and agree with each other: what nine of ten do not exceed is no more than twice what nine of ten reach, and `slack`.
    fn is_level(&self, bin: i64, slack: u32) -> bool {
        let mut sorted = self.values.clone();
        sorted.arrange();
        let at = |part: usize| sorted.get(sorted.len() * part / 10).copied().unwrap_or(0);
        let has_lasted = bin.saturating_sub(self.first) >= REMEMBERED && sorted.len() >= LEAST;
        has_lasted && at(9) <= at(1).saturating_mul(2).saturating_add(slack)
    }
}

/// The median of what past bins held. A bin that held far more than usual is not taken in, so that trouble does not become what is usual; what
/// has stayed at another level for as long as is remembered is the new one.
#[derive(Debug, Clone, Default)]
struct Usual {
    /// Of bins, oldest first.
    values: Vec<u32>,
    /// Durations or answers that they are of.
    of: u64,
    /// Their median, once there are enough.
    median: Option<u32>,
    beyond: Beyond,
}

impl Usual {
    /// Bytes at most, without its own.
    #[cfg(test)]
    const BYTES: usize = 2 * KEPT * size_of::<u32>();

    /// Takes in the value of a bin of that number, which is that of so many things, unless it is more than twice the usual and `slack`.
    fn note(&mut self, (value, of): (u32, u64), slack: u32, bin: i64) {
        if self.median.is_some_and(|usual| value > usual.saturating_mul(2).saturating_add(slack)) {
            self.beyond.note((value, of), bin);
            if self.beyond.is_level(bin, slack) {
                let Beyond { values, of, .. } = std::mem::take(&mut self.beyond);
                (self.values, self.of) = (values, of);
                self.judge();
            }
            return;
        }
        self.beyond.passed();
        if self.values.len() >= KEPT {
            self.values.remove(0);
        }
        self.values.push(value);
        self.of = self.of.saturating_add(of);
        self.judge();
    }

    fn judge(&mut self) {
        if self.values.len() >= LEAST || self.values.len() >= YOUNG && self.of >= YOUNG_OF {
            let mut sorted = self.values.clone();
            sorted.arrange();
            self.median = sorted.get(sorted.len() / 2).copied();
        }
    }

    /// Since when it is beyond the usual.
    fn changed(&self) -> Option<Timestamp> {
        (!self.beyond.values.is_empty()).then(|| Timestamp(self.beyond.first.saturating_mul(BIN)))
    }

    /// Whether little is known so far.
    fn is_young(&self) -> bool {
        self.values.len() < LEAST
    }

    /// As a part of a million: seconds of microseconds, a share.
    fn get(&self) -> Option<f64> {
        self.median.map(|median| f64::from(median) / WHOLE)
    }
}

/// What the connections of past bins needed each, by their means: ways differ where packets of one connection go together and those of
/// another elsewhere.
#[derive(Debug, Clone, Default)]
struct UsualWays {
    /// Microseconds, oldest first.
    means: Vec<u32>,
}

impl UsualWays {
    /// Means kept, and needed.
    const KEPT: usize = 40;
    const LEAST: usize = 5;

    /// Bytes at most, without its own.
    #[cfg(test)]
    const BYTES: usize = Self::KEPT * size_of::<u32>();

    fn note(&mut self, mean: u32) {
        if self.means.len() >= Self::KEPT {
            self.means.remove(0);
        }
        self.means.push(mean);
    }

    /// What nine of ten do not exceed, seconds.
    fn most(&self) -> Option<f64> {
        let mut sorted = self.means.clone();
        sorted.arrange();
        let most = sorted.get(sorted.len().saturating_sub(1) * 9 / 10)?;
        (sorted.len() >= Self::LEAST).then(|| f64::from(*most) / WHOLE)
    }
}

/// What is usual of a service: nothing of most of those that a short capture shows, or a scan.
#[derive(Debug, Clone, Default)]
pub struct UsualService(Option<Box<Usuals>>);

#[derive(Debug, Clone, Default)]
struct Usuals {
    /// Round trips by side, microseconds.
    trips: [Usual; 2],
    ways: [UsualWays; 2],
    /// Response times, microseconds.
    response: Usual,
    /// Answers that there is no such name, and requests that are refused, parts of a million.
    missing: Usual,
    rejected: Usual,
}

impl UsualService {
    /// Bytes at most, without its own.
    #[cfg(test)]
    pub const BYTES: usize = size_of::<Usuals>() + 5 * Usual::BYTES + 2 * UsualWays::BYTES;

    /// Takes in a bin that is over, of that number.
    pub fn note(&mut self, bin: &ServiceCounts, number: i64) {
        let micros = |of: &Latencies| {
            let times = Latencies::quantiles(std::iter::once(of))?;
            (of.count() >= OF).then_some(((times.p50 * WHOLE) as u32, of.count()))
        };
        for side in 0..2 {
            let Some(trips) = bin.trips(side) else { continue };
            let known = self.0.get_or_insert_default();
            let (Some(usual), Some(ways)) = (known.trips.get_mut(side), known.ways.get_mut(side)) else { continue };
            if let Some(median) = micros(&trips.times) {
                usual.note(median, 0, number);
            }
            // While the way is longer than usual none of its connections tells what is.
            if usual.changed().is_none() {
                trips.means().for_each(|mean| ways.note(mean));
            }
        }
        if let Some(median) = micros(&bin.latencies) {
            self.0.get_or_insert_default().response.note(median, 0, number);
        }
        let answered = bin.answered();
        if answered >= OF {
            let part = |trouble| ((bin.troubled(trouble) as f64 / answered as f64 * WHOLE) as u32, answered);
            let known = self.0.get_or_insert_default();
            // A twentieth more is no other kind of day.
            known.missing.note(part(Trouble::NoSuchName), WHOLE as u32 / 20, number);
            known.rejected.note(part(Trouble::Rejected), WHOLE as u32 / 20, number);
        }
    }

    /// The round trip on a side, seconds; `None` while too little is known.
    pub fn trip(&self, side: usize) -> Option<f64> {
        self.0.as_ref()?.trips.get(side).and_then(Usual::get)
    }

    /// What nine of ten connections need at most on a side, seconds; `None` while too little is known.
    pub fn way(&self, side: usize) -> Option<f64> {
        self.0.as_ref()?.ways.get(side).and_then(UsualWays::most)
    }

    /// Since when what is beyond the usual is so.
    pub fn unusual_since(&self) -> UnusualSince {
        self.0.as_ref().map_or_else(UnusualSince::default, |known| UnusualSince {
            trips: known.trips.each_ref().map(Usual::changed),
            response: known.response.changed(),
            missing: known.missing.changed(),
            rejected: known.rejected.changed(),
        })
    }

    /// Whether what is known of the round trip on a side is not yet sure.
    pub fn is_young(&self, side: usize) -> bool {
        self.0.as_ref().and_then(|known| known.trips.get(side)).is_none_or(Usual::is_young)
    }

    /// The response time, seconds, likewise.
    pub fn response(&self) -> Option<f64> {
        self.0.as_ref()?.response.get()
    }

    /// The share of answers that there is no such name, likewise.
    pub fn missing(&self) -> Option<f64> {
        self.0.as_ref()?.missing.get()
    }

    /// The share of requests that are refused, likewise.
    pub fn rejected(&self) -> Option<f64> {
        self.0.as_ref()?.rejected.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes in values of bins that follow each other, from the one of that number on.
    fn note(usual: &mut Usual, from: i64, values: impl IntoIterator<Item = u32>) {
        values.into_iter().zip(from..).for_each(|(value, bin)| usual.note((value, 5), 0, bin));
    }

    #[test]
    fn trouble_does_not_become_what_is_usual() {
        let mut usual = Usual::default();
        note(&mut usual, 0, [10; 9]);
        assert_eq!(usual.median, None, "too little is known");
        note(&mut usual, 9, [12]);
        assert_eq!((usual.median, usual.is_young()), (Some(10), false));
        note(&mut usual, 10, [21; REMEMBERED as usize]);
        assert_eq!((usual.median, usual.changed()), (Some(10), Some(Timestamp(10 * BIN))));
        note(&mut usual, 70, [10]);
        assert_eq!((usual.median, usual.changed()), (Some(10), Some(Timestamp(10 * BIN))), "one bin does not end it");
        note(&mut usual, 71, [10; 15]);
        assert_eq!((usual.median, usual.changed()), (Some(10), None), "some do");
        note(&mut usual, 86, [20; 100]);
        assert_eq!((usual.median, usual.values.len()), (Some(20), KEPT), "what grows slowly is followed");
    }

    #[test]
    fn another_level_that_lasts_becomes_what_is_usual() {
        let level = |values: &dyn Fn(i64) -> u32, bins: i64| {
            let mut usual = Usual::default();
            note(&mut usual, 0, [10; 10]);
            note(&mut usual, 10, (0..bins).map(values));
            usual.median
        };
        assert_eq!((level(&|_| 60, REMEMBERED), level(&|_| 60, REMEMBERED + 1)), (Some(10), Some(60)));
        assert_eq!(level(&|bin| if bin % 5 == 4 { 9 } else { 60 }, REMEMBERED + 1), Some(60), "few bins are as before");
        assert_eq!(level(&|bin| if bin % 3 == 2 { 9 } else { 60 }, REMEMBERED + 1), Some(9), "it comes and goes");
        assert_eq!(level(&|bin| if bin % 2 == 0 { 60 } else { 200 }, 2 * REMEMBERED), Some(10), "no level");
        assert_eq!(level(&|bin| 30 << (bin / 6), REMEMBERED + 1), Some(10), "it still grows");
    }

    #[test]
    fn connections_may_have_ways_of_their_own() {
        let ways = |means: &[u32]| {
            let mut ways = UsualWays::default();
            means.iter().for_each(|mean| ways.note(*mean));
            ways.most()
        };
        assert_eq!((ways(&[4_000; 4]), ways(&[4_000; 5])), (None, Some(0.004)), "too few tell nothing");
        let mixed: Vec<u32> = (0..40).map(|n| [4_000, 9_000, 14_000, 22_000, 45_000][n % 5]).collect();
        assert_eq!(ways(&mixed), Some(0.045), "a fifth of them is long");
        let one: Vec<u32> = (0..40).map(|n| if n == 7 { 900_000 } else { 4_000 }).collect();
        assert_eq!(ways(&one), Some(0.004), "one tells nothing");
    }

    #[test]
    fn much_tells_something_early() {
        let mut usual = Usual::default();
        (0..2).for_each(|bin| usual.note((10, 100), 0, bin));
        assert_eq!(usual.median, None, "two bins may both be out of the ordinary");
        usual.note((10, 5), 0, 2);
        assert_eq!((usual.median, usual.is_young()), (Some(10), true));
    }

    #[test]
    fn a_share_may_grow_from_nothing() {
        let mut usual = Usual::default();
        (0..10).for_each(|bin| usual.note((0, 5), 50_000, bin));
        (10..40).for_each(|bin| usual.note((40_000, 5), 50_000, bin));
        assert_eq!(usual.get(), Some(0.04));
    }
}
