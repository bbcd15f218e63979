//! Cisco's protocols of trunks, fibres and groups of links, as far as they name things: UDLD (RFC 5171), VTP, DTP, PAgP.

use super::{Heads, NEIGHBOUR_LIST, long, note, text, values, word};
use crate::model::{Mac, Neighbour, NeighbourProtocol};

/// Reads an UDLD packet: version and operation, flags, checksum, then values whose lengths count their heads.
pub fn udld(body: &[u8]) -> Option<Neighbour> {
    let mut n = Neighbour { protocol: NeighbourProtocol::Udld, ..Neighbour::default() };
    let is_whole = values(body.get(4..)?, Heads::Inclusive, |kind, value| match (kind, value) {
        (1, _) => n.chassis = text(value),
        (2, _) => n.port = text(value),
        (3, _) => echoes(&mut n, value),
        (5, [seconds, ..]) => n.hold = Some(u32::from(*seconds)),
        (6, _) => n.system = text(value),
        _ => {}
    });
    n.is_broken = !is_whole;
    (!n.chassis.is_empty()).then_some(n)
}

/// Pairs of a device and its port, each text behind its length.
fn echoes(n: &mut Neighbour, value: &[u8]) {
    let mut rest = value.get(4..).unwrap_or_default();
    for _ in 0..long(value, 0).unwrap_or(0).min(NEIGHBOUR_LIST as u32) {
        let (Some(device), left) = behind_length(rest) else { return };
        let (Some(port), left) = behind_length(left) else { return };
        note(&mut n.heard, (text(device), text(port)));
        rest = left;
    }
}

fn behind_length(bytes: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let Some(end) = word(bytes, 0).map(|length| 2 + usize::from(length)) else { return (None, &[]) };
    (bytes.get(2..end), bytes.get(end..).unwrap_or_default())
}

/// Reads a VTP packet: of a summary the domain and its revision, of a subset the VLANs as well.
pub fn vtp(body: &[u8]) -> Option<Neighbour> {
    let [1..=3, code @ 1..=4, _, length, ..] = body else { return None };
    let domain = body.get(4..)?.get(..usize::from(*length).min(32))?;
    let revision = long(body, 36).filter(|_| matches!(code, 1 | 2));
    let mut n = Neighbour { protocol: NeighbourProtocol::Vtp, domain: text(domain), revision, ..Neighbour::default() };
    if *code == 2 {
        let mut rest = body.get(40..).unwrap_or_default();
        while let Some(entry) = rest.first().and_then(|length| rest.get(..usize::from(*length).max(1))) {
            if let (Some(name), Some(id)) = (entry.get(3), word(entry, 4)) {
                let name = entry.get(12..).and_then(|names| names.get(..usize::from(*name)));
                n.is_broken |= name.is_none();
                note(&mut n.vlans, (id, text(name.unwrap_or_default())));
            }
            rest = rest.get(entry.len()..).unwrap_or_default();
        }
        n.is_broken |= !rest.is_empty();
    }
    Some(n)
}

/// Reads a DTP packet: a version, then values whose lengths count their heads.
pub fn dtp(body: &[u8]) -> Option<Neighbour> {
    let mut n = Neighbour { protocol: NeighbourProtocol::Dtp, ..Neighbour::default() };
    let (mut status, mut kind_of_trunk) = (None, None);
    let is_whole = values(body.get(1..)?, Heads::Inclusive, |kind, value| match (kind, value) {
        (1, _) => n.domain = text(value),
        (2, [value, ..]) => status = Some(*value),
        (3, [value, ..]) => kind_of_trunk = Some(*value),
        (4, _) => n.chassis_mac = super::mac(value),
        _ => {}
    });
    n.is_broken = !is_whole;
    n.trunk = status.zip(kind_of_trunk).map(|(status, kind)| [status, kind]);
    n.chassis = n.chassis_mac.map(|mac| mac.to_string()).unwrap_or_default();
    n.trunk.is_some().then_some(n)
}

/// Reads what PAgP says of a device and its port: version 1 (2 flushes), flags, both ends, how many values there are, and values whose lengths
/// count their heads.
pub fn pagp(body: &[u8]) -> Option<Neighbour> {
    let [device, partner, count, rest] = [2, 22, 44, 46];
    if body.first() != Some(&1) {
        return None;
    }
    let own = super::mac(body.get(device..)?)?;
    let mut n = Neighbour { protocol: NeighbourProtocol::Pagp, chassis: own.to_string(), chassis_mac: Some(own), ..Neighbour::default() };
    if let Some(partner) = body.get(partner..).and_then(super::mac).filter(|partner| *partner != Mac::default()) {
        super::say(&mut n, "partner", partner.to_string());
    }
    let mut left = word(body, count)?;
    let is_whole = values(body.get(rest..)?, Heads::Inclusive, |kind, value| {
        // What lies behind them pads the frame.
        if left > 0 {
            left -= 1;
            match kind {
                1 => n.system = text(value),
                2 => n.port = text(value),
                _ => {}
            }
        }
    });
    n.is_broken = !is_whole && left > 0;
    Some(n)
}
