//! One file a family of findings.

pub(super) mod addresses;
pub(super) mod beginnings;
pub(super) mod bridges;
pub(super) mod capture;
pub(super) mod chatter;
pub(super) mod clocks;
pub(super) mod connections;
pub(super) mod contents;
pub(super) mod copies;
pub(super) mod detours;
pub(super) mod directionality;
pub(super) mod fidelity;
mod hops;
pub(super) mod host;
mod late;
pub mod loads;
pub(super) mod logins;
mod lone_clients;
pub(super) mod loss;
pub(super) mod neighbours;
pub(super) mod no_answer;
mod one_sided;
pub(super) mod receivers;
pub(super) mod repeats;
pub(super) mod round_trips;
pub(super) mod routers;
pub(super) mod scans;
pub(super) mod segments;
pub(super) mod services;
pub(super) mod sizes;
pub(super) mod span;
pub(super) mod stations;
pub(super) mod transit;
mod unreachables;
pub(super) mod voice;
pub(super) mod windows;

use super::detector::{Detection, Report};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure;
use crate::model::estimate::CONFIDENCE;
use crate::model::evidence::{Outage, ServiceEvidence, ServiceWindow, Threshold, Trouble, share};
use crate::model::time::SECOND;
use crate::model::units::{duration, grouped, percent};
use crate::model::{Estimate, Finding, ServiceKey, Subject, Timestamp, Value};

/// Bytes that encapsulations of a mirror add: the least and the most.
const ENCAPSULATION: [u64; 2] = [38, 62];

/// Clients of a service that suffer before it is critical.
static SEVERAL: Threshold = Threshold::count(3.0);

/// The interval that is meant where something is said to be sure.
const SURE: (&str, Figure) = ("sure", Figure::Share(CONFIDENCE));

/// Too little evidence: `have` of `want`.
fn lacking(have: u64, want: u64, of: &str) -> Detection {
    Detection::Unknown(format!("{} of {} {of}", grouped(have), grouped(want)))
}

fn present_if(condition: bool, report: impl FnOnce() -> Report) -> Detection {
    if condition { report().into() } else { Detection::Clear }
}

/// An estimate as evidence: rate, interval and sample size.
fn numbers(estimate: &Estimate) -> Vec<(&'static str, Value)> {
    vec![
        ("share", Value::Share(estimate.rate)),
        ("share_low", Value::Share(estimate.low)),
        ("share_high", Value::Share(estimate.high)),
        ("n", Value::Count(estimate.n)),
    ]
}

/// Reports of one kind about several subjects.
fn all_of(reports: impl Iterator<Item = Report>) -> Detection {
    let reports: Vec<Report> = reports.collect();
    if reports.is_empty() { Detection::Clear } else { Detection::Present(reports) }
}

/// The subject of a service.
fn subject(key: &ServiceKey) -> Subject {
    Subject::Service { address: key.address, port: key.port, protocol: key.protocol }
}

/// Packets that show the trouble of a service.
fn proof(service: &ServiceEvidence, trouble: Trouble) -> Vec<u64> {
    service.proof.iter().find(|proof| proof.0 == trouble).map(|proof| proof.1.numbers()).unwrap_or_default()
}

/// Whether most trials surely fail; a standing finding clears when surely few do.
fn exceeded(estimate: &Estimate, raise: f64, clear: f64, stands: bool) -> bool {
    if stands { estimate.high > clear && estimate.rate > 0.0 } else { estimate.low > raise }
}

/// The times of a service in words: `p50 1.2 ms, p95 910 ms`.
fn times(w: &ServiceWindow) -> String {
    w.response.map_or_else(String::new, |r| format!("median {}, 95 of 100 within {}", duration(r.p50), duration(r.p95)))
}

/// The same of a stretch of which so many answers took longer than a limit, seconds: where they are not most of it, the median is that of others.
fn slow_times(w: &ServiceWindow, (slow, answered): (u64, u64), limit: f64) -> String {
    match w.response {
        Some(r) if r.p50 <= limit => {
            format!("{} answers take longer than {}, 95 of 100 within {}", of(slow, answered), duration(limit), duration(r.p95))
        }
        _ => times(w),
    }
}

/// The report of what is beyond the usual, with since when it is.
fn unusual(report: Report, since: Option<Timestamp>) -> Report {
    match since {
        Some(since) => report.with("unusual_since", Value::Time(since)),
        None => report,
    }
}

/// How long before a time in which nothing was mirrored somebody may have begun to wait whose answer may lie in it.
const WAITS: i64 = 30 * SECOND;

/// Why a finding that somebody waits is the mirror's doing: nothing was mirrored when the answers came, and nobody waits since.
fn waits_for_the_mirror(finding: &Finding, mirror: &Evidence) -> Option<String> {
    let is_within = |outage: &&Outage| {
        let before = outage.from.since(finding.first);
        (0..=WAITS).contains(&before) && finding.last <= outage.until()
    };
    let outage = mirror.outages.iter().find(is_within)?;
    Some(format!("nothing was mirrored for {} when the answers may have come (mirror.outage)", duration(outage.seconds)))
}

/// A share in words.
fn of(count: u64, all: u64) -> String {
    format!("{} of {} ({})", grouped(count), grouped(all), percent(share(count, all)))
}
