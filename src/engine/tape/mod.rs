//! The tape: blocks of packets with marks between them.

pub mod facts;
pub mod open_interval;
pub mod precomputed;
pub mod reader;
pub mod shard_key;

use crate::capture::{Block, Packet};
use crate::mirror::{CopyTimes, DistanceCounts, DistantCounts};
use crate::model::limits::SHARDS;
use crate::model::{AskedSwitch, Episode, HostFacts, Timestamp};
use crate::snapshot::{Losses, Query, Sample, SourceInfo};
use facts::{ClockSteps, LinkReading, LoadFacts, ToldSpeed, TunnelFacts};
use open_interval::OpenInterval;
use precomputed::Precomputed;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

/// What the router asks of every shard at one place of the tape.
#[derive(Debug, Clone)]
pub enum Mark {
    /// An interval ends here: its number, and the one that opens: no packet before it is of its time, but for those that came by a
    /// clock that was set back since.
    Interval(u64, OpenInterval),
    /// A beat ends here: its number, and the second of packet time that begins; `None`: none does. What happened between hosts is handed over.
    Beat(u64, Option<Timestamp>),
    /// A snapshot is taken here.
    Snapshot(Arc<Request>),
    /// How often the mirror brings each packet was learnt from those before.
    Copies(CopyTimes),
    /// Everything counted so far is forgotten.
    Reset,
}

/// A snapshot to be taken, with what only the router knows.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its number.
    pub number: u64,
    /// The moment it shows.
    pub taken: Instant,
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
    /// Times in which this host lost packets of a live port itself, in order.
    pub deaf: Vec<Episode>,
    /// Losses the router knows of.
    pub losses: Losses,
    /// Whether anybody counts what is lost before it comes here.
    pub counts_losses: bool,
    /// The sources.
    pub sources: Vec<SourceInfo>,
    /// This host and its interfaces; empty for files.
    pub host: Arc<[HostFacts]>,
    /// How often a live port's clock was set back lately.
    pub clock_steps: ClockSteps,
    /// The open interval as far as the router knows it.
    pub open: Option<Sample>,
    /// Tunnels on the link.
    pub tunnels: TunnelFacts,
    /// Copies that came too late to be left out.
    pub distant: DistantCounts,
    /// How far apart packets came again.
    pub distances: DistanceCounts,
    /// Load of the mirror link.
    pub load: LoadFacts,
    /// What a switch that is asked says of itself.
    pub switch: Option<Arc<AskedSwitch>>,
    /// What those at the monitored link told of what it carries.
    pub told_speed: ToldSpeed,
    /// How the monitored link was used.
    pub used: LinkReading,
}

/// One block of the tape.
#[derive(Debug)]
pub struct TapeBlock {
    /// The packets.
    pub block: Block,
    /// What the router read of each of them; there may be more of these, left from before.
    pub precomputed: Vec<Precomputed>,
    /// Marks, each before the packet of that index, in order.
    pub marks: Vec<(u32, Mark)>,
    /// The interval that is open before its first packet.
    pub open: OpenInterval,
    /// The number of its first packet, from 1; 0 where packets do not stand as they came (samples were unfolded).
    pub first: u64,
    /// Numbers of the packets, run by run, of each by shard, then as they are.
    order: Vec<u32>,
    /// The runs: one before each mark, one after them all.
    runs: Vec<Run>,
}

/// What lies between two marks.
#[derive(Debug)]
struct Run {
    /// Time of its first packet.
    begins: Option<Timestamp>,
    /// Where each shard's packets begin in [`TapeBlock::order`], and where the last one's end.
    starts: [u32; SHARDS + 1],
}

impl TapeBlock {
    /// An empty one with an arena of `bytes`.
    pub fn with_bytes(bytes: usize) -> Self {
        Self {
            block: Block::with_bytes(bytes),
            precomputed: Vec::new(),
            marks: Vec::new(),
            open: OpenInterval::default(),
            first: 0,
            order: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// Forgets what was on it; the memory stays.
    pub fn clear(&mut self) {
        self.block.clear();
        self.marks.clear();
    }

    /// The number of a packet as they came, from 1; 0 where it is not known.
    #[inline(always)]
    pub fn number(&self, at: usize) -> u64 {
        if self.first == 0 { 0 } else { self.first + at as u64 }
    }

    /// Puts the packets in the order they are folded in. Nothing may be added afterwards.
    pub fn sort(&mut self) {
        let packets = &self.block.packets;
        self.order.clear();
        self.order.resize(packets.len(), 0);
        self.runs.clear();
        let ends = self.marks.iter().map(|m| m.0 as usize).chain([packets.len()]);
        let mut from = 0;
        for to in ends {
            self.runs.push(Run::sort(packets, from..to, &mut self.order));
            from = to;
        }
    }

    /// The run before the mark of that number, or after the last: the time of its first packet, and the numbers of these shards' packets.
    pub fn run(&self, number: usize, shards: &Range<u8>) -> (Option<Timestamp>, &[u32]) {
        let Some(run) = self.runs.get(number) else { return (None, &[]) };
        let start = |shard: u8| run.starts.get(usize::from(shard)).map_or(0, |&at| at as usize);
        (run.begins, self.order.get(start(shards.start)..start(shards.end)).unwrap_or(&[]))
    }
}

impl Run {
    /// Sorts the packets of `range` into their places in `order`. What is no shard's has none.
    fn sort(packets: &[Packet], range: Range<usize>, order: &mut [u32]) -> Self {
        let mut places = [0u32; 256];
        let list = packets.get(range.clone()).unwrap_or(&[]);
        list.iter().for_each(|packet| places[usize::from(packet.shard)] += 1);
        let mut starts = [0; SHARDS + 1];
        let mut sum = range.start as u32;
        for (start, place) in starts.iter_mut().zip(&mut places) {
            (*start, *place, sum) = (sum, sum, sum + *place);
        }
        for (number, packet) in (range.start as u32..).zip(list) {
            if usize::from(packet.shard) < SHARDS {
                let place = &mut places[usize::from(packet.shard)];
                order[*place as usize] = number;
                *place += 1;
            }
        }
        Self { begins: list.first().map(|p| p.time), starts }
    }
}
