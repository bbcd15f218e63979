//! How long packets take from place to place: from what shards measured to what tables show.

use crate::engine::tape::facts::TunnelFacts;
use crate::mirror::{CopyClass, DuplicateCounts, MirrorPoint, TransitKey, TransitReport};
use crate::model::Arrange as _;
use crate::model::limits::TRANSIT_ROWS;
use crate::model::{Histogram, Quantiles, Timestamp, Transit, TransitPlace, TransitRow, TransitSlice};
use std::cmp::Reverse;

/// Steps of a histogram to a doubling.
const STEPS: usize = 4;

/// What was measured, by a clock of `grain` nanoseconds (0: not known).
pub fn transit(report: &TransitReport, copies: &DuplicateCounts, tunnels: &TunnelFacts, grain: u64) -> Transit {
    let mut rows: Vec<_> = report.pairs.iter().filter(|(_, counts)| !counts.times.is_empty()).collect();
    rows.arrange_by_key(|(key, counts)| (Reverse(counts.times.len()), **key));
    let beyond = rows.iter().skip(TRANSIT_ROWS).fold(report.beyond, |sum, (_, counts)| sum.saturating_add(counts.times.len()));
    let resolution = grain as f64 / 1e9;
    let row = |(key, counts): (&TransitKey, &crate::mirror::TransitCounts)| {
        let [from, to] = [0, 1].map(|end| place(key, end, tunnels));
        let seconds = |nanos: u64| nanos as f64 / 1e9;
        let trend = counts.trend.slices().map(|(start, length, slice)| TransitSlice {
            start: Timestamp(start),
            length,
            packets: slice.packets,
            mean: (seconds(slice.sum) / slice.packets.max(1) as f64).max(resolution),
            max: told(seconds(slice.longest), resolution),
        });
        Some(TransitRow {
            kind: key.class.token(),
            from,
            to,
            times: quantiles(&counts.times, resolution)?,
            unresolved: counts.times.below(grain),
            steps: counts.times.steps(STEPS).into_iter().map(|(from, to, n)| (seconds(from), seconds(to), n)).collect(),
            trend: trend.collect(),
        })
    };
    let rows: Vec<TransitRow> = rows.into_iter().take(TRANSIT_ROWS).filter_map(row).collect();
    let reason = if rows.is_empty() { reason(copies) } else { "" };
    Transit { rows, beyond, resolution, reason }
}

/// Why nothing was measured.
fn reason(copies: &DuplicateCounts) -> &'static str {
    let count = |class: CopyClass| copies.class(class).traffic.packets;
    if count(CopyClass::Identical) > 0 {
        "packets come twice from one and the same place: nothing tells on which side of the switch a copy was taken"
    } else if count(CopyClass::Flooded) > 0 {
        "only frames to groups come more than once: they leave by many ports at the same time"
    } else {
        "no packet was seen at two places: the mirror shows one side of the switch"
    }
}

/// A duration as the clock can tell it: a multiple of its resolution, and never less than that.
fn told(seconds: f64, resolution: f64) -> f64 {
    if resolution <= 0.0 {
        return seconds;
    }
    // In nanoseconds, so that a multiple is a round number.
    let grain = resolution * 1e9;
    ((seconds * 1e9 / grain).round().max(1.0) * grain).round() / 1e9
}

fn quantiles(times: &Histogram, resolution: f64) -> Option<Quantiles> {
    let q = times.quantiles()?;
    let [min, p50, p95, p99, max] = [q.min, q.p50, q.p95, q.p99, q.max].map(|seconds| told(seconds, resolution));
    Some(Quantiles { min, p50, p95, p99, max, mean: q.mean.max(resolution), ..q })
}

/// The first or second place of a pair.
fn place(key: &TransitKey, end: usize, tunnels: &TunnelFacts) -> TransitPlace {
    let MirrorPoint { session, interface, side, port, is_mixed } = key.points.get(end).copied().unwrap_or_default();
    let tunnel = usize::from(session).checked_sub(1).and_then(|at| tunnels.sessions.get(at)).map(|s| s.session.tunnel);
    TransitPlace { vlan: key.vlans.get(end).copied().flatten(), session: tunnel, interface, side, port, is_mixed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_finer_than_the_clock() {
        assert_eq!([told(12.4e-6, 1e-6), told(0.2e-6, 1e-6), told(0.0, 4e-6)], [12e-6, 1e-6, 4e-6]);
        assert_eq!(told(12.4e-6, 0.0), 12.4e-6, "an unknown clock rounds nothing");
        let mut times = Histogram::default();
        [300, 400, 2_600].into_iter().for_each(|nanos| times.count(nanos));
        let q = quantiles(&times, 1e-6).unwrap();
        assert_eq!((q.min, q.p50, q.max, q.count), (1e-6, 1e-6, 3e-6, 3));
        assert!((q.mean - 1.1e-6).abs() < 1e-12);
    }

    #[test]
    fn why_there_is_nothing() {
        let mut copies = DuplicateCounts::default();
        assert!(reason(&copies).contains("two places"));
        copies.classes[CopyClass::Flooded as usize].traffic.packets = 1;
        assert!(reason(&copies).contains("groups"));
        copies.classes[CopyClass::Identical as usize].traffic.packets = 1;
        assert!(reason(&copies).contains("one and the same place"));
    }
}
