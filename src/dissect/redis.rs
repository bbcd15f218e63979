//! Redis (RESP): commands in clear and the errors they are answered with, by turns; several sent together count as one.

use super::requests::{self, with_outcomes};
use super::turns::RequestTurns;
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Answer, Counter, Direction, Measure, Tally, Transaction};
use std::borrow::Cow;

const ERRORS: usize = 0;

const COUNTERS: &[Counter] = with_outcomes! {
    "errors" "Errors" Measure::Codes(error);
};

/// Errors by their first word; code 1 is any other.
const WORDS: [&str; 16] = [
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
];

/// Commands whose answers wait for something to happen, or never end.
const WAITING: [&[u8]; 10] = [b"BLPOP", b"BRPOP", b"BLMOVE", b"BLMPOP", b"BZPOP", b"SUBSC", b"PSUBS", b"SSUBS", b"MONIT", b"XREAD"];

fn error(code: u32) -> Cow<'static, str> {
    WORDS.get(code as usize).map_or_else(|| code.to_string().into(), |word| Cow::Borrowed(*word))
}

/// Redis.
pub struct Redis;

impl Dissector for Redis {
    type State = RequestTurns;

    const ABOUT: About = About { token: "resp", title: "Redis", udp: None, tcp: Some(&[6379]), counters: COUNTERS };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        match payload.bytes {
            _ if command(payload.bytes).is_some() => Probe::Certain,
            [b'+' | b'-' | b':' | b'$' | b'*' | b'_' | b'%', .., b'\n'] => Probe::Unsure,
            _ => Probe::No,
        }
    }

    fn stream(turns: &mut RequestTurns, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        // A client's commands are arrays of texts; a server's arrays stand only where one is open.
        match (command(payload.bytes), payload.bytes) {
            (Some(command), _) if !turns.is_open() || turns.is_asked_by(payload.way) => {
                if !WAITING.iter().any(|waiting| command.len() >= 5 && waiting.eq_ignore_ascii_case(command.get(..5).unwrap_or_default())) {
                    turns.ask(payload, out);
                }
            }
            _ if turns.is_asked_by(payload.way) => {}
            (_, [b'-', text @ ..]) if turns.is_open() => {
                let word = text.split(|b| b" \r\n".contains(b)).next().unwrap_or_default();
                let code = WORDS.iter().position(|known| known.as_bytes() == word).unwrap_or(1) as u32;
                out.tally().add_code(ERRORS, code);
                turns.answer(payload, code, out);
            }
            _ => turns.answer(payload, 0, out),
        }
        Progress::Continue
    }

    fn gap(turns: &mut RequestTurns, _: Direction, _: u32, _: &mut DissectOutput<'_>) -> Progress {
        turns.gap();
        Progress::Continue
    }

    fn outcome(code: u32) -> Answer {
        match code {
            0 => Answer::Normal,
            // Which node of a cluster to ask, and a script that is sent when it is not there.
            5 | 6 | 14 | 15 => Answer::Expected,
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
}
