//! Text on its way to an output that takes nothing but ASCII.

use crate::tui;
use std::io::{self, Write};

/// Writes lines with drawings and arrows by characters that look alike.
pub struct AsciiLines<W: Write> {
    out: W,
    /// What there is of a line whose end is still to come.
    line: Vec<u8>,
}

impl<W: Write> AsciiLines<W> {
    /// Lines that go to `out`.
    pub fn new(out: W) -> Self {
        Self { out, line: Vec::new() }
    }
}

impl<W: Write> Write for AsciiLines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.line.extend(part);
            if self.line.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                self.out.write_all(tui::in_ascii(&String::from_utf8_lossy(&line)).as_bytes())?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_comes_in_pieces_is_ascii_once_it_is_whole() {
        let mut out = AsciiLines::new(Vec::new());
        let text = "1 443 → 50000 [ACK]\n2 ▲ x\n".as_bytes();
        for piece in text.chunks(7) {
            out.write_all(piece).unwrap();
        }
        let text = String::from_utf8(out.out).unwrap();
        assert!(text.is_ascii() && text.starts_with("1 443 ") && text.contains(" 50000 [ACK]\n2 "), "{text:?}");
    }
}
