//! Findings that are alike: all of them, each with what it is about.
//!
//! ```text
//! ─ tcp.synflood ──────────────────────────────────────────── 50 alike ─
//!  ▲ 1,200 attempts to connect to 10.200.0.1:80 were never completed
//!  ▲ 1,200 attempts to connect to 10.200.0.2:80 were never completed
//! ```

use super::{SubjectPage, finding, gone};
use crate::model::ListedFinding;
use crate::snapshot::Snapshot;
use crate::tui::canvas::Canvas;
use crate::tui::panels::problem_list;
use crate::tui::screen::{Effect, Hint, Screen};
use crate::tui::theme::Hue;
use crate::tui::view::{Pane, Scene, Topic};
use crate::tui::widgets::frame::titled;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;

pub(super) struct AlikePage;

impl SubjectPage for AlikePage {
    fn covers(&self, topic: &Topic) -> bool {
        matches!(topic, Topic::Alike(_))
    }

    fn crumb(&self, _: &Scene, topic: &Topic) -> String {
        let Topic::Alike(like) = topic else { return String::new() };
        format!("all of {}", like.id)
    }
}

fn rows<'a>(scene: &Scene<'a>) -> Vec<(Topic, ListedFinding<'a>)> {
    let Some(Topic::Alike(like)) = scene.topic else { return Vec::new() };
    problem_list::rows_alike(scene, *like)
}

impl Screen for AlikePage {
    fn title(&self) -> &'static str {
        "Findings alike"
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        rows(scene).into_iter().map(|row| row.0).collect()
    }

    fn keys(&self) -> &'static [Hint] {
        &[finding::EXPLAIN]
    }

    fn key(&self, _: &mut Pane, key: KeyEvent, _: &Snapshot) -> Option<Effect> {
        finding::explains(key)
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let rows = rows(scene);
        let Some(Topic::Alike(like)) = scene.topic.filter(|_| !rows.is_empty()) else { return gone(canvas, area, scene) };
        let note = [(format!("{} alike", rows.len()).into(), scene.style(Hue::Dim))];
        let body = titled(canvas, area, like.id, &note, false);
        problem_list::draw(canvas, body, scene, &rows, "");
    }
}
