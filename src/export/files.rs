//! Files that lines are appended to. Whoever turns them over (logrotate) moves them away and sends SIGHUP.

use super::Exported;
use crate::settings::made_file::private;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Bytes that are gathered before they are handed to the system.
const GATHERED: usize = 64 * 1024;

/// A file of lines, or standard output.
pub struct LineFile {
    /// `None`: standard output.
    path: Option<PathBuf>,
    out: Option<Box<dyn Write + Send>>,
    /// Which file of the system it is.
    which: Option<(u64, u64)>,
    /// Whole lines that are not handed to the system yet.
    gathered: Vec<u8>,
    /// How many.
    lines: u64,
    /// Lines that were written, and are not told yet.
    written: u64,
    /// The file was moved away, and the new one could not be opened yet: lines go to the old one until then.
    is_moved: bool,
    /// The last line in the file was written in part: half a line is to spoil no other one.
    is_cut: bool,
}

impl LineFile {
    /// Opens a file; `-` is standard output.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let path = (path.as_os_str() != "-").then(|| path.to_owned());
        let out = Some(sink(path.as_deref())?);
        let which = path.as_deref().and_then(which);
        Ok(Self { path, out, which, gathered: Vec::new(), lines: 0, written: 0, is_moved: false, is_cut: false })
    }

    /// Writes a line, which a closure makes. Lines that are lost, beside what the system says.
    pub fn line(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), (u64, String)> {
        let before = self.gathered.len();
        if let Err(error) = write(&mut self.gathered) {
            self.gathered.truncate(before);
            return Err((1, self.told(&error)));
        }
        self.gathered.push(b'\n');
        self.lines += 1;
        if self.gathered.len() < GATHERED { Ok(()) } else { self.hand_on() }
    }

    /// Hands lines to the system; how many it has got since this was asked before, also where others are lost now: how many, beside what it says.
    pub fn flush(&mut self) -> (u64, Result<(), (u64, String)>) {
        let outcome = self.hand_on();
        let again = if self.is_moved { self.reopen().map_err(|what| (0, what)) } else { Ok(()) };
        (std::mem::take(&mut self.written), outcome.and(again))
    }

    /// Opens the file again.
    pub fn reopen(&mut self) -> Exported {
        let handed_on = self.hand_on().map_err(|(_, error)| error);
        // One that nobody moved away stays open: who runs now may not be who opened it.
        let is_there = self.which.is_some() && self.which == self.path.as_deref().and_then(which);
        if let Some(path) = self.path.as_ref().filter(|_| !is_there) {
            let new = sink(Some(path));
            self.is_moved = new.is_err();
            self.out = Some(new.map_err(|e| format!("{}: {e}; lines go on to the file that was moved away", path.display()))?);
            self.is_cut = false;
            self.which = which(path);
        }
        handed_on
    }

    fn told(&self, error: &io::Error) -> String {
        let name = self.path.as_ref().map_or("standard output".into(), |path| path.display().to_string());
        format!("{name}: {error}")
    }

    /// Hands on what is gathered. What cannot be written is lost, and not tried again with the next line.
    fn hand_on(&mut self) -> Result<(), (u64, String)> {
        let (mut done, mut outcome) = (0, Ok(()));
        while done < self.gathered.len() && outcome.is_ok() {
            let Some(out) = &mut self.out else {
                outcome = Err(io::Error::other("the file could not be opened again"));
                break;
            };
            let rest = if self.is_cut { b"\n" } else { self.gathered.get(done..).unwrap_or_default() };
            match out.write(rest) {
                Ok(0) => outcome = Err(io::ErrorKind::WriteZero.into()),
                Ok(_) if self.is_cut => self.is_cut = false,
                Ok(n) => done += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => outcome = Err(error),
            }
        }
        let gathered = std::mem::take(&mut self.gathered);
        // A line of which only the end is missing is whole: the next one ends it.
        let is_all_but_ended = done
            .checked_sub(1)
            .and_then(|last| gathered.get(last..=done))
            .is_some_and(|at| matches!(at, [before, b'\n'] if *before != b'\n'));
        let ends = gathered.iter().take(done).filter(|byte| **byte == b'\n').count() as u64;
        let whole = ends + u64::from(is_all_but_ended);
        let lost = std::mem::take(&mut self.lines).saturating_sub(whole);
        self.written = self.written.saturating_add(whole);
        if let Some(last) = done.checked_sub(1).and_then(|last| gathered.get(last)) {
            self.is_cut = *last != b'\n';
        }
        if outcome.is_ok() {
            self.gathered = gathered;
            self.gathered.clear();
            outcome = self.out.as_mut().map_or(Ok(()), Write::flush);
        }
        outcome.map_err(|error| (lost, self.told(&error)))
    }
}

/// Whether a path can be one of a file of lines, as far as that can be told without making it; `-` is standard output.
///
/// # Errors
/// It cannot; in words.
pub fn check(path: &Path) -> Result<(), String> {
    if folder(path).is_some_and(|folder| !folder.is_dir()) {
        return Err("no such directory".into());
    }
    if path.is_dir() {
        return Err("is a directory, and a file is wanted".into());
    }
    if is_pipe(path) {
        return Err("is a pipe, which waits for a reader: write to - and pipe standard output".into());
    }
    Ok(())
}

fn sink(path: Option<&Path>) -> io::Result<Box<dyn Write + Send>> {
    Ok(match path {
        None => Box::new(io::stdout()),
        Some(path) => {
            check(path).map_err(io::Error::other)?;
            let file = private().append(true).create(true).open(path)?;
            alone(&file)?;
            Box::new(file)
        }
    })
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(path).is_ok_and(|about| about.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(_: &Path) -> bool {
    false
}

/// Lines of two writers would be cut into each other: a file has one, whatever it is called, as long as it is open.
pub fn alone(file: &File) -> io::Result<()> {
    use rustix::fs::{FlockOperation, flock};
    // Locks of devices, and file systems without any, say nothing of another writer.
    if file.metadata()?.is_file() && flock(file, FlockOperation::NonBlockingLockExclusive) == Err(rustix::io::Errno::WOULDBLOCK) {
        return Err(io::Error::other("another exporter writes here"));
    }
    Ok(())
}

/// What tells a file from others, whatever it is called.
#[cfg(unix)]
fn which(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|about| (about.dev(), about.ino()))
}

#[cfg(not(unix))]
fn which(_: &Path) -> Option<(u64, u64)> {
    None
}

/// The name of a file's place, whichever way leads to it.
pub fn place(path: &Path) -> String {
    let within = folder(path).and_then(|folder| std::fs::canonicalize(folder).ok());
    match (within, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name).display().to_string(),
        _ if path.as_os_str() == "-" => "standard output".to_owned(),
        _ => path.display().to_string(),
    }
}

/// The directory that a file is made in; none for standard output.
pub fn folder(path: &Path) -> Option<PathBuf> {
    if path.as_os_str() == "-" {
        return None;
    }
    Some(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// A disk with so much room.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(Vec<u8>, usize)>>);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut disk = self.0.lock().unwrap();
            let n = bytes.len().min(disk.1);
            if n == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            disk.1 -= n;
            disk.0.extend_from_slice(&bytes[..n]);
            Ok(n)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_is_whole_or_lost_and_counted_wherever_the_disk_was_full() {
        for room in 0..40 {
            let disk = Disk::default();
            let mut file = LineFile::open(Path::new("-")).unwrap();
            file.out = Some(Box::new(disk.clone()));
            let (mut written, mut lost) = (0, 0);
            let mut note = |(n, outcome): (u64, Result<(), (u64, String)>)| {
                written += n;
                lost += outcome.err().map_or(0, |(n, _)| n);
            };
            let line = |file: &mut LineFile, n: u64| file.line(|out| write!(out, "<{n:05}>")).unwrap();
            disk.0.lock().unwrap().1 = room;
            for at in 0..3 {
                (0..2).for_each(|n| line(&mut file, 2 * at + n));
                note(file.flush());
            }
            disk.0.lock().unwrap().1 = 1_000;
            for n in 6..9 {
                line(&mut file, n);
                note(file.flush());
            }
            let text = String::from_utf8(disk.0.lock().unwrap().0.clone()).unwrap();
            let whole = text.lines().filter(|line| line.len() == 7 && line.starts_with('<') && line.ends_with('>')).count() as u64;
            assert_eq!((written, lost), (whole, 9 - whole), "{room}: {text:?}");
            assert!(text.lines().filter(|line| line.len() != 7).count() <= 1 && text.ends_with("<00008>\n"), "{room}: {text:?}");
        }
    }
}
