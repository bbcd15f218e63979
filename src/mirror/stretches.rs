//! What numbered streams lack, by stretches of time: a mirror that loses for a while loses of all that are heard then, and those that ended before
//! do not speak for it.

use super::stream_counts::StreamCounts;
use crate::model::evidence::StreamEvidence;
use crate::model::limits::STREAM_STRETCHES;
use crate::model::sum::{Sum, sums};
use crate::model::time::SECOND;
use crate::model::{Address, Episode, Estimate, MediaNews, Timestamp, wilson};
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
    packets: u64,
    missing: u64,
}

sums! {
    /// A stretch.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    struct Stretch {
        /// The streams that were heard before it, by what they lack.
        streams: StreamCounts,
        /// Packets of all streams.
        packets: u64,
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
    fn entry(&mut self, at: i64) -> &mut Stretch {
        self.0.entry(at).or_default()
    }

    fn forget(&mut self) {
        while self.0.len() > STREAM_STRETCHES {
            self.0.pop_first();
        }
    }

    /// Takes in what became of a stream, with its open stretch.
    pub(super) fn take(&mut self, open: &mut OpenStretch, sender: Address, news: &MediaNews) {
        let at = stretch(news.last);
        if at > open.at {
            self.close(open, sender);
            self.forget();
            *open = OpenStretch { at, is_whole: open.packets > 0, packets: 0, missing: 0 };
        }
        open.packets = open.packets.saturating_add(news.received);
        open.missing = open.missing.saturating_add(news.lost);
    }

    /// Takes in the open stretch of a stream.
    pub(super) fn close(&mut self, open: &OpenStretch, sender: Address) {
        if open.packets == 0 && open.missing == 0 {
            return;
        }
        let stretch = self.entry(open.at);
        stretch.packets = stretch.packets.saturating_add(open.packets);
        if open.is_whole {
            stretch.streams.add(sender, open.packets, open.missing);
        }
    }

    /// Those of which `wanted` says that their end is of interest.
    pub(super) fn wanted(&self, wanted: impl Fn(Timestamp) -> bool) -> Self {
        let end = |at: i64| Timestamp(at.saturating_add(1).saturating_mul(STRETCH));
        Self(self.0.iter().filter(|(at, _)| wanted(end(**at))).map(|(at, counts)| (*at, *counts)).collect())
    }

    /// The share that the mirror loses, by those streams of each stretch that lack least and by all that was seen in it, and from when to when; `None`
    /// where no stretch with enough streams of several senders lacks anything. What is missing while there are fewer is not in it.
    pub fn loss(&self) -> Option<(Estimate, Episode)> {
        let (mut seen, mut sent, mut times, mut lost_before) = (0.0, [0.0; 3], None::<Episode>, false);
        for (at, stretch) in &self.0 {
            let of_it = stretch.streams.evidence();
            let are_several = of_it.streams >= StreamEvidence::SEVERAL && of_it.senders >= StreamEvidence::SENDERS;
            // Where few are left of those that lacked something it goes on.
            let lacks = of_it.best.filter(|best| (are_several || lost_before) && best.low > StreamEvidence::LOST);
            lost_before = lacks.is_some();
            let all = wilson(of_it.missing, of_it.packets.saturating_add(of_it.missing));
            let shares = lacks.map_or([0.0; 3], |best| [best.rate, best.low, best.high.max(all.high)]);
            seen += stretch.packets as f64;
            sent.iter_mut().zip(shares).for_each(|(sum, share)| *sum += stretch.packets as f64 / (1.0 - f64::min(share, MOST)));
            if lacks.is_some() {
                let [first, last] = [*at, at.saturating_add(1)].map(|at| Timestamp(at.saturating_mul(STRETCH)));
                times = Some(times.map_or(Episode { first, last }, |known| Episode { last, ..known }));
            }
        }
        let [rate, low, high] = sent.map(|sent| (1.0 - seen / f64::max(sent, 1.0)).max(0.0));
        times.map(|times| (Estimate { rate, low, high, n: seen as u64 }, times))
    }
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
                let news = MediaNews {
                    flow,
                    way,
                    source: 1,
                    payload_type: 0,
                    received: 50 - lost,
                    lost,
                    gaps: lost,
                    jitter: None,
                    over_pauses: [0; 2],
                    jitters: (0, 0),
                    clock: None,
                    spaced: [0; 2],
                    first: time,
                    last: time,
                    numbers: [0; 2],
                };
                all.take(&mut open, flow.ends(way)[0].0, &news);
            }
            let (flow, way) = FlowKey::v4(17, 10 + u32::from(sender) * 77, 2, 4_000, 5_000);
            all.close(&open, flow.ends(way)[0].0);
        }
        all
    }

    #[test]
    fn what_all_lack_for_a_while_the_mirror_loses() {
        let late = streams(8, |_, _| true, |_, second| if second < 30 { 0 } else { 45 });
        let (loss, times) = late.loss().unwrap();
        assert!((loss.rate - 0.45).abs() < 0.01 && loss.low <= 0.45 && loss.high >= 0.45, "{loss:?}");
        assert_eq!([times.first, times.last], [Timestamp(30 * SECOND), Timestamp(60 * SECOND)]);
        // Half of them ended before.
        let (loss, _) =
            streams(16, |sender, second| sender % 2 == 0 || second < 29, |_, second| if second < 30 { 0 } else { 45 }).loss().unwrap();
        assert!(loss.rate > 0.25, "{loss:?}");
    }

    #[test]
    fn what_some_lack_is_lost_on_their_own_way() {
        assert_eq!(streams(8, |_, _| true, |_, _| 0).loss(), None);
        assert_eq!(streams(8, |_, _| true, |sender, _| if sender < 4 { 20 } else { 0 }).loss(), None);
        assert_eq!(streams(4, |_, _| true, |_, _| 20).loss(), None, "few streams");
        assert!(streams(5, |_, _| true, |_, _| 20).loss().is_some());
    }
}
