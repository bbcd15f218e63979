//! What conversations added since somebody last looked: for the past, whose slots end where intervals end, and for the load of hosts.
//!
//! A packet pays nothing for it: a conversation's first packet of a round notes what it had before.

use super::table::flush_one;
use super::{FlowTable, Flushed};
use crate::model::Traffic;
use crate::stats::ConversationBytes;

impl<X: Copy + Default> FlowTable<X> {
    /// From now on it is noted what conversations add.
    pub fn look_back(&mut self) {
        self.marked.get_or_insert_default();
    }

    /// What conversations added since the last call, in the order of their numbers, each once. `flush` gets what each direction did since it was last
    /// flushed, so that contexts are up to date.
    pub fn added_since(&mut self, mut flush: impl FnMut(Flushed)) -> Vec<(u32, [Traffic; 2])> {
        let Some(marked) = self.marked.as_mut() else { return Vec::new() };
        let mut added = std::mem::take(marked);
        // Rounds end at reports too, where a conversation is closed and where a part of it is told of: who was touched in several of them stands here as
        // often. The first says what had been told at the last look.
        added.sort_by_key(|(at, _)| *at);
        added.dedup_by_key(|(at, _)| *at);
        added.retain_mut(|(at, before)| {
            let (Some(flow), Some(rest)) = (self.flows.get(*at as usize), self.rest.get_mut(*at as usize)) else { return false };
            (0..2).for_each(|way| flush_one(flow, rest, way, &mut flush));
            let [ab, ba] = flow.traffic;
            *before = [ab.since(before[0]), ba.since(before[1])];
            before.iter().any(|traffic| traffic.packets > 0)
        });
        self.next_round();
        added
    }

    /// What conversations added since the last call, those that did.
    pub fn added_bytes(&mut self) -> impl Iterator<Item = ConversationBytes> + '_ {
        self.flows.iter().zip(&mut self.rest).filter_map(|(flow, rest)| {
            let bytes = flow.traffic.iter().fold(0u64, |sum, traffic| sum.saturating_add(traffic.wire_bytes));
            let added = bytes.saturating_sub(std::mem::replace(&mut rest.told, bytes));
            (added > 0).then_some(ConversationBytes { flow: flow.key, added })
        })
    }

    /// The next packet of each conversation is the first of a round.
    pub(super) fn next_round(&mut self) {
        self.round = self.round.wrapping_add(1).max(1);
    }
}
