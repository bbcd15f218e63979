//! PostgreSQL (protocol 3.0): commands and the SQLSTATE of the errors they are answered with, by turns.

use super::bytes::be32;
use super::framed_turns::FramedTurns;
use super::frames::Framed;
use super::requests::{self, with_outcomes};
use super::turns::RequestTurns;
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Answer, Counter, Direction, Manners, Measure, Tally, Transaction};
use std::borrow::Cow;

const ERRORS: usize = 0;

const COUNTERS: &[Counter] = with_outcomes! {
    "errors" "Errors" Measure::Codes(state);
};

/// Bytes of a message that are read: the state of an error is near its beginning.
const READ: usize = 256;
/// Most bytes of a message that is believed.
const MESSAGE: u32 = 1 << 30;

const STARTUP: u32 = 0x0003_0000;
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
    /// Which direction is the client's, once it has begun.
    client: Option<Direction>,
    /// The client began as itself: what follows has types.
    started: bool,
    /// The client asked for TLS, and this is how the server answered.
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
            STARTUP if fits && payload.bytes.get(8..).is_some_and(|b| b.first().is_some_and(u8::is_ascii_alphabetic)) => Probe::Certain,
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
        let mut bytes = payload.bytes;
        let begins = matches!(be32(bytes, 4), Some(STARTUP | TLS | CANCEL | GSS));
        if state.client.is_none() {
            let asks = begins || matches!(bytes.first(), Some(b'Q' | b'P'));
            state.client = Some(if asks { payload.way } else { payload.way.reversed() });
            state.started = !begins;
        }
        let is_client = state.client == Some(payload.way);
        // One byte without a length answers the wish for TLS.
        if !is_client && std::mem::take(&mut state.asked_tls) {
            state.framed.turns.answer(payload, 0, out);
            match bytes.split_first() {
                Some((b'S' | b'G', [])) => return Progress::Becomes,
                Some((b'N', rest)) => bytes = rest,
                _ => {}
            }
        }
        let PgsqlConnection { framed: framed_turns, started, asked_tls, .. } = state;
        let Some((frames, turns)) = framed_turns.of(payload) else { return Progress::Skip };
        let untyped = is_client && !*started;
        if untyped {
            frames.read(bytes, out, READ, untyped_framed, |bytes, out| {
                *asked_tls = matches!(be32(bytes, 4), Some(TLS | GSS));
                *started |= be32(bytes, 4) == Some(STARTUP);
                if be32(bytes, 4) == Some(STARTUP)
                    && let Some(name) = user(bytes.get(8..).unwrap_or_default())
                {
                    turns.called(name);
                }
                if be32(bytes, 4) != Some(CANCEL) {
                    turns.ask(payload, out);
                }
            });
        } else {
            frames.read(bytes, out, READ, framed, |bytes, out| match (is_client, bytes.first()) {
                // The end has no answer.
                (true, Some(b'X')) => {}
                (true, _) => turns.ask(payload, out),
                (false, _) => answer(bytes, payload, turns, out),
            });
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

fn untyped_framed(bytes: &[u8]) -> Framed {
    match be32(bytes, 0) {
        None => Framed::More,
        Some(length) if (8..10_000).contains(&length) => Framed::Bytes(length as usize),
        Some(_) => Framed::Nothing,
    }
}

fn framed(bytes: &[u8]) -> Framed {
    match (bytes.first(), be32(bytes, 1)) {
        (_, None) => Framed::More,
        (Some(kind), Some(length)) if (4..MESSAGE).contains(&length) && kind.is_ascii_alphanumeric() => Framed::Bytes(length as usize + 1),
        _ => Framed::Nothing,
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
        let of = |text: &[u8]| Pgsql::outcome(number(text).unwrap());
        assert_eq!((of(b"02000"), of(b"42P01"), of(b"53300")), (Answer::Expected, Answer::Error, Answer::Error));
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
}
