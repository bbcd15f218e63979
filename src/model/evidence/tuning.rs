//! Thresholds that a user may change: values with a default and bounds, of which detectors measure and the texts of `explain` are written.
//!
//! They are set once, before anything is measured, and never again: what was judged by one value is not compared with another. That is why
//! they may stand in one place for the whole program and need not be handed from wing to wing.

use crate::model::time::{MILLISECOND, SECOND};
use std::sync::atomic::{AtomicU64, Ordering};

/// What a threshold counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThresholdUnit {
    /// Things.
    Count,
    /// A part of a whole, 0 to 1.
    Share,
    /// Nanoseconds.
    Time,
    /// How many times as much.
    Times,
    /// Bits a second.
    Rate,
}

/// A number that findings are measured with, and that may be changed within bounds. Pages of findings name them: a finding's identifier and the
/// name that its texts use are its key in a configuration file (`tcp.loss.lost`).
#[derive(Debug)]
pub struct Threshold {
    /// What it counts.
    pub unit: ThresholdUnit,
    /// What it is unless told otherwise.
    pub default: f64,
    /// The least it may be.
    pub least: f64,
    /// The most it may be.
    pub most: f64,
    /// The bits of the value in force.
    bits: AtomicU64,
}

/// A day.
const DAY: f64 = 86_400e9;

const fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

const fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

impl Threshold {
    const fn new(unit: ThresholdUnit, default: f64, [least, most]: [f64; 2]) -> Self {
        Self { unit, default, least, most, bits: AtomicU64::new(default.to_bits()) }
    }

    /// Things.
    pub const fn count(default: f64) -> Self {
        Self::new(ThresholdUnit::Count, default, [smaller(1.0, default), larger(1e3, default * 1e3)])
    }

    /// A part of a whole.
    pub const fn share(default: f64) -> Self {
        Self::new(ThresholdUnit::Share, default, [default / 1e3, 1.0])
    }

    /// How many times as much.
    pub const fn times(default: f64) -> Self {
        Self::new(ThresholdUnit::Times, default, [default / 100.0, default * 100.0])
    }

    /// Bits a second.
    pub const fn rate(default: f64) -> Self {
        Self::new(ThresholdUnit::Rate, default, [default / 1e3, default * 1e3])
    }

    /// Nanoseconds.
    pub const fn nanos(default: f64) -> Self {
        Self::new(ThresholdUnit::Time, default, [larger(default / 1e3, 1.0), larger(smaller(default * 1e3, DAY), 10.0 * default)])
    }

    /// A time that is given in seconds.
    pub const fn seconds(default: f64) -> Self {
        Self::nanos(default * 1e9)
    }

    /// With bounds of its own.
    const fn within(self, least: f64, most: f64) -> Self {
        Self::new(self.unit, self.default, [least, most])
    }

    /// The value in force, in its unit.
    pub fn value(&self) -> f64 {
        f64::from_bits(self.bits.load(Ordering::Relaxed))
    }

    /// The value in force as a number of things.
    pub fn number(&self) -> u64 {
        self.value() as u64
    }

    /// The value in force in nanoseconds.
    pub fn in_nanos(&self) -> i64 {
        self.value() as i64
    }

    /// The value in force in seconds.
    pub fn in_seconds(&self) -> f64 {
        self.value() / 1e9
    }

    /// Whether it is not what it is by itself.
    pub fn is_changed(&self) -> bool {
        self.value() != self.default
    }

    /// Changes it, before anything is measured; false when the value lies outside its bounds, and then nothing has changed.
    pub fn set(&self, value: f64) -> bool {
        let fits = value >= self.least && value <= self.most;
        if fits {
            self.bits.store(value.to_bits(), Ordering::Relaxed);
        }
        fits
    }
}

/// Time beyond the round trip to the server after which an answer is slow: people notice.
pub static SLOW_REPLY: Threshold = Threshold::nanos((500 * MILLISECOND) as f64).within(MILLISECOND as f64, (60 * SECOND) as f64);
/// Time after which an answer is very slow: clients of name servers ask again (1 s on Windows).
pub static VERY_SLOW_REPLY: Threshold = Threshold::nanos(SECOND as f64).within(MILLISECOND as f64, (600 * SECOND) as f64);
/// Time from which on an answer by HTTP was held back until there was something to tell: servers hold such requests for 25 s and longer.
pub static LONG_POLL: Threshold = Threshold::nanos((20 * SECOND) as f64).within(SECOND as f64, (600 * SECOND) as f64);
/// Share of slow answers of a service.
pub static SLOW_SHARE: Threshold = Threshold::share(0.05).within(0.001, 1.0);
/// Share of queries without an answer.
pub static UNANSWERED_SHARE: Threshold = Threshold::share(0.05).within(0.001, 1.0);
/// Share of answers that are errors.
pub static FAILING_SHARE: Threshold = Threshold::share(0.05).within(0.001, 1.0);
/// Share of answers of a web server that are its own errors.
pub static WEB_ERRORS_SHARE: Threshold = Threshold::share(0.02).within(0.001, 1.0);
/// Share of segments lost.
pub static LOST_SHARE: Threshold = Threshold::share(0.01).within(0.0001, 1.0);
/// Share of segments lost that is critical.
pub static LOST_CRITICAL_SHARE: Threshold = Threshold::share(0.05).within(0.0001, 1.0);
/// Share of connections that are cut off.
pub static CUT_SHARE: Threshold = Threshold::share(0.05).within(0.001, 1.0);
/// Attempts to connect that nothing answers.
pub static SILENT_ATTEMPTS: Threshold = Threshold::count(3.0).within(1.0, 1e6);
/// Attempts to connect that are refused.
pub static REFUSED_ATTEMPTS: Threshold = Threshold::count(5.0).within(1.0, 1e6);
/// Half-open connections of a flood.
pub static FLOOD_CONNECTIONS: Threshold = Threshold::count(500.0).within(50.0, 1e9);
/// Ports of a host that a source must fail at before it scans them (Zeek's default).
pub static SCAN_PORTS: Threshold = Threshold::count(15.0).within(5.0, 500.0);
/// Hosts that a source must fail at by one port before it scans them (Zeek's default).
pub static SCAN_HOSTS: Threshold = Threshold::count(25.0).within(5.0, 500.0);
/// How long failed attempts of a source belong together (Zeek's default).
pub static SCAN_WINDOW: Threshold = Threshold::nanos((300 * SECOND) as f64).within((10 * SECOND) as f64, (3_600 * SECOND) as f64);
/// ARP packets of one station a second that a switch's guard allows (the usual default of dynamic ARP inspection).
pub static ARP_RATE: Threshold = Threshold::count(15.0).within(1.0, 1e6);
/// ARP packets of a VLAN a second, beyond one for each of its hosts.
pub static ARP_VLAN_RATE: Threshold = Threshold::count(100.0).within(10.0, 1e6);
/// Requests for an address in a minute that nothing answers before it is told of.
pub static ARP_REQUESTS: Threshold = Threshold::count(10.0).within(3.0, 1e6);
/// DISCOVERs of one client within a minute that are a flood.
pub static DHCP_FLOOD: Threshold = Threshold::count(100.0).within(10.0, 1e9);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_stay_within_their_bounds() {
        let own = Threshold::count(2.0).within(1.0, 3.0);
        assert!(!own.set(4.0) && !own.set(f64::NAN) && !own.is_changed());
        assert!(own.set(3.0) && own.is_changed() && own.number() == 3);
        for t in [Threshold::count(0.0), Threshold::share(1.0), Threshold::times(3.0), Threshold::nanos(60e9), Threshold::seconds(0.2)] {
            assert!(t.least <= t.default && t.default <= t.most && t.least < t.most, "{t:?}");
        }
        assert_eq!((Threshold::seconds(0.2).in_nanos(), Threshold::nanos(5e8).in_seconds()), (200_000_000, 0.5));
    }
}
