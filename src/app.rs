//! The composition root: from settings to a source, an engine, and a screen or a report.

mod archive;
mod ascii_lines;
mod ask;
mod baseline;
mod bounded_lines;
mod check;
mod console;
mod diff;
mod exports;
mod fleet;
mod interfaces;
#[cfg(test)]
mod made_shelf;
mod masked_view;
mod memory;
mod output;
mod packets;
mod preferences;
mod privacy;
mod probe;
mod progress;
mod recorder;
mod rights;
mod save;
mod screen;
mod signals;
mod source;
mod span_reader;
mod temporary;
mod title;
mod trigger;

use crate::capture::host::HostProbe;
use crate::cli::{self, Command, Common, FleetInitRequest, FleetRequest, Invocation, Offered, OfferedExporter, Parsed, ReportRequest};
use crate::diagnose;
use crate::engine;
use crate::error::{Error, Outcome, Result};
use crate::export::registry::EXPORTERS;
use crate::export::{ExporterKind, clickhouse};
use crate::model;
use crate::model::JoinScoped;
use crate::model::limits::REPORT_ROWS;
use crate::report::{self, Format, ReportOptions};
use crate::settings::InputSettings;
use crate::snapshot::tables::TABLES;
use crate::snapshot::{Query, Snapshot};
use console::Console;
use output::Output;
pub use output::note_standard_output;
use preferences::Preferences;
use privacy::Privacy;
use rights::{Needs, RightsLeft};
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs a command line, the program's name first, and returns the exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> u8 {
    crate::model::memory::give_back_early();
    let args: Vec<OsString> = args.into_iter().collect();
    let settings = match cli::parse(args.iter().cloned(), &offered()) {
        Ok(Parsed::Invocation(settings)) => settings,
        Ok(Parsed::Printed(text)) => return text.show(),
        // What reads a probe's log reads JSON.
        Err(error) if cli::is_probe(args) => return probe::failed(&error),
        Err(error) => return fail(&error),
    };
    run(&settings).unwrap_or_else(|error| fail(&error))
}

fn fail(error: &Error) -> u8 {
    console::say(error);
    error.exit_code()
}

/// What the registries offer, as the command line wants it.
fn offered() -> Offered {
    let exporter = |kind: &&ExporterKind| OfferedExporter {
        token: kind.token,
        target: kind.target,
        about: kind.about,
        options: kind.options.iter().map(|option| (option.key, option.line())).collect(),
    };
    Offered {
        formats: report::FORMATS.iter().map(|f| (f.token(), f.about())).collect(),
        exporters: EXPORTERS.iter().map(exporter).collect(),
        findings: diagnose::IDS.to_vec(),
        tables: TABLES.iter().map(|table| table.token()).collect(),
    }
}

fn run(settings: &Invocation) -> Result<u8> {
    let common = &settings.common;
    let console = Console::new(common);
    // What is wrong with the configuration file is told before anything is done; the commands about it look themselves.
    if let Command::Config(command) = &settings.command {
        return preferences::run(&console, common, command);
    }
    if let Command::Probe { input, recorder, probe } = &settings.command {
        let preferences = Preferences::in_force(common);
        let ended = preferences.and_then(|p| probe::run(&console, (common, &p), &source::by_name(input.clone())?, recorder, probe));
        return Ok(ended.unwrap_or_else(|error| probe::failed(&error)));
    }
    let preferences = Preferences::in_force(common)?;
    let by_name = |input: &InputSettings| source::by_name(input.clone());
    match &settings.command {
        Command::Welcome { recorder } if console.interactive() => screen::pick_and_watch(common, &preferences, recorder).map(|()| 0),
        Command::Welcome { .. } => {
            console::print_help(&cli::help(&offered()));
            Ok(2)
        }
        Command::Dashboard { input, recorder, request, .. } if console.interactive() => {
            screen::watch(&by_name(input)?, common, &preferences, (recorder, request.compare.as_deref())).map(|()| 0)
        }
        Command::Dashboard { input, needs_screen: Some(option), .. } => Err(needs_screen(option, input)),
        Command::Dashboard { input, request, .. } => {
            write_report(&console, (common, &preferences), &by_name(input)?, (report::FORMATS[0], None), None, request.top)
        }
        Command::Report { input, request: ReportRequest { format, output, top, table } } => {
            let format = report::find(format).ok_or_else(|| Error::usage(format!("--format {format}: no such format")))?;
            let table = table.as_deref().map(|name| the_table(format, name)).transpose()?;
            tell_of_ending(format, output.as_deref());
            write_report(&console, (common, &preferences), &by_name(input)?, (format, table), output.as_deref(), *top)
        }
        Command::Check { input, format } => check::check(&console, common, input, format),
        Command::Packets { input, request, stretch } => packets::list(&console, common, &by_name(input)?, request, *stretch).map(|()| 0),
        Command::Save { input, stretch, output } => save::save(&console, common, &by_name(input)?, *stretch, output).map(|()| 0),
        Command::Diff(request) => diff::diff(&console, common, request).map(|()| 0),
        Command::Fleet(FleetRequest { url, last, from, to, format }) => {
            let span = fleet::span(*last, [*from, *to])?;
            fleet::run(&console, (common, &preferences), url.as_deref(), span, format.as_deref()).map(|()| 0)
        }
        Command::Archive(command) => archive::run(&console, common, command),
        Command::FleetInit(FleetInitRequest { database, keep_days, keep, cluster, print }) => {
            let plan = clickhouse::DatabasePlan { database, keep_days: *keep_days, keep, cluster: cluster.as_deref() };
            fleet::init(&plan, print).map(|()| 0)
        }
        Command::Interfaces => interfaces::list(&console).map(|()| 0),
        Command::Explain { finding: Some(id) } => check::explain(&console, id).map(|()| 0),
        Command::Explain { finding: None } => check::list(&console).map(|()| 0),
        Command::Config(_) | Command::Probe { .. } => Ok(0),
        Command::Completions(shell) => output::print(&cli::completions(*shell, &offered())).map(|()| 0),
        Command::Man => print_manual().map(|()| 0),
    }
}

/// What is wrong where there is no screen to show what was asked for.
fn needs_screen(option: &str, input: &InputSettings) -> Error {
    Error::usage(match option {
        "--compare" => "--compare goes with the dashboard, on a terminal; spantop diff BEFORE AFTER compares two captures".to_owned(),
        _ if option.starts_with("--ring") && matches!(input, InputSettings::Files(_)) && !source::is_endless(input) => {
            recorder::RING_OF_A_CAPTURE.to_owned()
        }
        _ => format!("{option} goes with the dashboard: on a terminal, which standard output is not"),
    })
}

fn print_manual() -> Result<()> {
    let mut page = Vec::new();
    cli::man(&offered(), &mut page).map_err(|e| Error::io("manual page", &e))?;
    output::print(&page)
}

/// The token of the table that `--table` names.
fn the_table(format: &dyn Format, name: &str) -> Result<&'static str> {
    if !format.is_one_table() {
        return Err(Error::usage(format!("--table goes with --format csv; {} holds every table", format.token())));
    }
    let all = || TABLES.iter().map(|t| t.token()).collect::<Vec<_>>().join(", ");
    let table = TABLES.iter().find(|t| t.token() == name);
    table.map(|t| t.token()).ok_or_else(|| Error::usage(format!("--table {name}: no such table; there are {}", all())))
}

/// Says what a report is where the name of its file promises something else.
fn tell_of_ending(format: &dyn Format, output: Option<&Path>) {
    const OF_TEXT: [&str; 4] = ["txt", "text", "log", "out"];
    let ending = output.and_then(Path::extension).and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    if let Some(ending) = ending.filter(|ending| format.token() == "text" && !OF_TEXT.contains(&ending.as_str())) {
        let ending = crate::model::text::printable(&ending).into_owned();
        console::say(format_args!(
            "warning: the report is text, which .{ending} does not say (.html, .json, .csv and .md are formats; --format names one)"
        ));
    }
}

fn write_report(
    console: &Console,
    (common, preferences): (&Common, &Preferences),
    input: &InputSettings,
    (format, table): (&dyn Format, Option<&'static str>),
    output: Option<&Path>,
    top: Option<usize>,
) -> Result<u8> {
    let rows = top.unwrap_or_else(|| format.rows());
    let output = Output::new(output, input)?;
    let stop = signals::watch()?;
    // A report for people shows few, and tells from many which of them are one.
    let looked_at = if format.rows() == usize::MAX { rows } else { rows.max(REPORT_ROWS) };
    let (Outcome { result: mut snapshot, failure }, _) = fold(console, common, input, looked_at, output.path(), &stop)?;
    preferences.name_hosts(&mut snapshot);
    // An interrupted file has no report; an interrupted port or pipe has one, and writing it is no longer to be interrupted by the flag.
    let interrupt = (!source::is_endless(input)).then_some(&*stop);
    let options = ReportOptions {
        rows,
        table,
        width: console.width(),
        color: output.is_stdout() && console.color(),
        join_scoped: (threads(common) > 1).then_some(engine::join_scoped as JoinScoped),
    };
    output.write(interrupt, |out| {
        if !(console.is_ascii() && output.is_stdout() && format.token() == report::FORMATS.first().map_or("", |text| text.token())) {
            return report::write(format, &snapshot, &options, out);
        }
        let mut text = Vec::new();
        report::write(format, &snapshot, &options, &mut text)?;
        out.write_all(console.text(&String::from_utf8_lossy(&text)).as_bytes())
    })?;
    console.losses(&snapshot);
    // The program ends, and the system takes all of its memory back at once: to free a hundred thousand rows before takes longer.
    std::mem::forget(snapshot);
    failure.map_or(Ok(0), Err)
}

/// Reads everything there is to read. A failing port still has a result, beside its failure; a failing file has none.
fn fold(
    console: &Console,
    common: &Common,
    input: &InputSettings,
    rows: usize,
    writes: Option<&Path>,
    stop: &Arc<AtomicBool>,
) -> Result<(Outcome<Snapshot>, RightsLeft)> {
    let needs = Needs { writes: writes.map(Path::to_owned), ..Needs::default() };
    fold_with(console, common, input, (rows, true), needs, stop)
}

/// Does what [`fold`] does, where more is to be read or written later: how many rows are wanted, and whether the program ends behind it.
fn fold_with(
    console: &Console,
    common: &Common,
    input: &InputSettings,
    (rows, is_last): (usize, bool),
    needs: Needs,
    stop: &Arc<AtomicBool>,
) -> Result<(Outcome<Snapshot>, RightsLeft)> {
    let asked = ask::agent(common, input)?;
    let (source, standing) = source::open_noting(input, needs, None, common, console)?;
    let mut settings = engine_settings(common, input, &source.info());
    settings.switch = asked;
    settings.query = Query { rows, ..Query::everything() };
    settings.ends_program = is_last;
    let source = progress::watch(source, console, input.limit(), signals::asks_for_statistics()?);
    let outcome = engine::run(source, &settings, Arc::clone(stop))?;
    let switch = &outcome.result.switch;
    if let Some(asked) = &switch.asked {
        let is_known = switch.ports.iter().any(|port| port.is_mirror);
        let unknown = asked.mirror_port.as_ref().and_then(|_| asked.no_mirror_port(is_known));
        for words in asked.trouble.iter().chain(&unknown) {
            console::say(format_args!("warning: --switch: {words}"));
        }
    }
    match input {
        // A pipe that brought nothing but a failure is no capture; a port is one, whatever comes.
        InputSettings::Files(_) if outcome.failure.is_some() && outcome.result.mirror.link.packets == 0 => {
            outcome.complete().map(|result| (Outcome { result, failure: None }, standing))
        }
        _ if source::is_endless(input) => Ok((outcome, standing)),
        InputSettings::Files(_) if stop.load(Ordering::Relaxed) => Err(Error::Interrupted),
        InputSettings::Files(_) => outcome.complete().map(|result| (Outcome { result, failure: None }, standing)),
        InputSettings::Live(_) => Ok((outcome, standing)),
    }
}

/// The engine's share of the settings.
fn engine_settings(common: &Common, input: &InputSettings, sources: &[crate::capture::SourceInfo]) -> engine::Settings {
    let port = match sources {
        [only] => only.speed,
        _ => None,
    };
    let mut privacy = Privacy::of(common);
    let mut mirror = common.mirror.clone();
    mirror.ends = privacy.addresses(mirror.ends);
    mirror.speed_is_port = mirror.speed.is_none();
    mirror.speed = mirror.speed.or(port);
    let (live, host) = match input {
        InputSettings::Live(live) => {
            let (interfaces, buffer_bytes) = (live.interfaces.clone(), u64::try_from(live.buffer_bytes).ok());
            (true, Some(HostProbe { interfaces, buffer_bytes, ..HostProbe::default() }))
        }
        InputSettings::Files(files) => (files.replay.is_some() || files.follow, None),
    };
    engine::Settings {
        load: privacy.load(&common.load),
        mirror,
        live,
        limit: input.limit(),
        filter: input.filter().map(|filter| privacy.filter(filter)),
        ours: if host.is_some() { privacy.addresses(own_addresses()) } else { Vec::new() },
        host: host.map(|host| privacy.host(host)),
        threads: threads(common),
        memory: engine::MemoryPlan::within(common.work.memory.unwrap_or_else(memory::default_budget)),
        ..engine::Settings::default()
    }
}

/// Threads that the user wants, or as many as there are processors.
fn threads(common: &Common) -> usize {
    common.work.threads.unwrap_or_else(|| engine::Settings::default().threads)
}

/// Addresses of this host: a mirror sent to one of them is ours. Without the list decisions rest on shares alone.
fn own_addresses() -> Vec<model::Address> {
    let ports = crate::capture::ports::list().unwrap_or_default();
    ports.iter().flat_map(|p| &p.addresses).map(|&a| model::Address::from(a)).collect()
}
