//! What is remembered of conversations to tell copies from legal repetition.

use super::counts::JUDGED_PACKETS;
use crate::model::limits::{COPY_FLOWS, COPY_FLOWS_AT_FIRST, COPY_FLOWS_EVERY_PACKET};
use crate::model::memory;
use crate::model::time::MILLISECOND;

/// Steps of a gap code in a factor of four.
pub(super) const FOUR: u8 = 16;
/// Steps of a gap code in a factor of eight: gaps within a factor of eight of the centre are similar.
pub(super) const EIGHT: u8 = 24;
/// Similar gaps that make a pattern.
const ENOUGH: u8 = 4;
/// The score does not grow beyond this, so that a pattern that ended is forgotten as quickly as it was learned.
const MOST: u8 = 16;

/// Unit in which a conversation keeps the time of its last copy, nanoseconds.
const TICK: i64 = MILLISECOND;
/// Packets in a row without a copy, and units of time without one, after which copies have ended.
const QUIET: u8 = 16;
const ENDED: u32 = 1000;

/// Whether copies come at a steady, short gap, and how many packets have one. The counts halve when one is full: it follows changes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pattern {
    firsts: u8,
    copies: u8,
    centre: u8,
    score: u8,
}

impl Pattern {
    fn halve(&mut self) {
        self.firsts /= 2;
        self.copies /= 2;
    }

    /// A packet that is no copy.
    #[inline]
    pub fn first(&mut self) {
        if self.firsts == u8::MAX {
            self.halve();
        }
        self.firsts += 1;
    }

    /// A copy, or what looks like one.
    pub fn copy(&mut self, gap: u8) {
        if self.copies == u8::MAX {
            self.halve();
        }
        self.copies += 1;
        if self.score == 0 {
            (self.score, self.centre) = (1, gap);
        } else if self.centre.abs_diff(gap) <= EIGHT {
            self.score = (self.score + 1).min(MOST);
            self.centre = ((u16::from(self.centre) * 3 + u16::from(gap) + 2) / 4) as u8;
        } else {
            self.score -= 1;
        }
    }

    /// Whether copies at about this gap are known, one at least.
    pub fn knows(&self, gap: u8) -> bool {
        self.score > 0 && self.centre.abs_diff(gap) <= EIGHT
    }

    /// Whether copies are more than a fifth of all packets, at whatever gaps.
    pub fn is_copied(&self) -> bool {
        u16::from(self.copies) * 4 > u16::from(self.firsts)
    }

    /// Whether copies at about this gap are known and still come: they are more than a fifth of all packets.
    pub fn holds(&self, gap: u8) -> bool {
        self.is_copied() && self.knows(gap)
    }

    /// Whether copies at about this gap are the rule: several, and more than a fifth of all packets.
    pub fn stands(&self, gap: u8) -> bool {
        self.score >= ENOUGH && self.holds(gap)
    }
}

/// A conversation; no two cache lines hold one.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
pub(super) struct Flow {
    tag: u32,
    payload: u32,
    copies: u32,
    /// When the last copy came, in units of [`TICK`].
    copied: u32,
    /// Packets with payload since then that were none.
    quiet: u8,
    /// Its copies.
    pattern: Pattern,
    /// Whether each direction's IPv4 identifications are known to differ between packets.
    pub varies: [bool; 2],
    /// Whether each direction's identification came a third time with the same packet: it says nothing.
    pub constant: [bool; 2],
    /// One of its packets was surely copied: more than the repetition itself told.
    pub proven: bool,
    /// The same of a packet to one station: frames to a group come twice by flooding.
    pub proven_unicast: bool,
    /// Where the first sightings of each direction's packets with payload came from, four bits each: 0 for none, [`SEVERAL`] for more than one place.
    ways: u8,
    /// The IPv4 identification of each direction's latest packet with payload; 0 where there is none.
    ids: [u16; 2],
}

/// Packets of one direction came from several places.
const SEVERAL: u8 = 15;

impl Flow {
    /// Counts a packet with payload.
    #[inline]
    pub fn count(&mut self, copy: bool) {
        self.payload = self.payload.saturating_add(1);
        self.copies = self.copies.saturating_add(u32::from(copy));
    }

    /// Notes the identification of a packet with payload.
    #[inline]
    pub fn note_id(&mut self, way: u8, id: u16) {
        self.ids[usize::from(way & 1)] = id;
    }

    /// Notes where a packet with payload was seen first, by a hash of it.
    #[inline]
    pub fn note_place(&mut self, way: u8, via: u8) {
        let shift = (way & 1) * 4;
        let (place, known) = (1 + via % 14, self.ways >> shift & 15);
        let now = if known == 0 || known == place { place } else { SEVERAL };
        self.ways = self.ways & !(15 << shift) | now << shift;
    }

    /// Whether packets of a direction come from several places, each from one: a part of them lies in a tunnel. Then a sender's repetition may come
    /// from another place than what it repeats; of who only acknowledges, no packet tells of that.
    pub fn is_divided(&self) -> bool {
        let is_several = |shift: u8| self.ways >> shift & 15 == SEVERAL;
        (is_several(0) || is_several(4)) && !self.pattern.is_copied()
    }

    /// Whether that sender gave a packet with payload another identification.
    pub fn has_other_id(&self, way: u8, id: u16) -> bool {
        let known = self.ids[usize::from(way & 1)];
        id != 0 && known != 0 && known != id
    }

    /// Notes a packet that is no copy.
    #[inline]
    pub fn first(&mut self) {
        self.quiet = self.quiet.saturating_add(1);
        self.pattern.first();
    }

    /// Notes a copy, or what looks like one, at `now` nanoseconds.
    pub fn copy(&mut self, gap: u8, now: i64) {
        (self.quiet, self.copied) = (0, (now / TICK) as u32);
        self.pattern.copy(gap);
    }

    /// Its pattern, if copies still come. They have ended when none came for a second and of a number of packets: of a slow conversation
    /// the next may be long in coming, and of a fast one many packets pass before theirs do.
    pub fn pattern(&self, now: i64) -> Pattern {
        let age = ((now / TICK) as u32).wrapping_sub(self.copied);
        if self.quiet >= QUIET && age >= ENDED { Pattern::default() } else { self.pattern }
    }

    /// Its pattern, whenever it was learnt.
    pub fn taught(&self) -> Pattern {
        self.pattern
    }

    /// (1, 1) for one whose packets were copied, (1, 0) if not, (0, 0) with too few packets to tell.
    fn judge(&self) -> (u64, u64) {
        let judged = self.payload.saturating_sub(self.copies) >= JUDGED_PACKETS;
        let copied = judged && u64::from(self.copies) * 5 > u64::from(self.payload);
        (u64::from(judged), u64::from(copied))
    }
}

#[derive(Debug)]
pub(super) struct Flows {
    slots: Vec<Flow>,
    taken: usize,
    judged: (u64, u64),
    /// Conversations that were forgotten, of which a packet was surely copied.
    proven: u64,
}

impl Flows {
    pub fn new() -> Self {
        Self { slots: vec![Flow::default(); COPY_FLOWS_AT_FIRST], taken: 0, judged: (0, 0), proven: 0 }
    }

    /// Whether a packet with this key is one of those that are noted.
    #[inline]
    pub fn notes(&self, key: u64) -> bool {
        key >> 61 == 0 || self.slots.len() <= COPY_FLOWS_EVERY_PACKET
    }

    /// Asks the memory for a conversation.
    #[inline]
    pub fn prefetch(&self, tag: u32) {
        if let Some(flow) = self.slots.get(tag.max(1) as usize & (self.slots.len() - 1)) {
            memory::prefetch(flow);
        }
    }

    /// The conversation with this tag, a new one in the place of another if need be.
    #[inline]
    pub fn get(&mut self, tag: u32) -> Option<&mut Flow> {
        let tag = tag.max(1);
        let mask = self.slots.len() - 1;
        if self.slots.get(tag as usize & mask)?.tag != tag {
            self.replace(tag);
        }
        let mask = self.slots.len() - 1;
        self.slots.get_mut(tag as usize & mask)
    }

    #[inline(never)]
    fn replace(&mut self, tag: u32) {
        // As many replacements as there are places: the table is too small for what is going on.
        if self.taken >= self.slots.len() && self.slots.len() < COPY_FLOWS {
            self.taken = 0;
            let larger = vec![Flow::default(); self.slots.len() * 2];
            let old = std::mem::replace(&mut self.slots, larger);
            let mask = self.slots.len() - 1;
            for flow in old.into_iter().filter(|f| f.tag != 0) {
                if let Some(slot) = self.slots.get_mut(flow.tag as usize & mask) {
                    *slot = flow;
                }
            }
        }
        let mask = self.slots.len() - 1;
        let Some(slot) = self.slots.get_mut(tag as usize & mask) else { return };
        if slot.tag != tag {
            let (flows, copied) = slot.judge();
            self.judged = (self.judged.0 + flows, self.judged.1 + copied);
            self.proven += u64::from(slot.proven_unicast);
            *slot = Flow { tag, ..Flow::default() };
            self.taken += 1;
        }
    }

    /// Conversations with enough packets to tell, and those of them that were copied.
    pub fn judged(&self) -> (u64, u64) {
        self.slots.iter().map(Flow::judge).fold(self.judged, |sum, f| (sum.0 + f.0, sum.1 + f.1))
    }

    /// Conversations of which a packet was surely copied, however few of theirs were; one that was forgotten in between counts again.
    pub fn proven(&self) -> u64 {
        self.slots.iter().fold(self.proven, |sum, flow| sum + u64::from(flow.proven_unicast))
    }

    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Flow>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_as_counted() {
        assert!(size_of::<Flow>() <= 32);
    }

    #[test]
    fn scattered_gaps_make_no_pattern() {
        let mut p = Pattern::default();
        for gap in [0, 60, 0, 60, 0, 60, 120, 0, 60] {
            p.copy(gap);
        }
        assert!(!p.stands(0) && !p.stands(60), "{p:?}");
        let mut steady = Pattern::default();
        (0..4).for_each(|_| steady.copy(40));
        assert!(steady.stands(40) && steady.stands(60) && !steady.stands(70));
        (0..250).for_each(|_| steady.first());
        assert!(!steady.stands(40), "four in 250 packets are not the rule");
        assert!(steady.knows(40));
    }
}
