//! The checklist of this host: what is wrong with it, worst first, and the command that would change it.
//!
//! ```text
//! ─ This host eth1 ──────────────────────────────────── ✖ 1  ▲ 1 ─
//!  ✖ Receive offload (GRO, LRO)  generic-receive-offload is on
//!      ethtool -K eth1 gro off
//!  ▲ Receive ring  512 of 4096
//!      ethtool -G eth1 rx 4096
//!  ● 19 more as a mirror port wants it · 2 cannot be told
//! ```

use crate::model::Arrange as _;
use crate::model::host::{Check, Checklist, Rating};
use crate::tui::canvas::{Canvas, wrap};
use crate::tui::panels::facts::{self, TextLine};
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use crate::tui::widgets::frame::titled;
use ratatui::layout::Rect;

/// Cells before a command.
const INDENT: u16 = 4;

/// What of the checklists is not as it should be, in number.
pub(in crate::tui) fn failing(scene: &Scene) -> u64 {
    scene.snapshot.diagnosis.host.iter().flat_map(|list| &list.checks).filter(|c| c.verdict >= Rating::Warning).count() as u64
}

/// Rows the panel can use; none where there is no host to check.
pub(in crate::tui) fn height(scene: &Scene, width: u16) -> u16 {
    if scene.snapshot.diagnosis.host.is_empty() { 0 } else { (lines(scene, width.saturating_sub(2)).len() + 2).min(60) as u16 }
}

fn sign(verdict: Rating) -> (&'static str, Hue) {
    match verdict {
        Rating::Good => ("●", Hue::Good),
        Rating::Unknown => ("?", Hue::Dim),
        Rating::Note => (" ", Hue::Dim),
        Rating::Warning => ("▲", Hue::Warn),
        Rating::Fail => ("✖", Hue::Bad),
    }
}

/// Draws the panel; where it is alone on the screen it scrolls.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let lists = &scene.snapshot.diagnosis.host;
    let title = match &lists[..] {
        [one] => format!("This host {}", one.interface),
        _ => "This host".to_owned(),
    };
    let mut notes = Vec::new();
    for verdict in [Rating::Fail, Rating::Warning] {
        let count = lists.iter().flat_map(|l| &l.checks).filter(|c| c.verdict == verdict).count();
        if count > 0 {
            let (symbol, hue) = sign(verdict);
            notes.push((format!("{}{symbol} {count}", if notes.is_empty() { "" } else { "  " }).into(), scene.style(hue)));
        }
    }
    let body = titled(canvas, area, &title, &notes, false);
    if body.height == 0 {
        return;
    }
    let width = body.width.saturating_sub(2);
    let lines = lines(scene, width);
    facts::scrolled(canvas, body, &lines, scene.pane.scroll);
}

fn lines(scene: &Scene, width: u16) -> Vec<TextLine> {
    let lists = &scene.snapshot.diagnosis.host;
    let mut out = Vec::new();
    if lists.is_empty() {
        let why = if scene.snapshot.live { "nothing is known of it yet" } else { "it is checked for live ports only" };
        out.push((0, why.to_owned(), scene.style(Hue::Dim)));
    }
    for list in lists {
        if lists.len() > 1 {
            out.push((0, list.interface.clone(), scene.style(Hue::Title)));
        }
        one(&mut out, scene, list, width);
    }
    out
}

fn one(out: &mut Vec<TextLine>, scene: &Scene, list: &Checklist, width: u16) {
    let mut told: Vec<&Check> = list.checks.iter().filter(|c| c.verdict >= Rating::Note).collect();
    told.arrange_by_key(|c| std::cmp::Reverse(c.verdict));
    for check in &told {
        let (symbol, hue) = sign(check.verdict);
        let style = if check.verdict == Rating::Note { scene.style(Hue::Dim) } else { scene.style(hue) };
        for (i, line) in wrap(&format!("{}: {}", check.name, check.found), width.saturating_sub(2)).into_iter().enumerate() {
            out.push(if i == 0 { (0, format!("{symbol} {line}"), style) } else { (2, line, style) });
        }
        let command = check.command.iter().flat_map(|c| wrap(c, width.saturating_sub(INDENT)));
        out.extend(command.map(|line| (INDENT, line, scene.style(Hue::Text))));
    }
    let count = |verdict| list.checks.iter().filter(|c| c.verdict == verdict).count();
    let (good, unknown) = (count(Rating::Good), count(Rating::Unknown));
    if good > 0 {
        let more = if told.is_empty() { "" } else { "more " };
        out.push((0, format!("● {good} {more}as a mirror port wants it"), scene.style(Hue::Good)));
    }
    if unknown > 0 {
        out.push((0, format!("? {unknown} cannot be told here"), scene.style(Hue::Dim)));
    }
}
