//! Exporters, and what waits for who collects.

use super::tape::{SUBSCRIPTION_RECORDS, SUBSCRIPTION_ROWS};

/// Records that wait for one exporter: as many as wait for the hub that feeds it (a batch of conversations is shared by all exporters).
pub const EXPORT_LANE_RECORDS: usize = SUBSCRIPTION_RECORDS;

/// Rows in them.
pub const EXPORT_LANE_ROWS: u64 = SUBSCRIPTION_ROWS;

/// Snapshots that wait for one exporter, each some MiB: it gets the newest ones, and those that came too early for it are superseded.
pub const EXPORT_LANE_SNAPSHOTS: usize = 2;

/// Rows of a table that one file of columns may hold; twice as many wait where it cannot be written. Some 400 bytes each.
pub const EXPORT_PARQUET_ROWS: u64 = 200_000;

/// Full messages that wait for a collector that is not there, 16 KiB each at most: some hundred thousand conversations in 32 MiB.
pub const EXPORT_WAITING_MESSAGES: usize = 2 * 1024;

/// Bytes of batches that wait on the disk for a database unless told otherwise: hours of a busy port, packed.
pub const EXPORT_SPOOL_BYTES: u64 = 1 << 30;

/// The same in memory where there is no directory: ten minutes of a dead server at some thousand conversations a second.
pub const EXPORT_SPOOL_MEMORY_BYTES: u64 = 64 << 20;

/// Findings that wait for a receiver that is not there, some KiB each.
pub const EXPORT_WAITING_FINDINGS: usize = 4 * 1024;

/// Labels of a family that Prometheus tells apart: a server carries some thousand series of a target with ease; the rest is one series.
pub const PROMETHEUS_SERIES: usize = 200;

/// Bytes of a request for a page of numbers or of the status: a browser's head line and fields.
pub const HTTP_REQUEST_BYTES: usize = 8 * 1024;

/// Conversations whose name an exporter remembers until they are closed, about 64 bytes each: as many as ask something at a time.
pub const EXPORT_UIDS: usize = 64 * 1024;

/// Parts of requests that a shard keeps for exporters until an interval ends or its block is done, of at most 2 KiB each.
pub const REQUEST_WORDS: usize = 4_096;
