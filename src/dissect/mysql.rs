//! MySQL and MariaDB: the server's version, commands and the errors they are answered with, by turns.

use super::bytes::{le16, le24};
use super::framed_turns::FramedTurns;
use super::frames::{Framed, Framing, are_messages};
use super::requests::{self, with_outcomes};
use super::sides::{DialogueSide, DialogueSides};
use super::turns::RequestTurns;
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Answer, Counter, Direction, Manners, Measure, Tally, Transaction, learnt};
use std::borrow::Cow;

const VERSIONS: usize = 0;
const COMMANDS: usize = 1;
const ERRORS: usize = 2;

const COUNTERS: &[Counter] = with_outcomes! {
    "versions" "Versions of servers" Measure::Texts;
    "commands" "Commands" Measure::Codes(command);
    "errors" "Errors" Measure::Codes(error);
};

/// Bytes of a packet's header.
const HEADER: usize = 4;
/// Where the client's name is in what it logs in with.
const LOGIN_NAME: usize = 32;
/// The flag of a client that goes on in TLS.
const TLS: u16 = 0x0800;

fn command(code: u32) -> Cow<'static, str> {
    let name = match code {
        1 => "quit",
        2 => "use",
        3 => "query",
        4 => "fields",
        14 => "ping",
        17 => "change user",
        18 => "binlog",
        22 => "prepare",
        23 => "execute",
        25 => "close",
        26 => "reset",
        28 => "fetch",
        other => return other.to_string().into(),
    };
    name.into()
}

fn error(code: u32) -> Cow<'static, str> {
    let name = match code {
        0 => "OK",
        1040 => "1040 too many connections",
        1044 => "1044 access to the database denied",
        1045 => "1045 access denied",
        1062 => "1062 duplicate entry",
        1064 => "1064 syntax error",
        1129 => "1129 host is blocked",
        1130 => "1130 host is not allowed",
        1146 => "1146 no such table",
        1205 => "1205 lock wait timeout",
        1213 => "1213 deadlock",
        1451 => "1451 row is referred to",
        1452 => "1452 referred row is missing",
        1698 => "1698 access denied",
        other => return other.to_string().into(),
    };
    name.into()
}

/// MySQL.
pub struct Mysql;

/// Both directions of a connection.
#[derive(Debug, Default)]
pub struct MysqlConnection {
    framed: FramedTurns,
    sides: DialogueSides,
    encrypted: bool,
    /// The server sends its log for ever: what the client says is no question.
    is_dumped: bool,
}

impl Dissector for Mysql {
    type State = MysqlConnection;

    const ABOUT: About = About { token: "mysql", title: "MySQL", udp: None, tcp: Some(&[3306]), counters: COUNTERS };

    const MANNERS: Manners = Manners { is_prompt: true, ..Manners::USUAL };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        let Some(length) = le24(payload.bytes, 0) else { return Probe::No };
        let fits = length + HEADER as u32 <= payload.length;
        match payload.bytes.get(3..) {
            // A greeting with a version such as "8.0.36" or "5.5.5-10.6.1-MariaDB".
            Some([0, 10, b'0'..=b'9', b'.' | b'0'..=b'9', ..]) if fits => Probe::Certain,
            Some([0, 0xff, ..] | [0, 1..=0x1c, ..]) if length + HEADER as u32 == payload.length => Probe::Unsure,
            _ => Probe::No,
        }
    }

    fn stream(state: &mut MysqlConnection, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        let MysqlConnection { framed: framed_turns, sides, encrypted, is_dumped } = state;
        let Some((frames, turns)) = framed_turns.of(payload) else { return Progress::Skip };
        frames.read::<Self>(payload.bytes, out, |part, out| {
            let Some((&sequence, body)) = part.bytes.get(3..).and_then(<[u8]>::split_first) else { return };
            match sides.of::<Self>(payload, || said(sequence, body)) {
                DialogueSide::Server => answer(sequence, body, payload, turns, out),
                DialogueSide::Client if *is_dumped => {}
                DialogueSide::Client => {
                    *encrypted |= sequence == 1 && part.bytes.len() == 36 && le16(body, 0).is_some_and(|flags| flags & TLS != 0);
                    *is_dumped = sequence == 0 && body.first().is_some_and(|command| DUMPS.contains(command));
                    ask(sequence, body, payload, turns, out);
                }
            }
        });
        if state.encrypted { Progress::Becomes } else { Progress::Continue }
    }

    fn gap(state: &mut MysqlConnection, way: Direction, bytes: u32, _: &mut DissectOutput<'_>) -> Progress {
        state.framed.gap(way, bytes);
        Progress::Continue
    }

    fn held(state: &MysqlConnection) -> usize {
        state.framed.held()
    }

    fn outcome(code: u32) -> Answer {
        match code {
            0 => Answer::Normal,
            1044 | 1045 | 1130 | 1698 => Answer::Denied,
            // A value that is there already, or against another rule of the table: programs ask for that.
            1022 | 1048 | 1062 | 1169 | 1216 | 1217 | 1451 | 1452 | 1557 | 1586 | 1761 | 1762 | 1859 | 3819 | 4025 => Answer::Expected,
            // Of two that lock each other one is to begin again; who said nothing for long is let go.
            1213 | 4031 => Answer::Expected,
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

impl Framing for Mysql {
    const READ: usize = 128;

    fn message(bytes: &[u8]) -> Framed {
        match le24(bytes, 0) {
            Some(length) if bytes.len() >= HEADER => Framed::Bytes(length as usize + HEADER),
            _ => Framed::More,
        }
    }

    /// Packets are numbered from the command on.
    fn resumes(bytes: &[u8]) -> bool {
        let begins = bytes.get(3).is_some_and(|sequence| *sequence > 0 || bytes.get(HEADER).is_some_and(is_command));
        let number = |packet: &[u8]| packet.get(3).copied().unwrap_or(0);
        begins && are_messages::<Self>(bytes, |one, next| number(next) == number(one).wrapping_add(1))
    }
}

/// Commands that are answered by the server's log for ever, and one by all it has.
const DUMPS: [u8; 3] = [18, 30, 32];

/// Whether a command is known: MySQL's, and MariaDB's own.
fn is_command(command: &u8) -> bool {
    matches!(command, 0..=33 | 0xfa..=0xfe)
}

/// Who alone begins a conversation so, or asks.
fn said(sequence: u8, body: &[u8]) -> Option<DialogueSide> {
    match (sequence, body.first()?) {
        (0, 10 | 0xff) => Some(DialogueSide::Server),
        (0, command) if is_command(command) => Some(DialogueSide::Client),
        _ => None,
    }
}

fn ask(sequence: u8, body: &[u8], payload: &Payload<'_>, turns: &mut RequestTurns, out: &mut DissectOutput<'_>) {
    let command = body.first().copied().unwrap_or(0);
    if sequence == 0 {
        out.tally().add_code(COMMANDS, command.into());
        // Not answered: quit, long data, close; answered for ever: replication.
        if matches!(command, 1 | 24 | 25) || DUMPS.contains(&command) {
            return;
        }
    }
    // Behind flags, sizes and a character set.
    if let Some(name) = body.get(LOGIN_NAME..).filter(|_| sequence == 1) {
        turns.called(name.split(|&b| b == 0).next().unwrap_or_default());
    }
    turns.ask(payload, out);
}

fn answer(sequence: u8, body: &[u8], payload: &Payload<'_>, turns: &mut RequestTurns, out: &mut DissectOutput<'_>) {
    let code = match body {
        [10, version @ ..] if sequence == 0 => {
            let version = version.split(|&b| b == 0).next().unwrap_or_default();
            out.tally().add_text(VERSIONS, &learnt::clean(version));
            return;
        }
        [0xff, rest @ ..] => le16(rest, 0).map_or(0, u32::from),
        _ => 0,
    };
    // In place of a greeting, or without being asked.
    let is_unasked = sequence == 0;
    if code > 0 && (turns.is_open() || is_unasked) {
        out.tally().add_code(ERRORS, code);
    }
    match is_unasked && code > 0 {
        true => turns.refuse(payload, code, out),
        false => turns.answer(payload, code, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::talk::Talk;

    fn packet(sequence: u8, body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32).to_le_bytes()[..3], &[sequence], body].concat()
    }

    const GREETING: &[u8] = b"\x0a8.0.36\0\x01\0\0\0saltsalt\0";

    #[test]
    fn commands_and_errors() {
        let talk = Talk::tcp(9)
            .server(packet(0, GREETING))
            .client(packet(1, &[0x85; 60]))
            .server(packet(2, b"\xff\x15\x04#28000Access denied"))
            .client(packet(0, b"\x03SELECT 1"))
            .server([packet(1, b"\x01"), packet(2, b"row"), packet(3, b"\xff\xff\xff")].concat())
            .client(packet(0, b"\x01"));
        assert_eq!((talk.app(), talk.codes(), talk.pairs().len()), (Some("mysql"), vec![1045, 0], 2));
        assert_eq!(
            (talk.told("versions"), talk.told("commands"), talk.told("errors")),
            ("8.0.36 1".into(), "quit 1, query 1".into(), "1045 access denied 1".into())
        );
        assert_eq!([1045, 1146, 1205, 1062, 1452, 1213].map(Mysql::outcome), {
            use Answer::{Denied, Error, Expected};
            [Denied, Error, Error, Expected, Expected, Expected]
        });
    }

    #[test]
    fn encrypted_refused_or_missing() {
        let talk = Talk::tcp(3306)
            .server(packet(0, GREETING))
            .client(packet(1, &[&[0, 8][..], &[0; 30]].concat()))
            .client(b"\x16\x03\x01\0\x04\x01\0\0\0");
        assert_eq!(talk.app(), Some("mysql+tls"));
        let mut talk = Talk::tcp(3306).server(&packet(0, GREETING)[..9]).server(&packet(0, GREETING)[9..]).client(packet(0, b"\x03x"));
        talk =
            talk.server_gap(20).server(packet(1, b"\xff\x15\x04")).client(packet(0, b"\x03y")).server(packet(1, b"\0")).client([0xff; 3]);
        assert_eq!(talk.pairs().iter().filter(|p| p.1.is_some_and(|(_, code)| code == 0)).count(), 1);
        talk.end();
    }

    /// An error in place of the greeting; one that comes later, because nothing was asked for long, is none.
    #[test]
    fn turned_away() {
        let talk = Talk::tcp(3306).server(packet(0, b"\xff\x10\x04Too many connections"));
        assert_eq!(talk.told("errors"), "1040 too many connections 1");
        assert_eq!((talk.pairs(), Mysql::outcome(1040)), (vec![(0, Some((0, 1040)))], Answer::Error));
        let talk = Talk::tcp(3306)
            .server(packet(0, GREETING))
            .client(packet(1, &[0x85; 60]))
            .server(packet(2, b"\0"))
            .server(packet(0, b"\xff\xbf\x0fThe client was disconnected"));
        assert_eq!((talk.pairs(), Mysql::outcome(4031)), (vec![(1, Some((1, 0)))], Answer::Expected));
    }

    /// A replica asks for the log and acknowledges what it got of it: that is no question. Nor is what no command has for its number.
    #[test]
    fn a_replica() {
        for dump in [18u8, 30] {
            let talk = Talk::tcp(3306)
                .server(packet(0, GREETING))
                .client(packet(1, &[0x85; 60]))
                .server(packet(2, b"\0"))
                .client(packet(0, &[21, 1, 0, 0, 0]))
                .server(packet(1, b"\0"))
                .client(packet(0, &[dump, 4, 0, 0, 0]))
                .server(packet(1, b"\0event"))
                .client(packet(0, b"\xef\x04\0\0\0\0\0\0\0mysql-bin.000001"))
                .server(packet(2, b"\0event"));
            assert_eq!(talk.pairs(), [(1, Some((1, 0))), (2, Some((1, 0)))], "dump {dump}");
            assert_eq!(talk.counts("commands").len(), 2);
        }
    }

    /// Behind missing bytes the conversation goes on where packets can be told from rows that look like some.
    #[test]
    fn it_goes_on_behind_a_gap() {
        let row = [&[0x30; 1000][..], b"\x20\0\0\x01"].concat();
        let talk = Talk::tcp(3306)
            .client(packet(0, b"\x03x"))
            .server(&[packet(1, b"\x01"), [&[0xff, 0x7f, 0, 2][..], &[7; 90]].concat()].concat()[..50])
            .server_gap(40_000)
            .server(&row)
            .client(packet(0, b"\x03y"))
            .server([packet(1, b"\x01"), packet(2, b"def")].concat())
            .client_gap(50)
            .client([b'1'; 200])
            .client(packet(0, b"\x03z"))
            .server(packet(1, b"\xff\x7a\x04#42S02"));
        assert_eq!(talk.codes(), [0, 0, 1146]);
        assert_eq!(talk.told("commands"), "query 3");
    }

    /// Joined in the middle: the server is who has its port, or asks nothing.
    #[test]
    fn joined_in_the_middle() {
        for port in [3306, 9] {
            let talk = Talk::tcp(port).server(packet(0, GREETING)).client(packet(0, b"\x03x")).server(packet(1, b"\xff\x7a\x04"));
            assert_eq!(talk.codes(), [1146], "port {port}");
        }
        let talk = Talk::tcp(3306).server(packet(1, b"\x01")).client(packet(0, b"\x03x")).server(packet(1, b"\xff\x7a\x04"));
        assert_eq!(talk.codes(), [1146]);
    }
}
