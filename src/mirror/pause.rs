//! A time without packets.

use crate::model::Timestamp;

/// A time without a packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pause {
    /// The last packet before.
    pub from: Timestamp,
    /// The first one after.
    pub to: Timestamp,
    /// Packets of other kinds meanwhile, where pauses of one kind are looked at.
    pub others: u64,
}

impl Pause {
    /// Its length in nanoseconds.
    pub fn length(&self) -> i64 {
        self.to.since(self.from)
    }
}
