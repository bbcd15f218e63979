//! What stands in one place of a table.

use super::super::sweeps::MANY_PORTS;
use super::super::{TcpState, Transfer};
use crate::model::path::Layer;
use crate::model::time::SECOND;
use crate::model::{Address, Direction, Path, PathSide, RoundTripFigures, Timestamp, Traffic, TurnFigures, units};
use std::cmp::Ordering;

/// A value, as far as possible without its form: every output writes it in its own way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FieldValue<'a> {
    /// Not known, or of no meaning for this row.
    None,
    /// A whole number: packets, bytes, an identifier.
    Count(u64),
    /// A whole number of things of which there were more than are told apart.
    AtLeast(u64),
    /// Any other number.
    Real(f64),
    /// Yes or no.
    Flag(bool),
    /// One of this program's own words.
    Word(&'static str),
    /// An application that only its port tells: people read it with a `?`.
    Guess(&'static str),
    /// Text from packets, files or the system: every output escapes it.
    Text(&'a str),
    /// An address.
    Address(Address),
    /// An address and its port; in tables of hosts and address pairs the port has no meaning.
    End(Address, u16),
    /// Both ends of a conversation.
    Ends(Ends),
    /// A moment.
    Time(Timestamp),
    /// A length of time in nanoseconds.
    Span(i64),
    /// Several small numbers.
    Numbers(&'a [u16]),
    /// A stack of protocols.
    Path(Path),
    /// One protocol.
    Layer(Layer),
    /// A protocol and the port at which something unknown is spoken: `tcp/9999`.
    PortOf(Layer, u16),
    /// A protocol and how many ports were tried: `tcp, 1,000 ports`.
    Ports(Layer, u32),
    /// The state of a TCP connection.
    State(TcpState),
    /// Round trips of a connection, and in which of its directions its client sends.
    Trips(&'a RoundTripFigures, Direction),
    /// Those of its handshake.
    Handshake(&'a RoundTripFigures, Direction),
    /// Segments that were lost before and beyond the mirrored port, and the half of the path on which nearly all of them were.
    Losses([u64; 2], Option<PathSide>),
    /// Its turns, and whose time they were.
    Turns(TurnFigures),
    /// What its client sent, and its server.
    Transfers([Option<Transfer>; 2]),
    /// Packets and wire bytes in all, and of them those since the previous snapshot.
    Load {
        /// In all.
        total: Traffic,
        /// Since the previous snapshot.
        recent: Traffic,
    },
}

/// Both ends of a conversation, the one that began first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    /// Who began.
    pub first: (Address, u16),
    /// The other.
    pub second: (Address, u16),
    /// Whether the first sent something.
    pub forth: bool,
    /// Whether the second did.
    pub back: bool,
}

impl Ends {
    /// The ends in the order of their addresses and ports.
    fn sorted(&self) -> [(Address, u16); 2] {
        if self.first <= self.second { [self.first, self.second] } else { [self.second, self.first] }
    }
}

impl<'a> FieldValue<'a> {
    /// A word, or nothing.
    pub fn word(word: Option<&'static str>) -> Self {
        word.map_or(FieldValue::None, FieldValue::Word)
    }

    /// Text, or nothing.
    pub fn text(text: Option<&'a str>) -> Self {
        text.map_or(FieldValue::None, FieldValue::Text)
    }

    /// A whole number, or nothing.
    pub fn count(count: Option<u64>) -> Self {
        count.map_or(FieldValue::None, FieldValue::Count)
    }

    /// Text and words as they are.
    pub fn as_text(self) -> Option<&'a str> {
        match self {
            FieldValue::Word(word) | FieldValue::Guess(word) => Some(word),
            FieldValue::Text(text) => Some(text),
            FieldValue::State(state) => Some(state.token()),
            _ => None,
        }
    }

    /// A protocol with its ports, as people read it.
    pub fn ports_text(self) -> Option<String> {
        match self {
            FieldValue::PortOf(layer, port) => Some(format!("{layer}/{port}")),
            FieldValue::Ports(layer, MANY_PORTS) => Some(format!("{layer}, many ports")),
            FieldValue::Ports(layer, ports) => Some(format!("{layer}, {} ports", units::grouped(ports.into()))),
            _ => None,
        }
    }

    /// A length of time in seconds.
    pub fn seconds(self) -> Option<f64> {
        match self {
            FieldValue::Span(nanos) => Some(nanos as f64 / SECOND as f64),
            _ => None,
        }
    }

    /// Yes or no, where known.
    pub fn flag(self) -> Option<bool> {
        match self {
            FieldValue::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    /// Whether there is something.
    pub fn is_some(self) -> bool {
        !matches!(self, FieldValue::None)
    }

    /// How values of one field compare; nothing comes before everything.
    pub fn compare(self, other: FieldValue<'_>) -> Ordering {
        use FieldValue::*;
        match (self, other) {
            (Count(x) | AtLeast(x), Count(y) | AtLeast(y)) => x.cmp(&y),
            (Real(x), Real(y)) => x.total_cmp(&y),
            (Flag(x), Flag(y)) => x.cmp(&y),
            (Address(x), Address(y)) => x.cmp(&y),
            (End(x, p), End(y, q)) => (x, p).cmp(&(y, q)),
            (Ends(x), Ends(y)) => x.sorted().cmp(&y.sorted()),
            (Time(x), Time(y)) => x.cmp(&y),
            (Span(x), Span(y)) => x.cmp(&y),
            (Numbers(x), Numbers(y)) => x.cmp(y),
            (Path(x), Path(y)) => x.cmp(&y),
            (State(x), State(y)) => x.cmp(&y),
            (x, y) => x.as_text().cmp(&y.as_text()).then(x.is_some().cmp(&y.is_some())),
        }
    }
}
