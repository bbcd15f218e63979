//! What is kept of the packets themselves while a dashboard runs: the last ones of a port in memory, or where those of a capture lie.

use super::privacy::{self, Privacy};
use super::span_reader::SpanReader;
use super::{memory, source};
use crate::browse::{Browser, FileShelf, RecorderShelf, Shelf};
use crate::capture::Source;
use crate::capture::file::PacketIndex;
use crate::cli::Common;
use crate::engine::{self, Listeners, MemoryPlan, TapeMark, TapeReader, TapeRun};
use crate::error::{Error, Result};
use crate::record::{Recorder, Ring, RingPlan, RingStatus};
use crate::settings::{InputSettings, RecorderSettings};
use crate::snapshot::SpanStore;
use std::sync::Arc;

/// Reads the tape into the recorder's memory.
struct RecorderReader {
    recorder: Option<Recorder>,
    ring: Option<Ring>,
}

impl TapeReader for RecorderReader {
    fn block(&mut self, run: &TapeRun<'_>) {
        if let Some(recorder) = &self.recorder {
            recorder.record(run.packets());
        }
        if let Some(ring) = &mut self.ring {
            ring.record(run.packets());
        }
    }

    fn mark(&mut self, _: TapeMark) {
        // What came in an interval is on the disk when it ends.
        self.ring.iter_mut().for_each(Ring::flush);
    }
}

/// Why no ring is written of a capture.
pub const RING_OF_A_CAPTURE: &str = "--ring is for ports and pipes: a capture is on the disk already";

/// A recorder, and the names of its interfaces.
pub type Recording = (Recorder, Vec<String>);

/// What is kept of packets, and who keeps it.
pub struct PacketKeepers {
    /// The recorder, and the names of its interfaces.
    pub recorder: Option<Recording>,
    /// The ring that is written.
    pub ring: Option<Arc<RingStatus>>,
    /// Readers of the tape.
    pub listeners: Listeners,
}

impl PacketKeepers {
    /// What is to be kept of a source. What the recorder takes is taken from what the tables may.
    pub fn of(
        input: &InputSettings,
        source: &dyn Source,
        common: &Common,
        wanted: &RecorderSettings,
        settings: &mut engine::Settings,
    ) -> Result<Self> {
        let budget = common.work.memory.unwrap_or_else(memory::default_budget);
        let bytes = wanted.memory.unwrap_or_else(|| memory::recorder(budget));
        let names: Vec<String> = source.info().into_iter().map(|info| info.name).collect();
        if !source::is_endless(input) {
            if wanted.ring.is_some() {
                return Err(Error::usage(RING_OF_A_CAPTURE));
            }
            return Ok(Self { recorder: None, ring: None, listeners: Listeners::default() });
        }
        let recorder = (bytes > 0).then(|| {
            settings.memory = MemoryPlan::within(budget.saturating_sub(bytes));
            Recorder::new(usize::try_from(bytes).unwrap_or(usize::MAX))
        });
        let plan = wanted.ring.as_ref().map(|ring| RingPlan { folder: ring.folder.clone(), files: ring.files, bytes: ring.bytes });
        let ring = plan.map(|plan| Ring::start(plan, names.clone())).transpose()?;
        let status = ring.as_ref().map(Ring::status);
        let listeners = match (&recorder, &ring) {
            (None, None) => Listeners::default(),
            _ => Listeners::reader(RecorderReader { recorder: recorder.clone(), ring }),
        };
        Ok(Self { recorder: recorder.map(|recorder| (recorder, names)), ring: status, listeners })
    }
}

/// Where the packets of a source lie, where they can be looked at.
fn shelf(
    (recorder, ring): (Option<Recording>, Option<Arc<RingStatus>>),
    input: &InputSettings,
    index: Arc<PacketIndex>,
    common: &Common,
) -> Result<Option<Box<dyn Shelf>>> {
    Ok(match (recorder, input) {
        (Some((recorder, names)), _) => Some(Box::new(RecorderShelf::new(recorder, names).with_ring(ring))),
        // What is read again has to lose its names again.
        (None, InputSettings::Files(files)) if !source::is_endless(input) => {
            Some(privacy::shelf(Box::new(FileShelf::new(files.clone(), index)), input, common)?)
        }
        _ => None,
    })
}

/// Who answers a screen's questions about packets, where there are any to be looked at.
pub fn browser(
    recording: (Option<Recording>, Option<Arc<RingStatus>>),
    input: &InputSettings,
    index: Arc<PacketIndex>,
    common: &Common,
    wanted: &RecorderSettings,
) -> Result<Option<Arc<Browser>>> {
    let Some(shelf) = shelf(recording, input, index, common)? else { return Ok(None) };
    let rules = engine::rules_of(&common.mirror.clone().resolved())?;
    Ok(Some(Arc::new(Browser::start(shelf, rules, Privacy::of(common).folder(wanted.save_dir.as_ref()))?)))
}

/// Who reads spans of the past again, where their packets are still there.
pub fn spans(
    recording: (Option<Recording>, Option<Arc<RingStatus>>),
    input: &InputSettings,
    index: Arc<PacketIndex>,
    settings: &engine::Settings,
    common: &Common,
) -> Result<Option<Arc<dyn SpanStore>>> {
    let Some(shelf) = shelf(recording, input, index, common)? else { return Ok(None) };
    Ok(Some(Arc::new(SpanReader::start(shelf, settings)?)))
}
