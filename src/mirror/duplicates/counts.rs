//! What a filter counted, in sums that may be added in any order.

use super::fingerprint::Vantage;
use crate::model::evidence::Destinations;
use crate::model::limits::{COPY_SENDERS_ON, COPY_VLAN_PAIRS};
use crate::model::sum::{Rule, Sum, sums};
use crate::model::{Mac, ProvingPackets, SeenAt, Traffic};
use std::collections::BTreeMap;

/// Gaps below this are alike: captures have stamps of a microsecond, and some switches send copies one behind the other.
pub(super) const GRAIN: u64 = 20_000;

/// How a later sighting of a packet differs from the first. When several apply the first of this list is taken, except `Identical`,
/// which is taken when none does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CopyClass {
    /// Same place, same link header: both directions of one port mirrored, a port and its VLAN, two sessions merged before the capture.
    Identical,
    /// To a multicast or broadcast destination: flooding made it, mirroring shows it.
    Flooded,
    /// Other TTL (hop limit) or MAC addresses: seen on both sides of a router, firewall or other hop.
    Routed,
    /// Other VLAN or priority in the tag.
    Vlan,
    /// Through another mirror session or capture interface.
    Session,
    /// Through the same session, which tells another port or the other side of one (ERSPAN).
    Port,
}

impl CopyClass {
    /// Every class, in the order of their discriminants.
    pub const ALL: [CopyClass; 6] =
        [CopyClass::Identical, CopyClass::Flooded, CopyClass::Routed, CopyClass::Vlan, CopyClass::Session, CopyClass::Port];

    /// Whether something lies between the places of the two copies that packets pass one after the other.
    pub fn is_transit(self) -> bool {
        !matches!(self, CopyClass::Identical | CopyClass::Flooded)
    }

    /// The word in reports.
    pub fn token(self) -> &'static str {
        match self {
            CopyClass::Identical => "identical",
            CopyClass::Flooded => "flooded",
            CopyClass::Routed => "routed",
            CopyClass::Vlan => "vlan",
            CopyClass::Session => "session",
            CopyClass::Port => "port",
        }
    }
}

/// Sub-buckets of an octave: 4.4 % of relative error at most.
const PER_OCTAVE: usize = 8;
/// The floor of all gaps, 2 to this power: 1.024 us, just above the finest step of a microsecond capture.
const FLOOR: u32 = 10;
/// Octaves above the floor: up to 0.54 s, which holds the largest window.
const OCTAVES: usize = 19;

/// A gap's place on a logarithmic scale of eight steps an octave; gaps below about a microsecond share the lowest.
#[inline]
pub(super) fn gap_code(nanos: u64) -> u8 {
    let value = nanos.max(1 << FLOOR);
    let octave = value.ilog2();
    let step = (value >> (octave - 3)) & 7;
    (u64::from(octave - FLOOR) * PER_OCTAVE as u64 + step).min(255) as u8
}

/// The longest gap that has a place on the scale, nanoseconds.
pub(super) fn gap_end(code: u8) -> i64 {
    let (octave, step) = (FLOOR + u32::from(code) / PER_OCTAVE as u32, i64::from(code) % PER_OCTAVE as i64);
    (9 + step) << (octave - 3)
}

/// Places on the scale that gaps of copies may have.
pub(super) const GAP_CODES: usize = PER_OCTAVE * OCTAVES;

/// The time between a copy and the sighting before it, as a logarithmic histogram (eight buckets an octave from 1 us to 0.54 s).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GapHistogram([u64; GAP_CODES]);

impl Default for GapHistogram {
    fn default() -> Self {
        Self([0; GAP_CODES])
    }
}

impl Sum for GapHistogram {
    fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }

    fn since(&self, earlier: &Self) -> Self {
        Self(self.0.since(&earlier.0))
    }
}

impl GapHistogram {
    pub(super) fn count(&mut self, code: u8) {
        let last = self.0.len() - 1;
        self.0[usize::from(code).min(last)] += 1;
    }

    pub(super) fn uncount(&mut self, code: u8) {
        let last = self.0.len() - 1;
        let n = &mut self.0[usize::from(code).min(last)];
        *n = n.saturating_sub(1);
    }

    /// Gaps counted.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Nanoseconds below or at which a share `q` (0 to 1) of the gaps lies: the middle of the bucket, 4.4 % off at most above 1 us.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        let total = self.total();
        let rank = ((total as f64 * q).ceil() as u64).clamp(1, total.max(1));
        let mut sum = 0;
        self.0.iter().enumerate().find_map(|(code, &n)| {
            sum += n;
            (n > 0 && sum >= rank).then(|| {
                let octave = 1u64 << (FLOOR as usize + code / PER_OCTAVE);
                octave + octave / 16 * (2 * (code % PER_OCTAVE) as u64 + 1)
            })
        })
    }
}

/// Copies whose VLAN (`None`: untagged), or whose DSCP, differed from the first sighting's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct VlanChange {
    /// That of the first sighting.
    pub first: Option<u16>,
    /// That of the copy.
    pub later: Option<u16>,
    /// Copies.
    pub packets: u64,
}

/// Changes sorted by what they are from and to; each shard keeps some ([`COPY_VLAN_PAIRS`]), the whole all of them.
#[derive(Debug)]
struct VlanChanges;

impl VlanChanges {
    /// Adds a change to those that are there, or says that there is no room for another.
    fn add(changes: &mut Vec<VlanChange>, change: VlanChange, cap: usize) -> bool {
        match changes.binary_search_by_key(&(change.first, change.later), |c| (c.first, c.later)) {
            Ok(at) => changes.get_mut(at).into_iter().for_each(|c| c.packets = c.packets.saturating_add(change.packets)),
            Err(at) if changes.len() < cap => changes.insert(at, change),
            Err(_) => return false,
        }
        true
    }
}

impl Rule<Vec<VlanChange>> for VlanChanges {
    fn merge(sum: &mut Vec<VlanChange>, other: &Vec<VlanChange>) {
        for &change in other {
            Self::add(sum, change, usize::MAX);
        }
    }

    fn since(now: &Vec<VlanChange>, earlier: &Vec<VlanChange>) -> Vec<VlanChange> {
        let before = |change: &VlanChange| {
            let at = earlier.binary_search_by_key(&(change.first, change.later), |c| (c.first, c.later));
            at.ok().and_then(|at| earlier.get(at)).map_or(0, |c| c.packets)
        };
        let added = now.iter().map(|c| VlanChange { packets: c.packets.saturating_sub(before(c)), ..*c });
        added.filter(|c| c.packets > 0).collect()
    }
}

/// Sightings of a packet beyond the first that are counted apart.
const SIGHTINGS: usize = 15;

sums! {
    /// One class of copies.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct ClassCounts {
        /// Copies and their wire bytes.
        pub traffic: Traffic,
        /// Time since the sighting before.
        pub gaps: GapHistogram,
    }
}

sums! {
    /// What duplicate detection counted. All of it is sums, so shards may be merged in any order.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct DuplicateCounts {
        /// Packets looked at, copies included.
        pub observed: Traffic,
        /// When copies came.
        pub copied_at: SeenAt,
        /// When equal packets came that are traffic.
        pub repeated_at: SeenAt,
        /// When packets went round.
        pub looped_at: SeenAt,
        /// Copies by class, in the order of [`CopyClass::ALL`].
        pub classes: [ClassCounts; CopyClass::ALL.len()],
        /// Packets that may be copies and were kept: nothing but their repetition says so.
        pub ambiguous: Traffic,
        /// Equal packets that are traffic: they came more often than this mirror makes copies.
        pub repeated: Traffic,
        /// Packets that passed the same link again and again with a falling TTL or hop limit: traffic as well.
        pub looped: Traffic,
        /// How many different packets did.
        pub loops: u64,
        /// Where they wanted to.
        pub looped_to: Destinations,
        /// Some of them.
        pub looped_proof: ProvingPackets,
        /// Some of the equal packets that are traffic.
        pub repeated_proof: ProvingPackets,
        /// Copies that were the second, third ... fifteenth sighting of their packet; the last element counts all further ones.
        pub sightings: [u64; SIGHTINGS],
        /// From which VLAN to which, sorted by VLANs; at most [`COPY_VLAN_PAIRS`] a shard.
        pub vlans: Vec<VlanChange> => VlanChanges,
        /// Copies of tagged frames, by the priority of the first sighting's tag and of theirs, where these differ.
        pub remarked: [[u64; 8]; 8],
        /// Copies by the DSCP of the first sighting and by theirs, where these differ, sorted by both.
        pub remarked_dscp: Vec<VlanChange> => VlanChanges,
        /// Copies that a station took in and sent on in the same VLAN, by that station and the one it sent them to; at most
        /// [`COPY_SENDERS_ON`] pairs a shard.
        pub sent_on: BTreeMap<[Mac; 2], u64>,
        /// Copies with a change of VLAN beyond the cap.
        pub vlans_other: u64,
        /// Packets that carry payload (all but TCP segments with at most one byte), copies included.
        pub payload_packets: u64,
        /// Those of them that were copies.
        pub payload_copies: u64,
        /// Conversations with at least [`JUDGED_PACKETS`] noted payload-bearing packets and their copies (every packet while a shard has few conversations, else
        /// one in eight). One that was forgotten in between counts again.
        pub flows: u64,
        /// Those of them more than a fifth of whose payload-bearing packets were copies.
        pub flows_copied: u64,
        /// Conversations of which any packet was surely copied.
        pub flows_proven: u64,
        /// Packets forgotten before the window was over, for want of room: copies of them would not be recognised.
        pub displaced: u64,
        /// Packets that are cut before what tells them from others.
        pub untold: u64,
    }
}

/// Payload-bearing packets, copies not counted, that a conversation must have to be judged.
pub const JUDGED_PACKETS: u32 = 4;

impl DuplicateCounts {
    /// Packets that were compared: those that are not cut before what tells them apart.
    pub fn compared(&self) -> u64 {
        self.observed.packets.saturating_sub(self.untold)
    }

    /// How many copies packets have that have any: the most that a quarter of them have, at least one.
    pub(super) fn usual_copies(&self) -> u8 {
        let least = self.sightings[0] / 4;
        self.sightings.iter().take_while(|&&n| n > least).count().max(1) as u8
    }

    /// How often 17 in 20 packets came, at least; 0 when that is once.
    pub fn times(&self) -> u64 {
        let firsts = self.compared().saturating_sub(self.copies().packets);
        let came = |n: &u64| n.saturating_mul(20) >= firsts.saturating_mul(17);
        match self.sightings.iter().take_while(|n| came(n)).count() {
            0 => 0,
            n if n < self.sightings.len() => n as u64 + 1,
            // As often as they came on average.
            _ => self.compared().saturating_add(firsts / 2).checked_div(firsts).unwrap_or(0),
        }
    }

    /// All copies.
    pub fn copies(&self) -> Traffic {
        let mut sum = Traffic::default();
        self.classes.iter().for_each(|c| sum.add(c.traffic));
        sum
    }

    /// Copies of one class.
    pub fn class(&self, class: CopyClass) -> &ClassCounts {
        &self.classes[class as usize]
    }

    /// As if the copies of a class had not been looked at.
    #[must_use]
    pub fn without(mut self, class: CopyClass) -> Self {
        let taken = std::mem::take(&mut self.classes[class as usize]).traffic;
        self.observed = self.observed.since(taken);
        self
    }

    /// Share of copies among all packets, 0 to 1.
    pub fn share(&self) -> f64 {
        if self.observed.packets == 0 { 0.0 } else { self.copies().packets as f64 / self.observed.packets as f64 }
    }

    /// The gaps of all classes together.
    pub fn gaps(&self) -> GapHistogram {
        let mut sum = GapHistogram::default();
        self.classes.iter().for_each(|c| sum.merge(&c.gaps));
        sum
    }

    /// Counts a copy: the sighting of that number (the first of all is 1), in another place than the last one maybe.
    pub(super) fn count_copy(&mut self, class: CopyClass, wire: u32, code: u8, seen: u8, [from, to]: [Vantage; 2]) {
        if from.vlan() != to.vlan() {
            self.count_vlan(from.vlan(), to.vlan());
        }
        if let Some(n) = self.remarks(from, to) {
            *n += 1;
        }
        if from.dscp() != to.dscp() {
            // Networks use a handful of code points: what is beyond the cap is noise of senders.
            VlanChanges::add(&mut self.remarked_dscp, recoded(from, to), COPY_VLAN_PAIRS);
        }
        if let Some(counts) = self.classes.get_mut(class as usize) {
            counts.traffic.count(wire);
            counts.gaps.count(code);
        }
        if let Some(n) = self.sightings.get_mut(usize::from(seen.saturating_sub(1)).min(SIGHTINGS - 1)) {
            *n += 1;
        }
    }

    /// Counts a copy as sent on, where the places say that it was: by a station to another.
    pub(super) fn count_sent_on(&mut self, [from, to]: [Vantage; 2], stations: [Mac; 2]) {
        if !from.is_sent_on(to) {
            return;
        }
        let is_full = self.sent_on.len() >= COPY_SENDERS_ON;
        match self.sent_on.get_mut(&stations) {
            Some(n) => *n += 1,
            None if is_full => {}
            None => _ = self.sent_on.insert(stations, 1),
        }
    }

    /// Takes that back.
    pub(super) fn uncount_sent_on(&mut self, [from, to]: [Vantage; 2], stations: [Mac; 2]) {
        if let Some(n) = self.sent_on.get_mut(&stations).filter(|_| from.is_sent_on(to)) {
            *n = n.saturating_sub(1);
        }
    }

    /// Takes a copy back that was counted as one.
    pub(super) fn take_back(&mut self, class: CopyClass, wire: u32, code: u8, seen: u8, [from, to]: [Vantage; 2]) {
        if from.vlan() != to.vlan() {
            let (first, later) = (from.vlan(), to.vlan());
            match self.vlans.iter_mut().find(|c| (c.first, c.later) == (first, later) && c.packets > 0) {
                Some(change) => change.packets -= 1,
                None => self.vlans_other = self.vlans_other.saturating_sub(1),
            }
        }
        if let Some(n) = self.remarks(from, to) {
            *n = n.saturating_sub(1);
        }
        if from.dscp() != to.dscp() {
            let change = recoded(from, to);
            let known = self.remarked_dscp.iter_mut().find(|c| (c.first, c.later) == (change.first, change.later));
            known.into_iter().for_each(|c| c.packets = c.packets.saturating_sub(1));
        }
        if let Some(counts) = self.classes.get_mut(class as usize) {
            counts.traffic = counts.traffic.since(Traffic { packets: 1, wire_bytes: wire.into() });
            counts.gaps.uncount(code);
        }
        if let Some(n) = self.sightings.get_mut(usize::from(seen.saturating_sub(1)).min(SIGHTINGS - 1)) {
            *n = n.saturating_sub(1);
        }
    }

    /// Copies whose priority was changed like that.
    fn remarks(&mut self, from: Vantage, to: Vantage) -> Option<&mut u64> {
        let (from, to) = from.priority().zip(to.priority()).filter(|(from, to)| from != to)?;
        self.remarked.get_mut(usize::from(from))?.get_mut(usize::from(to))
    }

    pub(super) fn count_vlan(&mut self, first: Option<u16>, later: Option<u16>) {
        if !VlanChanges::add(&mut self.vlans, VlanChange { first, later, packets: 1 }, COPY_VLAN_PAIRS) {
            self.vlans_other += 1;
        }
    }
}

/// A change of DSCP.
fn recoded(from: Vantage, to: Vantage) -> VlanChange {
    VlanChange { first: Some(from.dscp().into()), later: Some(to.dscp().into()), packets: 1 }
}
