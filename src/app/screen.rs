//! The dashboard: an engine in the background, a screen in front.

use super::console::Console;
use super::{check, engine_settings, output, signals, source};
use crate::capture::{Source, ports};
use crate::cli::Common;
use crate::engine::Engine;
use crate::error::Result;
use crate::model::time::SECOND;
use crate::model::{Mac, Timestamp};
use crate::names;
use crate::settings::{BackgroundChoice, Color, InputSettings, LiveSettings};
use crate::snapshot::{Feed, Query};
use crate::tui;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Lets the user pick an interface, then watches it.
pub fn pick_and_watch(common: &Common) -> Result<()> {
    let stop = Arc::default();
    signals::guard(&stop, tui::give_back)?;
    let Some(name) = tui::pick(&ports::list, &options("", common, &stop))? else { return Ok(()) };
    let live = LiveSettings { interfaces: vec![name], ..LiveSettings::default() };
    let input = InputSettings::Live(live);
    show(&input, open(&input, common)?, common, &stop)
}

/// Watches interfaces or captures.
pub fn watch(input: &InputSettings, common: &Common) -> Result<()> {
    // Opened first: threads that are started later begin with what rights are left.
    let source = open(input, common)?;
    let stop = Arc::default();
    signals::guard(&stop, tui::give_back)?;
    show(input, source, common, &stop)
}

fn open(input: &InputSettings, common: &Common) -> Result<Box<dyn Source>> {
    source::open(input, None, common, &Console::new(common)).map(|(source, _)| source)
}

fn show(input: &InputSettings, source: Box<dyn Source>, common: &Common, stop: &Arc<AtomicBool>) -> Result<()> {
    let mut settings = engine_settings(common, input, &source.info());
    settings.query = Query::default();
    let engine = Engine::start(source, &settings)?;
    let title = source::title(input);
    tui::run(&engine, &options(&title, common, stop))?;
    let leaving = tui::ExitSummary::of(&engine.last(), &title);
    // A source that does not end must not hold the program up now: from here on a signal ends it.
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    output::print(Console::new(common).text(&(leaving.lines().join("\n") + "\n")).as_bytes())?;
    engine.failure().map_or(Ok(()), Err)
}

fn options(title: &str, common: &Common, stop: &Arc<AtomicBool>) -> tui::DashboardOptions {
    tui::DashboardOptions {
        source_title: title.to_owned(),
        stop: Arc::clone(stop),
        explain: check::explanation,
        manufacturer,
        service,
        color: match common.console.color {
            Color::Auto => tui::ColorChoice::Auto,
            Color::Always => tui::ColorChoice::Always,
            Color::Never => tui::ColorChoice::Never,
        },
        background: match common.console.background {
            BackgroundChoice::Auto => tui::Background::Auto,
            BackgroundChoice::Dark => tui::Background::Dark,
            BackgroundChoice::Light => tui::Background::Light,
        },
        ascii: common.console.ascii.then_some(true),
        utc_offset,
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
