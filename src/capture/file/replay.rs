//! A source at the pace of its packets' times.

use super::input::READ_ATTEMPTS;
use crate::capture::{Block, Fill, Source, SourceInfo, SourceLosses};
use crate::error::Result;
use crate::model::Timestamp;
use crate::model::clock;
use crate::model::time::SECOND;
use rustix::event::{Timespec, poll};
use std::time::{Duration, Instant};

/// A gap longer than this, one hour of packet time, is taken for a clock that was set, not for silence.
const JUMP: i64 = 3600 * SECOND;

/// What is waited for such a gap, in packet time.
const JUMP_WAIT: i64 = SECOND;

/// Releases packets when their time has come. Gaps are kept exactly, except jumps of more than an hour, which take a second.
/// Packets older than one before them go at once.
pub(super) struct Replay {
    source: Box<dyn Source>,
    speed: f64,
    /// Read, not all released.
    block: Block,
    next: usize,
    ended: bool,
    /// When the first packet went.
    start: Option<Instant>,
    /// The latest packet time released or waited for.
    now: Timestamp,
    /// Packet time from the first packet to `now`, jumps shortened.
    elapsed: i64,
}

impl Replay {
    /// Paces `source`, `speed` times as fast as captured.
    pub(super) fn new(source: Box<dyn Source>, speed: f64) -> Self {
        Self { source, speed, block: Block::new(), next: 0, ended: false, start: None, now: Timestamp(i64::MIN), elapsed: 0 }
    }

    /// How long a packet of this time must wait still.
    fn wait(&mut self, time: Timestamp) -> Duration {
        let start = *self.start.get_or_insert_with(|| {
            self.now = time;
            clock::now()
        });
        let gap = time.since(self.now);
        if gap > 0 {
            self.elapsed = self.elapsed.saturating_add(if gap > JUMP { JUMP_WAIT } else { gap });
            self.now = time;
        }
        // Far beyond any gap allowed, and below what a duration holds.
        let seconds = (self.elapsed as f64 / SECOND as f64 / self.speed).min(1e12);
        Duration::from_secs_f64(seconds).saturating_sub(clock::since(start))
    }

    /// Releases what is due. `Some`: how long the next one must wait.
    fn release(&mut self, block: &mut Block) -> Option<Duration> {
        while let Some(packet) = self.block.packets.get(self.next).copied() {
            let wait = self.wait(packet.time);
            if !wait.is_zero() {
                return Some(wait);
            }
            if !block.has_room(packet.captured as usize) {
                return None;
            }
            block.push(packet.time, packet.wire, packet.link, packet.interface, self.block.bytes(&packet));
            self.next += 1;
        }
        None
    }
}

impl Source for Replay {
    fn fill(&mut self, block: &mut Block) -> Result<Fill> {
        if self.next >= self.block.packets.len() && !self.ended {
            self.block.clear();
            self.next = 0;
            match self.source.fill(&mut self.block)? {
                Fill::Packets => {}
                Fill::Quiet => return Ok(Fill::Quiet),
                Fill::End => self.ended = true,
            }
        }
        let wait = self.release(block);
        match wait {
            Some(wait) if block.packets.is_empty() => {
                let wait = wait.min(Duration::from_millis(u64::from(READ_ATTEMPTS)));
                let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(wait.subsec_nanos()) };
                // No descriptor: a sleep that a signal ends, which is welcome.
                let _ = poll(&mut [], Some(&timeout));
                Ok(if self.release(block).is_some() && block.packets.is_empty() { Fill::Quiet } else { Fill::Packets })
            }
            None if block.packets.is_empty() && self.ended => Ok(Fill::End),
            _ => Ok(Fill::Packets),
        }
    }

    fn info(&self) -> Vec<SourceInfo> {
        let mut info = self.source.info();
        // Read ahead, not delivered: exact for one file.
        if let [only] = info.as_mut_slice() {
            only.packets = only.packets.saturating_sub((self.block.packets.len() - self.next) as u64);
        }
        info
    }

    fn behind(&self) -> Option<&dyn Source> {
        Some(&*self.source)
    }

    fn losses(&mut self) -> SourceLosses {
        self.source.losses()
    }
}
