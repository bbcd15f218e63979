//! SMB 2 and 3 over TCP ([MS-SMB2] section 2.2.1): commands and the status of their answers, joined by their message identifier.
//!
//! Encrypted messages are counted only. What waits by design is no request here: notifications of change, locks, what is cancelled.

use super::bytes::{be24, contains, le16, le32};
use super::frames::{Framed, Frames};
use super::requests::{self, with_outcomes};
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Answer, Counter, Direction, Measure, Tally, Transaction};
use std::borrow::Cow;

const COMMANDS: usize = 0;
const STATUS: usize = 1;
const ENCRYPTED: usize = 2;

const COUNTERS: &[Counter] = with_outcomes! {
    "commands" "Commands" Measure::Codes(command);
    "status" "Status of answers" Measure::Codes(status);
    "encrypted" "Encrypted messages" Measure::Count;
};

/// Bytes of a message that are read: some commands sent together.
const READ: usize = 1024;
/// Bytes of a header, and of the session's header before it.
const HEADER: usize = 64;
const SESSION: usize = 4;
/// Commands sent together that are read.
const TOGETHER: usize = 8;

const CANCEL: u16 = 12;
const LOCK: u16 = 10;
const CHANGE_NOTIFY: u16 = 15;
const OPLOCK_BREAK: u16 = 18;
/// An answer that another one follows.
const PENDING: u32 = 0x103;

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
pub struct Smb2Messages([Frames; 2]);

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
        let Some(frames) = state.0.get_mut(payload.way as usize) else { return Progress::Skip };
        frames.read(payload.bytes, out, READ, framed, |bytes, out| messages(bytes.get(SESSION..).unwrap_or_default(), payload, out));
        Progress::Continue
    }

    fn gap(state: &mut Smb2Messages, way: Direction, bytes: u32, _: &mut DissectOutput<'_>) -> Progress {
        state.0.get_mut(way as usize).map(|frames| frames.gap(bytes));
        Progress::Continue
    }

    fn held(state: &Smb2Messages) -> usize {
        state.0.iter().map(Frames::held).sum()
    }

    fn outcome(code: u32) -> Answer {
        match code {
            0 | PENDING => Answer::Normal,
            // All of these are in traces of healthy networks: ends of lists, names that are looked for, first steps of a login.
            0x10c | 0x8000_0005 | 0x8000_0006 | 0xc000_000f | 0xc000_0011 | 0xc000_0016 | 0xc000_0034 | 0xc000_0035 | 0xc000_003a => {
                Answer::Expected
            }
            0xc000_00ba | 0xc000_0120 | 0xc000_0128 | 0xc000_019c | 0xc000_0225 => Answer::Expected,
            // What others have open or locked; controls that a server does not know; a path that lies elsewhere (DFS), and a login to be renewed.
            0xc000_0043 | 0xc000_0054..=0xc000_0056 | 0xc000_0010 | 0xc000_00bb | 0xc000_0257 | 0xc000_035c => Answer::Expected,
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

/// A session's message: type, length of 24 bits, and what it carries.
fn framed(bytes: &[u8]) -> Framed {
    let (Some(&kind), Some(length)) = (bytes.first(), be24(bytes, 1)) else { return Framed::More };
    let size = Framed::Bytes(SESSION + length as usize);
    match (kind, bytes.get(4..8)) {
        (0, Some([0xfc..=0xff, b'S', b'M', b'B'])) | (0x81..=0x84, _) => size,
        (0x85, _) if length == 0 => size,
        (0, None) if length >= 4 => Framed::More,
        _ => Framed::Nothing,
    }
}

/// Reads the commands of a message.
fn messages(mut bytes: &[u8], payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
    if bytes.starts_with(b"\xfdSMB") {
        out.tally().add(ENCRYPTED);
    }
    for _ in 0..TOGETHER {
        let Some(header) = bytes.get(..HEADER).filter(|header| header.starts_with(b"\xfeSMB\x40\0")) else { return };
        one(header, payload, out);
        match le32(header, 20) {
            Some(next) if next as usize >= HEADER => bytes = bytes.get(next as usize..).unwrap_or_default(),
            _ => return,
        }
    }
}

fn one(header: &[u8], payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
    let (Some(code), Some(command), Some(flags), Some(id)) = (le32(header, 8), le16(header, 12), le32(header, 16), le32(header, 24)) else {
        return;
    };
    let is_answer = flags & 1 != 0;
    if !is_answer {
        out.tally().add_code(COMMANDS, command.into());
    } else if code != PENDING {
        out.tally().add_code(STATUS, code);
    }
    if matches!(command, CANCEL | LOCK | CHANGE_NOTIFY | OPLOCK_BREAK) {
        return;
    }
    match (is_answer, code) {
        (false, _) => out.request(payload, id),
        (true, PENDING) => {}
        (true, code) => out.reply(payload, id, code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::talk::Talk;

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
}
