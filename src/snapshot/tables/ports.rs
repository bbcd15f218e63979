//! The ports of a switch that was asked.

use crate::model::PortRow;
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, Rows, TableSpec, Tint, placed};

/// Ports, by their number.
pub static PORTS: TableSpec<PortRow> = TableSpec {
    sheets: &[placed("Ports", |s| Rows::of(&s.switch.ports))],
    fields: &[
        Field::new("index", "Number", FieldKind::Id, |p: &PortRow| FieldValue::Count(p.port.index.into())).machine(),
        Field::text("name", "Port", |p: &PortRow| some(&p.port.name)).paper(0, Room::Cut).screen(0, "port", 0).wide(8, 24),
        Field::text("alias", "Alias", |p: &PortRow| some(&p.port.alias)).paper(1, Room::Cut).optional().screen(1, "alias", 6).wide(8, 24),
        Field::word("state", "State", |p: &PortRow| Some(state(p))).paper(2, Room::Fixed).screen(2, "state", 1).wide(6, 8),
        Field::new("mirrors", "Sends the copies", FieldKind::Flag, |p: &PortRow| FieldValue::Flag(p.is_mirror))
            .paper(3, Room::Fixed)
            .screen(3, "mirror", 2)
            .wide(6, 6),
        Field::word("mirrored", "Mirrored", PortRow::mirrored).paper(12, Room::Fixed).optional().screen(13, "copied", 11).wide(6, 6),
        Field::new("speed", "Speed", FieldKind::BitRate, |p: &PortRow| known(p.port.speed)).paper(4, Room::Fixed).screen(4, "speed", 5),
        Field::word("duplex", "Duplex", |p: &PortRow| p.port.full_duplex.map(|full| if full { "full" } else { "half" }))
            .no_paper()
            .screen(11, "duplex", 10)
            .wide(6, 6),
        Field::new("in_bits_per_second", "Received", FieldKind::BitRate, |p: &PortRow| rate(p, 0))
            .paper(5, Room::Fixed)
            .screen(5, "receives", 4)
            .tint(Tint::In),
        Field::new("out_bits_per_second", "Sent", FieldKind::BitRate, |p: &PortRow| rate(p, 1))
            .paper(6, Room::Fixed)
            .screen(6, "sends", 4)
            .tint(Tint::Out),
        Field::count("in_discards", "Discards in", |p: &PortRow| p.added.0.discards[0]).paper(7, Room::Dropped(1)).screen(9, "drops in", 8),
        Field::count("out_discards", "Discards out", |p: &PortRow| p.added.0.discards[1])
            .paper(8, Room::Fixed)
            .screen(7, "drops out", 3)
            .wide(9, 9),
        Field::count("errors", "Errors", |p: &PortRow| p.added.0.errors.iter().fold(0, |sum, n| sum.saturating_add(*n)))
            .paper(9, Room::Fixed)
            .screen(8, "errors", 7)
            .wide(6, 9),
        Field::count("stations", "Stations", |p: &PortRow| p.port.stations)
            .paper(10, Room::Dropped(0))
            .screen(10, "stations", 9)
            .wide(8, 8),
        Field::text("neighbour", "Neighbour", |p: &PortRow| p.port.neighbour.as_ref().and_then(|n| some(&n.0)))
            .paper(11, Room::Cut)
            .optional()
            .screen(12, "neighbour", 5)
            .wide(8, 24),
    ],
    in_json: false,
    ..TableSpec::new("switch_ports", "port", "", |x, y| x.port.index.cmp(&y.port.index))
};

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|t| !t.is_empty())
}

fn state(p: &PortRow) -> &'static str {
    match (p.port.is_enabled, p.port.is_up) {
        (_, true) => "up",
        (true, false) => "down",
        (false, false) => "disabled",
    }
}

fn known(bits: u64) -> FieldValue<'static> {
    if bits == 0 { FieldValue::None } else { FieldValue::Real(bits as f64) }
}

/// Bits per second between the latest two answers, by the table's own counters.
pub fn rate(p: &PortRow, at: usize) -> FieldValue<'static> {
    let (counts, seconds) = &p.recent;
    let bytes = counts.bytes.get(at).copied().unwrap_or(0);
    if *seconds > 0.0 { FieldValue::Real(bytes as f64 * 8.0 / seconds) } else { FieldValue::None }
}
