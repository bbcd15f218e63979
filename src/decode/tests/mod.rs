//! Hand-made packets, one header family a file.

mod control;
mod control_messages;
mod fast_path;
mod frame;
mod inside;
mod link;
mod link_types;
mod mirror;
mod net;
mod tunnel;

use super::{Headers, Peel, Rules, walk};
use crate::model::{Frame, LinkType, Stop, Tunnel};
use crate::packet::{ACK, PSH, Packet};

/// Both addresses of an Ethernet header.
const MACS: [u8; 12] = [2, 0, 0, 0, 0, 0xdd, 2, 0, 0, 0, 0, 0xaa];

/// Puts pieces behind each other.
fn join(pieces: &[&[u8]]) -> Vec<u8> {
    pieces.concat()
}

/// An Ethernet frame, not padded.
fn eth(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    Packet::eth([2, 0, 0, 0, 0, 0xaa], [2, 0, 0, 0, 0, 0xdd]).unpadded().ether_type(ether_type).payload(payload).build()
}

/// An IPv4 packet without options from 10.0.0.`host` to 10.0.0.99.
fn ipv4(host: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
    Packet::bare().ipv4([10, 0, 0, host], [10, 0, 0, 99]).id(7).fragment_word(0).protocol(protocol).payload(payload).build()
}

/// An IPv6 packet from fd00::`host` to fd00::99.
fn ipv6(host: u8, next: u8, payload: &[u8]) -> Vec<u8> {
    let address = |last| [0xfd00, 0, 0, 0, 0, 0, 0, last];
    Packet::bare().ipv6(address(host.into()), address(99)).protocol(next).payload(payload).build()
}

/// A UDP datagram without checksum.
fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    Packet::bare().udp(source, destination).payload(payload).build()
}

/// A TCP segment with a 20-byte header, without checksum.
fn tcp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    Packet::bare().tcp(source, destination).ack(2).flags(PSH | ACK).window(256).payload(payload).build()
}

/// An inner frame: Ethernet, IPv4 from 10.0.0.1, TCP 1000 to 80 with 30 bytes. 84 bytes long.
fn inner() -> Vec<u8> {
    eth(0x0800, &inner_ip())
}

/// The same without Ethernet. 70 bytes long.
fn inner_ip() -> Vec<u8> {
    ipv4(1, 6, &tcp(1000, 80, &[0x2a; 30]))
}

/// An Ethernet frame with IPv4 from 10.0.0.50 (a tunnel's outside) and `payload` under `protocol`.
fn outer(protocol: u8, payload: &[u8]) -> Vec<u8> {
    eth(0x0800, &ipv4(50, protocol, payload))
}

/// Walks a whole packet of a link type.
fn on(link: LinkType, bytes: &[u8], rules: &Rules) -> Headers {
    peeling(link, bytes, rules, Peel::NONE)
}

/// The same with something taken off.
fn peeling(link: LinkType, bytes: &[u8], rules: &Rules, peel: Peel) -> Headers {
    let mut headers = Headers::default();
    walk(link, bytes, bytes.len() as u32, rules, peel, &mut headers);
    headers
}

/// Walks an Ethernet frame with nothing taken off.
fn plain(bytes: &[u8]) -> Headers {
    on(LinkType::ETHERNET, bytes, &Rules::PLAIN)
}

/// Walks an Ethernet frame with every tunnel taken off.
fn peeled(bytes: &[u8]) -> Headers {
    peeling(LinkType::ETHERNET, bytes, &Rules::PLAIN, Peel::ALL)
}

/// The path in words.
fn path(headers: &Headers) -> String {
    headers.path.to_string()
}

/// The tunnel layers.
fn tunnels(headers: &Headers) -> Vec<Tunnel> {
    headers.tunnels.iter().copied().collect()
}

/// The frame of a walk's headers.
fn frame<'a>(headers: &Headers, bytes: &'a [u8]) -> Frame<'a> {
    let mut frame = Frame::default();
    headers.show(bytes, headers.flow(), &mut frame);
    frame
}
