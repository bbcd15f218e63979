//! Tunnels of users that cross the mirrored link.

use crate::snapshot::TunnelRow;
use crate::snapshot::table::{Field, Kind, Room, TableSpec, Tint, Value, When, placed};

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
        Field::bytes("inner_wire_bytes", "Inside", |t: &TunnelRow| t.inner_bytes).paper(6, Room::Fixed).no_screen(),
        Field::new("rate", "Rate", Kind::Rate, |t: &TunnelRow| Value::Load { total: t.traffic, recent: t.recent })
            .people()
            .no_paper()
            .screen(4, "rate", 3),
        Field::new("overhead", "Overhead", Kind::Ratio, overhead).people().no_paper().screen(6, "overhead", 5).tint(Tint::Dim),
    ],
    weight: |t| t.traffic.wire_bytes,
    ..TableSpec::new("tunnels", "tunnel", "wire_bytes", |x, y| x.tunnel.cmp(&y.tunnel))
};

/// The part of its bytes that is not inside.
fn overhead(t: &TunnelRow) -> Value<'_> {
    let all = t.traffic.wire_bytes;
    Value::Real(if all == 0 { 0.0 } else { all.saturating_sub(t.inner_bytes) as f64 / all as f64 })
}
