//! Sampled packets: each stands for many. They count in every table, scaled; what judges the mirror does not see them, since what was not
//! sampled is not missing.

use super::super::local::LocalNets;
use super::{FlowReport, InHand, Shard, context};
use crate::capture::Packet;
use crate::decode::{Fragment, Headers, Stop};
use crate::model::Traffic;
use crate::stats::flow::Step;
use crate::stats::totals::Heading;

impl Shard {
    /// Folds in a packet that stands for `times`, of which `headers` were found, and says where it was heading. With `times` 0 it is the
    /// datagram that brought samples: it was on the link, and that is all.
    #[cold]
    #[inline(never)]
    pub fn ingest_weighted(
        &mut self,
        packet: &Packet,
        headers: &Headers,
        hand: &InHand,
        times: u32,
        local: &LocalNets,
        evicted: &mut Vec<FlowReport>,
    ) -> Option<Heading> {
        let Some(others) = times.checked_sub(1) else {
            self.totals.count_link(packet.wire, packet.captured);
            return None;
        };
        let (time, wire, times, others) = (packet.time, headers.wire, u64::from(times), u64::from(others));
        let more = Traffic { packets: others, wire_bytes: u64::from(wire) * others };
        self.totals.count_times(wire, times);
        if headers.fragment != Fragment::Whole && hand.frame.flow.is_some() {
            self.totals.fragments += others;
        }
        // A sample is cut by design; one that contradicts itself is counted once, it is evidence and no estimate.
        self.totals.malformed += u64::from(headers.stop == Some(Stop::Malformed));
        let Some((key, direction)) = &hand.frame.flow else {
            self.totals.directions[Heading::Unknown as usize].count_times(wire, times);
            self.contexts.count(&context(headers), time, wire);
            self.contexts.count_more(more, time);
            return Some(Heading::Unknown);
        };
        if self.flows.is_full() {
            self.make_room(evicted);
        }
        let tcp = hand.frame.tcp.map(|segment| {
            self.totals.count_tcp_times(segment.flags, times);
            (segment.sequence, segment.acknowledgement, segment.flags)
        });
        let direction = *direction;
        let step = Step { key, direction, time, wire, tcp };
        let at = self.flows.locate(&step, hand.hash, hand.guess, || local.headings(key));
        let fingerprint = self.contexts.fingerprint(headers.path, headers.mac.as_ref(), &headers.vlans);
        if self.flows.is_elsewhere(at, direction, fingerprint) {
            self.enter_context(at, &step, fingerprint, &context(headers));
        }
        let (flow, backward) = self.flows.count(at, &step);
        flow.traffic[direction as usize].add(more);
        flow.tcp.note_sampled();
        let heading = flow.heading[direction as usize];
        if backward {
            self.contexts.backward(self.flows.context(at, direction), time);
        }
        Some(heading)
    }
}
