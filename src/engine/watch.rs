//! The detectors of one shard: what mirroring did to its packets.

use crate::mirror::{
    Beat, Clock, Digest, DuplicateCounts, DuplicateFilter, Frame, HOLD, Health, HealthCounts, Loss, LossCounts, LossState, OrderCounts,
    OrderState, SideCounts, SideFlow, TagFlows, TagState, outermost,
};
use crate::model::{Direction, Timestamp, VlanStack};
use crate::stats::context::Cast;
use crate::stats::{Contexts, FlowTable, Record};

/// What the detectors keep of a conversation, in its record.
#[derive(Debug, Clone, Copy, Default)]
pub struct Watch {
    loss: LossState,
    order: OrderState,
    tags: TagState,
}

/// The detectors.
#[derive(Debug)]
pub struct Watcher {
    duplicates: DuplicateFilter,
    loss: Loss,
    order: OrderCounts,
    clock: Clock,
    health: Health,
}

/// What one shard's detectors counted, or several shards' together.
#[derive(Debug, Clone, Default)]
pub struct Witness {
    /// Copies.
    pub duplicates: DuplicateCounts,
    /// Acknowledged but unseen data.
    pub loss: LossCounts,
    /// Causes and effects.
    pub order: OrderCounts,
    /// The clock, by each shard's own packets.
    pub clock: Clock,
    /// State of the copies.
    pub health: HealthCounts,
    /// Regular senders.
    pub beats: Vec<Beat>,
    /// Tags by conversation.
    pub tags: TagFlows,
    /// Directions by conversation.
    pub sides: SideCounts,
}

impl Witness {
    /// Adds another shard's.
    pub fn merge(&mut self, other: &Witness) {
        self.duplicates.merge(&other.duplicates);
        self.loss.merge(&other.loss);
        self.order.merge(&other.order);
        self.clock.merge(&other.clock);
        self.health.merge(&other.health);
        self.beats.extend_from_slice(&other.beats);
        self.tags.merge(&other.tags);
        self.sides.merge(&other.sides);
    }
}

impl Watch {
    /// Notes that a direction was seen in a VLAN, or in none.
    pub fn note_tags(&mut self, way: Direction, vlans: &VlanStack) {
        self.tags.note(way, outermost(vlans).is_some());
    }
}

impl Watcher {
    /// Detectors that have seen nothing. `seed` keys the hash that tells copies.
    pub fn new(seed: u64) -> Self {
        Self {
            duplicates: DuplicateFilter::new(seed),
            loss: Loss::default(),
            order: OrderCounts::default(),
            clock: Clock::default(),
            health: Health::default(),
        }
    }

    /// What of a packet stays the same in its copies, and what they are told apart by. Asks the memory for what [`Self::is_copy`] needs.
    #[inline]
    pub fn digest(&mut self, frame: &Frame) -> Digest {
        self.duplicates.digest(frame)
    }

    /// Whether a packet is a further copy of one seen before.
    #[inline]
    pub fn is_copy(&mut self, frame: &Frame, digest: &Digest) -> bool {
        self.duplicates.judge(frame, digest).is_copy()
    }

    /// Looks at a packet of a conversation that is not a copy. `load` is the class of the link's utilisation.
    #[inline]
    pub fn conversation(&mut self, watch: &mut Watch, frame: &Frame, load: u8) {
        self.clock.observe(frame.time);
        let mut mss = None;
        if let Some((_, way)) = frame.flow
            && frame.tcp.is_some()
        {
            self.loss.observe(&mut watch.loss, frame, load);
            self.order.observe(&mut watch.order, frame);
            mss = watch.loss.mss(way);
        }
        self.health.observe(mss, frame);
    }

    /// Looks at a packet without a network layer.
    pub fn bare(&mut self, frame: &Frame) {
        self.clock.observe(frame.time);
        self.health.bare(frame);
    }

    /// What was counted up to `now`; at the end of all packets open questions are decided.
    pub fn report(&mut self, flows: &mut FlowTable<Watch>, contexts: &Contexts, now: Timestamp, finished: bool) -> Witness {
        self.loss.advance(if finished { now.plus(HOLD) } else { now });
        let mut loss = *self.loss.counts();
        let mut tags = TagFlows::default();
        for watch in flows.watches() {
            self.loss.settle(&mut watch.loss);
            loss.ratios.add(&watch.loss);
            tags.add(watch.tags);
        }
        let mut sides = SideCounts::default();
        for Record { flow, .. } in flows.records() {
            let packets = flow.traffic.map(|t| t.packets);
            sides.add(&SideFlow { key: &flow.key, packets, acknowledged: flow.tcp.acked() || flow.tcp.answered() });
        }
        let mut health = self.health.counts(now);
        for context in contexts.rows() {
            let packets = context.traffic.packets;
            health.tags.count(&context.key.vlans, packets);
            *match context.key.cast {
                Cast::Unicast => &mut health.casts.unicast,
                Cast::Multicast => &mut health.casts.multicast,
                Cast::Broadcast => &mut health.casts.broadcast,
            } += packets;
        }
        Witness {
            duplicates: self.duplicates.report(),
            loss,
            order: self.order,
            clock: self.clock,
            health,
            beats: self.health.beats().list().to_vec(),
            tags,
            sides,
        }
    }
}
