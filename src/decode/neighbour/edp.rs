//! Extreme's protocol: a head of 16 bytes with the sender's address, then values behind a mark.

use super::lldp_details::bytes;
use super::{mac, note, say, text, word};
use crate::model::{Address, Neighbour, NeighbourProtocol};
use std::net::Ipv4Addr;

/// Begins each value.
const MARK: u8 = 0x99;

/// Reads a packet.
pub fn edp(body: &[u8]) -> Option<Neighbour> {
    let mut n = Neighbour { protocol: NeighbourProtocol::Edp, ..Neighbour::default() };
    // Version, a reserved byte, length, checksum, sequence, the kind of identifier (0: an address), the identifier.
    if !(body.first() == Some(&1) && word(body, 8) == Some(0)) {
        return None;
    }
    n.chassis_mac = mac(body.get(10..)?);
    n.chassis = n.chassis_mac?.to_string();
    let end = word(body, 2).map(usize::from).unwrap_or(0).min(body.len());
    n.is_broken = word(body, 2).is_some_and(|length| usize::from(length) > body.len());
    let mut rest = body.get(16..end).unwrap_or_default();
    for _ in 0..super::VALUES {
        let ([MARK, kind, ..], Some(length)) = (rest, word(rest, 2).map(usize::from).filter(|length| *length >= 4)) else { break };
        let Some(value) = rest.get(4..length) else {
            n.is_broken = true;
            break;
        };
        match *kind {
            0 => break,
            1 => n.system = text(value),
            2 => info(&mut n, value),
            5 => vlan(&mut n, value),
            0x0b => say(&mut n, "EAPS", ring(value).unwrap_or_else(|| bytes(value))),
            _ => other(&mut n, *kind, value),
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    Some(n)
}

/// Slot and port, both counted from 0; a version in four bytes behind six reserved ones.
fn info(n: &mut Neighbour, value: &[u8]) {
    if let (Some(slot), Some(port)) = (word(value, 0), word(value, 2)) {
        n.port = format!("{}:{}", u32::from(slot) + 1, u32::from(port) + 1);
    }
    if let Some([a, b, c, d]) = value.get(12..16) {
        n.description = format!("{a}.{b}.{c}.{d}");
    }
    if let Some(chassis) = word(value, 4).filter(|id| *id != 0) {
        say(n, "virtual chassis", chassis.to_string());
    }
    let connections: String = value.get(16..32).unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect();
    if connections.bytes().any(|digit| digit != b'0') {
        say(n, "connections", connections);
    }
}

/// A ring that protects itself (RFC 3619 section 3.1): version, kind, control VLAN, two reserved bytes, the system that sends it, seconds between
/// hellos and until their absence is a failure, the ring's state, a reserved byte, the hello's number.
fn ring(value: &[u8]) -> Option<String> {
    let kind = match value.get(1)? {
        5 => "health".to_owned(),
        6 => "ring is up again, addresses forgotten".to_owned(),
        7 => "ring is down, addresses forgotten".to_owned(),
        8 => "link is down".to_owned(),
        other => format!("type {other}"),
    };
    let state = match value.get(16)? {
        0 => "idle".to_owned(),
        1 => "complete".to_owned(),
        2 => "failed".to_owned(),
        3 => "links up".to_owned(),
        4 => "link down".to_owned(),
        5 => "pre-forwarding".to_owned(),
        other => format!("state {other}"),
    };
    let [vlan, hello, fail, number] = [2, 12, 14, 18].map(|at| word(value, at));
    let system = mac(value.get(6..)?)?;
    Some(format!(
        "{kind}, {state}, control VLAN {}, from {system}, hellos every {} s, failed after {} s, number {}",
        vlan?, hello?, fail?, number?
    ))
}

/// What is not read, by its name.
fn other(n: &mut Neighbour, kind: u8, value: &[u8]) {
    let name = match kind {
        8 => "ESRP",
        0x0d => "shared link",
        0x0e => "link monitoring",
        0x12 => "loop recovery",
        _ => "EDP, other",
    };
    say(n, name, bytes(value));
}

/// A VLAN: flags, a reserved byte, its identifier, four reserved bytes, an address, a name.
fn vlan(n: &mut Neighbour, value: &[u8]) {
    if let Some(id) = word(value, 2) {
        note(&mut n.vlans, (id, text(value.get(12..).unwrap_or_default())));
    }
    if let Some(bytes) = value.get(8..12).and_then(|b| b.first_chunk::<4>()).filter(|b| **b != [0; 4]) {
        note(&mut n.management, Address::V4(Ipv4Addr::from(*bytes)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_says_how_it_is() {
        let mut value = vec![1, 5, 0x0f, 0xa0, 0, 0, 0, 0xe0, 0x2b, 0, 0, 1, 0, 1, 0, 3, 1, 0, 0x01, 0x02];
        value.resize(58, 0);
        let said = "health, complete, control VLAN 4000, from 00:e0:2b:00:00:01, hellos every 1 s, failed after 3 s, number 258";
        assert_eq!(ring(&value).as_deref(), Some(said));
        (value[1], value[16]) = (8, 4);
        assert!(ring(&value).is_some_and(|said| said.starts_with("link is down, link down, ")));
        assert_eq!(ring(&value[..19]), None);
    }
}
