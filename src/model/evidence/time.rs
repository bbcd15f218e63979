//! Order, clocks and silence.

use super::share;
use crate::model::Timestamp;

/// Effects before causes.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderEvidence {
    /// Pairs of cause and effect: handshakes, acknowledgements that advanced, answered questions.
    pub judged: u64,
    /// Of them with the effect first.
    pub violations: u64,
    /// Seconds by which effects came first, median and 99th percentile.
    pub skew: Option<[f64; 2]>,
    /// Whether outer sequence numbers were in order; `None` without any.
    pub outer_in_order: Option<bool>,
    /// Receive queues of the interface.
    pub queues: Option<u32>,
}

impl OrderEvidence {
    /// Share of the pairs with the effect first.
    pub fn rate(&self) -> f64 {
        share(self.violations.min(self.judged), self.judged)
    }
}

/// The clock behind the time stamps.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClockEvidence {
    /// Packets whose stamps were compared.
    pub packets: u64,
    /// Greatest common divisor of the differences, in nanoseconds (0: unknown).
    pub grain: u64,
    /// Differences it rests on.
    pub differences: u64,
    /// Packets stamped like the one before.
    pub equal: u64,
    /// Longest run of equal stamps.
    pub longest_run: u64,
    /// Steps back by more than 10 ms.
    pub steps: u64,
    /// Largest step back, in seconds.
    pub largest_step: f64,
}

/// A time in which every regular sender was silent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Outage {
    /// Last packet of a regular sender before.
    pub from: Timestamp,
    /// Its length in seconds.
    pub seconds: f64,
    /// Regular senders that were silent.
    pub senders: u64,
    /// Packets missing from them.
    pub missed: u64,
    /// Whether it still goes on.
    pub open: bool,
}
