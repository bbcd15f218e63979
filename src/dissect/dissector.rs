//! What a dissector is.

use super::names::{AddressNames, ServerNames};
use crate::model::mix;
use crate::model::{
    Address, Answer, AppId, AppMessage, CloseReason, Counter, Direction, FlowKey, Manners, MediaOffer, NameSource, ProxiedRequest,
    RequestPart, RequestWords, RtpPacket, ShortName, Tally, Timestamp, TlsNews, TlsSight, Transaction,
};
use std::borrow::Cow;
use std::fmt;

/// What carries an application protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carriage {
    /// UDP: every payload is a datagram of its own.
    Udp,
    /// TCP: bytes in their order, with gaps.
    Tcp,
}

/// Some payload of a conversation: a datagram, or the next bytes of a stream.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a> {
    /// The conversation.
    pub flow: &'a FlowKey,
    /// Which way it goes.
    pub way: Direction,
    /// When it passed.
    pub time: Timestamp,
    /// The bytes that were captured.
    pub bytes: &'a [u8],
    /// How many there were on the wire.
    pub length: u32,
    /// The number of the packet that they came with, or that completed them; 0 where it is not known.
    pub number: u64,
}

impl Payload<'_> {
    /// Source and destination port.
    pub fn ports(&self) -> [u16; 2] {
        match self.way {
            Direction::AToB => [self.flow.a_port, self.flow.b_port],
            Direction::BToA => [self.flow.b_port, self.flow.a_port],
        }
    }

    /// Source and destination address.
    pub fn addresses(&self) -> [Address; 2] {
        match self.way {
            Direction::AToB => [self.flow.a(), self.flow.b()],
            Direction::BToA => [self.flow.b(), self.flow.a()],
        }
    }

    /// Whether all bytes that were on the wire are there.
    pub fn is_whole(&self) -> bool {
        self.bytes.len() >= self.length as usize
    }
}

/// What a dissector says of a payload of an unknown conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// It is this protocol: at least four fixed bytes, or two with a length that fits and values that exist.
    Certain,
    /// It may be; a registered port decides.
    Unsure,
    /// It may be, if the next packets follow this one, of which this is remembered.
    Follows(u32),
    /// It is not.
    No,
}

/// What a dissector wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More of the conversation.
    Continue,
    /// What follows this payload is of another protocol, which is to be found out anew.
    Becomes,
    /// It, or already this payload of which nothing was read, is of another protocol.
    BecameWith,
    /// Nothing: everything of interest was read.
    Done,
    /// Nothing: the rest cannot be read.
    Skip,
}

/// How far the answers of a conversation have come, which its end may cut short.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AnswerProgress {
    /// Nobody knows.
    #[default]
    Unknown,
    /// One has begun that says how long it is, and not all of it came.
    Partial,
    /// All that was asked was answered, and all of the answers came.
    Whole,
}

/// Who is told at once what dissectors read.
pub trait Listener {
    /// A request or a reply, to be joined with its counterpart.
    fn message(&mut self, message: &AppMessage);

    /// What a TLS handshake shows.
    fn tls(&mut self, _: &TlsSight) {}

    /// A packet of a stream of voice or pictures.
    fn rtp(&mut self, _: &RtpPacket) {}

    /// A proxy is asked for something of another host.
    fn proxied(&mut self, _: &ProxiedRequest) {}

    /// Where such a stream is going to be sent.
    fn offer(&mut self, _: &MediaOffer) {}

    /// Whether somebody wants to know what requests say.
    fn wants_words(&self) -> bool {
        false
    }

    /// What a request says.
    fn words(&mut self, _: RequestWords) {}
}

/// Nobody listens.
impl Listener for () {
    fn message(&mut self, _: &AppMessage) {}
}

/// What is known of a protocol before any packet.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Its usual token, as in Wireshark's filter names.
    pub token: &'static str,
    /// Its name in words.
    pub title: &'static str,
    /// Its registered UDP ports; `None` when it is not spoken over UDP.
    pub udp: Option<&'static [u16]>,
    /// Its registered TCP ports; `None` when it is not spoken over TCP.
    pub tcp: Option<&'static [u16]>,
    /// What it counts.
    pub counters: &'static [Counter],
}

impl About {
    /// Its ports on a transport; `None` when it is not spoken there.
    pub fn ports(&self, transport: Carriage) -> Option<&'static [u16]> {
        match transport {
            Carriage::Udp => self.udp,
            Carriage::Tcp => self.tcp,
        }
    }
}

/// One application protocol. None of these may panic or take more than a bounded time, whatever the bytes are.
pub trait Dissector {
    /// What it keeps of a TCP conversation while it reads it.
    type State: Default + fmt::Debug;

    /// Its name, ports and counters.
    const ABOUT: About;

    /// Whether it keeps something of a conversation over UDP: then it reads its datagrams as the pieces of a stream.
    const KEEPS: bool = false;

    /// How its services answer, whatever they are asked: what findings about waiting and silence go by.
    const MANNERS: Manners = Manners::USUAL;

    /// Whether a payload of an unknown conversation is this protocol's.
    fn probe(payload: &Payload<'_>, transport: Carriage) -> Probe;

    /// Whether a datagram that is none of this protocol's shows that the conversation at its port is not, for each has a form of its own.
    fn excludes(_payload: &Payload<'_>) -> bool {
        false
    }

    /// Reads a datagram.
    fn datagram(_payload: &Payload<'_>, _out: &mut DissectOutput<'_>) -> Progress {
        Progress::Skip
    }

    /// Reads the next bytes of one direction of a stream.
    fn stream(_state: &mut Self::State, _payload: &Payload<'_>, _out: &mut DissectOutput<'_>) -> Progress {
        Progress::Skip
    }

    /// So many bytes of one direction of a stream are missing: on a mirror that is normal. What follows begins anywhere.
    fn gap(_state: &mut Self::State, _way: Direction, _bytes: u32, _out: &mut DissectOutput<'_>) -> Progress {
        Progress::Skip
    }

    /// The conversation was closed, or (without a reason) nothing more of it can be read.
    fn end(_state: &mut Self::State, _reason: Option<CloseReason>, _tally: &mut Tally) {}

    /// How far the answers of a conversation have come.
    fn progress(_state: &Self::State) -> AnswerProgress {
        AnswerProgress::Unknown
    }

    /// Bytes its state holds outside of itself.
    fn held(_state: &Self::State) -> usize {
        0
    }

    /// What a code of its answers means.
    fn outcome(_code: u32) -> Answer {
        Answer::Normal
    }

    /// The usual words for a code of its answers.
    fn code_text(code: u32) -> Cow<'static, str> {
        code.to_string().into()
    }

    /// Counts a transaction of its messages.
    fn transaction(_transaction: &Transaction, _tally: &mut Tally) {}
}

/// Where a dissector puts what it read.
pub struct DissectOutput<'a> {
    pub(super) app: AppId,
    pub(super) tally: &'a mut Tally,
    pub(super) addresses: &'a mut AddressNames,
    pub(super) servers: &'a mut ServerNames,
    /// Bytes that may be held beyond those that are.
    pub(super) room: usize,
    /// Whether something was refused for want of room.
    pub(super) refused: bool,
    pub(super) server_name: u32,
    pub(super) listener: &'a mut dyn Listener,
}

/// Bytes of a request that tell it from another: the message type of DHCP lies behind 240 of them.
const DIGESTED: usize = 512;

/// A hash of a request, never 0.
fn digest(bytes: &[u8]) -> u32 {
    ((mix::of_bytes(bytes.get(..DIGESTED).unwrap_or(bytes)) >> 32) as u32).max(1)
}

/// What a message is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Request,
    Interim,
    Reply,
}

impl DissectOutput<'_> {
    /// The protocol's counters.
    pub fn tally(&mut self) -> &mut Tally {
        self.tally
    }

    /// Tells of a message; what protocol it is of is added.
    pub fn message(&mut self, message: AppMessage) {
        self.listener.message(&AppMessage { app: self.app, ..message });
    }

    /// Tells of a request with this identifier.
    pub(super) fn request(&mut self, payload: &Payload<'_>, id: u32) {
        self.request_by(payload, id, 0);
    }

    /// The same, by somebody who may be refused or for somebody who may fail, whose name has this hash (0: nobody).
    pub(super) fn request_by(&mut self, payload: &Payload<'_>, id: u32, name: u32) {
        self.tell(payload, Told::Request, id, (name, 0));
    }

    /// Tells of the reply to it.
    pub(super) fn reply(&mut self, payload: &Payload<'_>, id: u32, code: u32) {
        self.tell(payload, Told::Reply, id, (0, code));
    }

    /// Tells of a reply to it behind which another will follow.
    pub(super) fn interim(&mut self, payload: &Payload<'_>, id: u32, code: u32) {
        self.tell(payload, Told::Interim, id, (0, code));
    }

    /// Tells that nothing is known of the reply to it: bytes are missing. The payload is one that goes the reply's way.
    pub(super) fn lost(&mut self, payload: &Payload<'_>, id: u32) {
        self.tell(payload, Told::Reply, id, (0, AppMessage::LOST));
    }

    /// Tells that the server refuses whoever comes, before anything was asked: that answers what the client did not get to say. The reply goes
    /// first, for no time is measured so.
    pub(super) fn turned_away(&mut self, payload: &Payload<'_>, code: u32) {
        self.reply(payload, 0, code);
        self.request(&Payload { way: payload.way.reversed(), ..*payload }, 0);
    }

    fn tell(&mut self, payload: &Payload<'_>, told: Told, id: u32, (question, code): (u32, u32)) {
        let Payload { flow, way, time, number, .. } = *payload;
        let (is_request, is_interim) = (told == Told::Request, told == Told::Interim);
        let (app, flow) = (self.app, *flow);
        // Over TCP nothing is asked twice.
        let content = if is_request && flow.is_udp() { digest(payload.bytes) } else { 0 };
        self.message(AppMessage { app, flow, way, time, number, is_request, is_interim, id, question, content, code, tells_loss: false });
    }

    /// Tells what a request says, where somebody wants to know: of the request with this identifier that is told of now or later.
    pub(super) fn words(&mut self, payload: &Payload<'_>, id: u32, part: RequestPart, text: &[u8]) {
        if self.listener.wants_words() {
            let text = String::from_utf8_lossy(text).into();
            self.listener.words(RequestWords { flow: *payload.flow, id, part, text });
        }
    }

    /// Tells what a TLS handshake shows; `way` is the way from the client.
    pub(super) fn tls(&mut self, payload: &Payload<'_>, way: Direction, news: TlsNews) {
        self.listener.tls(&TlsSight { flow: *payload.flow, way, time: payload.time, news, number: payload.number });
    }

    /// Tells for whom a proxy is asked; the name has this hash. The payload is one that goes the request's way.
    pub(super) fn proxied(&mut self, payload: &Payload<'_>, question: u32, name: &[u8]) {
        let Payload { flow, way, time, .. } = *payload;
        self.listener.proxied(&ProxiedRequest { flow: *flow, way, time, question, name: ShortName::new(name) });
    }

    /// Tells of a packet of a stream.
    pub(super) fn rtp(&mut self, packet: &RtpPacket) {
        self.listener.rtp(packet);
    }

    /// Tells where a stream is going to be sent.
    pub(super) fn offer(&mut self, offer: &MediaOffer) {
        self.listener.offer(offer);
    }

    /// Tells that an address was called so.
    pub fn address_name(&mut self, address: Address, source: NameSource, name: &[u8], now: Timestamp) {
        self.addresses.note(address, source, name, now);
    }

    /// Tells the name of the server of this conversation.
    pub fn server_name(&mut self, name: &str) {
        self.server_name = self.servers.number(name);
    }

    /// Appends bytes of a message that is not complete to `held`; false, and nothing, when there is no room.
    pub fn hold(&mut self, held: &mut Vec<u8>, bytes: &[u8]) -> bool {
        // What the vector may grow to counts, not what is in it.
        let (len, before) = (held.len().saturating_add(bytes.len()), held.capacity());
        let more = if len > before { len.max(before * 2).saturating_sub(before) } else { 0 };
        if more > self.room {
            self.refused = true;
            return false;
        }
        held.extend_from_slice(bytes);
        self.room = self.room.saturating_sub(held.capacity().saturating_sub(before));
        true
    }
}
