//! Packets that were left out as copies and proved to be traffic: counted after all, each at its own time. What judges the mirror does not
//! see them, for it has seen what came after them; what counts frames by the second does.

use super::super::held_packets::HeldPacket;
use super::super::in_flight::{self, InFlight};
use super::super::local::LocalNets;
use super::{Shard, step};
use crate::capture::Packet;
use crate::decode::Headers;
use crate::engine::fold::rows::EvictedFlows;
use crate::mirror::CopyTimes;
use crate::model::{Stop, Timestamp};
use crate::stats::flow::Counted;
use crate::stats::totals::TrafficDirection;

impl Shard {
    /// Keeps a packet that was just left out, where it may have to be counted after all.
    #[cold]
    #[inline(never)]
    pub fn leave_out(&mut self, packet: &Packet, stop: Option<Stop>, bytes: &[u8]) {
        if let Some(slot) = self.detectors.duplicates().take_slot()
            && self.dedup
        {
            self.held.keep(slot, packet, stop, bytes);
        }
    }

    /// Whether a packet that was left out is to be counted after all.
    #[inline(always)]
    pub fn recalls(&mut self) -> bool {
        self.detectors.duplicates().recalls()
    }

    /// Whether it left out packets that may be counted after all.
    #[inline]
    pub fn holds(&mut self) -> bool {
        self.detectors.duplicates().holds()
    }

    /// The next packet to be counted after all.
    pub fn recalled(&mut self) -> Option<HeldPacket> {
        let slot = self.detectors.duplicates().recalled()?;
        if self.dedup { self.held.get(slot) } else { None }
    }

    /// Takes notice of how often the mirror brings each packet.
    pub fn learn(&mut self, times: CopyTimes) {
        self.detectors.duplicates().learn(times);
    }

    /// Decides on packets that were left out long ago; on all where nothing more comes.
    pub fn decide_copies(&mut self, now: Timestamp, finished: bool) {
        self.detectors.duplicates().decide(now.0, finished);
    }

    /// Counts a packet after all, of which `headers` were found, and says where it was heading.
    pub fn recount(&mut self, packet: &HeldPacket, headers: &Headers, local: &LocalNets, evicted: &mut EvictedFlows) -> TrafficDirection {
        let mut flight = InFlight::default();
        let flow = headers.flow().map(|own| self.fragments.pass(headers, || own).unwrap_or(own));
        headers.show(packet.bytes(), flow, &mut flight.frame);
        in_flight::arrived(&packet.packet, &mut flight.frame);
        let frame = &flight.frame;
        flight.hash = frame.flow.as_ref().map_or(0, |(key, _)| self.flows.hash(key));
        flight.context = self.contexts.fingerprint(frame.path, frame.mac.as_ref(), &frame.vlans);
        flight.probe = self.flows.probe(flight.hash);
        self.totals.count(frame.wire);
        self.totals.count_stop(packet.stop);
        self.totals.count_classes(frame, 1);
        self.detectors.counted_again(frame);
        let Some(step) = step(frame) else {
            self.totals.directions[TrafficDirection::Unknown as usize].count(frame.wire);
            self.contexts.count(&in_flight::context(frame), frame.time, frame.wire);
            return TrafficDirection::Unknown;
        };
        // Those of fragments count where their segment is whole, which was before.
        if !frame.fragment {
            self.totals.count_tcp(step.flags);
        }
        let at = self.locate(&step, &flight, true, local, evicted);
        let Counted { flow, backward, .. } = self.flows.count_again(at, &step);
        let heading = flow.heading[step.direction as usize];
        if backward {
            self.contexts.backward(self.flows.context(at, step.direction), step.time);
        }
        heading
    }
}
