//! What a service left unanswered since a client last succeeded.

use crate::model::evidence::{SinceSuccess, Troubled};
use crate::model::{Address, Episode, Timestamp};

/// Clients told apart.
const CLIENTS: usize = 4;

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
        let span = self.span.get_or_insert(Episode { first, last });
        (span.first, span.last) = (span.first.min(first), span.last.max(last));
    }

    fn told(&self) -> Troubled {
        let clients = self.clients.iter().flatten().count() as u64;
        Troubled { count: self.count.into(), clients, is_more: self.is_more, span: self.span }
    }
}

/// What was not answered since then: one success makes it nothing. Connections that exist may be answered while nobody gets a new one, so that
/// each kind has a success of its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct UnansweredSince {
    attempts: Unanswered,
    established: Option<Timestamp>,
    requests: Unanswered,
    answered: Option<Timestamp>,
}

impl UnansweredSince {
    /// Attempts of a client to connect that began and were given up at these times.
    pub fn attempts(&mut self, client: Address, times: u32, (first, last): (Timestamp, Timestamp)) {
        if self.established.is_none_or(|success| success < first) {
            self.attempts.note(client, times, (first, last));
        }
    }

    /// A client connected.
    pub fn established(&mut self, time: Timestamp) {
        self.established = Some(time);
        if self.attempts.count > 0 {
            self.attempts = Unanswered::default();
        }
    }

    /// A request of a client.
    pub fn request(&mut self, client: Address, asked: Timestamp) {
        if self.answered.is_none_or(|success| success < asked) {
            self.requests.note(client, 1, (asked, asked));
        }
    }

    /// A request was answered.
    pub fn answered(&mut self, time: Timestamp) {
        self.answered = Some(time);
        if self.requests.count > 0 {
            self.requests = Unanswered::default();
        }
    }

    /// What findings rest on.
    pub fn told(&self) -> SinceSuccess {
        SinceSuccess { attempts: self.attempts.told(), requests: self.requests.told() }
    }
}
