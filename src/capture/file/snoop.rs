//! snoop, the format of Solaris (RFC 1761), and Shomiti's dialect of it.

use super::format::{ByteOrder, FileFormat, FramingStop, Recognised};
use crate::capture::{Packet, SourceLosses};
use crate::model::limits::{MAX_PACKET_BYTES, RECORD_BYTES};
use crate::model::{LinkType, Timestamp};

const MAGIC: &[u8] = b"snoop\0\0\0";

/// Bytes of the file header: magic, version, data link type.
const HEADER: usize = 16;

/// Bytes of a record header.
const RECORD: usize = 24;

/// Bytes Shomiti's analysers put behind each packet; the kind is known by them alone.
const SHOMITI_TRAILER: u32 = 16;

const BIG: ByteOrder = ByteOrder { big: true };

struct Snoop {
    link: LinkType,
    drops: u64,
}

/// Recognises snoop by its magic number.
pub(super) fn recognise(head: &[u8], complete: bool) -> Recognised {
    if !head.starts_with(MAGIC) {
        return if MAGIC.starts_with(head) { Recognised::More } else { Recognised::Unknown };
    }
    if head.len() < HEADER {
        let reason = format!("cut short in the file header, after {} of {HEADER} bytes", head.len());
        return if complete { Recognised::Unsupported(reason) } else { Recognised::More };
    }
    if !complete && head.len() < HEADER + RECORD {
        return Recognised::More;
    }
    let version = BIG.u32(head, 8);
    if !(2..=5).contains(&version) {
        return Recognised::Unsupported(format!("snoop version {version} is not supported (2 to 5 are)"));
    }
    let (captured, length) = (BIG.u32(head, HEADER + 4), BIG.u32(head, HEADER + 8));
    let shomiti = length.saturating_sub(captured).saturating_sub(RECORD as u32) >= SHOMITI_TRAILER;
    let number = BIG.u32(head, 12);
    match link_type(number, shomiti) {
        Some(link) => Recognised::Capture(Box::new(Snoop { link, drops: 0 }), HEADER),
        None => Recognised::Unsupported(format!("snoop data link type {number} is not supported")),
    }
}

/// The LINKTYPE_ number for a snoop data link type (IANA "Snoop Datalink Types").
fn link_type(number: u32, shomiti: bool) -> Option<LinkType> {
    Some(match (number, shomiti) {
        (0 | 4, _) | (10 | 12 | 19, true) => LinkType::ETHERNET,
        (2, _) => LinkType(6),
        (8, _) => LinkType::FDDI,
        (9 | 14, false) => LinkType::NULL,
        (16, false) => LinkType(122),
        (18, false) => LinkType(123),
        _ => return None,
    })
}

impl FileFormat for Snoop {
    fn name(&self) -> &'static str {
        "snoop"
    }

    fn frame(&mut self, data: &[u8], at: &mut usize, packets: &mut Vec<Packet>, limit: usize) -> FramingStop {
        while packets.len() < limit {
            let Some(head) = data.get(*at..).and_then(|rest| rest.first_chunk::<RECORD>()) else { return FramingStop::Need(RECORD) };
            let (wire, captured, length) = (BIG.u32(head, 0), BIG.u32(head, 4), BIG.u32(head, 8) as usize);
            if captured as usize > MAX_PACKET_BYTES {
                return FramingStop::Damage(format!("a record of {captured} bytes, more than the possible {MAX_PACKET_BYTES}"));
            }
            if length < RECORD + captured as usize {
                return FramingStop::Damage(format!("a record of {length} bytes with a packet of {captured} in it"));
            }
            let whole = length.min(RECORD_BYTES);
            if data.len() - *at < whole {
                return FramingStop::Need(whole);
            }
            let time = Timestamp::new(i64::from(BIG.u32(head, 16)), i64::from(BIG.u32(head, 20)) * 1000);
            self.drops = self.drops.max(u64::from(BIG.u32(head, 12)));
            packets.push(Packet::new(time, (*at + RECORD) as u32, captured, wire, self.link, 0));
            *at += whole;
            if length > whole {
                return FramingStop::Skip((length - whole) as u64);
            }
        }
        FramingStop::Full
    }

    fn counts_losses(&self) -> bool {
        true
    }

    fn losses(&self) -> SourceLosses {
        SourceLosses { interface: 0, kernel: self.drops }
    }
}
