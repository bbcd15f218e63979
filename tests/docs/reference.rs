//! `docs/json.md`: every member of the JSON report with its type and meaning, made from the schema, and of rows of tables from the titles of their
//! columns; then the tables themselves.

use super::generated::{cell, part};
use serde_json::Value;
use spantop::snapshot::table::AnyTable;
use spantop::snapshot::tables::TABLES;
use std::fmt::Write as _;

const PAGE: &str = "docs/json.md";

fn schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/spantop.report.1.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("the schema")).expect("JSON")
}

/// What a column holds: its title and unit.
fn column(tables: &[&'static dyn AnyTable], path: &str) -> Option<String> {
    let (rows, name) = path.rsplit_once("[].")?;
    let table = tables.iter().find(|t| rows.split('.').next_back() == Some(t.token()) || rows.split('.').next() == Some(t.token()))?;
    let head = table.heads().into_iter().find(|head| head.token == name)?;
    let unit = head.kind.unit();
    Some(if unit.is_empty() { head.title.to_owned() } else { format!("{}, {unit}", head.title) })
}

/// The type of a member: `text`, `number`, `list of objects` …
fn kind(member: &Value) -> String {
    let word = |word: &str| match word {
        "array" => match member.get("items") {
            Some(items) => format!("list of {}", kind(items)),
            None => "list".to_owned(),
        },
        "string" => "text".to_owned(),
        "boolean" => "true or false".to_owned(),
        other => other.to_owned(),
    };
    match &member["type"] {
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(word).collect::<Vec<_>>().join(" or "),
        one => one.as_str().map(word).unwrap_or_default(),
    }
}

/// A member and all that are in it, by their paths.
fn members(out: &mut Vec<(String, String, String)>, path: &str, member: &Value, tables: &[&'static dyn AnyTable]) {
    let own = member["description"].as_str().map(str::to_owned);
    let what = own.or_else(|| column(tables, path)).unwrap_or_default();
    out.push((path.to_owned(), kind(member), what));
    inside(out, path, member, tables);
}

fn inside(out: &mut Vec<(String, String, String)>, path: &str, member: &Value, tables: &[&'static dyn AnyTable]) {
    for (name, inner) in member["properties"].as_object().into_iter().flatten() {
        members(out, &format!("{path}.{name}"), inner, tables);
    }
    if member["items"].is_object() {
        inside(out, &format!("{path}[]"), &member["items"], tables);
    }
    if member["additionalProperties"].is_object() {
        inside(out, &format!("{path}.*"), &member["additionalProperties"], tables);
    }
}

/// A section for each member of the report.
fn sections(schema: &Value) -> (String, Vec<String>) {
    let (mut out, mut unexplained) = (String::new(), Vec::new());
    for (name, member) in schema["properties"].as_object().expect("members") {
        let mut rows = Vec::new();
        members(&mut rows, name, member, TABLES);
        let _ = writeln!(out, "\n### `{name}`\n\n| member | type | what |\n|---|---|---|");
        for (path, kind, what) in rows {
            let _ = writeln!(out, "| `{path}` | {kind} | {} |", cell(&what));
            if what.is_empty() {
                unexplained.push(path);
            }
        }
    }
    (out, unexplained)
}

/// The tables that screens, CSV and the filter know, with their columns.
fn tables() -> String {
    let mut out = String::from("\n| table | columns |\n|---|---|\n");
    for table in TABLES {
        let columns: Vec<String> = table.heads().iter().filter(|head| head.csv).map(|head| format!("`{}`", head.token)).collect();
        let _ = writeln!(out, "| `{}` | {} |", table.token(), columns.join(" "));
    }
    out
}

#[test]
fn every_member_of_the_report_stands_in_the_reference() {
    let (wanted, unexplained) = sections(&schema());
    part(PAGE, "members", &wanted);
    part(PAGE, "tables", &tables());
    assert!(wanted.lines().filter(|line| line.starts_with("| `")).count() > 1_000, "all of them");
    assert!(
        unexplained.is_empty(),
        "{} members that nothing explains; their `description` belongs into the schema: {unexplained:#?}",
        unexplained.len()
    );
}

#[test]
fn what_a_member_is_can_be_told_apart() {
    let schema: Value = serde_json::json!({"type": "object", "properties": {
        "rows": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": ["null", "number"], "description": "a|b"}}}},
        "names": {"type": "object", "additionalProperties": {"type": "object", "properties": {"by": {"type": "string"}}}},
    }});
    let (page, unexplained) = sections(&schema);
    assert!(page.contains("| `rows` | list of object |  |\n| `rows[].n` | null or number | a\\|b |"), "{page}");
    assert_eq!(unexplained, ["names", "names.*.by", "rows"]);
}
