//! Loss that is not even: of what is lost most is lost of some seconds, or of some hosts.
//!
//! Of conversations that lose nearly everything hardly any acknowledgement is seen, so that in a sum of acknowledged bytes they weigh next to nothing.
//! Where the share differs between seconds, or between the hosts that open conversations, each of these strata is taken by itself: what was seen of
//! it is what its loss left over, so that as much was sent as that says (Horvitz and Thompson 1952).

use super::Acked;
use super::windows::{WINDOW, Windows, window};
use crate::model::limits::ACKED_SECONDS;
use crate::model::sum::{Sum, sums};
use crate::model::time::SECOND;
use crate::model::{Address, Estimate, Timestamp, Traffic, wilson};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Segments of a stratum at least.
const LEAST: u64 = 30;

/// How many times as much as by chance two stretches differ that are told apart, and how often they are divided.
const DIVIDES: f64 = 30.0;
const DEEP: usize = 4;

/// How many times as much as by chance the shares of strata differ, before loss is uneven: runs of loss make it a few times.
const UNEVEN: f64 = 8.0;

/// Segments lost one after the other count as one of so many.
const RUN: u64 = 2;

/// Part of what was acknowledged in a second that is much of it.
const LACKS: u32 = 20;

/// No more is taken to be missing of a stratum: beyond, one segment that was seen would stand for a hundred.
const MOST: f64 = 0.98;

/// The share from which on it is a direction that is missing of a stratum, and no part of both.
const ONE_WAY: f64 = 0.96;

/// Places for hosts.
pub const HOSTS: usize = 64;

sums! {
    /// A part of the traffic.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct Stratum {
        /// Bytes acknowledged, and of them never seen.
        pub acked: Acked,
        /// Bytes that were seen.
        pub seen: u64,
    }
}

/// Strata by the host that opens conversations, in 64 places by its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByHost(pub [Stratum; HOSTS]);

impl Default for ByHost {
    fn default() -> Self {
        Self([Stratum::default(); HOSTS])
    }
}

impl ByHost {
    /// Adds what was seen of a conversation.
    pub fn add(&mut self, client: Address, (bytes, missing): (u64, u64), seen: u64) {
        let mut hash = DefaultHasher::new();
        client.hash(&mut hash);
        if let Some(stratum) = self.0.get_mut((hash.finish() % HOSTS as u64) as usize) {
            stratum.merge(&Stratum { acked: Acked { bytes, missing }, seen });
        }
    }
}

impl Sum for ByHost {
    fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(sum, more)| sum.merge(more));
    }

    fn since(&self, _: &Self) -> Self {
        *self
    }
}

/// Bytes acknowledged and missing by second; older seconds are forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AckedBySecond {
    seconds: Windows<[u32; 2], ACKED_SECONDS>,
    /// The second that is counted, its end and what was acknowledged in it so far.
    open: i64,
    ends: Timestamp,
    bytes: u32,
}

impl AckedBySecond {
    /// Counts what a segment acknowledges.
    #[inline]
    pub fn acked(&mut self, time: Timestamp, bytes: u32) {
        if time >= self.ends || time.since(self.ends) < -SECOND {
            self.turn(time);
        }
        self.bytes = self.bytes.saturating_add(bytes);
    }

    #[inline(never)]
    fn turn(&mut self, time: Timestamp) {
        self.close();
        self.open = time.0.div_euclid(SECOND);
        self.ends = Timestamp(self.open.saturating_add(1).saturating_mul(SECOND));
    }

    fn close(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        self.add(self.open, [bytes, 0]);
    }

    /// Counts what was acknowledged then and is missing.
    pub fn missing(&mut self, time: Timestamp, bytes: u32) {
        self.add(time.0.div_euclid(SECOND), [0, bytes]);
    }

    /// It came after all.
    pub fn found(&mut self, acknowledged: Timestamp, bytes: u32) {
        if let Some([_, missing]) = self.seconds.entry(acknowledged.0.div_euclid(SECOND)) {
            *missing = missing.saturating_sub(bytes);
        }
    }

    fn add(&mut self, second: i64, counts: [u32; 2]) {
        if counts != [0; 2]
            && let Some(sum) = self.seconds.entry(second)
        {
            sum.iter_mut().zip(counts).for_each(|(sum, n)| *sum = sum.saturating_add(n));
        }
    }

    /// Whether data is missing from a second: from one part in twenty of what was acknowledged on.
    pub fn lacks(&self, second: i64) -> bool {
        self.seconds.get(second).is_some_and(|[acked, missing]| missing > 0 && missing.saturating_mul(LACKS) >= acked)
    }

    /// What was counted up to now.
    pub fn counted(&self) -> Self {
        let mut all = self.clone();
        all.close();
        all
    }

    /// Strata of seconds since `from`, with what arrived in them: stretches between which loss differs by more than chance makes it.
    pub fn strata(&self, arrived: &Windows<Traffic>, from: Option<Timestamp>, segment: u64) -> Vec<Stratum> {
        let begin = from.map_or(i64::MIN, |from| from.0.div_euclid(SECOND));
        let of = |(second, [acked, missing]): (i64, [u32; 2])| {
            let first = window(Timestamp(second.saturating_mul(SECOND)));
            let windows = (first..first.saturating_add(SECOND / WINDOW)).filter_map(|window| arrived.get(window));
            let seen = windows.fold(0u64, |sum, traffic| sum.saturating_add(traffic.wire_bytes));
            Stratum { acked: Acked { bytes: acked.into(), missing: missing.into() }, seen }
        };
        let seconds: Vec<Stratum> = self.seconds.iter().filter(|(second, _)| *second >= begin).map(of).collect();
        let mut all = Vec::new();
        divide(&seconds, segment.max(1), DEEP, &mut all);
        all
    }
}

/// The sum of strata.
fn sum_of(strata: &[Stratum]) -> Stratum {
    strata.iter().fold(Stratum::default(), |mut sum, stratum| {
        sum.merge(stratum);
        sum
    })
}

/// By how much the shares of two strata differ, as a multiple of the variance that chance makes.
fn differ(a: &Acked, b: &Acked, unit: u64) -> f64 {
    let [of_a, of_b] = [a, b].map(|part| (part.bytes / unit) as f64);
    let [share_a, share_b] = [a, b].map(|part| part.missing as f64 / part.bytes.max(1) as f64);
    let share = (a.missing + b.missing) as f64 / (a.bytes + b.bytes).max(1) as f64;
    let chance = share * (1.0 - share) * (1.0 / of_a + 1.0 / of_b);
    if of_a.min(of_b) < LEAST as f64 || chance <= 0.0 { 0.0 } else { (share_a - share_b).powi(2) / chance }
}

/// Divides seconds where their shares differ most, and the parts again.
fn divide(seconds: &[Stratum], unit: u64, deep: usize, out: &mut Vec<Stratum>) {
    let all = sum_of(seconds);
    let (mut before, mut best) = (Stratum::default(), (0.0, 0));
    for (at, second) in seconds.iter().enumerate() {
        let after = all.since(&before);
        let apart = differ(&before.acked, &after.acked, unit);
        if apart > best.0 {
            best = (apart, at);
        }
        before.merge(second);
    }
    let (apart, at) = best;
    match seconds.split_at_checked(at) {
        Some((left, right)) if deep > 0 && apart > DIVIDES => {
            divide(left, unit, deep - 1, out);
            divide(right, unit, deep - 1, out);
        }
        _ => out.push(all),
    }
}

impl Sum for AckedBySecond {
    fn merge(&mut self, other: &Self) {
        other.seconds.iter().for_each(|(second, counts)| self.add(second, counts));
    }

    fn since(&self, _: &Self) -> Self {
        self.clone()
    }
}

/// The share that is missing of all strata together, where it differs between them by more than chance makes it; `segment` is the mean length of a
/// segment.
pub fn uneven(strata: &[Stratum], segment: u64) -> Option<Estimate> {
    let unit = segment.max(1);
    let all = strata.iter().fold(Acked::default(), |mut sum, stratum| {
        sum.merge(&stratum.acked);
        sum
    });
    let rate = all.missing as f64 / all.bytes.max(1) as f64;
    let told: Vec<Told> = strata.iter().filter(|s| s.acked.bytes >= LEAST * unit).map(|s| Told::of(s, unit)).collect();
    if told.len() < 2 || rate <= 0.0 || rate >= 1.0 {
        return None;
    }
    let chance = rate * (1.0 - rate);
    let scatter: f64 =
        told.iter().map(|Told { share, .. }| (share.n.saturating_mul(RUN)) as f64 * (share.rate - rate).powi(2) / chance).sum();
    if scatter < UNEVEN * told.len() as f64 {
        return None;
    }
    let seen: f64 = told.iter().map(|part| part.seen).sum();
    let sent = |share: f64| 1.0 / (1.0 - share.min(MOST));
    let even: f64 = told.iter().map(|part| part.seen * sent(part.share.rate)).sum();
    let likely: f64 = told.iter().map(Told::sent).sum();
    let off = |end: fn(&Estimate) -> f64| {
        told.iter().map(|part| (part.seen * (sent(end(&part.share)) - sent(part.share.rate))).powi(2)).sum::<f64>().sqrt()
    };
    let share = |sent: f64| (1.0 - seen / sent.max(seen).max(1.0)).clamp(0.0, 1.0);
    let [low, high] = [share(likely - off(|share| share.low).min(likely - seen)), share(even + off(|share| share.high))];
    Some(Estimate { rate: share(likely), low, high, n: all.bytes / unit })
}

/// A stratum with what its acknowledgements say.
struct Told {
    seen: f64,
    missing: f64,
    share: Estimate,
}

impl Told {
    fn of(stratum: &Stratum, unit: u64) -> Self {
        Self { seen: stratum.seen as f64, missing: stratum.acked.missing as f64, share: of(stratum, unit) }
    }

    /// What was sent. Where hardly anything of what is acknowledged was seen, and what was seen is much beside that, it is the other direction, whose
    /// acknowledgements tell of all of it.
    fn sent(&self) -> f64 {
        match self.share.rate >= ONE_WAY {
            true => self.seen + self.missing,
            false => self.seen / (1.0 - self.share.rate.min(MOST)),
        }
    }
}

/// The share that is missing of a stratum.
fn of(stratum: &Stratum, unit: u64) -> Estimate {
    let (all, missing) = (stratum.acked.bytes / unit / RUN, stratum.acked.missing / unit / RUN);
    let rate = stratum.acked.missing as f64 / (stratum.acked.bytes + unit) as f64;
    let interval = wilson(missing.min(all), all);
    Estimate { rate, low: interval.low.min(rate), high: interval.high.max(rate), n: all }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEGMENT: u64 = 1_000;

    fn stratum(sent: u64, lost: f64) -> Stratum {
        // What nearly vanishes hardly acknowledges anything.
        let acked = (sent as f64 * (1.0 - lost).max(0.05)) as u64;
        Stratum { acked: Acked { bytes: acked, missing: (acked as f64 * lost) as u64 }, seen: (sent as f64 * (1.0 - lost)) as u64 }
    }

    fn strata(lost: impl Fn(u64) -> f64) -> Option<Estimate> {
        uneven(&(0..60).map(|n| stratum(1_000_000, lost(n))).collect::<Vec<_>>(), SEGMENT)
    }

    #[test]
    fn what_is_lost_of_some_seconds_weighs_as_much_as_was_sent_in_them() {
        for (lossy, lost) in [(10, 0.9), (30, 0.9), (30, 0.5), (5, 0.8)] {
            let told = strata(|n| if n < lossy { lost } else { 0.0 }).unwrap();
            let truth = lossy as f64 / 60.0 * lost;
            assert!((told.rate - truth).abs() < 0.03 && told.low <= truth && truth <= told.high, "{lossy} {lost}: {told:?}");
        }
    }

    #[test]
    fn a_direction_that_is_missing_for_a_while_lacks_what_was_acknowledged() {
        // Data of 1,000,000 bytes a second one way and a tenth of that the other; for 15 s of 60 the first is not mirrored.
        let second = |n: u64| match n {
            20..35 => Stratum { acked: Acked { bytes: 1_100_000, missing: 1_080_000 }, seen: 100_000 },
            _ => Stratum { acked: Acked { bytes: 1_100_000, missing: 0 }, seen: 1_100_000 },
        };
        let told = uneven(&(0..60).map(second).collect::<Vec<_>>(), SEGMENT).unwrap();
        let truth = 15.0 / 66.0;
        assert!((told.rate - truth).abs() < 0.02 && told.low <= truth && truth <= told.high, "{told:?}");
    }

    #[test]
    fn even_loss_is_left_to_others() {
        for lost in [0.0, 0.01, 0.3, 0.667, 0.9] {
            assert_eq!(strata(|_| lost), None, "{lost}");
            assert_eq!(strata(|n| (lost + if n % 2 == 0 { 0.004 } else { -0.004 }).max(0.0)), None, "{lost}");
        }
        assert_eq!(uneven(&[], SEGMENT), None);
    }

    #[test]
    fn seconds_are_strata_with_what_arrived_in_them() {
        let (mut acked, mut arrived) = (AckedBySecond::default(), Windows::<Traffic>::default());
        for second in 0..4i64 {
            for part in 0..10i64 {
                let time = Timestamp(second * SECOND + part * WINDOW);
                acked.acked(time, 10_000);
                if let Some(traffic) = arrived.entry(window(time)) {
                    traffic.wire_bytes += 7_000;
                }
            }
        }
        acked.missing(Timestamp(2 * SECOND + 5), 40_000);
        let strata = acked.counted().strata(&arrived, None, SEGMENT);
        let told: Vec<_> = strata.iter().map(|s| (s.acked.bytes, s.acked.missing, s.seen)).collect();
        assert_eq!(told, [(200_000, 0, 140_000), (100_000, 40_000, 70_000), (100_000, 0, 70_000)]);
        assert_eq!(acked.counted().strata(&arrived, Some(Timestamp(2 * SECOND)), SEGMENT).len(), 2);
        assert_eq!(acked.counted().strata(&arrived, None, 10 * SEGMENT).len(), 1, "in segments of 10,000 bytes a second has ten");
    }
}
