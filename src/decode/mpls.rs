//! MPLS label stacks (RFC 3032) and what is behind them.

use super::checksum::internet_checksum;
use super::ethernet;
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
        // The address of a station may begin like IP.
        Some(4 | 6) if !is_ip(walk) && ethernet_at(walk, 0) > Likeness::None => pseudowire(walk, label),
        Some(4 | 6) => Next::Ip,
        // Associated channel header (RFC 5586 section 2.1): version and reserved bits are 0.
        Some(1) if walk.rest().starts_with(&[0x10, 0]) => Next::End,
        // An address that begins with 0, as those of most makers do, and no control word before a frame.
        Some(0) if begins_here(walk) => pseudowire(walk, label),
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

/// Bytes behind a packet that are none of it: a check sequence.
const CHECK_SEQUENCE: usize = 4;

/// Bytes that are left so many bytes further on.
fn left(walk: &Walk, at: usize) -> usize {
    walk.end.saturating_sub(walk.at).saturating_sub(at)
}

/// Whether a length is that of all that is left, or of all but padding and a check sequence.
fn is_all(length: usize, left: usize) -> bool {
    (length..=length + CHECK_SEQUENCE).contains(&left) || length < left && left <= UNPADDED
}

/// Whether what begins like IP is IP: by its length, which is that of all there is, and in version 4 by the checksum of its header (RFC 791 section 3.1).
/// Of a packet that is cut more is not known than what its first bytes say.
fn is_ip(walk: &Walk) -> bool {
    let (bytes, left) = (walk.rest(), left(walk, 0));
    let word = |at: usize| bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| usize::from(u16::from_be_bytes(*b)));
    match bytes.first().map(|first| (first >> 4, usize::from(first & 0x0f) * 4)) {
        Some((4, header @ 20..)) => {
            let is_right = bytes.get(..header).is_some_and(|header| internet_checksum(header) == 0);
            is_right && word(2) <= left || is_all(word(2), left) && word(2) >= header
        }
        Some((6, _)) => is_all(40 + word(4), left),
        _ => false,
    }
}

/// How well a frame shows by what is behind its two addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    None,
    /// A length that is the frame's.
    Length,
    /// A known type, where nothing else shows that it is one.
    Type,
    /// One of IP, and its header behind it.
    Header,
}

/// Whether a frame begins here, not behind a control word, by how well both show. Where both show equally, as a known type may stand where it is looked for
/// by chance, the word says what it is: its first half is 0 but where the frame is in pieces (RFC 4385 section 3), which few makers' addresses are.
fn begins_here(walk: &Walk) -> bool {
    let (here, behind) = (ethernet_at(walk, 0), ethernet_at(walk, 4));
    let is_word = || walk.rest().starts_with(&[0, 0]);
    here > behind || here == behind && here > Likeness::None && !is_word()
}

/// Bytes behind a frame's length or type from which on it has no padding, with a check sequence behind them maybe.
const UNPADDED: usize = 46 + CHECK_SEQUENCE;

/// Whether a frame begins so many bytes further. A type counts more than a length: between the headers of a frame there is a number that may be one.
fn ethernet_at(walk: &Walk, at: usize) -> Likeness {
    let mut rest = walk.rest().get(at + 12..).unwrap_or_default();
    let mut at = at + 12;
    for _ in 0..=TAGS {
        let Some((&number, behind)) = rest.split_first_chunk::<2>() else { return Likeness::None };
        let first = behind.first().copied();
        match u16::from_be_bytes(number) {
            number if ethernet::is_tag(number) => (rest, at) = (behind.get(2..).unwrap_or_default(), at + 4),
            // Nothing of its header is there.
            number if ethernet::is_ip(number) && first.is_none() => return Likeness::Type,
            0x0800 if first.is_some_and(|first| first >> 4 == 4 && first & 0x0f >= 5) => return Likeness::Header,
            0x86dd if first.is_some_and(|first| first >> 4 == 6) => return Likeness::Header,
            number if !ethernet::is_ip(number) && ethernet::is_known(number) => return Likeness::Type,
            length @ 0x0026..=0x05dc if is_all(length.into(), left(walk, at + 2)) => return Likeness::Length,
            _ => return Likeness::None,
        }
    }
    Likeness::None
}

/// Tags that a frame may have.
const TAGS: usize = 2;

fn pseudowire(walk: &mut Walk, label: u32) -> Next {
    let (source, destination) = walk.headers.mac.unwrap_or((Mac::default(), Mac::default()));
    if !walk.enter(TunnelKind::Pseudowire, Address::Mac(source), Address::Mac(destination), u64::from(label)) {
        return Next::End;
    }
    Next::Ethernet
}
