//! Where a report goes: standard output, or a file that is there whole or not at all.

use super::temporary::Temporary;
use crate::error::{Error, Result};
use crate::settings::InputSettings;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Bytes gathered before a system call.
const BUFFER: usize = 256 * 1024;

/// Where a report goes.
#[derive(Debug)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// A regular file, new or replaced: written beside its place and moved there when complete.
    Replace(PathBuf, Replaced),
    /// A device or a pipe: written as it is.
    Device(PathBuf),
}

/// What is done about a file that is to be replaced while the program has all its rights: some are given up before there is anything to write.
#[derive(Debug, Default)]
pub struct Replaced {
    /// The new file, where it was given to whom the old one belongs.
    new: RefCell<Option<Temporary>>,
    /// The old one, for writing: its contents are replaced where the new one cannot be given away later.
    old: Option<File>,
}

impl Output {
    /// Finds out where `-o` leads (`None`, `-`: standard output) before any work is done.
    pub fn new(path: Option<&Path>, input: &InputSettings) -> Result<Self> {
        let Some(path) = path.filter(|p| p.as_os_str() != "-") else { return Ok(Output::Stdout) };
        let refuse = |e: &io::Error| Error::io(format_args!("cannot write {} (-o)", path.display()), e);
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => return Err(Error::usage(format!("-o {}: is a directory; name a file in it", path.display()))),
            Ok(meta) if !meta.is_file() => return Ok(Output::Device(path.to_owned())),
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(refuse(&e)),
        }
        // A link stays a link: what it leads to is replaced.
        let place = fs::canonicalize(path).unwrap_or_else(|_| led_to(path));
        if let InputSettings::Files(files) = input
            && files.paths.iter().any(|f| fs::canonicalize(f).is_ok_and(|f| f == place))
        {
            return Err(Error::usage(format!("-o {} is one of the captures to be read; name another file", path.display())));
        }
        if let Some(folder) = place.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
            return Err(refuse(&io::Error::new(io::ErrorKind::NotFound, format!("there is no directory {}", folder.display()))));
        }
        // A directory that takes no file is found out now, not after an hour of capturing.
        let new = Temporary::create(&place).map_err(|e| refuse(&e))?;
        let old = fs::File::options().write(true).open(&place).ok();
        Ok(Output::Replace(place, Replaced { new: RefCell::new(Some(new).filter(Temporary::is_given)), old }))
    }

    /// The file, if it is none that is open already.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Output::Stdout => None,
            Output::Replace(path, _) | Output::Device(path) => Some(path),
        }
    }

    /// Whether this is standard output.
    pub fn is_stdout(&self) -> bool {
        matches!(self, Output::Stdout)
    }

    /// Lets `write` write the report; `interrupt` ends it early when it becomes true. A reader of standard output that has gone
    /// is no failure.
    pub fn write(&self, interrupt: Option<&AtomicBool>, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        let outcome = match self {
            Output::Stdout if was_closed() => Err(Error::io("cannot write to standard output", &rustix::io::Errno::BADF.into())),
            Output::Stdout => match buffered(io::stdout().lock(), interrupt, write) {
                Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                outcome => outcome.map_err(|e| Error::io("cannot write to standard output", &e)),
            },
            Output::Device(path) => opened(path, interrupt)
                .and_then(|file| buffered(file, interrupt, write))
                .map_err(|e| Error::io(format_args!("cannot write {} (-o)", path.display()), &e)),
            Output::Replace(path, given) => {
                replace(path, given, interrupt, write).map_err(|e| Error::io(format_args!("cannot write {} (-o)", path.display()), &e))
            }
        };
        if outcome.is_err() && interrupt.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            return Err(Error::Interrupted);
        }
        outcome
    }
}

/// Opens what is no file. A FIFO waits for its reader, and a signal ends that: an open(2) that waits would be begun again behind its handler.
fn opened(path: &Path, interrupt: Option<&AtomicBool>) -> io::Result<File> {
    /// How often a reader is looked for.
    const LOOK: Duration = Duration::from_millis(20);
    let Some(interrupt) = interrupt.filter(|_| fs::metadata(path).is_ok_and(|about| about.file_type().is_fifo())) else {
        return OpenOptions::new().write(true).open(path);
    };
    loop {
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        match OpenOptions::new().write(true).custom_flags(flags).open(path) {
            Err(e) if e.raw_os_error() == Some(Errno::NXIO.raw_os_error()) => {}
            Err(e) => return Err(e),
            Ok(file) => {
                fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
                return Ok(file);
            }
        }
        if interrupt.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        std::thread::sleep(LOOK);
    }
}

/// Where a path leads that leads to nothing yet: through symbolic links, whose last one names a file that is to be made.
fn led_to(path: &Path) -> PathBuf {
    /// As many as the system itself follows.
    const LINKS: usize = 40;
    let mut place = path.to_owned();
    for _ in 0..LINKS {
        let Ok(link) = fs::read_link(&place) else { break };
        place = place.parent().map_or_else(|| link.clone(), |folder| folder.join(&link));
    }
    place
}

/// Prints to standard output; a reader that has gone is no failure.
pub fn print(bytes: &[u8]) -> Result<()> {
    Output::Stdout.write(None, |out| out.write_all(bytes).and_then(|()| out.flush()))
}

/// Whether the program was started without standard output.
static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Notes whether there is a standard output. To be called before Rust's runtime begins: it opens `/dev/null` in its place, which cannot be told
/// from one that whoever started the program meant.
pub fn note_standard_output() {
    let is_missing = rustix::fs::fcntl_getfl(rustix::stdio::stdout()) == Err(rustix::io::Errno::BADF);
    WAS_CLOSED.store(is_missing, Ordering::Relaxed);
}

fn was_closed() -> bool {
    WAS_CLOSED.load(Ordering::Relaxed)
}

fn buffered(out: impl Write, interrupt: Option<&AtomicBool>, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(BUFFER, Interruptible { out, interrupt });
    match write(&mut out) {
        Ok(()) => out.flush(),
        Err(e) => {
            // What is left in the buffer would only fail again, on dropping it.
            let _ = out.into_parts();
            Err(e)
        }
    }
}

fn replace(
    path: &Path,
    given: &Replaced,
    interrupt: Option<&AtomicBool>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let temporary = given.new.take().map_or_else(|| Temporary::create(path), Ok)?;
    buffered(temporary.file(), interrupt, write)?;
    temporary.persist(given.old.as_ref())
}

/// A writer that fails once a flag is up.
struct Interruptible<'a, W> {
    out: W,
    interrupt: Option<&'a AtomicBool>,
}

impl<W: Write> Write for Interruptible<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.interrupt.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            return Err(io::Error::other("interrupted"));
        }
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
