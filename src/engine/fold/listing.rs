//! Tells whoever lists packets what became of each, in the order in which they came.

use crate::model::ListedPacket;

/// Who gets every packet: some that follow each other at a time.
pub type PacketListener = Box<dyn FnMut(&[ListedPacket]) + Send>;

/// The packets of a block that were folded, shard by shard, and who is told.
pub struct Listing {
    /// Each with its place on the block.
    folded: Vec<(u32, ListedPacket)>,
    ordered: Vec<ListedPacket>,
    listener: PacketListener,
}

impl Listing {
    /// Nothing so far.
    pub fn new(listener: PacketListener) -> Self {
        Self { folded: Vec::new(), ordered: Vec::new(), listener }
    }

    /// Notes a packet.
    pub fn note(&mut self, at: u32, packet: ListedPacket) {
        self.folded.push((at, packet));
    }

    /// Tells the packets of a block.
    pub fn tell(&mut self) {
        self.folded.sort_unstable_by_key(|&(at, _)| at);
        self.ordered.clear();
        self.ordered.extend(self.folded.drain(..).map(|(_, packet)| packet));
        if !self.ordered.is_empty() {
            (self.listener)(&self.ordered);
        }
    }
}
