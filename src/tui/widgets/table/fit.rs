//! Which columns of a table fit, and how wide each is.

use super::column::{Col, Content};
use super::extent::ColumnExtent;
use crate::snapshot::Order;
use crate::tui::canvas::cells;

/// Cells between two columns.
pub(super) const GAP: u16 = 2;

/// The columns that have something to say: the first one, that of the order, and those of fields in which something stands.
fn told<R>(columns: &[Col<R>], extents: &[ColumnExtent], order: Option<Order>) -> Vec<usize> {
    let is_anything_told = extents.iter().skip(1).any(|extent| extent.is_told);
    let stays = |at: &usize| {
        let Some((column, extent)) = columns.get(*at).zip(extents.get(*at)) else { return false };
        let is_order = order.is_some_and(|o| column.sort == Some(o.column));
        // What comes with time only keeps its place until then.
        *at == 0 && !is_anything_told || extent.is_told || is_order || matches!(column.cell, Content::Row(_))
    };
    (0..columns.len()).filter(stays).collect()
}

/// Cells that columns take at their usual widths.
fn needed<R>(columns: &[Col<R>], kept: &[usize]) -> u16 {
    kept.iter().map(|&i| columns[i].width + GAP).sum::<u16>().saturating_sub(GAP)
}

/// Cells that a column would have where nothing is cut.
fn wanted<R>(columns: &[Col<R>], extents: &[ColumnExtent], at: usize, order: Option<Order>) -> u16 {
    let needed = extents.get(at).map_or(0, |extent| extent.wide).max(head_cells(&columns[at], order));
    // Numbers alone give what they do not use.
    if is_number(&columns[at], extents.get(at)) { needed } else { needed.max(columns[at].width) }
}

/// Takes out the columns that do not fit, those of least worth first.
fn drop_columns<R>(columns: &[Col<R>], extents: &[ColumnExtent], kept: &mut Vec<usize>, width: u16, order: Option<Order>) {
    // By what rows are sorted can be read.
    let worth =
        |at: usize| if order.is_some_and(|o| columns[at].sort == Some(o.column)) { columns[at].worth.min(1) } else { columns[at].worth };
    // The first column says what a row is: it gets a quarter more before columns of little worth get anything.
    let comfort = columns.first().map_or(0, |c| (c.width / 4).min(c.max.saturating_sub(c.width)));
    while kept.len() > 1 {
        // What is empty in most rows says least, of whatever worth its few values are.
        let is_empty = |k: &usize| {
            let at = kept[*k];
            *k > 0 && worth(at) > TELLING && extents.get(at).is_some_and(ColumnExtent::is_mostly_empty)
        };
        let Some(worst) = (0..kept.len()).max_by_key(|&k| (is_empty(&k), worth(kept[k]), k)) else { break };
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

/// Which columns fit, and how wide they are. Where what says what a row is would be cut, columns of little worth give way, and to any other text
/// those of least worth.
pub(super) fn fit<R>(columns: &[Col<R>], extents: &[ColumnExtent], width: u16, order: Option<Order>) -> Vec<(usize, u16)> {
    let mut told: Vec<usize> = told(columns, extents, order);
    loop {
        let out = laid_out(columns, extents, told.clone(), width, order);
        // Two ends are cut in their middles, and still say who they are.
        let need = |i: usize| extents.get(i).filter(|extent| extent.ends == [0; 2]).map_or(0, |extent| extent.wide);
        let is_cut = |(i, wide): &(usize, u16)| *wide < need(*i).min(columns[*i].max);
        let is_telling = |(i, _): &&(usize, u16)| columns[*i].worth <= TELLING;
        let is_text = |(i, _): &&(usize, u16)| !columns[*i].right && is_plain_field(&columns[*i], extents.get(*i));
        let stays = |i: usize| order.is_some_and(|o| columns[i].sort == Some(o.column));
        // A number that is one is worth its column.
        let tells = |i: usize| is_number(&columns[i], extents.get(i)) && extents.get(i).is_some_and(|extent| extent.is_some);
        let least = |yields: &dyn Fn(usize) -> bool| {
            let yielding = out.iter().skip(1).map(|(i, _)| *i).filter(|i| !stays(*i) && yields(*i));
            yielding.max_by_key(|i| (columns[*i].worth, *i))
        };
        let to_telling = || least(&|i| columns[i].worth > YIELDS && !tells(i)).filter(|_| out.iter().filter(is_telling).any(is_cut));
        let to_text = || least(&|i| columns[i].worth > TEXT_YIELDS).filter(|_| out.iter().filter(is_text).any(is_cut));
        match to_telling().or_else(to_text) {
            // What had no room before has none now.
            Some(least) => told.retain(|i| *i != least && out.iter().any(|(kept, _)| kept == i)),
            _ => return out,
        }
    }
}

/// Columns of at most this worth say what a row is; those of more than that give way where one of them would be cut.
const TELLING: u8 = 3;
const YIELDS: u8 = 4;
/// Columns of more than this give way where any text would be cut: when a row began, its directions, how long it lasted.
const TEXT_YIELDS: u8 = 9;

/// Which columns fit, and how wide they are. What is free goes to what would be cut first, as much as it needs; then to each up to its limit.
fn laid_out<R>(columns: &[Col<R>], extents: &[ColumnExtent], mut kept: Vec<usize>, width: u16, order: Option<Order>) -> Vec<(usize, u16)> {
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
    // Fields give what they do not use where something else would be cut.
    let lacking: u16 = out.iter().fold(0, |sum, (i, wide)| sum.saturating_add(wanted(*i).saturating_sub(*wide)));
    let mut asked = lacking.saturating_sub(spare);
    for (i, wide) in out.iter_mut().skip(1) {
        let given = wide.saturating_sub(need(*i).max(head_cells(&columns[*i], order))).min(asked);
        if is_plain_field(&columns[*i], extents.get(*i)) || is_elastic(&columns[*i]) {
            (*wide, asked, spare) = (*wide - given, asked - given, spare + given);
        }
    }
    shorten_bars(columns, extents, &mut out, &mut spare, order);
    // A head that is cut is one for all rows.
    hand_out(&mut out, &mut spare, |i| head_cells(&columns[i], order));
    // What says what a row is comes first; two ends that are cut in their middles still do, and share with other texts.
    let is_pair = |i: usize| extents.get(i).is_some_and(|extent| extent.ends != [0; 2]);
    let is_telling = |i: usize| columns[i].worth <= TELLING && !is_pair(i);
    hand_out(&mut out, &mut spare, |i| if is_telling(i) { need(i).min(columns[i].max) } else { 0 });
    hand_out(&mut out, &mut spare, need);
    // Two ends stand beside each other: what they do not need is a gap where a bar could have it.
    let has_bar = out.iter().any(|(i, _)| extents.get(*i).is_some_and(|extent| extent.share > 0.0));
    hand_out(&mut out, &mut spare, |i| if has_bar && is_pair(i) { need(i).min(columns[i].max) } else { columns[i].max });
    // What nobody has a use for makes bars longer, as far as they are still bars and no floors.
    hand_out(&mut out, &mut spare, |i| if extents.get(i).is_some_and(|extent| extent.share > 0.0) { LONGEST_BAR } else { 0 });
    out
}

/// Bars give what they can where a text that says what a row is would be cut.
fn shorten_bars<R>(columns: &[Col<R>], extents: &[ColumnExtent], out: &mut [(usize, u16)], spare: &mut u16, order: Option<Order>) {
    let extent = |i: usize| extents.get(i).copied().unwrap_or_default();
    let lacks = |(i, wide): &(usize, u16)| {
        let is_telling = columns[*i].worth <= TELLING && extent(*i).ends == [0; 2];
        if is_telling { extent(*i).wide.min(columns[*i].max).saturating_sub(*wide) } else { 0 }
    };
    let mut asked = out.iter().map(lacks).fold(0, u16::saturating_add).saturating_sub(*spare);
    for (i, wide) in out.iter_mut().filter(|(i, _)| extent(*i).share > 0.0) {
        let given = wide.saturating_sub(head_cells(&columns[*i], order).max(SHORTEST_BAR)).min(asked);
        (*wide, asked, *spare) = (*wide - given, asked - given, *spare + given);
    }
}

/// Cells of a bar and its percentage at least, and at most.
const SHORTEST_BAR: u16 = 10;
const LONGEST_BAR: u16 = 60;

/// Whether numbers of a table stand in a column, and no bars.
fn is_number<R>(column: &Col<R>, extent: Option<&ColumnExtent>) -> bool {
    column.right && matches!(column.cell, Content::Field(..)) && extent.is_some_and(|extent| extent.share <= 0.0)
}

/// Whether words or numbers of a table stand in a column: neither bars nor two ends.
fn is_plain_field<R>(column: &Col<R>, extent: Option<&ColumnExtent>) -> bool {
    matches!(column.cell, Content::Field(..)) && extent.is_some_and(|extent| extent.share <= 0.0 && extent.ends == [0; 2])
}

/// Whether a text that is no field of its table may be as narrow as what stands in it: what has one width only holds still.
fn is_elastic<R>(column: &Col<R>) -> bool {
    !column.right && column.width < column.max && matches!(column.cell, Content::Row(_))
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

#[cfg(test)]
mod tests {
    use super::super::cell::Cell;
    use super::*;
    use crate::snapshot::Column;
    use ratatui::style::Style;

    fn column(width: u16, max: u16, worth: u8) -> Col<()> {
        Col::left("t", width..=max, worth, |_, ()| Cell::Text(String::new(), Style::new()))
    }

    fn fit(columns: &[Col<()>], width: u16, order: Option<Order>) -> Vec<(usize, u16)> {
        let extents: Vec<ColumnExtent> =
            columns.iter().map(|c| ColumnExtent { wide: c.width, is_told: true, ..ColumnExtent::default() }).collect();
        super::fit(columns, &extents, width, order)
    }

    #[test]
    fn what_would_be_cut_gets_free_room_first_and_empty_columns_give_way() {
        let mut all = [column(10, 20, 0), column(5, 12, 2), column(6, 6, 1)];
        let told = |wide| ColumnExtent { wide, is_told: true, ..ColumnExtent::default() };
        // The second would be cut: it has what it needs before the first one has room to breathe, beyond its limit too.
        assert_eq!(super::fit(&all, &[told(8), told(15), told(3)], 40, None), [(0, 15), (1, 15), (2, 6)]);
        assert_eq!(super::fit(&all, &[told(8), told(15), told(3)], 30, None), [(0, 10), (1, 10), (2, 6)]);
        // A number gives what it does not use, down to its title.
        let number = Col { right: true, title: "num", cell: Content::Field(|_, (), _| None, 0), ..column(8, 8, 1) };
        assert_eq!(super::fit(&[column(10, 20, 0), number], &[told(14), told(2)], 20, None), [(0, 14), (1, 4)]);
        // A field in which nothing stands is not there, unless rows are sorted by it.
        all[1].cell = Content::Field(|_, (), _| None, 0);
        assert_eq!(super::fit(&all, &[told(8), ColumnExtent::default(), told(3)], 30, None), [(0, 20), (2, 6)]);
        all[1].sort = Some(Column::BYTES);
        assert_eq!(super::fit(&all, &[told(8), ColumnExtent::default(), told(3)], 30, Some(Order::largest(Column::BYTES.0))).len(), 3);
    }

    #[test]
    fn heads_are_whole_before_anything_is_cut_and_columns_of_nothing_give_way() {
        let field = |title, worth| Col { right: true, title, cell: Content::Field(|_, (), _| None, 0), ..column(3, 3, worth) };
        let told = |wide, is_some| ColumnExtent { wide, is_told: true, is_some, ..ColumnExtent::default() };
        let all = [column(10, 20, 0), field("requests", 2), field("refused", 12)];
        // All have room.
        assert_eq!(super::fit(&all, &[told(12, true), told(3, true), told(1, false)], 40, None), [(0, 20), (1, 8), (2, 7)]);
        // The name would be cut: what was never refused needs no column, what was is worth one.
        assert_eq!(super::fit(&all, &[told(18, true), told(3, true), told(1, false)], 30, None), [(0, 20), (1, 8)]);
        assert_eq!(super::fit(&all, &[told(18, true), told(3, true), told(1, true)], 30, None), [(0, 11), (1, 8), (2, 7)]);
        // What is worth much stays though it holds nothing.
        assert_eq!(super::fit(&all, &[told(18, true), told(3, false), told(1, true)], 30, None).len(), 3);
        // A bar takes what nobody else has a use for.
        let bar = ColumnExtent { share: 0.5, ..told(1, true) };
        assert_eq!(super::fit(&[column(10, 12, 0), column(5, 8, 1)], &[told(9, true), bar], 60, None), [(0, 12), (1, 46)]);
        // It is shorter where a text would be cut, and no shorter than a bar.
        let wide_bar = [column(10, 30, 0), Col { right: true, cell: Content::Field(|_, (), _| None, 0), ..column(13, 60, 1) }];
        assert_eq!(super::fit(&wide_bar, &[told(20, true), bar], 32, None), [(0, 20), (1, 10)]);
        assert_eq!(super::fit(&wide_bar, &[told(25, true), bar], 32, None), [(0, 20), (1, 10)]);
        assert_eq!(super::fit(&wide_bar, &[told(15, true), bar], 32, None), [(0, 16), (1, 14)]);
        // On a very wide screen it is still a bar.
        assert_eq!(super::fit(&[column(10, 12, 0), column(5, 8, 1)], &[told(9, true), bar], 200, None), [(0, 12), (1, LONGEST_BAR)]);
    }

    /// A name is read as a whole before there is a column more, where that is one of little worth; numbers of some worth stay.
    #[test]
    fn a_text_that_would_be_cut_is_worth_more_than_the_last_columns() {
        let field =
            |right, width, max, worth| Col { right, title: "t", cell: Content::Field(|_, (), _| None, 0), ..column(width, max, worth) };
        let told = |wide| ColumnExtent { wide, is_told: true, is_some: true, ..ColumnExtent::default() };
        let all = [column(10, 12, 0), field(false, 6, 20, 6), field(true, 6, 6, 9), field(true, 6, 6, 12), field(true, 6, 6, 13)];
        let fit = |name| super::fit(&all, &[told(10), told(name), told(6), told(6), told(6)], 44, None);
        assert_eq!(fit(6).len(), 5);
        assert_eq!(fit(12), [(0, 12), (1, 14), (2, 6), (3, 6)]);
        assert_eq!(fit(17), [(0, 12), (1, 20), (2, 6)]);
        // It is no longer than its limit, and what is worth something stays.
        assert_eq!(fit(90), [(0, 10), (1, 24), (2, 6)]);
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
