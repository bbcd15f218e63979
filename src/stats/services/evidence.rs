//! What findings rest on, and what the service table shows.

use super::counts::window;
use super::path::Others;
use super::service::ServiceRecord;
use super::{BIN, MINUTE, RECENT, REMEMBERED};
use crate::model::Arrange as _;
use crate::model::evidence::{NetworkEvidence, ProxyEvidence, ServiceEvidence, ServiceWindow, Trouble};
use crate::model::time::SECOND;
use crate::model::{AppId, Histogram, Manners, Quantiles, ResponseBy, ServiceKey, Timestamp, WindowUse};
use crate::stats::ServiceLedger;
use std::cmp::Reverse;

/// What the service table shows of a service: everything since the beginning.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceTotals {
    /// Which.
    pub key: ServiceKey,
    /// What is spoken, where content told.
    pub app: AppId,
    /// Counts.
    pub counts: ServiceWindow,
    /// From the request to the answer.
    pub response: Option<Quantiles>,
    /// What that is measured by.
    pub response_by: Option<ResponseBy>,
    /// From the SYN to its answer: the network between the mirrored port and the server.
    pub network: Option<Quantiles>,
    /// From the SYN-ACK to its acknowledgement: the network between the mirrored port and the client.
    pub client_network: Option<Quantiles>,
    /// The latest event.
    pub last: Timestamp,
    /// Requests over TCP that have waited for longer than users do, and do not count as unanswered yet; those that are meant to wait left out.
    pub waiting: u64,
    /// Counts of the last minute, where they are wanted.
    pub lately: Option<Box<ServiceWindow>>,
}

impl ServiceTotals {
    fn of(key: ServiceKey, service: &ServiceRecord, lately: Option<Timestamp>) -> Self {
        let (response, response_by) = service.response().unzip();
        let minute = |now: Timestamp| {
            let bins = service.latest(now.0.div_euclid(BIN), MINUTE);
            window(bins, (MINUTE * BIN / SECOND) as f64, |_| false).with_lone()
        };
        Self {
            key,
            app: service.app,
            counts: window(std::iter::once(&service.whole), 0.0, |_| false).with_lone(),
            response,
            response_by,
            network: service.network.as_ref().and_then(Histogram::quantiles),
            client_network: service.client_half.as_ref().and_then(Histogram::quantiles),
            last: service.last,
            waiting: if service.may_hold() { 0 } else { service.waiting },
            lately: lately.map(|now| Box::new(minute(now))),
        }
    }
}

impl ServiceLedger {
    /// What findings rest on, at `now`. At the end of a file everything is looked at as well.
    pub fn evidence(&self, now: Timestamp, at_end: bool) -> NetworkEvidence {
        let number = now.0.div_euclid(BIN);
        let others = Others::of(self);
        let proxies = self.proxied.evidence(now, at_end);
        let telling = self.in_order(|key, service| (at_end || service.may_tell(number)).then_some(*key));
        let mut services: Vec<ServiceEvidence> = telling.into_iter().map(|(key, s)| self.of(key, s, &others, (now, at_end))).collect();
        for service in &mut services {
            service.proxy = proxies.get(&service.key).copied().unwrap_or_default();
        }
        NetworkEvidence {
            now,
            is_whole: at_end,
            services,
            scans: self.scans.evidence(now, at_end),
            stalls: self.receivers.evidence(now, at_end),
            black_holes: self.black_holes.evidence(now),
            tls_failures: self.tls.failures(now),
            tls_old: self.tls.old(now),
            certificates: self.tls.certificates(now),
            fallbacks: self.fallbacks.evidence(now, at_end),
            media: self.media.evidence(now, at_end),
            surges: self.loads.evidence(now),
            windows: self.windows.evidence(now, at_end),
            unreachables: self.unreachables.evidence(now),
            quic: self.quic.evidence(now, at_end),
            kept_alive: self.kept.evidence(now),
            hops: self.hops(now, at_end),
            leaves_connections_out: self.lossy.leaves_out(now),
            outages: self.outages.evidence(now),
            expired: self.expired,
            ..NetworkEvidence::default()
        }
    }

    fn of(&self, key: &ServiceKey, service: &ServiceRecord, others: &Others<'_>, (now, at_end): (Timestamp, bool)) -> ServiceEvidence {
        let number = now.0.div_euclid(BIN);
        let is_scanner = |client| self.scans.is_scanner(client, key);
        let stretch = |bins: i64| {
            let mut w = window(service.latest(number, bins), (bins * BIN / SECOND) as f64, is_scanner);
            let (sum, whole) = (|lost: [u64; 2]| lost.iter().fold(0u64, |sum, n| sum.saturating_add(*n)), &service.whole.segments);
            w.loss.earlier = [whole.packets.saturating_sub(w.loss.segments), sum(whole.lost).saturating_sub(sum(w.loss.lost))];
            w
        };
        // What held for a while was found while it did: the end of a file is about the whole of it.
        let windows = match at_end {
            true => {
                // The same durations as the sample's, all of them: as the table of services says.
                let whole = window(std::iter::once(&service.whole), 0.0, is_scanner);
                let work = service.response().filter(|(_, by)| *by != ResponseBy::Handshakes);
                vec![ServiceWindow { response: work.map_or(whole.response, |(times, _)| Some(times)), ..whole }]
            }
            false if service.is_troubled(number) => vec![stretch(MINUTE), stretch(REMEMBERED)],
            false => vec![stretch(MINUTE)],
        };
        let is_alive = self.alive.last(&key.address).is_some_and(|last| at_end || now.since(last) <= REMEMBERED * BIN);
        ServiceEvidence {
            key: *key,
            app: service.app,
            app_token: "",
            manners: Manners::USUAL,
            next: service.next,
            vlan: service.vlan.filter(|_| !service.is_in_several),
            first_success: service.first_success,
            last_success: service.last_success,
            is_alive,
            network: service.network.as_ref().and_then(Histogram::quantiles).map(|q| q.p50),
            path: self.path(key, service, others),
            proxy: ProxyEvidence::default(),
            waits: service.whole.waits(service.first_turn),
            unreachable: service.unreachable(),
            proof: service.proof(),
            guesses: service.guessing(now),
            usual_trips: [0, 1].map(|side| service.usual.trip(side)),
            usual_ways: [0, 1].map(|side| service.usual.way(side)),
            usual_is_young: [0, 1].map(|side| service.usual.is_young(side)),
            usual_response: service.usual.response(),
            usual_missing: service.usual.missing(),
            usual_rejected: service.usual.rejected(),
            unusual_since: service.usual.unusual_since(),
            is_one_of_several: others.include(key, service),
            since_success: service.unanswered.told(now),
            // Nothing else is found in it than trouble, and times that are not the usual ones.
            recent: if service.is_troubled(number) || service.usual.response().is_some() {
                stretch(RECENT)
            } else {
                ServiceWindow::default()
            },
            lately: if at_end { Vec::new() } else { service.lately(number) },
            windows,
        }
    }

    /// How each connection that is followed used the window its receiver offered.
    pub fn window_uses(&self) -> impl Iterator<Item = WindowUse> + '_ {
        self.windows.uses()
    }

    /// Seconds that the quickest answer of a server took, and the quickest acknowledgement of a client's, since the beginning: packets of the one
    /// direction, or of the other, that are late by less still come before what answers them.
    pub fn quickest(&self) -> [Option<f64>; 2] {
        let least =
            |of: &dyn Fn(&ServiceRecord) -> Option<f64>| self.services.values().filter_map(|service| of(service)).min_by(f64::total_cmp);
        let half = |s: &ServiceRecord| s.server_half.map(|nanos| nanos as f64 / 1e9);
        let answer = |s: &ServiceRecord| half(s).into_iter().chain(s.response().map(|(times, _)| times.min)).min_by(f64::total_cmp);
        [least(&answer), least(&|s| s.client_half.as_ref().and_then(Histogram::quantiles).map(|times| times.min))]
    }

    /// The services that have a `place`, in the order of these: what is made of a service is large, and need not be moved then.
    fn in_order<P: Ord + Copy>(&self, place: impl Fn(&ServiceKey, &ServiceRecord) -> Option<P>) -> Vec<(&ServiceKey, &ServiceRecord)> {
        let placed = self.services.iter().filter_map(|(key, service)| Some((place(key, service)?, key, &**service)));
        let mut placed: Vec<(P, &ServiceKey, &ServiceRecord)> = placed.collect();
        placed.arrange_by_key(|(place, ..)| *place);
        placed.into_iter().map(|(_, key, service)| (key, service)).collect()
    }

    /// Services since the beginning, those with most clients' events first, and what happened in the minute up to `lately`: so many, and how many
    /// there are. What routers say cannot be reached is a service only where somebody was seen to use it.
    pub fn totals(&self, most: usize, lately: Option<Timestamp>) -> (Vec<ServiceTotals>, u64) {
        let seen = self.in_order(|key, service| {
            let is_seen = !service.whole.is_only(Trouble::Unreachable);
            is_seen.then(|| (Reverse(service.whole.uses()), *key))
        });
        (seen.iter().take(most).map(|(key, service)| ServiceTotals::of(**key, service, lately)).collect(), seen.len() as u64)
    }
}
