//! QUIC (RFC 9000): version, and what the client's hello asks for, which the keys of its Initial packets open to everybody.
//!
//! A hello may lie in several packets, in pieces of any order. Read until it is whole, at most `DATAGRAMS`; behind it nothing is legible.

mod initial;

use super::bytes::be32;
use super::labels;
use super::requests::{self, with_outcomes};
use super::tls::hello::ClientHello;
use super::tls::ja4::ja4;
use super::{About, Carriage, DissectOutput, Dissector, Payload, Probe, Progress};
use crate::model::limits::MESSAGE_BYTES;
use crate::model::{CloseReason, Counter, Direction, Measure, NameSource, ShortName, Tally, TlsNews, Transaction, learnt};
use initial::{Initial, InitialKeys, V1, V2, varint};
use std::borrow::Cow;

const VERSIONS: usize = 0;
const SERVER_NAMES: usize = 1;
const PROTOCOLS: usize = 2;
const OPENED: usize = 3;
const SEALED: usize = 4;
const FINGERPRINTS: usize = 5;

const COUNTERS: &[Counter] = with_outcomes! {
    "versions" "Versions" Measure::Codes(version);
    "server_names" "Server names" Measure::Texts;
    "application_protocols" "Application protocols offered" Measure::Lists("client_hellos");
    "client_hellos" "ClientHello" Measure::Count;
    "not_read" "Hellos not read" Measure::Count;
    "ja4" "Client fingerprints (JA4)" Measure::Texts;
};

/// Datagrams of a client that are looked at for its hello.
const DATAGRAMS: u8 = 4;

/// Datagrams of both sides after which nothing is waited for any more.
const WAITED: u8 = 16;

/// Pieces of a hello that are told apart.
const PIECES: usize = 32;

/// Bytes of a datagram with a client's first packet (RFC 9000 section 14.1).
const LEAST: u32 = 1_200;

/// The only request of a conversation, and what any packet of the server answers.
const HELLO: u32 = 0;
const ANSWERED: u32 = 0;

/// The body of a hello begins behind its type and length.
const CLIENT_HELLO: u8 = 1;

fn version(code: u32) -> Cow<'static, str> {
    match code {
        V1 => "1".into(),
        V2 => "2".into(),
        // The last draft was the 34th.
        0xff00_0000..=0xff00_0022 => format!("draft {}", code & 0xff).into(),
        other => format!("0x{other:08x}").into(),
    }
}

/// QUIC.
pub struct Quic;

/// What is known of a client's hello so far.
#[derive(Debug, Default)]
pub struct Hello {
    /// The way of the client.
    asked: Option<Direction>,
    /// The identifier that keys its packets.
    identifier: Vec<u8>,
    stream: Vec<u8>,
    /// What of the stream is there: from and up to.
    pieces: Vec<[usize; 2]>,
    datagrams: u8,
    /// Of both sides.
    seen: u8,
    is_answered: bool,
    is_done: bool,
}

impl Dissector for Quic {
    type State = Hello;

    const ABOUT: About = About { token: "quic", title: "QUIC", udp: Some(&[443, 784, 853, 8443]), tcp: None, counters: COUNTERS };
    const KEEPS: bool = true;

    fn probe(payload: &Payload<'_>, _: Carriage) -> Probe {
        labels::probe_quic(payload)
    }

    /// Every packet has one of two bits (RFC 9000 section 17).
    fn excludes(payload: &Payload<'_>) -> bool {
        payload.bytes.first().is_some_and(|first| first & 0xc0 == 0)
    }

    fn stream(state: &mut Hello, payload: &Payload<'_>, out: &mut DissectOutput<'_>) -> Progress {
        state.seen = state.seen.saturating_add(1);
        let client = *state.asked.get_or_insert_with(|| client(payload));
        if payload.way != client {
            if !state.is_answered && state.datagrams > 0 {
                state.is_answered = true;
                out.reply(payload, HELLO, ANSWERED);
            }
            return state.progress();
        }
        let Some(initial) = Initial::read(payload.bytes) else {
            state.unread(payload, out);
            return state.progress();
        };
        if state.datagrams == 0 {
            out.tally().add_code(VERSIONS, initial.version);
        }
        if !state.is_answered && payload.length >= LEAST {
            out.request(payload, HELLO);
        }
        state.datagrams = state.datagrams.saturating_add(1);
        if !state.is_done {
            state.read(&initial, payload, out);
        }
        state.progress()
    }

    fn end(state: &mut Hello, _: Option<CloseReason>, tally: &mut Tally) {
        if !state.is_done {
            tally.add(SEALED);
        }
    }

    fn held(state: &Hello) -> usize {
        state.stream.capacity()
    }

    fn transaction(transaction: &Transaction, tally: &mut Tally) {
        requests::count(transaction, tally, COUNTERS);
    }
}

/// The way of the client, of the first packet that is seen: to the port that is known, else its own.
fn client(payload: &Payload<'_>) -> Direction {
    let [source, destination] = payload.ports();
    let known = |port: u16| Quic::ABOUT.udp.is_some_and(|ports| ports.contains(&port));
    if known(source) && !known(destination) { payload.way.reversed() } else { payload.way }
}

/// The version a long header names (RFC 8999 section 5.1); a short one names none, nor does a list of versions (section 6).
fn named(bytes: &[u8]) -> Option<u32> {
    let is_long = bytes.first().is_some_and(|first| first & 0x80 != 0);
    be32(bytes, 1).filter(|version| is_long && *version != 0)
}

impl Hello {
    /// A client's datagram that is no Initial packet, or one whose version is not known or that was not captured whole.
    fn unread(&mut self, payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        let is_first = self.datagrams == 0;
        if let Some(version) = named(payload.bytes).filter(|_| is_first) {
            out.tally().add_code(VERSIONS, version);
        }
        if !self.is_answered && payload.length >= LEAST && initial::may_be(payload.bytes) {
            out.request(payload, HELLO);
            if is_first {
                out.tls(payload, payload.way, TlsNews::Unnamed);
            }
        }
        self.datagrams = self.datagrams.saturating_add(1);
        self.is_done |= self.datagrams >= DATAGRAMS;
    }

    fn progress(&self) -> Progress {
        if self.is_done && self.is_answered || self.seen > WAITED { Progress::Done } else { Progress::Continue }
    }

    /// Opens a packet and looks whether the hello is whole.
    fn read(&mut self, initial: &Initial<'_>, payload: &Payload<'_>, out: &mut DissectOutput<'_>) {
        // Behind a Retry it is another one (RFC 9001 section 5.2).
        let known = [self.identifier.as_slice(), initial.destination].into_iter().filter(|id| !id.is_empty());
        let opened = known.map(<[u8]>::to_vec).find_map(|id| {
            let frames = initial.open(&InitialKeys::new(initial.version, &id)?)?;
            Some((id, frames))
        });
        if let Some((id, frames)) = opened {
            self.identifier = id;
            self.frames(&frames, out);
        }
        let way = self.asked.unwrap_or(payload.way);
        if let Some(body) = self.body() {
            if let Some(hello) = ClientHello::read(body) {
                told(&hello, payload, way, out);
            }
            self.finish();
        } else if self.datagrams >= DATAGRAMS {
            out.tally().add(SEALED);
            self.finish();
        } else if self.datagrams == 1 {
            // Its name may come with the next one.
            out.tls(payload, way, TlsNews::Unnamed);
        }
    }

    fn finish(&mut self) {
        self.is_done = true;
        (self.stream, self.pieces) = (Vec::new(), Vec::new());
    }

    /// Puts what CRYPTO frames carry in its place (RFC 9000 section 19.6).
    fn frames(&mut self, frames: &[u8], out: &mut DissectOutput<'_>) {
        let mut at = 0;
        while let Some(&kind) = frames.get(at) {
            at += 1;
            match kind {
                // Padding and ping.
                0 | 1 => {}
                2 | 3 => match acknowledgement(frames, at, kind == 3) {
                    Some(next) => at = next,
                    None => return,
                },
                6 => {
                    let Some((offset, width)) = varint(frames, at) else { return };
                    let Some((length, more)) = varint(frames, at + width) else { return };
                    let (Ok(offset), Ok(length)) = (usize::try_from(offset), usize::try_from(length)) else { return };
                    let begin = at + width + more;
                    let Some(data) = begin.checked_add(length).and_then(|end| frames.get(begin..end)) else { return };
                    self.piece(offset, data, out);
                    at = begin + length;
                }
                _ => return,
            }
        }
    }

    fn piece(&mut self, offset: usize, data: &[u8], out: &mut DissectOutput<'_>) {
        let Some(end) = offset.checked_add(data.len()).filter(|end| *end <= MESSAGE_BYTES) else { return };
        if self.pieces.len() >= PIECES {
            return;
        }
        let more = end.saturating_sub(self.stream.len());
        if more > 0 && !out.hold(&mut self.stream, &vec![0; more]) {
            return;
        }
        if let Some(place) = self.stream.get_mut(offset..end) {
            place.copy_from_slice(data);
        }
        self.pieces.push([offset, end]);
    }

    /// The body of the hello, once all of it is there.
    fn body(&mut self) -> Option<&[u8]> {
        self.pieces.sort_unstable();
        let there = self.pieces.iter().fold(0, |there, [from, to]| if *from <= there { there.max(*to) } else { there });
        let &[kind, a, b, c] = self.stream.get(..there)?.first_chunk()?;
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        if kind != CLIENT_HELLO {
            return None;
        }
        self.stream.get(4..4 + length).filter(|_| 4 + length <= there)
    }
}

/// Where an ACK frame ends (RFC 9000 section 19.3).
fn acknowledgement(frames: &[u8], mut at: usize, counts_marks: bool) -> Option<usize> {
    let mut next = || {
        let (value, width) = varint(frames, at)?;
        at += width;
        Some(value)
    };
    let (_, _, ranges, _) = (next()?, next()?, next()?, next()?);
    for _ in 0..ranges.min(256) {
        let _ = (next()?, next()?);
    }
    if counts_marks {
        let _ = (next()?, next()?, next()?);
    }
    Some(at)
}

/// Tells what a hello asks for.
fn told(hello: &ClientHello<'_>, payload: &Payload<'_>, way: Direction, out: &mut DissectOutput<'_>) {
    out.tally().add(OPENED);
    out.tally().add_text(FINGERPRINTS, &ja4(hello, true));
    for protocol in hello.protocols() {
        let clean = learnt::clean(protocol);
        out.tally().add_text(PROTOCOLS, &clean);
    }
    let Some(name) = hello.server_name else { return out.tls(payload, way, TlsNews::Unnamed) };
    let clean = learnt::clean(name);
    out.tally().add_text(SERVER_NAMES, &clean);
    out.server_name(&clean);
    let [_, server] = payload.addresses();
    out.address_name(server, NameSource::Tls, name, payload.time);
    out.tls(payload, way, TlsNews::Named(ShortName::new(clean.as_bytes())));
}
