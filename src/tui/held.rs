//! The filter on rows that are held: at once, also while it is typed and while the picture is paused. What lies deeper comes from the engine.
//!
//! It means one thing on every screen: conversations that match, and what is in them. Hosts, services and VLANs are those that match by
//! themselves (their address, maker, port) or together with something they take part in: `dns` shows who speaks it, `10.0.0.7 and dns` that
//! host, if it does. Where nobody does, they are the ends of conversations that match.

use crate::model::path::Layer;
use crate::model::{Address, Path, Proto, ServiceKey, Traffic};
use crate::snapshot::table::TableSpec;
use crate::snapshot::tables::conversations::CONVERSATIONS;
use crate::snapshot::tables::endpoints::ENDPOINTS;
use crate::snapshot::tables::services::SERVICES;
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
    narrow(&filter, [(&mut out.stats.services, by_port(talks).to_vec())]);
    narrow(&filter, [(&mut out.stats.vlans, everything(talks))]);
    let c = &mut out.stats.conversations;
    for table in [&mut c.tcp, &mut c.udp, &mut c.sctp, &mut c.ip, &mut c.ipv6, &mut c.eth] {
        keep(table, |row| filter.matches_conversation(row));
    }
    out.stats.protocols = tree(&out, snapshot);
    Arc::new(out)
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
    let has_ports = |path: Path| [Proto::Tcp, Proto::Udp, Proto::Sctp].into_iter().any(|proto| path.contains(proto));
    let pair = |c: &Conversation| if c.a <= c.b { (c.a, c.b) } else { (c.b, c.a) };
    let talks = &all.stats.conversations;
    let with_ports: HashSet<_> = [&talks.tcp, &talks.udp, &talks.sctp].into_iter().flat_map(|table| &table.rows).map(pair).collect();
    let c = &s.stats.conversations;
    let addresses = [&c.ip, &c.ipv6].into_iter().flat_map(|table| &table.rows);
    let addresses = addresses.filter(move |row| !has_ports(row.path) && !with_ports.contains(&pair(row)));
    addresses.chain(c.eth.rows.iter().filter(|row| !row.path.contains(Proto::Ip) && !row.path.contains(Proto::Ipv6)))
}

/// The hierarchy of the conversations that are left, in depth-first order, larger first.
fn tree(s: &Snapshot, all: &Snapshot) -> Vec<ProtocolRow> {
    let c = &s.stats.conversations;
    let mut counts: HashMap<Path, [Traffic; 3]> = HashMap::new();
    for row in [&c.tcp, &c.udp, &c.sctp].into_iter().flat_map(|table| &table.rows).chain(bare(s, all)) {
        for path in row.path.prefixes() {
            let count = counts.entry(path).or_default();
            count[0].add(row.total());
            count[1].add(row.recent());
            if path == row.path {
                count[2].add(row.total());
            }
        }
    }
    // Recent numbers of young conversations are spread over the time before them: together they may be more than what came.
    let all: HashMap<Path, &ProtocolRow> = all.stats.protocols.iter().map(|row| (row.path, row)).collect();
    let row = |(path, [traffic, recent, own]): (&Path, &[Traffic; 3])| {
        let whole = all.get(path);
        let within = |part: Traffic, of: fn(&ProtocolRow) -> Traffic| whole.map_or(part, |whole| least(part, of(whole)));
        ProtocolRow {
            path: *path,
            traffic: within(*traffic, |row| row.traffic),
            recent: within(*recent, |row| row.recent),
            own: within(*own, |row| row.own),
        }
    };
    let weight = |path: &Path| counts.get(path).map_or(0, |count| count[0].wire_bytes);
    let mut rows: Vec<ProtocolRow> = counts.iter().map(row).collect();
    // By what stands above them first: each by its weight, then by its name.
    let place = |path: &Path| -> Vec<(std::cmp::Reverse<u64>, Option<Layer>)> {
        path.prefixes().map(|above| (std::cmp::Reverse(weight(&above)), above.last())).collect()
    };
    rows.sort_by_cached_key(|row| place(&row.path).into_iter().map(|(w, layer)| (w, layer.map(|l| l.to_string()))).collect::<Vec<_>>());
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
}
