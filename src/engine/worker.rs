//! A worker: folds the shards it owns and skips the others by one byte.

use super::local::LocalNets;
use super::shard::{FlowReport, InHand, Shard, ShardPlan};
use super::tape::{IntervalPart, Mark, Message, Strip};
use crate::capture::{Block, Packet};
use crate::decode::{self, Headers, Rules};
use crate::model::limits::SHARDS;
use crate::model::memory;
use crate::stats::totals::Heading;
use std::sync::Arc;

/// Packets in hand at once: as many as a core keeps memory requests in flight.
const FEW: usize = 16;
/// Lines of 64 bytes at the start of a packet that are read.
const LINES: usize = 3;

/// Owner of every shard whose number is its own modulo the number of workers.
pub struct Worker {
    number: usize,
    of: usize,
    plan: ShardPlan,
    shards: Vec<Shard>,
    /// Position in `shards` by shard number; `u8::MAX` for foreign ones.
    mine: [u8; SHARDS],
    local: Arc<LocalNets>,
    /// Which UDP ports carry packets; `peel` is the packet's own.
    rules: Rules,
    /// Headers of the packets in hand: overwritten for each.
    headers: Box<[Headers; FEW]>,
    part: IntervalPart,
    parts: Vec<(u64, IntervalPart)>,
    evicted: Vec<FlowReport>,
}

impl Worker {
    /// Worker `number` of `of`.
    pub fn new(number: usize, of: usize, plan: ShardPlan, local: Arc<LocalNets>, rules: Rules) -> Self {
        let mut mine = [u8::MAX; SHARDS];
        let mut shards = Vec::new();
        for shard in (number..SHARDS).step_by(of.max(1)) {
            mine[shard] = shards.len() as u8;
            shards.push(Shard::new(shard as u8, plan));
        }
        Self {
            number,
            of,
            plan,
            shards,
            mine,
            local,
            rules,
            headers: Box::new([Headers::default(); FEW]),
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

    /// Folds the packets `from..to` of a strip. Some are in hand at a time: as a packet is taken its headers are read and the memory is
    /// asked for where its conversation's number is, half the way on for the conversation's record, and then it is counted; in the order
    /// of the tape, each step.
    fn packets(&mut self, strip: &Strip, from: usize, to: usize) {
        let list = strip.block.packets.get(from..to).unwrap_or(&[]);
        let mut hands = [InHand::default(); FEW];
        let mut held = [(0u32, 0u8); FEW];
        let (mut taken, mut guessed, mut counted) = (0usize, 0usize, 0usize);
        for (next, packet) in list.iter().enumerate() {
            let at = self.mine.get(usize::from(packet.shard)).copied().unwrap_or(u8::MAX);
            if at == u8::MAX {
                continue;
            }
            if taken - counted == FEW {
                let place = counted % FEW;
                let (packet, at) = held[place];
                self.packet(&strip.block, &list[packet as usize], place, at, &hands[place]);
                counted += 1;
            }
            if taken - guessed > FEW / 2 {
                self.guess(held[guessed % FEW].1, &mut hands[guessed % FEW]);
                guessed += 1;
            }
            if let Some(ahead) = list.get(next + FEW)
                && self.mine.get(usize::from(ahead.shard)).is_some_and(|&at| at != u8::MAX)
            {
                memory::bring_bytes_near(strip.block.bytes(ahead), LINES);
            }
            let place = taken % FEW;
            if let Some(shard) = self.shards.get_mut(usize::from(at)) {
                (self.rules.peel, self.rules.pop) = (packet.peels(), packet.pops());
                let bytes = strip.block.bytes(packet);
                let headers = &mut self.headers[place];
                decode::walk(packet.link, bytes, packet.frame_wire(), &self.rules, headers);
                shard.take(packet, bytes, headers, &mut hands[place]);
            }
            held[place] = (next as u32, at);
            taken += 1;
        }
        for n in guessed..taken {
            self.guess(held[n % FEW].1, &mut hands[n % FEW]);
        }
        for n in counted..taken {
            let (packet, at) = held[n % FEW];
            self.packet(&strip.block, &list[packet as usize], n % FEW, at, &hands[n % FEW]);
        }
    }

    #[inline]
    fn guess(&self, at: u8, hand: &mut InHand) {
        if let Some(shard) = self.shards.get(usize::from(at)) {
            shard.guess(hand);
        }
    }

    #[inline]
    fn packet(&mut self, block: &Block, packet: &Packet, i: usize, at: u8, hand: &InHand) {
        if packet.weight != 0 {
            return self.weighted(packet, block.weight(packet), i, at, hand);
        }
        let (Some(shard), headers) = (self.shards.get_mut(usize::from(at)), &self.headers[i]) else { return };
        let wire = headers.wire;
        let Some(heading) = shard.ingest(packet, headers, hand, &self.local, &mut self.evicted) else { return };
        self.part.traffic.count(wire);
        match heading {
            Heading::Inbound => self.part.inbound += u64::from(wire),
            Heading::Outbound => self.part.outbound += u64::from(wire),
            _ => {}
        }
    }

    /// A packet that stands for `times`: a sample, or the datagram that brought some.
    #[cold]
    #[inline(never)]
    fn weighted(&mut self, packet: &Packet, times: u32, i: usize, at: u8, hand: &InHand) {
        let (Some(shard), headers) = (self.shards.get_mut(usize::from(at)), &self.headers[i]) else { return };
        let Some(heading) = shard.ingest_weighted(packet, headers, hand, times, &self.local, &mut self.evicted) else { return };
        let (wire, times) = (headers.wire, u64::from(times));
        self.part.traffic.count_times(wire, times);
        match heading {
            Heading::Inbound => self.part.inbound += u64::from(wire) * times,
            Heading::Outbound => self.part.outbound += u64::from(wire) * times,
            _ => {}
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
                *self = Self::new(self.number, self.of, self.plan, Arc::clone(&self.local), std::mem::take(&mut self.rules));
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
