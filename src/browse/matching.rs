//! Whether a packet belongs to a list.

use crate::decode::{self, Headers, Peel, Rules};
use crate::model::{Address, Direction, TapePacket};
use crate::snapshot::PacketSubject;

/// Reads headers for comparison, again and again.
#[derive(Default)]
pub(super) struct Matcher {
    headers: Box<Headers>,
    rules: Rules,
}

/// How many tunnels are looked behind at most.
const TUNNELS: u8 = 4;

impl Matcher {
    /// One that decodes by rules.
    pub fn new(rules: Rules) -> Self {
        Self { headers: Box::default(), rules }
    }

    /// Whether a packet (its number from 0) is of a subject: by its own headers, or by those in a tunnel.
    pub fn matches(&mut self, subject: &PacketSubject, number: u64, packet: &TapePacket<'_>) -> bool {
        match subject {
            PacketSubject::All => true,
            PacketSubject::During(span, of) => span.contains(packet.time) && self.matches(of, number, packet),
            PacketSubject::Numbers(numbers) => numbers.binary_search(&(number + 1)).is_ok(),
            _ => {
                for tunnels in 0..=TUNNELS {
                    let peel = Peel { tunnels, tag: false };
                    decode::walk(packet.link, packet.bytes, packet.wire, &self.rules, peel, &mut self.headers);
                    if self.is_of(subject) {
                        return true;
                    }
                    if self.headers.tunnels.len() <= usize::from(tunnels) {
                        return false;
                    }
                }
                false
            }
        }
    }

    fn is_of(&self, subject: &PacketSubject) -> bool {
        let flow = self.headers.flow();
        let ends = flow.map(|(key, _)| [(key.a(), key.a_port), (key.b(), key.b_port)]);
        let macs = self.headers.mac.map(|(a, b)| [(Address::Mac(a), 0), (Address::Mac(b), 0)]);
        let is = |end: (Address, u16), address: Address, port: u16| end.0 == address && (port == 0 || end.1 == port);
        match subject {
            PacketSubject::Between { a, a_port, b, b_port, protocol } => {
                let ends = if matches!(a, Address::Mac(_)) { macs } else { ends };
                let is_protocol = protocol.is_none_or(|wanted| flow.is_some_and(|(key, _)| key.protocol == wanted));
                let is_between = |[one, other]: [(Address, u16); 2]| {
                    is(one, *a, *a_port) && is(other, *b, *b_port) || is(one, *b, *b_port) && is(other, *a, *a_port)
                };
                is_protocol && ends.is_some_and(is_between)
            }
            PacketSubject::Host { address, port } => {
                let ends = if matches!(address, Address::Mac(_)) { macs } else { ends };
                ends.is_some_and(|ends| ends.iter().any(|end| is(*end, *address, *port)))
            }
            PacketSubject::Vlan(id) => self.headers.vlans.ids().contains(id),
            PacketSubject::All | PacketSubject::Numbers(_) | PacketSubject::During(..) => true,
        }
    }

    /// The conversation of a packet, the innermost one.
    pub fn conversation(&mut self, packet: &TapePacket<'_>) -> PacketSubject {
        let peel = Peel { tunnels: u8::MAX, tag: false };
        decode::walk(packet.link, packet.bytes, packet.wire, &self.rules, peel, &mut self.headers);
        match (self.headers.flow(), self.headers.mac) {
            (Some((key, _)), _) => {
                PacketSubject::Between { a: key.a(), a_port: key.a_port, b: key.b(), b_port: key.b_port, protocol: Some(key.protocol) }
            }
            (None, Some((a, b))) => PacketSubject::Between { a: Address::Mac(a), a_port: 0, b: Address::Mac(b), b_port: 0, protocol: None },
            (None, None) => PacketSubject::All,
        }
    }

    /// Which way the packet goes that was compared last.
    pub fn way(&self) -> Option<Direction> {
        self.headers.flow().map(|(_, way)| way)
    }

    /// The headers of the packet that was compared last.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }
}
