//! Sources and shelves whose packets have lost their addresses and names.

use super::pseudonyms::{Pseudonyms, is_ordinary};
use super::{KEY, anonymizer};
use crate::anonymize::Anonymizer;
use crate::browse::Shelf;
use crate::capture::{Block, Fill, Source, SourceLosses};
use crate::cli::Common;
use crate::error::Result;
use crate::model::{FileInterface, SourceInfo, TapePacket, Timestamp};
use crate::record::InterfaceAbout;
use crate::settings::InputSettings;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A source whose packets are replaced, where that is wanted.
pub fn source(source: Box<dyn Source>, common: &Common) -> Result<Box<dyn Source>> {
    Ok(match anonymizer(common)? {
        Some(anonymizer) => Box::new(MaskedSource { source, anonymizer }),
        None => source,
    })
}

/// A shelf whose packets are replaced, where that is wanted.
pub fn shelf(shelf: Box<dyn Shelf>, input: &InputSettings, common: &Common) -> Result<Box<dyn Shelf>> {
    let paths: Vec<&Path> = match input {
        InputSettings::Files(files) => files.paths.iter().map(PathBuf::as_path).collect(),
        InputSettings::Live(_) => Vec::new(),
    };
    Ok(match anonymizer(common)? {
        Some(anonymizer) => Box::new(MaskedShelf { shelf, anonymizer, pseudonyms: Arc::new(Pseudonyms::of_paths(&paths)) }),
        None => shelf,
    })
}

struct MaskedSource {
    source: Box<dyn Source>,
    anonymizer: Anonymizer,
}

impl Source for MaskedSource {
    fn fill(&mut self, block: &mut Block) -> Result<Fill> {
        let filled = self.source.fill(block);
        for packet in &block.packets {
            let start = packet.offset as usize;
            if let Some(bytes) = block.data.get_mut(start..start.saturating_add(packet.captured as usize)) {
                self.anonymizer.packet(packet.link, bytes);
            }
        }
        // What people wrote beside packets, names, and keys to what they say.
        block.notes.iter_mut().for_each(|note| {
            note.comments.clear();
            note.before.clear();
        });
        filled.map_err(|error| Pseudonyms::of_sources(&self.source.info()).in_error(error))
    }

    fn behind(&self) -> Option<&dyn Source> {
        Some(&*self.source)
    }

    fn info(&self) -> Vec<SourceInfo> {
        let mut sources = self.source.info();
        sources.iter_mut().flat_map(|source| &mut source.interfaces).for_each(mask_interface);
        let pseudonyms = Pseudonyms::of_sources(&sources);
        sources.iter_mut().enumerate().for_each(|(number, source)| pseudonyms.put_on(number, source));
        sources
    }

    fn interface(&self, number: u16) -> Option<FileInterface> {
        let mut interface = self.source.interface(number)?;
        mask_interface(&mut interface);
        Some(interface)
    }

    fn losses(&mut self) -> SourceLosses {
        self.source.losses()
    }
}

fn mask_interface(interface: &mut FileInterface) {
    interface.name = interface.name.take().filter(|name| is_ordinary(name));
    interface.description = None;
}

struct MaskedShelf {
    shelf: Box<dyn Shelf>,
    anonymizer: Anonymizer,
    pseudonyms: Arc<Pseudonyms>,
}

impl Shelf for MaskedShelf {
    fn refresh(&mut self) {
        self.shelf.refresh();
    }

    fn range(&mut self) -> Range<u64> {
        self.shelf.range()
    }

    fn read(&mut self, number: u64, show: &mut dyn FnMut(u64, &TapePacket<'_>)) -> Result<bool> {
        let (anonymizer, mut bytes) = (&mut self.anonymizer, Vec::new());
        let read = self.shelf.read(number, &mut |number, packet| {
            bytes.clear();
            bytes.extend_from_slice(packet.bytes);
            anonymizer.packet(packet.link, &mut bytes);
            show(number, &TapePacket { bytes: &bytes, ..*packet });
        });
        read.map_err(|error| self.pseudonyms.in_error(error))
    }

    fn begin(&mut self) -> Option<Timestamp> {
        self.shelf.begin()
    }

    fn before(&mut self, time: Timestamp) -> u64 {
        self.shelf.before(time)
    }

    fn interface(&mut self, number: u16) -> InterfaceAbout {
        let InterfaceAbout { name, .. } = self.shelf.interface(number);
        InterfaceAbout { name: name.filter(|name| is_ordinary(name)), description: None }
    }

    fn place(&mut self) -> String {
        self.pseudonyms.in_text(&self.shelf.place())
    }

    fn again(&self) -> Box<dyn Shelf> {
        // Both were made with the key of this run.
        let anonymizer = Anonymizer::new(&KEY.get().copied().unwrap_or_default());
        Box::new(Self { shelf: self.shelf.again(), anonymizer, pseudonyms: Arc::clone(&self.pseudonyms) })
    }
}
