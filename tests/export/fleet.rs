//! A fleet read back: by a server in this process, and by the real one, into which two probes have written what both saw.

use crate::clickhouse::RealDatabase;
use crate::fixture::{busy, export_as, folder, totals};
use crate::server::{self, serve};
use serde_json::Value;
use spantop::export::clickhouse::{DatabaseLink, DatabasePlan, migrations};
use spantop::export::{ExportTarget, Identity};
use spantop::fleet::{AskDatabase, FleetDatabase, FleetSpan, ProbeState};
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
