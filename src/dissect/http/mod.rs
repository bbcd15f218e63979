//! HTTP/1 (RFC 9112): requests and replies of a connection in their order, each reply joined to its request by their number.
//!
//! A reader of our own, because a head is cut anywhere and may lack a part on a mirror: it is read line by line, so that nothing is held but the
//! front of a line, and what is not understood of a head does not hide the rest of it. Bodies are passed over by their length without being
//! looked at, gaps in them included. (`httparse` reads a head only when all of it lies in one piece: up to 64 KiB would be held of each direction,
//! and read again from the beginning with every segment; and a header it refuses ends the whole head.)
//!
//! **Time** of a reply: from the last byte of the request to the first of the status line. A reply that comes before its request is complete has
//! none. Interim replies (1xx) are none.

mod side;

use super::requests::{self, with_outcomes};
use super::{About, AnswerProgress, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::dissect::bytes::name_hash;
use crate::model::{Answer, Counter, Direction, Manners, Measure, NameSource, RequestPart, Tally, Transaction, learnt};
use side::{BodyEnd, HttpSide, MessageHead, Start};
use std::borrow::Cow;

/// Places of the counters.
const REQUESTS: usize = 0;
const STATUS: usize = 1;
const HOSTS: usize = 2;
const INCOMPLETE: usize = 3;

const COUNTERS: &[Counter] = with_outcomes! {
    "requests" "Requests" Measure::Codes(method);
    "status" "Replies" Measure::Codes(status);
    "hosts" "Hosts" Measure::Texts;
    "incomplete" "Heads not read to their end" Measure::Count;
};

/// Methods (IANA's registry, and those of UPnP over TCP, of RPC over HTTP and of Microsoft's extensions that are met in practice).
const METHODS: [&str; 42] = [
    "GET",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "OPTIONS",
    "CONNECT",
    "PATCH",
    "TRACE",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "SEARCH",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "NOTIFY",
    "POLL",
    "MERGE",
    "CHECKOUT",
    "CHECKIN",
    "UNCHECKOUT",
    "MKACTIVITY",
    "MKWORKSPACE",
    "VERSION-CONTROL",
    "BASELINE-CONTROL",
    "UPDATE",
    "LABEL",
    "ACL",
    "BIND",
    "UNBIND",
    "REBIND",
    "LINK",
    "UNLINK",
    "PURGE",
    "BCOPY",
    "RPC_IN_DATA",
    "RPC_OUT_DATA",
];
/// The place of all others: anybody may add one (RFC 9110 section 16.1).
const OTHER: u8 = METHODS.len() as u8;
/// Bytes of a method, at most.
const METHOD_BYTES: usize = 24;
const GET: u8 = 0;
const HEAD: u8 = 2;
const CONNECT: u8 = 6;

/// The word for the method of a [`RequestPart::Target`].
pub fn method_name(place: u8) -> Cow<'static, str> {
    method(place.into())
}

fn method(place: u32) -> Cow<'static, str> {
    METHODS.get(place as usize).map_or("other", |method| method).into()
}

fn status(code: u32) -> Cow<'static, str> {
    code.to_string().into()
}

/// Requests sent in a row that are given up one by one.
const MOST_WAITING: u32 = 16;

/// HTTP/1 over TCP.
pub struct Http;

/// Both directions of a connection.
#[derive(Debug)]
pub struct HttpConnection {
    sides: [HttpSide; 2],
    /// Requests and replies so far.
    asked: u32,
    answered: u32,
    /// Which request a reply belongs to is not known before the next request: something before it is missing.
    adrift: bool,
    /// A request of which the end is not there yet, and that was not told of.
    open: bool,
    /// What the requests asked whose replies have no body: bits by their number.
    bodiless: u64,
    /// The same of those that ask for a tunnel.
    tunnels: u64,
    /// What stands for what the open request fetches, of a proxy for the host that is asked for; 0: it fetches nothing.
    target: u32,
    /// The connection turned into something else.
    upgraded: bool,
}

impl Default for HttpConnection {
    fn default() -> Self {
        let sides = [HttpSide::default(), HttpSide::default()];
        Self { sides, asked: 0, answered: 0, adrift: true, open: false, bodiless: 0, tunnels: 0, target: 0, upgraded: false }
    }
}

impl Dissector for Http {
    type State = HttpConnection;

    fn progress(state: &HttpConnection) -> AnswerProgress {
        let is_answered = !state.adrift && !state.open && state.answered > 0 && state.asked == state.answered;
        match () {
            () if state.sides.iter().any(HttpSide::is_unfinished) => AnswerProgress::Partial,
            () if is_answered && state.sides.iter().all(HttpSide::is_between) => AnswerProgress::Whole,
            () => AnswerProgress::Unknown,
        }
    }

    const ABOUT: About = About {
        token: "http",
        title: "Hypertext Transfer Protocol",
        udp: None,
        tcp: Some(&[80, 8080, 8000, 8008, 8081, 8888, 3128, 631, 5985]),
        counters: COUNTERS,
    };

    const MANNERS: Manners = Manners { is_prompt: true, holds: true, empty: &[204, 304], ..Manners::USUAL };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        probe(payload.bytes)
    }

    fn stream(state: &mut HttpConnection, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        let HttpConnection { sides, .. } = state;
        let Some(mut side) = sides.get_mut(payload.way as usize).map(std::mem::take) else { return Progress::Skip };
        side.read(payload, out, state);
        if let Some(place) = state.sides.get_mut(payload.way as usize) {
            *place = side;
        }
        if state.upgraded { Progress::Becomes } else { Progress::Continue }
    }

    fn gap(state: &mut HttpConnection, way: Direction, bytes: u32, out: &mut DissectOutput<'_>) -> Progress {
        let Some(side) = state.sides.get_mut(way as usize) else { return Progress::Skip };
        if !side.gap(bytes, out) {
            state.adrift = true;
        }
        Progress::Continue
    }

    fn held(state: &HttpConnection) -> usize {
        state.sides.iter().map(HttpSide::held).sum()
    }

    fn outcome(code: u32) -> Answer {
        match code {
            // The first request without credentials, what is not there, and conditions that do not hold.
            401 | 404 | 407 | 410 | 412 | 416 => Answer::Expected,
            400..500 => Answer::Rejected,
            500.. => Answer::Error,
            _ => Answer::Normal,
        }
    }

    fn transaction(transaction: &Transaction, tally: &mut Tally) {
        requests::count(transaction, tally, COUNTERS);
    }
}

impl HttpConnection {
    /// A request's head begins: its method, and what it asks for.
    fn begin(&mut self, method: u8, target: &[u8], payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        if self.adrift {
            // Their replies are not known: those before them may be missing.
            let waiting = self.asked.saturating_sub(self.answered);
            for back in 1..=waiting.min(MOST_WAITING) {
                out.lost(&Payload { way: payload.way.reversed(), ..*payload }, self.asked.wrapping_sub(back));
            }
            let last = self.asked.max(self.answered);
            (self.asked, self.answered, self.adrift) = (last, last, false);
        }
        out.tally().add_code(REQUESTS, method.into());
        let end = target.iter().rposition(|&b| b == b' ').unwrap_or(target.len());
        let target = target.get(..end).unwrap_or_default();
        out.words(payload, self.asked, RequestPart::Target { method }, target);
        let proxied = proxied(method, target);
        // What is sent to a server is work for it; only what is fetched may be held back.
        self.target = proxied.or(Some(target).filter(|_| method == GET)).map_or(0, name_hash);
        proxied.into_iter().for_each(|name| out.proxied(payload, self.target, name));
        let bit = 1u64 << (self.asked % 64);
        set(&mut self.bodiless, bit, method == HEAD);
        set(&mut self.tunnels, bit, method == CONNECT);
        self.open = true;
    }

    /// The status line of a reply, which began with this payload.
    fn status(&mut self, code: u32, began: &Payload<'_>, out: &mut DissectOutput<'_>) {
        out.tally().add_code(STATUS, code);
        // Interim, but for the one that changes the protocol.
        if (100..200).contains(&code) && code != 101 {
            return;
        }
        // Who speaks first and fails refuses whoever comes, or answers what was asked before anybody looked. An idle connection is closed by a 4xx.
        let is_first = self.asked == 0 && self.answered == 0 && !self.open;
        if is_first && code >= 500 {
            out.turned_away(began, code);
            (self.asked, self.answered) = (1, 1);
            return;
        }
        // Behind what is missing it may be the reply to any of those that wait.
        if self.is_lost_among_several() {
            return;
        }
        out.reply(began, self.answered, code);
        if self.open && self.answered == self.asked {
            self.ask(began, began.way.reversed(), out);
        }
        self.answered = self.answered.wrapping_add(1);
    }

    /// Whether several requests wait and it is not known which of them the next reply is of.
    fn is_lost_among_several(&self) -> bool {
        self.adrift && self.asked > self.answered.saturating_add(1)
    }

    /// Tells of the request that is open.
    fn ask(&mut self, payload: &Payload<'_>, way: Direction, out: &mut DissectOutput<'_>) {
        out.request_by(&Payload { way, ..*payload }, self.asked, self.target);
        self.asked = self.asked.wrapping_add(1);
        self.open = false;
    }

    /// A head is complete: what follows it.
    fn head(&mut self, head: &MessageHead) -> BodyEnd {
        match head.start {
            Start::Request(_) if head.chunked => BodyEnd::Chunks,
            Start::Request(_) => BodyEnd::After(head.length.unwrap_or(0)),
            Start::Nothing | Start::Reply(100 | 102..200) => BodyEnd::After(0),
            Start::Reply(code) => {
                // Most clients wait for a reply before they ask again: then it is that of the last one.
                let replied = if self.is_lost_among_several() { self.asked } else { self.answered };
                let bit = 1u64 << (replied.wrapping_sub(1) % 64);
                self.upgraded = code == 101 || self.tunnels & bit != 0 && (200..300).contains(&code);
                match (head.chunked, head.length) {
                    _ if self.bodiless & bit != 0 || matches!(code, 101 | 204 | 304) => BodyEnd::After(0),
                    (true, _) => BodyEnd::Chunks,
                    (false, Some(length)) => BodyEnd::After(length),
                    (false, None) => BodyEnd::WithConnection,
                }
            }
        }
    }

    /// Counts the host that a request names, which is the server's name for this conversation.
    fn host(&mut self, host: &[u8], is_direct: bool, payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        if host.is_empty() {
            return;
        }
        out.words(payload, self.asked, RequestPart::Host, host);
        let clean = learnt::clean(host);
        out.tally().add_text(HOSTS, &clean);
        let name = without_port(&clean);
        // Of an address nothing new is learnt, and through a proxy the host is not the one that is spoken to.
        if name.starts_with('[') || !name.bytes().any(|b| b.is_ascii_alphabetic()) {
            return;
        }
        if out.server_name == 0 {
            out.server_name(name);
        }
        if is_direct {
            out.address_name(payload.addresses()[1], NameSource::Http, name.as_bytes(), payload.time);
        }
    }

    /// What a request says of the program that sends it.
    fn user_agent(&mut self, words: &[u8], payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        out.words(payload, self.asked, RequestPart::UserAgent, words);
    }

    /// A message is complete.
    fn end(&mut self, start: Start, payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        if matches!(start, Start::Request(_)) && self.open {
            self.ask(payload, payload.way, out);
        }
    }
}

fn set(bits: &mut u64, bit: u64, on: bool) {
    *bits = if on { *bits | bit } else { *bits & !bit };
}

/// A host without its port.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

/// The host that a proxy is asked for, with its port where that is said: by the authority form, or by the absolute one (RFC 9112 section 3.2).
fn proxied(method: u8, target: &[u8]) -> Option<&[u8]> {
    if method == CONNECT {
        return Some(target).filter(|target| !target.is_empty());
    }
    let scheme = target.windows(3).position(|part| part == b"://")?;
    let rest = target.get(..scheme).filter(|scheme| scheme.iter().all(u8::is_ascii_alphabetic)).and(target.get(scheme + 3..))?;
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    // Who logs in at the host is nobody's business.
    let host = rest.get(..end)?.rsplit(|byte| *byte == b'@').next()?;
    Some(host).filter(|host| !host.is_empty())
}

/// The place of the method that a line begins with in [`METHODS`], and what follows it and a space. One that is not there is a method where the
/// line ends with a version.
fn request_method(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let end = bytes.iter().take(METHOD_BYTES + 1).position(|&b| b == b' ')?;
    let (method, rest) = bytes.split_at_checked(end)?;
    let place = METHODS.iter().position(|known| known.as_bytes() == method).and_then(|place| u8::try_from(place).ok());
    let is_other = || {
        let is_token =
            method.first().is_some_and(u8::is_ascii_uppercase) && method.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b));
        let line = rest.split(|&b| b == b'\n').next().unwrap_or_default().trim_ascii_end();
        is_token && VERSIONS.iter().any(|version| line.ends_with(version))
    };
    Some((place.or_else(|| is_other().then_some(OTHER))?, rest.get(1..)?))
}

/// What a request's line ends with.
const VERSIONS: [&[u8]; 2] = [b" HTTP/1.1", b" HTTP/1.0"];

/// The status of a line that begins a reply.
fn reply_status(line: &[u8]) -> Option<u32> {
    let &[major, b'.', minor, b' ', ref rest @ ..] = line.strip_prefix(b"HTTP/")? else { return None };
    if !major.is_ascii_digit() || !minor.is_ascii_digit() {
        return None;
    }
    super::lines::code(rest)
}

/// Whether a stream is HTTP/1: a known method with a version at the end of its line, or a status line.
fn probe(bytes: &[u8]) -> Probe {
    if reply_status(bytes).is_some() {
        return Probe::Certain;
    }
    let Some((_, rest)) = request_method(bytes) else { return Probe::No };
    let end = rest.iter().position(|&b| b == b'\n');
    let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    let is_versioned = line.windows(8).any(|part| part == b" HTTP/1.");
    // A long address may end in a later segment.
    let is_cut = end.is_none() && (line.starts_with(b"/") || line.starts_with(b"http"));
    if is_versioned || is_cut { Probe::Certain } else { Probe::No }
}

#[cfg(test)]
mod tests;
