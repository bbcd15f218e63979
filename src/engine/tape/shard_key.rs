//! Which conversation a packet belongs to, and which shard.

use crate::decode::{Fragment, Headers, TransportHeader};
use crate::engine::tape::precomputed::HashKeys;
use crate::model::limits::{FRAGMENTS, SHARDS};
use crate::model::mix::Keys;
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

/// What the first fragment of a datagram lends to the later ones: a small direct-mapped table, newer entries win.
#[derive(Debug)]
pub struct FragmentTable<V> {
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
        Self { slots: vec![None; FRAGMENTS], keys }
    }

    /// Remembers `value` when `headers` are a first fragment's; returns what was remembered when they are a later one's.
    pub fn pass(&mut self, headers: &Headers, value: impl FnOnce() -> V) -> Option<V> {
        let (id, first) = match headers.fragment {
            Fragment::Whole => return None,
            Fragment::First { id } => (id, true),
            Fragment::Later { id } => (id, false),
        };
        let (key, direction) = headers.flow_between(0, 0)?;
        let slot = (key.keyed_hash(&self.keys) ^ u64::from(id).wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 40;
        let slot = self.slots.get_mut(slot as usize % FRAGMENTS)?;
        if first {
            if headers.transport != TransportHeader::None {
                *slot = Some((key, id, direction, value()));
            }
            return None;
        }
        slot.filter(|s| (s.0, s.1, s.2) == (key, id, direction)).map(|s| s.3)
    }
}
