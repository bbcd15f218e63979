//! The sections of a configuration file: what no option says. Everything that is wrong is found at once, each with its place.

mod command;
mod keeper;
mod sections;

pub use command::run;
pub use keeper::Keeper;

use crate::cli::{Common, ConfigFile};
use crate::error::{Error, Result};
use crate::model::evidence::Threshold;
use crate::snapshot::Order;
use crate::tui::{ChosenColumns, KeyChange, Keymap, OwnNames};

/// What a configuration file says beside options.
#[derive(Debug, Default)]
pub struct Preferences {
    /// Nanoseconds of the load chart.
    pub scale: Option<i64>,
    /// Bytes instead of bits.
    pub bytes: Option<bool>,
    /// Names instead of numbers.
    pub names: Option<bool>,
    /// Columns of tables.
    pub columns: ChosenColumns,
    /// Order of conversations.
    pub conversations: Option<Order>,
    /// Order of end points.
    pub endpoints: Option<Order>,
    /// Names of hosts and ports.
    pub own_names: OwnNames,
    /// Thresholds that are not what they are by themselves.
    pub thresholds: Vec<(&'static Threshold, f64)>,
    /// Keys that do something else.
    pub changes: Vec<KeyChange>,
    /// The keys in force.
    pub keymap: Keymap,
}

impl Preferences {
    /// What a file says, and what is wrong with it.
    pub fn read(file: &ConfigFile) -> (Self, Vec<String>) {
        sections::read(file)
    }

    /// Whether names are shown at the start: whoever gave names wants to see them.
    pub fn shows_names(&self) -> bool {
        let given = !self.own_names.hosts.is_empty() || !self.own_names.ports.is_empty();
        self.names.unwrap_or(given)
    }

    /// What the configuration file says, its thresholds in force from now on.
    ///
    /// # Errors
    /// Something is wrong with it; the message names the first place.
    pub fn in_force(common: &Common) -> Result<Self> {
        let Some(file) = &common.file else { return Ok(Self::default()) };
        let (mut read, wrong) = Self::read(file);
        if let Some(first) = wrong.first() {
            let more = if wrong.len() > 1 { format!(" (and {} more: spantop config check)", wrong.len() - 1) } else { String::new() };
            return Err(Error::usage(format!("{first}{more}")));
        }
        // Names of one's own are names, too.
        if common.privacy.anonymize {
            read.own_names = OwnNames::default();
        }
        for (threshold, value) in &read.thresholds {
            threshold.set(*value);
        }
        Ok(read)
    }
}
