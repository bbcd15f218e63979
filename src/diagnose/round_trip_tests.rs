//! Round trips that rose, and those of connections with ways of their own.

use super::*;

/// The same where little is known of what is usual.
pub(super) fn young(p50: f64, usual: f64) -> Evidence {
    let mut e = trips(p50, Some(usual), 3);
    e.network.services.iter_mut().for_each(|service| service.usual_is_young = [true; 2]);
    e
}

/// A service whose round trips in the last minute have this median on the server's side, and usually another.
pub(super) fn trips(p50: f64, usual: Option<f64>, connections: u64) -> Evidence {
    let mut w = ServiceWindow { clients: 4, ..ServiceWindow::default() };
    w.trips[1] = TripWindow { times: times(p50, p50 * 2.0), connections, quarter: None, is_of_one: false };
    evidence(ServiceEvidence { usual_trips: [None, usual], ..service("http", w) })
}

#[test]
fn round_trips_that_rose_are_told_with_their_side() {
    let found = |e: &Evidence| judge_network(e, &mut Judge::default(), Timestamp(NOW)).findings.into_iter().find(|f| f.id == "tcp.rtt");
    let rose = found(&trips(0.040, Some(0.002), 5)).expect("20 times as long");
    assert_eq!((rose.severity, rose.side), (Severity::Warning, Some(PathSide::Server)));
    assert_eq!(rose.title, "The round trip to 10.0.0.9:80 rose to 40.0 ms (usually 2.0 ms)");
    assert!(rose.evidence.contains(&("usual_seconds", Value::Seconds(0.002))));
    assert_eq!(found(&trips(0.9, Some(0.05), 5)).map(|f| f.severity), Some(Severity::Critical));
    // Three times as long but hardly longer, or not even that; too few connections; nothing to compare with.
    for quiet in [trips(0.006, Some(0.0019), 5), trips(0.1, Some(0.05), 5), trips(0.040, Some(0.002), 2), trips(0.040, None, 5)] {
        assert!(found(&quiet).is_none(), "{quiet:?}");
    }
    // Ten seconds that hold enough tell what the minute's median does not yet; too few do not.
    let lately = |p50, connections| {
        let mut e = trips(0.002, Some(0.002), 5);
        let side = TripWindow { times: times(p50, p50 * 2.0), connections, quarter: None, is_of_one: false };
        e.network.services[0].lately = vec![[TripWindow::default(), side]];
        e
    };
    let soon = found(&lately(0.040, 3)).expect("20 times as long since some seconds");
    assert_eq!(soon.title, "The round trip to 10.0.0.9:80 rose to 40.0 ms (usually 2.0 ms)");
    assert!(found(&lately(0.040, 2)).is_none() && found(&lately(0.9, 2)).is_none());
    // A satellite link is always long.
    let long = found(&trips(0.6, Some(0.58), 5)).expect("long");
    assert_eq!((long.severity, &*long.title), (Severity::Note, "The round trip to 10.0.0.9:80 is long: 600.0 ms"));
}

/// Of connections that have a way of their own each: three of four must have risen, beyond what others needed before.
#[test]
fn what_one_connection_needs_as_others_did_has_not_risen() {
    let found = |quarter: f64, ways: f64| {
        let mut e = trips(0.040, Some(0.002), 4);
        let service = &mut e.network.services[0];
        service.usual_ways[1] = Some(ways);
        service.windows.iter_mut().for_each(|w| w.trips[1].quarter = Some(quarter));
        judge_network(&e, &mut Judge::default(), Timestamp(NOW)).findings.iter().any(|f| f.id == "tcp.rtt")
    };
    assert_eq!((found(0.040, 0.002), found(0.005, 0.002)), (true, false), "half of them are as ever");
    assert_eq!((found(0.040, 0.026), found(0.040, 0.027)), (true, false), "others needed much the same before");
}
