//! The JSON report against its schema, `schema/spantop.report.1.json` (JSON Schema, draft 2020-12): every member is described there, and has a
//! type that the schema allows, in the reports of the bundled captures and of those beside the repository.
//!
//! When the report gains a member, `SCHEMA=write cargo test --test schema` adds it to the file: it is then in the commit, to be read and
//! described there. Nothing is ever taken out by itself: what was promised once stays.

mod support;

use serde_json::{Map, Value, json};
use spantop::capture::{Memory, file};
use spantop::engine::{self, Settings};
use spantop::model::Measure;
use spantop::model::host::{Check, Checklist, Rating};
use spantop::model::{Decap, LinkType, PortAbsence, Timestamp};
use spantop::report::{self, ReportOptions};
use spantop::settings::{FileSettings, MirrorSettings};
use spantop::snapshot::Snapshot;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use support::packet::control;

const FILE: &str = "schema/spantop.report.1.json";

/// Members whose own members have names that packets choose: counts by name.
const MAPS: &[&str] = &["error_codes", "evidence", "vlans"];

/// Whether a member is of that kind: one of those, or what a dissector counts by code or text.
fn is_map(name: &str) -> bool {
    static COUNTED: OnceLock<BTreeSet<&str>> = OnceLock::new();
    let counted = || {
        let counters = nothing_seen().dissect.apps.into_iter().flat_map(|app| app.counters);
        counters.filter(|c| !matches!(c.measure, Measure::Count | Measure::Latency)).map(|c| c.token).collect()
    };
    MAPS.contains(&name) || COUNTED.get_or_init(counted).contains(name)
}

fn nothing_seen() -> Snapshot {
    engine::run(Box::new(Memory::new()), &Settings::default(), Default::default()).unwrap().result
}

/// All that dissectors count, once each.
fn everything_counted() -> Snapshot {
    let mut snapshot = nothing_seen();
    for app in &mut snapshot.dissect.apps {
        for (place, counter) in app.counters.iter().enumerate() {
            match counter.measure {
                Measure::Count => app.tally.add(place),
                Measure::Codes(_) => app.tally.add_code(place, 1),
                Measure::Texts | Measure::Lists(_) => app.tally.add_text(place, "a text"),
                Measure::Latency => (1..100).for_each(|n| app.tally.add_duration(place, n * 1_000_000)),
            }
        }
    }
    snapshot
}

/// What JSON Schema calls the type of a value; whole numbers are numbers, for one report may round what another does not.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The types that a schema allows.
fn kinds(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

/// Holds a value against a schema made of `type`, `properties`, `required`, `additionalProperties`, `items` and `const`.
fn check(value: &Value, schema: &Value, at: &str, wrong: &mut Vec<String>) {
    if !kinds(schema).contains(&kind(value)) {
        return wrong.push(format!("{at}: {} is not among {:?}", kind(value), kinds(schema)));
    }
    if let Some(only) = schema.get("const").filter(|only| *only != value) {
        wrong.push(format!("{at}: {value} is not {only}"));
    }
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let at = format!("{at}.{name}");
                match (&schema["properties"][name], &schema["additionalProperties"]) {
                    (Value::Null, Value::Object(_)) => check(member, &schema["additionalProperties"], &at, wrong),
                    (Value::Null, _) => wrong.push(format!("{at}: not in the schema")),
                    (own, _) => check(member, own, &at, wrong),
                }
            }
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            wrong.extend(required.filter(|name| !members.contains_key(*name)).map(|name| format!("{at}: no {name}")));
        }
        Value::Array(items) => items.iter().for_each(|item| check(item, &schema["items"], &format!("{at}[]"), wrong)),
        _ => {}
    }
}

/// Adds to a schema what a value has beyond it.
fn widen(schema: &mut Value, value: &Value, name: &str) {
    let mut all: Vec<String> = kinds(schema).into_iter().map(str::to_owned).collect();
    if !all.iter().any(|k| k == kind(value)) {
        all.push(kind(value).to_owned());
        all.sort_unstable();
        schema["type"] = if let [one] = all.as_slice() { json!(one) } else { json!(all) };
    }
    match value {
        Value::Object(members) if is_map(name) && schema["properties"].as_object().is_none_or(Map::is_empty) => {
            schema.as_object_mut().map(|schema| schema.remove("properties"));
            schema
                .as_object_mut()
                .filter(|schema| schema.get("additionalProperties").is_some_and(|more| *more == false))
                .map(|schema| schema.remove("additionalProperties"));
            members.values().for_each(|member| widen_in(schema, "additionalProperties", member, ""));
            if schema.get("additionalProperties").is_none() {
                schema["additionalProperties"] = json!({ "type": "number" });
            }
        }
        Value::Object(members) => {
            schema["additionalProperties"] = json!(false);
            if schema.get("properties").is_none() {
                schema["properties"] = json!({});
            }
            for (name, member) in members {
                widen_in(&mut schema["properties"], name, member, name);
            }
        }
        Value::Array(items) => {
            items.iter().for_each(|item| widen_in(schema, "items", item, ""));
        }
        _ => {}
    }
}

fn widen_in(schema: &mut Value, place: &str, value: &Value, name: &str) {
    if schema.get(place).is_none_or(|known| !known.is_object()) {
        schema[place] = Value::Object(Map::new());
    }
    widen(&mut schema[place], value, name);
}

fn captures() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir("captures").into_iter().flatten().map(|f| f.unwrap().path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "pcap" || e == "pcapng"));
    paths.extend(support::captures::indexed().into_iter().flatten().map(|c| c.path));
    let reported = support::captures::reported("").and_then(|folder| fs::read_dir(folder).ok());
    let is_capture = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().contains(".pcap"));
    paths.extend(reported.into_iter().flatten().map(|f| f.unwrap().path()).filter(is_capture));
    paths.sort();
    paths
}

fn counted(path: &Path, decap: Decap) -> Option<Snapshot> {
    let source = file::open(&FileSettings { paths: vec![path.to_owned()], ..FileSettings::default() }).ok()?;
    let mirror = MirrorSettings { decap, ..MirrorSettings::default() };
    Some(engine::run(source, &Settings { mirror, ..Settings::default() }, Default::default()).ok()?.result)
}

fn told(snapshot: &Snapshot) -> Value {
    let mut out = Vec::new();
    let options = ReportOptions { rows: 200, ..ReportOptions::default() };
    report::write(report::find("json").unwrap(), snapshot, &options, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

/// A snapshot with what a live port has beside a file: the speed of its link, and what is thought of this host; and with what is seldom there.
fn as_if_live(mut snapshot: Snapshot) -> Snapshot {
    let absence = PortAbsence { first: Timestamp(1), last: Timestamp(2), why: "down", is_open: false };
    for source in &mut snapshot.capture.sources {
        (source.absences, source.more_absences) = (vec![absence], 1);
    }
    snapshot.mirror.gaps =
        vec![spantop::model::Episode { first: spantop::model::Timestamp(0), last: spantop::model::Timestamp(1_000_000_000) }];
    let check = |verdict, command: Option<&str>| Check {
        id: "mtu",
        name: "MTU",
        verdict,
        found: "1,500 bytes".into(),
        why: "Larger frames do not fit.",
        command: command.map(Into::into),
    };
    // Tags that one of the copies has lost on its way.
    snapshot.mirror.duplicates.vlan_pairs = vec![(Some(10), None, 2), (None, Some(20), 1)];
    snapshot.capture.speed = Some(1_000_000_000);
    let checks = vec![check(Rating::Good, None), check(Rating::Warning, Some("ip link set dev eth1 mtu 9216"))];
    snapshot.diagnosis.host = vec![Checklist { interface: "eth1".into(), checks }];
    snapshot
}

/// What devices say of themselves: a frame of each control protocol, made from its standard.
fn control_packets() -> Snapshot {
    let frames = control::all().into_iter().map(|(_, frame)| frame).chain([control::seldom_lldp([2, 0, 0, 0, 0, 8])]);
    let source = frames.zip(1_700_000_000..).fold(Memory::new(), |source, (frame, second)| {
        source.with(Timestamp::new(second, 0), LinkType::ETHERNET, frame.len() as u32, &frame)
    });
    engine::run(Box::new(source), &Settings::default(), Default::default()).unwrap().result
}

#[test]
fn every_report_is_as_the_schema_says() {
    let mut reports: Vec<(PathBuf, Value)> =
        captures().into_iter().filter_map(|path| counted(&path, Decap::Auto).map(|snapshot| (path, told(&snapshot)))).collect();
    reports.extend(captures().into_iter().filter_map(|path| counted(&path, Decap::All).map(|snapshot| (path, told(&snapshot)))));
    reports.push((PathBuf::from("control packets"), told(&control_packets())));
    reports.push((PathBuf::from("all that is counted"), told(&everything_counted())));
    let live = captures().first().and_then(|path| counted(path, Decap::Auto)).map(|snapshot| told(&as_if_live(snapshot)));
    reports.extend(live.map(|report| (PathBuf::from("live"), report)));
    let mut schema: Value = serde_json::from_str(&fs::read_to_string(FILE).unwrap_or_else(|_| "{}".into())).unwrap();
    if std::env::var("SCHEMA").is_ok_and(|v| v == "write") {
        reports.iter().for_each(|(_, report)| widen(&mut schema, report, ""));
        fs::write(FILE, format!("{}\n", serde_json::to_string_pretty(&schema).unwrap())).unwrap();
    }
    let mut wrong = Vec::new();
    for (path, report) in &reports {
        check(report, &schema, &path.display().to_string(), &mut wrong);
    }
    assert!(wrong.is_empty(), "{} members, such as {:#?}", wrong.len(), &wrong[..wrong.len().min(9)]);
    assert!(!reports.is_empty() || !Path::new("captures").exists());
}

const DIFF_FILE: &str = "schema/spantop.diff.1.json";

#[test]
fn every_comparison_is_as_its_schema_says() {
    let pictures: Vec<spantop::snapshot::Snapshot> = captures()
        .into_iter()
        .filter(|path| path.starts_with("captures"))
        .filter_map(|path| {
            let source = file::open(&FileSettings { paths: vec![path], ..FileSettings::default() }).ok()?;
            engine::run(source, &Settings::default(), Default::default()).ok().map(|outcome| outcome.result)
        })
        .collect();
    let pairs = pictures.iter().zip(pictures.iter().skip(1)).chain(pictures.first().map(|first| (first, first)));
    let compared: Vec<Value> = pairs
        .map(|(before, after)| {
            let mut out = Vec::new();
            let comparison = spantop::snapshot::Comparison::of(before, after);
            report::write_diff("json", &comparison, false, &ReportOptions::default(), &mut out).unwrap();
            serde_json::from_slice(&out).unwrap()
        })
        .collect();
    let mut schema: Value = serde_json::from_str(&fs::read_to_string(DIFF_FILE).unwrap_or_else(|_| "{}".into())).unwrap();
    if std::env::var("SCHEMA").is_ok_and(|v| v == "write") {
        compared.iter().for_each(|one| widen(&mut schema, one, ""));
        fs::write(DIFF_FILE, format!("{}\n", serde_json::to_string_pretty(&schema).unwrap())).unwrap();
    }
    let mut wrong = Vec::new();
    compared.iter().for_each(|one| check(one, &schema, "$", &mut wrong));
    assert!(wrong.is_empty(), "{wrong:#?}");
    if let Some(itself) = compared.last() {
        assert_eq!((&itself["significant"], &itself["noise"]), (&json!(0), &json!(0)), "a capture does not differ from itself");
    }
}

#[test]
fn what_a_schema_does_not_allow_is_found() {
    let schema = json!({ "type": "object", "additionalProperties": false, "required": ["n"], "properties": {
        "n": { "type": ["null", "number"] },
        "list": { "type": "array", "items": { "type": "string" } },
        "counts": { "type": "object", "additionalProperties": { "type": "number" } },
        "schema": { "type": "string", "const": "a" },
    } });
    let wrong = |value: Value| {
        let mut wrong = Vec::new();
        check(&value, &schema, "$", &mut wrong);
        wrong
    };
    assert_eq!(wrong(json!({ "n": 1, "list": ["a"], "counts": { "any": 1 }, "schema": "a" })), [""; 0]);
    assert_eq!(wrong(json!({ "n": null })), [""; 0]);
    assert_eq!(wrong(json!({ "n": "1" })), ["$.n: string is not among [\"null\", \"number\"]"]);
    assert_eq!(wrong(json!({ "list": [1] })), ["$.list[]: number is not among [\"string\"]", "$: no n"]);
    assert_eq!(wrong(json!({ "n": 1, "counts": { "any": "x" } })), ["$.counts.any: string is not among [\"number\"]"]);
    assert_eq!(wrong(json!({ "n": 1, "more": 1 })), ["$.more: not in the schema"]);
    assert_eq!(wrong(json!({ "n": 1, "schema": "b" })), ["$.schema: \"b\" is not \"a\""]);
}
