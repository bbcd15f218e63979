//! What is asked of a command beside what it reads. Typed and meant are the same here: an option is one field.

use super::options::{one_of, rows};
use super::{CHECK_FORMATS, DIFF_FORMATS, PACKET_FORMATS, units};
use crate::model::Timestamp;
use crate::settings::{CutWay, UnitCopies};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// The words for how places to cut a capture are found.
const CUTS: &[(&str, CutWay)] = &[("auto", CutWay::Auto), ("walk", CutWay::Walk), ("scan", CutWay::Scan)];

/// The words for what becomes of copies in units.
const COPIES: &[(&str, UnitCopies)] = &[("counted", UnitCopies::Counted), ("left-out", UnitCopies::LeftOut)];

/// What is asked of a dashboard, and of the text report in its place.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct DashboardRequest {
    /// Rows of each table when standard output is no terminal [default: 20]
    #[arg(long, value_name = "N", value_parser = rows())]
    pub top: Option<usize>,
    /// Compare what is looked at with another capture, an earlier one say: the dashboard's screen Compare (D)
    #[arg(long, value_name = "FILE")]
    pub compare: Option<PathBuf>,
}

/// What is asked of a report.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ReportRequest {
    /// Output format; without it the ending of -o decides (.html, .json, .csv, .md)
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: String,
    /// Write to PATH (all or nothing) instead of standard output
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Rows of each table [default: 20 for reading, all in JSON and CSV]
    #[arg(long, value_name = "N", value_parser = rows())]
    pub top: Option<usize>,
    /// The table that CSV holds, by its name in JSON [default: conversations]
    #[arg(long, value_name = "NAME")]
    pub table: Option<String>,
}

/// What is asked of a check.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct CheckRequest {
    /// How the answer looks
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = CHECK_FORMATS)]
    pub format: String,
}

/// What is asked of a list of packets.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct PacketsRequest {
    /// Output format: a line of text or a JSON object for each packet
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = PACKET_FORMATS)]
    pub format: String,
    /// Take every packet apart: the fields of each header and message, with their place in its bytes
    #[arg(long)]
    pub tree: bool,
}

/// What is asked where packets are saved.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct SaveRequest {
    /// Where they go; - is standard output
    #[arg(short, long, value_name = "PATH")]
    pub output: PathBuf,
}

/// What is asked of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct DiffRequest {
    /// The earlier capture
    #[arg(value_name = "BEFORE")]
    pub before: PathBuf,
    /// The later one
    #[arg(value_name = "AFTER")]
    pub after: PathBuf,
    /// Capture filter for both, in pcap-filter(7) syntax
    #[arg(short, long, value_name = "BPF")]
    pub filter: Option<String>,
    /// Output format; without it the ending of -o decides (.html, .json, .md)
    #[arg(long, value_name = "FORMAT", value_parser = DIFF_FORMATS)]
    pub format: Option<String>,
    /// Write to PATH (all or nothing) instead of standard output
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Differences of each kind [default: 20 for reading, all in JSON]
    #[arg(long, value_name = "N", value_parser = rows())]
    pub top: Option<usize>,
    /// List what is noise too, and why (JSON always does)
    #[arg(long)]
    pub all: bool,
}

/// What is asked of a fleet.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct FleetRequest {
    /// The database, as probes name it: clickhouse:https://HOST:8443/DATABASE [default: the first that a probe exports to, by the configuration]
    #[arg(value_name = "URL")]
    pub url: Option<String>,
    /// How far back: 90m, 1d, 3w, up to 400d
    #[arg(long, value_name = "SPAN", default_value = "1h", value_parser = units::time)]
    pub last: Duration,
    /// From this moment on, such as 2026-11-02 or 2026-11-02T08:00 (this host's time), or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = units::moment, conflicts_with = "last")]
    pub from: Option<Timestamp>,
    /// Up to this moment [default: now]
    #[arg(long, value_name = "TIME", value_parser = units::moment)]
    pub to: Option<Timestamp>,
    /// Output format; without it: a dashboard on a terminal, else text
    #[arg(long, value_name = "FORMAT", value_parser = ["text", "json", "csv"])]
    pub format: Option<String>,
}

/// What is asked where the tables of a fleet are made.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct FleetInitRequest {
    /// The database
    #[arg(long, value_name = "NAME", default_value = "spantop", value_parser = units::identifier)]
    pub database: String,
    /// Have rows of conversations deleted after so many days, others after ten times as many; needs ClickHouse 19.6 or later [default: never]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub keep_days: Option<u32>,
    /// Have rows of a table deleted after so many days, such as intervals=90 (may be given again)
    #[arg(long, value_name = "TABLE=DAYS", value_parser = units::days_of)]
    pub keep: Vec<(String, u32)>,
    /// Replicated tables on each shard of a cluster, by its name in the servers' configuration, and tables over all of them
    #[arg(long, value_name = "NAME", value_parser = units::identifier)]
    pub cluster: Option<String>,
    /// What is printed: tables, users (statements for a server from 20.4 on), or users-xml (a file for one before)
    #[arg(long, value_name = "WHAT", default_value = "tables", value_parser = ["tables", "users", "users-xml"])]
    pub print: String,
}

/// What is asked of an archive of captures.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum ArchiveCommand {
    /// Cut captures into units, a line of JSON each
    Plan {
        /// Captures
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// How large a unit is, about; smaller files are a unit each
        #[arg(long, value_name = "SIZE", default_value = "128MiB", value_parser = units::unit)]
        unit: u64,
        /// How places to cut are found: walk goes through all records, scan looks around for some (large files), auto does what suits a file
        #[arg(long, value_name = "WAY", default_value = "auto", value_parser = one_of(CUTS))]
        cut: CutWay,
        /// Copies that the mirror made: count them, or leave out those found within a unit [default: left-out if there is one unit, else counted]
        #[arg(long, value_name = "WHAT", value_parser = one_of(COPIES))]
        copies: Option<UnitCopies>,
    },
    /// Read the units on standard input, a line each, and write a summary of each, a line each
    Run {
        /// Capture filter in pcap-filter(7) syntax
        #[arg(short, long, value_name = "BPF")]
        filter: Option<String>,
    },
    /// Put summaries together: all of them to a report, some to one summary
    Merge {
        /// Files of summaries; - is standard input
        #[arg(value_name = "FILE", default_value = "-")]
        files: Vec<PathBuf>,
        /// Output format; summary: a line that can be merged again
        #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json", "summary"])]
        format: String,
        /// Write to PATH (all or nothing) instead of standard output
        #[arg(short, long, value_name = "PATH")]
        output: Option<PathBuf>,
    },
}
