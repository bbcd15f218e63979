//! Rows of tables for who is there: where there is no room, those of who is gone make it.

use crate::model::Timestamp;
use crate::model::time::SECOND;

/// Who was not heard for so long makes room where there is none: longer than any hello here is apart.
const STALE: i64 = 100 * SECOND;

/// When a table may have room again.
#[derive(Debug, Default)]
pub struct StaleRows {
    full_until: Timestamp,
}

impl StaleRows {
    /// Lets a table that has reached its `cap` drop what is stale: `retain` is told of each entry, by when it was last heard, whether it stays.
    pub fn make_room(&mut self, now: Timestamp, (len, cap): (usize, usize), retain: impl FnOnce(&mut dyn FnMut(Timestamp) -> bool)) {
        // A clock that was set back does not keep it shut.
        let is_known_full = now < self.full_until && self.full_until.since(now) <= STALE;
        if len < cap || is_known_full {
            return;
        }
        let mut next = now.plus(STALE);
        retain(&mut |last| {
            let stays = now.since(last).abs() <= STALE;
            if stays {
                next = next.min(last.plus(STALE));
            }
            stays
        });
        self.full_until = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_gone_makes_room_and_who_is_there_stays() {
        let (mut room, mut list, mut walks) = (StaleRows::default(), Vec::new(), 0);
        let mut come = |seconds: i64| {
            let now = Timestamp(seconds * SECOND);
            room.make_room(now, (list.len(), 3), |stays| {
                walks += 1;
                list.retain(|last| stays(*last));
            });
            if list.len() < 3 {
                list.push(now);
            }
            (list.len(), walks)
        };
        assert_eq!([1, 2, 3].map(&mut come), [(1, 0), (2, 0), (3, 0)]);
        assert_eq!([4, 50, 100].map(&mut come), [(3, 1), (3, 1), (3, 1)], "it is looked for once, until one may have gone");
        assert_eq!([102, 103, 300].map(&mut come), [(3, 2), (3, 3), (1, 4)]);
    }
}
