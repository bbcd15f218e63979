//! Whether a packet belongs to a list.

use crate::decode::{self, Headers, Peel, Rules};
use crate::model::{Address, Direction, FlowKey, Frame, TapePacket};
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

    /// Whether a packet belongs in a list of a subject: it is of it, or an ICMP error about it.
    pub fn lists(&mut self, subject: &PacketSubject, number: u64, packet: &TapePacket<'_>) -> bool {
        self.matches(subject, number, packet) || self.reports(subject, packet)
    }

    /// Whether a packet is an ICMP error that quotes a packet of a subject.
    fn reports(&mut self, subject: &PacketSubject, packet: &TapePacket<'_>) -> bool {
        if let PacketSubject::During(span, of) = subject {
            return span.contains(packet.time) && self.reports(of, packet);
        }
        if !self.headers.flow().is_some_and(|(key, _)| matches!(key.protocol, 1 | 58)) {
            return false;
        }
        let mut frame = Frame::default();
        self.headers.show(packet.bytes, self.headers.flow(), &mut frame);
        let by_address = matches!(subject, PacketSubject::Between { .. } | PacketSubject::Host { .. });
        by_address && frame.quoted_flow().is_some_and(|quoted| is_of_flow(subject, Some(quoted.key)))
    }

    fn is_of(&self, subject: &PacketSubject) -> bool {
        let macs = self.headers.mac.map(|(a, b)| [(Address::Mac(a), 0), (Address::Mac(b), 0)]);
        match subject {
            PacketSubject::Between { a: a @ Address::Mac(_), b, .. } => macs.is_some_and(|ends| are_between(ends, [(*a, 0), (*b, 0)])),
            PacketSubject::Host { address: Address::Mac(mac), .. } => {
                macs.is_some_and(|ends| ends.iter().any(|end| end.0 == Address::Mac(*mac)))
            }
            PacketSubject::Vlan(id) => self.headers.vlans.ids().contains(id),
            _ => is_of_flow(subject, self.headers.flow().map(|(key, _)| key)),
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

/// Whether the ends of a packet are some two, in either order; a port of 0 is any.
fn are_between([one, other]: [(Address, u16); 2], [a, b]: [(Address, u16); 2]) -> bool {
    is_end(one, a) && is_end(other, b) || is_end(one, b) && is_end(other, a)
}

fn is_end(end: (Address, u16), wanted: (Address, u16)) -> bool {
    end.0 == wanted.0 && (wanted.1 == 0 || end.1 == wanted.1)
}

/// Whether a conversation is of a subject.
fn is_of_flow(subject: &PacketSubject, flow: Option<FlowKey>) -> bool {
    let Some(key) = flow else { return matches!(subject, PacketSubject::All | PacketSubject::Numbers(_) | PacketSubject::During(..)) };
    let ends = [(key.a(), key.a_port), (key.b(), key.b_port)];
    match subject {
        PacketSubject::Between { a, a_port, b, b_port, protocol } => {
            protocol.is_none_or(|wanted| key.protocol == wanted) && are_between(ends, [(*a, *a_port), (*b, *b_port)])
        }
        PacketSubject::Host { address, port } => ends.iter().any(|end| is_end(*end, (*address, *port))),
        PacketSubject::Vlan(_) => false,
        PacketSubject::All | PacketSubject::Numbers(_) | PacketSubject::During(..) => true,
    }
}
