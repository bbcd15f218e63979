//! TCP acknowledging data that was never seen: the loss every stage before the analysis shares, in bytes.
//!
//! A receiver acknowledges what it got (RFC 9293 section 3.4). Data that was acknowledged and yet never seen here was lost on
//! the way to the analysis: by the mirror, the network that carries copies, or this host. Data lost before it reached its
//! receiver is resent before it is acknowledged, so it fills its hole in time and is not counted. What a selective acknowledgement
//! (RFC 2018) covers had reached its receiver: sent again after that it fills nothing. A hole is decided 200 ms of packet time after its acknowledgement
//! ([`HOLD`](crate::model::tcp::HOLD)), so reordering between the two directions is told from loss.
//!
//! Only settled conversations are judged, and of them only data beyond the highest byte seen or acknowledged by then
//! ([`TcpMarks::SETTLED`]). What cannot be seen is the end of a conversation that is lost together with its acknowledgements: where loss comes in
//! long runs and conversations are short, there is somewhat more of it than is told.
//!
//! Listens to what following the connection yields ([`crate::model::tcp`]) and keeps no sequence number. Cost: a few counters a segment.

use super::loss_counts::{LossCounts, Ratios, SIZE_BINS, size_bin};
use super::strata::AckedBySecond;
use super::windows::{LostBytes, window};
use crate::model::tcp::{HoleEvent, LostRange, PSH, TcpEvent, TcpMarks};
use crate::model::{Direction, Segment, Timestamp};

/// Segment size assumed where no SYN announced one: Ethernet's.
const USUAL_MSS: u16 = 1460;

/// Full segments are known to so many bytes.
const SIZE_STEP: u32 = 8;

/// What is kept of one TCP conversation: 16 bytes in the flow's record.
#[derive(Debug, Clone, Copy, Default)]
pub struct LossState {
    /// Bytes acknowledged of each direction, halved together with `missing` before it overflows.
    judged: [u32; 2],
    /// Of them not seen so far.
    missing: [u32; 2],
}

impl LossState {
    /// Bytes acknowledged and of them not seen so far, both directions (both halved together beyond 4 GiB).
    pub fn ratio(&self) -> (u64, u64) {
        let sum = |counts: [u32; 2]| counts.into_iter().map(u64::from).sum();
        (sum(self.judged), sum(self.missing))
    }

    #[inline]
    fn judge(&mut self, way: Direction, acked: u32, missing: u32) {
        let (judged, lost) = (&mut self.judged[way as usize], &mut self.missing[way as usize]);
        if judged.checked_add(acked).is_none() || lost.checked_add(missing).is_none() {
            *judged /= 2;
            *lost /= 2;
        }
        *judged = judged.saturating_add(acked);
        *lost = lost.saturating_add(missing);
    }
}

/// The loss detector of one shard.
#[derive(Debug, Default)]
pub struct Loss {
    counts: LossCounts,
    /// What was lost when.
    windows: LostBytes,
    /// What was acknowledged when, and of it lost.
    seconds: AckedBySecond,
    /// The largest full segment that connections showed whose largest may be of that size class: a way may take less than both ends announce.
    full: [u16; SIZE_BINS],
}

impl Ratios {
    /// Counts a conversation, if it is long enough.
    pub fn add(&mut self, state: &LossState) {
        let (bytes, missing) = state.ratio();
        self.count(bytes, missing);
    }
}

impl Loss {
    /// Looks at what one segment of that time in direction `way` did to its connection. `utilisation` is the class of the current window
    /// (see [`super::UTILISATION_CLASSES`]), chosen by the caller.
    #[inline]
    pub fn observe(&mut self, state: &mut LossState, event: &TcpEvent, way: Direction, payload: u32, (time, utilisation): (Timestamp, u8)) {
        if event.marks.has(TcpMarks::SETTLED) {
            if payload > 0 {
                self.counts.seen_sizes[size_bin(payload)] += 1;
            }
            if event.marks.has(TcpMarks::ADVANCED) {
                state.judge(way.reversed(), event.advanced, 0);
                self.counts.acks += 1;
                self.seconds.acked(time, event.advanced);
                self.counts.acked(utilisation, event.advanced.into());
            }
        }
        if event.marks.has(TcpMarks::RENUMBERED | TcpMarks::ACK_RENUMBERED) {
            self.counts.restarts += u64::from(event.marks.has(TcpMarks::RENUMBERED)) + u64::from(event.marks.has(TcpMarks::ACK_RENUMBERED));
        }
    }

    /// Looks at what became, with a segment of that time, of data that was not seen in its place.
    pub fn hole(&mut self, state: &mut LossState, event: &HoleEvent, time: Timestamp) {
        match *event {
            HoleEvent::Acknowledged { way, bytes } => {
                state.judge(way, 0, bytes);
                self.seconds.missing(time, bytes);
            }
            HoleEvent::Late { way, bytes, after } => {
                let missing = &mut state.missing[way as usize];
                *missing = missing.saturating_sub(bytes);
                self.seconds.found(time.plus(-after), bytes);
                self.counts.late(bytes.into(), after, time);
            }
            HoleEvent::Forgotten => self.counts.forgotten += 1,
        }
    }

    /// Counts data that is lost; its label is the class of utilisation of the time it appeared.
    pub fn lost(&mut self, lost: &LostRange) {
        let bytes = lost.bytes;
        self.windows.add(window(lost.missing_since), bytes);
        self.counts.missed(lost.label, bytes.into());
        let size = self.size(lost);
        let (whole, rest) = (bytes / size, bytes % size);
        self.counts.missing_sizes[size_bin(size)] += u64::from(whole);
        // Sizes are known to a few bytes only: what many whole ones leave over because of that is no segment.
        if rest > whole.min(size / 4) * SIZE_STEP {
            self.counts.missing_sizes[size_bin(rest)] += 1;
        }
    }

    /// The size of the segments that a range consisted of: of its direction's full ones that were seen, or of others' whose ends announce as much, or
    /// what they announce.
    fn size(&mut self, lost: &LostRange) -> u32 {
        let mss = lost.mss.unwrap_or(USUAL_MSS);
        let of_others = self.full.get(size_bin(mss.into())).copied().filter(|full| *full > 0);
        u32::from(lost.full.or(of_others).unwrap_or(mss).min(mss)).max(1)
    }

    /// Notes a segment that is as large as its sender makes them, where the other side takes `mss` bytes.
    #[inline]
    pub fn full(&mut self, mss: Option<u16>, segment: &Segment) {
        let mss = mss.unwrap_or(USUAL_MSS);
        if segment.flags & PSH == 0
            && segment.payload <= mss.into()
            && let Some(known) = self.full.get_mut(size_bin(mss.into()))
        {
            *known = (*known).max(segment.payload as u16);
        }
    }

    /// All counts since the beginning.
    pub fn counts(&self) -> &LossCounts {
        &self.counts
    }

    /// What was acknowledged by second, and of it lost.
    pub fn seconds(&self) -> AckedBySecond {
        self.seconds.counted()
    }

    /// Bytes lost by window of time.
    pub fn windows(&self) -> &LostBytes {
        &self.windows
    }
}

const _: () = assert!(size_of::<LossState>() == 16);
