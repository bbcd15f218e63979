//! The only place that asks the system for the time.

use crate::model::Timestamp;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Wall time now, as a packet time.
pub fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// Says when something regular is due.
#[derive(Debug)]
pub struct Ticker {
    every: Duration,
    next: Instant,
}

impl Ticker {
    /// Due for the first time after `first`, then every `every`.
    pub fn new(first: Duration, every: Duration) -> Self {
        Self { every, next: Instant::now() + first }
    }

    /// Whether it is due now; the next time counts from the last due time, unless that has passed too.
    pub fn due(&mut self) -> bool {
        let now = Instant::now();
        if now < self.next {
            return false;
        }
        self.next = (self.next + self.every).max(now);
        true
    }
}
