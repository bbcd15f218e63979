//! Numbers whose digits and units line up: the number right-aligned in four cells, the unit in its own narrow column.

use crate::model::time::{SECOND, Timestamp};
use crate::model::units;
use crate::snapshot::Snapshot;
use crate::tui::time_cursor::SETTLED;
use crate::tui::view::Scene;

/// A number and its unit, both of fixed width.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tui) struct Amount {
    /// At most four cells.
    pub number: String,
    /// Always as wide as any of its kind.
    pub unit: String,
    /// Nothing at all: drawn dim.
    pub zero: bool,
}

/// How long after its end a span of a live port is waited for: until its packets are all there and were read again.
const AWAITED: i64 = SETTLED + SECOND;

/// Cells of a rate.
pub(in crate::tui) const RATE: u16 = 9;
/// Cells of an amount of bytes.
pub(in crate::tui) const VOLUME: u16 = 7;
/// Cells of a count.
pub(in crate::tui) const COUNT: u16 = 6;

fn amount(value: f64, unit: &str) -> Amount {
    let (number, prefix) = units::scaled(value);
    Amount { number, unit: format!("{prefix:>1}{unit}"), zero: value <= 0.0 }
}

/// A load: `1.24 Gb/s`, or bytes when the user wants bytes.
pub(in crate::tui) fn rate(scene: &Scene, bits: f64) -> Amount {
    if scene.view.bytes { amount(bits / 8.0, "B/s") } else { amount(bits, "b/s") }
}

/// A packet rate: `12.3 kp/s`.
pub(in crate::tui) fn packet_rate(value: f64) -> Amount {
    amount(value, "p/s")
}

/// An amount of bytes: `1.24 GB`.
pub(in crate::tui) fn volume(bytes: u64) -> Amount {
    amount(bytes as f64, "B")
}

/// A count: `12.3 k`.
pub(in crate::tui) fn count(value: u64) -> Amount {
    amount(value as f64, "")
}

impl Amount {
    /// Number and unit with one space between, the number padded to four cells.
    pub fn text(&self) -> String {
        format!("{:>4} {}", self.number, self.unit)
    }

    /// The same without padding, for running text.
    pub fn plain(&self) -> String {
        format!("{} {}", self.number, self.unit.trim_start()).trim_end().to_owned()
    }
}

/// A load on an axis, without the `/s`: `10 G`.
pub(in crate::tui) fn axis(value: f64) -> String {
    let (number, prefix) = units::scaled(value);
    let number = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.').to_owned() } else { number };
    if prefix.is_empty() { number } else { format!("{number} {prefix}") }
}

/// A share in at most five cells: `100 %`, `49 %`, `4.2 %`, `<.1 %`; ten times and more as such: `270×`.
pub(in crate::tui) fn share(value: f64) -> String {
    let p = if value.is_finite() { value * 100.0 } else { 0.0 };
    if p <= 0.0 {
        "0 %".into()
    } else if p < 0.05 {
        "<.1 %".into()
    } else if p < 9.95 {
        format!("{p:.1} %")
    } else if p >= 999.5 {
        units::scaled(value).0 + units::scaled(value).1 + "×"
    } else {
        format!("{p:.0} %")
    }
}

/// A link speed as people say it: `10 G`, `2.5 G`, `100 M`.
pub(in crate::tui) fn speed(bits_per_second: u64) -> String {
    axis(bits_per_second as f64)
}

/// A time of day `14:02:11`.
pub(in crate::tui) fn time_of_day(at: Timestamp, utc_offset: i64) -> String {
    let s = (at.0.div_euclid(SECOND).saturating_add(utc_offset)).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}

/// A moment of a day to the millisecond: `14:02:11.304`.
pub(in crate::tui) fn moment(at: Timestamp, utc_offset: i64) -> String {
    format!("{}.{:03}", time_of_day(at, utc_offset), at.0.rem_euclid(SECOND) / 1_000_000)
}

/// A date `2026-11-25`.
pub(in crate::tui) fn date(at: Timestamp, utc_offset: i64) -> String {
    let (year, month, day) = at.date(utc_offset);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A zone by its seconds east of UTC: `UTC`, `UTC+1`, `UTC-3:30`.
pub(in crate::tui) fn zone(utc_offset: i64) -> String {
    let (sign, minutes) = (if utc_offset < 0 { '-' } else { '+' }, utc_offset.unsigned_abs() / 60);
    match (minutes / 60, minutes % 60) {
        (0, 0) => "UTC".into(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}

/// From one time to another: `14:02:11 – 14:09:40`, with their dates where these differ: `2026-11-25 14:02 – 2026-11-27 09:30`.
pub(in crate::tui) fn span(first: Timestamp, last: Timestamp, utc_offset: fn(Timestamp) -> i64) -> String {
    let of = |at: Timestamp| {
        let offset = utc_offset(at);
        (date(at, offset), time_of_day(at, offset))
    };
    let ((begins, from), (ends, to)) = (of(first), of(last));
    if begins == ends {
        return format!("{from} – {to}");
    }
    let minutes = |time: &str| time.rsplit_once(':').map_or(String::new(), |(minutes, _)| minutes.to_owned());
    format!("{begins} {} – {ends} {}", minutes(&from), minutes(&to))
}

/// A duration in at most eight cells: `850 µs`, `12.3 ms`, `4.2 s`, `3m 05s`, `2h 07m`, `3d 04h`.
pub(in crate::tui) fn short_duration(seconds: f64) -> String {
    let s = if seconds.is_finite() { seconds.max(0.0) } else { 0.0 };
    let whole = s as u64;
    if s < 60.0 {
        if s >= 1.0 { format!("{s:.1} s") } else { units::duration(s) }
    } else if whole < 3_600 {
        format!("{}m {:02}s", whole / 60, whole % 60)
    } else if whole < 86_400 {
        format!("{}h {:02}m", whole / 3_600, whole % 3_600 / 60)
    } else {
        format!("{}d {:02}h", whole / 86_400, whole % 86_400 / 3_600)
    }
}

/// The time that is shown, in words: `14:02:11.304–14:02:41.304`, its length, and how closely its ends are known.
pub(in crate::tui) fn past(scene: &Scene, snapshot: &Snapshot) -> Option<(String, String)> {
    let shown = snapshot.span.as_ref()?;
    // What its packets will tell in a moment has the ends it was marked with from the beginning.
    let is_awaited = !shown.exact && scene.options.spans.is_some() && scene.base.live && scene.base.now < shown.asked.to.plus(AWAITED);
    let told = if is_awaited { shown.asked } else { shown.span };
    let (from, to) = (told.from, told.to);
    let offset = |at| scene.utc_offset(at);
    let day = |at| date(at, offset(at));
    let whole = from.0.rem_euclid(SECOND) == 0 && to.0.rem_euclid(SECOND) == 0;
    let time = |at| if whole { time_of_day(at, offset(at)) } else { moment(at, offset(at)) };
    let dated = day(from) != day(to) || scene.base.now.since(from) > 86_400 * SECOND;
    let times =
        if dated { span(from, to, scene.options.utc_offset).replace(" – ", "–") } else { format!("{}–{}", time(from), time(to)) };
    let length = short_duration(told.seconds());
    let closely = short_duration(shown.resolution as f64 / SECOND as f64);
    let closely = if shown.exact {
        format!("{length} exactly")
    } else if shown.span != shown.asked && shown.resolution > 0 && shown.resolution < told.length() {
        format!("{length} ± {closely}")
    } else {
        length
    };
    Some((times, closely))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_days_tells_dates_and_each_time_has_its_own_offset() {
        let summer = |at: Timestamp| if at.0 < 1_700_000_000 * SECOND { 7_200 } else { 3_600 };
        let at = |seconds: i64| Timestamp(seconds * SECOND);
        assert_eq!(span(at(1_700_000_000), at(1_700_000_020), |_| 0), "22:13:20 – 22:13:40");
        assert_eq!(span(at(1_700_000_000), at(1_700_259_219), |_| 0), "2023-11-14 22:13 – 2023-11-17 22:13");
        assert_eq!(span(at(1_688_212_800), at(1_688_212_860), summer), "14:00:00 – 14:01:00");
        assert_eq!(span(at(1_700_000_000), at(1_700_259_219), summer), "2023-11-14 23:13 – 2023-11-17 23:13");
    }

    #[test]
    fn widths_are_fixed() {
        for value in [0.0, 1.0, 9.99, 999.4, 999.6, 12_345.0, 9.99e8, 1.24e9, 8.8e12, f64::NAN] {
            assert_eq!(packet_rate(value).text().chars().count(), usize::from(RATE), "{value}");
        }
        for value in [0, 1, 999, 1000, 123_456, u64::MAX] {
            assert_eq!(volume(value).text().chars().count(), usize::from(VOLUME), "{value}");
            assert_eq!(count(value).text().chars().count(), usize::from(COUNT), "{value}");
        }
        for value in [0.0, 0.000_01, 0.0004, 0.001, 0.0994, 0.0996, 0.999, 1.0, 9.99, 9.996, 270.19, 99_999.0, f64::NAN] {
            assert!(share(value).chars().count() <= 5, "{value}");
        }
    }

    #[test]
    fn axis_values_are_round() {
        assert_eq!((axis(1e10), axis(2.5e9), axis(1.5e6), axis(0.0)), ("10 G".into(), "2.5 G".into(), "1.5 M".into(), "0".into()));
        assert_eq!(time_of_day(Timestamp::new(86_400 + 3_661, 5), 0), "01:01:01");
        assert_eq!(time_of_day(Timestamp::new(0, 0), -3_600), "23:00:00");
        assert_eq!(date(Timestamp::new(1_764_072_000, 0), 0), "2025-11-25");
        assert_eq!(date(Timestamp::new(951_782_400, 0), 0), "2000-02-29");
        assert_eq!(date(Timestamp::new(-1, 0), 0), "1969-12-31");
    }
}
