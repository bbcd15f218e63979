//! What is wrong, in one line each.

use crate::model::{Address, Finding, Location, PathSide, Severity, Subject, Tunnel};
use crate::snapshot::table::{Ends, Field, FieldKind, FieldValue, Rows, TableSpec, placed};

/// Findings: active ones first, by severity, then newest first. The reports for people and JSON say more of each.
pub static FINDINGS: TableSpec<Finding> = TableSpec {
    sheets: &[placed("Findings", |s| Rows::of(&s.diagnosis.findings))],
    fields: &[
        Field::word("id", "Finding", |f: &Finding| Some(f.id)).searched(true),
        Field::word("subject_kind", "Kind", |f: &Finding| Some(f.subject.kind())).searched(true),
        Field::word("severity", "Severity", |f: &Finding| Some(f.severity.token())).searched(true).one_of(&Severity::TOKENS),
        Field::text("title", "Title", |f: &Finding| Some(&f.title)),
        Field::new("active", "Active", FieldKind::Flag, |f: &Finding| FieldValue::Flag(f.active)),
        Field::time("first", "First", |f: &Finding| f.first),
        Field::time("last", "Last", |f: &Finding| f.last),
        Field::new("hosts", "Hosts", FieldKind::Count, |f: &Finding| FieldValue::count(f.hosts)),
        Field::word("side", "Side", |f: &Finding| f.side.map(PathSide::token)).one_of(&PathSide::TOKENS),
        Field::word("where", "Where", |f: &Finding| f.location.map(Location::token)).one_of(&Location::TOKENS),
        // What to do about one thing names others: no word of the filter is about that.
        Field::text("cause", "Cause", |f: &Finding| Some(&f.cause)).searched(false),
        Field::text("remedy", "Remedy", |f: &Finding| Some(&f.remedy)).searched(false),
        Field::new("about", "About", FieldKind::Ends, |f: &Finding| about(f.subject)).people(),
        Field::vlans("vlan", "VLAN", vlans).people(),
    ],
    in_json: false,
    ..TableSpec::new("findings", "finding", "", |x, y| (x.id, x.subject).cmp(&(y.id, y.subject)))
};

/// The ends that a finding is about.
fn about(subject: Subject) -> FieldValue<'static> {
    let ends = |first, second| FieldValue::Ends(Ends { first, second, forth: true, back: true });
    match subject {
        Subject::Network | Subject::Vlan(_) => FieldValue::None,
        Subject::Host(address) | Subject::Group(address) => FieldValue::Address(address),
        Subject::Service { address, port, .. } => FieldValue::End(address, port),
        Subject::Conversation { a, a_port, b, b_port, .. } => ends((a, a_port), (b, b_port)),
        Subject::Station(mac) | Subject::Bridge { mac, .. } => FieldValue::Address(Address::Mac(mac)),
        Subject::Session(Tunnel { source, destination, .. }) => ends((source, 0), (destination, 0)),
    }
}

/// The VLAN that a finding is about, else the one its subject is reached in.
fn vlans(finding: &Finding) -> &[u16] {
    match &finding.subject {
        Subject::Vlan(id) => std::slice::from_ref(id),
        _ => finding.vlan.as_slice(),
    }
}
