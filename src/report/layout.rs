//! Lines of a fixed width: columns that line up, text cut with an ellipsis, a chart of blocks.

use super::chart::Chart;
use super::document::Table;
use super::document::people;
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
    if eighths % 8 > 0 {
        out.push(LYING[eighths % 8]);
    } else if eighths == 0 && share > 0.0 {
        out.push(LYING[1]);
    }
    out
}

/// The lines of a table, its heading first, none wider than `width`.
pub fn table(table: &Table, width: usize) -> Vec<String> {
    let shown: Vec<Vec<String>> = table.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    let mut widths: Vec<usize> = table.columns.iter().map(|c| c.head.width()).collect();
    for row in &shown {
        for (w, text) in widths.iter_mut().zip(row) {
            *w = (*w).max(text.width());
        }
    }
    shrink(&mut widths, table, width);
    let line = |cells: &[String]| {
        let padded: Vec<String> =
            cells.iter().zip(&widths).zip(&table.columns).map(|((text, &w), column)| pad(&cut(text, w), w, column.right)).collect();
        padded.join(&" ".repeat(GAP)).trim_end().to_owned()
    };
    let heads: Vec<String> = table.columns.iter().map(|c| c.head.to_owned()).collect();
    std::iter::once(line(&heads)).chain(shown.iter().map(|row| line(row))).collect()
}

fn cell(cell: &super::document::Cell) -> String {
    match cell.bar {
        Some(share) => format!("{} {}", pad(&bar(share, BAR), BAR, false), pad(&cell.text, 7, true)),
        None => format!("{}{}", "  ".repeat(cell.indent), cell.text),
    }
}

/// Takes columns from the widest shrinking one until the line fits.
fn shrink(widths: &mut [usize], table: &Table, width: usize) {
    let total = |widths: &[usize]| widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    while total(widths) > width {
        let widest = (0..widths.len()).filter(|&i| table.columns[i].shrinks && widths[i] > LEAST).max_by_key(|&i| widths[i]);
        let Some(at) = widest else { return };
        widths[at] -= 1;
    }
}

/// The lines of a chart with its axes, none wider than `width`.
pub fn chart(chart: &Chart, width: usize) -> Vec<String> {
    let label = |value: f64| pad(&units::bits_per_second(value), 9, true);
    let room = width.saturating_sub(11).max(1);
    let wide = (room / chart.values.len().max(1)).max(1);
    let mut lines = Vec::new();
    for line in (0..CHART_LINES).rev() {
        let mut text = match line {
            l if l == CHART_LINES - 1 => label(chart.top),
            l if l == CHART_LINES / 2 - 1 => label(chart.top / 2.0),
            _ => " ".repeat(9),
        };
        text.push_str(" ▕");
        for value in chart.values.iter().take(room) {
            let eighths = value.map_or(0, |v| ((v / chart.top * (CHART_LINES * 8) as f64).round() as usize).max(1));
            let block = UPRIGHT[eighths.saturating_sub(line * 8).min(8)];
            text.extend(std::iter::repeat_n(block, wide));
        }
        lines.push(text.trim_end().to_owned());
    }
    let span = wide * chart.values.len().min(room);
    let (from, to) = (people::time_of_day(chart.from), people::time_of_day(chart.to));
    let gap = span.saturating_sub(from.width() + to.width()).max(1);
    lines.push(format!("{}{from}{}{to}", " ".repeat(11), " ".repeat(gap)));
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
