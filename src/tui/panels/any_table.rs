//! Any table, as its descriptor says: every column that stands on screens, in the table's own order, the rows the filter shows.
//!
//! ```text
//! ─ Name servers ────────────────────────────────────── 12 ─
//!  server                       queries       late   app
//!  10.20.0.53:53                 12.3 k     0.4 %    dns
//! ```

use crate::model::units;
use crate::snapshot::table::{AnyRows, AnyTable, Head};
use crate::tui::canvas::Canvas;
use crate::tui::fields;
use crate::tui::theme::Hue;
use crate::tui::view::{Kind, Scene, Topic};
use crate::tui::widgets::frame::titled;
use crate::tui::widgets::table::{self, Col, Shape};
use ratatui::layout::Rect;

/// A row: its table's rows and columns, and its number.
#[derive(Clone, Copy)]
struct Line<'r, 's> {
    rows: &'r (dyn AnyRows<'s> + 's),
    heads: &'r [Head],
    at: usize,
}

/// Draws a sheet of a table; the page's window scrolls in it where it is the page's only list.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene, table: &'static dyn AnyTable, sheet: usize, alone: bool) {
    let Some(sheet_head) = table.sheets().get(sheet).copied() else { return };
    let (heads, rows) = (table.heads(), table.rows(sheet, scene.snapshot));
    let note = [(units::grouped(rows.total_rows()).into(), scene.style(Hue::Dim))];
    let body = titled(canvas, area, sheet_head.title, &note, false);
    let columns: Vec<Col<Line>> = fields::shown(&heads, sheet_head.layers, scene.whole())
        .iter()
        .filter_map(|(at, screen)| Some(fields::column(heads.get(*at)?, screen, *at, scene.whole(), cell)))
        .collect();
    let order = table.order();
    let lines: Vec<(Topic, Line)> = rows
        .arranged(order, scene.view.filter.as_ref())
        .into_iter()
        .map(|at| (Topic::App(String::new()), Line { rows: rows.as_ref(), heads: &heads, at }))
        .collect();
    let empty = if scene.view.filter.is_some() { "nothing matches the filter" } else { "none seen" };
    table::draw(
        canvas,
        scene,
        body,
        &columns,
        &lines,
        &Shape { order: Some(order), focused: alone, empty, inert: true, ..Shape::default() },
    );
}

fn cell(scene: &Scene, line: &Line, field: usize) -> Option<table::Cell> {
    let head = line.heads.get(field)?;
    let family = || {
        let app = line.heads.iter().position(|h| h.kind == crate::snapshot::table::Kind::App && h.screen.is_some());
        app.map_or(crate::model::proto::Family::Other, |at| fields::value_family(line.rows.value(line.at, at)))
    };
    Some(fields::cell(scene, Kind::Tcp, head, line.rows.value(line.at, field), family))
}
