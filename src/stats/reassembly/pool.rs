//! Memory for bytes that wait for those before them: chunks of one size, shared by all connections of a shard.

use crate::model::CapScale;
use crate::model::limits::{REASSEMBLY_CHUNK, REASSEMBLY_CHUNKS, REASSEMBLY_CHUNKS_PER_STREAM};
use crate::model::sum::sums;

/// No chunk.
const NONE: u16 = u16::MAX;

/// A part of a stream that is held.
#[derive(Debug, Clone, Copy)]
struct Chunk {
    /// Sequence number of its first byte.
    start: u32,
    /// Bytes behind it that were sent and not captured.
    cut: u32,
    /// Bytes held.
    length: u16,
    /// The next chunk of the same stream, or the next free one.
    next: u16,
    bytes: [u8; REASSEMBLY_CHUNK],
}

impl Chunk {
    fn end(&self) -> u32 {
        self.start.wrapping_add(self.length.into()).wrapping_add(self.cut)
    }
}

sums! {
    /// What became of segments, over all connections of a shard.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct ReassemblyCounts {
        /// Segments that came before bytes in front of them and were held.
        pub held: u64,
        /// Times bytes were given up or known not to be captured.
        pub gaps: u64,
        /// Bytes of these gaps.
        pub gap_bytes: u64,
        /// Segments too far ahead to be believed.
        pub outside: u64,
        /// Streams that ended because the pool was full.
        pub overflows: u64,
    }
}

/// The reassembly memory of a shard. It grows to what was needed at once, at most [`REASSEMBLY_CHUNKS`] chunks.
#[derive(Debug)]
pub struct ReassemblyPool {
    chunks: Vec<Chunk>,
    /// The first free chunk.
    free: u16,
    held: u16,
    /// Chunks there may be.
    most: usize,
    pub(super) counts: ReassemblyCounts,
}

impl Default for ReassemblyPool {
    fn default() -> Self {
        Self::within(CapScale::WHOLE)
    }
}

/// The chunks of one stream, in the order of their bytes, without overlap.
#[derive(Debug)]
pub(super) struct ChunkList {
    first: u16,
    last: u16,
    count: u16,
}

impl Default for ChunkList {
    fn default() -> Self {
        Self { first: NONE, last: NONE, count: 0 }
    }
}

/// A segment's part of the stream: captured bytes, then bytes that were sent and not captured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span<'a> {
    /// Sequence number of the first byte.
    pub start: u32,
    /// One past the last byte that was sent.
    pub end: u32,
    /// What was captured of it.
    pub bytes: &'a [u8],
}

impl<'a> Span<'a> {
    /// What was captured from sequence number `from` on, which is in the span.
    pub fn bytes_from(&self, from: u32) -> &'a [u8] {
        self.bytes.get(from.wrapping_sub(self.start) as usize..).unwrap_or_default()
    }
}

/// What became of a span that was to be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// All of it is held.
    Whole,
    /// The stream has as many chunks as it may have.
    StreamFull,
    /// All chunks of the shard are in use.
    PoolFull,
}

impl ReassemblyPool {
    /// Nothing held; as much may be as `caps` allow, but as much as one stream may want.
    pub fn within(caps: CapScale) -> Self {
        let most = caps.of(REASSEMBLY_CHUNKS).max(REASSEMBLY_CHUNKS_PER_STREAM);
        Self { chunks: Vec::new(), free: NONE, held: 0, most, counts: ReassemblyCounts::default() }
    }

    /// What became of segments so far.
    pub fn counts(&self) -> &ReassemblyCounts {
        &self.counts
    }

    /// Bytes of memory that streams hold now.
    pub fn held_bytes(&self) -> usize {
        usize::from(self.held) * size_of::<Chunk>()
    }

    fn get(&self, at: u16) -> Option<&Chunk> {
        self.chunks.get(usize::from(at))
    }

    fn allocate(&mut self, chunk: Chunk) -> Option<u16> {
        let at = if let Some(slot) = self.chunks.get_mut(usize::from(self.free)) {
            let at = self.free;
            self.free = slot.next;
            *slot = chunk;
            at
        } else if self.chunks.len() < self.most {
            self.chunks.push(chunk);
            (self.chunks.len() - 1) as u16
        } else {
            return None;
        };
        self.held += 1;
        Some(at)
    }

    /// Sequence number of the first byte held of a stream.
    pub(super) fn first_start(&self, list: &ChunkList) -> Option<u32> {
        self.get(list.first).map(|c| c.start)
    }

    /// The first chunk of a stream: where it begins, its bytes, and how many behind them were not captured.
    pub(super) fn first(&self, list: &ChunkList) -> Option<(u32, &[u8], u32)> {
        let chunk = self.get(list.first)?;
        Some((chunk.start, chunk.bytes.get(..usize::from(chunk.length)).unwrap_or_default(), chunk.cut))
    }

    /// Gives a stream's first chunk back.
    pub(super) fn drop_first(&mut self, list: &mut ChunkList) {
        let Some(chunk) = self.chunks.get_mut(usize::from(list.first)) else { return };
        let at = list.first;
        list.first = chunk.next;
        chunk.next = self.free;
        self.free = at;
        list.count = list.count.saturating_sub(1);
        self.held = self.held.saturating_sub(1);
        if list.first == NONE {
            list.last = NONE;
        }
    }

    /// Gives all of a stream's chunks back.
    pub(super) fn drop_all(&mut self, list: &mut ChunkList) {
        while list.first != NONE {
            self.drop_first(list);
        }
    }

    /// Holds what of a span is not held yet; every byte of it is behind `base`. Of bytes that came twice the first copy stays.
    pub(super) fn hold(&mut self, list: &mut ChunkList, base: u32, span: &Span<'_>) -> Held {
        let offset = |at: u32| at.wrapping_sub(base);
        let mut from = span.start;
        // Most of what is held came in order behind the first missing byte.
        let mut behind = match self.get(list.last) {
            Some(last) if offset(last.end()) <= offset(from) => list.last,
            _ => NONE,
        };
        while offset(from) < offset(span.end) {
            let at = self.get(behind).map_or(list.first, |c| c.next);
            let (start, end) = self.get(at).map_or((span.end, span.end), |c| (c.start, c.end()));
            let to = if offset(start) < offset(span.end) { start } else { span.end };
            while offset(from) < offset(to) {
                match self.store(list, behind, from, to, span) {
                    Ok(stored) => behind = stored,
                    Err(full) => return full,
                }
                from = self.get(behind).map_or(to, Chunk::end);
            }
            if offset(from) < offset(end) {
                from = end;
            }
            if at == NONE {
                break;
            }
            behind = at;
        }
        Held::Whole
    }

    /// Stores one chunk of what a span has from `from` to `to`, behind chunk `behind` of the stream.
    fn store(&mut self, list: &mut ChunkList, behind: u16, from: u32, to: u32, span: &Span<'_>) -> Result<u16, Held> {
        if usize::from(list.count) >= REASSEMBLY_CHUNKS_PER_STREAM {
            return Err(Held::StreamFull);
        }
        let wanted = to.wrapping_sub(from);
        let there = span.bytes_from(from);
        let length = there.len().min(REASSEMBLY_CHUNK).min(wanted as usize);
        // What was not captured belongs to the chunk with the last bytes before it.
        let cut = if length == there.len() { wanted.saturating_sub(length as u32) } else { 0 };
        let next = self.get(behind).map_or(list.first, |c| c.next);
        let mut chunk = Chunk { start: from, cut, length: length as u16, next, bytes: [0; REASSEMBLY_CHUNK] };
        if let (Some(to), Some(bytes)) = (chunk.bytes.get_mut(..length), there.get(..length)) {
            to.copy_from_slice(bytes);
        }
        let at = self.allocate(chunk).ok_or(Held::PoolFull)?;
        match self.chunks.get_mut(usize::from(behind)) {
            Some(chunk) => chunk.next = at,
            None => list.first = at,
        }
        if next == NONE {
            list.last = at;
        }
        list.count += 1;
        Ok(at)
    }
}

const _: () = assert!(REASSEMBLY_CHUNKS < NONE as usize && size_of::<Chunk>() == 512);
