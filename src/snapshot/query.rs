//! What the consumer of snapshots wants in them.

use super::{Filter, Traffic};
use crate::model::limits::SNAPSHOT_ROWS;

/// Seconds by whose traffic rows are chosen where the busiest ones of a live port are asked for: one that is silent for a moment stays.
pub const LATELY_SECONDS: i64 = 10;

/// What rows are ordered by: the token of a field of their table. Ties fall back to weight (wire bytes), then to the key (addresses and
/// ports), so that an order is total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column(pub &'static str);

impl Column {
    /// Wire bytes since the previous snapshot.
    pub const RATE: Self = Self("rate");
    /// Wire bytes of the last second, on screens that remember.
    pub const RATE_SECOND: Self = Self("rate_1s");
    /// Wire bytes of the last minute, on screens that remember.
    pub const RATE_MINUTE: Self = Self("rate_1min");
    /// The part of a connection's segments with data, SYN or FIN that were sent again, by Wireshark's count.
    pub const RETRANS: Self = Self("retrans");
    /// Packets since the previous snapshot.
    pub const PACKET_RATE: Self = Self("packet_rate");
    /// Wire bytes in all.
    pub const BYTES: Self = Self("wire_bytes");
    /// Packets in all.
    pub const PACKETS: Self = Self("packets");
    /// Both ends of conversations.
    pub const ENDS: Self = Self("ends");
    /// Addresses of hosts, with their ports.
    pub const ADDRESS: Self = Self("end");
    /// Time of the first packet.
    pub const START: Self = Self("start");
    /// Time from first to last packet.
    pub const DURATION: Self = Self("duration");
    /// TCP state.
    pub const STATE: Self = Self("state");
    /// Application.
    pub const APP: Self = Self("app");
    /// Bytes that a host sent.
    pub const SENT: Self = Self("tx_wire_bytes");
    /// Bytes that a host received.
    pub const RECEIVED: Self = Self("rx_wire_bytes");
}

impl Column {
    /// Whether it is about now, of which a file has none.
    pub fn is_of_now(self) -> bool {
        [Self::RATE, Self::RATE_SECOND, Self::RATE_MINUTE, Self::PACKET_RATE].contains(&self)
    }

    /// The seconds of a rate that only screens remember.
    pub fn remembered_seconds(self) -> Option<i64> {
        match self {
            Self::RATE_SECOND => Some(1),
            Self::RATE_MINUTE => Some(60),
            _ => None,
        }
    }
}

/// An order of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub column: Column,
    /// Largest first.
    pub descending: bool,
}

impl Order {
    /// What is recent of a row, where the largest of that come first.
    pub fn recent(self) -> Option<fn(&Traffic) -> u64> {
        match self.column {
            _ if !self.descending => None,
            Column::RATE => Some(|added| added.wire_bytes),
            Column::PACKET_RATE => Some(|added| added.packets),
            _ => None,
        }
    }

    /// The same order where all of a row is recent, unless it is `live`.
    pub fn all_in_all(self, live: bool) -> Self {
        let column = match self.column {
            Column::RATE if !live => Column::BYTES,
            Column::PACKET_RATE if !live => Column::PACKETS,
            column => column,
        };
        Self { column, ..self }
    }

    /// The largest first, by the field of a token.
    pub const fn largest(token: &'static str) -> Self {
        Self { column: Column(token), descending: true }
    }
}

impl Default for Order {
    fn default() -> Self {
        Self { column: Column::RATE, descending: true }
    }
}

/// What a snapshot should hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Rows in each table, at most; those that come first in the order, where that is of what is recent those of the last [`LATELY_SECONDS`].
    pub rows: usize,
    /// Load samples, at most.
    pub samples: usize,
    /// Order of conversation tables.
    pub conversations: Order,
    /// Order of end point tables.
    pub endpoints: Order,
    /// Only rows that match.
    pub filter: Option<Filter>,
}

impl Query {
    /// Everything, largest first: what a report wants.
    pub fn everything() -> Self {
        let by_bytes = Order { column: Column::BYTES, descending: true };
        Self { rows: usize::MAX, samples: usize::MAX, conversations: by_bytes, endpoints: by_bytes, filter: None }
    }
}

/// The rows a dashboard shows: the busiest now.
impl Default for Query {
    fn default() -> Self {
        Self {
            rows: SNAPSHOT_ROWS,
            samples: crate::model::limits::SNAPSHOT_SAMPLES * 2,
            conversations: Order::default(),
            endpoints: Order::default(),
            filter: None,
        }
    }
}
