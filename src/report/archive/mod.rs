//! Archives: units of captures that are read by themselves, each into a summary, and summaries that are put together ([`Summary::merge`]).

mod numbers;
mod text;

pub use numbers::Numbers;
pub use text::text;

use crate::model::Arrange as _;
use crate::settings::UnitCopies;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The name of a summary's shape.
const SUMMARY: &str = "spantop.summary/1";
/// The name of the shape of what all summaries come to.
const ARCHIVE: &str = "spantop.archive/1";

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// A whole file.
    File,
    /// A part of one, between two records.
    Part,
    /// A file that cannot be read: it is told, and nothing of it is counted.
    LeftOut,
}

/// Something to read: a line of what `spantop archive plan` writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Its number in the plan, from 0.
    pub unit: u64,
    /// The capture.
    pub path: String,
    /// All of it or a part.
    pub kind: UnitKind,
    /// Byte at which its first record begins.
    pub from: u64,
    /// Byte at which the first record behind it begins.
    pub to: u64,
    /// Where the file's first record begins.
    pub begin: u64,
    /// The file's size in bytes.
    pub size: u64,
    /// Stretches of the file that are to be read first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<(u64, u64)>,
    /// Whether cuts were found by a scan, which whoever reads proves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scanned: bool,
    /// Interfaces that stand in that context.
    #[serde(default, skip_serializing_if = "is_none")]
    pub interfaces: u64,
    /// Nanoseconds since 1970 from which intervals are counted; none: from the first packet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<i64>,
    /// What becomes of copies.
    pub copies: UnitCopies,
    /// Why it cannot be read, of what is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

fn is_none(n: &u64) -> bool {
    *n == 0
}

/// Which bytes of a file were read, of those that there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRead {
    /// Where its first record begins.
    pub begin: u64,
    /// Its size.
    pub size: u64,
    /// What was read, ascending; neighbours are one.
    pub read: Vec<(u64, u64)>,
}

/// What came of units.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Summary {
    schema: String,
    /// How it was read: summaries of different ways do not add up.
    pub how: String,
    /// How many units.
    pub units: u64,
    /// Whether there are parts of files among them.
    pub has_parts: bool,
    /// By file.
    pub files: BTreeMap<String, FileRead>,
    /// What was found out about the mirror's ways of packing, by kind: where parts disagree, what is inside was not read alike.
    pub rulings: BTreeMap<String, BTreeSet<String>>,
    /// Losses that the files tell of, in units that are whole files.
    pub told_losses: [u64; 2],
    /// Whether parts tell of losses, which say by themselves nothing that adds up.
    pub parts_tell_losses: bool,
    /// What is wrong with files, as reports warn of it, by file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub warnings: BTreeMap<String, BTreeSet<String>>,
    /// Files of which nothing, or not all, was read, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, BTreeSet<String>>,
    /// A file ends in the middle of a packet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut_short: bool,
    numbers: Value,
    /// The whole report as it is, of a unit that is a whole file, as long as it is alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
}

/// Something that is not told, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotJudged {
    /// What.
    pub what: &'static str,
    /// Why.
    pub reason: String,
}

impl Summary {
    /// That of a unit, by its report (JSON).
    pub fn new(unit: &Unit, how: String, report: &Value) -> Self {
        let file = FileRead { begin: unit.begin, size: unit.size, read: vec![(unit.from, unit.to)] };
        let drops = ["interface_drops", "kernel_drops"].map(|name| report["losses"][name].as_u64().unwrap_or(0));
        let is_part = unit.kind == UnitKind::Part;
        Self {
            schema: SUMMARY.into(),
            how,
            units: 1,
            has_parts: is_part,
            files: BTreeMap::from([(unit.path.clone(), file)]),
            rulings: BTreeMap::new(),
            told_losses: if is_part { [0; 2] } else { drops },
            parts_tell_losses: is_part && drops != [0; 2],
            warnings: warnings(unit, report),
            left_out: BTreeMap::new(),
            cut_short: report["capture"]["cut_short"] == true,
            numbers: Numbers::of(report).value(),
            report: None,
        }
    }

    /// That of a unit that could not be read: nothing of it is counted, and that is told.
    pub fn unread(unit: &Unit, how: String, why: String) -> Self {
        let mut summary = Self::new(unit, how, &Value::Null);
        let what = match unit.kind {
            UnitKind::Part => format!("bytes {} to {}: {why}", unit.from, unit.to),
            UnitKind::File | UnitKind::LeftOut => why,
        };
        summary.left_out.entry(unit.path.clone()).or_default().insert(what);
        if unit.kind == UnitKind::LeftOut {
            (summary.units, summary.files) = (0, BTreeMap::new());
        }
        summary
    }

    /// Reads a line.
    ///
    /// # Errors
    /// It is no summary; in words.
    pub fn read(line: &str) -> Result<Self, String> {
        let summary: Self = serde_json::from_str(line).map_err(|e| format!("no summary: {e}"))?;
        if summary.schema == SUMMARY { Ok(summary) } else { Err(format!("a summary of another shape: {}", summary.schema)) }
    }

    /// Puts summaries together, each of which is read when the one before has been added.
    ///
    /// # Errors
    /// There is none, they do not go together, or the same bytes were read twice; in words.
    pub fn merge(lines: impl Iterator<Item = Result<Self, String>>) -> Result<Self, String> {
        let mut sum: Option<(Self, Numbers)> = None;
        for summary in lines {
            let mut summary = summary?;
            let numbers = Numbers::of(&std::mem::take(&mut summary.numbers));
            match &mut sum {
                None => sum = Some((summary, numbers)),
                Some((known, sums)) => {
                    known.join(summary)?;
                    sums.add(numbers);
                }
            }
        }
        let (mut summary, numbers) = sum.ok_or("there are no summaries")?;
        summary.numbers = numbers.value();
        Ok(summary)
    }

    fn join(&mut self, other: Self) -> Result<(), String> {
        if self.how != other.how {
            return Err(format!("units that were read in different ways do not add up: {} / {}", self.how, other.how));
        }
        self.report = None;
        self.units += other.units;
        self.has_parts |= other.has_parts;
        self.parts_tell_losses |= other.parts_tell_losses;
        self.told_losses.iter_mut().zip(other.told_losses).for_each(|(sum, n)| *sum = sum.saturating_add(n));
        self.cut_short |= other.cut_short;
        for (told, more) in [(&mut self.warnings, other.warnings), (&mut self.left_out, other.left_out)] {
            for (path, words) in more {
                told.entry(path).or_default().extend(words);
            }
        }
        for (kind, rulings) in other.rulings {
            self.rulings.entry(kind).or_default().extend(rulings);
        }
        for (path, file) in other.files {
            match self.files.get_mut(&path) {
                Some(known) => known.join(&path, file)?,
                None => drop(self.files.insert(path, file)),
            }
        }
        Ok(())
    }

    /// What is missing of the files, in words; nothing where every byte was read once.
    pub fn missing(&self) -> Vec<String> {
        let is_whole = |file: &FileRead| file.read.as_slice() == [(file.begin, file.size)];
        let told = |(path, file): (&String, &FileRead)| {
            let read: Vec<String> = file.read.iter().map(|(from, to)| format!("{from} to {to}")).collect();
            format!("{path}: of bytes {} to {} only {} were read: a unit is missing", file.begin, file.size, read.join(", "))
        };
        self.files.iter().filter(|(_, file)| !is_whole(file)).map(told).collect()
    }

    /// What is wrong with files and what was left out, a line each.
    pub fn told(&self) -> Vec<String> {
        let lines = |told: &BTreeMap<String, BTreeSet<String>>, before: &'static str| -> Vec<String> {
            told.iter().flat_map(|(path, words)| words.iter().map(move |words| format!("{path}: {before}{words}"))).collect()
        };
        [lines(&self.warnings, ""), lines(&self.left_out, "left out: ")].concat()
    }

    /// Everything together, in the shape of a report, with what is not judged and why.
    pub fn archive(&self) -> Value {
        let mut numbers = Numbers::of(&self.numbers);
        let not_judged = self.not_judged(&mut numbers);
        let mut out = numbers.value();
        if let Some(out) = out.as_object_mut() {
            out.insert("schema".into(), ARCHIVE.into());
            out.insert("version".into(), env!("CARGO_PKG_VERSION").into());
            out.insert("how".into(), self.how.as_str().into());
            out.insert("units".into(), self.units.into());
            out.insert("files".into(), self.files.len().into());
            out.insert("not_judged".into(), json!(not_judged));
            let listed = |told: &BTreeMap<String, BTreeSet<String>>, name: &str| -> Vec<Value> {
                told.iter().flat_map(|(path, words)| words.iter().map(move |words| json!({ "file": path, name: words }))).collect()
            };
            out.insert("warnings".into(), listed(&self.warnings, "warning").into());
            out.insert("left_out".into(), listed(&self.left_out, "reason").into());
            if let Some(capture) = out.get_mut("capture").and_then(Value::as_object_mut) {
                capture.insert("cut_short".into(), self.cut_short.into());
            }
            if !self.parts_tell_losses
                && let Some(losses) = out.get_mut("losses").and_then(Value::as_object_mut)
            {
                let [interface, kernel] = self.told_losses;
                losses.insert("interface_drops".into(), interface.into());
                losses.insert("kernel_drops".into(), kernel.into());
            }
        }
        out
    }

    /// What cannot be told of units, and takes out of the numbers what would not be true.
    fn not_judged(&self, numbers: &mut Numbers) -> Vec<NotJudged> {
        let mut out = Vec::new();
        let mut say = |what, reason: String| out.push(NotJudged { what, reason });
        if self.report.is_none() {
            let at_borders = "rests on packets that stand on both sides of a border between units".to_owned();
            for what in [
                "findings and the mirror's verdict",
                "states, round trips and retransmissions",
                "services' requests and times",
                "applications",
            ] {
                say(what, at_borders.clone());
            }
            say("busiest millisecond", "a border may lie within it".to_owned());
            say(
                "mean without a gap",
                "a time without any packet that is longer than all the traffic besides is part of the mean here".to_owned(),
            );
        }
        if self.units > 1 && self.how.contains("copies left out") {
            say("copies", "those whose first stands in another unit are counted".to_owned());
        }
        let disagree: Vec<String> =
            self.rulings.iter().filter(|(kind, ways)| ways.len() > 1 || *kind == "tunnels").map(|(kind, _)| kind.clone()).collect();
        if self.has_parts && !disagree.is_empty() {
            numbers.keep_capture_only();
            say(
                "what stands inside of packets",
                format!(
                    "what is taken off is found out from the packets before, and parts differ ({}): say it with --decap, --mirror-to, --rspan, --trailer",
                    disagree.join(", ")
                ),
            );
        } else if self.has_parts && numbers.without_ports() > 0 {
            say(
                "ports of some fragments",
                format!("{} packets whose beginning is in another unit, or nowhere, stand at port 0", numbers.without_ports()),
            );
        }
        if numbers.is_coarse() {
            numbers.forget_series();
            say("load over time", "there are more intervals than a unit keeps one by one: take longer ones (--interval)".to_owned());
        }
        if self.parts_tell_losses {
            say("losses that files tell of", "their counters run through the whole file".to_owned());
        }
        out
    }
}

/// What the report of a unit warns of.
fn warnings(unit: &Unit, report: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let sources = report["capture"]["sources"].as_array().into_iter().flatten();
    let mut words: BTreeSet<String> = sources.filter_map(|source| source["warning"].as_str()).map(str::to_owned).collect();
    // A report ends with the damage, and so does a part; those behind it were cut before anybody knew.
    if unit.kind == UnitKind::Part && unit.to < unit.size {
        let until = |words: String| if words.starts_with("damaged") { format!("{words}, up to byte {}", unit.to) } else { words };
        words = words.into_iter().map(until).collect();
    }
    if words.is_empty() { BTreeMap::new() } else { BTreeMap::from([(unit.path.clone(), words)]) }
}

impl FileRead {
    fn join(&mut self, path: &str, other: Self) -> Result<(), String> {
        if (self.begin, self.size) != (other.begin, other.size) {
            return Err(format!("{path}: had another size when another unit was read"));
        }
        self.read.extend(other.read);
        self.read.arrange();
        let mut joined: Vec<(u64, u64)> = Vec::with_capacity(self.read.len());
        for (from, to) in std::mem::take(&mut self.read) {
            match joined.last_mut() {
                Some((_, end)) if from < *end => return Err(format!("{path}: bytes {from} to {end} were read twice")),
                Some((_, end)) if from == *end => *end = to,
                _ => joined.push((from, to)),
            }
        }
        self.read = joined;
        Ok(())
    }
}
