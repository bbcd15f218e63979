//! Records of Endace's cards (ERF): time stamp, type, flags, lengths; what the card saw on the wire behind them.

use super::{atm, wan};
use crate::decode::ip;
use crate::decode::walk::{Next, Walk};
use crate::model::Proto;

/// Extension headers of a record, at most: cards write a few.
const MAX_EXTENSIONS: usize = 16;

/// A record: time stamp 64 (little-endian); type 8, of which the top bit announces extension headers; flags 8; record length, loss counter
/// or colour, wire length, 16 each. An extension header has eight bytes, and its top bit announces the next.
pub(super) fn erf(walk: &mut Walk) -> Next {
    let Some(&[_, _, _, _, _, _, _, _, kind, _, _, _, _, _, _, _]) = walk.take::<16>() else { return Next::End };
    let mut more = kind & 0x80 != 0;
    for _ in 0..MAX_EXTENSIONS {
        if !more {
            break;
        }
        let Some(&[first, _, _, _, _, _, _, _]) = walk.take::<8>() else { return Next::End };
        more = first & 0x80 != 0;
    }
    if more {
        return walk.malformed();
    }
    walk.frame_begins();
    walk.push(Proto::Erf);
    by_kind(walk, kind & 0x7f)
}

/// What a record of a type holds. Kinds with several channels have four bytes for the channel first.
fn by_kind(walk: &mut Walk, kind: u8) -> Next {
    match kind {
        // Ethernet, plain or with colours or hashes: offset and padding, two bytes that are the card's.
        2 | 11 | 16 | 20 => match walk.take::<2>() {
            Some(_) => {
                walk.frame_begins();
                Next::Ethernet
            }
            None => Next::End,
        },
        22 => Next::Ipv4,
        23 => Next::Ipv6,
        1 | 10 | 15 | 19 => wan::ppp_or_hdlc(walk),
        5 | 17 if ip::skip(walk, 4) => wan::ppp_or_hdlc(walk),
        4 => atm::cell_header(walk),
        9 if ip::skip(walk, 4) => atm::cell_header(walk),
        3 | 7 => walk.leaf(Proto::Atm),
        21 | 25 => walk.leaf(Proto::Infiniband),
        _ => Next::End,
    }
}
