//! Findings of a probe, a line each.

use super::shown;
use crate::fleet::StoryFinding;
use crate::tui::canvas::{Canvas, cells, cut_end};
use crate::tui::label;
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use ratatui::layout::Rect;

/// Draws them from one on, at a moment.
pub(super) fn findings(canvas: &mut Canvas, area: Rect, list: &[&StoryFinding], (skip, now): (usize, i64), scene: &Scene) {
    let (dim, text) = (scene.style(Hue::Dim), scene.style(Hue::Text));
    if list.is_empty() && area.height > 0 {
        canvas.put(area.x + 1, area.y, area.width.saturating_sub(2), "no finding holds", dim);
    }
    for (finding, y) in list.iter().skip(skip).zip(area.top()..area.bottom()) {
        let (sign, hue) = label::severity(finding.severity);
        let (sign, style) = if finding.is_active { (sign, scene.theme.strong(hue)) } else { ("○", dim) };
        let since = if finding.is_active { "since" } else { "until" };
        let time = shown::when(if finding.is_active { finding.first } else { finding.last }, now, scene);
        let time = format!("{since} {time}");
        let (room, wide) = (area.width.saturating_sub(2), cells(&time));
        // A time stands at the right where it leaves the title readable.
        let is_timed = room > wide + 40;
        let left = if is_timed { room.saturating_sub(wide + 2) } else { room };
        let title = cut_end(&finding.title, left.saturating_sub(2));
        canvas.pieces(area.x + 1, y, left, &[(format!("{sign} ").into(), style), (title, if finding.is_active { text } else { dim })]);
        if is_timed {
            canvas.right(area.x + 1, y, room, &time, dim);
        }
    }
}
