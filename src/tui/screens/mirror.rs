//! Can this mirror be believed.
//!
//! ```text
//!  ● good   The mirror can be believed                                   trust 97 of 100
//! ─ From switch to screen ───────────────────────────────────────────────────────────────
//!  switch ──────▶ path ──────▶ interface ──────▶ kernel ──────▶ queue ──────▶ analysed
//!  ● 0 %          ? unknown    ● 0               ● 0            ● 0           100 %
//! ─ Trust ───────────────────────────────────────────────────────────────────────────────
//! ─ Duplicates ─────────────────────────────┬─ Directions ───────────────────────────────
//! ─ Mirror sessions ────────────────────────┼─ Not judged ───────────────────────────────
//! ─ Time stamps of devices ─────────────────┼─ This host ────────────────────────────────
//!                                           ├─ User tunnels on the link ─────────────────
//! ```

use crate::snapshot::Snapshot;
use crate::tui::canvas::{Canvas, split_top};
use crate::tui::panels::mirror::{self as panels, duplicates, host, ledger, sessions, stamps};
use crate::tui::panels::{kinds, load};
use crate::tui::screen::{Hint, Screen};
use crate::tui::view::Scene;
use crate::tui::widgets::frame::columns;
use ratatui::layout::Rect;

/// The mirror's health.
pub(in crate::tui) struct MirrorScreen;

type Panel = fn(&mut Canvas, Rect, &Scene);

/// The panels a small screen shows one at a time.
const PANELS: [(&str, Panel); 7] = [
    ("Trust", panels::trust),
    ("Host", host::draw),
    ("Duplicates", duplicates::draw),
    ("Sessions", sessions::draw),
    ("Stamps", stamps::draw),
    ("Tunnels", sessions::tunnels),
    ("Not judged", panels::silenced),
];

impl Screen for MirrorScreen {
    fn title(&self) -> &'static str {
        "Mirror"
    }

    fn about(&self) -> &'static str {
        "can this be trusted? Where packets are lost, duplicates, directions, sessions and their sampling, time stamps of devices, and on a live port what is wrong with this host, with the command that changes it"
    }

    fn kinds(&self, _: &Snapshot) -> usize {
        PANELS.len()
    }

    fn keys(&self) -> &'static [Hint] {
        &[Hint { key: "← →", word: "panel", help: "trust, this host, duplicates, sessions, stamps, tunnels, not judged" }]
    }

    fn looks_back(&self) -> bool {
        false
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

/// One panel at a time, walked through with Left and Right. What trust leaves of the screen goes to the host's checklist.
fn one(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let (line, body) = split_top(area, 1);
    let mirror = &scene.snapshot.mirror;
    let count = |name| match name {
        "Host" => Some(host::failing(scene)),
        "Sessions" => Some(mirror.sessions.len() as u64),
        "Not judged" => Some(mirror.not_judged.len().max(mirror.silenced.len()) as u64),
        _ => None,
    };
    let names: Vec<_> = PANELS.iter().map(|(name, _)| (*name, count(*name).filter(|n| *n > 0))).collect();
    kinds::draw(canvas, line, scene, &names);
    let Some((name, panel)) = PANELS.get(scene.pane.kind) else { return };
    let trust = panels::trust_height(scene, area.width) + 1;
    if *name == "Trust" && !scene.snapshot.diagnosis.host.is_empty() && body.height >= trust + 4 {
        let (above, below) = split_top(body, trust);
        panel(canvas, above, scene);
        host::draw(canvas, below, scene);
    } else {
        panel(canvas, body, scene);
    }
}

/// Everything at once.
fn grid(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let mirror = &scene.snapshot.mirror;
    let least = mirror.trust.parts.len().clamp(1, 8) as u16 + 1;
    let (trust, rest) = split_top(area, (panels::trust_height(scene, area.width) + 1).min((area.height / 3).max(least)));
    panels::trust(canvas, trust, scene);
    let half = area.width / 2;
    let mut left: Vec<(u16, Panel)> = vec![
        (duplicates::height(scene).clamp(3, (rest.height * 3 / 5).max(8)), duplicates::draw),
        (sessions::height(scene), sessions::draw),
        (stamps::height(scene), stamps::draw),
    ];
    let mut right: Vec<(u16, Panel)> = vec![
        (4, panels::directions),
        (host::height(scene, area.width - half - 1), host::draw),
        (sessions::tunnels_height(scene), sessions::tunnels),
    ];
    let sum = |panels: &[(u16, Panel)]| panels.iter().map(|panel| panel.0).sum::<u16>();
    // The longest of them stands where more of it has room; what is last needs no blank below it.
    let (silenced, silenced_left) = (panels::silenced_height(scene, area.width - half - 1) + 1, panels::silenced_height(scene, half));
    let lacks = |others: &[(u16, Panel)], height: u16| sum(others).saturating_add(height).saturating_sub(rest.height);
    match lacks(&left, silenced_left) < lacks(&right, silenced) {
        true => left.push((silenced_left, panels::silenced)),
        false => right.insert(1, (silenced, panels::silenced)),
    }
    // On tall screens the load closes the page: a verdict is read against it.
    let tallest = sum(&left).max(sum(&right));
    let (tables, chart) = split_top(rest, if rest.height >= tallest + 12 { tallest } else { rest.height });
    if let [one, other] = columns(canvas, tables, &[half])[..] {
        stack(canvas, one, scene, &left);
        stack(canvas, other, scene, &right);
    }
    if chart.height > 0 {
        load::draw(canvas, chart, scene);
    }
}

/// Panels below each other, each as high as it wants; what is wanted too much is taken from the highest of them.
fn stack(canvas: &mut Canvas, area: Rect, scene: &Scene, panels: &[(u16, Panel)]) {
    let mut panels: Vec<(u16, Panel)> = panels.iter().copied().filter(|p| p.0 > 0).collect();
    while panels.iter().map(|p| p.0).sum::<u16>() > area.height {
        let Some(highest) = panels.iter_mut().max_by_key(|p| p.0).filter(|p| p.0 > 3) else { break };
        highest.0 -= 1;
    }
    let mut rest = area;
    for (i, (height, panel)) in panels.iter().enumerate() {
        let last = i + 1 == panels.len();
        let (mine, below) = split_top(rest, if last { rest.height } else { *height });
        if mine.height >= 2 {
            panel(canvas, mine, scene);
        }
        rest = below;
    }
}
