//! The hub: takes the engine's records out of its one queue, makes them what exporters need, and hands them to each.

use super::findings::FindingWatch;
use super::lane::{ClosingLane, Lane, LanePlan};
use super::{
    AnswerPlace, ExportBoard, ExportNeeds, ExportRecord, ExportTarget, ExporterCounters, ExporterOpening, Identity, OpenExporter,
    PreparedExporter, registry,
};
use crate::dissect::registry as applications;
use crate::error::{Error, Result};
use crate::model::{FlowBatch, clock};
use crate::snapshot::tables::closed_flows::ClosedFlow;
use crate::snapshot::{Ended, Published, RecordFeed};
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the hub waits for a record before it looks for commands.
const LOOK: Duration = Duration::from_millis(200);
/// How long the hub waits for exporters that are taken away before those that are new begin, and how often it looks.
const SOON: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(5);
/// How long receivers are waited for at the end: a service manager's patience is longer (systemd: 90 s). Of captures everything is to arrive.
/// Both are longer than a request over HTTP may take.
const LAST: Duration = Duration::from_secs(40);
const LAST_OF_CAPTURES: Duration = Duration::from_secs(80);

/// What a hub is started with: exporters that are open already, because that may take rights.
pub struct HubPlan {
    identity: Arc<Identity>,
    board: Arc<ExportBoard>,
    open: BTreeMap<ExportTarget, OpenExporter>,
    needs: ExportNeeds,
}

impl HubPlan {
    /// Opens exporters.
    ///
    /// # Errors
    /// One cannot be opened; the message names it.
    pub fn open(targets: &[ExportTarget], identity: Identity) -> Result<Self> {
        let (identity, board) = (Arc::new(identity), Arc::<ExportBoard>::default());
        let mut plan = Self { identity, board, open: BTreeMap::new(), needs: ExportNeeds::default() };
        let mut taken = Taken::default();
        for (at, target) in targets.iter().enumerate() {
            not_again(targets, at)?;
            let open = open(target, &plan.identity, &plan.board, &mut taken)?;
            plan.needs.add(&open.needs);
            plan.open.insert(target.clone(), open);
        }
        Ok(plan)
    }

    /// What [`HubPlan::open`] would refuse, each with its place in the list, where something else is at a `status` already. Nothing is opened.
    pub fn wrong(targets: &[ExportTarget], identity: Identity, status: Option<&str>) -> Vec<(usize, Error)> {
        let mut taken = Taken::default();
        if let Some(place) = status.and_then(|text| AnswerPlace::of_this_machine(text).ok()) {
            taken.0.insert(place.to_string(), "the status".into());
        }
        let (identity, board) = (Arc::new(identity), Arc::<ExportBoard>::default());
        let mut look = |(at, target): (usize, &ExportTarget)| {
            let counters = board.counters(&target.name());
            let opening = ExporterOpening { target, identity: &identity, counters: &counters, board: &board };
            let outcome = not_again(targets, at).and_then(|()| taken.take(target, &prepare(opening)?));
            outcome.err().map(|error| (at, error))
        };
        targets.iter().enumerate().filter_map(&mut look).collect()
    }

    /// What all of them will still have to do when rights are given up.
    pub fn needs(&self) -> &ExportNeeds {
        &self.needs
    }

    /// Whether one of them takes what requests say.
    pub fn wants_words(&self) -> bool {
        let words = ExportRecord::Words(Arc::default());
        self.open.keys().any(|target| takes(target)(&words))
    }

    /// Where they count.
    pub fn board(&self) -> &Arc<ExportBoard> {
        &self.board
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

/// Which records an exporter does something with.
fn takes(target: &ExportTarget) -> fn(&ExportRecord) -> bool {
    registry::find(&target.exporter).map_or(|_| true, |kind| kind.takes)
}

/// What exporters have alone, and who has it.
#[derive(Default)]
struct Taken(BTreeMap<String, String>);

impl Taken {
    fn take(&mut self, target: &ExportTarget, prepared: &PreparedExporter<'_>) -> Result<()> {
        for what in &prepared.alone {
            if let Some(who) = self.0.get(what) {
                return Err(Error::usage(format!("--export {}: {what} is taken by {who}", target.name())));
            }
            self.0.insert(what.clone(), target.name());
        }
        Ok(())
    }
}

/// Nothing is exported twice to the same place.
fn not_again(targets: &[ExportTarget], at: usize) -> Result<()> {
    let Some((target, before)) = targets.get(..=at).and_then(<[ExportTarget]>::split_last) else { return Ok(()) };
    let is_known = before.iter().any(|known| (&known.exporter, &known.target) == (&target.exporter, &target.target));
    if is_known { Err(Error::usage(format!("--export {}: given twice", target.name()))) } else { Ok(()) }
}

/// Finds what is wrong with a target and its options.
fn prepare<'a>(opening: ExporterOpening<'a>) -> Result<PreparedExporter<'a>> {
    let target = opening.target;
    let kind = registry::find(&target.exporter).ok_or_else(|| Error::usage(format!("--export {}: no such exporter", target.exporter)))?;
    for (key, text) in &target.options {
        let option = kind.option(key).ok_or_else(|| Error::usage(format!("[export.{}]: unknown key '{key}'", kind.token)))?;
        option.check(text).map_err(|what| opening.wrong(what))?;
    }
    (kind.prepare)(opening)
}

fn open(target: &ExportTarget, identity: &Arc<Identity>, board: &Arc<ExportBoard>, taken: &mut Taken) -> Result<OpenExporter> {
    let counters = board.counters(&target.name());
    let prepared = prepare(ExporterOpening { target, identity, counters: &counters, board });
    let opened = prepared
        .and_then(|prepared| taken.take(target, &prepared).and_then(|()| (prepared.open)()))
        .inspect_err(|_| board.forget(&target.name()))?;
    counters.gone.store(false, Ordering::Relaxed);
    Ok(opened)
}

enum HubCommand {
    /// Export these, and no others; answered with what could not be opened.
    Reload(Vec<ExportTarget>, Sender<Vec<String>>),
    /// Open files again.
    Reopen,
}

/// The program's end of the hub.
pub struct ExportHub {
    commands: Sender<HubCommand>,
    thread: JoinHandle<()>,
    board: Arc<ExportBoard>,
    is_ending: Arc<AtomicBool>,
}

impl ExportHub {
    /// Starts the hub's thread. It calls `before` first, in which it may wait, and give up rights: exporters' threads begin with what it
    /// leaves. Where `is_waited_for`, the engine waits for exporters: nothing is lost. Where `is_confined`, exporters that are named later may do
    /// what those of the beginning may, and no more.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start(
        plan: HubPlan,
        feed: Box<dyn RecordFeed>,
        (is_waited_for, is_confined): (bool, bool),
        before: impl FnOnce() + Send + 'static,
    ) -> Result<Self> {
        let (commands, incoming) = unbounded();
        let board = Arc::clone(&plan.board);
        if is_confined {
            board.keep_ports();
        }
        let is_ending = Arc::<AtomicBool>::default();
        let ending = Arc::clone(&is_ending);
        let thread = std::thread::Builder::new().name("export".into()).spawn(move || {
            before();
            let mut hub = Hub {
                lanes: BTreeMap::new(),
                findings: FindingWatch::default(),
                identity: plan.identity,
                board: plan.board,
                is_waited_for,
                is_ending: ending,
                leaving: Vec::new(),
                pending: Vec::new(),
                allowed: is_confined.then_some(plan.needs),
            };
            plan.open.into_iter().for_each(|(target, open)| hub.add(target, open));
            hub.run(feed.as_ref(), &incoming);
        });
        let thread = thread.map_err(|e| Error::io("cannot start the thread that exports", &e))?;
        Ok(Self { commands, thread, board, is_ending })
    }

    /// Where exporters count.
    pub fn board(&self) -> &Arc<ExportBoard> {
        &self.board
    }

    /// Has exactly these exported from now on: those that are the same go on without a gap. What could not be opened, in words; the others
    /// run.
    pub fn reload(&self, targets: Vec<ExportTarget>) -> Vec<String> {
        let (answer, answers) = crossbeam_channel::bounded(1);
        let _ = self.commands.send(HubCommand::Reload(targets, answer));
        answers.recv().unwrap_or_default()
    }

    /// Has files opened again.
    pub fn reopen(&self) {
        let _ = self.commands.send(HubCommand::Reopen);
    }

    /// The program is to end. Of captures no receiver is waited for any longer to have room; of a port, from which nothing comes any more, each is.
    pub fn hasten(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
    }

    /// Waits until the engine has ended and everything has been handed on.
    pub fn finish(self) -> Arc<ExportBoard> {
        let _ = self.thread.join();
        self.board
    }
}

struct Hub {
    lanes: BTreeMap<ExportTarget, Lane>,
    findings: FindingWatch,
    identity: Arc<Identity>,
    board: Arc<ExportBoard>,
    is_waited_for: bool,
    is_ending: Arc<AtomicBool>,
    /// Exporters that were taken away and hand on what they have.
    leaving: Vec<ClosingLane>,
    /// Exporters that could not be opened, perhaps because one of those still has the file or the port.
    pending: Vec<ExportTarget>,
    /// What may be done; `None`: anything.
    allowed: Option<ExportNeeds>,
}

impl Hub {
    fn run(&mut self, feed: &dyn RecordFeed, commands: &Receiver<HubCommand>) {
        loop {
            let next = feed.next_within(LOOK);
            self.board.note_subscription(feed.lost());
            match next {
                Ok(Some(record)) => self.publish(record),
                Ok(None) => {}
                Err(Ended) => break,
            }
            self.board.turn_away();
            self.look_after();
            for command in commands.try_iter() {
                match command {
                    HubCommand::Reload(targets, answer) => drop(answer.send(self.reload(targets))),
                    HubCommand::Reopen => self.lanes.values().for_each(Lane::reopen),
                }
            }
        }
        // All at the same time: none waits for another's receiver.
        let until = clock::now() + if self.is_waited_for { LAST_OF_CAPTURES } else { LAST };
        let closing = std::mem::take(&mut self.lanes).into_values().map(|lane| lane.close(until));
        ClosingLane::settle(std::mem::take(&mut self.leaving).into_iter().chain(closing).collect());
    }

    fn add(&mut self, target: ExportTarget, open: OpenExporter) {
        let counters = self.board.counters(&target.name());
        let plan = LanePlan { is_waited_for: self.is_waited_for, is_ending: Arc::clone(&self.is_ending), takes: takes(&target) };
        match Lane::start(open.exporter, Arc::clone(&counters), plan) {
            Ok(lane) => drop(self.lanes.insert(target, lane)),
            Err(e) => counters.note(&Err(format!("cannot start a thread: {e}"))),
        }
    }

    fn reload(&mut self, targets: Vec<ExportTarget>) -> Vec<String> {
        // What is not allowed any more changes nothing: who is to take an exporter's place must be able to.
        let refused: Vec<String> =
            targets.iter().filter(|target| !self.lanes.contains_key(target)).filter_map(|target| self.refused(target)).collect();
        if !refused.is_empty() {
            self.lanes.values().for_each(Lane::reopen);
            return refused;
        }
        let gone: Vec<ExportTarget> = self.lanes.keys().filter(|known| !targets.contains(known)).cloned().collect();
        for target in gone {
            self.board.counters(&target.name()).gone.store(true, Ordering::Relaxed);
            // Nobody waits for a receiver that is dead.
            self.leaving.extend(self.lanes.remove(&target).map(|lane| lane.close(clock::now() + LAST)));
        }
        // Most end at once, and whoever takes the place of one loses nothing then.
        let soon = clock::now() + SOON;
        while !self.leaving.is_empty() && clock::now() < soon {
            self.leaving.retain_mut(|lane| !lane.is_settled());
            std::thread::sleep(PAUSE);
        }
        self.pending.clear();
        let mut wrong = Vec::new();
        for target in targets {
            if self.lanes.contains_key(&target) {
                continue;
            }
            match self.admit(&target) {
                Ok(()) => {}
                Err((error, is_final)) if is_final || self.leaving.is_empty() => wrong.push(error),
                Err(_) => self.pending.push(target),
            }
        }
        self.lanes.values().for_each(Lane::reopen);
        wrong
    }

    /// Opens an exporter and starts it; else what is wrong, and whether that will not change.
    fn admit(&mut self, target: &ExportTarget) -> std::result::Result<(), (String, bool)> {
        let open = open(target, &self.identity, &self.board, &mut Taken::default()).map_err(|error| (error.to_string(), false))?;
        if let Some(what) = self.forbidden(&open.needs) {
            self.board.forget(&target.name());
            return Err((not_named(target, &what), true));
        }
        self.add(target.clone(), open);
        Ok(())
    }

    /// Looks whether those that were taken away have ended, and what waits for that can be opened.
    fn look_after(&mut self) {
        if self.leaving.is_empty() {
            return;
        }
        self.leaving.retain_mut(|lane| !lane.is_settled());
        for target in std::mem::take(&mut self.pending) {
            match self.admit(&target) {
                Ok(()) => {}
                Err((error, is_final)) if is_final || self.leaving.is_empty() => self.board.counters(&target.name()).note(&Err(error)),
                Err(_) => self.pending.push(target),
            }
        }
    }

    /// Why an exporter cannot be opened any more, as far as that is for rights that were given up. Nothing is opened.
    fn refused(&self, target: &ExportTarget) -> Option<String> {
        let (board, counters) = (Arc::<ExportBoard>::default(), Arc::<ExporterCounters>::default());
        let prepared = prepare(ExporterOpening { target, identity: &self.identity, counters: &counters, board: &board }).ok()?;
        self.forbidden(&prepared.needs).map(|what| not_named(target, &what))
    }

    /// What an exporter would have to do that is not allowed any more.
    fn forbidden(&self, needs: &ExportNeeds) -> Option<String> {
        let allowed = self.allowed.as_ref()?;
        let port = needs.connects.iter().find(|port| !allowed.connects.contains(port)).map(|port| format!("port {port}"));
        let place = needs.answers.iter().find(|place| !allowed.answers.contains(place)).cloned();
        port.or(place)
            .or_else(|| needs.folders.iter().find(|folder| !allowed.folders.contains(folder)).map(|folder| folder.display().to_string()))
    }

    fn publish(&mut self, record: Published) {
        let record = match record {
            Published::Interval(sample) => ExportRecord::Interval(sample),
            Published::Flows(batch) => match named(&batch) {
                flows if flows.is_empty() => return,
                flows => ExportRecord::Flows(flows),
            },
            Published::Events(said) => ExportRecord::Events(said),
            Published::Words(words) => ExportRecord::Words(words),
            Published::Snapshot(snapshot) => {
                let news = self.findings.news(&snapshot.diagnosis.findings);
                if !news.is_empty() {
                    self.give(&ExportRecord::Findings(news.into()));
                }
                ExportRecord::Snapshot(snapshot)
            }
            Published::Reset => {
                self.findings.forget();
                ExportRecord::Reset
            }
        };
        self.give(&record);
    }

    fn give(&self, record: &ExportRecord) {
        self.lanes.values().for_each(|lane| lane.give(record));
        // What comes before an exporter can be opened is lost for it.
        for target in self.pending.iter().filter(|target| takes(target)(record)) {
            ExporterCounters::add(&self.board.counters(&target.name()).queue_lost, record.rows());
        }
    }
}

fn not_named(target: &ExportTarget, what: &str) -> String {
    format!("--export {}: {what} was not named at the start, and rights are given up: restart", target.name())
}

fn named(batch: &FlowBatch) -> Arc<[ClosedFlow]> {
    batch.records.iter().map(|&record| ClosedFlow { record, app: applications::token(record.app) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::{RecvTimeoutError, bounded};

    /// An engine that says nothing until it ends.
    struct Quiet(Receiver<()>);

    impl RecordFeed for Quiet {
        fn next_within(&self, time: Duration) -> std::result::Result<Option<Published>, Ended> {
            match self.0.recv_timeout(time) {
                Err(RecvTimeoutError::Disconnected) => Err(Ended),
                _ => Ok(None),
            }
        }

        fn lost(&self) -> u64 {
            0
        }
    }

    #[test]
    fn who_takes_the_place_of_another_gets_its_file_and_its_port() {
        let folder = std::env::temp_dir().join(format!("spantop-hub-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let target = |exporter: &str, target: String| ExportTarget { exporter: exporter.into(), target, ..ExportTarget::default() };
        let file = |spelt: &str| target("jsonl-eve", format!("{}/{spelt}eve.json", folder.display()));
        let page = |spelt: &str| target("prometheus", format!("unix:{}/{spelt}page", folder.display()));
        let plan = HubPlan::open(&[file(""), page("")], Identity::default()).unwrap();
        let (end, feed) = bounded(0);
        let hub = ExportHub::start(plan, Box::new(Quiet(feed)), (false, false), || {}).unwrap();
        assert_eq!(hub.reload(vec![file("./"), page("./")]), Vec::<String>::new());
        let told: Vec<(bool, String)> = hub.board().states().into_iter().map(|state| (state.gone, state.trouble)).collect();
        let none = String::new;
        assert_eq!(told, [(true, none()), (true, none()), (false, none()), (false, none())]);
        // Nobody gets what is no exporter's, and the others go on.
        let refused = hub.reload(vec![file("./"), target("jsonl-eve", "/nowhere/eve.json".into())]);
        assert!(matches!(&refused[..], [what] if what.contains("/nowhere")), "{refused:?}");
        drop(end);
        hub.finish();
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_is_not_allowed_any_more_changes_nothing() {
        let folder = std::env::temp_dir().join(format!("spantop-hub-later-{}", std::process::id()));
        let [one, other] = ["one", "other"].map(|name| folder.join(name));
        [&one, &other].into_iter().for_each(|folder| std::fs::create_dir_all(folder).unwrap());
        let file = |folder: &std::path::Path| ExportTarget::parse(&format!("jsonl-eve:{}/eve.json", folder.display())).unwrap();
        let plan = HubPlan::open(&[file(&one)], Identity::default()).unwrap();
        let (end, feed) = bounded(0);
        let hub = ExportHub::start(plan, Box::new(Quiet(feed)), (false, true), || {}).unwrap();
        let refused = hub.reload(vec![file(&other)]);
        assert!(matches!(&refused[..], [what] if what.contains("other") && what.ends_with("restart")), "{refused:?}");
        assert!(!other.join("eve.json").exists());
        let states = hub.board().states();
        assert!(matches!(&states[..], [state] if !state.gone && state.trouble.is_empty()), "the one there was goes on: {states:?}");
        drop(end);
        hub.finish();
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_port_outlives_its_exporter_where_it_could_not_be_opened_again() {
        let folder = std::env::temp_dir().join(format!("spantop-hub-port-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let page = |name: &str| ExportTarget::parse(&format!("prometheus:unix:{}/{name}", folder.display())).unwrap();
        let file = |name: &str| ExportTarget::parse(&format!("jsonl-eve:{}/{name}.json", folder.display())).unwrap();
        let plan = HubPlan::open(&[page("one"), file("a")], Identity::default()).unwrap();
        let (end, feed) = bounded(0);
        let hub = ExportHub::start(plan, Box::new(Quiet(feed)), (false, true), || {}).unwrap();
        let answer = || {
            use std::io::{Read, Write};
            let mut stream = std::os::unix::net::UnixStream::connect(folder.join("one")).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            let (mut text, _) = (String::new(), stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n"));
            // Whoever is sent away is told nothing.
            stream.read_to_string(&mut text).err().filter(|e| e.kind() == std::io::ErrorKind::WouldBlock).map_or(text, |_| "waited".into())
        };
        let inode = || std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(folder.join("one")).unwrap());
        let before = inode();
        assert!(answer().starts_with("HTTP/1.1 200"));
        assert_eq!(hub.reload(vec![file("a")]), Vec::<String>::new());
        assert_eq!(answer(), "");
        assert_eq!(hub.reload(vec![file("a"), page("one")]), Vec::<String>::new());
        assert!(answer().starts_with("HTTP/1.1 200"));
        assert_eq!(inode(), before, "it was never closed");
        // One that was not named at the start is refused, and then nothing of the file holds.
        let refused = hub.reload(vec![page("one"), page("two"), file("b")]);
        assert!(matches!(&refused[..], [what] if what.contains("two was not named at the start")), "{refused:?}");
        assert!(!folder.join("b.json").exists() && !folder.join("two").exists());
        drop(end);
        hub.finish();
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn two_that_share_something_are_refused_before_anything_is_opened() {
        let folder = std::env::temp_dir();
        let spooled = |host: &str| ExportTarget {
            options: [("spool".to_owned(), folder.display().to_string())].into(),
            ..ExportTarget::parse(&format!("clickhouse:http://{host}:8123/net")).unwrap()
        };
        let page = || ExportTarget::parse("prometheus:127.0.0.1:9902").unwrap();
        let wrong = |targets: &[ExportTarget], status: Option<&str>| {
            let wrong = HubPlan::wrong(targets, Identity::default(), status);
            wrong.into_iter().map(|(at, error)| (at, error.to_string())).collect::<Vec<_>>()
        };
        let spools = wrong(&[spooled("a"), spooled("b")], None);
        assert!(matches!(&spools[..], [(1, what)] if what.contains("the spool is taken by clickhouse:http://a")), "{spools:?}");
        let ports = wrong(&[page()], Some("127.0.0.1:9902"));
        assert!(matches!(&ports[..], [(0, what)] if what.contains("127.0.0.1:9902 is taken by the status")), "{ports:?}");
        assert_eq!(wrong(&[page(), spooled("a")], Some("127.0.0.1:9901")), []);
    }
}
