//! Pauses in which nothing arrived at all, beside traffic that knows none: the only sign of an outage where no sender is regular as a clock.
//!
//! A network that is idle now and then has pauses of every length; one that is never idle for a second, and then for half a minute, was not
//! mirrored meanwhile. A pause longer than all the traffic beside it may as well be the gap between two captures in one file, or a clock that was
//! set forward: that is told apart from the others. Whoever writes the tape tells of pauses; packets cost nothing.

use crate::model::evidence::{Outage, PAUSE, PAUSE_BESIDES, PAUSE_MISSED, PAUSE_STEADY};
use crate::model::limits::OUTAGES;
use crate::model::time::SECOND;
use crate::model::{Episode, Timestamp};

/// Pauses of that length at most: more are how this traffic is.
const MOST: usize = 3;

/// Time and packets beside a pause before there is a mean of them.
const PAUSE_LEAST: i64 = SECOND;
const PAUSE_PACKETS: u64 = 100;

/// The pauses of a capture so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pauses {
    /// The first packet.
    first: Option<Timestamp>,
    packets: u64,
    /// The longest ones, of at least [`PAUSE`]: from, to.
    long: [(Timestamp, Timestamp); OUTAGES],
    /// The longest of all others, in nanoseconds.
    short: i64,
}

fn length((from, to): (Timestamp, Timestamp)) -> i64 {
    to.since(from)
}

impl Pauses {
    /// Tells of packets that came, the first at `time`.
    pub fn count(&mut self, time: Timestamp, packets: u64) {
        self.first.get_or_insert(time);
        self.packets = self.packets.saturating_add(packets);
    }

    /// Tells that nothing arrived from `from` to `to`. Those shorter than a tenth of [`PAUSE`] need not be told.
    pub fn note(&mut self, from: Timestamp, to: Timestamp) {
        let mut pause = (from, to);
        if length(pause) >= PAUSE
            && let Some(shortest) = self.long.iter_mut().min_by_key(|known| length(**known))
            && length(*shortest) < length(pause)
        {
            std::mem::swap(&mut pause, shortest);
        }
        self.short = self.short.max(length(pause));
    }

    /// The pauses that are each longer than all the time besides them, of which nobody knows whether anything was captured in them, in the order of
    /// time. None where there is too little besides to have a mean. Several that are alike are how this traffic is.
    pub fn gaps(&self, now: Timestamp) -> Vec<Episode> {
        let mut long: Vec<_> = self.long.iter().copied().filter(|pause| length(*pause) >= PAUSE).collect();
        long.sort_unstable_by_key(|pause| std::cmp::Reverse(length(*pause)));
        let like = |pair: &[(Timestamp, Timestamp)]| pair.first().zip(pair.last()).is_some_and(|(a, b)| length(*a) / 2 <= length(*b));
        long.truncate(long.windows(MOST + 1).position(like).unwrap_or(long.len()));
        let mut besides = self.first.map_or(0, |first| now.since(first));
        let mut left_out = (0, besides);
        for (at, pause) in long.iter().enumerate() {
            besides = besides.saturating_sub(length(*pause));
            if length(*pause) > besides {
                left_out = (at + 1, besides);
            }
        }
        let (count, besides) = left_out;
        let has_mean = besides >= PAUSE_LEAST && self.packets >= PAUSE_PACKETS;
        long.truncate(if has_mean { count } else { 0 });
        long.sort_unstable();
        long.into_iter().map(|(first, last)| Episode { first, last }).collect()
    }

    /// The pauses that are no part of the traffic up to `now`, in the order of time.
    pub fn outages(&self, now: Timestamp) -> Vec<Outage> {
        let Some(first) = self.first else { return Vec::new() };
        let paused = self.long.iter().fold(0i64, |sum, pause| sum.saturating_add(length(*pause)));
        let besides = now.since(first).saturating_sub(paused);
        if besides < PAUSE {
            return Vec::new();
        }
        let rate = self.packets as f64 / besides as f64;
        // What is longer than all the traffic besides stands out where that has hardly a pause, and would in ten seconds lack enough packets.
        let is_dense = self.short.saturating_mul(PAUSE_STEADY) <= PAUSE && rate * PAUSE as f64 >= PAUSE_MISSED as f64;
        let long = || self.long.iter().filter(|pause| length(**pause) >= PAUSE);
        if long().count() > MOST {
            return Vec::new();
        }
        let outage = |&(from, to): &(Timestamp, Timestamp)| {
            let missed = (rate * length((from, to)) as f64) as u64;
            let outlasts = to.since(from) > besides;
            Outage { from, seconds: to.seconds_since(from), missed, outlasts, ..Outage::default() }
        };
        let steady = |pause: (Timestamp, Timestamp)| match length(pause) > besides {
            true => is_dense,
            false => besides >= PAUSE_BESIDES && length(pause) / PAUSE_STEADY >= self.short,
        };
        let standing_out = long().filter(|pause| steady(**pause));
        let mut found: Vec<Outage> = standing_out.map(outage).filter(|o| o.missed >= PAUSE_MISSED).collect();
        found.sort_unstable_by_key(|outage| outage.from);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(n: i64) -> Timestamp {
        Timestamp(n * SECOND)
    }

    /// Of traffic from second 0 to 100 with these pauses: where outages begin.
    fn found(pauses: &[(i64, i64)], packets: u64) -> Vec<i64> {
        let mut all = Pauses::default();
        all.count(seconds(0), packets);
        pauses.iter().for_each(|&(from, to)| all.note(seconds(from), seconds(to)));
        all.outages(seconds(100)).iter().map(|o| o.from.0 / SECOND).collect()
    }

    #[test]
    fn a_pause_of_steady_traffic_is_an_outage() {
        assert_eq!(found(&[(20, 50)], 4_200), [20]);
        assert_eq!(found(&[(5, 6), (60, 75), (20, 50)], 4_200), [20, 60]);
        assert_eq!(found(&[(5, 7), (60, 75), (20, 50)], 4_200), [20], "15 s are not eight times 2 s");
        assert_eq!(found(&[(20, 29)], 9_000), [0i64; 0], "short");
        assert_eq!(found(&[(20, 30)], 9_000), [20]);
    }

    #[test]
    fn what_is_longer_than_all_traffic_besides_is_told_apart() {
        let mut all = Pauses::default();
        all.count(seconds(0), 4_200);
        all.note(seconds(10), seconds(60));
        let outlasts = |all: &Pauses, end| all.outages(seconds(end)).iter().map(|o| o.outlasts).collect::<Vec<_>>();
        assert_eq!((outlasts(&all, 100), outlasts(&all, 99)), (vec![false], vec![true]));
        // A clock that was set forward by a year.
        let mut all = Pauses::default();
        all.count(seconds(0), 600);
        all.note(seconds(10), seconds(365 * 86_400));
        assert_eq!(outlasts(&all, 365 * 86_400 + 10), [true]);
    }

    /// However thin the traffic is: a mean over years says nothing of it.
    #[test]
    fn a_mean_leaves_out_what_is_longer_than_all_besides() {
        let gaps = |pauses: &[(i64, i64)], packets, end| {
            let mut all = Pauses::default();
            all.count(seconds(0), packets);
            pauses.iter().for_each(|&(from, to)| all.note(seconds(from), seconds(to)));
            all.gaps(seconds(end)).iter().map(|gap| (gap.first.0 / SECOND, gap.last.0 / SECOND)).collect::<Vec<_>>()
        };
        assert_eq!(gaps(&[(20, 259_200)], 400, 259_220), [(20, 259_200)]);
        assert_eq!(gaps(&[(20, 259_200)], 99, 259_220), [], "too few for a mean");
        assert_eq!(gaps(&[(0, 3_600)], 4_000, 3_600), [], "nothing besides");
        // 60 s of traffic with pauses of an hour and of a day: both are longer than all besides them.
        let (hour, day) = ((20, 3_620), (3_640, 90_040));
        assert_eq!(gaps(&[day, hour], 400, 90_060), [hour, day]);
        assert_eq!(gaps(&[(20, 81), (101, 90_000)], 400, 90_020), [(20, 81), (101, 90_000)], "61 s beside 60");
        assert_eq!(gaps(&[(20, 79), (99, 90_000)], 400, 90_020), [(99, 90_000)], "59 s beside 60");
        // Two of which neither is longer than the other and all the rest are so together.
        assert_eq!(gaps(&[(10, 1_010), (1_020, 2_019)], 400, 2_030), [(10, 1_010), (1_020, 2_019)]);
        let alike = |count: i64| (0..count).map(|n| (n * 600 + 1, n * 600 + 600)).collect::<Vec<_>>();
        assert_eq!(gaps(&alike(6), 400, 3_600), [], "that is how this traffic is");
        assert_eq!(gaps(&alike(3), 400, 1_800), alike(3));
        assert_eq!(gaps(&[alike(6), vec![(3_600, 90_000)]].concat(), 400, 90_010), [(3_600, 90_000)]);
    }

    #[test]
    fn traffic_that_pauses_by_itself_is_left_alone() {
        assert_eq!(found(&[(20, 50), (60, 64)], 4_200), [0i64; 0]);
        assert_eq!(found(&[(0, 10), (20, 30), (40, 50), (60, 70)], 4_200), [0i64; 0], "again and again");
        assert_eq!(found(&[(20, 50)], 400), [0i64; 0], "six packets a second are few");
        assert_eq!(found(&[(4, 95)], 4_200), [0i64; 0], "hardly anything besides");
        assert_eq!(found(&[(10, 85), (90, 93)], 4_200), [0i64; 0], "and that has pauses");
        assert_eq!(found(&[(10, 85)], 400), [0i64; 0], "or few packets");
        let many: Vec<(i64, i64)> = (0..40).map(|n| (n * 100, n * 100 + 20)).collect();
        assert_eq!(found(&many, 1_000_000), [0i64; 0]);
        assert_eq!(Pauses::default().outages(seconds(9)).len(), 0);
    }
}
