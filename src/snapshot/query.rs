//! What the consumer of snapshots wants in them.

use super::Filter;
use crate::model::limits::SNAPSHOT_ROWS;

/// What rows are ordered by. Ties fall back to wire bytes, then to addresses and ports, so that an order is total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Column {
    /// Wire bytes since the previous snapshot.
    #[default]
    Rate,
    /// Packets since the previous snapshot.
    PacketRate,
    /// Wire bytes in all.
    Bytes,
    /// Packets in all.
    Packets,
    /// Addresses and ports.
    Address,
    /// Time of the first packet.
    Start,
    /// Seconds from first to last packet.
    Duration,
    /// TCP state.
    State,
    /// Application.
    App,
    /// Bytes sent (hosts) or from a to b (conversations).
    Sent,
    /// Bytes received (hosts) or from b to a (conversations).
    Received,
}

/// An order of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub column: Column,
    /// Largest first.
    pub descending: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { column: Column::Rate, descending: true }
    }
}

/// What a snapshot should hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Rows in each table, at most.
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
        let by_bytes = Order { column: Column::Bytes, descending: true };
        Self { rows: usize::MAX, samples: usize::MAX, conversations: by_bytes, endpoints: by_bytes, filter: None }
    }

    /// Whether it wants every row there is.
    pub fn wants_every_row(&self) -> bool {
        self.rows == usize::MAX && self.filter.is_none()
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
