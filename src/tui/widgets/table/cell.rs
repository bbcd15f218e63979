//! What stands in one place of a table, and how it is drawn.

use crate::tui::canvas::{Canvas, cells, cut_end, cut_middle};
use crate::tui::theme::Hue;
use crate::tui::widgets::amount::{self, Amount};
use crate::tui::widgets::bar;
use ratatui::style::Style;
use std::borrow::Cow;

/// What stands in one place of a table.
pub(in crate::tui) enum Cell {
    /// A name: left, cut at its end.
    Text(String, Style),
    /// A name that is a guess: left, cut at its end, with a dim `?` that stays.
    Guess(String, Style),
    /// An address: left, cut in its middle.
    Address(String, Style),
    /// Words between spaces, of which those stand there that fit whole, and how many do not.
    List(String, Style),
    /// Right-aligned text.
    Right(String, Style),
    /// Number and unit.
    Amount(Amount, Style),
    /// A share: bar and percentage.
    Share(f64, Style),
    /// Two ends and what is between them; each end has half of the room.
    Pair(String, &'static str, String, Style),
    /// Pieces, left.
    Pieces(Vec<(Cow<'static, str>, Style)>),
}

/// Cells of the percentage beside a bar.
const PERCENT: u16 = 5;
/// Cells between the ends of a pair.
pub(super) const PAIR: u16 = 3;

/// Cells of the first end of a pair: what it needs where the other one has room beside it, else half; what one does not need the other has.
pub(super) fn split(width: u16, [first, second]: [u16; 2]) -> u16 {
    let room = width.saturating_sub(PAIR);
    let half = room / 2;
    if first.saturating_add(second) <= room {
        first
    } else if first <= half && second > room - half {
        first.max(room.saturating_sub(second))
    } else if first > half && second <= room - half {
        first.min(room - second)
    } else {
        half
    }
}

/// The words that fit whole, and how many more there are: `10.0.0.1 +2`. A first one that does not fit is cut in its middle.
fn some_of(text: &str, width: u16) -> String {
    if cells(text) <= width {
        return text.to_owned();
    }
    let words: Vec<&str> = text.split(' ').collect();
    let more = |shown: usize| format!(" +{}", words.len() - shown);
    let shown = (1..words.len()).rev().find_map(|n| {
        let line = format!("{}{}", words.get(..n)?.join(" "), more(n));
        (cells(&line) <= width).then_some(line)
    });
    shown.unwrap_or_else(|| match words.as_slice() {
        [first, _, ..] if width > MORE => format!("{}{}", cut_middle(first, width - MORE), more(1)),
        _ => cut_middle(text, width).into_owned(),
    })
}

/// Cells of ` +9`.
const MORE: u16 = 3;

/// Draws one cell of a table; `first`: cells of the first end of a pair, `full`: the share at which a bar ends.
pub(super) fn draw(canvas: &mut Canvas, x: u16, y: u16, width: u16, cell: Cell, (first, full): (u16, f64)) {
    match cell {
        Cell::Text(text, style) => {
            canvas.put(x, y, width, &cut_end(&text, width), style);
        }
        Cell::Guess(text, style) => {
            let used = canvas.put(x, y, width, &cut_end(&text, width.saturating_sub(1)), style);
            let dim = canvas.theme.style(Hue::Dim);
            canvas.put(x + used, y, width.saturating_sub(used), "?", dim);
        }
        Cell::Address(text, style) => {
            canvas.put(x, y, width, &cut_middle(&text, width), style);
        }
        Cell::List(text, style) => {
            canvas.put(x, y, width, &some_of(&text, width), style);
        }
        Cell::Right(text, style) => canvas.right(x, y, width, &text, style),
        Cell::Amount(value, style) => {
            let dim = canvas.theme.style(Hue::Dim);
            let unit = cells(&value.unit);
            let used = 5 + unit;
            let x = x + width.saturating_sub(used);
            canvas.right(x, y, 4, &value.number, if value.zero { dim } else { style });
            canvas.put(x + 5, y, unit, &value.unit, dim);
        }
        Cell::Share(share, style) => {
            let wide = width.saturating_sub(PERCENT + 1);
            bar::draw(canvas, x, y, wide, share / full, style);
            let text = amount::share(share);
            let hue = if share >= 0.0005 { Hue::Text } else { Hue::Dim };
            let style = canvas.theme.style(hue);
            canvas.right(x + width - PERCENT.min(width), y, PERCENT.min(width), &text, style);
        }
        Cell::Pair(one, between, other, style) => {
            let dim = canvas.theme.style(Hue::Dim);
            canvas.put(x, y, first, &cut_middle(&one, first), style);
            canvas.put(x + first + 1, y, 1, between, dim);
            let rest = width.saturating_sub(first + PAIR);
            canvas.put(x + first + PAIR, y, rest, &cut_middle(&other, rest), style);
        }
        Cell::Pieces(pieces) => {
            let mut used = 0;
            for (text, style) in &pieces {
                let room = width.saturating_sub(used);
                used += canvas.put(x + used, y, room, &cut_end(text, room), *style);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_that_would_be_cut_takes_what_the_other_leaves() {
        assert_eq!(split(33, [10, 12]), 10, "beside each other, where both fit");
        assert_eq!(split(33, [14, 18]), 14);
        assert_eq!(split(33, [18, 10]), 18);
        assert_eq!(split(33, [28, 10]), 20);
        assert_eq!(split(33, [40, 40]), 15);
        assert_eq!(split(2, [9, 9]), 0);
    }

    #[test]
    fn of_a_list_whole_words_are_shown() {
        let list = "10.77.0.104 fe80::5eff:fe00:13 fd77::1";
        assert_eq!(some_of(list, 40), list);
        assert_eq!(some_of(list, 34), "10.77.0.104 fe80::5eff:fe00:13 +1");
        assert_eq!(some_of(list, 20), "10.77.0.104 +2");
        assert_eq!(some_of(list, 12), "10.7….104 +2");
        assert_eq!(cells(&some_of("fe80::5eff:fe00:13", 10)), 10);
    }
}
