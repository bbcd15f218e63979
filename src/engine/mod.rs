//! The engine: source → router → tape → groups of shards → merge → snapshot. Runs without a screen.
//!
//! [`run`] folds a source to its end and returns the last snapshot: the report. [`Engine::start`] does the same in threads of its
//! own and answers a screen's queries meanwhile: the dashboard.

mod fold;
mod host_watch;
mod judge;
mod leaving;
mod memory;
#[cfg(test)]
mod memory_tests;
mod merge;
mod pool;
mod route;
mod router;
mod switch_watch;
mod tape;
mod threads;

pub use crate::snapshot::{Ended, Published};
pub use fold::listing::{PacketBatch, PacketListener};
pub use fold::local;
pub use memory::MemoryPlan;
pub use merge::{FlowListener, Subscriber, Subscription, subscribe};
pub use tape::reader::{TapeMark, TapePacket, TapeReader, TapeRun};
pub use threads::join_scoped;

use crate::ask::SharedAgent;
use crate::capture::{Source, SourceLosses};
use crate::decode::Rules;
use crate::error::{Error, Outcome, Result};
use crate::model::limits::{BLOCK_BYTES, FILE_BLOCK_BYTES, SHARDS};
use crate::model::mix::Keys;
use crate::model::{Address, Carrier, Decap, JoinScoped, StampChoice, clock};
use crate::settings::{LoadSettings, MirrorSettings};
use crate::snapshot::{CaptureSummary, Feed, Query, Snapshot};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use fold::group::ShardGroup;
use fold::history::HistoryPace;
use fold::local::LocalNets;
use fold::shard::ShardPlan;
use host_watch::HostWatch;
use judge::mirror::MirrorJudge;
use merge::{AddressRoom, AddressTables, FlowStream, HistoryKeeper, Merge, Publish, Recipients, RowBudget, Subscribers};
use pool::{TapeFollower, WorkerPool};
use route::progress::RouterProgress;
use router::{Plan, Router};
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use switch_watch::SwitchWatch;
use tape::precomputed::HashKeys;

const NO_THREADS: &str = "cannot start worker threads (--threads)";

/// Shard groups of a file's shards, at least: enough for the thread that reads it to help with some.
const FILE_GROUPS: usize = 8;

/// How the engine is to run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Threads that work, the one that reads among them; at least one other folds, unless it is 0.
    pub threads: usize,
    /// How load is measured.
    pub load: LoadSettings,
    /// What the mirror is, and what is undone of it.
    pub mirror: MirrorSettings,
    /// What snapshots should hold.
    pub query: Query,
    /// Whether packets arrive in their own time (live port or paced replay), so that rates are over the last second.
    pub live: bool,
    /// How often snapshots are taken where somebody watches; `None`: as often as a screen shows them. With nothing between them, after each block.
    pub tick: Option<Duration>,
    /// Stop after this long.
    pub limit: Option<Duration>,
    /// The capture filter, to be shown.
    pub filter: Option<String>,
    /// Addresses of this host: a mirror sent to one of them is ours. Empty for files.
    pub ours: Vec<Address>,
    /// Interfaces of this host to be looked at while their packets are read; none for files.
    pub host: Option<crate::capture::host::HostProbe>,
    /// Nanoseconds after which subscribers get a record of a conversation that goes on; `None`: at its end only.
    pub flow_parts: Option<i64>,
    /// Whether the past is kept, so that a screen can look back ([`crate::snapshot::history`]).
    pub history: bool,
    /// The switch that is asked what it says of itself.
    pub switch: Option<SharedAgent>,
    /// How much may be kept.
    pub memory: MemoryPlan,
    /// Whether the program ends with the analysis, so that what was kept need not be freed piece by piece.
    pub ends_program: bool,
    /// Bytes of a block, of a live tape at most [`BLOCK_BYTES`] (tests vary it; results must not).
    pub block_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            load: LoadSettings::default(),
            mirror: MirrorSettings::default(),
            query: Query::everything(),
            live: false,
            tick: None,
            limit: None,
            filter: None,
            ours: Vec::new(),
            host: None,
            flow_parts: None,
            history: false,
            switch: None,
            memory: MemoryPlan::default(),
            ends_program: false,
            block_bytes: FILE_BLOCK_BYTES,
        }
    }
}

impl Settings {
    /// The defaults with a change.
    pub fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut settings = Self::default();
        change(&mut settings);
        settings
    }
}

/// What a screen may ask of the router.
#[derive(Debug)]
pub(crate) enum EngineCommand {
    /// Other rows.
    Query(Query),
    /// Forget everything.
    Reset,
}

/// Who listens beside the shards: readers get the packets, subscribers what is counted of them.
#[derive(Default)]
pub struct Listeners {
    /// Who reads the tape.
    pub readers: Vec<Box<dyn TapeReader>>,
    /// Who gets every interval, every snapshot and every closed conversation ([`subscribe`]).
    pub subscribers: Vec<Subscriber>,
    /// Who gets every closed conversation and is waited for.
    pub flows: Option<FlowListener>,
    /// Who gets every packet with what became of it, and is waited for. Everything is folded in one thread then.
    pub packets: Option<PacketListener>,
}

impl Listeners {
    /// One reader.
    pub fn reader(reader: impl TapeReader + 'static) -> Self {
        Self { readers: vec![Box::new(reader)], ..Self::default() }
    }

    /// One subscriber.
    pub fn subscriber(subscriber: Subscriber) -> Self {
        Self { subscribers: vec![subscriber], ..Self::default() }
    }
}

/// Folds a source to its end (or until `stop`, or the limit) and returns everything counted; beside it the failure, if the source failed.
///
/// # Errors
/// When there is no result at all: a thread was refused, or ended before its time.
pub fn run(source: Box<dyn Source>, settings: &Settings, stop: Arc<AtomicBool>) -> Result<Outcome<Snapshot>> {
    run_with(source, settings, Listeners::default(), stop)
}

/// The same, and hands the records of all conversations to `flows` as they are closed: second by second of packet time, by shard, in the same order
/// whatever the number of threads. It is waited for.
///
/// # Errors
/// As [`run`].
pub fn run_with_flows(
    source: Box<dyn Source>,
    settings: &Settings,
    stop: Arc<AtomicBool>,
    flows: Option<FlowListener>,
) -> Result<Outcome<Snapshot>> {
    run_with(source, settings, Listeners { flows, ..Listeners::default() }, stop)
}

/// Does what [`run`] does, before listeners.
///
/// # Errors
/// As [`run`].
pub fn run_with(source: Box<dyn Source>, settings: &Settings, listeners: Listeners, stop: Arc<AtomicBool>) -> Result<Outcome<Snapshot>> {
    let last = Arc::new(Mutex::new(None));
    let publish: Publish = {
        let last = Arc::clone(&last);
        Box::new(move |snapshot, _| *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(snapshot))
    };
    let (_, commands) = bounded(0);
    let router = router(source, settings, listeners, false, publish, commands, stop)?;
    let failure = guarded(|| router.run(|_| {})).err();
    let snapshot = last.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (snapshot, failure) {
        (Some(snapshot), failure) => Ok(Outcome { result: Arc::try_unwrap(snapshot).unwrap_or_else(|s| (*s).clone()), failure }),
        (None, Some(failure)) => Err(failure),
        (None, None) => Err(Error::internal("the analysis ended without a result")),
    }
}

/// Runs, and tells a panic of this thread as a failure, as those of other threads are told.
fn guarded(run: impl FnOnce() -> Result<()>) -> Result<()> {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    outcome.unwrap_or_else(|panic| Err(router::fault(pool::words(panic.as_ref()))))
}

fn router(
    source: Box<dyn Source>,
    settings: &Settings,
    listeners: Listeners,
    watched: bool,
    publish: Publish,
    commands: Receiver<EngineCommand>,
    stop: Arc<AtomicBool>,
) -> Result<Router> {
    let local = Arc::new(LocalNets::new(settings.load.local_nets.clone()));
    let rules = rules_of(&settings.mirror.clone().resolved())?;
    let shards = ShardPlan {
        flow_records: listeners.flows.is_some() || listeners.subscribers.iter().any(Subscriber::wants_rows),
        request_words: listeners.subscribers.iter().any(Subscriber::wants_words),
        ..plan_of(settings)
    };
    let threads = if listeners.packets.is_some() { 0 } else { settings.threads };
    let (workers, groups) = division(threads, settings.live);
    let mut groups: Vec<_> = groups.into_iter().map(|s| ShardGroup::new(s, shards, Arc::clone(&local), rules.clone())).collect();
    if let Some(listener) = listeners.packets {
        groups = groups.into_iter().take(1).zip([listener]).map(|(group, listener)| group.listing(listener)).collect();
    }
    let progress = Arc::new(RouterProgress::default());
    let publish = numbered(publish, Arc::clone(&progress));
    let subscribers = Subscribers::new(listeners.subscribers, Arc::clone(&progress.is_over));
    let flows = FlowStream::new(groups.len(), subscribers.listen_to_flows(listeners.flows));
    let addresses = addresses(settings, workers, Arc::clone(&local))?;
    let mut merge = merge_of(settings, groups.len(), addresses, Recipients { flows, subscribers, publish }, &local);
    let sink = Box::new(move |message| merge.take(message));
    let followers = groups
        .into_iter()
        .map(|g| TapeFollower::Shards(Box::new(g)))
        .chain(listeners.readers.into_iter().map(TapeFollower::Reader))
        .collect();
    let block_bytes = settings.block_bytes.min(if settings.live { BLOCK_BYTES } else { settings.memory.file_block_bytes });
    let pool = if workers == 0 {
        WorkerPool::alone(block_bytes, followers, sink)
    } else {
        WorkerPool::threads(block_bytes, workers, followers, sink, settings.live.then_some(settings.memory.live_blocks))
            .map_err(|e| Error::io(NO_THREADS, &e))?
    };
    let plan = Plan {
        interval: settings.load.interval,
        origin: settings.load.origin,
        query: settings.query.clone(),
        watched,
        live: settings.live,
        tick: settings.tick,
        limit: settings.limit,
        mirror: settings.mirror.clone().resolved(),
        ours: settings.ours.clone(),
        rules,
        hash_keys: shards.hash_keys,
    };
    let host =
        HostWatch::start(settings.host.as_ref(), watched).map_err(|e| Error::io("cannot start the thread that looks at this host", &e))?;
    let switch = SwitchWatch::start(settings.switch.as_ref()).map_err(|e| Error::io("cannot start the thread that asks the switch", &e))?;
    Ok(Router::new(source, pool, plan, commands, stop, (host, switch), progress))
}

/// What puts the reports of so many groups together.
fn merge_of(
    settings: &Settings,
    groups: usize,
    (addresses, stations): (AddressTables, RowBudget),
    recipients: Recipients,
    local: &Arc<LocalNets>,
) -> Merge {
    let base = Snapshot { live: settings.live, capture: asked(settings), ..Snapshot::default() };
    let beside = (settings.threads > 0).then_some(join_scoped as JoinScoped);
    let judge =
        Box::new(MirrorJudge::new(settings.mirror.dedup, settings.memory.caps, rules_of(&settings.mirror).unwrap_or_default(), beside));
    let history = settings.history.then(|| HistoryKeeper::new(groups, settings.load.interval, Arc::clone(local)));
    Merge::new(groups, settings.load.interval, addresses, stations, base, judge, recipients)
        .with_history(history)
        .ending_program(settings.ends_program)
}

/// Publishing that also tells the router which snapshot was the newest.
fn numbered(mut publish: Publish, progress: Arc<RouterProgress>) -> Publish {
    Box::new(move |snapshot, taken| {
        progress.answered.store(snapshot.number, Ordering::Relaxed);
        publish(snapshot, taken);
    })
}

/// The tables of addresses, on a thread of their own where there are any, and how many rows there may be of stations.
fn addresses(settings: &Settings, workers: usize, local: Arc<LocalNets>) -> Result<(AddressTables, RowBudget)> {
    // Conversations make room all the time, stations are told of at marks: they must not find their place taken.
    let (stations, pairs) = RowBudget::new(settings.memory.pairs).quarter();
    let room = AddressRoom { ends: RowBudget::new(settings.memory.end_points), pairs };
    if workers == 0 {
        return Ok((AddressTables::here(local, room), stations));
    }
    let tables = AddressTables::thread(local, room, settings.live).map_err(|e| Error::io(NO_THREADS, &e))?;
    Ok((tables, stations))
}

/// How many worker threads there are, and the shards of each group. Whoever reads a file may fold some, so there are more groups than
/// workers; a live port is never made to wait for that.
fn division(threads: usize, live: bool) -> (usize, Vec<Range<u8>>) {
    let (workers, groups) = match (threads, live) {
        (0, _) => (0, 1),
        (n, true) => (n.saturating_sub(1).clamp(1, SHARDS), n.saturating_sub(1).clamp(1, SHARDS)),
        (n, false) => {
            let workers = n.saturating_sub(1).clamp(1, SHARDS);
            (workers, (2 * workers).clamp(FILE_GROUPS, SHARDS))
        }
    };
    let start = |n: usize| (n * SHARDS / groups) as u8;
    (workers, (0..groups).map(|n| start(n)..start(n + 1)).collect())
}

/// What was asked for of the capture.
fn asked(settings: &Settings) -> CaptureSummary {
    CaptureSummary { filter: settings.filter.clone(), speed: settings.mirror.speed, ..CaptureSummary::default() }
}

/// How packets are decoded.
///
/// # Errors
/// A carrier does not run over UDP.
pub fn rules_of(settings: &MirrorSettings) -> Result<Rules> {
    let mut rules = Rules::PLAIN;
    rules.stamps = settings.stamps != StampChoice::None;
    if let StampChoice::Ttag(number) = settings.stamps {
        rules.ttag = Some(number);
    }
    for (at, &carrier) in settings.carriers.iter().enumerate() {
        if let Carrier::Udp(port, kind) = carrier
            && let Some(other) = settings.carriers.iter().take(at).find_map(|c| c.over_udp(port)).filter(|other| *other != kind)
        {
            return Err(Error::usage(format!("--decap-port: {port} is {} and {} at once", other.token(), kind.token())));
        }
        rules.declare(carrier).map_err(|_| Error::usage("--decap-port: the encapsulation does not run over UDP"))?;
    }
    Ok(rules)
}

/// A live port's hashes are keyed at random, so that senders cannot choose packets that look like copies, nor conversations that all meet in
/// one shard and push others out of it; a file is read the same way each time.
fn plan_of(settings: &Settings) -> ShardPlan {
    let random = || Keys::new(RandomState::new().hash_one(0));
    let on_a_port = || if settings.live { random() } else { Keys::FIXED };
    ShardPlan {
        flows: settings.memory.flows_per_shard,
        dedup: settings.mirror.dedup,
        flow_records: false,
        flow_parts: settings.flow_parts,
        request_words: false,
        history: settings.history.then_some(if settings.live { HistoryPace::EachInterval } else { HistoryPace::Doubling }),
        nested: settings.mirror.decap == Decap::None,
        hash_keys: HashKeys { tables: random(), copies: on_a_port(), shards: on_a_port() },
        caps: settings.memory.caps,
    }
}

/// A running engine: the supplier of snapshots for a screen.
pub struct Engine {
    /// The newest snapshot, and the moment it shows.
    latest: Arc<Mutex<(Arc<Snapshot>, Instant)>>,
    failure: Arc<Mutex<Option<Error>>>,
    progress: Arc<RouterProgress>,
    commands: Sender<EngineCommand>,
    stop: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Engine {
    /// Starts reading `source` in the background.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(source: Box<dyn Source>, settings: &Settings) -> Result<Self> {
        Self::start_with(source, settings, Listeners::default())
    }

    /// Does what [`Self::start`] does, before listeners.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start_with(source: Box<dyn Source>, settings: &Settings, listeners: Listeners) -> Result<Self> {
        let start =
            Snapshot { live: settings.live, capture: CaptureSummary { sources: source.info(), ..asked(settings) }, ..Snapshot::default() };
        let latest = Arc::new(Mutex::new((Arc::new(start), clock::now())));
        let failure = Arc::new(Mutex::new(None));
        let stop = Arc::new(AtomicBool::new(false));
        let (commands, receive) = unbounded();
        let publish: Publish = {
            let latest = Arc::clone(&latest);
            Box::new(move |snapshot, taken| *latest.lock().unwrap_or_else(PoisonError::into_inner) = (snapshot, taken))
        };
        let router = router(source, settings, listeners, true, publish, receive, Arc::clone(&stop))?;
        let progress = router.progress();
        let thread = std::thread::Builder::new()
            .name("router".into())
            .spawn({
                let failure = Arc::clone(&failure);
                move || {
                    let note = |error: &Error| *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
                    // A failure is noted for the screen at once; the last snapshot holds what was read before it.
                    if let Err(error) = guarded(|| router.run(&note)) {
                        note(&error);
                    }
                }
            })
            .map_err(|e| Error::io("cannot start the router thread", &e))?;
        Ok(Self { latest, failure, progress, commands, stop, thread: Mutex::new(Some(thread)) })
    }

    /// What the source lost up to the newest snapshot, for who reads its packets once more.
    pub fn losses(&self) -> Arc<dyn Fn() -> SourceLosses + Send + Sync> {
        let latest = Arc::clone(&self.latest);
        Arc::new(move || {
            let (snapshot, _) = latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let losses = &snapshot.capture.losses;
            SourceLosses { interface: losses.interface_drops, kernel: losses.kernel_drops }
        })
    }

    fn newest(&self) -> (Arc<Snapshot>, Instant) {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has the source end, and waits until everything it brought has been counted.
    fn end(&self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

impl Feed for Engine {
    fn latest(&self) -> Arc<Snapshot> {
        self.newest().0
    }

    fn age(&self) -> Duration {
        let (snapshot, taken) = self.newest();
        if snapshot.finished { Duration::ZERO } else { clock::since(taken) }
    }

    fn read(&self) -> Option<f64> {
        self.progress.read()
    }

    fn last(&self) -> Arc<Snapshot> {
        self.end();
        self.latest()
    }

    fn ask(&self, query: Query) {
        let _ = self.commands.send(EngineCommand::Query(query));
    }

    fn reset(&self) {
        let _ = self.commands.send(EngineCommand::Reset);
    }

    fn failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.end();
    }
}
