//! What is wrong, one line a finding.
//!
//! ```text
//! ─ What is wrong ─────────────
//!  ▲ loss toward 10.20.3.0/24
//!  ▲ DNS 10.20.1.2 slow
//! ```

use crate::model::Finding;
use crate::tui::canvas::{Canvas, Hit, cut_end};
use crate::tui::label;
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, Topic};
use crate::tui::widgets::frame::titled;
use ratatui::layout::Rect;

/// Active findings.
pub(in crate::tui) fn rows<'a>(scene: &Scene<'a>) -> Vec<(Topic, &'a Finding)> {
    scene.pane.arrange(label::findings(scene).into_iter().filter(|f| f.1.active).collect())
}

/// Draws the panel; `kind` is the kind of the page these rows are.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene, kind: usize) {
    let rows = rows(scene);
    let focused = scene.pane.kind == kind;
    let body = titled(canvas, area, "What is wrong", &[], focused && scene.pane.selected.is_some());
    if rows.is_empty() && body.height > 0 {
        let cleared = scene.snapshot.findings.len();
        let width = body.width.saturating_sub(2);
        canvas.pieces(
            body.x + 1,
            body.y,
            width,
            &[("● ".into(), scene.style(Hue::Good)), ("nothing found".into(), scene.style(Hue::Text))],
        );
        if cleared > 0 && body.height > 1 {
            canvas.ink(body.x + 1, body.y + 1, width, &format!("{cleared} cleared"), Hue::Dim);
        }
    }
    let height = usize::from(body.height);
    let chosen = scene.pane.selected.as_ref().filter(|_| focused).and_then(|t| rows.iter().position(|r| r.0 == *t));
    let skip = chosen.map_or(0, |at| (at + 1).saturating_sub(height));
    for (i, (topic, finding)) in rows.iter().enumerate().skip(skip).take(height) {
        let line = Rect { y: body.y + (i - skip) as u16, height: 1, ..body };
        let (symbol, hue) = label::severity(finding.severity);
        let width = line.width.saturating_sub(2);
        canvas.pieces(
            line.x + 1,
            line.y,
            width,
            &[(format!("{symbol} ").into(), scene.style(hue)), (cut_end(&finding.title, width.saturating_sub(2)), scene.style(Hue::Text))],
        );
        if chosen == Some(i) {
            canvas.over(line, scene.theme.selected());
        }
        canvas.click(line, Hit::Row(Some(kind), topic.clone()));
    }
}
