//! What panels draw on: the buffer, the theme, and the places that can be clicked.

use super::ascii;
use super::theme::{Hue, Theme};
use super::time_cursor::ChartTimes;
use super::view::{Axes, Topic};
use crate::model::text::printable;
use crate::snapshot::Column;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::KeyCode;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What a click on a place means.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Hit {
    /// Go to a screen.
    Tab(usize),
    /// Go to the screen of a title.
    Screen(&'static str),
    /// Show a kind of rows.
    Kind(usize),
    /// Select a row of a kind (`None`: the one shown).
    Row(Option<usize>, Topic),
    /// As if a key had been pressed.
    Press(KeyCode),
    /// A line of the palette.
    Choice(usize),
    /// Sort by a column.
    Column(Column),
    /// A column that nothing sorts by, by its title.
    Unsorted(&'static str),
}

/// The list a page shows: where its window is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// First row in the window.
    pub offset: usize,
    /// Rows in the window.
    pub height: usize,
}

/// A place to draw. Every text that reaches the buffer goes through [`Canvas::put`], which makes it safe to print.
pub(super) struct Canvas<'a> {
    /// The cells.
    pub buffer: &'a mut Buffer,
    /// The colours.
    pub theme: &'a Theme,
    /// Places that can be clicked, later ones above earlier ones.
    pub hits: Vec<(Rect, Hit)>,
    /// The list with the selection.
    pub listing: Listing,
    /// What its selected row opens, else its first one, stands below it already.
    pub has_preview: bool,
    /// Lines a scrolled text has beyond the window.
    pub overflow: usize,
    /// The axes of the load chart, where there is one.
    pub axes: Option<Axes>,
    /// Where times are on it.
    pub chart_times: Option<ChartTimes>,
    /// Where the text cursor is.
    pub cursor: Option<(u16, u16)>,
}

impl<'a> Canvas<'a> {
    /// Gives every cell that has no colours of its own those of the theme, where it brings its own background.
    pub fn paper(&mut self) {
        let Some((behind, text)) = self.theme.paper() else { return };
        for cell in &mut self.buffer.content {
            if cell.bg == Color::Reset {
                cell.bg = behind;
            }
            if cell.fg == Color::Reset {
                cell.fg = text;
            }
        }
    }

    /// An empty canvas.
    pub fn new(buffer: &'a mut Buffer, theme: &'a Theme) -> Self {
        Self {
            buffer,
            theme,
            hits: Vec::new(),
            listing: Listing::default(),
            has_preview: false,
            overflow: 0,
            axes: None,
            chart_times: None,
            cursor: None,
        }
    }

    /// Writes text at most `width` cells wide, with `…` where there is more of it: half a sentence or half a number says something else. Returns
    /// the cells used.
    pub fn put(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
        let area = self.buffer.area;
        if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() || width == 0 {
            return 0;
        }
        // Nothing of what was there before shines through.
        let text = printable(text);
        // What stands for a sign may be longer than it.
        let text = if self.theme.is_ascii() { ascii::text(&text) } else { text };
        let text = if cells(&text) > width { cut_end(text.trim_end(), width) } else { text };
        let text = if self.theme.is_ascii() { ascii::text(&text) } else { text };
        let (end, _) = self.buffer.set_stringn(x, y, text, usize::from(width), Style::reset().patch(style));
        end.saturating_sub(x)
    }

    /// Writes text in a hue.
    pub fn ink(&mut self, x: u16, y: u16, width: u16, text: &str, hue: Hue) -> u16 {
        self.put(x, y, width, text, self.theme.style(hue))
    }

    /// Writes pieces one after the other; returns the cells used.
    pub fn pieces(&mut self, x: u16, y: u16, width: u16, pieces: &[(Cow<'_, str>, Style)]) -> u16 {
        let mut used = 0;
        for (at, (text, style)) in pieces.iter().enumerate() {
            let left = width.saturating_sub(used);
            let goes_on = || pieces.iter().skip(at + 1).any(|(text, _)| !text.trim().is_empty());
            // What follows has no room: this is cut, that it be seen.
            let text = if cells(text) == left && goes_on() { Cow::Owned(format!("{text}…")) } else { Cow::Borrowed(&**text) };
            used += self.put(x.saturating_add(used), y, left, &text, *style);
        }
        used
    }

    /// Writes text that ends where the row ends.
    pub fn right(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) {
        let used = self.cells(text).min(width);
        self.put(x + width - used, y, used, text, style);
    }

    /// Cells that a text takes here: without UTF-8 some signs are words.
    pub fn cells(&self, text: &str) -> u16 {
        if self.theme.is_ascii() { cells(&ascii::text(text)) } else { cells(text) }
    }

    /// Repeats a character along a row.
    pub fn run(&mut self, x: u16, y: u16, width: u16, symbol: &str, style: Style) {
        for i in 0..width {
            self.put(x.saturating_add(i), y, 1, symbol, style);
        }
    }

    /// Joins the thin lines where panels meet: `─` over `│` becomes `┬` and so on.
    pub fn join(&mut self, area: Rect) {
        const UP: u8 = 1;
        const DOWN: u8 = 2;
        const LEFT: u8 = 4;
        const RIGHT: u8 = 8;
        let arms = |symbol: &str| match symbol {
            "─" => LEFT | RIGHT,
            "│" => UP | DOWN,
            "┬" => LEFT | RIGHT | DOWN,
            "┴" => LEFT | RIGHT | UP,
            "├" => UP | DOWN | RIGHT,
            "┤" => UP | DOWN | LEFT,
            "┼" => UP | DOWN | LEFT | RIGHT,
            _ => 0,
        };
        let area = area.intersection(self.buffer.area);
        let of = |buffer: &Buffer, x: i32, y: i32| match (u16::try_from(x), u16::try_from(y)) {
            (Ok(x), Ok(y)) if area.contains((x, y).into()) => buffer.cell((x, y)).map_or(0, |c| arms(c.symbol())),
            _ => 0,
        };
        for position in area.positions() {
            let (x, y) = (i32::from(position.x), i32::from(position.y));
            let own = of(self.buffer, x, y);
            if own == 0 {
                continue;
            }
            let mut all = own;
            for (dx, dy, here, there) in [(0, -1, UP, DOWN), (0, 1, DOWN, UP), (-1, 0, LEFT, RIGHT), (1, 0, RIGHT, LEFT)] {
                if of(self.buffer, x + dx, y + dy) & there != 0 {
                    all |= here;
                }
            }
            let symbol = match all {
                a if a == own => continue,
                15 => "┼",
                14 => "┬",
                13 => "┴",
                11 => "├",
                7 => "┤",
                _ => continue,
            };
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.set_symbol(symbol);
            }
        }
    }

    /// Lays a style over cells.
    pub fn over(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area.intersection(self.buffer.area), style);
    }

    /// Empties cells.
    pub fn clear(&mut self, area: Rect) {
        for position in area.intersection(self.buffer.area).positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.reset();
            }
        }
    }

    /// Empties the text that a cell is part of, up to two blanks in a row on either side.
    pub fn erase_word(&mut self, x: u16, y: u16) {
        let area = self.buffer.area;
        let is_blank = |buffer: &Buffer, x: u16| buffer.cell((x, y)).is_none_or(|cell| cell.symbol().trim().is_empty());
        if is_blank(self.buffer, x) {
            return;
        }
        let is_edge = |x: u16, next: u16| is_blank(self.buffer, x) && is_blank(self.buffer, next);
        let from = (area.left()..=x).rev().find(|&x| x > area.left() && is_edge(x, x - 1)).unwrap_or(area.left());
        let to = (x..area.right()).find(|&x| is_edge(x, x + 1)).unwrap_or(area.right());
        self.clear(Rect { x: from, y, width: to.saturating_sub(from), height: 1 });
    }

    /// Makes a place clickable.
    pub fn click(&mut self, area: Rect, hit: Hit) {
        self.hits.push((area, hit));
    }
}

/// Cells a text takes.
pub(super) fn cells(text: &str) -> u16 {
    text.width().min(usize::from(u16::MAX)) as u16
}

fn take_width(chars: impl Iterator<Item = char>, width: usize) -> Vec<char> {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= width
        })
        .collect()
}

/// Cuts a name at its end: `fileserver.exa…`.
pub(super) fn cut_end(text: &str, width: u16) -> Cow<'_, str> {
    if cells(text) <= width {
        return text.into();
    }
    if width == 0 {
        return "".into();
    }
    let mut out: String = take_width(text.chars(), usize::from(width) - 1).into_iter().collect();
    out.push('…');
    out.into()
}

/// Cuts an address in its middle, keeping a little more of its end: `2001:d…4a:443`.
pub(super) fn cut_middle(text: &str, width: u16) -> Cow<'_, str> {
    if cells(text) <= width {
        return text.into();
    }
    if width < 3 {
        return cut_end(text, width);
    }
    let keep = usize::from(width) - 1;
    let head: String = take_width(text.chars(), keep / 2).into_iter().collect();
    let tail: String = take_width(text.chars().rev(), keep - keep / 2).into_iter().rev().collect();
    format!("{head}…{tail}").into()
}

/// Breaks text into lines of at most `width` cells at spaces; line breaks in it are kept, words longer than a line are cut.
pub(super) fn wrap(text: &str, width: u16) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let indent: String = paragraph.chars().take_while(|c| *c == ' ').take(usize::from(width) / 2).collect();
        let mut line = indent.clone();
        let mut empty = true;
        for word in words(paragraph) {
            if !empty && cells(&line) + 1 + cells(&word) > width {
                lines.push(std::mem::replace(&mut line, indent.clone()));
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(&cut_end(&word, width.saturating_sub(cells(&indent))));
            empty = false;
        }
        lines.push(line);
    }
    lines
}

/// The words of a line; a number and the unit behind it are one.
fn words(line: &str) -> Vec<Cow<'_, str>> {
    let mut out: Vec<Cow<'_, str>> = Vec::new();
    for word in line.split_whitespace() {
        match out.last_mut() {
            Some(number) if is_unit(word) && number.ends_with(|c: char| c.is_ascii_digit()) || goes_on(number, word) => {
                let number = number.to_mut();
                number.push(' ');
                number.push_str(word);
            }
            _ => out.push(word.into()),
        }
    }
    out
}

/// Whether a number goes on with a smaller unit, as in `28 m 01 s`.
fn goes_on(number: &str, word: &str) -> bool {
    let digits = word.len() == 2 && word.bytes().all(|b| b.is_ascii_digit());
    let larger = [" d", " h", " m"].iter().find_map(|unit| number.strip_suffix(unit));
    digits && larger.is_some_and(|number| number.ends_with(|c: char| c.is_ascii_digit()))
}

/// Whether a word is a unit, whatever stands behind it.
fn is_unit(word: &str) -> bool {
    const UNITS: [&str; 22] = [
        "%", "s", "ms", "µs", "ns", "m", "h", "d", "B", "kB", "MB", "GB", "TB", "b/s", "kb/s", "Mb/s", "Gb/s", "p/s", "kp/s", "Mp/s",
        "B/s", "kB/s",
    ];
    UNITS.contains(&word.trim_end_matches([',', '.', ';', ':', ')']))
}

/// Divides an area: its first `height` rows and the rest.
pub(super) fn split_top(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}

/// So many hundredths of a length: a terminal may be wider than what a percentage of it leaves room for.
pub(super) fn hundredths(length: u16, share: u16) -> u16 {
    (u32::from(length) * u32::from(share) / 100).min(u16::MAX.into()) as u16
}

/// The area without `n` columns at both sides.
pub(super) fn padded(area: Rect, n: u16) -> Rect {
    let n = n.min(area.width / 2);
    Rect { x: area.x + n, width: area.width - 2 * n, ..area }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_names_and_addresses() {
        assert_eq!(cut_end("fileserver", 6), "files…");
        assert_eq!(cut_middle("2001:db8::1234:443", 9), "2001…:443");
        assert_eq!(cut_middle("short", 9), "short");
        assert_eq!(cut_end("x", 0), "");
        for width in 0..12 {
            assert!(cells(&cut_middle("日本語のホスト名", width)) <= width);
            assert!(cells(&cut_end("日本語のホスト名", width)) <= width);
        }
    }

    #[test]
    fn wraps_at_spaces() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("  ip link\n\nx", 20), ["  ip link", "", "x"]);
        // A number is nothing without its unit.
        assert_eq!(wrap("seen for 8.19 s, in 20 %", 13), ["seen for", "8.19 s, in", "20 %"]);
        assert_eq!(wrap("of 5 hosts", 6), ["of 5", "hosts"]);
        assert_eq!(wrap("cause, in 28 m 01 s", 12), ["cause, in", "28 m 01 s"]);
        assert!(wrap("a verylongwordindeed b", 6).iter().all(|l| cells(l) <= 6));
    }
}
