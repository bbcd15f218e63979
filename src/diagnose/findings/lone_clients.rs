//! One client alone that several servers refuse: a monitor that goes on to ask members of a pool which were taken out of it.

use super::{SEVERAL, subject};
use crate::diagnose::detector::Report;
use crate::model::evidence::{ServiceEvidence, ServiceWindow, Trouble, Troubled};
use crate::model::units::plural;
use crate::model::{Address, Episode, ProvingPackets, Severity, Subject, Value};
use std::collections::BTreeMap;

/// Servers that refuse one client at one port.
pub(super) struct LoneClient<'a> {
    client: Address,
    port: u16,
    pub(super) services: Vec<&'a ServiceEvidence>,
}

/// What a service refused in the longest stretch that is known.
fn refused(service: &ServiceEvidence) -> Option<Troubled> {
    let all = service.windows.iter().map(|w| w.trouble(Trouble::Refused)).filter(|refused| refused.count > 0);
    all.max_by_key(|refused| refused.count)
}

/// The one client that asks for a service which was never seen to answer anybody.
fn lone_client(service: &ServiceEvidence) -> Option<Address> {
    let never = service.last_success.is_none() && service.since_success.first_connected.is_none();
    let refused = refused(service)?;
    let is_one = |w: &ServiceWindow| w.clients <= 1 && w.trouble(Trouble::Refused).clients <= 1;
    (never && service.windows.iter().all(is_one)).then_some(())?;
    refused.named.iter().flatten().next().copied()
}

/// All of them, of those services that are told of.
pub(super) fn of<'a>(told: impl Iterator<Item = &'a ServiceEvidence>) -> Vec<LoneClient<'a>> {
    let mut clients: BTreeMap<(Address, u16), Vec<&ServiceEvidence>> = BTreeMap::new();
    for service in told {
        if let Some(client) = lone_client(service) {
            clients.entry((client, service.key.port)).or_default().push(service);
        }
    }
    let several = clients.into_iter().filter(|(_, services)| services.len() as u64 >= SEVERAL.number());
    several.map(|((client, port), services)| LoneClient { client, port, services }).collect()
}

/// Whether a service is one of them.
pub(super) fn include(all: &[LoneClient<'_>], service: &ServiceEvidence) -> bool {
    all.iter().any(|lone| lone.services.iter().any(|known| known.key == service.key))
}

impl LoneClient<'_> {
    /// One note of all of them.
    pub(super) fn report(&self) -> Report {
        let refused = || self.services.iter().filter_map(|service| refused(service));
        let count = refused().fold(0u64, |sum, refused| sum.saturating_add(refused.count));
        let (servers, port, client) = (self.services.len() as u64, self.port, self.client);
        let title = format!("{} refuse {client} at port {port}: {}", plural(servers, "server"), plural(count, "attempt"));
        let evidence =
            vec![("refused", Value::Count(count)), ("servers", Value::Count(servers)), ("client", Value::Text(client.to_string()))];
        let spans = || refused().filter_map(|refused| refused.span);
        let held = spans().map(|span| span.first).min().zip(spans().map(|span| span.last).max());
        let proofs = self.services.iter().flat_map(|service| &service.proof).filter(|proof| proof.0 == Trouble::Refused);
        let packets = ProvingPackets::newest(proofs.flat_map(|proof| proof.1.numbers()));
        let report = Report { packets, ..Report::new(Severity::Note, title, evidence) };
        report
            .about(Subject::Host(client))
            .suffered_by(1)
            .covering(self.services.iter().map(|service| subject(&service.key)).collect())
            .held(held.map(|(first, last)| Episode { first, last }).into_iter().collect())
            .because(
                "A monitor of a load balancer goes on to ask members of its pool that were taken out of service; or a client has a list of \
                 servers that are gone.",
            )
            .mend("Nothing, if they are out of service on purpose; else start the service there, or strike them off the client's list.")
    }
}
