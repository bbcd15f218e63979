//! The dashboard for Grafana: it parses, and the real server answers each of its questions.

use crate::clickhouse::RealDatabase;
use crate::fixture::{busy, export, folder};
use serde_json::Value;
use spantop::export::clickhouse::{DatabasePlan, migrations};

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
