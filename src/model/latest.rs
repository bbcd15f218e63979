//! A list with a cap that holds what was seen of late.

use super::Timestamp;

/// Some of a kind, each with when it was last seen: where there is no room for another one, the one that was silent longest goes.
#[derive(Debug, Clone)]
pub struct Latest<T, const CAP: usize> {
    known: Vec<(T, Timestamp)>,
}

impl<T, const CAP: usize> Default for Latest<T, CAP> {
    fn default() -> Self {
        Self { known: Vec::new() }
    }
}

impl<T: Copy + PartialEq, const CAP: usize> Latest<T, CAP> {
    /// Bytes at most, without its own.
    #[cfg(test)]
    pub const BYTES: usize = CAP * size_of::<(T, Timestamp)>();

    /// Takes in that one was seen.
    pub fn note(&mut self, item: T, time: Timestamp) {
        if let Some((_, last)) = self.known.iter_mut().find(|(known, _)| *known == item) {
            *last = (*last).max(time);
        } else if self.known.len() < CAP {
            self.known.push((item, time));
        } else if let Some(oldest) = self.known.iter_mut().min_by_key(|(_, last)| *last).filter(|(_, last)| *last <= time) {
            *oldest = (item, time);
        }
    }

    /// One of them does not count any more.
    pub fn forget(&mut self, item: T) {
        self.known.retain(|(known, _)| *known != item);
    }

    /// Those seen at that time or later, in the order in which they came.
    pub fn since(&self, time: Timestamp) -> impl Iterator<Item = T> + Clone {
        self.known.iter().filter(move |(_, last)| *last >= time).map(|(item, _)| *item)
    }

    /// All that are known.
    pub fn iter(&self) -> impl Iterator<Item = T> + Clone {
        self.known.iter().map(|(item, _)| *item)
    }

    /// The one that was seen last.
    pub fn newest(&self) -> Option<T> {
        self.known.iter().max_by_key(|(_, last)| *last).map(|(item, _)| *item)
    }

    /// How many that are.
    pub fn len(&self) -> usize {
        self.known.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * SECOND)
    }

    #[test]
    fn what_was_seen_last_stays() {
        let mut latest = Latest::<u32, 3>::default();
        for (item, seconds) in [(1, 0), (2, 1), (3, 2), (1, 3), (4, 4)] {
            latest.note(item, at(seconds));
        }
        assert_eq!((latest.iter().collect::<Vec<_>>(), latest.newest()), (vec![1, 4, 3], Some(4)));
        assert_eq!(latest.since(at(3)).collect::<Vec<_>>(), [1, 4]);
        latest.note(9, at(1));
        assert_eq!(latest.len(), 3, "what comes late pushes nobody out");
        assert!(latest.iter().all(|item| item != 9));
        latest.forget(4);
        assert_eq!(latest.iter().collect::<Vec<_>>(), [1, 3]);
    }
}
