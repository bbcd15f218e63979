//! The protocol hierarchy as people read it: to the applications. Machines have [`super::protocols`].

use crate::model::path::Layer;
use crate::snapshot::HierarchyRow;
use crate::snapshot::hierarchy::hierarchy;
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, Rows, TableSpec, Tint, When, sheet};

/// Every path and what is spoken at its end, depth first: a packet counts once at each of its layers.
pub static HIERARCHY: TableSpec<HierarchyRow> = TableSpec {
    sheets: &[sheet("Protocols", |s| Rows::of(hierarchy(s, false)))],
    fields: &[
        Field::new("path", "Path", FieldKind::Path, |p: &HierarchyRow| FieldValue::Path(p.path))
            .people()
            .no_screen()
            .no_paper()
            .searched(true),
        Field::new("protocol", "Protocol", FieldKind::App, protocol)
            .people()
            .paper(0, Room::Cut)
            .screen(0, "protocol", 0)
            .wide(22, 40)
            .sorts(""),
        Field::count("packets", "Packets", |p: &HierarchyRow| p.traffic.packets).paper(1, Room::Fixed).screen(5, "packets", 5).wide(7, 7),
        Field::bytes("wire_bytes", "Volume", |p: &HierarchyRow| p.traffic.wire_bytes)
            .paper(2, Room::Fixed)
            .screen(4, "bytes", 4)
            .when(When::Live),
        Field::new("rate", "Rate", FieldKind::Rate, load).people().no_paper().screen(1, "rate", 1),
        Field::new("share", "Share of bytes", FieldKind::Share, load)
            .people()
            .paper(3, Room::Fixed)
            .screen(2, "share", 2)
            .wide(14, 46)
            .tint(Tint::App),
        Field::new("packet_rate", "Packet rate", FieldKind::PacketRate, load).people().no_paper().screen(3, "pps", 3).when(When::Live),
        Field::new("own_share", "Ends here", FieldKind::Ratio, own_share)
            .people()
            .no_paper()
            .screen(6, "ends here", 6)
            .wide(9, 9)
            .tint(Tint::Dim),
        Field::new("name", "Name", FieldKind::Word, name).people().no_paper().screen(7, "name", 7).wide(12, 34).tint(Tint::Dim),
    ],
    weight: |p| p.traffic.wire_bytes,
    depth: Some(|p| p.depth().saturating_sub(1)),
    in_json: false,
    ..TableSpec::new("hierarchy", "protocol", "", |x, y| (x.path, x.app).cmp(&(y.path, y.app)))
};

/// What is spoken, a guess where only ports tell; else the innermost protocol.
fn protocol(p: &HierarchyRow) -> FieldValue<'_> {
    match p.app {
        Some((app, true)) => FieldValue::Guess(app),
        Some((app, false)) => FieldValue::Word(app),
        None => p.path.last().map_or(FieldValue::None, FieldValue::Layer),
    }
}

/// The part of its packets that have nothing above it.
fn own_share(p: &HierarchyRow) -> FieldValue<'_> {
    FieldValue::Real(if p.traffic.packets == 0 { 0.0 } else { p.own.packets as f64 / p.traffic.packets as f64 })
}

/// The full name of the innermost protocol, or of an application that was taken apart: others have none but their token.
fn name(p: &HierarchyRow) -> FieldValue<'_> {
    match p.path.last() {
        _ if p.app.is_some() => p.title.map_or(FieldValue::None, FieldValue::Word),
        Some(Layer::Known(proto)) => FieldValue::Word(proto.name()),
        Some(other) => FieldValue::Layer(other),
        None => FieldValue::None,
    }
}

fn load(p: &HierarchyRow) -> FieldValue<'_> {
    FieldValue::Load { total: p.traffic, recent: p.recent }
}
