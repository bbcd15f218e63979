//! `--format html`: one page that needs nothing else: style inside, the chart as a drawing inside.

use super::chart::Chart;
use super::document::picture::Picture;
use super::document::{Document, DocumentCell, DocumentTable, Part, Section, format};
use super::format::{Format, ReportOptions};
use crate::model::units;
use crate::snapshot::Snapshot;
use minijinja::{AutoEscape, Environment, Value, context};
use std::fmt::Write as _;
use std::io;

/// The format.
pub struct Html;

const PAGE: &str = include_str!("page.html");
/// Columns of the chart.
const COLUMNS: usize = 240;
/// Size of the drawing.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 160.0;

impl Format for Html {
    fn token(&self) -> &'static str {
        "html"
    }

    fn about(&self) -> &'static str {
        "one self-contained page for a browser"
    }

    fn rows(&self) -> usize {
        20
    }

    fn write(&self, snapshot: &Snapshot, options: &ReportOptions, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(page(&Document::new(snapshot, options.rows, COLUMNS))?.as_bytes())
    }
}

/// A document as a page.
pub(super) fn page(document: &Document) -> io::Result<String> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let sections: Vec<Value> = document.sections.iter().map(section).collect();
    let values = context! { title => document.title.as_str(), version => env!("CARGO_PKG_VERSION"), sections => sections };
    environment.render_named_str("page.html", PAGE, values).map_err(io::Error::other)
}

fn section(section: &Section) -> Value {
    let parts: Vec<Value> = section.parts.iter().map(part).collect();
    context! { title => section.title.as_str(), parts => parts }
}

fn part(part: &Part) -> Value {
    match part {
        Part::Facts(facts) => {
            let facts: Vec<Value> = facts.iter().map(|(name, value)| context! { name => *name, value => value.as_str() }).collect();
            context! { kind => "facts", facts => facts }
        }
        Part::Table(t) => table(t),
        Part::Chart(c) => chart(c),
        Part::Picture(p) => picture(p),
        Part::Note(tone, words) => context! { kind => "note", tone => tone.token(), sign => tone.sign(), words => words.as_str() },
        Part::Heading(tone, words) => {
            context! { kind => "heading", tone => tone.token(), sign => tone.sign(), words => words.as_str() }
        }
    }
}

fn table(table: &DocumentTable) -> Value {
    let columns: Vec<Value> = table.columns.iter().map(|c| context! { head => c.head, right => c.right }).collect();
    let cell = |(cell, column): (&DocumentCell, &super::document::DocumentColumn)| {
        let percent = cell.bar.map(|share| format!("{:.2}", share.clamp(0.0, 1.0) * 100.0));
        context! { text => format::single_spaced(&cell.text), bar => percent, indent => cell.indent, right => column.right }
    };
    let rows: Vec<Vec<Value>> = table.rows.iter().map(|row| row.iter().zip(&table.columns).map(cell).collect()).collect();
    context! { kind => "table", columns => columns, rows => rows }
}

/// Bursts stand on a line of their own, each kind of event on one below.
fn picture(picture: &Picture) -> Value {
    const TOP: f64 = 60.0;
    const LINE: f64 = 18.0;
    let under = if picture.bars.is_empty() { 0.0 } else { TOP + 8.0 };
    let place = |at: f64| format!("{:.2}", at * WIDTH);
    let bars: Vec<Value> = picture
        .bars
        .iter()
        .map(|bar| {
            // A burst of some milliseconds is to be seen in an hour.
            let (wide, height) = ((bar.length * WIDTH).max(1.5), bar.height * TOP);
            let top = format!("{:.2}", TOP - height);
            context! { x => place(bar.at), y => top, wide => format!("{wide:.2}"), height => format!("{height:.2}"), words => bar.words.as_str() }
        })
        .collect();
    let middle = |line: usize| under + LINE * (line as f64 + 0.5);
    let marks: Vec<Value> = picture
        .marks
        .iter()
        .map(|mark| context! { x => place(mark.at), y => format!("{:.2}", middle(mark.line)), words => mark.words.as_str() })
        .collect();
    let lines: Vec<Value> =
        picture.lines.iter().enumerate().map(|(at, kind)| context! { y => format!("{:.2}", middle(at)), kind => *kind }).collect();
    let bottom = under + LINE * picture.lines.len() as f64;
    context! {
        kind => "picture",
        bars => bars,
        marks => marks,
        lines => lines,
        speed => picture.speed.as_str(),
        base => TOP,
        bottom => format!("{:.0}", bottom + 18.0),
        height => format!("{:.0}", bottom + 36.0),
        from => picture.from.as_str(),
        to => picture.to.as_str(),
    }
}

/// Each run of columns with packets becomes one filled area, so that a gap in time stays a gap.
fn chart(chart: &Chart) -> Value {
    let step = WIDTH / chart.values.len().max(1) as f64;
    let y = |value: f64| HEIGHT - (value / chart.top).clamp(0.0, 1.0) * HEIGHT;
    let mut path = String::new();
    let mut open = false;
    for (at, value) in chart.values.iter().enumerate() {
        let x = at as f64 * step;
        match value {
            Some(value) => {
                if !open {
                    let _ = write!(path, "M{x:.2} {HEIGHT}");
                }
                let _ = write!(path, "V{:.2}H{:.2}", y(*value), x + step);
                open = true;
            }
            None if open => {
                let _ = write!(path, "V{HEIGHT}Z");
                open = false;
            }
            None => {}
        }
    }
    if open {
        let _ = write!(path, "V{HEIGHT}Z");
    }
    context! {
        kind => "chart",
        path => path,
        top => units::bits_per_second(chart.top),
        half => units::bits_per_second(chart.top / 2.0),
        from => format::moment(chart.from),
        to => format::moment(chart.to),
        step => units::duration(chart.step),
    }
}
