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
}

/// A number that findings are measured with, and that may be changed within bounds.
#[derive(Debug)]
pub struct Threshold {
    /// Its name in a configuration file.
    pub token: &'static str,
    /// What it counts.
    pub unit: ThresholdUnit,
    /// What it is unless told otherwise.
    pub default: f64,
    /// The least it may be.
    pub least: f64,
    /// The most it may be.
    pub most: f64,
    /// What it is, in half a line.
    pub about: &'static str,
    /// The bits of the value in force.
    bits: AtomicU64,
}

impl Threshold {
    const fn new(token: &'static str, unit: ThresholdUnit, [least, default, most]: [f64; 3], about: &'static str) -> Self {
        Self { token, unit, default, least, most, about, bits: AtomicU64::new(default.to_bits()) }
    }

    const fn time(token: &'static str, [least, default, most]: [i64; 3], about: &'static str) -> Self {
        Self::new(token, ThresholdUnit::Time, [least as f64, default as f64, most as f64], about)
    }

    const fn share(token: &'static str, bounds: [f64; 3], about: &'static str) -> Self {
        Self::new(token, ThresholdUnit::Share, bounds, about)
    }

    const fn count(token: &'static str, bounds: [f64; 3], about: &'static str) -> Self {
        Self::new(token, ThresholdUnit::Count, bounds, about)
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
    pub fn nanos(&self) -> i64 {
        self.value() as i64
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
pub static SLOW_REPLY: Threshold =
    Threshold::time("slow_reply", [MILLISECOND, 500 * MILLISECOND, 60 * SECOND], "an answer that takes longer is slow");
/// Time after which an answer is very slow: clients of name servers ask again (1 s on Windows).
pub static VERY_SLOW_REPLY: Threshold =
    Threshold::time("very_slow_reply", [MILLISECOND, SECOND, 600 * SECOND], "an answer that takes longer is very slow");
/// Time from which on an answer by HTTP was held back until there was something to tell: servers hold such requests for 25 s and longer.
pub static LONG_POLL: Threshold =
    Threshold::time("long_poll", [SECOND, 20 * SECOND, 600 * SECOND], "an answer by HTTP that takes longer was held back on purpose");
/// Share of slow answers of a service.
pub static SLOW_SHARE: Threshold = Threshold::share("slow_share", [0.001, 0.05, 1.0], "slow answers of a service, of all its answers");
/// Share of queries without an answer.
pub static UNANSWERED_SHARE: Threshold =
    Threshold::share("unanswered_share", [0.001, 0.05, 1.0], "queries without an answer, of all to a name server");
/// Share of answers that are errors.
pub static FAILING_SHARE: Threshold = Threshold::share("failing_share", [0.001, 0.05, 1.0], "answers of a service that are errors");
/// Share of answers of a web server that are its own errors.
pub static WEB_ERRORS_SHARE: Threshold =
    Threshold::share("web_errors_share", [0.001, 0.02, 1.0], "answers of a web server that are errors of its own (5xx)");
/// Share of segments lost.
pub static LOST_SHARE: Threshold =
    Threshold::share("lost_share", [0.0001, 0.01, 1.0], "segments that had to be sent again as they were lost");
/// Share of segments lost that is critical.
pub static LOST_CRITICAL_SHARE: Threshold = Threshold::share("lost_critical_share", [0.0001, 0.05, 1.0], "the same, where it is critical");
/// Share of connections that are cut off.
pub static CUT_SHARE: Threshold = Threshold::share("cut_share", [0.001, 0.05, 1.0], "connections to a service that end with a reset");
/// Attempts to connect that nothing answers.
pub static SILENT_ATTEMPTS: Threshold = Threshold::count("silent_attempts", [1.0, 3.0, 1e6], "attempts to connect before silence is told");
/// Attempts to connect that are refused.
pub static REFUSED_ATTEMPTS: Threshold =
    Threshold::count("refused_attempts", [1.0, 5.0, 1e6], "attempts to connect before refusals are told");
/// Half-open connections of a flood.
pub static FLOOD_CONNECTIONS: Threshold = Threshold::count("flood_connections", [50.0, 500.0, 1e9], "half-open connections of a SYN flood");
/// Ports of a host that a source must fail at before it scans them (Zeek's default).
pub static SCAN_PORTS: Threshold =
    Threshold::count("scan_ports", [5.0, 15.0, 500.0], "ports of a host that a source fails at when it scans");
/// Hosts that a source must fail at by one port before it scans them (Zeek's default).
pub static SCAN_HOSTS: Threshold =
    Threshold::count("scan_hosts", [5.0, 25.0, 500.0], "hosts that a source fails at by one port when it scans");
/// How long failed attempts of a source belong together (Zeek's default).
pub static SCAN_WINDOW: Threshold =
    Threshold::time("scan_window", [10 * SECOND, 300 * SECOND, 3_600 * SECOND], "how long failed attempts of a source belong together");
/// ARP packets of one station a second that a switch's guard allows (the usual default of dynamic ARP inspection).
pub static ARP_RATE: Threshold = Threshold::count("arp_rate", [1.0, 15.0, 1e6], "ARP packets a second of one station in a storm");
/// ARP packets of a VLAN a second, beyond one for each of its hosts.
pub static ARP_VLAN_RATE: Threshold = Threshold::count("arp_vlan_rate", [10.0, 100.0, 1e6], "ARP packets a second of a VLAN in a storm");
/// Requests for an address in a minute that nothing answers before it is told of.
pub static ARP_REQUESTS: Threshold = Threshold::count("arp_requests", [3.0, 10.0, 1e6], "requests for an address in a minute, in vain");
/// DISCOVERs of one client within a minute that are a flood.
pub static DHCP_FLOOD: Threshold =
    Threshold::count("dhcp_flood", [10.0, 100.0, 1e9], "DISCOVERs of one client in a minute that are a flood");

/// Every threshold that may be changed.
pub static THRESHOLDS: [&Threshold; 20] = [
    &SLOW_REPLY,
    &VERY_SLOW_REPLY,
    &LONG_POLL,
    &SLOW_SHARE,
    &UNANSWERED_SHARE,
    &FAILING_SHARE,
    &WEB_ERRORS_SHARE,
    &LOST_SHARE,
    &LOST_CRITICAL_SHARE,
    &CUT_SHARE,
    &SILENT_ATTEMPTS,
    &REFUSED_ATTEMPTS,
    &FLOOD_CONNECTIONS,
    &SCAN_PORTS,
    &SCAN_HOSTS,
    &SCAN_WINDOW,
    &ARP_RATE,
    &ARP_VLAN_RATE,
    &ARP_REQUESTS,
    &DHCP_FLOOD,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_have_names_bounds_and_defaults_between_them() {
        let mut seen = std::collections::HashSet::new();
        for t in THRESHOLDS {
            assert!(seen.insert(t.token), "{} twice", t.token);
            assert!(t.least < t.default && t.default < t.most && !t.about.is_empty(), "{t:?}");
            assert!(t.unit != ThresholdUnit::Share || t.most <= 1.0, "{t:?}");
        }
        let own = Threshold::count("own", [1.0, 2.0, 3.0], "of this test");
        assert!(!own.set(4.0) && !own.set(f64::NAN) && !own.is_changed());
        assert!(own.set(3.0) && own.is_changed() && own.number() == 3);
    }
}
