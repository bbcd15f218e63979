//! The keys that work here, over everything else.

use crate::model::{FILTER_WORDS, SCREEN_WORDS};
use crate::tui::canvas::{Canvas, cells, cut_end, wrap};
use crate::tui::keymap::Keymap;
use crate::tui::screen::Hint;
use crate::tui::theme::Hue;
use crate::tui::widgets::frame::popup;
use ratatui::layout::Rect;

/// Cells of a line of help that are still read well.
const LINE: u16 = 84;

/// Draws the keys in one or two columns; long explanations take several lines. Where `/` filters, what a filter may say stands behind them, an example each; then what words on screens mean.
pub(in crate::tui) fn draw(canvas: &mut Canvas, area: Rect, title: &str, (hints, keymap): (&[Hint], &Keymap), scroll: usize) {
    let filters = hints.iter().any(|hint| hint.word == "filter");
    let words = FILTER_WORDS
        .iter()
        .filter(|_| filters)
        .map(|(examples, shows)| (examples.split(", ").next().unwrap_or_default().to_owned(), *shows));
    let meanings = SCREEN_WORDS.iter().map(|(word, meaning)| ((*word).to_owned(), *meaning));
    // What is no key stands under a heading.
    let heading = |name: &str, about| ["".to_owned(), name.to_owned()].into_iter().zip(["", about]);
    let filter = heading("FILTER", "what / takes, for example").filter(|_| filters);
    let keys = hints.iter().map(|hint| keymap.shown(title, hint));
    let hints: Vec<(String, &str)> =
        keys.chain(filter).chain(words).chain(heading("WORDS", "what words on the screens mean")).chain(meanings).collect();
    let wanted = hints.iter().map(|h| cells(h.1)).max().unwrap_or(0).min(LINE);
    let room = area.width.saturating_sub(6);
    // Where there is little room a long key has a line of its own, that explanations have more than half of it.
    let most = if room < wanted { room / 4 } else { u16::MAX };
    let key = hints.iter().map(|h| cells(&h.0)).filter(|wide| *wide <= most).max().unwrap_or(0) + 2;
    let two = (key + wanted) * 2 + 2 <= room && hints.len() > 12;
    let text = if two { wanted } else { wanted.min(room.saturating_sub(key)) };
    // Each line with the key that it explains, where it is the first.
    let lines = |hints: &[(String, &str)]| -> Vec<(String, String)> {
        let wrapped = |(name, help): &(String, &str)| {
            let own = (cells(name) > key - 2).then(|| (name.clone(), String::new()));
            let mut name = if own.is_some() { String::new() } else { name.clone() };
            let lines = wrap(help, text.max(8)).into_iter().map(|line| (std::mem::take(&mut name), line));
            own.into_iter().chain(lines).collect::<Vec<_>>()
        };
        hints.iter().flat_map(wrapped).collect()
    };
    let half = if two { hints.len().div_ceil(2) } else { hints.len() };
    let (left, right) = hints.split_at(half);
    let columns = [lines(left), lines(right)];
    let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
    let width = if two { (key + text) * 2 + 6 } else { key + text + 4 };
    let inner = popup(canvas, area, width, u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(4), &format!("Keys · {title}"));
    if inner.height < 2 {
        return;
    }
    let height = usize::from(inner.height.saturating_sub(2)).max(1);
    canvas.overflow = rows.saturating_sub(height);
    let scroll = scroll.min(canvas.overflow);
    for (lines, x) in columns.iter().zip([inner.x, inner.x + key + text + 2]) {
        for ((key_name, line), y) in lines.iter().skip(scroll).take(height).zip(inner.y + 1..) {
            let room = inner.right().saturating_sub(x);
            canvas.ink(x, y, room, key_name, Hue::Accent);
            let room = room.saturating_sub(key);
            canvas.ink(x + key, y, room, &cut_end(line, room), Hue::Text);
        }
    }
    if canvas.overflow > scroll {
        canvas.right(inner.x, inner.bottom().saturating_sub(1), inner.width, "more ↓", canvas.theme.style(Hue::Accent));
    }
}

/// Draws wrapped text over everything else.
pub(in crate::tui) fn text(canvas: &mut Canvas, area: Rect, title: &str, words: &str, scroll: usize) {
    let width = area.width.saturating_sub(4).min(96);
    let lines = wrap(words, width.saturating_sub(6));
    let inner = popup(canvas, area, width, lines.len().min(usize::from(u16::MAX) - 4) as u16 + 2, title);
    // What has no room is told of in a line of its own.
    let height = usize::from(inner.height).saturating_sub(usize::from(lines.len() > usize::from(inner.height)));
    canvas.overflow = lines.len().saturating_sub(height);
    let scroll = scroll.min(canvas.overflow);
    for (line, y) in lines.iter().skip(scroll).take(height).zip(inner.y..) {
        canvas.ink(inner.x, y, inner.width, line, Hue::Text);
    }
    if canvas.overflow > scroll {
        canvas.right(inner.x, inner.bottom().saturating_sub(1), inner.width, "more ↓", canvas.theme.style(Hue::Accent));
    }
}
