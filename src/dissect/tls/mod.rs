//! TLS: the server name, versions and application protocols of its hellos, and alerts before encryption begins.
//!
//! A reader of our own, because a ClientHello is cut anywhere (across records and segments, RFC 8446 section 5.1) and only a few of its
//! fields are of interest. (`tls-parser` wants whole records, allocates a list of extensions for each hello, and gives up at the first extension
//! that it does not understand, where here the rest is still read.) A conversation is read until both sides have said hello, or encrypt. A ClientHello is a request, answered by a
//! ServerHello or by the server's alert.

pub(super) mod alerts;
mod certificate;
pub(super) mod hello;
pub(super) mod ja4;
mod records;

use super::requests::{self, with_outcomes};
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::{Answer, CloseReason, Counter, Direction, Manners, Measure, NameSource, ShortName, Tally, TlsNews, Transaction, learnt};
use certificate::Certificate;
use hello::{ClientHello, ServerHello};
use records::{
    ALERT, APPLICATION_DATA, CERTIFICATE, CLIENT_HELLO, Event, HANDSHAKE, MESSAGE_HEADER, RECORD_BYTES, RECORD_HEADER, Records,
    SERVER_HELLO,
};
use std::borrow::Cow;

/// Places of the counters.
const CLIENT_HELLOS: usize = 0;
const SERVER_HELLOS: usize = 1;
const SERVER_NAMES: usize = 2;
const VERSIONS: usize = 3;
const OFFERED: usize = 4;
const PROTOCOLS: usize = 5;
const ALERTS: usize = 6;
const INCOMPLETE: usize = 7;
const FINGERPRINTS: usize = 8;
const RETRIES: usize = 9;

const COUNTERS: &[Counter] = with_outcomes! {
    "client_hellos" "ClientHello" Measure::Count;
    "server_hellos" "ServerHello" Measure::Count;
    "server_names" "Server names" Measure::Texts;
    "versions" "Versions chosen" Measure::Codes(version);
    "offered_versions" "Highest version offered" Measure::Codes(version);
    "application_protocols" "Application protocols offered" Measure::Lists("client_hellos");
    "alerts" "Alerts" Measure::Codes(alert);
    "incomplete" "Hellos not read to their end" Measure::Count;
    "ja4" "Client fingerprints (JA4)" Measure::Texts;
    "retries" "HelloRetryRequest" Measure::Count;
};

/// Usual names of versions.
fn version(code: u32) -> Cow<'static, str> {
    match code {
        0x0002 => "SSL 2.0".into(),
        0x0300 => "SSL 3.0".into(),
        0x0301 => "TLS 1.0".into(),
        0x0302 => "TLS 1.1".into(),
        0x0303 => "TLS 1.2".into(),
        0x0304 => "TLS 1.3".into(),
        0x7f00..=0x7fff => format!("TLS 1.3 draft {}", code & 0xff).into(),
        other => format!("0x{other:04x}").into(),
    }
}

const TLS_RESET: u32 = crate::model::evidence::TLS_RESET as u32;
const TLS_CLOSED: u32 = crate::model::evidence::TLS_CLOSED as u32;
const TLS_IN_CLEAR: u32 = crate::model::evidence::TLS_IN_CLEAR as u32;
const TLS_SILENT: u32 = crate::model::evidence::TLS_SILENT as u32;

/// Usual names of alerts, and of what a server may do in place of one.
pub fn alert(code: u32) -> Cow<'static, str> {
    match code {
        TLS_RESET => "reset without an answer".into(),
        TLS_CLOSED => "closed without an answer".into(),
        TLS_SILENT => "no answer at all".into(),
        TLS_IN_CLEAR => "answered in plain text".into(),
        other => alerts::token(other).map_or_else(|| other.to_string().into(), Cow::Borrowed),
    }
}

/// The only request of a conversation, and how a ServerHello answers it.
const HELLO: u32 = 0;
const ACCEPTED: u32 = 0;
/// Alerts that refuse nothing.
const CLOSE_NOTIFY: u8 = 0;
const UNRECOGNIZED_NAME: u8 = 112;

/// Whether an alert says that the connection cannot be (RFC 8446 section 6.2).
fn is_refusal(code: u8) -> bool {
    matches!(code, 40 | 42..=49 | 70 | 71 | 80 | 86 | 109 | 116 | 120)
}

/// The newest version in which certificates and alerts of a handshake are in clear.
const CLEAR: u16 = 0x0303;

/// TLS over TCP.
pub struct Tls;

/// Both directions of a connection.
#[derive(Debug, Default)]
pub struct Handshake {
    sides: [Records; 2],
    /// A ClientHello was read.
    client: bool,
    /// A ServerHello was read, after which no other will come.
    server: bool,
    /// Payloads of a direction that is over.
    late: u8,
    /// The way of the ClientHello.
    asked: Option<Direction>,
    /// The highest version it offers.
    offered: u16,
    /// The ServerHello chose a version in which more of the handshake is in clear.
    clear: bool,
    /// Somebody refused to go on.
    refused: bool,
    /// The server wants another hello in place of the first (RFC 8446 section 4.1.4).
    retried: bool,
    /// Bytes are missing where the ServerHello was awaited, and that was not told so far.
    lost: bool,
}

impl Handshake {
    /// Whether both hellos were read.
    fn has_both(&self) -> bool {
        self.client && self.server
    }

    /// Tells that bytes were missing where the ServerHello was awaited.
    fn tell_lost(&mut self, payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        if std::mem::take(&mut self.lost)
            && let Some(way) = self.asked
        {
            out.lost(&Payload { way: way.reversed(), ..*payload }, HELLO);
            // What nobody saw is no answer that failed to come.
            out.tls(payload, way, TlsNews::Remark);
        }
    }
}

/// Payloads of a direction that is over, after which the other is not waited for: it is not mirrored.
const WAIT_PAYLOADS: u8 = 16;

/// The number of version 1.3 (RFC 8446 section 4.2.1).
pub const TLS_1_3: u16 = 0x0304;

/// The version that a server chooses, where bytes begin with its hello.
pub fn chosen_version(bytes: &[u8]) -> Option<u16> {
    let is_hello = (bytes.first(), bytes.get(1), bytes.get(RECORD_HEADER)) == (Some(&HANDSHAKE), Some(&3), Some(&SERVER_HELLO));
    let body = bytes.get(RECORD_HEADER + MESSAGE_HEADER..).filter(|_| is_hello)?;
    ServerHello::read(body).map(|hello| hello.version)
}

/// Tells of the certificate that a server shows; `way` is the way from the client.
fn tell_certificate(body: &[u8], payload: &Payload<'_>, way: Direction, out: &mut DissectOutput<'_>) {
    if let Some(Certificate { valid, name }) = Certificate::read(body) {
        out.tls(payload, way, TlsNews::Certificate { valid, name });
    }
}

/// Tells that the server answers, but not in TLS.
fn tell_in_clear(payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
    out.tls(payload, payload.way.reversed(), TlsNews::Alert { code: crate::model::evidence::TLS_IN_CLEAR, by_client: false });
    out.reply(payload, HELLO, TLS_IN_CLEAR);
}

/// Tells of an alert, in a handshake that was `asked` for one way and that the server has answered or not.
fn tell_alert(
    code: u8,
    payload: &Payload<'_>,
    (asked, answered): (Option<Direction>, bool),
    refused: &mut bool,
    out: &mut DissectOutput<'_>,
) {
    out.tally().add_code(ALERTS, code.into());
    if let Some(way) = asked.filter(|_| is_refusal(code) && !*refused) {
        *refused = true;
        out.tls(payload, way, TlsNews::Alert { code, by_client: way == payload.way });
    } else if let Some(way) = asked {
        out.tls(payload, way, TlsNews::Remark);
    }
    // Of the server, which refuses; a name it does not know need not be a refusal, nor is a goodbye one.
    if !answered && asked == Some(payload.way.reversed()) && !matches!(code, CLOSE_NOTIFY | UNRECOGNIZED_NAME) {
        out.reply(payload, HELLO, code.into());
    }
}

impl Dissector for Tls {
    type State = Handshake;

    const ABOUT: About = About {
        token: "tls",
        title: "Transport Layer Security",
        udp: None,
        tcp: Some(&[443, 465, 636, 853, 989, 990, 993, 995, 5061, 8443, 8883]),
        counters: COUNTERS,
    };

    const MANNERS: Manners = Manners { is_prompt: true, ..Manners::USUAL };

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        probe(payload.bytes, payload.length as usize)
    }

    fn stream(state: &mut Handshake, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        state.tell_lost(payload, out);
        let Handshake { sides, client, server, late, asked, offered, clear, refused, retried, .. } = state;
        let Some(side) = sides.get_mut(payload.way as usize) else { return Progress::Skip };
        if side.over {
            *late = late.saturating_add(1);
            return if *late < WAIT_PAYLOADS { Progress::Continue } else { Progress::Done };
        }
        if side.is_new() && payload.bytes.first().is_some_and(|b| b & 0x80 != 0) {
            return old_hello(payload.bytes, out);
        }
        let is_first = side.is_new();
        side.read(payload.bytes, out, |event, out| match event {
            // Its second hello says again what the first did.
            Event::Message(CLIENT_HELLO, _) if *retried && *client => true,
            Event::Message(CLIENT_HELLO, body) => {
                if let Some(version) = client_hello(body, payload, out) {
                    (*client, *offered) = (true, version);
                    *asked = Some(payload.way);
                    out.request(payload, HELLO);
                }
                true
            }
            Event::Message(SERVER_HELLO, body) => {
                let hello = server_hello(body, out);
                if hello.is_some_and(|hello| !hello.is_retry) {
                    out.reply(payload, HELLO, ACCEPTED);
                }
                let Some(hello) = hello else { return false };
                *server |= !hello.is_retry;
                *retried |= hello.is_retry;
                *clear = *client && !hello.is_retry && hello.version <= CLEAR;
                if let Some(way) = asked.filter(|_| !hello.is_retry) {
                    out.tls(payload, way, TlsNews::Chosen { version: hello.version, offered: *offered });
                }
                hello.is_retry || *clear
            }
            Event::Message(CERTIFICATE, body) => {
                if let Some(way) = asked.filter(|asked| *server && *asked != payload.way) {
                    tell_certificate(body, payload, way, out);
                }
                true
            }
            Event::Alert(code) => {
                tell_alert(code, payload, (*asked, *server), refused, out);
                true
            }
            // Between a retry and its second ClientHello there may be one (RFC 8446 appendix D.4).
            Event::CipherChange => !*server,
            Event::Message(..) => true,
            Event::Unreadable if is_first && !*server && *asked == Some(payload.way.reversed()) && is_text(payload.bytes) => {
                *refused = true;
                tell_in_clear(payload, out);
                false
            }
            Event::ApplicationData | Event::Unreadable => false,
        });
        let both = state.sides.iter().all(|side| side.over);
        if both || state.server && state.client && !state.clear { Progress::Done } else { Progress::Continue }
    }

    fn gap(state: &mut Handshake, way: Direction, _: u32, out: &mut DissectOutput<'_>) -> Progress {
        let had_hello = state.has_both();
        state.lost |= !state.server && state.asked == Some(way.reversed());
        let Some(side) = state.sides.get_mut(way as usize) else { return Progress::Skip };
        if !side.over {
            if !had_hello {
                out.tally().add(INCOMPLETE);
            }
            side.give_up();
        }
        if state.sides.iter().all(|side| side.over) { Progress::Skip } else { Progress::Continue }
    }

    fn end(state: &mut Handshake, _: Option<CloseReason>, tally: &mut Tally) {
        if !state.has_both() && state.sides.iter().any(Records::is_incomplete) {
            tally.add(INCOMPLETE);
        }
    }

    fn outcome(code: u32) -> Answer {
        match code {
            ACCEPTED => Answer::Begun,
            // The user does not want any more.
            90 => Answer::Expected,
            _ => Answer::Error,
        }
    }

    fn code_text(code: u32) -> Cow<'static, str> {
        if code == ACCEPTED { "ServerHello".into() } else { alert(code) }
    }

    fn transaction(transaction: &Transaction, tally: &mut Tally) {
        requests::count(transaction, tally, COUNTERS);
    }

    fn held(state: &Handshake) -> usize {
        state.sides.iter().map(Records::held).sum()
    }
}

/// Whether bytes begin with text: a server that does not speak TLS there says so in its own words.
fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().take(TEXT_BYTES).all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace())
}

/// Bytes that tell text from a record.
const TEXT_BYTES: usize = 8;

/// Whether a stream is TLS: a record header that makes sense, and what begins behind it, or the next record, does so too.
fn probe(bytes: &[u8], length: usize) -> Probe {
    if is_old_hello(bytes) {
        return Probe::Certain;
    }
    let Some(&[kind, 3, minor]) = bytes.first_chunk() else { return Probe::No };
    if minor > 4 || !(HANDSHAKE..=APPLICATION_DATA).contains(&kind) && kind != ALERT {
        return Probe::No;
    }
    let Some(&[_, _, _, a, b]) = bytes.first_chunk() else { return Probe::Unsure };
    let record = usize::from(u16::from_be_bytes([a, b]));
    if record == 0 || record > RECORD_BYTES.into() {
        return Probe::No;
    }
    let certain = |sure: bool| if sure { Probe::Certain } else { Probe::Unsure };
    match (kind, bytes.get(5)) {
        (HANDSHAKE, Some(&(CLIENT_HELLO | SERVER_HELLO))) => Probe::Certain,
        // Later messages of a handshake that was not seen from its beginning.
        (HANDSHAKE, _) => certain(follows(bytes, record, length)),
        (ALERT, _) => certain(record == 2 && matches!(bytes.get(5), Some(1 | 2))),
        _ => certain(follows(bytes, record, length)),
    }
}

/// Whether a record ends where the payload ends, or where another begins.
fn follows(bytes: &[u8], record: usize, length: usize) -> bool {
    let end = 5 + record;
    end == length || bytes.get(end..).is_some_and(|next| matches!(next.first_chunk(), Some(&[20..=24, 3, 0..=4, a, _]) if a <= 0x48))
}

/// SSL 2.0's ClientHello, which clients sent to servers that might know nothing newer (RFC 5246 appendix E.2).
fn is_old_hello(bytes: &[u8]) -> bool {
    matches!(bytes.first_chunk(), Some(&[0x80..=0xff, _, CLIENT_HELLO, 0, 2] | &[0x80..=0xff, _, CLIENT_HELLO, 3, 0..=3]))
        && bytes.first_chunk().is_some_and(|&[a, b, ..]: &[u8; 9]| usize::from(u16::from_be_bytes([a & 0x7f, b])) >= 9)
}

fn old_hello(bytes: &[u8], out: &mut DissectOutput<'_>) -> Progress {
    if !is_old_hello(bytes) {
        return Progress::Skip;
    }
    let version = bytes.get(3..).and_then(|b| b.first_chunk()).map_or(0, |b| u16::from_be_bytes(*b));
    let tally = out.tally();
    tally.add(CLIENT_HELLOS);
    tally.add_code(OFFERED, version.into());
    Progress::Done
}

/// Counts a ClientHello; the highest version it offers, if it is one.
fn client_hello(body: &[u8], payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Option<u16> {
    let hello = ClientHello::read(body)?;
    out.tally().add(CLIENT_HELLOS);
    out.tally().add_code(OFFERED, hello.version.into());
    out.tally().add_text(FINGERPRINTS, &ja4::ja4(&hello, false));
    if let Some(name) = hello.server_name {
        let clean = learnt::clean(name);
        out.tally().add_text(SERVER_NAMES, &clean);
        out.server_name(&clean);
        let [_, server] = payload.addresses();
        out.address_name(server, NameSource::Tls, name, payload.time);
        out.tls(payload, payload.way, TlsNews::Named(ShortName::new(clean.as_bytes())));
    } else {
        out.tls(payload, payload.way, TlsNews::Unnamed);
    }
    for protocol in hello.protocols() {
        let clean = learnt::clean(protocol);
        out.tally().add_text(PROTOCOLS, &clean);
    }
    Some(hello.version)
}

/// Counts a ServerHello.
fn server_hello(body: &[u8], out: &mut DissectOutput<'_>) -> Option<ServerHello> {
    let hello = ServerHello::read(body)?;
    let tally = out.tally();
    if hello.is_retry {
        tally.add(RETRIES);
    } else {
        tally.add(SERVER_HELLOS);
        tally.add_code(VERSIONS, hello.version.into());
    }
    Some(hello)
}

#[cfg(test)]
mod tests;
