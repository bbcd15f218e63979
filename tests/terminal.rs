//! The dashboard in a real terminal: it draws, and it ends when its terminal goes.

use std::process::Command;
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
