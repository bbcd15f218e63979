//! What the user wants, grouped by who reads it. The command line fills a group in and hands it on whole: a new option is its field here
//! and its entry in `cli/groups.rs`.

pub mod made_file;
pub mod small_file;

use crate::model::limits::MAX_PACKET_BYTES;
use crate::model::time::SECOND;
use crate::model::{Address, Carrier, Decap, RspanChoice, StampChoice, Timestamp};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// Where packets come from.
#[derive(Debug, Clone, PartialEq)]
pub enum InputSettings {
    /// Interfaces.
    Live(LiveSettings),
    /// Captures.
    Files(FileSettings),
}

impl InputSettings {
    /// The capture filter, in pcap-filter(7) syntax.
    pub fn filter(&self) -> Option<&String> {
        match self {
            Self::Live(live) => live.filter.as_ref(),
            Self::Files(files) => files.filter.as_ref(),
        }
    }

    /// How long packets are wanted; files that do not grow are read to their end.
    pub fn limit(&self) -> Option<Duration> {
        match self {
            Self::Live(live) => live.limit,
            Self::Files(files) => files.limit,
        }
    }
}

/// How a live port is captured from.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveSettings {
    /// Interfaces, as named.
    pub interfaces: Vec<String>,
    /// Capture filter.
    pub filter: Option<String>,
    /// Whether packets for other stations are wanted.
    pub promiscuous: bool,
    /// Bytes kept of each packet.
    pub snaplen: u32,
    /// Bytes of the kernel's ring, of each reader.
    pub buffer_bytes: usize,
    /// How many readers share the packets of an interface.
    pub readers: usize,
    /// Which of them a packet goes to.
    pub fanout: FanoutMode,
    /// Who stamps packets.
    pub time_stamps: TimeStamps,
    /// Stop after this long.
    pub limit: Option<Duration>,
}

/// Who stamps the packets of an interface (pcap-tstamp(7)).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TimeStamps {
    /// The kernel, when it takes them from the adapter.
    #[default]
    Host,
    /// The adapter, when they come, by a clock that goes with the host's.
    Adapter,
    /// The adapter, by a clock of its own.
    AdapterUnsynced,
}

impl TimeStamps {
    /// Whether they are of the moment a packet comes: a kernel takes packets in batches.
    pub fn are_of_the_wire(self) -> bool {
        self != Self::Host
    }
}

/// Which of several readers of an interface a packet goes to (packet(7), `PACKET_FANOUT`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FanoutMode {
    /// By a hash of its addresses and ports, the same both ways: what belongs together comes through one reader.
    #[default]
    Hash,
    /// The processor core that took it from the adapter: no core hands its packets to another.
    Cpu,
    /// The next one: even where one conversation is nearly everything, as in a mirror's tunnel.
    RoundRobin,
}

impl LiveSettings {
    /// Bytes of the kernel's ring unless told otherwise: half a second of 1 Gb/s.
    pub const BUFFER_BYTES: usize = 64 << 20;
}

impl Default for LiveSettings {
    fn default() -> Self {
        Self {
            interfaces: Vec::new(),
            filter: None,
            promiscuous: true,
            snaplen: u32::try_from(MAX_PACKET_BYTES).unwrap_or(u32::MAX),
            buffer_bytes: Self::BUFFER_BYTES,
            readers: 1,
            fanout: FanoutMode::default(),
            time_stamps: TimeStamps::default(),
            limit: None,
        }
    }
}

/// How captures are read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FileSettings {
    /// The files; `-` is standard input.
    pub paths: Vec<PathBuf>,
    /// Capture filter.
    pub filter: Option<String>,
    /// Times as fast as it happened; `None`: as fast as it can be read.
    pub replay: Option<f64>,
    /// Whether what they say of single packets (comments) is wanted.
    pub notes: bool,
    /// Whether files are read on when they have grown, and patterns take in new ones.
    pub follow: bool,
    /// Stop after this long.
    pub limit: Option<Duration>,
    /// Only a part of the one file there is.
    pub part: Option<FilePart>,
}

/// A part of a capture that begins and ends between two records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilePart {
    /// Byte of the file where its first record begins.
    pub from: u64,
    /// Byte of the file where the first record behind it begins.
    pub to: u64,
    /// Stretches of the file before it that its packets cannot be read without: sections and interfaces of pcapng.
    pub context: Vec<(u64, u64)>,
    /// How many interfaces whoever reads what follows knows.
    pub interfaces: u64,
}

/// How places to cut a capture are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutWay {
    /// As it suits the file's size; walking where a scan finds nothing.
    Auto,
    /// By going through all records.
    Walk,
    /// By looking around.
    Scan,
}

/// What becomes of copies that the mirror made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitCopies {
    /// Left out, as reports do: which packets are copies is found out within each unit.
    LeftOut,
    /// Counted like any packet.
    Counted,
}

/// Where a stretch of packets begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketBound {
    /// At a packet, by its number from 1.
    Number(u64),
    /// So many nanoseconds behind the first packet.
    Since(i64),
    /// At a time.
    At(Timestamp),
}

/// Some of the packets of captures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PacketStretch {
    /// The first wanted; `None`: from the beginning.
    pub from: Option<PacketBound>,
    /// The last wanted, itself included; `None`: to the end.
    pub to: Option<PacketBound>,
    /// How many, at most.
    pub count: Option<u64>,
}

impl PacketStretch {
    /// Whether a packet lies in it, however many were taken.
    pub fn contains(&self, number: u64, time: Timestamp, first: Timestamp) -> bool {
        let from = match self.from {
            None => true,
            Some(PacketBound::Number(from)) => number >= from,
            Some(PacketBound::Since(nanos)) => time >= first.plus(nanos),
            Some(PacketBound::At(from)) => time >= from,
        };
        let to = match self.to {
            None => true,
            Some(PacketBound::Number(to)) => number <= to,
            Some(PacketBound::Since(nanos)) => time <= first.plus(nanos),
            Some(PacketBound::At(to)) => time <= to,
        };
        from && to
    }

    /// Whether it ends before it begins, as far as that can be told without the packets.
    pub fn is_backwards(&self) -> bool {
        use PacketBound::{At, Number, Since};
        match (self.from, self.to) {
            (Some(Number(from)), Some(Number(to))) => from > to,
            (Some(Since(from)), Some(Since(to))) => from > to,
            (Some(At(from)), Some(At(to))) => from > to,
            _ => false,
        }
    }

    /// Whether no packet behind that of this number can lie in it.
    pub fn ends_at(&self, number: u64, taken: u64) -> bool {
        self.count.is_some_and(|count| taken >= count) || matches!(self.to, Some(PacketBound::Number(to)) if number >= to)
    }
}

/// What the mirror is, and what is undone of it before anything is counted.
#[derive(Debug, Clone, PartialEq)]
pub struct MirrorSettings {
    /// Which tunnels are taken off.
    pub decap: Decap,
    /// Whether further copies of a packet are left out of the analysis.
    pub dedup: bool,
    /// Which VLAN of a remote mirror is taken off.
    pub rspan: RspanChoice,
    /// Which time stamps of devices on the way are taken out of frames.
    pub stamps: StampChoice,
    /// What carries packets by the user's word.
    pub carriers: Vec<Carrier>,
    /// Ends of mirrors' tunnels: what comes from or to them is taken off from the first packet.
    pub ends: Vec<Address>,
    /// Speed of the monitored link in bits per second.
    pub speed: Option<u64>,
    /// Whether that is the speed of the port to which copies come, because nobody said that of the monitored link.
    pub speed_is_port: bool,
}

impl Default for MirrorSettings {
    fn default() -> Self {
        Self {
            decap: Decap::Auto,
            dedup: true,
            rspan: RspanChoice::Auto,
            stamps: StampChoice::Auto,
            carriers: Vec::new(),
            ends: Vec::new(),
            speed: None,
            speed_is_port: false,
        }
    }
}

impl MirrorSettings {
    /// As it is carried out: whoever wants packets as they were captured (`--decap none`) does not want bytes taken out of them unasked.
    #[must_use]
    pub fn resolved(mut self) -> Self {
        if self.decap == Decap::None {
            if self.stamps == StampChoice::Auto {
                self.stamps = StampChoice::None;
            }
            if self.rspan == RspanChoice::Auto {
                self.rspan = RspanChoice::None;
            }
        }
        self
    }
}

/// What the work may take of the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WorkSettings {
    /// Threads that work; `None`: one a core.
    pub threads: Option<usize>,
    /// Bytes that what grows with the traffic may take; `None`: by the machine.
    pub memory: Option<u64>,
}

/// How load is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadSettings {
    /// Length of a load interval in nanoseconds.
    pub interval: i64,
    /// The local networks; empty means the private ranges.
    pub local_nets: Vec<IpNet>,
    /// Where intervals are counted from; `None`: from the first packet.
    pub origin: Option<Timestamp>,
}

impl Default for LoadSettings {
    fn default() -> Self {
        Self { interval: SECOND, local_nets: Vec::new(), origin: None }
    }
}

/// What is said on the terminal, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConsoleSettings {
    /// Only errors and losses are told.
    pub quiet: bool,
    /// More is told.
    pub verbose: bool,
    /// When colours are used.
    pub color: Color,
    /// The dashboard's colours.
    pub theme: ThemeChoice,
    /// The dashboard draws with ASCII only.
    pub ascii: bool,
}

/// Names of the dashboard's themes. The first two are for the terminal's own background.
pub const THEMES: [&str; 8] = ["dark", "light", "nord", "dracula", "gruvbox", "catppuccin", "tokyo-night", "solarized-light"];

/// The colours of the dashboard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ThemeChoice {
    /// Dark or light, as the terminal says.
    #[default]
    Auto,
    /// One of [`THEMES`].
    Named(&'static str),
}

/// What is kept of the packets themselves while a dashboard runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecorderSettings {
    /// Bytes of the last packets in memory; `None`: an eighth of what may be used, at most a quarter of what is free.
    pub memory: Option<u64>,
    /// Where packets are saved that somebody wants to keep.
    pub save_dir: Option<PathBuf>,
    /// Findings that have the packets around them saved: identifiers, or the groups they begin with.
    pub save_on: Vec<String>,
    /// The ring of files, where there is to be one.
    pub ring: Option<RingSettings>,
}

/// A ring of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingSettings {
    /// Its directory.
    pub folder: PathBuf,
    /// How many files are kept.
    pub files: usize,
    /// Bytes after which the next one begins.
    pub bytes: u64,
}

/// What a probe without a terminal does with what it counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProbeSettings {
    /// What is exported where, as `NAME:TARGET`; beside what the configuration file says.
    pub exports: Vec<String>,
    /// The probe's name; `None`: the host's.
    pub id: Option<String>,
    /// Where it stands.
    pub site: Option<String>,
    /// Where its status is to be had: a loopback address with a port, or `unix:PATH`.
    pub status: Option<String>,
}

/// Whether packets lose the addresses and names in them before anything looks at them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrivacySettings {
    /// Whether they do.
    pub anonymize: bool,
    /// A file with the key; `None`: another one each time.
    pub key: Option<PathBuf>,
}

/// What becomes of the program's rights once its sources are open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsSettings {
    /// Whether they are given up.
    pub sandbox: bool,
    /// The user to become; `None`: who called `sudo`, or nobody.
    pub user: Option<String>,
}

impl Default for RightsSettings {
    fn default() -> Self {
        Self { sandbox: true, user: None }
    }
}

/// Something that is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What it is.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The same.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

/// A keyed digest of SNMP (RFC 3414, RFC 7860).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnmpDigest {
    /// HMAC-MD5-96.
    Md5,
    /// HMAC-SHA-96.
    Sha1,
    /// HMAC-128-SHA-224.
    Sha224,
    /// HMAC-192-SHA-256.
    Sha256,
    /// HMAC-256-SHA-384.
    Sha384,
    /// HMAC-384-SHA-512.
    Sha512,
}

/// A cipher of SNMP (RFC 3414, RFC 3826).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnmpPrivacy {
    /// CBC-DES.
    Des,
    /// CFB128-AES-128.
    Aes128,
    /// The same with 192 bits.
    Aes192,
    /// The same with 256 bits.
    Aes256,
}

/// By what a switch lets itself be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnmpAccess {
    /// Version 2c.
    Community(Secret),
    /// Version 3.
    User {
        /// The user.
        user: String,
        /// How it shows who it is.
        authentication: Option<(SnmpDigest, Secret)>,
        /// How questions and answers are kept from others.
        privacy: Option<(SnmpPrivacy, Secret)>,
    },
}

impl SnmpAccess {
    /// The version, for people.
    pub fn version(&self) -> &'static str {
        if matches!(self, SnmpAccess::Community(_)) { "v2c" } else { "v3" }
    }
}

/// A switch that is asked what it says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskSettings {
    /// Its name or address.
    pub host: String,
    /// The port its agent listens at.
    pub port: u16,
    /// By what it lets itself be asked.
    pub access: SnmpAccess,
    /// The port of it that copies come from.
    pub mirror_port: Option<String>,
}

impl AskSettings {
    /// Address and port.
    pub fn target(&self) -> String {
        if self.host.contains(':') { format!("[{}]:{}", self.host, self.port) } else { format!("{}:{}", self.host, self.port) }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_as_they_were_captured_keep_their_bytes() {
        let none = MirrorSettings { decap: Decap::None, ..MirrorSettings::default() }.resolved();
        assert_eq!((none.stamps, none.rspan), (StampChoice::None, RspanChoice::None));
        let named = MirrorSettings { decap: Decap::None, rspan: RspanChoice::Vlan(9), ..MirrorSettings::default() }.resolved();
        assert_eq!(named.rspan, RspanChoice::Vlan(9), "what was asked for is done");
        let auto = MirrorSettings::default();
        assert_eq!(auto.clone().resolved(), auto);
    }
}
