//! One of the 64 shards: folds its packets, in tape order, with no lock and no allocation a packet.

use super::key::{FragmentTable, flow_key};
use super::local::LocalNets;
use super::rows;
use crate::capture::Packet;
use crate::decode::{self, Headers, Net, Rules, Stop, Transport};
use crate::model::{Direction, FlowKey, Mac, Traffic};
use crate::snapshot::{Conversation, Query};
use crate::stats::context::Cast;
use crate::stats::flow::Step;
use crate::stats::totals::Heading;
use crate::stats::{Context, ContextKey, Contexts, FlowTable, Totals};

/// Which table a conversation belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// TCP connections.
    Tcp,
    /// UDP port pairs.
    Udp,
    /// SCTP port pairs.
    Sctp,
    /// Any other IP protocol: counted in its address pair only.
    Other,
}

impl Kind {
    /// By IP protocol number.
    pub fn of(protocol: u8) -> Self {
        match protocol {
            6 => Kind::Tcp,
            17 => Kind::Udp,
            132 => Kind::Sctp,
            _ => Kind::Other,
        }
    }
}

/// A conversation on its way to the merge. Its `recent` numbers are what was added since the shard's last report.
#[derive(Debug)]
pub struct FlowReport {
    /// The row.
    pub row: Conversation,
    /// Its table.
    pub kind: Kind,
    /// Whether it belongs to the rows the query asked for (else it is here for its additions only).
    pub shown: bool,
}

/// Everything a shard hands in at a mark.
#[derive(Debug)]
pub struct ShardReport {
    /// Which shard.
    pub shard: u8,
    /// Its sums so far.
    pub totals: Totals,
    /// Its contexts with what was added.
    pub contexts: Vec<(Context, Traffic)>,
    /// Its conversations.
    pub flows: Vec<FlowReport>,
    /// Conversations that match the query's filter: TCP, UDP, SCTP, other.
    pub matching: [u64; 4],
}

/// A shard's state.
#[derive(Debug, Default)]
pub struct Shard {
    number: u8,
    totals: Totals,
    contexts: Contexts,
    flows: FlowTable,
    fragments: FragmentTable<(FlowKey, Direction)>,
    last_frame_context: u32,
}

impl Shard {
    /// An empty shard that keeps at most `flows` conversations.
    pub fn new(number: u8, flows: usize) -> Self {
        Self { number, flows: FlowTable::with_cap(flows), ..Self::default() }
    }

    /// Folds one packet in and says where it was heading. Conversations that had to make room are appended to `evicted`.
    #[inline]
    pub fn ingest(&mut self, packet: &Packet, bytes: &[u8], local: &LocalNets, evicted: &mut Vec<FlowReport>) -> Heading {
        let mut headers = Headers::default();
        decode::walk(packet.link, bytes, packet.wire, &Rules::PLAIN, &mut headers);
        self.totals.count(packet.wire, packet.captured);
        match headers.stop {
            None => {}
            Some(Stop::Captured) => self.totals.short += 1,
            Some(Stop::Malformed) => self.totals.malformed += 1,
        }
        let context = ContextKey { path: headers.path, mac: headers.mac, vlans: headers.vlans, cast: cast(&headers) };
        let Some((key, direction)) = self.conversation(&headers) else {
            self.totals.directions[Heading::Unknown as usize].count(packet.wire);
            self.last_frame_context = self.contexts.count(self.last_frame_context, &context, packet.time, packet.wire);
            return Heading::Unknown;
        };
        if self.flows.is_full() {
            self.make_room(evicted);
        }
        let tcp = match headers.transport {
            Transport::Tcp { sequence, acknowledgement, flags, .. } => {
                self.totals.count_tcp(flags);
                Some((sequence, acknowledgement, flags))
            }
            _ => None,
        };
        let step = Step { key, direction, time: packet.time, wire: packet.wire, tcp };
        let (at, flow) = self.flows.count(&step, || local.headings(&key));
        let way = direction as usize;
        let before = flow.context[way];
        let now = self.contexts.count(before, &context, packet.time, packet.wire);
        flow.context[way] = now;
        let heading = flow.heading[way];
        self.totals.directions[heading as usize].count(packet.wire);
        if now != before && before != u32::MAX {
            self.change_context(at, before, now);
        }
        heading
    }

    /// The conversation of a packet: its own, or for a later fragment that of the first.
    #[inline]
    fn conversation(&mut self, headers: &Headers) -> Option<(FlowKey, Direction)> {
        let own = flow_key(headers)?;
        if headers.fragment == decode::Fragment::Whole {
            return Some(own);
        }
        self.totals.fragments += 1;
        Some(self.fragments.pass(headers, || own).unwrap_or(own))
    }

    #[inline(never)]
    fn change_context(&mut self, at: u32, before: u32, now: u32) {
        let vlans = |c| self.contexts.get(c).map(|c| c.key.vlans).unwrap_or_default();
        let (old, new) = (vlans(before), vlans(now));
        if old != new {
            self.flows.note_vlan(at, old.ids());
            self.flows.note_vlan(at, new.ids());
        }
    }

    #[inline(never)]
    fn make_room(&mut self, evicted: &mut Vec<FlowReport>) {
        let contexts = &self.contexts;
        self.flows.evict(|flow, at, added, table| {
            let row = rows::conversation(flow, added, table.vlans(at), contexts);
            evicted.push(FlowReport { row, kind: Kind::of(flow.key.protocol), shown: false });
        });
    }

    /// Hands in what the query asks for and everything that changed. With `last` the shard gives its conversations away.
    pub fn report(&mut self, query: &Query, last: bool) -> ShardReport {
        let (flows, matching) = if last && query.rows == usize::MAX && query.filter.is_none() {
            self.give_away()
        } else {
            rows::select(&self.flows, &self.contexts, query)
        };
        self.flows.reported();
        ShardReport { shard: self.number, totals: self.totals, contexts: self.contexts.report(), flows, matching }
    }

    fn give_away(&mut self) -> (Vec<FlowReport>, [u64; 4]) {
        let mut matching = [0; 4];
        let mut out = Vec::with_capacity(self.flows.flows().len());
        for (at, flow) in self.flows.flows().iter().enumerate() {
            let at = at as u32;
            let kind = Kind::of(flow.key.protocol);
            matching[kind as usize] += 1;
            out.push(FlowReport {
                row: rows::conversation(flow, self.flows.added(at), self.flows.vlans(at), &self.contexts),
                kind,
                shown: true,
            });
        }
        self.flows.take();
        (out, matching)
    }
}

fn cast(headers: &Headers) -> Cast {
    let of_mac = |mac: Mac| match mac {
        Mac::BROADCAST => Cast::Broadcast,
        mac if mac.is_group() => Cast::Multicast,
        _ => Cast::Unicast,
    };
    match (headers.mac, headers.net) {
        (Some((_, destination)), _) => of_mac(destination),
        (None, Net::V4(_, d)) if d.is_broadcast() => Cast::Broadcast,
        (None, Net::V4(_, d)) if d.is_multicast() => Cast::Multicast,
        (None, Net::V6(_, d)) if d.is_multicast() => Cast::Multicast,
        _ => Cast::Unicast,
    }
}
