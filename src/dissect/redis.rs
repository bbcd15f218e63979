//! Redis (RESP): commands in clear and the errors they are answered with, one by one, also where several are sent together.
//!
//! What waits by design is no request here (a pop of an empty list), nor is what is pushed an answer. Behind what makes a replica or an observer
//! of a client nothing is read.

use super::requests::{self, with_outcomes};
use super::resp::{ValuePiece, Values};
use super::sides::{DialogueSide, DialogueSides};
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Answer, Counter, Direction, Measure, Tally, Transaction};
use std::borrow::Cow;
use std::collections::VecDeque;

const ERRORS: usize = 0;

const COUNTERS: &[Counter] = with_outcomes! {
    "errors" "Errors" Measure::Codes(error);
};

/// Errors by what they begin with, the longer ones last; code 1 is any other.
const WORDS: [&str; 27] = [
    "OK",
    "ERR",
    "WRONGPASS",
    "NOAUTH",
    "NOPERM",
    "MOVED",
    "ASK",
    "LOADING",
    "OOM",
    "READONLY",
    "WRONGTYPE",
    "BUSY",
    "MASTERDOWN",
    "CLUSTERDOWN",
    "NOSCRIPT",
    "TRYAGAIN",
    "DENIED",
    "MISCONF",
    "EXECABORT",
    "NOREPLICAS",
    "CROSSSLOT",
    "BUSYGROUP",
    "NOGROUP",
    "NOPROTO",
    "ERR unknown command",
    "ERR unknown subcommand",
    "ERR max number of clients reached",
];
/// What a server says to whoever comes, in place of letting it in.
const DENIED: u32 = 16;
const FULL: u32 = 26;

/// Requests of a connection that may wait for their answers at once; those beyond are only counted, that the answers are told apart.
const WAITING: u32 = 256;
/// Rows of commands of one kind that wait.
const ROWS: usize = 256;

fn error(code: u32) -> Cow<'static, str> {
    WORDS.get(code as usize).map_or_else(|| code.to_string().into(), |word| Cow::Borrowed(*word))
}

/// The code of an error.
fn coded(text: &[u8]) -> u32 {
    let begins = |known: &&str| {
        let (start, next) = (text.get(..known.len()), text.get(known.len()));
        start.is_some_and(|start| start.eq_ignore_ascii_case(known.as_bytes())) && next.is_none_or(|b| !b.is_ascii_alphanumeric())
    };
    WORDS.iter().rposition(begins).filter(|&place| place > 0).unwrap_or(1) as u32
}

/// Commands that clients begin with, which no answer begins like.
const OPENING: [&[u8]; 9] = [b"AUTH", b"HELLO", b"PING", b"SELECT", b"CLIENT", b"INFO", b"GET", b"SET", b"COMMAND"];

/// How a command is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Answered {
    /// At once.
    #[default]
    Soon,
    /// When something happens.
    Late,
    /// By what is pushed.
    Pushed,
    /// Not at all.
    Never,
    /// At once, and behind that nothing is an answer any more.
    Last,
}

/// How a command is answered, by its words one after the other: `so_far` by those before.
fn answered(place: u64, word: &[u8], so_far: Answered) -> Answered {
    let is = |known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()));
    match place {
        0 if is(&["BLPOP", "BRPOP", "BRPOPLPUSH", "BLMOVE", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP", "WAIT", "WAITAOF", "SHUTDOWN"]) => {
            Answered::Late
        }
        0 if is(&["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"]) => Answered::Pushed,
        0 if is(&["PSYNC", "SYNC", "MONITOR"]) => Answered::Last,
        // Of a stream of entries it is waited for when told so; a replica says how far it is; a client wants no answers.
        1.. if is(&["BLOCK"]) => Answered::Late,
        1 if is(&["ACK"]) => Answered::Never,
        1 if is(&["REPLY"]) => Answered::Last,
        _ => so_far,
    }
}

/// Words behind which [`answered`] looks at the next ones.
fn has_kinds(word: &[u8]) -> bool {
    ["XREAD", "XREADGROUP", "REPLCONF", "CLIENT"].iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// Commands that wait, and which of them are requests.
#[derive(Debug, Default)]
struct Pipeline {
    /// So many in a row, how they are answered, and whether they were told of.
    rows: VecDeque<(u32, Answered, bool)>,
    /// Requests told of, and how many of them were answered.
    asked: u32,
    done: u32,
    /// Something is missing: which command the next answer is of is not known.
    adrift: bool,
}

impl Pipeline {
    fn ask(&mut self, payload: &Payload<'_>, answered: Answered, out: &mut DissectOutput<'_>) {
        if self.adrift || self.rows.len() >= ROWS {
            self.let_go(payload, out);
        }
        if matches!(answered, Answered::Pushed | Answered::Never) {
            return;
        }
        let is_told = answered != Answered::Late && self.asked.wrapping_sub(self.done) < WAITING;
        if is_told {
            self.asked = self.asked.wrapping_add(1);
            out.request(payload, self.asked);
        }
        match self.rows.back_mut() {
            Some((many, kind, told)) if (*kind, *told) == (answered, is_told) => *many = many.saturating_add(1),
            _ => self.rows.push_back((1, answered, is_told)),
        }
    }

    /// The next answer; whether behind it nothing is one any more.
    fn answer(&mut self, payload: &Payload<'_>, code: u32, out: &mut DissectOutput<'_>) -> bool {
        let Some((many, kind, is_told)) = self.rows.front_mut().filter(|_| !self.adrift) else { return false };
        let (kind, is_told) = (*kind, *is_told);
        *many = many.saturating_sub(1);
        if *many == 0 {
            self.rows.pop_front();
        }
        if is_told {
            self.done = self.done.wrapping_add(1);
            out.reply(payload, self.done, code);
        }
        kind == Answered::Last
    }

    /// Nothing is known of the answers to what waits.
    fn let_go(&mut self, payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        let reply = Payload { way: payload.way.reversed(), ..*payload };
        while self.done != self.asked {
            self.done = self.done.wrapping_add(1);
            out.lost(&reply, self.done);
        }
        self.rows.clear();
        self.adrift = false;
    }
}

/// Redis.
pub struct Redis;

/// Both directions of a connection.
#[derive(Debug, Default)]
pub struct RedisConnection {
    sides: DialogueSides,
    values: [Values; 2],
    pipeline: Pipeline,
    /// How the command under way is answered, and whether its next words tell that.
    answered: Answered,
    has_kinds: bool,
    /// The client has subscribed: arrays may be pushed, and one has begun.
    is_subscribed: bool,
    may_be_pushed: bool,
    /// Something was said.
    is_begun: bool,
    /// Nothing more is an answer.
    is_over: bool,
}

impl Dissector for Redis {
    type State = RedisConnection;

    const ABOUT: About = About { token: "resp", title: "Redis", udp: None, tcp: Some(&[6379]), counters: COUNTERS };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        match payload.bytes {
            _ if command(payload.bytes).is_some() => Probe::Certain,
            [b'+' | b'-' | b':' | b'$' | b'*' | b'_' | b'%', .., b'\n'] => Probe::Unsure,
            _ => Probe::No,
        }
    }

    fn stream(state: &mut RedisConnection, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        let side =
            state.sides.of::<Self>(payload, || command(payload.bytes).filter(|word| OPENING.contains(word)).map(|_| DialogueSide::Client));
        let Some(mut values) = state.values.get_mut(payload.way as usize).map(std::mem::take) else { return Progress::Skip };
        values.read(payload.bytes, out, |piece, out| match side {
            DialogueSide::Client => state.asked(piece, payload, out),
            DialogueSide::Server => state.replied(piece, payload, out),
        });
        state.pipeline.adrift |= values.is_lost();
        if let Some(place) = state.values.get_mut(payload.way as usize) {
            *place = values;
        }
        if state.is_over { Progress::Done } else { Progress::Continue }
    }

    fn gap(state: &mut RedisConnection, way: Direction, bytes: u32, _: &mut DissectOutput<'_>) -> Progress {
        state.is_begun = true;
        state.pipeline.adrift |= state.values.get_mut(way as usize).is_some_and(|values| !values.gap(bytes));
        Progress::Continue
    }

    fn held(state: &RedisConnection) -> usize {
        state.values.iter().map(Values::held).sum::<usize>() + state.pipeline.rows.capacity() * size_of::<(u32, Answered, bool)>()
    }

    fn outcome(code: u32) -> Answer {
        match code {
            0 => Answer::Normal,
            // Which node of a cluster to ask, and a script that is sent when it is not there.
            5 | 6 | 14 | 15 => Answer::Expected,
            // A group that is there already, and what this version does not have, for which clients ask when they begin.
            21 | 23..=25 => Answer::Expected,
            2..=4 => Answer::Denied,
            _ => Answer::Error,
        }
    }

    fn code_text(code: u32) -> Cow<'static, str> {
        error(code)
    }

    fn transaction(transaction: &Transaction, tally: &mut Tally) {
        requests::count(transaction, tally, COUNTERS);
    }
}

impl RedisConnection {
    /// A piece of a command: an array of texts, or a line.
    fn asked(&mut self, piece: ValuePiece<'_>, payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        self.is_begun = true;
        let is_line = piece.kind.is_ascii_alphabetic();
        // The first text of an array stands behind its head.
        let word = if is_line { Some(0) } else { piece.place.checked_sub(1) };
        if piece.place == 0 {
            (self.answered, self.has_kinds) = (Answered::Soon, true);
        }
        if let Some(place) = word.filter(|_| self.has_kinds) {
            for (word, place) in piece.text.split(|&b| is_line && b == b' ').zip(place..) {
                self.has_kinds = if place == 0 { has_kinds(word) } else { self.has_kinds };
                if place == 0 || self.has_kinds {
                    self.answered = answered(place, word, self.answered);
                }
            }
        }
        if piece.is_last && (is_line || piece.place > 0) {
            self.is_subscribed |= self.answered == Answered::Pushed;
            self.pipeline.ask(payload, self.answered, out);
        }
    }

    /// A piece of an answer, or of what is pushed.
    fn replied(&mut self, piece: ValuePiece<'_>, payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        // Whether an array was pushed its first text tells.
        let was_open =
            std::mem::replace(&mut self.may_be_pushed, piece.place == 0 && piece.kind == b'*' && self.is_subscribed && !piece.is_last);
        let is_pushed = piece.kind == b'>' || was_open && is_push(piece.text);
        if is_pushed || self.may_be_pushed || piece.place > 0 && !was_open {
            return;
        }
        let code = if matches!(piece.kind, b'-' | b'!') && piece.place == 0 { coded(piece.text) } else { 0 };
        if code > 0 {
            out.tally().add_code(ERRORS, code);
        }
        if is_first && matches!(code, DENIED | FULL) {
            out.turned_away(payload, code);
        }
        self.is_over |= self.pipeline.answer(payload, code, out);
    }
}

/// The first text of an array that is pushed to who has subscribed.
fn is_push(text: &[u8]) -> bool {
    const KINDS: [&[u8]; 9] = [
        b"message",
        b"pmessage",
        b"smessage",
        b"subscribe",
        b"psubscribe",
        b"ssubscribe",
        b"unsubscribe",
        b"punsubscribe",
        b"sunsubscribe",
    ];
    KINDS.contains(&text)
}

/// The command of an array of texts: `*2\r\n$3\r\nGET\r\n…`.
fn command(bytes: &[u8]) -> Option<&[u8]> {
    let mut lines = bytes.get(..bytes.len().min(64))?.split(|&b| b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let number = |line: &[u8], mark: u8| line.split_first().filter(|(first, _)| **first == mark).and_then(|(_, n)| super::lines::number(n));
    number(lines.next()?, b'*').filter(|n| (1..1 << 20).contains(n))?;
    let length = number(lines.next()?, b'$').filter(|n| (1..=32).contains(n))?;
    lines.next().filter(|text| text.len() as u64 == length && text.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'.' || *b == b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::talk::Talk;

    #[test]
    fn commands_and_errors() {
        let talk = Talk::tcp(9)
            .client("*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n")
            .server("-WRONGPASS invalid username-password pair\r\n")
            .client("*2\r\n$3\r\nGET\r\n$1\r\na\r\n")
            .server("$1\r\nb\r\n")
            .client("*2\r\n$4\r\nKEYS\r\n$1\r\n*\r\n")
            .server("*1\r\n$3\r\nabc\r\n")
            .client("*3\r\n$5\r\nBLPOP\r\n$1\r\na\r\n$1\r\n0\r\n")
            .server("*-1\r\n");
        assert_eq!((talk.app(), talk.codes(), talk.told("errors")), (Some("resp"), vec![2, 0, 0], "WRONGPASS 1".to_owned()));
        assert_eq!((Redis::outcome(2), Redis::outcome(5), Redis::outcome(1)), (Answer::Denied, Answer::Expected, Answer::Error));
    }

    #[test]
    fn what_is_not_redis_and_what_is_missing() {
        for bytes in
            [&b"*x\r\n"[..], b"*1\r\n$3\r\nGE", b"*1\r\n$3\r\nG\x01T\r\n", b"*99999999999999999999\r\n$1\r\na\r\n", b"+OK\r\n", b"*"]
        {
            assert_ne!(Talk::tcp(9).client(bytes).app(), Some("resp"), "{bytes:?}");
        }
        let mut talk = Talk::tcp(6379)
            .client("*1\r\n$4\r\nPING\r\n")
            .server_gap(5)
            .server("+PONG\r\n")
            .client("*1\r\n$4\r\nPING\r\n")
            .server("+PONG\r\n");
        assert_eq!(talk.pairs().last().map(|p| p.1.is_some()), Some(true));
        talk.end();
    }

    fn ask(words: &[&str]) -> String {
        let texts: String = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
        format!("*{}\r\n{texts}", words.len())
    }

    /// Each of several commands that are sent together has its own answer, wherever they are cut.
    #[test]
    fn sent_together() {
        let (asks, answers) = (
            [ask(&["SET", "a", "1"]), ask(&["LRANGE", "b", "0", "1"]), ask(&["SET", "c", "-OOM\r\n"])].concat(),
            "+OK\r\n*2\r\n$1\r\nx\r\n%1\r\n:1\r\n$-1\r\n-OOM command not allowed\r\n",
        );
        for cut in 1..answers.len() {
            let talk = Talk::tcp(6379).client(&asks).server(&answers[..cut]).server(&answers[cut..]);
            assert_eq!((talk.codes(), talk.told("errors")), (vec![0, 0, 8], "OOM 1".to_owned()), "cut at {cut}");
        }
        for cut in 20..asks.len() {
            let talk = Talk::tcp(6379).client(&asks[..cut]).client(&asks[cut..]).server(answers);
            assert_eq!((talk.pairs().len(), talk.codes()), (3, vec![0, 0, 8]), "cut at {cut}");
        }
    }

    /// More than are remembered: the answers behind them are still told apart.
    #[test]
    fn very_many_sent_together() {
        let many = 2 * WAITING as usize;
        let answers = ["+OK\r\n".repeat(many), "-OOM no\r\n".to_owned()].concat();
        let mut talk = Talk::tcp(6379).client(ask(&["SET", "a", "1"]).repeat(many)).client(ask(&["SET", "a", "1"])).server(answers);
        assert_eq!(talk.codes(), [0; WAITING as usize]);
        talk = talk.client(ask(&["GET", "a"])).server("-LOADING wait\r\n");
        assert_eq!((talk.codes().last(), talk.told("errors")), (Some(&7), "LOADING 1, OOM 1".to_owned()));
        talk.end();
    }

    /// What is pushed and what comes from a queue asks nothing, and what waits is no request.
    #[test]
    fn queues_and_subscriptions() {
        let pushed = ask(&["message", "a", "hello"]);
        let talk = Talk::tcp(7000)
            .client(ask(&["SUBSCRIBE", "a", "b"]))
            .server([ask(&["subscribe", "a"]), ask(&["subscribe", "b"])].concat())
            .server(&pushed)
            .client(ask(&["PING"]))
            .server([&pushed[..], "*2\r\n$4\r\npong\r\n$0\r\n\r\n"].concat())
            .server(&pushed);
        assert_eq!(talk.pairs(), [(1, Some((1, 0)))]);
        for waits in [&["BRPOP", "q", "0"][..], &["XREAD", "COUNT", "1", "block", "0", "STREAMS", "s", "$"]] {
            let talk = Talk::tcp(7000)
                .client(ask(&["PING"]))
                .server("+PONG\r\n")
                .client(ask(waits))
                .server(ask(&["q", "job"]))
                .client(ask(&["XREAD", "STREAMS", "s", "0"]))
                .server("-ERR no\r\n")
                .client("PING\r\n")
                .server(">2\r\n+invalidate\r\n_\r\n+PONG\r\n");
            assert_eq!(talk.codes(), [0, 1, 0], "{waits:?}");
            assert_eq!(talk.pairs().len(), 3);
        }
        // Joined in the middle of it.
        let talk = Talk::tcp(6379).server(&pushed).server(&pushed).client(ask(&["GET", "a"])).server("$-1\r\n");
        assert_eq!(talk.pairs(), [(1, Some((1, 0)))]);
    }

    /// A replica says now and then how far it is; all that the other sends is no answer.
    #[test]
    fn a_replica() {
        let mut talk = Talk::tcp(6379)
            .client(ask(&["REPLCONF", "listening-port", "1"]))
            .server("+OK\r\n")
            .client(ask(&["PSYNC", "?", "-1"]))
            .client(ask(&["REPLCONF", "ACK", "1"]))
            .server("+FULLRESYNC x 1\r\n")
            .server("$3\r\nrdb")
            .client(ask(&["REPLCONF", "ACK", "1"]))
            .server(ask(&["PING"]));
        assert_eq!((talk.pairs(), talk.app()), (vec![(1, Some((1, 0))), (2, Some((2, 0)))], Some("resp")));
        talk.end();
    }

    /// Nobody is let in; what only answers a command that was not seen is none of that.
    #[test]
    fn turned_away() {
        for (said, word) in [("-ERR max number of clients reached\r\n", FULL), ("-DENIED Redis is running in protected mode\r\n", DENIED)] {
            let talk = Talk::tcp(6379).server(said);
            assert_eq!((talk.pairs(), Redis::outcome(word)), (vec![(0, Some((0, word)))], Answer::Error));
            let talk = Talk::tcp(6379).client(ask(&["PING"])).server(said);
            assert_eq!(talk.pairs(), [(1, Some((1, word)))]);
        }
        assert_eq!(Talk::tcp(6379).server("-WRONGTYPE of another value\r\n").pairs(), []);
    }

    #[test]
    fn what_a_version_does_not_have() {
        use Answer::{Error, Expected};
        for (text, outcome) in [
            ("ERR unknown command 'HELLO'", Expected),
            ("ERR Unknown subcommand or wrong number of arguments for 'SETINFO'", Expected),
            ("NOPROTO unsupported protocol version", Expected),
            ("ERR unknownish", Error),
            ("ERR value is not an integer", Error),
            ("MISCONF Redis is configured to save", Error),
            ("OK", Error),
        ] {
            assert_eq!(Redis::outcome(coded(text.as_bytes())), outcome, "{text}");
        }
    }
}
