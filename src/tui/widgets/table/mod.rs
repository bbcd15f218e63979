//! A table: columns declared as a list, only the rows in the window drawn.
//!
//! ```text
//!   client               server            app      rate ▼        packets     share
//!   10.20.0.14:51532  ⇄  10.20.1.7:443     tls       210 Mb/s   24.1 kp/s   ████▏  17 %
//! ```

mod cell;
mod column;
mod extent;
mod fit;

pub(in crate::tui) use cell::Cell;
pub(in crate::tui) use column::{Col, Content};

use crate::snapshot::Order;
use crate::tui::canvas::{Canvas, Hit, Listing, cells, cut_end, padded, split_top, wrap};
use crate::tui::theme::Hue;
use crate::tui::view::{Pane, Scene, Topic};
use cell::split;
use extent::{ColumnExtent, measure};
use fit::{GAP, fit};
use ratatui::layout::Rect;

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
pub(in crate::tui) struct Shape<'a> {
    /// The order, for the marker in the header.
    pub order: Option<Order>,
    /// Whether the selection of the page is in this table.
    pub focused: bool,
    /// The kind of rows, where a page has several tables.
    pub kind: Option<usize>,
    /// What to say when there are no rows.
    pub empty: &'a str,
    /// Rows have no pages.
    pub inert: bool,
}

/// Draws a table with its header.
pub(in crate::tui) fn draw<R>(canvas: &mut Canvas, scene: &Scene, area: Rect, columns: &[Col<R>], rows: &[(Topic, R)], shape: &Shape) {
    if rows.is_empty() {
        // A head over nothing says nothing.
        let inner = padded(area, 1);
        // Of a file that has been read nothing comes any more.
        let words = if scene.snapshot.finished { shape.empty.replacen(" yet", "", 1) } else { shape.empty.to_owned() };
        for (line, y) in wrap(&words, inner.width).iter().zip(inner.top()..inner.bottom()) {
            canvas.put(inner.x, y, inner.width, line, scene.style(Hue::Dim));
        }
        return;
    }
    let (header, body) = split_top(area, 1);
    let inner = padded(body, 1);
    let height = usize::from(body.height);
    let selected = scene.pane.selected.as_ref().filter(|_| shape.focused);
    let at = selected.and_then(|topic| rows.iter().position(|row| row.0 == *topic));
    let offset = if shape.focused { window(scene.pane, at, rows.len(), height) } else { 0 };
    if shape.focused {
        canvas.listing = Listing { offset, height };
    }
    let shown = rows.get(offset..).unwrap_or_default();
    let shown = shown.get(..height).unwrap_or(shown);
    // A panel among others that nobody walks in shows no other rows: room for those would be a gap.
    let others = if shape.kind.is_some() && selected.is_none() { &[] } else { rows };
    let extents = measure(scene, columns, others, shown);
    let fitted = fit(columns, &extents, inner.width, shape.order);
    if header.height > 0 {
        head(canvas, padded(header, 1), (columns, &extents), &fitted, shape);
    }
    for (i, (topic, row)) in rows.iter().enumerate().skip(offset).take(height) {
        let line = Rect { y: body.y + (i - offset) as u16, height: 1, ..body };
        let mut x = inner.x;
        for &(c, wide) in &fitted {
            if let Some(content) = columns[c].cell.cell(scene, row) {
                let full = extents[c].scale(cells(columns[c].title), wide).0;
                cell::draw(canvas, x, line.y, wide, content, (split(wide, extents[c].ends), full));
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

fn head<R>(canvas: &mut Canvas, area: Rect, (columns, extents): (&[Col<R>], &[ColumnExtent]), fitted: &[(usize, u16)], shape: &Shape) {
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
        if let (true, (_, Some(said))) = (column.right, extents[c].scale(cells(column.title), wide)) {
            // Where bars end, unless they end at everything.
            canvas.put(x, area.y, wide.saturating_sub(used), &said, dim);
        }
        let hit = column.sort.map_or(Hit::Unsorted(column.title), Hit::Column);
        canvas.click(Rect { x, y: area.y, width: wide, height: 1 }, hit);
        x += wide + GAP;
    }
}
