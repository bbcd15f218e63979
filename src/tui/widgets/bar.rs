//! Bars that show a share in steps of an eighth of a cell.

use crate::tui::canvas::Canvas;
use crate::tui::theme::Hue;
use ratatui::style::Style;

const EIGHTHS: [&str; 8] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// The text of a bar: `share` of `width` cells, at least a sliver when there is anything.
pub(in crate::tui) fn text(share: f64, width: u16) -> String {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let all = f64::from(width) * 8.0;
    let mut eighths = (share * all).round() as usize;
    if share > 0.0 && width > 0 {
        eighths = eighths.max(1);
    }
    let mut out = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        out.push_str(EIGHTHS[eighths % 8]);
    }
    out
}

/// Draws a bar.
pub(in crate::tui) fn draw(canvas: &mut Canvas, x: u16, y: u16, width: u16, share: f64, style: Style) {
    canvas.put(x, y, width, &text(share, width), style);
}

/// Draws a gauge: a bar with its empty part visible.
pub(in crate::tui) fn gauge(canvas: &mut Canvas, x: u16, y: u16, width: u16, share: f64, style: Style) {
    let filled = (share.clamp(0.0, 1.0) * f64::from(width)).round() as u16;
    canvas.run(x, y, filled, "━", style);
    let rest = canvas.theme.style(Hue::Faint);
    canvas.run(x + filled, y, width - filled, "─", rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eighths() {
        assert_eq!(text(0.5, 4), "██");
        assert_eq!(text(0.5, 3), "█▌");
        assert_eq!(text(0.0001, 3), "▏");
        assert_eq!(text(0.0, 3), "");
        assert_eq!(text(f64::NAN, 3), "");
        assert_eq!(text(7.0, 3), "███");
        assert_eq!(text(1.0, 0), "");
    }
}
