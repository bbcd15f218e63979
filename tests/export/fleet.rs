//! A fleet read back: by a server in this process, and by the real one, into which two probes have written what both saw.

use crate::clickhouse::RealDatabase;
use crate::fixture::{busy, export_as, folder, totals};
use crate::server::{self, serve};
use serde_json::Value;
use spantop::export::clickhouse::{DatabaseLink, DatabasePlan, migrations};
use spantop::export::{ExportTarget, Identity};
use spantop::fleet::{AskDatabase, FleetDatabase, FleetDetail, FleetPicture, FleetSpan, FleetSubject, ProbeName, ProbeState};
use spantop::model::Timestamp;
use std::process::Command;

/// What `spantop fleet` says, and its exit code.
fn fleet(url: &str, arguments: &[&str]) -> (String, String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spantop"));
    command.args(["fleet", &format!("clickhouse:{url}/net")]).args(arguments);
    command.env("SPANTOP_CLICKHOUSE_USER", "reader").env("SPANTOP_CLICKHOUSE_PASSWORD", "s3cret").env("HOME", "/nonexistent");
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

fn answer(path: &str) -> String {
    let row = if path.contains("latest_session") {
        r#"{"site":"lab","probe":"a","asked":1764400000,"heard":1764399990,"latest_session":"5-7"}"#
    } else if path.contains("clock_ns") {
        r#"{"site":"lab","probe":"a","session":"5-7","version":"0.1.0","verdict":"good","findings":"0","clock_ns":"1764399990500000000","heard":1764399990,"now_ns":"9"}"#
    } else if path.contains("uniq(site, probe)") {
        r#"{"records":"10","packets":"200","bytes":"30000","probes":"1"}"#
    } else {
        ""
    };
    format!("{row}\n")
}

#[test]
fn a_fleet_is_read_with_the_exporters_credentials_and_changes_nothing() {
    let server = serve(0, |request| Some((200, answer(&request.path))));
    let (out, said, code) = fleet(&server.url, &["--format", "json"]);
    assert_eq!(code, Some(0), "{said}");
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&value["probes"][0]["probe"], &value["probes"][0]["verdict"]), (&"a".into(), &"good".into()));
    assert_eq!(value["conversations"]["once"]["packets"], 200);
    let requests = server.requests.lock().unwrap();
    assert!(requests.len() >= 6);
    for request in requests.iter() {
        // "reader:s3cret" in base 64. By GET a server changes nothing; where there is no body the question is in the path.
        assert_eq!(request.fields["authorization"], "Basic cmVhZGVyOnMzY3JldA==");
        assert!(request.path.starts_with("/?query=SELECT ") && request.body.is_empty() && request.path.contains(" net."), "{request:?}");
        assert!(!request.path.contains("s3cret"));
    }
}

#[test]
fn a_server_that_refuses_breaks_off_or_is_none_is_told_in_a_line() {
    let refusing = serve(0, |_| Some((500, "Code: 516. DB::Exception: reader: Authentication \u{1b}[2Jfailed\nstack".into())));
    let other = serve(0, |_| Some((200, "<html>".into())));
    let silent = serve(0, |_| None);
    let dead = format!("http://127.0.0.1:{}", server::free_port());
    for (url, word) in [(&refusing.url, "Authentication"), (&other.url, "ClickHouse"), (&silent.url, "127.0.0.1"), (&dead, "127.0.0.1")] {
        let (out, said, code) = fleet(url, &["--format", "text"]);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{said}");
        assert!(said.contains(word) && said.lines().count() == 1 && !said.contains('\x1b'), "{said:?}");
    }
    let (_, said, code) = fleet("ftp://x", &[]);
    assert_eq!(code, Some(2), "{said}");
}

#[test]
fn what_two_probes_saw_counts_once_in_the_real_database() {
    let folder = folder("fleet-real");
    let Some(server) = RealDatabase::start(&folder) else { return };
    server.make(&migrations(&DatabasePlan::new("net")));
    let target = format!("clickhouse:http://127.0.0.1:{}/net", server.port);
    let name = |probe: &str, session| Identity::new(probe, "lab", Timestamp(5), session);
    let (snapshot, _) = export_as(busy(), &[&target], &[], name("probe-1", 7));
    for (probe, session) in [("probe-2'\\", 8), ("probe-3", 9)] {
        export_as(busy(), &[&target], &[], name(probe, session));
    }
    // The same batch again, as after a crash.
    server.ask("INSERT INTO net.flows SELECT * FROM net.flows");
    let link = DatabaseLink::open(&ExportTarget::parse(&target).unwrap()).unwrap();
    let fleet = FleetDatabase::new(link);
    let (packets, bytes) = totals(&snapshot);
    let piece = (1_700_000_000 - 10, 1_700_000_000 + 3_600);
    let shared = fleet.shared(piece).unwrap();
    assert_eq!((shared.told.packets, shared.told.wire_bytes), (3 * packets, 3 * bytes));
    assert_eq!((shared.once().packets, shared.once().wire_bytes), (packets, bytes));
    let [group] = shared.groups.as_slice() else { panic!("{shared:?}") };
    assert_eq!((group.probes.len(), group.probes[1].probe.as_str(), group.told.packets), (3, "probe-2'\\", 3 * packets));
    // An hour later, on another probe, the same ends and ports again: that is another conversation.
    let columns = "time, first, last, source, source_port, destination, destination_port, ip_protocol, source_packets, destination_packets";
    server.ask(&format!(
        "INSERT INTO net.flows (site, probe, batch, row, {columns}) SELECT 'lab', 'probe-4', batch, row, time + 1800, first + 1800, last + 1800, \
         destination, destination_port, source, source_port, ip_protocol, source_packets, destination_packets FROM net.flows FINAL WHERE probe = 'probe-3'"
    ));
    let later = fleet.shared(piece).unwrap();
    assert_eq!((later.told.packets, later.once().packets, later.groups.len()), (4 * packets, 2 * packets, 1));
    // The list: every probe, heard of just now, its clock as far off as this machine's is from itself.
    let picture = fleet.picture(FleetSpan::HOUR).unwrap();
    assert_eq!(picture.probes.len(), 3, "{picture:?}");
    for probe in &picture.probes {
        assert_eq!((probe.state, probe.name.site.as_str()), (ProbeState::Ended, "lab"), "its last word");
        assert!(probe.clock_offset.is_some_and(|offset| offset.abs() < 3.0), "{probe:?}");
    }
    let name = &picture.probes[1].name;
    assert_eq!(name.probe, "probe-2'\\");
    fleet.story(&picture, name, FleetSpan::MONTH).unwrap();
    // Reading is all that this connection does.
    let link = DatabaseLink::open(&ExportTarget::parse(&target).unwrap()).unwrap();
    assert!(link.ask("DROP TABLE net.flows").unwrap_err().contains("readonly"));
}

/// Writes what probe `a` told as another one would have told it ten minutes before `now`: `ahead` by its clock, `late` as packets reached it, a `part`th
/// of what it counted by its last word.
fn tell_as(server: &RealDatabase, probe: &str, (now, ahead, late): (i64, i64, i64), part: u64) {
    let by = now - 600 - 1_700_000_000 + ahead + late;
    let session = format!("{:x}-1", (now - 660 + ahead) * 1_000_000_000);
    for table in ["flows", "intervals", "probes"] {
        let columns = server.ask(&format!("SELECT name FROM system.columns WHERE database = 'net' AND table = '{table}'"));
        let names: Vec<&str> = columns.lines().collect();
        let value = |name: &&str| match *name {
            "probe" => format!("'{probe}'"),
            "batch" => format!("concat(batch, '{probe}')"),
            "session" => format!("'{session}'"),
            "verdict" => "'good'".to_owned(),
            "packets" | "wire_bytes" if table == "probes" => format!("intDiv({name}, {part})"),
            "time" | "first" | "last" | "start" => format!("{name} + ({by})"),
            "now_ns" => format!("toUInt64(now_ns + ({by}) * 1000000000)"),
            // Read now, by a clock that is off.
            "clock_ns" => format!("toUInt64((toUInt32(now()) + ({ahead})) * 1000000000) + again * 1000000"),
            "row" => "row + again * 1000".to_owned(),
            other => other.to_owned(),
        };
        let values: Vec<String> = names.iter().map(|name| format!("{} AS new_{name}", value(name))).collect();
        server.ask(&format!(
            "INSERT INTO net.{table} ({}) SELECT {} FROM net.{table} ARRAY JOIN {} AS again WHERE probe = 'a'",
            names.join(","),
            values.join(","),
            // Two rows say what a clock is.
            if table == "probes" { "[0, 1]" } else { "[0]" }
        ));
    }
}

#[test]
fn clocks_and_ends_of_probes_are_told_for_what_they_are_in_the_real_database() {
    let folder = folder("fleet-clocks");
    let Some(server) = RealDatabase::start(&folder) else { return };
    server.make(&migrations(&DatabasePlan::new("net")));
    let target = format!("clickhouse:http://127.0.0.1:{}/net", server.port);
    let (snapshot, _) = export_as(busy(), &[&target], &[], Identity::new("a", "lab", Timestamp(5), 7));
    let (packets, bytes) = totals(&snapshot);
    let now = server.ask("SELECT toUInt32(now())").parse::<i64>().unwrap();
    let told_by = |probe: &str, ahead: i64, late: i64, part: u64| tell_as(&server, probe, (now, ahead, late), part);
    told_by("right", 0, 0, 1);
    told_by("behind", -5, 0, 1);
    told_by("days", 172_800, 0, 1);
    told_by("killed", 0, 0, 3);
    told_by("unmeasured", 0, 7, 1);
    let fleet = FleetDatabase::new(DatabaseLink::open(&ExportTarget::parse(&target).unwrap()).unwrap());
    let clocks = fleet.clocks((now - 60, now + 60)).unwrap();
    let mut shifts: Vec<i64> = clocks.shifts().iter().map(|shift| shift.1).collect();
    shifts.sort_unstable();
    assert!(matches!(shifts.as_slice(), [-6..=-4, 172_799..=172_801]), "{shifts:?}");
    // Conversations of clocks that were measured are one; what is off otherwise is told.
    let shared = fleet.shared((now - 3_600, now + 60)).unwrap();
    assert_eq!((shared.told.packets, shared.once().packets, shared.once().wire_bytes), (5 * packets, 2 * packets, 2 * bytes));
    let [doubt] = shared.doubts.as_slice() else { panic!("{:?}", shared.doubts) };
    assert!(doubt.contains("lab/unmeasured") && doubt.contains("60 conversations") && doubt.contains("s apart"), "{doubt}");
    let behind = |one: &str, other: &str| {
        let pairs = spantop::fleet::pairs(&shared.groups);
        pairs.iter().find(|pair| pair.0.probe == one && pair.1.probe == other).and_then(|pair| pair.3).unwrap()
    };
    assert_eq!((behind("behind", "right"), behind("days", "right"), behind("killed", "right")), (5.0, -172_800.0, 0.0), "each two of four");
    // Every packet counts, however far off the clock is, and also where nobody told the sum.
    let picture = fleet.picture(FleetSpan::HOUR).unwrap();
    for probe in picture.probes.iter().filter(|probe| probe.name.probe != "a") {
        assert_eq!((probe.history.packets, probe.history.wire_bytes), (packets, bytes), "{probe:?}");
    }
    let state = |probe: &str| picture.probes.iter().find(|p| p.name.probe == probe).unwrap();
    assert!(state("days").clock_offset.is_some_and(|offset| (offset - 172_800.0).abs() < 2.0), "{picture:?}");
    // A finding ends with its run, and one of a run that goes on holds.
    let finding = "INSERT INTO net.findings (time, first, last, site, probe, session, batch, row, id, subject, severity, title, state)";
    server.ask(&format!(
        "{finding} SELECT now(), now(), now(), site, probe, session, 'f-1', 0, 'dns.slow', 'x', 'warning', 'slow', 'opened' FROM net.probes_heard WHERE probe IN ('a', 'right')"
    ));
    let story = |probe: &str| fleet.story(&picture, &state(probe).name, FleetSpan::HOUR).unwrap();
    assert_eq!((state("a").state, story("a").findings[0].is_active), (ProbeState::Ended, false));
    assert_eq!((state("right").state, story("right").findings[0].is_active), (ProbeState::Heard, true));
    let loads: u64 = story("days").load.iter().map(|point| point.packets).sum();
    assert_eq!(loads, packets);
    pages_of_what_a_probe_told(&fleet, &picture, &state("days").name, (packets, now));
    // Rows that waited for a dead server come at once, each as late as it is old: of the clock they say nothing.
    let columns = "time, site, session, batch, row, verdict";
    server.ask(&format!(
        "INSERT INTO net.probes_heard ({columns}, probe, clock_ns, received) SELECT {columns}, 'waited', toUInt64((toUInt32(now()) - late) * 1000000000), now() \
         FROM net.probes_heard ARRAY JOIN [17, 28, 51] AS late WHERE probe = 'right'"
    ));
    let again = fleet.clocks((now - 60, now + 600)).unwrap();
    assert_eq!((again.shifts().len(), again.doubts().len()), (2, 0), "{again:?}");
}

/// A host, a service and a conversation: what they come to, who saw them, their records.
fn pages_of_what_a_probe_told(fleet: &FleetDatabase<DatabaseLink>, picture: &FleetPicture, name: &ProbeName, (packets, now): (u64, i64)) {
    let detail = |subject: FleetSubject, span| fleet.detail(picture, (name, &subject), span).unwrap();
    let host = detail(FleetSubject::Host("10.0.0.1".into()), FleetSpan::HOUR);
    let sum = |detail: &FleetDetail| detail.load.iter().map(|point| point.packets).sum::<u64>();
    assert_eq!((sum(&host), host.conversations.len(), host.services.len()), (packets, 2, 2), "{host:?}");
    let service = FleetSubject::Service { address: "10.0.0.2".into(), port: 80, protocol: 6 };
    let service = detail(service, FleetSpan::HOUR);
    assert_eq!((sum(&service), service.hosts.len(), service.conversations[0].records), (20 * 8, 2, 20));
    let talk = FleetSubject::Conversation { source: "10.0.0.1".into(), destination: "10.0.0.2".into(), port: 80, protocol: 6 };
    let past = FleetSpan::between(now - 3_600, now - 60).unwrap();
    for span in [FleetSpan::HOUR, past] {
        let talk = detail(talk.clone(), span);
        assert_eq!(
            (talk.records.len(), talk.records[0].destination.1, talk.records[0].packets),
            (100, 80, (5, 3)),
            "twenty of each of five"
        );
        let groups: Vec<(usize, u64)> = talk.seen.iter().map(|group| (group.probes.len(), group.conversations)).collect();
        assert_eq!(groups, [(4, 20), (1, 20)], "{:?}", talk.seen);
    }
}
