//! Frames made by hand, with right lengths and checksums.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One end of a conversation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct End {
    pub mac: [u8; 6],
    pub ip: IpAddr,
    pub port: u16,
}

/// A TCP segment's variable parts.
#[derive(Debug, Clone, Default)]
pub struct Tcp {
    pub seq: u32,
    pub ack: u32,
    pub flags: u8,
    pub window: u16,
    pub options: Vec<u8>,
    pub payload: Vec<u8>,
}

pub const FIN: u8 = 0x01;
pub const SYN: u8 = 0x02;
pub const RST: u8 = 0x04;
pub const PSH: u8 = 0x08;
pub const ACK: u8 = 0x10;

fn sum(bytes: &[u8]) -> u32 {
    bytes.chunks(2).map(|c| u32::from(u16::from_be_bytes([c[0], *c.get(1).unwrap_or(&0)]))).fold(0, |a, b| a.wrapping_add(b))
}

fn fold(mut n: u32) -> u16 {
    while n > 0xffff {
        n = (n & 0xffff) + (n >> 16);
    }
    n as u16
}

/// The Internet checksum (RFC 1071).
pub fn checksum(bytes: &[u8]) -> u16 {
    !fold(sum(bytes))
}

/// The folded sum of the pseudo-header alone: what a frame carries whose checksum the hardware was to fill in.
pub fn pseudo_sum(source: IpAddr, destination: IpAddr, protocol: u8, length: usize) -> u32 {
    let addresses = match (source, destination) {
        (IpAddr::V4(s), IpAddr::V4(d)) => sum(&s.octets()) + sum(&d.octets()),
        (IpAddr::V6(s), IpAddr::V6(d)) => sum(&s.octets()) + sum(&d.octets()),
        _ => panic!("both ends of one family"),
    };
    addresses + u32::from(protocol) + length as u32
}

/// An Ethernet II frame, padded to 60 bytes.
pub fn ethernet(source: [u8; 6], destination: [u8; 6], vlans: &[u16], ether_type: u16, payload: &[u8]) -> Vec<u8> {
    let mut f = Vec::with_capacity(18 + payload.len());
    f.extend(destination);
    f.extend(source);
    for v in vlans {
        f.extend(0x8100u16.to_be_bytes());
        f.extend(v.to_be_bytes());
    }
    f.extend(ether_type.to_be_bytes());
    f.extend(payload);
    if f.len() < 60 {
        f.resize(60, 0);
    }
    f
}

/// An IPv4 packet.
pub fn ipv4(source: Ipv4Addr, destination: Ipv4Addr, id: u16, ttl: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_fragment(source, destination, id, ttl, protocol, 0x4000, payload)
}

/// An IPv4 packet with a fragment word of its own (0x4000: don't fragment, 0x2000: more fragments, low 13 bits: offset / 8).
pub fn ipv4_fragment(source: Ipv4Addr, destination: Ipv4Addr, id: u16, ttl: u8, protocol: u8, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let mut p = vec![0x45, 0];
    p.extend(((20 + payload.len()) as u16).to_be_bytes());
    p.extend(id.to_be_bytes());
    p.extend(fragment.to_be_bytes());
    p.extend([ttl, protocol, 0, 0]);
    p.extend(source.octets());
    p.extend(destination.octets());
    let c = checksum(&p);
    p[10..12].copy_from_slice(&c.to_be_bytes());
    p.extend(payload);
    p
}

/// An IPv6 packet.
pub fn ipv6(source: Ipv6Addr, destination: Ipv6Addr, flow_label: u32, hops: u8, next: u8, payload: &[u8]) -> Vec<u8> {
    let mut p = (0x6000_0000u32 | flow_label & 0xf_ffff).to_be_bytes().to_vec();
    p.extend((payload.len() as u16).to_be_bytes());
    p.extend([next, hops]);
    p.extend(source.octets());
    p.extend(destination.octets());
    p.extend(payload);
    p
}

fn ip(source: IpAddr, destination: IpAddr, id: u16, ttl: u8, protocol: u8, payload: &[u8]) -> (u16, Vec<u8>) {
    match (source, destination) {
        (IpAddr::V4(s), IpAddr::V4(d)) => (0x0800, ipv4(s, d, id, ttl, protocol, payload)),
        (IpAddr::V6(s), IpAddr::V6(d)) => (0x86dd, ipv6(s, d, 0x12345, ttl, protocol, payload)),
        _ => panic!("both ends of one family"),
    }
}

/// A TCP segment in an Ethernet frame.
pub fn tcp(from: End, to: End, vlans: &[u16], id: u16, ttl: u8, t: &Tcp) -> Vec<u8> {
    let mut options = t.options.clone();
    while !options.len().is_multiple_of(4) {
        options.push(1);
    }
    let mut s = Vec::with_capacity(20 + options.len() + t.payload.len());
    s.extend(from.port.to_be_bytes());
    s.extend(to.port.to_be_bytes());
    s.extend(t.seq.to_be_bytes());
    s.extend(t.ack.to_be_bytes());
    s.extend([((20 + options.len()) / 4 * 16) as u8, t.flags]);
    s.extend(t.window.to_be_bytes());
    s.extend([0, 0, 0, 0]);
    s.extend(&options);
    s.extend(&t.payload);
    let c = !fold(pseudo_sum(from.ip, to.ip, 6, s.len()).wrapping_add(sum(&s)));
    s[16..18].copy_from_slice(&c.to_be_bytes());
    let (ether_type, packet) = ip(from.ip, to.ip, id, ttl, 6, &s);
    ethernet(from.mac, to.mac, vlans, ether_type, &packet)
}

/// A UDP datagram in an Ethernet frame.
pub fn udp(from: End, to: End, vlans: &[u16], id: u16, ttl: u8, payload: &[u8]) -> Vec<u8> {
    let (ether_type, packet) = ip(from.ip, to.ip, id, ttl, 17, &udp_datagram(from, to, payload));
    ethernet(from.mac, to.mac, vlans, ether_type, &packet)
}

/// A UDP datagram with its checksum.
pub fn udp_datagram(from: End, to: End, payload: &[u8]) -> Vec<u8> {
    let mut s = Vec::with_capacity(8 + payload.len());
    s.extend(from.port.to_be_bytes());
    s.extend(to.port.to_be_bytes());
    s.extend(((8 + payload.len()) as u16).to_be_bytes());
    s.extend([0, 0]);
    s.extend(payload);
    let c = match !fold(pseudo_sum(from.ip, to.ip, 17, s.len()).wrapping_add(sum(&s))) {
        0 => 0xffff,
        c => c,
    };
    s[6..8].copy_from_slice(&c.to_be_bytes());
    s
}

/// An ARP request or reply over IPv4.
pub fn arp(operation: u16, from: End, to_mac: [u8; 6], to_ip: Ipv4Addr) -> Vec<u8> {
    let IpAddr::V4(from_ip) = from.ip else { panic!("ARP is of IPv4") };
    let mut p = vec![0, 1, 8, 0, 6, 4];
    p.extend(operation.to_be_bytes());
    p.extend(from.mac);
    p.extend(from_ip.octets());
    p.extend(if operation == 1 { [0; 6] } else { to_mac });
    p.extend(to_ip.octets());
    ethernet(from.mac, if operation == 1 { [0xff; 6] } else { to_mac }, &[], 0x0806, &p)
}

/// A DNS query for an A record, or its answer.
pub fn dns(id: u16, name: &str, answer: Option<Ipv4Addr>) -> Vec<u8> {
    let mut p = id.to_be_bytes().to_vec();
    p.extend(if answer.is_some() { [0x81, 0x80] } else { [0x01, 0x00] });
    p.extend([0, 1, 0, u8::from(answer.is_some()), 0, 0, 0, 0]);
    for label in name.split('.') {
        p.push(label.len() as u8);
        p.extend(label.as_bytes());
    }
    p.extend([0, 0, 1, 0, 1]);
    if let Some(a) = answer {
        p.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        p.extend(a.octets());
    }
    p
}

/// A rapid spanning tree hello of bridge `bridge` on port `port`.
pub fn stp(source: [u8; 6], bridge: u8, port: u16) -> Vec<u8> {
    let mut p = vec![0x42, 0x42, 0x03, 0, 0, 2, 2, 0x3c];
    let id = [0x80, 0, 2, 0, 0, 0, 0, bridge];
    p.extend(id);
    p.extend([0, 0, 0, 0]);
    p.extend(id);
    p.extend(port.to_be_bytes());
    p.extend([0, 0, 20, 0, 2, 0, 15, 0, 0]);
    let length = p.len() as u16;
    ethernet(source, [0x01, 0x80, 0xc2, 0, 0, 0], &[], length, &p)
}

/// An LLDP announcement.
pub fn lldp(source: [u8; 6], port: &str, system: &str) -> Vec<u8> {
    let mut p = Vec::new();
    let mut tlv = |kind: u16, value: &[u8]| {
        p.extend((kind << 9 | value.len() as u16).to_be_bytes());
        p.extend(value);
    };
    let mut chassis = vec![4];
    chassis.extend(source);
    tlv(1, &chassis);
    tlv(2, &[&[5], port.as_bytes()].concat());
    tlv(3, &[0, 120]);
    tlv(5, system.as_bytes());
    tlv(0, &[]);
    ethernet(source, [0x01, 0x80, 0xc2, 0, 0, 0x0e], &[], 0x88cc, &p)
}
