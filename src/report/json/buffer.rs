//! Bytes of a report that gather before they go on.

use std::io::{self, Write};

/// Bytes gathered before they go on: large enough that a system call costs nothing per row.
const CHUNK: usize = 256 * 1024;

/// Bytes a turn of rows usually takes. Small enough to be the allocator's own, which hands it out again for the next list.
const TURN_BYTES: usize = 96 * 1024;

/// Bytes of a piece that is stored by one move.
const PIECE: usize = 32;

/// Text that is written again and again: the names of members in long lists.
pub struct MemberText {
    bytes: [u8; PIECE],
    used: usize,
    text: Box<str>,
}

impl MemberText {
    /// This text.
    pub fn new(text: &str) -> Self {
        let mut bytes = [0; PIECE];
        bytes.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
        Self { bytes, used: text.len(), text: text.into() }
    }
}

/// Bytes that gather. Its memory is always all there, so that a piece of known length is stored by a comparison and a move or two.
#[derive(Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    used: usize,
}

impl Buffer {
    /// An empty one for a turn of rows.
    pub fn of_turn() -> Self {
        Self { bytes: vec![0; TURN_BYTES], used: 0 }
    }

    /// An empty one for what goes on by itself.
    pub fn of_chunk() -> Self {
        Self { bytes: vec![0; CHUNK + 4096], used: 0 }
    }

    /// Whether so much has gathered that it should go on.
    pub fn is_full(&self) -> bool {
        self.used >= CHUNK
    }

    /// Puts a piece in, whose length is known where this is called more often than not.
    #[inline(always)]
    pub fn put(&mut self, piece: &[u8]) {
        let end = self.used + piece.len();
        match self.bytes.get_mut(self.used..end) {
            Some(place) => {
                place.copy_from_slice(piece);
                self.used = end;
            }
            None => self.grow(piece),
        }
    }

    /// Puts a piece of unknown length in, which is short more often than not: then no function is called for it.
    #[inline]
    pub fn put_short(&mut self, piece: &[u8]) {
        let end = self.used + piece.len();
        if let Some(place) = self.bytes.get_mut(self.used..end)
            && piece.len() <= 32
        {
            self.used = end;
            copy_short(place, piece);
        } else {
            self.put(piece);
        }
    }

    /// Puts a piece in that is prepared: one move of a fixed length, behind which others are stored.
    #[inline(always)]
    pub fn put_piece(&mut self, piece: &MemberText) {
        let room = self.bytes.get_mut(self.used..).and_then(|bytes| bytes.first_chunk_mut::<PIECE>());
        match room {
            Some(place) if piece.used <= PIECE => {
                *place = piece.bytes;
                self.used += piece.used;
            }
            _ => self.put(piece.text.as_bytes()),
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, piece: &[u8]) {
        self.bytes.resize(self.used + piece.len() + CHUNK, 0);
        self.put(piece);
    }

    /// Passes on what has gathered.
    pub fn pass(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let used = std::mem::take(&mut self.used);
        out.write_all(self.bytes.get(..used).unwrap_or(&[]))
    }
}

/// Copies up to 32 bytes as two halves that may overlap.
#[inline(always)]
fn copy_short(place: &mut [u8], piece: &[u8]) {
    macro_rules! halves {
        ($n:literal) => {
            if let (Some(first), Some(last)) = (piece.first_chunk::<$n>(), piece.last_chunk::<$n>()) {
                place.first_chunk_mut::<$n>().into_iter().for_each(|p| *p = *first);
                place.last_chunk_mut::<$n>().into_iter().for_each(|p| *p = *last);
                return;
            }
        };
    }
    halves!(16);
    halves!(8);
    halves!(4);
    halves!(2);
    place.iter_mut().zip(piece).for_each(|(to, from)| *to = *from);
}

impl Write for Buffer {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.put(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_pieces_of_every_length_are_whole() {
        let text: Vec<u8> = (b'a'..=b'z').collect();
        let mut buffer = Buffer::of_turn();
        let mut want: Vec<u8> = Vec::new();
        for length in 0..=text.len() {
            buffer.put_short(&text[..length]);
            want.extend(&text[..length]);
        }
        assert_eq!(buffer.bytes[..buffer.used], want);
        let mut empty = Buffer::default();
        empty.put_short(b"abc");
        assert_eq!(empty.bytes[..empty.used], *b"abc");
    }
}
