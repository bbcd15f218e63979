//! What can be typed: commands and what they read; options in groups stand in [`super::groups`], those of one command in
//! [`super::requests`]. What it means: `meaning.rs`.

use super::groups::{
    TypedConsole, TypedLive, TypedLoad, TypedMirror, TypedPrivacy, TypedProbe, TypedRecorder, TypedRights, TypedRing, TypedStretch,
    TypedSwitch, TypedWork,
};
use super::requests::{
    ArchiveCommand, CheckRequest, DashboardRequest, DiffRequest, FleetInitRequest, FleetRequest, PacketsRequest, ReportRequest, SaveRequest,
};
use super::{help, units};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Parser, Subcommand};
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

/// The version, the commit it was built from as far as that was known (`build.rs`), and what is in it.
static LONG_VERSION: LazyLock<String> = LazyLock::new(|| {
    let commit = option_env!("SPANTOP_COMMIT").map_or_else(String::new, |commit| format!(" ({commit})"));
    let built_in: Vec<&str> = [("parquet", cfg!(feature = "parquet"))].iter().filter(|f| f.1).map(|f| f.0).collect();
    let features = if built_in.is_empty() { "none".to_owned() } else { built_in.join(", ") };
    let rights = if cfg!(target_os = "linux") { "capabilities, Landlock, seccomp" } else { "none" };
    format!(
        "{}{commit}\nbuilt for {}-{}; optional features: {features}; compression: gzip, zstd, lz4, xz; rights given up by: {rights}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH,
        std::env::consts::OS
    )
});

#[derive(Debug, Parser)]
#[command(name = "spantop", version, long_version = LONG_VERSION.as_str(), about = "top for a switch's SPAN port", after_help = help::EXAMPLES)]
#[command(max_term_width = 110, arg_required_else_help = false)]
pub(super) struct Typed {
    #[command(subcommand)]
    pub(super) command: Option<TypedCommand>,
    #[command(flatten)]
    pub(super) input: TypedInput,
    /// Replay captures as they happened, or SPEED times as fast (--replay=10)
    #[arg(long, value_name = "SPEED", num_args = 0..=1, default_missing_value = "1", conflicts_with = "interface")]
    pub(super) replay: Option<String>,
    #[command(flatten)]
    pub(super) recorder: TypedRecorder,
    #[command(flatten)]
    pub(super) request: DashboardRequest,
    #[command(flatten)]
    pub(super) ring: TypedRing,
    #[command(flatten)]
    pub(super) common: TypedCommon,
}

#[derive(Debug, Subcommand)]
pub(super) enum TypedCommand {
    /// Write a report about captures or a stretch of live traffic
    #[command(after_help = help::REPORT)]
    Report {
        #[command(flatten)]
        input: TypedInput,
        #[command(flatten)]
        request: ReportRequest,
    },
    /// Tell whether this mirror and this host can be trusted: by the packets and by the settings of the interface
    #[command(after_help = help::CHECK)]
    Check {
        #[command(flatten)]
        input: TypedInput,
        #[command(flatten)]
        request: CheckRequest,
    },
    /// List the packets of captures, a line each: what Wireshark's TCP analysis says of them, and which are left out as copies
    #[command(after_help = help::PACKETS)]
    Packets {
        #[command(flatten)]
        input: TypedInput,
        #[command(flatten)]
        request: PacketsRequest,
        #[command(flatten)]
        stretch: TypedStretch,
    },
    /// Save some packets of captures as pcapng: as they were captured, with link types, interfaces, nanoseconds and comments
    #[command(after_help = help::SAVE)]
    Save {
        #[command(flatten)]
        input: TypedInput,
        #[command(flatten)]
        stretch: TypedStretch,
        #[command(flatten)]
        request: SaveRequest,
    },
    /// Compare two captures: new and gone hosts, services, load, findings, and which of it is more than chance
    #[command(after_help = help::DIFF)]
    Diff(DiffRequest),
    /// Watch without a terminal, for services and containers: analyse, record, export
    Probe {
        #[command(flatten)]
        input: TypedInput,
        #[command(flatten)]
        probe: TypedProbe,
        #[command(flatten)]
        ring: TypedRing,
    },
    /// All probes that write into one database: how each is, what they see together, counted once; a dashboard on a terminal
    #[command(after_help = help::FLEET, args_conflicts_with_subcommands = true)]
    Fleet {
        #[command(subcommand)]
        action: Option<TypedFleet>,
        #[command(flatten)]
        request: FleetRequest,
    },
    /// Read an archive of captures on many machines: cut it into units, read units, put together what came of them
    #[command(after_help = help::ARCHIVE)]
    Archive {
        #[command(subcommand)]
        action: ArchiveCommand,
    },
    /// List the interfaces and what each would be good for
    Interfaces,
    /// Explain a finding: what it means, how it is measured, what to do
    Explain {
        /// Identifier of the finding, such as dup.every [default: list them all]
        finding: Option<String>,
    },
    /// The configuration file: check it, print what is in force, make one
    #[command(after_help = help::CONFIG)]
    Config {
        #[command(subcommand)]
        action: TypedConfig,
    },
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Debug, Subcommand)]
pub(super) enum TypedFleet {
    /// Print the SQL that makes the tables in ClickHouse, in numbered steps, each of which may be run again
    Init(FleetInitRequest),
}

#[derive(Debug, Subcommand)]
pub(super) enum TypedConfig {
    /// Say what is wrong with a configuration file, each with line and column
    Check {
        /// The file [default: the one that would be used]
        file: Option<PathBuf>,
    },
    /// Print what is in force, as a configuration file, with where it comes from
    Print,
    /// Make a configuration file in which every setting stands as a comment
    Init,
}

#[derive(Debug, Args)]
pub(super) struct TypedInput {
    /// Captures (pcap, pcapng, compressed or not); - is standard input; several are merged by packet time
    #[arg(value_name = "FILE", conflicts_with = "interface")]
    pub(super) files: Vec<PathBuf>,
    /// Interface to capture from, by its name or its number in `spantop interfaces` (may be given again)
    #[arg(short, long, value_name = "IFACE")]
    pub(super) interface: Vec<String>,
    /// Capture filter in pcap-filter(7) syntax
    #[arg(short, long, value_name = "BPF")]
    pub(super) filter: Option<String>,
    /// Go on when a capture has grown; a quoted pattern ('/var/cap/*.pcap') takes in new files as they come
    #[arg(long, conflicts_with = "interface")]
    pub(super) follow: bool,
    /// Stop after this time: on a port, at a pipe, or with --follow
    #[arg(long = "for", value_name = "TIME", value_parser = units::time)]
    pub(super) limit: Option<Duration>,
    #[command(flatten)]
    pub(super) live: TypedLive,
}

/// What holds for every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(super) struct TypedCommon {
    #[command(flatten)]
    pub(super) work: TypedWork,
    #[command(flatten)]
    pub(super) load: TypedLoad,
    #[command(flatten)]
    pub(super) mirror: TypedMirror,
    #[command(flatten)]
    pub(super) switch: TypedSwitch,
    /// Never resolve names (this program does not anyway)
    #[arg(short, long, global = true)]
    pub(super) numeric: bool,
    /// The configuration file, TOML: long options without dashes, and sections [default: spantop/config.toml in $XDG_CONFIG_HOME or ~/.config]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) console: TypedConsole,
    #[command(flatten)]
    pub(super) privacy: TypedPrivacy,
    #[command(flatten)]
    pub(super) rights: TypedRights,
}

/// What stands on the command line itself. A value of a configuration file is a default: it makes nothing wrong that was typed, and what was
/// typed goes before it.
pub(super) struct Given<'a>(pub(super) &'a ArgMatches);

impl Given<'_> {
    /// Whether one of these options was typed.
    pub(super) fn any(&self, ids: &[&str]) -> bool {
        // Not every command has each of them.
        let is_there = |id: &str| self.0.try_contains_id(id).is_ok_and(|is_there| is_there);
        ids.iter().any(|id| is_there(id) && self.0.value_source(id) == Some(ValueSource::CommandLine))
    }

    /// The same behind the command.
    pub(super) fn of_command(&self) -> Given<'_> {
        Given(self.0.subcommand().map_or(self.0, |(_, matches)| matches))
    }
}
