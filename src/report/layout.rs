//! Lines of a fixed width: columns that line up, text cut with an ellipsis, a chart of blocks.

use super::chart::Chart;
use super::document::{Column, Room, Table, format};
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

/// Cuts `text` in the middle to at most `width` columns.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let keep = width.saturating_sub(1);
    let head = take(text.chars(), keep - keep / 2);
    let tail: String = take(text.chars().rev(), keep / 2).chars().rev().collect();
    format!("{head}…{tail}")
}

fn take(chars: impl Iterator<Item = char>, width: usize) -> String {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= width
        })
        .collect()
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
pub fn table(table: &Table, width: usize) -> Vec<String> {
    let heads: Vec<String> = table.columns.iter().map(|c| c.head.to_owned()).collect();
    let rows: Vec<Vec<String>> = table.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let mut widths: Vec<usize> = heads.iter().map(|head| head.width()).collect();
    for row in &rows {
        for (w, text) in widths.iter_mut().zip(row) {
            *w = (*w).max(text.width());
        }
    }
    fit(&mut widths, &table.columns, width);
    let mut lines = line(&heads, &widths, &table.columns);
    rows.iter().for_each(|row| lines.extend(line(row, &widths, &table.columns)));
    lines
}

/// One row; a wrapped last cell makes several lines. Columns of no width are left out.
fn line(cells: &[String], widths: &[usize], columns: &[Column]) -> Vec<String> {
    let gap = " ".repeat(GAP);
    let mut first: Vec<String> = Vec::new();
    let mut rest: Vec<String> = Vec::new();
    let mut before = 0;
    for ((text, &width), column) in cells.iter().zip(widths).zip(columns).filter(|((_, w), _)| **w > 0) {
        if column.room == Room::Wrapped && text.width() > width {
            let mut wrapped = wrap(text, width).into_iter();
            first.extend(wrapped.next());
            rest = wrapped.collect();
        } else {
            first.push(pad(&cut(text, width), width, column.right));
            before += width + GAP;
        }
    }
    let head = first.join(&gap).trim_end().to_owned();
    std::iter::once(head).chain(rest.into_iter().map(|text| format!("{}{text}", " ".repeat(before)))).collect()
}

/// Makes room: first spare columns go, then the widest that may be cut or wrapped give way.
fn fit(widths: &mut [usize], columns: &[Column], width: usize) {
    let total = |widths: &[usize]| widths.iter().filter(|&&w| w > 0).map(|w| w + GAP).sum::<usize>().saturating_sub(GAP);
    let order = |column: &Column| match column.room {
        Room::Dropped(order) => Some(order),
        _ => None,
    };
    let mut spare: Vec<u8> = columns.iter().filter_map(order).collect();
    spare.sort_unstable();
    spare.dedup();
    while total(widths) > width
        && let Some(last) = spare.pop()
    {
        widths.iter_mut().zip(columns).filter(|(_, c)| order(c) == Some(last)).for_each(|(w, _)| *w = 0);
    }
    while total(widths) > width {
        let yields = |i: &usize| matches!(columns[*i].room, Room::Cut | Room::Wrapped) && widths[*i] > LEAST;
        let Some(at) = (0..widths.len()).filter(yields).max_by_key(|&i| widths[i]) else { return };
        widths[at] -= 1;
    }
}

fn cell(cell: &super::document::Cell) -> String {
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
    let (from, to) = (format::time_of_day(chart.from), format::time_of_day(chart.to));
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
    fn cuts_in_the_middle() {
        assert_eq!(cut("2001:db8::1", 20), "2001:db8::1");
        assert_eq!(cut("2001:db8:1111:2222::1", 11), "2001:…2::1".replace("…2", "…22"));
        assert!(cut("漢字漢字漢字", 5).width() <= 5);
        assert_eq!(cut("abc", 0), "…");
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
