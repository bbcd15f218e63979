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

/// A port whose packets a switch copies to another one, as it says (portCopyTable of SMON-MIB, RFC 2613; JUNIPER-ANALYZER-MIB).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortCopy {
    /// The number of the port that is mirrored.
    pub source: u32,
    /// The number of the port that sends the copies.
    pub destination: u32,
    /// Whether what it receives is copied, and what it sends.
    pub ways: [bool; 2],
    /// How often copies found no room at the destination (portCopyDestDropEvents): of that port, whatever is copied to it. Each time it was one
    /// packet or more.
    pub drop_events: u64,
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
    /// Which ports it copies to which, in order; empty where it does not say.
    pub copies: Vec<PortCopy>,
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
    /// Whether what it receives is copied to there, and what it sends.
    pub copied: [bool; 2],
}

impl PortRow {
    /// What of it is copied to the port that copies come from: what it receives (`in`), what it sends (`out`), or both; `None`: nothing, or the switch
    /// does not say.
    pub fn mirrored(&self) -> Option<&'static str> {
        match self.copied {
            [true, true] => Some("both"),
            [true, false] => Some("in"),
            [false, true] => Some("out"),
            [false, false] => None,
        }
    }
}

/// What the mirrored ports carried of what is to be copied, and what became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct OfferedLoad {
    /// Ports that are mirrored.
    pub ports: u64,
    /// Their directions that are mirrored.
    pub ways: u64,
    /// Packets that those carried.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
    /// Bytes that the port sent that sends the copies.
    pub sent_bytes: u64,
    /// How often the switch says that copies found no room at the port (portCopyDestDropEvents).
    pub drop_events: u64,
    /// Seconds in which they did.
    pub seconds: f64,
}

impl OfferedLoad {
    /// Whether each packet is copied once: one port that is mirrored. Of several the one brings a packet and another takes it away, and whether a switch
    /// makes one copy of it then or two differs: what they carried is the most there can have been.
    pub fn is_exact(&self) -> bool {
        self.ports == 1
    }

    /// Bits a second that were to be copied, and that the port for the copies sent; `None` where no time passed.
    pub fn bits_per_second(&self) -> Option<[f64; 2]> {
        (self.seconds > 0.0).then(|| [self.bytes, self.sent_bytes].map(|bytes| bytes as f64 * 8.0 / self.seconds))
    }
}

impl AskedSwitch {
    /// The number of the port that copies come from: the one that the user named, else where the switch knows this host's interface, else the only
    /// one that the switch says it copies to: where copies go it learns nobody.
    pub fn mirror_port(&self, own: &[Mac]) -> Option<u32> {
        let newest = self.newest.as_ref()?;
        if let Some(named) = &self.mirror_port {
            let is_it = |p: &&SwitchPort| {
                [&p.name, &p.description, &p.alias].iter().any(|name| name.eq_ignore_ascii_case(named)) || p.index.to_string() == *named
            };
            return newest.ports.iter().find(is_it).map(|p| p.index);
        }
        let mut known = newest.stations.iter().filter(|(mac, _)| own.contains(mac)).map(|(_, port)| *port);
        if let Some(first) = known.next() {
            return known.all(|other| other == first).then_some(first);
        }
        let mut destinations = newest.copies.iter().map(|copy| copy.destination);
        let first = destinations.next()?;
        destinations.all(|other| other == first).then_some(first)
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
        let copied = |port: &SwitchPort| {
            let to_mirror = newest.copies.iter().find(|copy| copy.source == port.index && Some(copy.destination) == mirror);
            to_mirror.map_or([false; 2], |copy| copy.ways)
        };
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
            copied: copied(port),
        };
        newest.ports.iter().map(row).collect()
    }

    /// What the ports that are mirrored to this one carried: since the question before, where it is to be `recent`, else since the first. `None` where
    /// the switch does not say which they are.
    pub fn offered(&self, rows: &[PortRow], recent: bool) -> Option<OfferedLoad> {
        let (newest, earlier) = (self.newest.as_ref()?, if recent { &self.before } else { &self.first });
        let counted = |row: &PortRow| if recent { row.recent } else { row.added };
        let mirror = rows.iter().find(|row| row.is_mirror)?;
        let (PortCounts { bytes: [_, sent_bytes], .. }, seconds) = counted(mirror);
        let mut load = OfferedLoad { sent_bytes, seconds, ..OfferedLoad::default() };
        for row in rows.iter().filter(|row| row.copied.contains(&true)) {
            let (counts, _) = counted(row);
            load.ports += 1;
            for (at, _) in row.copied.iter().enumerate().filter(|(_, is_copied)| **is_copied) {
                load.ways += 1;
                load.packets = load.packets.saturating_add(counts.packets.get(at).copied().unwrap_or(0));
                load.bytes = load.bytes.saturating_add(counts.bytes.get(at).copied().unwrap_or(0));
            }
        }
        let events =
            |answer: &SwitchAnswer| answer.copies.iter().filter(|c| c.destination == mirror.port.index).map(|c| c.drop_events).max();
        let earlier = earlier.as_ref().and_then(|earlier| events(earlier));
        load.drop_events = earlier.map_or(0, |earlier| events(newest).unwrap_or(0).saturating_sub(earlier));
        (load.ports > 0).then_some(load)
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

    /// Three ports, of which two are mirrored to the third: port 1 both ways, port 2 what it receives.
    fn mirrored(at: i64, packets: u64, drop_events: u64) -> Arc<SwitchAnswer> {
        let port = |index| {
            let counts = PortCounts { packets: [packets, 2 * packets], bytes: [100 * packets, 300 * packets], ..PortCounts::default() };
            SwitchPort { index, name: format!("Gi1/0/{index}"), counts, ..SwitchPort::default() }
        };
        let copy = |source, ways| PortCopy { source, destination: 24, ways, drop_events };
        let copies = vec![copy(1, [true, true]), copy(2, [true, false])];
        let ports = [1, 2, 24].map(port).to_vec();
        Arc::new(SwitchAnswer { at: Timestamp(at * super::super::time::SECOND), ports, copies, ..SwitchAnswer::default() })
    }

    #[test]
    fn what_mirrored_ports_carry_is_what_is_to_be_copied() {
        let asked = AskedSwitch {
            first: Some(mirrored(0, 1_000, 5)),
            before: Some(mirrored(10, 1_500, 5)),
            newest: Some(mirrored(20, 1_600, 8)),
            ..AskedSwitch::default()
        };
        // Nobody is learnt where copies go: the switch names the port itself.
        let rows = asked.rows(&[]);
        assert_eq!(
            rows.iter().map(|row| (row.is_mirror, row.copied)).collect::<Vec<_>>(),
            [(false, [true, true]), (false, [true, false]), (true, [false, false])]
        );
        let whole = asked.offered(&rows, false).unwrap();
        assert_eq!(
            (whole.ports, whole.ways, whole.packets, whole.bytes, whole.drop_events, whole.seconds),
            (2, 3, 2_400, 300_000, 3, 20.0)
        );
        let recent = asked.offered(&rows, true).unwrap();
        assert_eq!((recent.packets, recent.drop_events, recent.bits_per_second().unwrap()), (400, 3, [40_000.0, 24_000.0]));
        assert!(!recent.is_exact());
        // Two destinations: which is ours nobody says.
        let mut newest = SwitchAnswer::clone(&mirrored(20, 1_600, 8));
        newest.copies[1].destination = 23;
        let two = AskedSwitch { newest: Some(Arc::new(newest)), ..AskedSwitch::default() };
        assert_eq!((two.mirror_port(&[]), two.offered(&two.rows(&[]), false)), (None, None));
        assert_eq!(AskedSwitch { newest: Some(answer(0, 1, 0, 0)), ..AskedSwitch::default() }.offered(&[], false), None);
    }
}
