//! The dashboard in a real terminal: it draws, and it ends when its terminal goes.

use spantop::snapshot::{Feed, Query, Snapshot};
use spantop::tui;
use std::cell::Cell;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn tmux(socket: &str, arguments: &[&str]) -> Option<String> {
    let out = Command::new("tmux").args(["-L", socket]).args(arguments).output().ok()?;
    Some(String::from_utf8_lossy(&out.stdout).into_owned())
}

/// Waits at most 20 s for `done`.
fn within(mut done: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        if done() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

#[test]
fn draws_and_ends_with_its_terminal() {
    if Command::new("tmux").arg("-V").output().is_err() {
        eprintln!("skipped: tmux is not installed");
        return;
    }
    let socket = format!("spantop-{}", std::process::id());
    let command = format!("exec {} {}/captures/office.pcapng", env!("CARGO_BIN_EXE_spantop"), env!("CARGO_MANIFEST_DIR"));
    tmux(&socket, &["new-session", "-d", "-x", "100", "-y", "30", &command]);
    let screen = || tmux(&socket, &["capture-pane", "-p"]).unwrap_or_default();
    let drawn = within(|| screen().contains("Protocols") && screen().contains("lost 0"));
    let shown = screen();
    let process = tmux(&socket, &["display-message", "-p", "#{pane_pid}"]).unwrap_or_default().trim().to_owned();
    tmux(&socket, &["kill-server"]);
    assert!(drawn, "{shown}");
    let alive = || Command::new("kill").args(["-0", &process]).output().is_ok_and(|o| o.status.success());
    let ended = within(|| !alive());
    if !ended {
        let _ = Command::new("kill").args(["-9", &process]).output();
    }
    assert!(ended, "still running after its terminal has gone");
}

/// Set for the run of this test program inside the terminal.
const INSIDE: &str = "SPANTOP_TEST_PANIC";

/// A feed with a fault: it shows some snapshots, then panics in the thread of the dashboard.
#[derive(Default)]
struct Faulty {
    asked: Cell<u64>,
}

impl Feed for Faulty {
    fn latest(&self) -> Arc<Snapshot> {
        self.asked.set(self.asked.get() + 1);
        assert!(self.asked.get() < 12, "a fault in the dashboard");
        Arc::new(Snapshot { number: self.asked.get(), live: true, ..Snapshot::default() })
    }

    fn ask(&self, _: Query) {}

    fn reset(&self) {}

    fn failure(&self) -> Option<spantop::Error> {
        None
    }
}

/// Runs itself once more, in a terminal, where the dashboard panics; a shell then looks at what is left.
#[test]
fn a_panic_gives_the_terminal_back() {
    if std::env::var_os(INSIDE).is_some() {
        let _ = tui::run(&Faulty::default(), &tui::Options::default());
        return;
    }
    if Command::new("tmux").arg("-V").output().is_err() {
        eprintln!("skipped: tmux is not installed");
        return;
    }
    let socket = format!("spantop-panic-{}", std::process::id());
    let program = std::env::current_exe().map(|p| p.display().to_string()).unwrap_or_default();
    let again = format!("{INSIDE}=1 RUST_BACKTRACE=0 '{program}' --exact a_panic_gives_the_terminal_back --nocapture");
    let command = format!("{again}; echo \"code $?\"; stty -a | tr ' ' '\\n' | grep -E '^-?(icanon|echo|isig);?$'; echo over; sleep 60");
    tmux(&socket, &["new-session", "-d", "-x", "100", "-y", "30", &command]);
    let screen = || tmux(&socket, &["capture-pane", "-p"]).unwrap_or_default();
    // The dashboard's own screen is the alternate one: what is read here may follow it only.
    let drawn = within(|| screen().contains("1 Overview"));
    let over = within(|| screen().lines().any(|l| l == "over"));
    let shown = screen();
    let modes = tmux(&socket, &["display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}"]).unwrap_or_default();
    tmux(&socket, &["kill-server"]);
    assert!(drawn && over, "{shown}");
    assert_eq!(modes.trim(), "0 0 1", "alternate screen, mouse, cursor");
    assert!(shown.contains("a fault in the dashboard"), "the message can be read: {shown}");
    let mut kept: Vec<&str> = shown.lines().filter(|l| ["icanon", "echo", "isig"].contains(&l.trim_end_matches(';'))).collect();
    kept.sort_unstable();
    assert_eq!(kept, ["echo", "icanon", "isig"], "{shown}");
}
