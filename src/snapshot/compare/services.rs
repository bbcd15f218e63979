//! Services of two pictures: which are new or gone, and how those that both have answer.

use super::change::{ChangeKind, ComparedMeasure};
use super::differences::{Differences, Named};
use super::significance::{of_one_sided, of_responses, of_shares};
use crate::model::{Subject, wilson};
use crate::snapshot::{Service, Snapshot};
use std::collections::BTreeMap;

/// What is said where services of a span are not known.
const NO_SERVICES: &str = "Services are not compared: no past is kept of them, and the packets of the span were not read again.";

impl<'a> Differences<'a> {
    pub(super) fn services(&mut self) {
        let keyed = |s: &'a Snapshot| -> BTreeMap<String, &'a Service> {
            s.stats.services.rows.iter().map(|service| (format!("{}/{}", service.key, service.key.protocol.token()), service)).collect()
        };
        if self.sides.iter().any(|s| s.span.as_ref().is_some_and(|shown| !shown.exact)) {
            self.left_out = NO_SERVICES;
            return;
        }
        let [before, mut after] = self.sides.map(keyed);
        let whole = self.sides.map(|s| s.stats.services.total_rows <= s.stats.services.rows.len() as u64);
        for (name, x) in before {
            match after.remove(&name) {
                Some(y) => self.service(named(name, x), [x, y]),
                None => self.one_sided_service(named(name, x), x, 0, whole[1]),
            }
        }
        for (name, y) in after {
            self.one_sided_service(named(name, y), y, 1, whole[0]);
        }
    }

    /// A service that only one side has, the first (0) or the second (1).
    fn one_sided_service(&mut self, name: Named, service: &Service, has: usize, is_whole: bool) {
        let (seconds, other) = (self.seconds[has], self.lasts[1 - has]);
        // Each use is at least a packet there and one back.
        let uses = service.uses();
        let mut values = [None; 2];
        values[has] = Some(uses as f64 / seconds);
        self.push(ChangeKind::Service, name, ComparedMeasure::UseRate, values, of_one_sided(uses, [seconds, other], is_whole));
    }

    fn service(&mut self, name: Named, sides: [&Service; 2]) {
        let mut differs = false;
        if let [Some(before), Some(after)] = sides.map(|s| s.response.as_ref()) {
            let values = [before.p50, after.p50].map(Some);
            differs |= self.push(ChangeKind::Service, name.clone(), ComparedMeasure::Response, values, of_responses([before, after]));
        }
        let shares = sides.map(|s| wilson(s.failures(), s.uses()));
        let values = [shares[0].rate, shares[1].rate].map(Some);
        differs |= self.push(ChangeKind::Service, name, ComparedMeasure::Errors, values, of_shares(&shares));
        self.alike += u64::from(!differs);
    }
}

/// A service and the page about it.
fn named(name: String, service: &Service) -> Named {
    let key = service.key;
    (name, Some(Subject::Service { address: key.address, port: key.port, protocol: key.protocol }))
}
