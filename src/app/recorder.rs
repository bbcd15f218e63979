//! What is kept of the packets themselves while a dashboard runs: the last ones of a port in memory, or where those of a capture lie.

use super::{memory, source};
use crate::browse::{Browser, FileShelf, RecorderShelf, Shelf};
use crate::capture::Source;
use crate::capture::file::PacketIndex;
use crate::cli::Common;
use crate::engine::{self, Listeners, MemoryPlan, TapeMark, TapeReader, TapeRun};
use crate::error::Result;
use crate::record::Recorder;
use crate::settings::{InputSettings, RecorderSettings};
use crate::snapshot::PacketStore;
use std::sync::Arc;

/// Reads the tape into the recorder's memory.
struct RecorderReader(Recorder);

impl TapeReader for RecorderReader {
    fn block(&mut self, run: &TapeRun<'_>) {
        self.0.record(run.packets());
    }

    fn mark(&mut self, _: TapeMark) {}
}

/// Who keeps packets, and who shows them to them.
pub struct Kept {
    /// The recorder, and the names of its interfaces.
    pub recorder: Option<(Recorder, Vec<String>)>,
    /// Readers of the tape.
    pub listeners: Listeners,
}

impl Kept {
    /// What is to be kept of a source. What the recorder takes is taken from what the tables may.
    pub fn of(
        input: &InputSettings,
        source: &dyn Source,
        common: &Common,
        wanted: &RecorderSettings,
        settings: &mut engine::Settings,
    ) -> Self {
        let budget = common.memory.unwrap_or_else(memory::default_budget);
        let bytes = wanted.memory.unwrap_or_else(|| memory::recorder(budget));
        if !source::is_endless(input) || bytes == 0 {
            return Self { recorder: None, listeners: Listeners::default() };
        }
        settings.memory = MemoryPlan::within(budget.saturating_sub(bytes));
        let recorder = Recorder::new(usize::try_from(bytes).unwrap_or(usize::MAX));
        let names = source.info().into_iter().map(|info| info.name).collect();
        Self { listeners: Listeners::reader(RecorderReader(recorder.clone())), recorder: Some((recorder, names)) }
    }
}

/// Who answers a screen's questions about packets, where there are any to be looked at.
pub fn browser(
    recorder: Option<(Recorder, Vec<String>)>,
    input: &InputSettings,
    index: Arc<PacketIndex>,
    common: &Common,
    wanted: &RecorderSettings,
) -> Result<Option<Arc<dyn PacketStore>>> {
    let shelf: Box<dyn Shelf> = match (recorder, input) {
        (Some((recorder, names)), _) => Box::new(RecorderShelf::new(recorder, names)),
        (None, InputSettings::Files(files)) if !source::is_endless(input) => Box::new(FileShelf::new(files.clone(), index)),
        _ => return Ok(None),
    };
    let rules = engine::rules_of(&common.mirror.clone().resolved())?;
    Ok(Some(Arc::new(Browser::start(shelf, rules, wanted.save_dir.clone())?)))
}
