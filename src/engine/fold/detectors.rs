//! The detectors of one shard: what mirroring did to its packets.

use crate::decode;
use crate::dissect::registry;
use crate::engine::tape::Request;
use crate::engine::tape::precomputed::Precomputed;
use crate::mirror::{
    Acked, AckedBySecond, AdvanceCounts, AdvanceState, Beginnings, ByHost, ByPause, ClockCounts, CopyVerdict, Digest, DirectionCounts,
    DuplicateCounts, DuplicateFilter, Health, HealthCounts, Loss, LossCounts, LossState, LostBytes, MutualStream, NumberedStreams,
    OneWayFlow, OrderCounts, Overtaken, OvertakenCounts, Pause, PauseWitness, Ratios, StreamCounts, Stretches, TransitReport,
    UnmatchedCounts, WaysBySecond, WaysState, Witness, window,
};
use crate::model::mix::Keys;
use crate::model::sum::{Appended, ByPart, sums};
use crate::model::tcp::{self, HoleEvent, LostRange, TcpEvent, TcpMarks};
use crate::model::time::SECOND;
use crate::model::{
    AppId, CapScale, Cast, ControlMessage, Direction, Episode, FloodSecond, Frame, Mac, PacketJudgement, ProvingPackets, Timestamp,
    VlanStack,
};
use crate::stats::{Contexts, FlowHot, FlowTable, TcpHot};
use crate::switch::{PeriodicSender, StationWatch, Switch, SwitchCounts, TagFlows, TagState};

/// What the detectors keep of a conversation, in its record.
#[derive(Debug, Clone, Copy, Default)]
pub struct FlowDetectors {
    loss: LossState,
    advance: AdvanceState,
    tags: TagState,
    ways: WaysState,
}

/// The detectors.
#[derive(Debug)]
pub struct Detectors {
    duplicates: DuplicateFilter,
    loss: Loss,
    /// How far conversations advanced, and what was seen of it.
    advance: AdvanceCounts,
    /// Bytes that were sent again, by window of time.
    again: LostBytes,
    order: OrderCounts,
    overtaken: Overtaken,
    /// Which directions come in each second.
    ways: WaysBySecond,
    clock: ClockCounts,
    health: Health,
    numbered: NumberedStreams,
    switch: Switch,
    copied: ProvingPackets,
    /// What the latest packet was.
    verdict: CopyVerdict,
    /// What tells its content from that of others.
    content: u64,
}

sums! {
    /// What only grows: two states of it can be subtracted.
    #[derive(Debug, Clone, Default)]
    pub struct Counts {
        /// Copies.
        pub duplicates: DuplicateCounts,
        /// Some of them.
        pub copied: ProvingPackets,
        /// Acknowledged but unseen data.
        pub loss: LossCounts,
        /// The same bytes by shard: each holds conversations of its own.
        pub acked: Vec<Acked> => ByPart,
        /// How far conversations advanced, by shard.
        pub advances: Vec<AdvanceCounts> => ByPart,
        /// Causes and effects.
        pub order: OrderCounts,
        /// What was acknowledged long before it came.
        pub overtaken: OvertakenCounts,
        /// The clock, by each shard's own packets.
        pub clock: ClockCounts,
        /// State of the copies.
        pub health: HealthCounts,
        /// What was seen of the switch.
        pub switch: SwitchCounts,
    }
}

sums! {
    /// Conversations as they are, by what was seen of them.
    #[derive(Debug, Clone, Default)]
    pub struct ConversationCounts {
        /// Tags.
        pub tags: TagFlows,
        /// Directions.
        pub sides: DirectionCounts,
        /// Beginnings.
        pub begun: Beginnings,
        /// Loss.
        pub ratios: Ratios,
        /// Acknowledged data by the host that opens conversations.
        pub hosts: ByHost,
        /// Numbered streams.
        pub streams: StreamCounts,
        /// The same by stretches of time.
        pub stretches: Stretches,
    }
}

sums! {
    /// What one shard's detectors counted, or several shards' together.
    #[derive(Debug, Clone, Default)]
    pub struct DetectorReport {
        /// Counts since the beginning.
        pub counts: Counts,
        /// Regular senders.
        pub senders: Vec<PeriodicSender> => Appended,
        /// Windows of time in which data was lost.
        pub lost: LostBytes,
        /// What was acknowledged by second, and of it lost.
        pub acked: AckedBySecond,
        /// Which directions came in each second.
        pub ways: WaysBySecond,
        /// Windows of time in which data was sent again.
        pub again: LostBytes,
        /// Windows of time in which numbers of streams jumped: of how many.
        pub jumps: LostBytes,
        /// What conversations witness of pauses.
        pub pauses: Vec<(Pause, PauseWitness)> => ByPause,
        /// Conversations with a packet in the last [`RECENT`]; of a file all of them.
        pub recent: ConversationCounts,
        /// How long packets took from one place to another.
        pub transits: TransitReport,
        /// Further conversations, with a packet in the last [`REMEMBERED`].
        pub older: ConversationCounts,
    }
}

/// How far back a live port's conversations are looked at first.
const RECENT: i64 = 60 * SECOND;

/// How far back when those are too few.
const REMEMBERED: i64 = 600 * SECOND;

/// To which of the recent and older ones a conversation counts whose last packet is so old.
fn part([recent, older]: [&mut ConversationCounts; 2], age: i64) -> Option<&mut ConversationCounts> {
    if age <= RECENT { Some(recent) } else { Some(older).filter(|_| age <= REMEMBERED) }
}

/// Packets of a connection of QUIC from one side that are more than attempts to open it.
const QUIC_OPENED: u64 = 12;

/// Whether a conversation is one of QUIC that was opened, for which both ends have to speak.
fn is_answered(app: AppId, packets: [u64; 2]) -> bool {
    packets.iter().any(|n| *n >= QUIC_OPENED) && registry::token(app) == Some("quic")
}

impl FlowDetectors {
    /// Notes that a direction was seen in a VLAN, or in none.
    pub fn note_tags(&mut self, way: Direction, vlans: &VlanStack) {
        self.tags.note(way, vlans.outermost().is_some());
    }
}

impl Detectors {
    /// Detectors that have seen nothing; `keys` are those of the hash that tells copies. They remember what `caps` allow.
    pub fn new(keys: Keys, caps: CapScale) -> Self {
        Self {
            duplicates: DuplicateFilter::new(keys, caps),
            loss: Loss::default(),
            advance: AdvanceCounts::default(),
            again: LostBytes::default(),
            order: OrderCounts::default(),
            overtaken: Overtaken::new(keys),
            ways: WaysBySecond::default(),
            clock: ClockCounts::default(),
            health: Health::default(),
            numbered: NumberedStreams::default(),
            switch: Switch::within(caps),
            copied: ProvingPackets::default(),
            verdict: CopyVerdict::First,
            content: 0,
        }
    }

    /// Tells when the capture began: what answers an earlier packet is not held against the mirror.
    pub fn begin(&mut self, time: Timestamp) {
        self.order.begin(time);
    }

    /// What of a packet stays the same in its copies, and what they are told apart by. Asks the memory for what [`Self::is_copy`] needs.
    #[inline]
    pub fn digest(&mut self, frame: &Frame) -> Digest {
        self.duplicates.digest(frame)
    }

    /// Whether the print of one of the commonest packets stands for its digest; if so, asks the memory for the same.
    #[inline]
    pub fn knows(&self, facts: &Precomputed) -> bool {
        self.duplicates.knows(&facts.fast, &facts.print)
    }

    /// Whether a packet is a further copy of one seen before.
    #[inline]
    pub fn is_copy(&mut self, frame: &Frame, digest: &Digest) -> bool {
        // Ends of BFD's sessions send the same packet again and again.
        if decode::is_session(frame) {
            (self.verdict, self.content) = (CopyVerdict::First, 0);
            return false;
        }
        let verdict = self.duplicates.judge(frame, digest);
        if verdict.is_copy() {
            self.copied.note(frame.number);
        }
        self.verdict = verdict;
        self.content = digest.content();
        verdict.is_left_out()
    }

    /// Looks at a copy that is left out of everything else: whether it goes round.
    #[inline(never)]
    pub fn left_out(&mut self, frame: &Frame<'_>) {
        if frame.mac.is_some_and(|(_, destination)| destination.is_group()) {
            self.switch.stations().group(frame, self.content);
        }
    }

    /// What is seen of stations.
    #[inline(always)]
    pub fn stations(&mut self) -> &mut StationWatch {
        self.switch.stations()
    }

    /// What the latest packet was.
    pub fn judgement(&self) -> PacketJudgement {
        match self.verdict {
            CopyVerdict::First => PacketJudgement::New,
            CopyVerdict::Copy(_) => PacketJudgement::Copy,
            CopyVerdict::Ambiguous => PacketJudgement::Repeat,
            CopyVerdict::Held => PacketJudgement::Undecided,
        }
    }

    /// What tells copies.
    #[inline(always)]
    pub fn duplicates(&mut self) -> &mut DuplicateFilter {
        &mut self.duplicates
    }

    /// Looks at a packet of a conversation that is not a copy, and at what it did to its TCP connection. `load` is the class of the link's
    /// utilisation.
    #[inline]
    pub fn conversation(
        &mut self,
        detectors: &mut FlowDetectors,
        frame: &Frame,
        numbers: &TcpHot,
        event: &TcpEvent,
        holes: &[HoleEvent],
        load: u8,
    ) {
        self.clock.observe(frame.time);
        if let Some((_, way)) = &frame.flow {
            let acknowledges = frame.tcp.as_ref().map(|segment| segment.flags & (tcp::ACK | tcp::RST) == tcp::ACK);
            self.ways.observe(&mut detectors.ways, frame.time, *way, acknowledges);
        }
        if let (Some(segment), Some((_, way))) = (&frame.tcp, &frame.flow) {
            self.loss.observe(&mut detectors.loss, event, *way, segment.payload, (frame.time, load));
            self.loss.full(numbers.mss(*way), segment);
            let next = [*way, way.reversed()].map(|way| numbers.next_sequence(way));
            self.advance.observe(&mut detectors.advance, event, *way, segment, next);
            holes.iter().for_each(|hole| self.loss.hole(&mut detectors.loss, hole, frame.time));
            if event.marks.has(TcpMarks::REPEATED) && !event.marks.has(TcpMarks::KEEP_ALIVE) {
                self.again.add(window(frame.time), segment.payload);
            }
            self.order.observe(event, frame.time);
            if let Some((flow, way)) = &frame.flow {
                let is_alone = numbers.next_sequence(way.reversed()).is_none();
                self.overtaken.observe(event, segment, (flow, *way), is_alone, frame.time);
            }
            self.health.segment(numbers.mss(*way), segment.payload);
        } else {
            self.health.datagram(frame);
            self.numbered.observe(frame);
        }
        self.health.observe(frame);
        if frame.tcp.is_none()
            && let Some(kind) = decode::chatter(frame)
        {
            self.switch.chatter(kind, frame.wire);
        }
        if (self.group(frame) || decode::is_control(frame))
            && let Some(message) = decode::network_message(frame)
        {
            self.switch.tell(message);
        } else if let Some(hello) = decode::session(frame) {
            self.switch.session(frame, hello, |hello| decode::session_message(frame, hello));
        }
    }

    /// Looks at a packet without a network layer.
    pub fn bare(&mut self, frame: &Frame) {
        self.clock.observe(frame.time);
        self.health.observe(frame);
        self.group(frame);
        if let Some(kind) = decode::chatter(frame) {
            self.switch.chatter(kind, frame.wire);
        }
        if let Some(blocks) = decode::arp_blocks(frame) {
            self.switch.arp(frame, &blocks);
        } else if let Some(message) = decode::bare_message(frame) {
            self.switch.tell(message);
        }
    }

    /// Looks at a frame to a group address: control packets go to those.
    #[inline(always)]
    fn group(&mut self, frame: &Frame) -> bool {
        let is_group = frame.mac.is_some_and(|(_, destination)| destination.is_group());
        if is_group {
            self.switch.flood(frame);
            self.switch.stations().group(frame, self.content);
            if let Some(packet) = decode::control(frame) {
                self.switch.control(frame, &packet);
            }
        }
        is_group
    }

    /// Looks at a packet that was left out as a copy and proved to be traffic.
    pub fn counted_again(&mut self, frame: &Frame<'_>) {
        let kind = decode::chatter(frame).filter(|_| frame.tcp.is_none());
        if frame.mac.is_some_and(|(_, destination)| destination.is_group()) || kind.is_some() {
            self.switch.counted_again(frame, kind);
        }
    }

    /// An interval ends at `now`; at the end nothing is waited for any more.
    pub fn advance(&mut self, now: Timestamp, finished: bool) {
        let waits = !finished && self.duplicates.holds();
        self.switch.advance(now, waits);
    }

    /// Frames to many, by the second.
    pub fn floods(&mut self) -> Vec<FloodSecond> {
        self.switch.floods()
    }

    /// What of the switch waits to be handed over.
    pub fn told(&self) -> usize {
        self.switch.told()
    }

    /// Control packets that came since it was last asked, and how many there was no room for.
    pub fn control(&mut self) -> (Vec<ControlMessage>, u64) {
        self.switch.take()
    }

    /// Streams that are numbered.
    pub fn numbered(&mut self) -> &mut NumberedStreams {
        &mut self.numbered
    }

    /// What the exchange table says of requests and replies goes here.
    pub fn unmatched(&mut self) -> &mut UnmatchedCounts {
        self.health.unmatched_mut()
    }

    /// Counts bytes that are lost.
    pub fn lost(&mut self, lost: &LostRange) {
        self.loss.lost(lost);
    }

    /// What conversations and streams of the last minute tell, and those before.
    fn conversations(&self, flows: &FlowTable<FlowDetectors>, request: &Request) -> (ConversationCounts, ConversationCounts) {
        let now = request.now;
        let (mut recent, mut older) = (ConversationCounts::default(), ConversationCounts::default());
        let age = |last: Timestamp| if request.live { now.since(last) } else { 0 };
        for record in flows.records() {
            let flow = record.flow;
            if flow.tcp.sampled() {
                continue;
            }
            let Some(part) = part([&mut recent, &mut older], age(record.last())) else { continue };
            part.tags.add(flow.detectors.tags);
            part.ratios.add(&flow.detectors.loss);
            if flow.key.is_tcp() {
                let seen = flow.traffic.iter().fold(0u64, |sum, way| sum.saturating_add(way.wire_bytes));
                part.hosts.add(flow.key.ends(client(flow))[0].0, flow.detectors.loss.ratio(), seen);
            }
            let packets = flow.traffic.map(|t| t.packets);
            let seen = Episode { first: record.rest.first, last: record.last() };
            let is_mutual = flow.tcp.acked() || flow.tcp.answered() || is_answered(flow.app.app, packets);
            part.sides.add(&OneWayFlow { key: &flow.key, packets, is_mutual, seen });
            if let Some(from) = request.first.filter(|_| flow.tcp.has_ended()) {
                part.begun.add(flow.traffic, seen.first, from, flow.tcp.opened());
            }
        }
        recent.streams = self.numbered.counts(|last| age(last) <= RECENT);
        older.streams = self.numbered.counts(|last| (RECENT + 1..=REMEMBERED).contains(&age(last)));
        recent.stretches = self.numbered.stretches(|end| age(end) <= RECENT);
        older.stretches = self.numbered.stretches(|end| (RECENT + 1..=REMEMBERED).contains(&age(end)));
        for MutualStream { flow, packets, seen } in self.numbered.mutual() {
            let Some(part) = part([&mut recent, &mut older], age(seen.last)) else { continue };
            part.sides.add(&OneWayFlow { key: &flow, packets, is_mutual: true, seen });
        }
        (recent, older)
    }

    /// What the contexts of packets tell, beside what was counted packet by packet.
    fn contexts(&mut self, contexts: &Contexts, request: &Request) -> (HealthCounts, SwitchCounts) {
        let (mut health, mut switch) = (self.health.counts(), self.switch.counts());
        // What this host sends and receives itself is no copy. A port that brings copies in tunnels receives them at its own address.
        let own: Vec<Mac> = request.host.iter().filter_map(|facts| facts.mac).collect();
        let is_own = |mac: Option<(Mac, Mac)>| mac.is_some_and(|(source, destination)| own.contains(&source) || own.contains(&destination));
        for context in contexts.rows() {
            let packets = context.traffic.packets;
            switch.tags.count(&context.key.vlans, packets);
            health.contents.count(context.key.path, packets);
            *match context.key.cast {
                Cast::Unicast if is_own(context.key.mac) => &mut health.casts.own,
                Cast::Unicast => &mut health.casts.unicast,
                Cast::Multicast => &mut health.casts.multicast,
                Cast::Broadcast => &mut health.casts.broadcast,
            } += packets;
        }
        (health, switch)
    }

    /// Which directions came in each second, with the latest one of each conversation.
    fn ways_so_far(&self, flows: &FlowTable<FlowDetectors>) -> WaysBySecond {
        let mut ways = self.ways.clone();
        flows.records().for_each(|record| ways.close(record.flow.detectors.ways, record.flow.key.is_tcp()));
        ways
    }

    /// What was counted up to the request.
    pub fn report(&mut self, flows: &FlowTable<FlowDetectors>, contexts: &Contexts, request: &Request) -> DetectorReport {
        let (recent, older) = self.conversations(flows, request);
        let (health, switch) = self.contexts(contexts, request);
        let loss = *self.loss.counts();
        DetectorReport {
            counts: Counts {
                duplicates: self.duplicates.report(),
                copied: self.copied,
                loss,
                acked: vec![loss.acked_bytes()],
                advances: vec![self.advance],
                order: self.order,
                overtaken: self.overtaken.counts(request.now),
                clock: self.clock,
                health,
                switch,
            },
            senders: self.switch.senders().list().to_vec(),
            lost: self.loss.windows().clone(),
            acked: self.loss.seconds(),
            ways: self.ways_so_far(flows),
            again: self.again.clone(),
            jumps: self.numbered.jumps().clone(),
            pauses: witnesses(flows, request),
            recent,
            transits: self.duplicates.transits(),
            older,
        }
    }
}

/// The way from who opened a conversation, as far as that is known.
fn client(flow: &FlowHot<FlowDetectors>) -> Direction {
    if flow.originator == 0 { Direction::AToB } else { Direction::BToA }
}

/// What a shard's conversations witness of the pauses that stand out.
fn witnesses(flows: &FlowTable<FlowDetectors>, request: &Request) -> Vec<(Pause, PauseWitness)> {
    let (Some(begin), Some(latest)) = (request.first, request.latest) else { return Vec::new() };
    let asked = request.load.asked(latest, request.now).into_iter();
    let mut all: Vec<(Pause, PauseWitness)> = asked.map(|pause| (pause, PauseWitness::default())).collect();
    if all.is_empty() {
        return all;
    }
    for record in flows.records() {
        let flow = record.flow;
        let mut seen = Witness {
            ends: flow.key.ends(client(flow)).map(|end| end.0),
            first: record.rest.first,
            last_of: [Direction::AToB, Direction::BToA].map(|way| flow.last_of(way)),
            last: record.last(),
            packets: flow.traffic.iter().fold(0, |sum, traffic| sum.saturating_add(traffic.packets)),
            is_tcp: flow.key.is_tcp(),
            is_midway: flow.tcp.midstream(),
            has_ended: flow.tcp.fins() > 0 || flow.tcp.reset(),
            is_behind_any: false,
        };
        seen.is_behind_any = seen.is_midway && all.iter().any(|(pause, _)| seen.is_behind(pause));
        all.iter_mut().for_each(|(pause, witness)| witness.ask(pause, &seen, begin));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_record_is_three_cache_lines() {
        assert!(size_of::<FlowHot<FlowDetectors>>() <= 192);
    }
}
