//! What is asked for, by its number, and what answers mean.

use crate::model::limits::{ASKED_PORTS, ASKED_STATIONS};
use crate::model::{Mac, PortCopy, SwitchAnswer, SwitchPort};
use std::collections::{BTreeMap, BTreeSet};

/// A value of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MibValue {
    /// Any number.
    Number(u64),
    /// Bytes, of text or an address.
    Bytes(Vec<u8>),
}

impl MibValue {
    fn number(&self) -> u64 {
        match self {
            MibValue::Number(n) => *n,
            MibValue::Bytes(_) => 0,
        }
    }

    /// Text of at most 255 bytes.
    fn text(&self) -> String {
        match self {
            MibValue::Number(n) => n.to_string(),
            MibValue::Bytes(bytes) => {
                let text = bytes.get(..bytes.len().min(255)).unwrap_or_default();
                String::from_utf8_lossy(text).trim_matches(['\0', ' ']).to_owned()
            }
        }
    }
}

/// A column of a table, or a single value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MibColumn {
    /// system (RFC 3418).
    Description,
    /// See there.
    Uptime,
    /// See there.
    Name,
    /// See there.
    Location,
    /// ifTable (RFC 2863).
    PortDescription,
    /// See there.
    PortEnabled,
    /// See there.
    PortUp,
    /// See there.
    InDiscards,
    /// See there.
    InErrors,
    /// See there.
    OutDiscards,
    /// See there.
    OutErrors,
    /// ifXTable.
    PortName,
    /// See there, 64 bits wide.
    InBytes,
    /// See there.
    InUnicast,
    /// See there.
    InMulticast,
    /// See there.
    InBroadcast,
    /// See there.
    OutBytes,
    /// See there.
    OutUnicast,
    /// See there.
    OutMulticast,
    /// See there.
    OutBroadcast,
    /// Megabits per second.
    PortSpeed,
    /// See there.
    PortAlias,
    /// dot3StatsDuplexStatus (RFC 3635).
    Duplex,
    /// dot1dBasePortIfIndex (RFC 4188): the interface of a bridge's port.
    BridgePort,
    /// dot1dTpFdbPort: the bridge's port of a station.
    Station,
    /// dot1qTpFdbPort (RFC 4363): the same by VLAN.
    VlanStation,
    /// lldpLocPortId (IEEE 802.1AB): the name of LLDP's own number of a port.
    LldpPort,
    /// lldpRemPortId.
    NeighbourPort,
    /// lldpRemSysName.
    NeighbourName,
    /// portCopyDestDropEvents (SMON-MIB, RFC 2613), by source and destination.
    CopyDrops,
    /// portCopyDirection.
    CopyDirection,
    /// portCopyStatus.
    CopyStatus,
    /// jnxAnalyzerOutputType (JUNIPER-ANALYZER-MIB), by the analyzer's name and where it sends copies.
    AnalyzerOutput,
    /// jnxExAnalyzerInputType, by the analyzer's name, a direction and what is copied.
    AnalyzerInput,
}

/// Everything that is asked for, with its object identifier.
pub const COLUMNS: &[(MibColumn, &[u64])] = &[
    (MibColumn::Description, &[1, 3, 6, 1, 2, 1, 1, 1]),
    (MibColumn::Uptime, &[1, 3, 6, 1, 2, 1, 1, 3]),
    (MibColumn::Name, &[1, 3, 6, 1, 2, 1, 1, 5]),
    (MibColumn::Location, &[1, 3, 6, 1, 2, 1, 1, 6]),
    (MibColumn::PortDescription, &[1, 3, 6, 1, 2, 1, 2, 2, 1, 2]),
    (MibColumn::PortEnabled, &[1, 3, 6, 1, 2, 1, 2, 2, 1, 7]),
    (MibColumn::PortUp, &[1, 3, 6, 1, 2, 1, 2, 2, 1, 8]),
    (MibColumn::InDiscards, &[1, 3, 6, 1, 2, 1, 2, 2, 1, 13]),
    (MibColumn::InErrors, &[1, 3, 6, 1, 2, 1, 2, 2, 1, 14]),
    (MibColumn::OutDiscards, &[1, 3, 6, 1, 2, 1, 2, 2, 1, 19]),
    (MibColumn::OutErrors, &[1, 3, 6, 1, 2, 1, 2, 2, 1, 20]),
    (MibColumn::PortName, &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1]),
    (MibColumn::InBytes, &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6]),
    (MibColumn::InUnicast, &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 7]),
    (MibColumn::InMulticast, &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 8]),
    (MibColumn::InBroadcast, &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 9]),
    (MibColumn::OutBytes, &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 10]),
    (MibColumn::OutUnicast, &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 11]),
    (MibColumn::OutMulticast, &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 12]),
    (MibColumn::OutBroadcast, &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 13]),
    (MibColumn::PortSpeed, &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 15]),
    (MibColumn::PortAlias, &[1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 18]),
    (MibColumn::Duplex, &[1, 3, 6, 1, 2, 1, 10, 7, 2, 1, 19]),
    (MibColumn::BridgePort, &[1, 3, 6, 1, 2, 1, 17, 1, 4, 1, 2]),
    (MibColumn::Station, &[1, 3, 6, 1, 2, 1, 17, 4, 3, 1, 2]),
    (MibColumn::VlanStation, &[1, 3, 6, 1, 2, 1, 17, 7, 1, 2, 2, 1, 2]),
    (MibColumn::LldpPort, &[1, 0, 8802, 1, 1, 2, 1, 3, 7, 1, 3]),
    (MibColumn::NeighbourPort, &[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 7]),
    (MibColumn::NeighbourName, &[1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 9]),
    (MibColumn::CopyDrops, &[1, 3, 6, 1, 2, 1, 16, 22, 1, 3, 1, 1, 3]),
    (MibColumn::CopyDirection, &[1, 3, 6, 1, 2, 1, 16, 22, 1, 3, 1, 1, 4]),
    (MibColumn::CopyStatus, &[1, 3, 6, 1, 2, 1, 16, 22, 1, 3, 1, 1, 5]),
    (MibColumn::AnalyzerOutput, &[1, 3, 6, 1, 4, 1, 2636, 3, 40, 1, 1, 1, 1, 3, 1, 2]),
    (MibColumn::AnalyzerInput, &[1, 3, 6, 1, 4, 1, 2636, 3, 40, 1, 1, 1, 1, 4, 1, 3]),
];

/// An answer that is being put together.
#[derive(Debug, Default)]
pub struct Draft {
    answer: SwitchAnswer,
    ports: BTreeMap<u32, SwitchPort>,
    bridge_ports: BTreeMap<u32, u32>,
    stations: BTreeSet<(Mac, u32)>,
    lldp_ports: BTreeMap<u64, String>,
    neighbours: BTreeMap<u64, (String, String)>,
    /// By source and destination.
    copies: BTreeMap<(u32, u32), DraftCopy>,
    analyzers: BTreeMap<String, Analyzer>,
}

/// What is said of one port that is copied to another.
#[derive(Debug, Default)]
struct DraftCopy {
    ways: Option<[bool; 2]>,
    drop_events: u64,
    /// It is set up and at work.
    is_active: Option<bool>,
}

/// A mirror session by the names of its ports.
#[derive(Debug, Default)]
struct Analyzer {
    outputs: BTreeSet<String>,
    /// Each with whether what it receives is copied, and what it sends.
    inputs: BTreeMap<String, [bool; 2]>,
}

/// What an analyzer's rows are about an interface, not a VLAN.
const INTERFACE: u64 = 1;

impl Draft {
    /// Whether there is room for more of a column.
    pub fn has_room(&self, column: MibColumn) -> bool {
        match column {
            MibColumn::Station | MibColumn::VlanStation => self.stations.len() < ASKED_STATIONS,
            _ => true,
        }
    }

    /// Takes in one value of a column; `suffix` is what its number ends with.
    pub fn take(&mut self, column: MibColumn, suffix: &[u64], value: &MibValue) {
        let text = || value.text();
        match column {
            MibColumn::Description => self.answer.description = text(),
            MibColumn::Uptime => self.answer.uptime = value.number(),
            MibColumn::Name => self.answer.name = text(),
            MibColumn::Location => self.answer.location = text(),
            MibColumn::BridgePort => {
                if let (Some(port), true) = (last(suffix), self.bridge_ports.len() < ASKED_PORTS) {
                    self.bridge_ports.insert(port, u32::try_from(value.number()).unwrap_or(0));
                }
            }
            MibColumn::Station | MibColumn::VlanStation => self.station(suffix, value),
            // What LLDP calls a port, and by which number: some switches use ifIndex, others count.
            MibColumn::LldpPort => self.lldp(suffix.last(), |draft, number| _ = draft.lldp_ports.insert(number, text())),
            MibColumn::NeighbourPort => {
                self.lldp(neighbour(suffix), |draft, number| draft.neighbours.entry(number).or_default().1 = text())
            }
            MibColumn::NeighbourName => {
                self.lldp(neighbour(suffix), |draft, number| draft.neighbours.entry(number).or_default().0 = text())
            }
            MibColumn::CopyDrops | MibColumn::CopyDirection | MibColumn::CopyStatus => self.copy(column, suffix, value.number()),
            MibColumn::AnalyzerOutput | MibColumn::AnalyzerInput => _ = self.analyzer(column, suffix, value.number()),
            _ => self.port(column, suffix, value),
        }
    }

    fn copy(&mut self, column: MibColumn, suffix: &[u64], number: u64) {
        let &[source, destination] = suffix else { return };
        let (Ok(source), Ok(destination)) = (u32::try_from(source), u32::try_from(destination)) else { return };
        if self.copies.len() >= ASKED_PORTS && !self.copies.contains_key(&(source, destination)) {
            self.answer.is_cut = true;
            return;
        }
        let copy = self.copies.entry((source, destination)).or_default();
        match column {
            MibColumn::CopyDrops => copy.drop_events = number,
            // copyRxOnly(1), copyTxOnly(2), copyBoth(3).
            MibColumn::CopyDirection => copy.ways = (1..=3).contains(&number).then_some([number != 2, number != 1]),
            // active(1) of RowStatus (RFC 2579).
            _ => copy.is_active = Some(number == 1),
        }
    }

    /// A row of a table of analyzers; `None` where it is about a VLAN, cannot be read or finds no room.
    fn analyzer(&mut self, column: MibColumn, suffix: &[u64], number: u64) -> Option<()> {
        let (name, rest) = counted_text(suffix)?;
        let known = self.analyzers.values().map(|a| a.inputs.len() + a.outputs.len() + 1).sum::<usize>();
        if number != INTERFACE || known >= ASKED_PORTS {
            return None;
        }
        if column == MibColumn::AnalyzerOutput {
            let (port, _) = counted_text(rest)?;
            self.analyzers.entry(name).or_default().outputs.insert(port);
            return Some(());
        }
        let (way, rest) = rest.split_first()?;
        let (port, _) = counted_text(rest)?;
        // ingress(1), egress(2); what is copied of VLANs is not a port's.
        let at = usize::try_from(way.checked_sub(1)?).ok()?;
        *self.analyzers.entry(name).or_default().inputs.entry(port).or_default().get_mut(at)? = true;
        Some(())
    }

    fn station(&mut self, suffix: &[u64], value: &MibValue) {
        let bytes = suffix.last_chunk::<6>().map(|b| b.map(|n| u8::try_from(n).unwrap_or(0)));
        if let Some(mac) = bytes.filter(|_| self.stations.len() < ASKED_STATIONS) {
            self.stations.insert((Mac(mac), u32::try_from(value.number()).unwrap_or(0)));
        } else {
            self.answer.is_cut = true;
        }
    }

    fn lldp(&mut self, number: Option<&u64>, note: impl FnOnce(&mut Self, u64)) {
        if let Some(number) = number.filter(|_| self.lldp_ports.len() + self.neighbours.len() < 2 * ASKED_PORTS) {
            note(self, *number);
        }
    }

    fn port(&mut self, column: MibColumn, suffix: &[u64], value: &MibValue) {
        let Some(index) = last(suffix) else { return };
        if self.ports.len() >= ASKED_PORTS && !self.ports.contains_key(&index) {
            self.answer.is_cut = true;
            return;
        }
        let port = self.ports.entry(index).or_insert_with(|| SwitchPort { index, ..SwitchPort::default() });
        let (counts, number) = (&mut port.counts, value.number());
        let add = |slot: &mut u64| *slot = slot.saturating_add(number);
        let [received, sent] = &mut counts.packets;
        match column {
            MibColumn::PortDescription => port.description = value.text(),
            MibColumn::PortName => port.name = value.text(),
            MibColumn::PortAlias => port.alias = value.text(),
            MibColumn::PortEnabled => port.is_enabled = number == 1,
            MibColumn::PortUp => port.is_up = number == 1,
            MibColumn::PortSpeed => port.speed = number.saturating_mul(1_000_000),
            MibColumn::Duplex => port.full_duplex = matches!(number, 2 | 3).then_some(number == 3),
            MibColumn::InBytes => counts.bytes[0] = number,
            MibColumn::OutBytes => counts.bytes[1] = number,
            MibColumn::InDiscards => counts.discards[0] = number,
            MibColumn::OutDiscards => counts.discards[1] = number,
            MibColumn::InErrors => counts.errors[0] = number,
            MibColumn::OutErrors => counts.errors[1] = number,
            MibColumn::InUnicast | MibColumn::InMulticast | MibColumn::InBroadcast => add(received),
            MibColumn::OutUnicast | MibColumn::OutMulticast | MibColumn::OutBroadcast => add(sent),
            _ => {}
        }
    }

    /// The answer: stations and neighbours at the ports they belong to.
    pub fn done(self) -> SwitchAnswer {
        let Self { mut answer, mut ports, bridge_ports, stations, lldp_ports, neighbours, copies, analyzers } = self;
        let active = copies.into_iter().filter(|(_, copy)| copy.is_active != Some(false));
        let mut copied: BTreeSet<PortCopy> = active
            .map(|((source, destination), copy)| PortCopy {
                source,
                destination,
                ways: copy.ways.unwrap_or([true; 2]),
                drop_events: copy.drop_events,
            })
            .collect();
        copied.extend(analyzers.values().flat_map(|analyzer| analyzer.copies(&ports)));
        answer.copies = copied.into_iter().collect();
        for (mac, bridge_port) in stations {
            let index = bridge_ports.get(&bridge_port).copied().unwrap_or(bridge_port);
            if let Some(port) = ports.get_mut(&index) {
                port.stations = port.stations.saturating_add(1);
                answer.stations.push((mac, index));
            }
        }
        answer.stations.dedup();
        for (number, neighbour) in neighbours {
            let named = lldp_ports.get(&number);
            let by_name =
                named.and_then(|name| ports.values().find(|p| [&p.name, &p.description, &p.alias].contains(&name)).map(|p| p.index));
            let index = by_name.or_else(|| u32::try_from(number).ok());
            if let Some(port) = index.and_then(|index| ports.get_mut(&index)) {
                port.neighbour = Some(neighbour);
            }
        }
        for port in ports.values_mut().filter(|port| port.name.is_empty()) {
            port.name.clone_from(&port.description);
        }
        answer.ports = ports.into_values().collect();
        answer
    }
}

impl Analyzer {
    /// Which ports it copies to which, by their numbers.
    fn copies(&self, ports: &BTreeMap<u32, SwitchPort>) -> Vec<PortCopy> {
        // Interfaces are named with the logical one on them (ge-0/0/1.0), whose packets are the port's.
        let of = |name: &str| {
            let port = name.split_once('.').map_or(name, |(port, _)| port);
            ports.values().find(|p| [p.name.as_str(), p.description.as_str()].contains(&port)).map(|p| p.index)
        };
        let pairs = self.outputs.iter().flat_map(|to| self.inputs.iter().map(move |(from, ways)| (from, to, *ways)));
        pairs.filter_map(|(from, to, ways)| Some(PortCopy { source: of(from)?, destination: of(to)?, ways, drop_events: 0 })).collect()
    }
}

/// A text in a row's number, its length before it (RFC 2578 section 7.7), and what follows.
fn counted_text(suffix: &[u64]) -> Option<(String, &[u64])> {
    let (length, rest) = suffix.split_first()?;
    let (text, rest) = rest.split_at_checked(usize::try_from(*length).ok().filter(|length| *length <= 255)?)?;
    let bytes: Option<Vec<u8>> = text.iter().map(|byte| u8::try_from(*byte).ok()).collect();
    Some((String::from_utf8_lossy(&bytes?).into_owned(), rest))
}

fn last(suffix: &[u64]) -> Option<u32> {
    suffix.last().and_then(|n| u32::try_from(*n).ok())
}

/// The local port of a row of LLDP's neighbours: time, port, index.
fn neighbour(suffix: &[u64]) -> Option<&u64> {
    suffix.get(1).filter(|_| suffix.len() == 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> MibValue {
        MibValue::Bytes(text.as_bytes().to_vec())
    }

    #[test]
    fn values_come_together_at_their_ports() {
        let mut draft = Draft::default();
        draft.take(MibColumn::Name, &[0], &text("sw-core-1"));
        for (index, name) in [(10_101, "Gi1/0/1"), (10_124, "Gi1/0/24")] {
            draft.take(MibColumn::PortName, &[index], &text(name));
            draft.take(MibColumn::PortUp, &[index], &MibValue::Number(1));
            draft.take(MibColumn::PortSpeed, &[index], &MibValue::Number(1_000));
        }
        draft.take(MibColumn::OutUnicast, &[10_124], &MibValue::Number(5));
        draft.take(MibColumn::OutBroadcast, &[10_124], &MibValue::Number(2));
        draft.take(MibColumn::OutDiscards, &[10_124], &MibValue::Number(9));
        draft.take(MibColumn::BridgePort, &[1], &MibValue::Number(10_101));
        draft.take(MibColumn::VlanStation, &[20, 0, 27, 84, 1, 2, 3], &MibValue::Number(1));
        draft.take(MibColumn::Station, &[0, 27, 84, 1, 2, 3], &MibValue::Number(1));
        draft.take(MibColumn::LldpPort, &[24], &text("Gi1/0/24"));
        draft.take(MibColumn::NeighbourName, &[7, 24, 1], &text("probe"));
        draft.take(MibColumn::NeighbourPort, &[7, 24, 1], &text("eth1"));
        let answer = draft.done();
        let [one, mirror] = answer.ports.as_slice() else { panic!("{:?}", answer.ports) };
        assert_eq!((answer.name.as_str(), one.stations, &answer.stations), ("sw-core-1", 1, &vec![(Mac([0, 27, 84, 1, 2, 3]), 10_101)]));
        assert_eq!((mirror.counts.packets, mirror.counts.discards, mirror.speed), ([0, 7], [0, 9], 1_000_000_000));
        assert_eq!(mirror.neighbour, Some(("probe".into(), "eth1".into())));
    }

    #[test]
    fn mirror_sessions_by_number_and_by_name() {
        let mut draft = Draft::default();
        for (index, name) in [(1, "ge-0/0/1"), (2, "ge-0/0/2"), (9, "ge-0/0/9")] {
            draft.take(MibColumn::PortName, &[index], &text(name));
        }
        let copies = [([1, 9], 1, 3, 7), ([2, 9], 1, 1, 0), ([2, 8], 2, 3, 5)];
        for (pair, status, direction, drops) in copies {
            draft.take(MibColumn::CopyStatus, &pair, &MibValue::Number(status));
            draft.take(MibColumn::CopyDirection, &pair, &MibValue::Number(direction));
            draft.take(MibColumn::CopyDrops, &pair, &MibValue::Number(drops));
        }
        // A session that is not in service copies nothing.
        let copy = |source, destination, ways, drop_events| PortCopy { source, destination, ways, drop_events };
        assert_eq!(draft.done().copies, [copy(1, 9, [true, true], 7), copy(2, 9, [true, false], 0)]);

        let mut draft = Draft::default();
        for (index, name) in [(501, "ge-0/0/1"), (509, "ge-0/0/9")] {
            draft.take(MibColumn::PortName, &[index], &text(name));
        }
        let counted = |text: &str| std::iter::once(text.len() as u64).chain(text.bytes().map(u64::from)).collect::<Vec<_>>();
        let row = |parts: &[&[u64]]| parts.concat();
        let (span, to, from) = (counted("span"), counted("ge-0/0/9.0"), counted("ge-0/0/1.0"));
        draft.take(MibColumn::AnalyzerOutput, &row(&[&span, &to]), &MibValue::Number(1));
        for way in [1, 2, 3] {
            draft.take(MibColumn::AnalyzerInput, &row(&[&span, &[way], &from]), &MibValue::Number(1));
        }
        // A VLAN is no port, and a length that lies is no name.
        draft.take(MibColumn::AnalyzerInput, &row(&[&span, &[1], &counted("v20")]), &MibValue::Number(2));
        draft.take(MibColumn::AnalyzerInput, &[4, 1], &MibValue::Number(1));
        assert_eq!(draft.done().copies, [copy(501, 509, [true, true], 0)]);
    }

    #[test]
    fn what_makes_no_sense_does_no_harm_and_there_is_a_cap() {
        let mut draft = Draft::default();
        for &(column, _) in COLUMNS {
            for suffix in [&[][..], &[u64::MAX], &[1, 2], &[0; 20]] {
                draft.take(column, suffix, &MibValue::Number(u64::MAX));
                draft.take(column, suffix, &MibValue::Bytes(vec![0xff; 4_000]));
            }
        }
        for n in 0..3 * ASKED_PORTS as u64 {
            draft.take(MibColumn::PortUp, &[n], &MibValue::Number(1));
        }
        let answer = draft.done();
        assert!(answer.is_cut && answer.ports.len() <= ASKED_PORTS && answer.description.chars().count() <= 255);
    }
}
