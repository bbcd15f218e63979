//! What trust in the mirror consists of.

use crate::snapshot::TrustPart;
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, Rows, TableSpec, placed};

/// The parts of the trust score.
pub static TRUST: TableSpec<TrustPart> = TableSpec {
    sheets: &[placed("Trust in the mirror", |s| Rows::of(&s.mirror.trust.parts))],
    fields: &[
        Field::word("part", "Part", |p: &TrustPart| Some(p.name)).paper(0, Room::Fixed).screen(0, "part", 0).wide(12, 16),
        Field::new("score", "Score", FieldKind::Count, |p: &TrustPart| FieldValue::count(p.score.map(u64::from)))
            .asks()
            .paper(1, Room::Fixed)
            .screen(1, "score", 0)
            .wide(5, 5),
        Field::text("evidence", "Evidence", |p: &TrustPart| Some(&p.evidence))
            .paper(2, Room::Wrapped)
            .screen(2, "evidence", 1)
            .wide(20, 100),
    ],
    in_json: false,
    ..TableSpec::new("trust", "part", "", |x, y| x.name.cmp(y.name))
};
