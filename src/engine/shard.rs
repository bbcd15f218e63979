//! One of the 64 shards: folds its packets, in tape order, with no lock and no allocation a packet.

mod hand;
mod samples;

pub use hand::InHand;

use super::key::FragmentTable;
use super::local::LocalNets;
use super::reading::{Reading, Secrets};
use super::rows::{self, FlowReport, Kind};
use super::tables::Talk;
use super::tape::Request;
use super::watch::{Watch, Watcher, Witness};
use crate::capture::Packet;
use crate::decode::{Fragment, Headers};
use crate::mirror::Digest;
use crate::model::{Direction, FlowKey, Frame, Stop, Timestamp, Traffic};
use crate::snapshot::Conversation;
use crate::stats::flow::{Settled, Step};
use crate::stats::totals::Heading;
use crate::stats::{Context, Contexts, FlowTable, Totals};

/// Everything a shard hands in at a mark.
#[derive(Debug)]
pub struct ShardReport {
    /// Which shard.
    pub shard: u8,
    /// Its sums so far.
    pub totals: Totals,
    /// Its contexts with what was added.
    pub contexts: Vec<(Context, Traffic)>,
    /// Its conversations.
    pub flows: Vec<FlowReport>,
    /// All of both instead, as they are: there may be too many for a copy.
    pub whole: Option<Whole>,
    /// Conversations that match the query's filter: TCP, UDP, SCTP, other.
    pub matching: [u64; 4],
    /// What its detectors counted so far.
    pub witness: Witness,
}

/// A shard's conversations and their contexts.
#[derive(Debug)]
pub struct Whole {
    flows: FlowTable<Watch>,
    contexts: Contexts,
}

impl Whole {
    /// The contexts with what was added.
    pub fn contexts(&self) -> impl Iterator<Item = (&Context, Traffic)> {
        self.contexts.added()
    }

    /// What every conversation means for its ends.
    pub fn talks(&self) -> impl Iterator<Item = (Talk, Kind)> + '_ {
        self.flows.records().map(|record| {
            let key = &record.flow.key;
            let ends = [(key.a(), key.a_port), (key.b(), key.b_port)];
            let talk = Talk { ends, added: record.added(), first: record.rest.first, last: record.last() };
            (talk, Kind::of(key.protocol))
        })
    }

    /// Every conversation's row.
    pub fn reports(&self) -> impl Iterator<Item = (Conversation, Kind)> + '_ {
        self.flows
            .records()
            .zip(0..)
            .map(|(record, at)| (rows::conversation(record, self.flows.vlans(at), &self.contexts), Kind::of(record.flow.key.protocol)))
    }

    /// How many conversations of each kind there are.
    pub fn kinds(&self) -> [u64; 4] {
        let mut kinds = [0; 4];
        self.flows.records().for_each(|r| kinds[Kind::of(r.flow.key.protocol) as usize] += 1);
        kinds
    }
}

/// How shards are to work.
#[derive(Debug, Clone, Copy)]
pub struct ShardPlan {
    /// Conversations kept in each.
    pub flows: usize,
    /// Whether copies are left out.
    pub dedup: bool,
    /// What keys the hashes.
    pub secrets: Secrets,
}

/// A shard's state.
#[derive(Debug)]
pub struct Shard {
    number: u8,
    dedup: bool,
    watcher: Watcher,
    totals: Totals,
    contexts: Contexts,
    flows: FlowTable<Watch>,
    fragments: FragmentTable<(FlowKey, Direction)>,
}

impl Shard {
    /// An empty shard.
    pub fn new(number: u8, plan: ShardPlan) -> Self {
        Self {
            number,
            dedup: plan.dedup,
            watcher: Watcher::new(plan.secrets.copies),
            totals: Totals::default(),
            contexts: Contexts::new(plan.secrets.tables),
            flows: FlowTable::new(plan.flows, plan.secrets.tables),
            fragments: FragmentTable::default(),
        }
    }

    /// Tells when the capture began: with the first packet of all shards.
    pub fn begin(&mut self, time: Timestamp) {
        self.watcher.begin(time);
    }

    /// Takes one of the commonest packets in hand, as the router read it, and asks the memory for what it needs next. False when it cannot be
    /// [shown](Self::show) later, but was shown.
    #[inline]
    pub fn take<'a>(&mut self, packet: &Packet, bytes: &'a [u8], reading: &Reading, hand: &mut InHand<'a>) -> bool {
        (hand.hash, hand.context) = (reading.hash, reading.context);
        self.flows.bring_near(hand.hash);
        let waits = self.watcher.knows(reading);
        if !waits {
            self.show(packet, bytes, reading, hand);
            hand.digest = self.watcher.digest(&hand.frame);
        }
        waits
    }

    /// Shows one of the commonest packets in hand that could wait for it.
    #[inline(always)]
    pub fn show<'a>(&mut self, packet: &Packet, bytes: &'a [u8], reading: &Reading, hand: &mut InHand<'a>) {
        hand.frame.bytes = bytes;
        hand.frame.wire = packet.frame_wire();
        reading.brief.show(&mut hand.frame);
        hand::arrived(packet, &mut hand.frame);
        hand.digest = Digest::of_brief(&reading.brief, &reading.print);
        debug_assert!(!self.watcher.knows(reading) || hand.digest == self.watcher.digest(&hand.frame));
    }

    /// Takes any other packet in hand, of which `headers` were found.
    #[inline(never)]
    pub fn take_walked<'a>(&mut self, packet: &Packet, bytes: &'a [u8], headers: &Headers, hand: &mut InHand<'a>) {
        headers.show(bytes, self.conversation(headers), &mut hand.frame);
        hand::arrived(packet, &mut hand.frame);
        let frame = &hand.frame;
        hand.digest = self.watcher.digest(frame);
        hand.hash = frame.flow.as_ref().map_or(0, |(key, _)| self.flows.hash(key));
        hand.context = self.contexts.fingerprint(frame.path, frame.mac.as_ref(), &frame.vlans);
        self.flows.bring_near(hand.hash);
    }

    /// Guesses the conversation of a packet in hand, and asks the memory for its record.
    #[inline]
    pub fn guess(&self, hand: &mut InHand) {
        hand.guess = self.flows.guess(hand.hash);
    }

    /// Folds in a packet in hand and says where it was heading; `None` when it is a copy that is left out. Conversations that had to make
    /// room are appended to `evicted`.
    #[inline]
    pub fn ingest(&mut self, packet: &Packet, hand: &InHand, local: &LocalNets, evicted: &mut Vec<FlowReport>) -> Option<Heading> {
        let frame = &hand.frame;
        self.totals.count_link(packet.wire, packet.captured);
        if self.watcher.is_copy(frame, &hand.digest) && self.dedup {
            return None;
        }
        self.totals.count(frame.wire);
        match frame.stop {
            None => {}
            Some(Stop::Captured) => self.totals.short += 1,
            Some(Stop::Malformed) => self.totals.malformed += 1,
        }
        let Some(step) = step(frame) else {
            self.totals.directions[Heading::Unknown as usize].count(frame.wire);
            self.watcher.bare(frame);
            self.contexts.count(&hand::context(frame), frame.time, frame.wire);
            return Some(Heading::Unknown);
        };
        self.totals.count_tcp(step.flags);
        let at = self.locate(&step, hand, true, local, evicted);
        let (flow, backward) = self.flows.count(at, &step);
        self.watcher.conversation(&mut flow.watch, frame, packet.load);
        let heading = flow.heading[step.direction as usize];
        if backward {
            self.contexts.backward(self.flows.context(at, step.direction), step.time);
        }
        Some(heading)
    }

    /// The number of a packet's conversation, which is now in the packet's context. The detectors take notice of a change of tags where
    /// the packet is one to be `judged`.
    #[inline(always)]
    fn locate(&mut self, step: &Step, hand: &InHand, judged: bool, local: &LocalNets, evicted: &mut Vec<FlowReport>) -> u32 {
        if self.flows.is_full() {
            self.make_room(evicted);
        }
        let frame = &hand.frame;
        let at = self.flows.locate(step, hand.hash, hand.guess, || local.headings(step.key));
        if self.flows.is_elsewhere(at, step.direction, hand.context) {
            self.change_context(at, step, hand.context, frame, judged);
        }
        at
    }

    /// The conversation of a packet: its own, or for a later fragment that of the first.
    #[inline]
    fn conversation(&mut self, headers: &Headers) -> Option<(FlowKey, Direction)> {
        let own = headers.flow()?;
        if matches!(headers.fragment, Fragment::Whole) {
            return Some(own);
        }
        self.totals.fragments += 1;
        Some(self.fragments.pass(headers, || own).unwrap_or(own))
    }

    #[inline(never)]
    fn change_context(&mut self, at: u32, step: &Step, fingerprint: u64, frame: &Frame, judged: bool) {
        let context = &hand::context(frame);
        if judged && let Some(watch) = self.flows.watch(at) {
            watch.note_tags(step.direction, &context.vlans);
        }
        let vlans = |c: u32| self.contexts.get(c).map(|c| c.key.vlans);
        let old = vlans(self.flows.context(at, step.direction));
        if let Some(old) = old.filter(|old| *old != context.vlans) {
            self.flows.note_vlan(at, old.ids());
            self.flows.note_vlan(at, context.vlans.ids());
        }
        let now = self.contexts.enter(context, step.time);
        let (contexts, totals) = (&mut self.contexts, &mut self.totals);
        self.flows.change_context(at, step.direction, fingerprint, now, |settled| settle(contexts, totals, settled));
    }

    /// Brings what is derived from conversations up to date.
    fn settle(&mut self) {
        let (contexts, totals) = (&mut self.contexts, &mut self.totals);
        self.flows.settle(|settled| settle(contexts, totals, settled));
    }

    #[inline(never)]
    fn make_room(&mut self, evicted: &mut Vec<FlowReport>) {
        self.settle();
        let contexts = &self.contexts;
        self.flows.evict(|record, at, table| {
            let row = rows::conversation(record, table.vlans(at), contexts);
            evicted.push(FlowReport { row, kind: Kind::of(record.flow.key.protocol), shown: false });
        });
    }

    /// Hands in what the request asks for and everything that changed. At its `last` the shard gives its conversations away.
    pub fn report(&mut self, request: &Request) -> ShardReport {
        let query = &request.query;
        self.settle();
        let witness = self.watcher.report(&self.flows, &self.contexts, request);
        let mut report = ShardReport {
            shard: self.number,
            totals: self.totals,
            contexts: Vec::new(),
            flows: Vec::new(),
            matching: [0; 4],
            whole: None,
            witness,
        };
        if request.last && query.wants_every_row() {
            let whole = Whole { flows: self.flows.give_away(), contexts: self.contexts.give_away() };
            report.matching = whole.kinds();
            report.whole = Some(whole);
        } else {
            report.contexts = self.contexts.report();
            (report.flows, report.matching) = rows::select(&self.flows, &self.contexts, query);
            self.flows.reported();
        }
        report
    }
}

fn settle(contexts: &mut Contexts, totals: &mut Totals, settled: Settled) {
    contexts.settle(settled.context, settled.traffic, settled.last);
    totals.directions[settled.heading as usize].add(settled.traffic);
}

/// What the flow table goes by; `None` without a network layer.
#[inline(always)]
fn step<'a>(frame: &'a Frame) -> Option<Step<'a>> {
    let (key, direction) = frame.flow.as_ref()?;
    let tcp = frame.tcp.as_ref();
    Some(Step { key, direction: *direction, time: frame.time, wire: frame.wire, tcp, flags: tcp.map_or(0, |s| s.flags) })
}
