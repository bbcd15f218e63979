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
        Ok(Self { path, out, which, unwritten: 0 })
    }

    /// Writes a line, which a closure makes. Lines that are lost with it, beside what the system says.
    pub fn line(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), (u64, String)> {
        self.unwritten += 1;
        let outcome = match &mut self.out {
            Some(out) => write(out).and_then(|()| out.write_all(b"\n")),
            None => Err(io::Error::other("the file could not be opened again")),
        };
        outcome.map_err(|e| self.broken(&e))
    }

    /// Hands lines to the system; how many there were.
    pub fn flush(&mut self) -> Result<u64, (u64, String)> {
        let outcome = self.out.as_mut().map_or(Ok(()), Write::flush);
        outcome.map_err(|e| self.broken(&e))?;
        Ok(std::mem::take(&mut self.unwritten))
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

    /// What is in the buffer cannot be written, and is not tried again with the next line.
    fn broken(&mut self, error: &io::Error) -> (u64, String) {
        let name = self.path.as_ref().map_or("standard output".into(), |path| path.display().to_string());
        if let Some(out) = self.out.take() {
            // The buffer is given up: half a line would spoil the next one.
            let (inner, _) = out.into_parts();
            self.out = Some(BufWriter::new(inner));
        }
        (std::mem::take(&mut self.unwritten), format!("{name}: {error}"))
    }
}

fn sink(path: Option<&Path>) -> io::Result<Box<dyn Write + Send>> {
    Ok(match path {
        None => Box::new(io::stdout()),
        Some(path) => {
            let mut options = OpenOptions::new();
            options.append(true).create(true);
            private(&mut options);
            let file: File = options.open(path)?;
            Box::new(file)
        }
    })
}

/// Who talks to whom is nobody else's business: owner and group read it.
#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o640);
}

#[cfg(not(unix))]
fn private(_: &mut OpenOptions) {}

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
