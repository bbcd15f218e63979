//! How rows compare: one definition for the engine that selects them and the screen that shows them.

use super::{Column, Conversation, HostRow, Order};
use crate::model::{Timestamp, Traffic};
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
        let rank = |x: &Conversation| (self.rank(self.number(x)), !x.total().wire_bytes, x.a.leading_bits());
        sort(rows, self.is_numeric(), rank, |x, y| self.conversations(x, y));
    }

    /// Sorts end points.
    pub fn sort_hosts(self, rows: &mut [HostRow]) {
        let rank = |x: &HostRow| (self.rank(self.number(x)), !x.total().wire_bytes, x.address.leading_bits());
        sort(rows, self.is_numeric(), rank, |x, y| self.hosts(x, y));
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

/// What most comparisons are decided by: the column's number, the wire bytes, the first bits of the address.
type Rank = (u64, u64, u64);

/// Sorts rows by `rank` (if that is what they compare by), and by `compare` where it is the same. Rows are large, so their places are
/// sorted and each row moved once.
fn sort<R>(rows: &mut [R], ranked: bool, rank: impl Fn(&R) -> Rank, compare: impl Fn(&R, &R) -> Ordering) {
    let rank = |row: &R| if ranked { rank(row) } else { Rank::default() };
    let mut order: Vec<(Rank, usize)> = rows.iter().enumerate().map(|(at, row)| (rank(row), at)).collect();
    order.sort_unstable_by(|x, y| x.0.cmp(&y.0).then_with(|| compare(&rows[x.1], &rows[y.1])));
    // Each cycle of the permutation in turn; a place that is done points at itself.
    for start in 0..order.len() {
        let mut at = start;
        loop {
            let from = std::mem::replace(&mut order[at].1, at);
            if from == start || from == at {
                break;
            }
            rows.swap(at, from);
            at = from;
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
            sort(&mut sorted, true, |r| (r.0, 0, 0), |x, y| x.1.cmp(&y.1));
            prop_assert_eq!(sorted, expected);
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
