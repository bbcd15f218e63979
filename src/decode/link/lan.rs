//! Networks of stations other than Ethernet: FDDI, token ring, Fibre Channel, InfiniBand, ARCNET, FireWire, EPON.

use super::behind_ether_type;
use crate::decode::walk::{Next, Walk};
use crate::model::{Mac, Proto};

/// FDDI (ANSI X3.139): frame control, destination, source. Frames other than LLC carry no packet.
pub(super) fn fddi(walk: &mut Walk) -> Next {
    walk.push(Proto::Fddi);
    let Some(&[control, d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5]) = walk.take::<13>() else { return Next::End };
    walk.mac(Mac([s0, s1, s2, s3, s4, s5]), Mac([d0, d1, d2, d3, d4, d5]));
    if matches!(control, 0x50..=0x5f) { Next::Llc } else { Next::End }
}

/// Token ring (IEEE 802.5): access control, frame control, addresses, a routing field when the source's first bit says so.
pub(super) fn token_ring(walk: &mut Walk) -> Next {
    walk.push(Proto::Tr);
    let Some(&[_, control, d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5]) = walk.take::<14>() else { return Next::End };
    walk.mac(Mac([s0 & 0x7f, s1, s2, s3, s4, s5]), Mac([d0, d1, d2, d3, d4, d5]));
    if s0 & 0x80 != 0 {
        let Some(&[length, _]) = walk.peek::<2>() else { return Next::End };
        walk.at += usize::from(length & 0x1f).max(2);
    }
    if control & 0xc0 == 0x40 { Next::Llc } else { Next::End }
}

/// IP over Fibre Channel (RFC 2625 section 5): destination and source, each 16 bits of naming authority and a MAC address; then LLC.
pub(super) fn fibre_channel(walk: &mut Walk) -> Next {
    walk.push(Proto::Ipfc);
    let Some(&[_, _, d0, d1, d2, d3, d4, d5, _, _, s0, s1, s2, s3, s4, s5]) = walk.take::<16>() else { return Next::End };
    walk.mac(Mac([s0, s1, s2, s3, s4, s5]), Mac([d0, d1, d2, d3, d4, d5]));
    Next::Llc
}

/// Bytes of InfiniBand's global routing header.
const GLOBAL_ROUTE: usize = 40;

/// IP over InfiniBand (RFC 4391 section 6): a global routing header, EtherType, 16 reserved bits.
pub(super) fn infiniband(walk: &mut Walk) -> Next {
    walk.push(Proto::Ipoib);
    let Some(_) = walk.take::<GLOBAL_ROUTE>() else { return Next::End };
    let Some(&[t0, t1, _, _]) = walk.take::<4>() else { return Next::End };
    behind_ether_type(walk, u16::from_be_bytes([t0, t1]))
}

/// ARCNET as BSD shows it: source, destination, protocol.
pub(super) fn arcnet_bsd(walk: &mut Walk) -> Next {
    walk.push(Proto::Arcnet);
    match walk.take::<3>() {
        Some(&[_, _, protocol]) => arcnet(walk, protocol),
        None => Next::End,
    }
}

/// ARCNET as Linux shows it: two bytes that tell where the hardware puts the frame come before the protocol.
pub(super) fn arcnet_linux(walk: &mut Walk) -> Next {
    walk.push(Proto::Arcnet);
    match walk.take::<5>() {
        Some(&[_, _, _, _, protocol]) => arcnet(walk, protocol),
        None => Next::End,
    }
}

/// What an ARCNET protocol number names (RFC 1051: 240 and 241; RFC 1201: the others, with a split flag and a sequence number, and an
/// exception header before these where the frame's length cannot be sent as it is).
fn arcnet(walk: &mut Walk, protocol: u8) -> Next {
    match protocol {
        240 => return behind_ether_type(walk, 0x0800),
        241 => return behind_ether_type(walk, 0x0806),
        212 | 213 | 196 | 221 | 250 => {}
        _ => return Next::End,
    }
    let Some(&[flag, _, _]) = walk.take::<3>() else { return Next::End };
    let flag = if flag == 0xff {
        let Some(&[_, second, _, _]) = walk.take::<4>() else { return Next::End };
        second
    } else {
        flag
    };
    // Of a packet sent in pieces the first has an odd flag; the others begin within it.
    if flag != 0 && flag & 1 == 0 {
        return Next::End;
    }
    match protocol {
        212 => behind_ether_type(walk, 0x0800),
        213 => behind_ether_type(walk, 0x0806),
        196 => behind_ether_type(walk, 0x86dd),
        221 => walk.leaf(Proto::Ddp),
        _ => walk.leaf(Proto::Ipx),
    }
}

/// IP over FireWire as Apple shows it (RFC 2734): destination and source of eight bytes, EtherType.
pub(super) fn firewire(walk: &mut Walk) -> Next {
    walk.push(Proto::Ap1394);
    let Some(&[_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, t0, t1]) = walk.take::<18>() else { return Next::End };
    behind_ether_type(walk, u16::from_be_bytes([t0, t1]))
}

/// EPON (IEEE 802.3 clause 65): a preamble that holds the logical link, then Ethernet.
pub(super) fn epon(walk: &mut Walk) -> Next {
    walk.push(Proto::Epon);
    match walk.take::<8>() {
        Some(_) => Next::Ethernet,
        None => Next::End,
    }
}
