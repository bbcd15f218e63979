//! A table: columns declared as a list, only the rows in the window drawn.
//!
//! ```text
//!   client               server            app      rate ▼        packets     share
//!   10.20.0.14:51532  ⇄  10.20.1.7:443     tls       210 Mb/s   24.1 kp/s   ████▏  17 %
//! ```

use super::amount::{self, Amount};
use super::bar;
use crate::snapshot::{Column, Order};
use crate::tui::canvas::{Canvas, Hit, Listing, cells, cut_end, cut_middle, padded, split_top, wrap};
use crate::tui::theme::Hue;
use crate::tui::view::{Pane, Scene, Topic};
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// What stands in one place of a table.
pub(in crate::tui) enum Cell {
    /// A name: left, cut at its end.
    Text(String, Style),
    /// A name that is a guess: left, cut at its end, with a dim `?` that stays.
    Guess(String, Style),
    /// An address: left, cut in its middle.
    Address(String, Style),
    /// Right-aligned text.
    Right(String, Style),
    /// Number and unit.
    Amount(Amount, Style),
    /// A share: bar and percentage.
    Share(f64, Style),
    /// Two ends and what is between them; each end has half of the room.
    Pair(String, &'static str, String, Style),
    /// Pieces, left.
    Pieces(Vec<(Cow<'static, str>, Style)>),
}

/// A column of a table of `R`.
pub(in crate::tui) struct Col<R> {
    /// Its title.
    pub title: &'static str,
    /// Cells it needs.
    pub width: u16,
    /// Cells it can use when there is room.
    pub max: u16,
    /// Title and values at the right.
    pub right: bool,
    /// What it sorts by.
    pub sort: Option<Column>,
    /// Columns with larger numbers go first when there is no room.
    pub worth: u8,
    /// What stands in it.
    pub cell: Content<R>,
}

/// Where a column's cells come from.
pub(in crate::tui) enum Content<R> {
    /// A function of the row.
    Row(fn(&Scene, &R) -> Cell),
    /// A field of the row's table, by its number.
    Field(fn(&Scene, &R, usize) -> Option<Cell>, usize),
}

impl<R> Content<R> {
    fn cell(&self, scene: &Scene, row: &R) -> Option<Cell> {
        match self {
            Content::Row(cell) => Some(cell(scene, row)),
            Content::Field(cell, at) => cell(scene, row, *at),
        }
    }
}

impl<R> Col<R> {
    /// A column of text; `width` is what it needs and what it can use.
    pub fn left(title: &'static str, width: RangeInclusive<u16>, worth: u8, cell: fn(&Scene, &R) -> Cell) -> Self {
        Self { title, width: *width.start(), max: *width.end(), right: false, sort: None, worth, cell: Content::Row(cell) }
    }

    /// A column of numbers.
    pub fn right(title: &'static str, width: RangeInclusive<u16>, worth: u8, cell: fn(&Scene, &R) -> Cell) -> Self {
        Self { right: true, ..Self::left(title, width, worth, cell) }
    }
}

/// Cells between two columns.
const GAP: u16 = 2;

/// Which columns fit, and how wide they are.
pub(in crate::tui) fn fit<R>(columns: &[Col<R>], width: u16, order: Option<Order>) -> Vec<(usize, u16)> {
    // By what rows are sorted can be read.
    let worth =
        |at: usize| if order.is_some_and(|o| columns[at].sort == Some(o.column)) { columns[at].worth.min(1) } else { columns[at].worth };
    let mut kept: Vec<usize> = (0..columns.len()).collect();
    let needs = |kept: &[usize]| kept.iter().map(|&i| columns[i].width + GAP).sum::<u16>().saturating_sub(GAP);
    // The first column says what a row is: it gets a quarter more before columns of little worth get anything.
    let comfort = columns.first().map_or(0, |c| (c.width / 4).min(c.max.saturating_sub(c.width)));
    while kept.len() > 1 {
        let Some(worst) = (0..kept.len()).max_by_key(|&k| (worth(kept[k]), k)) else { break };
        let extra = if worth(kept[worst]) > 2 { comfort } else { 0 };
        // The first number stays as long as half of the first column does.
        let give = if worth(kept[worst]) == 1 { columns[kept[0]].width / 2 } else { 0 };
        if needs(&kept) + extra <= width + give {
            break;
        }
        kept.remove(worst);
    }
    let mut spare = width.saturating_sub(needs(&kept));
    let over = needs(&kept).saturating_sub(width);
    let mut out: Vec<(usize, u16)> = kept.iter().map(|&i| (i, columns[i].width.min(width))).collect();
    if let (Some(first), true) = (out.first_mut(), kept.len() > 1) {
        first.1 = first.1.saturating_sub(over);
    }
    // Room is handed out evenly, a cell at a time, so that no column jumps when another stops growing.
    while spare > 0 {
        let mut grown = false;
        for (i, wide) in &mut out {
            if spare > 0 && *wide < columns[*i].max {
                *wide += 1;
                spare -= 1;
                grown = true;
            }
        }
        if !grown {
            break;
        }
    }
    out
}

/// Where a table's window begins so that the selected row is inside.
fn window(pane: &Pane, selected: Option<usize>, rows: usize, height: usize) -> usize {
    let mut offset = pane.offset.min(rows.saturating_sub(height));
    if let Some(at) = selected {
        if at < offset {
            offset = at;
        } else if height > 0 && at >= offset + height {
            offset = at + 1 - height;
        }
    }
    offset
}

/// What a table shows besides its rows.
#[derive(Default)]
pub(in crate::tui) struct Shape {
    /// The order, for the marker in the header.
    pub order: Option<Order>,
    /// Whether the selection of the page is in this table.
    pub focused: bool,
    /// The kind of rows, where a page has several tables.
    pub kind: Option<usize>,
    /// What to say when there are no rows.
    pub empty: &'static str,
    /// Rows have no pages.
    pub inert: bool,
}

/// Draws a table with its header.
pub(in crate::tui) fn draw<R>(canvas: &mut Canvas, scene: &Scene, area: Rect, columns: &[Col<R>], rows: &[(Topic, R)], shape: &Shape) {
    if rows.is_empty() {
        // A head over nothing says nothing.
        let inner = padded(area, 1);
        for (line, y) in wrap(shape.empty, inner.width).iter().zip(inner.top()..inner.bottom()) {
            canvas.put(inner.x, y, inner.width, line, scene.style(Hue::Dim));
        }
        return;
    }
    let (header, body) = split_top(area, 1);
    let inner = padded(body, 1);
    let fitted = fit(columns, inner.width, shape.order);
    if header.height > 0 {
        head(canvas, padded(header, 1), columns, &fitted, shape);
    }
    let height = usize::from(body.height);
    let selected = scene.pane.selected.as_ref().filter(|_| shape.focused);
    let at = selected.and_then(|topic| rows.iter().position(|row| row.0 == *topic));
    let offset = if shape.focused { window(scene.pane, at, rows.len(), height) } else { 0 };
    if shape.focused {
        canvas.listing = Listing { offset, height };
    }
    let shown = rows.get(offset..).unwrap_or_default();
    let shown = shown.get(..height).unwrap_or(shown);
    let largest: Vec<f64> = fitted.iter().map(|&(c, _)| largest_share(scene, &columns[c], shown)).collect();
    for (i, (topic, row)) in rows.iter().enumerate().skip(offset).take(height) {
        let line = Rect { y: body.y + (i - offset) as u16, height: 1, ..body };
        let mut x = inner.x;
        for (&(c, wide), largest) in fitted.iter().zip(&largest) {
            if let Some(content) = columns[c].cell.cell(scene, row) {
                cell(canvas, x, line.y, wide, content, *largest);
            }
            x += wide + GAP;
        }
        if at != Some(i) && !scene.whole() && scene.rates.is_silent(topic) {
            canvas.over(line, scene.style(Hue::Dim));
        }
        if at == Some(i) {
            let style = canvas.theme.selected();
            canvas.over(line, style);
            canvas.put(line.x, line.y, 1, "▎", scene.style(Hue::Accent).patch(style));
        }
        if !shape.inert {
            canvas.click(line, Hit::Row(shape.kind, topic.clone()));
        }
    }
    // In a panel among others a thumb is noise until the panel is walked in.
    if shape.focused && (shape.kind.is_none() || selected.is_some()) {
        scrollbar(canvas, body, offset, height, rows.len());
    }
}

/// The largest share in a column of shares: its bar fills the room, the others are drawn against it.
fn largest_share<R>(scene: &Scene, column: &Col<R>, rows: &[(Topic, R)]) -> f64 {
    let share = |row: &R| match column.cell.cell(scene, row) {
        Some(Cell::Share(share, _)) => Some(share),
        _ => None,
    };
    // One row tells what the column is.
    let Some(first) = rows.first().and_then(|row| share(&row.1)) else { return 1.0 };
    rows.iter().skip(1).filter_map(|row| share(&row.1)).fold(first, f64::max)
}

/// A thumb at the right edge when rows are hidden.
fn scrollbar(canvas: &mut Canvas, body: Rect, offset: usize, height: usize, rows: usize) {
    if rows <= height || height < 3 || body.width == 0 {
        return;
    }
    let size = (height * height / rows).clamp(1, height);
    let at = offset * (height - size) / (rows - height).max(1);
    let style = canvas.theme.style(Hue::Dim);
    for y in at..at + size {
        canvas.put(body.right() - 1, body.y + y as u16, 1, "▐", style);
    }
}

fn head<R>(canvas: &mut Canvas, area: Rect, columns: &[Col<R>], fitted: &[(usize, u16)], shape: &Shape) {
    let mut x = area.x;
    let dim = canvas.theme.style(Hue::Dim);
    for &(c, wide) in fitted {
        let column = &columns[c];
        let marker = shape.order.filter(|order| column.sort == Some(order.column)).map(|o| if o.descending { "▾" } else { "▴" });
        let title = cut_end(column.title, wide.saturating_sub(if marker.is_some() { 2 } else { 0 }));
        let used = cells(&title);
        let style = if marker.is_some() { canvas.theme.strong(Hue::Accent) } else { dim };
        let start = if column.right { x + wide.saturating_sub(used) } else { x };
        canvas.put(start, area.y, wide, &title, style);
        if let Some(marker) = marker {
            let at = if column.right { start.saturating_sub(2) } else { start + used + 1 };
            canvas.put(at, area.y, 1, marker, style);
        }
        if let Some(sort) = column.sort {
            canvas.click(Rect { x, y: area.y, width: wide, height: 1 }, Hit::Column(sort));
        }
        x += wide + GAP;
    }
}

/// Cells of the percentage beside a bar.
const PERCENT: u16 = 5;

/// Draws one cell of a table; `largest`: the share whose bar fills the room.
pub(in crate::tui) fn cell(canvas: &mut Canvas, x: u16, y: u16, width: u16, cell: Cell, largest: f64) {
    match cell {
        Cell::Text(text, style) => {
            canvas.put(x, y, width, &cut_end(&text, width), style);
        }
        Cell::Guess(text, style) => {
            let used = canvas.put(x, y, width, &cut_end(&text, width.saturating_sub(1)), style);
            let dim = canvas.theme.style(Hue::Dim);
            canvas.put(x + used, y, width.saturating_sub(used), "?", dim);
        }
        Cell::Address(text, style) => {
            canvas.put(x, y, width, &cut_middle(&text, width), style);
        }
        Cell::Right(text, style) => canvas.right(x, y, width, &text, style),
        Cell::Amount(value, style) => {
            let dim = canvas.theme.style(Hue::Dim);
            let unit = cells(&value.unit);
            let used = 5 + unit;
            let x = x + width.saturating_sub(used);
            canvas.right(x, y, 4, &value.number, if value.zero { dim } else { style });
            canvas.put(x + 5, y, unit, &value.unit, dim);
        }
        Cell::Share(share, style) => {
            let wide = width.saturating_sub(PERCENT + 1);
            bar::draw(canvas, x, y, wide, if largest > 0.0 { share / largest } else { 0.0 }, style);
            let text = amount::share(share);
            let hue = if share >= 0.0005 { Hue::Text } else { Hue::Dim };
            let style = canvas.theme.style(hue);
            canvas.right(x + width - PERCENT.min(width), y, PERCENT.min(width), &text, style);
        }
        Cell::Pair(one, between, other, style) => {
            let half = width.saturating_sub(3) / 2;
            let dim = canvas.theme.style(Hue::Dim);
            canvas.put(x, y, half, &cut_middle(&one, half), style);
            canvas.put(x + half + 1, y, 1, between, dim);
            let rest = width.saturating_sub(half + 3);
            canvas.put(x + half + 3, y, rest, &cut_middle(&other, rest), style);
        }
        Cell::Pieces(pieces) => {
            let mut used = 0;
            for (text, style) in &pieces {
                let room = width.saturating_sub(used);
                used += canvas.put(x + used, y, room, &cut_end(text, room), *style);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(width: u16, max: u16, worth: u8) -> Col<()> {
        Col::left("t", width..=max, worth, |_, ()| Cell::Text(String::new(), Style::new()))
    }

    #[test]
    fn columns_go_by_worth_and_grow_to_their_limit() {
        let all = [column(10, 20, 0), column(5, 5, 2), column(5, 5, 1)];
        assert_eq!(fit(&all, 24, None), [(0, 10), (1, 5), (2, 5)]);
        assert_eq!(fit(&all, 30, None), [(0, 16), (1, 5), (2, 5)]);
        assert_eq!(fit(&all, 20, None), [(0, 13), (2, 5)]);
        assert_eq!(fit(&all, 100, None), [(0, 20), (1, 5), (2, 5)]);
        assert_eq!(fit(&all, 3, None), [(0, 3)]);
        let mut all = [column(10, 20, 0), column(5, 5, 9), column(5, 5, 4)];
        assert_eq!(fit(&all, 20, None), [(0, 13), (2, 5)]);
        all[1].sort = Some(Column::BYTES);
        assert_eq!(fit(&all, 20, Some(Order::largest(Column::BYTES.0))), [(0, 13), (1, 5)], "by what is sorted stays");
    }
}
