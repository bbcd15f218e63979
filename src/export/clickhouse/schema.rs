//! Tables in ClickHouse, read off the table descriptors: which columns there are, and how a value is written. The types are those that the
//! server of 2018 and a current one know alike: moments are seconds and nanoseconds, addresses are text.

use crate::export::Identity;
use crate::export::rows::RowColumn;
use crate::model::Timestamp;
use crate::model::time::SECOND;
use crate::snapshot::table::{FieldKind, FieldValue};
use serde_json::{Map, Value as Json};
use std::fmt::Write as _;

/// Columns of every table: whose the row is, and which batch brought it.
const OWN: &[(&str, &str)] =
    &[("time", "DateTime"), ("probe", "String"), ("site", "String"), ("session", "String"), ("batch", "String"), ("row", "UInt32")];

/// What the server keeps of rows as they come, by its name.
///
/// Those by the minute are by batch too: a batch that comes twice is the same row twice, and merged away. Those by the hour are states that grow
/// together, so that a month is few rows; what a probe had counted is a largest value there, and does not mind coming twice.
pub const VIEWS: [(&str, &str); 4] = [
    // When the server got a row, by its own clock: against `clock_ns` it tells how far the probe's clock is off.
    (
        "probes_heard",
        "CREATE MATERIALIZED VIEW IF NOT EXISTS probes_heard
ENGINE = ReplacingMergeTree()
PARTITION BY toYYYYMM(time)
ORDER BY (site, probe, time, batch, row)
AS SELECT
    time, probe, site, session, batch, row, version, clock_ns, now_ns, packets, wire_bytes, verdict, findings,
    now() AS received
FROM probes",
    ),
    (
        "flows_by_minute",
        "CREATE MATERIALIZED VIEW IF NOT EXISTS flows_by_minute
ENGINE = ReplacingMergeTree()
PARTITION BY toYYYYMM(minute)
ORDER BY (site, probe, app, minute, batch)
AS SELECT
    site, probe, app, toStartOfMinute(time) AS minute, batch,
    count() AS flows,
    sum(source_packets + destination_packets) AS packets,
    sum(source_wire_bytes + destination_wire_bytes) AS wire_bytes,
    uniqState(source) AS sources,
    uniqState(destination) AS destinations,
    quantilesTDigestState(0.5, 0.95)(toFloat64(source_wire_bytes + destination_wire_bytes)) AS sizes
FROM flows
GROUP BY site, probe, app, minute, batch",
    ),
    (
        "flows_by_hour",
        "CREATE MATERIALIZED VIEW IF NOT EXISTS flows_by_hour
ENGINE = AggregatingMergeTree()
PARTITION BY toYYYYMM(hour)
ORDER BY (site, probe, app, hour)
AS SELECT
    site, probe, app, toStartOfHour(time) AS hour,
    countState() AS flows,
    sumState(source_packets + destination_packets) AS packets,
    sumState(source_wire_bytes + destination_wire_bytes) AS wire_bytes,
    uniqState(source) AS sources,
    uniqState(destination) AS destinations,
    quantilesTDigestState(0.5, 0.95)(toFloat64(source_wire_bytes + destination_wire_bytes)) AS sizes
FROM flows
GROUP BY site, probe, app, hour",
    ),
    (
        "probes_by_hour",
        "CREATE MATERIALIZED VIEW IF NOT EXISTS probes_by_hour
ENGINE = AggregatingMergeTree()
PARTITION BY toYYYYMM(hour)
ORDER BY (site, probe, session, hour)
AS SELECT
    site, probe, session, toStartOfHour(time) AS hour,
    minState(packets) AS packets_from, maxState(packets) AS packets_to,
    minState(wire_bytes) AS bytes_from, maxState(wire_bytes) AS bytes_to,
    minState(interface_drops + kernel_drops) AS lost_from, maxState(interface_drops + kernel_drops) AS lost_to,
    minState(records_lost + rows_lost) AS rows_from, maxState(records_lost + rows_lost) AS rows_to,
    minState(now_ns) AS time_from, maxState(now_ns) AS time_to
FROM probes
GROUP BY site, probe, session, hour",
    ),
];

/// The type of a column.
fn column_type(column: RowColumn) -> &'static str {
    use FieldKind::*;
    match column.kind {
        Count | Bytes | Id | Port if column.may_be_unknown => "Nullable(UInt64)",
        Count | Bytes | Id | Port => "UInt64",
        Real | Ratio | BitRate | Span | Fullness | Rate | PacketRate | Share | PacketShare | Percent => "Nullable(Float64)",
        Flag => "UInt8",
        Word | Text | App | State | Address | Maker | Side | End | Path | Ends | Trips => "String",
        Vlans => "Array(UInt16)",
        Time | Moment => "DateTime",
    }
}

/// Columns, name and type.
pub fn columns(columns: &[RowColumn]) -> Vec<(String, &'static str)> {
    let mut out = Vec::new();
    for column in columns {
        out.push((column.token.to_owned(), column_type(*column)));
        if matches!(column.kind, FieldKind::Time | FieldKind::Moment) {
            out.push((format!("{}_ns", column.token), "UInt32"));
        }
    }
    out
}

/// The statement that makes a table.
pub fn create(table: &str, columns: &[(String, &'static str)]) -> String {
    let mut out = format!("CREATE TABLE IF NOT EXISTS {table}\n(\n");
    let own = OWN.iter().map(|(name, kind)| ((*name).to_owned(), *kind));
    let lines: Vec<String> = own.chain(columns.iter().cloned()).map(|(name, kind)| format!("    `{name}` {kind}")).collect();
    // The same batch twice is the same rows twice: merged away by the key, and by FINAL before that.
    let _ = write!(
        out,
        "{}\n)\nENGINE = ReplacingMergeTree()\nPARTITION BY toYYYYMM(time)\nORDER BY (site, probe, time, batch, row)",
        lines.join(",\n")
    );
    out
}

/// A row that is being written: the identity first.
pub struct RowWriter<'a> {
    identity: &'a Identity,
    batch: &'a str,
}

impl<'a> RowWriter<'a> {
    /// For rows of a batch.
    pub fn new(identity: &'a Identity, batch: &'a str) -> Self {
        Self { identity, batch }
    }

    /// A row of that number with its own columns.
    pub fn begin(&self, time: Timestamp, number: usize) -> Map<String, Json> {
        let mut row = Map::new();
        row.insert("time".into(), seconds(time).into());
        row.insert("probe".into(), self.identity.probe.as_str().into());
        row.insert("site".into(), self.identity.site.as_str().into());
        row.insert("session".into(), self.identity.session.as_str().into());
        row.insert("batch".into(), self.batch.into());
        row.insert("row".into(), number.into());
        row
    }
}

/// Seconds since 1970, as a `DateTime` holds them.
pub fn seconds(time: Timestamp) -> u32 {
    u32::try_from(time.0.div_euclid(SECOND)).unwrap_or(0)
}

/// Writes the value of a column.
pub fn put(row: &mut Map<String, Json>, column: RowColumn, value: FieldValue<'_>) {
    let json = match value {
        FieldValue::None => return,
        FieldValue::Count(n) | FieldValue::AtLeast(n) => n.into(),
        FieldValue::Real(x) => x.into(),
        FieldValue::Span(_) => value.seconds().into(),
        FieldValue::Flag(flag) => u8::from(flag).into(),
        FieldValue::Address(address) => address.to_string().into(),
        FieldValue::End(address, port) => format!("{address} {port}").into(),
        FieldValue::Time(time) => {
            let nanos = u32::try_from(time.0.rem_euclid(SECOND)).unwrap_or(0);
            row.insert(format!("{}_ns", column.token), nanos.into());
            seconds(time).into()
        }
        FieldValue::Numbers(numbers) => numbers.into(),
        FieldValue::Path(path) => path.to_string().into(),
        FieldValue::Layer(layer) => layer.to_string().into(),
        FieldValue::PortOf(..) | FieldValue::Ports(..) => value.ports_text().unwrap_or_default().into(),
        FieldValue::Word(_) | FieldValue::Guess(_) | FieldValue::Text(_) | FieldValue::State(_) => value.as_text().into(),
        FieldValue::Ends(_)
        | FieldValue::Trips(..)
        | FieldValue::Handshake(..)
        | FieldValue::Losses(..)
        | FieldValue::Turns(_)
        | FieldValue::Transfers(_)
        | FieldValue::Load { .. } => return,
    };
    row.insert(column.token.to_owned(), json);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::rows;

    #[test]
    fn a_table_has_a_column_for_each_field_and_a_key_that_knows_the_batch() {
        let tables = rows::all_tables();
        let (_, flows) = tables.iter().find(|(table, _)| *table == "flows").unwrap();
        let sql = create("flows", &columns(flows));
        for wanted in [
            "`first` DateTime",
            "`first_ns` UInt32",
            "`source` String",
            "`source_wire_bytes` UInt64",
            "`vlans` Array(UInt16)",
            "`probe` String",
        ] {
            assert!(sql.contains(wanted), "{wanted}: {sql}");
        }
        assert!(sql.ends_with("ORDER BY (site, probe, time, batch, row)"));
    }
}
