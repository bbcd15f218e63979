//! From what was typed to what is meant.

use super::requests::{ArchiveCommand, CheckRequest};
use super::settings::{Command, Common, ConfigCommand, Invocation};
use super::typed::{Given, Typed, TypedCommand, TypedCommon, TypedConfig, TypedFleet, TypedInput};
use super::{Shell, units};
use crate::error::{Error, Result};
use crate::settings::{CutWay, FileSettings, InputSettings, LiveSettings, PacketStretch, RecorderSettings};
use std::path::Path;
use std::time::Duration;

/// Options of the dashboard that a command has no use for.
const OF_DASHBOARD: [&str; 6] = ["recorder", "save_dir", "save_on", "ring", "ring_files", "ring_size"];

impl Typed {
    /// From what was typed to what is meant.
    pub(super) fn meant(mut self, given: &Given<'_>) -> Result<Invocation> {
        self.refuse_misplaced(given)?;
        // Each undoes the other, and what was typed goes before the file.
        self.common.console.verbose &= !given.any(&["quiet"]);
        self.common.console.quiet &= !given.any(&["verbose"]);
        let common = self.common.meant();
        let recorder = RecorderSettings { ring: self.ring.meant(), ..self.recorder.into() };
        let command = match self.command {
            Some(command) => command.meant(&given.of_command(), common.switch.is_some())?,
            None => {
                let mut input = self.input;
                let replay = replay(self.replay, &mut input)?;
                match input.meant(replay, given)? {
                    Some(input) => {
                        let needs_screen = OF_DASHBOARD.iter().chain(&["compare"]).find(|id| given.any(&[**id]));
                        let needs_screen = needs_screen.map(|id| format!("--{}", id.replace('_', "-")));
                        Command::Dashboard { input, request: self.request, recorder, needs_screen }
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
        if self.common.switch.switch.is_none() && given.any(&["switch_credentials", "switch_port"]) {
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
            Self::Report { input, mut request } => {
                let implied = request.output.as_deref().filter(|_| !given.any(&["format"])).and_then(implied_format);
                request.format = implied.map_or(request.format, str::to_owned);
                Command::Report { input: needed(input, "report", given)?, request }
            }
            Self::Check { mut input, request: CheckRequest { format } } => {
                if input.files.is_empty() {
                    // A switch is asked at the beginning, and again when enough may have changed.
                    input.limit.get_or_insert(if asks_switch { CHECK_TIME_ASKING } else { CHECK_TIME });
                }
                Command::Check { input: needed(input, "check", given)?, format }
            }
            Self::Packets { input, request, stretch } => {
                Command::Packets { input: needed(input, "packets", given)?, request, stretch: ordered(stretch.into())? }
            }
            Self::Save { input, stretch, request } => {
                Command::Save { input: needed(input, "save", given)?, stretch: ordered(stretch.into())?, output: request.output }
            }
            Self::Diff(mut request) => {
                let implied = request.output.as_deref().and_then(implied_format).map(str::to_owned);
                request.format = request.format.or(implied);
                Command::Diff(request)
            }
            Self::Probe { input, probe, ring } => Command::Probe {
                input: needed(input, "probe", given)?,
                // Nobody looks at the last packets.
                recorder: RecorderSettings { memory: Some(0), ring: ring.meant(), ..RecorderSettings::default() },
                probe: probe.into(),
            },
            Self::Archive { action } => Command::Archive(cut_large_enough(action)?),
            Self::Fleet { action: Some(TypedFleet::Init(request)), .. } => Command::FleetInit(request),
            Self::Fleet { action: None, request } => Command::Fleet(request),
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

/// Refuses units in which no record could be found.
fn cut_large_enough(command: ArchiveCommand) -> Result<ArchiveCommand> {
    match command {
        ArchiveCommand::Plan { unit, cut: CutWay::Scan, .. } if unit < SCANNED_UNIT => {
            Err(Error::usage("--cut scan: units of 4MiB at least"))
        }
        command => Ok(command),
    }
}

/// Refuses a stretch that ends before it begins.
fn ordered(stretch: PacketStretch) -> Result<PacketStretch> {
    match stretch.is_backwards() {
        true => Err(Error::usage("--from is later than --to: no packet can be in between")),
        false => Ok(stretch),
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
            let Self { interface: interfaces, filter, limit, live, .. } = self;
            return Ok(Some(InputSettings::Live(LiveSettings { interfaces, filter, limit, ..live.into() })));
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
            work: self.work.into(),
            load: self.load.into(),
            mirror: self.mirror.into(),
            switch: self.switch.meant(),
            console: self.console.into(),
            privacy: self.privacy.into(),
            rights: self.rights.into(),
            named_file: self.config,
            file: None,
        }
    }
}
