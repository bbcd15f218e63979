//! Connections that come about late: their SYN is answered only when it was repeated for a while.

use super::connections::is_flood;
use super::hops::{PART, by_ecn};
use super::one_sided::proof;
use super::{exceeded, subject};
use crate::diagnose::detector::Report;
use crate::model::evidence::{SILENT_ATTEMPTS, ServiceEvidence, ServiceWindow, Trouble};
use crate::model::units::{duration, plural};
use crate::model::{Severity, Value, wilson};

/// Of a service, in the first stretch in which they are surely more than a few of all.
pub(super) fn late(service: &ServiceEvidence, stands: bool) -> Option<Report> {
    let share = |w: &ServiceWindow| wilson(w.trouble(Trouble::Late).count, w.attempts);
    let is_told = |w: &&ServiceWindow| {
        let least = SILENT_ATTEMPTS.number();
        w.trouble(Trouble::Late).count >= least && exceeded(&share(w), PART.value(), PART.value() / 2.0, stands) && !is_flood(w)
    };
    let w = service.windows.iter().find(is_told)?;
    let (late, waits) = (w.trouble(Trouble::Late), w.late?);
    let title = format!(
        "Connections to {} come about late: {} of {} by {}, on average {} after the first SYN",
        service.key,
        late.count,
        plural(w.attempts, "attempt"),
        late.who(),
        duration(waits.mean),
    );
    let evidence = vec![
        ("attempts", Value::Count(w.attempts)),
        ("late", Value::Count(late.count)),
        ("share", Value::Share(share(w).rate)),
        ("seconds", Value::Seconds(waits.mean)),
        ("longest", Value::Seconds(waits.most)),
        ("clients", late.told()),
    ];
    let report = Report::new(Severity::Warning, title, evidence).about(subject(&service.key)).suffered_by(late.clients);
    let report = Report { packets: proof(service, Trouble::Late), ..report.held(late.span.into_iter().collect()) };
    let report = report.because(
        "The service accepts more slowly than clients come, so that its queue of connections is full and SYNs are dropped until there is room; \
         or a firewall or load balancer before it drops the first ones.",
    );
    let report = report.mend(
        "Look how many connections wait to be accepted (ss -ltn on the server), and lengthen that queue or let the service accept sooner; where it is \
         short, look at the devices before it.",
    );
    Some(by_ecn(report, w, Trouble::Late))
}
