//! Can the mirror be believed: a known network passes a mirror with one known fault, and exactly that fault must be found.

mod support;

use spantop::capture::{Memory, SourceLosses};
use spantop::engine::{self, Settings};
use spantop::error::Outcome;
use spantop::model::limits::PROVING_PACKETS;
use spantop::model::{Estimate, LinkType, Timestamp, Value};
use spantop::snapshot::Snapshot;
use std::collections::HashMap;
use support::Rng;
use support::mirror::{self, Copied, Side, Wrap};
use support::network::{self, Passing, Plan};
use support::packet::message::{lldp_element, pvst};
use support::packet::{ACK, End, Packet, SYN};

const START: i64 = 1_700_000_000_000_000_000;

fn analyse(copies: &[Copied], losses: SourceLosses) -> Snapshot {
    let mut memory = Memory::new();
    for c in copies {
        memory.push(Timestamp(START + c.time), LinkType::ETHERNET, c.wire.max(c.frame.len() as u32), &c.frame);
    }
    memory.set_losses(losses);
    let Outcome { result: snapshot, failure } = engine::run(Box::new(memory), &Settings::default(), Default::default()).unwrap();
    assert_eq!(failure, None);
    snapshot
}

fn network() -> Vec<Passing> {
    network::run(&Plan { connections: 500, segments: 80, ..Plan::default() })
}

fn is_server(port: u16) -> bool {
    port >= 100
}

/// The clean mirror: both directions of the server ports, so that every frame is copied once.
fn clean() -> Vec<Copied> {
    mirror::span(&network(), is_server, true, true)
}

fn ids(s: &Snapshot) -> Vec<&'static str> {
    let mut ids: Vec<_> = s.diagnosis.findings.iter().filter(|f| f.active).map(|f| f.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The share of the TCP data among `all` of which no transmission is among `kept`.
fn lost_data(all: &[Copied], kept: &[Copied]) -> f64 {
    let data =
        |list: &[Copied]| list.iter().filter_map(|c| mirror::tcp_data(&c.frame)).collect::<HashMap<_, _>>().values().sum::<u64>() as f64;
    1.0 - data(kept) / data(all)
}

/// Exactly these findings and no other.
fn expect(name: &str, s: &Snapshot, want: &[&str]) {
    let got = ids(s);
    let details: Vec<_> = s.diagnosis.findings.iter().map(|f| (f.id, f.title.clone(), f.evidence.clone())).collect();
    assert_eq!(got, want, "{name}: {details:#?}\ntrust {:#?}", s.mirror.trust);
    assert_eq!(support::judgement::contradictions(s), [""; 0], "{name}: {:#?}", s.mirror.trust);
}

/// The estimate's interval holds the truth, and where the truth is at least 1 % the estimate is within a tenth of it.
fn close(name: &str, estimate: Option<Estimate>, truth: f64) {
    let e = estimate.unwrap_or_else(|| panic!("{name}: no estimate of {truth}"));
    assert!(e.low <= truth && truth <= e.high, "{name}: {truth} outside {e:?}");
    if truth >= 0.01 {
        assert!((e.rate - truth).abs() <= truth * 0.1, "{name}: {} instead of {truth}", e.rate);
    }
}

#[test]
fn a_clean_mirror_raises_nothing() {
    let s = analyse(&clean(), SourceLosses::default());
    expect("clean", &s, &[]);
    assert!(s.mirror.trust.score.is_some_and(|score| score >= 95), "{:#?}", s.mirror.trust);
    assert_eq!(s.mirror.duplicates.traffic.packets, 0);
    assert!(s.mirror.loss.unmatched.is_some_and(|o| o.rate == 0.0 && o.n > 400), "{:?}", s.mirror.loss);
}

#[test]
fn retransmissions_are_not_duplicates() {
    let plan = Plan { connections: 500, segments: 80, loss_after: 0.05, loss_before: 0.05, ipv6: 0.0, ..Plan::default() };
    let s = analyse(&mirror::span(&network::run(&plan), is_server, true, true), SourceLosses::default());
    expect("lossy network", &s, &["tcp.loss"]);
    // A tenth of all segments is lost, half of it on each side of the switch.
    let found =
        s.diagnosis.findings.iter().filter(|f| f.id == "tcp.loss").map(|f| f.evidence.iter().find(|e| e.0 == "loss_share").map(|e| &e.1));
    for share in found.flatten() {
        assert!(matches!(share, Value::Share(share) if (0.03..0.15).contains(share)), "{share:?}");
    }
    assert_eq!(s.mirror.duplicates.traffic.packets, 0, "{:#?}", s.mirror.duplicates);
}

#[test]
fn both_directions_of_every_port() {
    let once = clean();
    let copies = mirror::span(&network(), |_| true, true, true);
    let s = analyse(&copies, SourceLosses::default());
    expect("twice", &s, &["dup.every"]);
    let proof = &s.diagnosis.findings[0].packets;
    assert!(proof.len() == PROVING_PACKETS && proof.is_sorted(), "{proof:?}");
    for &number in proof {
        let at = number as usize - 1;
        let end = copies[at].frame.iter().rev().take(24);
        assert!(copies[..at].iter().any(|c| c.frame.iter().rev().take(24).eq(end.clone())), "packet {number} is no copy");
    }
    let alone = analyse(&once, SourceLosses::default());
    // Without an IPv4 identification the first few copies of a capture are kept: nothing tells them from repetition yet.
    let sum = |s: &Snapshot, v6: bool| {
        let rows = s.stats.conversations.tcp.rows.iter().filter(|r| matches!(r.a, spantop::model::Address::V6(_)) == v6);
        rows.map(|r| r.total().packets).sum::<u64>()
    };
    assert_eq!(sum(&s, false), sum(&alone, false));
    let (with, without) = (sum(&s, true), sum(&alone, true));
    assert!(with >= without && with - without <= without / 200, "{with} {without}");
}

#[test]
fn the_remedy_speaks_the_switchs_language() {
    let words = b"Arista Networks EOS version 4.30.1F";
    let elements: [(u16, &[u8]); 5] = [(1, &[4, 2, 0, 0x5e, 0, 0, 1]), (2, &[5, b'1', b'1']), (3, &[0, 120]), (6, words), (0, &[])];
    let lldp: Vec<u8> = elements.iter().flat_map(|(kind, value)| lldp_element(*kind, value)).collect();
    let frame = Packet::eth(network::SWITCH, [0x01, 0x80, 0xc2, 0, 0, 0x0e]).ether_type(0x88cc).payload(&lldp).build();
    let wire = frame.len() as u32;
    let mut copies = mirror::span(&network(), |_| true, true, true);
    copies.push(Copied { time: 50_000_000, frame, wire, side: Side::Egress, port: 100, vlan: 0 });
    let s = analyse(&mirror::sort(copies), SourceLosses::default());
    expect("twice", &s, &["dup.every"]);
    assert!(
        s.diagnosis.findings[0].remedy.contains("Arista EOS: `monitor session S source Ethernet1 rx`"),
        "{}",
        s.diagnosis.findings[0].remedy
    );
}

#[test]
fn two_vlans_of_one_switch() {
    // The second copy is taken where the frame has been moved to another VLAN.
    let mut copies = clean();
    let second: Vec<Copied> = copies
        .iter()
        .filter(|c| c.vlan == 10)
        .map(|c| {
            let mut c = Copied { time: c.time + 15_000, ..c.clone() };
            mirror::retag(&mut c, 110);
            c
        })
        .collect();
    copies.extend(second);
    let s = analyse(&mirror::sort(copies), SourceLosses::default());
    expect("two vlans", &s, &["dup.some"]);
    let pair = s.mirror.duplicates.vlan_pairs.first().copied();
    assert!(matches!(pair, Some((Some(10), Some(110), _))), "{pair:?}");
}

#[test]
fn before_and_behind_a_router() {
    let mut copies = clean();
    let second: Vec<Copied> = copies
        .iter()
        .filter(|c| c.vlan == 20)
        .map(|c| {
            let mut c = Copied { time: c.time + 30_000, ..c.clone() };
            mirror::route(&mut c);
            c
        })
        .collect();
    copies.extend(second);
    let s = analyse(&mirror::sort(copies), SourceLosses::default());
    expect("routed", &s, &["dup.some"]);
    assert_eq!(s.mirror.duplicates.classes.first().map(|c| c.class), Some("routed"));
}

#[test]
fn lost_in_the_switch() {
    for rate in [0.001, 0.01, 0.05, 0.2] {
        let mut rng = Rng(7);
        let (all, kept) = (clean(), mirror::lose(clean(), &mut rng, rate));
        let s = analyse(&kept, SourceLosses::default());
        let name = format!("switch loss {rate}");
        expect(&name, &s, &["upstream.loss"]);
        close(&name, s.mirror.loss.upstream, lost_data(&all, &kept));
    }
}

/// A network without TCP: what is missing is told by answers whose question never came.
#[test]
fn lost_where_nothing_is_acknowledged() {
    let plan = Plan { connections: 2_000, segments: 1, ..Plan::default() };
    let all = mirror::filter(mirror::span(&network::run(&plan), is_server, true, true), |c| !mirror::is_tcp(&c.frame));
    for (rate, want) in [(0.0, &[][..]), (0.1, &["upstream.loss"]), (0.3, &["upstream.loss"])] {
        let kept = mirror::lose(all.clone(), &mut Rng(3), rate);
        let s = analyse(&kept, SourceLosses::default());
        let name = format!("{rate} lost without TCP");
        expect(&name, &s, want);
        let (truth, single) = (1.0 - kept.len() as f64 / all.len() as f64, s.mirror.loss.unmatched.expect("answers"));
        assert!(single.low <= truth && truth <= single.high, "{name}: {truth} outside {single:?}");
    }
}

/// A 95 % interval may miss one time in twenty, so no single one is held to hold: of many, so few may miss as happens by chance
/// once in a thousand times. Intervals may not be bought with width either.
#[test]
fn intervals_hold_as_often_as_they_say() {
    let (mut trials, mut misses) = (0u32, Vec::new());
    let (mut lone_trials, mut lone_misses) = (0u32, Vec::new());
    for seed in 1..=5 {
        // Long enough that few bursts of loss take the end of a conversation with them, which nothing tells of then.
        let plan = Plan { seed, connections: 150, segments: 200, ..Plan::default() };
        let all = mirror::span(&network::run(&plan), is_server, true, true);
        type Fault = fn(Vec<Copied>, &mut Rng) -> Vec<Copied>;
        let faults: [(&str, Fault); 6] = [
            ("1 % lost", |c, rng| mirror::lose(c, rng, 0.01)),
            ("5 % lost", |c, rng| mirror::lose(c, rng, 0.05)),
            ("20 % lost", |c, rng| mirror::lose(c, rng, 0.2)),
            ("5 % lost in bursts of eight", |c, rng| mirror::lose_bursts(c, rng, 0.05, 8.0)),
            ("one in 4", |c, rng| mirror::sample(c, rng, 4)),
            ("queue", |c, _| mirror::queue(c, 30e6, 60_000.0).0),
        ];
        for (i, (name, fault)) in (0..).zip(faults) {
            let kept = fault(all.clone(), &mut Rng(1_000 * i + seed));
            let truth = lost_data(&all, &kept);
            let s = analyse(&kept, SourceLosses::default());
            let e = s.mirror.loss.upstream.unwrap_or_else(|| panic!("{name}, seed {seed}: no estimate"));
            trials += 1;
            if truth < e.low || e.high < truth {
                misses.push(format!("{name}, seed {seed}: {truth:.4} outside {e:?}"));
            }
            assert!((e.rate - truth).abs() <= 0.1 * truth, "{name}, seed {seed}: {} instead of {truth}", e.rate);
            assert!(e.high - e.low <= 0.6 * truth, "{name}, seed {seed}: {e:?} says little of {truth}");
            // Where each packet is lost for itself, questions are too.
            let single = s.mirror.loss.unmatched.expect("answers");
            let truth = 1.0 - kept.len() as f64 / all.len() as f64;
            if !name.contains("bursts") && name != "queue" {
                lone_trials += 1;
                if truth < single.low || single.high < truth {
                    lone_misses.push(format!("{name}, seed {seed}: {truth:.4} outside {single:?}"));
                }
            }
        }
    }
    println!("{} of {lone_trials} intervals of lone answers missed: {lone_misses:#?}", lone_misses.len());
    assert!(lone_misses.len() as u32 <= by_chance(lone_trials, 0.05), "of {lone_trials}: {lone_misses:#?}");
    println!("{} of {trials} intervals missed: {misses:#?}", misses.len());
    assert!(misses.len() as u32 <= by_chance(trials, 0.05), "of {trials}: {misses:#?}");
}

/// The number of events of probability `p` that `n` trials exceed once in a thousand times.
fn by_chance(n: u32, p: f64) -> u32 {
    let (mut term, mut sum) = ((1.0 - p).powi(n as i32), 0.0);
    (0..n)
        .find(|&k| {
            sum += term;
            term *= f64::from(n - k) / f64::from(k + 1) * p / (1.0 - p);
            sum >= 0.999
        })
        .unwrap_or(n)
}

#[test]
fn one_in_n() {
    for n in [2, 4, 10] {
        let all = clean();
        let kept = mirror::sample(all.clone(), &mut Rng(n), n);
        let s = analyse(&kept, SourceLosses::default());
        let name = format!("one in {n}");
        expect(&name, &s, &["span.sampled"]);
        close(&name, s.mirror.loss.upstream, lost_data(&all, &kept));
        let told = s.diagnosis.findings.iter().find(|f| f.id == "span.sampled").and_then(|f| f.evidence.iter().find(|e| e.0 == "one_in"));
        assert_eq!(told.map(|e| e.1.clone()), Some(Value::Number(n as f64)), "{name}");
    }
}

#[test]
fn a_limited_rate() {
    // So many conversations at a time that there is always more to copy than may pass.
    let plan = Plan { connections: 3_000, segments: 80, seconds: 3.0, mss: 188, ..Plan::default() };
    let all = mirror::span(&network::run(&plan), is_server, true, true);
    for limit in [40e6, 25e6] {
        let kept = mirror::rate_limit(all.clone(), limit, 6_000.0);
        for speed in [None, Some(1_000_000_000)] {
            let s = analyse_with(&kept, Settings::with(|s| s.mirror.speed = speed));
            let name = format!("limit {limit}, speed {speed:?}");
            expect(&name, &s, &["span.ratelimit"]);
            close(&name, s.mirror.loss.upstream, lost_data(&all, &kept));
            let told = s.diagnosis.findings[0].evidence.iter().find(|e| e.0 == "bits_per_second").map(|e| e.1.clone());
            assert!(matches!(told, Some(Value::BitsPerSecond(rate)) if (rate - limit).abs() < 0.02 * limit), "{name}: {told:?}");
        }
    }
}

#[test]
fn a_slow_limited_rate() {
    let plan = Plan { connections: 4_000, segments: 60, seconds: 25.0, ..Plan::default() };
    let all = mirror::span(&network::run(&plan), is_server, true, true);
    // 2 Mb/s are 17 full frames in 100 ms, and a bucket of 50 kB is twice as much again.
    for (limit, bucket) in [(2e6, 6_000.0), (1e6, 6_000.0), (2e6, 50_000.0)] {
        let kept = mirror::rate_limit(all.clone(), limit, bucket);
        let s = analyse_with(&kept, Settings::with(|s| s.mirror.speed = Some(1_000_000_000)));
        let name = format!("limit {limit}, bucket {bucket}");
        expect(&name, &s, &["span.ratelimit"]);
        let told = s.diagnosis.findings[0].evidence.iter().find(|e| e.0 == "bits_per_second").map(|e| e.1.clone());
        assert!(matches!(told, Some(Value::BitsPerSecond(rate)) if (rate - limit).abs() < 0.02 * limit), "{name}: {told:?}");
    }
}

/// Streams that send a full segment every so often without a pause, as cameras do: what arrives is constant whatever is lost.
fn cameras(streams: u16, every: i64, seconds: i64) -> Vec<Copied> {
    let mut rng = Rng(3);
    let mut out = Vec::new();
    let mut push = |time, frame: Vec<u8>, port| {
        out.push(Copied { time, wire: frame.len() as u32, frame, side: Side::Ingress, port, vlan: 0 });
    };
    for n in 0..streams {
        let end = |kind, port| End::new([2, 0, kind, 0, 0, n as u8], [10, kind, 0, n as u8 + 1], port);
        let (camera, recorder) = (end(1, 554), end(2, 40_000 + n));
        let segment = |from: End, to: End, id: u16, seq, ack, flags, payload: &[u8]| {
            Packet::between(from, to).id(id).tcp(from.port, to.port).seq(seq).ack(ack).flags(flags).window(60_000).payload(payload).build()
        };
        let mut time = i64::from(n) * 1_000_000 + rng.below(every as u64) as i64;
        push(time, segment(recorder, camera, 1, 99, 0, SYN, &[]), 2);
        push(time + 50_000, segment(camera, recorder, 1, 999, 100, SYN | ACK, &[]), 1);
        let mut seq = 1_000u32;
        for id in 2u16.. {
            time += every * 9 / 10 + rng.below(every as u64 / 5) as i64;
            if time > seconds * 1_000_000_000 {
                break;
            }
            push(time, segment(camera, recorder, id, seq, 100, ACK, &[id as u8; 1_448]), 1);
            seq = seq.wrapping_add(1_448);
            if id % 2 == 0 {
                push(time + 300_000, segment(recorder, camera, id, 100, seq, ACK, &[]), 2);
            }
        }
    }
    mirror::sort(out)
}

#[test]
fn constant_traffic_is_no_limit() {
    for (streams, every, share) in [(20, 11_600_000, 0.02), (20, 11_600_000, 0.1), (20, 11_600_000, 0.3), (60, 5_800_000, 0.1)] {
        let all = cameras(streams, every, 13);
        let kept = mirror::lose(all.clone(), &mut Rng(5), share);
        let s = analyse(&kept, SourceLosses::default());
        let name = format!("{streams} cameras, {share} lost");
        expect(&name, &s, &["upstream.loss"]);
        close(&name, s.mirror.loss.upstream, lost_data(&all, &kept));
    }
}

#[test]
fn bursts_beyond_a_limit() {
    // Few conversations: bulk data comes in bursts that the limit cuts, and what comes alone passes. That is no sampling.
    for connections in [100, 300] {
        let plan = Plan { connections, segments: 60, seconds: 25.0, ..Plan::default() };
        let all = mirror::span(&network::run(&plan), is_server, true, true);
        for limit in [4e6, 1e6] {
            let kept = mirror::rate_limit(all.clone(), limit, 6_000.0);
            let s = analyse_with(&kept, Settings::with(|s| s.mirror.speed = Some(1_000_000_000)));
            let name = format!("{connections} conversations, limit {limit}");
            expect(&name, &s, &["upstream.loss"]);
            assert!(s.diagnosis.findings[0].cause.contains("in runs"), "{name}: {:?}", s.diagnosis.findings[0]);
            let orphans = s.mirror.loss.unmatched.expect("answers");
            assert!(orphans.rate < 0.02 && orphans.n > 50, "{name}: {orphans:?}");
        }
    }
}

#[test]
fn lost_on_the_path_and_in_the_switch() {
    for (switch, path) in [(0.0, 0.02), (0.03, 0.0), (0.03, 0.02)] {
        let mut rng = Rng(11);
        let inner = mirror::lose(clean(), &mut rng, switch);
        let lost = lost_data(&clean(), &inner);
        let outer = mirror::lose(mirror::wrap(inner, Wrap::Erspan2, 5_000), &mut rng, path);
        let s = analyse(&outer, SourceLosses::default());
        let mut want = vec![];
        if path > 0.0 {
            want.push("path.loss");
        }
        if switch > 0.0 {
            want.push("switch.loss");
        }
        let name = format!("switch {switch}, path {path}");
        expect(&name, &s, &want);
        close(&name, s.mirror.loss.path, path);
        if switch > 0.0 {
            close(&name, s.mirror.loss.switch, lost);
        }
        assert_eq!(s.mirror.transport, "erspan2");
    }
}

/// The way loses large copies only: in bytes that is more than in copies, and all of it is the way's.
#[test]
fn lost_on_the_path_by_size() {
    for part in [0.1, 0.3] {
        let mut rng = Rng(12);
        let wrapped = mirror::wrap(clean(), Wrap::Erspan2, 5_000);
        let outer = mirror::filter(wrapped, |copied| copied.frame.len() < 1_000 || !rng.chance(part));
        let s = analyse(&outer, SourceLosses::default());
        expect(&format!("{part} of the large"), &s, &["path.loss"]);
        assert_eq!(s.mirror.loss.switch, None, "{part}");
    }
}

#[test]
fn lost_in_this_host() {
    let mut rng = Rng(13);
    let all = clean();
    let kept = mirror::lose(all.clone(), &mut rng, 0.03);
    let s = analyse(&kept, SourceLosses { kernel: (all.len() - kept.len()) as u64, interface: 0 });
    expect("host", &s, &["host.drop"]);
    close("host", s.mirror.loss.host, 0.03);
}

#[test]
fn two_ports_into_one() {
    // Bursts beyond what the destination port carries: a queue drops what does not fit.
    let (copies, lost) = mirror::queue(clean(), 60e6, 60_000.0);
    assert!(lost > copies.len() as u64 / 100, "{lost}");
    let s = analyse_with(&copies, Settings::with(|s| s.mirror.speed = Some(60_000_000)));
    expect("oversubscribed", &s, &["span.oversub"]);
    close("oversubscribed", s.mirror.loss.upstream, lost_data(&clean(), &copies));
}

fn analyse_with(copies: &[Copied], settings: Settings) -> Snapshot {
    let mut memory = Memory::new();
    for c in copies {
        memory.push(Timestamp(START + c.time), LinkType::ETHERNET, c.wire, &c.frame);
    }
    engine::run(Box::new(memory), &settings, Default::default()).unwrap().result
}

#[test]
fn nothing_arrives_for_a_while() {
    let plan = Plan { connections: 500, segments: 80, seconds: 40.0, ..Plan::default() };
    let all = mirror::span(&network::run(&plan), is_server, true, true);
    let gone = |c: &Copied| (20_000_000_000..30_000_000_000).contains(&c.time);
    let s = analyse(&mirror::filter(all.clone(), |c| !gone(c)), SourceLosses::default());
    expect("outage", &s, &["mirror.outage"]);
    let seconds = s.diagnosis.findings[0].evidence.iter().find(|e| e.0 == "seconds").map(|e| e.1.clone());
    assert!(matches!(seconds, Some(Value::Seconds(n)) if (9.0..13.0).contains(&n)), "{seconds:?}");
    // The same for the one regular sender alone: its own affair.
    let hello = |c: &Copied| c.frame.starts_with(&[0x01, 0x80, 0xc2, 0, 0, 0]);
    let s = analyse(&mirror::filter(all, |c| !(gone(c) && hello(c))), SourceLosses::default());
    expect("a bridge that was down", &s, &[]);
}

#[test]
fn only_small_frames_pass() {
    let s = analyse(&mirror::filter(clean(), |c| c.frame.len() < 1_464), SourceLosses::default());
    expect("size", &s, &["span.size"]);
}

#[test]
fn one_direction() {
    let s = analyse(&mirror::span(&network(), is_server, false, true), SourceLosses::default());
    expect("one direction", &s, &["dir.half"]);
}

#[test]
fn asymmetric_routing() {
    // Answers of two of the servers return another way.
    let s = analyse(&mirror::filter(clean(), |c| c.side == Side::Egress || c.port > 101), SourceLosses::default());
    expect("asymmetric", &s, &["route.asym"]);
}

#[test]
fn tags_stripped() {
    let mut copies = clean();
    // Per-VLAN spanning tree goes on telling of its VLANs.
    copies.extend(pvst_hellos());
    let s = analyse(&mirror::strip_tags(mirror::sort(copies)), SourceLosses::default());
    expect("stripped", &s, &["vlan.stripped"]);
}

/// PVST+ hellos of VLANs 10 and 20, as a trunk carries them.
fn pvst_hellos() -> Vec<Copied> {
    let mut out = Vec::new();
    for vlan in [10u16, 20] {
        for n in 0..5i64 {
            let frame = pvst(network::SWITCH, vlan);
            let wire = frame.len() as u32;
            out.push(Copied { time: n * 2_000_000_000 + i64::from(vlan) * 1_000_000, frame, wire, side: Side::Egress, port: 100, vlan });
        }
    }
    out
}

#[test]
fn tags_in_one_direction() {
    let (tagged, bare): (Vec<_>, Vec<_>) = clean().into_iter().partition(|c| c.side == Side::Ingress);
    let copies = mirror::sort(tagged.into_iter().chain(mirror::strip_tags(bare)).collect());
    let s = analyse(&copies, SourceLosses::default());
    expect("one-way tags", &s, &["vlan.oneway"]);
}

#[test]
fn cut_at_128() {
    let s = analyse(&mirror::slice(clean(), 128), SourceLosses::default());
    expect("sliced", &s, &["trunc"]);
    assert!(!s.diagnosis.findings[0].packets.is_empty());
}

#[test]
fn merged_by_gro() {
    let s = analyse(&mirror::merge_segments(clean(), 20_000), SourceLosses::default());
    expect("gro", &s, &["host.gro"]);
}

#[test]
fn partial_checksums() {
    let s = analyse(&mirror::partial_checksums(clean()), SourceLosses::default());
    expect("partial checksums", &s, &["host.txcsum"]);
}

#[test]
fn directions_out_of_order() {
    let s = analyse(&mirror::delay(clean(), Side::Egress, 3_000_000), SourceLosses::default());
    expect("reordered", &s, &["order.skew"]);
}

#[test]
fn the_mirror_mirrors_itself() {
    let once = mirror::wrap(clean(), Wrap::Erspan2, 0);
    let again: Vec<Copied> = mirror::wrap(once.iter().step_by(2).cloned().collect(), Wrap::Erspan2, 1 << 20);
    let copies = mirror::sort(once.into_iter().chain(again).collect());
    let s = analyse(&copies, SourceLosses::default());
    assert!(ids(&s).contains(&"loop"), "{:?}", ids(&s));
}

#[test]
fn somebody_elses_mirror_crosses_the_link() {
    let foreign = mirror::wrap(clean().into_iter().step_by(6).collect(), Wrap::Erspan2, 0);
    let copies = mirror::sort(clean().into_iter().filter(|c| c.vlan == 10).chain(foreign).collect());
    let s = analyse(&copies, SourceLosses::default());
    assert!(ids(&s).contains(&"foreign-mirror"), "{:?}", ids(&s));
    assert_eq!(s.mirror.transport, "plain");
}

#[test]
fn every_encapsulation_shows_the_mirrored_network() {
    let bare = analyse(&clean(), SourceLosses::default());
    for (how, token) in [
        (Wrap::Erspan1, "erspan1"),
        (Wrap::Erspan2, "erspan2"),
        (Wrap::Erspan3, "erspan3"),
        (Wrap::GreTeb, "gre_teb"),
        (Wrap::Vxlan, "vxlan"),
        (Wrap::Geneve, "geneve"),
        (Wrap::Tzsp, "tzsp"),
    ] {
        let s = analyse(&mirror::wrap(clean(), how, 1), SourceLosses::default());
        assert_eq!(s.mirror.transport, token);
        expect(token, &s, &[]);
        let rows =
            |s: &Snapshot| s.stats.conversations.tcp.rows.iter().map(|r| (r.a, r.a_port, r.b, r.b_port, r.ab, r.ba)).collect::<Vec<_>>();
        assert!(rows(&s) == rows(&bare), "{token}: conversations are those of the mirrored network");
        assert!(s.mirror.link.wire_bytes > s.stats.total.wire_bytes);
    }
}
