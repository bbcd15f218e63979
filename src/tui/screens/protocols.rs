//! The protocol hierarchy as a tree.
//!
//! ```text
//!  protocol                  rate        share            packets/s     bytes   packets   own
//!  ▾ eth                1.24 Gb/s  ██████████  100 %      312 kp/s    91.2 GB    183 M
//!    ▾ ip               1.20 Gb/s  █████████▋   97 %      301 kp/s  …
//!      ▾ tcp            …
//!          tls          …
//! ```

use crate::model::Path;
use crate::snapshot;
use crate::snapshot::table::Layers;
use crate::snapshot::tables::conversations::CONVERSATIONS;
use crate::snapshot::tables::hierarchy::HIERARCHY;
use crate::snapshot::{HierarchyRow, Snapshot};
use crate::tui::canvas::{Canvas, split_top};
use crate::tui::columns::empty;
use crate::tui::details;
use crate::tui::fields;
use crate::tui::label;
use crate::tui::panels::top;
use crate::tui::screen::{Effect, Hint, Screen};
use crate::tui::theme::Hue;
use crate::tui::view::{Kind, Pane, Scene, Topic};
use crate::tui::widgets::frame::titled;
use crate::tui::widgets::table::{self, Cell, Col, Content, Shape};
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;
use std::collections::HashSet;

/// The tree of protocols.
pub(in crate::tui) struct ProtocolsScreen;

/// Branches that are closed.
type Folded = HashSet<Path>;

/// A row of the tree.
#[derive(Clone, Copy)]
pub(in crate::tui) struct Branch {
    row: HierarchyRow,
    depth: usize,
    /// Whether something is below it, and whether that is hidden.
    children: bool,
    folded: bool,
}

/// The rows of the tree that are not inside a closed branch. Their order is the snapshot's (a tree holds still by itself).
pub(in crate::tui) fn rows(scene: &Scene) -> Vec<(Topic, Branch)> {
    let all = top::hierarchy(scene);
    let closed = scene.pane.own.get::<Folded>();
    let mut hidden: Option<usize> = None;
    let mut out = Vec::with_capacity(all.len());
    for (i, row) in all.iter().copied().enumerate() {
        let depth = row.depth();
        if hidden.is_some_and(|above| depth > above) {
            continue;
        }
        let children = all.get(i + 1).is_some_and(|next| next.depth() > depth);
        let folded = children && closed.is_some_and(|f| f.contains(&row.path));
        hidden = folded.then_some(depth);
        let topic = row.app.map_or(Topic::Protocol(row.path), |(app, _)| Topic::Spoken(row.path, app));
        out.push((topic, Branch { row, depth, children, folded }));
    }
    out
}

/// The branch above a path.
fn parent(path: Path) -> Option<Path> {
    let all: Vec<Path> = path.prefixes().collect();
    all.len().checked_sub(2).and_then(|i| all.get(i)).copied()
}

/// The branch above a row.
fn above(row: &HierarchyRow) -> Option<Path> {
    if row.app.is_some() { Some(row.path) } else { parent(row.path) }
}

impl Screen for ProtocolsScreen {
    fn title(&self) -> &'static str {
        "Protocols"
    }

    fn short_title(&self) -> &'static str {
        "Prot"
    }

    fn about(&self) -> &'static str {
        "the tree of what is inside what"
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        rows(scene).into_iter().map(|r| r.0).collect()
    }

    fn keys(&self) -> &'static [Hint] {
        &[Hint { key: "← →", word: "fold", help: "close or open a branch" }]
    }

    fn key(&self, pane: &mut Pane, key: KeyEvent, snapshot: &Snapshot) -> Option<Effect> {
        match key.code {
            KeyCode::Left => Some(close(pane, snapshot)),
            KeyCode::Right => Some(open(pane)),
            _ => None,
        }
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let rows = rows(scene);
        let note = match scene.view.filter {
            Some(_) => format!("of what matches{}", scene.unasked(|filter| filter.asks_of(&CONVERSATIONS))),
            None => format!("{} paths", scene.snapshot.stats.protocols.len()),
        };
        let body = titled(canvas, area, &scene.based("Protocol hierarchy"), &[(note.into(), scene.style(Hue::Dim))], false);
        let need = (rows.len() + 2).min(usize::from(u16::MAX)) as u16;
        let (tree, below) = split_top(body, if body.height >= need + 6 { need } else { body.height });
        table::draw(canvas, scene, tree, &columns(scene.whole()), &rows, &Shape { focused: true, empty: empty(scene), ..Shape::default() });
        if below.height > 0 && !rows.is_empty() {
            speakers(canvas, below, scene, &rows);
        }
    }
}

/// Closes the selected branch, or goes to the one above it.
fn close(pane: &mut Pane, snapshot: &Snapshot) -> Effect {
    if let Some(Topic::Spoken(path, _)) = pane.selected {
        pane.selected = Some(Topic::Protocol(path));
        return Effect::Done;
    }
    let Some(Topic::Protocol(path)) = pane.selected else { return Effect::Step(0) };
    let below = snapshot::hierarchy::hierarchy(snapshot, false).iter().any(|r| above(r) == Some(path));
    let closed = below && pane.own.change(|folded: &mut Folded| folded.insert(path));
    if let (false, Some(above)) = (closed, parent(path)) {
        pane.selected = Some(Topic::Protocol(above));
    }
    Effect::Done
}

/// Opens the selected branch.
fn open(pane: &mut Pane) -> Effect {
    let Some(Topic::Protocol(path)) = pane.selected else { return Effect::Step(0) };
    pane.own.change(|folded: &mut Folded| folded.remove(&path));
    Effect::Done
}

/// Who speaks the selected protocol, below the tree where there is room.
fn speakers(canvas: &mut Canvas, area: Rect, scene: &Scene, rows: &[(Topic, Branch)]) {
    let chosen = scene.pane.selected.as_ref().and_then(|t| rows.iter().find(|r| r.0 == *t)).or(rows.first());
    let Some((_, branch)) = chosen else { return };
    let path = branch.row.path;
    let title = format!("Conversations with {}", branch.row.token());
    details::speakers(canvas, area, scene, &title, &|c| match branch.row.app {
        Some((app, _)) => c.path == path && c.app == Some(app),
        None => c.path.prefixes().any(|p| p == path),
    });
}

/// The columns of the table; the first one is a tree.
fn columns(whole: bool) -> Vec<Col<Branch>> {
    let mut columns: Vec<Col<Branch>> =
        fields::columns(&HIERARCHY, Layers::ALL, whole, |s, b: &Branch, at| fields::of_row(s, Kind::Eth, &HIERARCHY, &b.row, at));
    if let Some(first) = columns.first_mut() {
        first.cell = Content::Row(branch);
    }
    columns
}

fn branch(s: &Scene, b: &Branch) -> Cell {
    let fold = match (b.children, b.folded) {
        (true, true) => "▸ ",
        (true, false) => "▾ ",
        _ => "  ",
    };
    let hue = match (b.row.app, b.row.path.last()) {
        (Some((app, _)), _) => Hue::Family(label::family(app)),
        (None, Some(layer)) => Hue::Family(label::layer_family(layer)),
        (None, None) => Hue::Text,
    };
    let mut pieces: Vec<(Cow<'static, str>, Style)> = vec![
        ("  ".repeat(b.depth.saturating_sub(1)).into(), s.style(Hue::Dim)),
        (fold.into(), s.style(Hue::Dim)),
        (b.row.token().into(), s.style(hue)),
    ];
    if b.row.app.is_some_and(|(_, guess)| guess) {
        pieces.push(("?".into(), s.style(Hue::Dim)));
    }
    Cell::Pieces(pieces)
}
