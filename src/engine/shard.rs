//! One of the 64 shards: folds its packets, in tape order, with no lock and no allocation a packet.

use super::key::{FragmentTable, flow_key};
use super::local::LocalNets;
use super::rows;
use super::tape::Request;
use super::watch::{Watch, Watcher, Witness};
use crate::capture::Packet;
use crate::decode::{Fragment, Headers, Net, Stop, Transport};
use crate::mirror::{Frame, Segment};
use crate::model::{Direction, FlowKey, Mac, Traffic};
use crate::snapshot::Conversation;
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
    /// What its detectors counted so far.
    pub witness: Witness,
}

/// How shards are to work.
#[derive(Debug, Clone, Copy)]
pub struct ShardPlan {
    /// Conversations kept in each.
    pub flows: usize,
    /// Whether copies are left out.
    pub dedup: bool,
    /// Keys the hash that tells copies.
    pub seed: u64,
}

/// A shard's state.
#[derive(Debug)]
pub struct Shard {
    number: u8,
    dedup: bool,
    watcher: Watcher,
    totals: Totals,
    contexts: Contexts,
    flows: FlowTable<Watch>,
    fragments: FragmentTable<(FlowKey, Direction)>,
    last_frame_context: u32,
}

impl Shard {
    /// An empty shard.
    pub fn new(number: u8, plan: ShardPlan) -> Self {
        Self {
            number,
            dedup: plan.dedup,
            watcher: Watcher::new(plan.seed),
            totals: Totals::default(),
            contexts: Contexts::default(),
            flows: FlowTable::with_cap(plan.flows),
            fragments: FragmentTable::default(),
            last_frame_context: 0,
        }
    }

    /// Folds one packet in, of which `headers` were found, and says where it was heading; `None` when it is a copy that is left out.
    /// Conversations that had to make room are appended to `evicted`.
    #[inline]
    pub fn ingest(
        &mut self,
        packet: &Packet,
        bytes: &[u8],
        headers: &Headers,
        local: &LocalNets,
        evicted: &mut Vec<FlowReport>,
    ) -> Option<Heading> {
        let (time, wire) = (packet.time, headers.wire);
        self.totals.count_link(packet.wire, packet.captured);
        let flow = self.conversation(headers);
        let frame = frame(packet, bytes, headers, flow);
        if self.watcher.is_copy(&frame) && self.dedup {
            return None;
        }
        self.totals.count(wire);
        match headers.stop {
            None => {}
            Some(Stop::Captured) => self.totals.short += 1,
            Some(Stop::Malformed) => self.totals.malformed += 1,
        }
        let context = ContextKey { path: headers.path, mac: headers.mac, vlans: headers.vlans, cast: cast(headers) };
        let Some((key, direction)) = flow else {
            self.totals.directions[Heading::Unknown as usize].count(wire);
            self.watcher.bare(&frame);
            self.last_frame_context = self.contexts.count(self.last_frame_context, &context, time, wire);
            return Some(Heading::Unknown);
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
        let step = Step { key, direction, time, wire, tcp };
        let (at, flow) = self.flows.count(&step, || local.headings(&key));
        self.watcher.conversation(&mut flow.watch, &frame, packet.load);
        let way = direction as usize;
        let before = flow.context[way];
        let now = self.contexts.count(before, &context, time, wire);
        flow.context[way] = now;
        let heading = flow.heading[way];
        self.totals.directions[heading as usize].count(wire);
        if now != before && before != u32::MAX {
            self.change_context(at, before, now);
        }
        Some(heading)
    }

    /// Brings the record of a packet's conversation near and says where its contexts are ([`FlowTable::touch`]).
    #[inline]
    pub fn touch(&self, headers: &Headers) -> Option<u32> {
        let (key, direction) = flow_key(headers)?;
        self.flows.touch(&key).map(|contexts| contexts[direction as usize])
    }

    /// Brings a context near.
    #[inline]
    pub fn touch_context(&self, at: u32) -> u64 {
        self.contexts.touch(at)
    }

    /// The conversation of a packet: its own, or for a later fragment that of the first.
    #[inline]
    fn conversation(&mut self, headers: &Headers) -> Option<(FlowKey, Direction)> {
        let own = flow_key(headers)?;
        if headers.fragment == Fragment::Whole {
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

    /// Hands in what the request asks for and everything that changed. At its `last` the shard gives its conversations away.
    pub fn report(&mut self, request: &Request) -> ShardReport {
        let (query, last) = (&request.query, request.last);
        let witness = self.watcher.report(&self.flows, request);
        let (flows, matching) = if last && query.rows == usize::MAX && query.filter.is_none() {
            self.give_away()
        } else {
            rows::select(&self.flows, &self.contexts, query)
        };
        self.flows.reported();
        ShardReport { shard: self.number, totals: self.totals, contexts: self.contexts.report(), flows, matching, witness }
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

/// The packet as the detectors see it.
#[inline]
fn frame<'a>(packet: &Packet, bytes: &'a [u8], headers: &Headers, flow: Option<(FlowKey, Direction)>) -> Frame<'a> {
    let at = |offset: u32| offset.saturating_sub(headers.frame_at);
    let tcp = match headers.transport {
        Transport::Tcp { sequence, acknowledgement, flags, window, payload, .. } => {
            Some(Segment { sequence, acknowledgement, flags, window, payload })
        }
        _ => None,
    };
    Frame {
        time: packet.time,
        wire: headers.wire,
        bytes: bytes.get(headers.frame_at as usize..).unwrap_or(&[]),
        mac: headers.mac,
        vlans: headers.vlans,
        ether_type: headers.ether_type,
        net: (headers.net != Net::None).then(|| at(headers.net_at)),
        transport: (headers.transport != Transport::None).then(|| at(headers.transport_at)),
        payload: at(headers.payload_at),
        flow,
        tcp,
        fragment: headers.fragment != Fragment::Whole,
        tag: headers.mirror,
        session: packet.session,
        interface: packet.interface,
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
