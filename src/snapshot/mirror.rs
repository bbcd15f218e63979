//! Can this mirror be believed: the picture the Mirror screen and the report show.

use super::{Table, Traffic, Trust};
use crate::model::{Episode, Estimate, Session, Stamps, Tunnel};
use serde::Serialize;

/// Where packets went missing. `None` means it cannot be told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct LossLedger {
    /// Lost in this host: interface, kernel, our own queues.
    pub host: Option<Estimate>,
    /// Lost between switch and host, by outer sequence numbers.
    pub path: Option<Estimate>,
    /// Never copied by the switch, by acknowledged but unseen TCP data.
    pub switch: Option<Estimate>,
    /// Switch or path, where no outer sequence splits them.
    pub upstream: Option<Estimate>,
    /// Of answers (SYN-ACK, DNS, ICMP echo), those whose question was never seen: lost anywhere, where both directions are mirrored.
    #[serde(rename = "orphans")]
    pub unmatched: Option<Estimate>,
}

/// A class of duplicates, with its counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DuplicateClass {
    /// `identical`, `vlan`, `routed`, `session`, `port`, `flooded`; and of what is counted as traffic `ambiguous`, `repeated`, `looped`.
    pub class: &'static str,
    /// Copies beyond the first; for the last three what looks like some.
    pub traffic: Traffic,
}

impl DuplicateClass {
    /// Whether these are copies; else they are counted as traffic and only look like copies.
    pub fn is_copies(&self) -> bool {
        !matches!(self.class, "ambiguous" | "repeated" | "looped")
    }
}

/// Copies seen more than once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Duplicates {
    /// Whether copies are left out of the analysis.
    pub dropped: bool,
    /// Copies beyond the first, in all.
    pub traffic: Traffic,
    /// Copies beyond the first since the previous snapshot.
    pub recent: Traffic,
    /// Their share of all packets, 0 to 1.
    pub share: f64,
    /// By class, largest first.
    pub classes: Vec<DuplicateClass>,
    /// VLAN of the first copy, VLAN of the later one (None: untagged), packets; largest first.
    pub vlan_pairs: Vec<(Option<u16>, Option<u16>, u64)>,
    /// Priority in the first copy's tag, that in the later one's, packets; largest first. Both are tagged, and the priorities differ.
    pub remarked: Vec<(u8, u8, u64)>,
    /// DSCP of the first copy, that of the later one, packets; largest first. They differ.
    pub remarked_dscp: Vec<(u8, u8, u64)>,
    /// Seconds between copies: median, 95th and 99th percentile.
    pub gap: Option<[f64; 3]>,
}

/// Which directions the mirror carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Sides {
    /// Conversations with at least five packets that could have been answered.
    pub judged: u64,
    /// Of them, those with packets in one direction only.
    pub one_sided: u64,
}

/// User tunnels crossing the link.
#[derive(Debug, Clone, PartialEq)]
pub struct TunnelRow {
    /// Which.
    pub tunnel: Tunnel,
    /// Outer packets and wire bytes.
    pub traffic: Traffic,
    /// Since the previous snapshot.
    pub recent: Traffic,
    /// Wire bytes inside.
    pub inner_bytes: u64,
}

impl Mirror {
    /// One in how many packets was copied, where the sessions taken off sample: all numbers beside the link's own are estimates then.
    pub fn one_in(&self) -> Option<u32> {
        if self.sampled.is_some() {
            return self.sampled;
        }
        let samplings = self.sessions.iter().filter(|s| s.peeled).filter_map(|s| s.sampling).filter(|s| s.samples > 0);
        samplings.max_by_key(|s| s.samples).map(|s| s.one_in)
    }
}

/// What was forgotten at a cap before it could tell anything: evidence that is missing, never packets. Zero on all but crowded links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Forgotten {
    /// Packets whose copies, had any come, would not have been recognised.
    pub copies: u64,
    /// Unseen TCP ranges that were neither found lost nor late.
    pub holes: u64,
    /// Requests that were neither found answered nor unanswered.
    pub requests: u64,
    /// Packets of tunnels beyond those that are watched one by one.
    pub tunnels: u64,
}

impl Forgotten {
    /// Each with its word in outputs.
    pub fn named(&self) -> [(&'static str, u64); 4] {
        [("copies", self.copies), ("holes", self.holes), ("requests", self.requests), ("tunnels", self.tunnels)]
    }
}

/// Everything known of the mirror.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mirror {
    /// `plain`, `rspan`, `erspan1` … or `mixed`.
    pub transport: &'static str,
    /// Packets and wire bytes as they arrived on the mirror link (before decapsulation and deduplication).
    pub link: Traffic,
    /// The same since the previous snapshot.
    pub recent_link: Traffic,
    /// Mirror sessions.
    pub sessions: Vec<Session>,
    /// One in how many packets was copied, where no sessions are kept that say so: of a span of the past.
    pub sampled: Option<u32>,
    /// Time stamps of devices on the way, by interface.
    pub stamps: Vec<Stamps>,
    /// Copies.
    pub duplicates: Duplicates,
    /// Loss by stage.
    pub loss: LossLedger,
    /// Directions.
    pub sides: Sides,
    /// The verdict.
    pub trust: Trust,
    /// Detectors that keep silent because their evidence is bad, and why: `(detector, reason)`.
    pub silenced: Vec<(&'static str, String)>,
    /// What was forgotten at a cap.
    pub forgotten: Forgotten,
    /// Findings that could not be judged, and why: those of `silenced`, and those with too little evidence.
    pub not_judged: Vec<(&'static str, String)>,
    /// User tunnels.
    pub tunnels: Table<TunnelRow>,
    /// Times without any packet that are each longer than all the time besides them, in their order: between captures in one file, or behind a wrong
    /// time stamp. Means, percentiles and parts of the time leave them out.
    pub gaps: Vec<Episode>,
}

impl Mirror {
    /// Seconds of [`Self::gaps`].
    pub fn gap(&self) -> f64 {
        self.gaps.iter().map(|gap| gap.last.seconds_since(gap.first)).sum()
    }
}
