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

/// What is not read, by its name.
fn other(n: &mut Neighbour, kind: u8, value: &[u8]) {
    let name = match kind {
        8 => "ESRP",
        0x0b => "EAPS",
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
