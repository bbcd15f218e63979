//! The flow table: one record a conversation, found once a packet.

use super::totals::Heading;
use crate::model::limits::{FLOWS_PER_SHARD, VLANS_PER_FLOW};
use crate::model::{Direction, FlowKey, Timestamp, Traffic};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// What is kept of a TCP connection's course.
#[derive(Debug, Clone, Copy, Default)]
pub struct TcpTrack {
    /// First sequence number of each direction.
    base: [u32; 2],
    /// Bits of [`TcpTrack`]'s constants.
    seen: u16,
}

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

impl TcpTrack {
    const BASE: [u16; 2] = [1 << 0, 1 << 1];
    const SYN: [u16; 2] = [1 << 2, 1 << 3];
    const SYN_ACK: u16 = 1 << 4;
    const FIN: [u16; 2] = [1 << 5, 1 << 6];
    const RST: u16 = 1 << 7;
    const ACKED: u16 = 1 << 8;
    const DATA_FIRST: u16 = 1 << 9;
    const SAMPLED: u16 = 1 << 10;

    /// Whether this packet opens a new connection on the same ports: a SYN whose sequence number is not the one this
    /// connection began with (Wireshark 4.0's rule for a new stream; a repeated SYN after RST is the same attempt).
    #[inline]
    fn is_reuse(&self, way: usize, sequence: u32, flags: u8) -> bool {
        flags & (SYN | ACK) == SYN && self.seen & Self::BASE[way] != 0 && self.base[way] != sequence
    }

    /// Follows one segment.
    #[inline]
    fn follow(&mut self, way: usize, sequence: u32, acknowledgement: u32, flags: u8) {
        if self.seen == 0 && flags & SYN == 0 {
            self.seen |= Self::DATA_FIRST;
        }
        if self.seen & Self::BASE[way] == 0 {
            self.base[way] = if flags & SYN != 0 { sequence } else { sequence.wrapping_sub(1) };
            self.seen |= Self::BASE[way];
        }
        if flags & ACK != 0 && self.seen & Self::BASE[1 - way] == 0 {
            self.base[1 - way] = acknowledgement.wrapping_sub(1);
            self.seen |= Self::BASE[1 - way];
        }
        match flags & (SYN | ACK) {
            SYN => self.seen |= Self::SYN[way],
            f if f == SYN | ACK => self.seen |= Self::SYN_ACK | Self::SYN[way],
            ACK => self.seen |= Self::ACKED,
            _ => {}
        }
        if flags & FIN != 0 {
            self.seen |= Self::FIN[way];
        }
        if flags & RST != 0 {
            self.seen |= Self::RST;
        }
    }

    /// Whether RST was seen.
    pub fn reset(&self) -> bool {
        self.seen & Self::RST != 0
    }

    /// How many sides have sent FIN.
    pub fn fins(&self) -> u32 {
        (self.seen & (Self::FIN[0] | Self::FIN[1])).count_ones()
    }

    /// Whether the connection was joined after its beginning.
    pub fn midstream(&self) -> bool {
        self.seen & Self::DATA_FIRST != 0
    }

    /// Notes that packets of it were sampled.
    pub fn note_sampled(&mut self) {
        self.seen |= Self::SAMPLED;
    }

    /// Whether packets of it were sampled: then what was not seen says nothing.
    pub fn sampled(&self) -> bool {
        self.seen & Self::SAMPLED != 0
    }

    /// Whether a SYN-ACK was seen.
    pub fn answered(&self) -> bool {
        self.seen & Self::SYN_ACK != 0
    }

    /// Whether an acknowledgement without SYN was seen.
    pub fn acked(&self) -> bool {
        self.seen & Self::ACKED != 0
    }
}

/// One conversation, laid out to be touched in two cache lines (and those of the detectors' state `X`).
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub struct Flow<X> {
    /// Who.
    pub key: FlowKey,
    /// The context last seen in each direction (an index of [`super::Contexts`], `u32::MAX` before the first packet).
    pub context: [u32; 2],
    /// Each direction's traffic.
    pub traffic: [Traffic; 2],
    /// First packet.
    pub first: Timestamp,
    /// Last packet.
    pub last: Timestamp,
    /// TCP's course.
    pub tcp: TcpTrack,
    /// The report round in which it was last touched.
    round: u32,
    /// Where each direction is heading.
    pub heading: [Heading; 2],
    /// 0 or 1: the direction of the originator.
    pub originator: u8,
    /// What else is kept of it: the detectors' state.
    pub watch: X,
}

/// All conversations of a shard.
#[derive(Debug)]
pub struct FlowTable<X> {
    flows: Vec<Flow<X>>,
    /// Each flow's traffic at the last report, as long as the reported part of `flows`.
    reported: Vec<[Traffic; 2]>,
    touched: Vec<u32>,
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
    round: u32,
    cap: usize,
    vlans: hashbrown::HashMap<u32, [u16; VLANS_PER_FLOW]>,
}

impl<X: Copy + Default> Default for FlowTable<X> {
    fn default() -> Self {
        Self::with_cap(FLOWS_PER_SHARD)
    }
}

/// A packet as the flow table sees it.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Who.
    pub key: FlowKey,
    /// Which way.
    pub direction: Direction,
    /// When.
    pub time: Timestamp,
    /// Wire length.
    pub wire: u32,
    /// TCP sequence number, acknowledgement number and flags.
    pub tcp: Option<(u32, u32, u8)>,
}

impl<X: Copy + Default> FlowTable<X> {
    /// A table that keeps at most `cap` conversations.
    pub fn with_cap(cap: usize) -> Self {
        Self {
            flows: Vec::new(),
            reported: Vec::new(),
            touched: Vec::new(),
            index: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            round: 1,
            cap: cap.max(8),
            vlans: hashbrown::HashMap::new(),
        }
    }

    /// Counts a packet in its conversation, which is made by `open` if new, and returns it with its number.
    ///
    /// When the table is full the caller must have called [`Self::evict`] ([`Self::is_full`]).
    #[inline]
    pub fn count(&mut self, step: &Step, open: impl FnOnce() -> [Heading; 2]) -> (u32, &mut Flow<X>) {
        let hash = self.hasher.hash_one(step.key);
        let way = step.direction as usize;
        let found = self.index.find(hash, |&at| self.flows[at as usize].key == step.key).copied();
        let at = match found {
            Some(at) => match step.tcp {
                Some((sequence, _, flags)) if flags & SYN != 0 && self.flows[at as usize].tcp.is_reuse(way, sequence, flags) => {
                    self.replace(hash, at, step, open())
                }
                _ => at,
            },
            None => self.insert(hash, step, open()),
        };
        let flow = &mut self.flows[at as usize];
        flow.traffic[way].count(step.wire);
        flow.last = flow.last.max(step.time);
        if let Some((sequence, acknowledgement, flags)) = step.tcp {
            flow.tcp.follow(way, sequence, acknowledgement, flags);
            if flags & (SYN | ACK) == SYN {
                flow.originator = way as u8;
            }
        }
        if flow.round != self.round {
            flow.round = self.round;
            self.touched.push(at);
        }
        (at, flow)
    }

    /// Brings a conversation's record near, without changing anything, and says where its contexts are. Looking at several packets
    /// before the first of them is counted lets the memory answer all of them at once.
    #[inline]
    pub fn touch(&self, key: &FlowKey) -> Option<[u32; 2]> {
        let hash = self.hasher.hash_one(key);
        let at = self.index.find(hash, |&at| self.flows[at as usize].key == *key)?;
        self.flows.get(*at as usize).map(|f| f.context)
    }

    fn push(&mut self, step: &Step, heading: [Heading; 2]) -> u32 {
        let at = self.flows.len();
        if at == self.flows.capacity() {
            // Grow by half: doubling would leave up to half of the largest table empty.
            self.flows.reserve_exact((at / 2).max(64));
        }
        self.flows.push(Flow {
            key: step.key,
            context: [u32::MAX; 2],
            traffic: [Traffic::default(); 2],
            first: step.time,
            last: step.time,
            tcp: TcpTrack::default(),
            round: 0,
            heading,
            originator: step.direction as u8,
            watch: X::default(),
        });
        at as u32
    }

    #[inline(never)]
    fn insert(&mut self, hash: u64, step: &Step, heading: [Heading; 2]) -> u32 {
        let at = self.push(step, heading);
        let (flows, hasher) = (&self.flows, &self.hasher);
        self.index.insert_unique(hash, at, |&at| hasher.hash_one(flows[at as usize].key));
        at
    }

    #[inline(never)]
    fn replace(&mut self, hash: u64, old: u32, step: &Step, heading: [Heading; 2]) -> u32 {
        let at = self.push(step, heading);
        if let Some(slot) = self.index.find_mut(hash, |&slot| slot == old) {
            *slot = at;
        }
        at
    }

    /// Remembers that flow `at` was seen in VLAN `id`.
    pub fn note_vlan(&mut self, at: u32, ids: &[u16]) {
        let list = self.vlans.entry(at).or_insert([u16::MAX; VLANS_PER_FLOW]);
        for &id in ids {
            if !list.contains(&id)
                && let Some(slot) = list.iter_mut().find(|slot| **slot == u16::MAX)
            {
                *slot = id;
            }
        }
    }

    /// The VLANs remembered for a flow that was seen in more than one.
    pub fn vlans(&self, at: u32) -> impl Iterator<Item = u16> + '_ {
        self.vlans.get(&at).into_iter().flatten().copied().filter(|&id| id != u16::MAX)
    }

    /// Whether the next new conversation needs room first.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.flows.len() >= self.cap
    }

    /// The conversations, oldest first.
    pub fn flows(&self) -> &[Flow<X>] {
        &self.flows
    }

    /// The detectors' state of every conversation.
    pub fn watches(&mut self) -> impl Iterator<Item = &mut X> {
        self.flows.iter_mut().map(|f| &mut f.watch)
    }

    /// Traffic added to flow `at` since the last [`Self::reported`].
    pub fn added(&self, at: u32) -> [Traffic; 2] {
        let now = self.flows.get(at as usize).map(|f| f.traffic).unwrap_or_default();
        match self.reported.get(at as usize) {
            Some(then) => [now[0].since(then[0]), now[1].since(then[1])],
            None => now,
        }
    }

    /// Numbers of the conversations touched since the last [`Self::reported`].
    pub fn touched(&self) -> &[u32] {
        &self.touched
    }

    /// Starts a new round: what is there now has been reported.
    pub fn reported(&mut self) {
        self.reported.resize(self.flows.len(), [Traffic::default(); 2]);
        for &at in &self.touched {
            if let (Some(flow), Some(then)) = (self.flows.get(at as usize), self.reported.get_mut(at as usize)) {
                *then = flow.traffic;
            }
        }
        self.touched.clear();
        self.round = self.round.wrapping_add(1).max(1);
    }

    /// Takes out the eighth that has been idle longest, handing each to `out` with what it added since the last report.
    pub fn evict(&mut self, mut out: impl FnMut(&Flow<X>, u32, [Traffic; 2], &Self)) {
        let count = (self.flows.len() / 8).max(1);
        let mut times: Vec<(Timestamp, u32)> = self.flows.iter().enumerate().map(|(at, f)| (f.last, at as u32)).collect();
        let count = count.min(times.len());
        if count == 0 {
            return;
        }
        times.select_nth_unstable(count - 1);
        times.truncate(count);
        let mut gone = vec![false; self.flows.len()];
        times.sort_unstable_by_key(|&(_, at)| at);
        for &(_, at) in &times {
            gone[at as usize] = true;
            out(&self.flows[at as usize], at, self.added(at), self);
        }
        self.reported.resize(self.flows.len(), [Traffic::default(); 2]);
        let mut moved = vec![u32::MAX; self.flows.len()];
        let mut next = 0u32;
        for (slot, gone) in moved.iter_mut().zip(&gone) {
            if !gone {
                *slot = next;
                next += 1;
            }
        }
        let mut keep = gone.iter().map(|g| !g);
        self.flows.retain(|_| keep.next().unwrap_or(true));
        let mut keep = gone.iter().map(|g| !g);
        self.reported.retain(|_| keep.next().unwrap_or(true));
        self.touched.retain_mut(|at| {
            *at = moved[*at as usize];
            *at != u32::MAX
        });
        let vlans = std::mem::take(&mut self.vlans);
        self.vlans = vlans.into_iter().map(|(at, ids)| (moved[at as usize], ids)).filter(|&(at, _)| at != u32::MAX).collect();
        self.index.clear();
        let (flows, hasher) = (&self.flows, &self.hasher);
        for (at, flow) in flows.iter().enumerate() {
            // A later connection on the same ports stands behind the earlier one and takes its place in the index.
            let hash = hasher.hash_one(flow.key);
            match self.index.find_mut(hash, |&other| flows[other as usize].key == flow.key) {
                Some(slot) => *slot = at as u32,
                None => {
                    self.index.insert_unique(hash, at as u32, |&at| hasher.hash_one(flows[at as usize].key));
                }
            }
        }
    }

    /// Gives the conversations away, leaving the table empty: for the last report of a run.
    pub fn take(&mut self) -> Vec<Flow<X>> {
        self.index = HashTable::new();
        self.reported = Vec::new();
        self.touched = Vec::new();
        std::mem::take(&mut self.flows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(source: u128, source_port: u16, time: i64, tcp: Option<(u32, u32, u8)>) -> Step {
        let (key, direction) = FlowKey::new(false, if tcp.is_some() { 6 } else { 17 }, source, 1000, source_port, 443);
        Step { key, direction, time: Timestamp(time), wire: 100, tcp }
    }

    #[test]
    fn record_fits_two_cache_lines() {
        assert_eq!(std::mem::size_of::<Flow<()>>(), 128);
    }

    #[test]
    fn a_new_syn_on_old_ports_is_a_new_conversation() {
        let mut t = FlowTable::<()>::default();
        t.count(&step(1, 5, 0, Some((100, 0, SYN))), || [Heading::Unknown; 2]);
        t.count(&step(1, 5, 1, Some((100, 0, SYN))), || [Heading::Unknown; 2]);
        assert_eq!(t.flows().len(), 1, "a repeated SYN is not");
        t.count(&step(1, 5, 2, Some((900, 0, SYN))), || [Heading::Unknown; 2]);
        t.count(&step(1, 5, 3, Some((901, 0, ACK))), || [Heading::Unknown; 2]);
        assert_eq!(t.flows().iter().map(|f| f.traffic[0].packets).collect::<Vec<_>>(), [2, 2]);
    }

    #[test]
    fn reports_only_what_was_added() {
        let mut t = FlowTable::<()>::default();
        t.count(&step(1, 5, 0, None), || [Heading::Unknown; 2]);
        t.count(&step(2, 5, 0, None), || [Heading::Unknown; 2]);
        t.reported();
        t.count(&step(2, 5, 1, None), || [Heading::Unknown; 2]);
        assert_eq!(t.touched(), [1]);
        assert_eq!(t.added(1)[0].packets, 1);
        assert_eq!(t.added(0)[0].packets, 0);
    }

    #[test]
    fn eviction_takes_the_longest_idle_and_keeps_the_rest_findable() {
        let mut t = FlowTable::<()>::with_cap(64);
        for n in 0..64 {
            t.count(&step(n, 5, n as i64, None), || [Heading::Unknown; 2]);
        }
        assert!(t.is_full());
        t.note_vlan(60, &[7]);
        let mut gone = Vec::new();
        t.evict(|f, _, added, _| gone.push((f.last.0, added[0].packets)));
        assert_eq!(gone, (0..8).map(|n| (n, 1)).collect::<Vec<_>>());
        assert_eq!(t.vlans(52).collect::<Vec<_>>(), [7]);
        let (at, flow) = t.count(&step(60, 5, 100, None), || [Heading::Unknown; 2]);
        assert_eq!((at, flow.traffic[0].packets), (52, 2));
        assert_eq!(t.flows().len(), 56);
    }
}
