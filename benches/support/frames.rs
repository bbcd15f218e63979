//! Building one Ethernet frame: addresses, tags, IP, TCP or UDP, payload, right checksums.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The largest payload of an untagged frame of 1514 bytes.
pub const MAX_PAYLOAD: usize = 1500;

/// The two sides' addresses, source first.
#[derive(Debug, Clone, Copy)]
pub enum Pair {
    /// IPv4.
    V4(Ipv4Addr, Ipv4Addr),
    /// IPv6.
    V6(Ipv6Addr, Ipv6Addr),
}

/// What is above IP.
#[derive(Debug, Clone, Copy)]
pub enum Upper {
    /// TCP: sequence, acknowledgement, flags, window.
    Tcp(u32, u32, u8, u16),
    /// UDP: a number that its payload begins with, so that no datagram is like another.
    Udp(u32),
}

/// Bytes of the number in a UDP payload.
pub const NUMBER: usize = 4;

/// One frame to build.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Last four bytes of source and destination MAC addresses.
    pub macs: (u32, u32),
    /// VLAN ids, outer first; with two, the outer is a service tag (0x88a8).
    pub vlans: &'a [u16],
    /// Network addresses.
    pub pair: Pair,
    /// Ports, source first.
    pub ports: (u16, u16),
    /// IPv4 identification.
    pub id: u16,
    /// Transport.
    pub upper: Upper,
}

impl Frame<'_> {
    /// Bytes of all headers.
    pub fn headers(&self) -> usize {
        let network = if matches!(self.pair, Pair::V4(..)) { 20 } else { 40 };
        let transport = if matches!(self.upper, Upper::Tcp(..)) { 20 } else { 8 };
        14 + 4 * self.vlans.len() + network + transport
    }

    /// Writes the frame with `payload` bytes of `filler` into `out` (overwritten), padded to the 60 bytes of the smallest frame.
    pub fn write(&self, payload: usize, filler: &Filler, out: &mut Vec<u8>) {
        out.clear();
        mac(out, self.macs.1);
        mac(out, self.macs.0);
        for (at, vlan) in self.vlans.iter().enumerate() {
            let kind: u16 = if at + 1 < self.vlans.len() { 0x88a8 } else { 0x8100 };
            out.extend_from_slice(&kind.to_be_bytes());
            out.extend_from_slice(&vlan.to_be_bytes());
        }
        let (protocol, length) = match self.upper {
            Upper::Tcp(..) => (6u8, 20 + payload),
            Upper::Udp(_) => (17, 8 + payload),
        };
        let pseudo = match self.pair {
            Pair::V4(source, destination) => ipv4(out, source, destination, self.id, protocol, length as u16),
            Pair::V6(source, destination) => ipv6(out, source, destination, protocol, length as u16),
        };
        let start = out.len();
        out.extend_from_slice(&self.ports.0.to_be_bytes());
        out.extend_from_slice(&self.ports.1.to_be_bytes());
        match self.upper {
            Upper::Tcp(sequence, acknowledgement, flags, window) => {
                out.extend_from_slice(&sequence.to_be_bytes());
                out.extend_from_slice(&acknowledgement.to_be_bytes());
                out.extend_from_slice(&[0x50, flags]);
                out.extend_from_slice(&window.to_be_bytes());
                out.extend_from_slice(&[0, 0, 0, 0]);
            }
            Upper::Udp(_) => {
                out.extend_from_slice(&(length as u16).to_be_bytes());
                out.extend_from_slice(&[0, 0]);
            }
        }
        let header = out.len();
        out.extend_from_slice(&filler.bytes[..payload]);
        let mut sum = pseudo + u64::from(protocol) + length as u64 + words(&out[start..header]) + filler.sums[payload];
        if let (Upper::Udp(number), Some(place)) = (self.upper, out.get_mut(header..header + NUMBER)) {
            // One's complement arithmetic: the folded sum of the bytes that go is taken away as its complement.
            sum += u64::from(!fold(words(place))) + words(&number.to_be_bytes());
            place.copy_from_slice(&number.to_be_bytes());
        }
        let at = start + if protocol == 6 { 16 } else { 6 };
        out[at..at + 2].copy_from_slice(&(!fold(sum)).to_be_bytes());
        if out.len() < 60 {
            out.resize(60, 0);
        }
    }
}

fn mac(out: &mut Vec<u8>, tail: u32) {
    out.extend_from_slice(&[0x02, 0x00]);
    out.extend_from_slice(&tail.to_be_bytes());
}

fn ipv4(out: &mut Vec<u8>, source: Ipv4Addr, destination: Ipv4Addr, id: u16, protocol: u8, length: u16) -> u64 {
    out.extend_from_slice(&0x0800u16.to_be_bytes());
    let start = out.len();
    out.extend_from_slice(&[0x45, 0]);
    out.extend_from_slice(&(length + 20).to_be_bytes());
    out.extend_from_slice(&id.to_be_bytes());
    out.extend_from_slice(&[0x40, 0, 64, protocol, 0, 0]);
    out.extend_from_slice(&source.octets());
    out.extend_from_slice(&destination.octets());
    let sum = !fold(words(&out[start..]));
    out[start + 10..start + 12].copy_from_slice(&sum.to_be_bytes());
    words(&out[start + 12..])
}

fn ipv6(out: &mut Vec<u8>, source: Ipv6Addr, destination: Ipv6Addr, next: u8, length: u16) -> u64 {
    out.extend_from_slice(&0x86ddu16.to_be_bytes());
    out.extend_from_slice(&[0x60, 0, 0, 0]);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&[next, 64]);
    let start = out.len();
    out.extend_from_slice(&source.octets());
    out.extend_from_slice(&destination.octets());
    words(&out[start..])
}

fn words(bytes: &[u8]) -> u64 {
    bytes.chunks(2).map(|c| u64::from(u16::from_be_bytes([c[0], *c.get(1).unwrap_or(&0)]))).sum()
}

fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// Payload bytes, and the checksum of every prefix of them (so that checksums cost nothing per packet).
#[derive(Debug)]
pub struct Filler {
    bytes: Vec<u8>,
    sums: Vec<u64>,
}

impl Filler {
    /// Bytes that look encrypted: always the same.
    pub fn new() -> Self {
        let mut random = super::traffic::Random(0x5eed);
        let bytes: Vec<u8> = (0..MAX_PAYLOAD).map(|_| random.next() as u8).collect();
        let sums = (0..=MAX_PAYLOAD).map(|length| words(&bytes[..length])).collect();
        Self { bytes, sums }
    }
}
