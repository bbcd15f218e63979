//! A part of the traffic comes twice, in networks whose packets nothing numbers (IPv6).

use super::support::Rng;
use super::*;
use std::net::Ipv6Addr;

/// What is spoken.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Talk {
    /// TCP with time stamps, or without.
    Stamped,
    Plain,
    /// Datagrams of both sides, none like another.
    Quic,
    Ping,
    /// All of them.
    Mixed,
}

/// Which packets come twice.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    /// Any, this share of them.
    Any(f64),
    /// All of this share of the conversations.
    Whole(f64),
}

/// `packets` packets, `rate` of them a second, of 40 conversations over IPv6: a question and six packets of an answer, acknowledged, time and again.
fn talk(talk: Talk, packets: i64, rate: i64) -> Vec<(usize, Sent)> {
    let mut rng = Rng(7);
    let host = |n: usize| (Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, n as u16 + 1), [2, 0, 1, 0, 0, n as u8]);
    let server = (Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 1), [2, 0, 2, 0, 0, 1]);
    let mut state = vec![(0u32, [1_000u32, 5_000_000]); 40];
    let mut out = Vec::new();
    for k in 0..packets {
        let n = rng.below(40) as usize;
        let at = k * 1_000_000_000 / rate + rng.below(400_000_000 / rate as u64) as i64;
        let (step, numbers) = &mut state[n];
        // Question, its acknowledgement, then two segments and an acknowledgement, three times.
        let (way, length) = [(0, 300), (1, 0), (1, 1200), (1, 1200), (0, 0), (1, 1200), (1, 1200), (0, 0), (1, 1200), (1, 500), (0, 0)]
            [*step as usize % 11];
        *step += 1;
        let ((from, from_mac), (to, to_mac)) = if way == 0 { (host(n), server) } else { (server, host(n)) };
        let ip = Packet::eth(from_mac, to_mac).ipv6(from, to).flow_label(0x12345);
        let ports = if way == 0 { (20_000 + n as u16, 443) } else { (443, 20_000 + n as u16) };
        let content: Vec<u8> = (0..length.max(30) / 8).flat_map(|_| rng.next().to_be_bytes()).collect();
        let kind = match (talk, n % 4) {
            (Talk::Mixed, 0) => Talk::Quic,
            (Talk::Mixed, 1) => Talk::Ping,
            (Talk::Mixed, 2) => Talk::Stamped,
            (Talk::Mixed, _) => Talk::Plain,
            _ => talk,
        };
        let frame = match kind {
            Talk::Quic => ip.udp(ports.0, ports.1).payload(&[&[0x41][..], &content].concat()).build(),
            Talk::Ping => ip.ping(n as u16, (*step / 2) as u16, *step % 2 == 0).payload(&[7; 56]).build(),
            _ => {
                let stamp = [&[1, 1, 8, 10][..], &((at / MS) as u32 + 9).to_be_bytes(), &[0, 0, 0, 1]].concat();
                let options = if kind == Talk::Stamped { &stamp[..] } else { &[] };
                let tcp = ip.tcp(ports.0, ports.1).options(options).seq(numbers[way]).ack(numbers[1 - way]).flags(ACK).window(501);
                let sent = &content[..if length == 0 { 0 } else { length / 8 * 8 }];
                numbers[way] += sent.len() as u32;
                tcp.payload(sent).build()
            }
        };
        out.push((n, (at, frame)));
    }
    out
}

/// Some of them again, `gap` later, give or take a share of it.
fn again(once: &[(usize, Sent)], part: Part, gap: i64, jitter: f64) -> (Vec<Sent>, usize) {
    let mut rng = Rng(11);
    let mut all: Vec<Sent> = once.iter().map(|(_, sent)| sent.clone()).collect();
    let mut copies = 0;
    for (n, (at, frame)) in once {
        let chosen = match part {
            Part::Any(share) => rng.chance(share),
            Part::Whole(share) => (*n as f64 * 0.618).fract() < share,
        };
        if chosen {
            copies += 1;
            let off = (rng.below(2_001) as f64 / 1_000.0 - 1.0) * jitter * gap as f64;
            all.push((at + gap + off as i64, frame.clone()));
        }
    }
    (all, copies)
}

/// What is told of the part that comes twice, and how much of it there is.
fn told(once: &[(usize, Sent)], part: Part, gap: i64) -> (Snapshot, f64) {
    let (all, copies) = again(once, part, gap, 0.02);
    let s = report(&all);
    let told = s.mirror.duplicates.traffic.packets as f64 / copies as f64;
    (s, told)
}

/// What is said of uniqueness: its score, where it is judged, and the words.
fn uniqueness(s: &Snapshot) -> (Option<u8>, String) {
    let part = s.mirror.trust.parts.iter().find(|p| p.name == "uniqueness").unwrap();
    (part.score, part.evidence.clone())
}

/// A part that comes twice is never taken for nothing: it is told, or that it cannot be told.
#[test]
fn a_part_that_nothing_numbers_is_told_or_not_judged_at_any_distance() {
    let mut wrong = Vec::new();
    for (kind, packets, rate) in [
        (Talk::Stamped, 8_000, 2_000),
        (Talk::Plain, 8_000, 2_000),
        (Talk::Quic, 8_000, 2_000),
        (Talk::Ping, 8_000, 2_000),
        (Talk::Mixed, 8_000, 2_000),
        (Talk::Plain, 900, 10),
        (Talk::Plain, 40_000, 50_000),
    ] {
        let once = talk(kind, packets, rate);
        for (part, gap) in [
            (Part::Any(0.07), 40 * MS),
            (Part::Any(0.33), 5 * MS),
            (Part::Any(0.33), 290 * MS),
            (Part::Any(0.6), 20 * MS),
            (Part::Whole(0.4), 100 * MS),
        ] {
            let (s, told) = told(&once, part, gap);
            let is_told = told > 0.8 && found(&s).iter().any(|f| matches!(f.0, "dup.some" | "low.uniqueness" | "dup.every"));
            let (score, words) = uniqueness(&s);
            let is_open = score != Some(100) && words.contains("nothing tells whether the mirror or their sender repeats them");
            if !is_told && !is_open {
                wrong.push(format!("{kind:?}, {rate}/s, {part:?} {} ms apart: {told:.2} {score:?} {words} {:?}", gap / MS, found(&s)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn everything_that_comes_twice_is_told_or_not_judged_however_quiet_it_is() {
    for (kind, packets, rate) in [(Talk::Plain, 600, 10), (Talk::Quic, 600, 10), (Talk::Mixed, 600, 10), (Talk::Plain, 20_000, 20_000)] {
        let once = talk(kind, packets, rate);
        for gap in [40 * MS, 150 * MS, 290 * MS] {
            let (s, told) = told(&once, Part::Any(1.0), gap);
            let is_every = found(&s).iter().any(|f| f.0 == "dup.every");
            let (score, words) = uniqueness(&s);
            assert!(
                is_every || score.is_none() || words.contains("nothing tells"),
                "{kind:?}, {rate}/s, {} ms apart: {told:.2} {score:?} {words} {:?}",
                gap / MS,
                found(&s)
            );
        }
    }
}

/// Who asks time and again, and is answered each time, is no mirror, whatever the distance: nothing is left out.
#[test]
fn questions_that_are_asked_again_and_again_are_no_copies() {
    let (host, server) = (Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1), Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 1));
    let (near, far) = ([2, 0, 1, 0, 0, 1], [2, 0, 2, 0, 0, 1]);
    let mut wrong = Vec::new();
    for (every, changing) in [(36, 1), (100, 1), (180, 1), (250, 1), (340, 1), (500, 3)] {
        let mut all: Vec<Sent> = Vec::new();
        for n in 0..1_500i64 {
            let content = [(n / changing) as u8 * u8::from(changing > 1); 40];
            let at = n * every * MS;
            all.push((at, Packet::eth(near, far).ipv6(host, server).udp(40_000, 502).payload(&content).build()));
            all.push((at + 2 * MS, Packet::eth(far, near).ipv6(server, host).udp(502, 40_000).payload(&content[..30]).build()));
        }
        let s = report(&all);
        let told: Vec<_> = found(&s).into_iter().filter(|f| matches!(f.0, "dup.some" | "dup.every")).collect();
        let copies = s.mirror.duplicates.traffic.packets;
        if copies * 50 >= all.len() as u64 || !told.is_empty() {
            wrong.push(format!("every {every} ms, {changing} times the same: {copies} {told:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Who sends again what was lost is no mirror, however much is lost, and however alike its round trips are.
#[test]
fn what_senders_repeat_is_no_part_of_copies() {
    for (stamped, loss_after, seed) in [(false, 0.01, 1), (false, 0.05, 2), (false, 0.1, 3), (false, 0.2, 10), (true, 0.1, 4)] {
        let plan = Plan { connections: 200, segments: 40, loss_after, seconds: 6.0, ipv6: 1.0, stamped, seed, ..Plan::default() };
        let own = |frame: &[u8]| frame.starts_with(&[0x01, 0x80, 0xc2]);
        let all: Vec<Sent> = network::run(&plan).into_iter().filter(|p| !own(&p.frame)).map(|p| (p.time, p.frame)).collect();
        let s = report(&all);
        let copies = s.mirror.duplicates.traffic.packets;
        let told: Vec<_> = found(&s).into_iter().filter(|f| f.0.starts_with("dup.")).collect();
        assert!(copies * 200 < all.len() as u64 && told.is_empty(), "{loss_after} {stamped}: {copies} of {} {told:?}", all.len());
    }
}

/// Of datagrams that go one way alone nothing tells whether their senders send each twice.
#[test]
fn what_nothing_tells_of_is_not_judged() {
    let oneway: Vec<_> =
        talk(Talk::Quic, 8_000, 1_000).into_iter().filter(|(_, (_, frame))| frame[6..8] == [2, 0] && frame[8] == 1).collect();
    let (all, _) = again(&oneway, Part::Whole(0.5), 40 * MS, 0.02);
    let s = report(&all);
    let (score, words) = uniqueness(&s);
    assert_eq!(score, None, "{words}");
    assert!(words.contains("of the datagrams") && words.contains("come again about 4"), "{words}");
    assert_eq!(s.mirror.duplicates.traffic.packets, 0, "and nothing is left out");
}
