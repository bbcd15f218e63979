//! What devices say of themselves: LLDP and what is like it. One file a protocol; each reads bytes behind the headers that were read already,
//! trusts no length and keeps what parsed.

mod cdp;
mod cisco;
mod edp;
mod lldp;
mod lldp_details;
mod lldp_organisations;
mod mndp;

pub use cdp::{cdp, fdp};
pub use cisco::{dtp, pagp, udld, vtp};
pub use edp::edp;
pub use lldp::lldp;
pub use mndp::mndp;

use crate::model::learnt::clean;
use crate::model::limits::{NEIGHBOUR_FACTS, NEIGHBOUR_LIST};
use crate::model::{Address, Mac, Neighbour};

/// Values looked at in a list: those of one frame, and an end to lists of empty ones.
const VALUES: usize = 256;

/// Big-endian numbers that may not be there.
fn word(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_be_bytes(*b))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_be_bytes(*b))
}

fn mac(bytes: &[u8]) -> Option<Mac> {
    bytes.first_chunk().copied().map(Mac)
}

/// Text fit to be shown, without what pads it.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    clean(bytes.get(..end).unwrap_or_default()).trim().to_owned()
}

/// An address by its length.
fn address(bytes: &[u8]) -> Option<Address> {
    match bytes.len() {
        4 => bytes.first_chunk::<4>().map(|b| Address::V4((*b).into())),
        6 => mac(bytes).map(Address::Mac),
        16 => bytes.first_chunk::<16>().map(|b| Address::V6((*b).into())),
        _ => None,
    }
}

/// Puts something into a list that has a cap.
fn note<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if list.len() < NEIGHBOUR_LIST && !list.contains(&value) {
        list.push(value);
    }
}

/// Keeps in words what has no field of its own.
fn say(n: &mut Neighbour, what: &'static str, words: String) {
    if n.said.len() < NEIGHBOUR_FACTS && !words.is_empty() {
        n.said.push((what, words));
    }
}

/// How the type and length of a value stand before it.
#[derive(Clone, Copy)]
enum Heads {
    /// Two bytes each; the length counts them (CDP and its like).
    Inclusive,
    /// Two bytes each; the length does not (MNDP).
    Exclusive,
}

/// Walks a list of values with heads of four bytes. False where it is cut or a length cannot be.
fn values<'a>(list: &'a [u8], heads: Heads, mut take: impl FnMut(u16, &'a [u8])) -> bool {
    let mut rest = list;
    for _ in 0..VALUES {
        if rest.is_empty() {
            return true;
        }
        let (Some(kind), Some(length)) = (word(rest, 0), word(rest, 2)) else { return false };
        let length = usize::from(length);
        let end = match heads {
            Heads::Inclusive if length < 4 => return false,
            Heads::Inclusive => length,
            Heads::Exclusive => length + 4,
        };
        let Some(value) = rest.get(4..end) else { return false };
        take(kind, value);
        rest = rest.get(end..).unwrap_or_default();
    }
    false
}
