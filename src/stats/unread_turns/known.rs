//! The connections that are told by turns: those of which something was heard lately, each at a place that the memory can be asked for early.

use super::Conversation;
use crate::model::limits::UNREAD_TURNS;
use crate::model::time::SECOND;
use crate::model::{FlowKey, Timestamp, memory};
use hashbrown::hash_table::{Entry, HashTable};

/// How long a connection is held at least, nanoseconds, of which nothing is heard: where there is no room, those go of which nothing was heard for
/// longer, and where there are none, nothing new comes in.
const HELD: i64 = 60 * SECOND;

/// A connection, and where it may be found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'a> {
    /// Who.
    pub flow: &'a FlowKey,
    /// Its hash, by keys that nobody knows.
    pub hash: u64,
    /// The number of its conversation in the shard, which says where it most probably stands here.
    pub at: u32,
}

#[derive(Debug)]
struct Place {
    flow: FlowKey,
    hash: u64,
    last: Timestamp,
    conversation: Conversation,
}

/// At most [`UNREAD_TURNS`] connections.
#[derive(Debug, Default)]
pub(super) struct KnownConnections {
    places: Vec<Option<Place>>,
    free: Vec<u32>,
    table: HashTable<u32>,
    /// By the number of the conversation one more than its place; 0, or that of another one: it has to be looked for.
    guesses: Vec<u32>,
    /// When room was last looked for.
    swept: Option<Timestamp>,
}

impl KnownConnections {
    /// Bytes of a connection.
    #[cfg(test)]
    pub const BYTES: usize = size_of::<Option<Place>>() + size_of::<u32>() + 2 * (size_of::<u32>() + 1);

    /// Asks the memory for a connection.
    #[inline(always)]
    pub fn prefetch(&self, at: u32) {
        if let Some(place) = self.guesses.get(at as usize).and_then(|guess| self.places.get((*guess as usize).wrapping_sub(1))) {
            memory::prefetch(place);
        }
    }

    /// What is known of a connection of which something is heard now.
    #[inline]
    pub fn touch(&mut self, named: &Named<'_>, now: Timestamp) -> Option<&mut Conversation> {
        let place = self.find(named)?;
        let place = self.places.get_mut(place as usize)?.as_mut()?;
        place.last = place.last.max(now);
        Some(&mut place.conversation)
    }

    /// The same; of a new one it is `fresh`. None where there is no room.
    #[inline]
    pub fn entry_or(&mut self, named: &Named<'_>, now: Timestamp, fresh: impl FnOnce() -> Conversation) -> Option<&mut Conversation> {
        if self.find(named).is_none() {
            self.insert(named, now, fresh())?;
        }
        self.touch(named, now)
    }

    /// Takes a connection out.
    pub fn remove(&mut self, named: &Named<'_>) -> Option<Conversation> {
        let found = self.find(named)?;
        self.take_out(found)
    }

    /// All connections, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Conversation> {
        self.places.iter().flatten().map(|place| &place.conversation)
    }

    /// The same, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Conversation> {
        self.places.iter_mut().flatten().map(|place| &mut place.conversation)
    }

    #[inline]
    fn find(&mut self, named: &Named<'_>) -> Option<u32> {
        let is_its = |at: u32| self.places.get(at as usize).and_then(Option::as_ref).is_some_and(|place| place.flow == *named.flow);
        if let Some(guess) = self.guesses.get(named.at as usize).and_then(|guess| guess.checked_sub(1)).filter(|guess| is_its(*guess)) {
            return Some(guess);
        }
        let found = *self.table.find(named.hash, |at| is_its(*at))?;
        self.guess(named.at, found);
        Some(found)
    }

    fn guess(&mut self, at: u32, place: u32) {
        let at = at as usize;
        if at >= self.guesses.len() {
            self.guesses.resize(at + 1, 0);
        }
        if let Some(guess) = self.guesses.get_mut(at) {
            *guess = place + 1;
        }
    }

    fn insert(&mut self, named: &Named<'_>, now: Timestamp, conversation: Conversation) -> Option<()> {
        if !self.has_room(now) {
            return None;
        }
        let fresh = Some(Place { flow: *named.flow, hash: named.hash, last: now, conversation });
        let at = match self.free.pop() {
            Some(at) => {
                *self.places.get_mut(at as usize)? = fresh;
                at
            }
            None => {
                self.places.push(fresh);
                self.places.len() as u32 - 1
            }
        };
        let places = &self.places;
        let hash_of = |at: &u32| places.get(*at as usize).and_then(Option::as_ref).map_or(0, |place| place.hash);
        // Nobody has this key: it was looked for.
        if let Entry::Vacant(entry) = self.table.entry(named.hash, |_| false, hash_of) {
            entry.insert(at);
        }
        self.guess(named.at, at);
        Some(())
    }

    fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Whether one more finds room. Looking for it costs as much as there are, so it is looked for eight times at most while one is held.
    fn has_room(&mut self, now: Timestamp) -> bool {
        if self.len() < UNREAD_TURNS {
            return true;
        }
        if self.swept.is_some_and(|swept| now.since(swept).saturating_abs() < HELD / 8) {
            return false;
        }
        self.swept = Some(now);
        for at in 0..self.places.len() {
            if self.places.get(at).and_then(Option::as_ref).is_some_and(|place| now.since(place.last) >= HELD) {
                self.take_out(at as u32);
            }
        }
        self.len() < UNREAD_TURNS
    }

    fn take_out(&mut self, at: u32) -> Option<Conversation> {
        let gone = self.places.get_mut(at as usize)?.take()?;
        if let Ok(entry) = self.table.find_entry(gone.hash, |place| *place == at) {
            entry.remove();
        }
        self.free.push(at);
        Some(gone.conversation)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Speech;
    use super::*;

    fn conversation(number: u32) -> Conversation {
        Conversation::begun(Speech { from: Timestamp(0), number })
    }

    fn flow(n: u32) -> FlowKey {
        FlowKey::v4(6, n, 1 << 30, 40_000, 443).0
    }

    /// What is known of a connection that stands at `at` in its shard: all hashes are alike, so that nothing but the key tells.
    fn known(all: &mut KnownConnections, n: u32, at: u32, time: Timestamp) -> Option<u32> {
        all.touch(&Named { flow: &flow(n), hash: 5, at }, time).map(|conversation| conversation.asks.number)
    }

    fn add(all: &mut KnownConnections, n: u32, time: Timestamp) -> bool {
        all.entry_or(&Named { flow: &flow(n), hash: 5, at: n }, time, || conversation(n)).is_some()
    }

    #[test]
    fn a_wrong_guess_is_looked_up() {
        let mut all = KnownConnections::default();
        assert!((0..3).all(|n| add(&mut all, n, Timestamp(0))));
        // Conversations have moved in their shard: each stands where another did.
        assert_eq!(
            [(0, 1), (1, 2), (2, 0), (2, 900)].map(|(n, at)| known(&mut all, n, at, Timestamp(1))),
            [Some(0), Some(1), Some(2), Some(2)]
        );
        assert_eq!(all.remove(&Named { flow: &flow(1), hash: 5, at: 1 }).map(|gone| gone.asks.number), Some(1));
        assert_eq!([0, 1, 2].map(|n| known(&mut all, n, n, Timestamp(1))), [Some(0), None, Some(2)]);
        assert!(add(&mut all, 7, Timestamp(2)), "in the place of the one that is gone");
        assert_eq!((known(&mut all, 7, 1, Timestamp(2)), known(&mut all, 1, 1, Timestamp(2)), all.places.len()), (Some(7), None, 3));
        assert_eq!(all.iter().count(), 3);
    }

    #[test]
    fn what_is_silent_makes_room_and_a_flood_pushes_nobody_out() {
        let mut all = KnownConnections::default();
        let cap = UNREAD_TURNS as u32;
        assert!((0..cap).all(|n| add(&mut all, n, Timestamp(0))));
        assert!(!add(&mut all, cap, Timestamp(HELD - 1)), "nobody was silent for long enough");
        assert!(add(&mut all, 3, Timestamp(HELD - 1)), "it is there");
        assert!(!add(&mut all, cap, Timestamp(HELD)), "room was looked for just now");
        assert!(add(&mut all, cap, Timestamp(HELD - 1 + HELD / 8)));
        assert_eq!((all.len(), known(&mut all, 3, 3, Timestamp(2 * HELD)), known(&mut all, 4, 4, Timestamp(2 * HELD))), (2, Some(3), None));
    }
}
