//! The detectors of one shard: what mirroring did to its packets.

use crate::mirror::{
    Beat, Clock, DuplicateCounts, DuplicateFilter, Frame, HOLD, Health, HealthCounts, Loss, LossCounts, LossState, OrderCounts, OrderState,
    SideCounts, SideFlow, TagFlows, TagState,
};
use crate::model::Timestamp;
use crate::stats::FlowTable;

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

    /// Whether a packet is a further copy of one seen before.
    #[inline]
    pub fn is_copy(&mut self, frame: &Frame) -> bool {
        self.duplicates.observe(frame).is_copy()
    }

    /// Looks at a packet of a conversation that is not a copy. `load` is the class of the link's utilisation.
    #[inline]
    pub fn conversation(&mut self, watch: &mut Watch, frame: &Frame, load: u8) {
        self.clock.observe(frame.time);
        if frame.tcp.is_some() {
            self.loss.observe(&mut watch.loss, frame, load);
            self.order.observe(&mut watch.order, frame);
        }
        let mss = frame.flow.and_then(|(_, way)| watch.loss.mss(way));
        self.health.observe(Some(&mut watch.tags), mss, frame);
    }

    /// Looks at a packet without a network layer.
    #[inline]
    pub fn bare(&mut self, frame: &Frame) {
        self.clock.observe(frame.time);
        self.health.observe(None, None, frame);
    }

    /// What was counted up to `now`; at the end of all packets open questions are decided.
    pub fn report(&mut self, flows: &mut FlowTable<Watch>, now: Timestamp, finished: bool) -> Witness {
        self.loss.advance(if finished { now.plus(HOLD) } else { now });
        let mut loss = *self.loss.counts();
        let mut tags = TagFlows::default();
        for watch in flows.watches() {
            self.loss.settle(&mut watch.loss);
            loss.ratios.add(&watch.loss);
            tags.add(watch.tags);
        }
        let mut sides = SideCounts::default();
        for flow in flows.flows().iter().filter(|f| !f.tcp.sampled()) {
            let packets = flow.traffic.map(|t| t.packets);
            sides.add(&SideFlow { key: &flow.key, packets, acknowledged: flow.tcp.acked() || flow.tcp.answered() });
        }
        Witness {
            duplicates: self.duplicates.report(),
            loss,
            order: self.order,
            clock: self.clock,
            health: self.health.counts(now),
            beats: self.health.beats().list().to_vec(),
            tags,
            sides,
        }
    }
}
