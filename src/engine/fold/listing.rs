//! Tells whoever lists packets what became of each, in the order in which they came.

use crate::capture::Block;
use crate::engine::tape::reader::captured;
use crate::model::{ListedPacket, TapePacket};

/// Packets that follow each other, with what became of each.
#[derive(Debug, Clone, Copy)]
pub struct PacketBatch<'a> {
    folded: &'a [(u32, ListedPacket)],
    block: &'a Block,
}

impl<'a> PacketBatch<'a> {
    /// Each packet, and how it was captured.
    pub fn iter(&self) -> impl Iterator<Item = (&'a ListedPacket, TapePacket<'a>)> + use<'a> {
        let block = self.block;
        self.folded.iter().filter_map(move |(at, listed)| Some((listed, captured(block, block.packets.get(*at as usize)?))))
    }
}

/// Who gets every packet: some that follow each other at a time.
pub type PacketListener = Box<dyn FnMut(&PacketBatch<'_>) + Send>;

/// The packets of a block that were folded, shard by shard, and who is told.
pub struct BlockListing {
    /// Each with its place on the block.
    folded: Vec<(u32, ListedPacket)>,
    listener: PacketListener,
}

impl BlockListing {
    /// Nothing so far.
    pub fn new(listener: PacketListener) -> Self {
        Self { folded: Vec::new(), listener }
    }

    /// Notes a packet.
    pub fn note(&mut self, at: u32, packet: ListedPacket) {
        self.folded.push((at, packet));
    }

    /// Tells the packets of a block.
    pub fn tell(&mut self, block: &Block) {
        self.folded.sort_unstable_by_key(|&(at, _)| at);
        if !self.folded.is_empty() {
            (self.listener)(&PacketBatch { folded: &self.folded, block });
        }
        self.folded.clear();
    }
}
