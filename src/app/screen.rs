//! The dashboard: an engine in the background, a screen in front.

use super::{check, console, engine_settings, signals, source};
use crate::capture::ports;
use crate::cli::{Color, Common, Input, Live};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::model::limits::MAX_PACKET_BYTES;
use crate::model::{Mac, units};
use crate::names;
use crate::report::document::people::plural;
use crate::snapshot::{Feed, Query, Snapshot};
use crate::tui;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Kernel buffer of a port that was picked from the list, as `--buffer` has it by default.
const BUFFER_BYTES: usize = 64 << 20;

/// Lets the user pick an interface, then watches it.
pub fn pick_and_watch(common: &Common) -> Result<()> {
    let stop = signals::watch()?;
    let Some(name) = tui::pick(&ports::list, &options("", common, &stop))? else { return Ok(()) };
    let live = Live {
        interfaces: vec![name],
        filter: None,
        promiscuous: true,
        snaplen: MAX_PACKET_BYTES as u32,
        buffer_bytes: BUFFER_BYTES,
        limit: None,
    };
    show(&Input::Live(live), common, &stop)
}

/// Watches interfaces or captures.
pub fn watch(input: &Input, common: &Common) -> Result<()> {
    show(input, common, &signals::watch()?)
}

fn show(input: &Input, common: &Common, stop: &Arc<AtomicBool>) -> Result<()> {
    let source = source::open(input)?;
    let mut settings = engine_settings(common, input, &source.info());
    settings.query = Query::default();
    let engine = Engine::start(source, &settings)?;
    tui::run(&engine, &options(&source::title(input), common, stop))?;
    farewell(&engine.latest());
    engine.failure().map_or(Ok(()), |failure| Err(Error::runtime(failure)))
}

fn options(title: &str, common: &Common, stop: &Arc<AtomicBool>) -> tui::Options {
    tui::Options {
        source_title: title.to_owned(),
        stop: Arc::clone(stop),
        explain: check::explanation,
        manufacturer,
        service,
        color: match common.color {
            Color::Auto => tui::ColorChoice::Auto,
            Color::Always => tui::ColorChoice::Always,
            Color::Never => tui::ColorChoice::Never,
        },
        ..tui::Options::default()
    }
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

/// How long, how much, what was lost, what was wrong.
fn farewell(s: &Snapshot) {
    let lost = s.losses.lost_packets();
    console::say(format_args!("watched {}", units::duration(s.duration())));
    console::say(format_args!("{}, {}", plural(s.total.packets, "packet"), units::bytes(s.total.wire_bytes)));
    console::say(format_args!("lost {}", units::grouped(lost)));
    let wrong: Vec<&str> = s.findings.iter().filter(|f| f.active).map(|f| f.title.as_str()).collect();
    console::say(format_args!("wrong: {}", if wrong.is_empty() { "nothing seen".to_owned() } else { wrong.join("; ") }));
}
