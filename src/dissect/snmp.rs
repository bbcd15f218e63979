//! SNMP 1, 2c and 3 (RFC 1157, 3416, 3412): requests and responses, joined by their request identifier; in encrypted messages by their message
//! identifier.

use super::ber::{element, elements};
use super::requests::{self, with_outcomes};
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Answer, Counter, Manners, Measure, Tally, Transaction};
use std::borrow::Cow;

const MESSAGES: usize = 0;
const ERRORS: usize = 1;

const COUNTERS: &[Counter] = with_outcomes! {
    "messages" "Messages" Measure::Codes(pdu);
    "errors" "Error status" Measure::Codes(error);
};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const RESPONSE: u8 = 0xa2;
const REPORT: u8 = 0xa8;
/// A message whose contents are encrypted.
const ENCRYPTED: u8 = 0;
/// The code of a report: how a client learns what it needs to ask rightly (RFC 3414 section 4).
const REPORTED: u32 = 256;

fn pdu(tag: u32) -> Cow<'static, str> {
    let name = match tag {
        0 => "encrypted",
        0xa0 => "get-request",
        0xa1 => "get-next-request",
        0xa2 => "response",
        0xa3 => "set-request",
        0xa4 => "trap",
        0xa5 => "get-bulk-request",
        0xa6 => "inform-request",
        0xa7 => "snmpV2-trap",
        0xa8 => "report",
        other => return other.to_string().into(),
    };
    name.into()
}

/// The name of an error status.
pub(super) fn error(code: u32) -> Cow<'static, str> {
    const NAMES: [&str; 19] = [
        "noError",
        "tooBig",
        "noSuchName",
        "badValue",
        "readOnly",
        "genErr",
        "noAccess",
        "wrongType",
        "wrongLength",
        "wrongEncoding",
        "wrongValue",
        "noCreation",
        "inconsistentValue",
        "resourceUnavailable",
        "commitFailed",
        "undoFailed",
        "authorizationError",
        "notWritable",
        "inconsistentName",
    ];
    match code {
        REPORTED => "report".into(),
        code => NAMES.get(code as usize).map_or_else(|| code.to_string().into(), |name| Cow::Borrowed(*name)),
    }
}

/// SNMP over UDP.
pub struct Snmp;

impl Dissector for Snmp {
    type State = ();

    const ABOUT: About = About { token: "snmp", title: "Simple Network Management", udp: Some(&[161, 162]), tcp: None, counters: COUNTERS };

    const MANNERS: Manners = Manners { owes: true, ..Manners::USUAL };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        let fits = element(payload.bytes).is_some_and(|e| e.size() <= payload.length as usize);
        if fits && read(payload.bytes).is_some() { Probe::Certain } else { Probe::No }
    }

    fn datagram(payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        let Some(Message { pdu, id, error }) = read(payload.bytes) else { return Progress::Continue };
        out.tally().add_code(MESSAGES, pdu.into());
        match pdu {
            RESPONSE => {
                out.tally().add_code(ERRORS, error);
                out.reply(payload, id, error);
            }
            REPORT => out.reply(payload, id, REPORTED),
            // Which way it goes is told by its port alone.
            ENCRYPTED if payload.ports()[1] == 161 => out.request(payload, id),
            ENCRYPTED if payload.ports()[0] == 161 => out.reply(payload, id, 0),
            0xa0 | 0xa1 | 0xa3 | 0xa5 | 0xa6 => out.request(payload, id),
            _ => {}
        }
        Progress::Continue
    }

    fn outcome(code: u32) -> Answer {
        match code {
            0 => Answer::Normal,
            2 | REPORTED => Answer::Expected,
            16 => Answer::Denied,
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

/// What a message says, as far as it is of interest.
struct Message {
    pdu: u8,
    id: u32,
    error: u32,
}

fn read(bytes: &[u8]) -> Option<Message> {
    let whole = element(bytes).filter(|e| e.tag == SEQUENCE)?;
    let mut parts = elements(whole.inner);
    let version = parts.next().filter(|e| e.tag == INTEGER)?.number()?;
    match version {
        0 | 1 => {
            parts.next().filter(|e| e.tag == OCTETS)?;
            let pdu = parts.next().filter(|e| (0xa0..=REPORT).contains(&e.tag))?;
            let (id, error) = numbers(pdu.inner)?;
            Some(Message { pdu: pdu.tag, id, error })
        }
        3 => {
            let head = parts.next().filter(|e| e.tag == SEQUENCE)?;
            let message = elements(head.inner).next().filter(|e| e.tag == INTEGER)?.number()? as u32;
            parts.next().filter(|e| e.tag == OCTETS)?;
            let scoped = parts.next()?;
            if scoped.tag == OCTETS {
                return Some(Message { pdu: ENCRYPTED, id: message, error: 0 });
            }
            let pdu = elements(scoped.inner).nth(2).filter(|e| (0xa0..=REPORT).contains(&e.tag))?;
            // A report has the request's message identifier, and not always its other one.
            let (_, error) = numbers(pdu.inner)?;
            Some(Message { pdu: pdu.tag, id: message, error })
        }
        _ => None,
    }
}

/// Request identifier and error status; a trap of version 1 has neither.
fn numbers(pdu: &[u8]) -> Option<(u32, u32)> {
    let mut parts = elements(pdu);
    let first = parts.next()?;
    if first.tag != INTEGER {
        return Some((0, 0));
    }
    let error = parts.next().and_then(|e| e.number()).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    Some((first.number()? as u32, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::talk::Talk;

    fn message(pdu: u8, id: u8, error: u8) -> Vec<u8> {
        [&b"\x30\x18\x02\x01\x01\x04\x06public"[..], &[pdu, 0x0b, 2, 1, id, 2, 1, error, 2, 1, 0, 0x30, 0]].concat()
    }

    #[test]
    fn requests_and_responses() {
        let talk = Talk::udp(9)
            .client(message(0xa0, 1, 0))
            .server(message(0xa2, 1, 0))
            .client(message(0xa3, 2, 0))
            .server(message(0xa2, 2, 6))
            .client(message(0xa7, 3, 0));
        assert_eq!((talk.app(), talk.pairs()), (Some("snmp"), vec![(1, Some((1, 0))), (2, Some((1, 6)))]));
        assert_eq!(
            (talk.told("messages"), talk.told("errors")),
            ("get-request 1, response 2, set-request 1, snmpV2-trap 1".into(), "noError 1, noAccess 1".into())
        );
        assert_eq!((Snmp::outcome(2), Snmp::outcome(6)), (Answer::Expected, Answer::Error));
    }

    #[test]
    fn encrypted_messages_by_their_port() {
        let of =
            |id: u8| [&b"\x30\x16\x02\x01\x03\x30\x0c\x02\x01"[..], &[id], b"\x02\x01\x7f\x04\x01\x03\x02\x01\x03\x04\0\x04\x01x"].concat();
        let talk = Talk::udp(161).client(of(5)).server(of(5));
        assert_eq!((talk.app(), talk.pairs(), talk.told("messages")), (Some("snmp"), vec![(5, Some((1, 0)))], "encrypted 2".to_owned()));
    }

    #[test]
    fn what_is_cut_or_hostile() {
        let whole = message(0xa0, 1, 0);
        for cut in 0..whole.len() - 5 {
            let _ = Talk::udp(161).client(&whole[..cut]).app();
        }
        for bytes in
            [&b"\x30\x84\xff\xff\xff\xff\x02\x01\x01"[..], b"\x30\x80\x02\x01\x01", b"\x30\x05\x02\x01\x07\x04\0", b"\x30\x03\x02\x09\x01"]
        {
            assert_eq!(Talk::udp(161).client(bytes).app(), None, "{bytes:02x?}");
        }
    }
}
