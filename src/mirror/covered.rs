//! The times that packets are stamped with, however these follow one another: a clock that is set back, or one wrong stamp, leaves a time without
//! packets that no packet came before and behind of.

use super::pause::Pause;
use crate::model::evidence::PAUSE;
use crate::model::limits::COVERED;
use crate::model::{Episode, Timestamp};

/// Stretches of time with packets, none of which lies nearer to another than [`PAUSE`]; where there is no room for more, the nearest are one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Covered {
    stretches: Vec<Episode>,
    /// The one that grew last.
    last: usize,
}

impl Covered {
    /// Takes in a packet's time.
    pub fn add(&mut self, time: Timestamp) {
        let is_near = |known: &Episode| time >= known.first.plus(-PAUSE) && time <= known.last.plus(PAUSE);
        let at =
            Some(self.last).filter(|at| self.stretches.get(*at).is_some_and(is_near)).or_else(|| self.stretches.iter().position(is_near));
        let Some(known) = at.and_then(|at| self.stretches.get_mut(at)) else {
            self.begin(time);
            return;
        };
        let has_grown = time < known.first || time > known.last;
        (known.first, known.last) = (known.first.min(time), known.last.max(time));
        self.last = at.unwrap_or(0);
        if has_grown {
            self.join(PAUSE);
        }
    }

    fn begin(&mut self, time: Timestamp) {
        if self.stretches.len() >= COVERED {
            let nearest = self.holes().map(|hole| hole.length()).min().unwrap_or(0);
            self.join(nearest);
        }
        self.last = self.stretches.partition_point(|known| known.first < time);
        self.stretches.insert(self.last, Episode::at(time));
    }

    /// Makes one of neighbours that are no further apart than that.
    fn join(&mut self, apart: i64) {
        let is_apart = |pair: &[Episode]| matches!(pair, [a, b] if b.first.since(a.last) > apart);
        if self.stretches.windows(2).all(is_apart) {
            return;
        }
        self.stretches.dedup_by(|next, known| {
            let are_one = next.first.since(known.last) <= apart;
            if are_one {
                known.last = known.last.max(next.last);
            }
            are_one
        });
        self.last = 0;
    }

    /// The times between them, oldest first.
    pub fn holes(&self) -> impl Iterator<Item = Pause> + '_ {
        let between = self.stretches.iter().zip(self.stretches.iter().skip(1));
        between.map(|(before, after)| Pause { from: before.last, to: after.first, others: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND;
    use proptest::prelude::*;

    fn holes(times: impl IntoIterator<Item = i64>) -> Vec<(i64, i64)> {
        let mut all = Covered::default();
        times.into_iter().for_each(|second| all.add(Timestamp(second * SECOND)));
        all.holes().map(|hole| (hole.from.0 / SECOND, hole.to.0 / SECOND)).collect()
    }

    #[test]
    fn a_clock_that_is_set_leaves_one_hole() {
        assert_eq!(holes((3_600..3_605).chain(0..60)), [(59, 3_600)], "back by an hour");
        assert_eq!(holes((0..60).chain(3_600..3_605)), [(59, 3_600)], "forward");
        assert_eq!(holes((0..60).chain([1_000_000]).chain(60..90)), [(89, 1_000_000)], "one wrong stamp");
        assert_eq!(holes((100..160).chain([0]).chain(160..170)), [(0, 100)]);
        assert_eq!(holes((100..160).chain(130..190)), [], "what overlaps has none");
        assert_eq!((holes([0, 10]), holes([0, 11])), (vec![], vec![(0, 11)]));
        assert_eq!(holes([0, 18, 9]), [], "one between joins both");
    }

    #[test]
    fn the_ends_of_time_and_many_holes_do_no_harm() {
        let mut all = Covered::default();
        [i64::MIN, i64::MAX, 0, i64::MIN, i64::MAX].into_iter().for_each(|time| all.add(Timestamp(time)));
        assert_eq!(all.holes().count(), 2);
        let many = holes((0..1_000).map(|n| n * 20 + if n >= 500 { 1_000 } else { 0 }));
        assert!(many.len() < COVERED && many.contains(&(9_980, 11_000)), "the longest stays: {many:?}");
    }

    proptest! {
        /// In whatever order they come.
        #[test]
        fn order_does_not_matter(mut times in prop::collection::vec(0i64..1_000, 1..40)) {
            let told = holes(times.iter().copied());
            times.sort_unstable();
            let truth: Vec<_> = times.windows(2).filter(|pair| pair[1] - pair[0] > 10).map(|pair| (pair[0], pair[1])).collect();
            prop_assert_eq!(told, truth);
        }
    }
}
