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
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, Topic, ratio};
use crate::tui::widgets::amount::{self, COUNT, RATE, VOLUME};
use crate::tui::widgets::frame::titled;
use crate::tui::widgets::table::{self, Cell, Col, Shape};
use ratatui::layout::Rect;

fn name(tunnel: &Tunnel) -> String {
    format!("{} {} → {} id {}", tunnel.kind.token(), tunnel.source, tunnel.destination, tunnel.id)
}

/// Rows without pages: a topic that nothing else has.
fn plain<'a, R>(rows: impl Iterator<Item = &'a R>) -> Vec<(Topic, &'a R)> {
    rows.map(|row| (Topic::App(String::new()), row)).collect()
}

/// Mirror sessions.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let all = &scene.snapshot.mirror.sessions;
    let body = titled(canvas, area, "Mirror sessions", &[(all.len().to_string().into(), scene.style(Hue::Dim))], false);
    let columns: [Col<&Session>; 7] = [
        Col {
            title: "session",
            width: 26,
            max: 60,
            right: false,
            sort: None,
            worth: 0,
            cell: |s, m| Cell::Address(name(&m.tunnel), s.style(if m.peeled { Hue::Text } else { Hue::Dim })),
        },
        Col {
            title: "packets",
            width: COUNT + 1,
            max: COUNT + 1,
            right: true,
            sort: None,
            worth: 1,
            cell: |s, m| Cell::Amount(amount::count(m.packets), s.style(Hue::Text)),
        },
        Col {
            title: "missing",
            width: 7,
            max: 7,
            right: true,
            sort: None,
            worth: 2,
            cell: |s, m| {
                if !m.sequenced {
                    return Cell::Right("no seq".into(), s.style(Hue::Dim));
                }
                let share = ratio(m.missing, m.packets.saturating_add(m.missing));
                Cell::Right(amount::share(share), s.style(if m.missing > 0 { Hue::Bad } else { Hue::Good }))
            },
        },
        Col {
            title: "reordered",
            width: 9,
            max: 9,
            right: true,
            sort: None,
            worth: 3,
            cell: |s, m| Cell::Right(units::count(m.reordered), s.style(if m.reordered > 0 { Hue::Warn } else { Hue::Dim })),
        },
        Col {
            title: "restarts",
            width: 8,
            max: 8,
            right: true,
            sort: None,
            worth: 4,
            cell: |s, m| Cell::Right(units::count(m.restarts), s.style(if m.restarts > 0 { Hue::Warn } else { Hue::Dim })),
        },
        Col {
            title: "cut",
            width: 6,
            max: 6,
            right: true,
            sort: None,
            worth: 5,
            cell: |s, m| Cell::Right(units::count(m.truncated), s.style(if m.truncated > 0 { Hue::Warn } else { Hue::Dim })),
        },
        Col {
            title: "errors",
            width: 6,
            max: 6,
            right: true,
            sort: None,
            worth: 6,
            cell: |s, m| {
                let errors = m.errors.iter().fold(0u64, |a, b| a.saturating_add(*b));
                Cell::Right(units::count(errors), s.style(if errors > 0 { Hue::Bad } else { Hue::Dim }))
            },
        },
    ];
    table::draw(
        canvas,
        scene,
        body,
        &columns,
        &plain(all.iter()),
        &Shape { empty: "none: copies arrive as they are", inert: true, ..Shape::default() },
    );
}

/// User tunnels.
pub(in crate::tui) fn tunnels(canvas: &mut Canvas, area: Rect, scene: &Scene) {
    let all = &scene.snapshot.mirror.tunnels;
    let note = [(units::grouped(all.total_rows).into(), scene.style(Hue::Dim))];
    let body = titled(canvas, area, "User tunnels on the link", &note, false);
    let columns: [Col<&TunnelRow>; 4] = [
        Col {
            title: "tunnel",
            width: 26,
            max: 60,
            right: false,
            sort: None,
            worth: 0,
            cell: |s, t| Cell::Address(name(&t.tunnel), s.style(Hue::Text)),
        },
        Col {
            title: "rate",
            width: RATE,
            max: RATE,
            right: true,
            sort: None,
            worth: 1,
            cell: |s, t| Cell::Amount(amount::rate(s, s.bits(t.recent, t.traffic)), s.style(Hue::Text)),
        },
        Col {
            title: "bytes",
            width: VOLUME,
            max: VOLUME,
            right: true,
            sort: None,
            worth: 2,
            cell: |s, t| Cell::Amount(amount::volume(t.traffic.wire_bytes), s.style(Hue::Text)),
        },
        Col {
            title: "overhead",
            width: 8,
            max: 8,
            right: true,
            sort: None,
            worth: 3,
            cell: |s, t| {
                let over = t.traffic.wire_bytes.saturating_sub(t.inner_bytes);
                Cell::Right(amount::share(ratio(over, t.traffic.wire_bytes)), s.style(Hue::Dim))
            },
        },
    ];
    table::draw(canvas, scene, body, &columns, &plain(all.rows.iter()), &Shape { empty: "none seen", inert: true, ..Shape::default() });
}
