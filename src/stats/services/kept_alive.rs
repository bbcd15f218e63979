//! Hosts that keep many connections alive.

use super::{BIN, Bounded, MINUTE_SECONDS};
use crate::model::evidence::KeepAliveEvidence;
use crate::model::limits::BESIDE;
use crate::model::{Address, CapScale, Direction, Episode, FlowKey, KeptAlive, Timestamp};
use crate::stats::sightings::bounded::Recent;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
struct Kept {
    keep_alives: Recent,
    packets: Recent,
}

/// Connections that are kept alive, by the way of the keep-alives.
#[derive(Debug, Default)]
pub(super) struct KeptConnections {
    known: Bounded<(FlowKey, bool), Kept, BESIDE, MINUTE_SECONDS>,
}

impl KeptConnections {
    /// None known; as many are as `caps` allow.
    pub fn within(caps: CapScale) -> Self {
        Self { known: Bounded::within(caps) }
    }

    /// How often there was no room for something new.
    pub fn refused(&self) -> u64 {
        self.known.refused()
    }

    /// Bytes of one.
    #[cfg(test)]
    pub const BYTES: usize = size_of::<(FlowKey, bool)>() + size_of::<Kept>();

    /// Takes in some.
    pub fn take(&mut self, kept: &KeptAlive) {
        let key = (kept.flow, kept.way == Direction::AToB);
        let Some(known) = self.known.entry(key, kept.last) else { return };
        let bin = kept.last.0.div_euclid(BIN);
        known.keep_alives.add(bin, kept.count);
        known.packets.add(bin, kept.packets);
    }

    /// Hosts that sent any in the last minute, in the order of addresses.
    pub fn evidence(&self, now: Timestamp) -> Vec<KeepAliveEvidence> {
        let bin = now.0.saturating_sub(1).div_euclid(BIN);
        let mut hosts: BTreeMap<Address, KeepAliveEvidence> = BTreeMap::new();
        for (&(flow, forth), kept, last) in self.known.iter() {
            let count = kept.keep_alives.minute(bin);
            if count == 0 {
                continue;
            }
            let way = if forth { Direction::AToB } else { Direction::BToA };
            let host = flow.ends(way)[0].0;
            let span = Episode { first: Timestamp(bin.saturating_sub(5).saturating_mul(BIN)), last };
            let told = hosts.entry(host).or_insert(KeepAliveEvidence { host, count: 0, packets: 0, connections: 0, span });
            told.count = told.count.saturating_add(count);
            told.packets = told.packets.saturating_add(kept.packets.minute(bin));
            told.connections += 1;
            told.span.last = told.span.last.max(last);
        }
        hosts.into_values().collect()
    }
}
