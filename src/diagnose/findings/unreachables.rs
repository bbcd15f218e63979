//! What routers say cannot be reached, beside services that clients ask: a host, or all that lies behind a route that is missing.

use super::{SEVERAL, subject};
use crate::diagnose::detector::Report;
use crate::diagnose::evidence::Evidence;
use crate::model::Arrange as _;
use crate::model::evidence::{Threshold, UnreachableEvidence};
use crate::model::time::SECOND;
use crate::model::units::{grouped, plural};
use crate::model::{Address, Episode, Proto, ServiceKey, Severity, Subject, Value};

/// ICMP errors about a service, and clients that receive them.
pub(super) static UNREACHABLE: Threshold = Threshold::count(10.0);

/// Hosts of which a router says the same, from which on it is the route and not the host.
const TARGETS: usize = 3;

/// Nanoseconds over which a single client must hear that nothing listens at a port: streams of voice run on for a moment when the other end has
/// closed its socket.
pub(super) static CLOSED_FOR: Threshold = Threshold::nanos((10 * SECOND) as f64);

/// What a code says.
struct Reason {
    /// In words.
    words: &'static str,
    /// Somebody wants it so: a filter.
    is_meant: bool,
}

fn reason(told: &UnreachableEvidence) -> Reason {
    let (words, is_meant) = match (told.is_v6, told.code) {
        (false, 0 | 6 | 11) => ("no route to its network", false),
        (false, 1 | 7 | 8 | 12) => ("nobody answers there on the last link", false),
        (false, 2) => ("it does not speak this protocol", false),
        (false, 5) => ("a source route failed", false),
        (false, 9 | 10 | 13) | (true, 1) => ("a filter rejects the packets", true),
        (true, 0) => ("no route to it", false),
        (true, 2) => ("the sender's address is not valid that far", false),
        (true, 3) => ("nobody answers there on the last link", false),
        (true, 5) => ("a filter rejects the sender's address", true),
        (true, 6) => ("its route rejects packets", true),
        _ => ("for another reason", false),
    };
    Reason { words, is_meant }
}

/// How bad it is by who suffers: what one client asks for in vain may be an old setting.
fn severity(clients: u64, is_meant: bool) -> Severity {
    if clients <= 1 || is_meant { Severity::Note } else { Severity::Warning }
}

/// Of each router and reason the hosts, or all together where they are many.
pub(super) fn reports(e: &Evidence) -> impl Iterator<Item = Report> + '_ {
    let same = |a: &UnreachableEvidence, b: &UnreachableEvidence| (a.reporter, a.is_v6, a.code) == (b.reporter, b.is_v6, b.code);
    let closed = e.network.unreachables.iter().filter_map(|one| closed(one, one.port?));
    let hosts = e.network.unreachables.chunk_by(same).flat_map(|told| {
        let told: Vec<&UnreachableEvidence> = told.iter().filter(|one| one.port.is_none()).collect();
        let (count, clients, _) = sum(&told);
        let is_much = count >= UNREACHABLE.number() || clients.len() as u64 >= SEVERAL.number();
        if let Some(first) = told.first().copied().filter(|_| told.len() >= TARGETS && is_much) {
            return vec![together(first, &told)];
        }
        told.into_iter().filter(|one| is_enough(one)).map(alone).collect()
    });
    closed.chain(hosts)
}

fn is_enough(one: &UnreachableEvidence) -> bool {
    one.count >= UNREACHABLE.number() || one.clients.len() as u64 >= SEVERAL.number()
}

/// Nothing listens at a port that somebody sends to.
fn closed(one: &UnreachableEvidence, port: u16) -> Option<Report> {
    let clients = one.clients.len() as u64;
    let lasts = one.count >= UNREACHABLE.number() && one.span.last.since(one.span.first) >= CLOSED_FOR.in_nanos();
    if !lasts && !(clients > 1 && is_enough(one)) {
        return None;
    }
    let key = ServiceKey { address: one.target, port, protocol: Proto::Udp };
    let (errors, who) = (plural(one.count, "ICMP error"), plural(clients, "client"));
    let title = format!("{} says that nothing listens at its port {port}/udp: {errors} to {who}", one.target);
    let report = Report::new(severity(clients, false), title, evidence(one, one.count, clients, 1)).about(subject(&key));
    let report = report.because("The service is stopped, died, or listens at another address or port.");
    Some(report.suffered_by(clients).proved_by(&one.proof).held(vec![one.span]))
}

fn sum(told: &[&UnreachableEvidence]) -> (u64, Vec<Address>, Option<Episode>) {
    let count = told.iter().fold(0u64, |sum, one| sum.saturating_add(one.count));
    let mut clients: Vec<Address> = told.iter().flat_map(|one| one.clients.iter().copied()).collect();
    clients.arrange();
    clients.dedup();
    let join = |a: Episode, b: Episode| Episode { first: a.first.min(b.first), last: a.last.max(b.last) };
    (count, clients, told.iter().map(|one| one.span).reduce(join))
}

fn evidence(one: &UnreachableEvidence, count: u64, clients: u64, targets: u64) -> Vec<(&'static str, Value)> {
    vec![
        ("errors", Value::Count(count)),
        ("clients", Value::Count(clients)),
        ("reporter", Value::Text(one.reporter.to_string())),
        ("code", Value::Count(one.code.into())),
        ("hosts_not_reached", Value::Count(targets)),
    ]
}

fn alone(one: &UnreachableEvidence) -> Report {
    let (clients, reason) = (one.clients.len() as u64, reason(one));
    let (errors, who) = (plural(one.count, "ICMP error"), plural(clients, "client"));
    let title = format!("{} says that {} cannot be reached: {}; {errors} to {who}", one.reporter, one.target, reason.words);
    let report = Report::new(severity(clients, reason.is_meant), title, evidence(one, one.count, clients, 1));
    report.about(Subject::Host(one.target)).suffered_by(clients).proved_by(&one.proof).held(vec![one.span])
}

fn together(first: &UnreachableEvidence, told: &[&UnreachableEvidence]) -> Report {
    let (count, clients, span) = sum(told);
    let (clients, reason) = (clients.len() as u64, reason(first));
    let (errors, who) = (plural(count, "ICMP error"), plural(clients, "client"));
    let hosts = grouped(told.len() as u64);
    let title = format!("{} says that {hosts} hosts cannot be reached: {}; {errors} to {who}", first.reporter, reason.words);
    let report = Report::new(severity(clients, reason.is_meant), title, evidence(first, count, clients, told.len() as u64));
    report.about(Subject::Host(first.reporter)).suffered_by(clients).proved_by(&first.proof).held(span.into_iter().collect())
}
