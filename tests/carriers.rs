//! What carries copies, and what is inside them, are told apart: whose a sequence number is, which fragments are the mirror's own.

mod support;

use spantop::capture::Memory;
use spantop::engine::{self, Settings};
use spantop::model::{LinkType, Session, Timestamp};
use spantop::snapshot::Snapshot;
use support::Rng;
use support::mirror::{self, Copied, OUTER, Wrap};
use support::network::{self, Plan};
use support::packet::fragment::divide;
use support::packet::{Erspan, Packet};

const START: i64 = 1_700_000_000_000_000_000;

/// Frames on the link with their times.
type Frames = Vec<(i64, Vec<u8>)>;

fn analyse_with(frames: &Frames, settings: &Settings) -> Snapshot {
    let mut memory = Memory::new();
    for (time, frame) in frames {
        memory.push(Timestamp(START + time), LinkType::ETHERNET, frame.len() as u32, frame);
    }
    let outcome = engine::run(Box::new(memory), settings, Default::default()).unwrap();
    assert_eq!(outcome.failure, None);
    outcome.result
}

fn analyse(frames: &Frames) -> Snapshot {
    analyse_with(frames, &Settings::default())
}

fn ids(s: &Snapshot) -> Vec<&'static str> {
    s.diagnosis.findings.iter().filter(|f| f.active).map(|f| f.id).collect()
}

fn clean() -> Vec<Copied> {
    let frames = network::run(&Plan { connections: 120, loss_after: 0.0, ..Plan::default() });
    mirror::span(&frames, |port| port >= 100, true, true)
}

/// Both ends of a carrier, MAC addresses first.
fn outer(id: usize) -> Packet {
    Packet::eth([2, 0, 8, 0, 0, 1], [2, 0, 8, 0, 0, 2]).ipv4(OUTER[0], OUTER[1]).id(id as u16)
}

/// What a mirrored frame may be before it is mirrored.
type Disguise = fn(usize, &[u8]) -> Vec<u8>;

fn with_vn_tag(n: usize, frame: &[u8]) -> Vec<u8> {
    // Towards the bridge and away from it.
    let direction = if n.is_multiple_of(2) { 0x80 } else { 0 };
    [&frame[..12], &[0x89, 0x26, direction, 5, 0, 9], &frame[12..]].concat()
}

fn with_e_tag(_: usize, frame: &[u8]) -> Vec<u8> {
    [&frame[..12], &[0x89, 0x3f, 0, 0, 0, 7, 0, 0], &frame[12..]].concat()
}

fn vtep() -> Packet {
    Packet::eth([2, 0, 7, 0, 0, 1], [2, 0, 7, 0, 0, 2]).ipv4([10, 77, 0, 1], [10, 77, 0, 2])
}

fn in_vxlan(_: usize, frame: &[u8]) -> Vec<u8> {
    vtep().vxlan(77).frame(frame).build()
}

fn in_geneve(_: usize, frame: &[u8]) -> Vec<u8> {
    vtep().geneve(77, &[]).frame(frame).build()
}

fn in_bridged_gre(_: usize, frame: &[u8]) -> Vec<u8> {
    vtep().gre().frame(frame).build()
}

fn in_pseudowire(_: usize, frame: &[u8]) -> Vec<u8> {
    // Label, bottom of the stack, and a control word.
    Packet::eth([2, 0, 7, 0, 0, 1], [2, 0, 7, 0, 0, 2]).ether_type(0x8847).header(&[0, 1, 1, 64, 0, 0, 0, 0]).payload(frame).build()
}

const DISGUISES: [(&str, Disguise); 6] = [
    ("VN-tag", with_vn_tag),
    ("E-tag", with_e_tag),
    ("VXLAN", in_vxlan),
    ("Geneve", in_geneve),
    ("GRE", in_bridged_gre),
    ("pseudowire", in_pseudowire),
];

/// A session of this number whose copies are numbered, with those left out whose number `lost` names. Some frames are as they are, some
/// disguised.
fn numbered(disguise: Disguise, three: bool, lost: impl Fn(usize) -> bool) -> Frames {
    let copies = clean().into_iter().enumerate().filter(|(n, _)| !lost(*n));
    let wrapped = copies.map(|(n, copy)| {
        let frame = if n % 5 == 0 { copy.frame.clone() } else { disguise(n, &copy.frame) };
        let header = Erspan { sequence: Some(n as u32 + 1000), session: 7, ..Erspan::default() };
        let carrier = if three { outer(n).erspan3(Erspan { granularity: 1, ..header }) } else { outer(n).erspan2(header) };
        (copy.time, carrier.frame(&frame).build())
    });
    wrapped.collect()
}

/// The session whose outside is that of [`outer`].
fn session(s: &Snapshot) -> &Session {
    let found = s.mirror.sessions.iter().find(|s| s.tunnel.source == spantop::model::Address::V4(OUTER[0].into()));
    found.unwrap_or_else(|| panic!("{:#?}", s.mirror.sessions))
}

#[test]
fn a_sequence_number_is_the_outer_sessions_whatever_lies_inside() {
    for (name, disguise) in DISGUISES {
        for three in [false, true] {
            let frames = numbered(disguise, three, |_| false);
            let s = analyse(&frames);
            let found = session(&s);
            assert_eq!((found.sequenced, found.missing, found.reordered, found.packets), (true, 0, 0, frames.len() as u64), "{name}");
            assert!(found.inner_bytes > found.packets * 60 && found.inner_bytes < found.outer_bytes, "{name}: {found:?}");
            let others: Vec<_> = s.mirror.sessions.iter().filter(|other| other.tunnel != found.tunnel).collect();
            assert!(others.iter().all(|other| !other.sequenced), "{name}: {others:#?}");
            assert!(!ids(&s).contains(&"path.loss") && !ids(&s).contains(&"loop"), "{name}: {:#?}", s.diagnosis.findings);
            assert_eq!(s.mirror.loss.path.map(|e| e.rate), Some(0.0), "{name}");
        }
    }
}

#[test]
fn what_the_outer_session_lost_is_counted_exactly_whatever_lies_inside() {
    // One in ten, without a pattern.
    let lost = |n: usize| Rng(n as u64).below(10) == 7;
    for (name, disguise) in DISGUISES {
        let frames = numbered(disguise, false, lost);
        let all = numbered(disguise, false, |_| false).len();
        let s = analyse(&frames);
        let missing = session(&s).missing as usize;
        // The very last ones are not missing between others.
        assert!(missing.abs_diff(all - frames.len()) <= 3 && missing > 100, "{name}: {missing}");
        assert!(ids(&s).contains(&"path.loss") && !ids(&s).contains(&"decap.port"), "{name}: {:#?}", s.diagnosis.findings);
        assert_eq!(s.mirror.loss.path.map(|e| (e.rate * 100.0).round()), Some(10.0), "{name}");
    }
}

/// The second of two sessions mirrors the way on which the first sends its copies, to the same analyser.
fn mirror_of_mirror(kind: Wrap) -> Frames {
    let copies = mirror::wrap(clean(), kind, 1);
    let mut frames = Vec::new();
    for (n, copy) in copies.iter().enumerate() {
        frames.push((copy.time, copy.frame.clone()));
        let header = Erspan { sequence: Some(n as u32 + 5), session: 8, ..Erspan::default() };
        let around = Packet::eth([2, 0, 6, 0, 0, 1], [2, 0, 8, 0, 0, 2]).ipv4([198, 51, 100, 1], OUTER[1]).id(n as u16);
        frames.push((copy.time + 9_000, around.erspan2(header).frame(&copy.frame).build()));
    }
    frames.sort_by_key(|f| f.0);
    frames
}

#[test]
fn a_mirror_that_carries_itself_is_told_and_each_session_keeps_its_numbers() {
    for kind in [Wrap::Erspan2, Wrap::Erspan3, Wrap::Tzsp] {
        let frames = mirror_of_mirror(kind);
        let half = frames.len() as u64 / 2;
        let s = analyse(&frames);
        assert!(ids(&s).contains(&"loop") && ids(&s).contains(&"dup.every"), "{kind:?}: {:#?}", s.diagnosis.findings);
        let finding = s.diagnosis.findings.iter().find(|f| f.id == "loop").unwrap();
        assert_eq!(finding.evidence[0].1, spantop::model::Value::Count(half), "{kind:?}");
        let eighth = s.mirror.sessions.iter().find(|s| s.tunnel.id == 8).unwrap();
        assert_eq!((eighth.packets, eighth.sequenced, eighth.missing), (half, true, 0), "{kind:?}");
        // All that was around the copies is not inside: Ethernet, IPv4, GRE and ERSPAN.
        assert_eq!(eighth.inner_bytes, eighth.outer_bytes - half * 50, "{kind:?}");
        let first = session(&s);
        assert_eq!((first.packets, first.missing), (2 * half, 0), "{kind:?}");
        // The first few of those without an IPv4 identification are kept: nothing tells them from repetition yet.
        assert!(s.stats.total.packets - half < half / 20, "{kind:?}: {} of {half}", s.stats.total.packets);
    }
    // Another analyser's mirror that is seen inside is none of it.
    let mut other = mirror_of_mirror(Wrap::Erspan2);
    other.retain(|(_, frame)| frame[26..30] == [198, 51, 100, 1]);
    other.iter_mut().for_each(|(_, frame)| frame[33] = 99);
    let s = analyse(&other);
    assert!(!ids(&s).contains(&"loop"), "{:#?}", s.diagnosis.findings);
    assert_eq!(s.mirror.sessions.iter().map(|s| (s.sequenced, s.missing)).collect::<Vec<_>>(), [(true, 0); 2]);
}

/// The analyser's own port lies in what is mirrored: each copy on its way there is copied as well, and that copy again.
fn mirror_of_its_own_way(kind: Wrap) -> (Frames, u64) {
    let mut frames: Vec<Copied> = Vec::new();
    let mut layer = clean();
    let once = layer.len() as u64;
    for _ in 0..3 {
        let mut copies = mirror::wrap(layer, kind, 0);
        copies.iter_mut().for_each(|copy| copy.time += 9_000);
        frames.extend(copies.iter().cloned());
        layer = copies;
    }
    frames.sort_by_key(|f| f.time);
    (frames.into_iter().map(|f| (f.time, f.frame)).collect(), once)
}

#[test]
fn a_mirror_of_its_own_way_is_told_whatever_carries_it() {
    for kind in [Wrap::Erspan1, Wrap::Erspan2, Wrap::GreTeb, Wrap::Vxlan, Wrap::Geneve, Wrap::Tzsp] {
        let (frames, once) = mirror_of_its_own_way(kind);
        let s = analyse(&frames);
        assert_eq!(ids(&s), ["loop", "dup.every"], "{kind:?}: {:#?}", s.diagnosis.findings);
        assert_eq!(s.diagnosis.findings[0].evidence[0].1, spantop::model::Value::Count(2 * once), "{kind:?}");
        let [session] = s.mirror.sessions.as_slice() else { panic!("{kind:?}: {:#?}", s.mirror.sessions) };
        assert_eq!((session.packets, session.missing, session.peeled), (frames.len() as u64, 0, true), "{kind:?}");
        assert_eq!(s.stats.total.packets, once, "{kind:?}");
    }
}

/// An overlay that brings copies is no plain traffic beside the mirror that copies its way.
#[test]
fn a_mirror_of_an_overlays_way_is_no_foreign_one() {
    for kind in [Wrap::GreTeb, Wrap::Vxlan, Wrap::Geneve] {
        let frames = mirror_of_mirror(kind);
        let half = frames.len() as u64 / 2;
        let s = analyse(&frames);
        assert_eq!(ids(&s), ["loop", "dup.every"], "{kind:?}: {:#?}", s.diagnosis.findings);
        let eighth = s.mirror.sessions.iter().find(|s| s.tunnel.id == 8).unwrap();
        assert_eq!((eighth.packets, eighth.sequenced, eighth.missing, eighth.peeled), (half, true, 0, true), "{kind:?}");
        assert_eq!((session(&s).packets, session(&s).missing), (2 * half, 0), "{kind:?}");
        assert!(s.stats.total.packets.abs_diff(half) < half / 20, "{kind:?}: {} of {half}", s.stats.total.packets);
    }
}

/// What carries a copy: its number in the session, and the frame.
type Carrier = fn(usize, &[u8]) -> Vec<u8>;

const CARRIERS: [(&str, Carrier); 8] = [
    ("VXLAN", |n, f| outer(n).vxlan(5).frame(f).build()),
    ("Geneve", |n, f| outer(n).geneve(5, &[]).frame(f).build()),
    ("TZSP", |n, f| outer(n).tzsp().frame(f).build()),
    ("ERSPAN I", |n, f| outer(n).erspan1().frame(f).build()),
    ("ERSPAN II", |n, f| outer(n).erspan2(Erspan { sequence: Some(n as u32), ..Erspan::default() }).frame(f).build()),
    ("ERSPAN III", |n, f| outer(n).erspan3(Erspan { sequence: Some(n as u32), granularity: 1, ..Erspan::default() }).frame(f).build()),
    ("GRE", |n, f| outer(n).gre().frame(f).build()),
    ("VXLAN over IPv6", |_, f| {
        let (source, destination) = ([0xfd00, 0, 0, 0, 0, 0, 0, 1], [0xfd00, 0, 0, 0, 0, 0, 0, 2]);
        Packet::eth([2, 0, 8, 0, 0, 1], [2, 0, 8, 0, 0, 2]).ipv6(source, destination).vxlan(5).frame(f).build()
    }),
];

/// Another order of a copy's pieces.
type Turn = fn(&mut Vec<Vec<u8>>);

/// Every copy in its carrier, divided for a way of this MTU; pieces pass `keep` (number of the copy, of the piece) in the order `turn` makes.
fn divided(carrier: Carrier, mtu: usize, keep: impl Fn(usize, usize) -> bool, turn: Turn) -> Frames {
    let mut frames = Vec::new();
    for (n, copy) in clean().into_iter().enumerate() {
        let mut pieces = divide(&carrier(n, &copy.frame), mtu, n as u32);
        let mut number = 0;
        pieces.retain(|_| {
            number += 1;
            keep(n, number - 1)
        });
        turn(&mut pieces);
        frames.extend(pieces.into_iter().enumerate().map(|(at, piece)| (copy.time + at as i64 * 100, piece)));
    }
    frames.sort_by_key(|f| f.0);
    frames
}

/// What must not depend on whether copies came in pieces.
fn numbers(s: &Snapshot) -> impl PartialEq + std::fmt::Debug + use<> {
    let mut rows: Vec<_> = s.stats.conversations.tcp.rows.iter().map(|r| (r.a, r.a_port, r.b, r.b_port, r.total())).collect();
    rows.sort_by_key(|r| format!("{r:?}"));
    let hosts: std::collections::BTreeSet<_> =
        s.stats.endpoints.ip.rows.iter().chain(&s.stats.endpoints.ipv6.rows).map(|h| h.address.to_string()).collect();
    (s.stats.total, rows, hosts, s.stats.protocols.iter().map(|p| (p.path.to_string(), p.traffic)).collect::<Vec<_>>())
}

#[test]
fn copies_in_fragments_count_once_and_whole() {
    for (name, carrier) in CARRIERS {
        let whole = analyse(&divided(carrier, 9_000, |_, _| true, |_| {}));
        assert_eq!(ids(&whole), [""; 0], "{name}: {:#?}", whole.diagnosis.findings);
        let cases: [(&str, usize, Turn); 3] =
            [("in two", 1_500, |_| {}), ("in many", 400, |_| {}), ("the last piece first", 1_400, |pieces| pieces.reverse())];
        for (how, mtu, turn) in cases {
            let frames = divided(carrier, mtu, |_, _| true, turn);
            let s = analyse(&frames);
            assert_eq!(ids(&s), ["mirror.fragmented"], "{name} {how}: {:#?}", s.diagnosis.findings);
            assert_eq!(numbers(&s), numbers(&whole), "{name} {how}");
            // All of it was on the link, and in the session.
            let bytes: usize = frames.iter().map(|f| f.1.len()).sum();
            assert_eq!((s.mirror.link.packets, s.mirror.link.wire_bytes), (frames.len() as u64, bytes as u64), "{name} {how}");
            let [session] = s.mirror.sessions.as_slice() else { panic!("{name} {how}: {:#?}", s.mirror.sessions) };
            assert_eq!((session.packets, session.outer_bytes), (whole.mirror.sessions[0].packets, bytes as u64), "{name} {how}");
            assert_eq!(session.inner_bytes, whole.mirror.sessions[0].inner_bytes, "{name} {how}");
        }
        let finding = analyse(&divided(carrier, 1_500, |_, _| true, |_| {})).diagnosis.findings.remove(0);
        let count = finding.evidence.iter().find(|e| e.0 == "fragments").unwrap().1.clone();
        let more = clean().iter().enumerate().filter(|(n, c)| divide(&carrier(*n, &c.frame), 1_500, 0).len() > 1).count();
        assert_eq!(count, spantop::model::Value::Count(more as u64), "{name}");
    }
}

#[test]
fn a_lost_piece_is_the_mirrors_loss_and_nobodys_traffic() {
    for (name, carrier) in CARRIERS {
        let whole = analyse(&divided(carrier, 9_000, |_, _| true, |_| {}));
        let later = analyse(&divided(carrier, 1_400, |n, piece| piece == 0 || n % 3 != 0, |_| {}));
        assert_eq!(numbers(&later), numbers(&whole), "{name}: the first piece has all that is counted");
        let first = analyse(&divided(carrier, 1_400, |n, piece| piece > 0 || n % 3 != 0, |_| {}));
        let lost = clean().iter().enumerate().filter(|(n, _)| n % 3 == 0).count() as u64;
        assert_eq!(first.stats.total.packets, whole.stats.total.packets - lost, "{name}");
        assert!(first.stats.endpoints.ip.rows.iter().all(|h| h.address.to_string() != "192.0.2.10"), "{name}: an end of the tunnel");
        assert!(!ids(&first).contains(&"trunc.capture"), "{name}: {:?}", ids(&first));
    }
}

/// Fragments of the monitored network itself are packets of it.
#[test]
fn fragments_inside_a_mirror_and_beside_it_count_as_they_are() {
    let big = |id: usize| {
        Packet::eth([2; 6], [4; 6]).ipv4([10, 1, 1, 1], [10, 1, 1, 2]).id(id as u16).udp(2049, 700).payload(&[7; 4_000]).build()
    };
    let pieces: Vec<(i64, Vec<u8>)> =
        (0..200).flat_map(|n| divide(&big(n), 1_500, n as u32).into_iter().map(move |p| (n as i64 * 1_000_000, p))).collect();
    let plain = analyse(&pieces);
    assert_eq!((plain.stats.total.packets, plain.stats.fragments), (600, 600));
    let carried: Frames = pieces.iter().enumerate().map(|(n, (time, frame))| (*time, CARRIERS[4].1(n, frame))).collect();
    let inside = analyse(&carried);
    assert_eq!((inside.stats.total, inside.stats.fragments), (plain.stats.total, 600));
    assert!(!ids(&inside).contains(&"mirror.fragmented"), "{:?}", ids(&inside));
    // Beside a mirror's fragments, between other ends.
    let mut both = divided(CARRIERS[4].1, 1_500, |_, _| true, |_| {});
    let alone = analyse(&both).stats.total;
    both.extend(pieces.iter().take(60).cloned());
    both.sort_by_key(|f| f.0);
    let s = analyse(&both);
    assert_eq!((s.stats.total.packets, s.stats.fragments), (alone.packets + 60, 60));
}

#[test]
fn threads_and_block_sizes_do_not_change_copies_in_fragments() {
    let frames = divided(CARRIERS[4].1, 1_400, |n, piece| n % 7 != 0 || piece != 1, |pieces| pieces.reverse());
    let want = analyse_with(&frames, &Settings { threads: 0, ..Settings::default() });
    for threads in [0, 1, 3] {
        for block_bytes in [4_000, 70_000] {
            let got = analyse_with(&frames, &Settings { threads, block_bytes, ..Settings::default() });
            assert!(got == want, "threads {threads}, blocks of {block_bytes}");
        }
    }
}

/// Every packet twice, as by a session that copies both directions of both ports.
fn twice() -> Frames {
    clean().into_iter().flat_map(|copy| [(copy.time, copy.frame.clone()), (copy.time + 15_000, copy.frame)]).collect()
}

/// By what carries them, copies show whose switch made them: what to change is then said in its maker's words.
#[test]
fn a_remedy_is_in_the_words_of_the_maker_whose_copies_these_are() {
    let numbered_in_30_bits = |(n, (time, frame)): (usize, (i64, Vec<u8>))| {
        let sequence = ((1u32 << 30) - 200 + n as u32) % (1 << 30);
        (time, outer(n).erspan2(Erspan { sequence: Some(sequence), session: 7, ..Erspan::default() }).frame(&frame).build())
    };
    let tagged = |(time, frame): (i64, Vec<u8>)| (time, [&frame[..12], &[0x81, 0, 0x0f, 0xff], &frame[12..]].concat());
    let cases: [(&str, Frames); 2] = [
        ("Cisco Nexus", twice().into_iter().enumerate().map(numbered_in_30_bits).collect()),
        ("Dell OS9", twice().into_iter().map(tagged).collect()),
    ];
    for (maker, mut frames) in cases {
        frames.sort_by_key(|frame| frame.0);
        let s = analyse(&frames);
        let found =
            s.diagnosis.findings.iter().find(|f| f.id == "dup.every").unwrap_or_else(|| panic!("{maker}: {:#?}", s.diagnosis.findings));
        assert!(found.remedy.contains(maker), "{maker}: {}", found.remedy);
    }
}

#[test]
fn tunnels_that_were_cut_without_their_lengths_are_taken_off() {
    // The way cuts copies to so many bytes, and no header says how many there were but those inside the copy.
    let plan = Plan { connections: 60, segments: 20, loss_after: 0.0, mss: 1400, ..Plan::default() };
    let frames = network::run(&plan);
    let copies = mirror::span(&frames, |port| port >= 100, true, true);
    let carriers: [(&str, Disguise); 3] = [
        ("VXLAN", |n, f| outer(n).vxlan(5).frame(f).build()),
        ("Geneve", |n, f| outer(n).geneve(5, &[]).frame(f).build()),
        ("VXLAN over IPv6", |_, f| {
            let [source, destination] = [1, 2].map(|n| std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, n));
            Packet::eth([2, 0, 8, 0, 0, 1], [2, 0, 8, 0, 0, 2]).ipv6(source, destination).vxlan(5).frame(f).build()
        }),
    ];
    let wrapped = |carry: Disguise, most: usize| -> Frames {
        let cut = copies.iter().enumerate().map(|(n, copy)| {
            let mut frame = carry(n, &copy.frame);
            frame.truncate(most);
            (copy.time, frame)
        });
        cut.collect()
    };
    for (name, carry) in carriers {
        let whole = analyse(&wrapped(carry, usize::MAX));
        let s = analyse(&wrapped(carry, 400));
        assert_eq!((s.capture.losses.malformed, s.mirror.sessions[0].packets), (0, copies.len() as u64), "{name}");
        assert_eq!(
            (s.stats.tcp_flags, s.stats.total),
            (whole.stats.tcp_flags, whole.stats.total),
            "{name}: lengths are those of what was cut"
        );
        assert_eq!(ids(&whole), [""; 0], "{name}");
        assert_eq!(ids(&s), ["trunc"], "{name}: no advice to read what is read");
    }
}

#[test]
fn what_is_read_so_and_contradicts_itself_is_no_reason_to_advise_it() {
    // A datagram that is longer than the packet it is in, at the port of VXLAN and at one that only looks so.
    let broken = |port: u16| -> Frames {
        let tell = |(n, copy): (usize, Copied)| {
            let mut frame = outer(n).vxlan(5).frame(&copy.frame).build();
            frame[36..38].copy_from_slice(&port.to_be_bytes());
            frame[38..40].copy_from_slice(&u16::MAX.to_be_bytes());
            (copy.time, frame)
        };
        clean().into_iter().enumerate().map(tell).collect()
    };
    let advises = |settings: &Settings, port| ids(&analyse_with(&broken(port), settings)).contains(&"decap.port");
    let declared = Settings {
        mirror: spantop::settings::MirrorSettings {
            carriers: vec![spantop::model::Carrier::Udp(9_999, spantop::model::TunnelKind::Vxlan)],
            ..Default::default()
        },
        ..Settings::default()
    };
    assert!(!advises(&Settings::default(), 4789) && advises(&Settings::default(), 9_999) && !advises(&declared, 9_999));
}

/// Copies numbered as `number` says of each (its place and its frame), of which `lost` does not come.
fn numbered_copies(mut number: impl FnMut(usize, &[u8]) -> u32, lost: impl Fn(usize) -> bool) -> Snapshot {
    let frames = clean().into_iter().enumerate().filter_map(|(n, copy)| {
        let sequence = Some(number(n, &copy.frame));
        let frame = outer(n).erspan2(Erspan { sequence, session: 7, ..Erspan::default() }).frame(&copy.frame).build();
        (!lost(n)).then_some((copy.time, frame))
    });
    analyse(&frames.collect())
}

/// Line cards that number each for themselves, chosen by stations, by conversation or in turn; with and without loss on the way.
#[test]
fn counters_of_several_line_cards_are_told_apart() {
    for firsts in [&[5_000u32, 900_000][..], &[100, 3_000_000, 2_000_000_000, 88_888], &[77, 40_000, 80_000]] {
        let cards = firsts.len();
        let by: [fn(usize, &[u8]) -> usize; 3] =
            [|n, _| n, |_, frame| usize::from(frame[11]), |_, frame| usize::from(frame[5].wrapping_add(frame[11]))];
        for (at, which) in by.into_iter().enumerate() {
            for rate in [0, 10] {
                let mut next = firsts.to_vec();
                let lost = |n: usize| rate > 0 && n.wrapping_mul(0x9e37_79b9) >> 7 & 0xff < 256 / rate;
                let s = numbered_copies(
                    |n, frame| {
                        let next = &mut next[which(n, frame) % cards];
                        *next += 1;
                        *next
                    },
                    lost,
                );
                let session = &s.mirror.sessions[0];
                let missing = clean().iter().enumerate().filter(|(n, _)| lost(*n)).count() as u64;
                assert!(session.missing.abs_diff(missing) <= 4 * cards as u64, "{firsts:?} {at}: {} of {missing}", session.missing);
                assert_eq!(ids(&s).contains(&"path.loss"), rate > 0, "{firsts:?} {at}: {:?}", ids(&s));
            }
        }
    }
}

/// Numbers that others get as well: copies for another collector have those that are not here, and nothing is lost.
#[test]
fn numbers_of_copies_for_others_are_not_lost() {
    let mut state = Rng(3);
    let (mut next, mut odd) = (0, 0);
    let shared = numbered_copies(
        |_, _| {
            next += 1 + u32::from(state.below(2) == 0);
            next
        },
        |_| false,
    );
    let stride = numbered_copies(
        |_, _| {
            odd += 3;
            odd
        },
        |_| false,
    );
    for s in [shared, stride] {
        assert_eq!(ids(&s), [""; 0]);
        let (_, why) = s.mirror.not_judged.iter().find(|(id, _)| *id == "path.loss").expect("it is not judged by them");
        assert!(why.contains("TCP's data in them is whole"), "{why}");
    }
    // The same numbers missing because the copies are.
    let mut all = 0;
    let lossy = numbered_copies(
        |_, _| {
            all += 1;
            all
        },
        |n| n.wrapping_mul(0x9e37_79b9) >> 7 & 3 == 0,
    );
    assert!(ids(&lossy).contains(&"path.loss"), "{:?}", ids(&lossy));
}
