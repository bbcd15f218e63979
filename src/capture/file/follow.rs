//! Captures that grow while they are read: to their end, and on from there when there is more.
//!
//! A name stands for the file that has it: when it is another one (a writer that rotates by renaming) or has become shorter, the old one is read to
//! its end and the new one from its beginning. A pattern stands for every file it matches, also later ones (`tcpdump -G`): they are read one after
//! the other in the order of their last change, and each for as long as no newer one has come.

use super::reader::Reader;
use crate::capture::{Block, Bpf, Fill, Source, SourceInfo, SourceLosses};
use crate::error::Result;
use crate::model::clock;
use crate::model::limits::{FOLLOWED_FILES, FOLLOWED_SOURCES, SNIFF_BYTES};
use std::collections::{HashSet, VecDeque};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Time between two looks at names and patterns.
const EVERY: Duration = Duration::from_millis(250);

/// A file, whatever its name: device and inode.
type Identity = (u64, u64);

/// Files that are followed, as one source.
pub(super) struct Follow {
    names: Vec<PathBuf>,
    filter: Option<String>,
    current: Option<(PathBuf, Reader)>,
    /// Files found that come after the current one.
    next: VecDeque<PathBuf>,
    /// Files that were found, so that none is read twice.
    known: HashSet<Identity>,
    looked: Option<Instant>,
    /// What was read before the current one.
    done: Vec<SourceInfo>,
    losses: SourceLosses,
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
            known: HashSet::new(),
            looked: None,
            done: Vec::new(),
            losses: SourceLosses::default(),
            is_new: true,
        };
        for name in follow.names.iter().filter(|name| !is_pattern(name)) {
            // A missing file is a failure now; one that goes later is waited for.
            Reader::open(name, None, SNIFF_BYTES, true)?;
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
        let mut found: Vec<(SystemTime, PathBuf, Identity)> = Vec::new();
        for name in &self.names {
            let paths = if is_pattern(name) { matching(name) } else { vec![name.clone()] };
            for path in paths {
                if let Ok(about) = std::fs::metadata(&path)
                    && about.is_file()
                    && !self.known.contains(&(about.dev(), about.ino()))
                {
                    found.push((about.modified().unwrap_or(SystemTime::UNIX_EPOCH), path, (about.dev(), about.ino())));
                }
            }
        }
        found.sort();
        for (_, path, identity) in found {
            if self.known.len() < FOLLOWED_FILES && self.known.insert(identity) {
                self.next.push_back(path);
            }
        }
    }

    /// Whether the current file is shorter than what was read of it: it was begun anew.
    fn has_shrunk(&self) -> bool {
        let Some((path, reader)) = &self.current else { return false };
        let now = std::fs::metadata(path).ok().filter(|about| (about.dev(), about.ino()) == reader.input().identity());
        now.is_some_and(|about| about.len() < reader.input().position())
    }

    /// Opens the next file, if there is one. False: there is none so far.
    fn advance(&mut self) -> Result<bool> {
        while let Some(path) = self.next.pop_front() {
            let filter = self.filter.as_deref().map(Bpf::new).transpose()?;
            match Reader::open(&path, filter, SNIFF_BYTES, true) {
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
            self.losses.interface = self.losses.interface.saturating_add(lost.interface);
            self.losses.kernel = self.losses.kernel.saturating_add(lost.kernel);
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
                    let path = self.current.as_ref().map(|(path, _)| path.clone());
                    self.finish();
                    self.next.extend(path);
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

    fn losses(&mut self) -> SourceLosses {
        let now = self.current.as_mut().map(|(_, reader)| reader.losses()).unwrap_or_default();
        SourceLosses {
            interface: self.losses.interface.saturating_add(now.interface),
            kernel: self.losses.kernel.saturating_add(now.kernel),
        }
    }
}

/// Whether a name is a pattern: it has `*`, `?` or `[` in its last part, and no file has that name.
fn is_pattern(name: &Path) -> bool {
    let last = name.file_name().and_then(|last| last.to_str()).unwrap_or_default();
    last.contains(['*', '?', '[']) && !name.exists()
}

/// The files whose names match the last part of a pattern, in its folder.
fn matching(pattern: &Path) -> Vec<PathBuf> {
    let folder = pattern.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(last) = pattern.file_name().and_then(|last| last.to_str()) else { return Vec::new() };
    let wanted: Vec<char> = last.chars().collect();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let fits = |entry: &std::fs::DirEntry| {
        let name = entry.file_name();
        // As in a shell, a pattern does not match hidden files unless it says so.
        name.to_str()
            .is_some_and(|name| (!name.starts_with('.') || last.starts_with('.')) && glob(&wanted, &name.chars().collect::<Vec<_>>()))
    };
    entries.filter(fits).map(|entry| pattern.with_file_name(entry.file_name())).collect()
}

/// Whether a name matches a pattern: `*` is any text, `?` one character, `[a-z]` one of those, `[!a-z]` one of all others.
fn glob(pattern: &[char], name: &[char]) -> bool {
    // Where the last star was, and what it was tried to stand for.
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() || p < pattern.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
            continue;
        }
        match name.get(n).and_then(|c| one(pattern.get(p..).unwrap_or(&[]), *c)) {
            Some(length) => (p, n) = (p + length, n + 1),
            None => match star {
                Some((at, tried)) if tried < name.len() => {
                    star = Some((at, tried + 1));
                    (p, n) = (at + 1, tried + 1);
                }
                _ => return false,
            },
        }
    }
    true
}

/// Whether a pattern begins with what matches one character, and how long that is.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['[', rest @ ..] => {
            let (negated, set) = rest.strip_prefix(&['!']).map_or((false, rest), |set| (true, set));
            // A bracket right behind the first is one of the characters.
            let end = set.iter().skip(1).position(|c| *c == ']').map(|at| at + 1);
            let Some(end) = end else { return (c == '[').then_some(1) };
            let set = set.get(..end).unwrap_or(&[]);
            let mut found = false;
            let mut at = 0;
            while let Some(first) = set.get(at) {
                match (set.get(at + 1), set.get(at + 2)) {
                    (Some('-'), Some(last)) => {
                        found |= (*first..=*last).contains(&c);
                        at += 3;
                    }
                    _ => {
                        found |= *first == c;
                        at += 1;
                    }
                }
            }
            (found != negated).then_some(end + 2 + usize::from(negated))
        }
        [first, ..] => (*first == c).then_some(1),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_a_shell() {
        let matches = |pattern: &str, name: &str| glob(&pattern.chars().collect::<Vec<_>>(), &name.chars().collect::<Vec<_>>());
        for (pattern, name) in [
            ("*", ""),
            ("*", "a"),
            ("*.pcap", "a.pcap"),
            ("cap-??.pcap*", "cap-07.pcap12"),
            ("a*b*c", "aXbYbZc"),
            ("[a-c]x", "bx"),
            ("[!a-c]x", "dx"),
            ("[]]", "]"),
            ("[", "["),
            ("**", "abc"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("", "a"), ("?", ""), ("*.pcap", "a.pcapng"), ("a*b", "ac"), ("[a-c]x", "dx"), ("[!a-c]x", "ax"), ("ab", "abc")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        assert!(!matches(&"*a".repeat(30), &"a".repeat(29)), "and soon");
    }
}
