//! The packets seen last: an open-addressing table of buckets that fill one cache line, the oldest of a bucket makes room.

use super::digest::{Digest, Place};
use crate::model::limits::{COPY_BUCKETS, COPY_BUCKETS_AT_FIRST};

/// Lead of a packet that had none before it in its direction.
pub(super) const NO_LEAD: u8 = u8::MAX;

/// A packet that may come again.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Entry {
    /// What does not change between copies; 0 is an empty slot.
    pub key: u64,
    /// Time of the first sighting, nanoseconds.
    pub first: i64,
    /// Nanoseconds from the first sighting to the last.
    pub since: u32,
    /// TCP or UDP checksum.
    pub checksum: u16,
    /// Where the first sighting was.
    pub place: Place,
    /// Gap between the first sighting and the packet before it in the same direction of its conversation, as a gap code.
    pub lead: u8,
    /// Copies so far.
    pub copies: u8,
}

impl Entry {
    #[inline]
    fn is_within(&self, now: i64, window: i64) -> bool {
        now.abs_diff(self.first) <= window as u64
    }
}

#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Bucket([Entry; 2]);

#[derive(Debug)]
pub(super) struct Table {
    buckets: Vec<Bucket>,
    inserted: usize,
    crowded: usize,
    /// Entries that made room while still inside the window.
    pub displaced: u64,
}

impl Table {
    pub fn new() -> Self {
        Self { buckets: vec![Bucket::default(); COPY_BUCKETS_AT_FIRST], inserted: 0, crowded: 0, displaced: 0 }
    }

    #[inline]
    fn bucket(&mut self, key: u64) -> Option<&mut Bucket> {
        let mask = self.buckets.len() - 1;
        self.buckets.get_mut((key >> 32) as usize & mask)
    }

    /// The entry of a packet seen within `window` nanoseconds. Checksums must be equal or one of them `partial`: not yet filled in.
    #[inline]
    pub fn find(&mut self, digest: &Digest, now: i64, window: i64, partial: impl Fn() -> Option<u16>) -> Option<&mut Entry> {
        let Bucket(entries) = self.bucket(digest.key)?;
        entries.iter_mut().find(|e| {
            e.key == digest.key
                && e.is_within(now, window)
                && (e.checksum == digest.checksum || partial().is_some_and(|p| p == e.checksum || p == digest.checksum))
        })
    }

    /// Enters a first sighting.
    #[inline]
    pub fn insert(&mut self, entry: Entry, window: i64) {
        let Some(Bucket(entries)) = self.bucket(entry.key) else { return };
        let [a, b] = entries;
        let victim = if a.key == 0 || (b.key != 0 && a.first <= b.first) { a } else { b };
        let live = victim.key != 0 && victim.is_within(entry.first, window);
        *victim = entry;
        self.inserted += 1;
        if live {
            self.displaced += 1;
            self.crowded += 1;
        }
        if self.inserted >= 2 * self.buckets.len() {
            self.review();
        }
    }

    /// Doubles the table when more than one entry in 16 had to go early; light traffic keeps the small one, which stays in the cache.
    #[inline(never)]
    fn review(&mut self) {
        if self.crowded * 16 > self.inserted && self.buckets.len() < COPY_BUCKETS {
            let larger = vec![Bucket::default(); self.buckets.len() * 2];
            let old = std::mem::replace(&mut self.buckets, larger);
            for entry in old.iter().flat_map(|b| b.0).filter(|e| e.key != 0) {
                if let Some(Bucket(entries)) = self.bucket(entry.key)
                    && let Some(free) = entries.iter_mut().find(|e| e.key == 0)
                {
                    *free = entry;
                }
            }
        }
        self.inserted = 0;
        self.crowded = 0;
    }

    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        self.buckets.capacity() * size_of::<Bucket>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_a_cache_line() {
        assert_eq!((size_of::<Entry>(), size_of::<Bucket>(), align_of::<Bucket>()), (32, 64, 64));
        assert!(COPY_BUCKETS.is_power_of_two() && COPY_BUCKETS_AT_FIRST.is_power_of_two());
    }
}
