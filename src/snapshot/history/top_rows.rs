//! The largest rows of a table in some time, and an exact sum of the others.

use crate::model::Arrange as _;
use crate::model::Traffic;
use hashbrown::HashMap;
use std::hash::Hash;

/// What is known of a row besides its traffic.
pub trait RowAbout: Clone {
    /// Takes in what a later part of the time knows.
    fn join(&mut self, later: &Self) {
        let _ = later;
    }
}

impl RowAbout for () {}

/// A row: its key, what is known of it, and its traffic both ways (what has no direction: the first way).
#[derive(Debug, Clone, PartialEq)]
pub struct TopRow<K, A> {
    /// Its key.
    pub key: K,
    /// What is known of it.
    pub about: A,
    /// Its traffic.
    pub traffic: [Traffic; 2],
}

impl<K, A> TopRow<K, A> {
    /// Wire bytes both ways.
    pub fn wire_bytes(&self) -> u64 {
        let [one, other] = self.traffic;
        one.wire_bytes.saturating_add(other.wire_bytes)
    }
}

/// The largest rows of a table in some time. Rows and `other` together are exactly what the table counted.
#[derive(Debug, Clone, PartialEq)]
pub struct TopRows<K, A> {
    /// The rows, by key.
    pub rows: Vec<TopRow<K, A>>,
    /// What was counted in rows that are not here, or no longer.
    pub other: [Traffic; 2],
    /// How many rows that were; one that went in several parts of the time counts in each.
    pub other_rows: u64,
    /// Wire bytes that a row may lack at most: what was counted of it while it was not among the largest.
    pub shortfall: u64,
}

impl<K, A> Default for TopRows<K, A> {
    fn default() -> Self {
        Self { rows: Vec::new(), other: [Traffic::default(); 2], other_rows: 0, shortfall: 0 }
    }
}

impl<K: Ord + Hash + Clone, A: RowAbout> TopRows<K, A> {
    /// The `most` largest of all rows, those of one key together. What comes later knows more.
    pub fn gather(rows: impl Iterator<Item = TopRow<K, A>>, most: usize) -> Self {
        let mut places: HashMap<K, usize> = HashMap::new();
        let mut list: Vec<TopRow<K, A>> = Vec::new();
        for row in rows {
            let at = *places.entry(row.key.clone()).or_insert(list.len());
            match list.get_mut(at) {
                Some(kept) => {
                    kept.traffic.iter_mut().zip(row.traffic).for_each(|(to, added)| to.add(added));
                    kept.about.join(&row.about);
                }
                None => list.push(row),
            }
        }
        let mut out = Self { rows: list, ..Self::default() };
        out.cut(most);
        out
    }

    /// What was counted in several parts of the time, earliest first; at most so many rows.
    pub fn sum<'a>(parts: impl Iterator<Item = &'a Self> + Clone, most: usize) -> Self
    where
        K: 'a,
        A: 'a,
    {
        let mut out = Self::gather(parts.clone().flat_map(|part| part.rows.iter().cloned()), most);
        parts.for_each(|part| out.add_other(part.other, part.other_rows, part.shortfall));
        out
    }

    /// Takes in a later part of the time.
    pub fn absorb(&mut self, later: &Self, most: usize) {
        *self = Self::sum([&*self, later].into_iter(), most);
    }

    /// Counts what has no row, `rows` of them, the largest of which has `largest` wire bytes.
    pub fn add_other(&mut self, traffic: [Traffic; 2], rows: u64, largest: u64) {
        self.other.iter_mut().zip(traffic).for_each(|(to, added)| to.add(added));
        self.other_rows = self.other_rows.saturating_add(rows);
        self.shortfall = self.shortfall.saturating_add(largest);
    }

    /// Leaves the `most` largest rows, of equal ones those of the smaller keys, in the order of keys.
    fn cut(&mut self, most: usize) {
        if self.rows.len() > most {
            let place = |row: &TopRow<K, A>| std::cmp::Reverse(row.wire_bytes());
            self.rows.arrange_by(|x, y| place(x).cmp(&place(y)).then_with(|| x.key.cmp(&y.key)));
            let gone = self.rows.split_off(most);
            let largest = gone.first().map_or(0, TopRow::wire_bytes);
            let mut sum = [Traffic::default(); 2];
            gone.iter().for_each(|row| sum.iter_mut().zip(row.traffic).for_each(|(to, added)| to.add(added)));
            self.add_other(sum, gone.len() as u64, largest);
        }
        self.rows.arrange_by(|x, y| x.key.cmp(&y.key));
    }

    /// Everything that was counted.
    pub fn total(&self) -> Traffic {
        let rows = self.rows.iter().flat_map(|row| row.traffic);
        rows.chain(self.other).fold(Traffic::default(), Traffic::plus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(key: u16, bytes: u64) -> TopRow<u16, ()> {
        TopRow { key, about: (), traffic: [Traffic { packets: 1, wire_bytes: bytes }, Traffic::default()] }
    }

    fn keys(rows: &TopRows<u16, ()>) -> Vec<(u16, u64)> {
        rows.rows.iter().map(|r| (r.key, r.traffic[0].wire_bytes)).collect()
    }

    #[test]
    fn the_largest_stay_and_the_rest_is_exact() {
        let top = TopRows::gather([row(1, 10), row(2, 30), row(3, 20), row(2, 5), row(4, 20)].into_iter(), 2);
        assert_eq!(keys(&top), [(2, 35), (3, 20)]);
        assert_eq!((top.other[0].wire_bytes, top.other_rows, top.shortfall), (30, 2, 20));
        assert_eq!(top.total(), Traffic { packets: 5, wire_bytes: 85 });
    }

    proptest! {
        #[test]
        fn what_a_row_lacks_stays_within_the_bound(parts in proptest::collection::vec(proptest::collection::vec((0u16..12, 1u64..100), 0..30), 1..8)) {
            let mut exact: HashMap<u16, u64> = HashMap::new();
            parts.iter().flatten().for_each(|(key, bytes)| *exact.entry(*key).or_default() += bytes);
            let tops: Vec<_> = parts.iter().map(|part| TopRows::gather(part.iter().map(|(k, b)| row(*k, *b)), 3)).collect();
            let at_once = TopRows::sum(tops.iter(), 3);
            let mut one_by_one = TopRows::default();
            tops.iter().for_each(|top| one_by_one.absorb(top, 3));
            for sum in [at_once, one_by_one] {
                prop_assert_eq!(sum.total().wire_bytes, exact.values().sum::<u64>());
                for (key, bytes) in &exact {
                    let told = sum.rows.iter().find(|r| r.key == *key).map_or(0, TopRow::wire_bytes);
                    prop_assert!(told <= *bytes && bytes - told <= sum.shortfall, "{key}: {told} of {bytes}, {sum:?}");
                }
            }
        }
    }
}
