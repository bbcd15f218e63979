//! Maps with a cap, and counts of the last minute and of the last ten.

use crate::model::Arrange as _;
use crate::model::Timestamp;
use crate::model::evidence::{SIGHT_BINS, SIGHT_HELD};
use crate::model::limits::SIGHTED;
use crate::model::time::SECOND;
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

/// What was counted in each of the last stretches of time: of ten seconds, where nothing else is said, so that they are a minute.
#[derive(Debug, Clone, Copy)]
pub struct Recent<const BINS: usize = SIGHT_BINS> {
    /// The number of the newest bin.
    newest: i64,
    counts: [u64; BINS],
}

impl<const BINS: usize> Default for Recent<BINS> {
    fn default() -> Self {
        Self { newest: 0, counts: [0; BINS] }
    }
}

impl<const BINS: usize> Recent<BINS> {
    /// Adds to the bin of that number; what is older than the newest counts in it.
    pub fn add(&mut self, bin: i64, count: u64) {
        if bin > self.newest {
            let steps = usize::try_from(bin.saturating_sub(self.newest)).unwrap_or(BINS).min(BINS);
            self.counts.rotate_right(steps % BINS);
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

    /// What was counted in all of them, up to and with the bin of that number.
    pub fn sum(&self, bin: i64) -> u64 {
        (0..BINS as i64).fold(0, |sum, back| sum.saturating_add(self.at(bin.saturating_sub(back))))
    }

    /// The most of any bin up to that one.
    pub fn most(&self, bin: i64) -> u64 {
        (0..BINS as i64).map(|back| self.at(bin.saturating_sub(back))).max().unwrap_or(0)
    }
}

/// Nanoseconds that are counted together of what is judged by the last ten minutes, and what was counted in these.
pub const LATELY_BIN: i64 = 60 * SECOND;

/// See [`LATELY_BIN`].
pub type Lately = Recent<{ (SIGHT_HELD / LATELY_BIN) as usize }>;

/// When the ten minutes up to a moment began.
pub fn lately(now: Timestamp) -> Timestamp {
    Timestamp(now.0.saturating_sub(SIGHT_HELD))
}

impl Recent {
    /// What was counted in the minute up to and with the bin of that number.
    pub fn minute(&self, bin: i64) -> u64 {
        self.sum(bin)
    }
}
