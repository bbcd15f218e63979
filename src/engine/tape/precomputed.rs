//! What the router reads of a packet for its group.

use crate::capture::Packet;
use crate::decode::{self, Rules};
use crate::mirror::Fingerprint;
use crate::model::mix::Keys;
use crate::model::{FastHeaders, FlowKey};
use crate::stats::context;

/// What keys the hashes of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct HashKeys {
    /// Of tables: at random, so that senders cannot choose what meets in one place.
    pub tables: Keys,
    /// Of what tells copies.
    pub copies: Keys,
    /// Of what divides conversations among the shards, and chooses their places in the shards' small tables.
    pub shards: Keys,
}

impl HashKeys {
    /// The hash of a conversation that [`shard_of_hash`](super::shard_key::shard_of_hash) goes by, and what tells its packets from others'.
    #[inline(always)]
    pub fn shards_hash(&self, flow: &FlowKey) -> u32 {
        (flow.keyed_hash(&self.shards) >> 32) as u32
    }
}

/// What the router reads of one of the commonest packets, so that its group need not read the packet again: two cache lines instead of
/// those the packet lies in. Of all others nothing, and the fast headers are blank.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub struct Precomputed {
    /// The packet.
    pub fast: FastHeaders,
    /// What tells its copies.
    pub print: Fingerprint,
    /// Its conversation's place in a table.
    pub hash: u64,
    /// The fingerprint of its context.
    pub context: u64,
}

const _: () = assert!(size_of::<Precomputed>() == 128);

impl Precomputed {
    /// Reads an Ethernet frame, `wire` bytes long on the wire.
    #[inline(always)]
    pub fn read(&mut self, packet: &Packet, bytes: &[u8], wire: u32, rules: &Rules, hash_keys: &HashKeys) {
        let Self { fast, print, hash, context } = self;
        decode::fast(bytes, wire, rules, fast);
        if !fast.is_blank() {
            fast.hash = hash_keys.shards_hash(&fast.flow);
            *print = Fingerprint::of(fast, bytes, (packet.session, packet.interface), &hash_keys.copies);
            *hash = fast.flow.keyed_hash(&hash_keys.tables);
            *context = context::fingerprint(&hash_keys.tables, fast.path(), [fast.source, fast.destination], fast.vlan_bits());
        }
    }
}
