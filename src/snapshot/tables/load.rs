//! Load over time.

use crate::snapshot::Sample;
use crate::snapshot::table::{Field, FieldKind, FieldValue, Rows, TableSpec, placed};

/// A row an interval, oldest first; the last one may be open. Intervals without packets are absent.
pub static LOAD: TableSpec<Sample> = TableSpec {
    sheets: &[placed("Load over time", |s| {
        Rows::of(s.stats.load.samples.iter().chain(s.stats.load.open.as_ref()).copied().collect::<Vec<_>>())
    })],
    fields: &[
        Field::time("start", "Start", |x: &Sample| x.start),
        Field::span("length", "Length", |x: &Sample| x.length),
        Field::count("packets", "Packets", |x: &Sample| x.traffic.packets),
        Field::bytes("wire_bytes", "Volume", |x: &Sample| x.traffic.wire_bytes),
        Field::new("bits_per_second", "Rate", FieldKind::BitRate, |x: &Sample| FieldValue::Real(x.bits_per_second())),
        Field::bytes("inbound_wire_bytes", "In", |x: &Sample| x.inbound_bytes),
        Field::bytes("outbound_wire_bytes", "Out", |x: &Sample| x.outbound_bytes),
        Field::new("peak_millisecond", "Busiest millisecond", FieldKind::Time, |x: &Sample| {
            x.peak_ms_at.map_or(FieldValue::None, FieldValue::Time)
        }),
        Field::count("peak_millisecond_packets", "Its packets", |x: &Sample| x.peak_ms_packets),
        Field::bytes("peak_millisecond_wire_bytes", "Its volume", |x: &Sample| x.peak_ms_bytes),
    ],
    in_json: false,
    ..TableSpec::new("load", "interval", "", |x, y| x.start.cmp(&y.start))
};
