//! Messages that hold addresses or names at places of their own.

use super::link::payload;
use super::network::{ip, v4, v6};
use super::pan::Pan;
use super::words;

fn word(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u16::from_be_bytes(*b))
}

fn mac(pan: &Pan, bytes: &mut [u8], at: usize) {
    if let Some(place) = bytes.get_mut(at..at + 6) {
        pan.mac(place);
    }
}

/// ARP and RARP over Ethernet and IPv4 (RFC 826).
pub fn arp(pan: &mut Pan, bytes: &mut [u8]) {
    if bytes.get(4..6) != Some(&[6, 4]) {
        return bytes.fill(0);
    }
    mac(pan, bytes, 8);
    v4(pan, bytes, 14);
    mac(pan, bytes, 18);
    v4(pan, bytes, 24);
    bytes.get_mut(28..).unwrap_or_default().fill(0);
}

/// Replaces an address of a station wherever it stands.
pub fn station(pan: &Pan, bytes: &mut [u8], known: &[u8; 6]) {
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
        payload(pan, name);
    }
    mac(pan, bytes, 95);
    (103..bytes.len()).step_by(16).for_each(|at| mac(pan, bytes, at + 3));
}

/// LACP (IEEE 802.1AX clause 6.4.2): the systems of actor and partner.
pub fn lacp(pan: &Pan, bytes: &mut [u8]) {
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
            (127, _) => payload(pan, value.get_mut(4..).unwrap_or_default()),
            _ => payload(pan, value),
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
        _ => payload(pan, bytes.get_mut(8..).unwrap_or_default()),
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
        _ => return payload(pan, bytes.get_mut(8..).unwrap_or_default()),
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
                let end = (at + size).min(bytes.len());
                payload(pan, bytes.get_mut(at + 2..end).unwrap_or_default());
            }
        }
        at += size;
    }
}

/// A payload between two ports.
pub fn of_ports(pan: &mut Pan, ports: [u16; 2], stream: bool, bytes: &mut [u8]) {
    let is = |wanted: u16| ports.contains(&wanted);
    match stream {
        // A message over TCP has its length before it.
        true if is(53) => {
            if usize::from(word(bytes, 0)) + 2 <= bytes.len() {
                dns(pan, bytes.get_mut(2..).unwrap_or_default());
            } else {
                payload(pan, bytes);
            }
        }
        false if is(53) || is(5353) || is(5355) || is(137) => dns(pan, bytes),
        false if is(67) && is(68) || ports == [67, 67] => dhcp(pan, bytes),
        false if is(123) => {
            // A server's reference is its own server's address from stratum 2 on (RFC 5905 section 7.3).
            if bytes.get(1).is_some_and(|stratum| *stratum > 1) {
                v4(pan, bytes, 12);
            }
        }
        _ => payload(pan, bytes),
    }
}

/// Walks over a name and replaces its labels; where it ends.
fn name(pan: &Pan, bytes: &mut [u8], mut at: usize) -> Option<usize> {
    let mut labels: Vec<(usize, usize)> = Vec::new();
    let end = loop {
        match bytes.get(at).copied()? {
            0 => break at + 1,
            pointer if pointer >= 0xc0 => break at + 2,
            length if length < 64 => {
                labels.push((at + 1, usize::from(length)));
                at += 1 + usize::from(length);
                if labels.len() > 128 {
                    return None;
                }
            }
            _ => return None,
        }
    };
    let text = |bytes: &[u8], (at, length): (usize, usize)| bytes.get(at..at + length).map(<[u8]>::to_ascii_lowercase);
    let is_reverse = labels.last().and_then(|last| text(bytes, *last)).is_some_and(|last| last == b"arpa");
    for (i, &(at, length)) in labels.iter().enumerate() {
        let is_suffix = is_reverse && i + 2 >= labels.len();
        let label = bytes.get_mut(at..at + length)?;
        // Labels of services (_tcp) are words of protocols.
        if is_suffix || label.first() == Some(&b'_') || label.eq_ignore_ascii_case(b"local") {
            continue;
        }
        if length == 32 && label.iter().all(|b| (b'A'..=b'P').contains(b)) {
            netbios(pan, label);
        } else if is_reverse && length <= 3 {
            // A digit of an address alone would tell: its place in the name is part of what is enciphered.
            let mut keyed: Vec<u8> = label.to_vec();
            keyed.extend_from_slice(format!("{i}reverse").as_bytes());
            words::word(pan, &mut keyed);
            label.iter_mut().zip(keyed).for_each(|(to, from)| *to = from);
        } else {
            words::word(pan, label);
        }
    }
    Some(end)
}

/// A NetBIOS name, a letter of which is two (RFC 1001 section 14.1).
fn netbios(pan: &Pan, label: &mut [u8]) {
    let mut plain: Vec<u8> =
        label.chunks_exact(2).filter_map(|p| Some((p.first()?.wrapping_sub(b'A') << 4) | (p.get(1)?.wrapping_sub(b'A') & 15))).collect();
    if let Some(name) = plain.get_mut(..15) {
        let length = name.iter().rposition(|b| *b != b' ' && *b != 0).map_or(0, |last| last + 1);
        words::word(pan, name.get_mut(..length).unwrap_or_default());
    }
    for (pair, byte) in label.chunks_exact_mut(2).zip(plain) {
        if let [high, low] = pair {
            (*high, *low) = (b'A' + (byte >> 4), b'A' + (byte & 15));
        }
    }
}

/// DNS, multicast DNS, LLMNR and NetBIOS names (RFC 1035 section 4.1).
fn dns(pan: &mut Pan, bytes: &mut [u8]) {
    if dns_message(pan, bytes).is_none() {
        // Cut short, or something else on its port.
        payload(pan, bytes.get_mut(12..).unwrap_or_default());
    }
}

fn dns_message(pan: &mut Pan, bytes: &mut [u8]) -> Option<()> {
    let questions = word(bytes, 4);
    let records = u32::from(word(bytes, 6)) + u32::from(word(bytes, 8)) + u32::from(word(bytes, 10));
    let mut at = 12;
    for _ in 0..questions {
        at = name(pan, bytes, at)? + 4;
    }
    for _ in 0..records {
        at = name(pan, bytes, at)?;
        let (kind, length) = (word(bytes, at), usize::from(word(bytes, at + 8)));
        let data = at + 10;
        if data + length > bytes.len() {
            return None;
        }
        match kind {
            1 => v4(pan, bytes, data),
            28 => v6(pan, bytes, data),
            2 | 5 | 12 | 39 => drop(name(pan, bytes, data)),
            15 => drop(name(pan, bytes, data + 2)),
            33 => drop(name(pan, bytes, data + 6)),
            6 => drop(name(pan, bytes, data).and_then(|next| name(pan, bytes, next))),
            // NetBIOS: flags and addresses.
            32 => (data + 2..data + length).step_by(6).for_each(|place| v4(pan, bytes, place)),
            41 => {}
            _ => payload(pan, bytes.get_mut(data..data + length).unwrap_or_default()),
        }
        at = data + length;
    }
    Some(())
}

/// DHCP (RFC 2131 section 2, RFC 2132).
fn dhcp(pan: &mut Pan, bytes: &mut [u8]) {
    [12, 16, 20, 24].into_iter().for_each(|at| v4(pan, bytes, at));
    let own: Option<[u8; 6]> = bytes.get(28..34).and_then(|b| b.try_into().ok());
    mac(pan, bytes, 28);
    if let Some(names) = bytes.get_mut(44..236) {
        names.fill(0);
    }
    let mut at = 240;
    while let Some(&code) = bytes.get(at) {
        if code == 255 {
            break;
        }
        if code == 0 {
            at += 1;
            continue;
        }
        let length = usize::from(bytes.get(at + 1).copied().unwrap_or(0));
        let end = (at + 2 + length).min(bytes.len());
        match code {
            1 | 51 | 53 | 55 | 57 | 58 | 59 => {}
            3 | 4 | 5 | 6 | 28 | 42 | 44 | 50 | 54 => (at + 2..end).step_by(4).for_each(|place| v4(pan, bytes, place)),
            12 | 15 | 81 => {
                let skip = if code == 81 { 3 } else { 0 };
                let text = bytes.get_mut((at + 2 + skip).min(end)..end).unwrap_or_default();
                text.split_mut(|b| !b.is_ascii_alphanumeric()).for_each(|word| words::word(pan, word));
            }
            _ => {
                let value = bytes.get_mut(at + 2..end).unwrap_or_default();
                own.iter().for_each(|own| station(pan, value, own));
                payload(pan, value);
            }
        }
        at = end.max(at + 2);
    }
}
