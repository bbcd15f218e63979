//! For reading.

use super::FleetReport;
use crate::fleet::{FleetProbe, ProbeState, SharedSum, SharedTraffic, pairs};
use crate::model::text::printable;
use crate::model::units;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// Pairs that are listed.
const PAIRS: usize = 20;

/// Columns, and which of them are numbers.
const HEADS: [(&str, bool); 10] = [
    ("Site", false),
    ("Probe", false),
    ("Load (last minute)", true),
    ("Mirror", false),
    ("Packets", true),
    ("Lost", true),
    ("Findings", true),
    ("Worst finding", false),
    ("Clock", true),
    ("Last news", true),
];

pub(super) fn write(report: &FleetReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let picture = report.picture;
    let (all, heard) = (picture.probes.len(), picture.heard());
    if all == 0 {
        return writeln!(out, "No probe has written here yet: spantop probe --export clickhouse:…");
    }
    writeln!(
        out,
        "Fleet at {}, {}: {heard} of {} heard of",
        super::utc(picture.asked),
        picture.span.words(),
        units::plural(all as u64, "probe")
    )?;
    if picture.left_off {
        writeln!(out, "There are more probes than are listed.")?;
    }
    writeln!(out)?;
    let rows: Vec<[String; 10]> = picture.probes.iter().map(row).collect();
    table(&HEADS, &rows, out)?;
    let load = |(bits, packets)| format!("{}, {} now", units::bits_per_second(bits), units::packets_per_second(packets));
    writeln!(
        out,
        "\nAll probes: {}; {} packets, {} in {}; lost {} packets, {} rows",
        picture.load().map_or_else(|| "nobody says a load".to_owned(), load),
        units::grouped(picture.sum(|p| p.history.packets)),
        units::bytes(picture.sum(|p| p.history.wire_bytes)),
        if picture.span.end().is_some() { "this time".to_owned() } else { format!("the {}", picture.span.words()) },
        units::grouped(picture.sum(|p| p.history.lost_packets)),
        units::grouped(picture.sum(|p| p.history.lost_rows)),
    )?;
    match report.shared {
        Ok(shared) => write_shared(shared, out),
        Err(why) => writeln!(out, "Counted once across probes: not known: {}", printable(why)),
    }
}

fn row(probe: &FleetProbe) -> [String; 10] {
    let safe = |text: &str| printable(text).into_owned();
    let silent = probe.state == ProbeState::Silent;
    let none = || "–".to_owned();
    let news = units::duration(probe.age as f64);
    [
        safe(&probe.name.site),
        safe(&probe.name.probe),
        probe.load.map_or_else(none, |load| units::bits_per_second(load.0)),
        match probe.verdict_now() {
            _ if probe.state == ProbeState::Ended => "ended".to_owned(),
            _ if silent => format!("silent since {}", super::utc(probe.heard)),
            Some(verdict) => verdict.token().to_owned(),
            None => "not judged".to_owned(),
        },
        units::grouped(probe.history.packets),
        units::grouped(probe.history.lost_packets),
        if probe.state == ProbeState::Heard { units::grouped(probe.findings) } else { none() },
        probe
            .worst
            .as_ref()
            .filter(|_| probe.state == ProbeState::Heard)
            .map_or_else(none, |worst| safe(&format!("{}: {}", worst.severity.token(), worst.title))),
        probe.clock_offset.map_or_else(|| "not judged".into(), clock),
        format!("{news} ago"),
    ]
}

/// A clock's offset, which is known within a second.
pub(super) fn clock(offset: f64) -> String {
    if offset.abs() <= 1.5 { "in step".into() } else { format!("{offset:+.0} s") }
}

fn said(sum: SharedSum) -> String {
    format!("{} records, {} packets, {}", units::grouped(sum.records), units::grouped(sum.packets), units::bytes(sum.wire_bytes))
}

fn write_shared(shared: &SharedTraffic, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Conversations, as told:     {}", said(shared.told))?;
    let most = if shared.left_off { "at most " } else { "" };
    writeln!(out, "Conversations, each once:   {most}{}", said(shared.once()))?;
    for doubt in &shared.doubts {
        writeln!(out, "Clocks: {}", printable(doubt))?;
    }
    let pairs = pairs(&shared.groups);
    if pairs.is_empty() {
        return writeln!(out, "No conversation was seen by two probes.");
    }
    writeln!(out, "\nOn the same path:")?;
    for (one, other, conversations, behind) in pairs.iter().take(PAIRS) {
        let later = behind.map(|s| format!(", the second {} later by their clocks", signed(s))).unwrap_or_default();
        let line = format!("  {one} ⇄ {other}: {}{later}", units::plural(*conversations, "conversation"));
        writeln!(out, "{}", printable(&line))?;
    }
    let more = pairs.len().saturating_sub(PAIRS);
    if more > 0 { writeln!(out, "  … and {more} pairs more") } else { Ok(()) }
}

fn signed(seconds: f64) -> String {
    format!("{}{}", if seconds < 0.0 { "−" } else { "" }, units::duration(seconds.abs()))
}

fn table<const N: usize>(heads: &[(&str, bool); N], rows: &[[String; N]], out: &mut dyn Write) -> io::Result<()> {
    let widths: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(at, head)| rows.iter().filter_map(|row| row.get(at)).map(|text| text.width()).fold(head.0.width(), usize::max))
        .collect();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for ((cell, width), head) in cells.zip(&widths).zip(heads) {
            let space = " ".repeat(width.saturating_sub(cell.width()));
            text += &if head.1 { format!("{space}{cell}  ") } else { format!("{cell}{space}  ") };
        }
        writeln!(out, "{}", text.trim_end())
    };
    line(&mut heads.iter().map(|head| head.0))?;
    rows.iter().try_for_each(|row| line(&mut row.iter().map(String::as_str)))
}
