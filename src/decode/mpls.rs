//! MPLS label stacks (RFC 3032) and what is behind them.

use super::walk::{Next, Walk};
use crate::model::{Address, Mac, Proto, TunnelKind};

/// One label; behind the bottom of the stack the payload is guessed by its first nibble, as every bystander must (RFC 4928).
pub(super) fn label(walk: &mut Walk) -> Next {
    walk.push(Proto::Mpls);
    let Some(&[l0, l1, l2, _ttl]) = walk.take::<4>() else { return Next::End };
    if l2 & 1 == 0 {
        return Next::Mpls;
    }
    let label = u32::from_be_bytes([0, l0, l1, l2]) >> 4;
    match walk.peek::<1>().map(|b| b[0] >> 4) {
        Some(4 | 6) => Next::Ip,
        // Associated channel header (RFC 5586).
        Some(1) => Next::End,
        // An address that begins with 0, as those of most makers do, and no control word before a frame.
        Some(0) if looks_like_ethernet(walk, 0) && !looks_like_ethernet(walk, 4) => pseudowire(walk, label),
        // A zero nibble is a pseudowire's control word (RFC 4385).
        Some(0) => {
            let Some(_word) = walk.take::<4>() else { return Next::End };
            walk.push(Proto::PwEthCw);
            pseudowire(walk, label)
        }
        Some(_) if looks_like_ethernet(walk, 0) => pseudowire(walk, label),
        _ => Next::End,
    }
}

/// Whether a frame begins so many bytes further: it shows by a known type behind two addresses.
fn looks_like_ethernet(walk: &Walk, at: usize) -> bool {
    matches!(walk.rest().get(at..).unwrap_or_default(), [_, _, _, _, _, _, _, _, _, _, _, _, t0, t1, ..]
        if matches!(u16::from_be_bytes([*t0, *t1]), 0x0800 | 0x86dd | 0x0806 | 0x8100 | 0x88a8 | 0x8847 | 0x88cc | 0x0026..=0x05dc))
}

fn pseudowire(walk: &mut Walk, label: u32) -> Next {
    let (source, destination) = walk.headers.mac.unwrap_or((Mac::default(), Mac::default()));
    if !walk.enter(TunnelKind::Pseudowire, Address::Mac(source), Address::Mac(destination), u64::from(label)) {
        return Next::End;
    }
    Next::Ethernet
}
