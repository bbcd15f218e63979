//! ClickHouse over HTTP or HTTPS: rows in batches (JSONEachRow, packed), kept in a spool until the server has them.
//!
//! A batch has a name that stands in each of its rows. When no answer came, or an earlier run has left it, the server is asked for that name
//! before the batch is sent again; what a crash in between still lets in twice has the same key and is merged away.

mod batches;
mod coding;
mod init;
mod link;
mod schema;
mod spool;

use super::net::BackOff;
use super::{
    ExportBoard, ExportNeeds, ExportOption, ExportRecord, ExportValue, Exported, Exporter, ExporterCounters, ExporterKind, ExporterOpening,
    Identity, OpenExporter, PreparedExporter, files, rows,
};
use crate::error::Result;
use crate::model::clock::Ticker;
use crate::model::limits::{EXPORT_SPOOL_BYTES, EXPORT_SPOOL_MEMORY_BYTES};
use crate::snapshot::Snapshot;
use batches::Batches;
use coding::Coding;
pub use init::{DatabasePlan, migrations, table_names, users_sql, users_xml};
pub use link::DatabaseLink;
use spool::{BatchHead, NoBytes, Spool};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Rows of a batch unless told otherwise.
const ROWS: u64 = 10_000;
/// Rows that a server surely takes as one block (max_insert_block_size, and min_insert_block_size_bytes: 256 MiB), which a batch must be: sums by the
/// minute have a row of a batch, and one that comes twice is then the same block twice.
const MOST_ROWS: u64 = 100_000;
/// How long a row waits for its batch to be full.
const SECONDS: u64 = 5;
/// The longest that makes sense: a day.
const MOST_SECONDS: u64 = 86_400;
/// How often tables of a snapshot are told.
const TELL: Duration = Duration::from_secs(60);
/// What a server refuses for good: the rows are not what the table takes (ClickHouse's ErrorCodes.cpp: cannot parse, unknown field).
const REFUSED: [u32; 6] = [6, 26, 27, 72, 117, 130];

/// A server that does not know how a batch is packed (ErrorCodes.cpp: unknown compression method).
const NO_CODING: u32 = 89;

/// What a server refuses of one table, which others do not wait for: there is none, it lacks a column that is asked for, the user may not write
/// it (ErrorCodes.cpp: unknown table, no such column, unknown identifier, access denied).
const NO_TABLE: [u32; 4] = [60, 16, 47, 497];

/// What a spool is called among what exporters have alone.
const SPOOL: &str = "the spool";

/// The kind.
pub static KIND: ExporterKind = ExporterKind {
    token: "clickhouse",
    about: "rows of ClickHouse: flows, intervals, findings, services and more, in batches with a spool",
    target: "http://HOST:8123/DATABASE or https://…",
    hides_path: false,
    options: &[
        ExportOption { key: "user", takes: ExportValue::Text, about: "user [default: $SPANTOP_CLICKHOUSE_USER]" },
        ExportOption {
            key: "password-file",
            takes: ExportValue::Text,
            about: "file with the password, which others may not read [default: $SPANTOP_CLICKHOUSE_PASSWORD]",
        },
        ExportOption { key: "ca", takes: ExportValue::Text, about: "certificates (PEM) to trust instead of the system's" },
        ExportOption { key: "compression", takes: ExportValue::OneOf(&["gzip", "zstd", "none"]), about: "how batches are packed" },
        ExportOption {
            key: "batch-rows",
            takes: ExportValue::Number { least: 1, most: MOST_ROWS, default: ROWS },
            about: "rows of a batch",
        },
        ExportOption {
            key: "batch-seconds",
            takes: ExportValue::Number { least: 1, most: MOST_SECONDS, default: SECONDS },
            about: "how long a row waits for its batch",
        },
        ExportOption {
            key: "spool",
            takes: ExportValue::Text,
            about: "directory for what waits for the server [default: none, 64 MiB of memory]",
        },
        ExportOption {
            key: "spool-mib",
            takes: ExportValue::Number { least: 1, most: 1 << 30, default: EXPORT_SPOOL_BYTES >> 20 },
            about: "how much of it, in MiB",
        },
    ],
    takes: |record| {
        matches!(record, ExportRecord::Interval(_) | ExportRecord::Flows(_) | ExportRecord::Findings(_) | ExportRecord::Snapshot(_))
    },
    prepare,
};

fn prepare(opening: ExporterOpening<'_>) -> Result<PreparedExporter<'_>> {
    let link = DatabaseLink::open(opening.target)?;
    let coding = match opening.option("compression") {
        Some("zstd") => Coding::Zstd,
        Some("none") => Coding::Identity,
        _ => Coding::Gzip,
    };
    let folder = opening.option("spool").map(Path::new);
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(opening.wrong(format!("{}: no such directory", folder.display())));
    }
    let mib = opening.number("spool-mib")?;
    let cap = if folder.is_some() { mib.saturating_mul(1 << 20) } else { EXPORT_SPOOL_MEMORY_BYTES };
    let rows = usize::try_from(opening.number("batch-rows")?).unwrap_or(usize::MAX);
    let seconds = opening.number("batch-seconds")?;
    let needs =
        ExportNeeds { connects: vec![link.port()], folders: folder.map(Path::to_owned).into_iter().collect(), ..ExportNeeds::default() };
    let own = folder.map(|folder| files::place(&folder.join(SPOOL)));
    let prepared = PreparedExporter::new(needs.clone(), move || {
        let exporter = ClickHouse {
            identity: Arc::clone(opening.identity),
            counters: Arc::clone(opening.counters),
            board: Arc::clone(opening.board),
            link,
            coding,
            rows,
            batches: Batches::default(),
            spool: Spool::open(folder, cap).map_err(|e| opening.wrong(e))?,
            pauses: BackOff::default(),
            closed_tables: BTreeMap::new(),
            lacks_zstd: false,
            flush: ticker(seconds),
            tell: Ticker::new(Duration::ZERO, TELL),
            latest: None,
        };
        Ok(OpenExporter { exporter: Box::new(exporter), needs })
    });
    Ok(prepared.alone_with(own))
}

fn ticker(seconds: u64) -> Ticker {
    let every = Duration::from_secs(seconds);
    Ticker::new(every, every)
}

struct ClickHouse {
    identity: Arc<Identity>,
    counters: Arc<ExporterCounters>,
    board: Arc<ExportBoard>,
    link: DatabaseLink,
    coding: Coding,
    /// Rows of a batch.
    rows: usize,
    batches: Batches,
    spool: Spool,
    pauses: BackOff,
    /// Tables that the server does not take rows of now.
    closed_tables: BTreeMap<String, BackOff>,
    /// The server does not take Zstandard.
    lacks_zstd: bool,
    flush: Ticker,
    tell: Ticker,
    latest: Option<Arc<Snapshot>>,
}

/// What became of a batch.
enum BatchOutcome {
    Arrived,
    Refused(String),
    Damaged(String),
    NoTable(String),
    Failed(String),
}

impl ClickHouse {
    /// Makes batches of buffers that have so many rows.
    fn close(&mut self, rows: usize) -> Exported {
        let mut outcome = Ok(());
        for table in self.batches.full(rows) {
            let number = self.board.take_number(self.spool.next_number());
            let Some((head, bytes)) = self.batches.close(table, &self.identity, number, self.coding) else { continue };
            let (lost, written) = self.spool.push(head, bytes);
            ExporterCounters::add(&self.counters.dropped, lost);
            outcome = written.and(outcome);
        }
        self.count();
        outcome
    }

    fn count(&self) {
        let (rows, bytes) = self.spool.waiting();
        self.counters.waiting.store(rows.saturating_add(self.batches.rows()), Ordering::Relaxed);
        self.counters.spooled_bytes.store(bytes, Ordering::Relaxed);
    }

    /// Sends what waits, the oldest first, until the server fails. Rows of a table that it does not have wait, those of other tables do not
    /// wait for them.
    fn send(&mut self) -> Exported {
        let mut outcome = Ok(());
        while self.pauses.is_over() {
            let closed = &self.closed_tables;
            let Some(place) = self.spool.first(|table| closed.get(table).is_some_and(|pauses| !pauses.is_over())) else { break };
            let Some(first) = self.spool.at(place) else { break };
            let (head, doubtful, bytes) = (first.head.clone(), first.may_have_arrived, first.bytes());
            let sent = match bytes {
                Ok(bytes) => self.send_batch(&head, doubtful, &bytes),
                Err(NoBytes::Unreadable(what)) => BatchOutcome::Failed(what),
                Err(NoBytes::Damaged(what)) => BatchOutcome::Damaged(what),
            };
            match sent {
                BatchOutcome::Arrived => {
                    ExporterCounters::add(&self.counters.exported, head.rows);
                    self.pauses.reset();
                    self.closed_tables.remove(&head.table);
                    self.spool.done(place);
                }
                BatchOutcome::Refused(what) => {
                    ExporterCounters::add(&self.counters.dropped, head.rows);
                    self.spool.done(place);
                    outcome = Err(what);
                }
                BatchOutcome::Damaged(what) => {
                    ExporterCounters::add(&self.counters.dropped, head.rows);
                    self.spool.set_aside(place);
                    outcome = Err(what);
                }
                BatchOutcome::NoTable(what) => {
                    ExporterCounters::add(&self.counters.retries, 1);
                    self.closed_tables.entry(head.table).or_default().failed();
                    outcome = Err(what);
                }
                BatchOutcome::Failed(what) => {
                    ExporterCounters::add(&self.counters.retries, 1);
                    if let Some(first) = self.spool.at(place) {
                        first.may_have_arrived = true;
                    }
                    self.pauses.failed();
                    self.count();
                    return Err(what);
                }
            }
            self.count();
        }
        outcome
    }

    /// Sends a batch, packed otherwise where the server does not know how it is packed.
    fn send_batch(&mut self, head: &BatchHead, is_doubtful: bool, bytes: &[u8]) -> BatchOutcome {
        let known = |head: &BatchHead| head.coding != Coding::Zstd.token();
        if known(head) || !self.lacks_zstd {
            let outcome = self.send_packed(head, is_doubtful, bytes);
            if known(head) || !self.lacks_zstd {
                return outcome;
            }
        }
        match coding::repacked(&head.coding, bytes, Coding::Gzip) {
            Ok(bytes) => self.send_packed(&BatchHead { coding: Coding::Gzip.token().into(), ..head.clone() }, is_doubtful, &bytes),
            Err(e) => BatchOutcome::Damaged(format!("{}: {e}", head.id)),
        }
    }

    fn send_packed(&mut self, head: &BatchHead, is_doubtful: bool, bytes: &[u8]) -> BatchOutcome {
        let BatchHead { table, id, span: [first, last], .. } = head;
        if is_doubtful {
            let query = format!(
                "SELECT count() FROM {}.{table} WHERE time BETWEEN toDateTime({first}) AND toDateTime({last}) AND batch = '{id}'",
                self.link.database()
            );
            match self.link.ask(&query, None, &[]) {
                Ok(text) => {
                    if text.trim().parse::<u64>().is_ok_and(|rows| rows >= head.rows) {
                        return BatchOutcome::Arrived;
                    }
                }
                Err((Some(code), what)) if NO_TABLE.contains(&code) => return BatchOutcome::NoTable(what),
                Err((_, what)) => return BatchOutcome::Failed(what),
            }
        }
        let insert = format!("INSERT INTO {}.{table} FORMAT JSONEachRow", self.link.database());
        match self.link.ask(&insert, Some(head.coding.as_str()), bytes) {
            Ok(_) => BatchOutcome::Arrived,
            Err((Some(NO_CODING), what)) if head.coding == Coding::Zstd.token() => {
                // Servers before 20.12: gzip from now on.
                (self.lacks_zstd, self.coding) = (true, Coding::Gzip);
                BatchOutcome::Failed(what)
            }
            Err((Some(code), what)) if REFUSED.contains(&code) => BatchOutcome::Refused(what),
            Err((Some(code), what)) if NO_TABLE.contains(&code) => BatchOutcome::NoTable(what),
            Err((_, what)) => BatchOutcome::Failed(what),
        }
    }
}

/// What is wrong with the disk, and with the server.
fn both(disk: Exported, server: Exported) -> Exported {
    match (disk, server) {
        (Err(disk), Err(server)) => Err(format!("{disk}; {server}")),
        (disk, server) => disk.and(server),
    }
}

impl Exporter for ClickHouse {
    fn take(&mut self, record: &ExportRecord) -> Exported {
        if let ExportRecord::Snapshot(snapshot) = record {
            self.latest = Some(Arc::clone(snapshot));
        }
        rows::take(record, &mut self.batches);
        let closed = self.close(self.rows);
        both(closed, self.send())
    }

    fn tick(&mut self) -> Exported {
        let told = self.latest.clone().filter(|_| self.tell.due());
        if let Some(snapshot) = &told {
            rows::tell(snapshot, &self.board, false, &mut self.batches);
        }
        // What tells the probe's clock is not to wait: the server notes when it came.
        let closed = if self.flush.due() || told.is_some() { self.close(1) } else { Ok(()) };
        both(closed, self.send())
    }

    fn finish(&mut self) -> Exported {
        if let Some(snapshot) = self.latest.take() {
            rows::tell(&snapshot, &self.board, true, &mut self.batches);
        }
        let closed = self.close(1);
        self.pauses.reset();
        self.closed_tables.clear();
        both(closed, self.send())
    }

    fn give_up(&mut self) {
        // What is on the disk goes with the next run; what is in memory is gone.
        let (rows, left) = self.spool.in_memory();
        ExporterCounters::add(&self.counters.dropped, rows);
        self.counters.waiting.store(left, Ordering::Relaxed);
    }
}
