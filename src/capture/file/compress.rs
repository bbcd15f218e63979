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
pub(super) const MAGIC: usize = 6;

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
            Box::new(Lz4 { decoder: lz4_flex::frame::FrameDecoder::new(Rewind::new(BufReader::with_capacity(PIECE, from))) })
        }
        Compression::Xz => {
            let stream = liblzma::stream::Stream::new_stream_decoder(LZMA_BYTES, liblzma::stream::CONCATENATED).map_err(io::Error::from)?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(BufReader::with_capacity(PIECE, from), stream))
        }
    })
}

/// lz4_flex reads whole headers and blocks and forgets what it had when a read fails: after such a failure the bytes since its
/// last success are given again.
struct Lz4<R: Read> {
    decoder: lz4_flex::frame::FrameDecoder<Rewind<R>>,
}

impl<R: Read> Read for Lz4<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let got = self.decoder.read(into);
            let raw = self.decoder.get_mut();
            match got {
                // The end of a frame looks like the end of everything.
                Ok(0) if !into.is_empty() && raw.at > 0 && !raw.ended => raw.commit(),
                Ok(n) => {
                    raw.commit();
                    return Ok(n);
                }
                Err(error) => {
                    raw.at = 0;
                    return Err(error);
                }
            }
        }
    }
}

/// A reader that can give the bytes since the last [`Rewind::commit`] again. lz4 blocks bound them to 8 MiB.
struct Rewind<R> {
    from: R,
    kept: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<R> Rewind<R> {
    fn new(from: R) -> Self {
        Self { from, kept: Vec::new(), at: 0, ended: false }
    }

    fn commit(&mut self) {
        self.kept.drain(..self.at.min(self.kept.len()));
        self.at = 0;
    }
}

impl<R: Read> Read for Rewind<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(again) = self.kept.get(self.at..).filter(|again| !again.is_empty()) {
            let n = again.len().min(into.len());
            if let (Some(to), Some(from)) = (into.get_mut(..n), again.get(..n)) {
                to.copy_from_slice(from);
            }
            self.at += n;
            return Ok(n);
        }
        let n = loop {
            match self.from.read(into) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.ended = n == 0 && !into.is_empty();
        self.kept.extend_from_slice(into.get(..n).unwrap_or(&[]));
        self.at += n;
        Ok(n)
    }
}
