//! The link whose use is followed, and what it is said to carry: by the user, by the port, or by those at it.

use crate::engine::route::link_bins::{LinkBins, LinkKnown};
use crate::engine::tape::facts::{LinkReading, ToldSpeed};
use crate::model::time::SECOND;
use crate::model::{LinkLoad, Timestamp};
use crate::switch::SpeedNews;

/// Of what is followed from a time after the beginning on nothing is said before so much was looked at.
const LEAST_LOOKED_AT: i64 = 2 * SECOND;

/// A link that carries more than this part of its speed for [`REFUTING`] has another speed: clocks of senders and of the capture differ by less.
const BEYOND: f64 = 1.05;
/// How long.
const REFUTING: i64 = SECOND;

/// A link.
#[derive(Debug)]
pub struct FollowedLink {
    /// How full it is, bin by bin.
    pub bins: LinkBins,
    /// As the user or the port tells it, and as those at it do.
    own: LinkKnown,
    told: LinkKnown,
    /// What those at the link said is not so of this one, which carried more.
    is_refuted: bool,
    /// Bits and nanoseconds that were looked at since that was asked last.
    carried: (u64, i64),
    /// Whether it is followed from a time after the beginning on, and for how long.
    is_late: bool,
    looked_at: i64,
}

impl FollowedLink {
    /// A link that nobody at it has told anything of.
    pub fn new(own: LinkKnown) -> Self {
        Self { bins: LinkBins::new(own), own, told: own, is_refuted: false, carried: (0, 0), is_late: false, looked_at: 0 }
    }

    /// Those at the link say what it carries (`None`: they do not agree any more): it is followed from the next interval on, or from the first.
    pub fn tell(&mut self, speed: SpeedNews, open: Option<Timestamp>) {
        (self.told, self.is_refuted) = (self.own.told(speed), false);
        if open.is_none() {
            self.begin_interval(Timestamp::default(), false);
        }
    }

    /// An interval begins.
    pub fn begin_interval(&mut self, start: Timestamp, is_late: bool) {
        if self.bins.known() != self.told {
            *self = Self { bins: LinkBins::new(self.told), carried: (0, 0), is_late, looked_at: 0, ..*self };
            self.bins.begin(start);
        }
    }

    /// An interval ends: how full the link was, where it can have been.
    pub fn end_interval(&mut self, start: Timestamp, length: i64) -> Option<LinkLoad> {
        let load = self.bins.interval(start, length)?;
        self.looked_at = self.looked_at.saturating_add(length.max(0));
        if self.told == self.own {
            return Some(load);
        }
        self.carried.0 = self.carried.0.saturating_add(load.bits);
        self.carried.1 = self.carried.1.saturating_add(length.max(0));
        if self.carried.1 < REFUTING {
            return Some(load);
        }
        let (bits, nanos) = std::mem::take(&mut self.carried);
        if bits as f64 > BEYOND * load.speed as f64 * nanos as f64 / SECOND as f64 {
            (self.told, self.is_refuted) = (self.own, true);
            return None;
        }
        Some(load)
    }

    /// What those at the link told of it.
    pub fn told_speed(&self) -> ToldSpeed {
        match self.told.speed.filter(|_| self.told != self.own) {
            Some(speed) => ToldSpeed::Followed(speed),
            None if self.is_refuted => ToldSpeed::Refuted,
            None => ToldSpeed::Nothing,
        }
    }

    /// How full it was.
    pub fn used(&self) -> LinkReading {
        let is_unknown = self.bins.known() != self.told || self.is_late && self.looked_at < LEAST_LOOKED_AT;
        if is_unknown { LinkReading::default() } else { self.bins.used() }
    }

    /// Everything is counted anew.
    pub fn forget(&mut self, start: Timestamp) {
        *self = Self::new(self.own);
        self.bins.begin(start);
    }
}
