//! How rows compare: one definition for the engine that selects them and the screen that shows them.

use super::{Column, Conversation, HostRow, Order};
use std::cmp::Ordering;

impl Order {
    /// Compares two conversations; equal values are ordered by wire bytes (larger first), then by addresses and ports, so that the
    /// order is total.
    pub fn conversations(self, x: &Conversation, y: &Conversation) -> Ordering {
        let by = match self.column {
            Column::Rate => x.recent().wire_bytes.cmp(&y.recent().wire_bytes),
            Column::PacketRate => x.recent().packets.cmp(&y.recent().packets),
            Column::Bytes => x.total().wire_bytes.cmp(&y.total().wire_bytes),
            Column::Packets => x.total().packets.cmp(&y.total().packets),
            Column::Address => (x.a, x.a_port, x.b, x.b_port).cmp(&(y.a, y.a_port, y.b, y.b_port)),
            Column::Start => x.first.cmp(&y.first),
            Column::Duration => x.last.since(x.first).cmp(&y.last.since(y.first)),
            Column::State => x.state.cmp(&y.state),
            Column::App => x.app.cmp(&y.app),
            Column::Sent => x.ab.wire_bytes.cmp(&y.ab.wire_bytes),
            Column::Received => x.ba.wire_bytes.cmp(&y.ba.wire_bytes),
        };
        self.directed(by)
            .then_with(|| y.total().wire_bytes.cmp(&x.total().wire_bytes))
            .then_with(|| (x.a, x.a_port, x.b, x.b_port).cmp(&(y.a, y.a_port, y.b, y.b_port)))
            .then_with(|| x.first.cmp(&y.first))
    }

    /// Compares two end points, with the same rule for equal values.
    pub fn hosts(self, x: &HostRow, y: &HostRow) -> Ordering {
        let by = match self.column {
            Column::Rate => x.recent().wire_bytes.cmp(&y.recent().wire_bytes),
            Column::PacketRate => x.recent().packets.cmp(&y.recent().packets),
            Column::Bytes => x.total().wire_bytes.cmp(&y.total().wire_bytes),
            Column::Packets => x.total().packets.cmp(&y.total().packets),
            Column::Address | Column::State => (x.address, x.port).cmp(&(y.address, y.port)),
            Column::Start => x.first.cmp(&y.first),
            Column::Duration => x.last.since(x.first).cmp(&y.last.since(y.first)),
            Column::App => x.app.cmp(&y.app),
            Column::Sent => x.tx.wire_bytes.cmp(&y.tx.wire_bytes),
            Column::Received => x.rx.wire_bytes.cmp(&y.rx.wire_bytes),
        };
        self.directed(by)
            .then_with(|| y.total().wire_bytes.cmp(&x.total().wire_bytes))
            .then_with(|| (x.address, x.port).cmp(&(y.address, y.port)))
    }

    fn directed(self, ordering: Ordering) -> Ordering {
        if self.descending { ordering.reverse() } else { ordering }
    }
}
