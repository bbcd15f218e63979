#[path = "judge_cases.rs"]
mod judge_cases;

use super::super::Vendor;
use super::super::evidence::Evidence;
use super::*;
use crate::model::evidence::*;
use crate::model::{Address, Estimate, LinkType, PortAbsence, Severity, Tunnel, TunnelKind, wilson};
use judge_cases::{CASES, flat, session};
use std::net::Ipv4Addr;

fn clean_host() -> HostEvidence {
    HostEvidence {
        interface: "eth1".into(),
        sent: Some(0),
        receive_offload: Some(false),
        vlan_offload: Some(true),
        vlan_filter: Some(false),
        speed: Some(1_000_000_000),
        half_duplex: Some(false),
        pause: Some(false),
        mtu: Some(9216),
        ..HostEvidence::default()
    }
}

/// Nothing is missing.
fn clean_loss() -> LossEvidence {
    let mut ratios = [0; 21];
    ratios[0] = 1;
    let rate = |n| Some(Estimate { rate: 0.0, low: 0.0, high: 0.00004, n });
    let class = LoadClass { windows: 100, acked: 100_000_000, missing: 0, host: 0.0 };
    LossEvidence {
        all: rate(100_000),
        host: rate(1_000_000),
        upstream: rate(100_000),
        by_load: [class; 3],
        by_size: vec![SizeLoss { floor: 0, seen: 10_000, missing: 0 }, SizeLoss { floor: 1408, seen: 90_000, missing: 1 }],
        ratios,
        whole: 400,
        flat_top: Some(FlatTop {
            is_exceeded_since: false,
            seconds: 0.1,
            missing_variation: 0.1,
            lossy: 3,
            windows: 3,
            bits_per_second: 1e8,
            variation: 0.3,
            occupied: 1e8,
        }),
        speed: Some(1_000_000_000),
        ..LossEvidence::default()
    }
}

/// Ten minutes of a clean live mirror, with evidence enough for every detector.
pub(in crate::diagnose) fn clean() -> Evidence {
    Evidence {
        network: NetworkEvidence::default(),
        sliding: false,
        first_look: false,
        group_only: None,
        one_way: None,
        seconds: 600.0,
        span: None,
        quiet: 0.0,
        watched: 600.0,
        packets: 1_000_000,
        live: true,
        vendor: None,
        copies: CopyEvidence { packets: 1_000_000, copies: 200, flows: 5_000, flows_affected: 0, ..CopyEvidence::default() },
        loss: clean_loss(),
        sides: SideEvidence {
            judged: 1000,
            one_sided: 4,
            both_roles: 40,
            begun: BegunConnections { connections: 400, unseen: 2 },
            ..SideEvidence::default()
        },
        tags: TagEvidence {
            tagged: 900_000,
            untagged: 100_000,
            vlans: 3,
            claimed: 3,
            networks: 3,
            flows: 1000,
            one_way: 2,
            ..TagEvidence::default()
        },
        sizes: SizeEvidence { packets: 990_000, segments: 100_000, largest: 1518, ..SizeEvidence::default() },
        checksums: ChecksumEvidence { right: 20_000, ..ChecksumEvidence::default() },
        order: OrderEvidence { judged: 100_000, violations: 3, skew: Some([0.0001, 0.001]), queues: Some(1), ..OrderEvidence::default() },
        clock: ClockEvidence {
            packets: 1_000_000,
            grain: 1000,
            differences: 900_000,
            equal: 50_000,
            longest_run: 4,
            ..ClockEvidence::default()
        },
        casts: CastEvidence { to_others: 980_000, multicast: 15_000, broadcast: 5_000, to_host: 0 },
        outages: vec![],
        silent: None,
        control: ControlEvidence { neighbour: 40, silent_partners: 0, seconds: 600.0 },
        transit: TransitEvidence::default(),
        contents: ContentEvidence { packets: 1_000_000, ip: 990_000, tcp: 900_000, ..ContentEvidence::default() },
        host: clean_host(),
    }
}

fn active(e: &Evidence) -> Vec<(&'static str, Severity)> {
    let judged = judge(e, &mut Judge::default(), Timestamp(0));
    judged.findings.iter().filter(|f| f.active).map(|f| (f.id, f.severity)).collect()
}

fn ids(e: &Evidence) -> Vec<&'static str> {
    active(e).into_iter().map(|f| f.0).collect()
}

fn tight() -> Option<CopyGap> {
    Some(CopyGap { p5: 2e-6, p50: 5e-6, p95: 3e-5, p99: 4e-5 })
}

fn estimate(rate: f64, low: f64, n: u64) -> Option<Estimate> {
    Some(Estimate { rate, low, high: rate * 1.2, n })
}

/// On a screen the counter is that of the last minute and falls again: how many packets it was is said with the time they are of.
#[test]
fn what_this_host_sends_is_of_a_time() {
    let mut e = clean();
    (e.host.sent, e.host.seconds) = (Some(12), 60.0);
    let found = judge(&e, &mut Judge::default(), Timestamp(0)).findings;
    let titles: Vec<&str> = found.iter().filter(|f| f.id == "nic.transmits").map(|f| f.title.as_str()).collect();
    assert_eq!(titles, ["This host sends into the mirror port: 12 packets in 1 m 00 s"]);
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

use Severity::{Critical, Note, Warning};

#[test]
fn each_session_that_loses_is_named() {
    let mut e = clean();
    e.live = false;
    e.loss.path = estimate(0.02, 0.019, 30_000);
    e.loss.by_session = vec![session(7, 0.06, 0.05, 0), session(8, 0.0, 0.0, 0), session(9, 0.002, 0.0015, 0)];
    let found = judge(&e, &mut Judge::default(), Timestamp(9)).findings;
    let told: Vec<_> = found.iter().map(|f| (f.subject.to_string(), f.severity, (f.first.0, f.last.0))).collect();
    let name = |id| format!("erspan2 10.0.0.1 -> 10.0.0.9 #{id}");
    assert_eq!(told, [(name(7), Critical, (1, 5)), (name(9), Note, (1, 5))], "and the one that loses nothing is not");
    assert!(found.iter().all(|f| f.title.contains(&f.subject.to_string())), "{found:#?}");
    e.loss.by_session.iter_mut().for_each(|s| s.loss = None);
    let found = judge(&e, &mut Judge::default(), Timestamp(9)).findings;
    assert_eq!(found.iter().map(|f| f.subject).collect::<Vec<_>>(), [Subject::Network], "numbers of no session");
}

/// A part that is low and named by none has a finding of its own, and gives it up to one that names it.
#[test]
fn a_low_part_is_named() {
    let mut e = clean();
    e.copies = CopyEvidence { packets: 10_000, copies: 3_000, flows: 400, gap: tight(), ..CopyEvidence::default() };
    let mut state = Judge::default();
    let told = |e: &Evidence, state: &mut Judge| -> Vec<&'static str> {
        judge(e, state, Timestamp(0)).findings.iter().filter(|f| f.active).map(|f| f.id).collect()
    };
    assert_eq!(told(&e, &mut state), ["low.uniqueness"]);
    e.copies.flows_affected = 300;
    assert_eq!(told(&e, &mut state), ["dup.some"], "what says more takes its place");
    for detector in DETECTORS {
        if let Some(part) = detector.part() {
            assert_eq!(super::super::aspect(detector.page().id), Some(part));
            assert_eq!(detector.page().id, format!("low.{}", part.token()));
        }
    }
}

fn away(e: &mut Evidence, seconds: f64) {
    let absence = PortAbsence { first: Timestamp(0), last: Timestamp((seconds * 1e9) as i64), why: "down", is_open: false };
    e.host.away = if seconds > 0.0 { vec![PortAway { port: "eth1".into(), absence }] } else { Vec::new() };
}

#[test]
fn both_sides_of_every_threshold() {
    for (i, (id, severity, enough, too_little, change)) in CASES.iter().enumerate() {
        let (mut e, mut less) = (clean(), clean());
        change(&mut e, *enough);
        change(&mut less, *too_little);
        assert_eq!(active(&e), [(*id, *severity)], "case {i}: exactly {id}");
        assert!(!ids(&less).contains(id), "case {i}: not {id}");
    }
    // A part that others name is theirs to name.
    for detector in DETECTORS.iter().filter(|d| d.part().is_none()) {
        let id = detector.page().id;
        assert!(CASES.iter().any(|c| c.0 == id), "no case for {id}");
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
                let silent = e.outages.first().map(|o| (o.from, o.from.plus((o.seconds * SECOND as f64) as i64)));
                let known = silent.or(e.host.away.first().map(|a| (a.absence.first, a.absence.last)));
                assert!(!f.evidence.is_empty() && (f.first, f.last) == known.unwrap_or((Timestamp(7), Timestamp(7))), "{id}");
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
        e.copies = CopyEvidence { packets: 10_000, copies, flows: 500, flows_affected: 10, gap: tight(), ..CopyEvidence::default() };
        let findings = judge(&e, &mut state, Timestamp(seconds * SECOND)).findings;
        findings.first().map(|f| (f.active, f.first.0 / SECOND, f.last.0 / SECOND))
    };
    assert_eq!(at(90, 0), None);
    assert_eq!(at(110, 1), Some((true, 1, 1)));
    assert_eq!(at(90, 2), Some((true, 1, 2)), "above the lower limit it stands");
    assert_eq!(at(60, 3), Some((true, 1, 2)), "below it, it waits");
    assert_eq!(at(60, 12), Some((false, 1, 2)), "and clears, but stays listed");
    assert_eq!(at(90, 13), Some((false, 1, 2)), "to come back it needs the upper limit again");
    assert_eq!(at(110, 14), Some((true, 14, 14)), "and then it says when this time began");
    let times: Vec<_> = state.raised.values().flat_map(|r| &r.finding.episodes).map(|e| (e.first.0 / SECOND, e.last.0 / SECOND)).collect();
    assert_eq!(times, [(1, 2), (14, 14)], "but the first time is not forgotten");
}

#[test]
fn a_port_is_silent_no_longer_than_until_the_first_packet() {
    let mut state = Judge::default();
    let mut at = |packets: u64, quiet: f64, seconds: i64| {
        let e = Evidence { live: true, packets, quiet, seconds: seconds as f64, ..Evidence::default() };
        let findings = judge(&e, &mut state, Timestamp(seconds * SECOND)).findings;
        findings.iter().find(|f| f.id == "mirror.silent").map(|f| f.active)
    };
    assert_eq!([at(0, 9.0, 9), at(0, 14.0, 14), at(40, 0.01, 15)], [None, Some(true), Some(false)]);
    assert_eq!([at(900, 11.0, 60), at(901, 0.2, 61)], [Some(true), Some(false)], "and the same again");
}

#[test]
fn a_part_is_not_reported_beside_the_whole() {
    let mut state = Judge::default();
    let mut at = |copies: u64, seconds: i64| {
        let mut e = clean();
        e.copies = CopyEvidence { packets: 10_000, copies, flows: 500, flows_affected: 400, gap: tight(), ..CopyEvidence::default() };
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
    let one_way = silenced(|e| e.sides = SideEvidence { judged: 100, one_sided: 95, ..SideEvidence::default() });
    for id in ["upstream.loss", "switch.loss", "span.oversub", "span.sampled", "span.size", "order.skew", "cpu.blind"] {
        assert!(one_way.contains(&id), "{id}: {one_way:?}");
    }
    assert!(silenced(|e| (e.copies.kept, e.copies.copies) = (true, 20_000)).contains(&"upstream.loss"));
    let cut = silenced(|e| e.sizes.cut_by_mirror = 600_000);
    assert_eq!(cut, ["host.txcsum", "csum.bad"]);
    assert_eq!(silenced(|e| e.sizes.cut_by_capture = 600_000), cut);
    assert_eq!(silenced(|e| e.sizes.above_mss = 6_000), ["span.size", "csum.bad"]);
    assert_eq!(silenced(|e| e.clock.steps = 1), ["mirror.outage", "order.skew"], "one wrong stamp makes no hole");
    let appended = silenced(|e| (e.clock.steps, e.clock.set_back) = (1, 1));
    let patterns = ["span.oversub", "span.sampled", "span.ratelimit", "span.size"];
    assert_eq!(appended, [&patterns[..], &["switch.loss", "upstream.loss", "mirror.outage", "order.skew"]].concat());
    let late = silenced(|e| {
        let gap = CopyGap { p5: 0.4, p50: 0.4, p95: 0.41, p99: 0.41 };
        e.copies.distant = Some(DistantCopies { watched: 1_000, again: 900, gap });
    });
    for id in ["upstream.loss", "switch.loss", "order.skew"] {
        assert!(late.contains(&id), "{id}: {late:?}");
    }
    let divided = silenced(|e| {
        (e.contents.left_on, e.contents.divided) = (Some(TunnelKind::Vxlan), (1_000, 900));
    });
    for id in ["upstream.loss", "switch.loss", "dir.half"] {
        assert!(divided.contains(&id), "{id}: {divided:?}");
    }
    let whole = |e: &mut Evidence| {
        (e.loss.upstream, e.loss.all) = (estimate(0.0, 0.0, 9_999), estimate(0.0, 0.0, 9_999));
        (e.contents.left_on, e.contents.divided) = (Some(TunnelKind::Vxlan), (1_000, 900));
    };
    assert_eq!(silenced(whole), [""; 0], "where nothing is missing tunnels hide nothing");
    let apart = silenced(|e| e.order.is_far_apart = true);
    let of_loss = ["span.oversub", "span.sampled", "span.ratelimit", "span.size", "switch.loss", "upstream.loss"];
    assert_eq!(apart, [&of_loss[..], &["mirror.midstream"]].concat());
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

fn report_on(subject: Subject) -> Report {
    Report::new(Severity::Note, "a thing", vec![]).about(subject)
}

#[test]
fn each_subject_is_a_finding_of_its_own() {
    let (mut state, e) = (Judge::default(), clean());
    let page = DETECTORS[0].page();
    let mut raise = |vlan, second| state.raise(page, report_on(Subject::Vlan(vlan)), &e, Timestamp(second * SECOND));
    assert!(raise(10, 1) && raise(20, 1) && raise(10, 2));
    state.expire(page.id, Timestamp(11 * SECOND));
    let stands = |subject| state.stands(page.id, subject);
    let standing = StandingFindings::new(&stands);
    assert_eq!([10, 20, 30].map(|vlan| standing.on(Subject::Vlan(vlan))), [true, false, false], "each by its own evidence");
    assert!(!standing.at_all());
    let listed: Vec<_> = state.listed(DETECTORS, &e).iter().map(|f| (f.subject, f.active, f.first.0 / SECOND, f.last.0 / SECOND)).collect();
    assert_eq!(listed, [(Subject::Vlan(10), true, 1, 2), (Subject::Vlan(20), false, 1, 1)]);
    state.end(page.id);
    assert!(state.raised.values().all(|r| !r.finding.active));
}

#[test]
fn there_is_room_for_so_many_findings() {
    let (mut state, e) = (Judge::default(), clean());
    let page = DETECTORS[0].page();
    let raise = |state: &mut Judge, vlan: usize, at| state.raise(page, report_on(Subject::Vlan(vlan as u16)), &e, Timestamp(at));
    assert!((0..limits::FINDINGS).all(|n| raise(&mut state, n, n as i64)));
    assert!(!raise(&mut state, limits::FINDINGS, 0), "no room beside what stands");
    assert!(raise(&mut state, 7, 5_000), "what stands goes on");
    state.raised.values_mut().filter(|r| r.finding.subject != Subject::Vlan(9)).for_each(|r| r.finding.active = false);
    assert!(raise(&mut state, limits::FINDINGS, 6_000));
    assert!(!state.raised.contains_key(&(page.id, Subject::Vlan(0))), "the one cleared longest ago went");
    assert_eq!(state.raised.len(), limits::FINDINGS);
}

#[test]
fn episodes_are_capped_and_counted() {
    let (mut state, e) = (Judge::default(), clean());
    let page = DETECTORS[0].page();
    let times = limits::EPISODES as i64 + 3;
    for n in 0..times {
        state.raise(page, report_on(Subject::Network), &e, Timestamp(n * 2));
        state.end(page.id);
    }
    let finding = state.listed(DETECTORS, &e).remove(0);
    assert_eq!((finding.episodes.len(), finding.forgotten_episodes), (limits::EPISODES, 3));
    assert_eq!((finding.first, finding.last), (Timestamp(2 * (times - 1)), Timestamp(2 * (times - 1))));
}

#[test]
fn a_file_says_when_it_held() {
    let (mut state, mut e) = (Judge::default(), clean());
    (e.live, e.span) = (false, Some(Episode { first: Timestamp(5), last: Timestamp(95) }));
    (e.casts, e.sizes.cut_by_capture) = (Default::default(), 20_000);
    let outage = |from, missed| Outage { from: Timestamp(from * SECOND), seconds: 2.0, senders: 4, missed, ..Outage::default() };
    e.outages = vec![outage(30, 9), outage(10, 4), outage(20, 2)];
    let held = |state: &mut Judge| -> Vec<(&str, Vec<(i64, i64)>)> {
        let findings = judge(&e, state, Timestamp(100 * SECOND)).findings;
        findings.iter().map(|f| (f.id, f.episodes.iter().map(|e| (e.first.0, e.last.0)).collect())).collect()
    };
    let want = vec![("mirror.outage", vec![(10 * SECOND, 12 * SECOND), (30 * SECOND, 32 * SECOND)]), ("trunc.capture", vec![(5, 95)])];
    assert_eq!(held(&mut state), want, "outages as they were, the rest from the first packet to the last");
    assert_eq!(held(&mut state), want, "however often it is looked at");
}

#[test]
fn a_cause_names_what_it_explains() {
    let mut e = clean();
    e.host.length_errors = 7;
    let alone = judge(&e, &mut Judge::default(), Timestamp(0)).findings;
    assert_eq!(alone.iter().map(|f| (f.id, f.cause_of.len())).collect::<Vec<_>>(), [("host.oversize", 0)]);
    (e.loss.by_size[0].seen, e.loss.by_size[1]) = (20, SizeLoss { floor: 1408, seen: 1, missing: 20 });
    let both = judge(&e, &mut Judge::default(), Timestamp(0)).findings;
    let told: Vec<_> = both.iter().map(|f| (f.id, f.cause_of.clone())).collect();
    assert_eq!(told, [("span.size", vec![]), ("host.oversize", vec!["span.size"])]);
}

/// Of what everything is missing from nobody knows how large it was.
#[test]
fn what_is_missing_from_an_outage_has_no_size() {
    let told = |silent: bool, beside: f64| {
        let mut e = clean();
        (e.loss.by_size[0].seen, e.loss.by_size[1]) = (20, SizeLoss { floor: 1408, seen: 1, missing: 20 });
        (e.loss.all, e.loss.beside_holes) = (estimate(0.04, 0.039, 9_999), estimate(beside, 0.0, 9_999));
        e.silent = silent.then(|| Silent { times: 1, seconds: 9.0, missing: estimate(0.04, 0.03, 9).unwrap() });
        let judged = judge(&e, &mut Judge::default(), Timestamp(0));
        (judged.findings.iter().any(|f| f.id == "span.size"), judged.undecided.iter().any(|(id, _)| *id == "span.size"))
    };
    assert_eq!((told(true, 0.019), told(true, 0.021)), ((false, true), (true, false)), "half of it");
    assert_eq!(told(false, 0.0), (true, false), "without a hole");
}

/// However many holes: what is missing from them decides, where it surely is; and one finding says it.
#[test]
fn an_outage_is_as_grave_as_what_is_missing_from_it() {
    let told = |times: u64, rate: f64, low: f64, beside: f64| {
        let mut e = clean();
        let missing = Estimate { rate, low, high: 1.5 * rate, n: 40 };
        let beside = Estimate { rate: beside, low: 0.8 * beside, high: 1.2 * beside, n: 5_000 };
        e.silent = Some(Silent { times, seconds: 30.0, missing });
        e.outages =
            vec![Outage { from: Timestamp(SECOND), seconds: 30.0 / times as f64, missed: 3_000, ..Outage::default() }; times as usize];
        (e.loss.upstream, e.loss.beside_holes) = (Some(missing), Some(beside));
        let findings = judge(&e, &mut Judge::default(), Timestamp(100 * SECOND)).findings;
        findings.iter().map(|f| (f.id, f.severity)).collect::<Vec<_>>()
    };
    for times in [1, 2, 4] {
        assert_eq!(told(times, 0.05, 0.04, 0.0), [("mirror.outage", Severity::Critical)], "{times}");
        assert_eq!(told(times, 0.049, 0.04, 0.0), [("mirror.outage", Severity::Warning)], "{times}");
        assert_eq!(told(times, 0.002, 0.001, 0.0), [("mirror.outage", Severity::Warning)], "{times}");
    }
    assert_eq!(told(1, 0.3, 0.000_6, 0.0), [("mirror.outage", Severity::Critical)]);
    assert_eq!(told(1, 0.3, 0.000_4, 0.0), [("mirror.outage", Severity::Warning)], "nothing but its length says that something is missing");
    assert_eq!(told(4, 0.3, 0.000_4, 0.0), [("mirror.outage", Severity::Critical)], "four times it does");
    // What is lost beside them is another fault.
    assert_eq!(told(1, 0.3, 0.2, 0.02), [("mirror.outage", Severity::Critical), ("upstream.loss", Severity::Warning)]);
    assert_eq!(told(1, 0.3, 0.2, 0.000_6), [("mirror.outage", Severity::Critical)], "surely less than 0.05 %");
}
