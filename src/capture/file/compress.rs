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
}

/// Bytes needed to recognise any of them.
pub(super) const MAGIC: usize = 8;

/// First word of an LZ4 frame.
const LZ4_MAGIC: u32 = 0x184d_2204;

/// Largest block of an LZ4 frame.
const LZ4_BLOCK: usize = 4 * 1024 * 1024;

/// First words of frames that hold nothing of the file (RFC 8878 section 3.1.2), of LZ4 as of zstd.
const SKIPPABLE: std::ops::RangeInclusive<u32> = 0x184d_2a50..=0x184d_2a5f;

/// Bytes of a skippable frame that are passed over; the decoder refuses what is longer.
const SKIPPED: usize = 64 * 1024;

/// Compressed bytes read at once.
const PIECE: usize = 128 * 1024;

/// Recognises a compression by its first bytes.
pub(super) fn recognise(head: &[u8]) -> Option<Compression> {
    match head {
        [0x1f, 0x8b, 8, ..] => Some(Compression::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Compression::Zstd),
        // A skippable frame may come first (RFC 8878 3.1.2). Lz4 has the same ones: what follows it tells; zstd's tools write them.
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            let next = skippable(head).and_then(|length| head.get(length..)).and_then(recognise);
            next.or(Some(Compression::Zstd))
        }
        [0x04, 0x22, 0x4d, 0x18, ..] => Some(Compression::Lz4),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Compression::Xz),
        _ => None,
    }
}

/// Bytes of a skippable frame at the beginning of `head`, as far as one is passed over.
fn skippable(head: &[u8]) -> Option<usize> {
    let word = |at: usize| head.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b));
    let length = usize::try_from(word(4)?).ok()?;
    (SKIPPABLE.contains(&word(0)?) && length <= SKIPPED).then_some(MAGIC + length)
}

/// Bytes that tell what follows on such a frame, or [`MAGIC`].
pub(super) fn wanted(head: &[u8]) -> usize {
    skippable(head).unwrap_or(0) + MAGIC
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
                self.pass_skippable()? && self.keep(6)? && {
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

    /// Passes over frames between others that lz4_flex does not know. False: the input ends within one.
    fn pass_skippable(&mut self) -> io::Result<bool> {
        // No more is kept than belongs to it, for what is kept is given out as one part.
        while self.keep(4)? && SKIPPABLE.contains(&self.word()) {
            if !self.keep(MAGIC)? {
                return Ok(false);
            }
            let Some(length) = skippable(&self.kept) else { break };
            if !self.keep(length)? {
                return Ok(false);
            }
            self.kept.drain(..length);
        }
        Ok(true)
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
    use std::io::{Cursor, Write};

    fn lz4(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder.write_all(bytes).expect("in memory");
        encoder.finish().expect("in memory")
    }

    /// A skippable frame with so many bytes.
    fn skippable(bytes: usize) -> Vec<u8> {
        [&[0x53, 0x2a, 0x4d, 0x18][..], &(bytes as u32).to_le_bytes(), &vec![7; bytes]].concat()
    }

    fn unpacked(file: Vec<u8>) -> Option<Vec<u8>> {
        let compression = recognise(file.get(..wanted(&file).min(file.len())).unwrap_or_default())?;
        let mut out = Vec::new();
        unpack(compression, Cursor::new(file)).expect("memory").read_to_end(&mut out).ok().map(|_| out)
    }

    #[test]
    fn skippable_frames_stand_before_either_and_between() {
        let (lz4, zstd) = (lz4(b"some bytes"), zstd::encode_all(&b"some bytes"[..], 1).expect("in memory"));
        for length in [0, 1, 12, 5_000, SKIPPED] {
            for packed in [&lz4, &zstd] {
                assert_eq!(unpacked([&skippable(length)[..], packed].concat()).as_deref(), Some(&b"some bytes"[..]), "{length}");
                let twice = [packed, &skippable(length)[..], packed].concat();
                assert_eq!(unpacked(twice).as_deref(), Some(&b"some bytessome bytes"[..]), "{length}");
            }
        }
        let cut = [&lz4[..], &skippable(12)[..15]].concat();
        assert_eq!(unpacked(cut), None, "cut within one");
        assert_eq!(unpacked(skippable(12)[..6].to_vec()), None);
    }
}
