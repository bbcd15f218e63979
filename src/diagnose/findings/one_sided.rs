//! Connections and attempts that do not get through in one direction, while the host answers others.

use super::connections::is_flood;
use super::{proof, subject};
use crate::diagnose::detector::Report;
use crate::model::evidence::{SILENT_ATTEMPTS, ServiceEvidence, ServiceWindow, Trouble, Troubled};
use crate::model::units::plural;
use crate::model::{Severity, Subject, Value};

/// The first stretch in which something went wrong often enough.
fn often(service: &ServiceEvidence, trouble: Trouble) -> Option<(&ServiceWindow, Troubled)> {
    service.windows.iter().map(|w| (w, w.trouble(trouble))).find(|(_, what)| what.count >= SILENT_ATTEMPTS.number())
}

/// Connections on which the host says nothing any more though it answers others.
pub(super) fn hung(service: &ServiceEvidence) -> Option<Report> {
    let (_, hung) = often(service, Trouble::Hung)?;
    // Where others lose packets as well and go on, these wait for what was lost.
    let losing = service.windows.iter().map(|w| w.loss.connections).max().unwrap_or(0);
    if losing >= hung.count.saturating_mul(2) {
        return None;
    }
    let title = format!(
        "{} of {} to {} hang: what is sent is sent again and again, and the host, which answers others, says nothing on them",
        plural(hung.count, "connection"),
        hung.who(),
        service.key,
    );
    let severity = if hung.clients > 1 || hung.is_more { Severity::Warning } else { Severity::Note };
    let evidence = vec![("connections", Value::Count(hung.count)), ("clients", hung.told())];
    let report = Report::new(severity, title, evidence).about(subject(&service.key)).suffered_by(hung.clients);
    let report = Report { packets: proof(service, Trouble::Hung), ..report.held(hung.span.into_iter().collect()) };
    let report = report.because(
        "A firewall or a device that translates addresses has forgotten these connections, most often because they were idle for long, and \
         drops what belongs to none it knows.",
    );
    Some(report.mend("Let the programs send keep-alives more often than the device forgets, or lengthen its timer for idle connections."))
}

/// Attempts whose answer the client does not take.
pub(super) fn untaken(service: &ServiceEvidence) -> Option<Report> {
    let (w, untaken) = often(service, Trouble::Untaken).filter(|(w, _)| !is_flood(w))?;
    let is_of_one = untaken.clients == 1 && !untaken.is_more;
    let only = untaken.named.first().copied().flatten().filter(|_| is_of_one);
    let who = only.map_or_else(|| untaken.who(), |client| client.to_string());
    let does = if is_of_one { "does" } else { "do" };
    let title = format!(
        "{who} {does} not take the answers of {}: {} half-open, whose SYN is repeated though the SYN-ACK has passed",
        service.key,
        plural(untaken.count, "attempt"),
    );
    let evidence = vec![("attempts", Value::Count(w.attempts)), ("half_open", Value::Count(untaken.count)), ("clients", untaken.told())];
    let about = only.map_or_else(|| subject(&service.key), Subject::Host);
    let report = Report::new(Severity::Warning, title, evidence).about(about).suffered_by(untaken.clients);
    let report = Report { packets: proof(service, Trouble::Untaken), ..report.held(untaken.span.into_iter().collect()) };
    let report = report.because(
        "SYN-ACKs reach the mirrored port and get lost behind it: the client's own firewall drops them, or a device between it and the port.",
    );
    Some(report.mend("Look at the firewall of the client and at devices on its side of the mirrored port; the server is not the cause."))
}
