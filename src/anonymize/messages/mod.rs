//! Messages that hold addresses or names at places of their own.

pub mod dhcp;
pub mod dns;
pub mod group;
pub mod neighbour;

use super::bytes::{from, mac, part, v4, v6, word};
use super::network::ip;
use super::pan::Pan;
use super::payload::mixed;
use super::veil::{blank, veil};

/// ARP and RARP over Ethernet and IPv4 (RFC 826).
pub fn arp(pan: &mut Pan, bytes: &mut [u8]) {
    if bytes.get(4..6) != Some(&[6, 4]) {
        return blank(pan, bytes);
    }
    mac(pan, bytes, 8);
    v4(pan, bytes, 14);
    mac(pan, bytes, 18);
    v4(pan, bytes, 24);
    bytes.get_mut(28..).unwrap_or_default().fill(0);
}

/// Replaces an address of a station wherever it stands.
pub fn station(pan: &mut Pan, bytes: &mut [u8], known: &[u8; 6]) {
    let mut at = 0;
    while let Some(place) = bytes.get_mut(at..at + 6) {
        if place == known {
            pan.mac(place);
            at += 5;
        }
        at += 1;
    }
}

/// Spanning tree (IEEE 802.1D clause 9): the addresses of root and bridge.
pub fn spanning_tree(pan: &mut Pan, bytes: &mut [u8]) {
    if bytes.get(3) == Some(&0x80) {
        return;
    }
    mac(pan, bytes, 7);
    mac(pan, bytes, 19);
    // MSTP: the region's name, its digest, the bridge's address, and those of the instances.
    if let Some(name) = bytes.get_mut(39..71) {
        mixed(pan, name);
    }
    mac(pan, bytes, 95);
    (103..bytes.len()).step_by(16).for_each(|at| mac(pan, bytes, at + 3));
}

/// LACP (IEEE 802.1AX clause 6.4.2): the systems of actor and partner.
pub fn lacp(pan: &mut Pan, bytes: &mut [u8]) {
    mac(pan, bytes, 6);
    mac(pan, bytes, 26);
}

/// LLDP (IEEE 802.1AB clause 8): addresses in chassis, port and management, words elsewhere.
pub fn lldp(pan: &mut Pan, bytes: &mut [u8]) {
    let mut at = 0;
    while at + 2 <= bytes.len() {
        let head = word(bytes, at);
        let (kind, length) = (head >> 9, usize::from(head & 0x1ff));
        let end = (at + 2 + length).min(bytes.len());
        let value = bytes.get_mut(at + 2..end).unwrap_or_default();
        match (kind, value.first().copied()) {
            (0, _) => break,
            (1, Some(4)) | (2, Some(3)) => mac(pan, value, 1),
            (1, Some(5)) | (2, Some(4)) => v4(pan, value, 2),
            (8, Some(5)) if value.get(1) == Some(&1) => v4(pan, value, 2),
            (8, Some(17)) if value.get(1) == Some(&2) => v6(pan, value, 2),
            (3 | 7, _) => {}
            // Where a device stands, in degrees.
            (127, _) if value.starts_with(&[0x00, 0x12, 0xbb, 3, 1]) => blank(pan, from(value, 5)),
            (127, _) => mixed(pan, from(value, 4)),
            (5, _) => neighbour::name(pan, value),
            _ => mixed(pan, value),
        }
        at = end;
    }
}

/// ICMP: errors quote a packet (RFC 792).
pub fn icmp(pan: &mut Pan, bytes: &mut [u8]) {
    match bytes.first() {
        Some(3 | 4 | 11 | 12) => ip(pan, bytes.get_mut(8..).unwrap_or_default()),
        Some(5) => {
            v4(pan, bytes, 4);
            ip(pan, bytes.get_mut(8..).unwrap_or_default());
        }
        _ => veil(pan, from(bytes, 8)),
    }
}

/// ICMPv6: errors quote a packet (RFC 4443), neighbour discovery names addresses (RFC 4861).
pub fn icmp6(pan: &mut Pan, bytes: &mut [u8]) {
    let options = match bytes.first() {
        Some(1..=4) => return ip(pan, bytes.get_mut(8..).unwrap_or_default()),
        Some(133) => 8,
        Some(134) => 16,
        Some(135 | 136) => {
            v6(pan, bytes, 8);
            24
        }
        Some(137) => {
            v6(pan, bytes, 8);
            v6(pan, bytes, 24);
            40
        }
        // Listener queries and reports: groups.
        Some(130..=132) => return v6(pan, bytes, 8),
        Some(143) => {
            let (mut at, count) = (8, word(bytes, 6));
            for _ in 0..count {
                v6(pan, bytes, at + 4);
                let sources = usize::from(word(bytes, at + 2));
                (0..sources).for_each(|n| v6(pan, bytes, at + 20 + n * 16));
                at += 20 + sources * 16 + usize::from(bytes.get(at + 1).copied().unwrap_or(0)) * 4;
                if at >= bytes.len() {
                    break;
                }
            }
            return;
        }
        _ => return veil(pan, from(bytes, 8)),
    };
    let mut at = options;
    while let Some(&[kind, length]) = bytes.get(at..).and_then(|b| b.first_chunk::<2>()) {
        let size = usize::from(length) * 8;
        if size == 0 {
            break;
        }
        match kind {
            1 | 2 => mac(pan, bytes, at + 2),
            3 => v6(pan, bytes, at + 16),
            25 => (at + 8..at + size).step_by(16).for_each(|place| v6(pan, bytes, place)),
            5 => {}
            _ => {
                let option = part(bytes, at + 2, at + size);
                // Names of the way to search in: labels, or text by them.
                mixed(pan, option);
            }
        }
        at += size;
    }
}

/// NTP: a server's reference is its own server's address from stratum 2 on (RFC 5905 section 7.3).
pub fn ntp(pan: &mut Pan, bytes: &mut [u8]) {
    if bytes.get(1).is_some_and(|stratum| *stratum > 1) {
        v4(pan, bytes, 12);
    }
    veil(pan, from(bytes, 48));
}
