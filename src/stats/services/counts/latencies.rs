//! A sample of how long something took.

use crate::model::Arrange as _;
use crate::model::Quantiles;

/// Response times: all of them while they are few, then every second, every fourth and so on.
#[derive(Debug, Clone, Default)]
pub struct Latencies {
    /// Microseconds.
    values: Vec<u32>,
    /// Only every so manyth is kept, as a power of two.
    thinned: u32,
    count: u64,
}

impl Latencies {
    /// Values kept at most.
    pub const KEPT: usize = 64;

    /// How many were taken in.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Takes in a duration in nanoseconds.
    pub fn note(&mut self, nanos: i64) {
        let at = self.count;
        self.count = self.count.saturating_add(1);
        if at & ((1 << self.thinned) - 1) != 0 {
            return;
        }
        if self.values.len() >= Self::KEPT {
            let mut keep = false;
            self.values.retain(|_| {
                keep = !keep;
                keep
            });
            self.thinned = (self.thinned + 1).min(40);
            if at & ((1 << self.thinned) - 1) != 0 {
                return;
            }
        }
        self.values.push(u32::try_from(nanos.max(0) / 1_000).unwrap_or(u32::MAX));
    }

    /// Their quantiles together, seconds.
    pub fn quantiles<'a>(all: impl Iterator<Item = &'a Latencies>) -> Option<Quantiles> {
        let mut weighted: Vec<(u32, u64)> = Vec::new();
        let mut count = 0u64;
        for sample in all {
            count = count.saturating_add(sample.count);
            weighted.extend(sample.values.iter().map(|&v| (v, 1 << sample.thinned)));
        }
        weighted.arrange();
        let weight: u64 = weighted.iter().map(|w| w.1).sum();
        let seconds = |micros: u32| f64::from(micros) / 1e6;
        let quantile = |share: f64| {
            let rank = (share * weight as f64).ceil().max(1.0) as u64;
            let mut seen = 0;
            let found = weighted.iter().find(|(_, times)| {
                seen += times;
                seen >= rank
            });
            found.map_or(0.0, |w| seconds(w.0))
        };
        let sum: f64 = weighted.iter().map(|&(v, times)| seconds(v) * times as f64).sum();
        Some(Quantiles {
            count,
            min: seconds(weighted.first()?.0),
            p50: quantile(0.5),
            p95: quantile(0.95),
            p99: quantile(0.99),
            max: seconds(weighted.last()?.0),
            mean: sum / weight.max(1) as f64,
        })
    }
}
