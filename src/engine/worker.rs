//! A worker: folds the shards it owns and skips the others by one byte.

use super::local::LocalNets;
use super::reading::Reading;
use super::shard::{FlowReport, InHand, Shard, ShardPlan};
use super::tape::{IntervalPart, Mark, Message, Strip};
use crate::capture::{Block, Packet};
use crate::decode::{self, Headers, Rules};
use crate::model::memory;
use std::sync::Arc;

/// Packets in hand at once: as many as a core keeps memory requests in flight.
const FEW: usize = 16;
/// A packet in hand, and where it belongs.
#[derive(Debug, Clone, Copy, Default)]
struct Held<'a> {
    hand: InHand<'a>,
    /// Its number among those being folded.
    packet: u32,
    /// The position of its shard.
    at: u8,
    /// Whether it waits to be shown.
    waits: bool,
}

/// Owner of some shards.
pub struct Worker {
    numbers: Vec<u8>,
    plan: ShardPlan,
    shards: Vec<Shard>,
    /// Position in `shards` by shard number; `u8::MAX` for foreign ones and what is no shard's.
    mine: [u8; 256],
    /// Numbers of the packets being folded, by shard.
    order: Vec<u32>,
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

impl Worker {
    /// The owner of these shards.
    pub fn new(numbers: &[u8], plan: ShardPlan, local: Arc<LocalNets>, rules: Rules) -> Self {
        let mut mine = [u8::MAX; 256];
        for (at, &shard) in (0..).zip(numbers) {
            mine[usize::from(shard)] = at;
        }
        Self {
            numbers: numbers.to_vec(),
            plan,
            shards: numbers.iter().map(|&shard| Shard::new(shard, plan)).collect(),
            mine,
            order: Vec::new(),
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
        let mut from = 0;
        for (at, mark) in &strip.marks {
            self.packets(strip, from, *at as usize);
            from = *at as usize;
            self.mark(mark, send);
        }
        self.packets(strip, from, strip.block.packets.len());
        self.flush(send);
    }

    /// Folds the packets `from..to` of a strip, shard by shard, so that a shard's counters and tables are near while its packets come. Some
    /// packets are in hand at a time: as one is taken the memory is asked for where its conversation's number is and where a copy of it would
    /// be, half the way on for the conversation's record, and then it is shown and counted; in the order of the tape, each step.
    fn packets(&mut self, strip: &Strip, from: usize, to: usize) {
        let list = strip.block.packets.get(from..to).unwrap_or(&[]);
        let readings = strip.readings.get(from..to).unwrap_or(&[]);
        if let Some(first) = list.first().filter(|_| !self.begun) {
            self.begun = true;
            self.shards.iter_mut().for_each(|s| s.begin(first.time));
        }
        let mut order = std::mem::take(&mut self.order);
        self.sort(list, &mut order);
        let mut hands = [Held::default(); FEW];
        let (mut guessed, mut counted) = (0usize, 0usize);
        for (taken, &next) in order.iter().enumerate() {
            if taken - counted == FEW {
                self.count(strip, from, &mut hands[counted % FEW]);
                counted += 1;
            }
            if taken - guessed > FEW / 2 {
                self.guess(&mut hands[guessed % FEW]);
                guessed += 1;
            }
            if let Some(&ahead) = order.get(taken + FEW)
                && let Some(reading) = readings.get(ahead as usize)
            {
                memory::bring_near(reading);
            }
            let (Some(packet), Some(reading)) = (list.get(next as usize), readings.get(next as usize)) else { continue };
            let held = &mut hands[taken % FEW];
            (held.packet, held.at) = (next, self.mine[usize::from(packet.shard)]);
            self.take(&strip.block, packet, reading, held);
        }
        for n in guessed..order.len() {
            self.guess(&mut hands[n % FEW]);
        }
        for n in counted..order.len() {
            self.count(strip, from, &mut hands[n % FEW]);
        }
        self.order = order;
    }

    /// Puts the numbers of the packets of this worker's shards in order: by shard, then as they are.
    fn sort(&self, list: &[Packet], order: &mut Vec<u32>) {
        let mut places = [0u32; 256];
        for packet in list {
            places[usize::from(packet.shard)] += 1;
        }
        let mut sum = 0;
        for (place, &at) in places.iter_mut().zip(&self.mine) {
            if at == u8::MAX {
                *place = u32::MAX;
            } else {
                (*place, sum) = (sum, sum + *place);
            }
        }
        order.clear();
        order.resize(sum as usize, 0);
        for (n, packet) in (0..).zip(list) {
            let place = &mut places[usize::from(packet.shard)];
            if let Some(number) = order.get_mut(*place as usize) {
                *number = n;
                *place += 1;
            }
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
    fn count<'a>(&mut self, strip: &'a Strip, from: usize, held: &mut Held<'a>) {
        let (block, at) = (&strip.block, from + held.packet as usize);
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
                *self = Self::new(&std::mem::take(&mut self.numbers), self.plan, Arc::clone(&self.local), std::mem::take(&mut self.rules));
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
