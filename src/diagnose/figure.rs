//! Numbers in texts: a page names its thresholds by placeholders, and they are written from the constants that detectors compare with.

use crate::model::evidence::{Threshold, ThresholdUnit};
use crate::model::units;
use std::fmt;

/// A number that a text names, in its unit.
#[derive(Debug, Clone, Copy)]
pub enum Figure {
    /// A count of things.
    Count(u64),
    /// A share, 0 to 1.
    Share(f64),
    /// A time in seconds.
    Seconds(f64),
    /// A time in nanoseconds.
    Nanos(i64),
    /// A rate in bits per second.
    BitsPerSecond(f64),
    /// How many times as much.
    Times(f64),
    /// A threshold that a user may change: what is in force.
    Tuned(&'static Threshold),
    /// So much of one.
    Part(&'static Threshold, f64),
}

impl Figure {
    /// A value of a threshold.
    pub fn of(threshold: &Threshold, value: f64) -> Self {
        match threshold.unit {
            ThresholdUnit::Count => Figure::Count(value as u64),
            ThresholdUnit::Share => Figure::Share(value),
            ThresholdUnit::Time => Figure::Seconds(value / 1e9),
            ThresholdUnit::Times => Figure::Times(value),
            ThresholdUnit::Rate => Figure::BitsPerSecond(value),
        }
    }
}

/// Without zeros behind the point.
fn short(x: f64) -> String {
    let rounded = format!("{x:.3}");
    rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Figure::Count(n) => f.write_str(&units::grouped(n)),
            Figure::Share(x) => write!(f, "{} %", short(x * 100.0)),
            Figure::Nanos(nanos) => Figure::Seconds(nanos as f64 / 1e9).fmt(f),
            Figure::Seconds(x) if x >= 1.0 => write!(f, "{} s", short(x)),
            Figure::Seconds(x) if x >= 0.001 => write!(f, "{} ms", short(x * 1e3)),
            Figure::Seconds(x) => write!(f, "{} µs", short(x * 1e6)),
            Figure::BitsPerSecond(x) => f.write_str(&units::bits_per_second(x)),
            Figure::Times(x) => f.write_str(&short(x)),
            Figure::Tuned(threshold) => Figure::of(threshold, threshold.value()).fmt(f),
            Figure::Part(threshold, part) => Figure::of(threshold, threshold.value() * part).fmt(f),
        }
    }
}

/// A text with its `{name}`s replaced by the figures of these names.
pub(super) fn filled(text: &str, figures: &[(&str, Figure)]) -> String {
    let mut out = text.to_owned();
    for (name, figure) in figures {
        out = out.replace(&format!("{{{name}}}"), &figure.to_string());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_people_write_them() {
        let figures = [
            ("a", Figure::Share(0.7 * 0.01)),
            ("b", Figure::Share(0.505)),
            ("c", Figure::Count(1_000)),
            ("d", Figure::Seconds(0.2)),
            ("e", Figure::Seconds(0.0001)),
            ("f", Figure::Seconds(90.0)),
            ("g", Figure::BitsPerSecond(1e8)),
            ("h", Figure::Times(10.0)),
            ("i", Figure::Share(0.0005)),
        ];
        let text = filled("{a}, {b}, {c}, {d}, {e}, {f}, {g}, {h}, {i}", &figures);
        assert_eq!(text, "0.7 %, 50.5 %, 1,000, 200 ms, 100 µs, 90 s, 100 Mb/s, 10, 0.05 %");
    }
}
