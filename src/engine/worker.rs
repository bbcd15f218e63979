//! A worker: folds the shards it owns and skips the others by one byte.

use super::local::LocalNets;
use super::shard::{FlowReport, Shard, ShardPlan};
use super::tape::{IntervalPart, Mark, Message, Strip};
use crate::capture::{Block, Packet};
use crate::decode::{self, Headers, Rules};
use crate::model::limits::SHARDS;
use crate::stats::totals::Heading;
use std::sync::Arc;

/// Packets whose records are fetched at once: as many as a core keeps memory requests in flight.
const FEW: usize = 12;

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

    /// Folds the packets `from..to` of a strip, a few at a time: their headers are read first and their records brought near, so that
    /// the memory works on several at once, then they are counted in order.
    fn packets(&mut self, strip: &Strip, from: usize, to: usize) {
        let mut list = strip.block.packets.get(from..to).unwrap_or(&[]).iter();
        loop {
            let mut few: [Option<(&Packet, usize)>; FEW] = [None; FEW];
            let mut count = 0;
            while count < FEW
                && let Some(packet) = list.next()
            {
                let at = self.mine.get(usize::from(packet.shard)).map_or(usize::MAX, |&at| usize::from(at));
                if at < self.shards.len() {
                    (self.rules.peel, self.rules.pop) = (packet.peels(), packet.pops());
                    decode::walk(packet.link, strip.block.bytes(packet), packet.frame_wire(), &self.rules, &mut self.headers[count]);
                    few[count] = Some((packet, at));
                    count += 1;
                }
            }
            if count == 0 {
                return;
            }
            self.bring_near(&few);
            for (i, (packet, at)) in few.into_iter().flatten().enumerate() {
                self.packet(&strip.block, packet, i, at);
            }
        }
    }

    #[inline]
    fn bring_near(&self, few: &[Option<(&Packet, usize)>; FEW]) {
        let mut contexts = [(0, u32::MAX); FEW];
        for (i, (_, at)) in few.iter().flatten().enumerate() {
            if let Some(shard) = self.shards.get(*at) {
                contexts[i] = (*at, shard.touch(&self.headers[i]).unwrap_or(u32::MAX));
            }
        }
        let mut sum = 0u64;
        for (at, context) in contexts {
            sum = sum.wrapping_add(self.shards.get(at).map_or(0, |shard| shard.touch_context(context)));
        }
        // Without a use of what was read the compiler would not read it.
        std::hint::black_box(sum);
    }

    #[inline]
    fn packet(&mut self, block: &Block, packet: &Packet, i: usize, at: usize) {
        if packet.weight != 0 {
            return self.weighted(packet, block.weight(packet), i, at);
        }
        let (Some(shard), headers) = (self.shards.get_mut(at), &self.headers[i]) else { return };
        let wire = headers.wire;
        let Some(heading) = shard.ingest(packet, block.bytes(packet), headers, &self.local, &mut self.evicted) else { return };
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
    fn weighted(&mut self, packet: &Packet, times: u32, i: usize, at: usize) {
        let (Some(shard), headers) = (self.shards.get_mut(at), &self.headers[i]) else { return };
        let Some(heading) = shard.ingest_weighted(packet, headers, times, &self.local, &mut self.evicted) else { return };
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
                let reports = self.shards.iter_mut().map(|s| s.report(request)).collect();
                send(Message::Reports(request.number, reports, self.part));
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
