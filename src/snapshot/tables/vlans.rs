//! VLANs.

use crate::snapshot::VlanRow;
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, TableSpec, Tint, When, sheet};

/// VLAN identifiers: a packet counts once for each it carries.
pub static VLANS: TableSpec<VlanRow> = TableSpec {
    sheets: &[sheet("VLANs", |s| (&s.stats.vlans).into())],
    fields: &[
        Field::id("id", "VLAN", |v: &VlanRow| v.id.into()).paper(0, Room::Fixed).left().screen(0, "vlan", 0).wide(6, 8),
        Field::count("packets", "Packets", |v: &VlanRow| v.traffic.packets).paper(1, Room::Fixed).screen(5, "packets", 5).wide(7, 7),
        Field::bytes("wire_bytes", "Volume", |v: &VlanRow| v.traffic.wire_bytes)
            .paper(2, Room::Fixed)
            .screen(4, "bytes", 3)
            .when(When::Live),
        Field::new("rate", "Rate", FieldKind::Rate, load).people().no_paper().screen(1, "rate", 1),
        Field::new("share", "Share of bytes", FieldKind::Share, load)
            .people()
            .paper(3, Room::Fixed)
            .screen(2, "share", 2)
            .wide(12, 40)
            .tint(Tint::High),
        Field::new("packet_rate", "Packet rate", FieldKind::PacketRate, load).people().no_paper().screen(3, "pps", 4).when(When::Live),
    ],
    weight: |v| v.traffic.wire_bytes,
    // Packets without a tag are no VLAN.
    foot: Some(|s, token| match token {
        "id" => FieldValue::Word("untagged"),
        "packets" => FieldValue::Count(s.stats.untagged.packets),
        "wire_bytes" => FieldValue::Count(s.stats.untagged.wire_bytes),
        "share" => FieldValue::Load { total: s.stats.untagged, recent: s.stats.untagged },
        _ => FieldValue::None,
    }),
    ..TableSpec::new("vlans", "VLAN", "wire_bytes", |x, y| x.id.cmp(&y.id))
};

fn load(v: &VlanRow) -> FieldValue<'_> {
    FieldValue::Load { total: v.traffic, recent: v.recent }
}
