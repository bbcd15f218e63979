//! Headers of captures that name the link type of what follows: PPI, PKTAP.

use super::either_order;
use crate::decode::ip;
use crate::decode::walk::{Next, Walk};
use crate::model::{LinkType, Proto};

/// Per-Packet Information (CACE Technologies), little-endian: version, flags, length of all fields, link type.
pub(super) fn ppi(walk: &mut Walk) -> Next {
    walk.push(Proto::Ppi);
    let Some(&[_, _, l0, l1, t0, t1, t2, t3]) = walk.peek::<8>() else { return Next::End };
    behind(walk, u16::from_le_bytes([l0, l1]).into(), 8, u32::from_le_bytes([t0, t1, t2, t3]))
}

/// Darwin's packet tap, in the byte order of the machine that captured: length of this header, what follows (1: a packet), its link type;
/// interface, process and more.
pub(super) fn pktap(walk: &mut Walk) -> Next {
    walk.push(Proto::Pktap);
    let Some(&[l0, l1, l2, l3, n0, n1, n2, n3, t0, t1, t2, t3]) = walk.peek::<12>() else { return Next::End };
    let [length, next, link] = [[l0, l1, l2, l3], [n0, n1, n2, n3], [t0, t1, t2, t3]].map(either_order);
    if next != 1 {
        return Next::End;
    }
    behind(walk, length as usize, 12, link)
}

/// The frame behind a header of `length` bytes, of which `least` were read.
fn behind(walk: &mut Walk, length: usize, least: usize, link: u32) -> Next {
    if length < least {
        return walk.malformed();
    }
    if !ip::skip(walk, length) {
        return Next::End;
    }
    let link = LinkType(u16::try_from(link).unwrap_or(u16::MAX));
    if link == LinkType::IEEE802_11 {
        walk.push(Proto::WlanRadio);
    }
    Next::Link(link)
}
