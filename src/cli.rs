//! The command line, in two steps: what was typed (`typed`) and what is meant ([`Invocation`], by `meaning`).

mod config;
mod groups;
mod help;
mod manual;
mod meaning;
mod options;
mod requests;
mod settings;
mod typed;
mod units;

pub use crate::model::near::near;
pub use config::{ConfigEntry, ConfigFile, read as read_config, usual_place};
pub use requests::{
    ArchiveCommand, CheckRequest, DashboardRequest, DiffRequest, FleetInitRequest, FleetRequest, PacketsRequest, ReportRequest, SaveRequest,
};
pub use settings::{Command, Common, ConfigCommand, InForce, Invocation, SwitchRequest};
pub use units::{carrier, time};

use crate::error::{Error, Result};
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, ValueHint};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use typed::{Given, Typed};

/// What the program can do beside its options, told by who knows.
#[derive(Debug, Clone, Default)]
pub struct Offered {
    /// Report formats: word and description.
    pub formats: Vec<(&'static str, &'static str)>,
    /// Exporters of a probe.
    pub exporters: Vec<OfferedExporter>,
    /// Identifiers of findings.
    pub findings: Vec<&'static str>,
    /// Tables of a report.
    pub tables: Vec<&'static str>,
}

/// An exporter, as help and manual tell of it.
#[derive(Debug, Clone)]
pub struct OfferedExporter {
    /// Its name.
    pub token: &'static str,
    /// What its target looks like.
    pub target: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Its options, each with what it means.
    pub options: Vec<(&'static str, String)>,
}

/// A shell that completions can be made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shell(clap_complete::Shell);

/// What a command line came to.
#[derive(Debug)]
pub enum Parsed {
    /// What is to be done.
    Invocation(Box<Invocation>),
    /// Clap has something to print instead: help, the version, or what is wrong.
    Printed(ClapText),
}

/// A text that clap prints.
#[derive(Debug)]
pub struct ClapText(Box<clap::Error>);

impl ClapText {
    /// Prints it and returns the exit code. A reader that has gone is not told.
    pub fn show(&self) -> u8 {
        match self.0.print().and_then(|()| std::io::stdout().flush()) {
            Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
                let _ = writeln!(std::io::stderr(), "spantop: cannot write to standard output: {e}");
                1
            }
            _ => u8::try_from(self.0.exit_code()).unwrap_or(2),
        }
    }
}

/// Reads a command line, the program's name first. `offered` is what the program can do beside its options.
///
/// # Errors
/// When the command line or the configuration file is wrong in a way that clap does not know.
pub fn parse(args: impl IntoIterator<Item = OsString>, offered: &Offered) -> Result<Parsed> {
    let args: Vec<OsString> = args.into_iter().collect();
    let mut command = command(offered);
    let mut matches = match command.clone().try_get_matches_from(&args) {
        Ok(matches) => matches,
        Err(printed) => return misspelt(&args, &printed).map_or_else(|| Ok(Parsed::Printed(ClapText(Box::new(printed)))), Err),
    };
    misread_replay(&args)?;
    let mut file = None;
    if let Some(path) = config_path(&matches) {
        let read = config::read(&path)?;
        for entry in &read.options {
            command = with_default(command, entry)?;
            matches = command.clone().try_get_matches_from(&args).map_err(|e| in_file(entry, &e))?;
        }
        file = Some(read);
    }
    match Typed::from_arg_matches(&matches) {
        Ok(typed) => {
            let mut meant = typed.meant(&Given(&matches))?;
            if let Command::Config(ConfigCommand::Print { options }) = &mut meant.command {
                *options = in_force(&matches, file.as_ref());
            }
            meant.common.file = file;
            Ok(Parsed::Invocation(Box::new(meant)))
        }
        Err(printed) => Ok(Parsed::Printed(ClapText(Box::new(printed)))),
    }
}

/// The configuration file that counts: the one that is named, or the usual one where it is there. Commands that are about the file or that
/// nothing can be configured of do without.
fn config_path(matches: &ArgMatches) -> Option<PathBuf> {
    let is_print = |config: &ArgMatches| config.subcommand_name() == Some("print");
    match matches.subcommand() {
        Some(("config", config)) if !is_print(config) => return None,
        Some(("completions" | "man", _)) => return None,
        _ => {}
    }
    let named = matches.get_one::<PathBuf>("config").cloned();
    named.or_else(|| usual_place().filter(|path| path.is_file()))
}

/// The options that hold for every command, with the values that are in force.
fn in_force(matches: &ArgMatches, file: Option<&ConfigFile>) -> Vec<InForce> {
    let typed = Typed::command();
    let common = typed.get_arguments().filter(|a| a.is_global_set() && !["config", "help", "version"].contains(&a.get_id().as_str()));
    let mut out: Vec<InForce> = common
        .filter_map(|arg| {
            let (id, key) = (arg.get_id().as_str(), arg.get_long()?.to_owned());
            let line = file.and_then(|file| file.options.iter().find(|entry| entry.key == key));
            let origin = match (matches.value_source(id), line) {
                (Some(ValueSource::CommandLine), _) => "command line".to_owned(),
                (_, Some(line)) => line.place.clone(),
                (Some(ValueSource::DefaultValue), None) => String::new(),
                _ => return None,
            };
            let values = match line.filter(|line| line.place == origin) {
                Some(line) => line.values.clone(),
                None => matches.get_raw(id).map(|raw| raw.map(|v| v.to_string_lossy().into_owned()).collect()).unwrap_or_default(),
            };
            let values = if values.is_empty() { vec![matches.get_flag(id).to_string()] } else { values };
            Some(InForce { key, values, is_list: matches!(arg.get_action(), clap::ArgAction::Append), origin })
        })
        .collect();
    let others = file.iter().flat_map(|file| &file.options).filter(|entry| !out.iter().any(|known| known.key == entry.key));
    let others: Vec<InForce> = others
        .map(|e| InForce { key: e.key.clone(), values: e.values.clone(), is_list: e.values.len() != 1, origin: e.place.clone() })
        .collect();
    out.extend(others);
    out
}

/// Whether a command line, right or wrong, is one of `spantop probe`.
pub fn is_probe(args: impl IntoIterator<Item = OsString>) -> bool {
    let matches = Typed::command().ignore_errors(true).try_get_matches_from(args);
    matches.is_ok_and(|matches| matches.subcommand_name() == Some("probe"))
}

/// What is typed to find out what a command makes of a file's options.
const TRIED: [&[&str]; 6] = [
    &["spantop", "x"],
    &["spantop", "report", "x"],
    &["spantop", "packets", "x"],
    &["spantop", "save", "-o", "x", "x"],
    &["spantop", "probe", "x"],
    &["spantop", "check", "x"],
];

/// What is wrong with the options of a configuration file, each by itself, else what a command does not take of them together.
pub fn wrong_options(file: &ConfigFile, offered: &Offered) -> Vec<String> {
    let wrong = |entry: &ConfigEntry| {
        let changed = with_default(command(offered), entry).map_err(|e| e.to_string());
        // What an option takes is looked at where it is used: in commands that have it.
        let checked = changed.map(|command| {
            TRIED.iter().find_map(|line| command.clone().try_get_matches_from(*line).err()).map(|e| in_file(entry, &e).to_string())
        });
        checked.unwrap_or_else(Some)
    };
    let single: Vec<String> = file.options.iter().filter_map(wrong).collect();
    if !single.is_empty() {
        return single;
    }
    let Ok(all) = file.options.iter().try_fold(command(offered), with_default) else { return single };
    let refused = |line: &&[&str]| {
        let matches = all.clone().try_get_matches_from(*line).ok()?;
        let typed = Typed::from_arg_matches(&matches).ok()?;
        typed.meant(&Given(&matches)).err().map(|error| format!("{}: {error}", file.path.display()))
    };
    TRIED.iter().find_map(refused).into_iter().collect()
}

/// Report formats that a check comes in.
const CHECK_FORMATS: [&str; 2] = ["text", "json"];

/// Formats that a comparison comes in.
const DIFF_FORMATS: [&str; 4] = ["text", "json", "markdown", "html"];

/// Formats that a list of packets comes in.
const PACKET_FORMATS: [&str; 2] = ["text", "json"];

/// What is wrong where the options are those of a command that was not typed right: clap takes it for a capture.
fn misspelt(args: &[OsString], printed: &clap::Error) -> Option<Error> {
    let word =
        args.get(1)?.to_str().filter(|word| !word.starts_with('-') && printed.use_stderr() && !std::path::Path::new(word).exists())?;
    let meant = like_a_command(word)?;
    Some(Error::usage(format!("{word}: no such capture and no command; did you mean spantop {meant}?")))
}

/// Refuses a speed that is none where it stands behind `--replay=`: a word behind `--replay` and a blank is a capture.
fn misread_replay(args: &[OsString]) -> Result<()> {
    let typed = args.iter().filter_map(|arg| arg.to_str()?.strip_prefix("--replay="));
    match typed.into_iter().find(|text| units::replay(text).is_none()) {
        Some(text) => {
            Err(Error::usage(format!("--replay={text}: a speed is wanted, such as 10; the capture stands apart: spantop --replay=10 FILE")))
        }
        None => Ok(()),
    }
}

/// The command that a word is most like, when it is like one.
pub fn like_a_command(word: &str) -> Option<String> {
    let command = Typed::command();
    near(word, command.get_subcommands().map(clap::Command::get_name)).map(str::to_owned)
}

fn command(offered: &Offered) -> clap::Command {
    let values: Vec<PossibleValue> = offered.formats.iter().map(|(token, about)| PossibleValue::new(*token).help(*about)).collect();
    let command = Typed::command()
        .mut_subcommand("report", |c| c.mut_arg("format", |a| a.value_parser(PossibleValuesParser::new(values))))
        .mut_subcommand("probe", |c| c.after_help(help::probe(&offered.exporters)));
    hide_idle(command)
}

/// Options of a port, which commands that read captures refuse.
const OF_PORTS: [&str; 7] = ["interface", "no_promisc", "snaplen", "buffer", "time_stamps", "readers", "fanout"];

/// Options of a dashboard, of asking a switch, and of what load is measured by.
const OF_SCREENS: [&str; 1] = ["theme"];
const OF_SWITCHES: [&str; 3] = ["switch", "switch_credentials", "switch_port"];
const OF_LOADS: [&str; 3] = ["interval", "local_net", "speed"];

/// What is read where packets are only copied, and where nothing is captured.
const OF_COPYING: [&str; 9] = ["config", "color", "ascii", "quiet", "verbose", "anonymize", "anonymize_key", "user", "no_sandbox"];
const OF_FLEETS: [&str; 10] = ["config", "color", "theme", "ascii", "quiet", "verbose", "anonymize", "anonymize_key", "user", "no_sandbox"];

/// Takes options out of the help of commands where they mean nothing: those of a port where captures are read, those of an analysis where none is
/// made. They are taken as before, for one configuration holds for all commands.
fn hide_idle(command: clap::Command) -> clap::Command {
    let globals: Vec<clap::Arg> = command.get_arguments().filter(|a| a.is_global_set()).cloned().collect();
    let without = |kept: &'static [&'static str]| {
        let idle: Vec<clap::Arg> = globals.iter().filter(|a| !kept.contains(&a.get_id().as_str())).map(|a| a.clone().hide(true)).collect();
        move |c: clap::Command| c.args(idle)
    };
    let lacking = |unread: &[&[&'static str]]| {
        let unread = unread.concat();
        let idle: Vec<clap::Arg> = globals.iter().filter(|a| unread.contains(&a.get_id().as_str())).map(|a| a.clone().hide(true)).collect();
        move |c: clap::Command| c.args(idle)
    };
    let of_captures = |c: clap::Command| c.mut_args(|a| if OF_PORTS.contains(&a.get_id().as_str()) { a.hide(true) } else { a });
    command
        .mut_subcommand("packets", of_captures)
        .mut_subcommand("save", of_captures)
        .mut_subcommand("packets", lacking(&[&OF_SCREENS, &OF_SWITCHES, &OF_LOADS]))
        .mut_subcommand("save", without(&OF_COPYING))
        .mut_subcommand("report", lacking(&[&OF_SCREENS]))
        .mut_subcommand("check", lacking(&[&OF_SCREENS]))
        .mut_subcommand("probe", lacking(&[&OF_SCREENS]))
        .mut_subcommand("diff", lacking(&[&OF_SCREENS, &OF_SWITCHES]))
        .mut_subcommand("archive", lacking(&[&OF_SCREENS, &OF_SWITCHES]))
        .mut_subcommand("fleet", without(&OF_FLEETS))
        .mut_subcommand("explain", without(&["config", "color", "ascii", "quiet"]))
        .mut_subcommand("interfaces", without(&["config", "color", "ascii", "quiet"]))
        .mut_subcommand("completions", without(&[]))
        .mut_subcommand("man", without(&[]))
}

/// Makes the values of a configuration file the defaults of the option they name, wherever it occurs.
fn with_default(mut command: clap::Command, entry: &ConfigEntry) -> Result<clap::Command> {
    let id = |c: &clap::Command| {
        c.get_arguments().find(|a| a.get_long() == Some(&entry.key) && a.get_id() != "config").map(|a| a.get_id().clone())
    };
    let change = |c: clap::Command, id: clap::Id| {
        let values: Vec<clap::builder::OsStr> = entry.values.iter().map(|v| v.clone().into()).collect();
        c.mut_arg(id, |a| a.default_values(values))
    };
    let names: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
    let mut known = false;
    if let Some(id) = id(&command) {
        known = true;
        command = change(command, id);
    }
    for name in names {
        if let Some(id) = command.find_subcommand(&name).and_then(id) {
            known = true;
            // Checks and lists come in fewer formats than the report that a file's `format` is about.
            let fewer: Option<&[&str]> = match name.as_str() {
                "check" => Some(&CHECK_FORMATS),
                "packets" => Some(&PACKET_FORMATS),
                "diff" => Some(&DIFF_FORMATS),
                _ => None,
            };
            if let Some(formats) = fewer
                && entry.key == "format"
                && !entry.values.iter().all(|v| formats.contains(&v.as_str()))
            {
                continue;
            }
            command = command.mut_subcommand(name, |c| change(c, id));
        }
    }
    if known {
        Ok(command)
    } else {
        Err(Error::usage(format!("{}: unknown key '{}'; keys are long options without dashes", entry.place, entry.key)))
    }
}

fn in_file(entry: &ConfigEntry, error: &clap::Error) -> Error {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let possible = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) if !values.is_empty() => format!(" ({})", values.join(", ")),
        _ => String::new(),
    };
    Error::usage(format!("{}: {}{possible}", entry.place, first.strip_prefix("error: ").unwrap_or(first)))
}

/// The help, as `--help` prints it.
pub fn help(offered: &Offered) -> String {
    command(offered).render_help().to_string()
}

/// Writes completions for a shell.
pub fn completions(shell: Shell, offered: &Offered) -> Vec<u8> {
    let mut out = Vec::new();
    let words = |all: &[&'static str]| PossibleValuesParser::new(all.iter().map(|word| PossibleValue::new(*word)).collect::<Vec<_>>());
    // Where a name is wanted files are none.
    let no_file = |arg: clap::Arg| if arg.get_id() == "interface" { arg.value_hint(ValueHint::Other) } else { arg };
    let commands: Vec<String> = Typed::command().get_subcommands().map(|c| c.get_name().to_owned()).collect();
    let all = command(offered)
        .mut_subcommand("explain", |c| c.mut_arg("finding", |a| a.value_parser(words(&offered.findings))))
        .mut_subcommand("report", |c| c.mut_arg("table", |a| a.value_parser(words(&offered.tables))))
        .mut_args(no_file);
    let mut all = commands.iter().fold(all, |all, name| all.mut_subcommand(name, |c| c.mut_args(no_file)));
    clap_complete::generate(shell.0, &mut all, "spantop", &mut out);
    out
}

/// Writes the manual page.
///
/// # Errors
/// What `out` answers to a write.
pub fn man(offered: &Offered, out: &mut dyn Write) -> io::Result<()> {
    manual::write(&command(offered), &offered.exporters, out)
}
