//! The dashboard: an engine in the background, a screen in front.

use super::console::{Console, say};
use super::masked_view::MaskedPlan;
use super::preferences::{Keeper, Preferences};
use super::privacy::{self, Privacy};
use super::rights::{EarlyThread, Needs};
use super::trigger::{self, SaveStatus, TriggerPlan};
use super::{ask, baseline, check, engine_settings, exports, output, recorder, signals, source};
use crate::ask::SharedAgent;
use crate::capture::file::PacketIndex;
use crate::capture::{Source, ports};
use crate::cli::Common;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::model::time::SECOND;
use crate::model::{Mac, Timestamp};
use crate::names;
use crate::record::RingStatus;
use crate::settings::{Color, InputSettings, LiveSettings, RecorderSettings, ThemeChoice};
use crate::snapshot::{Feed, PacketStore, Query, Snapshot};
use crate::tui;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Lets the user pick an interface, then watches it.
pub fn pick_and_watch(common: &Common, preferences: &Preferences, recorder: &RecorderSettings) -> Result<()> {
    trigger::refuse_unknown(&recorder.save_on)?;
    let stop = Arc::default();
    let guard = signals::guard(&stop, tui::give_back, &common.rights)?;
    let keeper = Arc::new(Keeper::open(common));
    let Some(name) = tui::pick(&ports::list, &options("", common, (preferences, &keeper), &stop))? else { return Ok(()) };
    let live = LiveSettings { interfaces: vec![name], ..LiveSettings::default() };
    let input = InputSettings::Live(live);
    let index = Arc::default();
    let asked = ask::agent(common, &input)?;
    let source = open(&input, common, (recorder, None), &index, guard)?;
    show(&input, (source, asked), common, (recorder, None, index), (preferences, &keeper), &stop)
}

/// Watches interfaces or captures.
pub fn watch(
    input: &InputSettings,
    common: &Common,
    preferences: &Preferences,
    (recorder, compare): (&RecorderSettings, Option<&Path>),
) -> Result<()> {
    trigger::refuse_unknown(&recorder.save_on)?;
    // Signals are waited for by a pair of sockets, which is refused once rights are given up.
    let stop = Arc::default();
    let guard = signals::guard(&stop, tui::give_back, &common.rights)?;
    // Opened before the others: threads that are started later begin with what rights are left.
    let index = Arc::default();
    let keeper = Arc::new(Keeper::open(common));
    let asked = ask::agent(common, input)?;
    let source = open(input, common, (recorder, compare), &index, guard)?;
    show(input, (source, asked), common, (recorder, compare, index), (preferences, &keeper), &stop)
}

fn open(
    input: &InputSettings,
    common: &Common,
    (recorder, compare): (&RecorderSettings, Option<&Path>),
    index: &Arc<PacketIndex>,
    guard: EarlyThread,
) -> Result<Box<dyn Source>> {
    privacy::prepare(common);
    let ring = recorder.ring.as_ref().map(|ring| ring.folder.clone());
    let reads = compare.map(Path::to_owned).into_iter().collect();
    let needs = Needs { reads, folders: recorder.save_dir.iter().cloned().chain(ring).collect(), early: vec![guard], ..Needs::default() };
    if let Some(folder) = needs.folders.iter().find(|folder| !folder.is_dir()) {
        return Err(Error::usage(format!("{}: no such directory", folder.display())));
    }
    source::open_noting(input, needs, Some(index), common, &Console::new(common)).map(|(source, _)| source)
}

fn show(
    input: &InputSettings,
    (source, asked): (Box<dyn Source>, Option<SharedAgent>),
    common: &Common,
    (recorder, compare, index): (&RecorderSettings, Option<&Path>, Arc<PacketIndex>),
    preferences: (&Preferences, &Arc<Keeper>),
    stop: &Arc<AtomicBool>,
) -> Result<()> {
    let mut settings = engine_settings(common, input, &source.info());
    settings.query = Query::default();
    settings.history = true;
    settings.switch = asked;
    let mut kept = recorder::PacketKeepers::of(input, source.as_ref(), common, recorder, &mut settings)?;
    let trigger = TriggerPlan::new(&recorder.save_on, &mut kept.listeners);
    let info = source.info();
    let looked_at = LookedAt { input, recorder, ring: kept.ring.clone(), saves: Arc::clone(&trigger.status) };
    let hiding = MaskedPlan::hiding(common);
    let shown_with = |common: &Common| looked_at.options(common, preferences, stop);
    let mut masked = MaskedPlan {
        input: input.clone(),
        recording: kept.recorder.clone(),
        info,
        save_dir: recorder.save_dir.clone(),
        options: tui::DashboardOptions { baseline: compare.map(|_| baseline::hidden()), ..shown_with(&hiding) },
        left_out: left_out(compare, common),
        writes_clear: recorder.ring.is_some() || !recorder.save_on.is_empty(),
        losses: None,
        common: hiding,
    };
    let engine = Engine::start_with(source, &settings, kept.listeners)?;
    masked.losses = matches!(input, InputSettings::Live(_)).then(|| engine.losses());
    let spans = recorder::spans((kept.recorder.clone(), None), input, Arc::clone(&index), &settings, common)?;
    let browser = recorder::browser((kept.recorder, kept.ring.clone()), input, index, common, recorder)?;
    let packets = browser.clone().map(|browser| browser as Arc<dyn PacketStore>);
    let trigger = trigger.start(browser)?;
    let baseline = compare.map(|path| baseline::start(path, input.filter(), common, stop)).transpose()?;
    let mask = (!common.privacy.anonymize).then(|| masked.maker());
    let options = tui::DashboardOptions { packets, spans, baseline, mask, ..shown_with(common) };
    let left = tui::run(&engine, &options)?;
    let last = engine.last();
    let saved = trigger.finish(&last);
    // A source that does not end must not hold the program up now: from here on a signal ends it.
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    print_exit_summary(left, last, common)?;
    saved.iter().for_each(|words| say(format_args!("{words}")));
    if let Some(ring) = kept.ring {
        ring.words().into_iter().for_each(|words| say(format_args!("warning: {words}")));
    }
    engine.failure().map_or(Ok(()), Err)
}

/// What is looked at, and what is written meanwhile.
struct LookedAt<'a> {
    input: &'a InputSettings,
    recorder: &'a RecorderSettings,
    ring: Option<Arc<RingStatus>>,
    saves: Arc<SaveStatus>,
}

impl LookedAt<'_> {
    /// What it is shown with, besides its packets. A screen whose names are hidden is made here as a clear one is: all that names somebody
    /// passes [`Privacy`].
    fn options(&self, common: &Common, preferences: (&Preferences, &Arc<Keeper>), stop: &Arc<AtomicBool>) -> tui::DashboardOptions {
        let privacy = Privacy::of(common);
        let folder = privacy.folder(self.recorder.save_dir.as_ref());
        let (ring, saves) = (self.ring.clone(), Arc::clone(&self.saves));
        tui::DashboardOptions {
            written: Some(Arc::new(move || ring.as_ref().and_then(|ring| ring.words()).or_else(|| saves.words()))),
            capture_file: privacy.capture_file(only_file(self.input)),
            export: folder.map(|folder| Arc::new(move |export: &tui::Export| exports::write(&folder, export)) as tui::ExportTo),
            open: (!common.rights.sandbox).then(|| Arc::new(exports::open) as tui::OpenWith),
            ..options(&privacy.title(self.input), common, preferences, stop)
        }
    }
}

/// What is not shown while names are hidden by a key.
fn left_out(compare: Option<&Path>, common: &Common) -> Vec<&'static str> {
    let left_out = [(compare.is_some(), "the comparison"), (common.switch.is_some(), "what the switch answers")];
    left_out.into_iter().filter_map(|(is_there, words)| is_there.then_some(words)).collect()
}

/// The capture that is looked at, where it is one file that ends.
fn only_file(input: &InputSettings) -> Option<PathBuf> {
    match input {
        InputSettings::Files(files) if !source::is_endless(input) && files.paths.len() == 1 => files.paths.first().cloned(),
        _ => None,
    }
}

/// Prints what was last counted and the bookmarks of who leaves, as the screen had it: who leaves a masked one does not want to read on the next
/// line what it hid.
fn print_exit_summary(left: tui::Left, last: Arc<Snapshot>, common: &Common) -> Result<()> {
    let tui::Left { title, bookmarks, masked } = left;
    let mut lines = tui::ExitSummary::of(&masked.unwrap_or(last), &title).lines().to_vec();
    if !bookmarks.is_empty() {
        lines.push("bookmarks:".into());
        lines.extend(bookmarks);
    }
    output::print(Console::new(common).text(&(lines.join("\n") + "\n")).as_bytes())
}

/// What every dashboard is shown with.
pub fn options(
    title: &str,
    common: &Common,
    (preferences, keeper): (&Preferences, &Arc<Keeper>),
    stop: &Arc<AtomicBool>,
) -> tui::DashboardOptions {
    let (keeper, privacy) = (Arc::clone(keeper), Privacy::of(common));
    tui::DashboardOptions {
        source_title: title.to_owned(),
        stop: Arc::clone(stop),
        explain: check::explanation_unwrapped,
        manufacturer,
        service,
        color: match common.console.color {
            Color::Auto => tui::ColorChoice::Auto,
            Color::Always => tui::ColorChoice::Always,
            Color::Never => tui::ColorChoice::Never,
        },
        background: match common.console.theme {
            ThemeChoice::Auto => tui::Background::Auto,
            ThemeChoice::Named("dark") => tui::Background::Dark,
            ThemeChoice::Named("light") => tui::Background::Light,
            ThemeChoice::Named(name) => tui::Background::Named(name),
        },
        ascii: common.console.ascii.then_some(true),
        utc_offset,
        bytes: preferences.bytes.unwrap_or(false),
        names: preferences.shows_names(),
        keymap: preferences.keymap.clone(),
        scale: preferences.scale,
        conversations: preferences.conversations,
        endpoints: preferences.endpoints,
        columns: Arc::new(preferences.columns.clone()),
        own_names: Arc::new(privacy.own_names(&preferences.own_names)),
        is_masked: privacy.hides(),
        keep: Some(Arc::new(move |kept: &tui::KeptChoices| privacy.without_folder(&keeper.keep(kept), keeper.path()))),
        ..tui::DashboardOptions::default()
    }
}

/// Seconds that this host's clocks show east of UTC at a time.
fn utc_offset(at: Timestamp) -> i64 {
    let time = jiff::Timestamp::from_second(at.0.div_euclid(SECOND)).unwrap_or_default();
    i64::from(jiff::tz::TimeZone::system().to_offset(time).seconds())
}

fn manufacturer(mac: Mac) -> Option<&'static str> {
    names::manufacturer(mac)
}

fn service(port: u16, transport: &str) -> Option<&'static str> {
    let transport = match transport {
        "tcp" => names::Transport::Tcp,
        "udp" => names::Transport::Udp,
        "sctp" => names::Transport::Sctp,
        _ => return None,
    };
    names::service(port, transport)
}
