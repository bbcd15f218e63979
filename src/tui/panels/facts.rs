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

/// Draws facts from a scrolled line on. Where not all have room, the last line says so.
pub(in crate::tui) fn draw_scrolled(canvas: &mut Canvas, area: Rect, facts: &[Fact], scroll: usize) {
    let label = label(area.width, facts);
    let room = area.width.saturating_sub(label + 4);
    let lines: Vec<(&str, String, Style)> = facts
        .iter()
        .flat_map(|(name, value, style)| {
            wrap(value, room).into_iter().enumerate().map(move |(at, line)| (if at == 0 { name.as_str() } else { "" }, line, *style))
        })
        .collect();
    let window = Window::of(canvas, area, lines.len(), scroll);
    let dim = canvas.theme.style(Hue::Dim);
    for ((name, line, style), y) in lines.iter().skip(window.first).take(window.shown).zip(area.y..) {
        canvas.put(area.x + 1, y, label, &cut_end(name, label), dim);
        canvas.put(area.x + label + 3, y, room, line, *style);
    }
    window.say_more(canvas, area);
}

/// Which lines of a text have room.
struct Window {
    first: usize,
    shown: usize,
    says_more: bool,
}

impl Window {
    fn of(canvas: &mut Canvas, area: Rect, lines: usize, scroll: usize) -> Self {
        let height = usize::from(area.height);
        // A line that says there is more costs one; of two lines the text has both.
        let room = if lines > height && height > 2 { height - 1 } else { height };
        let overflow = lines.saturating_sub(room);
        // Texts beside each other are scrolled together.
        canvas.overflow = canvas.overflow.max(overflow);
        let more = scroll < overflow;
        let shown = if more { room } else { height };
        // At the end the line is the text's again.
        let first = if more { scroll } else { lines.saturating_sub(shown) };
        Self { first, shown, says_more: more && room < height }
    }

    fn say_more(&self, canvas: &mut Canvas, area: Rect) {
        if self.says_more {
            let style = canvas.theme.style(Hue::Accent);
            canvas.right(area.x, area.bottom() - 1, area.width, " more ↓ ", style);
        }
    }
}

/// Lines of a text: cells they stand in, what they say, how.
pub(in crate::tui) type TextLine = (u16, String, Style);

/// Draws a text from a scrolled line on; the lines used. Where more follows, the last line says so, and nothing else stands in it.
pub(in crate::tui) fn scrolled(canvas: &mut Canvas, area: Rect, lines: &[TextLine], scroll: usize) -> u16 {
    let window = Window::of(canvas, area, lines.len(), scroll);
    for (i, (indent, text, style)) in lines.iter().skip(window.first).take(window.shown).enumerate() {
        let x = area.x + 1 + indent;
        canvas.put(x, area.y + i as u16, area.right().saturating_sub(x + 1), text, *style);
    }
    window.say_more(canvas, area);
    lines.len().min(usize::from(area.height)) as u16
}
