//! What a word of the filter is found in: the text of values, written without an allocation.

use super::addresses;
use crate::model::path::Layer;
use crate::model::{Address, Path};
use crate::snapshot::table::FieldValue;
use std::fmt::{self, Write};

/// Whether the text of a value contains this, in lower case.
pub(super) fn contains(value: FieldValue<'_>, needle: &str) -> bool {
    match value {
        FieldValue::Word(word) | FieldValue::Guess(word) => word.contains(needle),
        FieldValue::Text(text) => text.contains(needle) || text.to_lowercase().contains(needle),
        FieldValue::Path(path) => path_contains(path, needle),
        FieldValue::State(state) => state.token().contains(needle),
        FieldValue::Numbers(ids) => ids.iter().any(|id| Line::of(id).contains(needle)),
        value => addresses(value).iter().flatten().any(|&(address, port)| end_contains(address, port, needle)),
    }
}

/// Whether an address, with its port where it has one, contains this.
fn end_contains(address: Address, port: u16, needle: &str) -> bool {
    let mut line = Line::default();
    let written = match (address, port) {
        (_, 0) => write!(line, "{address}"),
        (Address::V6(_), _) => write!(line, "[{address}]:{port}"),
        _ => write!(line, "{address}:{port}"),
    };
    written.is_ok() && line.contains(needle)
}

/// Whether the text of one of its layers contains this.
pub(super) fn path_contains(path: Path, needle: &str) -> bool {
    path.layers().any(|layer| match layer {
        Layer::Known(proto) => proto.token().contains(needle),
        number => Line::of(&number).contains(needle),
    })
}

/// A short text on the stack: the longest address with its port has 54 bytes. What does not fit is an error of writing.
pub(super) struct Line {
    bytes: [u8; 64],
    length: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self { bytes: [0; 64], length: 0 }
    }
}

impl Line {
    /// The text of a value, cut where it does not fit.
    pub(super) fn of(value: &dyn fmt::Display) -> Self {
        let mut line = Self::default();
        let _ = write!(line, "{value}");
        line
    }

    fn text(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    fn contains(&self, needle: &str) -> bool {
        self.text().contains(needle)
    }

    pub(super) fn is(&self, word: &str) -> bool {
        self.text() == word
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
