//! Wireshark's TCP analysis: the flags, times and bytes in flight that tshark 4.0 prints of each segment, by the procedure it follows.
//!
//! The procedure goes by one pass in the order of the capture and by little state: what it calls a retransmission may be a copy that the mirror
//! made, what it calls lost may have come by another way. Its numbers are here to be compared with Wireshark's. What is really wrong with a
//! connection is told by the [follower](super::tcp), and findings rest on that alone.
//!
//! The rules keep sequence numbers of their own, because they differ on purpose: a RST moves them, 0 means unknown, a hole once
//! jumped over stays so. They stand in `rules`, their state in `state`, segments that wait for their acknowledgement in `unacked`, and
//! `split` puts segments together that came in IP fragments, which are analysed once, where they are complete.
//!
//! Cost: a segment touches two cache lines, and the list of its direction or of the other.

mod counts;
mod rules;
mod split;
mod state;
#[cfg(test)]
mod tests;
mod unacked;

pub use counts::TcpAnalysisSums;

use crate::model::limits::ANALYSED_PER_SHARD;
use crate::model::tcp::{ACK, FIN, SYN, before};
use crate::model::time::SECOND;
use crate::model::{
    AnalysisFlags, CapScale, ConnectionFigures, Direction, Frame, LocatedLoss, Location, Segment, SegmentAnalysis, TcpOptions, Timestamp,
    TurnStep, memory,
};
use crate::stats::round_trips::{RoundTrips, Trip, is_trip};
use crate::stats::turns::TurnData;
use crate::stats::unread_turns::Interest;
use counts::Rare;
use split::SplitSegments;
use state::{Connection, DirectionState};
use unacked::Lists;

/// So long without a new byte, and as many round trips, is a pause of a direction: nothing was to be sent.
const PAUSE: i64 = SECOND;
const PAUSE_TRIPS: i64 = 4;

/// A segment as the rules look at it.
#[derive(Debug, Clone, Copy)]
struct Seen<'a> {
    time: Timestamp,
    segment: Segment,
    options: TcpOptions<'a>,
    /// The capture cuts its options: Wireshark stops there, and prints nothing of it.
    cut: bool,
}

impl<'a> Seen<'a> {
    /// Reads in its bytes what the header at `at` says beside what every segment has.
    #[inline(never)]
    fn read(&mut self, frame: &Frame<'a>, at: u32) {
        let transport = frame.bytes.get(at as usize..).unwrap_or_default();
        let header = u32::from(transport.get(12).copied().unwrap_or(0) >> 4) * 4;
        self.options = TcpOptions::of_header(transport);
        self.cut = header as usize > transport.len();
        // An IP length beyond the frame's is not believed.
        self.segment.payload = self.segment.payload.min(frame.wire.saturating_sub(at.saturating_add(header)));
    }
}

/// Analyses the connections of one shard. Handles of connections are numbers from 1; 0 is one that is not analysed (yet).
#[derive(Debug, Default)]
pub struct Analyser {
    caps: CapScale,
    connections: Vec<Connection>,
    free: Vec<u32>,
    rare: Vec<Rare>,
    free_rare: Vec<u32>,
    lists: Lists,
    split: SplitSegments,
    trips: RoundTrips,
    sums: TcpAnalysisSums,
    /// What was found of the latest packet: written where it stays, for copies of it cost as much as finding it.
    latest: SegmentAnalysis,
}

/// What [`ANALYSED_PER_SHARD`] says of them.
const _: () = assert!(size_of::<Connection>() == 128 && size_of::<Rare>() == 112);

impl Analyser {
    /// Bytes of a connection at most, of a segment that waits for its acknowledgement, and of a connection's round trips.
    #[cfg(test)]
    pub const BYTES: [usize; 3] = [size_of::<Connection>() + size_of::<Rare>(), unacked::ALONE, RoundTrips::BYTES];

    /// Nothing known yet; of segments and round trips is kept what `caps` allow.
    pub fn within(caps: CapScale) -> Self {
        Self { caps, lists: Lists::within(caps), trips: RoundTrips::within(caps), ..Self::default() }
    }

    /// Asks the memory for a connection.
    #[inline(always)]
    pub fn prefetch(&self, handle: u32) {
        if let Some(connection) = self.connections.get((handle as usize).wrapping_sub(1)) {
            let [first, second] = &connection.sides;
            memory::prefetch(first);
            memory::prefetch(&second.base);
        }
    }

    /// Asks the memory for the lists of a connection that is near, for its round trips where one is taken in at `time`, and for its turns where
    /// a segment `has_data`.
    #[inline(always)]
    pub fn prefetch_lists(&self, handle: u32, time: Timestamp, has_data: bool) {
        if let Some(connection) = self.connections.get((handle as usize).wrapping_sub(1)) {
            connection.sides.iter().for_each(|side| self.lists.prefetch(side.unacked));
            self.trips.prefetch(connection.trips, time, has_data);
        }
    }

    /// The same, for what the lists have beside themselves.
    #[inline(always)]
    pub fn prefetch_rings(&self, handle: u32) {
        if let Some(connection) = self.connections.get((handle as usize).wrapping_sub(1)) {
            connection.sides.iter().for_each(|side| self.lists.prefetch_ring(side.unacked));
        }
    }

    /// Whether new data of a direction would be behind new data of the other.
    #[inline(always)]
    pub fn may_turn(&self, handle: u32, way: Direction) -> bool {
        self.connections.get((handle as usize).wrapping_sub(1)).is_some_and(|connection| {
            let [first, second] = &connection.sides;
            let (side, other) = if way == Direction::AToB { (first, second) } else { (second, first) };
            side.next_time <= other.next_time
        })
    }

    /// Analyses a frame's segment, or the one that it completes, of the connection with this handle, which gets one if it has none. `reuses`
    /// says that it opens a new connection between ports that had another.
    #[inline]
    pub fn analyse(&mut self, handle: &mut u32, frame: &Frame<'_>, way: Direction, reuses: bool) -> &SegmentAnalysis {
        self.latest = SegmentAnalysis::default();
        if frame.fragment {
            self.analyse_piece(handle, frame, way, reuses);
            return &self.latest;
        }
        let (Some(segment), Some(at)) = (frame.tcp, frame.transport) else { return &self.latest };
        let mut seen = Seen { time: frame.time, segment, options: TcpOptions::default(), cut: false };
        if !frame.is_plain {
            seen.read(frame, at);
        }
        self.segment(handle, &seen, way, reuses);
        &self.latest
    }

    /// A packet that is no segment.
    #[inline(always)]
    pub fn skip(&mut self) -> &SegmentAnalysis {
        self.latest = SegmentAnalysis::default();
        &self.latest
    }

    /// What was found of the latest packet.
    pub fn latest(&self) -> &SegmentAnalysis {
        &self.latest
    }

    #[cold]
    #[inline(never)]
    fn analyse_piece(&mut self, handle: &mut u32, frame: &Frame<'_>, way: Direction, reuses: bool) {
        let Some(whole) = self.split.take(frame) else { return };
        let options = TcpOptions::of_header(whole.header());
        self.segment(handle, &Seen { time: frame.time, segment: whole.segment, options, cut: false }, way, reuses);
    }

    #[inline(always)]
    fn segment(&mut self, handle: &mut u32, seen: &Seen<'_>, way: Direction, reuses: bool) {
        if *handle == 0 {
            *handle = self.open();
        }
        let Self { connections, lists, rare, free_rare, sums, trips, latest: analysis, .. } = self;
        let Some(connection) = connections.get_mut((*handle as usize).wrapping_sub(1)) else { return };
        let known = connection.initial_rtt();
        let before =
            connection.sides.get(way as usize).map_or((0, Timestamp(0), Timestamp(0)), |side| (side.next, side.next_time, side.last_time));
        rules::judge(connection, lists, rare, free_rare, seen, way, analysis);
        if reuses {
            analysis.flags |= AnalysisFlags::REUSED_PORTS;
        }
        note_new(connection, (rare, free_rare), way, before.1);
        let completes = known == 0 && connection.handshake_rtt() != 0;
        if completes && is_trip(connection.handshake_rtt()) {
            sums.initial_rtt.count(connection.handshake_rtt());
        }
        if let Some(nanos) = analysis.ack_rtt.filter(|nanos| analysis.ack_rtt_is_clean && is_trip(*nanos)) {
            let handshake = completes || seen.segment.flags & SYN != 0;
            // Nobody waits with the acknowledgements of a handshake.
            analysis.ack_rtt_is_prompt |= handshake;
            let answers = seen.segment.flags & SYN != 0;
            let trip = Trip { time: seen.time, way, nanos, prompt: analysis.ack_rtt_is_prompt, handshake, answers };
            analysis.is_round_trip = trips.note(&mut connection.trips, &trip);
        }
        if seen.segment.payload > 0 {
            connection.data_segments.iter_mut().skip(way as usize).take(1).for_each(|n| *n = n.saturating_add(1));
            // There is none yet; most segments leave it at that.
            if let Some(step) = note_turn(connection, trips, seen, way, before, analysis.flags) {
                analysis.turn = Some(step);
            }
        }
        if seen.segment.flags & FIN != 0 {
            let (next, next_time, _) = before;
            let has_news = seen.segment.payload > 0 && connection.sides.get(way as usize).is_some_and(|side| side.next != next);
            trips.over(connection.trips, way, if has_news { seen.time } else { next_time });
        }
        let [a, b] = connection.data_segments;
        analysis.data_segments = a.saturating_add(b);
        // Its header is there, be its options cut or not.
        if seen.segment.flags & counts::COUNTED != 0 {
            counts::count(connection, rare, free_rare, seen.segment.flags);
            analysis.control = seen.segment.flags;
        }
        if seen.cut {
            let SegmentAnalysis { data_segments, control, .. } = *analysis;
            *analysis = SegmentAnalysis { data_segments, control, ..SegmentAnalysis::default() };
            return;
        }
        if !analysis.flags.is_empty() {
            sums.flags.count(analysis.flags);
            analysis.least_trips = trips.least(connection.trips);
            if let Some(rare) = counts::rare(connection, rare, free_rare) {
                rare.count(analysis.flags);
            }
        }
    }

    /// Counts a segment that was left out as a copy and is traffic, when what came after it has been analysed: it says nothing new, so that no
    /// number moves.
    pub fn count_again(&mut self, handle: u32, segment: &Segment, time: Timestamp, way: Direction) {
        let Self { connections, rare, free_rare, sums, .. } = self;
        let Some(connection) = connections.get_mut((handle as usize).wrapping_sub(1)) else { return };
        if segment.flags & counts::COUNTED != 0 {
            counts::count(connection, rare, free_rare, segment.flags);
        }
        if segment.payload > 0 {
            connection.data_segments.iter_mut().skip(way as usize).take(1).for_each(|n| *n = n.saturating_add(1));
        }
        let flags = rules::judge_again(connection, segment, time, way);
        if !flags.is_empty() {
            sums.flags.count(flags);
            counts::rare(connection, rare, free_rare).into_iter().for_each(|rare| rare.count(flags));
        }
    }

    #[inline(never)]
    fn open(&mut self) -> u32 {
        if let Some(handle) = self.free.pop() {
            return handle;
        }
        if self.connections.len() >= self.caps.of(ANALYSED_PER_SHARD) {
            self.sums.not_analysed += 1;
            return 0;
        }
        if self.connections.len() == self.connections.capacity() {
            // Growing copies all there is; room that is not used yet costs nothing.
            self.connections.reserve_exact(self.connections.len().max(memory::LARGE / size_of::<Connection>()));
        }
        self.connections.push(Connection::NEW);
        self.connections.len() as u32
    }

    /// Whether a SYN without acknowledgement begins another connection than the one with this handle: its number is not the one that its direction
    /// began with. `None` when nothing is known of the connection.
    pub fn is_reuse(&self, handle: u32, way: Direction, segment: &Segment) -> Option<bool> {
        let side = self.connections.get((handle as usize).wrapping_sub(1))?.sides.get(way as usize)?;
        Some(segment.flags & (SYN | ACK) == SYN && side.is(DirectionState::BASE) && side.base != segment.sequence)
    }

    /// What is of interest behind what a direction of a connection has just said.
    pub fn note_interest(&mut self, handle: u32, way: Direction, now: Timestamp, interest: Interest) {
        let Some(connection) = self.connections.get_mut((handle as usize).wrapping_sub(1)) else { return };
        if let Some(side) = connection.sides.get_mut(way as usize).filter(|_| interest.watches) {
            side.flags |= DirectionState::WATCHED;
        }
        if interest.rests {
            self.trips.rest(connection.trips, now);
        }
    }

    /// What was counted of a connection.
    pub fn figures(&self, handle: u32) -> ConnectionFigures {
        let Some(connection) = self.connections.get((handle as usize).wrapping_sub(1)) else { return ConnectionFigures::default() };
        let turns = self.trips.turns(connection.trips, connection.sides.each_ref().map(|side| side.next_time));
        ConnectionFigures { round_trips: self.trips.figures(connection.trips), turns, ..counts::figures(connection, &self.rare) }
    }

    /// When a direction of a connection sent its latest new byte, and for how many nanoseconds it had none to send before.
    pub fn sending(&self, handle: u32, way: Direction) -> Option<(Timestamp, i64)> {
        let connection = self.connections.get((handle as usize).wrapping_sub(1))?;
        let last = connection.sides.get(way as usize).map(|side| side.next_time).filter(|last| *last != Timestamp(0))?;
        let pauses = counts::get(connection, &self.rare).and_then(|rare| rare.pauses.get(way as usize).copied());
        Some((last, pauses.unwrap_or(0)))
    }

    /// Whether `client` sent something new after all that its server did, so that it waits for an answer.
    pub fn asks(&self, handle: u32, client: Direction) -> bool {
        let Some(connection) = self.connections.get((handle as usize).wrapping_sub(1)) else { return false };
        let [asks, answers] = [client, client.reversed()].map(|way| connection.sides.get(way as usize));
        asks.zip(answers).is_some_and(|(asks, answers)| {
            let has_sent = asks.is(DirectionState::BASE) && asks.next.wrapping_sub(asks.base) > 1;
            has_sent && answers.next_time != Timestamp(0) && asks.next_time > answers.next_time
        })
    }

    /// A segment of a connection was lost on the way, as the place it was lost at shows; or was not after all.
    pub fn lost(&mut self, handle: u32, lost: &LocatedLoss) {
        let Some(connection) = self.connections.get_mut((handle as usize).wrapping_sub(1)) else { return };
        let Some(rare) = counts::rare(connection, &mut self.rare, &mut self.free_rare) else { return };
        let place = rare.lost.get_mut(lost.way as usize).and_then(|of| of.get_mut(usize::from(lost.location == Location::BeyondMirror)));
        if let Some(count) = place {
            *count = if lost.retracted { count.saturating_sub(1) } else { count.saturating_add(1) };
        }
    }

    /// Forgets a connection.
    pub fn release(&mut self, handle: u32) {
        let Some(connection) = self.connections.get_mut((handle as usize).wrapping_sub(1)) else { return };
        let old = std::mem::replace(connection, Connection::NEW);
        old.sides.iter().for_each(|side| self.lists.release(side.unacked));
        self.trips.release(old.trips);
        if old.rare != 0 {
            self.free_rare.push(old.rare);
        }
        self.free.push(handle);
    }

    /// Everything counted so far.
    pub fn sums(&self) -> TcpAnalysisSums {
        TcpAnalysisSums { not_noted: self.lists.left_out, ..self.sums.clone() }
    }
}

/// A direction of a connection may have sent something new; what it had sent before was newest at that time.
#[inline(always)]
fn note_new(connection: &mut Connection, rare: (&mut Vec<Rare>, &mut Vec<u32>), way: Direction, newest: Timestamp) {
    let pause = connection.sides.get(way as usize).map_or(0, |side| side.next_time.since(newest));
    if pause > PAUSE && newest != Timestamp(0) {
        note_pause(connection, rare, way, pause);
    }
}

/// A direction of a connection sends something new after a while: it had nothing to send, unless the way is as long.
#[cold]
#[inline(never)]
fn note_pause(connection: &mut Connection, (rare, free): (&mut Vec<Rare>, &mut Vec<u32>), way: Direction, pause: i64) {
    if pause > connection.initial_rtt().saturating_mul(PAUSE_TRIPS)
        && let Some(sum) = counts::rare(connection, rare, free).and_then(|rare| rare.pauses.get_mut(way as usize))
    {
        *sum = sum.saturating_add(pause);
    }
}

/// Takes data into the turns of its connection, where the other side spoke since this one did or something is sent again. `before` is what was
/// known of its direction: the number behind the highest, when that came, and when the latest segment came.
#[inline(always)]
fn note_turn(
    connection: &mut Connection,
    trips: &mut RoundTrips,
    seen: &Seen<'_>,
    way: Direction,
    (next, next_time, last_time): (u32, Timestamp, Timestamp),
    flags: AnalysisFlags,
) -> Option<TurnStep> {
    let handle = connection.trips;
    let [first, second] = &mut connection.sides;
    let (side, other) = if way == Direction::AToB { (first, &*second) } else { (second, &*first) };
    if side.next != next && (next_time <= other.next_time || side.is(DirectionState::WATCHED)) {
        side.flags &= !DirectionState::WATCHED;
        let after_hole = flags.has(AnalysisFlags::LOST_SEGMENT) || before(other.next, seen.segment.acknowledgement);
        let data = TurnData { time: seen.time, way, other: other.next_time, after_hole };
        return if next_time <= other.next_time { trips.turn(handle, &data) } else { trips.goes_on(handle, &data) };
    }
    if flags.has(AnalysisFlags::RETRANSMISSION) && !flags.has(AnalysisFlags::SPURIOUS_RETRANSMISSION) {
        trips.sent_again(handle, seen.time, seen.time.since(last_time));
    }
    None
}
