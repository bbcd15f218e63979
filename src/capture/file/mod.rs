//! Capture files: pcap, pcapng, snoop, Network Monitor and ERF, plain or compressed, from disk, from a pipe or from standard input.
//!
//! Formats and compressions are recognised by their content, never by the name. A file is read in large pieces straight into
//! the arena of the block being filled and framed there; a record that straddles the end moves to the start of the next block.
//!
//! | file | what it holds |
//! |---|---|
//! | `input` | bytes from a descriptor: waiting for pipes, position |
//! | `compress` | gzip, zstd, lz4, xz |
//! | `format` | the trait every format implements, and recognising one |
//! | `classic` (pcap), `pcapng`, `snoop`, `netmon`, `erf` | a format each |
//! | `looks` | what a file that is no capture looks like |
//! | `reader` | one file as a source |
//! | `merge` | several files by packet time |
//! | `follow` | files that grow, and patterns that take in new ones |
//! | `glob` | patterns of file names |
//! | `descriptors` | how many files may be open at once |
//! | `cut` | parts of large files, for several machines |
//! | `index` | where packets lie, to be read again |
//! | `replay` | at the pace of packet time |

mod classic;
mod compress;
mod cut;
mod descriptors;
mod erf;
mod follow;
mod format;
mod glob;
mod index;
mod input;
mod merge;
mod netmon;
mod pcapng;
mod reader;
mod registry;
mod replay;
mod sniff;
mod snoop;
#[cfg(test)]
mod tests;

use super::{Bpf, Source};
use crate::error::{Error, Result};
use crate::model::limits::{LEAST_SNIFF_BYTES, MERGE_BYTES, SNIFF_BYTES};
use crate::settings::FileSettings;
pub use cut::{FileCut, FileCuts, cuts};
use follow::Follow;
pub use index::PacketIndex;
use merge::FileMerge;
use reader::FileReader;
pub use registry::format_names;
use replay::Replay;
use std::collections::HashSet;
use std::sync::Arc;

/// Opens capture files; `-` is standard input. Several are merged by packet time (ties: in the order given).
///
/// Files on disk are recognised here, so that something that is no capture is an error before anything starts. Pipes are
/// recognised once their first bytes have come.
///
/// # Errors
/// A file is missing, unreadable, a directory, empty, or no capture; the filter is no expression; the pace is not positive. The
/// message is one line and names the file or the flag.
pub fn open(settings: &FileSettings) -> Result<Box<dyn Source>> {
    open_noting(settings, None)
}

/// Does what [`open`] does, and has where their packets lie noted in an index while they are read.
///
/// # Errors
/// As [`open`].
pub fn open_noting(settings: &FileSettings, index: Option<&Arc<PacketIndex>>) -> Result<Box<dyn Source>> {
    if let Some(text) = &settings.filter {
        Bpf::new(text)?;
    }
    if settings.follow {
        if settings.paths.iter().any(|path| path.as_os_str() == "-") {
            return Err(Error::usage("--follow is for files: standard input is read for as long as somebody writes to it"));
        }
        return Ok(Box::new(Follow::new(settings.paths.clone(), settings.filter.clone())?));
    }
    descriptors::make_room(settings.paths.len())?;
    let mut readers: Vec<FileReader> = Vec::with_capacity(settings.paths.len());
    let mut known = HashSet::new();
    // Of thousands of files that are open at once each holds little.
    let window = (MERGE_BYTES / settings.paths.len().max(1)).clamp(LEAST_SNIFF_BYTES, SNIFF_BYTES);
    for path in &settings.paths {
        let filter = settings.filter.as_deref().map(Bpf::new).transpose()?;
        let mut reader = FileReader::open(path, filter, window, false)?;
        if !known.insert(reader.input().identity()) {
            reader.tell("is given twice: its packets are counted twice");
        }
        if settings.notes {
            reader.keep_notes();
        }
        readers.push(reader);
    }
    let source: Box<dyn Source> = match (readers.len(), readers.pop()) {
        (1, Some(mut only)) => {
            only.note_in(index.cloned());
            if let Some(part) = &settings.part {
                only.take_part(part)?;
            }
            Box::new(only)
        }
        (_, Some(last)) => {
            readers.push(last);
            Box::new(FileMerge::new(readers, index.cloned()))
        }
        (_, None) => return Err(Error::usage("no capture file given")),
    };
    match settings.replay {
        None => Ok(source),
        Some(speed) if speed.is_finite() && speed > 0.0 => Ok(Box::new(Replay::new(source, speed))),
        Some(speed) => Err(Error::usage(format!("replay speed {speed} is not a positive number"))),
    }
}

/// Opens captures again so that they begin with a packet not behind that of this number (from 0); says which they begin with.
///
/// # Errors
/// They cannot be opened any more.
pub fn reopen(settings: &FileSettings, index: &PacketIndex, number: u64) -> Result<(Box<dyn Source>, u64)> {
    let (Some((position, packets, format)), [path]) = (index.place(number), settings.paths.as_slice()) else {
        let plain = FileSettings { replay: None, follow: false, limit: None, ..settings.clone() };
        return Ok((open(&plain)?, 0));
    };
    let filter = settings.filter.as_deref().map(Bpf::new).transpose()?;
    let mut reader = FileReader::open(path, filter, SNIFF_BYTES, false)?;
    if settings.notes {
        reader.keep_notes();
    }
    reader.resume(position, packets, format)?;
    Ok((Box::new(reader), packets))
}
