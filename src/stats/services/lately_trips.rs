//! How long the way to a server takes at present.

use crate::model::time::SECOND;
use crate::model::{PathSide, Timestamp};
use std::collections::VecDeque;

/// Round trips to a server that tell how long the way is now, and for how long they do.
const LATELY: usize = 8;
const TELLS_FOR: i64 = 20 * SECOND;

/// The latest round trips to a server.
#[derive(Debug, Default)]
pub(super) struct LatelyTrips {
    trips: VecDeque<(Timestamp, i64)>,
}

impl LatelyTrips {
    /// Bytes at most, without its own.
    #[cfg(test)]
    pub(super) const BYTES: usize = LATELY * size_of::<(Timestamp, i64)>();

    pub(super) fn note(&mut self, side: PathSide, time: Timestamp, nanos: i64) {
        if side == PathSide::Server {
            self.trips.truncate(LATELY - 1);
            self.trips.push_front((time, nanos));
        }
    }

    /// Their median, nanoseconds.
    pub(super) fn median(&self, now: Timestamp) -> Option<i64> {
        let mut times = [0; LATELY];
        let lately = self.trips.iter().filter(|trip| now.since(trip.0) <= TELLS_FOR);
        let count = times.iter_mut().zip(lately).map(|(time, trip)| *time = trip.1).count();
        let times = times.get_mut(..count)?;
        times.sort_unstable();
        times.get(count / 2).copied()
    }
}
