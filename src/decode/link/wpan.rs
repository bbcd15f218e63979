//! IEEE 802.15.4 and 6LoWPAN, by name: addresses are of eight bytes or two, compressed headers are not read.

use crate::decode::ip;
use crate::decode::walk::{Next, Walk};
use crate::model::Proto;

/// A frame without preamble.
pub(super) fn wpan(walk: &mut Walk) -> Next {
    walk.push(Proto::Wpan);
    mac(walk)
}

/// The same behind a preamble of four bytes, a delimiter and the length.
pub(super) fn phy(walk: &mut Walk) -> Next {
    walk.push(Proto::Wpan);
    match walk.take::<6>() {
        Some(_) => mac(walk),
        None => Next::End,
    }
}

/// The same behind values that the radio tells: version, reserved, length of all of them (little-endian).
pub(super) fn tap(walk: &mut Walk) -> Next {
    walk.push(Proto::WpanTap);
    let Some(&[0, _, l0, l1]) = walk.peek::<4>() else { return Next::End };
    let length = usize::from(u16::from_le_bytes([l0, l1]));
    if length < 4 {
        return walk.malformed();
    }
    if ip::skip(walk, length) { mac(walk) } else { Next::End }
}

/// Bytes of an address of a mode: absent, reserved, short, extended.
fn address(mode: u16) -> usize {
    match mode & 3 {
        2 => 2,
        3 => 8,
        _ => 0,
    }
}

/// The MAC header (IEEE 802.15.4 clause 7.2), little-endian: kind 3, security 1, pending 1, acknowledgement 1, one network 1, reserved 3,
/// destination mode 2, version 2, source mode 2; sequence number; addresses. Data may be 6LoWPAN.
fn mac(walk: &mut Walk) -> Next {
    let Some(&[c0, c1, _]) = walk.take::<3>() else { return Next::End };
    let control = u16::from_le_bytes([c0, c1]);
    let (destination, source) = (control >> 10, control >> 14);
    // Not data; encrypted; or of the later version with its information elements.
    if control & 7 != 1 || control & 8 != 0 || control >> 12 & 3 > 1 {
        return Next::End;
    }
    let network = |present: bool| if present { 2 } else { 0 };
    let to = network(address(destination) > 0) + address(destination);
    let from = network(address(source) > 0 && control & 0x40 == 0) + address(source);
    if !ip::skip(walk, to + from) {
        return Next::End;
    }
    lowpan(walk)
}

/// 6LoWPAN (RFC 4944 section 5.1, RFC 6282) by its dispatch byte; only an uncompressed packet is read.
fn lowpan(walk: &mut Walk) -> Next {
    match walk.rest() {
        [0x41, first, ..] if first >> 4 == 6 => {
            walk.push(Proto::Lowpan);
            walk.at += 1;
            Next::Ipv6
        }
        // Compressed headers, broadcast, mesh, first and later fragments.
        [0x42 | 0x50 | 0x60..=0x7f | 0x80..=0xbf | 0xc0..=0xc7 | 0xe0..=0xe7, ..] => walk.leaf(Proto::Lowpan),
        _ => Next::End,
    }
}
