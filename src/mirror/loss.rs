//! TCP acknowledging data that was never seen: the loss every stage before the analysis shares, in bytes.
//!
//! A receiver acknowledges what it got (RFC 9293 section 3.4). Data that was acknowledged and yet never seen here was lost on
//! the way to the analysis: by the mirror, the network that carries copies, or this host. Data lost before it reached its
//! receiver is resent before it is acknowledged, so it fills its hole in time and is not counted; selective acknowledgements do
//! not move the cumulative one and need no handling. A hole is decided 200 ms of packet time after its acknowledgement, so
//! reordering between the two directions is told from loss.
//!
//! Cost: an in-order segment touches its flow's record and a few counters, about 8 ns; only holes touch the side table.

use super::Frame;
use super::loss_counts::{LossCounts, SIZE_BINS, size_bin};
use crate::model::limits::{HOLES_PER_FLOW, HOLES_PER_SHARD};
use crate::model::time::MILLISECOND;
use crate::model::{Direction, Timestamp};
use std::collections::VecDeque;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

/// How long an acknowledged hole may still be filled: longer than any reordering between two mirrored directions that was
/// reported (4.3 ms), shorter than the least retransmission timeout of common systems (200 ms).
pub const HOLD: i64 = 200 * MILLISECOND;

/// Packets each side must have shown before a conversation joined midway is judged.
const SETTLED: u8 = 20;

/// A step in sequence space beyond this is a new numbering (middlebox, outage), not a hole.
const JUMP: u32 = 1 << 26;

/// Segment size assumed where no SYN announced one: Ethernet's.
const USUAL_MSS: u16 = 1460;

/// What is kept of one direction of one conversation.
#[derive(Debug, Clone, Copy, Default)]
struct Stream {
    /// Next sequence number expected.
    next: u32,
    /// Highest acknowledgement of this direction's data.
    acked: u32,
    /// Bytes acknowledged, halved together with `missing` before it overflows.
    judged: u32,
    /// Of them never seen.
    missing: u32,
    /// Newest hole (0: none).
    hole: u32,
    /// Largest segment the other side takes, from its SYN (0: unknown).
    mss: u16,
    /// Packets seen, up to [`SETTLED`].
    packets: u8,
    /// [`Stream::BASE`] and [`Stream::SYN`].
    seen: u8,
}

impl Stream {
    /// `next` and `acked` hold.
    const BASE: u8 = 1;
    /// Its first sequence number is known, from its SYN or from the answer to it.
    const SYN: u8 = 2;

    fn restart(&mut self, sequence: u32) {
        *self = Stream { mss: self.mss, packets: self.packets, seen: self.seen | Self::BASE, next: sequence, acked: sequence, ..*self };
        self.hole = 0;
    }

    fn judge(&mut self, acked: u32, missing: u32) {
        if self.judged.checked_add(acked).is_none() || self.missing.checked_add(missing).is_none() {
            self.judged /= 2;
            self.missing /= 2;
        }
        self.judged = self.judged.saturating_add(acked);
        self.missing = self.missing.saturating_add(missing);
    }
}

/// What is kept of one TCP conversation: two times 28 bytes, in the flow's record.
#[derive(Debug, Clone, Copy, Default)]
pub struct LossState {
    streams: [Stream; 2],
    /// Fragments were seen: lengths cannot be followed.
    excluded: bool,
}

impl LossState {
    /// Largest payload a segment in this direction may have, as the other side's SYN announced it.
    #[inline]
    pub fn mss(&self, way: Direction) -> Option<u16> {
        Some(self.streams[way as usize].mss).filter(|&m| m > 0)
    }

    /// Bytes acknowledged and of them missing, both directions, as far as decided (both halved together beyond 4 GiB).
    pub fn ratio(&self) -> (u64, u64) {
        let sum = |f: fn(&Stream) -> u32| self.streams.iter().map(|s| u64::from(f(s))).sum();
        (sum(|s| s.judged), sum(|s| s.missing))
    }

    /// Whether a direction's numbers are taken: its first sequence number is known from a handshake and both sides have been
    /// seen, or 20 packets of each side have.
    #[inline]
    fn is_settled(&self, way: usize) -> bool {
        let least = self.streams[0].packets.min(self.streams[1].packets);
        self.streams[way].seen & Stream::SYN != 0 && least > 0 || least >= SETTLED
    }
}

/// Unseen bytes of one direction.
#[derive(Debug, Clone, Copy, Default)]
struct Hole {
    id: u32,
    /// Next older hole of the same direction (0: none).
    older: u32,
    start: u32,
    end: u32,
    /// When it was acknowledged.
    acknowledged: Option<Timestamp>,
    mss: u16,
    /// Utilisation class of the time it appeared.
    class: u8,
    decided: bool,
}

/// The loss detector of one shard.
#[derive(Debug, Default)]
pub struct Loss {
    counts: LossCounts,
    /// A ring: hole `id` lives at `id % cap` until the slot is needed again, so abandoned conversations leak nothing.
    holes: Vec<Hole>,
    last: u32,
    /// Acknowledged holes by the time they are decided.
    waiting: VecDeque<(Timestamp, u32)>,
}

/// `a` is before `b` in sequence space (RFC 9293 section 3.4).
#[inline]
fn before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}

impl Loss {
    /// Follows one segment of a conversation. `utilisation` is the class of the current window
    /// (see [`super::UTILISATION_CLASSES`]), chosen by the caller.
    #[inline]
    pub fn observe(&mut self, state: &mut LossState, frame: &Frame<'_>, utilisation: u8) {
        let (Some(segment), Some((_, way))) = (&frame.tcp, &frame.flow) else { return };
        if self.waiting.front().is_some_and(|w| w.0 <= frame.time) {
            self.advance(frame.time);
        }
        if frame.fragment {
            state.excluded = true;
        }
        if segment.flags & RST != 0 || state.excluded {
            return;
        }
        let way = *way as usize;
        if segment.flags & SYN != 0 {
            let stream = &mut state.streams[way];
            stream.restart(segment.sequence);
            stream.seen |= Stream::SYN;
            let other = &mut state.streams[1 - way];
            other.mss = announced_mss(frame);
            if segment.flags & ACK != 0 && other.seen & Stream::BASE == 0 {
                other.restart(segment.acknowledgement);
                other.seen |= Stream::SYN;
            }
        }
        let stream = &mut state.streams[way];
        stream.packets = (stream.packets + 1).min(SETTLED);
        if stream.seen & Stream::BASE == 0 {
            stream.restart(segment.sequence);
        }
        let flagged = u32::from(segment.flags & SYN != 0) + u32::from(segment.flags & FIN != 0);
        let moment = Moment { time: frame.time, class: utilisation, settled: state.is_settled(way) };
        if moment.settled && segment.payload > 0 {
            self.counts.seen_sizes[size_bin(segment.payload)] += 1;
        }
        self.data(&mut state.streams[way], segment.sequence, segment.payload.saturating_add(flagged), moment);
        if segment.flags & ACK != 0 && state.streams[1 - way].seen & Stream::BASE != 0 {
            let moment = Moment { settled: state.is_settled(1 - way), ..moment };
            self.acknowledge(&mut state.streams[1 - way], segment.acknowledgement, moment);
        }
    }

    #[inline]
    fn data(&mut self, stream: &mut Stream, sequence: u32, length: u32, moment: Moment) {
        let end = sequence.wrapping_add(length);
        if sequence == stream.next {
            stream.next = end;
            return;
        }
        if before(sequence, stream.next) {
            if stream.hole != 0 && length > 0 {
                self.fill(stream, sequence, end, moment.time);
            }
            if before(stream.next, end) {
                stream.next = end;
            }
            return;
        }
        if sequence.wrapping_sub(stream.next) > JUMP {
            self.counts.restarts += 1;
            stream.restart(sequence);
        } else if moment.settled {
            self.open(stream, stream.next, sequence, None, moment);
        }
        stream.next = end;
    }

    #[inline]
    fn acknowledge(&mut self, stream: &mut Stream, ack: u32, moment: Moment) {
        if !before(stream.acked, ack) {
            return;
        }
        let advance = ack.wrapping_sub(stream.acked);
        if advance > JUMP {
            self.counts.restarts += 1;
            stream.restart(ack);
            return;
        }
        let known = stream.acked;
        stream.acked = ack;
        if moment.settled {
            stream.judge(advance, 0);
            self.counts.acks += 1;
            self.counts.acked(moment.class, u64::from(advance));
            if stream.hole != 0 {
                self.cover(stream, known, ack, moment);
            }
        }
        if before(stream.next, ack) {
            if moment.settled {
                self.open(stream, stream.next, ack, Some(moment.time), moment);
            }
            stream.next = ack;
        }
    }

    fn get(&mut self, id: u32) -> Option<&mut Hole> {
        let at = id as usize % HOLES_PER_SHARD;
        self.holes.get_mut(at).filter(|h| h.id == id && id != 0)
    }

    fn open(&mut self, stream: &mut Stream, start: u32, end: u32, acknowledged: Option<Timestamp>, moment: Moment) {
        let mss = if stream.mss == 0 { USUAL_MSS } else { stream.mss };
        let hole = Hole { older: stream.hole, start, end, acknowledged, mss, class: moment.class, ..Hole::default() };
        stream.hole = self.insert(hole);
    }

    fn insert(&mut self, mut hole: Hole) -> u32 {
        self.last = self.last.checked_add(1).unwrap_or(1);
        hole.id = self.last;
        let at = hole.id as usize % HOLES_PER_SHARD;
        if self.holes.len() <= at {
            self.holes.resize(at + 1, Hole::default());
        }
        let slot = &mut self.holes[at];
        self.counts.forgotten += u64::from(slot.id != 0 && slot.acknowledged.is_some() && !slot.decided);
        *slot = hole;
        if let Some(time) = hole.acknowledged {
            self.wait(time.plus(HOLD), hole.id);
        }
        hole.id
    }

    fn wait(&mut self, due: Timestamp, id: u32) {
        if self.waiting.len() >= 2 * HOLES_PER_SHARD {
            self.waiting.pop_front();
        }
        self.waiting.push_back((due, id));
    }

    /// Marks what an acknowledgement covers; a hole it covers in part is divided there.
    fn cover(&mut self, stream: &mut Stream, known: u32, ack: u32, moment: Moment) {
        let mut id = stream.hole;
        for _ in 0..HOLES_PER_FLOW {
            let Some(hole) = self.get(id) else { break };
            let older = hole.older;
            if hole.acknowledged.is_none() && before(hole.start, ack) && before(known, hole.end) {
                hole.acknowledged = Some(moment.time);
                let rest = Hole { start: ack, acknowledged: None, older: stream.hole, ..*hole };
                let divided = before(ack, hole.end);
                if divided {
                    hole.end = ack;
                }
                self.wait(moment.time.plus(HOLD), id);
                if divided {
                    stream.hole = self.insert(rest);
                }
            }
            id = older;
        }
    }

    /// Takes arrived bytes out of the holes of a direction, and decided holes off its list.
    fn fill(&mut self, stream: &mut Stream, start: u32, end: u32, now: Timestamp) {
        let (mut id, mut newer) = (stream.hole, 0u32);
        for _ in 0..HOLES_PER_FLOW {
            let Some(hole) = self.get(id) else { break };
            let (older, gone) = (hole.older, *hole);
            if start != end && !gone.decided && before(start, gone.end) && before(gone.start, end) {
                let from = if before(gone.start, start) { start } else { gone.start };
                let to = if before(end, gone.end) { end } else { gone.end };
                let right = Hole { start: to, ..gone };
                let both = from != gone.start && to != gone.end;
                (hole.start, hole.end) = if from != gone.start { (gone.start, from) } else { (to, gone.end) };
                if let Some(time) = gone.acknowledged {
                    self.counts.late(u64::from(to.wrapping_sub(from)), now.since(time));
                }
                if both {
                    // Decided at its own time; put in front of the list, where ids grow.
                    stream.hole = self.insert(Hole { older: stream.hole, ..right });
                    newer = if newer == 0 { stream.hole } else { newer };
                }
            }
            let done = self.get(id).is_some_and(|h| h.decided || h.start == h.end);
            if done {
                if gone.decided {
                    stream.judge(0, gone.end.wrapping_sub(gone.start));
                }
                self.unlink(stream, newer, id, older);
            } else {
                newer = id;
            }
            id = older;
        }
        if self.get(stream.hole).is_none() {
            stream.hole = 0;
        }
    }

    fn unlink(&mut self, stream: &mut Stream, newer: u32, id: u32, older: u32) {
        if let Some(hole) = self.get(id) {
            *hole = Hole::default();
        }
        match self.get(newer) {
            Some(hole) => hole.older = older,
            None => stream.hole = older,
        }
    }

    /// Decides holes whose time has come. Called by [`Self::observe`]; call it at a report too.
    pub fn advance(&mut self, now: Timestamp) {
        while let Some(&(due, id)) = self.waiting.front() {
            if due > now {
                break;
            }
            self.waiting.pop_front();
            let Some(hole) = self.get(id) else { continue };
            if hole.decided || hole.acknowledged.is_none() || hole.start == hole.end {
                continue;
            }
            hole.decided = true;
            let (class, mss, length) = (hole.class, u32::from(hole.mss).max(1), hole.end.wrapping_sub(hole.start));
            self.counts.missed(class, u64::from(length));
            self.counts.missing_sizes[size_bin(mss)] += u64::from(length / mss);
            if length % mss > 0 {
                self.counts.missing_sizes[size_bin(length % mss)] += 1;
            }
        }
    }

    /// Brings a conversation's own numbers up to what was decided: before its ratio is read.
    pub fn settle(&mut self, state: &mut LossState) {
        for stream in state.streams.iter_mut().filter(|s| s.hole != 0) {
            // An empty range fills nothing: only decided holes leave the list.
            self.fill(stream, stream.acked, stream.acked, Timestamp(0));
        }
    }

    /// Counts a conversation that leaves the table in the histogram of ratios.
    pub fn retire(&mut self, mut state: LossState) {
        self.settle(&mut state);
        self.counts.ratios.add(&state);
    }

    /// All counts since the beginning.
    pub fn counts(&self) -> &LossCounts {
        &self.counts
    }
}

/// What holds while one segment is looked at.
#[derive(Debug, Clone, Copy)]
struct Moment {
    time: Timestamp,
    class: u8,
    settled: bool,
}

/// The maximum segment size option of a SYN (RFC 9293 section 3.2), 0 without.
fn announced_mss(frame: &Frame<'_>) -> u16 {
    let header = frame.transport.and_then(|at| frame.bytes.get(at as usize..)).unwrap_or_default();
    let length = header.get(12).map_or(0, |b| usize::from(b >> 4) * 4);
    let mut options = header.get(20..length).unwrap_or_default();
    for _ in 0..40 {
        match options {
            [2, 4, high, low, ..] => return u16::from_be_bytes([*high, *low]),
            [1, rest @ ..] => options = rest,
            [kind, size, ..] if *kind != 0 && *size >= 2 => options = options.get(usize::from(*size)..).unwrap_or_default(),
            _ => break,
        }
    }
    0
}

const _: () = assert!(std::mem::size_of::<Stream>() <= 40 && SIZE_BINS > 0);

#[cfg(test)]
#[path = "loss_tests.rs"]
mod tests;
