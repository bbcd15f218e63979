//! What happened to the clients of each service: the one place where events of all shards come together.
//!
//! Events come in the order of intervals and shards, so that results do not depend on the number of threads. Each service keeps what happened
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
mod media;
mod path;
mod path_outages;
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
mod windows;

use crate::model::bounded::BoundedMap;
use crate::model::limits::{LOSSY_CONNECTIONS, SERVICE_BINS, SERVICES};
use crate::model::time::SECOND;
use crate::model::{Address, AppId, CapScale, FlowKey, Mac, MediaStream, NetworkEvent, RoundTrip, ServiceKey, Timestamp, Transaction};
use answered_elsewhere::AnsweredElsewhere;
pub use answers::{Answer, AnswerMeaning};
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
use quic_attempts::QuicAttempts;
use scans::Scans;
use service::ServiceRecord;
use tls_servers::TlsServers;
use unreachables::Unreachables;
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
    services: HashMap<ServiceKey, ServiceRecord>,
    scans: Scans,
    lossy: LossyConnections,
    /// Connections whose one end says nothing any more.
    silent: Bounded<FlowKey, SilentConnection, { 16 * LOSSY_CONNECTIONS }, MINUTE_SECONDS>,
    /// Connections that were cut, not by their clients: what was asked there waits no longer.
    cut_off: Bounded<FlowKey, Timestamp, { 16 * LOSSY_CONNECTIONS }, MINUTE_SECONDS>,
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
    pub beyond: u64,
    /// Attempts that shards did not follow.
    pub unfollowed: u64,
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

impl ServiceLedger {
    /// Nothing known yet; of as many services, and as much of their past, as `caps` allow.
    pub fn within(caps: CapScale) -> Self {
        Self { caps, ..Self::default() }
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
            NetworkEvent::Load(load) => self.loads.take(load),
            NetworkEvent::Media(news) => self.media.take(news),
            NetworkEvent::Offered(offer) => self.media.offer(offer),
            NetworkEvent::Stuck(stuck) => self.stuck(stuck),
            NetworkEvent::Lost(lost) => self.lost(lost),
            NetworkEvent::Stalled(stall) => self.receivers.note(stall),
            NetworkEvent::RoundTrip(trip) => self.round_trip(trip),
            NetworkEvent::Silent(silent) => self.silent(silent),
            NetworkEvent::KeptAlive(kept) => self.kept.take(kept),
            NetworkEvent::Sighted(_) => {}
        }
    }

    fn note_alive(&mut self, address: Address, time: Timestamp) {
        self.alive.entry(address, time);
    }

    /// Counts something in a service, of all time and of its bin.
    fn with(&mut self, key: ServiceKey, time: Timestamp, count: impl Fn(&mut ServiceCounts)) {
        if self.services.len() >= self.caps.of(SERVICES) && !self.services.contains_key(&key) && !self.make_room(time) {
            self.beyond = self.beyond.saturating_add(1);
            return;
        }
        let service = self.services.entry(key).or_insert_with(ServiceRecord::unknown);
        service.last = service.last.max(time);
        count(&mut service.whole);
        let number = time.0.div_euclid(BIN);
        let newest = service.bins.back().map_or(number, |b| b.0);
        // What comes late counts in the newest bin.
        if newest < number || service.bins.is_empty() {
            if let Some((number, past)) = service.bins.back() {
                service.usual.note(past, *number);
                service.troubled = if past.is_troubled() { Some(*number) } else { service.troubled };
            }
            service.bins.push_back((number, ServiceCounts::default()));
            self.bins += 1;
        }
        let most = self.caps.of(SERVICE_BINS);
        while service.bins.len() > 1 && (self.bins > most || service.bins.front().is_some_and(|b| b.0.saturating_add(REMEMBERED) <= number))
        {
            service.bins.pop_front();
            self.bins -= 1;
        }
        if let Some((_, counts)) = service.bins.back_mut() {
            count(counts);
        }
    }

    /// Forgets services that nobody reached and nobody asks any more; whether there were any.
    fn make_room(&mut self, now: Timestamp) -> bool {
        let bin = now.0.div_euclid(BIN);
        if self.full == bin {
            return false;
        }
        self.full = bin;
        let (before, bins) = (self.services.len(), &mut self.bins);
        self.services.retain(|_, service| {
            let stays = service.last_success.is_some() || now.since(service.last) < MINUTE * BIN;
            *bins -= if stays { 0 } else { service.bins.len() };
            stays
        });
        let found = self.services.len() < before;
        if found {
            self.full = i64::MIN;
        }
        found
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

    /// Whether somebody used an application that is so.
    pub fn has_app(&self, is: impl Fn(AppId) -> bool) -> bool {
        self.services.values().any(|service| is(service.app))
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
