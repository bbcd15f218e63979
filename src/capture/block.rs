//! A block: an arena of packet bytes and an index of the packets in it.

use crate::model::limits::{BLOCK_BYTES, BLOCK_PACKETS, WEIGHTS};
use crate::model::{LinkType, PacketNote, Timestamp};

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
    /// Tunnels to be taken off, and [`Packet::POP`]: set by the router, read by the workers.
    pub peel: u8,
    /// Class of the mirror link's utilisation at its time (0: unknown): set by the router.
    pub load: u8,
    /// The mirror session it came through (0: none): set by the router, read by the workers.
    pub session: u16,
    /// For how many packets it stands: 0 for itself, else the number (from 1) of an entry of [`Block::weights`]. Set by the router.
    pub weight: u16,
    /// Bytes at its end that are not the frame's: a trailer, a check sequence. Set by the router.
    pub trim: u8,
}

impl Packet {
    /// In [`Packet::peel`]: the outermost VLAN tag is a mirror's own and is taken off.
    pub const POP: u8 = 0x80;

    /// How many tunnels are taken off.
    #[inline]
    pub fn peels(&self) -> u8 {
        self.peel & !Self::POP
    }

    /// Whether the outermost VLAN tag is taken off.
    #[inline]
    pub fn pops(&self) -> bool {
        self.peel & Self::POP != 0
    }

    /// Length of the frame on the wire, without what is trimmed.
    #[inline]
    pub fn frame_wire(&self) -> u32 {
        self.wire.saturating_sub(self.trim.into())
    }

    /// A packet as a source knows it; the router's part is still empty.
    #[inline]
    pub fn new(time: Timestamp, offset: u32, captured: u32, wire: u32, link: LinkType, interface: u16) -> Self {
        Self { time, offset, captured, wire, link, interface, shard: 0, peel: 0, load: 0, session: 0, weight: 0, trim: 0 }
    }
}

/// The distinct weights of a block's packets.
#[derive(Debug, Default)]
pub struct Weights(Vec<u32>);

impl Weights {
    /// The number of a weight, for [`Packet::weight`]; `None` beyond the cap of distinct ones.
    pub fn number(&mut self, weight: u32) -> Option<u16> {
        let at = match self.0.iter().rposition(|&w| w == weight) {
            Some(at) => at,
            None if self.0.len() < WEIGHTS => {
                self.0.push(weight);
                self.0.len() - 1
            }
            None => return None,
        };
        u16::try_from(at + 1).ok()
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
    /// What packets with a weight stand for, in packets; 0 is a packet that brought samples and counts on the link only.
    pub weights: Weights,
    /// What a file says of some of the packets, in tape order: only where somebody wants to know.
    pub notes: Vec<PacketNote>,
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
        Self { data: vec![0; bytes], packets: Vec::with_capacity(2048), weights: Weights::default(), notes: Vec::new(), used: 0 }
    }

    /// Forgets the packets; the arena stays.
    pub fn clear(&mut self) {
        self.packets.clear();
        self.weights.0.clear();
        self.notes.clear();
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

    /// For how many packets one stands.
    #[inline]
    pub fn weight(&self, packet: &Packet) -> u32 {
        usize::from(packet.weight).checked_sub(1).map_or(1, |at| self.weights.0.get(at).copied().unwrap_or(1))
    }

    /// What the file says of a packet.
    pub fn note(&self, packet: &Packet) -> Option<&PacketNote> {
        let at = self.notes.binary_search_by_key(&packet.offset, |note| note.offset).ok()?;
        self.notes.get(at)
    }

    /// The bytes of a packet as they were captured.
    #[inline]
    pub fn captured(&self, packet: &Packet) -> &[u8] {
        let from = packet.offset as usize;
        self.data.get(from..from + packet.captured as usize).unwrap_or(&[])
    }

    /// The captured bytes of a packet's frame, without what is trimmed.
    #[inline]
    pub fn bytes(&self, packet: &Packet) -> &[u8] {
        let from = packet.offset as usize;
        // A damaged record may hold more than its wire length says.
        let length = if packet.trim == 0 { packet.captured } else { packet.captured.min(packet.frame_wire()) };
        self.data.get(from..from + length as usize).unwrap_or(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_half_a_cache_line() {
        assert_eq!(std::mem::size_of::<Packet>(), 32);
    }

    #[test]
    fn weights_are_told_apart_by_number() {
        let mut block = Block::with_bytes(64);
        block.push(Timestamp(0), 60, LinkType::ETHERNET, 0, &[7; 60]);
        assert_eq!(block.weight(&block.packets[0]), 1);
        for (weight, number) in [(512, 1), (0, 2), (512, 1), (1000, 3)] {
            assert_eq!(block.weights.number(weight), Some(number));
            block.packets[0].weight = number;
            assert_eq!(block.weight(&block.packets[0]), weight);
        }
        (0..WEIGHTS as u32).for_each(|w| _ = block.weights.number(w + 5000));
        assert_eq!(block.weights.number(u32::MAX), None);
        assert_eq!(block.weights.number(512), Some(1));
        block.clear();
        assert!(block.weights.0.is_empty());
    }

    #[test]
    fn what_is_trimmed_is_not_in_the_frame() {
        let mut block = Block::with_bytes(64);
        block.push(Timestamp(0), 60, LinkType::ETHERNET, 0, &[7; 60]);
        block.push(Timestamp(0), 100, LinkType::ETHERNET, 0, &[7; 50]);
        for packet in &mut block.packets {
            packet.trim = 12;
        }
        let lengths = |at: usize| (block.packets[at].frame_wire(), block.bytes(&block.packets[at]).len());
        assert_eq!((lengths(0), lengths(1)), ((48, 48), (88, 50)));
    }
}
