//! IP with its options, fragments and extension headers; TCP, UDP, ICMP, SCTP.

use super::layer::{Kind, Name};
use super::{ACK, Packet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

fn ttl_at(kind: Kind) -> Option<usize> {
    match kind {
        Kind::Ipv4 => Some(8),
        Kind::Ipv6 => Some(7),
        _ => None,
    }
}

fn at_in(wanted: Kind, at: usize) -> impl Fn(Kind) -> Option<usize> {
    move |kind| (kind == wanted).then_some(at)
}

impl Packet {
    /// IPv4 or IPv6 by the addresses' family.
    pub fn ip(self, source: impl Into<IpAddr>, destination: impl Into<IpAddr>) -> Self {
        match (source.into(), destination.into()) {
            (IpAddr::V4(s), IpAddr::V4(d)) => self.ipv4(s, d),
            (IpAddr::V6(s), IpAddr::V6(d)) => self.ipv6(s, d),
            (s, d) => panic!("{s} and {d} are of two families"),
        }
    }

    /// IPv4: identification 1, don't fragment, TTL 64.
    pub fn ipv4(self, source: impl Into<Ipv4Addr>, destination: impl Into<Ipv4Addr>) -> Self {
        let mut header = [0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        header[12..16].copy_from_slice(&source.into().octets());
        header[16..20].copy_from_slice(&destination.into().octets());
        self.push(Kind::Ipv4, Name::IPV4, &header)
    }

    /// IPv6: flow label 0, hop limit 64.
    pub fn ipv6(self, source: impl Into<Ipv6Addr>, destination: impl Into<Ipv6Addr>) -> Self {
        let mut header = [0; 40];
        (header[0], header[6], header[7]) = (0x60, 59, 64);
        header[8..24].copy_from_slice(&source.into().octets());
        header[24..40].copy_from_slice(&destination.into().octets());
        self.push(Kind::Ipv6, Name::IPV6, &header)
    }

    /// TTL or hop limit.
    pub fn ttl(self, hops: u8) -> Self {
        self.write("a TTL", ttl_at, &[hops])
    }

    /// IPv4's type of service or IPv6's traffic class: DSCP and ECN.
    pub fn traffic_class(mut self, class: u8) -> Self {
        let (number, _) = self.find("a traffic class", ttl_at);
        let layer = self.layers[number];
        if layer.kind == Kind::Ipv4 {
            self.head[layer.at + 1] = class;
        } else {
            self.head[layer.at] = 0x60 | class >> 4;
            self.head[layer.at + 1] = self.head[layer.at + 1] & 0x0f | class << 4;
        }
        self
    }

    /// IPv4's identification.
    pub fn id(self, id: u16) -> Self {
        self.write("an identification", at_in(Kind::Ipv4, 4), &id.to_be_bytes())
    }

    /// IPv6's flow label.
    pub fn flow_label(self, label: u32) -> Self {
        self.write("a flow label", at_in(Kind::Ipv6, 1), &label.to_be_bytes()[1..])
    }

    /// IPv4's flags and fragment offset as one word: 0x4000 don't fragment, 0x2000 more fragments, the low 13 bits the offset / 8.
    pub fn fragment_word(self, word: u16) -> Self {
        self.write("a fragment offset", at_in(Kind::Ipv4, 6), &word.to_be_bytes())
    }

    /// Makes the packet a fragment that begins `offset` bytes (a multiple of 8) into its datagram. IPv6 gets a fragment header.
    pub fn fragment(self, id: u32, offset: u16, more: bool) -> Self {
        assert!(offset.is_multiple_of(8), "fragments begin at multiples of 8");
        if self.last().kind == Kind::Ipv4 {
            return self.id(id as u16).fragment_word((u16::from(more) << 13) | (offset / 8));
        }
        let header = [&[59, 0][..], &(offset | u16::from(more)).to_be_bytes(), &id.to_be_bytes()].concat();
        self.push(Kind::Fragment, Name::ip(44), &header)
    }

    /// Options of IPv4 or TCP, filled up with no-operations to a multiple of four bytes.
    pub fn options(self, options: &[u8]) -> Self {
        let mut padded = options.to_vec();
        padded.resize(options.len().next_multiple_of(4), 1);
        self.extend(&[Kind::Ipv4, Kind::Tcp], &padded)
    }

    /// An IPv6 extension header (0 hop-by-hop, 60 destination options, 43 routing) with this body, filled up with zeroes (Pad1).
    pub fn extension(self, protocol: u8, body: &[u8]) -> Self {
        let mut header = vec![59, 0];
        header.extend(body);
        header.resize(header.len().next_multiple_of(8), 0);
        self.push(Kind::Extension, Name::ip(protocol), &header)
    }

    /// An authentication header (RFC 4302) with a check value of `check` bytes.
    pub fn ah(self, index: u32, check: usize) -> Self {
        let mut header = vec![59, 0, 0, 0];
        header.extend(index.to_be_bytes());
        header.extend([0, 0, 0, 1]);
        header.resize(12 + check, 0xaa);
        self.push(Kind::Ah, Name::ip(51), &header)
    }

    /// TCP: sequence 1, acknowledgement 1, ACK, window 65535.
    pub fn tcp(self, source: u16, destination: u16) -> Self {
        let [s0, s1] = source.to_be_bytes();
        let [d0, d1] = destination.to_be_bytes();
        self.push(Kind::Tcp, Name::ip(6), &[s0, s1, d0, d1, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, ACK, 0xff, 0xff, 0, 0, 0, 0])
    }

    /// TCP's sequence number.
    pub fn seq(self, number: u32) -> Self {
        self.write("a sequence number", at_in(Kind::Tcp, 4), &number.to_be_bytes())
    }

    /// TCP's acknowledgement number.
    pub fn ack(self, number: u32) -> Self {
        self.write("an acknowledgement number", at_in(Kind::Tcp, 8), &number.to_be_bytes())
    }

    /// TCP's flags.
    pub fn flags(self, flags: u8) -> Self {
        self.write("flags", at_in(Kind::Tcp, 13), &[flags])
    }

    /// TCP's window, unscaled.
    pub fn window(self, window: u16) -> Self {
        self.write("a window", at_in(Kind::Tcp, 14), &window.to_be_bytes())
    }

    /// UDP.
    pub fn udp(self, source: u16, destination: u16) -> Self {
        let [s0, s1] = source.to_be_bytes();
        let [d0, d1] = destination.to_be_bytes();
        self.push(Kind::Udp, Name::ip(17), &[s0, s1, d0, d1, 0, 0, 0, 0])
    }

    /// ICMP or, behind IPv6, ICMPv6: type, code and the four bytes behind the checksum.
    pub fn icmp(self, kind: u8, code: u8, rest: [u8; 4]) -> Self {
        let six = self.layers.iter().rev().find_map(|l| match l.kind {
            Kind::Ipv4 => Some(false),
            Kind::Ipv6 => Some(true),
            _ => None,
        });
        let [a, b, c, d] = rest;
        let (layer, name) = if six == Some(true) { (Kind::Icmpv6, Name::ip(58)) } else { (Kind::Icmp, Name::ip(1)) };
        self.push(layer, name, &[kind, code, 0, 0, a, b, c, d])
    }

    /// An echo request, or its answer.
    pub fn ping(self, id: u16, sequence: u16, answer: bool) -> Self {
        let six = self.layers.iter().any(|l| l.kind == Kind::Ipv6);
        let kind = match (six, answer) {
            (false, false) => 8,
            (false, true) => 0,
            (true, false) => 128,
            (true, true) => 129,
        };
        let ([i0, i1], [s0, s1]) = (id.to_be_bytes(), sequence.to_be_bytes());
        self.icmp(kind, 0, [i0, i1, s0, s1])
    }

    /// SCTP's common header; chunks are the payload.
    pub fn sctp(self, source: u16, destination: u16, tag: u32) -> Self {
        let header = [&source.to_be_bytes()[..], &destination.to_be_bytes(), &tag.to_be_bytes(), &[0; 4]].concat();
        self.push(Kind::Sctp, Name::ip(132), &header)
    }
}
