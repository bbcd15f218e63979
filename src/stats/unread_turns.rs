//! Requests and answers that nobody can read: of encrypted connections, and of protocols without a dissector. Whose turn it is tells them.
//!
//! Of TLS a request begins with a record of application data; handshakes, alerts and records too small for more than a remark of the protocol within
//! (an acknowledgement of settings, a ping, a window) are none. What a server of TLS 1.3 sends at once behind the client's Finished, or behind the
//! first request, may be tickets: where more comes before the client goes on, that is the answer.
//!
//! A turn is told when it is over: when the client goes on, when the connection ends, or some time later. Where both sides speak whenever they
//! have something to say (chats, event streams, terminals), turns mean nothing: a side that says little for long shows that, and nothing more is
//! told of its connection.

mod known;

use crate::model::Arrange as _;
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::{AppId, Direction, FlowKey, FreeTalk, Timestamp, TurnKind, TurnStep, UnreadTurn};
use known::{KnownConnections, Named};

/// Types of TLS records (RFC 8446 section 5.1).
const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// Bytes of a record's header.
const HEADER: usize = 5;

/// Bytes of a record up to which it is no request and no answer: an HTTP/2 frame without content is at most 17 bytes, and encryption adds 17 to 24.
const SMALL_RECORD: usize = HEADER + 41;

/// Bytes up to which what the client sends behind the server's hello is nothing but its Finished, with a change of ciphers (6 bytes) before it.
const FINISHED: u32 = 6 + 5 + 4 + 48 + 17;

/// Bytes of a segment made of tickets, at most, and of one of them, at least; how long after what came before it comes at most.
const TICKETS: usize = 1_300;
const TICKET: usize = 60;
const TICKET_DELAY: i64 = 10 * MILLISECOND;

/// A side that speaks for longer than this and sends fewer bytes a second speaks whenever it has something to say.
const TALK: i64 = SECOND;
const TALK_RATE: i64 = 8 * 1024;

/// An answer that nothing followed for so long is over.
const OVER: i64 = 5 * SECOND;

/// Turns of a connection that are all told of; behind them one in so many nanoseconds, whatever those between took: whoever asks a thousand times a
/// second tells by a sample as much, and each that is told costs more than the packets that it is made of.
const ALL_OF: u8 = 16;
const PAUSE: i64 = 250 * MILLISECOND;

/// What the client said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// A request.
    Request,
    /// The end of a handshake, and perhaps a request.
    Finished,
    /// A remark so long, and perhaps a request behind it.
    Remark(u32),
    /// Nothing that is answered.
    Nothing,
}

/// Where a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nobody waits.
    Idle,
    /// The client spoke.
    Asked(Said),
    /// What came may be tickets, at this time.
    Tickets(Timestamp),
    /// Only remarks came.
    Remarks,
    /// The server answers.
    Answered,
}

/// What one side says, from when on, and the number of its first byte.
#[derive(Debug, Clone, Copy)]
struct Speech {
    from: Timestamp,
    number: u32,
}

impl Speech {
    /// Whether a side that says so much up to `to` says it whenever it likes.
    fn is_talk(&self, to: Timestamp, next: u32) -> bool {
        let nanos = to.since(self.from);
        let bytes = i64::from(next.wrapping_sub(self.number));
        nanos > TALK && bytes < nanos / (SECOND / TALK_RATE)
    }
}

#[derive(Debug, Clone, Copy)]
struct Conversation {
    phase: Phase,
    asks: Speech,
    answers: Speech,
    /// The turn that is not told yet.
    turn: Option<ToldTurn>,
    /// It begins with a hello of TLS.
    is_tls: bool,
    /// Its client has said something encrypted, or that it will.
    is_encrypted: bool,
    /// Its handshake is over, and all that the server sent since may be tickets.
    awaits_tickets: bool,
    /// The capture cut what its client said.
    is_cut: bool,
    /// Both sides speak whenever they like.
    talks: bool,
    /// Turns that were told of, up to [`ALL_OF`].
    told: u8,
}

/// What is of interest of a conversation after a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interest {
    /// The next new data of the same side, whoever spoke last.
    pub watches: bool,
    /// No turn that begins in the next quarter of a second.
    pub rests: bool,
}

impl Interest {
    /// For a while none.
    pub const RESTS: Interest = Interest { watches: false, rests: true };
}

/// A segment with which somebody begins to speak, or goes on.
#[derive(Debug, Clone, Copy)]
pub struct Spoken<'a> {
    /// The conversation.
    pub flow: &'a FlowKey,
    /// Its hash, by keys that nobody knows.
    pub hash: u64,
    /// Which way it goes.
    pub way: Direction,
    /// When.
    pub time: Timestamp,
    /// Its number; 0 where it is not known.
    pub number: u64,
    /// The number of its first byte.
    pub sequence: u32,
    /// What was captured of its data.
    pub bytes: &'a [u8],
    /// Bytes of it on the wire.
    pub length: u32,
    /// The number behind the last byte of the other side.
    pub other_next: u32,
    /// What step it is.
    pub step: TurnStep,
    /// The place of the conversation in its shard.
    pub at: u32,
}

impl Spoken<'_> {
    fn named(&self) -> Named<'_> {
        Named { flow: self.flow, hash: self.hash, at: self.at }
    }

    /// Whether the capture cut it.
    pub fn is_cut(&self) -> bool {
        self.bytes.len() < self.length as usize
    }
}

/// A turn that is told where an interval ends, when it is known what is spoken.
#[derive(Debug, Clone, Copy)]
pub struct ToldTurn {
    /// The place of the conversation in its shard.
    pub at: u32,
    /// The turn; nothing of it says what is spoken.
    pub turn: UnreadTurn,
    /// The capture cut its request.
    pub is_cut: bool,
}

/// The conversations of one shard that are told by turns.
#[derive(Debug, Default)]
pub struct UnreadTurns {
    known: KnownConnections,
    /// Turns that may be over.
    waiting: usize,
    /// Before this moment none of them is, where nothing more comes.
    due: Timestamp,
    over: Vec<ToldTurn>,
    talks: Vec<FreeTalk>,
}

impl UnreadTurns {
    /// Bytes of a conversation at most.
    #[cfg(test)]
    pub const BYTES: usize = KnownConnections::BYTES + size_of::<ToldTurn>();

    /// Asks the memory for a conversation that may begin to speak, by its place in the shard.
    #[inline(always)]
    pub fn prefetch(&self, at: u32) {
        self.known.prefetch(at);
    }

    /// Takes in a step, and says what is of interest behind it.
    #[inline(never)]
    pub fn step(&mut self, spoken: &Spoken<'_>) -> Interest {
        let Self { known, waiting, over, talks, due } = self;
        // An answer is of interest where its request was.
        let found = match spoken.step.asks {
            true => known.entry_or(&spoken.named(), spoken.time, || Conversation::new(spoken)),
            false => known.touch(&spoken.named(), spoken.time),
        };
        let Some(conversation) = found else { return Interest::RESTS };
        let had = conversation.turn.is_some();
        let interest = if spoken.step.asks {
            let told = conversation.asks(spoken);
            let rests = told.as_ref().is_some_and(|told| conversation.rests(told, spoken.time));
            over.extend(told);
            Interest { watches: false, rests }
        } else {
            Interest { watches: conversation.answers(spoken), rests: false }
        };
        if conversation.talks && conversation.phase != Phase::Idle {
            conversation.phase = Phase::Idle;
            let way = if spoken.step.asks { spoken.way } else { spoken.way.reversed() };
            talks.push(FreeTalk { flow: *spoken.flow, way, time: spoken.time });
        }
        *waiting = waiting.saturating_add(usize::from(conversation.turn.is_some())).saturating_sub(usize::from(had));
        if let Some(told) = &conversation.turn {
            *due = if *waiting > 1 { (*due).min(over_at(&told.turn)) } else { over_at(&told.turn) };
        }
        Interest { rests: interest.rests || conversation.talks, ..interest }
    }

    /// A connection ends, of that hash and at that place in the shard: what it was saying is over.
    #[inline(never)]
    pub fn end(&mut self, flow: &FlowKey, hash: u64, at: u32) {
        if let Some(turn) = self.known.remove(&Named { flow, hash, at }).and_then(|conversation| conversation.turn) {
            self.over.push(turn);
            self.waiting = self.waiting.saturating_sub(1);
        }
    }

    /// How many turns wait to be taken out.
    pub fn told(&self) -> usize {
        self.over.len() + self.talks.len()
    }

    /// Finds the turns that are over at a mark of packet time; where nothing more comes all are.
    pub fn advance(&mut self, now: Timestamp, all: bool) {
        if self.waiting == 0 || now < self.due && !all {
            return;
        }
        let told = self.known.iter_mut().filter_map(|conversation| conversation.turn.take_if(|told| all || now >= over_at(&told.turn)));
        self.over.extend(told);
        let left = self.known.iter().filter_map(|conversation| conversation.turn.as_ref().map(|told| over_at(&told.turn)));
        // Some may have gone where room was made.
        (self.waiting, self.due) = left.fold((0, Timestamp(i64::MAX)), |(n, due), at| (n + 1, due.min(at)));
    }

    /// Takes out the turns that are over, and the connections that are not made of turns, in the order of time.
    pub fn take(&mut self) -> (Vec<ToldTurn>, Vec<FreeTalk>) {
        let mut over = std::mem::take(&mut self.over);
        // Their ends count where nothing else tells: to look at them takes longer than the rest.
        over.arrange_by(|a, b| {
            let (a, b) = (&a.turn, &b.turn);
            (a.answered, a.number).cmp(&(b.answered, b.number)).then_with(|| a.flow.ends(a.way).cmp(&b.flow.ends(b.way)))
        });
        (over, std::mem::take(&mut self.talks))
    }
}

/// When a turn that nothing followed is over. Whoever let the client wait for long may be somebody who speaks whenever he likes: that shows later.
fn over_at(turn: &UnreadTurn) -> Timestamp {
    turn.answered.plus(OVER.max(turn.answered.since(turn.asked).saturating_mul(4)))
}

/// The first record of a segment: its type, and its bytes with their header; `None`: it begins with none.
fn record(bytes: &[u8]) -> Option<(u8, usize)> {
    match *bytes.first_chunk()? {
        [kind @ CHANGE_CIPHER_SPEC..=APPLICATION_DATA, 3, 0..=4, a, b] => Some((kind, HEADER + usize::from(u16::from_be_bytes([a, b])))),
        _ => None,
    }
}

/// Whether a segment is whole records of application data that may be tickets, as far as it was captured.
fn is_tickets(bytes: &[u8], length: u32) -> bool {
    let (mut left, mut rest) = (bytes, length as usize);
    while rest > 0 && !left.is_empty() {
        let Some((APPLICATION_DATA, size)) = record(left).filter(|(_, size)| (TICKET..=rest).contains(size)) else {
            // The capture may cut a header.
            return left.len() < HEADER && bytes.len() < length as usize;
        };
        (left, rest) = (left.get(size..).unwrap_or_default(), rest - size);
    }
    length as usize <= TICKETS
}

impl Conversation {
    fn new(spoken: &Spoken<'_>) -> Self {
        Self::begun(Speech { from: spoken.time, number: spoken.sequence })
    }

    /// One of which nothing was said before.
    fn begun(speech: Speech) -> Self {
        Self {
            phase: Phase::Idle,
            asks: speech,
            answers: speech,
            turn: None,
            is_tls: false,
            is_encrypted: false,
            awaits_tickets: false,
            is_cut: false,
            talks: false,
            told: 0,
        }
    }

    /// Whether no other turn is told of for a while behind this one, which is over now.
    fn rests(&mut self, told: &ToldTurn, now: Timestamp) -> bool {
        self.told = (self.told + 1).min(ALL_OF);
        let rests = self.told == ALL_OF && now.since(told.turn.asked) < PAUSE;
        if rests {
            self.phase = Phase::Idle;
        }
        rests
    }

    /// The client begins to speak: the turn before is over.
    fn asks(&mut self, spoken: &Spoken<'_>) -> Option<ToldTurn> {
        if self.phase == Phase::Answered && self.answers.is_talk(spoken.step.after, spoken.other_next) {
            (self.talks, self.turn) = (true, None);
        }
        let over = self.turn.take();
        if self.talks {
            return None;
        }
        self.awaits_tickets &= over.is_none();
        self.asks = Speech { from: spoken.time, number: spoken.sequence };
        self.is_cut = spoken.is_cut();
        self.phase = Phase::Asked(if spoken.step.is_whole { self.said(spoken) } else { Said::Nothing });
        over
    }

    /// What the client says.
    fn said(&mut self, spoken: &Spoken<'_>) -> Said {
        match record(spoken.bytes) {
            Some((HANDSHAKE, _)) => {
                self.is_tls = true;
                Said::Nothing
            }
            Some((CHANGE_CIPHER_SPEC, size)) => {
                (self.is_tls, self.is_encrypted) = (true, true);
                let behind = spoken.bytes.get(size..).and_then(record);
                // Of TLS 1.2 the Finished is a record of the handshake.
                self.awaits_tickets = matches!(behind, Some((APPLICATION_DATA, _)));
                if self.awaits_tickets { Said::Finished } else { Said::Nothing }
            }
            Some((APPLICATION_DATA, size)) if self.is_tls => {
                let is_first = !std::mem::replace(&mut self.is_encrypted, true);
                self.awaits_tickets |= is_first;
                match size {
                    ..=SMALL_RECORD => Said::Remark(size as u32),
                    _ if is_first => Said::Finished,
                    _ => Said::Request,
                }
            }
            _ if self.is_tls => Said::Nothing,
            _ => Said::Request,
        }
    }

    /// The server speaks; whether what it goes on to say is of interest.
    fn answers(&mut self, spoken: &Spoken<'_>) -> bool {
        let phase = std::mem::replace(&mut self.phase, Phase::Idle);
        if self.talks || !spoken.step.is_whole {
            return false;
        }
        let asked = spoken.other_next.wrapping_sub(self.asks.number);
        let is_asked = match phase {
            Phase::Asked(Said::Request) if self.asks.is_talk(spoken.step.after, spoken.other_next) => {
                (self.talks, self.phase) = (true, Phase::Answered);
                return false;
            }
            Phase::Asked(Said::Request) | Phase::Tickets(_) | Phase::Remarks => true,
            Phase::Asked(Said::Finished) => asked > FINISHED,
            Phase::Asked(Said::Remark(size)) => asked > size.saturating_add(SMALL_RECORD as u32),
            Phase::Asked(Said::Nothing) | Phase::Idle | Phase::Answered => false,
        };
        if !is_asked {
            return false;
        }
        if self.is_tls {
            match record(spoken.bytes) {
                Some((APPLICATION_DATA, size)) if size <= SMALL_RECORD && spoken.length as usize == size => {
                    self.phase = Phase::Remarks;
                    return true;
                }
                Some((APPLICATION_DATA, _)) => {}
                _ => return false,
            }
        }
        let before = match phase {
            Phase::Tickets(before) => before,
            _ => spoken.step.after.plus(spoken.step.network),
        };
        let may_be_tickets = self.awaits_tickets && spoken.time.since(before) <= TICKET_DELAY && is_tickets(spoken.bytes, spoken.length);
        // It is the answer where nothing follows.
        self.answered(spoken);
        if may_be_tickets {
            self.phase = Phase::Tickets(spoken.time);
        }
        self.awaits_tickets = may_be_tickets;
        may_be_tickets
    }

    fn answered(&mut self, spoken: &Spoken<'_>) {
        let Spoken { flow, way, time, number, sequence, step, at, .. } = *spoken;
        self.phase = Phase::Answered;
        self.answers = Speech { from: time, number: sequence };
        let kind = if self.is_tls { TurnKind::Encrypted } else { TurnKind::Unread };
        let (way, asked, answered) = (way.reversed(), step.after, time);
        let turn = UnreadTurn { flow: *flow, way, asked, answered, network: step.network, app: AppId::NONE, kind, number };
        self.turn = Some(ToldTurn { at, turn, is_cut: self.is_cut });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client that asks every `pause` nanoseconds and is answered after `wait`: when each turn that is told was asked.
    fn told(turns: u32, pause: i64, wait: i64) -> Vec<i64> {
        let flow = FlowKey::v4(6, 0x0a00_0001, 0x0a00_0009, 40_000, 9_000).0;
        let (mut unread, mut rest) = (UnreadTurns::default(), None);
        let mut told = Vec::new();
        for n in 0..turns {
            for (asks, time) in [(true, i64::from(n) * pause), (false, i64::from(n) * pause + wait)] {
                let time = Timestamp(time);
                if rest.is_some_and(|until| time < until || !asks) {
                    continue;
                }
                let step = TurnStep { after: Timestamp(i64::from(n) * pause), network: 0, asks, is_whole: true, goes_on: false };
                let way = if asks { Direction::AToB } else { Direction::BToA };
                let bytes = &[b'x'; 20][..];
                let (sequence, other_next) = (100 * n, 100 * n + 20);
                let spoken = Spoken { flow: &flow, hash: 7, way, time, number: 1, sequence, bytes, length: 20, other_next, step, at: 0 };
                rest = unread.step(&spoken).rests.then(|| time.plus(PAUSE));
            }
            told.extend(unread.take().0.iter().map(|told| told.turn.asked.0));
        }
        unread.advance(Timestamp(i64::from(turns) * pause + 60 * SECOND), false);
        told.extend(unread.take().0.iter().map(|told| told.turn.asked.0));
        told
    }

    #[test]
    fn of_fast_turns_a_sample_is_told_and_of_slow_ones_all() {
        let fast = told(4_000, 5 * MILLISECOND, MILLISECOND);
        assert_eq!(
            fast.iter().take(ALL_OF.into()).copied().collect::<Vec<_>>(),
            (0..i64::from(ALL_OF)).map(|n| n * 5 * MILLISECOND).collect::<Vec<_>>()
        );
        // 20 s, and after each rest the turn that is told takes until the next request.
        assert!((70..=16 + 20 * 4).contains(&fast.len()), "{}", fast.len());
        assert_eq!(told(500, 300 * MILLISECOND, 280 * MILLISECOND).len(), 500);
    }

    #[test]
    fn a_turn_that_nothing_follows_is_over_in_time() {
        let flow = FlowKey::v4(6, 0x0a00_0001, 0x0a00_0009, 40_000, 9_000).0;
        let mut unread = UnreadTurns::default();
        for (asks, way, time) in [(true, Direction::AToB, 0), (false, Direction::BToA, 2 * SECOND)] {
            let step = TurnStep { after: Timestamp(0), network: 0, asks, is_whole: true, goes_on: false };
            let (time, bytes) = (Timestamp(time), &[b'x'; 200][..]);
            let spoken = Spoken {
                flow: &flow,
                hash: 7,
                way,
                time,
                number: 1,
                sequence: 0,
                bytes,
                length: 200_000,
                other_next: 200_000,
                step,
                at: 0,
            };
            unread.step(&spoken);
        }
        // Nothing was said behind the answer for four times what the answer took.
        unread.advance(Timestamp(9 * SECOND), false);
        assert_eq!((unread.told(), unread.waiting), (0, 1));
        unread.advance(Timestamp(10 * SECOND + 5 * MILLISECOND), false);
        assert_eq!((unread.told(), unread.waiting, unread.due), (1, 0, Timestamp(i64::MAX)));
    }
}
