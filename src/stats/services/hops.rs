//! What lies behind one station: a router, behind which many hosts fail at once for one reason.

use super::service::ServiceRecord;
use super::{BIN, MINUTE};
use crate::model::Arrange as _;
use crate::model::evidence::{HopEvidence, HopFailures, NAMED, Trouble};
use crate::model::limits::SERVICES;
use crate::model::{Address, Episode, Mac, Proto, ServiceKey, Timestamp};
use crate::stats::ServiceLedger;
use std::collections::{BTreeMap, BTreeSet};

/// Hosts behind a station from which on it is a router, or does the work of one.
const HOSTS: usize = 3;

/// Clients told apart.
const CLIENTS: usize = 256;

/// What is put together of failures of one kind.
#[derive(Default)]
struct Sum {
    count: u64,
    of: Vec<(ServiceKey, u64)>,
    clients: BTreeSet<Address>,
    is_more: bool,
    span: Option<Episode>,
}

impl Sum {
    fn add(&mut self, key: ServiceKey, count: u64, clients: impl Iterator<Item = Address>, span: Option<Episode>) {
        if count == 0 {
            return;
        }
        self.count = self.count.saturating_add(count);
        self.of.push((key, count));
        for client in clients {
            self.is_more |= self.clients.len() >= CLIENTS;
            if self.clients.len() < CLIENTS {
                self.clients.insert(client);
            }
        }
        self.span = Episode::of_both(self.span, span);
    }

    /// Of many hosts, none of which makes up the most of it.
    fn told(mut self) -> Option<HopFailures> {
        let span = self.span?;
        self.of.arrange();
        let mut hosts: Vec<Address> = self.of.iter().map(|(key, _)| key.address).collect();
        hosts.dedup();
        let most = self.of.iter().map(|(_, count)| *count).max().unwrap_or(0);
        let mut ports: Vec<u16> = self.of.iter().map(|(key, _)| key.port).collect();
        ports.arrange();
        ports.dedup();
        Some(HopFailures {
            count: self.count,
            most,
            hosts: hosts.len() as u64,
            port: if let [one] = ports.as_slice() { Some(*one) } else { None },
            services: self.of.into_iter().map(|(key, _)| key).collect(),
            is_more_hosts: false,
            clients: self.clients.len() as u64,
            named: self.clients.iter().take(NAMED).copied().collect(),
            is_more: self.is_more,
            span,
        })
    }
}

impl ServiceLedger {
    /// Stations behind which attempts to connect to several hosts failed.
    pub(super) fn hops(&self, now: Timestamp, at_end: bool) -> Vec<HopEvidence> {
        let mut behind: BTreeMap<Mac, Vec<(&ServiceKey, &ServiceRecord)>> = BTreeMap::new();
        for (key, service) in self.services.iter().filter(|(key, s)| key.protocol == Proto::Tcp && s.next != Mac::default()) {
            behind.entry(service.next).or_default().push((key, &**service));
        }
        let hops = behind.into_iter().filter_map(|(station, mut services)| {
            services.arrange_by_key(|(key, _)| **key);
            self.hop(station, &services, (now, at_end))
        });
        hops.collect()
    }

    fn hop(&self, station: Mac, services: &[(&ServiceKey, &ServiceRecord)], (now, at_end): (Timestamp, bool)) -> Option<HopEvidence> {
        let mut hosts: Vec<Address> = services.iter().map(|(key, _)| key.address).collect();
        hosts.dedup();
        let is_troubled = services.iter().any(|(_, s)| at_end || s.is_troubled(now.0.div_euclid(BIN)));
        if hosts.len() < HOSTS || !is_troubled {
            return None;
        }
        let number = now.0.div_euclid(BIN);
        let last_success = services.iter().filter_map(|(_, s)| s.unanswered.last_established()).max();
        let (mut since, mut silent, mut refused, mut attempts) = (Sum::default(), Sum::default(), Sum::default(), 0u64);
        for (key, service) in services.iter().take(SERVICES) {
            let told = service.unanswered.told(now).attempts;
            if told.span.is_some_and(|span| Some(span.first) > last_success) {
                since.add(**key, told.count, service.unanswered.clients(), told.span);
                since.is_more |= told.is_more;
            }
            let is_scanner = |client: Address| self.scans.is_scanner(client, key);
            let mut parts: Vec<_> = service.latest(number, MINUTE).collect();
            if at_end {
                parts = vec![&service.whole];
            }
            for counts in parts {
                attempts = attempts.saturating_add(counts.attempts(is_scanner));
                for (trouble, sum) in [(Trouble::NoAnswer, &mut silent), (Trouble::Refused, &mut refused)] {
                    let (count, clients) = counts.failing(trouble, is_scanner);
                    sum.add(**key, count, clients.into_iter(), counts.span(trouble));
                    sum.is_more |= count > 0 && counts.has_others(trouble);
                }
            }
        }
        Some(HopEvidence { station, last_success, attempts, since: since.told(), silent: silent.told(), refused: refused.told() })
    }
}
