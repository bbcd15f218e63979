//! Numbers, times and names as people read them.

use super::{DocumentCell, Room};
use crate::model::text::printable;
pub use crate::model::units::plural;
use crate::model::{Address, Timestamp, units};
use crate::report::document::DocumentColumn;

/// A column of names, cut in the middle where room is scarce.
pub const fn name(head: &'static str) -> DocumentColumn {
    DocumentColumn { head, right: false, room: Room::Cut }
}

/// A text column that keeps its width.
pub const fn word(head: &'static str) -> DocumentColumn {
    DocumentColumn { head, right: false, room: Room::Fixed }
}

/// A last column of sentences, wrapped where room is scarce.
pub const fn prose(head: &'static str) -> DocumentColumn {
    DocumentColumn { head, right: false, room: Room::Wrapped }
}

/// A column of numbers.
pub const fn number(head: &'static str) -> DocumentColumn {
    DocumentColumn { head, right: true, room: Room::Fixed }
}

/// A column of numbers that is left out where room is scarce, larger `order` first.
pub const fn spare(head: &'static str, order: u8) -> DocumentColumn {
    DocumentColumn { head, right: true, room: Room::Dropped(order) }
}

/// A cell of text from anywhere.
pub fn text(text: impl AsRef<str>) -> DocumentCell {
    DocumentCell { text: printable(text.as_ref()).into_owned(), ..DocumentCell::default() }
}

/// A cell with an exact count.
pub fn count(n: u64) -> DocumentCell {
    text(units::grouped(n))
}

/// A cell with an amount of bytes; the unit takes two columns, so that numbers line up.
pub fn bytes(n: u64) -> DocumentCell {
    let (value, prefix) = units::scaled(n as f64);
    text(format!("{value} {prefix:>1}B"))
}

/// A cell with a share and its bar.
pub fn share(part: u64, whole: u64) -> DocumentCell {
    let share = ratio(part, whole);
    DocumentCell { bar: Some(share), ..text(units::percent(share)) }
}

/// A part of a whole, 0 to 1.
pub fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// A moment in UTC to the millisecond.
pub fn moment(time: Timestamp) -> String {
    utc(time, "%Y-%m-%d %H:%M:%S%.3f UTC")
}

/// Beginning and end of an axis in UTC, with their dates where it goes over more than one.
pub fn span_ends(from: Timestamp, to: Timestamp) -> [String; 2] {
    let date = |time| utc(time, "%Y-%m-%d");
    let form = if date(from) == date(to) { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    [from, to].map(|time| utc(time, form))
}

fn utc(time: Timestamp, form: &str) -> String {
    match jiff::Timestamp::from_nanosecond(i128::from(time.0)) {
        Ok(t) => t.strftime(form).to_string(),
        Err(_) => time.to_string(),
    }
}

/// An address and, where there is one, its port: `10.0.0.1:443`, `[2001:db8::1]:443`.
pub fn end(address: Address, port: Option<u16>) -> String {
    // A row that stands for many ports has none of its own.
    match (address, port.filter(|port| *port > 0)) {
        (address, None) => address.to_string(),
        (Address::V6(address), Some(port)) => format!("[{address}]:{port}"),
        (address, Some(port)) => format!("{address}:{port}"),
    }
}

/// Text where columns need not line up: runs of spaces become one.
pub fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_well() {
        assert_eq!(moment(Timestamp(1_700_000_000_123_456_789)), "2023-11-14 22:13:20.123 UTC");
        assert_eq!(end(Address::V6("2001:db8::1".parse().unwrap()), Some(443)), "[2001:db8::1]:443");
        assert_eq!(bytes(60).text, "60  B");
        assert_eq!(bytes(1500).text, "1.50 kB");
        assert_eq!(plural(1, "packet"), "1 packet");
        assert_eq!(share(1, 0).bar, Some(0.0));
        assert!(!moment(Timestamp(i64::MIN)).is_empty());
    }
}
