//! What a screen is. The list of them is in [`super::screens`]; pages one level down ([`super::details`]) are screens too.
//!
//! A screen is asked first about every key ([`Screen::key`]); what it needs to remember it keeps in its [`Pane`] ([`super::view::ScreenState`]).

use super::canvas::Canvas;
pub(super) use super::hint::Hint;
use super::keymap::Keymap;
use super::options::DashboardOptions;
use super::row_action::Export;
use super::theme::Hue;
use super::view::{Pane, Scene, Topic};
use crate::model::Timestamp;
use crate::snapshot::{Column, Query, Snapshot};
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use std::path::PathBuf;

/// What comes of an event: for the dashboard to do, or, through it, for the world.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    /// Nothing more: a screen has taken the key.
    Done,
    /// Say why a key did nothing.
    Say(&'static str),
    /// Move the selection by so many rows.
    Step(isize),
    /// Explain the selected finding at length.
    Explain,
    /// Say what could not be judged, and why.
    NotJudged,
    /// Ask the feed for other rows.
    Ask(Query),
    /// Forget everything counted.
    Reset,
    /// Hide addresses and names, or show them again.
    Mask,
    /// Have the terminal put a text into the clipboard; what it is, in words.
    Copy(String, String),
    /// Write something into a file of its own.
    Export(Export),
    /// Open a capture in another program, with a display filter.
    Open {
        /// The program.
        program: &'static str,
        /// The capture.
        file: PathBuf,
        /// Wireshark's filter.
        filter: Option<String>,
    },
    /// Stop until the shell continues the program.
    Suspend,
    /// Leave.
    Quit,
}

/// Which order a page sorts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sorts {
    /// The order of conversations.
    Conversations,
    /// The order of end points.
    Endpoints,
    /// The page's own, of the rows of the table of a token.
    Rows(&'static str),
}

/// One screen: a pure function from a scene to cells, and what its keys act on.
pub(super) trait Screen: Sync {
    /// Its name in the tabs.
    fn title(&self) -> &'static str;

    /// The same in a word of a few letters, for tabs that have little room.
    fn short_title(&self) -> &'static str {
        self.title()
    }

    /// What it shows, in a line for palette and README.
    fn about(&self) -> &'static str {
        ""
    }

    /// How many kinds of rows Left and Right walk through.
    fn kinds(&self, snapshot: &Snapshot) -> usize {
        let _ = snapshot;
        1
    }

    /// The kind of rows to show where the user chose none: `kind`, or one that has rows where that has none; `None`: that of its pane.
    fn kind_with_rows(&self, scene: &Scene, kind: usize) -> Option<usize> {
        let _ = (scene, kind);
        None
    }

    /// The rows that can be selected, in the order shown.
    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        let _ = scene;
        Vec::new()
    }

    /// The page that a row of its list opens, where that is not the row's own.
    fn opens(&self, scene: &Scene, topic: &Topic) -> Option<Topic> {
        let _ = (scene, topic);
        None
    }

    /// The moment that a row of its list tells of: the packets of its second are shown where the row has no page.
    fn moment(&self, scene: &Scene, topic: &Topic) -> Option<Timestamp> {
        let _ = (scene, topic);
        None
    }

    /// Whether `Enter` opens the first row where none is selected: the page shows it as if it were.
    fn opens_first(&self) -> bool {
        false
    }

    /// What it sorts and by which columns.
    fn sorting(&self) -> Option<(Sorts, Vec<Column>)> {
        None
    }

    /// Whether it shows the load chart (and so has a time scale).
    fn charts(&self) -> bool {
        false
    }

    /// Whether its rows are packets, of which other filters hold than of what they are part of.
    fn lists_packets(&self) -> bool {
        false
    }

    /// Whether it shows packets beside its own numbers: it is drawn again when more of them are known.
    fn shows_packets(&self) -> bool {
        false
    }

    /// Whether its numbers are those of the span where the past is looked at.
    fn looks_back(&self) -> bool {
        true
    }

    /// Whether they are where the span's packets were read again.
    fn looks_back_exactly(&self) -> bool {
        self.looks_back()
    }

    /// Keys of its own, for footer, help, palette and README.
    fn keys(&self) -> &'static [Hint] {
        &[]
    }

    /// A key, before the dashboard looks at it; `None` when it means nothing here.
    fn key(&self, pane: &mut Pane, key: KeyEvent, snapshot: &Snapshot) -> Option<Effect> {
        let _ = (pane, key, snapshot);
        None
    }

    /// Whether a line is being typed in it: then keys are letters.
    fn is_typing(&self, pane: &Pane) -> bool {
        let _ = pane;
        false
    }

    /// Its list as the dashboard begins.
    fn pane(&self, options: &DashboardOptions) -> Pane {
        let _ = options;
        Pane::default()
    }

    /// Marks in the tab.
    fn marks(&self, snapshot: &Snapshot) -> Vec<(String, Hue)> {
        let _ = snapshot;
        Vec::new()
    }

    /// Draws it.
    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene);
}

/// A screen and the digit that selects it, if it has one: `Tab` and the palette reach all.
#[derive(Clone, Copy)]
pub(super) struct ScreenEntry {
    /// The digit.
    pub digit: Option<char>,
    /// The screen.
    pub screen: &'static dyn Screen,
}

/// A screen with a digit.
pub(super) const fn entry(digit: char, screen: &'static dyn Screen) -> ScreenEntry {
    ScreenEntry { digit: Some(digit), screen }
}

impl ScreenEntry {
    /// The key that selects it; empty: none does.
    pub fn key(&self, keymap: &Keymap) -> String {
        self.digit.map_or_else(String::new, |digit| keymap.screen_key(digit))
    }

    /// The name of its tab, with the key that selects it.
    pub fn label(&self, keymap: &Keymap) -> String {
        format!("{} {}", self.key(keymap), self.screen.title()).trim_start().to_owned()
    }
}
