//! The only place that asks the system for the time: clippy refuses it elsewhere (`clippy.toml`), and `tests/floors.rs` says who may ask here.
//! Whatever analyses packets is told the packet's time instead.

#![allow(clippy::disallowed_methods, reason = "this is the clock")]

use super::Timestamp;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Wall time now, as a packet time.
pub fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// A moment of the monotonic clock, to measure from.
pub fn now() -> Instant {
    Instant::now()
}

/// Processor time this program has taken so far, of all its threads; where the system does not tell, the time that has passed since this was
/// asked first.
pub fn busy() -> Duration {
    #[cfg(unix)]
    {
        let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        Duration::new(spent.tv_sec.try_into().unwrap_or(0), spent.tv_nsec.try_into().unwrap_or(0))
    }
    #[cfg(not(unix))]
    {
        static BEGUN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
        BEGUN.elapsed()
    }
}

/// What has passed since `moment`.
pub fn since(moment: Instant) -> Duration {
    moment.elapsed()
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
        Self { every, next: now() + first }
    }

    /// Whether it is due now; the next time counts from the last due time, unless that has passed too.
    pub fn due(&mut self) -> bool {
        let now = now();
        if now < self.next {
            return false;
        }
        self.next = (self.next + self.every).max(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_grows_with_work() {
        let (begun, before) = (now(), busy());
        let mut sum = 0u64;
        while since(begun) < Duration::from_secs(10) && busy() < before + Duration::from_millis(20) {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(1));
        }
        assert!(busy() >= before + Duration::from_millis(20), "{sum}");
    }
}
