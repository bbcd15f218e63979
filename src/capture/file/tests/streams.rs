//! Compression, pipes, filters, merging and pacing.

use super::{Seen, Temp, drain, read, read_in, refusal};
use crate::capture::file::{compress, open};
use crate::capture::{Block, Fill};
use crate::packet::Packet;
use crate::packet::file::{BIG, LITTLE, plain};
use crate::settings::FileSettings;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// `data` compressed in every way, in two pieces each (members, frames, streams).
fn packed(data: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let (a, b) = data.split_at(data.len() / 3);
    let gzip = |part: &[u8]| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(part).and_then(|()| out.finish()).expect("gzip")
    };
    let lz4 = |part: &[u8]| {
        let mut out = lz4_flex::frame::FrameEncoder::new(Vec::new());
        out.write_all(part).expect("lz4");
        out.finish().expect("lz4")
    };
    let xz = |part: &[u8]| {
        let mut out = liblzma::write::XzEncoder::new(Vec::new(), 1);
        out.write_all(part).and_then(|()| out.finish()).expect("xz")
    };
    let zstd = |part: &[u8]| zstd::encode_all(part, 1).expect("zstd");
    vec![
        ("gzip", [gzip(a), gzip(b)].concat()),
        ("zstd", [zstd(a), zstd(b)].concat()),
        ("lz4", [lz4(a), lz4(b)].concat()),
        ("xz", [xz(a), xz(b)].concat()),
    ]
}

#[test]
fn compressed_files_hold_the_same_packets() {
    let file = plain(5000);
    let (all, _) = read(&file);
    for (name, bytes) in packed(&file) {
        for arena in [100, 1 << 19] {
            let (seen, info) = read_in(&bytes, arena).expect("readable");
            assert!(seen == all, "{name}");
            assert_eq!((info.compression, info.warning, info.progress), (Some(name), None, Some(1.0)));
        }
    }
}

#[test]
fn compressed_files_cut_or_broken() {
    let file = plain(5000);
    let (all, _) = read(&file);
    for (name, bytes) in packed(&file) {
        for end in [bytes.len() / 2, bytes.len() - 3] {
            let (seen, info) = read(&bytes[..end]);
            assert!(all.starts_with(&seen), "{name}: {} of {} packets", seen.len(), all.len());
            assert!(info.cut_short, "{name} cut at {end}: {info:?}");
        }
        let mut broken = bytes.clone();
        let middle = broken.len() * 2 / 3;
        broken[middle..middle + 40].fill(0xff);
        // Deflate turns damage into wrong bytes and tells at the end of the member: packets may be wrong, but not unnoticed.
        let (seen, info) = read(&broken);
        assert!(info.warning.is_some(), "{name}: {} packets", seen.len());
    }
    assert!(refusal(&[0x1f, 0x8b, 8, 0xff, 0, 0, 0, 0, 0, 0]).contains("gzip"));
    let twice = packed(&packed(&file)[0].1);
    assert!(refusal(&twice[1].1).contains("gzip data inside other compression"), "{}", refusal(&twice[1].1));
    assert!(refusal(&packed(b"some words\n")[3].1).contains("looks like text (inside xz)"));
}

/// Gives a few bytes at a time and nothing in between, as a slow pipe does.
struct Dribble {
    data: Vec<u8>,
    at: usize,
    dry: bool,
}

impl Read for Dribble {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.dry = !self.dry;
        if self.dry {
            return Err(ErrorKind::WouldBlock.into());
        }
        let n = into.len().min(7).min(self.data.len() - self.at);
        into[..n].copy_from_slice(&self.data[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

#[test]
fn decompressors_resume_after_a_quiet_pipe() {
    let file = plain(2000);
    for (name, bytes) in packed(&file) {
        let compression = compress::recognise(&bytes).expect("recognised");
        assert_eq!(compression.name(), name);
        let mut stream = compress::unpack(compression, Dribble { data: bytes, at: 0, dry: false }).expect("set up");
        let mut out = Vec::new();
        let mut piece = [0; 1000];
        let mut quiet = 0;
        loop {
            match stream.read(&mut piece) {
                Ok(0) => break,
                Ok(n) => out.extend_from_slice(&piece[..n]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => quiet += 1,
                Err(error) => panic!("{name}: {error}"),
            }
        }
        assert!(out == file, "{name}: {} of {} bytes", out.len(), file.len());
        assert!(quiet > 100, "{name}");
    }
}

/// A FIFO that is removed when the test ends.
fn fifo() -> Temp {
    let temp = Temp::new(b"");
    std::fs::remove_file(&temp.0).expect("removed");
    rustix::fs::mknodat(rustix::fs::CWD, &temp.0, rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o600), 0).expect("a FIFO");
    temp
}

#[test]
fn a_quiet_pipe_does_not_hold_the_caller() {
    let file = plain(50);
    for bytes in std::iter::once(file.clone()).chain(packed(&file).into_iter().map(|(_, bytes)| bytes)) {
        let temp = fifo();
        let mut source = open(&FileSettings { paths: vec![temp.0.clone()], ..FileSettings::default() }).expect("opened without a writer");
        let mut block = Block::new();
        let begun = Instant::now();
        assert_eq!(source.fill(&mut block).expect("no error"), Fill::Quiet);
        let mut writer = std::fs::OpenOptions::new().write(true).open(&temp.0).expect("the reader is there");
        let mut seen: Vec<Seen> = Vec::new();
        let mut quiet = 0;
        for piece in bytes.chunks(bytes.len() / 4 + 1) {
            writer.write_all(piece).expect("written");
            for _ in 0..3 {
                block.clear();
                let fill = source.fill(&mut block).expect("no error");
                quiet += u32::from(fill == Fill::Quiet);
                assert_ne!(fill, Fill::End, "the writer is still there");
                seen.extend(block.packets.iter().map(|p| (p.time.0, p.wire, p.link.0, p.interface, block.bytes(p).to_vec())));
            }
        }
        assert!(quiet >= 4);
        assert!(begun.elapsed() < Duration::from_millis(60 * (u64::from(quiet) + 10)), "{:?} for {quiet} quiet calls", begun.elapsed());
        drop(writer);
        seen.extend(drain(source.as_mut(), 1 << 19).expect("no error"));
        assert!(seen == read(&file).0);
        assert_eq!(source.info()[0].progress, None);
    }
}

#[test]
fn an_empty_pipe_is_an_error_when_it_ends() {
    let temp = fifo();
    let mut source = open(&FileSettings { paths: vec![temp.0.clone()], ..FileSettings::default() }).expect("opened");
    drop(std::fs::OpenOptions::new().write(true).open(&temp.0).expect("the reader is there"));
    assert!(drain(source.as_mut(), 100).expect_err("nothing came").to_string().contains("is empty"));
    assert_eq!(source.fill(&mut Block::new()).expect("it has ended"), Fill::End);
}

fn settings(path: &Path, filter: Option<&str>, replay: Option<f64>) -> FileSettings {
    FileSettings { paths: vec![path.to_owned()], filter: filter.map(str::to_owned), replay, ..FileSettings::default() }
}

#[test]
fn filters_by_link_type() {
    let mut ng = LITTLE.section();
    ng.extend(LITTLE.interface(1, 0, &[]));
    ng.extend(LITTLE.interface(101, 0, &[]));
    let arp = Packet::eth([0xff; 6], [0xff; 6]).unpadded().ether_type(0x0806).payload(&[0; 28]).build();
    let ip = Packet::bare().ipv4([10, 0, 0, 1], [10, 0, 0, 2]).tcp(0, 0).build();
    for n in 0..3000 {
        ng.extend(LITTLE.enhanced(0, n, 42, &arp));
        ng.extend(LITTLE.enhanced(1, n, 40, &ip));
    }
    let temp = Temp::new(&ng);
    for (filter, kept, link) in [("arp", 3000, 1), ("host 10.0.0.2", 3000, 101), ("port 53 and udp", 0, 0)] {
        let mut source = open(&settings(&temp.0, Some(filter), None)).expect("opened");
        let seen = drain(source.as_mut(), 1000).expect("readable");
        assert_eq!(seen.len(), kept, "{filter}");
        assert!(seen.iter().all(|p| p.2 == link));
        assert_eq!(source.info()[0].packets, kept as u64);
    }
    let mut source = open(&settings(&temp.0, Some("vlan 5"), None)).expect("opened");
    assert!(drain(source.as_mut(), 1000).expect("readable").is_empty());
    let warning = source.info().remove(0).warning.expect("raw IP has no VLANs");
    assert!(warning.contains("cannot be used on RAW packets"), "{warning}");
    let error = open(&settings(&temp.0, Some("hots 1.2.3.4"), None)).map(|_| ()).expect_err("no expression");
    assert!(error.to_string().contains("hots 1.2.3.4"), "{error}");
}

/// A pcap file with packets at the given milliseconds.
fn at(link: u32, millis: &[u32]) -> Temp {
    let mut file = BIG.header(0xa1b2_c3d4, (2, 4), link);
    for &ms in millis {
        file.extend(BIG.record([ms / 1000, ms % 1000 * 1000, 2, 2], 0, &[ms as u8, link as u8]));
    }
    Temp::new(&file)
}

#[test]
fn merges_by_time_and_keeps_the_order_of_equals() {
    let files = [at(1, &[5, 10, 10, 30]), at(113, &[1, 10, 20]), at(101, &[]), at(0, &[10, 40, 35])];
    let paths: Vec<PathBuf> = files.iter().map(|f| f.0.clone()).collect();
    for bytes in [1, 3, 4096] {
        let mut source = open(&FileSettings { paths: paths.clone(), ..FileSettings::default() }).expect("opened");
        let seen = drain(source.as_mut(), bytes).expect("readable");
        let order: Vec<(i64, u16, u16)> = seen.iter().map(|p| (p.0 / 1_000_000, p.2, p.3)).collect();
        assert_eq!(
            order,
            [(1, 113, 0), (5, 1, 1), (10, 1, 1), (10, 1, 1), (10, 113, 0), (10, 0, 2), (20, 113, 0), (30, 1, 1), (40, 0, 2), (35, 0, 2)]
        );
        assert!(seen.iter().all(|p| p.4[1] == p.2 as u8));
        assert_eq!(source.info().iter().map(|i| i.packets).collect::<Vec<_>>(), [4, 3, 0, 3]);
    }
}

#[test]
fn one_bad_file_among_several_is_named() {
    let (good, bad) = (at(1, &[1]), Temp::new(b"nothing\n"));
    let error = open(&FileSettings { paths: vec![good.0.clone(), bad.0.clone()], ..FileSettings::default() })
        .map(|_| ())
        .expect_err("one is no capture");
    assert!(error.to_string().starts_with(&bad.0.display().to_string()), "{error}");
}

#[test]
fn replays_at_the_pace_of_packet_time() {
    // A jump of more than an hour takes a second of packet time.
    let file = at(1, &[1000, 1200, 1100, 1400, 10_000_000, 10_000_100]);
    for speed in [2.0, 10.0] {
        let mut source = open(&settings(&file.0, None, Some(speed))).expect("opened");
        let begun = Instant::now();
        let mut block = Block::new();
        let (mut seen, mut calls) = (Vec::new(), 0);
        loop {
            block.clear();
            let call = Instant::now();
            let fill = source.fill(&mut block).expect("readable");
            assert!(call.elapsed() < Duration::from_millis(200));
            seen.extend(block.packets.iter().map(|p| (p.time.0 / 1_000_000, begun.elapsed().as_secs_f64() * speed)));
            calls += 1;
            assert!(calls < 1000);
            if fill == Fill::End {
                break;
            }
        }
        let due = [(1000, 0.0), (1200, 0.2), (1100, 0.2), (1400, 0.4), (10_000_000, 1.4), (10_000_100, 1.5)];
        assert_eq!(seen.iter().map(|p| p.0).collect::<Vec<_>>(), due.map(|d| d.0));
        for ((_, when), (_, want)) in seen.iter().zip(due) {
            // Never early; late by a machine's whim.
            assert!(*when >= want && *when < want + 0.4 * speed, "{when} for {want}");
        }
    }
    for speed in [0.0, -1.0, f64::NAN] {
        assert!(open(&settings(&file.0, None, Some(speed))).is_err());
    }
}
