//! What makes a difference more than noise: the thresholds, the sentences that say them, and the judgements that rest on them.

use crate::model::{Estimate, Quantiles};

/// Times by which a rate must differ.
const FACTOR: f64 = 2.0;
/// Share of the busier capture's load that a difference must make.
const PART: f64 = 0.01;
/// Packets that must have been expected where none came: by chance that happens once in twenty times (Poisson, e^-3).
const EXPECTED: f64 = 3.0;
/// Packets, attempts or requests that must have been seen before a rate is one, from which more could be expected.
const SEEN: u64 = 3;
/// How seldom chance makes of two equal rates counts that lie so far apart: once in so many times.
const CHANCE: f64 = 1_000.0;
/// Packets of a row that is compared at all.
const PACKETS: u64 = 20;
/// Answers of each side before times are compared.
const ANSWERS: u64 = 50;
/// Times by which a response time must differ.
const SLOWER: f64 = 1.5;
/// Seconds by which it must differ.
const NOTICED: f64 = 0.005;
/// Standard errors by which loads must differ.
const ERRORS: f64 = 3.0;
/// How much a warning matters.
const WARNING: f64 = 2.0;
/// Intervals of each side before loads are compared.
const INTERVALS: usize = 3;

/// What makes a difference more than noise, in sentences.
pub const RULES: [&str; 5] = [
    "A load differs where its means lie 3 standard errors apart and one is at least twice the other.",
    "A host, station, protocol, VLAN or service differs where its rate at least doubled or halved, by at least 1 % of the busier load, with 20 packets or more, and where chance makes such counts once in 1,000 times at most (Poisson): one packet in a millisecond is no rate.",
    "It is new or gone where at least 3 packets (of a service: attempts and requests) were seen, and 3 would have come at that rate while the other capture lasted (by chance once in 20 times).",
    "A response time differs where half of 50 or more answers on each side took 1.5 times as long, and 5 ms more; shares of errors where their 95 % intervals lie apart.",
    "A finding that is new, gone or of another weight counts, unless it is a mere note, or the other capture has fewer than 20 packets or lasts no time.",
];
/// Packets and bytes of a row.
pub(super) type Amount = (u64, u64);

/// What two values come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Significance {
    /// They do not differ.
    Alike,
    /// They differ, for this reason no more than chance or measurement lets them.
    Noise(&'static str),
    /// They differ by more than that.
    Significant,
}

/// A load's spread: how many intervals there are, and the variance of their mean.
pub(super) type Spread = (usize, f64);

/// Two loads, by the spread of their intervals.
pub(super) fn of_loads([a, b]: [f64; 2], [(n, x), (m, y)]: [Spread; 2]) -> Significance {
    match () {
        () if a == b => Significance::Alike,
        () if n.min(m) < INTERVALS => Significance::Noise("too few intervals to tell"),
        () if (a - b).abs() <= ERRORS * (x + y).sqrt() => Significance::Noise("within the spread of its intervals"),
        () if a.max(b) < FACTOR * a.min(b) => Significance::Noise("less than twice"),
        () => Significance::Significant,
    }
}

/// Something that only one side has: `count` packets or uses in its `seconds`, none in the `other` seconds. `is_whole`: the other side lists all
/// there is of the kind.
pub(super) fn of_one_sided(count: u64, [seconds, other]: [f64; 2], is_whole: bool) -> Significance {
    match () {
        () if other <= 0.0 => Significance::Noise("the other lasts no time"),
        () if count as f64 / seconds * other < EXPECTED => Significance::Noise("too seldom to be missed"),
        () if count < SEEN => Significance::Noise("seen too seldom to know its rate"),
        () if !is_whole => Significance::Noise("not every row is listed"),
        () => Significance::Significant,
    }
}

/// Packets and bytes that both sides have of something, during so many seconds each. `busier`: bits per second of the busier capture.
pub(super) fn of_amounts(amounts: [Amount; 2], seconds: [f64; 2], busier: f64) -> Significance {
    let [a, b] = [0, 1].map(|i: usize| amounts[i].1 as f64 * 8.0 / seconds[i]);
    match () {
        () if a == b || a.max(b) < FACTOR * a.min(b) => Significance::Alike,
        () if amounts.iter().all(|amount| amount.0 < PACKETS) => Significance::Noise("few packets"),
        () if !is_told_by_counts(amounts.map(|amount| amount.0), seconds, a > b) => Significance::Noise("so few packets by chance"),
        () if (a - b).abs() < PART * busier => Significance::Noise("less than 1 % of the load"),
        () => Significance::Significant,
    }
}

/// How much a finding matters on each side, where it is there, and packets and seconds of each.
pub(super) fn of_severities([before, after]: [Option<f64>; 2], sides: [(u64, f64); 2]) -> Significance {
    let shows = |at: usize| sides[at].0 >= PACKETS && sides[at].1 > 0.0;
    match () {
        () if before == after => Significance::Alike,
        () if before.is_none() && !shows(0) || after.is_none() && !shows(1) => Significance::Noise("the other is too short to show it"),
        () if [before, after].iter().flatten().all(|weight| *weight < WARNING) => Significance::Noise("a note"),
        () => Significance::Significant,
    }
}

/// Response times of a service.
pub(super) fn of_responses([before, after]: [&Quantiles; 2]) -> Significance {
    let (a, b) = (before.p50, after.p50);
    match () {
        () if before.count.min(after.count) < ANSWERS || a == b || a.max(b) < SLOWER * a.min(b) => Significance::Alike,
        () if (a - b).abs() < NOTICED => Significance::Noise("less than 5 ms"),
        () => Significance::Significant,
    }
}

/// Shares of a service's attempts and requests that went wrong.
pub(super) fn of_shares([a, b]: &[Estimate; 2]) -> Significance {
    match () {
        () if a.rate == b.rate || a.n == 0 || b.n == 0 => Significance::Alike,
        () if a.high < b.low || b.high < a.low => Significance::Significant,
        () => Significance::Noise("its intervals overlap"),
    }
}

/// Whether what both have differs by more than chance: by how many packets there are, or by how large they are, where there are some on both
/// sides.
fn is_told_by_counts(counts: [u64; 2], [s, t]: [f64; 2], falls: bool) -> bool {
    let [x, y] = counts.map(|n| n as f64);
    let (most, least) = if falls { (x / s, y / t) } else { (y / t, x / s) };
    if most < FACTOR * least { counts.iter().all(|n| *n >= PACKETS) } else { is_beyond_chance([x, y], [s, t]) }
}

/// Whether counts during so many seconds each are of different rates. Of all events the share of the one is as that of its time, where the
/// rates are equal; that so many fall into it has a probability of e^-(n·D) at most, D their relative entropy (Chernoff's bound, which needs no
/// count to be large).
fn is_beyond_chance([x, y]: [f64; 2], [s, t]: [f64; 2]) -> bool {
    let (all, time) = (x + y, s + t);
    let part = |count: f64, seconds: f64| if count > 0.0 { count * (count / all * time / seconds).ln() } else { 0.0 };
    part(x, s) + part(y, t) > CHANCE.ln()
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_equal_does_not_differ() {
        let quantiles = |p50| Quantiles { count: 100, p50, ..Quantiles::default() };
        assert_eq!(of_responses([&quantiles(0.0), &quantiles(0.0)]), Significance::Alike, "stamps that tell nothing apart");
        assert_eq!(of_responses([&quantiles(0.0), &quantiles(0.1)]), Significance::Significant);
        assert_eq!(of_responses([&quantiles(0.004), &quantiles(0.0)]), Significance::Noise("less than 5 ms"));
        assert_eq!(of_amounts([(0, 0), (0, 0)], [1.0, 1.0], 0.0), Significance::Alike);
    }

    #[test]
    fn counts_of_equal_rates_seldom_lie_far_apart() {
        // P(n >= 5 | 1 expected) is 0.4 %, P(n >= 20 | 5 expected) less than a millionth.
        assert!(!is_beyond_chance([5.0, 1_000.0], [0.001, 1.0]));
        assert!(is_beyond_chance([20.0, 5_000.0], [0.001, 1.0]));
    }

    #[test]
    fn what_one_side_has_was_seen_often_enough_and_would_have_come() {
        let seldom = Significance::Noise("seen too seldom to know its rate");
        // One packet in a millisecond is no thousand a second.
        assert_eq!(of_one_sided(1, [0.001, 60.0], true), seldom);
        assert_eq!(of_one_sided(2, [0.001, 60.0], true), seldom);
        assert_eq!(of_one_sided(3, [0.001, 60.0], true), Significance::Significant);
        assert_eq!(of_one_sided(3, [10.0, 10.0], true), Significance::Significant);
        assert_eq!(of_one_sided(3, [10.0, 9.9], true), Significance::Noise("too seldom to be missed"));
        assert_eq!(of_one_sided(3, [10.0, 10.0], false), Significance::Noise("not every row is listed"));
    }

    #[test]
    fn amounts_differ_by_rate_count_and_load() {
        let one_second = |x, y, busier| of_amounts([x, y], [1.0; 2], busier);
        assert_eq!(one_second((20, 1_000), (39, 1_999), 0.0), Significance::Alike);
        assert_eq!(one_second((1, 100), (19, 1_900), 0.0), Significance::Noise("few packets"));
        assert_eq!(one_second((10, 1_000), (20, 2_000), 0.0), Significance::Noise("so few packets by chance"));
        assert_eq!(one_second((10, 1_000), (100, 10_000), 0.0), Significance::Significant);
        assert_eq!(one_second((10, 1_000), (100, 10_000), 7_200_000.1), Significance::Noise("less than 1 % of the load"));
        // As many packets, twice as large.
        assert_eq!(one_second((20, 1_000), (20, 2_000), 0.0), Significance::Significant);
        assert_eq!(one_second((19, 1_000), (20, 2_000), 0.0), Significance::Noise("so few packets by chance"));
    }
}
