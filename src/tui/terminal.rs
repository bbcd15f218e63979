//! The terminal: taken over at the start, given back at the end, whatever the end is.

use super::background::{self, LateAnswer};
use super::keystrokes::Keystrokes;
use crate::error::{Error, Result};
use crate::model::clock;
use crate::model::limits::{SCREEN_COLUMNS, SCREEN_ROWS};
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::clipboard::CopyToClipboard;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, size,
};
use ratatui::crossterm::{execute, queue};
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, getpgrp, getsid, kill_current_process_group};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::SigId;
use signal_hook::consts::{SIGABRT, SIGCONT, SIGTSTP, SIGWINCH};
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Read, Stdout, Write, stdin, stdout};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// Where events come from: the terminal, or a test.
pub(super) trait Events {
    /// Waits at most so long for an event.
    ///
    /// # Errors
    /// When the terminal has gone.
    fn next(&mut self, wait: Duration) -> std::io::Result<Option<Event>>;
}

/// The controlling terminal, whatever standard input is: `tcpdump -w - | spantop -` has its keys there.
const TTY: &str = "/dev/tty";

/// Events of the terminal.
pub(super) struct TerminalEvents {
    /// Open where standard input is no terminal; the event reader opens its own.
    tty: Option<File>,
    keys: Keystrokes,
    /// Set by the signal of a new size (SIGWINCH), which also ends a wait.
    resized: Arc<AtomicBool>,
    signal: Option<SigId>,
    late: LateAnswer,
}

impl TerminalEvents {
    /// Keys of standard input, or of the controlling terminal where that is something else.
    pub fn new() -> Self {
        let resized = Arc::default();
        Self {
            tty: if stdin().is_terminal() { None } else { File::open(TTY).ok() },
            keys: Keystrokes::default(),
            signal: signal_hook::flag::register(SIGWINCH, Arc::clone(&resized)).ok(),
            resized,
            late: LateAnswer::NONE,
        }
    }

    /// Asks the terminal for its background, before anything is drawn; whether it is light. Waits a tenth of a second at most.
    pub fn background(&mut self) -> Option<bool> {
        if !TAKEN.load(Ordering::Relaxed) || std::env::var("TERM").is_ok_and(|term| matches!(term.as_str(), "dumb" | "linux")) {
            return None;
        }
        let tty = File::open(TTY).ok()?;
        let mut out = stdout();
        out.write_all(background::QUESTION.as_bytes()).and_then(|()| out.flush()).ok()?;
        let begun = clock::now();
        let mut answer = Vec::new();
        while !background::complete(&answer) {
            let left = background::PATIENCE.saturating_sub(clock::since(begun));
            if left.is_zero() || answer.len() > 256 {
                self.late = LateAnswer::expected(clock::now(), &answer);
                break;
            }
            let mut waiting = [PollFd::new(&tty, PollFlags::IN)];
            let limit = Timespec { tv_sec: 0, tv_nsec: left.subsec_nanos().into() };
            let mut bytes = [0; 64];
            if matches!(poll(&mut waiting, Some(&limit)), Ok(1)) {
                let read = (&tty).read(&mut bytes).ok().filter(|n| *n > 0)?;
                answer.extend_from_slice(bytes.get(..read)?);
            }
        }
        let light = background::is_light(&answer);
        if light.is_none() {
            // Some answer the second question first.
            self.late = LateAnswer::expected(clock::now(), &answer);
        }
        light
    }
}

impl TerminalEvents {
    /// The next event of what has come, or that the terminal has another size.
    fn at_hand(&mut self) -> Option<Event> {
        if self.resized.swap(false, Ordering::Relaxed)
            && let Ok((width, height)) = size()
        {
            return Some(Event::Resize(width, height));
        }
        let (keys, late) = (&mut self.keys, &mut self.late);
        std::iter::from_fn(|| keys.next(clock::now())).find(|event| !late.swallows(event, clock::now()))
    }
}

impl Events for TerminalEvents {
    fn next(&mut self, wait: Duration) -> std::io::Result<Option<Event>> {
        if let Some(event) = self.at_hand() {
            return Ok(Some(event));
        }
        let wait = self.keys.patience(clock::now()).map_or(wait, |patience| patience.min(wait));
        let mut bytes = [0; 4096];
        let read = match &self.tty {
            Some(tty) => read(tty, wait, &mut bytes)?,
            None => read(&stdin(), wait, &mut bytes)?,
        };
        let Some(read) = read else {
            // Systems that cannot wait for terminals this way.
            let event = if event::poll(wait)? { Some(event::read()?) } else { None };
            return Ok(event.filter(|event| !self.late.swallows(event, clock::now())));
        };
        if read > 0 {
            self.keys.feed(bytes.get(..read).unwrap_or_default(), clock::now());
        }
        Ok(self.at_hand())
    }
}

impl Drop for TerminalEvents {
    fn drop(&mut self) {
        self.signal.take().into_iter().for_each(|id| _ = signal_hook::low_level::unregister(id));
    }
}

/// Waits for input or a signal, and reads what there is; `None` where the system cannot wait for terminals this way.
///
/// # Errors
/// When the terminal has gone.
fn read(input: &impl AsFd, wait: Duration, bytes: &mut [u8]) -> std::io::Result<Option<usize>> {
    let mut waiting = [PollFd::new(input, PollFlags::IN)];
    let limit = Timespec { tv_sec: wait.as_secs().min(3600) as _, tv_nsec: wait.subsec_nanos().into() };
    // An interruption is a signal: a new size, perhaps.
    let _ = poll(&mut waiting, Some(&limit));
    let [ready] = &waiting;
    let gone = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    match ready.revents() {
        events if events.intersects(PollFlags::HUP) => Err(gone()),
        events if events.intersects(PollFlags::NVAL | PollFlags::ERR) => Ok(None),
        events if events.intersects(PollFlags::IN) => match rustix::io::read(input, bytes) {
            Ok(0) => Err(gone()),
            Ok(read) => Ok(Some(read)),
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Ok(Some(0)),
            Err(error) => Err(error.into()),
        },
        _ => Ok(Some(0)),
    }
}

/// Bytes gathered before they are written: one frame goes out in few pieces, which matters over ssh.
const FRAME_BYTES: usize = 64 * 1024;

/// Standard output while the terminal is ours. Afterwards nothing is written and nothing fails: what is dropped late (ratatui shows the
/// cursor and would panic where that fails) must not disturb what is there then.
struct Out(BufWriter<Stdout>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if TAKEN.load(Ordering::Relaxed) { self.0.write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if TAKEN.load(Ordering::Relaxed) { self.0.flush() } else { Ok(()) }
    }
}

/// The terminal while the dashboard has it. Dropping it gives it back.
pub(super) struct RawTerminal {
    terminal: Terminal<CrosstermBackend<Out>>,
    area: Rect,
    /// Set by the signal that asks to stop for a while (SIGTSTP).
    stopping: Arc<AtomicBool>,
    /// Set by the signal that comes after having been stopped.
    continued: Arc<AtomicBool>,
    signals: Vec<SigId>,
}

/// The size of the terminal, within what is worth drawing: a terminal may claim 65,535 × 65,535 cells, which nobody sees.
fn area() -> std::io::Result<Rect> {
    let (width, height) = size()?;
    Ok(Rect::new(0, 0, width.min(SCREEN_COLUMNS), height.min(SCREEN_ROWS)))
}

impl RawTerminal {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When there is no terminal, or it cannot be set up.
    pub fn enter(stop: &Arc<AtomicBool>) -> Result<Self> {
        if !stdout().is_terminal() || !(stdin().is_terminal() || File::open(TTY).is_ok()) {
            return Err(Error::usage(
                "the dashboard needs a terminal for its keys and its output; for scripts there are reports (`--help`)",
            ));
        }
        let failed = |e: std::io::Error| Error::io("terminal", &e);
        let (stopping, continued) = (Arc::default(), Arc::default());
        let mut signals = Vec::new();
        for (signal, flag) in [(SIGTSTP, &stopping), (SIGCONT, &continued)] {
            signals.push(signal_hook::flag::register(signal, Arc::clone(flag)).map_err(failed)?);
        }
        restore_on_panic(stop);
        signals.push(restore_on_abort().map_err(failed)?);
        take().map_err(failed)?;
        let out = Out(BufWriter::with_capacity(FRAME_BYTES, stdout()));
        let terminal = area().and_then(|area| {
            let options = TerminalOptions { viewport: Viewport::Fixed(area) };
            let mut terminal = Terminal::with_options(CrosstermBackend::new(out), options)?;
            // Not `clear`: that asks where the cursor is and fails where nobody answers.
            terminal.resize(area)?;
            Ok((area, terminal))
        });
        match terminal {
            Ok((area, terminal)) => Ok(Self { terminal, area, stopping, continued, signals }),
            Err(e) => {
                give_back();
                Err(failed(e))
            }
        }
    }

    /// Draws one frame; a terminal that can shows it in one go.
    ///
    /// # Errors
    /// When the terminal has gone.
    pub fn frame(&mut self, draw: impl FnOnce(&mut ratatui::Frame)) -> std::io::Result<()> {
        let area = area()?;
        if area != self.area {
            self.terminal.resize(area)?;
            self.area = area;
        }
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(draw)?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    /// Stops where a signal has asked for it, and takes the terminal again after having been stopped; whether everything has to be drawn anew.
    ///
    /// # Errors
    /// When the terminal has gone.
    pub fn attend(&mut self) -> std::io::Result<bool> {
        if self.stopping.swap(false, Ordering::Relaxed) {
            return self.suspend(false).map(|()| true);
        }
        // Stopped by a signal that cannot be caught: the shell has used the terminal meanwhile.
        if self.continued.swap(false, Ordering::Relaxed) {
            give_back();
            return self.again().map(|()| true);
        }
        Ok(false)
    }

    /// Gives the terminal back and stops until a shell continues this process; `all` stops what stands before it in a pipe too.
    ///
    /// # Errors
    /// When the terminal has gone.
    pub fn suspend(&mut self, all: bool) -> std::io::Result<()> {
        // In the process group of the session's leader there is no shell that could continue it.
        if getsid(None).ok() == Some(getpgrp()) {
            return Ok(());
        }
        give_back();
        if all {
            let _ = kill_current_process_group(Signal::TSTP);
        }
        signal_hook::low_level::emulate_default_handler(SIGTSTP)?;
        self.again()
    }

    /// Has the terminal put a text into the clipboard (OSC 52).
    ///
    /// # Errors
    /// When the terminal has gone.
    pub fn copy(&mut self, text: &str) -> std::io::Result<()> {
        execute!(self.terminal.backend_mut(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Lends the terminal to somebody, and says what they say.
    pub fn lend(&mut self, to: impl FnOnce() -> String) -> String {
        give_back();
        let said = to();
        match self.again() {
            Ok(()) => said,
            Err(e) => format!("{said} ({e})"),
        }
    }

    fn again(&mut self) -> std::io::Result<()> {
        for flag in [&self.stopping, &self.continued] {
            flag.store(false, Ordering::Relaxed);
        }
        take()?;
        self.terminal.resize(self.area)
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        give_back();
        for id in self.signals.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}

/// Whether the dashboard has the terminal.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Takes the terminal over.
fn take() -> std::io::Result<()> {
    if let (None, Ok(before)) = (BEFORE.get(), tcgetattr(rustix::stdio::stdout())) {
        let _ = BEFORE.set(before);
    }
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::Relaxed);
    let entered = execute!(stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste);
    if entered.is_err() {
        give_back();
    }
    entered
}

/// Gives the terminal back, once: leaving the alternate screen again would put the cursor back where the dashboard began, and what
/// is written next (a shell's prompt) over the message of a panic. Failures are of no use to anybody here: there is no terminal left to
/// tell them to. A terminal that takes nothing (stopped by Ctrl-S, a hanging connection) is not waited for.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::Relaxed) {
        return;
    }
    let _ = disable_raw_mode();
    if writable() {
        let mut out = stdout();
        let _ = execute!(out, EndSynchronizedUpdate, DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen, Show);
        let _ = out.flush();
    }
}

/// How the terminal was before the dashboard took it, for [`give_back_at_once`].
static BEFORE: OnceLock<Termios> = OnceLock::new();

/// What [`give_back`] writes: the end of a frame, no pasting and no mouse, the normal screen, the cursor.
const GIVEN_BACK: &[u8] = b"\x1b[?2026l\x1b[?2004l\x1b[?1006l\x1b[?1015l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1049l\x1b[?25h";

/// What is said where the program ends itself: its last words have gone with the screen.
const ABORTED: &[u8] = b"spantop: aborted: there was no memory left, or the program is at fault\n";

/// Has a program that ends itself (`abort`, as where an allocation fails) give the terminal back before it does: it waits for no other thread.
fn restore_on_abort() -> std::io::Result<SigId> {
    #[allow(unsafe_code, reason = "what runs in a signal handler is the caller's word")]
    // SAFETY: the handler makes system calls and reads atomics; it takes no memory and no lock, and does not panic.
    unsafe {
        signal_hook::low_level::register(SIGABRT, give_back_at_once)
    }
}

/// Gives the terminal back from within a signal handler: see [`restore_on_abort`] for what may be done here.
fn give_back_at_once() {
    if !TAKEN.swap(false, Ordering::Relaxed) {
        return;
    }
    let out = rustix::stdio::stdout();
    if let Some(before) = BEFORE.get() {
        let _ = tcsetattr(out, OptionalActions::Now, before);
    }
    if writable() {
        let _ = rustix::io::write(out, GIVEN_BACK);
        let _ = rustix::io::write(rustix::stdio::stderr(), ABORTED);
    }
}

/// Whether standard output takes bytes now; `true` where the system cannot tell.
fn writable() -> bool {
    let out = rustix::stdio::stdout();
    let mut waiting = [PollFd::new(&out, PollFlags::OUT)];
    let soon = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
    !matches!(poll(&mut waiting, Some(&soon)), Ok(0))
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
            give_back();
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
    fn a_program_that_ends_itself_gives_the_terminal_back_before() {
        if std::env::var_os(INSIDE).is_some() {
            let _registered = restore_on_abort().expect("a handler");
            TAKEN.store(true, Ordering::Relaxed);
            std::process::abort();
        }
        let name = "tui::terminal::tests::a_program_that_ends_itself_gives_the_terminal_back_before";
        let program = std::env::current_exe().expect("the path of this test");
        let output = Command::new(program).args(["--exact", name, "--nocapture"]).env(INSIDE, "1").output().expect("the test inside");
        let (shown, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(shown.contains("\x1b[?1049l") && shown.contains("\x1b[?1000l") && shown.contains("\x1b[?25h"), "{shown:?}");
        assert!(told.contains("aborted"), "{told}");
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(SIGABRT), "it ends as it would have");
        // What is written there is what the dashboard writes when it gives the terminal back in peace.
        let mut usual = Vec::new();
        execute!(usual, EndSynchronizedUpdate, DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen, Show).expect("bytes");
        assert_eq!(GIVEN_BACK, usual);
    }

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
