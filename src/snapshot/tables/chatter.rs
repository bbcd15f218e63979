//! Packets by which hosts and routers of a link find each other: how many, how fast.

use crate::model::ChatterRow;
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, Rows, TableSpec, placed};

/// ARP, neighbour discovery, DHCP, group membership: by kinds that came.
pub static CHATTER: TableSpec<ChatterRow> = TableSpec {
    sheets: &[placed("ARP, ND, DHCP, IGMP", |s| Rows::of(&s.switch.chatter))],
    fields: &[
        Field::word("kind", "Kind", |r: &ChatterRow| Some(r.kind.token())).machine(),
        Field::word("words", "Kind", |r: &ChatterRow| Some(r.kind.words()))
            .people()
            .paper(0, Room::Fixed)
            .screen(0, "kind", 0)
            .wide(12, 22),
        Field::count("packets", "Packets", |r: &ChatterRow| r.traffic.packets).paper(1, Room::Fixed).screen(2, "packets", 3).wide(7, 7),
        Field::bytes("wire_bytes", "Volume", |r: &ChatterRow| r.traffic.wire_bytes).paper(3, Room::Fixed).screen(3, "bytes", 4),
        Field::new("packet_rate", "Packet rate", FieldKind::PacketRate, load).people().paper(2, Room::Fixed).screen(1, "pps", 1),
        Field::new("packet_share", "Share of packets", FieldKind::PacketShare, load).people().paper(4, Room::Fixed).screen(
            4,
            "of packets",
            2,
        ),
    ],
    weight: |r| r.traffic.wire_bytes,
    ..TableSpec::new("chatter", "kind", "", |x, y| x.kind.cmp(&y.kind))
};

fn load(r: &ChatterRow) -> FieldValue<'_> {
    FieldValue::Load { total: r.traffic, recent: r.recent }
}
