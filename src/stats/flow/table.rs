//! All conversations of a shard.

use super::lifecycle::Lives;
use super::{FlowCold, FlowHot, Record, TcpTrack, carried};
use crate::model::index::{Index, NONE};
use crate::model::limits::VLANS_PER_FLOW;
use crate::model::memory;
use crate::model::mix::Keys;
use crate::model::tcp::{ACK, HoleEvent, LostRange, SYN, TcpEvent, TcpMarks};
use crate::model::{
    AppSlot, CapScale, ConnectionFigures, CutPhase, Direction, FlowKey, Frame, LocatedLoss, Segment, SegmentAnalysis, Timestamp, Traffic,
};
use crate::stats::tcp::{Follower, TcpCold, TcpHot};
use crate::stats::tcp_analysis::{Analyser, TcpAnalysisSums};
use crate::stats::totals::TrafficDirection;
use crate::stats::unread_turns::Interest;

/// The number a conversation most probably has, and when that was found.
#[derive(Debug, Clone, Copy, Default)]
pub struct SlotHint {
    at: u32,
    epoch: u32,
}

impl SlotHint {
    /// The number.
    #[inline(always)]
    pub fn at(self) -> u32 {
        self.at
    }
}

/// A packet as the flow table sees it.
#[derive(Debug, Clone, Copy)]
pub struct FlowPacket<'a> {
    /// Who.
    pub key: &'a FlowKey,
    /// Which way.
    pub direction: Direction,
    /// When.
    pub time: Timestamp,
    /// Wire length.
    pub wire: u32,
    /// TCP's values.
    pub tcp: Option<&'a Segment>,
    /// TCP's flags; 0 without TCP.
    pub flags: u8,
    /// The packet.
    pub frame: &'a Frame<'a>,
}

/// A packet that was counted.
#[derive(Debug)]
pub struct Counted<'t, X> {
    /// Its conversation.
    pub flow: &'t mut FlowHot<X>,
    /// It has an earlier time than one before it in the same direction and context.
    pub backward: bool,
    /// What it did to its TCP connection.
    pub tcp: TcpEvent,
    /// How far its TCP connection had got before.
    pub before: TcpTrack,
    /// What became of bytes of the connection that were not seen in their place.
    pub holes: &'t [HoleEvent],
    /// What Wireshark says of it.
    pub analysis: &'t SegmentAnalysis,
}

/// Ports below are a server's (RFC 6335 section 6, system ports).
const SYSTEM: u16 = 1024;

/// The first port that common systems give to clients: Linux's; IANA's dynamic ports and those of others are above (RFC 6056 section 3.2).
const EPHEMERAL: u16 = 32_768;

/// Who began, by the first packet seen: its sender, or whom it answers. Where the beginning was not seen, a port below 1024 is a server's
/// (RFC 6335, system ports), and one from [`EPHEMERAL`] on a client's where the other is below.
fn originator(step: &FlowPacket) -> u8 {
    let sender = step.direction as u8;
    match step.flags & (SYN | ACK) {
        _ if step.tcp.is_none() => sender,
        flags if flags == SYN | ACK => 1 - sender,
        flags if flags & SYN != 0 => sender,
        _ => {
            let is_server = |least: u16| (step.key.a_port < least, step.key.b_port < least);
            match (is_server(SYSTEM), is_server(EPHEMERAL)) {
                ((true, false), _) | ((false, false), (true, false)) => 1,
                ((false, true), _) | ((false, false), (false, true)) => 0,
                _ => sender,
            }
        }
    }
}

/// What one direction of a conversation did in its context since it was last flushed.
#[derive(Debug, Clone, Copy)]
pub struct Flushed {
    /// The context: an index of [`crate::stats::Contexts`].
    pub context: u32,
    /// Where it is heading.
    pub heading: TrafficDirection,
    /// Its traffic.
    pub traffic: Traffic,
    /// Its latest packet.
    pub last: Timestamp,
}

/// All conversations of a shard.
#[derive(Debug)]
pub struct FlowTable<X> {
    pub(super) flows: Vec<FlowHot<X>>,
    pub(super) rest: Vec<FlowCold>,
    pub(super) touched: Vec<u32>,
    /// Touched since the last look back, with what each had before; nothing where nobody looks back.
    pub(super) marked: Option<Vec<(u32, [Traffic; 2])>>,
    pub(super) lives: Lives,
    pub(super) index: Index,
    pub(super) keys: Keys,
    pub(super) round: u32,
    /// Grows whenever a conversation's number changes: guesses from before are worth nothing.
    pub(super) epoch: u32,
    pub(super) cap: usize,
    pub(super) vlans: hashbrown::HashMap<u32, [u16; VLANS_PER_FLOW]>,
    follower: Follower,
    pub(super) analyser: Analyser,
    caps: CapScale,
    /// The conversation that a SYN has just opened in place of another.
    reused: u32,
    /// TCP connections inside tunnels that are not taken off, which have no record: their handles in the analysis.
    nested: hashbrown::HashMap<FlowKey, u32>,
}

impl<X: Copy + Default> FlowTable<X> {
    /// A table that keeps at most `cap` conversations; `keys` are those of its hash. Of their segments is kept what `caps` allow.
    pub fn new(cap: usize, keys: Keys, caps: CapScale) -> Self {
        Self {
            flows: Vec::new(),
            rest: Vec::new(),
            touched: Vec::new(),
            marked: None,
            lives: Lives::default(),
            index: Index::default(),
            keys,
            round: 1,
            epoch: 1,
            cap: cap.max(8),
            vlans: hashbrown::HashMap::new(),
            follower: Follower::within(caps),
            analyser: Analyser::within(caps),
            caps,
            reused: NONE,
            nested: hashbrown::HashMap::new(),
        }
    }

    /// The hash of a key in this table.
    #[inline]
    pub fn hash(&self, key: &FlowKey) -> u64 {
        key.keyed_hash(&self.keys)
    }

    /// Asks the memory for what [`Self::probe`] will touch.
    #[inline]
    pub fn prefetch(&self, hash: u64) {
        self.index.prefetch(hash);
    }

    /// The number a conversation most probably has. Touches the index only, and asks the memory for the record.
    #[inline]
    pub fn probe(&self, hash: u64) -> SlotHint {
        let at = self.index.find(hash, |_| true);
        if let Some(flow) = self.flows.get(at as usize) {
            memory::prefetch(flow);
        }
        SlotHint { at, epoch: self.epoch }
    }

    /// The number of a packet's conversation, which is made by `open` if new. `hash` is its key's, `probe` what the index said of it.
    ///
    /// When the table is full the caller must have called [`Self::evict`] ([`Self::is_full`]).
    #[inline(always)]
    pub fn locate(&mut self, step: &FlowPacket, hash: u64, probe: SlotHint, open: impl FnOnce() -> [TrafficDirection; 2]) -> u32 {
        let at = match self.flows.get(probe.at as usize) {
            Some(flow) if flow.key == *step.key && probe.epoch == self.epoch => probe.at,
            _ => match self.find(step, hash) {
                NONE => return self.insert(hash, step, open()),
                at => at,
            },
        };
        if step.flags & (SYN | ACK) == SYN && self.is_reuse(at, step) { self.replace(hash, at, step, open()) } else { at }
    }

    #[inline(never)]
    fn is_reuse(&self, at: u32, step: &FlowPacket) -> bool {
        let (flow, rest) = (&self.flows[at as usize], &self.rest[at as usize]);
        let follows = |tcp: &Segment| flow.numbers.is_reuse(&rest.numbers, step.direction, tcp.sequence);
        step.tcp.is_some_and(|tcp| self.analyser.is_reuse(flow.analysis, step.direction, tcp).unwrap_or_else(|| follows(tcp)))
    }

    #[inline(never)]
    fn find(&self, step: &FlowPacket, hash: u64) -> u32 {
        self.index.find(hash, |at| self.flows[at as usize].key == *step.key)
    }

    /// When a connection was last seen that is over: RST was seen, or FIN of both sides. `None`: it is not, or not known.
    pub fn ended(&self, key: &FlowKey) -> Option<Timestamp> {
        let at = self.index.find(self.hash(key), |at| self.flows[at as usize].key == *key);
        let flow = self.flows.get(at as usize).filter(|flow| flow.tcp.has_ended())?;
        flow.last_of(Direction::AToB).max(flow.last_of(Direction::BToA))
    }

    /// Whether a direction of a conversation was last seen in another context than this one, by its fingerprint.
    #[inline]
    pub fn is_elsewhere(&self, at: u32, way: Direction, fingerprint: u64) -> bool {
        self.flows.get(at as usize).is_some_and(|flow| flow.context[way as usize] != fingerprint)
    }

    /// Notes that a direction of a conversation is now seen in context `context`; `flush` gets what it did in the one before.
    pub fn change_context(&mut self, at: u32, way: Direction, fingerprint: u64, context: u32, mut flush: impl FnMut(Flushed)) {
        let way = way as usize;
        let (Some(flow), Some(rest)) = (self.flows.get_mut(at as usize), self.rest.get_mut(at as usize)) else { return };
        flush_one(flow, rest, way, &mut flush);
        rest.before = rest.before.max(flow.last[way]);
        flow.last[way] = Timestamp(i64::MIN);
        flow.context[way] = fingerprint;
        rest.context[way] = context;
    }

    /// Counts a packet in its conversation and follows its TCP numbers; what it shows to be missing keeps its `label`.
    #[inline(always)]
    pub fn count(&mut self, at: u32, step: &FlowPacket, label: u8) -> Counted<'_, X> {
        let backward = self.tally(at, step);
        let flow = &mut self.flows[at as usize];
        let before = flow.tcp;
        let (mut tcp, mut holes) = (TcpEvent::default(), &[][..]);
        if let Some(segment) = step.tcp {
            let rest = &mut self.rest;
            tcp = self.follower.follow(
                &mut flow.numbers,
                || rest.get_mut(at as usize).map(|rest| &mut rest.numbers),
                step.frame,
                step.direction,
                segment,
                label,
            );
            flow.hear(&tcp, (step.direction, step.frame.ttl), at, (&mut self.lives, &self.analyser));
            if tcp.marks.has(TcpMarks::HOLES) {
                holes = self.follower.hole_events();
            }
        }
        let analysis = if step.tcp.is_some() | step.frame.fragment {
            let reuses = std::mem::replace(&mut self.reused, NONE) == at;
            self.analyser.analyse(&mut flow.analysis, step.frame, step.direction, reuses)
        } else {
            self.analyser.skip()
        };
        Counted { flow, backward, tcp, before, holes, analysis }
    }

    /// Analyses a TCP segment in a tunnel that is not taken off: the packet counts in the conversation of its outer addresses.
    pub fn analyse_nested(&mut self, frame: &Frame<'_>) {
        let Some((key, way)) = frame.flow else { return };
        let mut handle = self.nested.get(&key).copied().unwrap_or(0);
        let known = handle;
        let reuses = frame.tcp.is_some_and(|tcp| self.analyser.is_reuse(handle, way, &tcp) == Some(true));
        if reuses {
            self.analyser.release(handle);
            handle = 0;
        }
        self.analyser.analyse(&mut handle, frame, way, reuses);
        match handle {
            0 => drop(self.nested.remove(&key)),
            new if new != known => drop(self.nested.insert(key, new)),
            _ => {}
        }
    }

    /// The same, for what that refers to in turn.
    #[inline(always)]
    pub fn approach_most(&self, hint: SlotHint) {
        if let Some(flow) = self.flows.get(hint.at as usize) {
            self.analyser.prefetch_rings(flow.analysis);
        }
    }

    /// Whether a segment with data that goes that way may be the first behind one of the other side.
    #[inline(always)]
    pub fn may_turn(&self, hint: SlotHint, way: Direction) -> bool {
        self.flows.get(hint.at as usize).is_some_and(|flow| self.analyser.may_turn(flow.analysis, way))
    }

    /// Whether a direction of a conversation was last seen in another context than this one, as far as is known before its packet is counted; if
    /// so, asks the memory for what it will change. That of a new conversation always is.
    #[inline(always)]
    pub fn may_change_context(&self, hint: SlotHint, way: Direction, fingerprint: u64) -> bool {
        let Some(flow) = self.flows.get(hint.at as usize) else { return true };
        let changes = flow.context[way as usize] != fingerprint;
        if changes {
            self.rest.get(hint.at as usize).into_iter().for_each(memory::prefetch);
        }
        changes
    }

    /// What Wireshark's analysis says of the latest packet.
    pub fn latest_analysis(&self) -> &SegmentAnalysis {
        self.analyser.latest()
    }

    /// Asks the memory for what the analysis will touch of a conversation whose record is near.
    #[inline(always)]
    pub fn approach(&self, hint: SlotHint) {
        if let Some(flow) = self.flows.get(hint.at as usize) {
            self.analyser.prefetch(flow.analysis);
        }
    }

    /// The same, for what that refers to, of a packet of that time.
    #[inline(always)]
    pub fn approach_more(&self, hint: SlotHint, time: Timestamp, has_data: bool) {
        if let Some(flow) = self.flows.get(hint.at as usize) {
            self.analyser.prefetch_lists(flow.analysis, time, has_data);
        }
    }

    /// What Wireshark's analysis counted of a conversation, and what it carried.
    pub fn figures(&self, at: u32) -> ConnectionFigures {
        self.record(at).map_or_else(Default::default, |record| ConnectionFigures {
            carried: [Direction::AToB, Direction::BToA].map(|way| carried::of(record, &self.analyser, way).unwrap_or_default()),
            ..self.analyser.figures(record.flow.analysis)
        })
    }

    /// A segment of a conversation was lost on the way, or was not after all.
    pub fn note_lost(&mut self, at: u32, lost: &LocatedLoss) {
        if let Some(flow) = self.flows.get(at as usize) {
            self.analyser.lost(flow.analysis, lost);
        }
    }

    /// What is of interest of a conversation behind what a direction of it has just said.
    pub fn note_interest(&mut self, at: u32, way: Direction, now: Timestamp, interest: Interest) {
        if let Some(flow) = self.flows.get(at as usize) {
            self.analyser.note_interest(flow.analysis, way, now, interest);
        }
    }

    /// A conversation was cut by RST in the middle of an answer, or behind the last one, which is whole, whatever of it was acknowledged.
    pub fn note_answers_cut(&mut self, at: u32, are_whole: bool) {
        if let Some(flow) = self.flows.get_mut(at as usize) {
            flow.tcp.note_answers_cut(are_whole);
        }
    }

    /// What it counted of all of them.
    pub fn analysis_sums(&self) -> TcpAnalysisSums {
        self.analyser.sums()
    }

    /// Counts a packet that stands for others in its conversation, whose TCP numbers are not followed: those of the others are not known.
    pub fn count_sampled(&mut self, at: u32, step: &FlowPacket) -> Counted<'_, X> {
        let backward = self.tally(at, step);
        let (flow, cold) = (&mut self.flows[at as usize], &mut self.rest[at as usize]);
        let tcp = step.tcp.map_or_else(TcpEvent::default, |s| Follower::glimpse(&mut flow.numbers, &mut cold.numbers, step.direction, s));
        let before = flow.tcp;
        flow.hear(&tcp, (step.direction, step.frame.ttl), at, (&mut self.lives, &self.analyser));
        flow.tcp.note_sampled();
        Counted { flow, backward, tcp, before, holes: &[], analysis: self.analyser.skip() }
    }

    /// Counts a packet whose TCP numbers are not followed, for what came after it has been.
    pub fn count_again(&mut self, at: u32, step: &FlowPacket) -> Counted<'_, X> {
        let backward = self.tally(at, step);
        let flow = &mut self.flows[at as usize];
        if let Some(segment) = step.tcp.filter(|_| !step.frame.fragment) {
            self.analyser.count_again(flow.analysis, segment, step.time, step.direction);
        }
        let (tcp, analysis) = (TcpEvent::default(), self.analyser.skip());
        Counted { before: flow.tcp, flow, backward, tcp, holes: &[], analysis }
    }

    /// Whether [`Self::expire`] has something to tell.
    #[inline(always)]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.follower.is_due(now)
    }

    /// Decides on bytes that were acknowledged, not seen, and waited for long enough. To be called before a segment of this time is counted, and
    /// at a report.
    pub fn expire(&mut self, now: Timestamp, lost: impl FnMut(LostRange)) {
        self.follower.expire(now, lost);
    }

    #[inline(always)]
    fn tally(&mut self, at: u32, step: &FlowPacket) -> bool {
        let way = step.direction as usize;
        let flow = &mut self.flows[at as usize];
        flow.traffic[way].count(step.wire);
        let backward = step.time < flow.last[way];
        if !backward {
            flow.last[way] = step.time;
        }
        if flow.round != self.round {
            self.touch(at, way, step.time, step.wire);
        }
        backward
    }

    /// The context a direction of a conversation was last seen in.
    pub fn context(&self, at: u32, way: Direction) -> u32 {
        self.rest.get(at as usize).map_or(u32::MAX, |rest| rest.context[way as usize])
    }

    fn push(&mut self, step: &FlowPacket, heading: [TrafficDirection; 2]) -> u32 {
        let at = self.flows.len();
        if at == self.flows.capacity() {
            // Growing copies all there is; room that is not used yet costs nothing.
            let more = at.max(4 * memory::LARGE / size_of::<FlowHot<X>>());
            self.flows.reserve_exact(more);
            self.rest.reserve_exact(more);
        }
        let life = self.lives.open(at as u32, step.key.protocol, step.time);
        self.flows.push(FlowHot {
            key: *step.key,
            traffic: [Traffic::default(); 2],
            last: [Timestamp(i64::MIN); 2],
            context: [0; 2],
            round: 0,
            tcp: TcpTrack::default(),
            numbers: TcpHot::default(),
            analysis: 0,
            heading,
            originator: originator(step),
            life,
            app: AppSlot::default(),
            detectors: X::default(),
        });
        self.rest.push(FlowCold {
            first: step.time,
            before: Timestamp(i64::MIN),
            numbers: TcpCold::default(),
            context: [u32::MAX; 2],
            flushed: [Traffic::default(); 2],
            reported: [Traffic::default(); 2],
            told: 0,
        });
        at as u32
    }

    #[inline(never)]
    fn insert(&mut self, hash: u64, step: &FlowPacket, heading: [TrafficDirection; 2]) -> u32 {
        let at = self.push(step, heading);
        self.index.insert(hash, at);
        at
    }

    #[inline(never)]
    fn replace(&mut self, hash: u64, old: u32, step: &FlowPacket, heading: [TrafficDirection; 2]) -> u32 {
        let at = self.push(step, heading);
        self.epoch = self.epoch.wrapping_add(1);
        self.index.change(hash, old, at);
        self.lives.replace(old);
        self.reused = at;
        at
    }

    /// Remembers that flow `at` was seen in VLAN `id`.
    pub fn note_vlan(&mut self, at: u32, ids: &[u16]) {
        let list = self.vlans.entry(at).or_insert([u16::MAX; VLANS_PER_FLOW]);
        for &id in ids {
            if !list.contains(&id)
                && let Some(slot) = list.iter_mut().find(|slot| **slot == u16::MAX)
            {
                *slot = id;
            }
        }
    }

    /// The VLANs remembered for a flow that was seen in more than one.
    pub fn vlans(&self, at: u32) -> impl Iterator<Item = u16> + '_ {
        self.vlans.get(&at).into_iter().flatten().copied().filter(|&id| id != u16::MAX)
    }

    /// Whether the next new conversation needs room first.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.flows.len() >= self.cap
    }

    /// How many conversations there are.
    pub fn len(&self) -> usize {
        self.flows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    /// The conversations, oldest first.
    pub fn records(&self) -> impl Iterator<Item = Record<'_, X>> {
        self.flows.iter().zip(&self.rest).map(|(flow, rest)| Record { flow, rest })
    }

    /// One conversation.
    pub fn record(&self, at: u32) -> Option<Record<'_, X>> {
        Some(Record { flow: self.flows.get(at as usize)?, rest: self.rest.get(at as usize)? })
    }

    /// The detectors' state of one conversation.
    pub fn detectors(&mut self, at: u32) -> Option<&mut X> {
        self.flows.get_mut(at as usize).map(|f| &mut f.detectors)
    }

    /// What the dissectors keep of a conversation.
    #[inline(always)]
    pub fn app(&self, at: u32) -> Option<&AppSlot> {
        self.flows.get(at as usize).map(|f| &f.app)
    }

    /// The same, to be changed.
    pub fn app_mut(&mut self, at: u32) -> Option<&mut AppSlot> {
        self.flows.get_mut(at as usize).map(|f| &mut f.app)
    }

    /// The TCP sequence number expected next of a direction.
    pub fn next_sequence(&self, at: u32, way: Direction) -> Option<u32> {
        self.flows.get(at as usize)?.numbers.next_sequence(way)
    }

    /// Numbers of the conversations touched since the last [`Self::reported`].
    pub fn touched(&self) -> &[u32] {
        &self.touched
    }

    /// Settles: `flush` gets what each direction did since the last time.
    pub fn flush(&mut self, mut flush: impl FnMut(Flushed)) {
        for &at in &self.touched {
            if let (Some(flow), Some(rest)) = (self.flows.get(at as usize), self.rest.get_mut(at as usize)) {
                (0..2).for_each(|way| flush_one(flow, rest, way, &mut flush));
            }
        }
    }

    /// Starts a new round: what is there now has been reported.
    pub fn reported(&mut self) {
        for &at in &self.touched {
            if let (Some(flow), Some(rest)) = (self.flows.get_mut(at as usize), self.rest.get_mut(at as usize)) {
                rest.reported = flow.traffic;
                flow.life.reported();
            }
        }
        self.touched.clear();
        self.next_round();
    }

    /// Gives all conversations away, leaving an empty table.
    #[must_use]
    pub fn take_all(&mut self) -> Self {
        let empty = Self::new(self.cap, self.keys, self.caps);
        std::mem::replace(self, empty)
    }
}

impl<X> FlowHot<X> {
    /// Listens to what a segment did to the connection.
    #[inline(always)]
    fn hear(&mut self, event: &TcpEvent, (way, ttl): (Direction, u8), at: u32, (lives, analyser): (&mut Lives, &Analyser)) {
        if !event.marks.has(TcpMarks::RST) {
            self.numbers.note_ttl(way, ttl);
        }
        if event.marks.has(TcpMarks::COURSE) {
            if event.marks.has(TcpMarks::RST) {
                let in_flight = |way| self.numbers.in_flight(way).map(|bytes| bytes > 0);
                let outstanding = in_flight(way).zip(in_flight(way.reversed())).map(|(there, back)| there || back);
                let pause = self.last_of(way).zip(self.last_of(way.reversed())).map_or(0, |(now, before)| now.since(before));
                let client = if self.originator == 0 { Direction::AToB } else { Direction::BToA };
                let asks = analyser.asks(self.analysis, client);
                let phase = CutPhase::of(self.tcp.fins(), outstanding, pause, asks);
                self.tcp.note_cut((way, self.comes_from_elsewhere(way, ttl)), phase);
            }
            self.tcp.note(event, way);
            lives.note_end(at, &mut self.life, self.tcp.has_ended());
            if event.marks.has(TcpMarks::SYN) {
                self.originator = way as u8;
            }
        }
    }
}

#[inline]
pub(super) fn flush_one<X>(flow: &FlowHot<X>, rest: &mut FlowCold, way: usize, flush: &mut impl FnMut(Flushed)) {
    let added = flow.traffic[way].since(rest.flushed[way]);
    if added.packets > 0 {
        rest.flushed[way] = flow.traffic[way];
        flush(Flushed { context: rest.context[way], heading: flow.heading[way], traffic: added, last: flow.last[way] });
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
