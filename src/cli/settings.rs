//! What is meant by a command line: every value checked, every default filled in.

use super::ConfigFile;
use super::requests::{ArchiveCommand, DashboardRequest, DiffRequest, FleetInitRequest, FleetRequest, PacketsRequest, ReportRequest};
use crate::settings::{
    ConsoleSettings, InputSettings, LoadSettings, MirrorSettings, PacketStretch, PrivacySettings, ProbeSettings, RecorderSettings,
    RightsSettings, WorkSettings,
};
use std::path::PathBuf;

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
        /// What is asked of it.
        request: DashboardRequest,
        /// What is kept of the packets.
        recorder: RecorderSettings,
        /// The first option that was typed of those that only a dashboard on a terminal can do.
        needs_screen: Option<String>,
    },
    /// A report.
    Report {
        /// Where packets come from.
        input: InputSettings,
        /// How it looks and where it goes.
        request: ReportRequest,
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
        /// How they are listed.
        request: PacketsRequest,
        /// Which packets.
        stretch: PacketStretch,
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
    Diff(DiffRequest),
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
    Fleet(FleetRequest),
    /// The SQL that makes the tables of a fleet.
    FleetInit(FleetInitRequest),
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
    /// What the work may take of the machine.
    pub work: WorkSettings,
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
