//! Headers behind the stations' addresses: Arista, Gigamon, Cisco's time tag.

use super::Stamp;
use super::fields::typed;
use crate::decode::walk::{Next, Walk};
use crate::decode::{ip, llc};
use crate::model::time::SECOND;
use crate::model::{Proto, StampKind, Timestamp};

/// Arista's EtherType for all its own headers.
const ARISTA: u16 = 0xd28b;
/// Gigamon's.
const GIGAMON: u16 = 0x22e5;

/// The stamp in an Ethernet frame's header, if it has one. `ttag` is the EtherType of Cisco's, where the user named one.
pub fn header(bytes: &[u8], ttag: Option<u16>) -> Option<(StampKind, Stamp)> {
    let mut at = 12;
    let be16 = |at: usize| bytes.get(at..at + 2).map(|b| u16::from_be_bytes([b[0], b[1]]));
    let mut number = be16(at)?;
    while matches!(number, 0x8100 | 0x88a8 | 0x9100) && at < 28 {
        at += 4;
        number = be16(at)?;
    }
    let rest = bytes.get(at + 2..)?;
    match number {
        ARISTA => arista(rest).map(|stamp| (StampKind::Arista, stamp)),
        GIGAMON => gigamon_fields(rest).map(|stamp| (StampKind::GigamonHeader, stamp)),
        number if Some(number) == ttag => tag(rest).map(|stamp| (StampKind::Ttag, stamp)),
        _ => None,
    }
}

/// Subtype 16 (1), version 16: time scale 8 (0 TAI, 1 UTC), format 4 (1: 64 bits, 2: 48 bits), generation 4. Seconds (the lowest 16 bits
/// of them in 48), nanoseconds.
fn arista(rest: &[u8]) -> Option<Stamp> {
    let (bytes, time) = match *rest {
        [0, 1, 0 | 1, format, s0, s1, s2, s3, n0, n1, n2, n3, ..] if format >> 4 == 1 => {
            (14, Some((u32::from_be_bytes([s0, s1, s2, s3]), u32::from_be_bytes([n0, n1, n2, n3]))))
        }
        // Which 18 hours are meant is left open.
        [0, 1, 0 | 1, format, _, _, n0, n1, n2, n3, ..] if format >> 4 == 2 && u32::from_be_bytes([n0, n1, n2, n3]) < 1_000_000_000 => {
            (12, None)
        }
        _ => return None,
    };
    let time = match time {
        Some((_, nanos)) if nanos >= 1_000_000_000 => return None,
        Some((seconds, nanos)) => Some(Timestamp(i64::from(seconds) * SECOND + i64::from(nanos))),
        None => None,
    };
    Some(Stamp { bytes, time, ..Stamp::default() })
}

/// Length 1 (of the header with it), then fields.
fn gigamon_fields(rest: &[u8]) -> Option<Stamp> {
    let length = *rest.first()?;
    let mut stamp = Stamp { bytes: length.checked_add(2)?, ..Stamp::default() };
    typed(rest.get(1..length.into())?, &mut stamp);
    Some(stamp)
}

/// Nanoseconds in 48 bits: they go around every 78 hours, so that no time can be told from them alone.
fn tag(rest: &[u8]) -> Option<Stamp> {
    rest.get(..6).map(|_| Stamp { bytes: 8, ..Stamp::default() })
}

/// A header that belongs to no frame: what it takes counts in no load.
fn step(walk: &mut Walk, proto: Proto, stamp: Option<Stamp>) -> Next {
    walk.push(proto);
    let Some(stamp) = stamp else { return Next::End };
    // The EtherType that announced it stands before it, the frame's own behind it.
    if !ip::skip(walk, usize::from(stamp.bytes) - 2) {
        return Next::End;
    }
    walk.leave_out(stamp.bytes.into());
    llc::ether_type_field(walk)
}

/// Arista's own headers.
pub(in crate::decode) fn avsp(walk: &mut Walk) -> Next {
    let stamp = arista(walk.rest());
    step(walk, Proto::Avsp, stamp)
}

/// Gigamon's header.
pub(in crate::decode) fn gigamon(walk: &mut Walk) -> Next {
    let stamp = gigamon_fields(walk.rest());
    step(walk, Proto::Gmhdr, stamp)
}

/// Cisco's time tag.
pub(in crate::decode) fn ttag(walk: &mut Walk) -> Next {
    let stamp = tag(walk.rest());
    step(walk, Proto::Ttag, stamp)
}
