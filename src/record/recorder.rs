//! The flight recorder: the last packets in memory, as they were captured.
//!
//! Packets are copied into segments of one size. Full segments are shared and never change; whoever looks at them holds none of the
//! recorder's locks. The oldest one is written over when there are enough, so that nothing is allocated for a packet.

use crate::model::limits::SEGMENT_BYTES;
use crate::model::{LinkType, TapePacket, Timestamp};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Packets of a segment, at most: as many as fit when they are of 64 bytes.
const SEGMENT_PACKETS: usize = SEGMENT_BYTES / 64;

/// Where a packet lies in its segment.
#[derive(Debug, Clone, Copy)]
struct Slot {
    time: Timestamp,
    offset: u32,
    captured: u32,
    wire: u32,
    link: LinkType,
    interface: u16,
}

/// Some packets that followed each other.
#[derive(Debug)]
pub struct PacketRun {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
    /// The number of its first packet, from 0.
    first: u64,
}

impl PacketRun {
    pub(super) fn new() -> Self {
        Self { bytes: Vec::with_capacity(SEGMENT_BYTES), slots: Vec::with_capacity(SEGMENT_PACKETS), first: 0 }
    }

    /// The number of its first packet, from 0.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// How many packets it has.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// One of its packets.
    pub fn get(&self, at: usize) -> Option<TapePacket<'_>> {
        let slot = self.slots.get(at)?;
        let from = slot.offset as usize;
        Some(TapePacket {
            time: slot.time,
            link: slot.link,
            wire: slot.wire,
            interface: slot.interface,
            bytes: self.bytes.get(from..from + slot.captured as usize)?,
        })
    }

    /// Its packets in their order.
    pub fn packets(&self) -> impl Iterator<Item = TapePacket<'_>> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    pub(super) fn has_room(&self, packet: &TapePacket<'_>) -> bool {
        self.is_empty() || self.bytes.len() + packet.bytes.len() <= SEGMENT_BYTES && self.slots.len() < SEGMENT_PACKETS
    }

    #[inline]
    pub(super) fn push(&mut self, packet: &TapePacket<'_>) {
        let offset = self.bytes.len() as u32;
        self.bytes.extend_from_slice(packet.bytes);
        self.slots.push(Slot {
            time: packet.time,
            offset,
            captured: packet.bytes.len() as u32,
            wire: packet.wire,
            link: packet.link,
            interface: packet.interface,
        });
    }

    pub(super) fn begin(&mut self, first: u64) {
        self.bytes.clear();
        self.slots.clear();
        self.first = first;
    }

    fn copy(&self) -> Self {
        Self { bytes: self.bytes.clone(), slots: self.slots.clone(), first: self.first }
    }
}

/// Segments behind each other.
struct Held {
    full: VecDeque<Arc<PacketRun>>,
    open: PacketRun,
    /// Segments held at most, the open one among them.
    most: usize,
    /// Time of the first packet of all.
    begin: Option<Timestamp>,
}

/// The last packets. Cloning shares them.
#[derive(Clone)]
pub struct Recorder {
    held: Arc<Mutex<Held>>,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recorder")
    }
}

impl Recorder {
    /// Keeps packets in at most so many bytes, at least in two segments.
    pub fn new(bytes: usize) -> Self {
        let most = (bytes / (SEGMENT_BYTES + SEGMENT_PACKETS * size_of::<Slot>())).max(2);
        Self { held: Arc::new(Mutex::new(Held { full: VecDeque::with_capacity(most), open: PacketRun::new(), most, begin: None })) }
    }

    /// Keeps packets that follow those before.
    pub fn record<'a>(&self, packets: impl Iterator<Item = TapePacket<'a>>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        for packet in packets {
            if !held.open.has_room(&packet) {
                held.turn();
            }
            held.begin.get_or_insert(packet.time);
            held.open.push(&packet);
        }
    }

    /// What is held now: nothing of it changes any more. The newest packets are copied.
    pub fn segments(&self) -> Vec<Arc<PacketRun>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.full.iter().cloned().chain((!held.open.is_empty()).then(|| Arc::new(held.open.copy()))).collect()
    }

    /// Numbers of the packets held, from 0.
    pub fn range(&self) -> Range<u64> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let first = held.full.front().map_or(held.open.first, |segment| segment.first);
        first..held.open.first + held.open.len() as u64
    }

    /// Time of the first packet that was ever kept.
    pub fn begin(&self) -> Option<Timestamp> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).begin
    }

    /// Bytes of packets held at most.
    pub fn capacity(&self) -> usize {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).most * SEGMENT_BYTES
    }
}

impl Held {
    /// Puts the open segment behind the others and opens another: the oldest one, where there are enough and nobody looks at it.
    fn turn(&mut self) {
        let next = self.open.first + self.open.len() as u64;
        let oldest = if self.full.len() + 1 >= self.most { self.full.pop_front() } else { None };
        let mut fresh = oldest.and_then(|segment| Arc::try_unwrap(segment).ok()).unwrap_or_else(PacketRun::new);
        fresh.begin(next);
        self.full.push_back(Arc::new(std::mem::replace(&mut self.open, fresh)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_packets_are_held_and_the_oldest_go() {
        let recorder = Recorder::new(6 * SEGMENT_BYTES);
        let bytes = vec![7; 1000];
        let packet = |n: i64| TapePacket { time: Timestamp(n), link: LinkType::ETHERNET, wire: 2000, interface: 1, bytes: &bytes };
        for n in 0..20_000 {
            recorder.record(std::iter::once(packet(n)));
        }
        let range = recorder.range();
        assert_eq!(range.end, 20_000);
        assert!(range.start > 0);
        assert_eq!(recorder.begin(), Some(Timestamp(0)), "times count from it though it has gone");
        let held: Vec<i64> = recorder.segments().iter().flat_map(|s| s.packets().map(|p| p.time.0).collect::<Vec<_>>()).collect();
        assert_eq!(held, (range.start as i64..20_000).collect::<Vec<_>>());
        assert!(held.len() * 1000 <= recorder.capacity() && held.len() * 1000 > recorder.capacity() / 2, "{}", held.len());
        // What somebody looks at stays as it is.
        let seen = recorder.segments();
        let first = seen[0].first();
        (0..9_000).for_each(|n| recorder.record(std::iter::once(packet(n))));
        assert_eq!((seen[0].first(), seen[0].get(0).map(|p| p.bytes.len())), (first, Some(1000)));
    }
}
