//! Times as ISO 8601 has them.

use crate::model::Timestamp;
use crate::model::time::SECOND;

/// `2023-11-14T22:13:20.123456` in UTC, without a zone.
fn date_time(time: Timestamp) -> String {
    let ((year, month, day), seconds) = (time.date(0), time.0.div_euclid(SECOND).rem_euclid(86_400));
    let micros = time.0.rem_euclid(SECOND) / 1_000;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{micros:06}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// As Suricata writes them: `2023-11-14T22:13:20.123456+0000`.
pub fn suricata(time: Timestamp) -> String {
    date_time(time) + "+0000"
}

/// As RFC 3339 has them: `2023-11-14T22:13:20.123456Z`.
pub fn rfc3339(time: Timestamp) -> String {
    date_time(time) + "Z"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let time = Timestamp(1_700_000_000_123_456_789);
        assert_eq!(suricata(time), "2023-11-14T22:13:20.123456+0000");
        assert_eq!(rfc3339(Timestamp(-1)), "1969-12-31T23:59:59.999999Z");
    }
}
