//! How packets divide by size.

use crate::model::sizes::SIZE_CLASSES;
use crate::snapshot::Traffic;
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, Rows, TableSpec, placed};
use std::borrow::Cow;

/// Packets of a size class.
#[derive(Debug, Clone)]
pub struct SizeRow {
    from: u32,
    to: u32,
    label: Cow<'static, str>,
    traffic: Traffic,
}

/// Packets by size class (RMON, RFC 2819 etherStatsPkts…), in bytes of the captured frame without FCS.
pub static SIZES: TableSpec<SizeRow> = TableSpec {
    sheets: &[placed("Packet sizes", |s| {
        let row = |(&(from, to), &traffic): (&(u32, u32), &Traffic)| SizeRow { from, to, label: label(from, to), traffic };
        Rows::of(SIZE_CLASSES.iter().zip(&s.stats.sizes).map(row).collect::<Vec<_>>())
    })],
    fields: &[
        Field::count("from", "From", |r: &SizeRow| r.from.into()).machine(),
        Field::new("to", "To", FieldKind::Count, |r: &SizeRow| FieldValue::count((r.to != u32::MAX).then_some(r.to.into())))
            .machine()
            .or_null(),
        Field::text("size", "Bytes", |r: &SizeRow| Some(&r.label)).people().paper(0, Room::Fixed),
        Field::count("packets", "Packets", |r: &SizeRow| r.traffic.packets).paper(1, Room::Fixed),
        Field::bytes("wire_bytes", "Volume", |r: &SizeRow| r.traffic.wire_bytes).paper(2, Room::Fixed),
        Field::new("share", "Share of packets", FieldKind::PacketShare, |r: &SizeRow| FieldValue::Load {
            total: r.traffic,
            recent: r.traffic,
        })
        .people()
        .paper(3, Room::Fixed),
    ],
    in_json: false,
    ..TableSpec::new("sizes", "size class", "", |x, y| x.from.cmp(&y.from))
};

fn label(from: u32, to: u32) -> Cow<'static, str> {
    match (from, to) {
        (0, to) => format!("up to {to}").into(),
        (from, u32::MAX) => format!("{from} and more").into(),
        (from, to) => format!("{from} to {to}").into(),
    }
}
