//! A row a probe.

use super::FleetReport;
use crate::fleet::{FleetProbe, ProbeState};
use crate::model::text::printable;
use std::io::{self, Write};

const HEADS: [&str; 18] = [
    "site",
    "probe",
    "session",
    "version",
    "state",
    "heard",
    "age_seconds",
    "bits_per_second",
    "packets_per_second",
    "verdict",
    "packets",
    "wire_bytes",
    "lost_packets",
    "lost_rows",
    "findings",
    "worst_finding",
    "worst_severity",
    "clock_offset_seconds",
];

pub(super) fn write(report: &FleetReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(HEADS)?;
    for probe in &report.picture.probes {
        writer.write_record(row(probe))?;
    }
    writer.flush()
}

/// A text that no spreadsheet takes for a formula.
fn text(text: &str) -> String {
    let text = printable(text);
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.into_owned() }
}

fn row(probe: &FleetProbe) -> [String; 18] {
    let number = |value: Option<f64>| value.map(|x| x.to_string()).unwrap_or_default();
    let is_heard = probe.state == ProbeState::Heard;
    let worst = probe.worst.as_ref().filter(|_| is_heard);
    [
        text(&probe.name.site),
        text(&probe.name.probe),
        text(&probe.session),
        text(&probe.version),
        probe.state.token().into(),
        probe.heard.to_string(),
        probe.age.to_string(),
        number(probe.load.map(|load| load.0)),
        number(probe.load.map(|load| load.1)),
        probe.verdict_now().map_or("", |verdict| verdict.token()).into(),
        probe.history.packets.to_string(),
        probe.history.wire_bytes.to_string(),
        probe.history.lost_packets.to_string(),
        probe.history.lost_rows.to_string(),
        if is_heard { probe.findings.to_string() } else { String::new() },
        worst.map(|worst| text(&worst.id)).unwrap_or_default(),
        worst.map_or("", |worst| worst.severity.token()).into(),
        number(probe.clock_offset),
    ]
}
