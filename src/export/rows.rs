//! Rows of the exporters that keep tables (a database, files of columns): which tables there are, their columns, and how they come out of a
//! record. Read off the table descriptors; what such an exporter adds is how a value is written.

use super::{ExportBoard, ExportRecord, FindingNews};
use crate::model::Timestamp;
use crate::model::clock;
use crate::snapshot::table::{AnyTable, FieldKind, FieldValue, Head, TableSpec};
use crate::snapshot::tables::closed_flows::CLOSED_FLOWS;
use crate::snapshot::tables::findings::FINDINGS;
use crate::snapshot::tables::load::LOAD;
use crate::snapshot::{Snapshot, tables};

/// Tables of a snapshot that are told once a minute, by their tokens: services, stations, what the switch did, how far the mirror can be
/// trusted, what was lost.
pub const TOLD: [&str; 6] = ["services", "stations", "switch_events", "trust", "losses", "vlans"];

/// A column of such a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowColumn {
    /// Its name.
    pub token: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether a number may be unknown, other than 0.
    pub may_be_unknown: bool,
}

const fn known(token: &'static str, kind: FieldKind) -> RowColumn {
    RowColumn { token, kind, may_be_unknown: false }
}

/// The table of probes: how each is.
const PROBES: [RowColumn; 11] = [
    known("version", FieldKind::Word),
    known("clock_ns", FieldKind::Count),
    known("now_ns", FieldKind::Count),
    known("packets", FieldKind::Count),
    known("wire_bytes", FieldKind::Bytes),
    known("interface_drops", FieldKind::Count),
    known("kernel_drops", FieldKind::Count),
    known("records_lost", FieldKind::Count),
    known("rows_lost", FieldKind::Count),
    known("verdict", FieldKind::Word),
    known("findings", FieldKind::Count),
];

/// What findings have beside their descriptor.
const NEWS: [RowColumn; 2] = [known("state", FieldKind::Word), known("subject", FieldKind::Text)];

impl RowColumn {
    /// The column of a field; `None` where it stands in no table, or others say the same.
    pub fn of(head: &Head, may_be_unknown: bool) -> Option<Self> {
        use FieldKind::*;
        let is_told_by_others = matches!(head.kind, Rate | PacketRate | Share | PacketShare | Percent | Ends | Trips);
        (head.csv && !is_told_by_others).then_some(Self { token: head.token, kind: head.kind, may_be_unknown })
    }
}

fn columns(heads: &[Head], may_be_unknown: bool) -> Vec<RowColumn> {
    heads.iter().filter_map(|head| RowColumn::of(head, may_be_unknown)).collect()
}

/// All tables, with their columns.
pub fn all_tables() -> Vec<(&'static str, Vec<RowColumn>)> {
    let mut out = vec![
        ("probes", PROBES.to_vec()),
        ("intervals", columns(&LOAD.heads(), false)),
        ("flows", columns(&CLOSED_FLOWS.heads(), false)),
        ("findings", [NEWS.to_vec(), columns(&FINDINGS.heads(), true)].concat()),
    ];
    out.extend(TOLD.iter().filter_map(|token| tables::find(token)).map(|table| (table.token(), columns(&table.heads(), true))));
    out
}

/// Where rows go.
pub trait RowSink {
    /// A row of a table begins, about a moment.
    fn begin(&mut self, table: &'static str, time: Timestamp);

    /// What stands in one of its columns.
    fn put(&mut self, column: RowColumn, value: FieldValue<'_>);

    /// It is whole.
    fn end(&mut self);
}

fn fields<R: Clone>(spec: &TableSpec<R>, row: &R, into: &mut dyn RowSink, may_be_unknown: bool) {
    for field in spec.fields {
        if let Some(column) = RowColumn::of(&field.head, may_be_unknown) {
            into.put(column, field.value(row));
        }
    }
}

/// Takes what is exported of a record; snapshots are told by [`tell`].
pub fn take(record: &ExportRecord, into: &mut dyn RowSink) {
    match record {
        ExportRecord::Interval(sample) => {
            into.begin("intervals", sample.start);
            fields(&LOAD, sample, into, false);
            into.end();
        }
        ExportRecord::Flows(flows) => {
            // One without packets is the end of what was told of already.
            for flow in flows.iter().filter(|flow| flow.total().packets > 0) {
                into.begin("flows", flow.record.last);
                fields(&CLOSED_FLOWS, flow, into, false);
                into.end();
            }
        }
        ExportRecord::Findings(news) => news.iter().for_each(|news| finding(news, into)),
        ExportRecord::Events(_) | ExportRecord::Words(_) | ExportRecord::Snapshot(_) | ExportRecord::Reset => {}
    }
}

fn finding(news: &FindingNews, into: &mut dyn RowSink) {
    into.begin("findings", news.finding.last);
    let subject = news.finding.subject.to_string();
    let values = [FieldValue::Word(news.state.token()), FieldValue::Text(&subject)];
    NEWS.iter().zip(values).for_each(|(column, value)| into.put(*column, value));
    fields(&FINDINGS, &*news.finding, into, true);
    into.end();
}

/// What stands before the verdict in the last row of a run that ended in order: whoever reads it knows that silence means nothing then.
pub const ENDED: &str = "ended";

/// Tells how the probe is, or was when it ended in order, and the tables of a snapshot.
pub fn tell(s: &Snapshot, board: &ExportBoard, has_ended: bool, into: &mut dyn RowSink) {
    let nanos = |time: Timestamp| FieldValue::Count(u64::try_from(time.0).unwrap_or(0));
    let losses = &s.capture.losses;
    let lost = board.states().iter().fold(0u64, |sum, state| sum.saturating_add(state.queue_lost).saturating_add(state.dropped));
    let verdict = s.mirror.trust.verdict.token();
    let verdict = if has_ended { format!("{ENDED} {verdict}") } else { verdict.to_owned() };
    let values: [FieldValue<'_>; 11] = [
        FieldValue::Word(env!("CARGO_PKG_VERSION")),
        nanos(clock::wall()),
        nanos(s.now),
        FieldValue::Count(s.stats.total.packets),
        FieldValue::Count(s.stats.total.wire_bytes),
        FieldValue::Count(losses.interface_drops),
        FieldValue::Count(losses.kernel_drops),
        FieldValue::Count(board.subscription_lost()),
        FieldValue::Count(lost),
        FieldValue::Text(&verdict),
        FieldValue::Count(s.diagnosis.findings.iter().filter(|f| f.active).count() as u64),
    ];
    into.begin("probes", s.now);
    PROBES.iter().zip(values).for_each(|(column, value)| into.put(*column, value));
    into.end();
    for table in TOLD.iter().filter_map(|token| tables::find(token)) {
        let columns: Vec<Option<RowColumn>> = table.heads().iter().map(|head| RowColumn::of(head, true)).collect();
        let rows = table.rows(0, s);
        for at in 0..rows.len() {
            into.begin(table.token(), s.now);
            for (field, column) in columns.iter().enumerate() {
                if let Some(column) = column {
                    into.put(*column, rows.value(at, field));
                }
            }
            into.end();
        }
    }
}
