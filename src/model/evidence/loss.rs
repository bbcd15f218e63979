//! Where packets went missing.

use crate::model::{Episode, Estimate, OfferedLoad, Tunnel, wilson};

/// Loss in windows of like utilisation of the mirror link.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoadClass {
    /// Windows of this class (at least 10 ms each).
    pub windows: u64,
    /// Bytes acknowledged in them.
    pub acked: u64,
    /// Of them never seen.
    pub missing: u64,
    /// Share of packets this host lost in them.
    pub host: f64,
}

impl LoadClass {
    /// Loss before this host, at most: one full segment is added to what was missed, so that none seen is not taken for none.
    pub fn upstream(&self) -> (f64, f64) {
        let beyond = |missing: f64| (1.0 - (1.0 - missing.min(1.0)) / (1.0 - self.host.clamp(0.0, 0.999))).max(0.0);
        let acked = self.acked.max(1) as f64;
        (beyond(self.missing as f64 / acked), beyond((self.missing as f64 + 1460.0) / acked))
    }
}

/// Segments of one size.
#[derive(Debug, Clone, Copy, Default)]
pub struct SizeLoss {
    /// Smallest TCP payload of the class, in bytes.
    pub floor: u32,
    /// Segments seen.
    pub seen: u64,
    /// Segments missing.
    pub missing: u64,
}

/// The delivered rate in windows with loss from beginning to end (before and after them something was lost as well).
#[derive(Debug, Clone, Copy, Default)]
pub struct FlatTop {
    /// Length of a window: the slower the mirror, the longer.
    pub seconds: f64,
    /// Windows with loss.
    pub lossy: u64,
    /// Of them those with at least 90 % of the median rate; the rest is of these.
    pub windows: u64,
    /// Mean rate in bits per second, of frames from the first MAC address to the last payload byte.
    pub bits_per_second: f64,
    /// Standard deviation as a share of the mean.
    pub variation: f64,
    /// Standard deviation of what was lost, as a share of the same mean.
    pub missing_variation: f64,
    /// Since then more came in as long a time than such a limit lets through.
    pub is_exceeded_since: bool,
    /// Mean rate with what surrounds frames on an Ethernet (24 bytes each): to be compared with the link's speed.
    pub occupied: f64,
}

/// What the outside of one mirror session says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SessionLoss {
    /// Which.
    pub tunnel: Tunnel,
    /// Lost between switch and host; `None`: it does not number usably.
    pub loss: Option<Estimate>,
    /// Packets received.
    pub packets: u64,
    /// Frames the device reports as damaged.
    pub errors: u64,
    /// Its first and last packet.
    pub span: Episode,
}

/// What a switch that was asked says its mirror port dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct PortLoss {
    /// The port's name.
    pub port: String,
    /// Packets dropped for want of room.
    pub discards: u64,
    /// Packets dropped for errors.
    pub errors: u64,
    /// Packets sent.
    pub sent: u64,
    /// Seconds between the answers that this is the difference of.
    pub seconds: f64,
    /// What the ports carried that are mirrored to it; `None`: the switch does not say which they are.
    pub offered: Option<OfferedLoad>,
}

impl PortLoss {
    /// Packets dropped, at least: some switches count them at the port, others with the mirror session.
    pub fn dropped(&self) -> u64 {
        let events = self.offered.map_or(0, |offered| offered.drop_events);
        self.discards.saturating_add(self.errors).max(events)
    }
}

/// Streams whose senders number their packets: RTP, IPsec, WireGuard. What is missing of one the network lost, or the mirror.
#[derive(Debug, Clone, Copy, Default)]
pub struct StreamEvidence {
    /// Streams of a hundred packets or more: directions of conversations.
    pub streams: u64,
    /// Who sends them, told apart up to about twenty.
    pub senders: u64,
    /// Packets that came.
    pub packets: u64,
    /// Packets that did not.
    pub missing: u64,
    /// What is missing of the quarter of them that lacks least: no more of all was lost by the mirror.
    pub best: Option<Estimate>,
    /// The same by stretches of time, where in some those lack something that lack least; and from when to when.
    pub by_stretch: Option<(Estimate, Episode)>,
}

impl StreamEvidence {
    /// Streams, all of which lack something, from which on it is not the way of each of them that loses it; and their senders.
    pub const SEVERAL: u64 = 5;
    /// See [`Self::SEVERAL`].
    pub const SENDERS: u64 = 3;
    /// Of them, the packets before their share says anything.
    pub const ENOUGH: u64 = 1_000;
    /// Lower end of the interval above which something surely is missing.
    pub const LOST: f64 = 0.000_5;

    /// Whether packets surely are missing of them.
    pub fn lack_packets(&self) -> bool {
        wilson(self.missing, self.packets.saturating_add(self.missing)).low > Self::LOST
    }

    /// The share that the mirror loses; `None` where too few are numbered, or so few streams of so few senders lack something that it may be their own way.
    pub fn loss(&self) -> Option<Estimate> {
        if let Some((loss, _)) = self.by_stretch.filter(|(loss, _)| loss.n >= Self::ENOUGH) {
            return Some(self.best.filter(|best| best.low > loss.low).unwrap_or(loss));
        }
        let enough = self.packets.saturating_add(self.missing) >= Self::ENOUGH;
        let are_several = self.streams >= Self::SEVERAL && self.senders >= Self::SENDERS;
        self.best.filter(|best| enough && (are_several || best.low <= Self::LOST))
    }
}

/// What lies between places in conversations that are known by their sequence numbers, and how much of it was seen.
#[derive(Debug, Clone, Copy, Default)]
pub struct AdvanceEvidence {
    /// What was not seen; `n` in segments.
    pub missing: Option<Estimate>,
    /// Segments seen.
    pub segments: u64,
    /// Segments right behind one that was seen.
    pub adjacent: u64,
    /// Groups of conversations that advanced.
    pub groups: u64,
    /// How many times as much their shares vary as they would by chance.
    pub scatter: f64,
}

impl AdvanceEvidence {
    /// Segments seen before their share says anything.
    pub const SEGMENTS: u64 = 10;
    /// Groups of conversations that they are of.
    pub const GROUPS: u64 = 3;
    /// How many times as much as by chance shares may vary that are the same: conversations of few long segments beside such of many short ones.
    pub const SCATTER: f64 = 4.0;
    /// Sampling one in two leaves half out; less than that is not called sampling.
    pub const SAMPLED: f64 = 0.45;
    /// How many times as often as any segment the one behind a segment seen may be seen.
    pub const ADJACENT: f64 = 2.0;

    /// Whether packets surely go missing together: the one behind a packet seen is seen as well more often than others, by far; or of some conversations
    /// more is missing than of others.
    pub fn is_in_runs(&self) -> bool {
        let seen = self.missing.map_or(1.0, |missing| 1.0 - missing.rate);
        // Half as many runs as there would be by chance, where most is seen.
        let at_most = (Self::ADJACENT * seen).min(0.5 + 0.5 * seen);
        self.segments >= Self::SEGMENTS && (wilson(self.adjacent, self.segments).low > at_most || self.scatter > Self::SCATTER)
    }

    /// What is missing, where packets go missing one by one in all conversations alike.
    pub fn one_by_one(&self) -> Option<Estimate> {
        let is_enough = self.segments >= Self::SEGMENTS && self.groups >= Self::GROUPS;
        self.missing.filter(|_| is_enough && !self.is_in_runs())
    }
}

/// Where packets went missing.
#[derive(Debug, Clone, Default)]
pub struct LossEvidence {
    /// What the switch says, where it was asked twice or more and the mirror port is known.
    pub mirror_port: Option<PortLoss>,
    /// Of acknowledged TCP data, what was never seen; `n` in segments.
    pub all: Option<Estimate>,
    /// Lost before this host beside times in which nothing was mirrored, or one direction; `None` without any, or where nothing tells of others.
    pub beside_holes: Option<Estimate>,
    /// It is not even, over time or hosts: [`Self::all`] is what those parts say.
    pub is_uneven: bool,
    /// Lost in this host.
    pub host: Option<Estimate>,
    /// Lost between switch and host, by outer sequence numbers.
    pub path: Option<Estimate>,
    /// The share of numbers that are missing and were not lost: acknowledged data has no holes where they would have made some.
    pub refuted_numbers: Option<Estimate>,
    /// Never copied by the switch.
    pub switch: Option<Estimate>,
    /// Switch or path, where they cannot be told apart.
    pub upstream: Option<Estimate>,
    /// Of answers (SYN-ACK, DNS, ICMP echo), those whose question was never seen: a witness to the loss of single packets.
    pub unmatched: Option<Estimate>,
    /// How far conversations advanced, and what was seen of it.
    pub advances: AdvanceEvidence,
    /// Streams that are numbered: what they lack, where TCP tells nothing.
    pub streams: StreamEvidence,
    /// The same by mirror session, the largest first.
    pub by_session: Vec<SessionLoss>,
    /// When data was acknowledged and never seen, oldest first; empty when it is not known back to the first packet.
    pub times: Vec<Episode>,
    /// Windows below 50 % of the mirror link, up to 95 %, above; all zero when its speed is unknown.
    pub by_load: [LoadClass; 3],
    /// Loss by segment size, ascending.
    pub by_size: Vec<SizeLoss>,
    /// Conversations by the share that was missing, in steps of 5 %.
    pub ratios: [u64; 21],
    /// Conversations without loss.
    pub whole: u64,
    /// Uninterrupted runs of missing segments.
    pub runs: u64,
    /// The delivered rate while packets were lost.
    pub flat_top: Option<FlatTop>,
    /// Speed of the mirror link in bits per second.
    pub speed: Option<u64>,
    /// One in this many is mirrored, where the mirror says so itself (1: every packet).
    pub declared_sampling: Option<u32>,
}

impl LossEvidence {
    /// The share of answers without a question from which on it is most of them: a direction is missing, or nobody asked.
    pub const MOST: f64 = 0.5;
    /// The share of them, surely exceeded, from which on a mirror of which nothing else is known may hide answers as well: two of two.
    pub const LONE: f64 = 0.3;
    /// Answers of which surely most lack their question: then so few say it.
    pub const FEW: u64 = 20;
    /// Answers, or segments, before they say anything of a smaller share.
    pub const ENOUGH: u64 = 100;

    /// Answers before their questions are taken to say at what rate single packets are missing.
    pub const ANSWERS: u64 = 20;

    /// Share of missing data from which on no conversation is missing as a whole and unseen.
    const SHOWN: f64 = 1.0 / 3.0;

    /// How much oftener questions must be missing than data before more may be missing of all: of few questions a little more is chance.
    const TWICE: f64 = 2.0;

    /// Whether what is missing of `all` data is missing in runs: few of the `lone` answers lack their question.
    pub fn comes_in_runs(all: &Estimate, lone: &Estimate) -> bool {
        lone.n >= Self::ANSWERS && lone.high < all.low / 2.0
    }

    /// What is missing of all data, as far as it is known beside what `lone` answers tell of single packets. In runs as much again may be: what
    /// falls into a hole with what acknowledges it is told by nothing, as long as little is missing; of a third and more each conversation shows a
    /// part. Where questions are missing oftener than data, as much may be missing of all.
    pub fn beside(all: Estimate, lone: &Estimate) -> Estimate {
        if Self::comes_in_runs(&all, lone) {
            let hidden = all.high * (1.0 - all.rate / Self::SHOWN).max(0.0);
            return Estimate { high: 1.0 - (1.0 - all.high) * (1.0 - hidden), ..all };
        }
        let is_more = lone.n >= Self::ENOUGH && lone.rate < Self::MOST && lone.low > all.high * Self::TWICE && all.low > 0.0;
        if is_more { Estimate { high: all.high.max(lone.high), ..all } } else { all }
    }

    /// One packet in how many is mirrored on purpose, as the mirror says itself or conversations show.
    pub fn sampled(&self) -> Option<f64> {
        let seen = || {
            self.advances.one_by_one().filter(|missing| missing.low > AdvanceEvidence::SAMPLED).map(|missing| 1.0 / (1.0 - missing.rate))
        };
        self.declared_sampling.filter(|n| *n > 1).map(f64::from).or_else(seen)
    }

    /// Whether most of the conversations that are long enough lack something.
    pub fn is_of_most(&self) -> bool {
        let lacking = self.ratios.iter().fold(0u64, |sum, n| sum.saturating_add(*n));
        lacking > self.whole
    }

    /// What numbered streams lack, where they have to tell alone: there is too little TCP.
    pub fn numbered_alone(&self) -> Option<Estimate> {
        self.streams.loss().filter(|_| self.all.is_none_or(|all| all.n < Self::ENOUGH))
    }

    /// The answers without a question, where they are too few to say how much is missing and yet surely so many that the network's silence may be the
    /// mirror's.
    pub fn lone_answers(&self) -> Option<Estimate> {
        self.unmatched.filter(|lone| self.is_little_known() && lone.low > Self::LONE)
    }

    /// The same of data: of what was acknowledged, or lies between places that are known.
    pub fn lone_segments(&self) -> Option<Estimate> {
        let of_all = [self.all, self.advances.one_by_one()].into_iter().flatten();
        of_all.filter(|lone| self.is_little_known() && lone.n >= Self::FEW && lone.low > Self::LONE).max_by_key(|lone| lone.n)
    }

    /// Whether numbered streams show that hardly anything is missing.
    pub fn is_whole_by_number(&self) -> bool {
        self.numbered_alone().is_some_and(|numbered| numbered.high < Self::LONE)
    }

    fn is_little_known(&self) -> bool {
        self.all.is_none_or(|all| all.n < Self::ENOUGH) && self.numbered_alone().is_none()
    }

    /// The answers without a question where they have to tell alone: this host lost nothing, there are enough of them, and there is too little TCP,
    /// or surely less of its data is missing, or of the copies' numbers (then it is not most answers: those nobody may have asked for).
    pub fn orphans_alone(&self) -> Option<Estimate> {
        let is_counted = |e: &Estimate| e.n >= Self::ENOUGH;
        let tcp = self.all.filter(is_counted);
        let others = [tcp, self.path.filter(is_counted)].into_iter().flatten().map(|e| e.high).fold(0.0, f64::max);
        let here = self.host.is_some_and(|host| host.rate > 0.0);
        let orphans = self.unmatched.filter(|o| !here && (others == 0.0 || o.low > others))?;
        match orphans.rate < Self::MOST {
            true => Some(orphans).filter(is_counted),
            false => Some(orphans).filter(|o| tcp.is_none() && !self.is_whole_by_number() && o.n >= Self::FEW && o.low > Self::MOST),
        }
    }
}
