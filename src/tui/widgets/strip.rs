//! A heat strip: one row, as high and as warm as a value is near its limit.
//!
//! ```text
//!   1 ms ▁▁▂▁▁▁▃▂▁▁▁▁▁▇▁▁▁▂▂▁▁▁▁▁▁▁▃▃▂▁▁▁▁█▁▁▁
//! ```

use super::chart::LABELS;
use crate::tui::canvas::Canvas;
use crate::tui::theme::Hue;
use ratatui::layout::Rect;

/// Eighths of a cell.
pub(in crate::tui) const EIGHTHS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// The block for a share of a cell's height, at least the lowest.
pub(in crate::tui) fn block(share: f64) -> &'static str {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    EIGHTHS.get((share * 8.0).ceil() as usize - usize::from(share > 0.0)).copied().unwrap_or("▁")
}

/// Draws values, two columns of dots a cell, against what they can be at most.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, name: &str, values: &[Option<f64>], most: f64) {
    if area.width <= LABELS || area.height == 0 {
        return;
    }
    let dim = canvas.theme.style(Hue::Dim);
    canvas.right(area.x, area.y, LABELS - 1, name, dim);
    let theme = *canvas.theme;
    for (x, pair) in (area.x + LABELS..area.right()).zip(values.chunks(2)) {
        if let Some(value) = pair.iter().flatten().copied().reduce(f64::max) {
            let share = if most > 0.0 { value / most } else { 0.0 };
            canvas.put(x, area.y, 1, block(share), theme.heat(share));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_by_share() {
        assert_eq!([0.0, 0.01, 0.125, 0.13, 0.5, 0.99, 1.0, 7.0].map(block), ["▁", "▁", "▁", "▂", "▄", "█", "█", "█"]);
        assert_eq!((block(f64::NAN), block(-1.0)), ("▁", "▁"));
    }
}
