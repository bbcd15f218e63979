//! Packets that were left out as copies and may have to be counted after all: their headers, by the slots the filter gives them.

use crate::capture::Packet;
use crate::model::Stop;
use crate::model::limits::COPY_HELD_BYTES;

/// A packet that was left out: its first bytes.
#[derive(Debug, Clone, Copy)]
pub struct HeldPacket {
    /// The packet; where it lies in a block says nothing any more.
    pub packet: Packet,
    /// Why decoding it whole ended early.
    pub stop: Option<Stop>,
    bytes: [u8; COPY_HELD_BYTES],
    length: u8,
}

impl HeldPacket {
    fn new(packet: &Packet, stop: Option<Stop>, bytes: &[u8]) -> Self {
        let mut held = Self { packet: *packet, stop, bytes: [0; COPY_HELD_BYTES], length: 0 };
        for (to, from) in held.bytes.iter_mut().zip(bytes) {
            *to = *from;
        }
        held.length = bytes.len().min(COPY_HELD_BYTES) as u8;
        held
    }

    /// Its first bytes.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or(&[])
    }
}

const _: () = assert!(COPY_HELD_BYTES <= u8::MAX as usize);

/// Those of a shard.
#[derive(Debug, Default)]
pub struct HeldPackets(Vec<HeldPacket>);

impl HeldPackets {
    /// Keeps a packet in a slot: one that was used before, or the next.
    pub fn keep(&mut self, slot: u16, packet: &Packet, stop: Option<Stop>, bytes: &[u8]) {
        let held = HeldPacket::new(packet, stop, bytes);
        match self.0.get_mut(usize::from(slot)) {
            Some(place) => *place = held,
            None => self.0.push(held),
        }
    }

    /// The packet in a slot.
    pub fn get(&self, slot: u16) -> Option<HeldPacket> {
        self.0.get(usize::from(slot)).copied()
    }
}
