//! One capture file as a source.

use super::format::{FileFormat, FramingStop, Recognised};
use super::index::{PacketIndex, Place};
use super::input::{Chunk, Input, READ_ATTEMPTS, reason};
use super::registry;
use super::sniff;
use crate::capture::{Block, Bpf, Fill, Packet, Source, SourceInfo, SourceLosses};
use crate::error::{Error, Result};
use crate::model::limits::{BLOCK_PACKETS, PART_CONTEXT_BYTES, RECORD_BYTES};
use crate::model::text::printable;
use crate::model::{FileInterface, LinkType, Timestamp};
use crate::settings::FilePart;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

/// Times an arena is read and found to hold nothing wanted before a call returns: a filter that accepts nothing must not
/// keep the caller for the length of the file.
const FRUITLESS: usize = 64;

/// Link types listed for one file: a capture has one or a few.
const LINK_TYPES: usize = 64;

/// Records without a byte that are told: no program that captures writes them, and a few megabytes that decompress to billions of zeros hold as
/// many. They are counted like any other; whoever waits for them should know why.
const EMPTY_RECORDS: u64 = 100_000;

/// Packets of a block that are looked at to see whether all are empty.
const SAMPLED: usize = 16;

/// One file, pipe or standard input.
pub(super) struct FileReader {
    name: String,
    /// Bytes looked at to recognise it.
    window: usize,
    input: Input,
    format: Option<Box<dyn FileFormat>>,
    /// Bytes read and not framed: the beginning of the next block's arena.
    carry: Vec<u8>,
    /// Position of the first byte of `carry` in the (decompressed) file.
    base: u64,
    /// Bytes still to be stepped over.
    skip: u64,
    /// A failure met while looking at the beginning: it is reported where the data before it ends.
    failure: Option<io::Error>,
    ended: bool,
    filter: Option<Bpf>,
    /// Packets framed, before the filter.
    framed: u64,
    packets: u64,
    /// Packets of no byte, in blocks that consist of them.
    empty: u64,
    link_types: Vec<LinkType>,
    cut_short: bool,
    /// Interfaces that whoever reads what follows knows, where a part is read.
    interfaces_behind: Option<u64>,
    warning: Option<String>,
    /// What is to be told of it besides.
    notice: Option<&'static str>,
    /// Whether what it says of packets is wanted.
    keeps_notes: bool,
    /// Who is told where packets lie.
    index: Option<Arc<PacketIndex>>,
}

impl FileReader {
    /// Opens a file; one on disk is recognised at once, by its first `window` bytes. With `grows` its end is none.
    ///
    /// # Errors
    /// It cannot be opened or is no capture.
    pub(super) fn open(path: &Path, filter: Option<Bpf>, window: usize, grows: bool) -> Result<Self> {
        let name = if path.as_os_str() == "-" { "standard input".into() } else { path.display().to_string() };
        let input = Input::open(path, &printable(&name), grows)?;
        let mut reader = Self {
            name,
            window,
            input,
            format: None,
            carry: Vec::new(),
            base: 0,
            skip: 0,
            failure: None,
            ended: false,
            filter,
            framed: 0,
            packets: 0,
            empty: 0,
            link_types: Vec::new(),
            cut_short: false,
            interfaces_behind: None,
            warning: None,
            notice: None,
            keeps_notes: false,
            index: None,
        };
        if !reader.input.waits() {
            reader.recognise()?;
        }
        Ok(reader)
    }

    /// Bytes before the first record, and a format that has seen none of them; `None` before it is known.
    pub(super) fn beginning(&self) -> (Option<u64>, Option<Box<dyn FileFormat>>) {
        (self.format.is_some().then_some(self.base + self.skip), self.format.as_ref().and_then(|format| format.fork()))
    }

    /// What it is read from.
    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    /// Has what it says of packets handed on with them.
    pub(super) fn keep_notes(&mut self) {
        self.keeps_notes = true;
        self.format.iter_mut().for_each(|format| format.keep_notes());
    }

    /// Has where packets lie noted.
    pub(super) fn note_in(&mut self, index: Option<Arc<PacketIndex>>) {
        self.index = index;
    }

    /// Goes on from a place that was noted when the file was read before.
    ///
    /// # Errors
    /// The file cannot be sought in.
    pub(super) fn resume(&mut self, position: u64, packets: u64, mut format: Box<dyn FileFormat>) -> Result<()> {
        if let Err(error) = self.input.seek(position) {
            return Err(self.error(self.unreadable(&error)));
        }
        if self.keeps_notes {
            format.keep_notes();
        }
        self.carry.clear();
        (self.base, self.skip, self.packets, self.framed) = (position, 0, packets, packets);
        self.format = Some(format);
        Ok(())
    }

    /// Reads only a part of the file.
    ///
    /// # Errors
    /// The file cannot be sought in, or what is read before the part is no context of it.
    pub(super) fn take_part(&mut self, part: &FilePart) -> Result<()> {
        let Some(mut format) = self.format.take().filter(|_| self.input.is_sought()) else {
            return Err(self.error("is read whole: only an uncompressed file on disk has parts"));
        };
        for (from, to) in &part.context {
            let mut bytes = vec![0; usize::try_from(to.saturating_sub(*from)).unwrap_or(usize::MAX).min(PART_CONTEXT_BYTES)];
            let read = self.input.seek(*from).and_then(|()| self.input.read_whole(&mut bytes));
            read.map_err(|e| self.error(self.unreadable(&e)))?;
            let (mut at, mut packets) = (0, Vec::new());
            format.frame(&bytes, &mut at, &mut packets, 1);
            if at != bytes.len() || !packets.is_empty() {
                return Err(self.error(format!("no sections and interfaces at bytes {from} to {to}")));
            }
        }
        self.resume(part.from, 0, format)?;
        self.interfaces_behind = Some(part.interfaces);
        self.input.end_at(part.to);
        Ok(())
    }

    /// Where the next block begins, if it is to be noted.
    fn place(&self) -> Option<Place> {
        let wanted = self.index.as_ref().is_some_and(|index| index.wants()) && self.input.is_sought();
        let format = if wanted { self.format.as_ref()?.fork()? } else { return None };
        Some(Place { position: self.base + self.skip, packets: self.packets, time: Timestamp::UNKNOWN, format })
    }

    /// Tells something of it beside what goes wrong.
    pub(super) fn tell(&mut self, notice: &'static str) {
        self.notice = Some(notice);
    }

    fn error(&self, message: impl std::fmt::Display) -> Error {
        let offset = (self.base > 0).then_some(self.base);
        Error::Format { path: printable(&self.name).into_owned(), offset, message: message.to_string() }
    }

    /// Reads enough to know the format. False: a pipe is quiet.
    fn recognise(&mut self) -> Result<bool> {
        let mut piece = vec![0; self.window];
        loop {
            let room = self.window.saturating_sub(self.carry.len());
            let got = self.input.read(piece.get_mut(..room).unwrap_or(&mut []), READ_ATTEMPTS);
            let last = match got {
                Ok(Chunk::Bytes(n)) => {
                    self.carry.extend_from_slice(piece.get(..n).unwrap_or(&[]));
                    // A file is looked at as far as the window goes, a pipe as far as needed.
                    if self.carry.len() < self.window && !self.input.waits() {
                        continue;
                    }
                    self.carry.len() >= self.window
                }
                Ok(Chunk::Quiet) => return Ok(false),
                Ok(Chunk::End) => true,
                Err(error) if self.carry.is_empty() => return Err(self.error(self.unreadable(&error))),
                Err(error) => {
                    self.failure = Some(error);
                    true
                }
            };
            match registry::recognise(&self.carry, last) {
                Recognised::More => {}
                Recognised::Capture(mut found, header) => {
                    if self.keeps_notes {
                        found.keep_notes();
                    }
                    self.format = Some(found);
                    self.skip = header as u64;
                    return Ok(true);
                }
                Recognised::Unsupported(why) => return Err(self.error(why)),
                Recognised::Unknown if self.carry.is_empty() => return Err(self.error("is empty, not a capture file")),
                Recognised::Unknown => return Err(self.error(self.no_capture())),
            }
        }
    }

    fn no_capture(&self) -> String {
        let inside = self.input.compression().map_or(String::new(), |c| format!(" (inside {})", c.name()));
        let formats = registry::format_names().collect::<Vec<_>>().join(", ");
        format!("is not a capture file ({formats}): it looks like {}{inside}", sniff::describe(&self.carry))
    }

    fn unreadable(&self, error: &io::Error) -> String {
        match self.input.compression() {
            Some(c) if c.wants_too_much(error) => format!("its {} data {}", c.name(), c.most()),
            Some(c) => format!("broken {} data: {}", c.name(), reason(error)),
            None => format!("cannot be read: {}", reason(error)),
        }
    }

    /// Reads and frames until the block is full, the input is quiet, or the file ends. The state at the end is in `self`.
    fn read_block(&mut self, block: &mut Block) -> Result<Fill> {
        let mut have = self.begin_block(block);
        let mut at = 0;
        let mut fruitless = 0;
        let fill = loop {
            let hidden = self.skip.min((have - at) as u64);
            at += hidden as usize;
            self.skip -= hidden;
            let need = match self.frame(block, &mut at, have) {
                FramingStop::Need(n) => n.clamp(1, RECORD_BYTES),
                FramingStop::Full => break Fill::Packets,
                FramingStop::End => break Fill::End,
                FramingStop::Skip(n) => {
                    self.skip = n;
                    continue;
                }
                FramingStop::Damage(what) => {
                    self.damaged(self.base + at as u64, &what)?;
                    break Fill::End;
                }
            };
            if at + need > block.data.len() {
                if !block.packets.is_empty() {
                    break Fill::Packets;
                }
                fruitless += 1;
                if fruitless > FRUITLESS {
                    break Fill::Quiet;
                }
                // Nothing points into the arena: start again at its front.
                block.data.copy_within(at..have, 0);
                self.base += at as u64;
                have -= at;
                at = 0;
                if need > block.data.len() {
                    block.data.resize(need, 0);
                }
            }
            match self.read(block, have) {
                Ok(Chunk::Bytes(n)) => have += n,
                Ok(Chunk::Quiet) => break if block.packets.is_empty() { Fill::Quiet } else { Fill::Packets },
                Ok(Chunk::End) => {
                    if have > at || self.skip > 0 {
                        self.cut(self.base + at as u64);
                    }
                    break Fill::End;
                }
                Err(error) => {
                    self.failed(&error, self.base + have as u64)?;
                    break Fill::End;
                }
            }
        };
        self.ended = fill == Fill::End;
        self.base += at as u64;
        self.carry.extend_from_slice(block.data.get(at..have).unwrap_or(&[]));
        Ok(fill)
    }

    /// Puts what is left of the block before at the arena's front; how many bytes that is.
    fn begin_block(&mut self, block: &mut Block) -> usize {
        let have = self.carry.len();
        if block.data.len() < have {
            block.data.resize(have, 0);
        }
        if let Some(front) = block.data.get_mut(..have) {
            front.copy_from_slice(&self.carry);
        }
        self.carry.clear();
        have
    }

    /// Reads behind the `have` bytes that are there; waits only for a block that has no packet yet.
    fn read(&mut self, block: &mut Block, have: usize) -> io::Result<Chunk> {
        let patience = if block.packets.is_empty() { READ_ATTEMPTS } else { 0 };
        match self.failure.take() {
            Some(error) => Err(error),
            None => self.input.read(block.data.get_mut(have..).unwrap_or(&mut []), patience),
        }
    }

    /// Frames what is there and drops what the filter does not want.
    fn frame(&mut self, block: &mut Block, at: &mut usize, have: usize) -> FramingStop {
        let Some(format) = &mut self.format else { return FramingStop::Need(1) };
        if self.skip > 0 {
            return FramingStop::Need(1);
        }
        let Block { data, packets, notes, .. } = block;
        let data = data.get(..have).unwrap_or(&[]);
        let before = packets.len();
        let step = format.frame(data, at, packets, BLOCK_PACKETS);
        self.framed += (packets.len() - before) as u64;
        if self.keeps_notes {
            format.notes(notes);
        }
        let mut last = self.link_types.last().copied();
        let new: &[Packet] = packets.get(before..).unwrap_or(&[]);
        for packet in new {
            if Some(packet.link) != last && self.link_types.len() < LINK_TYPES && !self.link_types.contains(&packet.link) {
                self.link_types.push(packet.link);
            }
            last = Some(packet.link);
        }
        if let Some(filter) = &mut self.filter {
            let mut index = 0;
            packets.retain(|packet| {
                index += 1;
                let from = packet.offset as usize;
                let bytes = data.get(from..from + packet.captured as usize).unwrap_or(&[]);
                index <= before || filter.matches(packet.link, bytes)
            });
        }
        if !notes.is_empty() && self.filter.is_some() {
            notes.retain(|note| packets.binary_search_by_key(&note.offset, |packet| packet.offset).is_ok());
        }
        self.packets += (packets.len() - before) as u64;
        step
    }

    /// Counts packets of no byte where a look at a few says that there are many.
    fn count_empty(&mut self, packets: &[Packet]) {
        let is_empty = |packet: &&Packet| packet.wire == 0 && packet.captured == 0;
        let step = (packets.len() / SAMPLED).max(1);
        if packets.iter().step_by(step).all(|packet| is_empty(&packet)) {
            self.empty = self.empty.saturating_add(packets.iter().filter(is_empty).count() as u64);
        }
    }

    fn cut(&mut self, at: u64) {
        self.cut_short = true;
        self.warning = Some(format!("cut short in the middle of a packet at byte {at}"));
    }

    /// The format is violated: an error if that was the first record.
    fn damaged(&mut self, at: u64, what: &str) -> Result<()> {
        let words = format!("damaged at byte {at}: {what}; what follows cannot be read");
        if self.framed == 0 {
            return Err(self.error(words));
        }
        self.warning = Some(words);
        Ok(())
    }

    /// Reading failed: an error if nothing had been read before.
    fn failed(&mut self, error: &io::Error, at: u64) -> Result<()> {
        if error.kind() == ErrorKind::UnexpectedEof {
            self.cut_short = true;
            self.warning = Some(format!("cut short: {} at byte {at} of its contents", self.unreadable(error)));
            return Ok(());
        }
        if self.framed == 0 {
            return Err(self.error(self.unreadable(error)));
        }
        self.warning = Some(format!("{} at byte {at} of its contents; what follows is missing", self.unreadable(error)));
        Ok(())
    }
}

impl Source for FileReader {
    fn fill(&mut self, block: &mut Block) -> Result<Fill> {
        if self.ended {
            return Ok(Fill::End);
        }
        let known = if self.format.is_some() { Ok(true) } else { self.recognise() };
        let place = self.place();
        let filled = known.and_then(|known| if known { self.read_block(block) } else { Ok(Fill::Quiet) });
        self.count_empty(&block.packets);
        if let (Some(index), Some(first)) = (&self.index, block.packets.first()) {
            index.note(self.packets, place.map(|place| Place { time: first.time, ..place }));
        }
        match filled {
            Ok(Fill::End) if !block.packets.is_empty() => Ok(Fill::Packets),
            Ok(fill) => Ok(fill),
            Err(error) => {
                self.ended = true;
                Err(error)
            }
        }
    }

    fn info(&self) -> Vec<SourceInfo> {
        let problem = self.format.as_ref().and_then(|f| f.problem());
        let empty = (self.empty >= EMPTY_RECORDS)
            .then(|| format!("{} of its records hold no byte: no program that captures writes such", self.empty));
        let filter = self.filter.as_ref().and_then(Bpf::problem);
        let warnings = [self.warning.as_deref(), self.notice, filter, problem.as_deref(), empty.as_deref()];
        let (interfaces, more_interfaces) = self.format.as_ref().map_or_else(Default::default, |f| f.interfaces());
        let warning = warnings.iter().flatten().copied().collect::<Vec<_>>().join("; ");
        vec![SourceInfo {
            name: self.name.clone(),
            format: self.format.as_ref().map_or("unknown", |f| f.name()).to_owned(),
            compression: self.input.compression().map(|c| c.name()),
            link_types: self.link_types.clone(),
            interfaces,
            more_interfaces,
            renews_context: self.interfaces_behind.is_some_and(|known| self.format.as_ref().is_some_and(|f| f.renews(known))),
            packets: self.packets,
            unfiltered: self.filter.as_ref().map(|_| self.framed),
            cut_short: self.cut_short,
            warning: (!warning.is_empty()).then_some(warning),
            progress: self.input.progress(),
            ..SourceInfo::default()
        }]
    }

    fn interface(&self, number: u16) -> Option<FileInterface> {
        self.format.as_ref()?.interfaces().0.into_iter().nth(number.into())
    }

    fn waits(&self) -> bool {
        self.input.waits()
    }

    fn counts_losses(&self) -> bool {
        self.format.as_ref().is_some_and(|f| f.counts_losses())
    }

    fn losses(&mut self) -> SourceLosses {
        self.format.as_ref().map_or(SourceLosses::default(), |f| f.losses())
    }
}
