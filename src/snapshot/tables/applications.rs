//! What was counted of application protocols: every counter of every dissector, without knowing any.

use crate::model::Arrange as _;
use crate::model::{AppSection, Counter, CounterValue, Measure, Quantiles};
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, Rows, TableSpec, Tint, sheet};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::sync::Arc;

/// One number of a protocol: a counter, or of a counter of codes or texts one of them.
#[derive(Debug, Clone)]
pub struct AppRow {
    app: &'static str,
    title: &'static str,
    counter: &'static str,
    counter_title: &'static str,
    what: What,
    count: u64,
    /// Events of the whole counter, where this is a part of them.
    of: Option<u64>,
    quantiles: Option<Quantiles>,
    /// Its place in the list of its protocol.
    place: usize,
}

/// Which code or text.
#[derive(Debug, Clone)]
enum What {
    None,
    Code(Cow<'static, str>),
    Text(Arc<str>),
    Others,
}

impl AppRow {
    fn what(&self) -> Option<&str> {
        match &self.what {
            What::None => None,
            What::Code(code) => Some(code),
            What::Text(text) => Some(text),
            What::Others => Some("all others"),
        }
    }

    fn seconds(&self, pick: fn(&Quantiles) -> f64) -> FieldValue<'_> {
        self.quantiles.as_ref().map_or(FieldValue::None, |q| FieldValue::Span((pick(q) * 1e9) as i64))
    }
}

/// A row a number; those of a protocol follow each other.
pub static APPLICATIONS: TableSpec<AppRow> = TableSpec {
    sheets: &[sheet("Applications", |s| {
        Rows::of(s.dissect.apps.iter().filter(|app| !app.tally.is_empty()).flat_map(rows).collect::<Vec<_>>())
    })],
    fields: &[
        Field::app("app", "Application", |r: &AppRow| Some(r.app)).machine().searched(true),
        Field::word("counter", "Counter", |r: &AppRow| Some(r.counter)).machine(),
        Field::word("title", "What", |r: &AppRow| Some(r.counter_title))
            .people()
            .paper(0, Room::Fixed)
            .screen(0, "what", 0)
            .wide(24, 32)
            .tint(Tint::Dim),
        Field::text("value", "Which", AppRow::what).paper(1, Room::Cut).optional().screen(1, "which", 1).wide(16, 60),
        Field::count("count", "Count", |r: &AppRow| r.count).paper(2, Room::Fixed).screen(2, "count", 0).wide(8, 10),
        Field::new("share", "Share", FieldKind::Ratio, share).paper(3, Room::Fixed).optional().screen(3, "share", 2),
        Field::new("p50", "Median", FieldKind::Span, |r: &AppRow| r.seconds(|q| q.p50))
            .paper(4, Room::Fixed)
            .optional()
            .screen(4, "median", 3),
        Field::new("p95", "95 %", FieldKind::Span, |r: &AppRow| r.seconds(|q| q.p95)).paper(5, Room::Fixed).optional().screen(5, "95 %", 4),
        Field::new("p99", "99 %", FieldKind::Span, |r: &AppRow| r.seconds(|q| q.p99)).paper(6, Room::Fixed).optional().screen(6, "99 %", 5),
        Field::new("max", "Longest", FieldKind::Span, |r: &AppRow| r.seconds(|q| q.max))
            .paper(7, Room::Fixed)
            .optional()
            .screen(7, "longest", 6),
    ],
    weight: |r| r.count,
    group: Some(|r| r.title),
    in_json: false,
    ..TableSpec::new("applications", "number", "", |x, y| (x.app, x.place, x.what()).cmp(&(y.app, y.place, y.what())))
};

/// The part of its counter's events.
fn share(r: &AppRow) -> FieldValue<'_> {
    match r.of {
        Some(all) if all > 0 => FieldValue::Real(r.count as f64 / all as f64),
        _ => FieldValue::None,
    }
}

/// The events of a counter of which each has several texts.
fn events(section: &AppSection, counter: &Counter) -> Option<u64> {
    let Measure::Lists(of) = counter.measure else { return None };
    section.rows().find_map(|(counter, value)| match value {
        CounterValue::Count(n) if counter.token == of => Some(*n),
        _ => None,
    })
}

/// The numbers of a protocol in the order of its counters; codes and texts by their events, most first.
fn rows(section: &AppSection) -> Vec<AppRow> {
    let mut out = Vec::new();
    for (place, (counter, value)) in section.rows().enumerate() {
        let plain = AppRow {
            app: section.token,
            title: section.title,
            counter: counter.token,
            counter_title: counter.title,
            what: What::None,
            count: 0,
            of: None,
            quantiles: None,
            place,
        };
        let sum = |n: &mut dyn Iterator<Item = u64>| n.fold(0, u64::saturating_add);
        match value {
            CounterValue::Count(n) => out.push(AppRow { count: *n, ..plain }),
            // Where nothing was measured there is no time.
            CounterValue::Latency(h) if h.is_empty() => {}
            CounterValue::Latency(h) => out.push(AppRow { count: h.len(), quantiles: h.quantiles(), ..plain }),
            CounterValue::Codes(codes) => {
                let all = sum(&mut codes.values().copied());
                let mut rows: Vec<AppRow> = codes
                    .iter()
                    .map(|(code, n)| AppRow { what: What::Code(counter.code(*code)), count: *n, of: Some(all), ..plain.clone() })
                    .collect();
                rows.arrange_by_key(|row| Reverse(row.count));
                out.append(&mut rows);
            }
            CounterValue::Texts { texts, others } => {
                let all = events(section, counter).unwrap_or_else(|| sum(&mut texts.values().copied()).saturating_add(*others));
                let row = |what, count| AppRow { what, count, of: Some(all), ..plain.clone() };
                let mut rows: Vec<AppRow> = texts.iter().map(|(text, n)| row(What::Text(Arc::clone(text)), *n)).collect();
                rows.arrange_by_key(|row| Reverse(row.count));
                out.append(&mut rows);
                if *others > 0 {
                    out.push(row(What::Others, *others));
                }
            }
        }
    }
    out
}
