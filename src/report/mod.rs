//! Reports: a [`Snapshot`] written down for scripts, mails and browsers.
//!
//! A format is one file and one line in `registry.rs`. `json` and `csv` write rows as they are; `text`, `markdown` and `html`
//! render one [`document::Document`], so that they always say the same.

pub mod archive;
mod chart;
mod csv;
mod diff;
pub mod document;
pub mod format;
mod html;
mod json;
mod layout;
mod markdown;
mod notes;
pub mod packets;
pub mod registry;
#[cfg(test)]
mod tests;
mod text;

pub use diff::{DIFF_FORMATS, write_diff};
pub use format::{Format, ReportOptions};
pub use notes::{ReportNote, write_notes, write_with_notes};
pub use registry::{FORMATS, find};
pub use text::render;

use crate::snapshot::Snapshot;
use std::io;

/// Writes `snapshot` to `out` in `format`. The same snapshot and options give the same bytes.
///
/// # Errors
/// What `out` answers to a write.
pub fn write(format: &dyn Format, snapshot: &Snapshot, options: &ReportOptions, out: &mut dyn io::Write) -> io::Result<()> {
    format.write(snapshot, options, out)?;
    out.flush()
}
