//! Clients that try IPv6 in vain and go on by IPv4 (RFC 8305).
//!
//! A client has an address of each kind, so that it is known by the station that sends its SYNs: where that is a router, nothing is told.

use super::{Bounded, MINUTE, REMEMBERED, REMEMBERED_SECONDS};
use crate::model::Arrange as _;
use crate::model::evidence::{FALLBACK_WITHIN, FallbackEvidence};
use crate::model::limits::BESIDE;
use crate::model::time::SECOND;
use crate::model::{Address, Attempt, AttemptOutcome, CapScale, Episode, Mac, ServiceKey, Timestamp};
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

/// An IPv4 address that a station connects from, and when.
#[derive(Debug, Clone, Copy)]
struct Own {
    address: Address,
    used: Episode,
}

/// Addresses of a station that are told apart, and from how many within [`CHANGES`] on several connect through it.
const OWN: usize = 4;
const SEVERAL: usize = 3;
const CHANGES: i64 = 600 * SECOND;

/// Nanoseconds for which a station through which several connected is held for a router.
const ROUTER_HELD: i64 = 3_600 * SECOND;

#[derive(Debug, Default)]
struct Station {
    own: Vec<Own>,
    /// When it was last seen that several connect through it.
    routed: Option<Timestamp>,
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

impl Station {
    /// It connected from an address. Whoever changes its own does not come back to the one before; of two in use at a time one is another's.
    fn connects(&mut self, address: Address, time: Timestamp) {
        let known = self.own.iter().position(|own| own.address == address);
        let at = known.unwrap_or_else(|| {
            let oldest = || (0..self.own.len()).min_by_key(|at| self.own.get(*at).map(|own| own.used.last));
            oldest().filter(|_| self.own.len() >= OWN).unwrap_or(self.own.len())
        });
        if at >= self.own.len() {
            self.own.push(Own { address, used: Episode::at(time) });
        }
        let Some(own) = self.own.get_mut(at) else { return };
        if own.address != address || time.since(own.used.last) > ROUTER_HELD {
            *own = Own { address, used: Episode::at(time) };
        }
        own.used = Episode { first: own.used.first.min(time), last: own.used.last.max(time) };
        let used = own.used;
        let overlaps = |other: &Own| other.address != address && other.used.last > used.first && used.last > other.used.first;
        let lately = || self.own.iter().filter(|other| time.since(other.used.last) <= CHANGES);
        if lately().count() >= SEVERAL || lately().any(overlaps) {
            self.routed = self.routed.max(Some(time));
        }
    }

    /// Whether several connect through it.
    fn is_router(&self, now: Timestamp) -> bool {
        self.routed.is_some_and(|routed| now.since(routed) <= ROUTER_HELD)
    }

    /// The address that it connects from, where there is only one at a time.
    fn speaks_for(&self, now: Timestamp) -> Option<Address> {
        self.own.iter().max_by_key(|own| own.used.last).filter(|_| !self.is_router(now)).map(|own| own.address)
    }
}

impl Fallbacks {
    /// Nobody known; as many are as `caps` allow.
    pub fn within(caps: CapScale) -> Self {
        Self { stations: Bounded::within(caps), services: Bounded::within(caps) }
    }

    /// Bytes of a station and of a service.
    #[cfg(test)]
    pub const BYTES: usize = size_of::<Station>()
        + OWN * size_of::<Own>()
        + 2 * TRIES * size_of::<Try>()
        + size_of::<Tried>()
        + OUTCOMES * size_of::<Outcome>()
        + 64;

    /// How often there was no room.
    pub fn refused(&self) -> u64 {
        self.stations.refused().saturating_add(self.services.refused())
    }

    /// Takes in an attempt.
    pub fn take(&mut self, attempt: &Attempt, service: ServiceKey) {
        let client = attempt.flow.ends(attempt.way)[0].0;
        let Some(station) = self.stations.entry(attempt.station, attempt.time) else { return };
        let is_open = attempt.outcome == AttemptOutcome::Open;
        let failed = is_open || matches!(attempt.outcome, AttemptOutcome::Refused | AttemptOutcome::Unanswered);
        let this = Try { first: attempt.first, service };
        match client {
            Address::V4(_) => {
                station.connects(client, attempt.first);
                if failed || station.is_router(attempt.time) {
                    return;
                }
                push(&mut station.succeeded, TRIES, this);
                let before: Vec<Try> = station.failed.iter().filter(|failed| this.follows(failed)).copied().collect();
                before.iter().for_each(|failed| self.fell_back(failed, this.first));
            }
            Address::V6(address) if !address.is_unicast_link_local() => {
                let later = station.succeeded.iter().filter(|v4| v4.follows(&this)).map(|v4| v4.first).min();
                let is_router = station.is_router(attempt.time);
                // Whoever has gone on by IPv4 does not wait any more; of all others nothing is known.
                if is_open && later.is_none() {
                    return;
                }
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
    pub fn speaks_for(&self, station: Mac, now: Timestamp) -> Option<Address> {
        self.stations.get(&station).and_then(|s| s.speaks_for(now))
    }

    /// Whether a station connects to others from several addresses.
    pub fn routes(&self, station: Mac, now: Timestamp) -> bool {
        self.stations.get(&station).is_some_and(|s| s.is_router(now))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    /// Whether a station is a router, and whom it speaks for, after it connected from these addresses at these seconds.
    fn station(uses: &[(u8, i64)], now: i64) -> (bool, Option<u8>) {
        let mut station = Station::default();
        uses.iter().for_each(|&(host, second)| station.connects(Address::V4(Ipv4Addr::new(10, 0, 0, host)), Timestamp(second * SECOND)));
        let now = Timestamp(now * SECOND);
        let own = station.speaks_for(now).map(|own| match own {
            Address::V4(own) => own.octets()[3],
            _ => 0,
        });
        (station.is_router(now), own)
    }

    #[test]
    fn a_change_of_address_makes_no_router() {
        assert_eq!(station(&[(1, 0), (1, 50), (2, 60), (2, 100)], 100), (false, Some(2)));
        assert_eq!(station(&[(1, 0), (2, 700), (3, 1_400), (4, 2_100), (5, 2_800)], 2_800), (false, Some(5)), "another one each day");
    }

    #[test]
    fn whoever_connects_from_several_at_a_time_is_one_for_a_while() {
        assert_eq!(station(&[(1, 0), (2, 10), (1, 20)], 20), (true, None), "there and back");
        assert_eq!(station(&[(1, 0), (2, 10), (3, 20)], 20), (true, None), "three in ten minutes");
        assert_eq!(station(&[(1, 0), (2, 10), (1, 20)], 3_620), (true, None));
        assert_eq!(station(&[(1, 0), (2, 10), (1, 20), (1, 3_600)], 3_621), (false, Some(1)), "the others are gone");
        assert_eq!(station(&[(1, 0), (2, 10), (2, 20), (1, 15)], 20), (true, None), "whatever comes first from the shards");
    }
}
