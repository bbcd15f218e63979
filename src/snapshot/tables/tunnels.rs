//! Tunnels of users that cross the mirrored link.

use crate::snapshot::TunnelRow;
use crate::snapshot::table::{Field, Kind, Room, TableSpec, Value, When, sheet};

/// User tunnels.
pub static TUNNELS: TableSpec<TunnelRow> = TableSpec {
    sheets: &[sheet("Tunnels crossing the link", |s| (&s.mirror.tunnels).into())],
    fields: &[
        Field::new("kind", "Tunnel", Kind::App, |t: &TunnelRow| Value::Word(t.tunnel.kind.token())).paper(0, Room::Fixed),
        Field::new("source", "From", Kind::Address, |t: &TunnelRow| Value::Address(t.tunnel.source)).paper(1, Room::Cut),
        Field::new("destination", "To", Kind::Address, |t: &TunnelRow| Value::Address(t.tunnel.destination)).paper(2, Room::Cut),
        Field::new("id", "Id", Kind::Id, |t: &TunnelRow| Value::Count(t.tunnel.id)).paper(3, Room::Fixed),
        Field::new("packets", "Packets", Kind::Count, |t: &TunnelRow| Value::Count(t.traffic.packets)).paper(4, Room::Fixed),
        Field::new("wire_bytes", "Volume", Kind::Bytes, |t: &TunnelRow| Value::Count(t.traffic.wire_bytes))
            .paper(5, Room::Fixed)
            .screen(8, "bytes", 4)
            .when(When::Live),
        Field::new("inner_wire_bytes", "Inside", Kind::Bytes, |t: &TunnelRow| Value::Count(t.inner_bytes)).paper(6, Room::Fixed),
        Field::new("rate", "Rate", Kind::Rate, |t: &TunnelRow| Value::Load { total: t.traffic, recent: t.recent })
            .people()
            .no_paper()
            .screen(7, "rate", 1),
    ],
    weight: |t| t.traffic.wire_bytes,
    ..TableSpec::new("tunnels", "tunnel", "wire_bytes", |x, y| x.tunnel.cmp(&y.tunnel))
};
