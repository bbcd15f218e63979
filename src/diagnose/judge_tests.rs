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
            flat_top: Some(FlatTop { lossy: 3, windows: 3, bits_per_second: 1e8, variation: 0.3, occupied: 1e8 }),
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

type Change = fn(&mut Evidence);

/// What raises a finding, and what just does not.
const CASES: &[(&str, Severity, Change, Change)] = &[
    (
        "dup.every",
        Severity::Critical,
        |e| e.copies = Copies { packets: 400, copies: 190, flows: 50, flows_affected: 10, gap: tight(), ..Copies::default() },
        |e| e.copies = Copies { packets: 399, copies: 190, flows: 50, flows_affected: 10, gap: tight(), ..Copies::default() },
    ),
    (
        "dup.every",
        Severity::Critical,
        |e| e.copies = Copies { packets: 9_000, copies: 6_000, flows: 2, flows_affected: 2, gap: tight(), ..Copies::default() },
        |e| {
            let gap = Some(Gap { p5: 1e-3, p50: 5e-3, p95: 0.0201, p99: 0.03 });
            e.copies = Copies { packets: 9_000, copies: 6_000, flows: 2, flows_affected: 2, gap, ..Copies::default() };
        },
    ),
    (
        "dup.some",
        Severity::Note,
        |e| e.copies = Copies { packets: 10_000, copies: 101, flows: 500, flows_affected: 10, gap: tight(), ..Copies::default() },
        |e| e.copies = Copies { packets: 10_000, copies: 100, flows: 500, flows_affected: 10, gap: tight(), ..Copies::default() },
    ),
    (
        "dup.some",
        Severity::Warning,
        |e| e.copies = Copies { packets: 10_000, copies: 3_000, flows: 500, flows_affected: 10, gap: tight(), ..Copies::default() },
        |e| e.copies = Copies { packets: 10_000, copies: 3_000, flows: 500, flows_affected: 9, gap: tight(), ..Copies::default() },
    ),
    (
        "dup.some",
        Severity::Warning,
        |e| {
            let gap = Some(Gap { p5: 1e-3, p50: 5e-3, p95: 0.0201, p99: 0.03 });
            e.copies = Copies { packets: 9_000, copies: 3_000, changed: 1_501, flows: 2, flows_affected: 2, gap, ..Copies::default() };
        },
        |e| {
            let gap = Some(Gap { p5: 1e-3, p50: 5e-3, p95: 0.0201, p99: 0.03 });
            e.copies = Copies { packets: 9_000, copies: 3_000, changed: 1_500, flows: 2, flows_affected: 2, gap, ..Copies::default() };
        },
    ),
    (
        "span.oversub",
        Severity::Warning,
        |e| {
            e.loss.by_load[0].missing = 100_000;
            e.loss.by_load[2] = LoadClass { windows: 30, acked: 100_000_000, missing: 1_200_000, host: 0.0 };
        },
        |e| {
            e.loss.by_load[0].missing = 100_000;
            e.loss.by_load[2] = LoadClass { windows: 29, acked: 100_000_000, missing: 1_200_000, host: 0.0 };
        },
    ),
    (
        "span.oversub",
        Severity::Critical,
        |e| e.loss.by_load[2] = LoadClass { windows: 40, acked: 100_000_000, missing: 9_000_000, host: 0.0 },
        |e| e.loss.by_load[2] = LoadClass { windows: 40, acked: 100_000_000, missing: 9_000_000, host: 0.09 },
    ),
    (
        "span.sampled",
        Severity::Note,
        |e| {
            e.loss.all = estimate(0.9, 0.89, 10_000);
            e.loss.whole = 0;
            e.loss.ratios = [0; 21];
            e.loss.ratios[17] = 9;
            e.loss.ratios[18] = 11;
        },
        |e| {
            e.loss.all = estimate(0.9, 0.89, 10_000);
            e.loss.whole = 3;
            e.loss.ratios = [0; 21];
            e.loss.ratios[18] = 17;
        },
    ),
    ("span.sampled", Severity::Note, |e| e.loss.declared_sampling = Some(2), |e| e.loss.declared_sampling = Some(1)),
    (
        "span.ratelimit",
        Severity::Warning,
        |e| {
            e.loss.all = estimate(0.2, 0.19, 10_000);
            e.loss.flat_top = Some(FlatTop { lossy: 13, windows: 10, bits_per_second: 8.5e8, variation: 0.019, occupied: 8.9e8 });
        },
        |e| {
            e.loss.all = estimate(0.2, 0.19, 10_000);
            e.loss.flat_top = Some(FlatTop { lossy: 13, windows: 10, bits_per_second: 8.5e8, variation: 0.019, occupied: 9.1e8 });
        },
    ),
    (
        "span.ratelimit",
        Severity::Warning,
        |e| {
            e.loss.all = estimate(0.2, 0.19, 10_000);
            e.loss.flat_top = Some(FlatTop { lossy: 20, windows: 15, bits_per_second: 1e8, variation: 0.019, occupied: 1e8 });
        },
        |e| {
            e.loss.all = estimate(0.2, 0.19, 10_000);
            e.loss.flat_top = Some(FlatTop { lossy: 21, windows: 15, bits_per_second: 1e8, variation: 0.019, occupied: 1e8 });
        },
    ),
    (
        "span.size",
        Severity::Critical,
        |e| {
            e.loss.by_size[0].seen = 20;
            e.loss.by_size[1] = SizeLoss { floor: 1408, seen: 19, missing: 20 };
        },
        |e| {
            e.loss.by_size[0].seen = 20;
            e.loss.by_size[1] = SizeLoss { floor: 1408, seen: 20, missing: 20 };
        },
    ),
    (
        "upstream.loss",
        Severity::Note,
        |e| e.loss.upstream = estimate(0.009, 0.0006, 100),
        |e| e.loss.upstream = estimate(0.009, 0.0006, 99),
    ),
    (
        "upstream.loss",
        Severity::Warning,
        |e| e.loss.upstream = estimate(0.01, 0.009, 9_999),
        |e| e.loss.upstream = estimate(0.01, 0.0005, 9_999),
    ),
    (
        "switch.loss",
        Severity::Critical,
        |e| (e.loss.switch, e.loss.upstream) = (estimate(0.05, 0.04, 9_999), estimate(0.05, 0.04, 9_999)),
        |e| (e.loss.switch, e.loss.upstream) = (estimate(0.001, 0.0004, 9_999), estimate(0.05, 0.04, 9_999)),
    ),
    ("path.loss", Severity::Warning, |e| e.loss.path = estimate(0.02, 0.0011, 9_999), |e| e.loss.path = estimate(0.02, 0.001, 9_999)),
    (
        "host.drop",
        Severity::Warning,
        |e| (e.host.lost, e.loss.host) = (1_000, estimate(0.001, 0.0009, 1_000_000)),
        |e| (e.host.lost, e.loss.host) = (0, None),
    ),
    ("host.drop", Severity::Note, |e| (e.host.lost, e.loss.host) = (1, None), |e| e.loss.host = None),
    (
        "dir.half",
        Severity::Warning,
        |e| e.sides = Sides { judged: 20, one_sided: 15, ..Sides::default() },
        |e| {
            e.sides = Sides { judged: 20, one_sided: 14, ..Sides::default() };
        },
    ),
    (
        "dir.half",
        Severity::Critical,
        |e| e.sides = Sides { judged: 10, one_sided: 9, concentration: 1.0, ..Sides::default() },
        |e| {
            e.sides = Sides { judged: 9, one_sided: 9, ..Sides::default() };
        },
    ),
    (
        "route.asym",
        Severity::Note,
        |e| e.sides = Sides { judged: 50, one_sided: 40, concentration: 0.9, ..Sides::default() },
        |e| e.sides = Sides { judged: 100, one_sided: 40, concentration: 0.89, ..Sides::default() },
    ),
    (
        "vlan.stripped",
        Severity::Warning,
        |e| e.tags = Tags { untagged: 100, claimed: 2, ..Tags::default() },
        |e| e.tags = Tags { untagged: 100, claimed: 1, ..Tags::default() },
    ),
    (
        "vlan.stripped",
        Severity::Note,
        |e| e.tags = Tags { untagged: 1000, networks: 3, ..Tags::default() },
        |e| e.tags = Tags { untagged: 1000, tagged: 2, networks: 3, ..Tags::default() },
    ),
    ("vlan.oneway", Severity::Warning, |e| (e.tags.flows, e.tags.one_way) = (20, 11), |e| (e.tags.flows, e.tags.one_way) = (20, 10)),
    (
        "cpu.blind",
        Severity::Note,
        |e| e.control = Control { neighbour: 3, silent_partners: 1, seconds: 90.0 },
        |e| {
            e.control = Control { neighbour: 3, silent_partners: 1, seconds: 89.0 };
        },
    ),
    (
        "mirror.none",
        Severity::Critical,
        |e| e.casts = Casts { to_host: 10, to_others: 0, multicast: 5, broadcast: 5 },
        |e| e.casts = Casts { to_host: 10, to_others: 0, multicast: 5, broadcast: 4 },
    ),
    (
        "mirror.none",
        Severity::Critical,
        |e| e.casts = Casts { to_host: 0, to_others: 9, multicast: 500, broadcast: 491 },
        |e| e.casts = Casts { to_host: 0, to_others: 10, multicast: 500, broadcast: 490 },
    ),
    (
        "mirror.silent",
        Severity::Critical,
        |e| *e = Evidence { live: true, quiet: 10.0, ..Evidence::default() },
        |e| *e = Evidence { live: true, quiet: 9.9, ..Evidence::default() },
    ),
    (
        "trunc",
        Severity::Warning,
        |e| (e.sizes.packets, e.sizes.cut_by_mirror) = (100, 2),
        |e| (e.sizes.packets, e.sizes.cut_by_mirror) = (100, 1),
    ),
    (
        "trunc.capture",
        Severity::Note,
        |e| (e.sizes.packets, e.sizes.cut_by_capture) = (100, 2),
        |e| (e.sizes.packets, e.sizes.cut_by_capture) = (99, 2),
    ),
    (
        "host.gro",
        Severity::Warning,
        |e| (e.host.receive_offload, e.sizes.segments, e.sizes.above_mss) = (None, 100, 2),
        |e| (e.host.receive_offload, e.sizes.segments, e.sizes.above_mss) = (None, 100, 1),
    ),
    ("host.gro", Severity::Note, |e| e.host.receive_offload = Some(true), |e| e.host.receive_offload = None),
    (
        "src.tso",
        Severity::Warning,
        |e| (e.sizes.segments, e.sizes.above_mss) = (100, 2),
        |e| (e.sizes.segments, e.sizes.above_mss) = (99, 2),
    ),
    ("src.tso", Severity::Warning, |e| e.sizes.impossible = 100, |e| e.sizes.impossible = 99),
    (
        "host.txcsum",
        Severity::Note,
        |e| e.checksums = Checksums { right: 49, partial: 1, wrong: 0 },
        |e| e.checksums = Checksums { right: 99, partial: 1, wrong: 0 },
    ),
    (
        "csum.bad",
        Severity::Warning,
        |e| e.checksums = Checksums { right: 4_900, partial: 0, wrong: 5 },
        |e| e.checksums = Checksums { right: 1_900, partial: 0, wrong: 4 },
    ),
    ("frames.errors", Severity::Warning, |e| e.sizes.errors = 1, |e| e.sizes.errors = 0),
    (
        "order.skew",
        Severity::Note,
        |e| (e.order.judged, e.order.violations) = (1_000, 5),
        |e| (e.order.judged, e.order.violations) = (1_000, 4),
    ),
    (
        "order.skew",
        Severity::Warning,
        |e| (e.order.judged, e.order.violations) = (1_000, 10),
        |e| (e.order.judged, e.order.violations) = (999, 10),
    ),
    ("clock.step", Severity::Warning, |e| (e.clock.steps, e.clock.largest_step) = (1, 0.5), |e| e.clock.steps = 0),
    ("clock.coarse", Severity::Note, |e| e.clock.grain = 100_000, |e| e.clock.grain = 99_999),
    (
        "clock.coarse",
        Severity::Warning,
        |e| (e.clock.grain, e.clock.differences) = (1_000_000, 100),
        |e| {
            (e.clock.grain, e.clock.differences) = (1_000_000, 99);
        },
    ),
    (
        "clock.coarse",
        Severity::Note,
        |e| (e.clock.equal, e.clock.longest_run) = (500_001, 65),
        |e| (e.clock.equal, e.clock.longest_run) = (500_001, 64),
    ),
    (
        "mirror.outage",
        Severity::Warning,
        |e| e.outages = vec![Outage { seconds: 8.0, senders: 1, missed: 3, ..Outage::default() }],
        |e| e.outages = vec![Outage { seconds: 8.0, senders: 1, missed: 2, ..Outage::default() }],
    ),
    (
        "mirror.outage",
        Severity::Critical,
        |e| e.outages = vec![Outage { seconds: 8.0, senders: 1, missed: 3, open: true, ..Outage::default() }],
        |e| e.outages.clear(),
    ),
    ("loop", Severity::Critical, |e| e.transit.nested = 5, |e| e.transit.nested = 4),
    (
        "foreign-mirror",
        Severity::Note,
        |e| (e.transit.foreign, e.transit.foreign_bytes) = (100, 0.011),
        |e| (e.transit.foreign, e.transit.foreign_bytes) = (99, 0.011),
    ),
    (
        "mirror.fragmented",
        Severity::Warning,
        |e| (e.transit.outer, e.transit.fragments) = (1_000, 2),
        |e| (e.transit.outer, e.transit.fragments) = (1_000, 1),
    ),
    ("nic.transmits", Severity::Warning, |e| e.host.sent = Some(1), |e| (e.host.sent, e.transit.outer) = (Some(1), 1_000)),
    ("nic.transmits", Severity::Note, |e| e.host.addresses = 1, |e| e.host.addresses = 0),
    ("host.link", Severity::Warning, |e| e.host.speed = Some(100_000_000), |e| e.host.speed = Some(1_000_000_000)),
    ("host.link", Severity::Warning, |e| e.host.half_duplex = Some(true), |e| e.host.half_duplex = None),
    ("host.oversize", Severity::Warning, |e| e.host.length_errors = 1, |e| e.host.length_errors = 0),
    ("host.pause", Severity::Note, |e| e.host.pause = Some(true), |e| e.host.pause = None),
];

#[test]
fn both_sides_of_every_threshold() {
    for (i, (id, severity, over, under)) in CASES.iter().enumerate() {
        let (mut e, mut less) = (clean(), clean());
        over(&mut e);
        under(&mut less);
        assert_eq!(active(&e), [(*id, *severity)], "case {i}: exactly {id}");
        assert!(!ids(&less).contains(id), "case {i}: not {id}");
    }
    for id in IDS {
        assert!(CASES.iter().any(|c| c.0 == *id), "no case for {id}");
    }
}

#[test]
fn every_finding_is_complete() {
    for (id, _, over, _) in CASES {
        for vendor in [None, Some(Vendor::CiscoIos), Some(Vendor::Azure)] {
            let mut e = clean();
            over(&mut e);
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
    (CASES[0].2)(&mut e);
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
    e.loss.flat_top = Some(FlatTop { lossy: 20, windows: 20, bits_per_second: 1e8, variation: 0.01, occupied: 1e8 });
    assert_eq!(ids(&e), ["span.ratelimit"]);
    e.loss.flat_top = Some(FlatTop { lossy: 20, windows: 20, bits_per_second: 1e8, variation: 0.025, occupied: 1e8 });
    assert_eq!(ids(&e), ["upstream.loss"], "a limit that is not certain explains nothing");
}
