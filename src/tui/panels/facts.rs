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

/// Draws facts; returns the lines used. Long values take several lines.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, facts: &[Fact]) -> u16 {
    let label = facts.iter().map(|f| cells(&f.0)).max().unwrap_or(0).clamp(8, 24).min(area.width / 2);
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
