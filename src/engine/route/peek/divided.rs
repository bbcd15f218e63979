//! Conversations of which a part travels inside a tunnel that is left on: what is inside is missing from what is looked at.

use super::Peek;
use crate::decode::{self, Peel};
use crate::engine::tape::facts::DividedFacts;
use crate::model::FlowKey;
use crate::model::limits::OUTSIDE_FLOWS;

/// One in so many packets of a tunnel that is left on is looked into.
const LOOK: u64 = 4;

/// Which conversations were seen outside of tunnels, and how many packets inside of one belong to these.
#[derive(Debug, Default)]
pub struct Divided {
    /// Hashes of conversations seen outside, by their bits; empty until there is anything inside.
    outside: Vec<u32>,
    seen: u64,
    facts: DividedFacts,
}

impl Divided {
    /// Whether anything is inside a tunnel that is left on.
    #[inline(always)]
    pub fn is_on(&self) -> bool {
        !self.outside.is_empty()
    }

    /// A packet outside of tunnels, of a conversation with that hash.
    #[inline]
    pub fn outside(&mut self, hash: u32) {
        let at = hash as usize & (OUTSIDE_FLOWS - 1);
        self.outside.iter_mut().skip(at).take(1).for_each(|place| *place = hash);
    }

    /// Whether the next packet inside of a tunnel is to be looked into.
    fn looks(&mut self) -> bool {
        if self.outside.is_empty() {
            self.outside = vec![0; OUTSIDE_FLOWS];
        }
        self.seen = self.seen.wrapping_add(1);
        self.seen.is_multiple_of(LOOK)
    }

    fn inside(&mut self, hash: u32) {
        let at = hash as usize & (OUTSIDE_FLOWS - 1);
        self.facts.inside = self.facts.inside.saturating_add(1);
        self.facts.both = self.facts.both.saturating_add(u64::from(self.outside.get(at) == Some(&hash)));
    }

    /// What was found.
    pub fn facts(&self) -> DividedFacts {
        self.facts
    }
}

impl Peek {
    /// Looks into a packet that walking left in a tunnel, through all of them.
    #[inline(never)]
    pub(super) fn look_inside(&mut self, link: crate::model::LinkType, bytes: &[u8], wire: u32, tunnels: u8) {
        if !self.divided.looks() {
            return;
        }
        decode::walk(link, bytes, wire, &self.rules, Peel { tunnels, tag: false }, &mut self.within);
        if let Some((key, _)) = self.within.flow().filter(|(key, _)| key.is_tcp() || key.is_udp()) {
            self.divided.inside(self.hash_keys.shards_hash(&key));
        }
    }

    /// Notes the conversation of a packet that was walked, where it lies in no tunnel that is left on.
    pub(super) fn note_outside(&mut self, key: &FlowKey) {
        if self.divided.is_on() {
            self.divided.outside(self.hash_keys.shards_hash(key));
        }
    }
}
