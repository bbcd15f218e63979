//! What happened to the clients of each service: the one place where events of all shards come together.
//!
//! Events come in the order of their time, so that results do not depend on the number of threads. Each service keeps what happened
//! since the beginning, and in bins of [`BIN`] of packet time the last ten minutes. Somebody who fails at many ports or hosts is a scanner:
//! what he fails at is held against nobody.

mod answered_elsewhere;
mod answers;
mod black_holes;
#[cfg(test)]
mod caps;
mod counts;
mod events;
mod evidence;
mod failing;
mod fallbacks;
mod guesses;
mod hops;
mod kept_alive;
mod lately_trips;
mod loads;
mod lossy;
mod lost_bins;
mod media;
mod path;
mod path_outages;
mod proxied;
mod quic_attempts;
mod scans;
mod service;
mod slowness;
#[cfg(test)]
mod tests;
mod tls_servers;
mod turns;
mod unanswered;
mod unreachables;
mod usual;
mod waits;
mod windows;

use crate::model::bounded::BoundedMap;
use crate::model::limits::{LOSSY_CONNECTIONS, SERVICE_BINS, SERVICES};
use crate::model::time::SECOND;
use crate::model::{
    Address, AppId, CapScale, FlowKey, Mac, MediaStream, NetworkEvent, RoundTrip, ServiceKey, Sight, Sighting, Timestamp, Transaction,
};
use answered_elsewhere::AnsweredElsewhere;
pub use answers::AnswerMeaning;
use black_holes::BlackHoles;
use counts::ServiceCounts;
pub use evidence::ServiceTotals;
pub use failing::Failing;
use fallbacks::Fallbacks;
use hashbrown::{DefaultHashBuilder, HashMap};
use kept_alive::KeptConnections;
use loads::Loads;
use lossy::{LossyConnections, Receivers};
use media::MediaStreams;
use path_outages::PathOutages;
use proxied::ProxiedTargets;
use quic_attempts::QuicAttempts;
use scans::Scans;
use service::ServiceRecord;
use std::collections::BTreeSet;
use tls_servers::TlsServers;
use unreachables::Unreachables;
pub use unreachables::closed_port;
use windows::ReceiveWindows;

/// Nanoseconds of packet time in one bin.
pub const BIN: i64 = 10 * SECOND;

/// Bins of the shortest stretch that is judged.
const MINUTE: i64 = 6;

/// Bins of what has just begun: the one in hand and the one before.
const RECENT: i64 = 2;

/// Bins that are remembered.
const REMEMBERED: i64 = 60;

/// Seconds of packet time in a minute, and in all bins that are remembered.
const MINUTE_SECONDS: i64 = MINUTE * BIN / SECOND;
const REMEMBERED_SECONDS: i64 = REMEMBERED * BIN / SECOND;

/// What is known beside the services.
type Bounded<K, V, const CAP: usize, const SECONDS: i64> = BoundedMap<K, V, CAP, SECONDS, DefaultHashBuilder>;

/// Everything known of services.
#[derive(Debug, Default)]
pub struct ServiceLedger {
    caps: CapScale,
    /// Each in a place of its own: the table grows and is searched without what is known of them.
    services: HashMap<ServiceKey, Box<ServiceRecord>>,
    scans: Scans,
    lossy: LossyConnections,
    /// Connections whose one end says nothing any more.
    silent: Bounded<FlowKey, SilentConnection, { 16 * LOSSY_CONNECTIONS }, MINUTE_SECONDS>,
    receivers: Receivers,
    black_holes: BlackHoles,
    tls: TlsServers,
    fallbacks: Fallbacks,
    kept: KeptConnections,
    media: MediaStreams,
    quic: QuicAttempts,
    windows: ReceiveWindows,
    unreachables: Unreachables,
    outages: PathOutages,
    loads: Loads,
    proxied: ProxiedTargets,
    answers: AnsweredElsewhere,
    bins: usize,
    /// The bin of time in which nothing could be forgotten for others: it is not tried again before the next.
    full: i64,
    /// When each host was last seen to send something that counts here.
    alive: Bounded<Address, (), SERVICES, REMEMBERED_SECONDS>,
    /// How often routers reported that a TTL was used up.
    expired: u64,
    /// The latest event.
    now: Option<Timestamp>,
    /// Events of services beyond the cap.
    beyond: u64,
    /// Services that made room for others.
    pub forgotten: u64,
    /// Attempts that shards did not follow.
    pub unfollowed: u64,
    /// Attempts and requests that were open when the capture ended, so that they were not judged.
    pub left_open: u64,
    /// Applications whose requests nobody reads.
    pub unread: BTreeSet<AppId>,
    /// Attempts and requests that were decided.
    pub judged: u64,
}

/// A connection whose one end says nothing any more: since when, when that was last told, and whether it was counted as one that hangs.
#[derive(Debug, Clone, Copy)]
struct SilentConnection {
    since: Timestamp,
    told: Timestamp,
    hangs: bool,
}

/// A service, looked up once for all that an event changes of it.
struct CountedService<'a> {
    record: &'a mut ServiceRecord,
    /// Bins of all services, and how many there may be.
    bins: &'a mut usize,
    most: usize,
}

impl CountedService<'_> {
    /// Counts something of all time and of the bin it happened in, whose number it says.
    fn count(&mut self, time: Timestamp, count: impl Fn(&mut ServiceCounts)) -> i64 {
        let Self { record: service, bins, most } = self;
        count(&mut service.whole);
        let number = time.0.div_euclid(BIN);
        let newest = service.bins.back().map_or(number, |b| b.0);
        // What comes late counts in the newest bin.
        if newest < number || service.bins.is_empty() {
            if let Some((number, past)) = service.bins.back() {
                service.usual.note(past, *number);
                service.troubled = if past.is_troubled() { Some(*number) } else { service.troubled };
            }
            if service.bins.len() == service.bins.capacity() {
                service.bins.reserve_exact(service.bins.len().div_ceil(2).max(1));
            }
            service.bins.push_back((number, ServiceCounts::default()));
            **bins += 1;
        }
        while service.bins.len() > 1 && (**bins > *most || service.bins.front().is_some_and(|b| b.0.saturating_add(REMEMBERED) <= number)) {
            service.bins.pop_front();
            **bins -= 1;
        }
        let Some((number, counts)) = service.bins.back_mut() else { return number };
        count(counts);
        *number
    }
}

impl ServiceLedger {
    /// Nothing known yet; of as many services, and as much of their past, as `caps` allow.
    pub fn within(caps: CapScale) -> Self {
        Self {
            caps,
            scans: Scans::within(caps),
            tls: TlsServers::within(caps),
            fallbacks: Fallbacks::within(caps),
            kept: KeptConnections::within(caps),
            ..Self::default()
        }
    }

    /// Takes in an event; `meaning` says what a transaction's answer means.
    pub fn take(&mut self, event: &NetworkEvent, meaning: impl Fn(&Transaction) -> AnswerMeaning) {
        self.note_time(event.time());
        match event {
            NetworkEvent::Attempt(attempt) => self.attempt(attempt),
            NetworkEvent::Ended(end) => self.ended(end),
            NetworkEvent::Transaction(transaction) => self.transaction(transaction, meaning(transaction)),
            NetworkEvent::Turn(turn) => self.turn(turn),
            NetworkEvent::Talks(talk) => self.talks(talk),
            NetworkEvent::Icmp(error) => {
                self.black_holes.icmp(error);
                self.icmp(error);
            }
            NetworkEvent::Tls(seen) => self.tls(seen),
            NetworkEvent::Proxied(request) => self.proxied.asked(request),
            NetworkEvent::Unread(seen) => {
                self.unread.insert(seen.app);
            }
            NetworkEvent::Load(load) => self.loads.take(load),
            NetworkEvent::Media(news) => self.media.take(news),
            NetworkEvent::Offered(offer) => self.media.offer(offer),
            NetworkEvent::Stuck(stuck) => self.stuck(stuck),
            NetworkEvent::Lost(lost) => self.lost(lost),
            NetworkEvent::LostOrLate(segment) => self.lost_or_late(segment),
            NetworkEvent::Stalled(stall) => self.receivers.note(stall),
            NetworkEvent::RoundTrip(trip) => self.round_trip(trip),
            NetworkEvent::Silent(silent) => self.silent(silent),
            NetworkEvent::KeptAlive(kept) => self.kept.take(kept),
            NetworkEvent::Sighted(_) => {}
        }
    }

    /// Takes in what is seen seldom, of which somebody who looks for hosts is told of here.
    pub fn sighted(&mut self, seen: &Sighting) {
        if let Sight::Echo { is_reply, from, to } = seen.what {
            match is_reply {
                true => self.scans.replied(to, from),
                false => self.scans.pinged(from, to, seen),
            }
        }
    }

    fn note_alive(&mut self, address: Address, time: Timestamp) {
        self.alive.entry(address, time);
    }

    /// A service in which something is to be counted that happened then; `None`: there is no room for it.
    fn at(&mut self, key: ServiceKey, time: Timestamp) -> Option<CountedService<'_>> {
        if self.services.len() >= self.caps.of(SERVICES) && !self.services.contains_key(&key) && !self.make_room(time) {
            self.beyond = self.beyond.saturating_add(1);
            return None;
        }
        let record = self.services.entry(key).or_insert_with(|| Box::new(ServiceRecord::unknown()));
        record.last = record.last.max(time);
        Some(CountedService { record, bins: &mut self.bins, most: self.caps.of(SERVICE_BINS) })
    }

    /// Counts something in a service, of all time and of its bin: the service, and the number of the bin; `None`: there is no room for the service.
    fn with(&mut self, key: ServiceKey, time: Timestamp, count: impl Fn(&mut ServiceCounts)) -> Option<(&mut ServiceRecord, i64)> {
        let mut service = self.at(key, time)?;
        let bin = service.count(time, count);
        Some((service.record, bin))
    }

    /// Takes back something that was counted in a service, in the bin of that number as well, if that is remembered.
    fn without(&mut self, key: ServiceKey, bin: Option<i64>, take_back: impl Fn(&mut ServiceCounts)) {
        let Some(service) = self.services.get_mut(&key) else { return };
        take_back(&mut service.whole);
        let bin = service.bins.iter_mut().rev().find(|(number, _)| Some(*number) == bin);
        bin.into_iter().for_each(|(_, counts)| take_back(counts));
    }

    /// Forgets up to a quarter of the services, of those that nobody asked for a minute: first the ones that nobody ever reached, then those that were
    /// silent longest, but for those of whose trouble something is remembered. Whether there were any.
    fn make_room(&mut self, now: Timestamp) -> bool {
        let bin = now.0.div_euclid(BIN);
        if self.full == bin {
            return false;
        }
        let may_go = |service: &ServiceRecord| {
            now.since(service.last) >= MINUTE * BIN && (service.last_success.is_none() || !service.is_troubled(bin))
        };
        let silent = self.services.iter().filter(|(_, service)| may_go(service));
        let mut silent: Vec<_> = silent.map(|(key, service)| (service.last_success.is_some(), service.last, *key)).collect();
        let quarter = self.caps.of(SERVICES) / 4;
        // To look for room costs as much as there are services: once in a bin, where there is little to find.
        self.full = if silent.len() < quarter { bin } else { i64::MIN };
        silent.sort_unstable();
        silent.truncate(quarter.max(1));
        for (.., key) in &silent {
            let gone = self.services.remove(key);
            self.bins -= gone.map_or(0, |service| service.bins.len());
        }
        self.forgotten = self.forgotten.saturating_add(silent.len() as u64);
        !silent.is_empty()
    }

    /// Events of services and of hosts beyond the caps: of what has no room nothing is found.
    pub fn beyond(&self) -> u64 {
        let beside = [
            self.receivers.refused(),
            self.black_holes.refused(),
            self.tls.refused(),
            self.fallbacks.refused(),
            self.unreachables.refused(),
            self.outages.refused(),
            self.kept.refused(),
            self.media.refused(),
            self.quic.refused(),
            self.windows.refused(),
            self.loads.refused(),
            self.proxied.refused(),
        ];
        beside.into_iter().fold(self.beyond, u64::saturating_add)
    }

    /// Time has come to this.
    pub fn note_time(&mut self, time: Timestamp) {
        self.now = Some(self.now.map_or(time, |now| now.max(time)));
    }

    /// When a host was last seen to answer anybody.
    pub fn last_heard(&self, address: Address) -> Option<Timestamp> {
        self.alive.last(&address)
    }

    /// The only address by which a station connects to others; `None` of a router.
    pub fn speaks_for(&self, station: Mac, now: Timestamp) -> Option<Address> {
        self.fallbacks.speaks_for(station, now)
    }

    /// Whether a station connects to others from several addresses: it is a router.
    pub fn routes(&self, station: Mac, now: Timestamp) -> bool {
        self.fallbacks.routes(station, now)
    }

    /// How many services are known.
    pub fn len(&self) -> usize {
        self.services.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    /// Whether clients use a service of a host.
    pub fn is_server(&self, address: Address) -> bool {
        self.services.iter().any(|(key, service)| key.address == address && service.last_success.is_some())
    }

    /// Whether a round trip takes longer than is usual at its service; so too where nothing is usual yet.
    pub fn is_far(&self, trip: &RoundTrip) -> bool {
        let service = ServiceKey::of(&trip.flow, trip.way).and_then(|key| self.services.get(&key));
        let usual = service.and_then(|service| service.usual.trip(trip.side as usize));
        usual.is_none_or(|usual| trip.nanos as f64 / 1e9 > 2.0 * usual)
    }

    /// Whether somebody used a service that is so: by itself, and what was spoken there as far as content told. One of which content told nothing
    /// was used where it did what somebody wanted.
    pub fn has_used(&self, is: impl Fn(&ServiceKey, AppId) -> bool) -> bool {
        let was_used = |service: &ServiceRecord| service.app != AppId::NONE || service.last_success.is_some();
        self.services.iter().any(|(key, service)| was_used(service) && is(key, service.app))
    }

    /// The first of those services most of whose answers took so long that they may have been held back, and whether most of all that was judged
    /// are answers of such.
    pub fn held_back(&self) -> Option<(ServiceKey, bool)> {
        let held = self.services.iter().filter(|(_, service)| service.whole.held_answers() > 1);
        let waits = |service: &ServiceRecord| service.whole.waits(service.first_turn);
        let (first, uses) = held.filter(|(_, service)| waits(service).held * 2 > waits(service).timed).fold(
            (None, 0u64),
            |(first, uses): (Option<ServiceKey>, _), (key, service)| {
                (Some(first.map_or(*key, |first| first.min(*key))), uses.saturating_add(service.whole.uses()))
            },
        );
        first.map(|key| (key, uses.saturating_mul(2) > self.judged))
    }

    /// Streams of voice and pictures, as a whole.
    pub fn media(&self) -> Vec<MediaStream> {
        self.media.totals()
    }

    /// Whether streams of voice or pictures were seen of late.
    pub fn has_media(&self) -> bool {
        self.media.any()
    }

    /// How often routers reported that a packet's TTL was used up.
    pub fn expired(&self) -> u64 {
        self.expired
    }

    /// The latest event.
    pub fn now(&self) -> Option<Timestamp> {
        self.now
    }
}
