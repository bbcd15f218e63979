//! A table: columns declared as a list, only the rows in the window drawn.
//!
//! ```text
//!   client               server            app      rate ▼        packets     share
//!   10.20.0.14:51532  ⇄  10.20.1.7:443     tls       210 Mb/s   24.1 kp/s   ████▏  17 %
//! ```

use super::amount::{self, Amount};
use super::bar;
use crate::snapshot::{Column, Order};
use crate::tui::canvas::{Canvas, Hit, Listing, cells, cut_end, cut_middle, padded, split_top, wrap};
use crate::tui::theme::Hue;
use crate::tui::view::{Pane, Scene, Topic};
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;
use std::ops::RangeInclusive;

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

/// A column of a table of `R`.
pub(in crate::tui) struct Col<R> {
    /// Its title.
    pub title: &'static str,
    /// Cells it needs.
    pub width: u16,
    /// Cells it can use when there is room.
    pub max: u16,
    /// Title and values at the right.
    pub right: bool,
    /// What it sorts by.
    pub sort: Option<Column>,
    /// Columns with larger numbers go first when there is no room.
    pub worth: u8,
    /// What stands in it.
    pub cell: Content<R>,
}

/// Where a column's cells come from.
pub(in crate::tui) enum Content<R> {
    /// A function of the row.
    Row(fn(&Scene, &R) -> Cell),
    /// A field of the row's table, by its number.
    Field(fn(&Scene, &R, usize) -> Option<Cell>, usize),
}

impl<R> Content<R> {
    fn cell(&self, scene: &Scene, row: &R) -> Option<Cell> {
        match self {
            Content::Row(cell) => Some(cell(scene, row)),
            Content::Field(cell, at) => cell(scene, row, *at),
        }
    }
}

impl<R> Col<R> {
    /// A column of text; `width` is what it needs and what it can use.
    pub fn left(title: &'static str, width: RangeInclusive<u16>, worth: u8, cell: fn(&Scene, &R) -> Cell) -> Self {
        Self { title, width: *width.start(), max: *width.end(), right: false, sort: None, worth, cell: Content::Row(cell) }
    }

    /// A column of numbers.
    pub fn right(title: &'static str, width: RangeInclusive<u16>, worth: u8, cell: fn(&Scene, &R) -> Cell) -> Self {
        Self { right: true, ..Self::left(title, width, worth, cell) }
    }
}

/// Cells between two columns.
const GAP: u16 = 2;

/// Rows that are measured beside those in the window, so that widths hold still while it moves.
const MEASURED: usize = 200;

/// What stands in a column.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Extent {
    /// Cells that its widest cell takes.
    wide: u16,
    /// The same of both ends of a pair.
    ends: [u16; 2],
    /// The largest share in it.
    share: f64,
    /// Something stands in it.
    is_told: bool,
    /// Something stands in it that is not nothing: no 0, no dash.
    is_some: bool,
}

/// The shares at which bars may end.
const SCALES: [f64; 7] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0];

impl Extent {
    fn see(&mut self, cell: &Cell) {
        let wide = match cell {
            Cell::Text(text, _) | Cell::List(text, _) | Cell::Address(text, _) | Cell::Right(text, _) => cells(text.trim_end()),
            Cell::Guess(text, _) => cells(text) + 1,
            Cell::Amount(value, _) => 5 + cells(&value.unit),
            // A bar has no width of its own.
            Cell::Share(share, _) => {
                self.share = self.share.max(*share);
                1
            }
            Cell::Pair(one, _, other, _) => {
                let [first, second] = &mut self.ends;
                (*first, *second) = ((*first).max(cells(one)), (*second).max(cells(other)));
                first.saturating_add(*second).saturating_add(PAIR)
            }
            Cell::Pieces(pieces) => pieces.iter().fold(0u16, |sum, piece| sum.saturating_add(cells(&piece.0))),
        };
        self.wide = self.wide.max(wide);
        self.is_told |= wide > 0;
        self.is_some |= match cell {
            Cell::Amount(value, _) => !value.zero,
            Cell::Share(share, _) => *share > 0.0,
            Cell::Text(text, _) | Cell::Right(text, _) => !["", "0", "–"].contains(&text.trim()),
            _ => wide > 0,
        };
    }

    /// The share at which bars end, and how the head says it: everything, unless what there is is much less and the head has room to say so.
    fn scale(&self, title: u16, width: u16) -> (f64, Option<String>) {
        let scale = SCALES.into_iter().find(|scale| self.share <= *scale).unwrap_or(1.0);
        let said = format!("to {:.0}%", scale * 100.0);
        let has_room = title + 1 + cells(&said) <= width;
        if self.share <= 0.0 || scale >= 1.0 || !has_room { (1.0, None) } else { (scale, Some(said)) }
    }
}

/// What stands in each column, in the first rows (none of them where only the window is seen) and in those of the window.
fn measure<R>(scene: &Scene, columns: &[Col<R>], rows: &[(Topic, R)], window: &[(Topic, R)]) -> Vec<Extent> {
    let first = rows.get(..MEASURED).unwrap_or(rows);
    let of = |column: &Col<R>| {
        let mut extent = Extent::default();
        for (_, row) in first.iter().chain(window) {
            if let Some(cell) = column.cell.cell(scene, row) {
                extent.see(&cell);
            }
        }
        extent
    };
    columns.iter().map(of).collect()
}

/// The columns that have something to say: the first one, that of the order, and those of fields in which something stands.
fn told<R>(columns: &[Col<R>], extents: &[Extent], order: Option<Order>) -> Vec<usize> {
    let stays = |at: &usize| {
        let Some((column, extent)) = columns.get(*at).zip(extents.get(*at)) else { return false };
        let is_order = order.is_some_and(|o| column.sort == Some(o.column));
        // What comes with time only keeps its place until then.
        *at == 0 || extent.is_told || is_order || matches!(column.cell, Content::Row(_))
    };
    (0..columns.len()).filter(stays).collect()
}

/// Cells that columns take at their usual widths.
fn needed<R>(columns: &[Col<R>], kept: &[usize]) -> u16 {
    kept.iter().map(|&i| columns[i].width + GAP).sum::<u16>().saturating_sub(GAP)
}

/// Cells that a column would have where nothing is cut.
fn wanted<R>(columns: &[Col<R>], extents: &[Extent], at: usize, order: Option<Order>) -> u16 {
    let needed = extents.get(at).map_or(0, |extent| extent.wide).max(head_cells(&columns[at], order));
    // Numbers alone give what they do not use.
    if is_number(&columns[at], extents.get(at)) { needed } else { needed.max(columns[at].width) }
}

/// Takes out the columns that do not fit, those of least worth first.
fn drop_columns<R>(columns: &[Col<R>], extents: &[Extent], kept: &mut Vec<usize>, width: u16, order: Option<Order>) {
    // By what rows are sorted can be read.
    let worth =
        |at: usize| if order.is_some_and(|o| columns[at].sort == Some(o.column)) { columns[at].worth.min(1) } else { columns[at].worth };
    // The first column says what a row is: it gets a quarter more before columns of little worth get anything.
    let comfort = columns.first().map_or(0, |c| (c.width / 4).min(c.max.saturating_sub(c.width)));
    while kept.len() > 1 {
        let Some(worst) = (0..kept.len()).max_by_key(|&k| (worth(kept[k]), k)) else { break };
        let extra = if worth(kept[worst]) > 2 { comfort } else { 0 };
        // The first number stays as long as half of the first column does.
        let give = if worth(kept[worst]) == 1 { columns[kept[0]].width / 2 } else { 0 };
        if needed(columns, kept) + extra <= width + give {
            break;
        }
        kept.remove(worst);
    }
    // Where something would be cut, what holds nothing in any row and is of little worth gives way.
    while kept.iter().fold(0u16, |sum, &i| sum.saturating_add(wanted(columns, extents, i, order)).saturating_add(GAP)).saturating_sub(GAP)
        > width
    {
        let gives = |&k: &usize| {
            let holds = extents.get(kept[k]).is_none_or(|extent| extent.is_some);
            !holds && worth(kept[k]) > GIVES && matches!(columns[kept[k]].cell, Content::Field(..))
        };
        let Some(least) = (1..kept.len()).filter(gives).max_by_key(|&k| (worth(kept[k]), k)) else { break };
        kept.remove(least);
    }
}

/// Which columns fit, and how wide they are. Where what says what a row is would be cut, columns of little worth give way.
fn fit<R>(columns: &[Col<R>], extents: &[Extent], width: u16, order: Option<Order>) -> Vec<(usize, u16)> {
    let mut told: Vec<usize> = told(columns, extents, order);
    loop {
        let out = laid_out(columns, extents, told.clone(), width, order);
        let is_cut = |(i, wide): &(usize, u16)| {
            // Two ends are cut in their middles, and still say who they are.
            let need = extents.get(*i).filter(|extent| extent.ends == [0; 2]).map_or(0, |extent| extent.wide);
            columns[*i].worth <= TELLING && *wide < need.min(columns[*i].max)
        };
        let stays = |i: usize| order.is_some_and(|o| columns[i].sort == Some(o.column));
        // A number that is one is worth its column.
        let tells = |i: usize| is_number(&columns[i], extents.get(i)) && extents.get(i).is_some_and(|extent| extent.is_some);
        let least = out.iter().skip(1).map(|(i, _)| *i).filter(|i| columns[*i].worth > YIELDS && !stays(*i) && !tells(*i));
        match least.max_by_key(|i| (columns[*i].worth, *i)) {
            // What had no room before has none now.
            Some(least) if out.iter().any(is_cut) => told.retain(|i| *i != least && out.iter().any(|(kept, _)| kept == i)),
            _ => return out,
        }
    }
}

/// Columns of at most this worth say what a row is; those of more than that give way where one of them would be cut.
const TELLING: u8 = 3;
const YIELDS: u8 = 4;

/// Which columns fit, and how wide they are. What is free goes to what would be cut first, as much as it needs; then to each up to its limit.
fn laid_out<R>(columns: &[Col<R>], extents: &[Extent], mut kept: Vec<usize>, width: u16, order: Option<Order>) -> Vec<(usize, u16)> {
    drop_columns(columns, extents, &mut kept, width, order);
    let needs = needed(columns, &kept);
    let wanted = |at: usize| wanted(columns, extents, at, order);
    let mut spare = width.saturating_sub(needs);
    let over = needs.saturating_sub(width);
    let mut out: Vec<(usize, u16)> = kept.iter().map(|&i| (i, columns[i].width.min(width))).collect();
    if let (Some(first), true) = (out.first_mut(), kept.len() > 1) {
        first.1 = first.1.saturating_sub(over);
    }
    let need = |i: usize| extents.get(i).map_or(0, |extent| extent.wide);
    // Numbers give what they do not use where something else would be cut.
    let lacking: u16 = out.iter().fold(0, |sum, (i, wide)| sum.saturating_add(wanted(*i).saturating_sub(*wide)));
    let mut asked = lacking.saturating_sub(spare);
    for (i, wide) in out.iter_mut().skip(1) {
        let given = wide.saturating_sub(need(*i).max(head_cells(&columns[*i], order))).min(asked);
        if is_number(&columns[*i], extents.get(*i)) {
            (*wide, asked, spare) = (*wide - given, asked - given, spare + given);
        }
    }
    // A head that is cut is one for all rows.
    hand_out(&mut out, &mut spare, |i| head_cells(&columns[i], order));
    // What says what a row is comes first.
    let is_telling = |i: usize| columns[i].worth <= TELLING;
    hand_out(&mut out, &mut spare, |i| if is_telling(i) { need(i).min(columns[i].max) } else { 0 });
    hand_out(&mut out, &mut spare, need);
    // Two ends stand beside each other: what they do not need is a gap where a bar could have it.
    let has_bar = out.iter().any(|(i, _)| extents.get(*i).is_some_and(|extent| extent.share > 0.0));
    let is_pair = |i: usize| extents.get(i).is_some_and(|extent| extent.ends != [0; 2]);
    hand_out(&mut out, &mut spare, |i| if has_bar && is_pair(i) { need(i).min(columns[i].max) } else { columns[i].max });
    // What nobody has a use for makes bars longer, as far as they are still bars and no floors.
    hand_out(&mut out, &mut spare, |i| if extents.get(i).is_some_and(|extent| extent.share > 0.0) { LONGEST_BAR } else { 0 });
    out
}

/// Cells of a bar and its percentage at most.
const LONGEST_BAR: u16 = 60;

/// Whether numbers of a table stand in a column, and no bars.
fn is_number<R>(column: &Col<R>, extent: Option<&Extent>) -> bool {
    column.right && matches!(column.cell, Content::Field(..)) && extent.is_some_and(|extent| extent.share <= 0.0)
}

/// Columns of more than this give way where they hold nothing and something else would be cut.
const GIVES: u8 = 3;

/// Cells of a column's head, with the marker of the order.
fn head_cells<R>(column: &Col<R>, order: Option<Order>) -> u16 {
    cells(column.title) + if order.is_some_and(|o| column.sort == Some(o.column)) { 2 } else { 0 }
}

/// Hands room out evenly, a cell at a time, so that no column jumps when another stops growing.
fn hand_out(columns: &mut [(usize, u16)], spare: &mut u16, limit: impl Fn(usize) -> u16) {
    let mut is_grown = true;
    while *spare > 0 && is_grown {
        is_grown = false;
        for (i, wide) in columns.iter_mut() {
            if *spare > 0 && *wide < limit(*i) {
                *wide += 1;
                *spare -= 1;
                is_grown = true;
            }
        }
    }
}

/// Cells of the first end of a pair: what it needs where the other one has room beside it, else half; what one does not need the other has.
fn split(width: u16, [first, second]: [u16; 2]) -> u16 {
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

/// Where a table's window begins so that the selected row is inside.
fn window(pane: &Pane, selected: Option<usize>, rows: usize, height: usize) -> usize {
    let mut offset = pane.offset.min(rows.saturating_sub(height));
    if let Some(at) = selected {
        if at < offset {
            offset = at;
        } else if height > 0 && at >= offset + height {
            offset = at + 1 - height;
        }
    }
    offset
}

/// What a table shows besides its rows.
#[derive(Default)]
pub(in crate::tui) struct Shape {
    /// The order, for the marker in the header.
    pub order: Option<Order>,
    /// Whether the selection of the page is in this table.
    pub focused: bool,
    /// The kind of rows, where a page has several tables.
    pub kind: Option<usize>,
    /// What to say when there are no rows.
    pub empty: &'static str,
    /// Rows have no pages.
    pub inert: bool,
}

/// Draws a table with its header.
pub(in crate::tui) fn draw<R>(canvas: &mut Canvas, scene: &Scene, area: Rect, columns: &[Col<R>], rows: &[(Topic, R)], shape: &Shape) {
    if rows.is_empty() {
        // A head over nothing says nothing.
        let inner = padded(area, 1);
        // Of a file that has been read nothing comes any more.
        let words = if scene.snapshot.finished { shape.empty.replacen(" yet", "", 1) } else { shape.empty.to_owned() };
        for (line, y) in wrap(&words, inner.width).iter().zip(inner.top()..inner.bottom()) {
            canvas.put(inner.x, y, inner.width, line, scene.style(Hue::Dim));
        }
        return;
    }
    let (header, body) = split_top(area, 1);
    let inner = padded(body, 1);
    let height = usize::from(body.height);
    let selected = scene.pane.selected.as_ref().filter(|_| shape.focused);
    let at = selected.and_then(|topic| rows.iter().position(|row| row.0 == *topic));
    let offset = if shape.focused { window(scene.pane, at, rows.len(), height) } else { 0 };
    if shape.focused {
        canvas.listing = Listing { offset, height };
    }
    let shown = rows.get(offset..).unwrap_or_default();
    let shown = shown.get(..height).unwrap_or(shown);
    // A panel among others that nobody walks in shows no other rows: room for those would be a gap.
    let others = if shape.kind.is_some() && selected.is_none() { &[] } else { rows };
    let extents = measure(scene, columns, others, shown);
    let fitted = fit(columns, &extents, inner.width, shape.order);
    if header.height > 0 {
        head(canvas, padded(header, 1), (columns, &extents), &fitted, shape);
    }
    for (i, (topic, row)) in rows.iter().enumerate().skip(offset).take(height) {
        let line = Rect { y: body.y + (i - offset) as u16, height: 1, ..body };
        let mut x = inner.x;
        for &(c, wide) in &fitted {
            if let Some(content) = columns[c].cell.cell(scene, row) {
                let full = extents[c].scale(cells(columns[c].title), wide).0;
                cell(canvas, x, line.y, wide, content, (split(wide, extents[c].ends), full));
            }
            x += wide + GAP;
        }
        if at != Some(i) && !scene.whole() && scene.rates.is_silent(topic) {
            canvas.over(line, scene.style(Hue::Dim));
        }
        if at == Some(i) {
            let style = canvas.theme.selected();
            canvas.over(line, style);
            canvas.put(line.x, line.y, 1, "▎", scene.style(Hue::Accent).patch(style));
        }
        if !shape.inert {
            canvas.click(line, Hit::Row(shape.kind, topic.clone()));
        }
    }
    // In a panel among others a thumb is noise until the panel is walked in.
    if shape.focused && (shape.kind.is_none() || selected.is_some()) {
        scrollbar(canvas, body, offset, height, rows.len());
    }
}

/// A thumb at the right edge when rows are hidden.
fn scrollbar(canvas: &mut Canvas, body: Rect, offset: usize, height: usize, rows: usize) {
    if rows <= height || height < 3 || body.width == 0 {
        return;
    }
    let size = (height * height / rows).clamp(1, height);
    let at = offset * (height - size) / (rows - height).max(1);
    let style = canvas.theme.style(Hue::Dim);
    for y in at..at + size {
        canvas.put(body.right() - 1, body.y + y as u16, 1, "▐", style);
    }
}

fn head<R>(canvas: &mut Canvas, area: Rect, (columns, extents): (&[Col<R>], &[Extent]), fitted: &[(usize, u16)], shape: &Shape) {
    let mut x = area.x;
    let dim = canvas.theme.style(Hue::Dim);
    for &(c, wide) in fitted {
        let column = &columns[c];
        let marker = shape.order.filter(|order| column.sort == Some(order.column)).map(|o| if o.descending { "▾" } else { "▴" });
        let title = cut_end(column.title, wide.saturating_sub(if marker.is_some() { 2 } else { 0 }));
        let used = cells(&title);
        let style = if marker.is_some() { canvas.theme.strong(Hue::Accent) } else { dim };
        let start = if column.right { x + wide.saturating_sub(used) } else { x };
        canvas.put(start, area.y, wide, &title, style);
        if let Some(marker) = marker {
            let at = if column.right { start.saturating_sub(2) } else { start + used + 1 };
            canvas.put(at, area.y, 1, marker, style);
        }
        if let (true, (_, Some(said))) = (column.right, extents[c].scale(cells(column.title), wide)) {
            // Where bars end, unless they end at everything.
            canvas.put(x, area.y, wide.saturating_sub(used), &said, canvas.theme.style(Hue::Faint));
        }
        if let Some(sort) = column.sort {
            canvas.click(Rect { x, y: area.y, width: wide, height: 1 }, Hit::Column(sort));
        }
        x += wide + GAP;
    }
}

/// Cells of the percentage beside a bar.
const PERCENT: u16 = 5;
/// Cells between the ends of a pair.
const PAIR: u16 = 3;

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
fn cell(canvas: &mut Canvas, x: u16, y: u16, width: u16, cell: Cell, (first, full): (u16, f64)) {
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

    fn column(width: u16, max: u16, worth: u8) -> Col<()> {
        Col::left("t", width..=max, worth, |_, ()| Cell::Text(String::new(), Style::new()))
    }

    fn fit(columns: &[Col<()>], width: u16, order: Option<Order>) -> Vec<(usize, u16)> {
        let extents: Vec<Extent> = columns.iter().map(|c| Extent { wide: c.width, is_told: true, ..Extent::default() }).collect();
        super::fit(columns, &extents, width, order)
    }

    #[test]
    fn what_would_be_cut_gets_free_room_first_and_empty_columns_give_way() {
        let mut all = [column(10, 20, 0), column(5, 12, 2), column(6, 6, 1)];
        let told = |wide| Extent { wide, is_told: true, ..Extent::default() };
        // The second would be cut: it has what it needs before the first one has room to breathe, beyond its limit too.
        assert_eq!(super::fit(&all, &[told(8), told(15), told(3)], 40, None), [(0, 15), (1, 15), (2, 6)]);
        assert_eq!(super::fit(&all, &[told(8), told(15), told(3)], 30, None), [(0, 10), (1, 10), (2, 6)]);
        // A number gives what it does not use, down to its title.
        let number = Col { right: true, title: "num", cell: Content::Field(|_, (), _| None, 0), ..column(8, 8, 1) };
        assert_eq!(super::fit(&[column(10, 20, 0), number], &[told(14), told(2)], 20, None), [(0, 14), (1, 4)]);
        // A field in which nothing stands is not there, unless rows are sorted by it.
        all[1].cell = Content::Field(|_, (), _| None, 0);
        assert_eq!(super::fit(&all, &[told(8), Extent::default(), told(3)], 30, None), [(0, 20), (2, 6)]);
        all[1].sort = Some(Column::BYTES);
        assert_eq!(super::fit(&all, &[told(8), Extent::default(), told(3)], 30, Some(Order::largest(Column::BYTES.0))).len(), 3);
    }

    #[test]
    fn heads_are_whole_before_anything_is_cut_and_columns_of_nothing_give_way() {
        let field = |title, worth| Col { right: true, title, cell: Content::Field(|_, (), _| None, 0), ..column(3, 3, worth) };
        let told = |wide, is_some| Extent { wide, is_told: true, is_some, ..Extent::default() };
        let all = [column(10, 20, 0), field("requests", 2), field("refused", 12)];
        // All have room.
        assert_eq!(super::fit(&all, &[told(12, true), told(3, true), told(1, false)], 40, None), [(0, 20), (1, 8), (2, 7)]);
        // The name would be cut: what was never refused needs no column, what was is worth one.
        assert_eq!(super::fit(&all, &[told(18, true), told(3, true), told(1, false)], 30, None), [(0, 20), (1, 8)]);
        assert_eq!(super::fit(&all, &[told(18, true), told(3, true), told(1, true)], 30, None), [(0, 11), (1, 8), (2, 7)]);
        // What is worth much stays though it holds nothing.
        assert_eq!(super::fit(&all, &[told(18, true), told(3, false), told(1, true)], 30, None).len(), 3);
        // A bar takes what nobody else has a use for.
        let bar = Extent { share: 0.5, ..told(1, true) };
        assert_eq!(super::fit(&[column(10, 12, 0), column(5, 8, 1)], &[told(9, true), bar], 60, None), [(0, 12), (1, 46)]);
        // On a very wide screen it is still a bar.
        assert_eq!(super::fit(&[column(10, 12, 0), column(5, 8, 1)], &[told(9, true), bar], 200, None), [(0, 12), (1, LONGEST_BAR)]);
    }

    #[test]
    fn bars_end_at_everything_unless_the_head_says_where() {
        let of = |share| Extent { share, is_told: true, ..Extent::default() };
        assert_eq!(of(0.003).scale(5, 12), (0.01, Some("to 1%".into())));
        assert_eq!(of(0.17).scale(5, 12), (0.2, Some("to 20%".into())));
        assert_eq!(of(0.17).scale(5, 11), (1.0, None), "no room to say it");
        assert_eq!(of(0.51).scale(5, 30), (1.0, None));
        assert_eq!(of(0.0).scale(5, 30), (1.0, None));
    }

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
        assert_eq!(super::some_of(list, 40), list);
        assert_eq!(super::some_of(list, 34), "10.77.0.104 fe80::5eff:fe00:13 +1");
        assert_eq!(super::some_of(list, 20), "10.77.0.104 +2");
        assert_eq!(super::some_of(list, 12), "10.7….104 +2");
        assert_eq!(cells(&super::some_of("fe80::5eff:fe00:13", 10)), 10);
    }

    #[test]
    fn columns_go_by_worth_and_grow_to_their_limit() {
        let all = [column(10, 20, 0), column(5, 5, 2), column(5, 5, 1)];
        assert_eq!(fit(&all, 24, None), [(0, 10), (1, 5), (2, 5)]);
        assert_eq!(fit(&all, 30, None), [(0, 16), (1, 5), (2, 5)]);
        assert_eq!(fit(&all, 20, None), [(0, 13), (2, 5)]);
        assert_eq!(fit(&all, 100, None), [(0, 20), (1, 5), (2, 5)]);
        assert_eq!(fit(&all, 3, None), [(0, 3)]);
        let mut all = [column(10, 20, 0), column(5, 5, 9), column(5, 5, 4)];
        assert_eq!(fit(&all, 20, None), [(0, 13), (2, 5)]);
        all[1].sort = Some(Column::BYTES);
        assert_eq!(fit(&all, 20, Some(Order::largest(Column::BYTES.0))), [(0, 13), (1, 5)], "by what is sorted stays");
    }
}
