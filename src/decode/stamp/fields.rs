//! Trailers of typed fields with a checksum: Ixia (Anue) and Gigamon.

use super::{Stamp, Tail, crc32};
use crate::decode::checksum::internet_checksum;
use crate::model::Timestamp;
use crate::model::time::SECOND;

/// Ixia's mark.
const IXIA: u16 = 0xaf12;
/// Gigamon's, its EtherType.
const GIGAMON: u16 = 0x22e5;
/// Days that a clock may be off for a Gigamon time without fields.
const DAYS: i64 = 30;

/// Fields (type 1, length 1, value), their length 1, mark 2, Internet checksum 2 over all before it.
pub(super) fn ixia(tail: &Tail) -> Option<Stamp> {
    tail.ends().find_map(|end| checked(tail, end, IXIA))
}

/// As Ixia's with another mark; or the frame's CRC 4, port 2, seconds 4, nanoseconds 4, and a new check sequence.
pub(super) fn gigamon(tail: &Tail) -> Option<Stamp> {
    tail.ends().find_map(|end| checked(tail, end, GIGAMON).or_else(|| timed(tail, end)))
}

fn checked(tail: &Tail, end: usize, mark: u16) -> Option<Stamp> {
    let [length, m0, m1, c0, c1] = tail.field::<5>(end.checked_sub(5)?)?;
    let start = (end - 5).checked_sub(length.into())?;
    if u16::from_be_bytes([m0, m1]) != mark || start < tail.floor {
        return None;
    }
    let covered = tail.bytes.get(start..end - 2)?;
    if internet_checksum(covered) != u16::from_be_bytes([c0, c1]) {
        return None;
    }
    let mut stamp = Stamp { bytes: tail.from(start)?, ..Stamp::default() };
    typed(covered.get(..length.into())?, &mut stamp);
    Some(stamp)
}

/// Type 1, length 1, value: 1 is the original's length, 2 and 8 a port (three and four bytes), 3 to 7 of eight bytes a time by several
/// clocks, 7 of four bytes the check sequence.
pub(super) fn typed(mut fields: &[u8], stamp: &mut Stamp) {
    while let &[kind, length, ref rest @ ..] = fields {
        let Some((value, behind)) = rest.split_at_checked(length.into()) else { return };
        match (kind, value) {
            (2, &[p0, p1, p2]) => stamp.port = Some(u32::from_be_bytes([0, p0, p1, p2])),
            (8, &[p0, p1, p2, p3]) => stamp.port = Some(u32::from_be_bytes([p0, p1, p2, p3])),
            (3..=7, &[s0, s1, s2, s3, n0, n1, n2, n3]) => {
                let (seconds, nanos) = (u32::from_be_bytes([s0, s1, s2, s3]), u32::from_be_bytes([n0, n1, n2, n3]));
                stamp.time = Some(Timestamp(i64::from(seconds) * SECOND + i64::from(nanos)));
            }
            _ => {}
        }
        fields = behind;
    }
}

fn timed(tail: &Tail, end: usize) -> Option<Stamp> {
    let start = end.checked_sub(14)?;
    let [c0, c1, c2, c3, p0, p1] = tail.field::<6>(start)?;
    let time = tail.near(tail.be32(start + 6)?, tail.be32(start + 10)?, DAYS)?;
    let stated = [c0, c1, c2, c3];
    let crc = crc32(tail.bytes.get(..start)?);
    if stated != crc.to_le_bytes() && stated != crc.to_be_bytes() {
        return None;
    }
    Some(Stamp { bytes: tail.from(start)?, time: Some(time), port: Some(u16::from_be_bytes([p0, p1]).into()), ..Stamp::default() })
}
