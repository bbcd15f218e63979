//! The picture of a span of the past: the snapshot with what was counted in it.

use super::of_span::load_in;
use super::{AppAbout, History, HistorySlot, PairAbout, RowAbout, SlotSums, TalkAbout, TalkKey, TopRow, TopRows};
use crate::model::Arrange as _;
use crate::model::limits::SNAPSHOT_ROWS;
use crate::model::{Address, AppBy, Sum, TimeSpan, Traffic};
use crate::snapshot::{
    Casts, ConnectionEnding, Conversation, Conversations, Directions, Endpoints, HostRow, Kinds, ProtocolRow, Snapshot, Statistics, Table,
    TcpAnalysis, TcpFlags, TcpState, TrafficClasses, VlanRow,
};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// Which span a picture is of, and how well it is known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpanShown {
    /// The time it covers: that of whole slots.
    pub span: TimeSpan,
    /// What was asked for.
    pub asked: TimeSpan,
    /// Nanoseconds of its longest slot: how closely its ends are known.
    pub resolution: i64,
    /// Wire bytes that a row may lack at most: what was counted of it in slots in which it was not among the largest.
    pub shortfall: u64,
    /// Its packets were read again: nothing is missing, and its ends are exact.
    pub exact: bool,
    /// Applications of conversations, by IP protocol; where its packets were read again their conversations tell.
    pub apps: TopRows<(u8, &'static str), AppAbout>,
}

/// A table's sum over slots.
fn over<'a, K: Ord + Hash + Clone + 'a, A: RowAbout + 'a>(
    slots: &'a [Arc<HistorySlot>],
    table: fn(&HistorySlot) -> &TopRows<K, A>,
) -> TopRows<K, A> {
    TopRows::sum(slots.iter().map(move |slot| table(slot)), SNAPSHOT_ROWS)
}

/// Rows of a table from those of slots.
fn table<K, A, R>(from: TopRows<K, A>, row: impl FnMut(TopRow<K, A>) -> R) -> Table<R> {
    let total_rows = (from.rows.len() as u64).saturating_add(from.other_rows);
    let [one, other] = from.other;
    let mut rows: Vec<TopRow<K, A>> = from.rows;
    rows.arrange_by_key(|row| std::cmp::Reverse(row.wire_bytes()));
    Table { rows: rows.into_iter().map(row).collect(), total_rows, other: one.plus(other), other_rows: from.other_rows }
}

/// A conversation's row. What is not kept of the past is not told: the present says nothing of it.
fn talk(key: &TalkKey, about: TalkAbout, traffic: [Traffic; 2], span: TimeSpan) -> Conversation {
    let (app, app_by) = about.app.unzip();
    Conversation {
        a: key.a.0,
        b: key.b.0,
        a_port: key.a.1,
        b_port: key.b.1,
        ab: traffic[0],
        ba: traffic[1],
        recent_ab: traffic[0],
        recent_ba: traffic[1],
        // When its first packet in the span came is not kept.
        began: (key.first < span.from).then_some(key.first),
        first: key.first.max(span.from),
        last: about.last.min(span.to).max(key.first.max(span.from)),
        originator_is_a: about.originator_is_a,
        state: None,
        app,
        app_by,
        server_name: about.server_name,
        ports: 0,
        path: about.path,
        vlans: about.vlans,
        tcp: None,
        ended: None,
    }
}

/// Rows of the present, by what names them: what they say besides numbers holds for the past as well.
fn known<'s, K: Hash + Eq, R>(rows: impl Iterator<Item = &'s R>, key: fn(&R) -> K) -> HashMap<K, &'s R> {
    rows.map(|row| (key(row), row)).collect()
}

fn host(address: Address, port: u16, traffic: [Traffic; 2], span: TimeSpan, known: Option<&HostRow>, inside: Option<bool>) -> HostRow {
    HostRow {
        address,
        port,
        tx: traffic[0],
        rx: traffic[1],
        recent_tx: traffic[0],
        recent_rx: traffic[1],
        first: known.map_or(span.from, |row| row.first.max(span.from)),
        last: known.map_or(span.to, |row| row.last.min(span.to)).max(known.map_or(span.from, |row| row.first.max(span.from))),
        inside: inside.or(known.and_then(|row| row.inside)),
        app: known.and_then(|row| row.app),
        app_by: known.and_then(|row| row.app_by),
        peers: 0,
        // Of the past it is known only of who talks to nobody else.
        itself: known.filter(|row| row.itself == row.tx).map_or_else(Default::default, |_| traffic[0]),
        vlans: known.map_or_else(Default::default, |row| row.vlans),
    }
}

impl Snapshot {
    /// The picture of a span of the past, of whole slots of its [`History`]; `None` where nothing is kept of it. What is not kept by slots is not in
    /// it ([`SpanShown::not_kept`]).
    #[must_use]
    pub fn in_span(&self, asked: TimeSpan) -> Option<Self> {
        let slots = self.history.covering(asked);
        let span = match (slots.first(), slots.last()) {
            (Some(first), Some(last)) => first.span.join(last.span),
            // Nothing came in it.
            _ => self.history.extent().filter(|extent| extent.overlaps(asked)).map(|_| asked)?,
        };
        let mut sums = SlotSums::default();
        slots.iter().for_each(|slot| sums.merge(&slot.sums));
        let (conversations, endpoints, talk_shortfall) = talks(self, slots, span);
        let apps = over(slots, |slot| &slot.apps);
        let shown = SpanShown {
            span,
            asked,
            resolution: slots.iter().map(|slot| slot.span.length()).max().unwrap_or(0),
            shortfall: talk_shortfall,
            exact: false,
            apps,
        };
        let stats = self.stats_of(&sums, slots, (conversations, endpoints), span);
        let counted = self.told_by_slots(span, sums.total(), (sums.captured_bytes, sums.truncated));
        Some(self.picture_of(shown, stats, counted))
    }

    /// What is counted in these slots with their sums.
    fn stats_of(
        &self,
        sums: &SlotSums,
        slots: &[Arc<HistorySlot>],
        (conversations, endpoints): (Conversations, Endpoints),
        span: TimeSpan,
    ) -> Statistics {
        let [unicast, multicast, broadcast] = sums.casts;
        let [inbound, outbound, inside, through, unknown] = sums.directions;
        let [syn, syn_ack, fin, reset] = sums.tcp_flags;
        let paths = over(slots, |slot| &slot.protocols);
        let one = |row: TopRow<u16, ()>| VlanRow {
            id: row.key,
            name: self.stats.vlans.rows.iter().find(|vlan| vlan.id == row.key).and_then(|vlan| vlan.name.clone()),
            traffic: row.traffic[0],
            recent: row.traffic[0],
            ..VlanRow::default()
        };
        Statistics {
            total: sums.total(),
            recent: sums.total(),
            fragments: sums.fragments,
            load: load_in(&self.stats.load, span),
            sizes: sums.sizes,
            casts: Casts { unicast, multicast, broadcast },
            directions: Directions { inbound, outbound, inside, through, unknown },
            protocols: ProtocolRow::tree(paths.rows.iter().map(|row| (row.key, row.traffic[0], row.traffic[0]))),
            conversations,
            endpoints,
            vlans: table(over(slots, |slot| &slot.vlans), one),
            vlan_pairs: Vec::new(),
            untagged: sums.untagged,
            classes: TrafficClasses::default(),
            tcp_flags: TcpFlags { syn, syn_ack, fin, reset },
            tcp_analysis: TcpAnalysis::default(),
            services: Table::default(),
            streams: Vec::new(),
        }
    }
}

impl Snapshot {
    /// The picture of a span whose packets were read again and counted in `exact`.
    #[must_use]
    pub fn with_span(&self, span: TimeSpan, exact: &Self) -> Self {
        let mut stats = exact.stats.clone();
        let (now, then) = (&self.stats, &mut stats);
        now.conversations.beside(&mut then.conversations).into_iter().for_each(|(now, then)| tell_alike(now, then, span));
        now.endpoints.beside(&mut then.endpoints).into_iter().for_each(|(now, then)| speak_alike(now, then));
        for service in then.services.rows.iter_mut().filter(|service| service.app.is_none()) {
            service.app = now.services.rows.iter().find(|known| known.key == service.key).and_then(|known| known.app);
        }
        let shown = SpanShown { span, asked: span, exact: true, ..SpanShown::default() };
        self.picture_of(shown, stats, self.told_by_packets(exact))
    }
}

/// Conversations keep what the present knows of them beside numbers: what content told, who began, and how they stood at the end of the span, where
/// its packets alone do not tell.
fn tell_alike(now: &Table<Conversation>, then: &mut Table<Conversation>, span: TimeSpan) {
    type Key = (Address, u16, Address, u16);
    let key = |row: &Conversation| -> Key { (row.a, row.a_port, row.b, row.b_port) };
    let in_time = now.rows.iter().filter(|row| row.first < span.to && row.last >= span.from);
    let known: HashMap<Key, &Conversation> = in_time.map(|row| (key(row), row)).collect();
    for row in &mut then.rows {
        let Some(known) = known.get(&key(row)) else { continue };
        row.began = (known.first < row.first).then_some(known.first);
        if known.app_by == Some(AppBy::Content) {
            (row.app, row.app_by) = (known.app, known.app_by);
        }
        row.server_name = row.server_name.take().or_else(|| known.server_name.clone());
        if !row.is_begun() && known.is_begun() {
            row.originator_is_a = known.originator_is_a;
            if row.state == Some(TcpState::Midstream) {
                let goes_on = known.last >= span.to;
                let stands = (Some(TcpState::Established), Some(ConnectionEnding::Open));
                (row.state, row.ended) = if goes_on { stands } else { (known.state, known.ended) };
            }
        }
    }
}

/// Ports are called as the present calls them where content told.
fn speak_alike(now: &Table<HostRow>, then: &mut Table<HostRow>) {
    let told = now.rows.iter().filter(|row| row.app_by == Some(AppBy::Content));
    let known: HashMap<(Address, u16), &HostRow> = told.map(|row| ((row.address, row.port), row)).collect();
    for row in &mut then.rows {
        if let Some(known) = known.get(&(row.address, row.port)) {
            (row.app, row.app_by) = (known.app, known.app_by);
        }
    }
}

/// Conversations, hosts, and what a conversation may lack.
fn talks(s: &Snapshot, slots: &[Arc<HistorySlot>], span: TimeSpan) -> (Conversations, Endpoints, u64) {
    let all = over(slots, |slot| &slot.talks);
    let shortfall = all.shortfall;
    let mut of_kind: [TopRows<TalkKey, TalkAbout>; 3] = Default::default();
    // Which kind the others are of is not kept: they stand under TCP, as most are.
    let kind = |protocol: u8| match protocol {
        17 => 1,
        132 => 2,
        _ => 0,
    };
    for row in all.rows {
        if let Some(rows) = of_kind.get_mut(kind(row.key.protocol)) {
            rows.rows.push(row);
        }
    }
    of_kind[0].add_other(all.other, all.other_rows, shortfall);
    let e = &s.stats.endpoints;
    let ports = of_kind.each_ref().map(|rows| {
        let ends = rows.rows.iter().flat_map(|row| {
            let [ab, ba] = row.traffic;
            [(row.key.a, [ab, ba]), (row.key.b, [ba, ab])].map(|(key, traffic)| TopRow { key, about: (), traffic })
        });
        let mut ends = TopRows::gather(ends, SNAPSHOT_ROWS);
        let [ab, ba] = rows.other;
        let both = ab.plus(ba);
        ends.add_other([both, both], rows.other_rows, rows.shortfall);
        ends
    });
    let [tcp_ports, udp_ports, sctp_ports] = ports;
    let port_table = |rows: TopRows<(Address, u16), ()>, now: &Table<HostRow>| {
        let known = known(now.rows.iter(), |row| (row.address, row.port));
        table(rows, |row| host(row.key.0, row.key.1, row.traffic, span, known.get(&row.key).copied(), None))
    };
    let [tcp, udp, sctp] = of_kind.map(|rows| table(rows, |row| talk(&row.key, row.about, row.traffic, span)));
    let (ip, ipv6) = pairs(s, slots, span);
    let (hosts, hosts6) = hosts(s, slots, span);
    let stations = known(e.eth.rows.iter(), |row| row.address);
    let eth_hosts = table(over(slots, |slot| &slot.stations), |row| {
        let address = Address::Mac(row.key);
        host(address, 0, row.traffic, span, stations.get(&address).copied(), None)
    });
    let known_pairs = known(s.stats.conversations.eth.rows.iter(), |row| [row.a, row.b]);
    let eth = table(over(slots, |slot| &slot.mac_pairs), |row| {
        let ends = row.key.map(Address::Mac);
        pair(ends, &row.about, row.traffic, span, known_pairs.get(&ends).copied())
    });
    let mut endpoints = Kinds {
        eth: eth_hosts,
        ip: hosts,
        ipv6: hosts6,
        tcp: port_table(tcp_ports, &e.tcp),
        udp: port_table(udp_ports, &e.udp),
        sctp: port_table(sctp_ports, &e.sctp),
    };
    count_peers(&eth, &mut endpoints.eth);
    (Kinds { eth, ip, ipv6, tcp, udp, sctp }, endpoints, shortfall)
}

/// With how many others each talked in the span: those of the pairs that have a row.
fn count_peers(pairs: &Table<Conversation>, hosts: &mut Table<HostRow>) {
    let mut peers: HashMap<Address, u32> = HashMap::new();
    for pair in pairs.rows.iter().filter(|pair| pair.a != pair.b) {
        for end in [pair.a, pair.b] {
            let count = peers.entry(end).or_default();
            *count = count.saturating_add(1);
        }
    }
    for host in &mut hosts.rows {
        host.peers = peers.get(&host.address).copied().unwrap_or(0);
    }
}

/// A pair of addresses. When it was first seen the present knows, which names it by that.
fn pair([a, b]: [Address; 2], about: &PairAbout, traffic: [Traffic; 2], span: TimeSpan, known: Option<&Conversation>) -> Conversation {
    let first = known.map_or(span.from, |row| row.first);
    let key = TalkKey { a: (a, 0), b: (b, 0), protocol: 0, first };
    let vlans = known.map_or_else(Default::default, |row| row.vlans);
    let &PairAbout { path, originator_is_a } = about;
    let last = known.map_or(span.to, |row| row.last);
    talk(&key, TalkAbout { app: None, server_name: None, path, vlans, originator_is_a, last }, traffic, span)
}

/// Rows of one kind and of the other; what has no row stands with the first, unless that has none at all.
fn divide<K, A>(all: TopRows<K, A>, is_first: impl Fn(&K) -> bool) -> (TopRows<K, A>, TopRows<K, A>) {
    let (one, other): (Vec<_>, Vec<_>) = all.rows.into_iter().partition(|row| is_first(&row.key));
    let rest = |rows| TopRows { rows, ..TopRows::default() };
    let whole = |rows| TopRows { rows, other: all.other, other_rows: all.other_rows, shortfall: all.shortfall };
    if one.is_empty() { (rest(one), whole(other)) } else { (whole(one), rest(other)) }
}

fn pairs(s: &Snapshot, slots: &[Arc<HistorySlot>], span: TimeSpan) -> (Table<Conversation>, Table<Conversation>) {
    let c = &s.stats.conversations;
    let known = known(c.ip.rows.iter().chain(&c.ipv6.rows), |row| [row.a, row.b]);
    let (four, six) = divide(over(slots, |slot| &slot.pairs), |[a, _]| matches!(a, Address::V4(_)));
    let [four, six] = [four, six].map(|rows| table(rows, |row| pair(row.key, &row.about, row.traffic, span, known.get(&row.key).copied())));
    (four, six)
}

fn hosts(s: &Snapshot, slots: &[Arc<HistorySlot>], span: TimeSpan) -> (Table<HostRow>, Table<HostRow>) {
    let known = known(s.stats.endpoints.ip.rows.iter().chain(&s.stats.endpoints.ipv6.rows), |row| row.address);
    let (four, six) = divide(over(slots, |slot| &slot.hosts), |a| matches!(a, Address::V4(_)));
    let [four, six] =
        [four, six].map(|rows| table(rows, |row| host(row.key, 0, row.traffic, span, known.get(&row.key).copied(), row.about.0)));
    (four, six)
}

impl History {
    /// Wire bytes and packets of everything it knows of.
    pub fn total(&self) -> Traffic {
        self.slots.iter().map(|slot| slot.sums.total()).fold(Traffic::default(), Traffic::plus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Path, Timestamp, VlanStack};

    fn at(n: i64) -> Timestamp {
        Timestamp::new(100, n * 1_000_000)
    }

    fn talk_of(first: i64, last: i64) -> Conversation {
        let some = Traffic { packets: 5, wire_bytes: 500 };
        let end = |n: u8| Address::V4([10, 0, 0, n].into());
        let key = TalkKey { a: (end(1), 50_000), b: (end(2), 443), protocol: 6, first: at(first) };
        let about = TalkAbout {
            app: None,
            server_name: None,
            path: Path::EMPTY,
            vlans: VlanStack::default(),
            originator_is_a: true,
            last: at(last),
        };
        talk(&key, about, [some; 2], TimeSpan { from: at(first), to: at(last + 1) })
    }

    /// What a span of a picture tells of a conversation whose packets in it, from `first` to `last`, do not show its beginning.
    fn told(now: Conversation, (first, last): (i64, i64), span: (i64, i64)) -> Conversation {
        let (mut whole, mut exact) = (Snapshot::default(), Snapshot::default());
        whole.stats.conversations.tcp.rows = vec![now];
        let seen = Conversation { state: Some(TcpState::Midstream), app: Some("https"), app_by: Some(AppBy::Port), ..talk_of(first, last) };
        exact.stats.conversations.tcp.rows = vec![Conversation { originator_is_a: false, ..seen }];
        whole.with_span(TimeSpan { from: at(span.0), to: at(span.1) }, &exact).stats.conversations.tcp.rows.remove(0)
    }

    #[test]
    fn a_span_knows_of_a_conversation_what_is_known_of_it() {
        let now = Conversation {
            state: Some(TcpState::Closed),
            ended: Some(ConnectionEnding::Closed),
            app: Some("tls"),
            app_by: Some(AppBy::Content),
            server_name: Some("web.example".into()),
            ..talk_of(0, 90)
        };
        // It went on: it stood at the end of the span.
        let row = told(now.clone(), (20, 29), (20, 30));
        assert_eq!((row.state, row.ended, row.originator_is_a), (Some(TcpState::Established), Some(ConnectionEnding::Open), true));
        assert_eq!((row.app, row.app_by, row.server_name.as_deref()), (Some("tls"), Some(AppBy::Content), Some("web.example")));
        assert_eq!((row.began, row.beginning(), row.first, row.last), (Some(at(0)), at(0), at(20), at(29)), "its times are of the span");
        // Its last packets are in the span.
        let row = told(now.clone(), (80, 90), (80, 100));
        assert_eq!((row.state, row.ended), (Some(TcpState::Closed), Some(ConnectionEnding::Closed)));
        // What the present does not know either stays as it is.
        let midstream = Conversation { state: Some(TcpState::Midstream), app_by: Some(AppBy::Port), ..now };
        let row = told(midstream, (20, 29), (20, 30));
        assert_eq!((row.state, row.app, row.originator_is_a), (Some(TcpState::Midstream), Some("https"), false));
    }

    #[test]
    fn of_slots_rows_have_the_times_of_the_span() {
        let end = |n: u8| Address::V4([10, 0, 0, n].into());
        let key = TalkKey { a: (end(1), 50_000), b: (end(2), 443), protocol: 6, first: at(0) };
        let about =
            TalkAbout { app: None, server_name: None, path: Path::EMPTY, vlans: VlanStack::default(), originator_is_a: true, last: at(90) };
        let row = talk(&key, about, Default::default(), TimeSpan { from: at(20), to: at(30) });
        assert_eq!((row.first, row.last, row.beginning()), (at(20), at(30), at(0)));
        assert_eq!(row.duration(), 0.01);
    }
}
