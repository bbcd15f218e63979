//! How much the engine may keep: a budget in bytes, divided among what grows with the traffic.

use crate::engine::fold::detectors::FlowDetectors;
use crate::engine::tape::precomputed::Precomputed;
use crate::model::limits::{BLOCK_BYTES, BLOCK_PACKETS, FLOWS_PER_SHARD, HOST_ROWS, LIVE_BLOCKS, SHARDS};
use crate::snapshot::{Conversation, HostRow};
use crate::stats::FlowHot;
use crate::stats::flow::FlowCold;
use std::mem::size_of;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of an index for each row at its cap: two places of eight bytes.
pub(in crate::engine) const INDEX: usize = 16;
/// Bytes of a row's number in the list of those touched, and in another list where it waits.
pub(in crate::engine) const NUMBERS: usize = 8;

/// Bytes of a conversation in its shard: its record, how it is found, and its place in lists.
pub(in crate::engine) const FLOW: usize = size_of::<FlowHot<FlowDetectors>>() + size_of::<FlowCold>() + INDEX + NUMBERS;
/// Bytes of a row of end points and of address pairs.
pub(in crate::engine) const HOST: usize = size_of::<HostRow>() + INDEX + NUMBERS;
pub(in crate::engine) const PAIR: usize = size_of::<Conversation>() + INDEX + NUMBERS;
/// Bytes of a block of the tape.
pub(in crate::engine) const BLOCK: usize =
    BLOCK_BYTES + BLOCK_PACKETS * (size_of::<crate::capture::Packet>() + size_of::<Precomputed>() + 4);

/// Conversations kept in a shard, at least: fewer would push out what goes on.
const FEWEST_FLOWS: usize = 64;
/// Blocks of the tape of a live port, at least: one is filled, one folded, one on its way.
const FEWEST_BLOCKS: usize = 4;

/// What may be kept of what grows with the traffic. Beyond it, conversations idle longest and new rows are counted as "other".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryPlan {
    /// Conversations in each shard.
    pub flows_per_shard: usize,
    /// Bytes of the tables of hosts and ports.
    pub end_points: usize,
    /// Bytes of the tables of MAC addresses, and of pairs of MAC and of IP addresses.
    pub pairs: usize,
    /// Blocks of the tape of a live port.
    pub live_blocks: usize,
}

impl Default for MemoryPlan {
    /// Every cap as [`limits`](crate::model::limits) has it.
    fn default() -> Self {
        Self {
            flows_per_shard: FLOWS_PER_SHARD,
            end_points: 5 * HOST_ROWS * HOST,
            pairs: HOST_ROWS * (3 * PAIR + HOST),
            live_blocks: LIVE_BLOCKS,
        }
    }
}

impl MemoryPlan {
    /// What fits in a budget of this many bytes: five sixteenths are the conversations', three each the end points' and the pairs', two at
    /// most the tape's of a live port; the rest is for what is bounded anyway.
    pub fn within(budget: u64) -> Self {
        let budget = usize::try_from(budget).unwrap_or(usize::MAX);
        let (share, most) = (|sixteenths: usize| budget / 16 * sixteenths, Self::default());
        Self {
            flows_per_shard: (share(5) / SHARDS / FLOW).clamp(FEWEST_FLOWS, most.flows_per_shard),
            end_points: share(3).clamp(FEWEST_FLOWS * HOST, most.end_points),
            pairs: share(3).clamp(FEWEST_FLOWS * PAIR, most.pairs),
            live_blocks: (share(2) / BLOCK).clamp(FEWEST_BLOCKS, most.live_blocks),
        }
    }
}

/// Bytes that some tables may take together, first come, first served: tables of one thread, so that it is the order of the rows alone that
/// decides.
#[derive(Debug, Clone)]
pub struct Room {
    left: Arc<AtomicUsize>,
    all: usize,
}

impl Room {
    /// Room for this many bytes.
    pub fn new(bytes: usize) -> Self {
        Self { left: Arc::new(AtomicUsize::new(bytes)), all: bytes }
    }

    /// The same, with nothing in it.
    pub fn emptied(&self) -> Self {
        Self::new(self.all)
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
    fn what_is_kept_fits_in_the_budget() {
        for budget in [0u64, 1 << 20, 50 << 20, 200 << 20, 1 << 30, 3 << 30, 1 << 40] {
            let m = MemoryPlan::within(budget);
            let bytes = SHARDS * m.flows_per_shard * FLOW + m.end_points + m.pairs + m.live_blocks * BLOCK;
            let least = SHARDS * FEWEST_FLOWS * FLOW + FEWEST_FLOWS * (HOST + PAIR) + FEWEST_BLOCKS * BLOCK;
            assert!(bytes as u64 <= budget / 16 * 13 + least as u64, "{budget}: {m:?}");
            assert!(m.flows_per_shard <= FLOWS_PER_SHARD && m.live_blocks <= LIVE_BLOCKS);
        }
        assert_eq!(MemoryPlan::within(u64::MAX), MemoryPlan::default());
    }

    #[test]
    fn room_is_for_all_tables_together() {
        let room = Room::new(100);
        let other = room.clone();
        assert!(room.take(60) && !other.take(41) && other.take(40) && !room.take(1));
        assert!(room.emptied().take(100));
    }
}
