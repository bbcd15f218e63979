//! One column of a table: its token, title, kind and unit, how it is read off a row, and in which outputs it stands.

use super::Value;

/// What a field holds. Outputs choose alignment, width, colour and form by it, the filter its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Count,
    /// An amount of bytes.
    Bytes,
    /// A number that names something: a VLAN, a session.
    Id,
    /// A transport port.
    Port,
    /// Any other number.
    Real,
    /// A part of a whole, 0 to 1.
    Ratio,
    /// Bits per second.
    BitRate,
    /// Load: bits per second now, of a file the bytes in all.
    Rate,
    /// Packets per second now.
    PacketRate,
    /// The part of all bytes, with a bar.
    Share,
    /// The part of all bytes as a number.
    Percent,
    /// Yes or no.
    Flag,
    /// One of this program's words.
    Word,
    /// Text from packets, files or the system.
    Text,
    /// A protocol or an application by its token.
    App,
    /// The state of a TCP connection.
    State,
    /// An address.
    Address,
    /// Who made the interface of a MAC address.
    Maker,
    /// Inside or outside of the local networks.
    Side,
    /// An address and port.
    End,
    /// Both ends of a conversation.
    Ends,
    /// VLAN identifiers.
    Vlans,
    /// A moment.
    Time,
    /// A length of time.
    Span,
    /// A stack of protocols.
    Path,
}

impl Kind {
    /// The unit of the numbers in JSON, CSV and exports; empty where there is none.
    pub fn unit(self) -> &'static str {
        match self {
            Kind::Bytes => "bytes",
            Kind::Span | Kind::Time => "seconds",
            Kind::Rate | Kind::BitRate => "bits per second",
            Kind::PacketRate => "packets per second",
            _ => "",
        }
    }

    /// Whether its values are amounts: they stand at the right and sort from the largest.
    pub fn is_amount(self) -> bool {
        use Kind::*;
        matches!(self, Count | Bytes | Id | Port | Real | Ratio | BitRate | Rate | PacketRate | Percent | Share | Span | Time)
    }

    /// Whether a word of the filter looks into its text.
    pub fn is_searched(self) -> bool {
        use Kind::*;
        matches!(self, Text | App | Address | End | Ends | Vlans | Path)
    }
}

/// Kinds of rows a table can have, as a set: which of its sheets a field belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layers(u8);

impl Layers {
    /// MAC addresses.
    pub const ETH: Self = Self(1);
    /// IPv4 addresses.
    pub const IP: Self = Self(2);
    /// IPv6 addresses.
    pub const IPV6: Self = Self(4);
    /// TCP.
    pub const TCP: Self = Self(8);
    /// UDP.
    pub const UDP: Self = Self(16);
    /// SCTP.
    pub const SCTP: Self = Self(32);
    /// Everything with ports.
    pub const PORTS: Self = Self(8 | 16 | 32);
    /// Addresses of the network layer.
    pub const ADDRESSES: Self = Self(2 | 4);
    /// Every kind.
    pub const ALL: Self = Self(63);

    /// Both together.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the two have one in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// When a column stands on a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// While packets come from a port: there is a now.
    Live,
    /// Of a file.
    File,
}

/// How a column of a text report behaves when a line is too narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It keeps its width.
    Fixed,
    /// Its cells are cut in the middle.
    Cut,
    /// Its cells are wrapped; only for the last column.
    Wrapped,
    /// It is left out; the largest number goes first.
    Dropped(u8),
}

/// What a column on a screen is coloured as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tint {
    /// As its kind is.
    Usual,
    /// As the application or protocol of its row.
    App,
    /// Of less weight.
    Dim,
    /// Sent.
    Out,
    /// Received.
    In,
    /// Peaks.
    High,
}

/// Places count from 0; a field that says nothing stands behind those that do, in the order of the list.
pub(super) const LAST: u8 = 50;

/// A column of the reports for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnPaper {
    /// Columns stand in this order.
    pub place: u8,
    /// What it does when a line is too narrow.
    pub room: Room,
    /// Numbers stand at the right edge.
    pub right: bool,
    /// Left out when no row shown has a value.
    pub optional: bool,
}

/// A column of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnScreen {
    /// Its title; empty: the field's own in lower case.
    pub title: &'static str,
    /// Cells it needs and can use; `None`: as usual for its kind.
    pub width: Option<(u16, u16)>,
    /// Columns with larger numbers go first when there is no room.
    pub worth: u8,
    /// Columns stand in this order.
    pub place: u8,
    /// Colour.
    pub tint: Tint,
}

/// What JSON does with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InJson {
    /// It has no such member.
    Never,
    /// The member is left out when there is no value.
    WhenKnown,
    /// The member is `null` when there is no value.
    Always,
}

/// What is to be known of a field without its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its name in JSON, CSV, exports, sorting and the filter: lower case with underscores, unique in its table.
    pub token: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Sheets it belongs to.
    pub layers: Layers,
    /// When it stands on a screen.
    pub when: When,
    /// In JSON.
    pub json: InJson,
    /// In CSV.
    pub csv: bool,
    /// In text, Markdown and HTML.
    pub paper: Option<OnPaper>,
    /// On screens.
    pub screen: Option<OnScreen>,
    /// The field that its column sorts by; empty: none.
    pub sort: &'static str,
    /// Whether a word of the filter looks into it.
    pub searched: bool,
}

/// A field of rows `R`.
pub struct Field<R> {
    /// What is known without a row.
    pub head: Head,
    /// Reads it off a row.
    pub get: fn(&R) -> Value<'_>,
}

impl<R> Clone for Field<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Field<R> {}

impl<R> Field<R> {
    /// A field that stands in every output, sorts and is found by the filter.
    pub const fn new(token: &'static str, title: &'static str, kind: Kind, get: fn(&R) -> Value<'_>) -> Self {
        use Kind::*;
        let right = matches!(kind, Count | Bytes | Id | Port | Real | Ratio | BitRate | Rate | PacketRate | Percent | Span);
        let room = if matches!(kind, Text | Address | End | Ends) { Room::Cut } else { Room::Fixed };
        let searched = matches!(kind, Text | App | Address | End | Ends | Vlans | Path);
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
        };
        Self { head, get }
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

    /// A number that orders rows by this field, nothing before everything; 0 where its values are no amounts.
    pub fn rank(&self, row: &R) -> u64 {
        rank(self.head.kind, (self.get)(row))
    }
}

fn rank(kind: Kind, value: Value<'_>) -> u64 {
    // A signed number as an unsigned one of the same order.
    let ordered = |n: i64| n as u64 ^ 1 << 63;
    match value {
        Value::Count(n) => n.saturating_add(1),
        Value::Span(n) => ordered(n).saturating_add(1),
        Value::Time(t) => ordered(t.0).saturating_add(1),
        Value::Real(x) => {
            let bits = x.to_bits() as i64;
            ordered(bits ^ ((bits >> 63) as u64 >> 1) as i64).saturating_add(1)
        }
        Value::Load { total, recent } => match kind {
            Kind::PacketRate => recent.packets,
            Kind::Rate => recent.wire_bytes,
            _ => total.wire_bytes,
        },
        _ => 0,
    }
}

impl<R> Field<R> {
    /// How two rows compare by this field.
    pub fn compare(&self, x: &R, y: &R) -> std::cmp::Ordering {
        if self.head.kind.is_amount() { self.rank(x).cmp(&self.rank(y)) } else { (self.get)(x).compare((self.get)(y)) }
    }
}
