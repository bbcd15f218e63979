//! What is counted in parts and told as a whole: parts of shards are merged, and two states of one run subtracted.
//!
//! A struct inside `sums!` gets both from its fields, so that a new field cannot be forgotten in either:
//!
//! ```text
//! sums! {
//!     /// What one shard saw of something.
//!     #[derive(Debug, Clone, Copy, Default)]
//!     pub struct Seen {
//!         pub packets: u64,                // added, and subtracted
//!         pub longest: u32 => Largest,     // by another rule
//!     }
//! }
//! ```
//!
//! Sums saturate: a counter that is full stays full.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

/// Counts that only grow.
pub trait Sum {
    /// Adds the next part.
    fn merge(&mut self, other: &Self);

    /// What was added since `earlier`, an earlier state of the same counts.
    #[must_use]
    fn since(&self, earlier: &Self) -> Self;
}

/// How one field of a sum is merged and subtracted.
pub trait Rule<T> {
    /// Adds the next part.
    fn merge(sum: &mut T, other: &T);

    /// What was added since `earlier`.
    fn since(now: &T, earlier: &T) -> T;
}

/// The rule of a field that names none: it is a sum itself.
#[derive(Debug)]
pub struct Added;

impl<T: Sum> Rule<T> for Added {
    fn merge(sum: &mut T, other: &T) {
        sum.merge(other);
    }

    fn since(now: &T, earlier: &T) -> T {
        now.since(earlier)
    }
}

/// The largest of all parts, over the whole time.
#[derive(Debug)]
pub struct Largest;

impl<T: Ord + Copy> Rule<T> for Largest {
    fn merge(sum: &mut T, other: &T) {
        *sum = (*sum).max(*other);
    }

    fn since(now: &T, _: &T) -> T {
        *now
    }
}

/// A sum that is always told over the whole time.
#[derive(Debug)]
pub struct Standing;

impl<T: Sum + Clone> Rule<T> for Standing {
    fn merge(sum: &mut T, other: &T) {
        sum.merge(other);
    }

    fn since(now: &T, _: &T) -> T {
        now.clone()
    }
}

/// Each part's own business: neither merged nor subtracted.
#[derive(Debug)]
pub struct Own;

impl<T: Clone> Rule<T> for Own {
    fn merge(_: &mut T, _: &T) {}

    fn since(now: &T, _: &T) -> T {
        now.clone()
    }
}

/// A list to which every part appends its own.
#[derive(Debug)]
pub struct Appended;

impl<T: Clone> Rule<Vec<T>> for Appended {
    fn merge(sum: &mut Vec<T>, other: &Vec<T>) {
        sum.extend_from_slice(other);
    }

    fn since(now: &Vec<T>, _: &Vec<T>) -> Vec<T> {
        now.clone()
    }
}

/// A list with one sum of each part, in their order.
#[derive(Debug)]
pub struct ByPart;

impl<T: Sum + Clone> Rule<Vec<T>> for ByPart {
    fn merge(sum: &mut Vec<T>, other: &Vec<T>) {
        sum.extend_from_slice(other);
    }

    fn since(now: &Vec<T>, earlier: &Vec<T>) -> Vec<T> {
        let mut earlier = earlier.iter();
        now.iter().map(|part| earlier.next().map_or_else(|| part.clone(), |before| part.since(before))).collect()
    }
}

/// A list of at most `CAP` different things that were seen, first come, first kept.
#[derive(Debug)]
pub struct Noted<const CAP: usize>;

impl<T: PartialEq + Clone, const CAP: usize> Rule<Vec<T>> for Noted<CAP> {
    fn merge(sum: &mut Vec<T>, other: &Vec<T>) {
        for one in other {
            if sum.len() < CAP && !sum.contains(one) {
                sum.push(one.clone());
            }
        }
    }

    fn since(now: &Vec<T>, _: &Vec<T>) -> Vec<T> {
        now.clone()
    }
}

/// A counter of someone else's that may begin anew: one that went back counts from zero.
#[derive(Debug)]
pub struct Restarting;

impl Rule<u64> for Restarting {
    fn merge(sum: &mut u64, other: &u64) {
        sum.merge(other);
    }

    fn since(now: &u64, earlier: &u64) -> u64 {
        now.checked_sub(*earlier).unwrap_or(*now)
    }
}

impl Sum for u64 {
    #[inline]
    fn merge(&mut self, other: &Self) {
        *self = self.saturating_add(*other);
    }

    #[inline]
    fn since(&self, earlier: &Self) -> Self {
        self.saturating_sub(*earlier)
    }
}

impl<T: Sum + Clone, const N: usize> Sum for [T; N] {
    fn merge(&mut self, other: &Self) {
        self.iter_mut().zip(other).for_each(|(a, b)| a.merge(b));
    }

    fn since(&self, earlier: &Self) -> Self {
        let mut rest = self.clone();
        rest.iter_mut().zip(earlier).for_each(|(now, before)| *now = now.since(before));
        rest
    }
}

impl<T: Sum + Clone> Sum for Option<T> {
    fn merge(&mut self, other: &Self) {
        match (self.as_mut(), other) {
            (Some(sum), Some(other)) => sum.merge(other),
            (None, Some(other)) => *self = Some(other.clone()),
            (_, None) => {}
        }
    }

    fn since(&self, earlier: &Self) -> Self {
        match (self, earlier) {
            (Some(now), Some(before)) => Some(now.since(before)),
            (now, _) => now.clone(),
        }
    }
}

/// Whoever fills a map bounds it: parts of `n` keys merge to at most as many times `n`.
impl<K: Ord + Clone, V: Sum + Clone> Sum for BTreeMap<K, V> {
    fn merge(&mut self, other: &Self) {
        for (key, value) in other {
            match self.get_mut(key) {
                Some(sum) => sum.merge(value),
                None => drop(self.insert(key.clone(), value.clone())),
            }
        }
    }

    fn since(&self, earlier: &Self) -> Self {
        let added = |(key, now): (&K, &V)| (key.clone(), earlier.get(key).map_or_else(|| now.clone(), |before| now.since(before)));
        self.iter().map(added).collect()
    }
}

/// Whoever fills a map bounds it: parts of `n` keys merge to at most as many times `n`.
impl<K: Hash + Eq + Clone, V: Sum + Clone, S: BuildHasher + Default> Sum for HashMap<K, V, S> {
    fn merge(&mut self, other: &Self) {
        for (key, value) in other {
            match self.get_mut(key) {
                Some(sum) => sum.merge(value),
                None => drop(self.insert(key.clone(), value.clone())),
            }
        }
    }

    fn since(&self, earlier: &Self) -> Self {
        let added = |(key, now): (&K, &V)| (key.clone(), earlier.get(key).map_or_else(|| now.clone(), |before| now.since(before)));
        self.iter().map(added).collect()
    }
}

/// Defines structs whose fields are merged and subtracted, each by its [`Rule`] (`=> Rule`), or as a [`Sum`].
macro_rules! sums {
    (@rule) => { $crate::model::sum::Added };
    (@rule $rule:ty) => { $rule };
    ($(
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $( $(#[$note:meta])* $access:vis $field:ident : $type:ty $(=> $rule:ty)? ),* $(,)?
        }
    )+) => { $(
        $(#[$meta])*
        $vis struct $name {
            $( $(#[$note])* $access $field: $type, )*
        }

        impl $crate::model::sum::Sum for $name {
            fn merge(&mut self, other: &Self) {
                $( <$crate::model::sum::sums!(@rule $($rule)?) as $crate::model::sum::Rule<$type>>::merge(&mut self.$field, &other.$field); )*
            }

            fn since(&self, earlier: &Self) -> Self {
                Self {
                    $( $field: <$crate::model::sum::sums!(@rule $($rule)?) as $crate::model::sum::Rule<$type>>::since(&self.$field, &earlier.$field), )*
                }
            }
        }
    )+ };
}
pub(crate) use sums;

#[cfg(test)]
mod tests {
    use super::*;

    sums! {
        /// A sum as it was.
        #[derive(Debug, Clone, Default, PartialEq)]
        struct Before {
            packets: u64,
        }

        /// The same sum with fields added: nothing else names them.
        #[derive(Debug, Clone, Default, PartialEq)]
        struct After {
            packets: u64,
            added: [u64; 2],
            largest: u32 => Largest,
            seen: Vec<u8> => Noted<3>,
            shards: Vec<u64> => ByPart,
            inner: Option<Before>,
            by_name: BTreeMap<u8, u64>,
            standing: u64 => Standing,
            own: Option<u8> => Own,
        }
    }

    fn after(n: u64) -> After {
        After {
            packets: n,
            added: [n, u64::MAX - 1],
            largest: n as u32,
            seen: vec![n as u8, 100],
            shards: vec![n],
            inner: Some(Before { packets: n }),
            by_name: BTreeMap::from([(1, n), (n as u8, n)]),
            standing: n,
            own: Some(n as u8),
        }
    }

    #[test]
    fn an_added_field_is_merged_and_subtracted() {
        let mut sum = after(5);
        sum.merge(&after(7));
        let want = After {
            packets: 12,
            added: [12, u64::MAX],
            largest: 7,
            seen: vec![5, 100, 7],
            shards: vec![5, 7],
            inner: Some(Before { packets: 12 }),
            by_name: BTreeMap::from([(1, 12), (5, 5), (7, 7)]),
            standing: 12,
            own: Some(5),
        };
        assert_eq!(sum, want);
        let want = After {
            packets: 7,
            added: [7, 1],
            shards: vec![0, 7],
            inner: Some(Before { packets: 7 }),
            by_name: BTreeMap::from([(1, 7), (5, 0), (7, 7)]),
            ..want
        };
        assert_eq!(sum.since(&after(5)), want, "what is no sum stays that of the whole time");
        assert_eq!(sum.since(&After::default()).packets, 12);
    }

    #[test]
    fn counters_that_begin_anew_count_from_there() {
        assert_eq!([Restarting::since(&5, &3), Restarting::since(&2, &3)], [2, 2]);
    }
}
