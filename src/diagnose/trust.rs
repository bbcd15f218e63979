//! Can the mirror be believed: six parts, and their minimum. A mean would let five good parts hide one that spoils everything.

use super::detector::Need;
use super::evidence::{Evidence, share};
use crate::model::units::{duration, grouped, percent};
use crate::model::{Finding, Severity, Trust, TrustPart};

/// A score from here on says that nothing is wrong, which wants more evidence than a lower one.
const GOOD: u8 = 80;

/// Loss: below 0.1 % good, 1 % usable, 5 % partial, then volumes are not to be believed.
const LOSS: &[(f64, f64)] = &[(0.0, 100.0), (0.001, 95.0), (0.01, 80.0), (0.05, 50.0), (0.2, 20.0), (1.0, 0.0)];

/// Copies are left out of the analysis, so half of everything costs trust but does not end it.
const COPIES: &[(f64, f64)] = &[(0.0, 100.0), (0.01, 95.0), (0.05, 80.0), (0.5, 50.0), (1.0, 20.0)];

/// Answers before their cause.
const ORDER: &[(f64, f64)] = &[(0.0, 100.0), (0.001, 95.0), (0.01, 75.0), (0.1, 40.0), (1.0, 10.0)];

/// Packets not as they were on the wire.
const CHANGED: &[(f64, f64)] = &[(0.0, 100.0), (0.01, 95.0), (0.1, 70.0), (1.0, 40.0)];

/// Grain of the clock in seconds: bursts of 1 ms need 100 µs.
const GRAIN: &[(f64, f64)] = &[(0.0, 100.0), (0.000_01, 100.0), (0.000_1, 85.0), (0.001, 60.0), (0.1, 20.0), (1.0, 0.0)];

/// One-sided conversations.
const SIDES: &[(f64, f64)] = &[(0.0, 100.0), (0.02, 95.0), (0.1, 85.0), (0.5, 50.0), (1.0, 10.0)];

/// The value of a line through points (ascending), at `x`.
fn through(points: &[(f64, f64)], x: f64) -> u8 {
    let x = if x.is_finite() { x.max(0.0) } else { 0.0 };
    let last = points.last().map_or(0.0, |p| p.1);
    let y = points.windows(2).find_map(|pair| match pair {
        [(x0, y0), (x1, y1)] if x <= *x1 => Some(y0 + (y1 - y0) * (x - x0) / (x1 - x0)),
        _ => None,
    });
    y.unwrap_or(last).round().clamp(0.0, 100.0) as u8
}

type Scored = (Option<u8>, String);

fn unknown(text: impl std::fmt::Display) -> Scored {
    (None, format!("cannot tell: {text}"))
}

/// Sums the mirror up. `findings` are those of [`super::judge`] on the same evidence.
pub fn trust(e: &Evidence, findings: &[Finding]) -> Trust {
    let parts: Vec<TrustPart> = [
        ("completeness", completeness(e)),
        ("uniqueness", uniqueness(e)),
        ("order", order(e)),
        ("fidelity", fidelity(e)),
        ("timing", timing(e)),
        ("coverage", coverage(e, findings)),
    ]
    .into_iter()
    .map(|(name, (score, text))| TrustPart { name, score, evidence: format!("{text}, in {}", duration(e.seconds)) })
    .collect();
    let told = |name| parts.iter().any(|p| p.name == name && p.score.is_some());
    let all = told("completeness") && told("coverage");
    let score = parts.iter().filter_map(|p| p.score).min().filter(|score| all || *score < GOOD);
    let verdict = verdict(e, findings, &parts);
    Trust { score, verdict, parts }
}

fn completeness(e: &Evidence) -> Scored {
    if let Some(n) = e.loss.declared_sampling.filter(|n| *n > 1) {
        return (Some(through(LOSS, 1.0 - 1.0 / f64::from(n))), format!("the mirror samples one packet in {n}"));
    }
    let host = e.loss.host.map_or_else(|| share(e.host.lost, e.packets.saturating_add(e.host.lost)), |h| h.rate);
    let path = e.loss.path.filter(|p| p.n >= 100).map_or(0.0, |p| p.rate);
    let known = host.max(path);
    let complaint = [Need::BothDirections, Need::Unique].iter().find_map(|n| n.check(e).err());
    let tcp = e.loss.all.filter(|a| a.n >= 100 && complaint.is_none());
    let single = e.loss.orphans_alone().filter(|_| complaint.is_none());
    match (tcp, single) {
        (Some(all), _) => {
            let text = format!(
                "{} of acknowledged data never seen ({} to {}, n {} segments), {} lost here",
                percent(all.rate),
                percent(all.low),
                percent(all.high),
                grouped(all.n),
                percent(host)
            );
            (Some(through(LOSS, all.rate.max(known))), text)
        }
        (None, _) if known > 0.0 => {
            (Some(through(LOSS, known)), format!("{} lost here, {} on the path; the switch cannot be told", percent(host), percent(path)))
        }
        (None, Some(single)) => {
            let text = format!(
                "{} of answers without their question ({} to {}, n {}); too little TCP to tell more",
                percent(single.rate),
                percent(single.low),
                percent(single.high),
                grouped(single.n)
            );
            // The witness is thin: what is sure counts.
            (Some(through(LOSS, single.low)), text)
        }
        (None, None) => {
            unknown(complaint.unwrap_or_else(|| format!("{} of 100 acknowledged segments", grouped(e.loss.all.map_or(0, |a| a.n)))))
        }
    }
}

fn uniqueness(e: &Evidence) -> Scored {
    let copies = &e.copies;
    if copies.packets < 400 {
        return unknown(format!("{} of 400 packets", grouped(copies.packets)));
    }
    (Some(through(COPIES, copies.share())), format!("{} of {} packets are copies", percent(copies.share()), grouped(copies.packets)))
}

fn order(e: &Evidence) -> Scored {
    let order = &e.order;
    if let Some(complaint) = [Need::BothDirections, Need::SteadyClock].iter().find_map(|n| n.check(e).err()) {
        return unknown(complaint);
    }
    if order.judged < 100 {
        return unknown(format!("{} of 100 pairs of cause and effect", grouped(order.judged)));
    }
    let rate = share(order.violations, order.judged);
    (Some(through(ORDER, rate)), format!("{} of {} answers before their cause", percent(rate), grouped(order.judged)))
}

fn fidelity(e: &Evidence) -> Scored {
    if e.sizes.packets < 100 {
        return unknown(format!("{} of 100 IP packets", grouped(e.sizes.packets)));
    }
    let cut = share(e.sizes.cut_by_mirror, e.sizes.packets);
    let merged = e.sizes.merged();
    let wrong = share(e.checksums.wrong, e.checksums.all());
    let tags = if e.tags.flows >= 20 { share(e.tags.one_way, e.tags.flows) } else { 0.0 };
    let worst = cut.max(merged).max(tags).max(10.0 * wrong);
    let text = format!(
        "{} cut, {} merged, {} with tags one way, {} of {} checksums wrong (n {} packets)",
        percent(cut),
        percent(merged),
        percent(tags),
        grouped(e.checksums.wrong),
        grouped(e.checksums.all()),
        grouped(e.sizes.packets)
    );
    (Some(through(CHANGED, worst)), text)
}

fn timing(e: &Evidence) -> Scored {
    let clock = &e.clock;
    if clock.differences < 100 {
        return unknown(format!("{} of 100 differences between time stamps", grouped(clock.differences)));
    }
    let grain = clock.grain as f64 / 1e9;
    let score = through(GRAIN, grain);
    let score = if clock.steps > 0 { score.min(60) } else { score };
    (Some(score), format!("grain {}, {} steps back (n {})", duration(grain), grouped(clock.steps), grouped(clock.differences)))
}

fn coverage(e: &Evidence, findings: &[Finding]) -> Scored {
    if let Some(finding) = active(findings).find(|f| matches!(f.id, "mirror.none" | "mirror.silent")) {
        return (Some(0), finding.title.clone());
    }
    if e.sides.judged < 20 && !e.sides.is_half(false) {
        return unknown(format!("{} of 20 TCP conversations with five packets from one side", grouped(e.sides.judged)));
    }
    let mut score = through(SIDES, e.sides.share());
    let mut text = format!("{} of {} conversations show one direction only", grouped(e.sides.one_sided), grouped(e.sides.judged));
    for (id, most) in [("mirror.outage", 60), ("vlan.stripped", 80), ("cpu.blind", 95)] {
        if let Some(finding) = active(findings).find(|f| f.id == id) {
            score = score.min(most);
            text = format!("{text}; {}", finding.title);
        }
    }
    (Some(score), text)
}

fn active(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|f| f.active)
}

/// The worst finding in a few words, or what can be said without any.
fn verdict(e: &Evidence, findings: &[Finding], parts: &[TrustPart]) -> String {
    let worst = active(findings).filter(|f| f.severity > Severity::Note).max_by(|a, b| {
        // Of equally grave ones the first listed.
        a.severity.cmp(&b.severity).then(std::cmp::Ordering::Greater)
    });
    if let Some(finding) = worst {
        return short(e, finding);
    }
    let told = |name| parts.iter().any(|p| p.name == name && p.score.is_some());
    let notes = active(findings).count();
    match (told("completeness"), told("coverage"), notes) {
        (true, true, 0) => "good".into(),
        (true, true, 1) => "good, with one note".into(),
        (true, true, n) => format!("good, with {n} notes"),
        (true, false, 0) => "no fault found, directions cannot be told yet".into(),
        (true, false, _) => "directions cannot be told yet".into(),
        (false, true, 0) => "no fault found, loss cannot be told yet".into(),
        (false, true, _) => "loss cannot be told yet".into(),
        (false, false, _) => "cannot tell yet".into(),
    }
}

fn short(e: &Evidence, finding: &Finding) -> String {
    let lost = |rate: Option<crate::model::Estimate>| percent(rate.map_or(0.0, |r| r.rate));
    match finding.id {
        "dir.half" => "one direction only".into(),
        "switch.loss" => format!("{} of the traffic never reached the mirror", lost(e.loss.switch)),
        "upstream.loss" => format!("{} of the traffic never reached this host", lost(e.loss.upstream)),
        "path.loss" => format!("{} of the copies lost on the way", lost(e.loss.path)),
        _ => {
            let mut chars = finding.title.chars();
            chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
        }
    }
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
