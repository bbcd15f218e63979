//! The filter on rows that are held: at once, also while it is typed and while the picture is paused. What lies deeper comes from the engine.
//!
//! It means one thing on every screen: conversations that match, and what is in them. Hosts, services and VLANs are those that match by
//! themselves (their address, maker, port) or together with something they take part in: `dns` shows who speaks it, `10.0.0.7 and dns` that
//! host, if it does. Where nobody does, they are the ends of conversations that match.

use crate::model::{Address, Path, Proto, ServiceKey, Traffic};
use crate::snapshot::hierarchy;
use crate::snapshot::table::TableSpec;
use crate::snapshot::tables::conversations::CONVERSATIONS;
use crate::snapshot::tables::endpoints::ENDPOINTS;
use crate::snapshot::tables::services::SERVICES;
use crate::snapshot::tables::stations::{STATIONS, StationRow, stations};
use crate::snapshot::tables::vlans::VLANS;
use crate::snapshot::{Conversation, Filter, HostRow, Kinds, ProtocolRow, Service, Snapshot, Table, VlanRow};
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

/// The snapshot with those rows of its tables that a filter shows.
pub(super) fn narrowed(snapshot: &Arc<Snapshot>, filter: Option<&Filter>) -> Arc<Snapshot> {
    let Some(filter) = filter.map(|filter| filter.measured(snapshot)) else { return Arc::clone(snapshot) };
    let mut out = Snapshot::clone(snapshot);
    let talks = &snapshot.stats.conversations;
    // Who has a port speaks over its transport; addresses have whatever is spoken there.
    let ends = &mut out.stats.endpoints;
    let [tcp, udp, sctp] = by_port(talks).map(|table| vec![table]);
    narrow(&filter, [(&mut ends.tcp, tcp), (&mut ends.udp, udp), (&mut ends.sctp, sctp)]);
    narrow(&filter, [&mut ends.ip, &mut ends.ipv6, &mut ends.eth].map(|table| (table, everything(talks))));
    add_stations(&filter, snapshot, &mut out.stats.endpoints);
    narrow(&filter, [(&mut out.stats.services, by_port(talks).to_vec())]);
    narrow(&filter, [(&mut out.stats.vlans, everything(talks))]);
    let c = &mut out.stats.conversations;
    for table in [&mut c.tcp, &mut c.udp, &mut c.sctp, &mut c.ip, &mut c.ipv6, &mut c.eth] {
        keep(table, |row| filter.matches_conversation(row));
    }
    out.stats.protocols = tree(&filter, &out, snapshot);
    Arc::new(out)
}

/// Shows network cards as well for what is known of them as stations, and for the addresses of hosts that are shown: pairs of cards do not say what
/// is spoken between them.
fn add_stations(filter: &Filter, all: &Snapshot, ends: &mut Kinds<HostRow>) {
    let hosts: HashSet<Address> = [&ends.ip, &ends.ipv6].into_iter().flat_map(|table| &table.rows).map(|row| row.address).collect();
    let is_shown =
        |row: &StationRow| row.addresses.iter().any(|address| hosts.contains(address)) || filter.verdict(&STATIONS, row) == Some(true);
    let mut shown: HashSet<Address> = ends.eth.rows.iter().map(|row| row.address).collect();
    shown.extend(stations(all).iter().filter(|row| is_shown(row)).map(|row| Address::Mac(row.mac)));
    let mut table = all.stats.endpoints.eth.clone();
    keep(&mut table, |row| shown.contains(&row.address));
    ends.eth = table;
}

/// Conversations of one table, and the transport of those that have ports.
type Talks<'a> = (Option<Proto>, &'a [Conversation]);

/// Those with ports.
fn by_port(talks: &Kinds<Conversation>) -> [Talks<'_>; 3] {
    [(Some(Proto::Tcp), &talks.tcp.rows), (Some(Proto::Udp), &talks.udp.rows), (Some(Proto::Sctp), &talks.sctp.rows)]
}

/// All of them.
fn everything(talks: &Kinds<Conversation>) -> Vec<Talks<'_>> {
    let bare = [&talks.ip, &talks.ipv6, &talks.eth].map(|table| (None, &table.rows[..]));
    by_port(talks).into_iter().chain(bare).collect()
}

/// Rows that take part in conversations.
trait Participant: Clone + 'static {
    /// What is told of each by its conversations.
    type Key: Eq + Hash;

    /// Whether its conversations are asked for who speaks there as well: it is no end itself.
    const BY_ENDS: bool;

    fn table() -> &'static TableSpec<Self>;

    fn key(&self) -> Self::Key;

    /// Who takes part in a conversation over a transport.
    fn of(transport: Option<Proto>, talk: &Conversation) -> impl Iterator<Item = Self::Key>;
}

impl Participant for HostRow {
    type Key = (Address, u16);

    const BY_ENDS: bool = false;

    fn table() -> &'static TableSpec<Self> {
        &ENDPOINTS
    }

    fn key(&self) -> Self::Key {
        (self.address, self.port)
    }

    fn of(_: Option<Proto>, c: &Conversation) -> impl Iterator<Item = Self::Key> {
        [(c.a, c.a_port), (c.b, c.b_port), (c.a, 0), (c.b, 0)].into_iter()
    }
}

impl Participant for Service {
    type Key = ServiceKey;

    const BY_ENDS: bool = false;

    fn table() -> &'static TableSpec<Self> {
        &SERVICES
    }

    fn key(&self) -> Self::Key {
        self.key
    }

    fn of(transport: Option<Proto>, c: &Conversation) -> impl Iterator<Item = Self::Key> {
        let ends = [(c.a, c.a_port), (c.b, c.b_port)];
        transport.into_iter().flat_map(move |protocol| ends.map(|(address, port)| ServiceKey { protocol, address, port }))
    }
}

impl Participant for VlanRow {
    type Key = u16;

    const BY_ENDS: bool = true;

    fn table() -> &'static TableSpec<Self> {
        &VLANS
    }

    fn key(&self) -> Self::Key {
        self.id
    }

    fn of(_: Option<Proto>, c: &Conversation) -> impl Iterator<Item = Self::Key> {
        c.vlans.ids().to_vec().into_iter()
    }
}

/// Leaves the rows of some tables, each with the conversations its rows take part in, that match by themselves or together with one of those;
/// where there is none in any of the tables, those that take part in what matches.
fn narrow<R: Participant, const N: usize>(filter: &Filter, tables: [(&mut Table<R>, Vec<Talks>); N]) {
    let shown: Vec<HashSet<R::Key>> = tables.iter().map(|(table, talks)| shown(filter, table, talks)).collect();
    let is_nobody = shown.iter().all(HashSet::is_empty);
    for ((table, talks), mut shown) in tables.into_iter().zip(shown) {
        if is_nobody {
            let matches = |talk: &Conversation| filter.verdict(&CONVERSATIONS, talk) == Some(true);
            shown.extend(all(&talks).filter(|(_, talk)| matches(talk)).flat_map(|(transport, talk)| R::of(transport, talk)));
        }
        keep(table, |row| shown.contains(&row.key()));
    }
}

/// The rows that a filter shows for what they are or take part in.
fn shown<R: Participant>(filter: &Filter, table: &Table<R>, talks: &[Talks]) -> HashSet<R::Key> {
    let verdicts = || table.rows.iter().map(|row| (row, filter.verdict_of_itself(R::table(), row)));
    let mut shown: HashSet<R::Key> = verdicts().filter(|(_, verdict)| *verdict == Some(true)).map(|(row, _)| row.key()).collect();
    let mut open: HashMap<R::Key, &R> = verdicts().filter(|(_, verdict)| verdict.is_none()).map(|(row, _)| (row.key(), row)).collect();
    for (transport, talk) in all(talks) {
        if open.is_empty() {
            break;
        }
        for key in R::of(transport, talk) {
            if open.get(&key).is_some_and(|row| filter.holds_with(R::table(), row, talk, R::BY_ENDS)) {
                open.remove(&key);
                shown.insert(key);
            }
        }
    }
    shown
}

/// Conversations one by one.
fn all<'t, 'a>(talks: &'t [Talks<'a>]) -> impl Iterator<Item = (Option<Proto>, &'a Conversation)> + 't {
    talks.iter().flat_map(|(transport, rows)| rows.iter().map(|row| (*transport, row)))
}

/// Pairs of addresses that talked without ports, and of network cards that talked without IP: of pairs that did both it is not known how
/// much of their traffic a filter shows. `all`: the same without a filter.
fn bare<'a>(s: &'a Snapshot, all: &Snapshot) -> impl Iterator<Item = &'a Conversation> {
    let pair = |c: &Conversation| if c.a <= c.b { (c.a, c.b) } else { (c.b, c.a) };
    let talks = &all.stats.conversations;
    let with_ports: HashSet<_> = [&talks.tcp, &talks.udp, &talks.sctp].into_iter().flat_map(|table| &table.rows).map(pair).collect();
    let c = &s.stats.conversations;
    let addresses = [&c.ip, &c.ipv6].into_iter().flat_map(|table| &table.rows);
    let addresses = addresses.filter(move |row| !row.path.has_ports() && !with_ports.contains(&pair(row)));
    addresses.chain(c.eth.rows.iter().filter(|row| !row.path.contains(Proto::Ip) && !row.path.contains(Proto::Ipv6)))
}

/// The hierarchy of what is left, in depth-first order, larger first: of paths that a filter shows for what they are everything that ends there,
/// of others what the conversations that match have of them.
fn tree(filter: &Filter, s: &Snapshot, all: &Snapshot) -> Vec<ProtocolRow> {
    let recent = hierarchy::own_recent(all);
    let paths: HashMap<Path, &ProtocolRow> = all.stats.protocols.iter().map(|row| (row.path, row)).collect();
    let told = all.stats.protocols.iter().filter(|row| filter.verdict_of_path(row.path) == Some(true));
    let told = told.map(|row| (row.path, row.own, recent.get(&row.path).copied().unwrap_or_default()));
    let c = &s.stats.conversations;
    let talks = [&c.tcp, &c.udp, &c.sctp].into_iter().flat_map(|table| &table.rows).chain(bare(s, all));
    let is_open = |path: Path| !paths.contains_key(&path) || filter.verdict_of_path(path).is_none();
    let talks = talks.filter(|row| is_open(row.path)).map(|row| (row.path, row.total(), row.recent()));
    let mut rows = ProtocolRow::tree(told.chain(talks));
    // Recent numbers of young conversations are spread over the time before them: together they may be more than what came.
    for row in &mut rows {
        if let Some(whole) = paths.get(&row.path) {
            row.traffic = least(row.traffic, whole.traffic);
            row.recent = least(row.recent, whole.recent);
            row.own = least(row.own, whole.own);
        }
    }
    rows
}

/// No more than a whole.
fn least(part: Traffic, whole: Traffic) -> Traffic {
    Traffic { packets: part.packets.min(whole.packets), wire_bytes: part.wire_bytes.min(whole.wire_bytes) }
}

/// What the engine has filtered already stays as it is, with the rows it knows besides those that are here.
fn keep<R>(table: &mut Table<R>, shown: impl FnMut(&R) -> bool) {
    let before = table.rows.len();
    table.rows.retain(shown);
    let left = table.rows.len() as u64;
    table.total_rows = if table.rows.len() < before { left } else { table.total_rows.max(left) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::HierarchyRow;
    use crate::tui::demo::{self, Story};

    #[test]
    fn what_matches_is_no_more_than_everything() {
        let mut snapshot = demo::snapshot(Story::Calm, 30);
        // As where most conversations are young.
        for row in snapshot.stats.conversations.tcp.rows.iter_mut() {
            for recent in [&mut row.recent_ab, &mut row.recent_ba] {
                *recent = recent.plus(*recent);
            }
        }
        let whole = Arc::new(snapshot);
        let filter = Filter::parse("tcp").expect("a filter").expect("not empty");
        let shown = narrowed(&whole, Some(&filter));
        let all = |path: Path| whole.stats.protocols.iter().find(|row| row.path == path).map(|row| row.recent.wire_bytes);
        let rows = &shown.stats.protocols;
        assert!(rows.len() > 3 && rows.iter().all(|row| all(row.path).is_none_or(|all| row.recent.wire_bytes <= all)), "{rows:?}");
    }

    /// Every row of the protocols' tree is shown by a filter that is its name, and every row of what is spoken somewhere by the name in its column.
    fn misnamed(whole: &Arc<Snapshot>) -> Vec<String> {
        let mut wrong = Vec::new();
        let filtered = |words: &str| narrowed(whole, Some(&Filter::parse(words).expect("a filter").expect("not empty")));
        for row in hierarchy::hierarchy(whole, false) {
            let shown = hierarchy::hierarchy(&filtered(&row.token()), true);
            let found = shown.iter().find(|other| (other.path, other.app.map(|app| app.0)) == (row.path, row.app.map(|app| app.0)));
            let has_all = |found: &HierarchyRow| row.app.is_some() || found.traffic == row.traffic;
            if !found.is_some_and(has_all) {
                wrong.push(format!("protocol {}: {:?} of {:?}", row.token(), found.map(|row| row.traffic), row.traffic));
            }
        }
        for service in &whole.stats.services.rows {
            let spec: &TableSpec<Service> = &SERVICES;
            let Some(app) = spec.field("app").and_then(|field| field.value(service).as_text()) else { continue };
            for words in [format!("app = {app}"), app.to_owned()] {
                if !filtered(&words).stats.services.rows.iter().any(|row| row.key == service.key) {
                    wrong.push(format!("service {:?} {words}", service.key));
                }
            }
        }
        for (words, rows) in [("tcp", &whole.stats.endpoints.tcp), ("udp", &whole.stats.endpoints.udp)] {
            for row in &rows.rows {
                let spec: &TableSpec<HostRow> = &ENDPOINTS;
                let Some(app) = spec.field("app").and_then(|field| field.value(row).as_text()) else { continue };
                for typed in [format!("app = {app}"), app.to_owned()] {
                    let shown = filtered(&typed);
                    let table = if words == "tcp" { &shown.stats.endpoints.tcp } else { &shown.stats.endpoints.udp };
                    if !table.rows.iter().any(|other| other.key() == row.key()) {
                        wrong.push(format!("{words} port {}:{} {typed}", row.address, row.port));
                    }
                }
            }
        }
        wrong
    }

    /// The pairs of addresses that send ICMP speak TCP as well, so that no row of theirs is called ICMP.
    #[test]
    fn what_is_called_so_is_shown() {
        for story in [Story::Calm, Story::Trouble, Story::File] {
            let mut snapshot = demo::snapshot(story, 30);
            let pair = Path::of_text("eth:ip").expect("a path");
            let icmp = Path::of_text("eth:ip:icmp").expect("a path");
            snapshot.stats.conversations.ip.rows.iter_mut().for_each(|row| row.path = pair);
            let pinged = Traffic { packets: 8, wire_bytes: 784 };
            let leaves: Vec<_> = snapshot.stats.protocols.iter().map(|row| (row.path, row.own, Traffic::default())).collect();
            snapshot.stats.protocols = ProtocolRow::tree(leaves.into_iter().chain([(icmp, pinged, pinged)]));
            let whole = Arc::new(snapshot);
            assert_eq!(misnamed(&whole), Vec::<String>::new());
            let shown = |words: &str| {
                let filter = Filter::parse(words).expect("a filter").expect("not empty");
                narrowed(&whole, Some(&filter)).stats.protocols.iter().find(|row| row.path == icmp).map(|row| row.traffic)
            };
            assert!(shown("icmp") == shown("not tcp") && shown("icmp") == shown("not tls"), "{story:?}");
            assert!(shown("icmp").is_some_and(|traffic| traffic.packets >= 8));
            assert_eq!((shown("tcp"), shown("not icmp"), shown("nosuchword")), (None, None, None));
        }
    }
}
