//! VLANs.

use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, Rows, TableSpec, Tint, When, sheet};
use crate::snapshot::{Traffic, VlanPairRow, VlanRow};

/// VLAN identifiers: a packet counts once for each it carries.
pub static VLANS: TableSpec<VlanRow> = TableSpec {
    sheets: &[sheet("VLANs", |s| (&s.stats.vlans).into())],
    fields: &[
        Field::id("id", "VLAN", |v: &VlanRow| v.id.into()).paper(0, Room::Fixed).left().screen(0, "vlan", 0).wide(6, 8),
        // The filter asks for it as it does of conversations.
        Field::vlans("vlan", "VLAN", |v: &VlanRow| std::slice::from_ref(&v.id)).people().no_paper().no_screen(),
        Field::text("name", "Name", |v: &VlanRow| v.name.as_deref()).paper(1, Room::Cut).optional().screen(1, "name", 2).wide(6, 20),
        Field::count("packets", "Packets", |v: &VlanRow| v.traffic.packets).paper(2, Room::Fixed).screen(8, "packets", 8).wide(7, 7),
        Field::bytes("wire_bytes", "Volume", |v: &VlanRow| v.traffic.wire_bytes)
            .paper(3, Room::Fixed)
            .screen(7, "bytes", 6)
            .when(When::Live),
        Field::new("rate", "Rate", FieldKind::Rate, load).people().no_paper().screen(2, "rate", 1),
        Field::new("in", "In", FieldKind::Rate, |v: &VlanRow| way(v, 0))
            .people()
            .no_paper()
            .screen(3, "in", 3)
            .tint(Tint::In)
            .sorts("in_wire_bytes"),
        Field::new("out", "Out", FieldKind::Rate, |v: &VlanRow| way(v, 1))
            .people()
            .no_paper()
            .screen(4, "out", 3)
            .tint(Tint::Out)
            .sorts("out_wire_bytes"),
        Field::new("in_wire_bytes", "In", FieldKind::Bytes, |v: &VlanRow| whole_way(v, 0)).paper(4, Room::Fixed).optional().no_screen(),
        Field::new("out_wire_bytes", "Out", FieldKind::Bytes, |v: &VlanRow| whole_way(v, 1)).paper(5, Room::Fixed).optional().no_screen(),
        Field::new("share", "Share of bytes", FieldKind::Share, load)
            .people()
            .paper(6, Room::Fixed)
            .screen(5, "share", 2)
            .wide(13, 40)
            .tint(Tint::High),
        Field::new("packet_rate", "Packet rate", FieldKind::PacketRate, load).people().no_paper().screen(6, "pps", 7).when(When::Live),
        Field::new("group_packets", "Group packets", FieldKind::Count, |v: &VlanRow| to(v, |t| t.packets)).machine(),
        Field::new("group_wire_bytes", "Group bytes", FieldKind::Bytes, |v: &VlanRow| to(v, |t| t.wire_bytes)).machine(),
        Field::new("groups", "To groups", FieldKind::Ratio, to_groups)
            .people()
            .paper(7, Room::Dropped(1))
            .screen(9, "to groups", 9)
            .wide(8, 9),
        Field::new("one_way", "One way only", FieldKind::Flag, |v: &VlanRow| v.one_way.map_or(FieldValue::None, FieldValue::Flag))
            .paper(8, Room::Dropped(0))
            .screen(10, "one way", 10)
            .wide(7, 7),
    ],
    weight: |v| v.traffic.wire_bytes,
    // Packets without a tag are no VLAN.
    foot: Some(|s, token| match token {
        "id" => FieldValue::Word("untagged"),
        "packets" => FieldValue::Count(s.stats.untagged.packets),
        "wire_bytes" => FieldValue::Count(s.stats.untagged.wire_bytes),
        "name" | "groups" | "one_way" | "in_wire_bytes" | "out_wire_bytes" => FieldValue::Word(""),
        "share" => FieldValue::Load { total: s.stats.untagged, recent: s.stats.untagged },
        _ => FieldValue::None,
    }),
    ..TableSpec::new("vlans", "VLAN", "wire_bytes", |x, y| x.id.cmp(&y.id))
};

fn load(v: &VlanRow) -> FieldValue<'_> {
    FieldValue::Load { total: v.traffic, recent: v.recent }
}

/// What routers bring into a VLAN, or take out of it.
fn way(v: &VlanRow, at: usize) -> FieldValue<'_> {
    v.ways.map_or(FieldValue::None, |ways| FieldValue::Load {
        total: ways.traffic.get(at).copied().unwrap_or_default(),
        recent: ways.recent.get(at).copied().unwrap_or_default(),
    })
}

fn whole_way(v: &VlanRow, at: usize) -> FieldValue<'_> {
    v.ways.map_or(FieldValue::None, |ways| FieldValue::Count(ways.traffic.get(at).map_or(0, |traffic| traffic.wire_bytes)))
}

/// A count of what goes to groups.
fn to(v: &VlanRow, count: fn(Traffic) -> u64) -> FieldValue<'_> {
    v.groups.map_or(FieldValue::None, |groups| FieldValue::Count(count(groups)))
}

/// The part that goes to groups.
fn to_groups(v: &VlanRow) -> FieldValue<'_> {
    let groups = v.groups.filter(|_| v.traffic.packets > 0);
    groups.map_or(FieldValue::None, |groups| FieldValue::Real(groups.packets as f64 / v.traffic.packets as f64))
}

/// Pairs of VLAN tags, one in the other.
pub static VLAN_PAIRS: TableSpec<VlanPairRow> = TableSpec {
    sheets: &[sheet("VLANs in VLANs", |s| Rows::of(&s.stats.vlan_pairs))],
    fields: &[
        Field::id("outer", "Outer", |v: &VlanPairRow| v.outer.into()).paper(0, Room::Fixed).left().screen(0, "outer", 0).wide(5, 6),
        Field::id("inner", "Inner", |v: &VlanPairRow| v.inner.into()).paper(1, Room::Fixed).left().screen(1, "inner", 0).wide(5, 6),
        Field::count("packets", "Packets", |v: &VlanPairRow| v.traffic.packets).paper(2, Room::Fixed).screen(2, "packets", 2).wide(7, 7),
        Field::bytes("wire_bytes", "Volume", |v: &VlanPairRow| v.traffic.wire_bytes).paper(3, Room::Fixed).screen(3, "bytes", 1),
        Field::new("share", "Share of bytes", FieldKind::Share, |v: &VlanPairRow| FieldValue::Load { total: v.traffic, recent: v.traffic })
            .people()
            .paper(4, Room::Fixed)
            .no_screen(),
    ],
    weight: |v| v.traffic.wire_bytes,
    ..TableSpec::new("vlan_pairs", "pair of tags", "wire_bytes", |x, y| (x.outer, x.inner).cmp(&(y.outer, y.inner)))
};
