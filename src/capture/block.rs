//! A block: an arena of packet bytes and an index of the packets in it.

use crate::model::limits::{BLOCK_BYTES, BLOCK_PACKETS};
use crate::model::{LinkType, Timestamp};

/// Where one packet lies in its [`Block`], and what the source knew of it.
#[derive(Debug, Clone, Copy)]
pub struct Packet {
    /// Packet time.
    pub time: Timestamp,
    /// First byte in the block's arena.
    pub offset: u32,
    /// Bytes captured.
    pub captured: u32,
    /// Bytes on the wire (`orig_len`; never less than what the record says).
    pub wire: u32,
    /// Link-layer type.
    pub link: LinkType,
    /// Index of the interface it came from, over all sources.
    pub interface: u16,
    /// The shard it belongs to: set by the router, read by the workers.
    pub shard: u8,
    /// Tunnels to be taken off: set by the router, read by the workers.
    pub peel: u8,
    /// Class of the mirror link's utilisation at its time (0: unknown): set by the router.
    pub load: u8,
    /// The mirror session it came through (0: none): set by the router, read by the workers.
    pub session: u16,
}

impl Packet {
    /// A packet as a source knows it; the router's part is still empty.
    #[inline]
    pub fn new(time: Timestamp, offset: u32, captured: u32, wire: u32, link: LinkType, interface: u16) -> Self {
        Self { time, offset, captured, wire, link, interface, shard: 0, peel: 0, load: 0, session: 0 }
    }
}

/// A reusable piece of the tape: packet bytes in one arena and an index. Sources fill it, the router assigns shards, workers read it.
#[derive(Debug)]
pub struct Block {
    /// The arena. Sources may put more than packet bytes here (a file's record headers); only indexed ranges are packets.
    /// Its length is kept (at least [`BLOCK_BYTES`]) so that filling it again needs no zeroing.
    pub data: Vec<u8>,
    /// The packets, in tape order.
    pub packets: Vec<Packet>,
    /// Bytes of `data` in use by a copying source ([`Block::push`]).
    used: usize,
}

impl Default for Block {
    fn default() -> Self {
        Self::new()
    }
}

impl Block {
    /// An empty block with its arena allocated.
    pub fn new() -> Self {
        Self::with_bytes(BLOCK_BYTES)
    }

    /// An empty block with an arena of `bytes`.
    pub fn with_bytes(bytes: usize) -> Self {
        Self { data: vec![0; bytes], packets: Vec::with_capacity(2048), used: 0 }
    }

    /// Forgets the packets; the arena stays.
    pub fn clear(&mut self) {
        self.packets.clear();
        self.used = 0;
    }

    /// Whether another packet of `captured` bytes may be pushed.
    pub fn has_room(&self, captured: usize) -> bool {
        self.packets.len() < BLOCK_PACKETS && (self.used + captured <= self.data.len() || self.packets.is_empty())
    }

    /// Copies a packet in. A packet larger than the whole arena grows it (callers bound packets to
    /// [`crate::model::limits::MAX_PACKET_BYTES`]).
    #[inline]
    pub fn push(&mut self, time: Timestamp, wire: u32, link: LinkType, interface: u16, bytes: &[u8]) {
        let end = self.used + bytes.len();
        if end > self.data.len() {
            self.data.resize(end, 0);
        }
        self.data[self.used..end].copy_from_slice(bytes);
        self.packets.push(Packet::new(time, self.used as u32, bytes.len() as u32, wire, link, interface));
        self.used = end;
    }

    /// The captured bytes of a packet of this block.
    #[inline]
    pub fn bytes(&self, packet: &Packet) -> &[u8] {
        let from = packet.offset as usize;
        self.data.get(from..from + packet.captured as usize).unwrap_or(&[])
    }
}
