//! The capture that a dashboard compares with: read whole, beside what is looked at.

use super::{engine_settings, privacy};
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
    let source = privacy::masked(capture::file::open(&files)?, common)?;
    let input = InputSettings::Files(files);
    let settings = engine_settings(common, &input, &source.info());
    // As fast as one thread is: what is looked at goes before it.
    let settings = engine::Settings { threads: 0, query: Query::everything(), ..settings };
    let baseline = Arc::new(Baseline::new(path.display().to_string()));
    let (theirs, stop) = (Arc::clone(&baseline), Arc::clone(stop));
    std::thread::Builder::new()
        .name("compared".into())
        .spawn(move || {
            let outcome = engine::run(source, &settings, stop).and_then(crate::error::Outcome::complete);
            theirs.tell(match outcome {
                Ok(snapshot) => BaselineState::Known(Arc::new(snapshot)),
                Err(error) => BaselineState::Failed(error.to_string()),
            });
        })
        .map_err(|e| Error::io("cannot start the thread that reads what is compared with", &e))?;
    Ok(baseline)
}
