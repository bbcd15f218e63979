//! IEEE 802.2 logical link control and its SNAP extension.

use super::walk::{Next, Walk};
use super::{ethernet, ip};
use crate::model::Proto;

/// An LLC header: what its destination service access point names.
pub(super) fn llc(walk: &mut Walk) -> Next {
    walk.push(Proto::Llc);
    if walk.headers.link_payload_at == 0 {
        walk.link_payload(0);
    }
    let Some(&[dsap, ssap, control]) = walk.take::<3>() else { return Next::End };
    // Information and supervisory formats have a second control byte.
    if control & 0x03 != 0x03 && walk.take::<1>().is_none() {
        return Next::End;
    }
    // A DSAP's lowest bit marks a group address.
    match dsap & 0xfe {
        0xaa if dsap == 0xaa && ssap & 0xfe == 0xaa => snap(walk, 2),
        0x06 => Next::Ip,
        0x42 => walk.leaf(Proto::Stp),
        0xe0 => walk.leaf(Proto::Ipx),
        0xf0 => walk.leaf(Proto::Netbios),
        0xfe => osi(walk),
        0x00 => Next::End,
        _ => {
            walk.headers.path.push_sap(dsap);
            Next::End
        }
    }
}

/// Subnetwork access protocol: organisation and protocol. Bridged frames have `padding` bytes before them: two behind LLC (RFC 2684 section
/// 5.2), none over Frame Relay (RFC 2427 section 4.2).
fn snap(walk: &mut Walk, padding: usize) -> Next {
    let Some(&[o0, o1, o2, p0, p1]) = walk.take::<5>() else { return Next::End };
    let number = u16::from_be_bytes([p0, p1]);
    match [o0, o1, o2] {
        // RFC 1042, 802.1H bridge tunnel, and Apple's own.
        [0, 0, 0] | [0, 0, 0xf8] | [0x08, 0x00, 0x07] => {
            walk.headers.ether_type = number;
            Next::EtherType(number)
        }
        [0, 0, 0x0c] => cisco(walk, number),
        // IEEE 802.1: bridged frames, with the FCS kept (1) or not (7).
        [0, 0x80, 0xc2] => match number {
            0x0001 | 0x0007 if ip::skip(walk, padding) => Next::Ethernet,
            _ => Next::End,
        },
        _ => Next::End,
    }
}

/// Cisco's protocols under its OUI 00-00-0C.
fn cisco(walk: &mut Walk, number: u16) -> Next {
    match number {
        0x0104 => walk.leaf(Proto::Pagp),
        0x0111 => walk.leaf(Proto::Udld),
        // Per-VLAN spanning tree is spanning tree.
        0x010b => walk.leaf(Proto::Stp),
        0x2000 => walk.leaf(Proto::Cdp),
        0x2003 => walk.leaf(Proto::Vtp),
        0x2004 => walk.leaf(Proto::Dtp),
        _ => Next::End,
    }
}

/// OSI network layer by its NLPID (ISO/IEC TR 9577).
pub(super) fn osi(walk: &mut Walk) -> Next {
    match walk.peek::<1>() {
        Some([0x81]) => walk.leaf(Proto::Clnp),
        Some([0x82]) => walk.leaf(Proto::Esis),
        Some([0x83]) => walk.leaf(Proto::Isis),
        Some([0xcc]) => {
            walk.at += 1;
            Next::Ip
        }
        Some([0x8e]) => {
            walk.at += 1;
            Next::Ip
        }
        Some([0xcf]) => {
            walk.at += 1;
            walk.push(Proto::Ppp);
            Next::Ppp
        }
        _ => Next::End,
    }
}

/// A Frame Relay or similar payload that starts with an NLPID.
pub(super) fn nlpid(walk: &mut Walk) -> Next {
    match walk.peek::<1>() {
        Some([0x80]) => {
            walk.at += 1;
            snap(walk, 0)
        }
        Some(_) => osi(walk),
        None => Next::End,
    }
}

/// A two-byte field that is an EtherType, or LLC where it is a length.
pub(super) fn ether_type_field(walk: &mut Walk) -> Next {
    match walk.take::<2>() {
        Some(&[t0, t1]) => ethernet::type_or_length(walk, u16::from_be_bytes([t0, t1])),
        None => Next::End,
    }
}
