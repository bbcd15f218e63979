//! Sampled packets: each stands for many. They count in every table, scaled; what judges the mirror does not see them, since what was not
//! sampled is not missing.

use super::super::local::LocalNets;
use super::{Shard, step};
use crate::capture::Packet;
use crate::engine::fold::in_flight::{self, InFlight};
use crate::engine::fold::rows::EvictedFlows;
use crate::model::{Stop, Traffic};
use crate::stats::flow::Counted;
use crate::stats::totals::TrafficDirection;

impl Shard {
    /// Folds in a packet in flight that stands for `times`, and says where it was heading. With `times` 0 it is the datagram that brought
    /// samples, or a later piece of a copy's: it was on the link, and that is all.
    #[cold]
    #[inline(never)]
    pub fn ingest_weighted(
        &mut self,
        packet: &Packet,
        flight: &InFlight,
        times: u32,
        local: &LocalNets,
        evicted: &mut EvictedFlows,
    ) -> Option<TrafficDirection> {
        let Some(others) = times.checked_sub(1) else {
            self.totals.count_link(packet.wire, packet.captured);
            // It was taken for one of the network's fragments when it was loaded.
            self.totals.fragments = self.totals.fragments.saturating_sub(u64::from(flight.frame.fragment && flight.frame.flow.is_some()));
            return None;
        };
        let (frame, times, others) = (&flight.frame, u64::from(times), u64::from(others));
        let more = Traffic { packets: others, wire_bytes: u64::from(frame.wire) * others };
        self.totals.count_times(frame.wire, times);
        self.totals.count_classes(frame, times);
        if frame.fragment && frame.flow.is_some() {
            self.totals.fragments += others;
        }
        // A sample is cut by design; one that contradicts itself is counted once, it is evidence and no estimate.
        self.totals.malformed += u64::from(frame.stop == Some(Stop::Malformed));
        let Some(step) = step(frame) else {
            self.totals.directions[TrafficDirection::Unknown as usize].count_times(frame.wire, times);
            self.contexts.count(&in_flight::context(frame), frame.time, frame.wire);
            self.contexts.count_more(more, frame.time);
            return Some(TrafficDirection::Unknown);
        };
        self.totals.count_tcp_times(step.flags, times);
        let at = self.locate(&step, flight, false, local, evicted);
        let Counted { flow, backward, .. } = self.flows.count_sampled(at, &step);
        flow.traffic[step.direction as usize].add(more);
        let heading = flow.heading[step.direction as usize];
        if backward {
            self.contexts.backward(self.flows.context(at, step.direction), step.time);
        }
        Some(heading)
    }
}
