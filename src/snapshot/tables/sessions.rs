//! Mirror sessions and other tunnels that were looked into.

use crate::model::Session;
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, Rows, TableSpec, Tint, placed};

/// What the outside of each says.
pub static SESSIONS: TableSpec<Session> = TableSpec {
    sheets: &[placed("Mirror sessions", |s| Rows::of(&s.mirror.sessions))],
    fields: &[
        Field::app("kind", "Session", |m: &Session| Some(m.tunnel.kind.token())).paper(0, Room::Fixed).screen(0, "session", 0).wide(8, 10),
        Field::address("source", "From", |m: &Session| m.tunnel.source).paper(1, Room::Cut).screen(1, "from", 1).wide(9, 39),
        Field::address("destination", "To", |m: &Session| m.tunnel.destination).paper(2, Room::Cut).screen(2, "to", 2).wide(9, 39),
        Field::id("id", "Id", |m: &Session| m.tunnel.id).paper(3, Room::Fixed).screen(3, "id", 3).wide(5, 8),
        Field::count("packets", "Packets", |m: &Session| m.packets).paper(4, Room::Fixed).screen(4, "packets", 3).wide(7, 7),
        Field::bytes("outer_wire_bytes", "Volume", |m: &Session| m.outer_bytes).machine(),
        Field::bytes("inner_wire_bytes", "Inside", |m: &Session| m.inner_bytes).machine(),
        // What does not number its packets cannot tell.
        Field::new("missing", "Missing", FieldKind::Count, |m: &Session| FieldValue::count(m.sequenced.then_some(m.missing)))
            .asks()
            .paper(5, Room::Fixed)
            .no_screen(),
        Field::new("missing_share", "Missing", FieldKind::Ratio, missing)
            .people()
            .no_paper()
            .asks()
            .screen(5, "missing", 4)
            .wide(7, 7)
            .tint(Tint::Bad),
        Field::count("reordered", "Reordered", |m: &Session| m.reordered)
            .paper(6, Room::Fixed)
            .screen(6, "reordered", 5)
            .wide(9, 9)
            .tint(Tint::Warn),
        Field::count("restarts", "Restarts", |m: &Session| m.restarts).no_paper().screen(7, "restarts", 6).wide(8, 8).tint(Tint::Warn),
        Field::count("truncated", "Cut", |m: &Session| m.truncated).no_paper().screen(8, "cut", 7).wide(6, 6).tint(Tint::Warn),
        Field::count("errors", "Errors", |m: &Session| m.errors.iter().fold(0, |a: u64, b| a.saturating_add(*b)))
            .no_paper()
            .screen(9, "errors", 8)
            .wide(6, 6)
            .tint(Tint::Bad),
        Field::new("one_in", "One in", FieldKind::Id, |m: &Session| FieldValue::count(m.sampling.map(|a| a.one_in.into())))
            .no_paper()
            .screen(10, "1 in", 2)
            .wide(7, 9)
            .tint(Tint::Warn),
        Field::new("untaken", "Untaken", FieldKind::Count, |m: &Session| FieldValue::count(m.sampling.map(|a| a.drops)))
            .no_paper()
            .screen(11, "untaken", 3)
            .wide(7, 7)
            .tint(Tint::Bad),
        Field::new("peeled", "Taken off", FieldKind::Flag, |m: &Session| FieldValue::Flag(m.peeled)).paper(7, Room::Fixed).no_screen(),
        Field::text("decision", "Why", |m: &Session| Some(&m.decision)).machine(),
        Field::time("first", "First packet", |m: &Session| m.first).machine(),
        Field::time("last", "Last packet", |m: &Session| m.last).machine(),
    ],
    weight: |m| m.packets,
    in_json: false,
    ..TableSpec::new("sessions", "session", "", |x, y| x.tunnel.cmp(&y.tunnel))
};

/// The part of its packets that never arrived.
fn missing(m: &Session) -> FieldValue<'_> {
    let all = m.packets.saturating_add(m.missing);
    if !m.sequenced {
        return FieldValue::None;
    }
    FieldValue::Real(if all == 0 { 0.0 } else { m.missing as f64 / all as f64 })
}
