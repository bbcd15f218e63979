//! What happens between hosts, as a shard sees it, on its way to the merge.

use super::{Shard, sightings};
use crate::dissect::{AnswerProgress, registry};
use crate::engine::fold::detectors::FlowDetectors;
use crate::mirror::NumberedStreams;
use crate::model::evidence::SILENT_PEER;
use crate::model::tcp::{FIN, HEADERS_ON_ETHERNET, TcpEvent, TcpMarks};
use crate::model::time::SECOND;
use crate::model::{
    AnalysisFlags, AppId, BroadcastDomain, CutPhase, Direction, Flight, FlowKey, Frame, IcmpError, LocatedLoss, Mac, NetworkBatch,
    NetworkEvent, PathSide, RoundTrip, Segment, SegmentAnalysis, SilentPeer, Timestamp, TurnKind, TurnStep,
};
use crate::stats::{
    Connections, Course, FlowHot, Fragments, Gathering, KeepAlives, LossLocator, Stalls, StuckSegments, TalkingHosts, TcpTrack,
    UnreadTurns,
    located_loss::{self, ReceiverWords, SenderMarks},
    stuck::Repeated,
    unread_turns::Interest,
    unread_turns::Spoken,
};

/// What makes a segment of interest here, beside windows of zero.
pub(super) const MARKS: TcpMarks = TcpMarks::COURSE.or(located_loss::MARKS).or(TcpMarks::KEEP_ALIVE);

/// A segment, and what was found of it.
pub(super) struct MarkedSegment<'a> {
    pub frame: &'a Frame<'a>,
    pub tcp: &'a TcpEvent,
    pub analysis: &'a SegmentAnalysis,
    /// How far its connection had got before.
    pub before: TcpTrack,
    /// The hash of its conversation.
    pub hash: u64,
}

/// A segment that is a step of its connection's course, or of which something is lost or stalls. What it shows to be lost, or not after all.
#[inline(never)]
pub(super) fn segment(
    connections: &mut Connections,
    (losses, stalls, stuck, kept): (&mut LossLocator, &mut Stalls, &mut StuckSegments, &mut KeepAlives),
    flow: &FlowHot<FlowDetectors>,
    MarkedSegment { frame, tcp, analysis, before, hash }: &MarkedSegment<'_>,
) -> Vec<LocatedLoss> {
    let mut located = Vec::new();
    let (Some((key, way)), Some(segment)) = (&frame.flow, &frame.tcp) else { return located };
    let client = if flow.originator == 0 { Direction::AToB } else { Direction::BToA };
    if tcp.marks.has(TcpMarks::COURSE) {
        connections.step(&course(flow, (frame, analysis), (key, *hash, *way), client, before), segment, tcp);
    }
    // What is lost to one that is not there any more is told apart: before the loss.
    let repeated = tcp.marks.has(TcpMarks::REPEATED) && !analysis.flags.has(AnalysisFlags::SPURIOUS_RETRANSMISSION);
    if repeated && segment.payload > 0 {
        let told = silent(flow, (*way, client), frame, analysis.rto.unwrap_or(0));
        told.into_iter().for_each(|silent| connections.tell(NetworkEvent::Silent(silent)));
    }
    // Of one that takes no data it is a probe.
    if tcp.marks.has(TcpMarks::KEEP_ALIVE) && !flow.numbers.takes_nothing(way.reversed()) {
        kept.note(key, *way, (frame.time, frame.number), flow.traffic.get(*way as usize).map_or(0, |traffic| traffic.packets));
    }
    located.extend(lost(losses, flow, (frame, segment), tcp, analysis));
    located.iter().for_each(|lost| connections.tell(NetworkEvent::Lost(*lost)));
    for _ in 0..losses.take_unsure() {
        connections.tell(NetworkEvent::LostOrLate(LocatedLoss::before_mirror(key, client, *way, frame.time)));
    }
    let event = match repeated && segment.payload > 1 {
        true => stuck.repeated(key, (*way, client), frame.time, &again(frame, *way, segment, flow, analysis)),
        false if stuck.any() => {
            let ends = segment.flags & FIN != 0;
            stuck.acknowledged(key, *way, frame.time, (segment.acknowledgement, ends), frame.tcp_options().sack_blocks())
        }
        false => None,
    };
    event.into_iter().for_each(|event| connections.tell(event));
    if analysis.is_round_trip
        && let Some(nanos) = analysis.ack_rtt
    {
        round_trip(flow, (frame, tcp, analysis), (*way, client), nanos).into_iter().for_each(|trip| connections.tell_trip(trip));
    }
    if (stalls.any() || analysis.flags.has(AnalysisFlags::ZERO_WINDOW))
        && let Some(event) = stalls.segment(key, (*way, client), (frame.time, frame.number), segment, analysis)
    {
        connections.tell(event);
    }
    located
}

/// What a segment shows to be lost, and what not after all.
fn lost(
    losses: &mut LossLocator,
    flow: &FlowHot<FlowDetectors>,
    (frame, segment): (&Frame<'_>, &Segment),
    tcp: &TcpEvent,
    analysis: &SegmentAnalysis,
) -> Vec<LocatedLoss> {
    let Some((key, way)) = &frame.flow else { return Vec::new() };
    let ways = (*way, if flow.originator == 0 { Direction::AToB } else { Direction::BToA });
    let mut found = Vec::new();
    if tcp.marks.has(located_loss::MARKS) {
        let marks = SenderMarks { identification: frame.ip_id(), stamp: frame.tcp_options().timestamps().map(|(stamp, _)| stamp) };
        found.extend(losses.segment(key, ways, frame.time, (segment, marks, told(flow, *way)), tcp, analysis));
    }
    if losses.any() && (segment.payload == 0 || tcp.marks.has(TcpMarks::ADVANCED)) {
        found.extend(losses.acknowledged(key, ways, frame.time, segment.acknowledgement, frame.tcp_options()));
    }
    let numbered = |lost: &mut LocatedLoss| {
        lost.packets = analysis.data_segments.into();
        lost.number = if lost.retracted { 0 } else { frame.number };
    };
    found.iter_mut().for_each(numbered);
    found
}

/// What is known before a segment going `way`, and what its receiver has told so far.
fn told(flow: &FlowHot<FlowDetectors>, way: Direction) -> ReceiverWords {
    let numbers = &flow.numbers;
    let sent = numbers.next_sequence(way);
    let acknowledged = sent.zip(numbers.in_flight(way)).map(|(next, on_its_way)| next.wrapping_sub(on_its_way));
    ReceiverWords { sent, acknowledged, is_selective: numbers.permits_sack() == Some(true) }
}

/// A step of a connection's course.
#[inline(always)]
fn course(
    flow: &FlowHot<FlowDetectors>,
    (frame, analysis): (&Frame<'_>, &SegmentAnalysis),
    (key, hash, way): (&FlowKey, u64, Direction),
    client: Direction,
    before: &TcpTrack,
) -> Course {
    Course {
        flow: *key,
        hash,
        way,
        vlan: frame.vlans.outermost(),
        stations: frame.mac.map_or_else(Default::default, |(source, destination)| [source, destination]),
        time: frame.time,
        number: frame.number,
        before: flow.last_of(way.reversed()).unwrap_or(frame.time),
        client: flow.tcp.opened().then_some(client).or_else(|| standing_client(flow, key)),
        is_joined: flow.tcp.midstream(),
        fins: flow.tcp.fins(),
        fins_before: before.fins(),
        is_cut: before.reset(),
        app: flow.app.app,
        packets: flow.traffic.map(|traffic| traffic.packets),
        data_packets: analysis.data_segments.into(),
        cut: flow.tcp.cut().map(|(_, phase)| phase),
        ttl: frame.ttl,
        is_cut_between: flow.tcp.is_cut_between(),
        owes: flow.numbers.in_flight(way).is_none_or(|bytes| bytes > 0),
    }
}

/// The way to the server's port, where a connection was joined that is meant to stand for months and is known by its content.
fn standing_client(flow: &FlowHot<FlowDetectors>, key: &FlowKey) -> Option<Direction> {
    let ports = if flow.tcp.sampled() { &[] } else { registry::standing_ports(flow.app.app) };
    [Direction::AToB, Direction::BToA].into_iter().find(|way| ports.contains(&key.port_to(*way)))
}

/// The receiver of what was sent again, where it has said nothing for long since it was sent first.
fn silent(flow: &FlowHot<FlowDetectors>, (way, client): (Direction, Direction), frame: &Frame<'_>, waited: i64) -> Option<SilentPeer> {
    let since = frame.time.plus(-waited);
    let is_silent = waited >= SILENT_PEER.in_nanos() && flow.last_of(way.reversed()).is_some_and(|last| last < since);
    is_silent.then_some(SilentPeer { flow: flow.key, way, client, since, time: frame.time, number: frame.number })
}

/// Somebody begins to speak: what of what follows is of interest. Of what is read dissectors tell.
#[inline(never)]
pub(super) fn turn(
    unread: &mut UnreadTurns,
    flow: &FlowHot<FlowDetectors>,
    frame: &Frame<'_>,
    (at, hash): (u32, u64),
    step: TurnStep,
) -> Interest {
    let (Some((key, way)), Some(segment)) = (&frame.flow, &frame.tcp) else { return Interest::default() };
    let Some(other_next) = flow.numbers.next_sequence(way.reversed()) else { return Interest::default() };
    let (sequence, length, bytes) = (segment.sequence, segment.payload, frame.payload());
    let Frame { time, number, .. } = *frame;
    let spoken = Spoken { flow: key, hash, way: *way, time, number, sequence, bytes, length, other_next, step, at };
    // An answer is of interest where its request was.
    match registry::told_by_turns(flow.app.app, spoken.is_cut() || !step.asks) {
        Some(_) => unread.step(&spoken),
        None => Interest::RESTS,
    }
}

/// A round trip: one that a receiver may have waited with says nothing of the path; of a transfer it tells what is in flight behind a window, and of every
/// connection how much it has carried.
fn round_trip(
    flow: &FlowHot<FlowDetectors>,
    (frame, tcp, analysis): (&Frame<'_>, &TcpEvent, &SegmentAnalysis),
    (way, client): (Direction, Direction),
    nanos: i64,
) -> Option<RoundTrip> {
    let (key, _) = frame.flow.as_ref()?;
    let (flight, is_prompt) = (flight(flow, way, tcp), analysis.ack_rtt_is_prompt);
    let is_transfer = |flight: &Flight| flight.sent >= TRANSFER;
    Some(RoundTrip {
        flow: *key,
        way: client,
        side: if way == client { PathSide::Client } else { PathSide::Server },
        time: frame.time,
        nanos,
        is_prompt,
        flight: flight.filter(|flight| is_prompt || is_transfer(flight)),
        data_segments: analysis.data_segments,
        number: frame.number,
    })
}

/// Bytes to one end that make a transfer of what a connection carries: less is not held back by a window for long.
const TRANSFER: u64 = 100_000;

/// What was in flight to the end that acknowledges some of it.
fn flight(flow: &FlowHot<FlowDetectors>, way: Direction, tcp: &TcpEvent) -> Option<Flight> {
    let numbers = &flow.numbers;
    let bytes = numbers.in_flight(way.reversed())?.saturating_add(tcp.advanced);
    let sent = flow.traffic.get(way.reversed() as usize)?.wire_bytes;
    Some(Flight { bytes, window: numbers.window(way)?, is_unscaled: numbers.window_scale(way) == Some(0), sent })
}

/// A segment that was sent again, and whether anything as large was acknowledged before it.
fn again(frame: &Frame<'_>, way: Direction, segment: &Segment, flow: &FlowHot<FlowDetectors>, analysis: &SegmentAnalysis) -> Repeated {
    let length = frame.ip_end().saturating_sub(frame.net.unwrap_or(0));
    let sent = flow.traffic.get(way as usize).copied().unwrap_or_default();
    // What was sent, without headers, this copy of it, and what is on its way.
    let headers = sent.packets.saturating_mul(HEADERS_ON_ETHERNET);
    let data = sent.wire_bytes.saturating_sub(headers).saturating_sub(segment.payload.into());
    let on_its_way = flow.numbers.in_flight(way).map_or(0, u64::from);
    let arrived = data.saturating_sub(on_its_way);
    // A smaller piece behind it would arrive: that its receiver says nothing of it would tell that nobody is there.
    let all_alike = on_its_way.is_multiple_of(u64::from(segment.payload).max(1));
    let is_first = arrived < u64::from(segment.payload);
    // What is acknowledged of it beyond a hole: bytes in flight do not count it.
    let behind = on_its_way.saturating_sub(analysis.bytes_in_flight.map_or(on_its_way, u64::from));
    let acknowledged = flow.numbers.next_sequence(way).map_or(segment.sequence, |next| next.wrapping_sub(on_its_way as u32));
    Repeated {
        number: segment.sequence,
        length,
        payload: segment.payload,
        waited: analysis.rto.unwrap_or(0),
        is_first,
        is_opening: is_first && all_alike,
        behind: u32::try_from(behind).unwrap_or(u32::MAX),
        acknowledged,
        packet: frame.number,
    }
}

/// A packet that is no segment: an ICMP error tells of a conversation, others of addresses and clocks.
#[inline]
pub(super) fn datagram(connections: &mut Connections, (seen, pieces): (&mut Gathering, &mut Fragments), frame: &Frame<'_>) {
    let Some((key, _)) = &frame.flow else { return };
    if frame.fragment {
        sightings::fragment(seen, pieces, frame);
    }
    match key.protocol {
        17 if TELLING.contains(&key.a_port) | TELLING.contains(&key.b_port) => sightings::datagram(seen, frame),
        1 => {
            icmp(connections, seen, frame);
            sightings::echo(seen, frame);
        }
        2 => sightings::membership(seen, frame),
        58 => {
            icmp(connections, seen, frame);
            sightings::discovery(seen, frame);
            sightings::echo(seen, frame);
        }
        _ => {}
    }
}

/// Ports of DHCP and NTP.
const TELLING: [u16; 3] = [67, 68, 123];

#[inline(never)]
fn icmp(connections: &mut Connections, seen: &mut Gathering, frame: &Frame<'_>) {
    if let (Some((key, way)), Some(quoted)) = (&frame.flow, frame.quoted_flow()) {
        let [(reporter, _), (receiver, _)] = key.ends(*way);
        if quoted.kind == sightings::REDIRECT && !quoted.key.is_v6 {
            sightings::redirect(seen, frame, quoted.key.ends(quoted.direction)[1].0);
        }
        connections.tell(NetworkEvent::Icmp(IcmpError { reporter, receiver, quoted, time: frame.time, number: frame.number }));
    }
}

/// Tells what became of a stream of voice or pictures, which says something of the mirror as well.
fn tell_media(connections: &mut Connections, numbered: &mut NumberedStreams, event: NetworkEvent) {
    if let NetworkEvent::Media(news) = &event {
        numbered.media(news);
    }
    connections.tell(event);
}

impl Shard {
    /// Decides what has waited long enough where a second of packet time begins. `hosts` is memory to look at hosts with.
    pub fn advance(&mut self, now: Timestamp, hosts: &mut TalkingHosts) {
        self.connections.next_second();
        self.detectors.advance(now, false);
        if self.connections.is_due(now) {
            self.connections.advance(now);
        }
        self.tell(now);
        let connections = &mut self.connections;
        self.stalls.advance(now, |event| connections.tell(event));
        self.kept.advance(now, |event| connections.tell(event));
        self.unread.advance(now, false);
        let packets = self.totals.link.packets;
        if self.talkers.is_due(now, packets, self.flows.len()) {
            self.talkers.look(now, packets, self.flows.added_bytes(), hosts, |event| connections.tell(event));
        }
        let numbered = self.detectors.numbered();
        self.reader.media(now, false, |event| tell_media(connections, numbered, event));
        if self.reader.is_due(now) {
            self.advance_requests(now, false);
        }
    }

    /// The same at the end of the capture: what has not waited long enough is not judged.
    pub fn advance_all(&mut self, now: Timestamp) {
        self.detectors.advance(now.plus(SECOND), true);
        self.connections.finish(now);
        self.tell(now);
        let connections = &mut self.connections;
        self.stalls.advance(now, |event| connections.tell(event));
        self.kept.advance(now, |event| connections.tell(event));
        self.unread.advance(now, true);
        let numbered = self.detectors.numbered();
        self.reader.media(now, true, |event| tell_media(connections, numbered, event));
        self.advance_requests(now, true);
    }

    /// Decides what has waited long enough for its answer. Nobody waits for one on a connection that is over.
    fn advance_requests(&mut self, now: Timestamp, finished: bool) {
        let flows = &self.flows;
        self.reader.note_over(|flow| flows.ended(flow));
        self.reader.advance(now, finished, self.detectors.unmatched());
    }

    /// Tells what was gathered in a second that ends.
    fn tell(&mut self, now: Timestamp) {
        let seen = &mut self.sightings;
        self.pieces.advance(now, |told, sight| seen.note(told, BroadcastDomain::default(), Mac::default(), sight));
        if self.sightings.is_empty() {
            return;
        }
        let (seen, unfollowed) = self.sightings.take();
        self.connections.note_unfollowed(unfollowed);
        seen.into_iter().for_each(|sighting| self.connections.tell(NetworkEvent::Sighted(sighting)));
    }

    /// What found no room in a table of what lasts is counted beside what could not be followed.
    fn note_refused(&mut self) {
        let tables = [&mut self.losses.refused, &mut self.stalls.refused, &mut self.stuck.refused, &mut self.kept.refused];
        let refused = tables.into_iter().map(std::mem::take).fold(self.reader.newly_unfollowed(), u64::saturating_add);
        self.connections.note_unfollowed(refused);
    }

    /// The turns that are over, of conversations that nobody reads, as is known by now.
    fn turns(&mut self) -> impl Iterator<Item = NetworkEvent> + use<> {
        let (mut over, talks) = self.unread.take();
        over.retain_mut(|told| {
            let app = self
                .flows
                .record(told.at)
                .filter(|record| record.flow.key == told.turn.flow)
                .map_or(AppId::NONE, |record| record.flow.app.app);
            let Some(kind) = registry::told_by_turns(app, told.is_cut) else { return false };
            let is_encrypted = told.turn.kind == TurnKind::Encrypted;
            (told.turn.app, told.turn.kind) = (app, kind);
            is_encrypted == (kind == TurnKind::Encrypted)
        });
        talks.into_iter().map(NetworkEvent::Talks).chain(over.into_iter().map(|told| NetworkEvent::Turn(told.turn)))
    }

    /// A beat ends, what happened in it was handed over.
    pub fn next_beat(&mut self) {
        self.reader.next_beat();
    }

    /// Events that wait to be handed over.
    pub fn told(&self) -> usize {
        self.connections.told() + self.reader.ended_count() + self.detectors.told() + self.unread.told()
    }

    /// What happened since it was last asked, in the beat of that number.
    pub fn network(&mut self, beat: u64) -> NetworkBatch {
        // What a connection showed comes before its end.
        let mut events: Vec<NetworkEvent> = self.reader.tls().map(NetworkEvent::Tls).collect();
        self.note_refused();
        // For whom a proxy is asked comes before what becomes of it.
        events.extend(self.reader.proxied().map(NetworkEvent::Proxied));
        events.extend(self.reader.unread().map(NetworkEvent::Unread));
        let (mut told, unfollowed) = self.connections.take();
        let met = std::mem::take(&mut self.cut_answers);
        if !met.is_empty() {
            // Only who reads the answer knows whether all of it came.
            for end in told.iter_mut().filter_map(|event| if let NetworkEvent::Ended(end) = event { Some(end) } else { None }) {
                let progress = met.iter().find(|(flow, _)| *flow == end.flow).map(|(_, progress)| *progress);
                end.cut = match (end.cut, progress) {
                    (Some(CutPhase::Quiet), Some(AnswerProgress::Partial)) => Some(CutPhase::Transfer),
                    // What is not acknowledged yet is the last of an answer that is whole.
                    (Some(CutPhase::Transfer), Some(AnswerProgress::Whole)) => Some(CutPhase::Quiet),
                    (cut, _) => cut,
                };
            }
        }
        events.extend(told);
        events.extend(self.reader.offers().map(NetworkEvent::Offered));
        events.extend(self.reader.ended().map(NetworkEvent::Transaction));
        events.extend(self.turns());
        let (control, control_beyond) = self.detectors.control();
        let floods = self.detectors.floods();
        let stations = self.detectors.stations().take();
        let words = self.reader.words();
        NetworkBatch { beat, shard: self.number, events, words, unfollowed, control, floods, control_beyond, stations, load: None }
    }
}
