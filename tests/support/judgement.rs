//! One judgement: verdict, score, exit code and findings never contradict each other.

use spantop::diagnose;
use spantop::model::{Aspect, Severity, Verdict};
use spantop::snapshot::Snapshot;

/// What contradicts what in a snapshot; empty when nothing does.
pub fn contradictions(s: &Snapshot) -> Vec<String> {
    let trust = &s.mirror.trust;
    let mut wrong = Vec::new();
    let active = || s.diagnosis.findings.iter().filter(|f| f.active);
    let mirror = || active().filter(|f| diagnose::aspect(f.id).is_some());
    let grave = mirror().map(|f| f.severity).max();
    let low = |score: Option<u8>| score.is_some_and(|s| s < Verdict::DOUBTFUL_BELOW);
    for part in trust.parts.iter().filter(|p| low(p.score) && p.name != Aspect::Host.token()) {
        let named = mirror().any(|f| f.severity > Severity::Note && diagnose::aspect(f.id).is_some_and(|a| a.token() == part.name));
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
    wrong.extend(shares_above_all(s));
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
