//! The loop: events in, frames out.

use super::actions::line;
use super::app::App;
use super::options::{DashboardOptions, MaskedSide};
use super::row_action::Bookmark;
use super::screen::Effect;
use super::terminal::{Events, RawTerminal, TerminalEvents, panics};
use super::theme::{Background, Theme};
use crate::error::{Error, Result};
use crate::model::{clock, units};
use crate::snapshot::{Feed, Snapshot};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// At most this often a frame is drawn: ten a second.
const FRAME: Duration = Duration::from_millis(100);
/// A key is answered at once, but a held key must not draw without end.
const KEY_FRAME: Duration = Duration::from_millis(25);
/// How long to wait for an event before looking at the feed again.
const WAIT: Duration = Duration::from_millis(50);

/// The theme the environment and the user ask for.
pub(super) fn theme(options: &DashboardOptions) -> Theme {
    let theme = Theme::detect(options.color, options.background, &|name| std::env::var(name).ok());
    theme.with_ascii(options.ascii.unwrap_or(theme.is_ascii()))
}

/// The same on the background the terminal says it has, where the user has said none.
pub(super) fn asked(theme: Theme, options: &DashboardOptions, keys: &mut TerminalEvents) -> Theme {
    let asks = theme.is_coloured() && (options.background == Background::Auto || !theme.is_painted());
    let light = asks.then(|| keys.background()).flatten();
    match (options.background, light) {
        (_, None) | (Background::Dark | Background::Light, _) => theme,
        (Background::Named(name), Some(light)) => theme.on(light).named(name),
        (Background::Auto, Some(light)) => theme.on(light),
    }
}

/// What is left of a dashboard.
#[derive(Debug, Default)]
pub struct Left {
    /// Its bookmarks, a line each.
    pub bookmarks: Vec<String>,
    /// What was looked at, as the screen called it in the end.
    pub title: String,
    /// The last picture, where addresses and names were hidden in the end.
    pub masked: Option<Arc<Snapshot>>,
}

/// What is shown while addresses and names are hidden, and what comes back afterwards.
struct Masked {
    feed: Box<dyn Feed>,
    options: DashboardOptions,
    bookmarks: Vec<Bookmark>,
}

/// Shows the dashboard until the user leaves, a signal comes, or the terminal goes. A source that ends or fails stays on screen.
///
/// # Errors
/// When there is no terminal, or it cannot be set up.
pub fn run(feed: &dyn Feed, options: &DashboardOptions) -> Result<Left> {
    let mut screen = RawTerminal::enter(&options.stop)?;
    let mut keys = TerminalEvents::new();
    let mut app = App::new(options.clone(), asked(theme(options), options, &mut keys));
    let mut masked = None;
    let outcome = watch(feed, &mut masked, &mut app, &mut screen, &mut keys);
    drop(screen);
    let panics = panics();
    if !panics.is_empty() {
        return Err(Error::internal(format!("a fault of this program ended the analysis: {}", panics.join("; "))));
    }
    match outcome {
        Err(e) if !options.stop.load(Ordering::Relaxed) && e.kind() != std::io::ErrorKind::UnexpectedEof => Err(Error::io("terminal", &e)),
        // A terminal that has gone (a closed ssh session) is a way of leaving.
        _ => Ok(Left {
            bookmarks: app.bookmarks.iter().map(|bookmark| line(bookmark, options.utc_offset)).collect(),
            title: app.options.source_title.clone(),
            masked: masked.map(|masked| masked.feed.last()),
        }),
    }
}

fn watch(
    clear: &dyn Feed,
    masked: &mut Option<Masked>,
    app: &mut App,
    screen: &mut RawTerminal,
    events: &mut dyn Events,
) -> std::io::Result<()> {
    let begun = clock::now();
    let mut drawn: Option<Instant> = None;
    let (mut changed, mut pressed) = (true, false);
    let mut turns = false;
    while !app.options.stop.load(Ordering::Relaxed) {
        if std::mem::take(&mut turns) {
            if masked.is_none() && app.options.mask.is_some() {
                // It is opened again first, which takes a while where it is large.
                app.say("names are being hidden: it is read once more …".into());
                screen.frame(|frame| draw(app, frame))?;
            }
            mask(masked, app);
        }
        let feed = masked.as_ref().map_or(clear, |masked| masked.feed.as_ref());
        if screen.attend()? {
            (changed, drawn) = (true, None);
        }
        changed |= app.tick(clock::since(begun));
        changed |= app.note_age(feed.age());
        changed |= app.note_read(feed.read());
        changed |= app.note_packets();
        changed |= app.note_saved();
        changed |= app.note_span();
        changed |= app.note_baseline();
        changed |= app.see(feed.latest(), feed.failure().map(|e| e.to_string()));
        obey(feed, app.question());
        let least = if pressed { KEY_FRAME } else { FRAME };
        let due = drawn.is_none_or(|at| clock::since(at) >= least);
        if changed && due {
            screen.frame(|frame| draw(app, frame))?;
            drawn = Some(clock::now());
            (changed, pressed) = (false, false);
        }
        let wait = if changed { drawn.map_or(WAIT, |at| least.saturating_sub(clock::since(at))) } else { WAIT };
        let event = events.next(wait)?;
        (changed, pressed) = (changed | event.is_some(), pressed | event.is_some());
        match attend(feed, app, screen, events, event)? {
            Next::GoOn => {}
            Next::Suspend => drawn = None,
            Next::Mask => turns = true,
            Next::Leave => return Ok(()),
        }
    }
    Ok(())
}

/// Does what was typed and clicked, as much as there is in a moment; what is to be done next, a suspended screen being there again already.
fn attend(
    feed: &dyn Feed,
    app: &mut App,
    screen: &mut RawTerminal,
    events: &mut dyn Events,
    mut event: Option<ratatui::crossterm::event::Event>,
) -> std::io::Result<Next> {
    let mut next = Next::GoOn;
    // Input without end (a cat on the keyboard, a program that types) must not keep from drawing or from signals.
    let read_until = clock::now() + KEY_FRAME;
    while let Some(now) = event {
        // A span may be marked from this moment on.
        app.note_age(feed.age());
        let effects = app.update(&now).into_iter().filter_map(|effect| outside(app, screen, effect)).collect::<Vec<_>>();
        match obey(feed, effects) {
            Next::GoOn => {}
            Next::Suspend => {
                screen.suspend(true)?;
                next = Next::Suspend;
            }
            // What else was typed is for what is shown then.
            other => return Ok(other),
        }
        event = if clock::now() < read_until { events.next(Duration::ZERO)? } else { None };
    }
    Ok(next)
}

/// Draws one frame.
pub(super) fn draw(app: &mut App, frame: &mut ratatui::Frame) {
    let painted = app.paint(frame.buffer_mut());
    if let Some(cursor) = painted.cursor {
        frame.set_cursor_position(cursor);
    }
    app.painted(painted);
}

/// Does what takes the terminal or another program, and says what became of it; what is for the feed comes back.
fn outside(app: &mut App, screen: &mut RawTerminal, effect: Effect) -> Option<Effect> {
    let said = match effect {
        Effect::Copy(text, what) => match screen.copy(&text) {
            Ok(()) => format!("copied {what}, where the terminal allows it: {text}"),
            Err(e) => format!("not copied: {e}"),
        },
        Effect::Export(export) => match &app.options.export {
            Some(write) => write(&export),
            None => "there is nowhere to write to: --save-dir DIR names a directory (without it the dashboard may write no file)".into(),
        },
        Effect::Open { program, file, filter } => match app.options.open.clone() {
            // It has the terminal meanwhile.
            Some(open) if program == "termshark" => screen.lend(|| open(program, &file, filter.as_deref())),
            Some(open) => open(program, &file, filter.as_deref()),
            None => {
                let command = command(program, &file, filter.as_deref());
                let copied =
                    if screen.copy(&command).is_ok() { "copied, for it runs no programs itself (--no-sandbox does): " } else { "" };
                format!("{copied}{command}")
            }
        },
        other => return Some(other),
    };
    app.say(said);
    None
}

/// A command line that a shell takes as it is meant.
fn command(program: &str, file: &std::path::Path, filter: Option<&str>) -> String {
    let quoted = |text: &str| format!("'{}'", crate::model::text::printable(text).replace('\'', r"'\''"));
    let filter = filter.map(|filter| format!(" -Y {}", quoted(filter))).unwrap_or_default();
    format!("{program} -r {}{filter}", quoted(&file.display().to_string()))
}

/// What the loop does after an event.
enum Next {
    GoOn,
    Suspend,
    Mask,
    Leave,
}

/// Hides addresses and names, or shows them again: from then on the dashboard knows only what was made so.
fn mask(masked: &mut Option<Masked>, app: &mut App) {
    if let Some(Masked { options, mut bookmarks, .. }) = masked.take() {
        bookmarks.append(&mut app.bookmarks);
        app.begin_again(options, bookmarks);
        return app.say("addresses and names are shown again".into());
    }
    let Some(make) = app.options.mask.clone() else {
        let why = if app.options.is_masked { "they are replaced from the beginning (--anonymize)" } else { "it cannot be read again" };
        return app.say(why.into());
    };
    match make() {
        Ok(MaskedSide { feed, options, left_out, writes_clear }) => {
            let clear = app.options.clone();
            let bookmarks = std::mem::take(&mut app.bookmarks);
            app.begin_again(*options, Vec::new());
            let kept = (!bookmarks.is_empty()).then(|| units::plural(bookmarks.len() as u64, "bookmark"));
            let without: Vec<String> = left_out.into_iter().chain(kept).collect();
            let mut said = "addresses and names are hidden: it is analysed once more, A shows them again".to_owned();
            if !without.is_empty() {
                said.push_str(&format!("; without {}", without.join(", ")));
            }
            if writes_clear {
                said.push_str("; files that --ring and --save-on write hold packets as they came");
            }
            app.say_long(said);
            *masked = Some(Masked { feed, options: clear, bookmarks });
        }
        Err(error) => app.say_long(format!("not hidden: {error}")),
    }
}

/// Does what the dashboard asks for.
fn obey(feed: &dyn Feed, effects: impl IntoIterator<Item = Effect>) -> Next {
    let mut next = Next::GoOn;
    for effect in effects {
        match effect {
            Effect::Ask(query) => feed.ask(query),
            Effect::Reset => feed.reset(),
            Effect::Suspend => next = Next::Suspend,
            Effect::Mask => next = Next::Mask,
            Effect::Quit => return Next::Leave,
            // The dashboard has done these itself, or the terminal.
            Effect::Done
            | Effect::Say(_)
            | Effect::Step(_)
            | Effect::Explain
            | Effect::NotJudged
            | Effect::Copy(..)
            | Effect::Export(_)
            | Effect::Open { .. } => {}
        }
    }
    next
}
