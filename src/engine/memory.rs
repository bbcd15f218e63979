//! How much the engine may keep: a budget in bytes, divided among what grows with the traffic.

use crate::engine::fold::detectors::FlowDetectors;
use crate::engine::merge::{INDEX, NUMBERS};
use crate::engine::tape::precomputed::Precomputed;
use crate::model::CapScale;
use crate::model::limits::{BLOCK_BYTES, BLOCK_PACKETS, FILE_BLOCK_BYTES, FILE_BLOCKS, FLOWS_PER_SHARD, HOST_ROWS, LIVE_BLOCKS, SHARDS};
use crate::snapshot::{Conversation, HostRow};
use crate::stats::FlowHot;
use crate::stats::flow::FlowCold;
use std::mem::size_of;

/// Bytes of a conversation in its shard: its record, how it is found, and its place in lists.
pub(in crate::engine) const FLOW: usize = size_of::<FlowHot<FlowDetectors>>() + size_of::<FlowCold>() + INDEX + NUMBERS;
/// Bytes of a row of end points and of address pairs.
pub(in crate::engine) const HOST: usize = size_of::<HostRow>() + INDEX + NUMBERS;
pub(in crate::engine) const PAIR: usize = size_of::<Conversation>() + INDEX + NUMBERS;
/// Bytes of a block of the tape beside those of its packets, and of a block of a live port.
const BLOCK_INDEX: usize = BLOCK_PACKETS * (size_of::<crate::capture::Packet>() + size_of::<Precomputed>() + 4);
pub(in crate::engine) const BLOCK: usize = BLOCK_BYTES + BLOCK_INDEX;

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
    /// Bytes of packets in a block of a file's tape.
    pub file_block_bytes: usize,
    /// How much of the caps beside them is allowed.
    pub caps: CapScale,
}

impl Default for MemoryPlan {
    /// Every cap as [`limits`](crate::model::limits) has it.
    fn default() -> Self {
        Self {
            flows_per_shard: FLOWS_PER_SHARD,
            end_points: 5 * HOST_ROWS * HOST,
            pairs: HOST_ROWS * (3 * PAIR + HOST),
            live_blocks: LIVE_BLOCKS,
            file_block_bytes: FILE_BLOCK_BYTES,
            caps: CapScale::WHOLE,
        }
    }
}

impl MemoryPlan {
    /// What fits in a budget of this many bytes: five sixteenths are the conversations' and as many the pairs', three the end points', two at
    /// most the tape's; the rest is for what is bounded anyway.
    pub fn within(budget: u64) -> Self {
        let caps = CapScale::within(budget);
        let budget = usize::try_from(budget).unwrap_or(usize::MAX);
        let (share, most) = (|sixteenths: usize| budget / 16 * sixteenths, Self::default());
        Self {
            flows_per_shard: (share(5) / SHARDS / FLOW).clamp(FEWEST_FLOWS, most.flows_per_shard),
            end_points: share(3).clamp(FEWEST_FLOWS * HOST, most.end_points),
            pairs: share(5).clamp(FEWEST_FLOWS * PAIR, most.pairs),
            live_blocks: (share(2) / BLOCK).clamp(FEWEST_BLOCKS, most.live_blocks),
            file_block_bytes: (share(2) / FILE_BLOCKS).saturating_sub(BLOCK_INDEX).clamp(BLOCK_BYTES, most.file_block_bytes),
            caps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_fits_in_the_budget() {
        for budget in [0u64, 1 << 20, 50 << 20, 200 << 20, 1 << 30, 3 << 30, 1 << 40] {
            let m = MemoryPlan::within(budget);
            let tape = (m.live_blocks * BLOCK).max(FILE_BLOCKS * (m.file_block_bytes + BLOCK_INDEX));
            let bytes = SHARDS * m.flows_per_shard * FLOW + m.end_points + m.pairs + tape;
            let least = SHARDS * FEWEST_FLOWS * FLOW + FEWEST_FLOWS * (HOST + PAIR) + FEWEST_BLOCKS.max(FILE_BLOCKS) * BLOCK;
            assert!(bytes as u64 <= budget / 16 * 15 + least as u64, "{budget}: {m:?}");
            assert!(m.flows_per_shard <= FLOWS_PER_SHARD && m.live_blocks <= LIVE_BLOCKS);
        }
        assert_eq!(MemoryPlan::within(u64::MAX), MemoryPlan::default());
    }
}
