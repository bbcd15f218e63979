//! A real terminal for a test: tmux with a server of its own.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// Asks the tmux server of a name; what it answers.
pub fn tmux(socket: &str, arguments: &[&str]) -> Option<String> {
    let out = Command::new("tmux").args(["-L", socket]).args(arguments).output().ok()?;
    Some(String::from_utf8_lossy(&out.stdout).into_owned())
}

/// Waits at most 20 s for `done`.
pub fn within(mut done: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        if done() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// A terminal for a test: its own tmux server, ended with it.
pub struct Tty {
    socket: String,
    /// A directory that ends with it.
    pub folder: PathBuf,
}

impl Tty {
    /// A shell command in a terminal of 100×30; `None` (and a word about it) without tmux.
    pub fn run(name: &str, command: &str) -> Option<Self> {
        Self::sized(name, command, (100, 30))
    }

    /// The same with so many columns and lines.
    pub fn sized(name: &str, command: &str, (width, height): (u16, u16)) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            eprintln!("skipped: tmux is not installed");
            return None;
        }
        let socket = format!("spantop-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(&socket);
        std::fs::create_dir_all(&folder).ok()?;
        let tty = Self { socket, folder };
        let command = command.replace("SPANTOP", PROGRAM).replace("CAPTURE", CAPTURE).replace("FOLDER", &tty.folder.display().to_string());
        tty.tmux(&["new-session", "-d", "-x", &width.to_string(), "-y", &height.to_string(), &command]);
        Some(tty)
    }

    /// Asks its server.
    pub fn tmux(&self, arguments: &[&str]) -> String {
        tmux(&self.socket, arguments).unwrap_or_default()
    }

    /// What it shows.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Whether it shows a text soon.
    pub fn shows(&self, text: &str) -> bool {
        within(|| self.screen().contains(text))
    }

    /// Presses keys, by tmux's names.
    pub fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// Alternate screen, mouse, cursor.
    pub fn modes(&self) -> String {
        self.tmux(&["display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}"]).trim().to_owned()
    }

    /// What is in a file of its directory.
    pub fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).unwrap_or_default().trim().to_owned()
    }

    /// Sends a signal to the process whose number is in a file.
    pub fn signal(&self, name: &str, to: &str) {
        let _ = Command::new("kill").args([name, &self.file(to)]).status();
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_spantop");
/// A bundled capture.
pub const CAPTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/office.pcapng");
