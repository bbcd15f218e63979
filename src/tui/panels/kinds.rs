//! The kinds of rows a page can show, walked through with Left and Right.
//!
//! ```text
//!  ◂ TCP 1,204   UDP 310   SCTP 0   IPv4 88   IPv6 12   Ethernet 40 ▸
//! ```

use crate::model::units;
use crate::tui::canvas::{Canvas, Hit, cells};
use crate::tui::columns;
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// Cells between two kinds, and where there is little room.
const GAP: u16 = 3;
const NARROW: u16 = 2;

/// Columns from which on kinds without rows are shown as well.
const ROOMY: u16 = 100;

/// Draws the line; a count stands beside each name.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene, kinds: &[(&str, Option<u64>)]) {
    if area.height == 0 {
        return;
    }
    let current = scene.pane.kind;
    let known = |count: Option<u64>| count.filter(|_| !scene.partial);
    let kinds: Vec<(&str, Option<u64>)> = kinds.iter().map(|(name, count)| (*name, known(*count))).collect();
    let has_rows = |(i, (_, count)): &(usize, &(&str, Option<u64>))| *i == current || *count != Some(0);
    let wide = |i: usize, (name, count): &(&str, Option<u64>), counts: bool| {
        let count = count.filter(|_| counts || i == current).map_or(0, |c| cells(&units::count(c)) + 1);
        cells(name) + count
    };
    let fits = |all: bool, counts: bool, gap: u16| {
        let shown = kinds.iter().enumerate().filter(|kind| all || has_rows(kind));
        shown.map(|(i, kind)| wide(i, kind, counts) + gap).sum::<u16>() < area.width + gap
    };
    // Without room for all of it first kinds without rows stay away, then the counts: beside those that have none nobody knew which do.
    let ways = [(true, true, GAP), (false, true, GAP), (false, false, GAP), (false, false, NARROW)];
    // In less than a hundred columns those without rows are in the way of those that have some.
    let ways = if area.width < ROOMY { &ways[1..] } else { &ways[..] };
    let (all, counts, gap) = ways.iter().copied().find(|(all, counts, gap)| fits(*all, *counts, *gap)).unwrap_or((false, false, NARROW));
    let shown: Vec<(usize, &(&str, Option<u64>))> = kinds.iter().enumerate().filter(|kind| all || has_rows(kind)).collect();
    let place = shown.iter().position(|(i, _)| *i == current).unwrap_or(0);
    let upto = |first: usize| shown.iter().take(place + 1).skip(first).map(|(i, kind)| wide(*i, kind, counts) + gap).sum::<u16>();
    let mut first = 0;
    while first < place && upto(first) > area.width + 1 {
        first += 1;
    }
    let mut x = area.x + 1;
    for (i, (name, count)) in shown.into_iter().skip(first) {
        let is_current = i == current;
        let style = if is_current { scene.theme.strong(Hue::Accent).add_modifier(Modifier::UNDERLINED) } else { scene.style(Hue::Dim) };
        let start = x;
        // Half a name is none: there are more.
        if !is_current && x + cells(name) > area.right() {
            canvas.put(x.saturating_sub(gap - 1).min(area.right().saturating_sub(1)), area.y, 1, "…", style);
            break;
        }
        x += canvas.put(x, area.y, area.right().saturating_sub(x), name, style);
        if let Some(count) = count.filter(|_| counts || is_current) {
            let style = scene.style(if count == 0 { Hue::Faint } else { Hue::Dim });
            x += canvas.put(x, area.y, area.right().saturating_sub(x), &format!(" {}", units::count(count)), style);
        }
        canvas.click(Rect { x: start, y: area.y, width: x.saturating_sub(start), height: 1 }, Hit::Kind(i));
        x += gap;
        if x >= area.right() {
            break;
        }
    }
}

/// What an empty list of one kind says: where the filter shows rows of other kinds, which.
pub(in crate::tui) fn empty(scene: &Scene, kinds: &[(&str, Option<u64>)]) -> String {
    let others: Vec<String> =
        kinds.iter().filter_map(|(name, count)| Some(format!("{name} {}", units::count(count.filter(|count| *count > 0)?)))).collect();
    match kinds.get(scene.pane.kind) {
        Some((name, _)) if scene.view.filter.is_some() && !others.is_empty() => {
            format!("{name}: nothing matches the filter; what does: {} (← →) · Esc shows all rows again", others.join(", "))
        }
        _ => columns::empty(scene).to_owned(),
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
