//! A table in one file and one line stands in every format.

use super::{ReportOptions, find, write};
use crate::snapshot::{CaptureSummary, Snapshot, SourceInfo};

/// The toy table's rows (`snapshot/tables/toy.rs`).
fn toys() -> Snapshot {
    let toy = |name: &str, packets| SourceInfo { name: name.into(), packets, ..SourceInfo::default() };
    Snapshot {
        capture: CaptureSummary {
            filter: Some("toy".into()),
            sources: vec![toy("=bear", 1_234), toy("train\x1b", 7)],
            ..CaptureSummary::default()
        },
        ..Snapshot::default()
    }
}

fn written(format: &str, table: Option<&'static str>) -> String {
    let mut out = Vec::new();
    let format = find(format).expect("a format");
    write(format, &toys(), &ReportOptions { table, ..ReportOptions::default() }, &mut out).expect("memory takes everything");
    String::from_utf8(out).expect("text")
}

#[test]
fn a_toy_table_is_in_every_format() {
    let json: serde_json::Value = serde_json::from_str(&written("json", None)).expect("JSON");
    assert_eq!(json["toys"], serde_json::json!([{"toy_name": "=bear", "toy_count": 1234}, {"toy_name": "train\u{1b}", "toy_count": 7}]));
    assert_eq!(written("csv", Some("toys")), "toy_name,toy_count\n'=bear,1234\ntrain\\u{1b},7\n");
    assert!(written("csv", None).starts_with("kind,a,a_port,b,b_port,packets,"));
    let text = written("text", None);
    assert!(text.contains(" Toys ") && text.contains("  Toy          Pieces\n  =bear         1,234\n"), "{text}");
    let markdown = written("markdown", None);
    assert!(markdown.contains("## Toys\n\n| Toy | Pieces |\n| --- | ---: |\n| =bear | 1,234 |\n"), "{markdown}");
    let html = written("html", None);
    assert!(html.contains("Toys") && html.contains("1,234") && !html.contains('\x1b'), "{html}");
}
