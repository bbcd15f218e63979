//! How the monitored link was used, by milliseconds.

use super::{Mac, Timestamp};

/// Classes of the share of a link's speed: of 5 % each, the last one for what is above it, as where both directions are mirrored.
pub const USE_CLASSES: usize = 21;

/// Who sent to whom in a burst.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BurstContributor {
    /// Sender and receiver.
    pub ends: [Mac; 2],
    /// Its part of the burst's bytes on the link, by the frames that were looked at: nearly all.
    pub bytes: u64,
}

/// A burst: milliseconds one after the other in which the link was at least half full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkBurst {
    /// When it began.
    pub at: Timestamp,
    /// How long it lasted.
    pub milliseconds: u32,
    /// Bits per second in its busiest millisecond.
    pub peak: u64,
    /// Bytes on the link.
    pub bytes: u64,
    /// Who sent most of it.
    pub top: Vec<BurstContributor>,
}

/// Everything measured of a link's use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkUse {
    /// Bits per second that the link carries.
    pub speed: u64,
    /// Milliseconds with packets, by the share of the speed.
    pub busy: [u64; USE_CLASSES],
    /// Nanoseconds that were looked at.
    pub nanos: i64,
    /// Bursts in all.
    pub bursts: u64,
    /// The latest of them, oldest first.
    pub list: Vec<LinkBurst>,
}

impl LinkUse {
    /// Counts a millisecond with packets.
    pub fn count(&mut self, share: f64) {
        // A share of exactly the speed is not above it.
        let class = ((share * 20.0 - 1e-9) as usize).min(USE_CLASSES - 1);
        if let Some(n) = self.busy.get_mut(class) {
            *n = n.saturating_add(1);
        }
    }

    /// The part of the time in each class; that without packets is in the first. All zero where no time has passed.
    pub fn classes(&self) -> [f64; USE_CLASSES] {
        let busy = self.busy.iter().fold(0u64, |sum, n| sum.saturating_add(*n));
        let all = (self.nanos / super::time::MILLISECOND).unsigned_abs().max(busy);
        let mut classes = self.busy.map(|n| if all == 0 { 0.0 } else { n as f64 / all as f64 });
        if all > 0
            && let Some(first) = classes.first_mut()
        {
            *first += (all - busy) as f64 / all as f64;
        }
        classes
    }

    /// The share of the link's speed that was not exceeded in this part of the milliseconds: the upper end of its class.
    pub fn percentile(&self, part: f64) -> f64 {
        let mut sum = 0.0;
        for (class, share) in self.classes().iter().enumerate() {
            sum += share;
            if sum >= part - 1e-12 {
                return (class + 1) as f64 / 20.0;
            }
        }
        0.0
    }
}
