//! From flow records to the rows of a snapshot.

use super::reader::Reader;
use crate::dissect::registry;
use crate::engine::fold::detectors::FlowDetectors;
use crate::model::{Address, AppBy, FlowKey, LearntName, Path, Timestamp, Traffic, VlanStack};
use crate::names;
use crate::snapshot::tables::names::NAMES;
use crate::snapshot::{Column, ConnectionEnding, Conversation, Order, Query, ResetBy, TcpState};
use crate::stats::{Contexts, FlowHot, FlowTable, Record, TcpTrack};

/// What a conversation adds to the tables that cross shards.
#[derive(Debug, Clone, Copy)]
pub struct FlowIncrease {
    /// Its table.
    pub kind: ConversationKind,
    /// Addresses and ports.
    pub ends: [(Address, u16); 2],
    /// What was added since the shard's last report, from the first end to the second, and back.
    pub added: [Traffic; 2],
    /// First packet.
    pub first: Timestamp,
    /// Last packet.
    pub last: Timestamp,
    /// Whether the first end sent first.
    pub originator_is_first: bool,
    /// Its protocols.
    pub path: Path,
    /// Its VLANs.
    pub vlans: VlanStack,
}

impl FlowIncrease {
    /// Of a conversation.
    pub fn of(record: Record<FlowDetectors>, at: u32, table: &FlowTable<FlowDetectors>, contexts: &Contexts) -> Self {
        let key = &record.flow.key;
        let (path, vlans) = seen_in(record, table.vlans(at), contexts);
        Self {
            kind: ConversationKind::of(key),
            ends: [(key.a(), key.a_port), (key.b(), key.b_port)],
            added: record.added(),
            first: record.rest.first,
            last: record.last(),
            originator_is_first: record.flow.originator == 0,
            path,
            vlans,
        }
    }

    /// Whether anything was added.
    pub fn is_any(&self) -> bool {
        self.added.iter().any(|added| added.packets > 0)
    }
}

/// Conversations that had to make room.
#[derive(Debug, Default)]
pub struct EvictedFlows {
    /// What they had not added to other tables yet.
    pub increases: Vec<FlowIncrease>,
    /// Their traffic and how many they are, by [`ConversationKind`].
    pub sums: [(Traffic, u64); 4],
}

impl EvictedFlows {
    /// One more.
    pub fn push(&mut self, increase: FlowIncrease, [ab, ba]: [Traffic; 2]) {
        let (traffic, count) = &mut self.sums[increase.kind as usize];
        traffic.add(ab.plus(ba));
        *count += 1;
        if increase.is_any() {
            self.increases.push(increase);
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.sums.iter().all(|(_, count)| *count == 0)
    }
}

/// Which table a conversation belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationKind {
    /// TCP connections.
    Tcp,
    /// UDP port pairs.
    Udp,
    /// SCTP port pairs.
    Sctp,
    /// Any other IP protocol, and packets whose ports could not be read: counted in their address pair only.
    Other,
}

impl ConversationKind {
    /// By its protocol; one whose ports could not be read is in none of their tables.
    pub fn of(key: &FlowKey) -> Self {
        match key.protocol {
            _ if !key.has_ports() => ConversationKind::Other,
            6 => ConversationKind::Tcp,
            17 => ConversationKind::Udp,
            132 => ConversationKind::Sctp,
            _ => ConversationKind::Other,
        }
    }
}

/// The names that a query asks for, and as many others as there is room for, in no order: rows are called by them, whatever a filter shows.
pub fn names(learnt: impl Iterator<Item = LearntName>, query: &Query) -> Vec<LearntName> {
    keep_names(learnt.collect(), query)
}

/// Leaves as many names as a query has rows, in no order: of those that its filter shows the ones that were seen last, then of the others.
pub fn keep_names(learnt: Vec<LearntName>, query: &Query) -> Vec<LearntName> {
    let asked = |name: &LearntName| query.filter.as_ref().is_none_or(|filter| filter.matches(&NAMES, name));
    let (mut names, mut others): (Vec<_>, Vec<_>) = learnt.into_iter().partition(asked);
    keep_newest(&mut names, query.rows);
    keep_newest(&mut others, query.rows.saturating_sub(names.len()));
    names.append(&mut others);
    names
}

/// Leaves those names that were seen last, at most so many, in no order.
fn keep_newest(names: &mut Vec<LearntName>, most: usize) {
    if names.len() <= most {
        return;
    }
    // Equal times are told apart by the key: which names stay does not depend on the order they came in.
    names.select_nth_unstable_by(most, |x, y| y.last.cmp(&x.last).then_with(|| (NAMES.key)(x, y)));
    names.truncate(most);
}

/// The longest path a conversation was seen with last, and its VLANs.
pub fn seen_in(record: Record<FlowDetectors>, more_vlans: impl Iterator<Item = u16>, contexts: &Contexts) -> (Path, VlanStack) {
    let mut vlans = VlanStack::default();
    let mut path = Path::EMPTY;
    for context in record.rest.context.iter().filter_map(|&c| contexts.get(c)) {
        if context.key.path.depth_hint() > path.depth_hint() {
            path = context.key.path;
        }
        context.key.vlans.ids().iter().for_each(|&id| vlans.insert(id));
    }
    more_vlans.for_each(|id| vlans.insert(id));
    (path, vlans)
}

/// A conversation's row, [seen in](seen_in) this; its `recent` numbers are what was added since the last report.
fn conversation(
    record: Record<FlowDetectors>,
    at: u32,
    table: &FlowTable<FlowDetectors>,
    (path, vlans): (Path, VlanStack),
    reader: &Reader,
) -> Conversation {
    let (flow, added) = (record.flow, record.added());
    let kind = ConversationKind::of(&flow.key);
    let (app, app_by) = spoken(flow).unzip();
    Conversation {
        a: flow.key.a(),
        b: flow.key.b(),
        a_port: flow.key.a_port,
        b_port: flow.key.b_port,
        ab: flow.traffic[0],
        ba: flow.traffic[1],
        recent_ab: added[0],
        recent_ba: added[1],
        began: None,
        first: record.rest.first,
        last: record.last(),
        originator_is_a: flow.originator == 0,
        state: (kind == ConversationKind::Tcp).then(|| state(&flow.tcp)),
        ended: (kind == ConversationKind::Tcp).then(|| ended(flow)),
        app,
        app_by,
        server_name: reader.server_name(&flow.app).cloned(),
        ports: 0,
        path,
        vlans,
        tcp: (kind == ConversationKind::Tcp).then(|| Box::new(table.figures(at))),
    }
}

/// What is spoken in a conversation, and how that is known.
pub fn spoken(flow: &FlowHot<FlowDetectors>) -> Option<(&'static str, AppBy)> {
    let by_content = registry::token(flow.app.app).map(|token| (token, AppBy::Content));
    let by_port =
        || app_by_port(ConversationKind::of(&flow.key), flow).filter(|_| !flow.app.denies_ports()).map(|service| (service, AppBy::Port));
    by_content.or_else(by_port)
}

/// The port from which FTP servers open data connections.
const FTP_DATA: u16 = 20;

/// The service that a conversation's ports stand for: of a connection whose beginning was seen the port it was opened to, for the other is a
/// client's, whatever it is called. A port that refused, or said nothing, is none.
fn app_by_port(kind: ConversationKind, flow: &FlowHot<FlowDetectors>) -> Option<&'static str> {
    let (transport, [a, b]) = (transport(kind)?, [flow.key.a_port, flow.key.b_port]);
    if kind == ConversationKind::Tcp && flow.tcp.opened() {
        if matches!(ended(flow), ConnectionEnding::Refused | ConnectionEnding::NoAnswer) {
            return None;
        }
        let (client, server) = if flow.originator == 0 { (a, b) } else { (b, a) };
        // A server of files calls its clients itself, from this port (RFC 959 section 3.2).
        let calls_back = || if client == FTP_DATA { names::service(client, transport) } else { None };
        return names::service(server, transport).or_else(calls_back);
    }
    names::likely(a, b, transport)
}

/// The name table of a kind.
pub fn transport(kind: ConversationKind) -> Option<names::Transport> {
    match kind {
        ConversationKind::Tcp => Some(names::Transport::Tcp),
        ConversationKind::Udp => Some(names::Transport::Udp),
        ConversationKind::Sctp => Some(names::Transport::Sctp),
        ConversationKind::Other => None,
    }
}

fn state(tcp: &TcpTrack) -> TcpState {
    if tcp.reset() {
        TcpState::Reset
    } else if tcp.fins() == 2 {
        TcpState::Closed
    } else if tcp.fins() == 1 {
        TcpState::Closing
    } else if tcp.midstream() {
        TcpState::Midstream
    } else if tcp.answered() && tcp.acked() {
        TcpState::Established
    } else if tcp.answered() {
        TcpState::SynReceived
    } else {
        TcpState::SynSent
    }
}

/// How a connection ended, by what was seen of it.
fn ended(flow: &FlowHot<FlowDetectors>) -> ConnectionEnding {
    let tcp = &flow.tcp;
    if let Some((way, phase)) = tcp.cut() {
        let by_client = way as u8 == flow.originator;
        return match phase {
            _ if !tcp.midstream() && !tcp.answered() && !tcp.acked() && !by_client => ConnectionEnding::Refused,
            phase if tcp.is_cut_between() => ConnectionEnding::Reset { by: ResetBy::Between, phase },
            phase => ConnectionEnding::Reset { by: if by_client { ResetBy::Client } else { ResetBy::Server }, phase },
        };
    }
    match tcp.fins() {
        2 => ConnectionEnding::Closed,
        1 => ConnectionEnding::HalfClosed,
        _ if tcp.midstream() || tcp.sampled() => ConnectionEnding::Unknown,
        _ if !tcp.answered() => ConnectionEnding::NoAnswer,
        _ if !tcp.acked() => ConnectionEnding::HalfOpen,
        _ => ConnectionEnding::Open,
    }
}

/// A number that orders flows as `order` orders their rows, as far as one number of the record can: other fields select by wire bytes.
fn score(order: Order) -> impl Fn(Record<FlowDetectors>) -> u64 {
    let sum = |t: [Traffic; 2]| t[0].wire_bytes + t[1].wire_bytes;
    let number: Option<fn(&Record<FlowDetectors>) -> u64> = match order.column {
        Column::RATE => Some(|r| r.added().map(|t| t.wire_bytes).iter().sum()),
        Column::PACKET_RATE => Some(|r| r.added().map(|t| t.packets).iter().sum()),
        Column::BYTES => Some(|r| r.flow.traffic.map(|t| t.wire_bytes).iter().sum()),
        Column::PACKETS => Some(|r| r.flow.traffic.map(|t| t.packets).iter().sum()),
        Column::START => Some(|r| r.rest.first.0.max(0) as u64),
        Column::DURATION => Some(|r| r.last().since(r.rest.first).max(0) as u64),
        _ => None,
    };
    move |record| match number {
        Some(number) if order.descending => number(&record),
        Some(number) => u64::MAX - number(&record),
        None => sum(record.flow.traffic),
    }
}

/// What a shard's conversations are to a snapshot.
#[derive(Debug, Default)]
pub struct Selection {
    /// What they add to other tables.
    pub increases: Vec<FlowIncrease>,
    /// The rows that are asked for, in no order: TCP, UDP, SCTP.
    pub rows: [Vec<Conversation>; 3],
    /// A number for each by which it was chosen, where it was; larger ones come first.
    pub numbers: [Vec<u64>; 3],
    /// How many match the query's filter, by [`ConversationKind`].
    pub matching: [u64; 4],
}

/// How a row shows what is recent: `live`, what was added since the last report; else all of it.
fn shown(mut row: Conversation, live: bool) -> Conversation {
    if !live {
        (row.recent_ab, row.recent_ba) = (row.ab, row.ba);
    }
    row
}

/// Every conversation of a shard.
pub fn all(table: &FlowTable<FlowDetectors>, contexts: &Contexts, reader: &Reader, live: bool) -> Selection {
    let mut out = Selection { increases: Vec::with_capacity(table.len()), ..Selection::default() };
    table.records().for_each(|record| out.matching[ConversationKind::of(&record.flow.key) as usize] += 1);
    out.rows.iter_mut().zip(out.matching).for_each(|(rows, count)| rows.reserve_exact(count as usize));
    for (at, record) in (0..).zip(table.records()) {
        let increase = FlowIncrease::of(record, at, table, contexts);
        if let Some(rows) = out.rows.get_mut(increase.kind as usize) {
            rows.push(shown(conversation(record, at, table, (increase.path, increase.vlans), reader), live));
        }
        out.increases.push(increase);
    }
    out.increases.retain(FlowIncrease::is_any);
    out
}

/// How many conversations of each kind a shard's table has: counted once each, as they come.
#[derive(Debug, Clone, Copy, Default)]
pub struct CountedKinds {
    counted: usize,
    kinds: [u64; 4],
}

impl CountedKinds {
    /// Counts those that are new. None may have gone since the last call. Whether it is the first one.
    pub fn count(&mut self, table: &FlowTable<FlowDetectors>) -> ([u64; 4], bool) {
        let is_first = self.counted == 0;
        let new = (self.counted..table.len()).filter_map(|at| table.record(at as u32));
        new.for_each(|record| self.kinds[ConversationKind::of(&record.flow.key) as usize] += 1);
        self.counted = table.len();
        (self.kinds, is_first && self.counted > 0)
    }
}

/// A shard's first conversations of each kind in a query's order, by what they were chosen and which they are, and how many match in all.
pub type Wanted = ([Vec<(u64, u32)>; 3], [u64; 4]);

/// Of all conversations.
fn wanted_of_all(
    table: &FlowTable<FlowDetectors>,
    query: &Query,
    live: bool,
    matches: impl Fn(u32, Record<FlowDetectors>) -> bool,
) -> Wanted {
    let (mut lists, mut matching): ([Vec<(u64, u32)>; 3], [u64; 4]) = Default::default();
    let score = score(query.conversations.all_in_all(live));
    for (at, record) in (0..).zip(table.records()).filter(|(at, record)| matches(*at, *record)) {
        let kind = ConversationKind::of(&record.flow.key);
        matching[kind as usize] += 1;
        if let Some(list) = lists.get_mut(kind as usize) {
            list.push((score(record), at));
        }
    }
    (lists.map(|list| first(list, query.rows)), matching)
}

/// Those with the highest scores.
fn first(mut list: Vec<(u64, u32)>, most: usize) -> Vec<(u64, u32)> {
    if list.len() > most {
        list.select_nth_unstable_by(most, |x, y| y.cmp(x));
        list.truncate(most);
    }
    list
}

/// The rows a query asks of one shard (those that are `wanted`, where that is known), what those add that were touched, and how many match in all.
pub fn select(
    table: &FlowTable<FlowDetectors>,
    contexts: &Contexts,
    reader: &Reader,
    (query, wanted): (&Query, Option<Wanted>),
    live: bool,
) -> Selection {
    let row = |at: u32, record: Record<FlowDetectors>| conversation(record, at, table, seen_in(record, table.vlans(at), contexts), reader);
    let matches = |at: u32, record: Record<FlowDetectors>| query.filter.as_ref().is_none_or(|f| f.matches_conversation(&row(at, record)));
    let (wanted, matching) = wanted.unwrap_or_else(|| wanted_of_all(table, query, live, matches));
    let mut out = Selection { matching, ..Selection::default() };
    for ((rows, numbers), list) in out.rows.iter_mut().zip(&mut out.numbers).zip(wanted) {
        let known = list.into_iter().filter_map(|(number, at)| Some((number, shown(row(at, table.record(at)?), live))));
        (*numbers, *rows) = known.unzip();
    }
    // In the order in which conversations began: of rows that find no room the later ones are counted as others.
    let mut touched = table.touched().to_vec();
    touched.sort_unstable();
    let increase = |&at: &u32| Some(FlowIncrease::of(table.record(at)?, at, table, contexts));
    out.increases = touched.iter().filter_map(increase).filter(FlowIncrease::is_any).collect();
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, NameSource};
    use crate::snapshot::Filter;

    /// Who is asked for is there, seen lately or not; who is not keeps the name he has on every other screen, as long as there is room.
    #[test]
    fn a_filter_takes_nobody_elses_name() {
        let learnt = |last: i64, name: &str| LearntName {
            address: Address::V4([10, 0, 0, last as u8].into()),
            name: name.into(),
            source: NameSource::Dns,
            first: Timestamp(0),
            last: Timestamp(last),
        };
        let all: Vec<LearntName> = (1..=9).map(|at| learnt(at, if at == 1 { "printer" } else { "laptop" })).collect();
        let query = |rows| Query { filter: Filter::parse("printer").expect("a filter"), rows, ..Query::default() };
        let kept = |rows| {
            let mut lasts: Vec<i64> = keep_names(all.clone(), &query(rows)).iter().map(|name| name.last.0).collect();
            lasts.sort_unstable();
            lasts
        };
        assert_eq!(kept(20), (1..=9).collect::<Vec<_>>());
        assert_eq!(kept(3), [1, 8, 9]);
        assert_eq!(kept(1), [1]);
        assert_eq!(kept(0), Vec::<i64>::new());
    }
}
