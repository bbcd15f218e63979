//! Times in which one direction is not mirrored, and what is missing from them.

use crate::engine::fold::detectors::DetectorReport;
use crate::engine::judge::history::Sums;
use crate::engine::tape::Request;
use crate::mirror::{WINDOW, Windows, window};
use crate::model::estimate::Z;
use crate::model::evidence::{OneWayTimes, StreamEvidence};
use crate::model::limits::OUTAGES;
use crate::model::time::SECOND;
use crate::model::{Episode, Estimate, Traffic};

/// Parts of a time with one direction that are compared with parts as long beside it, and their least length: what comes in each varies by itself.
const PARTS: i64 = 4;
const PART: i64 = SECOND;

/// Those of the time that is judged, the newest. Who sends datagrams may pause: they tell where numbered `streams` lack packets.
pub fn one_way(request: &Request, detected: &DetectorReport, sums: &Sums, streams: &StreamEvidence) -> Option<OneWayTimes> {
    let (begin, end) = (sums.from.max(request.first)?, request.latest?);
    let tells = |of_connections: bool| of_connections || streams.lack_packets();
    let told = detected
        .ways
        .one_way(|second| detected.acked.lacks(second))
        .into_iter()
        .filter(|(_, of_connections)| tells(*of_connections))
        .map(|(time, _)| time);
    let told = told.filter(|time| time.last > begin && time.first < end);
    let mut times: Vec<Episode> = told.map(|time| Episode { first: time.first.max(begin), last: time.last.min(end) }).collect();
    times.drain(..times.len().saturating_sub(OUTAGES));
    let missing = missing(&request.load.arrived, Episode { first: begin, last: end }, &times);
    (!times.is_empty()).then_some(OneWayTimes { times, missing })
}

/// Packets the other way for each of one way, least and most: a receiver acknowledges every second full segment at least (RFC 9293 section 3.8.6.3), and
/// who calls speaks as often as who is called.
const OTHER_WAY: [f64; 2] = [0.5, 2.0];

/// The shortest frame.
const SHORTEST: f64 = 60.0;

/// The share of all bytes of a span that is missing from these times: of about as many packets as come the other way, and of as many bytes as come in
/// times as long beside them, where these are alike enough to tell. The interval has both.
fn missing(arrived: &Windows<Traffic>, span: Episode, times: &[Episode]) -> Estimate {
    let is_within = |at: i64| times.iter().any(|time| (window(time.first)..window(time.last)).contains(&at));
    let known = || arrived.iter().filter(|(at, _)| (window(span.first)..=window(span.last)).contains(at));
    let (within, beside): (Vec<_>, Vec<_>) = known().partition(|(at, _)| is_within(*at));
    let by_other_way = by_other_way(&within, &beside);
    match by_time(&within, &beside, times).filter(|by_time| by_time.low > 0.0) {
        Some(by_time) => {
            let rate = by_time.rate.clamp(by_other_way.low, by_other_way.high);
            Estimate { rate, low: by_time.low.min(by_other_way.low), high: by_time.high.max(by_other_way.high), n: by_time.n }
        }
        None => by_other_way,
    }
}

/// By about as many packets the other way, so long that beside these times the mean length of both ways is what it is.
fn by_other_way(within: &[(i64, Traffic)], beside: &[(i64, Traffic)]) -> Estimate {
    let sum = |of: &[(i64, Traffic)]| of.iter().fold(Traffic::default(), |sum, (_, traffic)| sum.plus(*traffic));
    let (one_way, both) = (sum(within), sum(beside));
    let length = |of: &Traffic| of.wire_bytes as f64 / of.packets.max(1) as f64;
    let all = one_way.wire_bytes as f64 + both.wire_bytes as f64;
    let share = |times: f64| {
        let each = (length(&both) * (1.0 + times) - length(&one_way)).max(times * SHORTEST);
        let missed = one_way.packets as f64 * each;
        missed / (missed + all).max(f64::MIN_POSITIVE)
    };
    let [low, high] = OTHER_WAY.map(share);
    Estimate { rate: share(1.0), low, high, n: within.len() as u64 }
}

/// By as many bytes as in times as long beside them; `None` where these are too short.
fn by_time(within: &[(i64, Traffic)], beside: &[(i64, Traffic)], times: &[Episode]) -> Option<Estimate> {
    let mean = times.iter().map(|time| time.last.since(time.first)).sum::<i64>() / i64::try_from(times.len()).ok()?.max(1);
    let length = usize::try_from((mean / PARTS).max(PART) / WINDOW).ok()?.max(1);
    let bytes = |of: &[(i64, Traffic)]| of.iter().map(|(_, traffic)| traffic.wire_bytes as f64).sum::<f64>();
    let blocks: Vec<f64> = beside.chunks_exact(length).map(bytes).collect();
    let (parts, n) = (within.len() as f64 / length as f64, blocks.len() as f64);
    if blocks.len() < 2 || parts <= 0.0 {
        return None;
    }
    let (seen, all) = (bytes(within), bytes(within) + bytes(beside));
    let share = |usual: f64| {
        let missed = (usual * parts - seen).max(0.0);
        missed / (missed + all).max(f64::MIN_POSITIVE)
    };
    let usual = blocks.iter().sum::<f64>() / n;
    let variance = blocks.iter().map(|block| (block - usual).powi(2)).sum::<f64>() / (n - 1.0);
    let off = Z * (variance * (1.0 / parts + 1.0 / n)).sqrt();
    Some(Estimate { rate: share(usual), low: share(usual - off), high: share(usual + off), n: blocks.len() as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn what_is_missing_is_what_comes_beside() {
        let at = |second: i64| Timestamp(second * SECOND);
        // 60 s of 1,000 packets of 1,000 and 100 bytes a second each way; from 20 to 35 s one way alone.
        let told = |within: Traffic, grows: u64| {
            let mut arrived = Windows::<Traffic>::default();
            for w in 0..600i64 {
                let times = 1 + grows * w as u64 / 100;
                let of = if (200..350).contains(&w) { within } else { Traffic { packets: 200, wire_bytes: 110_000 } };
                *arrived.entry(w).unwrap() = Traffic { packets: of.packets * times, wire_bytes: of.wire_bytes * times };
            }
            missing(&arrived, Episode { first: at(0), last: at(60) }, &[Episode { first: at(20), last: at(35) }])
        };
        let [data, receipts] = [100_000, 10_000].map(|wire_bytes| Traffic { packets: 100, wire_bytes });
        for (seen, truth) in [(receipts, 1.5 / 6.6), (data, 0.15 / 6.6)] {
            let lacks = told(seen, 0);
            assert!((lacks.rate - truth).abs() < 0.01 && lacks.low <= truth && truth <= lacks.high, "{truth}: {lacks:?}");
            // Where more and more comes times beside these tell less.
            let grown = told(seen, 1);
            assert!(grown.low < grown.rate && grown.rate < grown.high && grown.high < 0.5, "{grown:?}");
        }
        let nothing = missing(&Windows::default(), Episode { first: at(0), last: at(60) }, &[]);
        assert_eq!((nothing.rate, nothing.high), (0.0, 0.0));
    }
}
