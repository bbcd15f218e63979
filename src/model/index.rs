//! From the hash of a key to the number of what has it.
//!
//! Open addressing with linear probing, at most half full, eight bytes a place: 32 bits of the hash and the number. Entries are only
//! added and changed; where things leave, the table is filled anew. Unlike a general hash table it can be asked which memory a search
//! will touch first, so that it is there when the search begins; and it grows without a look at what is numbered.

use super::memory;

/// The number of nothing.
pub const NONE: u32 = u32::MAX;

/// Places of the smallest table.
const LEAST: usize = 64;

#[derive(Debug, Clone, Copy)]
struct Slot {
    tag: u32,
    at: u32,
}

const EMPTY: Slot = Slot { tag: 0, at: NONE };

/// The index of a table.
#[derive(Debug)]
pub struct Index {
    slots: Vec<Slot>,
    len: usize,
}

impl Default for Index {
    fn default() -> Self {
        Self { slots: vec![EMPTY; LEAST], len: 0 }
    }
}

/// The half of a hash that counts.
#[inline]
fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

impl Index {
    /// The place where a search for a tag begins.
    #[inline]
    fn home(&self, tag: u32) -> usize {
        tag as usize & (self.slots.len() - 1)
    }

    /// Asks the memory for where a search begins.
    #[inline]
    pub fn prefetch(&self, hash: u64) {
        if let Some(slot) = self.slots.get(self.home(tag(hash))) {
            memory::prefetch(slot);
        }
    }

    /// The first number under this tag that is `same`, and its place; where a new one belongs without any.
    #[inline]
    fn search(&self, tag: u32, mut same: impl FnMut(u32) -> bool) -> Result<(usize, u32), usize> {
        let mut place = self.home(tag);
        loop {
            // Never full, so the search ends.
            match self.slots.get(place) {
                Some(slot) if slot.at != NONE => {
                    if slot.tag == tag && same(slot.at) {
                        return Ok((place, slot.at));
                    }
                }
                _ => return Err(place),
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }

    /// The first number under this hash that is `same`; [`NONE`] without any.
    #[inline]
    pub fn find(&self, hash: u64, same: impl FnMut(u32) -> bool) -> u32 {
        self.search(tag(hash), same).map_or(NONE, |(_, at)| at)
    }

    /// Adds a number under a hash.
    pub fn insert(&mut self, hash: u64, at: u32) {
        if self.len >= self.slots.len() / 2 {
            let larger = vec![EMPTY; self.slots.len() * 2];
            for slot in std::mem::replace(&mut self.slots, larger) {
                if slot.at != NONE {
                    self.place(slot);
                }
            }
        }
        self.place(Slot { tag: tag(hash), at });
        self.len += 1;
    }

    fn place(&mut self, entry: Slot) {
        if let Err(place) = self.search(entry.tag, |_| false)
            && let Some(slot) = self.slots.get_mut(place)
        {
            *slot = entry;
        }
    }

    /// Puts number `new` in the place of `old`.
    pub fn change(&mut self, hash: u64, old: u32, new: u32) {
        if let Ok((place, _)) = self.search(tag(hash), |at| at == old)
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
            // Few different ones: places and tags collide all the time.
            let hash = |n: u64| ((n % 17 + n % 5 * 64) << 32) + n;
            let mut index = Index::default();
            for (at, &n) in hashes.iter().enumerate() {
                index.insert(hash(n), at as u32);
            }
            for (at, &n) in hashes.iter().enumerate() {
                prop_assert_eq!(index.find(hash(n), |found| found == at as u32), at as u32);
            }
            prop_assert_eq!(index.find(500 << 32, |_| true), NONE);
            index.change(hash(hashes[0]), 0, 1_000);
            prop_assert_eq!(index.find(hash(hashes[0]), |found| found == 1_000), 1_000);
            prop_assert_eq!(index.find(hash(hashes[0]), |found| found == 0), NONE);
            index.clear();
            prop_assert_eq!(index.find(hash(hashes[0]), |_| true), NONE);
        }
    }
}
