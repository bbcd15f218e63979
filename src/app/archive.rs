//! `spantop archive`: cuts captures into units, reads units, and puts together what came of them, so that many machines may read an archive.

use super::bounded_lines::BoundedLines;
use super::console::{Console, WARNINGS, say};
use super::output::Output;
use super::privacy::Privacy;
use super::rights::{self, Needs};
use super::{fold_with, memory, signals};
use crate::capture::file::{FileCut, FileCuts, cuts};
use crate::cli::{ArchiveCommand, Common};
use crate::error::{Error, Result};
use crate::json::to_json;
use crate::model::Arrange as _;
use crate::model::limits::{ARCHIVE_UNITS, UNIT_LINE_BYTES};
use crate::model::text::printable;
use crate::model::{Decap, Purpose, RspanChoice, StampChoice, Timestamp};
use crate::report::archive::{Summary, Unit, UnitKind, text};
use crate::report::{self, ReportOptions};
use crate::settings::{CutWay, FilePart, FileSettings, InputSettings, UnitCopies};
use crate::snapshot::Snapshot;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The exit code where something could not be read and was left out, and everything else is there.
const LEFT_OUT: u8 = 4;

/// Does what was asked for; the exit code.
pub fn run(console: &Console, common: &Common, command: &ArchiveCommand) -> Result<u8> {
    match command {
        ArchiveCommand::Plan { files, unit, cut, copies } => {
            // Who wrote captures is not to be trusted: their records are looked at without rights, as reports do.
            rights::give_up(&common.rights, &Needs { reads: files.clone(), ..Needs::default() }, None, console)?;
            plan(files, *unit, *cut, *copies)
        }
        ArchiveCommand::Run { filter } => read_units(console, common, filter.as_ref()),
        ArchiveCommand::Merge { files, format, output } => {
            // A line may hold a whole report: what may be kept of packets may be kept of it.
            merge(files, format, output.as_deref(), common.work.memory.unwrap_or_else(memory::default_budget))
        }
    }
}

/// Writes a line for each unit.
fn plan(files: &[PathBuf], unit: u64, way: CutWay, copies: Option<UnitCopies>) -> Result<u8> {
    let mut found: Vec<(&PathBuf, FileCuts)> = Vec::new();
    let mut left_out: Vec<(&PathBuf, Error)> = Vec::new();
    for path in files {
        match cuts(path, unit, way) {
            Ok(cuts) => found.push((path, cuts)),
            Err(error) => left_out.push((path, error)),
        }
    }
    for (path, cuts) in &found {
        if let Some(why) = &cuts.uncut {
            say(format_args!("warning: {}: not cut further: {why}", printable(&path.display().to_string())));
        }
    }
    let total: usize = found.iter().map(|(_, cuts)| cuts.cuts.len() + 1).sum();
    let is_alone = total == 1 && left_out.is_empty();
    // Which packets are copies is found out from those before: only a unit that is everything tells as a report does.
    let copies = copies.unwrap_or(if is_alone { UnitCopies::LeftOut } else { UnitCopies::Counted });
    let origin = found.iter().filter_map(|(_, cuts)| cuts.first).min().filter(|_| !is_alone).map(|time| time.0);
    let mut units = Vec::with_capacity(total);
    for (path, file) in &found {
        units.extend(units_of(name(path)?, file, (origin, copies)));
    }
    let last = left_out.len().saturating_sub(1);
    for (at, (path, error)) in left_out.iter().enumerate() {
        let (before, words) = (format!("{}: ", printable(&path.display().to_string())), error.to_string());
        let why = words.strip_prefix(&before).unwrap_or(&words).to_owned();
        if at < last || !found.is_empty() {
            say(format_args!("warning: {before}left out: {why}"));
        }
        // Of no file that there is: nothing of it is read.
        let nothing = units_of(name(path)?, &FileCuts::default(), (None, copies));
        units.extend(nothing.into_iter().map(|unit| Unit { kind: UnitKind::LeftOut, trouble: Some(why.clone()), ..unit }));
    }
    (0..).zip(&mut units).for_each(|(number, unit)| unit.unit = number);
    Output::Stdout.write(None, |out| units.iter().try_for_each(|unit| line(out, unit)))?;
    if found.is_empty()
        && let Some((_, error)) = left_out.pop()
    {
        // Nothing is left; who plans for one capture of many has the line of it.
        return Err(error);
    }
    Ok(if left_out.is_empty() { 0 } else { LEFT_OUT })
}

/// Units of a file, without their numbers.
fn units_of(path: String, file: &FileCuts, (origin, copies): (Option<i64>, UnitCopies)) -> Vec<Unit> {
    let whole = [FileCut { at: file.begin, context: Vec::new() }];
    let starts: Vec<&FileCut> = whole.iter().chain(&file.cuts).collect();
    let unit = |(at, start): (usize, &&FileCut)| Unit {
        unit: 0,
        path: path.clone(),
        kind: if file.cuts.is_empty() { UnitKind::File } else { UnitKind::Part },
        from: start.at,
        to: starts.get(at + 1).map_or(file.size, |next| next.at),
        begin: file.begin,
        size: file.size,
        context: start.context.clone(),
        scanned: file.scanned,
        interfaces: file.interfaces,
        origin,
        copies,
        trouble: None,
    };
    starts.iter().enumerate().map(unit).collect()
}

/// A path as a plan names it.
fn name(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).ok_or_else(|| Error::usage(format!("{}: a name that is no text", path.display())))
}

fn line(out: &mut dyn Write, value: &impl serde::Serialize) -> io::Result<()> {
    to_json(&mut *out, value)?;
    out.write_all(b"\n")
}

/// Reads the units that stand on standard input, a line each, and writes a summary of each.
fn read_units(console: &Console, common: &Common, filter: Option<&String>) -> Result<u8> {
    let stop = signals::watch()?;
    let mut units: Vec<Unit> = Vec::new();
    // All of them first: rights are given up with the first file that is read.
    for (at, text) in BoundedLines::new(io::stdin().lock(), UNIT_LINE_BYTES).enumerate() {
        let text = text.map_err(|e| Error::io("standard input", &e))?;
        if text.trim().is_empty() {
            continue;
        }
        let wrong = |what: String| Error::usage(format!("standard input, line {}: {what}", at + 1));
        if units.len() >= ARCHIVE_UNITS {
            return Err(wrong(format!("more than {ARCHIVE_UNITS} units")));
        }
        units.push(serde_json::from_str(&text).map_err(|e| wrong(format!("no unit of spantop archive plan: {e}")))?);
    }
    let reads: Vec<PathBuf> = units.iter().filter(|unit| unit.kind != UnitKind::LeftOut).map(|unit| PathBuf::from(&unit.path)).collect();
    let (mut common, mut is_all) = (common.clone(), true);
    for unit in &units {
        let summary = match &unit.trouble {
            Some(why) => unread(unit, (&common, filter), why.clone()),
            None => {
                let read = read_unit(console, (&common, filter), unit, &reads, &stop)?;
                // Rights are given up once: the system takes few such promises of one thread.
                common.rights.sandbox = false;
                read.unwrap_or_else(|why| unread(unit, (&common, filter), why))
            }
        };
        is_all &= summary.left_out.is_empty();
        summary.told().iter().for_each(|words| say(format_args!("warning: {}", printable(words))));
        Output::Stdout.write(None, |out| line(out, &summary).and_then(|()| out.flush()))?;
    }
    Ok(if is_all { 0 } else { LEFT_OUT })
}

/// The summary of a unit that cannot be read: whatever else there is is read all the same.
fn unread(unit: &Unit, (common, filter): (&Common, Option<&String>), why: String) -> Summary {
    Summary::unread(unit, how(&of_unit(common, unit), filter), why)
}

/// Options as they are in force for a unit.
fn of_unit(common: &Common, unit: &Unit) -> Common {
    let mut common = common.clone();
    common.load.origin = unit.origin.map(Timestamp);
    common.mirror.dedup &= unit.copies == UnitCopies::LeftOut;
    common
}

/// Reads a unit, or says why it cannot be read.
fn read_unit(
    console: &Console,
    (common, filter): (&Common, Option<&String>),
    unit: &Unit,
    reads: &[PathBuf],
    stop: &Arc<AtomicBool>,
) -> Result<std::result::Result<Summary, String>> {
    let path = PathBuf::from(&unit.path);
    let wrong = |what: &str| Error::Format { path: printable(&unit.path).into_owned(), offset: Some(unit.from), message: what.to_owned() };
    let size = match std::fs::metadata(&path) {
        Ok(about) => about.len(),
        Err(error) => return Ok(Err(error.to_string())),
    };
    if size != unit.size {
        return Ok(Err(format!("has {size} bytes, and had {} when it was planned: plan again", unit.size)));
    }
    let is_part = unit.kind == UnitKind::Part;
    let part = is_part.then(|| FilePart { from: unit.from, to: unit.to, context: unit.context.clone(), interfaces: unit.interfaces });
    let common = of_unit(common, unit);
    let input = InputSettings::Files(FileSettings { paths: vec![path], filter: filter.cloned(), part, ..FileSettings::default() });
    let needs = Needs { reads: reads.to_vec(), ..Needs::default() };
    let snapshot = match fold_with(console, &common, &input, (usize::MAX, false), needs, stop).and_then(|(outcome, _)| outcome.complete()) {
        Ok(snapshot) => snapshot,
        Err(error @ (Error::Format { .. } | Error::Io { .. })) => {
            let words = error.to_string();
            let before = format!("{}: ", printable(&unit.path));
            return Ok(Err(words.strip_prefix(&before).unwrap_or(&words).to_owned()));
        }
        Err(error) => return Err(error),
    };
    let source = snapshot.capture.sources.first();
    // Every part that ends where the next one begins proves that one's beginning. One that is damaged before its end proves nothing, and is told.
    if is_part && unit.to < unit.size && source.is_some_and(|source| source.cut_short) {
        return Err(wrong("does not end between two records: plan again with --cut walk"));
    }
    if unit.scanned && unit.to < unit.size && source.is_some_and(|source| source.renews_context) {
        return Err(wrong("names interfaces that what follows needs: plan again with --cut walk"));
    }
    summary(unit, (&common, filter), &snapshot).map(Ok)
}

fn summary(unit: &Unit, (common, filter): (&Common, Option<&String>), snapshot: &Snapshot) -> Result<Summary> {
    let format = report::find("json").ok_or_else(|| Error::internal("there is no JSON"))?;
    let mut text = Vec::new();
    let options = ReportOptions { rows: usize::MAX, ..ReportOptions::default() };
    report::write(format, snapshot, &options, &mut text).map_err(|e| Error::io("report", &e))?;
    let value: Value = serde_json::from_slice(&text).map_err(|e| Error::internal(e.to_string()))?;
    let mut summary = Summary::new(unit, how(common, filter), &value);
    if unit.kind == UnitKind::Part {
        summary.rulings = rulings(common, snapshot);
    } else {
        summary.report = String::from_utf8(text).ok();
    }
    Ok(summary)
}

/// How packets were read, in words: units of different ways do not add up.
fn how(common: &Common, filter: Option<&String>) -> String {
    let mirror = &common.mirror;
    let mut privacy = Privacy::of(common);
    let nets = if common.load.local_nets.is_empty() { Vec::new() } else { privacy.load(&common.load).local_nets };
    let nets: Vec<String> = nets.iter().map(ToString::to_string).collect();
    let ends = privacy.addresses(mirror.ends.clone());
    let mut told = vec![
        format!("intervals of {} s", common.load.interval as f64 / crate::model::time::SECOND as f64),
        format!("copies {}", if mirror.dedup { "left out" } else { "counted" }),
    ];
    let mut say = |is_told: bool, what: String| told.extend(is_told.then_some(what));
    say(mirror.decap != Decap::Auto, format!("decap {:?}", mirror.decap).to_lowercase());
    say(mirror.rspan != RspanChoice::Auto, format!("rspan {:?}", mirror.rspan).to_lowercase());
    say(mirror.stamps != StampChoice::Auto, format!("trailer {:?}", mirror.stamps).to_lowercase());
    say(!mirror.carriers.is_empty(), format!("carriers {:?}", mirror.carriers).to_lowercase());
    say(!ends.is_empty(), format!("mirror to {}", ends.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")));
    say(!nets.is_empty(), format!("local {}", nets.join(" ")));
    say(privacy.hides(), "anonymized".into());
    if let Some(filter) = filter {
        told.push(format!("only {}", privacy.filter(filter)));
    }
    told.join(", ")
}

/// What was found out of how packets are packed, where nobody said it: parts must agree.
fn rulings(common: &Common, snapshot: &Snapshot) -> BTreeMap<String, std::collections::BTreeSet<String>> {
    let (mut out, mirror) = (BTreeMap::<String, std::collections::BTreeSet<String>>::new(), &snapshot.mirror);
    let mut say = |kind: &str, way: String| {
        out.entry(kind.to_owned()).or_default().insert(way);
    };
    let is_rspan = |kind: &str| kind.contains("rspan") && !kind.contains("erspan");
    if common.mirror.rspan == RspanChoice::Auto {
        let found = mirror.sessions.iter().filter(|s| s.peeled && is_rspan(s.tunnel.kind.token())).map(|s| format!("{:?}", s.tunnel));
        say("rspan", found.collect::<Vec<_>>().join(" "));
    }
    if common.mirror.stamps == StampChoice::Auto {
        let mut kinds: Vec<&str> = mirror.stamps.iter().map(|stamps| stamps.kind.token()).collect();
        kinds.arrange();
        kinds.dedup();
        say("trailer", kinds.join(" "));
    }
    if common.mirror.decap == Decap::Auto {
        for session in mirror.sessions.iter().filter(|s| !is_rspan(s.tunnel.kind.token())) {
            say(session.tunnel.kind.token(), format!("taken off: {}, check sequence: {}", session.peeled, session.check_sequence));
        }
        // Of these the share in the traffic so far decides.
        let by_share =
            !mirror.tunnels.rows.is_empty() || mirror.sessions.iter().any(|s| s.peeled && s.tunnel.kind.purpose() != Purpose::Mirror);
        if by_share {
            say("tunnels", String::new());
        }
    }
    out
}

/// Puts summaries together, of `longest` bytes each at most.
fn merge(files: &[PathBuf], format: &str, output: Option<&Path>, longest: u64) -> Result<u8> {
    let output = Output::new(output, &InputSettings::Files(FileSettings { paths: files.to_vec(), ..FileSettings::default() }))?;
    let mut readers: Vec<(String, Box<dyn BufRead>)> = Vec::new();
    for path in files {
        let name = printable(&path.display().to_string()).into_owned();
        readers.push(if path.as_os_str() == "-" {
            ("standard input".into(), Box::new(io::stdin().lock()))
        } else {
            let file = File::open(path).map_err(|e| Error::io(&name, &e))?;
            (name, Box::new(BufReader::new(file)))
        });
    }
    let lines = readers.into_iter().flat_map(|(name, reader)| {
        let read = move |line: io::Result<String>| {
            line.map_err(|e| e.to_string()).and_then(|line| Summary::read(&line)).map_err(|e| format!("{name}: {e}"))
        };
        BoundedLines::new(reader, longest).filter(|line| !line.as_ref().is_ok_and(|line| line.trim().is_empty())).map(read)
    });
    let merged = Summary::merge(lines).map_err(Error::usage)?;
    let missing = merged.missing();
    if format != "summary" && !missing.is_empty() {
        return Err(Error::usage(format!("not all units are there: {}", missing.join("; "))));
    }
    output.write(None, |out| match (format, &merged.report) {
        ("summary", _) => line(out, &merged),
        // One unit that is all there is: its report, to the last byte.
        ("json", Some(report)) => out.write_all(report.as_bytes()),
        ("json", None) => line(out, &merged.archive()),
        _ => out.write_all(text(&merged.archive()).as_bytes()),
    })?;
    if format == "summary" {
        // Whoever merges it again tells.
        return Ok(0);
    }
    let told = merged.told();
    told.iter().take(WARNINGS).for_each(|words| say(format_args!("warning: {}", printable(words))));
    if told.len() > WARNINGS {
        say(format_args!("warning: {} more; the report lists them", told.len() - WARNINGS));
    }
    Ok(if merged.left_out.is_empty() { 0 } else { LEFT_OUT })
}
