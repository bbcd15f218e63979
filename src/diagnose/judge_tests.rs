use super::super::evidence::*;
use super::super::{IDS, Vendor};
use super::*;
use crate::model::{Estimate, Severity};

/// Ten minutes of a clean live mirror, with evidence enough for every detector.
pub(in crate::diagnose) fn clean() -> Evidence {
    let mut ratios = [0; 21];
    ratios[0] = 1;
    let rate = |n| Some(Estimate { rate: 0.0, low: 0.0, high: 0.00004, n });
    let class = LoadClass { windows: 100, acked: 100_000_000, missing: 0, host: 0.0 };
    Evidence {
        seconds: 600.0,
        quiet: 0.0,
        packets: 1_000_000,
        live: true,
        vendor: None,
        copies: Copies { packets: 1_000_000, copies: 200, flows: 5_000, flows_affected: 0, ..Copies::default() },
        loss: Loss {
            all: rate(100_000),
            host: rate(1_000_000),
            upstream: rate(100_000),
            by_load: [class; 3],
            by_size: vec![SizeLoss { floor: 0, seen: 10_000, missing: 0 }, SizeLoss { floor: 1408, seen: 90_000, missing: 1 }],
            ratios,
            whole: 400,
            flat_top: Some(FlatTop {
                seconds: 0.1,
                missing_variation: 0.1,
                lossy: 3,
                windows: 3,
                bits_per_second: 1e8,
                variation: 0.3,
                occupied: 1e8,
            }),
            speed: Some(1_000_000_000),
            ..Loss::default()
        },
        sides: Sides { judged: 1000, one_sided: 4, both_roles: 40, ..Sides::default() },
        tags: Tags { tagged: 900_000, untagged: 100_000, vlans: 3, claimed: 3, networks: 3, flows: 1000, one_way: 2 },
        sizes: Sizes { packets: 990_000, segments: 100_000, largest: 1518, ..Sizes::default() },
        checksums: Checksums { right: 20_000, ..Checksums::default() },
        order: Order { judged: 100_000, violations: 3, skew: Some([0.0001, 0.001]), outer_in_order: None, queues: Some(1) },
        clock: Clock { packets: 1_000_000, grain: 1000, differences: 900_000, equal: 50_000, longest_run: 4, ..Clock::default() },
        casts: Casts { to_others: 980_000, multicast: 15_000, broadcast: 5_000, to_host: 0 },
        outages: vec![],
        control: Control { neighbour: 40, silent_partners: 0, seconds: 600.0 },
        transit: Transit::default(),
        host: Host {
            interface: "eth1".into(),
            sent: Some(0),
            receive_offload: Some(false),
            vlan_offload: Some(true),
            vlan_filter: Some(false),
            speed: Some(1_000_000_000),
            half_duplex: Some(false),
            pause: Some(false),
            mtu: Some(9216),
            ..Host::default()
        },
    }
}

fn active(e: &Evidence) -> Vec<(&'static str, Severity)> {
    let judged = judge(e, &mut Judge::default(), Timestamp(0));
    judged.findings.iter().filter(|f| f.active).map(|f| (f.id, f.severity)).collect()
}

fn ids(e: &Evidence) -> Vec<&'static str> {
    active(e).into_iter().map(|f| f.0).collect()
}

fn tight() -> Option<Gap> {
    Some(Gap { p5: 2e-6, p50: 5e-6, p95: 3e-5, p99: 4e-5 })
}

fn estimate(rate: f64, low: f64, n: u64) -> Option<Estimate> {
    Some(Estimate { rate, low, high: rate * 1.2, n })
}

#[test]
fn a_clean_network_raises_nothing_and_no_evidence_raises_nothing() {
    let judged = judge(&clean(), &mut Judge::default(), Timestamp(0));
    assert_eq!(judged.findings, []);
    assert_eq!(judged.silenced, []);
    let undecided: Vec<_> = judged.undecided.iter().map(|u| u.0).collect();
    assert_eq!(undecided, ["span.ratelimit", "switch.loss", "path.loss"], "what this mirror cannot tell");
    let nothing = judge(&Evidence::default(), &mut Judge::default(), Timestamp(0));
    assert_eq!(nothing.findings, []);
    assert!(nothing.undecided.len() > 15, "{:?}", nothing.undecided);
}

/// Sets what a finding rests on to a value.
type Change = fn(&mut Evidence, f64);

/// A finding, how severe it is, the value from which on it is raised, one at which it just is not, and what the value is of.
type Case = (&'static str, Severity, f64, f64, Change);

use Severity::{Critical, Note, Warning};

/// Values that say yes and no.
const YES: f64 = 1.0;
const NO: f64 = 0.0;

/// Copies far apart: not the same port copied twice.
const WIDE: Option<Gap> = Some(Gap { p5: 1e-3, p50: 5e-3, p95: 0.0201, p99: 0.03 });

fn some_copies(copies: f64, flows_affected: f64) -> Copies {
    Copies { packets: 10_000, copies: copies as u64, flows: 500, flows_affected: flows_affected as u64, gap: tight(), ..Copies::default() }
}

fn flat(lossy: f64, windows: u64, bits_per_second: f64, occupied: f64) -> Option<FlatTop> {
    Some(FlatTop { seconds: 0.1, missing_variation: 0.1, lossy: lossy as u64, windows, bits_per_second, variation: 0.019, occupied })
}

/// Both sides of every threshold.
const CASES: &[Case] = &[
    // Copies.
    ("dup.every", Critical, 400.0, 399.0, |e, packets| {
        e.copies = Copies { packets: packets as u64, copies: 190, flows: 50, flows_affected: 10, gap: tight(), ..Copies::default() };
    }),
    ("dup.every", Critical, YES, NO, |e, close| {
        let gap = if close == YES { tight() } else { WIDE };
        e.copies = Copies { packets: 9_000, copies: 6_000, flows: 2, flows_affected: 2, gap, ..Copies::default() };
    }),
    ("dup.some", Note, 101.0, 100.0, |e, copies| e.copies = some_copies(copies, 10.0)),
    ("dup.some", Warning, 10.0, 9.0, |e, flows| e.copies = some_copies(3_000.0, flows)),
    ("dup.some", Warning, 1_501.0, 1_500.0, |e, changed| {
        let changed = changed as u64;
        e.copies = Copies { packets: 9_000, copies: 3_000, changed, flows: 2, flows_affected: 2, gap: WIDE, ..Copies::default() };
    }),
    // Loss with a pattern.
    ("span.oversub", Warning, 30.0, 29.0, |e, windows| {
        e.loss.by_load[0].missing = 100_000;
        e.loss.by_load[2] = LoadClass { windows: windows as _, acked: 100_000_000, missing: 1_200_000, host: 0.0 };
    }),
    ("span.oversub", Critical, 270.0, 269.0, |e, full| {
        let class = |windows: f64| LoadClass { windows: windows as _, acked: 100_000_000, missing: 9_000_000, host: 0.0 };
        e.loss.by_load = [class(29.0), class(1.0), class(full)];
    }),
    ("span.oversub", Critical, 0.0, 0.09, |e, host| {
        e.loss.by_load[2] = LoadClass { windows: 40, acked: 100_000_000, missing: 9_000_000, host };
    }),
    ("span.sampled", Note, 20.0, 17.0, |e, alike| {
        e.loss.all = estimate(0.9, 0.89, 10_000);
        e.loss.ratios = [0; 21];
        (e.loss.whole, e.loss.ratios[17], e.loss.ratios[18]) = if alike > 17.0 { (0, 9, 11) } else { (3, 0, 17) };
    }),
    ("span.sampled", Note, 2.0, 1.0, |e, one_in| e.loss.declared_sampling = Some(one_in as _)),
    ("span.sampled", Note, 0.67, 0.66, |e, lone| {
        e.loss.all = estimate(0.9, 0.89, 10_000);
        e.loss.ratios = [0; 21];
        (e.loss.whole, e.loss.ratios[18]) = (0, 30);
        e.loss.unmatched = Some(Estimate { rate: lone - 0.1, low: lone - 0.2, high: lone, n: 20 });
    }),
    ("span.ratelimit", Critical, 8.9e8, 9.1e8, |e, occupied| {
        (e.loss.all, e.loss.flat_top) = (estimate(0.2, 0.19, 10_000), flat(13.0, 10, 8.5e8, occupied));
    }),
    ("span.ratelimit", Warning, 20.0, 21.0, |e, lossy| {
        (e.loss.all, e.loss.flat_top) = (estimate(0.049, 0.04, 10_000), flat(lossy, 15, 1e8, 1e8));
    }),
    ("span.ratelimit", Warning, 0.039, 0.038, |e, varies| {
        (e.loss.all, e.loss.flat_top) = (estimate(0.049, 0.04, 10_000), flat(15.0, 15, 1e8, 1e8));
        e.loss.flat_top.as_mut().unwrap().missing_variation = varies;
    }),
    ("span.ratelimit", Critical, 0.343, 0.341, |e, varies| {
        (e.loss.all, e.loss.flat_top) = (estimate(0.9, 0.89, 10_000), flat(15.0, 15, 1e8, 1e8));
        e.loss.flat_top.as_mut().unwrap().missing_variation = varies;
    }),
    ("span.size", Critical, 19.0, 20.0, |e, seen| {
        e.loss.by_size[0].seen = 20;
        e.loss.by_size[1] = SizeLoss { floor: 1408, seen: seen as u64, missing: 20 };
    }),
    // Loss by place.
    ("upstream.loss", Note, 100.0, 99.0, |e, n| e.loss.upstream = estimate(0.009, 0.0006, n as u64)),
    ("upstream.loss", Warning, 0.009, 0.0005, |e, low| e.loss.upstream = estimate(0.01, low, 9_999)),
    ("upstream.loss", Warning, 100.0, 99.0, |e, n| {
        (e.loss.all, e.loss.upstream, e.loss.unmatched) = (None, None, estimate(0.02, 0.0051, n as u64));
    }),
    ("upstream.loss", Warning, 0.0051, 0.0049, |e, low| {
        (e.loss.all, e.loss.upstream, e.loss.unmatched) = (None, None, estimate(0.02, low, 188));
    }),
    ("switch.loss", Critical, 0.05, 0.001, |e, rate| {
        (e.loss.switch, e.loss.upstream) = (estimate(rate, if rate > 0.01 { 0.04 } else { 0.0004 }, 9_999), estimate(0.05, 0.04, 9_999));
    }),
    ("path.loss", Warning, 0.0011, 0.001, |e, low| e.loss.path = estimate(0.02, low, 9_999)),
    ("host.drop", Warning, 1_000.0, 0.0, |e, lost| {
        e.host.lost = lost as u64;
        e.loss.host = if lost > 0.0 { estimate(0.001, 0.0009, 1_000_000) } else { None };
    }),
    ("host.drop", Note, 1.0, 0.0, |e, lost| (e.host.lost, e.loss.host) = (lost as u64, None)),
    // Directions and tags.
    ("dir.half", Warning, 15.0, 14.0, |e, one_sided| e.sides = Sides { judged: 20, one_sided: one_sided as u64, ..Sides::default() }),
    ("dir.half", Critical, 10.0, 9.0, |e, judged| {
        e.sides = Sides { judged: judged as u64, one_sided: 9, concentration: 1.0, ..Sides::default() };
    }),
    ("route.asym", Note, 50.0, 100.0, |e, judged| {
        let concentration = if judged == 50.0 { 0.9 } else { 0.89 };
        e.sides = Sides { judged: judged as u64, one_sided: 40, concentration, ..Sides::default() };
    }),
    ("vlan.stripped", Warning, 2.0, 1.0, |e, claimed| e.tags = Tags { untagged: 100, claimed: claimed as _, ..Tags::default() }),
    ("vlan.stripped", Note, 0.0, 2.0, |e, tagged| {
        e.tags = Tags { untagged: 1000, tagged: tagged as u64, networks: 3, ..Tags::default() };
    }),
    ("vlan.oneway", Warning, 11.0, 10.0, |e, one_way| (e.tags.flows, e.tags.one_way) = (20, one_way as u64)),
    // What the mirror does not carry.
    ("cpu.blind", Note, 90.0, 89.0, |e, seconds| e.control = Control { neighbour: 3, silent_partners: 1, seconds }),
    ("mirror.none", Critical, 5.0, 4.0, |e, broadcast| {
        e.casts = Casts { to_host: 10, to_others: 0, multicast: 5, broadcast: broadcast as u64 };
    }),
    ("mirror.none", Critical, 9.0, 10.0, |e, to_others| {
        let to_others = to_others as u64;
        e.casts = Casts { to_host: 0, to_others, multicast: 500, broadcast: 500 - to_others };
    }),
    ("mirror.silent", Critical, 10.0, 9.9, |e, quiet| *e = Evidence { live: true, quiet, ..Evidence::default() }),
    ("mirror.outage", Warning, 3.0, 2.0, |e, missed| {
        e.outages = vec![Outage { seconds: 8.0, senders: 1, missed: missed as _, ..Outage::default() }];
    }),
    ("mirror.outage", Critical, YES, NO, |e, open| {
        let outage = Outage { seconds: 8.0, senders: 1, missed: 3, open: true, ..Outage::default() };
        e.outages = if open == YES { vec![outage] } else { Vec::new() };
    }),
    // Frames as they should not be.
    ("trunc", Warning, 2.0, 1.0, |e, cut| (e.sizes.packets, e.sizes.cut_by_mirror) = (100, cut as u64)),
    ("trunc.capture", Note, 100.0, 99.0, |e, packets| (e.sizes.packets, e.sizes.cut_by_capture) = (packets as u64, 2)),
    ("host.gro", Warning, 2.0, 1.0, |e, above| {
        (e.host.receive_offload, e.sizes.segments, e.sizes.above_mss) = (None, 100, above as u64);
    }),
    ("host.gro", Note, YES, NO, |e, on| e.host.receive_offload = (on == YES).then_some(true)),
    ("src.tso", Warning, 100.0, 99.0, |e, segments| (e.sizes.segments, e.sizes.above_mss) = (segments as u64, 2)),
    ("src.tso", Warning, 100.0, 99.0, |e, frames| e.sizes.impossible = frames as u64),
    ("host.txcsum", Note, 49.0, 99.0, |e, right| e.checksums = Checksums { right: right as u64, partial: 1, wrong: 0 }),
    ("csum.bad", Warning, 5.0, 4.0, |e, wrong| {
        let right = if wrong == 5.0 { 4_900 } else { 1_900 };
        e.checksums = Checksums { right, partial: 0, wrong: wrong as u64 };
    }),
    ("frames.errors", Warning, 1.0, 0.0, |e, errors| e.sizes.errors = errors as u64),
    // Order and clock.
    ("order.skew", Note, 5.0, 4.0, |e, violations| (e.order.judged, e.order.violations) = (1_000, violations as u64)),
    ("order.skew", Warning, 1_000.0, 999.0, |e, judged| (e.order.judged, e.order.violations) = (judged as u64, 10)),
    ("clock.step", Warning, 1.0, 0.0, |e, steps| (e.clock.steps, e.clock.largest_step) = (steps as u64, 0.5 * steps)),
    ("clock.coarse", Note, 100_000.0, 99_999.0, |e, grain| e.clock.grain = grain as _),
    ("clock.coarse", Warning, 100.0, 99.0, |e, n| (e.clock.grain, e.clock.differences) = (1_000_000, n as u64)),
    ("clock.coarse", Note, 65.0, 64.0, |e, run| (e.clock.equal, e.clock.longest_run) = (500_001, run as _)),
    // On the way, and this host.
    ("loop", Critical, 5.0, 4.0, |e, nested| e.transit.nested = nested as u64),
    ("foreign-mirror", Note, 100.0, 99.0, |e, packets| (e.transit.foreign, e.transit.foreign_bytes) = (packets as u64, 0.011)),
    ("mirror.fragmented", Warning, 2.0, 1.0, |e, fragments| (e.transit.outer, e.transit.fragments) = (1_000, fragments as u64)),
    ("nic.transmits", Warning, 0.0, 1_000.0, |e, outer| (e.host.sent, e.transit.outer) = (Some(1), outer as u64)),
    ("nic.transmits", Note, 1.0, 0.0, |e, addresses| e.host.addresses = addresses as _),
    ("host.link", Warning, 1e8, 1e9, |e, speed| e.host.speed = Some(speed as u64)),
    ("host.link", Warning, YES, NO, |e, half| e.host.half_duplex = (half == YES).then_some(true)),
    ("host.oversize", Warning, 1.0, 0.0, |e, errors| e.host.length_errors = errors as u64),
    ("host.pause", Note, YES, NO, |e, on| e.host.pause = (on == YES).then_some(true)),
];

#[test]
fn both_sides_of_every_threshold() {
    for (i, (id, severity, enough, too_little, change)) in CASES.iter().enumerate() {
        let (mut e, mut less) = (clean(), clean());
        change(&mut e, *enough);
        change(&mut less, *too_little);
        assert_eq!(active(&e), [(*id, *severity)], "case {i}: exactly {id}");
        assert!(!ids(&less).contains(id), "case {i}: not {id}");
    }
    for id in IDS {
        assert!(CASES.iter().any(|c| c.0 == *id), "no case for {id}");
    }
}

#[test]
fn every_finding_is_complete() {
    for (id, _, enough, _, change) in CASES {
        for vendor in [None, Some(Vendor::CiscoIos), Some(Vendor::Azure)] {
            let mut e = clean();
            change(&mut e, *enough);
            e.vendor = vendor;
            for f in judge(&e, &mut Judge::default(), Timestamp(7)).findings {
                for text in [&f.title, &f.cause, &f.remedy, &f.lookalikes] {
                    assert!(text.len() > 4 && !text.contains("{}") && !text.contains("NaN") && !text.contains("inf"), "{id}: {text}");
                }
                assert!(f.title.chars().count() <= 90, "{id}: {}", f.title);
                assert!(!f.evidence.is_empty() && (f.first, f.last) == (Timestamp(7), Timestamp(7)), "{id}");
            }
        }
    }
}

#[test]
fn the_vendors_command_is_given() {
    let mut e = clean();
    let (_, _, enough, _, change) = CASES[0];
    change(&mut e, enough);
    e.vendor = Some(Vendor::CiscoIos);
    let judged = judge(&e, &mut Judge::default(), Timestamp(0));
    assert!(
        judged.findings[0].remedy.ends_with("Cisco IOS: `monitor session 1 source interface Gi0/1 rx`"),
        "{}",
        judged.findings[0].remedy
    );
}

#[test]
fn findings_hold_and_clear_without_flapping() {
    let mut state = Judge::default();
    let mut e = clean();
    let mut at = |copies: u64, seconds: i64| {
        e.copies = Copies { packets: 10_000, copies, flows: 500, flows_affected: 10, gap: tight(), ..Copies::default() };
        let findings = judge(&e, &mut state, Timestamp(seconds * SECOND)).findings;
        findings.first().map(|f| (f.active, f.first.0 / SECOND, f.last.0 / SECOND))
    };
    assert_eq!(at(90, 0), None);
    assert_eq!(at(110, 1), Some((true, 1, 1)));
    assert_eq!(at(90, 2), Some((true, 1, 2)), "above the lower limit it stands");
    assert_eq!(at(60, 3), Some((true, 1, 2)), "below it, it waits");
    assert_eq!(at(60, 12), Some((false, 1, 2)), "and clears, but stays listed");
    assert_eq!(at(90, 13), Some((false, 1, 2)), "to come back it needs the upper limit again");
    assert_eq!(at(110, 14), Some((true, 1, 14)));
}

#[test]
fn a_part_is_not_reported_beside_the_whole() {
    let mut state = Judge::default();
    let mut at = |copies: u64, seconds: i64| {
        let mut e = clean();
        e.copies = Copies { packets: 10_000, copies, flows: 500, flows_affected: 400, gap: tight(), ..Copies::default() };
        let findings = judge(&e, &mut state, Timestamp(seconds * SECOND)).findings;
        findings.into_iter().filter(|f| f.active).map(|f| f.id).collect::<Vec<_>>()
    };
    assert_eq!(at(3_000, 0), ["dup.some"]);
    assert_eq!(at(4_900, 1), ["dup.every"]);
    assert_eq!(at(3_000, 2), ["dup.every"], "it waits before it clears");
    assert_eq!(at(3_000, 12), ["dup.some"]);
    assert_eq!(at(4_200, 13), ["dup.some"], "to come back it needs the upper limit again");
}

#[test]
fn bad_evidence_silences_what_rests_on_it() {
    let silenced = |change: fn(&mut Evidence)| {
        let mut e = clean();
        (e.loss.upstream, e.loss.all) = (estimate(0.2, 0.19, 9_999), estimate(0.2, 0.19, 9_999));
        change(&mut e);
        let judged = judge(&e, &mut Judge::default(), Timestamp(0));
        assert!(judged.silenced.iter().all(|s| !s.1.is_empty()));
        let silenced: Vec<_> = judged.silenced.iter().map(|s| s.0).collect();
        assert!(judged.findings.iter().all(|f| !silenced.contains(&f.id)));
        silenced
    };
    assert_eq!(silenced(|_| ()), [""; 0]);
    let one_way = silenced(|e| e.sides = Sides { judged: 100, one_sided: 95, ..Sides::default() });
    for id in ["upstream.loss", "switch.loss", "span.oversub", "span.sampled", "span.size", "order.skew", "cpu.blind"] {
        assert!(one_way.contains(&id), "{id}: {one_way:?}");
    }
    assert!(silenced(|e| (e.copies.kept, e.copies.copies) = (true, 20_000)).contains(&"upstream.loss"));
    let cut = silenced(|e| e.sizes.cut_by_mirror = 600_000);
    assert_eq!(cut, ["host.txcsum", "csum.bad"]);
    assert_eq!(silenced(|e| e.sizes.cut_by_capture = 600_000), cut);
    assert_eq!(silenced(|e| e.sizes.above_mss = 6_000), ["span.size", "csum.bad"]);
    assert_eq!(silenced(|e| e.clock.steps = 1), ["mirror.outage", "order.skew"]);
}

#[test]
fn loss_with_a_pattern_is_reported_once() {
    let mut e = clean();
    (e.loss.upstream, e.loss.all) = (estimate(0.2, 0.19, 9_999), estimate(0.2, 0.19, 9_999));
    assert_eq!(ids(&e), ["upstream.loss"]);
    e.loss.flat_top = flat(20.0, 20, 1e8, 1e8);
    assert_eq!(ids(&e), ["span.ratelimit"]);
    e.loss.flat_top = e.loss.flat_top.map(|flat| FlatTop { variation: 0.025, ..flat });
    assert_eq!(ids(&e), ["upstream.loss"], "a limit that is not certain explains nothing");
}
