//! What one shard sees in a second of packet time: alike sightings are one, with their number.

use crate::model::Arrange as _;
use crate::model::limits::SIGHTINGS;
use crate::model::{BroadcastDomain, CapScale, Mac, Sight, Sighting, Timestamp};
use hashbrown::HashMap;

/// What, where, and who sent the frame.
type What = (Sight, BroadcastDomain, Mac);

/// How often, when, and the first packet and the last.
#[derive(Debug, Clone, Copy)]
struct Seen {
    first: Timestamp,
    last: Timestamp,
    count: u64,
    numbers: [u64; 2],
}

/// The sightings of one shard in the open second.
#[derive(Debug, Default)]
pub struct Gathering {
    caps: CapScale,
    seen: HashMap<What, Seen>,
    unfollowed: u64,
}

impl Gathering {
    /// Nothing seen; as much is told apart as `caps` allow.
    pub fn within(caps: CapScale) -> Self {
        Self { caps, ..Self::default() }
    }

    /// Takes in what a frame of that number shows.
    #[inline(never)]
    pub fn note(&mut self, (time, number): (Timestamp, u64), domain: BroadcastDomain, source: Mac, what: Sight) {
        let key = (what, domain, source);
        if let Some(seen) = self.seen.get_mut(&key) {
            (seen.first, seen.last) = (seen.first.min(time), seen.last.max(time));
            (seen.count, seen.numbers[1]) = (seen.count.saturating_add(1), number);
        } else if self.seen.len() < self.caps.of(SIGHTINGS) {
            self.seen.insert(key, Seen { first: time, last: time, count: 1, numbers: [number; 2] });
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
            .map(|((what, domain, source), Seen { first, last, count, numbers })| Sighting {
                first,
                last,
                vlan: domain.vlan,
                session: domain.session,
                source,
                what,
                count,
                numbers,
            })
            .collect();
        all.arrange();
        (all, std::mem::take(&mut self.unfollowed))
    }
}
