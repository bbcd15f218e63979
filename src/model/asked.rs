//! What a switch says of itself when it is asked.

use super::{Mac, Timestamp};
use std::sync::Arc;

/// What a port has counted since its switch began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PortCounts {
    /// Bytes received and sent.
    pub bytes: [u64; 2],
    /// Packets received and sent.
    pub packets: [u64; 2],
    /// Packets received and to be sent that had errors.
    pub errors: [u64; 2],
    /// Packets received and to be sent that were dropped without an error, as for want of room.
    pub discards: [u64; 2],
}

impl PortCounts {
    /// What was added since an earlier state. A counter that fell was set back: then it counts from zero.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let pair = |now: [u64; 2], then: [u64; 2]| {
            [0, 1].map(|at: usize| {
                let (now, then) = (now.get(at).copied().unwrap_or(0), then.get(at).copied().unwrap_or(0));
                if now >= then { now - then } else { now }
            })
        };
        Self {
            bytes: pair(self.bytes, earlier.bytes),
            packets: pair(self.packets, earlier.packets),
            errors: pair(self.errors, earlier.errors),
            discards: pair(self.discards, earlier.discards),
        }
    }
}

/// A port of a switch, as it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SwitchPort {
    /// Its number (ifIndex, RFC 2863).
    pub index: u32,
    /// Its short name (ifName), else its description.
    pub name: String,
    /// Its description (ifDescr).
    pub description: String,
    /// What an administrator called it (ifAlias).
    pub alias: String,
    /// Bits per second; 0 where it is not known.
    pub speed: u64,
    /// Whether it carries packets.
    pub is_up: bool,
    /// Whether it is meant to.
    pub is_enabled: bool,
    /// Whether it sends and receives at once; `None`: not said.
    pub full_duplex: Option<bool>,
    /// The device at its other end (LLDP-MIB): name and port.
    pub neighbour: Option<(String, String)>,
    /// Stations that the switch knows there (BRIDGE-MIB, Q-BRIDGE-MIB).
    pub stations: u64,
    /// What it has counted.
    pub counts: PortCounts,
}

/// One answer of a switch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SwitchAnswer {
    /// When it came.
    pub at: Timestamp,
    /// Its name (sysName).
    pub name: String,
    /// What it is (sysDescr).
    pub description: String,
    /// Where it is (sysLocation).
    pub location: String,
    /// Hundredths of a second since it began (sysUpTime).
    pub uptime: u64,
    /// Its ports, by their number.
    pub ports: Vec<SwitchPort>,
    /// At which port it knows a station.
    pub stations: Vec<(Mac, u32)>,
    /// There were more stations or ports than are kept.
    pub is_cut: bool,
}

/// What is known of a switch that is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AskedSwitch {
    /// Whom: address and port.
    pub target: String,
    /// How often it answered.
    pub answers: u64,
    /// The first answer.
    pub first: Option<Arc<SwitchAnswer>>,
    /// The one before the newest.
    pub before: Option<Arc<SwitchAnswer>>,
    /// The newest.
    pub newest: Option<Arc<SwitchAnswer>>,
    /// Why the latest question was not answered; `None`: it was.
    pub trouble: Option<String>,
    /// The port that mirrors, by its name, as the user said.
    pub mirror_port: Option<String>,
}

/// A row of the table of ports.
#[derive(Debug, Clone, PartialEq)]
pub struct PortRow {
    /// What the switch says of it.
    pub port: SwitchPort,
    /// What it has counted since it was first asked, and the seconds since then.
    pub added: (PortCounts, f64),
    /// The same since the question before.
    pub recent: (PortCounts, f64),
    /// Whether it is where the copies come from.
    pub is_mirror: bool,
}

impl AskedSwitch {
    /// The number of the port that copies come from: the one that the user named, else where the switch knows this host's interface.
    pub fn mirror_port(&self, own: &[Mac]) -> Option<u32> {
        let newest = self.newest.as_ref()?;
        if let Some(named) = &self.mirror_port {
            let is_it = |p: &&SwitchPort| {
                [&p.name, &p.description, &p.alias].iter().any(|name| name.eq_ignore_ascii_case(named)) || p.index.to_string() == *named
            };
            return newest.ports.iter().find(is_it).map(|p| p.index);
        }
        let mut known = newest.stations.iter().filter(|(mac, _)| own.contains(mac)).map(|(_, port)| *port);
        let first = known.next()?;
        known.all(|other| other == first).then_some(first)
    }

    /// Why the port that copies come from is not known although the switch answers; `None`: it is, or nobody answered.
    pub fn no_mirror_port(&self, is_known: bool) -> Option<String> {
        if is_known || self.newest.is_none() {
            return None;
        }
        Some(match &self.mirror_port {
            Some(named) => format!("The switch has no port {named}, which --switch-port names: what the mirror's port drops is not known"),
            None => {
                "The switch does not know at which of its ports this host is: --switch-port names the one that sends the copies, and then \
                     its discards are the mirror's"
                    .to_owned()
            }
        })
    }

    /// Every port, with what was added since it was first asked.
    pub fn rows(&self, own: &[Mac]) -> Vec<PortRow> {
        let Some(newest) = &self.newest else { return Vec::new() };
        let mirror = self.mirror_port(own);
        let since = |port: &SwitchPort, earlier: &Option<Arc<SwitchAnswer>>| {
            let Some(earlier) = earlier else { return (PortCounts::default(), 0.0) };
            // A switch that began anew counts from zero.
            let restarted = newest.uptime < earlier.uptime;
            let known = earlier.ports.iter().find(|p| p.index == port.index).map(|p| p.counts).filter(|_| !restarted);
            (port.counts.since(&known.unwrap_or_default()), newest.at.seconds_since(earlier.at))
        };
        let row = |port: &SwitchPort| PortRow {
            port: port.clone(),
            added: since(port, &self.first),
            recent: since(port, &self.before),
            is_mirror: mirror == Some(port.index),
        };
        newest.ports.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(at: i64, uptime: u64, sent: u64, dropped: u64) -> Arc<SwitchAnswer> {
        let counts = PortCounts { packets: [0, sent], discards: [0, dropped], ..PortCounts::default() };
        let ports = vec![SwitchPort { index: 24, name: "Gi1/0/24".into(), counts, ..SwitchPort::default() }];
        let stations = vec![(Mac([2, 0, 0, 0, 0, 1]), 24)];
        Arc::new(SwitchAnswer { at: Timestamp(at * super::super::time::SECOND), uptime, ports, stations, ..SwitchAnswer::default() })
    }

    #[test]
    fn what_is_added_is_counted_and_a_restart_begins_at_zero() {
        let asked = |newest| AskedSwitch { first: Some(answer(0, 100, 1_000, 7)), newest: Some(newest), ..AskedSwitch::default() };
        let row = |asked: AskedSwitch| asked.rows(&[]).remove(0);
        let (added, seconds) = row(asked(answer(10, 1_100, 1_500, 57))).added;
        assert_eq!((added.packets[1], added.discards[1], seconds), (500, 50, 10.0));
        assert_eq!(row(asked(answer(10, 5, 20, 3))).added.0.discards[1], 3);
    }

    #[test]
    fn the_mirror_port_is_named_or_where_this_host_is() {
        let newest = Some(answer(0, 1, 0, 0));
        let by_name = AskedSwitch { newest: newest.clone(), mirror_port: Some("gi1/0/24".into()), ..AskedSwitch::default() };
        assert_eq!(by_name.mirror_port(&[]), Some(24));
        let by_station = AskedSwitch { newest, ..AskedSwitch::default() };
        assert_eq!(by_station.mirror_port(&[Mac([2, 0, 0, 0, 0, 1])]), Some(24));
        assert_eq!(by_station.mirror_port(&[]), None);
        assert!(by_station.no_mirror_port(false).is_some_and(|words| words.contains("--switch-port")));
        let wrong = AskedSwitch { mirror_port: Some("nosuch".into()), ..by_name.clone() };
        assert!(wrong.mirror_port(&[]).is_none() && wrong.no_mirror_port(false).is_some_and(|words| words.contains("no port nosuch")));
        assert_eq!((by_name.no_mirror_port(true), AskedSwitch::default().no_mirror_port(false)), (None, None));
    }
}
