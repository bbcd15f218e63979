//! When an answer is slow, and whose fault that is.

use super::service::ServiceRecord;
use crate::model::Timestamp;
use crate::model::evidence::{SERVERS_SHARE, SLOW_REPLY, Trouble, USUAL_TIMES, VERY_SLOW_REPLY};
use crate::model::time::SECOND;

/// What an answer is that took some time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Slowness {
    /// Slower than the service usually is, and it is the server that takes longer.
    slower: bool,
    slow: bool,
    /// So slow that nobody waits, and it is the server's doing.
    very_slow: bool,
}

impl Slowness {
    /// Of an answer of a service at a time, after so many nanoseconds; so much of them is known to be the network's, and within `floor` beyond
    /// the way none is slow.
    pub(super) fn of(service: &ServiceRecord, now: Timestamp, network: i64, floor: i64, latency: i64) -> Self {
        let half = service.server_half.unwrap_or(0);
        let usual = service.usual.response().map(|usual| (usual * SECOND as f64) as i64);
        let slower = |way: i64| {
            latency > usual.map_or(i64::MAX, |usual| usual.saturating_mul(USUAL_TIMES.number() as i64).max(floor.saturating_add(way)))
        };
        let slow = latency > SLOW_REPLY.in_nanos().saturating_add(half);
        let very_slow = latency > VERY_SLOW_REPLY.in_nanos();
        // The way at present is at least the shortest one: most answers need no look at it.
        let least = half.max(network);
        if !very_slow && !slower(least) {
            return Self { slow, ..Self::default() };
        }
        let way = service.trips.median(now).unwrap_or(half).max(least);
        let is_servers = latency.saturating_sub(way) as f64 >= latency as f64 * SERVERS_SHARE.value();
        Self { slower: slower(way) && is_servers, slow, very_slow: very_slow && is_servers }
    }

    /// What is wrong with it.
    pub(super) fn troubles(self) -> impl Iterator<Item = Trouble> + Clone {
        [(self.slower, Trouble::SlowerThanUsual), (self.slow, Trouble::Slow), (self.very_slow, Trouble::VerySlow)]
            .into_iter()
            .filter_map(|(is, trouble)| is.then_some(trouble))
    }
}
