//! Deduplication hides nothing and leaves nothing: floods and loops are traffic, copies are found however many and however far apart.
//!
//! The truth of each case is the same traffic through a mirror that makes no copies, with nothing left out.

#[path = "copies/media.rs"]
mod media;
#[path = "copies/parts.rs"]
mod parts;
mod support;

use spantop::capture::{Memory, file};
use spantop::engine::{self, Settings};
use spantop::model::{AnalysisFlags, LinkType, Severity, Timestamp, Verdict};
use spantop::settings::{FileSettings, MirrorSettings};
use spantop::snapshot::{Conversation, Snapshot};
use support::captures;
use support::network::{self, Plan};
use support::packet::message::dns;
use support::packet::{ACK, FIN, Packet, SYN};

const START: i64 = 1_700_000_000_000_000_000;
const US: i64 = 1_000;
const MS: i64 = 1_000_000;
const A: [u8; 6] = [2, 0, 0, 0, 0, 0x0a];
const B: [u8; 6] = [2, 0, 0, 0, 0, 0x0b];

/// A time and a frame.
type Sent = (i64, Vec<u8>);

/// A network in which nothing is lost, without the switch's own frames: it sends equal ones through many ports at once.
fn network(ipv6: f64) -> Vec<Sent> {
    let plan = Plan { connections: 200, segments: 40, loss_after: 0.0, seconds: 6.0, ipv6, ..Plan::default() };
    let own = |frame: &[u8]| frame.starts_with(&[0x01, 0x80, 0xc2]);
    network::run(&plan).into_iter().filter(|p| !own(&p.frame)).map(|p| (p.time, p.frame)).collect()
}

fn source(packets: &[Sent]) -> Memory {
    let mut packets: Vec<_> = packets.iter().collect();
    packets.sort_by_key(|p| p.0);
    let mut memory = Memory::new();
    for (time, frame) in packets {
        memory.push(Timestamp(START + time), LinkType::ETHERNET, frame.len() as u32, frame);
    }
    memory
}

fn analyse(packets: &[Sent], settings: &Settings) -> Snapshot {
    engine::run(Box::new(source(packets)), settings, Default::default()).unwrap().complete().unwrap()
}

fn report(packets: &[Sent]) -> Snapshot {
    analyse(packets, &Settings { threads: 0, ..Settings::default() })
}

/// With nothing left out.
fn truth(packets: &[Sent]) -> Snapshot {
    let mirror = MirrorSettings { dedup: false, ..MirrorSettings::default() };
    analyse(packets, &Settings { threads: 0, mirror, ..Settings::default() })
}

fn copied(packets: &[Sent], times: i64, gap: i64) -> Vec<Sent> {
    packets.iter().flat_map(|(time, frame)| (0..times).map(move |k| (time + k * gap, frame.clone()))).collect()
}

fn found(s: &Snapshot) -> Vec<(&'static str, Severity)> {
    assert_eq!(support::judgement::contradictions(s), [""; 0], "{:#?}", s.mirror.trust);
    s.diagnosis.findings.iter().filter(|f| f.active).map(|f| (f.id, f.severity)).collect()
}

/// The flags of each connection, its segments with data and its retransmissions.
fn flags(s: &Snapshot) -> Vec<(String, [u32; 4], u64, u64)> {
    let figures = |c: &Conversation| {
        let tcp = c.tcp.as_deref().copied().unwrap_or_default();
        let name = format!("{}:{} {}:{}", c.a, c.a_port, c.b, c.b_port);
        (name, tcp.control, tcp.data_segments, tcp.of(AnalysisFlags::RETRANSMISSION))
    };
    let mut rows: Vec<_> = s.stats.conversations.tcp.rows.iter().map(figures).collect();
    rows.sort();
    rows
}

/// Everything is counted, in every table and at its time, for any number of threads and any size of block.
fn hides_nothing(name: &str, packets: &[Sent], finding: &'static str) -> Snapshot {
    let (s, want) = (report(packets), truth(packets));
    assert_eq!((s.stats.total, s.stats.tcp_flags, s.stats.casts), (want.stats.total, want.stats.tcp_flags, want.stats.casts), "{name}");
    assert_eq!(s.stats.load.peak.map(|p| p.traffic), want.stats.load.peak.map(|p| p.traffic), "{name}");
    assert_eq!(
        s.stats.load.samples.iter().map(|x| x.traffic).collect::<Vec<_>>(),
        want.stats.load.samples.iter().map(|x| x.traffic).collect::<Vec<_>>()
    );
    let rows = |s: &Snapshot| {
        let mut rows: Vec<_> =
            s.stats.conversations.ip.rows.iter().chain(&s.stats.conversations.eth.rows).map(|r| (r.a, r.b, r.total())).collect();
        rows.sort_by_key(|r| (r.0.to_string(), r.1.to_string()));
        rows
    };
    assert_eq!(rows(&s), rows(&want), "{name}");
    assert_eq!(flags(&s), flags(&want), "{name}: flags by connection");
    let sum = |at: usize| flags(&s).iter().map(|row| u64::from(row.1[at])).sum::<u64>();
    let total = &s.stats.tcp_flags;
    assert_eq!([sum(0), sum(1), sum(2), sum(3)], [total.syn, total.syn_ack, total.fin, total.reset], "{name}: rows and total");
    assert!(found(&s).iter().any(|f| f.0 == finding), "{name}: {:?}, {:?}", found(&s), s.mirror.duplicates);
    for (threads, block_bytes) in [(1, 70_000), (3, 9_000)] {
        let got = analyse(packets, &Settings { threads, block_bytes, ..Settings::default() });
        assert!(got == s, "{name}: threads {threads}, blocks of {block_bytes}");
    }
    s
}

/// `n` equal connection requests from each of 64 ports in turn, `gap` apart.
fn request_flood(n: i64, from: i64, gap: i64) -> Vec<Sent> {
    let request = |port| Packet::eth(A, B).ipv4([192, 0, 2, 66], [198, 51, 100, 3]).id(242).tcp(port, 443).seq(1).flags(SYN).build();
    (0..n).map(|k| (from + k * gap, request(1024 + (k % 64) as u16))).collect()
}

#[test]
fn floods_of_equal_packets() {
    for (n, from, gap) in [(3000, 4_000 * MS, 10 * US), (2000, 4_000 * MS, 500 * US), (3000, 0, 10 * US), (2000, 100 * MS, 2 * MS)] {
        let mut all = network(0.2);
        all.extend(request_flood(n, from, gap));
        hides_nothing(&format!("requests from {from}, {gap} apart"), &all, "dup.flood");
    }
    for (id, gap) in [(77, 40 * US), (77, 900 * US)] {
        let query =
            Packet::eth(A, B).ipv4([192, 0, 2, 66], [192, 0, 2, 53]).id(id).udp(5353, 53).payload(&dns(9, "a.example", None)).build();
        let answer = Packet::eth(B, A).ipv4([192, 0, 2, 53], [192, 0, 2, 66]).id(5).tcp(443, 5000).seq(7).flags(SYN | ACK).build();
        let mut all = network(0.2);
        all.extend((0..3000).map(|k| (1_000 * MS + k * gap, answer.clone())));
        let plain = all.clone();
        hides_nothing("answers to requests", &plain, "dup.flood");
        all.extend((0..3000).map(|k| (1_500 * MS + k * gap, query.clone())));
        let s = report(&all);
        assert_eq!(s.stats.total, truth(&all).stats.total, "queries {gap} apart");
    }
}

#[test]
fn datagrams_that_their_sender_repeats() {
    // Voice, telemetry and market data are sent twice or more often on purpose; the mirror brings everything else once.
    for (times, gap) in [(2, 2 * US), (3, 2 * US), (3, 200 * US), (5, 2 * US)] {
        for ipv6 in [false, true] {
            let datagram = |k: i64| {
                let eth = Packet::eth(A, B);
                let (v4, v6) = ([192, 0, 2, 66], "2001:db8::66".parse::<std::net::Ipv6Addr>().unwrap());
                let ip =
                    if ipv6 { eth.ipv6(v6, "2001:db8::35".parse::<std::net::Ipv6Addr>().unwrap()) } else { eth.ipv4(v4, [192, 0, 2, 53]) };
                ip.udp(5555, 5556).payload(&k.to_be_bytes()).build()
            };
            let sent: Vec<Sent> = (0..600).map(|k| (k * 9 * MS, datagram(k))).collect();
            let mut all = network(0.2);
            all.extend(copied(&sent, times, gap));
            let (s, want) = (report(&all), truth(&all));
            let what = format!("{times} times, {gap} ns apart, IPv6 {ipv6}: {:?}", s.mirror.duplicates);
            assert_eq!(s.stats.total, want.stats.total, "{what}");
            assert_eq!(s.stats.load.peak, want.stats.load.peak, "{what}");
            assert_eq!(found(&s), [], "{what}");
            for (threads, block_bytes) in [(1, 70_000), (3, 9_000)] {
                assert!(analyse(&all, &Settings { threads, block_bytes, ..Settings::default() }) == s, "{what}");
            }
        }
    }
}

#[test]
fn one_packet_under_many_addresses() {
    let mut all = network(0.2);
    for n in 0..20_000u32 {
        let [a, b, c, d] = n.wrapping_mul(0x9e37_79b9).to_be_bytes();
        let frame = Packet::eth([2, 0, a, b, c, d], [2, 1, d, c, b, a]).ipv4([192, 0, 2, 1], [192, 0, 2, 2]).id(0).tcp(9, 9).seq(1).build();
        all.push((2_000 * MS + i64::from(n) * 8 * US, frame));
    }
    hides_nothing("many addresses", &all, "dup.flood");
}

/// A packet that two routers send to each other until its TTL is used up.
fn routing_loop(id: u16, from: i64, hop: i64) -> Vec<Sent> {
    let pass = |k: u8| {
        let (source, destination) = if k.is_multiple_of(2) { (A, B) } else { (B, A) };
        let ip = Packet::eth(source, destination).ipv4([192, 0, 2, 1], [203, 0, 113, 7]).ttl(64 - k).id(id);
        (from + i64::from(k) * hop, ip.udp(33_000 + id, 33_434).payload(b"lost").build())
    };
    (0..60).map(pass).collect()
}

#[test]
fn routing_loops() {
    for (from, hop) in [(5_000 * MS, 200 * US), (0, 40 * US), (2_000 * MS, 5 * MS)] {
        let mut all = network(0.2);
        (0..50).for_each(|n| all.extend(routing_loop(n + 1, from + i64::from(n) * 50 * MS, hop)));
        let s = hides_nothing(&format!("hops of {hop}"), &all, "route.loop");
        let found = s.diagnosis.findings.iter().find(|f| f.id == "route.loop").unwrap();
        assert_eq!(found.title, "A routing loop: 50 packets to 203.0.113.7 went round, 2,950 times in all");
        // So much of all packets is no note, and no fault-free network.
        assert_eq!((found.severity, s.diagnosis.network.verdict), (Severity::Critical, Verdict::Bad));
    }
}

/// Packets that go round so often, with a TTL that is so much lower each time.
fn rounds(packets: u16, times: u8, step: u8) -> Vec<Sent> {
    let pass = |n: u16, k: u8| {
        let ip = Packet::eth(A, B).ipv4([192, 0, 2, 1], [203, 0, 113, 7]).ttl(64 - step * k).id(500 + n);
        (3_000 * MS + i64::from(n) * 100 * MS + i64::from(k) * 2 * MS, ip.udp(33_000 + n, 33_434).payload(b"lost").build())
    };
    (0..packets).flat_map(|n| (0..times).map(move |k| pass(n, k))).collect()
}

#[test]
fn a_few_packets_that_go_round_are_a_loop() {
    let mut all = network(0.2);
    all.extend(rounds(2, 3, 2));
    assert_eq!(found(&report(&all)), [("route.loop", Severity::Warning)], "twice three times, by two routers");
    let mut all = network(0.2);
    all.extend(rounds(1, 9, 2));
    assert_eq!(found(&report(&all)), [], "one may be a probe");
    let quoted = Packet::bare().ip([192, 0, 2, 1], [203, 0, 113, 7]).udp(33_000, 33_434).payload(&[0; 8]).build();
    let expired = Packet::eth(B, A).ipv4([198, 51, 100, 1], [192, 0, 2, 1]).icmp(11, 0, [0; 4]).payload(&quoted[..28]).build();
    all.push((3_090 * MS, expired));
    assert_eq!(found(&report(&all)), [("route.loop", Severity::Warning)], "a router says that it did");
    let mut all = network(0.2);
    all.extend(rounds(9, 2, 2));
    assert_eq!(found(&report(&all)), [], "through a firewall and back");
}

#[test]
fn a_storm_of_one_frame() {
    let ask = Packet::eth(A, [0xff; 6]).ether_type(0x0806).payload(&[0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 0x0a]).build();
    let mut all = network(0.2);
    all.extend((0..5000).map(|k| (1_000 * MS + k * 30 * US, ask.clone())));
    let (s, want) = (report(&all), truth(&all));
    assert_eq!((s.stats.total, s.stats.casts), (want.stats.total, want.stats.casts));
}

/// Frames to a group that circle in a loop of switches, each some tens of times a second: they are traffic, however many different ones do.
#[test]
fn frames_that_circle_are_traffic() {
    for frames in [12u8, 60] {
        let mut all = network(0.2);
        for n in 0..frames {
            let group = Packet::eth([2, 0, 0, 0, 3, n], [1, 0, 0x5e, 0, 0, 0xfb]).ipv4([192, 0, 2, n], [224, 0, 0, 251]).ttl(255).id(0);
            let name = group.udp(5353, 5353).payload(&dns(0, &format!("p{n}.local"), None)).build();
            // Every 20 ms, give or take a tenth.
            all.extend(
                (0..200).map(|k| (i64::from(n) * 3 * MS + k * 20 * MS + (k * 7 % 5 - 2) * MS, name.clone())).map(|(t, f)| (t.max(0), f)),
            );
        }
        let (s, want) = (report(&all), truth(&all));
        let (seen, there) = (s.stats.casts.multicast.packets, want.stats.casts.multicast.packets);
        assert!(seen * 100 >= there * 97, "{frames} frames: {seen} of {there} {:?}", s.mirror.duplicates.classes);
    }
}

#[test]
fn floods_through_a_mirror_that_makes_copies() {
    for (times, gap) in [(2, 5 * US), (2, 20 * MS), (4, 3 * US)] {
        let mut all = network(0.0);
        let quiet = truth(&all).stats.total.packets;
        all.extend(request_flood(3000, 3_000 * MS, 150 * US));
        let s = report(&copied(&all, times, gap));
        let counted = s.stats.total.packets - quiet;
        assert!((3_000..=if gap > MS { 3_250 } else { 3_030 }).contains(&counted), "{times} times, {gap} apart: {counted} of 3,000");
        let every = s.diagnosis.findings.iter().find(|f| f.id == "dup.every" && f.active);
        assert!(every.is_some(), "{times} times, {gap} apart: {:?} {:#?}", found(&s), s.mirror.duplicates);
    }
}

#[test]
fn copies_far_apart() {
    let mut wrong = Vec::new();
    // Before it is known how far apart copies come those that nothing else tells are kept: 0.4 s of 6.
    for (ipv6, slack) in [(0.0, 3), (0.3, 8)] {
        let once = network(ipv6);
        let want = truth(&once).stats.total.packets;
        for gap in [30 * US, 3 * MS, 15 * MS, 20 * MS, 50 * MS, 100 * MS, 200 * MS, 300 * MS] {
            let s = report(&copied(&once, 2, gap));
            let more = s.stats.total.packets - want;
            let right = more * 100 <= want * (if gap < MS { slack / 8 } else { slack + u64::from(gap > 90 * MS) });
            if !right || found(&s) != [("dup.every", Severity::Critical)] {
                wrong.push(format!(
                    "{gap} ns apart, IPv6 {ipv6}: {more} of {want} too many, {:?} {:?}",
                    found(&s),
                    s.mirror.duplicates.classes
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn copies_many_times() {
    let once = network(0.2);
    let want = truth(&once).stats.total.packets;
    let mut wrong = Vec::new();
    for (times, words) in [(2, "twice"), (4, "four times"), (5, "five times"), (6, "six times"), (10, "ten times"), (12, "12 times")] {
        let s = report(&copied(&once, times, 2 * US));
        assert_eq!(s.diagnosis.findings[0].title, format!("Every packet arrives {words}"));
        assert_eq!(found(&s), [("dup.every", Severity::Critical)]);
        let more = s.stats.total.packets - want;
        // Acknowledgements without identification are kept before it is known how often packets come.
        if more * 1000 > want * 6 * (times as u64 - 1) {
            wrong.push(format!("{times} times: {more} of {want} too many: {:?}", s.mirror.duplicates.classes));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn flooded_frames_are_counted_once() {
    for times in [2, 3, 6, 12, 24] {
        let mut all = copied(&network(0.0), 2, 4 * US);
        let before = truth(&network(0.0)).stats.casts;
        for n in 0..100u8 {
            let at = i64::from(n) * 12 * MS;
            let ask = Packet::eth(A, [0xff; 6]).ether_type(0x0806).payload(&[0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 0x0a]).build();
            let group = Packet::eth([2, 0, 0, 0, 2, n], [1, 0, 0x5e, 0, 0, 0xfb]).ipv4([192, 0, 2, n], [224, 0, 0, 251]).ttl(255).id(0);
            let name = group.udp(5353, 5353).payload(&dns(0, &format!("p{n}.local"), None)).build();
            all.extend(copied(&[(at, name), (at + 6 * MS, ask)], times, 2 * US));
        }
        let casts = report(&all).stats.casts;
        let [multicast, broadcast] =
            [(casts.multicast, before.multicast), (casts.broadcast, before.broadcast)].map(|(a, b)| a.packets - b.packets);
        assert_eq!((multicast, broadcast), (100, 100), "{times} times");
    }
}

/// A small capture made after a report, and what is right of it.
fn reported(name: &str, right: impl Fn(&Snapshot)) {
    let Some(path) = captures::reported(name) else { return };
    let source = file::open(&FileSettings { paths: vec![path], ..FileSettings::default() }).unwrap();
    right(&engine::run(source, &Settings::default(), Default::default()).unwrap().complete().unwrap());
}

#[test]
fn reported_captures() {
    reported("syn_flood_equal.pcap.zst", |s| {
        assert_eq!((s.stats.tcp_flags.syn, s.stats.load.peak.map(|p| p.bits_per_second())), (3083, Some(1_108_008.0)));
    });
    reported("routing_loop.pcap.zst", |s| {
        assert_eq!((s.stats.total.packets, found(s)), (4158, vec![("route.loop", Severity::Critical)]));
    });
    reported("twice_20ms.pcap.zst", |s| {
        assert_eq!((s.stats.total.packets, found(s)), (2751, vec![("dup.every", Severity::Critical)]));
    });
    reported("five_times.pcap.zst", |s| {
        assert_eq!((s.stats.total.packets, found(s)), (260, vec![("dup.every", Severity::Critical)]));
        assert_eq!(s.diagnosis.findings[0].title, "Every packet arrives five times");
    });
    reported("flooded_six_times.pcap.zst", |s| {
        assert_eq!((s.stats.casts.broadcast.packets, s.stats.casts.multicast.packets), (100, 100));
    });
}

/// What is wrong with a packet counts with it, also where it was taken for a copy at first.
#[test]
fn equal_malformed_packets_are_all_malformed() {
    // An IPv4 header that says it is longer than the packet's payload is.
    let mut frame = Packet::eth(A, B).ipv4([10, 0, 0, 1], [10, 0, 0, 2]).udp(1_000, 2_000).payload(&[7; 20]).build();
    frame[14] = 0x4f;
    frame.truncate(14 + 30);
    let packets: Vec<Sent> = (0..1_000).map(|n| (n * US, frame.clone())).collect();
    let (seen, all) = (report(&packets), truth(&packets));
    assert_eq!(all.capture.losses.malformed, 1_000);
    assert_eq!((seen.stats.total.packets, seen.capture.losses.malformed), (1_000, 1_000));
}

/// Of each conversation one direction comes twice: few of its packets with payload are copies, and yet all of that direction is.
#[test]
fn one_direction_that_comes_twice() {
    let once = network(0.0);
    assert!(!found(&report(&once)).iter().any(|f| f.0.starts_with("dup.")));
    for gap in [20 * US, 3 * MS, 20 * MS] {
        let again = once.iter().filter(|(_, frame)| frame[..6] < frame[6..12]).map(|(time, frame)| (time + gap, frame.clone()));
        let all: Vec<Sent> = once.iter().cloned().chain(again).collect();
        let s = report(&all);
        let told = found(&s);
        assert!(told.iter().any(|f| f.0 == "dup.some"), "{gap} ns apart: {told:?} {:#?}", s.mirror.duplicates);
        assert!(!told.iter().any(|f| f.0.ends_with(".unanswered")), "{gap} ns apart: {told:?}");
    }
}

/// Copies that come later than they are left out are told with their distance, and nobody is blamed for what they look like.
#[test]
fn copies_too_late_to_be_left_out() {
    let once = network(0.0);
    for (gap, nth, id) in
        [(360 * MS, 1, "dup.every"), (600 * MS, 1, "dup.every"), (3_000 * MS, 1, "dup.every"), (1_000 * MS, 3, "dup.some")]
    {
        let again = once.iter().enumerate().filter(|(n, _)| n % nth == 0).map(|(_, (time, frame))| (time + gap, frame.clone()));
        let all: Vec<Sent> = once.iter().cloned().chain(again).collect();
        let s = report(&all);
        let told: Vec<_> = found(&s).into_iter().map(|f| f.0).collect();
        assert_eq!(told, [id], "{gap} ns apart, one in {nth}: {:#?}", s.diagnosis.findings);
        let apart = s.diagnosis.findings[0].evidence.iter().find_map(|(name, value)| match value {
            spantop::model::Value::Seconds(x) if *name == "p50_seconds" => Some(*x),
            _ => None,
        });
        assert!(apart.is_some_and(|x| (x * 1e9 / gap as f64 - 1.0).abs() < 0.07), "{gap}: {apart:?}");
        assert_eq!(s.diagnosis.network.verdict, Verdict::Unknown, "what they look like is not judged");
        assert_eq!(s.stats.total.packets as usize, all.len(), "nothing is left out");
    }
    assert!(found(&report(&once)).is_empty());
}

/// Where only what opens a connection, or ends it, comes twice, it is told by the sender's identifications: at any distance alike.
#[test]
fn copied_handshakes_are_judged_alike_at_any_distance() {
    let once = network(0.0);
    for (name, flag) in [("opens", SYN), ("ends", FIN)] {
        let is_it = |frame: &[u8]| frame[12..14] == [8, 0] && frame[23] == 6 && frame[47] & flag != 0;
        let some = once.iter().filter(|(_, frame)| is_it(frame)).count();
        for gap in [10 * US, MS, 5 * MS, 15 * MS, 100 * MS, 300 * MS] {
            let again = once.iter().filter(|(_, frame)| is_it(frame)).map(|(time, frame)| (time + gap, frame.clone()));
            let all: Vec<Sent> = once.iter().cloned().chain(again).collect();
            let s = report(&all);
            let copies = s.mirror.duplicates.traffic.packets as usize;
            let what = format!("{name}, {gap} ns apart: {copies} of {some} {:?} {:?}", s.mirror.duplicates.classes, found(&s));
            assert!(copies * 100 >= some * 95 && copies <= some && !found(&s).iter().any(|f| f.0 == "dup.flood"), "{what}");
        }
    }
}

#[test]
fn what_tunnels_in_ipv6_carry_tells_packets_apart() {
    // Acknowledgements of one length, each once, inside IPv6 that stays on.
    let ends = [1u16, 2].map(|n| std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, n));
    let inner = |k: i64| {
        let ip = Packet::eth(A, B).ipv4([192, 0, 2, 66], [198, 51, 100, 3]).id(k as u16);
        ip.tcp(443, 5_000).seq(7).ack(k as u32 * 100).flags(ACK).unpadded().build()[14..].to_vec()
    };
    type Wrap = fn(Packet, Vec<u8>) -> Packet;
    let wraps: [(&str, Wrap); 2] = [
        ("4in6", |ip, packet| ip.protocol(4).payload(&packet)),
        ("GRE", |ip, packet| ip.protocol(47).payload(&[&[0, 0, 8, 0][..], &packet].concat())),
    ];
    for (name, wrap) in wraps {
        let sent: Vec<Sent> = (0..3_000).map(|k| (k * 40 * US, wrap(Packet::eth(A, B).ipv6(ends[0], ends[1]), inner(k)).build())).collect();
        let s = report(&sent);
        let (duplicates, findings) = (&s.mirror.duplicates, found(&s));
        assert!(duplicates.classes.is_empty() && !findings.iter().any(|f| f.0.starts_with("dup.")), "{name}: {duplicates:?} {findings:?}");
        // Each twice is twice.
        let s = report(&copied(&sent, 2, 3 * US));
        assert_eq!(s.mirror.duplicates.traffic.packets, 3_000, "{name}: {:?}", s.mirror.duplicates);
    }
}

/// Polls of so many hosts, each answered: `again` says how often a poll is sent, and the next one is another; 0: all are equal. Identification 0 or another
/// constant; `None`: IPv6. They come after one another by 20 to 250 ms.
fn polls(pollers: u8, again: i64, id: Option<u16>) -> Vec<Sent> {
    let mut all = Vec::new();
    for host in 0..pollers {
        let mut rng = support::Rng(u64::from(host) + 7);
        let (mut time, mut n) = (i64::from(host) * 3 * MS, 0i64);
        while time < 40_000 * MS {
            let what = if again == 0 { 0 } else { n / again };
            for (later, there) in [(0, true), (2 * MS + i64::from(host) * 11 * US, false)] {
                let (from, to) = if there { (host, 200) } else { (200, host) };
                let eth = Packet::eth([2, 0, 0, 0, 0, from], [2, 0, 0, 0, 0, to]);
                let v6 = |host: u8| std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(host) + 1);
                let ip = match id {
                    Some(id) => eth.ipv4([10, 0, 0, from], [10, 0, 0, to]).id(id),
                    None => eth.ipv6(v6(from), v6(to)),
                };
                let ports = if there { (40_000, 161) } else { (161, 40_000) };
                all.push((
                    time + later,
                    ip.udp(ports.0, ports.1).payload(&[&what.to_be_bytes()[..], &[u8::from(there); 40]].concat()).build(),
                ));
            }
            time += 20 * MS + rng.below(230 * MS as u64) as i64;
            n += 1;
        }
    }
    all
}

#[test]
fn polls_that_are_repeated_are_no_copies_of_a_mirror() {
    for (pollers, again) in [(1, 0), (1, 2), (20, 0), (20, 2)] {
        for id in [None, Some(0), Some(1)] {
            let what = format!("{pollers} pollers, {again} times, {id:?}");
            let polls = polls(pollers, again, id);
            let s = report(&polls);
            assert!(!found(&s).iter().any(|f| f.0.starts_with("dup.") && f.1 > Severity::Note), "{what}: {:?}", found(&s));
            assert_eq!(s.mirror.trust.verdict, Verdict::Unknown, "{what}: nobody can tell: {:?}", s.mirror.trust);
            // A mirror that doubles them.
            let s = report(&copied(&polls, 2, 60 * US));
            assert_eq!(found(&s), [("dup.every", Severity::Critical)], "{what}");
            let s = report(&copied(&polls, 2, 30 * MS));
            assert!(!matches!(s.mirror.trust.verdict, Verdict::Good | Verdict::Noted), "{what}: {:?}", s.mirror.trust);
        }
    }
}
