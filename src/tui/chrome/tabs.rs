//! The second line: tabs, or breadcrumbs below a screen.
//!
//! ```text
//!  1 Overview  2 Protocols  3 Hosts  4 Conversations  5 Services  6 Problems ▲3  8 Mirror
//!  4 Conversations › 10.20.0.14:51532 ⇄ 10.20.1.7:443 › 10.20.0.14
//! ```

use crate::tui::canvas::{Canvas, Hit, cells, cut_end, cut_middle};
use crate::tui::details;
use crate::tui::screen::ScreenEntry;
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, Topic};
use ratatui::crossterm::event::KeyCode;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// The name of a screen's tab, and whether it is the current one; empty: only its digit stands there, or nothing.
type Naming = fn(&ScreenEntry, bool) -> &'static str;

/// Names of the tabs and the cells between them, from those that need most room to those that need least. Screens without a digit go before names do.
const NAMES: [(Naming, u16); 5] = [
    (|e, _| e.screen.title(), 2),
    (|e, _| e.screen.short(), 2),
    (|e, here| if here || e.digit.is_some() { e.screen.short() } else { "" }, 2),
    (|e, here| if here || e.digit.is_some() { e.screen.short() } else { "" }, 1),
    (|e, here| if here { e.screen.short() } else { "" }, 2),
];

/// Cells of a tab with the gap behind it, without its mark.
fn wide(entry: &ScreenEntry, name: &str, gap: u16) -> u16 {
    match (entry.digit, name) {
        (None, "") => 0,
        (None, name) => cells(name) + gap,
        (Some(_), "") => 1 + gap,
        (Some(_), name) => cells(name) + 2 + gap,
    }
}

/// Cells of the marks there usually are: `▲12`.
const USUAL_MARKS: u16 = 4;

/// What stands for tabs that have no room; `:` lists all.
const MORE: &str = "…";

/// Draws the tabs.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene, screens: &[ScreenEntry], current: usize) {
    let mark = |i: usize| screens.get(i).and_then(|s| s.screen.badge(scene.snapshot));
    let marks: u16 = (0..screens.len()).filter_map(mark).map(|m| cells(&m.0) + 1).sum();
    // Names follow from the width alone: neither another screen nor a mark of usual size renames a tab.
    let names = NAMES.iter().find(|(names, gap)| {
        let all = |current| screens.iter().enumerate().map(|(i, s)| wide(s, names(s, i == current), *gap)).sum::<u16>();
        let widest = (0..screens.len()).map(all).max().unwrap_or(0);
        let hidden = screens.iter().any(|s| wide(s, names(s, false), *gap) == 0);
        widest + marks.max(USUAL_MARKS) + u16::from(hidden) * 2 <= area.width.saturating_add(gap - 1)
    });
    let (names, gap) = names.or(NAMES.last()).copied().unwrap_or((|e, _| e.screen.title(), 2));
    let mut hidden = false;
    let mut x = area.x + 1;
    for (i, entry) in screens.iter().enumerate() {
        let start = x;
        let here = i == current;
        let digit = if here { scene.theme.strong(Hue::Accent) } else { scene.style(Hue::Accent) };
        let room = |x: u16| area.right().saturating_sub(x);
        let name = names(entry, here);
        if wide(entry, name, gap) == 0 {
            hidden = true;
            continue;
        }
        if let Some(number) = entry.digit {
            x += canvas.put(x, area.y, room(x), &number.to_string(), digit) + 1;
        }
        let style = if here { scene.theme.strong(Hue::Title).add_modifier(Modifier::UNDERLINED) } else { scene.style(Hue::Dim) };
        if !name.is_empty() {
            x += canvas.put(x, area.y, room(x), name, style);
        } else if entry.digit.is_some() {
            x -= 1;
        }
        if let Some((mark, hue)) = mark(i) {
            x += canvas.put(x + 1, area.y, room(x + 1), &mark, scene.theme.strong(hue)) + 1;
        }
        canvas.click(Rect { x: start, y: area.y, width: x.saturating_sub(start), height: 1 }, Hit::Tab(i));
        x += gap;
        if x >= area.right() {
            return;
        }
    }
    if hidden {
        let used = canvas.put(x, area.y, area.right().saturating_sub(x), MORE, scene.style(Hue::Accent));
        canvas.click(Rect { x, y: area.y, width: used, height: 1 }, Hit::Press(KeyCode::Char(':')));
    }
}

/// Draws the way from the screen to the page.
pub(in crate::tui) fn breadcrumbs<'a>(
    canvas: &mut Canvas,
    area: Rect,
    scene: &Scene,
    (current, entry): (usize, &ScreenEntry),
    stack: impl Iterator<Item = &'a Topic>,
) {
    let crumbs: Vec<String> = stack.map(|t| details::page(t).map(|page| page.crumb(scene, t)).unwrap_or_default()).collect();
    let mut x = area.x + 1;
    x += canvas.put(x, area.y, area.right().saturating_sub(x), &entry.label(), scene.style(Hue::Accent));
    canvas.click(Rect { x: area.x, y: area.y, width: x - area.x, height: 1 }, Hit::Tab(current));
    let room = area.right().saturating_sub(x + 1);
    let each = room / (crumbs.len().max(1) as u16);
    for (i, crumb) in crumbs.iter().enumerate() {
        let last = i + 1 == crumbs.len();
        x += canvas.put(x, area.y, area.right().saturating_sub(x), " › ", scene.style(Hue::Dim));
        let room = area.right().saturating_sub(x + 1);
        let text = if last { cut_end(crumb, room) } else { cut_middle(crumb, each.saturating_sub(3)) };
        let style = if last { scene.style(Hue::Title) } else { scene.style(Hue::Dim) };
        x += canvas.put(x, area.y, room, &text, style);
    }
}
