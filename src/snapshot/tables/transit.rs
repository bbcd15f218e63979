//! How long packets take from one place to another: through the switch, through a router, between two mirrored ports.

use crate::model::{TransitRow, TransitSlice, units};
use crate::snapshot::Snapshot;
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, Rows, TableSpec, Tint, placed};

/// A pair of places with their names.
#[derive(Debug, Clone, PartialEq)]
pub struct TransitLine {
    /// What was measured.
    pub row: TransitRow,
    /// What the first place is called.
    pub from: String,
    /// What the second is called.
    pub to: String,
    /// The mean of the first and of the last quarter of the time; empty where it is too short.
    pub trend: String,
}

impl TransitLine {
    /// A row with its names.
    pub fn new(row: &TransitRow) -> Self {
        Self { from: row.from.label(&row.to), to: row.to.label(&row.from), trend: trend(&row.trend), row: row.clone() }
    }
}

/// Parts of the time that a trend needs.
const PARTS: usize = 4;

fn trend(slices: &[TransitSlice]) -> String {
    if slices.len() < PARTS {
        return String::new();
    }
    let (first, last) = (slices.chunks(slices.len() / PARTS).next(), slices.rchunks(slices.len() / PARTS).next());
    let mean = |slices: Option<&[TransitSlice]>| {
        let of = |pick: fn(&TransitSlice) -> f64| slices.into_iter().flatten().map(pick).sum::<f64>();
        of(|s| s.mean * s.packets as f64) / of(|s| s.packets as f64).max(1.0)
    };
    format!("{} → {}", units::duration(mean(first)), units::duration(mean(last)))
}

/// Pairs of places, those that most packets passed first.
pub static TRANSIT: TableSpec<TransitLine> = TableSpec {
    sheets: &[placed("Transit times", rows)],
    fields: &[
        Field::text("from", "From", |t: &TransitLine| Some(&t.from)).paper(0, Room::Cut).screen(0, "from", 0).wide(10, 36),
        Field::text("to", "To", |t: &TransitLine| Some(&t.to)).paper(1, Room::Cut).screen(1, "to", 0).wide(10, 36),
        Field::word("kind", "Seen again", |t: &TransitLine| Some(t.row.kind))
            .paper(2, Room::Fixed)
            .screen(2, "seen again", 6)
            .wide(7, 10)
            .tint(Tint::Dim),
        Field::count("packets", "Packets", |t: &TransitLine| t.row.times.count).paper(3, Room::Fixed).screen(3, "packets", 3).wide(7, 7),
        Field::span("min", "Least", |t: &TransitLine| nanos(t.row.times.min)).machine(),
        Field::span("mean", "Mean", |t: &TransitLine| nanos(t.row.times.mean)).machine(),
        Field::span("p50", "Median", |t: &TransitLine| nanos(t.row.times.p50)).paper(4, Room::Fixed).screen(4, "median", 1),
        Field::span("p95", "p95", |t: &TransitLine| nanos(t.row.times.p95)).paper(5, Room::Fixed).screen(5, "p95", 2),
        Field::span("p99", "p99", |t: &TransitLine| nanos(t.row.times.p99)).paper(6, Room::Fixed).screen(6, "p99", 3),
        Field::span("max", "Longest", |t: &TransitLine| nanos(t.row.times.max))
            .paper(7, Room::Fixed)
            .screen(7, "longest", 2)
            .tint(Tint::High),
        Field::new("finer_than_clock", "Below the clock", FieldKind::Count, |t: &TransitLine| FieldValue::Count(t.row.unresolved))
            .machine(),
        Field::text("trend", "Mean over time", |t: &TransitLine| Some(t.trend.as_str()).filter(|t| !t.is_empty()))
            .people()
            .paper(8, Room::Dropped(0))
            .optional()
            .screen(8, "mean over time", 4)
            .wide(16, 20),
    ],
    weight: |t| t.row.times.count,
    in_json: false,
    ..TableSpec::new("transit", "pair of places", "packets", |x, y| (x.row.kind, &x.from, &x.to).cmp(&(y.row.kind, &y.from, &y.to)))
};

fn rows(s: &Snapshot) -> Rows<'_, TransitLine> {
    Rows::of(s.switch.transit.rows.iter().map(TransitLine::new).collect::<Vec<_>>())
}

fn nanos(seconds: f64) -> i64 {
    (seconds * 1e9).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn a_trend_is_told_by_its_ends() {
        let slice = |at: i64, mean| TransitSlice { start: Timestamp(at), length: 1, packets: 10, mean, max: mean };
        let slices: Vec<_> = (0..8).map(|n| slice(n, f64::from(n as i32) * 1e-3)).collect();
        assert_eq!(trend(&slices), "500 µs → 6.5 ms");
        assert_eq!(trend(&slices[..3]), "");
    }
}
