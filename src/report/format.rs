//! What a report format is.

use crate::model::JoinScoped;
use crate::snapshot::Snapshot;
use std::io;

/// How a report is to look.
#[derive(Debug, Clone, Copy)]
pub struct ReportOptions {
    /// Rows of each table, at most. [`Format::rows`] says what a format wants when the user says nothing.
    pub rows: usize,
    /// The table that a format of one table writes, by its token; `None`: conversations.
    pub table: Option<&'static str>,
    /// Columns of a line of text.
    pub width: usize,
    /// Whether terminal colours may be used.
    pub color: bool,
    /// Who does work beside the caller, where that is wanted.
    pub join_scoped: Option<JoinScoped>,
}

/// Columns of a text report that nobody asked otherwise for: fits a mail and half a screen.
pub const WIDTH: usize = 96;

impl Default for ReportOptions {
    fn default() -> Self {
        Self { rows: usize::MAX, table: None, width: WIDTH, color: false, join_scoped: None }
    }
}

/// A way of writing a snapshot down.
pub trait Format: Sync {
    /// The word for `--format`.
    fn token(&self) -> &'static str;

    /// What it is good for, in half a line.
    fn about(&self) -> &'static str;

    /// Rows of each table when the user does not say: [`usize::MAX`] for all.
    fn rows(&self) -> usize;

    /// Whether it holds one table only, which [`ReportOptions::table`] chooses.
    fn is_one_table(&self) -> bool {
        false
    }

    /// Writes the report.
    ///
    /// # Errors
    /// What `out` answers to a write.
    fn write(&self, snapshot: &Snapshot, options: &ReportOptions, out: &mut dyn io::Write) -> io::Result<()>;
}
