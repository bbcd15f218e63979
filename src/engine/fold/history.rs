//! What a shard adds to the past: at the marks where a slot ends, what changed since the one before.

use crate::model::limits::HISTORY_INTERVALS;
use crate::model::{Address, FlowKey, TimeSpan, Timestamp, Traffic};
use crate::snapshot::history::TalkAbout;
use crate::stats::{ContextKey, Totals};

/// Where slots of the past end: with which intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryPace {
    /// With every one: a live port has one a second.
    EachInterval,
    /// With fewer and fewer, so that what a file costs does not grow with the time it spans.
    Doubling,
}

impl HistoryPace {
    /// Whether a slot ends with the interval of that number.
    pub fn ends(self, interval: u64) -> bool {
        let shift = match self {
            Self::EachInterval => 0,
            Self::Doubling => (interval / HISTORY_INTERVALS).max(1).ilog2(),
        };
        interval.wrapping_add(1) & ((1 << shift) - 1) == 0
    }
}

/// What a conversation added.
#[derive(Debug, Clone)]
pub struct TalkDelta {
    /// Who.
    pub key: FlowKey,
    /// Its first packet of all.
    pub first: Timestamp,
    /// Each direction's traffic.
    pub added: [Traffic; 2],
    /// What is known of it.
    pub about: TalkAbout,
}

/// What is not told one by one.
#[derive(Debug, Clone, Copy, Default)]
pub struct TalkRest {
    /// What they added: of conversations both ways together, of hosts what they sent and what they received.
    pub added: [Traffic; 2],
    /// How many.
    pub rows: u64,
    /// Wire bytes of the largest.
    pub largest: u64,
}

impl TalkRest {
    /// Counts one.
    pub fn count(&mut self, added: Traffic) {
        self.count_ways(added, Traffic::default());
    }

    /// Counts one by its two ways.
    pub fn count_ways(&mut self, one: Traffic, other: Traffic) {
        self.added.iter_mut().zip([one, other]).for_each(|(to, added)| to.add(added));
        self.rows = self.rows.saturating_add(1);
        self.largest = self.largest.max(one.wire_bytes.saturating_add(other.wire_bytes));
    }

    /// Takes in what was counted without telling rows apart: all of it may have been one row's.
    pub fn take_in(&mut self, beyond: &Self) {
        self.added.iter_mut().zip(beyond.added).for_each(|(to, added)| to.add(added));
        self.rows = self.rows.saturating_add(beyond.rows);
        let all = beyond.added.iter().fold(0u64, |sum, traffic| sum.saturating_add(traffic.wire_bytes));
        self.largest = self.largest.saturating_add(all);
    }
}

/// What a shard counted in a slot.
#[derive(Debug)]
pub struct HistoryBatch {
    /// The interval with which the slot ends.
    pub interval: u64,
    /// The shard.
    pub shard: u8,
    /// The time of the slot.
    pub span: TimeSpan,
    /// All packets.
    pub totals: Totals,
    /// Conversations, the largest ones.
    pub talks: Vec<TalkDelta>,
    /// Hosts of the others, the largest ones: what each sent and received.
    pub hosts: Vec<(Address, [Traffic; 2])>,
    /// The other hosts.
    pub other_hosts: TalkRest,
    /// The other conversations: of TCP, UDP and SCTP, and of other protocols.
    pub rest: [TalkRest; 2],
    /// Contexts with what was added.
    pub contexts: Vec<(ContextKey, Traffic)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_costs_grows_with_the_logarithm_of_its_intervals() {
        let ends = |pace: HistoryPace, n: u64| (0..n).filter(|&i| pace.ends(i)).count() as u64;
        assert_eq!(ends(HistoryPace::EachInterval, 100_000), 100_000);
        assert_eq!(ends(HistoryPace::Doubling, 2 * HISTORY_INTERVALS), 2 * HISTORY_INTERVALS);
        // Each doubling costs as much as the one before.
        let doublings = u64::from(((1u64 << 20) / HISTORY_INTERVALS).ilog2());
        assert_eq!(ends(HistoryPace::Doubling, 1 << 20), (1 + doublings) * HISTORY_INTERVALS);
        assert!(HistoryPace::Doubling.ends(u64::MAX) && HistoryPace::EachInterval.ends(u64::MAX));
    }
}
