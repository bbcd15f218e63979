//! What control and application protocols say: bytes to put behind a transport, and whole frames of a switch.

use super::Packet;
use std::net::Ipv4Addr;

/// A DNS name as it stands in a message: labels with their lengths.
pub fn dns_name(name: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len() + 2);
    for label in name.split('.').filter(|l| !l.is_empty()) {
        out.push(label.len() as u8);
        out.extend(label.as_bytes());
    }
    out.push(0);
    out
}

/// A DNS query for an A record, or its answer with one address.
pub fn dns(id: u16, name: &str, answer: Option<Ipv4Addr>) -> Vec<u8> {
    let mut p = id.to_be_bytes().to_vec();
    p.extend(if answer.is_some() { [0x81, 0x80] } else { [0x01, 0x00] });
    p.extend([0, 1, 0, u8::from(answer.is_some()), 0, 0, 0, 0]);
    p.extend(dns_name(name));
    p.extend([0, 1, 0, 1]);
    if let Some(a) = answer {
        p.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        p.extend(a.octets());
    }
    p
}

/// A DNS answer to a query for an A record that says no more than its code (3: no such name).
pub fn dns_failure(id: u16, name: &str, code: u8) -> Vec<u8> {
    let mut p = dns(id, name, None);
    (p[2], p[3]) = (0x81, 0x80 | code & 0x0f);
    p
}

/// Bytes behind their length in so many bytes.
fn behind_length(length: usize, bytes: &[u8]) -> Vec<u8> {
    [&bytes.len().to_be_bytes()[size_of::<usize>() - length..], bytes].concat()
}

/// A TLS record of a content type (22: handshake).
pub fn tls_record(kind: u8, bytes: &[u8]) -> Vec<u8> {
    [&[kind, 3, 1][..], &behind_length(2, bytes)].concat()
}

/// A ClientHello message (to be put into a record) with a server name, if there is one, and application protocols (RFC 8446 section 4.1.2).
pub fn client_hello(server_name: Option<&str>, protocols: &[&str]) -> Vec<u8> {
    let mut extensions = Vec::new();
    if let Some(name) = server_name {
        let list = behind_length(2, &[&[0][..], &behind_length(2, name.as_bytes())].concat());
        extensions.extend([&[0, 0][..], &behind_length(2, &list)].concat());
    }
    extensions.extend([0, 43, 0, 5, 4, 3, 4, 3, 3]);
    if !protocols.is_empty() {
        let list = behind_length(2, &protocols.iter().flat_map(|p| behind_length(1, p.as_bytes())).collect::<Vec<u8>>());
        extensions.extend([&[0, 16][..], &behind_length(2, &list)].concat());
    }
    let fixed = [&[3, 3][..], &[7; 32], &[0, 0, 4, 0x13, 1, 0x13, 2, 1, 0]].concat();
    [&[1][..], &behind_length(3, &[&fixed[..], &behind_length(2, &extensions)].concat())].concat()
}

/// A ServerHello message that chooses a version.
pub fn server_hello(version: u16) -> Vec<u8> {
    let [major, minor] = version.to_be_bytes();
    let body = [&[3, 3][..], &[9; 32], &[0, 0x13, 1, 0], &behind_length(2, &[0, 43, 0, 2, major, minor])].concat();
    [&[2][..], &behind_length(3, &body)].concat()
}

/// A rapid spanning tree BPDU of bridge `bridge`, its own root, on port `port` (IEEE 802.1D section 9.3.3).
pub fn rstp(bridge: [u8; 8], port: u16) -> Vec<u8> {
    let mut p = vec![0, 0, 2, 2, 0x3c];
    p.extend(bridge);
    p.extend([0, 0, 0, 0]);
    p.extend(bridge);
    p.extend(port.to_be_bytes());
    p.extend([0, 0, 20, 0, 2, 0, 15, 0, 0]);
    p
}

/// A frame with a rapid spanning tree hello of the bridge with the last byte `bridge`.
pub fn stp(source: [u8; 6], bridge: u8, port: u16) -> Vec<u8> {
    let body = rstp([0x80, 0, 2, 0, 0, 0, 0, bridge], port);
    Packet::eth(source, [0x01, 0x80, 0xc2, 0, 0, 0]).llc(0x42, 0x42, 3).payload(&body).build()
}

/// A frame with a PVST+ hello of VLAN `vlan`, tagged.
pub fn pvst(source: [u8; 6], vlan: u16) -> Vec<u8> {
    let mut body = rstp([0x80, vlan as u8, 2, 0, 0, 0, 0, 1], 0x8001);
    body.extend([0, 0, 0, 2]);
    body.extend(vlan.to_be_bytes());
    let snap = Packet::eth(source, [0x01, 0, 0x0c, 0xcc, 0xcc, 0xcd]).vlan(vlan).snap([0, 0, 0x0c]);
    snap.ether_type(0x010b).payload(&body).build()
}

/// An LLDP element (IEEE 802.1AB section 8.4).
pub fn lldp_element(kind: u16, value: &[u8]) -> Vec<u8> {
    [&(kind << 9 | value.len() as u16 & 0x1ff).to_be_bytes(), value].concat()
}

/// A frame with an LLDP announcement: chassis by its MAC address, port by its interface name, time to live 120 s, system name.
pub fn lldp(source: [u8; 6], port: &str, system: &str) -> Vec<u8> {
    lldp_at(source, port, system, 0)
}

/// The same with the type of its interface (IEEE 802.3 clause 79.3.1, RFC 4836 dot3MauType).
pub fn lldp_at(source: [u8; 6], port: &str, system: &str, mau_type: u16) -> Vec<u8> {
    let chassis = [&[4][..], &source].concat();
    let interface = [&[0x00, 0x12, 0x0f, 1, 3, 0, 1][..], &mau_type.to_be_bytes()].concat();
    let last = if mau_type == 0 { (0, &[][..]) } else { (127, &interface[..]) };
    let elements = [(1, &chassis[..]), (2, &[&[5], port.as_bytes()].concat()), (3, &[0, 120]), (5, system.as_bytes()), last, (0, &[])];
    let body: Vec<u8> = elements.iter().flat_map(|(kind, value)| lldp_element(*kind, value)).collect();
    Packet::eth(source, [0x01, 0x80, 0xc2, 0, 0, 0x0e]).ether_type(0x88cc).payload(&body).build()
}

/// A frame with a CDP announcement: device name and port (version 2, holdtime 180 s).
pub fn cdp(source: [u8; 6], port: &str, device: &str) -> Vec<u8> {
    let element = |kind: u16, value: &[u8]| [&kind.to_be_bytes()[..], &(value.len() as u16 + 4).to_be_bytes(), value].concat();
    let mut body = [&[2, 180, 0, 0][..], &element(1, device.as_bytes()), &element(3, port.as_bytes())].concat();
    let sum = super::checksum::checksum(&body).to_be_bytes();
    body[2..4].copy_from_slice(&sum);
    Packet::eth(source, [0x01, 0, 0x0c, 0xcc, 0xcc, 0xcc]).snap([0, 0, 0x0c]).ether_type(0x2000).payload(&body).build()
}

/// What a DHCP message says.
#[derive(Debug, Clone, Copy)]
pub struct DhcpMessage {
    /// Type: 1 DISCOVER, 2 OFFER, 3 REQUEST, 5 ACK, 6 NAK.
    pub kind: u8,
    /// The address that is given.
    pub given: [u8; 4],
    /// The server's identifier.
    pub server: Option<[u8; 4]>,
    /// The router.
    pub router: Option<[u8; 4]>,
    /// The name server.
    pub names: Option<[u8; 4]>,
    /// The vendor class; none where empty.
    pub class: &'static str,
}

/// A DHCP message of or to a client.
pub fn dhcp(client: [u8; 6], message: &DhcpMessage) -> Vec<u8> {
    let mut bytes = vec![0; 236];
    (bytes[0], bytes[1], bytes[2]) = (if matches!(message.kind, 2 | 5 | 6) { 2 } else { 1 }, 1, 6);
    bytes[4..8].copy_from_slice(&client[2..6]);
    // A client asks for an address by an option.
    let asks_for = message.given != [0; 4] && message.kind == 1;
    if !asks_for {
        bytes[16..20].copy_from_slice(&message.given);
    }
    bytes[28..34].copy_from_slice(&client);
    bytes.extend([0x63, 0x82, 0x53, 0x63, 53, 1, message.kind]);
    if asks_for {
        bytes.extend([50, 4]);
        bytes.extend(message.given);
    }
    for (code, value) in [(54, message.server), (3, message.router), (6, message.names)] {
        if let Some(value) = value {
            bytes.extend([code, 4]);
            bytes.extend(value);
        }
    }
    if !message.class.is_empty() {
        bytes.extend([60, message.class.len() as u8]);
        bytes.extend(message.class.as_bytes());
    }
    bytes.push(255);
    bytes
}

/// An NTP packet: its first byte, stratum, what tells the request it belongs to, and its time in milliseconds since 1900.
pub fn ntp(head: u8, stratum: u8, request: u64, milliseconds: u64) -> Vec<u8> {
    let mut bytes = vec![0; 48];
    (bytes[0], bytes[1]) = (head, stratum);
    // Root delay and dispersion: a few milliseconds.
    (bytes[7], bytes[11]) = (200, 200);
    let id = (request | 1 << 40).to_be_bytes();
    if milliseconds == 0 {
        bytes[40..].copy_from_slice(&id);
    } else {
        bytes[24..32].copy_from_slice(&id);
        bytes[40..44].copy_from_slice(&((milliseconds / 1_000) as u32).to_be_bytes());
        bytes[44..].copy_from_slice(&((((milliseconds % 1_000) << 32) / 1_000 + 1) as u32).to_be_bytes());
    }
    bytes
}

/// What is behind the first eight bytes of a neighbour advertisement: an address and its station.
pub fn neighbour_advertisement(address: std::net::Ipv6Addr, mac: [u8; 6]) -> Vec<u8> {
    [&address.octets()[..], &[2, 1], &mac].concat()
}

/// What is behind the first eight bytes of a router advertisement: no times, and a prefix of 64 bits.
pub fn router_advertisement(prefix: std::net::Ipv6Addr) -> Vec<u8> {
    [&[0; 8][..], &[3, 4, 64, 0xc0], &[0; 12], &prefix.octets()].concat()
}

fn der(tag: u8, inner: &[u8]) -> Vec<u8> {
    let length = inner.len();
    let head = if length < 128 { vec![tag, length as u8] } else { vec![tag, 0x82, (length >> 8) as u8, length as u8] };
    [head, inner.to_vec()].concat()
}

/// The body of a Certificate message before TLS 1.3 with one certificate: its DNS name, and its times as UTCTime (13 bytes) or GeneralizedTime.
pub fn certificate(name: &str, times: [&str; 2]) -> Vec<u8> {
    let time = |t: &str| der(if t.len() > 13 { 0x18 } else { 0x17 }, t.as_bytes());
    let common = |name: &str| der(0x30, &der(0x31, &der(0x30, &[der(6, &[0x55, 4, 3]), der(12, name.as_bytes())].concat())));
    let alternative = der(0x30, &[der(6, &[0x55, 0x1d, 0x11]), der(4, &der(0x30, &der(0x82, name.as_bytes())))].concat());
    let algorithm = der(0x30, &[der(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]), der(5, &[])].concat());
    let signed = [
        der(0xa0, &der(2, &[2])),
        der(2, &[7; 16]),
        algorithm.clone(),
        common("An issuer"),
        der(0x30, &times.map(time).concat()),
        common("Not its DNS name"),
        der(0x30, &[algorithm.clone(), der(3, &[[0; 1].as_slice(), &[3; 200]].concat())].concat()),
        der(0xa3, &der(0x30, &[der(0x30, &[der(6, &[0x55, 0x1d, 0x13]), der(4, &[0x30, 0])].concat()), alternative].concat())),
    ];
    let whole = der(0x30, &[der(0x30, &signed.concat()), algorithm, der(3, &[[0; 1].as_slice(), &[9; 256]].concat())].concat());
    behind_length(3, &behind_length(3, &whole))
}

/// A ServerHello before TLS 1.3 that chooses a version, and a Certificate message behind it.
pub fn server_flight(version: u16, certificate: &[u8]) -> Vec<u8> {
    let hello = [&version.to_be_bytes()[..], &[9; 32], &[0, 0, 0x2f, 0]].concat();
    [&[2][..], &behind_length(3, &hello), &[11], &behind_length(3, certificate)].concat()
}
