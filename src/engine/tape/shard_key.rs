//! Which conversation a packet belongs to, and which shard.

use crate::decode::{Fragment, Headers, TransportHeader};
use crate::engine::tape::precomputed::HashKeys;
use crate::model::limits::{FRAGMENTS, SHARDS};
use crate::model::mix::{Keys, spread};
use crate::model::{Direction, FlowKey};

/// The shard of a conversation.
#[inline]
pub fn shard_of_flow(key: &FlowKey, keys: &HashKeys) -> u8 {
    shard_of_hash(keys.shards_hash(key))
}

/// The shard of a conversation by its [hash](HashKeys::shards_hash).
#[inline]
pub fn shard_of_hash(hash: u32) -> u8 {
    (hash >> (u32::BITS - SHARDS.trailing_zeros())) as u8
}

/// The shard of a packet without a network layer: by its MAC pair, either way.
pub fn shard_of_frame(headers: &Headers, keys: &HashKeys) -> u8 {
    let Some((source, destination)) = headers.mac else { return 0 };
    let number = |mac: crate::model::Mac| mac.0.iter().fold(0u128, |n, &b| n << 8 | u128::from(b));
    shard_of_flow(&FlowKey::new(false, 0, number(source), number(destination), 0, 0).0, keys)
}

/// Which fragmented datagram a packet is a piece of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FragmentedDatagram {
    key: FlowKey,
    id: u32,
    direction: Direction,
    /// Whether it is the datagram's first piece.
    pub first: bool,
    /// Whether it tells the datagram's ports.
    ports: bool,
}

impl FragmentedDatagram {
    /// By a packet's headers; `None` of a whole datagram.
    #[inline]
    pub fn of(headers: &Headers) -> Option<Self> {
        let (id, first) = match headers.fragment {
            Fragment::Whole => return None,
            Fragment::First { id } => (id, true),
            Fragment::Later { id } => (id, false),
        };
        let (key, direction) = headers.flow_between(0, 0)?;
        Some(Self { key, id, direction, first, ports: headers.transport != TransportHeader::None })
    }

    fn slot(&self, keys: &Keys) -> usize {
        ((self.key.keyed_hash(keys) ^ spread(u64::from(self.id))) >> 40) as usize % FRAGMENTS
    }
}

/// What the first fragment of a datagram lends to the later ones: a small direct-mapped table, newer entries win.
#[derive(Debug)]
pub struct FragmentTable<V> {
    /// None until a datagram comes in pieces: most captures have no such, and every shard has a table.
    slots: Vec<Option<(FlowKey, u32, Direction, V)>>,
    keys: Keys,
}

impl<V: Copy> Default for FragmentTable<V> {
    fn default() -> Self {
        Self::new(Keys::FIXED)
    }
}

impl<V: Copy> FragmentTable<V> {
    /// An empty table, with the keys of its hash.
    pub fn new(keys: Keys) -> Self {
        Self { slots: Vec::new(), keys }
    }

    /// Remembers `value` when `headers` are a first fragment's; returns what was remembered when they are a later one's.
    pub fn pass(&mut self, headers: &Headers, value: impl FnOnce() -> V) -> Option<V> {
        let piece = FragmentedDatagram::of(headers)?;
        if !piece.first {
            return self.recall(&piece);
        }
        if piece.ports {
            self.remember(&piece, value());
        }
        None
    }

    /// Remembers `value` for the other pieces of a datagram.
    pub fn remember(&mut self, piece: &FragmentedDatagram, value: V) {
        if self.slots.is_empty() {
            self.slots.resize(FRAGMENTS, None);
        }
        if let Some(slot) = self.slots.get_mut(piece.slot(&self.keys)) {
            *slot = Some((piece.key, piece.id, piece.direction, value));
        }
    }

    /// What was remembered for a piece's datagram.
    pub fn recall(&self, piece: &FragmentedDatagram) -> Option<V> {
        let slot = self.slots.get(piece.slot(&self.keys))?.as_ref()?;
        ((slot.0, slot.1, slot.2) == (piece.key, piece.id, piece.direction)).then_some(slot.3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Conversations chosen to meet in one shard by who knows how files are divided do so on no port, whatever its key.
    #[test]
    fn nobody_can_choose_a_shard() {
        let fixed = HashKeys::default();
        let key = |n: u32| FlowKey::v4(17, 0x0a00_0000 | n >> 16, 0xc0a8_0001, n as u16, 53).0;
        let chosen: Vec<FlowKey> = (0..400_000).map(key).filter(|k| shard_of_flow(k, &fixed) == 7).take(4_096).collect();
        assert_eq!(chosen.len(), 4_096);
        for secret in [1, 77, u64::MAX, 0x5eed_0000_0000_0000] {
            let keys = HashKeys { shards: Keys::new(secret), ..fixed };
            let mut shards = [0u32; SHARDS];
            chosen.iter().for_each(|k| shards[usize::from(shard_of_flow(k, &keys))] += 1);
            assert!(shards.iter().all(|&n| (20..130).contains(&n)), "{secret:#x}: {shards:?}");
        }
    }
}
