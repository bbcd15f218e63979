//! Lines of a fixed width: columns that line up, text that goes on in the next line where it is too long, a chart of blocks.

use super::chart::Chart;
use super::document::{DocumentColumn, DocumentTable, Room, format};
use crate::model::Arrange as _;
use crate::model::units;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns of a bar.
const BAR: usize = 16;
/// Lines of a chart.
const CHART_LINES: usize = 6;
/// Eighths of a block, from nothing to full: upright and lying.
const UPRIGHT: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const LYING: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
/// Columns of a shrinking column at the least.
const LEAST: usize = 12;
/// Columns between columns.
const GAP: usize = 2;

/// Breaks `text` into lines of at most `width` columns, at spaces, and words that are longer behind a sign or anywhere: nothing is lost.
pub fn broken(text: &str, width: usize) -> Vec<String> {
    if text.width() <= width {
        return vec![text.to_owned()];
    }
    wrap(text, width).iter().flat_map(|line| pieces(line, width.max(1))).collect()
}

/// Pieces of a word that is too long.
fn pieces(word: &str, width: usize) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = word;
    while rest.width() > width {
        let mut used = 0;
        let fits = rest.char_indices().take_while(|(_, c)| {
            used += c.width().unwrap_or(0);
            used <= width
        });
        let ends: Vec<(usize, char)> = fits.map(|(at, c)| (at + c.len_utf8(), c)).collect();
        let sign = ends.iter().skip(ends.len() / 2).rev().find(|(_, c)| matches!(c, '.' | ':' | '-' | '/' | '_' | ','));
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let at = sign.or(ends.last()).map_or(first, |(at, _)| *at);
        let (piece, behind) = rest.split_at(at.max(first));
        out.push(piece.to_owned());
        rest = behind;
    }
    if !rest.is_empty() {
        out.push(rest.to_owned());
    }
    out
}

/// Fills `text` to `width` columns.
pub fn pad(text: &str, width: usize, right: bool) -> String {
    let space = " ".repeat(width.saturating_sub(text.width()));
    if right { format!("{space}{text}") } else { format!("{text}{space}") }
}

/// A share as a bar of eighth blocks.
pub fn bar(share: f64, width: usize) -> String {
    let eighths = (share.clamp(0.0, 1.0) * width as f64 * 8.0).round() as usize;
    let mut out: String = std::iter::repeat_n('█', eighths / 8).collect();
    if !eighths.is_multiple_of(8) {
        out.push(LYING[eighths % 8]);
    } else if eighths == 0 && share > 0.0 {
        out.push(LYING[1]);
    }
    out
}

/// The lines of a table, its heading first, none wider than `width` if that can be.
pub fn table(table: &DocumentTable, width: usize) -> Vec<String> {
    let heads: Vec<String> = table.columns.iter().map(|c| c.head.to_owned()).collect();
    let rows: Vec<Vec<String>> = table.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let mut widths: Vec<usize> = heads.iter().map(|head| head.width()).collect();
    for row in &rows {
        for (w, text) in widths.iter_mut().zip(row) {
            *w = (*w).max(text.width());
        }
    }
    let mut words: Vec<usize> = heads.iter().map(|head| longest_word(head)).collect();
    for row in &rows {
        for (w, text) in words.iter_mut().zip(row) {
            *w = (*w).max(longest_word(text));
        }
    }
    let under = |(at, head): (usize, &String)| {
        rows.iter().filter_map(|row| row.get(at)).map(|text| text.width()).fold(longest_word(head), usize::max)
    };
    let least: Vec<usize> = heads.iter().enumerate().map(under).collect();
    fit(&mut widths, (&words, &least), &table.columns, width);
    let mut lines = line(&heads, &widths, &table.columns);
    rows.iter().for_each(|row| lines.extend(line(row, &widths, &table.columns)));
    lines
}

/// One row; cells that are too long make several lines of it. Columns of no width are left out.
fn line(cells: &[String], widths: &[usize], columns: &[DocumentColumn]) -> Vec<String> {
    let gap = " ".repeat(GAP);
    let shown = cells.iter().zip(widths).zip(columns).filter(|((_, width), _)| **width > 0);
    let columns: Vec<(Vec<String>, usize, bool)> =
        shown.map(|((text, &width), column)| (broken(text, width), width, column.right)).collect();
    let most = columns.iter().map(|(lines, ..)| lines.len()).max().unwrap_or(0);
    let part =
        |at: usize, (lines, width, right): &(Vec<String>, usize, bool)| pad(lines.get(at).map_or("", String::as_str), *width, *right);
    (0..most).map(|at| columns.iter().map(|column| part(at, column)).collect::<Vec<_>>().join(&gap).trim_end().to_owned()).collect()
}

fn longest_word(text: &str) -> usize {
    text.split_whitespace().map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// Makes room: first spare columns go, then the widest that may be cut or wrapped give way as far as their `words` stay whole; then headings of the
/// others take more lines, down to the `least` that their cells need; and only then words are broken.
fn fit(widths: &mut [usize], (words, least): (&[usize], &[usize]), columns: &[DocumentColumn], width: usize) {
    let total = |widths: &[usize]| widths.iter().filter(|&&w| w > 0).map(|w| w + GAP).sum::<usize>().saturating_sub(GAP);
    let order = |column: &DocumentColumn| match column.room {
        Room::Dropped(order) => Some(order),
        _ => None,
    };
    let mut spare: Vec<u8> = columns.iter().filter_map(order).collect();
    spare.arrange();
    spare.dedup();
    while total(widths) > width
        && let Some(last) = spare.pop()
    {
        widths.iter_mut().zip(columns).filter(|(_, c)| order(c) == Some(last)).for_each(|(w, _)| *w = 0);
    }
    while total(widths) > width {
        let yields = |i: &usize| matches!(columns[*i].room, Room::Cut | Room::Wrapped) && widths[*i] > LEAST;
        let whole = |i: &usize| words.get(*i).is_some_and(|word| widths[*i] > *word);
        let widest = |list: &mut dyn Iterator<Item = usize>| list.max_by_key(|&i| widths[i]);
        let under_head = |i: &usize| !yields(i) && least.get(*i).is_some_and(|least| widths[*i] > *least);
        let at = widest(&mut (0..widths.len()).filter(yields).filter(whole)).or_else(|| widest(&mut (0..widths.len()).filter(under_head)));
        let Some(at) = at.or_else(|| widest(&mut (0..widths.len()).filter(yields))) else { return };
        widths[at] -= 1;
    }
}

fn cell(cell: &super::document::DocumentCell) -> String {
    match cell.bar {
        Some(share) => format!("{} {}", pad(&bar(share, BAR), BAR, false), pad(&cell.text, 7, true)),
        None => format!("{}{}", "  ".repeat(cell.indent), cell.text),
    }
}

/// The lines of a chart with its axes, none wider than `width`.
pub fn chart(chart: &Chart, width: usize) -> Vec<String> {
    let label = |value: f64| pad(&units::bits_per_second(value), 9, true);
    let room = width.saturating_sub(11).max(1);
    let shown = &chart.values[..chart.values.len().min(room)];
    // Every value gets its share of the line, one column more or less.
    let edge = |at: usize| at * room / shown.len().max(1);
    let mut lines = Vec::new();
    for line in (0..CHART_LINES).rev() {
        let mut text = match line {
            l if l == CHART_LINES - 1 => label(chart.top),
            l if l == CHART_LINES / 2 - 1 => label(chart.top / 2.0),
            _ => " ".repeat(9),
        };
        text.push_str(" ▕");
        for (at, value) in shown.iter().enumerate() {
            let eighths = value.map_or(0, |v| ((v / chart.top * (CHART_LINES * 8) as f64).round() as usize).max(1));
            let block = UPRIGHT[eighths.saturating_sub(line * 8).min(8)];
            text.extend(std::iter::repeat_n(block, edge(at + 1) - edge(at)));
        }
        lines.push(text.trim_end().to_owned());
    }
    let [from, to] = format::span_ends(chart.from, chart.to);
    let step = format!("one step {}", units::duration(chart.step));
    let space = room.saturating_sub(from.width() + to.width() + step.width());
    lines.push(format!("{}{from}{}{step}{}{to}", " ".repeat(11), " ".repeat(space / 2), " ".repeat(space - space / 2)));
    lines
}

/// Breaks `text` at spaces into lines of at most `width` columns; a longer word stays whole.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last().map_or(0, |l| l.width());
        if last > 0 && last + 1 + word.width() > width {
            lines.push(word.to_owned());
        } else if let Some(line) = lines.last_mut() {
            if last > 0 {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_goes_on_in_the_next_line() {
        assert_eq!(broken("2001:db8::1", 20), ["2001:db8::1"]);
        assert_eq!(broken("2001:db8:1111:2222::1", 11), ["2001:db8:", "1111:2222::", "1"]);
        assert_eq!(broken("forwards for virtual router 1", 12), ["forwards for", "virtual", "router 1"]);
        assert_eq!(broken("http.example.test", 12), ["http.example", ".test"]);
        assert_eq!(broken("abc", 0).concat(), "abc");
        for text in ["漢字漢字漢字", "32769/00:19:06:ea:b8:80", "aaaaaaaaaaaaaaaaaaaa bb", ""] {
            for width in 2..30 {
                let lines = broken(text, width);
                assert!(lines.iter().all(|line| line.width() <= width), "{text} {width} {lines:?}");
                assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""), "nothing is lost");
            }
        }
    }

    #[test]
    fn headings_take_more_lines_before_words_are_broken() {
        let column = |head, room| DocumentColumn { head, right: false, room };
        let columns = [column("Service", Room::Cut), column("Conn. failed", Room::Fixed), column("Median", Room::Fixed)];
        let fitted = |width| {
            let mut widths = [17, 12, 7];
            fit(&mut widths, (&[17, 6, 7], &[7, 6, 7]), &columns, width);
            widths
        };
        let gaps = 2 * GAP;
        assert_eq!(fitted(36 + gaps), [17, 12, 7], "all has room");
        assert_eq!((fitted(35 + gaps), fitted(30 + gaps)), ([17, 11, 7], [17, 6, 7]));
        assert_eq!(fitted(29 + gaps), [16, 6, 7], "and then the word");
    }

    #[test]
    fn bars_are_eighths() {
        assert_eq!(bar(0.0, 4), "");
        assert_eq!(bar(0.0001, 4), "▏");
        assert_eq!(bar(0.5, 4), "██");
        assert_eq!(bar(7.0, 4), "████");
        assert_eq!(bar(f64::NAN, 4), "");
    }

    #[test]
    fn wraps() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("", 7), [""]);
    }
}
