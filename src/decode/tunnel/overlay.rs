//! Network virtualisation over UDP: VXLAN (RFC 7348) and its generic extension, Geneve (RFC 8926); service headers (RFC 8300).

use crate::decode::ip;
use crate::decode::walk::{Next, Walk};
use crate::model::{Proto, TunnelKind};

/// VXLAN: flags, 24 reserved bits, 24 bits of network identifier, 8 reserved. The I flag says the identifier is valid.
pub(super) fn vxlan(walk: &mut Walk, declared: bool) -> Next {
    let Some(&[flags, _, _, _, v0, v1, v2, _]) = walk.peek::<8>() else { return Next::End };
    if flags & 0x08 == 0 && !declared {
        return Next::End;
    }
    walk.push(Proto::Vxlan);
    walk.at += 8;
    enter(walk, TunnelKind::Vxlan, [v0, v1, v2], Next::Ethernet)
}

fn enter(walk: &mut Walk, kind: TunnelKind, [v0, v1, v2]: [u8; 3], next: Next) -> Next {
    let ends = walk.ends();
    if walk.enter_between(kind, ends, u32::from_be_bytes([0, v0, v1, v2]).into()) { next } else { Next::End }
}

/// VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe): the P flag says that the fourth byte names the inner protocol; O marks management.
pub(super) fn vxlan_gpe(walk: &mut Walk) -> Next {
    let Some(&[flags, _, _, protocol, v0, v1, v2, _]) = walk.peek::<8>() else { return Next::End };
    if flags & 0x08 == 0 {
        return Next::End;
    }
    walk.push(Proto::VxlanGpe);
    walk.at += 8;
    let next = match (flags & 0x04 != 0, protocol) {
        (false, _) | (true, 3) => Next::Ethernet,
        (true, 1 | 2) => Next::Ip,
        (true, 4) => Next::EtherType(0x894f),
        (true, 5) => Next::Mpls,
        _ => return Next::End,
    };
    enter(walk, TunnelKind::VxlanGpe, [v0, v1, v2], next)
}

/// Geneve: version 2, length of the options in words 6; flags 8; EtherType 16; network identifier 24; reserved 8; options.
pub(super) fn geneve(walk: &mut Walk) -> Next {
    let Some(&[first, _, t0, t1, v0, v1, v2, _]) = walk.peek::<8>() else { return Next::End };
    if first >> 6 != 0 {
        return Next::End;
    }
    walk.push(Proto::Geneve);
    if !ip::skip(walk, 8 + usize::from(first & 0x3f) * 4) {
        return Next::End;
    }
    let next = match u16::from_be_bytes([t0, t1]) {
        0x6558 => Next::Ethernet,
        number => Next::EtherType(number),
    };
    enter(walk, TunnelKind::Geneve, [v0, v1, v2], next)
}

/// Network service header: version 2, O 1, U 1, TTL 6, length in words 6; U 4, metadata type 4; next protocol 8; path and index.
pub(super) fn nsh(walk: &mut Walk) -> Next {
    walk.push(Proto::Nsh);
    let Some(&[_, length, _, protocol, p0, p1, p2, _]) = walk.peek::<8>() else { return Next::End };
    let length = usize::from(length & 0x3f) * 4;
    if length < 8 {
        return walk.malformed();
    }
    if !ip::skip(walk, length) {
        return Next::End;
    }
    let next = match protocol {
        1 | 2 => Next::Ip,
        3 => Next::Ethernet,
        4 => Next::EtherType(0x894f),
        5 => Next::Mpls,
        _ => return Next::End,
    };
    enter(walk, TunnelKind::Nsh, [p0, p1, p2], next)
}
