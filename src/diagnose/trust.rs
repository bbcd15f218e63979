//! Can the mirror be believed: its parts, and their minimum. A mean would let five good parts hide one that spoils everything.

use super::detector::{Need, completeness as completeness_of, orphans_alone};
use super::evidence::Evidence;
use super::findings::contents;
use super::findings::loss::GRAVE;
use crate::model::evidence::{COPY_REACH, HALF, share};
use crate::model::host::{Check, Checklist, Rating};
use crate::model::units::{duration, grouped, percent};
use crate::model::{Aspect, Finding, Severity, Trust, TrustPart, Value, Verdict, wilson};

/// Loss: below 0.1 % good, 1 % usable, 5 % partial, then volumes are not to be believed.
const LOSS: &[(f64, f64)] = &[(0.0, 100.0), (0.001, 95.0), (0.01, 80.0), (0.05, 50.0), (0.2, 20.0), (1.0, 0.0)];

/// Copies are left out of the analysis, so half of everything costs trust but does not end it.
const COPIES: &[(f64, f64)] = &[(0.0, 100.0), (0.01, 95.0), (0.05, 80.0), (0.5, 50.0), (1.0, 20.0)];

/// Answers before their cause: from 1 % on times of one side say nothing.
const ORDER: &[(f64, f64)] = &[(0.0, 100.0), (0.001, 95.0), (0.009_9, 80.0), (0.01, 75.0), (0.1, 40.0), (1.0, 10.0)];

/// Packets not as they were on the wire.
const CHANGED: &[(f64, f64)] = &[(0.0, 100.0), (0.01, 95.0), (0.1, 70.0), (1.0, 40.0)];

/// Grain of the clock in seconds: bursts of 1 ms need 100 µs, and with a grain of 1 ms there are none.
const GRAIN: &[(f64, f64)] = &[(0.0, 100.0), (0.000_01, 100.0), (0.000_1, 85.0), (0.000_99, 80.0), (0.001, 60.0), (0.1, 20.0), (1.0, 0.0)];

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

/// Sums the mirror up: one judgement, from which score, verdict, exit code and signs follow. `findings` are those of [`super::judge()`] on the
/// same evidence, `host` what was checked of this host.
///
/// The numbers of a part order it among others of its kind; how grave it is says the worst finding that takes from it. No part is low without a
/// finding that names why, for where none does one about the part itself is raised (`low.completeness` and its kin); and no finding stands
/// beside a part that looks better.
pub fn trust(e: &Evidence, findings: &[Finding], host: &[Checklist]) -> Trust {
    let mut parts: Vec<TrustPart> = Vec::new();
    let mut graves: Vec<Option<Severity>> = Vec::new();
    for aspect in Aspect::ALL {
        let (score, text) = match aspect {
            Aspect::Host if host.is_empty() => continue,
            Aspect::Host => checked(host),
            _ => measured(aspect, e, findings),
        };
        let worst = worst(e, findings, aspect);
        let grave = worst.map(|f| f.severity).max((aspect == Aspect::Host).then(|| grave(worst_check(host).map(|c| c.verdict))).flatten());
        let bounded = bounded(score, grave);
        let named = worst.filter(|f| bounded != score && f.severity > Severity::Note && !text.contains(&f.title));
        let text = named.map_or(text.clone(), |f| format!("{text}; {}", f.title));
        graves.push(grave);
        parts.push(TrustPart { name: aspect.token(), score: bounded, evidence: of_when(text, e) });
    }
    let told = |aspect: Aspect| parts.iter().any(|p| p.name == aspect.token() && p.score.is_some());
    let all = told(Aspect::Completeness) && told(Aspect::Coverage);
    let grave = graves.into_iter().flatten().max();
    let verdict = match grave {
        _ if unlinked(host) => Verdict::Unknown,
        Some(Severity::Critical) => Verdict::Bad,
        // This host alone makes no verdict on a mirror that showed nothing.
        Some(Severity::Warning) if e.packets > 0 || worst_of_all(findings).is_some() => Verdict::Doubtful,
        _ if !all => Verdict::Unknown,
        Some(_) => Verdict::Noted,
        None => Verdict::Good,
    };
    let score = parts.iter().filter_map(|p| p.score).min().filter(|_| verdict != Verdict::Unknown);
    let summary = summary(e, findings, host, verdict, &told);
    Trust { verdict, score, summary, parts }
}

/// With the time that it is of: of a live port the last of it.
pub(super) fn of_when(text: String, e: &Evidence) -> String {
    let last = if e.goes_on() { "the last " } else { "" };
    if e.seconds > 0.0 { format!("{text}, in {last}{}", duration(e.seconds)) } else { text }
}

/// The score of a part as it was measured, and what it rests on. Of the host nothing is measured here.
pub(super) fn measured(aspect: Aspect, e: &Evidence, findings: &[Finding]) -> Scored {
    match aspect {
        Aspect::Completeness => completeness(e),
        Aspect::Uniqueness => uniqueness(e),
        Aspect::Order => order(e),
        Aspect::Fidelity => fidelity(e),
        Aspect::Timing => timing(e),
        Aspect::Coverage => coverage(e, findings),
        Aspect::Host => unknown("its checklist says it"),
    }
}

/// A score within what its gravest finding leaves of it.
fn bounded(score: Option<u8>, grave: Option<Severity>) -> Option<u8> {
    const WORST_GOOD: u8 = Verdict::DOUBTFUL_BELOW;
    match grave {
        None | Some(Severity::Note) => score,
        Some(Severity::Warning) => Some(score.map_or(WORST_GOOD - 1, |s| s.clamp(Verdict::BAD_BELOW, WORST_GOOD - 1))),
        Some(Severity::Critical) => Some(score.map_or(Verdict::BAD_BELOW - 1, |s| s.min(Verdict::BAD_BELOW - 1))),
    }
}

/// The gravest active finding that takes from a part; of equally grave ones the first listed.
fn worst<'a>(e: &Evidence, findings: &'a [Finding], part: Aspect) -> Option<&'a Finding> {
    gravest(active(findings).filter(|f| super::takes_from(f.id, part, e)))
}

/// The gravest active finding that is more than a note and takes from trust.
fn worst_of_all(findings: &[Finding]) -> Option<&Finding> {
    gravest(active(findings).filter(|f| f.severity > Severity::Note && super::aspect(f.id).is_some()))
}

fn gravest<'a>(findings: impl Iterator<Item = &'a Finding>) -> Option<&'a Finding> {
    findings.reduce(|worst, f| if f.severity > worst.severity { f } else { worst })
}

fn worst_check(host: &[Checklist]) -> Option<&Check> {
    let checks = host.iter().flat_map(|list| &list.checks).filter(|c| c.verdict >= Rating::Warning);
    checks.reduce(|worst, c| if c.verdict > worst.verdict { c } else { worst })
}

fn grave(rating: Option<Rating>) -> Option<Severity> {
    match rating? {
        Rating::Fail => Some(Severity::Critical),
        Rating::Warning => Some(Severity::Warning),
        Rating::Note | Rating::Unknown | Rating::Good => None,
    }
}

/// Whether a port has no link, so that nothing can be checked.
fn unlinked(host: &[Checklist]) -> bool {
    host.iter().flat_map(|list| &list.checks).any(|c| c.id == LINK && c.verdict == Rating::Fail)
}

/// The line of the checklist about the link.
const LINK: &str = "link";

fn checked(host: &[Checklist]) -> Scored {
    let lines = || host.iter().flat_map(|list| &list.checks);
    let count = |wanted: Rating| lines().filter(|check| check.verdict == wanted).count() as u64;
    let text = || {
        let (good, notes, unknown) = (count(Rating::Good), count(Rating::Note), count(Rating::Unknown));
        let told = |n: u64, words: &str| if n == 0 { String::new() } else { format!(", {} {words}", grouped(n)) };
        let all = grouped(lines().count() as u64);
        format!(
            "{} of {all} lines of its checklist are as they should be{}{}",
            grouped(good),
            told(notes, "with a note"),
            told(unknown, "cannot be told")
        )
    };
    (Some(100), worst_check(host).map_or_else(text, said))
}

/// A line of the checklist in a few words.
fn said(check: &Check) -> String {
    format!("this host, {}: {}", check.name, check.found)
}

fn completeness(e: &Evidence) -> Scored {
    // What nobody knows to be missing is not there either.
    let undecided = e.undecided_silence();
    if undecided >= GRAVE * e.seconds && undecided > 0.0 {
        return unknown(format!(
            "nothing arrived in {} of {}, and whether anything was sent is not known",
            duration(undecided),
            duration(e.seconds)
        ));
    }
    completeness_of(e).map_or_else(unknown, |known| (Some(through(LOSS, known.missing)), known.text))
}

fn uniqueness(e: &Evidence) -> Scored {
    let copies = &e.copies;
    if copies.packets < 400 {
        return unknown(format!("{} of 400 packets", grouped(copies.packets)));
    }
    if copies.untold > copies.packets {
        let all = copies.packets.saturating_add(copies.untold);
        return unknown(format!("{} of the packets are cut before what tells them apart", percent(share(copies.untold, all))));
    }
    if let Some(repeats) = copies.untold_repeats.as_ref().filter(|_| copies.times < 2) {
        let part = percent(share(repeats.again, repeats.seen));
        let after = duration(repeats.seconds);
        return unknown(format!(
            "{part} of the {} come again about {after} later, and nothing tells whether the mirror or their sender repeats them",
            repeats.what
        ));
    }
    let mut text = format!(
        "{} of {} packets are copies up to {} apart",
        percent(copies.share()),
        grouped(copies.packets),
        duration(COPY_REACH as f64 / 1e9)
    );
    let late = copies.late().map_or(0.0, |late| {
        text.push_str(&format!("; {} come again {} later", percent(late.share()), duration(late.gap.p50)));
        // Of what arrives, not of what was sent.
        late.share() / (1.0 + late.share())
    });
    (Some(through(COPIES, copies.share().max(late))), text)
}

fn order(e: &Evidence) -> Scored {
    let order = &e.order;
    if let Some(complaint) = [Need::BothDirections, Need::SteadyClock, Need::Unsampled].iter().find_map(|n| n.check(e).err()) {
        return unknown(complaint);
    }
    if !order.is_enough() {
        return unknown(format!("{} of 100 pairs of cause and effect", grouped(order.judged)));
    }
    let rate = order.rate();
    let text = format!("{} of {} answers before their cause{}", percent(rate), grouped(order.judged), unseen(order.hidden));
    match e.clock.turned() {
        Some(turned) => {
            let stamps = format!("{} of the packets are stamped before the one that they follow", percent(turned));
            (Some(through(ORDER, rate.max(turned))), format!("{stamps}; {text}"))
        }
        None => (Some(through(ORDER, rate)), text),
    }
}

/// Up to which lateness nothing comes before its cause: whoever is slower to answer than a direction is late hides it.
fn unseen([requests, answers]: [Option<f64>; 2]) -> String {
    let parts = [("requests", requests), ("answers", answers)].into_iter().filter_map(|(what, seconds)| Some((what, seconds?)));
    let parts: Vec<String> = parts.map(|(what, seconds)| format!("{what} up to {} late", duration(seconds))).collect();
    if parts.is_empty() { String::new() } else { format!("; {} would not show", parts.join(", ")) }
}

fn fidelity(e: &Evidence) -> Scored {
    if e.sizes.packets < 100 {
        return unknown(format!("{} of 100 IP packets", grouped(e.sizes.packets)));
    }
    let cut = share(e.sizes.cut_by_mirror, e.sizes.packets);
    let merged = if e.sizes.segments >= 100 { e.sizes.merged() } else { 0.0 };
    let wrong = if e.checksums.all() > 0 { wilson(e.checksums.wrong, e.checksums.all()).low } else { 0.0 };
    let tags = if e.tags.flows >= 20 { share(e.tags.one_way, e.tags.flows) } else { 0.0 };
    let worst = cut.max(merged).max(tags).max(10.0 * wrong);
    // What the capture cut is no change by the mirror, and is said where there is any.
    let by_capture = match e.sizes.cut_by_capture {
        0 => String::new(),
        n => format!(" by the mirror and {} by the capture", percent(share(n, e.sizes.packets))),
    };
    let text = format!(
        "{} cut{by_capture}, {} merged, {} with tags one way, {} of {} checksums wrong (n {} packets)",
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
    if !clock.is_enough() {
        return unknown(format!("{} of 100 differences between time stamps", grouped(clock.differences)));
    }
    let grain = clock.grain as f64 / 1e9;
    if clock.is_beat {
        return unknown(format!("packets come on an even beat of {}", duration(grain)));
    }
    (
        Some(through(GRAIN, grain)),
        format!("clock resolution {}, {} steps back (n {})", duration(grain), grouped(clock.steps), grouped(clock.differences)),
    )
}

/// Packets of conversations that show both directions, and their share of all, from which on few conversations are enough.
const CARRIED: u64 = 1_000;
const MOSTLY: f64 = 0.8;

fn coverage(e: &Evidence, findings: &[Finding]) -> Scored {
    let nothing = |f: &&Finding| matches!(f.id, "mirror.none" | "mirror.silent") && f.severity == Severity::Critical;
    if let Some(finding) = active(findings).find(nothing) {
        return (Some(0), finding.title.clone());
    }
    if let Err(complaint) = Need::Undivided.check(e) {
        return unknown(complaint);
    }
    // Few that carry nearly everything, and all of which show both directions, are as good as many: one that was not mirrored would lack in each.
    let carry = e.sides.answered_packets.min(e.packets);
    let are_whole = e.sides.one_sided == 0 && carry >= CARRIED && share(carry, e.packets) >= MOSTLY;
    if e.sides.judged < 20 && !are_whole && !e.sides.is_half(false) {
        return unknown(format!("{} of 20 conversations with five packets from one side", grouped(e.sides.judged)));
    }
    let away: f64 = e.host.away.iter().map(|a| a.absence.seconds()).sum();
    let away = if e.host.away.is_empty() { String::new() } else { format!("; the port was away for {}", duration(away)) };
    let text = match e.sides.judged {
        0 if are_whole => {
            format!("{} of the packets are of conversations that show both directions{away}", percent(share(carry, e.packets)))
        }
        _ => e.sides.one_sided() + &away,
    };
    if let Some(all) = e.loss.all.filter(|all| all.rate >= GRAVE && !e.sides.is_half(false)) {
        return unknown(format!("{} of the data is missing, of which one-sided conversations may come", percent(all.rate)));
    }
    // What is sure counts, until it is one direction that is mirrored.
    let surely = if e.sides.is_half(false) { e.sides.share() } else { wilson(e.sides.one_sided, e.sides.judged).low };
    let score = through(SIDES, surely);
    if e.sides.is_routing() && e.sides.share() <= HALF {
        // The mirror carries what it should: their answers do not come by here (`route.asym`).
        return (Some(score.max(Verdict::DOUBTFUL_BELOW)), format!("{text}, all of them of a few hosts"));
    }
    (Some(score), text)
}

fn active(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|f| f.active)
}

/// The verdict in a few words: the worst that is wrong, or what can be said without any.
fn summary(e: &Evidence, findings: &[Finding], host: &[Checklist], verdict: Verdict, told: &dyn Fn(Aspect) -> bool) -> String {
    let notes = active(findings).filter(|f| super::aspect(f.id).is_some()).count();
    match verdict {
        Verdict::Bad | Verdict::Doubtful => match (worst_of_all(findings), worst_check(host)) {
            (Some(finding), Some(check)) if grave(Some(check.verdict)) > Some(finding.severity) => said(check),
            (Some(finding), _) => short(e, finding),
            (None, check) => check.map_or_else(String::new, said),
        },
        Verdict::Good => "good".into(),
        Verdict::Noted if notes == 1 => "good, with one note".into(),
        Verdict::Noted => format!("good, with {notes} notes"),
        Verdict::Unknown if unlinked(host) => "the port has no link".into(),
        Verdict::Unknown => undecided(e, findings, told),
    }
}

/// Why nothing can be told.
fn undecided(e: &Evidence, findings: &[Finding], told: &dyn Fn(Aspect) -> bool) -> String {
    let fault = if active(findings).next().is_some() { "" } else { "no fault found, " };
    // Of a file nothing more comes.
    let yet = if e.live { " yet" } else { "" };
    if let Err(complaint) = Need::Undivided.check(e) {
        return complaint;
    }
    let one_sided = Some(e.sides.judged).filter(|all| *all > 0 && e.sides.one_sided == *all);
    match (told(Aspect::Completeness), told(Aspect::Coverage)) {
        (true, _) if let Some(all) = one_sided => format!("too few conversations to judge: {} that show one direction only", grouped(all)),
        (true, _) => format!("{fault}directions cannot be told{yet}"),
        (false, true) => format!("{fault}loss cannot be told{yet}"),
        (false, false) => {
            let none = || active(findings).find(|f| f.id == "mirror.none").map(|f| lower(&f.title));
            let instead = || contents::instead(&e.contents);
            let lacking = || one_way(e).or_else(|| contents::lacking(&e.contents));
            let told = headless(e).or_else(instead).or_else(lacking).or_else(none).or_else(|| few(e));
            told.unwrap_or_else(|| "too little was seen to judge".into())
        }
    }
}

/// Where most packets are cut before anything tells whose they are.
fn headless(e: &Evidence) -> Option<String> {
    let part = share(e.sizes.headless, e.sizes.packets);
    // What is no frame has no headers that could have been cut.
    let is_so = e.packets >= MANY && part > 0.5 && e.contents.labelled.saturating_mul(2) <= e.contents.packets;
    is_so.then(|| format!("{} of the packets are cut before their TCP or UDP header", percent(part)))
}

/// Where every station only sends or only receives, why that says nothing.
fn one_way(e: &Evidence) -> Option<String> {
    let is_so = e.sides.is_one_way() && e.packets >= MANY;
    is_so.then(|| "no station both sends and receives: one direction only, or senders that no one answers".to_owned())
}

/// Why so many packets tell nothing; `None` where they are few.
fn few(e: &Evidence) -> Option<String> {
    let sides = &e.sides;
    if e.packets < MANY {
        return None;
    }
    if e.copies.untold > e.copies.packets || sides.judged == 0 && Need::Whole.check(e).is_err() {
        return Some("packets are cut before what could tell of directions and loss".into());
    }
    match (sides.judged, sides.one_sided) {
        (0, _) => Some("no conversation is long enough to tell of directions and loss".into()),
        (all, one_sided) if all == one_sided => {
            Some(format!("too few conversations to judge: {} that show one direction only", grouped(all)))
        }
        (all, _) => Some(format!("too few conversations to judge: {}", grouped(all))),
    }
}

/// Packets that are not too few in themselves.
const MANY: u64 = 1_000;

/// A title within a sentence: an abbreviation that it begins with (`VLAN`, `IPv6`) stays one.
fn lower(title: &str) -> String {
    let first = title.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let is_abbreviation = first.chars().skip(1).any(char::is_uppercase);
    let mut chars = title.chars();
    match chars.next() {
        Some(c) if !is_abbreviation => c.to_lowercase().chain(chars).collect(),
        _ => title.to_owned(),
    }
}

fn short(e: &Evidence, finding: &Finding) -> String {
    let lost = |rate: Option<crate::model::Estimate>| {
        let told = finding.evidence.iter().find_map(|(name, value)| match value {
            Value::Share(x) if *name == "share" => Some(*x),
            _ => None,
        });
        percent(told.or(rate.map(|r| r.rate)).unwrap_or(0.0))
    };
    match finding.id {
        "dir.half" => "one direction only".into(),
        "switch.discards" => format!("{} of the copies are dropped by the switch's mirror port", lost(e.loss.switch)),
        "switch.loss" => format!("{} of the traffic never reached the mirror", lost(e.loss.switch)),
        "upstream.loss" if orphans_alone(e).is_none() => format!("{} of the traffic never reached this host", lost(e.loss.upstream)),
        "path.loss" => format!("{} of the copies lost on the way", lost(e.loss.path)),
        _ => lower(&finding.title),
    }
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
