//! TCP segments that came in IP fragments: put together as far as the analysis needs it, which is their header and their length.

use crate::model::limits::{SPLIT_PIECES, SPLIT_SEGMENTS};
use crate::model::{Direction, FlowKey, Frame, Segment};

/// The longest TCP header.
const HEADER: usize = 60;
/// The shortest.
const SHORTEST: usize = 20;

/// A segment that is complete.
#[derive(Debug, Clone, Copy)]
pub(super) struct CompleteSegment {
    /// Its numbers.
    pub(super) segment: Segment,
    header: [u8; HEADER],
    length: usize,
}

impl CompleteSegment {
    /// Of a datagram's first bytes and its length.
    fn new(header: [u8; HEADER], datagram: u32) -> Option<Self> {
        let length = usize::from(header[12] >> 4) * 4;
        let payload = datagram.checked_sub(length as u32).filter(|_| length >= SHORTEST)?;
        let word = |at: usize| header.get(at..).and_then(|b| b.first_chunk()).map(|b| u32::from_be_bytes(*b));
        let window = u16::from_be_bytes([header[14], header[15]]);
        let segment = Segment { sequence: word(4)?, acknowledgement: word(8)?, flags: header[13], window, payload };
        Some(Self { segment, header, length })
    }

    /// Its header.
    pub(super) fn header(&self) -> &[u8] {
        self.header.get(..self.length).unwrap_or_default()
    }
}

/// A fragment's place in its datagram (RFC 791 section 3.2, RFC 8200 section 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    id: u32,
    start: u32,
    end: u32,
    last: bool,
    /// Where what it carries begins in its frame.
    at: u32,
}

/// A datagram of which pieces are missing.
#[derive(Debug)]
struct Split {
    of: Option<(FlowKey, Direction, u32)>,
    header: [u8; HEADER],
    /// What was seen so far, in stretches that do not touch.
    seen: Vec<(u32, u32)>,
    /// Where the datagram ends, when its last piece was seen.
    end: Option<u32>,
}

/// Those of a shard; newer ones take the place of older ones.
#[derive(Debug, Default)]
pub(super) struct SplitSegments {
    list: Vec<Split>,
    next: usize,
}

impl SplitSegments {
    /// Takes a fragment; the segment when it is complete with it.
    pub(super) fn take(&mut self, frame: &Frame<'_>) -> Option<CompleteSegment> {
        let (key, way) = frame.flow.filter(|(key, _)| key.is_tcp())?;
        let place = place(frame)?;
        // Ports are those that the first piece tells, here as there.
        let of = Some((key, way, place.id));
        let at = self.list.iter().position(|split| split.of == of).unwrap_or_else(|| self.begin(of));
        let split = self.list.get_mut(at)?;
        let length = split.take(frame, &place)?;
        split.of = None;
        CompleteSegment::new(split.header, length)
    }

    fn begin(&mut self, of: Option<(FlowKey, Direction, u32)>) -> usize {
        let new = Split { of, header: [0; HEADER], seen: Vec::new(), end: None };
        if self.list.len() < SPLIT_SEGMENTS {
            self.list.push(new);
            return self.list.len() - 1;
        }
        self.next = (self.next + 1) % SPLIT_SEGMENTS;
        if let Some(place) = self.list.get_mut(self.next) {
            *place = new;
        }
        self.next
    }
}

impl Split {
    /// Takes a piece; the datagram's length when it is complete.
    fn take(&mut self, frame: &Frame<'_>, place: &Place) -> Option<u32> {
        if place.last {
            self.end = Some(place.end);
        }
        let carried = frame.bytes.get(place.at as usize..).unwrap_or_default();
        let carried = carried.get(..(place.end - place.start) as usize).unwrap_or(carried);
        self.header.iter_mut().skip(place.start as usize).zip(carried).for_each(|(to, from)| *to = *from);
        if self.seen.len() < SPLIT_PIECES {
            self.seen.push((place.start, place.end));
            self.seen.sort_unstable();
            self.seen.dedup_by(|later, before| {
                let touch = later.0 <= before.1;
                if touch {
                    before.1 = before.1.max(later.1);
                }
                touch
            });
        }
        self.end.filter(|&end| self.seen.first().is_some_and(|&(start, to)| start == 0 && to >= end))
    }
}

/// Where a fragment belongs.
fn place(frame: &Frame<'_>) -> Option<Place> {
    let net = frame.net?;
    let header = frame.bytes.get(net as usize..)?;
    let word = |at: usize| header.get(at..).and_then(|b| b.first_chunk()).map(|b| u32::from(u16::from_be_bytes(*b)));
    let (id, start, more, at) = if header.first()? >> 4 == 4 {
        let (id, flags) = (word(4)?, word(6)?);
        (id, (flags & 0x1fff) * 8, flags & 0x2000 != 0, u32::from(header.first()? & 15) * 4)
    } else {
        let at = fragment_header(header)?;
        let (flags, high, low) = (word(at + 2)?, word(at + 4)?, word(at + 6)?);
        (high << 16 | low, flags & 0xfff8, flags & 1 != 0, at as u32 + 8)
    };
    let at = net.saturating_add(at);
    let carried = frame.net_end.checked_sub(at)?;
    Some(Place { id, start, end: start.saturating_add(carried), last: !more, at })
}

/// Where the fragment header of an IPv6 packet is: behind hop-by-hop, routing and destination options.
fn fragment_header(header: &[u8]) -> Option<usize> {
    let (mut next, mut at) = (*header.get(6)?, 40);
    while matches!(next, 0 | 43 | 60) {
        let length = usize::from(*header.get(at + 1)?);
        (next, at) = (*header.get(at)?, at + 8 + 8 * length);
    }
    (next == 44).then_some(at)
}
