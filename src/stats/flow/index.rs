//! From the hash of a key to the number of its conversation.
//!
//! Open addressing with linear probing, at most half full, eight bytes a place: 32 bits of the hash and the number. Entries are only
//! added and changed; when conversations leave, the table is filled anew. Unlike a general hash table it can be asked which memory a
//! search will touch first, so that it is there when the search begins.

use crate::model::memory;

/// The number of no conversation.
pub(super) const NOWHERE: u32 = u32::MAX;

/// Places of the smallest table.
const LEAST: usize = 64;

#[derive(Debug, Clone, Copy)]
struct Slot {
    tag: u32,
    at: u32,
}

const EMPTY: Slot = Slot { tag: 0, at: NOWHERE };

/// The index of a table of conversations.
#[derive(Debug)]
pub(super) struct Index {
    slots: Vec<Slot>,
    len: usize,
}

impl Index {
    pub fn new() -> Self {
        Self { slots: vec![EMPTY; LEAST], len: 0 }
    }

    /// The place where a search begins; the tag is of the hash's other half.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        (hash >> 32) as usize & (self.slots.len() - 1)
    }

    /// Asks the memory for where a search begins.
    #[inline]
    pub fn bring_near(&self, hash: u64) {
        if let Some(slot) = self.slots.get(self.home(hash)) {
            memory::bring_near(slot);
        }
    }

    /// The first number under this hash that is `same`, and its place.
    #[inline]
    fn search(&self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Result<(usize, u32), usize> {
        let mut place = self.home(hash);
        loop {
            // Never full, so the search ends.
            match self.slots.get(place) {
                Some(slot) if slot.at != NOWHERE => {
                    if slot.tag == hash as u32 && same(slot.at) {
                        return Ok((place, slot.at));
                    }
                }
                _ => return Err(place),
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }

    /// The first number under this hash that is `same`; [`NOWHERE`] without any.
    #[inline]
    pub fn find(&self, hash: u64, same: impl FnMut(u32) -> bool) -> u32 {
        self.search(hash, same).map_or(NOWHERE, |(_, at)| at)
    }

    /// Adds a number under a hash. `rehash` tells the hash of any number that was added.
    pub fn insert(&mut self, hash: u64, at: u32, rehash: impl Fn(u32) -> u64) {
        if self.len >= self.slots.len() / 2 {
            let larger = vec![EMPTY; self.slots.len() * 2];
            for slot in std::mem::replace(&mut self.slots, larger) {
                if slot.at != NOWHERE {
                    self.place(rehash(slot.at), slot.at);
                }
            }
        }
        self.place(hash, at);
        self.len += 1;
    }

    fn place(&mut self, hash: u64, at: u32) {
        if let Err(place) = self.search(hash, |_| false)
            && let Some(slot) = self.slots.get_mut(place)
        {
            *slot = Slot { tag: hash as u32, at };
        }
    }

    /// Puts number `new` in the place of `old`.
    pub fn change(&mut self, hash: u64, old: u32, new: u32) {
        if let Ok((place, _)) = self.search(hash, |at| at == old)
            && let Some(slot) = self.slots.get_mut(place)
        {
            slot.at = new;
        }
    }

    /// Forgets everything; the memory stays.
    pub fn clear(&mut self) {
        self.slots.fill(EMPTY);
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_was_added_and_nothing_else(hashes in prop::collection::vec(0u64..300, 1..400)) {
            // Few different halves: places and tags collide all the time.
            let hash = |n: u64| ((n % 17) << 32) + n % 5;
            let mut index = Index::new();
            for (at, &n) in hashes.iter().enumerate() {
                index.insert(hash(n), at as u32, |at| hash(hashes[at as usize]));
            }
            for (at, &n) in hashes.iter().enumerate() {
                prop_assert_eq!(index.find(hash(n), |found| found == at as u32), at as u32);
            }
            prop_assert_eq!(index.find((3 << 32) + 9, |_| true), NOWHERE);
            index.change(hash(hashes[0]), 0, 1_000);
            prop_assert_eq!(index.find(hash(hashes[0]), |found| found == 1_000), 1_000);
            prop_assert_eq!(index.find(hash(hashes[0]), |found| found == 0), NOWHERE);
            index.clear();
            prop_assert_eq!(index.find(hash(hashes[0]), |_| true), NOWHERE);
        }
    }
}
