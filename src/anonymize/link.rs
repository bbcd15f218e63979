//! Frames of the link layer.

use super::pan::Pan;
use super::{messages, network, words};
use crate::model::LinkType;

/// Replaces what a frame says.
pub fn frame(pan: &mut Pan, link: LinkType, bytes: &mut [u8]) {
    match link {
        LinkType::ETHERNET => ethernet(pan, bytes),
        LinkType::RAW => network::ip(pan, bytes),
        LinkType::LINUX_SLL => {
            if let Some(mac) = bytes.get_mut(6..12) {
                pan.mac(mac);
            }
            after_type(pan, bytes, 14);
        }
        LinkType::LINUX_SLL2 => {
            if let Some(mac) = bytes.get_mut(12..18) {
                pan.mac(mac);
            }
            let ether_type = word(bytes, 0);
            by_type(pan, ether_type, bytes.get_mut(20..).unwrap_or_default(), [[0; 6]; 2]);
        }
        LinkType::NULL | LinkType::LOOP => network::ip(pan, bytes.get_mut(4..).unwrap_or_default()),
        // What is not understood could hold anything.
        _ => bytes.fill(0),
    }
}

fn word(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u16::from_be_bytes(*b))
}

/// An Ethernet frame.
pub fn ethernet(pan: &mut Pan, bytes: &mut [u8]) {
    let mut macs = [[0; 6]; 2];
    for (at, mac) in macs.iter_mut().enumerate() {
        if let Some(place) = bytes.get_mut(at * 6..at * 6 + 6) {
            mac.copy_from_slice(place);
            pan.mac(place);
        } else {
            bytes.fill(0);
            return;
        }
    }
    let mut at = 12;
    // 802.1Q and 802.1ad tags, as many as there are.
    while matches!(word(bytes, at), 0x8100 | 0x88a8 | 0x9100 | 0x9200) {
        at += 4;
    }
    let ether_type = word(bytes, at);
    by_type(pan, ether_type, bytes.get_mut(at + 2..).unwrap_or_default(), macs);
}

fn after_type(pan: &mut Pan, bytes: &mut [u8], at: usize) {
    let mut at = at;
    while matches!(word(bytes, at), 0x8100 | 0x88a8) {
        at += 4;
    }
    let ether_type = word(bytes, at);
    by_type(pan, ether_type, bytes.get_mut(at + 2..).unwrap_or_default(), [[0; 6]; 2]);
}

/// What an EtherType announces; below 1536 it is a length, and LLC follows (IEEE 802.3 clause 3.2.6).
fn by_type(pan: &mut Pan, ether_type: u16, bytes: &mut [u8], macs: [[u8; 6]; 2]) {
    match ether_type {
        0x0800 | 0x86dd => network::ip(pan, bytes),
        0x0806 | 0x8035 => messages::arp(pan, bytes),
        0x88cc => messages::lldp(pan, bytes),
        // MPLS: labels to the last, then IP or an Ethernet frame.
        0x8847 | 0x8848 => {
            let mut at = 0;
            while bytes.get(at + 2).is_some_and(|b| b & 1 == 0) {
                at += 4;
            }
            network::ip(pan, bytes.get_mut(at + 4..).unwrap_or_default());
        }
        // PPPoE session: six bytes, and PPP's protocol.
        0x8864 => network::ip(pan, bytes.get_mut(8..).unwrap_or_default()),
        0..0x0600 if bytes.starts_with(&[0x42, 0x42, 3]) => messages::spanning_tree(pan, bytes.get_mut(3..).unwrap_or_default()),
        0x8809 => messages::lacp(pan, bytes),
        // Ethernet in itself (loop tests) and power over it have nothing to tell; of others nobody knows.
        _ => {
            for mac in macs.iter().filter(|mac| mac.first().is_some_and(|b| b & 1 == 0)) {
                messages::station(pan, bytes, mac);
            }
            blank(bytes);
        }
    }
}

/// Blanks what nobody can take apart. The first bytes say what it is.
fn blank(bytes: &mut [u8]) {
    const KEPT: usize = 8;
    if let Some(rest) = bytes.get_mut(KEPT..) {
        rest.fill(0);
    }
}

/// Replaces the words of a payload.
pub fn payload(pan: &Pan, bytes: &mut [u8]) {
    words::replace(pan, bytes);
}
