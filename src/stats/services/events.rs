//! What each kind of event changes in what is known of services.

use super::answers::{AnswerMeaning, trouble};
use super::counts::ServiceCounts;
use super::slowness::Slowness;
use super::tls_servers::HandshakeEnd;
use super::unreachables::closed_port;
use super::{BIN, SilentConnection};
use crate::model::evidence::{LATE_ANSWER, LONE_TRIES, SHORT_LOGIN, Trouble};
use crate::model::mix::Keys;
use crate::model::time::SECOND;
use crate::model::{
    Address, Answer, AppId, Attempt, AttemptOutcome, ConnectionEnd, CutPhase, Direction, EarlierOutcome, FlowKey, IcmpError, LocatedLoss,
    Location, PathSide, RoundTrip, ServiceKey, SilentPeer, StuckSegment, Timestamp, TlsSight, Transaction, TransactionEnd,
};
use crate::stats::ServiceLedger;
use std::collections::VecDeque;

/// Nanoseconds since the segment before, up to which a connection is in use.
const JUST_NOW: i64 = SECOND;

/// Counts the code of an answer, so many times, where it is an error of some kind.
fn note_code(counts: &mut ServiceCounts, answer: Answer, (code, times): (u32, u32), zone: u16) {
    match answer {
        Answer::Error => {
            counts.code(code, times);
            counts.zone(zone);
        }
        Answer::Rejected => counts.code(code, times),
        Answer::Denied => counts.refusal(code, times),
        _ => {}
    }
}

impl ServiceLedger {
    pub(super) fn attempt(&mut self, attempt: &Attempt) {
        let Some(key) = ServiceKey::of(&attempt.flow, attempt.way).filter(|key| !leaves_its_link(attempt, key)) else { return };
        let client = attempt.flow.ends(attempt.way)[0].0;
        let trouble = attempt_trouble(attempt.outcome);
        self.fallbacks.take(attempt, key);
        if attempt.outcome == AttemptOutcome::Open {
            self.left_open = self.left_open.saturating_add(1);
            return;
        }
        if attempt.outcome == AttemptOutcome::Established {
            self.windows.opened(attempt);
            self.lossy.begin(&attempt.flow);
            self.black_holes.opened(&attempt.flow, attempt.time);
        }
        self.judged = self.judged.saturating_add(1);
        attempt.earlier.into_iter().for_each(|earlier| self.take_back(key, client, earlier));
        self.note_scan(attempt, key, client, trouble);
        // One SYN that nothing answered may be a client that changed its mind: only a scan or a flood is made of those.
        let is_counted = !is_lone(attempt.outcome, attempt.syns);
        let tries = if is_counted { 0 } else { self.tries(key, client, attempt.time) };
        if attempt.outcome != AttemptOutcome::Unanswered {
            self.note_alive(key.address, attempt.time);
        }
        if trouble.is_some() && self.scans.is_scanner(client, &key) {
            return;
        }
        let is_foreign = self.is_foreign(&key, attempt);
        let untaken = is_untaken(attempt.outcome, attempt.syns_again).then_some(Trouble::Untaken);
        let belated = belated(attempt);
        let counted = self.with(key, attempt.time, |counts| {
            counts.refused_between = counts.refused_between.saturating_add(u32::from(is_foreign));
            if is_counted && attempt.asks_ecn {
                counts.asked_ecn.note(attempt.outcome);
            }
            if !is_counted || trouble == Some(Trouble::HalfOpen) {
                counts.senders.note(attempt.station, attempt.first);
            }
            if !is_counted {
                return lone(counts, client, attempt, tries);
            }
            let of = counts.client(client);
            of.attempts = of.attempts.saturating_add(1);
            of.established = of.established.saturating_add(u32::from(attempt.outcome == AttemptOutcome::Established));
            trouble.into_iter().chain(untaken).for_each(|trouble| counts.trouble(client, trouble, attempt.first, attempt.time));
            belated.into_iter().for_each(|trouble| counts.belated(client, trouble, attempt));
        });
        if let Some((service, _)) = counted {
            let proved = trouble.into_iter().filter(|_| is_counted || tries > 0).chain(untaken).chain(belated);
            proved.for_each(|trouble| service.prove(trouble, attempt.number));
            let silent = if is_counted { u32::from(trouble == Some(Trouble::NoAnswer)) } else { tries };
            service.note_attempt(attempt, client, silent);
        }
        if is_counted {
            self.note_way(attempt, key, client);
        }
    }

    /// An attempt of a client turned out otherwise than was told of it: that does not count any more.
    fn take_back(&mut self, key: ServiceKey, client: Address, earlier: EarlierOutcome) {
        self.judged = self.judged.saturating_sub(1);
        let Some(service) = self.services.get_mut(&key) else { return };
        let trouble = attempt_trouble(earlier.outcome);
        let take_back = |counts: &mut ServiceCounts| match is_lone(earlier.outcome, earlier.syns) {
            true => counts.take_back_lone(client),
            false => counts.take_back_attempt(client, trouble),
        };
        take_back(&mut service.whole);
        service.bins.iter_mut().rev().find_map(|(_, counts)| take_back(counts).then_some(()));
        if is_untaken(earlier.outcome, earlier.syns_again) {
            service.take_back(client, (Trouble::Untaken, 1));
        }
    }

    /// Whether nobody in particular was asked. What may be the broadcast address of a network is a host's where it answers: a larger network has
    /// hosts with such addresses, and nothing comes from a broadcast one (RFC 1122 section 3.2.1.3).
    fn is_of_many(&self, key: &ServiceKey, t: &Transaction) -> bool {
        let may_be_broadcast = matches!(key.address, Address::V4(a) if a.octets()[3] == 255);
        is_group(key.address) || may_be_broadcast && t.answered.is_none() && self.alive.last(&key.address).is_none()
    }

    /// Takes in what an attempt says of whether its client scans.
    fn note_scan(&mut self, attempt: &Attempt, key: ServiceKey, client: Address, trouble: Option<Trouble>) {
        match trouble {
            // Nobody looks for what he knows: it was there, or lies where nothing is to be reached any more.
            Some(Trouble::Refused | Trouble::NoAnswer) if self.was_there(&key) || self.outages.lasts(attempt.next) => {}
            Some(Trouble::Refused | Trouble::NoAnswer) => {
                self.scans.failed((client, attempt.station), &key, attempt.time, trouble == Some(Trouble::Refused));
            }
            _ => self.scans.succeeded(client, &key),
        }
    }

    /// Whether a service once did what somebody wanted of it.
    fn was_there(&self, key: &ServiceKey) -> bool {
        self.services.get(key).is_some_and(|service| service.last_success.is_some())
    }

    /// Takes in whether the way to a service that had answered is there.
    fn note_way(&mut self, attempt: &Attempt, key: ServiceKey, client: Address) {
        match attempt.outcome {
            AttemptOutcome::Established => self.outages.connected(attempt),
            AttemptOutcome::Unanswered if self.services.get(&key).is_some_and(|s| s.unanswered.last_established().is_some()) => {
                self.outages.failed(attempt, key, client);
            }
            _ => {}
        }
    }

    /// Whether a refusal surely is not the service's own: it comes with another TTL than every SYN-ACK so far.
    fn is_foreign(&self, key: &ServiceKey, attempt: &Attempt) -> bool {
        let known = || self.services.get(key).and_then(|service| service.answers_ttl.sure());
        attempt.outcome == AttemptOutcome::Refused && known().is_some_and(|ttl| ttl != attempt.ttl)
    }

    /// What another single SYN of a client that nothing answered makes of it: whoever sends more than one every three seconds does not change
    /// its mind, it tries again and again. So many attempts were not counted yet.
    fn tries(&self, key: ServiceKey, client: Address, time: Timestamp) -> u32 {
        let bins = self.services.get(&key).map(|service| &service.bins);
        let newest = bins.and_then(VecDeque::back).filter(|(number, _)| *number >= time.0.div_euclid(BIN));
        match newest.and_then(|(_, counts)| counts.lone_of(client)).unwrap_or(0).saturating_add(1) {
            ..LONE_TRIES => 0,
            LONE_TRIES => LONE_TRIES,
            _ => 1,
        }
    }

    pub(super) fn ended(&mut self, end: &ConnectionEnd) {
        // Those that were joined are not among the connections of which this one would be a share.
        if end.is_joined {
            return;
        }
        // Whoever refuses a handshake by an alert may end the connection as it likes: that cuts nothing.
        let handshake = self.tls.ended(end);
        let is_cut = handshake == HandshakeEnd::None && is_cut(end);
        let Some(key) = ServiceKey::of(&end.flow, end.way) else { return };
        let client = end.flow.ends(end.way)[0].0;
        self.note_alive(key.address, end.time);
        let packets = self.lossy.end(&end.flow, end.time, end.data_packets);
        let counted = self.with(key, end.time, |counts| {
            let of = counts.client(client);
            of.ended = of.ended.saturating_add(1);
            of.short = of.short.saturating_add(u32::from(end.packets.iter().all(|packets| *packets <= SHORT_LOGIN.number())));
            counts.data_packets(client, packets);
            match end.cut {
                _ if handshake == HandshakeEnd::Failed => counts.trouble(client, Trouble::TlsFailed, end.time, end.time),
                _ if is_cut => {
                    counts.trouble(client, Trouble::Cut, end.time, end.time);
                    counts.cut_between = counts.cut_between.saturating_add(u32::from(end.is_foreign));
                }
                Some(CutPhase::Idle) if !end.by_client => counts.idle_cut(client, end.time, end.pause),
                _ => {}
            }
        });
        let Some((service, _)) = counted else { return };
        service.unanswered.ended(end.flow.keyed_hash(&Keys::FIXED));
        if end.app != AppId::NONE {
            service.app = end.app;
        }
        match end.cut {
            _ if is_cut => service.prove(Trouble::Cut, end.number),
            Some(CutPhase::Idle) if !end.by_client => service.prove(Trouble::IdleCut, end.number),
            _ => {}
        }
    }

    /// What a TLS connection shows before it is encrypted.
    pub(super) fn tls(&mut self, seen: &TlsSight) {
        self.quic.hello(seen);
        let Some(key) = ServiceKey::of(&seen.flow, seen.way).filter(|_| self.tls.take(seen)) else { return };
        let client = seen.flow.ends(seen.way)[0].0;
        self.with(key, seen.time, |counts| counts.trouble(client, Trouble::TlsFailed, seen.time, seen.time));
    }

    pub(super) fn transaction(&mut self, t: &Transaction, meaning: AnswerMeaning) {
        let Some(key) = ServiceKey::of(&t.flow, t.way).filter(|key| !self.is_of_many(key, t)) else { return };
        self.quic.transaction(t, &key);
        let client = t.flow.ends(t.way)[0].0;
        if t.end.is_open() {
            return self.goes_on(t, key, client);
        }
        let is_news = self.no_longer_waits(t, key, client);
        if matches!(t.end, TransactionEnd::Forgotten | TransactionEnd::Open) || meaning.answer == Answer::Uncounted {
            let is_open = t.end == TransactionEnd::Open && is_news && meaning.answer != Answer::Uncounted;
            self.left_open = self.left_open.saturating_add(if is_open { t.times.into() } else { 0 });
            return;
        }
        // Whoever asks several servers at once takes the first answer, and what the others do does not matter to him.
        if is_news && self.answers.take(t, client) {
            self.judge_transaction(t, (key, client), meaning);
        }
    }

    /// A request that was answered or was not.
    fn judge_transaction(
        &mut self,
        t: &Transaction,
        (key, client): (ServiceKey, Address),
        AnswerMeaning { answer, slow_floor, kind }: AnswerMeaning,
    ) {
        let (time, times) = (t.answered.unwrap_or(t.asked), t.times);
        self.judged = self.judged.saturating_add(times.into());
        let latency = t.latency();
        if t.answered.is_some() {
            self.note_alive(key.address, time);
        }
        let Some(mut service) = self.at(key, time) else { return };
        let timed = latency.filter(|_| answer.is_timed());
        let slowness = timed.map_or_else(Slowness::default, |latency| Slowness::of(service.record, time, 0, slow_floor, latency));
        service.count(time, |counts| {
            if let TransactionEnd::Answered(code) = t.end {
                let of = counts.client(client);
                of.answered = of.answered.saturating_add(times);
                trouble(answer).into_iter().for_each(|trouble| counts.troubles(client, (trouble, times), t.asked, time));
                note_code(counts, answer, (code, times), t.zone());
            } else {
                counts.troubles(client, (Trouble::Unanswered, times), t.asked, t.asked);
            }
            kind.into_iter()
                .for_each(|kind| counts.kind(kind, [matches!(t.end, TransactionEnd::Answered(_)), answer == Answer::Error], times));
            if let Some(latency) = timed {
                (0..times).for_each(|_| counts.latencies.note(latency));
                slowness.troubles().for_each(|trouble| counts.troubles(client, (trouble, times), t.asked, time));
            }
            match answer {
                Answer::Begun => counts.begun(times),
                Answer::Held => counts.held(times),
                _ => {}
            }
        });
        let service = service.record;
        let unanswered = (t.end == TransactionEnd::Unanswered).then_some(Trouble::Unanswered);
        unanswered.into_iter().chain(trouble(answer)).chain(slowness.troubles()).for_each(|trouble| service.prove(trouble, t.number));
        service.note_transaction(t, client, answer);
        let is_slow = slowness.troubles().any(|trouble| trouble == Trouble::VerySlow);
        self.proxied.note(key, (t.question, time), times, [answer == Answer::Error, is_slow]);
    }

    pub(super) fn icmp(&mut self, error: &IcmpError) {
        self.note_alive(error.reporter, error.time);
        let is_expired = (error.quoted.kind, error.quoted.code) == if error.quoted.key.is_v6 { (3, 0) } else { (11, 0) };
        self.expired = self.expired.saturating_add(u64::from(is_expired));
        let key = ServiceKey::of(&error.quoted.key, error.quoted.direction);
        let is_unreachable = match error.quoted.key.is_v6 {
            false => error.quoted.kind == 3 && error.quoted.code != 4,
            true => error.quoted.kind == 1,
        };
        let closed = closed_port(error);
        closed.into_iter().for_each(|ends| self.scans.closed(ends, error.time));
        let Some(key) = key.filter(|key| self.services.contains_key(key)) else {
            let is_looking = closed.is_some_and(|ends| self.scans.is_looking(ends));
            let is_scan = is_looking || key.is_some_and(|key| self.scans.is_scanner(error.receiver, &key));
            if is_unreachable && !is_scan {
                self.unreachables.note(error);
            }
            return;
        };
        // What comes too late for a closed socket is normal: only services are looked at that somebody asked.
        if is_unreachable {
            let counted = self.with(key, error.time, |counts| counts.trouble(error.receiver, Trouble::Unreachable, error.time, error.time));
            if let Some((service, _)) = counted {
                service.prove(Trouble::Unreachable, error.number);
                service.note_unreachable(error.reporter, error.quoted.code, error.time);
            }
        }
    }

    pub(super) fn lost(&mut self, lost: &LocatedLoss) {
        let Some(key) = ServiceKey::of(&lost.flow, lost.client) else { return };
        let client = lost.flow.ends(lost.client)[0].0;
        self.windows.lost(lost);
        let is_silent = self.silent.get(&lost.flow).is_some_and(|silent| silent.told == lost.time);
        if is_silent || self.black_holes.holds(&lost.flow, lost.way) {
            return;
        }
        if lost.retracted {
            // Of a connection that is not known any more nothing tells where it was counted.
            if let Some(bin) = self.lossy.take_back(lost) {
                self.without(key, bin, |counts| counts.lost(client, lost));
            }
            return;
        }
        let (is_first, packets) = self.lossy.note(&lost.flow, lost.time, lost.packets);
        let counted = self.with(key, lost.time, |counts| {
            counts.data_packets(client, packets);
            counts.lost(client, lost);
            if is_first {
                counts.trouble(client, Trouble::Lossy, lost.time, lost.time);
            }
        });
        if let Some((service, bin)) = counted {
            service.prove(Trouble::Lossy, lost.number);
            self.lossy.counted(lost, bin);
        }
    }

    /// A segment was lost, or late.
    pub(super) fn lost_or_late(&mut self, segment: &LocatedLoss) {
        let Some(key) = ServiceKey::of(&segment.flow, segment.client) else { return };
        self.with(key, segment.time, ServiceCounts::lost_or_late);
    }

    /// What is sent to somebody who is not there any more is no loss of the way.
    pub(super) fn silent(&mut self, silent: &SilentPeer) {
        let Some(key) = ServiceKey::of(&silent.flow, silent.client) else { return };
        let known = self.silent.get(&silent.flow).filter(|known| known.since == silent.since).copied();
        let hangs = known.is_some_and(|known| known.hangs) || self.hangs(silent, &key);
        self.silent.insert(silent.flow, SilentConnection { since: silent.since, told: silent.time, hangs }, silent.time);
        if known.is_some() {
            return;
        }
        self.unlose(key, (silent.flow, silent.way, silent.client), silent.time);
        let (client, is_server) = (silent.flow.ends(silent.client)[0].0, silent.way == silent.client);
        if let Some(service) = self.services.get_mut(&key).filter(|_| is_server) {
            service.unanswered.silent(client, silent.since, silent.time);
            service.prove(Trouble::NoAnswer, silent.number);
        }
    }

    /// Counts a connection that hangs though its host has answered others since: whether it is one.
    fn hangs(&mut self, silent: &SilentPeer, key: &ServiceKey) -> bool {
        let is_server = silent.way == silent.client;
        let hangs = is_server && self.alive.last(&key.address).is_some_and(|last| last > silent.since);
        if hangs {
            let client = silent.flow.ends(silent.client)[0].0;
            let counted = self.with(*key, silent.time, |counts| counts.trouble(client, Trouble::Hung, silent.since, silent.time));
            counted.into_iter().for_each(|(service, _)| service.prove(Trouble::Hung, silent.number));
        }
        hangs
    }

    /// What is too large for the way is no loss of the way: others of every size would be lost as well.
    pub(super) fn stuck(&mut self, stuck: &StuckSegment) {
        self.black_holes.note(stuck);
        if !self.black_holes.holds(&stuck.flow, stuck.way) {
            return;
        }
        let Some(key) = ServiceKey::of(&stuck.flow, stuck.client) else { return };
        self.unlose(key, (stuck.flow, stuck.way, stuck.client), stuck.time);
    }

    /// What was counted as lost of a connection on its way from the mirrored port was not: it arrived where nobody was, or was too large. What was lost
    /// before it, or the other way, was lost all the same.
    fn unlose(&mut self, key: ServiceKey, (flow, way, client): (FlowKey, Direction, Direction), time: Timestamp) {
        let lost = LocatedLoss { flow, client, way, time, location: Location::BeyondMirror, packets: 0, retracted: true, number: 0 };
        let [(client, _), _] = flow.ends(client);
        while let Some(bin) = self.lossy.take_back(&lost) {
            self.without(key, bin, |counts| counts.lost(client, &lost));
        }
    }

    pub(super) fn round_trip(&mut self, trip: &RoundTrip) {
        let Some(key) = ServiceKey::of(&trip.flow, trip.way) else { return };
        self.windows.acknowledged(trip);
        let connection = (trip.flow.keyed_hash(&Keys::FIXED) >> 32) as u32;
        let client = trip.flow.ends(trip.way)[0].0;
        let is_telling = trip.is_prompt || trip.flight.is_some();
        // How soon a port refuses whoever tries all of them makes no service of it, nor does what only says how much a connection carries.
        if !self.services.contains_key(&key) && (!is_telling || self.scans.is_scanner(client, &key)) {
            return;
        }
        let carried = self.lossy.carried(&trip.flow, trip.time, trip.data_segments.into());
        let counted = self.with(key, trip.time, |counts| {
            counts.data_packets(client, carried);
            if trip.is_prompt {
                counts.trips_mut(trip.side).note(trip.nanos, connection, client);
            }
        });
        if let Some((service, _)) = counted {
            if trip.is_prompt {
                service.trips.note(trip.side, trip.time, trip.nanos);
            }
            if is_telling && trip.side == PathSide::Server {
                service.unanswered.alive(trip.time);
            }
        }
    }
}

/// Whether a connection was cut while somebody waited. A device between both ends has no reason to cut one in use: whatever it met there, as long as
/// something had just passed.
fn is_cut(end: &ConnectionEnd) -> bool {
    match end.cut {
        Some(CutPhase::Transfer | CutPhase::RequestPending) => !end.gave_up,
        Some(CutPhase::Quiet) => end.is_foreign && end.pause < JUST_NOW,
        _ => false,
    }
}

/// Whether a client repeated its SYN though the SYN-ACK has passed, and never took it.
fn is_untaken(outcome: AttemptOutcome, syns_again: u8) -> bool {
    outcome == AttemptOutcome::HalfOpen && syns_again > 0
}

/// Counts a single SYN that nothing answered, and what came before it as so many attempts, where its client tries again and again.
fn lone(counts: &mut ServiceCounts, client: Address, attempt: &Attempt, tries: u32) {
    counts.lone_at.note(attempt.first);
    let of = counts.client(client);
    of.lone = of.lone.saturating_add(1);
    if tries == 0 {
        return;
    }
    of.attempts = of.attempts.saturating_add(tries);
    counts.again = counts.again.saturating_add(tries);
    counts.troubles(client, (Trouble::NoAnswer, tries), attempt.first, attempt.time);
}

/// Whether nothing answered a single SYN.
fn is_lone(outcome: AttemptOutcome, syns: u8) -> bool {
    outcome == AttemptOutcome::Unanswered && syns < 2
}

/// What a client met whose connection came about all the same when it repeated its SYN: it was refused, or waited for long.
fn belated(attempt: &Attempt) -> Option<Trouble> {
    let waited = attempt.answered_after.filter(|_| attempt.outcome == AttemptOutcome::Established && attempt.syns > 1)?;
    match attempt.earlier {
        Some(EarlierOutcome { outcome: AttemptOutcome::Refused, .. }) => Some(Trouble::RefusedFirst),
        _ => (waited >= LATE_ANSWER.in_nanos()).then_some(Trouble::Late),
    }
}

/// Whether a client asked for a host beyond its link from an address of the link alone, to which nobody answers (RFC 4291 section 2.5.6).
fn leaves_its_link(attempt: &Attempt, key: &ServiceKey) -> bool {
    let client = attempt.flow.ends(attempt.way)[0].0;
    attempt_trouble(attempt.outcome) == Some(Trouble::NoAnswer) && client.is_link_local() && !key.address.is_link_local()
}

/// What went wrong with an attempt to connect.
fn attempt_trouble(outcome: AttemptOutcome) -> Option<Trouble> {
    match outcome {
        AttemptOutcome::Established | AttemptOutcome::Abandoned | AttemptOutcome::Open => None,
        AttemptOutcome::Refused => Some(Trouble::Refused),
        AttemptOutcome::Unanswered => Some(Trouble::NoAnswer),
        AttemptOutcome::HalfOpen => Some(Trouble::HalfOpen),
    }
}

/// Whether nobody in particular listens there.
fn is_group(address: Address) -> bool {
    match address {
        Address::V4(a) => a.is_multicast() || a.is_broadcast(),
        Address::V6(a) => a.is_multicast(),
        Address::Mac(mac) => mac.is_group(),
    }
}
