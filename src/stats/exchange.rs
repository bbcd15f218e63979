//! The exchange table: requests that wait for their replies, of every protocol that has both.
//!
//! Two views of the same table: **transactions**, which want the same question in both messages and measure the time between them; and
//! **what a mirror lost**, by identifier alone: a request lost by the mirror leaves its reply alone ([`ExchangeEvent`]).
//!
//! It is direct-mapped: a message costs one look, and a newer request takes the place of an older one with the same place. What is lost by that
//! is counted ([`TransactionEnd::Forgotten`]).

#[cfg(test)]
mod tests;

use crate::model::evidence::{COPY_REACH, OPEN_AT_END, USERS_WAIT};
use crate::model::ip_protocol::{ICMP, ICMPV6, TCP};
use crate::model::limits::{PINGED, REQUESTS};
use crate::model::mix::{Keys, spread};
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{AppId, AppMessage, Direction, ExchangeEvent, FlowKey, Frame, Timestamp, Transaction, TransactionEnd};

/// How long a request waits for its reply, counted from its last copy: resolvers give up after 5 s (the usual default).
pub const REPLY_WAIT: i64 = 5 * SECOND;

/// The same over TCP, where nobody asks again: users give up within a minute, which is told of as waiting; jobs of a database take longer, and are
/// answered.
pub const STREAM_WAIT: i64 = 600 * SECOND;

/// How long a request that waited in vain is remembered: servers that hang answer when they go on, and then nothing was lost.
const GIVEN_UP: i64 = 60 * SECOND;

/// How long the final reply is waited for behind one that said that it will come: a proxy gives up a call that rings after three minutes
/// (RFC 3261 section 16.6, timer C).
const UNDER_WAY: i64 = 180 * SECOND;

/// How long a reply waits for a request that comes late: longer than two mirrored directions were reported to lie apart (2 s).
const LATE: i64 = 3 * SECOND;

/// The same at the end of a capture, where no more can come.
const LATE_AT_END: i64 = 200 * MILLISECOND;

/// Where an identifier is, for what the mirror lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Empty,
    Waiting,
    Early,
    Done,
    /// It waited in vain.
    GivenUp,
}

/// Where a transaction is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Course {
    #[default]
    None,
    /// Asked.
    Open,
    /// The other side has said that it is at work: `latest` and `code` are of that reply.
    UnderWay,
    /// Its reply came first.
    Early,
    /// Answered.
    Closed,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    key: u64,
    /// When `state` began.
    time: Timestamp,
    state: State,
    course: Course,
    repeated: u16,
    /// It was told that it waits.
    is_late: bool,
    code: u32,
    app: AppId,
    way: Direction,
    question: u32,
    content: u32,
    id: u32,
    /// The request's packet.
    number: u64,
    asked: Timestamp,
    /// The latest copy of the request.
    latest: Timestamp,
    flow: FlowKey,
}

/// The requests of one shard.
#[derive(Debug, Default)]
pub struct Exchanges {
    table: Vec<Slot>,
    /// A bit for each place that has something to decide: a mark looks at no other.
    busy: [u64; REQUESTS / 64],
    started: Option<Timestamp>,
    ended: Vec<Transaction>,
    /// Those who sent an echo request to whom, by their hashes: whoever answers one to a group was not asked by its address.
    pinged: Vec<u32>,
    /// When a request may have waited long enough.
    due: Option<Timestamp>,
    keys: Keys,
}

impl Exchanges {
    /// Bytes that a request takes.
    #[cfg(test)]
    pub(crate) const REQUEST_BYTES: usize = size_of::<Slot>();

    /// An empty table, with the keys of its hash.
    pub fn new(keys: Keys) -> Self {
        Self { keys, ..Self::default() }
    }

    /// Tells when the capture began.
    pub fn begin(&mut self, time: Timestamp) {
        self.started = Some(time);
    }

    /// Takes in a message. `event` is told what it means for the mirror.
    pub fn pass(&mut self, message: &AppMessage, event: &mut impl FnMut(ExchangeEvent)) {
        if self.table.is_empty() {
            self.table.resize(REQUESTS, Slot::default());
        }
        let key = message.flow.keyed_hash(&self.keys) ^ spread(u64::from(message.id));
        let at = (key >> 20) as usize % REQUESTS;
        let Some(mut slot) = self.table.get(at).copied() else { return };
        let is_same = slot.key == key;
        if !is_same || is_expired(&slot, message.time) {
            self.decide(&slot, message.time, event);
            (slot.state, slot.time) = if is_same { left(&slot, message.time) } else { (State::Empty, Timestamp::default()) };
        }
        if !is_same || is_overdue(&slot, message.time) {
            self.end(&slot, message.time);
            slot = Slot { key, state: slot.state, time: slot.time, ..Slot::default() };
        }
        if message.tells_loss {
            self.identifier(&mut slot, message, event);
        }
        self.transaction(&mut slot, message);
        if message.is_request {
            let due = message.time.plus(told_after(&message.flow));
            self.due = Some(self.due.map_or(due, |d| d.min(due)));
        }
        if let Some(place) = self.table.get_mut(at) {
            *place = slot;
        }
        if let Some(word) = self.busy.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    /// What the mirror shows of an identifier.
    fn identifier(&mut self, slot: &mut Slot, message: &AppMessage, event: &mut impl FnMut(ExchangeEvent)) {
        self.note_ping(message);
        let settled = self.is_settled(message.time);
        if message.is_request && matches!(slot.state, State::Empty | State::Early | State::GivenUp) {
            event(ExchangeEvent::Asked);
        }
        let state = match (message.is_request, slot.state) {
            (true, State::Early) => {
                event(ExchangeEvent::Answered { settled });
                event(ExchangeEvent::Inverted { by: message.time.since(slot.time), at: message.time });
                State::Done
            }
            (true, State::Done) => State::Done,
            (true, _) => State::Waiting,
            (false, State::Waiting) => {
                event(ExchangeEvent::Answered { settled });
                State::Done
            }
            (false, State::Empty) if self.knows_asker(message) => State::Early,
            (false, other) => other,
        };
        if state != slot.state {
            (slot.state, slot.time) = (state, message.time);
        }
    }

    /// Whether a reply may be told to lack its request: of an echo, where the two are known to ask each other.
    fn knows_asker(&mut self, message: &AppMessage) -> bool {
        if !matches!(message.flow.protocol, ICMP | ICMPV6) {
            return true;
        }
        let hash = message.flow.keyed_hash(&self.keys);
        self.pinged.get(hash as usize % PINGED) == Some(&((hash >> 32) as u32))
    }

    /// Notes who sent an echo request to whom.
    fn note_ping(&mut self, message: &AppMessage) {
        if message.is_request && matches!(message.flow.protocol, ICMP | ICMPV6) {
            if self.pinged.is_empty() {
                self.pinged.resize(PINGED, 0);
            }
            let hash = message.flow.keyed_hash(&self.keys);
            if let Some(place) = self.pinged.get_mut(hash as usize % PINGED) {
                *place = (hash >> 32) as u32;
            }
        }
    }

    /// The course of the transaction.
    fn transaction(&mut self, slot: &mut Slot, message: &AppMessage) {
        let same = slot.question == message.question || slot.question == 0 || message.question == 0;
        if message.is_request {
            self.asked(slot, message, same);
        } else {
            self.replied(slot, message, same && slot.way != message.way);
        }
    }

    /// A request; whether it is the same as the slot's.
    fn asked(&mut self, slot: &mut Slot, message: &AppMessage, same: bool) {
        match slot.course {
            // More of the same request: time begins with its last byte.
            Course::Open | Course::UnderWay if same && slot.flow.is_tcp() => {
                (slot.asked, slot.latest, slot.course) = (message.time, message.time, Course::Open);
            }
            // Asked again while the answer was on its way.
            Course::UnderWay if same => {}
            Course::Open if same => {
                slot.repeated = slot.repeated.saturating_add(1);
                slot.latest = slot.latest.max(message.time);
            }
            Course::Early if same && slot.way != message.way && message.time.since(slot.asked) <= LATE => {
                self.ended.push(Transaction { way: message.way, answered: None, ..ended(slot, TransactionEnd::Answered(slot.code)) });
                slot.course = Course::Closed;
            }
            // Nobody asks the same by the same number so soon after its answer: it is a copy that could not be told.
            Course::Closed if same && is_copy(slot, message) => {}
            _ => {
                self.ended.extend(cut_off(slot));
                *slot = begun(slot, message);
            }
        }
    }

    /// A reply; whether it may be to the slot's request.
    fn replied(&mut self, slot: &mut Slot, message: &AppMessage, answers: bool) {
        let is_lost = message.code == AppMessage::LOST;
        match slot.course {
            Course::Open | Course::UnderWay if is_lost => {
                self.note_late(slot, message.time);
                self.ended.extend(cut_off(slot));
                slot.course = Course::Closed;
            }
            _ if is_lost => {}
            Course::Open if answers && message.is_interim => {
                self.note_late(slot, message.time);
                (slot.latest, slot.code, slot.number, slot.course) = (message.time, message.code, message.number, Course::UnderWay);
            }
            _ if message.is_interim => {}
            Course::Open | Course::UnderWay if answers => {
                self.note_late(slot, message.time);
                let answered = if slot.course == Course::Open { message.time } else { slot.latest };
                let end = TransactionEnd::Answered(message.code);
                self.ended.push(Transaction { answered: Some(answered), number: message.number, ..ended(slot, end) });
                slot.course = Course::Closed;
            }
            Course::None => *slot = begun(slot, message),
            _ => {}
        }
    }

    /// Tells of a request over TCP, once, that users would not wait for any longer.
    fn note_late(&mut self, slot: &mut Slot, now: Timestamp) {
        if is_late(slot, now) {
            slot.is_late = true;
            self.ended.push(ended(slot, TransactionEnd::Waiting));
        }
    }

    /// Whether a request of `time` cannot have passed before the capture began.
    fn is_settled(&self, time: Timestamp) -> bool {
        self.started.is_some_and(|s| time.since(s) > REPLY_WAIT)
    }

    /// Decides what a slot's identifier was when it leaves the table.
    fn decide(&self, slot: &Slot, now: Timestamp, event: &mut impl FnMut(ExchangeEvent)) {
        match slot.state {
            State::Waiting if is_expired(slot, now) => event(ExchangeEvent::Unanswered),
            State::Waiting => event(ExchangeEvent::Forgotten),
            State::Early if self.is_settled(slot.time) => event(ExchangeEvent::Unasked),
            _ => {}
        }
    }

    /// Ends the transaction of a slot that leaves the table.
    fn end(&mut self, slot: &Slot, now: Timestamp) {
        match slot.course {
            Course::Open if is_overdue(slot, now) => self.ended.push(ended(slot, TransactionEnd::Unanswered)),
            _ => self.ended.extend(cut_off(slot)),
        }
    }

    /// Whether [`Self::advance`] may have something to decide.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due.is_some_and(|due| due < now)
    }

    /// Decides what has waited long enough.
    pub fn advance(&mut self, now: Timestamp, event: &mut impl FnMut(ExchangeEvent)) {
        let mut table = std::mem::take(&mut self.table);
        self.due = None;
        for at in self.busy() {
            let Some(slot) = table.get_mut(at) else { continue };
            if slot.state != State::Empty && is_expired(slot, now) {
                self.decide(slot, now, event);
                (slot.state, slot.time) = left(slot, now);
            }
            self.note_late(slot, now);
            if is_overdue(slot, now) {
                self.end(slot, now);
                slot.course = Course::None;
            } else if matches!(slot.course, Course::Open | Course::UnderWay) {
                let is_told = slot.is_late || slot.course == Course::UnderWay;
                let due = slot.latest.plus(if is_told { wait(slot) } else { told_after(&slot.flow) });
                self.due = Some(self.due.map_or(due, |d| d.min(due)));
            }
            if matches!(slot.state, State::Empty | State::GivenUp)
                && slot.course == Course::None
                && let Some(word) = self.busy.get_mut(at / 64)
            {
                *word &= !(1 << (at % 64));
            }
        }
        self.table = table;
    }

    /// The places that have something to decide.
    fn busy(&self) -> impl Iterator<Item = usize> + use<> {
        self.busy
            .into_iter()
            .enumerate()
            .flat_map(|(at, word)| (0..64).filter(move |bit| word >> bit & 1 != 0).map(move |bit| at * 64 + bit))
    }

    /// Nothing more comes after `now`: what still waits is not judged, but replies that waited for longer than reordering lasts.
    pub fn finish(&mut self, now: Timestamp, event: &mut impl FnMut(ExchangeEvent)) {
        for slot in self.table.iter().filter(|slot| slot.state == State::Early && now.since(slot.time) > LATE_AT_END) {
            self.decide(slot, now, event);
        }
        for slot in &mut self.table {
            if is_late(slot, now) {
                self.ended.push(ended(slot, TransactionEnd::Waiting));
            }
            // What was told to wait is known already.
            let is_told = slot.is_late || is_late(slot, now);
            let is_open = slot.course == Course::Open && !is_told && now.since(slot.latest) >= OPEN_AT_END;
            let cut = cut_off(slot).map(|cut| if is_open { Transaction { end: TransactionEnd::Open, ..cut } } else { cut });
            self.ended.extend(cut);
            slot.course = Course::None;
        }
    }

    /// Takes out the transactions that ended, in the order in which they did.
    pub fn take_ended(&mut self, mut to: impl FnMut(Transaction)) {
        self.ended.drain(..).for_each(&mut to);
    }
}

/// Whether a request may be a copy of the one that was answered.
fn is_copy(slot: &Slot, message: &AppMessage) -> bool {
    !slot.flow.is_tcp()
        && (slot.question, slot.content) == (message.question, message.content)
        && (0..=COPY_REACH).contains(&message.time.since(slot.latest))
}

fn is_expired(slot: &Slot, now: Timestamp) -> bool {
    let limit = match slot.state {
        State::Early => LATE,
        State::GivenUp => GIVEN_UP,
        _ => REPLY_WAIT,
    };
    now.since(slot.time) > limit
}

/// What is left at `now` of an identifier whose time is over.
fn left(slot: &Slot, now: Timestamp) -> (State, Timestamp) {
    if slot.state == State::Waiting { (State::GivenUp, now) } else { (State::Empty, Timestamp::default()) }
}

/// How long a request waits for its reply.
fn wait(slot: &Slot) -> i64 {
    match (slot.course, slot.flow.protocol) {
        (Course::UnderWay, _) => UNDER_WAY,
        (_, TCP) => STREAM_WAIT,
        _ => REPLY_WAIT,
    }
}

/// When something is first to be told of a request that waits.
fn told_after(flow: &FlowKey) -> i64 {
    if flow.is_tcp() { USERS_WAIT.in_nanos() } else { REPLY_WAIT }
}

fn is_late(slot: &Slot, now: Timestamp) -> bool {
    slot.course == Course::Open && slot.flow.is_tcp() && !slot.is_late && now.since(slot.latest) > USERS_WAIT.in_nanos()
}

fn is_overdue(slot: &Slot, now: Timestamp) -> bool {
    slot.course != Course::None && now.since(slot.latest) > wait(slot)
}

/// A slot whose transaction begins with this message.
fn begun(slot: &Slot, message: &AppMessage) -> Slot {
    Slot {
        asked: message.time,
        latest: message.time,
        app: message.app,
        flow: message.flow,
        way: message.way,
        question: message.question,
        content: message.content,
        id: message.id,
        number: message.number,
        code: message.code,
        course: if message.is_request { Course::Open } else { Course::Early },
        repeated: 0,
        is_late: false,
        ..*slot
    }
}

/// The transaction of a slot whose end nobody will see; one that was under way was answered by the reply that said so.
fn cut_off(slot: &Slot) -> Option<Transaction> {
    match slot.course {
        Course::Open => Some(ended(slot, TransactionEnd::Forgotten)),
        Course::UnderWay => Some(Transaction { answered: Some(slot.latest), ..ended(slot, TransactionEnd::Answered(slot.code)) }),
        Course::None | Course::Early | Course::Closed => None,
    }
}

/// The transaction of a slot.
fn ended(slot: &Slot, end: TransactionEnd) -> Transaction {
    let Slot { app, flow, way, asked, question, id, repeated, number, .. } = *slot;
    Transaction { app, flow, way, asked, answered: None, end, question, id, repeated, number }
}

/// The message in an ICMP or ICMPv6 echo request or reply: identifier and sequence number tie them (RFC 792, RFC 4443 section 4.1).
pub fn echo(frame: &Frame<'_>) -> Option<AppMessage> {
    let (flow, way) = frame.flow.filter(|(key, _)| matches!(key.protocol, ICMP | ICMPV6) && !frame.fragment)?;
    let [kind, code, _, _, a, b, c, d] = *frame.bytes.get(frame.transport? as usize..)?.first_chunk::<8>()?;
    let is_request = match (flow.protocol, kind, code) {
        (ICMP, 8, 0) | (ICMPV6, 128, 0) => true,
        (ICMP, 0, 0) | (ICMPV6, 129, 0) => false,
        _ => return None,
    };
    let id = u32::from_be_bytes([a, b, c, d]);
    Some(AppMessage { flow, way, time: frame.time, number: frame.number, is_request, id, tells_loss: true, ..AppMessage::default() })
}
