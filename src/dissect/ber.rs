//! Elements of the basic encoding rules (X.690) with one byte of tag, read in place.

/// An element: its tag and what is there of its contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// Class, form and number.
    pub tag: u8,
    /// Its contents, as far as they are there.
    pub inner: &'a [u8],
    /// Bytes of tag and length.
    pub head: usize,
    /// Bytes of the contents as their length says.
    pub length: usize,
}

impl Element<'_> {
    /// Bytes of all of it.
    pub fn size(&self) -> usize {
        self.head.saturating_add(self.length)
    }

    /// Its value as a number: of at most eight bytes, the sign kept.
    pub fn number(&self) -> Option<i64> {
        let first = *self.inner.first()?;
        if self.inner.len() > 8 || self.inner.len() != self.length {
            return None;
        }
        let start = if first & 0x80 != 0 { -1 } else { 0 };
        Some(self.inner.iter().fold(start, |n: i64, b| n << 8 | i64::from(*b)))
    }
}

/// The element that begins here. Lengths of up to four bytes.
pub fn element(bytes: &[u8]) -> Option<Element<'_>> {
    let [tag, first] = *bytes.first_chunk()?;
    let (head, length) = match first {
        0..=0x7f => (2, usize::from(first)),
        0x81..=0x84 => {
            let digits = bytes.get(2..2 + usize::from(first & 0x7f))?;
            (2 + digits.len(), digits.iter().fold(0usize, |n, b| n << 8 | usize::from(*b)))
        }
        _ => return None,
    };
    let rest = bytes.get(head..)?;
    Some(Element { tag, inner: rest.get(..length.min(rest.len()))?, head, length })
}

/// The elements behind each other, as far as they are whole but for the last.
pub fn elements(mut bytes: &[u8]) -> impl Iterator<Item = Element<'_>> {
    std::iter::from_fn(move || {
        let next = element(bytes)?;
        bytes = bytes.get(next.size()..).unwrap_or_default();
        Some(next)
    })
    .take(64)
}

/// The contents of the first element of this tag among those behind each other.
pub fn find(bytes: &[u8], tag: u8) -> Option<Element<'_>> {
    elements(bytes).find(|e| e.tag == tag)
}
