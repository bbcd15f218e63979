//! PPP (RFC 1661) and PPP over Ethernet (RFC 2516).

use super::walk::{Next, Walk};
use crate::model::Proto;

/// A PPPoE session header: version, type, code, session, length, then PPP.
pub(super) fn pppoe(walk: &mut Walk) -> Next {
    walk.push(Proto::Pppoes);
    // The code is zero in a session; where it is not the EtherType is believed.
    let Some(&[_, _code, _, _, l0, l1]) = walk.take::<6>() else { return Next::End };
    walk.end = walk.end.min(walk.at + usize::from(u16::from_be_bytes([l0, l1])));
    walk.push(Proto::Ppp);
    Next::Ppp
}

/// PPP in HDLC-like framing (RFC 1662): address and control may have been compressed away.
pub(super) fn framed(walk: &mut Walk) -> Next {
    walk.push(Proto::Ppp);
    if walk.rest().starts_with(&[0xff, 0x03]) {
        walk.at += 2;
    }
    Next::Ppp
}

/// The protocol field (one byte when compressed) and what it names.
pub(super) fn ppp(walk: &mut Walk) -> Next {
    let Some(&[first]) = walk.take::<1>() else { return Next::End };
    let number = if first & 1 == 1 {
        u16::from(first)
    } else {
        let Some(&[second]) = walk.take::<1>() else { return Next::End };
        u16::from_be_bytes([first, second])
    };
    match number {
        0x0021 | 0x0057 => Next::Ip,
        0x0281 | 0x0283 => Next::Mpls,
        0x002b => walk.leaf(Proto::Ipx),
        0xc021 => walk.leaf(Proto::Lcp),
        0xc023 => walk.leaf(Proto::Pap),
        0xc223 => walk.leaf(Proto::Chap),
        0x8021 => walk.leaf(Proto::Ipcp),
        0x8057 => walk.leaf(Proto::Ipv6cp),
        0x80fd => walk.leaf(Proto::Ccp),
        0x8281 => walk.leaf(Proto::Mplscp),
        0x0031 => bridged(walk),
        0x003d => multilink(walk),
        0x00fd => walk.leaf(Proto::CompData),
        0x002d | 0x002f => walk.leaf(Proto::Vjc),
        number => {
            walk.headers.path.push_ppp(number);
            Next::End
        }
    }
}

/// A bridged frame (RFC 3518 section 4.1): flags, kind of network; for IEEE 802.3 the frame follows.
fn bridged(walk: &mut Walk) -> Next {
    walk.push(Proto::Bcp);
    match walk.take::<2>() {
        Some([_, 1]) => Next::Ethernet,
        _ => Next::End,
    }
}

/// A piece of a packet on several links (RFC 1990 section 3): begin 1, end 1, reserved 6, sequence number 24. The first piece has the headers.
fn multilink(walk: &mut Walk) -> Next {
    walk.push(Proto::Mp);
    let Some(&[flags, _, _, _]) = walk.take::<4>() else { return Next::End };
    walk.partial |= flags & 0x40 == 0;
    if flags & 0x80 != 0 { Next::Ppp } else { Next::End }
}
