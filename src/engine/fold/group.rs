//! A group of the shards: folds their packets in the order of the tape.

use super::dissect_queue::{DissectQueue, Waiting};
use super::in_flight::InFlight;
use super::shard::{Shard, ShardPlan};
use crate::capture::{Block, Packet};
use crate::decode::{self, Headers, Peel, Rules, TransportHeader};
use crate::engine::fold::first_rows::FirstRows;
use crate::engine::fold::listing::{BlockListing, PacketListener};
use crate::engine::fold::local::LocalNets;
use crate::engine::fold::message::{IntervalPart, Message};
use crate::engine::fold::rows::EvictedFlows;
use crate::engine::tape::open_interval::OpenInterval;
use crate::engine::tape::precomputed::Precomputed;
use crate::engine::tape::{Mark, Request, TapeBlock};
use crate::model::limits::{LATE_INTERVALS, SHARDS};
use crate::model::{ListedPacket, PacketJudgement, Proto, TimeSpan, Timestamp, memory};
use crate::stats::totals::TrafficDirection;
use crate::stats::{Doubling, TalkingHosts};
use std::ops::Range;
use std::sync::Arc;

/// Packets in flight at once. At each step of the way the memory is asked for what the next step reads, which takes as long as some packets.
const PIPELINE_DEPTH: usize = 24;
/// How many packets after it was taken a packet's conversation is guessed.
const PROBE: usize = 7;
/// How many packets before it is counted the memory is asked for what a packet's record refers to, and for what that refers to.
const APPROACH: [usize; 3] = [11, 6, 2];

/// Events of a shard that wait for the end of their beat; more are handed over at the end of a block.
const EVENTS_AT_ONCE: usize = 256;

/// A packet in flight, and where it belongs.
#[derive(Debug, Clone, Copy, Default)]
struct Slot<'a> {
    flight: InFlight<'a>,
    /// Its number on the block.
    packet: u32,
    /// The position of its shard.
    at: u8,
    /// Whether it waits to be shown.
    waits: bool,
    /// Tunnels around a TCP segment that is to be analysed though they are not taken off.
    nested: u8,
}

/// Which shards may have conversations to close at a mark: looking at each costs more than most intervals' packets.
#[derive(Debug)]
struct Closing {
    /// One bit a shard: packets came since the last mark.
    touched: u64,
    /// Until when nothing comes to its end in each.
    next: [Timestamp; SHARDS],
    /// The last mark.
    mark: Timestamp,
}

const _: () = assert!(SHARDS <= u64::BITS as usize, "a bit for each shard");

impl Default for Closing {
    fn default() -> Self {
        Self { touched: u64::MAX, next: [Timestamp(i64::MIN); SHARDS], mark: Timestamp(i64::MIN) }
    }
}

impl Closing {
    /// The shards that packets touched; all of them when the clock was set back, for then nothing said of the future holds.
    fn begin(&mut self, now: Timestamp) -> u64 {
        let back = now < std::mem::replace(&mut self.mark, now);
        std::mem::take(&mut self.touched) | if back { u64::MAX } else { 0 }
    }
}

/// How many tunnels are around a TCP segment, of a packet whose own transport is another.
fn nested(headers: &Headers) -> u8 {
    let is_nested =
        !headers.tunnels.is_empty() && !matches!(headers.transport, TransportHeader::Tcp { .. }) && headers.path.contains(Proto::Tcp);
    if is_nested { u8::try_from(headers.tunnels.len()).unwrap_or(0) } else { 0 }
}

/// Some shards that follow each other.
pub struct ShardGroup {
    numbers: Range<u8>,
    plan: ShardPlan,
    shards: Vec<Shard>,
    /// Whether the shards know when the capture began.
    begun: bool,
    local: Arc<LocalNets>,
    /// How packets are decoded.
    rules: Rules,
    /// Headers of the packet walked last.
    headers: Box<Headers>,
    part: IntervalPart,
    /// The load since the last snapshot, by milliseconds or as finely as there is room.
    fine: Doubling<IntervalPart>,
    /// The interval that is open.
    open: OpenInterval,
    /// What came late, by the start of its interval.
    late: Vec<(Timestamp, IntervalPart)>,
    parts: Vec<(u64, IntervalPart)>,
    /// Numbers of the interval and of the beat that are open.
    interval: u64,
    beat: u64,
    closing: Closing,
    /// When the slot of the past began that is open.
    slot: Option<Timestamp>,
    evicted: EvictedFlows,
    first_rows: FirstRows,
    /// Memory in which a shard's hosts are looked at.
    hosts: TalkingHosts,
    listing: Option<BlockListing>,
}

impl ShardGroup {
    /// The group of these shards.
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
            fine: Doubling::default(),
            open: OpenInterval::default(),
            late: Vec::new(),
            parts: Vec::new(),
            interval: 0,
            beat: 0,
            closing: Closing::default(),
            slot: None,
            evicted: EvictedFlows::default(),
            first_rows: FirstRows::default(),
            hosts: TalkingHosts::default(),
            listing: None,
        }
    }

    /// Has every packet told.
    #[must_use]
    pub fn listing(mut self, listener: PacketListener) -> Self {
        self.listing = Some(BlockListing::new(listener));
        self
    }

    /// Folds one block, sending what it causes to the merge.
    pub fn fold(&mut self, tape_block: &TapeBlock, send: &mut dyn FnMut(Message)) {
        self.open = tape_block.open;
        for (run, (_, mark)) in tape_block.marks.iter().enumerate() {
            self.packets(tape_block, run);
            self.mark(mark, send);
        }
        self.packets(tape_block, tape_block.marks.len());
        self.flush(send);
        if let Some(listing) = &mut self.listing {
            listing.tell(&tape_block.block);
        }
    }

    /// Folds the packets of a run, shard by shard, so that a shard's counters and tables are near while its packets come. Some
    /// packets are in flight at a time: as one is taken the memory is asked for where its conversation's number is and where a copy of it would
    /// be, some packets later for the conversation's record, then for what that refers to, and then it is shown and counted; in the order of the tape, each step.
    fn packets(&mut self, tape_block: &TapeBlock, run: usize) {
        let (begins, order) = tape_block.run(run, &self.numbers);
        if let Some(first) = begins.filter(|_| !self.begun) {
            self.begun = true;
            self.shards.iter_mut().for_each(|s| s.begin(first));
        }
        let (packets, precomputed) = (&tape_block.block.packets, &tape_block.precomputed);
        let prefetch = |&number: &u32| {
            packets.get(number as usize).into_iter().for_each(memory::prefetch);
            precomputed.get(number as usize).into_iter().for_each(memory::prefetch);
        };
        order.iter().take(PIPELINE_DEPTH).for_each(prefetch);
        let mut slots = [Slot::default(); PIPELINE_DEPTH];
        let mut queue = DissectQueue::default();
        let (mut guessed, mut counted) = (0usize, 0usize);
        for (taken, &next) in order.iter().enumerate() {
            if taken - counted == PIPELINE_DEPTH {
                self.approach(&slots, counted);
                self.count(tape_block, &mut slots[counted % PIPELINE_DEPTH], &mut queue);
                counted += 1;
            }
            if taken - guessed > PROBE {
                self.probe(&mut slots[guessed % PIPELINE_DEPTH]);
                guessed += 1;
            }
            order.get(taken + PIPELINE_DEPTH).into_iter().for_each(prefetch);
            let (Some(packet), Some(facts)) = (packets.get(next as usize), precomputed.get(next as usize)) else { continue };
            let slot = &mut slots[taken % PIPELINE_DEPTH];
            (slot.packet, slot.at) = (next, packet.shard.wrapping_sub(self.numbers.start));
            self.load(&tape_block.block, packet, facts, slot);
        }
        for n in guessed..order.len() {
            self.probe(&mut slots[n % PIPELINE_DEPTH]);
        }
        for n in counted..order.len() {
            self.approach(&slots, n);
            self.count(tape_block, &mut slots[n % PIPELINE_DEPTH], &mut queue);
        }
        self.dissect_all(&mut queue);
    }

    #[inline(always)]
    fn load<'a>(&mut self, block: &'a Block, packet: &Packet, facts: &Precomputed, slot: &mut Slot<'a>) {
        let Some(shard) = self.shards.get_mut(usize::from(slot.at)) else { return };
        let bytes = block.bytes(packet);
        slot.waits = !facts.fast.is_blank();
        slot.nested = 0;
        if slot.waits {
            slot.waits = shard.load(packet, bytes, facts, &mut slot.flight);
            return;
        }
        let peel = Peel { tunnels: packet.peels(), tag: packet.pops() };
        decode::walk(packet.link, bytes, packet.frame_wire(), &self.rules, peel, &mut self.headers);
        if self.plan.nested {
            slot.nested = nested(&self.headers);
        }
        shard.load_walked(packet, bytes, &self.headers, &mut slot.flight);
    }

    #[inline(always)]
    fn probe(&self, slot: &mut Slot) {
        if let Some(shard) = self.shards.get(usize::from(slot.at)) {
            shard.probe(&mut slot.flight);
        }
    }

    #[inline(always)]
    fn approach(&self, slots: &[Slot; PIPELINE_DEPTH], counted: usize) {
        let [slot, near, next] = APPROACH.map(|ahead| &slots[(counted + ahead) % PIPELINE_DEPTH]);
        if let Some(shard) = self.shards.get(usize::from(slot.at)) {
            shard.approach(&slot.flight);
        }
        if let Some(shard) = self.shards.get(usize::from(near.at)) {
            shard.approach_more(&near.flight);
        }
        if let Some(shard) = self.shards.get(usize::from(next.at)) {
            shard.approach_most(&next.flight);
        }
    }

    #[inline]
    fn count<'a>(&mut self, tape_block: &'a TapeBlock, slot: &mut Slot<'a>, queue: &mut DissectQueue<'a>) {
        if self.shards.get(usize::from(slot.at)).is_some_and(Shard::is_full) {
            self.dissect_all(queue);
        }
        let (block, at) = (&tape_block.block, slot.packet as usize);
        let (Some(packet), Some(shard)) = (block.packets.get(at), self.shards.get_mut(usize::from(slot.at))) else { return };
        self.closing.touched |= 1 << (slot.at % SHARDS as u8);
        if let Some(facts) = tape_block.precomputed.get(at).filter(|_| slot.waits) {
            shard.decode(packet, block.bytes(packet), facts, &mut slot.flight);
        }
        slot.flight.number(tape_block.number(at));
        let (flight, local, evicted) = (&slot.flight, &self.local, &mut self.evicted);
        if packet.weight != 0 {
            let times = block.weight(packet);
            if let Some(listing) = self.listing.as_mut().filter(|_| times == 0) {
                let judgement = PacketJudgement::Samples;
                let packet_as_it_came = ListedPacket { judgement, ..ListedPacket::of(&flight.frame, packet.wire, packet.captured) };
                listing.note(slot.packet, packet_as_it_came);
            }
            if let Some(heading) = shard.ingest_weighted(packet, flight, times, local, evicted) {
                let wire = flight.wire();
                self.count_load(packet.time, wire, times.into(), heading);
            }
        } else {
            let mut waits = None;
            let heading = shard.ingest(packet, flight, local, evicted, &mut waits);
            if slot.nested > 0 && heading.is_some() {
                let peel = Peel { tunnels: slot.nested, tag: packet.pops() };
                decode::walk(packet.link, block.bytes(packet), packet.frame_wire(), &self.rules, peel, &mut self.headers);
                shard.analyse_nested(packet, block.bytes(packet), &self.headers);
            }
            if let Some(listing) = &mut self.listing {
                listing.note(slot.packet, shard.listed(packet, flight, heading.is_some()));
            }
            if heading.is_none() {
                shard.leave_out(packet, flight.frame.stop, block.bytes(packet));
            }
            let recalls = shard.recalls();
            if let Some(heading) = heading {
                let wire = flight.wire();
                self.count_load(packet.time, wire, 1, heading);
            }
            if recalls {
                self.dissect_all(queue);
                self.recount(usize::from(slot.at));
            }
            let ready = waits.and_then(|waiting| queue.push(Waiting { shard: slot.at, ..waiting }));
            ready.into_iter().for_each(|packet| self.dissect(&packet));
        }
    }

    fn dissect(&mut self, packet: &Waiting<'_>) {
        if let Some(shard) = self.shards.get_mut(usize::from(packet.shard)) {
            shard.dissect(packet);
        }
    }

    /// Dissects everything that waits: flow numbers may change, the block leaves, or a mark comes.
    fn dissect_all(&mut self, queue: &mut DissectQueue<'_>) {
        while let Some(packet) = queue.pop() {
            self.dissect(&packet);
        }
    }

    /// Counts a packet in the interval and in the bin of its time.
    #[inline(always)]
    fn count_load(&mut self, time: Timestamp, wire: u32, times: u64, heading: TrafficDirection) {
        self.part_of(time).count(wire, times, heading);
        if time != Timestamp::UNKNOWN
            && let Some(bin) = self.fine.at(time)
        {
            bin.count(wire, times, heading);
        }
    }

    /// The part of the interval that a time belongs to.
    #[inline(always)]
    fn part_of(&mut self, time: Timestamp) -> &mut IntervalPart {
        if time >= self.open.start { &mut self.part } else { self.late_part(time) }
    }

    #[inline(never)]
    fn late_part(&mut self, time: Timestamp) -> &mut IntervalPart {
        let start = self.open.start_of(time);
        // Looked for among the newest only: an interval may be in the list more than once.
        let newest = self.late.len().saturating_sub(LATE_INTERVALS);
        let found = self.late.iter().skip(newest).rposition(|(s, _)| *s == start).map(|at| at + newest);
        let at = found.unwrap_or(self.late.len());
        if found.is_none() {
            self.late.push((start, IntervalPart::default()));
        }
        match self.late.get_mut(at) {
            Some((_, part)) => part,
            None => &mut self.part,
        }
    }

    /// Counts what a shard left out and recalls.
    #[cold]
    #[inline(never)]
    fn recount(&mut self, at: usize) {
        while let Some(held) = self.shards.get_mut(at).and_then(Shard::recalled) {
            let packet = &held.packet;
            let peel = Peel { tunnels: packet.peels(), tag: packet.pops() };
            decode::walk(packet.link, held.bytes(), packet.frame_wire(), &self.rules, peel, &mut self.headers);
            let Some(shard) = self.shards.get_mut(at) else { return };
            let heading = shard.recount(&held, &self.headers, &self.local, &mut self.evicted);
            let wire = self.headers.wire;
            self.count_load(packet.time, wire, 1, heading);
        }
    }

    /// Has every shard decide on what it left out, and counts what it recalls.
    fn decide_copies(&mut self, decide: impl Fn(&mut Shard)) {
        for at in 0..self.shards.len() {
            let Some(shard) = self.shards.get_mut(at) else { return };
            decide(shard);
            if shard.recalls() {
                self.recount(at);
            }
        }
    }

    fn mark(&mut self, mark: &Mark, send: &mut dyn FnMut(Message)) {
        match mark {
            Mark::Interval(number, next) => {
                if self.shards.iter_mut().any(Shard::holds) {
                    self.decide_copies(|shard| shard.decide_copies(next.start, false));
                }
                self.parts.push((*number, std::mem::take(&mut self.part)));
                self.end_of_interval(*number, send);
                self.interval = number.saturating_add(1);
                self.open = *next;
            }
            Mark::Beat(number, now) => self.end_of_beat(*number, *now, send),
            Mark::Copies(times) => self.decide_copies(|shard| shard.learn(*times)),
            Mark::Snapshot(request) => {
                if request.finished {
                    // The last interval is closed: what is counted after all belongs to it, or to one before it.
                    self.open.start = request.latest.map_or(self.open.start, |latest| self.open.start.max(latest.plus(1)));
                    self.decide_copies(|shard| shard.decide_copies(request.now, true));
                }
                self.flush(send);
                if request.finished {
                    self.history(self.interval, request.latest.map_or(self.open.start, |latest| latest.plus(1)), send);
                    self.close_idle(request.now, send);
                    self.close_all(send);
                    self.network(0, |shard| shard.advance_all(request.now), send);
                }
                self.report(request, send);
                send(Message::Reported(request.number, self.part, std::mem::take(&mut self.fine)));
            }
            Mark::Reset => {
                self.close_all(send);
                self.flush(send);
                let (interval, beat) = (self.interval, self.beat);
                let listing = self.listing.take();
                *self = Self::new(self.numbers.clone(), self.plan, Arc::clone(&self.local), std::mem::take(&mut self.rules));
                (self.interval, self.beat, self.listing) = (interval, beat, listing);
                send(Message::Reset);
            }
        }
    }

    /// Has every shard report what a request asks for.
    fn report(&mut self, request: &Request, send: &mut dyn FnMut(Message)) {
        let mut report = |shard: &mut Shard, wanted| send(Message::Report(request.number, Box::new(shard.report(request, wanted))));
        if request.last {
            // Nothing more comes: what a shard knows goes before the next one's rows are made.
            return std::mem::take(&mut self.shards).into_iter().for_each(|mut shard| report(&mut shard, None));
        }
        let mut wanted = self.first_rows.of(&mut self.shards, request).map(Vec::into_iter);
        self.shards.iter_mut().for_each(|shard| report(shard, wanted.as_mut().and_then(Iterator::next)));
    }

    /// A beat ends: where a second of packet time does, with what has waited long enough.
    fn end_of_beat(&mut self, number: u64, now: Option<Timestamp>, send: &mut dyn FnMut(Message)) {
        if let Some(now) = now {
            self.close_idle(now, send);
        }
        let mut hosts = std::mem::take(&mut self.hosts);
        self.network(0, |shard| now.into_iter().for_each(|now| shard.advance(now, &mut hosts)), send);
        self.hosts = hosts;
        self.shards.iter_mut().for_each(Shard::next_beat);
        send(Message::Passed(number));
        self.beat = number.saturating_add(1);
    }

    /// An interval ends, and perhaps a slot of the past.
    fn end_of_interval(&mut self, number: u64, send: &mut dyn FnMut(Message)) {
        self.slot.get_or_insert(self.open.start);
        if self.plan.history.is_some_and(|pace| pace.ends(number)) {
            self.history(number, self.open.end(), send);
        }
    }

    /// Hands over what is added to the past, to a slot that ends with the interval of that number.
    fn history(&mut self, number: u64, end: Timestamp, send: &mut dyn FnMut(Message)) {
        if self.plan.history.is_none() {
            return;
        }
        // What is decided on when everything is over has no time of its own.
        let from = self.slot.take().unwrap_or(end);
        let span = TimeSpan { from, to: end.max(from) };
        self.shards.iter_mut().filter_map(|shard| shard.history(number, span)).for_each(|batch| send(Message::History(Box::new(batch))));
    }

    /// Closes conversations that have ended or were silent for too long by `now`.
    fn close_idle(&mut self, now: Timestamp, send: &mut dyn FnMut(Message)) {
        let beat = self.beat;
        let send = &mut |batch| send(Message::ClosedFlows(batch));
        let touched = self.closing.begin(now);
        for (at, shard) in self.shards.iter_mut().enumerate() {
            if let Some(next) = self.closing.next.get_mut(at).filter(|next| touched >> at & 1 != 0 || now >= **next) {
                *next = shard.close_idle(now, beat, send);
            }
        }
    }

    /// Closes every conversation.
    fn close_all(&mut self, send: &mut dyn FnMut(Message)) {
        let (beat, send) = (self.beat, &mut |batch| send(Message::ClosedFlows(batch)));
        self.shards.iter_mut().for_each(|s| s.close_all(beat, send));
    }

    /// Hands over what happened between hosts, of shards with more than `least` events.
    fn network(&mut self, least: usize, mut first: impl FnMut(&mut Shard), send: &mut dyn FnMut(Message)) {
        for shard in &mut self.shards {
            first(shard);
            if shard.told() > least {
                send(Message::Network(shard.network(self.beat)));
            }
        }
    }

    fn flush(&mut self, send: &mut dyn FnMut(Message)) {
        self.network(EVENTS_AT_ONCE, |_| {}, send);
        if !self.evicted.is_empty() {
            let (beat, send_flows) = (self.beat, &mut |batch| send(Message::ClosedFlows(batch)));
            self.shards.iter_mut().for_each(|s| s.hand_over(beat, send_flows));
            send(Message::Evicted(std::mem::take(&mut self.evicted)));
        }
        if !self.late.is_empty() {
            send(Message::LateParts(std::mem::take(&mut self.late)));
        }
        if !self.parts.is_empty() {
            send(Message::IntervalParts(std::mem::take(&mut self.parts)));
        }
    }
}
