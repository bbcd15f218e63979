//! Conversations put together again from the parts that were told of while they went on, for outputs that have one line for each.

use crate::model::limits::EXPORT_UIDS;
use crate::model::{CloseReason, FlowKey};
use crate::snapshot::tables::closed_flows::ClosedFlow;
use std::collections::HashMap;

/// Conversations that go on, with what passed so far. Beyond the cap parts stand by themselves.
#[derive(Debug, Default)]
pub struct WholeFlows {
    open: HashMap<FlowKey, ClosedFlow>,
}

impl WholeFlows {
    /// What is to be written now that this is told of: nothing of a conversation that goes on, all of it at its end.
    pub fn take(&mut self, flow: &ClosedFlow) -> Option<ClosedFlow> {
        let key = flow.record.key;
        let whole = self.open.get(&key).map_or(*flow, |before| joined(before, flow));
        if flow.record.reason != CloseReason::Active {
            self.open.remove(&key);
            return Some(whole);
        }
        if self.open.len() >= EXPORT_UIDS && !self.open.contains_key(&key) {
            return Some(whole);
        }
        self.open.insert(key, whole);
        None
    }

    /// Everything counted so far was forgotten.
    pub fn forget(&mut self) {
        self.open.clear();
    }
}

/// Two parts of a conversation: it began as the first did, and is what it was last.
fn joined(before: &ClosedFlow, after: &ClosedFlow) -> ClosedFlow {
    let (mut whole, first) = (*after, &before.record);
    let record = &mut whole.record;
    for (sum, before) in record.traffic.iter_mut().zip(first.traffic) {
        *sum = sum.plus(before);
    }
    record.first = first.first;
    record.last = record.last.max(first.last);
    record.mac = record.mac.or(first.mac);
    record.sampled |= first.sampled;
    record.continued = first.continued;
    whole.app = whole.app.or(before.app);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AppId, Direction, FlowRecord, Path, Timestamp, Traffic, VlanStack};

    fn part(first: i64, packets: u64, reason: CloseReason) -> ClosedFlow {
        let traffic = Traffic { packets, wire_bytes: 100 * packets };
        let record = FlowRecord {
            key: FlowKey::default(),
            first: Timestamp(first),
            last: Timestamp(first + 9),
            traffic: [traffic, Traffic::default()],
            originator: Direction::AToB,
            tcp: None,
            app: AppId::NONE,
            path: Path::EMPTY,
            mac: None,
            vlans: VlanStack::default(),
            sampled: false,
            continued: first > 0,
            reason,
        };
        ClosedFlow { record, app: None }
    }

    #[test]
    fn parts_add_up_to_one_line() {
        let mut whole = WholeFlows::default();
        assert_eq!(whole.take(&part(0, 3, CloseReason::Active)), None);
        assert_eq!(whole.take(&part(10, 4, CloseReason::Active)), None);
        let line = whole.take(&part(20, 0, CloseReason::Idle)).unwrap().record;
        assert_eq!((line.first.0, line.last.0, line.traffic[0].packets, line.continued), (0, 29, 7, false));
        assert_eq!(line.reason, CloseReason::Idle);
        let other = whole.take(&part(50, 1, CloseReason::Fin)).unwrap().record;
        assert_eq!((other.first.0, other.traffic[0].packets), (50, 1), "nothing is left of what was written");
    }
}
