//! What a screen is. The list of them is in [`super::registry`]; pages one level down ([`super::details`]) are screens too.

use super::canvas::Canvas;
use super::theme::Hue;
use super::view::{Scene, Topic};
use crate::snapshot::{Column, Snapshot};
use ratatui::layout::Rect;

/// Which of the two orders a page sorts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sorts {
    /// The order of conversations.
    Conversations,
    /// The order of end points.
    Endpoints,
}

/// A key that works here, and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hint {
    /// The key as printed.
    pub key: &'static str,
    /// One or two words for the footer.
    pub word: &'static str,
    /// A line for the help.
    pub help: &'static str,
}

/// One screen: a pure function from a scene to cells, and what its keys act on.
pub(super) trait Screen: Sync {
    /// The digit that selects it.
    fn digit(&self) -> char {
        ' '
    }

    /// Its name in the tabs.
    fn title(&self) -> &'static str;

    /// Its name where there is little room.
    fn short(&self) -> &'static str {
        self.title()
    }

    /// How many kinds of rows Left and Right walk through.
    fn kinds(&self) -> usize {
        1
    }

    /// The rows that can be selected, in the order shown.
    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        let _ = scene;
        Vec::new()
    }

    /// What it sorts and by which columns.
    fn sorting(&self) -> Option<(Sorts, &'static [Column])> {
        None
    }

    /// Whether rows can be folded.
    fn folds(&self) -> bool {
        false
    }

    /// Whether it shows the load chart (and so has a time scale).
    fn charts(&self) -> bool {
        false
    }

    /// Keys of its own.
    fn keys(&self) -> &'static [Hint] {
        &[]
    }

    /// A mark in the tab.
    fn badge(&self, snapshot: &Snapshot) -> Option<(String, Hue)> {
        let _ = snapshot;
        None
    }

    /// Draws it.
    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene);
}
