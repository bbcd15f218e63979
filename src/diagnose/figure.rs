//! Numbers in texts: a page names its thresholds by placeholders, and they are written from the constants that detectors compare with.

use crate::model::units;
use std::fmt;

/// A number that a text names, in its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Figure {
    /// A count of things.
    Count(u64),
    /// A share, 0 to 1.
    Share(f64),
    /// A time in seconds.
    Seconds(f64),
    /// A rate in bits per second.
    BitsPerSecond(f64),
    /// How many times as much.
    Times(f64),
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
            Figure::Seconds(x) if x >= 1.0 => write!(f, "{} s", short(x)),
            Figure::Seconds(x) if x >= 0.001 => write!(f, "{} ms", short(x * 1e3)),
            Figure::Seconds(x) => write!(f, "{} µs", short(x * 1e6)),
            Figure::BitsPerSecond(x) => f.write_str(&units::bits_per_second(x)),
            Figure::Times(x) => f.write_str(&short(x)),
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

/// What other wings measure with, as the texts name it; `engine` holds the two to each other.
pub mod measured {
    /// Seconds after which data that was acknowledged and not seen is taken for unseen.
    pub const UNSEEN_AFTER: f64 = 0.2;
    /// Seconds by which a stamp lies before the one before that make a step of the clock.
    pub const STEP_BACK: f64 = 0.01;
    /// Seconds of a window in which rates and losses are compared, and of the longest.
    pub const WINDOWS: [f64; 2] = [0.1, 1.0];
    /// Packets of one side before a conversation's directions are judged.
    pub const ONE_SIDE: u64 = 5;
    /// Payload bytes by which copies are told.
    pub const COMPARED_BYTES: u64 = 64;
    /// Utilisation of the mirror link below which its load is low, and above which it is full.
    pub const LOADS: [f64; 2] = [0.5, 0.95];
    /// Packets of each side before a conversation's loss is judged.
    pub const SETTLED: u64 = 20;
    /// Bits of an address that make a network, for untagged ARP.
    pub const BLOCK_BITS: u64 = 24;
    /// Bytes that encapsulations of a mirror add: the least and the most.
    pub const ENCAPSULATION: [u64; 2] = [38, 62];
    /// Seconds between two packets of LACP, fast and slow (IEEE 802.1AX clause 6.4.4).
    pub const LACP: [f64; 2] = [1.0, 30.0];
    /// Share of the usual packets below which regular senders are silent because nothing is mirrored.
    pub const SILENT: f64 = 0.1;
    /// Seconds of a pause in which nothing arrived, packets that would have come in it, how many times as long as every other it is, and
    /// seconds of traffic besides.
    pub const PAUSE: f64 = 10.0;
    /// See [`PAUSE`].
    pub const PAUSE_MISSED: u64 = 200;
    /// See [`PAUSE`].
    pub const PAUSE_STEADY: f64 = 10.0;
    /// See [`PAUSE`].
    pub const PAUSE_BESIDES: f64 = 30.0;
    /// Bits of the sequence numbers of some switches.
    pub const NARROW_BITS: u64 = 30;
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
