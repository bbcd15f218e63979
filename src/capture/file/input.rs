//! Bytes from a file, a pipe or standard input, decompressed: a read that does not wait longer than it is told.

use super::compress::{self, Compression};
use crate::error::{Error, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::SystemTime;

/// Milliseconds a quiet pipe is waited for: a dashboard stays alive.
pub(super) const READ_ATTEMPTS: u32 = 50;

/// What a read came back with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    /// So many bytes.
    Bytes(usize),
    /// Nothing within the patience.
    Quiet,
    /// There will be no more.
    End,
}

/// What the descriptor's reader shares with whoever sits above the decompressor.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// Bytes taken from the descriptor.
    position: AtomicU64,
    /// Milliseconds to wait for a pipe.
    patience: AtomicU32,
    /// The end of the file is no end: more may be written.
    grows: AtomicBool,
}

/// The descriptor. Bytes looked at in advance come again.
pub(super) struct Raw<R = File> {
    from: R,
    waits: bool,
    head: Vec<u8>,
    taken: usize,
    meter: Arc<Meter>,
    /// Byte at which it is taken to end.
    end: u64,
}

impl<R: Read + AsFd> Raw<R> {
    /// Looks at the first `n` bytes without consuming them; fewer at the end of the file.
    ///
    /// # Errors
    /// The system's, and [`ErrorKind::WouldBlock`] when a pipe is quiet.
    fn peek(&mut self, n: usize) -> io::Result<&[u8]> {
        while self.head.len() < n {
            let mut more = [0; 16];
            match self.take(&mut more)? {
                0 => break,
                got => self.head.extend_from_slice(more.get(..got).unwrap_or(&[])),
            }
        }
        Ok(&self.head)
    }

    fn take(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.waits && !self.ready()? {
            return Err(ErrorKind::WouldBlock.into());
        }
        let left = usize::try_from(self.end.saturating_sub(self.meter.position.load(Relaxed))).unwrap_or(usize::MAX);
        let room = into.len().min(left);
        let into = into.get_mut(..room).unwrap_or(&mut []);
        let n = loop {
            match self.from.read(into) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        if n == 0 && !into.is_empty() && self.meter.grows.load(Relaxed) {
            pause(self.meter.patience.load(Relaxed));
            return Err(ErrorKind::WouldBlock.into());
        }
        self.meter.position.fetch_add(n as u64, Relaxed);
        Ok(n)
    }

    fn ready(&self) -> io::Result<bool> {
        let wait = i64::from(self.meter.patience.load(Relaxed));
        let timeout = Timespec { tv_sec: wait / 1000, tv_nsec: wait % 1000 * 1_000_000 };
        // A hang-up is readiness too: the read then says that this is the end.
        match poll(&mut [PollFd::new(&self.from, PollFlags::IN)], Some(&timeout)) {
            Ok(n) => Ok(n > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl<R: Read + AsFd> Read for Raw<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let ahead = self.head.get(self.taken..).unwrap_or(&[]);
        if ahead.is_empty() {
            return self.take(into);
        }
        let n = ahead.len().min(into.len());
        if let (Some(to), Some(from)) = (into.get_mut(..n), ahead.get(..n)) {
            to.copy_from_slice(from);
        }
        self.taken += n;
        Ok(n)
    }
}

enum Stream {
    /// Not looked at yet.
    Fresh(Raw),
    /// Uncompressed.
    Plain(Raw),
    /// Through a decompressor.
    Packed(Box<dyn Read + Send>),
    /// Given up.
    Gone,
}

/// Which file it is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FileIdentity {
    device: u64,
    inode: u64,
    /// When it was made, where the file system knows: an inode that is free is used again.
    made: Option<SystemTime>,
}

impl FileIdentity {
    /// That of a file by what the system says of it.
    pub(super) fn of(about: &Metadata) -> Self {
        Self { device: about.dev(), inode: about.ino(), made: about.created().ok() }
    }
}

/// One input, opened.
pub(super) struct Input {
    stream: Stream,
    meter: Arc<Meter>,
    size: Option<u64>,
    compression: Option<Compression>,
    waits: bool,
    identity: FileIdentity,
}

impl Input {
    /// Opens a path; `-` is standard input.
    ///
    /// # Errors
    /// In one line: missing, unreadable, a directory, a terminal.
    pub(super) fn open(path: &Path, name: &str, grows: bool) -> Result<Self> {
        let failed = |error: io::Error| Error::Io {
            what: name.to_owned(),
            kind: error.kind(),
            message: format!("cannot be opened: {}", reason(&error)),
        };
        let no_capture = |message: &str| Error::Format { path: name.to_owned(), offset: None, message: message.to_owned() };
        let file = if path.as_os_str() == "-" { standard_input().map_err(failed)? } else { open_file(path).map_err(failed)? };
        let about = file.metadata().map_err(failed)?;
        let kind = about.file_type();
        if kind.is_dir() {
            return Err(no_capture("is a directory, not a capture file; name the files in it"));
        }
        if file.is_terminal() {
            return Err(no_capture("is a terminal; give it a capture through a pipe or `<`"));
        }
        let waits = kind.is_fifo() || kind.is_socket() || kind.is_char_device();
        let grows = grows && !waits;
        let patience = AtomicU32::new(READ_ATTEMPTS);
        let meter = Arc::new(Meter { position: AtomicU64::new(0), patience, grows: AtomicBool::new(grows) });
        let size = (kind.is_file() && !grows).then_some(about.len());
        let raw = Raw { from: file, waits, head: Vec::new(), taken: 0, meter: Arc::clone(&meter), end: u64::MAX };
        Ok(Self { stream: Stream::Fresh(raw), meter, size, compression: None, waits: waits || grows, identity: FileIdentity::of(&about) })
    }

    /// The file grows no more: what is there now is all of it.
    pub(super) fn stop_growing(&self) {
        self.meter.grows.store(false, Relaxed);
    }

    /// Whether it can be read from elsewhere: a file on disk that is not compressed.
    pub(super) fn is_sought(&self) -> bool {
        self.size.is_some() && self.compression.is_none()
    }

    /// The file is taken to end at a byte.
    pub(super) fn end_at(&mut self, end: u64) {
        if let Stream::Fresh(raw) | Stream::Plain(raw) = &mut self.stream {
            raw.end = end;
            self.size = self.size.map(|size| size.min(end));
        }
    }

    /// Goes on reading at a byte of the file.
    ///
    /// # Errors
    /// It is no file on disk, or compressed.
    pub(super) fn seek(&mut self, position: u64) -> io::Result<()> {
        let (Stream::Fresh(mut raw) | Stream::Plain(mut raw)) = std::mem::replace(&mut self.stream, Stream::Gone) else {
            return Err(ErrorKind::Unsupported.into());
        };
        raw.from.seek(SeekFrom::Start(position))?;
        raw.head.clear();
        raw.taken = 0;
        self.meter.position.store(position, Relaxed);
        self.stream = Stream::Plain(raw);
        Ok(())
    }

    /// Which file it is, whatever its name.
    pub(super) fn identity(&self) -> FileIdentity {
        self.identity
    }

    /// Bytes taken from the file, as stored.
    pub(super) fn position(&self) -> u64 {
        self.meter.position.load(Relaxed)
    }

    /// Whether reads may have to wait for a writer.
    pub(super) fn waits(&self) -> bool {
        self.waits
    }

    /// What it is compressed with, once known.
    pub(super) fn compression(&self) -> Option<Compression> {
        self.compression
    }

    /// How much of the file (as stored) has been read, 0 to 1; `None` for pipes.
    pub(super) fn progress(&self) -> Option<f32> {
        let (at, size) = (self.meter.position.load(Relaxed), self.size?);
        Some(if size == 0 { 1.0 } else { (at as f64 / size as f64).min(1.0) as f32 })
    }

    /// Reads what is there, waiting at most `patience` milliseconds for a pipe (as often as a decompressor asks).
    ///
    /// # Errors
    /// The system's or the decompressor's.
    pub(super) fn read(&mut self, into: &mut [u8], patience: u32) -> io::Result<Chunk> {
        self.meter.patience.store(patience, Relaxed);
        if matches!(self.stream, Stream::Fresh(_))
            && let Err(error) = self.recognise()
        {
            return quiet_or(error);
        }
        let got = match &mut self.stream {
            Stream::Plain(raw) => raw.read(into),
            Stream::Packed(packed) => packed.read(into),
            Stream::Fresh(_) | Stream::Gone => Ok(0),
        };
        match got {
            Ok(0) => Ok(Chunk::End),
            Ok(n) => Ok(Chunk::Bytes(n)),
            Err(error) => quiet_or(error),
        }
    }

    /// Fills all of a place.
    ///
    /// # Errors
    /// The system's, or the file ends before.
    pub(super) fn read_whole(&mut self, into: &mut [u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(raw) | Stream::Fresh(raw) => raw.read_exact(into),
            Stream::Packed(_) | Stream::Gone => Err(ErrorKind::Unsupported.into()),
        }
    }

    fn recognise(&mut self) -> io::Result<()> {
        let Stream::Fresh(raw) = &mut self.stream else { return Ok(()) };
        self.compression = compress::recognise(raw.peek(compress::MAGIC)?);
        let Stream::Fresh(raw) = std::mem::replace(&mut self.stream, Stream::Gone) else { return Ok(()) };
        self.stream = match self.compression {
            None => Stream::Plain(raw),
            Some(compression) => Stream::Packed(compress::unpack(compression, raw)?),
        };
        Ok(())
    }
}

fn quiet_or(error: io::Error) -> io::Result<Chunk> {
    if error.kind() == ErrorKind::WouldBlock { Ok(Chunk::Quiet) } else { Err(error) }
}

fn standard_input() -> io::Result<File> {
    // A descriptor of our own: the standard library's handle has a buffer in front of it that poll cannot see.
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

fn open_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    // Without a writer a FIFO would block here.
    if std::fs::metadata(path)?.file_type().is_fifo() {
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    }
    options.open(path)
}

/// Waits, when a file has come to its end for now.
pub(super) fn pause(milliseconds: u32) {
    let wait = i64::from(milliseconds);
    let _ = poll(&mut [], Some(&Timespec { tv_sec: wait / 1000, tv_nsec: wait % 1000 * 1_000_000 }));
}

/// An error's words without the number behind them.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_lowercase(),
        None => text,
    }
}
