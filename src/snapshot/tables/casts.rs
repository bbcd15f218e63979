//! How packets divide by destination.

use crate::snapshot::Traffic;
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, Rows, TableSpec, placed};

/// Packets to one kind of destination.
#[derive(Debug, Clone)]
pub struct CastRow {
    kind: &'static str,
    traffic: Traffic,
}

/// Packets by destination: one station, a group, all.
pub static CASTS: TableSpec<CastRow> = TableSpec {
    sheets: &[placed("Unicast, multicast, broadcast", |s| {
        let rows = [("unicast", s.stats.casts.unicast), ("multicast", s.stats.casts.multicast), ("broadcast", s.stats.casts.broadcast)];
        Rows::of(rows.map(|(kind, traffic)| CastRow { kind, traffic }).to_vec())
    })],
    fields: &[
        Field::word("destination", "Destination", |r: &CastRow| Some(r.kind)).paper(0, Room::Fixed),
        Field::count("packets", "Packets", |r: &CastRow| r.traffic.packets).paper(1, Room::Fixed),
        Field::bytes("wire_bytes", "Volume", |r: &CastRow| r.traffic.wire_bytes).paper(2, Room::Fixed),
        Field::new("share", "Share of packets", FieldKind::PacketShare, |r: &CastRow| FieldValue::Load {
            total: r.traffic,
            recent: r.traffic,
        })
        .people()
        .paper(3, Room::Fixed),
    ],
    in_json: false,
    ..TableSpec::new("casts", "kind of destination", "", |x, y| x.kind.cmp(y.kind))
};
