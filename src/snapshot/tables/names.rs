//! Names of addresses, learnt from what passes by.

use crate::model::LearntName;
use crate::snapshot::table::{Field, Room, TableSpec, Tint, sheet};

/// A row for each address, source and name. All of them can be forged by whoever sends them: they name, they do not prove.
pub static NAMES: TableSpec<LearntName> = TableSpec {
    sheets: &[sheet("Names learnt", |s| (&s.dissect.names).into())],
    fields: &[
        Field::address("address", "Address", |n: &LearntName| n.address).paper(0, Room::Cut).screen(0, "address", 0),
        Field::text("name", "Name", |n: &LearntName| Some(&n.name)).paper(1, Room::Cut).screen(1, "name", 0).wide(20, 70),
        Field::word("source", "Learnt from", |n: &LearntName| Some(n.source.token()))
            .paper(2, Room::Fixed)
            .screen(2, "learnt from", 2)
            .wide(11, 11)
            .tint(Tint::Dim),
        Field::time("first", "First seen", |n: &LearntName| n.first).paper(3, Room::Dropped(1)).screen(3, "first seen", 4).wide(10, 10),
        Field::time("last", "Last seen", |n: &LearntName| n.last).paper(4, Room::Dropped(0)).screen(4, "last seen", 3).wide(10, 10),
    ],
    ..TableSpec::new("names", "name", "", |x, y| (x.address, x.source, &x.name).cmp(&(y.address, y.source, &y.name)))
};
