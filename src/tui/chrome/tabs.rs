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

/// How tabs are called, and the cells between them. That follows from the width alone: no tab moves because of another screen.
#[derive(Clone, Copy)]
struct Naming {
    /// So many of the screens from the first on have a name beside their key.
    named: usize,
    /// In a word of a few letters.
    short: bool,
    gap: u16,
    /// Whether there is a place at the end of the line for the name of a screen that has no tab; else it lies over the last tabs.
    end: bool,
}

impl Naming {
    /// Only digits, and those beside each other where there is least room.
    const BARE: Self = Self { named: 0, short: false, gap: 2, end: true };
    const BAREST: Self = Self { named: 0, short: false, gap: 1, end: false };

    /// From those that need most room to those that need least. Screens without a digit go before names are shortened.
    fn all(screens: &[ScreenEntry]) -> impl Iterator<Item = Self> {
        let digits = screens.iter().filter(|entry| entry.digit.is_some()).count();
        let ways =
            [(screens.len(), false, true), (digits, false, true), (digits, false, false), (digits, true, true), (digits, true, false)];
        let gaps = ways.into_iter().flat_map(|(named, short, end)| [2, 1].map(|gap| Self { named, short, gap, end }));
        gaps.chain([Self::BARE, Self::BAREST])
    }

    /// The name of a screen's tab by its place; empty: only its digit stands there, or nothing.
    fn name(self, at: usize, entry: &ScreenEntry) -> &'static str {
        match at < self.named {
            true if self.short => entry.screen.short_title(),
            true => entry.screen.title(),
            false => "",
        }
    }

    /// Cells that all tabs take, with the place for the name of a screen whose tab has none.
    fn width(self, screens: &[ScreenEntry], keys: &[String]) -> u16 {
        let tabs = screens.iter().zip(keys).enumerate().map(|(i, (entry, key))| wide(key, self.name(i, entry), self.gap));
        let more = if tabs.clone().any(|cells| cells == 0) { cells(MORE) + self.gap } else { 0 };
        let unnamed = screens.iter().skip(self.named).filter(|_| self.end);
        let end = unnamed.map(|entry| cells(entry.screen.title())).max().unwrap_or(0);
        tabs.sum::<u16>() + more + end
    }
}

/// Cells of a tab with its key and the gap behind it, without its mark.
fn wide(key: &str, name: &str, gap: u16) -> u16 {
    match (key, name) {
        ("", "") => 0,
        ("", name) => cells(name) + gap,
        (key, "") => cells(key) + gap,
        (key, name) => cells(key) + 1 + cells(name) + gap,
    }
}

/// Cells of the marks there usually are: ` ✖1 ▲12`.
const USUAL_MARKS: u16 = 7;

/// What stands for tabs that have no room; `:` lists all.
const MORE: &str = "…";

/// The same where there is room for words: how to get there, and to how many.
fn more(hidden: usize, room: u16) -> String {
    let ways = [format!("Tab: {hidden} more"), "Tab: more".to_owned(), "Tab …".to_owned()];
    ways.into_iter().find(|words| cells(words) <= room).unwrap_or_else(|| MORE.to_owned())
}

/// Draws the tabs.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, scene: &Scene, screens: &[ScreenEntry], current: usize) {
    let keys: Vec<String> = screens.iter().map(|entry| entry.key(&scene.options.keymap)).collect();
    let key = |i: usize| keys.get(i).map_or("", String::as_str);
    // What is wrong is told of all of the time, also where a span is looked at.
    let marks = |i: usize| screens.get(i).map(|s| s.screen.marks(scene.base)).unwrap_or_default();
    let wide_marks: u16 = (0..screens.len()).flat_map(marks).map(|m| cells(&m.0) + 1).sum();
    // Names follow from the width alone: neither another screen nor a mark of usual size renames a tab.
    let fits = |naming: &Naming| naming.width(screens, &keys) + wide_marks.max(USUAL_MARKS) < area.width.saturating_add(naming.gap);
    let naming = Naming::all(screens).find(fits).unwrap_or(Naming::BAREST);
    let gap = naming.gap;
    let current_style = scene.theme.strong(Hue::Title).add_modifier(Modifier::UNDERLINED);
    let mut hidden = 0;
    let mut places = Vec::with_capacity(screens.len());
    let mut x = area.x + 1;
    for (i, entry) in screens.iter().enumerate() {
        let start = x;
        let here = i == current;
        let digit = if here { scene.theme.strong(Hue::Accent) } else { scene.style(Hue::Accent) };
        let room = |x: u16| area.right().saturating_sub(x);
        let name = naming.name(i, entry);
        if wide(key(i), name, gap) == 0 {
            hidden += 1;
            continue;
        }
        if !key(i).is_empty() {
            let digit = if here && name.is_empty() { digit.add_modifier(Modifier::UNDERLINED) } else { digit };
            x += canvas.put(x, area.y, room(x), key(i), digit) + 1;
        }
        let style = if here { current_style } else { scene.style(Hue::Dim) };
        if !name.is_empty() {
            x += canvas.put(x, area.y, room(x), name, style);
        } else if !key(i).is_empty() {
            x -= 1;
        }
        for (mark, hue) in marks(i) {
            x += canvas.put(x + 1, area.y, room(x + 1), &mark, scene.theme.strong(hue)) + 1;
        }
        canvas.click(Rect { x: start, y: area.y, width: x.saturating_sub(start), height: 1 }, Hit::Tab(i));
        places.push((start, x));
        x += gap;
        if x >= area.right() {
            return;
        }
    }
    let untabbed_here = screens.get(current).filter(|entry| naming.name(current, entry).is_empty());
    if hidden > 0 {
        // The name of a screen without a tab needs the room.
        let words = more(hidden, if untabbed_here.is_some() { 0 } else { area.right().saturating_sub(x) });
        let used = canvas.put(x, area.y, area.right().saturating_sub(x), &words, scene.style(Hue::Accent));
        canvas.click(Rect { x, y: area.y, width: used, height: 1 }, Hit::Press(KeyCode::Char(':')));
        x += used + 1;
    }
    if let Some(entry) = untabbed_here {
        untabbed(canvas, Rect { x, width: area.right().saturating_sub(x), ..area }, scene, entry.screen.title(), &places);
    }
}

/// Draws the name of the screen in front, which has no tab, behind the tabs. Where that has no room beside them, which stand at their `places`,
/// it takes that of the last ones: they are in the palette as well.
fn untabbed(canvas: &mut Canvas, rest: Rect, scene: &Scene, name: &str, places: &[(u16, u16)]) {
    let end = rest.right().saturating_sub(1);
    let mut begin = end.saturating_sub(cells(name));
    if begin > rest.x {
        begin = rest.x;
    } else {
        let ours = begin.saturating_sub(cells(MORE) + 1);
        let from = places.iter().find(|(_, behind)| *behind >= ours).map_or(ours, |(start, _)| *start.min(&ours));
        let over = Rect { x: from, width: rest.right().saturating_sub(from), ..rest };
        canvas.clear(over);
        canvas.put(from, rest.y, cells(MORE), MORE, scene.style(Hue::Accent));
        canvas.click(over, Hit::Press(KeyCode::Char(':')));
        begin = from + cells(MORE) + 1;
    }
    canvas.put(begin, rest.y, end.saturating_sub(begin), name, scene.theme.strong(Hue::Title).add_modifier(Modifier::UNDERLINED));
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
    x += canvas.put(x, area.y, area.right().saturating_sub(x), &entry.label(&scene.options.keymap), scene.style(Hue::Accent));
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
