//! Findings over time: they appear, hold and clear.

use super::detector::{Outcome, Page, Report};
use super::evidence::Evidence;
use super::registry::DETECTORS;
use super::vendor::Vendor;
use crate::model::time::SECOND;
use crate::model::{Finding, Timestamp};

/// Packet time without sufficient evidence after which a finding clears: longer than a pause between two bursts of load, short
/// enough that a mended mirror shows at once.
pub const CLEAR_AFTER: i64 = 10 * SECOND;

/// What stands between two judgements. Holds at most one finding an identifier.
#[derive(Debug, Clone, Default)]
pub struct Judge {
    standing: Vec<Finding>,
}

/// What one judgement says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judgement {
    /// Active findings first, worst first, then in the registry's order; cleared ones stay listed.
    pub findings: Vec<Finding>,
    /// Detectors whose evidence means nothing at present, and why.
    pub silenced: Vec<(&'static str, String)>,
    /// Detectors that have too little evidence, and what they lack.
    pub undecided: Vec<(&'static str, String)>,
}

/// Judges the evidence at packet time `now`.
pub fn judge(evidence: &Evidence, state: &mut Judge, now: Timestamp) -> Judgement {
    let mut judgement = Judgement::default();
    for detector in DETECTORS {
        let page = detector.page();
        let at = state.standing.iter().position(|f| f.id == page.id);
        let active = at.and_then(|at| state.standing.get(at)).is_some_and(|f| f.active);
        if state.standing.iter().any(|f| f.active && detector.yields_to().contains(&f.id)) {
            if let Some(finding) = at.and_then(|at| state.standing.get_mut(at)) {
                finding.active = false;
            }
            continue;
        }
        let complaint = detector.needs().iter().find_map(|n| n.check(evidence).err());
        if let Some(complaint) = complaint {
            judgement.silenced.push((page.id, complaint));
            if let Some(finding) = at.and_then(|at| state.standing.get_mut(at)) {
                finding.active = false;
            }
            continue;
        }
        match detector.judge(evidence, active) {
            Outcome::Present(report) => {
                let finding = finding(page, report, evidence.vendor, now);
                match at.and_then(|at| state.standing.get_mut(at)) {
                    Some(old) => *old = Finding { first: old.first, ..finding },
                    None => state.standing.push(finding),
                }
            }
            outcome => {
                if let Some(old) = at.and_then(|at| state.standing.get_mut(at)) {
                    old.active &= now.since(old.last) < CLEAR_AFTER;
                }
                if let Outcome::Unknown(lack) = outcome {
                    judgement.undecided.push((page.id, lack));
                }
            }
        }
    }
    judgement.findings.clone_from(&state.standing);
    let place = |id| DETECTORS.iter().position(|d| d.page().id == id);
    judgement.findings.sort_by_key(|f| (!f.active, std::cmp::Reverse(f.severity), place(f.id)));
    judgement
}

fn finding(page: &'static Page, report: Report, vendor: Option<Vendor>, now: Timestamp) -> Finding {
    let mut remedy = report.remedy.unwrap_or_else(|| page.remedy.to_string());
    if let Some((vendor, topic)) = vendor.zip(page.topic)
        && let Some(command) = vendor.command(topic)
    {
        remedy = format!("{remedy} {}: {command}", vendor.name());
    }
    Finding {
        id: page.id,
        severity: report.severity,
        title: report.title,
        evidence: report.evidence,
        cause: report.cause.unwrap_or_else(|| page.cause.to_string()),
        remedy,
        lookalikes: page.lookalikes.to_string(),
        first: now,
        last: now,
        active: true,
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
pub(super) mod tests;
