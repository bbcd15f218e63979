//! The filter on rows that are held: at once, also while it is typed and while the picture is paused. What lies deeper comes from the engine.
//!
//! It means one thing on every screen: conversations that match, and what is in them. Hosts are those that match by themselves (their address,
//! maker, port); where none of a kind does the filter is about what they speak, and they are the ends of conversations that match. What a
//! host does not know of itself (`retrans > 1`, `vlan 10`) its conversations know. The same holds for services.

use crate::model::path::Layer;
use crate::model::{Address, Path, Proto, ServiceKey, Traffic};
use crate::snapshot::table::TableSpec;
use crate::snapshot::tables::endpoints::ENDPOINTS;
use crate::snapshot::tables::services::SERVICES;
use crate::snapshot::{Conversation, Filter, HostRow, Kinds, ProtocolRow, Snapshot, Table};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The snapshot with those rows of its tables that a filter shows.
pub(super) fn narrowed(snapshot: &Arc<Snapshot>, filter: Option<&Filter>) -> Arc<Snapshot> {
    let Some(filter) = filter.map(|filter| filter.measured(snapshot)) else { return Arc::clone(snapshot) };
    let mut out = Snapshot::clone(snapshot);
    let c = &mut out.stats.conversations;
    for table in [&mut c.tcp, &mut c.udp, &mut c.sctp, &mut c.ip, &mut c.ipv6, &mut c.eth] {
        keep(table, |row| filter.matches_conversation(row));
    }
    let talks = &out.stats.conversations;
    // Who has a port speaks over its transport; addresses have whatever is spoken there.
    let by_port = [&talks.tcp, &talks.udp, &talks.sctp].map(|table| speakers([table]));
    let everybody = speakers([&talks.tcp, &talks.udp, &talks.sctp, &talks.ip, &talks.ipv6, &talks.eth]);
    let (ports, addresses) = each(&mut out.stats.endpoints);
    narrow_ends(&filter, ports, &by_port.each_ref());
    narrow_ends(&filter, addresses, &[&everybody; 3]);
    let services = &mut out.stats.services;
    let itself = services.rows.iter().any(|row| filter.verdict(&SERVICES, row) == Some(true));
    let talks = |key: ServiceKey| {
        let transports = [Proto::Tcp, Proto::Udp, Proto::Sctp].into_iter().zip(&by_port);
        transports.filter(|(proto, _)| *proto == key.protocol).any(|(_, speakers)| speakers.contains(&(key.address, key.port)))
    };
    keep(services, |row| stays(&filter, &SERVICES, row, itself, || talks(row.key)));
    out.stats.protocols = tree(&out, snapshot);
    Arc::new(out)
}

/// Leaves end points that match by themselves, or where the filter is about what they speak those that are among the speakers.
fn narrow_ends(filter: &Filter, tables: [&mut Table<HostRow>; 3], speakers: &[&Speakers; 3]) {
    let itself = tables.iter().any(|table| table.rows.iter().any(|row| filter.verdict(&ENDPOINTS, row) == Some(true)));
    for (table, speakers) in tables.into_iter().zip(speakers) {
        keep(table, |row| stays(filter, &ENDPOINTS, row, itself, || speakers.contains(&(row.address, row.port))));
    }
}

/// Whether the row of somebody stays: for what it knows of itself, or because one of its conversations does. `itself`: some row of its
/// kind matches by itself, and words are about that.
fn stays<R: Clone>(filter: &Filter, spec: &TableSpec<R>, row: &R, itself: bool, talks: impl Fn() -> bool) -> bool {
    let verdict = if itself { filter.verdict(spec, row) } else { filter.verdict_of_others(spec, row) };
    verdict.unwrap_or_else(talks)
}

/// Ports, then addresses.
fn each(ends: &mut Kinds<HostRow>) -> ([&mut Table<HostRow>; 3], [&mut Table<HostRow>; 3]) {
    ([&mut ends.tcp, &mut ends.udp, &mut ends.sctp], [&mut ends.ip, &mut ends.ipv6, &mut ends.eth])
}

/// Ends of conversations.
type Speakers = HashSet<(Address, u16)>;

/// The ends of conversations, with and without their ports.
fn speakers<const N: usize>(tables: [&Table<Conversation>; N]) -> Speakers {
    let rows = tables.into_iter().flat_map(|table| &table.rows);
    rows.flat_map(|c| [(c.a, c.a_port), (c.b, c.b_port), (c.a, 0), (c.b, 0)]).collect()
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
    if table.rows.len() < before {
        table.total_rows = table.rows.len() as u64;
    }
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
