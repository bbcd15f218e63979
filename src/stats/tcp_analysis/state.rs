//! What the rules need to know of a connection: two cache lines, touched once a segment.

use crate::model::Timestamp;
use crate::stats::round_trips::TripsHandle;

/// [`DirectionState::scale`]: nothing is known of the window scale.
pub(super) const UNKNOWN_SCALE: u8 = u8::MAX;
/// [`DirectionState::scale`]: windows are not scaled.
pub(super) const NO_SCALE: u8 = u8::MAX - 1;

/// One direction of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct DirectionState {
    /// When the segment with the highest number came.
    pub(super) next_time: Timestamp,
    /// When its latest segment came.
    pub(super) last_time: Timestamp,
    /// The number behind the highest seen (0: unknown).
    pub(super) next: u32,
    /// The number up to which acknowledgements are expected (0: unknown).
    pub(super) contiguous: u32,
    /// The acknowledgement field of its latest segment.
    pub(super) last_ack: u32,
    /// The number it began with.
    pub(super) base: u32,
    /// Duplicate acknowledgements since the acknowledgement changed.
    pub(super) duplicates: u32,
    /// Bytes in the SACK blocks of its latest segment.
    pub(super) sacked: u32,
    /// Its unacknowledged segments: a handle of [`super::unacked::Lists`].
    pub(super) unacked: u32,
    /// The window of its latest segment.
    pub(super) window: u16,
    /// [`DirectionState::BASE`] and its like.
    pub(super) flags: u8,
    /// Bits by which its windows are shifted.
    pub(super) scale: u8,
}

impl DirectionState {
    /// [`Self::base`] is known.
    pub(super) const BASE: u8 = 1 << 0;
    /// [`Self::window`] is known.
    pub(super) const WINDOW: u8 = 1 << 1;
    /// Its latest segment was a keep-alive.
    pub(super) const KEEP_ALIVE: u8 = 1 << 2;
    /// Its latest segment was a zero window probe.
    pub(super) const PROBE: u8 = 1 << 3;
    /// It has acknowledged nothing since its SYN.
    pub(super) const ONLY_SYN: u8 = 1 << 4;
    /// What it has in flight can be told.
    pub(super) const IN_FLIGHT: u8 = 1 << 5;
    /// Of the first side: options of multipath TCP were seen, in either direction.
    const MULTIPATH: u8 = 1 << 6;
    /// Of the second: [`Connection::opening`] is the initial round trip.
    const MEASURED: u8 = 1 << 6;
    /// Somebody wants to know of its next new data, whoever spoke last.
    pub(super) const WATCHED: u8 = 1 << 7;

    const NEW: DirectionState = DirectionState {
        next_time: Timestamp(0),
        last_time: Timestamp(0),
        next: 0,
        contiguous: 0,
        last_ack: 0,
        base: 0,
        duplicates: 0,
        sacked: 0,
        unacked: 0,
        window: 0,
        flags: DirectionState::IN_FLIGHT,
        scale: UNKNOWN_SCALE,
    };

    #[inline(always)]
    pub(super) fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The window of its latest segment; that of a side that has sent nothing is as large as can be.
    #[inline(always)]
    pub(super) fn window(&self) -> u32 {
        if self.is(Self::WINDOW) { self.window.into() } else { u32::MAX }
    }

    /// Bits by which the window of its latest segment is shifted: that of a SYN is not.
    pub(super) fn shift(&self) -> u8 {
        if self.is(Self::ONLY_SYN) || self.scale >= NO_SCALE { 0 } else { self.scale }
    }
}

/// A connection.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Connection {
    pub(super) sides: [DirectionState; 2],
    /// The latest SYN without acknowledgement, `UNKNOWN` without any; once it is known twice the initial round trip, and one where what ended it
    /// answered nothing.
    opening: i64,
    /// Segments with payload of each direction.
    pub(super) data_segments: [u32; 2],
    /// Packets with SYN, with SYN and ACK, FIN, RST; what is more is in [`super::counts::Rare`].
    pub(super) few: [u8; 4],
    /// Handle of what few connections have (0: nothing).
    pub(super) rare: u32,
    /// Its round trips.
    pub(super) trips: TripsHandle,
}

impl Connection {
    pub(super) const NEW: Connection = Connection {
        sides: [DirectionState::NEW; 2],
        opening: Timestamp::UNKNOWN.0,
        data_segments: [0; 2],
        few: [0; 4],
        rare: 0,
        trips: TripsHandle::NONE,
    };

    /// The initial round trip (0: unknown).
    #[inline(always)]
    pub(super) fn initial_rtt(&self) -> i64 {
        if self.sides[1].is(DirectionState::MEASURED) { self.opening >> 1 } else { 0 }
    }

    /// The same of a handshake (0: unknown), where Wireshark also takes a RST for its end by which one side gave up.
    pub(super) fn handshake_rtt(&self) -> i64 {
        if self.opening & 1 == 0 { self.initial_rtt() } else { 0 }
    }

    /// A SYN without acknowledgement came.
    pub(super) fn note_syn(&mut self, time: Timestamp) {
        if !self.sides[1].is(DirectionState::MEASURED) {
            self.opening = time.0;
        }
    }

    /// An acknowledgement without SYN came: the first one behind a SYN ends the initial round trip, be it an answer or not.
    #[inline(always)]
    pub(super) fn note_ack(&mut self, time: Timestamp, is_answer: bool) {
        if self.opening == Timestamp::UNKNOWN.0 || self.sides[1].is(DirectionState::MEASURED) {
            return;
        }
        let rtt = time.since(Timestamp(self.opening));
        if rtt != 0 {
            self.opening = rtt << 1 | i64::from(!is_answer);
            self.sides[1].flags |= DirectionState::MEASURED;
        }
    }

    /// Whether options of multipath TCP were seen.
    #[inline(always)]
    pub(super) fn is_multipath(&self) -> bool {
        self.sides[0].is(DirectionState::MULTIPATH)
    }

    /// They were.
    pub(super) fn note_multipath(&mut self) {
        self.sides[0].flags |= DirectionState::MULTIPATH;
    }
}

const _: () = assert!(size_of::<DirectionState>() == 48 && size_of::<Connection>() == 128);
