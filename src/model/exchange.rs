//! Requests and replies: what dissectors read, and what becomes of it once both have met.

use super::{AppId, Direction, FlowKey, Timestamp};

/// One message of a protocol whose requests are answered, with what ties an answer to its question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AppMessage {
    /// The protocol.
    pub app: AppId,
    /// The conversation.
    pub flow: FlowKey,
    /// Which way it goes.
    pub way: Direction,
    /// When it passed.
    pub time: Timestamp,
    /// The number of its packet; 0 where it is not known.
    pub number: u64,
    /// A request, else a reply.
    pub is_request: bool,
    /// A reply that says that another will follow, which tells how it ends: with this one the waiting does.
    pub is_interim: bool,
    /// The identifier both carry.
    pub id: u32,
    /// A hash of what is asked: a name (whose upper half stands for its zone alone), who logs in, what is fetched of which host; 0 where nothing
    /// of the kind is read. Where both have one it must be the same: identifiers are used again.
    pub question: u32,
    /// A hash of a request's bytes (0: not known), by which a copy of it is told from another request with the same identifier.
    pub content: u32,
    /// A reply's code, for most the one on the wire; [`Self::LOST`] where the reply was lost sight of, [`Self::TAKEN`] where it says nothing else.
    pub code: u32,
    /// Each message is one packet and every request is answered: what a mirror lost shows in its identifiers.
    pub tells_loss: bool,
}

impl AppMessage {
    /// The code of a reply that nothing is known of: bytes are missing where it may have been.
    pub const LOST: u32 = u32::MAX;

    /// The code of an interim reply that says nothing but that the request has arrived: the answer may take long, and is still waited for.
    pub const TAKEN: u32 = u32::MAX - 1;
}

/// What the answer to a request means for whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// It was done.
    Normal,
    /// A "no" that is part of normal work: a first request without credentials, the end of a list.
    Expected,
    /// There is no such name.
    NoSuchName,
    /// Credentials were refused.
    Denied,
    /// The request is refused: the client's fault, the server says.
    Rejected,
    /// It failed.
    Error,
    /// The server held the request until there was something to tell: the time says nothing of the service.
    Held,
    /// A connection begins to be encrypted: no work is done yet, and how long it takes says nothing of that.
    Begun,
    /// It says nothing of the service, and is not counted.
    Uncounted,
}

impl Answer {
    /// The word for what its code says, in records of single transactions.
    pub const fn token(self) -> &'static str {
        match self {
            Answer::Normal | Answer::Held | Answer::Begun | Answer::Uncounted => "ok",
            Answer::Expected | Answer::NoSuchName => "expected",
            Answer::Denied => "denied",
            Answer::Rejected | Answer::Error => "error",
        }
    }

    /// Whether its time says how fast the service works.
    pub const fn is_timed(self) -> bool {
        !matches!(self, Answer::Held | Answer::Begun | Answer::Uncounted)
    }
}

/// How services of a protocol answer, whatever they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manners {
    /// Nobody asks by it for what is meant to wait for long: who waits is in trouble.
    pub is_prompt: bool,
    /// An answer that takes very long to what was fetched was held back until there was something to tell.
    pub holds: bool,
    /// Codes of answers by which there was nothing to tell: whoever asked waited for it, whatever it was asked by.
    pub empty: &'static [u32],
    /// Over datagrams a server owes an answer to each request.
    pub owes: bool,
    /// Who asks, asks a group, and does not know whether anybody answers.
    pub asks_groups: bool,
    /// Names are looked up before anything else is done: users notice sooner that it is slow.
    pub finds_names: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self::USUAL
    }
}

impl Manners {
    /// Those of a protocol of which nothing else is known.
    pub const USUAL: Self = Self { is_prompt: false, holds: false, empty: &[], owes: false, asks_groups: false, finds_names: false };
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionEnd {
    /// Answered, with the reply's code.
    Answered(u32),
    /// Over TCP, where it is waited for long: it has waited for longer than users do, and waits on. It is told of once more at its end.
    Waiting,
    /// Over TCP: it has waited for so long that it counts as not answered, until it is. It is told of once more at its end.
    Overdue,
    /// Not answered in time, counted from its last copy.
    Unanswered,
    /// Lost sight of at the cap of the exchange table: not judged.
    Forgotten,
    /// The capture ended before it had waited long enough, but for longer than [`super::evidence::OPEN_AT_END`]: not judged.
    Open,
}

impl TransactionEnd {
    /// Whether it is none yet: it will be told of once more.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Overdue)
    }
}

/// What was told of a request before its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitTold {
    /// Nothing.
    #[default]
    Nothing,
    /// [`TransactionEnd::Waiting`].
    Waiting,
    /// [`TransactionEnd::Overdue`] as well.
    Overdue,
}

/// What response times of a service are measured by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ResponseBy {
    /// From requests to their answers, as a dissector read them.
    #[default]
    Answers,
    /// From the last packet of what the client said to the first of what the server said: of what nobody can read.
    Turns,
    /// From hellos to their answers, by which a connection begins to be encrypted: nothing else was seen.
    Handshakes,
}

impl ResponseBy {
    /// The words of all.
    pub const TOKENS: [&str; 3] = [ResponseBy::Answers.token(), ResponseBy::Turns.token(), ResponseBy::Handshakes.token()];

    /// Its word in reports.
    pub const fn token(self) -> &'static str {
        match self {
            ResponseBy::Answers => "answers",
            ResponseBy::Turns => "turns",
            ResponseBy::Handshakes => "handshakes",
        }
    }
}

/// A request and what became of it: the unit between the dissectors and everything that judges services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transaction {
    /// The protocol.
    pub app: AppId,
    /// The conversation.
    pub flow: FlowKey,
    /// The way of the request.
    pub way: Direction,
    /// When it was first asked.
    pub asked: Timestamp,
    /// When it was answered.
    pub answered: Option<Timestamp>,
    /// How it ended.
    pub end: TransactionEnd,
    /// A hash of what was asked (0: not readable).
    pub question: u32,
    /// The identifier that the request and its answer carry.
    pub id: u32,
    /// How often it was asked again.
    pub repeated: u16,
    /// The number of the answer's packet, without one of the request's; 0 where it is not known.
    pub number: u64,
    /// So many alike, asked by one packet and answered by one: they differ in nothing but their identifiers.
    pub times: u32,
    /// What was told of it before.
    pub told: WaitTold,
}

impl Transaction {
    /// One asked at a time and with an end, for tests: nothing else is known of it.
    #[cfg(test)]
    pub(crate) fn between((flow, way): (FlowKey, Direction), asked: Timestamp, end: TransactionEnd) -> Self {
        let app = AppId::at(0);
        let told = WaitTold::Nothing;
        Self { app, flow, way, asked, answered: None, end, question: 0, id: 0, repeated: 0, number: 0, times: 1, told }
    }

    /// Takes in another one that is alike; false where it is not.
    pub fn join(&mut self, other: &Self) -> bool {
        let is_alike = Self { id: self.id, times: self.times, ..*other } == *self;
        self.times = if is_alike { self.times.saturating_add(other.times) } else { self.times };
        is_alike
    }

    /// What stands for the zone of the name that was asked for (0: not readable).
    pub fn zone(&self) -> u16 {
        (self.question >> 16) as u16
    }

    /// Nanoseconds from the first request to the answer.
    pub fn latency(&self) -> Option<i64> {
        self.answered.map(|answered| answered.since(self.asked))
    }
}

/// A part of what a request says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestPart {
    /// The name that is asked for, with the type and class of the record (RFC 1035 section 4.1.2).
    Question {
        /// The type.
        kind: u16,
        /// The class.
        class: u16,
    },
    /// The target of an HTTP request (RFC 9112 section 3.2), with the code of its method.
    Target {
        /// As the counter of requests has it.
        method: u8,
    },
    /// The field `Host`.
    Host,
    /// The field `User-Agent`.
    UserAgent,
}

/// What a request says, for whoever keeps a line of each; it comes before the request's [`Transaction`], which has the same conversation and
/// identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestWords {
    /// The conversation.
    pub flow: FlowKey,
    /// The identifier.
    pub id: u32,
    /// Which part.
    pub part: RequestPart,
    /// The words, as far as they are read; bytes that are no UTF-8 are replaced.
    pub text: Box<str>,
}

/// What the exchange table says of requests and replies that are one packet each, by identifier alone: what a mirror lost shows in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeEvent {
    /// A request that does not repeat a waiting one.
    Asked,
    /// A request and its reply have met; whether so long after the capture began that the request cannot have passed before.
    Answered {
        /// See above.
        settled: bool,
    },
    /// The reply had come first, by so many nanoseconds.
    Inverted {
        /// See above.
        by: i64,
        /// When the request came.
        at: Timestamp,
    },
    /// A request had no reply in time.
    Unanswered,
    /// A request was lost sight of at the cap of the table.
    Forgotten,
    /// A reply had no request, long enough after the capture began.
    Unasked,
}
