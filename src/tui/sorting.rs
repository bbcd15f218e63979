//! What the list of the page in front is sorted by.

use super::app::App;
use super::canvas::Hit;
use super::screen::Sorts;
use crate::model::Arrange as _;
use crate::snapshot::{Column, Order, tables};

/// Said where nobody chooses an order.
const UNSORTED: &str = "the lists of this page have an order of their own";

impl App {
    fn order(&mut self, sorts: Sorts) -> Option<&mut Order> {
        match sorts {
            Sorts::Conversations => Some(&mut self.view.conversations),
            Sorts::Endpoints => Some(&mut self.view.endpoints),
            Sorts::Rows(table) => {
                let usual = tables::find(table).map(|t| t.order()).unwrap_or_default();
                self.pane_mut().map(|pane| pane.order.get_or_insert(usual))
            }
        }
    }

    /// Sorts by the column to the right of the one that is sorted by.
    pub(super) fn next_column(&mut self) {
        let Some((sorts, columns)) = self.page().sorting() else { return self.say(UNSORTED.into()) };
        let Some(now) = self.order(sorts).map(|order| order.column) else { return };
        // What stands on the screen is walked through, from left to right: an order by what nobody sees looks like none.
        let seen = self.columns_seen();
        // A file has no rates of now.
        let live = self.shown.live;
        let columns = if seen.len() > 1 { seen } else { columns.into_iter().filter(|c| live || !c.is_of_now()).collect() };
        let at = columns.iter().position(|c| *c == now).map_or(0, |i| (i + 1) % columns.len().max(1));
        if let Some(column) = columns.get(at) {
            self.sort(*column);
        }
    }

    /// The columns that the list of the page can be sorted by, as they stand above it.
    fn columns_seen(&self) -> Vec<Column> {
        let heads =
            || self.hits.iter().filter_map(|(place, hit)| if let Hit::Column(column) = hit { Some((place, *column)) } else { None });
        let top = heads().map(|(place, _)| place.y).min();
        let mut seen: Vec<(u16, Column)> =
            heads().filter(|(place, _)| Some(place.y) == top).map(|(place, column)| (place.x, column)).collect();
        seen.arrange_by_key(|column| column.0);
        seen.into_iter().map(|column| column.1).collect()
    }

    pub(super) fn sort(&mut self, column: Column) {
        let Some((sorts, _)) = self.page().sorting() else { return self.say(UNSORTED.into()) };
        let table = match sorts {
            Sorts::Rows(table) => table,
            Sorts::Conversations => "conversations",
            Sorts::Endpoints => "endpoints",
        };
        let heads = tables::find(table).map(|t| t.heads()).unwrap_or_default();
        let kind = heads.iter().find(|head| head.token == column.0).map(|head| head.kind);
        if kind.is_none() && !column.is_of_now() {
            return self.say("the list above is sorted by its own columns".into());
        }
        // Words and addresses read from A, amounts from the largest.
        let descending = kind.is_none_or(|kind| kind.is_amount());
        let Some(order) = self.order(sorts) else { return };
        if order.column == column {
            order.descending = !order.descending;
        } else {
            *order = Order { column, descending };
        }
        self.again();
    }

    pub(super) fn turn(&mut self) {
        let Some((sorts, _)) = self.page().sorting() else { return self.say(UNSORTED.into()) };
        let Some(order) = self.order(sorts) else { return };
        order.descending = !order.descending;
        self.again();
    }

    /// Sorts anew, also while a row is selected.
    fn again(&mut self) {
        if let Some(pane) = self.pane_mut() {
            pane.held.clear();
        }
        if self.pane().selected.is_some() {
            self.hold();
        }
    }
}
