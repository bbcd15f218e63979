//! Files that lines are appended to. Whoever turns them over (logrotate) moves them away and sends SIGHUP.

use super::Exported;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file of lines, or standard output.
pub struct LineFile {
    /// `None`: standard output.
    path: Option<PathBuf>,
    out: Option<BufWriter<Box<dyn Write + Send>>>,
    /// Which file of the system it is.
    which: Option<(u64, u64)>,
    /// Lines that are in the buffer only.
    unwritten: u64,
    /// Lines that were written before something failed, and are not told yet.
    written: u64,
    /// The last line was written in part.
    is_cut: bool,
}

impl LineFile {
    /// Opens a file; `-` is standard output.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let path = (path.as_os_str() != "-").then(|| path.to_owned());
        let out = Some(BufWriter::new(sink(path.as_deref())?));
        let which = path.as_deref().and_then(which);
        Ok(Self { path, out, which, unwritten: 0, written: 0, is_cut: false })
    }

    /// Writes a line, which a closure makes. Lines that are lost with it, beside what the system says.
    pub fn line(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), (u64, String)> {
        self.unwritten += 1;
        let outcome = match &mut self.out {
            Some(out) => {
                // Half a line is to spoil no other one.
                let ended = if self.is_cut { out.write_all(b"\n") } else { Ok(()) };
                self.is_cut = false;
                ended.and_then(|()| write(out)).and_then(|()| out.write_all(b"\n"))
            }
            None => Err(io::Error::other("the file could not be opened again")),
        };
        outcome.map_err(|e| self.broken(&e, 1))
    }

    /// Hands lines to the system; how many there were.
    pub fn flush(&mut self) -> Result<u64, (u64, String)> {
        let outcome = self.out.as_mut().map_or(Ok(()), Write::flush);
        outcome.map_err(|e| self.broken(&e, 0))?;
        Ok(std::mem::take(&mut self.unwritten).saturating_add(std::mem::take(&mut self.written)))
    }

    /// Opens the file again.
    pub fn reopen(&mut self) -> Exported {
        let flushed = self.flush().map(|_| ()).map_err(|(_, e)| e);
        // One that nobody moved away stays open: who runs now may not be who opened it.
        let is_there = self.which.is_some() && self.which == self.path.as_deref().and_then(which);
        if let Some(path) = self.path.as_ref().filter(|_| !is_there) {
            self.which = None;
            self.out = sink(Some(path)).map(BufWriter::new).map_err(|e| format!("{}: {e}", path.display())).map(Some)?;
            self.which = which(path);
        }
        flushed
    }

    /// What is in the buffer, and of a line beside it, cannot be written, and is not tried again with the next line.
    fn broken(&mut self, error: &io::Error, beside: u64) -> (u64, String) {
        let name = self.path.as_ref().map_or("standard output".into(), |path| path.display().to_string());
        let all = std::mem::take(&mut self.unwritten);
        let mut lost = all;
        if let Some(out) = self.out.take() {
            // What is in the buffer is given up; what came before it was written.
            let (inner, left) = out.into_parts();
            let left = left.unwrap_or_default();
            self.out = Some(BufWriter::new(inner));
            let ends = left.iter().filter(|byte| **byte == b'\n').count() as u64;
            lost = ends.saturating_add(beside).min(all);
            self.is_cut = lost < all || self.is_cut;
        }
        self.written = self.written.saturating_add(all - lost);
        (lost, format!("{name}: {error}"))
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

/// Who talks to whom is nobody else's business: owner and group read a file that is made.
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options
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

/// The directory that a file is made in; none for standard output.
pub fn folder(path: &Path) -> Option<PathBuf> {
    if path.as_os_str() == "-" {
        return None;
    }
    Some(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned())
}
