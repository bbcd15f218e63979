//! A column of a table: its title, the room it takes, what stands in it.

use super::cell::Cell;
use crate::snapshot::Column;
use crate::tui::view::Scene;
use std::ops::RangeInclusive;

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
    pub(super) fn cell(&self, scene: &Scene, row: &R) -> Option<Cell> {
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
