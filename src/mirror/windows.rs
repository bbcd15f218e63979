//! Time in windows of 100 ms: long enough to hold some hundred packets of a busy link, short enough that congestion fills whole ones.

use crate::model::Sum;
use crate::model::evidence::RATE_WINDOW;
use crate::model::limits::WINDOWS;
use crate::model::time::SECOND;
use crate::model::{Episode, Timestamp};

/// Losses less far apart than this are one time of loss.
const APART: i64 = 10 * SECOND;

/// Length of a window in nanoseconds.
pub const WINDOW: i64 = RATE_WINDOW;

/// The window a time lies in.
pub fn window(time: Timestamp) -> i64 {
    time.0.div_euclid(WINDOW)
}

/// The newest `N` windows, each with a value; older ones are forgotten. Takes no memory before its first value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Windows<T, const N: usize = WINDOWS> {
    newest: i64,
    ring: Vec<T>,
}

impl<T: Copy + Default, const N: usize> Windows<T, N> {
    fn at(window: i64) -> usize {
        window.rem_euclid(N as i64) as usize
    }

    /// The value of a window, to be changed; `None` when it is too old.
    pub fn entry(&mut self, window: i64) -> Option<&mut T> {
        if self.ring.is_empty() {
            self.ring.resize(N, T::default());
            self.newest = window;
        }
        let ahead = window.saturating_sub(self.newest);
        if ahead > 0 {
            for n in 1..=ahead.min(N as i64) {
                if let Some(slot) = self.ring.get_mut(Self::at(self.newest.wrapping_add(n))) {
                    *slot = T::default();
                }
            }
            self.newest = window;
        }
        if ahead <= -(N as i64) { None } else { self.ring.get_mut(Self::at(window)) }
    }

    /// The value of a window; `None` when nothing is known of it.
    pub fn get(&self, window: i64) -> Option<T> {
        let behind = self.newest.saturating_sub(window);
        (0..N as i64).contains(&behind).then(|| self.ring.get(Self::at(window)).copied()).flatten()
    }

    /// Whether windows from this one on are all remembered: it lies within what is kept, or after it.
    fn reaches(&self, window: i64) -> bool {
        self.newest.saturating_sub(window) < N as i64
    }

    /// The windows that are remembered, oldest first, with their values.
    pub fn iter(&self) -> impl Iterator<Item = (i64, T)> + '_ {
        let last = if self.ring.is_empty() { 0 } else { N as i64 };
        (0..last).filter_map(move |n| {
            let window = self.newest.checked_sub(last - 1 - n)?;
            Some((window, self.get(window)?))
        })
    }
}

/// Bytes that were lost, by window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LostBytes(Windows<u32>);

/// Windows are told over the whole time.
impl Sum for LostBytes {
    fn merge(&mut self, other: &LostBytes) {
        other.some().for_each(|(window, bytes)| self.add(window, bytes));
    }

    fn since(&self, _: &LostBytes) -> LostBytes {
        self.clone()
    }
}

impl LostBytes {
    /// Adds some.
    pub fn add(&mut self, window: i64, bytes: u32) {
        if let Some(sum) = self.0.entry(window) {
            *sum = sum.saturating_add(bytes);
        }
    }

    /// How many; the oldest are forgotten.
    pub fn get(&self, window: i64) -> u32 {
        self.0.get(window).unwrap_or(0)
    }

    /// How many in the windows from one to another, those included.
    pub fn within(&self, from: i64, to: i64) -> u64 {
        self.some().filter(|(window, _)| (from..=to).contains(window)).fold(0, |sum, (_, bytes)| sum.saturating_add(bytes.into()))
    }

    /// How many in all that is remembered.
    pub fn all(&self) -> u64 {
        self.some().fold(0, |sum, (_, bytes)| sum.saturating_add(bytes.into()))
    }

    /// Those in which some were lost, oldest first.
    pub fn some(&self) -> impl Iterator<Item = (i64, u32)> + '_ {
        self.0.iter().filter(|w| w.1 > 0)
    }

    /// The times in which something was lost, oldest first: what lies further apart than ten times the mean distance of windows with loss, and
    /// at least ten seconds, is not one time. Empty when windows since `first`, the time of the first packet, are forgotten already.
    pub fn times(&self, first: Option<Timestamp>) -> Vec<Episode> {
        if !first.is_some_and(|first| self.0.reaches(window(first))) {
            return Vec::new();
        }
        let lossy: Vec<i64> = self.some().map(|w| w.0).collect();
        let (Some(oldest), Some(newest)) = (lossy.first(), lossy.last()) else { return Vec::new() };
        let apart = ((newest - oldest).saturating_mul(10) / lossy.len() as i64).max(APART / WINDOW);
        let mut times: Vec<Episode> = Vec::new();
        for w in lossy {
            let (begin, end) = (Timestamp(w.saturating_mul(WINDOW)), Timestamp(w.saturating_add(1).saturating_mul(WINDOW)));
            match times.last_mut() {
                Some(time) if begin.since(time.last) <= apart.saturating_mul(WINDOW) => time.last = end,
                _ => times.push(Episode { first: first.map_or(begin, |f| begin.max(f)), last: end }),
            }
        }
        times
    }

    /// The same in windows `length` times as long.
    pub fn coarser(&self, length: i64) -> LostBytes {
        let mut coarser = LostBytes::default();
        self.some().for_each(|(window, bytes)| coarser.add(window.div_euclid(length.max(1)), bytes));
        coarser
    }

    /// Windows in the inside of a stretch with loss, and their bytes: something was lost before and after them as well, so that it went on
    /// from beginning to end.
    pub fn inside(&self) -> impl Iterator<Item = (i64, u32)> + '_ {
        self.some().filter(|w| self.get(w.0.saturating_sub(1)) > 0 && self.get(w.0.saturating_add(1)) > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn loss_has_its_times() {
        let mut lost = LostBytes::default();
        let begin = Some(Timestamp(7));
        assert_eq!(lost.times(begin), []);
        // Two bursts a minute apart.
        (0..20).chain(600..620).for_each(|w| lost.add(w, 100));
        let at = |w: i64| Timestamp(w * WINDOW);
        let two = [Episode { first: Timestamp(7), last: at(20) }, Episode { first: at(600), last: at(620) }];
        assert_eq!(lost.times(begin), two);
        assert_eq!(lost.times(None), []);
        // What is lost now and then all the time is one time.
        let mut steady = LostBytes::default();
        (0..50).for_each(|n| steady.add(n * 100 + n % 7, 100));
        assert_eq!(steady.times(begin).len(), 1);
        lost.add(WINDOWS as i64 + 5, 1);
        assert_eq!(lost.times(begin), [], "the beginning is forgotten");
    }

    #[test]
    fn a_stretch_has_an_inside() {
        let mut lost = LostBytes::default();
        assert_eq!((lost.get(0), lost.inside().count()), (0, 0));
        [5, 6, 7, 8, 10, 11].into_iter().for_each(|w| lost.add(w, w as u32));
        lost.add(7, u32::MAX - 8);
        assert_eq!(lost.inside().collect::<Vec<_>>(), [(6, 6), (7, u32::MAX - 1)]);
        assert_eq!(lost.coarser(2).inside().collect::<Vec<_>>(), [(3, u32::MAX), (4, 8)]);
        assert_eq!(lost.coarser(1), lost);
        assert_eq!([window(Timestamp(-1)), window(Timestamp(0)), window(Timestamp(WINDOW))], [-1, 0, 1]);
    }

    #[test]
    fn the_ends_of_time_do_no_harm() {
        let mut lost = LostBytes::default();
        for w in [i64::MIN, i64::MAX, i64::MIN, 0, i64::MAX - 1] {
            lost.add(w, 1);
            let _ = (lost.get(i64::MIN), lost.get(i64::MAX), lost.inside().count());
        }
        assert_eq!([i64::MAX, i64::MAX - 1, 0].map(|w| lost.get(w)), [1, 1, 0]);
    }

    proptest! {
        #[test]
        fn remembers_the_newest(list in prop::collection::vec(-20_000i64..20_000, 1..200)) {
            let (mut all, mut halves) = (LostBytes::default(), [LostBytes::default(), LostBytes::default()]);
            for (i, w) in list.iter().enumerate() {
                all.add(*w, 1);
                halves[i % 2].add(*w, 1);
            }
            let [mut merged, second] = halves;
            merged.merge(&second);
            let newest = *list.iter().max().unwrap();
            // A window too old when it came is not remembered, one that became too old neither.
            let want: BTreeSet<i64> = list.iter().copied().filter(|w| newest - w < WINDOWS as i64).collect();
            for lost in [&all, &merged] {
                prop_assert_eq!(&(-20_001..20_001).filter(|w| lost.get(*w) > 0).collect::<BTreeSet<_>>(), &want);
            }
        }
    }
}
