//! Frames of the link layer.

use super::bytes::{from, mac, word};
use super::pan::Pan;
use super::veil::{blank, opaque};
use super::{messages, network};
use crate::model::LinkType;

/// Replaces what a frame says.
pub fn frame(pan: &mut Pan, link: LinkType, bytes: &mut [u8]) {
    match link {
        LinkType::ETHERNET => ethernet(pan, bytes),
        LinkType::RAW | LinkType::IPV4 | LinkType::IPV6 => network::ip(pan, bytes),
        LinkType::LINUX_SLL => {
            mac(pan, bytes, 6);
            let at = tags(bytes, 14);
            let ether_type = word(bytes, at);
            by_type(pan, ether_type, from(bytes, at + 2), [[0; 6]; 2]);
        }
        LinkType::LINUX_SLL2 => {
            mac(pan, bytes, 12);
            let ether_type = word(bytes, 0);
            by_type(pan, ether_type, from(bytes, 20), [[0; 6]; 2]);
        }
        LinkType::NULL | LinkType::LOOP => network::ip(pan, from(bytes, 4)),
        // What is not understood could hold anything but packets.
        _ => opaque(pan, bytes, 0),
    }
}

/// Where the EtherType is behind 802.1Q and 802.1ad tags, as many as there are.
fn tags(bytes: &[u8], mut at: usize) -> usize {
    while matches!(word(bytes, at), 0x8100 | 0x88a8 | 0x9100 | 0x9200) {
        at += 4;
    }
    at
}

/// An Ethernet frame.
pub fn ethernet(pan: &mut Pan, bytes: &mut [u8]) {
    if bytes.len() < 12 || !pan.enter() {
        blank(pan, bytes);
    } else {
        let mut macs = [[0; 6]; 2];
        for (macs, place) in macs.iter_mut().zip(bytes.chunks_exact_mut(6)) {
            macs.copy_from_slice(place);
            pan.mac(place);
        }
        let at = tags(bytes, 12);
        let ether_type = word(bytes, at);
        by_type(pan, ether_type, from(bytes, at + 2), macs);
        pan.leave();
    }
}

/// What an EtherType announces; below 1536 it is a length, and LLC follows (IEEE 802.3 clause 3.2.6).
pub fn by_type(pan: &mut Pan, ether_type: u16, bytes: &mut [u8], macs: [[u8; 6]; 2]) {
    match ether_type {
        0x0800 | 0x86dd => network::ip(pan, bytes),
        0x0806 | 0x8035 => messages::arp(pan, bytes),
        0x88cc => messages::lldp(pan, bytes),
        // MPLS: labels to the last, then IP or an Ethernet frame, with a control word before it or not.
        0x8847 | 0x8848 => {
            let mut at = 0;
            while bytes.get(at + 2).is_some_and(|b| b & 1 == 0) {
                at += 4;
            }
            let inside = from(bytes, at + 4);
            match inside.first().map(|b| b >> 4) {
                Some(4 | 6) if !is_frame(inside) => network::ip(pan, inside),
                Some(0) if is_frame(from(inside, 4)) => ethernet(pan, from(inside, 4)),
                _ if is_frame(inside) => ethernet(pan, inside),
                _ => opaque(pan, inside, 4),
            }
        }
        // PPPoE session: six bytes, and PPP's protocol.
        0x8864 if matches!(word(bytes, 6), 0x0021 | 0x0057) => network::ip(pan, from(bytes, 8)),
        0x8864 => blank(pan, from(bytes, 8)),
        0..0x0600 if bytes.starts_with(&[0x42, 0x42, 3]) => messages::spanning_tree(pan, from(bytes, 3)),
        // SNAP without an organisation: an EtherType.
        0..0x0600 if bytes.starts_with(&[0xaa, 0xaa, 3, 0, 0, 0]) => behind(pan, bytes, 6, macs),
        // What switches say of themselves.
        0..0x0600 if messages::neighbour::behind_snap(pan, ether_type, bytes) => {}
        // IPX, NetBEUI and others that LLC announces carry no IP packets, whatever their bytes look like.
        0..0x0600 if !matches!(bytes.first(), Some(0xaa | 0x06)) => foreign(pan, bytes, macs),
        0x8809 => messages::lacp(pan, bytes),
        0x6558 => ethernet(pan, bytes),
        // Tags of ports and security groups, and the EtherType behind them.
        0x8926 => behind(pan, bytes, 4, macs),
        0x8909 | 0x893f => behind(pan, bytes, 6, macs),
        // Provider backbone bridges: a tag, then the customer's frame. Fabrics likewise.
        0x88e7 => ethernet(pan, from(bytes, 4)),
        0x8903 if is_frame(from(bytes, 2)) => ethernet(pan, from(bytes, 2)),
        // MACsec: the channel's identifier is a station's.
        0x88e5 => {
            if bytes.first().is_some_and(|b| b & 0x20 != 0) {
                mac(pan, bytes, 6);
            }
            opaque(pan, bytes, 14);
        }
        // Ethernet in itself (loop tests) and power over it have nothing to tell; of others nobody knows.
        _ => unknown(pan, bytes, macs),
    }
}

/// A shim of a length, and what its EtherType announces.
fn behind(pan: &mut Pan, bytes: &mut [u8], shim: usize, macs: [[u8; 6]; 2]) {
    let ether_type = word(bytes, shim);
    if pan.enter() {
        by_type(pan, ether_type, from(bytes, shim + 2), macs);
        pan.leave();
    } else {
        blank(pan, bytes);
    }
}

/// Whether bytes look like an Ethernet frame: a station as source, an EtherType with what it announces behind it, or tags.
pub fn is_frame(bytes: &[u8]) -> bool {
    let at = tags(bytes, 12);
    let first = bytes.get(at + 2).copied().unwrap_or(0);
    bytes.get(6).is_some_and(|b| b & 1 == 0)
        && match word(bytes, at) {
            0x0800 => first >> 4 == 4,
            0x86dd => first >> 4 == 6,
            0x0806 | 0x8847 | 0x88cc | 0x8809 | 0x8863 | 0x8864 | 0x8926 | 0x893f | 0x8909 | 0x88e7 => true,
            // LLC of spanning tree, SNAP, IS-IS and older ones.
            length @ 3..0x0600 => {
                usize::from(length) <= bytes.len() && matches!(word(bytes, at + 2), 0x4242 | 0xaaaa | 0xfefe | 0xe0e0 | 0xf0f0 | 0xffff)
            }
            _ => false,
        }
}

/// Blanks what nobody can take apart, unless there is a packet in it. The first bytes say what it is.
fn unknown(pan: &mut Pan, bytes: &mut [u8], macs: [[u8; 6]; 2]) {
    if super::embedded::packets(pan, bytes) {
        return;
    }
    foreign(pan, bytes, macs);
}

/// Blanks what is of another family of protocols.
fn foreign(pan: &mut Pan, bytes: &mut [u8], macs: [[u8; 6]; 2]) {
    const KEPT: usize = 8;
    for mac in macs.iter().filter(|mac| mac.first().is_some_and(|b| b & 1 == 0)) {
        messages::station(pan, bytes, mac);
    }
    let (head, rest) = bytes.split_at_mut(KEPT.min(bytes.len()));
    super::embedded::sweep(pan, head);
    blank(pan, rest);
}
