//! What comes back from the tape: messages to the merge.

use crate::engine::fold::history::HistoryBatch;
use crate::engine::fold::rows::EvictedFlows;
use crate::engine::fold::shard::ShardReport;
use crate::engine::tape::Request;
use crate::model::sum::sums;
use crate::model::{FlowBatch, NetworkBatch, Timestamp, Traffic};
use crate::snapshot::Sample;
use crate::stats::totals::TrafficDirection;
use crate::stats::{Burst, Doubling};
use std::sync::Arc;

sums! {
    /// What one group counted in one interval.
    #[derive(Debug, Clone, Copy, Default, PartialEq)]
    pub struct IntervalPart {
        /// Packets and bytes.
        pub traffic: Traffic,
        /// Bytes from outside to inside.
        pub inbound: u64,
        /// Bytes from inside to outside.
        pub outbound: u64,
    }
}

impl IntervalPart {
    /// Counts a packet that stands for `times`.
    #[inline]
    pub fn count(&mut self, wire: u32, times: u64, heading: TrafficDirection) {
        self.traffic.count_times(wire, times);
        match heading {
            TrafficDirection::Inbound => self.inbound = self.inbound.saturating_add(u64::from(wire).saturating_mul(times)),
            TrafficDirection::Outbound => self.outbound = self.outbound.saturating_add(u64::from(wire).saturating_mul(times)),
            _ => {}
        }
    }
}

/// What reaches the merge.
#[derive(Debug)]
pub enum Message {
    /// The router closed an interval: number and what it knows of it.
    IntervalFacts(u64, Sample),
    /// A group's parts of intervals.
    IntervalParts(Vec<(u64, IntervalPart)>),
    /// A group's late packets, by the start of the interval they belong to.
    LateParts(Vec<(Timestamp, IntervalPart)>),
    /// The busiest milliseconds of late packets, by the start of the interval they belong to.
    LateBursts(Vec<(Timestamp, Burst)>),
    /// The busiest milliseconds since the snapshot before.
    Peaks(Doubling<Burst>),
    /// Before the interval of that number the clock was set back by so many nanoseconds.
    ClockStep(u64, i64),
    /// Conversations that had to make room.
    Evicted(EvictedFlows),
    /// Records of conversations that a shard closed.
    ClosedFlows(FlowBatch),
    /// What happened between hosts in a beat, as a shard saw it.
    Network(NetworkBatch),
    /// A group is past the beat of that number: all was handed over that happened in it, and all conversations that were closed.
    Passed(u64),
    /// What a shard adds to the past.
    History(Box<HistoryBatch>),
    /// A snapshot is coming: its request.
    Request(Arc<Request>),
    /// A snapshot of a port on which nothing has come since the one before: shards have nothing to report.
    Still(Box<Request>),
    /// A shard's report for it.
    Report(u64, Box<ShardReport>),
    /// A group has sent all its shards' reports for it; its part of the open interval, and of the load since the snapshot before.
    Reported(u64, IntervalPart, Doubling<IntervalPart>),
    /// A group has forgotten everything.
    Reset,
}
