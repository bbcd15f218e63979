//! Copies of a packet that the mirror delivers more than once, recognised while they pass.
//!
//! # What a copy is
//!
//! Two packets are the same when everything a switch or router leaves alone is the same: addresses, protocol, IPv4 identification, lengths,
//! fragment word (IPv6: flow label and payload length), the whole transport header and, but for TCP, the first 64 bytes of payload, as a
//! keyed 64-bit hash. MAC addresses, VLAN tags, TTL, IPv4 header checksum, IPv4 options, DSCP and ECN may differ: they say how the packet
//! was seen twice. The TCP or UDP checksum must be the same, or one of the two not yet filled in by an offloading sender. Frames without IP
//! are the same when MAC addresses, EtherType and everything behind are. (Sequence numbers, lengths and checksum tell TCP segments apart:
//! reading their payload as well found nothing more in any capture, and took 6 % of the time of everything.)
//!
//! A capture that cuts packets within those 64 bytes makes the key end, from then on, where the shortest payload ended; the checksum, which
//! covers all of the payload, then is part of the key. (A packet without a checksum is compared by the bytes that are there.)
//!
//! # When the same packet is a copy
//!
//! Within a window only: 50 ms, later four times the 99th percentile of the gaps found, between 1 and 250 ms. Then:
//!
//! - **at once** when it was seen in another place (other TTL or MAC addresses, VLAN, session or interface: a sender's repetition takes the
//!   way the first took; without an IPv4 identification within 10 ms only), when it opens a TCP connection and comes again within 10 ms
//!   (a sender waits a second), when it is a fragment, or when the IPv4 identification is one of a sender who changes it from packet to
//!   packet. For a sender's first TCP packet, which does not show that yet, within 2 ms, once;
//! - **when copies are known**: without such evidence (IPv6, identification 0 or constant, no IP) a repetition looks like a copy. It is
//!   one if its gap is at most 10 ms and like those of copies in the same conversation, where these are more than a fifth of the packets,
//!   and if the packet has not come as often yet as packets come here. To learn that pattern from such packets alone they must be pairs:
//!   two sightings at most a quarter as far apart as the first is from the packet before. Cyclic frames and queries, evenly spaced, never
//!   are; retransmissions wait at least a round trip time and are far from a fifth of the packets. A pair, or a repetition where copies at
//!   such a gap are known in the conversation, is also a copy when pairs at such a gap are more than a fifth of the whole shard's packets;
//! - TCP segments of at most one byte of payload (repeated acknowledgements, keep-alives) teach nothing, but for those that open the
//!   connection, and follow only the pattern of their own conversation;
//! - the pattern of a conversation holds while copies come: not after a second and 16 packets without one.
//!
//! What may be a copy and is kept is [`Verdict::Ambiguous`].
//!
//! # What is remembered
//!
//! The last packets of the shard, at least those of the window while there is room; the packets before the first sighting tell whether the
//! sender's identification varies and how long before it the packet before passed. Of conversations their pattern and how many of their
//! packets were copied, noted for every packet while there are few conversations in the shard, for one in eight (chosen by the packet, so
//! that copies are chosen with their first) when there are many.

mod counts;
mod fingerprint;
mod flows;
mod table;

#[cfg(test)]
mod tests;

pub use counts::{ClassCounts, CopyClass, DuplicateCounts, GapHistogram, JUDGED_PACKETS, VlanChange};

use crate::model::mix::Keys;
use crate::model::time::MILLISECOND;
use crate::model::{Cast, FastHeaders, Frame, Traffic};
use counts::gap_code;
pub use fingerprint::{Digest, Fingerprint};
use fingerprint::{Vantage, WHOLE};
use flows::{FOUR, Flows, Pattern};
use table::{Entry, Table};

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
/// Packets of the shard that are looked through for the one before in a conversation.
const LOOK_BACK: usize = 64;
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
    keys: Keys,
    table: Table,
    flows: Flows,
    shard: Pattern,
    cover: usize,
    window: i64,
    observed: Traffic,
    light_packets: u64,
    learn_at: u64,
    counts: Box<DuplicateCounts>,
}

impl DuplicateFilter {
    /// An empty filter. `keys` are those of its hash: unpredictable where senders may mean harm, open where runs must be alike to the
    /// last packet.
    pub fn new(keys: Keys) -> Self {
        Self {
            keys,
            table: Table::new(),
            flows: Flows::new(),
            shard: Pattern::default(),
            cover: WHOLE,
            window: WINDOW,
            observed: Traffic::default(),
            light_packets: 0,
            learn_at: LEARN,
            counts: Box::default(),
        }
    }

    /// Judges one packet.
    #[inline]
    pub fn observe(&mut self, frame: &Frame) -> Verdict {
        let digest = self.digest(frame);
        self.judge(frame, &digest)
    }

    /// Digests a packet and asks the memory for what [`Self::judge`] will look at: the digests of several packets can be made before the
    /// first of them is judged.
    #[inline(always)]
    pub fn digest(&mut self, frame: &Frame) -> Digest {
        let plain = fingerprint::plain(frame, &self.keys);
        let digest = plain.unwrap_or_else(|| self.digest_any(frame));
        debug_assert_eq!(digest, self.digest_any(frame));
        self.prefetch(digest.print.key, digest.flow);
        digest
    }

    /// Whether the print of one of the commonest packets stands for its digest. If so, asks the memory for what [`Self::judge`] will look at;
    /// else the packet has to be digested.
    #[inline(always)]
    pub fn knows(&self, fast: &FastHeaders, print: &Fingerprint) -> bool {
        let known = print.key != 0 && (self.cover == WHOLE || fast.is_tcp());
        if known {
            self.prefetch(print.key, fast.hash);
        }
        known
    }

    #[inline(never)]
    fn digest_any(&mut self, frame: &Frame) -> Digest {
        fingerprint::digest(frame, &self.keys, &mut self.cover)
    }

    #[inline(always)]
    fn prefetch(&self, key: u64, flow: u32) {
        self.table.prefetch(key);
        if self.flows.notes(key) {
            self.flows.prefetch(flow);
        }
    }

    /// Judges one packet by its digest.
    #[inline]
    pub fn judge(&mut self, frame: &Frame, digest: &Digest) -> Verdict {
        let now = frame.time.0;
        self.observed.count(frame.wire);
        self.light_packets += u64::from(digest.light);
        if let Some(at) = self.table.find(&digest.print, now, self.window, || fingerprint::partial_checksum(frame)) {
            return self.again(frame, digest, at);
        }
        self.table.push(Entry { print: digest.print, first: now }, self.window);
        if !digest.light {
            self.shard.first();
            if self.flows.notes(digest.print.key)
                && let Some(flow) = self.flows.get(digest.flow)
            {
                flow.count(false);
                flow.first();
            }
        }
        Verdict::First
    }

    /// What was counted so far.
    pub fn report(&self) -> DuplicateCounts {
        let (flows, flows_copied) = self.flows.judged();
        DuplicateCounts {
            observed: self.observed,
            payload_packets: self.observed.packets - self.light_packets,
            flows,
            flows_copied,
            displaced: self.table.displaced,
            ..(*self.counts).clone()
        }
    }

    /// The window in use, nanoseconds.
    pub fn window(&self) -> i64 {
        self.window
    }

    /// Judges a packet that was seen before, at a place of the table.
    #[inline(never)]
    fn again(&mut self, frame: &Frame, digest: &Digest, at: usize) -> Verdict {
        let Some(&entry) = self.table.get_mut(at).as_deref() else { return Verdict::First };
        let now = frame.time.0;
        let gap = now.abs_diff(entry.last());
        let code = gap_code(gap);
        let payload = !digest.light;
        let certain = self.is_certain(digest, &entry, at, gap);
        let lead = if certain || gap > WEAK { Lead::Near } else { self.lead(&entry, at, gap) };
        // A pair: what copies look like when nothing else tells. The first packet of a sender has none before it to be compared with; it
        // may teach the shard, once, but not its conversation.
        let alone = lead == Lead::None;
        let pair = lead == Lead::Far || (alone && gap <= PAIR && entry.copies() == 0);
        let notes = self.flows.notes(digest.print.key);
        let Some(flow) = self.flows.get(digest.flow) else { return Verdict::First };
        let pattern = flow.pattern(now);
        let usual = pattern.stands(code) || ((pair || pattern.knows(code)) && self.shard.stands(code));
        // One more than packets usually have is another packet that looks the same, and may have copies of its own.
        let weak = gap <= WEAK && entry.copies() < self.counts.usual_copies();
        let copy = certain || (weak && if payload { usual } else { pattern.holds(code) });
        if payload {
            if copy || pair {
                self.shard.copy(code);
            } else {
                self.shard.first();
            }
            if certain || ((copy || pair) && !alone) {
                if notes {
                    flow.copy(code, now);
                }
            } else if notes {
                flow.first();
            }
            if notes {
                flow.count(copy);
            }
        } else if certain && digest.opens {
            flow.copy(code, now);
        }
        if copy {
            return self.copy(frame, digest, at, code);
        }
        // Kept: what follows is compared with this one.
        self.table.push(Entry { print: digest.print, first: now }, self.window);
        if !payload {
            return Verdict::First;
        }
        self.counts.ambiguous.count(frame.wire);
        Verdict::Ambiguous
    }

    /// Whether there is evidence beyond the repetition itself.
    fn is_certain(&mut self, digest: &Digest, entry: &Entry, at: usize, gap: u64) -> bool {
        if entry.print.place() != digest.print.place() && (gap <= WEAK || digest.print.id() != 0) {
            return true;
        }
        if digest.opens && gap <= WEAK {
            return true;
        }
        if digest.print.id() == 0 || digest.fragment {
            return digest.print.id() != 0;
        }
        let way = usize::from(digest.way & 1);
        let Some(flow) = self.flows.get(digest.flow) else { return false };
        if flow.varies[way] {
            return true;
        }
        let mut ids = self
            .table
            .before(at)
            .take(LOOK_BACK)
            .filter(|e| e.print.flow() == entry.print.flow() && e.print.id() != 0 && e.print.key != entry.print.key)
            .map(|e| e.print.id());
        match ids.next() {
            Some(id) if id != digest.print.id() || ids.any(|id| id != digest.print.id()) => {
                flow.varies[way] = true;
                true
            }
            Some(_) => false,
            None if flow.constant[way] => false,
            None if entry.copies() > 0 => {
                flow.constant[way] = true;
                false
            }
            None => digest.tcp && gap <= PAIR,
        }
    }

    /// How long before its first sighting the packet before it passed, in the same direction of its conversation.
    fn lead(&self, entry: &Entry, at: usize, gap: u64) -> Lead {
        let far = |time| gap_code(entry.first.abs_diff(time)) >= gap_code(gap).saturating_add(FOUR);
        let mut oldest = entry.first;
        for e in self.table.before(at).take(LOOK_BACK) {
            oldest = e.first;
            if e.print.flow() == entry.print.flow() {
                return if far(oldest) { Lead::Far } else { Lead::Near };
            }
        }
        // It was longer ago than all that was looked through, or there was none.
        match far(oldest) {
            _ if !self.table.is_full() => Lead::None,
            true => Lead::Far,
            false => Lead::Near,
        }
    }

    fn copy(&mut self, frame: &Frame, digest: &Digest, at: usize, code: u8) -> Verdict {
        let Some(entry) = self.table.get_mut(at) else { return Verdict::First };
        let counts = &mut *self.counts;
        let class = class(frame, entry.print.place(), digest.print.place());
        let (before, now) = (entry.print.place().vlan(), digest.print.place().vlan());
        if before != now {
            counts.count_vlan(before, now);
        }
        if let Some(counts) = counts.classes.get_mut(class as usize) {
            counts.traffic.count(frame.wire);
            counts.gaps.count(code);
        }
        if let Some(n) = counts.sightings.get_mut(usize::from(entry.copies()).min(6)) {
            *n += 1;
        }
        counts.payload_copies += u64::from(!digest.light);
        entry.copied(frame.time.0);
        self.learn_window();
        Verdict::Copy(class)
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

/// Time from the packet before to the first sighting, against the time from there to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lead {
    /// There is no packet before.
    None,
    /// Less than four times as long.
    Near,
    /// At least four times as long.
    Far,
}

fn class(frame: &Frame, a: Vantage, b: Vantage) -> CopyClass {
    if frame.cast() != Cast::Unicast {
        CopyClass::Flooded
    } else if a.is_hop(b) {
        CopyClass::Routed
    } else if a.is_retagged(b) {
        CopyClass::Vlan
    } else if a != b {
        CopyClass::Session
    } else {
        CopyClass::Identical
    }
}
