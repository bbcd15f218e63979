//! The segments of each direction that were not acknowledged so far, oldest first.
//!
//! Almost always they stand in the order of their numbers: then an acknowledgement takes some from the front and no other is looked at. Where
//! segments came again or out of order the whole list is gone through until it is in order again.

use crate::model::CapScale;
use crate::model::Timestamp;
use crate::model::limits::{UNACKED_PER_FLOW, UNACKED_PER_SHARD};
use crate::model::memory;
use crate::model::tcp::before;

/// Segments among which one that is sent again is looked for.
const LOOKED_THROUGH: usize = 256;

/// A segment that was not acknowledged, or a part of it.
#[derive(Debug, Clone, Copy)]
struct Unacked {
    sequence: u32,
    end: u32,
    time: Timestamp,
}

/// One direction's: a cache line, for as many as most directions have in flight.
#[derive(Debug, Clone)]
#[repr(align(64))]
struct List {
    /// The oldest ones.
    oldest: [Unacked; FEW],
    /// Those behind them: a ring of none or a power of two, touched only where one is put there or taken from it.
    ring: Box<[Unacked]>,
    /// Where in the ring they begin.
    head: u16,
    /// How many there are in the ring.
    behind: u16,
    /// Where the last of all ends.
    last_end: u32,
    /// How many there are of the oldest.
    few: u8,
    /// A segment begins before the one in front of it ends.
    mixed: bool,
}

/// Segments that need no room beside the list.
const FEW: usize = 2;

/// Segments that the first ring has room for.
const FIRST_RING: usize = 4;

const _: () = assert!(size_of::<List>() == 64 && UNACKED_PER_FLOW <= 1 << 15);

impl Unacked {
    const NONE: Unacked = Unacked { sequence: 0, end: 0, time: Timestamp(0) };
}

impl List {
    fn empty() -> List {
        List { oldest: [Unacked::NONE; FEW], ring: Box::default(), head: 0, behind: 0, last_end: 0, few: 0, mixed: false }
    }

    fn len(&self) -> usize {
        usize::from(self.few) + usize::from(self.behind)
    }

    fn oldest(&self) -> &[Unacked] {
        self.oldest.get(..usize::from(self.few)).unwrap_or_default()
    }

    /// The place in the ring of the `n`th there.
    fn place(&self, n: u16) -> usize {
        usize::from(self.head.wrapping_add(n)) & self.ring.len().wrapping_sub(1)
    }

    fn iter(&self) -> impl Iterator<Item = &Unacked> {
        self.oldest().iter().chain((0..self.behind).filter_map(|n| self.ring.get(self.place(n))))
    }

    #[inline(always)]
    fn push_back(&mut self, segment: Unacked) {
        self.last_end = segment.end;
        match self.oldest.get_mut(usize::from(self.few)) {
            Some(place) => {
                *place = segment;
                self.few += 1;
            }
            None => {
                if usize::from(self.behind) == self.ring.len() {
                    self.resize((self.ring.len() * 2).max(FIRST_RING));
                }
                let at = self.place(self.behind);
                if let Some(place) = self.ring.get_mut(at) {
                    *place = segment;
                    self.behind += 1;
                }
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn resize(&mut self, room: usize) {
        let mut ring = Vec::with_capacity(room);
        ring.extend((0..self.behind).filter_map(|n| self.ring.get(self.place(n)).copied()));
        ring.resize(room, Unacked::NONE);
        (self.ring, self.head) = (ring.into_boxed_slice(), 0);
    }

    #[inline(always)]
    fn pop_front(&mut self) {
        // Two loads and two stores: a rotation in memory waits for itself.
        let [front, second] = &mut self.oldest;
        *front = *second;
        self.few = self.few.saturating_sub(1);
        self.refill();
    }

    /// Those behind move up.
    #[inline(always)]
    fn refill(&mut self) {
        while self.behind > 0
            && let Some(place) = self.oldest.get_mut(usize::from(self.few))
        {
            let at = usize::from(self.head) & self.ring.len().wrapping_sub(1);
            *place = self.ring.get(at).copied().unwrap_or(Unacked::NONE);
            self.few += 1;
            (self.head, self.behind) = (at as u16 + 1, self.behind - 1);
        }
    }

    fn retain(&mut self, mut keeps: impl FnMut(&mut Unacked) -> bool) {
        let mut kept = 0;
        for at in 0..usize::from(self.few) {
            let Some(mut segment) = self.oldest.get(at).copied() else { break };
            if keeps(&mut segment)
                && let Some(place) = self.oldest.get_mut(kept)
            {
                *place = segment;
                kept += 1;
                self.last_end = segment.end;
            }
        }
        self.few = kept as u8;
        let mut kept = 0;
        for n in 0..self.behind {
            let Some(mut segment) = self.ring.get(self.place(n)).copied() else { break };
            if keeps(&mut segment) {
                let at = self.place(kept);
                if let Some(place) = self.ring.get_mut(at) {
                    *place = segment;
                }
                kept += 1;
                self.last_end = segment.end;
            }
        }
        self.behind = kept;
        self.refill();
    }
}

/// An acknowledgement met the end of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Met {
    /// When the oldest of them came.
    pub(super) time: Timestamp,
    /// Nothing that was acknowledged had been sent twice or out of order.
    pub(super) clean: bool,
    /// Two segments or more were acknowledged.
    pub(super) several: bool,
}

/// Bytes of a segment that is alone in its list, with the list.
#[cfg(test)]
pub(super) const ALONE: usize = size_of::<List>();

/// All lists of a shard, by handles from 1. A list that becomes empty is given back.
#[derive(Debug, Default)]
pub(super) struct Lists {
    caps: CapScale,
    lists: Vec<List>,
    free: Vec<u32>,
    /// Segments in all lists.
    total: usize,
    /// Segments that found no room.
    pub(super) left_out: u64,
}

impl Lists {
    /// None; as many segments as `caps` allow.
    pub(super) fn within(caps: CapScale) -> Self {
        Self { caps, ..Self::default() }
    }

    fn get(&self, handle: u32) -> Option<&List> {
        self.lists.get(handle.checked_sub(1)? as usize)
    }

    fn get_mut(&mut self, handle: u32) -> Option<&mut List> {
        self.lists.get_mut(handle.checked_sub(1)? as usize)
    }

    /// Asks the memory for a list, or for those that are taken next where there is none yet.
    #[inline(always)]
    pub(super) fn prefetch(&self, handle: u32) {
        match self.get(handle) {
            Some(list) => memory::prefetch(list),
            None => self.free.iter().rev().take(2).filter_map(|&next| self.get(next)).for_each(memory::prefetch),
        }
    }

    /// Asks the memory for the ring of a list that is near: where the next segment is put, and where the next is taken from.
    #[inline(always)]
    pub(super) fn prefetch_ring(&self, handle: u32) {
        let Some(list) = self.get(handle) else { return };
        for n in [0, list.behind] {
            list.ring.get(list.place(n)).into_iter().for_each(memory::prefetch);
        }
    }

    /// Whether a direction's list takes no more, as Wireshark's does not.
    pub(super) fn is_full(&self, handle: u32) -> bool {
        self.get(handle).is_some_and(|list| list.len() >= UNACKED_PER_FLOW)
    }

    /// When the oldest segment came.
    pub(super) fn oldest(&self, handle: u32) -> Option<Timestamp> {
        self.get(handle)?.oldest().first().map(|s| s.time)
    }

    /// When the first segment came that begins at a number, among the oldest ones.
    pub(super) fn first_of(&self, handle: u32, sequence: u32) -> Option<Timestamp> {
        self.get(handle)?.iter().take(LOOKED_THROUGH).find(|s| s.sequence == sequence).map(|s| s.time)
    }

    /// Adds a segment of at least one number.
    pub(super) fn push(&mut self, handle: &mut u32, sequence: u32, end: u32, time: Timestamp) {
        if self.total >= self.caps.of(UNACKED_PER_SHARD) {
            self.left_out += 1;
            return;
        }
        if *handle == 0 {
            *handle = self.free.pop().unwrap_or_else(|| {
                self.lists.push(List::empty());
                self.lists.len() as u32
            });
        }
        let Some(list) = self.lists.get_mut((*handle as usize).wrapping_sub(1)) else { return };
        if let Some(first) = list.oldest().first() {
            // Numbers of a list in order are compared with the first: they have to lie on the same half of the circle.
            list.mixed |= before(sequence, list.last_end) || end.wrapping_sub(first.sequence) > IN_ORDER;
        }
        list.push_back(Unacked { sequence, end, time });
        self.total += 1;
    }

    /// Takes out what an acknowledgement covers, and shortens what it covers in part.
    #[inline]
    pub(super) fn acknowledge(&mut self, handle: &mut u32, ack: u32) -> Option<Met> {
        if *handle == 0 {
            return None;
        }
        let list = self.lists.get_mut((*handle as usize).wrapping_sub(1))?;
        let length = list.len();
        let met = if list.mixed { list.go_through(ack) } else { list.take_from_front(ack) };
        let taken = length.saturating_sub(list.len());
        let met = met.map(|met| Met { several: taken > 1, ..met });
        self.total = self.total.saturating_sub(taken);
        if list.few == 0 {
            list.mixed = false;
            // The list given back last is the next to be used; room is kept in few.
            let most = if self.free.len() < KEPT_LISTS { KEPT } else { 0 };
            if list.ring.len() > most {
                list.ring = Box::default();
            }
            self.free.push(*handle);
            *handle = 0;
        } else if list.ring.len() > FIRST_RING && usize::from(list.behind) < list.ring.len() / 4 {
            list.resize(list.ring.len() / 2);
        }
        met
    }

    /// From the lowest number to the highest end of a direction's list, both counted from `base`.
    pub(super) fn span(&self, handle: u32, base: u32) -> Option<u32> {
        let list = self.get(handle)?;
        let first = list.oldest().first()?;
        let from_base = |number: u32| number.wrapping_sub(base);
        let (mut low, mut high) = (from_base(first.sequence), from_base(list.last_end));
        if list.mixed || high < low {
            for segment in list.iter() {
                (low, high) = (low.min(from_base(segment.sequence)), high.max(from_base(segment.end)));
            }
        }
        Some(high.wrapping_sub(low))
    }

    /// Gives a list back.
    pub(super) fn release(&mut self, handle: u32) {
        if let Some(list) = self.get_mut(handle) {
            let length = list.len();
            *list = List::empty();
            self.total = self.total.saturating_sub(length);
            self.free.push(handle);
        }
    }
}

/// Room that some empty lists keep for their next segments.
const KEPT: usize = 64;

/// How many of them.
const KEPT_LISTS: usize = 64;

/// How far a list in order may reach.
const IN_ORDER: u32 = 1 << 30;

impl List {
    /// The list stands in order: what is acknowledged is in front.
    fn take_from_front(&mut self, ack: u32) -> Option<Met> {
        let mut met = None;
        while self.few > 0
            && let [front, ..] = &mut self.oldest
        {
            if front.end == ack {
                met = met.or(Some(Met { time: front.time, clean: true, several: false }));
            } else if before(ack, front.end) {
                if before(front.sequence, ack) {
                    front.sequence = ack;
                }
                // Half the circle away: before some and behind others.
                if !before(ack, self.last_end) {
                    return met.or(self.go_through(ack));
                }
                break;
            }
            self.pop_front();
        }
        met
    }

    fn go_through(&mut self, ack: u32) -> Option<Met> {
        let (mut met, mut clean) = (None, true);
        let (mut taken, mut kept): (Option<u32>, Option<u32>) = (None, None);
        let mut mixed = false;
        self.retain(|segment| {
            if segment.end != ack && before(ack, segment.end) {
                // What the front of was sent twice says nothing either.
                if before(segment.sequence, ack) {
                    segment.sequence = ack;
                }
                mixed |= kept.is_some_and(|end| before(segment.sequence, end));
                kept = Some(segment.end);
                return true;
            }
            if segment.end == ack && met.is_none() {
                met = Some(segment.time);
            }
            clean &= taken.is_none_or(|end| !before(segment.sequence, end));
            taken = Some(taken.map_or(segment.end, |end| if before(end, segment.end) { segment.end } else { end }));
            false
        });
        self.mixed = mixed;
        met.map(|time| Met { time, clean, several: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(segments: &[(u32, u32, i64)]) -> (Lists, u32) {
        let (mut lists, mut handle) = (Lists::default(), 0);
        segments.iter().for_each(|&(from, to, time)| lists.push(&mut handle, from, to, Timestamp(time)));
        (lists, handle)
    }

    fn met(time: i64, clean: bool, several: bool) -> Option<Met> {
        Some(Met { time: Timestamp(time), clean, several })
    }

    #[test]
    fn acknowledgements_take_from_the_front() {
        let (mut lists, mut at) = lists(&[(u32::MAX - 9, 0, 1), (0, 10, 2), (10, 20, 3), (20, 30, 4)]);
        assert_eq!(lists.span(at, u32::MAX - 9), Some(40));
        assert_eq!(lists.acknowledge(&mut at, 10), met(2, true, true));
        assert_eq!(lists.acknowledge(&mut at, 15), None, "in part");
        assert_eq!((lists.span(at, u32::MAX - 9), lists.oldest(at)), (Some(15), Some(Timestamp(3))));
        assert_eq!(lists.acknowledge(&mut at, 30), met(4, true, true));
        assert_eq!((at, lists.total, lists.free.len()), (0, 0, 1));
    }

    #[test]
    fn of_copies_the_oldest_counts_and_is_not_clean() {
        let (mut lists, mut at) = lists(&[(0, 10, 1), (10, 20, 2), (0, 10, 3), (20, 30, 4)]);
        assert_eq!(lists.acknowledge(&mut at, 10), met(1, false, true));
        assert_eq!(lists.acknowledge(&mut at, 20), met(2, true, false), "in order again");
        assert_eq!(lists.acknowledge(&mut at, 20), None);
        assert_eq!((lists.span(at, 0), lists.total), (Some(10), 1));
        lists.release(at);
        assert_eq!(lists.total, 0);
    }
}
