//! What numbered streams lack, by stretches of time: a mirror that loses for a while loses of all that are heard then, and those that ended before
//! do not speak for it.

use super::numbered::StreamCounts;
use crate::model::evidence::StreamEvidence;
use crate::model::limits::STREAM_STRETCHES;
use crate::model::sum::Sum;
use crate::model::time::SECOND;
use crate::model::{Address, Episode, Estimate, MediaNews, Timestamp};
use std::collections::BTreeMap;

/// Length of a stretch.
const STRETCH: i64 = 10 * SECOND;

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

/// Streams by what they lack in each stretch: of those that were heard before and after it. The newest stretches are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stretches(BTreeMap<i64, StreamCounts>);

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
    fn entry(&mut self, at: i64) -> &mut StreamCounts {
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
            if open.is_whole {
                self.entry(open.at).add(sender, open.packets, open.missing);
                self.forget();
            }
            *open = OpenStretch { at, is_whole: open.packets > 0, packets: 0, missing: 0 };
        }
        open.packets = open.packets.saturating_add(news.received);
        open.missing = open.missing.saturating_add(news.lost);
    }

    /// Those of which `wanted` says that their end is of interest.
    pub(super) fn wanted(&self, wanted: impl Fn(Timestamp) -> bool) -> Self {
        let end = |at: i64| Timestamp(at.saturating_add(1).saturating_mul(STRETCH));
        Self(self.0.iter().filter(|(at, _)| wanted(end(**at))).map(|(at, counts)| (*at, *counts)).collect())
    }

    /// The share that the mirror loses, by those streams of each stretch that lack least, and from when to when; `None` where no stretch with enough
    /// streams of several senders lacks anything. What is missing while there are fewer is not in it.
    pub fn loss(&self) -> Option<(Estimate, Episode)> {
        let (mut all, mut lost, mut times) = (0.0, [0.0; 3], None::<Episode>);
        for (at, counts) in &self.0 {
            let seen = counts.evidence();
            let of_it = seen.packets.saturating_add(seen.missing) as f64;
            let are_several = seen.streams >= StreamEvidence::SEVERAL && seen.senders >= StreamEvidence::SENDERS;
            let Some(best) = seen.best else { continue };
            if !are_several && best.low > StreamEvidence::LOST {
                continue;
            }
            all += of_it;
            lost.iter_mut().zip([best.rate, best.low, best.high]).for_each(|(sum, share)| *sum += share * of_it);
            if best.low > StreamEvidence::LOST {
                let [first, last] = [*at, at.saturating_add(1)].map(|at| Timestamp(at.saturating_mul(STRETCH)));
                times = Some(times.map_or(Episode { first, last }, |known| Episode { last, ..known }));
            }
        }
        let [rate, low, high] = lost.map(|sum| sum / f64::max(all, 1.0));
        times.map(|times| (Estimate { rate, low, high, n: all as u64 }, times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Direction, FlowKey};

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
                    spaced: [0; 2],
                    first: time,
                    last: time,
                    numbers: [0; 2],
                };
                all.take(&mut open, flow.ends(Direction::AToB)[0].0, &news);
            }
        }
        all
    }

    #[test]
    fn what_all_lack_for_a_while_the_mirror_loses() {
        let late = streams(8, |_, _| true, |_, second| if second < 30 { 0 } else { 45 });
        let (loss, times) = late.loss().unwrap();
        // The first stretch and the last are not whole: 10 to 30 s and 30 to 50 s.
        assert!((loss.rate - 0.45).abs() < 0.01 && loss.low <= 0.45 && loss.high >= 0.45, "{loss:?}");
        assert_eq!([times.first, times.last], [Timestamp(30 * SECOND), Timestamp(50 * SECOND)]);
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
