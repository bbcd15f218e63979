//! `--format json`: one object, for scripts. Names and types are promises; rows stand one a line.
//!
//! Long lists are tables (`snapshot/table`), written by hand for speed; every other section derives `Serialize`, or has its shape in
//! `snapshot/shape.rs`: a new one is its struct, and one line of [`Json`]'s `write`.

mod buffer;
mod findings;
mod mirror;
mod parallel_rows;
mod rows;
mod services;
mod switch;
mod writer;

use super::format::{Format, ReportOptions};
use crate::model::time::SECOND;
use crate::model::{LinkType, SourceInfo, Timestamp, Traffic};
use crate::snapshot::tables::TABLES;
use crate::snapshot::tables::conversations::CONVERSATIONS;
use crate::snapshot::tables::endpoints::ENDPOINTS;
use crate::snapshot::tables::names::NAMES;
use crate::snapshot::tables::protocols::PROTOCOLS;
use crate::snapshot::tables::sizes::SIZES;
use crate::snapshot::tables::tunnels::TUNNELS;
use crate::snapshot::tables::vlans::VLANS;
use crate::snapshot::{Losses, Sample, Snapshot, SpanShown, TcpAnalysis, TcpFlags};
use findings::FindingJson;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::io;
use writer::Writer;

/// The name of the shape of this object; a change of meaning would change the number.
const SCHEMA: &str = "spantop.report/1";

/// Tables that have their place among the sections; the others follow.
const PLACED: [&str; 6] = ["protocols", "conversations", "endpoints", "vlans", "names", "tunnels"];

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
        if approximate(s).is_some() {
            w.flag("approximate", true);
        }
        section(w, "capture", &Capture::of(s))?;
        let losses = kept(s, "losses", &s.capture.losses);
        section(w, "losses", &LossCounts { numbers: losses, counted: s.mirror.loss.host.is_some() })?;
        load(w, s, options)?;
        // A tree is whole or not at all.
        rows::table(w, &PROTOCOLS, s, &ReportOptions { rows: usize::MAX, ..*options })?;
        rows::table(w, &CONVERSATIONS, s, options)?;
        rows::table(w, &ENDPOINTS, s, options)?;
        rows::table(w, &VLANS, s, options)?;
        section(w, "untagged", &s.stats.untagged)?;
        section(w, "directions", &Scaled::of(s, &s.stats.directions))?;
        section(w, "tcp", &Scaled::of(s, &Tcp { flags: &s.stats.tcp_flags, analysis: kept(s, "tcp_analysis", &s.stats.tcp_analysis) }))?;
        for app in s.dissect.apps.iter().filter(|app| ALWAYS.contains(&app.token) || !app.tally.is_empty()) {
            section(w, app.token, app)?;
        }
        rows::table(w, &NAMES, s, options)?;
        mirror::mirror(w, &s.mirror)?;
        if !s.mirror.tunnels.rows.is_empty() {
            rows::table(w, &TUNNELS, s, options)?;
        }
        for table in TABLES.iter().filter(|t| t.in_json() && !PLACED.contains(&t.token())) {
            rows::table(w, *table, s, options)?;
        }
        w.line()?;
        w.key("services");
        w.list(s.stats.services.rows.iter().map(services::ServiceJson))?;
        section(w, "network", &services::NetworkJson(&s.diagnosis.network))?;
        section(w, "switch", &switch::SwitchJson { snapshot: s, rows: options.rows })?;
        if !s.diagnosis.host.is_empty() {
            w.line()?;
            w.key("host");
            w.list(&s.diagnosis.host)?;
        }
        w.line()?;
        w.key("findings");
        w.list(s.diagnosis.findings.iter().map(|finding| FindingJson { finding, timed: s.is_timed() }))?;
        w.close(b'}');
        writer.finish()
    }
}

/// Protocols that are always there, with zeros if need be; others only where they were spoken.
const ALWAYS: [&str; 5] = ["dns", "http", "llmnr", "mdns", "tls"];

/// Whether numbers are scaled from samples.
fn approximate(s: &Snapshot) -> Option<bool> {
    s.mirror.one_in().map(|_| true)
}

/// Numbers, unless the report is of a span of time by which they are not kept.
fn kept<'a, T>(s: &Snapshot, token: &str, numbers: &'a T) -> Option<&'a T> {
    let is_kept = s.span.as_ref().is_none_or(|shown| !shown.not_kept().contains(&token));
    is_kept.then_some(numbers)
}

/// Which span of the past a report is of.
#[derive(Serialize)]
struct Span {
    from: Timestamp,
    to: Timestamp,
    /// The packets were read again; else ends are known to the longest slot.
    exact: bool,
    resolution: f64,
    shortfall_wire_bytes: u64,
    not_kept: &'static [&'static str],
    of_all_time: [&'static str; 1],
}

impl Span {
    fn of(shown: &SpanShown) -> Self {
        Self {
            from: shown.span.from,
            to: shown.span.to,
            exact: shown.exact,
            resolution: shown.resolution as f64 / SECOND as f64,
            shortfall_wire_bytes: shown.shortfall,
            not_kept: shown.not_kept(),
            of_all_time: ["findings"],
        }
    }
}

/// What was captured.
#[derive(Serialize)]
struct Capture<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<Span>,
    sources: &'a [SourceInfo],
    link_types: Vec<LinkType>,
    packets: u64,
    wire_bytes: u64,
    captured_bytes: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    duration: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    gap: Option<f64>,
    truncated_packets: u64,
    cut_short: bool,
    fragments: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<&'a str>,
}

impl<'a> Capture<'a> {
    fn of(s: &'a Snapshot) -> Self {
        let mut link_types: Vec<LinkType> = Vec::new();
        for link in s.capture.sources.iter().flat_map(|source| &source.link_types) {
            if !link_types.contains(link) {
                link_types.push(*link);
            }
        }
        Self {
            span: s.span.as_ref().map(|shown| Span::of(shown)),
            sources: &s.capture.sources,
            link_types,
            packets: s.mirror.link.packets,
            wire_bytes: s.mirror.link.wire_bytes,
            captured_bytes: s.capture.captured_bytes,
            first: s.capture.first,
            last: s.capture.last,
            duration: s.duration(),
            gap: (!s.mirror.gaps.is_empty()).then(|| s.mirror.gap()),
            truncated_packets: s.capture.truncated_packets,
            cut_short: s.capture.sources.iter().any(|source| source.cut_short),
            fragments: s.stats.fragments,
            filter: s.capture.filter.as_deref(),
        }
    }
}

/// Losses, and whether anybody counted what was lost before it came here: if not, drops of 0 say nothing.
#[derive(Serialize)]
struct LossCounts<'a> {
    #[serde(flatten)]
    numbers: Option<&'a Losses>,
    counted: bool,
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
        Self { approximate: approximate(s), numbers }
    }
}

/// Packets by header flag, and what Wireshark says of them.
#[derive(Serialize)]
struct Tcp<'a> {
    #[serde(flatten)]
    flags: &'a TcpFlags,
    #[serde(flatten)]
    analysis: Option<&'a TcpAnalysis>,
}

/// A section on a line of its own.
fn section(w: &mut Writer, name: &'static str, value: &impl Serialize) -> io::Result<()> {
    w.line()?;
    w.section(name, value);
    Ok(())
}

/// Load over time: numbers, then a row an interval, then how packets divide.
fn load(w: &mut Writer, s: &Snapshot, options: &ReportOptions) -> io::Result<()> {
    w.line()?;
    w.key("load");
    w.open(b'{');
    w.members(&LoadFacts::of(s));
    w.key("series");
    w.list(s.stats.load.samples.iter().chain(s.stats.load.open.as_ref()).map(|sample| Interval { sample, base: s.stats.load.interval }))?;
    w.key("sizes");
    rows::only(w, &SIZES, s, &ReportOptions { rows: usize::MAX, ..*options })?;
    w.section("casts", &s.stats.casts);
    w.close(b'}');
    Ok(())
}

/// The numbers of the load.
#[derive(Serialize)]
struct LoadFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    approximate: Option<bool>,
    interval: f64,
    mean_bits_per_second: f64,
    peak_bits_per_second: f64,
    peak_at: Option<Timestamp>,
    mean_packets_per_second: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    p95_5min_bits_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_millisecond: Option<Burst>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link_bits_per_second: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link_by_lldp: Option<bool>,
}

/// The busiest millisecond.
#[derive(Serialize)]
struct Burst {
    at: Timestamp,
    #[serde(flatten)]
    traffic: Traffic,
    bits_per_second: f64,
}

impl LoadFacts {
    fn of(s: &Snapshot) -> Self {
        let burst =
            |(at, wire_bytes, packets)| Burst { at, traffic: Traffic { packets, wire_bytes }, bits_per_second: wire_bytes as f64 * 8000.0 };
        Self {
            approximate: approximate(s),
            interval: s.stats.load.interval as f64 / SECOND as f64,
            mean_bits_per_second: s.mean_bits_per_second(),
            peak_bits_per_second: s.stats.load.peak.map_or(0.0, |p| p.bits_per_second()),
            peak_at: s.stats.load.peak.map(|p| p.start),
            mean_packets_per_second: s.stats.total.packets_per_second(s.covered()),
            p95_5min_bits_per_second: s.stats.load.billed(&s.mirror.gaps),
            peak_millisecond: s.stats.load.peak_ms.map(burst),
            link_bits_per_second: s.capture.speed,
            link_by_lldp: s.capture.is_speed_by_lldp.then_some(true),
        }
    }
}

/// An interval. One whose length is not the base interval (older ones are merged, the last one may be open) says so.
struct Interval<'a> {
    sample: &'a Sample,
    base: i64,
}

impl Serialize for Interval<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Sample { start, length, traffic, .. } = self.sample;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("start", start)?;
        map.serialize_entry("packets", &traffic.packets)?;
        map.serialize_entry("wire_bytes", &traffic.wire_bytes)?;
        if *length != self.base {
            map.serialize_entry("length", &(*length as f64 / SECOND as f64))?;
        }
        map.end()
    }
}
