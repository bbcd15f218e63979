//! A history that keeps the last day at full resolution and older times coarser.

use crate::model::limits::{COARSE_SAMPLES, FINE_SAMPLES};
use std::collections::VecDeque;

/// What a [`Series`] needs to know of its samples.
pub trait Mergeable: Copy {
    /// Start in nanoseconds since 1970.
    fn start(&self) -> i64;
    /// Absorbs the sample that follows.
    fn absorb(&mut self, next: &Self);
}

/// Samples in time order: [`FINE_SAMPLES`] as they came, before them [`COARSE_SAMPLES`] merged to one a minute.
#[derive(Debug, Clone)]
pub struct Series<S> {
    coarse: VecDeque<S>,
    fine: VecDeque<S>,
    fine_limit: usize,
    minute: i64,
}

impl<S: Mergeable> Series<S> {
    /// An empty series; `interval` is the samples' own length in nanoseconds (a merged sample covers 60 of them).
    pub fn new(interval: i64) -> Self {
        Self::with_limit(interval, FINE_SAMPLES)
    }

    fn with_limit(interval: i64, fine_limit: usize) -> Self {
        Self { coarse: VecDeque::new(), fine: VecDeque::new(), fine_limit, minute: interval.saturating_mul(60).max(1) }
    }

    /// Appends the newest sample.
    pub fn push(&mut self, sample: S) {
        self.fine.push_back(sample);
        if self.fine.len() > self.fine_limit
            && let Some(oldest) = self.fine.pop_front()
        {
            match self.coarse.back_mut() {
                Some(last) if last.start().div_euclid(self.minute) == oldest.start().div_euclid(self.minute) => last.absorb(&oldest),
                _ => {
                    self.coarse.push_back(oldest);
                    if self.coarse.len() > COARSE_SAMPLES {
                        self.coarse.pop_front();
                    }
                }
            }
        }
    }

    /// The last `most` samples, oldest first.
    pub fn last(&self, most: usize) -> Vec<S> {
        let all = self.coarse.len() + self.fine.len();
        self.coarse.iter().chain(&self.fine).skip(all.saturating_sub(most)).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq)]
    struct S(i64, u64);
    impl Mergeable for S {
        fn start(&self) -> i64 {
            self.0
        }
        fn absorb(&mut self, next: &Self) {
            self.1 += next.1;
        }
    }

    #[test]
    fn old_samples_merge_and_sums_stay() {
        let mut s = Series::with_limit(1, 100);
        for t in 0..1000 {
            s.push(S(t, 1));
        }
        let all = s.last(usize::MAX);
        assert_eq!(all.iter().map(|s| s.1).sum::<u64>(), 1000);
        assert_eq!(all.len(), 100 + 15);
        assert_eq!(all[0], S(0, 60));
        assert_eq!(s.last(3), [S(997, 1), S(998, 1), S(999, 1)]);
    }
}
