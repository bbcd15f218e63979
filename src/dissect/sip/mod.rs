//! SIP (RFC 3261): requests by method, replies by status, joined by their call and its running number. Over TCP a message ends where its
//! `Content-Length` says (section 18.3).
//!
//! A call is answered by the first sign of the other side that it is under way (180 and the like), for the rest of the time people take; how it ended
//! its final reply says, as of any other request.

mod media;
mod message;
mod side;

use super::lines::code;
use super::requests::{self, with_outcomes};
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Answer, Counter, Direction, Manners, Measure, Tally, Transaction};
use message::SipMessage;
use side::SipSide;
use std::borrow::Cow;

const REQUESTS: usize = 0;
const STATUS: usize = 1;

const COUNTERS: &[Counter] = with_outcomes! {
    "requests" "Requests" Measure::Codes(method_name);
    "status" "Replies" Measure::Codes(digits);
};

/// Methods (IANA's registry).
const METHODS: [&str; 14] = [
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "OPTIONS",
    "REGISTER",
    "PRACK",
    "SUBSCRIBE",
    "NOTIFY",
    "PUBLISH",
    "INFO",
    "REFER",
    "MESSAGE",
    "UPDATE",
];
const INVITE: u32 = 0;
const ACK: u32 = 1;
const REGISTER: u32 = 5;

/// The bits of a transaction's identifier in which its method stands, where users want something by it: a call, or to be reached. Whether somebody
/// is there (OPTIONS) many do not answer.
const KIND: usize = 3;

/// What stands there.
fn kind_of(method: Option<u32>) -> u32 {
    match method {
        Some(INVITE) => 1,
        Some(REGISTER) => 2,
        _ => 0,
    }
}

fn method_name(place: u32) -> Cow<'static, str> {
    METHODS.get(place as usize).map_or_else(|| place.to_string().into(), |name| Cow::Borrowed(*name))
}

fn digits(code: u32) -> Cow<'static, str> {
    code.to_string().into()
}

/// SIP over UDP and TCP.
pub struct Sip;

/// Both directions of a connection.
#[derive(Debug, Default)]
pub struct SipConnection([SipSide; 2]);

impl Dissector for Sip {
    type State = SipConnection;

    const ABOUT: About =
        About { token: "sip", title: "Session Initiation Protocol", udp: Some(&[5060]), tcp: Some(&[5060]), counters: COUNTERS };

    const MANNERS: Manners = Manners { owes: true, ..Manners::USUAL };

    const KINDS: &'static [&'static str] = &["INVITE", "REGISTER"];

    fn kind(transaction: &Transaction) -> Option<usize> {
        kind_in(transaction.id)
    }

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        if begins(payload.bytes) { Probe::Certain } else { Probe::No }
    }

    fn datagram(payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        SipMessage::datagram(payload, out);
        Progress::Continue
    }

    fn stream(state: &mut SipConnection, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        let Some(side) = state.0.get_mut(payload.way as usize) else { return Progress::Skip };
        side.read(payload, out);
        Progress::Continue
    }

    fn gap(state: &mut SipConnection, way: Direction, bytes: u32, _: &mut DissectOutput<'_>) -> Progress {
        let Some(side) = state.0.get_mut(way as usize) else { return Progress::Skip };
        side.gap(bytes);
        Progress::Continue
    }

    fn held(state: &SipConnection) -> usize {
        state.0.iter().map(SipSide::held).sum()
    }

    fn outcome(code: u32) -> Answer {
        match code {
            0..=399 => Answer::Normal,
            // First without credentials; nobody there, busy, gone, not wanted: people.
            401 | 407 | 404 | 408 | 480 | 486 | 487 | 600 | 603 => Answer::Expected,
            403 => Answer::Denied,
            _ => Answer::Error,
        }
    }

    fn transaction(transaction: &Transaction, tally: &mut Tally) {
        requests::count(transaction, tally, COUNTERS);
    }
}

/// The kind that an identifier tells.
fn kind_in(id: u32) -> Option<usize> {
    (id as usize & KIND).checked_sub(1)
}

/// Whether bytes begin with the first line of a message.
fn begins(bytes: &[u8]) -> bool {
    let line = bytes.split(|&b| b == b'\n').next().unwrap_or_default().trim_ascii_end();
    method(line).is_some() && line.ends_with(b" SIP/2.0") || reply_status(line).is_some()
}

/// The place of the method that a request's line begins with.
fn method(line: &[u8]) -> Option<u32> {
    let end = line.iter().take(12).position(|&b| b == b' ')?;
    let name = line.get(..end)?;
    METHODS.iter().position(|known| known.as_bytes() == name).map(|place| place as u32)
}

fn reply_status(line: &[u8]) -> Option<u32> {
    code(line.strip_prefix(b"SIP/2.0 ")?)
}

#[cfg(test)]
mod tests;
