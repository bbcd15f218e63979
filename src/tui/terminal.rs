//! The terminal: taken over at the start, given back at the end, whatever the end is.

use crate::error::{Error, Result};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{execute, queue};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::io::{BufWriter, IsTerminal, Stdout, Write, stdin, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Where events come from: the terminal, or a test.
pub(super) trait Events {
    /// Waits at most so long for an event.
    ///
    /// # Errors
    /// When the terminal has gone.
    fn next(&mut self, wait: Duration) -> std::io::Result<Option<Event>>;
}

/// Events of the terminal.
pub(super) struct Keys;

impl Events for Keys {
    fn next(&mut self, wait: Duration) -> std::io::Result<Option<Event>> {
        let pause = if readable(wait)? { Duration::ZERO } else { wait };
        if event::poll(pause)? { event::read().map(Some) } else { Ok(None) }
    }
}

/// Waits for input or a signal. Crossterm reads from a terminal that has gone without end, so whether it has is looked at before.
/// `false` where the system cannot wait for terminals this way.
fn readable(wait: Duration) -> std::io::Result<bool> {
    let input = stdin();
    let mut waiting = [PollFd::new(&input, PollFlags::IN)];
    let limit = Timespec { tv_sec: wait.as_secs().min(3600) as _, tv_nsec: wait.subsec_nanos().into() };
    // An interruption is a signal: a new size, perhaps.
    let _ = poll(&mut waiting, Some(&limit));
    let [input] = &waiting;
    if input.revents().intersects(PollFlags::HUP) {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(!input.revents().intersects(PollFlags::NVAL | PollFlags::ERR))
}

/// Bytes gathered before they are written: one frame goes out in few pieces, which matters over ssh.
const FRAME_BYTES: usize = 64 * 1024;

type Out = BufWriter<Stdout>;

/// The terminal while the dashboard has it. Dropping it gives it back.
pub(super) struct Screen {
    /// To draw on.
    pub terminal: Terminal<CrosstermBackend<Out>>,
    signals: Vec<SigId>,
}

impl Screen {
    /// Takes the terminal over; signals set `stop`.
    ///
    /// # Errors
    /// When there is no terminal, or it cannot be set up.
    pub fn enter(stop: &Arc<AtomicBool>) -> Result<Self> {
        if !stdin().is_terminal() || !stdout().is_terminal() {
            return Err(Error::usage("the dashboard needs a terminal for its input and output; for scripts there are reports (`--help`)"));
        }
        let failed = |e: std::io::Error| Error::io("terminal", &e);
        let mut signals = Vec::new();
        for signal in [SIGTERM, SIGINT, SIGHUP] {
            signals.push(signal_hook::flag::register(signal, Arc::clone(stop)).map_err(failed)?);
        }
        restore_on_panic(stop);
        enable_raw_mode().map_err(failed)?;
        TAKEN.store(true, Ordering::Relaxed);
        let mut out = BufWriter::with_capacity(FRAME_BYTES, stdout());
        let entered = execute!(out, EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste);
        let terminal = entered.and_then(|()| Terminal::new(CrosstermBackend::new(out)));
        match terminal {
            Ok(terminal) => Ok(Self { terminal, signals }),
            Err(e) => {
                restore();
                Err(failed(e))
            }
        }
    }

    /// Draws one frame; a terminal that can shows it in one go.
    ///
    /// # Errors
    /// When the terminal has gone.
    pub fn frame(&mut self, draw: impl FnOnce(&mut ratatui::Frame)) -> std::io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(draw)?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
        for id in self.signals.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}

/// Whether the dashboard has the terminal.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Gives the terminal back, once: leaving the alternate screen again would put the cursor back where the dashboard began, and what
/// is written next (a shell's prompt) over the message of a panic. Failures are of no use to anybody here: there is no terminal left to tell them to.
fn restore() {
    if !TAKEN.swap(false, Ordering::Relaxed) {
        return;
    }
    let mut out = stdout();
    let _ = execute!(out, EndSynchronizedUpdate, DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen, Show);
    let _ = out.flush();
    let _ = disable_raw_mode();
}

/// What other threads' panics said while the dashboard had the terminal.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A panic of this thread gives the terminal back before it is told. One of another thread, without which nothing on the screen would be
/// true any more, ends the dashboard and is told afterwards ([`panics`]).
fn restore_on_panic(stop: &Arc<AtomicBool>) {
    let before = std::panic::take_hook();
    let (owner, stop) = (std::thread::current().id(), Arc::clone(stop));
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == owner {
            restore();
        } else if TAKEN.load(Ordering::Relaxed) {
            PANICS.lock().unwrap_or_else(PoisonError::into_inner).push(info.to_string());
            return stop.store(true, Ordering::Relaxed);
        }
        before(info);
    }));
}

/// What threads that panicked said, for the terminal that is ours no more.
pub(super) fn panics() -> Vec<String> {
    std::mem::take(&mut *PANICS.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Set in the process that panics: the hook is the whole process's.
    const INSIDE: &str = "SPANTOP_PANIC_TEST";

    #[test]
    fn another_threads_panic_ends_the_dashboard_and_is_told_afterwards() {
        if std::env::var_os(INSIDE).is_none() {
            let name = "tui::terminal::tests::another_threads_panic_ends_the_dashboard_and_is_told_afterwards";
            let program = std::env::current_exe().expect("the path of this test");
            let output = Command::new(program).args(["--exact", name, "--nocapture"]).env(INSIDE, "1").output().expect("the test inside");
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{told}");
            assert!(told.contains("afterwards") && !told.contains("meanwhile"), "{told}");
            return;
        }
        let panics_in_a_thread = |text: &'static str| assert!(std::thread::spawn(move || panic!("{text}")).join().is_err());
        let stop = Arc::new(AtomicBool::new(false));
        restore_on_panic(&stop);
        TAKEN.store(true, Ordering::Relaxed);
        panics_in_a_thread("meanwhile");
        assert!(stop.load(Ordering::Relaxed));
        TAKEN.store(false, Ordering::Relaxed);
        let kept = panics();
        assert!(kept.len() == 1 && kept[0].contains("meanwhile") && panics().is_empty(), "{kept:?}");
        panics_in_a_thread("afterwards");
    }
}
