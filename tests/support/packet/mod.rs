//! The packet builder that tests, benches and fuzz targets share: layers from the outside in, correct by default, wrong on request.
//!
//! ```ignore
//! use packet::{ACK, PSH, Packet};
//!
//! // 10.0.0.1:40000 → 10.0.0.2:443 in VLAN 10; lengths, next-protocol fields and checksums are filled in.
//! let frame = Packet::eth(A, B).vlan(10).ip([10, 0, 0, 1], [10, 0, 0, 2]).tcp(40_000, 443).seq(1).ack(2).flags(PSH | ACK).payload(b"hello").build();
//!
//! // The same in a mirror's tunnel: what follows the tunnel is the inner frame, made of layers or given as bytes.
//! let copy = Packet::eth(C, D).ip([192, 0, 2, 1], [192, 0, 2, 2]).erspan2(Erspan { session: 7, ..Erspan::default() }).frame(&frame).build();
//!
//! // Wrong on request: a UDP length that is too long, below a right IPv4 checksum.
//! let broken = Packet::eth(A, B).ip([10, 0, 0, 1], [10, 0, 0, 2]).udp(1, 2).length(200).payload(b"abc").build();
//! ```
//!
//! - A layer's own fields have setters of their names (`ttl`, `seq`, `flags`, `key` …), which set the innermost layer so far that has one.
//! - What is computed (length, checksum, EtherType, protocol) can be overridden with a setter of its name; [`Packet::set`] overrides any bytes
//!   of the innermost layer, and outer checksums cover what it wrote.
//! - A header that has no function here is [`Packet::header`]: bytes as they are.
//! - A frame is padded to 60 bytes, inner frames too, unless [`Packet::unpadded`] is called.
//!
//! `link.rs` has what is below IP, `net.rs` IP and transports, `tunnel.rs` tunnels, `message.rs` what control and application protocols say,
//! `control.rs` frames of control protocols, `captured.rs` packets of other link types, `checksum.rs` the sums, `fragment.rs` IP fragments,
//! `file.rs` capture files. A new header is one function that pushes its bytes, and a line in `layer.rs` for each field to fill in.
//!
//! Included by path (`#[path = "…/tests/support/packet/mod.rs"]`), so that it uses nothing but the standard library and is in no release.

#![allow(dead_code, unused_imports, reason = "each user takes its part")]

pub mod captured;
pub mod checksum;
pub mod control;
pub mod file;
pub mod fragment;
mod layer;
mod link;
pub mod message;
mod net;
mod tunnel;

use layer::{Kind, Layer, Name};
use std::net::IpAddr;

pub use tunnel::Erspan;

/// TCP flag: the sender has no more to say.
pub const FIN: u8 = 0x01;
/// TCP flag: the first segment of a direction.
pub const SYN: u8 = 0x02;
/// TCP flag: the connection is broken off.
pub const RST: u8 = 0x04;
/// TCP flag: to be handed on at once.
pub const PSH: u8 = 0x08;
/// TCP flag: the acknowledgement number counts.
pub const ACK: u8 = 0x10;
/// TCP flag: the urgent pointer counts.
pub const URG: u8 = 0x20;

/// Bytes of the shortest Ethernet frame without its check sequence.
pub const SHORTEST: usize = 60;

/// One end of a conversation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct End {
    /// MAC address.
    pub mac: [u8; 6],
    /// IP address.
    pub ip: IpAddr,
    /// Port of TCP or UDP.
    pub port: u16,
}

impl End {
    /// An end.
    pub fn new(mac: [u8; 6], ip: impl Into<IpAddr>, port: u16) -> Self {
        Self { mac, ip: ip.into(), port }
    }
}

/// Bytes that replace what was computed: layer, offset in its header, bytes.
type Override = (usize, usize, Vec<u8>);

/// A packet under construction: headers from the outside in, then a payload.
#[derive(Debug, Clone, Default)]
pub struct Packet {
    /// All headers behind each other, computed fields still empty.
    head: Vec<u8>,
    layers: Vec<Layer>,
    payload: Vec<u8>,
    overrides: Vec<Override>,
    trailer: Vec<u8>,
    unpadded: bool,
}

impl Packet {
    /// A packet without layers, for link types other than Ethernet.
    pub fn bare() -> Self {
        Self::default()
    }

    /// Pushes a layer's header.
    fn push(mut self, kind: Kind, name: Name, header: &[u8]) -> Self {
        assert!(self.payload.is_empty(), "a layer behind the payload");
        self.layers.push(Layer { kind, name, at: self.head.len() });
        self.head.extend_from_slice(header);
        self
    }

    /// Appends to the innermost layer's header, which must be one of `kinds`.
    fn extend(mut self, kinds: &[Kind], bytes: &[u8]) -> Self {
        let last = self.last();
        assert!(kinds.contains(&last.kind), "{:?} has none of these", last.kind);
        self.head.extend_from_slice(bytes);
        self
    }

    fn last(&self) -> Layer {
        *self.layers.last().expect("a layer first")
    }

    /// The innermost layer of which `offset` tells where its field is, as its number, and where.
    fn find(&self, what: &str, offset: impl Fn(Kind) -> Option<usize>) -> (usize, usize) {
        let found = self.layers.iter().enumerate().rev().find_map(|(number, layer)| Some((number, offset(layer.kind)?)));
        found.unwrap_or_else(|| panic!("no layer has {what}: {:?}", self.layers))
    }

    /// Writes a field that nothing computes.
    fn write(mut self, what: &str, offset: impl Fn(Kind) -> Option<usize>, bytes: &[u8]) -> Self {
        let (number, at) = self.find(what, offset);
        let at = self.layers[number].at + at;
        self.head[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    /// Replaces what would be computed.
    fn replace(mut self, what: &str, offset: impl Fn(Kind) -> Option<usize>, bytes: &[u8]) -> Self {
        let (number, at) = self.find(what, offset);
        self.overrides.push((number, at, bytes.to_vec()));
        self
    }

    /// Bytes of a header that has no function here, as they are. What is in front of it must be told by hand ([`Self::ether_type`],
    /// [`Self::protocol`], ports).
    pub fn header(self, bytes: &[u8]) -> Self {
        self.push(Kind::Raw, Name::default(), bytes)
    }

    /// What the innermost layer carries.
    pub fn payload(mut self, bytes: &[u8]) -> Self {
        self.payload.extend_from_slice(bytes);
        self
    }

    /// A whole Ethernet frame as what the innermost layer carries, given as bytes.
    pub fn frame(self, bytes: &[u8]) -> Self {
        self.push(Kind::Raw, Name::ETHERNET, bytes)
    }

    /// A whole IP packet as what the innermost layer carries, given as bytes.
    pub fn packet(self, bytes: &[u8]) -> Self {
        let name = if bytes.first().is_some_and(|b| b >> 4 == 6) { Name::IPV6 } else { Name::IPV4 };
        self.push(Kind::Raw, name, bytes)
    }

    /// Bytes behind everything, padding included: a device's time stamp, a check sequence.
    pub fn trailer(mut self, bytes: &[u8]) -> Self {
        self.trailer.extend_from_slice(bytes);
        self
    }

    /// Leaves frames shorter than 60 bytes as they are.
    pub fn unpadded(mut self) -> Self {
        self.unpadded = true;
        self
    }

    /// Overrides bytes of the innermost layer's header, whether computed or not.
    pub fn set(mut self, at: usize, bytes: &[u8]) -> Self {
        assert!(!self.layers.is_empty(), "a layer first");
        self.overrides.push((self.layers.len() - 1, at, bytes.to_vec()));
        self
    }

    /// Overrides the EtherType of the innermost layer that has one.
    pub fn ether_type(self, number: u16) -> Self {
        self.replace("an EtherType", Kind::ether_type_at, &number.to_be_bytes())
    }

    /// Overrides the protocol number of the innermost layer that has one: IPv4, IPv6 and their extension headers.
    pub fn protocol(self, number: u8) -> Self {
        self.replace("a protocol number", Kind::protocol_at, &[number])
    }

    /// Overrides the length field of the innermost layer that has one.
    pub fn length(self, length: u16) -> Self {
        self.replace("a length", |kind| Some(kind.length()?.at), &length.to_be_bytes())
    }

    /// Overrides the checksum of the innermost layer that has one. 0 leaves out UDP's.
    pub fn checksum(self, sum: u16) -> Self {
        self.replace("a checksum", Kind::checksum_at, &sum.to_be_bytes())
    }

    /// Bytes of the headers so far.
    pub fn headers(&self) -> usize {
        self.head.len()
    }

    /// The packet's bytes.
    pub fn build(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.head.len() + self.payload.len() + self.trailer.len() + SHORTEST);
        self.write_to(&mut out);
        out
    }

    /// Writes the packet's bytes into `out`, which is overwritten.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&self.head);
        out.extend_from_slice(&self.payload);
        // From the inside out: outer lengths and sums cover what inner layers wrote.
        for (number, layer) in self.layers.iter().enumerate().rev() {
            let next = self.layers.get(number + 1);
            let header = next.map_or(self.head.len(), |next| next.at);
            layer.fill_in(out, header, next);
            // Checksums cover what was overridden and may be overridden themselves.
            self.override_in(out, number);
            layer.sum_up(out, header, &self.layers[..number]);
            self.override_in(out, number);
            if layer.kind == Kind::Ethernet && !self.unpadded && out.len() < layer.at + SHORTEST {
                out.resize(layer.at + SHORTEST, 0);
            }
        }
        out.extend_from_slice(&self.trailer);
    }
    fn override_in(&self, out: &mut [u8], number: usize) {
        for (_, at, bytes) in self.overrides.iter().filter(|o| o.0 == number) {
            let at = self.layers[number].at + at;
            out[at..at + bytes.len()].copy_from_slice(bytes);
        }
    }
}
