//! What findings rest on: plain numbers with their units, filled by whoever measured them.
//!
//! All counts are of one span of packet time: a sliding window on a live port, so that a fault that was mended clears; everything for a
//! file's report. `None` means not known, never zero. Shares are 0 to 1.

use super::{Episode, Estimate, LinkType, Timestamp, Tunnel, TunnelKind, wilson};

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

/// Packets seen more than once.
#[derive(Debug, Clone, Default)]
pub struct CopyEvidence {
    /// Packets that were compared.
    pub packets: u64,
    /// Copies beyond the first, of `packets`.
    pub copies: u64,
    /// Of them those that passed a router or changed their VLAN in between: no sender repeats a packet like that.
    pub changed: u64,
    /// Conversations that were compared.
    pub flows: u64,
    /// Of them with more than 20 % copies.
    pub flows_affected: u64,
    /// Distance between copies.
    pub gap: Option<CopyGap>,
    /// Between what, with packets, most first (`VLAN 10 -> 20`, `session 1 -> 2`).
    pub pairs: Vec<(String, u64)>,
    /// Whether copies were kept in the analysis instead of left out.
    pub kept: bool,
}

impl CopyEvidence {
    /// Copies beyond the first as a share of all packets.
    pub fn share(&self) -> f64 {
        share(self.copies, self.packets)
    }
}

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

/// Windows with loss before their rate is called constant.
pub const FLAT_WINDOWS: u64 = 10;

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

/// Where packets went missing.
#[derive(Debug, Clone, Default)]
pub struct LossEvidence {
    /// Of acknowledged TCP data, what was never seen; `n` in segments.
    pub all: Option<Estimate>,
    /// Lost in this host.
    pub host: Option<Estimate>,
    /// Lost between switch and host, by outer sequence numbers.
    pub path: Option<Estimate>,
    /// Never copied by the switch.
    pub switch: Option<Estimate>,
    /// Switch or path, where they cannot be told apart.
    pub upstream: Option<Estimate>,
    /// Of answers (SYN-ACK, DNS, ICMP echo), those whose question was never seen: a witness to the loss of single packets.
    pub unmatched: Option<Estimate>,
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
    /// The delivered rate while packets were lost.
    pub flat_top: Option<FlatTop>,
    /// Speed of the mirror link in bits per second.
    pub speed: Option<u64>,
    /// One in this many is mirrored, where the mirror says so itself (1: every packet).
    pub declared_sampling: Option<u32>,
}

impl LossEvidence {
    /// The answers without a question where they have to tell alone: there is too little TCP, there are enough of them, this host lost
    /// nothing, and it is not most of them (then a direction is missing, or nobody asked).
    pub fn orphans_alone(&self) -> Option<Estimate> {
        let spoken = self.all.is_some_and(|all| all.n >= 100) || self.host.is_some_and(|host| host.rate > 0.0);
        self.unmatched.filter(|o| !spoken && o.n >= 100 && o.rate < 0.5)
    }
}

/// Conversations before their directions say anything: nine of ten one-sided ones are surely more than half.
pub const JUDGED: u64 = 10;

/// The share of one-sided conversations above which one direction is missing.
pub const HALF: f64 = 0.5;

/// The share above which it is still missing once that was told.
pub const HALF_CLEAR: f64 = 0.35;

/// The share of one-sided conversations that belong to one-sided hosts where routing is the reason.
pub const CONCENTRATED: f64 = 0.9;

/// Conversations answered beside them, at least.
pub const ANSWERED: u64 = 10;

/// Which directions were seen.
#[derive(Debug, Clone, Copy, Default)]
pub struct SideEvidence {
    /// TCP conversations with at least five packets from one side.
    pub judged: u64,
    /// Of them with packets in one direction only.
    pub one_sided: u64,
    /// Share of the one-sided ones that have an end in an address block where nine of ten are one-sided.
    pub concentration: f64,
    /// MAC addresses that only send.
    pub only_source: u64,
    /// MAC addresses that only receive.
    pub only_destination: u64,
    /// MAC addresses that do both.
    pub both_roles: u64,
    /// MAC addresses that sent anything.
    pub stations: u64,
}

impl SideEvidence {
    /// Whether surely more than half of the conversations are one-sided: the lower end of the interval is above a half; once it
    /// `stands`, whether still more than 35 % are.
    pub fn is_half(&self, stands: bool) -> bool {
        let enough = self.judged >= JUDGED;
        enough && !self.is_routing() && if stands { self.share() > HALF_CLEAR } else { wilson(self.one_sided, self.judged).low > HALF }
    }

    /// Share of one-sided conversations.
    pub fn share(&self) -> f64 {
        share(self.one_sided, self.judged)
    }

    /// Whether it is one kind of addresses whose answers are missing while others are answered: routing, not mirroring.
    pub fn is_routing(&self) -> bool {
        let answered = self.judged.saturating_sub(self.one_sided);
        self.one_sided >= 5 && self.concentration >= CONCENTRATED && answered >= ANSWERED && answered.saturating_mul(10) >= self.judged
    }
}

/// VLAN tags and witnesses of their removal.
#[derive(Debug, Clone, Copy, Default)]
pub struct TagEvidence {
    /// Frames with a VLAN tag, or a VLAN told by the mirror.
    pub tagged: u64,
    /// Frames without.
    pub untagged: u64,
    /// VLANs seen.
    pub vlans: u64,
    /// VLANs that per-VLAN spanning tree packets name.
    pub claimed: u64,
    /// Networks that sent untagged ARP packets: address blocks (24 bits) that never asked for each other.
    pub networks: u64,
    /// Conversations seen in both directions.
    pub flows: u64,
    /// Of them always tagged one way, never the other.
    pub one_way: u64,
}

/// Lengths.
#[derive(Debug, Clone, Copy, Default)]
pub struct SizeEvidence {
    /// IP packets.
    pub packets: u64,
    /// Of them cut before the capture.
    pub cut_by_mirror: u64,
    /// Of them captured in part.
    pub cut_by_capture: u64,
    /// The most frequent length of frames cut before the capture, and its share of them.
    pub cut_length: Option<(u32, f64)>,
    /// TCP segments whose largest allowed size is known.
    pub segments: u64,
    /// Of them larger.
    pub above_mss: u64,
    /// Frames longer than any Ethernet carries, and IP packets without length.
    pub impossible: u64,
    /// Largest frame, in wire bytes.
    pub largest: u32,
    /// Frames the mirror reports as damaged.
    pub errors: u64,
}

impl SizeEvidence {
    /// Share of segments that were larger than allowed.
    pub fn merged(&self) -> f64 {
        share(self.above_mss, self.segments)
    }
}

/// Transport checksums of a sample.
#[derive(Debug, Clone, Copy, Default)]
pub struct ChecksumEvidence {
    /// Right or unused.
    pub right: u64,
    /// Left to the hardware.
    pub partial: u64,
    /// Wrong.
    pub wrong: u64,
}

impl ChecksumEvidence {
    /// All in the sample.
    pub fn all(&self) -> u64 {
        self.right.saturating_add(self.partial).saturating_add(self.wrong)
    }
}

/// Effects before causes.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderEvidence {
    /// Pairs of cause and effect: handshakes, acknowledgements that advanced, answered questions.
    pub judged: u64,
    /// Of them with the effect first.
    pub violations: u64,
    /// Seconds by which effects came first, median and 99th percentile.
    pub skew: Option<[f64; 2]>,
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
}

/// What packets consist of: where mirror and loss cannot be judged, this says why.
#[derive(Debug, Clone, Default)]
pub struct ContentEvidence {
    /// Packets of the mirrored network.
    pub packets: u64,
    /// Of them those with IP.
    pub ip: u64,
    /// Of them those with TCP.
    pub tcp: u64,
    /// Of them those encrypted below IP (MACsec, IEEE 802.1AE).
    pub encrypted: u64,
    /// Packets of link types that are not understood: which, with packets, most first.
    pub foreign_links: Vec<(LinkType, u64)>,
    /// UDP ports whose datagrams look like a mirror's tunnel that is not looked for there: port, kind, datagrams, most first.
    pub carriers: Vec<(u16, TunnelKind, u64)>,
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
    /// Steps back by more than 10 ms.
    pub steps: u64,
    /// Largest step back, in seconds.
    pub largest_step: f64,
}

/// Frames by destination.
#[derive(Debug, Clone, Copy, Default)]
pub struct CastEvidence {
    /// Unicast to this host's own address, or from it.
    pub to_host: u64,
    /// Unicast to others.
    pub to_others: u64,
    /// Multicast.
    pub multicast: u64,
    /// Broadcast.
    pub broadcast: u64,
}

impl CastEvidence {
    /// All frames.
    pub fn all(&self) -> u64 {
        [self.to_host, self.to_others, self.multicast, self.broadcast].iter().fold(0, |sum, n| sum.saturating_add(*n))
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
}

/// Control protocols.
#[derive(Debug, Clone, Copy, Default)]
pub struct ControlEvidence {
    /// LLDP, CDP and LACP packets.
    pub neighbour: u64,
    /// LACP systems that are spoken to and never heard.
    pub silent_partners: u64,
    /// Seconds these two are counted over: the whole run, since such packets come every half minute.
    pub seconds: f64,
}

/// The way copies took.
#[derive(Debug, Clone, Copy, Default)]
pub struct TransitEvidence {
    /// Packets that carry a mirrored packet of the same session inside.
    pub nested: u64,
    /// Mirror packets of somebody else, crossing the monitored network.
    pub foreign: u64,
    /// Their wire bytes as a share of all.
    pub foreign_bytes: f64,
    /// Packets that carry copies.
    pub outer: u64,
    /// Of them IP fragments.
    pub fragments: u64,
}

/// This host and its interface.
#[derive(Debug, Clone, Default)]
pub struct HostEvidence {
    /// Name of the interface.
    pub interface: String,
    /// Packets lost here: interface, kernel, queues.
    pub lost: u64,
    /// Packets the interface sent.
    pub sent: Option<u64>,
    /// IP addresses on it.
    pub addresses: u64,
    /// Generic or large receive offload is on.
    pub receive_offload: Option<bool>,
    /// The interface takes VLAN tags off.
    pub vlan_offload: Option<bool>,
    /// The interface filters by VLAN.
    pub vlan_filter: Option<bool>,
    /// Speed in bits per second.
    pub speed: Option<u64>,
    /// Half duplex.
    pub half_duplex: Option<bool>,
    /// Flow control (pause frames) is on.
    pub pause: Option<bool>,
    /// Maximum transmission unit.
    pub mtu: Option<u32>,
    /// Frames dropped for their length.
    pub length_errors: u64,
}

/// `part` of `all`, 0 without any.
pub fn share(part: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}
