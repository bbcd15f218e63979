//! The dashboard for Grafana: it parses, and the real server answers each of its questions.

use crate::clickhouse::RealDatabase;
use crate::fixture::{busy, export, export_as, folder, totals};
use serde_json::Value;
use spantop::export::Identity;
use spantop::export::clickhouse::{DatabasePlan, migrations};
use spantop::model::Timestamp;

fn dashboard() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/grafana/spantop-fleet.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Every question: those of panels and those of variables.
fn questions(dashboard: &Value) -> Vec<String> {
    let panels = dashboard["panels"].as_array().unwrap().iter().map(|panel| &panel["targets"][0]["rawSql"]);
    let variables = dashboard["templating"]["list"].as_array().unwrap().iter().filter(|v| v["type"] == "query").map(|v| &v["query"]);
    panels.chain(variables).map(|sql| sql.as_str().unwrap().to_owned()).collect()
}

/// A question as Grafana and the plugin of the data source send it, for all time.
fn filled(sql: &str) -> String {
    let mut out = sql
        .replace("${database}", "net")
        .replace("${site:singlequote}", "'lab'")
        .replace("${probe:singlequote}", "'probe-1','x'")
        .replace("$__interval_s", "60");
    while let Some(at) = out.find("$__timeFilter(") {
        let end = at + out[at..].find(')').unwrap();
        let column = out[at + "$__timeFilter(".len()..end].to_owned();
        out.replace_range(at..=end, &format!("({column} >= toDateTime(1600000000) AND {column} <= toDateTime(4000000000))"));
    }
    assert!(!out.contains('$'), "{out}");
    out
}

#[test]
fn the_dashboard_for_grafana_reads_only_and_has_bounds() {
    let dashboard = dashboard();
    let questions = questions(&dashboard);
    assert!(questions.len() >= 10);
    for sql in questions {
        let sql = filled(&sql);
        assert!(sql.starts_with("SELECT ") && sql.contains(" LIMIT ") && !sql.contains(';'), "{sql}");
    }
    let ids: std::collections::BTreeSet<i64> = dashboard["panels"].as_array().unwrap().iter().map(|p| p["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), dashboard["panels"].as_array().unwrap().len());
    assert_eq!(dashboard["editable"], false);
}

#[test]
fn the_real_database_answers_every_question_of_the_dashboard() {
    let folder = folder("grafana-real");
    let Some(server) = RealDatabase::start(&folder) else { return };
    server.make(&migrations(&DatabasePlan::new("net")));
    export(busy(), &[&format!("clickhouse:http://127.0.0.1:{}/net", server.port)], &[]);
    for sql in questions(&dashboard()) {
        let answer = server.ask(&filled(&sql));
        // Nothing was wrong with this capture; everything else has rows.
        assert!(!answer.is_empty() || sql.contains(".findings"), "{sql}");
    }
}

/// The answer to the question of a panel, a line a row.
fn panel(server: &RealDatabase, title: &str) -> Vec<Vec<String>> {
    let dashboard = dashboard();
    let panel = dashboard["panels"].as_array().unwrap().iter().find(|panel| panel["title"] == title).unwrap();
    let sql = filled(panel["targets"][0]["rawSql"].as_str().unwrap()).replace("'probe-1','x'", "'probe-1','probe-2','probe-3'");
    server.ask(&sql).lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn panels_count_what_several_probes_saw_once_and_findings_end_with_their_probe() {
    let folder = folder("grafana-once");
    let Some(server) = RealDatabase::start(&folder) else { return };
    server.make(&migrations(&DatabasePlan::new("net")));
    let target = format!("clickhouse:http://127.0.0.1:{}/net", server.port);
    let mut bytes = 0;
    for (probe, session) in [("probe-1", 7), ("probe-2", 8), ("probe-3", 9)] {
        let (snapshot, _) = export_as(busy(), &[&target], &[], Identity::new(probe, "lab", Timestamp(5), session));
        bytes = totals(&snapshot).1;
    }
    let volume = |title: &str, column: usize| panel(&server, title).iter().map(|row| row[column].parse::<u64>().unwrap()).sum::<u64>();
    assert_eq!(server.ask("SELECT sum(source_wire_bytes + destination_wire_bytes) FROM net.flows FINAL"), (3 * bytes).to_string());
    assert_eq!((volume("Services", 5), volume("Applications by volume", 2)), (bytes, bytes));
    assert_eq!(volume("Services", 4), 60, "records of twenty connections and forty queries");
    // A finding of each; one of them has not ended.
    let finding = "INSERT INTO net.findings (time, site, probe, session, batch, row, id, subject, severity, title, state)";
    server.ask(&format!(
        "{finding} SELECT now(), site, probe, session, 'f-1', 0, 'dns.slow', 'x', 'warning', probe, 'opened' FROM net.probes_heard"
    ));
    assert_eq!(panel(&server, "Findings that hold"), [[""; 0]; 0]);
    let columns = "time, site, probe, session, batch, row, clock_ns, received";
    server.ask(&format!(
        "INSERT INTO net.probes_heard ({columns}, verdict) SELECT time, site, probe, session, 'g-1', 0, clock_ns + 1, received + 1, 'good' FROM net.probes_heard WHERE probe = 'probe-2'"
    ));
    // Beside what it found itself.
    let holding = panel(&server, "Findings that hold");
    assert!(holding.iter().any(|row| row[4] == "probe-2") && holding.iter().all(|row| row[1] == "probe-2"), "{holding:?}");
    let mirrors: Vec<String> = panel(&server, "Probes").into_iter().map(|row| row[2].clone()).collect();
    assert_eq!(mirrors.iter().filter(|mirror| *mirror == "ended").count(), 2, "{mirrors:?}");
}
