//! Clients that try IPv6 in vain and go on by IPv4 (RFC 8305).
//!
//! A client has an address of each kind, so that it is known by the station that sends its SYNs: where that is a router, nothing is told.

use super::{Bounded, MINUTE, REMEMBERED, REMEMBERED_SECONDS};
use crate::model::Arrange as _;
use crate::model::evidence::{FALLBACK_WITHIN, FallbackEvidence};
use crate::model::limits::BESIDE;
use crate::model::{Address, Attempt, AttemptOutcome, Episode, Mac, ServiceKey, Timestamp};
use crate::stats::services::BIN;
use std::collections::VecDeque;

/// Attempts remembered of a station, and outcomes of a service.
const TRIES: usize = 12;
const OUTCOMES: usize = 32;

/// An attempt of a station that may have one of the other kind beside it.
#[derive(Debug, Clone, Copy)]
struct Try {
    first: Timestamp,
    service: ServiceKey,
}

impl Try {
    /// Whether this one by IPv4 follows that by IPv6.
    fn follows(&self, failed: &Try) -> bool {
        self.service.port == failed.service.port && (0..=FALLBACK_WITHIN.in_nanos()).contains(&self.first.since(failed.first))
    }
}

#[derive(Debug, Default)]
struct Station {
    /// The IPv4 address it connects from.
    own: Option<Address>,
    /// Several connect through it.
    is_router: bool,
    failed: VecDeque<Try>,
    succeeded: VecDeque<Try>,
}

/// What became of an attempt by IPv6.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    first: Timestamp,
    client: Address,
    has_failed: bool,
    /// Nanoseconds until the client went on by IPv4.
    lost: Option<i64>,
}

#[derive(Debug, Default)]
struct Tried {
    outcomes: VecDeque<Outcome>,
}

/// What stations try by both.
#[derive(Debug, Default)]
pub(super) struct Fallbacks {
    stations: Bounded<Mac, Station, BESIDE, REMEMBERED_SECONDS>,
    services: Bounded<ServiceKey, Tried, BESIDE, REMEMBERED_SECONDS>,
}

fn push<T>(list: &mut VecDeque<T>, cap: usize, item: T) {
    if list.len() >= cap {
        list.pop_front();
    }
    list.push_back(item);
}

impl Fallbacks {
    /// Bytes of a station and of a service.
    #[cfg(test)]
    pub const BYTES: usize =
        size_of::<Station>() + 2 * TRIES * size_of::<Try>() + size_of::<Tried>() + OUTCOMES * size_of::<Outcome>() + 64;

    /// How often there was no room.
    pub fn refused(&self) -> u64 {
        self.stations.refused().saturating_add(self.services.refused())
    }

    /// Takes in an attempt.
    pub fn take(&mut self, attempt: &Attempt, service: ServiceKey) {
        let client = attempt.flow.ends(attempt.way)[0].0;
        let Some(station) = self.stations.entry(attempt.station, attempt.time) else { return };
        let failed = matches!(attempt.outcome, AttemptOutcome::Refused | AttemptOutcome::Unanswered);
        let this = Try { first: attempt.first, service };
        match client {
            Address::V4(_) => {
                station.is_router |= station.own.is_some_and(|own| own != client);
                station.own = Some(client);
                if failed || station.is_router {
                    return;
                }
                push(&mut station.succeeded, TRIES, this);
                let before: Vec<Try> = station.failed.iter().filter(|failed| this.follows(failed)).copied().collect();
                before.iter().for_each(|failed| self.fell_back(failed, this.first));
            }
            Address::V6(address) if !address.is_unicast_link_local() => {
                let later = station.succeeded.iter().filter(|v4| v4.follows(&this)).map(|v4| v4.first).min();
                let is_router = station.is_router;
                if failed && !is_router && later.is_none() {
                    push(&mut station.failed, TRIES, this);
                }
                let Some(tried) = self.services.entry(service, attempt.time) else { return };
                // It was told before that nothing came back.
                let known = tried.outcomes.iter_mut().rev().find(|o| o.first == attempt.first && o.client == client);
                let lost = later.filter(|_| failed && !is_router).map(|v4| v4.since(attempt.first));
                let outcome = Outcome { first: attempt.first, client, has_failed: failed, lost };
                match known {
                    Some(known) => *known = outcome,
                    None => push(&mut tried.outcomes, OUTCOMES, outcome),
                }
            }
            _ => {}
        }
    }

    fn fell_back(&mut self, failed: &Try, v4: Timestamp) {
        let tried = self.services.get_mut(&failed.service);
        let outcomes = tried.into_iter().flat_map(|t| t.outcomes.iter_mut());
        for outcome in outcomes.filter(|o| o.first == failed.first && o.has_failed && o.lost.is_none()) {
            outcome.lost = Some(v4.since(failed.first));
        }
    }

    /// The only address by which a station connects to others.
    pub fn speaks_for(&self, station: Mac) -> Option<Address> {
        self.stations.get(&station).filter(|s| !s.is_router).and_then(|s| s.own)
    }

    /// Whether a station connects to others from several addresses.
    pub fn routes(&self, station: Mac) -> bool {
        self.stations.get(&station).is_some_and(|s| s.is_router)
    }

    /// Services that were tried by IPv6 in the last ten minutes, and fallen back from; behind them all of them together.
    pub fn evidence(&self, now: Timestamp, all: bool) -> Vec<FallbackEvidence> {
        let is_recent = |o: &&Outcome| all || now.since(o.first) < REMEMBERED * BIN;
        let mut keys: Vec<&ServiceKey> = self.services.iter().map(|(key, ..)| key).collect();
        keys.arrange();
        let (mut out, mut every, mut servers) = (Vec::new(), Vec::new(), 0u64);
        for key in keys {
            let outcomes = self.services.get(key).into_iter().flat_map(|t| &t.outcomes).filter(is_recent);
            let list: Vec<Outcome> = outcomes.copied().collect();
            let told = of(Some(*key), &list);
            servers += u64::from(told.as_ref().is_some_and(|told| told.fell_back > 0));
            out.extend(told);
            every.extend(list);
        }
        out.extend(of(None, &every).map(|told| FallbackEvidence { servers, ..told }));
        // What ended a while ago is over.
        out.retain(|told| all || now.since(told.span.last) < 2 * MINUTE * BIN);
        out
    }
}

fn of(service: Option<ServiceKey>, outcomes: &[Outcome]) -> Option<FallbackEvidence> {
    let mut lost: Vec<i64> = outcomes.iter().filter_map(|o| o.lost).collect();
    lost.arrange();
    let fallen = || outcomes.iter().filter(|o| o.lost.is_some());
    let mut clients: Vec<Address> = fallen().map(|o| o.client).collect();
    clients.arrange();
    clients.dedup();
    Some(FallbackEvidence {
        service,
        servers: 1,
        tried: outcomes.len() as u64,
        fell_back: lost.len() as u64,
        clients: clients.len() as u64,
        lost: *lost.get(lost.len() / 2)? as f64 / 1e9,
        span: Episode { first: fallen().map(|o| o.first).min()?, last: fallen().map(|o| o.first).max()? },
    })
}
