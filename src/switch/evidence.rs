//! What findings rest on, made of what this wing counted.

use super::{ControlCounts, OutageSpan, TagCounts, TagFlows};
use crate::model::Timestamp;
use crate::model::evidence::{ControlEvidence, Outage, TagEvidence};

impl TagCounts {
    /// VLAN tags as evidence, with those of conversations.
    pub fn evidence(&self, flows: &TagFlows) -> TagEvidence {
        TagEvidence {
            tagged: self.tagged,
            untagged: self.untagged,
            vlans: u64::from(self.vlans.len()),
            claimed: u64::from(self.claimed.len()),
            networks: self.networks() as u64,
            addresses: 0,
            doubled: 0,
            flows: flows.judged,
            one_way: flows.one_way,
        }
    }
}

impl ControlCounts {
    /// Control protocols as evidence, counted over so many seconds.
    pub fn evidence(&self, seconds: f64) -> ControlEvidence {
        ControlEvidence { neighbour: self.neighbour, silent_partners: self.silent_partners(), seconds }
    }
}

impl OutageSpan {
    /// An outage as evidence; it still goes on when it lasts to `now`.
    pub fn evidence(&self, now: Timestamp) -> Outage {
        Outage {
            from: self.from,
            seconds: self.to.seconds_since(self.from),
            senders: self.senders,
            missed: self.missed,
            open: self.to >= now,
            ..Outage::default()
        }
    }
}
