//! Copies of a packet that the mirror delivers more than once, recognised while they pass.
//!
//! # What a copy is
//!
//! Two packets are the same when everything a switch or router leaves alone is the same: addresses, protocol, IPv4 identification, lengths,
//! fragment word (IPv6: flow label and payload length), the whole transport header and, but for TCP, the first 64 bytes of payload, as a
//! keyed 64-bit hash (of datagrams that no identification numbers the first 128). Of datagrams without an identification the sequence number of RTP takes its place. MAC addresses, VLAN tags, TTL, IPv4 header checksum, IPv4 options, DSCP and ECN may differ: they say how the packet
//! was seen twice. The TCP or UDP checksum must be the same, or one of the two not yet filled in by an offloading sender. Frames without IP
//! are the same when MAC addresses, EtherType and everything behind are. (Sequence numbers, lengths and checksum tell TCP segments apart:
//! reading their payload as well found nothing more in any capture, and took 6 % of the time of everything.)
//!
//! A capture that cuts packets within those 64 bytes makes the key end, from then on, where the shortest payload ended; the checksum, which
//! covers all of the payload, then is part of the key. A packet that ends before its checksum, and before any number that tells it from others, is
//! not compared at all: acknowledgements of one conversation look alike without the number that they acknowledge.
//!
//! # When the same packet is a copy
//!
//! Within 350 ms only, and no more of them than this mirror makes: how often it brings packets that surely differ is learnt by a
//! [`CopyWatch`] that sees all of them, and every shard is told ([`DuplicateFilter::learn`]). As to the repetition itself,
//!
//! - **it is sure** to be the same packet when it was seen in another place (other TTL or MAC addresses, VLAN, session or interface: a
//!   sender's repetition takes the way the first took; without an IPv4 identification within 10 ms only, or as far apart as copies are
//!   known to be), when it is a fragment, or when the IPv4 identification is one of a sender who changes it from packet to packet (of TCP segments farther
//!   apart than 50 ms if copies are known to be). It is a copy, also where the mirror brings other packets once;
//! - **it is likely** when it opens a TCP connection (a sender waits a second), ends one within 2 ms, or is a sender's first TCP packet,
//!   which does not show what its identifications are, within 2 ms, once. It is a copy while nothing is known, and then if this mirror
//!   makes as many, or the conversation has others, or (of one that opens or ends it) what that sender sends besides has another identification;
//! - **otherwise** (IPv6, identification 0 or constant, no IP) a repetition looks like a copy. It is one where nearly every packet comes
//!   so often through this mirror. While that is not known it is one if its gap is at most 10 ms and like those of copies in the same
//!   conversation, where these are more than a fifth of the packets, and if the packet has not come as often yet as packets come here. To
//!   learn that pattern from such packets alone they must be pairs: two sightings at most a quarter as far apart as the first is from the
//!   packet before. Cyclic frames and queries, evenly spaced, never are; retransmissions wait at least a round trip time and are far from a
//!   fifth of the packets. A pair, or a repetition where copies at such a gap are known in the conversation, is also a copy when pairs at
//!   such a gap are more than a fifth of the whole shard's packets. Where this mirror brings other packets once, equal datagrams are what
//!   their sender sent so often, unless packets of the same conversation are surely copied;
//! - TCP segments of at most one byte of payload (repeated acknowledgements, keep-alives) teach nothing, but for those that open the
//!   connection, and follow only the pattern of their own conversation;
//! - the pattern of a conversation holds while copies come: not after a second and 16 packets without one.
//!
//! What may be a copy and is kept is [`CopyVerdict::Ambiguous`].
//!
//! # When it is traffic
//!
//! What comes more often than this mirror makes copies (a flood of equal packets, a storm in a loop of switches; while nothing is known,
//! more than 15 times to one station and 63 times to a group), and what passes the same link the same way again with a falling TTL (a
//! loop of routers), is traffic. So are equal frames to a group while it is not known how often others of them come: more than a switch has ports,
//! each within 350 ms of the one before, however they bunch (a sender that asks 2,000 times a second asks 2,000 times). Of what had been left out of it before that showed, a short memory is kept (`recall.rs`), and the
//! caller counts it after all ([`DuplicateFilter::recalled`]); so it does when the watch tells that this mirror makes no copies.
//!
//! # What is remembered
//!
//! The last packets of the shard, at least those of the window (50 ms, later four times the 99th percentile of the gaps found, between 1
//! and 350 ms) while there is room; the packets before the first sighting tell whether the
//! sender's identification varies and how long before it the packet before passed. Of conversations their pattern and how many of their
//! packets were copied, noted for every packet while there are few conversations in the shard, for one in eight (chosen by the packet, so
//! that copies are chosen with their first) when there are many.

mod counts;
mod distance;
mod distant;
mod fingerprint;
mod flows;
mod judge;
mod numbers;
mod partial_checksum;
mod recall;
mod runs;
mod table;
mod transit;
mod watch;

#[cfg(test)]
mod tests;

pub use counts::{ClassCounts, CopyClass, DuplicateCounts, GapHistogram, JUDGED_PACKETS, VlanChange};
pub use distance::DistanceCounts;
pub use distant::DistantCounts;
#[cfg(test)]
use watch::Multiplicity;
pub use watch::{CopyTimes, CopyWatch};

use crate::model::evidence::COPY_REACH as REACH;
use crate::model::mix::Keys;
use crate::model::time::MILLISECOND;
use crate::model::{CapScale, FastHeaders, Frame, Traffic};
use fingerprint::WHOLE;
pub use fingerprint::{Digest, Fingerprint};
use flows::{Flows, Pattern};
use partial_checksum::partial_checksum;
use recall::HeldCopies;
use runs::{GroupBursts, Runs};
use table::{CopyTable, Entry};
use transit::Transits;
pub use transit::{MirrorPoint, TransitCounts, TransitKey, TransitReport};

/// The window for which the table makes room at least, when it is known that a mirror makes no copies; while nothing is known it is
/// [`REACH`]. Nanoseconds: routing and switching copies are found up to a few milliseconds apart, busy mirror queues add to that.
pub const WINDOW: i64 = 50 * MILLISECOND;
/// The least window that is learned.
pub const WINDOW_LOW: i64 = MILLISECOND;
/// The largest window that is learned.
pub const WINDOW_HIGH: i64 = REACH;

/// What a packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyVerdict {
    /// Seen for the first time, or a legal repetition.
    First,
    /// A copy of one seen before: to be left out of all analysis.
    Copy(CopyClass),
    /// Repeats one seen before and may be a copy: kept.
    Ambiguous,
    /// Repeats one seen before, and what follows will tell whether it is a copy: left out until then.
    Held,
}

impl CopyVerdict {
    /// Whether it is a copy.
    pub fn is_copy(self) -> bool {
        matches!(self, CopyVerdict::Copy(_))
    }

    /// Whether it is to be left out.
    pub fn is_left_out(self) -> bool {
        matches!(self, CopyVerdict::Copy(_) | CopyVerdict::Held)
    }
}

/// Finds the copies among the packets of one shard. Both copies of a packet must reach the same filter, in the order of arrival.
#[derive(Debug)]
pub struct DuplicateFilter {
    keys: Keys,
    table: CopyTable,
    flows: Flows,
    shard: Pattern,
    cover: usize,
    window: i64,
    known: CopyTimes,
    held: HeldCopies,
    runs: Runs,
    bursts: GroupBursts,
    observed: Traffic,
    light_packets: u64,
    learn_at: u64,
    transits: Transits,
    counts: Box<DuplicateCounts>,
}

/// The window is learned anew after this many copies.
const LEARN: u64 = 256;

impl DuplicateFilter {
    /// An empty filter. `keys` are those of its hash: unpredictable where senders may mean harm, open where runs must be alike to the
    /// last packet. It remembers what `caps` allow.
    pub fn new(keys: Keys, caps: CapScale) -> Self {
        Self {
            keys,
            table: CopyTable::within(caps),
            flows: Flows::new(),
            shard: Pattern::default(),
            cover: WHOLE,
            window: REACH,
            known: CopyTimes::default(),
            held: HeldCopies::default(),
            runs: Runs::default(),
            bursts: GroupBursts::default(),
            observed: Traffic::default(),
            light_packets: 0,
            learn_at: LEARN,
            transits: Transits::default(),
            counts: Box::default(),
        }
    }

    /// Judges one packet.
    #[inline]
    pub fn observe(&mut self, frame: &Frame) -> CopyVerdict {
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
        let known = print.key != 0 && (fast.is_tcp() || print.is_whole(self.cover));
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
    pub fn judge(&mut self, frame: &Frame, digest: &Digest) -> CopyVerdict {
        let now = frame.time.0;
        self.observed.count(frame.wire);
        self.light_packets += u64::from(digest.light);
        self.transits.note(digest.print.place().via(), frame);
        if digest.untold {
            self.counts.untold = self.counts.untold.saturating_add(1);
            return CopyVerdict::First;
        }
        if let Some(at) = self.table.find(&digest.print, now, REACH, || partial_checksum(frame)) {
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
                flow.note_id(digest.way, digest.print.id());
                flow.note_place(digest.way, digest.print.place().via());
            }
        }
        CopyVerdict::First
    }

    /// What was counted so far.
    pub fn report(&self) -> DuplicateCounts {
        let (flows, flows_copied) = self.flows.judged();
        DuplicateCounts {
            observed: self.observed,
            payload_packets: self.observed.packets - self.light_packets,
            flows,
            flows_copied,
            flows_proven: self.flows.proven(),
            displaced: self.table.displaced,
            ..(*self.counts).clone()
        }
    }

    /// How long packets took from one place to another.
    pub fn transits(&self) -> TransitReport {
        self.transits.report()
    }

    /// The window for which the table makes room, nanoseconds.
    pub fn window(&self) -> i64 {
        self.window
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.table.bytes() + self.flows.bytes() + self.transits.bytes()
    }
}
