//! What is wrong, in one line each.

use crate::model::{Finding, Location, PathSide};
use crate::snapshot::table::{Field, FieldKind, FieldValue, Rows, TableSpec, placed};

/// Findings: active ones first, by severity, then newest first. The reports for people and JSON say more of each.
pub static FINDINGS: TableSpec<Finding> = TableSpec {
    sheets: &[placed("Findings", |s| Rows::of(&s.diagnosis.findings))],
    fields: &[
        Field::word("id", "Finding", |f: &Finding| Some(f.id)),
        Field::word("subject_kind", "Kind", |f: &Finding| Some(f.subject.kind())),
        Field::word("severity", "Severity", |f: &Finding| Some(f.severity.token())),
        Field::text("title", "Title", |f: &Finding| Some(&f.title)),
        Field::new("active", "Active", FieldKind::Flag, |f: &Finding| FieldValue::Flag(f.active)),
        Field::time("first", "First", |f: &Finding| f.first),
        Field::time("last", "Last", |f: &Finding| f.last),
        Field::new("hosts", "Hosts", FieldKind::Count, |f: &Finding| FieldValue::count(f.hosts)),
        Field::word("side", "Side", |f: &Finding| f.side.map(PathSide::token)),
        Field::word("where", "Where", |f: &Finding| f.location.map(Location::token)),
        Field::text("cause", "Cause", |f: &Finding| Some(&f.cause)),
        Field::text("remedy", "Remedy", |f: &Finding| Some(&f.remedy)),
    ],
    in_json: false,
    ..TableSpec::new("findings", "finding", "", |x, y| (x.id, x.subject).cmp(&(y.id, y.subject)))
};
