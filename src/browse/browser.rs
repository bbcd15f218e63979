//! The thread that answers a screen: what was asked last is answered, what was asked before is forgotten.

use super::answer::{Librarian, ShelfPiece};
use super::desk::QuestionDesk;
use super::shelf::Shelf;
use crate::decode::Rules;
use crate::error::{Error, Result};
use crate::model::{Timestamp, clock, units};
use crate::record::PcapngWriter;
use crate::settings::made_file::private;
use crate::snapshot::{PacketPage, PacketRequest, PacketStore, PacketSubject};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a screen waits for an answer before it shows the one before.
const PATIENCE: Duration = Duration::from_millis(30);
/// How often a list that grows is shown anew.
const EVERY: Duration = Duration::from_millis(200);
/// How often packets that came meanwhile are looked for.
const LOOK: Duration = Duration::from_millis(250);

/// Where files are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveFolder {
    /// The directory.
    pub path: PathBuf,
    /// Whether its name is told; where names are hidden it is not.
    pub is_told: bool,
}

impl SaveFolder {
    /// What a file in it, or it itself, is called.
    pub fn called(&self, path: &Path) -> String {
        match path.file_name().filter(|_| path != self.path) {
            _ if self.is_told => path.display().to_string(),
            Some(name) => name.to_string_lossy().into_owned(),
            None => "the directory".to_owned(),
        }
    }
}

impl From<PathBuf> for SaveFolder {
    fn from(path: PathBuf) -> Self {
        Self { path, is_told: true }
    }
}

/// Some packets to be saved.
struct SaveJob {
    subject: PacketSubject,
    /// From when to when; `None`: all there are on the shelf.
    span: Option<(Timestamp, Timestamp)>,
    why: String,
}

/// What the screen asks and the thread answers.
#[derive(Default)]
struct Desk {
    request: PacketRequest,
    /// Counts requests, and the one that was answered.
    asked: u64,
    answered: u64,
    page: Arc<PacketPage>,
    /// Lists to be saved, and what came of the one before.
    save: VecDeque<SaveJob>,
    saved: Option<String>,
    /// Lists for which nobody waits any more, and what came of those that were saved since.
    unwaited: usize,
    late: VecDeque<String>,
    /// Spans of time that are still to be saved, and what came of those that were.
    saving: usize,
    told: Vec<String>,
}

/// Answers a screen's questions about packets.
pub struct Browser {
    desk: Arc<QuestionDesk<Desk>>,
}

impl Browser {
    /// Starts the thread. Saved files are put into `folder`, where there is one.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start(shelf: Box<dyn Shelf>, rules: Rules, folder: Option<SaveFolder>) -> Result<Self> {
        let desk = Arc::<QuestionDesk<Desk>>::default();
        let thread = {
            let desk = Arc::clone(&desk);
            move || serve(&desk, Librarian::new(shelf, rules), folder)
        };
        std::thread::Builder::new()
            .name("packets".into())
            .spawn(thread)
            .map_err(|e| Error::io("cannot start the thread that reads packets again", &e))?;
        Ok(Self { desk })
    }
}

impl Browser {
    /// Saves the packets of a span of time, when there is a moment; `why` stands in the file.
    pub fn save_span(&self, from: Timestamp, to: Timestamp, why: String) {
        let mut desk = self.desk.lock();
        desk.save.push_back(SaveJob { subject: PacketSubject::All, span: Some((from, to)), why });
        desk.saving += 1;
        self.desk.ask();
    }

    /// Waits until every span is saved; what came of each.
    pub fn settle(&self) -> Vec<String> {
        let mut desk = self.desk.lock();
        while desk.saving > 0 {
            desk = self.desk.wait_for_answer(desk, LOOK, |desk| desk.saving > 0);
        }
        std::mem::take(&mut desk.told)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.desk.close();
    }
}

impl PacketStore for Browser {
    fn look(&self, request: &PacketRequest) -> Arc<PacketPage> {
        let mut desk = self.desk.lock();
        if desk.request != *request || desk.asked == 0 {
            desk.request = request.clone();
            desk.asked += 1;
            self.desk.ask();
            let asked = desk.asked;
            let waiting = |desk: &mut Desk| desk.answered < asked;
            desk = self.desk.wait_for_answer(desk, PATIENCE, waiting);
        }
        Arc::clone(&desk.page)
    }

    fn version(&self) -> u64 {
        self.desk.version()
    }

    fn save(&self, subject: &PacketSubject) -> String {
        let mut desk = self.desk.lock();
        desk.save.push_back(SaveJob { subject: subject.clone(), span: None, why: format!("saved from the dashboard: {}", words(subject)) });
        desk.saved = None;
        self.desk.ask();
        // Saving what is in memory takes a moment; more is told when it is done.
        let waiting = |desk: &mut Desk| desk.saved.is_none();
        desk = self.desk.wait_for_answer(desk, 10 * PATIENCE, waiting);
        desk.saved.clone().unwrap_or_else(|| {
            desk.unwaited += 1;
            "saving …".to_owned()
        })
    }

    fn saved(&self) -> Option<String> {
        self.desk.lock().late.pop_front()
    }
}

fn serve(shared: &QuestionDesk<Desk>, mut librarian: Librarian, folder: Option<SaveFolder>) {
    let (mut answered, mut told, mut total) = (0, None::<Instant>, 0);
    let mut more = false;
    while !shared.is_closed() {
        let (request, asked, save) = {
            let mut desk = shared.lock();
            if !more && desk.asked == answered && desk.save.is_empty() {
                desk = shared.wait_for_question(desk, LOOK);
            }
            (desk.request.clone(), desk.asked, desk.save.pop_front())
        };
        if let Some(job) = save {
            let held = asked > 0 && request.hold && request.subject == job.subject;
            let words = save_list(&mut librarian, &job, folder.as_ref(), held);
            let mut desk = shared.lock();
            match job.span {
                // Nobody waits for what is saved by itself: it is told in the end.
                Some(_) => {
                    desk.saving = desk.saving.saturating_sub(1);
                    desk.told.push(words);
                }
                None if desk.unwaited > 0 => {
                    desk.unwaited -= 1;
                    desk.late.push_back(words);
                    shared.renew();
                }
                None => desk.saved = Some(words),
            }
            shared.answer();
        }
        // Nobody has asked yet: the capture is not read twice for nothing.
        if asked == 0 {
            continue;
        }
        let was_more = std::mem::replace(&mut more, librarian.work(&request));
        let is_due = told.is_none_or(|at| clock::since(at) >= EVERY);
        let grew = librarian.shelf().range().end != total;
        if asked != answered || was_more != more || (more || grew) && is_due {
            total = librarian.shelf().range().end;
            let page = Arc::new(librarian.page(&request));
            (answered, told) = (asked, Some(clock::now()));
            let mut desk = shared.lock();
            if desk.page != page {
                desk.page = page;
                shared.renew();
            }
            desk.answered = asked;
            shared.answer();
        }
    }
}

/// Saves a list under a name that nothing has yet.
fn save_list(librarian: &mut Librarian, job: &SaveJob, folder: Option<&SaveFolder>, held: bool) -> String {
    let Some(folder) = folder else {
        return "nothing is saved: this run may write no file · start with --save-dir DIR".to_owned();
    };
    match write(librarian, job, &folder.path, held) {
        Ok((path, 0, _)) => {
            let _ = std::fs::remove_file(path);
            "there is no packet to save".to_owned()
        }
        Ok((path, packets, bytes)) => {
            format!("saved {} in {} to {}", units::plural(packets, "packet"), units::bytes(bytes), folder.called(&path))
        }
        Err(error) => format!("cannot save to {}: {error}", folder.called(&folder.path)),
    }
}

/// Names tried for a file.
const NAMES: u32 = 10_000;

fn create(folder: &std::path::Path) -> io::Result<(PathBuf, File)> {
    for n in 1..NAMES {
        let path = folder.join(format!("spantop-{n:04}.pcapng"));
        match private().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => return other.map(|file| (path, file)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Writes a list to a new file, of which nothing is left where not all of it could be written: its path, packets and bytes.
fn write(librarian: &mut Librarian, job: &SaveJob, folder: &std::path::Path, held: bool) -> io::Result<(PathBuf, u64, u64)> {
    let (path, file) = create(folder)?;
    match fill(librarian, job, file, held) {
        Ok((packets, bytes)) => Ok((path, packets, bytes)),
        Err(error) => {
            let _ = std::fs::remove_file(path);
            Err(error)
        }
    }
}

fn fill(librarian: &mut Librarian, job: &SaveJob, file: File, held: bool) -> io::Result<(u64, u64)> {
    let mut writer = PcapngWriter::new(BufWriter::new(file), &job.why);
    let (mut packets, mut failure) = (0u64, None);
    let read = librarian.all(&job.subject, job.span, held, &mut |piece| {
        if failure.is_some() {
            return;
        }
        failure = match piece {
            ShelfPiece::Extra(extra) => writer.extra(extra).err(),
            ShelfPiece::Packet { packet, note, about } => {
                packets += 1;
                writer.packet(packet, note, || about.cloned().unwrap_or_default()).err()
            }
        };
    });
    if let Some(error) = failure {
        return Err(error);
    }
    read.map_err(io::Error::other)?;
    writer.flush()?;
    Ok((packets, writer.bytes()))
}

/// A list in words, for the comment of its file.
fn words(subject: &PacketSubject) -> String {
    match subject {
        PacketSubject::All => "all packets".to_owned(),
        PacketSubject::Between { a, a_port, b, b_port, .. } => format!("between {a} port {a_port} and {b} port {b_port}"),
        PacketSubject::Host { address, port: 0 } => format!("of {address}"),
        PacketSubject::Host { address, port } => format!("of {address} port {port}"),
        PacketSubject::Vlan(id) => format!("in VLAN {id}"),
        PacketSubject::Path(path) => format!("with {path}"),
        PacketSubject::Numbers(numbers, proves) => format!("packets {numbers:?}, which show {proves}"),
        PacketSubject::During(span, of) => format!("{} from {} to {}", words(of), span.from.utc(), span.to.utc()),
    }
}
