//! How rows compare: one definition for the engine that selects them and the screen that shows them.

use super::{Field, TableSpec};
use crate::model::memory;
use crate::snapshot::Order;
use std::cmp::Ordering;

impl<R: Clone> TableSpec<R> {
    /// Compares two rows; equal ones are ordered by weight (larger first), then by their key, so that the order is total.
    pub fn compare(&self, order: Order, x: &R, y: &R) -> Ordering {
        self.compare_by(self.field(order.column.0), order.descending, x, y)
    }

    /// An order in which nobody names a field of this table is that of the keys.
    fn compare_by(&self, field: Option<&Field<R>>, descending: bool, x: &R, y: &R) -> Ordering {
        let by = field.map_or_else(|| (self.key)(x, y), |f| f.compare(x, y));
        let by = if descending { by.reverse() } else { by };
        by.then_with(|| (self.weight)(y).cmp(&(self.weight)(x))).then_with(|| (self.key)(x, y))
    }

    /// Sorts rows.
    pub fn sort(&self, order: Order, rows: &mut [R]) {
        let field = self.field(order.column.0);
        sort(rows, |x| self.rank(field, order.descending, x), |x, y| self.compare_equals(field, order.descending, x, y));
    }

    /// The places of the first `count` of these rows in this order, not sorted; of those `among` which they are.
    pub fn first(&self, order: Order, rows: &[R], among: impl Iterator<Item = u32>, count: usize) -> Vec<u32> {
        let field = self.field(order.column.0);
        first(rows, among, count, |x| self.rank(field, order.descending, x), |x, y| self.compare_equals(field, order.descending, x, y))
    }

    /// Compares rows of the same [`Self::rank`]: after numbers and weight only the keys are left.
    fn compare_equals(&self, field: Option<&Field<R>>, descending: bool, x: &R, y: &R) -> Ordering {
        if field.is_some_and(|f| f.head.kind.is_amount()) { (self.key)(x, y) } else { self.compare_by(field, descending, x, y) }
    }

    /// Ascends as rows are to follow each other, where they compare by a number before anything else.
    fn rank(&self, field: Option<&Field<R>>, descending: bool, row: &R) -> Rank {
        match field.filter(|f| f.head.kind.is_amount()) {
            Some(field) => {
                let number = field.rank(row);
                (if descending { !number } else { number }, !(self.weight)(row), (self.lead)(row))
            }
            None => Rank::default(),
        }
    }
}

/// What most comparisons are decided by, if it is a number: the column's, the wire bytes, the first bits of the address.
type Rank = (u64, u64, u64);

/// Rows by their rank and place; where ranks are the same `compare` decides. Rows are large, so it is these that are moved about.
fn ranked<R>(rows: &[R], among: impl Iterator<Item = u32>, rank: impl Fn(&R) -> Rank) -> Vec<(Rank, u32)> {
    among.filter_map(|at| Some((rank(rows.get(at as usize)?), at))).collect()
}

/// The places of all rows.
pub fn places<R>(rows: &[R]) -> std::ops::Range<u32> {
    0..u32::try_from(rows.len()).unwrap_or(u32::MAX)
}

fn by_rank<R>(rows: &[R], compare: impl Fn(&R, &R) -> Ordering) -> impl Fn(&(Rank, u32), &(Rank, u32)) -> Ordering {
    move |x, y| x.0.cmp(&y.0).then_with(|| compare(&rows[x.1 as usize], &rows[y.1 as usize]))
}

/// The places of the first `count` rows of those `among` which they are.
fn first<R>(
    rows: &[R],
    among: impl Iterator<Item = u32>,
    count: usize,
    rank: impl Fn(&R) -> Rank,
    compare: impl Fn(&R, &R) -> Ordering,
) -> Vec<u32> {
    let mut order = ranked(rows, among, rank);
    if count < order.len() {
        order.select_nth_unstable_by(count, by_rank(rows, compare));
        order.truncate(count);
    }
    order.into_iter().map(|(_, at)| at).collect()
}

/// Rows asked for before they are moved: each is somewhere else in memory.
const AHEAD: usize = 8;

/// Sorts rows; each is moved once.
fn sort<R>(rows: &mut [R], rank: impl Fn(&R) -> Rank, compare: impl Fn(&R, &R) -> Ordering) {
    let mut order = ranked(rows, places(rows), rank);
    order.sort_unstable_by(by_rank(rows, compare));
    let mut places: Vec<u32> = order.into_iter().map(|(_, at)| at).collect();
    // Each cycle of the permutation in turn; a place that is done points at itself.
    for start in 0..places.len() {
        let (mut at, mut ahead) = (start, start);
        let mut advance = |places: &[u32], rows: &[R]| {
            ahead = places[ahead] as usize;
            memory::prefetch(&rows[ahead]);
        };
        if places[start] as usize != start {
            (0..AHEAD).for_each(|_| advance(&places, rows));
        }
        loop {
            let from = std::mem::replace(&mut places[at], at as u32) as usize;
            if from == start || from == at {
                break;
            }
            rows.swap(at, from);
            at = from;
            advance(&places, rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Timestamp, Traffic};
    use crate::snapshot::tables::endpoints::ENDPOINTS;
    use crate::snapshot::{Column, HostRow};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorted_by_places_is_sorted(rows in prop::collection::vec((0u64..9, any::<u8>()), 0..60)) {
            let mut expected = rows.clone();
            expected.sort();
            let mut sorted = rows;
            sort(&mut sorted, |r| (r.0, 0, 0), |x, y| x.1.cmp(&y.1));
            prop_assert_eq!(sorted, expected);
        }

        #[test]
        fn the_first_are_what_sorting_puts_first(rows in prop::collection::vec((0u64..9, any::<u16>()), 0..60), count in 0usize..70) {
            let places = first(&rows, super::places(&rows), count, |r| (r.0, 0, 0), |x, y| x.1.cmp(&y.1));
            let mut found: Vec<_> = places.iter().map(|&at| rows[at as usize]).collect();
            found.sort_unstable();
            let mut expected = rows;
            expected.sort_unstable();
            expected.truncate(count);
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn the_first_of_some_are_those_of_all_where_the_others_come_later(rows in prop::collection::vec((0u64..9, any::<u16>()), 0..60), count in 0usize..70) {
            let some: Vec<u32> = super::places(&rows).filter(|&at| rows[at as usize].0 < 5).collect();
            prop_assume!(some.len() >= count);
            let find = |among: Vec<u32>| {
                let mut places = first(&rows, among.into_iter(), count, |r| (r.0, 0, 0), |x, y| x.1.cmp(&y.1));
                places.sort_unstable_by_key(|&at| rows[at as usize]);
                places.into_iter().map(|at| rows[at as usize]).collect::<Vec<_>>()
            };
            prop_assert_eq!(find(some), find(super::places(&rows).collect()));
        }

        #[test]
        fn hosts_are_sorted_as_they_compare(rows in prop::collection::vec((0u64..5, 0u64..5, -3i64..3), 0..40), descending: bool, column in 0usize..ENDPOINTS.fields.len()) {
            let order = Order { column: Column(ENDPOINTS.fields[column].head.token), descending };
            let mut hosts: Vec<HostRow> = rows
                .into_iter()
                .enumerate()
                .map(|(n, (sent, received, first))| {
                    let traffic = |bytes| Traffic { packets: bytes * 2, wire_bytes: bytes };
                    HostRow {
                        address: Address::V4([10, 0, 0, 59 - n as u8].into()),
                        port: 0,
                        tx: traffic(sent),
                        rx: traffic(received),
                        recent_tx: traffic(received),
                        recent_rx: traffic(0),
                        first: Timestamp(first),
                        last: Timestamp(first + sent as i64),
                        inside: (sent > 1).then_some(sent > 3),
                        app_by: None,
                        app: (received > 2).then_some("x"),
                        vlans: crate::model::VlanStack::default(),
                        peers: 0,
                        itself: Traffic::default(),
                    }
                })
                .collect();
            ENDPOINTS.sort(order, &mut hosts);
            prop_assert!(hosts.is_sorted_by(|x, y| ENDPOINTS.compare(order, x, y).is_lt()));
        }
    }
}
