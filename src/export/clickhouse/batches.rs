//! Rows on their way into batches: one buffer a table, as lines of JSON.

use super::schema::{self, NEWS, PROBES, RowWriter};
use super::spool::BatchHead;
use crate::export::{ExportBoard, ExportRecord, FindingNews, Identity};
use crate::model::Timestamp;
use crate::model::clock;
use crate::snapshot::table::{AnyTable, Field, Head, TableSpec};
use crate::snapshot::tables::closed_flows::CLOSED_FLOWS;
use crate::snapshot::tables::findings::FINDINGS;
use crate::snapshot::tables::load::LOAD;
use crate::snapshot::{Snapshot, tables};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::io::Write;

/// Tables of a snapshot that are told once a minute, by their tokens: services, stations, what the switch did, how far the mirror can be
/// trusted, what was lost.
pub const TOLD: [&str; 6] = ["services", "stations", "switch_events", "trust", "losses", "vlans"];

/// How a batch is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// Not at all.
    Identity,
    /// gzip: every server takes it.
    Gzip,
    /// Zstandard: current servers.
    Zstd,
}

impl Coding {
    /// Its name in HTTP.
    pub const fn token(self) -> &'static str {
        match self {
            Coding::Identity => "identity",
            Coding::Gzip => "gzip",
            Coding::Zstd => "zstd",
        }
    }

    fn pack(self, bytes: Vec<u8>) -> std::io::Result<Vec<u8>> {
        match self {
            Coding::Identity => Ok(bytes),
            Coding::Gzip => {
                let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::fast());
                encoder.write_all(&bytes)?;
                encoder.finish()
            }
            Coding::Zstd => zstd::bulk::compress(&bytes, 1),
        }
    }
}

/// Rows of one table that wait for the batch to be full.
#[derive(Debug, Default)]
struct Buffer {
    rows: Vec<Map<String, Json>>,
    times: Vec<Timestamp>,
}

/// Rows by table.
#[derive(Debug, Default)]
pub struct Batches {
    open: BTreeMap<&'static str, Buffer>,
}

/// All tables that are written, with their columns.
pub fn all_tables() -> Vec<(&'static str, Vec<(String, &'static str)>)> {
    let fixed = |list: &[(&str, &'static str)]| list.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect::<Vec<_>>();
    let mut out = vec![
        ("probes", fixed(PROBES)),
        ("intervals", schema::columns(&LOAD.heads(), false)),
        ("flows", schema::columns(&CLOSED_FLOWS.heads(), false)),
        ("findings", [fixed(NEWS), schema::columns(&FINDINGS.heads(), true)].concat()),
    ];
    for token in TOLD {
        if let Some(table) = tables::find(token) {
            out.push((table.token(), schema::columns(&table.heads(), true)));
        }
    }
    out
}

fn fields<R: Clone>(spec: &TableSpec<R>, row: &R, into: &mut Map<String, Json>, may_be_unknown: bool) {
    let put = |field: &Field<R>| schema::put(into, &field.head, field.value(row), may_be_unknown);
    spec.fields.iter().for_each(put);
}

impl Batches {
    /// Takes what is exported of a record; snapshots are told by [`Self::tell`].
    pub fn take(&mut self, record: &ExportRecord) {
        match record {
            ExportRecord::Interval(sample) => self.push("intervals", sample.start, |row| fields(&LOAD, sample, row, false)),
            ExportRecord::Flows(flows) => {
                for flow in flows.iter() {
                    self.push("flows", flow.record.last, |row| fields(&CLOSED_FLOWS, flow, row, false));
                }
            }
            ExportRecord::Findings(news) => news.iter().for_each(|news| self.finding(news)),
            ExportRecord::Events(_) | ExportRecord::Snapshot(_) | ExportRecord::Reset => {}
        }
    }

    fn finding(&mut self, news: &FindingNews) {
        self.push("findings", news.finding.last, |row| {
            row.insert("state".into(), news.state.token().into());
            row.insert("subject".into(), news.finding.subject.to_string().into());
            fields(&FINDINGS, &*news.finding, row, true);
        });
    }

    /// Tells how the probe is, and the tables of a snapshot.
    pub fn tell(&mut self, s: &Snapshot, board: &ExportBoard) {
        self.push("probes", s.now, |row| {
            let nanos = |time: Timestamp| u64::try_from(time.0).unwrap_or(0);
            let losses = &s.capture.losses;
            let lost = board.states().iter().fold(0u64, |sum, state| sum.saturating_add(state.queue_lost).saturating_add(state.dropped));
            let values: [Json; 11] = [
                env!("CARGO_PKG_VERSION").into(),
                nanos(clock::wall()).into(),
                nanos(s.now).into(),
                s.stats.total.packets.into(),
                s.stats.total.wire_bytes.into(),
                losses.interface_drops.into(),
                losses.kernel_drops.into(),
                board.subscription_lost().into(),
                lost.into(),
                s.mirror.trust.verdict.token().into(),
                s.diagnosis.findings.iter().filter(|f| f.active).count().into(),
            ];
            PROBES.iter().zip(values).for_each(|((name, _), value)| drop(row.insert((*name).to_owned(), value)));
        });
        for table in TOLD.iter().filter_map(|token| tables::find(token)) {
            let heads: Vec<Head> = table.heads();
            let rows = table.rows(0, s);
            for at in 0..rows.len() {
                self.push(table.token(), s.now, |row| {
                    heads.iter().enumerate().for_each(|(field, head)| schema::put(row, head, rows.value(at, field), true));
                });
            }
        }
    }

    fn push(&mut self, table: &'static str, time: Timestamp, fill: impl FnOnce(&mut Map<String, Json>)) {
        let mut row = Map::new();
        fill(&mut row);
        let buffer = self.open.entry(table).or_default();
        buffer.rows.push(row);
        buffer.times.push(time);
    }

    /// Tables with at least so many rows.
    pub fn full(&self, rows: usize) -> Vec<&'static str> {
        self.open.iter().filter(|(_, buffer)| buffer.rows.len() >= rows.max(1)).map(|(table, _)| *table).collect()
    }

    /// Rows that are in no batch yet.
    pub fn rows(&self) -> u64 {
        self.open.values().fold(0u64, |sum, buffer| sum.saturating_add(buffer.rows.len() as u64))
    }

    /// Makes a batch of the rows of a table.
    pub fn close(&mut self, table: &'static str, identity: &Identity, number: u64, coding: Coding) -> Option<(BatchHead, Vec<u8>)> {
        let buffer = self.open.remove(table)?;
        let id = format!("{}-{number}", identity.session);
        let writer = RowWriter::new(identity, &id);
        let mut lines = Vec::with_capacity(buffer.rows.len() * 512);
        for (at, (row, time)) in buffer.rows.into_iter().zip(&buffer.times).enumerate() {
            let mut whole = writer.begin(*time, at);
            whole.extend(row);
            // Writing to memory cannot fail.
            let _ = serde_json::to_writer(&mut lines, &whole);
            lines.push(b'\n');
        }
        let seconds = || buffer.times.iter().map(|time| schema::seconds(*time));
        let span = [seconds().min()?, seconds().max()?];
        let head = BatchHead { number, table: table.to_owned(), rows: buffer.times.len() as u64, span, id, coding: coding.token().into() };
        // Nor can packing in memory.
        coding.pack(lines).ok().map(|bytes| (head, bytes))
    }
}
