//! As one JSON object. What is not known is null.

use super::FleetReport;
use crate::fleet::{FleetProbe, ProbeName, ProbeState, SharedSum, SharedTraffic, pairs};
use crate::json::to_json_pretty;
use serde_json::{Value, json};
use std::io::{self, Write};

pub(super) fn write(report: &FleetReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let picture = report.picture;
    let load = picture.load();
    let value = json!({
        // A database without probes does not say the time.
        "asked": (picture.asked > 0).then_some(picture.asked),
        "span_seconds": picture.span.seconds(),
        "span_end": picture.span.end(),
        "complete": !picture.left_off,
        "probes": picture.probes.iter().map(probe).collect::<Vec<_>>(),
        "total": {
            "probes": picture.probes.len(),
            "heard": picture.heard(),
            "bits_per_second": load.map(|load| load.0),
            "packets_per_second": load.map(|load| load.1),
            "packets": picture.sum(|p| p.history.packets),
            "wire_bytes": picture.sum(|p| p.history.wire_bytes),
            "lost_packets": picture.sum(|p| p.history.lost_packets),
            "lost_rows": picture.sum(|p| p.history.lost_rows),
        },
        "conversations": match report.shared {
            Ok(known) => shared(known),
            Err(why) => json!({ "error": why }),
        },
    });
    to_json_pretty(&mut *out, &value)?;
    writeln!(out)
}

fn probe(probe: &FleetProbe) -> Value {
    json!({
        "site": probe.name.site,
        "probe": probe.name.probe,
        "session": probe.session,
        "version": probe.version,
        "state": probe.state.token(),
        "heard": probe.heard,
        "age_seconds": probe.age,
        "bits_per_second": probe.load.map(|load| load.0),
        "packets_per_second": probe.load.map(|load| load.1),
        "verdict": probe.verdict_now().map(|verdict| verdict.token()),
        "packets": probe.history.packets,
        "wire_bytes": probe.history.wire_bytes,
        "lost_packets": probe.history.lost_packets,
        "lost_rows": probe.history.lost_rows,
        "findings": (probe.state == ProbeState::Heard).then_some(probe.findings),
        "worst_finding": probe.worst.as_ref().filter(|_| probe.state == ProbeState::Heard).map(|worst| {
            json!({ "id": worst.id, "severity": worst.severity.token(), "title": worst.title })
        }),
        "clock_offset_seconds": probe.clock_offset,
    })
}

fn sum(sum: SharedSum) -> Value {
    json!({ "records": sum.records, "packets": sum.packets, "wire_bytes": sum.wire_bytes })
}

fn name(name: &ProbeName) -> Value {
    json!({ "site": name.site, "probe": name.probe })
}

fn shared(shared: &SharedTraffic) -> Value {
    let pairs: Vec<Value> = pairs(&shared.groups)
        .iter()
        .map(|(one, other, n, behind)| json!({ "probes": [name(one), name(other)], "conversations": n, "median_behind_seconds": behind }))
        .collect();
    let time = |seconds: i64| (seconds > 0).then_some(seconds);
    json!({ "from": time(shared.span.0), "to": time(shared.span.1), "complete": !shared.left_off, "doubts": shared.doubts, "told": sum(shared.told), "once": sum(shared.once()), "pairs": pairs })
}
