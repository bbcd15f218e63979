//! An immutable picture of everything counted up to a moment. Screens, reports and exports are functions of a [`Snapshot`].

mod baseline;
mod compare;
mod feed;
mod filter;
pub mod hierarchy;
pub mod history;
mod mirror;
mod network;
mod packets;
mod published;
mod query;
mod rows;
mod selection;
mod shape;
mod streams;
pub mod sweeps;
pub mod table;
pub mod tables;
mod untimed;
mod wings;
mod wrapping;

pub use crate::model::{SourceInfo, Trust, TrustPart};
pub use baseline::{Baseline, BaselineState};
pub use compare::{Change, ChangeKind, ChangeWay, ComparedMeasure, ComparedSide, Comparison, RULES};
pub use feed::{Feed, SpanStore};
pub use filter::Filter;
pub use hierarchy::HierarchyRow;
pub use history::{History, HistorySlot, SpanShown};
pub use mirror::{DuplicateClass, Duplicates, Forgotten, LossLedger, Mirror, Sides, TunnelRow};
pub use network::{Network, NetworkMatter, Service};
pub use packets::{
    PacketContents, PacketEvent, PacketPage, PacketRequest, PacketRow, PacketSeek, PacketSegment, PacketStore, PacketStream, PacketSubject,
    StreamBytes,
};
pub use published::{Ended, Published, RecordFeed};
pub use query::{Column, LATELY_SECONDS, Order, Query};
pub use rows::{
    ConnectionEnding, Conversation, HostRow, ProtocolRow, ResetBy, Table, TcpState, Traffic, Transfer, VlanPairRow, VlanRow, VlanWays,
    rate_while_active,
};
pub use streams::StreamRow;
pub use wings::{CaptureSummary, Diagnosis, Dissected, Statistics};
pub use wrapping::{CaptureFilter, Wrappings};

use crate::model::Arrange as _;
use crate::model::time::SECOND;
use crate::model::{AnalysisCounts, DissectLosses, Episode, Histogram, LinkWays, Severity, SwitchView, Timestamp, read_of};
use serde::Serialize;
use std::sync::Arc;

/// Packets that were not analysed, by the stage that lost them, and packets that could not be decoded fully.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Losses {
    /// Dropped by the interface or its driver.
    pub interface_drops: u64,
    /// Dropped by the kernel (its ring was full).
    pub kernel_drops: u64,
    /// Records (intervals, snapshots) that a subscriber was too slow to take. No packets: those are all in the snapshots.
    pub queue_drops: u64,
    /// Packets whose headers the capture does not hold completely (snap length): not a loss, but not fully decoded.
    pub decode_errors: u64,
    /// Packets that contradict themselves.
    pub malformed: u64,
    /// Packets older than the newest interval, counted in their own.
    pub late_packets: u64,
    /// Conversations folded into the "other" row because a cap was reached.
    pub evicted_flows: u64,
    /// What the dissectors lost at their caps.
    pub dissection: DissectLosses,
}

impl Losses {
    /// Each stage that tells of packets, of those that lost the most trust first.
    pub fn stages(&self) -> [LossStage; 7] {
        let stage = |stage, count, severity, what| LossStage { stage, count, severity, what };
        use Severity::{Critical, Note, Warning};
        [
            stage("Interface", self.interface_drops, Critical, "dropped by the network interface or its driver"),
            stage("Kernel", self.kernel_drops, Critical, "dropped by the kernel: its ring was full (--buffer)"),
            stage("Queue", self.queue_drops, Warning, "records a subscriber was too slow to take; no packet is lost by it"),
            stage("Cut headers", self.decode_errors, Warning, "packets captured too short to be decoded fully (--snaplen)"),
            stage("Malformed", self.malformed, Warning, "packets that contradict themselves"),
            stage(
                "Came late",
                self.late_packets,
                Note,
                "packets older than others before them by an interval or more; counted in their own",
            ),
            stage(
                "Only in sums",
                self.evicted_flows,
                Warning,
                "conversations that made room for others: counted, no longer kept one by one",
            ),
        ]
    }

    /// Packets that existed and were not analysed: between taking a packet from the kernel and counting it none is lost.
    pub fn lost_packets(&self) -> u64 {
        self.interface_drops.saturating_add(self.kernel_drops)
    }
}

/// What one stage counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LossStage {
    /// The stage, for people.
    pub stage: &'static str,
    /// What it counted.
    pub count: u64,
    /// How much that matters.
    pub severity: Severity,
    /// What is counted.
    pub what: &'static str,
}

/// Load in one interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sample {
    /// Start of the interval.
    pub start: Timestamp,
    /// Nanoseconds it covers: the base interval, more where older samples were merged, less for the last one of a live capture.
    pub length: i64,
    /// Packets and wire bytes.
    pub traffic: Traffic,
    /// Wire bytes of the busiest millisecond inside.
    pub peak_ms_bytes: u64,
    /// Packets of that millisecond.
    pub peak_ms_packets: u64,
    /// When the busiest millisecond began.
    pub peak_ms_at: Option<Timestamp>,
    /// Wire bytes from outside the local networks to inside.
    pub inbound_bytes: u64,
    /// Wire bytes from inside the local networks to outside.
    pub outbound_bytes: u64,
}

impl Sample {
    /// Its busiest millisecond.
    pub fn peak_ms(&self) -> Traffic {
        Traffic { packets: self.peak_ms_packets, wire_bytes: self.peak_ms_bytes }
    }

    /// Seconds it covers.
    pub fn seconds(&self) -> f64 {
        self.length as f64 / SECOND as f64
    }

    /// Its mean load.
    pub fn bits_per_second(&self) -> f64 {
        self.traffic.bits_per_second(self.seconds())
    }
}

/// Load over time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Load {
    /// The base interval in nanoseconds.
    pub interval: i64,
    /// Samples, oldest first; intervals without packets are absent (a gap is a gap). Older samples may be merged ([`Sample::length`]).
    pub samples: Vec<Sample>,
    /// The open interval so far.
    pub open: Option<Sample>,
    /// The busiest base interval, over all time. The capture as a whole where that is busier (it lasts no longer than a
    /// few intervals): never below the mean.
    pub peak: Option<Sample>,
    /// The busiest millisecond of all: when, wire bytes, packets.
    pub peak_ms: Option<(Timestamp, u64, u64)>,
    /// The same load in bins narrower than intervals where the time is short enough: that of all time, then that of the last seconds and
    /// minutes of a live port. None where the clock was set back.
    pub fine: Vec<FineLoad>,
}

impl Load {
    /// The narrowest bins that hold everything since a moment, and their width: `None` asks for all time. Where nothing is narrower than the
    /// intervals there are none: intervals tell more.
    pub fn finest(&self, since: Option<Timestamp>) -> Option<&FineLoad> {
        let holds =
            |fine: &&FineLoad| fine.since.is_none_or(|known| since.is_some_and(|since| known <= since)) && fine.width < self.interval;
        self.fine.iter().filter(holds).min_by_key(|fine| fine.width)
    }

    /// Bits per second that the means of 95 of 100 stretches of five minutes do not exceed, as providers bill: the highest twentieth is left out.
    /// `None` where there are fewer than twenty, and one would be the highest twentieth and more. Times without packets count; a last stretch
    /// that is not whole does not, and neither does one within `gaps`, of which nobody knows whether anything was captured in it.
    pub fn billed(&self, gaps: &[Episode]) -> Option<f64> {
        let (first, last) = (self.samples.first()?, self.samples.last()?);
        let whole = usize::try_from(last.start.plus(last.length).since(first.start) / Self::BILLED).ok()?;
        let is_coarse = self.samples.iter().any(|sample| sample.length > Self::BILLED);
        if is_coarse || !(Self::LEAST_BILLED..=Self::MOST_BILLED).contains(&whole) {
            return None;
        }
        let mut bytes = vec![0u64; whole];
        for sample in &self.samples {
            let middle = sample.start.plus(sample.length / 2).since(first.start);
            let at = usize::try_from(middle / Self::BILLED).ok();
            if let Some(sum) = at.and_then(|at| bytes.get_mut(at)) {
                *sum = sum.saturating_add(sample.traffic.wire_bytes);
            }
        }
        let begin = |at: usize| first.start.plus(i64::try_from(at).unwrap_or(i64::MAX).saturating_mul(Self::BILLED));
        let is_known = |at: usize| !gaps.iter().any(|gap| gap.first <= begin(at) && begin(at + 1) <= gap.last);
        let mut bytes: Vec<u64> = bytes.into_iter().enumerate().filter(|(at, _)| is_known(*at)).map(|(_, bytes)| bytes).collect();
        if bytes.len() < Self::LEAST_BILLED {
            return None;
        }
        bytes.arrange();
        let at = (bytes.len() * 95).div_ceil(100).saturating_sub(1);
        bytes.get(at).map(|bytes| *bytes as f64 * 8e9 / Self::BILLED as f64)
    }

    /// Nanoseconds of a stretch that is billed.
    const BILLED: i64 = 300 * crate::model::time::SECOND;

    /// Stretches before one is less than the highest twentieth.
    const LEAST_BILLED: usize = 20;

    /// Stretches that are looked at: ten years.
    const MOST_BILLED: usize = 1 << 20;
}

/// Load over time in bins of one width, which begin at multiples of it.
#[derive(Debug, Clone, PartialEq)]
pub struct FineLoad {
    /// Nanoseconds of a bin: a millisecond, or twice, four times … as much.
    pub width: i64,
    /// What came earlier is not in it; `None`: nothing is missing.
    pub since: Option<Timestamp>,
    /// Bins with packets, oldest first. Their busiest milliseconds are those of the link.
    pub samples: Arc<[Sample]>,
}

/// Where traffic goes relative to the local networks, in packets and wire bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Directions {
    /// From outside to inside.
    pub inbound: Traffic,
    /// From inside to outside.
    pub outbound: Traffic,
    /// Between local addresses.
    pub inside: Traffic,
    /// Between foreign addresses.
    pub through: Traffic,
    /// Without IP addresses.
    pub unknown: Traffic,
}

/// Destination kinds, by the destination MAC (or IP where the link has no MAC).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Casts {
    /// To one station.
    pub unicast: Traffic,
    /// To a group.
    pub multicast: Traffic,
    /// To all.
    pub broadcast: Traffic,
}

/// Packets by the class that their headers ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrafficClasses {
    /// IP packets by their differentiated services code point (RFC 2474), in eight rows of eight.
    pub dscp: [[Traffic; 8]; 8],
    /// IP packets by explicit congestion notification (RFC 3168): not capable, ECT(1), ECT(0), congestion experienced.
    pub ecn: [Traffic; 4],
    /// Tagged frames by priority (IEEE 802.1Q 6.9.3).
    pub pcp: [Traffic; 8],
}

/// Tables by the layer their rows are counted at. Rows are in the order the [`Query`] asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Kinds<R> {
    /// MAC addresses, or pairs of them.
    pub eth: Table<R>,
    /// IPv4 addresses.
    pub ip: Table<R>,
    /// IPv6 addresses.
    pub ipv6: Table<R>,
    /// TCP: connections (a new SYN with another sequence number on used ports is a new one), or ports of an address.
    pub tcp: Table<R>,
    /// UDP (and UDP-Lite) ports.
    pub udp: Table<R>,
    /// SCTP ports.
    pub sctp: Table<R>,
}

/// Conversations by kind.
pub type Conversations = Kinds<Conversation>;

/// End points by kind.
pub type Endpoints = Kinds<HostRow>;

impl<R> Kinds<R> {
    /// Every table with the word for its kind, and whether its rows have ports.
    pub fn named(&self) -> [(&'static str, &Table<R>, bool); 6] {
        [
            ("eth", &self.eth, false),
            ("ip", &self.ip, false),
            ("ipv6", &self.ipv6, false),
            ("tcp", &self.tcp, true),
            ("udp", &self.udp, true),
            ("sctp", &self.sctp, true),
        ]
    }

    /// Every table with that of another one of its kind.
    pub fn beside<'a>(&'a self, other: &'a mut Self) -> [(&'a Table<R>, &'a mut Table<R>); 6] {
        [
            (&self.eth, &mut other.eth),
            (&self.ip, &mut other.ip),
            (&self.ipv6, &mut other.ipv6),
            (&self.tcp, &mut other.tcp),
            (&self.udp, &mut other.udp),
            (&self.sctp, &mut other.sctp),
        ]
    }
}

impl<R> Default for Kinds<R> {
    fn default() -> Self {
        let [eth, ip, ipv6, tcp, udp, sctp] = std::array::from_fn(|_| Table::default());
        Self { eth, ip, ipv6, tcp, udp, sctp }
    }
}

/// TCP packets by flag (Wireshark's `tcp.flags.*`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TcpFlags {
    /// SYN without ACK.
    pub syn: u64,
    /// SYN and ACK.
    pub syn_ack: u64,
    /// FIN.
    pub fin: u64,
    /// RST.
    pub reset: u64,
}

/// What Wireshark's TCP analysis counted (`tcp.analysis.*`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TcpAnalysis {
    /// Packets by flag.
    pub flags: AnalysisCounts,
    /// Initial round trips: from the SYN to the first acknowledgement without one, once a connection.
    pub handshake_rtt: Histogram,
    /// Segments of connections for which there was no room.
    pub not_analysed: u64,
}

/// Everything counted up to a moment: one field a wing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// Increases with every snapshot.
    pub number: u64,
    /// Whether the source has ended: nothing will change any more.
    pub finished: bool,
    /// Whether the packets come from a live port.
    pub live: bool,
    /// Packet time now: the running maximum (advanced by wall time on a quiet live port).
    pub now: Timestamp,
    /// Seconds covered by the `recent` numbers of the rows.
    pub recent_seconds: f64,
    /// Where the packets come from, when, and how many were lost.
    pub capture: CaptureSummary,
    /// What was counted.
    pub stats: Statistics,
    /// What applications say.
    pub dissect: Dissected,
    /// Can the mirror be believed.
    pub mirror: Mirror,
    /// What the switch and its neighbours say.
    pub switch: SwitchView,
    /// What is thought of this host and of the network, and what is wrong.
    pub diagnosis: Diagnosis,
    /// What was counted when; empty where nobody looks back.
    pub history: History,
    /// Which span of the past the numbers are of; `None`: they are not of the past.
    pub span: Option<Arc<SpanShown>>,
    /// The text of the filter that its conversations and end points match, others being left out; `None`: the largest of all are here.
    pub narrowed_by: Option<Arc<str>>,
}

impl Snapshot {
    /// Whether there is a time to speak of: a file without packets knows none.
    pub fn is_timed(&self) -> bool {
        self.live || self.capture.first.is_some()
    }

    /// How much of files has been read, 0 to 1, while they are; `None` for a port, and when everything has been read.
    pub fn unread(&self) -> Option<f64> {
        read_of(&self.capture.sources).filter(|_| !self.finished)
    }

    /// Whether nobody counted what was lost before packets came here, as where a file holds no such numbers: then drops of 0 say nothing.
    pub fn is_loss_uncounted(&self) -> bool {
        self.mirror.loss.host.is_none() && self.mirror.link.packets > 0 && self.capture.losses.lost_packets() == 0
    }

    /// Seconds from the first to the last packet.
    pub fn duration(&self) -> f64 {
        match (self.capture.first, self.capture.last) {
            (Some(first), Some(last)) => last.seconds_since(first),
            _ => 0.0,
        }
    }

    /// Seconds that means are over: those from the first to the last packet, without gaps longer than all the time besides, of which nobody
    /// knows whether anything was captured in them.
    pub fn covered(&self) -> f64 {
        let all = self.duration();
        let gap = self.mirror.gap();
        let covered = all - gap;
        if gap <= 0.0 || covered <= 0.0 {
            return all;
        }
        // Between stretches there is a packet's distance more than between their packets: no mean is above the peak.
        let busiest = self.stats.load.peak.map_or(0.0, |peak| peak.bits_per_second());
        let least = if busiest > 0.0 { self.stats.total.wire_bytes as f64 * 8.0 / busiest } else { 0.0 };
        covered.max(least.min(all))
    }

    /// Whether frames of both ways of the link are added up where all frames are: a share of its speed is then that of both together.
    pub fn adds_both_ways(&self) -> bool {
        self.capture.is_speed_by_lldp || self.switch.link_use.as_ref().is_some_and(|used| used.ways != LinkWays::Port)
    }

    /// Seconds in which the busiest millisecond's packets came: a file that is shorter than that holds nothing else, and no peak is below the mean.
    pub fn burst_seconds(&self) -> f64 {
        const MILLISECOND: f64 = 1e-3;
        let all = self.duration();
        if self.finished && all > 0.0 && all < MILLISECOND { all } else { MILLISECOND }
    }

    /// Mean bits per second over what the capture [covers](Self::covered), 0 when it has no duration.
    pub fn mean_bits_per_second(&self) -> f64 {
        let d = self.covered();
        if d > 0.0 { self.stats.total.wire_bytes as f64 * 8.0 / d } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND;

    #[test]
    fn the_highest_twentieth_is_not_billed() {
        // 40 stretches of five minutes at 1, 2, … 40 Mb/s, in samples of ten seconds.
        let sample = |n: i64| Sample {
            start: Timestamp(n * 10 * SECOND),
            length: 10 * SECOND,
            traffic: Traffic { packets: 1, wire_bytes: (n / 30 + 1) as u64 * 1_250_000 },
            ..Sample::default()
        };
        let load = |n: i64| Load { interval: 10 * SECOND, samples: (0..n).map(sample).collect(), ..Load::default() };
        assert_eq!(load(1200).billed(&[]), Some(38e6));
        assert_eq!(load(599).billed(&[]), None, "19 whole ones");
        let mut gap = load(1200);
        gap.samples.retain(|sample| sample.start.0 < 300 * SECOND || sample.start.0 >= 39 * 300 * SECOND);
        assert_eq!(gap.billed(&[]), Some(0.0), "times without packets count");
        gap.samples[0].length = 400 * SECOND;
        assert_eq!((gap.billed(&[]), Load::default().billed(&[])), (None, None));
        // A day between two halves: by itself it is time without packets; known to be none of the capture's, it is no stretch.
        let day = 86_400 * SECOND;
        let apart = |n: i64| Sample { start: sample(n).start.plus(if n < 300 { 0 } else { day }), ..sample(n) };
        let halves = Load { interval: 10 * SECOND, samples: (0..600).map(apart).collect(), ..Load::default() };
        let gap = [Episode { first: Timestamp(3_000 * SECOND), last: Timestamp(3_000 * SECOND + day) }];
        assert_eq!((halves.billed(&[]), halves.billed(&gap)), (Some(5e6), Some(19e6)));
        assert_eq!(Load { samples: (0..599).map(apart).collect(), ..halves }.billed(&gap), None, "19 whole ones");
    }
}
