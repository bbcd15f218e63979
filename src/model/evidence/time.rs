//! Order, clocks and silence.

use super::{CAUSES, CAUSES_FEW, share};
use crate::model::time::{MILLISECOND, SECOND};
use crate::model::units::{duration, times};
use crate::model::{Estimate, SeenAt, Timestamp, wilson};

/// Share of the answers before their cause from which on a direction is late and not the odd packet; how many they are at least.
const SHIFTED: f64 = 0.05;
const LEAST: u64 = 5;

/// Seconds by which it is late from which on times of response are longer or shorter by it.
const LONG: f64 = 0.001;

/// Effects before causes.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderEvidence {
    /// Pairs of cause and effect: handshakes, acknowledgements that advanced, answered questions.
    pub judged: u64,
    /// Of them with the effect first.
    pub violations: u64,
    /// When those causes came.
    pub violated_at: SeenAt,
    /// Seconds by which effects came first: the median, and what 99 % of them surely stay below.
    pub skew: Option<[f64; 2]>,
    /// Whether one direction comes so late that what is missing is not waited for as long.
    pub is_far_apart: bool,
    /// Seconds by which the clocks of the two directions lie apart, where one of them comes as a whole after the other.
    pub clocks_apart: Option<f64>,
    /// Seconds by which requests, and answers, may be late and still come before what they bring about: as quick as that some were.
    pub hidden: [Option<f64>; 2],
    /// Whether outer sequence numbers were in order; `None` without any.
    pub outer_in_order: Option<bool>,
    /// Receive queues of the interface.
    pub queues: Option<u32>,
}

impl OrderEvidence {
    /// Share of the pairs with the effect first.
    pub fn rate(&self) -> f64 {
        share(self.violations.min(self.judged), self.judged)
    }

    /// Whether there are enough pairs for a share of them to say something: fewer do where most have the effect first.
    pub fn is_enough(&self) -> bool {
        let most = self.violations >= CAUSES_FEW && self.violations.saturating_mul(2) > self.judged;
        self.judged >= CAUSES || most
    }

    /// Whether effects come first by about as much each time: one direction is late as a whole, and what is late is waited for.
    pub fn is_even(&self) -> bool {
        const EVEN: f64 = 2.0;
        self.skew.is_some_and(|[p50, p99]| p99 <= p50 * EVEN)
    }

    /// Seconds by which one direction comes later than the other, in the median, where that is much and most of what shows it agrees.
    pub fn shift(&self) -> Option<f64> {
        let surely = wilson(self.violations.min(self.judged), self.judged).low > SHIFTED;
        self.skew.map(|[p50, _]| p50).filter(|p50| self.violations >= LEAST && surely && *p50 >= LONG)
    }
}

/// The clock behind the time stamps.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClockEvidence {
    /// Packets whose stamps were compared.
    pub packets: u64,
    /// Greatest common divisor of the differences, in nanoseconds (0: unknown).
    pub grain: u64,
    /// Differences it rests on.
    pub differences: u64,
    /// Packets stamped like the one before.
    pub equal: u64,
    /// Longest run of equal stamps.
    pub longest_run: u64,
    /// One packet comes with each beat of the grain, and no two with one: it is how they are sent, and says nothing of the clock.
    pub is_beat: bool,
    /// Steps back by more than 10 ms.
    pub steps: u64,
    /// Largest step back, in seconds.
    pub largest_step: f64,
    /// Of the steps back those after which time went on from there: what came before and what comes after lies at the same time.
    pub set_back: u64,
    /// Packets of a file that are stamped between 1 ms and 10 ms before the one that they follow.
    pub turned: u64,
    /// By how many seconds at most.
    pub turned_by: f64,
    /// The longest time by which it was set forward.
    pub forward: Option<Forward>,
}

impl ClockEvidence {
    /// See [`Self::turned`].
    pub const TURNED: f64 = 0.01;
    /// Nanoseconds by which a packet must be stamped before the one that it follows: queues that are read in turn do so by less.
    pub const QUEUES: i64 = MILLISECOND;
    /// Differences between stamps before their grain is known.
    pub const DIFFERENCES: u64 = 100;
    /// Fewer that are enough where nearly all of so many packets are stamped like the one before: there are no more stamps.
    pub const FEW: u64 = 4;
    /// See [`Self::FEW`].
    pub const PACKETS: u64 = 1_000;
    /// See [`Self::FEW`].
    pub const ALIKE: f64 = 0.99;

    /// The share of the packets that are stamped before the one that they follow, where it surely is more than chance: two clocks, or one for stamps and
    /// another for the order in which they are written.
    pub fn turned(&self) -> Option<f64> {
        let turned = wilson(self.turned.min(self.packets), self.packets);
        (self.packets >= CAUSES && turned.low > Self::TURNED).then_some(turned.rate)
    }

    /// Whether the packets have no times: nearly all have one stamp.
    pub fn is_timeless(&self) -> bool {
        self.packets >= Self::PACKETS && share(self.equal, self.packets) >= Self::ALIKE && self.differences < Self::FEW
    }

    /// Whether there are enough differences between stamps for their grain to be known.
    pub fn is_enough(&self) -> bool {
        let are_alike = self.packets >= Self::PACKETS && share(self.equal, self.packets) >= Self::ALIKE;
        self.differences >= if are_alike { Self::FEW } else { Self::DIFFERENCES }
    }
}

/// A time in which every regular sender was silent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Outage {
    /// Last packet of a regular sender before.
    pub from: Timestamp,
    /// Its length in seconds.
    pub seconds: f64,
    /// Regular senders that were silent.
    pub senders: u64,
    /// Packets missing from them.
    pub missed: u64,
    /// Whether it still goes on.
    pub open: bool,
    /// It is longer than all the traffic beside it: between two captures in one file nothing was captured, and a clock that is set forward leaves
    /// such a gap.
    pub outlasts: bool,
    /// Something was sent in it that was not mirrored: it is missing behind it, or conversations that were open ended in it.
    pub is_proved: bool,
    /// It may as well be a rest of everybody: nothing was open that it would have cut.
    pub is_undecided: bool,
}

/// Outages that come again and again.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Again {
    /// How many.
    pub times: u64,
    /// Their length together, in seconds.
    pub seconds: f64,
}

/// All times in which nothing was mirrored, together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Silent {
    /// How many.
    pub times: u64,
    /// Their length together, in seconds.
    pub seconds: f64,
    /// The share of all packets that is missing from them, by what comes in times as long beside them. Its lower end is of those that are proved.
    pub missing: Estimate,
}

impl Silent {
    /// How often and how long, in words.
    pub fn for_how_long(&self) -> String {
        let long = duration(self.seconds);
        if self.times > 1 { format!("{}, {long}", times(self.times)) } else { format!("for {long}") }
    }
}

/// A clock that was set forward: time is missing, and nothing else.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Forward {
    /// The last packet before.
    pub from: Timestamp,
    /// By how much, in seconds.
    pub seconds: f64,
}

impl Forward {
    /// The first packet after.
    pub fn until(&self) -> Timestamp {
        self.from.plus((self.seconds * SECOND as f64) as i64)
    }
}

/// A time in which frames to groups arrived and none to a station.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct GroupOnly {
    /// The last frame to a station before.
    pub from: Timestamp,
    /// Its length in seconds.
    pub seconds: f64,
    /// Frames to groups meanwhile.
    pub frames: u64,
    /// Whether it still goes on.
    pub open: bool,
    /// It may as well be a rest of everybody: nothing was open that it would have cut.
    pub is_undecided: bool,
}

impl Outage {
    /// Whether it is a time of this capture in which nothing was mirrored, as far as is known.
    pub fn is_told(&self) -> bool {
        !self.outlasts && !self.is_undecided
    }

    /// When it ended.
    pub fn until(&self) -> Timestamp {
        self.from.plus((self.seconds * SECOND as f64) as i64)
    }
}
