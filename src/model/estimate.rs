//! A share that was measured, and how well it is known.

/// How sure an interval is: it holds the truth this often.
pub const CONFIDENCE: f64 = 0.95;

/// The two-sided 95 % quantile of the normal distribution.
pub const Z: f64 = 1.959_963_984_540_054;

/// A rate with its 95 % interval (Wilson): `n` is the number of things looked at. All but `n` are shares, 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Estimate {
    /// The rate.
    pub rate: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Sample size.
    pub n: u64,
}

/// `k` of `n` as a share with its 95 % score interval (Wilson 1927, without continuity correction). Nothing is known from nothing: `n` = 0
/// gives the interval 0 to 1. A `k` beyond `n` counts as `n`.
///
/// ```
/// let e = spantop::model::wilson(0, 100);
/// assert_eq!(e.low, 0.0);
/// assert!((e.high - 0.0370).abs() < 1e-4);
/// ```
pub fn wilson(k: u64, n: u64) -> Estimate {
    if n == 0 {
        return Estimate { rate: 0.0, low: 0.0, high: 1.0, n };
    }
    let k = k.min(n);
    let (low, high) = score(k as f64 / n as f64, n as f64);
    Estimate { rate: k as f64 / n as f64, low, high, n }
}

/// The 95 % score interval of a share `p` seen in `size` independent trials.
pub fn score(p: f64, size: f64) -> (f64, f64) {
    let z2 = Z * Z / size;
    let centre = p + z2 / 2.0;
    let spread = Z * (p * (1.0 - p) / size + z2 / (4.0 * size)).sqrt();
    let low = if p <= 0.0 { 0.0 } else { ((centre - spread) / (1.0 + z2)).clamp(0.0, p) };
    let high = if p >= 1.0 { 1.0 } else { ((centre + spread) / (1.0 + z2)).clamp(p, 1.0) };
    (low, high)
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
}
