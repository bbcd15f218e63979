//! One row for somebody who tries port after port of a host: a thousand rows would say the same, and hide what there is besides.
//!
//! For people only: machines get every conversation as it was.

use super::{ConnectionEnding, Conversation, Service, Snapshot, Table};
use crate::model::Arrange as _;
use crate::model::evidence::{ScanEvidence, Trouble};
use crate::model::{Address, AppBy, Proto, ServiceKey, Subject};
use std::collections::{BTreeMap, BTreeSet};

/// So many ports of one host, tried in vain by another, are one row.
pub const FEWEST_PORTS: usize = 8;

/// How many ports there were is not known: not all rows are here.
pub const MANY_PORTS: u32 = u32::MAX;

/// So many ports as its rows show, where all of them are here; else as many as were counted of those who tried them.
fn known<'a, R>(table: &Table<R>, ports: usize, sweeps: impl Iterator<Item = &'a ScanEvidence>) -> u32 {
    let is_whole = table.rows.len() as u64 >= table.total_rows;
    let counted = || sweeps.filter(|sweep| !sweep.is_more).map(|sweep| sweep.failed).max().filter(|counted| *counted >= ports as u64);
    let ports = if is_whole { Some(ports as u64) } else { counted() };
    ports.and_then(|ports| u32::try_from(ports).ok()).unwrap_or(MANY_PORTS)
}

/// Those who tried ports of a host over a protocol.
fn against(sweeps: &[ScanEvidence], host: Address, protocol: Proto) -> impl Iterator<Item = &ScanEvidence> {
    sweeps.iter().filter(move |sweep| sweep.target == Some(host) && sweep.is_udp == (protocol == Proto::Udp))
}

/// Packets of a question without ports of its own to answer from which on somebody talks and does not try.
const FEW: u64 = 3;

/// The snapshot with such rows folded; `None` where there are none.
#[must_use]
pub fn folded(s: &Snapshot) -> Option<Snapshot> {
    let c = &s.stats.conversations;
    let sweeps = &s.diagnosis.network.sweeps;
    let (tcp, udp) = (talks(&c.tcp, Proto::Tcp, sweeps), talks(&c.udp, Proto::Udp, sweeps));
    let mut services = offers(s);
    for service in services.iter_mut().flatten().filter(|service| service.ports > 0) {
        match s.sweep_of(service.key).collect::<Vec<_>>().as_slice() {
            [] => tried(service, &c.tcp, s.live),
            sweeps => counted(service, sweeps),
        }
    }
    if tcp.is_none() && udp.is_none() && services.is_none() {
        return None;
    }
    let mut out = s.clone();
    let c = &mut out.stats.conversations;
    for (table, rows) in [(&mut c.tcp, tcp), (&mut c.udp, udp)] {
        rows.into_iter().for_each(|rows| replace(table, rows));
    }
    services.into_iter().for_each(|rows| replace(&mut out.stats.services, rows));
    Some(out)
}

fn replace<R>(table: &mut Table<R>, rows: Vec<R>) {
    table.total_rows = table.total_rows.saturating_sub((table.rows.len() - rows.len()) as u64);
    table.rows = rows;
}

/// Who tried, whom, and at which port, where nothing came of it.
fn vain(c: &Conversation, protocol: Proto) -> Option<((Address, Address), u16)> {
    let (forth, back) = if c.originator_is_a { (c.ab, c.ba) } else { (c.ba, c.ab) };
    let is_vain = match protocol {
        Proto::Tcp => matches!(c.ended, Some(ConnectionEnding::Refused | ConnectionEnding::NoAnswer)),
        _ => back.packets == 0 && forth.packets <= FEW && c.app_by != Some(AppBy::Content),
    };
    let ends = if c.originator_is_a { ((c.a, c.b), c.b_port) } else { ((c.b, c.a), c.a_port) };
    is_vain.then_some(ends)
}

/// Rows with those that stand for one and the same folded into the first of them; `None`: there are none.
fn talks(table: &Table<Conversation>, protocol: Proto, sweeps: &[ScanEvidence]) -> Option<Vec<Conversation>> {
    let mut ports: BTreeMap<(Address, Address), BTreeSet<u16>> = BTreeMap::new();
    for (ends, port) in table.rows.iter().filter_map(|c| vain(c, protocol)) {
        ports.entry(ends).or_default().insert(port);
    }
    ports.retain(|_, ports| ports.len() >= FEWEST_PORTS);
    if ports.is_empty() {
        return None;
    }
    let mut places: BTreeMap<(Address, Address), usize> = BTreeMap::new();
    let mut out: Vec<Conversation> = Vec::with_capacity(table.rows.len());
    for c in &table.rows {
        let sweep = vain(c, protocol).and_then(|(ends, _)| Some((ends, ports.get(&ends)?.len())));
        let Some((ends, tried)) = sweep else {
            out.push(c.clone());
            continue;
        };
        match places.get(&ends).and_then(|at| out.get_mut(*at)) {
            Some(row) => add(row, c),
            None => {
                places.insert(ends, out.len());
                let of = against(sweeps, ends.1, protocol).filter(|sweep| sweep.source == ends.0);
                out.push(whole(c, known(table, tried, of)));
            }
        }
    }
    // Where they stand follows from what they are together.
    out.arrange_by_key(|c| std::cmp::Reverse(c.total().wire_bytes));
    Some(out)
}

/// The row that stands for all, with the numbers of the first. Its ends are in the order of their addresses alone.
fn whole(c: &Conversation, ports: u32) -> Conversation {
    Conversation { a_port: 0, b_port: 0, ports, app: None, app_by: None, server_name: None, tcp: None, ..c.clone() }
}

fn add(row: &mut Conversation, c: &Conversation) {
    row.ab.add(c.ab);
    row.ba.add(c.ba);
    row.recent_ab.add(c.recent_ab);
    row.recent_ba.add(c.recent_ba);
    (row.first, row.last) = (row.first.min(c.first), row.last.max(c.last));
    c.vlans.ids().iter().for_each(|&id| row.vlans.insert(id));
    if row.state != c.state {
        row.state = None;
    }
    if row.ended != c.ended {
        row.ended = None;
    }
}

/// Services likewise: ports of one host of which none was of use to anybody. What a finding names has its row, as it is named.
fn offers(s: &Snapshot) -> Option<Vec<Service>> {
    let table = &s.stats.services;
    let named: BTreeSet<ServiceKey> = s.diagnosis.findings.iter().filter_map(|finding| service_of(finding.subject)).collect();
    let host = |s: &Service| (!s.is_used && s.app.is_none() && !named.contains(&s.key)).then_some((s.key.address, s.key.protocol));
    let mut ports: BTreeMap<(Address, Proto), usize> = BTreeMap::new();
    table.rows.iter().filter_map(host).for_each(|host| *ports.entry(host).or_default() += 1);
    ports.retain(|_, ports| *ports >= FEWEST_PORTS);
    if ports.is_empty() {
        return None;
    }
    let mut places: BTreeMap<(Address, Proto), usize> = BTreeMap::new();
    let mut out: Vec<Service> = Vec::with_capacity(table.rows.len());
    for s in &table.rows {
        let Some((host, tried)) = host(s).and_then(|host| Some((host, *ports.get(&host)?))) else {
            out.push(s.clone());
            continue;
        };
        match places.get(&host).and_then(|at| out.get_mut(*at)) {
            Some(row) => join(row, s),
            None => {
                places.insert(host, out.len());
                let key = ServiceKey { port: 0, ..s.key };
                out.push(Service { key, ports: known(table, tried, std::iter::empty()), guess: None, ..s.clone() });
            }
        }
    }
    Some(out)
}

fn service_of(subject: Subject) -> Option<ServiceKey> {
    match subject {
        Subject::Service { address, port, protocol } => Some(ServiceKey { address, port, protocol }),
        _ => None,
    }
}

impl Snapshot {
    /// Who tried the ports of the host whose row stands for many ports.
    pub fn sweep_of(&self, key: ServiceKey) -> impl Iterator<Item = &ScanEvidence> {
        against(&self.diagnosis.network.sweeps, key.address, key.protocol)
    }
}

/// What was counted of those who tried the ports of such a host: all of it, whenever it is looked at, while services are told no more of them than
/// shows that it is a sweep.
fn counted(row: &mut Service, sweeps: &[&ScanEvidence]) {
    let is_more = sweeps.iter().any(|sweep| sweep.is_more);
    let ports = sweeps.iter().map(|sweep| sweep.failed).max().unwrap_or(0);
    row.ports = if is_more { MANY_PORTS } else { u32::try_from(ports).unwrap_or(MANY_PORTS) };
    let sum = |of: fn(&ScanEvidence) -> u64| sweeps.iter().fold(0u64, |sum, sweep| sum.saturating_add(of(sweep)));
    let (refused, unanswered, sources) = (sum(|sweep| sweep.refused), sum(|sweep| sweep.unanswered), sweeps.len() as u64);
    let counts = &mut row.counts;
    (counts.attempts, counts.clients) = (counts.attempts.max(refused.saturating_add(unanswered)), counts.clients.max(sources));
    for (trouble, count) in [(Trouble::Refused, refused), (Trouble::NoAnswer, unanswered)] {
        let told = counts.troubles.of_mut(trouble);
        (told.count, told.clients) = (told.count.max(count), told.clients.max(sources.min(count)));
    }
}

/// Attempts and what became of them add up. Clients do not: the same come to each port.
fn join(row: &mut Service, s: &Service) {
    let (all, one) = (&mut row.counts, &s.counts);
    for (all, one) in [(&mut all.attempts, one.attempts), (&mut all.requests, one.requests), (&mut all.lone, one.lone)] {
        *all = all.saturating_add(one);
    }
    (all.clients, all.sources) = (all.clients.max(one.clients), all.sources.max(one.sources));
    for trouble in [Trouble::NoAnswer, Trouble::Refused, Trouble::HalfOpen, Trouble::Cut, Trouble::Unanswered] {
        let (all, one) = (all.troubles.of_mut(trouble), one.troubles.of(trouble));
        (all.count, all.clients) = (all.count.saturating_add(one.count), all.clients.max(one.clients));
    }
    row.last = row.last.max(s.last);
}

/// What the conversations say of the attempts at such a host, where they say more and nothing else does. On a port that goes on they are of longer
/// ago than what services are asked about: there they tell how many ports it was.
fn tried(row: &mut Service, table: &Table<Conversation>, live: bool) {
    let (mut clients, mut ports): (BTreeSet<Address>, BTreeSet<u16>) = Default::default();
    let (mut refused, mut unanswered) = (0u64, 0u64);
    for c in table.rows.iter().filter(|_| row.key.protocol == Proto::Tcp) {
        let Some(((client, _), port)) = vain(c, Proto::Tcp).filter(|((_, server), _)| *server == row.key.address) else { continue };
        clients.insert(client);
        ports.insert(port);
        *if c.ended == Some(ConnectionEnding::Refused) { &mut refused } else { &mut unanswered } += 1;
    }
    if ports.len() as u64 > row.ports.into() {
        row.ports = known(table, ports.len(), std::iter::empty());
    }
    let (counts, all) = (&mut row.counts, refused.saturating_add(unanswered));
    if live || all <= counts.attempts {
        return;
    }
    let known = clients.len() as u64;
    (counts.attempts, counts.clients) = (all, counts.clients.max(known));
    for (trouble, count) in [(Trouble::Refused, refused), (Trouble::NoAnswer, unanswered)] {
        let told = counts.troubles.of_mut(trouble);
        (told.count, told.clients) = (told.count.max(count), told.clients.max(known));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::path::Layer;
    use crate::model::{Episode, Finding, Path, Severity, Timestamp, Traffic};
    use crate::snapshot::TcpState;
    use crate::snapshot::table::FieldValue;
    use crate::snapshot::tables::conversations::CONVERSATIONS;

    fn at(n: u8) -> Address {
        Address::V4([10, 0, 0, n].into())
    }

    fn tried(port: u16, ended: ConnectionEnding) -> Conversation {
        let mut path = Path::EMPTY;
        [Proto::Eth, Proto::Ip, Proto::Tcp].into_iter().for_each(|p| path.push(p));
        let one = |wire_bytes| Traffic { packets: 1, wire_bytes };
        Conversation {
            a: at(1),
            b: at(9),
            a_port: 40_000 + port,
            b_port: port,
            ab: one(60),
            ba: if ended == ConnectionEnding::Refused { one(54) } else { Traffic::default() },
            recent_ab: Traffic::default(),
            recent_ba: Traffic::default(),
            began: None,
            first: Timestamp(i64::from(port)),
            last: Timestamp(i64::from(port) + 1),
            originator_is_a: true,
            state: Some(if ended == ConnectionEnding::Refused { TcpState::Reset } else { TcpState::SynSent }),
            ended: Some(ended),
            ports: 0,
            app: None,
            app_by: None,
            server_name: None,
            path,
            vlans: Default::default(),
            tcp: None,
        }
    }

    fn picture(rows: Vec<Conversation>) -> Snapshot {
        let mut s = Snapshot::default();
        s.stats.conversations.tcp = Table { total_rows: rows.len() as u64, rows, ..Table::default() };
        s
    }

    #[test]
    fn ports_tried_in_vain_are_one_row_that_holds_all_of_them() {
        let mut rows: Vec<_> = (1..=1_000).map(|port| tried(port, ConnectionEnding::Refused)).collect();
        rows.push(Conversation { app: Some("https"), ..tried(443, ConnectionEnding::Closed) });
        let s = picture(rows);
        let out = folded(&s).expect("a sweep");
        let table = &out.stats.conversations.tcp;
        assert_eq!((table.rows.len(), table.total_rows), (2, 2));
        let row = &table.rows[0];
        assert_eq!((row.ports, row.b_port, row.app, row.total()), (1_000, 0, None, Traffic { packets: 2_000, wire_bytes: 114_000 }));
        assert_eq!((row.first, row.last, row.state), (Timestamp(1), Timestamp(1_001), Some(TcpState::Reset)));
        let speaks = CONVERSATIONS.fields.iter().find(|f| f.head.token == "speaks").expect("a field").value(row);
        assert_eq!(speaks, FieldValue::Ports(Layer::Known(Proto::Tcp), 1_000));
        assert_eq!(speaks.ports_text().as_deref(), Some("tcp, 1,000 ports"));
        let sum = |s: &Snapshot| s.stats.conversations.tcp.rows.iter().map(|c| c.total().wire_bytes).sum::<u64>();
        assert_eq!(sum(&out), sum(&s), "nothing is missing");
    }

    fn service(port: u16) -> Service {
        Service {
            key: ServiceKey { address: at(9), port, protocol: Proto::Tcp },
            ports: 0,
            is_used: false,
            reads_requests: false,
            app: None,
            guess: None,
            shows_answers: true,
            counts: Default::default(),
            response: None,
            response_by: None,
            network: None,
            client_network: None,
            waiting: 0,
            last: Timestamp(0),
            lately: None,
        }
    }

    #[test]
    fn the_row_of_a_swept_host_counts_every_attempt() {
        let mut s = picture((1..=1_000).map(|port| tried(port, ConnectionEnding::Refused)).collect());
        s.stats.services = Table { total_rows: 14, rows: (1..=14).map(service).collect(), ..Table::default() };
        let out = folded(&s).expect("a sweep");
        let row = &out.stats.services.rows[0];
        assert_eq!((out.stats.services.rows.len(), row.counts.attempts, row.counts.clients), (1, 1_000, 1));
        assert_eq!((row.ports, row.trouble(Trouble::Refused), row.errors()), (1_000, 1_000, 1_000));
    }

    #[test]
    fn a_swept_host_of_a_port_has_one_number_as_long_as_who_swept_it_is_known() {
        let mut s = picture((1..=1_000).map(|port| tried(port, ConnectionEnding::Refused)).collect());
        s.stats.services = Table { total_rows: 14, rows: (1..=14).map(service).collect(), ..Table::default() };
        // On a port that goes on most of its conversations are not here any more; who tried is known as long as it is a finding.
        s.live = true;
        s.stats.conversations.tcp.rows.truncate(120);
        let scan = ScanEvidence {
            source: at(1),
            target: Some(at(9)),
            port: None,
            is_udp: false,
            failed: 2_997,
            is_more: false,
            refused: 3_000,
            unanswered: 4,
            succeeded: 2,
            station: None,
            is_routed: false,
            span: Episode::at(Timestamp(5)),
        };
        let other = ScanEvidence { target: Some(at(8)), failed: 9_999, ..scan };
        let udp = ScanEvidence { is_udp: true, ..other };
        s.diagnosis.network.sweeps = vec![other, udp, scan];
        for shown in [120, 10] {
            s.stats.conversations.tcp.rows.truncate(shown);
            let out = folded(&s).expect("a sweep");
            let row = &out.stats.services.rows[0];
            assert_eq!((row.ports, row.counts.attempts, row.failed_connections()), (2_997, 3_004, 3_004), "one number");
            assert_eq!(out.stats.conversations.tcp.rows[0].ports, 2_997);
        }
        // More than can be told apart, and where nobody counted: of a minute nothing is known by conversations of long ago.
        s.diagnosis.network.sweeps = vec![ScanEvidence { is_more: true, ..scan }];
        assert_eq!(folded(&s).expect("a sweep").stats.services.rows[0].ports, MANY_PORTS);
        s.diagnosis.network.sweeps.clear();
        let out = folded(&s).expect("a sweep");
        assert_eq!(out.stats.services.rows[0].failed_connections(), 0);
        // What a finding names is named alike here.
        let subject = Subject::Service { address: at(9), port: 7, protocol: Proto::Tcp };
        s.diagnosis.findings.push(Finding { subject, ..Finding::new("tcp.refused", Severity::Warning, "refuses", Timestamp(5)) });
        let out = folded(&s).expect("a sweep");
        let ports: Vec<u16> = out.stats.services.rows.iter().map(|row| row.key.port).collect();
        assert_eq!(ports, [0, 7]);
    }

    #[test]
    fn what_is_used_or_tried_seldom_stays_as_it_is() {
        assert_eq!(folded(&picture((1..8).map(|port| tried(port, ConnectionEnding::NoAnswer)).collect())), None);
        assert_eq!(folded(&picture((1..100).map(|port| tried(port, ConnectionEnding::Closed)).collect())), None);
        // One port, tried from many of the client's.
        let again = |n: u16| Conversation { a_port: 40_000 + n, ..tried(80, ConnectionEnding::Refused) };
        assert_eq!(folded(&picture((1..100).map(again).collect())), None);
        // Of more than are here nobody knows how many they are.
        let mut part = picture((1..100).map(|port| tried(port, ConnectionEnding::NoAnswer)).collect());
        part.stats.conversations.tcp.total_rows = 1_000;
        let out = folded(&part).expect("a sweep");
        assert_eq!((out.stats.conversations.tcp.rows.len(), out.stats.conversations.tcp.rows[0].ports), (1, MANY_PORTS));
        assert_eq!(FieldValue::Ports(Layer::Known(Proto::Tcp), MANY_PORTS).ports_text().as_deref(), Some("tcp, many ports"));
    }
}
