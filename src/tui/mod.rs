//! The dashboard: screens that draw [`crate::snapshot::Snapshot`]s in a terminal.
//!
//! [`run()`] takes a [`crate::snapshot::Feed`] and shows it until the user leaves; [`pick`] lets the user choose an interface first.
//! Inside, events change the state of an `app`, and the state and a snapshot become cells: no panel knows a terminal, a clock or an
//! engine, so a whole session can be tested without them.
//!
//! ```text
//!  terminal ─▶ event ─▶ input ─▶ app ──▶ page: a screen of the list, or a page about one thing
//!  feed ─────▶ snapshot ───────▶     ──▶ panels ─▶ widgets ─▶ canvas ─▶ cells
//! ```
//!
//! - a screen: one file in `screens/` and one line in `screens/mod.rs`;
//! - a page about one thing (a host, a finding): one file in `details/` and one line there; the thing itself is a `Topic`;
//! - the fleet is a dashboard of its own, in `fleet/`;
//! - a panel: one file in `panels/`, a pure function from a scene to cells;
//! - a colour: one line in `theme.rs`.

mod actions;
mod app;
mod ascii;
mod asked;
mod background;
mod canvas;
mod chrome;
mod columns;
mod cursor;
mod details;
mod exit_summary;
mod fields;
mod fleet;
mod held;
mod hint;
mod hints;
mod hue;
mod input;
mod keymap;
mod keystrokes;
mod label;
mod lookback;
mod modal;
mod options;
mod paint;
mod panels;
mod picker;
mod rates;
mod recents;
mod row_action;
mod run;
mod screen;
mod screens;
mod sorting;
mod still;
mod svg;
mod terminal;
mod theme;
mod themes;
mod time_cursor;
mod topic;
mod view;
mod widgets;

#[cfg(test)]
mod demo;
#[cfg(test)]
mod tests;
#[cfg(test)]
use crate::{model, snapshot};

pub use ascii::{text as in_ascii, wanted as wants_ascii};
pub use exit_summary::ExitSummary;
pub use fleet::fleet;
pub use keymap::{KeyChange, Keymap};
pub use options::{ChosenColumns, DashboardOptions, ExportTo, Keep, KeptChoices, Mask, MaskedSide, OpenWith, OwnNames, Written};
pub use picker::pick;
pub use row_action::{Bookmark, Export};
pub use run::{Left, run};
pub use still::Still;
pub use terminal::give_back;
pub use theme::{Background, ColorChoice, Depth, Theme};
