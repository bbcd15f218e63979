//! The protocol hierarchy by headers, for machines. People have [`super::hierarchy`], which goes on to applications.

use crate::snapshot::ProtocolRow;
use crate::snapshot::table::{Field, FieldKind, FieldValue, Rows, TableSpec, placed};

/// Every path with the packets that have it, depth first: a packet counts once at each of its layers.
pub static PROTOCOLS: TableSpec<ProtocolRow> = TableSpec {
    sheets: &[placed("Protocols", |s| Rows::of(&s.stats.protocols))],
    fields: &[
        Field::new("path", "Path", FieldKind::Path, |p: &ProtocolRow| FieldValue::Path(p.path)).machine().searched(true),
        Field::count("packets", "Packets", |p: &ProtocolRow| p.traffic.packets).machine(),
        Field::bytes("wire_bytes", "Volume", |p: &ProtocolRow| p.traffic.wire_bytes).machine(),
    ],
    weight: |p| p.traffic.wire_bytes,
    depth: Some(|p| p.path.depth().saturating_sub(1)),
    ..TableSpec::new("protocols", "protocol", "", |x, y| x.path.cmp(&y.path))
};
