//! A conversation for the tests of dissectors: what is said in it, and what is heard and counted of it.

#![allow(dead_code, reason = "each test takes its part")]

use super::{Dissectors, Listener, Payload, registry};
use crate::model::{AppMessage, AppSlot, CloseReason, CounterValue, Direction, FlowKey, Timestamp};

/// Keeps what it is told.
#[derive(Default)]
struct Heard(Vec<AppMessage>);

impl Listener for Heard {
    fn message(&mut self, message: &AppMessage) {
        self.0.push(*message);
    }
}

/// A conversation between port 40000 of 10.0.0.1, the client, and a port of 10.0.0.2. Each thing said is one millisecond later.
pub struct Talk {
    /// The dissectors that listen.
    pub dissectors: Dissectors,
    /// The conversation's slot.
    pub slot: AppSlot,
    key: FlowKey,
    client: Direction,
    heard: Heard,
    time: i64,
    /// How much longer payloads were on the wire than what is there of them.
    pub beyond: u32,
}

/// Whether a message says anything of the answer.
fn is_reply(message: &AppMessage) -> bool {
    !message.is_request && message.code != AppMessage::TAKEN
}

impl Talk {
    /// Over UDP.
    pub fn udp(port: u16) -> Self {
        Self::new(17, port)
    }

    /// Over TCP.
    pub fn tcp(port: u16) -> Self {
        Self::new(6, port)
    }

    /// Over UDP, from nobody to everyone on the link.
    pub fn broadcast(port: u16) -> Self {
        let (key, client) = FlowKey::v4(17, 0, u32::MAX, 40_000, port);
        Self { key, client, ..Self::udp(port) }
    }

    /// Over UDP and IPv6, from a host to a group of its link.
    pub fn group(port: u16) -> Self {
        let (key, client) = FlowKey::new(true, 17, 0xfe80 << 112 | 7, 0xff02 << 112 | 1, 40_000, port);
        Self { key, client, ..Self::udp(port) }
    }

    fn new(protocol: u8, port: u16) -> Self {
        let (key, client) = FlowKey::v4(protocol, 0x0a00_0001, 0x0a00_0002, 40_000, port);
        Self { dissectors: Dissectors::default(), slot: AppSlot::default(), key, client, heard: Heard::default(), time: 0, beyond: 0 }
    }

    fn show(mut self, way: Direction, bytes: &[u8]) -> Self {
        self.time += 1;
        let length = bytes.len() as u32 + self.beyond;
        let payload = Payload { flow: &self.key, way, time: Timestamp(self.time * 1_000_000), bytes, length, number: 0 };
        match self.key.protocol {
            6 => self.dissectors.stream(&mut self.slot, &payload, &mut self.heard),
            _ => self.dissectors.datagram(&mut self.slot, &payload, &mut self.heard),
        }
        self
    }

    /// The client says something.
    pub fn client(self, bytes: impl AsRef<[u8]>) -> Self {
        let way = self.client;
        self.show(way, bytes.as_ref())
    }

    /// The server says something.
    pub fn server(self, bytes: impl AsRef<[u8]>) -> Self {
        let way = self.client.reversed();
        self.show(way, bytes.as_ref())
    }

    /// So many bytes of the server are missing.
    pub fn server_gap(mut self, bytes: u32) -> Self {
        self.dissectors.gap(&mut self.slot, self.client.reversed(), bytes, &mut self.heard);
        self
    }

    /// So many bytes of the client are missing.
    pub fn client_gap(mut self, bytes: u32) -> Self {
        self.dissectors.gap(&mut self.slot, self.client, bytes, &mut self.heard);
        self
    }

    /// Its protocol.
    pub fn app(&self) -> Option<&'static str> {
        registry::token(self.slot.app)
    }

    /// The counts of a counter of its protocol, by their names; a plain one's under no name. Zeros are left out.
    pub fn counts(&self, counter: &str) -> Vec<(String, u64)> {
        let sections = self.dissectors.report().sections();
        let section = sections.iter().find(|section| Some(section.token) == self.app()).expect("a protocol that counts");
        let (counter, value) = section.rows().find(|(c, _)| c.token == counter).expect("a counter");
        match value {
            CounterValue::Count(0) => Vec::new(),
            CounterValue::Count(n) => vec![(String::new(), *n)],
            CounterValue::Codes(codes) => codes.iter().map(|(code, n)| (counter.code(*code).into_owned(), *n)).collect(),
            CounterValue::Texts { texts, .. } => texts.iter().map(|(text, n)| (text.to_string(), *n)).collect(),
            CounterValue::Latency(histogram) => vec![(String::new(), histogram.len())],
        }
    }

    /// The counts of a counter in one text: `GET 2, POST 1`.
    pub fn told(&self, counter: &str) -> String {
        let parts: Vec<String> = self.counts(counter).iter().map(|(name, n)| format!("{name} {n}").trim().to_owned()).collect();
        parts.join(", ")
    }

    /// Each request with its reply, in the order of the requests: identifier, milliseconds it waited, code.
    pub fn pairs(&self) -> Vec<(u32, Option<(i64, u32)>)> {
        let asked = self.heard.0.iter().filter(|m| m.is_request);
        asked
            .map(|request| {
                let reply = self.heard.0.iter().find(|m| is_reply(m) && m.id == request.id && m.way != request.way);
                (request.id, reply.map(|r| (r.time.since(request.time) / 1_000_000, r.code)))
            })
            .collect()
    }

    /// The codes of the replies in their order.
    pub fn codes(&self) -> Vec<u32> {
        self.heard.0.iter().filter(|m| is_reply(m)).map(|m| m.code).collect()
    }

    /// The name of the server.
    pub fn server_name(&self) -> Option<String> {
        self.dissectors.server_name(&self.slot).map(|name| name.to_string())
    }

    /// Ends it: nothing may be held then.
    pub fn end(&mut self) {
        self.dissectors.end(&mut self.slot, CloseReason::Finished);
        assert_eq!((self.dissectors.held(), self.dissectors.reading()), (0, 0));
    }
}
