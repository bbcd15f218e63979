//! A worker: folds the shards it owns and skips the others by one byte.

use super::local::LocalNets;
use super::shard::{FlowReport, Shard, ShardPlan};
use super::tape::{IntervalPart, Mark, Message, Strip};
use crate::decode::{self, Headers, Rules};
use crate::model::limits::SHARDS;
use crate::stats::totals::Heading;
use std::sync::Arc;

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
    /// Headers of the packet in hand: overwritten for each.
    headers: Headers,
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
            headers: Headers::default(),
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

    fn packets(&mut self, strip: &Strip, from: usize, to: usize) {
        for packet in strip.block.packets.get(from..to).unwrap_or(&[]) {
            let Some(shard) = self.mine.get(usize::from(packet.shard)).and_then(|&at| self.shards.get_mut(usize::from(at))) else {
                continue;
            };
            self.rules.peel = packet.peel;
            decode::walk(packet.link, strip.block.bytes(packet), packet.wire, &self.rules, &mut self.headers);
            let wire = self.headers.wire;
            let bytes = strip.block.bytes(packet);
            let Some(heading) = shard.ingest(packet, bytes, &self.headers, &self.local, &mut self.evicted) else { continue };
            self.part.traffic.count(wire);
            match heading {
                Heading::Inbound => self.part.inbound += u64::from(wire),
                Heading::Outbound => self.part.outbound += u64::from(wire),
                _ => {}
            }
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
