//! Access networks over UDP and IP: GTP-U, CAPWAP, LWAPP, L2TP, Teredo, LISP.

use super::{ip_by_nibble, looks_like_ethernet};
use crate::decode::ip;
use crate::decode::walk::{Next, Walk};
use crate::model::{Proto, TunnelKind};

fn into(walk: &mut Walk, kind: TunnelKind, id: u32, next: Next) -> Next {
    let ends = walk.ends();
    if walk.enter_between(kind, ends, id.into()) { next } else { Next::End }
}

/// GTP user plane (3GPP TS 29.281): version 3, PT 1, reserved 1, E, S, PN; type; length; endpoint; only a G-PDU carries a packet.
pub(super) fn gtp(walk: &mut Walk) -> Next {
    let Some(&[flags, kind, l0, l1, t0, t1, t2, t3]) = walk.peek::<8>() else { return Next::End };
    if flags >> 4 != 3 {
        return Next::End;
    }
    walk.push(Proto::Gtp);
    walk.at += 8;
    if kind != 0xff {
        return Next::End;
    }
    walk.end = walk.end.min(walk.at + usize::from(u16::from_be_bytes([l0, l1])));
    if flags & 0x07 != 0 {
        let Some(&[_, _, _, next]) = walk.take::<4>() else { return Next::End };
        if flags & 0x04 != 0 && !gtp_extensions(walk, next) {
            return Next::End;
        }
    }
    let next = match ip_by_nibble(walk) {
        Some(next) => next,
        None if looks_like_ethernet(walk.rest()) => Next::Ethernet,
        None => return Next::End,
    };
    into(walk, TunnelKind::Gtp, u32::from_be_bytes([t0, t1, t2, t3]), next)
}

/// Extension headers of one packet, at most.
const MAX_EXTENSIONS: usize = 8;

/// Each has its length in words first and the next one's type last.
fn gtp_extensions(walk: &mut Walk, mut next: u8) -> bool {
    for _ in 0..MAX_EXTENSIONS {
        if next == 0 {
            return true;
        }
        let Some(&[words]) = walk.peek::<1>() else { return false };
        if words == 0 {
            walk.malformed();
            return false;
        }
        if !ip::skip(walk, usize::from(words) * 4) {
            return false;
        }
        next = walk.bytes.get(walk.at - 1).copied().unwrap_or(0);
    }
    false
}

/// CAPWAP data (RFC 5415 section 4.3): version 4, type 4; length in words 5, radio 5, binding 5, T F L W M K, 3 reserved; fragment.
pub(super) fn capwap(walk: &mut Walk) -> Next {
    let Some(&[preamble, h0, h1, h2, _, _, o0, o1]) = walk.peek::<8>() else { return Next::End };
    if preamble >> 4 != 0 {
        return Next::End;
    }
    walk.push(Proto::Capwap);
    // Type 1 is DTLS.
    if preamble & 0x0f != 0 {
        return Next::End;
    }
    let length = usize::from(h0 >> 3) * 4;
    if length < 8 {
        return walk.malformed();
    }
    let keep_alive = h2 & 0x08 != 0;
    let later_fragment = h2 & 0x80 != 0 && u16::from_be_bytes([o0, o1]) >> 3 != 0;
    if keep_alive || later_fragment || !ip::skip(walk, length) {
        return Next::End;
    }
    walk.partial |= h2 & 0x80 != 0;
    let binding = h1 >> 1 & 0x1f;
    let next = match (h1 & 1 != 0, binding) {
        (false, _) => Next::Ethernet,
        (true, 0 | 1) => wlan_of_controller(walk),
        _ => return Next::End,
    };
    into(walk, TunnelKind::Capwap, u32::from(h0 & 7) << 2 | u32::from(h1 >> 6), next)
}

/// Cisco's controllers swap the two bytes of the frame control field. The protocol version, two low bits of the right first byte, is
/// zero; a data frame through a controller has one of its distribution bits set, low in the right second byte.
fn wlan_of_controller(walk: &Walk) -> Next {
    match walk.rest() {
        [first, second, ..] if first & 3 != 0 && second & 3 == 0 => Next::WlanSwapped,
        _ => Next::Wlan,
    }
}

/// LWAPP (RFC 5412): version 2, radio 3, C, F, L; fragment; length; status or signal. Data frames (C clear) carry 802.11.
pub(super) fn lwapp(walk: &mut Walk) -> Next {
    let Some(&[flags, _, l0, l1, _, _]) = walk.peek::<6>() else { return Next::End };
    if flags >> 6 != 0 {
        return Next::End;
    }
    walk.push(Proto::Lwapp);
    walk.at += 6;
    // Control message, or a fragment.
    if flags & 0x06 != 0 {
        return Next::End;
    }
    walk.end = walk.end.min(walk.at + usize::from(u16::from_be_bytes([l0, l1])));
    let next = wlan_of_controller(walk);
    into(walk, TunnelKind::Lwapp, u32::from(flags >> 3 & 7), next)
}

/// L2TP over UDP: version 2 (RFC 2661) carries PPP, version 3 (RFC 3931) what the session says.
pub(super) fn l2tp(walk: &mut Walk) -> Next {
    let Some(&[f0, f1]) = walk.peek::<2>() else { return Next::End };
    let flags = u16::from_be_bytes([f0, f1]);
    match flags & 0x000f {
        2 => l2tp_two(walk, flags),
        3 => {
            walk.push(Proto::L2tp);
            if flags & 0x8000 != 0 || walk.take::<4>().is_none() {
                return Next::End;
            }
            session(walk)
        }
        _ => Next::End,
    }
}

/// Flags T L S O P and version; then length (L), tunnel, session, sequence numbers (S), offset (O), all 16 bits.
fn l2tp_two(walk: &mut Walk, flags: u16) -> Next {
    walk.push(Proto::L2tp);
    walk.at += 2;
    // Control messages carry no packet.
    if flags & 0x8000 != 0 {
        return Next::End;
    }
    if flags & 0x4000 != 0 {
        let Some(&[l0, l1]) = walk.take::<2>() else { return Next::End };
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        walk.end = walk.end.min((walk.at + length).saturating_sub(4));
    }
    let Some(&id) = walk.take::<4>() else { return Next::End };
    if flags & 0x0800 != 0 && walk.take::<4>().is_none() {
        return Next::End;
    }
    if flags & 0x0200 != 0 {
        let Some(&[o0, o1]) = walk.take::<2>() else { return Next::End };
        if !ip::skip(walk, usize::from(u16::from_be_bytes([o0, o1]))) {
            return Next::End;
        }
    }
    into(walk, TunnelKind::L2tp, u32::from_be_bytes(id), Next::PppFramed)
}

/// L2TP version 3 over IP: session 0 is a control message.
pub(in crate::decode) fn l2tpv3(walk: &mut Walk) -> Next {
    walk.push(Proto::L2tp);
    session(walk)
}

/// A version 3 session: cookie (0, 4 or 8 bytes) and sublayer (0 or 4) are agreed out of band; a frame shows behind one of them.
fn session(walk: &mut Walk) -> Next {
    let Some(&id) = walk.take::<4>() else { return Next::End };
    let id = u32::from_be_bytes(id);
    if id == 0 {
        return Next::End;
    }
    let rest = walk.rest();
    for skipped in [0, 4, 8, 12] {
        if looks_like_ethernet(rest.get(skipped..).unwrap_or(&[])) {
            walk.at += skipped;
            return into(walk, TunnelKind::L2tp, id, Next::Ethernet);
        }
    }
    Next::End
}

/// Teredo (RFC 4380 section 5.1.1): an authentication and an origin indication may come before the IPv6 packet.
pub(super) fn teredo(walk: &mut Walk) -> Next {
    let mut rest = walk.rest();
    if let [0, 1, client, authentication, ..] = rest {
        let length = 13 + usize::from(*client) + usize::from(*authentication);
        rest = rest.get(length..).unwrap_or(&[]);
    }
    if let [0, 0, _, _, _, _, _, _, inner @ ..] = rest {
        rest = inner;
    }
    let &[first, _, _, _, l0, l1, ..] = rest else { return Next::End };
    let skipped = walk.rest().len() - rest.len();
    // The payload's length must fit: it is the only other thing that shows.
    if first >> 4 != 6 || usize::from(u16::from_be_bytes([l0, l1])) + 40 > walk.left() - skipped {
        return Next::End;
    }
    walk.push(Proto::Teredo);
    walk.at += skipped;
    into(walk, TunnelKind::Teredo, 0, Next::Ip)
}

/// LISP data (RFC 6830 section 5.3): flags 8, nonce or versions 24, instance 24 (with flag I) and locator bits 8, then IP.
pub(super) fn lisp(walk: &mut Walk) -> Next {
    walk.push(Proto::Lisp);
    let Some(&[flags, _, _, _, i0, i1, i2, _]) = walk.take::<8>() else { return Next::End };
    let Some(next) = ip_by_nibble(walk) else { return Next::End };
    let instance = if flags & 0x08 != 0 { u32::from_be_bytes([0, i0, i1, i2]) } else { 0 };
    into(walk, TunnelKind::Lisp, instance, next)
}

/// MPLS (RFC 7510): a stack of labels begins at once.
pub(super) fn mpls(walk: &mut Walk) -> Next {
    into(walk, TunnelKind::MplsUdp, 0, Next::Mpls)
}
