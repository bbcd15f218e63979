//! Connections that come about only when their SYN was sent again: it was not answered for a while, or refused first.

use super::hops::{PART, PART_LEAST, by_ecn};
use super::{exceeded, proof, subject};
use crate::diagnose::detector::Report;
use crate::model::evidence::{SILENT_ATTEMPTS, ServiceEvidence, ServiceWindow, Threshold, Trouble, Troubled};
use crate::model::units::{duration, plural};
use crate::model::{Severity, Value, wilson};

/// Why connections come about late, and what is to be done.
struct Kind {
    trouble: Trouble,
    /// What counts them in the evidence.
    token: &'static str,
    /// The fewest that are told.
    least: &'static Threshold,
    cause: &'static str,
    remedy: &'static str,
}

static LATE: Kind = Kind {
    trouble: Trouble::Late,
    token: "late",
    least: &SILENT_ATTEMPTS,
    cause: "The service accepts more slowly than clients come, so that its queue of connections is full and SYNs are dropped until there is room; \
            or a firewall or load balancer before it drops the first ones.",
    remedy: "Look how many connections wait to be accepted (ss -ltn on the server), and lengthen that queue or let the service accept sooner; where it \
             is short, look at the devices before it.",
};

static REFUSED_FIRST: Kind = Kind {
    trouble: Trouble::RefusedFirst,
    token: "refused_first",
    least: &PART_LEAST,
    cause: "The queue of connections that wait to be accepted is full at times (Windows answers with RST then, and its clients try again within a \
            second); or the service was just being started.",
    remedy: "Let the service accept sooner, or lengthen that queue.",
};

/// Whether what came in a stretch was a flood, whose connections are nobody's.
type IsFlood = fn(&ServiceWindow) -> bool;

/// Of a service, connections whose SYN is answered only when it was repeated for a while.
pub(super) fn late(service: &ServiceEvidence, stands: bool, is_flood: IsFlood) -> Option<Report> {
    told(service, (stands, is_flood), &LATE, |w, late, attempts| {
        let waits = w.late?;
        let title = format!(
            "Connections to {} come about late: {} of {attempts} by {}, on average {} after the first SYN",
            service.key,
            late.count,
            late.who(),
            duration(waits.mean),
        );
        Some((title, vec![("seconds", Value::Seconds(waits.mean)), ("longest", Value::Seconds(waits.most))]))
    })
}

/// Of a service, connections that are refused first and accepted when their SYN is repeated.
pub(super) fn refused_first(service: &ServiceEvidence, stands: bool, is_flood: IsFlood) -> Option<Report> {
    told(service, (stands, is_flood), &REFUSED_FIRST, |_, refused, attempts| {
        let title = format!(
            "{} refuses connections first and accepts them when they are tried again: {} of {attempts} by {}",
            service.key,
            refused.count,
            refused.who(),
        );
        Some((title, Vec::new()))
    })
}

/// The first stretch in which they are surely more than a few of all; `words` gives the title, of so many attempts in words, and what else is measured.
fn told(
    service: &ServiceEvidence,
    (stands, is_flood): (bool, IsFlood),
    kind: &'static Kind,
    words: impl FnOnce(&ServiceWindow, &Troubled, &str) -> Option<(String, Vec<(&'static str, Value)>)>,
) -> Option<Report> {
    let share = |w: &ServiceWindow| wilson(w.trouble(kind.trouble).count, w.attempts);
    let is_told = |w: &&ServiceWindow| {
        let is_enough = w.trouble(kind.trouble).count >= kind.least.number();
        is_enough && exceeded(&share(w), PART.value(), PART.value() / 2.0, stands) && !is_flood(w)
    };
    let w = service.windows.iter().find(is_told)?;
    let found = w.trouble(kind.trouble);
    let (title, measured) = words(w, &found, &plural(w.attempts, "attempt"))?;
    let mut evidence =
        vec![("attempts", Value::Count(w.attempts)), (kind.token, Value::Count(found.count)), ("share", Value::Share(share(w).rate))];
    evidence.extend(measured);
    evidence.push(("clients", found.told()));
    let report = Report::new(Severity::Warning, title, evidence).about(subject(&service.key)).suffered_by(found.clients);
    let report = Report { packets: proof(service, kind.trouble), ..report.held(found.span.into_iter().collect()) };
    Some(by_ecn(report.because(kind.cause).mend(kind.remedy), w, kind.trouble))
}
