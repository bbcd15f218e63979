//! Whether connections that began while the capture ran show how.

use crate::model::evidence::{BEGUN_AFTER, ONE_SIDE_PACKETS};
use crate::model::sum::sums;
use crate::model::{Timestamp, Traffic};

sums! {
    /// Connections that came when the capture had run for [`BEGUN_AFTER`], said something in both directions, with at least [`ONE_SIDE_PACKETS`] from
    /// one side, and ended. Those that were there before are heard before that, or say no more than that they end.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct Beginnings {
        /// All.
        pub connections: u64,
        /// Of them those without SYN and SYN-ACK.
        pub unseen: u64,
    }
}

impl Beginnings {
    /// Takes in a connection that has ended, by whether its beginning was seen; the capture began at `from`.
    pub fn add(&mut self, traffic: [Traffic; 2], first: Timestamp, from: Timestamp, is_seen: bool) {
        let [there, back] = traffic.map(|way| way.packets);
        if first.since(from) >= BEGUN_AFTER && there.max(back) >= ONE_SIDE_PACKETS && there.min(back) > 0 {
            self.connections = self.connections.saturating_add(1);
            self.unseen = self.unseen.saturating_add(u64::from(!is_seen));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_before_or_says_little_does_not_count() {
        let from = Timestamp::new(100, 0);
        let of = |packets: [u64; 2], after: i64, is_seen: bool| {
            let mut counts = Beginnings::default();
            counts.add(packets.map(|packets| Traffic { packets, wire_bytes: 0 }), from.plus(after), from, is_seen);
            (counts.connections, counts.unseen)
        };
        assert_eq!(of([1, ONE_SIDE_PACKETS], BEGUN_AFTER, false), (1, 1));
        assert_eq!(of([ONE_SIDE_PACKETS, 1], BEGUN_AFTER, true), (1, 0));
        assert_eq!(of([1, ONE_SIDE_PACKETS], BEGUN_AFTER - 1, false), (0, 0), "it may have been there");
        assert_eq!(of([0, ONE_SIDE_PACKETS], BEGUN_AFTER, false), (0, 0), "one direction");
        assert_eq!(of([1, ONE_SIDE_PACKETS - 1], BEGUN_AFTER, false), (0, 0), "it may only have ended");
    }
}
