//! Decompressors, chosen by content. All of them resume after [`ErrorKind::WouldBlock`], so that a quiet pipe does not hang.

use crate::model::limits::{LZMA_BYTES, ZSTD_WINDOW_LOG};
use std::io::{self, BufReader, ErrorKind, Read};

/// A compression this program reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    /// RFC 1952, one or more members.
    Gzip,
    /// RFC 8878, one or more frames.
    Zstd,
    /// LZ4 frame format 1.6, one or more frames.
    Lz4,
    /// .xz 1.2, one or more streams.
    Xz,
}

impl Compression {
    /// Its usual name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Lz4 => "lz4",
            Compression::Xz => "xz",
        }
    }

    /// Whether data are sound, as far as they were read, and want more memory than is given to them: the libraries tell it in words alone.
    pub(super) fn wants_too_much(self, error: &io::Error) -> bool {
        let words = error.to_string();
        match self {
            Compression::Zstd => words.contains("too much memory"),
            Compression::Xz => words.contains("memory limit") || words.contains("memory usage limit"),
            Compression::Gzip | Compression::Lz4 => false,
        }
    }

    /// What such data want, and how they can be read all the same.
    pub(super) fn most(self) -> String {
        let (most, program) = match self {
            Compression::Xz => (LZMA_BYTES, "xz -dc"),
            _ => (1 << ZSTD_WINDOW_LOG, "zstd -dc --long=31"),
        };
        format!("take more than {} MiB of memory to unpack, which they are not given: {program} FILE | spantop report -", most >> 20)
    }
}

/// Bytes needed to recognise any of them.
pub(super) const MAGIC: usize = 6;

/// First word of an LZ4 frame.
const LZ4_MAGIC: u32 = 0x184d_2204;

/// Largest block of an LZ4 frame.
const LZ4_BLOCK: usize = 4 * 1024 * 1024;

/// Compressed bytes read at once.
const PIECE: usize = 128 * 1024;

/// Recognises a compression by its first bytes.
pub(super) fn recognise(head: &[u8]) -> Option<Compression> {
    match head {
        [0x1f, 0x8b, 8, ..] => Some(Compression::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
        // A skippable frame may come first (RFC 8878 3.1.2); lz4 has the same ones, zstd's tools write them.
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Compression::Zstd),
        [0x04, 0x22, 0x4d, 0x18, ..] => Some(Compression::Lz4),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Compression::Xz),
        _ => None,
    }
}

/// The decompressed bytes of `from`.
///
/// # Errors
/// When the decompressor cannot be set up (no memory).
pub(super) fn unpack<R: Read + Send + 'static>(compression: Compression, from: R) -> io::Result<Box<dyn Read + Send>> {
    Ok(match compression {
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(PIECE, from))),
        Compression::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(BufReader::with_capacity(PIECE, from))?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            Box::new(decoder)
        }
        Compression::Lz4 => {
            Box::new(Lz4 { decoder: lz4_flex::frame::FrameDecoder::new(Units::new(BufReader::with_capacity(PIECE, from))) })
        }
        Compression::Xz => {
            let stream = liblzma::stream::Stream::new_stream_decoder(LZMA_BYTES, liblzma::stream::CONCATENATED).map_err(io::Error::from)?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(BufReader::with_capacity(PIECE, from), stream))
        }
    })
}

/// lz4_flex reads headers and blocks whole and forgets what it had when a read fails: it is given them whole.
struct Lz4<R: Read> {
    decoder: lz4_flex::frame::FrameDecoder<Units<R>>,
}

impl<R: Read> Read for Lz4<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let got = self.decoder.read(into)?;
            let units = self.decoder.get_ref();
            if got > 0 || into.is_empty() {
                return Ok(got);
            }
            // The end of a frame, and an end between two blocks, look to lz4_flex like the end of everything.
            match units.end {
                None => {}
                Some(true) => return Ok(0),
                Some(false) => return Err(ErrorKind::UnexpectedEof.into()),
            }
        }
    }
}

/// Gives the parts of LZ4 frames (header, block, end mark) each as a whole or not at all, so that a read that would wait fails
/// between two parts.
struct Units<R> {
    from: R,
    /// The current part, and what has come of the next.
    kept: Vec<u8>,
    /// Bytes of `kept` given out.
    given: usize,
    /// Bytes of `kept` that may be given out.
    whole: usize,
    /// The flags of the frame being read; `None` between frames.
    flags: Option<u8>,
    /// Whether the input has ended, and if so whether between frames.
    end: Option<bool>,
}

impl<R: Read> Units<R> {
    fn new(from: R) -> Self {
        Self { from, kept: Vec::new(), given: 0, whole: 0, flags: None, end: None }
    }

    /// Makes sure that `n` bytes are kept. False: the input ends before.
    fn keep(&mut self, n: usize) -> io::Result<bool> {
        let mut piece = [0; 4096];
        while self.kept.len() < n {
            let room = piece.len().min(n - self.kept.len());
            match self.from.read(piece.get_mut(..room).unwrap_or(&mut [])) {
                Ok(0) => return Ok(false),
                Ok(got) => self.kept.extend_from_slice(piece.get(..got).unwrap_or(&[])),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn word(&self) -> u32 {
        self.kept.first_chunk().map_or(0, |b| u32::from_le_bytes(*b))
    }

    /// Gets the next part. Parts that are none (other magic numbers, sizes beyond the format) go on as far as they were looked at:
    /// the decoder refuses them.
    fn part(&mut self) -> io::Result<()> {
        let between = self.flags.is_none();
        let complete = match self.flags {
            None => {
                self.keep(6)? && {
                    let flags = self.kept.get(4).copied().unwrap_or(0);
                    let length = 7 + if flags & 8 != 0 { 8 } else { 0 } + if flags & 1 != 0 { 4 } else { 0 };
                    self.flags = Some(flags);
                    self.word() != LZ4_MAGIC || self.keep_or_forget(length)?
                }
            }
            Some(flags) => {
                self.keep(4)? && {
                    let checksum = |bit: u8| if flags & bit != 0 { 4 } else { 0 };
                    match (self.word() & 0x7fff_ffff) as usize {
                        0 => {
                            let all = self.keep(4 + checksum(4))?;
                            self.flags = None;
                            all
                        }
                        length if length > LZ4_BLOCK => true,
                        length => self.keep(4 + length + checksum(16))?,
                    }
                }
            }
        };
        if !complete {
            self.end = Some(between && self.kept.is_empty());
        }
        self.whole = self.kept.len();
        Ok(())
    }

    /// As [`Self::keep`] for the rest of a header: until it is there, no frame has begun.
    fn keep_or_forget(&mut self, n: usize) -> io::Result<bool> {
        let kept = self.keep(n);
        if kept.is_err() {
            self.flags = None;
        }
        kept
    }
}

impl<R: Read> Read for Units<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.whole {
            self.kept.drain(..self.whole.min(self.kept.len()));
            (self.given, self.whole) = (0, 0);
            if self.end.is_none() {
                self.part()?;
            }
        }
        let rest = self.kept.get(self.given..self.whole).unwrap_or(&[]);
        let n = rest.len().min(into.len());
        if let (Some(to), Some(from)) = (into.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        self.given += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn what_takes_more_memory_than_is_given_is_not_broken() {
        // A frame of no byte in a window of 2 GiB (RFC 8878 section 3.1.1).
        let frame = [0x28, 0xb5, 0x2f, 0xfd, 0, 0xa8, 1, 0, 0];
        let error = unpack(Compression::Zstd, Cursor::new(frame)).unwrap().read(&mut [0; 8]).unwrap_err();
        assert!(Compression::Zstd.wants_too_much(&error), "{error}");
        assert!(Compression::Zstd.most().contains("128 MiB") && Compression::Xz.most().contains("256 MiB"));
        let limit = io::Error::from(liblzma::stream::Error::MemLimit);
        assert!(Compression::Xz.wants_too_much(&limit), "{limit}");
        let broken =
            unpack(Compression::Zstd, Cursor::new([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 7, 9, 9])).unwrap().read(&mut [0; 8]).unwrap_err();
        assert!(!Compression::Zstd.wants_too_much(&broken), "{broken}");
    }
}
