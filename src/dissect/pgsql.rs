//! PostgreSQL (protocol 3, of any minor version): commands and the SQLSTATE of the errors they are answered with, by turns.

use super::bytes::be32;
use super::framed_turns::FramedTurns;
use super::frames::{Framed, Framing, are_messages};
use super::requests::{self, with_outcomes};
use super::sides::{DialogueSide, DialogueSides};
use super::turns::RequestTurns;
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Answer, Counter, Direction, Manners, Measure, Tally, Transaction};
use std::borrow::Cow;

const ERRORS: usize = 0;

const COUNTERS: &[Counter] = with_outcomes! {
    "errors" "Errors" Measure::Codes(state);
};

/// Most bytes of a message that is believed.
const MESSAGE: u32 = 1 << 30;

/// The major version of the protocol; clients ask for minor ones that servers do not have, and are told so.
const MAJOR: u32 = 3;
const TLS: u32 = 0x04d2_162f;
const CANCEL: u32 = 0x04d2_162e;
const GSS: u32 = 0x04d2_1630;

/// Characters of an SQLSTATE, which is kept as a number to this base.
const STATE_BYTES: usize = 5;
const BASE: u32 = 36;
/// States of one class.
const CLASS: u32 = BASE * BASE * BASE;

/// The five characters of a state.
fn state(code: u32) -> Cow<'static, str> {
    let digits = (0..STATE_BYTES as u32).rev().map(|place| code / BASE.pow(place) % BASE);
    digits.map(|digit| char::from_digit(digit, BASE).unwrap_or('?').to_ascii_uppercase()).collect::<String>().into()
}

/// The number of five characters.
fn number(text: &[u8]) -> Option<u32> {
    text.first_chunk::<STATE_BYTES>()?.iter().try_fold(0, |n, &b| Some(n * BASE + char::from(b).to_digit(BASE)?))
}

/// PostgreSQL.
pub struct Pgsql;

/// Both directions of a connection.
#[derive(Debug, Default)]
pub struct PgsqlConnection {
    framed: FramedTurns,
    sides: DialogueSides,
    client: Client,
    /// Both copy to each other until one of them ends it (replication): nothing of that is a question.
    copies: bool,
}

/// Where the client is.
#[derive(Debug, Default)]
struct Client {
    /// It began as itself, or before the capture did: what follows has types. `None` before anything was seen.
    has_types: Option<bool>,
    /// It asked for TLS, and this is how the server answered.
    asked_tls: bool,
}

impl Dissector for Pgsql {
    type State = PgsqlConnection;

    const ABOUT: About = About { token: "pgsql", title: "PostgreSQL", udp: None, tcp: Some(&[5432]), counters: COUNTERS };

    const MANNERS: Manners = Manners { is_prompt: true, ..Manners::USUAL };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        let (Some(length), Some(version)) = (be32(payload.bytes, 0), be32(payload.bytes, 4)) else { return Probe::No };
        let fits = length == payload.length;
        match version {
            _ if is_startup(version) && fits && payload.bytes.get(8).is_some_and(u8::is_ascii_alphabetic) => Probe::Certain,
            TLS | GSS if fits && length == 8 => Probe::Certain,
            CANCEL if fits && length == 16 => Probe::Certain,
            _ => {
                // In the middle of a conversation: a query, or what is sent with it, one message long.
                let typed = matches!(payload.bytes.first(), Some(b'Q' | b'P' | b'R'));
                let is_one = be32(payload.bytes, 1).is_some_and(|n| n < MESSAGE && n + 1 == payload.length);
                if typed && is_one { Probe::Unsure } else { Probe::No }
            }
        }
    }

    fn stream(state: &mut PgsqlConnection, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        let PgsqlConnection { framed: framed_turns, sides, client, copies } = state;
        let mut bytes = payload.bytes;
        let side = sides.of::<Self>(payload, || said(bytes));
        let has_types = *client.has_types.get_or_insert_with(|| !begins(bytes));
        // One byte without a length answers the wish for TLS.
        if side == DialogueSide::Server && std::mem::take(&mut client.asked_tls) {
            framed_turns.turns.answer(payload, 0, out);
            match bytes.split_first() {
                Some((b'S' | b'G', [])) => return Progress::Becomes,
                Some((b'N', rest)) => bytes = rest,
                _ => {}
            }
        }
        let Some((frames, turns)) = framed_turns.of(payload) else { return Progress::Skip };
        match side {
            DialogueSide::Client if !has_types => {
                frames.read::<Opening>(bytes, out, |part, out| client.open(part.bytes, payload, turns, out))
            }
            DialogueSide::Client => frames.read::<Self>(bytes, out, |part, out| {
                if asks(part.bytes.first().copied(), *copies) {
                    turns.ask(payload, out);
                }
            }),
            DialogueSide::Server => frames.read::<Self>(bytes, out, |part, out| {
                match part.bytes.first() {
                    Some(b'W') => *copies = true,
                    Some(b'Z' | b'E') => *copies = false,
                    _ => {}
                }
                answer(part.bytes, payload, turns, out);
            }),
        }
        Progress::Continue
    }

    fn gap(state: &mut PgsqlConnection, way: Direction, bytes: u32, _: &mut DissectOutput<'_>) -> Progress {
        state.framed.gap(way, bytes);
        Progress::Continue
    }

    fn held(state: &PgsqlConnection) -> usize {
        state.framed.held()
    }

    fn outcome(code: u32) -> Answer {
        match code / CLASS {
            // 00 to 02: done, warning, no data.
            0 => Answer::Normal,
            1 | 2 => Answer::Expected,
            // 23: against a rule of the table, as a key that is there already; 40: to be begun again, as of two that lock each other.
            class if class == 2 * BASE + 3 || class == 4 * BASE => Answer::Expected,
            // 28: authorization; "8" of the second place.
            class if class == 2 * BASE + 8 => Answer::Denied,
            _ => Answer::Error,
        }
    }

    fn code_text(code: u32) -> Cow<'static, str> {
        state(code)
    }

    fn transaction(transaction: &Transaction, tally: &mut Tally) {
        requests::count(transaction, tally, COUNTERS);
    }
}

/// The name among the parameters of a client that begins.
fn user(parameters: &[u8]) -> Option<&[u8]> {
    let mut words = parameters.split(|&b| b == 0);
    std::iter::from_fn(|| Some((words.next()?, words.next()?))).find(|pair| pair.0 == b"user").map(|pair| pair.1)
}

fn is_startup(version: u32) -> bool {
    version >> 16 == MAJOR
}

/// Whether a client begins so.
fn begins(bytes: &[u8]) -> bool {
    be32(bytes, 4).is_some_and(|version| is_startup(version) || matches!(version, TLS | CANCEL | GSS)) && bytes.first() == Some(&0)
}

/// Who alone says that: some types are of both.
fn said(bytes: &[u8]) -> Option<DialogueSide> {
    match bytes.first()? {
        _ if begins(bytes) => Some(DialogueSide::Client),
        b'Q' | b'P' | b'B' | b'F' | b'X' | b'p' | b'f' => Some(DialogueSide::Client),
        b'D' | b'E' | b'C' | b'S' | b'H' | b'd' | b'c' => None,
        _ => Some(DialogueSide::Server),
    }
}

/// Whether a message of the client's is answered: not the end, nor what is copied, of which the end is.
fn asks(kind: Option<u8>, copies: bool) -> bool {
    !copies && !matches!(kind, Some(b'X' | b'd'))
}

/// What a client begins with has no type.
struct Opening;

impl Framing for Opening {
    const READ: usize = <Pgsql as Framing>::READ;

    fn message(bytes: &[u8]) -> Framed {
        match be32(bytes, 0) {
            None => Framed::More,
            Some(length) if (8..10_000).contains(&length) => Framed::Bytes(length as usize),
            Some(_) => Framed::Nothing,
        }
    }
}

impl Framing for Pgsql {
    /// The state of an error is near its beginning.
    const READ: usize = 256;

    fn message(bytes: &[u8]) -> Framed {
        const TYPES: &[u8] = b"123ABCDEFGHIKNPQRSTVWXZcdfnpstv";
        match (bytes.first(), be32(bytes, 1)) {
            (_, None) => Framed::More,
            (Some(kind), Some(length)) if (4..MESSAGE).contains(&length) && TYPES.contains(kind) => Framed::Bytes(length as usize + 1),
            _ => Framed::Nothing,
        }
    }

    fn resumes(bytes: &[u8]) -> bool {
        are_messages::<Self>(bytes, |_, _| true)
    }
}

impl Client {
    /// Reads what the client begins with.
    fn open(&mut self, bytes: &[u8], payload: &Payload<'_>, turns: &mut RequestTurns, out: &mut DissectOutput<'_>) {
        let version = be32(bytes, 4).unwrap_or(0);
        self.asked_tls = matches!(version, TLS | GSS);
        if is_startup(version) {
            self.has_types = Some(true);
            if let Some(name) = user(bytes.get(8..).unwrap_or_default()) {
                turns.called(name);
            }
        }
        if version != CANCEL {
            turns.ask(payload, out);
        }
    }
}

fn answer(bytes: &[u8], payload: &Payload<'_>, turns: &mut RequestTurns, out: &mut DissectOutput<'_>) {
    match bytes.first() {
        Some(b'E') => {
            let fields = bytes.get(5..).unwrap_or_default().split(|&b| b == 0);
            let code = fields.filter_map(|field| field.strip_prefix(b"C")).find_map(number).unwrap_or(0);
            out.tally().add_code(ERRORS, code);
            turns.answer(payload, code, out);
        }
        // What comes unasked, and what only says that a part was understood.
        Some(b'N' | b'S' | b'A' | b'K' | b'v' | b'1' | b'2' | b'3' | b'n' | b't' | b's') => {}
        _ => turns.answer(payload, 0, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::talk::Talk;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        [&[kind][..], &(body.len() as u32 + 4).to_be_bytes(), body].concat()
    }

    fn startup() -> Vec<u8> {
        [&[0, 0, 0, 16, 0, 3, 0, 0][..], b"user\0x\0\0"].concat()
    }

    #[test]
    fn commands_and_errors() {
        let talk = Talk::tcp(9)
            .client(startup())
            .server(message(b'R', &[0; 4]))
            .client(message(b'p', b"md5\0"))
            .server(message(b'E', b"SFATAL\0C28P01\0Mno\0\0"))
            .client(message(b'Q', b"select 1\0"))
            .server([message(b'N', b"SNOTICE\0\0"), message(b'T', &[0; 300]), message(b'Z', b"I")].concat())
            .client(message(b'X', b""));
        assert_eq!((talk.app(), talk.told("errors"), talk.pairs().len()), (Some("pgsql"), "28P01 1".to_owned(), 3));
        let codes = talk.codes();
        assert_eq!(
            codes.iter().map(|&c| (state(c).into_owned(), Pgsql::outcome(c))).collect::<Vec<_>>(),
            [("00000".to_owned(), Answer::Normal), ("28P01".to_owned(), Answer::Denied), ("00000".to_owned(), Answer::Normal)]
        );
        let of = |text: &str| Pgsql::outcome(number(text.as_bytes()).unwrap());
        assert_eq!(["02000", "23505", "40001", "40P01", "42P01", "53300", "22012"].map(of), {
            use Answer::{Error, Expected};
            [Expected, Expected, Expected, Expected, Error, Error, Error]
        });
    }

    #[test]
    fn tls_refused_or_taken_and_missing_bytes() {
        let wish = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f];
        let talk = Talk::tcp(9).client(wish).server(b"S").client(b"\x16\x03\x01\0\x04\x01\0\0\0");
        assert_eq!((talk.app(), talk.codes()), (Some("pgsql+tls"), vec![0]));
        let mut talk = Talk::tcp(9).client(wish).server(b"N").client(startup()).server(message(b'R', &[0; 4]));
        assert_eq!(talk.codes(), [0, 0]);
        talk = talk
            .client(message(b'Q', b"x\0"))
            .server_gap(7)
            .server(b"\xff\xff")
            .client(message(b'Q', b"y\0"))
            .server(message(b'E', b"C42P01\0\0"));
        assert_eq!(talk.told("errors"), "42P01 1");
        talk = talk.server(&message(b'D', &[0; 100])[..50]).client(b"\0\0\0\0");
        talk.end();
    }

    /// Clients that ask for a later minor version, or for one that nobody has.
    #[test]
    fn minor_versions() {
        for minor in [0u8, 2, 0xff] {
            let startup = [&[0, 0, 0, 16, 0, 3, 0, minor][..], b"user\0x\0\0"].concat();
            let talk = Talk::tcp(9).client(startup).server(message(b'v', &[0; 8])).server(message(b'E', b"C28000\0\0"));
            assert_eq!((talk.app(), talk.told("errors")), (Some("pgsql"), "28000 1".to_owned()), "3.{minor}");
        }
        assert_eq!(Talk::tcp(9).client([&[0, 0, 0, 16, 0, 4, 0, 0][..], b"user\0x\0\0"].concat()).app(), None);
    }

    /// A standby that copies the log says now and then how far it is, which nobody answers; behind it queries are asked as ever.
    #[test]
    fn replication_asks_nothing() {
        let talk = Talk::tcp(9)
            .client(startup())
            .server([message(b'R', &[0; 4]), message(b'Z', b"I")].concat())
            .client(message(b'Q', b"START_REPLICATION 0/0\0"))
            .server(message(b'W', &[0, 0, 0]))
            .client(message(b'd', &[b'r'; 34]))
            .server(message(b'd', &[b'w'; 90]))
            .client(message(b'd', &[b'r'; 34]))
            .server(message(b'd', &[b'k'; 18]))
            .client(message(b'c', b""))
            .server([message(b'c', b""), message(b'C', b"COPY\0"), message(b'Z', b"I")].concat())
            .client(message(b'Q', b"x\0"))
            .server(message(b'E', b"C42P01\0\0"));
        assert_eq!(talk.pairs().len(), 3);
        assert_eq!(talk.codes().iter().map(|&c| state(c).into_owned()).collect::<Vec<_>>(), ["00000", "00000", "42P01"]);
    }

    /// What is copied in is answered once, at its end.
    #[test]
    fn rows_that_are_copied_in() {
        let talk = Talk::tcp(9)
            .client(startup())
            .server(message(b'Z', b"I"))
            .client(message(b'Q', b"COPY t FROM STDIN\0"))
            .server(message(b'G', &[0, 0, 0]))
            .client(message(b'd', b"1\n"))
            .client(message(b'd', b"1\n"))
            .client(message(b'c', b""))
            .server([message(b'E', b"C22P02\0\0"), message(b'Z', b"I")].concat());
        assert_eq!(talk.pairs().iter().map(|p| p.1.map(|(ms, _)| ms)).collect::<Vec<_>>(), [Some(1), Some(1), Some(1)]);
        assert_eq!(talk.told("errors"), "22P02 1");
    }

    /// Behind missing bytes the conversation goes on where messages can be told from rows that look like some.
    #[test]
    fn it_goes_on_behind_a_gap() {
        let row = [b'D'; 1000];
        let talk = Talk::tcp(9)
            .client(startup())
            .server(message(b'Z', b"I"))
            .client(message(b'Q', b"x\0"))
            .server(&message(b'D', &[0; 900])[..500])
            .server_gap(40_000)
            .server(row)
            .server([&b"D\0\0\x20\0"[..], &[0; 100]].concat())
            .client(message(b'Q', b"y\0"))
            .server([message(b'E', b"C42P01\0\0"), message(b'Z', b"I")].concat());
        assert_eq!((talk.pairs().len(), talk.told("errors")), (3, "42P01 1".to_owned()));
    }
}
