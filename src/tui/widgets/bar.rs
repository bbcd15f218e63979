//! Bars that show a share in steps of half a cell. They are half a row high: bars of rows above each other stay apart.

use crate::tui::canvas::Canvas;
use crate::tui::theme::Hue;
use ratatui::style::Style;

/// A cell of a bar, half of one at its end, and what has less than that.
const DRAWN: [&str; 3] = ["▄", "▖", "▖"];
/// The same where there are no glyphs.
const PLAIN: [&str; 3] = ["#", "", "|"];

/// The text of a bar: `share` of `width` cells, at least a sliver when there is anything.
fn text(share: f64, width: u16, [whole, half, sliver]: [&str; 3]) -> String {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let halves = (share * f64::from(width) * 2.0).round() as usize;
    let mut out = whole.repeat(halves / 2);
    if !halves.is_multiple_of(2) {
        out.push_str(half);
    }
    if out.is_empty() && share > 0.0 && width > 0 {
        out.push_str(sliver);
    }
    out
}

/// Draws a bar.
pub(in crate::tui) fn draw(canvas: &mut Canvas, x: u16, y: u16, width: u16, share: f64, style: Style) {
    let glyphs = if canvas.theme.is_ascii() { PLAIN } else { DRAWN };
    canvas.put(x, y, width, &text(share, width, glyphs), style);
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
    fn halves() {
        let drawn = |share, width| text(share, width, DRAWN);
        assert_eq!(drawn(0.5, 4), "▄▄");
        assert_eq!(drawn(0.5, 3), "▄▖");
        assert_eq!(drawn(0.0001, 3), "▖", "a sliver of what is almost nothing");
        assert_eq!(drawn(0.0, 3), "");
        assert_eq!(drawn(f64::NAN, 3), "");
        assert_eq!(drawn(7.0, 3), "▄▄▄");
        assert_eq!(drawn(1.0, 0), "");
        let plain = |share| text(share, 4, PLAIN);
        assert_eq!([plain(1.0), plain(0.6), plain(0.0001), plain(0.0)], ["####", "##", "|", ""]);
    }
}
