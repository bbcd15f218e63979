//! The busiest protocols, conversations and hosts.
//!
//! ```text
//! ─ Protocols ────────────────────────────┬─ Conversations ────────────────────────────
//!  tls        612 Mb/s  ███████████▌  49 % │ 10.20.0.14:51532 ⇄ 10.20.1.7:443  tls  210 Mb/s
//!  smb2       231 Mb/s  ████▎         19 % │ 10.20.0.31:49822 ⇄ 10.20.1.9:445  smb2 188 Mb/s
//! ```

use crate::model::path::Layer;
use crate::model::proto::{Family, Proto};
use crate::model::{AppBy, Path};
use crate::snapshot::{Conversation, Traffic};
use crate::tui::canvas::Canvas;
use crate::tui::columns::{self, End, KindAndConversation};
use crate::tui::label;
use crate::tui::theme::Hue;
use crate::tui::view::{Kind, Scene, Topic};
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

/// Innermost protocols, busiest first: what the hierarchy ends in, transports divided by the application of their conversations.
pub(in crate::tui) fn leaves(scene: &Scene) -> Vec<Leaf> {
    let snapshot = scene.snapshot;
    if scene.view.filter.is_some() {
        return matching(scene);
    }
    let mut own: HashMap<Path, Traffic> = HashMap::with_capacity(snapshot.stats.protocols.len());
    for row in &snapshot.stats.protocols {
        own.insert(row.path, row.recent);
        let mut parent = Path::EMPTY;
        let depth = row.path.depth();
        row.path.layers().take(depth.saturating_sub(1)).for_each(|l| parent.push_layer(l));
        if let Some(above) = own.get_mut(&parent) {
            *above = above.since(row.recent);
        }
    }
    let mut leaves: HashMap<String, Leaf> = HashMap::new();
    for row in &snapshot.stats.protocols {
        let Some(layer) = row.path.last() else { continue };
        let recent = own.get(&row.path).copied().unwrap_or_default();
        add(&mut leaves, (layer.to_string(), label::layer_family(layer), row.path), recent, row.own, false);
    }
    for (kind, proto) in [(Kind::Tcp, Proto::Tcp), (Kind::Udp, Proto::Udp), (Kind::Sctp, Proto::Sctp)] {
        divide(&mut leaves, scene, kind, proto);
    }
    sorted(leaves, scene)
}

/// The same of the conversations that the filter shows: those with ports by what they speak, others by what the hierarchy ends in.
fn matching(scene: &Scene) -> Vec<Leaf> {
    let mut leaves: HashMap<String, Leaf> = HashMap::new();
    for kind in [Kind::Tcp, Kind::Udp, Kind::Sctp] {
        for row in &kind.conversations(scene.snapshot).rows {
            let layer = row.path.last().map_or_else(|| kind.token().to_owned(), |layer| layer.to_string());
            let name = row.app.map_or(layer, str::to_owned);
            let family = label::family(&name);
            add(&mut leaves, (name, family, row.path), row.recent(), row.total(), row.app_by == Some(AppBy::Port));
        }
    }
    let has_ports = |path: Path| [Proto::Tcp, Proto::Udp, Proto::Sctp].into_iter().any(|proto| path.contains(proto));
    for row in scene.snapshot.stats.protocols.iter().filter(|row| row.own.packets > 0 && !has_ports(row.path)) {
        let Some(layer) = row.path.last() else { continue };
        let family = label::layer_family(layer);
        // What is now of a row without any below it is its own.
        let recent = if row.own == row.traffic { row.recent } else { Traffic::default() };
        add(&mut leaves, (layer.to_string(), family, row.path), recent, row.own, false);
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
    out.sort_by(|x, y| place(y).total_cmp(&place(x)).then_with(|| x.name.cmp(&y.name)));
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

/// Moves what is known of applications out of a bare transport.
fn divide(leaves: &mut HashMap<String, Leaf>, scene: &Scene, kind: Kind, proto: Proto) {
    let bare = |row: &Conversation| row.path.last() == Some(Layer::Known(proto));
    let mut moved = (Traffic::default(), Traffic::default());
    let mut by_app: HashMap<&str, (Traffic, Traffic, Path, bool)> = HashMap::new();
    let slots = scene.snapshot.span.as_ref().filter(|span| !span.exact);
    if let Some(span) = slots {
        // Of a span applications are kept by themselves: those of conversations that have no row among them.
        let path = kind.conversations(scene.snapshot).rows.iter().find(|r| bare(r)).map_or(Path::EMPTY, |row| row.path);
        let number = [6u8, 17, 132].get([Kind::Tcp, Kind::Udp, Kind::Sctp].iter().position(|k| *k == kind).unwrap_or(0)).copied();
        for row in span.apps.rows.iter().filter(|row| Some(row.key.0) == number && leaves.get(row.key.1).is_none()) {
            by_app.insert(row.key.1, (row.traffic[0], row.traffic[0], path, row.about.0));
            moved.0.add(row.traffic[0]);
            moved.1.add(row.traffic[0]);
        }
    }
    for row in kind.conversations(scene.snapshot).rows.iter().filter(|r| bare(r)) {
        if let Some(app) = row.app.filter(|_| slots.is_none()) {
            let entry = by_app.entry(app).or_insert((Traffic::default(), Traffic::default(), row.path, true));
            entry.3 &= row.app_by == Some(AppBy::Port);
            entry.0.add(row.recent());
            entry.1.add(row.total());
            moved.0.add(row.recent());
            moved.1.add(row.total());
        }
    }
    if let Some(transport) = leaves.get_mut(proto.token()) {
        transport.recent = transport.recent.since(moved.0);
        transport.total = transport.total.since(moved.1);
    }
    for (app, (recent, total, path, guess)) in by_app {
        add(leaves, (app.to_owned(), label::family(app), path), recent, total, guess);
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
    panel(canvas, area, scene, ("Hosts", kind), &columns::hosts(None, six, scene.whole(), named), &rows);
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
    let title = scene.based(screen, area.width);
    let body = titled_of(canvas, area, (&title, screen), &[], focused && scene.pane.selected.is_some());
    let empty = columns::empty(scene);
    table::draw(canvas, scene, body, columns, rows, &Shape { order: None, focused, kind: Some(kind), empty, ..Shape::default() });
}
