//! Readers of the tape: whoever wants the packets themselves, beside the shards that count them.

use crate::capture::{Block, Packet};
use crate::engine::tape::{Mark, TapeBlock};
pub use crate::model::TapePacket;
use crate::model::Timestamp;
use std::ops::Range;

/// Reads packets and marks in the order of the tape, in whichever thread is free: a recorder's ring, a savefile, a test. The next block
/// comes when this one has been read, and blocks are few, so a reader copies what it keeps into memory of its own, which it bounds by a
/// cap in [`crate::model::limits`], and leaves what takes long (a disk, a network) to a thread of its own.
pub trait TapeReader: Send {
    /// Packets that follow each other with no mark between them.
    fn block(&mut self, run: &TapeRun<'_>);

    /// A mark behind the packets that were read so far.
    fn mark(&mut self, mark: TapeMark);
}

/// What lies between packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TapeMark {
    /// A load interval ends: its number. A packet that comes late belongs to an interval before the open one.
    Interval(u64),
    /// A snapshot is taken.
    Snapshot {
        /// Its number.
        number: u64,
        /// Packet time.
        now: Timestamp,
        /// Whether the source has ended.
        finished: bool,
    },
    /// Everything counted so far is forgotten.
    Reset,
}

impl TapeMark {
    /// `None` for what is the shards' own business.
    fn of(mark: &Mark) -> Option<Self> {
        Some(match mark {
            Mark::Interval(number, _) => Self::Interval(*number),
            Mark::Snapshot(request) => Self::Snapshot { number: request.number, now: request.now, finished: request.finished },
            Mark::Reset => Self::Reset,
            Mark::Copies(_) | Mark::Beat(..) => return None,
        })
    }
}

/// A packet of a block.
pub fn captured<'a>(block: &'a Block, packet: &Packet) -> TapePacket<'a> {
    TapePacket { time: packet.time, link: packet.link, wire: packet.wire, interface: packet.interface, bytes: block.captured(packet) }
}

/// Packets between two marks.
#[derive(Debug, Clone)]
pub struct TapeRun<'a> {
    block: &'a Block,
    range: Range<usize>,
}

impl<'a> TapeRun<'a> {
    /// The packets in the order of the tape. Samples that were read out of a packet are left out: they are in its bytes.
    pub fn packets(&self) -> impl Iterator<Item = TapePacket<'a>> + use<'a> {
        let block = self.block;
        let own = move |p: &&Packet| p.weight == 0 || block.weight(p) == 0;
        block.packets.get(self.range.clone()).unwrap_or(&[]).iter().filter(own).map(move |p| captured(block, p))
    }
}

/// Shows a reader a whole block.
pub fn read(tape_block: &TapeBlock, reader: &mut dyn TapeReader) {
    let block = &tape_block.block;
    let mut from = 0;
    let packets = |from: usize, to: usize, reader: &mut dyn TapeReader| {
        if from < to {
            reader.block(&TapeRun { block, range: from..to });
        }
    };
    for (at, mark) in &tape_block.marks {
        let Some(mark) = TapeMark::of(mark) else { continue };
        packets(from, *at as usize, reader);
        reader.mark(mark);
        from = *at as usize;
    }
    packets(from, block.packets.len(), reader);
}
