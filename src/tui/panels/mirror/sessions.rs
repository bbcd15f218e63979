//! Mirror sessions with the state of their numbering, and user tunnels crossing the link.
//!
//! ```text
//! ─ Sessions ──────────────────────────────────────────────────────
//!  session                             packets   missing  reordered
//!  erspan2 10.0.0.1 → 10.0.0.9 id 7     1.2 M     0.4 %       12
//! ```

use crate::model::{Session, Tunnel, units};
use crate::snapshot::TunnelRow;
use crate::tui::canvas::Canvas;
use crate::tui::columns;
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, Topic, ratio};
use crate::tui::widgets::amount::{self, COUNT, RATE, VOLUME};
use crate::tui::widgets::frame::titled;
use crate::tui::widgets::table::{self, Cell, Col, Shape};
use ratatui::layout::Rect;

fn name(tunnel: &Tunnel) -> String {
    format!("{} {} → {} id {}", tunnel.kind.token(), tunnel.source, tunnel.destination, tunnel.id)
}

/// Rows without pages.
fn plain<'a, R>(rows: impl Iterator<Item = &'a R>) -> Vec<(Topic, &'a R)> {
    (0..).zip(rows).map(|(i, row)| (Topic::Row(i), row)).collect()
}

/// Rows the panel can use.
pub(in crate::tui) fn height(scene: &Scene) -> u16 {
    scene.snapshot.mirror.sessions.len().clamp(1, 40) as u16 + 3
}

/// Mirror sessions.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let all = &scene.snapshot.mirror.sessions;
    let body = titled(canvas, area, "Mirror sessions", &[(all.len().to_string().into(), scene.style(Hue::Dim))], false);
    let mut columns: Vec<Col<&Session>> = vec![
        Col::left("session", 26..=60, 0, |s, m| Cell::Address(name(&m.tunnel), s.style(if m.peeled { Hue::Text } else { Hue::Dim }))),
        Col::right("packets", COUNT + 1..=COUNT + 1, 1, |s, m| Cell::Amount(amount::count(m.packets), s.style(Hue::Text))),
        Col::right("missing", 7..=7, 3, |s, m| {
            if !m.sequenced {
                return Cell::Right("no seq".into(), s.style(Hue::Dim));
            }
            let share = ratio(m.missing, m.packets.saturating_add(m.missing));
            Cell::Right(amount::share(share), s.style(if m.missing > 0 { Hue::Bad } else { Hue::Good }))
        }),
        Col::right("reordered", 9..=9, 4, |s, m| {
            Cell::Right(units::count(m.reordered), s.style(if m.reordered > 0 { Hue::Warn } else { Hue::Dim }))
        }),
        Col::right("restarts", 8..=8, 5, |s, m| {
            Cell::Right(units::count(m.restarts), s.style(if m.restarts > 0 { Hue::Warn } else { Hue::Dim }))
        }),
        Col::right("cut", 6..=6, 6, |s, m| {
            Cell::Right(units::count(m.truncated), s.style(if m.truncated > 0 { Hue::Warn } else { Hue::Dim }))
        }),
        Col::right("errors", 6..=6, 7, |s, m| {
            let errors = m.errors.iter().fold(0u64, |a, b| a.saturating_add(*b));
            Cell::Right(units::count(errors), s.style(if errors > 0 { Hue::Bad } else { Hue::Dim }))
        }),
    ];
    if all.iter().any(|m| m.sampling.is_some()) {
        columns.extend(sampling());
    }
    table::draw(
        canvas,
        scene,
        body,
        &columns,
        &plain(all.iter()),
        &Shape { empty: "none: copies arrive as they are", inert: true, ..Shape::default() },
    );
}

/// What agents that sample say of it: how many packets one stands for, and what they could not take.
fn sampling<'a>() -> [Col<&'a Session>; 2] {
    [
        Col::right("1 in", 7..=9, 2, |s, m| {
            Cell::Right(m.sampling.map_or(String::new(), |a| units::grouped(u64::from(a.one_in))), s.style(Hue::Warn))
        }),
        Col::right("untaken", 7..=7, 3, |s, m| {
            let drops = m.sampling.map(|a| a.drops);
            let hue = if drops.unwrap_or(0) > 0 { Hue::Bad } else { Hue::Dim };
            Cell::Right(drops.map_or(String::new(), units::count), s.style(hue))
        }),
    ]
}

/// Rows the panel of user tunnels can use.
pub(in crate::tui) fn tunnels_height(scene: &Scene) -> u16 {
    scene.snapshot.mirror.tunnels.rows.len().clamp(1, 40) as u16 + 3
}

/// User tunnels.
pub(in crate::tui) fn tunnels(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let all = &scene.snapshot.mirror.tunnels;
    let note = [(units::grouped(all.total_rows).into(), scene.style(Hue::Dim))];
    let body = titled(canvas, area, "User tunnels on the link", &note, false);
    let whole = scene.whole();
    let columns: Vec<Col<&TunnelRow>> = vec![
        Col::left("tunnel", 26..=60, 0, |s, t| Cell::Address(name(&t.tunnel), s.style(Hue::Text))),
        Col::right(columns::load_title(whole), RATE..=RATE, 1, |s, t| columns::load_cell(s, t.recent, t.traffic, Hue::Text)),
        Col::right("bytes", VOLUME..=VOLUME, 2, |s, t| Cell::Amount(amount::volume(t.traffic.wire_bytes), s.style(Hue::Text))),
        Col::right("overhead", 8..=8, 3, |s, t| {
            let over = t.traffic.wire_bytes.saturating_sub(t.inner_bytes);
            Cell::Right(amount::share(ratio(over, t.traffic.wire_bytes)), s.style(Hue::Dim))
        }),
    ];
    let columns = columns::for_file(columns, whole);
    table::draw(canvas, scene, body, &columns, &plain(all.rows.iter()), &Shape { empty: "none seen", inert: true, ..Shape::default() });
}
