//! Where packets lie that somebody looks at.

use crate::capture::file::{self, PacketIndex};
use crate::capture::{Block, Fill, Source};
use crate::error::Result;
use crate::model::{FileExtra, PacketNote, TapePacket, Timestamp, units};
use crate::record::{InterfaceAbout, PacketRun, Recorder, RingStatus};
use crate::settings::FileSettings;
use std::ops::Range;
use std::sync::Arc;

/// Packets that can be read again, by their number from 0.
pub trait Shelf: Send {
    /// Takes notice of packets that came and went.
    fn refresh(&mut self) {}

    /// The packets there are.
    fn range(&mut self) -> Range<u64>;

    /// When the first packet of all came, where that is known although it need not be there any more.
    fn begin(&mut self) -> Option<Timestamp> {
        None
    }

    /// Reads some packets that follow each other, beginning at one not behind `number`: shows each with its number. False where there
    /// is none at or behind it.
    ///
    /// # Errors
    /// They cannot be read any more.
    fn read(&mut self, number: u64, show: &mut dyn FnMut(u64, &TapePacket<'_>)) -> Result<bool>;

    /// The number of a packet before all those at or behind a time, as far as times ascend.
    fn before(&mut self, time: Timestamp) -> u64;

    /// What is known of an interface.
    fn interface(&mut self, number: u16) -> InterfaceAbout;

    /// Where they lie, in a few words.
    fn place(&mut self) -> String;

    /// Another one, of all that is there now.
    fn again(&self) -> Box<dyn Shelf>;

    /// Another one for packets that are written down, which need not be those there are now where a list is `held` still; `None`: this one
    /// does.
    fn for_saving(&self, held: bool) -> Option<Box<dyn Shelf>> {
        (!held).then(|| self.again())
    }

    /// What a capture says among the packets that [`Shelf::read`] shows for a number, where it is of no single one: keys, names.
    ///
    /// # Errors
    /// They cannot be read any more.
    fn extras(&mut self, number: u64) -> Result<Vec<FileExtra>> {
        let _ = number;
        Ok(Vec::new())
    }

    /// What a capture says of single ones (comments, which way they went) among the packets that [`Shelf::read`] shows for a number, each with
    /// the number of its packet, ascending.
    ///
    /// # Errors
    /// They cannot be read any more.
    fn notes(&mut self, number: u64) -> Result<Vec<(u64, PacketNote)>> {
        let _ = number;
        Ok(Vec::new())
    }
}

/// A capture, read again from disk.
pub struct FileShelf {
    settings: FileSettings,
    index: Arc<PacketIndex>,
    /// What is open, and the number of the next packet it brings.
    source: Option<(Box<dyn Source>, u64)>,
    block: Block,
    /// The number of the first packet in the block.
    first: u64,
}

impl FileShelf {
    /// The packets of captures that `index` is of.
    pub fn new(settings: FileSettings, index: Arc<PacketIndex>) -> Self {
        Self { settings, index, source: None, block: Block::new(), first: 0 }
    }

    /// Makes the block hold the packet of this number, or those behind it. False: there is none.
    fn seek(&mut self, number: u64) -> Result<bool> {
        let held = self.first..self.first + self.block.packets.len() as u64;
        if held.contains(&number) {
            return Ok(true);
        }
        // Reading on is cheaper than opening anew where the place is near.
        let is_near = self.source.as_ref().is_some_and(|(_, next)| *next <= number && number - next < NEAR);
        if !is_near {
            self.source = Some(file::reopen(&self.settings, &self.index, number)?);
        }
        loop {
            let Some((source, next)) = &mut self.source else { return Ok(false) };
            self.block.clear();
            self.first = *next;
            let filled = source.fill(&mut self.block)?;
            *next += self.block.packets.len() as u64;
            if *next > number {
                return Ok(true);
            }
            if filled == Fill::End {
                return Ok(false);
            }
        }
    }
}

/// Packets that are read over rather than sought: about what is between two places of the index.
const NEAR: u64 = 20_000;

impl Shelf for FileShelf {
    fn range(&mut self) -> Range<u64> {
        0..self.index.packets()
    }

    fn read(&mut self, number: u64, show: &mut dyn FnMut(u64, &TapePacket<'_>)) -> Result<bool> {
        if !self.seek(number)? {
            return Ok(false);
        }
        for (number, packet) in (self.first..).zip(&self.block.packets) {
            let bytes = self.block.captured(packet);
            let (time, link, wire, interface) = (packet.time, packet.link, packet.wire, packet.interface);
            show(number, &TapePacket { time, link, wire, interface, bytes });
        }
        Ok(true)
    }

    fn before(&mut self, time: Timestamp) -> u64 {
        self.index.before(time)
    }

    fn interface(&mut self, number: u16) -> InterfaceAbout {
        let known = self.source.as_ref().and_then(|(source, _)| source.interface(number)).unwrap_or_default();
        InterfaceAbout { name: known.name, description: known.description }
    }

    fn place(&mut self) -> String {
        if self.index.is_sought() { String::new() } else { "read from the beginning each time (compressed, or several files)".to_owned() }
    }

    fn again(&self) -> Box<dyn Shelf> {
        Box::new(Self::new(self.settings.clone(), Arc::clone(&self.index)))
    }

    /// A file says more beside its packets than a screen has a use for.
    fn for_saving(&self, _: bool) -> Option<Box<dyn Shelf>> {
        Some(Box::new(Self::new(FileSettings { notes: true, ..self.settings.clone() }, Arc::clone(&self.index))))
    }

    fn extras(&mut self, number: u64) -> Result<Vec<FileExtra>> {
        self.seek(number)?;
        Ok(self.block.notes.iter().flat_map(|note| note.before.iter().cloned()).collect())
    }

    fn notes(&mut self, number: u64) -> Result<Vec<(u64, PacketNote)>> {
        self.seek(number)?;
        let noted = (self.first..).zip(&self.block.packets);
        Ok(noted.filter_map(|(number, packet)| Some((number, self.block.note(packet)?.clone()))).collect())
    }
}

/// A recorder's memory.
pub struct RecorderShelf {
    recorder: Recorder,
    /// Names of the interfaces, by number.
    interfaces: Vec<String>,
    segments: Vec<Arc<PacketRun>>,
    seen: Range<u64>,
    /// The ring that is written beside it.
    ring: Option<Arc<RingStatus>>,
}

impl RecorderShelf {
    /// What a recorder holds of packets of these interfaces.
    pub fn new(recorder: Recorder, interfaces: Vec<String>) -> Self {
        Self { recorder, interfaces, segments: Vec::new(), seen: 0..0, ring: None }
    }

    /// Tells of a ring that is written beside it.
    #[must_use]
    pub fn with_ring(mut self, ring: Option<Arc<RingStatus>>) -> Self {
        self.ring = ring;
        self
    }
}

impl Shelf for RecorderShelf {
    fn refresh(&mut self) {
        let now = self.recorder.range();
        if now != self.seen {
            self.segments = self.recorder.segments();
            let first = self.segments.first().map_or(now.end, |segment| segment.first());
            let end = self.segments.last().map_or(now.end, |segment| segment.first() + segment.len() as u64);
            self.seen = first..end;
        }
    }

    fn range(&mut self) -> Range<u64> {
        self.seen.clone()
    }

    fn begin(&mut self) -> Option<Timestamp> {
        self.recorder.begin()
    }

    fn read(&mut self, number: u64, show: &mut dyn FnMut(u64, &TapePacket<'_>)) -> Result<bool> {
        let at = self.segments.partition_point(|segment| segment.first() + segment.len() as u64 <= number);
        let Some(segment) = self.segments.get(at) else { return Ok(false) };
        for (number, packet) in (segment.first()..).zip(segment.packets()) {
            show(number, &packet);
        }
        Ok(true)
    }

    fn before(&mut self, time: Timestamp) -> u64 {
        let begins = |segment: &PacketRun| segment.get(0).is_some_and(|packet| packet.time < time);
        let at = self.segments.partition_point(|segment| begins(segment));
        at.checked_sub(1).and_then(|at| self.segments.get(at)).map_or(self.seen.start, |segment| segment.first())
    }

    fn interface(&mut self, number: u16) -> InterfaceAbout {
        InterfaceAbout { name: self.interfaces.get(usize::from(number)).cloned(), description: None }
    }

    fn place(&mut self) -> String {
        let time = |segment: Option<&Arc<PacketRun>>, at: fn(&PacketRun) -> usize| segment.and_then(|s| Some(s.get(at(s))?.time));
        let (first, last) = (time(self.segments.first(), |_| 0), time(self.segments.last(), |s| s.len().saturating_sub(1)));
        let span = first.zip(last).map_or(0.0, |(first, last)| last.seconds_since(first).max(0.0));
        let kept = format!("recorder: the last {} in {}", units::duration(span), units::bytes(self.recorder.capacity() as u64));
        match self.ring.as_ref().map(|ring| ring.words()) {
            None => kept,
            Some(Some(trouble)) => format!("{trouble} · {kept}"),
            Some(None) => format!("{kept} · ring written"),
        }
    }

    fn again(&self) -> Box<dyn Shelf> {
        Box::new(Self::new(self.recorder.clone(), self.interfaces.clone()))
    }
}
