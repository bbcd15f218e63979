//! Rows on their way into batches: one buffer a table, as lines of JSON.

use super::coding::Coding;
use super::schema::{self, RowWriter};
use super::spool::BatchHead;
use crate::export::Identity;
use crate::export::rows::{self, RowColumn, RowSink};
use crate::json::to_json;
use crate::model::Timestamp;
use crate::snapshot::table::FieldValue;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

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
    /// The row that is being written.
    row: Option<(&'static str, Timestamp, Map<String, Json>)>,
}

/// All tables that are written, with their columns.
pub fn all_tables() -> Vec<(&'static str, Vec<(String, &'static str)>)> {
    rows::all_tables().into_iter().map(|(table, columns)| (table, schema::columns(&columns))).collect()
}

impl RowSink for Batches {
    fn begin(&mut self, table: &'static str, time: Timestamp) {
        self.row = Some((table, time, Map::new()));
    }

    fn put(&mut self, column: RowColumn, value: FieldValue<'_>) {
        if let Some((_, _, row)) = &mut self.row {
            schema::put(row, column, value);
        }
    }

    fn end(&mut self) {
        if let Some((table, time, row)) = self.row.take() {
            let buffer = self.open.entry(table).or_default();
            buffer.rows.push(row);
            buffer.times.push(time);
        }
    }
}

impl Batches {
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
            let _ = to_json(&mut lines, &whole);
            lines.push(b'\n');
        }
        let seconds = || buffer.times.iter().map(|time| schema::seconds(*time));
        let span = [seconds().min()?, seconds().max()?];
        let head = BatchHead { number, table: table.to_owned(), rows: buffer.times.len() as u64, span, id, coding: coding.token().into() };
        // Nor can packing in memory.
        coding.pack(lines).ok().map(|bytes| (head, bytes))
    }
}
