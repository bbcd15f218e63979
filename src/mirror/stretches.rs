//! What numbered streams lack, by stretches of time: a mirror that loses for a while loses of all that are heard then, and those that ended before
//! do not speak for it.

use super::stream_counts::{Halves, StreamCounts, StreamPackets, half};
use super::windows::{WINDOW, Windows, window};
use crate::model::evidence::StreamEvidence;
use crate::model::limits::STREAM_STRETCHES;
use crate::model::sum::{Sum, sums};
use crate::model::time::SECOND;
use crate::model::{Address, Episode, Estimate, Timestamp, Traffic};
use std::collections::BTreeMap;

/// Length of a stretch.
const STRETCH: i64 = 10 * SECOND;

/// No more is taken to be missing of a stretch.
const MOST: f64 = 0.99;

fn stretch(time: Timestamp) -> i64 {
    time.0.div_euclid(STRETCH)
}

/// What came of one stream in the stretch that is open, and what did not.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OpenStretch {
    at: i64,
    /// The stream was heard before it.
    is_whole: bool,
    halves: Halves,
}

sums! {
    /// A stretch.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    struct Stretch {
        /// The streams that were heard before it, by what they lack.
        whole: StreamCounts,
        /// All streams.
        streams: StreamCounts,
        /// Packets of all streams.
        packets: u64,
    }
}

impl Stretch {
    /// The streams that tell of it, with whether they are several of several senders: those that were heard before, for where much is missing only
    /// some that begin are known; where these are few, all.
    fn told(&self) -> (StreamEvidence, bool) {
        let are_several = |of: &StreamEvidence| of.streams >= StreamEvidence::SEVERAL && of.senders >= StreamEvidence::SENDERS;
        let [whole, all] = [self.whole, self.streams].map(|streams| streams.evidence());
        let told = if are_several(&whole) || !are_several(&all) { whole } else { all };
        (told, are_several(&told))
    }

    /// What arrived in it, of everything; where that is forgotten, of streams.
    fn arrived(&self, at: i64, arrived: &Windows<Traffic>) -> f64 {
        let first = window(Timestamp(at.saturating_mul(STRETCH)));
        let windows = (first..first.saturating_add(STRETCH / WINDOW)).filter_map(|window| arrived.get(window));
        windows.fold(0u64, |sum, traffic| sum.saturating_add(traffic.packets)).max(self.packets) as f64
    }
}

/// What streams lack in each stretch. The newest are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stretches(BTreeMap<i64, Stretch>);

impl Sum for Stretches {
    fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(at, counts)| self.entry(*at).merge(counts));
        self.forget();
    }

    fn since(&self, _: &Self) -> Self {
        self.clone()
    }
}

impl Stretches {
    /// Nanoseconds of a stretch.
    pub const LENGTH: i64 = STRETCH;

    fn entry(&mut self, at: i64) -> &mut Stretch {
        self.0.entry(at).or_default()
    }

    fn forget(&mut self) {
        while self.0.len() > STREAM_STRETCHES {
            self.0.pop_first();
        }
    }

    /// Takes in what became of a stream up to a time, with its open stretch.
    pub(super) fn take(&mut self, open: &mut OpenStretch, sender: Address, time: Timestamp, news: &StreamPackets) {
        let at = stretch(time);
        if at > open.at {
            self.close(open, sender);
            self.forget();
            let is_whole = open.halves.iter().any(|half| half.packets > 0);
            *open = OpenStretch { at, is_whole, halves: Halves::default() };
        }
        open.halves.iter_mut().skip(half(time)).take(1).for_each(|half| half.merge(news));
    }

    /// Takes in the open stretch of a stream.
    pub(super) fn close(&mut self, open: &OpenStretch, sender: Address) {
        if open.halves == Halves::default() {
            return;
        }
        let stretch = self.entry(open.at);
        stretch.packets = open.halves.iter().fold(stretch.packets, |sum, half| sum.saturating_add(half.packets));
        stretch.streams.add(sender, &open.halves);
        if open.is_whole {
            stretch.whole.add(sender, &open.halves);
        }
    }

    /// Those of which `wanted` says that their end is of interest.
    pub fn wanted(&self, wanted: impl Fn(Timestamp) -> bool) -> Self {
        let end = |at: i64| Timestamp(at.saturating_add(1).saturating_mul(STRETCH));
        Self(self.0.iter().filter(|(at, _)| wanted(end(**at))).map(|(at, counts)| (*at, *counts)).collect())
    }

    /// The share that the mirror loses, by those streams of each stretch that lack least and by all that `arrived` in it, and from when to when;
    /// `None` where no stretch with enough streams of several senders lacks anything. A stretch with fewer tells nothing.
    pub fn loss(&self, arrived: &Windows<Traffic>) -> Option<(Estimate, Episode)> {
        let mut told: Vec<(f64, Estimate)> = Vec::new();
        let (mut n, mut times, mut lost_before) = (0u64, None::<Episode>, false);
        for (at, stretch) in &self.0 {
            let (of_it, are_several) = stretch.told();
            // Where few are left of those that lacked something it goes on.
            let Some(best) = of_it.best.filter(|_| are_several || lost_before) else { continue };
            lost_before = best.low > StreamEvidence::LOST;
            n = n.saturating_add(stretch.packets);
            told.push((stretch.arrived(*at, arrived), best));
            if lost_before {
                let [first, last] = [*at, at.saturating_add(1)].map(|at| Timestamp(at.saturating_mul(STRETCH)));
                times = Some(times.map_or(Episode { first, last }, |known| Episode { last, ..known }));
            }
        }
        times.map(|times| (Estimate { n, ..together(&told) }, times))
    }
}

/// What is missing of all together, by what arrived of each part and what is missing of it.
fn together(parts: &[(f64, Estimate)]) -> Estimate {
    let sent = |arrived: f64, missing: f64| arrived / (1.0 - missing.min(MOST));
    let seen: f64 = parts.iter().map(|(arrived, _)| arrived).sum();
    let likely: f64 = parts.iter().map(|(arrived, of)| sent(*arrived, of.rate)).sum();
    // What is known of one part is independent of what is of another.
    let off = |end: fn(&Estimate) -> f64| {
        parts.iter().map(|(arrived, of)| (sent(*arrived, end(of)) - sent(*arrived, of.rate)).powi(2)).sum::<f64>().sqrt()
    };
    let share = |sent: f64| (1.0 - seen / sent.max(seen).max(1.0)).max(0.0);
    let [low, high] = [share(likely - off(|of| of.low)), share(likely + off(|of| of.high))];
    Estimate { rate: share(likely), low, high, n: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FlowKey;

    /// Streams of so many senders over a minute, told of every second, that lack what they are said to lack of 50 packets.
    fn streams(senders: u8, alive: impl Fn(u8, i64) -> bool, lacks: impl Fn(u8, i64) -> u64) -> Stretches {
        let mut all = Stretches::default();
        for sender in 0..senders {
            let mut open = OpenStretch::default();
            for second in (0..60).filter(|second| alive(sender, *second)) {
                let lost = lacks(sender, second);
                let time = Timestamp(second * SECOND + SECOND / 2);
                let (flow, way) = FlowKey::v4(17, 10 + u32::from(sender) * 77, 2, 4_000, 5_000);
                let news = StreamPackets { packets: 50 - lost, missing: lost, gaps: lost };
                all.take(&mut open, flow.ends(way)[0].0, time, &news);
            }
            let (flow, way) = FlowKey::v4(17, 10 + u32::from(sender) * 77, 2, 4_000, 5_000);
            all.close(&open, flow.ends(way)[0].0);
        }
        all
    }

    #[test]
    fn what_all_lack_for_a_while_the_mirror_loses() {
        let late = streams(8, |_, _| true, |_, second| if second < 30 { 0 } else { 45 });
        let (loss, times) = late.loss(&Windows::default()).unwrap();
        assert!((loss.rate - 0.45).abs() < 0.01 && loss.low <= 0.45 && loss.high >= 0.45, "{loss:?}");
        assert_eq!([times.first, times.last], [Timestamp(30 * SECOND), Timestamp(60 * SECOND)]);
        // Half of them ended before.
        let (loss, _) = streams(16, |sender, second| sender % 2 == 0 || second < 29, |_, second| if second < 30 { 0 } else { 45 })
            .loss(&Windows::default())
            .unwrap();
        assert!(loss.rate > 0.25, "{loss:?}");
    }

    #[test]
    fn what_some_lack_is_lost_on_their_own_way() {
        assert_eq!(streams(8, |_, _| true, |_, _| 0).loss(&Windows::default()), None);
        assert_eq!(streams(8, |_, _| true, |sender, _| if sender < 4 { 20 } else { 0 }).loss(&Windows::default()), None);
        assert_eq!(streams(4, |_, _| true, |_, _| 20).loss(&Windows::default()), None, "few streams");
        assert!(streams(5, |_, _| true, |_, _| 20).loss(&Windows::default()).is_some());
    }
}
