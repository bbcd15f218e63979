//! How batches are packed: HTTP's content codings.

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::io::{self, BufRead, BufReader, Read, Write};

/// How a batch is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// Not at all.
    Identity,
    /// gzip: every server takes it.
    Gzip,
    /// Zstandard: current servers.
    Zstd,
}

impl Coding {
    /// Its name in HTTP.
    pub const fn token(self) -> &'static str {
        match self {
            Coding::Identity => "identity",
            Coding::Gzip => "gzip",
            Coding::Zstd => "zstd",
        }
    }

    /// Packs bytes.
    ///
    /// # Errors
    /// They cannot be packed.
    pub fn pack(self, bytes: Vec<u8>) -> std::io::Result<Vec<u8>> {
        match self {
            Coding::Identity => Ok(bytes),
            Coding::Gzip => {
                let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::fast());
                encoder.write_all(&bytes)?;
                encoder.finish()
            }
            Coding::Zstd => zstd::bulk::compress(&bytes, 1),
        }
    }
}

/// The same bytes, packed otherwise.
///
/// # Errors
/// They cannot be unpacked to their end.
pub fn repacked(from: &str, bytes: &[u8], to: Coding) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    unpacked(from, bytes)?.read_to_end(&mut plain)?;
    to.pack(plain)
}

fn unpacked<'a>(coding: &str, bytes: &'a [u8]) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match coding {
        "gzip" => Box::new(MultiGzDecoder::new(bytes)),
        "zstd" => Box::new(zstd::Decoder::new(bytes)?),
        _ => Box::new(bytes),
    })
}

/// How many rows packed bytes hold: lines that end.
///
/// # Errors
/// They cannot be unpacked to their end.
pub fn rows_of(coding: &str, bytes: &[u8]) -> io::Result<u64> {
    let mut unpacked = BufReader::with_capacity(1 << 16, unpacked(coding, bytes)?);
    let mut rows = 0u64;
    loop {
        let held = unpacked.fill_buf()?;
        if held.is_empty() {
            return Ok(rows);
        }
        let length = held.len();
        rows = rows.saturating_add(held.iter().filter(|byte| **byte == b'\n').count() as u64);
        unpacked.consume(length);
    }
}
