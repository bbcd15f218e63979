//! The router: pulls packets from the source onto the tape, gives each its shard, and marks where intervals end and snapshots
//! are taken. Whatever depends on the order of packets across shards is done here.

use super::EngineCommand;
use super::pool::WorkerPool;
use crate::capture::{Block, Fill, Packet, Source};
use crate::decode::Rules;
use crate::engine::fold::message::Message;
use crate::engine::host_watch::HostWatch;
use crate::engine::leaving::Leaving;
use crate::engine::route::beats::{Beat, Beats};
use crate::engine::route::hearing::Hearing;
use crate::engine::route::intervals::{Closed, Intervals};
use crate::engine::route::link_bins::{BinWidth, LinkKnown};
use crate::engine::route::pace::PicturePace;
use crate::engine::route::peek::{Known, Peek};
use crate::engine::route::progress::RouterProgress;
use crate::engine::route::utilisation::Utilisation;
use crate::engine::switch_watch::SwitchWatch;
use crate::engine::tape::facts::ClockSteps;
use crate::engine::tape::open_interval::OpenInterval;
use crate::engine::tape::precomputed::{HashKeys, Precomputed};
use crate::engine::tape::{Mark, Request, TapeBlock};
use crate::error::Error;
use crate::model::clock::{self, Ticker};
use crate::model::evidence::ClockEvidence;
use crate::model::limits::{COPY_DECIDED, SHARDS};
use crate::model::time::SECOND;
use crate::model::{Address, LinkLoad, LinkType, NetworkBatch, StationNews, Timestamp};
use crate::settings::MirrorSettings;
use crate::snapshot::{Losses, Query};
use crossbeam_channel::Receiver;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How the router is to run.
pub struct Plan {
    /// Interval length in nanoseconds.
    pub interval: i64,
    /// Where intervals are counted from; `None`: from the first packet.
    pub origin: Option<Timestamp>,
    /// What snapshots should hold at first.
    pub query: Query,
    /// Whether snapshots are wanted while running (a screen watches), and after the end.
    pub watched: bool,
    /// Whether `recent` means since the previous snapshot.
    pub live: bool,
    /// How often snapshots are taken; `None`: as often as a screen shows them.
    pub tick: Option<Duration>,
    /// Stop after this long.
    pub limit: Option<Duration>,
    /// What the mirror is, and what is undone of it.
    pub mirror: MirrorSettings,
    /// Addresses of this host and of its interfaces; empty for files.
    pub ours: Vec<Address>,
    /// How packets are decoded.
    pub rules: Rules,
    /// What keys the hashes.
    pub hash_keys: HashKeys,
}

/// Live snapshots come once a second: the dashboard's rates are over that second.
const LIVE_TICK: Duration = Duration::from_secs(1);
/// While a file is read, the screen is brought up to date this often.
const FILE_TICK: Duration = Duration::from_millis(400);
/// How much of a file has been read is told this often.
const PROGRESS_TICK: Duration = Duration::from_millis(200);
/// The first picture should be there at once.
const FIRST_TICK: Duration = Duration::from_millis(40);

/// A thread could not go on: nothing that is shown from then on would be true.
pub fn fault(words: &str) -> Error {
    Error::internal(format!("a fault of this program ended the analysis: {words}"))
}

/// How full the link was in an interval that ends in the beat of that number, on its way to the judge.
fn link_load(beat: u64, load: LinkLoad) -> Message {
    let (events, control, floods) = (Vec::new(), Vec::new(), Vec::new());
    Message::Network(NetworkBatch {
        beat,
        // Behind those of all shards.
        shard: SHARDS as u8,
        events,
        words: Vec::new(),
        unfollowed: 0,
        control,
        floods,
        control_beyond: 0,
        stations: StationNews::default(),
        load: Some(load),
    })
}

/// Ends a beat before the packet of that index.
fn end_beat(tape_block: &mut TapeBlock, at: usize, Beat { number, now }: Beat) {
    tape_block.marks.push((at as u32, Mark::Beat(number, now)));
}

/// A wall clock that lies further behind than this was set back.
const CLOCK_STEP: i64 = SECOND;

/// The router's state.
pub struct Router {
    source: Box<dyn Source>,
    pool: WorkerPool,
    plan: Plan,
    commands: Receiver<EngineCommand>,
    stop: Arc<AtomicBool>,
    host: HostWatch,
    switch: SwitchWatch,
    peek: Peek,
    intervals: Intervals,
    beats: Beats,
    utilisation: Utilisation,
    first: Option<Timestamp>,
    latest: Option<Timestamp>,
    /// Packets that have come.
    packets: u64,
    /// Packets that had come when the end was asked for, and that were not looked at.
    left_behind: u64,
    snapshots: u64,
    progress: Arc<RouterProgress>,
    /// When the next may come, of a file.
    pace: PicturePace,
    /// Time of the newest packet that has one, in the order of the tape.
    recent: Option<Timestamp>,
    /// Time of the packet before that one.
    earlier: Option<Timestamp>,
    /// Whether packets are stamped by a clock that is ahead of this host's.
    ahead: bool,
    /// How often the clock was set back lately.
    steps: ClockSteps,
    ticked: Option<Timestamp>,
    /// Whether packets have come since the newest snapshot was asked for, and in the time before it.
    arrived: bool,
    arrived_before: bool,
    started: Instant,
    /// When counting began.
    begun: Instant,
    /// How long nothing had arrived when the source ended.
    quiet: Option<f64>,
    hearing: Hearing,
}

impl Router {
    /// A router of `source` for `pool`.
    pub fn new(
        source: Box<dyn Source>,
        pool: WorkerPool,
        mut plan: Plan,
        commands: Receiver<EngineCommand>,
        stop: Arc<AtomicBool>,
        (host, switch): (HostWatch, SwitchWatch),
        progress: Arc<RouterProgress>,
    ) -> Self {
        let link = LinkKnown { speed: plan.mirror.speed, is_port: plan.mirror.speed_is_port, is_fine: source.has_fine_stamps() };
        let intervals = Intervals::new(plan.interval, link).from(plan.origin);
        let utilisation = Utilisation::new(plan.mirror.speed);
        let sides = Known { ours: std::mem::take(&mut plan.ours), ends: std::mem::take(&mut plan.mirror.ends) };
        let peek =
            Peek::new(plan.mirror.decap, sides, std::mem::take(&mut plan.rules), plan.mirror.stamps, plan.mirror.rspan, plan.hash_keys);
        Self {
            source,
            pool,
            plan,
            commands,
            stop,
            host,
            switch,
            peek,
            intervals,
            beats: Beats::default(),
            utilisation,
            first: None,
            latest: None,
            packets: 0,
            left_behind: 0,
            snapshots: 0,
            progress,
            pace: PicturePace::default(),
            recent: None,
            earlier: None,
            ahead: false,
            steps: ClockSteps::default(),
            ticked: None,
            arrived: false,
            arrived_before: true,
            started: clock::now(),
            begun: clock::now(),
            quiet: None,
            hearing: Hearing::default(),
        }
    }

    /// Runs to the end of the source, or until told to stop. Whatever was read before a failure is in the last snapshot.
    /// `failed` is told of a failure at once (a screen goes on being served after it).
    pub fn run(mut self, mut failed: impl FnMut(&Error)) -> Result<(), Error> {
        let mut outcome = self.read();
        self.progress.is_over.store(self.plan.live, Ordering::Relaxed);
        if let Err(error) = &outcome {
            failed(error);
        }
        self.end();
        if self.plan.watched {
            self.serve();
        }
        let finished = self.pool.finish();
        // What a thread said explains why there was no block for the source any more.
        if let Err(words) = finished {
            let error = fault(&words);
            failed(&error);
            outcome = Err(error);
        }
        outcome
    }

    /// Reads the source to its end.
    fn read(&mut self) -> Result<(), Error> {
        let every = if self.plan.live { LIVE_TICK } else { FILE_TICK };
        let mut ticker = Ticker::new(self.plan.tick.unwrap_or(FIRST_TICK), self.plan.tick.unwrap_or(every));
        let mut progress = Ticker::new(FIRST_TICK, PROGRESS_TICK);
        let mut ask = false;
        let mut leaving: Option<Leaving> = None;
        loop {
            if self.stopped() {
                // What had arrived before is still counted: a file's rest is not, a port's ring and what is in a pipe are.
                if !self.source.waits() {
                    return Ok(());
                }
                leaving.get_or_insert_with(Leaving::now);
            }
            for command in self.commands.try_iter().collect::<Vec<_>>() {
                ask |= self.obey(command);
            }
            if self.pool.is_broken() {
                return Err(fault("a thread has ended too early"));
            }
            let Some(mut tape_block) = self.pool.free() else { return Err(fault("no block comes back")) };
            let filled = self.source.fill(&mut tape_block.block);
            if self.plan.watched && !self.plan.live && progress.due() {
                self.progress.note(&self.source.info());
            }
            if self.source.is_live() {
                self.follow_clock(&mut tape_block);
                self.hearing.look(self.source.as_mut(), clock::wall());
            }
            self.route(&mut tape_block);
            self.arrived |= !tape_block.block.packets.is_empty();
            if matches!(filled, Ok(Fill::Quiet)) && self.source.is_live() {
                self.quiet(&mut tape_block);
            }
            // A new query while live waits for the next tick, so that rates keep their second.
            let due = self.plan.watched && filled.is_ok() && leaving.is_none() && self.is_answered();
            if due && (self.is_paid() && ticker.due() || ask && !self.plan.live) {
                self.snapshot(&mut tape_block, ask);
                ask = false;
            }
            let newest = tape_block.block.packets.last().map(|p| p.time);
            self.pool.show(tape_block);
            match filled? {
                Fill::End => return Ok(()),
                Fill::Quiet | Fill::Packets => {}
            }
            let Some(leaving) = leaving else { continue };
            if leaving.is_overdue() {
                self.left_behind = leaving.left_behind(self.source.as_mut());
            }
            if leaving.is_overdue() || leaving.has_caught_up(newest) {
                return Ok(());
            }
        }
    }

    /// Takes a snapshot, unless nothing has changed since the one before: then what depends on time alone is brought up to date.
    fn snapshot(&mut self, tape_block: &mut TapeBlock, asked: bool) {
        let arrived = std::mem::take(&mut self.arrived);
        let still = !arrived && !self.arrived_before && !asked && self.source.is_live();
        self.arrived_before = arrived || asked;
        if still && self.progress.answered.load(Ordering::Relaxed) == self.snapshots && self.snapshots > 0 {
            let request = self.request(false);
            self.pool.tell(Message::Still(Box::new(request)));
        } else {
            self.mark_snapshot(tape_block, false);
        }
    }

    /// What others may know of it.
    pub fn progress(&self) -> Arc<RouterProgress> {
        Arc::clone(&self.progress)
    }

    /// Whether at most one snapshot is still to come. Asking on would only keep those waiting who take packets.
    fn is_answered(&self) -> bool {
        self.progress.answered.load(Ordering::Relaxed) + 1 >= self.snapshots
    }

    /// Whether enough was read since the newest snapshot of a file for what that one cost. A live port's come once a second, and those that are
    /// wanted at times of their own come then.
    fn is_paid(&mut self) -> bool {
        self.plan.live || self.plan.tick.is_some() || self.pace.allows(self.progress.answered.load(Ordering::Relaxed), self.spent())
    }

    /// Processor time spent; where a source is waited for (a pipe), which takes none, the time that has passed.
    fn spent(&self) -> Duration {
        if self.source.waits() { clock::since(self.started) } else { clock::busy() }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.plan.limit.is_some_and(|limit| clock::since(self.started) >= limit)
    }

    /// Carries out a command; true when a snapshot should follow.
    fn obey(&mut self, command: EngineCommand) -> bool {
        match command {
            EngineCommand::Query(query) => {
                self.plan.query = query;
                true
            }
            EngineCommand::Reset => {
                if let Some(mut tape_block) = self.pool.free() {
                    tape_block.marks.push((0, Mark::Reset));
                    self.pool.show(tape_block);
                }
                self.host.forget();
                self.switch.forget();
                (self.first, self.latest, self.recent, self.earlier, self.ticked) = (None, None, None, None, None);
                self.steps = ClockSteps::default();
                self.intervals.forget_late();
                self.hearing.forget();
                self.peek.forget();
                self.utilisation = Utilisation::new(self.plan.mirror.speed);
                self.begun = clock::now();
                self.arrived_before = true;
                true
            }
        }
    }

    /// Whoever follows the wall clock goes back when it is set back: a port would otherwise seem dead until the old time has come again.
    /// The wall clock alone does not tell: some adapters stamp packets by a clock of their own, which may be ahead.
    fn follow_clock(&mut self, tape_block: &mut TapeBlock) {
        let Some(start) = self.intervals.start() else { return };
        let wall = clock::wall();
        let packets = &tape_block.block.packets;
        let first = packets.iter().map(|p| p.time).find(|&t| t != Timestamp::UNKNOWN);
        let own_clock = self.ahead && first.is_none();
        self.ahead = packets.last().map_or(self.ahead, |last| last.time.since(wall) > CLOCK_STEP);
        let at = first.unwrap_or(wall);
        if own_clock || start.since(wall.max(at)) <= CLOCK_STEP {
            return;
        }
        let Some((closed, by)) = self.intervals.step_back(at) else { return };
        self.close_interval(tape_block, 0, closed);
        if let Some(beat) = self.beats.step_back(at) {
            end_beat(tape_block, 0, beat);
        }
        self.pool.tell(Message::ClockStep(closed.number + 1, by));
        let earlier = |time: Option<Timestamp>| time.map(|t| t.plus(by.saturating_neg()));
        (self.first, self.latest, self.ticked) = (earlier(self.first), earlier(self.latest), earlier(self.ticked));
        self.hearing.step_back(by);
        // Packets that follow are not a second step.
        self.recent = self.recent.map(|recent| recent.min(at));
        self.steps = self.steps.recent();
        self.steps.add(ClockSteps { count: 1, largest: by, ..ClockSteps::default() });
    }

    /// Ends an interval before the packet of that index.
    fn close_interval(&mut self, tape_block: &mut TapeBlock, at: usize, Closed { number, sample, next, load }: Closed) {
        if tape_block.marks.is_empty() && at == 0 {
            tape_block.open = OpenInterval { start: sample.start, ..next };
        }
        tape_block.marks.push((at as u32, Mark::Interval(number, next)));
        self.pool.tell(Message::IntervalFacts(number, sample));
        load.into_iter().for_each(|load| self.pool.tell(link_load(self.beats.number(), load)));
    }

    /// Takes notice of who sends in a burst, with the packet that makes its bin one also of those before it, as far as they are in this block.
    #[inline(never)]
    fn contribute(&mut self, data: &[u8], before: &[Packet], packet: &Packet) {
        for width in BinWidth::ALL {
            let Some((begun, is_first)) = self.intervals.burst(width, packet.wire) else { continue };
            let earlier = before.iter().rev().take_while(|p| is_first && p.time >= begun);
            for one in earlier.chain([packet]).filter(|one| one.link == LinkType::ETHERNET) {
                let from = one.offset as usize;
                let bytes = data.get(from..from + one.captured as usize).unwrap_or(&[]);
                self.intervals.contribute(width, begun, bytes, one.wire);
            }
        }
    }

    fn route(&mut self, tape_block: &mut TapeBlock) {
        let TapeBlock { block: Block { data, packets, .. }, precomputed, marks, open, .. } = tape_block;
        self.peek.foresee(packets, data).into_iter().for_each(|speed| self.intervals.tell_speed(speed));
        let (mut first, mut latest) = (self.first.unwrap_or(Timestamp(i64::MAX)), self.latest.unwrap_or(Timestamp::UNKNOWN));
        // What was recorded without a time gets that of the packet before, or of the first one that has any.
        let mut time = self.recent.or_else(|| packets.iter().map(|p| p.time).find(|&t| t != Timestamp::UNKNOWN)).unwrap_or_default();
        if !packets.is_empty() && marks.is_empty() {
            *open = self.intervals.begin(time);
        }
        let mut steps = ClockSteps::default();
        let mut earlier = self.earlier.unwrap_or(time);
        // What is left of earlier blocks is written over.
        precomputed.resize(precomputed.len().max(packets.len()), Precomputed::default());
        for (at, reading) in precomputed.iter_mut().enumerate().take(packets.len()) {
            let (before, rest) = packets.split_at_mut(at);
            let Some(packet) = rest.first_mut() else { break };
            if packet.time == Timestamp::UNKNOWN {
                packet.time = time;
            } else {
                let back = time.since(packet.time);
                if back > ClockEvidence::QUEUES {
                    steps.step(back, earlier.since(packet.time));
                }
                (earlier, time) = (time, packet.time);
                first = first.min(time);
                latest = latest.max(time);
            }
            if let Some(Closed { number, sample, next, load }) = self.intervals.count(packet.time, packet.wire) {
                marks.push((at as u32, Mark::Interval(number, next)));
                self.pool.tell(Message::IntervalFacts(number, sample));
                load.into_iter().for_each(|load| self.pool.tell(link_load(self.beats.number(), load)));
            }
            marks.extend(self.beats.count(packet.time).map(|Beat { number, now }| (at as u32, Mark::Beat(number, now))));
            let from = packet.offset as usize;
            let bytes = data.get(from..from + packet.captured as usize).unwrap_or(&[]);
            if self.intervals.is_burst() {
                self.contribute(data, before, packet);
            }
            packet.load = self.utilisation.class(packet.time, packet.wire);
            let is_group = packet.link == LinkType::ETHERNET && bytes.first().is_some_and(|first| first & 1 != 0);
            self.utilisation.cast(packet.time, is_group);
            if let Some(speed) = self.peek.route(packet, bytes, reading) {
                self.intervals.tell_speed(speed);
            }
            let is_bare = packet.link == LinkType::ETHERNET && packet.peels() == 0;
            self.intervals.way(is_bare.then_some(bytes), packet.wire);
            if let Some(times) = self.peek.copies.news() {
                marks.push((at as u32 + 1, Mark::Copies(times)));
            }
        }
        self.note_steps(steps);
        self.earlier = Some(earlier).filter(|_| !packets.is_empty()).or(self.earlier);
        if latest != Timestamp::UNKNOWN {
            (self.first, self.latest, self.recent) = (Some(first), Some(latest), Some(time));
        }
        if let Some(bursts) = self.intervals.late_bursts() {
            self.pool.tell(Message::LateBursts(bursts));
        }
        self.number(tape_block);
    }

    /// Notes how often times went back within a block.
    fn note_steps(&mut self, news: ClockSteps) {
        if news.count > 0 && self.source.is_live() {
            self.steps = self.steps.recent();
        }
        self.steps.add(news);
    }

    /// Numbers the packets of a block. Samples of a switch become as many packets, without a number of their own.
    fn number(&mut self, tape_block: &mut TapeBlock) {
        let TapeBlock { block, precomputed, marks, first, .. } = tape_block;
        *first = self.packets.saturating_add(1);
        self.packets = self.packets.saturating_add(block.packets.len() as u64);
        if self.peek.samples.are_waiting() {
            *first = 0;
            self.peek.samples.unfold(&mut block.packets, precomputed, &mut block.weights, marks);
        }
    }

    /// On a quiet live port wall time closes intervals; a replay's packets have times of their own.
    fn quiet(&mut self, tape_block: &mut TapeBlock) {
        let before = self.intervals.start();
        let (wall, at) = (clock::wall(), tape_block.block.packets.len());
        self.hearing.empty(wall);
        if let Some(closed) = self.intervals.advance(wall) {
            self.close_interval(tape_block, at, closed);
            // Until an interval begins a second after the last packet, shards decide on what they held back: the picture changes.
            let settles = before.zip(self.latest).is_some_and(|(start, latest)| start.since(latest) < COPY_DECIDED);
            self.arrived |= settles;
        }
        if let Some(beat) = self.beats.advance(wall) {
            end_beat(tape_block, at, beat);
        }
    }

    fn mark_snapshot(&mut self, tape_block: &mut TapeBlock, finished: bool) {
        let request = Arc::new(self.request(finished));
        self.pace.asked(request.number, self.spent());
        self.pool.tell(Message::Peaks(self.intervals.peaks()));
        self.pool.tell(Message::Request(Arc::clone(&request)));
        tape_block.marks.push((tape_block.block.packets.len() as u32, Mark::Snapshot(request)));
    }

    /// What only the router knows of the next snapshot.
    fn request(&mut self, finished: bool) -> Request {
        self.snapshots += 1;
        let infos = self.source.info();
        let live = self.plan.live && !finished;
        let now = match (self.intervals.now(), live && self.source.is_live()) {
            (Some(now), true) => now.max(clock::wall()),
            (Some(now), false) => now,
            // A file without packets knows no time.
            (None, _) => {
                if self.source.is_live() {
                    clock::wall()
                } else {
                    Timestamp::default()
                }
            }
        };
        let since = self.ticked.or(self.first).unwrap_or(now);
        let recent_seconds =
            if live { now.seconds_since(since) } else { self.latest.unwrap_or(now).seconds_since(self.first.unwrap_or(now)) };
        self.ticked = Some(now);
        let lost = self.hearing.count(self.source.as_mut(), clock::wall());
        let quiet = if finished { self.quiet.unwrap_or_else(|| self.silence()) } else { self.silence() };
        Request {
            number: self.snapshots,
            taken: clock::now(),
            query: self.plan.query.clone(),
            finished,
            last: finished && !self.plan.watched,
            live,
            now,
            first: self.first,
            latest: self.latest,
            recent_seconds,
            quiet,
            deaf: self.hearing.deaf(),
            counts_losses: self.source.counts_losses(),
            losses: Losses {
                interface_drops: lost.interface,
                kernel_drops: lost.kernel.saturating_add(self.left_behind),
                late_packets: self.intervals.late(),
                ..Losses::default()
            },
            sources: infos,
            host: self.host.facts(finished && self.source.is_live()),
            switch: self.switch.asked(),
            clock_steps: if live { self.steps.recent() } else { self.steps },
            open: self.intervals.open(),
            tunnels: self.peek.tunnels(),
            distant: self.peek.copies.distant(),
            distances: *self.peek.copies.distances(),
            load: self.utilisation.facts().clone(),
            told_speed: self.intervals.told_speed(),
            used: self.intervals.used(),
        }
    }

    /// Seconds since the newest packet of a live port, or since the start without any. A file is never silent.
    fn silence(&self) -> f64 {
        if !self.source.is_live() {
            return 0.0;
        }
        self.latest.map_or(clock::since(self.begun).as_secs_f64(), |latest| self.hearing.silence(latest))
    }

    /// Closes the last interval and takes the last snapshot.
    fn end(&mut self) {
        self.quiet = Some(self.silence());
        let Some(mut tape_block) = self.pool.free() else { return };
        if let Some(closed) = self.intervals.close() {
            self.close_interval(&mut tape_block, 0, closed);
        }
        if let Some(beat) = self.intervals.now().and_then(|now| self.beats.close(now)) {
            end_beat(&mut tape_block, 0, beat);
        }
        self.peek.copies.end();
        if let Some(times) = self.peek.copies.news() {
            tape_block.marks.push((0, Mark::Copies(times)));
        }
        self.mark_snapshot(&mut tape_block, true);
        self.pool.show(tape_block);
    }

    /// After the end, goes on answering queries until stopped.
    fn serve(&mut self) {
        while !self.stop.load(Ordering::Relaxed) {
            match self.commands.recv_timeout(Duration::from_millis(100)) {
                Ok(EngineCommand::Reset) | Err(crossbeam_channel::RecvTimeoutError::Timeout) => {}
                Ok(command) => {
                    let Some(mut tape_block) = self.pool.free() else { return };
                    self.obey(command);
                    for command in self.commands.try_iter().collect::<Vec<_>>() {
                        if let EngineCommand::Query(query) = command {
                            self.plan.query = query;
                        }
                    }
                    self.mark_snapshot(&mut tape_block, true);
                    self.pool.show(tape_block);
                }
                Err(crossbeam_channel::RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}
