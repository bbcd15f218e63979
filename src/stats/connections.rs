//! How TCP connections begin and end: attempts with their outcome, the two halves of the handshake's round trip, and who cut what.
//!
//! It listens to the steps of a connection's course, which few packets are, and keeps the attempts that are not decided yet; nothing of a
//! connection that is open. An attempt is all SYNs with the same addresses, ports and initial sequence number, so that a refused SYN which its
//! sender repeats, as Windows does, is one. What was told of it does not hold when it turns out otherwise later: a SYN that is answered late, or refused
//! and then accepted.

use crate::model::Arrange as _;
use crate::model::evidence::OPEN_AT_END;
use crate::model::limits::{ATTEMPTS, ROUND_TRIPS};
use crate::model::mix::Keys;
use crate::model::tcp::{ECN_SETUP, FIN, RST, TcpEvent, TcpMarks};
use crate::model::time::SECOND;
use crate::model::{
    AppId, Attempt, AttemptOutcome, CapScale, ConnectionEnd, CutPhase, Direction, EarlierOutcome, FlowKey, Mac, NetworkEvent, RoundTrip,
    Segment, Timestamp,
};
use crate::stats::round_trips::is_trip;
use hashbrown::hash_table::{Entry, HashTable};

/// How long after its first SYN an attempt may be called unanswered, at least: longer than the first retransmission (1 s, RFC 6298 section 2.1)
/// and the second (3 s) together.
pub const ANSWER_WAIT: i64 = 3 * SECOND;

/// The same for a SYN that is not repeated, and for a SYN-ACK that is not acknowledged.
pub const SINGLE_WAIT: i64 = 5 * SECOND;

/// How long after its last SYN an attempt is kept: longer than a refused SYN is repeated, and than the pauses of most retransmissions.
const KEPT: i64 = 60 * SECOND;

/// SYNs of a client that come less apart than this belong to what was decided.
const REPEATED: i64 = 3 * SECOND;

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// SYNs were sent.
    Sent,
    /// A SYN-ACK came.
    Answered,
    /// A RST was its end: only another SYN makes anything of it.
    Decided,
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    flow: FlowKey,
    way: Direction,
    stations: [Mac; 2],
    vlan: Option<u16>,
    stage: Stage,
    /// Its SYN came behind what answers it: copies overtake each other, and nothing is known of times.
    is_late: bool,
    syns: u8,
    /// Those of them that came behind an answer.
    syns_again: u8,
    answers: u8,
    /// The outcome that was told so far.
    told: Option<EarlierOutcome>,
    /// The latest SYN asks for ECN.
    asks_ecn: bool,
    /// One before it did.
    asked_ecn: bool,
    /// The TTL of what came back first; 0: nothing.
    ttl: u8,
    /// Initial sequence number.
    isn: u32,
    /// The number of the latest SYN's packet.
    number: u64,
    first: Timestamp,
    last: Timestamp,
    answered: Timestamp,
}

/// What a shard knows of a connection when a step of its course comes.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// The conversation.
    pub flow: FlowKey,
    /// Its hash, by the keys of the table of attempts.
    pub hash: u64,
    /// The way of the segment.
    pub way: Direction,
    /// Who sent its frame, and to whom.
    pub stations: [Mac; 2],
    /// Its VLAN: the outermost tag.
    pub vlan: Option<u16>,
    /// When it passed.
    pub time: Timestamp,
    /// Its number; 0 where it is not known.
    pub number: u64,
    /// When the segment before it passed, of either side.
    pub before: Timestamp,
    /// The way from the client, where the beginning was seen, or the connection is meant to stand for months.
    pub client: Option<Direction>,
    /// It was joined after its beginning.
    pub is_joined: bool,
    /// Sides that have sent FIN, this segment's included, and without it: a FIN that is sent again ends nothing.
    pub fins: u32,
    /// See above.
    pub fins_before: u32,
    /// Whether RST was seen before.
    pub is_cut: bool,
    /// What is spoken, as far as it was recognised.
    pub app: AppId,
    /// Packets so far, each way.
    pub packets: [u64; 2],
    /// TCP segments with payload, of both ways.
    pub data_packets: u64,
    /// Where the first RST met it; `None` without any.
    pub cut: Option<CutPhase>,
    /// Whether data of the segment's sender itself was not; so too where that cannot be told.
    pub owes: bool,
    /// The segment's TTL.
    pub ttl: u8,
    /// The first RST was sent by a device between both ends.
    pub is_cut_between: bool,
}

/// The attempts of one shard that are not decided, and what was.
#[derive(Debug, Default)]
pub struct Connections {
    pending: HashTable<Pending>,
    keys: Keys,
    caps: CapScale,
    /// When one may have to be decided.
    due: Option<Timestamp>,
    events: Vec<NetworkEvent>,
    unfollowed: u64,
    /// Round trips told of this second: those that tell something of the path or of a window, and others.
    trips: [u32; 2],
}

impl Connections {
    /// Bytes of an attempt in its table, which may be twice as large as what is in it.
    #[cfg(test)]
    pub const ATTEMPT_BYTES: usize = 2 * (size_of::<Pending>() + 1);

    /// None seen; `keys` are those of the table's hash. As many are followed as `caps` allow.
    pub fn new(keys: Keys, caps: CapScale) -> Self {
        Self { keys, caps, ..Self::default() }
    }

    /// Takes in a step of a connection's course.
    #[inline(never)]
    pub fn step(&mut self, course: &Course, segment: &Segment, tcp: &TcpEvent) {
        if tcp.marks.has(TcpMarks::SYN) {
            return self.syn(course, segment, tcp.marks);
        }
        if tcp.marks.has(TcpMarks::SYN_ACK) {
            return self.syn_ack(course);
        }
        if segment.flags & RST != 0 {
            return self.reset(course);
        }
        if tcp.marks.has(TcpMarks::FIRST_ACK) {
            self.acknowledged(course);
        }
        if segment.flags & FIN != 0 && course.fins == 2 && course.fins_before < 2 && !course.is_cut {
            self.end(course, None);
        }
    }

    fn syn(&mut self, course: &Course, segment: &Segment, marks: TcpMarks) {
        let is_late = marks.has(TcpMarks::LATE_SYN | TcpMarks::OVERTAKEN_SYN);
        let fresh = Pending {
            flow: course.flow,
            way: course.way,
            stations: course.stations,
            vlan: course.vlan,
            stage: if is_late { Stage::Answered } else { Stage::Sent },
            is_late,
            syns: 1,
            syns_again: 0,
            answers: 0,
            told: None,
            asks_ecn: segment.flags & ECN_SETUP == ECN_SETUP,
            asked_ecn: false,
            ttl: 0,
            isn: segment.sequence,
            number: course.number,
            first: course.time,
            last: course.time,
            answered: course.time,
        };
        if marks.has(TcpMarks::OVERTAKEN_SYN) {
            self.forget(course.hash, &course.flow);
            return self.events.push(NetworkEvent::Attempt(decided(&fresh, AttemptOutcome::Established, course.time)));
        }
        let keys = self.keys;
        let is_full = self.pending.len() >= self.caps.of(ATTEMPTS);
        match self.pending.entry(course.hash, |p| p.flow == course.flow, |p| p.flow.keyed_hash(&keys)) {
            Entry::Occupied(mut entry) => {
                let pending = entry.get_mut();
                let same = pending.isn == segment.sequence && pending.way == course.way;
                let again = pending.stage == Stage::Decided && course.time.since(pending.last) > REPEATED;
                if same && !again {
                    if pending.stage == Stage::Decided {
                        (pending.stage, pending.ttl, pending.answers) = (Stage::Sent, 0, 0);
                    }
                    pending.syns = pending.syns.saturating_add(1);
                    let is_again = pending.stage == Stage::Answered && !pending.is_late && course.time.since(pending.last) <= REPEATED;
                    pending.syns_again = pending.syns_again.saturating_add(u8::from(is_again));
                    (pending.last, pending.number) = (pending.last.max(course.time), course.number);
                    // Whom nothing answers goes on without ECN (RFC 3168 section 6.1.1.1).
                    pending.asked_ecn |= pending.asks_ecn;
                    pending.asks_ecn = fresh.asks_ecn;
                } else {
                    let old = std::mem::replace(pending, fresh);
                    if let Some(event) = replaced(&old, course.time) {
                        self.events.push(event);
                    }
                }
            }
            Entry::Vacant(_) if is_full => self.unfollowed = self.unfollowed.saturating_add(1),
            Entry::Vacant(entry) => {
                entry.insert(fresh);
            }
        }
        self.wait_until(course.time.plus(ANSWER_WAIT));
    }

    fn wait_until(&mut self, time: Timestamp) {
        self.due = Some(self.due.map_or(time, |due| due.min(time)));
    }

    fn find(&mut self, course: &Course) -> Option<&mut Pending> {
        self.pending.find_mut(course.hash, |p| p.flow == course.flow)
    }

    fn forget(&mut self, hash: u64, flow: &FlowKey) {
        if let Ok(entry) = self.pending.find_entry(hash, |p| p.flow == *flow) {
            entry.remove();
        }
    }

    fn syn_ack(&mut self, course: &Course) {
        let Some(pending) = self.find(course).filter(|p| p.way != course.way && p.stage != Stage::Decided) else { return };
        pending.answers = pending.answers.saturating_add(1);
        if pending.stage == Stage::Sent {
            (pending.stage, pending.answered, pending.ttl) = (Stage::Answered, course.time, course.ttl);
        }
        self.wait_until(course.time.plus(SINGLE_WAIT));
    }

    /// The client's first segment without SYN, unless it is a RST: the handshake is complete.
    fn acknowledged(&mut self, course: &Course) {
        let Ok(entry) = self.pending.find_entry(course.hash, |p| p.flow == course.flow) else { return };
        if entry.get().stage == Stage::Decided || entry.get().way != course.way {
            return;
        }
        let (pending, _) = entry.remove();
        if pending.stage == Stage::Sent && pending.told.is_none() {
            // It was answered, by what this mirror does not show.
            return;
        }
        let client_half =
            (pending.answers == 1 && !pending.is_late).then(|| course.time.since(pending.answered)).filter(|nanos| is_trip(*nanos));
        let attempt = Attempt { client_half, ..decided(&pending, AttemptOutcome::Established, course.time) };
        self.events.push(NetworkEvent::Attempt(attempt));
    }

    fn reset(&mut self, course: &Course) {
        let Some(pending) = self.find(course) else {
            // What both sides have closed has ended already.
            if !course.is_cut && course.fins < 2 {
                self.end(course, course.cut);
            }
            return;
        };
        let outcome = match (pending.stage, pending.way == course.way) {
            (Stage::Decided, _) => return,
            (Stage::Sent, false) => AttemptOutcome::Refused,
            (Stage::Sent, true) => {
                // The client gave up itself: nothing is known of the server.
                self.forget(course.hash, &course.flow);
                return;
            }
            (Stage::Answered, true) => AttemptOutcome::Abandoned,
            (Stage::Answered, false) => AttemptOutcome::HalfOpen,
        };
        if outcome == AttemptOutcome::Refused {
            pending.ttl = course.ttl;
        }
        let mut attempt = decided(pending, outcome, course.time);
        if outcome == AttemptOutcome::Refused {
            attempt.server_half = (pending.syns == 1).then(|| course.time.since(pending.last)).filter(|nanos| is_trip(*nanos));
        }
        let is_news = pending.tell(outcome);
        pending.stage = Stage::Decided;
        if is_news {
            self.events.push(NetworkEvent::Attempt(attempt));
        }
    }

    fn end(&mut self, course: &Course, cut: Option<CutPhase>) {
        let Some(way) = course.client else { return };
        let by_client = course.way == way;
        let [there, back] = [way, way.reversed()].map(|way| course.packets.get(way as usize).copied().unwrap_or(0));
        let (flow, time, app) = (course.flow, course.time, course.app);
        let (packets, data_packets) = ([there, back], course.data_packets);
        let (gave_up, pause) = (by_client && !course.owes && !course.is_cut_between, time.since(course.before));
        let is_foreign = cut.is_some() && course.is_cut_between;
        let (by_client, number) = (by_client && !is_foreign, course.number);
        let is_joined = course.is_joined;
        let ended =
            ConnectionEnd { flow, way, is_joined, time, app, cut, pause, by_client, is_foreign, gave_up, packets, data_packets, number };
        self.events.push(NetworkEvent::Ended(ended));
    }

    /// Tells of an event that others saw.
    pub fn tell(&mut self, event: NetworkEvent) {
        self.events.push(event);
    }

    /// A round trip, unless many were told of this second: those that tell something of the path, or of a window, and others apart.
    pub fn tell_trip(&mut self, trip: RoundTrip) {
        let [telling, others] = &mut self.trips;
        let told = if trip.is_prompt || trip.flight.is_some() { telling } else { others };
        if *told < ROUND_TRIPS {
            *told += 1;
            self.events.push(NetworkEvent::RoundTrip(trip));
        }
    }

    /// A second begins.
    pub fn next_second(&mut self) {
        self.trips = [0; 2];
    }

    /// So many things that happened found no room to be told of.
    pub fn note_unfollowed(&mut self, count: u64) {
        self.unfollowed = self.unfollowed.saturating_add(count);
    }

    /// Whether [`Self::advance`] has something to do.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// Decides on attempts that have waited long enough. To be called at marks of packet time, and once when nothing more comes.
    pub fn advance(&mut self, now: Timestamp) {
        let mut waited: Vec<Pending> = Vec::new();
        let (mut due, mut gone) = (None, Vec::new());
        for pending in self.pending.iter_mut() {
            match pending.verdict(now) {
                Verdict::Wait(until) => due = Some(due.map_or(until, |d: Timestamp| d.min(until))),
                Verdict::Forget => gone.push(pending.flow),
                Verdict::Tell => {
                    waited.push(*pending);
                    pending.tell(pending.silence());
                    let until = now.plus(SECOND);
                    due = Some(due.map_or(until, |d| d.min(until)));
                }
            }
        }
        self.due = due;
        let keys = self.keys;
        gone.iter().for_each(|flow| self.forget(flow.keyed_hash(&keys), flow));
        // The table's order is nobody's: theirs is that of their beginning.
        waited.arrange_by_key(|p| (p.first, p.flow.keyed_hash(&Keys::FIXED)));
        self.events.extend(waited.iter().map(|p| NetworkEvent::Attempt(decided(p, p.silence(), now))));
    }

    /// Nothing more comes after `now`: what has waited long enough is decided, and of the rest it is told that it is open.
    pub fn finish(&mut self, now: Timestamp) {
        self.advance(now);
        let waits = |p: &&Pending| match p.stage {
            _ if p.told.is_some() => false,
            Stage::Sent => now.since(p.first) >= OPEN_AT_END,
            Stage::Answered => now.since(p.answered) >= OPEN_AT_END,
            Stage::Decided => false,
        };
        let mut open: Vec<Pending> = self.pending.iter().filter(waits).copied().collect();
        open.arrange_by_key(|p| (p.first, p.flow.keyed_hash(&Keys::FIXED)));
        self.events.extend(open.iter().map(|p| NetworkEvent::Attempt(decided(p, AttemptOutcome::Open, now))));
    }

    /// How many events wait to be handed over.
    pub fn told(&self) -> usize {
        self.events.len()
    }

    /// What happened since it was last asked, and how many attempts could not be followed.
    pub fn take(&mut self) -> (Vec<NetworkEvent>, u64) {
        (std::mem::take(&mut self.events), std::mem::take(&mut self.unfollowed))
    }
}

/// What is to be done about an attempt.
enum Verdict {
    Wait(Timestamp),
    Tell,
    Forget,
}

impl Pending {
    /// What it is as long as nothing more comes.
    fn silence(&self) -> AttemptOutcome {
        if self.stage == Stage::Sent { AttemptOutcome::Unanswered } else { AttemptOutcome::HalfOpen }
    }

    /// Whether an outcome that failed is to be told: any answer ends a silence, and of what failed otherwise the first holds.
    fn is_news(&self, outcome: AttemptOutcome) -> bool {
        self.told.is_none_or(|told| told.outcome == AttemptOutcome::Unanswered && outcome != AttemptOutcome::Unanswered)
    }

    /// Notes that an outcome that failed is told; false where it is none to be told.
    fn tell(&mut self, outcome: AttemptOutcome) -> bool {
        let is_news = self.is_news(outcome);
        if is_news {
            self.told = Some(EarlierOutcome { outcome, syns: self.syns, syns_again: self.syns_again });
        }
        is_news
    }

    fn verdict(&self, now: Timestamp) -> Verdict {
        let is_told = !self.is_news(self.silence());
        let until = match self.stage {
            Stage::Decided => self.last.plus(REPEATED),
            // Whoever repeats its SYN may still be answered, or still take the answer.
            _ if is_told && (self.stage == Stage::Sent || self.syns > 1) => self.last.plus(KEPT),
            _ if is_told => self.answered.plus(SINGLE_WAIT + REPEATED),
            Stage::Sent if self.syns > 1 => self.first.plus(ANSWER_WAIT).max(self.last.plus(SECOND)),
            Stage::Sent => self.first.plus(SINGLE_WAIT),
            Stage::Answered => self.answered.plus(SINGLE_WAIT),
        };
        // Also when it lies as far ahead: then the clock was set back.
        if now < until && until.since(now) <= 2 * KEPT {
            return Verdict::Wait(until);
        }
        if self.stage == Stage::Decided || is_told { Verdict::Forget } else { Verdict::Tell }
    }
}

/// An attempt with its outcome.
fn decided(pending: &Pending, outcome: AttemptOutcome, time: Timestamp) -> Attempt {
    let answered = pending.stage == Stage::Answered && pending.syns == 1 && !pending.is_late;
    let [station, next] = pending.stations;
    Attempt {
        flow: pending.flow,
        way: pending.way,
        station,
        next,
        vlan: pending.vlan,
        first: pending.first,
        time,
        outcome,
        syns: pending.syns,
        syns_again: pending.syns_again,
        server_half: answered.then(|| pending.answered.since(pending.first)).filter(|nanos| is_trip(*nanos)),
        client_half: None,
        answered_after: (pending.stage == Stage::Answered && !pending.is_late)
            .then(|| pending.answered.since(pending.first))
            .filter(|nanos| (0..=2 * KEPT).contains(nanos)),
        earlier: pending.told,
        ttl: pending.ttl,
        asks_ecn: pending.asks_ecn,
        gave_up_ecn: pending.asked_ecn && !pending.asks_ecn,
        number: pending.number,
    }
}

/// What is told of an attempt whose ports another one takes: the client gave up.
fn replaced(old: &Pending, now: Timestamp) -> Option<NetworkEvent> {
    let since = match old.stage {
        Stage::Sent => old.first,
        Stage::Answered => old.answered,
        Stage::Decided => return None,
    };
    let is_told = !old.is_news(old.silence());
    (!is_told && now.since(since) >= ANSWER_WAIT).then(|| NetworkEvent::Attempt(decided(old, old.silence(), now)))
}

#[cfg(test)]
#[path = "connections_tests.rs"]
mod tests;
