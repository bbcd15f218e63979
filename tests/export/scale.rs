//! How soon the first picture of a fleet is there: forty probes and thirty days of history, made by the server itself.
//! `cargo test --release --test export -- --ignored --nocapture forty`

use crate::clickhouse::RealDatabase;
use crate::fixture::folder;
use spantop::export::ExportTarget;
use spantop::export::clickhouse::{DatabaseLink, DatabasePlan, migrations};
use spantop::fleet::{FleetDatabase, FleetSpan};
use std::time::{Duration, Instant};

const PROBES: u64 = 40;
const MINUTES: u64 = 30 * 24 * 60;

/// A row of each probe and minute: `p` its number, `m` minutes ago.
fn each() -> String {
    format!(
        "(SELECT intDiv(number, {MINUTES}) AS p, number % {MINUTES} AS m, now() - (m + 1) * 60 AS time, \
         concat('probe-', if(p < 10, '0', ''), toString(p)) AS probe, concat('site-', toString(intDiv(p, 5))) AS site, \
         concat('s-', toString(p)) AS session, concat(session, '-', toString(m)) AS batch FROM system.numbers LIMIT {})",
        PROBES * MINUTES
    )
}

fn fill(server: &RealDatabase) {
    let since = format!("({MINUTES} - m)");
    let told = format!(
        "time, probe, site, session, batch, 0 AS row, '0.1.0' AS version, toUInt64(toUInt32(time)) * 1000000000 AS clock_ns, clock_ns AS now_ns, \
         {since} * 60000 * (p + 1) AS packets, {since} * 48000000 * (p + 1) AS wire_bytes, if(p % 9 = 0, 'bad', 'good') AS verdict, toUInt64(p % 3) AS findings"
    );
    let columns = "time, probe, site, session, batch, row, version, clock_ns, now_ns, packets, wire_bytes, verdict, findings";
    // The server heard of each row at its time, not all of them now.
    server.ask("DETACH TABLE net.probes_heard");
    server.ask(&format!("INSERT INTO net.probes ({columns}, kernel_drops) SELECT {told}, if(p = 7, {since} * 3, 0) FROM {}", each()));
    server.ask("ATTACH TABLE net.probes_heard");
    server.ask(&format!("INSERT INTO net.probes_heard ({columns}, received) SELECT {told}, time FROM {}", each()));
    // Every ten seconds: a month of seconds is a hundred million rows, and the list does not read them.
    server.ask(&format!(
        "INSERT INTO net.intervals (time, probe, site, session, batch, row, start, length, packets, wire_bytes) \
         SELECT time + s * 10, probe, site, session, batch, s, time + s * 10, 10., 10000, 8000000 * (p + 1) FROM {} ARRAY JOIN range(6) AS s",
        each()
    ));
    server.ask(&format!(
        "INSERT INTO net.findings (time, probe, site, session, batch, row, state, subject, id, severity, title, first, last) \
         SELECT time, probe, site, session, batch, 0, if(m % 3 = 0, 'opened', 'cleared'), toString(m % 7), 'dns.slow', 'warning', 'slow', time, time \
         FROM {} WHERE m % 47 = 0",
        each()
    ));
    // Six conversations a minute; half of them are seen by two probes.
    server.ask(&format!(
        "INSERT INTO net.flows (time, probe, site, session, batch, row, first, first_ns, last, source, source_port, destination, destination_port, \
         ip_protocol, source_packets, source_wire_bytes, destination_packets, destination_wire_bytes, app) \
         SELECT time + s * 10, probe, site, session, batch, s, time + s * 10 - 9, p * 100000, time + s * 10, \
         concat('10.', toString(if((m + s) % 2 = 0, intDiv(p, 2), 50 + p)), '.', toString(m % 7), '.', toString((m * 6 + s) % 200)), \
         1024 + (m * 6 + s) * 13 % 60000, concat('192.0.2.', toString((m + s) % 40)), 443, 6, 10, 8000, 20, 90000, 'tls' FROM {} ARRAY JOIN range(6) AS s",
        each()
    ));
}

/// The best of three: other programs run too.
fn best<T>(mut what: impl FnMut() -> T) -> (Duration, T) {
    let mut timed = || {
        let begun = Instant::now();
        let result = what();
        (begun.elapsed(), result)
    };
    let first = timed();
    [timed(), timed()].into_iter().fold(first, |best, next| if next.0 < best.0 { next } else { best })
}

#[test]
#[ignore = "writes twenty million rows into a real server: some minutes"]
fn forty_probes_and_thirty_days_are_there_within_a_second() {
    let folder = folder("fleet-scale");
    let Some(server) = RealDatabase::start(&folder) else { return };
    server.make(&migrations(&DatabasePlan::new("net")));
    fill(&server);
    let target = format!("clickhouse:http://127.0.0.1:{}/net", server.port);
    let fleet = FleetDatabase::new(DatabaseLink::open(&ExportTarget::parse(&target).unwrap()).unwrap());
    let begun = Instant::now();
    let picture = fleet.picture(FleetSpan::HOUR).unwrap();
    println!("first picture, the first time: {:?}", begun.elapsed());
    assert_eq!(picture.probes.len(), 40);
    let mut slowest = Duration::ZERO;
    for span in FleetSpan::ALL {
        let (took, picture) = best(|| fleet.picture(span).unwrap());
        let name = &picture.probes[7].name;
        let (story, _) = best(|| fleet.story(&picture, name, span).unwrap());
        println!("{}: picture {took:?}, page of a probe {story:?}", span.words());
        slowest = slowest.max(took);
    }
    let now = picture.asked;
    for (words, piece) in [("hour", (now - 3_600, now)), ("day", (now - 86_400, now))] {
        let (took, shared) = best(|| fleet.shared(piece).unwrap());
        println!("conversations of an {words}, each once: {took:?} for {} records", shared.told.records);
        assert_eq!(shared.groups.len(), 20);
    }
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    drop(server);
    let _ = std::fs::remove_dir_all(folder);
}
