//! What time servers say of themselves, and of the time.

use super::bounded::{Lasting, entry};
use crate::model::Arrange as _;
use crate::model::evidence::{CLOCK_ANSWERS, CLOCK_DIFFERS, CLOCK_DISTANCE, CLOCK_SERVERS, ClockEvidenceOfServer, ClockFault, SIGHT_HELD};
use crate::model::limits::SIGHT_ASKERS;
use crate::model::time::MILLISECOND;
use crate::model::{Address, ClockSight, Episode, Sighting, Timestamp};
use hashbrown::HashMap;

#[derive(Debug, Default)]
struct Clock {
    /// Answers in a row that say that it does not know the time, since when, and what the latest of them says.
    bad: u64,
    since: Timestamp,
    fault: Option<ClockFault>,
    clients: Vec<Address>,
    /// What its clock says beyond the capture's, of the latest answers that gave a time.
    ahead: Option<[i64; 2]>,
    last: Timestamp,
}

impl Lasting for Clock {
    fn last(&self) -> Timestamp {
        self.last
    }
}

/// All time servers.
#[derive(Debug, Default)]
pub(super) struct ClockLedger {
    clocks: HashMap<Address, Clock>,
}

fn fault(answer: &ClockSight) -> Option<ClockFault> {
    match answer {
        ClockSight { stratum: 0, reference, .. } => Some(ClockFault::Refuses(*reference)),
        ClockSight { stratum: 16.., .. } | ClockSight { leap: 3, .. } => Some(ClockFault::Unsynchronised),
        ClockSight { distance, .. } if i64::from(*distance) * MILLISECOND > CLOCK_DISTANCE.in_nanos() => {
            Some(ClockFault::Far(f64::from(*distance) / 1e3))
        }
        _ => None,
    }
}

impl ClockLedger {
    /// Takes in an answer.
    pub fn take(&mut self, seen: &Sighting, answer: &ClockSight) {
        let clock = entry(&mut self.clocks, answer.server);
        clock.last = clock.last.max(seen.last);
        if clock.clients.len() < SIGHT_ASKERS && !clock.clients.contains(&answer.client) {
            clock.clients.push(answer.client);
        }
        clock.fault = fault(answer);
        if clock.fault.is_none() {
            (clock.bad, clock.since) = (0, seen.last);
        } else {
            clock.since = if clock.bad == 0 { seen.first } else { clock.since };
            clock.bad = clock.bad.saturating_add(seen.count);
        }
        if let Some(ahead) = answer.ahead.filter(|_| clock.fault.is_none()) {
            clock.ahead = Some([clock.ahead.map_or(ahead, |a| a[1]), ahead]);
        }
    }

    /// Servers whose latest answers are wrong.
    pub fn wrong(&self, now: Timestamp) -> Vec<ClockEvidenceOfServer> {
        let lately: Vec<(&Address, &Clock)> = self.clocks.iter().filter(|(_, c)| now.since(c.last) <= SIGHT_HELD).collect();
        let mut offsets: Vec<i64> = lately.iter().filter_map(|(_, c)| c.ahead.map(|a| a[1])).collect();
        offsets.arrange();
        let middle = offsets.get(offsets.len() / 2).copied().unwrap_or(0);
        let steps = CLOCK_DIFFERS.in_nanos() / MILLISECOND;
        // Without a majority that agrees nobody knows who is right.
        let agreeing = offsets.iter().filter(|o| o.saturating_sub(middle).saturating_abs() <= steps).count();
        let is_known = offsets.len() >= CLOCK_SERVERS.number() as usize && 2 * agreeing > offsets.len();
        let of = |(server, clock): &(&Address, &Clock)| {
            let (server, clients) = (**server, clock.clients.len() as u64);
            let span = Episode { first: clock.since, last: clock.last };
            let servers = offsets.len() as u64;
            if let Some(fault) = clock.fault {
                let answers = clock.bad;
                return (answers >= CLOCK_ANSWERS.number()).then_some(ClockEvidenceOfServer {
                    server,
                    fault,
                    answers,
                    clients,
                    servers,
                    span,
                });
            }
            let off = clock.ahead.map(|ahead| ahead.map(|a| a.saturating_sub(middle)))?;
            let differs = is_known && off.iter().all(|o| o.saturating_abs() > steps);
            let fault = ClockFault::Differs(off[1] as f64 / 1e3);
            differs.then_some(ClockEvidenceOfServer { server, fault, answers: CLOCK_ANSWERS.number(), clients, servers, span })
        };
        let mut all: Vec<ClockEvidenceOfServer> = lately.iter().filter_map(of).collect();
        all.arrange_by_key(|c| c.server);
        all
    }
}
