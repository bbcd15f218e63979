//! The readers of capture files: any bytes are refused, or read to an end without growing, the same through small blocks and large ones.
//!
//! Input: a file. Its first bytes are made those of the target's format, so that mutations stay with it.

use super::super::packet::captured;
use super::super::packet::file::{self, LITTLE};
use super::decode;
use spantop::capture::file::open;
use spantop::capture::{Block, Fill};
use spantop::settings::FileSettings;
use std::io::Write;
use std::path::{Path, PathBuf};

/// More blocks than any file of a fuzzer's size fills.
const MOST_BLOCKS: usize = 100_000;
/// A file this long decompressed is read no further: the reader is fine, and time is short.
const MOST_BYTES: usize = 4 << 20;

/// A file of this thread, written anew for each input.
fn path() -> PathBuf {
    std::env::temp_dir().join(format!("spantop-fuzz-{}-{:?}", std::process::id(), std::thread::current().id()))
}

/// A packet as read: time, wire length, link type, bytes.
pub(super) type Seen = (i64, u32, u16, Vec<u8>);

/// What is in the bytes of a file, or how they are refused; `None` for more than is read.
pub(super) fn contents(file: &[u8], arena: usize) -> Option<Result<Vec<Seen>, String>> {
    let path = path();
    std::fs::File::create(&path).and_then(|mut f| f.write_all(file)).expect("a file can be written in the folder for temporary ones");
    let read = read(&path, arena);
    let _ = std::fs::remove_file(&path);
    read
}

fn read(path: &Path, arena: usize) -> Option<Result<Vec<Seen>, String>> {
    let mut source = match open(&FileSettings { paths: vec![path.to_path_buf()], ..FileSettings::default() }) {
        Ok(source) => source,
        Err(error) => return Some(Err(error.to_string())),
    };
    let (mut seen, mut bytes) = (Vec::new(), 0);
    let mut block = Block::with_bytes(arena);
    for _ in 0..MOST_BLOCKS {
        block.clear();
        let fill = source.fill(&mut block);
        for packet in &block.packets {
            let data = block.bytes(packet).to_vec();
            assert_eq!(data.len(), packet.captured as usize);
            bytes += data.len();
            seen.push((packet.time.0, packet.wire, packet.link.0, data));
        }
        if bytes > MOST_BYTES {
            return None;
        }
        match fill {
            Ok(Fill::End) => return Some(Ok(seen)),
            // What was read before a failure counts as well.
            Err(error) => return Some(Err(format!("{} packets, {error}", seen.len()))),
            Ok(_) => {}
        }
    }
    panic!("never ends");
}

fn survives(magic: &[u8], data: &[u8]) {
    let mut file = data.to_vec();
    let have = file.len().min(magic.len());
    file[..have].copy_from_slice(&magic[..have]);
    let (small, large) = (contents(&file, 64), contents(&file, 1 << 16));
    assert!(small == large, "the size of blocks matters: {:?} {:?}", small.map(|r| r.map(|s| s.len())), large.map(|r| r.map(|s| s.len())));
}

/// A few frames, short ones.
fn frames() -> Vec<Vec<u8>> {
    decode::frames().into_iter().take(4).collect()
}

/// Classic pcap, of all four kinds: byte order and unit of time.
pub fn pcap(data: &[u8]) {
    let kinds = [[0xd4, 0xc3, 0xb2, 0xa1], [0xa1, 0xb2, 0xc3, 0xd4], [0x4d, 0x3c, 0xb2, 0xa1], [0x34, 0xcd, 0xb2, 0xa1]];
    survives(&kinds[usize::from(data.first().copied().unwrap_or(0)) % kinds.len()], data);
}

/// A file with records, and one with the longer headers of the modified format.
pub fn pcap_seeds() -> Vec<Vec<u8>> {
    [(0u32, 0), (3, 8)]
        .map(|(kind, extra)| {
            let mut file = LITTLE.header(kind, (2, 4), 1);
            for (n, frame) in frames().iter().enumerate() {
                let length = frame.len() as u32;
                file.extend(LITTLE.record([1_700_000_000, n as u32, length, length], extra, frame));
            }
            file
        })
        .to_vec()
}

/// pcapng in little-endian order; the section header's own magic is free.
pub fn pcapng(data: &[u8]) {
    survives(&[0x0a, 0x0d, 0x0d, 0x0a], data);
}

/// A section with two interfaces and one of each kind of block; and two such sections.
pub fn pcapng_seeds() -> Vec<Vec<u8>> {
    let options = [LITTLE.option(9, &[9]), LITTLE.option(14, &[0; 8]), LITTLE.option(0, &[])].concat();
    let mut file = [LITTLE.section(), LITTLE.interface(1, 0, &[]), LITTLE.interface(1, 96, &options)].concat();
    for (n, frame) in frames().iter().enumerate() {
        let length = frame.len() as u32;
        file.extend(LITTLE.enhanced(n as u32 % 2, n as u64, length, frame));
        file.extend(LITTLE.simple(length, frame));
        file.extend(LITTLE.obsolete(0, 7, length, frame));
    }
    file.extend(LITTLE.statistics(0, 9, 9));
    file.extend(LITTLE.block(4, &[0; 8]));
    file.extend(LITTLE.block(0xbad, b"unknown"));
    vec![[file.clone(), file.clone()].concat(), file]
}

/// snoop (RFC 1761).
pub fn snoop(data: &[u8]) {
    survives(b"snoop\0\0\0", data);
}

/// A file with padding behind its records.
pub fn snoop_seeds() -> Vec<Vec<u8>> {
    let frames = frames();
    vec![file::snoop(&frames.iter().map(Vec::as_slice).collect::<Vec<_>>(), 3)]
}

/// Network Monitor, of both versions.
pub fn netmon(data: &[u8]) {
    let kinds = [b"RTSS", b"GMBU"];
    survives(kinds[usize::from(data.first().copied().unwrap_or(0)) % kinds.len()], data);
}

/// A file of each version, whose frames end differently. The first byte tells which again.
pub fn netmon_seeds() -> Vec<Vec<u8>> {
    let made = |(kind, version): (u8, (u8, u8))| {
        let mut seed = file::netmon(version, 1, &frames());
        seed[0] = kind;
        seed
    };
    [(0, (1, 0)), (1, (2, 0)), (1, (2, 2)), (1, (2, 3))].map(made).to_vec()
}

/// ERF, which has no magic number: whatever is no record of it is refused.
pub fn erf(data: &[u8]) {
    survives(&[], data);
}

/// Records with and without extension headers, one that only fills up between them.
pub fn erf_seeds() -> Vec<Vec<u8>> {
    let pad = captured::erf(48, 1_700_000_000, 0, &[], &[0; 8]);
    vec![captured::erf_file(&frames()), [captured::erf_file(&frames()), pad, captured::erf_file(&frames())].concat()]
}

/// gzip, zstd, lz4, xz by the first byte's number.
pub fn compressed(data: &[u8]) {
    let kinds: [&[u8]; 4] = [&[0x1f, 0x8b, 8], &[0x28, 0xb5, 0x2f, 0xfd], &[0x04, 0x22, 0x4d, 0x18], &[0xfd, b'7', b'z', b'X', b'Z', 0]];
    let kind = usize::from(data.first().copied().unwrap_or(0)) % kinds.len();
    survives(kinds[kind], data);
}

/// A capture under each compression. The first byte tells which again (it is overwritten by what it tells).
pub fn compressed_seeds() -> Vec<Vec<u8>> {
    let mut plain = pcap_seeds().swap_remove(0);
    plain[..4].copy_from_slice(&[0xd4, 0xc3, 0xb2, 0xa1]);
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&plain).and_then(|()| encoder.finish()).expect("memory can be written")
    };
    let zstd = zstd::encode_all(&plain[..], 3).expect("memory can be written");
    let lz4 = {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder.write_all(&plain).expect("memory can be written");
        encoder.finish().expect("memory can be written")
    };
    let xz = {
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
        encoder.write_all(&plain).and_then(|()| encoder.finish()).expect("memory can be written")
    };
    let mut seeds = vec![gzip, zstd, lz4, xz];
    for (kind, seed) in seeds.iter_mut().enumerate() {
        seed[0] = kind as u8;
    }
    seeds
}
