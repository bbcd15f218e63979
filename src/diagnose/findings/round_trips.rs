//! Round trips that have become long, or are.

use super::{all_of, subject, unusual};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::Tuned;
use crate::model::Arrange as _;
use crate::model::evidence::{FEWEST_TRIPS, ServiceEvidence, ServiceWindow, Threshold, TripWindow};
use crate::model::units::duration;
use crate::model::{PathSide, Quantiles, Severity, Value};

/// Times the usual median from which a round trip has become long, and until which it stays so.
static ROSE: Threshold = Threshold::times(3.0);
static STAYS: Threshold = Threshold::times(1.5);

/// Seconds beyond the usual that matter: where the usual is below the border, and elsewhere; and what is grave.
static NEAR: Threshold = Threshold::seconds(0.005);
static EXCESS_NEAR: Threshold = Threshold::seconds(0.005);
static EXCESS: Threshold = Threshold::seconds(0.030);
static EXCESS_GRAVE: Threshold = Threshold::seconds(0.5);

/// A round trip that is long as such: twice the 150 ms that ITU-T G.114 allows one way.
static LONG: Threshold = Threshold::seconds(0.3);

/// Round trips of so many connections.
static CONNECTIONS: Threshold = Threshold::count(3.0);

/// The way to and from a service's hosts takes longer than it did.
pub struct TcpRtt;

impl Detector for TcpRtt {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "tcp.rtt",
            aspect: None,
            meaning: "The way through the network to this service, or to its clients, takes longer than it usually does: everything that waits \
                      for answers becomes slower.",
            measured: "Times from a segment to its acknowledgement on one side of the mirrored port, of handshakes and of acknowledgements of \
                       two segments or more, none of them sent twice: their median in the last minute, or in its last twenty or ten seconds, \
                       of at least {trips} in {connections} connections, against the usual one, which is the median of earlier times (half a minute of \
                       them at least; while that is all it is a warning at most). Three of four of these connections must have risen by \
                       their means, beyond {stays} times what nine of ten connections needed before: each may have a way of its own. Raised \
                       from {rose} times the usual and {excess} beyond it ({near_excess} where the usual is below {near}); critical from \
                       {grave} beyond it; clears at {stays} times the usual, or when ten minutes have agreed on another level, which is the usual one then. A median above {long} that does not change is a note.",
            cause: "A queue that fills: a link at its limit, a shaper, a shallow uplink; or packets take a longer way than before.",
            lookalikes: "Satellite and mobile links, which are always long; radio that sleeps, of one host; receivers that wait with their \
                         acknowledgements, which are not counted.",
            remedy: "Look at the load of the links on the side that is named at these times, and at what changed the way.",
            topic: None,
            figures: &[
                ("trips", Tuned(&FEWEST_TRIPS)),
                ("connections", Tuned(&CONNECTIONS)),
                ("rose", Tuned(&ROSE)),
                ("excess", Tuned(&EXCESS)),
                ("near_excess", Tuned(&EXCESS_NEAR)),
                ("near", Tuned(&NEAR)),
                ("grave", Tuned(&EXCESS_GRAVE)),
                ("stays", Tuned(&STAYS)),
                ("long", Tuned(&LONG)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections, Need::Unique, Need::Aligned, Need::Unmerged, Need::SteadyClock, Need::TimedClock]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        all_of(e.network.services.iter().filter_map(|service| {
            let stands = standing.on(subject(&service.key));
            let window = service.windows.first()?;
            // Where both sides are long the one that is longer is told.
            let mut sides: Vec<(f64, Report)> = (0..2).filter_map(|side| long(service, window, side, stands)).collect();
            sides.arrange_by(|x, y| y.0.total_cmp(&x.0));
            sides.into_iter().next().map(|s| s.1)
        }))
    }
}

/// Round trips of a stretch on a side, where they are enough to judge by.
fn judged(sides: &[TripWindow; 2], side: usize) -> Option<(&Quantiles, &TripWindow)> {
    let trips = sides.get(side).filter(|trips| trips.connections >= CONNECTIONS.number())?;
    Some((trips.times.as_ref().filter(|times| times.count >= FEWEST_TRIPS.number())?, trips))
}

fn long(service: &ServiceEvidence, window: &ServiceWindow, side: usize, stands: bool) -> Option<(f64, Report)> {
    let usual = service.usual_trips.get(side).copied().flatten();
    let ways = service.usual_ways.get(side).copied().flatten();
    let rose = |times: &Quantiles, trips: &TripWindow| {
        let Some(usual) = usual else { return false };
        let least = if usual < NEAR.in_seconds() { EXCESS_NEAR.in_seconds() } else { EXCESS.in_seconds() };
        let (factor, least) = if stands { (STAYS.value(), least / 2.0) } else { (ROSE.value(), least) };
        let rises = |seconds: f64| seconds > factor * usual && seconds - usual > least;
        // A connection whose way is as long as that of others before has risen as little as one that always was.
        let is_new = |seconds: f64| ways.is_none_or(|ways| seconds > if stands { ways } else { STAYS.value() * ways });
        [Some(times.p50), trips.quarter].into_iter().flatten().all(|seconds| rises(seconds) && is_new(seconds))
    };
    let minute = judged(&window.trips, side);
    // A minute's median is late to tell: the shortest stretch in which it holds does.
    let lately = service.lately.iter().filter_map(|sides| judged(sides, side)).chain(minute).find(|(times, trips)| rose(times, trips));
    let (times, trips) = lately.or(minute.filter(|(times, _)| times.p50 > LONG.in_seconds()))?;
    let excess = times.p50 - usual.unwrap_or(times.p50);
    // One host that sleeps is no trouble of the network.
    let is_alone = side == PathSide::Client as usize && (trips.is_of_one || window.clients <= 1);
    let severity = match lately.is_some() {
        true if is_alone => Severity::Note,
        true if excess > EXCESS_GRAVE.in_seconds() && !service.usual_is_young.get(side).is_some_and(|young| *young) => Severity::Critical,
        true => Severity::Warning,
        false => Severity::Note,
    };
    let side = if side == PathSide::Client as usize { PathSide::Client } else { PathSide::Server };
    let way = match side {
        PathSide::Client => format!("the clients of {}", service.key),
        PathSide::Server => service.key.to_string(),
    };
    let title = match usual.filter(|_| lately.is_some()) {
        Some(usual) => format!("The round trip to {way} rose to {} (usually {})", duration(times.p50), duration(usual)),
        None => format!("The round trip to {way} is long: {}", duration(times.p50)),
    };
    let mut evidence = vec![
        ("p50_seconds", Value::Seconds(times.p50)),
        ("p95_seconds", Value::Seconds(times.p95)),
        ("min_seconds", Value::Seconds(times.min)),
        ("n", Value::Count(times.count)),
        ("connections", Value::Count(trips.connections)),
    ];
    if let Some(usual) = usual {
        evidence.push(("usual_seconds", Value::Seconds(usual)));
    }
    let mut report = Report::new(severity, title, evidence).about(subject(&service.key)).suffered_by(window.clients);
    report.side = Some(side);
    let since = service.unusual_since.trips.get(side as usize).copied().flatten();
    Some((excess.max(0.0), unusual(report, since.filter(|_| lately.is_some()))))
}
