//! The packets seen last: a ring in order of arrival, and a small index that finds a packet in it by its key.
//!
//! The index (eight bytes a packet) is what a new packet's look-up touches; the ring is written one after the other and read only where the
//! index says that a packet may have come again. A full ring forgets the oldest.

use super::fingerprint::Fingerprint;
use crate::model::CapScale;
use crate::model::limits::{COPY_PACKETS, COPY_PACKETS_AT_FIRST};
use crate::model::memory;

/// Packets for each index bucket when the ring is full: half the eight places of a bucket, so that a ring's oldest are rarely pushed out of it.
const LOAD: usize = 4;
/// How far ahead of the next packet's place the ring is brought near.
const AHEAD: usize = 2;
/// Nanoseconds of the unit in which an entry keeps the time to its last sighting.
const SINCE: i64 = 256;

/// A packet that may come again; no two cache lines hold one.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
pub(super) struct Entry {
    /// Of the first sighting; a key of 0 is an empty place. Its state has above what is the packet's: excess (1 bit), copies (6), time
    /// from the first sighting to the last (21).
    pub print: Fingerprint,
    /// Time of the first sighting, nanoseconds.
    pub first: i64,
}

impl Entry {
    #[inline]
    fn is_within(&self, now: i64, window: i64) -> bool {
        now.abs_diff(self.first) <= window as u64
    }

    /// Time of the last sighting.
    pub fn last(&self) -> i64 {
        self.first.saturating_add((self.print.state >> 43) as i64 * SINCE)
    }

    /// Copies so far, at most [`MOST_COPIES`].
    pub fn copies(&self) -> u8 {
        (self.print.state >> 37) as u8 & MOST_COPIES
    }

    /// Notes a copy.
    pub fn copied(&mut self, now: i64) {
        let since = (now.saturating_sub(self.first) / SINCE).clamp(0, 0x1f_ffff) as u64;
        let copies = u64::from((self.copies() + 1).min(MOST_COPIES));
        self.print.state = since << 43 | copies << 37 | self.print.state & 0x1f_ffff_ffff;
    }

    /// Whether it came more often than a mirror makes copies.
    pub fn is_excess(&self) -> bool {
        self.print.state & EXCESS != 0
    }

    /// The same, come more often than a mirror makes copies.
    pub fn excess(mut self) -> Self {
        self.print.state |= EXCESS;
        self
    }
}

/// Copies of a packet are counted up to this many: a switch with 48 ports, each mirrored as it sends and receives, makes fewer of a
/// flooded frame.
pub(super) const MOST_COPIES: u8 = 63;

/// The bit of an entry's state that says that it came more often than a mirror makes copies.
const EXCESS: u64 = 1 << 36;

/// The last packets with some key bits, 16 bits each, the newest lowest. Since packets are entered in order of arrival the highest is the
/// oldest.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
struct Bucket {
    tags: u128,
    places: u128,
}

/// One in each 16 bits.
const ONES: u128 = u128::MAX / 0xffff;

impl Bucket {
    #[inline]
    fn push(&mut self, tag: u16, place: u16) {
        self.tags = self.tags << 16 | u128::from(tag);
        self.places = self.places << 16 | u128::from(place);
    }

    /// The highest bit of each 16 that may be equal to the tag: all that are, rarely one more behind it.
    #[inline]
    fn hits(&self, tag: u16) -> u128 {
        let same = u64::from(tag) * (ONES as u64);
        let other = self.tags ^ (u128::from(same) << 64 | u128::from(same));
        other.wrapping_sub(ONES) & !other & (ONES << 15)
    }

    /// The place that belongs to a hit.
    fn place(&self, hits: u128) -> usize {
        usize::from((self.places >> (hits.trailing_zeros() & 0x70)) as u16)
    }
}

#[derive(Debug)]
pub(super) struct CopyTable {
    ring: Vec<Entry>,
    index: Vec<Bucket>,
    /// Where the next packet goes.
    head: usize,
    crowded: usize,
    /// Packets it may grow to.
    most: usize,
    /// Packets forgotten while still inside the window.
    pub displaced: u64,
}

impl CopyTable {
    /// None remembered. As many may be as `caps` allow, but a quarter at least: with fewer the copies of a busy port would not be found.
    pub fn within(caps: CapScale) -> Self {
        let most = caps.of(COPY_PACKETS).max(COPY_PACKETS / 4);
        Self::of(COPY_PACKETS_AT_FIRST, 1 << most.ilog2())
    }

    fn of(capacity: usize, most: usize) -> Self {
        let index = vec![Bucket::default(); (capacity / LOAD).max(1)];
        Self { ring: vec![Entry::default(); capacity], index, head: 0, crowded: 0, most, displaced: 0 }
    }

    #[inline]
    fn bucket(&self, key: u64) -> usize {
        (key >> 16) as usize & (self.index.len() - 1)
    }

    /// Asks the memory for what a look-up of this key, and an entry after it, touch.
    #[inline]
    pub fn prefetch(&self, key: u64) {
        if let Some(bucket) = self.index.get(self.bucket(key)) {
            memory::prefetch(bucket);
        }
        if let Some(place) = self.ring.get((self.head + AHEAD) & (self.ring.len() - 1)) {
            memory::prefetch(place);
        }
    }

    /// Vantage of a packet seen within `window` nanoseconds. Checksums must be equal or one of them `partial`: not yet filled in.
    #[inline]
    pub fn find(&self, print: &Fingerprint, now: i64, window: i64, partial: impl Fn() -> Option<u16>) -> Option<usize> {
        let bucket = self.index.get(self.bucket(print.key))?;
        let tag = print.key as u16;
        let hits = bucket.hits(tag);
        if hits == 0 { None } else { self.inspect(bucket, hits, print, now, window, partial) }
    }

    #[inline(never)]
    fn inspect(
        &self,
        bucket: &Bucket,
        mut hits: u128,
        print: &Fingerprint,
        now: i64,
        window: i64,
        partial: impl Fn() -> Option<u16>,
    ) -> Option<usize> {
        while hits != 0 {
            let at = bucket.place(hits);
            hits &= hits - 1;
            let same = |e: &&Entry| e.print.key == print.key && e.is_within(now, window);
            let filled = |e: &Entry| {
                e.print.checksum() == print.checksum() || partial().is_some_and(|p| p == e.print.checksum() || p == print.checksum())
            };
            if self.ring.get(at).filter(same).is_some_and(filled) {
                return Some(at);
            }
        }
        None
    }

    /// The sightings with this key within `window` nanoseconds, and their places, the last first.
    pub fn sightings(&self, key: u64, now: i64, window: i64) -> impl Iterator<Item = (usize, &Entry)> {
        let bucket = self.index.get(self.bucket(key)).copied().unwrap_or_default();
        let mut hits = bucket.hits(key as u16);
        let places = std::iter::from_fn(move || {
            let at = (hits != 0).then(|| bucket.place(hits))?;
            hits &= hits - 1;
            Some(at)
        });
        let entries = places.filter_map(|at| self.ring.get(at).map(|entry| (at, entry)));
        entries.filter(move |(_, e)| e.print.key == key && e.is_within(now, window))
    }

    /// The packet at a place.
    pub fn get_mut(&mut self, at: usize) -> Option<&mut Entry> {
        self.ring.get_mut(at)
    }

    /// Whether packets were forgotten.
    pub fn is_full(&self) -> bool {
        self.ring.get(self.head).is_some_and(|e| e.print.key != 0)
    }

    /// The packets before the one at a place, the last first.
    pub fn before(&self, at: usize) -> impl Iterator<Item = &Entry> {
        let mask = self.ring.len() - 1;
        let until_head = at.wrapping_sub(self.head) & mask;
        (1..=until_head).map_while(move |back| self.ring.get(at.wrapping_sub(back) & mask)).take_while(|e| e.print.key != 0)
    }

    /// The newest packets, the last first.
    pub fn newest(&self) -> impl Iterator<Item = &Entry> {
        let mask = self.ring.len() - 1;
        (1..=mask).map_while(move |back| self.ring.get(self.head.wrapping_sub(back) & mask)).take_while(|e| e.print.key != 0)
    }

    /// Enters a packet.
    #[inline]
    pub fn push(&mut self, entry: Entry, window: i64) {
        let bucket = self.bucket(entry.print.key);
        let (Some(place), Some(bucket)) = (self.ring.get_mut(self.head), self.index.get_mut(bucket)) else { return };
        let live = place.print.key != 0 && place.is_within(entry.first, window);
        *place = entry;
        bucket.push(entry.print.key as u16, self.head as u16);
        self.head = (self.head + 1) & (self.ring.len() - 1);
        if live {
            self.crowd();
        }
    }

    /// Doubles the ring when more than one packet in 16 was forgotten early; light traffic keeps a small one, which stays in the cache.
    #[inline(never)]
    fn crowd(&mut self) {
        self.crowded += 1;
        self.displaced += 1;
        if self.crowded * 16 <= self.ring.len() || self.ring.len() >= self.most {
            return;
        }
        self.rebuild(self.ring.len() * 2);
    }

    /// Makes the ring smaller where less is to be remembered: what passed within the last `window` nanoseconds takes a quarter of it.
    pub fn shrink(&mut self, window: i64) {
        let Some(now) = self.newest().next().map(|e| e.first) else { return };
        let kept = self.newest().take_while(|e| e.is_within(now, window)).count();
        let capacity = (4 * kept).next_power_of_two().max(COPY_PACKETS_AT_FIRST);
        if capacity < self.ring.len() {
            self.rebuild(capacity);
        }
    }

    fn rebuild(&mut self, capacity: usize) {
        let mut other = Self { displaced: self.displaced, ..Self::of(capacity, self.most) };
        for back in self.ring.len().saturating_sub(capacity)..self.ring.len() {
            if let Some(entry) = self.ring.get((self.head + back) & (self.ring.len() - 1)).filter(|e| e.print.key != 0) {
                other.push(*entry, -1);
            }
        }
        *self = other;
    }

    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        self.index.capacity() * size_of::<Bucket>() + self.ring.capacity() * size_of::<Entry>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_as_counted() {
        assert_eq!((size_of::<Entry>(), size_of::<Bucket>()), (32, 32));
        const { assert!(COPY_PACKETS.is_power_of_two() && COPY_PACKETS_AT_FIRST.is_power_of_two()) };
        const { assert!(COPY_PACKETS <= 1 << 16 && COPY_PACKETS_AT_FIRST >= LOAD) };
    }

    #[test]
    fn the_oldest_goes_first() {
        let mut t = CopyTable::within(CapScale::WHOLE);
        let print = |n: u64| Fingerprint { key: n.wrapping_mul(0x9e37_79b9_7f4a_7c15), ..Fingerprint::default() };
        let entry = |n: u64| Entry { print: print(n), first: n as i64 };
        for n in 1..=COPY_PACKETS_AT_FIRST as u64 + 3 {
            t.push(entry(n), -1);
        }
        let newest = (t.head - 1) & (t.ring.len() - 1);
        let times: Vec<_> = t.before(newest).map(|e| e.first).collect();
        let expected: Vec<_> = (4..COPY_PACKETS_AT_FIRST as i64 + 3).rev().collect();
        assert_eq!(times, expected);
    }
}
