//! The values of RESP 2 and 3, the protocol of Redis, cut out of a stream by their lengths.

use super::DissectOutput;
use super::frames::{Framed, Frames, Framing, are_messages};
use super::lines::number;

/// Most bytes of a text that is believed, and most values in one.
const TEXT: u64 = 1 << 30;
const VALUES: u64 = 1 << 24;

/// A piece of a value: a line, or a line and the text whose length it says.
pub struct Resp;

impl Framing for Resp {
    const READ: usize = 256;

    fn message(bytes: &[u8]) -> Framed {
        let Some((&kind, rest)) = bytes.split_first() else { return Framed::More };
        let is_known = kind.is_ascii_alphabetic() || b"+-:_,#($=!*%~>|\r\n".contains(&kind);
        if !is_known {
            return Framed::Nothing;
        }
        let Some(end) = bytes.iter().position(|&b| b == b'\n') else { return Framed::More };
        let line = end + 1;
        let length = length(rest.get(..end.saturating_sub(1)).unwrap_or_default());
        match (is_text(kind), holds_values(kind), length) {
            (true, _, Some(text)) if text <= TEXT => Framed::Bytes(line + text as usize + 2),
            (_, true, Some(values)) if values <= VALUES => Framed::Bytes(line),
            // There is none.
            (true, _, None) | (_, true, None) if rest.starts_with(b"-1") => Framed::Bytes(line),
            (false, false, _) => Framed::Bytes(line),
            _ => Framed::Nothing,
        }
    }

    fn resumes(bytes: &[u8]) -> bool {
        let is_line = bytes.first().is_some_and(|first| first.is_ascii_alphabetic() || b"\r\n".contains(first));
        !is_line && are_messages::<Self>(bytes, |_, _| true)
    }
}

fn is_text(kind: u8) -> bool {
    matches!(kind, b'$' | b'=' | b'!')
}

fn holds_values(kind: u8) -> bool {
    matches!(kind, b'*' | b'%' | b'~' | b'>' | b'|')
}

/// The number behind the kind.
fn length(line: &[u8]) -> Option<u64> {
    number(line.strip_suffix(b"\r").unwrap_or(line))
}

/// A piece of a value.
#[derive(Debug, Clone, Copy)]
pub struct ValuePiece<'a> {
    /// Its kind: the first byte.
    pub kind: u8,
    /// What it says: the line behind its kind (of an inline command all of it), or the text, as far as they are read.
    pub text: &'a [u8],
    /// Its place in the value that it is of: with 0 one begins.
    pub place: u64,
    /// The value ends with it.
    pub is_last: bool,
}

/// Where one direction is within its values.
#[derive(Debug, Default)]
pub struct Values {
    frames: Frames,
    /// Pieces of the value under way that are still to come, and that were there.
    open: u64,
    place: u64,
}

impl Values {
    /// Reads the next bytes.
    pub fn read(&mut self, bytes: &[u8], out: &mut DissectOutput<'_>, mut show: impl FnMut(ValuePiece<'_>, &mut DissectOutput<'_>)) {
        let Self { frames, open, place } = self;
        frames.read::<Resp>(bytes, out, |part, out| {
            let Some((&kind, rest)) = part.bytes.split_first() else { return };
            let end = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
            let (line, text) = rest.split_at(end);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            // Between values.
            if *open == 0 && line.is_empty() && b"\r\n".contains(&kind) {
                return;
            }
            let held = length(line).filter(|_| holds_values(kind)).map_or(0, |n| match kind {
                b'%' => 2 * n,
                // Behind attributes the value itself.
                b'|' => 2 * n + 1,
                _ => n,
            });
            *place = if *open == 0 { 0 } else { *place + 1 };
            *open = (*open).max(1).saturating_add(held).saturating_sub(1);
            let text = match kind {
                _ if is_text(kind) => text.get(1..).map(|text| text.get(..length(line).unwrap_or(0) as usize).unwrap_or(text)),
                _ if kind.is_ascii_alphabetic() => part.bytes.get(..1 + line.len()),
                _ => Some(line),
            };
            show(ValuePiece { kind, text: text.unwrap_or_default(), place: *place, is_last: *open == 0 }, out);
        });
        if self.is_lost() {
            self.open = 0;
        }
    }

    /// So many bytes are missing; false when a value may have begun or ended in them.
    pub fn gap(&mut self, bytes: u32) -> bool {
        let goes_on = self.frames.gap(bytes);
        if !goes_on {
            self.open = 0;
        }
        goes_on
    }

    /// Whether it is not known where a value begins.
    pub fn is_lost(&self) -> bool {
        self.frames.is_lost()
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.frames.held()
    }
}
