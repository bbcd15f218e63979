//! A probe without a terminal: for services and containers. Captures, analyses, records, exports.

mod log;
mod notify;
mod status;

use super::preferences::{Preferences, ProbePreferences};
use super::privacy::Privacy;
use super::recorder::PacketKeepers;
use super::rights::{self, ExportRights, Needs};
use super::{ask, console::Console, engine_settings, source};
use crate::cli::{self, Common, ConfigEntry};
use crate::diagnose::thresholds;
use crate::engine::{self, Engine, subscribe};
use crate::error::{Error, Result};
use crate::export::{AnswerPlace, AnswerPort, ExportHub, ExportTarget, HubPlan, Identity};
use crate::model::Arrange as _;
use crate::model::clock;
use crate::model::limits::SUBSCRIPTION_RECORDS;
use crate::model::time::SECOND;
use crate::record::RingStatus;
use crate::settings::{InputSettings, ProbeSettings, RecorderSettings};
use crate::snapshot::{Feed, Query, Snapshot};
use log::{Level, exporters, log};
use notify::Notify;
use serde_json::json;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};
use status::ProbeStatus;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often signals are looked for.
const LOOK: Duration = Duration::from_millis(100);
/// How often it is looked whether the end has come.
const SHORT: Duration = Duration::from_millis(10);
/// How often the service manager reads how it goes.
const STATUS_EVERY: Duration = Duration::from_secs(5);
/// How often a line of the log says so.
const LOG_EVERY: Duration = Duration::from_secs(60);
/// A live port answers every second; one that has not for so long is stuck.
const STUCK: Duration = Duration::from_secs(30);
/// Seconds after which a conversation that goes on is exported, where the configuration does not say otherwise: what a probe that is killed had
/// not told of is no more than that.
const FLOW_SECONDS: u32 = 300;

/// Flags that signals set.
struct Asked {
    stop: Arc<AtomicBool>,
    reload: Arc<AtomicBool>,
}

fn signals() -> Result<Asked> {
    let (stop, reload) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
    let failed = |e| Error::io("cannot watch for signals", &e);
    for (signal, status) in [(SIGINT, 130), (SIGTERM, 143)] {
        // A second one ends the program at once.
        register_conditional_shutdown(signal, status, Arc::clone(&stop)).map_err(failed)?;
        register(signal, Arc::clone(&stop)).map_err(failed)?;
    }
    register(SIGHUP, Arc::clone(&reload)).map_err(failed)?;
    Ok(Asked { stop, reload })
}

fn identity(settings: &ProbeSettings, preferences: &Preferences) -> Identity {
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned());
    let id = settings.id.clone().or_else(|| preferences.probe.id.clone()).filter(|name| !name.is_empty()).or_else(host);
    let site = settings.site.clone().or_else(|| preferences.probe.site.clone());
    Identity::new(id.unwrap_or_else(|| "probe".into()), site.unwrap_or_default(), clock::wall(), std::process::id())
}

/// Where the status is to be had: only this machine may ask.
fn status_port(settings: &ProbeSettings, preferences: &Preferences) -> Result<Option<AnswerPort>> {
    let Some(text) = settings.status.as_ref().or(preferences.probe.status.as_ref()) else { return Ok(None) };
    let port = AnswerPlace::of_this_machine(text).and_then(|place| place.open());
    port.map(Some).map_err(|what| Error::usage(format!("--status {text}: {what}")))
}

/// Directories that exporters and the status write in, and those of the ring.
fn needs(recorder: &RecorderSettings, exports: &ExportRights) -> Result<Needs> {
    let ring = recorder.ring.as_ref().map(|ring| ring.folder.clone());
    let needs = Needs { folders: ring.into_iter().collect(), exports: exports.folders.clone(), ..Needs::default() };
    match needs.folders.iter().chain(&needs.exports).find(|folder| !folder.is_dir()) {
        Some(folder) => Err(Error::usage(format!("{}: no such directory", folder.display()))),
        None => Ok(needs),
    }
}

/// Runs until the source ends or SIGTERM comes; the exit code.
pub fn run(
    console: &Console,
    (common, preferences): (&Common, &Preferences),
    input: &InputSettings,
    recorder: &RecorderSettings,
    settings: &ProbeSettings,
) -> Result<u8> {
    let notify = Notify::from_environment();
    let asked = signals()?;
    // Everything that takes rights: ports, sockets, files.
    let identity = identity(settings, preferences);
    let plan = HubPlan::open(&preferences.probe.targets(settings)?, identity.clone())?;
    let port = status_port(settings, preferences)?;
    let rights = ExportRights::of(plan.needs(), port.is_some());
    let needs = needs(recorder, &rights)?;
    let status = Arc::new(ProbeStatus::new(identity.clone(), Arc::clone(plan.board())));
    let is_endless = source::is_endless(input);
    let (subscriber, subscription) = subscribe(SUBSCRIPTION_RECORDS);
    let subscriber = if plan.wants_words() { subscriber.with_words() } else { subscriber };
    // A port is never waited for; of a file nothing is lost.
    let subscriber = if is_endless { subscriber } else { subscriber.waited_for() };
    let rights_of_exports = if common.rights.sandbox { rights.to_string() } else { String::new() };
    let (open_gate, gate) = rights::gate(rights, &common.rights);
    let hub = ExportHub::start(plan, Box::new(subscription), (!is_endless, common.rights.sandbox), gate.clone().waiting())?;
    if let Some(port) = port {
        tell_status(port, &status, gate.waiting())?;
    }
    let agent = ask::agent(common, input)?;
    let (source, left) = source::open_noting(input, needs, None, common, console)?;
    let mut engine_settings = engine_settings(common, input, &source.info());
    engine_settings.query = Query::default();
    engine_settings.switch = agent;
    engine_settings.flow_parts = flow_parts(preferences);
    let kept = PacketKeepers::of(input, source.as_ref(), common, recorder, &mut engine_settings)?;
    let mut listeners = kept.listeners;
    listeners.subscribers.push(subscriber);
    open_gate.open();
    let engine = Engine::start_with(source, &engine_settings, listeners)?;
    status.set_ring(kept.ring.clone());
    let exporters: Vec<String> = hub.board().states().iter().map(|s| s.name.clone()).collect();
    log(
        Level::Info,
        "started",
        json!({ "version": env!("CARGO_PKG_VERSION"), "identity": identity, "source": Privacy::of(common).title(input), "rights": left.line(),
                "exporters_may": rights_of_exports, "exporters": exporters }),
    );
    notify.tell("READY=1");
    let probe = Probe { engine: &engine, hub: &hub, status: &status, notify: &notify, common, preferences, settings };
    let mut line = clock::Ticker::new(LOG_EVERY, LOG_EVERY);
    probe.watch(&asked, &mut line);
    // Whoever is told to end waits for no receiver of a capture that has no room; what a port brought is handed on.
    if asked.stop.load(Ordering::Relaxed) {
        hub.hasten();
    }
    finish((engine, hub), &notify, &status, (kept.ring, is_endless), &mut line)
}

/// Starts the thread that answers who asks how it goes, once `before` lets it.
fn tell_status(port: AnswerPort, status: &Arc<ProbeStatus>, before: impl FnOnce() + Send + 'static) -> Result<()> {
    let status = Arc::clone(status);
    let start = std::thread::Builder::new().name("status".into()).spawn(move || {
        before();
        port.answer(|path| status.page(path));
    });
    start.map(drop).map_err(|e| Error::io("cannot start the thread that tells the status", &e))
}

/// After how long conversations that go on are exported, nanoseconds.
fn flow_parts(preferences: &Preferences) -> Option<i64> {
    let seconds = preferences.probe.flow_seconds.unwrap_or(FLOW_SECONDS);
    (seconds > 0).then(|| i64::from(seconds).saturating_mul(SECOND))
}

struct Probe<'a> {
    engine: &'a Engine,
    hub: &'a ExportHub,
    status: &'a ProbeStatus,
    notify: &'a Notify,
    common: &'a Common,
    /// What the configuration file said at the start.
    preferences: &'a Preferences,
    settings: &'a ProbeSettings,
}

impl Probe<'_> {
    /// Until it is to end.
    fn watch(&self, asked: &Asked, line: &mut clock::Ticker) {
        let mut tell = clock::Ticker::new(Duration::ZERO, STATUS_EVERY);
        let (mut sources, mut ring) = (SourceWatch::default(), RingWatch::default());
        let mut life = self.notify.watchdog().map(|every| clock::Ticker::new(Duration::ZERO, every / 2));
        loop {
            let snapshot = self.engine.latest();
            let is_over = snapshot.finished || self.engine.failure().is_some() || asked.stop.load(Ordering::Relaxed);
            let is_alive = snapshot.finished || !snapshot.live || self.engine.age() < STUCK;
            for (name, trouble) in sources.news(&snapshot) {
                let level = if trouble.is_some() { Level::Warning } else { Level::Info };
                log(level, "source", json!({ "name": name, "trouble": trouble }));
            }
            self.status.set(snapshot, is_alive);
            if let Some((level, fields)) = ring.news(self.status.ring()) {
                log(level, "ring", fields);
            }
            if is_over {
                return;
            }
            if asked.reload.swap(false, Ordering::Relaxed) {
                self.notify.tell("RELOADING=1");
                self.reload();
                self.notify.tell("READY=1");
            }
            // Whoever does not count any more is to be started again.
            if is_alive && life.as_mut().is_some_and(clock::Ticker::due) {
                self.notify.tell("WATCHDOG=1");
            }
            if tell.due() {
                self.notify.tell(&format!("STATUS={}", self.line()));
            }
            if line.due() {
                log(Level::Info, "running", self.status.value());
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Where the status is told; it stays there until the end.
    fn status(&self) -> Option<&str> {
        self.settings.status.as_deref().or(self.preferences.probe.status.as_deref())
    }

    fn line(&self) -> String {
        let s = self.engine.latest();
        let lost = s.capture.losses.lost_packets();
        let troubled = self.hub.board().states().iter().filter(|state| !state.trouble.is_empty()).count();
        format!("{} packets, lost {lost}; {troubled} exporters in trouble", s.stats.total.packets)
    }

    /// Reads the configuration file again. What is wrong with it is told, and everything stays as it was.
    fn reload(&self) {
        let path = self.common.file.as_ref().map(|file| file.path.clone()).or_else(|| self.common.named_file.clone());
        let (preferences, options, targets) = match self.read(path).and_then(|read| self.without_mistake(read)) {
            Ok(read) => read,
            Err(error) => {
                log(Level::Warning, "reload", json!({ "error": error.to_string() }));
                self.hub.reopen();
                return;
            }
        };
        let wrong = self.hub.reload(targets);
        if wrong.is_empty() {
            for named in thresholds() {
                let told = preferences.thresholds.iter().find(|(told, _)| told.is_same(&named));
                named.threshold.set(told.map_or(named.threshold.default, |(_, value)| *value));
            }
        }
        let later = self.needs_restart(&options, &preferences.probe);
        let level = if wrong.is_empty() && later.is_empty() { Level::Info } else { Level::Warning };
        let fields = json!({ "refused": wrong, "needs_restart": later, "exporters": exporters(&self.hub.board().states()) });
        log(level, "reload", fields);
    }

    /// What was read, with the exporters that it asks for. A mistake changes nothing: it is found before anything is closed.
    fn without_mistake(&self, (preferences, options): ReadFile) -> Result<(Preferences, Vec<ConfigEntry>, Vec<ExportTarget>)> {
        let targets = preferences.probe.targets(self.settings)?;
        let mistakes = HubPlan::wrong(&targets, identity(self.settings, &preferences), self.status());
        if mistakes.is_empty() {
            return Ok((preferences, options, targets));
        }
        let told: Vec<String> = mistakes.iter().map(|(_, error)| error.to_string()).collect();
        Err(Error::usage(told.join("; ")))
    }

    /// What has changed in the file and holds from the next start only.
    fn needs_restart(&self, options: &[ConfigEntry], now: &ProbePreferences) -> Vec<String> {
        let (typed, before) = (self.settings, &self.preferences.probe);
        let told = [
            ("id", typed.id.is_none() && before.id != now.id),
            ("site", typed.site.is_none() && before.site != now.site),
            ("status", typed.status.is_none() && before.status != now.status),
            ("flow-seconds", before.flow_seconds != now.flow_seconds),
        ];
        let options_before = self.common.file.as_ref().map_or(&[][..], |file| &file.options);
        let differs = |of: &[ConfigEntry], entry: &ConfigEntry| !of.iter().any(|e| (&e.key, &e.values) == (&entry.key, &entry.values));
        let changed = options.iter().filter(|e| differs(options_before, e)).chain(options_before.iter().filter(|e| differs(options, e)));
        let mut keys: Vec<String> = changed.map(|entry| entry.key.clone()).collect();
        keys.arrange();
        keys.dedup();
        keys.extend(told.iter().filter(|(_, is_new)| *is_new).map(|(key, _)| format!("probe.{key}")));
        keys
    }

    fn read(&self, path: Option<PathBuf>) -> Result<ReadFile> {
        let Some(path) = path else { return Ok(Default::default()) };
        let file = cli::read_config(&path)?;
        let (preferences, wrong) = Preferences::read(&file);
        match wrong.first() {
            Some(first) => Err(Error::usage(first.clone())),
            None => Ok((preferences, file.options)),
        }
    }
}

/// A configuration file: what it means, and its options as they stand there.
type ReadFile = (Preferences, Vec<ConfigEntry>);

/// What ended a probe before its time, or kept it from beginning, is a line of the log, too; the exit code.
pub fn failed(error: &Error) -> u8 {
    log(Level::Error, "failed", json!({ "error": error.to_string() }));
    error.exit_code()
}

/// Ports and files whose trouble was told.
#[derive(Default)]
struct SourceWatch {
    told: BTreeMap<String, String>,
    seen: Option<Arc<Snapshot>>,
}

impl SourceWatch {
    /// What has come and gone since: a name with its trouble, or with none any more.
    fn news(&mut self, snapshot: &Arc<Snapshot>) -> Vec<(String, Option<String>)> {
        if self.seen.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, snapshot)) {
            return Vec::new();
        }
        self.seen = Some(Arc::clone(snapshot));
        let sources = &snapshot.capture.sources;
        let now: BTreeMap<String, String> = sources.iter().filter_map(|s| Some((s.name.clone(), s.warning.clone()?))).collect();
        let before = std::mem::replace(&mut self.told, now);
        let come = self.told.iter().filter(|(name, trouble)| before.get(*name) != Some(trouble));
        let come = come.map(|(name, trouble)| (name.clone(), Some(trouble.clone())));
        let gone = before.keys().filter(|name| !self.told.contains_key(*name)).map(|name| (name.clone(), None));
        come.chain(gone).collect()
    }
}

/// What was told of a ring.
#[derive(Default)]
struct RingWatch {
    trouble: Option<String>,
    lost: u64,
}

impl RingWatch {
    /// What is to be told now: that it is not written, that it is again, or that packets were lost meanwhile.
    fn news(&mut self, ring: Option<Arc<RingStatus>>) -> Option<(Level, serde_json::Value)> {
        let ring = ring?;
        let (trouble, lost) = (ring.trouble(), ring.lost());
        // While it is not written the count grows with every packet: the regular line tells it.
        let is_news = trouble != self.trouble || trouble.is_none() && lost > self.lost;
        let level = if trouble.is_some() || lost > self.lost { Level::Warning } else { Level::Info };
        let fields = is_news.then(|| json!({ "trouble": trouble, "written": ring.written(), "lost": lost }));
        if is_news {
            (self.trouble, self.lost) = (trouble, lost);
        }
        fields.map(|fields| (level, fields))
    }
}

/// Has something done in a thread beside, and does something else each time that it is time to; `None` where the thread broke off.
fn attended<T: Send>(work: impl FnOnce() -> T + Send, every: &mut clock::Ticker, mut meanwhile: impl FnMut()) -> Option<T> {
    std::thread::scope(|scope| {
        let working = scope.spawn(work);
        while !working.is_finished() {
            if every.due() {
                meanwhile();
            }
            std::thread::sleep(SHORT);
        }
        working.join().ok()
    })
}

/// Ends: the source first, then what is on its way to receivers.
fn finish(
    (engine, hub): (engine::Engine, ExportHub),
    notify: &Notify,
    status: &ProbeStatus,
    (ring, is_endless): (Option<Arc<RingStatus>>, bool),
    line: &mut clock::Ticker,
) -> Result<u8> {
    notify.tell("STOPPING=1");
    status.set(engine.latest(), false);
    let end = move || {
        let (last, failure) = (engine.last(), engine.failure());
        // The engine's end of the queue goes with it: the hub sees that nothing more comes.
        drop(engine);
        (last, failure, hub.finish())
    };
    // A receiver may take its time, and whoever reads the log wants to know that it is waited for.
    let ended = attended(end, line, || log(Level::Info, "stopping", status.value()));
    let (last, failure, board) = ended.ok_or_else(|| Error::io("probe", &std::io::Error::other("the end broke off")))?;
    let is_lost = board.states().iter().any(|state| state.lost() > 0);
    status.set(last, false);
    // Of a capture everything was to arrive; of a port what is lost is counted, and told.
    let level = match (&failure, is_lost) {
        (Some(_), _) => Level::Error,
        (None, true) => {
            if is_endless {
                Level::Warning
            } else {
                Level::Error
            }
        }
        (None, false) => Level::Info,
    };
    let mut fields = status.value();
    if let (Some(trouble), Some(fields)) = (ring.and_then(|ring| ring.trouble()), fields.as_object_mut()) {
        fields.insert("ring_trouble".into(), trouble.into());
    }
    log(level, "ended", fields);
    failure.map_or(Ok(u8::from(is_lost && !is_endless)), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceInfo;

    #[test]
    fn a_port_that_goes_and_comes_back_is_told_once_each() {
        let with = |warning: Option<&str>| {
            let source = SourceInfo { name: "eth1".into(), warning: warning.map(str::to_owned), ..SourceInfo::default() };
            let mut snapshot = Snapshot::default();
            snapshot.capture.sources.push(source);
            Arc::new(snapshot)
        };
        let mut watch = SourceWatch::default();
        let mut told = |warning: Option<&str>| watch.news(&with(warning)).into_iter().map(|(_, trouble)| trouble).collect::<Vec<_>>();
        assert_eq!(told(None), []);
        assert_eq!(told(Some("eth1 is gone")), [Some("eth1 is gone".to_owned())]);
        assert_eq!(told(Some("eth1 is gone")), []);
        assert_eq!(told(None), [None]);
        assert_eq!(told(None), []);
    }

    #[test]
    fn while_the_end_takes_its_time_the_log_goes_on() {
        let mut lines = 0;
        let (go, wait) = std::sync::mpsc::channel();
        let mut every = clock::Ticker::new(Duration::ZERO, Duration::from_millis(1));
        let done = attended(
            move || wait.recv().is_ok(),
            &mut every,
            || {
                lines += 1;
                if lines == 3 {
                    go.send(()).unwrap();
                }
            },
        );
        assert_eq!((done, lines >= 3), (Some(true), true));
    }
}
