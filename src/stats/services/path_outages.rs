//! Ways that stop for a while: all that is asked for behind a router goes unanswered at once, and comes back.
//!
//! Only services that had answered count, so that peers which are gone and addresses that are nobody's stop no way; and only stations that are
//! routers, which the TTL of what comes from behind them shows.

use super::{Bounded, REMEMBERED, REMEMBERED_SECONDS};
use crate::model::Arrange as _;
use crate::model::evidence::{HopFailures, NAMED, PathOutage};
use crate::model::limits::{PATH_CLIENTS, PATH_SERVICES, ROUTED_STATIONS};
use crate::model::{Address, Attempt, Episode, Mac, ServiceKey, Timestamp};
use crate::stats::services::BIN;

/// The TTL with which systems send: what arrives with another has passed a router.
const SENT_WITH: [u8; 4] = [32, 64, 128, 255];

/// What nothing answered behind a station since somebody last connected.
#[derive(Debug, Clone)]
struct Silence {
    /// Each service with its attempts, and who tried, told apart up to a cap.
    services: Vec<(ServiceKey, u64)>,
    /// Attempts at other services.
    beyond: u64,
    clients: Vec<Address>,
    is_more: bool,
    span: Episode,
}

impl Silence {
    fn note(&mut self, key: ServiceKey, client: Address, (first, last): (Timestamp, Timestamp)) {
        let has_room = self.services.len() < PATH_SERVICES;
        match self.services.iter_mut().find(|(known, _)| *known == key) {
            Some((_, count)) => *count = count.saturating_add(1),
            None if has_room => self.services.push((key, 1)),
            None => self.beyond = self.beyond.saturating_add(1),
        }
        if !self.clients.contains(&client) {
            self.is_more |= self.clients.len() >= PATH_CLIENTS;
            if self.clients.len() < PATH_CLIENTS {
                self.clients.push(client);
            }
        }
        self.span = self.span.joined(Episode { first, last });
    }

    fn told(&self) -> HopFailures {
        let mut services: Vec<ServiceKey> = self.services.iter().map(|(key, _)| *key).collect();
        services.arrange();
        let mut hosts: Vec<Address> = services.iter().map(|key| key.address).collect();
        hosts.dedup();
        let port = services.first().map(|key| key.port).filter(|port| services.iter().all(|key| key.port == *port));
        HopFailures {
            count: self.services.iter().fold(self.beyond, |sum, (_, count)| sum.saturating_add(*count)),
            most: self.services.iter().map(|(_, count)| *count).max().unwrap_or(0),
            hosts: hosts.len() as u64,
            is_more_hosts: self.beyond > 0,
            port,
            services,
            clients: self.clients.len() as u64,
            is_more: self.is_more,
            named: self.clients.iter().take(NAMED).copied().collect(),
            span: self.span,
        }
    }
}

/// A station that frames to services go to.
#[derive(Debug, Clone, Default)]
struct Way {
    /// Something came from behind it that had passed a router.
    is_router: bool,
    established: Option<Timestamp>,
    silence: Option<Silence>,
    /// The one that ended last, and when.
    past: Option<(Silence, Timestamp)>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct PathOutages {
    ways: Bounded<Mac, Way, ROUTED_STATIONS, REMEMBERED_SECONDS>,
}

impl PathOutages {
    /// Bytes of a station at most.
    #[cfg(test)]
    pub(super) const BYTES: usize = Bounded::<Mac, Way, ROUTED_STATIONS, REMEMBERED_SECONDS>::ENTRY_BYTES
        + 2 * (PATH_SERVICES * size_of::<(ServiceKey, u64)>() + PATH_CLIENTS * size_of::<Address>());

    /// Somebody connected: what lies behind the station is there.
    pub fn connected(&mut self, attempt: &Attempt) {
        let Some(way) = self.ways.entry(attempt.next, attempt.time) else { return };
        way.is_router |= attempt.ttl > 0 && !SENT_WITH.contains(&attempt.ttl);
        way.established = way.established.max(Some(attempt.time));
        // Shards tell of theirs one after the other: the first may come last.
        if let Some((silence, over)) = way.past.as_mut()
            && silence.span.first < attempt.time
        {
            *over = (*over).min(attempt.time);
        }
        if let Some(silence) = way.silence.take() {
            way.past = Some((silence, attempt.time));
        }
    }

    /// Nothing answered an attempt at a service that had answered before.
    pub fn failed(&mut self, attempt: &Attempt, key: ServiceKey, client: Address) {
        let Some(way) = self.ways.get_mut(&attempt.next).filter(|way| way.is_router) else { return };
        if way.established.is_none_or(|success| success >= attempt.first) {
            return;
        }
        let times = (attempt.first, attempt.time);
        let fresh = || Silence {
            services: Vec::new(),
            beyond: 0,
            clients: Vec::new(),
            is_more: false,
            span: Episode { first: attempt.first, last: attempt.time },
        };
        way.silence.get_or_insert_with(fresh).note(key, client, times);
    }

    /// How often there was no room.
    pub fn refused(&self) -> u64 {
        self.ways.refused()
    }

    /// Whether nothing behind a router answers at present that did before.
    pub fn lasts(&self, station: Mac) -> bool {
        self.ways.get(&station).is_some_and(|way| way.silence.is_some())
    }

    /// Those that last, and those that ended in what is remembered, in the order of stations.
    pub fn evidence(&self, now: Timestamp) -> Vec<PathOutage> {
        let mut out: Vec<PathOutage> = Vec::new();
        for (&station, way, _) in self.ways.iter() {
            let lasts = way.silence.as_ref().map(|silence| PathOutage { station, failures: silence.told(), over: None });
            let past = way.past.as_ref().filter(|(_, over)| now.since(*over) < REMEMBERED * BIN);
            let past = past.map(|(silence, over)| PathOutage { station, failures: silence.told(), over: Some(*over) });
            out.extend(lasts.into_iter().chain(past));
        }
        out.arrange_by_key(|outage| (outage.station, outage.over));
        out
    }
}
