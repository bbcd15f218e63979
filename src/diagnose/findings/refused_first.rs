//! Connections that come about though they were refused: their SYN is accepted when it comes again.

use super::hops::{PART, PART_LEAST, by_ecn};
use super::{exceeded, subject};
use crate::diagnose::detector::Report;
use crate::model::evidence::{ServiceEvidence, ServiceWindow, Trouble};
use crate::model::units::plural;
use crate::model::{Severity, Value, wilson};

/// Of a service, connections that are refused first and accepted when their SYN is repeated, where surely more than a few of all are.
pub(super) fn refused_first(service: &ServiceEvidence, stands: bool) -> Option<Report> {
    let share = |w: &ServiceWindow| wilson(w.trouble(Trouble::RefusedFirst).count, w.attempts);
    let is_told = |w: &&ServiceWindow| {
        let refused = w.trouble(Trouble::RefusedFirst).count;
        refused >= PART_LEAST.number() && exceeded(&share(w), PART.value(), PART.value() / 2.0, stands)
    };
    let w = service.windows.iter().find(is_told)?;
    let refused = w.trouble(Trouble::RefusedFirst);
    let title = format!(
        "{} refuses connections first and accepts them when they are tried again: {} of {} by {}",
        service.key,
        refused.count,
        plural(w.attempts, "attempt"),
        refused.who(),
    );
    let evidence = vec![
        ("attempts", Value::Count(w.attempts)),
        ("refused_first", Value::Count(refused.count)),
        ("share", Value::Share(share(w).rate)),
        ("clients", refused.told()),
    ];
    let report = Report::new(Severity::Warning, title, evidence).about(subject(&service.key)).suffered_by(refused.clients);
    let report = report.held(refused.span.into_iter().collect()).because(
        "The queue of connections that wait to be accepted is full at times (Windows answers with RST then, and its clients try again within a \
         second); or the service was just being started.",
    );
    let report = report.mend("Let the service accept sooner, or lengthen that queue.");
    Some(by_ecn(report, w, Trouble::RefusedFirst))
}
