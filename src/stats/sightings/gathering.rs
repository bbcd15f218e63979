//! What one shard sees in an interval: alike sightings are one, with their number.

use crate::model::limits::SIGHTINGS;
use crate::model::{Mac, Sight, Sighting, Timestamp};
use hashbrown::HashMap;

/// What, where, and who sent the frame.
type What = (Sight, Option<u16>, Mac);

/// The sightings of one shard in the open interval.
#[derive(Debug, Default)]
pub struct Gathering {
    seen: HashMap<What, (Timestamp, Timestamp, u64)>,
    unfollowed: u64,
}

impl Gathering {
    /// Takes in what a frame shows.
    #[inline(never)]
    pub fn note(&mut self, time: Timestamp, vlan: Option<u16>, source: Mac, what: Sight) {
        let key = (what, vlan, source);
        if let Some((first, last, count)) = self.seen.get_mut(&key) {
            (*first, *last, *count) = ((*first).min(time), (*last).max(time), count.saturating_add(1));
        } else if self.seen.len() < SIGHTINGS {
            self.seen.insert(key, (time, time, 1));
        } else {
            self.unfollowed = self.unfollowed.saturating_add(1);
        }
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// What was seen since it was last asked, in the order of time, and how often what found no room.
    pub fn take(&mut self) -> (Vec<Sighting>, u64) {
        let mut all: Vec<Sighting> = self
            .seen
            .drain()
            .map(|((what, vlan, source), (first, last, count))| Sighting { first, last, vlan, source, what, count })
            .collect();
        all.sort_unstable();
        (all, std::mem::take(&mut self.unfollowed))
    }
}
