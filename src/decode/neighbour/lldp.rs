//! LLDP: IEEE 802.1AB clause 8.

use super::{VALUES, address, lldp_organisations, long, mac, note, say, text, word};
use crate::model::{Abilities, Address, Neighbour, NeighbourProtocol};

/// Reads a LLDPDU. `None` where it does not begin with a chassis, as every one does.
pub fn lldp(body: &[u8]) -> Option<Neighbour> {
    let mut n = Neighbour { protocol: NeighbourProtocol::Lldp, ..Neighbour::default() };
    let mut rest = body;
    for place in 0..VALUES {
        let Some(head) = word(rest, 0) else {
            n.is_broken |= place < 3 || !rest.is_empty();
            break;
        };
        let (kind, length) = (head >> 9, usize::from(head & 0x1ff));
        if place == 0 && kind != 1 {
            return None;
        }
        let Some(value) = rest.get(2..2 + length) else {
            n.is_broken = true;
            break;
        };
        if kind == 0 {
            break;
        }
        take(&mut n, kind, value);
        rest = rest.get(2 + length..).unwrap_or_default();
    }
    (!n.chassis.is_empty()).then_some(n)
}

fn take(n: &mut Neighbour, kind: u16, value: &[u8]) {
    match (kind, value) {
        (1, [subtype, id @ ..]) => {
            n.chassis = chassis(*subtype, id);
            n.chassis_mac = mac(id).filter(|_| *subtype == 4);
        }
        (2, [subtype, id @ ..]) => (n.port, n.port_kind) = (port(*subtype, id), Some(*subtype)),
        (3, _) => n.hold = word(value, 0).map(u32::from),
        (4, _) => n.port_description = text(value),
        (5, _) => n.system = text(value),
        (6, _) => n.description = text(value),
        (7, _) => {
            n.able = Abilities(word(value, 0).unwrap_or(0));
            n.enabled = Abilities(word(value, 2).unwrap_or(0));
        }
        (8, [length, rest @ ..]) => {
            if let Some([_, address_bytes @ ..]) = rest.get(..usize::from(*length))
                && let Some(address) = address(address_bytes)
            {
                note(&mut n.management, address);
            }
            interface(n, rest.get(usize::from(*length)..).unwrap_or_default());
        }
        (127, [a, b, c, subtype, rest @ ..]) => lldp_organisations::take(n, [*a, *b, *c], *subtype, rest),
        (1..=8 | 127, _) => n.is_broken = true,
        _ => {}
    }
}

/// The interface of a management address, by how it is numbered (clause 8.5.9.5).
fn interface(n: &mut Neighbour, rest: &[u8]) {
    let kind = match rest.first() {
        Some(2) => "ifIndex",
        Some(3) => "port",
        _ => return,
    };
    if let Some(number) = long(rest, 1) {
        say(n, "managed by", format!("{kind} {number}"));
    }
}

/// A chassis in text (clause 8.5.2).
fn chassis(subtype: u8, id: &[u8]) -> String {
    match subtype {
        4 => hardware(id),
        5 => network(id),
        _ => text(id),
    }
}

/// A port in text (clause 8.5.3).
fn port(subtype: u8, id: &[u8]) -> String {
    match subtype {
        3 => hardware(id),
        4 => network(id),
        _ => text(id),
    }
}

fn hardware(id: &[u8]) -> String {
    match id.len() {
        6 => mac(id).map(|m| m.to_string()).unwrap_or_default(),
        _ => text(id),
    }
}

/// A network address behind the number of its family (IANA address family numbers: 1 IPv4, 2 IPv6, 6 IEEE 802).
fn network(id: &[u8]) -> String {
    let Some((family, bytes)) = id.split_first() else { return String::new() };
    let known: Option<Address> = address(bytes).filter(|_| matches!(family, 1 | 2 | 6));
    known.map_or_else(|| text(bytes), |address| address.to_string())
}
