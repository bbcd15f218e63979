//! Hosts that take requests and answer none, at several of their services: at each of them too few wait to say anything of it.

use super::hanging::{WAITING, are_several, may_hang};
use super::{DEAD_CLIENTS, by_clients};
use crate::diagnose::detector::Report;
use crate::diagnose::evidence::Evidence;
use crate::diagnose::findings::subject;
use crate::model::Arrange as _;
use crate::model::evidence::{ServiceEvidence, Trouble, Troubled};
use crate::model::units::{duration, plural};
use crate::model::{Address, Episode, Subject, Timestamp, Value, limits};
use std::collections::BTreeMap;

/// Services of a host that answer nothing before it is the host.
const SERVICES: usize = 2;

/// Requests of one service that wait, or waited until then.
struct Waits<'a> {
    service: &'a ServiceEvidence,
    requests: Troubled,
    over: Option<Timestamp>,
}

/// What of a service waits or did, and is too little to tell of it.
fn waits(service: &ServiceEvidence) -> Option<Waits<'_>> {
    let since = &service.since_success;
    let wait = match since.past_requests.filter(|_| since.requests.count == 0) {
        Some(past) => Waits { service, requests: past.what, over: Some(past.over) },
        None => Waits { service, requests: since.requests, over: None },
    };
    (may_hang(service) && wait.requests.count > 0 && !are_several(&wait.requests)).then_some(wait)
}

/// Of each such host one report.
pub(super) fn reports(e: &Evidence) -> Vec<Report> {
    let mut hosts: BTreeMap<Address, Vec<Waits<'_>>> = BTreeMap::new();
    for wait in e.network.services.iter().filter_map(waits) {
        hosts.entry(wait.service.key.address).or_default().push(wait);
    }
    hosts.into_iter().filter_map(|(host, waits)| report(e, host, &waits)).collect()
}

fn report(e: &Evidence, host: Address, waits: &[Waits<'_>]) -> Option<Report> {
    let spans = || waits.iter().filter_map(|wait| wait.requests.span);
    let (first, newest) = (spans().map(|span| span.first).min()?, spans().map(|span| span.last).max()?);
    let over = waits.iter().map(|wait| wait.over).collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max());
    let mut clients: Vec<Address> = waits.iter().flat_map(|wait| wait.requests.named).flatten().collect();
    clients.arrange();
    clients.dedup();
    // Whoever answers something else meanwhile does not hang.
    let meanwhile = |time: Timestamp| time > newest && over.is_none_or(|over| time < over);
    let is_alive = e.network.services.iter().filter(|s| s.key.address == host).filter_map(|s| s.since_success.last_good).any(meanwhile);
    if waits.len() < SERVICES || (clients.len() as u64) < DEAD_CLIENTS.number() || is_alive {
        return None;
    }
    let count = waits.iter().fold(0u64, |sum, wait| sum.saturating_add(wait.requests.count));
    let (requests, of) = (plural(count, "request"), plural(clients.len() as u64, "client"));
    let services = plural(waits.len() as u64, "service");
    let title = match over {
        None => format!("{host} answers nothing any more: {requests} of {of} wait at {services}"),
        Some(over) => {
            let lasted = duration(over.since(first) as f64 / 1e9);
            format!("{host} answered nothing for {lasted}: {requests} of {of} waited at {services}; it does again")
        }
    };
    let names: Vec<String> = clients.iter().take(crate::model::evidence::NAMED).map(Address::to_string).collect();
    let evidence = vec![
        (WAITING, Value::Count(count)),
        ("services", Value::Count(waits.len() as u64)),
        ("clients", Value::Count(clients.len() as u64)),
        ("suffering", Value::Text(names.join(", "))),
    ];
    let report = Report::new(by_clients(clients.len() as u64, true), title, evidence).about(Subject::Host(host));
    let report = report.suffered_by(clients.len() as u64).covering(waits.iter().map(|wait| subject(&wait.service.key)).collect());
    let report = report.held(vec![Episode { first, last: over.unwrap_or(e.network.now) }]).over(over.is_some());
    let report = report.because("The host takes connections, for its kernel does that, but none of its programs answers: it is overloaded, stopped, or waits for storage or for another server.");
    Some(Report { packets: proof(waits), ..report })
}

/// Packets that show what waited: the latest of all.
fn proof(waits: &[Waits<'_>]) -> Vec<u64> {
    let proofs = waits.iter().flat_map(|wait| &wait.service.proof).filter(|proof| proof.0 == Trouble::Waiting);
    let mut packets: Vec<u64> = proofs.flat_map(|proof| proof.1.numbers()).collect();
    packets.arrange();
    packets.split_off(packets.len().saturating_sub(limits::PROVING_PACKETS))
}
