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

/// What is in the way, as a code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Obstacle {
    Route,
    Host,
    Protocol,
    Filter,
    Port,
}

/// What a code says is in the way (RFC 792, RFC 1812 section 5.2.7.1; RFC 4443 section 3.1); `None`: something else.
fn obstacle(is_v6: bool, code: u8) -> Option<Obstacle> {
    match (is_v6, code) {
        (false, 0 | 6 | 11) | (true, 0) => Some(Obstacle::Route),
        (false, 1 | 7 | 8 | 12) | (true, 3) => Some(Obstacle::Host),
        (false, 2) => Some(Obstacle::Protocol),
        (false, 3) | (true, 4) => Some(Obstacle::Port),
        (false, 9 | 10 | 13) | (true, 1 | 5 | 6) => Some(Obstacle::Filter),
        _ => None,
    }
}

/// Why it cannot be reached and what to do about it, as the code of the error says: `target` is what was asked for, on a `host`, by whom.
pub(super) fn advice((reporter, is_v6, code): (Address, bool, u8), target: &str, host: Address, who: &str) -> Option<[String; 2]> {
    let (cause, remedy) = match obstacle(is_v6, code)? {
        Obstacle::Route => (
            format!("{reporter} has no route to {host}: none was set or learnt, or the link it leads over is down."),
            format!("Look at the routing table of {reporter}."),
        ),
        Obstacle::Host => (
            format!(
                "{host} is switched off, was moved, or does not answer {}.",
                if is_v6 { "neighbour solicitations" } else { "ARP requests" }
            ),
            format!(
                "Look whether {host} is up, and in the VLAN where {reporter} looks for it; otherwise tell {who} to stop asking for it."
            ),
        ),
        Obstacle::Protocol => {
            (format!("{host} does not speak that protocol above IP."), format!("Turn it on there, or tell {who} not to send it."))
        }
        Obstacle::Filter => (
            format!("A filter of {reporter} rejects the packets."),
            format!(
                "Look at the access lists and firewall rules of {reporter}; where that is meant, tell {who} to stop asking for {target}."
            ),
        ),
        Obstacle::Port => (
            format!("Nothing listens at {target}: the service is stopped, died, or listens at another address or port."),
            format!("Start the service on {host}, or tell {who} to stop asking for it."),
        ),
    };
    Some([cause, remedy])
}

/// A report with what its code advises.
pub(super) fn advised(report: Report, advice: Option<[String; 2]>) -> Report {
    match advice {
        Some([cause, remedy]) => report.because(cause).mend(remedy),
        None => report,
    }
}

/// Who asks, where it is one.
fn asks(clients: &[Address]) -> String {
    match clients {
        [one] => one.to_string(),
        _ => "those who ask".to_owned(),
    }
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
    let is_sure = lasts || clients > 1 && is_enough(one);
    if !is_sure {
        return None;
    }
    let key = ServiceKey { address: one.target, port, protocol: Proto::Udp };
    let (errors, who) = (plural(one.count, "ICMP error"), plural(clients, "client"));
    let title = format!("{} says that nothing listens at its port {port}/udp: {errors} to {who}", one.target);
    let report = Report::new(severity(clients, false), title, evidence(one, one.count, clients, 1)).about(subject(&key));
    let advice =
        advice((one.reporter, one.is_v6, one.code), &format!("port {port}/udp of {}", one.target), one.target, &asks(&one.clients));
    Some(advised(report, advice).suffered_by(clients).proved_by(&one.proof).held(vec![one.span]))
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

/// Those who hear it.
fn hosts(clients: &[Address]) -> Vec<Subject> {
    clients.iter().copied().map(Subject::Host).collect()
}

fn alone(one: &UnreachableEvidence) -> Report {
    let struck = hosts(&one.clients);
    let (clients, reason) = (one.clients.len() as u64, reason(one));
    let (errors, who) = (plural(one.count, "ICMP error"), plural(clients, "client"));
    let title = format!("{} says that {} cannot be reached: {}; {errors} to {who}", one.reporter, one.target, reason.words);
    let report = Report::new(severity(clients, reason.is_meant), title, evidence(one, one.count, clients, 1));
    let advice = advice((one.reporter, one.is_v6, one.code), &one.target.to_string(), one.target, &asks(&one.clients));
    advised(report, advice)
        .about(Subject::Host(one.target))
        .covering(struck)
        .suffered_by(clients)
        .proved_by(&one.proof)
        .held(vec![one.span])
}

fn together(first: &UnreachableEvidence, told: &[&UnreachableEvidence]) -> Report {
    let (count, clients, span) = sum(told);
    let struck = hosts(&clients);
    let (clients, reason) = (clients.len() as u64, reason(first));
    let (errors, who) = (plural(count, "ICMP error"), plural(clients, "client"));
    let hosts = grouped(told.len() as u64);
    let title = format!("{} says that {hosts} hosts cannot be reached: {}; {errors} to {who}", first.reporter, reason.words);
    let report = Report::new(severity(clients, reason.is_meant), title, evidence(first, count, clients, told.len() as u64));
    report
        .about(Subject::Host(first.reporter))
        .covering(struck)
        .suffered_by(clients)
        .proved_by(&first.proof)
        .held(span.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_own_advice() {
        let [router, host] = [1, 20].map(|last| Address::V4([10, 44, 1, last].into()));
        let told = |is_v6, code| advice((router, is_v6, code), "port 161/udp", host, "10.44.1.12").unwrap_or_default();
        for (is_v6, code, cause, remedy) in [
            (false, 3, "Nothing listens at port 161/udp", "Start the service on 10.44.1.20, or tell 10.44.1.12 to stop asking for it."),
            (true, 4, "Nothing listens at port 161/udp", "Start the service on 10.44.1.20"),
            (false, 0, "10.44.1.1 has no route to 10.44.1.20", "Look at the routing table of 10.44.1.1."),
            (false, 1, "10.44.1.20 is switched off, was moved, or does not answer ARP", "in the VLAN where 10.44.1.1 looks for it"),
            (true, 3, "does not answer neighbour solicitations", "10.44.1.20 is up"),
            (false, 2, "does not speak that protocol", "Turn it on"),
            (false, 13, "A filter of 10.44.1.1 rejects", "access lists"),
            (true, 5, "A filter of 10.44.1.1 rejects", "access lists"),
        ] {
            let [why, what] = told(is_v6, code);
            assert!(why.contains(cause) && what.contains(remedy), "{is_v6} {code}: {why} {what}");
        }
        assert_eq!((told(false, 5), told(true, 2)), Default::default(), "what says little of the cause advises nothing");
    }
}
