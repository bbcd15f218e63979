//! `spantop diff`: two captures held against each other.

use super::console::Console;
use super::output::Output;
use super::rights::Needs;
use super::{fold_with, signals};
use crate::cli::Common;
use crate::error::{Error, Result};
use crate::report::{ReportOptions, write_diff};
use crate::settings::{FileSettings, InputSettings};
use crate::snapshot::{Comparison, Snapshot};
use std::path::{Path, PathBuf};

/// Rows of each kind in what is for reading.
const ROWS: usize = 20;

/// What is to be compared, and how it is told.
pub struct DiffRequest<'a> {
    /// The earlier and the later capture.
    pub files: &'a [PathBuf; 2],
    /// Capture filter for both.
    pub filter: Option<&'a String>,
    /// Token of the format.
    pub format: &'a str,
    /// Where it goes; `None`: standard output.
    pub output: Option<&'a Path>,
    /// Differences of each kind.
    pub top: Option<usize>,
    /// Whether noise is listed.
    pub all: bool,
}

/// Reads both captures whole and tells what differs.
pub fn diff(console: &Console, common: &Common, wanted: &DiffRequest) -> Result<()> {
    if wanted.files.iter().all(|path| path.as_os_str() == "-") {
        return Err(Error::usage("standard input (-) can be read only once"));
    }
    let input =
        |paths: Vec<PathBuf>| InputSettings::Files(FileSettings { paths, filter: wanted.filter.cloned(), ..FileSettings::default() });
    let output = Output::new(wanted.output, &input(wanted.files.to_vec()))?;
    let stop = signals::watch()?;
    let mut pictures: Vec<Snapshot> = Vec::new();
    for path in wanted.files {
        // Rights are given up with the first; the second must still be readable then.
        let needs = Needs { reads: wanted.files.to_vec(), writes: output.path().map(Path::to_owned), ..Needs::default() };
        let (outcome, _) = fold_with(console, common, &input(vec![path.clone()]), usize::MAX, needs, &stop)?;
        pictures.push(outcome.complete()?);
    }
    let [before, after] = pictures.as_slice() else { return Err(Error::internal("two captures were to be compared")) };
    let comparison = Comparison::of(before, after);
    let rows = wanted.top.unwrap_or(if wanted.format == "json" { usize::MAX } else { ROWS });
    let options = ReportOptions { rows, width: console.width(), color: output.is_stdout() && console.color(), ..ReportOptions::default() };
    output.write(None, |out| {
        if !(console.is_ascii() && output.is_stdout() && wanted.format == "text") {
            return write_diff(wanted.format, &comparison, wanted.all, &options, out);
        }
        let mut text = Vec::new();
        write_diff(wanted.format, &comparison, wanted.all, &options, &mut text)?;
        out.write_all(console.text(&String::from_utf8_lossy(&text)).as_bytes())
    })?;
    pictures.iter().for_each(|picture| console.losses(picture));
    Ok(())
}
