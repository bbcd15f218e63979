//! What `spantop fleet init` prints does on real servers what it says: users that may do little, and a cluster of two shards.

use crate::clickhouse::RealDatabase;
use crate::fixture::{busy, export, export_as, folder, totals};
use crate::server::free_port;
use sha2::{Digest, Sha256};
use spantop::export::clickhouse::{DatabaseLink, DatabasePlan, migrations, users_sql, users_xml};
use spantop::export::{ExportTarget, Identity};
use spantop::fleet::{AskDatabase, FleetDatabase, FleetSpan, ProbeState};
use spantop::model::Timestamp;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn hash(password: &str) -> String {
    Sha256::digest(password).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file with a password, for its owner only.
fn secret(folder: &Path, password: &str) -> String {
    let path = folder.join(format!("{password}.secret"));
    std::fs::write(&path, password).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    path.display().to_string()
}

#[test]
fn writers_write_and_readers_read_and_neither_does_more() {
    let folder = folder("users-real");
    std::fs::create_dir_all(folder.join("users.d")).unwrap();
    let plan = DatabasePlan::new("net");
    let users = users_xml(&plan).replace("PASSWORD_OF_PROBES", &hash("write")).replace("PASSWORD_OF_READERS", &hash("read"));
    std::fs::write(folder.join("users.d/spantop.xml"), users).unwrap();
    let Some(server) = RealDatabase::start(&folder) else { return };
    server.make(&migrations(&plan));
    server.ask("CREATE DATABASE other");
    server.ask("CREATE TABLE other.t (x UInt8) ENGINE = Memory");
    let target = format!("clickhouse:http://127.0.0.1:{}/net", server.port);
    let (snapshot, states) = export(busy(), &[&target], &[("user", "spantop_probe"), ("password-file", &secret(&folder, "write"))]);
    assert_eq!((states[0].dropped, states[0].trouble.as_str()), (0, ""));
    let options = [("user", "spantop_reader"), ("password-file", &*secret(&folder, "read"))];
    let options = options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let link = DatabaseLink::open(&ExportTarget { options, ..ExportTarget::parse(&target).unwrap() }).unwrap();
    assert!(link.ask("SELECT * FROM other.t").is_err());
    let fleet = FleetDatabase::new(link);
    assert_eq!(fleet.picture(FleetSpan::HOUR).unwrap().probes.len(), 1);
    assert_eq!(fleet.shared((1_700_000_000, 1_700_003_600)).unwrap().told.packets, totals(&snapshot).0);
    for (user, password, sql) in [
        ("spantop_reader", "read", "INSERT INTO net.flows (time) VALUES (1)"),
        ("spantop_reader", "read", "DROP TABLE net.flows"),
        ("spantop_reader", "wrong", "SELECT 1"),
        ("spantop_probe", "write", "DROP TABLE net.flows"),
        ("spantop_probe", "write", "CREATE TABLE net.x (x UInt8) ENGINE = Memory"),
        ("spantop_probe", "write", "INSERT INTO other.t VALUES (1)"),
    ] {
        let (is_done, said) = server.ask_as(user, password, sql);
        assert!(!is_done && said.starts_with("Code: "), "{user}: {sql}: {said}");
    }
    assert!(server.ask_as("spantop_probe", "write", "INSERT INTO net.flows (time) VALUES (1)").0);
}

#[test]
fn statements_for_users_name_every_table_and_no_password() {
    let sql = users_sql(&DatabasePlan::new("net"));
    for table in spantop::export::clickhouse::table_names() {
        assert!(sql.contains(&format!("GRANT INSERT, SELECT(time, batch) ON net.{table} TO spantop_probe;")), "{table}");
    }
    assert!(sql.contains("readonly = 1") && sql.contains("PASSWORD_OF_READERS") && !sql.contains("GRANT ALL"));
}

/// Statements for a cluster as servers without a keeper take them: on each server by hand, tables without copies.
fn without_keeper(steps: &str) -> String {
    let mut out = steps.replace(" ON CLUSTER campus", "");
    for engine in ["ReplacingMergeTree", "AggregatingMergeTree"] {
        while let Some(at) = out.find(&format!("Replicated{engine}('")) {
            let end = at + out[at..].find(')').unwrap();
            out.replace_range(at..=end, &format!("{engine}()"));
        }
    }
    assert!(!out.contains("Replicated"));
    out
}

#[test]
fn two_shards_are_one_database() {
    let folders = [folder("shard-one"), folder("shard-two")];
    let ports = [[free_port(), free_port()], [free_port(), free_port()]];
    let shard = |port: u16| format!("<shard><replica><host>127.0.0.1</host><port>{port}</port></replica></shard>");
    let config = format!("<remote_servers><campus>{}{}</campus></remote_servers>", shard(ports[0][1]), shard(ports[1][1]));
    let start = |at: usize| RealDatabase::start_at(&folders[at], ports[at], &config);
    let (Some(one), Some(two)) = (start(0), start(1)) else { return };
    let steps = without_keeper(&migrations(&DatabasePlan { cluster: Some("campus"), ..DatabasePlan::new("net") }));
    [&one, &two].iter().for_each(|server| server.make(&steps));
    // Every probe writes to whichever server it knows.
    let mut packets = 0;
    for probe in 0..6u32 {
        let server = if probe % 2 == 0 { &one } else { &two };
        let target = format!("clickhouse:http://127.0.0.1:{}/net", server.port);
        let identity = Identity::new(format!("probe-{probe}"), "lab", Timestamp(5), probe);
        let (snapshot, states) = export_as(busy(), &[&target], &[], identity);
        assert_eq!((states[0].dropped, states[0].trouble.as_str()), (0, ""));
        packets = totals(&snapshot).0;
    }
    let flush = |server: &RealDatabase| {
        // What one server takes for the other is handed on in the background.
        for table in spantop::export::clickhouse::table_names() {
            server.ask(&format!("SYSTEM FLUSH DISTRIBUTED net.{table}"));
        }
    };
    let waits = || {
        (0..100).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            one.ask("SELECT sum(source_packets + destination_packets) FROM net.flows FINAL") == (6 * packets).to_string()
        })
    };
    // That statement is younger than the server of 2018.
    if one.ask("SELECT version()").starts_with("18.") {
        assert!(waits(), "rows do not arrive at their shard");
    } else {
        [&one, &two].iter().for_each(|server| flush(server));
    }
    let on = |server: &RealDatabase| server.ask("SELECT uniq(probe) FROM net.flows_local").parse::<u64>().unwrap();
    assert!(on(&one) > 0 && on(&two) > 0 && on(&one) + on(&two) == 6, "each probe is on one shard");
    let target = format!("clickhouse:http://127.0.0.1:{}/net", two.port);
    let fleet = FleetDatabase::new(DatabaseLink::open(&ExportTarget::parse(&target).unwrap()).unwrap());
    let shared = fleet.shared((1_700_000_000 - 10, 1_700_003_600)).unwrap();
    assert_eq!((shared.told.packets, shared.once().packets), (6 * packets, packets));
    let picture = fleet.picture(FleetSpan::HOUR).unwrap();
    let ended = picture.probes.iter().filter(|probe| probe.state == ProbeState::Ended).count();
    assert_eq!((picture.probes.len(), ended), (6, 6));
    fleet.story(&picture, &picture.probes[0].name, FleetSpan::HOUR).unwrap();
    assert_eq!(one.ask("SELECT sumMerge(packets) FROM net.flows_by_hour"), (6 * packets).to_string());
}
