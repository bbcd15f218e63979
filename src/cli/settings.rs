//! What is meant by a command line: every value checked, every default filled in.

use crate::model::{Carrier, Decap, RspanChoice, StampChoice};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A command and what holds for every command.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// What to do.
    pub command: Command,
    /// How.
    pub common: Common,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Nothing was said: pick an interface on a terminal, else help.
    Welcome,
    /// The dashboard; a text report when standard output is no terminal.
    Dashboard {
        /// Where packets come from.
        input: Input,
        /// Rows of each table, for the text report.
        top: Option<usize>,
    },
    /// A report.
    Report {
        /// Where packets come from.
        input: Input,
        /// Token of the format.
        format: String,
        /// Where it goes; `None`: standard output.
        output: Option<PathBuf>,
        /// Rows of each table; `None`: what the format wants.
        top: Option<usize>,
    },
    /// Whether mirror and host can be trusted.
    Check {
        /// Where packets come from.
        input: Input,
        /// Token of the report format: `text` or `json`.
        format: String,
    },
    /// The list of interfaces.
    Interfaces,
    /// What a finding means.
    Explain {
        /// Its identifier.
        finding: String,
    },
    /// Shell completions.
    Completions(super::Shell),
    /// The manual page.
    Man,
}

/// Where packets come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Interfaces.
    Live(Live),
    /// Captures.
    Files(Files),
}

/// Live capture.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    /// Interfaces, as named.
    pub interfaces: Vec<String>,
    /// Capture filter.
    pub filter: Option<String>,
    /// Whether packets for other stations are wanted.
    pub promiscuous: bool,
    /// Bytes kept of each packet.
    pub snaplen: u32,
    /// Bytes of the kernel's ring.
    pub buffer_bytes: usize,
    /// Stop after this long.
    pub limit: Option<Duration>,
}

/// Captures.
#[derive(Debug, Clone, PartialEq)]
pub struct Files {
    /// The files; `-` is standard input.
    pub paths: Vec<PathBuf>,
    /// Capture filter.
    pub filter: Option<String>,
    /// Times as fast as it happened; `None`: as fast as it can be read.
    pub replay: Option<f64>,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What holds for every command.
#[derive(Debug, Clone, PartialEq)]
pub struct Common {
    /// Threads that work; `None`: one a core.
    pub threads: Option<usize>,
    /// Length of a load interval.
    pub interval: Duration,
    /// Whether copies of packets are left out of the analysis.
    pub dedup: bool,
    /// Which tunnels are taken off.
    pub decap: Decap,
    /// Which VLAN of a remote mirror is taken off.
    pub rspan: RspanChoice,
    /// Which time stamps of devices on the way are taken out of frames.
    pub stamps: StampChoice,
    /// What carries packets by the user's word.
    pub carriers: Vec<Carrier>,
    /// Ends of mirrors' tunnels.
    pub mirror_to: Vec<IpAddr>,
    /// Speed of the monitored link in bits per second.
    pub speed: Option<u64>,
    /// The local networks; empty: the private ranges.
    pub local_nets: Vec<ipnet::IpNet>,
    /// Only errors and losses are told.
    pub quiet: bool,
    /// More is told.
    pub verbose: bool,
    /// When colours are used.
    pub color: Color,
}
