//! Times in which one direction is not mirrored, and what is missing from them.

use crate::engine::fold::detectors::DetectorReport;
use crate::engine::judge::history::Sums;
use crate::engine::tape::Request;
use crate::mirror::{WINDOW, Windows, window};
use crate::model::estimate::Z;
use crate::model::evidence::OneWayTimes;
use crate::model::limits::OUTAGES;
use crate::model::time::SECOND;
use crate::model::{Episode, Estimate, Traffic};

/// Parts of a time with one direction that are compared with parts as long beside it, and their least length: what comes in each varies by itself.
const PARTS: i64 = 4;
const PART: i64 = SECOND;

/// Those of the time that is judged, the newest.
pub fn one_way(request: &Request, detected: &DetectorReport, sums: &Sums) -> Option<OneWayTimes> {
    let (begin, end) = (sums.from.max(request.first)?, request.latest?);
    let told = detected.ways.one_way().into_iter().filter(|time| time.last > begin && time.first < end);
    let mut times: Vec<Episode> = told.map(|time| Episode { first: time.first.max(begin), last: time.last.min(end) }).collect();
    times.drain(..times.len().saturating_sub(OUTAGES));
    let missing = missing(&request.load.arrived, Episode { first: begin, last: end }, &times);
    (!times.is_empty()).then_some(OneWayTimes { times, missing })
}

/// Packets the other way for each of one way, least and most: a receiver acknowledges every second full segment at least (RFC 9293 section 3.8.6.3), and
/// who calls speaks as often as who is called.
const OTHER_WAY: [f64; 2] = [0.5, 2.0];

/// The share of all traffic of a span that is missing from these times. By bytes: as many as come in times as long beside them, as well as that is
/// known by how much those vary; by packets: about as many as come the other way. The interval has both; where the bytes tell nothing the packets do.
fn missing(arrived: &Windows<Traffic>, span: Episode, times: &[Episode]) -> Estimate {
    let is_within = |at: i64| times.iter().any(|time| (window(time.first)..window(time.last)).contains(&at));
    let known = || arrived.iter().filter(|(at, _)| (window(span.first)..=window(span.last)).contains(at));
    let (within, beside): (Vec<_>, Vec<_>) = known().partition(|(at, _)| is_within(*at));
    let by_packets = by_other_way(&within, &beside);
    match by_time(&within, &beside, times) {
        Some(by_bytes) if by_bytes.low > 0.0 => {
            Estimate { low: by_bytes.low.min(by_packets.low), high: by_bytes.high.max(by_packets.high), ..by_bytes }
        }
        Some(by_bytes) => Estimate { high: by_bytes.high.max(by_packets.high), ..by_packets },
        None => by_packets,
    }
}

/// By as many packets the other way.
fn by_other_way(within: &[(i64, Traffic)], beside: &[(i64, Traffic)]) -> Estimate {
    let packets = |of: &[(i64, Traffic)]| of.iter().map(|(_, traffic)| traffic.packets as f64).sum::<f64>();
    let (seen, all) = (packets(within), packets(within) + packets(beside));
    let share = |times: f64| times * seen / (times * seen + all).max(f64::MIN_POSITIVE);
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
        // 60 s of 1,000 bytes and 10 packets a window, from 20 to 35 s of 200 and 5.
        let arrived = |spread: u64| {
            let mut arrived = Windows::<Traffic>::default();
            for w in 0..600i64 {
                let bytes = if (200..350).contains(&w) { 200 } else { 1_000 + if w / 50 % 2 == 0 { spread } else { 0 } };
                let traffic = arrived.entry(w).unwrap();
                traffic.wire_bytes = bytes - if w / 50 % 2 == 1 && bytes > 200 { spread } else { 0 };
                traffic.packets = if bytes > 200 { 10 } else { 5 };
            }
            arrived
        };
        let told = |spread| missing(&arrived(spread), Episode { first: at(0), last: at(60) }, &[Episode { first: at(20), last: at(35) }]);
        let even = told(0);
        assert!((even.rate - 0.2).abs() < 0.002, "{even:?}");
        // By packets 12.5 %, from half as many to twice as many.
        assert!((even.low - 375.0 / 5_625.0).abs() < 1e-3 && (even.high - 1_500.0 / 6_750.0).abs() < 1e-3, "{even:?}");
        let uneven = told(300);
        assert!((uneven.rate - 0.2).abs() < 0.05 && uneven.high - uneven.low > 0.1, "{uneven:?}");
        // Where more comes in it than beside, as much as comes is missing.
        let mut grows = Windows::<Traffic>::default();
        (0..600i64).for_each(|w| *grows.entry(w).unwrap() = Traffic { packets: w as u64, wire_bytes: w as u64 * w as u64 });
        let late = missing(&grows, Episode { first: at(0), last: at(60) }, &[Episode { first: at(40), last: at(60) }]);
        assert!((late.rate - 100.0 / 280.0).abs() < 0.01, "{late:?}");
    }
}
