//! Sampled packets: each stands for many. They count in every table, scaled; what judges the mirror does not see them, since what was not
//! sampled is not missing.

use super::super::local::LocalNets;
use super::{FlowReport, Shard, cast};
use crate::capture::Packet;
use crate::decode::{Fragment, Headers, Stop, Transport};
use crate::model::Traffic;
use crate::stats::ContextKey;
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
        let flow = self.conversation(headers);
        self.totals.count_times(wire, times);
        if headers.fragment != Fragment::Whole && flow.is_some() {
            self.totals.fragments += others;
        }
        // A sample is cut by design; one that contradicts itself is counted once, it is evidence and no estimate.
        self.totals.malformed += u64::from(headers.stop == Some(Stop::Malformed));
        let context = ContextKey { path: headers.path, mac: headers.mac, vlans: headers.vlans, cast: cast(headers) };
        let Some((key, direction)) = flow else {
            self.totals.directions[Heading::Unknown as usize].count_times(wire, times);
            self.last_frame_context = self.contexts.count(self.last_frame_context, &context, time, wire);
            self.contexts.count_more(self.last_frame_context, more);
            return Some(Heading::Unknown);
        };
        if self.flows.is_full() {
            self.make_room(evicted);
        }
        let tcp = match headers.transport {
            Transport::Tcp { sequence, acknowledgement, flags, .. } => {
                self.totals.count_tcp_times(flags, times);
                Some((sequence, acknowledgement, flags))
            }
            _ => None,
        };
        let (at, flow) = self.flows.count(&Step { key, direction, time, wire, tcp }, || local.headings(&key));
        let way = direction as usize;
        flow.traffic[way].add(more);
        flow.tcp.note_sampled();
        let (before, heading) = (flow.context[way], flow.heading[way]);
        let now = self.contexts.count(before, &context, time, wire);
        flow.context[way] = now;
        self.contexts.count_more(now, more);
        self.totals.directions[heading as usize].count_times(wire, times);
        if now != before && before != u32::MAX {
            self.change_context(at, before, now);
        }
        Some(heading)
    }
}
