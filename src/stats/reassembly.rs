//! Bounded reassembly: the segments of one direction of a TCP connection in, its bytes in their order and the gaps between them out.
//!
//! ```
//! use spantop::model::{Segment, Timestamp};
//! use spantop::stats::{Reassembler, ReassemblyPool, StreamPiece};
//! use std::ops::ControlFlow;
//!
//! let (mut pool, mut stream) = (ReassemblyPool::default(), Reassembler::default());
//! let mut text = Vec::new();
//! for (sequence, bytes) in [(1000, "he"), (1004, "o, world"), (1002, "ll")] {
//!     let segment = Segment { sequence, acknowledgement: 0, flags: 0x10, window: 0, payload: bytes.len() as u32 };
//!     stream.segment(&mut pool, &segment, bytes.as_bytes(), Timestamp(0), |piece| {
//!         if let StreamPiece::Bytes(bytes) = piece {
//!             text.extend_from_slice(bytes);
//!         }
//!         ControlFlow::Continue(())
//!     });
//! }
//! assert_eq!(text, b"hello, world");
//! stream.release(&mut pool);
//! ```
//!
//! - One [`Reassembler`] a direction, one [`ReassemblyPool`] a shard. A stream in order holds nothing and copies nothing: its pieces are the
//!   packet's own bytes. Bytes that come before those in front of them are held in the pool.
//! - **On a mirror a gap is normal.** Missing bytes are given up when the stream holds its share of the pool behind them
//!   ([`REASSEMBLY_CHUNKS_PER_STREAM`]), or when the other side has acknowledged them [`WAIT`] ago and nothing has come since: then
//!   [`StreamPiece::Gap`] says how many, and the stream goes on behind them. Bytes of a segment that were not captured are a gap at once.
//! - **When the shard's pool is full** the stream that needs more ends with [`StreamEnd::Overflow`], and is counted.
//! - Of bytes that come twice the first copy counts. A single byte ahead of the next one is not believed, since a keep-alive carries an
//!   invented one (RFC 9293 section 3.8.4); nor is a segment more than [`REASSEMBLY_AHEAD`] ahead, until a second one continues it.
//! - A stream begins with its SYN, or else with the first segment that carries more than one byte.
//! - A FIN that was not seen but was acknowledged looks like a gap of one byte: it has a sequence number like a byte.
//!
//! Whoever forgets a stream gives its memory back first ([`Reassembler::release`]).

mod pool;
#[cfg(test)]
mod tests;

pub use pool::{ReassemblyCounts, ReassemblyPool};

use crate::model::limits::REASSEMBLY_AHEAD;
#[cfg(doc)]
use crate::model::limits::REASSEMBLY_CHUNKS_PER_STREAM;
use crate::model::tcp::{FIN, RST, SYN, before};
use crate::model::time::MILLISECOND;
use crate::model::{Segment, Timestamp};
use pool::{ChunkList, Held, Span};
use std::ops::ControlFlow;

/// How long acknowledged bytes may still come: ten times the most by which two mirrored directions were reported to be apart (4.3 ms).
pub const WAIT: i64 = 50 * MILLISECOND;

/// The next part of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamPiece<'a> {
    /// Bytes, at least one.
    Bytes(&'a [u8]),
    /// So many bytes are missing here, at least one.
    Gap(u32),
    /// The stream is over; nothing follows.
    End(StreamEnd),
}

/// Why a stream is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// Its sender closed it: all bytes before its FIN were given out, or are gaps.
    Fin,
    /// The shard's reassembly memory is used up.
    Overflow,
}

/// How far a stream has got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    /// Nothing was seen that it could begin with.
    #[default]
    Waiting,
    Running,
    Ended,
}

/// Acknowledged bytes that are waited for.
#[derive(Debug, Clone, Copy)]
struct Overdue {
    /// The next byte when the waiting began.
    from: u32,
    /// What was acknowledged when the waiting began.
    to: u32,
    /// What is acknowledged now.
    acknowledged: u32,
    since: Timestamp,
}

/// One direction of a connection.
#[derive(Debug, Default)]
pub struct Reassembler {
    phase: Phase,
    /// Sequence number of the next byte to give out.
    next: u32,
    /// Sequence number of the FIN.
    fin: Option<u32>,
    /// Where a segment too far ahead ended.
    outside: Option<u32>,
    overdue: Option<Overdue>,
    held: ChunkList,
}

impl Reassembler {
    /// A stream whose first byte has this sequence number: its SYN's, or what acknowledged the SYN, was seen elsewhere.
    pub fn starting_at(sequence: u32) -> Self {
        Self { phase: Phase::Running, next: sequence, ..Self::default() }
    }

    /// Whether nothing will be given out any more.
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// Takes in one segment of this direction; `payload` is what was captured of its payload (what is behind it in the frame does no harm),
    /// `now` its packet's time. `emit` gets what can be given out now, and ends the stream by breaking: then its memory is free.
    pub fn segment(
        &mut self,
        pool: &mut ReassemblyPool,
        segment: &Segment,
        payload: &[u8],
        now: Timestamp,
        mut emit: impl FnMut(StreamPiece<'_>) -> ControlFlow<()>,
    ) {
        if self.phase == Phase::Ended || segment.flags & RST != 0 {
            return;
        }
        if self.take(pool, segment, payload, now, &mut emit).is_break() {
            self.release(pool);
        }
    }

    /// Takes in an acknowledgement number of the other direction: what it covers need not be waited for very long.
    pub fn acknowledged(
        &mut self,
        pool: &mut ReassemblyPool,
        acknowledgement: u32,
        now: Timestamp,
        mut emit: impl FnMut(StreamPiece<'_>) -> ControlFlow<()>,
    ) {
        if self.phase != Phase::Running {
            return;
        }
        let ahead = acknowledgement.wrapping_sub(self.next);
        if ahead > 0 && ahead <= REASSEMBLY_AHEAD {
            match &mut self.overdue {
                Some(overdue) if before(overdue.acknowledged, acknowledgement) => overdue.acknowledged = acknowledgement,
                Some(_) => {}
                None => {
                    self.overdue = Some(Overdue { from: self.next, to: acknowledgement, acknowledged: acknowledgement, since: now });
                }
            }
        }
        if self.give_up_overdue(pool, now, &mut emit).is_break() {
            self.release(pool);
        }
    }

    /// Gives out all that is held, with the gaps before it, and ends the stream: nothing more will come.
    pub fn finish(&mut self, pool: &mut ReassemblyPool, mut emit: impl FnMut(StreamPiece<'_>) -> ControlFlow<()>) {
        while let Some(start) = pool.first_start(&self.held) {
            if self.skip_to(pool, start, &mut emit).is_break() {
                break;
            }
        }
        self.release(pool);
    }

    /// Ends the stream and gives its memory back.
    pub fn release(&mut self, pool: &mut ReassemblyPool) {
        pool.drop_all(&mut self.held);
        self.phase = Phase::Ended;
    }

    fn take<F>(&mut self, pool: &mut ReassemblyPool, segment: &Segment, payload: &[u8], now: Timestamp, emit: &mut F) -> ControlFlow<()>
    where
        F: FnMut(StreamPiece<'_>) -> ControlFlow<()>,
    {
        let length = segment.payload.min(REASSEMBLY_AHEAD);
        let begins = segment.flags & SYN != 0;
        let start = segment.sequence.wrapping_add(begins.into());
        let mut span = Span { start, end: start.wrapping_add(length), bytes: payload.get(..length as usize).unwrap_or(payload) };
        if self.phase == Phase::Waiting {
            if !begins && length <= 1 {
                return ControlFlow::Continue(());
            }
            (self.phase, self.next) = (Phase::Running, start);
        }
        if before(self.next.wrapping_add(REASSEMBLY_AHEAD), start) {
            // What carries nothing says nothing of a stream: a device that translates numbers shows both of an acknowledgement.
            if self.outside != Some(start) || length == 0 {
                if length > 0 {
                    self.outside = Some(span.end);
                    pool.counts.outside += 1;
                }
                return ControlFlow::Continue(());
            }
            while let Some(held) = pool.first_start(&self.held) {
                self.skip_to(pool, held, emit)?;
            }
            self.skip_to(pool, start, emit)?;
        } else if length > 0 {
            self.outside = None;
        }
        if segment.flags & FIN != 0 && self.fin.is_none() && !before(span.end, self.next) {
            self.fin = Some(span.end);
        }
        if let Some(fin) = self.fin.filter(|fin| before(*fin, span.end)) {
            span.end = fin;
            span.bytes = span.bytes.get(..fin.wrapping_sub(start) as usize).unwrap_or(span.bytes);
        }
        // What is sent behind the end is not part of the stream.
        if !before(span.end, start) {
            self.place(pool, span, emit)?;
        }
        self.end_at_fin(emit)?;
        self.give_up_overdue(pool, now, emit)
    }

    /// Gives out what of a span is next, and holds what is not.
    fn place<F>(&mut self, pool: &mut ReassemblyPool, span: Span<'_>, emit: &mut F) -> ControlFlow<()>
    where
        F: FnMut(StreamPiece<'_>) -> ControlFlow<()>,
    {
        while before(self.next, span.end) {
            if before(self.next, span.start) {
                if span.end.wrapping_sub(span.start) <= 1 {
                    return ControlFlow::Continue(());
                }
                match pool.hold(&mut self.held, self.next, &span) {
                    Held::Whole => {
                        pool.counts.held += 1;
                        return ControlFlow::Continue(());
                    }
                    Held::StreamFull => {
                        let start = pool.first_start(&self.held).unwrap_or(span.start);
                        self.skip_to(pool, start, emit)?;
                    }
                    Held::PoolFull => {
                        pool.counts.overflows += 1;
                        let _ = emit(StreamPiece::End(StreamEnd::Overflow));
                        return ControlFlow::Break(());
                    }
                }
                continue;
            }
            let to = pool.first_start(&self.held).filter(|held| before(*held, span.end)).unwrap_or(span.end);
            let room = to.wrapping_sub(self.next) as usize;
            let there = span.bytes_from(self.next);
            let bytes = there.get(..room).unwrap_or(there);
            if !bytes.is_empty() {
                self.next = self.next.wrapping_add(bytes.len() as u32);
                emit(StreamPiece::Bytes(bytes))?;
            }
            self.skip_to(pool, to, emit)?;
        }
        ControlFlow::Continue(())
    }

    /// Gives up what is missing before `to`, if anything is, and gives out what is held from there on. Nothing before `to` is held.
    fn skip_to<F>(&mut self, pool: &mut ReassemblyPool, to: u32, emit: &mut F) -> ControlFlow<()>
    where
        F: FnMut(StreamPiece<'_>) -> ControlFlow<()>,
    {
        self.gap(pool, to.wrapping_sub(self.next), emit)?;
        while pool.first_start(&self.held) == Some(self.next) {
            let Some((_, bytes, cut)) = pool.first(&self.held) else { break };
            self.next = self.next.wrapping_add(bytes.len() as u32);
            if !bytes.is_empty() {
                emit(StreamPiece::Bytes(bytes))?;
            }
            self.gap(pool, cut, emit)?;
            pool.drop_first(&mut self.held);
        }
        ControlFlow::Continue(())
    }

    fn gap<F>(&mut self, pool: &mut ReassemblyPool, length: u32, emit: &mut F) -> ControlFlow<()>
    where
        F: FnMut(StreamPiece<'_>) -> ControlFlow<()>,
    {
        if length == 0 {
            return ControlFlow::Continue(());
        }
        self.next = self.next.wrapping_add(length);
        pool.counts.gaps += 1;
        pool.counts.gap_bytes = pool.counts.gap_bytes.saturating_add(length.into());
        emit(StreamPiece::Gap(length))
    }

    fn end_at_fin<F>(&mut self, emit: &mut F) -> ControlFlow<()>
    where
        F: FnMut(StreamPiece<'_>) -> ControlFlow<()>,
    {
        if self.fin.is_none_or(|fin| before(self.next, fin)) {
            return ControlFlow::Continue(());
        }
        let _ = emit(StreamPiece::End(StreamEnd::Fin));
        ControlFlow::Break(())
    }

    /// Gives up the first missing bytes if they were acknowledged long enough ago and nothing has come since.
    fn give_up_overdue<F>(&mut self, pool: &mut ReassemblyPool, now: Timestamp, emit: &mut F) -> ControlFlow<()>
    where
        F: FnMut(StreamPiece<'_>) -> ControlFlow<()>,
    {
        let Some(overdue) = self.overdue else { return ControlFlow::Continue(()) };
        if overdue.from == self.next {
            if now.since(overdue.since) < WAIT {
                return ControlFlow::Continue(());
            }
            let end = self.fin.filter(|fin| before(*fin, overdue.to)).unwrap_or(overdue.to);
            let to = pool.first_start(&self.held).filter(|held| before(*held, end)).unwrap_or(end);
            self.skip_to(pool, to, emit)?;
            self.end_at_fin(emit)?;
        }
        self.overdue =
            before(self.next, overdue.acknowledged).then_some(Overdue { from: self.next, to: overdue.acknowledged, since: now, ..overdue });
        ControlFlow::Continue(())
    }
}
