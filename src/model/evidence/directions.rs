//! Which directions were seen, and which VLAN tags.

use super::{DOUBLED, DOUBLED_SHARE, share};
use crate::model::time::SECOND;
use crate::model::units::grouped;
use crate::model::{Episode, Estimate, SeenAt, wilson};

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

/// Questions and answers without their other half from which on they say that it is never mirrored.
pub const LONE: u64 = 20;

/// Conversations without their other side, where no station both sends and receives: as many tell it.
pub const LONE_CONVERSATIONS: u64 = 3;

/// Questions and answers (DNS, echo, and others by content), where conversations are too short to show a direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExchangeSides {
    /// Questions with their answer.
    pub both: u64,
    /// Questions alone.
    pub questions: u64,
    /// Answers alone.
    pub answers: u64,
}

impl ExchangeSides {
    /// Those that lack their other half.
    pub fn alone(self) -> u64 {
        self.questions.saturating_add(self.answers)
    }

    /// Whether so many lack their other half that it may lie elsewhere: a few, and one in ten at least.
    pub fn are_divided(self) -> bool {
        const FEW: u64 = 5;
        self.alone() >= FEW && self.alone().saturating_mul(9) >= self.both
    }

    /// Whether hardly any of many have their other half.
    pub fn are_unpaired(self) -> bool {
        self.alone() >= LONE && self.both.saturating_mul(20) <= self.alone()
    }

    /// Whether many came of both and hardly any belong together: each half comes at another time, or of other conversations.
    pub fn are_apart(self) -> bool {
        const HARDLY: u64 = 20;
        let fewer = self.questions.min(self.answers);
        fewer >= LONE && self.both.saturating_mul(HARDLY) <= fewer
    }
}

/// Time from the beginning of a capture after which a connection that comes has begun meanwhile: those that are in use say something more often.
pub const BEGUN_AFTER: i64 = 10 * SECOND;

/// Connections that surely began while the capture ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BegunConnections {
    /// All.
    pub connections: u64,
    /// Of them those whose beginning was not seen.
    pub unseen: u64,
}

impl BegunConnections {
    /// Connections of which a share says something.
    pub const LEAST: u64 = 20;
    /// Share of connections without a beginning, lower end of its interval, above which nothing tells how they begin.
    pub const HIDDEN: f64 = 0.5;

    /// Whether beginnings are hidden: of enough connections surely more than half have none.
    pub fn are_hidden(self) -> bool {
        self.connections >= Self::LEAST && wilson(self.unseen, self.connections).low > Self::HIDDEN
    }
}

/// Which directions were seen.
#[derive(Debug, Clone, Copy, Default)]
pub struct SideEvidence {
    /// Conversations in which both ends must have spoken, with at least five packets from one side.
    pub judged: u64,
    /// Of them with packets in one direction only.
    pub one_sided: u64,
    /// Packets of all conversations that show both.
    pub answered_packets: u64,
    /// Questions and answers.
    pub exchanges: ExchangeSides,
    /// Whether beginnings were seen.
    pub begun: BegunConnections,
    /// When one-sided ones were seen.
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
    /// `stands`, whether still more than 35 % are. Where there are too few, whether no question has its answer here.
    pub fn is_half(&self, stands: bool) -> bool {
        if self.judged < JUDGED {
            return self.is_half_by_exchanges();
        }
        !self.is_routing() && if stands { self.share() > HALF_CLEAR } else { wilson(self.one_sided, self.judged).low > HALF }
    }

    /// Whether no question has its answer here, or no conversation of a few its other side, and no station both sends and receives: that is no
    /// server that is down, which others would still be heard beside.
    pub fn is_half_by_exchanges(&self) -> bool {
        let is_one_way = self.is_one_way() && self.judged == self.one_sided && self.judged < JUDGED;
        is_one_way && self.exchanges.both == 0 && (self.exchanges.alone() >= LONE || self.judged >= LONE_CONVERSATIONS)
    }

    /// Whether nothing of what is there answers anything.
    pub fn shows_no_reply(&self) -> bool {
        let is_heard = self.both_roles > 0 || self.answered_packets > 0 || self.exchanges.both > 0;
        !is_heard && self.only_source.saturating_add(self.only_destination) > 0 && self.judged == self.one_sided
    }

    /// Whether stations send, others receive, and none does both.
    pub fn is_one_way(&self) -> bool {
        self.both_roles == 0 && self.only_source > 0 && self.only_destination > 0
    }

    /// Share of one-sided conversations.
    pub fn share(&self) -> f64 {
        if self.is_half_by_exchanges() { 1.0 } else { share(self.one_sided, self.judged) }
    }

    /// What is one-sided, in words.
    pub fn one_sided(&self) -> String {
        let ExchangeSides { questions, answers, .. } = self.exchanges;
        match self.is_half_by_exchanges() && self.exchanges.alone() >= LONE {
            true if questions >= answers => format!("none of {} questions has its answer here", grouped(questions)),
            true => format!("none of {} answers has its question here", grouped(answers)),
            false => format!("{} of {} conversations show one direction only", grouped(self.one_sided), grouped(self.judged)),
        }
    }

    /// Whether it is one kind of addresses whose answers are missing while others are answered: routing, not mirroring.
    pub fn is_routing(&self) -> bool {
        let answered = self.judged.saturating_sub(self.one_sided);
        self.one_sided >= 5 && self.concentration >= CONCENTRATED && answered >= ANSWERED && answered.saturating_mul(10) >= self.judged
    }
}

/// Times in which one direction is not mirrored, of a mirror that shows both else.
#[derive(Debug, Clone, PartialEq)]
pub struct OneWayTimes {
    /// When, oldest first.
    pub times: Vec<Episode>,
    /// The share of all bytes that is missing from them.
    pub missing: Estimate,
}

impl OneWayTimes {
    /// Seconds, all of them together.
    pub fn seconds(&self) -> f64 {
        self.times.iter().map(|time| time.last.seconds_since(time.first)).sum()
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
    /// Addresses that are claimed of late, and of them those that two stations claim in turn, each of which claims that one alone.
    pub addresses: u64,
    /// See above.
    pub doubled: u64,
    /// Conversations seen in both directions.
    pub flows: u64,
    /// Of them always tagged one way, never the other.
    pub one_way: u64,
}

impl TagEvidence {
    /// Whether networks with the same addresses arrive as one. Of hosts that fight for an address by chance there are few.
    pub fn are_doubled(&self) -> bool {
        self.doubled >= DOUBLED.number() && share(self.doubled, self.addresses) >= DOUBLED_SHARE.value()
    }
}
