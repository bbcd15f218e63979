//! How a field is read off a row. Getters are typed: who sorts or writes a million rows is handed numbers, and nobody makes a [`FieldValue`] of
//! 40 bytes on the way.

use super::{FieldKind, FieldValue};
use crate::model::{Address, Timestamp};
use crate::snapshot::TcpState;

/// Reads a field off a row `R`.
pub enum Getter<R> {
    /// A whole number.
    Count(fn(&R) -> u64),
    /// One of this program's own words, or nothing.
    Word(fn(&R) -> Option<&'static str>),
    /// Text from packets, files or the system, or nothing.
    Text(fn(&R) -> Option<&str>),
    /// An address.
    Address(fn(&R) -> Address),
    /// A moment.
    Time(fn(&R) -> Timestamp),
    /// A length of time in nanoseconds.
    Span(fn(&R) -> i64),
    /// The state of a TCP connection, where it has one.
    State(fn(&R) -> Option<TcpState>),
    /// Several small numbers.
    Numbers(fn(&R) -> &[u16]),
    /// Anything else.
    Value(fn(&R) -> FieldValue<'_>),
}

/// A length of time that is not known.
pub const NO_SPAN: i64 = i64::MIN;

impl<R> Clone for Getter<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Getter<R> {}

/// Takes the cells of a row as they are read off it, each by its place among the fields asked for. What is not overridden comes as a
/// [`FieldValue`]; nothing there is [`FieldValue::None`].
pub trait Cells {
    /// Any value.
    fn value(&mut self, place: usize, value: FieldValue<'_>);

    /// A whole number.
    fn count(&mut self, place: usize, count: u64) {
        self.value(place, FieldValue::Count(count));
    }

    /// One of this program's own words.
    fn word(&mut self, place: usize, word: &'static str) {
        self.value(place, FieldValue::Word(word));
    }

    /// An address.
    fn address(&mut self, place: usize, address: Address) {
        self.value(place, FieldValue::Address(address));
    }

    /// A moment.
    fn time(&mut self, place: usize, time: Timestamp) {
        self.value(place, FieldValue::Time(time));
    }

    /// A length of time in nanoseconds.
    fn span(&mut self, place: usize, nanos: i64) {
        self.value(place, FieldValue::Span(nanos));
    }

    /// Nothing.
    fn none(&mut self, place: usize) {
        self.value(place, FieldValue::None);
    }
}

impl<R> Getter<R> {
    /// The value of a row.
    pub fn value<'a>(&self, row: &'a R) -> FieldValue<'a> {
        match self {
            Getter::Count(get) => FieldValue::Count(get(row)),
            Getter::Word(get) => FieldValue::word(get(row)),
            Getter::Text(get) => FieldValue::text(get(row)),
            Getter::Address(get) => FieldValue::Address(get(row)),
            Getter::Time(get) => Some(get(row)).filter(|time| *time != Timestamp::UNKNOWN).map_or(FieldValue::None, FieldValue::Time),
            Getter::Span(get) => Some(get(row)).filter(|span| *span != NO_SPAN).map_or(FieldValue::None, FieldValue::Span),
            Getter::State(get) => get(row).map_or(FieldValue::None, FieldValue::State),
            Getter::Numbers(get) => FieldValue::Numbers(get(row)),
            Getter::Value(get) => get(row),
        }
    }

    /// Hands the value of a row on.
    #[inline]
    pub(super) fn put(&self, row: &R, place: usize, out: &mut dyn Cells) {
        match self {
            Getter::Count(get) => out.count(place, get(row)),
            Getter::Word(get) => match get(row) {
                Some(word) => out.word(place, word),
                None => out.none(place),
            },
            Getter::State(get) => match get(row) {
                Some(state) => out.word(place, state.token()),
                None => out.none(place),
            },
            Getter::Text(get) => match get(row) {
                Some(text) => out.value(place, FieldValue::Text(text)),
                None => out.none(place),
            },
            Getter::Address(get) => out.address(place, get(row)),
            Getter::Time(get) => match get(row) {
                Timestamp::UNKNOWN => out.none(place),
                time => out.time(place, time),
            },
            Getter::Span(get) => match get(row) {
                NO_SPAN => out.none(place),
                nanos => out.span(place, nanos),
            },
            Getter::Numbers(get) => out.value(place, FieldValue::Numbers(get(row))),
            Getter::Value(get) => out.value(place, get(row)),
        }
    }

    /// A number that orders rows by this field of a kind, nothing before everything; 0 where its values are no amounts.
    #[inline]
    pub(super) fn rank(&self, kind: FieldKind, row: &R) -> u64 {
        match self {
            Getter::Count(get) => get(row).saturating_add(1),
            Getter::Time(get) => ordered(get(row).0).saturating_add(1),
            Getter::Span(get) => ordered(get(row)).saturating_add(1),
            Getter::Value(get) => match get(row) {
                FieldValue::Count(n) | FieldValue::AtLeast(n) => n.saturating_add(1),
                FieldValue::Span(n) => ordered(n).saturating_add(1),
                FieldValue::Time(t) => ordered(t.0).saturating_add(1),
                FieldValue::Real(x) => {
                    let bits = x.to_bits() as i64;
                    ordered(bits ^ ((bits >> 63) as u64 >> 1) as i64).saturating_add(1)
                }
                FieldValue::Load { total, recent } => match kind {
                    FieldKind::PacketRate => recent.packets,
                    FieldKind::PacketShare => total.packets,
                    FieldKind::Rate => recent.wire_bytes,
                    _ => total.wire_bytes,
                },
                _ => 0,
            },
            _ => 0,
        }
    }
}

/// A signed number as an unsigned one of the same order.
fn ordered(n: i64) -> u64 {
    n as u64 ^ 1 << 63
}
