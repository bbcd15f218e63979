//! Rates with their intervals, and where a loss happened.

use super::Acked;
use crate::model::Estimate;
use crate::model::estimate::{Z, score};

/// A loss surely below this is no loss: completeness counts as good up to here.
const GOOD: f64 = 0.001;

/// Groups with data from which on their scatter is taken for the variance; below it bursts are judged by their length.
const GROUPS: usize = 8;

/// The share of `missing` in `bytes`, by which whole segments of `segment` bytes come and go, with an interval that knows that losses come
/// together. `groups` divide conversations among them (a conversation is in one group); `gaps` is the number of uninterrupted
/// runs that are missing. `None` below one segment.
///
/// The interval is the score interval of as many independent segments as vary as much: their number is divided by the design
/// effect (Kish 1965), the ratio estimator's variance between groups over the binomial one, at least 1 and widened by Student's
/// quantile for few groups. With data in fewer than eight groups the design effect is that of a two-state Markov chain (Gilbert
/// 1960) whose runs of loss have the mean length seen: `2 L (1 - p) - 1` for runs of `L` segments.
pub fn clustered(groups: &[Acked], segment: u64, gaps: u64) -> Option<Estimate> {
    let (bytes, missing) = groups.iter().fold((0u64, 0u64), |(b, m), g| (b.saturating_add(g.bytes), m.saturating_add(g.missing)));
    let (unit, all) = (segment.max(1) as f64, bytes as f64);
    if bytes < segment.max(1) {
        return None;
    }
    let (rate, n) = ((missing as f64 / all).min(1.0), all / unit);
    let count = groups.iter().filter(|g| g.bytes > 0).count();
    let effect = if count >= GROUPS {
        // Student's quantile over the normal one, to first order (Abramowitz and Stegun 26.7.5).
        let student = 1.0 + (Z * Z + 1.0) / (4.0 * (count - 1) as f64);
        scatter(groups, segment) * student.powi(2)
    } else {
        let run = (missing as f64 / unit / gaps.max(1) as f64).max(1.0);
        2.0 * run * (1.0 - rate) - 1.0
    };
    let (low, high) = score(rate, n / effect.max(1.0));
    Some(Estimate { rate, low, high, n: n as u64 })
}

/// How many times as much the shares of `groups` vary as they would if segments of `segment` bytes were missing by chance: the ratio estimator's variance
/// between groups over the binomial one (Kish 1965). 1 where nothing can vary: of one group, and where all or nothing is missing.
pub fn scatter(groups: &[Acked], segment: u64) -> f64 {
    let used = || groups.iter().filter(|g| g.bytes > 0);
    let (bytes, missing) = used().fold((0.0, 0.0), |(b, m), g| (b + g.bytes as f64, m + g.missing as f64));
    let (count, rate) = (used().count(), if bytes > 0.0 { missing / bytes } else { 0.0 });
    let binomial = rate * (1.0 - rate) * segment.max(1) as f64 / bytes;
    if count < 2 || binomial <= 0.0 {
        return 1.0;
    }
    let squares: f64 = used().map(|g| (g.missing as f64 - rate * g.bytes as f64).powi(2)).sum();
    squares * count as f64 / (count - 1) as f64 / bytes.powi(2) / binomial
}

/// Loss by place. `None` is "cannot tell": an input is missing, or the intervals of two inputs overlap so that their difference says nothing
/// (unless less than 0.1 % is missing in all, so that there is nothing to divide).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LossSplit {
    /// Lost in this host, of the packets that reached it.
    pub host: Option<Estimate>,
    /// Lost between the numbering of the encapsulation and this host: the mirror's path (and the switch's mirror queue, on platforms that
    /// number packets before it).
    pub transport: Option<Estimate>,
    /// Lost before the numbering: in the switch.
    pub switch: Option<Estimate>,
    /// Lost before this host, where there is no numbering: switch or path, they cannot be told apart.
    pub upstream: Option<Estimate>,
}

impl LossSplit {
    /// Divides a loss.
    ///
    /// - `acked`: share of acknowledged TCP bytes that were never seen; contains every loss.
    /// - `sequence`: share of missing sequence numbers of the encapsulation; contains transport and host.
    /// - `host`: share dropped by interface, kernel and program.
    pub fn new(acked: Option<Estimate>, sequence: Option<Estimate>, host: Option<Estimate>) -> Self {
        let between = |total: Option<Estimate>, part: Option<Estimate>| remainder(total?, part?);
        Self {
            host,
            transport: between(sequence, host),
            switch: between(acked, sequence),
            upstream: if sequence.is_none() { between(acked, host) } else { None },
        }
    }
}

/// What was lost in a first stage when `total` was lost in two and `part` in the second alone: 1 - (1 - total) / (1 - part).
fn remainder(total: Estimate, part: Estimate) -> Option<Estimate> {
    if total.n == 0 || part.n == 0 {
        return None;
    }
    let first = |total: f64, part: f64| if part >= 1.0 { 0.0 } else { (1.0 - (1.0 - total) / (1.0 - part)).clamp(0.0, 1.0) };
    let split = Estimate {
        rate: first(total.rate, part.rate),
        low: first(total.low, part.high),
        high: first(total.high, part.low),
        n: total.n.min(part.n),
    };
    let apart = total.low > part.high || total.high < part.low;
    // Where so little is missing in all that it counts as good, there is nothing to divide, and the interval says how well it is known.
    (apart || total.rate < GOOD).then_some(split)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::wilson;

    #[test]
    fn clustered_losses_widen_the_interval() {
        let unit = 1_000;
        let even = [Acked { bytes: 1_000_000, missing: 10_000 }; 10];
        let plain = wilson(100, 10_000);
        let e = clustered(&even, unit, 100).unwrap();
        assert_eq!((e.rate, e.low, e.high, e.n), (plain.rate, plain.low, plain.high, plain.n), "no scatter: as if independent");
        let mut uneven = [Acked { bytes: 1_000_000, missing: 0 }; 10];
        uneven[3].missing = 100_000;
        let wide = clustered(&uneven, unit, 100).unwrap();
        assert_eq!(wide.rate, e.rate);
        assert!(wide.low < 0.003 && wide.high > 0.03, "all of it in one group of ten: {wide:?}");
        // One conversation: 100 segments in runs of one, and in runs of ten.
        let single = |gaps| clustered(&[Acked { bytes: 10_000_000, missing: 100_000 }], unit, gaps).unwrap();
        assert!((single(100).high - plain.high).abs() < 2e-4, "{:?}", single(100));
        let runs = single(10);
        assert!((runs.high - runs.rate) / (plain.high - plain.rate) > 4.0, "{runs:?}");
        assert_eq!(clustered(&[Acked { bytes: 999, missing: 0 }], unit, 0), None);
        assert_eq!(clustered(&[], unit, 0), None);
        assert_eq!(clustered(&[Acked { bytes: 5_000, missing: 5_000 }], unit, 1).map(|e| (e.rate, e.high)), Some((1.0, 1.0)));
    }

    fn near(e: Option<Estimate>, rate: f64) -> bool {
        e.is_some_and(|e| (e.rate - rate).abs() < 1e-9 && e.low <= rate && rate <= e.high)
    }

    #[test]
    fn three_places() {
        // 5 % in the switch, 3 % on the path, 1 % in the host.
        let n = 10_000_000;
        let share = |p: f64| Some(wilson((p * n as f64).round() as u64, n));
        let (host, sequence) = (0.01, 1.0 - 0.97 * 0.99);
        let split = LossSplit::new(share(1.0 - 0.95 * 0.97 * 0.99), share(sequence), share(host));
        assert!((split.switch.unwrap().rate - 0.05).abs() < 1e-6, "{split:?}");
        assert!((split.transport.unwrap().rate - 0.03).abs() < 1e-6);
        assert!(near(split.host, 0.01));
        assert_eq!(split.upstream, None);
        // Nothing is missing: nothing to divide, however few were looked at.
        let nothing = LossSplit::new(Some(wilson(0, 187)), None, Some(wilson(0, 699))).upstream.unwrap();
        assert_eq!((nothing.rate, nothing.low, nothing.n), (0.0, 0.0, 187));
        assert!((0.019..0.021).contains(&nothing.high), "{nothing:?}");
        // Something is, and so few were looked at that it may all have been lost in the host.
        assert_eq!(LossSplit::new(Some(wilson(3, 187)), None, Some(wilson(5, 699))).upstream, None);
        let split = LossSplit::new(share(0.06), None, share(0.01));
        assert!(near(split.upstream, 1.0 - 0.94 / 0.99));
        assert_eq!((split.transport, split.switch), (None, None));
    }

    #[test]
    fn cannot_tell() {
        // Two rates whose intervals overlap.
        let split = LossSplit::new(Some(wilson(6, 100)), Some(wilson(5, 100)), Some(wilson(4, 100)));
        assert_eq!((split.transport, split.switch), (None, None));
        // No loss anywhere, of many packets: that can be told.
        let none = Some(wilson(0, 1_000_000));
        let split = LossSplit::new(none, none, none);
        assert_eq!(split.transport.map(|e| e.rate), Some(0.0));
        // The part larger than the whole: no loss between them.
        let split = LossSplit::new(None, Some(wilson(10_000, 1_000_000)), Some(wilson(50_000, 1_000_000)));
        assert_eq!(split.transport.map(|e| (e.rate, e.low, e.high)), Some((0.0, 0.0, 0.0)));
        assert_eq!(LossSplit::new(None, Some(wilson(0, 0)), none).transport, None);
        assert_eq!(LossSplit::default(), LossSplit::new(None, None, None));
    }
}
