//! From flow records to the rows of a snapshot.

use super::reader::Reader;
use crate::dissect::registry;
use crate::engine::fold::detectors::FlowDetectors;
use crate::model::{Address, AppBy, FlowKey, LearntName, Path, Timestamp, Traffic, VlanStack};
use crate::names;
use crate::snapshot::tables::names::NAMES;
use crate::snapshot::{Column, ConnectionEnding, Conversation, Order, Query, ResetBy, TcpState};
use crate::stats::{Contexts, FlowHot, FlowTable, Record, TcpTrack};

/// What a conversation means for its two ends.
#[derive(Debug, Clone, Copy)]
pub struct EndpointDelta {
    /// Addresses and ports.
    pub ends: [(Address, u16); 2],
    /// What was added from the first to the second, and back.
    pub added: [Traffic; 2],
    /// First packet.
    pub first: Timestamp,
    /// Last packet.
    pub last: Timestamp,
}

impl EndpointDelta {
    /// Of a conversation's row.
    pub fn of(row: &Conversation) -> Self {
        let ends = [(row.a, row.a_port), (row.b, row.b_port)];
        Self { ends, added: [row.recent_ab, row.recent_ba], first: row.first, last: row.last }
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

/// The names that a query asks for, in no order.
pub fn names(learnt: impl Iterator<Item = LearntName>, query: &Query) -> Vec<LearntName> {
    let mut names: Vec<LearntName> = learnt.filter(|n| query.filter.as_ref().is_none_or(|f| f.matches(&NAMES, n))).collect();
    keep_newest(&mut names, query.rows);
    names
}

/// Leaves those names that were seen last, at most so many, in no order; whether any had to go.
pub fn keep_newest(names: &mut Vec<LearntName>, most: usize) -> bool {
    if names.len() <= most {
        return false;
    }
    // Equal times are told apart by the key: which names stay does not depend on the order they came in.
    names.select_nth_unstable_by(most, |x, y| y.last.cmp(&x.last).then_with(|| (NAMES.key)(x, y)));
    names.truncate(most);
    true
}

/// A conversation on its way to the merge. Its `recent` numbers are what was added since the shard's last report.
#[derive(Debug)]
pub struct FlowReport {
    /// The row.
    pub row: Conversation,
    /// Its table.
    pub kind: ConversationKind,
    /// Whether it belongs to the rows the query asked for (else it is here for its additions only).
    pub shown: bool,
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

/// A conversation's row; its `recent` numbers are what was added since the last report.
pub fn conversation(
    record: Record<FlowDetectors>,
    at: u32,
    table: &FlowTable<FlowDetectors>,
    contexts: &Contexts,
    reader: &Reader,
) -> Conversation {
    let (flow, added) = (record.flow, record.added());
    let (path, vlans) = seen_in(record, table.vlans(at), contexts);
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

/// The rows a query asks of one shard, every touched one among them, and how many match in all (by [`ConversationKind`]).
pub fn select(table: &FlowTable<FlowDetectors>, contexts: &Contexts, reader: &Reader, query: &Query) -> (Vec<FlowReport>, [u64; 4]) {
    let row = |at: u32, record: Record<FlowDetectors>| conversation(record, at, table, contexts, reader);
    let mut wanted: [Vec<(u64, u32)>; 3] = Default::default();
    let mut matching = [0u64; 4];
    let score = score(query.conversations);
    for (at, record) in table.records().enumerate() {
        let at = at as u32;
        let kind = ConversationKind::of(&record.flow.key);
        if query.filter.as_ref().is_none_or(|f| f.matches_conversation(&row(at, record))) {
            matching[kind as usize] += 1;
            if let Some(list) = wanted.get_mut(kind as usize) {
                list.push((score(record), at));
            }
        }
    }
    let mut shown = vec![false; table.len()];
    for list in &mut wanted {
        if list.len() > query.rows {
            list.select_nth_unstable_by(query.rows, |x, y| y.cmp(x));
            list.truncate(query.rows);
        }
        list.iter().for_each(|&(_, at)| shown[at as usize] = true);
    }
    let mut touched = vec![false; table.len()];
    table.touched().iter().for_each(|&at| touched[at as usize] = true);
    let mut out = Vec::new();
    for (at, record) in table.records().enumerate() {
        if touched[at] || shown[at] {
            out.push(FlowReport { row: row(at as u32, record), kind: ConversationKind::of(&record.flow.key), shown: shown[at] });
        }
    }
    (out, matching)
}
