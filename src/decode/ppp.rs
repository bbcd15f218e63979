//! PPP (RFC 1661) and PPP over Ethernet (RFC 2516).

use super::walk::{Next, Walk};
use crate::model::Proto;

/// A PPPoE session header: version, type, code, session, length, then PPP.
pub(super) fn pppoe(walk: &mut Walk) -> Next {
    walk.push(Proto::Pppoes);
    let Some(&[_, code, _, _, l0, l1]) = walk.take::<6>() else { return Next::End };
    if code != 0 {
        return Next::End;
    }
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
        0x0031 => Next::End,
        number => {
            walk.headers.path.push_ppp(number);
            Next::End
        }
    }
}
