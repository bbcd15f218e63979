//! A map with a cap that holds what was of use lately.

use super::time::SECOND;
use super::{CapScale, Timestamp};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};

/// At most `CAP` entries, or what a [`CapScale`] leaves of them. Where there is no room, those go that were of no use for `SECONDS` of packet time; where there are none, nothing new comes
/// in: who floods the map pushes nobody out.
#[derive(Debug, Clone)]
pub struct BoundedMap<K, V, const CAP: usize, const SECONDS: i64, S = RandomState> {
    map: HashMap<K, (V, Timestamp), S>,
    caps: CapScale,
    /// When room was last looked for.
    swept: Option<Timestamp>,
    /// How often there was none.
    refused: u64,
}

impl<K, V, const CAP: usize, const SECONDS: i64, S: Default> Default for BoundedMap<K, V, CAP, SECONDS, S> {
    fn default() -> Self {
        Self { map: HashMap::default(), caps: CapScale::WHOLE, swept: None, refused: 0 }
    }
}

impl<K: Eq + Hash, V, const CAP: usize, const SECONDS: i64, S: BuildHasher> BoundedMap<K, V, CAP, SECONDS, S> {
    /// Nanoseconds for which an entry is held at least.
    const HELD: i64 = SECONDS * SECOND;

    /// Bytes of all entries, the map's own beside them.
    #[cfg(test)]
    pub const BYTES: usize = CAP * Self::ENTRY_BYTES;

    /// Bytes of an entry in a map that has just grown.
    #[cfg(test)]
    pub const ENTRY_BYTES: usize = 2 * (size_of::<(K, V, Timestamp)>() + 1);

    /// An empty one of as many entries as `caps` allow.
    pub fn within(caps: CapScale) -> Self
    where
        S: Default,
    {
        Self { caps, ..Self::default() }
    }

    /// Whether one more finds room. Looking for it costs as much as there are entries, so it is looked for eight times at most while one is held.
    fn has_room(&mut self, key: &K, now: Timestamp) -> bool {
        let most = self.caps.of(CAP);
        if self.map.len() < most || self.map.contains_key(key) {
            return true;
        }
        if self.swept.is_some_and(|swept| now.since(swept).saturating_abs() < Self::HELD / 8) {
            return false;
        }
        self.swept = Some(now);
        self.map.retain(|_, (_, last)| now.since(*last) < Self::HELD);
        self.map.len() < most
    }

    /// The entry of a key, which is of use now; a new one is made by `fresh`. None where there is no room.
    pub fn entry_or(&mut self, key: K, now: Timestamp, fresh: impl FnOnce() -> V) -> Option<&mut V> {
        if !self.has_room(&key, now) {
            self.refused = self.refused.saturating_add(1);
            return None;
        }
        let (value, last) = self.map.entry(key).or_insert_with(|| (fresh(), now));
        *last = (*last).max(now);
        Some(value)
    }

    /// The entry of a key, which is of use now. None where there is no room.
    pub fn entry(&mut self, key: K, now: Timestamp) -> Option<&mut V>
    where
        V: Default,
    {
        self.entry_or(key, now, V::default)
    }

    /// Puts an entry in place of what was there; whether there was room.
    pub fn insert(&mut self, key: K, value: V, now: Timestamp) -> bool {
        let has_room = self.has_room(&key, now);
        if has_room {
            self.map.insert(key, (value, now));
        } else {
            self.refused = self.refused.saturating_add(1);
        }
        has_room
    }

    /// How often something new found no room.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// What is known of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key).map(|entry| &entry.0)
    }

    /// What is known of a key, to be changed; it is not of more use than before.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.map.get_mut(key).map(|entry| &mut entry.0)
    }

    /// What is known of a key, to be changed, which is of use now.
    pub fn touch(&mut self, key: &K, now: Timestamp) -> Option<&mut V> {
        let (value, last) = self.map.get_mut(key)?;
        *last = (*last).max(now);
        Some(value)
    }

    /// When a key was last of use.
    pub fn last(&self, key: &K) -> Option<Timestamp> {
        self.map.get(key).map(|entry| entry.1)
    }

    /// Whether there is an entry.
    pub fn contains_key(&self, key: &K) -> bool {
        self.map.contains_key(key)
    }

    /// Takes an entry out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.map.remove(key).map(|entry| entry.0)
    }

    /// All keys, what is known of them, and when they were last of use, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V, Timestamp)> + Clone {
        self.map.iter().map(|(key, (value, last))| (key, value, *last))
    }

    /// All entries, to be changed, in no order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.map.iter_mut().map(|(key, (value, _))| (key, value))
    }
}

/// Takes an item into a list of different ones where there is room.
pub fn with_room<T: PartialEq>(list: &mut Vec<T>, cap: usize, item: T) {
    if list.len() < cap && !list.contains(&item) {
        list.push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Map = BoundedMap<u32, u32, 4, 80>;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * SECOND)
    }

    #[test]
    fn what_is_old_makes_room_and_what_is_of_use_stays() {
        let mut map = Map::default();
        (0..4).for_each(|n| assert!(map.insert(n, n, at(0))));
        assert!(!map.insert(4, 4, at(5)), "nobody is old");
        assert!(map.entry(5, at(5)).is_none() && map.entry(3, at(0)).is_some() && map.refused() == 2, "{}", map.refused());
        *map.entry(2, at(70)).unwrap() += 1;
        assert!(map.insert(4, 4, at(80)));
        assert_eq!(map.iter().map(|(key, ..)| *key).collect::<std::collections::BTreeSet<_>>(), [2, 4].into());
        assert_eq!((map.get(&2), map.last(&2), map.get(&0)), (Some(&3), Some(at(70)), None));
    }

    #[test]
    fn a_flood_is_looked_through_eight_times_at_most_while_an_entry_is_held() {
        let mut map = Map::default();
        (0..4).for_each(|n| assert!(map.insert(n, n, at(0))));
        let mut sweeps = 0;
        for n in 0..8_000i64 {
            let before = map.swept;
            assert!(map.entry(100 + n as u32, Timestamp(n * SECOND / 100)).is_none(), "the first ones are still held");
            sweeps += u32::from(map.swept != before);
        }
        assert_eq!(sweeps, 8);
    }

    #[test]
    fn a_time_stamp_far_ahead_does_not_end_the_search_for_room() {
        let mut map = Map::default();
        (0..4).for_each(|n| assert!(map.insert(n, n, at(0))));
        map.insert(9, 9, at(i64::MAX / SECOND));
        for n in 0..4 {
            map.insert(10 + n, n, at(1));
        }
        map.insert(20, 20, at(200));
        assert!(map.insert(21, 21, at(201)));
    }
}
