//! VLAN tags: which frames wear them, and witnesses that they were taken off.

use crate::model::Arrange as _;
use crate::model::limits::{ARP_LINKS, ARP_SUBNETS};
use crate::model::sum::{Noted, Sum, sums};
use crate::model::{ArpBlocks, Direction, VlanStack};

/// A set of VLAN identifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VlanSet([u64; 64]);

impl Default for VlanSet {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl VlanSet {
    /// Adds one (12 bits).
    #[inline]
    pub fn insert(&mut self, id: u16) {
        self.0[usize::from(id & 0x0fff) / 64] |= 1 << (id % 64);
    }

    /// Whether it is in.
    pub fn contains(&self, id: u16) -> bool {
        self.0[usize::from(id & 0x0fff) / 64] & 1 << (id % 64) != 0
    }

    /// How many.
    pub fn len(&self) -> u32 {
        self.0.iter().map(|w| w.count_ones()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|w| *w == 0)
    }

    /// The identifiers, ascending.
    pub fn ids(&self) -> impl Iterator<Item = u16> + '_ {
        (0..4096u16).filter(|id| self.0[usize::from(*id) / 64] & 1 << (id % 64) != 0)
    }
}

/// A set of parts is that of the whole; what was once in it stays.
impl Sum for VlanSet {
    fn merge(&mut self, other: &VlanSet) {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a |= b);
    }

    fn since(&self, _: &VlanSet) -> VlanSet {
        self.clone()
    }
}

/// Which directions of a conversation were seen tagged and untagged: one byte of its record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TagState(u8);

impl TagState {
    /// Notes that a direction was seen with a tag or without.
    pub fn note(&mut self, way: Direction, tagged: bool) {
        self.0 |= 1 << (2 * (way as u8) + u8::from(tagged));
    }
}

sums! {
    /// Conversations by where their tags are, counted from the records at report time.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct TagFlows {
        /// Seen in both directions.
        pub judged: u64,
        /// Of them always tagged one way, never the other.
        pub one_way: u64,
        /// Of them with tags both ways.
        pub tagged: u64,
    }
}

impl TagFlows {
    /// Counts one conversation.
    pub fn add(&mut self, state: TagState) {
        const UNTAGGED: u8 = 1;
        const TAGGED: u8 = 2;
        let (a, b) = (state.0 & 3, state.0 >> 2 & 3);
        if a == 0 || b == 0 {
            return;
        }
        self.judged += 1;
        self.one_way += u64::from(matches!((a, b), (UNTAGGED, TAGGED) | (TAGGED, UNTAGGED)));
        self.tagged += u64::from(a & b & TAGGED != 0);
    }
}

sums! {
    /// Everything counted of tags.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct TagCounts {
        /// Frames with a VLAN tag (identifier 0, priority only, is none), or with a VLAN the mirror tells.
        pub tagged: u64,
        /// Frames without.
        pub untagged: u64,
        /// Outermost identifiers seen.
        pub vlans: VlanSet,
        /// VLANs that per-VLAN spanning tree packets say they belong to.
        pub claimed: VlanSet,
        /// First 24 bits of the addresses that sent untagged ARP packets; the first [`ARP_SUBNETS`].
        pub subnets: Vec<u32> => Noted<ARP_SUBNETS>,
        /// Blocks of which an address asked for one of the other, the lower one first: they lie in one network, since ARP asks for
        /// neighbours only (RFC 826; RFC 1122 section 3.3.1.1). The first [`ARP_LINKS`].
        pub neighbours: Vec<(u32, u32)> => Noted<ARP_LINKS>,
    }
}

impl TagCounts {
    /// Counts frames with these tags.
    pub fn count(&mut self, vlans: &VlanStack, frames: u64) {
        match vlans.outermost() {
            Some(id) => {
                self.tagged += frames;
                self.vlans.insert(id);
            }
            None => self.untagged += frames,
        }
    }

    /// Notes the networks of an ARP packet that came without a tag.
    pub fn untagged_arp(&mut self, blocks: &ArpBlocks) {
        self.subnet(blocks.sender);
        self.neighbour((blocks.sender.min(blocks.target), blocks.sender.max(blocks.target)));
    }

    /// Notes the VLAN that a packet of per-VLAN spanning tree says it belongs to.
    pub fn claim(&mut self, id: u16) {
        self.claimed.insert(id);
    }

    fn subnet(&mut self, subnet: u32) {
        if self.subnets.len() < ARP_SUBNETS && !self.subnets.contains(&subnet) {
            self.subnets.push(subnet);
        }
    }

    fn neighbour(&mut self, pair: (u32, u32)) {
        if pair.0 != pair.1 && pair.0 != 0 && self.neighbours.len() < ARP_LINKS && !self.neighbours.contains(&pair) {
            self.neighbours.push(pair);
        }
    }

    /// Networks that sent untagged ARP packets: address blocks of 24 bits, those that asked for each other taken together. With more
    /// such pairs than are remembered it is one network as far as can be told.
    pub fn networks(&self) -> usize {
        if self.neighbours.len() >= ARP_LINKS {
            return self.subnets.len().min(1);
        }
        // Each block is given the least one it can be reached from; a block that only was asked for may join two others.
        let mut blocks: Vec<u32> = self.subnets.iter().copied().chain(self.neighbours.iter().flat_map(|n| [n.0, n.1])).collect();
        blocks.arrange();
        blocks.dedup();
        let mut least = blocks.clone();
        let at = |block: u32| blocks.binary_search(&block).unwrap_or(0);
        for _ in 0..blocks.len() {
            for &(a, b) in &self.neighbours {
                let (a, b) = (at(a), at(b));
                let low = least[a].min(least[b]);
                (least[a], least[b]) = (low, low);
            }
        }
        let mut found: Vec<u32> = self.subnets.iter().map(|s| least[at(*s)]).collect();
        found.arrange();
        found.dedup();
        found.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_in_one_direction_only() {
        let (mut state, mut flows) = (TagState::default(), TagFlows::default());
        state.note(Direction::AToB, true);
        flows.add(state);
        assert_eq!(flows, TagFlows::default(), "one direction says nothing");
        state.note(Direction::BToA, false);
        flows.add(state);
        assert_eq!(flows, TagFlows { judged: 1, one_way: 1, tagged: 0 });
        state.note(Direction::BToA, true);
        flows.add(state);
        assert_eq!(flows, TagFlows { judged: 2, one_way: 1, tagged: 1 });
    }

    #[test]
    fn a_priority_tag_names_no_vlan() {
        let mut counts = TagCounts::default();
        let stack = |id| {
            let mut vlans = VlanStack::default();
            vlans.push(id);
            vlans
        };
        counts.count(&stack(4095), 2);
        counts.count(&stack(0), 3);
        counts.count(&VlanStack::default(), 4);
        assert_eq!((counts.tagged, counts.untagged, counts.vlans.ids().collect::<Vec<_>>()), (2, 7, vec![4095]));
    }

    #[test]
    fn spanning_tree_and_arp_bear_witness() {
        let mut counts = TagCounts::default();
        counts.claim(77);
        let mut ask = |from: u32, of: u32| {
            counts.untagged_arp(&ArpBlocks { sender: 0x0a_0000 | from, target: 0x0a_0000 | of });
            counts.networks()
        };
        assert_eq!([ask(1, 1), ask(2, 2), ask(1, 1)], [1, 2, 2]);
        assert_eq!(counts.claimed.ids().collect::<Vec<_>>(), [77]);
        assert_eq!(counts.subnets, [0x0a_0001, 0x0a_0002]);
        let mut twice = counts.clone();
        twice.merge(&counts);
        assert_eq!((twice.claimed.len(), twice.subnets.len()), (1, 2));
        counts.neighbour((7, 0x0a_0001));
        assert_eq!(counts.networks(), 2);
        twice.merge(&counts);
        twice.neighbour((7, 0x0a_0002));
        assert_eq!(twice.networks(), 1, "both ask for an address of a third block");
        (0..2 * ARP_LINKS as u32).for_each(|n| counts.neighbour((1 + n, 2 + n)));
        assert_eq!(counts.networks(), 1);
    }
}
