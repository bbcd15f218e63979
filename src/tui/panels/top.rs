//! The busiest protocols, conversations and hosts.
//!
//! ```text
//! ─ Protocols ────────────────────────────┬─ Conversations ────────────────────────────
//!  tls        612 Mb/s  ███████████▌  49 % │ 10.20.0.14:51532 ⇄ 10.20.1.7:443  tls  210 Mb/s
//!  smb2       231 Mb/s  ████▎         19 % │ 10.20.0.31:49822 ⇄ 10.20.1.9:445  smb2 188 Mb/s
//! ```

use crate::model::Arrange as _;
use crate::model::Path;
use crate::model::proto::Family;
use crate::snapshot::{self, HierarchyRow, Traffic};
use crate::tui::canvas::Canvas;
use crate::tui::columns::{self, End, KindAndConversation};
use crate::tui::label;
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, Topic};
use crate::tui::widgets::amount::RATE;
use crate::tui::widgets::frame::titled_of;
use crate::tui::widgets::table::{self, Cell, Col, Shape};
use ratatui::layout::Rect;
use std::collections::HashMap;

/// Rows a panel can be scrolled through.
const ROWS: usize = 100;

/// A protocol without those inside it.
#[derive(Debug, Clone)]
pub(in crate::tui) struct Leaf {
    /// Token.
    pub name: String,
    /// Its hue.
    pub family: Family,
    /// Traffic since the previous snapshot.
    pub recent: Traffic,
    /// Traffic in all.
    pub total: Traffic,
    /// Only ports tell.
    pub guess: bool,
    path: Path,
    largest: u64,
}

/// The hierarchy of what is shown.
pub(in crate::tui) fn hierarchy(scene: &Scene) -> Vec<HierarchyRow> {
    snapshot::hierarchy::hierarchy(scene.snapshot, scene.view.filter.is_some())
}

/// Innermost protocols, busiest first: what the hierarchy ends in.
pub(in crate::tui) fn leaves(scene: &Scene) -> Vec<Leaf> {
    let mut leaves: HashMap<String, Leaf> = HashMap::new();
    for row in hierarchy(scene) {
        let family = match (row.app, row.path.last()) {
            (Some((app, _)), _) => label::family(app),
            (None, Some(layer)) => label::layer_family(layer),
            (None, None) => continue,
        };
        add(&mut leaves, (row.token(), family, row.path), row.own_recent, row.own, row.app.is_some_and(|app| app.1));
    }
    sorted(leaves, scene)
}

/// Busiest first, those that are idle left out.
fn sorted(leaves: HashMap<String, Leaf>, scene: &Scene) -> Vec<Leaf> {
    let mut out: Vec<Leaf> = leaves.into_values().filter(|l| scene.basis(l.recent, l.total).0.packets > 0).collect();
    let place = |l: &Leaf| {
        let bits = scene.bits(l.recent, l.total);
        if scene.whole() { bits } else { scene.rates.rank_of(&l.name, bits) }
    };
    out.arrange_by(|x, y| place(y).total_cmp(&place(x)).then_with(|| x.name.cmp(&y.name)));
    out
}

fn add(leaves: &mut HashMap<String, Leaf>, (name, family, path): (String, Family, Path), recent: Traffic, total: Traffic, guess: bool) {
    let leaf = leaves.entry(name).or_insert_with_key(|name| Leaf {
        name: name.clone(),
        family,
        recent: Traffic::default(),
        total: Traffic::default(),
        guess: true,
        path,
        largest: 0,
    });
    leaf.guess &= guess;
    leaf.recent.add(recent);
    leaf.total.add(total);
    if total.wire_bytes >= leaf.largest {
        leaf.largest = total.wire_bytes;
        leaf.path = path;
    }
}

/// The rows of the panel with their pages.
pub(in crate::tui) fn protocol_rows(scene: &Scene) -> Vec<(Topic, Leaf)> {
    let page = |leaf: &Leaf| match leaf.path.last() {
        Some(layer) if layer.to_string() == leaf.name => Topic::Protocol(leaf.path),
        _ => Topic::App(leaf.name.clone()),
    };
    scene.pane.arrange(leaves(scene).into_iter().take(ROWS).map(|leaf| (page(&leaf), leaf)).collect())
}

/// The busiest protocols.
pub(in crate::tui) fn protocols(canvas: &mut Canvas, area: Rect, scene: &Scene, kind: usize) {
    let columns: [Col<Leaf>; 3] = [
        Col::left("protocol", 8..=18, 0, |s, l| {
            let (name, style) = (l.name.clone(), s.style(Hue::Family(l.family)));
            if l.guess { Cell::Guess(name, style) } else { Cell::Text(name, style) }
        }),
        Col::right(columns::load_title(scene.whole()), RATE..=RATE, 1, |s, l| columns::load_cell(s, l.recent, l.total, Hue::Text)),
        Col::right("share", 10..=40, 2, |s, l| Cell::Share(s.share(l.recent, l.total), s.style(Hue::Family(l.family)))),
    ];
    let rows = protocol_rows(scene);
    panel(canvas, area, scene, ("Protocols", kind), &columns, &rows);
}

/// The busiest conversations.
pub(in crate::tui) fn conversation_rows<'a>(scene: &Scene<'a>) -> Vec<(Topic, KindAndConversation<'a>)> {
    let mut rows = columns::busiest_conversations(scene, &|_| true);
    rows.truncate(ROWS);
    scene.pane.arrange(rows)
}

/// The busiest conversations.
pub(in crate::tui) fn conversations(canvas: &mut Canvas, area: Rect, scene: &Scene, kind: usize) {
    let rows = conversation_rows(scene);
    let six = columns::has_six(rows.iter().take(usize::from(area.height)).map(|r| &r.1.1.a));
    panel(canvas, area, scene, ("Conversations", kind), &columns::conversations(None, six, scene.whole()), &rows);
}

/// The busiest addresses.
pub(in crate::tui) fn host_rows<'a>(scene: &Scene<'a>) -> Vec<(Topic, End<'a>)> {
    let mut rows = columns::busiest_hosts(scene);
    rows.truncate(ROWS);
    scene.pane.arrange(rows)
}

/// The busiest hosts.
pub(in crate::tui) fn hosts(canvas: &mut Canvas, area: Rect, scene: &Scene, kind: usize) {
    let rows = host_rows(scene);
    let six = columns::has_six(rows.iter().take(usize::from(area.height)).map(|r| &r.1.1.address));
    let named = label::has_names(scene, rows.iter().take(usize::from(area.height)).map(|r| &r.1.1.address));
    panel(canvas, area, scene, ("Hosts", kind), &columns::hosts(None, six, scene.whole(), named, area.width), &rows);
}

fn panel<R>(
    canvas: &mut Canvas,
    area: Rect,
    scene: &Scene,
    (screen, kind): (&'static str, usize),
    columns: &[Col<R>],
    rows: &[(Topic, R)],
) {
    let focused = scene.pane.kind == kind;
    let title = scene.based(screen);
    let body = titled_of(canvas, area, (&title, screen), &[], focused && scene.pane.selected.is_some());
    let empty = columns::empty(scene);
    table::draw(canvas, scene, body, columns, rows, &Shape { order: None, focused, kind: Some(kind), empty, ..Shape::default() });
}
