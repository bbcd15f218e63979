//! A history that keeps the last day at full resolution and older times coarser.

use crate::model::limits::{COARSE_SAMPLES, FINE_SAMPLES};
use std::collections::BTreeMap;

/// What a [`Series`] needs to know of its samples.
pub trait Mergeable: Copy {
    /// Start in nanoseconds since 1970.
    fn start(&self) -> i64;
    /// Absorbs another sample: of the same time, or of a time near it.
    fn absorb(&mut self, other: &Self);
    /// The same, later by so many nanoseconds.
    fn shift(&mut self, nanos: i64);
}

/// Samples by their start, in whatever order they come: the latest [`FINE_SAMPLES`] as they are, before them [`COARSE_SAMPLES`] merged to
/// one a minute. What is kept does not depend on the order in which they came.
#[derive(Debug, Clone)]
pub struct Series<S> {
    coarse: BTreeMap<i64, S>,
    fine: BTreeMap<i64, S>,
    fine_limit: usize,
    minute: i64,
    /// The latest start that is no longer kept at full resolution.
    merged: Option<i64>,
    /// The latest minute that is no longer kept.
    dropped: Option<i64>,
}

impl<S: Mergeable> Series<S> {
    /// An empty series; `interval` is the samples' own length in nanoseconds (a merged sample covers 60 of them).
    pub fn new(interval: i64) -> Self {
        Self::with_limit(interval, FINE_SAMPLES)
    }

    fn with_limit(interval: i64, fine_limit: usize) -> Self {
        let minute = interval.saturating_mul(60).max(1);
        Self { coarse: BTreeMap::new(), fine: BTreeMap::new(), fine_limit, minute, merged: None, dropped: None }
    }

    /// Adds a sample: a new one, or more of one that is there. Returns what its interval holds now, where that is still told apart.
    pub fn add(&mut self, sample: S) -> Option<S> {
        let start = sample.start();
        if self.merged.is_some_and(|merged| start <= merged) {
            self.add_coarse(sample);
            return None;
        }
        let kept = self.fine.entry(start).and_modify(|kept| kept.absorb(&sample)).or_insert(sample);
        let now = *kept;
        while self.fine.len() > self.fine_limit
            && let Some((start, oldest)) = self.fine.pop_first()
        {
            self.merged = Some(start);
            self.add_coarse(oldest);
        }
        Some(now)
    }

    fn add_coarse(&mut self, sample: S) {
        let minute = sample.start().div_euclid(self.minute);
        if self.dropped.is_some_and(|dropped| minute <= dropped) {
            return;
        }
        self.coarse.entry(minute).and_modify(|kept| kept.absorb(&sample)).or_insert(sample);
        while self.coarse.len() > COARSE_SAMPLES
            && let Some((minute, _)) = self.coarse.pop_first()
        {
            self.dropped = Some(minute);
        }
    }

    /// The clock was set back: everything so far becomes `nanos` older (later, where negative).
    pub fn shift(&mut self, nanos: i64) {
        let by = nanos.saturating_neg();
        let all: Vec<S> = self.coarse.values().chain(self.fine.values()).copied().collect();
        *self = Self::with_limit(self.minute / 60, self.fine_limit);
        for mut sample in all {
            sample.shift(by);
            self.add(sample);
        }
    }

    /// The last `most` samples, oldest first.
    pub fn last(&self, most: usize) -> Vec<S> {
        let all = self.coarse.len() + self.fine.len();
        self.coarse.values().chain(self.fine.values()).skip(all.saturating_sub(most)).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone, Copy, PartialEq)]
    struct S(i64, u64);
    impl Mergeable for S {
        fn start(&self) -> i64 {
            self.0
        }
        fn absorb(&mut self, other: &Self) {
            self.0 = self.0.min(other.0);
            self.1 += other.1;
        }
        fn shift(&mut self, nanos: i64) {
            self.0 += nanos;
        }
    }

    #[test]
    fn old_samples_merge_and_sums_stay() {
        let mut s = Series::with_limit(1, 100);
        for t in 0..1000 {
            s.add(S(t, 1));
        }
        let all = s.last(usize::MAX);
        assert_eq!(all.iter().map(|s| s.1).sum::<u64>(), 1000);
        assert_eq!(all.len(), 100 + 15);
        assert_eq!(all[0], S(0, 60));
        assert_eq!(s.last(3), [S(997, 1), S(998, 1), S(999, 1)]);
        assert_eq!(s.add(S(998, 4)), Some(S(998, 5)), "late, and where it belongs");
        assert_eq!(s.add(S(3, 4)), None);
        assert_eq!(s.last(usize::MAX)[0], S(0, 64));
        s.shift(500);
        assert_eq!(s.last(1), [S(499, 1)]);
        assert_eq!(s.last(usize::MAX).iter().map(|s| s.1).sum::<u64>(), 1008);
    }

    proptest! {
        #[test]
        fn the_order_in_which_samples_come_does_not_matter(mut starts in proptest::collection::vec(0i64..2_000, 0..400)) {
            let fill = |starts: &[i64]| {
                let mut series = Series::with_limit(1, 50);
                starts.iter().for_each(|&t| _ = series.add(S(t, 1)));
                series.last(usize::MAX)
            };
            let one = fill(&starts);
            starts.sort_unstable();
            prop_assert_eq!(&one, &fill(&starts));
            prop_assert_eq!(one.iter().map(|s| s.1).sum::<u64>(), starts.len() as u64);
        }
    }
}
