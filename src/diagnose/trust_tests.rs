use super::super::judge::tests::clean;
use super::super::{Casts, Copies, Evidence, Gap, Judge, Sides, judge};
use super::*;
use crate::model::{Estimate, Timestamp};

type Change = fn(&mut Evidence);

fn of(change: impl FnOnce(&mut Evidence)) -> Trust {
    let mut e = clean();
    change(&mut e);
    let findings = judge(&e, &mut Judge::default(), Timestamp(0)).findings;
    trust(&e, &findings)
}

fn part(trust: &Trust, name: &str) -> Option<u8> {
    trust.parts.iter().find(|p| p.name == name).and_then(|p| p.score)
}

#[test]
fn a_clean_mirror_is_good() {
    let trust = of(|_| ());
    assert_eq!(trust.verdict, "good");
    assert!(trust.score.is_some_and(|s| s >= 95), "{trust:#?}");
    assert_eq!(trust.parts.len(), 6);
    for p in &trust.parts {
        assert!(p.evidence.contains("in 10 m 00 s") && p.evidence.chars().any(|c| c.is_ascii_digit()), "{p:?}");
    }
}

#[test]
fn verdicts() {
    let cases: &[(Change, &str)] = &[
        (|e| *e = Evidence::default(), "cannot tell yet"),
        (|e| *e = Evidence { live: true, quiet: 60.0, seconds: 60.0, ..Evidence::default() }, "nothing arrives on this port"),
        (|e| e.casts = Casts { broadcast: 100, ..Casts::default() }, "not a mirror port: only broadcast arrives"),
        (|e| e.sides = Sides { judged: 100, one_sided: 99, ..Sides::default() }, "one direction only"),
        (
            |e| {
                let gap = Some(Gap { p5: 1e-6, p50: 1e-6, p95: 1e-6, p99: 1e-6 });
                e.copies = Copies { packets: 1_000, copies: 500, flows: 50, flows_affected: 50, gap, ..Copies::default() };
            },
            "every packet arrives twice",
        ),
        (
            |e| e.loss.switch = Some(Estimate { rate: 0.021, low: 0.02, high: 0.022, n: 50_000 }),
            "2.1 % of the traffic never reached the mirror",
        ),
        (|e| e.sizes.cut_by_capture = 20_000, "good, with one note"),
        (|e| e.loss.all = None, "no fault found, loss cannot be told yet"),
        (|e| e.sides.judged = 19, "no fault found, directions cannot be told yet"),
        (|e| (e.sides.judged, e.sizes.cut_by_capture) = (19, 20_000), "directions cannot be told yet"),
    ];
    for (change, want) in cases {
        assert_eq!(of(*change).verdict, *want);
    }
}

#[test]
fn the_least_part_is_the_score() {
    let trust = of(|e| e.loss.all = Some(Estimate { rate: 0.05, low: 0.049, high: 0.051, n: 50_000 }));
    assert_eq!((part(&trust, "completeness"), trust.score), (Some(50), Some(50)));
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
    let trust = of(|e| e.sides = Sides { judged: 100, one_sided: 99, ..Sides::default() });
    assert_eq!((part(&trust, "completeness"), part(&trust, "order")), (None, None), "one direction cannot tell loss");
}

#[test]
fn no_good_score_without_looking_at_everything() {
    let trust = of(|e| e.sides = Sides { judged: 19, one_sided: 1, ..Sides::default() });
    assert_eq!((part(&trust, "coverage"), trust.score), (None, None), "{trust:#?}");
    let trust = of(|e| e.loss.all = None);
    assert_eq!((part(&trust, "completeness"), trust.score), (None, None));
    // Without TCP the answers that lack their question tell, unless so many do that something else is the matter.
    let lone = |rate, n| of(|e| (e.loss.all, e.loss.unmatched) = (None, Some(Estimate { rate, low: rate, high: rate, n }))).parts[0].score;
    assert_eq!([lone(0.0, 100), lone(0.01, 100), lone(0.01, 99), lone(0.5, 100)], [Some(100), Some(80), None, None]);
    let trust = of(|e| {
        e.sides = Sides { judged: 3, ..Sides::default() };
        e.order.violations = 10_000;
    });
    assert_eq!(trust.score, Some(40), "what is bad is bad");
    let trust = of(|e| e.sides = Sides { judged: 17, one_sided: 17, ..Sides::default() });
    assert_eq!((part(&trust, "coverage"), trust.verdict.as_str()), (Some(10), "one direction only"));
}

#[test]
fn lines_through_points() {
    assert_eq!([0.0, 0.0005, 0.001, 0.05, 1.0, 7.0, f64::NAN].map(|x| through(LOSS, x)), [100, 98, 95, 50, 0, 0, 100]);
    for points in [LOSS, COPIES, ORDER, CHANGED, GRAIN, SIDES] {
        assert!(points.windows(2).all(|p| p[0].0 < p[1].0 && p[0].1 >= p[1].1), "more is never better");
    }
}
