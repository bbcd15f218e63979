//! Maps with a cap, and counts of the last minute.

use crate::model::Arrange as _;
use crate::model::Timestamp;
use crate::model::evidence::SIGHT_BINS;
use crate::model::limits::SIGHTED;
use hashbrown::HashMap;
use std::hash::Hash;

/// What is kept says when it was last of use.
pub trait Lasting: Default {
    /// When something was last noted of it.
    fn last(&self) -> Timestamp;
}

/// The entry of a key. Where there is no room a quarter goes, those that were silent longest.
pub fn entry<K: Copy + Eq + Hash + Ord, V: Lasting>(map: &mut HashMap<K, V>, key: K) -> &mut V {
    if map.len() >= SIGHTED && !map.contains_key(&key) {
        let mut times: Vec<(Timestamp, K)> = map.iter().map(|(key, value)| (value.last(), *key)).collect();
        times.arrange();
        times.truncate(SIGHTED / 4);
        for (_, key) in times {
            map.remove(&key);
        }
    }
    map.entry(key).or_default()
}

/// What was counted in each ten seconds of the last minute.
#[derive(Debug, Clone, Copy, Default)]
pub struct Recent {
    /// The number of the newest bin.
    newest: i64,
    counts: [u64; SIGHT_BINS],
}

impl Recent {
    /// Adds to the bin of that number; what is older than the newest counts in it.
    pub fn add(&mut self, bin: i64, count: u64) {
        if bin > self.newest {
            let steps = usize::try_from(bin.saturating_sub(self.newest)).unwrap_or(SIGHT_BINS).min(SIGHT_BINS);
            self.counts.rotate_right(steps % SIGHT_BINS);
            self.counts.iter_mut().take(steps).for_each(|c| *c = 0);
            self.newest = bin;
        }
        if let Some(newest) = self.counts.first_mut() {
            *newest = newest.saturating_add(count);
        }
    }

    /// What was counted in the bin of that number.
    pub fn at(&self, bin: i64) -> u64 {
        let back = self.newest.saturating_sub(bin);
        usize::try_from(back).ok().and_then(|back| self.counts.get(back)).copied().unwrap_or(0)
    }

    /// What was counted in the minute up to and with the bin of that number.
    pub fn minute(&self, bin: i64) -> u64 {
        (0..SIGHT_BINS as i64).fold(0, |sum, back| sum.saturating_add(self.at(bin.saturating_sub(back))))
    }

    /// The most of any bin up to that one.
    pub fn most(&self, bin: i64) -> u64 {
        (0..SIGHT_BINS as i64).map(|back| self.at(bin.saturating_sub(back))).max().unwrap_or(0)
    }
}
