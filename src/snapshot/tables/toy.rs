//! A table that exists in tests only: one file and one line in the list of tables bring it into every output.

use crate::snapshot::table::{Field, Rows, TableSpec, sheet};
use crate::snapshot::{Snapshot, SourceInfo};

/// Sources of a snapshot whose capture filter is `toy`.
pub static TOYS: TableSpec<SourceInfo> = TableSpec {
    sheets: &[sheet("Toys", rows)],
    fields: &[
        Field::text("toy_name", "Toy", |s: &SourceInfo| Some(&s.name)),
        Field::count("toy_count", "Pieces", |s: &SourceInfo| s.packets),
    ],
    weight: |s| s.packets,
    ..TableSpec::new("toys", "toy", "toy_count", |x, y| x.name.cmp(&y.name))
};

fn rows(s: &Snapshot) -> Rows<'_, SourceInfo> {
    Rows::of(if s.capture.filter.as_deref() == Some("toy") { s.capture.sources.as_slice() } else { &[] })
}
