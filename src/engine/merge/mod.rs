//! Brings the shards' reports together, in shard order, into one immutable snapshot.

mod addresses;
mod assemble;
mod cross_shard;
mod flow_stream;
mod hierarchy;
mod history;
mod interval_order;
mod row_budget;
mod servers;
mod subscription;
pub mod tables;
mod timeline;

pub use addresses::{AddressRoom, AddressTables};
pub use flow_stream::{FlowListener, FlowStream};
pub use history::HistoryKeeper;
pub use row_budget::{INDEX, NUMBERS, RowBudget};
pub use subscription::{Subscriber, Subscribers, Subscription, subscribe};

use crate::engine::fold::detectors::DetectorReport;
use crate::engine::fold::message::{IntervalPart, Message};
use crate::engine::fold::rows::EvictedFlows;
use crate::engine::fold::shard::{ShardReport, ShardSums};
use crate::engine::merge::cross_shard::CrossShard;
use crate::engine::merge::timeline::Timeline;
use crate::engine::tape::Request;
use crate::model::host::Checklist;
use crate::model::limits::SHARDS;
use crate::model::{Finding, LearntName, Mac, NetworkBatch, Sum, SwitchView, Traffic, WindowUse};
use crate::snapshot::{
    CaptureSummary, Conversation, Diagnosis, Losses, Mirror, Network, Published, Service, Snapshot, Statistics, StreamRow, Table,
};
use crate::stats::Totals;
use assemble::extent;
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
    /// How often connections met their receivers' windows.
    pub windows: Vec<WindowUse>,
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

    /// Takes in all that shards tell of a beat, by shard: what happened between hosts.
    fn take(&mut self, batches: Vec<NetworkBatch>);

    /// Forgets what stands.
    fn forget(&mut self);

    /// Leaves what it knows to the end of the program, which frees it at once.
    fn leave(&mut self);
}

/// The merge: takes messages, publishes snapshots.
pub struct Merge {
    groups: usize,
    addresses: AddressTables,
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
    /// The program ends with the last snapshot.
    ends_program: bool,
    /// The tables of addresses have been lost: there will be no more snapshots.
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
    /// By what each of them was chosen, where it was.
    numbers: [Vec<u64>; 3],
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
            numbers: Default::default(),
        }
    }

    /// Makes room for a shard's conversations, and for as many of each shard that is to come: shards are about as large. What is not used
    /// costs nothing.
    fn make_room(&mut self, counts: [usize; 3]) {
        let shards = SHARDS + 1 - self.absorbed;
        for (table, count) in self.conversations.iter_mut().zip(counts) {
            if (table.rows.capacity() - table.rows.len()) < count {
                table.rows.reserve_exact(count * (shards + shards / 8));
            }
        }
    }
}

impl Merge {
    /// A merge of what `groups` groups find. `base` holds what never changes: filter, speed, live.
    pub fn new(
        groups: usize,
        interval: i64,
        addresses: AddressTables,
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
            addresses,
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
            ends_program: false,
            broken: false,
        }
    }

    /// Keeps the past as well.
    #[must_use]
    pub fn with_history(mut self, history: Option<HistoryKeeper>) -> Self {
        self.history = history;
        self
    }

    /// Frees nothing after the last snapshot where the program ends then.
    #[must_use]
    pub fn ending_program(mut self, ends: bool) -> Self {
        self.ends_program = ends;
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
            Message::Passed(beat) => self.passed(beat),
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
            Message::Evicted(flows) => self.evicted(flows),
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

    /// A group is past a beat: what it told of it is complete.
    fn passed(&mut self, beat: u64) {
        let (judge, subscribers) = (&mut self.judge, &self.subscribers);
        self.network.pass(beat, |batches| {
            batches.iter().for_each(|batch| subscribers.give_events(batch));
            judge.take(batches);
        });
        // What was said in a conversation comes before its end.
        self.flows.pass(beat);
    }

    /// What a group has found in an interval.
    fn interval_part(&mut self, number: u64, part: IntervalPart) {
        self.timeline.part(number, part);
        self.intervals_ended();
        self.history.iter_mut().for_each(|history| history.pass(number));
    }

    /// Conversations that a shard has no room for any more: they count with the others.
    fn evicted(&mut self, flows: EvictedFlows) {
        for ((traffic, rows), (more, count)) in self.tables.evicted.iter_mut().zip(flows.sums) {
            traffic.add(more);
            *rows += count;
        }
        self.addresses.take(flows.increases);
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
            let (taken, is_last) = (pending.request.taken, pending.request.last);
            match self.assemble(pending) {
                Some(snapshot) => {
                    self.publish(snapshot, taken);
                    if is_last && self.ends_program {
                        self.tables.leave();
                        self.judge.leave();
                    }
                }
                // Without all its parts a snapshot would not be true.
                None => self.broken = true,
            }
            self.absorb();
        }
    }

    /// No beat and no interval comes any more: what waits for its turn is taken as it is.
    fn finish(&mut self) {
        let (judge, subscribers) = (&mut self.judge, &self.subscribers);
        self.network.finish(|batches| {
            batches.iter().for_each(|batch| subscribers.give_events(batch));
            judge.take(batches);
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
        self.addresses.forget();
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
        while let Some(report) = pending.reports.get_mut(pending.absorbed).and_then(Option::take) {
            pending.absorbed += 1;
            pending.sums.merge(&report.sums);
            pending.names.extend(report.names);
            self.addresses.take(report.flows.increases);
            self.tables.add_contexts(report.contexts.iter());
            if pending.request.last {
                pending.make_room(report.flows.rows.each_ref().map(Vec::len));
            }
            let shown = report.flows.rows.into_iter().zip(report.flows.matching);
            for (table, (mut rows, matching)) in pending.conversations.iter_mut().zip(shown) {
                table.total_rows += matching;
                table.rows.append(&mut rows);
            }
            pending.numbers.iter_mut().zip(report.flows.numbers).for_each(|(all, numbers)| all.extend(numbers));
        }
    }
}
