//! Tunnels of users that cross the mirrored link.

use crate::snapshot::TunnelRow;
use crate::snapshot::table::{Field, Kind, Room, TableSpec, Value, When, sheet};

/// User tunnels.
pub static TUNNELS: TableSpec<TunnelRow> = TableSpec {
    sheets: &[sheet("Tunnels crossing the link", |s| (&s.mirror.tunnels).into())],
    fields: &[
        Field::app("kind", "Tunnel", |t: &TunnelRow| Some(t.tunnel.kind.token())).paper(0, Room::Fixed),
        Field::address("source", "From", |t: &TunnelRow| t.tunnel.source).paper(1, Room::Cut),
        Field::address("destination", "To", |t: &TunnelRow| t.tunnel.destination).paper(2, Room::Cut),
        Field::id("id", "Id", |t: &TunnelRow| t.tunnel.id).paper(3, Room::Fixed),
        Field::count("packets", "Packets", |t: &TunnelRow| t.traffic.packets).paper(4, Room::Fixed),
        Field::bytes("wire_bytes", "Volume", |t: &TunnelRow| t.traffic.wire_bytes)
            .paper(5, Room::Fixed)
            .screen(8, "bytes", 4)
            .when(When::Live),
        Field::bytes("inner_wire_bytes", "Inside", |t: &TunnelRow| t.inner_bytes).paper(6, Room::Fixed),
        Field::new("rate", "Rate", Kind::Rate, |t: &TunnelRow| Value::Load { total: t.traffic, recent: t.recent })
            .people()
            .no_paper()
            .screen(7, "rate", 1),
    ],
    weight: |t| t.traffic.wire_bytes,
    ..TableSpec::new("tunnels", "tunnel", "wire_bytes", |x, y| x.tunnel.cmp(&y.tunnel))
};
