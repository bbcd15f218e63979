//! A screen is one file and one line: this is the file.

use crate::snapshot::Snapshot;
use crate::tui::canvas::Canvas;
use crate::tui::screen::{Effect, Hint, Screen};
use crate::tui::theme::Hue;
use crate::tui::view::{Pane, Scene, Topic};
use crate::tui::widgets::frame::titled;
use crate::tui::widgets::table::{self, Cell, Col, Shape};
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

/// Counts how often its key was pressed, in rows that have no page.
pub(super) struct Toy;

/// How often.
#[derive(Default)]
struct Pressed(u64);

impl Screen for Toy {
    fn title(&self) -> &'static str {
        "Toy"
    }

    fn about(&self) -> &'static str {
        "a screen of the tests"
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        (0..scene.pane.own.get::<Pressed>().map_or(0, |p| p.0)).map(Topic::Row).collect()
    }

    fn keys(&self) -> &'static [Hint] {
        &[Hint { key: "z", word: "another", help: "one more row" }]
    }

    fn key(&self, pane: &mut Pane, key: KeyEvent, _: &Snapshot) -> Option<Effect> {
        // Of keys that mean something elsewhere, a screen may take those it wants.
        matches!(key.code, KeyCode::Char('z' | 'p')).then(|| {
            pane.own.change(|pressed: &mut Pressed| pressed.0 += 1);
            Effect::Done
        })
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let body = titled(canvas, area, "Toys", &[], false);
        let rows: Vec<(Topic, ())> = self.topics(scene).into_iter().map(|topic| (topic, ())).collect();
        let column = Col::left("toy", 10..=20, 0, |s, ()| Cell::Text("a toy".into(), s.style(Hue::Text)));
        table::draw(canvas, scene, body, &[column], &rows, &Shape { focused: true, empty: "no toys yet", ..Shape::default() });
    }
}
