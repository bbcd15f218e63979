//! Several files as one tape, by packet time.

use super::index::PacketIndex;
use super::reader::Reader;
use crate::capture::{Block, Fill, Packet, Source, SourceInfo, SourceLosses};
use crate::error::Result;
use crate::model::limits::{BLOCK_BYTES, MERGE_BYTES};
use crate::model::{FileInterface, PacketNote, Timestamp};
use std::sync::Arc;

/// A file and the block it is read through.
struct Lane {
    reader: Reader,
    block: Block,
    /// The next packet of `block` to go.
    next: usize,
    ended: bool,
    /// Index over all files of each of its interfaces, `None` until a packet of it has gone.
    interfaces: Vec<Option<u16>>,
}

impl Lane {
    fn head(&self) -> Option<Packet> {
        self.block.packets.get(self.next).copied()
    }

    /// Makes sure that the next packet is known, or that there is none. False: it is not known yet.
    fn advance(&mut self) -> Result<bool> {
        while self.next >= self.block.packets.len() && !self.ended {
            self.block.clear();
            self.next = 0;
            match self.reader.fill(&mut self.block)? {
                Fill::Packets => {}
                Fill::Quiet => return Ok(false),
                Fill::End => self.ended = true,
            }
        }
        Ok(true)
    }
}

/// A stable k-way merge: of the files' next packets the earliest goes first, of equal ones that of the file named first.
pub(super) struct Merge {
    lanes: Vec<Lane>,
    interfaces: u16,
    /// Who is told how many packets have gone, and how many have.
    index: Option<Arc<PacketIndex>>,
    packets: u64,
}

impl Merge {
    /// Merges files.
    pub(super) fn new(readers: Vec<Reader>, index: Option<Arc<PacketIndex>>) -> Self {
        let bytes = (MERGE_BYTES / readers.len().max(1)).clamp(16 * 1024, BLOCK_BYTES);
        let lane = |reader| Lane { reader, block: Block::with_bytes(bytes), next: 0, ended: false, interfaces: Vec::new() };
        Self { lanes: readers.into_iter().map(lane).collect(), interfaces: 0, index, packets: 0 }
    }

    /// The lane to go next, and the time up to which it may go on without asking again: exclusive when a lane before it has
    /// that time, else inclusive.
    fn choose(&self) -> Option<(usize, Timestamp, bool)> {
        let mut best: Option<(Timestamp, usize)> = None;
        let mut second: Option<(Timestamp, usize)> = None;
        for (index, lane) in self.lanes.iter().enumerate() {
            let Some(packet) = lane.head() else { continue };
            let this = (packet.time, index);
            if best.is_none_or(|b| this < b) {
                second = best;
                best = Some(this);
            } else if second.is_none_or(|s| this < s) {
                second = Some(this);
            }
        }
        let (_, index) = best?;
        let (until, other) = second.unwrap_or((Timestamp(i64::MAX), usize::MAX));
        Some((index, until, index < other))
    }

    /// Copies packets of one lane as long as they are its turn. False: the block is full.
    fn copy(&mut self, index: usize, until: Timestamp, inclusive: bool, block: &mut Block) -> bool {
        let Some(lane) = self.lanes.get_mut(index) else { return true };
        while let Some(packet) = lane.block.packets.get(lane.next) {
            if packet.time > until || packet.time == until && !inclusive {
                break;
            }
            if !block.has_room(packet.captured as usize) {
                return false;
            }
            let local = usize::from(packet.interface);
            if lane.interfaces.len() <= local {
                lane.interfaces.resize(local + 1, None);
            }
            let interface = match lane.interfaces.get_mut(local) {
                Some(Some(known)) => *known,
                Some(fresh) => {
                    let number = self.interfaces;
                    // Beyond 65,535 interfaces in all, the rest share the last number.
                    self.interfaces = self.interfaces.saturating_add(1);
                    *fresh = Some(number);
                    number
                }
                None => u16::MAX,
            };
            block.push(packet.time, packet.wire, packet.link, interface, lane.block.bytes(packet));
            if let Some(note) = lane.block.note(packet) {
                let offset = block.packets.last().map_or(0, |packet| packet.offset);
                block.notes.push(PacketNote { offset, ..note.clone() });
            }
            lane.next += 1;
        }
        true
    }
}

impl Merge {
    fn merge(&mut self, block: &mut Block) -> Result<Fill> {
        loop {
            for lane in &mut self.lanes {
                if !lane.advance()? {
                    return Ok(if block.packets.is_empty() { Fill::Quiet } else { Fill::Packets });
                }
            }
            let Some((index, until, inclusive)) = self.choose() else {
                return Ok(if block.packets.is_empty() { Fill::End } else { Fill::Packets });
            };
            if !self.copy(index, until, inclusive, block) {
                return Ok(Fill::Packets);
            }
        }
    }
}

impl Source for Merge {
    fn fill(&mut self, block: &mut Block) -> Result<Fill> {
        let filled = self.merge(block);
        self.packets += block.packets.len() as u64;
        if let Some(index) = &self.index {
            index.note(self.packets, None);
        }
        filled
    }

    fn info(&self) -> Vec<SourceInfo> {
        self.lanes.iter().flat_map(|lane| lane.reader.info()).collect()
    }

    fn interface(&self, number: u16) -> Option<FileInterface> {
        self.lanes.iter().find_map(|lane| {
            let local = lane.interfaces.iter().position(|known| *known == Some(number))?;
            lane.reader.interface(u16::try_from(local).ok()?)
        })
    }

    fn waits(&self) -> bool {
        self.lanes.iter().any(|lane| lane.reader.waits())
    }

    fn losses(&mut self) -> SourceLosses {
        self.lanes.iter_mut().map(|lane| lane.reader.losses()).fold(SourceLosses::default(), |sum, l| SourceLosses {
            interface: sum.interface.saturating_add(l.interface),
            kernel: sum.kernel.saturating_add(l.kernel),
        })
    }
}
