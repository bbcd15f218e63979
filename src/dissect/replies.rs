//! Protocols whose client says a line and whose server answers with a code: SMTP (RFC 5321), FTP (RFC 959), POP3 (RFC 1939), IMAP (RFC 9051).
//!
//! What the client says before it is answered counts as one request, whose time begins with the last of it: a message that is handed in is
//! uploaded first. Once a side begins TLS the rest is not read.

use super::lines::{TextLines, code};
use super::requests::{self, with_outcomes};
use super::turns::RequestTurns;
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::dissect::bytes::contains;
use crate::model::{Answer, Counter, Direction, Measure, Tally, Transaction};
use std::borrow::Cow;

const REPLIES: usize = 0;

const COUNTERS: &[Counter] = with_outcomes! {
    "replies" "Replies" Measure::Codes(digits);
};
const WORD_COUNTERS: &[Counter] = with_outcomes! {
    "replies" "Replies" Measure::Codes(word);
};

fn digits(code: u32) -> Cow<'static, str> {
    code.to_string().into()
}

fn word(code: u32) -> Cow<'static, str> {
    ["OK", "NO", "BAD"].get(code as usize).map_or_else(|| code.to_string().into(), |word| Cow::Borrowed(*word))
}

/// Where a conversation is.
#[derive(Debug, Default)]
pub struct Lined {
    lines: TextLines,
    turns: RequestTurns,
    /// Which way the server speaks, once that is known.
    server: Option<Direction>,
    /// Where the server's lines begin is not known before its next payload.
    lost: bool,
}

impl Lined {
    /// Reads the next bytes: what `reply` says of a line of the server's is a code, where the line ends a reply.
    fn read(&mut self, payload: &Payload<'_>, out: &mut DissectOutput<'_>, reply: impl Fn(&[u8]) -> Option<u32>) -> Progress {
        if matches!(payload.bytes, [0x16, 3, 0..=4, ..]) {
            return Progress::BecameWith;
        }
        let is_server = match self.server {
            Some(server) => server == payload.way,
            // The server speaks first; a client's lines are no replies.
            None => is_reply(payload.bytes, &reply),
        };
        if self.server.is_none() {
            self.server = Some(if is_server { payload.way } else { payload.way.reversed() });
        }
        if !is_server {
            if let Some(name) = user(payload.bytes) {
                self.turns.called(name);
            }
            self.turns.ask(payload, out);
            return Progress::Continue;
        }
        if std::mem::take(&mut self.lost) {
            self.lines = TextLines::default();
        }
        let Self { lines, turns, .. } = self;
        let mut rest = payload.bytes;
        while !rest.is_empty() {
            lines.next(&mut rest, out, |line, out| {
                if let Some(code) = reply(line) {
                    out.tally().add_code(REPLIES, code);
                    turns.answer(payload, code, out);
                }
            });
        }
        Progress::Continue
    }

    fn gap(&mut self, way: Direction) -> Progress {
        self.turns.gap();
        self.lost |= self.server == Some(way);
        Progress::Continue
    }
}

fn is_reply(bytes: &[u8], reply: impl Fn(&[u8]) -> Option<u32>) -> bool {
    let line = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    reply(line).is_some() || code(line).is_some() || line.starts_with(b"* ")
}

/// The name in a line that says as whom the client comes: `USER name`, `tag LOGIN name …`.
fn user(bytes: &[u8]) -> Option<&[u8]> {
    let line = bytes.split(|&b| b == b'\r' || b == b'\n').next().unwrap_or_default();
    let mut words = line.split(|&b| b == b' ');
    let (first, second) = (words.next()?, words.next()?);
    if first.eq_ignore_ascii_case(b"USER") {
        return Some(second);
    }
    second.eq_ignore_ascii_case(b"LOGIN").then(|| words.next())?
}

/// The last line of a reply: three digits and no hyphen.
fn numeric(line: &[u8]) -> Option<u32> {
    code(line).filter(|code| (100..600).contains(code) && line.get(3) != Some(&b'-'))
}

/// A status of POP3.
fn status(line: &[u8]) -> Option<u32> {
    match line {
        [b'+', b'O', b'K', ..] => Some(0),
        [b'-', b'E', b'R', b'R', ..] => Some(1),
        _ => None,
    }
}

/// The line that ends a command of IMAP: its tag and how it went; or the request to go on.
fn tagged(line: &[u8]) -> Option<u32> {
    let mut words = line.split(|&b| b == b' ');
    match (words.next()?, words.next()) {
        (b"+", _) => Some(0),
        (b"*" | b"", _) => None,
        (tag, Some(how)) if tag.len() <= 16 => [&b"OK"[..], b"NO", b"BAD"].iter().position(|known| *known == how).map(|n| n as u32),
        _ => None,
    }
}

/// Whether some bytes begin with one of these words and a space, or are the word.
fn begins(bytes: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| {
        let (start, next) = (bytes.get(..word.len()), bytes.get(word.len()));
        start.is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes())) && matches!(next, None | Some(b' ' | b'\r' | b'\n'))
    })
}

fn graded(sure: bool, fits: bool) -> Probe {
    match (sure, fits) {
        (true, _) => Probe::Certain,
        (false, true) => Probe::Unsure,
        (false, false) => Probe::No,
    }
}

macro_rules! lined {
    ($(#[$doc:meta])* $name:ident, $token:literal, $title:literal, $ports:expr, $counters:expr, $reply:expr, $probe:expr, $outcome:expr, $text:expr) => {
        $(#[$doc])*
        pub struct $name;

        impl Dissector for $name {
            type State = Lined;

            const ABOUT: About = About { token: $token, title: $title, udp: None, tcp: Some($ports), counters: $counters };

            fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
                $probe(payload.bytes)
            }

            fn stream(state: &mut Lined, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
                state.read(payload, out, $reply)
            }

            fn gap(state: &mut Lined, way: Direction, _: u32, _: &mut DissectOutput<'_>) -> Progress {
                state.gap(way)
            }

            fn held(state: &Lined) -> usize {
                state.lines.held()
            }

            fn outcome(code: u32) -> Answer {
                $outcome(code)
            }

            fn code_text(code: u32) -> Cow<'static, str> {
                $text(code)
            }

            fn transaction(transaction: &Transaction, tally: &mut Tally) {
                requests::count(transaction, tally, $counters);
            }
        }
    };
}

lined!(
    /// FTP's control connection.
    Ftp, "ftp", "File Transfer", &[21, 2121], COUNTERS, numeric,
    |bytes: &[u8]| graded(bytes.starts_with(b"220") && contains(bytes, b"FTP") || begins(bytes, &["AUTH TLS", "AUTH SSL"]),
        numeric(bytes).is_some() || bytes.starts_with(b"220-") || begins(bytes, &["USER", "PASS", "SYST", "FEAT", "PASV", "EPSV"])),
    |code| match code {
        530 | 430 => Answer::Denied,
        // A file that is not there.
        550 => Answer::Expected,
        400.. => Answer::Error,
        _ => Answer::Normal,
    },
    digits
);

lined!(
    /// SMTP.
    Smtp, "smtp", "Mail transfer", &[25, 587, 2525], COUNTERS, numeric,
    |bytes: &[u8]| graded(bytes.starts_with(b"220") && contains(bytes, b"SMTP") || begins(bytes, &["EHLO", "HELO", "LHLO"]),
        numeric(bytes).is_some() || bytes.starts_with(b"220-") || begins(bytes, &["MAIL FROM", "RCPT TO", "STARTTLS", "QUIT"])),
    |code| match code {
        535 | 454 => Answer::Denied,
        // It shuts down, is full, or cannot pass mail on: whoever comes again later finds no better (RFC 3463 sections 3.4 and 3.5).
        421 | 431 | 432 | 441 | 442 | 452 => Answer::Error,
        // To be tried again later, as servers ask of all they do not know.
        400..500 => Answer::Expected,
        500.. => Answer::Error,
        _ => Answer::Normal,
    },
    digits
);

lined!(
    /// POP3.
    Pop, "pop", "Post Office Protocol 3", &[110], WORD_COUNTERS, status,
    |bytes: &[u8]| graded(false, status(bytes).is_some() || begins(bytes, &["USER", "CAPA", "STLS", "APOP"])),
    |code| if code == 0 { Answer::Normal } else { Answer::Error },
    |code| if code == 0 { Cow::Borrowed("+OK") } else { Cow::Borrowed("-ERR") }
);

lined!(
    /// IMAP.
    Imap, "imap", "Internet Message Access", &[143], WORD_COUNTERS, tagged,
    |bytes: &[u8]| graded(bytes.starts_with(b"* OK [CAPABILITY IMAP") || bytes.starts_with(b"* OK") && contains(bytes, b"IMAP"),
        bytes.starts_with(b"* OK") || bytes.starts_with(b"* PREAUTH") || tagged(bytes).is_some()),
    |code| if code == 0 { Answer::Normal } else { Answer::Error },
    word
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::talk::Talk;

    #[test]
    fn mail_is_handed_in() {
        let talk = Talk::tcp(9)
            .server("220 mx.example ESMTP\r\n")
            .client("EHLO a.example\r\n")
            .server("250-mx.example\r\n250-PIPEL")
            .server("INING\r\n250 OK\r\n")
            .client("DATA\r\n")
            .server("354 go on\r\n")
            .client("first")
            .client("last\r\n.\r\n")
            .server("550 no\r\n");
        assert_eq!(
            (talk.app(), talk.codes(), talk.told("replies")),
            (Some("smtp"), vec![250, 354, 550], "220 1, 250 1, 354 1, 550 1".to_owned())
        );
        assert_eq!([450, 451, 452, 421, 550, 535, 354].map(Smtp::outcome), {
            use Answer::{Denied, Error, Expected, Normal};
            [Expected, Expected, Error, Error, Error, Denied, Normal]
        });
    }

    #[test]
    fn files_are_asked_for() {
        let greeting = "220 (vsFTPd 3.0.3)\r\n";
        assert_eq!(Talk::tcp(9).server(greeting).app(), Some("ftp"));
        let talk =
            Talk::tcp(21).server("220 ready\r\n").client("USER a\r\n").server("331 password\r\n").client("PASS b\r\n").server("530 no\r\n");
        assert_eq!((talk.app(), talk.codes()), (Some("ftp"), vec![331, 530]));
        assert_eq!(Ftp::outcome(530), Answer::Denied);
        // 220 is many a protocol's.
        assert_eq!(Talk::tcp(9).server("220 ready\r\n").app(), None);
        assert_eq!((user(b"USER a b\r\n"), user(b"a1 login x y"), user(b"PASS b\r\n")), (Some(&b"a"[..]), Some(&b"x"[..]), None));
        let talk =
            Talk::tcp(21).server("220 ready\r\n").client("AUTH TLS\r\n").server("234 go on\r\n").client(b"\x16\x03\x01\0\x04\x01\0\0\0");
        assert_eq!((talk.app(), talk.codes()), (Some("ftp+tls"), vec![234]));
    }

    #[test]
    fn mail_is_fetched() {
        let talk = Talk::tcp(110).server("+OK ready\r\n").client("USER a\r\n").server("-ERR no\r\n");
        assert_eq!((talk.app(), talk.codes(), talk.told("replies")), (Some("pop"), vec![1], "OK 1, NO 1".to_owned()));
        let talk = Talk::tcp(9)
            .server("* OK IMAP4rev1 ready\r\n")
            .client("a1 LOGIN x y\r\n")
            .server("* CAPABILITY x\r\na1 NO no\r\n")
            .client("a2 IDLE\r\n")
            .server("+ idling\r\n");
        assert_eq!((talk.app(), talk.codes()), (Some("imap"), vec![1, 0]));
    }

    #[test]
    fn bytes_that_are_missing_or_hostile() {
        let mut talk = Talk::tcp(25)
            .server("220 a ESMTP\r\n")
            .client("EHLO a\r\n")
            .server("250-x")
            .server_gap(10)
            .server("y\r\n250 OK\r\n")
            .client("QUIT\r\n")
            .server("221 bye\r\n");
        assert_eq!((talk.codes().last(), talk.pairs().len()), (Some(&221), 2));
        for _ in 0..100 {
            talk = talk.server([b'2'; 1_400]);
        }
        assert!(talk.dissectors.held() <= 8 * 1024);
        talk.end();
    }
}
