//! `--format json`: one object, for scripts. Names and types are promises; rows stand one a line.

mod host;
mod mirror;
mod parallel_rows;
mod rows;
mod writer;

use super::format::{Format, Options};
use crate::model::LinkType;
use crate::model::time::SECOND;
use crate::snapshot::tables::TABLES;
use crate::snapshot::tables::conversations::CONVERSATIONS;
use crate::snapshot::tables::endpoints::ENDPOINTS;
use crate::snapshot::tables::protocols::PROTOCOLS;
use crate::snapshot::tables::tunnels::TUNNELS;
use crate::snapshot::tables::vlans::VLANS;
use crate::snapshot::{Load, SIZE_CLASSES, Sample, Snapshot};
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

    fn write(&self, s: &Snapshot, options: &Options, out: &mut dyn io::Write) -> io::Result<()> {
        let mut writer = Writer::new(out);
        let w = &mut writer;
        w.open(b'{');
        w.text("schema", SCHEMA);
        w.text("version", env!("CARGO_PKG_VERSION"));
        approximate(w, s);
        capture(w, s)?;
        losses(w, s)?;
        load(w, s)?;
        // A tree is whole or not at all.
        rows::table(w, &PROTOCOLS, s, &Options { rows: usize::MAX, ..*options })?;
        rows::table(w, &CONVERSATIONS, s, options)?;
        rows::table(w, &ENDPOINTS, s, options)?;
        rows::table(w, &VLANS, s, options)?;
        w.line()?;
        w.traffic_object("untagged", s.untagged);
        directions(w, s)?;
        tcp(w, s)?;
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

/// JoinScoped numbers that are scaled from samples.
fn approximate(w: &mut Writer, s: &Snapshot) {
    if s.mirror.one_in().is_some() {
        w.flag("approximate", true);
    }
}

fn capture(w: &mut Writer, s: &Snapshot) -> io::Result<()> {
    w.line()?;
    w.key("capture");
    w.open(b'{');
    w.key("sources");
    w.open(b'[');
    let mut link_types: Vec<LinkType> = Vec::new();
    for source in &s.sources {
        w.open(b'{');
        w.text("name", &source.name);
        w.text("format", &source.format);
        w.count("packets", source.packets);
        if let Some(compression) = source.compression {
            w.text("compression", compression);
        }
        w.flag("cut_short", source.cut_short);
        if let Some(warning) = &source.warning {
            w.text("warning", warning);
        }
        w.close(b'}');
        for link in &source.link_types {
            if !link_types.contains(link) {
                link_types.push(*link);
            }
        }
    }
    w.close(b']');
    w.key("link_types");
    w.open(b'[');
    link_types.iter().for_each(|link| w.string(&link.to_string()));
    w.close(b']');
    w.traffic(s.mirror.link);
    w.count("captured_bytes", s.captured_bytes);
    w.at("first", s.first);
    w.at("last", s.last);
    w.real("duration", s.duration());
    w.count("truncated_packets", s.truncated_packets);
    w.flag("cut_short", s.sources.iter().any(|source| source.cut_short));
    w.count("fragments", s.fragments);
    if let Some(filter) = &s.filter {
        w.text("filter", filter);
    }
    w.close(b'}');
    Ok(())
}

fn losses(w: &mut Writer, s: &Snapshot) -> io::Result<()> {
    let l = &s.losses;
    w.line()?;
    w.key("losses");
    w.open(b'{');
    w.count("interface_drops", l.interface_drops);
    w.count("kernel_drops", l.kernel_drops);
    w.count("queue_drops", l.queue_drops);
    w.count("decode_errors", l.decode_errors);
    w.count("malformed", l.malformed);
    w.count("late_packets", l.late_packets);
    w.count("evicted_flows", l.evicted_flows);
    w.close(b'}');
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
    w.key("casts");
    w.open(b'{');
    w.traffic_object("unicast", s.casts.unicast);
    w.traffic_object("multicast", s.casts.multicast);
    w.traffic_object("broadcast", s.casts.broadcast);
    w.close(b'}');
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

fn directions(w: &mut Writer, s: &Snapshot) -> io::Result<()> {
    let d = &s.directions;
    w.line()?;
    w.key("directions");
    w.open(b'{');
    approximate(w, s);
    w.traffic_object("inbound", d.inbound);
    w.traffic_object("outbound", d.outbound);
    w.traffic_object("inside", d.inside);
    w.traffic_object("through", d.through);
    w.traffic_object("unknown", d.unknown);
    w.close(b'}');
    Ok(())
}

fn tcp(w: &mut Writer, s: &Snapshot) -> io::Result<()> {
    let flags = &s.tcp_flags;
    w.line()?;
    w.key("tcp");
    w.open(b'{');
    approximate(w, s);
    w.count("syn", flags.syn);
    w.count("syn_ack", flags.syn_ack);
    w.count("fin", flags.fin);
    w.count("reset", flags.reset);
    w.close(b'}');
    Ok(())
}
