//! LDAP over TCP and UDP (RFC 4511): operations and the codes of their results, joined by their message identifier.
//!
//! A search that is to go on for ever (persistent search, synchronisation, notifications) is no request here. What a login seals is not read.

use super::ber::{element, elements};
use super::bytes::{contains, name_hash};
use super::frames::{Framed, Frames, Framing};
use super::requests::{self, with_outcomes};
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Answer, Counter, Direction, Measure, Tally, Transaction};
use std::borrow::Cow;

const OPERATIONS: usize = 0;
const RESULTS: usize = 1;

const COUNTERS: &[Counter] = with_outcomes! {
    "operations" "Operations" Measure::Codes(operation);
    "results" "Results" Measure::Codes(result);
};

/// Most bytes of a message that is believed.
const MESSAGE: usize = 64 << 20;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const ENUMERATED: u8 = 0x0a;
const BIND: u8 = 0x60;
const UNBIND: u8 = 0x42;
const ABANDON: u8 = 0x50;

/// Controls of searches that go on: persistent search, synchronisation (RFC 4533), notification of Active Directory.
const LASTING: [&[u8]; 3] = [b"2.16.840.1.113730.3.4.3", b"1.3.6.1.4.1.4203.1.9.1.1", b"1.2.840.113556.1.4.528"];

fn operation(tag: u32) -> Cow<'static, str> {
    let name = match tag {
        0x60 => "bind",
        0x42 => "unbind",
        0x63 => "search",
        0x66 => "modify",
        0x68 => "add",
        0x4a => "delete",
        0x6c => "rename",
        0x6e => "compare",
        0x50 => "abandon",
        0x77 => "extended",
        other => return other.to_string().into(),
    };
    name.into()
}

/// RFC 4511 appendix A.
fn result(code: u32) -> Cow<'static, str> {
    let name = match code {
        0 => "success",
        1 => "operationsError",
        2 => "protocolError",
        3 => "timeLimitExceeded",
        4 => "sizeLimitExceeded",
        5 => "compareFalse",
        6 => "compareTrue",
        7 => "authMethodNotSupported",
        8 => "strongerAuthRequired",
        10 => "referral",
        11 => "adminLimitExceeded",
        14 => "saslBindInProgress",
        16 => "noSuchAttribute",
        20 => "attributeOrValueExists",
        32 => "noSuchObject",
        34 => "invalidDNSyntax",
        48 => "inappropriateAuthentication",
        49 => "invalidCredentials",
        50 => "insufficientAccessRights",
        51 => "busy",
        52 => "unavailable",
        53 => "unwillingToPerform",
        65 => "objectClassViolation",
        68 => "entryAlreadyExists",
        80 => "other",
        other => return other.to_string().into(),
    };
    name.into()
}

/// LDAP.
pub struct Ldap;

/// Both directions of a connection.
#[derive(Debug, Default)]
pub struct LdapMessages([Side; 2]);

/// Where one direction is.
#[derive(Debug, Default)]
struct Side {
    frames: Frames,
    /// A request whose controls are still to come: its identifier, and a hash of the name that it binds as.
    request: Option<(u32, u32)>,
}

impl Dissector for Ldap {
    type State = LdapMessages;

    const ABOUT: About =
        About { token: "ldap", title: "Lightweight Directory Access", udp: Some(&[389]), tcp: Some(&[389, 3268]), counters: COUNTERS };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        match read(payload.bytes) {
            Some(message) if is_request(message.tag) || result_of(message.tag) || is_part(message.tag) => Probe::Certain,
            _ => Probe::No,
        }
    }

    fn datagram(payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        if let Some((id, user)) = read(payload.bytes).and_then(|message| told(&message, payload, out)) {
            let controls = operation_end(payload.bytes).and_then(|end| payload.bytes.get(end..)).unwrap_or_default();
            if !lasts(controls) {
                out.request_by(payload, id, user);
            }
        }
        Progress::Continue
    }

    fn stream(state: &mut LdapMessages, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        // Once both agree on it (RFC 4511 section 4.14).
        if matches!(payload.bytes, [0x16, 3, 0..=4, ..]) {
            return Progress::BecameWith;
        }
        let Some(Side { frames, request }) = state.0.get_mut(payload.way as usize) else { return Progress::Skip };
        frames.read::<Self>(payload.bytes, out, |part, out| {
            if part.is_first {
                *request = read(part.bytes).and_then(|message| told(&message, payload, out));
            } else if lasts(part.bytes) {
                *request = None;
            }
            if let Some((id, user)) = request.take_if(|_| part.is_last) {
                out.request_by(payload, id, user);
            }
        });
        Progress::Continue
    }

    fn gap(state: &mut LdapMessages, way: Direction, bytes: u32, _: &mut DissectOutput<'_>) -> Progress {
        state.0.get_mut(way as usize).map(|side| side.frames.gap(bytes));
        Progress::Continue
    }

    fn held(state: &LdapMessages) -> usize {
        state.0.iter().map(|side| side.frames.held()).sum()
    }

    fn outcome(code: u32) -> Answer {
        match code {
            0 | 5 | 6 => Answer::Normal,
            4 | 10 | 14 | 16 | 20 | 32 | 68 => Answer::Expected,
            49 => Answer::Denied,
            _ => Answer::Error,
        }
    }

    fn code_text(code: u32) -> Cow<'static, str> {
        result(code)
    }

    fn transaction(transaction: &Transaction, tally: &mut Tally) {
        requests::count(transaction, tally, COUNTERS);
    }
}

/// A message's identifier, operation and what is there of that.
struct Message<'a> {
    id: u32,
    tag: u8,
    inner: &'a [u8],
}

fn read(bytes: &[u8]) -> Option<Message<'_>> {
    let whole = element(bytes).filter(|e| e.tag == SEQUENCE && (5..MESSAGE).contains(&e.length))?;
    let mut parts = elements(whole.inner);
    let id = parts.next().filter(|e| e.tag == INTEGER)?.number()?;
    let operation = parts.next()?;
    Some(Message { id: u32::try_from(id).ok()?, tag: operation.tag, inner: operation.inner })
}

impl Framing for Ldap {
    const READ: usize = 512;

    fn message(bytes: &[u8]) -> Framed {
        match (bytes.first(), element(bytes)) {
            (Some(&SEQUENCE), Some(whole)) if whole.length < MESSAGE => Framed::Bytes(whole.size()),
            (Some(&SEQUENCE), None) if bytes.len() < 6 => Framed::More,
            _ => Framed::Nothing,
        }
    }

    /// Up to the end of the operation, and the controls behind it.
    fn part(bytes: &[u8], is_first: bool, left: usize) -> Framed {
        match operation_end(bytes).filter(|_| is_first) {
            Some(end) => Framed::Bytes(end),
            None if is_first => Framed::More,
            None => Framed::Bytes(left),
        }
    }
}

/// Where the operation of a message ends (RFC 4511 section 4.1.1).
fn operation_end(bytes: &[u8]) -> Option<usize> {
    let whole = element(bytes).filter(|e| e.tag == SEQUENCE)?;
    let id = element(whole.inner).filter(|e| e.inner.len() == e.length)?;
    let operation = element(whole.inner.get(id.size()..)?)?;
    Some(whole.head.saturating_add(id.size()).saturating_add(operation.size()))
}

/// Whether a request with these controls is to go on for ever.
fn lasts(controls: &[u8]) -> bool {
    LASTING.iter().any(|control| contains(controls, control))
}

fn is_request(tag: u8) -> bool {
    matches!(tag, BIND | UNBIND | 0x63 | 0x66 | 0x68 | 0x4a | 0x6c | 0x6e | ABANDON | 0x77)
}

/// The last message of an answer, which holds its code.
fn result_of(tag: u8) -> bool {
    matches!(tag, 0x61 | 0x65 | 0x67 | 0x69 | 0x6b | 0x6d | 0x6f | 0x78)
}

/// What comes before it.
fn is_part(tag: u8) -> bool {
    matches!(tag, 0x64 | 0x73 | 0x79)
}

/// Tells of an answer, counts a request: its identifier, and a hash of the name that it binds as.
fn told(message: &Message<'_>, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Option<(u32, u32)> {
    let Message { id, tag, inner } = *message;
    if is_request(tag) {
        out.tally().add_code(OPERATIONS, tag.into());
        // The name stands behind the version.
        let name = elements(inner).nth(1).filter(|e| tag == BIND && e.length > 0);
        return (!matches!(tag, UNBIND | ABANDON)).then(|| (id, name.map_or(0, |e| name_hash(e.inner))));
    }
    if result_of(tag)
        && let Some(code) = elements(inner).next().filter(|e| e.tag == ENUMERATED).and_then(|e| e.number())
        && let Ok(code) = u32::try_from(code)
    {
        out.tally().add_code(RESULTS, code);
        out.reply(payload, id, code);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::talk::Talk;

    const BIND: &[u8] = b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0";
    const REFUSED: &[u8] = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x31\x04\0\x04\0";
    const SEARCH: &[u8] = b"\x30\x25\x02\x01\x02\x63\x20\x04\0\x0a\x01\x02\x0a\x01\0\x02\x01\0\x02\x01\0\x01\x01\0\x87\x0bobjectclass0\0";
    const ENTRY: &[u8] = b"\x30\x84\0\0\0\x0b\x02\x01\x02\x64\x84\0\0\0\x02\x04\0";
    const DONE: &[u8] = b"\x30\x84\0\0\0\x10\x02\x01\x02\x65\x84\0\0\0\x07\x0a\x01\x20\x04\0\x04\0";

    #[test]
    fn operations_and_their_results() {
        let talk = Talk::tcp(9).client([BIND, SEARCH].concat()).server(REFUSED).server(ENTRY).server(DONE);
        assert_eq!((talk.app(), talk.pairs()), (Some("ldap"), vec![(1, Some((1, 49))), (2, Some((3, 32)))]));
        assert_eq!(
            (talk.told("operations"), talk.told("results")),
            ("bind 1, search 1".into(), "noSuchObject 1, invalidCredentials 1".into())
        );
        assert_eq!((Ldap::outcome(49), Ldap::outcome(32), Ldap::outcome(52)), (Answer::Denied, Answer::Expected, Answer::Error));
        let talk = Talk::udp(389).client(SEARCH).server(DONE);
        assert_eq!((talk.app(), talk.pairs()), (Some("ldap"), vec![(2, Some((1, 32)))]));
    }

    #[test]
    fn cut_anywhere_and_sealed() {
        for cut in 9..SEARCH.len() {
            let talk = Talk::tcp(389).client(BIND).client(&SEARCH[..cut]).client(&SEARCH[cut..]);
            assert_eq!(talk.told("operations"), "bind 1, search 1", "cut at {cut}");
        }
        let mut talk =
            Talk::tcp(389).client(BIND).server(REFUSED).client(b"\0\0\0\x40sealed").client_gap(4).client(SEARCH).client([0x30, 0x84, 0xff]);
        assert_eq!(talk.told("operations"), "bind 1, search 1");
        talk.end();
    }

    fn tlv(tag: u8, inner: &[u8]) -> Vec<u8> {
        [&[tag, 0x82][..], &(inner.len() as u16).to_be_bytes(), inner].concat()
    }

    /// A search for attributes of so many bytes, with controls behind it.
    fn search(id: u8, attributes: usize, controls: &[u8]) -> Vec<u8> {
        tlv(SEQUENCE, &[&[2, 1, id][..], &tlv(0x63, &vec![b'a'; attributes]), &tlv(0xa0, controls)].concat())
    }

    /// A search that is to go on for ever is no request, however much it asks for before it says so; others are, with any controls.
    #[test]
    fn searches_that_last() {
        let paged = b"0\x1b\x04\x161.2.840.113556.1.4.319\x04\x01x";
        for attributes in [10, 480, 490, 500, 2_000] {
            for lasting in LASTING {
                let (lasts, ends) = (search(1, attributes, &tlv(SEQUENCE, &tlv(4, lasting))), search(2, attributes, paged));
                let both = [&lasts[..], &ends].concat();
                assert_eq!(Talk::tcp(389).client(&both).pairs(), [(2, None)], "{attributes} bytes");
                for cut in [9, 300, lasts.len() - 20, lasts.len() - 5, lasts.len() + 9, both.len() - 3]
                    .into_iter()
                    .filter(|cut| (9..both.len()).contains(cut))
                {
                    let talk = Talk::tcp(389).client(BIND).client(&both[..cut]).client(&both[cut..]).server(DONE);
                    assert_eq!(talk.pairs().last(), Some(&(2, Some((1, 32)))), "{attributes} bytes, cut at {cut}");
                    assert_eq!((talk.pairs().len(), talk.told("operations")), (2, "bind 1, search 2".to_owned()));
                }
                assert_eq!(Talk::udp(389).client(lasts).client(ends).pairs(), [(2, None)]);
            }
        }
    }
}
