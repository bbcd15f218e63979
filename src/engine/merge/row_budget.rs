//! How many rows tables may have together, in bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of an index for each row at its cap: two places of eight bytes.
pub const INDEX: usize = 16;
/// Bytes of a row's number in the list of those touched, and in another list where it waits.
pub const NUMBERS: usize = 8;

/// Bytes that some tables may take together, first come, first served: tables of one thread, so that it is the order of the rows alone that
/// decides.
#[derive(Debug, Clone)]
pub struct RowBudget {
    left: Arc<AtomicUsize>,
    all: usize,
}

impl RowBudget {
    /// This many bytes.
    pub fn new(bytes: usize) -> Self {
        Self { left: Arc::new(AtomicUsize::new(bytes)), all: bytes }
    }

    /// The same, with nothing in it.
    pub fn emptied(&self) -> Self {
        Self::new(self.all)
    }

    /// A quarter, and the rest: what comes in crowds leaves room for what comes late.
    pub fn quarter(&self) -> (Self, Self) {
        (Self::new(self.all / 4), Self::new(self.all - self.all / 4))
    }

    /// Takes some; false when there is not as much.
    pub fn take(&self, bytes: usize) -> bool {
        let left = self.left.load(Ordering::Relaxed).checked_sub(bytes);
        left.inspect(|&left| self.left.store(left, Ordering::Relaxed)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_for_all_tables_together() {
        let room = RowBudget::new(100);
        let other = room.clone();
        assert!(room.take(60) && !other.take(41) && other.take(40) && !room.take(1));
        assert!(room.emptied().take(100));
    }
}
