//! Two captures held against each other, written down.

use super::document::format::{number, plural, prose, text, word};
use super::document::{Document, DocumentCell, DocumentTable, Part, Section, Tone};
use super::format::ReportOptions;
use super::{html, markdown, render};
use crate::json::to_json_pretty;
use crate::model::text::printable;
use crate::model::units;
use crate::snapshot::{Change, ChangeKind, ChangeWay, ComparedMeasure, Comparison, RULES};
use serde_json::json;
use std::io::{self, Write};

/// The formats of a comparison.
pub const DIFF_FORMATS: [&str; 4] = ["text", "json", "markdown", "html"];

/// Writes a comparison in a format ([`DIFF_FORMATS`]; text for any other); `all`: what is noise is listed for people too.
///
/// # Errors
/// What `out` answers to a write.
pub fn write_diff(format: &str, comparison: &Comparison, all: bool, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    match format {
        "json" => {
            to_json_pretty(&mut *out, &object(comparison))?;
            out.write_all(b"\n")?;
        }
        "html" => out.write_all(html::page(&document(comparison, all, options.rows))?.as_bytes())?,
        "markdown" => markdown::page(&document(comparison, all, options.rows), options.width.max(40), out)?,
        _ => out.write_all(render(&document(comparison, all, options.rows), options).as_bytes())?,
    }
    out.flush()
}

fn object(c: &Comparison) -> serde_json::Value {
    let side = |at: usize| {
        c.sides.get(at).map(
            |s| json!({ "name": s.name, "packets": s.packets, "wire_bytes": s.wire_bytes, "duration": s.seconds, "verdict": s.verdict }),
        )
    };
    let changes: Vec<_> = c.changes.iter().map(change).collect();
    json!({
        "schema": "spantop.diff/1",
        "version": env!("CARGO_PKG_VERSION"),
        "before": side(0),
        "after": side(1),
        "significant": c.significant().count(),
        "noise": c.changes.iter().filter(|c| !c.significant).count(),
        "alike": c.alike,
        "left_out": (!c.left_out.is_empty()).then_some(c.left_out),
        "rules": RULES,
        "changes": changes,
    })
}

fn change(c: &Change) -> serde_json::Value {
    json!({
        "kind": c.kind.token(),
        "subject": c.subject,
        "id": c.id,
        "measure": c.measure.token(),
        "before": c.before,
        "after": c.after,
        "change": c.way.token(),
        "significant": c.significant,
        "noise": (!c.noise.is_empty()).then_some(c.noise),
    })
}

/// A value in its unit.
pub(crate) fn value(measure: ComparedMeasure, value: Option<f64>) -> String {
    let Some(value) = value else { return "–".into() };
    match measure {
        ComparedMeasure::BitRate => units::bits_per_second(value),
        ComparedMeasure::PacketRate => format!("{value:.1} /s"),
        ComparedMeasure::UseRate => format!("{value:.2} /s"),
        ComparedMeasure::Response => units::duration(value),
        ComparedMeasure::Errors => units::percent(value),
        ComparedMeasure::Severity => match value as u8 {
            3 => "critical".into(),
            2 => "warning".into(),
            _ => "note".into(),
        },
    }
}

fn tone(c: &Change) -> Tone {
    match (c.significant, c.kind, c.way) {
        (true, ChangeKind::Finding, ChangeWay::Gone | ChangeWay::Less) => Tone::Good,
        (true, ChangeKind::Finding, _) if c.after >= Some(3.0) => Tone::Critical,
        (true, ChangeKind::Finding, _) => Tone::Warning,
        _ => Tone::Plain,
    }
}

fn document(c: &Comparison, all: bool, rows: usize) -> Document {
    let [before, after] = &c.sides;
    let about = |s: &crate::snapshot::ComparedSide| {
        let time = units::duration(s.seconds);
        format!("{}: {} in {time}, mirror {}", printable(&s.name), plural(s.packets, "packet"), s.verdict)
    };
    let noise = c.changes.iter().filter(|c| !c.significant).count() as u64;
    let mut parts = vec![Part::Facts(vec![("before", about(before)), ("after", about(after))])];
    let found = c.significant().count() as u64;
    let words = match found {
        0 => "Nothing differs beyond chance.".to_owned(),
        n => format!("{} beyond chance.", plural(n, "difference")),
    };
    if found > 0 || c.left_out.is_empty() {
        parts.push(Part::Note(if found == 0 { Tone::Good } else { Tone::Plain }, words));
    }
    if !c.left_out.is_empty() {
        parts.push(Part::Note(Tone::Warning, c.left_out.into()));
    }
    if [before, after].iter().any(|s| ["bad", "doubtful"].contains(&s.verdict)) {
        let words = "One of the mirrors cannot be believed in everything: what differs may be what was lost or doubled (spantop check).";
        parts.push(Part::Note(Tone::Warning, words.into()));
    }
    let mut sections = vec![Section { title: "What changed".into(), parts }];
    for kind in ChangeKind::ALL {
        let of_kind: Vec<&Change> = c.changes.iter().filter(|c| c.kind == kind && (c.significant || all)).collect();
        if !of_kind.is_empty() {
            sections.push(Section { title: kind.title().into(), parts: table(&of_kind, all, rows) });
        }
    }
    let mut rules: Vec<Part> = Vec::new();
    if noise > 0 && !all {
        rules.push(Part::Note(Tone::Plain, format!("{} left out as noise (--all lists them).", plural(noise, "difference"))));
    }
    rules.extend(RULES.iter().map(|rule| Part::Note(Tone::Plain, (*rule).to_owned())));
    sections.push(Section { title: "What counts".into(), parts: rules });
    Document { title: format!("spantop diff: {} → {}", printable(&before.name), printable(&after.name)), sections }
}

fn table(changes: &[&Change], all: bool, rows: usize) -> Vec<Part> {
    let mut columns = vec![word("Change"), prose("What"), word("Measured"), number("Before"), number("After")];
    if all {
        columns.push(word("Noise"));
    }
    let row = |c: &&Change| {
        let mut row: Vec<DocumentCell> = vec![
            text(format!("{} {}", tone(c).sign(), c.way.token()).trim()),
            text(match c.id {
                Some(id) => format!("{id}: {}", c.subject),
                None => c.subject.clone(),
            }),
            text(c.measure.title()),
            text(value(c.measure, c.before)),
            text(value(c.measure, c.after)),
        ];
        if all {
            row.push(text(c.noise));
        }
        row
    };
    let mut parts = vec![Part::Table(DocumentTable { columns, rows: changes.iter().take(rows).map(row).collect() })];
    if changes.len() > rows {
        parts.push(Part::Note(Tone::Plain, format!("{} more (--top).", units::grouped((changes.len() - rows) as u64))));
    }
    parts
}
