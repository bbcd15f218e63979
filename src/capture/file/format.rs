//! What a capture file format is to the reader: something that frames records in a piece of memory.

use crate::capture::{Packet, SourceLosses};
use crate::model::{FileInterface, LinkType, PacketNote};

/// Why framing stopped.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FramingStop {
    /// The next record needs so many bytes from where framing stopped (at most [`crate::model::limits::RECORD_BYTES`]).
    Need(usize),
    /// The index has as many packets as were allowed.
    Full,
    /// The next so many bytes, which may reach beyond the data at hand, hold nothing of interest.
    Skip(u64),
    /// No packet follows.
    End,
    /// Not what the format allows: nothing can be read from here on.
    Damage(String),
}

/// A capture file format.
pub(super) trait FileFormat: Send {
    /// Its name in reports.
    fn name(&self) -> &'static str;

    /// Frames the records in `data` from `*at` on: one index entry for each packet, `*at` behind the last whole record.
    /// `packets` grows to at most `limit` entries.
    fn frame(&mut self, data: &[u8], at: &mut usize, packets: &mut Vec<Packet>, limit: usize) -> FramingStop;

    /// Whether the file tells how many packets were lost before they were written, be it none.
    fn counts_losses(&self) -> bool {
        false
    }

    /// Packets that were lost before they were written, as the file tells.
    fn losses(&self) -> SourceLosses {
        SourceLosses::default()
    }

    /// The interfaces that the file has named so far, and how many more it has than are listed.
    fn interfaces(&self) -> (Vec<FileInterface>, u64) {
        (Vec::new(), 0)
    }

    /// Whether packets that follow cannot be read by who knows the first so many interfaces of the file's first section.
    fn renews(&self, _known: u64) -> bool {
        false
    }

    /// Another one that knows the same, to frame the file from here on a second time; `None` where that is too much.
    fn fork(&self) -> Option<Box<dyn FileFormat>> {
        None
    }

    /// Has what the file says of packets kept.
    fn keep_notes(&mut self) {}

    /// What the file said of the packets framed last, in their order.
    fn notes(&mut self, _into: &mut Vec<PacketNote>) {}

    /// What the record that begins with these bytes is (at least [`RECORD_HEAD`] of them, fewer at the end of the file), and how long; `None`: no
    /// record of this format, or one of a format that is not cut.
    fn begins(&mut self, _head: &[u8]) -> Option<(RecordKind, u64)> {
        None
    }

    /// How long the packet's record is that these bytes look like the beginning of; `None`: they do not look like one. A `first` packet of the file is
    /// known by its seconds since 1970.
    fn guess(&self, _data: &[u8], _first: i64) -> Option<u64> {
        None
    }

    /// What records begin at a multiple of, in bytes.
    fn alignment(&self) -> u64 {
        1
    }

    /// What is wrong with what the file tells, for people.
    fn problem(&self) -> Option<String> {
        None
    }
}

/// Bytes that tell what a record is.
pub(super) const RECORD_HEAD: usize = 32;

/// What a record is to whoever cuts a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordKind {
    /// A packet: a part may begin with it.
    Packet,
    /// Packets behind it cannot be read without it.
    Context,
    /// Anything else.
    Other,
    /// A packet that cannot be read without those before it: the file is not cut.
    Uncut,
}

/// What the beginning of a file is.
pub(super) enum Recognised {
    /// Too short to say.
    More,
    /// A capture: its format, and how many bytes of file header precede the first record.
    Capture(Box<dyn FileFormat>, usize),
    /// A capture that cannot be read, and why.
    Unsupported(String),
    /// No capture.
    Unknown,
}

/// The registry's number for a link type field: libpcap wrote the platform's own number for raw IP before 0.5.
pub(super) fn link_type(number: u16) -> LinkType {
    match number {
        12 | 14 => LinkType::RAW,
        other => LinkType(other),
    }
}

/// Reads integers in one byte order. Out of bounds is 0: callers check lengths first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ByteOrder {
    /// Most significant byte first.
    pub(super) big: bool,
}

impl ByteOrder {
    #[inline(always)]
    pub(super) fn u16(self, data: &[u8], at: usize) -> u16 {
        let bytes = data.get(at..).and_then(|d| d.first_chunk()).copied().unwrap_or([0; 2]);
        if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    #[inline(always)]
    pub(super) fn u32(self, data: &[u8], at: usize) -> u32 {
        let bytes = data.get(at..).and_then(|d| d.first_chunk()).copied().unwrap_or([0; 4]);
        if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    #[inline(always)]
    pub(super) fn u64(self, data: &[u8], at: usize) -> u64 {
        let bytes = data.get(at..).and_then(|d| d.first_chunk()).copied().unwrap_or([0; 8]);
        if self.big { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) }
    }
}
