//! A worker: folds the shards it owns and skips the others by one byte.

use super::local::LocalNets;
use super::shard::{FlowReport, InHand, Shard, ShardPlan};
use super::tape::{IntervalPart, Mark, Message, Strip};
use crate::capture::Packet;
use crate::decode::{self, Headers, Rules};
use crate::model::limits::SHARDS;
use crate::model::near;
use crate::stats::totals::Heading;
use std::sync::Arc;

/// Packets in hand at once: as many as a core keeps memory requests in flight.
const FEW: usize = 16;
/// Lines of 64 bytes at the start of a packet that are read.
const LINES: usize = 2;

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
    pub fn new(number: usize, of: usize, plan: ShardPlan, local: Arc<LocalNets>) -> Self {
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
            rules: Rules::PLAIN,
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

    /// Folds the packets `from..to` of a strip, a few at a time: their headers are read first and the memory asked for what counting them
    /// will touch, so that it works on several at once; then they are counted in order.
    fn packets(&mut self, strip: &Strip, from: usize, to: usize) {
        let list = strip.block.packets.get(from..to).unwrap_or(&[]);
        let mut hands = [InHand::default(); FEW];
        let mut few = [(0u32, 0u8); FEW];
        let mut next = 0;
        while next < list.len() {
            let mut count = 0;
            while let Some(packet) = list.get(next)
                && count < FEW
            {
                let at = self.mine.get(usize::from(packet.shard)).copied().unwrap_or(u8::MAX);
                if let Some(shard) = self.shards.get_mut(usize::from(at)) {
                    if let Some(ahead) = list.get(next + FEW) {
                        near::bring_bytes_near(strip.block.bytes(ahead), LINES);
                    }
                    self.rules.peel = packet.peel;
                    let bytes = strip.block.bytes(packet);
                    let headers = &mut self.headers[count];
                    decode::walk(packet.link, bytes, packet.wire, &self.rules, headers);
                    shard.take(packet, bytes, headers, &mut hands[count]);
                    few[count] = (next as u32, at);
                    count += 1;
                }
                next += 1;
            }
            for (hand, &(_, at)) in hands.iter_mut().zip(&few).take(count) {
                if let Some(shard) = self.shards.get(usize::from(at)) {
                    shard.guess(hand);
                }
            }
            for (i, &(packet, at)) in few.iter().take(count).enumerate() {
                self.packet(&list[packet as usize], i, at, &hands[i]);
            }
        }
    }

    #[inline]
    fn packet(&mut self, packet: &Packet, i: usize, at: u8, hand: &InHand) {
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

    fn mark(&mut self, mark: &Mark, send: &mut dyn FnMut(Message)) {
        match mark {
            Mark::Interval(number) => self.parts.push((*number, std::mem::take(&mut self.part))),
            Mark::Snapshot(request) => {
                self.flush(send);
                let reports = self.shards.iter_mut().map(|s| s.report(request)).collect();
                send(Message::Reports(request.number, reports, self.part));
            }
            Mark::Reset => {
                self.flush(send);
                *self = Self::new(self.number, self.of, self.plan, Arc::clone(&self.local));
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
