//! What is to be known of a column without its rows: names, and where it stands in which outputs.

use super::kind::{FieldKind, Layers};

/// When a column stands on a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// While packets come from a port: there is a now.
    Live,
    /// Of a file.
    File,
}

/// How a column of a text report behaves when a line is too narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It keeps its width.
    Fixed,
    /// Its cells are cut in the middle.
    Cut,
    /// Its cells are wrapped; only for the last column.
    Wrapped,
    /// It is left out; the largest number goes first.
    Dropped(u8),
}

/// What a column on a screen is coloured as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tint {
    /// As its kind is.
    Usual,
    /// As the application or protocol of its row.
    App,
    /// Of less weight.
    Dim,
    /// Sent.
    Out,
    /// Received.
    In,
    /// Peaks.
    High,
    /// Something to be looked at, where it is not 0.
    Warn,
    /// Something wrong, where it is not 0.
    Bad,
}

/// Places count from 0; a field that says nothing stands behind those that do, in the order of the list.
pub(super) const LAST: u8 = 50;

/// A column of the reports for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnPaper {
    /// Columns stand in this order.
    pub place: u8,
    /// What it does when a line is too narrow.
    pub room: Room,
    /// Numbers stand at the right edge.
    pub right: bool,
    /// Left out when no row shown has a value.
    pub optional: bool,
}

/// A column of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnScreen {
    /// Its title; empty: the field's own in lower case.
    pub title: &'static str,
    /// Cells it needs and can use; `None`: as usual for its kind.
    pub width: Option<(u16, u16)>,
    /// Columns with larger numbers go first when there is no room.
    pub worth: u8,
    /// Columns stand in this order.
    pub place: u8,
    /// Colour.
    pub tint: Tint,
}

/// What JSON does with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InJson {
    /// It has no such member.
    Never,
    /// The member is left out when there is no value.
    WhenKnown,
    /// The member is `null` when there is no value.
    Always,
}

/// What is to be known of a field without its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its name in JSON, CSV, exports, sorting and the filter: lower case with underscores, unique in its table.
    pub token: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// Sheets it belongs to.
    pub layers: Layers,
    /// When it stands on a screen.
    pub when: When,
    /// In JSON.
    pub json: InJson,
    /// In CSV.
    pub csv: bool,
    /// In text, Markdown and HTML.
    pub paper: Option<OnPaper>,
    /// On screens.
    pub screen: Option<OnScreen>,
    /// The field that its column sorts by; empty: none.
    pub sort: &'static str,
    /// Whether a word of the filter looks into it.
    pub searched: bool,
    /// Whether people are told with a `?` that there is no value; otherwise its place stays empty.
    pub asks: bool,
    /// All values it can have; empty: they are not listed.
    pub words: &'static [&'static str],
}

impl Head {
    /// What the column is called on screens, in the configuration and in the filter, as one word: its title there, else its token.
    pub fn name(&self) -> String {
        let title = self.screen.map_or("", |screen| screen.title);
        match is_word(title) {
            true => title.replace(' ', "_"),
            false => self.token.to_owned(),
        }
    }

    /// Whether it is called so: by its name or its token.
    pub fn is_called(&self, word: &str) -> bool {
        let title = self.screen.map_or("", |screen| screen.title);
        let is_title = || title.len() == word.len() && title.chars().zip(word.chars()).all(|(a, b)| a == b || a == ' ' && b == '_');
        self.token == word || is_word(title) && is_title()
    }
}

/// Whether a title can be typed as a word.
fn is_word(title: &str) -> bool {
    title.starts_with(|c: char| c.is_ascii_lowercase()) && title.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == ' ')
}
