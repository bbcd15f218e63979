//! The capture that a dashboard compares with: read whole, beside what is looked at.

use super::engine_settings;
use super::privacy::{self, Privacy};
use crate::capture;
use crate::cli::Common;
use crate::engine;
use crate::error::{Error, Result};
use crate::settings::{FileSettings, InputSettings};
use crate::snapshot::{Baseline, BaselineState, Query};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Begins to read a capture; `filter`: the capture filter of both.
///
/// # Errors
/// It cannot be opened, or the system refuses a thread.
pub fn start(path: &Path, filter: Option<&String>, common: &Common, stop: &Arc<AtomicBool>) -> Result<Arc<Baseline>> {
    let files = FileSettings { paths: vec![path.to_owned()], filter: filter.cloned(), ..FileSettings::default() };
    let (source, privacy) = (privacy::source(capture::file::open(&files)?, common)?, Privacy::of(common));
    let input = InputSettings::Files(files);
    let settings = engine_settings(common, &input, &source.info());
    // As fast as one thread is: what is looked at goes before it.
    let settings = engine::Settings { threads: 0, query: Query::everything(), ..settings };
    let baseline = Arc::new(Baseline::new(privacy.file_name(path)));
    let (theirs, stop, path) = (Arc::clone(&baseline), Arc::clone(stop), path.to_owned());
    std::thread::Builder::new()
        .name("compared".into())
        .spawn(move || {
            let outcome = engine::run(source, &settings, stop).and_then(crate::error::Outcome::complete);
            theirs.tell(match outcome {
                Ok(snapshot) => BaselineState::Known(Arc::new(snapshot)),
                Err(error) => BaselineState::Failed(privacy.words(&error.to_string(), &[&path])),
            });
        })
        .map_err(|e| Error::io("cannot start the thread that reads what is compared with", &e))?;
    Ok(baseline)
}

/// What stands in its place while names are hidden by a key: the capture would have to be read once more without them.
pub fn hidden() -> Arc<Baseline> {
    let baseline = Baseline::new("capture".into());
    baseline.tell(BaselineState::Failed(
        "names are hidden, and it would have to be read once more without its own (spantop diff --anonymize compares so)".into(),
    ));
    Arc::new(baseline)
}
