//! Lines of a stream, none longer than it may be: whoever sends one without an end takes no more memory than that.

use crate::model::units;
use std::io::{self, BufRead, Read};

/// Reads lines of so many bytes at most. A longer one is an error, and the last thing that is read.
pub struct BoundedLines<R> {
    reader: R,
    most: u64,
    is_over: bool,
}

impl<R: BufRead> BoundedLines<R> {
    /// Lines of `reader`, of `most` bytes at most without their end.
    pub fn new(reader: R, most: u64) -> Self {
        Self { reader, most, is_over: false }
    }

    fn read(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let wrong = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
        if self.reader.by_ref().take(self.most.saturating_add(1)).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if line.len() as u64 > self.most {
            return Err(wrong(format!("a line of more than {}", units::bytes(self.most))));
        }
        String::from_utf8(line).map(Some).map_err(|_| wrong("a line that is no text".into()))
    }
}

impl<R: BufRead> Iterator for BoundedLines<R> {
    type Item = io::Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let line = self.read().transpose();
        self.is_over = !matches!(line, Some(Ok(_)));
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_an_end_is_refused_at_its_bound() {
        let lines = |text: &[u8], most| BoundedLines::new(text, most).map(|l| l.map_err(|e| e.to_string())).collect::<Vec<_>>();
        let ok = |text: &str| Ok(text.to_owned());
        assert_eq!(lines(b"one\n\nfour\nend", 4), [ok("one"), ok(""), ok("four"), ok("end")]);
        assert_eq!(lines(b"one\nfives\ntwo\n", 4), [ok("one"), Err("a line of more than 4 B".into())]);
        assert_eq!(lines(b"\xff\n", 4), [Err("a line that is no text".into())]);
        let mut endless = BoundedLines::new(io::BufReader::new(io::repeat(0)), 1 << 20);
        assert!(endless.next().is_some_and(|line| line.is_err()) && endless.next().is_none());
    }
}
