//! Loss that is not even over time or hosts; and copies that overtake each other, of which nothing is missing.

use super::*;

fn payload(frame: &[u8]) -> usize {
    if is_group(frame) { 0 } else { frame.len() - 54 }
}

/// Of what is sent the part that `is_lost`, by bytes, and what is told of the rest.
fn lossy(seed: u64, clients: u8, mut is_lost: impl FnMut(&mut Rng, i64, &[u8]) -> bool) -> (f64, Snapshot) {
    let (frames, mut rng) = (office(clients, 61, 10.0, seed), Rng(seed + 40));
    let bytes = |frames: &Frames| frames.iter().map(|f| payload(&f.1)).sum::<usize>() as f64;
    let all = bytes(&frames);
    let left: Frames = frames.into_iter().filter(|f| !is_lost(&mut rng, f.0, &f.1)).collect();
    (1.0 - bytes(&left) / all, analyse(left))
}

/// Whether the interval holds the truth, and the likeliest is near it.
fn is_right(truth: f64, s: &Snapshot) -> bool {
    let told = s.mirror.loss.upstream.unwrap_or_default();
    told.low <= truth && truth <= told.high && (told.rate - truth).abs() < 0.25 * truth + 0.01
}

/// The share that is lost at a second.
type Share = fn(f64) -> f64;

/// How late a packet is, nanoseconds.
type Delay<'a> = dyn FnMut(&[u8]) -> i64 + 'a;

#[test]
fn loss_for_a_while_is_told_as_much_as_it_is() {
    let cases: [(&str, Share); 3] = [
        ("nine of ten from the middle on", |t| if t > 30.0 { 0.9 } else { 0.0 }),
        ("nine of ten for ten seconds at the end", |t| if t > 50.0 { 0.9 } else { 0.0 }),
        ("half from the middle on", |t| if t > 30.0 { 0.5 } else { 0.0 }),
    ];
    for (at, (what, chance)) in cases.into_iter().enumerate() {
        let (truth, s) = lossy(at as u64 + 1, 8, |rng, time, _| rng.chance(chance(time as f64 / SECOND as f64)));
        assert!(is_right(truth, &s), "{what}: {truth}, {:?}", s.mirror.loss.upstream);
        assert_ne!(s.diagnosis.network.verdict, Verdict::Good, "{what}");
    }
}

#[test]
fn loss_of_some_hosts_is_told_as_much_as_it_is() {
    let is_of = |frame: &[u8]| frame[11] <= 3 && frame[10] == 0 || frame[5] <= 3 && frame[4] == 0;
    let (truth, s) = lossy(9, 12, |rng, _, frame| !is_group(frame) && is_of(frame) && rng.chance(0.9));
    let told = s.mirror.loss.upstream.unwrap_or_default();
    assert!(told.low <= truth && truth <= told.high, "{truth}, {told:?}");
}

#[test]
fn even_loss_is_told_as_before() {
    for (seed, chance) in [(21, 0.03), (22, 0.2), (23, 0.667)] {
        let (truth, s) = lossy(seed, 8, |rng, _, _| rng.chance(chance));
        assert!(is_right(truth, &s), "{chance}: {truth}, {:?}", s.mirror.loss.upstream);
    }
    let (_, s) = lossy(24, 8, |_, _, _| false);
    assert_eq!(s.mirror.loss.upstream.map(|loss| loss.rate), Some(0.0));
}

/// Each frame so much later.
fn later(frames: Frames, mut by: impl FnMut(&[u8]) -> i64) -> Frames {
    frames.into_iter().map(|(time, frame)| (time + by(&frame), frame)).collect()
}

#[test]
fn copies_that_overtake_each_other_lose_nothing_and_answer() {
    let is_syn = |frame: &[u8]| frame.len() >= 54 && !is_group(frame) && frame[47] & 0x12 == 0x02;
    let mut rng = Rng(5);
    let cases: [(&str, &mut Delay<'_>); 3] = [
        ("SYNs behind their answers", &mut |frame: &[u8]| if is_syn(frame) { 40 * MILLISECOND } else { 0 }),
        ("small frames late", &mut |frame: &[u8]| if frame.len() < 80 { 2 * MILLISECOND } else { 0 }),
        ("each up to 5 ms late", &mut |_: &[u8]| rng.below(5_000_000) as i64),
    ];
    for (what, by) in cases {
        let s = analyse(later(office(8, 60, 8.0, 3), by));
        assert!(found(&s, "tcp.no_answer").is_none() && found(&s, "upstream.loss").is_none(), "{what}: {:?}", s.diagnosis.findings);
        let loss = s.mirror.loss.upstream.unwrap_or_default();
        assert!(loss.rate < 0.002, "{what}: {loss:?}");
    }
}

/// Nobody answers at all: that is told however copies come.
#[test]
fn what_is_not_answered_is_not_answered() {
    let is_answer = |frame: &[u8]| frame.len() >= 54 && frame[10] == 9 && frame[11] == 1 && frame[6] == 2;
    let frames = office(8, 60, 8.0, 3).into_iter().filter(|f| !is_answer(&f.1));
    let is_opened = |frame: &[u8]| frame[4] == 9 && frame[5] == 1 && frame[47] & 0x12 != 0x02;
    let s = analyse(frames.filter(|f| is_group(&f.1) || !is_opened(&f.1)).collect());
    assert!(found(&s, "tcp.no_answer").is_some() || found(&s, "dir.some").is_some(), "{:?}", ids(&s));
}

/// Hosts whose connections are over within a second or less, of which holes take whole ones.
fn short_connections(length: i64, seed: u64) -> Frames {
    let (mut rng, mut time, mut port, mut frames) = (Rng(seed), 0i64, 10_000, Frames::new());
    while time < length * SECOND {
        port += 1;
        let of_one = connection(1 + rng.below(8) as u8, 1 + rng.below(3) as u8, port, 0, &mut rng);
        frames.extend(of_one.into_iter().map(|(at, frame)| (time + at / 3, frame)));
        time += rng.exponential(SECOND as f64 / 25.0) as i64;
    }
    frames.retain(|f| f.0 < length * SECOND);
    frames
}

#[test]
fn loss_in_holes_that_repeat_lies_within_what_is_told() {
    let part = |time: i64, of: i64, n: i64| time.rem_euclid(of) / (of / 10) == n;
    for seed in [1, 2, 3] {
        let mut frames = short_connections(60, seed);
        frames.sort_by_key(|f| f.0);
        let bytes = |frames: &Frames| frames.iter().map(|f| payload(&f.1)).sum::<usize>() as f64;
        let (whole, mut number) = (bytes(&frames), 0u32);
        type Hole<'p> = Box<dyn FnMut(i64) -> bool + 'p>;
        let holes: [(&str, Hole); 2] = [
            ("100 ms of every second", Box::new(|time| part(time, SECOND, 3))),
            (
                "60 of every 1,000 packets",
                Box::new(move |_| {
                    number += 1;
                    number % 1_000 < 60
                }),
            ),
        ];
        for (what, mut is_lost) in holes {
            let left: Frames = frames.iter().filter(|f| !is_lost(f.0)).cloned().collect();
            let truth = 1.0 - bytes(&left) / whole;
            let s = analyse(left);
            let told = s.mirror.loss.upstream.unwrap_or_default();
            assert!(truth > 0.03 && told.low <= truth && truth <= told.high, "{what}, {seed}: {truth}, {told:?}");
            assert!(ids(&s).iter().any(|id| *id == "upstream.loss" || id.starts_with("span.")), "{what}, {seed}: {:?}", ids(&s));
        }
        // What is lost one by one is told as much as it is.
        let mut rng = Rng(seed + 70);
        let left: Frames = frames.iter().filter(|_| !rng.chance(0.06)).cloned().collect();
        let told = analyse(left).mirror.loss.upstream.unwrap_or_default();
        assert!((told.rate - 0.06).abs() < 0.012 && told.high < 0.09, "{seed}: {told:?}");
    }
}
