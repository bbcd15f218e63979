//! How full the monitored link is: short bursts that fill it, and whether it is full all the time.

use super::trouble;
use crate::model::evidence::{BURSTS, BURSTS_MEAN, LINK_FULL, LINK_FULL_FOR, SwitchTrouble, SwitchTroubleKind};
use crate::model::time::SECOND;
use crate::model::{Episode, LinkLoad, Subject, Timestamp};
use std::collections::VecDeque;

/// Nanoseconds that are looked at for bursts.
const MINUTE: i64 = 60 * SECOND;

/// Intervals remembered at most.
const INTERVALS: usize = 4 * 1024;

/// Intervals of the last minute, and how long the link is full.
#[derive(Debug, Default)]
pub struct LinkLoads {
    list: VecDeque<LinkLoad>,
    /// Intervals, one after the other, in which it was full.
    full: Option<Run>,
    /// The last interval of which is not known whether it was full.
    unsure: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    span: Episode,
    bits: u64,
    nanos: i64,
    speed: u64,
}

impl Run {
    fn share(&self) -> f64 {
        self.bits as f64 * 1e9 / (self.nanos.max(1) as f64 * self.speed.max(1) as f64)
    }
}

fn end(load: &LinkLoad) -> Timestamp {
    load.start.plus(load.length)
}

impl LinkLoads {
    /// Takes in an interval.
    pub fn take(&mut self, load: &LinkLoad) {
        let fills = |bits: u64| bits as f64 * 1e9 >= LINK_FULL.value() * load.speed as f64 * load.length.max(1) as f64;
        if !fills(load.bits) && fills(load.bits.saturating_add(load.beyond)) {
            self.unsure = Some(end(load));
        }
        while self.list.len() >= INTERVALS || self.list.front().is_some_and(|old| end(load).since(old.start) > MINUTE) {
            self.list.pop_front();
        }
        self.list.push_back(*load);
        let one = Run { span: Episode { first: load.start, last: end(load) }, bits: load.bits, nanos: load.length, speed: load.speed };
        // What began in one interval ends in the next: short ones are looked at together.
        let follows = |run: &Run| load.start.since(run.span.last) <= SECOND;
        self.full = match self.full.filter(follows) {
            Some(run) => Some(Run {
                span: Episode { first: run.span.first, last: one.span.last },
                bits: run.bits.saturating_add(one.bits),
                nanos: run.nanos.saturating_add(one.nanos),
                speed: one.speed,
            })
            .filter(|run| run.share() >= LINK_FULL.value()),
            None => None,
        }
        .or((one.share() >= LINK_FULL.value()).then_some(one))
        .or(self.full.filter(|run| run.nanos >= LINK_FULL_FOR.in_nanos() && load.start.since(run.span.last) <= LINK_FULL_FOR.in_nanos()));
    }

    /// Whether something is going on that is to be judged by its own time.
    pub fn is_watchful(&self) -> bool {
        self.full.is_some_and(|run| run.nanos >= LINK_FULL_FOR.in_nanos()) || self.list.iter().any(|load| load.full_bursts > 0)
    }

    /// Whether it may have been full lately, but nothing tells which way frames went.
    pub fn is_unsure(&self, now: Timestamp) -> bool {
        self.unsure.is_some_and(|last| now.since(last) <= MINUTE)
    }

    /// What was unhealthy lately.
    pub fn troubles(&self, now: Timestamp, out: &mut Vec<SwitchTrouble>) {
        if let Some(run) =
            self.full.filter(|run| run.nanos >= LINK_FULL_FOR.in_nanos() && now.since(run.span.last) <= LINK_FULL_FOR.in_nanos())
        {
            let seconds = (run.nanos / SECOND).unsigned_abs();
            out.push(SwitchTrouble {
                measure: run.share(),
                vlans: run.speed,
                ..trouble(SwitchTroubleKind::LinkFull, Subject::Network, seconds, run.span)
            });
        }
        let lately = || self.list.iter().filter(|load| now.since(end(load)) <= MINUTE);
        let bursts = lately().fold(0u64, |sum, load| sum.saturating_add(load.full_bursts.into()));
        let nanos = lately().fold(0i64, |sum, load| sum.saturating_add(load.length));
        let bits = lately().fold(0u64, |sum, load| sum.saturating_add(load.bits));
        let with_bursts = || lately().filter(|load| load.full_bursts > 0);
        let (Some(first), Some(last)) = (with_bursts().next(), with_bursts().next_back()) else { return };
        let mean = bits as f64 * 1e9 / (nanos.max(1) as f64 * last.speed.max(1) as f64);
        if bursts >= BURSTS.number() && mean <= BURSTS_MEAN.value() {
            out.push(SwitchTrouble {
                vlans: lately().map(|load| u64::from(load.longest)).max().unwrap_or(0),
                measure: mean,
                ..trouble(SwitchTroubleKind::LinkBursts, Subject::Network, bursts, Episode { first: first.start, last: end(last) })
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEED: u64 = 1_000_000_000;

    /// Twenty seconds of a link of which one way used so much, and either way so much more.
    fn loads(share: f64, beyond: f64, bursts: u32) -> (Vec<SwitchTroubleKind>, bool) {
        let mut loads = LinkLoads::default();
        for second in 0..20 {
            let [bits, beyond] = [share, beyond].map(|share| (share * SPEED as f64) as u64);
            let start = Timestamp(second * SECOND);
            loads.take(&LinkLoad { start, length: SECOND, speed: SPEED, bits, beyond, full_bursts: bursts, ..LinkLoad::default() });
        }
        let (now, mut out) = (Timestamp(20 * SECOND), Vec::new());
        loads.troubles(now, &mut out);
        (out.iter().map(|t| t.kind).collect(), loads.is_unsure(now))
    }

    #[test]
    fn a_link_is_full_where_one_way_surely_is() {
        assert_eq!(loads(0.96, 0.0, 0), (vec![SwitchTroubleKind::LinkFull], false));
        assert_eq!(loads(0.96, 0.5, 0), (vec![SwitchTroubleKind::LinkFull], false));
        assert_eq!(loads(0.48, 0.48, 0), (vec![], true), "48 % either way, or 96 % one way: nothing tells");
        assert_eq!(loads(0.48, 0.46, 0), (vec![], false), "not full, whichever it was");
        assert_eq!(loads(0.2, 0.0, 1), (vec![SwitchTroubleKind::LinkBursts], false));
    }
}
