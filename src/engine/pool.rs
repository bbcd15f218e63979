//! Who folds the tape: the shards in groups, each with its place on the tape, and the threads that take them on.

use crate::engine::fold::group::ShardGroup;
use crate::engine::fold::message::Message;
use crate::engine::tape::TapeBlock;
use crate::engine::tape::reader::{self, TapeReader};
use crate::engine::threads::priority;
use crate::model::limits::{FILE_BLOCKS, MESSAGES};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a block is waited for before workers are looked after.
const WORKER_CHECK_TIMEOUT: Duration = Duration::from_millis(250);

/// Blocks of a file beside one for each worker: one that is filled, and two that wait for somebody.
const AT_HAND: usize = 3;

/// Where messages go: to the merge. False when it can take no more.
pub type Sink = Box<dyn FnMut(Message) -> bool + Send>;

/// Who reads the tape, each at a place of its own.
pub enum TapeFollower {
    /// Shards, which count packets.
    Shards(Box<ShardGroup>),
    /// Whoever else wants the packets.
    Reader(Box<dyn TapeReader>),
}

impl TapeFollower {
    /// Reads a block.
    fn read(&mut self, tape_block: &TapeBlock, send: &mut dyn FnMut(Message)) {
        match self {
            Self::Shards(group) => group.fold(tape_block, send),
            Self::Reader(reader) => reader::read(tape_block, reader.as_mut()),
        }
    }
}

/// Who folds blocks, and the blocks that are free.
pub struct WorkerPool {
    /// Blocks at hand.
    spare: Vec<TapeBlock>,
    mode: Mode,
}

enum Mode {
    /// The caller (`--threads 0`): reports are merged at once.
    Alone(Vec<TapeFollower>, Sink),
    /// Worker threads and one that merges.
    Threads(Threads),
}

struct Threads {
    queues: Arc<[ShardQueue]>,
    ready: Ready,
    /// Blocks that came home.
    free: Receiver<TapeBlock>,
    /// A way home for blocks.
    home: Sender<TapeBlock>,
    /// To the merge.
    merge: Sender<Message>,
    /// All threads, to be waited for.
    handles: Vec<JoinHandle<()>>,
    /// How many blocks there are.
    blocks: usize,
    /// Whether the caller folds when there is no block for it to fill.
    helps: bool,
}

/// What a worker is told.
#[derive(Debug, Clone, Copy)]
enum Job {
    /// The queue of that number has something to fold.
    Fold(usize),
    /// Go home.
    Leave,
}

/// For each worker, its groups that have something to fold. Sends the workers home when it goes.
struct Ready(Vec<(Sender<Job>, Receiver<Job>)>);

impl Drop for Ready {
    fn drop(&mut self) {
        for (worker, _) in &self.0 {
            let _ = worker.send(Job::Leave);
        }
    }
}

/// A follower at its place on the tape. Whoever has its number reads on for it; nobody else has it meanwhile.
struct ShardQueue {
    follower: Mutex<TapeFollower>,
    /// Blocks it has still to fold.
    blocks: Receiver<Arc<TapeBlock>>,
    give: Sender<Arc<TapeBlock>>,
    /// Whether its number is with a worker, or on the way to one.
    taken: AtomicBool,
    /// To its worker.
    ready: Sender<Job>,
}

impl ShardQueue {
    /// Folds what waits: what that needs of the group's tables stays near meanwhile. Blocks that all groups have folded go home.
    fn drain(&self, number: usize, home: &Sender<TapeBlock>, merge: &Sender<Message>) {
        {
            // A follower whose thread has panicked is looked at by nobody.
            let mut follower = self.follower.lock().unwrap_or_else(PoisonError::into_inner);
            for tape_block in self.blocks.try_iter() {
                follower.read(&tape_block, &mut |message| {
                    let _ = merge.send(message);
                });
                if let Some(tape_block) = Arc::into_inner(tape_block) {
                    let _ = home.send(tape_block);
                }
            }
        }
        self.taken.store(false, Ordering::SeqCst);
        if !self.blocks.is_empty() {
            self.wake(number);
        }
    }

    /// Tells the worker that there is something to fold, unless it knows.
    fn wake(&self, number: usize) {
        if !self.taken.swap(true, Ordering::SeqCst) {
            let _ = self.ready.send(Job::Fold(number));
        }
    }
}

impl WorkerPool {
    /// The caller alone.
    pub fn alone(block_bytes: usize, followers: Vec<TapeFollower>, sink: Sink) -> Self {
        Self { spare: vec![TapeBlock::with_bytes(block_bytes)], mode: Mode::Alone(followers, sink) }
    }

    /// Worker threads, among which the followers are divided, and a thread that merges. Where packets come from a port, with that
    /// many blocks of its `live` tape, the caller is left alone with taking them, and the merge stands back.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn threads(
        block_bytes: usize,
        workers: usize,
        followers: Vec<TapeFollower>,
        sink: Sink,
        live: Option<usize>,
    ) -> std::io::Result<Self> {
        let blocks = live.unwrap_or(FILE_BLOCKS.min(workers + AT_HAND));
        let (home, free) = bounded::<TapeBlock>(blocks);
        // Bounded, so that a slow merge holds the workers back instead of filling memory; the merge itself waits for nobody.
        let (to_merge, messages) = bounded::<Message>(MESSAGES);
        // Room for every follower, and the word to leave.
        let ready = Ready((0..workers).map(|_| bounded::<Job>(followers.len() + 1)).collect());
        let queues: Arc<[ShardQueue]> = followers
            .into_iter()
            .zip(ready.0.iter().cycle())
            .map(|(follower, (ready, _))| {
                let (give, blocks) = bounded(blocks);
                ShardQueue { follower: Mutex::new(follower), blocks, give, taken: AtomicBool::new(false), ready: ready.clone() }
            })
            .collect();
        let mut handles = Vec::new();
        for (n, (_, jobs)) in ready.0.iter().enumerate() {
            let (queues, jobs, home, to_merge) = (Arc::clone(&queues), jobs.clone(), home.clone(), to_merge.clone());
            handles.push(std::thread::Builder::new().name(format!("worker-{n}")).spawn(move || {
                while let Ok(Job::Fold(number)) = jobs.recv() {
                    if let Some(queue) = queues.get(number) {
                        queue.drain(number, &home, &to_merge);
                    }
                }
            })?);
        }
        handles.push(std::thread::Builder::new().name("merge".into()).spawn(move || {
            if live.is_some() {
                priority::lower_priority();
            }
            let _ = messages.into_iter().all(sink);
        })?);
        let spare = (0..blocks).map(|_| TapeBlock::with_bytes(block_bytes)).collect();
        Ok(Self {
            spare,
            mode: Mode::Threads(Threads { queues, ready, free, home, merge: to_merge, handles, blocks, helps: live.is_none() }),
        })
    }

    /// A free block: waits until one has come home. `None` when none will.
    pub fn free(&mut self) -> Option<TapeBlock> {
        let mut tape_block = match (self.spare.pop(), &self.mode) {
            (Some(tape_block), _) => tape_block,
            (None, Mode::Threads(threads)) => threads.wait()?,
            (None, Mode::Alone(..)) => return None,
        };
        tape_block.clear();
        Some(tape_block)
    }

    /// Has a block folded by every group.
    pub fn show(&mut self, mut tape_block: TapeBlock) {
        tape_block.sort();
        match &mut self.mode {
            Mode::Alone(followers, sink) => {
                followers.iter_mut().for_each(|f| f.read(&tape_block, &mut |message| _ = sink(message)));
                self.spare.push(tape_block);
            }
            Mode::Threads(threads) => {
                let tape_block = Arc::new(tape_block);
                for (number, queue) in threads.queues.iter().enumerate() {
                    let _ = queue.give.send(Arc::clone(&tape_block));
                    queue.wake(number);
                }
                // Of all that hold it exactly one, the last to let go, finds it his own.
                self.spare.extend(Arc::into_inner(tape_block));
                self.spare.extend(threads.free.try_iter());
            }
        }
    }

    /// Tells the merge something directly. It arrives before anything a later block causes.
    pub fn tell(&mut self, message: Message) {
        match &mut self.mode {
            Mode::Alone(_, sink) => _ = sink(message),
            Mode::Threads(threads) => {
                let _ = threads.merge.send(message);
            }
        }
    }

    /// Whether a thread has ended before the tape did: nothing that is shown from now on would be true.
    pub fn is_broken(&self) -> bool {
        matches!(&self.mode, Mode::Threads(threads) if threads.is_broken())
    }

    /// Waits until everything shown has been folded and merged. What a thread said that could not go on.
    ///
    /// # Errors
    /// When a thread has panicked, or the merge could not go on.
    pub fn finish(self) -> Result<(), String> {
        let Mode::Threads(threads) = self.mode else { return Ok(()) };
        let broken = threads.is_broken();
        // Nobody needs another block: their memory is free while reports are merged.
        let mut folded = self.spare.len();
        drop(self.spare);
        while folded < threads.blocks && threads.wait().is_some() {
            folded += 1;
        }
        let Threads { queues, ready, free, home, merge, handles, .. } = threads;
        drop((queues, ready, free, home, merge));
        let mut outcome = if broken { Err("a thread has ended too early".to_owned()) } else { Ok(()) };
        for handle in handles {
            let name = handle.thread().name().unwrap_or("a thread").to_owned();
            if let Err(panic) = handle.join() {
                outcome = Err(format!("thread {name}: {}", words(panic.as_ref())));
            }
        }
        outcome
    }
}

/// What a panic said.
pub fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it does not say why")
}

impl Threads {
    /// A thread that has ended before the tape did has panicked.
    fn is_broken(&self) -> bool {
        self.handles.iter().any(JoinHandle::is_finished)
    }

    /// A block that comes home. Meanwhile the caller may fold some. `None` when no block will come.
    fn wait(&self) -> Option<TapeBlock> {
        loop {
            if let Ok(tape_block) = self.free.try_recv() {
                return Some(tape_block);
            }
            if self.helps && self.help() {
                continue;
            }
            match self.free.recv_timeout(WORKER_CHECK_TIMEOUT) {
                Ok(tape_block) => return Some(tape_block),
                // A worker that has panicked may have taken every block along.
                Err(RecvTimeoutError::Timeout) if !self.is_broken() => {}
                Err(_) => return None,
            }
        }
    }

    /// Takes a turn for the worker who is furthest behind; false when all are at work.
    fn help(&self) -> bool {
        let Some((_, jobs)) = self.ready.0.iter().max_by_key(|(_, jobs)| jobs.len()) else { return false };
        let Ok(Job::Fold(number)) = jobs.try_recv() else { return false };
        if let Some(queue) = self.queues.get(number) {
            queue.drain(number, &self.home, &self.merge);
        }
        true
    }
}
