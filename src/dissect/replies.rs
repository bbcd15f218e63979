//! Protocols whose client says a line and whose server answers with a code: SMTP (RFC 5321), FTP (RFC 959), POP3 (RFC 1939), IMAP (RFC 9051).
//!
//! Each command is a request, the end of a message that is handed in is another. Once a side begins TLS the rest is not read.

use super::bytes::name_hash;
use super::command_lines::{ClientLine, CommandLines, Follows, Grammar, Reply, ReplyMeaning, Wish};
use super::lines::{code, number};
use super::requests::{self, with_outcomes};
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

fn worded(code: u32) -> Answer {
    if code == 0 { Answer::Normal } else { Answer::Error }
}

fn digits(code: u32) -> Cow<'static, str> {
    code.to_string().into()
}

fn word(code: u32) -> Cow<'static, str> {
    ["OK", "NO", "BAD"].get(code as usize).map_or_else(|| code.to_string().into(), |word| Cow::Borrowed(*word))
}

/// The last line of a reply: three digits and no hyphen.
fn numeric(line: &[u8]) -> Option<u32> {
    code(line).filter(|_| is_numeric(line) && line.get(3) != Some(&b'-'))
}

/// Whether some bytes begin with a line of a reply.
fn is_numeric(bytes: &[u8]) -> bool {
    code(bytes).is_some_and(|code| (100..600).contains(&code))
}

/// A status of POP3.
fn status(line: &[u8]) -> Option<u32> {
    match line {
        [b'+', b'O', b'K', ..] => Some(0),
        [b'-', b'E', b'R', b'R', ..] => Some(1),
        _ => None,
    }
}

/// The line that ends a command of IMAP: how it went, and its tag.
fn tagged(line: &[u8]) -> Option<(u32, &[u8])> {
    let mut words = line.split(|&b| b == b' ');
    let (tag, how) = (words.next()?, words.next()?);
    let is_tag = !matches!(tag, b"*" | b"+" | b"") && tag.len() <= 16;
    let place = [&b"OK"[..], b"NO", b"BAD"].iter().position(|known| *known == how).filter(|_| is_tag)?;
    Some((place as u32, tag))
}

/// The first words of a line.
fn words<const N: usize>(line: &[u8]) -> [&[u8]; N] {
    let mut words = line.split(|&b| b == b' ');
    std::array::from_fn(|_| words.next().unwrap_or_default())
}

fn is_word(word: &[u8], known: &[&str]) -> bool {
    known.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

impl Grammar for Ftp {
    fn reply(line: &[u8]) -> Option<Reply> {
        // 1yz: another reply tells how it went (RFC 959 section 4.2).
        numeric(line).map(|code| if code < 200 { Reply::Interim(code) } else { Reply::Final(code, None) })
    }

    fn command(line: &[u8]) -> ClientLine<'_> {
        const ASKS: &[&str] =
            &["FEAT", "AUTH", "PBSZ", "PROT", "OPTS", "MLSD", "MLST", "CLNT", "HOST", "SYST", "EPSV", "EPRT", "SIZE", "MDTM"];
        let [verb, name] = words(line);
        let wish = if is_word(verb, ASKS) { Wish::Asks } else { Wish::Plain };
        ClientLine { wish, user: is_word(verb, &["USER"]).then_some(name), ..ClientLine::default() }
    }

    fn meaning(wish: Wish, code: u32, _: &[u8]) -> ReplyMeaning {
        // What a server does not know it says so (RFC 2389 section 3).
        if wish == Wish::Asks && matches!(code, 500..=504 | 534) { ReplyMeaning::Expected } else { ReplyMeaning::Plain }
    }
}

impl Grammar for Smtp {
    const TEXT_FOLLOWS: Option<u32> = Some(354);

    fn reply(line: &[u8]) -> Option<Reply> {
        numeric(line).map(|code| Reply::Final(code, None))
    }

    fn command(line: &[u8]) -> ClientLine<'_> {
        let [verb, bytes] = words(line);
        let wish = if is_word(verb, &["EHLO", "LHLO", "STARTTLS", "HELP", "VRFY", "EXPN"]) { Wish::Asks } else { Wish::Plain };
        let chunk = number(bytes).filter(|_| is_word(verb, &["BDAT"]));
        ClientLine {
            wish,
            asks_text: is_word(verb, &["DATA"]),
            follows: chunk.map_or(Follows::Lines, Follows::Bytes),
            ..ClientLine::default()
        }
    }

    fn meaning(wish: Wish, code: u32, line: &[u8]) -> ReplyMeaning {
        let is_asked = wish == Wish::Asks && matches!(code, 500..=504);
        // What a policy refuses (RFC 3463 section 3.8): spam above all, and what needs TLS before.
        let is_policy = matches!(line.get(4..8), Some([b'4' | b'5', b'.', b'7', b'.'])) && Smtp::outcome(code) == Answer::Error;
        if is_asked || is_policy || code == 530 { ReplyMeaning::Expected } else { ReplyMeaning::Plain }
    }
}

impl Grammar for Pop {
    fn reply(line: &[u8]) -> Option<Reply> {
        let asks_on = matches!(line, [b'+'] | [b'+', b' ', ..]);
        status(line).map(|code| Reply::Final(code, None)).or(asks_on.then_some(Reply::GoOn))
    }

    fn command(line: &[u8]) -> ClientLine<'_> {
        let [verb, name] = words(line);
        // `AUTH` alone asks for what there is.
        let asks = is_word(verb, &["CAPA", "STLS", "UTF8", "LANG", "XTND", "TOP", "UIDL"]) || is_word(line, &["AUTH"]);
        let wish = match verb {
            _ if asks => Wish::Asks,
            _ if is_word(verb, &["USER", "PASS", "APOP", "AUTH"]) => Wish::Login,
            _ => Wish::Plain,
        };
        ClientLine { wish, user: is_word(verb, &["USER", "APOP"]).then_some(name), ..ClientLine::default() }
    }

    fn meaning(wish: Wish, code: u32, _: &[u8]) -> ReplyMeaning {
        refusal(wish, code, false)
    }
}

impl Grammar for Imap {
    fn reply(line: &[u8]) -> Option<Reply> {
        if matches!(line, [b'+'] | [b'+', b' ', ..]) {
            return Some(Reply::GoOn);
        }
        tagged(line).map(|(code, tag)| Reply::Final(code, Some(name_hash(tag))))
    }

    fn greeting(line: &[u8]) -> Option<u32> {
        match words(line) {
            [b"*", b"OK" | b"PREAUTH"] => Some(0),
            [b"*", b"BYE"] => Some(1),
            _ => None,
        }
    }

    fn command(line: &[u8]) -> ClientLine<'_> {
        const ASKS: &[&str] =
            &["SELECT", "EXAMINE", "STATUS", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "GETACL", "GETQUOTAROOT", "STARTTLS"];
        let [tag, verb, name] = words(line);
        let wish = match verb {
            _ if is_word(verb, &["LOGIN", "AUTHENTICATE"]) => Wish::Login,
            _ if is_word(verb, ASKS) => Wish::Asks,
            _ => Wish::Plain,
        };
        let user = is_word(verb, &["LOGIN"]).then_some(name);
        ClientLine {
            tag: Some(name_hash(tag)),
            wish,
            user,
            follows: literal(line).map_or(Follows::Lines, Follows::Literal),
            ..ClientLine::default()
        }
    }

    fn meaning(wish: Wish, code: u32, line: &[u8]) -> ReplyMeaning {
        let [_, _, why] = words(line);
        refusal(wish, code, is_word(why, &["[TRYCREATE]", "[NONEXISTENT]", "[ALREADYEXISTS]"]))
    }
}

/// What the second of the words of POP3 and IMAP means.
fn refusal(wish: Wish, code: u32, is_expected: bool) -> ReplyMeaning {
    match (code, wish) {
        (1, Wish::Login) => ReplyMeaning::Denied,
        (1, Wish::Asks) => ReplyMeaning::Expected,
        (1, _) if is_expected => ReplyMeaning::Expected,
        _ => ReplyMeaning::Plain,
    }
}

/// How many bytes follow a line that ends in `{300}` or `{300+}`.
fn literal(line: &[u8]) -> Option<u64> {
    let inside = line.strip_suffix(b"}")?;
    let inside = inside.strip_suffix(b"+").unwrap_or(inside);
    number(inside.rsplit(|&b| b == b'{').next().filter(|digits| digits.len() < inside.len())?)
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
    ($(#[$doc:meta])* $name:ident, $token:literal, $title:literal, $ports:expr, $counters:expr, $probe:expr, $outcome:expr, $text:expr) => {
        $(#[$doc])*
        pub struct $name;

        impl Dissector for $name {
            type State = CommandLines;

            const ABOUT: About = About { token: $token, title: $title, udp: None, tcp: Some($ports), counters: $counters };

            fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
                $probe(payload.bytes)
            }

            fn stream(state: &mut CommandLines, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
                state.read::<Self>(payload, out, REPLIES)
            }

            fn gap(state: &mut CommandLines, way: Direction, _: u32, _: &mut DissectOutput<'_>) -> Progress {
                state.gap(way)
            }

            fn held(state: &CommandLines) -> usize {
                state.held()
            }

            fn outcome(told: u32) -> Answer {
                match ReplyMeaning::of(told) {
                    (ReplyMeaning::Plain, code) => $outcome(code),
                    (ReplyMeaning::Expected, _) => Answer::Expected,
                    (ReplyMeaning::Denied, _) => Answer::Denied,
                }
            }

            fn code_text(told: u32) -> Cow<'static, str> {
                $text(ReplyMeaning::of(told).1)
            }

            fn transaction(transaction: &Transaction, tally: &mut Tally) {
                requests::count(transaction, tally, $counters);
            }
        }
    };
}

lined!(
    /// FTP's control connection.
    Ftp, "ftp", "File Transfer", &[21, 2121], COUNTERS,
    |bytes: &[u8]| graded(bytes.starts_with(b"220") && contains(bytes, b"FTP") || begins(bytes, &["AUTH TLS", "AUTH SSL"]),
        is_numeric(bytes) || begins(bytes, &["USER", "PASS", "SYST", "FEAT", "PASV", "EPSV"])),
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
    Smtp, "smtp", "Mail transfer", &[25, 587, 2525], COUNTERS,
    |bytes: &[u8]| graded(bytes.starts_with(b"220") && contains(bytes, b"SMTP") || begins(bytes, &["EHLO", "HELO", "LHLO"]),
        is_numeric(bytes) || begins(bytes, &["MAIL FROM", "RCPT TO", "STARTTLS", "QUIT"])),
    |code| match code {
        535 | 454 => Answer::Denied,
        // It shuts down, is full, or cannot pass mail on: whoever comes again later finds no better (RFC 3463 sections 3.4 and 3.5).
        421 | 431 | 432 | 441 | 442 | 452 => Answer::Error,
        // To be tried again later, as servers ask of all they do not know.
        400..500 => Answer::Expected,
        // A mailbox that is not there or not allowed, which is what most of the Internet's mail is refused for.
        550 | 551 | 553 => Answer::Expected,
        500.. => Answer::Error,
        _ => Answer::Normal,
    },
    digits
);

lined!(
    /// POP3.
    Pop, "pop", "Post Office Protocol 3", &[110], WORD_COUNTERS,
    |bytes: &[u8]| graded(false, status(bytes).is_some() || begins(bytes, &["USER", "CAPA", "STLS", "APOP"])),
    worded,
    |code| if code == 0 { Cow::Borrowed("+OK") } else { Cow::Borrowed("-ERR") }
);

lined!(
    /// IMAP.
    Imap, "imap", "Internet Message Access", &[143], WORD_COUNTERS,
    |bytes: &[u8]| graded(bytes.starts_with(b"* OK [CAPABILITY IMAP") || bytes.starts_with(b"* OK") && contains(bytes, b"IMAP"),
        bytes.starts_with(b"* OK") || bytes.starts_with(b"* PREAUTH") || bytes.starts_with(b"* BYE") || tagged(bytes).is_some()),
    worded,
    word
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::talk::Talk;
    use crate::dissect::{Dissectors, Listener};
    use crate::model::{AppMessage, AppSlot, FlowKey, Timestamp};

    /// The code of the last reply.
    struct Told(u32);

    impl Listener for Told {
        fn message(&mut self, message: &AppMessage) {
            self.0 = message.code;
        }
    }

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
            [Expected, Expected, Error, Error, Expected, Denied, Normal]
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
        assert_eq!((Ftp::command(b"USER a b").user, Imap::command(b"a1 login x y").user, Ftp::command(b"PASS b").user), {
            (Some(&b"a"[..]), Some(&b"x"[..]), None)
        });
        let talk =
            Talk::tcp(21).server("220 ready\r\n").client("AUTH TLS\r\n").server("234 go on\r\n").client(b"\x16\x03\x01\0\x04\x01\0\0\0");
        assert_eq!((talk.app(), talk.codes()), (Some("ftp+tls"), vec![234]));
    }

    #[test]
    fn mail_is_fetched() {
        let talk = Talk::tcp(110).server("+OK ready\r\n").client("USER a\r\n").server("-ERR no\r\n");
        assert_eq!((talk.app(), talk.codes(), talk.told("replies")), (Some("pop"), vec![20_001], "OK 1, NO 1".to_owned()));
        let talk = Talk::tcp(9)
            .server("* OK IMAP4rev1 ready\r\n")
            .client("a1 LOGIN x y\r\n")
            .server("* CAPABILITY x\r\na1 NO no\r\n")
            .client("a2 IDLE\r\n")
            .server("+ idling\r\n");
        assert_eq!((talk.app(), talk.codes()), (Some("imap"), vec![20_001, 0]));
        assert_eq!((Imap::code_text(20_001), Pop::code_text(1)), ("NO".into(), "-ERR".into()));
    }

    /// What a refusal means depends on what was asked.
    #[test]
    fn what_a_refusal_means() {
        use Answer::{Denied, Error, Expected, Normal};
        fn of<G: Grammar>(command: &str, reply: &str) -> Answer {
            let Some(Reply::Final(code, _)) = G::reply(reply.as_bytes()) else { panic!("{reply}") };
            let mut heard = Told(0);
            let (key, way) = FlowKey::v4(6, 0x0a00_0001, 0x0a00_0002, 40_000, G::ABOUT.tcp.unwrap()[0]);
            let (mut dissectors, mut slot) = (Dissectors::<()>::default(), AppSlot::default());
            let greeting = if code < 3 { "+OK hello\r\n" } else { "220 hello\r\n" };
            for (way, text) in [(way.reversed(), greeting), (way, &format!("{command}\r\n")), (way.reversed(), &format!("{reply}\r\n"))] {
                let text = if G::ABOUT.token == "imap" { text.replace("+OK", "* OK") } else { text.to_owned() };
                let payload = Payload { flow: &key, way, time: Timestamp(0), bytes: text.as_bytes(), length: text.len() as u32, number: 0 };
                dissectors.stream(&mut slot, &payload, &mut heard);
            }
            G::outcome(heard.0)
        }
        assert_eq!(
            ["FEAT", "AUTH TLS", "OPTS UTF8 ON", "RETR x"].map(|command| of::<Ftp>(command, "502 what")),
            [Expected, Expected, Expected, Error]
        );
        assert_eq!(
            [of::<Ftp>("PASS x", "530 no"), of::<Ftp>("STOR x", "552 full"), of::<Ftp>("STOR x", "226 ok")],
            [Denied, Error, Normal]
        );
        assert_eq!(
            ["EHLO a", "MAIL FROM:<a>"].map(|command| of::<Smtp>(command, "502 5.5.1 what")),
            [Expected, Error],
            "whoever is not understood says HELO"
        );
        assert_eq!(
            ["554 5.7.1 spam", "554 5.3.0 broken", "530 5.7.0 first TLS", "535 5.7.8 no", "550 no such user", "452 4.3.1 full"]
                .map(|reply| of::<Smtp>("RCPT TO:<a>", reply)),
            [Expected, Error, Expected, Denied, Expected, Error]
        );
        assert_eq!(["CAPA", "AUTH", "AUTH PLAIN", "PASS x", "RETR 1"].map(|command| of::<Pop>(command, "-ERR no")), {
            [Expected, Expected, Denied, Denied, Error]
        });
        assert_eq!(["a SELECT Trash", "a LOGIN x y", "a FETCH 1"].map(|command| of::<Imap>(command, "a NO no")), [Expected, Denied, Error]);
        assert_eq!(["a NO [TRYCREATE] no", "a BAD no"].map(|reply| of::<Imap>("a COPY 1 x", reply)), [Expected, Error]);
    }

    #[test]
    fn a_server_that_greets_with_a_refusal() {
        let refused = |port, greeting: &str| {
            let talk = Talk::tcp(port).server(greeting);
            (talk.codes(), talk.pairs().len())
        };
        assert_eq!(refused(25, "554-mx.example\r\n554 5.3.0 full\r\n"), (vec![554], 1));
        assert_eq!(refused(25, "554 5.7.1 blocked\r\n"), (vec![], 0), "a policy");
        assert_eq!((refused(21, "421 too many\r\n"), refused(110, "-ERR busy\r\n")), ((vec![421], 1), (vec![1], 1)));
        assert_eq!((refused(143, "* OK IMAP4rev1\r\n* BYE\r\n"), refused(25, "220 a ESMTP\r\n")), ((vec![], 0), (vec![], 0)));
    }

    #[test]
    fn a_literal_is_no_line() {
        let talk = Talk::tcp(143)
            .server("* OK IMAP4rev1 ready\r\n")
            .client("a1 APPEND box {11}\r\n")
            .server("+ ready\r\n")
            .client("a9 LOGIN x\n")
            .client("\r\n")
            .server("a1 OK done\r\n")
            .client("a2 LOGIN {1+}\r\nx {1+}\r\ny\r\na3 NOOP\r\n")
            .server("a3 OK\r\na2 NO [AUTHENTICATIONFAILED]\r\n")
            .client("a4 APPEND box {99}\r\n")
            .server("a4 NO too large\r\n")
            .client("a5 NOOP\r\n")
            .server("a5 OK\r\n");
        assert_eq!(talk.codes(), [0, 0, 0, 20_001, 1, 0], "with the leave to go on");
        assert_eq!(
            (literal(b"a {0}"), literal(b"a {12+}"), literal(b"12}"), literal(b"{x}"), literal(b"a")),
            (Some(0), Some(12), None, None, None)
        );
    }

    #[test]
    fn commands_that_are_sent_together_are_answered_one_by_one() {
        let talk = Talk::tcp(25)
            .server("220 a ESMTP\r\n")
            .client("EHLO a\r\n")
            .server("250-a\r\n250 PIPELINING\r\n")
            .client("MAIL FROM:<a>\r\nRCPT TO:<b>\r\nRCPT TO:<c>\r\nDA")
            .client("TA\r\n")
            .server("250 ok\r\n554 no\r\n250 ok\r\n354 go on\r\n")
            .client("Subject: x\r\n\r\nQUIT\r\n..\r\n")
            .client(".\r\n")
            .server("250 queued\r\n")
            .client("BDAT 6 LAST\r\nRSET\r\nQUIT\r\n")
            .server("250 ok\r\n221 bye\r\n");
        assert_eq!(talk.codes(), [250, 250, 554, 250, 354, 250, 250, 221]);
        assert_eq!(talk.pairs().iter().filter_map(|pair| pair.1).map(|(_, code)| code).collect::<Vec<_>>(), talk.codes());
        assert_eq!(talk.pairs().len(), 8);
    }

    #[test]
    fn a_transfer_is_over_when_its_final_reply_says_so() {
        let talk = Talk::tcp(21).server("220 FTP ready\r\n").client("RETR a\r\n").server("150 opening\r\n").server("426 cut\r\n");
        assert_eq!((talk.codes(), talk.told("replies")), (vec![150, 426], "150 1, 220 1, 426 1".to_owned()));
        assert_eq!(talk.pairs().len(), 1);
    }

    #[test]
    fn what_a_gap_may_hold_is_not_judged() {
        let greeting = || Talk::tcp(25).server("220 a ESMTP\r\n").client("EHLO a\r\n").server("250 ok\r\n");
        // The leave to go on is missing: the text is no row of commands.
        let talk = greeting().client("DATA\r\n").server_gap(20).client("one\r\ntwo\r\n").client(".\r\n").server("250 ok\r\n");
        assert_eq!(talk.codes(), [250, u32::MAX, 250]);
        // Commands are missing: replies to them answer nothing else.
        let talk = greeting()
            .client("MAIL FROM:<a>\r\n")
            .client_gap(40)
            .server("250 ok\r\n501 what\r\n")
            .client("x\r\nQUIT\r\n")
            .server("221 bye\r\n");
        assert_eq!((talk.codes(), talk.pairs().len()), (vec![250, u32::MAX, 221], 3));
        // Nobody answers a client that goes on and on.
        let mut talk = greeting();
        for _ in 0..1_000 {
            talk = talk.client("NOOP\r\n");
        }
        assert_eq!((talk.pairs().len(), talk.codes().len()), (1_001, 1 + 1_000 - 256));
        talk.end();
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
