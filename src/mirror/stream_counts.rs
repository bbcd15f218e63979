//! Streams that are numbered, counted by what they lack.

use crate::model::evidence::StreamEvidence;
use crate::model::mix::spread;
use crate::model::sum::{Rule, sums};
use crate::model::{Address, wilson};

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
    /// Streams of a class, and their packets.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct StreamClass {
        /// Streams: directions of conversations.
        pub streams: u64,
        /// Packets that came.
        pub packets: u64,
        /// Packets that did not.
        pub missing: u64,
    }
}

sums! {
    /// Streams by the share that is missing of them.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct StreamCounts {
        /// By class.
        pub classes: [StreamClass; CLASSES],
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

/// The place of an address.
fn place(address: Address) -> u64 {
    1 << (spread(address.word()) >> 58)
}

impl StreamCounts {
    /// Counts a stream.
    pub(super) fn add(&mut self, sender: Address, packets: u64, missing: u64) {
        let all = packets.saturating_add(missing);
        if all < LEAST {
            return;
        }
        let share = missing as f64 / all as f64;
        let at = BOUNDS.iter().position(|bound| share <= *bound).unwrap_or(CLASSES - 1);
        if let Some(class) = self.classes.get_mut(at).filter(|_| share < SPARSE) {
            class.streams += 1;
            class.packets = class.packets.saturating_add(packets);
            class.missing = class.missing.saturating_add(missing);
            self.senders |= place(sender);
        }
    }

    /// The counts as evidence.
    pub fn evidence(&self) -> StreamEvidence {
        let (all, best) = (self.best(1.0), self.best(BEST));
        let sum = |class: StreamClass| class.packets.saturating_add(class.missing);
        StreamEvidence {
            streams: all.streams,
            senders: self.senders.count_ones().into(),
            packets: all.packets,
            missing: all.missing,
            by_stretch: None,
            best: (sum(best) > 0).then(|| wilson(best.missing, sum(best))),
        }
    }

    /// The streams that lack least, this share of all of them at least.
    fn best(&self, share: f64) -> StreamClass {
        let streams: u64 = self.classes.iter().map(|class| class.streams).sum();
        let wanted = (streams as f64 * share).ceil() as u64;
        let mut sum = StreamClass::default();
        for class in self.classes.iter().filter(|class| class.streams > 0) {
            if sum.streams >= wanted {
                break;
            }
            sum.streams += class.streams;
            sum.packets = sum.packets.saturating_add(class.packets);
            sum.missing = sum.missing.saturating_add(class.missing);
        }
        sum
    }
}
