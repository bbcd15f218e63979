//! A mirror that goes and comes again and again, and what only looks like one.

use super::*;
use spantop::snapshot::LossLedger;

/// Without the first `silent` seconds of every `of`.
fn flapping(frames: Frames, silent: f64, of: i64) -> Frames {
    let hole = (silent * SECOND as f64) as i64;
    frames.into_iter().filter(|f| f.0.rem_euclid(of * SECOND) >= hole).collect()
}

fn count(finding: &Finding, name: &str) -> u64 {
    match finding.evidence.iter().find(|(known, _)| *known == name) {
        Some((_, Value::Count(n))) => *n,
        other => panic!("{other:?} in {finding:?}"),
    }
}

/// Of so many frames these are left, from the first of them on: the interval of what is lost holds that.
fn holds(loss: &LossLedger, all: &Frames, left: &Frames) -> bool {
    let begin = left.iter().map(|f| f.0).min().unwrap_or(0);
    let truth = 1.0 - left.len() as f64 / all.iter().filter(|f| f.0 >= begin).count() as f64;
    loss.upstream.is_some_and(|told| told.low <= truth && truth <= told.high && told.rate > 0.0)
}

#[test]
fn a_mirror_that_goes_and_comes_is_told_however_often() {
    for (silent, of, seed) in [(2.0, 5, 1), (2.0, 10, 2), (3.0, 10, 3), (1.0, 3, 4), (2.0, 4, 5)] {
        let all = office(8, 61, 8.0, seed);
        let left = flapping(all.clone(), silent, of);
        let s = analyse(left.clone());
        let outage = found(&s, "mirror.outage").unwrap_or_else(|| panic!("{silent} of {of}: {:?}", ids(&s)));
        assert_eq!(outage.severity, Severity::Critical, "{outage:?}");
        // The first hole lies before the first packet.
        let holes = 60 / of as u64;
        assert!((holes - 1..=holes).contains(&count(outage, "outages")), "{silent} of {of}: {outage:?}");
        let told = seconds(outage, "silent_seconds") / count(outage, "outages") as f64;
        assert!((told - silent).abs() < 0.4, "{silent} of {of}: {outage:?}");
        assert!(holds(&s.mirror.loss, &all, &left), "{silent} of {of}: {} of {}, {:?}", left.len(), all.len(), s.mirror.loss.upstream);
        assert_eq!(s.mirror.trust.verdict, Verdict::Bad);
        let completeness = s.mirror.trust.parts.iter().find(|part| part.name == "completeness").unwrap();
        assert!(completeness.score.is_some_and(|score| score < 50), "{completeness:?}");
        assert_eq!(s.diagnosis.network.verdict, Verdict::Unknown, "{:?}", s.diagnosis.network);
    }
}

#[test]
fn holes_of_the_unicast_alone_are_told_as_well() {
    let frames = office(8, 61, 8.0, 6);
    let holes = |silent: i64, of: i64| {
        let is_seen = move |f: &(i64, Vec<u8>)| is_group(&f.1) || f.0.rem_euclid(of * SECOND) >= silent * SECOND;
        analyse(frames.clone().into_iter().filter(is_seen).collect())
    };
    for (silent, of) in [(2, 5), (3, 30)] {
        let s = holes(silent, of);
        assert!(found(&s, "mirror.outage").is_some(), "{silent} of {of}: {:?}", s.diagnosis.findings);
    }
    assert_eq!(ids(&holes(0, 5)), [""; 0]);
}

/// Connections that live from the beginning to the end, or from before the capture where `is_older`: every client asks something every so many
/// seconds, all of them at once.
fn polling(every: i64, length: i64, is_older: bool) -> Frames {
    let mut frames = Frames::new();
    for client in 1..=40u8 {
        let ends = [([2, 0, 0, 0, 0, client], [10, 0, 0, client]), ([2, 0, 0, 0, 9, 1], [10, 0, 9, 1])];
        let (mut numbers, mut id) = ([1_000u32, 500_000], u16::from(client) << 8);
        let mut send = |time: i64, from: usize, flags: u8, bytes: u32| {
            let [(own_mac, own), (other_mac, other)] = [ends[from], ends[1 - from]];
            let ports = if from == 0 { [40_000, 102] } else { [102, 40_000] };
            id = id.wrapping_add(1);
            let packet = Packet::eth(own_mac, other_mac).ip(own, other).id(id).tcp(ports[0], ports[1]);
            let packet = packet.seq(numbers[from]).ack(if flags & ACK != 0 { numbers[1 - from] } else { 0 }).flags(flags);
            frames.push((time, packet.payload(&vec![client; bytes as usize]).build()));
            numbers[from] += bytes + u32::from(flags & (SYN | FIN) != 0);
        };
        let begin = i64::from(client) * 7 * MILLISECOND;
        if !is_older {
            send(begin, 0, SYN, 0);
            send(begin + 400_000, 1, SYN | ACK, 0);
            send(begin + 700_000, 0, ACK, 0);
        }
        for at in (0..length).step_by(every as usize) {
            for part in 0..12 {
                let time = at * SECOND + begin + (20 + part * 3) * MILLISECOND;
                send(time, 0, PSH | ACK, 60);
                send(time + 900_000, 1, PSH | ACK, 700);
            }
            send(at * SECOND + begin + 90 * MILLISECOND, 0, ACK, 0);
        }
    }
    frames
}

#[test]
fn applications_that_work_in_bursts_have_no_outage() {
    for (every, is_older) in [(5, false), (5, true), (2, false), (10, true)] {
        let s = analyse(polling(every, 70, is_older));
        assert!(found(&s, "mirror.outage").is_none(), "every {every} s, {is_older}: {:?}", s.diagnosis.findings);
        assert!(s.mirror.loss.upstream.is_some_and(|loss| loss.rate == 0.0), "{:?}", s.mirror.loss);
    }
}

/// The network stands still again and again, and nothing comes: everybody waits, and what was on its way is sent again.
#[test]
fn a_network_that_stands_still_is_no_outage_of_the_mirror() {
    let (hole, every) = (2 * SECOND, 7 * SECOND);
    let mut frames = Frames::new();
    let office = office(8, 70, 8.0, 7);
    for (time, frame) in office {
        let holes = time / every;
        let until = (holes + 1) * every;
        // The last of a time is not delivered, and comes again behind the hole.
        if until - time < 30 * MILLISECOND && !is_group(&frame) {
            frames.push((until + hole * (holes + 1) + 200 * MILLISECOND - (until - time), frame.clone()));
        }
        frames.push((time + hole * holes, frame));
    }
    let s = analyse(frames);
    assert!(found(&s, "mirror.outage").is_none(), "{:?}", s.diagnosis.findings);
}

/// Calls of two hosts each, all of them from `begin` to `end` and some before and after them: packets of 20 ms both ways, where `is_seen` says so of
/// a call and a time.
fn calls(number: u8, length: i64, is_seen: impl Fn(u8, i64) -> bool) -> Frames {
    let mut frames = Frames::new();
    for call in 0..number {
        for n in 0..(length * 50) as u32 {
            for way in 0..2u8 {
                let time = i64::from(n) * 20 * MILLISECOND + i64::from(call) * 1_700_000 + i64::from(way) * 311_000;
                if !is_seen(2 * call + way, time) {
                    continue;
                }
                let ends = [([2, 0, 0, 1, 0, call], [10, 0, 1, 10 + call]), ([2, 0, 0, 2, 0, call], [10, 0, 2, 10 + call])];
                let [from, to] = if way == 0 { ends } else { [ends[1], ends[0]] };
                let ports = if way == 0 { [16_384, 18_000] } else { [18_000, 16_384] };
                let source = 100 + 2 * u32::from(call) + u32::from(way);
                let number = (n + 1_000 * u32::from(call)) as u16;
                let header = [&[0x80, 0][..], &number.to_be_bytes(), &(n * 160).to_be_bytes(), &source.to_be_bytes()].concat();
                let packet = Packet::eth(from.0, to.0).ip(from.1, to.1).id(number).udp(ports[0], ports[1]);
                frames.push((time, packet.payload(&[&header[..], &[0x55; 40]].concat()).build()));
            }
        }
    }
    frames
}

#[test]
fn numbers_of_calls_prove_holes() {
    for (silent, of) in [(5, 15), (3, 10), (2, 5)] {
        let s = analyse(calls(5, 60, |_, time| (time + 4 * SECOND).rem_euclid(of * SECOND) < (of - silent) * SECOND));
        let told = found(&s, "mirror.outage").is_some() || found(&s, "upstream.loss").is_some();
        assert!(told, "{silent} of {of}: {:?}", s.diagnosis.findings);
        assert!(found(&s, "rtp.loss").is_none(), "{silent} of {of}: {:?}", ids(&s));
        assert_ne!(s.mirror.trust.verdict, Verdict::Good);
    }
    let s = analyse(calls(5, 60, |_, _| true));
    assert_eq!(ids(&s), [""; 0]);
}

#[test]
fn a_way_that_loses_for_a_while_is_no_outage() {
    // One way of one call lacks five seconds; all others go on.
    let s = analyse(calls(5, 60, |way, time| way != 3 || !(20 * SECOND..25 * SECOND).contains(&time)));
    assert!(found(&s, "mirror.outage").is_none() && found(&s, "upstream.loss").is_none(), "{:?}", ids(&s));
    assert!(found(&s, "rtp.loss").is_some(), "{:?}", s.diagnosis.findings);
}

#[test]
fn a_mirror_that_samples_from_the_middle_on_is_told_by_numbers() {
    let mut rng = Rng(11);
    let chances: Vec<bool> = (0..60 * 50 * 10).map(|_| rng.chance(0.1)).collect();
    let sampled = |way: u8, time: i64| time < 30 * SECOND || chances[(time / (20 * MILLISECOND)) as usize * 10 + usize::from(way)];
    let s = analyse(calls(5, 60, sampled));
    let told = found(&s, "upstream.loss").unwrap_or_else(|| panic!("{:?}", s.diagnosis.findings));
    assert_eq!(told.severity, Severity::Critical);
    let loss = s.mirror.loss.upstream.unwrap();
    assert!((loss.rate - 0.45).abs() < 0.08, "{loss:?}");
    assert!(found(&s, "rtp.loss").is_none(), "{:?}", ids(&s));
}

#[test]
fn datagrams_that_all_come_again_later_are_copies() {
    for late in [400, 1_500] {
        let frames = calls(3, 30, |_, _| true);
        let again: Frames = frames.iter().map(|(time, frame)| (time + late * MILLISECOND, frame.clone())).collect();
        let s = analyse([frames, again].concat());
        let told = s.diagnosis.findings.iter().find(|f| f.active && f.id.starts_with("dup."));
        assert!(told.is_some(), "{late}: {:?}", s.diagnosis.findings);
    }
}
