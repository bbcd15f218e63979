//! From what was meant to an open source.

use super::console::{Console, say};
use super::rights::{self, Needs, Opener, RightsLeft};
use super::{memory, privacy};
use crate::capture::file::PacketIndex;
use crate::capture::{self, Source, ports};
use crate::cli::{self, Common};
use crate::error::{Error, Result};
use crate::settings::{FileSettings, InputSettings};
use rustix::fs::FileType;
use std::io::{ErrorKind, IsTerminal};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Opens interfaces or captures, and gives up the rights that took; `writes` is a file that is to be written later.
pub fn open(input: &InputSettings, writes: Option<&Path>, common: &Common, console: &Console) -> Result<(Box<dyn Source>, RightsLeft)> {
    let needs = Needs { writes: writes.map(Path::to_owned), ..Needs::default() };
    open_noting(input, needs, None, common, console)
}

/// Does what [`open`] does for what else there is to be written, and has where packets of captures lie noted.
pub fn open_noting(
    input: &InputSettings,
    needs: Needs,
    index: Option<&Arc<PacketIndex>>,
    common: &Common,
    console: &Console,
) -> Result<(Box<dyn Source>, RightsLeft)> {
    if let Some(words) = memory::too_little() {
        say(format_args!("warning: {words}"));
    }
    let opener = match input {
        InputSettings::Live(_) => Some(Opener::start().map_err(|e| Error::io("cannot start the thread that opens ports", &e))?),
        InputSettings::Files(_) => None,
    };
    let source = privacy::source(open_with_rights(input, opener.as_ref(), index)?, common)?;
    let needs = Needs { reads: files(input).into_iter().chain(needs.reads).collect(), ..needs };
    let standing = rights::give_up(&common.rights, &needs, opener.as_ref(), console)?;
    Ok((source, standing))
}

/// The files that a source may open later.
fn files(input: &InputSettings) -> Vec<PathBuf> {
    match input {
        InputSettings::Live(_) => Vec::new(),
        InputSettings::Files(files) => files.paths.iter().filter(|p| p.as_os_str() != "-").cloned().collect(),
    }
}

fn open_with_rights(input: &InputSettings, opener: Option<&Opener>, index: Option<&Arc<PacketIndex>>) -> Result<Box<dyn Source>> {
    match input {
        InputSettings::Live(live) => {
            if live.interfaces.len() > 1 && live.interfaces.iter().any(|name| name == "any") {
                return Err(Error::usage("any is every interface: beside it the packets of the others would be counted twice"));
            }
            match opener {
                Some(opener) => capture::live::open_with(live, &opener.with_rights()),
                None => capture::live::open(live),
            }
        }
        InputSettings::Files(files) => {
            if files.paths.iter().any(|p| p.as_os_str() == "-") && std::io::stdin().is_terminal() {
                return Err(Error::usage("- is standard input, and that is a terminal: pipe a capture in, as in tcpdump -w - | spantop -"));
            }
            if files.limit.is_some() && !is_endless(input) {
                return Err(Error::usage("--for goes with a port, a pipe or --follow: a capture is read to its end"));
            }
            capture::file::open_noting(files, index).map_err(|error| explained(error, files))
        }
    }
}

/// Whether packets come for as long as somebody sends them: what came until an interruption is a result then.
pub fn is_endless(input: &InputSettings) -> bool {
    match input {
        InputSettings::Live(_) => true,
        InputSettings::Files(files) => files.follow || files.paths.iter().any(|path| is_pipe(path)),
    }
}

fn is_pipe(path: &Path) -> bool {
    if path.as_os_str() != "-" {
        return std::fs::metadata(path).is_ok_and(|about| about.file_type().is_fifo());
    }
    let about = rustix::fs::fstat(std::io::stdin());
    about.is_ok_and(|stat| matches!(FileType::from_raw_mode(stat.st_mode), FileType::Fifo | FileType::Socket | FileType::CharacterDevice))
}

/// A single word that is no file may have been meant for a command.
fn explained(error: Error, files: &FileSettings) -> Error {
    match (&error, files.paths.as_slice()) {
        (Error::Io { kind: ErrorKind::NotFound, .. }, [first, ..]) if !first.exists() => {
            let meant = first.to_str().filter(|word| !word.contains(['.', '/'])).and_then(cli::like_a_command);
            meant.map_or(error, |command| {
                Error::usage(format!("{}: no such capture and no command; did you mean spantop {command}?", first.display()))
            })
        }
        _ => error,
    }
}

/// Interfaces given by their number in the list of `spantop interfaces`, by name.
pub fn by_name(mut input: InputSettings) -> Result<InputSettings> {
    let InputSettings::Live(live) = &mut input else { return Ok(input) };
    for given in &mut live.interfaces {
        let Ok(number) = given.parse::<usize>() else { continue };
        let ports = ports::list()?;
        // An interface may be called 3.
        if ports.iter().any(|port| port.name == *given) {
            continue;
        }
        let port = number.checked_sub(1).and_then(|at| ports.get(at));
        let wrong = || Error::NoSuchInterface(format!("-i {given}: there are {} interfaces (spantop interfaces lists them)", ports.len()));
        *given = port.map(|port| port.name.clone()).ok_or_else(wrong)?;
    }
    Ok(input)
}
