//! What time servers say of themselves, and of the time.

use super::bounded::{Lasting, entry, lately};
use crate::model::Arrange as _;
use crate::model::evidence::{CLOCK_ANSWERS, CLOCK_DIFFERS, CLOCK_DISTANCE, CLOCK_SERVERS, ClockEvidenceOfServer, ClockFault, SIGHT_HELD};
use crate::model::latest::Latest;
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
    clients: Latest<Address, SIGHT_ASKERS>,
    /// What its clock says beyond the capture's, of the latest answers that gave a time.
    ahead: Option<[i64; 2]>,
    /// Clients whose own clock agreed with the capture's when they asked, and with the server's.
    agreeing: [Latest<Address, SIGHT_ASKERS>; 2],
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
        answer if answer.refuses() => Some(ClockFault::Refuses(answer.reference)),
        answer if answer.is_unsynchronised() => Some(ClockFault::Unsynchronised),
        ClockSight { distance, .. } if i64::from(*distance) * MILLISECOND > CLOCK_DISTANCE.in_nanos() => {
            Some(ClockFault::Far(f64::from(*distance) / 1e3))
        }
        _ => None,
    }
}

/// Milliseconds by which a clock is wrong.
fn step() -> i64 {
    CLOCK_DIFFERS.in_nanos() / MILLISECOND
}

impl Clock {
    /// Takes in what a client's own clock says.
    fn compare(&mut self, client: Address, (ahead, own): (i64, Option<i64>), time: Timestamp) {
        let Some(own) = own else { return };
        let offsets = [own, ahead.saturating_sub(own)];
        for (with, offset) in self.agreeing.iter_mut().zip(offsets) {
            if offset.saturating_abs() <= step() {
                with.note(client, time);
            } else {
                with.forget(client);
            }
        }
    }

    /// By how many milliseconds it is off, and how many clients' clocks say so with the capture's; of those that follow it there are fewer.
    fn apart(&self, since: Timestamp) -> Option<(i64, u64)> {
        let [with_capture, with_server] = self.agreeing.each_ref().map(|with| with.since(since).count() as u64);
        let off = self.ahead.filter(|ahead| ahead.iter().all(|a| a.saturating_abs() > step()))?;
        (with_capture > with_server).then_some((off[1], with_capture))
    }
}

impl ClockLedger {
    /// Takes in an answer.
    pub fn take(&mut self, seen: &Sighting, answer: &ClockSight) {
        let clock = entry(&mut self.clocks, answer.server);
        clock.last = clock.last.max(seen.last);
        clock.clients.note(answer.client, seen.last);
        clock.fault = fault(answer);
        if clock.fault.is_none() {
            (clock.bad, clock.since) = (0, seen.last);
        } else {
            clock.since = if clock.bad == 0 { seen.first } else { clock.since };
            clock.bad = clock.bad.saturating_add(seen.count);
        }
        if let Some(ahead) = answer.ahead.filter(|_| clock.fault.is_none()) {
            clock.ahead = Some([clock.ahead.map_or(ahead, |a| a[1]), ahead]);
            clock.compare(answer.client, (ahead, answer.client_ahead), seen.last);
        }
    }

    /// Servers whose latest answers are wrong.
    pub fn wrong(&self, now: Timestamp) -> Vec<ClockEvidenceOfServer> {
        let since = lately(now);
        let lately: Vec<(&Address, &Clock)> = self.clocks.iter().filter(|(_, c)| now.since(c.last) <= SIGHT_HELD).collect();
        let mut offsets: Vec<i64> = lately.iter().filter_map(|(_, c)| c.ahead.map(|a| a[1])).collect();
        offsets.arrange();
        let middle = offsets.get(offsets.len() / 2).copied().unwrap_or(0);
        let steps = step();
        // Without a majority that agrees nobody knows who is right.
        let agreeing = offsets.iter().filter(|o| o.saturating_sub(middle).saturating_abs() <= steps).count();
        let is_known = offsets.len() >= CLOCK_SERVERS.number() as usize && 2 * agreeing > offsets.len();
        let of = |(server, clock): &(&Address, &Clock)| {
            let (server, clients) = (**server, clock.clients.since(since).count() as u64);
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
            let told = |fault| Some(ClockEvidenceOfServer { server, fault, answers: CLOCK_ANSWERS.number(), clients, servers, span });
            if let (false, Some((off, agree))) = (is_known, clock.apart(since)) {
                return told(ClockFault::Apart(off as f64 / 1e3, agree));
            }
            let off = clock.ahead.map(|ahead| ahead.map(|a| a.saturating_sub(middle)))?;
            let differs = is_known && off.iter().all(|o| o.saturating_abs() > steps);
            let fault = ClockFault::Differs(off[1] as f64 / 1e3);
            if differs { told(fault) } else { None }
        };
        let mut all: Vec<ClockEvidenceOfServer> = lately.iter().filter_map(of).collect();
        all.arrange_by_key(|c| c.server);
        all
    }
}
