//! The command line, in two steps: what was typed (this file) and what is meant ([`Invocation`]).

mod config;
mod help;
mod manual;
mod settings;
mod units;

pub use settings::{Command, Common, Invocation};

use crate::error::{Error, Result};
use crate::model::{Address, Carrier, Decap, RspanChoice, StampChoice};
use crate::settings::{BackgroundChoice, Color, ConsoleSettings, FileSettings, InputSettings, LiveSettings, LoadSettings, MirrorSettings};
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

/// A shell that completions can be made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shell(clap_complete::Shell);

#[derive(Debug, Parser)]
#[command(name = "spantop", version, about = "top for a switch's SPAN port", after_help = help::EXAMPLES)]
#[command(max_term_width = 110, arg_required_else_help = false)]
struct Typed {
    #[command(subcommand)]
    command: Option<TypedCommand>,
    #[command(flatten)]
    input: TypedInput,
    /// Replay captures as they happened, or SPEED times as fast (--replay=10)
    #[arg(long, value_name = "SPEED", num_args = 0..=1, default_missing_value = "1", conflicts_with = "interface")]
    replay: Option<String>,
    /// Rows of each table when standard output is no terminal [default: 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    top: Option<u64>,
    #[command(flatten)]
    common: TypedCommon,
}

#[derive(Debug, Subcommand)]
enum TypedCommand {
    /// Write a report about captures or a stretch of live traffic
    #[command(after_help = help::REPORT)]
    Report {
        #[command(flatten)]
        input: TypedInput,
        /// How the report looks
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: String,
        /// Write to PATH (all or nothing) instead of standard output
        #[arg(short, long, value_name = "PATH")]
        output: Option<PathBuf>,
        /// Rows of each table [default: 20 for reading, all in JSON and CSV]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        top: Option<u64>,
        /// The table that CSV holds, by its name in JSON [default: conversations]
        #[arg(long, value_name = "NAME")]
        table: Option<String>,
    },
    /// Tell whether this mirror and this host can be trusted: by the packets and by the settings of the interface
    #[command(after_help = help::CHECK)]
    Check {
        #[command(flatten)]
        input: TypedInput,
        /// How the answer looks
        #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = CHECK_FORMATS)]
        format: String,
    },
    /// List the interfaces and what each would be good for
    Interfaces,
    /// Explain a finding: what it means, how it is measured, what to do
    Explain {
        /// Identifier of the finding, such as dup.every
        finding: String,
    },
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Debug, Args)]
struct TypedInput {
    /// Captures (pcap, pcapng, compressed or not); - is standard input; several are merged by packet time
    #[arg(value_name = "FILE", conflicts_with = "interface")]
    files: Vec<PathBuf>,
    /// Interface to capture from (may be given again)
    #[arg(short, long, value_name = "IFACE")]
    interface: Vec<String>,
    /// Capture filter in pcap-filter(7) syntax
    #[arg(short, long, value_name = "BPF")]
    filter: Option<String>,
    /// Stop capturing after this time
    #[arg(long = "for", value_name = "TIME", value_parser = units::time, conflicts_with = "files")]
    limit: Option<Duration>,
    /// Leave the interface out of promiscuous mode
    #[arg(short = 'p', long)]
    no_promisc: bool,
    /// Bytes to keep of each packet
    #[arg(short, long, value_name = "BYTES", default_value = "262144", value_parser = clap::value_parser!(u32).range(64..=262_144))]
    snaplen: u32,
    /// The kernel's capture buffer
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = units::buffer)]
    buffer: usize,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
struct TypedCommon {
    /// Threads that work, the one that reads among them; 0 works in that one alone [default: one a core]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=64))]
    threads: Option<u64>,
    /// Length of a load interval
    #[arg(long, global = true, value_name = "TIME", default_value = "1s", value_parser = units::interval)]
    interval: Duration,
    /// Which tunnels to take off: those that carry mirrored packets, all, or none
    #[arg(long, global = true, value_name = "WHICH", default_value = "auto")]
    decap: TypedDecap,
    /// UDP port that carries mirrored packets, and their encapsulation (7933=hp-erm; may be given again); gre:0xNNNN is a GRE protocol with
    /// Ethernet inside
    #[arg(long, global = true, value_name = "PORT=KIND", value_parser = units::carrier)]
    decap_port: Vec<Carrier>,
    /// An end of a mirror's tunnel, usually where it is sent to: what comes so is taken off from the first packet (may be given again)
    #[arg(long, global = true, value_name = "ADDR")]
    mirror_to: Vec<std::net::IpAddr>,
    /// VLAN that carries a remote mirror (RSPAN) and is taken off: auto finds one around all tags, none takes none, or its number
    #[arg(long, global = true, value_name = "WHICH", default_value = "auto", value_parser = units::rspan)]
    rspan: RspanChoice,
    /// Time stamps that devices write at the end of frames: auto finds them, none leaves them, or metamako, cpacket, exablaze, vss, ixia,
    /// gigamon, arista-7150; ttag:0xNNNN names the EtherType of Cisco's
    #[arg(long, global = true, value_name = "WHICH", default_value = "auto", value_parser = units::stamps)]
    trailer: StampChoice,
    /// Count copies of a packet like any other packet
    #[arg(long, global = true)]
    no_dedup: bool,
    /// Speed of the monitored link, for utilisation (10G)
    #[arg(long, global = true, value_name = "SPEED", value_parser = units::speed)]
    speed: Option<u64>,
    /// A local network (may be given again) [default: the private ranges]
    #[arg(long, global = true, value_name = "CIDR", value_parser = units::network)]
    local_net: Vec<ipnet::IpNet>,
    /// Never resolve names (this program does not anyway)
    #[arg(short, long, global = true)]
    numeric: bool,
    /// Read options from a TOML file; keys are long options
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: TypedColor,
    /// The background the dashboard's colours are for
    #[arg(long, global = true, value_name = "BACKGROUND", default_value = "auto")]
    theme: TypedTheme,
    /// Draw the dashboard with ASCII only (by itself where the locale is not UTF-8)
    #[arg(long, global = true)]
    ascii: bool,
    /// Tell errors and losses only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Tell more
    #[arg(short, long, global = true)]
    verbose: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TypedDecap {
    Auto,
    All,
    None,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TypedColor {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TypedTheme {
    Auto,
    Dark,
    Light,
}

/// What a command line came to.
#[derive(Debug)]
pub enum Parsed {
    /// What is to be done.
    Invocation(Box<Invocation>),
    /// Clap has something to print instead: help, the version, or what is wrong.
    Printed(Text),
}

/// A text that clap prints.
#[derive(Debug)]
pub struct Text(Box<clap::Error>);

impl Text {
    /// Prints it and returns the exit code. A reader that has gone is not told.
    pub fn show(&self) -> u8 {
        let _ = self.0.print();
        u8::try_from(self.0.exit_code()).unwrap_or(2)
    }
}

/// Reads a command line, the program's name first. `formats` are the report formats: word and description.
///
/// # Errors
/// When the command line or the configuration file is wrong in a way that clap does not know.
pub fn parse(args: impl IntoIterator<Item = OsString>, formats: &[(&'static str, &'static str)]) -> Result<Parsed> {
    let args: Vec<OsString> = args.into_iter().collect();
    let mut command = command(formats);
    let mut matches = match command.clone().try_get_matches_from(&args) {
        Ok(matches) => matches,
        Err(printed) => return Ok(Parsed::Printed(Text(Box::new(printed)))),
    };
    if let Some(path) = matches.get_one::<PathBuf>("config").cloned() {
        for entry in config::read(&path)? {
            command = with_default(command, &entry)?;
            matches = command.clone().try_get_matches_from(&args).map_err(|e| in_file(&entry, &e))?;
        }
    }
    match Typed::from_arg_matches(&matches) {
        Ok(typed) => Ok(Parsed::Invocation(Box::new(typed.meant()?))),
        Err(printed) => Ok(Parsed::Printed(Text(Box::new(printed)))),
    }
}

fn command(formats: &[(&'static str, &'static str)]) -> clap::Command {
    let values: Vec<PossibleValue> = formats.iter().map(|(token, about)| PossibleValue::new(*token).help(*about)).collect();
    Typed::command().mut_subcommand("report", |c| c.mut_arg("format", |a| a.value_parser(PossibleValuesParser::new(values))))
}

/// Makes the values of a configuration file the defaults of the option they name, wherever it occurs.
fn with_default(mut command: clap::Command, entry: &config::Entry) -> Result<clap::Command> {
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
            // A check comes in fewer formats than the report that a file's `format` is about.
            if name == "check" && entry.key == "format" && !entry.values.iter().all(|v| CHECK_FORMATS.contains(&v.as_str())) {
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

fn in_file(entry: &config::Entry, error: &clap::Error) -> Error {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    Error::usage(format!("{}: {}", entry.place, first.strip_prefix("error: ").unwrap_or(first)))
}

impl Typed {
    /// From what was typed to what is meant.
    fn meant(self) -> Result<Invocation> {
        let common = self.common.meant();
        let rows = |top: Option<u64>| top.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        let top_level = self.input.is_given() || self.replay.is_some();
        let Some(command) = self.command else {
            let mut input = self.input;
            let replay = replay(self.replay, &mut input)?;
            let command = match input.meant(replay)? {
                Some(input) => Command::Dashboard { input, top: rows(self.top) },
                None => Command::Welcome,
            };
            return Ok(Invocation { command, common });
        };
        if top_level {
            return Err(Error::usage("FILE, -i, -f, --for and --replay come after the command: spantop report -i eth1"));
        }
        let wanted = |input: Option<InputSettings>, name: &str| {
            input.ok_or_else(|| Error::usage(format!("{name} needs something to read: spantop {name} FILE, or spantop {name} -i eth1")))
        };
        let command = match command {
            TypedCommand::Report { input, format, output, top, table } => {
                Command::Report { input: wanted(input.meant(None)?, "report")?, format, output, top: rows(top), table }
            }
            TypedCommand::Check { mut input, format } => {
                if input.files.is_empty() {
                    input.limit.get_or_insert(CHECK_TIME);
                }
                Command::Check { input: wanted(input.meant(None)?, "check")?, format }
            }
            TypedCommand::Interfaces => Command::Interfaces,
            TypedCommand::Explain { finding } => Command::Explain { finding },
            TypedCommand::Completions { shell } => Command::Completions(Shell(shell)),
            TypedCommand::Man => Command::Man,
        };
        Ok(Invocation { command, common })
    }
}

/// Report formats that a check comes in.
const CHECK_FORMATS: [&str; 2] = ["text", "json"];

/// How long a check looks at a port.
const CHECK_TIME: Duration = Duration::from_secs(10);

/// The replay speed. A word behind `--replay` that is no number is the first file.
fn replay(typed: Option<String>, input: &mut TypedInput) -> Result<Option<f64>> {
    let Some(text) = typed else { return Ok(None) };
    match units::replay(&text) {
        Some(speed) => Ok(Some(speed.map_err(|e| Error::usage(format!("--replay {text}: {e}")))?)),
        None => {
            input.files.insert(0, text.into());
            Ok(Some(1.0))
        }
    }
}

impl TypedInput {
    fn is_given(&self) -> bool {
        !self.files.is_empty() || !self.interface.is_empty() || self.filter.is_some() || self.limit.is_some()
    }

    /// Where packets come from; `None` when nothing was named.
    fn meant(self, replay: Option<f64>) -> Result<Option<InputSettings>> {
        if !self.files.is_empty() {
            if self.files.iter().filter(|f| f.as_os_str() == "-").count() > 1 {
                return Err(Error::usage("standard input (-) can be read only once"));
            }
            return Ok(Some(InputSettings::Files(FileSettings { paths: self.files, filter: self.filter, replay })));
        }
        if !self.interface.is_empty() {
            return Ok(Some(InputSettings::Live(LiveSettings {
                interfaces: self.interface,
                filter: self.filter,
                promiscuous: !self.no_promisc,
                snaplen: self.snaplen,
                buffer_bytes: self.buffer,
                limit: self.limit,
            })));
        }
        if replay.is_some() {
            return Err(Error::usage("--replay needs a capture: spantop --replay FILE"));
        }
        Ok(None)
    }
}

impl TypedCommon {
    fn meant(self) -> Common {
        Common {
            threads: self.threads.map(|n| n as usize),
            load: LoadSettings { interval: i64::try_from(self.interval.as_nanos()).unwrap_or(i64::MAX), local_nets: self.local_net },
            mirror: MirrorSettings {
                decap: match self.decap {
                    TypedDecap::Auto => Decap::Auto,
                    TypedDecap::All => Decap::All,
                    TypedDecap::None => Decap::None,
                },
                dedup: !self.no_dedup,
                rspan: self.rspan,
                stamps: self.trailer,
                carriers: self.decap_port,
                ends: self.mirror_to.into_iter().map(Address::from).collect(),
                speed: self.speed,
            },
            console: ConsoleSettings {
                quiet: self.quiet,
                verbose: self.verbose,
                color: match self.color {
                    TypedColor::Auto => Color::Auto,
                    TypedColor::Always => Color::Always,
                    TypedColor::Never => Color::Never,
                },
                background: match self.theme {
                    TypedTheme::Auto => BackgroundChoice::Auto,
                    TypedTheme::Dark => BackgroundChoice::Dark,
                    TypedTheme::Light => BackgroundChoice::Light,
                },
                ascii: self.ascii,
            },
        }
    }
}

/// The help, as `--help` prints it.
pub fn help(formats: &[(&'static str, &'static str)]) -> String {
    command(formats).render_help().to_string()
}

/// Writes completions for a shell.
pub fn completions(shell: Shell, formats: &[(&'static str, &'static str)]) -> Vec<u8> {
    let mut out = Vec::new();
    clap_complete::generate(shell.0, &mut command(formats), "spantop", &mut out);
    out
}

/// Writes the manual page.
///
/// # Errors
/// What `out` answers to a write.
pub fn man(formats: &[(&'static str, &'static str)], out: &mut dyn Write) -> io::Result<()> {
    manual::write(&command(formats), out)
}
