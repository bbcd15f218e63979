//! The hub: takes the engine's records out of its one queue, makes them what exporters need, and hands them to each.

use super::findings::FindingWatch;
use super::lane::Lane;
use super::{ExportBoard, ExportNeeds, ExportRecord, ExportTarget, ExporterOpening, Identity, OpenExporter, registry};
use crate::dissect::registry as applications;
use crate::error::{Error, Result};
use crate::model::FlowBatch;
use crate::snapshot::tables::closed_flows::ClosedFlow;
use crate::snapshot::{Ended, Published, RecordFeed};
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the hub waits for a record before it looks for commands.
const LOOK: Duration = Duration::from_millis(200);

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
        for target in targets {
            if plan.open.keys().any(|known| known.name() == target.name()) {
                return Err(Error::usage(format!("--export {}: given twice", target.name())));
            }
            let open = open(target, &plan.identity, &plan.board)?;
            plan.needs.add(&open.needs);
            plan.open.insert(target.clone(), open);
        }
        Ok(plan)
    }

    /// What all of them will still have to do when rights are given up.
    pub fn needs(&self) -> &ExportNeeds {
        &self.needs
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

fn open(target: &ExportTarget, identity: &Arc<Identity>, board: &Arc<ExportBoard>) -> Result<OpenExporter> {
    let kind = registry::find(&target.exporter).ok_or_else(|| Error::usage(format!("--export {}: no such exporter", target.exporter)))?;
    if let Some(key) = target.options.keys().find(|key| !kind.options.iter().any(|(known, _)| known == key)) {
        return Err(Error::usage(format!("[export.{}]: unknown key '{key}'", kind.token)));
    }
    let counters = board.counters(&target.name());
    (kind.open)(&ExporterOpening { target, identity, counters: &counters, board })
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
}

impl ExportHub {
    /// Starts the hub's thread. It calls `before` first, in which it may wait, and give up rights: exporters' threads begin with what it
    /// leaves. Where `is_waited_for`, the engine waits for exporters: nothing is lost.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start(plan: HubPlan, feed: Box<dyn RecordFeed>, is_waited_for: bool, before: impl FnOnce() + Send + 'static) -> Result<Self> {
        let (commands, incoming) = unbounded();
        let board = Arc::clone(&plan.board);
        let thread = std::thread::Builder::new().name("export".into()).spawn(move || {
            before();
            let mut hub = Hub {
                lanes: BTreeMap::new(),
                findings: FindingWatch::default(),
                identity: plan.identity,
                board: plan.board,
                is_waited_for,
            };
            plan.open.into_iter().for_each(|(target, open)| hub.add(target, open));
            hub.run(feed.as_ref(), &incoming);
        });
        let thread = thread.map_err(|e| Error::io("cannot start the thread that exports", &e))?;
        Ok(Self { commands, thread, board })
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
            for command in commands.try_iter() {
                match command {
                    HubCommand::Reload(targets, answer) => drop(answer.send(self.reload(targets))),
                    HubCommand::Reopen => self.lanes.values().for_each(Lane::reopen),
                }
            }
        }
        std::mem::take(&mut self.lanes).into_values().for_each(Lane::finish);
    }

    fn add(&mut self, target: ExportTarget, open: OpenExporter) {
        let counters = self.board.counters(&target.name());
        match Lane::start(open.exporter, Arc::clone(&counters), self.is_waited_for) {
            Ok(lane) => drop(self.lanes.insert(target, lane)),
            Err(e) => counters.note(&Err(format!("cannot start a thread: {e}"))),
        }
    }

    fn reload(&mut self, targets: Vec<ExportTarget>) -> Vec<String> {
        let gone: Vec<ExportTarget> = self.lanes.keys().filter(|known| !targets.contains(known)).cloned().collect();
        let gone: Vec<Lane> = gone.iter().filter_map(|target| self.lanes.remove(target)).collect();
        gone.into_iter().for_each(Lane::finish);
        let mut wrong = Vec::new();
        for target in targets {
            if self.lanes.contains_key(&target) {
                continue;
            }
            match open(&target, &self.identity, &self.board) {
                Ok(open) => self.add(target, open),
                Err(error) => wrong.push(error.to_string()),
            }
        }
        self.lanes.values().for_each(Lane::reopen);
        wrong
    }

    fn publish(&mut self, record: Published) {
        let record = match record {
            Published::Interval(sample) => ExportRecord::Interval(sample),
            Published::Flows(batch) => match named(&batch) {
                flows if flows.is_empty() => return,
                flows => ExportRecord::Flows(flows),
            },
            Published::Events(said) => ExportRecord::Events(said),
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
    }
}

fn named(batch: &FlowBatch) -> Arc<[ClosedFlow]> {
    batch.records.iter().map(|&record| ClosedFlow { record, app: applications::token(record.app) }).collect()
}
