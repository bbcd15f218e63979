//! Thin lines between panels, with the titles in the line.
//!
//! ```text
//! ─ Protocols ─────────────── share of bytes ─┬─ Conversations ───────────
//! ```

use crate::tui::canvas::{Canvas, Hit, cut_end, padded, split_top};
use crate::tui::theme::Hue;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;

/// Draws a title line; returns the area below it. A note stands at the right when there is room.
pub(in crate::tui) fn titled(canvas: &mut Canvas, area: Rect, title: &str, note: &[(Cow<'_, str>, Style)], focused: bool) -> Rect {
    let (line, body) = split_top(area, 1);
    if line.height == 0 || line.width == 0 {
        return body;
    }
    let faint = canvas.theme.style(Hue::Faint);
    canvas.run(line.x, line.y, line.width, "─", faint);
    let title = cut_end(title, line.width.saturating_sub(4));
    let style = if focused { canvas.theme.strong(Hue::Accent) } else { canvas.theme.style(Hue::Title) };
    let mut used = 0;
    if !title.is_empty() {
        canvas.put(line.x + 1, line.y, 1, " ", faint);
        used = canvas.put(line.x + 2, line.y, line.width - 2, &title, style) + 2;
        canvas.put(line.x + used, line.y, 1, " ", faint);
    }
    let wide: u16 = note.iter().map(|n| canvas.cells(&n.0)).sum();
    if wide > 0 && used + wide + 5 <= line.width {
        let x = line.right() - wide - 2;
        canvas.put(x - 1, line.y, 1, " ", faint);
        canvas.pieces(x, line.y, wide, note);
        canvas.put(x + wide, line.y, 1, " ", faint);
    }
    body
}

/// Writes a note at the end of a title line that is drawn already, before the notes that stand there; nothing where it has no room.
pub(in crate::tui) fn note_before(canvas: &mut Canvas, line: Rect, note: &str, style: Style) {
    let text = format!(" {note} ");
    let wide = canvas.cells(&text);
    let is_free = |canvas: &Canvas, x: u16| canvas.buffer.cell((x, line.y)).is_some_and(|cell| matches!(cell.symbol(), "─" | "-"));
    let mut free = 0;
    for x in (line.left()..line.right()).rev() {
        free = if is_free(canvas, x) { free + 1 } else { 0 };
        // A piece of the line stays on either side.
        if free == wide + 2 {
            canvas.put(x + 1, line.y, wide, &text, style);
            return;
        }
    }
}

/// A title line, where a click on it goes to the screen of a title, which is about what stands below it.
pub(in crate::tui) fn titled_of(
    canvas: &mut Canvas,
    area: Rect,
    (title, screen): (&str, &'static str),
    note: &[(Cow<'_, str>, Style)],
    focused: bool,
) -> Rect {
    canvas.click(Rect { height: area.height.min(1), ..area }, Hit::Screen(screen));
    titled(canvas, area, title, note, focused)
}

/// Divides an area into columns of the given widths with a thin line between them; the last one takes the rest.
pub(in crate::tui) fn columns(canvas: &mut Canvas, area: Rect, widths: &[u16]) -> Vec<Rect> {
    let faint = canvas.theme.style(Hue::Faint);
    let mut rest = area;
    let mut out = Vec::with_capacity(widths.len() + 1);
    for &width in widths {
        let width = width.min(rest.width.saturating_sub(1));
        out.push(Rect { width, ..rest });
        let x = rest.x + width;
        for y in rest.top()..rest.bottom() {
            canvas.put(x, y, 1, if y == rest.top() { "┬" } else { "│" }, faint);
        }
        rest = Rect { x: (x + 1).min(rest.right()), width: rest.width.saturating_sub(width + 1), ..rest };
    }
    out.push(rest);
    out
}

/// Columns beside a box, on both sides together, that it takes as well.
const EDGES: u16 = 6;

/// A box over everything else, in the middle; returns its inside.
pub(in crate::tui) fn popup(canvas: &mut Canvas, area: Rect, width: u16, height: u16, title: &str) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    // A few letters of what is behind it, left and right of it, would only look like a fault.
    let width = if area.width - width <= EDGES { area.width } else { width };
    let outer = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    canvas.clear(outer);
    canvas.hits.clear();
    if width < 4 || height < 3 {
        return outer;
    }
    let line = canvas.theme.style(Hue::Dim);
    for y in [outer.top(), outer.bottom() - 1] {
        canvas.run(outer.x + 1, y, width - 2, "─", line);
    }
    for y in outer.top() + 1..outer.bottom() - 1 {
        canvas.put(outer.x, y, 1, "│", line);
        canvas.put(outer.right() - 1, y, 1, "│", line);
    }
    for (x, y, corner) in [
        (outer.x, outer.y, "╭"),
        (outer.right() - 1, outer.y, "╮"),
        (outer.x, outer.bottom() - 1, "╰"),
        (outer.right() - 1, outer.bottom() - 1, "╯"),
    ] {
        canvas.put(x, y, 1, corner, line);
    }
    let style = canvas.theme.style(Hue::Title);
    canvas.put(outer.x + 2, outer.y, width - 4, &format!(" {} ", cut_end(title, width.saturating_sub(6))), style);
    padded(Rect { y: outer.y + 1, height: height - 2, ..outer }, 2)
}
