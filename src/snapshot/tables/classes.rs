//! Packets by the class that their headers ask for: priority of the VLAN tag, DSCP, ECN.

use crate::model::Traffic;
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, Rows, TableSpec, placed};
use crate::snapshot::{Snapshot, TrafficClasses};

/// Packets of one class.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassRow {
    /// `pcp`, `dscp`, `ecn`.
    pub by: &'static str,
    /// The number in the header.
    pub value: u8,
    /// Its usual name; empty: none.
    pub name: String,
    /// Packets and bytes.
    pub traffic: Traffic,
    /// All packets that have such a field; of classes of ECN but the first those that may be told of congestion.
    pub all: Traffic,
}

/// Classes with packets: by priority, DSCP, ECN.
pub static CLASSES: TableSpec<ClassRow> = TableSpec {
    sheets: &[placed("Traffic classes", rows)],
    fields: &[
        Field::word("by", "By", |c: &ClassRow| Some(c.by)).paper(0, Room::Fixed).screen(0, "by", 0).wide(4, 4),
        Field::new("value", "Value", FieldKind::Id, |c: &ClassRow| FieldValue::Count(c.value.into()))
            .paper(1, Room::Fixed)
            .screen(1, "value", 1)
            .wide(5, 5),
        Field::text("name", "Class", |c: &ClassRow| Some(c.name.as_str()).filter(|n| !n.is_empty()))
            .paper(2, Room::Fixed)
            .screen(2, "class", 2)
            .wide(7, 22),
        Field::count("packets", "Packets", |c: &ClassRow| c.traffic.packets).paper(3, Room::Fixed).screen(3, "packets", 3).wide(7, 7),
        Field::bytes("wire_bytes", "Volume", |c: &ClassRow| c.traffic.wire_bytes).paper(4, Room::Fixed).screen(4, "bytes", 3),
        Field::new("packet_share", "Of its kind", FieldKind::Ratio, |c: &ClassRow| FieldValue::Real(share(c)))
            .paper(5, Room::Fixed)
            .screen(5, "share", 1)
            .wide(6, 8),
    ],
    weight: |c| c.traffic.wire_bytes,
    ..TableSpec::new("traffic_classes", "class", "", |x, y| (x.by, x.value).cmp(&(y.by, y.value)))
};

fn share(c: &ClassRow) -> f64 {
    if c.all.packets == 0 { 0.0 } else { c.traffic.packets as f64 / c.all.packets as f64 }
}

fn rows(s: &Snapshot) -> Rows<'_, ClassRow> {
    Rows::of(classes(&s.stats.classes))
}

/// By what, the sums of its values, and what a value is called.
type Kind = (&'static str, Vec<Traffic>, fn(u8) -> String);

/// Every class with packets; nothing where all are of the class of those that ask for none.
pub fn classes(c: &TrafficClasses) -> Vec<ClassRow> {
    let dscp: Vec<Traffic> = c.dscp.as_flattened().to_vec();
    let kinds: [Kind; 3] = [("pcp", c.pcp.to_vec(), priority), ("dscp", dscp, code_point), ("ecn", c.ecn.to_vec(), notification)];
    let mut out = Vec::new();
    for (by, traffic, name) in kinds {
        let sum = |of: &[Traffic]| of.iter().fold(Traffic::default(), |sum, one| sum.plus(*one));
        let all = sum(&traffic);
        // What met congestion is compared with what could be told of it.
        let able = if by == "ecn" { sum(traffic.get(1..).unwrap_or_default()) } else { all };
        let row = |(value, one): (u8, &Traffic)| ClassRow {
            by,
            value,
            name: name(value),
            traffic: *one,
            all: if value == 0 { all } else { able },
        };
        out.extend((0u8..).zip(&traffic).filter(|(_, one)| one.packets > 0).map(row));
    }
    if out.iter().all(|row: &ClassRow| row.value == 0) { Vec::new() } else { out }
}

/// IEEE 802.1Q table I-2.
fn priority(value: u8) -> String {
    const NAMES: [&str; 8] = [
        "best effort",
        "background",
        "excellent effort",
        "critical applications",
        "video",
        "voice",
        "internetwork control",
        "network control",
    ];
    NAMES.get(usize::from(value)).copied().unwrap_or_default().to_owned()
}

/// What a code point is called: `EF`, or by its number where it has no name.
pub fn code_point_name(value: u8) -> String {
    Some(code_point(value)).filter(|name| !name.is_empty()).unwrap_or_else(|| value.to_string())
}

/// IANA "Differentiated Services Field Codepoints".
fn code_point(value: u8) -> String {
    match (value, value >> 3, value >> 1 & 3) {
        (46, ..) => "EF".to_owned(),
        (44, ..) => "VOICE-ADMIT".to_owned(),
        (1, ..) => "LE".to_owned(),
        (_, class, 0) if value & 1 == 0 => format!("CS{class}"),
        (_, class @ 1..=4, drop) if value & 1 == 0 => format!("AF{class}{drop}"),
        _ => String::new(),
    }
}

/// RFC 3168 section 5.
fn notification(value: u8) -> String {
    ["not capable", "ECT(1)", "ECT(0)", "congestion experienced"].get(usize::from(value)).copied().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_points_by_their_names() {
        let names = [0, 8, 10, 12, 14, 26, 34, 38, 46, 48, 56, 1, 44, 3].map(code_point);
        assert_eq!(names, ["CS0", "CS1", "AF11", "AF12", "AF13", "AF31", "AF41", "AF43", "EF", "CS6", "CS7", "LE", "VOICE-ADMIT", ""]);
    }

    #[test]
    fn classes_that_nobody_asks_for_are_none() {
        let one = Traffic { packets: 1, wire_bytes: 100 };
        let mut c = TrafficClasses::default();
        c.dscp[0][0] = one;
        c.ecn[0] = one;
        assert!(classes(&c).is_empty());
        c.ecn[2] = Traffic { packets: 2, wire_bytes: 200 };
        c.ecn[3] = c.ecn[2];
        c.ecn[0].packets = 4;
        let rows: Vec<_> = classes(&c).iter().map(|r| (r.by, r.value, r.name.clone(), share(r))).collect();
        let want =
            [("dscp", 0, "CS0", 1.0), ("ecn", 0, "not capable", 0.5), ("ecn", 2, "ECT(0)", 0.5), ("ecn", 3, "congestion experienced", 0.5)];
        assert_eq!(rows, want.map(|(by, value, name, share)| (by, value, name.to_owned(), share)));
    }
}
