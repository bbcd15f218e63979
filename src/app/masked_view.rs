//! Privacy by a key: what is looked at, analysed once more without its addresses and names, beside the analysis that goes on.
//!
//! A capture is read again; of a port the packets that the recorder still holds are read, and then those that come. So nothing that is
//! drawn, copied, exported or saved meanwhile was made from what is to be hidden.

use super::privacy::{self, Privacy};
use super::recorder::Recording;
use super::{engine_settings, memory, source};
use crate::browse::{Browser, FileShelf, RecorderShelf, Shelf};
use crate::capture::{self, Block, Fill, Source, SourceLosses};
use crate::cli::Common;
use crate::engine::{self, Engine, MemoryPlan};
use crate::error::{Error, Result};
use crate::model::{SourceInfo, units};
use crate::settings::InputSettings;
use crate::snapshot::Query;
use crate::tui;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Part of the memory for what grows that the second analysis may take on top.
const MEMORY_PART: u64 = 4;

/// How long a source that has nothing waits before it says so.
const PATIENCE: Duration = Duration::from_millis(50);

/// What was lost of a port so far, by whoever reads it.
pub type LossesSoFar = Arc<dyn Fn() -> SourceLosses + Send + Sync>;

/// What a second analysis is made of.
pub struct MaskedPlan {
    /// What is looked at.
    pub input: InputSettings,
    /// What holds for everything, names being hidden.
    pub common: Common,
    /// What it is shown with.
    pub options: tui::DashboardOptions,
    /// What is not shown meanwhile, in words.
    pub left_out: Vec<&'static str>,
    /// Whether files are written meanwhile that hold packets as they came.
    pub writes_clear: bool,
    /// The recorder of a port, where it keeps packets.
    pub recording: Option<Recording>,
    /// What is known of the sources.
    pub info: Vec<SourceInfo>,
    /// What the port lost, which no packet shows.
    pub losses: Option<LossesSoFar>,
    /// Where packets are saved.
    pub save_dir: Option<PathBuf>,
}

/// Where packets come from once more, and where they lie.
struct Places {
    source: Box<dyn Source>,
    shelf: Box<dyn Shelf>,
    /// How many there were that lie there no more.
    gone: u64,
}

impl MaskedPlan {
    /// What holds for everything once the key is pressed. A switch is not asked: what it answers is not replaced.
    pub fn hiding(common: &Common) -> Common {
        let mut common = common.clone();
        common.privacy.anonymize = true;
        common.switch = None;
        common
    }

    /// Who starts it when the key is pressed.
    pub fn maker(self) -> tui::Mask {
        Arc::new(move || self.start())
    }

    fn start(&self) -> Result<tui::MaskedSide> {
        let Places { source, shelf, gone } = self.places()?;
        let mut settings = engine_settings(&self.common, &self.input, &source.info());
        settings.query = Query::default();
        settings.history = true;
        let budget = self.common.work.memory.unwrap_or_else(memory::default_budget);
        settings.memory = MemoryPlan::within(budget / MEMORY_PART);
        let engine = Engine::start(source, &settings)?;
        let rules = engine::rules_of(&self.common.mirror.clone().resolved())?;
        let spans = super::span_reader::SpanReader::start(shelf.again(), &settings)?;
        let browser = Browser::start(shelf, rules, Privacy::of(&self.common).folder(self.save_dir.as_ref()))?;
        let options = tui::DashboardOptions { packets: Some(Arc::new(browser)), spans: Some(Arc::new(spans)), ..self.options.clone() };
        let gone = (gone > 0).then(|| "packets that the recorder keeps no more".to_owned());
        let left_out = self.left_out.iter().map(|words| (*words).to_owned()).chain(gone).collect();
        Ok(tui::MaskedSide { feed: Box::new(engine), options: Box::new(options), left_out, writes_clear: self.writes_clear })
    }

    /// Where the packets come from and lie; both mask them.
    fn places(&self) -> Result<Places> {
        let Places { source, shelf, gone } = match (&self.recording, &self.input) {
            (Some((recorder, names)), _) => {
                let mut shelf = RecorderShelf::new(recorder.clone(), names.clone());
                shelf.refresh();
                let gone = shelf.range().start;
                let source = ShelfSource {
                    shelf: Box::new(RecorderShelf::new(recorder.clone(), names.clone())),
                    next: None,
                    missed: 0,
                    info: self.info.clone(),
                    losses: self.losses.clone(),
                    is_live: matches!(self.input, InputSettings::Live(_)),
                    is_level: false,
                };
                Places { source: Box::new(source), shelf: Box::new(shelf), gone }
            }
            (None, InputSettings::Files(files)) if !source::is_endless(&self.input) => {
                let index = Arc::default();
                let source = capture::file::open_noting(files, Some(&index))?;
                Places { source, shelf: Box::new(FileShelf::new(files.clone(), index)), gone: 0 }
            }
            _ => return Err(Error::usage("no packets are kept that could be read again: --recorder SIZE keeps some")),
        };
        let (source, shelf) = (privacy::source(source, &self.common)?, privacy::shelf(shelf, &self.input, &self.common)?);
        Ok(Places { source, shelf, gone })
    }
}

/// The packets of a shelf, from the oldest on, and those that come.
struct ShelfSource<S> {
    shelf: Box<S>,
    /// The next packet; `None`: the first there is.
    next: Option<u64>,
    /// Packets that left the shelf before they were read: before the first that was, they had been counted before.
    missed: u64,
    info: Vec<SourceInfo>,
    losses: Option<LossesSoFar>,
    is_live: bool,
    /// All that had come before was read: what comes now comes as it happens.
    is_level: bool,
}

impl<S: Shelf> Source for ShelfSource<S> {
    fn fill(&mut self, block: &mut Block) -> Result<Fill> {
        self.shelf.refresh();
        let range = self.shelf.range();
        let from = self.next.unwrap_or(range.start).max(range.start);
        self.missed = self.missed.saturating_add(from - self.next.unwrap_or(0).min(from));
        let (mut next, mut is_full) = (from, false);
        let is_read = self.shelf.read(from, &mut |number, packet| {
            if number < next || is_full {
                return;
            }
            is_full = !block.has_room(packet.bytes.len());
            if !is_full {
                block.push(packet.time, packet.wire, packet.link, packet.interface, packet.bytes);
                next = number + 1;
            }
        })?;
        self.next = Some(next);
        if !is_read || next == from {
            self.is_level = true;
            std::thread::sleep(PATIENCE);
            return Ok(Fill::Quiet);
        }
        Ok(Fill::Packets)
    }

    fn info(&self) -> Vec<SourceInfo> {
        let mut info = self.info.clone();
        if let Some(first) = info.first_mut().filter(|_| self.missed > 0) {
            let missed = units::plural(self.missed, "packet");
            first.warning = Some(format!("{missed} had left the recorder before they could be masked and counted"));
        }
        info
    }

    /// While it is behind it is read like a file: the wall clock is far ahead of its packets, and nothing is silent.
    fn is_live(&self) -> bool {
        self.is_live && self.is_level
    }

    fn waits(&self) -> bool {
        true
    }

    fn losses(&mut self) -> SourceLosses {
        self.losses.as_ref().map_or_else(SourceLosses::default, |losses| losses())
    }

    fn counts_losses(&self) -> bool {
        self.losses.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::made_shelf::{BEGIN, MadeShelf};
    use crate::model::time::SECOND;
    use std::ops::Range;

    /// A packet each second, in segments of seven.
    fn sevens(numbers: Range<u64>) -> MadeShelf {
        MadeShelf { numbers, bytes: vec![0; 60], step: SECOND, at_once: 7 }
    }

    #[test]
    fn a_shelf_is_read_once_from_its_oldest_packet_and_what_left_it_is_told() {
        let info = vec![SourceInfo { name: "eth1".into(), ..SourceInfo::default() }];
        let mut source = ShelfSource {
            shelf: Box::new(sevens(10..30)),
            next: None,
            missed: 0,
            info,
            losses: Some(Arc::new(|| SourceLosses { interface: 1, kernel: 7 })),
            is_live: true,
            is_level: false,
        };
        assert!(!source.is_live(), "it has packets of the past");
        let read = |source: &mut ShelfSource<MadeShelf>| {
            let (mut block, mut seconds) = (Block::new(), Vec::new());
            while source.fill(&mut block).unwrap() == Fill::Packets {
                seconds.extend(block.packets.iter().map(|packet| packet.time.since(BEGIN) / SECOND));
                block.clear();
            }
            seconds
        };
        assert_eq!(read(&mut source), (10..30).collect::<Vec<i64>>());
        assert!(source.is_live());
        source.shelf.numbers = 12..33;
        assert_eq!(read(&mut source), [30, 31, 32], "what has come meanwhile");
        assert!(source.info()[0].warning.as_ref().is_some_and(|words| words.starts_with("10 packets had left")), "those before the first");
        assert_eq!((source.losses().kernel, source.counts_losses()), (7, true), "those of the port");
        source.shelf.numbers = 40..42;
        assert_eq!(read(&mut source), [40, 41]);
        assert!(source.info()[0].warning.as_ref().is_some_and(|words| words.starts_with("17 packets had left")), "{:?}", source.info());
    }
}
