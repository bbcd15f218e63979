//! Whom proxies are asked for: where what fails, or takes long, is all of one of those, it is not the proxy's.

use super::{Bounded, REMEMBERED_SECONDS};
use crate::model::evidence::{ProxiedTarget, ProxyEvidence};
use crate::model::limits::PROXIED;
use crate::model::{ProxiedRequest, ServiceKey, ShortName, Timestamp};
use crate::stats::sightings::bounded::{LATELY_BIN, Lately};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What is known of a target behind a proxy.
#[derive(Debug, Default)]
struct Target {
    name: ShortName,
    /// Requests that ended, those that failed, and those that took long, of the last ten minutes.
    counts: [Lately; 3],
}

/// Places of these.
const ASKED: usize = 0;
const BAD: usize = 1;
const SLOW: usize = 2;

/// All of them, by their proxy and what stands for their name.
#[derive(Debug, Default)]
pub(super) struct ProxiedTargets {
    known: Bounded<(ServiceKey, u32), Target, PROXIED, REMEMBERED_SECONDS>,
}

impl ProxiedTargets {
    /// Bytes of one.
    #[cfg(test)]
    pub const BYTES: usize = 2 * size_of::<((ServiceKey, u32), Target, Timestamp)>();

    /// How often there was no room for something new.
    pub fn refused(&self) -> u64 {
        self.known.refused()
    }

    /// A proxy is asked for a target.
    pub fn asked(&mut self, request: &ProxiedRequest) {
        let Some(proxy) = ServiceKey::of(&request.flow, request.way) else { return };
        self.known.entry_or((proxy, request.question), request.time, || Target { name: request.name, ..Target::default() });
    }

    /// What became of so many requests to a service, which is a proxy where it is known for what it was asked.
    pub fn note(&mut self, proxy: ServiceKey, (question, time): (u32, Timestamp), times: u32, [is_bad, is_slow]: [bool; 2]) {
        let Some(target) = self.known.get_mut(&(proxy, question)).filter(|_| question != 0) else { return };
        let bin = time.0.div_euclid(LATELY_BIN);
        target.counts.iter_mut().zip([true, is_bad, is_slow]).for_each(|(count, more)| count.add(bin, if more { times.into() } else { 0 }));
    }

    /// What is known of each proxy whose targets were asked for in the last ten minutes.
    pub fn evidence(&self, now: Timestamp, all: bool) -> BTreeMap<ServiceKey, ProxyEvidence> {
        let mut proxies: BTreeMap<ServiceKey, Vec<&Target>> = BTreeMap::new();
        let is_held = |last: Timestamp| all || now.seconds_since(last) < REMEMBERED_SECONDS as f64;
        for (&(proxy, _), target, _) in self.known.iter().filter(|(_, _, last)| is_held(*last)) {
            proxies.entry(proxy).or_default().push(target);
        }
        let bin = now.0.div_euclid(LATELY_BIN);
        let of = |targets: Vec<&Target>| ProxyEvidence {
            targets: targets.len() as u64,
            failing: most(&targets, BAD, bin),
            slow: most(&targets, SLOW, bin),
        };
        proxies.into_iter().map(|(proxy, targets)| (proxy, of(targets))).collect()
    }
}

impl Target {
    /// What was counted in the ten minutes up to and with the bin of that number.
    fn count(&self, what: usize, bin: i64) -> u64 {
        self.counts.get(what).map_or(0, |count| count.sum(bin))
    }
}

/// The target of most of what counts, beside all others.
fn most(targets: &[&Target], what: usize, bin: i64) -> Option<ProxiedTarget> {
    let first = targets.iter().max_by_key(|target| (target.count(what, bin), Reverse(target.name)))?;
    let (asked, bad) = (first.count(ASKED, bin), first.count(what, bin));
    let sum = |of: usize| targets.iter().map(|target| target.count(of, bin)).sum::<u64>();
    (bad > 0).then(|| ProxiedTarget { name: first.name, asked, bad, others_asked: sum(ASKED) - asked, others_bad: sum(what) - bad })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::SECOND;
    use crate::model::{Direction, FlowKey};

    fn request(target: u32, second: i64) -> ProxiedRequest {
        let (flow, way) = FlowKey::v4(6, 1, 2, 40_000, 3_128);
        let name = ShortName::new(format!("host{target}.example").as_bytes());
        ProxiedRequest { flow, way, time: Timestamp(second * SECOND), question: target, name }
    }

    fn proxy() -> ServiceKey {
        let (flow, way) = FlowKey::v4(6, 1, 2, 40_000, 3_128);
        assert_eq!(way, Direction::AToB);
        ServiceKey::of(&flow, way).unwrap()
    }

    #[test]
    fn the_target_of_what_fails_is_known_beside_the_others() {
        let mut targets = ProxiedTargets::default();
        for n in 0..40 {
            let target = 1 + n % 4;
            targets.asked(&request(target, i64::from(n)));
            targets.note(proxy(), (target, Timestamp(i64::from(n) * SECOND)), 1, [target == 3, n == 0]);
        }
        let told = targets.evidence(Timestamp(40 * SECOND), false);
        let found = &told[&proxy()];
        let failing = found.failing.unwrap();
        assert_eq!((found.targets, failing.name.to_string(), failing.asked, failing.bad), (4, "host3.example".to_owned(), 10, 10));
        assert_eq!((failing.others_asked, failing.others_bad), (30, 0));
        assert_eq!(found.slow.map(|slow| (slow.name.to_string(), slow.bad)), Some(("host1.example".to_owned(), 1)));
        assert!(targets.evidence(Timestamp(700 * SECOND), false).is_empty(), "what was long ago is no evidence of now");
    }

    #[test]
    fn what_is_no_proxy_has_no_targets() {
        let mut targets = ProxiedTargets::default();
        targets.note(proxy(), (0, Timestamp(0)), 1, [true, true]);
        targets.note(proxy(), (7, Timestamp(0)), 1, [true, true]);
        assert!(targets.evidence(Timestamp(0), true).is_empty());
    }

    #[test]
    fn what_failed_long_ago_does_not_count() {
        let mut targets = ProxiedTargets::default();
        for minute in 0..20 {
            targets.asked(&request(1, minute * 60));
            targets.note(proxy(), (1, Timestamp(minute * 60 * SECOND)), 1, [minute < 15, false]);
        }
        let failing = targets.evidence(Timestamp(19 * 60 * SECOND), false)[&proxy()].failing.unwrap();
        assert_eq!((failing.asked, failing.bad), (10, 5), "of the last ten minutes");
    }
}
