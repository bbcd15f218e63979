//! Batches that wait for a server: on the disk where there is a directory for them, else in memory; either way no more than a cap. Beyond it
//! the oldest go, and are counted. What the disk does not take waits in memory, within the cap of that.

use super::coding::rows_of;
use crate::export::files::alone;
use crate::model::Arrange as _;
use crate::model::limits::EXPORT_SPOOL_MEMORY_BYTES;
use crate::settings::made_file::private;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The ending of a batch on the disk.
const ENDING: &str = "batch";

/// The ending of one that is none any more.
const DAMAGED: &str = "damaged";

/// What is known of a batch beside its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchHead {
    /// Its place in the order.
    pub number: u64,
    /// Its table.
    pub table: String,
    /// How many rows it has.
    pub rows: u64,
    /// Seconds since 1970 of its earliest and latest row.
    pub span: [u32; 2],
    /// Its name: no other batch ever has it.
    pub id: String,
    /// How its bytes are packed: an HTTP content coding, or `identity`.
    pub coding: String,
}

impl BatchHead {
    /// The name of its file: everything that is to be known is in it.
    fn file(&self) -> String {
        let Self { number, table, rows, span: [first, last], id, coding } = self;
        format!("{number:020}.{table}.{rows}.{first}.{last}.{id}.{coding}.{ENDING}")
    }

    fn parse(name: &str) -> Option<Self> {
        let parts: Vec<&str> = name.split('.').collect();
        let [number, table, rows, first, last, id, coding, ENDING] = parts.as_slice() else { return None };
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        (plain(table) && plain(id) && plain(coding)).then_some(())?;
        Some(Self {
            number: number.parse().ok()?,
            table: (*table).to_owned(),
            rows: rows.parse().ok()?,
            span: [first.parse().ok()?, last.parse().ok()?],
            id: (*id).to_owned(),
            coding: (*coding).to_owned(),
        })
    }
}

#[derive(Debug)]
enum Body {
    Memory(Vec<u8>),
    File(PathBuf, u64),
}

impl Body {
    fn len(&self) -> u64 {
        match self {
            Body::Memory(bytes) => bytes.len() as u64,
            Body::File(_, length) => *length,
        }
    }
}

/// A batch that waits.
#[derive(Debug)]
pub struct WaitingBatch {
    /// What it is.
    pub head: BatchHead,
    /// Whether it may have arrived already: it was sent and no answer came, or an earlier run left it.
    pub may_have_arrived: bool,
    /// Whether an earlier run wrote it, and it has not been looked at since.
    unchecked: bool,
    body: Body,
}

/// Why a batch has no bytes to send.
#[derive(Debug, PartialEq, Eq)]
pub enum NoBytes {
    /// They cannot be read now, and perhaps later.
    Unreadable(String),
    /// Its file is gone, or does not hold the rows it should: it never will.
    Damaged(String),
}

impl WaitingBatch {
    /// Its bytes. What an earlier run has left is looked through first: a server that cannot unpack it would be asked again for ever.
    ///
    /// # Errors
    /// They cannot be read, or are not those of the batch.
    pub fn bytes(&mut self) -> Result<Vec<u8>, NoBytes> {
        let (path, bytes) = match &self.body {
            Body::Memory(bytes) => return Ok(bytes.clone()),
            Body::File(path, _) => (path, fs::read(path)),
        };
        let told = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
        let bytes = bytes.map_err(|e| match path.is_file() {
            true => NoBytes::Unreadable(told(&e)),
            false => NoBytes::Damaged(told(&e)),
        })?;
        if self.unchecked {
            match rows_of(&self.head.coding, &bytes) {
                Ok(rows) if rows == self.head.rows => self.unchecked = false,
                Ok(rows) => return Err(NoBytes::Damaged(told(&format!("damaged: {rows} of {} rows", self.head.rows)))),
                Err(e) => return Err(NoBytes::Damaged(told(&format!("damaged: {e}")))),
            }
        }
        Ok(bytes)
    }

    fn forget(self) {
        if let Body::File(path, _) = self.body {
            let _ = fs::remove_file(path);
        }
    }
}

/// Batches in their order.
#[derive(Debug)]
pub struct Spool {
    folder: Option<PathBuf>,
    waiting: VecDeque<WaitingBatch>,
    bytes: u64,
    cap: u64,
    /// Bytes at most of what is in memory.
    memory_cap: u64,
    next: u64,
    /// Nobody else has this directory while it is open.
    lock: Option<File>,
}

/// Whoever may reach a file may open it.
fn open_to_all() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}

impl Spool {
    /// In a directory, or in memory; with what an earlier run has left there.
    ///
    /// # Errors
    /// The directory cannot be read; in words.
    pub fn open(folder: Option<&Path>, cap: u64) -> Result<Self, String> {
        let memory_cap = cap.min(EXPORT_SPOOL_MEMORY_BYTES);
        let mut spool =
            Self { folder: folder.map(Path::to_owned), waiting: VecDeque::new(), bytes: 0, cap, memory_cap, next: 0, lock: None };
        let Some(folder) = folder else { return Ok(spool) };
        // Batches of two writers would have the same names.
        let lock = private().write(true).create(true).truncate(false).open(folder.join(".lock"));
        // Nothing stands in it, and who opens it again may not be who made it: rights are given up meanwhile.
        if let Ok(lock) = &lock {
            let _ = lock.set_permissions(open_to_all());
        }
        let lock = lock.and_then(|lock| alone(&lock).map(|()| lock)).map_err(|e| format!("{}: {e}", folder.display()))?;
        spool.lock = Some(lock);
        let mut found: Vec<(BatchHead, PathBuf, u64)> = fs::read_dir(folder)
            .map_err(|e| format!("{}: {e}", folder.display()))?
            .flatten()
            .filter_map(|entry| {
                let head = BatchHead::parse(entry.file_name().to_str()?)?;
                Some((head, entry.path(), entry.metadata().ok()?.len()))
            })
            .collect();
        found.arrange_by_key(|(head, ..)| head.number);
        // What a kill has left in the middle of being written is no batch.
        let half = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        half.filter(|path| path.extension().is_some_and(|e| e == "new")).for_each(|path| drop(fs::remove_file(path)));
        for (head, path, length) in found {
            spool.next = spool.next.max(head.number.saturating_add(1));
            spool.bytes = spool.bytes.saturating_add(length);
            spool.waiting.push_back(WaitingBatch { head, may_have_arrived: true, unchecked: true, body: Body::File(path, length) });
        }
        Ok(spool)
    }

    /// The number of the next batch.
    pub fn next_number(&self) -> u64 {
        self.next
    }

    /// Rows and bytes that wait.
    pub fn waiting(&self) -> (u64, u64) {
        (self.waiting.iter().fold(0u64, |sum, batch| sum.saturating_add(batch.head.rows)), self.bytes)
    }

    /// Rows that wait in memory only, and those that outlive the program.
    pub fn in_memory(&self) -> (u64, u64) {
        self.waiting.iter().fold((0u64, 0u64), |(memory, disk), batch| match batch.body {
            Body::Memory(_) => (memory.saturating_add(batch.head.rows), disk),
            Body::File(..) => (memory, disk.saturating_add(batch.head.rows)),
        })
    }

    /// Puts a batch behind the others; how many rows were given up for it, and what is wrong with the disk.
    pub fn push(&mut self, head: BatchHead, bytes: Vec<u8>) -> (u64, Result<(), String>) {
        self.next = self.next.max(head.number.saturating_add(1));
        let (body, outcome) = match &self.folder {
            None => (Body::Memory(bytes), Ok(())),
            Some(folder) => match write(folder, &head, &bytes) {
                Ok(path) => (Body::File(path, bytes.len() as u64), Ok(())),
                // It is kept in memory, and lost if the program ends before it is sent.
                Err(e) => (Body::Memory(bytes), Err(format!("{}: {e}", folder.display()))),
            },
        };
        self.bytes = self.bytes.saturating_add(body.len());
        self.waiting.push_back(WaitingBatch { head, may_have_arrived: false, unchecked: false, body });
        let mut lost = 0u64;
        while let Some(place) = self.too_much()
            && let Some(oldest) = self.take(place)
        {
            lost = lost.saturating_add(oldest.head.rows);
            oldest.forget();
        }
        (lost, outcome)
    }

    /// The place of the oldest batch that has to go: of all, or of those that the disk did not take.
    fn too_much(&self) -> Option<usize> {
        if self.bytes > self.cap {
            return (!self.waiting.is_empty()).then_some(0);
        }
        let is_in_memory = |batch: &WaitingBatch| matches!(batch.body, Body::Memory(_));
        let held = self.waiting.iter().filter(|batch| is_in_memory(batch)).fold(0u64, |sum, batch| sum.saturating_add(batch.body.len()));
        if held > self.memory_cap { self.waiting.iter().position(is_in_memory) } else { None }
    }

    /// The place of the oldest batch of a table that is not to be passed over.
    pub fn first(&self, is_passed_over: impl Fn(&str) -> bool) -> Option<usize> {
        self.waiting.iter().position(|batch| !is_passed_over(&batch.head.table))
    }

    /// The batch at a place.
    pub fn at(&mut self, place: usize) -> Option<&mut WaitingBatch> {
        self.waiting.get_mut(place)
    }

    /// The batch at a place has arrived, or is given up.
    pub fn done(&mut self, place: usize) {
        if let Some(batch) = self.take(place) {
            batch.forget();
        }
    }

    /// The batch at a place is none: it is left for whoever wants to look at it, under a name by which it is not tried again.
    pub fn set_aside(&mut self, place: usize) {
        if let Some(WaitingBatch { body: Body::File(path, _), .. }) = self.take(place) {
            let _ = fs::rename(&path, path.with_extension(DAMAGED));
        }
    }

    fn take(&mut self, place: usize) -> Option<WaitingBatch> {
        let batch = self.waiting.remove(place)?;
        self.bytes = self.bytes.saturating_sub(batch.body.len());
        Some(batch)
    }
}

/// All or nothing: a batch that is cut in the middle is none.
fn write(folder: &Path, head: &BatchHead, bytes: &[u8]) -> std::io::Result<PathBuf> {
    let path = folder.join(head.file());
    let beside = path.with_extension("new");
    let mut file = private().write(true).create(true).truncate(true).open(&beside)?;
    file.write_all(bytes).and_then(|()| file.sync_data()).inspect_err(|_| drop(fs::remove_file(&beside)))?;
    fs::rename(&beside, &path)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(number: u64) -> BatchHead {
        BatchHead { number, table: "flows".into(), rows: 10, span: [5, 9], id: format!("s-{number}"), coding: "gzip".into() }
    }

    #[test]
    fn the_oldest_go_at_the_cap_and_what_is_left_outlives_the_program() {
        let folder = std::env::temp_dir().join(format!("spantop-spool-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let mut spool = Spool::open(Some(&folder), 250).unwrap();
        let lost: u64 = (0..4).map(|n| spool.push(head(n), vec![n as u8; 100]).0).sum();
        assert_eq!((lost, spool.waiting()), (20, (20, 200)), "two batches of a hundred bytes fit");
        fs::write(folder.join("notes.txt"), "x").unwrap();
        drop(spool);
        let mut spool = Spool::open(Some(&folder), 250).unwrap();
        assert_eq!((spool.waiting(), spool.next_number()), ((20, 200), 4));
        let first = spool.at(0).unwrap();
        assert!(first.may_have_arrived && first.head == head(2));
        assert!(matches!(first.bytes(), Err(NoBytes::Damaged(_))), "it was never packed");
        assert_eq!((spool.first(|_| false), spool.first(|table| table == "flows")), (Some(0), None));
        spool.done(1);
        spool.done(0);
        assert_eq!(spool.waiting(), (0, 0));
        assert!(Spool::open(Some(&folder), 250).unwrap_err().contains("another exporter"), "it is in use");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "what is none of ours stays, beside the lock");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_the_disk_does_not_take_is_kept_in_memory_within_its_cap() {
        let folder = std::env::temp_dir().join(format!("spantop-unwritable-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let mut spool = Spool::open(Some(&folder), 1 << 30).unwrap();
        spool.memory_cap = 250;
        spool.push(head(0), vec![0; 100]).1.unwrap();
        fs::remove_dir_all(&folder).unwrap();
        let pushed: Vec<(u64, bool)> =
            (1..5).map(|n| spool.push(head(n), vec![0; 100])).map(|(lost, told)| (lost, told.is_err())).collect();
        assert_eq!(pushed, [(0, true), (0, true), (10, true), (10, true)]);
        assert_eq!((spool.in_memory(), spool.waiting()), ((20, 10), (30, 300)), "the one on the disk stays");
    }

    #[test]
    fn a_damaged_batch_is_set_aside_and_does_not_hold_up_the_others() {
        let folder = std::env::temp_dir().join(format!("spantop-damaged-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let packed = |text: &str| zstd::bulk::compress(text.as_bytes(), 1).unwrap();
        let ten = packed(&"{}\n".repeat(10));
        let bodies = [ten.clone(), ten.get(..ten.len() - 3).unwrap().to_vec(), packed("{}\n"), Vec::new(), ten];
        let mut spool = Spool::open(Some(&folder), 1 << 20).unwrap();
        for (number, body) in (0u64..).zip(bodies) {
            spool.push(BatchHead { coding: "zstd".into(), ..head(number) }, body).1.unwrap();
        }
        drop(spool);
        fs::create_dir(folder.join(BatchHead { coding: "zstd".into(), ..head(9) }.file())).unwrap();
        let mut spool = Spool::open(Some(&folder), 1 << 20).unwrap();
        let mut outcomes = Vec::new();
        while let Some(first) = spool.at(0) {
            outcomes.push((first.head.number, first.bytes().is_ok()));
            spool.set_aside(0);
        }
        assert_eq!(outcomes, [(0, true), (1, false), (2, false), (3, false), (4, true), (9, false)]);
        drop(spool);
        assert_eq!(Spool::open(Some(&folder), 1 << 20).unwrap().waiting(), (0, 0), "they are not tried again");
        fs::remove_dir_all(&folder).unwrap();
    }
}
