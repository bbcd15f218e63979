//! pcapng (draft-ietf-opsawg-pcapng): sections, interfaces, packets; everything else is stepped over.

mod interface;

use super::format::{ByteOrder, FileFormat, FramingStop, Recognised, RecordKind, link_type};
use crate::capture::{Packet, SourceLosses};
use crate::model::limits::{
    FILE_INTERFACES, LISTED_INTERFACES, MAX_PACKET_BYTES, PACKET_COMMENTS, PCAPNG_BLOCK_BYTES, RECORD_BYTES, SECTION_INTERFACES,
};
use crate::model::time::SECOND;
use crate::model::{FileExtra, FileInterface, PacketNote, Timestamp};
use interface::{Clock, Reading, SectionInterface, comments, options, text};

/// Block types.
const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const NAMES: u32 = 4;
const STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const SECRETS: u32 = 10;

/// The longest block and the seconds between packets that whoever looks for one believes in: a packet with its options, two years.
const MOST: u32 = RECORD_BYTES as u32;
const SPAN: i64 = 2 * 366 * 86_400;

/// Drops that a capture may tell of: beyond it (nine days of a full terabit link's smallest packets) the count cannot be true.
const POSSIBLE_DROPS: u64 = 1 << 50;

/// The earliest time a packet can have: the one before it means none.
const EARLIEST: Timestamp = Timestamp(i64::MIN + 1);

/// Bytes around a block's body: type and length before it, the length again behind it.
const HEAD: usize = 8;
const SECTION_HEAD: usize = 24;
const FRAME: usize = 12;

/// A pcapng file.
#[derive(Clone)]
struct Pcapng {
    big: bool,
    /// The largest count of drops that cannot be true.
    impossible: u64,
    /// A count of drops that may be true was read, be it none.
    counted: bool,
    /// A packet says of what was dropped before it what cannot be true: how many that were, nobody knows.
    has_gap: bool,
    interfaces: Vec<SectionInterface>,
    /// Interfaces of the sections before: how many, and the first of them as they are listed.
    base: usize,
    before: Vec<FileInterface>,
    /// Byte order of the section, and of the first section, with what its packets are read by.
    section_big: bool,
    first: Option<(bool, Vec<Reading>)>,
    /// Losses of the sections before.
    lost: SourceLosses,
    /// Time of the latest packet that has one.
    time: Timestamp,
    /// What the file says of packets, where somebody wants to know.
    notes: Option<Vec<PacketNote>>,
    /// What it says that is of no packet, until the next one is there to carry it.
    extras: Vec<FileExtra>,
}

impl Default for Pcapng {
    fn default() -> Self {
        Self {
            big: false,
            impossible: 0,
            counted: false,
            has_gap: false,
            interfaces: Vec::new(),
            base: 0,
            before: Vec::new(),
            section_big: false,
            first: None,
            lost: SourceLosses::default(),
            time: Timestamp::UNKNOWN,
            notes: None,
            extras: Vec::new(),
        }
    }
}

/// Recognises pcapng by its first block: type and byte order mark.
pub(super) fn recognise(head: &[u8], complete: bool) -> Recognised {
    let magic = SECTION.to_be_bytes();
    if !head.starts_with(&magic) {
        return if magic.starts_with(head) { Recognised::More } else { Recognised::Unknown };
    }
    match head.get(8..12) {
        None if complete => Recognised::Unsupported("cut short in the first block".into()),
        None => Recognised::More,
        Some(mark) if byte_order(mark).is_some() => Recognised::Capture(Box::<Pcapng>::default(), 0),
        Some(_) => Recognised::Unknown,
    }
}

fn byte_order(mark: &[u8]) -> Option<ByteOrder> {
    match mark {
        [0x1a, 0x2b, 0x3c, 0x4d] => Some(ByteOrder { big: true }),
        [0x4d, 0x3c, 0x2b, 0x1a] => Some(ByteOrder { big: false }),
        _ => None,
    }
}

impl Pcapng {
    fn section(&mut self, block: &[u8]) -> Result<(), String> {
        let order = ByteOrder { big: self.big };
        let major = order.u16(block, 12);
        if major != 1 {
            return Err(format!("a section of pcapng version {major}.{} (1.0 is supported)", order.u16(block, 14)));
        }
        if self.first.is_none() && !self.interfaces.is_empty() {
            self.first = Some((self.section_big, self.interfaces.iter().map(SectionInterface::reading).collect()));
        }
        self.section_big = self.big;
        self.lost = self.total();
        let room = LISTED_INTERFACES.saturating_sub(self.before.len());
        self.before.extend(self.interfaces.iter().take(room).map(SectionInterface::listed));
        self.base += self.interfaces.len();
        self.interfaces.clear();
        if self.notes.is_some() && self.extras.len() < PACKET_COMMENTS {
            let comments: Vec<_> = comments(options(order, block.get(SECTION_HEAD..).unwrap_or(&[]))).collect();
            if !comments.is_empty() {
                self.extras.push(FileExtra::Comments(comments));
            }
        }
        Ok(())
    }

    fn interface(&mut self, order: ByteOrder, block: &[u8]) -> Result<(), String> {
        if block.len() < HEAD + 8 {
            return Err("an interface block that is too short".into());
        }
        if self.interfaces.len() >= SECTION_INTERFACES {
            return Err(format!("more than {SECTION_INTERFACES} interfaces in one section: spantop reads no more"));
        }
        let is_listed = self.base + self.interfaces.len() < LISTED_INTERFACES;
        let (mut clock, mut name, mut description) = (Clock::default(), None, None);
        for (code, value) in options(order, block.get(HEAD + 8..).unwrap_or(&[])) {
            match (code, value) {
                (9, [resolution, ..]) => clock.set_resolution(*resolution),
                (14, value) if value.len() >= 8 => clock.offset = order.u64(value, 0) as i64,
                (2, value) if is_listed => name = text(value),
                (3, value) if is_listed => description = text(value),
                _ => {}
            }
        }
        let link = link_type(order.u16(block, 8));
        self.interfaces.push(SectionInterface {
            link,
            snap: order.u32(block, 12),
            clock,
            losses: SourceLosses::default(),
            packet_drops: 0,
            packets: 0,
            name,
            description,
        });
        Ok(())
    }

    /// Interface statistics: `isb_ifdrop` (5) and `isb_osdrop` (7).
    fn statistics(&mut self, order: ByteOrder, block: &[u8]) {
        let Some(interface) = self.interfaces.get_mut(order.u32(block, 8) as usize) else { return };
        for (code, value) in options(order, block.get(HEAD + 12..).unwrap_or(&[])) {
            if value.len() >= 8 {
                let n = order.u64(value, 0);
                if code != 5 && code != 7 {
                    continue;
                }
                // What cannot be true says nothing of the other counts.
                if n > POSSIBLE_DROPS {
                    self.impossible = self.impossible.max(n);
                    continue;
                }
                self.counted = true;
                match code {
                    5 => interface.losses.interface = interface.losses.interface.max(n),
                    7 => interface.losses.kernel = interface.losses.kernel.max(n),
                    _ => {}
                }
            }
        }
    }

    /// The packet in a block of any of the three kinds, `block` without the length at its end; offset relative to the block.
    #[inline(always)]
    fn packet(&mut self, order: ByteOrder, kind: u32, block: &[u8]) -> Result<Packet, String> {
        let (id, header) = match kind {
            ENHANCED_PACKET => (order.u32(block, 8) as usize, 28),
            OLD_PACKET => (usize::from(order.u16(block, 8)), 28),
            _ => (0, 12),
        };
        if block.len() < header {
            return Err("a packet block that is too short".into());
        }
        let known = self.interfaces.len();
        let Some(interface) = self.interfaces.get_mut(id) else {
            return Err(format!("a packet of interface {id}, of {known} known"));
        };
        let (captured, wire) = if kind == SIMPLE_PACKET {
            let wire = order.u32(block, 8);
            (if interface.snap == 0 { wire } else { wire.min(interface.snap) }, wire)
        } else {
            let ticks = u64::from(order.u32(block, 12)) << 32 | u64::from(order.u32(block, 16));
            self.time = interface.clock.time(ticks).max(EARLIEST);
            (order.u32(block, 20), order.u32(block, 24))
        };
        if captured as usize > MAX_PACKET_BYTES {
            return Err(format!("a packet of {captured} bytes, more than the possible {MAX_PACKET_BYTES}"));
        }
        if captured as usize > block.len() - header {
            return Err(format!("a packet of {captured} bytes in a block of {}", block.len() + 4));
        }
        // All beyond those that can be told apart are one.
        let index = (self.base + id).min(FILE_INTERFACES) as u16;
        let link = interface.link;
        interface.packets += 1;
        if kind != SIMPLE_PACKET {
            self.packet_drops(order, kind, id, block, header + (captured as usize).next_multiple_of(4));
        }
        // A simple packet has no time: it gets the one before it.
        Ok(Packet::new(self.time, header as u32, captured, wire, link, index))
    }

    /// What a packet says was dropped since the one before it: a field of the old packet block (0xffff: not known), an option
    /// (`epb_dropcount`, 4) of the enhanced one, behind the packet.
    #[inline(always)]
    fn packet_drops(&mut self, order: ByteOrder, kind: u32, id: usize, block: &[u8], behind: usize) {
        let drops = if kind == OLD_PACKET {
            Some(u64::from(order.u16(block, 10))).filter(|&n| n != u64::from(u16::MAX))
        } else if block.len() > behind + 4 {
            let mut options = options(order, block.get(behind..).unwrap_or(&[]));
            options.find_map(|(code, value)| (code == 4 && value.len() >= 8).then(|| order.u64(value, 0)))
        } else {
            None
        };
        self.counted |= drops.is_some_and(|n| n <= POSSIBLE_DROPS);
        if self.notes.is_some() {
            self.note(order, block.get(behind..).unwrap_or(&[]), drops);
        }
        let drops = drops.filter(|&n| n > 0);
        if let Some(drops) = drops.filter(|&n| n > POSSIBLE_DROPS) {
            self.impossible = self.impossible.max(drops);
            self.has_gap = true;
            return;
        }
        if let (Some(drops), Some(interface)) = (drops, self.interfaces.get_mut(id)) {
            interface.packet_drops = interface.packet_drops.saturating_add(drops);
        }
    }

    /// Notes what the options of a packet say of it: comments, flags (2), and how many were dropped before it.
    #[cold]
    fn note(&mut self, order: ByteOrder, rest: &[u8], dropped: Option<u64>) {
        let flags = options(order, rest).find(|(code, value)| *code == 2 && value.len() == 4);
        let flags = flags.map(|(_, value)| order.u32(value, 0));
        let note = PacketNote { comments: comments(options(order, rest)).collect(), flags, dropped, ..PacketNote::default() };
        if let Some(notes) = self.notes.as_mut().filter(|_| note != PacketNote::default()) {
            notes.push(PacketNote { offset: u32::MAX, ..note });
        }
    }

    /// Gives the note of a packet its place in the block, and what stood in front of the packet.
    #[inline(always)]
    fn place_note(&mut self, offset: u32) {
        let Some(notes) = self.notes.as_mut() else { return };
        if !self.extras.is_empty() && notes.last().is_none_or(|note| note.offset != u32::MAX) {
            notes.push(PacketNote { offset: u32::MAX, ..PacketNote::default() });
        }
        if let Some(note) = notes.last_mut().filter(|note| note.offset == u32::MAX) {
            note.offset = offset;
            note.before = std::mem::take(&mut self.extras);
        }
    }

    /// Keeps secrets and names, for the next packet to carry.
    #[cold]
    fn extra(&mut self, order: ByteOrder, kind: u32, block: &[u8]) {
        if self.extras.len() >= PACKET_COMMENTS {
            return;
        }
        if kind == SECRETS {
            let end = (HEAD + 8).saturating_add(order.u32(block, HEAD + 4) as usize);
            if let Some(data) = block.get(HEAD + 8..end) {
                self.extras.push(FileExtra::Secrets(order.u32(block, HEAD), data.to_vec()));
            }
            return;
        }
        // Records have the form of options, and end like them.
        let records = options(order, block.get(HEAD..).unwrap_or(&[]));
        let records: Vec<_> = records.map(|(kind, value)| (kind, value.to_vec())).collect();
        if !records.is_empty() {
            self.extras.push(FileExtra::Names(records));
        }
    }

    /// Losses of all sections.
    fn total(&self) -> SourceLosses {
        self.interfaces.iter().fold(self.lost, |sum, i| {
            let losses = i.losses();
            SourceLosses { interface: sum.interface.saturating_add(losses.interface), kernel: sum.kernel.saturating_add(losses.kernel) }
        })
    }

    /// Frames one block: what it needs or says, or `None` when it has been dealt with.
    #[inline(always)]
    fn block(&mut self, data: &[u8], at: &mut usize, packets: &mut Vec<Packet>) -> Option<FramingStop> {
        let rest = data.get(*at..).unwrap_or(&[]);
        if rest.len() < FRAME {
            return Some(FramingStop::Need(FRAME));
        }
        let mut order = ByteOrder { big: self.big };
        let kind = order.u32(rest, 0);
        if kind == SECTION {
            let Some(found) = byte_order(rest.get(8..12).unwrap_or(&[])) else {
                return Some(FramingStop::Damage("a section without byte order mark".into()));
            };
            self.big = found.big;
            order = found;
        }
        let length = order.u32(rest, 4);
        let least = if kind == SECTION { 28 } else { FRAME as u32 };
        if length < least || length > PCAPNG_BLOCK_BYTES {
            return Some(FramingStop::Damage(format!("a block of {length} bytes")));
        }
        let padded = length.next_multiple_of(4) as usize;
        let is_extra = matches!(kind, SECRETS | NAMES) && self.notes.is_some() && length <= RECORD_BYTES as u32;
        if !is_extra && !matches!(kind, SECTION | INTERFACE | OLD_PACKET | SIMPLE_PACKET | STATISTICS | ENHANCED_PACKET) {
            return Some(FramingStop::Skip(padded as u64));
        }
        let whole = padded.min(RECORD_BYTES);
        let Some(block) = rest.get(..whole) else { return Some(FramingStop::Need(whole)) };
        let mut body = block;
        if whole == padded {
            let (front, end) = block.split_at(whole - 4);
            let again = order.u32(end, 0);
            if again != length {
                return Some(FramingStop::Damage(format!("a block of {length} bytes that ends as one of {again}")));
            }
            body = front;
        }
        let done = match kind {
            ENHANCED_PACKET | OLD_PACKET | SIMPLE_PACKET => self.packet(order, kind, body).map(|mut packet| {
                packet.offset += *at as u32;
                self.place_note(packet.offset);
                packets.push(packet);
            }),
            SECTION => self.section(body),
            INTERFACE => self.interface(order, body),
            SECRETS | NAMES => {
                self.extra(order, kind, body);
                Ok(())
            }
            _ => {
                self.statistics(order, body);
                Ok(())
            }
        };
        if let Err(damage) = done {
            return Some(FramingStop::Damage(damage));
        }
        *at += whole;
        (padded > whole).then(|| FramingStop::Skip((padded - whole) as u64))
    }
}

impl FileFormat for Pcapng {
    fn name(&self) -> &'static str {
        "pcapng"
    }

    fn frame(&mut self, data: &[u8], at: &mut usize, packets: &mut Vec<Packet>, limit: usize) -> FramingStop {
        while packets.len() < limit {
            if let Some(step) = self.block(data, at, packets) {
                return step;
            }
        }
        FramingStop::Full
    }

    fn counts_losses(&self) -> bool {
        self.counted && !self.has_gap
    }

    fn losses(&self) -> SourceLosses {
        self.total()
    }

    fn fork(&self) -> Option<Box<dyn FileFormat>> {
        /// More would take more memory than reading from the beginning is worth.
        const FORKED: usize = 64;
        let few = self.interfaces.len() <= FORKED && self.before.len() <= FORKED;
        few.then(|| Box::new(Self { notes: None, ..self.clone() }) as Box<dyn FileFormat>)
    }

    fn begins(&mut self, head: &[u8]) -> Option<(RecordKind, u64)> {
        let mut order = ByteOrder { big: self.big };
        let kind = order.u32(head, 0);
        if kind == SECTION {
            order = byte_order(head.get(8..12)?)?;
            self.big = order.big;
        }
        let length = order.u32(head, 4);
        let is_length = head.len() >= FRAME && (FRAME as u32..=PCAPNG_BLOCK_BYTES).contains(&length);
        let kind = match kind {
            SECTION | INTERFACE => RecordKind::Context,
            OLD_PACKET | ENHANCED_PACKET => RecordKind::Packet,
            SIMPLE_PACKET => RecordKind::Uncut,
            _ => RecordKind::Other,
        };
        is_length.then(|| (kind, u64::from(length).next_multiple_of(4)))
    }

    fn guess(&self, data: &[u8], first: i64) -> Option<u64> {
        let order = ByteOrder { big: self.big };
        let (kind, length) = (order.u32(data, 0), order.u32(data, 4));
        if data.len() < FRAME
            || !matches!(kind, OLD_PACKET | ENHANCED_PACKET | STATISTICS | NAMES)
            || !(FRAME as u32..=MOST).contains(&length)
        {
            return None;
        }
        let end = length.next_multiple_of(4) as usize;
        // The length stands at the end again, where that has been read.
        if data.get(end - 4..end).is_some_and(|again| order.u32(again, 0) != length) {
            return None;
        }
        if matches!(kind, OLD_PACKET | ENHANCED_PACKET) {
            let id = if kind == ENHANCED_PACKET { order.u32(data, 8) as usize } else { usize::from(order.u16(data, 8)) };
            let interface = self.interfaces.get(id)?;
            let ticks = u64::from(order.u32(data, 12)) << 32 | u64::from(order.u32(data, 16));
            let seconds = interface.clock.time(ticks).0.div_euclid(SECOND);
            let (captured, wire) = (order.u32(data, 20), order.u32(data, 24));
            let is_packet = length >= 32 && captured <= length - 32 && captured <= wire && (seconds - first).abs() <= SPAN;
            return is_packet.then_some(end as u64);
        }
        Some(end as u64)
    }

    fn alignment(&self) -> u64 {
        4
    }

    fn keep_notes(&mut self) {
        self.notes.get_or_insert_default();
    }

    fn notes(&mut self, into: &mut Vec<PacketNote>) {
        self.notes.iter_mut().for_each(|notes| into.append(notes));
    }

    fn interfaces(&self) -> (Vec<FileInterface>, u64) {
        let all = self.base + self.interfaces.len();
        let listed: Vec<_> =
            self.before.iter().cloned().chain(self.interfaces.iter().map(SectionInterface::listed)).take(LISTED_INTERFACES).collect();
        let more = all.saturating_sub(listed.len()) as u64;
        (listed, more)
    }

    fn renews(&self, known: u64) -> bool {
        let is_more = self.interfaces.len() as u64 > known;
        let Some((big, first)) = &self.first else { return is_more };
        // Sections that were put behind each other are often of the same ports: what follows is read as the first was.
        is_more || *big != self.section_big || !self.interfaces.iter().zip(first).all(|(one, other)| one.reading() == *other)
    }

    fn problem(&self) -> Option<String> {
        let most = self.impossible;
        (most > 0).then(|| format!("it tells of {most} dropped packets, which cannot be true: not counted"))
    }
}
