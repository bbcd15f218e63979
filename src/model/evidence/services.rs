//! What findings about a service rest on: what happened to its clients, lately and usually.

use super::StationEvidence;
use super::troubles::{Trouble, Troubled, Troubles};
use crate::model::{
    Address, AppId, AttemptOutcome, Episode, Mac, Manners, ProvingPackets, Quantiles, SeenAt, ServiceKey, ShortName, Timestamp,
};
use std::borrow::Cow;

/// A host that a proxy is asked for, beside all others that it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxiedTarget {
    /// Its name, with its port where that is said.
    pub name: ShortName,
    /// Requests for it that ended.
    pub asked: u64,
    /// Of them those that failed, or took long.
    pub bad: u64,
    /// The same of all others.
    pub others_asked: u64,
    /// See `others_asked`.
    pub others_bad: u64,
}

/// What a service is asked for that is a proxy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProxyEvidence {
    /// Hosts it was asked for in the last ten minutes; 0: it is none.
    pub targets: u64,
    /// The host of most requests that failed.
    pub failing: Option<ProxiedTarget>,
    /// The host of most that took long.
    pub slow: Option<ProxiedTarget>,
}

/// How often an answer had a code.
#[derive(Debug, Clone, PartialEq)]
pub struct CodeCount {
    /// The code.
    pub code: u32,
    /// In words; the number where there are none.
    pub text: Cow<'static, str>,
    /// How often.
    pub count: u64,
}

/// Segments that were lost in the network, by what the mirror saw.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LossWindow {
    /// Segments with payload of connections that ended or lost something.
    pub segments: u64,
    /// Lost on the clients' side of the mirrored port, and on the server's.
    pub lost: [u64; 2],
    /// Of them before they passed the mirrored port.
    pub before: u64,
    /// Others that were lost before it or merely late: their senders number nothing, so that nothing tells which.
    pub unsure: u64,
    /// Connections that lost something.
    pub connections: u64,
    /// Clients whose connections did.
    pub clients: u64,
    /// Of the time before: packets counted alike, and lost.
    pub earlier: [u64; 2],
    /// When.
    pub span: Option<Episode>,
}

/// What of one client's connections to a service was lost on its side of the mirrored port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLoss {
    /// Who.
    pub client: Address,
    /// Segments with payload of its connections that ended or lost something.
    pub segments: u64,
    /// Lost on its side: before the mirrored port, and beyond it.
    pub lost: [u64; 2],
    /// Connections that lost something, on either side.
    pub connections: u64,
}

impl ClientLoss {
    /// Lost before the mirrored port and beyond it.
    pub fn all(&self) -> u64 {
        self.lost.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }
}

/// Round trips between the mirrored port and one side.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TripWindow {
    /// Seconds; quantiles of a sample where there were many.
    pub times: Option<Quantiles>,
    /// Connections they are of, told apart up to a few.
    pub connections: u64,
    /// Seconds that each of a quarter of these connections needs at most, by its mean; `None` without any.
    pub quarter: Option<f64>,
    /// Whether they are all of one client.
    pub is_of_one: bool,
}

/// What happened to the clients of a service in a stretch of time, without those who try everything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServiceWindow {
    /// Seconds of packet time it covers.
    pub seconds: f64,
    /// Attempts to connect that were decided.
    pub attempts: u64,
    /// Of them completed.
    pub established: u64,
    /// Connections that ended or were cut.
    pub ended: u64,
    /// Requests that were answered or not.
    pub requests: u64,
    /// Of them answered.
    pub answered: u64,
    /// Requests without an answer of clients outside that never got any, while others do: whoever they are, they are not wanted.
    pub shunned: u64,
    /// Clients seen.
    pub clients: u64,
    /// There are others, which were not told apart.
    pub is_more_clients: bool,
    /// Single SYNs that nothing answered.
    pub lone: u64,
    /// When the first of them came, and the last.
    pub lone_at: SeenAt,
    /// The station that surely sent more than half of the attempts that were never completed, with how many more than all others at least.
    pub sender: Option<StationEvidence>,
    /// Of them those of clients that tried again and again, which count as attempts all the same.
    pub again: u64,
    /// Whoever sent anything, told apart up to a cap.
    pub sources: u64,
    /// There are others, which were not told apart.
    pub is_more: bool,
    /// What went wrong, by [`Trouble`].
    pub troubles: Troubles,
    /// Segments that were lost.
    pub loss: LossWindow,
    /// By client, as far as clients are told apart, where any were lost on the clients' side.
    pub client_losses: Vec<ClientLoss>,
    /// Who had most connections of at most [`super::SHORT_LOGIN`] packets each way that ended, and how many.
    pub short: Option<(Address, u64)>,
    /// For how long connections were silent that were cut when idle, seconds, ascending; the first ones.
    pub idle_cuts: Vec<f64>,
    /// For how long clients waited for a SYN-ACK, where that came late ([`Trouble::Late`]).
    pub late: Option<LateAnswers>,
    /// Connections that were cut, and attempts that were refused, by a device between both ends: by its TTL the RST is not the host's own.
    pub between: [u64; 2],
    /// Attempts that asked for ECN.
    pub asked_ecn: AskedEcn,
    /// Round trips on the clients' side of the mirrored port, and on the server's.
    pub trips: [TripWindow; 2],
    /// Answers whose time says how fast the service works, those among them that were held until there was something to tell.
    pub timed: u64,
    /// Of them those of requests that nobody can read.
    pub turns: TurnWindow,
    /// Response times, seconds; quantiles of a sample where there were many.
    pub response: Option<Quantiles>,
    /// Codes of errors, most frequent first.
    pub codes: Vec<CodeCount>,
    /// Codes of answers that refuse credentials, most frequent first.
    pub denied: Vec<CodeCount>,
    /// Requests by kinds that the protocol tells apart.
    pub kinds: [KindCount; REQUEST_KINDS],
    /// Zones of names for which errors were answered, told apart up to [`super::FAILING_ZONES`].
    pub failing_zones: u64,
}

/// SYNs that were answered late, from the first of each on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LateAnswers {
    /// Seconds.
    pub mean: f64,
    /// The longest, seconds.
    pub most: f64,
}

/// Kinds of requests by which users want something that a protocol may tell apart.
pub const REQUEST_KINDS: usize = 2;

/// What became of requests of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KindCount {
    /// Its name.
    pub name: &'static str,
    /// Answered.
    pub answered: u32,
    /// Not answered.
    pub unanswered: u32,
    /// Answered by an error.
    pub errors: u32,
}

/// Attempts to connect whose SYN asked for ECN, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AskedEcn {
    /// RST came back.
    pub refused: u32,
    /// Nothing came back.
    pub unanswered: u32,
    /// Completed.
    pub established: u32,
    /// Completed late ([`Trouble::Late`]), when a SYN did not ask for it any more.
    pub late: u32,
    /// The same of those that were refused before ([`Trouble::RefusedFirst`]).
    pub refused_first: u32,
}

impl AskedEcn {
    /// Takes in what became of one.
    pub fn note(&mut self, outcome: AttemptOutcome) {
        let count = match outcome {
            AttemptOutcome::Refused => &mut self.refused,
            AttemptOutcome::Unanswered => &mut self.unanswered,
            AttemptOutcome::Established => &mut self.established,
            AttemptOutcome::Abandoned | AttemptOutcome::HalfOpen | AttemptOutcome::Open => return,
        };
        *count = count.saturating_add(1);
    }

    /// Takes in one that came about without, after some trouble.
    pub fn given_up(&mut self, trouble: Trouble) {
        let count = match trouble {
            Trouble::Late => &mut self.late,
            Trouble::RefusedFirst => &mut self.refused_first,
            _ => return,
        };
        *count = count.saturating_add(1);
    }

    /// How many of those with that trouble asked for it.
    pub fn of(&self, trouble: Trouble) -> u32 {
        match trouble {
            Trouble::Refused => self.refused,
            Trouble::NoAnswer => self.unanswered,
            Trouble::Late => self.late,
            Trouble::RefusedFirst => self.refused_first,
            _ => 0,
        }
    }

    /// Takes in those of another time.
    pub fn add(&mut self, other: &Self) {
        self.refused = self.refused.saturating_add(other.refused);
        self.unanswered = self.unanswered.saturating_add(other.unanswered);
        self.established = self.established.saturating_add(other.established);
        self.late = self.late.saturating_add(other.late);
        self.refused_first = self.refused_first.saturating_add(other.refused_first);
    }
}

/// The client that was refused under most names within ten minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guessing {
    /// Who.
    pub client: Address,
    /// Different names.
    pub names: u64,
    /// There were more, which were not told apart.
    pub is_more: bool,
    /// Its requests that were answered in that time.
    pub answers: u64,
    /// Of them those that refused its credentials.
    pub refused: u64,
}

/// What says that clients of a service may be meant to wait, since the beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct MeantWaits {
    /// Answers whose time says how fast the service works, and how many of them were held until there was something to tell.
    pub timed: u64,
    /// See above.
    pub held: u64,
    /// Answers to requests that nobody can read, connections that turned out not to be made of those, and since when there were any.
    pub turns: u64,
    /// See above.
    pub talks: u64,
    /// See above.
    pub first_turn: Option<Timestamp>,
}

/// Requests that nobody can read: of encrypted connections, and of protocols without a dissector.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TurnWindow {
    /// Answered.
    pub answered: u64,
}

impl ServiceWindow {
    /// The same with single SYNs that nothing answered among the attempts, and whoever sent them among the clients: nothing that was seen is
    /// missing.
    pub fn with_lone(mut self) -> Self {
        let lone = self.lone.saturating_sub(self.again);
        self.attempts = self.attempts.saturating_add(lone);
        if lone > 0 {
            let silent = self.troubles.of_mut(Trouble::NoAnswer);
            silent.count = silent.count.saturating_add(lone);
        }
        (self.clients, self.is_more_clients) = (self.sources, self.is_more);
        self
    }

    /// How often something went wrong.
    pub fn trouble(&self, trouble: Trouble) -> Troubled {
        self.troubles.of(trouble)
    }
}

/// Who says by ICMP that a service cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreachableReport {
    /// Who.
    pub reporter: Address,
    /// Its code (RFC 792, RFC 1812 section 5.2.7.1; RFC 4443 section 3.1).
    pub code: u8,
    /// How often.
    pub count: u64,
}

/// Since when what is far beyond the usual of a service is so; `None` where it is as usual, or too little is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UnusualSince {
    /// Round trips on the clients' side and on the server's.
    pub trips: [Option<Timestamp>; 2],
    /// Response times.
    pub response: Option<Timestamp>,
    /// Answers that there is no such name.
    pub missing: Option<Timestamp>,
    /// Requests that are refused.
    pub rejected: Option<Timestamp>,
}

/// One service.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceEvidence {
    /// Which.
    pub key: ServiceKey,
    /// What is spoken, where content told.
    pub app: AppId,
    /// Its token; empty where content did not tell.
    pub app_token: &'static str,
    /// How services of it answer.
    pub manners: Manners,
    /// The station that its clients' frames go to: the host itself, or a router before it.
    pub next: Mac,
    /// The VLAN that it is reached in; `None`: none, or several.
    pub vlan: Option<u16>,
    /// When a client first succeeded; `None`: never seen.
    pub first_success: Option<Timestamp>,
    /// When a client last succeeded; `None`: never seen.
    pub last_success: Option<Timestamp>,
    /// The host sent something to anybody in the last ten minutes.
    pub is_alive: bool,
    /// The median of the round trips of handshakes to it, seconds: the half between the mirrored port and the server.
    pub network: Option<f64>,
    /// The shortest way to it and back that anything shows, seconds: connections to the same host, those to hosts elsewhere, which whoever asks
    /// for others must reach, and where nothing does, an answer time of a host elsewhere that never changes; `None`: nothing shows it.
    pub path: Option<f64>,
    /// Whom it is asked for, where it is a proxy.
    pub proxy: ProxyEvidence,
    /// Whether clients may be meant to wait.
    pub waits: MeantWaits,
    /// Who says by ICMP that it cannot be reached, most often first.
    pub unreachable: Vec<UnreachableReport>,
    /// Packets that prove what went wrong lately.
    pub proof: Vec<(Trouble, ProvingPackets)>,
    /// Who was refused under most names lately, and how many.
    pub guesses: Option<Guessing>,
    /// The usual round trip on the clients' side and on the server's, seconds; `None` while too little is known.
    pub usual_trips: [Option<f64>; 2],
    /// Seconds that nine of ten connections needed at most, likewise: each may have a way of its own.
    pub usual_ways: [Option<f64>; 2],
    /// Round trips by side of stretches shorter than a minute, the shortest first, as far as there are enough to compare with the usual ones.
    pub lately: Vec<[TripWindow; 2]>,
    /// Whether these rest on little so far.
    pub usual_is_young: [bool; 2],
    /// The usual response time, seconds; `None` while too little is known.
    pub usual_response: Option<f64>,
    /// The usual share of answers that there is no such name, and of requests that are refused, likewise.
    pub usual_missing: Option<f64>,
    /// See `usual_missing`.
    pub usual_rejected: Option<f64>,
    /// Since when what is beyond the usual is so.
    pub unusual_since: UnusualSince,
    /// Nobody ever connected, and the only one who tried connects to the same port of other hosts: of several that do the same work one is
    /// missing.
    pub is_one_of_several: bool,
    /// Attempts to connect and requests that were not answered since a client last succeeded.
    pub since_success: SinceSuccess,
    /// The last ten to twenty seconds: what has just begun is told of by itself.
    pub recent: ServiceWindow,
    /// The last minute, the last ten minutes, and of a file everything: the shortest stretch that holds enough is looked at.
    pub windows: Vec<ServiceWindow>,
}

/// What was not answered since a client of a service last succeeded.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SinceSuccess {
    /// Attempts to connect.
    pub attempts: Troubled,
    /// Requests.
    pub requests: Troubled,
    /// Connections on which the host says nothing any more, though data is sent to it again and again.
    pub silent: Troubled,
    /// When a client connected first of all, and since when clients do whose attempts nothing failed.
    pub first_connected: Option<Timestamp>,
    /// See above.
    pub connects_since: Option<Timestamp>,
    /// When a request was last answered by what was asked for.
    pub last_good: Option<Timestamp>,
    /// Attempts that nothing answered until a client connected again: lately, the largest of several within a minute.
    pub past_attempts: Option<PastSilence>,
    /// Attempts that were refused, likewise.
    pub past_refused: Option<PastSilence>,
    /// Requests likewise.
    pub past_requests: Option<PastSilence>,
}

/// What nothing answered for a while, and when that ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PastSilence {
    /// What.
    pub what: Troubled,
    /// When somebody was answered again.
    pub over: Timestamp,
}

impl PastSilence {
    /// From the first of them to its end.
    pub fn span(&self) -> Option<Episode> {
        self.what.span.map(|span| Episode { first: span.first, last: self.over.max(span.last) })
    }
}

impl ServiceEvidence {
    /// The newest stretch of which `enough` holds: the last seconds, else the shortest.
    pub fn newest(&self, enough: impl Fn(&ServiceWindow) -> bool) -> Option<&ServiceWindow> {
        std::iter::once(&self.recent).chain(&self.windows).find(|w| enough(w))
    }

    /// Whether a client succeeded before something began.
    pub fn did_before(&self, began: Timestamp) -> bool {
        self.first_success.is_some_and(|first| first < began)
    }

    /// Whether a client succeeded since something ended.
    pub fn does_since(&self, ended: Timestamp) -> bool {
        self.last_success.is_some_and(|last| last > ended)
    }

    /// The shortest stretch of which `enough` holds.
    pub fn window(&self, enough: impl Fn(&ServiceWindow) -> bool) -> Option<&ServiceWindow> {
        self.windows.iter().find(|w| enough(w))
    }
}
