//! What happened to the clients of each service: the one place where events of all shards come together.
//!
//! Events come in the order of intervals and shards, so that results do not depend on the number of threads. Each service keeps what happened
//! since the beginning, and in bins of [`BIN`] of packet time the last ten minutes. Somebody who fails at many ports or hosts is a scanner:
//! what he fails at is held against nobody.

mod answered_elsewhere;
mod black_holes;
mod counts;
mod fallbacks;
mod guesses;
mod kept_alive;
mod loads;
mod lossy;
mod media;
mod quic_attempts;
mod scans;
#[cfg(test)]
mod tests;
mod tls_servers;
mod unanswered;
mod usual;
mod windows;

use crate::model::bounded::BoundedMap;
use crate::model::evidence::{
    FEWEST_TRIPS, NetworkEvidence, SHORT_LOGIN, SLOW_REPLY, ServiceEvidence, ServiceWindow, TripWindow, Trouble, USUAL_TIMES,
    VERY_SLOW_REPLY,
};
#[cfg(test)]
use crate::model::limits::FURTHER_CLIENTS;
use crate::model::limits::{SERVICE_BINS, SERVICES};
use crate::model::mix::Keys;
use crate::model::time::SECOND;
use crate::model::{
    Address, AppId, Attempt, AttemptOutcome, CapScale, ConnectionEnd, CutPhase, Histogram, IcmpError, LocatedLoss, Location, Mac,
    NetworkEvent, ProvingPackets, Quantiles, RoundTrip, ServiceKey, StuckSegment, Timestamp, Transaction, TransactionEnd,
};
use answered_elsewhere::AnsweredElsewhere;
use black_holes::BlackHoles;
use counts::{ServiceCounts, TripCounts, window};
use fallbacks::Fallbacks;
use guesses::Guesses;
use hashbrown::{DefaultHashBuilder, HashMap};
use kept_alive::KeptConnections;
use loads::Loads;
use lossy::{LossyConnections, Receivers};
use media::MediaStreams;
use quic_attempts::QuicAttempts;
use scans::Scans;
use std::collections::VecDeque;
use tls_servers::TlsServers;
use unanswered::UnansweredSince;
use usual::UsualService;
use windows::ReceiveWindows;

/// Nanoseconds of packet time in one bin.
pub const BIN: i64 = 10 * SECOND;

/// Bins of the shortest stretch that is judged.
const MINUTE: i64 = 6;

/// Single SYNs of one client in a bin from which on they are attempts that nothing answers.
const TRIES: u32 = 4;

/// Bins of what has just begun: the one in hand and the one before.
const RECENT: i64 = 2;

/// Bins that are remembered.
const REMEMBERED: i64 = 60;

/// Seconds of packet time in a minute, and in all bins that are remembered.
const MINUTE_SECONDS: i64 = MINUTE * BIN / SECOND;
const REMEMBERED_SECONDS: i64 = REMEMBERED * BIN / SECOND;

/// What is known beside the services.
type Bounded<K, V, const CAP: usize, const SECONDS: i64> = BoundedMap<K, V, CAP, SECONDS, DefaultHashBuilder>;

/// What is known of a service.
#[derive(Debug, Default)]
struct Service {
    app: AppId,
    whole: ServiceCounts,
    /// Each with its number, ascending.
    bins: VecDeque<(i64, ServiceCounts)>,
    /// The latest of them in which anything went wrong, but for the newest, in which it may still.
    troubled: Option<i64>,
    usual: UsualService,
    last: Timestamp,
    last_success: Option<Timestamp>,
    unanswered: UnansweredSince,
    /// Shortest, nanoseconds.
    server_half: Option<i64>,
    client_half: Option<Histogram>,
    network: Option<Histogram>,
    response: Option<Histogram>,
    guesses: Guesses,
    /// Packets that prove what went wrong lately, by [`Trouble`].
    proof: [Option<Box<ProvingPackets>>; Trouble::COUNT],
}

impl Service {
    /// One of which nothing is known so far.
    fn unknown() -> Self {
        Self { whole: ServiceCounts::of_everything(), ..Self::default() }
    }

    /// The bins of the last so many up to a number.
    fn latest(&self, number: i64, bins: i64) -> impl Iterator<Item = &ServiceCounts> + Clone {
        self.bins.iter().rev().take_while(move |b| b.0 > number.saturating_sub(bins)).map(|b| &b.1)
    }

    /// Round trips of the last whole bin, and of the last two: of each as soon as there are enough to tell whether they have become long. A bin
    /// in hand would tell another thing at each moment.
    fn lately(&self, number: i64) -> Vec<[TripWindow; 2]> {
        let whole = |bins: i64| self.bins.iter().rev().filter(move |b| (1..=bins).contains(&number.saturating_sub(b.0)));
        let trips = |bins, side| whole(bins).filter_map(move |(_, counts)| counts.trips(side));
        let are_enough = |bins, side| {
            self.usual.trip(side).is_some() && trips(bins, side).fold(0u64, |sum, t| sum.saturating_add(t.times.count())) >= FEWEST_TRIPS
        };
        let window =
            |bins| [0, 1].map(|side| if are_enough(bins, side) { TripCounts::window(trips(bins, side)) } else { TripWindow::default() });
        (1..=2).map(window).filter(|sides| sides.iter().any(|side| side.times.is_some())).collect()
    }

    /// A packet that shows that something went wrong.
    fn prove(&mut self, trouble: Trouble, number: u64) {
        if let Some(proof) = self.proof.get_mut(trouble as usize).filter(|_| number > 0) {
            proof.get_or_insert_default().note(number);
        }
    }

    /// Packets that do, by what went wrong.
    fn proof(&self) -> Vec<(Trouble, ProvingPackets)> {
        Trouble::ALL.iter().zip(&self.proof).filter_map(|(trouble, proof)| Some((*trouble, **proof.as_ref()?))).collect()
    }

    /// Whether anything went wrong in what is remembered.
    fn is_troubled(&self, number: i64) -> bool {
        let remembered = number.saturating_sub(REMEMBERED);
        self.troubled.is_some_and(|latest| latest > remembered)
            || self.bins.back().is_some_and(|(latest, counts)| *latest > remembered && counts.is_troubled())
    }

    /// Whether anything can be found: most services have no trouble, of them only round trips of the last minute tell anything. Every service is
    /// asked every ten seconds of packet time.
    fn may_tell(&self, number: i64) -> bool {
        let trips =
            |side| self.latest(number, MINUTE).filter_map(|c| c.trips(side)).fold(0u64, |sum, t| sum.saturating_add(t.times.count()));
        self.is_troubled(number) || (0..2).any(|side| trips(side) >= FEWEST_TRIPS)
    }
}

/// What a transaction's answer means, and when it is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerMeaning {
    /// What it means.
    pub answer: Answer,
    /// Nanoseconds beyond the round trip to the server within which no answer is slow, whatever is usual.
    pub slow_floor: i64,
}

/// What an answer's code means for whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// What was asked for, or a negative answer that is normal.
    Normal,
    /// An error.
    Error,
    /// Credentials are refused.
    Denied,
    /// A web server refuses the request: the client's fault, it says.
    Rejected,
    /// There is no such name.
    NoSuchName,
    /// The server held the request until there was something to tell: the time says nothing of the service.
    Held,
    /// It is no answer whose time says something of the service.
    Uncounted,
}

/// Everything known of services.
#[derive(Debug, Default)]
pub struct ServiceLedger {
    caps: CapScale,
    services: HashMap<ServiceKey, Service>,
    scans: Scans,
    lossy: LossyConnections,
    receivers: Receivers,
    black_holes: BlackHoles,
    tls: TlsServers,
    fallbacks: Fallbacks,
    kept: KeptConnections,
    media: MediaStreams,
    quic: QuicAttempts,
    windows: ReceiveWindows,
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
    /// From the SYN to its answer: the network between the mirrored port and the server.
    pub network: Option<Quantiles>,
    /// From the SYN-ACK to its acknowledgement: the network between the mirrored port and the client.
    pub client_network: Option<Quantiles>,
    /// The latest event.
    pub last: Timestamp,
}

#[cfg(test)]
impl ServiceLedger {
    /// Bytes of a service at most, of one of its bins, and of a pair of those who scan.
    pub const BYTES: [usize; 3] = {
        let bin = ServiceCounts::BYTES;
        [
            size_of::<Service>()
                + bin
                + FURTHER_CLIENTS * size_of::<u32>()
                + 3 * Histogram::BYTES
                + 3 * 64
                + Guesses::BYTES
                + Trouble::COUNT * size_of::<ProvingPackets>()
                + UsualService::BYTES,
            bin,
            Scans::PAIR_BYTES,
        ]
    };

    /// Bytes of a station and a service tried by IPv6, and of a connection that is kept alive.
    pub const BESIDE_BYTES: usize = Fallbacks::BYTES + KeptConnections::BYTES;

    /// Bytes of a stream of voice, and of a client that speaks QUIC.
    pub const MEDIA_BYTES: [usize; 2] = [MediaStreams::BYTES + 100, QuicAttempts::BYTES];

    /// Bytes of a host whose load is known.
    pub const LOAD_BYTES: usize = Loads::BYTES;

    /// Bytes of what was answered lately.
    pub const ANSWERS_BYTES: usize = AnsweredElsewhere::BYTES;

    /// Bytes of a connection whose window is looked at.
    pub const WINDOW_BYTES: usize = ReceiveWindows::BYTES;

    /// Bytes of a TLS service at most.
    pub const TLS_BYTES: usize = TlsServers::BYTES;
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
            NetworkEvent::Icmp(error) => {
                self.black_holes.icmp(error);
                self.icmp(error);
            }
            NetworkEvent::Tls(seen) => {
                self.quic.hello(seen);
                self.tls.take(seen);
            }
            NetworkEvent::Load(load) => self.loads.take(load),
            NetworkEvent::Media(news) => self.media.take(news),
            NetworkEvent::Offered(offer) => self.media.offer(offer),
            NetworkEvent::Stuck(stuck) => self.stuck(stuck),
            NetworkEvent::Lost(lost) => self.lost(lost),
            NetworkEvent::Stalled(stall) => self.receivers.note(stall),
            NetworkEvent::RoundTrip(trip) => self.round_trip(trip),
            NetworkEvent::KeptAlive(kept) => self.kept.take(kept),
            NetworkEvent::Sighted(_) => {}
        }
    }

    fn attempt(&mut self, attempt: &Attempt) {
        let Some(key) = ServiceKey::of(&attempt.flow, attempt.way) else { return };
        let client = attempt.flow.ends(attempt.way)[0].0;
        self.fallbacks.take(attempt, key);
        if attempt.outcome == AttemptOutcome::Established {
            self.windows.opened(attempt);
            self.black_holes.opened(&attempt.flow, attempt.time);
        }
        self.judged = self.judged.saturating_add(1);
        let trouble = match attempt.outcome {
            AttemptOutcome::Established | AttemptOutcome::Abandoned => None,
            AttemptOutcome::Refused => Some(Trouble::Refused),
            AttemptOutcome::Unanswered => Some(Trouble::NoAnswer),
            AttemptOutcome::HalfOpen => Some(Trouble::HalfOpen),
        };
        match trouble {
            Some(Trouble::Refused | Trouble::NoAnswer) => {
                self.scans.failed(client, &key, attempt.time, trouble == Some(Trouble::Refused));
            }
            _ => self.scans.succeeded(client, &key),
        }
        // One SYN that nothing answered may be a client that changed its mind: only a scan or a flood is made of those.
        let is_counted = !(attempt.outcome == AttemptOutcome::Unanswered && attempt.syns < 2);
        let tries = if is_counted { 0 } else { self.tries(key, client, attempt.time) };
        if attempt.outcome != AttemptOutcome::Unanswered {
            self.note_alive(key.address, attempt.time);
        }
        if trouble.is_some() && self.scans.is_scanner(client, &key) {
            return;
        }
        self.with(key, attempt.time, |counts| {
            let of = counts.client(client);
            if !is_counted {
                of.lone = of.lone.saturating_add(1);
                if tries == 0 {
                    return;
                }
                of.attempts = of.attempts.saturating_add(tries);
                counts.again = counts.again.saturating_add(tries);
                counts.troubles(client, (Trouble::NoAnswer, tries), attempt.first, attempt.time);
                return;
            }
            of.attempts = of.attempts.saturating_add(1);
            if attempt.outcome == AttemptOutcome::Established {
                of.established = of.established.saturating_add(1);
            }
            if let Some(trouble) = trouble {
                counts.trouble(client, trouble, attempt.first, attempt.time);
            }
        });
        let Some(service) = self.services.get_mut(&key) else { return };
        trouble.into_iter().filter(|_| is_counted).for_each(|trouble| service.prove(trouble, attempt.number));
        let silent = if is_counted { u32::from(trouble == Some(Trouble::NoAnswer)) } else { tries };
        if attempt.outcome == AttemptOutcome::Established {
            service.last_success = Some(attempt.time);
            service.unanswered.established(attempt.time);
        } else if silent > 0 {
            service.unanswered.attempts(client, silent, (attempt.first, attempt.time));
        }
        if let Some(half) = attempt.server_half {
            service.server_half = Some(service.server_half.map_or(half, |least| least.min(half)));
            service.network.get_or_insert_default().count(half);
        }
        if let Some(half) = attempt.client_half {
            service.client_half.get_or_insert_default().count(half);
        }
    }

    /// What another single SYN of a client that nothing answered makes of it: whoever sends more than one every three seconds does not change
    /// its mind, it tries again and again. So many attempts were not counted yet.
    fn tries(&self, key: ServiceKey, client: Address, time: Timestamp) -> u32 {
        let bins = self.services.get(&key).map(|service| &service.bins);
        let newest = bins.and_then(VecDeque::back).filter(|(number, _)| *number >= time.0.div_euclid(BIN));
        match newest.and_then(|(_, counts)| counts.lone_of(client)).unwrap_or(0).saturating_add(1) {
            ..TRIES => 0,
            TRIES => TRIES,
            _ => 1,
        }
    }

    fn ended(&mut self, end: &ConnectionEnd) {
        self.tls.ended(end);
        let Some(key) = ServiceKey::of(&end.flow, end.way) else { return };
        let client = end.flow.ends(end.way)[0].0;
        self.note_alive(key.address, end.time);
        let packets = end.data_packets.saturating_sub(self.lossy.end(&end.flow));
        self.with(key, end.time, |counts| {
            let of = counts.client(client);
            of.ended = of.ended.saturating_add(1);
            of.short = of.short.saturating_add(u32::from(end.packets.iter().all(|packets| *packets <= SHORT_LOGIN)));
            counts.data_packets(client, packets);
            match end.cut {
                Some(CutPhase::Transfer | CutPhase::RequestPending) if !end.gave_up => {
                    counts.trouble(client, Trouble::Cut, end.time, end.time)
                }
                Some(CutPhase::Idle) if !end.by_client => counts.idle_cut(client, end.time, end.pause),
                _ => {}
            }
        });
        let Some(service) = self.services.get_mut(&key) else { return };
        if end.app != AppId::NONE {
            service.app = end.app;
        }
        match end.cut {
            Some(CutPhase::Transfer | CutPhase::RequestPending) if !end.gave_up => service.prove(Trouble::Cut, end.number),
            Some(CutPhase::Idle) if !end.by_client => service.prove(Trouble::IdleCut, end.number),
            _ => {}
        }
    }

    fn transaction(&mut self, t: &Transaction, AnswerMeaning { answer, slow_floor }: AnswerMeaning) {
        let Some(key) = ServiceKey::of(&t.flow, t.way).filter(|key| !is_group(key.address)) else { return };
        self.quic.transaction(t, &key);
        let client = t.flow.ends(t.way)[0].0;
        let time = t.answered.unwrap_or(t.asked);
        if matches!(t.end, TransactionEnd::Forgotten) || answer == Answer::Uncounted {
            return;
        }
        // Whoever asks several servers at once takes the first answer, and what the others do does not matter to him.
        if !self.answers.take(t, client) {
            return;
        }
        self.judged = self.judged.saturating_add(1);
        let latency = t.latency();
        if t.answered.is_some() {
            self.note_alive(key.address, time);
        }
        let service = self.services.get(&key);
        let half = service.and_then(|s| s.server_half).unwrap_or(0);
        let usual = service.and_then(|s| s.usual.response()).map(|usual| (usual * SECOND as f64) as i64);
        let slower = usual.map_or(i64::MAX, |usual| usual.saturating_mul(USUAL_TIMES).max(slow_floor.saturating_add(half)));
        self.with(key, time, |counts| {
            if let TransactionEnd::Answered(code) = t.end {
                let of = counts.client(client);
                of.answered = of.answered.saturating_add(1);
                let trouble = match answer {
                    Answer::Error => Some(Trouble::Error),
                    Answer::Denied => Some(Trouble::Denied),
                    Answer::Rejected => Some(Trouble::Rejected),
                    Answer::NoSuchName => Some(Trouble::NoSuchName),
                    Answer::Normal | Answer::Held | Answer::Uncounted => None,
                };
                trouble.into_iter().for_each(|trouble| counts.trouble(client, trouble, t.asked, time));
                match answer {
                    Answer::Error => {
                        counts.code(code);
                        counts.zone(t.zone());
                    }
                    Answer::Rejected => counts.code(code),
                    Answer::Denied => counts.refusal(code),
                    _ => {}
                }
            } else {
                counts.trouble(client, Trouble::Unanswered, t.asked, t.asked);
            }
            if let Some(latency) = latency.filter(|_| answer != Answer::Held) {
                counts.latencies.note(latency);
                if latency > SLOW_REPLY.nanos().saturating_add(half) {
                    counts.trouble(client, Trouble::Slow, t.asked, time);
                }
                if latency > VERY_SLOW_REPLY.nanos() {
                    counts.trouble(client, Trouble::VerySlow, t.asked, time);
                }
                if latency > slower {
                    counts.trouble(client, Trouble::SlowerThanUsual, t.asked, time);
                }
            }
        });
        let Some(service) = self.services.get_mut(&key) else { return };
        service.app = t.app;
        if answer == Answer::Denied && t.question != 0 {
            service.guesses.note(client, t.question, time);
        }
        transaction_troubles(t, answer, [half, slower]).for_each(|trouble| service.prove(trouble, t.number));
        if let Some(latency) = latency {
            service.last_success = Some(time);
            service.unanswered.answered(time);
            if answer != Answer::Held {
                service.response.get_or_insert_default().count(latency);
            }
        } else if t.end == TransactionEnd::Unanswered {
            service.unanswered.request(client, t.asked);
        }
    }

    fn icmp(&mut self, error: &IcmpError) {
        self.note_alive(error.reporter, error.time);
        let is_expired = (error.quoted.kind, error.quoted.code) == if error.quoted.key.is_v6 { (3, 0) } else { (11, 0) };
        self.expired = self.expired.saturating_add(u64::from(is_expired));
        let Some(key) = ServiceKey::of(&error.quoted.key, error.quoted.direction) else { return };
        let is_unreachable = match error.quoted.key.is_v6 {
            false => error.quoted.kind == 3 && error.quoted.code != 4,
            true => error.quoted.kind == 1,
        };
        // What comes too late for a closed socket is normal: only services are looked at that somebody asked.
        if is_unreachable && self.services.contains_key(&key) {
            self.with(key, error.time, |counts| counts.trouble(error.receiver, Trouble::Unreachable, error.time, error.time));
            if let Some(service) = self.services.get_mut(&key) {
                service.prove(Trouble::Unreachable, error.number);
            }
        }
    }

    fn lost(&mut self, lost: &LocatedLoss) {
        let Some(key) = ServiceKey::of(&lost.flow, lost.client) else { return };
        let client = lost.flow.ends(lost.client)[0].0;
        self.windows.lost(lost);
        if self.black_holes.holds(&lost.flow, lost.way) {
            return;
        }
        if lost.retracted {
            return self.with(key, lost.time, |counts| counts.lost(client, lost));
        }
        let (is_first, packets) = self.lossy.note(&lost.flow, lost.time, lost.packets);
        self.with(key, lost.time, |counts| {
            counts.data_packets(client, packets);
            counts.lost(client, lost);
            if is_first {
                counts.trouble(client, Trouble::Lossy, lost.time, lost.time);
            }
        });
        if let Some(service) = self.services.get_mut(&key) {
            service.prove(Trouble::Lossy, lost.number);
        }
    }

    /// What is too large for the way is no loss of the way: others of every size would be lost as well.
    fn stuck(&mut self, stuck: &StuckSegment) {
        self.black_holes.note(stuck);
        if !self.black_holes.holds(&stuck.flow, stuck.way) {
            return;
        }
        let (Some(key), taken) = (ServiceKey::of(&stuck.flow, stuck.client), self.lossy.take_back(&stuck.flow)) else { return };
        let StuckSegment { flow, way, client, time, .. } = *stuck;
        let lost = LocatedLoss { flow, client, way, time, location: Location::BeyondMirror, packets: 0, retracted: true, number: 0 };
        if taken > 0 {
            let [(client, _), _] = flow.ends(client);
            self.with(key, time, |counts| (0..taken).for_each(|_| counts.lost(client, &lost)));
        }
    }

    fn round_trip(&mut self, trip: &RoundTrip) {
        let Some(key) = ServiceKey::of(&trip.flow, trip.way) else { return };
        self.windows.acknowledged(trip);
        let connection = (trip.flow.keyed_hash(&Keys::FIXED) >> 32) as u32;
        let client = trip.flow.ends(trip.way)[0].0;
        self.with(key, trip.time, |counts| counts.trips_mut(trip.side).note(trip.nanos, connection, client));
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
        let service = self.services.entry(key).or_insert_with(Service::unknown);
        service.last = service.last.max(time);
        count(&mut service.whole);
        let number = time.0.div_euclid(BIN);
        let newest = service.bins.back().map_or(number, |b| b.0);
        // What comes late counts in the newest bin.
        if newest < number || service.bins.is_empty() {
            if let Some((number, past)) = service.bins.back() {
                service.usual.note(past);
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
    pub fn speaks_for(&self, station: Mac) -> Option<Address> {
        self.fallbacks.speaks_for(station)
    }

    /// Whether clients use a service of a host.
    pub fn is_server(&self, address: Address) -> bool {
        self.services.iter().any(|(key, service)| key.address == address && service.last_success.is_some())
    }

    /// How often routers reported that a packet's TTL was used up.
    pub fn expired(&self) -> u64 {
        self.expired
    }

    /// The latest event.
    pub fn now(&self) -> Option<Timestamp> {
        self.now
    }

    /// What findings rest on, at `now`. At the end of a file everything is looked at as well.
    pub fn evidence(&self, now: Timestamp, at_end: bool) -> NetworkEvidence {
        let number = now.0.div_euclid(BIN);
        let mut services: Vec<ServiceEvidence> =
            self.services.iter().filter(|(_, s)| at_end || s.may_tell(number)).map(|(key, s)| self.of(key, s, now, at_end)).collect();
        services.sort_unstable_by_key(|s| s.key);
        NetworkEvidence {
            now,
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
            quic: self.quic.evidence(now, at_end),
            kept_alive: self.kept.evidence(now),
            expired: self.expired,
            ..NetworkEvidence::default()
        }
    }

    fn of(&self, key: &ServiceKey, service: &Service, now: Timestamp, at_end: bool) -> ServiceEvidence {
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
                let response = service.response.as_ref().and_then(Histogram::quantiles);
                vec![ServiceWindow { response, ..window(std::iter::once(&service.whole), 0.0, is_scanner) }]
            }
            false if service.is_troubled(number) => vec![stretch(MINUTE), stretch(REMEMBERED)],
            false => vec![stretch(MINUTE)],
        };
        let is_alive = self.alive.last(&key.address).is_some_and(|last| at_end || now.since(last) <= REMEMBERED * BIN);
        ServiceEvidence {
            key: *key,
            app: service.app,
            app_token: "",
            last_success: service.last_success,
            is_alive,
            network: service.network.as_ref().and_then(Histogram::quantiles).map(|q| q.p50),
            proof: service.proof(),
            guesses: service.guesses.most(),
            usual_trips: [0, 1].map(|side| service.usual.trip(side)),
            usual_is_young: [0, 1].map(|side| service.usual.is_young(side)),
            usual_response: service.usual.response(),
            usual_missing: service.usual.missing(),
            usual_rejected: service.usual.rejected(),
            is_one_of_several: self.is_one_of_several(key, service),
            since_success: service.unanswered.told(),
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

    /// Whether nobody ever connected to it, and the only one who tried connects to the same port of others.
    fn is_one_of_several(&self, key: &ServiceKey, service: &Service) -> bool {
        let tried = service.whole.only_client().filter(|_| service.last_success.is_none());
        let others = || self.services.iter().filter(|(other, _)| (other.port, other.protocol) == (key.port, key.protocol));
        tried.is_some_and(|client| others().any(|(_, other)| other.whole.has_connected(client)))
    }

    /// Every service since the beginning, those with most clients' events first.
    pub fn totals(&self) -> Vec<ServiceTotals> {
        let mut all: Vec<ServiceTotals> = self
            .services
            .iter()
            .map(|(key, s)| ServiceTotals {
                key: *key,
                app: s.app,
                counts: window(std::iter::once(&s.whole), 0.0, |_| false).with_lone(),
                response: s.response.as_ref().and_then(Histogram::quantiles),
                network: s.network.as_ref().and_then(Histogram::quantiles),
                client_network: s.client_half.as_ref().and_then(Histogram::quantiles),
                last: s.last,
            })
            .collect();
        all.sort_unstable_by_key(|s| s.key);
        all
    }
}

/// What went wrong with a request: the way to the server and back, and what is slower than usual, nanoseconds.
fn transaction_troubles(t: &Transaction, answer: Answer, [half, slower]: [i64; 2]) -> impl Iterator<Item = Trouble> {
    let latency = t.latency().filter(|_| answer != Answer::Held);
    let is_slower = |than: i64| latency.is_some_and(|latency| latency > than);
    [
        (t.end == TransactionEnd::Unanswered, Trouble::Unanswered),
        (answer == Answer::Error, Trouble::Error),
        (answer == Answer::Denied, Trouble::Denied),
        (answer == Answer::Rejected, Trouble::Rejected),
        (answer == Answer::NoSuchName, Trouble::NoSuchName),
        (is_slower(slower), Trouble::SlowerThanUsual),
        (is_slower(SLOW_REPLY.nanos().saturating_add(half)), Trouble::Slow),
        (is_slower(VERY_SLOW_REPLY.nanos()), Trouble::VerySlow),
    ]
    .into_iter()
    .filter_map(|(is, trouble)| is.then_some(trouble))
}

/// Whether nobody in particular listens there.
fn is_group(address: Address) -> bool {
    match address {
        Address::V4(a) => a.is_multicast() || a.is_broadcast() || a.octets()[3] == 255,
        Address::V6(a) => a.is_multicast(),
        Address::Mac(mac) => mac.is_group(),
    }
}
