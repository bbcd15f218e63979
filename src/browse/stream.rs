//! What a conversation says: the bytes of its segments or datagrams, one after the other.

use super::matching::Matcher;
use crate::model::limits::{STREAM_BYTES, STREAM_SEGMENTS};
use crate::model::tcp::{ACK, FIN, SYN};
use crate::model::{Direction, Frame, Segment, TapePacket};
use crate::snapshot::{PacketSegment, PacketStream, PacketSubject, StreamBytes};

/// Puts together what a conversation says. TCP is read in the order of its sequence numbers as far as the capture has them in order: what
/// was sent again is left out, what is missing is told.
pub(super) struct StreamReader {
    subject: PacketSubject,
    stream: PacketStream,
    kept: usize,
    /// Which way went first.
    first: Option<Direction>,
    /// Next sequence number, by way.
    next: [Option<u32>; 2],
    /// First sequence number and window scale, by way; whether both SYNs were seen.
    base: [Option<u32>; 2],
    scale: [Option<Option<u8>>; 2],
}

impl StreamReader {
    /// Of a conversation.
    pub fn new(subject: PacketSubject) -> Self {
        Self { subject, stream: PacketStream::default(), kept: 0, first: None, next: [None; 2], base: [None; 2], scale: [None; 2] }
    }

    /// What it is of.
    pub fn subject(&self) -> &PacketSubject {
        &self.subject
    }

    /// Whether no more is kept.
    pub fn is_full(&self) -> bool {
        self.stream.cut && self.stream.segments.len() >= STREAM_SEGMENTS
    }

    /// Shows it a packet (its number from 0).
    pub fn show(&mut self, matcher: &mut Matcher, number: u64, packet: &TapePacket<'_>) {
        if self.is_full() || !matcher.matches(&self.subject, number, packet) {
            return;
        }
        let Some(way) = matcher.way() else { return };
        let headers = matcher.headers();
        let mut frame = Frame { time: packet.time, ..Frame::default() };
        headers.show(packet.bytes, headers.flow(), &mut frame);
        let (mut bytes, segment) = (frame.payload(), frame.tcp);
        if let (None, Some((key, way))) = (self.first, frame.flow) {
            let [a, b] = [end(key.a().to_string(), key.a_port), end(key.b().to_string(), key.b_port)];
            self.stream.ends = if way == Direction::AToB { [a, b] } else { [b, a] };
        }
        let forth = way == *self.first.get_or_insert(way);
        let mut missing = 0;
        if let Some(segment) = segment {
            self.note(&frame, forth, &segment);
            let start = segment.sequence.wrapping_add(u32::from(segment.flags & SYN != 0));
            let Some(next) = self.next.get_mut(usize::from(!forth)) else { return };
            let ahead = next.map_or(0, |next| start.wrapping_sub(next) as i32);
            if ahead < 0 {
                bytes = bytes.get(ahead.unsigned_abs() as usize..).unwrap_or_default();
            }
            missing = u32::try_from(ahead.max(0)).unwrap_or(0);
            let end = start.wrapping_add(segment.payload);
            if next.is_none_or(|next| end.wrapping_sub(next) as i32 > 0) {
                *next = Some(end);
            }
        }
        if !bytes.is_empty() && !self.stream.cut {
            self.keep(forth, missing, bytes);
        }
    }

    /// Keeps what a graph needs of a segment.
    fn note(&mut self, frame: &Frame<'_>, forth: bool, segment: &Segment) {
        let (this, other) = if forth { (0, 1) } else { (1, 0) };
        let options = frame.tcp_options();
        if segment.flags & SYN != 0
            && let Some(scale) = self.scale.get_mut(this)
        {
            *scale = Some(options.window_scale());
        }
        let [mine, theirs] = [this, other].map(|at| self.base.get(at).copied().flatten());
        let base = mine.unwrap_or(segment.sequence);
        if let Some(place) = self.base.get_mut(this) {
            *place = Some(base);
        }
        if self.stream.segments.len() >= STREAM_SEGMENTS {
            return;
        }
        let has_ack = segment.flags & ACK != 0;
        let relative = |number: u32| theirs.map(|theirs| number.wrapping_sub(theirs)).filter(|n| *n < 1 << 31);
        // Windows of SYNs are not scaled; the scale holds where both had it (RFC 7323 section 2.2).
        let shift = match self.scale {
            _ if segment.flags & SYN != 0 => Some(0),
            [Some(Some(a)), Some(Some(b))] => Some(if forth { a } else { b }),
            [Some(_), Some(_)] => Some(0),
            _ => None,
        };
        let mut selective = [None; 3];
        let blocks = options.sack_blocks().filter_map(|(from, to)| Some((relative(from)?, relative(to)?)));
        selective.iter_mut().zip(blocks).for_each(|(place, block)| *place = Some(block));
        let flags = u32::from(segment.flags & SYN != 0) + u32::from(segment.flags & FIN != 0);
        self.stream.segments.push(PacketSegment {
            time: frame.time,
            forth,
            sequence: segment.sequence.wrapping_sub(base),
            length: segment.payload.saturating_add(flags),
            acknowledgement: relative(segment.acknowledgement).filter(|_| has_ack),
            window: shift.map(|shift| u32::from(segment.window) << shift.min(14)),
            selective,
        });
    }

    fn keep(&mut self, forth: bool, missing: u32, bytes: &[u8]) {
        let room = STREAM_BYTES - self.kept;
        let bytes = match bytes.get(..room) {
            Some(part) if part.len() < bytes.len() => {
                self.stream.cut = true;
                part
            }
            _ => bytes,
        };
        self.kept += bytes.len();
        match self.stream.pieces.last_mut().filter(|piece| piece.forth == forth && missing == 0) {
            Some(piece) => piece.bytes.extend_from_slice(bytes),
            None => self.stream.pieces.push(StreamBytes { forth, missing, bytes: bytes.to_vec() }),
        }
    }

    /// What was read by now.
    pub fn told(&self, whole: bool) -> PacketStream {
        PacketStream { whole, ..self.stream.clone() }
    }
}
/// An end as it is written: with its port where it has one.
fn end(address: String, port: u16) -> String {
    match (port, address.contains(':')) {
        (0, _) => address,
        (_, true) => format!("[{address}]:{port}"),
        (_, false) => format!("{address}:{port}"),
    }
}
