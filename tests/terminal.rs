//! The dashboard in a real terminal: it draws, and it ends when its terminal goes.

mod support;

use spantop::snapshot::{Feed, Query, Snapshot};
use spantop::tui;
use std::cell::Cell;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::tty::{CAPTURE, PROGRAM, Tty, tmux, within};

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
    let drawn = within(|| screen().contains("Protocols") && screen().contains("lost here 0"));
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

/// The modes of a terminal that a shell has.
const PLAIN: &str = "0 0 1";
/// The modes while the dashboard has it.
const OURS: &str = "1 1 0";

#[test]
fn it_stops_and_goes_on_like_other_programs() {
    let Some(tty) = Tty::run("stop", "exec bash --norc -i") else { return };
    tty.keys(&[&format!("PS1='ready> '; {PROGRAM} {CAPTURE}"), "Enter"]);
    assert!(tty.shows("1 Over"), "{}", tty.screen());
    tty.keys(&["C-z"]);
    assert!(tty.shows("Stopped") && tty.modes() == PLAIN, "{} {}", tty.modes(), tty.screen());
    tty.keys(&["echo $((40+2)); jobs -p >FOLDER".replace("FOLDER", &format!("{}/pid", tty.folder.display())).as_str(), "Enter"]);
    assert!(tty.shows("42"), "{}", tty.screen());
    tty.keys(&["fg", "Enter"]);
    assert!(tty.shows("1 Over") && within(|| tty.modes() == OURS), "{} {}", tty.modes(), tty.screen());
    // A signal from elsewhere does the same.
    tty.signal("-TSTP", "pid");
    assert!(within(|| tty.modes() == PLAIN), "{} {}", tty.modes(), tty.screen());
    tty.keys(&["fg", "Enter"]);
    assert!(tty.shows("1 Over") && within(|| tty.modes() == OURS), "{} {}", tty.modes(), tty.screen());
    tty.keys(&["q"]);
    assert!(tty.shows("lost 0") && within(|| tty.modes() == PLAIN), "{} {}", tty.modes(), tty.screen());
}

#[test]
fn a_signal_that_ends_it_leaves_no_raw_terminal() {
    for signal in ["-QUIT", "-ABRT", "-ALRM", "-USR2"] {
        let command = "ulimit -c 0; sh -c 'echo $$ >FOLDER/pid; exec SPANTOP CAPTURE'; stty -a | tr ' ' '\\n' | grep -E '^-?(icanon|echo|isig);?$'; echo over; sleep 60";
        let Some(tty) = Tty::run(&format!("signal{signal}"), command) else { return };
        assert!(tty.shows("1 Over"), "{}", tty.screen());
        tty.signal("-USR1", "pid");
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(tty.modes(), OURS, "asking for statistics ends nothing");
        tty.signal(signal, "pid");
        assert!(tty.shows("over"), "{signal}: {}", tty.screen());
        assert_eq!(tty.modes(), PLAIN, "{signal}");
        let shown = tty.screen();
        let mut kept: Vec<&str> = shown.lines().filter(|l| ["icanon", "echo", "isig"].contains(&l.trim_end_matches(';'))).collect();
        kept.sort_unstable();
        assert_eq!(kept, ["echo", "icanon", "isig"], "{signal}: {shown}");
    }
}

#[test]
fn a_terminal_that_is_closed_is_no_panic() {
    let Some(tty) = Tty::run("closed", "trap '' HUP; SPANTOP CAPTURE 2>FOLDER/said; echo $? >FOLDER/code") else { return };
    assert!(tty.shows("1 Over"), "{}", tty.screen());
    tty.tmux(&["kill-server"]);
    assert!(within(|| !tty.file("code").is_empty()), "still running after its terminal has gone");
    assert!(["0", "1"].contains(&tty.file("code").as_str()), "{}", tty.file("code"));
    assert!(!tty.file("said").contains("panicked") && tty.file("said").lines().count() <= 1, "{}", tty.file("said"));
}

#[test]
fn packets_from_a_pipe_and_keys_from_the_terminal() {
    let Some(tty) = Tty::run("pipe", "cat CAPTURE | SPANTOP -; echo over; sleep 60") else { return };
    assert!(tty.shows("1 Over"), "{}", tty.screen());
    tty.keys(&["4"]);
    assert!(tty.shows("TCP"), "{}", tty.screen());
    tty.keys(&["q"]);
    assert!(tty.shows("over") && tty.modes() == PLAIN, "{} {}", tty.modes(), tty.screen());
}

#[test]
fn a_locale_without_unicode_gets_ascii() {
    let Some(tty) = Tty::run("ascii", "LC_ALL=C SPANTOP CAPTURE") else { return };
    assert!(tty.shows("1 Over"), "{}", tty.screen());
    assert!(tty.screen().is_ascii(), "{}", tty.screen());
    let Some(tty) = Tty::run("unicode", "LC_ALL=C.UTF-8 SPANTOP CAPTURE --ascii") else { return };
    assert!(tty.shows("1 Over") && tty.screen().is_ascii(), "{}", tty.screen());
}

/// The program on a terminal whose other end is this test: what it types and reads, and the number of the process.
struct Line {
    script: Child,
    folder: PathBuf,
}

impl Line {
    fn run(name: &str, before: &str) -> Option<Self> {
        if Command::new("script").arg("--version").output().is_err() {
            eprintln!("skipped: script is not installed");
            return None;
        }
        let folder = std::env::temp_dir().join(format!("spantop-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).ok()?;
        let command = format!("echo $$ >{0}/pid; {before} exec {PROGRAM} {CAPTURE}", folder.display());
        let script =
            Command::new("script").args(["-qfc", &command, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let line = Self { script, folder };
        assert!(within(|| !line.pid().is_empty()), "it does not begin");
        Some(line)
    }

    fn pid(&self) -> String {
        std::fs::read_to_string(self.folder.join("pid")).unwrap_or_default().trim().to_owned()
    }

    fn signal(&self, name: &str) {
        let _ = Command::new("kill").args([name, &self.pid()]).status();
    }

    fn is_alive(&self) -> bool {
        // A zombie has ended.
        let state = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap_or_default();
        state.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim_start().starts_with('Z'))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.signal("-KILL");
        let _ = self.script.kill();
        let _ = self.script.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Types without end until the other side takes no more for a second or the time is over; what was typed.
fn typing(mut to: ChildStdin, keys: &'static [u8]) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) && to.write_all(keys).is_ok() {}
    })
}

#[test]
fn a_terminal_that_takes_nothing_is_left_at_the_second_signal() {
    let Some(mut line) = Line::run("hanging", "stty cols 100 rows 30;") else { return };
    // Nobody reads what it draws, and it is made to draw much: another screen with each key.
    let keys = line.script.stdin.take().map(|to| typing(to, b"12348"));
    let blocked = || std::fs::read_to_string(format!("/proc/{}/wchan", line.pid())).is_ok_and(|w| w.contains("tty") || w.contains("woken"));
    within(blocked);
    assert!(line.is_alive(), "it has ended by itself");
    line.signal("-TERM");
    std::thread::sleep(Duration::from_millis(500));
    line.signal("-TERM");
    assert!(within(|| !line.is_alive()), "held up by its terminal");
    drop(line);
    let _ = keys.map(|keys| keys.join());
}

#[test]
fn input_without_end_keeps_neither_from_drawing_nor_from_signals() {
    let Some(mut line) = Line::run("endless", "stty cols 100 rows 30;") else { return };
    let drawn = Arc::new(AtomicUsize::new(0));
    let (Some(mut out), Some(to)) = (line.script.stdout.take(), line.script.stdin.take()) else { return };
    let (seen, mut bytes) = (Arc::clone(&drawn), [0; 65_536]);
    let reading = std::thread::spawn(move || {
        while let Ok(n @ 1..) = out.read(&mut bytes) {
            seen.fetch_add(n, Ordering::Relaxed);
        }
    });
    assert!(within(|| drawn.load(Ordering::Relaxed) > 1_000), "nothing is drawn");
    let keys = typing(to, b"1234");
    std::thread::sleep(Duration::from_secs(1));
    let before = drawn.load(Ordering::Relaxed);
    assert!(within(|| drawn.load(Ordering::Relaxed) > before + 20_000), "it stops drawing");
    line.signal("-TERM");
    assert!(within(|| !line.is_alive()), "it does not hear the signal");
    drop(line);
    let _ = (reading.join(), keys.join());
}

#[test]
fn a_terminal_of_any_size_is_drawn_in_little_memory() {
    for size in ["cols 65535 rows 65535", "cols 65535 rows 1", "cols 1 rows 1"] {
        let Some(mut line) = Line::run("size", &format!("stty {size};")) else { return };
        let Some(mut out) = line.script.stdout.take() else { return };
        let reading = std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        std::thread::sleep(Duration::from_secs(3));
        let status = std::fs::read_to_string(format!("/proc/{}/status", line.pid())).unwrap_or_default();
        let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok());
        if let Some(peak) = peak {
            assert!(peak < 400_000, "{size}: {peak} kB");
        }
        assert!(line.is_alive(), "{size}: it has ended");
        line.signal("-TERM");
        assert!(within(|| !line.is_alive()), "{size}");
        drop(line);
        let _ = reading.join();
    }
}

#[test]
fn statistics_are_told_when_they_are_asked_for() {
    let mut child =
        Command::new(PROGRAM).args(["report", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let bytes = std::fs::read(CAPTURE).unwrap();
    let mut to = child.stdin.take().unwrap();
    to.write_all(&bytes[..bytes.len() / 2]).unwrap();
    to.flush().unwrap();
    std::thread::sleep(Duration::from_millis(800));
    let _ = Command::new("kill").args(["-USR1", &child.id().to_string()]).status();
    std::thread::sleep(Duration::from_millis(200));
    to.write_all(&bytes[bytes.len() / 2..]).unwrap();
    drop(to);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains(" packets read, 0 dropped by the kernel, 0 by the interface"), "{said}");
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
        let _ = tui::run(&Faulty::default(), &tui::DashboardOptions::default());
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
    let drawn = within(|| screen().contains("1 Over"));
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

/// What the program has written of a ring is whole and in order whenever it is killed.
#[test]
fn a_ring_is_whole_after_a_kill() {
    let feed = "(cat CAPTURE; sleep 60) | sh -c 'echo $$ >FOLDER/pid; exec SPANTOP - --ring FOLDER/ring --ring-files 3 --ring-size 1MiB'";
    let Some(tty) = Tty::run("ring", &format!("mkdir -p FOLDER/ring; {feed}")) else { return };
    // The whole capture came: 27 s of it.
    assert!(tty.shows("11:06:0"), "{}", tty.screen());
    std::thread::sleep(Duration::from_secs(3));
    tty.signal("-KILL", "pid");
    let mut files: Vec<_> = std::fs::read_dir(tty.folder.join("ring")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "nothing was written");
    let listed = Command::new(PROGRAM).args(["packets", "--no-dedup", "--format", "json"]).args(&files).output().unwrap();
    let said = String::from_utf8_lossy(&listed.stderr);
    assert!(listed.status.success() && !said.contains("middle of a packet"), "{said}");
    let written = String::from_utf8_lossy(&listed.stdout).lines().count();
    // Of 1,949 packets; those of the last second of the capture may not have been handed over yet.
    assert!((1_850..=1_949).contains(&written), "{written} packets in {files:?}");
    if Command::new("capinfos").arg("-v").output().is_ok() {
        assert!(Command::new("capinfos").args(&files).output().unwrap().status.success());
    }
}
