//! The keys that work here, over everything else.

use crate::tui::canvas::{Canvas, cells, cut_end};
use crate::tui::keymap::Keymap;
use crate::tui::screen::Hint;
use crate::tui::theme::Hue;
use crate::tui::widgets::frame::popup;
use ratatui::layout::Rect;

/// Draws the keys in one or two columns.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, title: &str, (hints, keymap): (&[Hint], &Keymap), scroll: usize) {
    let hints: Vec<(String, &str)> = hints.iter().map(|hint| keymap.shown(title, hint)).collect();
    let key = hints.iter().map(|h| cells(&h.0)).max().unwrap_or(0) + 2;
    let text = hints.iter().map(|h| cells(h.1)).max().unwrap_or(0);
    let one = key + text + 2;
    let two = one * 2 + 6 <= area.width && hints.len() > 12;
    let rows = if two { hints.len().div_ceil(2) } else { hints.len() } as u16;
    let width = if two { one * 2 + 6 } else { one + 4 };
    let inner = popup(canvas, area, width, rows + 4, &format!("Keys · {title}"));
    if inner.height < 2 {
        return;
    }
    let height = usize::from(inner.height.saturating_sub(2)).max(1);
    let columns = if two { 2 } else { 1 };
    let per_column = if two { hints.len().div_ceil(2) } else { hints.len() };
    canvas.overflow = per_column.saturating_sub(height);
    let scroll = scroll.min(canvas.overflow);
    for column in 0..columns {
        let x = inner.x + column as u16 * (one + 2);
        for (i, hint) in hints.iter().skip(column * per_column).take(per_column).skip(scroll).take(height).enumerate() {
            let y = inner.y + 1 + i as u16;
            let room = inner.right().saturating_sub(x);
            canvas.ink(x, y, room, &hint.0, Hue::Accent);
            let room = room.saturating_sub(key);
            canvas.ink(x + key, y, room, &cut_end(hint.1, room), Hue::Text);
        }
    }
}

/// Draws wrapped text over everything else.
pub(in crate::tui) fn text(canvas: &mut Canvas, area: Rect, title: &str, words: &str, scroll: usize) {
    let width = area.width.saturating_sub(4).min(96);
    let lines = crate::tui::canvas::wrap(words, width.saturating_sub(6));
    let inner = popup(canvas, area, width, lines.len().min(usize::from(u16::MAX) - 4) as u16 + 2, title);
    let height = usize::from(inner.height);
    canvas.overflow = lines.len().saturating_sub(height);
    for (i, line) in lines.iter().skip(scroll.min(canvas.overflow)).take(height).enumerate() {
        canvas.ink(inner.x, inner.y + i as u16, inner.width, line, Hue::Text);
    }
}
