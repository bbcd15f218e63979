//! Streams that are numbered, counted by what they lack.
//!
//! No more of all was lost by the mirror than of those that lack least. Those that lack least by chance lack less than their share, so that each stream is
//! chosen by what it lacks in one half of its seconds and counted by the other half (cross-fitting): what it is chosen by does not depend on what is counted.

use crate::model::estimate::score;
use crate::model::evidence::StreamEvidence;
use crate::model::mix::spread;
use crate::model::sum::{Rule, Sum as _, sums};
use crate::model::time::SECOND;
use crate::model::{Address, Estimate, Timestamp};

/// Packets of a stream, seen and missing, before its share is one.
pub(super) const LEAST: u64 = 100;

/// Upper ends of the classes of streams by the share that is missing; the first is of those that lack nothing.
const BOUNDS: [f64; CLASSES] = [0.0, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0];
const CLASSES: usize = 12;

/// What this share of the streams lacks, those that lack least, is the most that the mirror can have lost of all.
const BEST: f64 = 0.25;

/// More of it missing is no numbering.
const SPARSE: f64 = 0.999;

sums! {
    /// Packets of streams.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct StreamPackets {
        /// Packets that came.
        pub packets: u64,
        /// Packets that did not.
        pub missing: u64,
        /// Uninterrupted runs of those.
        pub gaps: u64,
    }
}

impl StreamPackets {
    fn all(&self) -> u64 {
        self.packets.saturating_add(self.missing)
    }

    fn share(&self) -> f64 {
        self.missing as f64 / self.all().max(1) as f64
    }

    /// The class of its share.
    fn class(&self) -> usize {
        let share = self.share();
        BOUNDS.iter().position(|bound| share <= *bound).unwrap_or(CLASSES - 1)
    }

    /// The share that is missing, as well as it is known where it is missing in runs (Gilbert 1960).
    fn estimate(&self) -> Option<Estimate> {
        let (all, rate) = (self.all(), self.share());
        let run = self.missing as f64 / self.gaps.max(1) as f64;
        let effect = (2.0 * run.max(1.0) * (1.0 - rate) - 1.0).max(1.0);
        let (low, high) = score(rate, all as f64 / effect);
        (all > 0).then_some(Estimate { rate, low, high, n: all })
    }
}

/// What came of a stream, and what did not, in its even seconds and in its odd ones.
pub(super) type Halves = [StreamPackets; 2];

/// The half that a time is in.
pub(super) fn half(time: Timestamp) -> usize {
    time.0.div_euclid(SECOND).rem_euclid(2) as usize
}

sums! {
    /// Streams, or halves of them, of a class, and their packets.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct StreamClass {
        /// How many.
        pub streams: u64,
        /// Their packets.
        pub of: StreamPackets,
    }
}

impl StreamClass {
    fn add(&mut self, of: &StreamPackets) {
        self.merge(&StreamClass { streams: 1, of: *of });
    }
}

sums! {
    /// Streams by the share that is missing of them.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct StreamCounts {
        /// By the class of all of it.
        pub classes: [StreamClass; CLASSES],
        /// Even halves, and odd ones, each by the class of the other.
        pub halves: [[StreamClass; CLASSES]; 2] => Halved,
        /// Which of 64 places their senders' addresses fall into.
        pub senders: u64 => Places,
    }
}

/// Places that are taken in any part.
#[derive(Debug)]
pub struct Places;

impl Rule<u64> for Places {
    fn merge(sum: &mut u64, other: &u64) {
        *sum |= other;
    }

    fn since(now: &u64, _: &u64) -> u64 {
        *now
    }
}

/// Classes of either half.
#[derive(Debug)]
pub struct Halved;

impl Rule<[[StreamClass; CLASSES]; 2]> for Halved {
    fn merge(sum: &mut [[StreamClass; CLASSES]; 2], other: &[[StreamClass; CLASSES]; 2]) {
        sum.iter_mut().zip(other).for_each(|(sum, other)| sum.merge(other));
    }

    fn since(now: &[[StreamClass; CLASSES]; 2], earlier: &[[StreamClass; CLASSES]; 2]) -> [[StreamClass; CLASSES]; 2] {
        [now[0].since(&earlier[0]), now[1].since(&earlier[1])]
    }
}

/// The place of an address.
fn place(address: Address) -> u64 {
    1 << (spread(address.word()) >> 58)
}

impl StreamCounts {
    /// Counts a stream.
    pub(super) fn add(&mut self, sender: Address, halves: &Halves) {
        let [mut all, odd] = *halves;
        all.merge(&odd);
        if all.all() < LEAST || all.share() >= SPARSE {
            return;
        }
        self.senders |= place(sender);
        let [even, odd] = halves;
        for (classes, (of, by)) in self.halves.iter_mut().zip([(even, odd), (odd, even)]) {
            // Of what was heard in one half alone nothing else tells.
            let by = if by.all() == 0 { &all } else { by };
            classes.iter_mut().skip(by.class()).take(1).for_each(|class| class.add(of));
        }
        self.classes.iter_mut().skip(all.class()).take(1).for_each(|class| class.add(&all));
    }

    /// The counts as evidence.
    pub fn evidence(&self) -> StreamEvidence {
        let all = best(&self.classes, 1.0);
        StreamEvidence {
            streams: all.streams,
            senders: self.senders.count_ones().into(),
            packets: all.of.packets,
            missing: all.of.missing,
            by_stretch: None,
            best: self.least(),
        }
    }

    /// What those lack that lack least. It surely is missing of all only where it is of those as well that were chosen by all they lack.
    fn least(&self) -> Option<Estimate> {
        let own = best(&self.classes, BEST).of.estimate()?;
        let [mut chosen, odd] = self.halves.each_ref().map(|classes| best(classes, BEST).of);
        chosen.merge(&odd);
        let chosen = chosen.estimate()?;
        Some(match own.low > StreamEvidence::LOST {
            true => chosen,
            false => Estimate { high: chosen.high.max(own.high), ..own },
        })
    }
}

/// Those that lack least, this share of all of them at least.
fn best(classes: &[StreamClass; CLASSES], share: f64) -> StreamClass {
    let streams: u64 = classes.iter().map(|class| class.streams).sum();
    let wanted = (streams as f64 * share).ceil() as u64;
    let mut sum = StreamClass::default();
    for class in classes.iter().filter(|class| class.streams > 0) {
        if sum.streams >= wanted {
            break;
        }
        sum.merge(class);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many streams of 800 packets each, of which each half lacks what is said.
    fn counted(streams: u32, lacks: impl Fn(u32, usize) -> u64) -> StreamEvidence {
        let mut counts = StreamCounts::default();
        for stream in 0..streams {
            let half = |at: usize| {
                let missing = lacks(stream, at);
                StreamPackets { packets: 400 - missing, missing, gaps: missing }
            };
            counts.add(Address::V4((0x0a00_0001 + 77 * stream).into()), &[half(0), half(1)]);
        }
        counts.evidence()
    }

    /// A number below 16 that looks like chance (the finaliser of SplitMix64).
    fn chance(stream: u32, half: usize) -> u64 {
        let mixed = (u64::from(stream) * 2 + half as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb) >> 60
    }

    #[test]
    fn who_lacks_least_by_chance_does_not_speak_for_all() {
        // 0 to 15 of 400: 1.9 % in the mean, of the quarter that lacks least by all of it much less.
        let told = counted(40, chance);
        let (truth, best) = (told.missing as f64 / 32_000.0, told.best.unwrap());
        assert!(best.low <= truth && truth <= best.high && best.high - best.low < 0.01, "{truth}: {best:?}");
    }

    #[test]
    fn who_lacks_nothing_acquits_the_mirror() {
        let best = |lacks: fn(u32, usize) -> u64| counted(40, lacks).best.unwrap();
        assert_eq!(best(|_, _| 0).rate, 0.0);
        assert!(best(|_, _| 0).high < 0.001);
        // Half of them lose on their own way, and now and then nothing.
        let own = best(|stream, half| if stream % 2 == 0 { 0 } else { chance(stream, half) / 5 });
        assert_eq!((own.rate, own.low), (0.0, 0.0), "{own:?}");
        let more = best(|stream, _| if stream % 4 == 0 { 4 } else { 40 });
        assert!((more.rate - 0.01).abs() < 1e-9, "what all lack is lost of all: {more:?}");
    }

    #[test]
    fn a_hole_in_one_half_counts_once() {
        let told = counted(40, |_, half| if half == 0 { 40 } else { 0 }).best.unwrap();
        assert!((told.rate - 0.05).abs() < 1e-9, "{told:?}");
    }

    #[test]
    fn what_is_missing_in_runs_is_known_less_well() {
        let of = |gaps| StreamPackets { packets: 9_000, missing: 1_000, gaps }.estimate().unwrap();
        assert!(of(50).high - of(50).low > 4.0 * (of(1_000).high - of(1_000).low), "{:?} {:?}", of(50), of(1_000));
        assert_eq!(StreamPackets::default().estimate(), None);
    }
}
