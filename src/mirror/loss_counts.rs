//! What the loss detectors of all shards found, in sums that merge.

use super::order::Skews;
use crate::model::evidence::{RATIO_BYTES, UTILISATION_BOUNDS};
use crate::model::sum::sums;
use crate::model::{SeenAt, Timestamp};

/// Classes of utilisation of the mirror link in the window a packet fell into: unknown, below 50 %, up to 95 %, above.
pub const UTILISATION_CLASSES: usize = 4;

/// Classes of segment size: 64 payload bytes each up to 1535, then up to 2047, 4095, 8191 and beyond.
pub const SIZE_BINS: usize = 28;

/// Steps of a conversation's loss ratio: 5 % each, the last one everything.
pub const RATIO_BINS: usize = 21;

/// The size class of a payload.
#[inline]
pub fn size_bin(payload: u32) -> usize {
    match payload {
        0..=1535 => payload as usize / 64,
        1536..=2047 => 24,
        2048..=4095 => 25,
        4096..=8191 => 26,
        _ => 27,
    }
}

/// The smallest payload of a size class.
pub fn size_floor(bin: usize) -> u32 {
    match bin {
        0..=24 => bin as u32 * 64,
        25 => 2048,
        26 => 4096,
        _ => 8192,
    }
}

/// The class of a utilisation (1: the link is full).
pub fn utilisation_class(share: Option<f64>) -> u8 {
    match share {
        None => 0,
        Some(u) if u < UTILISATION_BOUNDS[0] => 1,
        Some(u) if u <= UTILISATION_BOUNDS[1] => 2,
        Some(_) => 3,
    }
}

sums! {
    /// Bytes that were acknowledged.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct Acked {
        /// All of them.
        pub bytes: u64,
        /// Of them never seen.
        pub missing: u64,
    }
}

sums! {
    /// Conversations by the share of their acknowledged bytes that was missing.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct Ratios {
        /// Conversations in each step of 5 %; a conversation without any loss is in none of them.
        pub bins: [u64; RATIO_BINS],
        /// Conversations with no loss.
        pub whole: u64,
    }
}

impl Ratios {
    /// Counts a conversation of which `bytes` were judged and `missing` of them were missing, if it is long enough.
    pub(super) fn count(&mut self, bytes: u64, missing: u64) {
        if bytes < RATIO_BYTES {
            return;
        }
        if missing == 0 {
            self.whole += 1;
            return;
        }
        let bin = (missing.saturating_mul(20) / bytes) as usize;
        self.bins[bin.min(RATIO_BINS - 1)] += 1;
    }
}

sums! {
    /// Everything counted of loss.
    #[derive(Debug, Clone, Copy, Default, PartialEq)]
    pub struct LossCounts {
        /// Acknowledged and missing bytes by utilisation class.
        pub by_utilisation: [Acked; UTILISATION_CLASSES],
        /// Acknowledgements that advanced in judged conversations.
        pub acks: u64,
        /// Holes decided to be loss.
        pub gaps: u64,
        /// Segments seen with payload, by size class.
        pub seen_sizes: [u64; SIZE_BINS],
        /// Segments missing, by size class (a hole is taken for full segments and a rest).
        pub missing_sizes: [u64; SIZE_BINS],
        /// Data that arrived after its acknowledgement: times.
        pub late: u64,
        /// Data that arrived after its acknowledgement: bytes.
        pub late_bytes: u64,
        /// By how much.
        pub late_skew: Skews,
        /// When it came.
        pub late_at: SeenAt,
        /// Sequence numbers that began anew without a SYN.
        pub restarts: u64,
        /// Holes forgotten at the cap before they were decided.
        pub forgotten: u64,
    }
}

impl LossCounts {
    /// Acknowledged and missing bytes in all.
    pub fn acked_bytes(&self) -> Acked {
        self.by_utilisation.iter().fold(Acked::default(), |sum, c| Acked {
            bytes: sum.bytes.saturating_add(c.bytes),
            missing: sum.missing.saturating_add(c.missing),
        })
    }

    #[inline]
    pub(super) fn acked(&mut self, class: u8, bytes: u64) {
        self.by_utilisation[usize::from(class).min(UTILISATION_CLASSES - 1)].bytes += bytes;
    }

    pub(super) fn missed(&mut self, class: u8, bytes: u64) {
        self.by_utilisation[usize::from(class).min(UTILISATION_CLASSES - 1)].missing += bytes;
        self.gaps += 1;
    }

    pub(super) fn late(&mut self, bytes: u64, skew: i64, time: Timestamp) {
        self.late_at.note(time);
        self.late += 1;
        self.late_bytes += bytes;
        self.late_skew.add(skew);
    }
}
