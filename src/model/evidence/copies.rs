//! Packets seen more than once.

use super::share;
use crate::model::Arrange as _;
use crate::model::sum::Sum;
use crate::model::{Address, Mac, ProvingPackets, SeenAt, wilson};

/// Seconds between copies of one packet.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CopyGap {
    /// 5th percentile.
    pub p5: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
}

impl CopyGap {
    /// How many times the 5th percentile the 95th is at most, of copies that a mirror made.
    pub const TIGHT: f64 = 20.0;

    /// Whether the copies come at much the same distance: retransmissions scatter, a mirror does not. Below a microsecond
    /// distances say nothing.
    pub fn is_tight(&self) -> bool {
        self.p95 <= Self::TIGHT * self.p5.max(1e-6)
    }
}

/// Packets of a sample that came again later than copies are left out.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DistantCopies {
    /// Packets that were waited for.
    pub watched: u64,
    /// Of them those that came again.
    pub again: u64,
    /// After how long.
    pub gap: CopyGap,
}

impl DistantCopies {
    /// Packets that were waited for before anything is said of them.
    pub const LEAST: u64 = 100;
    /// Those that came again before a part of them says anything.
    pub const FEWEST: u64 = 20;
    /// The share that surely (lower end of its interval) came again before it is told.
    pub const PART: f64 = 0.01;
    /// How many times the 5th percentile the 95th is at most: a mirror that is late is late by the same time.
    pub const TIGHT: f64 = 2.0;

    /// Those that came again as a share of all.
    pub fn share(&self) -> f64 {
        share(self.again, self.watched)
    }

    /// Whether most packets surely came again.
    pub fn is_of_most(&self) -> bool {
        wilson(self.again, self.watched).low > 0.5
    }

    /// Whether a mirror made them, and enough of them to be told.
    pub fn is_told(&self) -> bool {
        let is_enough = self.watched >= Self::LEAST && self.again >= Self::FEWEST;
        is_enough && wilson(self.again, self.watched).low > Self::PART && self.gap.p95 <= Self::TIGHT * self.gap.p5
    }
}

/// Packets of one sort that came again at much the same distance, where nothing tells whether the mirror brings them twice or their sender sends them so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UntoldRepeats {
    /// Packets of that sort that were followed.
    pub seen: u64,
    /// Of them those that came again.
    pub again: u64,
    /// After how many seconds.
    pub seconds: f64,
    /// What they are, in the plural.
    pub what: &'static str,
}

/// Different addresses, told apart up to a few.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Destinations {
    known: [Option<Address>; Self::APART],
    /// There are others.
    pub is_more: bool,
}

impl Destinations {
    /// Addresses that are told apart.
    const APART: usize = 8;

    /// Takes one in.
    pub fn note(&mut self, address: Address) {
        match self.known.iter_mut().find(|known| known.is_none_or(|known| known == address)) {
            Some(place) => *place = Some(address),
            None => self.is_more = true,
        }
    }

    /// Those that are told apart, in their order.
    pub fn all(&self) -> Vec<Address> {
        let mut all: Vec<Address> = self.known.iter().flatten().copied().collect();
        all.arrange();
        all
    }
}

impl Sum for Destinations {
    fn merge(&mut self, other: &Self) {
        other.known.iter().flatten().for_each(|address| self.note(*address));
        self.is_more |= other.is_more;
    }

    /// All of them: of what came before one cannot be told that it did not come again.
    fn since(&self, _: &Self) -> Self {
        *self
    }
}

/// Packets seen more than once.
#[derive(Debug, Clone, Default)]
pub struct CopyEvidence {
    /// Packets that were compared.
    pub packets: u64,
    /// Further ones, which are cut before what tells them from others.
    pub untold: u64,
    /// Copies beyond the first, of `packets`.
    pub copies: u64,
    /// Of them those that passed a router or changed their VLAN in between: no sender repeats a packet like that.
    pub changed: u64,
    /// Of them those that a station took in and sent on in the same VLAN, by that station and the one it sent them to, most first.
    pub sent_on: Vec<([Mac; 2], u64)>,
    /// How often nearly every packet came, where that is twice or more; 0 where it is not known.
    pub times: u64,
    /// Equal packets that came more often than this mirror makes copies: traffic.
    pub repeated: u64,
    /// Packets that passed the same link again and again with a falling TTL: traffic too.
    pub looped: u64,
    /// How many different packets did.
    pub loops: u64,
    /// When copies came.
    pub copied_at: SeenAt,
    /// When equal packets came that are traffic.
    pub repeated_at: SeenAt,
    /// When packets went round.
    pub looped_at: SeenAt,
    /// Where they wanted to.
    pub looped_to: Destinations,
    /// Some of them.
    pub looped_proof: ProvingPackets,
    /// Some of the equal packets that are traffic.
    pub repeated_proof: ProvingPackets,
    /// Conversations that were compared.
    pub flows: u64,
    /// Of them with more than 20 % copies.
    pub flows_affected: u64,
    /// Conversations with any packet that was surely copied, however few of theirs were.
    pub flows_proven: u64,
    /// Distance between copies.
    pub gap: Option<CopyGap>,
    /// Between what, with packets, most first (`VLAN 10 -> 20`, `session 1 -> 2`).
    pub pairs: Vec<(String, u64)>,
    /// Whether copies were kept in the analysis instead of left out.
    pub kept: bool,
    /// Copies beyond the first.
    pub proof: ProvingPackets,
    /// Packets that came again too late for their copies to be known and left out.
    pub distant: Option<DistantCopies>,
    /// Packets that came again at one distance, where nothing tells whether that is the mirror's doing.
    pub untold_repeats: Option<UntoldRepeats>,
}

impl CopyEvidence {
    /// Seconds from which on a copy comes as late as what a sender repeats (Linux waits for 200 ms at least, half of that with a margin).
    const AS_LATE_AS_SENT_AGAIN: f64 = 0.1;

    /// The share of copies from which on nearly every packet comes twice.
    const MOST: f64 = 0.4;

    /// Copies beyond the first as a share of all packets.
    pub fn share(&self) -> f64 {
        share(self.copies, self.packets)
    }

    /// Without those that stations sent on to others as `is_traffic` says: packets that passed the mirror on their way to such a station and again on
    /// their way from there. The mirror copied each once.
    #[must_use]
    pub fn without(mut self, is_traffic: impl Fn([Mac; 2]) -> bool) -> Self {
        let (traffic, other): (Vec<_>, Vec<_>) = self.sent_on.into_iter().partition(|(stations, _)| is_traffic(*stations));
        self.sent_on = other;
        let n = traffic.iter().fold(0u64, |sum, (_, n)| sum.saturating_add(*n));
        // Where most were, nothing tells how often the mirror brings packets.
        self.times = if n.saturating_mul(2) > self.copies { 0 } else { self.times };
        for count in [&mut self.packets, &mut self.copies, &mut self.changed] {
            *count = count.saturating_sub(n);
        }
        self
    }

    /// The stations that sent most of the copies on, those that did most of it first; none where most have another reason.
    pub fn senders_on(&self) -> Vec<Mac> {
        let all = self.sent_on.iter().fold(0u64, |sum, (_, n)| sum.saturating_add(*n));
        if all.saturating_mul(2) <= self.copies {
            return Vec::new();
        }
        let mut by_station: Vec<(u64, Mac)> = Vec::new();
        for ([station, _], n) in &self.sent_on {
            match by_station.iter_mut().find(|(_, known)| known == station) {
                Some((sum, _)) => *sum = sum.saturating_add(*n),
                None => by_station.push((*n, *station)),
            }
        }
        by_station.arrange_by_key(|&(n, station)| (std::cmp::Reverse(n), station));
        by_station.into_iter().map(|(_, station)| station).collect()
    }

    /// How many seconds later copies come, where most packets come twice and as late as senders send again: the first of them, before it was known
    /// how late they come, look like that.
    pub fn slow(&self) -> Option<f64> {
        let gap = self.gap.as_ref()?.p50;
        (gap >= Self::AS_LATE_AS_SENT_AGAIN && self.share() > Self::MOST).then_some(gap)
    }

    /// Copies that come too late to be left out, where a mirror makes them.
    pub fn late(&self) -> Option<&DistantCopies> {
        self.distant.as_ref().filter(|distant| distant.is_told())
    }
}
