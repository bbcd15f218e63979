//! The ring of files: packets written to disk as they come, the oldest file making room for the newest.
//!
//! The tape waits for no disk: packets are copied into a few pieces of memory, and where none is free they are lost to the ring, counted, and
//! to nobody else. A thread writes the pieces. After each one the file is complete: what ends the program leaves a file that can be read.

use super::recorder::PacketRun;
use super::{InterfaceAbout, PcapngWriter};
use crate::error::{Error, Result};
use crate::model::Arrange as _;
use crate::model::limits::{RING_FILES, RING_PIECES};
use crate::model::{TapePacket, clock, units};
use crate::settings::made_file::private;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use rustix::fs::{FlockOperation, flock};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Where files are written, how many and how large.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingPlan {
    /// Their directory.
    pub folder: PathBuf,
    /// How many are kept.
    pub files: usize,
    /// Bytes after which the next one begins.
    pub bytes: u64,
}

/// What became of a ring, for who shows it.
#[derive(Debug, Default)]
pub struct RingStatus {
    written: AtomicU64,
    lost: AtomicU64,
    trouble: Mutex<Option<String>>,
}

impl RingStatus {
    /// Packets written.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Packets that are in no file, because the disk was too slow or full.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// What is to be told of it, in words: why nothing is written now, or how many packets are in no file; `None` while all is well.
    pub fn words(&self) -> Option<String> {
        let lost = units::plural(self.lost(), "packet");
        match self.trouble() {
            Some(trouble) => Some(format!("ring not written, capture goes on: {lost} in no file · {trouble}")),
            None if self.lost() > 0 => Some(format!("ring: {lost} in no file, the disk was too slow or full")),
            None => None,
        }
    }

    /// Why nothing is written now.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

/// The side of the tape.
pub struct Ring {
    piece: Option<PacketRun>,
    free: Receiver<PacketRun>,
    full: Option<Sender<PacketRun>>,
    status: Arc<RingStatus>,
    thread: Option<JoinHandle<()>>,
}

impl Ring {
    /// Makes the first file and starts the thread. `names` are those of the interfaces, by number.
    ///
    /// # Errors
    /// The directory takes no file, or the system refuses a thread.
    pub fn start(plan: RingPlan, names: Vec<String>) -> Result<Self> {
        let status = Arc::new(RingStatus::default());
        let failed = |error: &io::Error| Error::io(format_args!("cannot write to {} (--ring)", plan.folder.display()), error);
        let lock = lock(&plan.folder)?;
        let mut files = Files { known: existing(&plan.folder), plan: plan.clone(), names, current: None, number: 0, failed: None, lock };
        files.next().map_err(|e| failed(&e))?;
        let (give_back, free) = bounded(RING_PIECES);
        let (full, pieces) = bounded::<PacketRun>(RING_PIECES);
        for _ in 0..RING_PIECES {
            let _ = give_back.send(PacketRun::new());
        }
        let thread = {
            let status = Arc::clone(&status);
            std::thread::Builder::new().name("ring".into()).spawn(move || {
                for mut piece in pieces {
                    files.take(&piece, &status);
                    piece.begin(0);
                    let _ = give_back.try_send(piece);
                }
            })
        };
        let thread = thread.map_err(|e| Error::io("cannot start the thread that writes the ring (--ring)", &e))?;
        Ok(Self { piece: None, free, full: Some(full), status, thread: Some(thread) })
    }

    /// What became of it.
    pub fn status(&self) -> Arc<RingStatus> {
        Arc::clone(&self.status)
    }

    /// Takes packets.
    pub fn record<'a>(&mut self, packets: impl Iterator<Item = TapePacket<'a>>) {
        for packet in packets {
            if self.piece.as_ref().is_some_and(|piece| !piece.has_room(&packet)) {
                self.hand_over();
            }
            if self.piece.is_none() {
                self.piece = self.free.try_recv().ok();
            }
            match &mut self.piece {
                Some(piece) => piece.push(&packet),
                None => _ = self.status.lost.fetch_add(1, Ordering::Relaxed),
            }
        }
    }

    /// A moment at which what there is should be on the disk soon. While the disk is behind it waits with what follows, in the same piece:
    /// many short pieces would run out although there is room.
    pub fn flush(&mut self) {
        if !self.free.is_empty() {
            self.hand_over();
        }
    }

    /// Hands over what there is, to be written now.
    fn hand_over(&mut self) {
        let Some(piece) = self.piece.take().filter(|piece| !piece.is_empty()) else { return };
        let Some(full) = &self.full else { return };
        if let Err(TrySendError::Full(piece) | TrySendError::Disconnected(piece)) = full.try_send(piece) {
            self.status.lost.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.hand_over();
        self.full = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Keeps other rings out of a directory: each would take the other's files for its own and remove them. A file system without locks has none.
fn lock(folder: &Path) -> Result<Option<File>> {
    let Ok(folder_file) = File::open(folder) else { return Ok(None) };
    match flock(&folder_file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(folder_file)),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            Err(Error::usage(format!("another program writes its ring to {} (--ring): give each a directory of its own", folder.display())))
        }
        Err(_) => Ok(None),
    }
}

/// The files that a ring before this one left.
fn existing(folder: &Path) -> VecDeque<PathBuf> {
    let names = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<(u64, PathBuf)> = names.filter_map(|entry| number(&entry.path()).zip(Some(entry.path()))).collect();
    // By their numbers, which outgrow their six digits.
    found.arrange_by_key(|file| file.0);
    found.into_iter().map(|file| file.1).collect()
}

/// The number of a file of a ring.
fn number(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_prefix(PREFIX)?.strip_suffix(".pcapng")?.parse().ok()
}

const PREFIX: &str = "spantop-ring-";

/// Time between two attempts to write after one failed.
const AGAIN: Duration = Duration::from_secs(2);

/// The side of the disk.
struct Files {
    plan: RingPlan,
    names: Vec<String>,
    known: VecDeque<PathBuf>,
    current: Option<(File, PcapngWriter<Vec<u8>>, u64)>,
    number: u64,
    failed: Option<Instant>,
    /// Held as long as files are written.
    #[expect(dead_code, reason = "it is let go when this is dropped")]
    lock: Option<File>,
}

impl Files {
    /// Begins the next file, and removes the oldest where there are enough.
    fn next(&mut self) -> io::Result<()> {
        self.current = None;
        while self.known.len() >= self.plan.files.clamp(1, RING_FILES) {
            if let Some(oldest) = self.known.pop_front() {
                let _ = fs::remove_file(oldest);
            }
        }
        let newest = self.known.back().and_then(|path| number(path)).unwrap_or(0);
        self.number = self.number.max(newest) + 1;
        let path = self.plan.folder.join(format!("{PREFIX}{:06}.pcapng", self.number));
        let file = private().write(true).create_new(true).open(&path)?;
        self.known.push_back(path);
        self.current = Some((file, PcapngWriter::new(Vec::new(), "ring of spantop"), 0));
        Ok(())
    }

    /// Leaves a file that could not be written on: one in which nothing is goes.
    fn leave(&mut self) {
        if let Some((_, _, 0)) = self.current.take()
            && let Some(path) = self.known.pop_back()
        {
            let _ = fs::remove_file(path);
        }
    }

    /// Writes a piece.
    fn take(&mut self, piece: &PacketRun, status: &RingStatus) {
        if self.failed.is_some_and(|at| clock::since(at) < AGAIN) {
            status.lost.fetch_add(piece.len() as u64, Ordering::Relaxed);
            return;
        }
        let mut written = 0;
        let outcome = self.write(piece, &mut written);
        status.written.fetch_add(written, Ordering::Relaxed);
        status.lost.fetch_add((piece.len() as u64).saturating_sub(written), Ordering::Relaxed);
        match outcome {
            Ok(()) => {
                if self.failed.take().is_some() {
                    status.tell(None);
                }
            }
            Err(error) => {
                status.tell(Some(error.to_string()));
                self.failed = Some(clock::now());
                self.leave();
            }
        }
    }

    /// Writes a piece; `done`: packets of it that are in a file.
    fn write(&mut self, piece: &PacketRun, done: &mut u64) -> io::Result<()> {
        let mut waiting = 0;
        for packet in piece.packets() {
            if self.current.as_ref().is_none_or(|(_, writer, _)| writer.bytes() >= self.plan.bytes) {
                self.put()?;
                *done += std::mem::take(&mut waiting);
                self.next()?;
            }
            let Some((_, writer, _)) = &mut self.current else { return Ok(()) };
            let names = &self.names;
            let about = || InterfaceAbout { name: names.get(usize::from(packet.interface)).cloned(), description: None };
            writer.packet(&packet, None, about)?;
            waiting += 1;
        }
        self.put()?;
        *done += waiting;
        Ok(())
    }

    /// Puts what was written so far into the file.
    fn put(&mut self) -> io::Result<()> {
        let Some((file, writer, written)) = &mut self.current else { return Ok(()) };
        writer.flush()?;
        let bytes = writer.out();
        let outcome = file.write_all(bytes);
        match outcome {
            Ok(()) => *written += bytes.len() as u64,
            // What is left is whole up to the piece before.
            Err(_) => _ = file.set_len(*written),
        }
        bytes.clear();
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LinkType, Timestamp};

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("spantop-ring-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn fill(ring: &mut Ring, packets: i64) {
        let bytes = [7; 1000];
        for n in 0..packets {
            let packet = TapePacket { time: Timestamp(n), link: LinkType::ETHERNET, wire: 1000, interface: 0, bytes: &bytes };
            ring.record(std::iter::once(packet));
        }
        ring.hand_over();
    }

    #[test]
    fn the_oldest_file_makes_room_for_the_newest() {
        let folder = folder("turns");
        let plan = RingPlan { folder: folder.clone(), files: 3, bytes: 100_000 };
        for _ in 0..2 {
            let mut ring = Ring::start(plan.clone(), vec!["eth1".into()]).unwrap();
            let status = ring.status();
            for _ in 0..5 {
                fill(&mut ring, 150);
                while status.written() + status.lost() == 0 {
                    std::thread::yield_now();
                }
            }
            drop(ring);
            assert_eq!((status.written(), status.lost(), status.trouble()), (750, 0, None));
            assert_eq!(existing(&folder).len(), 3);
        }
        let numbers: Vec<_> = existing(&folder).iter().filter_map(|path| number(path)).collect();
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1) && numbers[0] > 5, "{numbers:?}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_newest_is_the_one_with_the_largest_number_and_its_files_are_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder("millionth");
        for n in 999_998..=1_000_000 {
            fs::write(folder.join(format!("{PREFIX}{n:06}.pcapng")), "").unwrap();
        }
        drop(Ring::start(RingPlan { folder: folder.clone(), files: 3, bytes: 1 << 30 }, Vec::new()).unwrap());
        let numbers: Vec<_> = existing(&folder).iter().filter_map(|path| number(path)).collect();
        assert_eq!(numbers, [999_999, 1_000_000, 1_000_001]);
        let mode = fs::metadata(existing(&folder).pop_back().unwrap()).unwrap().permissions().mode();
        assert_eq!(mode & 0o007, 0, "{mode:o}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn two_rings_do_not_share_a_directory() {
        let folder = folder("shared");
        let plan = RingPlan { folder: folder.clone(), files: 3, bytes: 1 << 30 };
        let first = Ring::start(plan.clone(), Vec::new()).unwrap();
        let error = Ring::start(plan.clone(), Vec::new()).err().unwrap().to_string();
        assert!(error.contains("another program") && error.contains("--ring"), "{error}");
        assert_eq!(existing(&folder).len(), 1, "nothing is made or removed");
        drop(first);
        assert!(Ring::start(plan, Vec::new()).is_ok());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn moments_that_come_faster_than_the_disk_lose_nothing() {
        let folder = folder("fast");
        let mut ring = Ring::start(RingPlan { folder: folder.clone(), files: 3, bytes: 1 << 30 }, Vec::new()).unwrap();
        let status = ring.status();
        let bytes = [7; 100];
        for n in 0..2_000 {
            ring.record(std::iter::once(TapePacket {
                time: Timestamp(n),
                link: LinkType::ETHERNET,
                wire: 100,
                interface: 0,
                bytes: &bytes,
            }));
            ring.flush();
        }
        drop(ring);
        assert_eq!((status.written(), status.lost()), (2_000, 0));
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_leaves_no_empty_file_and_is_counted() {
        let folder = folder("full");
        let plan = RingPlan { folder: folder.clone(), files: 9, bytes: 1 << 30 };
        let mut files = Files { known: VecDeque::new(), plan, names: Vec::new(), current: None, number: 0, failed: None, lock: None };
        files.next().unwrap();
        let status = RingStatus::default();
        let mut piece = PacketRun::new();
        let packet = TapePacket { time: Timestamp(1), link: LinkType::ETHERNET, wire: 9, interface: 0, bytes: &[7; 9] };
        (0..5).for_each(|_| piece.push(&packet));
        files.take(&piece, &status);
        assert_eq!((status.written(), status.lost(), status.words()), (5, 0, None));
        // The next file has no room for a byte.
        files.next().unwrap();
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        files.current.iter_mut().for_each(|current| current.0 = full.try_clone().unwrap());
        files.take(&piece, &status);
        assert_eq!((status.written(), status.lost()), (5, 5));
        let words = status.words().unwrap();
        assert!(words.contains("No space left") && words.contains("5 packets in no file") && words.contains("capture goes on"), "{words}");
        assert_eq!(existing(&folder).len(), 1, "the one in which something is");
        assert!(existing(&folder).iter().all(|path| fs::metadata(path).unwrap().len() > 0));
        // It is written again after a while, and what was lost stays told.
        files.failed = None;
        status.tell(None);
        files.take(&piece, &status);
        assert_eq!((status.written(), status.lost(), existing(&folder).len()), (10, 5, 2));
        assert_eq!(status.words().unwrap(), "ring: 5 packets in no file, the disk was too slow or full");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_directory_that_takes_no_file_is_told() {
        let plan = RingPlan { folder: "/nowhere/at/all".into(), files: 3, bytes: 100_000 };
        let error = Ring::start(plan, Vec::new()).err().unwrap().to_string();
        assert!(error.contains("/nowhere/at/all") && error.contains("--ring"), "{error}");
        // One that goes while packets are written is told too, and the packets are counted as lost.
        let folder = folder("gone");
        let mut ring = Ring::start(RingPlan { folder: folder.clone(), files: 3, bytes: 1 }, Vec::new()).unwrap();
        let status = ring.status();
        fill(&mut ring, 10);
        while status.written() == 0 {
            std::thread::yield_now();
        }
        fs::remove_dir_all(&folder).unwrap();
        fill(&mut ring, 10);
        drop(ring);
        assert_eq!((status.written(), status.lost()), (10, 10));
        assert!(status.trouble().is_some());
    }
}
