//! Copies of a packet that the mirror delivers more than once, recognised while they pass.
//!
//! # What a copy is
//!
//! Two packets are the same when everything a switch or router leaves alone is the same: addresses, protocol, IPv4 identification, lengths,
//! fragment word (IPv6: flow label and payload length), the whole transport header and the first 64 bytes of payload, as a keyed 64-bit hash.
//! MAC addresses, VLAN tags, TTL, IPv4 header checksum, IPv4 options, DSCP and ECN may differ: they say how the packet was seen twice. The
//! TCP or UDP checksum must be the same, or one of the two not yet filled in by an offloading sender. Frames without IP are the same when
//! MAC addresses, EtherType and everything behind are.
//!
//! A capture that cuts packets within those 64 bytes makes the key end, from then on, where the shortest payload ended; the checksum, which
//! covers all of the payload, then is part of the key. (A packet without a checksum is compared by the bytes that are there.)
//!
//! # When the same packet is a copy
//!
//! Within a window only: 50 ms, later four times the 99th percentile of the gaps found, between 1 and 250 ms. Then:
//!
//! - **at once** when it was seen in another place (other TTL or MAC addresses, VLAN, session or interface: a sender's repetition takes the
//!   way the first took), when it is a fragment, or when the IPv4 identification is one of a sender who changes it with every packet. For a
//!   sender's first TCP packet, which does not show that yet, within 2 ms, once;
//! - **when copies are known**: without such evidence (IPv6, identification 0 or constant, no IP) a repetition looks like a copy. It is
//!   one if its gap is at most 10 ms and like those of copies in the same conversation, where these are more than a fifth of the packets.
//!   To learn that pattern from such packets alone they must be pairs: two sightings at most a quarter as far apart as the first is from
//!   the packet before. Cyclic frames and queries, evenly spaced, never are; retransmissions wait at least a round trip time and are far
//!   from a fifth of the packets. A pair is also a copy when pairs at such a gap are more than a fifth of the whole shard's packets;
//! - TCP segments of at most one byte of payload (repeated acknowledgements, keep-alives) teach nothing and follow only the pattern of
//!   their own conversation.
//!
//! What may be a copy and is kept is [`Verdict::Ambiguous`].

mod counts;
mod digest;
mod flows;
mod table;

#[cfg(test)]
mod tests;

pub use counts::{ClassCounts, CopyClass, DuplicateCounts, GapHistogram, JUDGED_PACKETS, VlanChange};

use super::Frame;
use crate::model::Address;
use crate::model::time::MILLISECOND;
use counts::gap_code;
use digest::{Digest, Place, WHOLE};
use flows::{FOUR, Flow, Flows, Identity, Pattern};
use table::{Entry, NO_LEAD, Table};

/// The window while nothing is known, nanoseconds: routing and switching copies are found up to a few milliseconds apart, busy mirror
/// queues add to that.
pub const WINDOW: i64 = 50 * MILLISECOND;
/// The least window that is learned.
pub const WINDOW_LOW: i64 = MILLISECOND;
/// The largest window that is learned.
pub const WINDOW_HIGH: i64 = 250 * MILLISECOND;
/// Farthest apart that sightings may be which only their repetition says to be copies.
const WEAK: u64 = 10 * MILLISECOND as u64;
/// Farthest apart that the first two packets of a sender may be, when nothing is known of it.
const PAIR: u64 = 2 * MILLISECOND as u64;
/// The window is learned anew after this many copies.
const LEARN: u64 = 256;

/// What a packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Seen for the first time, or a legal repetition.
    First,
    /// A copy of one seen before: to be left out of all analysis.
    Copy(CopyClass),
    /// Repeats one seen before and may be a copy: kept.
    Ambiguous,
}

impl Verdict {
    /// Whether it is to be left out.
    pub fn is_copy(self) -> bool {
        matches!(self, Verdict::Copy(_))
    }
}

/// Finds the copies among the packets of one shard. Both copies of a packet must reach the same filter, in the order of arrival.
#[derive(Debug)]
pub struct DuplicateFilter {
    seed: u64,
    table: Table,
    flows: Flows,
    shard: Pattern,
    cover: usize,
    window: i64,
    learn_at: u64,
    counts: DuplicateCounts,
}

impl DuplicateFilter {
    /// An empty filter. `seed` keys its hash: unpredictable where senders may mean harm, fixed where runs must be alike to the last packet.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            table: Table::new(),
            flows: Flows::new(),
            shard: Pattern::default(),
            cover: WHOLE,
            window: WINDOW,
            learn_at: LEARN,
            counts: DuplicateCounts::default(),
        }
    }

    /// Judges one packet.
    #[inline]
    pub fn observe(&mut self, frame: &Frame) -> Verdict {
        let digest = digest::digest(frame, self.seed, &mut self.cover);
        self.counts.observed.count(frame.wire);
        self.counts.payload_packets += u64::from(!digest.light);
        let Some(flow) = self.flows.get(digest.flow) else { return Verdict::First };
        let now = frame.time.0;
        if let Some(entry) = self.table.find(&digest, now, self.window, || digest::partial_checksum(frame)) {
            let mut again = Again { frame, digest: &digest, entry, flow, shard: &mut self.shard, counts: &mut self.counts };
            let verdict = again.judge();
            if verdict.is_copy() {
                self.learn_window();
            }
            return verdict;
        }
        let lead = flow.first(&digest, now);
        if !digest.light {
            flow.count(false);
            flow.pattern.first();
            self.shard.first();
        }
        let entry = Entry { key: digest.key, first: now, since: 0, checksum: digest.checksum, place: digest.place, lead, copies: 0 };
        self.table.insert(entry, self.window);
        Verdict::First
    }

    /// What was counted so far.
    pub fn report(&self) -> DuplicateCounts {
        let (flows, flows_copied) = self.flows.judged();
        DuplicateCounts { flows, flows_copied, displaced: self.table.displaced, ..self.counts.clone() }
    }

    /// The window in use, nanoseconds.
    pub fn window(&self) -> i64 {
        self.window
    }

    fn learn_window(&mut self) {
        self.learn_at -= 1;
        if self.learn_at > 0 {
            return;
        }
        self.learn_at = LEARN;
        if let Some(p99) = self.counts.gaps().quantile(0.99) {
            self.window = (4 * p99.min(WINDOW_HIGH as u64) as i64).clamp(WINDOW_LOW, WINDOW_HIGH);
        }
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.table.bytes() + self.flows.bytes()
    }
}

/// A packet that was seen before, and what is known.
struct Again<'a, 'b> {
    frame: &'a Frame<'b>,
    digest: &'a Digest,
    entry: &'a mut Entry,
    flow: &'a mut Flow,
    shard: &'a mut Pattern,
    counts: &'a mut DuplicateCounts,
}

impl Again<'_, '_> {
    #[inline(never)]
    fn judge(&mut self) -> Verdict {
        let now = self.frame.time.0;
        let gap = now.abs_diff(self.entry.first.saturating_add(i64::from(self.entry.since)));
        let code = gap_code(gap);
        let payload = !self.digest.light;
        // A pair: what copies look like when nothing else tells. The first packet of a sender has none before it to be compared with; it
        // may teach the shard, once, but not its conversation.
        let lead = self.entry.lead;
        let alone = lead == NO_LEAD;
        let pair = if alone { gap <= PAIR && self.entry.copies == 0 } else { gap <= WEAK && lead >= code.saturating_add(FOUR) };
        let certain = self.is_certain(gap);
        let copy = certain || (gap <= WEAK && self.is_usual(code, pair));
        if payload {
            if copy || pair {
                self.shard.copy(code);
            } else {
                self.shard.first();
            }
            if certain || ((copy || pair) && !alone) {
                self.flow.pattern.copy(code);
            } else {
                self.flow.pattern.first();
            }
        }
        if copy { self.copy(code) } else { self.repeat(payload) }
    }

    /// Whether there is evidence beyond the repetition itself.
    fn is_certain(&mut self, gap: u64) -> bool {
        let digest = self.digest;
        if self.entry.place != digest.place {
            return true;
        }
        if digest.id == 0 {
            return false;
        }
        if digest.fragment {
            return true;
        }
        match self.flow.identity(digest) {
            Identity::Varies => true,
            Identity::One if digest.tcp && gap <= PAIR && self.entry.copies == 0 => true,
            Identity::One if self.entry.copies > 0 => {
                self.flow.distrust(digest);
                false
            }
            _ => false,
        }
    }

    /// Whether copies at such a gap are known here: in the conversation, or for a pair in the shard.
    fn is_usual(&self, code: u8, pair: bool) -> bool {
        if self.digest.light {
            return self.flow.pattern.knows(code);
        }
        self.flow.pattern.stands(code) || (pair && self.shard.stands(code))
    }

    fn copy(&mut self, code: u8) -> Verdict {
        let class = self.class();
        let first = self.entry.place;
        let (before, now) = (first.vlan(), self.digest.place.vlan());
        if before != now {
            self.counts.count_vlan(before, now);
        }
        let Some(counts) = self.counts.classes.get_mut(class as usize) else { return Verdict::First };
        counts.traffic.count(self.frame.wire);
        counts.gaps.count(code);
        if let Some(n) = self.counts.sightings.get_mut(usize::from(self.entry.copies).min(6)) {
            *n += 1;
        }
        if !self.digest.light {
            self.counts.payload_copies += 1;
            self.flow.count(true);
        }
        self.entry.copies = self.entry.copies.saturating_add(1);
        self.entry.since = self.frame.time.0.saturating_sub(self.entry.first).clamp(0, i64::from(u32::MAX)) as u32;
        Verdict::Copy(class)
    }

    /// A repetition that is kept: what follows is compared with it.
    fn repeat(&mut self, payload: bool) -> Verdict {
        let now = self.frame.time.0;
        let lead = self.flow.first_again(self.digest, now);
        *self.entry = Entry { first: now, since: 0, place: self.digest.place, lead, copies: 0, ..*self.entry };
        if !payload {
            return Verdict::First;
        }
        self.flow.count(false);
        self.counts.ambiguous.count(self.frame.wire);
        Verdict::Ambiguous
    }

    fn class(&self) -> CopyClass {
        let (a, b): (Place, Place) = (self.entry.place, self.digest.place);
        if self.is_group() {
            CopyClass::Flooded
        } else if a.ttl != b.ttl || a.mac != b.mac {
            CopyClass::Routed
        } else if a.tag != b.tag {
            CopyClass::Vlan
        } else if a != b {
            CopyClass::Session
        } else {
            CopyClass::Identical
        }
    }

    /// Whether it goes to a group of stations.
    fn is_group(&self) -> bool {
        if let Some((_, destination)) = self.frame.mac {
            return destination.is_group();
        }
        self.frame.flow.is_some_and(|(key, way)| {
            let to = if way == crate::model::Direction::AToB { key.b() } else { key.a() };
            match to {
                Address::V4(a) => a.is_multicast() || a.is_broadcast(),
                Address::V6(a) => a.is_multicast(),
                Address::Mac(a) => a.is_group(),
            }
        })
    }
}
