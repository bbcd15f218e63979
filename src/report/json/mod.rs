//! `--format json`: one object, for scripts. Names and types are promises; rows stand one a line.
//!
//! Long lists are tables (`snapshot/table`), written by hand for speed; every other section derives `Serialize`, or has its shape in
//! `snapshot/shape.rs`: a new one is its struct, and one line of [`Json`]'s `write`.

mod apps;
mod buffer;
mod host;
mod mirror;
mod parallel_rows;
mod rows;
mod writer;

use super::format::{Format, ReportOptions};
use crate::model::time::SECOND;
use crate::model::{LinkType, SourceInfo, Timestamp};
use crate::snapshot::tables::TABLES;
use crate::snapshot::tables::conversations::CONVERSATIONS;
use crate::snapshot::tables::endpoints::ENDPOINTS;
use crate::snapshot::tables::protocols::PROTOCOLS;
use crate::snapshot::tables::tunnels::TUNNELS;
use crate::snapshot::tables::vlans::VLANS;
use crate::snapshot::{Load, SIZE_CLASSES, Sample, Snapshot};
use serde::Serialize;
use std::io;
use writer::Writer;

/// The name of the shape of this object; a change of meaning would change the number.
const SCHEMA: &str = "spantop.report/1";

/// Tables that have their place among the sections; the others follow.
const PLACED: [&str; 5] = ["protocols", "conversations", "endpoints", "vlans", "tunnels"];

/// The format.
pub struct Json;

impl Format for Json {
    fn token(&self) -> &'static str {
        "json"
    }

    fn about(&self) -> &'static str {
        "one object with everything, for scripts"
    }

    fn rows(&self) -> usize {
        usize::MAX
    }

    fn write(&self, s: &Snapshot, options: &ReportOptions, out: &mut dyn io::Write) -> io::Result<()> {
        let mut writer = Writer::new(out);
        let w = &mut writer;
        w.open(b'{');
        w.text("schema", SCHEMA);
        w.text("version", env!("CARGO_PKG_VERSION"));
        approximate(w, s);
        section(w, "capture", &Capture::of(s))?;
        section(w, "losses", &s.losses)?;
        load(w, s)?;
        // A tree is whole or not at all.
        rows::table(w, &PROTOCOLS, s, &ReportOptions { rows: usize::MAX, ..*options })?;
        rows::table(w, &CONVERSATIONS, s, options)?;
        rows::table(w, &ENDPOINTS, s, options)?;
        rows::table(w, &VLANS, s, options)?;
        section(w, "untagged", &s.untagged)?;
        section(w, "directions", &Scaled::of(s, &s.directions))?;
        section(w, "tcp", &Scaled::of(s, &s.tcp_flags))?;
        apps::apps(w, &s.apps)?;
        apps::names(w, &s.names)?;
        mirror::mirror(w, &s.mirror)?;
        if !s.mirror.tunnels.rows.is_empty() {
            rows::table(w, &TUNNELS, s, options)?;
        }
        for table in TABLES.iter().filter(|t| !PLACED.contains(&t.token())) {
            rows::table(w, *table, s, options)?;
        }
        host::host(w, &s.host)?;
        mirror::findings(w, s)?;
        w.close(b'}');
        writer.finish()
    }
}

/// Whether numbers are scaled from samples.
fn approximate(w: &mut Writer, s: &Snapshot) {
    if s.mirror.one_in().is_some() {
        w.flag("approximate", true);
    }
}

/// What was captured.
#[derive(Serialize)]
struct Capture<'a> {
    sources: &'a [SourceInfo],
    link_types: Vec<LinkType>,
    packets: u64,
    wire_bytes: u64,
    captured_bytes: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    duration: f64,
    truncated_packets: u64,
    cut_short: bool,
    fragments: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<&'a str>,
}

impl<'a> Capture<'a> {
    fn of(s: &'a Snapshot) -> Self {
        let mut link_types: Vec<LinkType> = Vec::new();
        for link in s.sources.iter().flat_map(|source| &source.link_types) {
            if !link_types.contains(link) {
                link_types.push(*link);
            }
        }
        Self {
            sources: &s.sources,
            link_types,
            packets: s.mirror.link.packets,
            wire_bytes: s.mirror.link.wire_bytes,
            captured_bytes: s.captured_bytes,
            first: s.first,
            last: s.last,
            duration: s.duration(),
            truncated_packets: s.truncated_packets,
            cut_short: s.sources.iter().any(|source| source.cut_short),
            fragments: s.fragments,
            filter: s.filter.as_deref(),
        }
    }
}

/// Numbers, and whether they are scaled from samples.
#[derive(Serialize)]
struct Scaled<'a, T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    approximate: Option<bool>,
    #[serde(flatten)]
    numbers: &'a T,
}

impl<'a, T> Scaled<'a, T> {
    fn of(s: &Snapshot, numbers: &'a T) -> Self {
        Self { approximate: s.mirror.one_in().map(|_| true), numbers }
    }
}

/// A section on a line of its own.
fn section(w: &mut Writer, name: &'static str, value: &impl Serialize) -> io::Result<()> {
    w.line()?;
    w.section(name, value);
    Ok(())
}

fn load(w: &mut Writer, s: &Snapshot) -> io::Result<()> {
    let load = &s.load;
    let duration = s.duration();
    w.line()?;
    w.key("load");
    w.open(b'{');
    approximate(w, s);
    w.real("interval", load.interval as f64 / SECOND as f64);
    w.real("mean_bits_per_second", s.mean_bits_per_second());
    w.real("peak_bits_per_second", peak_bits_per_second(load));
    w.at("peak_at", load.peak.map(|p| p.start));
    w.real("mean_packets_per_second", s.total.packets_per_second(duration));
    if let Some((at, bytes, packets)) = load.peak_ms {
        w.key("peak_millisecond");
        w.open(b'{');
        w.at("at", Some(at));
        w.count("packets", packets);
        w.count("wire_bytes", bytes);
        w.real("bits_per_second", bytes as f64 * 8000.0);
        w.close(b'}');
    }
    if let Some(speed) = s.speed {
        w.count("link_bits_per_second", speed);
    }
    w.key("series");
    w.open(b'[');
    for sample in load.samples.iter().chain(load.open.as_ref()) {
        w.line()?;
        series_row(w, sample, load.interval);
    }
    w.close(b']');
    sizes(w, s);
    w.section("casts", &s.casts);
    w.close(b'}');
    Ok(())
}

/// The busiest base interval as a rate.
fn peak_bits_per_second(load: &Load) -> f64 {
    load.peak.map_or(0.0, |p| p.bits_per_second())
}

/// A sample whose length is not the base interval (older ones are merged, the last one may be open) says so.
fn series_row(w: &mut Writer, sample: &Sample, interval: i64) {
    w.open(b'{');
    w.at("start", Some(sample.start));
    w.traffic(sample.traffic);
    if sample.length != interval {
        w.real("length", sample.length as f64 / SECOND as f64);
    }
    w.close(b'}');
}

fn sizes(w: &mut Writer, s: &Snapshot) {
    w.key("sizes");
    w.open(b'[');
    for ((from, to), traffic) in SIZE_CLASSES.iter().zip(s.sizes) {
        w.open(b'{');
        w.count("from", u64::from(*from));
        w.key("to");
        if *to == u32::MAX {
            w.null()
        } else {
            w.number(u64::from(*to))
        }
        w.traffic(traffic);
        w.close(b'}');
    }
    w.close(b']');
}
