//! What is wrong, one line a finding.
//!
//! ```text
//! ─ What is wrong ─────────────
//!  ▲ loss toward 10.20.3.0/24
//!  ▲ DNS 10.20.1.2 slow
//! ```

use crate::model::units::plural;
use crate::model::{Finding, Verdict};
use crate::snapshot::Network;
use crate::tui::canvas::{Canvas, Hit, cells, cut_end};
use crate::tui::label;
use crate::tui::panels::mirror;
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, Topic};
use crate::tui::widgets::frame::titled;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;

/// Active findings, without those that follow from another: that one stands for them.
pub(in crate::tui) fn rows<'a>(scene: &Scene<'a>) -> Vec<(Topic, &'a Finding)> {
    scene.pane.arrange(label::findings(scene).into_iter().filter(|f| f.1.active && f.1.explained_by.is_none()).collect())
}

/// How many findings follow from this one.
fn explained(scene: &Scene, cause: &Finding) -> usize {
    let follows = |f: &&Finding| f.explained_by.is_some_and(|by| by.id == cause.id && by.subject == cause.subject);
    scene.snapshot.diagnosis.findings.iter().filter(follows).count()
}

/// What is said when there is no finding: of the mirror and of the network.
fn nothing(canvas: &mut Canvas, body: Rect, scene: &Scene) {
    let trust = &scene.snapshot.mirror.trust;
    let (symbol, words, hue) = mirror::verdict(trust);
    let words = match hue {
        Hue::Good => "mirror: no fault found".to_owned(),
        Hue::Dim => "mirror: not judged yet".to_owned(),
        _ => words,
    };
    let style = scene.style(if hue == Hue::Dim { Hue::Dim } else { Hue::Text });
    let first: [(Cow<'_, str>, Style); 2] = [(format!("{symbol} ").into(), scene.style(hue)), (words.into(), style)];
    let used: u16 = first.iter().map(|p| cells(&p.0)).sum();
    let (x, width) = (body.x + 1, body.width.saturating_sub(2));
    let network = network(&scene.snapshot.diagnosis.network);
    let cleared = scene.snapshot.diagnosis.findings.len();
    let mut below: Vec<String> = Vec::new();
    if used + cells(&network) + 3 > width {
        below.push(network.clone());
    }
    if cleared > 0 {
        below.push(format!("{cleared} cleared"));
    }
    if body.height > 0 {
        let drawn = canvas.pieces(x, body.y, width, &first);
        if used + cells(&network) + 3 <= width {
            canvas.ink(x + drawn, body.y, width - drawn, &format!(" · {network}"), Hue::Dim);
        }
    }
    for (text, y) in below.iter().zip(body.y + 1..body.bottom()) {
        canvas.ink(x + 2, y, width.saturating_sub(2), text, Hue::Dim);
    }
}

/// What is thought of the network, when nothing is wrong with it.
fn network(network: &Network) -> String {
    match network.verdict {
        Verdict::Unknown => "network: no connection or request seen yet".into(),
        _ => format!("network: no fault in {}", plural(network.judged, "attempt")),
    }
}

/// Draws the panel; `kind` is the kind of the page these rows are.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene, kind: usize) {
    let rows = rows(scene);
    let focused = scene.pane.kind == kind;
    let body = titled(canvas, area, "What is wrong", &[], focused && scene.pane.selected.is_some());
    if rows.is_empty() {
        nothing(canvas, body, scene);
    }
    let height = usize::from(body.height);
    let chosen = scene.pane.selected.as_ref().filter(|_| focused).and_then(|t| rows.iter().position(|r| r.0 == *t));
    let skip = chosen.map_or(0, |at| (at + 1).saturating_sub(height));
    for (i, (topic, finding)) in rows.iter().enumerate().skip(skip).take(height) {
        let line = Rect { y: body.y + (i - skip) as u16, height: 1, ..body };
        let (symbol, hue) = label::severity(finding.severity);
        let width = line.width.saturating_sub(2);
        let explains = explained(scene, finding);
        let more = if explains == 0 { String::new() } else { format!(" (+{explains})") };
        canvas.pieces(
            line.x + 1,
            line.y,
            width,
            &[
                (format!("{symbol} ").into(), scene.style(hue)),
                (cut_end(&finding.title, width.saturating_sub(2 + cells(&more))), scene.style(Hue::Text)),
                (more.into(), scene.style(Hue::Dim)),
            ],
        );
        if chosen == Some(i) {
            canvas.over(line, scene.theme.selected());
        }
        canvas.click(line, Hit::Row(Some(kind), topic.clone()));
    }
}
