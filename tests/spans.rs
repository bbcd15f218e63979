//! Reports of spans of the past: every number in them is of the span.

mod support;

use serde_json::Value;
use spantop::capture::{Block, Fill, Memory, Source, file};
use spantop::engine::{self, Settings};
use spantop::model::TimeSpan;
use spantop::report::{self, ReportOptions};
use spantop::settings::FileSettings;
use spantop::snapshot::Snapshot;
use std::path::{Path, PathBuf};

fn source(path: &Path) -> Box<dyn Source> {
    file::open(&FileSettings { paths: vec![path.to_owned()], ..FileSettings::default() }).unwrap()
}

fn counted(source: Box<dyn Source>, history: bool) -> Snapshot {
    engine::run(source, &Settings::with(|s| s.history = history), Default::default()).unwrap().complete().unwrap()
}

/// The packets of a span alone.
fn packets(path: &Path, span: TimeSpan) -> Memory {
    let (mut source, mut block, mut memory) = (source(path), Block::new(), Memory::new());
    loop {
        let filled = source.fill(&mut block).unwrap();
        for packet in block.packets.iter().filter(|packet| span.contains(packet.time)) {
            memory.push(packet.time, packet.link, packet.wire, block.captured(packet));
        }
        block.clear();
        if filled == Fill::End {
            return memory;
        }
    }
}

fn written(format: &str, s: &Snapshot) -> String {
    let mut out = Vec::new();
    let options = ReportOptions { rows: usize::MAX, width: 200, ..ReportOptions::default() };
    report::write(report::find(format).unwrap(), s, &options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Numbers that count packets or bytes and are larger than the whole of the span, with their places. Findings have the numbers of all of the time,
/// which the report says; what arrived (`transfer`) is acknowledged whether it was mirrored or not.
fn beyond(value: &Value, place: &str, most: [u64; 2], found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let members = members.iter().filter(|(name, _)| *name != "transfer" && (!place.is_empty() || *name != "findings"));
            members.for_each(|(name, value)| beyond(value, &format!("{place}.{name}"), most, found));
        }
        Value::Array(items) => items.iter().for_each(|item| beyond(item, place, most, found)),
        Value::Number(number) => {
            let name = place.rsplit('.').next().unwrap_or_default();
            let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
            let is_bytes = has(&["bytes"]);
            let is_count = is_bytes
                || has(&[
                    "packets",
                    "count",
                    "peers",
                    "clients",
                    "requests",
                    "queries",
                    "responses",
                    "syn",
                    "fin",
                    "reset",
                    "transmission",
                    "_ack",
                ]);
            let most = most[usize::from(is_bytes)] as f64;
            if is_count && !has(&["window", "resolution"]) && number.as_f64().is_some_and(|number| number > most) {
                found.push(format!("{place} {number}"));
            }
        }
        _ => {}
    }
}

fn captures() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir("captures").into_iter().flatten().map(|f| f.unwrap().path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "pcap" || e == "pcapng"));
    paths.sort();
    paths
}

#[test]
fn no_number_of_a_spans_report_exceeds_the_span() {
    let mut looked_at = 0;
    for path in captures() {
        let whole = counted(source(&path), true);
        let slots = &whole.history.slots;
        let (Some(extent), Some(middle)) = (whole.history.extent(), slots.get(slots.len() / 2)) else { continue };
        let parts = [middle.span, TimeSpan { from: middle.span.from, to: extent.to }];
        for span in parts {
            let Some(by_slots) = whole.in_span(span) else { continue };
            let shown = by_slots.span.as_ref().unwrap().span;
            let exact = whole.with_span(shown, &counted(Box::new(packets(&path, shown)), false));
            for picture in [by_slots, exact] {
                let is_exact = picture.span.as_ref().unwrap().exact;
                let what = format!("{} {span:?} exact: {is_exact}", path.display());
                let json: Value = serde_json::from_str(&written("json", &picture)).unwrap();
                let link = picture.mirror.link;
                assert!(link.packets <= whole.mirror.link.packets && link.packets >= picture.stats.total.packets, "{what}");
                let mut found = Vec::new();
                // On the link itself there are up to 24 bytes more around each frame.
                let bytes = link.wire_bytes.max(picture.capture.captured_bytes) + 24 * link.packets;
                beyond(&json, "", [link.packets, bytes], &mut found);
                assert_eq!(found, Vec::<String>::new(), "{what}");
                let told = &json["capture"]["span"];
                assert_eq!((&told["exact"], told["from"].as_str()), (&Value::Bool(is_exact), Some(&*shown.from.to_string())), "{what}");
                assert_eq!(json["capture"]["packets"], link.packets, "{what}");
                let text = written("text", &picture);
                assert!(text.contains("Span from") && text.contains("Not known of a span:"), "{what}\n{text}");
                looked_at += 1;
            }
        }
        assert!(!written("json", &whole).contains("\"span\":{\"from\""));
    }
    assert!(captures().is_empty() || looked_at >= 4, "{looked_at}");
}
