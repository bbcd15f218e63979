//! Kerberos 5 over UDP and TCP (RFC 4120): requests for tickets, and the errors they are answered with.

use super::ber::{Element, element, elements, find};
use super::bytes::{be32, name_hash};
use super::framed_turns::FramedTurns;
use super::frames::{Framed, Framing};
use super::requests::{self, with_outcomes};
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Answer, Counter, Direction, Manners, Measure, Tally, Transaction};
use std::borrow::Cow;

const MESSAGES: usize = 0;
const ERRORS: usize = 1;

const COUNTERS: &[Counter] = with_outcomes! {
    "messages" "Messages" Measure::Codes(message_type);
    "errors" "Errors" Measure::Codes(error);
};

/// An error whose code the capture does not have.
const UNSEEN: u32 = u32::MAX;

/// Most bytes of a message that is believed.
const MESSAGE: u32 = 1 << 20;

const AS_REQUEST: u8 = 0x6a;
const AS_REPLY: u8 = 0x6b;
const TGS_REQUEST: u8 = 0x6c;
const TGS_REPLY: u8 = 0x6d;
const ERROR: u8 = 0x7e;

fn message_type(tag: u32) -> Cow<'static, str> {
    let name = match tag {
        0x6a => "AS-REQ",
        0x6b => "AS-REP",
        0x6c => "TGS-REQ",
        0x6d => "TGS-REP",
        0x7e => "KRB-ERROR",
        other => return other.to_string().into(),
    };
    name.into()
}

/// RFC 4120 section 7.5.9.
fn error(code: u32) -> Cow<'static, str> {
    let name = match code {
        0 => "KDC_ERR_NONE",
        6 => "KDC_ERR_C_PRINCIPAL_UNKNOWN",
        7 => "KDC_ERR_S_PRINCIPAL_UNKNOWN",
        12 => "KDC_ERR_POLICY",
        13 => "KDC_ERR_BADOPTION",
        14 => "KDC_ERR_ETYPE_NOSUPP",
        18 => "KDC_ERR_CLIENT_REVOKED",
        23 => "KDC_ERR_KEY_EXPIRED",
        24 => "KDC_ERR_PREAUTH_FAILED",
        25 => "KDC_ERR_PREAUTH_REQUIRED",
        29 => "KDC_ERR_SVC_UNAVAILABLE",
        31 => "KRB_AP_ERR_BAD_INTEGRITY",
        32 => "KRB_AP_ERR_TKT_EXPIRED",
        37 => "KRB_AP_ERR_SKEW",
        41 => "KRB_AP_ERR_MODIFIED",
        52 => "KRB_ERR_RESPONSE_TOO_BIG",
        60 => "KRB_ERR_GENERIC",
        68 => "KDC_ERR_WRONG_REALM",
        UNSEEN => "code cut off",
        other => return other.to_string().into(),
    };
    name.into()
}

/// Kerberos.
pub struct Kerberos;

/// Both directions of a connection.
#[derive(Debug, Default)]
pub struct KerberosConnection(FramedTurns);

impl Dissector for Kerberos {
    type State = KerberosConnection;

    const ABOUT: About = About { token: "kerberos", title: "Kerberos", udp: Some(&[88]), tcp: Some(&[88]), counters: COUNTERS };

    const MANNERS: Manners = Manners { is_prompt: true, owes: true, ..Manners::USUAL };

    fn probe(payload: &Payload<'_>, carriage: Carriage) -> Probe {
        let bytes = match carriage {
            Carriage::Tcp => payload.bytes.get(4..).unwrap_or_default(),
            Carriage::Udp => payload.bytes,
        };
        if read(bytes).is_some() { Probe::Certain } else { Probe::No }
    }

    fn datagram(payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        // Nothing ties an answer to its request but their ports.
        let message = read(payload.bytes);
        match message.map(|message| count(&message, out)) {
            Some(None) => out.request_by(payload, 0, message.as_ref().and_then(user).map_or(0, name_hash)),
            Some(Some(code)) => out.reply(payload, 0, code),
            None => {}
        }
        Progress::Continue
    }

    fn stream(state: &mut KerberosConnection, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        let Some((frames, turns)) = state.0.of(payload) else { return Progress::Skip };
        frames.read::<Self>(payload.bytes, out, |part, out| {
            let message = part.bytes.get(4..).and_then(read);
            match message.map(|message| count(&message, out)) {
                Some(None) => {
                    if let Some(name) = message.as_ref().and_then(user) {
                        turns.called(name);
                    }
                    turns.ask(payload, out);
                }
                Some(Some(code)) => turns.answer(payload, code, out),
                None => {}
            }
        });
        Progress::Continue
    }

    fn gap(state: &mut KerberosConnection, way: Direction, bytes: u32, _: &mut DissectOutput<'_>) -> Progress {
        state.0.gap(way, bytes);
        Progress::Continue
    }

    fn held(state: &KerberosConnection) -> usize {
        state.0.held()
    }

    fn outcome(code: u32) -> Answer {
        match code {
            0 => Answer::Normal,
            // A first request without credentials, one that is too long for UDP, another realm's; a name without an account, for which Windows
            // asks of whatever a user types; a delegation that nobody allowed; a ticket whose time is over, for which another one is asked then.
            // What an error says that is cut before its code nobody knows.
            7 | 13 | 25 | 32 | 52 | 68 | UNSEEN => Answer::Expected,
            // The last one for a clock that is wrong, which findings tell apart.
            6 | 18 | 23 | 24 | 31 | 37 => Answer::Denied,
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

impl Framing for Kerberos {
    /// An error's code is near its beginning.
    const READ: usize = 512;

    fn message(bytes: &[u8]) -> Framed {
        match be32(bytes, 0) {
            None => Framed::More,
            Some(length) if (10..MESSAGE).contains(&length) => Framed::Bytes(length as usize + 4),
            Some(_) => Framed::Nothing,
        }
    }
}

/// A message of version 5, its sequence inside of its tag.
fn read(bytes: &[u8]) -> Option<Element<'_>> {
    let message = element(bytes)?;
    let sequence = element(message.inner).filter(|e| e.tag == 0x30)?;
    // The version has the number 1 in a request, else 0.
    let number = if matches!(message.tag, AS_REQUEST | TGS_REQUEST) { 0xa1 } else { 0xa0 };
    let version = elements(sequence.inner).next().filter(|e| e.tag == number)?;
    let is_known = matches!(message.tag, AS_REQUEST | AS_REPLY | TGS_REQUEST | TGS_REPLY | ERROR) && version.inner == [2, 1, 5];
    is_known.then_some(Element { tag: message.tag, ..sequence })
}

/// The first part of the client's name in a request for a first ticket (RFC 4120 section 5.4.1).
fn user<'a>(message: &Element<'a>) -> Option<&'a [u8]> {
    let body = find(message.inner, 0xa4).filter(|_| message.tag == AS_REQUEST).and_then(|e| element(e.inner))?;
    let name = find(body.inner, 0xa1).and_then(|e| element(e.inner))?;
    let parts = find(name.inner, 0xa1).and_then(|e| element(e.inner))?;
    elements(parts.inner).next().map(|part| part.inner)
}

/// Counts a message; the code where it is an answer.
fn count(message: &Element<'_>, out: &mut DissectOutput<'_>) -> Option<u32> {
    out.tally().add_code(MESSAGES, message.tag.into());
    match message.tag {
        AS_REPLY | TGS_REPLY => Some(0),
        ERROR => {
            let code = find(message.inner, 0xa6).and_then(|e| element(e.inner)).and_then(|e| e.number());
            let missing = if message.inner.len() < message.length { UNSEEN } else { 60 };
            let code = code.and_then(|code| u32::try_from(code).ok()).unwrap_or(missing);
            out.tally().add_code(ERRORS, code);
            Some(code)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissect::talk::Talk;

    const ASK: &[u8] = b"\x6a\x0c\x30\x0a\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a";
    const TICKET: &[u8] = b"\x6b\x0c\x30\x0a\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x0b";

    fn failure(code: u8) -> Vec<u8> {
        [&b"\x7e\x16\x30\x14\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x1e\xa5\x03\x02\x01\x00\xa6\x03\x02\x01"[..], &[code]].concat()
    }

    fn framed(message: &[u8]) -> Vec<u8> {
        [&(message.len() as u32).to_be_bytes()[..], message].concat()
    }

    #[test]
    fn a_login_over_udp() {
        let talk = Talk::udp(9).client(ASK).server(failure(25)).client(ASK).server(TICKET);
        assert_eq!((talk.app(), talk.codes()), (Some("kerberos"), vec![25, 0]));
        assert_eq!(
            (talk.told("messages"), talk.told("errors")),
            ("AS-REQ 2, AS-REP 1, KRB-ERROR 1".into(), "KDC_ERR_PREAUTH_REQUIRED 1".into())
        );
        assert_eq!(
            [25, 24, 7, 32, 37, 29].map(Kerberos::outcome),
            [Answer::Expected, Answer::Denied, Answer::Expected, Answer::Expected, Answer::Denied, Answer::Error]
        );
    }

    #[test]
    fn an_error_that_is_cut_before_its_code_says_nothing() {
        let whole = failure(25);
        for cut in 9..whole.len() {
            let talk = Talk::udp(9).client(ASK).server(&whole[..cut]);
            assert_eq!((talk.codes(), talk.told("errors")), (vec![UNSEEN], "code cut off 1".into()), "cut at {cut}");
        }
        assert_eq!(Kerberos::outcome(UNSEEN), Answer::Expected);
        let without = b"\x7e\x0c\x30\x0a\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x1e";
        assert_eq!(Talk::udp(9).client(ASK).server(without).codes(), [60], "it has none");
    }

    #[test]
    fn over_tcp_cut_anywhere() {
        let (ask, answer) = (framed(ASK), framed(&failure(24)));
        for cut in 1..answer.len() {
            let talk = Talk::tcp(88).client(&ask).server(&answer[..cut]).server(&answer[cut..]).client(&ask).server(framed(TICKET));
            assert_eq!((talk.codes(), talk.pairs().len()), (vec![24, 0], 2), "cut at {cut}");
        }
        let mut talk = Talk::tcp(88).client(&ask).server_gap(5).server(&answer).client([0xff; 40]).client(b"\0\0\0\x0c\x6a\x0c");
        assert!(talk.codes().is_empty());
        talk.end();
    }
}
