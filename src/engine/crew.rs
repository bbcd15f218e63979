//! Who folds the tape: the shards in sections, each with its place on the tape, and the threads that take them on.

use super::merge::Merge;
use super::message::Message;
use super::priority;
use super::section::Section;
use super::tape::Strip;
use crate::model::limits::{FILE_BLOCKS, LIVE_BLOCKS, MESSAGES};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a strip is waited for before workers are looked after.
const PATIENCE: Duration = Duration::from_millis(250);

/// Who folds strips, and the strips that are free.
pub struct Crew {
    /// Strips at hand.
    spare: Vec<Strip>,
    kind: Kind,
}

enum Kind {
    /// The caller (`--threads 0`): reports are merged at once.
    Alone(Vec<Section>, Box<Merge>),
    /// Worker threads and one that merges.
    Threads(Threads),
}

struct Threads {
    posts: Arc<[Post]>,
    ready: Ready,
    /// Strips that came home.
    free: Receiver<Strip>,
    /// A way home for strips.
    home: Sender<Strip>,
    /// To the merge.
    merge: Sender<Message>,
    /// All threads, to be waited for.
    handles: Vec<JoinHandle<()>>,
    /// How many strips there are.
    blocks: usize,
    /// Whether the caller folds when there is no strip for it to fill.
    helps: bool,
}

/// What a worker is told.
#[derive(Debug, Clone, Copy)]
enum Job {
    /// The post of that number has something to fold.
    Fold(usize),
    /// Go home.
    Leave,
}

/// For each worker, its sections that have something to fold. Sends the workers home when it goes.
struct Ready(Vec<(Sender<Job>, Receiver<Job>)>);

impl Drop for Ready {
    fn drop(&mut self) {
        for (worker, _) in &self.0 {
            let _ = worker.send(Job::Leave);
        }
    }
}

/// A section at its place on the tape. Whoever has its number folds it; nobody else has it meanwhile.
struct Post {
    section: Mutex<Section>,
    /// Strips it has still to fold.
    strips: Receiver<Arc<Strip>>,
    give: Sender<Arc<Strip>>,
    /// Whether its number is with a worker, or on the way to one.
    taken: AtomicBool,
    /// To its worker.
    ready: Sender<Job>,
}

impl Post {
    /// Folds what waits: what that needs of the section's tables stays near meanwhile. Strips that all sections have folded go home.
    fn turn(&self, number: usize, home: &Sender<Strip>, merge: &Sender<Message>) {
        {
            // A section whose thread has panicked is looked at by nobody.
            let mut section = self.section.lock().unwrap_or_else(PoisonError::into_inner);
            for strip in self.strips.try_iter() {
                section.fold(&strip, &mut |message| {
                    let _ = merge.send(message);
                });
                if let Some(strip) = Arc::into_inner(strip) {
                    let _ = home.send(strip);
                }
            }
        }
        self.taken.store(false, Ordering::SeqCst);
        if !self.strips.is_empty() {
            self.call(number);
        }
    }

    /// Tells the worker that there is something to fold, unless it knows.
    fn call(&self, number: usize) {
        if !self.taken.swap(true, Ordering::SeqCst) {
            let _ = self.ready.send(Job::Fold(number));
        }
    }
}

impl Crew {
    /// The caller alone.
    pub fn alone(block_bytes: usize, sections: Vec<Section>, merge: Merge) -> Self {
        Self { spare: vec![Strip::with_bytes(block_bytes)], kind: Kind::Alone(sections, Box::new(merge)) }
    }

    /// Worker threads, among which the sections are divided, and a thread that merges. Where packets come from a `live` port the caller is
    /// left alone with taking them, and the merge stands back.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn threads(block_bytes: usize, workers: usize, sections: Vec<Section>, mut merge: Merge, live: bool) -> std::io::Result<Self> {
        let blocks = if live { LIVE_BLOCKS } else { FILE_BLOCKS };
        let (home, free) = bounded::<Strip>(blocks);
        // Bounded, so that a slow merge holds the workers back instead of filling memory; the merge itself waits for nobody.
        let (to_merge, messages) = bounded::<Message>(MESSAGES);
        // Room for every section, and the word to leave.
        let ready = Ready((0..workers).map(|_| bounded::<Job>(sections.len() + 1)).collect());
        let posts: Arc<[Post]> = sections
            .into_iter()
            .zip(ready.0.iter().cycle())
            .map(|(section, (ready, _))| {
                let (give, strips) = bounded(blocks);
                Post { section: Mutex::new(section), strips, give, taken: AtomicBool::new(false), ready: ready.clone() }
            })
            .collect();
        let mut handles = Vec::new();
        for (n, (_, jobs)) in ready.0.iter().enumerate() {
            let (posts, jobs, home, to_merge) = (Arc::clone(&posts), jobs.clone(), home.clone(), to_merge.clone());
            handles.push(std::thread::Builder::new().name(format!("worker-{n}")).spawn(move || {
                while let Ok(Job::Fold(number)) = jobs.recv() {
                    if let Some(post) = posts.get(number) {
                        post.turn(number, &home, &to_merge);
                    }
                }
            })?);
        }
        handles.push(std::thread::Builder::new().name("merge".into()).spawn(move || {
            if live {
                priority::stand_back();
            }
            messages.into_iter().for_each(|m| merge.take(m));
        })?);
        let spare = (0..blocks).map(|_| Strip::with_bytes(block_bytes)).collect();
        Ok(Self { spare, kind: Kind::Threads(Threads { posts, ready, free, home, merge: to_merge, handles, blocks, helps: !live }) })
    }

    /// A free strip: waits until one has come home. `None` when none will.
    pub fn free(&mut self) -> Option<Strip> {
        let mut strip = match (self.spare.pop(), &self.kind) {
            (Some(strip), _) => strip,
            (None, Kind::Threads(threads)) => threads.wait()?,
            (None, Kind::Alone(..)) => return None,
        };
        strip.clear();
        Some(strip)
    }

    /// Has a strip folded by every section.
    pub fn show(&mut self, mut strip: Strip) {
        strip.sort();
        match &mut self.kind {
            Kind::Alone(sections, merge) => {
                sections.iter_mut().for_each(|s| s.fold(&strip, &mut |message| merge.take(message)));
                self.spare.push(strip);
            }
            Kind::Threads(threads) => {
                let strip = Arc::new(strip);
                for (number, post) in threads.posts.iter().enumerate() {
                    let _ = post.give.send(Arc::clone(&strip));
                    post.call(number);
                }
                // Of all that hold it exactly one, the last to let go, finds it his own.
                self.spare.extend(Arc::into_inner(strip));
                self.spare.extend(threads.free.try_iter());
            }
        }
    }

    /// Tells the merge something directly. It arrives before anything a later strip causes.
    pub fn tell(&mut self, message: Message) {
        match &mut self.kind {
            Kind::Alone(_, merge) => merge.take(message),
            Kind::Threads(threads) => {
                let _ = threads.merge.send(message);
            }
        }
    }

    /// Waits until everything shown has been folded and merged.
    pub fn finish(self) {
        let Kind::Threads(threads) = self.kind else { return };
        // Nobody needs another strip: their memory is free while reports are merged.
        let mut folded = self.spare.len();
        drop(self.spare);
        while folded < threads.blocks && threads.wait().is_some() {
            folded += 1;
        }
        let Threads { posts, ready, free, home, merge, handles, .. } = threads;
        drop((posts, ready, free, home, merge));
        for handle in handles {
            let _ = handle.join();
        }
    }
}

impl Threads {
    /// A strip that comes home. Meanwhile the caller may fold some. `None` when no strip will come.
    fn wait(&self) -> Option<Strip> {
        loop {
            if let Ok(strip) = self.free.try_recv() {
                return Some(strip);
            }
            if self.helps && self.help() {
                continue;
            }
            match self.free.recv_timeout(PATIENCE) {
                Ok(strip) => return Some(strip),
                // A worker that has ended before the tape did has panicked, and may have taken every strip along.
                Err(RecvTimeoutError::Timeout) if !self.handles.iter().any(JoinHandle::is_finished) => {}
                Err(_) => return None,
            }
        }
    }

    /// Takes a turn for the worker who is furthest behind; false when all are at work.
    fn help(&self) -> bool {
        let Some((_, jobs)) = self.ready.0.iter().max_by_key(|(_, jobs)| jobs.len()) else { return false };
        let Ok(Job::Fold(number)) = jobs.try_recv() else { return false };
        if let Some(post) = self.posts.get(number) {
            post.turn(number, &self.home, &self.merge);
        }
        true
    }
}
