//! One of the 64 shards: folds its packets, in tape order, with no lock and no allocation a packet.

mod history;
mod network;
mod recount;
mod samples;
mod sightings;

use super::dissect_queue::Waiting;
use super::held_packets::HeldPackets;
use super::in_flight::{self, InFlight};
use super::reader::Reader;
use crate::capture::Packet;
use crate::decode::{Fragment, Headers};
use crate::dissect::{AnswerProgress, DissectReport};
use crate::engine::fold::closed_flows::ClosedFlows;
use crate::engine::fold::detectors::{DetectorReport, Detectors, FlowDetectors};
use crate::engine::fold::history::HistoryPace;
use crate::engine::fold::local::LocalNets;
use crate::engine::fold::rows::{self, CountedKinds, EvictedFlows, FlowIncrease, Selection, Wanted};
use crate::engine::tape::Request;
use crate::engine::tape::precomputed::{HashKeys, Precomputed};
use crate::engine::tape::shard_key::FragmentTable;
use crate::mirror::Digest;
use crate::model::ip_protocol::UDP;
use crate::model::sum::sums;
use crate::model::tcp::{FIN, HOLD, RST, SYN, TcpMarks};
use crate::model::{
    AnalysisFlags, AppId, AppSlot, CapScale, CloseReason, Direction, FlowBatch, FlowKey, Frame, LearntName, ListedPacket, SegmentAnalysis,
    Timestamp,
};
use crate::stats::flow::{Counted, FlowChange, FlowPacket, Flushed};
use crate::stats::totals::TrafficDirection;
use crate::stats::{
    Connections, Context, Contexts, FlowTable, Fragments, Gathering, KeepAlives, LossLocator, Record, Stalls, StuckSegments, Talkers,
    TcpAnalysisSums, Totals, UnreadTurns,
};
use crate::switch::StationWatch;
use history::ShardHistory;

sums! {
    /// What a shard counted since the beginning: one field a wing, each a sum.
    #[derive(Debug, Clone, Default)]
    pub struct ShardSums {
        /// Packets, bytes, sizes, flags.
        pub stats: Totals,
        /// What mirroring did.
        pub mirror: DetectorReport,
        /// What is spoken.
        pub dissect: DissectReport,
        /// What Wireshark says of TCP segments.
        pub tcp: TcpAnalysisSums,
    }
}

/// Everything a shard hands in at a mark.
#[derive(Debug)]
pub struct ShardReport {
    /// Which shard.
    pub shard: u8,
    /// Its sums so far.
    pub sums: ShardSums,
    /// Its contexts that were counted in.
    pub contexts: Vec<Context>,
    /// Its conversations.
    pub flows: Selection,
    /// Names of addresses they learnt; only where every row is wanted.
    pub names: Vec<LearntName>,
}

/// How shards are to work.
#[derive(Debug, Clone, Copy)]
pub struct ShardPlan {
    /// Conversations kept in each.
    pub flows: usize,
    /// Whether copies are left out.
    pub dedup: bool,
    /// Whether somebody wants the records of closed conversations.
    pub flow_records: bool,
    /// Nanoseconds after which there is a record of a part of a conversation that goes on; `None`: of whole conversations only.
    pub flow_parts: Option<i64>,
    /// Whether somebody wants to know what requests say.
    pub request_words: bool,
    /// Whether TCP is analysed inside tunnels that are not taken off.
    pub nested: bool,
    /// Where slots of the past end; `None`: nobody looks back.
    pub history: Option<HistoryPace>,
    /// What keys the hashes.
    pub hash_keys: HashKeys,
    /// How much of the caps beside conversations is allowed.
    pub caps: CapScale,
}

/// A shard's state.
#[derive(Debug)]
pub struct Shard {
    number: u8,
    dedup: bool,
    hash_keys: HashKeys,
    detectors: Detectors,
    /// Packets left out that may have to be counted after all.
    held: HeldPackets,
    totals: Totals,
    contexts: Contexts,
    flows: FlowTable<FlowDetectors>,
    kinds: CountedKinds,
    closed: ClosedFlows,
    /// Every conversation was closed at the end of the capture.
    finished: bool,
    fragments: FragmentTable<(FlowKey, Direction)>,
    reader: Reader,
    connections: Connections,
    losses: LossLocator,
    stalls: Stalls,
    stuck: StuckSegments,
    kept: KeepAlives,
    unread: UnreadTurns,
    /// Conversations of this beat that were cut in the middle of an answer.
    cut_answers: Vec<(FlowKey, AnswerProgress)>,
    talkers: Talkers,
    sightings: Gathering,
    pieces: Fragments,
    /// Conversations that were closed while they were being read.
    ending: Vec<(u32, CloseReason)>,
    /// What was added since a slot of the past ended, where somebody looks back.
    history: Option<ShardHistory>,
}

impl Shard {
    /// An empty shard.
    pub fn new(number: u8, plan: ShardPlan) -> Self {
        let mut flows = FlowTable::new(plan.flows, plan.hash_keys.tables, plan.caps);
        if plan.history.is_some() {
            flows.look_back();
        }
        if let Some(longest) = plan.flow_parts.filter(|_| plan.flow_records) {
            flows.tell_parts(longest);
        }
        let mut reader = Reader::new(plan.hash_keys.shards, plan.caps);
        if plan.request_words {
            reader.keep_words();
        }
        Self {
            number,
            dedup: plan.dedup,
            hash_keys: plan.hash_keys,
            detectors: Detectors::new(plan.hash_keys.copies, plan.caps),
            held: HeldPackets::default(),
            totals: Totals::default(),
            contexts: Contexts::new(plan.hash_keys.tables, plan.caps),
            flows,
            kinds: CountedKinds::default(),
            closed: ClosedFlows::new(number, plan.flow_records, plan.caps),
            finished: false,
            fragments: FragmentTable::new(plan.hash_keys.shards),
            reader,
            connections: Connections::new(plan.hash_keys.tables, plan.caps),
            losses: LossLocator::new(plan.hash_keys.tables, plan.caps),
            stalls: Stalls::default(),
            stuck: StuckSegments::default(),
            kept: KeepAlives::default(),
            unread: UnreadTurns::default(),
            cut_answers: Vec::new(),
            talkers: Talkers::default(),
            sightings: Gathering::within(plan.caps),
            pieces: Fragments::default(),
            ending: Vec::new(),
            history: plan.history.map(|_| ShardHistory::within(plan.caps)),
        }
    }

    /// Tells when the capture began: with the first packet of all shards.
    pub fn begin(&mut self, time: Timestamp) {
        self.detectors.begin(time);
        self.reader.begin(time);
        self.pieces.begin(time);
    }

    /// Takes one of the commonest packets in flight, as the router read it, and asks the memory for what it needs next. False when it cannot be
    /// [decoded](Self::decode) later, but was decoded at once.
    #[inline]
    pub fn load<'a>(&mut self, packet: &Packet, bytes: &'a [u8], facts: &Precomputed, flight: &mut InFlight<'a>) -> bool {
        (flight.hash, flight.context) = (facts.hash, facts.context);
        flight.has_data = facts.fast.is_tcp() & (facts.fast.payload > 0);
        flight.way = facts.fast.direction;
        self.flows.prefetch(flight.hash);
        let waits = self.detectors.knows(facts);
        if !waits {
            self.decode(packet, bytes, facts, flight);
            flight.digest = self.detectors.digest(&flight.frame);
        }
        waits
    }

    /// Shows one of the commonest packets in flight that could wait for it.
    #[inline(always)]
    pub fn decode<'a>(&mut self, packet: &Packet, bytes: &'a [u8], facts: &Precomputed, flight: &mut InFlight<'a>) {
        flight.frame.bytes = bytes;
        flight.frame.wire = packet.frame_wire();
        facts.fast.show(&mut flight.frame);
        in_flight::arrived(packet, &mut flight.frame);
        flight.digest = Digest::of_brief(&facts.fast, &facts.print);
        debug_assert!(!self.detectors.knows(facts) || flight.digest == self.detectors.digest(&flight.frame));
    }

    /// Takes any other packet in flight, of which `headers` were found.
    #[inline(never)]
    pub fn load_walked<'a>(&mut self, packet: &Packet, bytes: &'a [u8], headers: &Headers, flight: &mut InFlight<'a>) {
        headers.show(bytes, self.conversation(headers), &mut flight.frame);
        in_flight::arrived(packet, &mut flight.frame);
        flight.frame.hash = flight.frame.flow.as_ref().map_or(0, |(key, _)| self.hash_keys.shards_hash(key));
        let frame = &flight.frame;
        flight.has_data = frame.tcp.is_some_and(|segment| segment.payload > 0);
        flight.way = frame.flow.map_or(Direction::AToB, |(_, way)| way);
        flight.digest = self.detectors.digest(frame);
        flight.hash = frame.flow.as_ref().map_or(0, |(key, _)| self.flows.hash(key));
        flight.context = self.contexts.fingerprint(frame.path, frame.mac.as_ref(), &frame.vlans);
        self.flows.prefetch(flight.hash);
    }

    /// Guesses the conversation of a packet in flight, and asks the memory for its record.
    #[inline]
    pub fn probe(&self, flight: &mut InFlight) {
        flight.probe = self.flows.probe(flight.hash);
    }

    /// Asks the memory for what the conversation's record, which is near by now, refers to.
    #[inline(always)]
    pub fn approach(&self, flight: &InFlight) {
        self.flows.approach(flight.probe);
        if self.flows.may_change_context(flight.probe, flight.way, flight.context) {
            self.contexts.prefetch(flight.context);
        }
    }

    /// The same, for what that refers to.
    #[inline(always)]
    pub fn approach_more(&self, flight: &InFlight) {
        self.flows.approach_more(flight.probe, flight.frame.time, flight.has_data);
    }

    /// The same, for what that refers to in turn.
    #[inline(always)]
    pub fn approach_most(&self, flight: &InFlight) {
        self.flows.approach_most(flight.probe);
        if flight.has_data & self.flows.may_turn(flight.probe, flight.way) {
            self.unread.prefetch(flight.probe.at());
        }
    }

    /// Folds in a packet in flight and says where it was heading; `None` when it is a copy that is left out. Conversations that had to make
    /// room are appended to `evicted`. `waits` is set where the dissectors want the packet's payload.
    #[inline]
    pub fn ingest<'a>(
        &mut self,
        packet: &Packet,
        flight: &InFlight<'a>,
        local: &LocalNets,
        evicted: &mut EvictedFlows,
        waits: &mut Option<Waiting<'a>>,
    ) -> Option<TrafficDirection> {
        let frame = &flight.frame;
        self.totals.count_link(packet.wire, packet.captured);
        if self.detectors.is_copy(frame, &flight.digest) && self.dedup {
            self.detectors.left_out(frame);
            sightings::copy(&mut self.sightings, frame);
            return None;
        }
        self.count_frame(frame);
        let Some(step) = step(frame) else { return Some(self.ingest_bare(frame)) };
        let at = self.locate(&step, flight, true, local, evicted);
        if step.tcp.is_some() & self.flows.is_due(step.time) {
            self.decide(step.time);
        }
        if self.flows.app(at).is_some_and(AppSlot::is_wanted) {
            *waits = self.wants(at, frame);
        }
        let Counted { flow, backward, tcp, before, holes, analysis } = self.flows.count(at, &step, packet.load);
        self.totals.count_tcp(if frame.fragment { analysis.control } else { step.flags });
        let mut lost = Vec::new();
        if step.tcp.is_none() {
            network::datagram(&mut self.connections, (&mut self.sightings, &mut self.pieces), frame);
        } else if tcp.marks.has(network::MARKS)
            | analysis.flags.has(AnalysisFlags::ZERO_WINDOW)
            | analysis.is_round_trip
            | self.stalls.any()
            || self.losses.any() && (tcp.marks.has(TcpMarks::ADVANCED) || frame.tcp.is_some_and(|segment| segment.payload == 0))
        {
            let segment = network::MarkedSegment { frame, tcp: &tcp, analysis, before, hash: flight.hash };
            let ledgers = (&mut self.losses, &mut self.stalls, &mut self.stuck, &mut self.kept);
            lost = network::segment(&mut self.connections, ledgers, flow, &segment);
        }
        let interest = analysis.turn.map(|turn| network::turn(&mut self.unread, flow, frame, (at, flight.hash), turn));
        if step.flags & (FIN | RST) != 0 {
            self.unread.end(&flow.key, flight.hash, at);
        }
        self.detectors.conversation(&mut flow.detectors, frame, &flow.numbers, &tcp, holes, packet.load);
        let heading = flow.heading[step.direction as usize];
        lost.iter().for_each(|lost| self.flows.note_lost(at, lost));
        if let Some(interest) = interest {
            self.flows.note_interest(at, step.direction, step.time, interest);
        }
        if backward {
            self.contexts.backward(self.flows.context(at, step.direction), step.time);
        }
        Some(heading)
    }

    /// Counts a packet that is no copy, whatever it holds.
    #[inline(always)]
    fn count_frame(&mut self, frame: &Frame<'_>) {
        if StationWatch::is_sampled(frame) {
            self.detectors.stations().sample(frame);
        }
        self.totals.count(frame.wire);
        self.totals.count_stop(frame.stop);
        self.totals.count_classes(frame, 1);
    }

    /// Counts a packet of no conversation.
    #[inline]
    fn ingest_bare(&mut self, frame: &Frame<'_>) -> TrafficDirection {
        self.totals.directions[TrafficDirection::Unknown as usize].count(frame.wire);
        self.detectors.bare(frame);
        sightings::bare(&mut self.sightings, frame);
        if self.contexts.count(&in_flight::context(frame), frame.time, frame.wire) {
            self.is_fresh(frame);
        }
        TrafficDirection::Unknown
    }

    /// Analyses the TCP segment in a tunnel of the packet that was folded in last, of which `headers` were found without the tunnel.
    #[cold]
    #[inline(never)]
    pub fn analyse_nested(&mut self, packet: &Packet, bytes: &[u8], headers: &Headers) {
        let mut frame = Frame::default();
        headers.show(bytes, headers.flow(), &mut frame);
        in_flight::arrived(packet, &mut frame);
        self.flows.analyse_nested(&frame);
    }

    /// The packet that was folded in last, as a list shows it; whether it was `kept`.
    pub fn listed(&self, packet: &Packet, flight: &InFlight, kept: bool) -> ListedPacket {
        let has_segment = flight.frame.flow.is_some();
        let analysis = if kept && has_segment { self.flows.latest_analysis().as_printed() } else { SegmentAnalysis::default() };
        let judgement = self.detectors.judgement();
        ListedPacket { kept, judgement, analysis, ..ListedPacket::of(&flight.frame, packet.wire, packet.captured) }
    }

    /// What is to be dissected of a packet, before it is counted.
    #[inline(never)]
    fn wants<'a>(&mut self, at: u32, frame: &Frame<'a>) -> Option<Waiting<'a>> {
        let slot = self.flows.app(at)?;
        match &frame.tcp {
            // A segment before it may still wait, and make a state of which what this one acknowledges is part; before any payload nothing does.
            Some(segment) if segment.payload == 0 && segment.flags & SYN != 0 => None,
            Some(_) => Waiting::of(frame, at, [Direction::AToB, Direction::BToA].map(|way| self.flows.next_sequence(at, way))),
            None if slot.app == AppId::NONE && frame.flow?.0.protocol != UDP => {
                self.reader.echo(frame, self.detectors.unmatched());
                None
            }
            None => Waiting::of(frame, at, [None; 2]),
        }
    }

    /// Dissects a packet that has waited.
    pub fn dissect(&mut self, packet: &Waiting<'_>) {
        let Some(slot) = self.flows.app_mut(packet.at) else { return };
        let met = self.reader.read(slot, packet, self.detectors.unmatched());
        if met != AnswerProgress::Unknown {
            self.flows.note_answers_cut(packet.at, met == AnswerProgress::Whole);
            self.cut_answers.push((packet.flow, met));
        }
    }

    /// Whether the next new conversation makes others go: what waits to be dissected has to be so before.
    #[inline(always)]
    pub fn is_full(&self) -> bool {
        self.flows.is_full()
    }

    /// The number of a packet's conversation, which is now in the packet's context. The detectors take notice of a change of tags where
    /// the packet is one to be `judged`.
    #[inline(always)]
    fn locate(&mut self, step: &FlowPacket, flight: &InFlight, judged: bool, local: &LocalNets, evicted: &mut EvictedFlows) -> u32 {
        if self.flows.is_full() {
            self.make_room(evicted);
        }
        let frame = &flight.frame;
        let at = self.flows.locate(step, flight.hash, flight.probe, || local.headings(step.key));
        if self.flows.is_elsewhere(at, step.direction, flight.context) {
            self.change_context(at, step, flight.context, frame, judged);
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
    fn change_context(&mut self, at: u32, step: &FlowPacket, fingerprint: u64, frame: &Frame, judged: bool) {
        let context = &in_flight::context(frame);
        if judged && let Some(detectors) = self.flows.detectors(at) {
            detectors.note_tags(step.direction, &context.vlans);
        }
        let vlans = |c: u32| self.contexts.get(c).map(|c| c.key.vlans);
        let old = vlans(self.flows.context(at, step.direction));
        if let Some(old) = old.filter(|old| *old != context.vlans) {
            self.flows.note_vlan(at, old.ids());
            self.flows.note_vlan(at, context.vlans.ids());
        }
        let (now, is_new) = self.contexts.enter(context, fingerprint, step.time);
        if is_new {
            self.is_fresh(frame);
        }
        let (contexts, totals) = (&mut self.contexts, &mut self.totals);
        self.flows.change_context(at, step.direction, fingerprint, now, |flushed| flush(contexts, totals, flushed));
    }

    /// Takes notice of a frame that no other was like, by its stations and protocols.
    #[inline(never)]
    fn is_fresh(&mut self, frame: &Frame) {
        if let Some((source, _)) = frame.mac {
            self.detectors.stations().fresh(source, frame.time, frame.flow.is_some());
        }
    }

    /// Decides what is lost of what was acknowledged and did not come.
    fn decide(&mut self, now: Timestamp) {
        self.flows.expire(now, |lost| self.detectors.lost(&lost));
    }

    /// Brings what is derived from conversations up to date.
    fn flush(&mut self) {
        let (contexts, totals) = (&mut self.contexts, &mut self.totals);
        self.flows.flush(|flushed| flush(contexts, totals, flushed));
    }

    #[inline(never)]
    fn make_room(&mut self, evicted: &mut EvictedFlows) {
        self.look_back();
        self.flush();
        self.kinds = CountedKinds::default();
        let (contexts, closed, reader) = (&self.contexts, &mut self.closed, &mut self.reader);
        let out = |record: Record<FlowDetectors>, at, table: &FlowTable<FlowDetectors>| {
            evicted.push(FlowIncrease::of(record, at, table, contexts), record.flow.traffic);
            let mut slot = record.flow.app;
            reader.end(&mut slot, CloseReason::Evicted);
        };
        self.flows.evict(out, &mut |table, event| closed.note(table, &event, contexts));
    }

    /// Closes conversations that have ended or were silent for too long by `now`, in the beat of that number. Says until when
    /// there will be nothing of the kind to do, unless a packet comes.
    pub fn close_idle(&mut self, now: Timestamp, beat: u64, send: &mut impl FnMut(FlowBatch)) -> Timestamp {
        let (contexts, closed, ending) = (&self.contexts, &mut self.closed, &mut self.ending);
        self.flows.close_idle(now, &mut |table, event| {
            closed.note(table, &event, contexts);
            if closed.is_full() {
                closed.take(beat).into_iter().for_each(&mut *send);
            }
            if let FlowChange::Closed(reason) = event.change
                && Reader::keeps_state(&event.record.flow.app)
            {
                ending.push((event.at, reason));
            }
        });
        for (at, reason) in self.ending.drain(..) {
            if let Some(slot) = self.flows.app_mut(at) {
                self.reader.end(slot, reason);
            }
        }
        self.hand_over(beat, send);
        self.flows.next_close()
    }

    /// Closes every conversation, for nothing more comes. Where nobody wants to know it need not be done.
    pub fn close_all(&mut self, beat: u64, send: &mut impl FnMut(FlowBatch)) {
        if !self.closed.are_wanted() || std::mem::replace(&mut self.finished, true) {
            return;
        }
        let (contexts, closed) = (&self.contexts, &mut self.closed);
        self.flows.close_all(&mut |table, event| {
            closed.note(table, &event, contexts);
            if closed.is_full() {
                closed.take(beat).into_iter().for_each(&mut *send);
            }
        });
        self.hand_over(beat, send);
    }

    /// Hands over the records of what was closed so far, in the beat of that number.
    pub fn hand_over(&mut self, beat: u64, send: &mut impl FnMut(FlowBatch)) {
        self.closed.take(beat).into_iter().for_each(send);
    }

    /// Hands in what the request asks for and everything that changed. At its `last` the shard gives its conversations away.
    /// `wanted` are the conversations to show, where it is not for the shard to find them.
    pub fn report(&mut self, request: &Request, wanted: Option<Wanted>) -> ShardReport {
        let query = &request.query;
        self.flush();
        self.decide(if request.finished { request.now.plus(HOLD) } else { request.now });
        // What waits for its reply in a file is decided where beats end, at the same times whatever else is asked.
        if request.live || request.finished {
            self.reader.advance(request.now, request.finished, self.detectors.unmatched());
        }
        let mirror = self.detectors.report(&self.flows, &self.contexts, request);
        let mut report = ShardReport {
            shard: self.number,
            sums: ShardSums { stats: self.totals, mirror, dissect: self.reader.report(), tcp: self.flows.analysis_sums() },
            contexts: Vec::new(),
            flows: Selection::default(),
            names: rows::names(self.reader.names(), query),
        };
        (report.flows, report.contexts) = if request.last { self.give_away(request) } else { self.selected(request, wanted) };
        report
    }

    /// How many conversations of each kind there are, and whether their numbers are other ones than those at the last call.
    pub fn count_kinds(&mut self) -> ([u64; 4], bool) {
        self.kinds.count(&self.flows)
    }

    /// How many conversations there are; their numbers are those below.
    pub fn conversations(&self) -> u32 {
        u32::try_from(self.flows.len()).unwrap_or(u32::MAX)
    }

    /// A conversation by its number.
    pub fn record(&self, at: u32) -> Option<Record<'_, FlowDetectors>> {
        self.flows.record(at)
    }

    /// Numbers of the conversations of which something came since the last report.
    pub fn touched(&self) -> &[u32] {
        self.flows.touched()
    }

    /// The conversations that a request asks for, and the contexts, where others are to come.
    fn selected(&mut self, request: &Request, wanted: Option<Wanted>) -> (Selection, Vec<Context>) {
        let flows = rows::select(&self.flows, &self.contexts, &self.reader, (&request.query, wanted), request.live);
        self.flows.reported();
        (flows, self.contexts.report())
    }

    /// The same, where none are: what is not asked for is forgotten, so that there is room for what becomes of the rest.
    fn give_away(&mut self, request: &Request) -> (Selection, Vec<Context>) {
        let (flows, contexts) = (self.flows.take_all(), self.contexts.take_all());
        let is_every = request.query.filter.is_none() && flows.len() <= request.query.rows;
        let selection = match is_every {
            true => rows::all(&flows, &contexts, &self.reader, request.live),
            false => rows::select(&flows, &contexts, &self.reader, (&request.query, None), request.live),
        };
        (selection, contexts.into_added())
    }
}

fn flush(contexts: &mut Contexts, totals: &mut Totals, flushed: Flushed) {
    contexts.flush(flushed.context, flushed.traffic, flushed.last);
    totals.directions[flushed.heading as usize].add(flushed.traffic);
}

/// What the flow table goes by; `None` without a network layer.
#[inline(always)]
fn step<'a>(frame: &'a Frame) -> Option<FlowPacket<'a>> {
    let (key, direction) = frame.flow.as_ref()?;
    let tcp = frame.tcp.as_ref();
    Some(FlowPacket { key, direction: *direction, time: frame.time, wire: frame.wire, tcp, flags: tcp.map_or(0, |s| s.flags), frame })
}
