//! The last line: keys that apply here, and what is in force.
//!
//! ```text
//!  ↑↓ select  ⏎ open  / filter  s sort  p pause  ? keys  q quit            vlan 10 and tcp
//! ```

use super::palette;
use crate::tui::ascii;
use crate::tui::canvas::{Canvas, Hit, cells, cut_end, wrap};
use crate::tui::hints::fitting;
use crate::tui::screen::Hint;
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Lines above the last one that words may cover.
const LINES_ABOVE: u16 = 7;

/// Columns below which there are only keys.
const TINY: u16 = 40;

/// What stands at the right of the last line.
#[derive(Default)]
pub(in crate::tui) struct InForce {
    /// What changes what is shown: a filter, the past, a picture that is held.
    pub always: Vec<(String, Style)>,
    /// What is so for good: where there is little room no key gives way to it.
    pub aside: Option<(String, Style)>,
}

/// Columns from which on there are keys enough.
const ROOMY: u16 = 100;

/// Draws as many hints as fit, and what is in force at the right.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, hints: &[Hint], shown: &dyn Fn(&Hint) -> String, in_force: InForce) {
    // Where little of it would be left, keys say more.
    let mut in_force_now = if area.width < TINY { Vec::new() } else { in_force.always };
    let wide = |words: &[(String, Style)]| words.iter().map(|f| cells(&f.0) + 2).sum::<u16>().min(area.width / 2);
    if let Some(aside) = in_force.aside {
        let kept = |force: u16| fitting(hints, area.width.saturating_sub(force + 2), shown).len();
        let force = wide(&in_force_now);
        if area.width >= ROOMY || kept(force + cells(&aside.0) + 2) == kept(force) {
            in_force_now.push(aside);
        }
    }
    let in_force = &in_force_now;
    let force = wide(in_force);
    let mut x = area.x + 1;
    // What is in force is no word of the last key.
    let gap = if force > 0 { 2 } else { 0 };
    // Some keys have longer names where there is only ASCII.
    let is_ascii = canvas.theme.is_ascii();
    let shown = |hint: &Hint| if is_ascii { ascii::text(&shown(hint)).into_owned() } else { shown(hint) };
    for hint in fitting(hints, area.width.saturating_sub(force + gap), &shown) {
        let key = shown(&hint);
        let wide = cells(&key) + cells(hint.word) + 1;
        let start = x;
        x += canvas.ink(x, area.y, wide, &key, Hue::Accent) + 1;
        x += canvas.ink(x, area.y, wide, hint.word, Hue::Dim) + 2;
        if let Some(code) = palette::code(hint.key) {
            canvas.click(Rect { x: start, y: area.y, width: x - start, height: 1 }, Hit::Press(code));
        }
    }
    let mut x = area.right().saturating_sub(force);
    for (text, style) in in_force {
        let room = area.right().saturating_sub(x + 1);
        x += canvas.put(x, area.y, room, &cut_end(text, room), *style) + 2;
    }
}

/// Draws a question or a message over the whole line, and over lines above it where it is longer.
pub(in crate::tui) fn message(canvas: &mut Canvas, area: Rect, text: &str, style: Style) {
    let lines = fitted(text, area.width.saturating_sub(2), area.y.min(LINES_ABOVE) + 1);
    let more = u16::try_from(lines.len()).unwrap_or(1).saturating_sub(1);
    over(canvas, Rect { y: area.y - more, height: more + 1, ..area }, &lines, style);
}

/// Draws words over a whole line, and over no other.
pub(in crate::tui) fn banner(canvas: &mut Canvas, area: Rect, text: &str, style: Style) {
    over(canvas, area, &fitted(text, area.width.saturating_sub(2), 1), style);
}

/// Words in at most so many lines; what has no room is known to be there.
fn fitted(words: &str, width: u16, most: u16) -> Vec<String> {
    let mut lines = wrap(words, width.max(8));
    let is_cut = lines.len() > usize::from(most);
    lines.truncate(usize::from(most));
    if let Some(last) = lines.last_mut().filter(|_| is_cut) {
        *last = cut_end(&format!("{last} …"), width).into_owned();
    }
    lines
}

/// Draws lines over whatever is there.
fn over(canvas: &mut Canvas, area: Rect, lines: &[String], style: Style) {
    canvas.clear(area);
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        canvas.put(area.x + 1, y, area.width.saturating_sub(2), line, style);
    }
}

/// Draws the line a filter is typed in, with what is wrong with it.
pub(in crate::tui) fn input(canvas: &mut Canvas, area: Rect, scene: &Scene, value: &str, cursor: usize, error: Option<&str>) {
    let help = "vlan 10 and tcp · retrans > 1 · an address, network, port or protocol · ⏎ apply · Esc leave";
    line(canvas, area, scene, ("filter ", help), value, cursor, error);
}

/// Draws a line that is typed in: what for, what could be typed, what is wrong with it.
pub(in crate::tui) fn line(
    canvas: &mut Canvas,
    area: Rect,
    scene: &Scene,
    (name, help): (&str, &str),
    value: &str,
    cursor: usize,
    error: Option<&str>,
) {
    canvas.clear(area);
    let prompt = canvas.ink(area.x + 1, area.y, 10, name, Hue::Accent) + 1;
    let width = area.width.saturating_sub(prompt + 1);
    // What is wrong stands at the end of the line, or where it is long above it.
    let beside = error.filter(|error| cells(error) + 3 <= width.saturating_sub(value.chars().count().min(200) as u16 + 2));
    let room = width.saturating_sub(beside.map_or(0, |error| cells(error) + 3)).max(1);
    // The part around the cursor is shown.
    let skip = cursor.saturating_sub(usize::from(room).saturating_sub(1));
    let shown: String = value.chars().skip(skip).collect();
    canvas.put(area.x + prompt, area.y, room, &shown, scene.style(Hue::Text));
    if value.is_empty() {
        canvas.put(area.x + prompt + 1, area.y, room.saturating_sub(1), &cut_end(help, room.saturating_sub(1)), scene.style(Hue::Dim));
    }
    match (beside, error) {
        (Some(error), _) => canvas.right(area.x, area.y, area.width.saturating_sub(1), error, scene.style(Hue::Bad)),
        (None, Some(error)) => above(canvas, area, error, scene.style(Hue::Bad)),
        (None, None) => {}
    }
    let x = (area.x + prompt + (cursor - skip).min(usize::from(room)) as u16).min(area.right().saturating_sub(1));
    canvas.cursor = Some((x, area.y));
}

/// Draws wrapped words over the lines above one.
fn above(canvas: &mut Canvas, area: Rect, words: &str, style: Style) {
    let lines = fitted(words, area.width.saturating_sub(2), area.y.min(LINES_ABOVE));
    let room = u16::try_from(lines.len()).unwrap_or(0);
    over(canvas, Rect { y: area.y - room, height: room, ..area }, &lines, style);
}
