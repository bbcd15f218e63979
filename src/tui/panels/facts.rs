//! Names and values, one a line.
//!
//! ```text
//!  state       open
//!  duration    2 m 05 s
//! ```

use crate::tui::canvas::{Canvas, cells, cut_end, wrap};
use crate::tui::theme::Hue;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// A name, its value and the value's style.
pub(in crate::tui) type Fact = (String, String, Style);

/// Cells of the names.
fn label(width: u16, facts: &[Fact]) -> u16 {
    facts.iter().map(|f| cells(&f.0)).max().unwrap_or(0).clamp(8, 24).min(width / 2)
}

/// Lines that facts take.
pub(in crate::tui) fn height(width: u16, facts: &[Fact]) -> u16 {
    let room = width.saturating_sub(label(width, facts) + 4);
    facts.iter().map(|fact| wrap(&fact.1, room).len()).sum::<usize>().min(usize::from(u16::MAX)) as u16
}

/// Draws facts; returns the lines used. Long values take several lines.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, facts: &[Fact]) -> u16 {
    let label = label(area.width, facts);
    let dim = canvas.theme.style(Hue::Dim);
    let x = area.x + label + 3;
    let width = area.right().saturating_sub(x + 1);
    let mut y = area.y;
    for (name, value, style) in facts {
        if y >= area.bottom() {
            break;
        }
        canvas.put(area.x + 1, y, label, &cut_end(name, label), dim);
        for line in wrap(value, width).iter().take(usize::from(area.bottom() - y)) {
            canvas.put(x, y, width, line, *style);
            y += 1;
        }
    }
    y - area.y
}

/// Lines of a text: cells they stand in, what they say, how.
pub(in crate::tui) type TextLine = (u16, String, Style);

/// Draws a text from a scrolled line on; the lines used. Where more follows, the last line says so, and nothing else stands in it.
pub(in crate::tui) fn scrolled(canvas: &mut Canvas, area: Rect, lines: &[TextLine], scroll: usize) -> u16 {
    let height = usize::from(area.height);
    let over = lines.len() > height;
    // A line that says there is more costs one; of two lines the text has both.
    let room = if over && height > 2 { height - 1 } else { height };
    canvas.overflow = lines.len().saturating_sub(room);
    let scroll = scroll.min(canvas.overflow);
    let more = scroll < canvas.overflow;
    let shown = if more { room } else { height };
    // At the end the line is the text's again.
    let first = if more { scroll } else { lines.len().saturating_sub(shown) };
    for (i, (indent, text, style)) in lines.iter().skip(first).take(shown).enumerate() {
        let x = area.x + 1 + indent;
        canvas.put(x, area.y + i as u16, area.right().saturating_sub(x + 1), text, *style);
    }
    if more && room < height {
        let style = canvas.theme.style(Hue::Accent);
        canvas.right(area.x, area.bottom() - 1, area.width, " more ↓ ", style);
    }
    lines.len().min(height) as u16
}
