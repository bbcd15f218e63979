//! Long-running outputs: what was counted goes to whoever collects it, record by record, while packets come.
//!
//! ```text
//!  engine ─▶ one bounded queue ─▶ ExportHub ─┬▶ lane ─▶ Exporter (a thread)
//!                                            └▶ lane ─▶ Exporter (a thread)
//! ```
//!
//! The engine never waits: what finds no room in its queue, or in the lane of an exporter that is slow, is lost for it, counted
//! ([`ExporterCounters`]), shown and exported. Only where captures are read both queues are waited for. An exporter that is slow or dead
//! delays no other one.
//!
//! # Adding an exporter
//! One file (a type that implements [`Exporter`], and its [`ExporterKind`]) and one line in [`registry`]. What is exported of a row is
//! read off the descriptors of [`crate::snapshot::tables`]; who was looking ([`Identity`]) stands in every row.

mod answers;
mod board;
pub mod clickhouse;
mod community;
mod files;
mod finding_sender;
mod findings;
mod http;
mod hub;
mod identity;
mod ipfix;
mod iso;
mod jsonl_eve;
mod jsonl_zeek;
mod lane;
mod net;
mod option;
#[cfg(feature = "parquet")]
mod parquet;
mod prometheus;
mod record;
pub mod registry;
mod rows;
mod secret;
mod syslog;
mod uid;
mod webhook;
mod whole_flows;
mod words;

pub use answers::{AnswerPlace, AnswerPort, WebPage};
pub use board::{ExportBoard, ExporterCounters, ExporterState};
pub use findings::{FindingNews, FindingState};
pub use hub::{ExportHub, HubPlan};
pub use identity::Identity;
pub use iso::rfc3339;
pub use option::{ExportOption, ExportValue};
pub use record::ExportRecord;

use crate::error::Result;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

/// What an exporter says of a step: nothing, or what went wrong, for people.
pub type Exported = std::result::Result<(), String>;

/// Does something with each, and says what went wrong last: one that fails does not keep the others back.
fn each<T>(items: impl IntoIterator<Item = T>, mut step: impl FnMut(T) -> Exported) -> Exported {
    let mut outcome = Ok(());
    for item in items {
        outcome = step(item).and(outcome);
    }
    outcome
}

/// A long-running output. All of it runs in a thread of its own: it may wait for its receiver.
pub trait Exporter: Send {
    /// Takes a record.
    ///
    /// # Errors
    /// It could not be handed on. What is lost by that the exporter counts itself.
    fn take(&mut self, record: &ExportRecord) -> Exported;

    /// Time passes, also when nothing comes: about once a second.
    ///
    /// # Errors
    /// What waited could not be handed on.
    fn tick(&mut self) -> Exported {
        Ok(())
    }

    /// Opens files again that somebody may have moved away (SIGHUP).
    ///
    /// # Errors
    /// They cannot be opened.
    fn reopen(&mut self) -> Exported {
        Ok(())
    }

    /// Nothing more comes: hands on what waits.
    ///
    /// # Errors
    /// It could not be handed on, and still waits.
    fn finish(&mut self) -> Exported;

    /// The program ends: what still waits, and outlives it nowhere, is given up and counted.
    fn give_up(&mut self) {}
}

/// What is to be exported where.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExportTarget {
    /// The exporter, by its token in [`registry::EXPORTERS`].
    pub exporter: String,
    /// Where to: what it takes for a target.
    pub target: String,
    /// What else is said of it.
    pub options: BTreeMap<String, String>,
}

impl ExportTarget {
    /// `NAME:TARGET`.
    ///
    /// # Errors
    /// There is no such exporter, or no target.
    pub fn parse(text: &str) -> Result<Self> {
        use crate::error::Error;
        let names = || registry::EXPORTERS.iter().map(|kind| kind.token).collect::<Vec<_>>().join(", ");
        let (name, target) = text.split_once(':').unwrap_or((text, ""));
        let Some(kind) = registry::find(name) else {
            if name == "parquet" {
                return Err(Error::usage("--export parquet: this program was built without it (cargo build --features parquet)"));
            }
            return Err(Error::usage(format!("--export: there is no exporter '{name}'; there are {}", names())));
        };
        if target.is_empty() {
            return Err(Error::usage(format!("--export {name}: a target is wanted, {name}:{}", kind.target)));
        }
        let address = target.split_once("://").map(|(_, rest)| rest);
        if address.is_some_and(|rest| rest.contains(['?', '#']) || rest.split('/').next().is_some_and(|host| host.contains('@'))) {
            // Whoever lists processes reads command lines.
            return Err(Error::usage(format!("--export {name}: no secret belongs in an address; give a file in [export.{name}]")));
        }
        Ok(Self { exporter: name.to_owned(), target: target.to_owned(), options: BTreeMap::new() })
    }

    /// Its name in status, logs and metrics. The path of an address that takes messages may be a secret of its own, and is not told: two are told
    /// apart by a few digits that are made of it.
    pub fn name(&self) -> String {
        if !registry::find(&self.exporter).is_some_and(|kind| kind.hides_path) {
            return format!("{}:{}", self.exporter, self.target);
        }
        let place = self.target.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split('/').next()?)));
        let shown = place.map_or(String::new(), |(scheme, host)| format!("{scheme}://{host}/"));
        let mut hasher = DefaultHasher::new();
        self.target.hash(&mut hasher);
        format!("{}:{shown}…{:04x}", self.exporter, hasher.finish() & 0xffff)
    }
}

impl ExportTarget {
    /// An option.
    pub fn option(&self, key: &str) -> Option<&str> {
        self.options.get(key).map(String::as_str)
    }

    /// What is wrong with it, as a wrong command line.
    pub fn wrong(&self, what: impl std::fmt::Display) -> crate::error::Error {
        crate::error::Error::usage(format!("{}: {what}", self.name()))
    }
}

/// What an exporter is opened with.
#[derive(Debug, Clone, Copy)]
pub struct ExporterOpening<'a> {
    /// Where to, and what else is said of it.
    pub target: &'a ExportTarget,
    /// Who is looking.
    pub identity: &'a Arc<Identity>,
    /// Where it counts.
    pub counters: &'a Arc<ExporterCounters>,
    /// Where all exporters count.
    pub board: &'a Arc<ExportBoard>,
}

impl<'a> ExporterOpening<'a> {
    /// An option.
    pub fn option(&self, key: &str) -> Option<&'a str> {
        self.target.option(key)
    }

    /// An option that is a number: as it is given, else what holds without it.
    ///
    /// # Errors
    /// It is no number that the option takes.
    pub fn number(&self, key: &str) -> Result<u64> {
        let known = registry::find(&self.target.exporter).and_then(|kind| kind.option(key));
        let option = known.ok_or_else(|| self.wrong(format!("there is no option '{key}'")))?;
        let text = self.option(key).map_or_else(|| option.default(), str::to_owned);
        option.check(&text).map_err(|what| self.wrong(what))?;
        text.parse().map_err(|_| self.wrong(format!("{key} is a number")))
    }

    /// What is wrong with the target, as a wrong command line.
    pub fn wrong(&self, what: impl std::fmt::Display) -> crate::error::Error {
        crate::error::Error::usage(format!("--export {}: {what}", self.target.name()))
    }
}

/// What an exporter will still have to do when rights are given up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportNeeds {
    /// Directories it makes files in.
    pub folders: Vec<PathBuf>,
    /// TCP ports it connects to.
    pub connects: Vec<u16>,
    /// Places where it answers who calls: it opens them at once, for that cannot be done later.
    pub answers: Vec<String>,
}

impl ExportNeeds {
    /// Both together.
    pub fn add(&mut self, other: &Self) {
        self.folders.extend(other.folders.iter().cloned());
        self.connects.extend(&other.connects);
        self.answers.extend(other.answers.iter().cloned());
    }
}

/// An exporter that has been opened.
pub struct OpenExporter {
    /// It.
    pub exporter: Box<dyn Exporter>,
    /// What it will still have to do.
    pub needs: ExportNeeds,
}

/// An exporter whose target and options are right, as far as that can be told without opening, making or connecting anything: what is left to do.
pub struct PreparedExporter<'a> {
    /// What it will still have to do when rights are given up.
    needs: ExportNeeds,
    /// What nobody else may have beside it: files, directories, ports; by their names.
    alone: Vec<String>,
    open: Box<dyn FnOnce() -> Result<OpenExporter> + 'a>,
}

impl<'a> PreparedExporter<'a> {
    /// One that is opened so.
    pub fn new(needs: ExportNeeds, open: impl FnOnce() -> Result<OpenExporter> + 'a) -> Self {
        Self { needs, alone: Vec::new(), open: Box::new(open) }
    }

    /// It shares something with nobody.
    #[must_use]
    pub fn alone_with(mut self, what: Option<String>) -> Self {
        self.alone.extend(what);
        self
    }
}

/// A kind of exporter.
pub struct ExporterKind {
    /// Its name on the command line.
    pub token: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// What its target looks like.
    pub target: &'static str,
    /// Whether the path of its target is not for everybody.
    pub hides_path: bool,
    /// Options it takes in `[export.TOKEN]`.
    pub options: &'static [ExportOption],
    /// Which records it does something with: only those wait for it, and are lost for it where it is too slow.
    pub takes: fn(&ExportRecord) -> bool,
    /// Finds what is wrong with a target and its options, and opens nothing: `spantop config check` asks it as well as whoever opens one.
    pub prepare: for<'a> fn(ExporterOpening<'a>) -> Result<PreparedExporter<'a>>,
}

impl ExporterKind {
    /// Its option of that key.
    pub fn option(&self, key: &str) -> Option<&'static ExportOption> {
        self.options.iter().find(|option| option.key == key)
    }
}
