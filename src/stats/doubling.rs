//! A history in a fixed number of bins of equal width: a millisecond at first, twice as wide whenever they no longer reach from the earliest
//! to the latest time. At every width each bin is the exact sum of what came in it.
//!
//! ```text
//!  1 ms  ▏▎▎▏▏▍▏▎▎▏▏▏▎▏▏▎   4 s fit
//!  2 ms  ▍▌▍▌▍▍▍▌           8 s
//!  …                        a week in bins of 3 minutes
//! ```
//!
//! Bins begin at multiples of their width since 1970, and the width follows from the earliest and the latest time alone. So the sum of the
//! histories of parts of the traffic is that of all of it, however it was divided.

use crate::model::limits::FINE_BINS;
use crate::model::time::MILLISECOND;
use crate::model::{Sum, Timestamp};
use std::collections::VecDeque;

/// Bins of sums.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubling<B> {
    /// A bin is a millisecond times two to this.
    shift: u32,
    /// Number of the first bin: its beginning divided by the width.
    first: i64,
    bins: VecDeque<B>,
    limit: usize,
    /// Old bins go where there is no room, instead of twice the width.
    recent: bool,
}

impl<B: Sum + Default> Default for Doubling<B> {
    fn default() -> Self {
        Self::with_limit(FINE_BINS)
    }
}

impl<B: Sum + Default> Doubling<B> {
    fn with_limit(limit: usize) -> Self {
        Self { shift: 0, first: 0, bins: VecDeque::new(), limit, recent: false }
    }

    /// The newest bins of a width, a millisecond times two to `shift`, that stays; the oldest go.
    pub fn recent(shift: u32) -> Self {
        Self { shift, recent: true, ..Self::default() }
    }

    /// The bin of a time.
    #[inline]
    pub fn at(&mut self, time: Timestamp) -> Option<&mut B> {
        let number = time.0.div_euclid(MILLISECOND) >> self.shift;
        let at = usize::try_from(number.wrapping_sub(self.first)).unwrap_or(usize::MAX);
        if at < self.bins.len() { self.bins.get_mut(at) } else { self.reach(time) }
    }

    /// The bin of a time that is not there yet.
    #[cold]
    fn reach(&mut self, time: Timestamp) -> Option<&mut B> {
        let millis = time.0.div_euclid(MILLISECOND);
        if self.bins.is_empty() {
            self.first = millis >> self.shift;
        }
        let limit = i64::try_from(self.limit).unwrap_or(i64::MAX).max(1);
        loop {
            let number = millis >> self.shift;
            let last = self.first.saturating_add(self.bins.len() as i64).saturating_sub(1).max(self.first);
            let span = number.max(last).saturating_sub(number.min(self.first)).saturating_add(1);
            if span <= limit {
                break;
            }
            if !self.recent {
                self.double();
                continue;
            }
            if number < self.first {
                return None;
            }
            let old = span.saturating_sub(limit);
            if old >= self.bins.len() as i64 {
                self.bins.clear();
                self.first = number;
            } else {
                self.bins.drain(..old as usize);
                self.first = self.first.saturating_add(old);
            }
        }
        let number = millis >> self.shift;
        while number < self.first {
            self.bins.push_front(B::default());
            self.first = self.first.saturating_sub(1);
        }
        let at = usize::try_from(number.saturating_sub(self.first)).ok()?;
        while self.bins.len() <= at {
            self.bins.push_back(B::default());
        }
        self.bins.get_mut(at)
    }

    /// Makes bins twice as wide.
    fn double(&mut self) {
        let first = self.first >> 1;
        let mut wide: VecDeque<B> = VecDeque::with_capacity(self.bins.len() / 2 + 1);
        for (number, bin) in (self.first..).zip(self.bins.drain(..)) {
            let at = ((number >> 1).saturating_sub(first)) as usize;
            match wide.get_mut(at) {
                Some(sum) => sum.merge(&bin),
                None => wide.push_back(bin),
            }
        }
        self.bins = wide;
        self.first = first;
        self.shift = self.shift.saturating_add(1);
    }

    /// Adds what was counted in another one. Wider bins than those of a recent one cannot be told apart there: it begins anew behind them.
    pub fn add(&mut self, other: &Self) {
        if other.bins.is_empty() {
            return;
        }
        if other.shift > self.shift {
            if self.recent {
                self.bins.clear();
                return;
            }
            while self.shift < other.shift {
                self.double();
            }
        }
        for (start, bin) in other.iter() {
            if let Some(sum) = self.at(start) {
                sum.merge(bin);
            }
        }
    }

    /// Nanoseconds of a bin.
    pub fn width(&self) -> i64 {
        MILLISECOND.saturating_mul(1i64.checked_shl(self.shift).unwrap_or(i64::MAX))
    }

    fn start(&self, number: i64) -> Timestamp {
        Timestamp(number.saturating_mul(self.width()))
    }

    /// The beginning of the first bin; what lies before it is not known of a recent one.
    pub fn begins(&self) -> Option<Timestamp> {
        (!self.bins.is_empty()).then(|| self.start(self.first))
    }

    /// Bins with their beginnings, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (Timestamp, &B)> {
        (self.first..).zip(&self.bins).map(|(number, bin)| (self.start(number), bin))
    }

    /// The bins that overlap a time.
    pub fn overlapping(&self, from: Timestamp, nanos: i64) -> impl Iterator<Item = &B> {
        let number = |time: i64| time.div_euclid(MILLISECOND) >> self.shift;
        let place = |number: i64| usize::try_from(number.saturating_sub(self.first)).unwrap_or(0).min(self.bins.len());
        let (begin, end) = (place(number(from.0)), place(number(from.0.saturating_add(nanos.max(1)).saturating_sub(1)).saturating_add(1)));
        self.bins.range(begin.min(end)..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Traffic;
    use proptest::prelude::*;

    fn filled(millis: impl IntoIterator<Item = i64>, limit: usize) -> Doubling<Traffic> {
        let mut out = Doubling::<Traffic>::with_limit(limit);
        for at in millis {
            out.at(Timestamp(at * MILLISECOND)).expect("room").count(100);
        }
        out
    }

    fn packets(of: &Doubling<Traffic>) -> Vec<u64> {
        of.iter().map(|(_, bin)| bin.packets).collect()
    }

    #[test]
    fn bins_double_when_they_do_not_reach() {
        let four = filled(0..4, 4);
        assert_eq!((four.width(), packets(&four)), (MILLISECOND, vec![1, 1, 1, 1]));
        let five = filled(0..5, 4);
        assert_eq!((five.width(), packets(&five)), (2 * MILLISECOND, vec![2, 2, 1]));
        let far = filled([0, 1, 1_000_000], 4);
        assert_eq!(packets(&far).iter().sum::<u64>(), 3);
        assert!(far.width() < 600_000 * MILLISECOND);
        let back = filled([9, 3, 1, 5], 4);
        assert_eq!((back.begins(), back.width()), (Some(Timestamp(0)), 4 * MILLISECOND));
        assert_eq!(packets(&back), [2, 1, 1], "earlier times count as well");
    }

    #[test]
    fn recent_ones_keep_their_width() {
        let mut recent = Doubling::<Traffic> { limit: 4, ..Doubling::recent(1) };
        for at in [0, 1, 2, 7, 9, 10, 0] {
            if let Some(bin) = recent.at(Timestamp(at * MILLISECOND)) {
                bin.count(60);
            }
        }
        assert_eq!((recent.begins(), packets(&recent)), (Some(Timestamp(4 * MILLISECOND)), vec![0, 1, 1, 1]));
        recent.at(Timestamp(1_000 * MILLISECOND)).expect("room").count(60);
        assert_eq!(packets(&recent), [1]);
        recent.add(&filled([1_000, 1_003], 1));
        assert_eq!(recent.begins(), None, "too wide to be told apart");
    }

    #[test]
    fn overlapping_bins_are_found() {
        let bins = filled([10, 11, 12, 20], 64);
        let sum =
            |from: i64, to: i64| bins.overlapping(Timestamp(from * MILLISECOND), (to - from) * MILLISECOND).map(|b| b.packets).sum::<u64>();
        assert_eq!((sum(0, 10), sum(0, 11), sum(11, 13), sum(0, 90), sum(30, 90)), (0, 1, 2, 4, 0));
    }

    #[test]
    fn extremes_are_bounded() {
        let mut bins = Doubling::<Traffic>::default();
        for time in [0, i64::MAX, i64::MIN, 7] {
            bins.at(Timestamp(time)).expect("room").count(60);
        }
        assert_eq!(bins.iter().map(|(_, b)| b.packets).sum::<u64>(), 4);
        assert!(bins.bins.len() <= FINE_BINS);
        let mut recent = Doubling::<Traffic>::recent(0);
        for time in [i64::MIN, i64::MAX] {
            recent.at(Timestamp(time)).expect("room").count(60);
        }
        assert_eq!(recent.bins.len(), 1);
    }

    proptest! {
        #[test]
        fn however_traffic_is_divided_the_sum_is_the_same(times in proptest::collection::vec((0i64..100_000, 0usize..3), 1..200)) {
            let all = filled(times.iter().map(|t| t.0), 32);
            let mut sum = Doubling::with_limit(32);
            for part in 0..3 {
                sum.add(&filled(times.iter().filter(|t| t.1 == part).map(|t| t.0), 32));
            }
            prop_assert_eq!(&sum, &all);
        }
    }
}
