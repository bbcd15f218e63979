//! Times in which a mirror brings nothing, or nothing that matters: told by the traffic's own pauses and by what its conversations witness. An
//! office of a few clients is generated, and something is done to it.

#[path = "silences/again.rs"]
mod again;
#[path = "silences/midstream.rs"]
mod midstream;
#[path = "silences/rests.rs"]
mod rests;
mod support;
#[path = "silences/uneven.rs"]
mod uneven;

use spantop::capture::Memory;
use spantop::engine::{self, Settings};
use spantop::model::{Finding, LinkType, Severity, Timestamp, Value, Verdict};
use spantop::snapshot::Snapshot;
use support::Rng;
use support::packet::{ACK, Erspan, FIN, PSH, Packet, SYN};

const MILLISECOND: i64 = 1_000_000;
const SECOND: i64 = 1_000 * MILLISECOND;
const START: i64 = 1_700_000_000 * SECOND;

/// Frames with their times in nanoseconds.
type Frames = Vec<(i64, Vec<u8>)>;

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

fn analyse(frames: Frames) -> Snapshot {
    analyse_with(frames, &Settings::default())
}

fn found<'a>(s: &'a Snapshot, id: &str) -> Option<&'a Finding> {
    s.diagnosis.findings.iter().find(|f| f.id == id && f.active)
}

fn ids(s: &Snapshot) -> Vec<&'static str> {
    s.diagnosis.findings.iter().filter(|f| f.active).map(|f| f.id).collect()
}

fn seconds(finding: &Finding, name: &str) -> f64 {
    match finding.evidence.iter().find(|(known, _)| *known == name) {
        Some((_, Value::Seconds(seconds))) => *seconds,
        other => panic!("{other:?} in {finding:?}"),
    }
}

/// A connection of a client to a server from a moment on: some rounds of a request, its answer in segments, and time to think; its end.
fn connection(client: u8, server: u8, port: u16, begin: i64, rng: &mut Rng) -> Frames {
    let ends = [([2, 0, 0, 0, 0, client], [10, 0, 0, client]), ([2, 0, 0, 0, 9, server], [10, 0, 9, server])];
    let (mut time, mut frames, mut id) = (begin, Frames::new(), port.wrapping_mul(37));
    let (mut numbers, trip) = ([1_000u32, 500_000], 300_000 + rng.below(15_000_000) as i64);
    let mut send = |frames: &mut Frames, time: i64, from: usize, flags: u8, bytes: u32| {
        let [(own_mac, own), (other_mac, other)] = [ends[from], ends[1 - from]];
        let ports = if from == 0 { [port, 443] } else { [443, port] };
        id = id.wrapping_add(1);
        let packet = Packet::eth(own_mac, other_mac).ip(own, other).id(id).tcp(ports[0], ports[1]);
        let packet = packet.seq(numbers[from]).ack(if flags & ACK != 0 { numbers[1 - from] } else { 0 }).flags(flags);
        frames.push((time, packet.payload(&vec![port as u8; bytes as usize]).build()));
        numbers[from] += bytes + u32::from(flags & (SYN | FIN) != 0);
    };
    send(&mut frames, time, 0, SYN, 0);
    send(&mut frames, time + trip, 1, SYN | ACK, 0);
    time += trip + 200_123;
    send(&mut frames, time, 0, ACK, 0);
    for _ in 0..1 + rng.below(6) {
        time += 100_457;
        send(&mut frames, time, 0, PSH | ACK, 200 + rng.below(200) as u32);
        time += trip;
        for _ in 0..1 + rng.below(5) {
            send(&mut frames, time, 1, PSH | ACK, 1_200);
            time += 90_000 + rng.below(80_000) as i64;
        }
        send(&mut frames, time, 0, ACK, 0);
        time += 20 * MILLISECOND + rng.below(600_000_000) as i64;
    }
    send(&mut frames, time, 0, FIN | ACK, 0);
    send(&mut frames, time + trip, 1, FIN | ACK, 0);
    send(&mut frames, time + trip + 150_321, 0, ACK, 0);
    frames
}

/// So many clients for so long, that open so many connections a second together, at times of no pattern; and a broadcast a second.
fn office(clients: u8, length: i64, a_second: f64, seed: u64) -> Frames {
    let (mut rng, mut time, mut port, mut frames) = (Rng(seed), 0i64, 10_000, Frames::new());
    loop {
        time += rng.exponential(SECOND as f64 / a_second) as i64;
        if time >= length * SECOND {
            break;
        }
        port += 1;
        let (client, server) = (1 + rng.below(u64::from(clients)) as u8, 1 + rng.below(3) as u8);
        frames.extend(connection(client, server, port, time, &mut rng));
    }
    frames.extend((0..length).map(|second| (second * SECOND + 412 * MILLISECOND + second * 1_037, broadcast(second as u8 % clients + 1))));
    frames.retain(|f| f.0 < length * SECOND);
    frames
}

/// Who has 10.0.0.254?
fn broadcast(client: u8) -> Vec<u8> {
    let asks = [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, client, 10, 0, 0, client, 0, 0, 0, 0, 0, 0, 10, 0, 0, 254];
    [&[0xff; 6][..], &[2, 0, 0, 0, 0, client, 8, 6], &asks, &[0; 18]].concat()
}

fn is_group(frame: &[u8]) -> bool {
    frame[0] & 1 != 0
}

/// Without what lies between two times.
fn without(frames: Frames, from: i64, to: i64) -> Frames {
    frames.into_iter().filter(|f| !(from..to).contains(&f.0)).collect()
}

#[test]
fn a_whole_office_is_healthy() {
    for seed in [1, 2, 3] {
        let s = analyse(office(8, 70, 8.0, seed));
        assert_eq!(ids(&s), [""; 0], "{:?}", s.diagnosis.findings);
        assert_eq!(s.mirror.trust.verdict, Verdict::Good, "{:?}", s.mirror.trust);
    }
}

#[test]
fn a_hole_of_seconds_is_an_outage() {
    for seed in [1, 2, 3] {
        for length in [2_000, 3_500, 5_000, 9_500, 12_000] {
            let to = 32_700 + length;
            let all = office(8, 75, 8.0, seed);
            let left = without(all.clone(), 32_700 * MILLISECOND, to * MILLISECOND);
            let s = analyse(left.clone());
            let outage = found(&s, "mirror.outage").unwrap_or_else(|| panic!("{seed}, {length} ms: {:?}", ids(&s)));
            let lost = s.mirror.loss.upstream.unwrap();
            let truth = 1.0 - left.len() as f64 / all.len() as f64;
            assert!(lost.low <= truth && truth <= lost.high && lost.rate > 0.6 * truth, "{seed}, {length} ms: {lost:?}, {truth}");
            assert_eq!(
                outage.severity,
                if lost.rate >= 0.05 { Severity::Critical } else { Severity::Warning },
                "{seed}, {length} ms: {lost:?}"
            );
            let told = seconds(outage, "seconds");
            assert!((told - length as f64 / 1e3).abs() < 0.5, "{length}: {told}");
            assert!(s.mirror.trust.verdict == Verdict::Doubtful || s.mirror.trust.verdict == Verdict::Bad);
            assert!(found(&s, "clock.step").is_none(), "{:?}", ids(&s));
            assert_eq!(ids(&s), ["mirror.outage"], "{seed}, {length}: one hole, one finding");
        }
    }
}

#[test]
fn traffic_that_pauses_by_itself_has_no_outage() {
    // A host alone: it works, rests and works.
    let alone = |rest: i64| {
        let shift = move |(time, frame): (i64, Vec<u8>)| (time + (40 + rest) * SECOND, frame);
        [office(1, 40, 12.0, 5), office(1, 40, 12.0, 6).into_iter().map(shift).collect()].concat()
    };
    // Everybody works in bursts.
    let bursts: Frames = (0..12)
        .flat_map(|n| office(8, 7, 30.0, n).into_iter().map(move |(time, frame)| (time + n as i64 * (6 + n as i64 % 4) * SECOND, frame)))
        .collect();
    for (what, frames) in [("alone, 3 s", alone(3)), ("alone, 8 s", alone(8)), ("bursts", bursts)] {
        let s = analyse(frames);
        let told: Vec<_> = ["mirror.outage", "mirror.none", "clock.step"].into_iter().filter_map(|id| found(&s, id)).collect();
        assert!(told.is_empty(), "{what}: {told:?}");
    }
}

/// Clients that work, rest for so long and work again, each for so long, and open so many connections a second: whatever they open ends before they
/// rest.
fn resting(clients: u8, [works, rests]: [i64; 2], a_second: f64, seed: u64) -> Frames {
    let (mut rng, mut port, mut frames) = (Rng(seed), 20_000, Frames::new());
    for begin in [0, works + rests] {
        let (mut time, end) = (begin * SECOND, (begin + works) * SECOND);
        while time < end {
            time += rng.exponential(SECOND as f64 / a_second) as i64;
            port += 1;
            let (client, server) = (1 + rng.below(u64::from(clients)) as u8, 1 + rng.below(3) as u8);
            let one = connection(client, server, port, time, &mut rng);
            frames.extend(one.clone().into_iter().filter(|_| one.last().is_some_and(|last| last.0 < end)));
        }
    }
    frames
}

#[test]
fn who_rests_is_no_outage() {
    for (clients, works, rests, rate, seed) in [(5, 40, 12, 31.0, 1), (12, 33, 25, 47.0, 2), (20, 50, 30, 70.0, 3), (8, 30, 17, 38.0, 4)] {
        let s = analyse(resting(clients, [works, rests], rate, seed));
        let told: Vec<_> = ["mirror.outage", "mirror.none", "clock.step"].into_iter().filter_map(|id| found(&s, id)).collect();
        assert!(told.is_empty(), "{clients} clients: {told:?}");
        // As long a hole in the middle of their work.
        let (from, to) = (works * SECOND / 2, (works + 2 * rests) * SECOND / 2);
        let s = analyse(without(resting(clients, [works + rests, 0], rate, seed), from, to));
        assert!(found(&s, "mirror.outage").is_some(), "{clients} clients: {:?}", ids(&s));
    }
}

#[test]
fn a_clock_that_is_set_forward_is_no_outage() {
    for (seed, step) in [(1, 3), (2, 10), (3, 25)] {
        let set = |(time, frame): (i64, Vec<u8>)| (if time > 33 * SECOND { time + step * SECOND } else { time }, frame);
        let s = analyse(office(8, 75, 8.0, seed).into_iter().map(set).collect());
        let told = found(&s, "clock.step").unwrap_or_else(|| panic!("{step}: {:?}", s.diagnosis.findings));
        assert!((seconds(told, "forward_seconds") - step as f64).abs() < 0.4, "{told:?}");
        assert_eq!(ids(&s), ["clock.step"]);
    }
}

#[test]
fn a_mirror_that_goes_away_is_told_by_what_still_comes() {
    let gone = |from: i64, to: i64| {
        let frames = office(8, 75, 8.0, 4).into_iter();
        analyse(frames.filter(|(time, frame)| is_group(frame) || !(from * SECOND..to * SECOND).contains(time)).collect())
    };
    for (from, to, severity) in [(30, 99, Severity::Critical), (30, 41, Severity::Warning), (40, 62, Severity::Warning)] {
        let s = gone(from, to);
        let told = found(&s, "mirror.none").unwrap_or_else(|| panic!("{from} to {to}: {:?}", ids(&s)));
        assert_eq!(told.severity, severity, "{from} to {to}");
        let length = to.min(74) - from;
        assert!((seconds(told, "seconds") - length as f64).abs() < 1.5, "{told:?}");
        assert!(s.mirror.trust.verdict >= Verdict::Doubtful, "{:?}", s.mirror.trust);
    }
    assert!(found(&gone(30, 38), "mirror.none").is_none(), "eight seconds are short");
    // Live it is known within ten seconds.
    let frames = office(8, 41, 8.0, 4).into_iter().filter(|(time, frame)| is_group(frame) || *time < 30 * SECOND).collect();
    let s = analyse_with(frames, &Settings { live: true, threads: 0, ..Settings::default() });
    assert!(found(&s, "mirror.none").is_some_and(|f| f.severity == Severity::Critical), "{:?}", ids(&s));
}

#[test]
fn two_clocks_an_hour_apart_are_told_and_lose_nothing() {
    let late = |(time, frame): (i64, Vec<u8>)| (time + if frame[6..11] == [2, 0, 0, 0, 9] { 3_600 * SECOND } else { 0 }, frame);
    let s = analyse(office(8, 60, 8.0, 1).into_iter().map(late).collect());
    let told = found(&s, "order.skew").unwrap_or_else(|| panic!("{:?}", s.diagnosis.findings));
    assert!((seconds(told, "clocks_apart_seconds") - 3_600.0).abs() < 3.0, "{told:?}");
    let wrong = ["upstream.loss", "tcp.rtt", "mirror.outage"].into_iter().find(|id| found(&s, id).is_some());
    assert_eq!(wrong, None, "{:?}", s.diagnosis.findings);
    assert_ne!(s.diagnosis.network.verdict, Verdict::Good);
}

/// What nobody can judge is not good: of one direction that is late no times, of packets without contents neither loss nor failures.
#[test]
fn a_network_of_which_most_is_not_judged_is_not_good() {
    let late = |(time, frame): (i64, Vec<u8>)| (time + if frame[6..11] == [2, 0, 0, 0, 9] { 0 } else { 40 * MILLISECOND }, frame);
    let s = analyse(office(8, 60, 8.0, 1).into_iter().map(late).collect());
    assert_eq!(s.diagnosis.network.verdict, Verdict::Unknown, "{:?}", s.diagnosis.network);
    assert!(s.diagnosis.network.matters().1.contains("times"), "{:?}", s.diagnosis.network.matters());
    let s = analyse(office(8, 60, 8.0, 1));
    assert_eq!((s.diagnosis.network.verdict, s.diagnosis.network.matters().1.as_str()), (Verdict::Good, ""));
}

/// Each frame in a copy of an ERSPAN session, in the order of their numbers.
fn copied(frames: Frames) -> Frames {
    let mut frames = frames;
    frames.sort_by_key(|f| f.0);
    let outer = || Packet::eth([2, 0, 0, 0, 7, 1], [2, 0, 0, 0, 7, 2]).ip([10, 9, 0, 1], [10, 9, 0, 2]);
    let copy = |(n, (time, frame)): (usize, (i64, Vec<u8>))| {
        let erspan = Erspan { sequence: Some(n as u32), session: 7, ..Erspan::default() };
        (time, outer().erspan2(erspan).frame(&frame).build())
    };
    frames.into_iter().enumerate().map(copy).collect()
}

/// Copies that overtake each other change the order of those pairs that lie that close, and of no other.
#[test]
fn copies_that_overtake_each_other_make_no_share_above_all() {
    let mut rng = Rng(9);
    let frames = copied(office(8, 60, 8.0, 2)).into_iter().map(|(time, frame)| (time + rng.below(2_000_000) as i64, frame)).collect();
    let s = analyse(frames);
    let skew = found(&s, "order.skew").unwrap_or_else(|| panic!("{:?}", ids(&s)));
    let count = |name: &str| match skew.evidence.iter().find(|(known, _)| *known == name) {
        Some((_, Value::Count(n))) => *n,
        other => panic!("{other:?}"),
    };
    assert!(count("violations") < count("pairs") * 9 / 10, "{skew:?}");
    let shares = s.diagnosis.findings.iter().flat_map(|f| &f.evidence).filter_map(|(_, value)| match value {
        Value::Share(share) => Some(*share),
        _ => None,
    });
    assert!(shares.into_iter().all(|share| (0.0..=1.0).contains(&share)), "{:?}", s.diagnosis.findings);
}

/// A mirror session that crosses the link is no copy of what is seen there, however many packets it took to know that.
#[test]
fn what_was_looked_at_inside_a_foreign_session_is_no_copy() {
    let plain = office(8, 60, 8.0, 3);
    let crossing = copied(plain.clone()).into_iter().map(|(time, frame)| (time - 3_000, frame));
    let s = analyse(crossing.chain(plain).collect());
    assert!(found(&s, "foreign-mirror").is_some(), "{:?}", ids(&s));
    assert!(!ids(&s).iter().any(|id| id.starts_with("dup.")) && s.mirror.duplicates.share < 0.005, "{:?}", s.diagnosis.findings);
}
