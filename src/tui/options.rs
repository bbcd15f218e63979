//! What the program tells the dashboard before it starts.

use super::keymap::Keymap;
use super::row_action::Export;
use super::theme::{Background, ColorChoice};
use crate::error::Result;
use crate::model::{Address, Mac, Timestamp};
use crate::snapshot::{Baseline, Feed, Order, PacketStore, SpanStore};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Names that the user gave to addresses and ports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnNames {
    /// Of addresses.
    pub hosts: HashMap<Address, String>,
    /// Of ports: number, and `tcp`, `udp`, `sctp` or, for all of them, nothing.
    pub ports: HashMap<(u16, String), String>,
}

impl OwnNames {
    /// The name of a port.
    pub fn port(&self, port: u16, transport: &str) -> Option<&str> {
        if self.ports.is_empty() {
            return None;
        }
        let found = |transport: &str| self.ports.get(&(port, transport.to_owned()));
        found(transport).or_else(|| found("")).map(String::as_str)
    }
}

/// Columns of a table that the user chose, in their order: the table's token, and theirs.
pub type ChosenColumns = HashMap<String, Vec<String>>;

/// What the user has chosen on screen and wants to keep.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptChoices {
    /// The theme, by its name.
    pub theme: &'static str,
    /// Bytes instead of bits.
    pub bytes: bool,
    /// Names instead of numbers.
    pub names: bool,
    /// The span of the load chart, where another was chosen than it began with: nanoseconds, or everything.
    pub scale: Option<Option<i64>>,
    /// Order of conversations, where another was chosen.
    pub conversations: Option<Order>,
    /// Order of end points, where another was chosen.
    pub endpoints: Option<Order>,
}

/// Who writes down what is to be kept, and says in a line what became of it.
pub type Keep = Arc<dyn Fn(&KeptChoices) -> String + Send + Sync>;

/// Settings and services of the dashboard. Functions are passed in because screens know nothing of the wings that have them.
#[derive(Clone)]
pub struct DashboardOptions {
    /// What is looked at, for the first line: interface or file names.
    pub source_title: String,
    /// Who has the packets themselves, where somebody has.
    pub packets: Option<Arc<dyn PacketStore>>,
    /// Who reads spans of the past again, where somebody can.
    pub spans: Option<Arc<dyn SpanStore>>,
    /// Who knows whether packets that are to be written down are, where any are.
    pub written: Option<Written>,
    /// The capture that is compared with, where there is one.
    pub baseline: Option<Arc<Baseline>>,
    /// Set from outside (a signal) to leave.
    pub stop: Arc<AtomicBool>,
    /// A longer explanation of a finding, by its identifier: each text in one line, however long.
    pub explain: fn(&str) -> Option<String>,
    /// Who made a network card, by the prefix of its address.
    pub manufacturer: fn(Mac) -> Option<&'static str>,
    /// Name of a port: number and `tcp`, `udp` or `sctp`.
    pub service: fn(u16, &str) -> Option<&'static str>,
    /// Whether to use colours.
    pub color: ColorChoice,
    /// The terminal's background.
    pub background: Background,
    /// ASCII only; `None`: what the environment says.
    pub ascii: Option<bool>,
    /// Seconds that this host's clocks show east of UTC, at a time: summer's packets have summer's hours.
    pub utc_offset: fn(Timestamp) -> i64,
    /// Bytes instead of bits at the start.
    pub bytes: bool,
    /// Names of ports and manufacturers instead of numbers at the start.
    pub names: bool,
    /// Which key does what.
    pub keymap: Keymap,
    /// Nanoseconds of the load chart at the start; `None`: as the source is.
    pub scale: Option<i64>,
    /// Order of conversations at the start.
    pub conversations: Option<Order>,
    /// Order of end points at the start.
    pub endpoints: Option<Order>,
    /// Columns of tables, where they are not the usual ones.
    pub columns: Arc<ChosenColumns>,
    /// Names that the user gave.
    pub own_names: Arc<OwnNames>,
    /// Who writes down what the user wants to keep.
    pub keep: Option<Keep>,
    /// The capture that is looked at, where it is one file.
    pub capture_file: Option<PathBuf>,
    /// Who writes exports into files, and says in a line what became of it.
    pub export: Option<ExportTo>,
    /// Who runs other programs, where the program still may.
    pub open: Option<OpenWith>,
    /// Who shows the same without its addresses and names, where it is not so from the beginning.
    pub mask: Option<Mask>,
    /// Addresses and names are replaced in what is shown.
    pub is_masked: bool,
}

/// Who analyses the same traffic once more, without its addresses and names.
pub type Mask = Arc<dyn Fn() -> Result<MaskedSide> + Send + Sync>;

/// The same traffic without its addresses and names.
pub struct MaskedSide {
    /// Its snapshots.
    pub feed: Box<dyn Feed>,
    /// What it is shown with: all of it made for names that are hidden, none of it taken over.
    pub options: Box<DashboardOptions>,
    /// What is not shown meanwhile, in words.
    pub left_out: Vec<String>,
    /// Whether files are written meanwhile that hold packets as they came.
    pub writes_clear: bool,
}

/// What is to be told of files that are written all the time: `None` while all is well.
pub type Written = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// Who writes exports into files.
pub type ExportTo = Arc<dyn Fn(&Export) -> String + Send + Sync>;

/// Who opens a capture in a program, with a display filter; what became of it.
pub type OpenWith = Arc<dyn Fn(&str, &Path, Option<&str>) -> String + Send + Sync>;

impl Default for DashboardOptions {
    fn default() -> Self {
        Self {
            source_title: String::new(),
            packets: None,
            spans: None,
            written: None,
            baseline: None,
            stop: Arc::default(),
            explain: |_| None,
            manufacturer: |_| None,
            service: |_, _| None,
            color: ColorChoice::Auto,
            background: Background::Auto,
            ascii: None,
            utc_offset: |_| 0,
            bytes: false,
            names: false,
            keymap: Keymap::default(),
            scale: None,
            conversations: None,
            endpoints: None,
            columns: Arc::default(),
            own_names: Arc::default(),
            keep: None,
            capture_file: None,
            export: None,
            open: None,
            mask: None,
            is_masked: false,
        }
    }
}
