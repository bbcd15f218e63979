//! Tunnels of users that cross the mirrored link.

use crate::snapshot::TunnelRow;
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, TableSpec, Tint, When, placed};

/// User tunnels.
pub static TUNNELS: TableSpec<TunnelRow> = TableSpec {
    sheets: &[placed("Tunnels crossing the link", |s| (&s.mirror.tunnels).into())],
    fields: &[
        Field::app("kind", "Tunnel", |t: &TunnelRow| Some(t.tunnel.kind.token())).paper(0, Room::Fixed).screen(0, "tunnel", 0).wide(8, 10),
        Field::address("source", "From", |t: &TunnelRow| t.tunnel.source).paper(1, Room::Cut).screen(1, "from", 1).wide(9, 39),
        Field::address("destination", "To", |t: &TunnelRow| t.tunnel.destination).paper(2, Room::Cut).screen(2, "to", 2).wide(9, 39),
        Field::id("id", "Id", |t: &TunnelRow| t.tunnel.id).paper(3, Room::Fixed).screen(3, "id", 4).wide(5, 8),
        Field::count("packets", "Packets", |t: &TunnelRow| t.traffic.packets).paper(4, Room::Fixed).no_screen(),
        Field::bytes("wire_bytes", "Volume", |t: &TunnelRow| t.traffic.wire_bytes)
            .paper(5, Room::Fixed)
            .screen(5, "bytes", 4)
            .when(When::Live),
        Field::new("inner_wire_bytes", "Inside", FieldKind::Bytes, |t: &TunnelRow| FieldValue::count(inside(t)))
            .paper(6, Room::Fixed)
            .optional()
            .no_screen(),
        Field::new("rate", "Rate", FieldKind::Rate, |t: &TunnelRow| FieldValue::Load { total: t.traffic, recent: t.recent })
            .people()
            .no_paper()
            .screen(4, "rate", 3),
        Field::new("overhead", "Overhead", FieldKind::Ratio, overhead).people().no_paper().screen(6, "overhead", 5).tint(Tint::Dim),
    ],
    weight: |t| t.traffic.wire_bytes,
    ..TableSpec::new("tunnels", "tunnel", "wire_bytes", |x, y| x.tunnel.cmp(&y.tunnel))
};

/// Bytes of what is inside; not known of a tunnel that is not taken off.
fn inside(t: &TunnelRow) -> Option<u64> {
    (t.inner_bytes > 0).then_some(t.inner_bytes)
}

/// The part of its bytes that is not inside.
fn overhead(t: &TunnelRow) -> FieldValue<'_> {
    let all = t.traffic.wire_bytes;
    match inside(t) {
        Some(inner) if all > 0 => FieldValue::Real(all.saturating_sub(inner) as f64 / all as f64),
        _ => FieldValue::None,
    }
}
