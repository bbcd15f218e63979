//! GRE (RFC 2784, RFC 2890; version 1: RFC 2637) and what it carries, EtherIP (RFC 3378).

use super::{GreFields, erspan};
use crate::decode::ip;
use crate::decode::walk::{Next, Walk};
use crate::model::{MirrorTag, Proto, TunnelKind};

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
/// Acknowledgement number, version 1 only.
const ACKNOWLEDGEMENT: u16 = 0x0080;

/// First VSID of NVGRE (RFC 7637 section 3.2 reserves 0 to 0xFFF): a smaller key is an ordinary one.
const FIRST_VSID: u32 = 0x1000;

/// GRE: flags, protocol type, then the optional fields.
pub(in crate::decode) fn gre(walk: &mut Walk) -> Next {
    walk.push(Proto::Gre);
    let Some(&[f0, f1, p0, p1]) = walk.take::<4>() else { return Next::End };
    let (flags, protocol) = (u16::from_be_bytes([f0, f1]), u16::from_be_bytes([p0, p1]));
    match flags & 0x0007 {
        0 => {}
        1 => return version_one(walk, flags, protocol),
        _ => return Next::End,
    }
    if flags & (CHECKSUM | ROUTING) != 0 && walk.take::<4>().is_none() {
        return Next::End;
    }
    let Some(header) = optional(walk, flags) else { return Next::End };
    // Source routes (RFC 1701): an entry without address family and length is the last one.
    if flags & ROUTING != 0 && !routes(walk) {
        return Next::End;
    }
    inside(walk, protocol, flags, header)
}

fn optional(walk: &mut Walk, flags: u16) -> Option<GreFields> {
    let mut header = GreFields::default();
    if flags & KEY != 0 {
        header.key = Some(u32::from_be_bytes(*walk.take::<4>()?));
    }
    if flags & SEQUENCE != 0 {
        header.sequence = Some(u32::from_be_bytes(*walk.take::<4>()?));
    }
    Some(header)
}

/// Source route entries followed, at most.
const MAX_ROUTES: usize = 8;

fn routes(walk: &mut Walk) -> bool {
    for _ in 0..MAX_ROUTES {
        match walk.take::<4>() {
            Some([0, 0, _, 0]) => return true,
            Some(&[_, _, _, length]) if ip::skip(walk, usize::from(length)) => {}
            _ => return false,
        }
    }
    false
}

fn inside(walk: &mut Walk, protocol: u16, flags: u16, header: GreFields) -> Next {
    let key = header.key.unwrap_or(0);
    if walk.rules.is_ethernet_over_gre(protocol) {
        return bridged(walk, flags, header);
    }
    match protocol {
        // A keepalive of Cisco routers: nothing follows.
        0x0000 => Next::End,
        0x2000 => walk.leaf(Proto::Cdp),
        0x2001 => walk.leaf(Proto::Nhrp),
        0x6558 => bridged(walk, flags, header),
        0x88be => erspan::one_or_two(walk, header),
        0x22eb => erspan::three(walk, header),
        // Web Cache Communication Protocol: version 2 puts four bytes before the packet.
        0x883e => {
            if !matches!(walk.peek::<1>(), Some([b]) if b >> 4 == 4) && walk.take::<4>().is_none() {
                return Next::End;
            }
            into(walk, TunnelKind::Gre, key, Next::Ip)
        }
        // Aruba access points: 802.11 frames, the number tells their queue and port.
        0x8200..=0x8370 | 0x9000 => into(walk, TunnelKind::ArubaGre, u32::from(protocol), Next::Wlan),
        // Cisco MetaData over GRE: the type comes first.
        0x8909 => {
            let ends = walk.ends();
            if !walk.enter_between(TunnelKind::Gre, ends, key.into()) {
                return Next::End;
            }
            walk.push(Proto::Cmd);
            let Some(&[t0, t1, _, _, _, _, _, _]) = walk.take::<8>() else { return Next::End };
            Next::EtherType(u16::from_be_bytes([t0, t1]))
        }
        0x880b => into(walk, TunnelKind::Gre, key, Next::PppFramed),
        number => into(walk, TunnelKind::Gre, key, Next::EtherType(number)),
    }
}

/// Transparent Ethernet bridging; with a key alone that can be a virtual subnet's it is NVGRE (RFC 7637 section 3.2).
fn bridged(walk: &mut Walk, flags: u16, header: GreFields) -> Next {
    let key = header.key.unwrap_or(0);
    let (kind, id) = if flags & (CHECKSUM | KEY | SEQUENCE) == KEY && key >> 8 >= FIRST_VSID {
        (TunnelKind::Nvgre, key >> 8)
    } else {
        (TunnelKind::GreTeb, key)
    };
    if header.sequence.is_none() {
        return into(walk, kind, id, Next::Ethernet);
    }
    let ends = walk.ends();
    let tag = MirrorTag { sequence: header.sequence, sampled: 1, ..MirrorTag::default() };
    if walk.enter_mirror(kind, ends, id.into(), tag) { Next::Ethernet } else { Next::End }
}

fn into(walk: &mut Walk, kind: TunnelKind, id: u32, next: Next) -> Next {
    let ends = walk.ends();
    if walk.enter_between(kind, ends, id.into()) { next } else { Next::End }
}

/// Version 1: PPTP (RFC 2637 section 4.1), and MikroTik's Ethernet over IP, which borrowed the header.
fn version_one(walk: &mut Walk, flags: u16, protocol: u16) -> Next {
    let Some(header) = optional(walk, flags) else { return Next::End };
    if flags & ACKNOWLEDGEMENT != 0 && walk.take::<4>().is_none() {
        return Next::End;
    }
    let Some(key) = header.key else { return Next::End };
    let [l0, l1, i0, i1] = key.to_be_bytes();
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    match protocol {
        // No payload: an acknowledgement.
        0x880b if header.sequence.is_some() && length > 0 => {
            walk.end = walk.end.min(walk.at + length);
            into(walk, TunnelKind::Pptp, u16::from_be_bytes([i0, i1]).into(), Next::PppFramed)
        }
        // Zero length is a keepalive. The tunnel's number is little-endian.
        0x6400 if length > 0 => {
            walk.end = walk.end.min(walk.at + length);
            into(walk, TunnelKind::Eoip, u16::from_le_bytes([i0, i1]).into(), Next::Ethernet)
        }
        _ => Next::End,
    }
}

/// EtherIP: version 3 in the first nibble, twelve reserved bits, Ethernet.
pub(in crate::decode) fn etherip(walk: &mut Walk) -> Next {
    walk.push(Proto::Etherip);
    match walk.take::<2>() {
        Some([version, _]) if version >> 4 == 3 => into(walk, TunnelKind::Etherip, 0, Next::Ethernet),
        Some(_) => walk.malformed(),
        None => Next::End,
    }
}
