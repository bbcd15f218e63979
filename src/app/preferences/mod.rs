//! The sections of a configuration file: what no option says. Everything that is wrong is found at once, each with its place.

mod command;
mod keeper;
mod sections;

pub use command::run;
pub use keeper::Keeper;

use super::privacy::Privacy;
use crate::cli::{Common, ConfigFile};
use crate::diagnose::NamedThreshold;
use crate::error::{Error, Result};
use crate::export::{ExportTarget, HubPlan, Identity};
use crate::model::Arrange as _;
use crate::model::{LearntName, NameSource, Timestamp};
use crate::settings::ProbeSettings;
use crate::snapshot::{Order, Snapshot};
use crate::tui::{ChosenColumns, KeyChange, Keymap, OwnNames};
use std::collections::BTreeMap;

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
    /// What `spantop probe` is told.
    pub probe: ProbePreferences,
    /// Thresholds that are not what they are by themselves.
    pub thresholds: Vec<(NamedThreshold, f64)>,
    /// Keys that do something else.
    pub changes: Vec<KeyChange>,
    /// The keys in force.
    pub keymap: Keymap,
}

/// What a configuration file says of a probe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProbePreferences {
    /// Its name.
    pub id: Option<String>,
    /// Where it stands.
    pub site: Option<String>,
    /// Where its status is to be had.
    pub status: Option<String>,
    /// Seconds after which a conversation that goes on is exported; 0: at its end only.
    pub flow_seconds: Option<u32>,
    /// What is exported where.
    pub exports: Vec<String>,
    /// Where that stands.
    pub exports_place: String,
    /// Options by exporter.
    pub options: BTreeMap<String, BTreeMap<String, String>>,
}

impl ProbePreferences {
    /// What is exported where, by the command line and the configuration file.
    ///
    /// # Errors
    /// There is no such exporter.
    pub fn targets(&self, typed: &ProbeSettings) -> Result<Vec<ExportTarget>> {
        let texts = typed.exports.iter().chain(self.exports.iter().filter(|text| !typed.exports.contains(text)));
        let target = |text: &String| {
            let target = ExportTarget::parse(text)?;
            let options = self.options.get(&target.exporter).cloned().unwrap_or_default();
            Ok(ExportTarget { options, ..target })
        };
        texts.map(target).collect()
    }

    /// What of the exports a probe would refuse at its start; nothing is opened.
    pub fn wrong_targets(&self) -> Vec<Error> {
        let nobody = Identity::new(String::new(), String::new(), Timestamp::UNKNOWN, 0);
        match self.targets(&ProbeSettings::default()) {
            Ok(targets) => HubPlan::wrong(&targets, nobody, self.status.as_deref()).into_iter().map(|(_, error)| error).collect(),
            Err(error) => vec![error],
        }
    }
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

    /// Tells a report what the user calls the hosts in it.
    pub fn name_hosts(&self, snapshot: &mut Snapshot) {
        let ends = &snapshot.stats.endpoints;
        let rows = [&ends.ip, &ends.ipv6, &ends.eth].into_iter().flat_map(|table| &table.rows);
        let mut named: Vec<LearntName> = rows
            .filter_map(|row| {
                let name = self.own_names.hosts.get(&row.address)?;
                let name = name.as_str().into();
                Some(LearntName { address: row.address, name, source: NameSource::Own, first: row.first, last: row.last })
            })
            .collect();
        named.arrange_by_key(|name| name.address);
        let names = &mut snapshot.dissect.names;
        names.total_rows = names.total_rows.saturating_add(named.len() as u64);
        named.append(&mut names.rows);
        names.rows = named;
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
        read.own_names = Privacy::of(common).own_names(&read.own_names);
        for (named, value) in &read.thresholds {
            named.threshold.set(*value);
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Timestamp, Traffic};
    use crate::snapshot::HostRow;

    #[test]
    fn a_report_has_the_users_names_of_hosts_that_are_in_it() {
        let at = |n: u8| Address::V4([10, 0, 0, n].into());
        let row = HostRow {
            address: at(1),
            port: 0,
            tx: Traffic::default(),
            rx: Traffic::default(),
            recent_tx: Traffic::default(),
            recent_rx: Traffic::default(),
            first: Timestamp(1),
            last: Timestamp(2),
            inside: None,
            app_by: None,
            app: None,
            peers: 0,
            itself: Traffic::default(),
            vlans: Default::default(),
        };
        let mut snapshot = Snapshot::default();
        snapshot.stats.endpoints.ip.rows.push(row);
        let mut preferences = Preferences::default();
        preferences.own_names.hosts = [(at(1), "dns-1".to_owned()), (at(2), "elsewhere".to_owned())].into();
        preferences.name_hosts(&mut snapshot);
        let names: Vec<_> = snapshot.dissect.names.rows.iter().map(|n| (n.address, &*n.name, n.source.token())).collect();
        assert_eq!((names, snapshot.dissect.names.total_rows), (vec![(at(1), "dns-1", "own")], 1));
    }
}
