//! What a service left unanswered since a client last succeeded.

use crate::model::evidence::{NAMED, PAST_TOLD_FOR, PastSilence, SinceSuccess, Troubled, WAITS_TOGETHER};
use crate::model::{Address, AttemptOutcome, Episode, Timestamp};

/// Clients told apart.
const CLIENTS: usize = 8;

/// Requests over TCP told apart.
const REQUESTS: usize = 10;

/// Attempts or requests of one kind.
#[derive(Debug, Clone, Copy, Default)]
struct Unanswered {
    count: u32,
    clients: [Option<Address>; CLIENTS],
    is_more: bool,
    span: Option<Episode>,
}

impl Unanswered {
    fn note(&mut self, client: Address, times: u32, (first, last): (Timestamp, Timestamp)) {
        self.count = self.count.saturating_add(times);
        match self.clients.iter_mut().find(|known| known.is_none_or(|known| known == client)) {
            Some(place) => *place = Some(client),
            None => self.is_more = true,
        }
        self.span = Episode::of_both(self.span, Some(Episode { first, last }));
    }

    /// One of them, that began then, is none after all; false where it is not among them.
    fn take_back(&mut self, first: Timestamp) -> bool {
        let is_one = self.span.is_some_and(|span| span.first <= first);
        if is_one {
            self.count = self.count.saturating_sub(1);
            if self.count == 0 {
                *self = Self::default();
            }
        }
        is_one
    }

    /// Whether there are any, the first of which began by then.
    fn began_by(&self, time: Timestamp) -> bool {
        self.count > 0 && self.span.is_some_and(|span| span.first <= time)
    }

    fn told(&self) -> Troubled {
        let clients = self.clients.iter().flatten().count() as u64;
        let mut named = [None; NAMED];
        named.iter_mut().zip(self.clients.iter().flatten()).for_each(|(place, client)| *place = Some(*client));
        Troubled { count: self.count.into(), clients, is_more: self.is_more, named, span: self.span }
    }
}

/// A request over TCP that waits for its answer.
#[derive(Debug, Clone, Copy)]
struct Request {
    client: Address,
    /// A hash of its connection's ends.
    connection: u64,
    asked: Timestamp,
    /// Its connection has ended: nobody waits any more, though it was never answered.
    is_given_up: bool,
}

/// Requests over TCP that wait for their answer.
#[derive(Debug, Clone, Copy, Default)]
struct Waiting {
    /// The newest of them.
    requests: [Option<Request>; REQUESTS],
    /// Others besides, which are not told apart.
    beyond: u32,
    /// Whose all of them were, since none waited.
    all: Unanswered,
}

impl Waiting {
    fn note(&mut self, client: Address, connection: u64, asked: Timestamp) {
        self.all.note(client, 1, (asked, asked));
        self.requests.rotate_right(1);
        let [newest, ..] = &mut self.requests;
        self.beyond = self.beyond.saturating_add(u32::from(newest.is_some()));
        *newest = Some(Request { client, connection, asked, is_given_up: false });
    }

    /// A request of a client was answered: others may wait all the same.
    fn answered(&mut self, client: Address, asked: Timestamp) {
        for place in &mut self.requests {
            // What was asked long before it waits for something of its own.
            *place = place.filter(|r| (r.client, r.asked) != (client, asked) && r.asked > asked.plus(-WAITS_TOGETHER));
        }
        if self.requests.iter().all(Option::is_none) {
            (self.beyond, self.all) = (0, Unanswered::default());
        }
    }

    /// A connection has ended.
    fn ended(&mut self, connection: u64) {
        self.requests.iter_mut().flatten().filter(|r| r.connection == connection).for_each(|r| r.is_given_up = true);
    }

    /// Whether nothing that was asked later is answered; the newest request that was, was asked then.
    fn lasts(&self, answered: Option<Timestamp>) -> bool {
        let newest = self.requests.iter().flatten().map(|r| r.asked).max();
        newest.is_some() && newest > answered
    }

    /// How many of them were asked since then, and still have a connection to be answered on.
    fn open(&self, since: Timestamp, answered: Option<Timestamp>) -> u64 {
        let open = self.requests.iter().flatten().filter(|r| !r.is_given_up && r.asked > since).count();
        // Those that are not told apart are older than these.
        let beyond = if open == self.requests.len() { self.beyond } else { 0 };
        if self.lasts(answered) { u64::from(beyond).saturating_add(open as u64) } else { 0 }
    }

    /// Those that were not answered while nothing that was asked later is.
    fn told(&self, answered: Option<Timestamp>) -> Troubled {
        let mut all = Unanswered::default();
        if self.lasts(answered) {
            match self.beyond {
                0 => self.requests.iter().flatten().for_each(|r| all.note(r.client, 1, (r.asked, r.asked))),
                // Shards tell of theirs one after the other: those that are kept may be of few clients.
                beyond => {
                    let kept = self.requests.iter().flatten().count() as u32;
                    all = Unanswered { count: kept.saturating_add(beyond), ..self.all };
                }
            }
        }
        all.told()
    }
}

/// The silence that ended last: of those within a minute the largest.
#[derive(Debug, Clone, Copy, Default)]
struct Past(Option<PastSilence>);

impl Past {
    fn keep(&mut self, what: Troubled, over: Timestamp) {
        let is_larger = |known: PastSilence| what.count >= known.what.count || over.since(known.over) >= PAST_TOLD_FOR;
        if what.count > 0 && self.0.is_none_or(is_larger) {
            self.0 = Some(PastSilence { what, over });
        }
    }

    /// One more that began before it ended, and is known only now.
    fn add(&mut self, times: u32, first: Timestamp) {
        if let Some(past) = self.0.as_mut().filter(|past| first <= past.over)
            && let Some(span) = past.what.span.as_mut().filter(|span| first.since(span.first) >= -WAITS_TOGETHER)
        {
            past.what.count = past.what.count.saturating_add(times.into());
            span.first = span.first.min(first);
        }
    }

    /// One of them, that began then, is none after all.
    fn take_back(&mut self, first: Timestamp) {
        let holds = |past: &PastSilence| past.what.span.is_some_and(|span| span.first <= first && first <= past.over);
        if let Some(past) = self.0.as_mut().filter(|past| holds(past)) {
            past.what.count = past.what.count.saturating_sub(1);
            self.0 = self.0.filter(|past| past.what.count > 0);
        }
    }

    /// Somebody was answered: shards tell of theirs one after the other, so that the first may come last.
    fn ends(&mut self, time: Timestamp) {
        if let Some(past) = self.0.as_mut()
            && past.what.span.is_some_and(|span| span.first < time)
        {
            past.over = past.over.min(time);
        }
    }

    /// While it is told of.
    fn told(self, now: Timestamp) -> Option<PastSilence> {
        self.0.filter(|past| now.since(past.over) < PAST_TOLD_FOR)
    }
}

/// What was not answered since then: one success makes it nothing. Connections that exist may be answered while nobody gets a new one, so that
/// each kind has a success of its own.
#[derive(Debug, Clone, Default)]
pub struct UnansweredSince {
    established: Option<Timestamp>,
    /// The first of all, and the first since an attempt failed.
    first: Option<Timestamp>,
    connects_since: Option<Timestamp>,
    last_good: Option<Timestamp>,
    answered: Option<Timestamp>,
    /// When the newest request was asked that was answered.
    newest_answered: Option<Timestamp>,
    alive: Option<Timestamp>,
    /// Of most services nothing is unanswered, and every answer would look at it.
    failures: Option<Box<Failures>>,
}

/// What was not answered.
#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    attempts: Unanswered,
    requests: Unanswered,
    waiting: Waiting,
    silent: Unanswered,
    /// Attempts that were refused since a client last connected.
    refused: Unanswered,
    past_attempts: Past,
    past_refused: Past,
    past_requests: Past,
    /// The most requests that waited since none did.
    waited: Troubled,
}

impl Failures {
    /// A client connected.
    fn established(&mut self, time: Timestamp) {
        self.past_attempts.ends(time);
        if self.attempts.began_by(time) {
            self.past_attempts.keep(self.attempts.told(), time);
            self.attempts = Unanswered::default();
        }
        if self.refused.began_by(time) {
            self.past_refused.keep(self.refused.told(), time);
            self.refused = Unanswered::default();
        }
    }

    /// A request of a client was answered, and the newest one that was, was asked then.
    fn answered(&mut self, (client, asked): (Address, Timestamp), time: Timestamp, newest: Option<Timestamp>) {
        self.waiting.answered(client, asked);
        self.past_requests.ends(time);
        if self.waited.count > 0 && self.waiting.told(newest).count == 0 {
            self.past_requests.keep(std::mem::take(&mut self.waited), time);
        }
        if self.requests.began_by(time) {
            self.past_requests.keep(self.requests.told(), time);
            self.requests = Unanswered::default();
        }
    }

    /// What findings rest on.
    fn told(&self, now: Timestamp, newest: Option<Timestamp>) -> SinceSuccess {
        SinceSuccess {
            attempts: self.attempts.told(),
            requests: if self.requests.count > 0 { self.requests.told() } else { self.waiting.told(newest) },
            silent: self.silent.told(),
            past_attempts: self.past_attempts.told(now),
            past_refused: self.past_refused.told(now),
            past_requests: self.past_requests.told(now),
            ..SinceSuccess::default()
        }
    }
}

impl UnansweredSince {
    /// Bytes beside its own.
    #[cfg(test)]
    pub const BYTES: usize = size_of::<Failures>();

    fn failures(&mut self) -> &mut Failures {
        self.failures.get_or_insert_default()
    }

    /// Attempts of a client to connect that began and were given up at these times.
    pub fn attempts(&mut self, client: Address, times: u32, (first, last): (Timestamp, Timestamp)) {
        if self.established.is_none_or(|success| success < first) {
            self.failures().attempts.note(client, times, (first, last));
        } else if let Some(failures) = &mut self.failures {
            failures.past_attempts.add(times, first);
        }
    }

    /// A client connected: what began before that is over, whatever is told when.
    pub fn established(&mut self, time: Timestamp) {
        self.established = self.established.max(Some(time));
        self.first.get_or_insert(time);
        self.connects_since.get_or_insert(time);
        self.alive(time);
        if let Some(failures) = &mut self.failures {
            failures.established(time);
        }
    }

    /// An attempt of a client was refused.
    pub fn refused(&mut self, client: Address, times: (Timestamp, Timestamp)) {
        self.failures().refused.note(client, 1, times);
        self.failed();
    }

    /// An attempt that began then turned out otherwise. Somebody waited all the same while a service said nothing that had answered before.
    pub fn take_back(&mut self, outcome: AttemptOutcome, first: Timestamp) {
        let was_up = self.first.is_some_and(|success| success < first);
        let Some(failures) = &mut self.failures else { return };
        match outcome {
            AttemptOutcome::Unanswered if !failures.attempts.take_back(first) && !was_up => failures.past_attempts.take_back(first),
            AttemptOutcome::Refused if !failures.refused.take_back(first) => failures.past_refused.take_back(first),
            _ => {}
        }
    }

    /// An attempt to connect failed, in whatever way.
    pub fn failed(&mut self) {
        self.connects_since = None;
    }

    /// A request was answered by what was asked for.
    pub fn good(&mut self, time: Timestamp) {
        self.last_good = self.last_good.max(Some(time));
    }

    /// A request of a client.
    pub fn request(&mut self, client: Address, asked: Timestamp) {
        if self.answered.is_none_or(|success| success < asked) {
            self.failures().requests.note(client, 1, (asked, asked));
        }
    }

    /// A request of a client over TCP has waited for long.
    pub fn waits(&mut self, client: Address, connection: u64, asked: Timestamp) {
        let newest = self.newest_answered;
        let failures = self.failures();
        failures.waiting.note(client, connection, asked);
        let told = failures.waiting.told(newest);
        if told.count >= failures.waited.count {
            failures.waited = told;
        }
    }

    /// A request of a client was answered.
    pub fn answered(&mut self, client: Address, asked: Timestamp, time: Timestamp) {
        self.answered = self.answered.max(Some(time));
        self.newest_answered = self.newest_answered.max(Some(asked));
        self.alive(time);
        if let Some(failures) = &mut self.failures {
            failures.answered((client, asked), time, self.newest_answered);
        }
    }

    /// The host says nothing on a client's connection since then, though data is sent to it again and again.
    pub fn silent(&mut self, client: Address, since: Timestamp, time: Timestamp) {
        if self.alive.is_none_or(|alive| alive < since) {
            self.failures().silent.note(client, 1, (since, time));
        }
    }

    /// The host answered something.
    pub fn alive(&mut self, time: Timestamp) {
        self.alive = self.alive.max(Some(time));
        if let Some(failures) = &mut self.failures
            && failures.silent.span.is_some_and(|span| span.first < time)
        {
            failures.silent = Unanswered::default();
        }
    }

    /// When a client last connected.
    pub fn last_established(&self) -> Option<Timestamp> {
        self.established
    }

    /// Those whose attempts nothing answered since, told apart up to a few.
    pub fn clients(&self) -> impl Iterator<Item = Address> + '_ {
        self.failures.iter().flat_map(|failures| failures.attempts.clients.iter().flatten().copied())
    }

    /// A connection to it has ended: whoever asked something there waits no longer.
    pub fn ended(&mut self, connection: u64) {
        if let Some(failures) = &mut self.failures {
            failures.waiting.ended(connection);
        }
    }

    /// Requests over TCP, asked since then, that wait for long while nothing that was asked later is answered.
    pub fn waiting(&self, since: Timestamp) -> u64 {
        self.failures.as_ref().map_or(0, |failures| failures.waiting.open(since, self.newest_answered))
    }

    /// What findings rest on.
    pub fn told(&self, now: Timestamp) -> SinceSuccess {
        let failures = self.failures.as_ref().map_or_else(SinceSuccess::default, |failures| failures.told(now, self.newest_answered));
        SinceSuccess { first_connected: self.first, connects_since: self.connects_since, last_good: self.last_good, ..failures }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * SECOND)
    }

    fn client(n: u8) -> Address {
        Address::V4([10, 0, 0, n].into())
    }

    #[test]
    fn a_service_stops_for_one_client_after_the_other() {
        let mut since = UnansweredSince::default();
        since.waits(client(1), 1, at(50));
        since.answered(client(2), at(51), at(51));
        assert_eq!(since.told(at(100)).requests.count, 0, "others are answered");
        since.waits(client(2), 2, at(52));
        assert_eq!((since.told(at(100)).requests.count, since.told(at(100)).requests.clients), (2, 2));
        since.answered(client(3), at(90), at(90));
        since.waits(client(4), 4, at(91));
        assert_eq!(since.told(at(100)).requests.count, 1, "what was asked long before waits for something of its own");
        since.answered(client(4), at(91), at(105));
        assert_eq!(since.told(at(100)).requests.count, 0);
    }

    #[test]
    fn requests_beyond_those_told_apart_are_counted() {
        let mut since = UnansweredSince::default();
        (0..20).for_each(|n| since.waits(client(n), n.into(), at(n.into())));
        let told = since.told(at(100)).requests;
        assert_eq!((told.count, told.clients, told.is_more), (20, CLIENTS as u64, true));
    }

    #[test]
    fn whoever_closes_the_connection_waits_no_longer() {
        let mut since = UnansweredSince::default();
        (1..4).for_each(|n| since.waits(client(n), n.into(), at(10 * i64::from(n))));
        assert_eq!((since.waiting(at(0)), since.waiting(at(10)), since.waiting(at(30))), (3, 2, 0), "asked since then");
        since.ended(2);
        assert_eq!((since.waiting(at(0)), since.told(at(40)).requests.count), (2, 3), "what was never answered is evidence all the same");
        (1..4).for_each(|n| since.ended(n));
        assert_eq!(since.waiting(at(0)), 0);
    }

    #[test]
    fn what_is_told_late_ends_nothing_that_began_after_it() {
        let mut since = UnansweredSince::default();
        since.established(at(20));
        since.attempts(client(1), 2, (at(21), at(25)));
        since.refused(client(1), (at(22), at(22)));
        since.established(at(19));
        assert_eq!((since.last_established(), since.told(at(30)).attempts.count), (Some(at(20)), 2));
        since.attempts(client(1), 1, (at(18), at(26)));
        assert_eq!(since.told(at(30)).attempts.count, 2, "it began before the latest success");
        since.established(at(27));
        assert_eq!((since.told(at(30)).attempts.count, since.told(at(30)).past_refused.map(|past| past.what.count)), (0, Some(1)));
        since.answered(client(1), at(40), at(41));
        since.request(client(1), at(42));
        since.answered(client(2), at(38), at(39));
        assert_eq!(since.told(at(50)).requests.count, 1);
    }

    #[test]
    fn a_host_that_says_anything_is_there() {
        let mut since = UnansweredSince::default();
        since.silent(client(1), at(10), at(13));
        since.silent(client(2), at(11), at(14));
        assert_eq!(since.told(at(100)).silent.count, 2);
        since.alive(at(20));
        assert_eq!(since.told(at(100)).silent.count, 0);
        since.silent(client(1), at(19), at(23));
        assert_eq!(since.told(at(100)).silent.count, 0, "it spoke since");
    }

    #[test]
    fn a_silence_that_ended_is_told_of_for_a_minute() {
        let mut since = UnansweredSince::default();
        since.established(at(1));
        (0..4).for_each(|n| since.attempts(client(n), 1, (at(10 + i64::from(n)), at(15))));
        assert_eq!(since.told(at(20)).past_attempts, None, "it lasts");
        since.established(at(24));
        since.attempts(client(9), 1, (at(12), at(25)));
        let past = since.told(at(30)).past_attempts.unwrap();
        assert_eq!((past.what.count, past.what.clients, past.span()), (5, 4, Some(Episode { first: at(10), last: at(24) })));
        since.attempts(client(1), 1, (at(40), at(45)));
        since.established(at(46));
        assert_eq!(since.told(at(50)).past_attempts.map(|past| past.what.count), Some(5), "the larger one of a minute");
        assert_eq!(since.told(at(84)).past_attempts, None);
    }

    #[test]
    fn requests_that_waited_are_told_of_when_they_are_answered() {
        let mut since = UnansweredSince::default();
        (0..3).for_each(|n| since.waits(client(n), n.into(), at(10 + i64::from(n))));
        (0..2).for_each(|n| since.answered(client(n), at(10 + i64::from(n)), at(24)));
        assert_eq!((since.told(at(24)).requests.count, since.told(at(24)).past_requests), (1, None));
        since.answered(client(2), at(12), at(25));
        let past = since.told(at(26)).past_requests.unwrap();
        assert_eq!((past.what.count, past.what.clients, past.over), (3, 3, at(25)));
    }
}
