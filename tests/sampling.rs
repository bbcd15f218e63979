//! A mirror that copies one packet in many on purpose, told with the number and how well it is known; and what looks like one and is none.

mod support;

use spantop::capture::Memory;
use spantop::engine::{self, Settings};
use spantop::model::{LinkType, Severity, Timestamp, Value, Verdict};
use spantop::snapshot::Snapshot;
use std::collections::HashSet;
use std::sync::LazyLock;
use support::Rng;
use support::mirror::{self, Copied};
use support::network::{self, Plan};
use support::paced::second_by_second;

const START: i64 = 1_700_000_000_000_000_000;

/// Ports that servers are at.
fn is_server(port: u16) -> bool {
    (100..200).contains(&port)
}

/// Few long conversations.
static LONG: LazyLock<Vec<Copied>> =
    LazyLock::new(|| copies(&Plan { connections: 150, segments: 1_200, seconds: 30.0, loss_after: 0.0, ..Plan::default() }));

/// Many short ones.
static SHORT: LazyLock<Vec<Copied>> =
    LazyLock::new(|| copies(&Plan { connections: 800, segments: 60, seconds: 4.0, loss_after: 0.0, ..Plan::default() }));

/// What a plan sends, each byte once: what is sent again gives a byte another chance to be seen.
fn copies(plan: &Plan) -> Vec<Copied> {
    let mut sent = HashSet::new();
    mirror::filter(mirror::span(&network::run(plan), is_server, true, true), |c| {
        mirror::tcp_data(&c.frame).is_none_or(|data| sent.insert(data.0))
    })
}

fn as_file(copies: &[Copied]) -> Snapshot {
    let mut memory = Memory::new();
    for c in copies {
        memory.push(Timestamp(START + c.time), LinkType::ETHERNET, c.wire, &c.frame);
    }
    engine::run(Box::new(memory), &Settings::default(), Default::default()).unwrap().complete().unwrap()
}

/// One in how many: as told, with the ends of its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
struct OneIn {
    told: f64,
    least: f64,
    most: f64,
}

/// The verdict, findings about the mirror beside their severity, and the factor where it is said to sample.
type Judged = (Verdict, Vec<(&'static str, Severity)>, Option<OneIn>);

/// What is judged of the mirror.
fn judged(s: &Snapshot) -> Judged {
    let of_mirror = s.diagnosis.findings.iter().filter(|f| f.active && spantop::diagnose::aspect(f.id).is_some());
    let found: Vec<_> = of_mirror.map(|f| (f.id, f.severity)).collect();
    let sampled = s.diagnosis.findings.iter().find(|f| f.active && f.id == "span.sampled").map(|f| {
        let number = |name: &str| match f.evidence.iter().find(|e| e.0 == name) {
            Some((_, Value::Number(n))) => *n,
            other => panic!("{name}: {other:?}"),
        };
        OneIn { told: number("one_in"), least: number("one_in_low"), most: number("one_in_high") }
    });
    (s.mirror.trust.verdict, found, sampled)
}

/// The same of a file and of a port, where it is looked at second by second.
fn both(copies: &[Copied]) -> [Judged; 2] {
    let packets = copies.iter().map(|c| (Timestamp(START + c.time), c.frame.clone())).collect();
    [judged(&as_file(copies)), judged(&second_by_second(packets, &Settings::default()))]
}

/// Every `n`th copy, as a switch that counts takes them.
fn every(copies: &[Copied], n: usize) -> Vec<Copied> {
    copies.iter().step_by(n).cloned().collect()
}

#[test]
fn one_in_ten_to_one_in_a_thousand() {
    for (n, traffic) in [(10, &SHORT), (20, &SHORT), (100, &LONG), (1_000, &LONG)] {
        let by_chance = mirror::sample(traffic.to_vec(), &mut Rng(n), n);
        for (how, kept) in [("by chance", by_chance), ("by count", every(traffic, n as usize))] {
            for (verdict, found, one_in) in both(&kept) {
                assert_eq!(
                    (verdict, found),
                    (Verdict::Doubtful, vec![("span.sampled", Severity::Warning)]),
                    "1:{n} {how}, {} packets",
                    kept.len()
                );
                let OneIn { told, least, most } = one_in.unwrap();
                assert!((least..=most).contains(&(n as f64)) && (least..=most).contains(&told), "1:{n} {how}: {one_in:?}");
                assert!(most < 4.0 * least, "1:{n} {how}: {one_in:?} of {} packets", kept.len());
            }
        }
    }
}

#[test]
fn the_fewer_packets_the_wider() {
    let few: Vec<Copied> = mirror::sample(LONG.to_vec(), &mut Rng(3), 800);
    assert!(few.len() < 200, "{}", few.len());
    let many = mirror::sample(LONG.to_vec(), &mut Rng(3), 200);
    let width = |kept: &[Copied]| judged(&as_file(kept)).2.map(|n| n.most / n.least);
    assert!(width(&few) > width(&many) && width(&many) > Some(1.0), "{:?} {:?}", width(&few), width(&many));
    // A dozen packets say nothing, of sampling as of loss.
    let (verdict, found, _) = judged(&as_file(&few[..12]));
    assert_eq!((verdict, found), (Verdict::Unknown, vec![]));
}

#[test]
fn loss_that_is_as_heavy_and_comes_in_runs_is_no_sampling() {
    let in_runs = |run: f64| mirror::lose_bursts(LONG.to_vec(), &mut Rng(5), 0.9, run);
    for (name, kept) in [("30", in_runs(30.0)), ("300", in_runs(300.0))] {
        for (verdict, found, one_in) in both(&kept) {
            assert!(found.contains(&("upstream.loss", Severity::Critical)) && verdict == Verdict::Bad, "{name}: {found:?}");
            assert_eq!(one_in, None, "{name}");
        }
    }
}

#[test]
fn one_direction_is_no_sampling() {
    for kept in [copies_of(&SHORT, mirror::Side::Ingress), copies_of(&SHORT, mirror::Side::Egress)] {
        for (verdict, found, one_in) in both(&kept) {
            assert_eq!((verdict, found, one_in), (Verdict::Bad, vec![("dir.half", Severity::Critical)], None));
        }
    }
}

fn copies_of(copies: &[Copied], side: mirror::Side) -> Vec<Copied> {
    copies.iter().filter(|c| c.side == side).cloned().collect()
}

#[test]
fn conversations_that_lack_more_than_others_are_no_sampling() {
    // One conversation in three is copied by a session that samples, the others as they are.
    let mut rng = Rng(9);
    let kept = mirror::filter(SHORT.to_vec(), |c| mirror::tcp_data(&c.frame).is_none() || c.port % 3 > 0 || rng.below(50) == 0);
    for (_, found, one_in) in both(&kept) {
        assert_eq!(one_in, None, "{found:?}");
    }
}
