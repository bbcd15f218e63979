//! Records of closed conversations, on their way from a shard to whoever wants them.

use crate::engine::fold::detectors::FlowDetectors;
use crate::engine::fold::rows;
use crate::model::limits::CLOSED_FLOWS;
use crate::model::{CapScale, CloseReason, Direction, FlowBatch, FlowRecord, TcpSummary};
use crate::stats::flow::{FlowChange, FlowEvent};
use crate::stats::{Contexts, FlowTable};

/// The records of one shard that were not handed over yet. Nothing is kept where nobody wants them.
#[derive(Debug)]
pub struct ClosedFlows {
    wanted: bool,
    shard: u8,
    records: Vec<FlowRecord>,
    /// How many may wait.
    most: usize,
    lost: u64,
}

impl ClosedFlows {
    /// None of a shard's; whether they are `wanted`. As many wait as `caps` allow.
    pub fn new(shard: u8, wanted: bool, caps: CapScale) -> Self {
        Self { wanted, shard, records: Vec::new(), most: caps.of(CLOSED_FLOWS), lost: 0 }
    }

    /// Whether somebody wants them.
    pub fn are_wanted(&self) -> bool {
        self.wanted
    }

    /// Notes what happened to a conversation of `table`.
    pub fn note(&mut self, table: &FlowTable<FlowDetectors>, event: &FlowEvent<'_, FlowDetectors>, contexts: &Contexts) {
        if !self.wanted {
            return;
        }
        if let Some(record) = flow_record(table, event, contexts) {
            if !self.is_full() {
                self.records.push(record);
            } else {
                self.lost = self.lost.saturating_add(1);
            }
        }
    }

    /// Whether no further one fits.
    pub fn is_full(&self) -> bool {
        self.records.len() >= self.most
    }

    /// What is there, closed in the beat of that number.
    pub fn take(&mut self, beat: u64) -> Option<FlowBatch> {
        if self.records.is_empty() && self.lost == 0 {
            return None;
        }
        let records = std::mem::take(&mut self.records);
        Some(FlowBatch { beat, shard: self.shard, records, lost: std::mem::take(&mut self.lost) })
    }
}

/// The record of a conversation that was closed.
fn flow_record(table: &FlowTable<FlowDetectors>, event: &FlowEvent<'_, FlowDetectors>, contexts: &Contexts) -> Option<FlowRecord> {
    let reason = match event.change {
        FlowChange::Opened => return None,
        FlowChange::Parted => CloseReason::Active,
        FlowChange::Closed(reason) => reason,
    };
    let (flow, rest) = (event.record.flow, event.record.rest);
    let (path, vlans) = rows::seen_in(event.record, table.vlans(event.at), contexts);
    let [there, back] = rest.context.map(|at| contexts.get(at).and_then(|c| c.key.mac));
    let tcp = (flow.key.is_tcp() && flow.key.has_ports()).then(|| TcpSummary {
        answered: flow.tcp.answered(),
        acknowledged: flow.tcp.acked(),
        midstream: flow.tcp.midstream(),
        fin: flow.tcp.fin(),
        reset: flow.tcp.cut().map(|(way, _)| way),
    });
    Some(FlowRecord {
        key: flow.key,
        first: event.first(),
        last: event.record.last(),
        traffic: event.traffic(),
        originator: if flow.originator == 0 { Direction::AToB } else { Direction::BToA },
        tcp,
        app: flow.app.app,
        path,
        mac: there.or_else(|| back.map(|(source, destination)| (destination, source))),
        vlans,
        sampled: flow.tcp.sampled(),
        continued: event.reopened.is_some(),
        reason,
    })
}
