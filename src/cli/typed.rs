//! What can be typed: every option with its help. What it means: `meaning.rs`.

use super::{CHECK_FORMATS, DIFF_FORMATS, PACKET_FORMATS, help, units};
use crate::model::{Carrier, RspanChoice, StampChoice, Timestamp};
use crate::settings::{PacketBound, THEMES, ThemeChoice};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Parser, Subcommand, ValueEnum};
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
    /// Rows of each table when standard output is no terminal [default: 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) top: Option<u64>,
    /// Memory for the last packets of a port, to look at and to save; 0 keeps none [default: an eighth of --memory]
    #[arg(long, value_name = "SIZE", value_parser = units::size)]
    pub(super) recorder: Option<usize>,
    /// Directory for packets that are saved from the dashboard (W): without it no file is written
    #[arg(long, value_name = "DIR")]
    pub(super) save_dir: Option<PathBuf>,
    /// Save the 30 s before and after such a finding, into --save-dir: its identifier, or the group it begins with (may be given again)
    #[arg(long, value_name = "FINDING", requires = "save_dir")]
    pub(super) save_on: Vec<String>,
    /// Compare what is looked at with another capture, an earlier one say: the dashboard's screen Compare (D)
    #[arg(long, value_name = "FILE")]
    pub(super) compare: Option<PathBuf>,
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
        /// How the report looks; without it the ending of -o decides (.html, .json, .csv, .md)
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
    /// List the packets of captures, a line each: what Wireshark's TCP analysis says of them, and which are left out as copies
    #[command(after_help = help::PACKETS)]
    Packets {
        #[command(flatten)]
        input: TypedInput,
        /// How a packet looks: a line to read, or a JSON object on a line
        #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = PACKET_FORMATS)]
        format: String,
        #[command(flatten)]
        stretch: TypedStretch,
        /// Take every packet apart: the fields of each header and message, with their place in its bytes
        #[arg(long)]
        tree: bool,
    },
    /// Save some packets of captures as pcapng: as they were captured, with link types, interfaces, nanoseconds and comments
    #[command(after_help = help::SAVE)]
    Save {
        #[command(flatten)]
        input: TypedInput,
        #[command(flatten)]
        stretch: TypedStretch,
        /// Where they go; - is standard output
        #[arg(short, long, value_name = "PATH")]
        output: PathBuf,
    },
    /// Compare two captures: new and gone hosts, services, load, findings, and which of it is more than chance
    #[command(after_help = help::DIFF)]
    Diff {
        /// The earlier capture
        #[arg(value_name = "BEFORE")]
        before: PathBuf,
        /// The later one
        #[arg(value_name = "AFTER")]
        after: PathBuf,
        /// Capture filter for both, in pcap-filter(7) syntax
        #[arg(short, long, value_name = "BPF")]
        filter: Option<String>,
        /// How it looks; without it the ending of -o decides (.html, .json, .md)
        #[arg(long, value_name = "FORMAT", value_parser = DIFF_FORMATS)]
        format: Option<String>,
        /// Write to PATH (all or nothing) instead of standard output
        #[arg(short, long, value_name = "PATH")]
        output: Option<PathBuf>,
        /// Differences of each kind [default: 20 for reading, all in JSON]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        top: Option<u64>,
        /// List what is noise too, and why (JSON always does)
        #[arg(long)]
        all: bool,
    },
    /// Watch without a terminal, for services and containers: analyse, record, export
    Probe {
        #[command(flatten)]
        input: TypedInput,
        /// Export to a receiver, such as jsonl-eve:/var/log/eve.json (may be given again; the help below lists them)
        #[arg(long, value_name = "NAME:TARGET")]
        export: Vec<String>,
        /// Name of this probe, in every exported row [default: the host's name]
        #[arg(long, value_name = "NAME")]
        probe_id: Option<String>,
        /// Where it stands, in every exported row
        #[arg(long, value_name = "NAME")]
        site: Option<String>,
        /// Answer /healthz and /status by HTTP here: 127.0.0.1:PORT, or unix:PATH [default: nowhere]
        #[arg(long, value_name = "WHERE")]
        status: Option<String>,
        #[command(flatten)]
        ring: TypedRing,
    },
    /// All probes that write into one database: how each is, what they see together, counted once; a dashboard on a terminal
    #[command(after_help = help::FLEET, args_conflicts_with_subcommands = true)]
    Fleet {
        #[command(subcommand)]
        action: Option<TypedFleet>,
        /// The database, as probes name it: clickhouse:https://HOST:8443/DATABASE [default: the first of [probe] export]
        #[arg(value_name = "URL")]
        url: Option<String>,
        /// How far back: 90m, 1d, 3w, up to 400d
        #[arg(long, value_name = "SPAN", default_value = "1h", value_parser = units::time)]
        last: Duration,
        /// From this moment on, such as 2026-11-02 or 2026-11-02T08:00 (this host's time), or seconds since 1970
        #[arg(long, value_name = "TIME", value_parser = units::moment, conflicts_with = "last")]
        from: Option<Timestamp>,
        /// Up to this moment [default: now]
        #[arg(long, value_name = "TIME", value_parser = units::moment)]
        to: Option<Timestamp>,
        /// How it looks; without it: a dashboard on a terminal, else text
        #[arg(long, value_name = "FORMAT", value_parser = ["text", "json", "csv"])]
        format: Option<String>,
    },
    /// Read an archive of captures on many machines: cut it into units, read units, put together what came of them
    #[command(after_help = help::ARCHIVE)]
    Archive {
        #[command(subcommand)]
        action: TypedArchive,
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
    Init {
        /// The database
        #[arg(long, value_name = "NAME", default_value = "spantop", value_parser = units::identifier)]
        database: String,
        /// Have rows of conversations deleted after so many days, others after ten times as many; needs ClickHouse 19.6 or later [default: never]
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
        keep_days: Option<u32>,
        /// Have rows of a table deleted after so many days, such as intervals=90 (may be given again)
        #[arg(long, value_name = "TABLE=DAYS", value_parser = units::days_of)]
        keep: Vec<(String, u32)>,
        /// Replicated tables on each shard of a cluster, by its name in the servers' configuration, and tables over all of them
        #[arg(long, value_name = "NAME", value_parser = units::identifier)]
        cluster: Option<String>,
        /// What is printed: tables, users (statements for a server from 20.4 on), or users-xml (a file for one before)
        #[arg(long, value_name = "WHAT", default_value = "tables", value_parser = ["tables", "users", "users-xml"])]
        print: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum TypedArchive {
    /// Cut captures into units, a line of JSON each
    Plan {
        /// Captures
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// How large a unit is, about; smaller files are a unit each
        #[arg(long, value_name = "SIZE", default_value = "128MiB", value_parser = units::size)]
        unit: usize,
        /// How places to cut are found: walk goes through all records, scan looks around for some (large files), auto does what suits a file
        #[arg(long, value_name = "WAY", default_value = "auto")]
        cut: TypedCut,
        /// Copies that the mirror made: count them, or leave out those found within a unit [default: left-out if there is one unit, else counted]
        #[arg(long, value_name = "WHAT")]
        copies: Option<TypedCopies>,
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
        /// How it looks; summary: a line that can be merged again
        #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json", "summary"])]
        format: String,
        /// Write to PATH (all or nothing) instead of standard output
        #[arg(short, long, value_name = "PATH")]
        output: Option<PathBuf>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum TypedCut {
    Auto,
    Walk,
    Scan,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum TypedCopies {
    Counted,
    LeftOut,
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

/// A ring of files.
#[derive(Debug, Args)]
pub(super) struct TypedRing {
    /// Write all packets of a port into files in this directory, the oldest making room for the newest
    #[arg(long, value_name = "DIR")]
    pub(super) ring: Option<PathBuf>,
    /// How many files the ring keeps
    #[arg(long, value_name = "N", default_value = "10", requires = "ring", value_parser = clap::value_parser!(u32).range(2..=100_000))]
    pub(super) ring_files: u32,
    /// How large a file of the ring becomes
    #[arg(long, value_name = "SIZE", default_value = "1GiB", requires = "ring", value_parser = units::ring)]
    pub(super) ring_size: usize,
}

/// Which of the packets.
#[derive(Debug, Args)]
pub(super) struct TypedStretch {
    /// Begin here: 90s or 5m behind the first packet, a time (2026-11-28T14:02:11.5), seconds since 1970, or '#12' for a packet's number
    #[arg(long, value_name = "WHEN", value_parser = units::bound)]
    pub(super) from: Option<PacketBound>,
    /// End here, this included: as --from
    #[arg(long, value_name = "WHEN", value_parser = units::bound)]
    pub(super) to: Option<PacketBound>,
    /// At most so many packets
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) count: Option<u64>,
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
    /// Leave the interface out of promiscuous mode
    #[arg(short = 'p', long)]
    pub(super) no_promisc: bool,
    /// Bytes to keep of each packet
    #[arg(short, long, value_name = "BYTES", default_value = "262144", value_parser = clap::value_parser!(u32).range(64..=262_144))]
    pub(super) snaplen: u32,
    /// The kernel's capture buffer
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = units::buffer)]
    pub(super) buffer: usize,
    /// Readers that share the packets of an interface, each with a thread and a buffer of its own (Linux)
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=32))]
    pub(super) readers: u16,
    /// Which reader a packet goes to: by its conversation, the processor core that took it, or in turn
    #[arg(long, value_name = "MODE", default_value = "hash")]
    pub(super) fanout: TypedFanout,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(super) struct TypedCommon {
    /// Threads that work, the one that reads among them; 0 works in that one alone [default: one a core]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=64))]
    pub(super) threads: Option<u64>,
    /// Length of a load interval
    #[arg(long, global = true, value_name = "TIME", default_value = "1s", value_parser = units::interval)]
    pub(super) interval: Duration,
    /// Which tunnels to take off: those that carry mirrored packets, all, or none
    #[arg(long, global = true, value_name = "WHICH", default_value = "auto")]
    pub(super) decap: TypedDecap,
    /// UDP port that carries mirrored packets, and their encapsulation (7933=hp-erm; may be given again); gre:0xNNNN is a GRE protocol with
    /// Ethernet inside
    #[arg(long, global = true, value_name = "PORT=KIND", value_parser = units::carrier)]
    pub(super) decap_port: Vec<Carrier>,
    /// An end of a mirror's tunnel, usually where it is sent to: what comes so is taken off from the first packet (may be given again)
    #[arg(long, global = true, value_name = "ADDR")]
    pub(super) mirror_to: Vec<std::net::IpAddr>,
    /// VLAN that carries a remote mirror (RSPAN) and is taken off: auto finds one around all tags, none takes none, or its number
    #[arg(long, global = true, value_name = "WHICH", default_value = "auto", value_parser = units::rspan)]
    pub(super) rspan: RspanChoice,
    /// Time stamps that devices write at the end of frames: auto finds them, none leaves them, or metamako, cpacket, exablaze, vss, ixia,
    /// gigamon, arista-7150; ttag:0xNNNN names the EtherType of Cisco's
    #[arg(long, global = true, value_name = "WHICH", default_value = "auto", value_parser = units::stamps)]
    pub(super) trailer: StampChoice,
    /// Count copies of a packet like any other packet
    #[arg(long, global = true)]
    pub(super) no_dedup: bool,
    /// Memory for what grows with the traffic (512M) [default: a quarter of what there is, at most 1G]
    #[arg(long, global = true, value_name = "SIZE", value_parser = units::memory)]
    pub(super) memory: Option<u64>,
    /// Speed of the monitored link, for utilisation (10G)
    #[arg(long, global = true, value_name = "SPEED", value_parser = units::speed)]
    pub(super) speed: Option<u64>,
    /// Ask the switch what it says of its ports, by SNMP (snmp://10.0.0.2); from another interface than those that capture
    #[arg(long, global = true, value_name = "URL", value_parser = units::switch)]
    pub(super) switch: Option<(String, u16)>,
    /// File with the credentials for --switch: lines such as community = "…", or user, auth, auth-password, privacy, privacy-password; without it
    /// those of the environment (SPANTOP_SWITCH_COMMUNITY …)
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) switch_credentials: Option<PathBuf>,
    /// Port of that switch which sends the copies: its name, alias or number [default: the one at which it knows this host]
    #[arg(long, global = true, value_name = "PORT")]
    pub(super) switch_port: Option<String>,
    /// A local network (may be given again) [default: the private ranges]
    #[arg(long, global = true, value_name = "CIDR", value_parser = units::network)]
    pub(super) local_net: Vec<ipnet::IpNet>,
    /// Never resolve names (this program does not anyway)
    #[arg(short, long, global = true)]
    pub(super) numeric: bool,
    /// The configuration file, TOML: long options without dashes, and sections [default: spantop/config.toml in $XDG_CONFIG_HOME or ~/.config]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: TypedColor,
    /// The dashboard's colours: auto is dark or light, as the terminal's background; other themes bring their own
    #[arg(long, global = true, value_name = "THEME", default_value = "auto",
        value_parser = PossibleValuesParser::new(std::iter::once("auto").chain(THEMES)).try_map(|name| units::theme(&name)))]
    pub(super) theme: ThemeChoice,
    /// Draw the dashboard with ASCII only (by itself where the locale is not UTF-8)
    #[arg(long, global = true)]
    pub(super) ascii: bool,
    /// Replace addresses, names and words of payloads before anything looks at them, in screens, reports and saved files: networks stay
    /// together, MAC addresses keep their maker
    #[arg(long, global = true)]
    pub(super) anonymize: bool,
    /// The key for it: a file of 32 bytes or more; the same key replaces the same way (implies --anonymize) [default: another each time]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) anonymize_key: Option<PathBuf>,
    /// Become this user once the ports are open [default: who called sudo, else nobody]
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) user: Option<String>,
    /// Keep the rights the program was started with
    #[arg(long, global = true)]
    pub(super) no_sandbox: bool,
    /// Tell errors and losses only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Tell more
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum TypedDecap {
    Auto,
    All,
    None,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum TypedFanout {
    Hash,
    Cpu,
    RoundRobin,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum TypedColor {
    Auto,
    Always,
    Never,
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
