//! What must hold for any bytes.

use super::{Seen, Temp, drain, read, read_in};
use crate::capture::file::open;
use crate::capture::{Block, Fill};
use crate::model::limits::RECORD_BYTES;
use crate::packet::captured::erf_file as erf;
use crate::packet::file::{BIG, LITTLE, netmon, plain, snoop};
use crate::settings::FileSettings;
use proptest::prelude::*;

/// A file of each format, small, with the number of bytes before its first record.
fn samples() -> Vec<(Vec<u8>, usize)> {
    let mut ng = BIG.section();
    ng.extend(BIG.interface(1, 0, &BIG.option(9, &[9])));
    for n in 0..4u8 {
        ng.extend(BIG.enhanced(0, u64::from(n), 100, &vec![n; usize::from(n) * 3]));
        ng.extend(BIG.block(5, &[0; 12]));
        ng.extend(BIG.simple(2, &[n; 2]));
    }
    let mut modified = LITTLE.header(0xa1b2_cd34, (2, 4), 1);
    for n in 0..4 {
        modified.extend(LITTLE.record([n, n, 5, 60], 8, b"bytes"));
    }
    let packets: Vec<Vec<u8>> = (1..9u8).map(|n| vec![n; usize::from(n) * 5]).collect();
    // What an ERF file is shows by its first two records.
    let two = erf(&packets[..2]).len();
    let snoop = snoop(&[b"one", b"two", b"three"], 3);
    vec![(plain(12), 24), (ng, 28), (modified, 24), (snoop, 16), (netmon((2, 2), 1, &packets), 128), (erf(&packets), two)]
}

#[test]
fn a_file_cut_at_every_byte_gives_what_is_before() {
    for (file, header) in samples() {
        let (all, _) = read(&file);
        let mut cuts_seen = 0;
        for end in header..file.len() {
            let (seen, info) = read(&file[..end]);
            assert!(all.starts_with(&seen), "cut at {end}");
            if info.cut_short {
                cuts_seen += 1;
                let warning = info.warning.expect("a warning");
                let at: usize = warning.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("an offset");
                assert!(at < end, "{warning}, of {end} bytes");
                // The same file, cut where the warning says, is whole and has the same packets.
                let (before, info) = read(&file[..at.max(header)]);
                assert_eq!((before, info.cut_short), (seen, false), "cut at {end}");
            }
        }
        assert!(cuts_seen > file.len() / 2);
    }
}

#[test]
fn block_sizes_do_not_matter() {
    let file = plain(3000);
    let (all, _) = read(&file);
    assert_eq!(all.len(), 3000);
    for bytes in [0, 1, 15, 16, 17, 100, 105, 106, 107, 1000, 4095, 65_536, 1 << 20] {
        let (seen, info) = read_in(&file, bytes).expect("readable");
        assert_eq!(seen, all, "blocks of {bytes} bytes");
        assert_eq!((info.packets, info.warning), (3000, None));
    }
}

#[test]
fn a_block_holds_a_bounded_number_of_packets() {
    let mut file = LITTLE.header(0xa1b2_c3d4, (2, 4), 1);
    for n in 0..40_000 {
        file.extend(LITTLE.record([n, 0, 0, 64], 0, b""));
    }
    let temp = Temp::new(&file);
    let mut source = open(&FileSettings { paths: vec![temp.0.clone()], ..FileSettings::default() }).expect("opened");
    let mut block = Block::new();
    let mut sizes = Vec::new();
    while source.fill(&mut block).expect("readable") != Fill::End {
        sizes.push(block.packets.len());
        block.clear();
    }
    assert_eq!(sizes, [16_384, 16_384, 7_232]);
}

/// Reads anything at all, and checks what must hold whatever it is.
fn survives(file: &[u8], arena: usize) -> Result<Option<Vec<Seen>>, TestCaseError> {
    let temp = Temp::new(file);
    let Ok(mut source) = open(&FileSettings { paths: vec![temp.0.clone()], ..FileSettings::default() }) else { return Ok(None) };
    let mut block = Block::with_bytes(arena);
    let mut framed = 0;
    for _ in 0..100_000 {
        block.clear();
        let fill = source.fill(&mut block);
        prop_assert!(block.data.len() <= arena.max(RECORD_BYTES + 65_536), "the arena grew to {}", block.data.len());
        framed += block.packets.iter().map(|p| block.bytes(p).len()).sum::<usize>();
        prop_assert!(framed <= file.len());
        match fill {
            Ok(Fill::End) | Err(_) => {
                let mut again = open(&FileSettings { paths: vec![temp.0.clone()], ..FileSettings::default() }).expect("opened before");
                return Ok(drain(again.as_mut(), 4096).ok());
            }
            Ok(_) => {}
        }
    }
    Err(TestCaseError::fail("never ends"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_behind_any_magic(
        magic in prop::sample::select(vec![
            &[0xd4u8, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0][..], &[0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 3], &[0x34, 0xcd, 0xb2, 0xa1, 2, 0, 4, 0],
            &[0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0], b"snoop\0\0\0\0\0\0\x02\0\0\0\x04",
            &[b'G', b'M', b'B', b'U', 2, 2, 1, 0], &[b'R', b'T', b'S', b'S', 1, 1, 1, 0], &[0, 0, 0, 0, 0x80, 0xf1, 0x53, 0x65, 2, 4, 0],
            &[0x1f, 0x8b, 8, 0], &[0x28, 0xb5, 0x2f, 0xfd], &[0x04, 0x22, 0x4d, 0x18], &[0xfd, b'7', b'z', b'X', b'Z', 0], b"",
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..600),
        arena in 0usize..700,
    ) {
        survives(&[magic, &rest].concat(), arena)?;
    }

    #[test]
    fn a_file_with_a_few_bytes_changed(
        which in 0usize..6,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        arena in 0usize..700,
    ) {
        let (mut file, header) = samples().remove(which);
        for (index, byte) in changes {
            // The first four bytes would only make it no capture.
            let at = 4 + index.index(file.len() - 4);
            file[at] = byte;
        }
        let _ = header;
        let whole = survives(&file, arena)?;
        let again = read_in(&file, arena).ok().map(|(seen, _)| seen);
        prop_assert_eq!(whole, again, "the size of the arena matters");
    }
}
