//! Captures that grow while they are read: to their end, and on from there when there is more.
//!
//! A name stands for the file that has it: when it is another one (a writer that rotates by renaming) or has become shorter, the old one is read
//! to its end and the new one from its beginning; so is one of a ring (`tcpdump -W`), when its turn comes again. A pattern stands for every
//! file it matches, also later ones (`tcpdump -G`): they are read one after the other in the order of their last change, and each for as long
//! as no newer one has come.

use super::glob::{is_pattern, matching};
use super::input::FileIdentity;
use super::reader::FileReader;
use crate::capture::{Block, Bpf, Fill, Source, SourceInfo, SourceLosses};
use crate::error::{Error, Result};
use crate::model::Arrange as _;
use crate::model::clock;
use crate::model::limits::{FOLLOWED_FILES, FOLLOWED_SOURCES, SNIFF_BYTES};
use std::collections::{HashMap, VecDeque};
use std::os::unix::fs::FileTypeExt;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

/// Time between two looks at names and patterns.
const EVERY: Duration = Duration::from_millis(250);

/// Files that are followed, as one source.
pub(super) struct Follow {
    names: Vec<PathBuf>,
    filter: Option<String>,
    current: Option<(PathBuf, FileReader)>,
    /// Files found that come after the current one.
    next: VecDeque<PathBuf>,
    /// Files that were found, so that none is read twice, and how long each was when it was left: a shorter one was begun anew.
    known: HashMap<FileIdentity, u64>,
    looked: Option<Instant>,
    /// What was read before the current one.
    done: Vec<SourceInfo>,
    losses: SourceLosses,
    /// Whether the latest file that was left counts what was lost.
    counted: bool,
    /// Whether nothing was opened so far: then a file that is no capture is a failure, and later it is left out.
    is_new: bool,
}

impl Follow {
    /// Follows files by name or pattern.
    ///
    /// # Errors
    /// A name without file that is no pattern, or the first file is no capture.
    pub(super) fn new(names: Vec<PathBuf>, filter: Option<String>) -> Result<Self> {
        let mut follow = Self {
            names,
            filter,
            current: None,
            next: VecDeque::new(),
            known: HashMap::new(),
            looked: None,
            done: Vec::new(),
            losses: SourceLosses::default(),
            counted: false,
            is_new: true,
        };
        for name in follow.names.iter().filter(|name| !is_pattern(name)) {
            if std::fs::metadata(name).is_ok_and(|about| about.file_type().is_fifo() || about.file_type().is_socket()) {
                let message = "--follow is for files: a pipe is read for as long as somebody writes to it, without --follow";
                return Err(Error::usage(format!("{}: {message}", name.display())));
            }
            // A missing file is a failure now; one that goes later is waited for.
            FileReader::open(name, None, SNIFF_BYTES, true)?;
        }
        follow.look();
        follow.advance()?;
        Ok(follow)
    }

    /// Looks for files that were not there before.
    fn look(&mut self) {
        let now = clock::now();
        if self.looked.is_some_and(|before| now.saturating_duration_since(before) < EVERY) {
            return;
        }
        self.looked = Some(now);
        let mut found: Vec<(SystemTime, PathBuf, FileIdentity)> = Vec::new();
        for name in &self.names {
            let paths = if is_pattern(name) { matching(name) } else { vec![name.clone()] };
            for path in paths {
                if let Ok(about) = std::fs::metadata(&path)
                    && about.is_file()
                    && self.known.get(&FileIdentity::of(&about)).is_none_or(|end| about.len() < *end)
                {
                    found.push((about.modified().unwrap_or(SystemTime::UNIX_EPOCH), path, FileIdentity::of(&about)));
                }
            }
        }
        found.arrange();
        for (_, path, identity) in found {
            if self.known.len() < FOLLOWED_FILES || self.known.contains_key(&identity) {
                self.known.insert(identity, 0);
                self.next.push_back(path);
            }
        }
    }

    /// Whether the current file is shorter than what was read of it: it was begun anew.
    fn has_shrunk(&self) -> bool {
        let Some((path, reader)) = &self.current else { return false };
        let now = std::fs::metadata(path).ok().filter(|about| FileIdentity::of(about) == reader.input().identity());
        now.is_some_and(|about| about.len() < reader.input().position())
    }

    /// Opens the next file, if there is one. False: there is none so far.
    fn advance(&mut self) -> Result<bool> {
        while let Some(path) = self.next.pop_front() {
            let filter = self.filter.as_deref().map(Bpf::new).transpose()?;
            match FileReader::open(&path, filter, SNIFF_BYTES, true) {
                Ok(reader) => {
                    self.is_new = false;
                    self.current = Some((path, reader));
                    return Ok(true);
                }
                Err(error) if self.is_new => return Err(error),
                // It went, or may not be read: the others go on.
                Err(error) => self.leave(SourceInfo {
                    name: path.display().to_string(),
                    format: "unknown".into(),
                    warning: Some(error.to_string()),
                    ..SourceInfo::default()
                }),
            }
        }
        Ok(false)
    }

    /// Notes what was read of a file. Of the oldest of many only the sums are kept.
    fn leave(&mut self, info: SourceInfo) {
        if self.done.len() < FOLLOWED_SOURCES {
            return self.done.push(info);
        }
        if let Some(last) = self.done.last_mut() {
            last.packets = last.packets.saturating_add(info.packets);
            last.unfiltered = last.unfiltered.zip(info.unfiltered).map(|(a, b)| a.saturating_add(b));
            last.name = "earlier files".into();
        }
    }

    fn finish(&mut self) {
        if let Some((_, mut reader)) = self.current.take() {
            let lost = reader.losses();
            self.counted = reader.counts_losses();
            self.losses.interface = self.losses.interface.saturating_add(lost.interface);
            self.losses.kernel = self.losses.kernel.saturating_add(lost.kernel);
            self.known.insert(reader.input().identity(), reader.input().position());
            reader.info().into_iter().for_each(|info| self.leave(info));
        }
    }
}

impl Source for Follow {
    fn fill(&mut self, block: &mut Block) -> Result<Fill> {
        self.look();
        if self.current.is_none() && !self.advance()? {
            // Nothing is open to wait for.
            super::input::pause(super::input::READ_ATTEMPTS);
            return Ok(Fill::Quiet);
        }
        let Some((path, reader)) = &mut self.current else { return Ok(Fill::Quiet) };
        match reader.fill(block) {
            Ok(Fill::Packets) => Ok(Fill::Packets),
            Ok(Fill::Quiet) => {
                if !self.next.is_empty() {
                    reader.input().stop_growing();
                } else if self.has_shrunk() {
                    // It is found again, for it is shorter than it was.
                    self.finish();
                    self.looked = None;
                }
                Ok(Fill::Quiet)
            }
            Ok(Fill::End) => {
                self.finish();
                Ok(Fill::Quiet)
            }
            // What was read before it stands.
            Err(error) if !self.done.is_empty() => {
                let info = SourceInfo {
                    name: path.display().to_string(),
                    format: "unknown".into(),
                    warning: Some(error.to_string()),
                    ..SourceInfo::default()
                };
                self.current = None;
                self.leave(info);
                Ok(Fill::Quiet)
            }
            Err(error) => Err(error),
        }
    }

    fn info(&self) -> Vec<SourceInfo> {
        let current = self.current.iter().flat_map(|(_, reader)| reader.info());
        self.done.iter().cloned().chain(current).collect()
    }

    fn waits(&self) -> bool {
        true
    }

    fn counts_losses(&self) -> bool {
        self.current.as_ref().map_or(self.counted, |(_, reader)| reader.counts_losses())
    }

    fn losses(&mut self) -> SourceLosses {
        let now = self.current.as_mut().map(|(_, reader)| reader.losses()).unwrap_or_default();
        SourceLosses {
            interface: self.losses.interface.saturating_add(now.interface),
            kernel: self.losses.kernel.saturating_add(now.kernel),
        }
    }
}
