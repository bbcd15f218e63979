//! Packet time: nanoseconds since 1970-01-01T00:00:00Z.

use std::fmt;

/// A packet's time stamp in nanoseconds since the Unix epoch (leap seconds ignored, as in every capture format).
///
/// Covers 1677 to 2262; stamps beyond that (damaged pcapng files) saturate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// What a packet carries that was recorded without a time (pcapng's simple packet blocks).
    pub const UNKNOWN: Timestamp = Timestamp(i64::MIN);
}

/// Nanoseconds in one second.
pub const SECOND: i64 = 1_000_000_000;
/// Nanoseconds in one millisecond.
pub const MILLISECOND: i64 = 1_000_000;

impl Timestamp {
    /// From whole seconds and nanoseconds, saturating.
    pub fn new(seconds: i64, nanos: i64) -> Self {
        Self(seconds.saturating_mul(SECOND).saturating_add(nanos))
    }

    /// Nanoseconds from `earlier` to `self`, saturating; negative when `self` is earlier.
    pub fn since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Seconds from `earlier` to `self` as a float.
    pub fn seconds_since(self, earlier: Timestamp) -> f64 {
        self.since(earlier) as f64 / SECOND as f64
    }

    /// This time plus `nanos`, saturating.
    #[must_use]
    pub fn plus(self, nanos: i64) -> Self {
        Self(self.0.saturating_add(nanos))
    }
}

/// Seconds since 1970 with exactly nine decimals (`1700000000.000000001`), the form of the JSON report.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:09}", magnitude / SECOND as u64, magnitude % SECOND as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_decimals() {
        assert_eq!(Timestamp(1_700_000_000_000_000_001).to_string(), "1700000000.000000001");
        assert_eq!(Timestamp::new(5, 20).to_string(), "5.000000020");
        assert_eq!(Timestamp(-1).to_string(), "-0.000000001");
    }
}
