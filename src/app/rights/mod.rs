//! Rights are given up once the sources are open: what reads packets has no capability, no way to gain one, and writes to no file but the
//! one that was asked for, runs no program and opens no socket.
//!
//! One thread keeps what it takes to open a port ([`Opener`]): a port that vanished may come back. It sees no packet. All others, which are
//! started later, begin without rights, and those that were started before ([`EarlyThread`]) lose theirs. Where the system refuses a step the others are taken all the same, and it is told which.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

#[cfg(not(target_os = "linux"))]
use elsewhere as system;
#[cfg(target_os = "linux")]
use linux as system;

mod early;
mod exports;

use super::console::{Console, say};
use crate::error::{Error, Result};
use crate::settings::RightsSettings;
pub use early::EarlyThread;
pub use exports::{ExportRights, gate};
use std::path::PathBuf;
pub use system::Opener;

/// What the program will still have to do when its sources are open.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    /// Files that may be opened later, to be read.
    pub reads: Vec<PathBuf>,
    /// The file to be written, and the directory it is written in.
    pub writes: Option<PathBuf>,
    /// Directories in which files are made as they are wanted.
    pub folders: Vec<PathBuf>,
    /// Directories in which exporters make files: their threads may, those that read packets may not.
    pub exports: Vec<PathBuf>,
    /// Threads that were started before.
    pub early: Vec<EarlyThread>,
}

/// What became of the program's rights.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RightsLeft {
    /// What holds now, in a few words each.
    pub holds: Vec<String>,
    /// What the system refused.
    pub refused: Vec<String>,
}

impl RightsLeft {
    /// One line.
    pub fn line(&self) -> String {
        if self.holds.is_empty() { "kept as they were".to_owned() } else { self.holds.join("; ") }
    }
}

/// Gives up what is not needed any more, in this thread, in those it will start, and but for opening ports in `opener`'s.
///
/// # Errors
/// The user to become does not exist, or may not read or write what is named.
pub fn give_up(settings: &RightsSettings, needs: &Needs, opener: Option<&Opener>, console: &Console) -> Result<RightsLeft> {
    if !settings.sandbox {
        return Ok(RightsLeft { holds: vec!["kept as they were (--no-sandbox)".into()], refused: Vec::new() });
    }
    let standing = system::give_up(settings.user.as_deref(), needs, opener).map_err(Error::usage)?;
    if !standing.refused.is_empty() {
        say(format_args!("warning: rights that could not be given up: {}", standing.refused.join("; ")));
    }
    console.details(format_args!("rights: {}", standing.line()));
    Ok(standing)
}

#[cfg(test)]
mod tests;
