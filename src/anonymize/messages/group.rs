//! Groups and routers that stand in for each other: IGMP, VRRP, HSRP.

use crate::anonymize::bytes::{from, mac, part, v4, v6, word};
use crate::anonymize::checksum::{Pseudo, adjust, sum};
use crate::anonymize::pan::Pan;
use crate::anonymize::veil::{blank, veil};

/// IGMP (RFC 3376): groups stay what they are, sources do not.
pub fn igmp(pan: &mut Pan, bytes: &mut [u8]) {
    let old = sum(bytes);
    match bytes.first() {
        // Queries, of version 3 with sources; reports of versions 1 and 2, and leaving.
        Some(0x11 | 0x12 | 0x16 | 0x17) => {
            v4(pan, bytes, 4);
            let end = 12 + usize::from(word(bytes, 10)) * 4;
            (12..end.min(bytes.len())).step_by(4).for_each(|at| v4(pan, bytes, at));
            from(bytes, end.max(8)).fill(0);
        }
        Some(0x22) => {
            let (mut at, records) = (8, word(bytes, 6));
            for _ in 0..records {
                let sources = usize::from(word(bytes, at + 2));
                (0..=sources).map(|n| at + 4 + n * 4).take_while(|at| *at < 65_536).for_each(|place| v4(pan, bytes, place));
                at += 8 + sources * 4 + bytes.get(at + 1).map_or(0, |n| usize::from(*n)) * 4;
                if at >= bytes.len() {
                    break;
                }
            }
        }
        _ => veil(pan, from(bytes, 4)),
    }
    let new = sum(bytes);
    adjust(bytes, 2, old, new);
}

/// VRRP versions 2 and 3 (RFC 3768, RFC 9568): the addresses that are stood in for.
pub fn vrrp(pan: &mut Pan, bytes: &mut [u8], pseudo: Pseudo) {
    let old = sum(bytes);
    let (version, count) = (bytes.first().map_or(0, |b| b >> 4), bytes.get(3).map_or(0, |n| usize::from(*n)));
    // One IPv6 address fills what four of IPv4 would.
    let is_v6 = version == 3 && usize::from(pseudo.length) >= 8 + count * 16 && count > 0;
    let size = if is_v6 { 16 } else { 4 };
    for n in 0..count {
        if is_v6 { v6(pan, bytes, 8 + n * size) } else { v4(pan, bytes, 8 + n * size) }
    }
    from(bytes, 8 + count * size).fill(0);
    if version == 3 {
        pseudo.seal(bytes, 6, old);
    } else {
        let new = sum(bytes);
        adjust(bytes, 6, old, new);
    }
}

/// HSRP versions 1 (RFC 2281) and 2: the virtual address, and who sends it.
pub fn hsrp(pan: &mut Pan, bytes: &mut [u8]) {
    match bytes.first() {
        Some(0) if bytes.len() >= 20 => {
            veil(pan, part(bytes, 8, 16));
            v4(pan, bytes, 16);
            blank(pan, from(bytes, 20));
        }
        Some(1) if bytes.get(1) == Some(&40) => {
            mac(pan, bytes, 8);
            if bytes.get(5) == Some(&6) {
                v6(pan, bytes, 26)
            } else {
                v4(pan, bytes, 26)
            }
            blank(pan, from(bytes, 42));
        }
        _ => blank(pan, from(bytes, 4)),
    }
}
