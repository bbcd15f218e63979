//! Each format, its variants and its damages.

use super::{Temp, drain, read, read_in, refusal};
use crate::capture::SourceLosses;
use crate::capture::file::open;
use crate::packet::captured::{self, erf_file as erf};
use crate::packet::file::{BIG, LITTLE, netmon, plain, snoop};
use crate::settings::FileSettings;

#[test]
fn pcap_in_every_order_and_resolution() {
    for (writer, magic, unit, name) in [
        (LITTLE, 0xa1b2_c3d4, 1000, "pcap"),
        (BIG, 0xa1b2_c3d4, 1000, "pcap"),
        (LITTLE, 0xa1b2_3c4d, 1, "pcap-ns"),
        (BIG, 0xa1b2_3c4d, 1, "pcap-ns"),
    ] {
        let mut file = writer.header(magic, (2, 4), 113);
        file.extend(writer.record([0xffff_ffff, 999_999, 3, 1500], 0, b"abc"));
        let (seen, info) = read(&file);
        assert_eq!(seen, [(0xffff_ffff * 1_000_000_000 + 999_999 * unit, 1500, 113, 0, b"abc".to_vec())]);
        assert_eq!((info.format.as_str(), info.packets, info.cut_short, info.warning), (name, 1, false, None));
        assert_eq!(info.progress, Some(1.0));
    }
}

/// Files put behind each other, as `cat` does: each has its link type.
#[test]
fn pcap_behind_pcap() {
    for writer in [LITTLE, BIG] {
        let one = |link: u32, second: u32| [writer.header(0xa1b2_c3d4, (2, 4), link), writer.record([second, 7, 3, 3], 0, b"abc")].concat();
        let (seen, info) = read(&[one(1, 10), one(113, 20), one(1, 30)].concat());
        let told: Vec<_> = seen.iter().map(|p| (p.0, p.2)).collect();
        assert_eq!(told, [(10_000_007_000, 1), (20_000_007_000, 113), (30_000_007_000, 1)]);
        assert_eq!((info.packets, info.cut_short, info.warning), (3, false, None));
        // A packet of the very time that a header looks like has bytes.
        let far = writer.record([0xa1b2_c3d4, if writer.big { 0x0002_0004 } else { 0x0004_0002 }, 3, 3], 0, b"abc");
        assert_eq!(read(&[one(1, 10), far].concat()).0.len(), 2);
        let (seen, info) = read(&[one(1, 10), one(1, 20)[..20].to_vec()].concat());
        assert_eq!((seen.len(), info.cut_short), (1, true), "the second is cut in its header");
    }
}

#[test]
fn pcap_variants() {
    // Kuznetzov's three and Nokia's: told apart by two records.
    for (magic, extra, name) in [
        (0xa1b2_cd34, 8, "pcap-modified"),
        (0xa1b2_cd34, 12, "pcap-modified"),
        (0xa1b2_c3d4, 8, "pcap-modified"),
        (0xa1b2_c3d4, 4, "pcap-nokia"),
    ] {
        let mut file = LITTLE.header(magic, (2, 4), 1);
        for n in 0..3 {
            file.extend(LITTLE.record([1_700_000_000, n, 60, 60], extra, &[0xff; 60]));
        }
        let (seen, info) = read(&file);
        assert_eq!((seen.len(), info.format.as_str()), (3, name), "{magic:x} {extra}");
        assert!(seen.iter().all(|p| p.4 == [0xff; 60]));
    }
    // Ixia: four more bytes of file header.
    for (magic, nanos) in [(0x1c00_01ac, 5), (0x1c00_01ab, 5000)] {
        let mut file = BIG.header(magic, (2, 4), 1);
        file.extend([0; 4]);
        file.extend(BIG.record([1, 5, 1, 1], 0, b"x"));
        assert_eq!(read(&file).0, [(1_000_000_000 + nanos, 1, 1, 0, b"x".to_vec())]);
    }
    // AIX: interface types and nanoseconds.
    let mut file = BIG.header(0xa1b2_c3d4, (2, 2), 6);
    file.extend(BIG.record([1, 5, 9, 1], 0, b"x"));
    let (seen, info) = read(&file);
    assert_eq!((seen, info.format.as_str()), (vec![(1_000_000_005, 9, 1, 0, b"x".to_vec())], "pcap-aix"));
}

#[test]
fn lengths_change_places_before_version_2_3() {
    for (version, fields) in [((2, 2), [1, 0, 500, 2]), ((543, 0), [1, 0, 500, 2]), ((2, 3), [1, 0, 500, 2]), ((2, 3), [1, 0, 2, 500])] {
        let mut file = LITTLE.header(0xa1b2_c3d4, version, 1);
        file.extend(LITTLE.record(fields, 0, b"ab"));
        assert_eq!(read(&file).0, [(1_000_000_000, 500, 1, 0, b"ab".to_vec())], "{version:?}");
    }
    assert!(refusal(&LITTLE.header(0xa1b2_c3d4, (1, 0), 1)).contains("version 1.0 is not supported"));
}

#[test]
fn the_link_type_field_may_hold_more() {
    // The length of the frame check sequence in the upper half; raw IP by the number of the platform.
    for (network, link) in [(0x4400_0001, 1), (12, 101), (14, 101), (101, 101), (65_535, 65_535)] {
        let mut file = LITTLE.header(0xa1b2_c3d4, (2, 4), network);
        file.extend(LITTLE.record([0, 0, 1, 1], 0, b"x"));
        let (seen, info) = read(&file);
        assert_eq!((seen[0].2, info.link_types[0].0), (link, link));
    }
}

#[test]
fn the_wire_length_is_the_recorded_one() {
    let mut file = LITTLE.header(0xa1b2_c3d4, (2, 4), 1);
    file.extend(LITTLE.record([0, 0, 4, 4], 0, b"abcd"));
    file.extend(LITTLE.record([0, 0, 4, 2], 0, b"abcd"));
    file.extend(LITTLE.record([0, 0, 4, u32::MAX], 0, b"abcd"));
    assert_eq!(read(&file).0.iter().map(|p| p.1).collect::<Vec<_>>(), [4, 2, u32::MAX]);
}

#[test]
fn large_packets_grow_the_arena_and_larger_ones_are_damage() {
    let largest = vec![7; 262_144];
    let mut file = LITTLE.header(0xa1b2_c3d4, (2, 4), 1);
    file.extend(LITTLE.record([1, 0, 1, 1], 0, b"a"));
    file.extend(LITTLE.record([2, 0, 262_144, 262_144], 0, &largest));
    let damage_at = file.len();
    file.extend(LITTLE.record([3, 0, 262_145, 262_145], 0, &largest));
    for bytes in [0, 16, 4096, 1 << 20] {
        let (seen, info) = read_in(&file, bytes).expect("two packets are readable");
        assert_eq!(seen.iter().map(|p| p.4.len()).collect::<Vec<_>>(), [1, 262_144]);
        let warning = info.warning.expect("damage");
        assert!(warning.starts_with(&format!("damaged at byte {damage_at}: a record of 262145 bytes")), "{warning}");
        assert!(!info.cut_short);
    }
    // Nothing readable at all.
    let mut file = LITTLE.header(0xa1b2_3c4d, (2, 4), 1);
    file.extend(LITTLE.record([3, 0, 262_145, 262_145], 0, b""));
    assert!(refusal(&file).contains("damaged at byte 24"), "{}", refusal(&file));
}

#[test]
fn a_header_alone_is_a_capture_without_packets() {
    let (seen, info) = read(&plain(0));
    assert_eq!((seen.len(), info.format.as_str(), info.warning), (0, "pcap", None));
    assert_eq!(read(&BIG.section()).0.len(), 0);
    assert_eq!(read(&snoop(&[], 0)).0.len(), 0);
}

#[test]
fn pcapng_with_everything() {
    let (le, be) = (LITTLE, BIG);
    let mut file = le.section();
    file.extend(le.interface(1, 3, &[]));
    file.extend(le.interface(113, 0, &[le.option(2, b"eth0"), le.option(9, &[9]), le.option(14, &10u64.to_le_bytes())].concat()));
    file.extend(le.block(4, &[0; 40])); // names
    file.extend(le.block(0x8000_1234, &[1, 2, 3])); // somebody's own
    file.extend(le.enhanced(0, 1_500_000, 60, b"abc"));
    file.extend(le.enhanced(1, 7, 4, b"abcd"));
    file.extend(le.simple(9, b"xyz"));
    file.extend(le.statistics(0, 3, 4));
    file.extend(le.statistics(0, 5, 6));
    file.extend(le.statistics(1, 10, 20));
    file.extend(le.statistics(99, 1000, 1000));
    file.extend(be.section());
    file.extend(be.interface(101, 0, &be.option(9, &[0x81])));
    file.extend(be.obsolete(0, 3, 77, b"old"));
    file.extend(be.statistics(0, 100, 200));
    let temp = Temp::new(&file);
    for bytes in [1, 64, 100, 4096, 1 << 19] {
        let mut source = open(&FileSettings { paths: vec![temp.0.clone()], ..FileSettings::default() }).expect("opened");
        let seen = drain(source.as_mut(), bytes).expect("readable");
        assert_eq!(
            seen,
            [
                (1_500_000_000, 60, 1, 0, b"abc".to_vec()),
                (10_000_000_007, 4, 113, 1, b"abcd".to_vec()),
                (10_000_000_007, 9, 1, 0, b"xyz".to_vec()),
                (1_500_000_000, 77, 101, 2, b"old".to_vec()),
            ]
        );
        assert_eq!(source.losses(), SourceLosses { interface: 115, kernel: 226 });
        assert!(source.counts_losses());
        let info = source.info().remove(0);
        assert_eq!((info.format.as_str(), info.packets, info.warning), ("pcapng", 4, None));
        assert_eq!(info.link_types.iter().map(|l| l.0).collect::<Vec<_>>(), [1, 113, 101]);
    }
}

#[test]
fn pcapng_steps_over_blocks_larger_than_its_memory() {
    let le = LITTLE;
    let mut file = le.section();
    file.extend(le.interface(1, 0, &[]));
    file.extend(le.block(4, &vec![1; 3 << 20]));
    file.extend(le.enhanced(0, 1, 1, b"a"));
    // An enhanced packet with more options than are held at once.
    let mut body = [0u32, 0, 2, 4, 4].iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>();
    body.extend(b"abcd");
    for _ in 0..9 {
        body.extend(le.option(1, &[b'c'; 60_000]));
    }
    file.extend(le.block(6, &body));
    file.extend(le.enhanced(0, 3, 1, b"b"));
    let (seen, info) = read(&file);
    assert_eq!(seen.iter().map(|p| (p.0, p.4.as_slice())).collect::<Vec<_>>(), [(1000, &b"a"[..]), (2000, b"abcd"), (3000, b"b")]);
    assert_eq!(info.warning, None);
}

#[test]
fn pcapng_damages() {
    let le = LITTLE;
    let mut good = le.section();
    good.extend(le.interface(1, 0, &[]));
    good.extend(le.enhanced(0, 1, 1, b"a"));
    let at = good.len();
    let mut wrong_end = le.enhanced(0, 1, 1, b"a");
    *wrong_end.last_mut().expect("bytes") = 1;
    let mut too_long = le.enhanced(0, 1, 1, b"a");
    too_long[20] = 200;
    let mut other_version = le.section();
    other_version[12] = 9;
    let mut no_mark = le.section();
    no_mark[8] = 9;
    let mut huge = le.block(4, &[]);
    huge[7] = 2;
    for (block, words) in [
        (wrong_end, "that ends as one of"),
        (too_long, "a packet of 200 bytes in a block of"),
        (le.enhanced(1, 1, 1, b"a"), "a packet of interface 1, of 1 known"),
        (other_version, "version 9.0"),
        (no_mark, "byte order mark"),
        (le.block(6, b"short"), "too short"),
        (le.block(1, b""), "too short"),
        (huge, "a block of 33554444 bytes"),
        (vec![0; 12], "a block of 0 bytes"),
    ] {
        let file = [good.as_slice(), &block, &good].concat();
        let (seen, info) = read(&file);
        let warning = info.warning.unwrap_or_default();
        assert_eq!(seen.len(), 1, "{words}");
        assert!(warning.starts_with(&format!("damaged at byte {at}: ")) && warning.contains(words), "{warning}");
        assert!(!info.cut_short);
    }
    let mut no_interface = le.section();
    no_interface.extend(le.simple(1, b"a"));
    assert!(refusal(&no_interface).contains("of 0 known"));
}

#[test]
fn snoop_with_and_without_padding() {
    for padding in [0, 2, 6] {
        let file = snoop(&[b"first", b"", b"third"], padding);
        let temp = Temp::new(&file);
        let mut source = open(&FileSettings { paths: vec![temp.0.clone()], ..FileSettings::default() }).expect("opened");
        let seen = drain(source.as_mut(), 64).expect("readable");
        assert_eq!(
            seen,
            [
                (100_000_005_000, 15, 1, 0, b"first".to_vec()),
                (101_000_005_000, 10, 1, 0, vec![]),
                (102_000_005_000, 15, 1, 0, b"third".to_vec())
            ]
        );
        assert_eq!(source.losses(), SourceLosses { interface: 0, kernel: 2 });
        assert_eq!(source.info()[0].format, "snoop");
    }
    let mut bad = snoop(&[b"first", b"second"], 0);
    let at = 16 + 24 + 5;
    bad[at + 11] = 3;
    let (seen, info) = read(&bad);
    assert_eq!(seen.len(), 1);
    assert_eq!(
        info.warning.as_deref(),
        Some("damaged at byte 45: a record of 3 bytes with a packet of 6 in it; what follows cannot be read")
    );
    let mut other = snoop(&[], 0);
    other[15] = 20;
    assert!(refusal(&other).contains("data link type 20"));
    other[11] = 9;
    assert!(refusal(&other).contains("snoop version 9"));
}

#[test]
fn says_what_is_no_capture() {
    for (file, words) in [
        (&b""[..], "is empty"),
        (b"hello\nworld\n", "it looks like text"),
        (b"\x7fELF\x02\x01", "it looks like a program (ELF)"),
        (&[0x0a, 0x0d, 0x0d, 0x0a, 1, 2, 3, 4, 5, 6, 7, 8], "unknown data beginning with 0a 0d 0d 0a"),
        (&[0x0a, 0x0d, 0x0d, 0x0a, 1], "cut short in the first block"),
        (&[0xa1], "unknown data beginning with a1"),
    ] {
        assert!(refusal(file).contains(words), "{}", refusal(file));
    }
    assert!(open(&FileSettings::default()).is_err());
}

/// A few packets of different lengths.
fn packets() -> Vec<Vec<u8>> {
    (0..5u8).map(|n| vec![n; 60 + usize::from(n)]).collect()
}

#[test]
fn network_monitor_of_every_version() {
    let packets = packets();
    for (version, beyond) in [((1, 1), 0), ((2, 0), 4), ((2, 1), 4), ((2, 2), 4), ((2, 3), 4)] {
        let (seen, info) = read(&netmon(version, 1, &packets));
        let want: Vec<_> = packets
            .iter()
            .enumerate()
            .map(|(n, p)| (1_700_000_000_000_000_000 + n as i64 * 1_000_000, p.len() as u32 + beyond, 1, 0, p.clone()))
            .collect();
        assert_eq!(seen, want, "{version:?}");
        assert_eq!((info.format.as_str(), info.packets, info.cut_short, info.warning), ("netmon", 5, false, None));
    }
    // Any number of the registry's, from 2.1 on; what the monitor counts itself; and what it does not tell.
    let link = |version, network| read(&netmon(version, network, &packets[..2])).0[0].2;
    assert_eq!([link((2, 1), 0xe000 + 101), link((2, 2), 2), link((2, 0), 3), link((2, 3), 8)], [101, 6, 10, 101]);
    assert_eq!(link((2, 1), 77), 0x8000 + 77);
    // What it says of an 802.11 frame is before the frame.
    let radio: Vec<Vec<u8>> = packets.iter().map(|p| [&[2, 20, 0][..], &[9; 17], p].concat()).collect();
    let (seen, _) = read(&netmon((2, 1), 6, &radio));
    assert_eq!(seen.iter().map(|s| (s.2, s.4.clone())).collect::<Vec<_>>(), packets.iter().map(|p| (105, p.clone())).collect::<Vec<_>>());
}

#[test]
fn network_monitor_that_is_damaged() {
    let whole = netmon((2, 2), 1, &packets());
    assert!(refusal(&whole[..20]).contains("cut short in the file header"));
    let mut wrong = whole.clone();
    wrong[5] = 3;
    assert!(refusal(&wrong).contains("version 3.2 is not supported"));
    let mut wrong = whole.clone();
    wrong[24..28].copy_from_slice(&[9, 0, 0, 0]);
    assert!(refusal(&wrong).contains("within the header"));
    // A length beyond the table.
    let mut wrong = whole.clone();
    wrong[128 + 12 + 16 + 60 + 6..][..4].copy_from_slice(&[0xff; 4]);
    let (seen, info) = read(&wrong);
    assert_eq!(seen.len(), 1);
    assert!(info.warning.is_some_and(|w| w.contains("what follows cannot be read")));
}

#[test]
fn erf_is_known_by_its_records() {
    let packets = packets();
    let file = erf(&packets);
    let temp = Temp::new(&file);
    let mut source = open(&FileSettings { paths: vec![temp.0.clone()], ..FileSettings::default() }).unwrap();
    let seen = drain(source.as_mut(), 4096).unwrap();
    assert_eq!(source.losses(), SourceLosses { interface: 5, kernel: 0 });
    for (n, (seen, packet)) in seen.iter().zip(&packets).enumerate() {
        // The header and its extensions are decoded; what fills the record up is not the frame's.
        let header = 18 + 8 * (n % 3);
        assert_eq!((seen.0, seen.2), ((1_700_000_000 + n as i64) * 1_000_000_000, 197));
        assert_eq!((seen.1 as usize, &seen.4[header..]), (header + packet.len(), &packet[..]));
    }
    assert_eq!((seen.len(), source.info()[0].format.as_str()), (5, "erf"));
    // One record alone, where the file ends behind it.
    assert_eq!(read(&erf(&packets[..1])).0.len(), 1);
    let pad = captured::erf(48, 1_700_000_000, 0, &[], &[0; 8]);
    assert_eq!(read(&[erf(&packets[..2]), pad.clone(), erf(&packets[..2])].concat()).0.len(), 4);
    // Times a week apart, an unknown type, text.
    let late = captured::erf(2, 1_800_000_000, 0, &[0, 0], &packets[0]);
    assert!(refusal(&[erf(&packets[..1]), late].concat()).contains("is not a capture file"));
    assert!(refusal(&captured::erf(99, 1_700_000_000, 0, &[], &packets[0])).contains("is not a capture file"));
    assert!(refusal("a text that is long enough to hold the header of a record, or two of them".as_bytes()).contains("looks like text"));
    let (seen, info) = read(&[file, vec![0; 40]].concat());
    assert_eq!(seen.len(), 5);
    assert!(info.warning.is_some_and(|w| w.contains("a record of 0 bytes")));
}

#[test]
fn pcapng_interfaces_are_listed_one_by_one() {
    let named = |name: &str| [LITTLE.option(2, name.as_bytes()), LITTLE.option(3, b"uplink\0"), LITTLE.option(0, b"")].concat();
    let mut file = LITTLE.section();
    file.extend(LITTLE.interface(1, 0, &named("eth0")));
    file.extend(LITTLE.interface(113, 0, &LITTLE.option(2, &[b'x'; 300])));
    file.extend(LITTLE.interface(1, 0, &[]));
    (0..5).for_each(|n| file.extend(LITTLE.enhanced(n % 2, n.into(), 60, &[0; 60])));
    file.extend(LITTLE.statistics(1, 3, 4));
    // A second section counts its interfaces from 0 again.
    let mut second = BIG.section();
    second.extend(BIG.interface(101, 0, &BIG.option(3, "Wi-Fi ü".as_bytes())));
    second.extend(BIG.enhanced(0, 9, 60, &[0x45; 60]));
    let (_, info) = read(&[file, second].concat());
    let rows: Vec<_> =
        info.interfaces.iter().map(|i| (i.name.as_deref(), i.description.as_deref(), i.link.0, i.packets, i.dropped)).collect();
    let long = "x".repeat(256);
    let want = [
        (Some("eth0"), Some("uplink"), 1, 3, 0),
        (Some(long.as_str()), None, 113, 2, 7),
        (None, None, 1, 0, 0),
        (None, Some("Wi-Fi ü"), 101, 1, 0),
    ];
    assert_eq!((rows, info.more_interfaces), (want.to_vec(), 0));
    // Beyond the cap they are counted.
    let many: Vec<u8> = (0..100).flat_map(|_| LITTLE.interface(1, 0, &[])).collect();
    let (_, info) = read(&[LITTLE.section(), many, LITTLE.enhanced(99, 9, 60, &[0; 60])].concat());
    assert_eq!((info.interfaces.len(), info.more_interfaces, info.packets), (64, 36, 1));
}

#[test]
fn a_file_without_counts_of_drops_knows_of_no_losses() {
    let begin = [LITTLE.section(), LITTLE.interface(1, 0, &[]), LITTLE.enhanced(0, 9, 60, &[0; 60])].concat();
    for (more, counts) in [(Vec::new(), false), (LITTLE.statistics(0, 0, 0), true)] {
        let temp = Temp::new(&[begin.clone(), more].concat());
        let mut source = open(&FileSettings { paths: vec![temp.0.clone()], ..FileSettings::default() }).unwrap();
        drain(source.as_mut(), 4096).unwrap();
        assert_eq!((source.counts_losses(), source.losses()), (counts, SourceLosses::default()));
    }
}

#[test]
fn drops_that_cannot_be_true_are_no_losses() {
    let packet = || LITTLE.enhanced(0, 9, 60, &[0; 60]);
    let begin = || [LITTLE.section(), LITTLE.interface(1, 0, &[]), packet()].concat();
    for (drops, told) in [([u64::MAX, 4], [0, 4]), ([3, u64::MAX - 1], [3, 0]), ([1 << 60, 1 << 60], [0, 0]), ([1_000, 7], [1_000, 7])] {
        let file = [begin(), LITTLE.statistics(0, drops[0], drops[1])].concat();
        let temp = Temp::new(&file);
        let mut source = open(&FileSettings { paths: vec![temp.0.clone()], ..FileSettings::default() }).unwrap();
        drain(source.as_mut(), 4096).unwrap();
        let losses = source.losses();
        assert_eq!([losses.interface, losses.kernel], told, "{drops:?}");
        let warned = source.info()[0].warning.is_some();
        assert_eq!(warned, told != drops, "{drops:?}");
        assert_eq!(source.counts_losses(), told != [0, 0], "{drops:?}: what cannot be true counts nothing");
    }
    // Counts that packets bear are of what was dropped before each: without one of them nobody knows how many were lost.
    for (counts, lost, is_counted) in [([0, 0], 0, true), ([0, 5], 5, true), ([0, u64::MAX], 0, false), ([5, 1 << 63], 5, false)] {
        let packet = |count: u64| LITTLE.enhanced_with(0, 9, 60, &[0; 60], &LITTLE.option(4, &count.to_le_bytes()));
        let file = [LITTLE.section(), LITTLE.interface(1, 0, &[]), packet(counts[0]), packet(counts[1])].concat();
        let temp = Temp::new(&file);
        let mut source = open(&FileSettings { paths: vec![temp.0.clone()], ..FileSettings::default() }).unwrap();
        drain(source.as_mut(), 4096).unwrap();
        assert_eq!((source.losses().kernel + source.losses().interface, source.counts_losses()), (lost, is_counted), "{counts:?}");
    }
}
