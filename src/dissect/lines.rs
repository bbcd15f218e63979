//! Lines of text protocols, cut out of a stream: whole ones are read where they are, the front of an incomplete one is held.

use super::DissectOutput;

/// Bytes of a line that are read; what is longer is cut there.
const LINE_BYTES: usize = 2048;

/// The lines of one direction.
#[derive(Debug, Default)]
pub struct TextLines {
    /// The front of a line that is not complete.
    held: Vec<u8>,
}

impl TextLines {
    /// Cuts the next line off `rest` and shows it to `read`, without its end; `None` when it is not complete, of which the front is now held.
    pub fn next<T>(
        &mut self,
        rest: &mut &[u8],
        out: &mut DissectOutput<'_>,
        read: impl FnOnce(&[u8], &mut DissectOutput<'_>) -> T,
    ) -> Option<T> {
        let end = rest.iter().position(|&b| b == b'\n');
        let (now, after) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
        *rest = after;
        if self.held.is_empty() && end.is_some() {
            return Some(read(trimmed(now), out));
        }
        let wanted = now.get(..LINE_BYTES.saturating_sub(self.held.len()).min(now.len())).unwrap_or_default();
        if !out.hold(&mut self.held, wanted) {
            return None;
        }
        end?;
        let line = std::mem::take(&mut self.held);
        Some(read(trimmed(&line), out))
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.held.capacity()
    }
}

/// A line without its end, read as far as it is read.
fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.get(..LINE_BYTES.min(line.len())).unwrap_or_default();
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// A number in decimal digits and nothing else, as far as it fits.
pub fn number(text: &[u8]) -> Option<u64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    is_number.then(|| text.iter().fold(0u64, |n, d| n.saturating_mul(10).saturating_add(u64::from(d - b'0'))))
}

/// The three digits that a reply begins with.
pub fn code(line: &[u8]) -> Option<u32> {
    let code = line.get(..3).and_then(number)?;
    u32::try_from(code).ok().filter(|_| line.get(3).is_none_or(|b| !b.is_ascii_alphanumeric()))
}
