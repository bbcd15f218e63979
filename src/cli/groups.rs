//! Options in groups, as the settings they fill in: each is one entry here and one field of [`crate::settings`].

use super::options::{one_of, options};
use super::settings::SwitchRequest;
use super::units;
use crate::model::{Address, Carrier, Decap, RspanChoice, StampChoice};
use crate::settings::{
    Color, ConsoleSettings, FanoutMode, LiveSettings, LoadSettings, MirrorSettings, PacketBound, PacketStretch, PrivacySettings,
    ProbeSettings, RecorderSettings, RightsSettings, RingSettings, THEMES, ThemeChoice, TimeStamps, WorkSettings,
};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::path::PathBuf;
use std::time::Duration;

/// The words for which tunnels are taken off.
const DECAPS: &[(&str, Decap)] = &[("auto", Decap::Auto), ("all", Decap::All), ("none", Decap::None)];

/// The words for which of several readers a packet goes to.
const FANOUTS: &[(&str, FanoutMode)] = &[("hash", FanoutMode::Hash), ("cpu", FanoutMode::Cpu), ("round-robin", FanoutMode::RoundRobin)];

/// The words for who stamps packets.
const STAMPERS: &[(&str, TimeStamps)] =
    &[("host", TimeStamps::Host), ("adapter", TimeStamps::Adapter), ("adapter-unsynced", TimeStamps::AdapterUnsynced)];

/// The words for when colours are used.
const COLORS: &[(&str, Color)] = &[("auto", Color::Auto), ("always", Color::Always), ("never", Color::Never)];

options! {
    /// How a live port is captured from.
    TypedLive => LiveSettings else LiveSettings::default();
    /// Leave the interface out of promiscuous mode
    #[arg(short = 'p', long)]
    no_promisc: bool => promiscuous = !no_promisc;
    /// Bytes to keep of each packet
    #[arg(short, long, value_name = "BYTES", default_value = "262144", value_parser = clap::value_parser!(u32).range(64..=262_144))]
    snaplen: u32 => snaplen;
    /// The kernel's capture buffer
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = units::buffer)]
    buffer: usize => buffer_bytes = buffer;
    /// Readers that share the packets of an interface, each with a thread and a buffer of its own (Linux)
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=32))]
    readers: u16 => readers = readers.into();
    /// Which reader a packet goes to: by its conversation, the processor core that took it, or in turn
    #[arg(long, value_name = "MODE", default_value = "hash", value_parser = one_of(FANOUTS))]
    fanout: FanoutMode => fanout;
    /// Who stamps packets: the kernel (host), or the adapter as they come, by a clock that goes with the host's (adapter) or by its own
    /// (adapter-unsynced); tcpdump's -j
    #[arg(long, value_name = "WHO", default_value = "host", value_parser = one_of(STAMPERS))]
    time_stamps: TimeStamps => time_stamps;
}

options! {
    /// Which of the packets.
    TypedStretch => PacketStretch;
    /// Begin here: 90s or 5m after the first packet, a time (2026-11-28T14:02:11.5), seconds since 1970, or '#12' for a packet's number
    #[arg(long, value_name = "WHEN", value_parser = units::bound)]
    from: Option<PacketBound> => from;
    /// End here, this included: as --from
    #[arg(long, value_name = "WHEN", value_parser = units::bound)]
    to: Option<PacketBound> => to;
    /// At most so many packets
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64> => count;
}

options! {
    /// What is kept of the packets while a dashboard runs.
    TypedRecorder => RecorderSettings else RecorderSettings::default();
    /// Memory for the last packets of a port, to look at and to save; 0 keeps none [default: an eighth of --memory]
    #[arg(long, value_name = "SIZE", value_parser = units::size)]
    recorder: Option<usize> => memory = recorder.map(|bytes| bytes as u64);
    /// Directory for packets that are saved from the dashboard (W): without it no file is written
    #[arg(long, value_name = "DIR")]
    save_dir: Option<PathBuf> => save_dir;
    /// Save the 30 s before and after such a finding, into --save-dir: its identifier, or the group it begins with (may be given again)
    #[arg(long, value_name = "FINDING", requires = "save_dir")]
    save_on: Vec<String> => save_on;
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

impl TypedRing {
    /// The ring, where a directory for it was named.
    pub(super) fn meant(self) -> Option<RingSettings> {
        let (files, bytes) = (self.ring_files as usize, self.ring_size as u64);
        self.ring.map(|folder| RingSettings { folder, files, bytes })
    }
}

options! {
    /// What a probe does with what it counts.
    TypedProbe => ProbeSettings;
    /// Export to a receiver, such as jsonl-eve:/var/log/eve.json (may be given again; the help below lists them)
    #[arg(long, value_name = "NAME:TARGET")]
    export: Vec<String> => exports = export;
    /// Name of this probe, in every exported row [default: the host's name]
    #[arg(long, value_name = "NAME")]
    probe_id: Option<String> => id = probe_id;
    /// Where it stands, in every exported row
    #[arg(long, value_name = "NAME")]
    site: Option<String> => site;
    /// Answer /healthz and /status by HTTP here: 127.0.0.1:PORT, or unix:PATH [default: nowhere]
    #[arg(long, value_name = "WHERE")]
    status: Option<String> => status;
}

options! {
    /// What the work may take of the machine.
    TypedWork => WorkSettings;
    /// Worker threads, counting the one that reads; 0: that one alone [default: one a core]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=64))]
    threads: Option<u64> => threads = threads.map(|n| n as usize);
    /// Memory for what grows with the traffic (512M) [default: a quarter of what there is, at most 1G]
    #[arg(long, global = true, value_name = "SIZE", value_parser = units::memory)]
    memory: Option<u64> => memory;
}

options! {
    /// How load is measured.
    TypedLoad => LoadSettings else LoadSettings::default();
    /// Length of a load interval
    #[arg(long, global = true, value_name = "TIME", default_value = "1s", value_parser = units::interval)]
    interval: Duration => interval = i64::try_from(interval.as_nanos()).unwrap_or(i64::MAX);
    /// A local network (may be given again) [default: the private ranges]
    #[arg(long, global = true, value_name = "CIDR", value_parser = units::network)]
    local_net: Vec<ipnet::IpNet> => local_nets = local_net;
}

options! {
    /// What the mirror is, and what is undone of it.
    TypedMirror => MirrorSettings else MirrorSettings::default();
    /// Which tunnels to take off: those that carry mirrored packets, all, or none
    #[arg(long, global = true, value_name = "WHICH", default_value = "auto", value_parser = one_of(DECAPS))]
    decap: Decap => decap;
    /// UDP port that carries mirrored packets, and their encapsulation (7933=hp-erm; may be given again); gre:0xNNNN is a GRE protocol with
    /// Ethernet inside
    #[arg(long, global = true, value_name = "PORT=KIND", value_parser = units::carrier)]
    decap_port: Vec<Carrier> => carriers = decap_port;
    /// An end of a mirror's tunnel, usually where it is sent to: what comes so is taken off from the first packet (may be given again)
    #[arg(long, global = true, value_name = "ADDR")]
    mirror_to: Vec<std::net::IpAddr> => ends = mirror_to.into_iter().map(Address::from).collect();
    /// VLAN that carries a remote mirror (RSPAN) and is taken off: auto finds one around all tags, none takes none, or its number
    #[arg(long, global = true, value_name = "WHICH", default_value = "auto", value_parser = units::rspan)]
    rspan: RspanChoice => rspan;
    /// Time stamps that devices write at the end of frames: auto finds them, none leaves them, or metamako, cpacket, exablaze, vss, ixia,
    /// gigamon, arista-7150; ttag:0xNNNN names the EtherType of Cisco's
    #[arg(long, global = true, value_name = "WHICH", default_value = "auto", value_parser = units::stamps)]
    trailer: StampChoice => stamps = trailer;
    /// Count copies of a packet like any other packet
    #[arg(long, global = true)]
    no_dedup: bool => dedup = !no_dedup;
    /// Speed of the monitored link, for utilisation (10G)
    #[arg(long, global = true, value_name = "SPEED", value_parser = units::speed)]
    speed: Option<u64> => speed;
}

/// A switch that is asked.
#[derive(Debug, Args)]
pub(super) struct TypedSwitch {
    /// Ask the switch what it says of its ports, by SNMP (snmp://10.0.0.2); from another interface than those that capture
    #[arg(long, global = true, value_name = "URL", value_parser = units::switch)]
    pub(super) switch: Option<(String, u16)>,
    /// File with the credentials for --switch: lines such as community = "…", or user, auth, auth-password, privacy, privacy-password; without it
    /// those of the environment (SPANTOP_SWITCH_COMMUNITY …)
    #[arg(long, global = true, value_name = "FILE")]
    switch_credentials: Option<PathBuf>,
    /// Port of that switch which sends the copies: its name, alias or number [default: the one at which it knows this host]
    #[arg(long, global = true, value_name = "PORT")]
    switch_port: Option<String>,
}

impl TypedSwitch {
    /// The switch, where one was named.
    pub(super) fn meant(self) -> Option<SwitchRequest> {
        let (credentials, mirror_port) = (self.switch_credentials, self.switch_port);
        self.switch.map(|(host, port)| SwitchRequest { host, port, credentials, mirror_port })
    }
}

options! {
    /// What is said on the terminal, and how.
    TypedConsole => ConsoleSettings;
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", value_parser = one_of(COLORS))]
    color: Color => color;
    /// The dashboard's colours: auto is dark or light, as the terminal's background; other themes bring their own
    #[arg(long, global = true, value_name = "THEME", default_value = "auto",
        value_parser = PossibleValuesParser::new(std::iter::once("auto").chain(THEMES)).try_map(|name| units::theme(&name)))]
    theme: ThemeChoice => theme;
    /// Draw the dashboard with ASCII only (by itself where the locale is not UTF-8)
    #[arg(long, global = true)]
    ascii: bool => ascii;
    /// Tell errors and losses only
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool => quiet;
    /// Tell more
    #[arg(short, long, global = true)]
    verbose: bool => verbose;
}

options! {
    /// Whether addresses and names are replaced.
    TypedPrivacy => PrivacySettings;
    /// Replace addresses, names and words of payloads before anything looks at them, in screens, reports and saved files: networks stay
    /// together, MAC addresses keep their maker
    #[arg(long, global = true)]
    anonymize: bool => anonymize = anonymize || anonymize_key.is_some();
    /// The key for it: a file of 32 bytes or more; the same key replaces the same way (implies --anonymize) [default: another each time]
    #[arg(long, global = true, value_name = "FILE")]
    anonymize_key: Option<PathBuf> => key = anonymize_key;
}

options! {
    /// What becomes of the program's rights.
    TypedRights => RightsSettings;
    /// Become this user once the ports are open [default: who called sudo, else nobody]
    #[arg(long, global = true, value_name = "NAME")]
    user: Option<String> => user;
    /// Keep the rights the program was started with
    #[arg(long, global = true)]
    no_sandbox: bool => sandbox = !no_sandbox;
}
