//! What only the router knows, for a snapshot.

use crate::mirror::{Covered, Pause, Pauses, SessionReport, UTILISATION_CLASSES, UnicastWatch, Windows};
use crate::model::evidence::CLOCK_STEP;
use crate::model::tcp::HOLD;
use crate::model::{LinkUse, Stamps, Timestamp, Traffic, clock};
use std::time::{Duration, Instant};

/// Tunnels on the link, as the router knows them.
#[derive(Debug, Clone, Default)]
pub struct TunnelFacts {
    /// Every session.
    pub sessions: Vec<SessionReport>,
    /// Packets with a copy inside a copy for the same receiver.
    pub loops: u64,
    /// Packets of mirrors that only cross this link.
    pub foreign: Traffic,
    /// Layers of tunnels beyond the cap of sessions: counted together, not taken off.
    pub beyond: Traffic,
    /// Fragments of outer tunnel packets.
    pub fragments: Traffic,
    /// Time stamps of devices on the way.
    pub stamps: Vec<Stamps>,
    /// Conversations that lie partly in tunnels that are left on.
    pub divided: DividedFacts,
}

/// Conversations that lie partly in tunnels that are left on, in packets of a sample.
#[derive(Debug, Clone, Copy, Default)]
pub struct DividedFacts {
    /// Packets inside.
    pub inside: u64,
    /// Of them those of conversations that were seen outside as well.
    pub both: u64,
}

/// How often the clock was set back.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClockSteps {
    /// How often.
    pub count: u64,
    /// By how many nanoseconds at most.
    pub largest: i64,
    /// Of them those after which time went on from there, and not where it was before one wrong stamp.
    pub set_back: u64,
    /// Packets that are stamped a little before the one that they follow: too little for a step, and too much for a queue.
    pub turned: u64,
    /// By how many nanoseconds at most.
    pub turned_by: i64,
    /// The last time.
    pub last: Option<Instant>,
}

/// Nanoseconds by which a clock must be set back for what was lost not to be told from what comes late: within this whoever follows sequence numbers
/// waits for it, as behind a port that stamps some packets before its queue and some behind it.
const SET_BACK: i64 = HOLD;

/// How long a step is told: as long as a live port's findings look back.
const TOLD: Duration = Duration::from_secs(60);

impl ClockSteps {
    /// A packet is stamped `back` nanoseconds before the one that it follows, and `farther` before the one before that.
    pub fn step(&mut self, back: i64, farther: i64) {
        if back <= CLOCK_STEP {
            (self.turned, self.turned_by) = (self.turned.saturating_add(1), self.turned_by.max(back));
            return;
        }
        (self.count, self.largest) = (self.count.saturating_add(1), self.largest.max(back));
        // After one wrong stamp time goes on where it was before that.
        self.set_back = self.set_back.saturating_add(u64::from(farther > SET_BACK));
    }

    /// Takes in what was seen of a block, or of the wall clock.
    pub fn add(&mut self, news: Self) {
        self.count = self.count.saturating_add(news.count);
        self.largest = self.largest.max(news.largest);
        self.set_back = self.set_back.saturating_add(news.set_back);
        (self.turned, self.turned_by) = (self.turned.saturating_add(news.turned), self.turned_by.max(news.turned_by));
        self.last = if news.count > 0 { Some(clock::now()) } else { self.last };
    }

    /// Of the last minute; none when the last one was earlier.
    #[must_use]
    pub fn recent(self) -> Self {
        self.last.filter(|at| clock::since(*at) < TOLD).map_or(Self::default(), |_| self)
    }
}

/// What was measured up to a snapshot.
#[derive(Debug, Clone, Default)]
pub struct LoadFacts {
    /// Speed of the mirror link in bits per second, where known.
    pub speed: Option<u64>,
    /// Windows with packets, by the class of their utilisation.
    pub windows: [u64; UTILISATION_CLASSES],
    /// What arrived in windows of 100 ms.
    pub arrived: Windows<Traffic>,
    /// When nothing arrived.
    pub pauses: Pauses,
    /// Times that packets are stamped with.
    pub covered: Covered,
    /// When nothing but frames to groups arrived.
    pub unicast: UnicastWatch,
}

impl LoadFacts {
    /// The pauses of which conversations are asked: of all frames up to the `latest`, and of those to stations up to `now`.
    pub fn asked(&self, latest: Timestamp, now: Timestamp) -> Vec<Pause> {
        let mut all = self.pauses.asked(latest);
        let more: Vec<Pause> = self.unicast.pauses(now).asked(now).into_iter().filter(|pause| !all.contains(pause)).collect();
        all.extend(more);
        all
    }
}

/// What those at the monitored link told of what it carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ToldSpeed {
    /// Nothing that counts beside what is known of it.
    #[default]
    Nothing,
    /// So many bits per second, against which it is measured.
    Followed(u64),
    /// A speed that it exceeded: it is that of another link.
    Refuted,
}

/// What was measured of how full the monitored link was, by milliseconds, and finer where stamps may tell that apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkReading {
    /// By milliseconds; `None`: the speed of the link is not known.
    pub coarse: Option<LinkUse>,
    /// By finer bins; `None`: not looked for.
    pub fine: Option<LinkUse>,
}
