//! One judgement: verdict, score, exit code and findings never contradict each other.

use serde_json::Value as Json;
use spantop::model::{Aspect, Finding, Severity, Verdict};
use spantop::report::{self, ReportOptions};
use spantop::snapshot::Snapshot;
use spantop::{diagnose, tui};

/// What contradicts what in a snapshot; empty when nothing does.
pub fn contradictions(s: &Snapshot) -> Vec<String> {
    let trust = &s.mirror.trust;
    let mut wrong = Vec::new();
    let active = || s.diagnosis.findings.iter().filter(|f| f.active);
    let mirror = || active().filter(|f| diagnose::aspect(f.id).is_some());
    let grave = mirror().map(|f| f.severity).max();
    let low = |score: Option<u8>| score.is_some_and(|s| s < Verdict::DOUBTFUL_BELOW);
    for part in trust.parts.iter().filter(|p| low(p.score) && p.name != Aspect::Host.token()) {
        // A hole is told by one finding, with the share that is missing from it.
        let says_share = |f: &Finding| match f.id {
            "mirror.outage" => f.evidence.iter().any(|(name, _)| *name == "share_low"),
            "dir.some" => f.evidence.iter().any(|(name, _)| *name == "missing_share_low"),
            _ => false,
        };
        let names = |f: &Finding| {
            diagnose::aspect(f.id).is_some_and(|a| a.token() == part.name) || part.name == Aspect::Completeness.token() && says_share(f)
        };
        let named = mirror().any(|f| f.severity > Severity::Note && names(f));
        if !named {
            wrong.push(format!("no finding names why {} is {:?}: {}", part.name, part.score, part.evidence));
        }
    }
    if trust.verdict.exit_code() == 0 && (low(trust.score) || trust.score.is_none() || grave > Some(Severity::Note)) {
        wrong.push(format!("{:?} with score {:?} and a finding of {grave:?}", trust.verdict, trust.score));
    }
    if trust.score.is_some() && Verdict::of_score(trust.score).exit_code() != trust.verdict.exit_code() {
        wrong.push(format!("score {:?} is not {:?}", trust.score, trust.verdict));
    }
    let praise = ["good", "no fault found"].iter().any(|w| trust.summary.starts_with(w));
    // The summary is of the mirror, the network has a verdict of its own.
    if praise && (low(trust.score) || mirror().any(|f| f.severity > Severity::Note)) {
        wrong.push(format!("\"{}\" beside {:?} {:?}", trust.summary, trust.score, mirror().map(|f| f.id).collect::<Vec<_>>()));
    }
    let troubled = active().any(|f| diagnose::aspect(f.id).is_none() && f.severity > Severity::Note);
    if troubled != matches!(s.diagnosis.network.verdict, Verdict::Doubtful | Verdict::Bad) {
        wrong.push(format!("the network is {:?} and has troubles: {troubled}", s.diagnosis.network.verdict));
    }
    if trust.summary.is_empty() {
        wrong.push("a verdict without a word".into());
    }
    wrong.extend(loss_judged_twice(s));
    wrong.extend(shares_above_all(s));
    wrong.extend(told_otherwise(s));
    wrong
}

/// What the mirror loses is judged once: where completeness is good nothing is left unjudged for it, and where it is not known what depends on it is
/// not judged.
fn loss_judged_twice(s: &Snapshot) -> Vec<String> {
    let completeness = Aspect::Completeness.token();
    let part = s.mirror.trust.parts.iter().find(|p| p.name == completeness);
    let is_named = s.diagnosis.findings.iter().any(|f| f.active && diagnose::aspect(f.id).is_some_and(|a| a.token() == completeness));
    let score = part.and_then(|p| p.score);
    let is_good = score.is_some_and(|score| score >= Verdict::DOUBTFUL_BELOW) && !is_named;
    let not_judged = &s.diagnosis.network.not_judged;
    let for_loss = not_judged.iter().filter(|(_, why)| ["mirror may lose", "mirror loses"].iter().any(|words| why.contains(words)));
    let mut wrong: Vec<String> =
        for_loss.filter(|_| is_good).map(|(id, why)| format!("{completeness} is {score:?}, and {id} not judged: {why}")).collect();
    let has_tcp = s.stats.conversations.tcp.total_rows > 0;
    if score.is_none() && has_tcp && not_judged.iter().all(|(id, _)| *id != "tcp.loss") {
        wrong.push(format!("{completeness} is not known, and tcp.loss is judged: {part:?}"));
    }
    if is_good && matches!(s.mirror.trust.verdict, Verdict::Unknown) && s.mirror.trust.summary.contains("loss cannot be told") {
        wrong.push(format!("{completeness} is {score:?}, and the verdict says {:?}", s.mirror.trust.summary));
    }
    wrong
}

/// The sign that a verdict has everywhere; none where nothing is known.
fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Good | Verdict::Noted => "●",
        Verdict::Doubtful => "▲",
        Verdict::Bad => "✖",
        Verdict::Unknown => "",
    }
}

/// What JSON, the text report, the first line of the dashboard or the sum at its end say otherwise than the snapshot.
fn told_otherwise(s: &Snapshot) -> Vec<String> {
    let trust = &s.mirror.trust;
    let written = |format: &str| {
        let options = ReportOptions { rows: 3, width: 1_000, ..ReportOptions::default() };
        let mut out = Vec::new();
        report::write(report::find(format).expect("a format"), s, &options, &mut out).expect("memory takes everything");
        String::from_utf8(out).expect("UTF-8")
    };
    let mut wrong = Vec::new();
    let mut hold = |is_so: bool, what: String| {
        if !is_so {
            wrong.push(what)
        }
    };
    let active = s.diagnosis.findings.iter().filter(|f| f.active);
    let json: Json = serde_json::from_str(&written("json")).expect("JSON");
    let word = |verdict: Verdict| format!("{verdict:?}").to_lowercase();
    let told = &json["mirror"]["trust"];
    hold(told["verdict"] == word(trust.verdict) && told["score"] == Json::from(trust.score), format!("JSON says {told} of {trust:?}"));
    hold(told["summary"] == trust.summary.as_str(), format!("JSON says {}", told["summary"]));
    hold(
        json["network"]["verdict"] == word(s.diagnosis.network.verdict),
        format!("JSON says {} of the network", json["network"]["verdict"]),
    );
    let listed = json["findings"].as_array().into_iter().flatten().filter(|f| f["active"] == true);
    hold(listed.map(|f| f["id"].as_str().unwrap_or_default()).eq(active.clone().map(|f| f.id)), "JSON lists other findings".into());
    let is_counted = json["losses"]["counted"] == true;
    let mirror = format!("{} {}", sign(trust.verdict), trust.summary);
    let text = written("text");
    hold(text.contains(mirror.trim_start()), format!("the text report does not say {mirror:?}"));
    let counted = "No packet is known to be lost on this host";
    hold(!text.contains(counted) || is_counted || s.mirror.link.packets == 0, "the text report counts losses that nobody did".into());
    let mut still = tui::Still::new(tui::DashboardOptions::default(), (220, 50), false);
    still.see(s.clone());
    let screen = still.text();
    let first = screen.lines().next().unwrap_or_default();
    let others = ["▲", "✖"].into_iter().filter(|other| *other != sign(trust.verdict));
    let is_alike = first.contains(sign(trust.verdict)) && others.into_iter().all(|other| !first.contains(other));
    hold(is_alike || s.mirror.link.packets == 0, format!("{:?} in the first line: {first}", trust.verdict));
    let is_told = |words: &str| first.contains(words) && !is_counted && s.mirror.link.packets > 0;
    hold(!is_told("lost here 0") && !is_told("lost 0"), format!("losses nobody counted: {first}"));
    let end = tui::ExitSummary::of(s, "file").lines();
    hold(trust.score.is_none() || end[2].ends_with(&format!("mirror: {}", trust.summary)), format!("the sum at the end says {}", end[2]));
    hold(is_counted || s.mirror.link.packets == 0 || !end[2].starts_with("lost 0"), format!("the sum at the end says {}", end[2]));
    let is_well = active.count() == 0 && !matches!(trust.verdict, Verdict::Bad | Verdict::Doubtful);
    hold(is_well == (end[3] == "nothing wrong was found"), format!("the sum at the end says {} of {trust:?}", end[3]));
    wrong
}

/// Shares that are no shares, and times outside of the capture.
fn shares_above_all(s: &Snapshot) -> Vec<String> {
    use spantop::model::Value;
    let mut wrong = Vec::new();
    for f in &s.diagnosis.findings {
        for (name, value) in &f.evidence {
            if let Value::Share(x) = value
                && !(0.0..=1.0).contains(x)
            {
                wrong.push(format!("{}: {name} is {x}", f.id));
            }
        }
        if f.first > f.last || f.episodes.last().is_none_or(|e| (e.first, e.last) != (f.first, f.last)) {
            wrong.push(format!("{}: {:?} to {:?}, episodes {:?}", f.id, f.first, f.last, f.episodes));
        }
    }
    wrong
}
