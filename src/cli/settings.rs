//! What is meant by a command line: every value checked, every default filled in.

use super::ConfigFile;
use crate::model::Timestamp;
use crate::settings::{
    ConsoleSettings, CutWay, InputSettings, LoadSettings, MirrorSettings, PacketStretch, PrivacySettings, ProbeSettings, RecorderSettings,
    RightsSettings, UnitCopies,
};
use std::path::PathBuf;
use std::time::Duration;

/// A command and what holds for every command.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// What to do.
    pub command: Command,
    /// How.
    pub common: Common,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Nothing was said: pick an interface on a terminal, else help.
    Welcome {
        /// What is kept of the packets.
        recorder: RecorderSettings,
    },
    /// The dashboard; a text report when standard output is no terminal.
    Dashboard {
        /// Where packets come from.
        input: InputSettings,
        /// Rows of each table, for the text report.
        top: Option<usize>,
        /// What is kept of the packets.
        recorder: RecorderSettings,
        /// A capture that is compared with.
        compare: Option<PathBuf>,
        /// Something was typed that only a dashboard on a terminal can do.
        needs_screen: bool,
    },
    /// A report.
    Report {
        /// Where packets come from.
        input: InputSettings,
        /// Token of the format.
        format: String,
        /// Where it goes; `None`: standard output.
        output: Option<PathBuf>,
        /// Rows of each table; `None`: what the format wants.
        top: Option<usize>,
        /// The table that a format of one table writes, by its token.
        table: Option<String>,
    },
    /// Whether mirror and host can be trusted.
    Check {
        /// Where packets come from.
        input: InputSettings,
        /// Token of the report format: `text` or `json`.
        format: String,
    },
    /// A list of packets.
    Packets {
        /// Where packets come from.
        input: InputSettings,
        /// Token of the format: `text` or `json`.
        format: String,
        /// Which packets.
        stretch: PacketStretch,
        /// Whether the fields of every header are listed.
        tree: bool,
    },
    /// Packets saved in a file of their own.
    Save {
        /// Where packets come from.
        input: InputSettings,
        /// Which packets.
        stretch: PacketStretch,
        /// Where they go; `-`: standard output.
        output: PathBuf,
    },
    /// Two captures held against each other.
    Diff {
        /// The earlier and the later.
        files: [PathBuf; 2],
        /// Capture filter for both.
        filter: Option<String>,
        /// Token of the format.
        format: String,
        /// Where it goes; `None`: standard output.
        output: Option<PathBuf>,
        /// Differences of each kind; `None`: what the format wants.
        top: Option<usize>,
        /// Whether noise is listed too.
        all: bool,
    },
    /// An archive of captures.
    Archive(ArchiveCommand),
    /// A probe without a terminal.
    Probe {
        /// Where packets come from.
        input: InputSettings,
        /// What is kept of the packets.
        recorder: RecorderSettings,
        /// What is done with what was counted.
        probe: ProbeSettings,
    },
    /// All probes of a database: a dashboard on a terminal, else a report.
    Fleet {
        /// The database; `None`: the first that this host's probe exports to.
        url: Option<String>,
        /// How far back.
        last: Duration,
        /// From when on and up to when, instead; `None`: open.
        between: [Option<Timestamp>; 2],
        /// Token of the report format; `None`: a dashboard on a terminal, else text.
        format: Option<String>,
    },
    /// The SQL that makes the tables of a fleet.
    FleetInit {
        /// The database.
        database: String,
        /// Days that conversations are kept.
        keep_days: Option<u32>,
        /// Days that rows of a table are kept.
        keep: Vec<(String, u32)>,
        /// The cluster.
        cluster: Option<String>,
        /// What is printed: `tables`, `users` or `users-xml`.
        print: String,
    },
    /// The list of interfaces.
    Interfaces,
    /// What a finding means.
    Explain {
        /// Its identifier; `None`: the list of them.
        finding: Option<String>,
    },
    /// Something about the configuration file.
    Config(ConfigCommand),
    /// Shell completions.
    Completions(super::Shell),
    /// The manual page.
    Man,
}

/// What holds for every command.
#[derive(Debug, Clone, PartialEq)]
pub struct Common {
    /// Threads that work; `None`: one a core.
    pub threads: Option<usize>,
    /// Bytes that what grows with the traffic may take; `None`: by the machine.
    pub memory: Option<u64>,
    /// How load is measured.
    pub load: LoadSettings,
    /// What the mirror is, and what is undone of it.
    pub mirror: MirrorSettings,
    /// The switch that is asked.
    pub switch: Option<SwitchRequest>,
    /// What is said on the terminal, and how.
    pub console: ConsoleSettings,
    /// Whether addresses and names are replaced.
    pub privacy: PrivacySettings,
    /// What becomes of the program's rights.
    pub rights: RightsSettings,
    /// The configuration file that was named.
    pub named_file: Option<PathBuf>,
    /// The configuration file, where there is one.
    pub file: Option<ConfigFile>,
}

/// Something about an archive of captures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveCommand {
    /// Cut captures into units.
    Plan {
        /// The captures.
        files: Vec<PathBuf>,
        /// Bytes of a unit, about.
        unit: u64,
        /// How places to cut are found.
        cut: CutWay,
        /// What becomes of copies; `None`: as it suits the plan.
        copies: Option<UnitCopies>,
    },
    /// Read the units of standard input.
    Run {
        /// Capture filter.
        filter: Option<String>,
    },
    /// Put summaries together.
    Merge {
        /// Files of summaries; `-`: standard input.
        files: Vec<PathBuf>,
        /// `text`, `json` or `summary`.
        format: String,
        /// Where it goes; `None`: standard output.
        output: Option<PathBuf>,
    },
}

/// Something about the configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigCommand {
    /// Say what is wrong with one; `None`: with the one that would be used.
    Check(Option<PathBuf>),
    /// Print what is in force.
    Print {
        /// The options.
        options: Vec<InForce>,
    },
    /// Make one in which everything stands as a comment.
    Init,
}

/// An option and what is in force of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// The long option without dashes.
    pub key: String,
    /// Its values.
    pub values: Vec<String>,
    /// Whether it takes several.
    pub is_list: bool,
    /// Where they come from; empty: by default.
    pub origin: String,
}

/// A switch that is to be asked, before its credentials are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchRequest {
    /// Its name or address.
    pub host: String,
    /// The port its agent listens at.
    pub port: u16,
    /// Where its credentials stand; `None`: in the environment.
    pub credentials: Option<PathBuf>,
    /// The port of it that sends the copies.
    pub mirror_port: Option<String>,
}
