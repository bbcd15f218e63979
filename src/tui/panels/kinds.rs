//! The kinds of rows a page can show, walked through with Left and Right.
//!
//! ```text
//!  ◂ TCP 1,204   UDP 310   SCTP 0   IPv4 88   IPv6 12   Ethernet 40 ▸
//! ```

use crate::model::units;
use crate::tui::canvas::{Canvas, Hit, cells};
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// Cells between two kinds.
const GAP: u16 = 3;

/// Draws the line; a count stands beside each name.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene, kinds: &[(&str, Option<u64>)]) {
    if area.height == 0 {
        return;
    }
    let wide = |i: usize, (name, count): &(&str, Option<u64>), counts: bool| {
        let count = count.filter(|_| counts || i == scene.pane.kind).map_or(0, |c| cells(&units::count(c)) + 1);
        cells(name) + count + GAP
    };
    let all = |counts: bool| kinds.iter().enumerate().map(|(i, k)| wide(i, k, counts)).sum::<u16>();
    // Without room for all the counts stay away, and then what is left of the current kind.
    let counts = all(true) <= area.width + 1;
    let mut first = 0;
    let upto = |first: usize| (first..=scene.pane.kind.min(kinds.len().saturating_sub(1))).map(|i| wide(i, &kinds[i], counts)).sum::<u16>();
    while first < scene.pane.kind && upto(first) > area.width + 1 {
        first += 1;
    }
    let mut x = area.x + 1;
    for (i, (name, count)) in kinds.iter().enumerate().skip(first) {
        let current = i == scene.pane.kind;
        let style = if current { scene.theme.strong(Hue::Accent).add_modifier(Modifier::UNDERLINED) } else { scene.style(Hue::Dim) };
        let start = x;
        // Half a name is none: there are more.
        if !current && x + cells(name) > area.right() {
            canvas.put(x.saturating_sub(GAP - 1).min(area.right().saturating_sub(1)), area.y, 1, "…", style);
            break;
        }
        x += canvas.put(x, area.y, area.right().saturating_sub(x), name, style);
        if let Some(count) = count.filter(|_| counts || current) {
            let style = scene.style(if count == 0 { Hue::Faint } else { Hue::Dim });
            x += canvas.put(x, area.y, area.right().saturating_sub(x), &format!(" {}", units::count(count)), style);
        }
        canvas.click(Rect { x: start, y: area.y, width: x.saturating_sub(start), height: 1 }, Hit::Kind(i));
        x += GAP;
        if x >= area.right() {
            break;
        }
    }
}

/// A kind, or the first that has rows where it has none.
pub(in crate::tui) fn with_rows(rows: impl Iterator<Item = u64>, kind: usize) -> usize {
    let mut first = None;
    for (at, _) in rows.enumerate().filter(|(_, rows)| *rows > 0) {
        if at == kind {
            return kind;
        }
        first = first.or(Some(at));
    }
    first.unwrap_or(kind)
}
