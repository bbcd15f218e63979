//! What is kept of a connection: the numbers of its two directions, and what its flags have said so far.

use super::MIDWAY_SEGMENTS;
use crate::model::tcp::PSH;
use crate::model::{Direction, Segment, Timestamp};

/// A SYN without the window scale option.
pub(super) const NO_SCALE: u8 = u8::MAX;

/// One direction of a connection.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stream {
    /// Next sequence number expected; never before `acked`.
    pub(super) next: u32,
    /// Highest acknowledgement of this direction's bytes. When the conversation settles it is set to `next`: what came before is not judged.
    pub(super) acked: u32,
    /// Newest hole (0: none).
    pub(super) hole: u32,
    /// Largest segment the other side takes, from its SYN (0: unknown).
    pub(super) mss: u16,
    /// The window in the latest segment, unscaled.
    pub(super) window: u16,
}

impl Stream {
    pub(super) fn restart(&mut self, sequence: u32) {
        (self.next, self.acked, self.hole) = (sequence, sequence, 0);
    }
}

/// What every segment of a connection touches: 40 bytes in the flow's record.
#[derive(Debug, Clone, Copy, Default)]
pub struct TcpHot {
    pub(super) streams: [Stream; 2],
    /// [`TcpHot::BASE`] and its like.
    pub(super) flags: u16,
    /// Segments seen of each direction, up to [`MIDWAY_SEGMENTS`]; once the conversation is settled the TTL that each direction's packets have
    /// since then but for RSTs: 0 is none so far, [`Self::TTLS_DIFFER`] several.
    pub(super) segments: [u8; 2],
    /// Window scale each side's SYN announced, plus one (0: unknown).
    pub(super) scale: [u8; 2],
    /// The largest segment of each direction behind which its sender had more to send, in steps of [`Self::FULL_STEP`] bytes: as large as it makes
    /// them, whatever the other side takes. 0: none so far; [`u8::MAX`]: that large or larger.
    full: [u8; 2],
}

/// What of a connection is needed when it begins: 16 bytes beside the flow's record.
#[derive(Debug, Clone, Copy, Default)]
pub struct TcpCold {
    /// First sequence number of each direction.
    pub(super) base: [u32; 2],
    /// When the SYN came that the numbers begin with, or before it a SYN-ACK.
    pub(super) opened: Timestamp,
}

impl TcpHot {
    /// The direction's first sequence number is known.
    pub(super) const BASE: [u16; 2] = [1 << 0, 1 << 1];
    /// The direction's `next` and `acked` hold.
    pub(super) const FOLLOWED: [u16; 2] = [1 << 2, 1 << 3];
    /// The direction has acknowledged without SYN.
    pub(super) const ACKED: [u16; 2] = [1 << 4, 1 << 5];
    /// A SYN of the direction was seen.
    pub(super) const SYN_SEEN: [u16; 2] = [1 << 6, 1 << 7];
    /// A SYN-ACK of the direction came without its SYN.
    pub(super) const EARLY: [u16; 2] = [1 << 8, 1 << 9];
    /// It acknowledged the number that the other direction began with.
    pub(super) const FITS: u16 = 1 << 10;
    /// Both steps of the handshake were told.
    pub(super) const SHAKEN: u16 = 1 << 11;
    /// A SYN was seen whose numbers could be followed.
    pub(super) const OPENED: u16 = 1 << 12;
    /// See `TcpMarks::SETTLED`.
    pub(super) const SETTLED: u16 = 1 << 13;
    /// Fragments were seen: lengths cannot be followed.
    pub(super) const FRAGMENTED: u16 = 1 << 14;
    /// A side's SYN does not permit selective acknowledgements.
    pub(super) const NO_SACK: u16 = 1 << 15;

    /// Of which flags which are set, when a direction is followed and has acknowledged, and nothing of the other was seen.
    pub(super) const ALONE: [(u16, u16); 2] = [Self::alone(0), Self::alone(1)];

    const fn alone(at: usize) -> (u16, u16) {
        let set = Self::FOLLOWED[at] | Self::ACKED[at];
        (set | Self::FOLLOWED[1 - at] | Self::FRAGMENTED, set)
    }

    #[inline(always)]
    pub(super) fn is(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    /// Whether data of a direction was seen that a SYN of this number may have begun, not long before.
    pub(super) fn overtook(&self, way: usize, sequence: u32) -> bool {
        const NEAR: u32 = 1 << 20;
        let next = self.streams.get(way).map_or(0, |stream| stream.next);
        self.is(Self::ACKED[way]) && self.is(Self::FOLLOWED[way]) && (1..=NEAR).contains(&next.wrapping_sub(sequence))
    }

    /// Whether nothing was seen of the connection.
    pub(super) fn is_new(&self) -> bool {
        !self.is(Self::BASE[0] | Self::BASE[1])
    }

    /// Whether its numbers are trusted, so that gaps are told.
    pub fn is_settled(&self) -> bool {
        self.flags & (Self::SETTLED | Self::FRAGMENTED) == Self::SETTLED
    }

    /// Largest payload a segment in this direction may have, as the other side's SYN announced it.
    #[inline]
    pub fn mss(&self, way: Direction) -> Option<u16> {
        Some(self.streams[way as usize].mss).filter(|&m| m > 0)
    }

    /// Next sequence number expected of a direction.
    pub fn next_sequence(&self, way: Direction) -> Option<u32> {
        self.is(Self::FOLLOWED[way as usize]).then_some(self.streams[way as usize].next)
    }

    /// Bytes of a direction that were seen and not acknowledged so far, of a settled conversation.
    pub fn in_flight(&self, way: Direction) -> Option<u32> {
        let stream = &self.streams[way as usize];
        self.is_settled().then_some(stream.next.wrapping_sub(stream.acked))
    }

    /// Bytes of a direction that were acknowledged since it began, or seen where nothing is known of the other side, its SYN included: as a
    /// number of sequence, which wraps. `None` where the connection's numbers are not followed, and where of the other side its SYN alone was seen:
    /// then nothing tells what arrived.
    pub fn carried(&self, cold: &TcpCold, way: Direction) -> Option<u32> {
        let (at, other) = (way as usize, way.reversed() as usize);
        let stream = &self.streams[at];
        let until = match (self.is(Self::FOLLOWED[other]), self.is(Self::ACKED[other])) {
            (true, true) => stream.acked,
            (true, false) => return None,
            (false, _) => stream.next,
        };
        let is_followed = self.is(Self::FOLLOWED[at]) && self.is(Self::BASE[at]) && !self.is(Self::FRAGMENTED);
        is_followed.then(|| until.wrapping_sub(cold.base[at]))
    }

    /// By how many bits the windows that a direction announces are shifted: 0 when not both SYNs have the option (RFC 7323 section 1.3);
    /// `None` when not both SYNs were seen.
    pub fn window_scale(&self, way: Direction) -> Option<u8> {
        match self.scale {
            [0, _] | [_, 0] => None,
            [NO_SCALE, _] | [_, NO_SCALE] => Some(0),
            shifts => Some(shifts[way as usize] - 1),
        }
    }

    /// Whether a direction's latest segment announces that it takes no data.
    pub fn takes_nothing(&self, way: Direction) -> bool {
        self.streams[way as usize].window == 0
    }

    /// The window that a direction's latest segment announces, in bytes; `None` when not both SYNs were seen.
    pub fn window(&self, way: Direction) -> Option<u32> {
        Some(u32::from(self.streams[way as usize].window) << self.window_scale(way)?)
    }

    /// Whether both sides understand selective acknowledgements; `None` when not both SYNs were seen.
    pub fn permits_sack(&self) -> Option<bool> {
        (!self.scale.contains(&0)).then_some(!self.is(Self::NO_SACK))
    }

    /// Whether a SYN opens a new connection on the same ports: its sequence number is not the one this connection began with (Wireshark 4.0's
    /// rule for a new stream; a repeated SYN after RST is the same attempt).
    pub fn is_reuse(&self, cold: &TcpCold, way: Direction, sequence: u32) -> bool {
        self.is(Self::BASE[way as usize]) && cold.base[way as usize] != sequence
    }

    const FULL_STEP: u32 = 8;

    /// Notes how large a segment is that does not end what its sender has to send.
    #[inline(always)]
    pub(super) fn note_full(&mut self, at: usize, segment: &Segment) {
        let [there, back] = &mut self.full;
        let known = if at == 0 { there } else { back };
        let steps = (segment.payload / Self::FULL_STEP).min(u8::MAX.into()) as u8;
        if steps > *known && segment.flags & PSH == 0 {
            *known = steps;
        }
    }

    /// The largest segment of a direction that was as large as its sender makes them, to eight bytes; 0: not known.
    pub(super) fn full(&self, at: usize) -> u16 {
        match self.full.get(at) {
            Some(&steps) if steps < u8::MAX => u16::from(steps) * Self::FULL_STEP as u16,
            _ => 0,
        }
    }

    /// In place of a TTL: they differ. No segment arrives with this one.
    const TTLS_DIFFER: u8 = 1;

    /// Notes the TTL of a packet that is no RST.
    #[inline(always)]
    pub(in crate::stats) fn note_ttl(&mut self, way: Direction, ttl: u8) {
        let [there, back] = &mut self.segments;
        let known = if way == Direction::AToB { there } else { back };
        if *known != ttl && self.flags & Self::SETTLED != 0 {
            *known = if *known == 0 { ttl } else { Self::TTLS_DIFFER };
        }
    }

    /// The TTL that all of a direction's packets have, since the conversation was settled.
    pub(in crate::stats) fn ttl(&self, way: Direction) -> Option<u8> {
        let [there, back] = self.segments;
        let known = if way == Direction::AToB { there } else { back };
        (self.flags & Self::SETTLED != 0 && known > Self::TTLS_DIFFER).then_some(known)
    }

    /// Counts one of a conversation's first segments, and says when it is settled from here on.
    pub(super) fn approach(&mut self, way: usize) {
        self.segments[way] = (self.segments[way] + 1).min(MIDWAY_SEGMENTS);
        let least = self.segments[0].min(self.segments[1]);
        if least >= MIDWAY_SEGMENTS || least > 0 && self.is(Self::OPENED) {
            self.flags |= Self::SETTLED;
            self.segments = [0; 2];
            self.streams.iter_mut().for_each(|s| s.acked = s.next);
        }
    }
}

const _: () = assert!(size_of::<TcpHot>() == 40 && size_of::<TcpCold>() == 16);
