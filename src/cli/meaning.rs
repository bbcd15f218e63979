//! From what was typed to what is meant.

use super::settings::{ArchiveCommand, Command, Common, ConfigCommand, Invocation, SwitchRequest};
use super::typed::{
    Given, Typed, TypedArchive, TypedColor, TypedCommand, TypedCommon, TypedConfig, TypedCopies, TypedCut, TypedDecap, TypedFanout,
    TypedFleet, TypedInput, TypedRing, TypedStretch,
};
use super::{Shell, units};
use crate::error::{Error, Result};
use crate::model::{Address, Decap};
use crate::settings::{
    Color, ConsoleSettings, CutWay, FanoutMode, FileSettings, InputSettings, LiveSettings, LoadSettings, MirrorSettings, PacketStretch,
    PrivacySettings, ProbeSettings, RecorderSettings, RightsSettings, RingSettings, UnitCopies,
};
use std::path::Path;
use std::time::Duration;

/// Options of the dashboard that a command has no use for.
const OF_DASHBOARD: [&str; 6] = ["recorder", "save_dir", "save_on", "ring", "ring_files", "ring_size"];

impl Typed {
    /// From what was typed to what is meant.
    pub(super) fn meant(mut self, given: &Given<'_>) -> Result<Invocation> {
        self.refuse_misplaced(given)?;
        // Each undoes the other, and what was typed goes before the file.
        self.common.verbose &= !given.any(&["quiet"]);
        self.common.quiet &= !given.any(&["verbose"]);
        let common = self.common.meant();
        let ring = self.ring.meant();
        let recorder =
            RecorderSettings { memory: self.recorder.map(|bytes| bytes as u64), save_dir: self.save_dir, save_on: self.save_on, ring };
        let command = match self.command {
            Some(command) => command.meant(&given.of_command(), common.switch.is_some())?,
            None => {
                let mut input = self.input;
                let replay = replay(self.replay, &mut input)?;
                match input.meant(replay, given)? {
                    Some(input) => {
                        let needs_screen = given.any(&OF_DASHBOARD) || given.any(&["compare"]);
                        Command::Dashboard { input, top: row_count(self.top), recorder, compare: self.compare, needs_screen }
                    }
                    None if given.any(&["compare"]) => {
                        return Err(Error::usage("--compare FILE needs something to compare it with: a capture, or -i"));
                    }
                    None => Command::Welcome { recorder },
                }
            }
        };
        Ok(Invocation { command, common })
    }

    /// Refuses options that stand where they mean nothing.
    fn refuse_misplaced(&self, given: &Given<'_>) -> Result<()> {
        if self.common.switch.is_none() && given.any(&["switch_credentials", "switch_port"]) {
            return Err(Error::usage("--switch-credentials and --switch-port go with --switch snmp://HOST"));
        }
        if self.command.is_none() {
            return Ok(());
        }
        if given.any(&OF_DASHBOARD) {
            return Err(Error::usage("--recorder, --save-dir, --save-on and --ring go with the dashboard, not with a command"));
        }
        if given.any(&["compare"]) {
            return Err(Error::usage("--compare goes with the dashboard; spantop diff BEFORE AFTER compares two captures"));
        }
        if given.any(&["files", "interface", "filter", "limit", "follow", "replay"]) {
            return Err(Error::usage("FILE, -i, -f, --for, --follow and --replay come after the command: spantop report -i eth1"));
        }
        Ok(())
    }
}

/// A number of rows as tables take it.
fn row_count(top: Option<u64>) -> Option<usize> {
    top.map(|n| usize::try_from(n).unwrap_or(usize::MAX))
}

/// What the command `name` reads, which it cannot do without.
fn needed(input: TypedInput, name: &str, given: &Given<'_>) -> Result<InputSettings> {
    // Of a port there is no list, and nothing to be saved from.
    let of_port = if matches!(name, "packets" | "save") { String::new() } else { format!(", or spantop {name} -i eth1") };
    let missing = || Error::usage(format!("{name} needs something to read: spantop {name} FILE{of_port}"));
    input.meant(None, given)?.ok_or_else(missing)
}

impl TypedCommand {
    /// From a command and what was given behind it to what is meant.
    fn meant(self, given: &Given<'_>, asks_switch: bool) -> Result<Command> {
        Ok(match self {
            Self::Report { input, format, output, top, table } => {
                let implied = output.as_deref().filter(|_| !given.any(&["format"])).and_then(implied_format);
                let format = implied.map_or(format, str::to_owned);
                Command::Report { input: needed(input, "report", given)?, format, output, top: row_count(top), table }
            }
            Self::Check { mut input, format } => {
                if input.files.is_empty() {
                    // A switch is asked at the beginning, and again when enough may have changed.
                    input.limit.get_or_insert(if asks_switch { CHECK_TIME_ASKING } else { CHECK_TIME });
                }
                Command::Check { input: needed(input, "check", given)?, format }
            }
            Self::Packets { input, format, stretch, tree } => {
                Command::Packets { input: needed(input, "packets", given)?, format, stretch: stretch.meant()?, tree }
            }
            Self::Save { input, stretch, output } => {
                Command::Save { input: needed(input, "save", given)?, stretch: stretch.meant()?, output }
            }
            Self::Diff { before, after, filter, format, output, top, all } => {
                let implied = output.as_deref().and_then(implied_format);
                let format = format.unwrap_or_else(|| implied.unwrap_or("text").to_owned());
                Command::Diff { files: [before, after], filter, format, output, top: row_count(top), all }
            }
            Self::Probe { input, export, probe_id, site, status, ring } => Command::Probe {
                input: needed(input, "probe", given)?,
                // Nobody looks at the last packets.
                recorder: RecorderSettings { memory: Some(0), ring: ring.meant(), ..RecorderSettings::default() },
                probe: ProbeSettings { exports: export, id: probe_id, site, status },
            },
            Self::Archive { action } => Command::Archive(action.meant()?),
            Self::Fleet { action: Some(TypedFleet::Init { database, keep_days, keep, cluster, print }), .. } => {
                Command::FleetInit { database, keep_days, keep, cluster, print }
            }
            Self::Fleet { action: None, url, last, from, to, format } => Command::Fleet { url, last, between: [from, to], format },
            Self::Interfaces => Command::Interfaces,
            Self::Explain { finding } => Command::Explain { finding },
            Self::Config { action } => Command::Config(action.meant()),
            Self::Completions { shell } => Command::Completions(Shell(shell)),
            Self::Man => Command::Man,
        })
    }
}

impl TypedConfig {
    fn meant(self) -> ConfigCommand {
        match self {
            Self::Check { file } => ConfigCommand::Check(file),
            Self::Print => ConfigCommand::Print { options: Vec::new() },
            Self::Init => ConfigCommand::Init,
        }
    }
}

/// How long a check looks at a port.
const CHECK_TIME: Duration = Duration::from_secs(10);

/// The same where a switch is asked.
const CHECK_TIME_ASKING: Duration = Duration::from_secs(25);

/// The report format that the ending of a file's name stands for.
fn implied_format(output: &Path) -> Option<&'static str> {
    const ENDINGS: [(&str, &str); 7] = [
        ("html", "html"),
        ("htm", "html"),
        ("json", "json"),
        ("csv", "csv"),
        ("md", "markdown"),
        ("markdown", "markdown"),
        ("txt", "text"),
    ];
    let ending = output.extension()?.to_str()?.to_ascii_lowercase();
    ENDINGS.iter().find(|(known, _)| *known == ending).map(|(_, format)| *format)
}

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

/// The smallest unit that a scan makes: it has to look farther than the longest packet.
const SCANNED_UNIT: u64 = 4 << 20;

impl TypedArchive {
    fn meant(self) -> Result<ArchiveCommand> {
        Ok(match self {
            TypedArchive::Plan { unit: 0, .. } => return Err(Error::usage("--unit 0: a unit has some bytes")),
            TypedArchive::Plan { files, unit, cut, copies } => {
                let cut = match cut {
                    TypedCut::Auto => CutWay::Auto,
                    TypedCut::Walk => CutWay::Walk,
                    TypedCut::Scan if (unit as u64) < SCANNED_UNIT => return Err(Error::usage("--cut scan: units of 4MiB at least")),
                    TypedCut::Scan => CutWay::Scan,
                };
                let copies = copies.map(|copies| match copies {
                    TypedCopies::Counted => UnitCopies::Counted,
                    TypedCopies::LeftOut => UnitCopies::LeftOut,
                });
                ArchiveCommand::Plan { files, unit: unit as u64, cut, copies }
            }
            TypedArchive::Run { filter } => ArchiveCommand::Run { filter },
            TypedArchive::Merge { files, format, output } => ArchiveCommand::Merge { files, format, output },
        })
    }
}

impl TypedRing {
    fn meant(self) -> Option<RingSettings> {
        let (files, bytes) = (self.ring_files as usize, self.ring_size as u64);
        self.ring.map(|folder| RingSettings { folder, files, bytes })
    }
}

impl TypedStretch {
    fn meant(self) -> Result<PacketStretch> {
        let stretch = PacketStretch { from: self.from, to: self.to, count: self.count };
        if stretch.is_backwards() {
            return Err(Error::usage("--from lies behind --to: no packet can be in between"));
        }
        Ok(stretch)
    }
}

impl TypedInput {
    /// Where packets come from; `None` when nothing was named.
    fn meant(mut self, mut replay: Option<f64>, given: &Given<'_>) -> Result<Option<InputSettings>> {
        // Of two that exclude each other the one that was typed is meant.
        self.follow &= given.any(&["follow"]) || !given.any(&["replay"]);
        replay = replay.filter(|_| given.any(&["replay"]) || !given.any(&["follow"]));
        if !self.files.is_empty() {
            if self.files.iter().filter(|f| f.as_os_str() == "-").count() > 1 {
                return Err(Error::usage("standard input (-) can be read only once"));
            }
            if self.follow && replay.is_some() {
                return Err(Error::usage("--follow shows a capture as it grows, --replay as it happened: give one of them"));
            }
            let Self { files: paths, filter, follow, limit, .. } = self;
            let may_last = follow || paths.iter().any(|path| path.as_os_str() == "-");
            let limit = limit.filter(|_| may_last || given.any(&["limit"]));
            return Ok(Some(InputSettings::Files(FileSettings { paths, filter, replay, notes: false, follow, limit, part: None })));
        }
        if !self.interface.is_empty() {
            return Ok(Some(InputSettings::Live(LiveSettings {
                interfaces: self.interface,
                filter: self.filter,
                promiscuous: !self.no_promisc,
                snaplen: self.snaplen,
                buffer_bytes: self.buffer,
                readers: self.readers.into(),
                fanout: match self.fanout {
                    TypedFanout::Hash => FanoutMode::Hash,
                    TypedFanout::Cpu => FanoutMode::Cpu,
                    TypedFanout::RoundRobin => FanoutMode::RoundRobin,
                },
                limit: self.limit,
            })));
        }
        if self.follow {
            return Err(Error::usage("--follow needs a capture: spantop --follow FILE"));
        }
        if replay.is_some() {
            return Err(Error::usage("--replay needs a capture: spantop --replay FILE"));
        }
        Ok(None)
    }
}

impl TypedCommon {
    pub(super) fn meant(self) -> Common {
        Common {
            threads: self.threads.map(|n| n as usize),
            memory: self.memory,
            load: LoadSettings {
                interval: i64::try_from(self.interval.as_nanos()).unwrap_or(i64::MAX),
                local_nets: self.local_net,
                origin: None,
            },
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
                speed_is_port: false,
            },
            switch: self.switch.map(|(host, port)| SwitchRequest {
                host,
                port,
                credentials: self.switch_credentials,
                mirror_port: self.switch_port,
            }),
            console: ConsoleSettings {
                quiet: self.quiet,
                verbose: self.verbose,
                color: match self.color {
                    TypedColor::Auto => Color::Auto,
                    TypedColor::Always => Color::Always,
                    TypedColor::Never => Color::Never,
                },
                theme: self.theme,
                ascii: self.ascii,
            },
            privacy: PrivacySettings { anonymize: self.anonymize || self.anonymize_key.is_some(), key: self.anonymize_key },
            rights: RightsSettings { sandbox: !self.no_sandbox, user: self.user },
            named_file: self.config,
            file: None,
        }
    }
}
