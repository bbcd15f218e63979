//! What this host hears of a live port: when nothing waits any more, and when it dropped packets itself. That nothing was read then is no silence of
//! the mirror.

use crate::capture::{Source, SourceLosses};
use crate::model::limits::DEAF_TIMES;
use crate::model::time::MILLISECOND;
use crate::model::{Episode, Timestamp};
use std::collections::VecDeque;

/// Counters of lost packets are looked at so far apart.
const EVERY: i64 = 500 * MILLISECOND;

/// When this host heard what arrived, by its own clock.
#[derive(Debug, Default)]
pub struct Hearing {
    /// Packets lost by then.
    lost: u64,
    /// The newest two looks at the counters, the older one first.
    looks: Option<[Timestamp; 2]>,
    /// Times in which packets were lost, apart from each other, the latest last.
    deaf: VecDeque<Episode>,
    /// When nothing waited to be read.
    emptied: Option<Timestamp>,
}

impl Hearing {
    /// Looks at the counters of a live port, where it is time to. Who was not let run for a while looks before it says anything of that while.
    pub fn look(&mut self, source: &mut dyn Source, now: Timestamp) {
        if self.is_due(now) {
            self.count(source, now);
        }
    }

    /// Looks at the counters of any source.
    pub fn count(&mut self, source: &mut dyn Source, now: Timestamp) -> SourceLosses {
        let lost = source.losses();
        if source.is_live() {
            self.note(now, lost.interface.saturating_add(lost.kernel));
        }
        lost
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.looks.is_none_or(|[_, latest]| now.since(latest).abs() >= EVERY)
    }

    /// By now so many packets were lost in this host. They arrived since the look before the newest one: counters may be handed on late.
    fn note(&mut self, now: Timestamp, lost: u64) {
        let [since, latest] = self.looks.unwrap_or([now; 2]);
        if lost > self.lost {
            let fresh = Episode { first: since.min(now), last: now };
            match self.deaf.back_mut().filter(|known| fresh.first <= known.last) {
                Some(known) => *known = known.joined(fresh),
                None => self.deaf.push_back(fresh),
            }
            if self.deaf.len() > DEAF_TIMES {
                self.deaf.pop_front();
            }
        }
        (self.lost, self.looks) = (lost, Some([latest, now]));
    }

    /// Nothing waits to be read.
    pub fn empty(&mut self, now: Timestamp) {
        self.emptied = Some(now);
    }

    /// The times in which packets were lost, in order.
    pub fn deaf(&self) -> Vec<Episode> {
        self.deaf.iter().copied().collect()
    }

    /// For how many seconds nothing arrived, as far as this host heard it, since the newest packet that was read: what waits has arrived, and so has what
    /// was lost.
    pub fn silence(&self, newest: Timestamp) -> f64 {
        let arrived = self.deaf.back().map_or(newest, |deaf| deaf.last.max(newest));
        self.emptied.map_or(0.0, |emptied| emptied.seconds_since(arrived).max(0.0))
    }

    /// Forgets what was lost, but not that it was counted.
    pub fn forget(&mut self) {
        self.deaf.clear();
    }

    /// The clock was set back by so many nanoseconds.
    pub fn step_back(&mut self, by: i64) {
        let earlier = |time: Timestamp| time.plus(by.saturating_neg());
        self.deaf.iter_mut().for_each(|time| *time = Episode { first: earlier(time.first), last: earlier(time.last) });
        self.looks = self.looks.map(|looks| looks.map(earlier));
        self.emptied = self.emptied.map(earlier);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(tenths: i64) -> Timestamp {
        Timestamp(tenths * 100 * MILLISECOND)
    }

    /// Looks each half second up to that tenth, after which that many packets are lost.
    fn heard(hearing: &mut Hearing, from: i64, to: i64, lost: u64) {
        (from..=to).step_by(5).filter(|tenths| hearing.is_due(at(*tenths))).collect::<Vec<_>>().into_iter().for_each(|tenths| {
            hearing.note(at(tenths), lost);
            hearing.empty(at(tenths));
        });
    }

    fn deaf(hearing: &Hearing) -> Vec<(i64, i64)> {
        hearing.deaf().iter().map(|time| (time.first.0 / (100 * MILLISECOND), time.last.0 / (100 * MILLISECOND))).collect()
    }

    #[test]
    fn a_reader_that_was_stopped_heard_no_silence() {
        let mut hearing = Hearing::default();
        heard(&mut hearing, 0, 100, 0);
        assert_eq!((deaf(&hearing).len(), hearing.silence(at(98))), (0, 0.2));
        // For 14 s it is not let run; then what waits is read, and nothing waits any more before another packet comes.
        assert!(hearing.is_due(at(240)) && !hearing.is_due(at(104)));
        assert_eq!(hearing.silence(at(103)), 0.0, "what waits is not read yet");
        hearing.note(at(240), 16_165);
        hearing.empty(at(241));
        assert_eq!(deaf(&hearing), [(95, 240)]);
        assert!(hearing.silence(at(103)) < 0.11);
    }

    #[test]
    fn a_silence_is_heard_where_nothing_is_lost() {
        let mut hearing = Hearing::default();
        heard(&mut hearing, 0, 250, 0);
        assert_eq!(hearing.silence(at(110)), 14.0, "while it runs");
        let mut stopped = Hearing::default();
        heard(&mut stopped, 0, 100, 0);
        stopped.note(at(250), 0);
        stopped.empty(at(250));
        assert_eq!((stopped.silence(at(110)), stopped.deaf()), (14.0, vec![]), "and while it does not, where room was left");
        let mut before = Hearing::default();
        heard(&mut before, 0, 100, 0);
        heard(&mut before, 105, 300, 7);
        assert_eq!((deaf(&before), before.silence(at(103))), (vec![(95, 105)], 19.5), "what was lost before it is no part of it");
    }

    #[test]
    fn losses_that_go_on_are_one_time() {
        let mut hearing = Hearing::default();
        for (tenths, lost) in [(0, 3), (5, 3), (10, 4), (15, 5), (20, 5), (25, 5), (30, 6)] {
            hearing.note(at(tenths), lost);
        }
        assert_eq!(deaf(&hearing), [(0, 15), (20, 30)]);
        hearing.step_back(10 * 100 * MILLISECOND);
        assert_eq!(deaf(&hearing), [(-10, 5), (10, 20)]);
        (0..9_000).for_each(|n| hearing.note(at(100 + 20 * n), 10 + n as u64 * (n as u64 % 4)));
        assert!(hearing.deaf().len() <= DEAF_TIMES);
    }
}
