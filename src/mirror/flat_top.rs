//! A constant rate while packets are lost: what a limit lets through.

use super::{LostBytes, WINDOW, Windows, window};
use crate::model::Arrange as _;
use crate::model::evidence::{FLAT_WINDOWS, FlatTop, RATE_WINDOW_LENGTHS};
use crate::model::{Timestamp, Traffic};

/// How many times what a limit lets through is surely more.
const EXCEEDED: f64 = 1.2;

/// The delivered rate in windows in which data was lost from beginning to end: in the inside of a lossy run. Of windows that are enough
/// the length is taken in which the rate varies least: a limit lets through what it saved up while less came, or a frame more or less,
/// and that is a smaller part of more time.
///
/// `from`: windows that begin later are looked at.
pub fn flat_top(lost: &LostBytes, arrived: &Windows<Traffic>, from: Option<Timestamp>) -> Option<FlatTop> {
    let from = from.map_or(i64::MIN, window);
    let tops = RATE_WINDOW_LENGTHS.into_iter().filter_map(|length| {
        let lost = lost.coarser(length);
        let inside = lost.inside().map(|(w, lost)| (w.saturating_mul(length), lost)).filter(|(first, _)| *first > from);
        let sum = |first: i64| (first..first.saturating_add(length)).filter_map(|w| arrived.get(w)).fold(Traffic::default(), Traffic::plus);
        let inside: Vec<(i64, u32)> = inside.collect();
        let last = inside.iter().map(|(first, _)| first.saturating_add(length)).max()?;
        let lossy = inside.into_iter().map(|(first, lost)| (sum(first), lost)).filter(|w| w.0.packets > 0);
        let seconds = (length * WINDOW) as f64 / 1e9;
        let top = top(lossy.collect(), seconds)?;
        let newest = arrived.iter().last().map_or(last, |(window, _)| window);
        let since =
            (last..=newest.saturating_sub(length)).any(|first| sum(first).bits_per_second(seconds) > EXCEEDED * top.bits_per_second);
        Some(FlatTop { is_exceeded_since: since, ..top })
    });
    let enough = |top: &FlatTop| top.windows >= FLAT_WINDOWS;
    tops.reduce(|best, longer| if enough(&longer) && longer.variation < best.variation { longer } else { best })
}

/// The flat top of windows of so many `seconds`, by what arrived and what was lost in each. Where a limit was reached for a part of the
/// window only, less is delivered, never more: windows below 90 % of the median stay out.
fn top(mut lossy: Vec<(Traffic, u32)>, seconds: f64) -> Option<FlatTop> {
    lossy.arrange_by_key(|w| w.0.wire_bytes);
    let median = lossy.get(lossy.len() / 2)?.0.wire_bytes as f64;
    let top = lossy.get(lossy.partition_point(|w| (w.0.wire_bytes as f64) < 0.9 * median)..)?;
    let mean = |of: &dyn Fn(&(Traffic, u32)) -> f64| top.iter().map(of).sum::<f64>() / top.len().max(1) as f64;
    let deviation = |of: &dyn Fn(&(Traffic, u32)) -> f64| {
        let middle = mean(of);
        mean(&|w| (of(w) - middle).powi(2)).sqrt()
    };
    let rate = |w: &(Traffic, u32)| w.0.bits_per_second(seconds);
    let share = |deviation: f64| if mean(&rate) > 0.0 { deviation / mean(&rate) } else { 0.0 };
    Some(FlatTop {
        seconds,
        lossy: lossy.len() as u64,
        windows: top.len() as u64,
        bits_per_second: mean(&rate),
        variation: share(deviation(&rate)),
        missing_variation: share(deviation(&|w| f64::from(w.1) * 8.0 / seconds)),
        is_exceeded_since: false,
        occupied: mean(&|w| w.0.link_bytes() as f64 * 8.0 / seconds),
    })
}
