//! Rates with their intervals, and where a loss happened.

use crate::model::Estimate;

/// The two-sided 95 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;
/// A loss surely below this is no loss: completeness counts as good up to here.
const GOOD: f64 = 0.001;

/// `k` of `n` as a share with its 95 % score interval (Wilson 1927, without continuity correction). Nothing is known from nothing: `n` = 0
/// gives the interval 0 to 1. A `k` beyond `n` counts as `n`.
///
/// ```
/// let e = spantop::mirror::wilson(0, 100);
/// assert_eq!(e.low, 0.0);
/// assert!((e.high - 0.0370).abs() < 1e-4);
/// ```
pub fn wilson(k: u64, n: u64) -> Estimate {
    if n == 0 {
        return Estimate { rate: 0.0, low: 0.0, high: 1.0, n };
    }
    let k = k.min(n);
    let (size, p) = (n as f64, k as f64 / n as f64);
    let z2 = Z * Z / size;
    let centre = p + z2 / 2.0;
    let spread = Z * (p * (1.0 - p) / size + z2 / (4.0 * size)).sqrt();
    let low = if k == 0 { 0.0 } else { ((centre - spread) / (1.0 + z2)).clamp(0.0, p) };
    let high = if k == n { 1.0 } else { ((centre + spread) / (1.0 + z2)).clamp(p, 1.0) };
    Estimate { rate: p, low, high, n }
}

/// Loss by place. `None` is "cannot tell": an input is missing, or the intervals of two inputs overlap so that their difference says nothing
/// (unless both are so small that the loss between them surely is below 0.1 %).
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
    (apart || split.high < GOOD).then_some(split)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_intervals() {
        // Newcombe 1998, table I, method 3 (score interval without continuity correction).
        for (k, n, low, high) in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)] {
            let e = wilson(k, n);
            assert!((e.low - low).abs() < 5e-5 && (e.high - high).abs() < 5e-5, "{k}/{n}: {e:?}");
        }
    }

    #[test]
    fn intervals_are_ordered_and_mirror_each_other() {
        for n in [1, 2, 10, 1000, u64::MAX] {
            for k in [0, 1, n / 3, n / 2, n] {
                let (e, f) = (wilson(k, n), wilson(n - k.min(n), n));
                assert!(0.0 <= e.low && e.low <= e.rate && e.rate <= e.high && e.high <= 1.0, "{k}/{n}: {e:?}");
                assert!((e.low - (1.0 - f.high)).abs() < 1e-9, "{k}/{n}");
            }
        }
        assert_eq!(wilson(0, 0), Estimate { rate: 0.0, low: 0.0, high: 1.0, n: 0 });
        assert_eq!(wilson(9, 3).rate, 1.0);
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
