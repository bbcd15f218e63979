//! How the monitored link was used, by milliseconds, or finer where the clock tells finer times.

use super::time::MILLISECOND;
use super::{Mac, Timestamp};

/// Classes of the share of a link's speed: of 5 % each, the last one for what is above it, as where both directions are mirrored.
pub const USE_CLASSES: usize = 21;

/// How full the monitored link was in an interval, by milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LinkLoad {
    /// Its beginning.
    pub start: Timestamp,
    /// Nanoseconds.
    pub length: i64,
    /// Bits per second that the link carries.
    pub speed: u64,
    /// Bits that frames took up on it, with what is between them: of the fuller way, or what that carried at least.
    pub bits: u64,
    /// Bits of which nothing tells whether they went that way as well.
    pub beyond: u64,
    /// Bursts that ended in it: runs of milliseconds in which the link was at least half full.
    pub bursts: u32,
    /// Of them short ones that filled the link.
    pub full_bursts: u32,
    /// The longest of those, milliseconds.
    pub longest: u32,
}

/// Who sent to whom in a burst.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BurstContributor {
    /// Sender and receiver.
    pub ends: [Mac; 2],
    /// Its part of the burst's bytes on the link, by the frames that were looked at: nearly all.
    pub bytes: u64,
}

/// A burst: bins one after the other in which the link was at least half full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkBurst {
    /// When it began.
    pub at: Timestamp,
    /// Nanoseconds it lasted, a multiple of the bin.
    pub length: i64,
    /// Bits per second in its busiest bin.
    pub peak: u64,
    /// Bytes on the link.
    pub bytes: u64,
    /// Who sent most of it.
    pub top: Vec<BurstContributor>,
}

/// What is measured against a link's speed. A link carries that speed either way: frames of both ways together may be twice as much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LinkWays {
    /// In each bin the way that carried more: who is at one end is known, and so which way each frame goes.
    Fuller(Mac),
    /// Everything that a mirror port sent to this port: all of it goes one way.
    Port,
    /// Both ways together: nothing tells which frame goes which way.
    #[default]
    Both,
}

impl LinkWays {
    /// The word in reports.
    pub fn token(self) -> &'static str {
        match self {
            LinkWays::Fuller(_) => "fuller_direction",
            LinkWays::Port => "mirror_port",
            LinkWays::Both => "both_directions",
        }
    }

    /// The station at the end of the link, where one is known.
    pub fn end(self) -> Option<Mac> {
        match self {
            LinkWays::Fuller(mac) => Some(mac),
            LinkWays::Port | LinkWays::Both => None,
        }
    }

    /// What the share of the speed is of, in words.
    pub fn words(self) -> String {
        match self {
            LinkWays::Fuller(mac) => format!("the fuller direction, from or to {mac}"),
            LinkWays::Port => "all that the mirror port sends".to_owned(),
            LinkWays::Both => "both directions together, against the speed of one".to_owned(),
        }
    }
}

/// Everything measured of a link's use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkUse {
    /// Bits per second that the link carries.
    pub speed: u64,
    /// What is measured against it.
    pub ways: LinkWays,
    /// Nanoseconds of a bin; 0: the clock is too coarse for any, and nothing is told.
    pub bin: i64,
    /// Why bins are not finer than that; empty where they are as fine as any.
    pub coarse: String,
    /// Bins with packets, by the share of the speed.
    pub busy: [u64; USE_CLASSES],
    /// Nanoseconds that were looked at.
    pub nanos: i64,
    /// Bursts in all.
    pub bursts: u64,
    /// Those of them that are kept, oldest first: of more than have room the latest, and of those before it the highest.
    pub list: Vec<LinkBurst>,
    /// The beginning of the first from which on all are kept, where not all are.
    pub all_since: Option<Timestamp>,
}

impl LinkUse {
    /// Counts a bin with packets.
    pub fn count(&mut self, share: f64) {
        // A share of exactly the speed is not above it.
        let class = ((share * 20.0 - 1e-9) as usize).min(USE_CLASSES - 1);
        if let Some(n) = self.busy.get_mut(class) {
            *n = n.saturating_add(1);
        }
    }

    /// The part of the time in each class; that without packets is in the first. All zero where no time has passed.
    pub fn classes(&self) -> [f64; USE_CLASSES] {
        let busy = self.busy.iter().fold(0u64, |sum, n| sum.saturating_add(*n));
        let all = (self.nanos / self.bin.max(1)).unsigned_abs().max(busy);
        let mut classes = self.busy.map(|n| if all == 0 { 0.0 } else { n as f64 / all as f64 });
        if all > 0
            && let Some(first) = classes.first_mut()
        {
            *first += (all - busy) as f64 / all as f64;
        }
        classes
    }

    /// The same without anything that its bins tell, because the clock does not tell them apart.
    #[must_use]
    pub fn untold(self, coarse: String) -> Self {
        Self { speed: self.speed, ways: self.ways, nanos: self.nanos, coarse, ..Self::default() }
    }

    /// Whether more came than the link can carry in bins that are at least half full, more often than in one of a hundred: no link does that
    /// one way, stamps do that are given in batches.
    pub fn is_beyond_the_link(&self) -> bool {
        let full = self.busy.iter().skip(USE_CLASSES / 2).fold(0u64, |sum, n| sum.saturating_add(*n));
        let beyond = self.busy.last().copied().unwrap_or(0);
        self.ways != LinkWays::Both && beyond.saturating_mul(100) > full
    }

    /// The bin in words: `1 ms`, `100 µs`.
    pub fn bin_words(&self) -> String {
        if self.bin % MILLISECOND == 0 { format!("{} ms", self.bin / MILLISECOND) } else { format!("{} µs", self.bin / 1_000) }
    }

    /// The share of the link's speed that was not exceeded in this part of the bins: the upper end of its class.
    pub fn percentile(&self, part: f64) -> f64 {
        let mut sum = 0.0;
        for (class, share) in self.classes().iter().enumerate() {
            sum += share;
            if sum >= part - 1e-12 {
                return (class + 1) as f64 / 20.0;
            }
        }
        0.0
    }
}
