//! ERF, the format of Endace's capture cards: records without a file header, so that the file is known by its first records alone.

use super::format::{ByteOrder, FileFormat, FramingStop, Recognised};
use crate::capture::{Packet, SourceLosses};
use crate::model::limits::MAX_PACKET_BYTES;
use crate::model::{LinkType, Timestamp};

/// Bytes of a record's header: time stamp, type, flags, record length, loss counter or colour, wire length.
const RECORD: usize = 16;

/// Extension headers of a record, at most.
const MAX_EXTENSIONS: usize = 16;

/// Records that are looked at to know the format, and how many show it though another follows that is none (damage).
const LOOKED_AT: usize = 8;
const CERTAIN: usize = 3;

/// Type of records that only fill up.
const PAD: u8 = 48;

/// What the file was made by, where and how.
const META: u8 = 27;

/// Types whose two bytes before the wire length count lost packets; in the others they are a colour.
const COUNT_LOSSES: [u8; 6] = [1, 2, 3, 4, 22, 23];

/// Time stamps that a capture can have, in seconds since 1970: 1990 to 2100.
const SECONDS: std::ops::Range<u64> = 631_152_000..4_102_444_800;

const LITTLE: ByteOrder = ByteOrder { big: false };
const BIG: ByteOrder = ByteOrder { big: true };

/// An ERF file.
#[derive(Default)]
struct Erf {
    drops: u64,
}

/// One record's header.
#[derive(Debug, Clone, Copy)]
struct Record {
    /// 32.32 fixed point seconds since 1970.
    stamp: u64,
    kind: u8,
    flags: u8,
    /// Bytes of the whole record.
    length: usize,
    lost: u16,
    wire: u16,
}

impl Record {
    fn read(head: &[u8; RECORD]) -> Self {
        Self {
            stamp: LITTLE.u64(head, 0),
            kind: head[8],
            flags: head[9],
            length: usize::from(BIG.u16(head, 10)),
            lost: BIG.u16(head, 12),
            wire: BIG.u16(head, 14),
        }
    }

    fn kind(&self) -> u8 {
        self.kind & 0x7f
    }

    /// Bytes before the frame: the header, extension headers, and what Ethernet records have before the frame. `record` is all of it that is
    /// there; `None` when it is shorter than it says.
    fn before_frame(&self, record: &[u8]) -> Option<usize> {
        let (mut at, mut more) = (RECORD, self.kind & 0x80 != 0);
        for _ in 0..MAX_EXTENSIONS {
            if !more {
                break;
            }
            more = record.get(at)? & 0x80 != 0;
            at += 8;
        }
        let at = if matches!(self.kind(), 2 | 11 | 16 | 20) { at + 2 } else { at };
        (at <= record.len() && !more).then_some(at)
    }

    /// Whether it can be a record, after one of that time: nothing else tells an ERF file from any other.
    fn is_plausible(&self, before: u64) -> bool {
        const WEEK: u64 = (7 * 86_400) << 32;
        let known = matches!(self.kind(), 1..=25 | 27..=29 | PAD);
        let timely = self.is_without_time() || SECONDS.contains(&(self.stamp >> 32)) && (before == 0 || self.stamp.abs_diff(before) < WEEK);
        known && timely && self.length >= RECORD && (self.wire > 0 || self.kind() == PAD)
    }

    /// Of what made the file writers say no time, where they say it first (`ERF_TYPE_META`).
    fn is_without_time(&self) -> bool {
        self.kind() == META && self.stamp == 0
    }

    fn time(&self) -> Timestamp {
        if self.is_without_time() {
            return Timestamp::UNKNOWN;
        }
        let nanos = ((self.stamp & 0xffff_ffff) * 1_000_000_000) >> 32;
        Timestamp::new((self.stamp >> 32) as i64, nanos as i64)
    }
}

/// Recognises ERF by its first records: one alone is one only where the file ends behind it.
pub(super) fn recognise(head: &[u8], complete: bool) -> Recognised {
    let (mut at, mut before, mut seen) = (0, 0, 0);
    while seen < LOOKED_AT {
        let rest = head.get(at..).unwrap_or(&[]);
        let Some(record) = rest.first_chunk::<RECORD>().map(Record::read) else { break };
        let whole = rest.get(..record.length);
        if !record.is_plausible(before) || whole.is_some_and(|whole| record.before_frame(whole).is_none()) {
            if seen >= CERTAIN {
                break;
            }
            return Recognised::Unknown;
        }
        // The last one may be cut.
        if whole.is_none() {
            break;
        }
        let before_next = if record.is_without_time() { before } else { record.stamp };
        (at, before, seen) = (at + record.length, before_next, seen + 1);
    }
    let ends = complete && at == head.len();
    match seen {
        2.. => Recognised::Capture(Box::<Erf>::default(), 0),
        1 if ends => Recognised::Capture(Box::<Erf>::default(), 0),
        _ if complete || !may_begin(head) => Recognised::Unknown,
        _ => Recognised::More,
    }
}

/// Whether a few bytes can be the beginning of a record's header: those of the time stamp's seconds, or of one without a time.
fn may_begin(head: &[u8]) -> bool {
    let is_without_time = head.iter().take(8).all(|&byte| byte == 0) && head.get(8).is_none_or(|kind| kind & 0x7f == META);
    is_without_time || head.get(4..8).is_none_or(|seconds| SECONDS.contains(&u64::from(LITTLE.u32(seconds, 0))))
}

impl FileFormat for Erf {
    fn name(&self) -> &'static str {
        "erf"
    }

    fn frame(&mut self, data: &[u8], at: &mut usize, packets: &mut Vec<Packet>, limit: usize) -> FramingStop {
        while packets.len() < limit {
            let rest = data.get(*at..).unwrap_or(&[]);
            let Some(record) = rest.first_chunk::<RECORD>().map(Record::read) else { return FramingStop::Need(RECORD) };
            if record.length < RECORD {
                return FramingStop::Damage(format!("a record of {} bytes", record.length));
            }
            let Some(whole) = rest.get(..record.length) else { return FramingStop::Need(record.length) };
            if record.kind() == PAD {
                *at += record.length;
                continue;
            }
            let Some(header) = record.before_frame(whole) else {
                return FramingStop::Damage(format!("a record of {} bytes that says it is longer", record.length));
            };
            let wire = header + usize::from(record.wire);
            // The record's end is filled up to a multiple of eight bytes.
            let captured = record.length.min(wire).min(MAX_PACKET_BYTES);
            let interface = u16::from(record.flags & 3);
            packets.push(Packet::new(record.time(), *at as u32, captured as u32, wire as u32, LinkType::ERF, interface));
            if COUNT_LOSSES.contains(&record.kind()) {
                self.drops = self.drops.saturating_add(record.lost.into());
            }
            *at += record.length;
        }
        FramingStop::Full
    }

    fn counts_losses(&self) -> bool {
        true
    }

    fn losses(&self) -> SourceLosses {
        SourceLosses { interface: self.drops, kernel: 0 }
    }
}
