//! How rows compare: one definition for the engine that selects them and the screen that shows them.

use super::{Column, Conversation, HostRow, Order};
use crate::model::{Timestamp, Traffic, memory};
use std::cmp::Ordering;

impl Order {
    /// Compares two conversations; equal values are ordered by wire bytes (larger first), then by addresses and ports, so that the
    /// order is total.
    pub fn conversations(self, x: &Conversation, y: &Conversation) -> Ordering {
        let by = match self.column {
            Column::Address => (x.a, x.a_port, x.b, x.b_port).cmp(&(y.a, y.a_port, y.b, y.b_port)),
            Column::State => x.state.cmp(&y.state),
            Column::App => x.app.cmp(&y.app),
            _ => self.number(x).cmp(&self.number(y)),
        };
        self.directed(by)
            .then_with(|| y.total().wire_bytes.cmp(&x.total().wire_bytes))
            .then_with(|| (x.a, x.a_port, x.b, x.b_port).cmp(&(y.a, y.a_port, y.b, y.b_port)))
            .then_with(|| x.first.cmp(&y.first))
    }

    /// Compares two end points, with the same rule for equal values.
    pub fn hosts(self, x: &HostRow, y: &HostRow) -> Ordering {
        let by = match self.column {
            Column::Address | Column::State => (x.address, x.port).cmp(&(y.address, y.port)),
            Column::App => x.app.cmp(&y.app),
            _ => self.number(x).cmp(&self.number(y)),
        };
        self.directed(by)
            .then_with(|| y.total().wire_bytes.cmp(&x.total().wire_bytes))
            .then_with(|| (x.address, x.port).cmp(&(y.address, y.port)))
    }

    /// Sorts conversations.
    pub fn sort_conversations(self, rows: &mut [Conversation]) {
        sort(rows, |x| self.rank_conversation(x), |x, y| self.conversations(x, y));
    }

    /// The places of the first `count` of these conversations in this order, not sorted.
    pub fn first_conversations(self, rows: &[Conversation], count: usize) -> Vec<u32> {
        first(rows, count, |x| self.rank_conversation(x), |x, y| self.conversations(x, y))
    }

    /// Sorts end points.
    pub fn sort_hosts(self, rows: &mut [HostRow]) {
        sort(rows, |x| self.rank_host(x), |x, y| self.hosts(x, y));
    }

    /// The places of the first `count` of these end points in this order, not sorted.
    pub fn first_hosts(self, rows: &[HostRow], count: usize) -> Vec<u32> {
        first(rows, count, |x| self.rank_host(x), |x, y| self.hosts(x, y))
    }

    fn rank_conversation(self, x: &Conversation) -> Rank {
        self.rank_row(x, || x.a.leading_bits())
    }

    fn rank_host(self, x: &HostRow) -> Rank {
        self.rank_row(x, || x.address.leading_bits())
    }

    fn rank_row(self, row: &impl Counted, address: impl FnOnce() -> u64) -> Rank {
        if self.is_numeric() { (self.rank(self.number(row)), !row.total().wire_bytes, address()) } else { Rank::default() }
    }

    /// What a row has in a column of numbers (0 in one of text).
    fn number(self, row: &impl Counted) -> u64 {
        match self.column {
            Column::Rate => row.recent().wire_bytes,
            Column::PacketRate => row.recent().packets,
            Column::Bytes => row.total().wire_bytes,
            Column::Packets => row.total().packets,
            Column::Start => ordered(row.times().0.0),
            Column::Duration => ordered(row.times().1.since(row.times().0)),
            Column::Sent => row.ways()[0].wire_bytes,
            Column::Received => row.ways()[1].wire_bytes,
            Column::Address | Column::State | Column::App => 0,
        }
    }

    /// Whether rows compare by a number before anything else.
    fn is_numeric(self) -> bool {
        !matches!(self.column, Column::Address | Column::State | Column::App)
    }

    /// Ascends as rows are to follow each other.
    fn rank(self, number: u64) -> u64 {
        if self.descending { !number } else { number }
    }

    fn directed(self, ordering: Ordering) -> Ordering {
        if self.descending { ordering.reverse() } else { ordering }
    }
}

/// What conversations and end points have in common.
trait Counted {
    /// Both directions together.
    fn total(&self) -> Traffic;
    /// The same since the previous snapshot.
    fn recent(&self) -> Traffic;
    /// Each direction.
    fn ways(&self) -> [Traffic; 2];
    /// First and last packet.
    fn times(&self) -> (Timestamp, Timestamp);
}

impl Counted for Conversation {
    fn total(&self) -> Traffic {
        self.total()
    }
    fn recent(&self) -> Traffic {
        self.recent()
    }
    fn ways(&self) -> [Traffic; 2] {
        [self.ab, self.ba]
    }
    fn times(&self) -> (Timestamp, Timestamp) {
        (self.first, self.last)
    }
}

impl Counted for HostRow {
    fn total(&self) -> Traffic {
        self.total()
    }
    fn recent(&self) -> Traffic {
        self.recent()
    }
    fn ways(&self) -> [Traffic; 2] {
        [self.tx, self.rx]
    }
    fn times(&self) -> (Timestamp, Timestamp) {
        (self.first, self.last)
    }
}

/// A signed number as an unsigned one of the same order.
fn ordered(number: i64) -> u64 {
    number as u64 ^ 1 << 63
}

/// What most comparisons are decided by, if it is a number: the column's, the wire bytes, the first bits of the address.
type Rank = (u64, u64, u64);

/// Rows by their rank and place; where ranks are the same `compare` decides. Rows are large, so it is these that are moved about.
fn ranked<R>(rows: &[R], rank: impl Fn(&R) -> Rank) -> Vec<(Rank, u32)> {
    (0..).zip(rows).map(|(at, row)| (rank(row), at)).collect()
}

fn by_rank<R>(rows: &[R], compare: impl Fn(&R, &R) -> Ordering) -> impl Fn(&(Rank, u32), &(Rank, u32)) -> Ordering {
    move |x, y| x.0.cmp(&y.0).then_with(|| compare(&rows[x.1 as usize], &rows[y.1 as usize]))
}

/// The places of the first `count` rows.
fn first<R>(rows: &[R], count: usize, rank: impl Fn(&R) -> Rank, compare: impl Fn(&R, &R) -> Ordering) -> Vec<u32> {
    let mut order = ranked(rows, rank);
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
    let mut order = ranked(rows, rank);
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
            let places = first(&rows, count, |r| (r.0, 0, 0), |x, y| x.1.cmp(&y.1));
            let mut found: Vec<_> = places.iter().map(|&at| rows[at as usize]).collect();
            found.sort_unstable();
            let mut expected = rows;
            expected.sort_unstable();
            expected.truncate(count);
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn hosts_are_sorted_as_they_compare(rows in prop::collection::vec((0u64..5, 0u64..5, -3i64..3), 0..40), descending: bool, column in 0usize..11) {
            let column = [
                Column::Rate, Column::PacketRate, Column::Bytes, Column::Packets, Column::Address, Column::Start, Column::Duration,
                Column::State, Column::App, Column::Sent, Column::Received,
            ][column];
            let order = Order { column, descending };
            let mut hosts: Vec<HostRow> = rows
                .into_iter()
                .enumerate()
                .map(|(n, (sent, received, first))| {
                    let traffic = |bytes| crate::model::Traffic { packets: bytes * 2, wire_bytes: bytes };
                    HostRow {
                        address: crate::model::Address::V4([10, 0, 0, 59 - n as u8].into()),
                        port: 0,
                        tx: traffic(sent),
                        rx: traffic(received),
                        recent_tx: traffic(received),
                        recent_rx: traffic(0),
                        first: crate::model::Timestamp(first),
                        last: crate::model::Timestamp(first + sent as i64),
                        inside: None,
                        app: None,
                    }
                })
                .collect();
            order.sort_hosts(&mut hosts);
            prop_assert!(hosts.is_sorted_by(|x, y| order.hosts(x, y).is_lt()));
        }
    }
}
