//! What devices announce of themselves beside LLDP: CDP, FDP, UDLD, VTP, DTP, EDP, MNDP. Lists of values keep their shape, so that who reads
//! them finds devices with other names.

use crate::anonymize::bytes::{from, mac, part, v4, v6, word};
use crate::anonymize::checksum::{adjust, sum};
use crate::anonymize::pan::Pan;
use crate::anonymize::payload::mixed;
use crate::anonymize::veil::blank;
use crate::anonymize::words;

const CISCO: [u8; 3] = [0x00, 0x00, 0x0c];
const FOUNDRY: [u8; 3] = [0x00, 0xe0, 0x52];
const EXTREME: [u8; 3] = [0x00, 0xe0, 0x2b];

/// Values of a list that are looked at; what is behind them is blanked.
const VALUES: usize = 64;

/// Replaces what a frame says behind LLC and SNAP, where that is an announcement; false where it is none.
pub fn snap(pan: &mut Pan, bytes: &mut [u8]) -> bool {
    let [0xaa, 0xaa, 3, a, b, c, high, low, ..] = *bytes else { return false };
    let body = from(bytes, 8);
    let before = sum(body);
    let field = match ([a, b, c], u16::from_be_bytes([high, low])) {
        (CISCO, 0x2000 | 0x0111) | (FOUNDRY, 0x2000) => {
            values(pan, from(body, 4));
            2
        }
        // No checksum.
        (CISCO, 0x2003) => {
            vtp(pan, body);
            return true;
        }
        (CISCO, 0x2004) => {
            values(pan, from(body, 1));
            return true;
        }
        (EXTREME, 0x00bb) => {
            mac(pan, body, 10);
            edp(pan, from(body, 16));
            4
        }
        _ => return false,
    };
    let after = sum(body);
    adjust(body, field, before, after);
    true
}

/// Values behind their types and lengths, which count themselves.
fn values(pan: &mut Pan, bytes: &mut [u8]) {
    let mut at = 0;
    for _ in 0..VALUES {
        if at + 4 > bytes.len() {
            return;
        }
        let (kind, length) = (word(bytes, at), usize::from(word(bytes, at + 2)).max(4));
        let end = (at + length).min(bytes.len());
        let value = part(bytes, at + 4, end);
        match (kind, value.len()) {
            (2 | 0x16, 5..) if !words::is_text(value) => addresses(pan, value),
            // Numbers: VLANs, duplex, MTU, capabilities, powers.
            (0x04 | 0x08 | 0x0a..=0x13 | 0x19 | 0x1a, 0..=16) if !words::is_text(value) => {}
            (_, 6) => mac(pan, value, 0),
            (_, 0..=4) if !words::is_text(value) => {}
            _ => told(pan, value),
        }
        at = end;
    }
    blank(pan, from(bytes, at));
}

/// A name without spaces is one, however short its parts are; anything else may hold some.
pub fn told(pan: &mut Pan, bytes: &mut [u8]) {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let is_name = |name: &[u8]| (1..=LONGEST_NAME).contains(&name.len()) && name.iter().all(u8::is_ascii_graphic);
    if bytes.get(..end).is_some_and(is_name) {
        words::name(pan, part(bytes, 0, end));
        return mixed(pan, from(bytes, end));
    }
    mixed(pan, bytes);
}

/// Bytes of a host's name at most (RFC 1035 section 2.3.4: of one label).
const LONGEST_NAME: usize = 63;

/// CDP's list of addresses: how many, then each with its protocol and behind lengths.
fn addresses(pan: &mut Pan, bytes: &mut [u8]) {
    let mut at = 4;
    while at + 2 < bytes.len() {
        let named = usize::from(bytes.get(at + 1).copied().unwrap_or(0));
        let length = usize::from(word(bytes, at + 2 + named));
        let place = at + 4 + named;
        match length {
            4 => v4(pan, bytes, place),
            16 => v6(pan, bytes, place),
            _ => blank(pan, part(bytes, place, (place + length).min(bytes.len()))),
        }
        at = place + length;
    }
}

/// VTP: the domain's name, who changed it last, VLANs' names.
fn vtp(pan: &mut Pan, bytes: &mut [u8]) {
    let code = bytes.get(1).copied().unwrap_or(0);
    told(pan, part(bytes, 4, 36));
    if code == 1 {
        v4(pan, bytes, 40);
        return blank(pan, from(bytes, 56));
    }
    let mut at = 40;
    while code == 2 && at + 12 <= bytes.len() {
        let (length, named) = (usize::from(bytes[at]).max(12), usize::from(bytes[at + 3]));
        told(pan, part(bytes, at + 12, (at + 12 + named).min(bytes.len())));
        at += length;
    }
}

/// EDP's values, each behind a mark, its type and its length.
fn edp(pan: &mut Pan, bytes: &mut [u8]) {
    let mut at = 0;
    for _ in 0..VALUES {
        if at + 4 > bytes.len() {
            return;
        }
        let (kind, length) = (bytes[at + 1], usize::from(word(bytes, at + 2)).max(4));
        let end = (at + length).min(bytes.len());
        let value = part(bytes, at + 4, end);
        match kind {
            0 => return,
            // Slot, port, versions.
            2 => {}
            5 => {
                v4(pan, value, 8);
                told(pan, from(value, 12));
            }
            _ => told(pan, value),
        }
        at = end;
    }
}

/// MNDP: values behind their types and lengths, which do not count themselves.
pub fn mndp(pan: &mut Pan, bytes: &mut [u8]) {
    let mut at = 4;
    for _ in 0..VALUES {
        if at + 4 > bytes.len() {
            return;
        }
        let (kind, length) = (word(bytes, at), usize::from(word(bytes, at + 2)));
        let end = (at + 4 + length).min(bytes.len());
        let value = part(bytes, at + 4, end);
        match (kind, length) {
            (1, 6) => mac(pan, value, 0),
            (15, 16) => v6(pan, value, 0),
            (17, 4) => v4(pan, value, 0),
            // How long it runs, and how it is packed.
            (10, 4) | (14, 1) => {}
            _ => told(pan, value),
        }
        at = end;
    }
    blank(pan, from(bytes, at));
}
