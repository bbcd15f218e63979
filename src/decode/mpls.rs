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
        Some(0) if begins_here(ethernet_at(walk, 0), ethernet_at(walk, 4)) => pseudowire(walk, label),
        // A zero nibble is a pseudowire's control word (RFC 4385).
        Some(0) => {
            let Some(_word) = walk.take::<4>() else { return Next::End };
            walk.push(Proto::PwEthCw);
            pseudowire(walk, label)
        }
        Some(_) if ethernet_at(walk, 0) > Likeness::None => pseudowire(walk, label),
        _ => Next::End,
    }
}

/// How well a frame shows by what is behind its two addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    None,
    /// A length that is the frame's.
    Length,
    /// A known type, and what belongs behind it.
    Type,
}

/// Whether a frame begins here, not behind a control word, by how well both show. A known type is where it stands by chance in one address of thousands;
/// behind a tag there is another one.
fn begins_here(here: Likeness, behind: Likeness) -> bool {
    here == Likeness::Type || here > behind
}

/// Bytes behind a frame's length or type from which on it has no padding, with a check sequence behind them maybe.
const UNPADDED: usize = 46 + 4;

/// Whether a frame begins so many bytes further. A type counts more than a length: between the headers of a frame there is a number that may be one.
fn ethernet_at(walk: &Walk, at: usize) -> Likeness {
    let Some((&[.., t0, t1], behind)) = walk.rest().get(at..).and_then(|bytes| bytes.split_first_chunk::<14>()) else {
        return Likeness::None;
    };
    let version = |wanted: u8| behind.first().is_none_or(|first| first >> 4 == wanted);
    let left = walk.end.saturating_sub(walk.at).saturating_sub(at + 14);
    match u16::from_be_bytes([t0, t1]) {
        0x0800 if version(4) => Likeness::Type,
        0x86dd if version(6) => Likeness::Type,
        0x0806 | 0x8100 | 0x88a8 | 0x8847 | 0x88cc => Likeness::Type,
        length @ 0x0026..=0x05dc if usize::from(length) == left || usize::from(length) < left && left <= UNPADDED => Likeness::Length,
        _ => Likeness::None,
    }
}

fn pseudowire(walk: &mut Walk, label: u32) -> Next {
    let (source, destination) = walk.headers.mac.unwrap_or((Mac::default(), Mac::default()));
    if !walk.enter(TunnelKind::Pseudowire, Address::Mac(source), Address::Mac(destination), u64::from(label)) {
        return Next::End;
    }
    Next::Ethernet
}
