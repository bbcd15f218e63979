//! What is left to threads that export: they are started before the sources are open, wait until rights have been given up, and then give up
//! all but what their exporters were told to do.

use super::system;
use crate::app::console::say;
use crate::export::ExportNeeds;
use crate::settings::RightsSettings;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::path::PathBuf;
use std::sync::Arc;

/// What exporters may do when rights have been given up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportRights {
    /// Directories they make files in.
    pub folders: Vec<PathBuf>,
    /// TCP ports they connect to.
    pub connects: Vec<u16>,
    /// Whether they answer who calls.
    pub answers: bool,
}

impl ExportRights {
    /// For exporters, and for whoever asks for the status.
    pub fn of(needs: &ExportNeeds, tells_status: bool) -> Self {
        Self { folders: needs.folders.clone(), connects: needs.connects.clone(), answers: !needs.answers.is_empty() || tells_status }
    }
}

impl std::fmt::Display for ExportRights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = |items: Vec<String>| if items.is_empty() { "nothing".to_owned() } else { items.join(", ") };
        let folders = list(self.folders.iter().map(|folder| folder.display().to_string()).collect());
        let ports: std::collections::BTreeSet<u16> = self.connects.iter().copied().collect();
        let ports = list(ports.iter().map(u16::to_string).collect());
        let answers = if self.answers { "; answer at ports that are open" } else { "" };
        write!(f, "write to {folders}; connect to TCP ports: {ports}{answers}")
    }
}

/// What threads wait at that are started early. They get no further where the program fails before.
#[derive(Debug, Clone)]
pub struct Gate {
    opened: Receiver<()>,
    rights: Option<Arc<ExportRights>>,
}

/// Opens it.
#[derive(Debug)]
pub struct GateKey(Sender<()>);

/// A gate for threads with these rights.
pub fn gate(rights: ExportRights, settings: &RightsSettings) -> (GateKey, Gate) {
    let (key, opened) = bounded(0);
    (GateKey(key), Gate { opened, rights: settings.sandbox.then(|| Arc::new(rights)) })
}

impl GateKey {
    /// Lets them through.
    pub fn open(self) {
        drop(self.0);
    }
}

impl Gate {
    /// What a thread does first: waits, and gives up its rights.
    pub fn waiting(self) -> impl FnOnce() + Send + 'static {
        move || {
            // The key's end goes when it is opened.
            let _ = self.opened.recv();
            if let Some(rights) = &self.rights {
                let refused = system::give_up_for_exports(rights);
                if !refused.is_empty() {
                    say(format_args!("warning: rights of exporters that could not be given up: {}", refused.join("; ")));
                }
            }
        }
    }
}
