//! What the router reads of a packet for its section.

use crate::capture::Packet;
use crate::decode::{self, Rules};
use crate::mirror::Print;
use crate::model::Brief;
use crate::model::mix::Keys;
use crate::stats::context;

/// What keys the hashes of a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Secrets {
    /// Of tables: at random, so that senders cannot choose what meets in one place.
    pub tables: Keys,
    /// Of what tells copies.
    pub copies: Keys,
}

/// What the router reads of one of the commonest packets, so that its section need not read the packet again: two cache lines instead of
/// those the packet lies in. Of all others nothing, and the brief is blank.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub struct Reading {
    /// The packet.
    pub brief: Brief,
    /// What tells its copies.
    pub print: Print,
    /// Its conversation's place in a table.
    pub hash: u64,
    /// The fingerprint of its context.
    pub context: u64,
}

const _: () = assert!(size_of::<Reading>() == 128);

impl Reading {
    /// Reads an Ethernet frame, `wire` bytes long on the wire.
    #[inline(always)]
    pub fn read(&mut self, packet: &Packet, bytes: &[u8], wire: u32, rules: &Rules, secrets: &Secrets) {
        let Self { brief, print, hash, context } = self;
        decode::brief(bytes, wire, rules, brief);
        if !brief.is_blank() {
            *print = Print::of(brief, bytes, (packet.session, packet.interface), &secrets.copies);
            *hash = brief.flow.keyed_hash(&secrets.tables);
            *context = context::fingerprint(&secrets.tables, brief.path(), [brief.source, brief.destination], brief.vlan_bits());
        }
    }
}
