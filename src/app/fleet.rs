//! A fleet: a database that many probes write to, asked from a thread of its own, shown on a terminal or as a report.

use super::console::Console;
use super::preferences::{Keeper, Preferences};
use super::rights::{self, ExportRights, Needs};
use super::{output, screen, signals};
use crate::cli::Common;
use crate::error::{Error, Result};
use crate::export::ExportTarget;
use crate::export::clickhouse::{self, DatabaseLink, DatabasePlan};
use crate::fleet::report::{self, FleetReport};
use crate::fleet::{AskDatabase, FleetDatabase, FleetFeed, FleetPicture, FleetQuestion, FleetSpan, FleetView, SharedTraffic};
use crate::model::limits::FLEET_ANSWER_BYTES;
use crate::model::time::SECOND;
use crate::model::{Timestamp, clock};
use crate::tui;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often the server is asked how probes are.
const REFRESH: Duration = Duration::from_secs(5);
/// How often conversations are counted at the most; one that takes long is counted less often.
const RECOUNT: Duration = Duration::from_secs(60);
/// Of the server's time counting takes one part in so many.
const COUNT_SHARE: u32 = 20;
/// Rows of a day that is over for so many seconds are expected to be there, and it is not asked for again.
const SETTLED: i64 = 6 * 3_600;

impl AskDatabase for DatabaseLink {
    fn ask(&self, sql: &str) -> std::result::Result<String, String> {
        self.read(sql, FLEET_ANSWER_BYTES)
    }

    fn database(&self) -> &str {
        DatabaseLink::database(self)
    }
}

/// The database that is named, else the first that this host's probe writes to, with what the configuration file says of it.
fn target(url: Option<&str>, preferences: &Preferences) -> Result<ExportTarget> {
    let own = || preferences.probe.exports.iter().find(|text| text.starts_with("clickhouse:")).map(String::as_str);
    let wanted = "which database? spantop fleet clickhouse:https://HOST:8443/DATABASE";
    let text = url.or_else(own).ok_or_else(|| Error::usage(wanted))?;
    let is_bare = text.starts_with("http://") || text.starts_with("https://");
    let text = if is_bare { format!("clickhouse:{text}") } else { text.to_owned() };
    if !text.starts_with("clickhouse:") {
        return Err(Error::usage(format!("{text}: no database that fleet reads; {wanted}")));
    }
    let target = ExportTarget::parse(&text).map_err(|e| Error::usage(e.to_string().trim_start_matches("--export ")))?;
    let options = preferences.probe.options.get(&target.exporter).cloned().unwrap_or_default();
    Ok(ExportTarget { options, ..target })
}

/// The span that was asked for.
pub fn span(last: Duration, [from, to]: [Option<Timestamp>; 2]) -> Result<FleetSpan> {
    let second = |time: Timestamp| time.0.div_euclid(SECOND);
    let length = i64::try_from(last.as_secs()).unwrap_or(i64::MAX);
    let span = match (from, to) {
        (None, None) => FleetSpan::last(length),
        (None, Some(to)) => FleetSpan::between(second(to).saturating_sub(length), second(to)),
        (Some(from), to) => FleetSpan::between(second(from), second(to.unwrap_or_else(clock::wall))),
    };
    span.ok_or_else(|| Error::usage("a span of a minute to 400 days is wanted, which ends behind its beginning"))
}

/// Prints what makes a database, or its users.
pub fn init(plan: &DatabasePlan<'_>, what: &str) -> Result<()> {
    if let Some((unknown, _)) = plan.keep.iter().find(|(table, _)| !clickhouse::table_names().contains(&table.as_str())) {
        let all = clickhouse::table_names().join(", ");
        return Err(Error::usage(format!("--keep {unknown}: no such table; there are {all}")));
    }
    let text = match what {
        "users" => clickhouse::users_sql(plan),
        "users-xml" => clickhouse::users_xml(plan),
        _ => clickhouse::migrations(plan),
    };
    output::print(text.as_bytes())
}

/// Shows a fleet.
pub fn run(
    console: &Console,
    (common, preferences): (&Common, &Preferences),
    url: Option<&str>,
    span: FleetSpan,
    format: Option<&str>,
) -> Result<()> {
    let target = target(url, preferences)?;
    let link = DatabaseLink::open(&target)?;
    let rights = ExportRights { connects: vec![link.port()], ..ExportRights::default() };
    match format {
        None if console.interactive() => watch(console, (common, preferences), (link, rights), &target, span),
        _ => {
            let (key, gate) = rights::gate(rights, &common.rights);
            key.open();
            gate.waiting()();
            write(console, &FleetDatabase::new(link), span, format.unwrap_or("text"))
        }
    }
}

fn write(console: &Console, fleet: &FleetDatabase<DatabaseLink>, span: FleetSpan, format: &str) -> Result<()> {
    let failed = |what: String| Error::io("fleet", &std::io::Error::other(what));
    let picture = fleet.picture(span).map_err(failed)?;
    let shared = shared(fleet, &picture);
    let mut out = Vec::new();
    let report = FleetReport { picture: &picture, shared: shared.as_ref().map_err(String::as_str) };
    report::write(format, &report, &mut out).map_err(|e| Error::io("fleet", &e))?;
    match format {
        "text" => output::print(console.text(&String::from_utf8_lossy(&out)).as_bytes()),
        _ => output::print(&out),
    }
}

/// All pieces of the span, one after the other.
fn shared(fleet: &FleetDatabase<DatabaseLink>, picture: &FleetPicture) -> std::result::Result<SharedTraffic, String> {
    // A database without probes does not say the time, and has nothing to count.
    let pieces = if picture.probes.is_empty() { Vec::new() } else { picture.span.pieces(picture.asked) };
    let mut all = SharedTraffic { pieces: (0, pieces.len()), ..SharedTraffic::default() };
    for piece in pieces {
        all.add(&fleet.shared(piece)?);
    }
    Ok(all)
}

fn watch(
    console: &Console,
    (common, preferences): (&Common, &Preferences),
    (link, rights): (DatabaseLink, ExportRights),
    target: &ExportTarget,
    span: FleetSpan,
) -> Result<()> {
    let stop = Arc::default();
    let guard = signals::guard(&stop, tui::give_back, &common.rights)?;
    let keeper = Arc::new(Keeper::open(common));
    let name = target.target.split_once("://").map_or(target.target.as_str(), |(_, rest)| rest).to_owned();
    let board = Arc::new(Board::new(FleetQuestion { span, ..FleetQuestion::default() }));
    // Started before rights are given up here, and gives up its own: it connects to the database's port and nothing else.
    let (key, gate) = rights::gate(rights, &common.rights);
    let (before, asker) = (gate.waiting(), Arc::clone(&board));
    let start = std::thread::Builder::new().name("fleet".into()).spawn(move || {
        before();
        Asker { fleet: FleetDatabase::new(link), board: asker, counted: Counted::default() }.run();
    });
    start.map_err(|e| Error::io("cannot start the thread that asks the database", &e))?;
    rights::give_up(&common.rights, &Needs { early: vec![guard], ..Needs::default() }, None, console)?;
    key.open();
    tui::fleet(&*board, &screen::options(&name, common, (preferences, &keeper), &stop))
}

/// What is asked and what is known, between the thread that asks and the one that draws.
struct Board {
    state: Mutex<BoardState>,
    changed: Condvar,
}

struct BoardState {
    question: FleetQuestion,
    view: Arc<FleetView>,
    taken: Option<Instant>,
}

impl Board {
    fn new(question: FleetQuestion) -> Self {
        Self { state: Mutex::new(BoardState { question, view: Arc::default(), taken: None }), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, BoardState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn question(&self) -> FleetQuestion {
        self.state().question.clone()
    }

    fn publish(&self, change: impl FnOnce(&mut FleetView)) {
        let mut state = self.state();
        let mut view = FleetView::clone(&state.view);
        change(&mut view);
        view.generation = view.generation.wrapping_add(1);
        state.view = Arc::new(view);
    }

    fn took(&self) {
        self.state().taken = Some(clock::now());
    }

    /// Waits so long, or until something else is asked than this.
    fn wait(&self, asked: &FleetQuestion, at_most: Duration) {
        let waiting = |state: &mut BoardState| state.question == *asked;
        drop(self.changed.wait_timeout_while(self.state(), at_most, waiting).unwrap_or_else(PoisonError::into_inner));
    }
}

impl FleetFeed for Board {
    fn view(&self) -> Arc<FleetView> {
        Arc::clone(&self.state().view)
    }

    fn age(&self) -> Option<Duration> {
        self.state().taken.map(clock::since)
    }

    fn ask(&self, question: FleetQuestion) {
        self.state().question = question;
        self.changed.notify_all();
    }
}

/// Conversations that were counted.
#[derive(Default)]
struct Counted {
    /// Days that are over.
    days: HashMap<(i64, i64), SharedTraffic>,
    /// When counting was done last, for which span, and how long it took.
    done: Option<(Instant, FleetSpan, Duration)>,
}

/// The thread that asks.
struct Asker {
    fleet: FleetDatabase<DatabaseLink>,
    board: Arc<Board>,
    counted: Counted,
}

impl Asker {
    /// As long as the program runs.
    fn run(mut self) {
        loop {
            let question = self.board.question();
            let outcome = self.round(&question);
            let trouble = outcome.err();
            if self.board.view().trouble != trouble {
                self.board.publish(|view| view.trouble = trouble);
            }
            self.board.wait(&question, REFRESH);
        }
    }

    fn round(&mut self, question: &FleetQuestion) -> std::result::Result<(), String> {
        let picture = Arc::new(self.fleet.picture(question.span)?);
        self.board.took();
        let shown = Arc::clone(&picture);
        self.board.publish(|view| (view.picture, view.trouble) = (Some(shown), None));
        if let Some(name) = &question.probe {
            if let Some(subject) = &question.subject {
                let detail = Arc::new(self.fleet.detail(&picture, (name, subject), question.span)?);
                self.board.publish(|view| view.detail = Some(detail));
            } else {
                let story = Arc::new(self.fleet.story(&picture, name, question.span)?);
                self.board.publish(|view| view.story = Some(story));
            }
        }
        self.count(question, picture.asked)
    }

    /// Counts conversations, where it is time to.
    fn count(&mut self, question: &FleetQuestion, now: i64) -> std::result::Result<(), String> {
        let is_due = |(at, span, took): &(Instant, FleetSpan, Duration)| {
            *span != question.span || clock::since(*at) >= RECOUNT.max(took.saturating_mul(COUNT_SHARE))
        };
        if !self.counted.done.as_ref().is_none_or(is_due) {
            return Ok(());
        }
        let begun = clock::now();
        let pieces = if now > 0 { question.span.pieces(now) } else { Vec::new() };
        let is_other = self.counted.done.as_ref().is_none_or(|(_, span, _)| *span != question.span);
        let mut all = SharedTraffic { pieces: (0, pieces.len()), ..SharedTraffic::default() };
        for piece in pieces {
            if self.board.question() != *question {
                return Ok(());
            }
            let known = self.counted.days.get(&piece);
            let counted = known.map_or_else(|| self.fleet.shared(piece), |known| Ok(known.clone()))?;
            all.add(&counted);
            if piece.1.saturating_add(SETTLED) <= now && piece.1.saturating_sub(piece.0) == FleetSpan::DAY.seconds() {
                self.counted.days.insert(piece, counted);
            }
            // The first time it is shown as it grows.
            if is_other || all.is_whole() {
                let shown = (question.span, Arc::new(all.clone()));
                self.board.publish(|view| view.shared = Some(shown));
            }
        }
        self.counted.done = Some((clock::now(), question.span, clock::since(begun)));
        Ok(())
    }
}
