//! Hosts that keep many connections alive.

use super::BIN;
use crate::model::evidence::KeepAliveEvidence;
use crate::model::limits::BESIDE;
use crate::model::{Address, Direction, Episode, FlowKey, KeptAlive, Timestamp};
use crate::stats::sightings::bounded::Recent;
use hashbrown::HashMap;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
struct Kept {
    keep_alives: Recent,
    packets: Recent,
    last: Timestamp,
}

/// Connections that are kept alive, by the way of the keep-alives.
#[derive(Debug, Default)]
pub(super) struct KeptConnections {
    known: HashMap<(FlowKey, bool), Kept>,
}

impl KeptConnections {
    /// Bytes of one.
    #[cfg(test)]
    pub const BYTES: usize = size_of::<(FlowKey, bool)>() + size_of::<Kept>();

    /// Takes in some.
    pub fn take(&mut self, kept: &KeptAlive) {
        let key = (kept.flow, kept.way == Direction::AToB);
        if self.known.len() >= BESIDE && !self.known.contains_key(&key) {
            self.known.retain(|_, known| kept.last.since(known.last) < 6 * BIN);
            if self.known.len() >= BESIDE {
                return;
            }
        }
        let known = self.known.entry(key).or_default();
        let bin = kept.last.0.div_euclid(BIN);
        known.keep_alives.add(bin, kept.count);
        known.packets.add(bin, kept.packets);
        known.last = known.last.max(kept.last);
    }

    /// Hosts that sent any in the last minute, in the order of addresses.
    pub fn evidence(&self, now: Timestamp) -> Vec<KeepAliveEvidence> {
        let bin = now.0.saturating_sub(1).div_euclid(BIN);
        let mut hosts: BTreeMap<Address, KeepAliveEvidence> = BTreeMap::new();
        for (&(flow, forth), kept) in &self.known {
            let count = kept.keep_alives.minute(bin);
            if count == 0 {
                continue;
            }
            let way = if forth { Direction::AToB } else { Direction::BToA };
            let host = flow.ends(way)[0].0;
            let span = Episode { first: Timestamp(bin.saturating_sub(5).saturating_mul(BIN)), last: kept.last };
            let told = hosts.entry(host).or_insert(KeepAliveEvidence { host, count: 0, packets: 0, connections: 0, span });
            told.count = told.count.saturating_add(count);
            told.packets = told.packets.saturating_add(kept.packets.minute(bin));
            told.connections += 1;
            told.span.last = told.span.last.max(kept.last);
        }
        hosts.into_values().collect()
    }
}
