//! Timing small things: several rounds, the median and the spread.

use std::time::{Duration, Instant};

/// Runs `work` for `rounds` rounds after one to warm up, and prints nanoseconds per unit and units per second.
///
/// `work` returns how many units it did. Prints the median round and, in brackets, the fastest and the slowest.
pub fn measure(name: &str, rounds: usize, mut work: impl FnMut() -> u64) {
    if rounds > 1 {
        std::hint::black_box(work());
    }
    let mut costs: Vec<f64> = (0..rounds.max(1))
        .map(|_| {
            let start = Instant::now();
            let units = work();
            start.elapsed().as_nanos() as f64 / units.max(1) as f64
        })
        .collect();
    costs.sort_by(f64::total_cmp);
    let median = costs[costs.len() / 2];
    println!("{name:<44} {median:>8.1} ns [{:>7.1} … {:>7.1}] {:>8.2} M/s", costs[0], costs[costs.len() - 1], 1e3 / median);
}

/// Seconds with as many digits as they are worth.
pub fn seconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64())
}
