//! Hand-made packets, one header family a file.

mod fast_path;
mod link;
mod mirror;
mod net;
mod tunnel;

use super::{Headers, Rules, walk};
use crate::model::{LinkType, Stop, Tunnel};

/// Both addresses of an Ethernet header.
const MACS: [u8; 12] = [2, 0, 0, 0, 0, 0xdd, 2, 0, 0, 0, 0, 0xaa];

/// Puts pieces behind each other.
fn join(pieces: &[&[u8]]) -> Vec<u8> {
    pieces.concat()
}

/// An Ethernet frame.
fn eth(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    join(&[&MACS, &ether_type.to_be_bytes(), payload])
}

/// An IPv4 packet without options from 10.0.0.`host` to 10.0.0.99.
fn ipv4(host: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let total = (20 + payload.len() as u16).to_be_bytes();
    join(&[&[0x45, 0], &total, &[0, 7, 0, 0, 64, protocol, 0, 0, 10, 0, 0, host, 10, 0, 0, 99], payload])
}

/// An IPv6 packet from fd00::`host` to fd00::99.
fn ipv6(host: u8, next: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u16).to_be_bytes();
    let address = |last| [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
    join(&[&[0x60, 0, 0, 0], &length, &[next, 64], &address(host), &address(99), payload])
}

/// A UDP datagram.
fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let length = (8 + payload.len() as u16).to_be_bytes();
    join(&[&source.to_be_bytes(), &destination.to_be_bytes(), &length, &[0, 0], payload])
}

/// A TCP segment with a 20-byte header: sequence 1, acknowledgement 2, PSH and ACK.
fn tcp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let ports = [source.to_be_bytes(), destination.to_be_bytes()].concat();
    join(&[&ports, &[0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x18, 1, 0, 0, 0, 0, 0], payload])
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
    let mut headers = Headers::default();
    walk(link, bytes, bytes.len() as u32, rules, &mut headers);
    headers
}

/// Walks an Ethernet frame with nothing taken off.
fn plain(bytes: &[u8]) -> Headers {
    on(LinkType::ETHERNET, bytes, &Rules::PLAIN)
}

/// Walks an Ethernet frame with every tunnel taken off.
fn peeled(bytes: &[u8]) -> Headers {
    on(LinkType::ETHERNET, bytes, &Rules::peeling(u8::MAX))
}

/// The path in words.
fn path(headers: &Headers) -> String {
    headers.path.to_string()
}

/// The tunnel layers.
fn tunnels(headers: &Headers) -> Vec<Tunnel> {
    headers.tunnels.iter().copied().collect()
}
