//! When an answer is slow, and whose fault that is.

use super::service::ServiceRecord;
use crate::model::Timestamp;
use crate::model::evidence::{SERVERS_SHARE, SLOW_REPLY, Trouble, USUAL_TIMES, VERY_SLOW_REPLY};
use crate::model::time::SECOND;

/// What is slow, nanoseconds from a request to its answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slowness {
    /// The shortest way to the server and back, and the way at present.
    half: i64,
    way: i64,
    /// What is slower than usual.
    slower: i64,
}

impl Slowness {
    /// Of an answer of a service at a time; so much of its time is known to be the network's, and within so much beyond the way none is slow.
    pub(super) fn of(service: Option<&ServiceRecord>, now: Timestamp, network: i64, floor: i64) -> Self {
        let half = service.and_then(|s| s.server_half).unwrap_or(0);
        let way = service.and_then(|s| s.trips.median(now)).unwrap_or(half).max(half).max(network);
        let usual = service.and_then(|s| s.usual.response()).map(|usual| (usual * SECOND as f64) as i64);
        let slower = usual.map_or(i64::MAX, |usual| usual.saturating_mul(USUAL_TIMES.number() as i64).max(floor.saturating_add(way)));
        Self { half, way, slower }
    }

    /// What an answer after so long is.
    pub(super) fn troubles(self, latency: i64) -> impl Iterator<Item = Trouble> + Clone {
        let is_servers = latency.saturating_sub(self.way) as f64 >= latency as f64 * SERVERS_SHARE.value();
        [
            (latency > self.slower && is_servers, Trouble::SlowerThanUsual),
            (latency > SLOW_REPLY.in_nanos().saturating_add(self.half), Trouble::Slow),
            (latency > VERY_SLOW_REPLY.in_nanos() && is_servers, Trouble::VerySlow),
        ]
        .into_iter()
        .filter_map(|(is, trouble)| is.then_some(trouble))
    }
}
