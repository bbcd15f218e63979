//! Durations in a histogram of bounded size and bounded error: medians and percentiles of latencies and round trips.
//!
//! Buckets are linear within each power of two, as in HdrHistogram: 64 of them, so that a quantile is at most 1/128 (0.8 %) away from the
//! true value. Up to 64 ns every value has its own. While few of them are used, those alone are kept; then the list grows to the longest
//! duration seen. 2^41 ns (37 minutes) and more share the last bucket, and extremes and sums are exact.

use super::sum::Sum;

/// Buckets of each power of two, as a power of two.
const SUB_BITS: u32 = 6;

/// Buckets of each power of two.
const SUB: usize = 1 << SUB_BITS;

/// Powers of two told apart above the first 64 values.
const OCTAVES: usize = 35;

/// Buckets in all (9 KiB of counts).
const BUCKETS: usize = SUB * (OCTAVES + 1);

/// Buckets that are kept one by one: as many bytes as two powers of two take.
const FEW: usize = 64;

/// Counts of buckets. They stop at the largest `u32`.
#[derive(Debug, Clone)]
enum Counts {
    /// Of those used, ascending, at most [`FEW`].
    Few(Vec<(u16, u32)>),
    /// Of each from the lowest one used to the highest.
    Many { first: usize, counts: Vec<u32> },
}

impl Default for Counts {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl PartialEq for Counts {
    fn eq(&self, other: &Self) -> bool {
        self.used().eq(other.used())
    }
}

impl Eq for Counts {}

impl Counts {
    /// The count of a bucket, which is made.
    fn of(&mut self, at: usize) -> &mut u32 {
        if let Self::Few(few) = self
            && few.len() >= FEW
            && few.binary_search_by_key(&at, |known| known.0.into()).is_err()
        {
            let mut counts = Vec::new();
            let first = few.first().map_or(at, |known| known.0.into());
            counts.resize(few.last().map_or(0, |known| usize::from(known.0) + 1 - first), 0);
            few.iter().for_each(|&(at, n)| counts[usize::from(at) - first] = n);
            *self = Self::Many { first, counts };
        }
        match self {
            Self::Few(few) => {
                let place = few.binary_search_by_key(&at, |known| known.0.into()).unwrap_or_else(|place| {
                    few.insert(place, (at as u16, 0));
                    place
                });
                &mut few[place].1
            }
            Self::Many { first, counts } => {
                if at < *first {
                    counts.splice(0..0, std::iter::repeat_n(0, *first - at));
                    *first = at;
                }
                let place = at - *first;
                if place >= counts.len() {
                    counts.resize(place + 1, 0);
                }
                &mut counts[place]
            }
        }
    }

    /// The count of a bucket that is used, to be changed.
    fn get_mut(&mut self, at: usize) -> Option<&mut u32> {
        let found = match self {
            Self::Few(few) => {
                few.binary_search_by_key(&at, |known| known.0.into()).ok().and_then(|place| few.get_mut(place)).map(|known| &mut known.1)
            }
            Self::Many { first, counts } => at.checked_sub(*first).and_then(|place| counts.get_mut(place)),
        };
        found.filter(|n| **n > 0)
    }

    /// The buckets used with their counts, ascending.
    fn used(&self) -> impl DoubleEndedIterator<Item = (usize, u32)> + '_ {
        let (few, (first, many)) = match self {
            Self::Few(few) => (few.as_slice(), (0, &[][..])),
            Self::Many { first, counts } => (&[][..], (*first, counts.as_slice())),
        };
        let few = few.iter().map(|&(at, n)| (usize::from(at), n));
        few.chain(many.iter().enumerate().map(move |(place, &n)| (first + place, n))).filter(|known| known.1 > 0)
    }
}

/// Durations in nanoseconds, in sums that merge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: Counts,
    count: u64,
    sum: u64,
    /// Shortest, `None` without any.
    least: Option<u64>,
    longest: u64,
}

/// What a report says of a histogram; durations in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Quantiles {
    /// How many durations.
    pub count: u64,
    /// The shortest, exact.
    pub min: f64,
    /// The median.
    pub p50: f64,
    /// 95 of 100 are not longer.
    pub p95: f64,
    /// 99 of 100 are not longer.
    pub p99: f64,
    /// The longest, exact.
    pub max: f64,
    /// The mean, exact.
    pub mean: f64,
}

impl Histogram {
    /// Bytes that it takes at most beside itself.
    #[cfg(test)]
    pub const BYTES: usize = 4 * BUCKETS;

    /// Largest error of a quantile, as a share of its value.
    pub const ERROR: f64 = 0.5 / SUB as f64;

    /// Counts a duration; a negative one (clocks that disagree) counts as 0.
    pub fn count(&mut self, nanos: i64) {
        let nanos = u64::try_from(nanos).unwrap_or(0);
        let n = self.counts.of(bucket(nanos));
        *n = n.saturating_add(1);
        self.count = self.count.saturating_add(1);
        self.sum = self.sum.saturating_add(nanos);
        self.least = Some(self.least.map_or(nanos, |least| least.min(nanos)));
        self.longest = self.longest.max(nanos);
    }

    /// Takes a duration back that was counted. An extreme that it was becomes that of the buckets which are left.
    pub fn uncount(&mut self, nanos: i64) {
        let nanos = u64::try_from(nanos).unwrap_or(0);
        let Some(n) = self.counts.get_mut(bucket(nanos)) else { return };
        *n -= 1;
        self.count = self.count.saturating_sub(1);
        self.sum = self.sum.saturating_sub(nanos);
        let (least, longest) = (self.least.unwrap_or(0), self.longest);
        let extreme = |used: Option<(usize, u32)>| used.map(|(at, _)| middle(at).clamp(least, longest));
        if nanos == least {
            self.least = extreme(self.counts.used().next());
        }
        if nanos == longest {
            self.longest = extreme(self.counts.used().next_back()).unwrap_or(0);
        }
    }

    /// How many durations lie in each of so many steps to a doubling (1 to 64, a power of two): the shortest of a step in nanoseconds, the
    /// first that is longer than all of it, and how many; empty steps at both ends are left out.
    pub fn steps(&self, in_octave: usize) -> Vec<(u64, u64, u64)> {
        let together = (SUB / in_octave.clamp(1, SUB)).max(1);
        let mut steps: Vec<(u64, u64, u64)> = Vec::new();
        let mut next = self.counts.used().next().map_or(0, |used| used.0);
        for (used, count) in self.counts.used() {
            for at in std::mem::replace(&mut next, used + 1)..=used {
                let n = if at == used { u64::from(count) } else { 0 };
                // Below 64 ns each value has its own bucket: they are put together by doublings as well.
                let (low, high) = step_of(at, together);
                match steps.last_mut() {
                    Some(last) if last.0 == low => last.2 = last.2.saturating_add(n),
                    _ => steps.push((low, high, n)),
                }
            }
        }
        steps
    }

    /// How many durations are shorter than this, by their buckets.
    pub fn below(&self, nanos: u64) -> u64 {
        let buckets = self.counts.used().take_while(|(at, _)| middle(*at) < nanos);
        buckets.fold(0u64, |sum, (_, n)| sum.saturating_add(n.into()))
    }

    /// How many durations there are.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds another's durations.
    pub fn merge(&mut self, other: &Histogram) {
        for (at, more) in other.counts.used() {
            let n = self.counts.of(at);
            *n = n.saturating_add(more);
        }
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.saturating_add(other.sum);
        self.least = self.least.into_iter().chain(other.least).min();
        self.longest = self.longest.max(other.longest);
    }

    /// The durations that were added since `earlier`, a former state of this one. Their extremes are those of their buckets.
    #[must_use]
    pub fn since(&self, earlier: &Histogram) -> Histogram {
        let mut counts = self.counts.clone();
        for (at, before) in earlier.counts.used() {
            counts.get_mut(at).into_iter().for_each(|n| *n = n.saturating_sub(before));
        }
        let extreme = |used: Option<(usize, u32)>| used.map(|(at, _)| middle(at).clamp(self.least.unwrap_or(0), self.longest));
        let (least, longest) = (extreme(counts.used().next()), extreme(counts.used().next_back()).unwrap_or(0));
        Histogram { least, longest, count: self.count.saturating_sub(earlier.count), sum: self.sum.saturating_sub(earlier.sum), counts }
    }

    /// The duration in nanoseconds that a `share` (0 to 1) of all does not exceed; 0 without any.
    pub fn quantile(&self, share: f64) -> u64 {
        let [quantile] = self.quantiles_of([share]);
        quantile
    }

    /// The durations that rising shares do not exceed: the buckets are gone through once for all of them.
    fn quantiles_of<const N: usize>(&self, shares: [f64; N]) -> [u64; N] {
        let mut quantiles = [self.longest; N];
        let mut buckets = self.counts.used();
        let (mut seen, mut reached) = (0u64, self.longest);
        for (quantile, share) in quantiles.iter_mut().zip(shares) {
            let rank = (share.clamp(0.0, 1.0) * self.count as f64).ceil().max(1.0) as u64;
            while seen < rank {
                let Some((at, n)) = buckets.next() else { return quantiles };
                seen = seen.saturating_add(n.into());
                reached = middle(at).clamp(self.least.unwrap_or(0), self.longest);
            }
            *quantile = reached;
        }
        quantiles
    }

    /// What a report says of it; `None` without any duration.
    pub fn quantiles(&self) -> Option<Quantiles> {
        let seconds = |nanos: u64| nanos as f64 / 1e9;
        let min = seconds(self.least?);
        let [p50, p95, p99] = self.quantiles_of([0.5, 0.95, 0.99]).map(seconds);
        let mean = seconds(self.sum) / self.count.max(1) as f64;
        Some(Quantiles { count: self.count, min, p50, p95, p99, max: seconds(self.longest), mean })
    }
}

impl Sum for Histogram {
    fn merge(&mut self, other: &Self) {
        Histogram::merge(self, other);
    }

    fn since(&self, earlier: &Self) -> Self {
        Histogram::since(self, earlier)
    }
}

/// The bucket of a duration.
fn bucket(nanos: u64) -> usize {
    // Bits below the six that tell buckets apart.
    let shift = (u64::BITS - nanos.leading_zeros()).saturating_sub(SUB_BITS + 1);
    (shift as usize * SUB).saturating_add((nanos >> shift) as usize).min(BUCKETS - 1)
}

/// The shortest duration of the step that a bucket belongs to, and the first that is longer than all of it: so many buckets make one.
fn step_of(at: usize, together: usize) -> (u64, u64) {
    if at < SUB {
        let nanos = at as u64;
        let octave = nanos.max(1).ilog2();
        let width = ((1u64 << octave) * together as u64 / SUB as u64).max(1);
        let low = nanos - nanos % width;
        return (low, low + width);
    }
    let first = at - at % together;
    let shift = (first / SUB).saturating_sub(1) as u32;
    let low = ((first - shift as usize * SUB) as u64) << shift;
    (low, low + ((together as u64) << shift))
}

/// The duration in the middle of a bucket.
fn middle(at: usize) -> u64 {
    let shift = (at / SUB).saturating_sub(1) as u32;
    let low = (at - shift as usize * SUB) as u64;
    (low << shift) + ((1u64 << shift) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[i64]) -> Histogram {
        let mut h = Histogram::default();
        values.iter().for_each(|&v| h.count(v));
        h
    }

    #[test]
    fn buckets_follow_one_another_without_a_hole() {
        let mut last = 0;
        for nanos in 0..100_000u64 {
            let at = bucket(nanos);
            assert!(at == last || at == last + 1, "{nanos}: {at} after {last}");
            last = at;
        }
        assert_eq!(bucket((1 << 41) - 1), BUCKETS - 1);
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn few_buckets_and_many_say_the_same() {
        // One bucket for each power of two, then 64 of them: the second spreads out.
        let few: Vec<i64> = (0..40).map(|n| 1 << n).collect();
        let many: Vec<i64> = few.iter().flat_map(|&n| [n, n + n / 3, n + n / 2]).collect();
        let mut grown = of(&few);
        assert!(matches!(grown.counts, Counts::Few(_)) && matches!(of(&many).counts, Counts::Many { .. }));
        many.iter().skip(1).for_each(|&n| grown.count(n));
        few.iter().skip(1).for_each(|&n| grown.uncount(n));
        assert_eq!(grown.len(), many.len() as u64);
        assert_eq!(grown.counts, of(&many).counts);
        assert_eq!(grown.quantiles_of([0.1, 0.5, 0.9]), of(&many).quantiles_of([0.1, 0.5, 0.9]));
        assert_eq!((of(&few).since(&of(&few)).len(), of(&few).since(&of(&many[..9])).steps(1).len()), (0, 37));
    }

    #[test]
    fn quantiles_of_known_durations() {
        let q = of(&(1..=1000).map(|ms| ms * 1_000_000).collect::<Vec<_>>()).quantiles().unwrap();
        assert_eq!((q.count, q.min, q.max), (1000, 0.001, 1.0));
        for (got, want) in [(q.p50, 0.5), (q.p95, 0.95), (q.p99, 0.99)] {
            assert!((got - want).abs() <= want * (Histogram::ERROR + 0.001), "{got} instead of {want}");
        }
        assert!((q.mean - 0.5005).abs() < 1e-9);
        assert_eq!(Histogram::default().quantiles(), None);
        let one = of(&[-5]).quantiles().unwrap();
        assert_eq!((one.count, one.min, one.p99, one.max), (1, 0.0, 0.0, 0.0));
    }

    #[test]
    fn what_was_counted_can_be_taken_back() {
        let mut h = of(&[5, 700, 700, 90_000]);
        h.uncount(90_000);
        let q = h.quantiles().unwrap();
        assert_eq!((q.count, q.min, q.mean), (3, 5e-9, 1405e-9 / 3.0));
        assert!((q.max - 700e-9).abs() < 10e-9, "{}", q.max);
        h.uncount(123_456_789);
        assert_eq!(h.len(), 3, "what was not counted is not taken back");
        [5, 700, 700].into_iter().for_each(|n| h.uncount(n));
        assert!(h.is_empty() && h.quantiles().is_none());
    }

    #[test]
    fn steps_hold_every_duration_once() {
        let values: Vec<i64> = (0..4000).map(|n| n * n % 300_007).collect();
        for in_octave in [1, 4, 64] {
            let steps = of(&values).steps(in_octave);
            assert!(steps.windows(2).all(|w| w[0].1 <= w[1].0), "{steps:?}");
            for (low, high, n) in &steps {
                let want = values.iter().filter(|&&v| (v as u64) >= *low && (v as u64) < *high).count() as u64;
                assert_eq!(*n, want, "{low}..{high} of {in_octave}");
            }
            assert_eq!(steps.iter().map(|s| s.2).sum::<u64>(), 4000);
        }
        assert_eq!(of(&[1000, 1023, 1024]).steps(1), [(512, 1024, 2), (1024, 2048, 1)]);
        assert_eq!((of(&[10, 20, 4000]).below(20), of(&[10, 20, 4000]).below(21)), (1, 2));
    }

    proptest! {
        #[test]
        fn quantiles_are_near_the_truth(mut values in prop::collection::vec(0i64..1 << 41, 1..200), share in 0.0f64..=1.0) {
            let h = of(&values);
            values.sort_unstable();
            let rank = ((share * values.len() as f64).ceil() as usize).max(1) - 1;
            let (got, want) = (h.quantile(share) as f64, values[rank] as f64);
            prop_assert!((got - want).abs() <= want * Histogram::ERROR + 1.0, "{} instead of {}", got, want);
        }

        #[test]
        fn several_at_once_are_each_alone(values in prop::collection::vec(0i64..1 << 41, 0..200), mut shares in prop::array::uniform4(0.0f64..=1.0)) {
            let h = of(&values);
            shares.sort_unstable_by(f64::total_cmp);
            prop_assert_eq!(h.quantiles_of(shares), shares.map(|share| h.quantile(share)));
        }

        #[test]
        fn parts_make_the_whole(a in prop::collection::vec(any::<i64>(), 0..60), b in prop::collection::vec(any::<i64>(), 0..60)) {
            let (first, second) = (of(&a), of(&b));
            let mut merged = first.clone();
            merged.merge(&second);
            let all: Vec<i64> = a.iter().chain(&b).copied().collect();
            prop_assert_eq!(&merged, &of(&all));
            let rest = merged.since(&first);
            prop_assert_eq!(rest.len(), second.len());
            if !b.is_empty() {
                prop_assert_eq!(rest.quantile(0.5), second.quantile(0.5).clamp(rest.quantile(0.0), rest.quantile(1.0)));
            }
        }
    }
}
