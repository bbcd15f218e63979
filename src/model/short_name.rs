//! Names for events that are copied.

use std::fmt;

/// A name, as far as it fits, for events that are copied.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShortName {
    bytes: [u8; 46],
    length: u8,
}

impl Default for ShortName {
    fn default() -> Self {
        Self { bytes: [0; 46], length: 0 }
    }
}

impl ShortName {
    /// Its first bytes.
    pub fn new(name: &[u8]) -> Self {
        let mut bytes = [0; 46];
        let length = name.len().min(bytes.len());
        bytes.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
        Self { bytes, length: length as u8 }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

/// Fit to be shown.
impl fmt::Display for ShortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        f.write_str(&super::text::printable(&String::from_utf8_lossy(name)))
    }
}

impl fmt::Debug for ShortName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
