//! Brings the shards' reports together, in shard order, into one immutable snapshot.

mod assemble;
mod cross_shard;
mod endpoints;
mod flow_stream;
mod hierarchy;
mod history;
mod interval_order;
mod row_budget;
mod servers;
mod subscription;
pub mod tables;
mod timeline;

pub use endpoints::EndpointTables;
pub use flow_stream::{FlowListener, FlowStream};
pub use history::HistoryKeeper;
pub use row_budget::{INDEX, NUMBERS, RowBudget};
pub use subscription::{Subscriber, Subscribers, Subscription, subscribe};

use crate::engine::fold::detectors::DetectorReport;
use crate::engine::fold::message::{IntervalPart, Message};
use crate::engine::fold::rows::ConversationKind;
use crate::engine::fold::shard::{ShardFlows, ShardReport, ShardSums};
use crate::engine::merge::cross_shard::{BATCH, CrossShard};
use crate::engine::merge::timeline::Timeline;
use crate::engine::tape::Request;
use crate::model::host::Checklist;
use crate::model::limits::SHARDS;
use crate::model::{Finding, LearntName, Mac, NetworkBatch, Sum, SwitchView, Traffic};
use crate::snapshot::{
    CaptureSummary, Conversation, Diagnosis, Losses, Mirror, Network, Published, Service, Snapshot, Statistics, StreamRow, Table,
};
use crate::stats::Totals;
use assemble::extent;
use endpoints::EndpointLoad;
use interval_order::IntervalOrder;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

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
    /// What is thought of the network.
    pub network: Network,
    /// What the switch and its neighbours say.
    pub switch: SwitchView,
    /// What listens where.
    pub services: Table<Service>,
    /// Streams of voice and pictures.
    pub streams: Vec<StreamRow>,
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

    /// Takes in what happened between hosts, in the order of intervals and shards.
    fn take(&mut self, batch: NetworkBatch);

    /// Forgets what stands.
    fn forget(&mut self);
}

/// The merge: takes messages, publishes snapshots.
pub struct Merge {
    groups: usize,
    ends: EndpointTables,
    publish: Publish,
    base: Snapshot,
    tables: CrossShard,
    timeline: Timeline,
    /// Requests not all groups have answered yet, oldest first: each group answers in order.
    pending: VecDeque<Pending>,
    resets: usize,
    total_before: Traffic,
    judge: Box<dyn Assess>,
    flows: FlowStream,
    network: IntervalOrder<NetworkBatch>,
    subscribers: Subscribers,
    /// The past, where somebody looks back.
    history: Option<HistoryKeeper>,
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
        room: RowBudget,
        base: Snapshot,
        judge: Box<dyn Assess>,
        Recipients { flows, subscribers, publish }: Recipients,
    ) -> Self {
        let mut timeline = Timeline::new(interval, groups, base.live);
        if !subscribers.is_empty() {
            timeline.keep_ended();
        }
        Self {
            groups,
            ends,
            publish,
            base,
            tables: CrossShard::new(room),
            timeline,
            pending: VecDeque::new(),
            resets: 0,
            total_before: Traffic::default(),
            judge,
            flows,
            network: IntervalOrder::new(groups),
            subscribers,
            history: None,
            kept: None,
            broken: false,
        }
    }

    /// Keeps the past as well.
    #[must_use]
    pub fn with_history(mut self, history: Option<HistoryKeeper>) -> Self {
        self.history = history;
        self
    }

    /// Takes one message. False when there will be no snapshot any more, because a thread has gone.
    pub fn take(&mut self, message: Message) -> bool {
        match message {
            Message::IntervalFacts(number, sample) => {
                self.timeline.facts(number, sample);
                self.intervals_ended();
            }
            Message::IntervalParts(parts) => parts.into_iter().for_each(|(number, part)| self.interval_part(number, part)),
            Message::ClosedFlows(batch) => self.flows.take(batch),
            Message::Network(batch) => self.network.take(batch),
            Message::History(batch) => {
                if let Some(history) = &mut self.history {
                    history.take(*batch);
                }
            }
            Message::LateParts(parts) => self.timeline.late_parts(parts),
            Message::LateBursts(bursts) => self.timeline.late_bursts(bursts),
            Message::ClockStep(number, nanos) => {
                self.timeline.clock_step(number, nanos);
                self.history.iter_mut().for_each(|history| history.clock_step(number, nanos));
            }
            Message::Evicted(flows) => self.evicted(EndpointLoad { flows, whole: None }),
            Message::Still(request) => self.still(&request),
            Message::Request(request) => self.pending.push_back(Pending::new(request, self.groups)),
            Message::Report(number, report) => self.report(number, report),
            Message::Peaks(peaks) => self.timeline.peaks(&peaks),
            Message::Reported(number, open, fine) => {
                self.timeline.fine(&fine);
                self.reported(number, &open);
            }
            Message::Reset => self.reset(),
        }
        !self.broken
    }

    /// What a group has found in an interval: with it come the events and ends of conversations of that interval, in their order.
    fn interval_part(&mut self, number: u64, part: IntervalPart) {
        self.timeline.part(number, part);
        self.intervals_ended();
        let (judge, subscribers) = (&mut self.judge, &self.subscribers);
        self.network.pass(number, |batch| {
            subscribers.give_events(&batch);
            judge.take(batch);
        });
        // What was said in a conversation comes before its end.
        self.flows.pass(number);
        self.history.iter_mut().for_each(|history| history.pass(number));
    }

    /// Conversations that a shard has no room for any more: they count with the others.
    fn evicted(&mut self, load: EndpointLoad) {
        let load = Arc::new(load);
        self.ends.take(&load);
        for f in &load.flows {
            let (traffic, rows) = &mut self.tables.evicted[f.kind as usize];
            traffic.add(f.row.total());
            *rows += 1;
        }
        load.flows.chunks(BATCH).for_each(|batch| self.tables.add_flows(batch.iter().map(|f| &f.row)));
    }

    /// A shard's report for a request.
    fn report(&mut self, number: u64, report: Box<ShardReport>) {
        let Some(pending) = self.pending.iter_mut().find(|p| p.request.number == number) else { return };
        let at = usize::from(report.shard);
        if let Some(slot) = pending.reports.get_mut(at) {
            *slot = Some(report);
        }
        self.absorb();
    }

    /// A group has handed in all its shards: requests that every group has answered become snapshots.
    fn reported(&mut self, number: u64, open: &IntervalPart) {
        let Some(pending) = self.pending.iter_mut().find(|p| p.request.number == number) else { return };
        pending.open.merge(open);
        pending.left = pending.left.saturating_sub(1);
        while self.pending.front().is_some_and(|p| p.left == 0)
            && let Some(pending) = self.pending.pop_front()
        {
            if pending.request.finished {
                self.finish();
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

    /// No interval comes any more: what waits for its turn is taken as it is.
    fn finish(&mut self) {
        let (judge, subscribers) = (&mut self.judge, &self.subscribers);
        self.network.finish(|batch| {
            subscribers.give_events(&batch);
            judge.take(batch);
        });
        self.flows.finish();
        self.history.iter_mut().for_each(HistoryKeeper::finish);
    }

    /// A group counts from nothing again; when all do, so does what was merged.
    fn reset(&mut self) {
        self.resets += 1;
        if self.resets < self.groups {
            return;
        }
        self.resets = 0;
        self.tables = self.tables.emptied();
        self.ends.forget();
        self.total_before = Traffic::default();
        self.judge.forget();
        self.network = IntervalOrder::new(self.groups);
        self.history = self.history.as_ref().map(HistoryKeeper::emptied);
        self.timeline.reset();
        self.kept = None;
        self.subscribers.give(&Published::Reset);
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
        let same = snapshot.stats.load.open.map(|o| o.start) == request.open.map(|o| o.start);
        let part = if same { *open } else { IntervalPart::default() };
        let load = self.timeline.load(request.query.samples, request.open, part, extent(request, snapshot.stats.total));
        let losses = Losses {
            interface_drops: request.losses.interface_drops,
            kernel_drops: request.losses.kernel_drops,
            ..snapshot.capture.losses
        };
        let next = Arc::new(Snapshot {
            number: request.number,
            now: request.now,
            recent_seconds: request.recent_seconds,
            capture: CaptureSummary {
                sources: request.sources.clone(),
                first: request.first,
                last: request.latest,
                losses,
                ..snapshot.capture.clone()
            },
            stats: Statistics { load, services: judged.services, streams: judged.streams, ..snapshot.stats.clone() },
            mirror: judged.mirror,
            switch: judged.switch,
            diagnosis: Diagnosis { host: judged.host, network: judged.network, findings: judged.findings },
            history: self.history.as_ref().map(HistoryKeeper::history).unwrap_or_default(),
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
            self.tables.add_contexts(contexts.chain(report.whole.iter().flat_map(ShardFlows::contexts)));
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
            let mut rows = load.whole.iter().flat_map(ShardFlows::reports);
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
}
