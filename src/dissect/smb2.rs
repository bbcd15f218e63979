//! SMB 2 and 3 over TCP ([MS-SMB2] section 2.2.1): commands and the status of their answers, joined by their message identifier.
//!
//! Encrypted messages are counted only. What waits by design is no request here: notifications of change, locks, what is cancelled. Nor is the
//! time that nothing comes out of a pipe, once the server has said that it waits for that, the server's.

use super::bytes::{be24, contains, le16, le32};
use super::frames::{Framed, Frames, Framing, MessagePart};
use super::requests::{self, with_outcomes};
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Answer, Counter, Direction, Measure, Tally, Transaction};
use std::borrow::Cow;
use std::collections::VecDeque;

const COMMANDS: usize = 0;
const STATUS: usize = 1;
const ENCRYPTED: usize = 2;

const COUNTERS: &[Counter] = with_outcomes! {
    "commands" "Commands" Measure::Codes(command);
    "status" "Status of answers" Measure::Codes(status);
    "encrypted" "Encrypted messages" Measure::Count;
};

/// Bytes of a header, of the session's header before it, and of what is read behind it.
const HEADER: usize = 64;
const SESSION: usize = 4;
const BODY: usize = 16;

const CANCEL: u16 = 12;
const LOCK: u16 = 10;
const CHANGE_NOTIFY: u16 = 15;
const OPLOCK_BREAK: u16 = 18;
const TREE_CONNECT: u16 = 3;
const READ_FILE: u16 = 8;
const IOCTL: u16 = 11;

/// Flags of a header: an answer; a command of the same tree as the one before it.
const ANSWER: u32 = 1;
const RELATED: u32 = 4;
/// An answer that another one follows.
const PENDING: u32 = 0x103;
/// A share of pipes, from which comes what another process writes.
const PIPES: u8 = 2;
/// Control codes that wait for a pipe: FSCTL_PIPE_WAIT, FSCTL_PIPE_TRANSCEIVE ([MS-FSCC] section 2.3).
const PIPE_CONTROLS: [u32; 2] = [0x0011_0018, 0x0011_c017];
/// Shares that are remembered of a connection, and requests that may be to a pipe and wait.
const TREES: usize = 16;
const PIPE_REQUESTS: usize = 64;

fn command(code: u32) -> Cow<'static, str> {
    const NAMES: [&str; 19] = [
        "NEGOTIATE",
        "SESSION_SETUP",
        "LOGOFF",
        "TREE_CONNECT",
        "TREE_DISCONNECT",
        "CREATE",
        "CLOSE",
        "FLUSH",
        "READ",
        "WRITE",
        "LOCK",
        "IOCTL",
        "CANCEL",
        "ECHO",
        "QUERY_DIRECTORY",
        "CHANGE_NOTIFY",
        "QUERY_INFO",
        "SET_INFO",
        "OPLOCK_BREAK",
    ];
    NAMES.get(code as usize).map_or_else(|| code.to_string().into(), |name| Cow::Borrowed(*name))
}

/// Usual names of status codes ([MS-ERREF] section 2.3.1).
fn status(code: u32) -> Cow<'static, str> {
    let name = match code {
        0 => "STATUS_SUCCESS",
        0x103 => "STATUS_PENDING",
        0x10c => "STATUS_NOTIFY_ENUM_DIR",
        0x8000_0005 => "STATUS_BUFFER_OVERFLOW",
        0x8000_0006 => "STATUS_NO_MORE_FILES",
        0xc000_000d => "STATUS_INVALID_PARAMETER",
        0xc000_000f => "STATUS_NO_SUCH_FILE",
        0xc000_0010 => "STATUS_INVALID_DEVICE_REQUEST",
        0xc000_0011 => "STATUS_END_OF_FILE",
        0xc000_0016 => "STATUS_MORE_PROCESSING_REQUIRED",
        0xc000_0022 => "STATUS_ACCESS_DENIED",
        0xc000_0033 => "STATUS_OBJECT_NAME_INVALID",
        0xc000_0034 => "STATUS_OBJECT_NAME_NOT_FOUND",
        0xc000_0035 => "STATUS_OBJECT_NAME_COLLISION",
        0xc000_003a => "STATUS_OBJECT_PATH_NOT_FOUND",
        0xc000_0043 => "STATUS_SHARING_VIOLATION",
        0xc000_0054 => "STATUS_FILE_LOCK_CONFLICT",
        0xc000_0055 => "STATUS_LOCK_NOT_GRANTED",
        0xc000_0056 => "STATUS_DELETE_PENDING",
        0xc000_0064 => "STATUS_NO_SUCH_USER",
        0xc000_006a => "STATUS_WRONG_PASSWORD",
        0xc000_006d => "STATUS_LOGON_FAILURE",
        0xc000_0071 => "STATUS_PASSWORD_EXPIRED",
        0xc000_0072 => "STATUS_ACCOUNT_DISABLED",
        0xc000_007f => "STATUS_DISK_FULL",
        0xc000_009a => "STATUS_INSUFFICIENT_RESOURCES",
        0xc000_00ba => "STATUS_FILE_IS_A_DIRECTORY",
        0xc000_00bb => "STATUS_NOT_SUPPORTED",
        0xc000_00c9 => "STATUS_NETWORK_NAME_DELETED",
        0xc000_00cc => "STATUS_BAD_NETWORK_NAME",
        0xc000_0120 => "STATUS_CANCELLED",
        0xc000_0128 => "STATUS_FILE_CLOSED",
        0xc000_0193 => "STATUS_ACCOUNT_EXPIRED",
        0xc000_019c => "STATUS_FS_DRIVER_REQUIRED",
        0xc000_0203 => "STATUS_USER_SESSION_DELETED",
        0xc000_0225 => "STATUS_NOT_FOUND",
        0xc000_0234 => "STATUS_ACCOUNT_LOCKED_OUT",
        0xc000_0257 => "STATUS_PATH_NOT_COVERED",
        0xc000_035c => "STATUS_NETWORK_SESSION_EXPIRED",
        other => return format!("0x{other:08x}").into(),
    };
    name.into()
}

/// SMB 2 and 3.
pub struct Smb2;

/// Both directions of a connection.
#[derive(Debug, Default)]
pub struct Smb2Messages {
    frames: [Frames; 2],
    shares: Shares,
}

/// What is known of the shares of a connection.
#[derive(Debug, Default)]
struct Shares {
    /// Their trees, and which are of pipes.
    trees: VecDeque<(u32, bool)>,
    /// The tree of the command before.
    tree: u32,
    /// Requests that may be to a pipe, and which of them are.
    asked: VecDeque<(u32, bool)>,
}

impl Dissector for Smb2 {
    type State = Smb2Messages;

    const ABOUT: About =
        About { token: "smb2", title: "Server Message Block 2 and 3", udp: None, tcp: Some(&[445, 139]), counters: COUNTERS };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        let is_new = matches!(payload.bytes.get(4..8), Some([0xfc..=0xfe, b'S', b'M', b'B']));
        // A client that knows both begins with the old one's negotiation.
        let is_both = payload.bytes.get(4..9) == Some(b"\xffSMB\x72") && contains(payload.bytes, b"SMB 2.");
        if payload.bytes.first() == Some(&0) && (is_new || is_both) { Probe::Certain } else { Probe::No }
    }

    fn stream(state: &mut Smb2Messages, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        let Smb2Messages { frames, shares } = state;
        let Some(frames) = frames.get_mut(payload.way as usize) else { return Progress::Skip };
        frames.read::<Self>(payload.bytes, out, |part, out| read(part, payload, shares, out));
        Progress::Continue
    }

    fn gap(state: &mut Smb2Messages, way: Direction, bytes: u32, _: &mut DissectOutput<'_>) -> Progress {
        state.frames.get_mut(way as usize).map(|frames| frames.gap(bytes));
        Progress::Continue
    }

    fn held(state: &Smb2Messages) -> usize {
        let Shares { trees, asked, .. } = &state.shares;
        state.frames.iter().map(Frames::held).sum::<usize>() + (trees.capacity() + asked.capacity()) * size_of::<(u32, bool)>()
    }

    fn outcome(code: u32) -> Answer {
        match code {
            0 | PENDING => Answer::Normal,
            // All of these are in traces of healthy networks: ends of lists, names that are looked for, first steps of a login.
            0x10c | 0x8000_0005 | 0x8000_0006 | 0xc000_000f | 0xc000_0011 | 0xc000_0016 | 0xc000_0034 | 0xc000_0035 | 0xc000_003a => {
                Answer::Expected
            }
            // What another has open or locked; what lies on another server, for which the client asks then; a session to be begun again.
            0xc000_0043 | 0xc000_0054..=0xc000_0056 | 0xc000_0257 | 0xc000_035c => Answer::Expected,
            // Controls that a server does not know.
            0xc000_0010 | 0xc000_00bb => Answer::Expected,
            0xc000_00ba | 0xc000_0120 | 0xc000_0128 | 0xc000_019c | 0xc000_0225 => Answer::Expected,
            0xc000_0064 | 0xc000_006a | 0xc000_006d | 0xc000_0071 | 0xc000_0072 | 0xc000_0193 | 0xc000_0234 => Answer::Denied,
            code if code >> 30 < 3 => Answer::Normal,
            _ => Answer::Error,
        }
    }

    fn code_text(code: u32) -> Cow<'static, str> {
        status(code)
    }

    fn transaction(transaction: &Transaction, tally: &mut Tally) {
        requests::count(transaction, tally, COUNTERS);
    }
}

impl Framing for Smb2 {
    const READ: usize = SESSION + HEADER + BODY;

    /// A session's message: type, length of 24 bits, and what it carries.
    fn message(bytes: &[u8]) -> Framed {
        let (Some(&kind), Some(length)) = (bytes.first(), be24(bytes, 1)) else { return Framed::More };
        let size = Framed::Bytes(SESSION + length as usize);
        match (kind, bytes.get(4..8)) {
            (0, Some([0xfc..=0xff, b'S', b'M', b'B'])) | (0x81..=0x84, _) => size,
            (0x85, _) if length == 0 => size,
            (0, None) if length >= 4 => Framed::More,
            _ => Framed::Nothing,
        }
    }

    /// A command of those that are sent together: where the next one begins its header says ([MS-SMB2] section 2.2.1).
    fn part(bytes: &[u8], is_first: bool, left: usize) -> Framed {
        let before = if is_first { SESSION } else { 0 };
        match (bytes.get(before..before + 4), le32(bytes, before + 20)) {
            (Some(magic), _) if magic != b"\xfeSMB" => Framed::Bytes(left),
            (_, Some(next)) if next as usize >= HEADER => Framed::Bytes(before + next as usize),
            (Some(_), Some(_)) => Framed::Bytes(left),
            _ => Framed::More,
        }
    }
}

/// Reads a command.
fn read(part: MessagePart<'_>, payload: &Payload<'_>, shares: &mut Shares, out: &mut DissectOutput<'_>) {
    let bytes = part.bytes.get(if part.is_first { SESSION } else { 0 }..).unwrap_or_default();
    if bytes.starts_with(b"\xfdSMB") {
        out.tally().add(ENCRYPTED);
    }
    let Some((header, body)) = bytes.split_at_checked(HEADER).filter(|(header, _)| header.starts_with(b"\xfeSMB\x40\0")) else { return };
    let (Some(code), Some(command), Some(flags), Some(id)) = (le32(header, 8), le16(header, 12), le32(header, 16), le32(header, 24)) else {
        return;
    };
    let is_answer = flags & ANSWER != 0;
    if !is_answer {
        out.tally().add_code(COMMANDS, command.into());
    } else if code != PENDING {
        out.tally().add_code(STATUS, code);
    }
    if matches!(command, CANCEL | LOCK | CHANGE_NOTIFY | OPLOCK_BREAK) {
        return;
    }
    let tree = le32(header, 36).unwrap_or(0);
    match (is_answer, code) {
        (false, _) => {
            shares.ask(command, id, if flags & RELATED == 0 { Some(tree) } else { None }, body);
            out.request(payload, id);
        }
        // What comes out of a pipe is another's to say, and when: the server has answered. Of a share that is not known nothing is.
        (true, PENDING) => match shares.is_of_pipe(id) {
            Some(true) => out.interim(payload, id, code),
            Some(false) => out.lost(payload, id),
            None => {}
        },
        (true, _) => {
            if let (TREE_CONNECT, 0, Some(kind)) = (command, code, body.get(2)) {
                remember(&mut shares.trees, (tree, *kind == PIPES), TREES);
            }
            out.reply(payload, id, code);
        }
    }
}

impl Shares {
    /// A request to a tree, or to that of the command before.
    fn ask(&mut self, command: u16, id: u32, tree: Option<u32>, body: &[u8]) {
        self.tree = tree.unwrap_or(self.tree);
        let is_pipe = match command {
            IOCTL => Some(le32(body, 4).is_some_and(|control| PIPE_CONTROLS.contains(&control))),
            // Nothing lies at a place of a pipe.
            READ_FILE if body.get(8..16).is_some_and(|offset| offset != [0; 8]) => Some(false),
            READ_FILE => self.trees.iter().rev().find(|(known, _)| *known == self.tree).map(|(_, is_pipe)| *is_pipe),
            _ => Some(false),
        };
        if is_pipe != Some(false) {
            remember(&mut self.asked, (id, is_pipe == Some(true)), PIPE_REQUESTS);
        }
    }

    /// Of a request that may be to a pipe, whether it is.
    fn is_of_pipe(&self, id: u32) -> Option<bool> {
        self.asked.iter().rev().find(|(asked, _)| *asked == id).map(|(_, is_pipe)| *is_pipe)
    }
}

/// Appends one, in the place of the first where there is no room.
fn remember(list: &mut VecDeque<(u32, bool)>, one: (u32, bool), room: usize) {
    if list.len() >= room {
        list.pop_front();
    }
    list.push_back(one);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::talk::Talk;
    use crate::model::AppMessage;

    /// A message of these commands: flags, command, identifier, status.
    fn message(commands: &[(u32, u16, u32, u32)]) -> Vec<u8> {
        let mut body = Vec::new();
        for (n, (flags, command, id, status)) in commands.iter().enumerate() {
            let next = if n + 1 < commands.len() { 72u32 } else { 0 };
            let head = [&b"\xfeSMB\x40\0\x01\0"[..], &status.to_le_bytes(), &command.to_le_bytes(), &[1, 0], &flags.to_le_bytes()].concat();
            body.extend([&head[..], &next.to_le_bytes(), &id.to_le_bytes(), &[0; 44]].concat());
        }
        [&(body.len() as u32).to_be_bytes()[..], &body].concat()
    }

    #[test]
    fn commands_and_their_answers() {
        let talk = Talk::tcp(445)
            .client(message(&[(0, 5, 7, 0), (0, 16, 8, 0), (0, 6, 9, 0)]))
            .server(message(&[(1, 5, 7, 0x103)]))
            .server(message(&[(1, 5, 7, 0xc000_0034), (1, 16, 8, 0xc000_0128), (1, 6, 9, 0)]))
            .client(message(&[(0, CHANGE_NOTIFY, 10, 0)]))
            .client(message(&[(0, 1, 11, 0)]))
            .server(message(&[(1, 1, 11, 0xc000_006d)]));
        assert_eq!(talk.app(), Some("smb2"));
        assert_eq!(
            talk.pairs(),
            [(7, Some((2, 0xc000_0034))), (8, Some((2, 0xc000_0128))), (9, Some((2, 0))), (11, Some((1, 0xc000_006d)))]
        );
        assert_eq!(talk.told("commands"), "SESSION_SETUP 1, CREATE 1, CLOSE 1, CHANGE_NOTIFY 1, QUERY_INFO 1");
        assert_eq!([0xc000_0034, 0xc000_0257, 0xc000_0055].map(Smb2::outcome), [Answer::Expected; 3]);
        assert_eq!(
            (Smb2::outcome(0xc000_006d), Smb2::outcome(0xc000_00cc), Smb2::outcome(0)),
            (Answer::Denied, Answer::Error, Answer::Normal)
        );
    }

    #[test]
    fn cut_anywhere_and_with_bytes_missing() {
        let (ask, answer) = (message(&[(0, 8, 3, 0)]), message(&[(1, 8, 3, 0)]));
        let long = [&(60_000u32.to_be_bytes())[..], &answer[4..], &[0; 5_000]].concat();
        for cut in 9..ask.len() {
            let talk = Talk::tcp(445).client(&ask[..cut]).client(&ask[cut..]).server(&long).server_gap(54_932).server(&answer);
            assert_eq!((talk.pairs(), talk.told("status")), (vec![(3, Some((1, 0)))], "STATUS_SUCCESS 2".to_owned()), "cut at {cut}");
        }
        let mut talk = Talk::tcp(445).client(&ask[..20]).client_gap(9).client(b"rest").client(&ask).client(message(&[]));
        assert_eq!(talk.pairs().len(), 1);
        talk.end();
    }

    #[test]
    fn a_client_that_knows_both() {
        let old = [&[0, 0, 0, 46][..], b"\xffSMB\x72", &[0; 27], b"\0\x0c\0\x02SMB 2.002\0"].concat();
        let talk = Talk::tcp(445).client(old).server(message(&[(1, 0, 0, 0)]));
        assert_eq!((talk.app(), talk.told("status")), (Some("smb2"), "STATUS_SUCCESS 1".to_owned()));
    }

    /// One command with a body of so many bytes behind its header, and where the next one begins.
    fn command(flags: u32, command: u16, [id, tree]: [u32; 2], status: u32, body: &[u8], next: bool) -> Vec<u8> {
        let next = if next { (HEADER + body.len()) as u32 } else { 0 };
        let head = [&b"\xfeSMB\x40\0\x01\0"[..], &status.to_le_bytes(), &command.to_le_bytes(), &[1, 0], &flags.to_le_bytes()].concat();
        [&head[..], &next.to_le_bytes(), &id.to_le_bytes(), &[0; 8], &tree.to_le_bytes(), &[0; 24], body].concat()
    }

    fn session(commands: &[Vec<u8>]) -> Vec<u8> {
        let body = commands.concat();
        [&(body.len() as u32).to_be_bytes()[..], &body].concat()
    }

    /// Answers that are sent together, the first of them long: all are found, wherever they are cut, and in any number.
    #[test]
    fn long_answers_together() {
        let asks: Vec<Vec<u8>> = (0..20).map(|id| command(0, 14, [id, 1], 0, &[0; 40], id < 19)).collect();
        let answers: Vec<Vec<u8>> =
            (0..20).map(|id| command(1, 14, [id, 1], if id == 19 { 0x8000_0006 } else { 0 }, &[0; 2_000], id < 19)).collect();
        let (asks, answers) = (session(&asks), session(&answers));
        for cut in [100, 2_068, 2_100, 2_131, 2_132, 30_000, answers.len() - 2_001] {
            let talk = Talk::tcp(445).client(&asks).server(&answers[..cut]).server(&answers[cut..]);
            let codes = talk.codes();
            assert_eq!((codes.len(), codes.last()), (20, Some(&0x8000_0006)), "cut at {cut}");
        }
        // What is missing within the first takes the others with it, and no more.
        let mut talk = Talk::tcp(445).client(&asks).server(&answers[..500]).server_gap(5_000).server(&answers[5_500..]);
        talk = talk.client(session(&[command(0, 8, [90, 1], 0, &[], false)])).server(session(&[command(1, 8, [90, 1], 0, &[], false)]));
        assert_eq!(talk.codes(), [0, 0]);
        talk.end();
    }

    /// A header that says that the next one is nowhere, or behind the message.
    #[test]
    fn a_next_command_that_is_none() {
        for next in [1u32, 63, 1_000, u32::MAX] {
            let mut one = command(0, 8, [1, 1], 0, &[0; 40], false);
            one[20..24].copy_from_slice(&next.to_le_bytes());
            let talk = Talk::tcp(445).client(session(&[one])).client(session(&[command(0, 8, [2, 1], 0, &[], false)]));
            assert_eq!(talk.told("commands"), "READ 2", "next at {next}");
        }
    }

    /// A pipe's reader waits for what another writes: the server has answered when it says so. A file's does not.
    #[test]
    fn pipes_wait() {
        let tree = |id: u32, kind: u8| {
            [
                session(&[command(0, TREE_CONNECT, [id, 0], 0, &[0; 8], false)]),
                session(&[command(1, TREE_CONNECT, [id, id], 0, &[16, 0, kind, 0], false)]),
            ]
        };
        let [ask_pipe, pipe] = tree(1, PIPES);
        let [ask_disk, disk] = tree(2, 1);
        let mut talk = Talk::tcp(445).client(ask_pipe).server(pipe).client(ask_disk).server(disk);
        for tree in [1, 2] {
            talk = talk.client(session(&[command(0, READ_FILE, [10 + tree, tree], 0, &[0; 48], false)])).server(session(&[command(
                3,
                READ_FILE,
                [10 + tree, 0],
                PENDING,
                &[9, 0, 0, 0],
                false,
            )]));
        }
        // Only of the pipe it is told that the server has answered.
        assert_eq!(talk.codes(), [0, 0, PENDING]);
        assert_eq!(talk.pairs(), [(1, Some((1, 0))), (2, Some((1, 0))), (11, Some((1, PENDING))), (12, None)]);
        // Joined in the middle: a place tells a file, a control code a pipe, and else nobody can say.
        let at = |offset: u8| [&[0; 8][..], &[offset, 0, 0, 0, 0, 0, 0, 0]].concat();
        let control = |code: u32| [&[0; 4][..], &code.to_le_bytes(), &[0; 8]].concat();
        for (command_of, body, told) in [
            (READ_FILE, at(0), Some(AppMessage::LOST)),
            (READ_FILE, at(1), None),
            (IOCTL, control(PIPE_CONTROLS[1]), Some(PENDING)),
            (IOCTL, control(0x0014_01d4), None),
            (14, at(0), None),
        ] {
            let talk = Talk::tcp(445).client(session(&[command(0, command_of, [7, 7], 0, &body, false)])).server(session(&[command(
                3,
                command_of,
                [7, 0],
                PENDING,
                &[9, 0, 0, 0],
                false,
            )]));
            assert_eq!(talk.pairs(), [(7, told.map(|code| (1, code)))], "{command_of} {body:?}");
        }
        assert_eq!([0xc000_0257, 0xc000_0043, 0xc000_00cc].map(Smb2::outcome), {
            use Answer::{Error, Expected};
            [Expected, Expected, Error]
        });
    }
}
