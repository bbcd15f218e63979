//! Whether a packet belongs to a list.

use crate::decode::{self, Headers, Peel, Rules, sflow};
use crate::model::{Address, Direction, FlowKey, Frame, TapePacket, TunnelKind};
use crate::snapshot::PacketSubject;

/// Reads headers for comparison, again and again.
#[derive(Default)]
pub(super) struct Matcher {
    headers: Box<Headers>,
    /// Those of samples in a datagram.
    sampled: Box<Headers>,
    rules: Rules,
}

/// How many tunnels are looked behind at most.
const TUNNELS: u8 = 4;

impl Matcher {
    /// One that decodes by rules.
    pub fn new(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Whether a packet (its number from 0) is of a subject: by its own headers, by those in a tunnel, or
    /// by those of a packet of which it brings a sample.
    pub fn matches(&mut self, subject: &PacketSubject, number: u64, packet: &TapePacket<'_>) -> bool {
        match subject {
            PacketSubject::All => true,
            PacketSubject::During(span, of) => span.contains(packet.time) && self.matches(of, number, packet),
            PacketSubject::Numbers(numbers, _) => numbers.binary_search(&(number + 1)).is_ok(),
            PacketSubject::Path(path) => {
                let peel = Peel { tunnels: u8::MAX, tag: false };
                decode::walk(packet.link, packet.bytes, packet.wire, &self.rules, peel, &mut self.headers);
                self.headers.path.prefixes().any(|above| above == *path)
            }
            _ => {
                for tunnels in 0..=TUNNELS {
                    let peel = Peel { tunnels, tag: false };
                    decode::walk(packet.link, packet.bytes, packet.wire, &self.rules, peel, &mut self.headers);
                    if is_of(subject, &self.headers) {
                        return true;
                    }
                    match self.headers.tunnels.get(usize::from(tunnels)).map(|layer| layer.tunnel.kind) {
                        None => return false,
                        Some(TunnelKind::Sflow) => return self.is_sampled(subject, packet),
                        Some(_) => {}
                    }
                }
                false
            }
        }
    }

    /// Whether a datagram whose headers were walked brings a sample of a packet of a subject.
    fn is_sampled(&mut self, subject: &PacketSubject, packet: &TapePacket<'_>) -> bool {
        let payload = packet.bytes.get(self.headers.payload_at as usize..).unwrap_or(&[]);
        sflow::samples(payload).any(|sample| {
            let (Some(link), Some(bytes)) = (sample.link(), payload.get(sample.header.clone())) else { return false };
            // Tunnels in a sample are the monitored network's own.
            decode::walk(link, bytes, sample.wire(), &self.rules, Peel::NONE, &mut self.sampled);
            is_of(subject, &self.sampled)
        })
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

/// Whether a packet with these headers is of a subject.
fn is_of(subject: &PacketSubject, headers: &Headers) -> bool {
    let macs = headers.mac.map(|(a, b)| [(Address::Mac(a), 0), (Address::Mac(b), 0)]);
    match subject {
        PacketSubject::Between { a: a @ Address::Mac(_), b, .. } => macs.is_some_and(|ends| are_between(ends, [(*a, 0), (*b, 0)])),
        PacketSubject::Host { address: Address::Mac(mac), .. } => {
            macs.is_some_and(|ends| ends.iter().any(|end| end.0 == Address::Mac(*mac)))
        }
        PacketSubject::Vlan(id) => headers.vlans.ids().contains(id),
        _ => is_of_flow(subject, headers.flow().map(|(key, _)| key)),
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
    let Some(key) = flow else { return matches!(subject, PacketSubject::All | PacketSubject::Numbers(..) | PacketSubject::During(..)) };
    let ends = [(key.a(), key.a_port), (key.b(), key.b_port)];
    match subject {
        PacketSubject::Between { a, a_port, b, b_port, protocol } => {
            protocol.is_none_or(|wanted| key.protocol == wanted) && are_between(ends, [(*a, *a_port), (*b, *b_port)])
        }
        PacketSubject::Host { address, port } => ends.iter().any(|end| is_end(*end, (*address, *port))),
        PacketSubject::Vlan(_) | PacketSubject::Path(_) => false,
        PacketSubject::All | PacketSubject::Numbers(..) | PacketSubject::During(..) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LinkType, Mac, Timestamp};
    use crate::packet::Packet;

    fn frame(host: u8) -> Vec<u8> {
        let packet = Packet::eth([2, 0, 0, 0, 0, host], [2, 0, 0, 0, 0, 9]).vlan(u16::from(host));
        packet.ip([10, 0, 0, host], [10, 0, 0, 9]).udp(5_000, 7_000).payload(b"sampled").build()
    }

    /// An sFlow datagram (version 5) with a sample of a frame of each host.
    fn datagram(hosts: &[u8]) -> Vec<u8> {
        let mut words: Vec<u8> = [5, 1, 0xc000_0201, 0, 1, 1_000, hosts.len() as u32].iter().flat_map(|w: &u32| w.to_be_bytes()).collect();
        for host in hosts {
            let mut header = frame(*host);
            let (whole, padded) = (header.len() as u32, header.len().next_multiple_of(4) as u32);
            header.resize(padded as usize, 0);
            // A flow sample with a raw packet header.
            let head = [1, 8 * 4 + 8 + 16 + padded, 1, 3, 8, 0, 0, 3, 4, 1, 1, 16 + padded, 1, whole + 4, 4, whole];
            words.extend(head.iter().flat_map(|w| w.to_be_bytes()));
            words.extend(header);
        }
        Packet::eth([2, 0, 8, 0, 0, 1], [2, 0, 8, 0, 0, 2]).ip([192, 0, 2, 1], [192, 0, 2, 9]).udp(50_000, 6_343).payload(&words).build()
    }

    /// A packet of which a sample came is no packet of the capture: the datagram that brought it is.
    #[test]
    fn of_a_sampled_host_are_the_datagrams_that_brought_its_packets() {
        let address = |last: u8| Address::V4([10, 0, 0, last].into());
        let host = |last: u8| PacketSubject::Host { address: address(last), port: 0 };
        let station = PacketSubject::Host { address: Address::Mac(Mac([2, 0, 0, 0, 0, 2])), port: 0 };
        let talk = PacketSubject::Between { a: address(2), a_port: 5_000, b: address(9), b_port: 7_000, protocol: Some(17) };
        let carrier = PacketSubject::Host { address: Address::V4([192, 0, 2, 1].into()), port: 6_343 };
        let mut matcher = Matcher::new(Rules::PLAIN);
        let mut of = |subject: &PacketSubject, hosts: &[u8]| {
            let bytes = datagram(hosts);
            let wire = bytes.len() as u32;
            matcher.lists(subject, 0, &TapePacket { time: Timestamp(0), link: LinkType::ETHERNET, wire, interface: 0, bytes: &bytes })
        };
        for subject in [host(2), station, talk, PacketSubject::Vlan(2)] {
            assert!(of(&subject, &[1, 2]) && of(&subject, &[2]), "{subject:?}");
            assert!(!of(&subject, &[1, 3]) && !of(&subject, &[]), "{subject:?}");
        }
        assert!(!of(&carrier, &[1, 2]), "the agent does not send from that port");
        assert!(of(&PacketSubject::Host { address: Address::V4([192, 0, 2, 9].into()), port: 6_343 }, &[]));
    }
}
