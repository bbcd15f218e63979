//! Several files as one tape, by packet time.

use super::index::PacketIndex;
use super::reader::FileReader;
use crate::capture::{Block, Fill, Packet, Source, SourceInfo, SourceLosses};
use crate::error::Result;
use crate::model::limits::{BLOCK_BYTES, MERGE_BYTES};
use crate::model::{FileInterface, PacketNote, Timestamp};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// A file and the block it is read through.
struct Lane {
    reader: FileReader,
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
pub(super) struct FileMerge {
    lanes: Vec<Lane>,
    /// The lanes whose next packet is known, by its time: with a thousand files nobody looks at all of them for each packet.
    heads: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// The lanes whose next packet is not known yet, the one to look at first last.
    unknown: Vec<usize>,
    interfaces: u16,
    /// Who is told how many packets have gone, and how many have.
    index: Option<Arc<PacketIndex>>,
    packets: u64,
}

impl FileMerge {
    /// Merges files.
    pub(super) fn new(readers: Vec<FileReader>, index: Option<Arc<PacketIndex>>) -> Self {
        let bytes = (MERGE_BYTES / readers.len().max(1)).clamp(16 * 1024, BLOCK_BYTES);
        let lane = |reader| Lane { reader, block: Block::with_bytes(bytes), next: 0, ended: false, interfaces: Vec::new() };
        let unknown = (0..readers.len()).rev().collect();
        let lanes: Vec<Lane> = readers.into_iter().map(lane).collect();
        Self { heads: BinaryHeap::with_capacity(lanes.len()), lanes, unknown, interfaces: 0, index, packets: 0 }
    }

    /// Makes sure that the next packet of every lane is known, or that there is none. False: one is not known yet.
    fn look(&mut self) -> Result<bool> {
        while let Some(&index) = self.unknown.last() {
            if let Some(lane) = self.lanes.get_mut(index) {
                if !lane.advance()? {
                    return Ok(false);
                }
                self.heads.extend(lane.head().map(|packet| Reverse((packet.time, index))));
            }
            self.unknown.pop();
        }
        Ok(true)
    }

    /// The lane to go next, which leaves the heap, and the time up to which it may go on without asking again: exclusive when a
    /// lane before it has that time, else inclusive.
    fn choose(&mut self) -> Option<(usize, Timestamp, bool)> {
        let Reverse((_, index)) = self.heads.pop()?;
        let (until, other) = self.heads.peek().map_or((Timestamp(i64::MAX), usize::MAX), |Reverse(second)| *second);
        Some((index, until, index < other))
    }

    /// Puts a lane back that has had its turn.
    fn put_back(&mut self, index: usize) {
        match self.lanes.get(index).and_then(Lane::head) {
            Some(packet) => self.heads.push(Reverse((packet.time, index))),
            None => self.unknown.push(index),
        }
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

impl FileMerge {
    fn merge(&mut self, block: &mut Block) -> Result<Fill> {
        loop {
            if !self.look()? {
                return Ok(if block.packets.is_empty() { Fill::Quiet } else { Fill::Packets });
            }
            let Some((index, until, inclusive)) = self.choose() else {
                return Ok(if block.packets.is_empty() { Fill::End } else { Fill::Packets });
            };
            let has_room = self.copy(index, until, inclusive, block);
            self.put_back(index);
            if !has_room {
                return Ok(Fill::Packets);
            }
        }
    }
}

impl Source for FileMerge {
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

    fn counts_losses(&self) -> bool {
        self.lanes.iter().all(|lane| lane.reader.counts_losses())
    }

    fn losses(&mut self) -> SourceLosses {
        self.lanes.iter_mut().map(|lane| lane.reader.losses()).fold(SourceLosses::default(), |sum, l| SourceLosses {
            interface: sum.interface.saturating_add(l.interface),
            kernel: sum.kernel.saturating_add(l.kernel),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::file;
    use crate::settings::FileSettings;

    /// What [`FileMerge`] promises, by looking at every file for every packet.
    fn by_looking_at_all(files: &[Vec<(i64, Vec<u8>)>]) -> Vec<(i64, Vec<u8>)> {
        let mut next = vec![0; files.len()];
        let mut merged = Vec::new();
        loop {
            let heads = files.iter().enumerate().filter_map(|(index, file)| Some((file.get(next[index])?.0, index)));
            let Some((_, index)) = heads.min() else { return merged };
            merged.push(files[index][next[index]].clone());
            next[index] += 1;
        }
    }

    #[test]
    fn the_earliest_goes_first_then_the_file_named_first_whatever_the_order_within_files() {
        let folder = std::env::temp_dir().join(format!("spantop-merge-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for count in [2_usize, 3, 70] {
            // Many equal times, times that go back within a file, files of different lengths, empty ones.
            let time = |file: usize, packet: usize| ((file * 7 + packet * packet * 5) % 23) as i64 * 1_000;
            let bytes = |file: usize, packet: usize| [vec![0; 14], vec![file as u8, packet as u8]].concat();
            let files: Vec<Vec<_>> =
                (0..count).map(|file| (0..(file * 13) % 29).map(|packet| (time(file, packet), bytes(file, packet))).collect()).collect();
            let paths: Vec<_> = (0..count).map(|file| folder.join(format!("{count}-{file}.pcap"))).collect();
            for (path, packets) in paths.iter().zip(&files) {
                std::fs::write(path, file::pcap(packets.iter().map(|(time, bytes)| (*time, bytes.as_slice())))).unwrap();
            }
            let mut source = super::super::open(&FileSettings { paths, ..FileSettings::default() }).unwrap();
            let (mut merged, mut block) = (Vec::new(), Block::with_bytes(16 * 1024));
            while source.fill(&mut block).unwrap() != Fill::End {
                merged.extend(block.packets.iter().map(|packet| (packet.time.0, block.bytes(packet).to_vec())));
                block.clear();
            }
            assert_eq!(merged, by_looking_at_all(&files), "{count} files");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
