//! A section of the shards: folds their packets in the order of the tape.

use super::local::LocalNets;
use super::message::{IntervalPart, Message};
use super::reading::Reading;
use super::rows::FlowReport;
use super::shard::{InHand, Shard, ShardPlan};
use super::tape::{Mark, Strip};
use crate::capture::{Block, Packet};
use crate::decode::{self, Headers, Rules};
use crate::model::memory;
use std::ops::Range;
use std::sync::Arc;

/// Packets in hand at once: as many as a core keeps memory requests in flight.
const FEW: usize = 16;
/// A packet in hand, and where it belongs.
#[derive(Debug, Clone, Copy, Default)]
struct Held<'a> {
    hand: InHand<'a>,
    /// Its number on the strip.
    packet: u32,
    /// The position of its shard.
    at: u8,
    /// Whether it waits to be shown.
    waits: bool,
}

/// Some shards that follow each other.
pub struct Section {
    numbers: Range<u8>,
    plan: ShardPlan,
    shards: Vec<Shard>,
    /// Whether the shards know when the capture began.
    begun: bool,
    local: Arc<LocalNets>,
    /// Which UDP ports carry packets; `peel` is the packet's own.
    rules: Rules,
    /// Headers of the packet walked last.
    headers: Box<Headers>,
    part: IntervalPart,
    parts: Vec<(u64, IntervalPart)>,
    evicted: Vec<FlowReport>,
}

impl Section {
    /// The section of these shards.
    pub fn new(numbers: Range<u8>, plan: ShardPlan, local: Arc<LocalNets>, rules: Rules) -> Self {
        Self {
            plan,
            shards: numbers.clone().map(|shard| Shard::new(shard, plan)).collect(),
            numbers,
            begun: false,
            local,
            rules,
            headers: Box::default(),
            part: IntervalPart::default(),
            parts: Vec::new(),
            evicted: Vec::new(),
        }
    }

    /// Folds one strip, sending what it causes to the merge.
    pub fn fold(&mut self, strip: &Strip, send: &mut dyn FnMut(Message)) {
        for (stretch, (_, mark)) in strip.marks.iter().enumerate() {
            self.packets(strip, stretch);
            self.mark(mark, send);
        }
        self.packets(strip, strip.marks.len());
        self.flush(send);
    }

    /// Folds the packets of a stretch, shard by shard, so that a shard's counters and tables are near while its packets come. Some
    /// packets are in hand at a time: as one is taken the memory is asked for where its conversation's number is and where a copy of it would
    /// be, half the way on for the conversation's record, and then it is shown and counted; in the order of the tape, each step.
    fn packets(&mut self, strip: &Strip, stretch: usize) {
        let (begins, order) = strip.stretch(stretch, &self.numbers);
        if let Some(first) = begins.filter(|_| !self.begun) {
            self.begun = true;
            self.shards.iter_mut().for_each(|s| s.begin(first));
        }
        let (packets, readings) = (&strip.block.packets, &strip.readings);
        let bring_near = |&number: &u32| {
            packets.get(number as usize).into_iter().for_each(memory::bring_near);
            readings.get(number as usize).into_iter().for_each(memory::bring_near);
        };
        order.iter().take(FEW).for_each(bring_near);
        let mut hands = [Held::default(); FEW];
        let (mut guessed, mut counted) = (0usize, 0usize);
        for (taken, &next) in order.iter().enumerate() {
            if taken - counted == FEW {
                self.count(strip, &mut hands[counted % FEW]);
                counted += 1;
            }
            if taken - guessed > FEW / 2 {
                self.guess(&mut hands[guessed % FEW]);
                guessed += 1;
            }
            order.get(taken + FEW).into_iter().for_each(bring_near);
            let (Some(packet), Some(reading)) = (packets.get(next as usize), readings.get(next as usize)) else { continue };
            let held = &mut hands[taken % FEW];
            (held.packet, held.at) = (next, packet.shard.wrapping_sub(self.numbers.start));
            self.take(&strip.block, packet, reading, held);
        }
        for n in guessed..order.len() {
            self.guess(&mut hands[n % FEW]);
        }
        for n in counted..order.len() {
            self.count(strip, &mut hands[n % FEW]);
        }
    }

    #[inline(always)]
    fn take<'a>(&mut self, block: &'a Block, packet: &Packet, reading: &Reading, held: &mut Held<'a>) {
        let Some(shard) = self.shards.get_mut(usize::from(held.at)) else { return };
        let bytes = block.bytes(packet);
        held.waits = !reading.brief.is_blank();
        if held.waits {
            held.waits = shard.take(packet, bytes, reading, &mut held.hand);
            return;
        }
        (self.rules.peel, self.rules.pop) = (packet.peels(), packet.pops());
        decode::walk(packet.link, bytes, packet.frame_wire(), &self.rules, &mut self.headers);
        shard.take_walked(packet, bytes, &self.headers, &mut held.hand);
    }

    #[inline(always)]
    fn guess(&self, held: &mut Held) {
        if let Some(shard) = self.shards.get(usize::from(held.at)) {
            shard.guess(&mut held.hand);
        }
    }

    #[inline]
    fn count<'a>(&mut self, strip: &'a Strip, held: &mut Held<'a>) {
        let (block, at) = (&strip.block, held.packet as usize);
        let (Some(packet), Some(shard)) = (block.packets.get(at), self.shards.get_mut(usize::from(held.at))) else { return };
        if let Some(reading) = strip.readings.get(at).filter(|_| held.waits) {
            shard.show(packet, block.bytes(packet), reading, &mut held.hand);
        }
        let (hand, local, evicted) = (&held.hand, &self.local, &mut self.evicted);
        if packet.weight != 0 {
            let times = block.weight(packet);
            if let Some(heading) = shard.ingest_weighted(packet, hand, times, local, evicted) {
                self.part.count(hand.wire(), times.into(), heading);
            }
        } else if let Some(heading) = shard.ingest(packet, hand, local, evicted) {
            self.part.count(hand.wire(), 1, heading);
        }
    }

    fn mark(&mut self, mark: &Mark, send: &mut dyn FnMut(Message)) {
        match mark {
            Mark::Interval(number) => self.parts.push((*number, std::mem::take(&mut self.part))),
            Mark::Snapshot(request) => {
                self.flush(send);
                self.shards.iter_mut().for_each(|s| send(Message::Report(request.number, Box::new(s.report(request)))));
                send(Message::Reported(request.number, self.part));
            }
            Mark::Reset => {
                self.flush(send);
                *self = Self::new(self.numbers.clone(), self.plan, Arc::clone(&self.local), std::mem::take(&mut self.rules));
                send(Message::Reset);
            }
        }
    }

    fn flush(&mut self, send: &mut dyn FnMut(Message)) {
        if !self.evicted.is_empty() {
            send(Message::Evicted(std::mem::take(&mut self.evicted)));
        }
        if !self.parts.is_empty() {
            send(Message::IntervalParts(std::mem::take(&mut self.parts)));
        }
    }
}
