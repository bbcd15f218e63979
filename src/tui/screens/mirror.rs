//! Can this mirror be believed.
//!
//! ```text
//!  ● good   The mirror can be believed                                   trust 97 of 100
//! ─ From switch to screen ───────────────────────────────────────────────────────────────
//!  switch ──────▶ path ──────▶ interface ──────▶ kernel ──────▶ queue ──────▶ analysed
//!  ● 0 %          ? unknown    ● 0               ● 0            ● 0           100 %
//! ─ Trust ───────────────────────────────────────────────────────────────────────────────
//! ─ Duplicates ─────────────────────────────┬─ Directions ───────────────────────────────
//!                                           ├─ Silenced detectors ───────────────────────
//! ─ Sessions ───────────────────────────────┼─ Tunnels ──────────────────────────────────
//! ```

use crate::tui::canvas::{Canvas, split_top};
use crate::tui::panels::mirror::{self as panels, duplicates, ledger, sessions};
use crate::tui::panels::{kinds, load};
use crate::tui::screen::{Hint, Screen};
use crate::tui::view::Scene;
use crate::tui::widgets::frame::columns;
use ratatui::layout::Rect;

/// The mirror's health.
pub(in crate::tui) struct Mirror;

const NAMES: [&str; 5] = ["Trust", "Duplicates", "Sessions", "Tunnels", "Silenced"];

type Panel = fn(&mut Canvas, Rect, &Scene);
const PANELS: [Panel; 5] = [panels::trust, duplicates::draw, sessions::draw, sessions::tunnels, panels::silenced];

impl Screen for Mirror {
    fn digit(&self) -> char {
        '8'
    }

    fn title(&self) -> &'static str {
        "Mirror"
    }

    fn kinds(&self) -> usize {
        PANELS.len()
    }

    fn keys(&self) -> &'static [Hint] {
        &[Hint { key: "← →", word: "panel", help: "trust, duplicates, sessions, tunnels, silenced detectors" }]
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let (top, rest) = split_top(area, 2);
        panels::headline(canvas, top, scene);
        if rest.height < 4 {
            return;
        }
        let (stages, rest) = if rest.height >= 12 { split_top(rest, if rest.height >= 24 { 5 } else { 4 }) } else { (Rect::ZERO, rest) };
        if stages.height > 0 {
            ledger::draw(canvas, stages, scene);
        }
        if area.width >= 110 && rest.height >= 24 { grid(canvas, rest, scene) } else { one(canvas, rest, scene) }
    }
}

/// One panel at a time, walked through with Left and Right.
fn one(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let (line, body) = split_top(area, 1);
    let names: Vec<_> = NAMES.iter().map(|n| (*n, None)).collect();
    kinds::draw(canvas, line, scene, &names);
    if let Some(panel) = PANELS.get(scene.pane.kind) {
        panel(canvas, body, scene);
    }
}

/// Everything at once.
fn grid(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let mirror = &scene.snapshot.mirror;
    let (trust, rest) = split_top(area, mirror.trust.parts.len().clamp(1, 8) as u16 + 1 + u16::from(area.height >= 26));
    panels::trust(canvas, trust, scene);
    let tallest = duplicates::height(scene).max(mirror.silenced.len().min(6) as u16 + 6);
    let (middle, bottom) = split_top(rest, tallest.clamp(8, (rest.height * 3 / 5).max(8)));
    let half = area.width / 2;
    if let [copies, right] = columns(canvas, middle, &[half])[..] {
        duplicates::draw(canvas, copies, scene);
        let (directions, silenced) = split_top(right, 4);
        panels::directions(canvas, directions, scene);
        panels::silenced(canvas, silenced, scene);
    }
    // On tall screens the load closes the page: a verdict is read against it.
    let rows = mirror.sessions.len().max(mirror.tunnels.rows.len()).min(40) as u16 + 3;
    let (tables, chart) = split_top(bottom, if bottom.height >= rows + 12 { rows } else { bottom.height });
    if let [left, right] = columns(canvas, tables, &[half])[..] {
        sessions::draw(canvas, left, scene);
        sessions::tunnels(canvas, right, scene);
    }
    if chart.height > 0 {
        load::draw(canvas, chart, scene);
    }
}
