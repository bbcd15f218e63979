//! Times in which frames to groups go on arriving and none to a station does: what every port of a switch receives, while the mirror is gone.

use super::pause::Pause;
use super::silence::Pauses;
use crate::model::Timestamp;

/// Follows when frames to stations come. Cost: two comparisons a packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnicastWatch {
    pauses: Pauses,
    last: Option<Timestamp>,
    /// Frames to groups since.
    groups: u64,
}

impl UnicastWatch {
    /// Sees a frame, to a group or to a station.
    #[inline]
    pub fn see(&mut self, time: Timestamp, is_group: bool) {
        if is_group {
            self.groups += 1;
            return;
        }
        if let Some(last) = self.last
            && time.since(last) > Pauses::TOLD
        {
            self.pauses.note(Pause { from: last, to: time, others: self.groups });
        }
        self.pauses.count(time, 1);
        self.groups = 0;
        self.last = self.last.max(Some(time));
    }

    /// The pauses up to `now`, the one that lasts included.
    pub fn pauses(&self, now: Timestamp) -> Pauses {
        let mut all = self.pauses;
        if let Some(from) = self.last {
            all.note(Pause { from, to: now, others: self.groups });
        }
        all
    }
}
