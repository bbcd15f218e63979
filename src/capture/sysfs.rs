//! What Linux says of an interface under `/sys/class/net`. Readable by everyone; elsewhere everything here is `None`.

use std::path::{Path, PathBuf};

/// Where the kernel lists interfaces.
const ROOT: &str = "/sys/class/net";

/// Flag bits of `flags` (linux/if.h).
const IFF_UP: u32 = 1;

/// One interface's directory.
#[derive(Debug, Clone)]
pub struct SysfsInterface {
    path: PathBuf,
}

/// Whether an interface could deliver packets now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// There is no such interface.
    Missing,
    /// Administratively down.
    Down,
    /// Up, but the link has no carrier.
    NoCarrier,
    /// Up.
    Up,
    /// This system does not tell.
    Unknown,
}

/// Whether this system lists its interfaces here.
pub fn present() -> bool {
    Path::new(ROOT).is_dir()
}

/// The interface of this name, if there is one.
pub fn interface(name: &str) -> Option<SysfsInterface> {
    if name.is_empty() || name.contains('/') || name.contains('\0') || name == "." || name == ".." {
        return None;
    }
    let path = Path::new(ROOT).join(name);
    path.is_dir().then_some(SysfsInterface { path })
}

/// Names of all interfaces.
pub fn names() -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(ROOT) else { return Vec::new() };
    let named = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    named.filter(|name| interface(name).is_some()).collect()
}

/// What the interface of this number is called now.
pub fn name_of(index: u64) -> Option<String> {
    names().into_iter().find(|name| interface(name).and_then(|i| i.index()) == Some(index))
}

/// What an interface is able to do now. `any` is no interface of its own.
pub fn status(name: &str) -> Status {
    if name == "any" || !present() {
        return Status::Unknown;
    }
    let Some(interface) = interface(name) else { return Status::Missing };
    match (interface.is_up(), interface.number("carrier")) {
        (Some(false), _) => Status::Down,
        (_, Some(0)) => Status::NoCarrier,
        _ => Status::Up,
    }
}

impl SysfsInterface {
    /// A file's text without surrounding blanks. Some files cannot be read while the interface is down.
    pub fn text(&self, file: &str) -> Option<String> {
        std::fs::read_to_string(self.path.join(file)).ok().map(|text| text.trim().to_owned())
    }

    /// A file holding one unsigned decimal number.
    pub fn number(&self, file: &str) -> Option<u64> {
        self.text(file)?.parse().ok()
    }

    /// Whether there is such an entry.
    pub fn has(&self, entry: &str) -> bool {
        self.path.join(entry).exists()
    }

    /// Last part of where a symbolic link points, such as the bridge of `master`.
    pub fn target(&self, link: &str) -> Option<String> {
        std::fs::read_link(self.path.join(link)).ok()?.file_name()?.to_str().map(str::to_owned)
    }

    /// Administratively up.
    pub fn is_up(&self) -> Option<bool> {
        let text = self.text("flags")?;
        let flags = u32::from_str_radix(text.trim_start_matches("0x"), 16).ok()?;
        Some(flags & IFF_UP != 0)
    }

    /// The number the kernel gave this very interface; a new interface of the same name has another.
    pub fn index(&self) -> Option<u64> {
        self.number("ifindex")
    }

    /// Speed in bits per second; drivers without one say -1 or 0.
    pub fn speed(&self) -> Option<u64> {
        let megabits: i64 = self.text("speed")?.parse().ok()?;
        u64::try_from(megabits).ok().filter(|&m| m > 0 && m < u64::from(u32::MAX)).map(|m| m.saturating_mul(1_000_000))
    }

    /// Packets the hardware or its driver had no room for: `rx_missed_errors` + `rx_fifo_errors`. (`rx_dropped` is another
    /// matter: frames no protocol of this host wanted, which a capture has seen.)
    pub fn receive_drops(&self) -> Option<u64> {
        let missed = self.number("statistics/rx_missed_errors");
        let fifo = self.number("statistics/rx_fifo_errors");
        if missed.is_none() && fifo.is_none() { None } else { Some(missed.unwrap_or(0).saturating_add(fifo.unwrap_or(0))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_the_directory() {
        for name in ["", ".", "..", "../../../etc", "lo/statistics", "a\0b"] {
            assert!(interface(name).is_none(), "{name:?}");
        }
    }

    #[test]
    fn loopback_is_there_on_linux() {
        if !present() {
            eprintln!("skipped: no {ROOT} here");
            return;
        }
        assert!(names().iter().any(|name| name == "lo"));
        let lo = interface("lo").expect("lo");
        assert!(lo.index().is_some() && lo.is_up().is_some());
        assert_eq!(lo.speed(), None, "a loopback interface has no speed");
        assert_eq!(status("no-such-port"), Status::Missing);
        assert_eq!(status("any"), Status::Unknown);
    }
}
