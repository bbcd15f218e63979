//! Which directions were seen, and which VLAN tags.

use super::share;
use crate::model::{SeenAt, wilson};

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
    /// Conversations in which both ends must have spoken, with at least five packets from one side.
    pub judged: u64,
    /// Of them with packets in one direction only.
    pub one_sided: u64,
    /// Packets of those that show both.
    pub answered_packets: u64,
    /// When those were seen.
    pub one_sided_at: SeenAt,
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
