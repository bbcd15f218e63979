//! Names of addresses, learnt from what passes by.
//!
//! ```text
//! ─ Names learnt ─────────────────────────────────────────── 12 ─
//!  address       name                    learnt from  last seen
//!  10.77.0.20    files.office.example    dns           11:06:39
//! ```

use crate::snapshot::Column;
use crate::snapshot::tables::names::NAMES;
use crate::tui::canvas::Canvas;
use crate::tui::panels::any_table::TablePanel;
use crate::tui::screen::{Screen, Sorts};
use crate::tui::view::{Scene, Topic};
use ratatui::layout::Rect;

/// Names; of more than a dashboard holds those seen last.
pub(in crate::tui) struct NamesScreen;

const SHEET: TablePanel = TablePanel { empty: "no name was learnt yet: they come from DNS, mDNS, LLMNR and TLS", ..TablePanel::of(&NAMES) };

impl Screen for NamesScreen {
    fn title(&self) -> &'static str {
        "Names"
    }

    fn about(&self) -> &'static str {
        "names of addresses, learnt from DNS answers, TLS server names and the like"
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        SHEET.topics(scene)
    }

    fn opens(&self, scene: &Scene, topic: &Topic) -> Option<Topic> {
        SHEET.host(scene, topic)
    }

    fn sorting(&self) -> Option<(Sorts, Vec<Column>)> {
        Some(SHEET.sorting())
    }

    fn looks_back(&self) -> bool {
        false
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        SHEET.draw(canvas, area, scene, true);
    }
}
