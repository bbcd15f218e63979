//! Brings the shards' reports together, in shard order, into one immutable snapshot.

mod endpoints;
mod flow_stream;
mod hierarchy;
mod subscription;
pub mod tables;
mod timeline;

pub use endpoints::EndpointTables;
pub use flow_stream::{FlowListener, FlowStream};
pub use subscription::{Ended, Published, Subscriber, Subscribers, Subscription, subscribe};

use crate::engine::fold::detectors::DetectorReport;
use crate::engine::fold::message::{IntervalPart, Message};
use crate::engine::fold::rows::{self, ConversationKind};
use crate::engine::fold::shard::{ShardReport, ShardSums, Whole};
use crate::engine::merge::hierarchy::Hierarchy;
use crate::engine::merge::tables::{Increase, RowTable};
use crate::engine::merge::timeline::{Extent, Timeline};
use crate::engine::tape::Request;
use crate::model::host::Checklist;
use crate::model::limits::SHARDS;
use crate::model::{Address, Cast, Finding, LearntName, Mac, Sum, Traffic};
use crate::snapshot::tables::conversations::CONVERSATIONS;
use crate::snapshot::tables::names::NAMES;
use crate::snapshot::{
    Casts, Conversation, Conversations, Directions, Endpoints, HostRow, Losses, Mirror, Query, Snapshot, Table, TcpFlags, VlanRow,
};
use crate::stats::totals::TrafficDirection;
use crate::stats::{Context, Totals};
use endpoints::{EndpointLoad, Wanted};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

/// MAC pairs looked at for the roles of stations: more would make a snapshot slow and say no more.
const JUDGED_PAIRS: usize = 20_000;

/// Conversations or contexts in hand at once, each with a row of its address pair.
const BATCH: usize = 16;

/// Where finished snapshots go, each with the moment it shows.
pub type Publish = Box<dyn FnMut(Arc<Snapshot>, Instant) + Send>;

/// Who is told what was merged.
pub struct Recipients {
    /// Closed conversations.
    pub flows: FlowStream,
    /// Every record.
    pub subscribers: Subscribers,
    /// Snapshots.
    pub publish: Publish,
}

/// What is thought of the packets counted up to a snapshot.
#[derive(Debug, Default)]
pub struct Assessment {
    /// Can the mirror be believed.
    pub mirror: Mirror,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// The checklist of this host, for each interface.
    pub host: Vec<Checklist>,
}

/// Who judges what was counted: the room to the right of this one.
pub trait Assess: Send {
    /// Judges everything up to a snapshot; `link` is what arrived, `mac_pairs` who sent how many packets to whom.
    fn assess(
        &mut self,
        request: &Request,
        detected: &DetectorReport,
        link: Traffic,
        mac_pairs: &mut dyn Iterator<Item = (Mac, Mac, u64)>,
    ) -> Assessment;

    /// Forgets what stands.
    fn forget(&mut self);
}

/// Everything that crosses shards.
#[derive(Default)]
struct Tables {
    hierarchy: Hierarchy,
    vlans: BTreeMap<u16, VlanRow>,
    untagged: Traffic,
    casts: Casts,
    eth_pairs: RowTable<Conversation>,
    ip_pairs: [RowTable<Conversation>; 2],
    eth_hosts: RowTable<HostRow>,
    evicted: [(Traffic, u64); 4],
}

/// The merge: takes messages, publishes snapshots.
pub struct Merge {
    groups: usize,
    ends: EndpointTables,
    publish: Publish,
    base: Snapshot,
    tables: Tables,
    timeline: Timeline,
    /// Requests not all groups have answered yet, oldest first: each group answers in order.
    pending: VecDeque<Pending>,
    resets: usize,
    total_before: Traffic,
    judge: Box<dyn Assess>,
    flows: FlowStream,
    subscribers: Subscribers,
    /// What the newest snapshot was made of.
    kept: Option<Kept>,
    /// The end points have been lost: there will be no more snapshots.
    broken: bool,
}

/// What the newest snapshot was made of, for the next one if nothing comes.
struct Kept {
    snapshot: Arc<Snapshot>,
    detected: DetectorReport,
    totals: Totals,
    open: IntervalPart,
}

/// A snapshot on its way: reports are taken in as they come, in the order of the shards, and forgotten.
struct Pending {
    request: Arc<Request>,
    /// Those that came before their turn.
    reports: Vec<Option<Box<ShardReport>>>,
    /// Shards taken in.
    absorbed: usize,
    /// Shard groups that have not finished.
    left: usize,
    open: IntervalPart,
    sums: ShardSums,
    names: Vec<LearntName>,
    conversations: [Table<Conversation>; 3],
}

impl Pending {
    fn new(request: Arc<Request>, groups: usize) -> Self {
        Self {
            request,
            reports: (0..SHARDS).map(|_| None).collect(),
            absorbed: 0,
            left: groups,
            open: IntervalPart::default(),
            sums: ShardSums::default(),
            names: Vec::new(),
            conversations: Default::default(),
        }
    }

    /// Makes room for a shard's conversations, and for as many of each shard that is to come: shards are about as large. What is not used
    /// costs nothing.
    fn make_room(&mut self, kinds: [u64; 4]) {
        let shards = SHARDS + 1 - self.absorbed;
        for (table, count) in self.conversations.iter_mut().zip(kinds) {
            if (table.rows.capacity() - table.rows.len()) < count as usize {
                table.rows.reserve_exact(count as usize * (shards + shards / 8));
            }
        }
    }
}

impl Merge {
    /// A merge of what `groups` groups find. `base` holds what never changes: filter, speed, live.
    pub fn new(
        groups: usize,
        interval: i64,
        ends: EndpointTables,
        base: Snapshot,
        judge: Box<dyn Assess>,
        Recipients { flows, subscribers, publish }: Recipients,
    ) -> Self {
        let mut timeline = Timeline::new(interval, groups);
        if !subscribers.is_empty() {
            timeline.keep_ended();
        }
        Self {
            groups,
            ends,
            publish,
            base,
            tables: Tables::default(),
            timeline,
            pending: VecDeque::new(),
            resets: 0,
            total_before: Traffic::default(),
            judge,
            flows,
            subscribers,
            kept: None,
            broken: false,
        }
    }

    /// Takes one message. False when there will be no snapshot any more, because a thread has gone.
    pub fn take(&mut self, message: Message) -> bool {
        match message {
            Message::IntervalFacts(number, sample) => {
                self.timeline.facts(number, sample);
                self.intervals_ended();
            }
            Message::IntervalParts(parts) => {
                for (number, part) in parts {
                    self.timeline.part(number, part);
                    self.intervals_ended();
                    self.flows.pass(number);
                }
            }
            Message::ClosedFlows(batch) => self.flows.take(batch),
            Message::LateParts(parts) => self.timeline.late_parts(parts),
            Message::LateBursts(bursts) => self.timeline.late_bursts(bursts),
            Message::ClockStep(number, nanos) => self.timeline.clock_step(number, nanos),
            Message::Evicted(flows) => {
                let load = Arc::new(EndpointLoad { flows, whole: None });
                self.ends.take(&load);
                for f in &load.flows {
                    self.tables.evicted[f.kind as usize].0.add(f.row.total());
                    self.tables.evicted[f.kind as usize].1 += 1;
                }
                load.flows.chunks(BATCH).for_each(|batch| self.tables.add_flows(batch.iter().map(|f| &f.row)));
            }
            Message::Still(request) => self.still(&request),
            Message::Request(request) => self.pending.push_back(Pending::new(request, self.groups)),
            Message::Report(number, report) => {
                let Some(pending) = self.pending.iter_mut().find(|p| p.request.number == number) else { return true };
                let at = usize::from(report.shard);
                if let Some(slot) = pending.reports.get_mut(at) {
                    *slot = Some(report);
                }
                self.absorb();
            }
            Message::Reported(number, open) => {
                let Some(pending) = self.pending.iter_mut().find(|p| p.request.number == number) else { return true };
                pending.open.merge(&open);
                pending.left = pending.left.saturating_sub(1);
                while self.pending.front().is_some_and(|p| p.left == 0)
                    && let Some(pending) = self.pending.pop_front()
                {
                    if pending.request.finished {
                        self.flows.finish();
                    }
                    let taken = pending.request.taken;
                    match self.assemble(pending) {
                        Some(snapshot) => self.publish(snapshot, taken),
                        // Without all its parts a snapshot would not be true.
                        None => self.broken = true,
                    }
                    self.absorb();
                }
            }
            Message::Reset => {
                self.resets += 1;
                if self.resets == self.groups {
                    self.resets = 0;
                    self.tables = Tables::default();
                    self.ends.forget();
                    self.total_before = Traffic::default();
                    self.judge.forget();
                    self.timeline.reset();
                    self.kept = None;
                    self.subscribers.give(&Published::Reset);
                }
            }
        }
        !self.broken
    }

    /// Tells subscribers of the intervals that have ended.
    fn intervals_ended(&mut self) {
        if !self.subscribers.is_empty() {
            self.timeline.ended().for_each(|sample| self.subscribers.give(&Published::Interval(sample)));
        }
    }

    fn publish(&mut self, snapshot: Arc<Snapshot>, taken: Instant) {
        if !self.subscribers.is_empty() {
            self.subscribers.give(&Published::Snapshot(Arc::clone(&snapshot)));
        }
        (self.publish)(snapshot, taken);
    }

    /// Nothing has come since the newest snapshot, nor in the time that it is about: the next one differs in what depends on time alone.
    fn still(&mut self, request: &Request) {
        let Some(Kept { snapshot, detected, totals, open }) = &self.kept else { return };
        let judged = self.judge.assess(request, detected, totals.link, &mut self.tables.mac_pairs());
        let same = snapshot.load.open.map(|o| o.start) == request.open.map(|o| o.start);
        let part = if same { *open } else { IntervalPart::default() };
        let load = self.timeline.load(request.query.samples, request.open, part, extent(request, snapshot.total));
        let losses =
            Losses { interface_drops: request.losses.interface_drops, kernel_drops: request.losses.kernel_drops, ..snapshot.losses };
        let next = Arc::new(Snapshot {
            number: request.number,
            now: request.now,
            recent_seconds: request.recent_seconds,
            sources: request.sources.clone(),
            first: request.first,
            last: request.latest,
            losses,
            load,
            host: judged.host,
            mirror: judged.mirror,
            findings: judged.findings,
            ..Snapshot::clone(snapshot)
        });
        if let Some(kept) = &mut self.kept {
            kept.snapshot = Arc::clone(&next);
        }
        self.publish(next, request.taken);
    }

    /// Takes in the reports for the oldest request whose turn it is. Those for later requests wait: tables grow in the order of the tape.
    fn absorb(&mut self) {
        let Some(pending) = self.pending.front_mut() else { return };
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(report) = pending.reports.get_mut(pending.absorbed).and_then(Option::take) {
            pending.absorbed += 1;
            pending.sums.merge(&report.sums);
            pending.names.extend_from_slice(&report.names);
            let contexts = report.contexts.iter().map(|(context, added)| (context, *added));
            self.tables.add_contexts(contexts.chain(report.whole.iter().flat_map(Whole::contexts)));
            for (table, matching) in pending.conversations.iter_mut().zip(report.matching) {
                table.total_rows += matching;
            }
            let load = Arc::new(EndpointLoad { flows: report.flows, whole: report.whole });
            self.ends.take(&load);
            if load.whole.is_some() {
                pending.make_room(report.matching);
            }
            let live = pending.request.live;
            let mut show = |mut row: Conversation, kind: ConversationKind| {
                if !live {
                    (row.recent_ab, row.recent_ba) = (row.ab, row.ba);
                }
                if let Some(table) = pending.conversations.get_mut(kind as usize) {
                    table.rows.push(row);
                }
            };
            for batch in load.flows.chunks(BATCH) {
                self.tables.add_flows(batch.iter().map(|f| &f.row));
                batch.iter().filter(|f| f.shown).for_each(|f| show(f.row.clone(), f.kind));
            }
            let mut rows = load.whole.iter().flat_map(Whole::reports);
            loop {
                batch.extend(rows.by_ref().take(BATCH));
                if batch.is_empty() {
                    break;
                }
                self.tables.add_flows(batch.iter().map(|f| &f.0));
                batch.drain(..).for_each(|(row, kind)| show(row, kind));
            }
        }
    }

    fn assemble(&mut self, pending: Pending) -> Option<Arc<Snapshot>> {
        let Pending { request, open, sums, names, mut conversations, .. } = pending;
        let ShardSums { stats: totals, mirror: detected, dissect: dissected } = sums;
        let request = &request;
        let query = &request.query;
        for (table, evicted) in conversations.iter_mut().zip(self.tables.evicted) {
            (table.other, table.other_rows) = evicted;
        }
        let (live, last) = (request.live, request.last);
        if last && query.wants_every_row() {
            self.tables.close();
        }
        let (ends, (Assessment { mirror, findings, host }, (conversations, eth_hosts))) =
            self.ends.tables(Wanted { query: query.clone(), live, last }, || {
                for table in &mut conversations {
                    CONVERSATIONS.sort(query.conversations, &mut table.rows);
                    table.rows.truncate(query.rows);
                }
                // Before the tables are given away: the judge looks at the stations.
                let judged = self.judge.assess(request, &detected, totals.link, &mut self.tables.mac_pairs());
                (judged, self.tables.rows(query, live, last, conversations))
            })?;
        let total = totals.traffic();
        let recent = if request.live { total.since(self.total_before) } else { total };
        self.total_before = total;
        let load = self.timeline.load(query.samples, request.open, open, extent(request, total));
        let mut losses = request.losses;
        losses.queue_drops = self.subscribers.lost();
        losses.decode_errors = totals.short;
        losses.malformed = totals.malformed;
        losses.evicted_flows = self.tables.evicted.iter().fold(0, |sum, e| sum.saturating_add(e.1));
        losses.dissection = dissected.losses;
        let heading = |h: TrafficDirection| totals.directions[h as usize];
        let [ip, ipv6, tcp, udp, sctp] = ends;
        let snapshot = Arc::new(Snapshot {
            number: request.number,
            finished: request.finished,
            now: request.now,
            recent_seconds: request.recent_seconds,
            sources: request.sources.clone(),
            total,
            recent,
            captured_bytes: totals.captured_bytes,
            truncated_packets: totals.truncated,
            fragments: totals.fragments,
            first: request.first,
            last: request.latest,
            losses,
            load,
            sizes: totals.sizes,
            casts: self.tables.casts,
            directions: Directions {
                inbound: heading(TrafficDirection::Inbound),
                outbound: heading(TrafficDirection::Outbound),
                inside: heading(TrafficDirection::Inside),
                through: heading(TrafficDirection::Through),
                unknown: heading(TrafficDirection::Unknown),
            },
            protocols: self.tables.hierarchy.rows(request.live),
            vlans: self.tables.vlan_table(request.live),
            untagged: self.tables.untagged,
            apps: dissected.sections(),
            names: learnt(names, query),
            host,
            mirror,
            findings,
            tcp_flags: TcpFlags { syn: totals.syn, syn_ack: totals.syn_ack, fin: totals.fin, reset: totals.reset },
            conversations,
            endpoints: Endpoints { eth: eth_hosts, ip, ipv6, tcp, udp, sctp },
            live: self.base.live,
            filter: self.base.filter.clone(),
            speed: self.base.speed,
        });
        // Only a live port, which goes on, may have nothing to add to it.
        self.kept = (live && !request.finished).then(|| Kept { snapshot: Arc::clone(&snapshot), detected, totals, open });
        Some(snapshot)
    }
}

/// One row for each address, source and name: the address is known in many shards. Of more than are wanted those seen last.
fn learnt(mut names: Vec<LearntName>, query: &Query) -> Table<LearntName> {
    names.sort_by(NAMES.key);
    names.dedup_by(|later, kept| {
        let same = (later.address, later.source, &later.name) == (kept.address, kept.source, &kept.name);
        if same {
            (kept.first, kept.last) = (kept.first.min(later.first), kept.last.max(later.last));
        }
        same
    });
    let total_rows = names.len() as u64;
    if rows::keep_newest(&mut names, query.rows) {
        names.sort_by(NAMES.key);
    }
    Table { rows: names, total_rows, ..Table::default() }
}

/// What the capture holds as a whole; none where no packet has a time.
fn extent(request: &Request, total: Traffic) -> Option<Extent> {
    request.first.zip(request.latest).map(|(first, latest)| Extent { first, latest, total })
}

impl Tables {
    /// MAC pairs with the packets from the first to the second, both ways.
    fn mac_pairs(&self) -> impl Iterator<Item = (Mac, Mac, u64)> + '_ {
        self.eth_pairs
            .iter()
            .take(JUDGED_PAIRS)
            .flat_map(|row| match (row.a, row.b) {
                (Address::Mac(a), Address::Mac(b)) => [Some((a, b, row.ab.packets)), Some((b, a, row.ba.packets))],
                _ => [None, None],
            })
            .flatten()
            .filter(|p| p.2 > 0)
    }

    /// Adds what was counted in contexts, some in hand at a time.
    fn add_contexts<'a>(&mut self, mut contexts: impl Iterator<Item = (&'a Context, Traffic)>) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            batch.extend(contexts.by_ref().take(BATCH).map(|(context, added)| {
                let pair = context.key.mac.map(|(source, destination)| (source.min(destination), source.max(destination)));
                let pair = pair.map(|(a, b)| (Address::Mac(a), Address::Mac(b)));
                let hash = pair.map_or(0, |pair| self.eth_pairs.hash(pair));
                self.eth_pairs.prefetch(hash);
                (context, added, hash)
            }));
            if batch.is_empty() {
                break;
            }
            batch.iter().for_each(|&(_, _, hash)| self.eth_pairs.probe(hash));
            batch.drain(..).for_each(|(context, added, hash)| self.add_context(context, added, hash));
        }
    }

    /// Adds what was counted in a context; `hash` is that of its MAC pair.
    fn add_context(&mut self, context: &Context, added: Traffic, hash: u64) {
        let key = &context.key;
        self.hierarchy.add(key.path, added);
        match key.cast {
            Cast::Unicast => self.casts.unicast.add(added),
            Cast::Multicast => self.casts.multicast.add(added),
            Cast::Broadcast => self.casts.broadcast.add(added),
        }
        let ids = key.vlans.ids();
        if ids.is_empty() {
            self.untagged.add(added);
        }
        for (i, &id) in ids.iter().enumerate() {
            // A packet counts once for each identifier, also when both of its tags carry the same one.
            if !ids[..i].contains(&id) {
                let row = self.vlans.entry(id).or_insert(VlanRow { id, traffic: Traffic::default(), recent: Traffic::default() });
                row.traffic.add(added);
                row.recent.add(added);
            }
        }
        if let Some((source, destination)) = key.mac {
            let zero = Traffic::default();
            let a_first = source <= destination;
            let (a, b) = if a_first { (source, destination) } else { (destination, source) };
            let traffic = if a_first { [added, zero] } else { [zero, added] };
            let added_at = |traffic| Increase { traffic, first: context.first, last: context.last };
            let pair = (Address::Mac(a), Address::Mac(b));
            self.eth_pairs.add(hash, pair, added_at(traffic), key.path, a_first, ids);
            for (station, traffic) in [(source, [added, zero]), (destination, [zero, added])] {
                let hash = self.eth_hosts.hash((Address::Mac(station), 0));
                self.eth_hosts.add(hash, Address::Mac(station), 0, added_at(traffic), || None, || None);
            }
        }
    }

    /// Adds at most [`BATCH`] conversations to their address pairs.
    fn add_flows<'a>(&mut self, rows: impl Iterator<Item = &'a Conversation> + Clone) {
        let mut hashes = [0; BATCH];
        for (hash, row) in hashes.iter_mut().zip(rows.clone()) {
            let pairs = &self.ip_pairs[family(row)];
            *hash = pairs.hash((row.a, row.b));
            pairs.prefetch(*hash);
        }
        hashes.iter().zip(rows.clone()).for_each(|(&hash, row)| self.ip_pairs[family(row)].probe(hash));
        hashes.iter().zip(rows).for_each(|(&hash, row)| self.add_flow(hash, row));
    }

    fn add_flow(&mut self, hash: u64, row: &Conversation) {
        let (ab, ba) = (row.recent_ab, row.recent_ba);
        if ab.packets + ba.packets == 0 {
            return;
        }
        // An address that talks to itself has one direction only.
        let traffic = if row.a == row.b { [ab.plus(ba), Traffic::default()] } else { [ab, ba] };
        let added = Increase { traffic, first: row.first, last: row.last };
        self.ip_pairs[family(row)].add(hash, (row.a, row.b), added, row.path, row.originator_is_a || row.a == row.b, row.vlans.ids());
    }

    fn vlan_table(&mut self, live: bool) -> Table<VlanRow> {
        let mut rows: Vec<VlanRow> =
            self.vlans.values().copied().map(|r| if live { r } else { VlanRow { recent: r.traffic, ..r } }).collect();
        self.vlans.values_mut().for_each(|r| r.recent = Traffic::default());
        rows.sort_by_key(|r| (std::cmp::Reverse(r.traffic.wire_bytes), r.id));
        Table { total_rows: rows.len() as u64, rows, ..Table::default() }
    }

    /// Nothing will be added any more.
    fn close(&mut self) {
        self.ip_pairs.iter_mut().chain([&mut self.eth_pairs]).for_each(RowTable::close);
        self.eth_hosts.close();
    }

    /// Conversations by kind, of which `flows` are those of TCP, UDP and SCTP, and stations.
    fn rows(&mut self, query: &Query, live: bool, last: bool, flows: [Table<Conversation>; 3]) -> (Conversations, Table<HostRow>) {
        let [ip4, ip6] = &mut self.ip_pairs;
        let [tcp, udp, sctp] = flows;
        let [eth, ip, ipv6] = [&mut self.eth_pairs, ip4, ip6].map(|pairs| pairs.table(query, live, last));
        (Conversations { eth, ip, ipv6, tcp, udp, sctp }, self.eth_hosts.table(query, live, last))
    }
}

/// The place of its address pairs' table.
fn family(row: &Conversation) -> usize {
    usize::from(matches!(row.a, Address::V6(_)))
}

const _: () = assert!(
    ConversationKind::Tcp as usize == 0
        && ConversationKind::Udp as usize == 1
        && ConversationKind::Sctp as usize == 2
        && ConversationKind::Other as usize == 3
);
