//! What is usual of a service: medians of what its past bins held.

use super::counts::{Latencies, ServiceCounts};
use crate::model::Arrange as _;
use crate::model::evidence::Trouble;

/// Medians of bins kept, and needed.
const KEPT: usize = 30;
const LEAST: usize = 10;

/// Medians that tell something already where they are of so many durations or answers together: what they say is not yet sure.
const YOUNG: usize = 3;
const YOUNG_OF: u64 = 50;

/// Durations or answers of a bin whose median or share counts.
const OF: u64 = 5;

/// A million: shares are kept as parts of it.
const WHOLE: f64 = 1e6;

/// The median of what past bins held. A bin that held far more than usual is not taken in, so that trouble does not become what is usual.
#[derive(Debug, Clone, Default)]
struct Usual {
    /// Of bins, oldest first.
    values: Vec<u32>,
    /// Durations or answers that they are of.
    of: u64,
    /// Their median, once there are enough.
    median: Option<u32>,
}

impl Usual {
    /// Bytes at most, without its own.
    #[cfg(test)]
    const BYTES: usize = KEPT * size_of::<u32>();

    /// Takes in a bin's value, which is that of so many things, unless it is more than twice the usual and `slack`.
    fn note(&mut self, (value, of): (u32, u64), slack: u32) {
        if self.median.is_some_and(|usual| value > usual.saturating_mul(2).saturating_add(slack)) {
            return;
        }
        if self.values.len() >= KEPT {
            self.values.remove(0);
        }
        self.values.push(value);
        self.of = self.of.saturating_add(of);
        if self.values.len() >= LEAST || self.values.len() >= YOUNG && self.of >= YOUNG_OF {
            let mut sorted = self.values.clone();
            sorted.arrange();
            self.median = sorted.get(sorted.len() / 2).copied();
        }
    }

    /// Whether little is known so far.
    fn is_young(&self) -> bool {
        self.values.len() < LEAST
    }

    /// As a part of a million: seconds of microseconds, a share.
    fn get(&self) -> Option<f64> {
        self.median.map(|median| f64::from(median) / WHOLE)
    }
}

/// What is usual of a service.
#[derive(Debug, Clone, Default)]
pub struct UsualService {
    /// Round trips by side, microseconds.
    trips: [Usual; 2],
    /// Response times, microseconds.
    response: Usual,
    /// Answers that there is no such name, and requests that are refused, parts of a million.
    missing: Usual,
    rejected: Usual,
}

impl UsualService {
    /// Bytes at most, without its own.
    #[cfg(test)]
    pub const BYTES: usize = 5 * Usual::BYTES;

    /// Takes in a bin that is over.
    pub fn note(&mut self, bin: &ServiceCounts) {
        let micros = |of: &Latencies| {
            let times = Latencies::quantiles(std::iter::once(of))?;
            (of.count() >= OF).then_some(((times.p50 * WHOLE) as u32, of.count()))
        };
        for (side, usual) in self.trips.iter_mut().enumerate() {
            if let Some(median) = bin.trips(side).and_then(|trips| micros(&trips.times)) {
                usual.note(median, 0);
            }
        }
        if let Some(median) = micros(&bin.latencies) {
            self.response.note(median, 0);
        }
        let answered = bin.answered();
        if answered >= OF {
            let part = |trouble| ((bin.troubled(trouble) as f64 / answered as f64 * WHOLE) as u32, answered);
            // A twentieth more is no other kind of day.
            self.missing.note(part(Trouble::NoSuchName), WHOLE as u32 / 20);
            self.rejected.note(part(Trouble::Rejected), WHOLE as u32 / 20);
        }
    }

    /// The round trip on a side, seconds; `None` while too little is known.
    pub fn trip(&self, side: usize) -> Option<f64> {
        self.trips.get(side).and_then(Usual::get)
    }

    /// Whether what is known of the round trip on a side is not yet sure.
    pub fn is_young(&self, side: usize) -> bool {
        self.trips.get(side).is_none_or(Usual::is_young)
    }

    /// The response time, seconds, likewise.
    pub fn response(&self) -> Option<f64> {
        self.response.get()
    }

    /// The share of answers that there is no such name, likewise.
    pub fn missing(&self) -> Option<f64> {
        self.missing.get()
    }

    /// The share of requests that are refused, likewise.
    pub fn rejected(&self) -> Option<f64> {
        self.rejected.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_does_not_become_what_is_usual() {
        let mut usual = Usual::default();
        (0..9).for_each(|_| usual.note((10, 5), 0));
        assert_eq!(usual.median, None, "too little is known");
        usual.note((12, 5), 0);
        assert_eq!((usual.median, usual.is_young()), (Some(10), false));
        (0..100).for_each(|_| usual.note((21, 5), 0));
        assert_eq!(usual.median, Some(10));
        (0..100).for_each(|_| usual.note((20, 5), 0));
        assert_eq!((usual.median, usual.values.len()), (Some(20), KEPT), "what grows slowly is followed");
    }

    #[test]
    fn much_tells_something_early() {
        let mut usual = Usual::default();
        (0..2).for_each(|_| usual.note((10, 100), 0));
        assert_eq!(usual.median, None, "two bins may both be out of the ordinary");
        usual.note((10, 5), 0);
        assert_eq!((usual.median, usual.is_young()), (Some(10), true));
    }

    #[test]
    fn a_share_may_grow_from_nothing() {
        let mut usual = Usual::default();
        (0..10).for_each(|_| usual.note((0, 5), 50_000));
        (0..30).for_each(|_| usual.note((40_000, 5), 50_000));
        assert_eq!(usual.get(), Some(0.04));
    }
}
