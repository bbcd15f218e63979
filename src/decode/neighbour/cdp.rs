//! CDP, and Foundry's protocol of the same form: version, time to hold, checksum, then values whose lengths count their heads.

use super::{Heads, address, long, note, text, values, word};
use crate::model::{Abilities, LinkClaims, Neighbour, NeighbourProtocol, PowerClaims};

/// Reads a CDP packet.
pub fn cdp(body: &[u8]) -> Option<Neighbour> {
    let mut n = begun(body, NeighbourProtocol::Cdp)?;
    let is_whole = values(body.get(4..)?, Heads::Inclusive, |kind, value| {
        if !common(&mut n, kind, value) {
            more(&mut n, kind, value);
        }
    });
    n.is_broken = !is_whole;
    Some(n)
}

/// Reads a packet of Foundry's protocol.
pub fn fdp(body: &[u8]) -> Option<Neighbour> {
    let mut n = begun(body, NeighbourProtocol::Fdp)?;
    let is_whole = values(body.get(4..)?, Heads::Inclusive, |kind, value| {
        common(&mut n, kind, value);
    });
    n.is_broken = !is_whole;
    Some(n)
}

fn begun(body: &[u8], protocol: NeighbourProtocol) -> Option<Neighbour> {
    let hold = matches!(body, [1 | 2, ..]).then(|| body.get(1).copied())??;
    Some(Neighbour { protocol, hold: Some(hold.into()), ..Neighbour::default() })
}

/// What both have.
fn common(n: &mut Neighbour, kind: u16, value: &[u8]) -> bool {
    match kind {
        1 => n.chassis = text(value),
        2 => addresses(n, value),
        3 => n.port = text(value),
        4 => {
            n.able = abilities(long(value, 0).unwrap_or(0));
            n.enabled = n.able;
        }
        5 => n.description = text(value),
        6 => n.platform = text(value),
        _ => return false,
    }
    true
}

fn more(n: &mut Neighbour, kind: u16, value: &[u8]) {
    match (kind, value) {
        (9, _) => n.domain = text(value),
        (0x0a, _) => n.native_vlan = word(value, 0),
        (0x0b, [duplex, ..]) => n.link = LinkClaims { full_duplex: Some(*duplex != 0), ..n.link },
        (0x0e, [_, a, b, ..]) => n.voice_vlan = Some(u16::from_be_bytes([*a, *b])),
        (0x10, _) => {
            let requested = word(value, 0).map(u32::from);
            n.power = Some(PowerClaims { requested, ..n.power.unwrap_or_default() });
        }
        (0x11, _) => n.link = LinkClaims { mtu: long(value, 0), ..n.link },
        (0x14, _) => n.system = text(value),
        (0x16, _) => addresses(n, value),
        // A request identifier, a management identifier, then milliwatts.
        (0x19, _) => n.power = Some(PowerClaims { requested: long(value, 4), ..n.power.unwrap_or_default() }),
        (0x1a, _) => n.power = Some(PowerClaims { is_source: true, allocated: long(value, 4), ..n.power.unwrap_or_default() }),
        _ => {}
    }
}

/// A number of addresses, each behind its protocol: type, length, protocol, length of the address.
fn addresses(n: &mut Neighbour, value: &[u8]) {
    let mut rest = value.get(4..).unwrap_or_default();
    for _ in 0..long(value, 0).unwrap_or(0).min(super::NEIGHBOUR_LIST as u32) {
        let Some(protocol) = rest.get(1).map(|length| usize::from(*length)) else { return };
        let Some(length) = word(rest, 2 + protocol).map(usize::from) else { return };
        let Some(bytes) = rest.get(4 + protocol..4 + protocol + length) else { return };
        if let Some(address) = address(bytes) {
            note(&mut n.management, address);
        }
        rest = rest.get(4 + protocol + length..).unwrap_or_default();
    }
}

/// Capabilities by LLDP's bits.
fn abilities(bits: u32) -> Abilities {
    const TABLE: [(u32, u16); 8] = [
        (0x01, Abilities::ROUTER),
        (0x02, Abilities::BRIDGE),
        (0x04, Abilities::BRIDGE),
        (0x08, Abilities::BRIDGE),
        (0x10, Abilities::STATION),
        (0x40, Abilities::REPEATER),
        (0x80, Abilities::TELEPHONE),
        (0x400, Abilities::RELAY),
    ];
    Abilities(TABLE.iter().filter(|(bit, _)| bits & bit != 0).fold(0, |sum, (_, ability)| sum | ability))
}
