//! What is counted of a service in a stretch of time.

mod latencies;
mod senders;
mod window;

use crate::model::evidence::{AskedEcn, ByTrouble, FAILING_ZONES, LONE_TRIES, MeantWaits, REQUEST_KINDS, TripWindow, Trouble};
use crate::model::limits::{FURTHER_CLIENTS, SERVICE_CLIENTS};
use crate::model::mix::spread;
use crate::model::time::MILLISECOND;
use crate::model::{Address, Attempt, Episode, LocatedLoss, Location, PathSide, SeenAt, Timestamp};
pub use latencies::Latencies;
pub use senders::Senders;
use std::hash::{DefaultHasher, Hash, Hasher};
pub use window::window;

/// What happened to one client, or to several together.
#[derive(Debug, Clone, Default)]
pub struct ClientCounts {
    pub attempts: u32,
    pub established: u32,
    pub ended: u32,
    pub answered: u32,
    /// Single SYNs that nothing answered: a client that changed its mind, a scan or a flood.
    pub lone: u32,
    /// How often something went wrong; of most clients nothing does.
    troubles: Option<Box<ByTrouble<u32>>>,
    /// Connections of few packets that ended.
    pub short: u32,
    /// Segments with payload of its connections that ended or lost something.
    pub packets: u32,
    /// Segments that were lost on its side: before the mirrored port, and beyond it.
    pub lost: [u32; 2],
}

impl ClientCounts {
    /// How often something went wrong.
    pub fn trouble(&self, trouble: Trouble) -> u32 {
        self.troubles.as_ref().and_then(|all| all.get(trouble)).copied().unwrap_or(0)
    }

    /// All that went wrong, and how often.
    fn troubles(&self) -> impl Iterator<Item = (Trouble, u32)> {
        self.troubles.iter().flat_map(|all| all.iter()).map(|(trouble, times)| (trouble, *times))
    }

    /// Something went wrong so many times more.
    fn add_trouble(&mut self, trouble: Trouble, times: u32) {
        let of = self.troubles.get_or_insert_default().get_or_insert(trouble, u32::default);
        *of = of.saturating_add(times);
    }

    /// So much of it did not go wrong after all; false where nothing of the kind is known.
    fn take_trouble(&mut self, trouble: Trouble, times: u32) -> bool {
        let is_known = self.trouble(trouble) > 0;
        if let Some(all) = self.troubles.as_mut().filter(|_| is_known) {
            let of = all.get_or_insert(trouble, u32::default);
            *of = of.saturating_sub(times);
        }
        is_known
    }

    /// Whether there was more than single SYNs.
    fn is_client(&self) -> bool {
        self.attempts > 0 || self.ended > 0 || self.answered > 0 || self.troubles().any(|(_, n)| n > 0)
    }

    /// Whether there was anything.
    fn is_any(&self) -> bool {
        self.lone > 0 || self.is_client()
    }

    fn add(&mut self, other: &Self) {
        let sum = |a: &mut u32, b: u32| *a = a.saturating_add(b);
        sum(&mut self.attempts, other.attempts);
        sum(&mut self.established, other.established);
        sum(&mut self.ended, other.ended);
        sum(&mut self.answered, other.answered);
        sum(&mut self.lone, other.lone);
        other.troubles().for_each(|(trouble, times)| self.add_trouble(trouble, times));
        sum(&mut self.short, other.short);
        sum(&mut self.packets, other.packets);
        self.lost.iter_mut().zip(other.lost).for_each(|(a, b)| sum(a, b));
    }
}

/// A byte by which clients of a service are mostly told apart.
fn tag(client: Address) -> u8 {
    (spread(client.word()) >> 56) as u8
}

/// Something went wrong at that time as well.
fn add_span(spans: &mut ByTrouble<Episode>, trouble: Trouble, span: Episode) {
    let known = spans.get_or_insert(trouble, || span);
    *known = known.joined(span);
}

/// What happened to a service.
#[derive(Debug, Clone, Default)]
pub struct ServiceCounts {
    /// By client, in the order they came.
    clients: Vec<(Address, ClientCounts)>,
    /// A byte of each client's address: the search for one looks at these, not at what is counted of the others.
    tags: [u8; SERVICE_CLIENTS],
    /// Further clients.
    others: ClientCounts,
    /// Single SYNs of clients that try again and again: they count as attempts all the same.
    pub again: u32,
    /// When single SYNs came that nothing answered.
    pub lone_at: SeenAt,
    /// Who sent them, and those that began a connection which was never completed.
    pub senders: Senders,
    /// Connections that were cut, and attempts that were refused, by a device between both ends.
    pub cut_between: u32,
    /// See above.
    pub refused_between: u32,
    /// Attempts that asked for ECN.
    pub asked_ecn: AskedEcn,
    /// Hashes of those, ascending, where they are told apart.
    further: Vec<u32>,
    /// Whether they are.
    tells_further: bool,
    spans: ByTrouble<Episode>,
    /// Milliseconds until SYNs were answered that were answered late: of all together, and the most.
    late_millis: (u64, u32),
    pub latencies: Latencies,
    /// How requests were counted that say nothing, or that nobody read.
    pub turns: TurnCounts,
    /// Requests by kind: answered, not answered, answered by an error.
    kinds: [[u32; 3]; REQUEST_KINDS],
    /// Codes of errors.
    codes: Vec<(u32, u64)>,
    /// Codes of refused credentials.
    denied: Vec<(u32, u64)>,
    /// Of questions that were answered by an error, what stands for their zone; 0: none.
    zones: [u16; FAILING_ZONES as usize],
    pub segments: SegmentCounts,
    /// For how long connections were silent that were cut when idle, milliseconds: the first ones.
    idle_cuts: Vec<u32>,
    /// Round trips by [`PathSide`].
    trips: [Option<Box<TripCounts>>; 2],
}

/// The round trips of one connection.
#[derive(Debug, Clone, Copy, Default)]
struct ConnectionTrips {
    /// A hash of the connection; 0: none.
    hash: u32,
    count: u32,
    /// All together.
    micros: u64,
}

impl ConnectionTrips {
    /// Their mean, microseconds.
    fn mean(&self) -> u32 {
        u32::try_from(self.micros / u64::from(self.count.max(1))).unwrap_or(u32::MAX)
    }
}

/// Round trips on one side of the mirrored port.
#[derive(Debug, Clone, Default)]
pub struct TripCounts {
    pub times: Latencies,
    /// Connections they are of: the first few.
    connections: [ConnectionTrips; Self::CONNECTIONS],
    /// One of the clients, and whether there are others.
    client: Option<Address>,
    is_more: bool,
}

impl TripCounts {
    /// Connections told apart.
    const CONNECTIONS: usize = 4;

    /// Takes in a round trip of a client's connection.
    pub fn note(&mut self, nanos: i64, connection: u32, client: Address) {
        self.times.note(nanos);
        self.connection(&ConnectionTrips { hash: connection.max(1), count: 1, micros: nanos.max(0).unsigned_abs() / 1_000 });
        self.is_more |= *self.client.get_or_insert(client) != client;
    }

    fn connection(&mut self, trips: &ConnectionTrips) {
        if let Some(known) = self.connections.iter_mut().find(|known| known.hash == trips.hash || known.hash == 0) {
            known.hash = trips.hash;
            known.count = known.count.saturating_add(trips.count);
            known.micros = known.micros.saturating_add(trips.micros);
        }
    }

    /// The mean of each connection, microseconds.
    pub fn means(&self) -> impl Iterator<Item = u32> {
        self.connections.iter().filter(|known| known.hash != 0).map(ConnectionTrips::mean)
    }

    /// Several together.
    pub fn window<'a>(parts: impl Iterator<Item = &'a TripCounts> + Clone) -> TripWindow {
        let mut connections = TripCounts::default();
        parts.clone().flat_map(|part| part.connections).filter(|known| known.hash != 0).for_each(|known| connections.connection(&known));
        let mut means: Vec<u32> = connections.means().collect();
        means.sort_unstable();
        let mut clients = parts.clone().filter_map(|part| part.client);
        TripWindow {
            times: Latencies::quantiles(parts.clone().map(|part| &part.times)),
            connections: means.len() as u64,
            quarter: means.get(means.len() / 4).map(|micros| f64::from(*micros) / 1e6),
            is_of_one: clients.next().is_some_and(|first| !parts.clone().any(|part| part.is_more) && clients.all(|other| other == first)),
        }
    }
}

/// Segments of a service's connections.
#[derive(Debug, Clone, Copy, Default)]
pub struct SegmentCounts {
    /// Segments with payload of connections that ended or lost something.
    pub packets: u64,
    /// Lost, by [`PathSide`].
    pub lost: [u64; 2],
    /// Of them before the mirrored port.
    pub before: u64,
    /// Those that were lost before it or late, of which nothing tells which.
    pub unsure: u64,
    /// When.
    pub span: Option<Episode>,
}

impl SegmentCounts {
    fn add(&mut self, other: &Self) {
        self.packets = self.packets.saturating_add(other.packets);
        self.lost.iter_mut().zip(other.lost).for_each(|(a, b)| *a = a.saturating_add(b));
        self.before = self.before.saturating_add(other.before);
        self.unsure = self.unsure.saturating_add(other.unsure);
        self.span = Episode::of_both(self.span, other.span);
    }

    /// A segment was not lost after all.
    fn take_back(&mut self, lost: &LocatedLoss) {
        if let Some(n) = self.lost.get_mut(lost.side() as usize) {
            *n = n.saturating_sub(1);
        }
        self.before = self.before.saturating_sub(u64::from(lost.location == Location::BeforeMirror));
    }

    /// Segments that were lost.
    fn note_lost(&mut self, lost: &LocatedLoss) {
        if let Some(n) = self.lost.get_mut(lost.side() as usize) {
            *n = n.saturating_add(1);
        }
        self.before = self.before.saturating_add(u64::from(lost.location == Location::BeforeMirror));
        self.span = Episode::of_both(self.span, Some(Episode::at(lost.time)));
    }
}

/// Requests that nobody can read, and what says that times are not to be relied on.
#[derive(Debug, Clone, Copy, Default)]
pub struct TurnCounts {
    /// Answered.
    answered: u32,
    /// Requests, be they read or not, that were held until there was something to tell.
    held: u32,
    /// Answers that only begin a connection.
    begun: u32,
    /// Connections that turned out not to be made of requests and answers.
    talks: u32,
}

impl TurnCounts {
    fn add(&mut self, other: &Self) {
        let sum = |a: &mut u32, b: u32| *a = a.saturating_add(b);
        sum(&mut self.answered, other.answered);
        sum(&mut self.held, other.held);
        sum(&mut self.begun, other.begun);
        sum(&mut self.talks, other.talks);
    }
}

impl ServiceCounts {
    /// Codes told apart.
    const CODES: usize = 16;

    /// Idle connections that were cut, told apart.
    const IDLE_CUTS: usize = 16;

    /// Bytes at most, with its clients, codes and response times.
    #[cfg(test)]
    pub const BYTES: usize = size_of::<(i64, Self)>()
        + (SERVICE_CLIENTS + 1) * (size_of::<(Address, ClientCounts)>() + size_of::<ByTrouble<u32>>() + ByTrouble::<u32>::BYTES)
        + ByTrouble::<Episode>::BYTES
        + 2 * Self::CODES * size_of::<(u32, u64)>()
        + Self::IDLE_CUTS * size_of::<u32>()
        + Latencies::KEPT * size_of::<u32>()
        + 2 * (size_of::<TripCounts>() + Latencies::KEPT * size_of::<u32>());

    /// Whether anything went wrong, or may have: nothing can be found where nothing did.
    pub fn is_troubled(&self) -> bool {
        let lone = |counts: &ClientCounts| counts.lone > 0;
        !self.spans.is_empty()
            || !self.codes.is_empty()
            || !self.denied.is_empty()
            || self.segments.lost.iter().any(|n| *n > 0)
            || lone(&self.others)
            || self.clients.iter().any(|c| lone(&c.1))
    }

    /// Round trips on a side.
    pub fn trips_mut(&mut self, side: PathSide) -> &mut TripCounts {
        let [client, server] = &mut self.trips;
        match side {
            PathSide::Client => client,
            PathSide::Server => server,
        }
        .get_or_insert_default()
    }

    /// The same, where there are any.
    pub fn trips(&self, side: usize) -> Option<&TripCounts> {
        self.trips.get(side)?.as_deref()
    }

    /// The counts of a client.
    pub fn client(&mut self, address: Address) -> &mut ClientCounts {
        let tag = tag(address);
        let mut alike = self.tags.iter().take(self.clients.len()).enumerate().filter(|(_, known)| **known == tag);
        let found = alike.find(|(at, _)| self.clients.get(*at).is_some_and(|client| client.0 == address));
        let at = match found {
            Some((at, _)) => at,
            None if self.clients.len() < SERVICE_CLIENTS => {
                self.tags.iter_mut().skip(self.clients.len()).take(1).for_each(|free| *free = tag);
                if self.clients.len() == self.clients.capacity() {
                    // Most have one or two: room for four would be most of what is known of a service.
                    self.clients.reserve_exact(self.clients.len().max(1));
                }
                self.clients.push((address, ClientCounts::default()));
                self.clients.len() - 1
            }
            None => {
                if self.tells_further {
                    self.note_further(address);
                }
                return &mut self.others;
            }
        };
        match self.clients.get_mut(at) {
            Some((_, counts)) => counts,
            None => &mut self.others,
        }
    }

    /// What happened to a client, where it has counts of its own.
    pub fn of(&self, client: Address) -> ClientCounts {
        self.clients.iter().find(|known| known.0 == client).map_or_else(ClientCounts::default, |known| known.1.clone())
    }

    /// Counts of everything, which tell more clients apart.
    pub fn of_everything() -> Self {
        Self { tells_further: true, ..Self::default() }
    }

    /// Tells a client apart that has no counts of its own.
    fn note_further(&mut self, client: Address) {
        let mut hasher = DefaultHasher::new();
        client.hash(&mut hasher);
        let hash = (hasher.finish() >> 32) as u32;
        if self.further.len() < FURTHER_CLIENTS
            && let Err(at) = self.further.binary_search(&hash)
        {
            self.further.insert(at, hash);
        }
    }

    /// Whether nothing happened but this.
    pub fn is_only(&self, trouble: Trouble) -> bool {
        let others = |of: &ClientCounts| {
            let counts = [of.attempts, of.established, of.ended, of.answered, of.lone, of.packets];
            counts.iter().any(|n| *n > 0) || of.troubles().any(|(of, n)| of != trouble && n > 0)
        };
        let is_other = others(&self.others) || self.clients.iter().any(|c| others(&c.1));
        !is_other && self.troubled(trouble) > 0 && self.trips.iter().all(Option::is_none)
    }

    /// The client, where there was only one.
    pub fn only_client(&self) -> Option<Address> {
        match self.clients.as_slice() {
            [(only, _)] => Some(*only),
            _ => None,
        }
    }

    /// Whether a client connected.
    pub fn has_connected(&self, client: Address) -> bool {
        self.clients.iter().any(|(address, counts)| *address == client && counts.established > 0)
    }

    /// Single SYNs of a client that nothing answered, where it has counts of its own.
    pub fn lone_of(&self, client: Address) -> Option<u32> {
        self.clients.iter().find(|c| c.0 == client).map(|c| c.1.lone)
    }

    /// Segments with payload of a client's connection.
    pub fn data_packets(&mut self, client: Address, packets: u64) {
        self.segments.packets = self.segments.packets.saturating_add(packets);
        let of = &mut self.client(client).packets;
        *of = of.saturating_add(u32::try_from(packets).unwrap_or(u32::MAX));
    }

    /// A segment was lost, or late.
    pub fn lost_or_late(&mut self) {
        self.segments.unsure = self.segments.unsure.saturating_add(1);
    }

    /// A segment of a client's connection was lost, or was not after all.
    pub fn lost(&mut self, client: Address, lost: &LocatedLoss) {
        match lost.retracted {
            true => self.segments.take_back(lost),
            false => self.segments.note_lost(lost),
        }
        if lost.side() == PathSide::Client
            && let Some(n) = self.client(client).lost.get_mut(usize::from(lost.location == Location::BeyondMirror))
        {
            *n = if lost.retracted { n.saturating_sub(1) } else { n.saturating_add(1) };
        }
    }

    /// A client's connection was cut after it had been silent for so many nanoseconds.
    pub fn idle_cut(&mut self, client: Address, time: Timestamp, pause: i64) {
        self.trouble(client, Trouble::IdleCut, time, time);
        if self.idle_cuts.len() < Self::IDLE_CUTS {
            self.idle_cuts.push(u32::try_from(pause / MILLISECOND).unwrap_or(u32::MAX));
        }
    }

    /// Something went wrong for a client.
    pub fn trouble(&mut self, client: Address, trouble: Trouble, from: Timestamp, to: Timestamp) {
        self.troubles(client, (trouble, 1), from, to);
    }

    /// The same, so many times.
    pub fn troubles(&mut self, client: Address, (trouble, times): (Trouble, u32), from: Timestamp, to: Timestamp) {
        self.client(client).add_trouble(trouble, times);
        add_span(&mut self.spans, trouble, Episode { first: from, last: to });
    }

    /// What went wrong for a client so often did not after all. False where it is not known here.
    pub fn take_back(&mut self, client: Address, (trouble, times): (Trouble, u32)) -> bool {
        let own = self.clients.iter_mut().find(|known| known.0 == client).map(|known| &mut known.1);
        let of = own.filter(|counts| counts.trouble(trouble) > 0).unwrap_or(&mut self.others);
        of.take_trouble(trouble, times)
    }

    /// An attempt of a client turned out otherwise: it is not what was counted, `trouble` and all. False where none such is known here.
    pub fn take_back_attempt(&mut self, client: Address, trouble: Option<Trouble>) -> bool {
        let is_known = |of: &ClientCounts| of.attempts > 0 && trouble.is_none_or(|trouble| of.trouble(trouble) > 0);
        let own = self.clients.iter_mut().find(|known| known.0 == client).map(|known| &mut known.1);
        let Some(of) = own.filter(|of| is_known(of)).or(Some(&mut self.others)).filter(|of| is_known(of)) else { return false };
        of.attempts = of.attempts.saturating_sub(1);
        trouble.is_none_or(|trouble| of.take_trouble(trouble, 1))
    }

    /// The same of a single SYN, whose client's were attempts if they were many.
    pub fn take_back_lone(&mut self, client: Address) -> bool {
        let own = self.clients.iter_mut().find(|known| known.0 == client).map(|known| &mut known.1);
        let Some(of) = own.or(Some(&mut self.others)).filter(|of| of.lone > 0) else { return false };
        let counted = match of.lone {
            LONE_TRIES => LONE_TRIES,
            n => u32::from(n > LONE_TRIES),
        }
        .min(of.attempts);
        of.lone -= 1;
        of.attempts -= counted;
        of.take_trouble(Trouble::NoAnswer, counted);
        self.again = self.again.saturating_sub(counted);
        true
    }

    /// An attempt of a client came about after some trouble, be it without ECN; where it was answered late, how late.
    pub fn belated(&mut self, client: Address, trouble: Trouble, attempt: &Attempt) {
        self.trouble(client, trouble, attempt.first, attempt.time);
        if attempt.gave_up_ecn {
            self.asked_ecn.given_up(trouble);
        }
        if trouble == Trouble::Late {
            let millis = u32::try_from(attempt.answered_after.unwrap_or(0) / MILLISECOND).unwrap_or(u32::MAX);
            self.late_millis = (self.late_millis.0.saturating_add(millis.into()), self.late_millis.1.max(millis));
        }
    }

    /// Requests of a kind were answered, be it by an error, or not.
    pub fn kind(&mut self, kind: usize, [is_answered, is_error]: [bool; 2], times: u32) {
        let counts = self.kinds.get_mut(kind).into_iter().flatten();
        counts.zip([is_answered, !is_answered, is_error]).filter(|(_, counts)| *counts).for_each(|(n, _)| *n = n.saturating_add(times));
    }

    /// Requests were answered by an error.
    pub fn code(&mut self, code: u32, times: u32) {
        Self::count(&mut self.codes, code, times);
    }

    /// Requests were answered by a refusal of credentials.
    pub fn refusal(&mut self, code: u32, times: u32) {
        Self::count(&mut self.denied, code, times);
    }

    /// A question about a name of that zone was answered by an error.
    pub fn zone(&mut self, zone: u16) {
        if let Some(place) = self.zones.iter_mut().find(|known| **known == zone || **known == 0) {
            *place = zone;
        }
    }

    /// How often something went wrong, for all clients.
    pub fn troubled(&self, trouble: Trouble) -> u64 {
        let of = |counts: &ClientCounts| u64::from(counts.trouble(trouble));
        self.clients.iter().map(|c| of(&c.1)).fold(of(&self.others), u64::saturating_add)
    }

    /// Attempts to connect, single SYNs among them, and requests.
    pub fn uses(&self) -> u64 {
        let of = |c: &ClientCounts| [c.attempts, c.lone, c.answered, c.trouble(Trouble::Unanswered)].map(u64::from).iter().sum::<u64>();
        self.clients.iter().map(|c| of(&c.1)).fold(of(&self.others), u64::saturating_add).saturating_sub(self.again.into())
    }

    /// Single SYNs that nothing answered and that count as no attempt.
    pub fn lone(&self) -> u64 {
        let lone = self.clients.iter().map(|c| u64::from(c.1.lone)).fold(self.others.lone.into(), u64::saturating_add);
        lone.saturating_sub(self.again.into())
    }

    /// Attempts to connect, without those of whom `is_left_out`.
    pub fn attempts(&self, is_left_out: impl Fn(Address) -> bool) -> u64 {
        let own = self.clients.iter().filter(|c| c.1.attempts > 0 && !is_left_out(c.0)).map(|c| u64::from(c.1.attempts));
        own.fold(self.others.attempts.into(), u64::saturating_add)
    }

    /// How often something went wrong, and for whom as far as clients are told apart; without those of whom `is_left_out`.
    pub fn failing(&self, trouble: Trouble, is_left_out: impl Fn(Address) -> bool) -> (u64, Vec<Address>) {
        if self.span(trouble).is_none() {
            return (0, Vec::new());
        }
        let of = |counts: &ClientCounts| u64::from(counts.trouble(trouble));
        let own = || self.clients.iter().filter(|c| of(&c.1) > 0 && !is_left_out(c.0));
        (own().map(|c| of(&c.1)).fold(of(&self.others), u64::saturating_add), own().map(|c| c.0).collect())
    }

    /// Whether it went wrong for clients that are not told apart.
    pub fn has_others(&self, trouble: Trouble) -> bool {
        self.others.trouble(trouble) > 0
    }

    /// When something went wrong.
    pub fn span(&self, trouble: Trouble) -> Option<Episode> {
        self.spans.get(trouble).copied()
    }

    /// A request was answered that nobody can read.
    pub fn turn(&mut self) {
        self.turns.answered = self.turns.answered.saturating_add(1);
    }

    /// So many requests were held until there was something to tell.
    pub fn held(&mut self, times: u32) {
        self.turns.held = self.turns.held.saturating_add(times);
    }

    /// So many answers only begin a connection.
    pub fn begun(&mut self, times: u32) {
        self.turns.begun = self.turns.begun.saturating_add(times);
    }

    /// Answers that were held back.
    pub fn held_answers(&self) -> u32 {
        self.turns.held
    }

    /// What says that clients may be meant to wait; the first turn was then.
    pub fn waits(&self, first_turn: Option<Timestamp>) -> MeantWaits {
        let TurnCounts { answered, held, begun, talks } = self.turns;
        let timed = self.answered().saturating_sub(begun.into()).saturating_add(answered.into());
        MeantWaits { timed, held: held.into(), turns: answered.into(), talks: talks.into(), first_turn }
    }

    /// A connection turned out not to be made of requests and answers.
    pub fn talks(&mut self) {
        self.turns.talks = self.turns.talks.saturating_add(1);
    }

    /// Requests that were answered.
    pub fn answered(&self) -> u64 {
        self.clients.iter().map(|c| u64::from(c.1.answered)).fold(self.others.answered.into(), u64::saturating_add)
    }

    fn count(codes: &mut Vec<(u32, u64)>, code: u32, times: u32) {
        if let Some((_, n)) = codes.iter_mut().find(|c| c.0 == code) {
            *n = n.saturating_add(times.into());
        } else if codes.len() < Self::CODES {
            codes.push((code, times.into()));
        }
    }
}
