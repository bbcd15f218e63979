//! What a table is, said once. JSON, CSV, text, Markdown, HTML, screens, sorting, the filter and exports are read off it.
//!
//! # Adding things
//!
//! - **A column** is one line in the `fields` of its table (`snapshot/tables/`): what it holds ([`Field::count`], [`Field::text`] …, or
//!   [`Field::new`] with any [`FieldKind`] and [`FieldValue`]), token, title, and how it is read off a row.
//!   It then stands in every output, sorts, and is found by the filter (`token > 5`, `token = word`). What follows on the line
//!   takes it out of outputs ([`Field::machine`], [`Field::people`], `no_…`), or gives it a place among the others
//!   ([`Field::paper`], [`Field::screen`]).
//! - **A table** is one file in `snapshot/tables/` (the row's type, a [`TableSpec`] of it) and one line in
//!   [`TABLES`](super::tables::TABLES). The rows lie in
//!   the field of its wing in the [`Snapshot`]; `sheets` says where. JSON, `--format csv --table TOKEN` and the reports for people
//!   show it at once; a panel on a screen is one call of `tui/panels/any_table.rs`.
//! - **A section** of single numbers is no table: its struct derives `Serialize` (what it holds of the ground floor has its shape in
//!   `snapshot/shape.rs`), one line of `report/json/mod.rs` writes it, and `report/document/` says its facts.
//!
//! ```
//! use spantop::snapshot::table::{Field, Rows, TableSpec, sheet};
//!
//! #[derive(Clone)]
//! struct Server { name: String, queries: u64 }
//!
//! static SERVERS: TableSpec<Server> = TableSpec {
//!     sheets: &[sheet("Name servers", |_snapshot| Rows::of(Vec::new()))],
//!     fields: &[
//!         Field::text("name", "Name", |s: &Server| Some(&s.name)),
//!         Field::count("queries", "Queries", |s: &Server| s.queries),
//!     ],
//!     weight: |s| s.queries,
//!     ..TableSpec::new("name_servers", "name server", "queries", |x, y| x.name.cmp(&y.name))
//! };
//! assert_eq!(SERVERS.fields.len(), 2);
//! ```

mod field;
mod getter;
mod head;
mod kind;
mod order;
mod value;

pub use field::Field;
pub use getter::{Cells, Getter, NO_SPAN};
pub use head::{Head, InJson, OnPaper, OnScreen, Room, Tint, When};
pub use kind::{FieldKind, Layers};
pub use order::places;
pub use value::{Ends, FieldValue};

use super::{Filter, Order, Snapshot, Table, Traffic};
use crate::model::Arrange as _;
use std::borrow::Cow;
use std::cmp::Ordering;

/// A table of rows `R`.
pub struct TableSpec<R: Clone + 'static> {
    /// Its name in JSON, for `--table` and exports.
    pub token: &'static str,
    /// What one row is, for people.
    pub noun: &'static str,
    /// Where its rows are; several where rows of the same type are counted at several layers.
    pub sheets: &'static [Sheet<R>],
    /// Its columns.
    pub fields: &'static [Field<R>],
    /// The field it is ordered by, largest first, when nobody asks otherwise; empty: as the rows are.
    pub order: &'static str,
    /// Rows that compare equal follow each other by this, larger first.
    pub weight: fn(&R) -> u64,
    /// And then by this: what tells rows apart.
    pub key: fn(&R, &R) -> Ordering,
    /// A number that never decreases as rows increase by [`Self::key`]: makes sorting many rows fast.
    pub lead: fn(&R) -> u64,
    /// Levels a row is indented by in reports, in trees.
    pub depth: Option<fn(&R) -> usize>,
    /// The title of the group a row belongs to, where rows of a group follow each other: reports give each group a section of its own,
    /// screens a kind.
    pub group: Option<fn(&R) -> &'static str>,
    /// Whether it is a member of the JSON report under its token; otherwise a section there says the same in its own shape.
    pub in_json: bool,
    /// What a last line of a report says under a field's token: a rest that is no row.
    pub foot: Option<fn(&Snapshot, &str) -> FieldValue<'static>>,
}

impl<R: Clone> TableSpec<R> {
    /// A table without rows or columns, for `..` at the end of a table's own.
    pub const fn new(token: &'static str, noun: &'static str, order: &'static str, key: fn(&R, &R) -> Ordering) -> Self {
        Self {
            token,
            noun,
            sheets: &[],
            fields: &[],
            order,
            weight: |_| 0,
            key,
            lead: |_| 0,
            depth: None,
            group: None,
            in_json: true,
            foot: None,
        }
    }

    /// The field of a token.
    pub fn field(&self, token: &str) -> Option<&'static Field<R>> {
        self.fields.iter().find(|f| f.head.token == token)
    }
}

/// Rows of a table, as one place holds them.
pub struct Sheet<R: Clone + 'static> {
    /// Its name in JSON and CSV; empty when it is the only one.
    pub token: &'static str,
    /// Its title for people.
    pub title: &'static str,
    /// What its rows are.
    pub layers: Layers,
    /// Its place in reports for people; `None`: not there, or where a section shows it itself.
    pub paper: Option<u8>,
    /// Finds the rows.
    pub rows: fn(&Snapshot) -> Rows<'_, R>,
}

/// The only sheet of a table.
pub const fn sheet<R: Clone>(title: &'static str, rows: fn(&Snapshot) -> Rows<'_, R>) -> Sheet<R> {
    Sheet { token: "", title, layers: Layers::ALL, paper: Some(0), rows }
}

/// The only sheet of a table that a section of reports shows itself, or none does.
pub const fn placed<R: Clone>(title: &'static str, rows: fn(&Snapshot) -> Rows<'_, R>) -> Sheet<R> {
    Sheet { paper: None, ..sheet(title, rows) }
}

/// Rows, and what is not among them.
#[derive(Debug)]
pub struct Rows<'s, R: Clone> {
    /// The rows: as they lie in the snapshot, or made of what lies there.
    pub rows: Cow<'s, [R]>,
    /// How many there are in all.
    pub total_rows: u64,
    /// The exact sum of those folded away at a cap.
    pub other: Traffic,
    /// How many were folded away.
    pub other_rows: u64,
}

impl<'s, R: Clone> Rows<'s, R> {
    /// All there are.
    pub fn of(rows: impl Into<Cow<'s, [R]>>) -> Self {
        let rows = rows.into();
        Self { total_rows: rows.len() as u64, rows, other: Traffic::default(), other_rows: 0 }
    }
}

impl<'s, R: Clone> From<&'s Table<R>> for Rows<'s, R> {
    fn from(table: &'s Table<R>) -> Self {
        Self { rows: Cow::Borrowed(&table.rows), total_rows: table.total_rows, other: table.other, other_rows: table.other_rows }
    }
}

/// What is to be known of a sheet without its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SheetHead {
    /// Its name in JSON and CSV; empty when it is the only one.
    pub token: &'static str,
    /// Its title for people.
    pub title: &'static str,
    /// What its rows are.
    pub layers: Layers,
    /// Its place in reports for people; `None`: not there.
    pub paper: Option<u8>,
}

/// A table whose rows may be of any type.
pub trait AnyTable: Sync {
    /// Its name in JSON, for `--table` and exports.
    fn token(&self) -> &'static str;

    /// What one row is, for people.
    fn noun(&self) -> &'static str;

    /// Its columns: the schema.
    fn heads(&self) -> Vec<Head>;

    /// Its sheets.
    fn sheets(&self) -> Vec<SheetHead>;

    /// The order when nobody asks otherwise.
    fn order(&self) -> Order;

    /// Whether it is a member of the JSON report.
    fn in_json(&self) -> bool;

    /// Whether a filter asks for something that its rows have.
    fn is_asked(&self, filter: &Filter) -> bool;

    /// The rows of a sheet.
    fn rows<'s>(&'static self, sheet: usize, snapshot: &'s Snapshot) -> Box<dyn AnyRows + 's>;

    /// What the last line of a report says under a field's token.
    fn foot(&self, snapshot: &Snapshot, token: &str) -> Option<FieldValue<'static>>;
}

/// Rows of any type, read by the number of row and field.
pub trait AnyRows: Sync {
    /// How many are here.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many there are in all.
    fn total_rows(&self) -> u64;

    /// What was folded away at a cap: rows, and their exact sum.
    fn other(&self) -> (u64, Traffic);

    /// A field of a row.
    fn value(&self, row: usize, field: usize) -> FieldValue<'_>;

    /// Hands some fields of a row on, in this order.
    fn cells(&self, row: usize, fields: &[usize], out: &mut dyn Cells);

    /// Levels it is indented by.
    fn depth(&self, row: usize) -> usize;

    /// The title of its group, where there are groups.
    fn group(&self, row: usize) -> Option<&'static str>;

    /// Whether a filter asks for something that any of the rows knows.
    fn knows(&self, filter: &Filter) -> bool;

    /// The numbers of the rows that a filter shows, in an order.
    fn arranged(&self, order: Order, filter: Option<&Filter>) -> Vec<usize>;
}

struct Bound<'s, R: Clone + 'static> {
    spec: &'static TableSpec<R>,
    rows: Rows<'s, R>,
}

impl<R: Clone + Send + Sync> AnyTable for TableSpec<R> {
    fn token(&self) -> &'static str {
        self.token
    }

    fn noun(&self) -> &'static str {
        self.noun
    }

    fn heads(&self) -> Vec<Head> {
        self.fields.iter().map(|f| f.head).collect()
    }

    fn is_asked(&self, filter: &Filter) -> bool {
        filter.asks_of(self)
    }

    fn sheets(&self) -> Vec<SheetHead> {
        self.sheets.iter().map(|s| SheetHead { token: s.token, title: s.title, layers: s.layers, paper: s.paper }).collect()
    }

    fn order(&self) -> Order {
        Order::largest(self.order)
    }

    fn in_json(&self) -> bool {
        self.in_json
    }

    fn rows<'s>(&'static self, sheet: usize, snapshot: &'s Snapshot) -> Box<dyn AnyRows + 's> {
        let rows = self.sheets.get(sheet).map_or_else(|| Rows::of(Vec::new()), |s| (s.rows)(snapshot));
        Box::new(Bound { spec: self, rows })
    }

    fn foot(&self, snapshot: &Snapshot, token: &str) -> Option<FieldValue<'static>> {
        self.foot.map(|foot| foot(snapshot, token))
    }
}

impl<R: Clone + Send + Sync> AnyRows for Bound<'_, R> {
    fn len(&self) -> usize {
        self.rows.rows.len()
    }

    fn total_rows(&self) -> u64 {
        self.rows.total_rows
    }

    fn other(&self) -> (u64, Traffic) {
        (self.rows.other_rows, self.rows.other)
    }

    fn value(&self, row: usize, field: usize) -> FieldValue<'_> {
        match (self.rows.rows.get(row), self.spec.fields.get(field)) {
            (Some(row), Some(field)) => field.value(row),
            _ => FieldValue::None,
        }
    }

    fn cells(&self, row: usize, fields: &[usize], out: &mut dyn Cells) {
        let Some(row) = self.rows.rows.get(row) else { return };
        for (place, &field) in fields.iter().enumerate() {
            if let Some(field) = self.spec.fields.get(field) {
                field.get.put(row, place, out);
            }
        }
    }

    fn depth(&self, row: usize) -> usize {
        self.spec.depth.zip(self.rows.rows.get(row)).map_or(0, |(depth, row)| depth(row))
    }

    fn group(&self, row: usize) -> Option<&'static str> {
        self.spec.group.zip(self.rows.rows.get(row)).map(|(group, row)| group(row))
    }

    fn knows(&self, filter: &Filter) -> bool {
        self.rows.rows.iter().any(|row| filter.verdict(self.spec, row).is_some())
    }

    fn arranged(&self, order: Order, filter: Option<&Filter>) -> Vec<usize> {
        let shown = |row: &R| filter.is_none_or(|f| f.matches(self.spec, row));
        let mut places: Vec<(usize, &R)> = self.rows.rows.iter().enumerate().filter(|(_, row)| shown(row)).collect();
        if !order.column.0.is_empty() {
            places.arrange_by(|x, y| self.spec.compare(order, x.1, y.1));
        }
        places.into_iter().map(|(at, _)| at).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::snapshot::tables::{TABLES, find};
    use std::collections::HashSet;

    #[test]
    fn tokens_are_unique_and_name_what_is_there() {
        let mut tables = HashSet::new();
        for table in TABLES {
            assert!(tables.insert(table.token()), "{} twice", table.token());
            let heads = table.heads();
            let tokens: HashSet<&str> = heads.iter().map(|h| h.token).collect();
            assert_eq!(tokens.len(), heads.len(), "{}: a field twice", table.token());
            let order = table.order().column.0;
            assert!(order.is_empty() || tokens.contains(order), "{}: default order", table.token());
            for head in heads {
                assert!(head.token.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{}", head.token);
                assert!(!head.title.is_empty());
                assert!(head.sort.is_empty() || tokens.contains(head.sort), "{}: sorts by {}", head.token, head.sort);
            }
            let sheets = table.sheets();
            assert!(!sheets.is_empty() && sheets.iter().all(|s| !s.title.is_empty()));
            assert!(sheets.len() == 1 || sheets.iter().all(|s| !s.token.is_empty()));
            assert!(find(table.token()).is_some());
        }
    }
}
