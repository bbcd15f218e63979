use super::super::judge::tests::clean;
use super::super::{Evidence, Judge, judge};
use super::*;
use crate::model::evidence::{CastEvidence, ContentEvidence, CopyEvidence, CopyGap, SideEvidence};
use crate::model::{Estimate, LinkType, Timestamp};

type Change = fn(&mut Evidence);

fn of(change: impl FnOnce(&mut Evidence)) -> Trust {
    let mut e = clean();
    change(&mut e);
    let findings = judge(&e, &mut Judge::default(), Timestamp(0)).findings;
    trust(&e, &findings, &[])
}

fn part(trust: &Trust, name: &str) -> Option<u8> {
    trust.parts.iter().find(|p| p.name == name).and_then(|p| p.score)
}

#[test]
fn a_clean_mirror_is_good() {
    let trust = of(|_| ());
    assert_eq!((trust.verdict, trust.summary.as_str()), (Verdict::Good, "good"));
    assert!(trust.score.is_some_and(|s| s >= 95), "{trust:#?}");
    assert_eq!(trust.parts.len(), 6);
    for p in &trust.parts {
        assert!(p.evidence.contains("in the last 10 m 00 s") && p.evidence.chars().any(|c| c.is_ascii_digit()), "{p:?}");
    }
}

/// A direction that is late by less than what answers it takes leaves everything in its order: up to where that cannot be told is said.
#[test]
fn up_to_which_lateness_order_can_tell() {
    let said = |hidden| {
        let trust = of(|e| e.order.hidden = hidden);
        trust.parts.iter().find(|p| p.name == "order").map(|p| p.evidence.clone()).unwrap_or_default()
    };
    assert!(said([Some(0.0076), None]).contains("; requests up to 7.6 ms late would not show"), "{}", said([Some(0.0076), None]));
    assert!(said([Some(0.0076), Some(0.002)]).contains("; requests up to 7.6 ms late, answers up to 2.0 ms late would not show"));
    assert!(!said([None; 2]).contains("late"));
}

#[test]
fn verdicts() {
    use Verdict::{Bad, Doubtful, Good, Noted, Unknown};
    let cases: &[(Change, Verdict, &str)] = &[
        (|_| (), Good, "good"),
        (|e| *e = Evidence::default(), Unknown, "too little was seen to judge"),
        (|e| *e = Evidence { live: true, quiet: 60.0, seconds: 60.0, ..Evidence::default() }, Bad, "nothing arrives on this port"),
        (|e| e.casts = CastEvidence { broadcast: 100, ..CastEvidence::default() }, Bad, "not a mirror port: only broadcast arrives"),
        (|e| e.sides = SideEvidence { judged: 100, one_sided: 99, ..SideEvidence::default() }, Bad, "one direction only"),
        (
            |e| {
                let gap = Some(CopyGap { p5: 1e-6, p50: 1e-6, p95: 1e-6, p99: 1e-6 });
                e.copies = CopyEvidence { packets: 1_000, copies: 500, flows: 50, flows_affected: 50, gap, ..CopyEvidence::default() };
            },
            Bad,
            "every packet arrives twice",
        ),
        (
            |e| e.loss.switch = Some(Estimate { rate: 0.021, low: 0.02, high: 0.022, n: 50_000 }),
            Doubtful,
            "2.1 % of the traffic never reached the mirror",
        ),
        (|e| e.loss.declared_sampling = Some(10), Doubtful, "the mirror samples one packet in 10"),
        (|e| e.sizes.cut_by_capture = 20_000, Noted, "good, with one note"),
        (|e| e.loss.all = None, Unknown, "no fault found, loss cannot be told yet"),
        (|e| (e.live, e.loss.all) = (false, None), Unknown, "no fault found, loss cannot be told"),
        (|e| e.sides.judged = 19, Unknown, "no fault found, directions cannot be told yet"),
        (|e| (e.sides.judged, e.sizes.cut_by_capture) = (19, 20_000), Unknown, "directions cannot be told yet"),
        (
            |e| {
                let contents =
                    ContentEvidence { packets: 5_000, foreign_links: vec![(LinkType(239), 5_000)], ..ContentEvidence::default() };
                *e = Evidence { contents, packets: 5_000, ..Evidence::default() };
            },
            Unknown,
            "link type 239 (NFLOG) is not understood",
        ),
        (
            |e| {
                let contents = ContentEvidence { packets: 5_000, labelled: 4_000, ..ContentEvidence::default() };
                *e = Evidence { contents, packets: 5_000, ..Evidence::default() };
            },
            Unknown,
            "MPLS: what is behind the labels is neither IP nor a frame of a known type",
        ),
    ];
    for (change, verdict, summary) in cases {
        let trust = of(*change);
        assert_eq!((trust.verdict, trust.summary.as_str()), (*verdict, *summary));
        assert_eq!(Verdict::of_score(trust.score).exit_code(), verdict.exit_code(), "{trust:#?}");
    }
}

fn host(id: &'static str, verdict: Rating) -> Vec<Checklist> {
    let check = Check { id, name: "a name", found: "seen".into(), verdict, why: "", command: None };
    vec![Checklist { interface: "eth1".into(), checks: vec![check] }]
}

/// What is checked of the host is a part like the others: no good verdict beside a failed line, and no exit code that the verdict does not say.
#[test]
fn the_host_is_judged_as_well() {
    use Verdict::{Bad, Doubtful, Good, Unknown};
    let with = |e: &Evidence, id, rating| {
        let findings = judge(e, &mut Judge::default(), Timestamp(0)).findings;
        trust(e, &findings, &host(id, rating))
    };
    let expected = [(Rating::Good, Good), (Rating::Unknown, Good), (Rating::Note, Good), (Rating::Warning, Doubtful), (Rating::Fail, Bad)];
    for (rating, verdict) in expected {
        let trust = with(&clean(), "ring", rating);
        assert_eq!(trust.verdict, verdict, "{rating:?}");
        assert_eq!(Verdict::of_score(trust.score).exit_code(), verdict.exit_code(), "{trust:#?}");
        assert_eq!(trust.summary == "this host, a name: seen", verdict != Good);
    }
    let mut twice = clean();
    twice.copies = CopyEvidence { packets: 1_000, copies: 500, flows: 50, flows_affected: 50, ..CopyEvidence::default() };
    assert_eq!(with(&twice, "ring", Rating::Warning).summary, "every packet arrives twice", "the worse is told");
    assert_eq!(with(&twice, "link", Rating::Fail).verdict, Unknown, "without a link nothing is checked");
    let nothing = Evidence::default();
    assert_eq!(with(&nothing, "ring", Rating::Warning).verdict, Unknown, "no packet, no verdict");
    assert_eq!(with(&nothing, "ring", Rating::Fail).verdict, Bad);
}

/// Whatever is put together, the judgement is one.
#[test]
fn nothing_contradicts_itself() {
    let changes: &[Change] = &[
        |e| e.loss.all = Some(Estimate { rate: 0.3, low: 0.0001, high: 0.6, n: 120 }),
        |e| {
            (e.loss.all, e.loss.upstream) =
                (Some(Estimate { rate: 0.3, low: 0.2, high: 0.4, n: 900 }), Some(Estimate { rate: 0.3, low: 0.2, high: 0.4, n: 900 }))
        },
        |e| (e.order.judged, e.order.violations) = (120, 500),
        |e| (e.order.judged, e.order.violations) = (120, 4),
        |e| e.sides = SideEvidence { judged: 100, one_sided: 30, ..SideEvidence::default() },
        |e| e.sides = SideEvidence { judged: 100, one_sided: 60, concentration: 1.0, ..SideEvidence::default() },
        |e| (e.tags.flows, e.tags.one_way) = (100, 45),
        |e| (e.checksums.right, e.checksums.wrong) = (50, 40),
        |e| (e.clock.steps, e.clock.largest_step) = (3, 4.0),
        |e| e.clock.grain = 500_000,
        |e| e.loss.declared_sampling = Some(512),
        |e| (e.copies.copies, e.copies.flows_affected, e.copies.gap) = (800_000, 2_000, None),
        |e| (e.copies.copies, e.copies.kept) = (430_000, true),
        |e| e.host.lost = 400_000,
        |e| e.loss.unmatched = Some(Estimate { rate: 0.08, low: 0.06, high: 0.1, n: 500 }),
        |e| (e.loss.all, e.loss.unmatched) = (None, Some(Estimate { rate: 1.0, low: 0.9, high: 1.0, n: 34 })),
        |e| (e.copies.copies, e.copies.flows_affected) = (260_000, 0),
        |e| e.sides = SideEvidence { judged: 1_000, one_sided: 170, ..SideEvidence::default() },
        |e| e.sides = SideEvidence { judged: 1_000, one_sided: 300, concentration: 1.0, ..SideEvidence::default() },
        |e| (e.order.judged, e.order.violations) = (100_000, 970),
        |e| (e.tags.flows, e.tags.one_way) = (1_000, 70),
        |e| (e.sizes.cut_by_mirror, e.checksums.wrong) = (70_000, 130),
        |e| e.clock.grain = 990_000,
        |e| e.loss.all = Some(Estimate { rate: 0.02, low: 0.0007, high: 0.6, n: 300 }),
        |e| (e.clock.steps, e.clock.set_back) = (2, 2),
        |e| e.sizes.cut_by_mirror = 800_000,
        |e| e.transit.nested = 9,
    ];
    for (i, one) in changes.iter().enumerate() {
        for (k, other) in changes.iter().enumerate() {
            let mut e = clean();
            one(&mut e);
            other(&mut e);
            let findings = judge(&e, &mut Judge::default(), Timestamp(0)).findings;
            let trust = trust(&e, &findings, &[]);
            let grave = findings.iter().filter(|f| f.active).map(|f| f.severity).max();
            assert_eq!(trust.verdict.exit_code() == 0, trust.score.is_some_and(|s| s >= Verdict::DOUBTFUL_BELOW), "{i} {k}: {trust:#?}");
            assert!(trust.verdict.exit_code() != 0 || grave <= Some(Severity::Note), "{i} {k}: {trust:#?}");
            for part in trust.parts.iter().filter(|p| p.score.is_some_and(|s| s < Verdict::DOUBTFUL_BELOW)) {
                let named = |f: &Finding| {
                    f.active && f.severity > Severity::Note && super::super::aspect(f.id).is_some_and(|a| a.token() == part.name)
                };
                assert!(findings.iter().any(named), "{i} {k}: {part:?}");
            }
        }
    }
}

#[test]
fn the_least_part_is_the_score() {
    let loss = Some(Estimate { rate: 0.06, low: 0.049, high: 0.07, n: 50_000 });
    let trust = of(|e| (e.loss.all, e.loss.upstream) = (loss, loss));
    assert_eq!((part(&trust, "completeness"), trust.score), (Some(48), Some(48)));
    // What surely is missing is a score, though more than that may be.
    let little = |rate, low| Some(Estimate { rate, low, high: 0.0174, n: 19_611 });
    let verdict = |loss: Option<Estimate>| of(|e| (e.loss.all, e.loss.upstream) = (loss, loss)).verdict;
    let told = [(0.004, 0.000_4), (0.004, 0.000_6), (0.0075, 0.0063), (0.0099, 0.009), (0.01, 0.009)]
        .map(|(rate, low)| verdict(little(rate, low)));
    assert_eq!(told, [Verdict::Unknown, Verdict::Noted, Verdict::Noted, Verdict::Noted, Verdict::Doubtful]);
    let trust = of(|e| e.clock.grain = 1_000_000);
    assert_eq!((part(&trust, "timing"), trust.score), (Some(60), Some(60)));
    let trust = of(|e| e.order.violations = 1_000);
    assert_eq!(part(&trust, "order"), Some(75));
    let trust = of(|e| e.sizes.cut_by_mirror = 99_000);
    assert_eq!(part(&trust, "fidelity"), Some(70));
}

#[test]
fn too_little_is_no_score() {
    let trust = of(|e| *e = Evidence::default());
    assert_eq!(trust.score, None);
    assert!(trust.parts.iter().all(|p| p.score.is_none() && p.evidence.starts_with("cannot tell: ")), "{trust:#?}");
    let trust = of(|e| e.sides = SideEvidence { judged: 100, one_sided: 99, ..SideEvidence::default() });
    assert_eq!((part(&trust, "completeness"), part(&trust, "order")), (None, None), "one direction cannot tell loss");
}

#[test]
fn no_good_score_without_looking_at_everything() {
    let trust = of(|e| e.sides = SideEvidence { judged: 19, one_sided: 1, ..SideEvidence::default() });
    assert_eq!((part(&trust, "coverage"), trust.score), (None, None), "{trust:#?}");
    let trust = of(|e| e.loss.all = None);
    assert_eq!((part(&trust, "completeness"), trust.score), (None, None));
    // Without TCP the answers that lack their question tell, unless so many do that something else is the matter.
    let lone = |rate, n| of(|e| (e.loss.all, e.loss.unmatched) = (None, Some(Estimate { rate, low: rate, high: rate, n }))).parts[0].score;
    assert_eq!([lone(0.0, 100), lone(0.01, 100), lone(0.01, 99), lone(0.5, 100)], [Some(100), Some(79), None, None]);
    let trust = of(|e| {
        e.sides = SideEvidence { judged: 3, ..SideEvidence::default() };
        e.order.violations = 10_000;
    });
    assert_eq!(trust.score, Some(60), "what is doubtful is doubtful, whatever else is not known");
    let trust = of(|e| e.sides = SideEvidence { judged: 17, one_sided: 17, ..SideEvidence::default() });
    assert_eq!((part(&trust, "coverage"), trust.summary.as_str()), (Some(10), "one direction only"));
}

#[test]
fn lines_through_points() {
    assert_eq!([0.0, 0.0005, 0.001, 0.05, 1.0, 7.0, f64::NAN].map(|x| through(LOSS, x)), [100, 98, 95, 50, 0, 0, 100]);
    for points in [LOSS, COPIES, ORDER, CHANGED, GRAIN, SIDES] {
        assert!(points.windows(2).all(|p| p[0].0 < p[1].0 && p[0].1 >= p[1].1), "more is never better");
    }
}

#[test]
fn abbreviations_keep_their_case_within_a_sentence() {
    let within = ["VLAN tags in one direction only", "IPv6 is not mirrored", "Every packet arrives twice", "A port is full", "", "É"];
    let told = ["VLAN tags in one direction only", "IPv6 is not mirrored", "every packet arrives twice", "a port is full", "", "é"];
    assert_eq!(within.map(lower), told);
}
