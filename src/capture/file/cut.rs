//! Where a large capture may be cut, so that several machines read a part each.
//!
//! A cut lies between two records. Two ways lead there. **Walking** steps from record to record from the beginning: it cannot err, and reads a little
//! of every record. **Scanning** looks for one around where a cut is wanted: something that looks like a record, with many behind it that do, and
//! then goes on along them by more than the longest packet, so that it is off whatever a packet's own bytes looked like. A scan may still
//! be led astray by packets made for it; that shows: who reads the part before arrives at its end in the middle of a record, if the cut is wrong. If
//! every part ends where the next one begins, all cuts are right, for the first part begins with the first record.

use super::format::{FileFormat, RECORD_HEAD, RecordKind};
use super::reader::FileReader;
use crate::capture::{Block, Fill, Source};
use crate::error::{Error, Result};
use crate::model::Timestamp;
use crate::model::limits::{MAX_PACKET_BYTES, PART_CONTEXT_BYTES, RECORD_BYTES, SNIFF_BYTES};
use crate::model::text::printable;
use crate::model::time::SECOND;
use crate::settings::CutWay;
use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

/// Records in a row that have to look like some.
const CHAIN: usize = 16;
/// Bytes behind a wanted cut that are looked at for the first of them: a record may be as long as this.
const WINDOW: usize = 4 * RECORD_BYTES;
/// Files up to this size are walked through: that takes a moment.
const WALKED: u64 = 64 << 20;

/// A place to cut.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileCut {
    /// Byte of the file.
    pub at: u64,
    /// Stretches of the file before it that packets behind it cannot be read without.
    pub context: Vec<(u64, u64)>,
}

/// Where a file can be cut.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileCuts {
    /// Its size in bytes, as stored.
    pub size: u64,
    /// Where its first record begins.
    pub begin: u64,
    /// Time of its first packet.
    pub first: Option<Timestamp>,
    /// The places, ascending.
    pub cuts: Vec<FileCut>,
    /// Whether they were found by a scan, which whoever reads the parts proves.
    pub scanned: bool,
    /// Interfaces in the context that a scan found.
    pub interfaces: u64,
    /// Why there are none, or none behind the last one, where one was wanted.
    pub uncut: Option<String>,
}

/// Finds places where a file can be cut into parts of about `unit` bytes.
///
/// # Errors
/// It cannot be read, or is no capture.
pub fn cuts(path: &Path, unit: u64, way: CutWay) -> Result<FileCuts> {
    let mut reader = FileReader::open(path, None, SNIFF_BYTES, false)?;
    let (header, format) = reader.beginning();
    let is_sought = reader.input().is_sought();
    let first = first_time(&mut reader)?;
    let size = std::fs::metadata(path).map_err(|e| failed(path, &e))?.len();
    let begin = header.unwrap_or(0);
    let mut found = FileCuts { size, begin, first, ..FileCuts::default() };
    if size <= begin.saturating_add(unit) {
        return Ok(found);
    }
    let Some(format) = format.filter(|_| is_sought) else {
        found.uncut = Some("compressed, or of a format that is not cut".into());
        return Ok(found);
    };
    let mut cutter = Cutter::open(path, unit.max(1), format).map_err(|e| failed(path, &e))?;
    let scanned = if way == CutWay::Walk || way == CutWay::Auto && size <= WALKED { None } else { cutter.scan(&found) };
    let outcome = match scanned {
        Some(cuts) => {
            (found.scanned, found.interfaces) = (true, cutter.interfaces());
            cuts.map(|cuts| (cuts, None))
        }
        None if way == CutWay::Scan => Ok((Vec::new(), Some("a scan found no records it was sure of: walk".to_owned()))),
        None => cutter.walk(&found),
    };
    (found.cuts, found.uncut) = outcome.map_err(|e| failed(path, &e))?;
    Ok(found)
}

fn failed(path: &Path, error: &io::Error) -> Error {
    Error::io(printable(&path.display().to_string()), error)
}

/// Time of the first packet that has one.
fn first_time(reader: &mut FileReader) -> Result<Option<Timestamp>> {
    let mut block = Block::new();
    loop {
        block.clear();
        let fill = reader.fill(&mut block)?;
        if let Some(time) = block.packets.iter().map(|packet| packet.time).find(|time| *time != Timestamp::UNKNOWN) {
            return Ok(Some(time));
        }
        if fill == Fill::End || !block.packets.is_empty() {
            return Ok(None);
        }
    }
}

struct Cutter {
    file: BufReader<File>,
    unit: u64,
    format: Box<dyn FileFormat>,
}

impl Cutter {
    fn open(path: &Path, unit: u64, format: Box<dyn FileFormat>) -> io::Result<Self> {
        Ok(Self { file: BufReader::with_capacity(1 << 18, File::open(path)?), unit, format })
    }

    /// Interfaces that its format knows.
    fn interfaces(&self) -> u64 {
        let (listed, more) = self.format.interfaces();
        listed.len() as u64 + more
    }

    /// The record that begins at a byte: what it is and how long; `None`: there is none.
    fn record(&mut self, at: u64) -> io::Result<Option<(RecordKind, u64)>> {
        let mut head = [0; RECORD_HEAD];
        let here = self.file.stream_position()?;
        self.file.seek_relative(at.wrapping_sub(here) as i64)?;
        let n = fill(&mut self.file, &mut head)?;
        Ok(self.format.begins(head.get(..n).unwrap_or(&[])).filter(|_| n > 0))
    }

    /// Goes through all records.
    fn walk(&mut self, file: &FileCuts) -> io::Result<(Vec<FileCut>, Option<String>)> {
        let (mut cuts, mut context) = (Vec::new(), Context::default());
        let (mut at, mut wanted) = (file.begin, file.begin + self.unit);
        while at < file.size {
            let Some((kind, length)) = self.record(at)? else { return Ok((cuts, Some(format!("no record at byte {at}")))) };
            match kind {
                RecordKind::Context => context.add(at, at + length),
                RecordKind::Uncut => return Ok((Vec::new(), Some("it has packets without a time of their own".into()))),
                RecordKind::Packet if at >= wanted => {
                    if context.is_full {
                        return Ok((cuts, Some(format!("too many interfaces before byte {at}"))));
                    }
                    cuts.push(FileCut { at, context: context.stretches.clone() });
                    wanted = at + self.unit;
                }
                RecordKind::Packet | RecordKind::Other => {}
            }
            at += length;
        }
        Ok((cuts, None))
    }

    /// Looks around the places where cuts are wanted; `None`: one was not found.
    fn scan(&mut self, file: &FileCuts) -> Option<io::Result<Vec<FileCut>>> {
        let first = file.first?.0.div_euclid(SECOND);
        let mut context = Context::default();
        let mut at = file.begin;
        // What stands before the first packet is taken to be all the context there is; who reads the parts sees whether that is true.
        loop {
            match self.record(at) {
                Ok(Some((RecordKind::Context, length))) => {
                    context.add(at, at + length);
                    at += length;
                }
                Ok(Some((RecordKind::Other, length))) => at += length,
                Ok(Some((RecordKind::Packet, _))) => break,
                Ok(Some((RecordKind::Uncut, _)) | None) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
        if context.is_full {
            return None;
        }
        for (from, to) in &context.stretches {
            let mut bytes = vec![0; usize::try_from(to - from).ok()?];
            if let Err(error) = self.file.seek(SeekFrom::Start(*from)).and_then(|_| self.file.read_exact(&mut bytes)) {
                return Some(Err(error));
            }
            self.format.frame(&bytes, &mut 0, &mut Vec::new(), 1);
        }
        let (mut cuts, mut wanted) = (Vec::new(), file.begin + self.unit);
        while wanted + (2 * WINDOW as u64) < file.size {
            match self.look(wanted, first) {
                Ok(at) => cuts.push(FileCut { at: at?, context: context.stretches.clone() }),
                Err(error) => return Some(Err(error)),
            }
            wanted = cuts.last().map_or(file.size, |cut| cut.at) + self.unit;
        }
        Some(Ok(cuts))
    }

    /// The first record behind a byte that can be believed in.
    fn look(&mut self, wanted: u64, first: i64) -> io::Result<Option<u64>> {
        let mut data = vec![0; 2 * WINDOW];
        self.file.seek(SeekFrom::Start(wanted))?;
        let n = fill(&mut self.file, &mut data)?;
        data.truncate(n);
        let step = self.format.alignment();
        let from = usize::try_from(wanted.next_multiple_of(step) - wanted).unwrap_or(0);
        let starts = (from..n.min(WINDOW)).step_by(usize::try_from(step).unwrap_or(1));
        Ok(starts.into_iter().find_map(|start| self.follow(&data, start, first)).map(|at| wanted + at as u64))
    }

    /// Follows what looks like records from a place on, until none of their bytes can be a packet's that began before it.
    fn follow(&self, data: &[u8], start: usize, first: i64) -> Option<usize> {
        let (mut at, mut records) = (start, 0);
        while records < CHAIN || at < start + MAX_PACKET_BYTES + RECORD_HEAD {
            let length = self.format.guess(data.get(at..)?, first)?;
            at += usize::try_from(length).ok()?;
            records += 1;
        }
        // The record that begins here is one of packets, for a part begins with one.
        while let Some(length) = self.format.guess(data.get(at..)?, first) {
            let is_packet = self
                .format
                .fork()
                .and_then(|mut format| format.begins(data.get(at..)?))
                .is_some_and(|(kind, _)| kind == RecordKind::Packet);
            if is_packet {
                return Some(at);
            }
            at += usize::try_from(length).ok()?;
        }
        None
    }
}

/// Sections and interfaces so far, neighbours as one stretch.
#[derive(Default)]
struct Context {
    stretches: Vec<(u64, u64)>,
    bytes: u64,
    /// There are more than a part is read with.
    is_full: bool,
}

impl Context {
    fn add(&mut self, from: u64, to: u64) {
        self.bytes = self.bytes.saturating_add(to - from);
        self.is_full |= self.bytes > PART_CONTEXT_BYTES as u64;
        if self.is_full {
            return;
        }
        match self.stretches.last_mut() {
            Some((_, end)) if *end == from => *end = to,
            _ => self.stretches.push((from, to)),
        }
    }
}

/// Reads as much as there is, up to a place's size.
fn fill(from: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while let Some(room) = into.get_mut(n..).filter(|room| !room.is_empty()) {
        match from.read(room) {
            Ok(0) => break,
            Ok(got) => n += got,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(n)
}
