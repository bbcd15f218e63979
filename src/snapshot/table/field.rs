//! One column of a table: how it is read off a row, and how its line in the list says where it stands.

use super::head::{Head, InJson, LAST, OnPaper, OnScreen, Room, Tint, When};
use super::kind::{FieldKind, Layers};
use super::{FieldValue, Getter};
use crate::model::{Address, Timestamp};
use crate::snapshot::TcpState;
use std::cmp::Ordering;

/// A field of rows `R`.
pub struct Field<R> {
    /// What is known without a row.
    pub head: Head,
    /// Reads it off a row.
    pub get: Getter<R>,
}

impl<R> Clone for Field<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Field<R> {}

impl<R> Field<R> {
    /// A field that stands in every output, sorts and is found by the filter.
    pub const fn new(token: &'static str, title: &'static str, kind: FieldKind, get: fn(&R) -> FieldValue<'_>) -> Self {
        Self::with(token, title, kind, Getter::Value(get))
    }

    /// The same with a typed getter: for tables of many rows.
    const fn with(token: &'static str, title: &'static str, kind: FieldKind, get: Getter<R>) -> Self {
        use FieldKind::*;
        let right = matches!(kind, Count | Bytes | Id | Port | Real | Ratio | BitRate | Rate | PacketRate | Percent | Fullness | Span);
        let room = if matches!(kind, Text | Address | End | Ends) { Room::Cut } else { Room::Fixed };
        let searched = matches!(kind, Text | App | Address | End | Ends | Vlans | Path | State | Side);
        let head = Head {
            token,
            title,
            kind,
            layers: Layers::ALL,
            when: When::Always,
            json: InJson::WhenKnown,
            csv: true,
            paper: Some(OnPaper { place: LAST, room, right, optional: false }),
            screen: Some(OnScreen { title: "", width: None, worth: LAST, place: LAST, tint: Tint::Usual }),
            sort: token,
            searched,
            asks: false,
            words: match kind {
                Flag => &["yes", "no"],
                Side => &["inside", "outside"],
                _ => &[],
            },
        };
        Self { head, get }
    }

    /// A whole number: packets.
    pub const fn count(token: &'static str, title: &'static str, get: fn(&R) -> u64) -> Self {
        Self::with(token, title, FieldKind::Count, Getter::Count(get))
    }

    /// An amount of bytes.
    pub const fn bytes(token: &'static str, title: &'static str, get: fn(&R) -> u64) -> Self {
        Self::with(token, title, FieldKind::Bytes, Getter::Count(get))
    }

    /// A number that names something.
    pub const fn id(token: &'static str, title: &'static str, get: fn(&R) -> u64) -> Self {
        Self::with(token, title, FieldKind::Id, Getter::Count(get))
    }

    /// A transport port.
    pub const fn port(token: &'static str, title: &'static str, get: fn(&R) -> u64) -> Self {
        Self::with(token, title, FieldKind::Port, Getter::Count(get))
    }

    /// One of this program's words, or nothing.
    pub const fn word(token: &'static str, title: &'static str, get: fn(&R) -> Option<&'static str>) -> Self {
        Self::with(token, title, FieldKind::Word, Getter::Word(get))
    }

    /// An application or protocol by its token, or nothing.
    pub const fn app(token: &'static str, title: &'static str, get: fn(&R) -> Option<&'static str>) -> Self {
        Self::with(token, title, FieldKind::App, Getter::Word(get))
    }

    /// Text from packets, files or the system, or nothing.
    pub const fn text(token: &'static str, title: &'static str, get: fn(&R) -> Option<&str>) -> Self {
        Self::with(token, title, FieldKind::Text, Getter::Text(get))
    }

    /// An address.
    pub const fn address(token: &'static str, title: &'static str, get: fn(&R) -> Address) -> Self {
        Self::with(token, title, FieldKind::Address, Getter::Address(get))
    }

    /// A moment.
    pub const fn time(token: &'static str, title: &'static str, get: fn(&R) -> Timestamp) -> Self {
        Self::with(token, title, FieldKind::Time, Getter::Time(get))
    }

    /// A length of time in nanoseconds.
    pub const fn span(token: &'static str, title: &'static str, get: fn(&R) -> i64) -> Self {
        Self::with(token, title, FieldKind::Span, Getter::Span(get))
    }

    /// The state of a TCP connection.
    pub const fn state(token: &'static str, title: &'static str, get: fn(&R) -> Option<TcpState>) -> Self {
        Self::with(token, title, FieldKind::State, Getter::State(get))
    }

    /// VLAN identifiers.
    pub const fn vlans(token: &'static str, title: &'static str, get: fn(&R) -> &[u16]) -> Self {
        Self::with(token, title, FieldKind::Vlans, Getter::Numbers(get))
    }

    /// Only in JSON and CSV, where people read the same from another field.
    pub const fn machine(self) -> Self {
        Self { head: Head { paper: None, screen: None, searched: false, ..self.head }, ..self }
    }

    /// Only in text, Markdown, HTML and on screens.
    pub const fn people(self) -> Self {
        Self { head: Head { json: InJson::Never, csv: false, ..self.head }, ..self }
    }

    /// Not in JSON.
    pub const fn no_json(self) -> Self {
        Self { head: Head { json: InJson::Never, ..self.head }, ..self }
    }

    /// Not in CSV.
    pub const fn no_csv(self) -> Self {
        Self { head: Head { csv: false, ..self.head }, ..self }
    }

    /// Not in text, Markdown and HTML.
    pub const fn no_paper(self) -> Self {
        Self { head: Head { paper: None, ..self.head }, ..self }
    }

    /// Not on screens.
    pub const fn no_screen(self) -> Self {
        Self { head: Head { screen: None, ..self.head }, ..self }
    }

    /// `null` in JSON when there is no value.
    pub const fn or_null(self) -> Self {
        Self { head: Head { json: InJson::Always, ..self.head }, ..self }
    }

    /// Where there is no value people read `?`: it could be known.
    pub const fn asks(self) -> Self {
        Self { head: Head { asks: true, ..self.head }, ..self }
    }

    /// It has one of these values: the filter refuses others.
    pub const fn one_of(self, words: &'static [&'static str]) -> Self {
        Self { head: Head { words, ..self.head }, ..self }
    }

    /// Only in these sheets.
    pub const fn of(self, layers: Layers) -> Self {
        Self { head: Head { layers, ..self.head }, ..self }
    }

    /// On screens only while there is a now, or only of files.
    pub const fn when(self, when: When) -> Self {
        Self { head: Head { when, ..self.head }, ..self }
    }

    /// Its column sorts by another field; empty: by none.
    pub const fn sorts(self, token: &'static str) -> Self {
        Self { head: Head { sort: token, ..self.head }, ..self }
    }

    /// The filter does not look into it, or does.
    pub const fn searched(self, searched: bool) -> Self {
        Self { head: Head { searched, ..self.head }, ..self }
    }

    /// Its place among the columns of a report, and what it does when a line is too narrow.
    pub const fn paper(self, place: u8, room: Room) -> Self {
        let right = matches!(self.head.paper, Some(OnPaper { right: true, .. }));
        Self { head: Head { paper: Some(OnPaper { place, room, right, optional: false }), ..self.head }, ..self }
    }

    /// In reports it is left out when no row shown has a value.
    pub const fn optional(self) -> Self {
        let paper = match self.head.paper {
            Some(paper) => Some(OnPaper { optional: true, ..paper }),
            None => None,
        };
        Self { head: Head { paper, ..self.head }, ..self }
    }

    /// In reports it stands at the left edge.
    pub const fn left(self) -> Self {
        let paper = match self.head.paper {
            Some(paper) => Some(OnPaper { right: false, ..paper }),
            None => None,
        };
        Self { head: Head { paper, ..self.head }, ..self }
    }

    /// Its place among the columns of a screen, its title there, and what it is worth when there is little room.
    pub const fn screen(self, place: u8, title: &'static str, worth: u8) -> Self {
        Self { head: Head { screen: Some(OnScreen { title, width: None, worth, place, tint: Tint::Usual }), ..self.head }, ..self }
    }

    /// Cells its column on a screen needs, and can use.
    pub const fn wide(self, least: u16, most: u16) -> Self {
        let screen = match self.head.screen {
            Some(screen) => Some(OnScreen { width: Some((least, most)), ..screen }),
            None => None,
        };
        Self { head: Head { screen, ..self.head }, ..self }
    }

    /// Its colour on a screen.
    pub const fn tint(self, tint: Tint) -> Self {
        let screen = match self.head.screen {
            Some(screen) => Some(OnScreen { tint, ..screen }),
            None => None,
        };
        Self { head: Head { screen, ..self.head }, ..self }
    }

    /// The value of a row.
    pub fn value<'a>(&self, row: &'a R) -> FieldValue<'a> {
        self.get.value(row)
    }

    /// A number that orders rows by this field, nothing before everything; 0 where its values are no amounts.
    pub fn rank(&self, row: &R) -> u64 {
        self.get.rank(self.head.kind, row)
    }

    /// How two rows compare by this field.
    pub fn compare(&self, x: &R, y: &R) -> Ordering {
        if self.head.kind.is_amount() { self.rank(x).cmp(&self.rank(y)) } else { self.value(x).compare(self.value(y)) }
    }
}
