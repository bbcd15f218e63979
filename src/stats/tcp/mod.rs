//! The one place that follows TCP sequence numbers (RFC 9293 section 3.4).
//!
//! A [`Follower`] a shard takes in every segment once and says what it did as a [`TcpEvent`]; what it knows of a connection lies in the flow's
//! record: [`TcpHot`], which every segment touches, and [`TcpCold`] for its beginning. The course of a connection, its loss, the order of
//! mirrored directions and everything else listens to the events.
//!
//! - A step in sequence space of more than [`JUMP`] without SYN is a new numbering (middlebox, outage) and no gap.
//! - A conversation is *settled* once a SYN of either side and a segment of each side were seen, or [`MIDWAY_SEGMENTS`] segments of each side.
//!   From then on gaps are told, of bytes beyond the highest seen or acknowledged by then. Which segments are seen decides when that is; of the
//!   bytes beyond, each is seen or lost whatever happened before, so a share of missing bytes is unbiased, however many beginnings are lost.
//! - Bytes not seen in their place are holes. What is acknowledged and yet not seen is told at once ([`HoleEvent::Acknowledged`]), so is what
//!   comes late ([`HoleEvent::Late`]); what does not come within [`HOLD`] after its acknowledgement is lost ([`LostRange`]).
//! - What a selective acknowledgement covers (RFC 2018) was received: it was not lost before its receiver, so if it was not seen here by [`HOLD`]
//!   later it counts as lost once it is acknowledged, though the sender may have sent it again.
//! - Segments of a conversation with IP fragments are not followed any further: what is missing inside a datagram cannot be told.
//!
//! Cost: an in-order segment touches its flow's record and nothing else.

mod handshake;
mod holes;
mod state;
#[cfg(test)]
mod tests;

#[cfg(doc)]
use crate::model::tcp::HOLD;
use crate::model::tcp::{ACK, FIN, HoleEvent, LostRange, RST, SYN, TcpEvent, TcpMarks, before};
use crate::model::time::SECOND;
use crate::model::{CapScale, Direction, Frame, Segment, Timestamp};
use holes::Holes;
use state::{NO_SCALE, Stream};
pub use state::{TcpCold, TcpHot};

/// Segments each side must have shown before the numbers of a conversation joined midway are trusted.
pub use crate::model::evidence::MIDWAY_SEGMENTS;

/// A step in sequence space beyond this is a new numbering, not a gap.
pub const JUMP: u32 = 1 << 26;

/// How long after a connection was opened the same SYN is a repetition: longer than the first retransmissions (1 and 3 s, RFC 6298 section 2).
const SYN_AGAIN: i64 = 5 * SECOND;

/// Follows the connections of one shard.
#[derive(Debug, Default)]
pub struct Follower {
    holes: Holes,
}

impl Follower {
    /// Nothing followed; of what is missing as much is remembered as `caps` allow.
    pub fn within(caps: CapScale) -> Self {
        Self { holes: Holes::within(caps) }
    }

    /// Follows one segment: `segment` is `frame`'s, in direction `way`, and `cold` finds the connection's other part. What the segment shows to be
    /// missing keeps its `label`.
    #[inline(always)]
    pub fn follow<'c>(
        &mut self,
        hot: &mut TcpHot,
        cold: impl FnOnce() -> Option<&'c mut TcpCold>,
        frame: &Frame<'_>,
        way: Direction,
        segment: &Segment,
        label: u8,
    ) -> TcpEvent {
        let at = way as usize;
        let [first, second] = &mut hot.streams;
        let (stream, other) = if at == 0 { (first, second) } else { (second, first) };
        let plain = !frame.fragment && segment.flags & (SYN | FIN | RST | ACK) == ACK && segment.sequence == stream.next;
        if plain && hot.flags & (TcpHot::SETTLED | TcpHot::FRAGMENTED | TcpHot::ACKED[at]) == TcpHot::SETTLED | TcpHot::ACKED[at] {
            // The commonest segment: data or an acknowledgement, in order, and of nothing unseen.
            let advanced = segment.acknowledgement.wrapping_sub(other.acked);
            let in_flight = other.next.wrapping_sub(other.acked).min(JUMP);
            if advanced <= in_flight && other.hole == 0 && advanced | segment.payload != 0 {
                stream.next = segment.sequence.wrapping_add(segment.payload);
                stream.window = segment.window;
                other.acked = segment.acknowledgement;
                hot.note_full(at, segment);
                let marks = if advanced != 0 { TcpMarks::SETTLED | TcpMarks::ADVANCED } else { TcpMarks::SETTLED };
                return TcpEvent { marks, fresh: segment.payload, advanced, ..TcpEvent::default() };
            }
        } else if plain && hot.flags & TcpHot::ALONE[at].0 == TcpHot::ALONE[at].1 && hot.segments[at] == MIDWAY_SEGMENTS {
            // In order, where only one direction is seen.
            stream.next = segment.sequence.wrapping_add(segment.payload);
            stream.window = segment.window;
            return TcpEvent { fresh: segment.payload, ..TcpEvent::default() };
        }
        cold().map_or_else(TcpEvent::default, |cold| self.follow_closely(hot, cold, frame, way, segment, label))
    }

    /// Notes that a segment was seen without following its numbers: segments beside it may not have been sampled.
    #[inline(never)]
    pub fn glimpse(hot: &mut TcpHot, cold: &mut TcpCold, way: Direction, segment: &Segment) -> TcpEvent {
        TcpEvent { marks: handshake::begin(hot, cold, way as usize, segment), ..TcpEvent::default() }
    }

    /// What became of holes with the latest segment, when its event has [`TcpMarks::HOLES`].
    pub fn hole_events(&self) -> &[HoleEvent] {
        &self.holes.news
    }

    /// Whether [`Self::expire`] has something to tell.
    #[inline(always)]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.holes.due <= now
    }

    /// Decides on the holes that were waited for long enough. To be called before a segment of this time is followed, and at a report.
    #[inline(never)]
    pub fn expire(&mut self, now: Timestamp, lost: impl FnMut(LostRange)) {
        self.holes.expire(now, lost);
    }

    #[inline(never)]
    fn follow_closely(
        &mut self,
        hot: &mut TcpHot,
        cold: &mut TcpCold,
        frame: &Frame<'_>,
        way: Direction,
        segment: &Segment,
        label: u8,
    ) -> TcpEvent {
        self.holes.news.clear();
        let at = way as usize;
        let mut event = TcpEvent { marks: handshake::begin(hot, cold, at, segment), ..TcpEvent::default() };
        handshake::step(hot, cold, at, segment, frame.time, &mut event);
        if frame.fragment {
            hot.flags |= TcpHot::FRAGMENTED;
        }
        if segment.flags & RST != 0 || hot.is(TcpHot::FRAGMENTED) {
            return event;
        }
        if segment.flags & SYN != 0 {
            Self::open(hot, cold, frame, at, segment);
        }
        let settled = hot.is(TcpHot::SETTLED);
        if settled {
            event.marks |= TcpMarks::SETTLED;
        }
        hot.note_full(at, segment);
        let moment = Moment { way, time: frame.time, label, settled, full: [0, 1].map(|at| hot.full(at)) };
        if !hot.is(TcpHot::FOLLOWED[at]) {
            hot.flags |= TcpHot::FOLLOWED[at];
            hot.streams[at].restart(segment.sequence);
            event.marks |= TcpMarks::BEGUN;
        }
        let window = std::mem::replace(&mut hot.streams[at].window, segment.window);
        self.data(&mut hot.streams[at], segment, moment, &mut event);
        if segment.flags & ACK != 0 && hot.is(TcpHot::FOLLOWED[1 - at]) {
            let bare = segment.payload == 0 && segment.flags & (SYN | FIN) == 0;
            // The window shrinks with what waits behind a hole: what says by its blocks that there is one asks for it all the same (RFC 6675 section 2).
            let asks = || frame.tcp_options().sack_blocks().any(|(start, _)| before(segment.acknowledgement, start));
            let silent = || bare && (window == segment.window || asks());
            let stream = &mut hot.streams[1 - at];
            self.acknowledge(stream, segment.acknowledgement, silent, moment, &mut event);
            if stream.hole != 0 && settled {
                let blocks = frame.tcp_options().sack_blocks();
                blocks.for_each(|(start, end)| self.holes.received(&mut stream.hole, start, end, moment));
            }
        }
        if !settled {
            hot.approach(at);
        }
        if !self.holes.news.is_empty() {
            event.marks |= TcpMarks::HOLES;
        }
        event
    }

    /// Takes in what a SYN says.
    fn open(hot: &mut TcpHot, cold: &mut TcpCold, frame: &Frame<'_>, at: usize, segment: &Segment) {
        let options = frame.tcp_options();
        // Seen again, or late: bytes behind it were seen already, and its numbers begin nothing. Without a SYN-ACK so far those bytes may be an
        // older connection's, whose end answers a SYN with its own numbers (RFC 9293 section 3.10.7.4).
        // What the same side acknowledged before it is no older connection's.
        let answered = hot.is(TcpHot::SHAKEN | TcpHot::EARLY[0] | TcpHot::EARLY[1] | TcpHot::ACKED[at]);
        let behind = before(segment.sequence.wrapping_add(segment.payload).wrapping_add(1), hot.streams[at].next);
        // Long after it, it opens a connection again with the same numbers: a replay that begins anew.
        let is_first = !hot.is(TcpHot::OPENED);
        let soon = is_first || frame.time.since(cold.opened).unsigned_abs() <= SYN_AGAIN.unsigned_abs();
        // What came first acknowledged more than its beginning: then the number that was taken for the first is not.
        let is_of_it = cold.base[at] == segment.sequence || hot.overtook(at, segment.sequence);
        let repeats = answered && soon && hot.is(TcpHot::FOLLOWED[at]) && is_of_it && behind;
        hot.flags |= TcpHot::OPENED | TcpHot::FOLLOWED[at] | if options.sack_permitted() { 0 } else { TcpHot::NO_SACK };
        hot.scale[at] = options.window_scale().map_or(NO_SCALE, |shift| shift + 1);
        if !repeats {
            hot.streams[at].restart(segment.sequence);
        }
        if !repeats || is_first {
            cold.opened = frame.time;
        }
        let other = &mut hot.streams[1 - at];
        other.mss = options.max_segment_size().unwrap_or(0);
        if segment.flags & ACK != 0 && hot.flags & TcpHot::FOLLOWED[1 - at] == 0 {
            other.restart(segment.acknowledgement);
            hot.flags |= TcpHot::FOLLOWED[1 - at];
        }
    }

    fn data(&mut self, stream: &mut Stream, segment: &Segment, moment: Moment, event: &mut TcpEvent) {
        let flags = u32::from(segment.flags & SYN != 0) + u32::from(segment.flags & FIN != 0);
        let (sequence, length) = (segment.sequence, segment.payload.saturating_add(flags));
        let end = sequence.wrapping_add(length);
        event.fresh = segment.payload;
        if before(sequence, stream.next) {
            let ahead = if before(stream.next, end) { end.wrapping_sub(stream.next) } else { 0 };
            event.fresh = ahead.saturating_sub(flags).min(segment.payload);
            if stream.hole != 0 && length > 0 {
                event.filled = self.holes.fill(&mut stream.hole, sequence, end, moment);
            }
            if event.filled > 0 {
                event.marks |= TcpMarks::FILLED;
            }
            if segment.payload <= 1 && sequence.wrapping_add(1) == stream.next && flags == 0 {
                event.marks |= TcpMarks::KEEP_ALIVE;
            } else if event.fresh.saturating_add(event.filled) < segment.payload && moment.settled {
                event.marks |= TcpMarks::REPEATED;
            }
            if ahead > 0 {
                stream.next = end;
            }
            return;
        }
        let gap = sequence.wrapping_sub(stream.next);
        if gap > JUMP {
            event.marks |= TcpMarks::RENUMBERED;
            stream.restart(sequence);
        } else if gap > 0 {
            event.gap = gap;
            if moment.settled {
                event.marks |= TcpMarks::GAP;
                self.holes.open(stream, stream.next, sequence, None, moment);
            }
        }
        stream.next = end;
    }

    fn acknowledge(&mut self, stream: &mut Stream, ack: u32, silent: impl Fn() -> bool, moment: Moment, event: &mut TcpEvent) {
        if !before(stream.acked, ack) {
            if moment.settled && ack == stream.acked && stream.next != ack && silent() {
                event.marks |= TcpMarks::DUPLICATE_ACK;
            }
            return;
        }
        let advanced = ack.wrapping_sub(stream.acked);
        if advanced > JUMP {
            event.marks |= TcpMarks::ACK_RENUMBERED;
            stream.restart(ack);
            return;
        }
        let known = stream.acked;
        stream.acked = ack;
        if moment.settled {
            event.marks |= TcpMarks::ADVANCED;
            event.advanced = advanced;
            if stream.hole != 0 {
                event.unseen = self.holes.cover(&mut stream.hole, known, ack, moment);
            }
        }
        if before(stream.next, ack) {
            event.beyond = ack.wrapping_sub(stream.next);
            if moment.settled {
                event.unseen = event.unseen.saturating_add(event.beyond);
                self.holes.open(stream, stream.next, ack, Some(moment.time), moment);
            }
            stream.next = ack;
        }
        if event.unseen > 0 {
            event.marks |= TcpMarks::UNSEEN;
        }
    }
}

/// What holds while one segment is looked at.
#[derive(Debug, Clone, Copy)]
struct Moment {
    /// The segment's direction.
    way: Direction,
    time: Timestamp,
    label: u8,
    settled: bool,
    /// The full segment of each direction (0: unknown).
    full: [u16; 2],
}
