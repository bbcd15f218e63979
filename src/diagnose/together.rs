//! Reports of one judgement about one subject are one: a finding has one subject, and of two the later would hide the graver.

use super::detector::Report;
use crate::model::units::grouped;
use crate::model::{Episode, Subject, Value};
use std::collections::BTreeMap;

/// The evidence that names what else is reported of the subject.
const BESIDES: &str = "besides";

/// Others that are named.
const NAMED: usize = 3;

/// Of each subject one report, in the order in which they come: the gravest of those that last, with the times of all of them; the others are named.
pub(super) fn one_each(reports: Vec<Report>) -> Vec<Report> {
    let mut of: BTreeMap<Subject, usize> = BTreeMap::new();
    let mut subjects: Vec<Vec<Report>> = Vec::new();
    for report in reports {
        match of.get(&report.subject).and_then(|at| subjects.get_mut(*at)) {
            Some(known) => known.push(report),
            None => {
                of.insert(report.subject, subjects.len());
                subjects.push(vec![report]);
            }
        }
    }
    subjects.into_iter().filter_map(together).collect()
}

/// All reports about one subject.
fn together(mut reports: Vec<Report>) -> Option<Report> {
    // Stable: of equals the first leads.
    reports.sort_by_key(|report| (report.is_over, std::cmp::Reverse(report.severity)));
    let mut reports = reports.into_iter();
    let mut lead = reports.next()?;
    let others: Vec<Report> = reports.collect();
    if others.is_empty() {
        return Some(lead);
    }
    let named: Vec<&str> = others.iter().take(NAMED).map(|report| report.title.as_str()).collect();
    let more = match others.len().saturating_sub(NAMED) as u64 {
        0 => String::new(),
        n => format!("; and {} more", grouped(n)),
    };
    lead.evidence.push((BESIDES, Value::Text(named.join("; ") + &more)));
    for other in others {
        // The same hosts may suffer by both.
        lead.hosts = lead.hosts.max(other.hosts);
        lead.covers.extend(other.covers.into_iter().filter(|subject| *subject != lead.subject));
        // What has ended does not hold any more.
        if other.is_over == lead.is_over {
            lead.held.extend(other.held);
        }
    }
    lead.held = joined(lead.held);
    Some(lead)
}

/// Times in order, those that touch each other as one.
fn joined(mut times: Vec<Episode>) -> Vec<Episode> {
    times.sort_unstable_by_key(|time| (time.first, time.last));
    let mut out: Vec<Episode> = Vec::with_capacity(times.len());
    for time in times {
        match out.last_mut().filter(|latest| time.first <= latest.last) {
            Some(latest) => *latest = latest.joined(time),
            None => out.push(time),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Severity, Timestamp};

    fn report(vlan: u16, severity: Severity, title: &str, (first, last): (i64, i64)) -> Report {
        let held = vec![Episode { first: Timestamp(first), last: Timestamp(last) }];
        Report::new(severity, title, Vec::new()).about(Subject::Vlan(vlan)).suffered_by(first as u64).held(held)
    }

    #[test]
    fn the_gravest_leads_and_the_others_are_named() {
        let all = vec![
            report(1, Severity::Note, "a", (1, 3)),
            report(2, Severity::Note, "alone", (1, 2)),
            report(1, Severity::Critical, "b", (2, 5)),
            report(1, Severity::Note, "c", (8, 9)),
        ];
        let out = one_each(all);
        assert_eq!(
            out.iter().map(|r| (r.title.as_str(), r.severity)).collect::<Vec<_>>(),
            [("b", Severity::Critical), ("alone", Severity::Note)]
        );
        let times: Vec<_> = out[0].held.iter().map(|held| (held.first.0, held.last.0)).collect();
        assert_eq!((times, out[0].hosts), (vec![(1, 5), (8, 9)], Some(8)));
        assert_eq!(out[0].evidence, [(BESIDES, Value::Text("a; c".to_owned()))]);
        assert!(out[1].evidence.is_empty());
    }

    #[test]
    fn what_ended_does_not_lead_what_lasts() {
        let mut over = report(1, Severity::Critical, "over", (1, 2));
        over.is_over = true;
        let mut all = vec![over, report(1, Severity::Warning, "lasts", (5, 6))];
        all.extend((0..4).map(|_| report(1, Severity::Note, "small", (5, 6))));
        let out = one_each(all);
        assert_eq!((out.len(), out[0].title.as_str(), out[0].held.len()), (1, "lasts", 1));
        assert_eq!(out[0].evidence, [(BESIDES, Value::Text("small; small; small; and 2 more".to_owned()))]);
    }
}
