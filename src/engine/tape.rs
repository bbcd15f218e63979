//! The tape: blocks of packets with marks between them, shown to every worker, and the messages that come back.

use super::merge::Merge;
use super::peek::TunnelFacts;
use super::priority;
use super::reading::Reading;
use super::shard::{FlowReport, ShardReport};
use super::utilisation::LoadFacts;
use super::worker::Worker;
use crate::capture::Block;
use crate::model::limits::{BLOCKS, MESSAGES};
use crate::model::{HostFacts, Timestamp, Traffic};
use crate::snapshot::{Losses, Query, Sample, SourceInfo};
use crate::stats::totals::Heading;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// What the router asks of every shard at one place of the tape.
#[derive(Debug, Clone)]
pub enum Mark {
    /// An interval ends here; its number.
    Interval(u64),
    /// A snapshot is taken here.
    Snapshot(Arc<Request>),
    /// Everything counted so far is forgotten.
    Reset,
}

/// A snapshot to be taken, with what only the router knows.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its number.
    pub number: u64,
    /// What it should hold.
    pub query: Query,
    /// Nothing comes after it on a source that has ended.
    pub finished: bool,
    /// The shards may give everything away.
    pub last: bool,
    /// The source is live or paced: `recent` means since the previous snapshot (else since the beginning).
    pub live: bool,
    /// Packet time now.
    pub now: Timestamp,
    /// Earliest packet.
    pub first: Option<Timestamp>,
    /// Latest packet.
    pub latest: Option<Timestamp>,
    /// Seconds since the previous snapshot.
    pub recent_seconds: f64,
    /// Seconds since the last packet of a live port, or since the start without any; 0 for files.
    pub quiet: f64,
    /// Losses the router knows of.
    pub losses: Losses,
    /// The sources.
    pub sources: Vec<SourceInfo>,
    /// This host and its interfaces; empty for files.
    pub host: Arc<[HostFacts]>,
    /// The open interval as far as the router knows it.
    pub open: Option<Sample>,
    /// Tunnels on the link.
    pub tunnels: TunnelFacts,
    /// Load of the mirror link.
    pub load: LoadFacts,
}

/// One block of the tape.
#[derive(Debug)]
pub struct Strip {
    /// The packets.
    pub block: Block,
    /// What the router read of each of them; there may be more of these, left from before.
    pub readings: Vec<Reading>,
    /// Marks, each before the packet of that index, in order.
    pub marks: Vec<(u32, Mark)>,
}

impl Strip {
    /// An empty one with an arena of `bytes`.
    fn with_bytes(bytes: usize) -> Self {
        Self { block: Block::with_bytes(bytes), readings: Vec::new(), marks: Vec::new() }
    }

    /// Forgets what was on it; the memory stays.
    fn clear(&mut self) {
        self.block.clear();
        self.marks.clear();
    }
}

/// What one worker counted in one interval.
#[derive(Debug, Clone, Copy, Default)]
pub struct IntervalPart {
    /// Packets and bytes.
    pub traffic: Traffic,
    /// Bytes from outside to inside.
    pub inbound: u64,
    /// Bytes from inside to outside.
    pub outbound: u64,
}

impl IntervalPart {
    /// Counts a packet that stands for `times`.
    #[inline]
    pub fn count(&mut self, wire: u32, times: u64, heading: Heading) {
        self.traffic.count_times(wire, times);
        match heading {
            Heading::Inbound => self.inbound += u64::from(wire) * times,
            Heading::Outbound => self.outbound += u64::from(wire) * times,
            _ => {}
        }
    }
}

/// What reaches the merge.
#[derive(Debug)]
pub enum Message {
    /// The router closed an interval: number and what it knows of it.
    IntervalFacts(u64, Sample),
    /// A worker's parts of intervals.
    IntervalParts(Vec<(u64, IntervalPart)>),
    /// Conversations that had to make room.
    Evicted(Vec<FlowReport>),
    /// A snapshot is coming: its request.
    Request(Arc<Request>),
    /// A shard's report for it.
    Report(u64, Box<ShardReport>),
    /// A worker has sent all its shards' reports for it; its part of the open interval.
    Reported(u64, IntervalPart),
    /// A worker has forgotten everything.
    Reset,
}

/// How strips reach the workers: one may fold in the caller's thread, others in threads of their own.
pub struct Tape {
    /// Folds its shards in the caller's thread.
    own: Option<Box<Worker>>,
    /// Strips at hand.
    spare: Vec<Strip>,
    crew: Crew,
}

/// How long a strip is waited for before workers are looked after.
const PATIENCE: Duration = Duration::from_millis(250);

/// Who works beside the caller.
enum Crew {
    /// Nobody (`--threads 0`): reports are merged at once.
    Nobody(Box<Merge>),
    /// Worker threads and one that merges.
    Threads {
        /// To each worker.
        workers: Vec<Sender<Arc<Strip>>>,
        /// Strips that came home.
        free: Receiver<Strip>,
        /// To the merge.
        merge: Sender<Message>,
        /// All threads, to be waited for.
        handles: Vec<JoinHandle<()>>,
    },
}

impl Tape {
    /// A tape folded in the caller's thread alone.
    pub fn inline(block_bytes: usize, worker: Worker, merge: Merge) -> Self {
        Self { own: Some(Box::new(worker)), spare: vec![Strip::with_bytes(block_bytes)], crew: Crew::Nobody(Box::new(merge)) }
    }

    /// A tape with worker threads and a merging thread, which stands back where packets come from a `live` port; a worker of the caller's
    /// `own` may take part.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn threads(block_bytes: usize, own: Option<Worker>, workers: Vec<Worker>, mut merge: Merge, live: bool) -> std::io::Result<Self> {
        let (give_back, free) = bounded::<Strip>(BLOCKS);
        // Bounded, so that a slow merge holds the workers back instead of filling memory; the merge itself waits for nobody.
        let (to_merge, messages) = bounded::<Message>(MESSAGES);
        let mut handles = Vec::new();
        let mut senders = Vec::new();
        for (n, mut worker) in workers.into_iter().enumerate() {
            let (send, receive) = bounded::<Arc<Strip>>(BLOCKS);
            senders.push(send);
            let (give_back, to_merge) = (give_back.clone(), to_merge.clone());
            handles.push(std::thread::Builder::new().name(format!("worker-{n}")).spawn(move || {
                for strip in receive {
                    worker.fold(&strip, &mut |message| {
                        let _ = to_merge.send(message);
                    });
                    if let Some(strip) = Arc::into_inner(strip) {
                        let _ = give_back.send(strip);
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
        let spare = (0..BLOCKS).map(|_| Strip::with_bytes(block_bytes)).collect();
        Ok(Self { own: own.map(Box::new), spare, crew: Crew::Threads { workers: senders, free, merge: to_merge, handles } })
    }

    /// A free strip: waits until one has come home. `None` when none will.
    pub fn free(&mut self) -> Option<Strip> {
        let mut strip = match (self.spare.pop(), &self.crew) {
            (Some(strip), _) => strip,
            (None, Crew::Threads { free, handles, .. }) => loop {
                match free.recv_timeout(PATIENCE) {
                    Ok(strip) => break strip,
                    // A worker that has ended before the tape did has panicked, and may have taken every strip along.
                    Err(RecvTimeoutError::Timeout) if !handles.iter().any(JoinHandle::is_finished) => {}
                    Err(_) => return None,
                }
            },
            (None, Crew::Nobody(_)) => return None,
        };
        strip.clear();
        Some(strip)
    }

    /// Shows a strip to every worker.
    pub fn show(&mut self, strip: Strip) {
        match &mut self.crew {
            Crew::Nobody(merge) => {
                if let Some(own) = &mut self.own {
                    own.fold(&strip, &mut |message| merge.take(message));
                }
                self.spare.push(strip);
            }
            Crew::Threads { workers, merge, .. } => {
                let strip = Arc::new(strip);
                for worker in workers {
                    let _ = worker.send(Arc::clone(&strip));
                }
                if let Some(own) = &mut self.own {
                    own.fold(&strip, &mut |message| {
                        let _ = merge.send(message);
                    });
                }
                // Of all that hold it exactly one, the last to let go, finds it his own.
                self.spare.extend(Arc::into_inner(strip));
            }
        }
    }

    /// Tells the merge something directly. It arrives before anything a later strip causes.
    pub fn tell(&mut self, message: Message) {
        match &mut self.crew {
            Crew::Nobody(merge) => merge.take(message),
            Crew::Threads { merge, .. } => {
                let _ = merge.send(message);
            }
        }
    }

    /// Waits until everything shown has been folded and merged.
    pub fn finish(self) {
        if let Crew::Threads { workers, merge, handles, free } = self.crew {
            // Nobody needs another strip: their memory is free while reports are merged.
            drop((workers, merge, free, self.spare));
            for handle in handles {
                let _ = handle.join();
            }
        }
    }
}
