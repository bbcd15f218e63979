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
/// Nanoseconds of a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Nanoseconds of a day.
pub const DAY: i64 = 24 * 60 * MINUTE;
/// Nanoseconds in one millisecond.
pub const MILLISECOND: i64 = 1_000_000;

/// Nanoseconds in a microsecond.
pub const MICROSECOND: i64 = 1_000;

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

impl Timestamp {
    /// Year, month and day so many seconds east of UTC, in the proleptic Gregorian calendar: counted in eras of 400 years from 1 March of the year
    /// 0 (Hinnant, "chrono-compatible low-level date algorithms").
    pub fn date(self, utc_offset: i64) -> (i64, i64, i64) {
        let days = self.0.div_euclid(SECOND).saturating_add(utc_offset).div_euclid(86_400) + 719_468;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let from_march = (5 * of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        (year + era * 400 + i64::from(month <= 2), month, of_year - (153 * from_march + 2) / 5 + 1)
    }

    /// Date and time of day in UTC, to the millisecond where it is no whole second: `2023-11-14 22:13:20.123 UTC`.
    pub fn utc(self) -> String {
        let (seconds, nanos) = (self.0.div_euclid(SECOND), self.0.rem_euclid(SECOND));
        let ((year, month, day), of_day) = (self.date(0), seconds.rem_euclid(86_400));
        let part = if nanos == 0 { String::new() } else { format!(".{:03}", nanos / MILLISECOND) };
        format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}{part} UTC", of_day / 3_600, of_day / 60 % 60, of_day % 60)
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
    fn dates() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_700_000_000, "2023-11-14 22:13:20 UTC"),
            (1_483_025_213, "2016-12-29 15:26:53 UTC"),
            (4_107_542_399, "2100-02-28 23:59:59 UTC"),
            (-1, "1969-12-31 23:59:59 UTC"),
        ] {
            assert_eq!(Timestamp::new(seconds, 0).utc(), text);
        }
        assert_eq!(Timestamp(1_700_000_025_050_000_000).utc(), "2023-11-14 22:13:45.050 UTC");
        assert_eq!(Timestamp(i64::MIN).utc(), "1677-09-21 00:12:43.145 UTC");
    }

    #[test]
    fn nine_decimals() {
        assert_eq!(Timestamp(1_700_000_000_000_000_001).to_string(), "1700000000.000000001");
        assert_eq!(Timestamp::new(5, 20).to_string(), "5.000000020");
        assert_eq!(Timestamp(-1).to_string(), "-0.000000001");
    }
}
