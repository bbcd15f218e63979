//! Files of columns are read by those who are to read them: pyarrow and DuckDB, where Python has them.

use crate::fixture::{busy, export, folder, totals};
use serde_json::Value;
use std::process::Command;

/// A Python with a module: that of the environment variable, or the one of the path.
fn python_with(module: &str) -> Option<String> {
    let python = std::env::var("SPANTOP_PYTHON").unwrap_or_else(|_| "python3".into());
    let has_it = Command::new(&python).args(["-c", &format!("import {module}")]).output().is_ok_and(|out| out.status.success());
    if !has_it {
        eprintln!("skipped: {python} has no {module} (pip install {module}; SPANTOP_PYTHON names another Python)");
    }
    has_it.then_some(python)
}

fn run(python: &str, script: &str, folder: &std::path::Path) -> Value {
    let out = Command::new(python).arg("-c").arg(script).arg(folder).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn columns_add_up_to_the_report_and_files_are_whole() {
    let folder = folder("parquet");
    let target = format!("parquet:{}", folder.display());
    let (snapshot, states) = export(busy(), &[&target], &[("file-rows", "7")]);
    assert_eq!((states[0].queue_lost, states[0].dropped, states[0].waiting), (0, 0, 0), "{states:?}");
    let names: Vec<String> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().all(|name| name.ends_with(".parquet") && !name.starts_with('.')), "{names:?}");
    assert!(names.iter().filter(|name| name.starts_with("flows-5-7-")).count() > 1, "seven rows a file: {names:?}");
    let (packets, bytes) = totals(&snapshot);
    let arrow = "import sys, json, glob, pyarrow.parquet as p
t = p.ParquetDataset(sorted(glob.glob(sys.argv[1] + '/flows-*.parquet'))).read()
f = sorted(t.to_pylist(), key=lambda r: (r['first'], r['source_port']))
print(json.dumps({'packets': sum(r['source_packets'] + r['destination_packets'] for r in f),
 'bytes': sum(r['source_wire_bytes'] + r['destination_wire_bytes'] for r in f), 'rows': len(f),
 'first': f[0]['first'].isoformat(), 'ns': f[0]['first_ns'], 'source': f[0]['source'], 'probe': f[0]['probe'], 'vlans': f[0]['vlans']}))";
    if let Some(python) = python_with("pyarrow") {
        let said = run(&python, arrow, &folder);
        assert_eq!((&said["packets"], &said["bytes"]), (&packets.into(), &bytes.into()));
        assert_eq!((&said["source"], &said["probe"], &said["vlans"]), (&"10.0.0.1".into(), &"probe-1".into(), &Value::Array(Vec::new())));
        assert_eq!((&said["first"], &said["ns"]), (&"2023-11-14T22:13:20+00:00".into(), &0.into()));
    }
    let duck = "import sys, json, duckdb
q = lambda sql: duckdb.sql(sql).fetchall()
d = sys.argv[1]
print(json.dumps({'flows': [int(x) for x in q(f\"select sum(source_packets + destination_packets), sum(source_wire_bytes + destination_wire_bytes) from '{d}/flows-*.parquet'\")[0]],
 'intervals': [int(x) for x in q(f\"select sum(packets), sum(wire_bytes) from '{d}/intervals-*.parquet'\")[0]],
 'probes': int(q(f\"select max(packets) from '{d}/probes-*.parquet'\")[0][0])}))";
    if let Some(python) = python_with("duckdb") {
        let said = run(&python, duck, &folder);
        assert_eq!(said["flows"], serde_json::json!([packets, bytes]));
        assert_eq!(said["intervals"], serde_json::json!([packets, bytes]));
        assert_eq!(said["probes"], serde_json::json!(packets));
    }
}
