//! pcap (draft-ietf-opsawg-pcap) in both byte orders, with micro- or nanoseconds, and its historical variants.

use super::format::{ByteOrder, FileFormat, FramingStop, Recognised, RecordKind, link_type};
use crate::capture::Packet;
use crate::model::limits::MAX_PACKET_BYTES;
use crate::model::time::SECOND;
use crate::model::{LinkType, Timestamp};

/// Bytes of the file header.
const HEADER: usize = 24;

/// Bytes of the classic record header: seconds, fraction, captured length, original length.
const RECORD: usize = 16;

/// Records looked at to tell variants apart that share a magic number.
const TRIED: usize = 2;

/// Seconds that packets of a file are apart at most, to whoever looks for one: two years.
const SPAN: i64 = 2 * 366 * 86_400;

/// An original length beyond this speaks against a variant: 128 MiB, the largest D-Bus message.
const LARGEST_ORIGINAL: u32 = 128 * 1024 * 1024;

/// Magic numbers, as read in the file's own byte order.
const PCAP: u32 = 0xa1b2_c3d4;
const PCAP_NANO: u32 = 0xa1b2_3c4d;
const PCAP_MODIFIED: u32 = 0xa1b2_cd34;
const IXIA_NANO: u32 = 0x1c00_01ac;
const IXIA_MICRO: u32 = 0x1c00_01ab;
const MAGICS: [u32; 5] = [PCAP, PCAP_NANO, PCAP_MODIFIED, IXIA_NANO, IXIA_MICRO];

/// A way of writing records.
#[derive(Debug, Clone, Copy)]
struct Variant {
    name: &'static str,
    /// Bytes of a record header.
    record: usize,
    /// Nanoseconds in one unit of the fraction.
    unit: i64,
}

const MICRO: Variant = Variant { name: "pcap", record: RECORD, unit: 1000 };
const NANO: Variant = Variant { name: "pcap-ns", record: RECORD, unit: 1 };
/// Alexey Kuznetzov's patches to libpcap 0.4: interface index, protocol and packet type follow the lengths; the middle one of the
/// three has the processor, too.
const MODIFIED: Variant = Variant { name: "pcap-modified", record: RECORD + 8, unit: 1000 };
const MODIFIED_LONG: Variant = Variant { name: "pcap-modified", record: RECORD + 12, unit: 1000 };
const NOKIA: Variant = Variant { name: "pcap-nokia", record: RECORD + 4, unit: 1000 };
const AIX: Variant = Variant { name: "pcap-aix", record: RECORD, unit: 1 };

/// Which of the two length fields comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lengths {
    CapturedFirst,
    /// Before version 2.3.
    OriginalFirst,
    /// Version 2.3 files exist in both orders: the captured length is the smaller.
    SmallerCaptured,
}

/// A pcap file behind its header.
#[derive(Clone)]
struct Classic {
    order: ByteOrder,
    magic: u32,
    variant: Variant,
    lengths: Lengths,
    link: LinkType,
}

/// Recognises pcap by its magic number.
pub(super) fn recognise(head: &[u8], complete: bool) -> Recognised {
    let Some(magic) = head.first_chunk::<4>() else { return Recognised::More };
    let (little, big) = (u32::from_le_bytes(*magic), u32::from_be_bytes(*magic));
    let order = match (MAGICS.contains(&little), MAGICS.contains(&big)) {
        (true, _) => ByteOrder { big: false },
        (_, true) => ByteOrder { big: true },
        _ => return Recognised::Unknown,
    };
    let magic = order.u32(head, 0);
    // Ixia's two variants have the length of all records behind the header.
    let header = if matches!(magic, IXIA_NANO | IXIA_MICRO) { HEADER + 4 } else { HEADER };
    if head.len() < header {
        return if complete {
            Recognised::Unsupported(format!("cut short in the file header, after {} of {header} bytes", head.len()))
        } else {
            Recognised::More
        };
    }
    // Variants are told apart by their first record.
    if !complete && head.len() < header + MODIFIED_LONG.record {
        return Recognised::More;
    }
    match read_header(head, order, magic) {
        Ok(found) => Recognised::Capture(Box::new(found), header),
        Err(reason) => Recognised::Unsupported(reason),
    }
}

fn read_header(head: &[u8], order: ByteOrder, magic: u32) -> Result<Classic, String> {
    let (major, minor) = (order.u16(head, 4), order.u16(head, 6));
    if major < 2 {
        return Err(format!("pcap version {major}.{minor} is not supported (2.0 and later are)"));
    }
    let lengths = match (major, minor) {
        (2, 0..=2) | (543, _) => Lengths::OriginalFirst,
        (2, 3) => Lengths::SmallerCaptured,
        _ => Lengths::CapturedFirst,
    };
    // The upper half holds the length of the frame check sequence.
    let network = order.u32(head, 20);
    let old = lengths != Lengths::CapturedFirst;
    let (variant, link) = match (magic, aix_link(network)) {
        (PCAP, Some(link)) if (major, minor) == (2, 2) => (AIX, link),
        (PCAP_NANO | IXIA_NANO, _) => (NANO, network as u16),
        (PCAP_MODIFIED, _) => (likeliest(&[MODIFIED, MODIFIED_LONG], head, order), network as u16),
        (PCAP, _) if !old => (likeliest(&[MICRO, MODIFIED, NOKIA], head, order), network as u16),
        _ => (MICRO, network as u16),
    };
    Ok(Classic { order, magic, variant, lengths, link: link_type(link) })
}

/// AIX stores RFC 1573 interface types instead of link types.
fn aix_link(network: u32) -> Option<u16> {
    match network {
        6 => Some(1),
        9 => Some(6),
        15 => Some(10),
        24 => Some(0),
        _ => None,
    }
}

/// The variant in which the first records make most sense: the first one without objections, else the one with fewest. The rules
/// are Wireshark 4.0's, so that a damaged file is taken for the same thing.
fn likeliest(variants: &[Variant], head: &[u8], order: ByteOrder) -> Variant {
    variants.iter().min_by_key(|variant| objections(variant, head, order)).copied().unwrap_or(MICRO)
}

/// What speaks against a variant in the first record, or if nothing does, in the second. Missing records do not.
fn objections(variant: &Variant, head: &[u8], order: ByteOrder) -> usize {
    let snap = order.u32(head, 16);
    let mut at = HEADER;
    for _ in 0..TRIED {
        let Some(record) = head.get(at..).filter(|record| record.len() >= variant.record) else { return 0 };
        let (fraction, captured, original) = (order.u32(record, 4), order.u32(record, 8), order.u32(record, 12));
        let signs = [
            fraction >= 1_000_000,
            captured as usize > MAX_PACKET_BYTES,
            captured > snap,
            original > LARGEST_ORIGINAL,
            captured > original,
        ];
        let count = signs.into_iter().filter(|&sign| sign).count();
        if count > 0 {
            return count;
        }
        at += variant.record + captured as usize;
    }
    0
}

impl Classic {
    /// Captured and original length of a record.
    fn sizes(&self, head: &[u8; RECORD]) -> (u32, u32) {
        let (captured, wire) = (self.order.u32(head, 8), self.order.u32(head, 12));
        let swapped = self.lengths != Lengths::CapturedFirst && (self.lengths == Lengths::OriginalFirst || captured > wire);
        if swapped { (wire, captured) } else { (captured, wire) }
    }

    /// Whether a file's header stands where a record might: files that were put behind each other. No packet of that time has this fraction and
    /// no bytes, neither captured nor sent.
    fn is_header(&self, head: &[u8; RECORD]) -> bool {
        let is_current = (self.order.u16(head, 4), self.order.u16(head, 6)) == (2, 4) && !matches!(self.magic, IXIA_NANO | IXIA_MICRO);
        self.order.u32(head, 0) == self.magic && is_current && head.get(8..).is_some_and(|rest| rest.iter().all(|byte| *byte == 0))
    }

    /// Goes on with the file whose header stands there, which is written as this one is; what it still needs.
    fn go_on(&mut self, data: &[u8], at: &mut usize) -> Option<FramingStop> {
        let Some(head) = data.get(*at..).and_then(|rest| rest.first_chunk::<HEADER>()) else { return Some(FramingStop::Need(HEADER)) };
        self.link = link_type(self.order.u32(head, 20) as u16);
        *at += HEADER;
        None
    }

    /// The loop over records, compiled once for each byte order; `None` where another file begins.
    #[inline(always)]
    fn frame_in(&self, order: ByteOrder, data: &[u8], at: &mut usize, packets: &mut Vec<Packet>, limit: usize) -> Option<FramingStop> {
        let Variant { record, unit, .. } = self.variant;
        while packets.len() < limit {
            let Some(head) = data.get(*at..).and_then(|rest| rest.first_chunk::<RECORD>()) else {
                return Some(FramingStop::Need(record));
            };
            if order.u32(head, 0) == self.magic && self.is_header(head) {
                return None;
            }
            let (mut captured, mut wire) = (order.u32(head, 8), order.u32(head, 12));
            if self.lengths != Lengths::CapturedFirst && (self.lengths == Lengths::OriginalFirst || captured > wire) {
                (captured, wire) = (wire, captured);
            }
            if captured as usize > MAX_PACKET_BYTES {
                let reason = format!("a record of {captured} bytes, more than the possible {MAX_PACKET_BYTES}");
                return Some(FramingStop::Damage(reason));
            }
            let offset = *at + record;
            let next = offset + captured as usize;
            if next > data.len() {
                return Some(FramingStop::Need(next - *at));
            }
            let time = Timestamp::new(i64::from(order.u32(head, 0)), i64::from(order.u32(head, 4)) * unit);
            packets.push(Packet::new(time, offset as u32, captured, wire, self.link, 0));
            *at = next;
        }
        Some(FramingStop::Full)
    }
}

impl FileFormat for Classic {
    fn name(&self) -> &'static str {
        self.variant.name
    }

    fn fork(&self) -> Option<Box<dyn FileFormat>> {
        Some(Box::new(self.clone()))
    }

    fn begins(&mut self, head: &[u8]) -> Option<(RecordKind, u64)> {
        let head = head.first_chunk::<RECORD>()?;
        if self.is_header(head) {
            return Some((RecordKind::Context, HEADER as u64));
        }
        let (captured, _) = self.sizes(head);
        let fits = captured as usize <= MAX_PACKET_BYTES;
        fits.then_some((RecordKind::Packet, self.variant.record as u64 + u64::from(captured)))
    }

    fn guess(&self, data: &[u8], first: i64) -> Option<u64> {
        let head = data.first_chunk::<RECORD>()?;
        let (captured, wire) = self.sizes(head);
        let is_near = (i64::from(self.order.u32(head, 0)) - first).abs() <= SPAN;
        let is_time = is_near && i64::from(self.order.u32(head, 4)) * self.variant.unit < SECOND;
        let is_length = captured as usize <= MAX_PACKET_BYTES && captured <= wire && wire <= LARGEST_ORIGINAL;
        (is_time && is_length).then_some(self.variant.record as u64 + u64::from(captured))
    }

    fn frame(&mut self, data: &[u8], at: &mut usize, packets: &mut Vec<Packet>, limit: usize) -> FramingStop {
        loop {
            let stop = match self.order.big {
                true => self.frame_in(ByteOrder { big: true }, data, at, packets, limit),
                false => self.frame_in(ByteOrder { big: false }, data, at, packets, limit),
            };
            if let Some(stop) = stop.or_else(|| self.go_on(data, at)) {
                return stop;
            }
        }
    }
}
