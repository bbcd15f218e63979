//! Files are written here, byte by byte, and read back.

mod formats;
mod properties;
mod streams;

use super::open;
use crate::capture::{Block, Fill, Source, SourceInfo};
use crate::error::Result;
use crate::settings::FileSettings;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// A packet as read: time in nanoseconds, wire length, link type, interface, bytes.
type Seen = (i64, u32, u16, u16, Vec<u8>);

/// A file that is removed when the test ends.
struct Temp(PathBuf);

impl Temp {
    fn new(bytes: &[u8]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("spantop-{}-{number}", std::process::id()));
        std::fs::write(&path, bytes).expect("written");
        Self(path)
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Takes what a source has, through blocks of `bytes`.
fn drain(source: &mut dyn Source, bytes: usize) -> Result<Vec<Seen>> {
    let mut seen = Vec::new();
    let mut block = Block::with_bytes(bytes);
    for _ in 0..1_000_000 {
        block.clear();
        let fill = source.fill(&mut block)?;
        seen.extend(block.packets.iter().map(|p| {
            let bytes = block.bytes(p).to_vec();
            assert_eq!(bytes.len(), p.captured as usize);
            (p.time.0, p.wire, p.link.0, p.interface, bytes)
        }));
        if fill == Fill::End {
            return Ok(seen);
        }
    }
    panic!("never ends");
}

/// Reads a file through blocks of `bytes`.
fn read_in(file: &[u8], bytes: usize) -> Result<(Vec<Seen>, SourceInfo)> {
    let temp = Temp::new(file);
    let mut source = open(&FileSettings { paths: vec![temp.0.clone()], ..FileSettings::default() })?;
    let seen = drain(source.as_mut(), bytes)?;
    Ok((seen, source.info().remove(0)))
}

fn read(file: &[u8]) -> (Vec<Seen>, SourceInfo) {
    read_in(file, 4096).unwrap_or_else(|error| panic!("{error}"))
}

/// The message with which a file is refused.
fn refusal(file: &[u8]) -> String {
    match read_in(file, 4096) {
        Ok((seen, _)) => panic!("{} packets read", seen.len()),
        Err(error) => error.to_string(),
    }
}
