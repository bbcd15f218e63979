//! Networks without TCP: what senders number says whether their packets are all there, and what both ends must say whether both directions are.

mod support;

use spantop::capture::Memory;
use spantop::engine::{self, Settings};
use spantop::model::{LinkType, Severity, Timestamp, Value, Verdict};
use spantop::snapshot::Snapshot;
use support::Rng;
use support::mirror::{self, Copied, Side, Wrap};
use support::network::{self, Plan};
use support::packet::Packet;
use support::packet::message::dns;

const MILLISECOND: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MILLISECOND;
const START: i64 = 1_700_000_000 * SECOND;

/// A frame, its time in nanoseconds, and its direction.
type Frames = Vec<(i64, Vec<u8>, bool)>;

fn analyse(mut frames: Frames) -> Snapshot {
    frames.sort_by_key(|f| f.0);
    let mut memory = Memory::new();
    for (time, frame, _) in &frames {
        memory.push(Timestamp(START + time), LinkType::ETHERNET, frame.len() as u32, frame);
    }
    engine::run(Box::new(memory), &Settings::default(), Default::default()).unwrap().complete().unwrap()
}

/// Active findings.
fn ids(s: &Snapshot) -> Vec<&'static str> {
    s.diagnosis.findings.iter().filter(|f| f.active).map(|f| f.id).collect()
}

fn told(s: &Snapshot) -> (Verdict, Vec<&'static str>) {
    (s.mirror.trust.verdict, ids(s))
}

/// What packets of a stream carry.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Voice,
    Esp,
    EspInUdp,
    WireGuard,
    Quic,
}

const NUMBERED: [Kind; 4] = [Kind::Voice, Kind::Esp, Kind::EspInUdp, Kind::WireGuard];

/// The packet of a number of one direction between two hosts.
fn packet(kind: Kind, pair: u8, forth: bool, n: u32) -> Vec<u8> {
    let hosts = if forth { [10 + pair, 200] } else { [200, 10 + pair] };
    let layers =
        Packet::eth([2, 0, 0, 0, 0, hosts[0]], [2, 0, 0, 0, 0, hosts[1]]).ip([10, 1, 0, hosts[0]], [10, 1, 0, hosts[1]]).id(n as u16 | 1);
    let ports = |client: u16, server: u16| if forth { (client, server) } else { (server, client) };
    let index = 0x0101_0000 | u32::from(pair) << 1 | u32::from(forth);
    let filler = [n.wrapping_mul(0x9e37_79b1).to_be_bytes(); 32].concat();
    match kind {
        Kind::Voice => {
            let (from, to) = ports(10_000 + 2 * u16::from(pair), 20_000 + 2 * u16::from(pair));
            let head = [&[0x80, 0][..], &(n as u16).to_be_bytes(), &(n * 160).to_be_bytes(), &index.to_be_bytes()].concat();
            layers.udp(from, to).payload(&[head, filler].concat()).build()
        }
        Kind::Esp => layers.protocol(50).payload(&[&index.to_be_bytes()[..], &(n + 1).to_be_bytes(), &filler].concat()).build(),
        Kind::EspInUdp => {
            let (from, to) = ports(4_500, 4_500);
            layers.udp(from, to).payload(&[&index.to_be_bytes()[..], &(n + 1).to_be_bytes(), &filler].concat()).build()
        }
        Kind::WireGuard => {
            let (from, to) = ports(40_000, 51_820);
            let head = [&[4, 0, 0, 0][..], &index.to_le_bytes(), &u64::from(n).to_le_bytes()].concat();
            layers.udp(from, to).payload(&[head, filler].concat()).build()
        }
        Kind::Quic => {
            let (from, to) = ports(30_000 + u16::from(pair), 443);
            let opens = [&[0xc3, 0, 0, 0, 1, 8][..], &filler, &[7; 1_100]].concat();
            layers.udp(from, to).payload(&if n == 0 { opens } else { [&[0x43][..], &filler].concat() }).build()
        }
    }
}

/// So many pairs of hosts that talk to each other, 50 packets a second each way for 20 s, and now and then a question to a name server.
fn talks(kind: Kind, pairs: u8) -> Frames {
    talks_of(kind, pairs, 20)
}

/// The same for so many seconds.
fn talks_of(kind: Kind, pairs: u8, seconds: u16) -> Frames {
    let mut rng = Rng(7 + u64::from(pairs));
    let mut all = Frames::new();
    for (pair, forth) in (0..pairs).flat_map(|pair| [(pair, true), (pair, false)]) {
        let late = rng.below(20_000_000) as i64;
        let one = |n: u32| (late + i64::from(n) * 20 * MILLISECOND, packet(kind, pair, forth, n), forth);
        all.extend((0..50 * u32::from(seconds)).map(one).map(|(time, frame, way)| (time + rng.below(900_000) as i64, frame, way)));
    }
    for n in 0..2 * seconds {
        let at = i64::from(n) * 490 * MILLISECOND;
        let say = |hosts: [u8; 2], ports: (u16, u16), answer| {
            let layers =
                Packet::eth([2, 0, 0, 0, 0, hosts[0]], [2, 0, 0, 0, 0, hosts[1]]).ip([10, 1, 0, hosts[0]], [10, 1, 0, hosts[1]]).id(n + 1);
            layers.udp(ports.0, ports.1).payload(&dns(n, "pbx.example", answer)).build()
        };
        let client = 10 + (n % 8) as u8;
        all.push((at, say([client, 53], (50_000 + n, 53), None), true));
        all.push((at + 2 * MILLISECOND, say([53, client], (53, 50_000 + n), Some([10, 1, 0, 9].into())), false));
    }
    all
}

/// One packet in so many is missing, of those that `lossy` is said of.
fn without(frames: Frames, one_in: u64, lossy: impl Fn(&[u8]) -> bool) -> Frames {
    let mut rng = Rng(99);
    frames.into_iter().filter(|(_, frame, _)| !lossy(frame) || rng.below(one_in) > 0).collect()
}

#[test]
fn networks_without_tcp_are_good_when_nothing_is_missing() {
    for (kind, pairs) in NUMBERED.into_iter().flat_map(|kind| [(kind, 4), (kind, 24)]) {
        let s = analyse(talks(kind, pairs));
        assert_eq!(told(&s), (Verdict::Good, vec![]), "{kind:?} {pairs} {:#?}", s.mirror.trust);
        let numbered = s.mirror.loss.upstream.unwrap();
        assert_eq!((numbered.rate, s.mirror.sides.judged, s.mirror.sides.one_sided), (0.0, u64::from(pairs), 0), "{kind:?}");
        assert!(numbered.n >= 1_990 * u64::from(pairs), "{kind:?}: {}", numbered.n);
    }
}

#[test]
fn one_direction_is_told_without_tcp() {
    let told_by = [Kind::Esp, Kind::EspInUdp, Kind::WireGuard, Kind::Quic];
    for (kind, forth) in told_by.into_iter().flat_map(|kind| [(kind, true), (kind, false)]) {
        let half: Frames = talks(kind, 24).into_iter().filter(|frame| frame.2 == forth).collect();
        let s = analyse(half);
        assert_eq!(told(&s), (Verdict::Bad, vec!["dir.half"]), "{kind:?} {forth} {:#?}", s.mirror.trust);
        let finding = &s.diagnosis.findings[0];
        assert_eq!((finding.severity, finding.title.as_str()), (Severity::Critical, "Only one direction of the conversations is mirrored"));
    }
}

#[test]
fn what_all_streams_lack_the_mirror_lost() {
    let mut outside = 0;
    for (kind, one_in) in NUMBERED.into_iter().flat_map(|kind| [(kind, 5), (kind, 12), (kind, 50)]) {
        let all = talks(kind, 24);
        let lossy = without(all.clone(), one_in, |_| true);
        let truth = 1.0 - lossy.len() as f64 / all.len() as f64;
        let s = analyse(lossy);
        let verdict = if one_in < 50 { Verdict::Bad } else { s.mirror.trust.verdict };
        assert_eq!(told(&s), (verdict, vec!["upstream.loss"]), "{kind:?} {one_in} {:#?}", s.diagnosis.findings);
        let lost = s.mirror.loss.upstream.unwrap();
        let width = lost.high - lost.low;
        outside += usize::from(truth < lost.low || truth > lost.high);
        assert!((lost.rate - truth).abs() < 0.75 * width && width < 0.3 * truth, "{kind:?} {one_in}: {lost:?}, {truth}");
    }
    assert!(outside <= 1, "95 of 100 intervals hold the truth: {outside} of 12 do not");
}

#[test]
fn what_the_mirror_loses_of_all_is_no_loss_of_one_stream() {
    // 1 % of everything: of 48 streams some lack twice as much by chance. Another, of 3 % more, lacks it on its own way.
    let all = without(talks(Kind::Voice, 24), 100, |_| true);
    assert_eq!(ids(&analyse(all.clone())), ["upstream.loss"]);
    let own = |frame: &[u8]| frame[29] == 10 && frame[23] == 17 && frame[36..38] != [0, 53];
    let s = analyse(without(all, 20, own));
    assert!(ids(&s).contains(&"upstream.loss"), "{:?}", ids(&s));
    let lost = s.mirror.loss.upstream.unwrap();
    assert!(lost.low < 0.01 && lost.high > 0.01 && lost.high < 0.014, "{lost:?}");
}

#[test]
fn a_direction_that_is_missing_for_a_while_is_the_mirrors() {
    for (kind, seconds) in
        [Kind::Voice, Kind::Esp, Kind::WireGuard].into_iter().flat_map(|kind| [(kind, 8..15), (kind, 12..20), (kind, 8..10)])
    {
        let missing = seconds.start * SECOND..seconds.end * SECOND;
        let all = talks(kind, 24);
        let shown: Frames = all.iter().filter(|(time, _, forth)| *forth || !missing.contains(time)).cloned().collect();
        let truth = 1.0 - shown.len() as f64 / all.len() as f64;
        let s = analyse(shown);
        let some = s.diagnosis.findings.iter().find(|f| f.id == "dir.some");
        if seconds.end - seconds.start < 3 {
            assert!(some.is_none(), "{kind:?} {seconds:?}: too short to be told by directions");
            continue;
        }
        let some = some.unwrap_or_else(|| panic!("{kind:?} {seconds:?}: {:#?}", s.diagnosis.findings));
        let at = |time: i64| Timestamp(START + time);
        let [held] = some.episodes[..] else { panic!("{:?}", some.episodes) };
        let near = |a: Timestamp, b: Timestamp| a.since(b).abs() <= SECOND;
        assert!(near(held.first, at(missing.start)) && near(held.last, at(missing.end)), "{kind:?} {seconds:?}: {held:?}");
        assert_eq!(ids(&s), ["dir.some"], "{kind:?} {seconds:?}: one hole, one finding");
        let lost = s.mirror.loss.upstream.unwrap();
        assert!(lost.low <= truth && truth <= lost.high && (lost.rate - truth).abs() < 0.05, "{kind:?} {seconds:?}: {lost:?}, {truth}");
    }
}

#[test]
fn what_streams_lack_of_a_time_without_a_packet_is_the_mirrors() {
    // A network that begins idly, so that a pause is nothing out of the ordinary but for what is missing over it.
    let hole = |pairs: u8, hole: std::ops::Range<i64>, keeps: fn(&[u8]) -> bool| -> Frames {
        let is_idle = |time: i64, frame: &[u8]| time < 5 * SECOND && (frame.len() > 150 || time / SECOND % 2 == 0);
        let mut all = talks_of(Kind::Voice, pairs, 50);
        all.retain(|(time, frame, _)| !is_idle(*time, frame) && (!hole.contains(time) || keeps(frame)));
        all
    };
    let times = 30 * SECOND..30 * SECOND + 600 * MILLISECOND;
    let s = analyse(hole(8, times.clone(), |_| false));
    let outage = s.diagnosis.findings.iter().find(|f| f.id == "mirror.outage").unwrap_or_else(|| panic!("{:#?}", s.diagnosis.findings));
    assert!((outage.episodes[0].first.since(Timestamp(START + times.start))).abs() < SECOND / 10, "{outage:#?}");
    assert!(!ids(&s).contains(&"rtp.loss"), "{:?}", ids(&s));
    // Two calls lack as much while all others go on: that is the network's.
    let s = analyse(hole(8, 30 * SECOND..32 * SECOND, |frame| frame.len() < 150 || frame[29].min(frame[33]) > 11));
    assert!(ids(&s).contains(&"rtp.loss") && !ids(&s).contains(&"mirror.outage"), "{:?}", ids(&s));
}

/// Copies of 40 s of connections, both ways.
fn connections() -> Vec<Copied> {
    let frames = network::run(&Plan { connections: 400, segments: 40, loss_after: 0.0, seconds: 38.0, ..Plan::default() });
    mirror::span(&frames, |port| port >= 100, true, true).into_iter().filter(|c| c.time < 40 * SECOND).collect()
}

fn frames(copies: Vec<Copied>) -> Frames {
    copies.into_iter().map(|c| (c.time, c.frame, c.side == Side::Egress)).collect()
}

#[test]
fn a_direction_of_connections_that_is_missing_for_a_while_is_told_with_its_times() {
    let bytes = |copies: &[Copied]| copies.iter().map(|c| c.frame.len() as f64).sum::<f64>();
    for (side, missing) in [(Side::Ingress, 10..20), (Side::Egress, 10..20), (Side::Ingress, 0..12)] {
        let all = connections();
        let shown: Vec<Copied> =
            all.iter().filter(|c| c.side != side || !(missing.start * SECOND..missing.end * SECOND).contains(&c.time)).cloned().collect();
        let truth = 1.0 - bytes(&shown) / bytes(&all);
        let s = analyse(frames(shown));
        let some = s.diagnosis.findings.iter().find(|f| f.id == "dir.some").unwrap_or_else(|| panic!("{:#?}", s.diagnosis.findings));
        let [held] = some.episodes[..] else { panic!("{:?}", some.episodes) };
        let near = |a: Timestamp, b: i64| a.since(Timestamp(START + b * SECOND)).abs() <= SECOND;
        assert!(near(held.first, missing.start) && near(held.last, missing.end), "{side:?} {missing:?}: {held:?}");
        assert_eq!(ids(&s), ["dir.some"], "{side:?} {missing:?}: one hole, one finding");
        let lost = s.mirror.loss.upstream.unwrap();
        assert!(lost.low <= truth && truth <= lost.high, "{side:?} {missing:?}: {lost:?}, {truth}");
        assert!(
            s.diagnosis.network.not_judged.iter().any(|(_, why)| why.contains("one direction is not mirrored")),
            "{:?}",
            s.diagnosis.network.not_judged
        );
    }
    assert_eq!(ids(&analyse(frames(connections()))), [""; 0]);
}

#[test]
fn a_number_that_comes_twice_counts_once() {
    let mut rng = Rng(5);
    let wrapped = mirror::wrap(connections(), Wrap::Erspan2, 0);
    let sent = wrapped.len() as u64;
    let came: Vec<Copied> = wrapped.into_iter().filter(|_| rng.below(20) > 0).collect();
    let missing = sent - came.len() as u64;
    let again: Vec<Copied> = came.iter().filter(|_| rng.below(4) == 0).map(|c| Copied { time: c.time + 100_000, ..c.clone() }).collect();
    let path = analyse(frames(mirror::sort(came.into_iter().chain(again).collect()))).mirror.loss.path.unwrap();
    // The first and the last may be among those that are missing.
    assert!(path.n.abs_diff(sent) <= 2 && (path.rate - missing as f64 / sent as f64).abs() < 1e-3, "{path:?}: {missing} of {sent}");
}

#[test]
fn what_is_missing_of_numbered_copies_is_no_loss_before_them() {
    let mut rng = Rng(6);
    let copy =
        |(time, frame, _): (i64, Vec<u8>, bool)| Copied { time, wire: frame.len() as u32, frame, side: Side::Ingress, port: 1, vlan: 0 };
    let mut on_the_way = |frames: Frames| -> Frames {
        let copies = mirror::sort(frames.into_iter().map(copy).collect());
        let came = mirror::wrap(copies, Wrap::Erspan2, 0).into_iter().filter(|_| rng.below(20) > 0).collect::<Vec<_>>();
        came.into_iter().map(|c| (c.time, c.frame, true)).collect()
    };
    let s = analyse(on_the_way(talks(Kind::Voice, 24)));
    assert_eq!(ids(&s), ["path.loss"]);
    // 4 % more that the switch never copied.
    let s = analyse(on_the_way(without(talks(Kind::Voice, 24), 25, |_| true)));
    let mut told = ids(&s);
    told.sort_unstable();
    assert_eq!(told, ["path.loss", "switch.loss"]);
    let (path, switch) = (s.mirror.loss.path.unwrap(), s.mirror.loss.switch.unwrap());
    assert!(path.low < 0.05 && path.high > 0.05 && switch.low < 0.04 && switch.high > 0.04, "{path:?} {switch:?}");
}

#[test]
fn halves_that_come_at_another_time_are_not_missing() {
    // Two taps whose clocks lie 30 s apart: every question has its answer in the file, far from it.
    for late in [[0, 30 * SECOND], [30 * SECOND, 0]] {
        let shift = |(time, frame, forth): (i64, Vec<u8>, bool)| (time + late[usize::from(!forth)], frame, forth);
        let s = analyse(talks_of(Kind::Voice, 24, 60).into_iter().map(shift).collect());
        assert!(ids(&s).is_empty(), "{late:?} {:?} {:?}", ids(&s), s.mirror.loss);
        assert!(s.diagnosis.network.not_judged.iter().any(|(id, _)| *id == "dns.unanswered"), "{:?}", s.diagnosis.network.not_judged);
    }
}

#[test]
fn one_in_n_packets_of_numbered_streams_is_sampling() {
    for (kind, n) in [Kind::Esp, Kind::EspInUdp, Kind::WireGuard].into_iter().flat_map(|kind| [(kind, 2), (kind, 10)]) {
        let mut rng = Rng(n);
        let s = analyse(talks(kind, 24).into_iter().filter(|_| rng.below(n) == 0).collect());
        assert_eq!(told(&s), (Verdict::Doubtful, vec!["span.sampled"]), "{kind:?} {n} {:#?}", s.diagnosis.findings);
        let one_in = s.diagnosis.findings[0].evidence.iter().find(|e| e.0 == "one_in").map(|e| e.1.clone());
        assert_eq!(one_in, Some(Value::Number(n as f64)), "{kind:?}");
    }
}

/// Questions to a name server and its answers, 25 a second: conversations of two packets, which are too short for their directions.
fn names() -> Frames {
    let mut all = Frames::new();
    let mut rng = Rng(3);
    for n in 0..800u16 {
        let at = i64::from(n) * 40 * MILLISECOND + rng.below(9_000_000) as i64;
        let client = 10 + (n % 8) as u8;
        let say = |hosts: [u8; 2], ports: (u16, u16), answer| {
            let layers =
                Packet::eth([2, 0, 0, 0, 0, hosts[0]], [2, 0, 0, 0, 0, hosts[1]]).ip([10, 1, 0, hosts[0]], [10, 1, 0, hosts[1]]).id(n + 1);
            layers.udp(ports.0, ports.1).payload(&dns(n, "pbx.example", answer)).build()
        };
        all.push((at, say([client, 53], (40_000 + n, 53), None), true));
        all.push((at + MILLISECOND, say([53, client], (53, 40_000 + n), Some([10, 1, 0, 9].into())), false));
    }
    all
}

#[test]
fn questions_and_answers_tell_of_directions_and_loss() {
    let whole = analyse(names());
    assert_eq!(told(&whole), (Verdict::Good, vec![]), "{:#?}", whole.mirror.trust);
    for forth in [true, false] {
        let s = analyse(names().into_iter().filter(|frame| frame.2 == forth).collect());
        assert_eq!(told(&s), (Verdict::Bad, vec!["dir.half"]), "{forth} {:#?}", s.diagnosis.findings);
        assert_eq!(support::judgement::contradictions(&s), [""; 0], "{forth}");
    }
    // A name server that is down is heard beside: by what it says to others.
    let down = analyse(names().into_iter().filter(|(at, _, forth)| *forth || *at < 10 * SECOND).collect());
    assert!(!ids(&down).contains(&"dir.half") && ids(&down).contains(&"dns.unanswered"), "{:?}", ids(&down));
    let mut rng = Rng(5);
    let lossy = analyse(names().into_iter().filter(|frame| !frame.2 || rng.below(5) > 0).collect());
    assert_eq!(told(&lossy), (Verdict::Bad, vec!["upstream.loss"]), "{:#?}", lossy.diagnosis.findings);
}

/// Voice that goes one way, of which nothing is missing: what tells that completeness is good tells that loss may be judged.
#[test]
fn streams_that_are_whole_judge_all_that_depends_on_loss() {
    // Without what is asked of the name server, which nobody answers here.
    let one = || talks(Kind::Voice, 2).into_iter().filter(|(_, frame, forth)| *forth && frame[36..38] != [0, 53]);
    let not_judged = |s: &Snapshot| s.diagnosis.network.not_judged.iter().filter(|n| n.0 == "rtp.loss").count();
    let whole = analyse(one().collect());
    assert_eq!((not_judged(&whole), support::judgement::contradictions(&whole)), (0, vec![]), "{:#?}", whole.diagnosis.network);
    let mut rng = Rng(11);
    let lossy = analyse(one().filter(|_| rng.below(20) > 0).collect());
    assert_eq!(
        (not_judged(&lossy), support::judgement::contradictions(&lossy)),
        (1, vec![]),
        "it may be the mirror: {:#?}",
        lossy.mirror.trust
    );
}

#[test]
fn what_one_stream_lacks_the_mirror_did_not_lose() {
    for kind in NUMBERED {
        let of_one = |frame: &[u8]| frame[29] == 13 || frame[33] == 13;
        let s = analyse(without(talks(kind, 24), 12, of_one));
        assert!(matches!(s.mirror.trust.verdict, Verdict::Good | Verdict::Noted), "{kind:?} {:#?}", s.mirror.trust);
        assert_eq!(ids(&s).contains(&"rtp.loss"), kind == Kind::Voice, "{kind:?} {:?} {:?}", ids(&s), s.diagnosis.network.not_judged);
        // Where all of few lack something, nobody knows who lost it.
        let s = analyse(without(talks(kind, 2), 12, |_| true));
        assert_eq!(s.mirror.trust.verdict, Verdict::Unknown, "{kind:?} {:#?}", s.mirror.trust);
        assert!(!ids(&s).iter().any(|id| id.ends_with(".loss")), "{kind:?} {:?}", ids(&s));
    }
}

/// Voice on its way to a recorder or a loudspeaker goes one way, and beside it other conversations show whether the mirror has both.
#[test]
fn voice_that_goes_one_way_is_no_half() {
    // Without what is asked of the name server, which nobody answers here.
    let forked = || talks(Kind::Voice, 24).into_iter().filter(|(_, frame, forth)| *forth && frame[36..38] != [0, 53]);
    let s = analyse(forked().collect());
    assert!(!ids(&s).iter().any(|id| id.starts_with("dir.")), "{:?}", ids(&s));
    assert_eq!(s.mirror.sides.judged, 0);
    let s = analyse(forked().chain(talks(Kind::WireGuard, 24)).collect());
    assert_eq!((told(&s), s.mirror.sides.judged, s.mirror.sides.one_sided), ((Verdict::Good, vec![]), 24, 0));
}

/// Logs and streams that nobody answers show one direction by their nature.
#[test]
fn what_nobody_answers_is_no_half() {
    let log = |host: u8, n: u32| {
        let layers = Packet::eth([2, 0, 0, 0, 0, host], [2, 0, 0, 0, 0, 9]).ip([10, 1, 0, host], [10, 1, 0, 9]).id(n as u16 | 1);
        layers.udp(40_000 + u16::from(host), 514).payload(format!("<14>{n} something happened").as_bytes()).build()
    };
    let logs: Frames =
        (0..4_000u32).map(|n| (i64::from(n) * 5 * MILLISECOND + i64::from(n * n % 977), log(20 + (n % 40) as u8, n), true)).collect();
    let s = analyse(logs);
    assert_eq!(told(&s), (Verdict::Unknown, vec![]), "{:#?}", s.mirror.trust);
    assert_eq!(s.mirror.sides.judged, 0);
}
