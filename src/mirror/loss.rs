//! TCP acknowledging data that was never seen: the loss every stage before the analysis shares, in bytes.
//!
//! A receiver acknowledges what it got (RFC 9293 section 3.4). Data that was acknowledged and yet never seen here was lost on
//! the way to the analysis: by the mirror, the network that carries copies, or this host. Data lost before it reached its
//! receiver is resent before it is acknowledged, so it fills its hole in time and is not counted; selective acknowledgements do
//! not move the cumulative one and need no handling. A hole is decided 200 ms of packet time after its acknowledgement, so
//! reordering between the two directions is told from loss.
//!
//! A conversation is judged once its handshake (a SYN of either side) and a packet of each side have been seen, or 20 packets of each
//! side. Which packets are seen decides when that is, so what came before is not counted: only data beyond the highest byte seen or
//! acknowledged by then. Of that data each segment is seen or lost whatever happened before, so the share that is missing is
//! unbiased also when so much is lost that most handshakes are. What cannot be seen is the end of a conversation that is lost together
//! with its acknowledgements: where loss comes in long runs and conversations are short, there is somewhat more of it than is told.
//!
//! Cost: an in-order segment touches its flow's record and a few counters, about 8 ns; only holes touch the side table.

mod holes;

pub use holes::HOLD;

use super::loss_counts::{LossCounts, SIZE_BINS, size_bin};
use super::windows::LostBytes;
use crate::model::Frame;
use crate::model::{Direction, Timestamp};
use holes::Hole;
use std::collections::VecDeque;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

/// Packets each side must have shown before a conversation joined midway is judged.
const SETTLED: u8 = 20;

/// A step in sequence space beyond this is a new numbering (middlebox, outage), not a hole.
const JUMP: u32 = 1 << 26;

/// What is kept of one direction of one conversation.
#[derive(Debug, Clone, Copy, Default)]
struct Stream {
    /// Next sequence number expected.
    next: u32,
    /// Highest acknowledgement of this direction's data.
    acked: u32,
    /// Bytes acknowledged, halved together with `missing` before it overflows.
    judged: u32,
    /// Of them not seen so far.
    missing: u32,
    /// Newest hole (0: none).
    hole: u32,
    /// Largest segment the other side takes, from its SYN (0: unknown).
    mss: u16,
    /// Packets seen, up to [`SETTLED`]; not counted any more once the conversation is judged.
    packets: u8,
    /// `next` and `acked` hold.
    based: bool,
}

impl Stream {
    fn restart(&mut self, sequence: u32) {
        *self = Stream { based: true, next: sequence, acked: sequence, hole: 0, ..*self };
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

/// What is kept of one TCP conversation: two times 24 bytes and one, in the flow's record.
#[derive(Debug, Clone, Copy, Default)]
pub struct LossState {
    streams: [Stream; 2],
    /// [`LossState::EXCLUDED`] and its like.
    flags: u8,
}

impl LossState {
    /// Largest payload a segment in this direction may have, as the other side's SYN announced it.
    #[inline]
    pub fn mss(&self, way: Direction) -> Option<u16> {
        Some(self.streams[way as usize].mss).filter(|&m| m > 0)
    }

    /// Bytes acknowledged and of them not seen so far, both directions (both halved together beyond 4 GiB).
    pub fn ratio(&self) -> (u64, u64) {
        let sum = |f: fn(&Stream) -> u32| self.streams.iter().map(|s| u64::from(f(s))).sum();
        (sum(|s| s.judged), sum(|s| s.missing))
    }

    /// Fragments were seen: lengths cannot be followed.
    const EXCLUDED: u8 = 1;
    /// A SYN was seen.
    const HANDSHAKE: u8 = 2;
    /// Its numbers are taken.
    const JUDGED: u8 = 4;

    /// Counts one of a conversation's first packets, and says when it is judged from here on.
    #[inline(never)]
    fn approach(&mut self, way: usize) {
        let stream = &mut self.streams[way];
        stream.packets = (stream.packets + 1).min(SETTLED);
        let least = self.streams[0].packets.min(self.streams[1].packets);
        if least >= SETTLED || least > 0 && self.flags & Self::HANDSHAKE != 0 {
            self.flags |= Self::JUDGED;
            self.streams.iter_mut().for_each(|s| s.acked = s.next);
        }
    }
}

/// The loss detector of one shard.
#[derive(Debug, Default)]
pub struct Loss {
    counts: LossCounts,
    /// What was lost when.
    windows: LostBytes,
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
            state.flags |= LossState::EXCLUDED;
        }
        if segment.flags & RST != 0 || state.flags & LossState::EXCLUDED != 0 {
            return;
        }
        let way = *way as usize;
        if segment.flags & SYN != 0 {
            let stream = &mut state.streams[way];
            stream.restart(segment.sequence);
            state.flags |= LossState::HANDSHAKE;
            let other = &mut state.streams[1 - way];
            other.mss = announced_mss(frame);
            if segment.flags & ACK != 0 && !other.based {
                other.restart(segment.acknowledgement);
            }
        }
        let stream = &mut state.streams[way];
        if !stream.based {
            stream.restart(segment.sequence);
        }
        let flagged = u32::from(segment.flags & SYN != 0) + u32::from(segment.flags & FIN != 0);
        let moment = Moment { time: frame.time, class: utilisation, judged: state.flags & LossState::JUDGED != 0 };
        if moment.judged && segment.payload > 0 {
            self.counts.seen_sizes[size_bin(segment.payload)] += 1;
        }
        self.data(stream, segment.sequence, segment.payload.saturating_add(flagged), moment);
        if segment.flags & ACK != 0 && state.streams[1 - way].based {
            self.acknowledge(&mut state.streams[1 - way], segment.acknowledgement, moment);
        }
        if !moment.judged {
            state.approach(way);
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
        } else if moment.judged {
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
        if moment.judged {
            stream.judge(advance, 0);
            self.counts.acks += 1;
            self.counts.acked(moment.class, u64::from(advance));
            if stream.hole != 0 {
                self.cover(stream, known, ack, moment);
            }
        }
        if before(stream.next, ack) {
            if moment.judged {
                stream.judge(0, ack.wrapping_sub(stream.next));
                self.open(stream, stream.next, ack, Some(moment.time), moment);
            }
            stream.next = ack;
        }
    }

    /// All counts since the beginning.
    pub fn counts(&self) -> &LossCounts {
        &self.counts
    }

    /// Bytes lost by window of time.
    pub fn windows(&self) -> &LostBytes {
        &self.windows
    }
}

/// What holds while one segment is looked at.
#[derive(Debug, Clone, Copy)]
struct Moment {
    time: Timestamp,
    class: u8,
    judged: bool,
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

const _: () = assert!(std::mem::size_of::<LossState>() <= 52 && SIZE_BINS > 0);

#[cfg(test)]
#[path = "loss_tests.rs"]
mod tests;
