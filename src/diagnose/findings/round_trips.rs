//! Round trips that have become long, or are.

use super::{all_of, subject, unusual};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::Tuned;
use crate::model::Arrange as _;
use crate::model::evidence::{FEWEST_TRIPS, ServiceEvidence, ServiceWindow, Threshold, TripWindow};
use crate::model::units::{duration, grouped, plural};
use crate::model::{Address, Mac, PathSide, Proves, ProvingPackets, Quantiles, Severity, Subject, Value};
use std::collections::{BTreeMap, BTreeSet};

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

/// Servers behind a router to which the way must have risen for it to be the router's, and the part of those of which enough is known; the part
/// while it stands.
static HOSTS_BEHIND: Threshold = Threshold::count(3.0);
static MOST_BEHIND: Threshold = Threshold::share(0.8);
const FEW_BEHIND: f64 = 0.5;

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
                       {grave} beyond it; clears at {stays} times the usual, or when ten minutes have agreed on another level, which is the usual one then. A median above {long} that does not change is a note.\n\n\
                       A router, by the station that frames to the servers go to: the way to {behind} servers or more behind it has risen, \
                       and to {most} of those of which enough is known. What is found of services behind it stands under it.",
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
                ("behind", Tuned(&HOSTS_BEHIND)),
                ("most", Tuned(&MOST_BEHIND)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections, Need::Unique, Need::Aligned, Need::Unmerged, Need::SteadyClock, Need::TimedClock]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let services = e.network.services.iter().filter_map(|service| {
            let stands = standing.on(subject(&service.key));
            let window = service.windows.first()?;
            // Where both sides are long the one that is longer is told.
            let mut sides: Vec<Long> = (0..2).filter_map(|side| long(service, window, side, stands)).collect();
            sides.arrange_by(|x, y| y.excess.total_cmp(&x.excess));
            Some((service, sides.into_iter().next()))
        });
        let all: Vec<(&ServiceEvidence, Option<Long>)> = services.collect();
        let behind = behind(e, &all, standing);
        all_of(behind.into_iter().chain(all.into_iter().filter_map(|(_, long)| Some(long?.report))))
    }
}

/// The way to a service, or to its clients, that takes long.
struct Long {
    /// Seconds beyond the usual.
    excess: f64,
    /// It has risen, and is not long as such.
    rose: bool,
    report: Report,
}

/// What lies behind a router: the servers to which the way is known well enough, and the services to which it rose.
#[derive(Default)]
struct Hop<'a> {
    hosts: BTreeSet<Address>,
    rose: Vec<(&'a ServiceEvidence, &'a Long)>,
}

/// Routers behind which the ways to several servers rose, and to nearly all of which enough is known: it is their way that rose.
fn behind(e: &Evidence, all: &[(&ServiceEvidence, Option<Long>)], standing: StandingFindings<'_>) -> Vec<Report> {
    let is_risen = |long: &&Long| long.rose && long.report.side == Some(PathSide::Server);
    let is_known = |service: &ServiceEvidence| {
        service.next != Mac::default() && service.windows.first().is_some_and(|w| judged(&w.trips, PathSide::Server as usize).is_some())
    };
    let mut hops: BTreeMap<Mac, Hop<'_>> = BTreeMap::new();
    for (service, long) in all {
        let risen = long.as_ref().filter(is_risen);
        if risen.is_some() || is_known(service) {
            let hop = hops.entry(service.next).or_default();
            hop.hosts.insert(service.key.address);
            hop.rose.extend(risen.map(|long| (*service, long)));
        }
    }
    hops.remove(&Mac::default());
    let reports = hops.into_iter().filter_map(|(station, Hop { hosts, rose })| {
        let stands = standing.on(Subject::Station(station));
        let risen: BTreeSet<Address> = rose.iter().map(|(service, _)| service.key.address).collect();
        let share = if stands { FEW_BEHIND } else { MOST_BEHIND.value() };
        let is_wide = risen.len() as u64 >= HOSTS_BEHIND.number() && risen.len() as f64 >= share * hosts.len() as f64;
        is_wide.then(|| risen_behind(e, station, (risen.len() as u64, hosts.len() as u64), &rose))
    });
    reports.collect()
}

/// The report of a router, by what rose at how many of how many servers behind it.
fn risen_behind(e: &Evidence, station: Mac, (risen, hosts): (u64, u64), rose: &[(&ServiceEvidence, &Long)]) -> Report {
    let mut excess: Vec<f64> = rose.iter().map(|(_, long)| long.excess).collect();
    excess.arrange_by(f64::total_cmp);
    let median = excess.get(excess.len() / 2).copied().unwrap_or(0.0);
    let title = format!("The round trip to what lies behind {station} rose by {}: at {}", duration(median), of_servers(risen, hosts));
    let evidence = vec![
        ("excess_seconds", Value::Seconds(median)),
        ("servers", Value::Count(risen)),
        ("servers_judged", Value::Count(hosts)),
        ("services", Value::Count(rose.len() as u64)),
        ("router", Value::Text(station.to_string())),
    ];
    let severity = rose.iter().map(|(_, long)| long.report.severity).max().unwrap_or(Severity::Warning);
    // The same clients use several of them: of each service it is known how many there are, of all together at least as many as of one.
    let clients = rose.iter().filter_map(|(_, long)| long.report.hosts).max().unwrap_or(0);
    let packets =
        ProvingPackets::newest(rose.iter().flat_map(|(service, _)| e.network.proofs.of(&[Proves::FarServer], subject(&service.key))));
    let mut report = Report { packets, ..Report::new(severity, title, evidence).about(Subject::Station(station)) }
        .suffered_by(clients)
        .covering(rose.iter().map(|(service, _)| subject(&service.key)).collect())
        .because(
            "The way to this router, the router itself or the link that it goes on by is at its limit, or packets go on by a longer way.",
        )
        .mend(
            "Look at the load and the queues of this router and of the link that it goes on by; the servers themselves are not the cause.",
        );
    report.side = Some(PathSide::Server);
    report
}

/// `6 of 7 servers`.
fn of_servers(risen: u64, hosts: u64) -> String {
    format!("{} of {}", grouped(risen), plural(hosts, "server"))
}

/// Round trips of a stretch on a side, where they are enough to judge by.
fn judged(sides: &[TripWindow; 2], side: usize) -> Option<(&Quantiles, &TripWindow)> {
    let trips = sides.get(side).filter(|trips| trips.connections >= CONNECTIONS.number())?;
    Some((trips.times.as_ref().filter(|times| times.count >= FEWEST_TRIPS.number())?, trips))
}

fn long(service: &ServiceEvidence, window: &ServiceWindow, side: usize, stands: bool) -> Option<Long> {
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
    let rose = lately.is_some();
    Some(Long { excess: excess.max(0.0), rose, report: unusual(report, since.filter(|_| rose)) })
}
