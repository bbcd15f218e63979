//! What may lie over a page.

use super::chrome::palette::Palette;
use crate::model::Timestamp;
use crate::snapshot::Filter;
use std::time::Duration;
use tui_input::Input;

/// What lies over the page and takes the keys.
#[derive(Debug, Default)]
pub(super) enum Modal {
    /// Nothing.
    #[default]
    None,
    /// The keys.
    Help(usize),
    /// The filter line.
    Filter(Typing),
    /// "Really forget?", until a moment.
    Reset(Duration),
    /// Every screen and every key that works here, to choose from.
    Palette(Palette),
    /// The note of a bookmark.
    Note(Note),
    /// A text about a finding, scrolled by so many lines.
    Explain { title: String, text: String, scroll: usize },
}

/// A bookmark whose note is being typed.
#[derive(Debug)]
pub(super) struct Note {
    /// What was typed.
    pub input: Input,
    /// The moment.
    pub at: Timestamp,
    /// Where the user was.
    pub place: String,
}

/// A filter that is being typed. It holds at once; leaving brings back the one before.
#[derive(Debug)]
pub(super) struct Typing {
    /// What was typed.
    pub input: Input,
    /// What is wrong with it.
    pub error: Option<String>,
    /// The filter before.
    pub before: Option<Filter>,
    /// When the last key came.
    pub since: Duration,
}
