//! What a report for people says, before it is known how it will look: sections of facts, tables, notes and a chart.

mod build;
pub mod format;
mod host;
mod mirror;
pub mod picture;
mod switch;
mod tables;

pub use crate::snapshot::table::Room;

use super::chart::Chart;
use crate::model::Severity;

/// How loud something is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// As the rest.
    #[default]
    Plain,
    /// Worth knowing.
    Note,
    /// All is well.
    Good,
    /// To be looked at.
    Warning,
    /// To be acted on.
    Critical,
}

impl Tone {
    /// A sign that reads without colour.
    pub fn sign(self) -> &'static str {
        match self {
            Tone::Plain => "",
            Tone::Note => Severity::Note.sign(),
            Tone::Good => "●",
            Tone::Warning => Severity::Warning.sign(),
            Tone::Critical => Severity::Critical.sign(),
        }
    }

    /// The word for style sheets.
    pub fn token(self) -> &'static str {
        match self {
            Tone::Plain => "plain",
            Tone::Note => "note",
            Tone::Good => "good",
            Tone::Warning => "warning",
            Tone::Critical => "critical",
        }
    }
}

/// One cell of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DocumentCell {
    /// What it says; safe to print.
    pub text: String,
    /// A share to be drawn beside it, 0 to 1.
    pub bar: Option<f64>,
    /// Levels of indentation.
    pub indent: usize,
}

/// One column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentColumn {
    /// Its heading.
    pub head: &'static str,
    /// Numbers stand at the right edge.
    pub right: bool,
    /// What it does when the line is too narrow.
    pub room: Room,
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DocumentTable {
    /// Its columns.
    pub columns: Vec<DocumentColumn>,
    /// Its rows.
    pub rows: Vec<Vec<DocumentCell>>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Names and values.
    Facts(Vec<(&'static str, String)>),
    /// A table.
    Table(DocumentTable),
    /// Load over time.
    Chart(Chart),
    /// Bursts and events over time: a drawing where the format can draw.
    Picture(picture::Picture),
    /// A paragraph, and how loud it is.
    Note(Tone, String),
    /// A heading of something in the section, and how loud it is.
    Heading(Tone, String),
}

/// A section.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Its title.
    pub title: String,
    /// Its pieces.
    pub parts: Vec<Part>,
}

/// A report for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What it is about.
    pub title: String,
    /// Its sections, in reading order.
    pub sections: Vec<Section>,
}
