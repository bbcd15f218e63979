//! What looks like a fault of the mirror and is none, and the other way round: silence, senders that change their role, a direction that is late.

mod support;

use spantop::capture::Memory;
#[cfg(target_os = "linux")]
use spantop::capture::host::HostProbe;
use spantop::engine::{self, Settings};
use spantop::model::{LinkType, Severity, Timestamp, Value};
use spantop::snapshot::Snapshot;
use support::Rng;
use support::packet::message::{dns, stp};
use support::packet::{ACK, PSH, Packet, SYN};

const MILLISECOND: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MILLISECOND;
const START: i64 = 1_700_000_000 * SECOND;

/// Frames with their times in nanoseconds.
type Frames = Vec<(i64, Vec<u8>)>;

fn analyse(frames: Frames) -> Snapshot {
    analyse_with(frames, &Settings::default())
}

fn analyse_with(mut frames: Frames, settings: &Settings) -> Snapshot {
    frames.sort_by_key(|f| f.0);
    let mut memory = Memory::new();
    for (time, frame) in &frames {
        memory.push(Timestamp(START + time), LinkType::ETHERNET, frame.len() as u32, frame);
    }
    let outcome = engine::run(Box::new(memory), settings, Default::default()).unwrap();
    assert_eq!(outcome.failure, None);
    outcome.result
}

fn ids(s: &Snapshot) -> Vec<&'static str> {
    s.diagnosis.findings.iter().filter(|f| f.active).map(|f| f.id).collect()
}

const CLIENT: [u8; 6] = [2, 0, 0, 0, 0, 1];
const SERVER: [u8; 6] = [2, 0, 0, 0, 0, 2];

/// Datagrams of two hosts to each other, so many a second on average, at times of no pattern.
fn datagrams(seconds: std::ops::Range<i64>, a_second: f64, seed: u64) -> Frames {
    let (mut rng, mut time, mut frames) = (Rng(seed), seconds.start * SECOND, Frames::new());
    for n in 0u32.. {
        time += rng.exponential(SECOND as f64 / a_second) as i64;
        if time >= seconds.end * SECOND {
            break;
        }
        let (macs, ips, ports) =
            if n.is_multiple_of(2) { ([CLIENT, SERVER], [1, 2], [5004, 6000]) } else { ([SERVER, CLIENT], [2, 1], [6000, 5004]) };
        let layers = Packet::eth(macs[0], macs[1]).ip([10, 0, 0, ips[0]], [10, 0, 0, ips[1]]).id(n as u16);
        frames.push((time, layers.udp(ports[0], ports[1]).payload(&[&n.to_be_bytes()[..], &[7; 100]].concat()).build()));
    }
    frames
}

/// Groups of ten segments: the network loses the first behind the mirror, the mirror the second, and 300 ms later the sender sends both again. With
/// `sack` the receiver says what it has of each group.
fn sent_again(sack: bool) -> Frames {
    const SEGMENT: u32 = 1_000;
    let from = |seq: u32, flags: u8| {
        Packet::eth(CLIENT, SERVER).ip([10, 0, 0, 1], [10, 0, 0, 2]).tcp(40_000, 443).seq(seq).ack(5_000).flags(flags)
    };
    let back = |ack: u32, flags: u8| {
        let seq = if flags & SYN != 0 { 4_999 } else { 5_000 };
        Packet::eth(SERVER, CLIENT).ip([10, 0, 0, 2], [10, 0, 0, 1]).tcp(443, 40_000).seq(seq).ack(ack).flags(flags)
    };
    let permitted = [4, 2, 1, 1];
    let mut frames = vec![
        (0, from(999, SYN).options(&permitted).build()),
        (MILLISECOND, back(1_000, SYN | ACK).options(&permitted).build()),
        (2 * MILLISECOND, from(1_000, ACK).build()),
    ];
    for group in 0..60u32 {
        let (start, time) = (1_000 + group * 10 * SEGMENT, SECOND / 100 + i64::from(group) * SECOND / 2);
        let data = |n: u32, id: u16| from(start + n * SEGMENT, PSH | ACK).id(id).payload(&[n as u8; SEGMENT as usize]).build();
        frames.extend((0..10).filter(|n| *n != 1).map(|n| (time + i64::from(n) * MILLISECOND, data(n, 1))));
        let block = [(start + SEGMENT).to_be_bytes(), (start + 10 * SEGMENT).to_be_bytes()].concat();
        let options = if sack { [&[1, 1, 5, 10][..], &block].concat() } else { vec![1; 12] };
        frames.push((time + 15 * MILLISECOND, back(start, ACK).options(&options).build()));
        frames.extend((0..2).map(|n| (time + (300 + i64::from(n)) * MILLISECOND, data(n, 2))));
        frames.push((time + 310 * MILLISECOND, back(start + 10 * SEGMENT, ACK).build()));
    }
    frames
}

#[test]
fn what_its_receiver_has_and_was_not_seen_is_lost_though_it_is_sent_again() {
    let told = |s: &Snapshot| ids(s).contains(&"upstream.loss");
    let s = analyse(sent_again(false));
    assert!(!told(&s), "it may have been lost in the network: {:?}", s.diagnosis.findings);
    let s = analyse(sent_again(true));
    assert!(told(&s), "{:?}", s.diagnosis.findings);
    let share =
        s.diagnosis.findings.iter().filter(|f| f.id == "upstream.loss").flat_map(|f| &f.evidence).find_map(|(name, value)| match value {
            Value::Share(share) if *name == "share" || *name == "rate" => Some(*share),
            _ => None,
        });
    assert!(share.is_some_and(|share| (share - 0.1).abs() < 0.02), "a tenth is: {:?}", s.diagnosis.findings);
}

/// From when, for how many seconds, and how many packets are missing, as the finding says.
fn outage(s: &Snapshot) -> Option<(i64, f64, u64)> {
    let found = s.diagnosis.findings.iter().find(|f| f.id == "mirror.outage")?;
    assert_eq!(found.severity, Severity::Warning);
    let told = |name: &str| found.evidence.iter().find(|e| e.0 == name).map(|e| e.1.clone());
    match [told("from"), told("seconds"), told("missed")] {
        [Some(Value::Time(from)), Some(Value::Seconds(seconds)), Some(Value::Count(missed))] => Some((from.0 - START, seconds, missed)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn half_a_minute_without_a_packet_in_steady_traffic_is_told() {
    for (rate, from, to, seed) in [(60.0, 25, 55, 1), (200.0, 40, 52, 2), (25.0, 31, 71, 3)] {
        let frames = [datagrams(0..from, rate, seed), datagrams(to..to + 30, rate, seed + 100)].concat();
        let s = analyse(frames);
        let (begins, seconds, missed) = outage(&s).unwrap_or_else(|| panic!("{rate} a second: {:?}", ids(&s)));
        assert!((begins - from * SECOND).abs() < SECOND && (seconds - (to - from) as f64).abs() < 1.0, "{begins} {seconds}");
        let expected = rate * (to - from) as f64;
        assert!((missed as f64 - expected).abs() < 0.2 * expected, "{missed} of {expected}");
    }
}

#[test]
fn traffic_that_pauses_by_itself_is_no_outage() {
    // Six packets a second; bursts with pauses of all lengths.
    let bursts = (0..12i64).flat_map(|n| datagrams(n * 20..n * 20 + 1 + n % 3, 300.0, n as u64)).collect();
    let quiet = [datagrams(0..40, 6.0, 1), datagrams(70..110, 6.0, 2)].concat();
    let breathing = [datagrams(0..30, 60.0, 1), datagrams(34..60, 60.0, 2), datagrams(90..120, 60.0, 3)].concat();
    for (what, frames) in [("bursts", bursts), ("quiet", quiet), ("breathing", breathing)] {
        assert_eq!(outage(&analyse(frames)), None, "{what}");
    }
}

/// A quiet port that no mirror is sent to: what every port of a switch receives, two packets a second at most, is told within ten seconds.
#[cfg(target_os = "linux")]
#[test]
fn a_quiet_port_without_a_mirror_is_known_soon() {
    let host = |n: i64| [2, 0, 0, 0, 1, n as u8 % 4];
    let arp = |n: i64| {
        [&[0xff; 6][..], &host(n), &[8, 6, 0, 1, 8, 0, 6, 4, 0, 1], &host(n), &[10, 0, 0, n as u8 % 4], &[0; 6], &[10, 0, 0, 9], &[0; 18]]
            .concat()
    };
    let ipv6 = |n: i64| {
        Packet::eth(host(n), [0x33, 0x33, 0, 0, 0, 0xfb])
            .ip([0xfe80, 0, 0, 0, 0, 0, 0, n as u16 % 4 + 1], [0xff02, 0, 0, 0, 0, 0, 0, 0xfb])
            .udp(5353, 5353)
            .payload(&[0; 20])
            .build()
    };
    let dhcp = |n: i64| Packet::eth(host(n), [0xff; 6]).ip([0, 0, 0, 0], [255, 255, 255, 255]).udp(68, 67).payload(&[n as u8; 240]).build();
    let hello = |n: i64| stp([2, 0, 9, 0, 0, 1], 1, n as u16);
    let at = |n: i64| n * SECOND / 2 + n % 7 * 11 * MILLISECOND;
    let mixed: Frames = (0..24).map(|n| (at(n), if n % 4 == 0 { hello(7) } else { arp(n) })).collect();
    let v6_only: Frames = (0..24).map(|n| (at(n), ipv6(n))).collect();
    let hardly: Frames = (0..12).map(|n| (at(2 * n), if n % 2 == 0 { dhcp(n) } else { ipv6(n) })).collect();
    // The loopback interface stands for the port.
    let host = HostProbe { interfaces: vec!["lo".into()], buffer_bytes: None, ..HostProbe::default() };
    let settings = Settings { live: true, host: Some(host), threads: 0, ..Settings::default() };
    for (what, frames) in [("ARP and spanning tree", mixed), ("IPv6 only", v6_only), ("one a second", hardly)] {
        let s = analyse_with(frames.clone(), &settings);
        assert!(ids(&s).contains(&"mirror.none"), "{what}: {:?}", s.diagnosis.findings);
        // A conversation of others beside it, and it is one.
        let s = analyse_with([frames, datagrams(0..12, 1.0, 9)].concat(), &settings);
        assert!(!ids(&s).contains(&"mirror.none"), "{what}: {:?}", s.diagnosis.findings);
    }
}

/// What regular senders send each interval, in these seconds.
fn every(seconds: impl Iterator<Item = i64>, frame: &dyn Fn(i64) -> Vec<u8>) -> Frames {
    seconds.map(|s| (s * SECOND + 3 * MILLISECOND, frame(s))).collect()
}

fn hsrp(router: u8, state: u8) -> Vec<u8> {
    let body = [&[0, 0, state, 3, 10, 100 + router, 1, 0][..], b"cisco\0\0\0", &[10, 0, 0, 254]].concat();
    Packet::eth([2, 0, 0, 0, 9, router], [1, 0, 0x5e, 0, 0, 2])
        .ip([10, 0, 0, router], [224, 0, 0, 2])
        .ttl(1)
        .udp(1985, 1985)
        .payload(&body)
        .build()
}

fn vrrp(source: [u8; 6], router: u8) -> Vec<u8> {
    let body = [0x21, 1, 100, 1, 0, 1, 0, 0, 10, 0, 0, 254, 0, 0, 0, 0, 0, 0, 0, 0];
    Packet::eth(source, [1, 0, 0x5e, 0, 0, 18]).ip([10, 0, 0, router], [224, 0, 0, 18]).ttl(255).protocol(112).payload(&body).build()
}

/// Two senders at a time that are replaced by others in the middle, while thousands of packets arrive.
#[test]
fn senders_that_change_their_role_are_no_outage() {
    let (before, after) = (|| (0..60i64).step_by(3), || (60..120i64).step_by(3));
    // Two groups of HSRP whose active router changes: it sends from the group's address, which moves with the role.
    let group = |n: u8| move |_| [&[1, 0, 0x5e, 0, 0, 2][..], &[0, 0, 0x0c, 7, 0xac, n], &hsrp(1, 16)[12..]].concat();
    let own = |n: u8| move |_| [&[1, 0, 0x5e, 0, 0, 2][..], &[2, 0, 0, 0, 9, n], &hsrp(n, 8)[12..]].concat();
    let hsrp = [every(before(), &own(1)), every(before(), &own(2)), every(after(), &group(1)), every(after(), &group(2))].concat();
    let vrrp = [
        every(0..60, &|_| vrrp([0, 0, 0x5e, 0, 1, 1], 1)),
        every(0..60, &|_| vrrp([0, 0, 0x5e, 0, 1, 2], 1)),
        every(60..120, &|_| vrrp([0, 0, 0x5e, 0, 1, 3], 2)),
        every(60..120, &|_| vrrp([0, 0, 0x5e, 0, 1, 4], 2)),
    ]
    .concat();
    // The root moves: hellos come from other ports from then on.
    let root = [
        every((0..60).step_by(2), &|_| stp([2, 0, 9, 0, 0, 1], 1, 7)),
        every((0..60).step_by(2), &|_| stp([2, 0, 9, 0, 0, 2], 1, 8)),
        every((60..120).step_by(2), &|_| stp([2, 0, 9, 0, 0, 3], 2, 1)),
    ]
    .concat();
    for (what, control) in [("HSRP", hsrp), ("VRRP", vrrp), ("STP", root)] {
        let s = analyse([datagrams(0..120, 50.0, 5), control.clone()].concat());
        assert_eq!(outage(&s), None, "{what}");
        // The same with a mirror that really stops for a while.
        let gone = |f: &(i64, Vec<u8>)| !(30 * SECOND..50 * SECOND).contains(&f.0);
        let s = analyse([datagrams(0..120, 50.0, 5), control].concat().into_iter().filter(gone).collect());
        assert!(outage(&s).is_some_and(|(from, seconds, _)| from >= 27 * SECOND && seconds < 25.0), "{what}: {:?}", ids(&s));
    }
}

/// An upload at almost 1 Gb/s: the client's direction comes `late`, and one packet in `lost_each` never (0: all come).
fn upload(port: u16, late: i64, lost_each: u32) -> Frames {
    const SEGMENT: u32 = 1_400;
    let from = |flags: u8, seq: u32, ack: u32| {
        Packet::eth(CLIENT, SERVER).ip([10, 0, 0, 1], [10, 0, 0, 2]).tcp(port, 443).seq(seq).ack(ack).flags(flags)
    };
    let back = |flags: u8, seq: u32, ack: u32| {
        Packet::eth(SERVER, CLIENT).ip([10, 0, 0, 2], [10, 0, 0, 1]).tcp(443, port).seq(seq).ack(ack).flags(flags)
    };
    let round_trip = 300_000;
    let mut frames = vec![
        (late, from(SYN, 999, 0).build()),
        (round_trip, back(SYN | ACK, 4_999, 1_000).build()),
        (round_trip + late, from(ACK, 1_000, 5_000).build()),
    ];
    for n in 0..4_000u32 {
        let time = 2 * round_trip + i64::from(n) * 12_000;
        if lost_each == 0 || n % lost_each != 11 {
            frames.push((
                time + late,
                from(PSH | ACK, 1_000 + n * SEGMENT, 5_000).id(n as u16).payload(&[n as u8; SEGMENT as usize]).build(),
            ));
        }
        if n % 2 == 1 {
            frames.push((time + round_trip, back(ACK, 5_000, 1_000 + (n + 1) * SEGMENT).id(n as u16).build()));
        }
    }
    let end = frames.iter().map(|f| f.0).max().unwrap_or(0) + SECOND;
    frames.push((end, from(PSH | ACK, 1_000 + 4_000 * SEGMENT, 5_000).payload(b"bye").build()));
    frames
}

/// Short connections of which one direction comes so much late: all of the server's answer is there before the client asks.
fn early_answers(late: i64) -> Vec<(i64, Vec<u8>)> {
    let mut frames = Vec::new();
    for n in 0..250u16 {
        // Not on whole milliseconds: stamps that are would be another finding.
        let (at, port, id) = (i64::from(n) * (200 * MILLISECOND + 1_037), 20_000 + n, 10 * n);
        let mut step = |after: i64, is_client: bool, flags: u8, seq: u32, ack: u32, bytes: usize| {
            let packet = match is_client {
                true => Packet::eth(CLIENT, SERVER).ip([10, 0, 0, 1], [10, 0, 0, 2]).tcp(port, 443),
                false => Packet::eth(SERVER, CLIENT).ip([10, 0, 0, 2], [10, 0, 0, 1]).tcp(443, port),
            };
            let packet = packet.seq(seq).ack(ack).flags(flags).id(id + (after / MILLISECOND) as u16).payload(&vec![b'x'; bytes]);
            frames.push((at + after + if is_client { late } else { 0 }, packet.build()));
        };
        step(0, true, SYN, 999, 0, 0);
        step(MILLISECOND, false, SYN | ACK, 4_999, 1_000, 0);
        step(2 * MILLISECOND, true, ACK, 1_000, 5_000, 0);
        step(3 * MILLISECOND, true, PSH | ACK, 1_000, 5_000, 200);
        step(4 * MILLISECOND, false, PSH | ACK, 5_000, 1_200, 900);
        step(5 * MILLISECOND, true, ACK, 1_200, 5_900, 0);
    }
    frames
}

#[test]
fn a_direction_that_comes_a_second_late_is_told_as_that_alone() {
    for late in [600 * MILLISECOND, SECOND, 1_900 * MILLISECOND] {
        let s = analyse(early_answers(late));
        assert_eq!(ids(&s), ["order.skew"], "{late}");
        assert_eq!(s.mirror.loss.unmatched.map(|lost| lost.rate), Some(0.0), "every question is there: {late}");
        let found = &s.diagnosis.findings[0];
        let told = found.evidence.iter().find_map(|(name, value)| match value {
            Value::Seconds(seconds) if *name == "p50_seconds" => Some(*seconds),
            _ => None,
        });
        let near = told.is_some_and(|seconds| (seconds * 1e9 / late as f64 - 1.0).abs() < 0.12);
        assert!(near && found.title.contains("by about"), "{late}: {told:?}, {}", found.title);
    }
}

#[test]
fn a_direction_that_comes_milliseconds_late_is_out_of_order_and_not_lost() {
    for late in [MILLISECOND, 3 * MILLISECOND, 5 * MILLISECOND, 30 * MILLISECOND] {
        let s = analyse((0..3).flat_map(|n| upload(40_000 + n, late, 0)).collect());
        let found = ids(&s);
        assert!(found.contains(&"order.skew"), "{late}: {found:?}");
        let lost = found.iter().any(|id| id.ends_with(".loss") || id.starts_with("span."));
        assert!(!lost, "{late}: every packet is there: {found:?}");
    }
    // In order nothing is told; and what is lost beside the lateness is.
    assert_eq!(ids(&analyse((0..3).flat_map(|n| upload(40_000 + n, 0, 0)).collect())), [""; 0]);
    let s = analyse((0..3).flat_map(|n| upload(40_000 + n, 3 * MILLISECOND, 50)).collect());
    assert!(ids(&s).contains(&"upstream.loss"), "{:?}", ids(&s));
}

/// A conversation of eight seconds, a request and three segments of answer each 50 ms, with either direction late. Of the answer's segments one in
/// `lost_each` never comes (0: all do), and one in five of those comes 300 ms later after all.
fn asked_and_answered(port: u16, [client_late, server_late]: [i64; 2], lost_each: u32) -> Frames {
    const SEGMENT: u32 = 1_200;
    let begin = i64::from(port % 97) * 1_013_000;
    let mut frames = Frames::new();
    let mut step = |after: i64, is_client: bool, flags: u8, seq: u32, ack: u32, bytes: u32| {
        let packet = match is_client {
            true => Packet::eth(CLIENT, SERVER).ip([10, 0, 0, 1], [10, 0, 0, 2]).tcp(port, 443),
            false => Packet::eth(SERVER, CLIENT).ip([10, 0, 0, 2], [10, 0, 0, 1]).tcp(443, port),
        };
        let packet = packet.seq(seq).ack(ack).flags(flags).id((after / 100_000) as u16).payload(&vec![b'x'; bytes as usize]);
        // Not on whole milliseconds: stamps that are would be another finding.
        frames.push((begin + after + after / 997 + if is_client { client_late } else { server_late }, packet.build()));
    };
    step(0, true, SYN, 999, 0, 0);
    step(MILLISECOND, false, SYN | ACK, 4_999, 1_000, 0);
    step(2 * MILLISECOND, true, ACK, 1_000, 5_000, 0);
    let mut lost = 0;
    for n in 0..160u32 {
        let (at, seq, ack) = (i64::from(n) * 50 * MILLISECOND + 3 * MILLISECOND, 1_000 + n * 200, 5_000 + n * 3 * SEGMENT);
        step(at, true, PSH | ACK, seq, ack, 200);
        for k in 0..3 {
            let (number, sent) = (n * 3 + k, at + i64::from(k + 1) * MILLISECOND);
            let is_lost = lost_each != 0 && number % lost_each == 7;
            lost += u32::from(is_lost);
            let again = if is_lost { 300 * MILLISECOND } else { 0 };
            if !is_lost || lost % 5 == 0 {
                step(sent + again, false, PSH | ACK, ack + k * SEGMENT, seq + 200, SEGMENT);
            }
        }
        step(at + 5 * MILLISECOND, true, ACK, seq + 200, ack + 3 * SEGMENT, 0);
    }
    frames
}

/// The seconds by which order.skew says that answers come first.
fn told_skew(s: &Snapshot) -> Option<f64> {
    let found = s.diagnosis.findings.iter().find(|f| f.id == "order.skew")?;
    found.evidence.iter().find_map(|(name, value)| match value {
        Value::Seconds(seconds) if *name == "p50_seconds" => Some(*seconds),
        _ => None,
    })
}

/// How far a direction is late does not decide what is said of it: either direction, before and behind the time that loss waits.
#[test]
fn a_direction_that_is_late_by_any_time_is_out_of_order_and_nothing_else() {
    for late in [30, 150, 190, 220, 300, 450, 700, 1_200, 1_900] {
        let late = late * MILLISECOND;
        for shift in [[late, 0], [0, late]] {
            let s = analyse((0..12).flat_map(|n| asked_and_answered(40_000 + n, shift, 0)).collect());
            assert_eq!(ids(&s), ["order.skew"], "{shift:?}");
            let told = told_skew(&s).unwrap();
            assert!((told * 1e9 / late as f64 - 1.0).abs() < 0.25, "{shift:?}: {told}");
            assert!(s.mirror.loss.upstream.is_none_or(|lost| lost.rate == 0.0), "{shift:?}: {:?}", s.mirror.loss);
        }
    }
}

/// Of short connections all of the client's part is over before the server's first packet comes.
#[test]
fn a_server_that_comes_late_is_seen_in_its_handshakes() {
    for late in [50, 220, 700, 1_900] {
        let late = late * MILLISECOND;
        let frames = early_answers(0).into_iter();
        let s = analyse(frames.map(|(time, frame)| if frame[6..12] == SERVER { (time + late, frame) } else { (time, frame) }).collect());
        assert_eq!(ids(&s), ["order.skew"], "{late}");
        assert!(told_skew(&s).is_some_and(|told| (told * 1e9 / late as f64 - 1.0).abs() < 0.12), "{late}: {:?}", told_skew(&s));
    }
    assert_eq!(ids(&analyse(early_answers(0))), [""; 0], "in order");
}

#[test]
fn what_is_lost_and_now_and_then_sent_again_is_lost_and_in_order() {
    let s = analyse((0..12).flat_map(|n| asked_and_answered(40_000 + n, [0, 0], 20)).collect());
    assert!(ids(&s).contains(&"upstream.loss") && !ids(&s).contains(&"order.skew"), "{:?}", ids(&s));
    assert_eq!(ids(&analyse((0..12).flat_map(|n| asked_and_answered(40_000 + n, [0, 0], 0)).collect())), [""; 0]);
}

/// However long nothing arrives: as long as all the traffic, it is the mirror's; longer, it may be two captures or a clock.
#[test]
fn silence_has_no_upper_edge() {
    let silent = |seconds: i64| {
        let after = datagrams(0..40, 60.0, 8).into_iter().map(|(time, frame)| (time + (40 + seconds) * SECOND, frame));
        analyse([datagrams(0..40, 60.0, 7), after.collect()].concat())
    };
    let told = |s: &Snapshot| s.diagnosis.findings.iter().find(|f| f.id == "mirror.outage").map(|f| (f.severity, f.title.clone()));
    for (seconds, severity) in
        [(30, Severity::Warning), (75, Severity::Warning), (90, Severity::Note), (3_600, Severity::Note), (86_400, Severity::Note)]
    {
        let s = silent(seconds);
        let (worst, title) = told(&s).unwrap_or_else(|| panic!("{seconds} s: {:?}", ids(&s)));
        assert_eq!(worst, severity, "{seconds} s: {title}");
        assert_eq!(title.contains("clock set forward"), severity == Severity::Note, "{title}");
    }
    // A mean is over what was captured: one wrong stamp makes no network of it that hardly sends.
    let (whole, gap) = (analyse(datagrams(0..80, 60.0, 7)), silent(86_400));
    let mean = |s: &Snapshot| s.mean_bits_per_second();
    assert!((mean(&gap) / mean(&whole) - 1.0).abs() < 0.05, "{} {}", mean(&gap), mean(&whole));
    let mut wrong = datagrams(0..80, 60.0, 7);
    wrong[0].0 = -START;
    let wrong = analyse(wrong);
    assert!((mean(&wrong) / mean(&whole) - 1.0).abs() < 0.05, "{} {}", mean(&wrong), mean(&whole));
    assert!(wrong.duration() > 1e9 && (79.0..81.0).contains(&wrong.covered()), "{} {}", wrong.duration(), wrong.covered());
    assert_eq!(told(&wrong).map(|t| t.0), Some(Severity::Note));
    let short = analyse([datagrams(0..10, 60.0, 1), datagrams(40..50, 60.0, 2)].concat());
    assert_eq!(told(&short).map(|t| t.0), Some(Severity::Note), "of a short capture less is known");
    // Two captures of a quiet network in one file.
    let quiet = |seed| datagrams(0..40, 1.0, seed);
    let later: Frames = quiet(2).into_iter().map(|(time, frame)| (time + 3_600 * SECOND, frame)).collect();
    assert_eq!(told(&analyse([quiet(1), later].concat())), None);
}

/// Datagrams every five milliseconds, of `hosts` by turns; `coarse`: on a clock of five, at times of no pattern.
fn beat(hosts: u8, coarse: bool) -> Frames {
    let mut rng = Rng(11);
    let step = 5 * MILLISECOND;
    (0..4_000i64)
        .map(|n| {
            let host = 10 + n as u8 % hosts;
            let layers = Packet::eth([2, 0, 0, 0, 0, host], SERVER).ip([10, 0, 0, host], [10, 0, 0, 2]).id(n as u16);
            let time = if coarse { rng.below(4_000) as i64 * step } else { n * step };
            (time, layers.udp(5004, 6000).payload(&n.to_be_bytes()).build())
        })
        .collect()
}

#[test]
fn packets_on_an_even_beat_say_nothing_of_the_clock() {
    for hosts in [1, 7, 100] {
        let s = analyse(beat(hosts, false));
        assert!(!ids(&s).contains(&"clock.coarse"), "{hosts}: {:?}", ids(&s));
        assert!(s.mirror.trust.summary.contains("no station both sends and receives"), "{}", s.mirror.trust.summary);
        assert!(ids(&analyse(beat(hosts, true))).contains(&"clock.coarse"), "{hosts}");
    }
}

/// Connections that lose nothing, and questions to a name server of which one in `lost` was not mirrored (0: all were).
fn asked_names(lost: u16) -> Frames {
    let mut all: Frames = (0..30).flat_map(|n| asked_and_answered(40_000 + n, [0, 0], 0)).collect();
    for n in 0..200u16 {
        let (at, [client, server]) = (i64::from(n) * 150 * MILLISECOND, [[192, 0, 2, 10], [192, 0, 2, 53]]);
        let ask = |from: [u8; 4], to: [u8; 4], ports: (u16, u16), answer: Option<std::net::Ipv4Addr>| {
            let name = dns(n, &format!("h{n}.example"), answer);
            Packet::eth([2, 0, 0, 0, 0, from[3]], [2, 0, 0, 0, 0, to[3]])
                .ipv4(from, to)
                .id(n + 1)
                .udp(ports.0, ports.1)
                .payload(&name)
                .build()
        };
        if lost == 0 || n % lost > 0 {
            all.push((at, ask(client, server, (30_000 + n, 53), None)));
        }
        all.push((at + 2 * MILLISECOND, ask(server, client, (53, 30_000 + n), Some(std::net::Ipv4Addr::new(192, 0, 2, 80)))));
    }
    all
}

/// Single packets that are missing are told though no TCP data is.
#[test]
fn questions_that_were_not_mirrored_are_told_beside_whole_connections() {
    let s = analyse(asked_names(0));
    assert!(!ids(&s).contains(&"upstream.loss"), "{:?}", ids(&s));
    let s = analyse(asked_names(3));
    let told = s.diagnosis.findings.iter().find(|f| f.id == "upstream.loss").map(|f| f.title.clone());
    assert!(told.as_ref().is_some_and(|title| title.contains("single packets never arrived")), "{told:?} {:#?}", s.mirror.trust);
    assert!(s.mirror.trust.score.is_some_and(|score| score < 80), "{:#?}", s.mirror.trust);
    assert!(!ids(&s).contains(&"dns.unanswered"), "{:?}", ids(&s));
}

/// One direction behind the other in one file: all of it is there, and nothing was lost.
#[test]
fn captures_that_were_appended_lost_nothing() {
    let mut all: Frames = (0..30).flat_map(|n| asked_and_answered(40_000 + n, [0, 0], 0)).collect();
    all.sort_by_key(|p| p.0);
    let (up, down): (Frames, Frames) = all.into_iter().partition(|(_, frame)| frame[..6] < frame[6..12]);
    let mut memory = Memory::new();
    for (time, frame) in up.iter().chain(&down) {
        memory.push(Timestamp(START + time), LinkType::ETHERNET, frame.len() as u32, frame);
    }
    let s = engine::run(Box::new(memory), &Settings::default(), Default::default()).unwrap().complete().unwrap();
    assert!(ids(&s).contains(&"clock.step") && !ids(&s).iter().any(|id| id.ends_with(".loss")), "{:?}", ids(&s));
    assert!(s.mirror.not_judged.iter().any(|(id, _)| *id == "upstream.loss"), "{:?}", s.mirror.not_judged);
}

/// A clock that is set back by an hour leaves an hour without packets, before all that comes after it in the file.
#[test]
fn a_mean_leaves_out_what_a_clock_that_is_set_leaves_empty() {
    let in_file_order = |frames: Frames| {
        let mut memory = Memory::new();
        frames.iter().for_each(|(time, frame)| memory.push(Timestamp(START + time), LinkType::ETHERNET, frame.len() as u32, frame));
        engine::run(Box::new(memory), &Settings::default(), Default::default()).unwrap().complete().unwrap()
    };
    let ahead = |frames: Frames, by: i64| -> Frames { frames.into_iter().map(|(time, frame)| (time + by * SECOND, frame)).collect() };
    let mean = in_file_order(datagrams(0..65, 60.0, 3)).mean_bits_per_second();
    let set_back = in_file_order([ahead(datagrams(0..5, 60.0, 3), 3_600), datagrams(5..65, 60.0, 3)].concat());
    assert!((set_back.mean_bits_per_second() / mean - 1.0).abs() < 0.05, "{} {mean}", set_back.mean_bits_per_second());
    assert!((3_534.0..3_536.0).contains(&set_back.mirror.gap()), "{}", set_back.mirror.gap());
    // One stamp that is an hour wrong, either way.
    for by in [-3_600, 3_600] {
        let wrong = [datagrams(0..30, 60.0, 3), ahead(datagrams(30..31, 5.0, 4), by), datagrams(30..65, 60.0, 5)].concat();
        let wrong = in_file_order(wrong);
        assert!((wrong.mean_bits_per_second() / mean - 1.0).abs() < 0.05, "{by}: {} {mean}", wrong.mean_bits_per_second());
    }
}
