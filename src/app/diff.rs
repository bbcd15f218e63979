//! `spantop diff`: two captures held against each other.

use super::console::Console;
use super::output::Output;
use super::rights::Needs;
use super::{fold_with, signals};
use crate::cli::{Common, DiffRequest};
use crate::error::{Error, Result};
use crate::report::{ReportOptions, write_diff};
use crate::settings::{FileSettings, InputSettings};
use crate::snapshot::{Comparison, Snapshot};
use std::path::{Path, PathBuf};

/// Rows of each kind in what is for reading.
const ROWS: usize = 20;

/// Reads both captures whole and tells what differs.
pub fn diff(console: &Console, common: &Common, request: &DiffRequest) -> Result<()> {
    let files = [&request.before, &request.after];
    let format = request.format.as_deref().unwrap_or("text");
    if files.iter().all(|path| path.as_os_str() == "-") {
        return Err(Error::usage("standard input (-) can be read only once"));
    }
    let input =
        |paths: Vec<PathBuf>| InputSettings::Files(FileSettings { paths, filter: request.filter.clone(), ..FileSettings::default() });
    let output = Output::new(request.output.as_deref(), &input(files.map(PathBuf::clone).to_vec()))?;
    let stop = signals::watch()?;
    let mut pictures: Vec<Snapshot> = Vec::new();
    for path in files {
        // Rights are given up with the first; the second must still be readable then.
        let needs = Needs { reads: files.map(PathBuf::clone).to_vec(), writes: output.path().map(Path::to_owned), ..Needs::default() };
        let (outcome, _) = fold_with(console, common, &input(vec![path.clone()]), (usize::MAX, false), needs, &stop)?;
        pictures.push(outcome.complete()?);
    }
    let [before, after] = pictures.as_slice() else { return Err(Error::internal("two captures were to be compared")) };
    let comparison = Comparison::of(before, after);
    let rows = request.top.unwrap_or(if format == "json" { usize::MAX } else { ROWS });
    let options = ReportOptions { rows, width: console.width(), color: output.is_stdout() && console.color(), ..ReportOptions::default() };
    output.write(Some(&stop), |out| {
        if !(console.is_ascii() && output.is_stdout() && format == "text") {
            return write_diff(format, &comparison, request.all, &options, out);
        }
        let mut text = Vec::new();
        write_diff(format, &comparison, request.all, &options, &mut text)?;
        out.write_all(console.text(&String::from_utf8_lossy(&text)).as_bytes())
    })?;
    pictures.iter().for_each(|picture| console.losses(picture));
    Ok(())
}
