//! The fleet: a list of probes, a page about each, and below it pages about hosts, services and conversations.
//!
//! ```text
//!  FleetFeed ─▶ FleetApp (what is looked at, keys) ─▶ list, page (level, lists) ─▶ widgets ─▶ cells
//! ```
//!
//! It is a dashboard of its own beside the one of packets: nothing is counted here, and there is nothing to save. Theme, tables and
//! charts are the same.

mod draw;
mod findings;
mod frame;
mod level;
mod list;
mod lists;
mod page;
mod shown;
mod state;

#[cfg(test)]
mod tests;

use super::options::DashboardOptions;
use super::run::{asked, theme};
use super::terminal::{Events, RawTerminal, TerminalEvents};
use crate::error::{Error, Result};
use crate::fleet::FleetFeed;
use state::{FleetApp, FleetEffect};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long an event is waited for before the feed is looked at again.
const WAIT: Duration = Duration::from_millis(100);

/// Shows a fleet until the user leaves, a signal comes, or the terminal goes.
///
/// # Errors
/// When there is no terminal, or it cannot be set up.
pub fn fleet(feed: &dyn FleetFeed, options: &DashboardOptions) -> Result<()> {
    let mut screen = RawTerminal::enter(&options.stop)?;
    let mut keys = TerminalEvents::new();
    let mut app = FleetApp::new(options.clone(), asked(theme(options), options, &mut keys));
    let outcome = watch(feed, &mut app, &mut screen, &mut keys);
    drop(screen);
    let panics = super::terminal::panics();
    if !panics.is_empty() {
        return Err(Error::internal(format!("a fault of this program ended the dashboard: {}", panics.join("; "))));
    }
    match outcome {
        Err(e) if !options.stop.load(Ordering::Relaxed) && e.kind() != std::io::ErrorKind::UnexpectedEof => Err(Error::io("terminal", &e)),
        _ => Ok(()),
    }
}

fn watch(feed: &dyn FleetFeed, app: &mut FleetApp, screen: &mut RawTerminal, events: &mut dyn Events) -> std::io::Result<()> {
    let mut changed = true;
    while !app.options.stop.load(Ordering::Relaxed) {
        changed |= screen.attend()?;
        changed |= app.see(feed.view(), feed.age());
        if changed {
            screen.frame(|frame| app.paint(frame.buffer_mut()))?;
        }
        changed = false;
        let mut event = events.next(WAIT)?;
        while let Some(now) = event {
            changed = true;
            match app.update(&now) {
                FleetEffect::Nothing => {}
                FleetEffect::Ask(question) => feed.ask(question),
                FleetEffect::Suspend => screen.suspend(true)?,
                FleetEffect::Quit => return Ok(()),
            }
            // What waits is read, unless there is no end of it.
            event = if app.is_busy() { None } else { events.next(Duration::ZERO)? };
        }
        app.rest();
    }
    Ok(())
}
