//! How a port or a pipe is left that goes on: what had arrived when the end was asked for is read, or, where that takes too long, counted as lost.

use crate::capture::{Block, Fill, Source};
use crate::model::{Timestamp, clock};
use std::time::{Duration, Instant};

/// How long what had arrived is still analysed, and how long what is left after that is counted.
const LEAVE: Duration = Duration::from_secs(2);

/// The end was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Leaving {
    since: Instant,
    wall: Timestamp,
}

impl Leaving {
    /// From now on.
    pub fn now() -> Self {
        Self { since: clock::now(), wall: clock::wall() }
    }

    /// Whether everything that had arrived by then has been read: nothing is left, or what comes now is newer.
    pub fn has_caught_up(&self, newest: Option<Timestamp>) -> bool {
        newest.is_none_or(|newest| newest > self.wall)
    }

    /// Whether the rest is to be counted only.
    pub fn is_overdue(&self) -> bool {
        clock::since(self.since) > LEAVE
    }

    /// Packets that had arrived at a port and are read by nobody: they are taken out of its ring as fast as that goes, and not looked at.
    pub fn left_behind(&self, source: &mut dyn Source) -> u64 {
        let (since, mut block, mut packets) = (clock::now(), Block::new(), 0u64);
        while source.is_live() && clock::since(since) <= LEAVE {
            block.clear();
            let filled = source.fill(&mut block);
            packets = packets.saturating_add(block.packets.iter().filter(|packet| packet.time <= self.wall).count() as u64);
            if !matches!(filled, Ok(Fill::Packets)) || self.has_caught_up(block.packets.last().map(|packet| packet.time)) {
                break;
            }
        }
        packets
    }
}
