//! How much stands in the columns of a table: what their widths rest on.

use super::cell::{Cell, PAIR};
use super::column::Col;
use crate::tui::canvas::cells;
use crate::tui::view::{Scene, Topic};

/// Rows that are measured beside those in the window, so that widths hold still while it moves.
const MEASURED: usize = 200;

/// What stands in a column.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct ColumnExtent {
    /// Cells that its widest cell takes.
    pub wide: u16,
    /// The same of both ends of a pair.
    pub ends: [u16; 2],
    /// The largest share in it.
    pub share: f64,
    /// Something stands in it.
    pub is_told: bool,
    /// Something stands in it that is not nothing: no 0, no dash, no "no".
    pub is_some: bool,
    /// Rows that were measured, and those of them in which something stands that is not nothing.
    pub rows: [u32; 2],
}

/// The shares at which bars may end.
const SCALES: [f64; 7] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0];

impl ColumnExtent {
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
        let is_some = match cell {
            Cell::Amount(value, _) => !value.zero,
            Cell::Share(share, _) => *share > 0.0,
            Cell::Text(text, _) | Cell::Right(text, _) => !["", "0", "–", "no"].contains(&text.trim()),
            _ => wide > 0,
        };
        self.is_some |= is_some;
        self.rows[1] = self.rows[1].saturating_add(is_some.into());
    }

    /// Whether nothing stands in most of its rows.
    pub fn is_mostly_empty(&self) -> bool {
        self.rows[1].saturating_mul(2) < self.rows[0]
    }

    /// The share at which bars end, and how the head says it: everything, unless what there is is much less and the head has room to say so.
    pub fn scale(&self, title: u16, width: u16) -> (f64, Option<String>) {
        let scale = SCALES.into_iter().find(|scale| self.share <= *scale).unwrap_or(1.0);
        let said = format!("to {:.0} %", scale * 100.0);
        let has_room = title + 1 + cells(&said) <= width;
        if self.share <= 0.0 || scale >= 1.0 || !has_room { (1.0, None) } else { (scale, Some(said)) }
    }
}

/// What stands in each column, in the first rows (none of them where only the window is seen) and in those of the window.
pub(super) fn measure<R>(scene: &Scene, columns: &[Col<R>], rows: &[(Topic, R)], window: &[(Topic, R)]) -> Vec<ColumnExtent> {
    let first = rows.get(..MEASURED).unwrap_or(rows);
    let of = |column: &Col<R>| {
        let mut extent = ColumnExtent::default();
        for (_, row) in first.iter().chain(window) {
            extent.rows[0] = extent.rows[0].saturating_add(1);
            if let Some(cell) = column.cell.cell(scene, row) {
                extent.see(&cell);
            }
        }
        extent
    };
    columns.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_end_at_everything_unless_the_head_says_where() {
        let of = |share| ColumnExtent { share, is_told: true, ..ColumnExtent::default() };
        assert_eq!(of(0.003).scale(5, 12), (0.01, Some("to 1 %".into())));
        assert_eq!(of(0.17).scale(5, 13), (0.2, Some("to 20 %".into())));
        assert_eq!(of(0.17).scale(5, 12), (1.0, None), "no room to say it");
        assert_eq!(of(0.51).scale(5, 30), (1.0, None));
        assert_eq!(of(0.0).scale(5, 30), (1.0, None));
    }
}
