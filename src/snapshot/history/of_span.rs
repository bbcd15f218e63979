//! What the picture of a span holds: every field of a snapshot stands here with what a span knows of it. What it does not know is not taken
//! over from all of the time: it is not there, and [`SpanShown::not_kept`] says so.
//!
//! Nothing here is written with the rest of another picture: who adds a field to a wing has to say what a span knows of it.

use super::SpanShown;
use crate::model::Arrange as _;
use crate::model::{Finding, LinkUse, SourceInfo, SwitchView, TimeSpan, Timestamp, Traffic, Trust, Verdict};
use crate::snapshot::{
    CaptureSummary, Diagnosis, Dissected, Duplicates, Load, LossLedger, Mirror, Network, Sample, Sides, Snapshot, Statistics,
};
use crate::snapshot::{Forgotten, Losses, Table};
use std::cmp::Reverse;
use std::sync::Arc;

/// Tables of which no past is kept by slots, by their tokens.
const NOT_BY_SLOTS: [&str; 22] = [
    "applications",
    "authentication",
    "chatter",
    "gateways",
    "group_members",
    "lacp",
    "losses",
    "neighbours",
    "ospf_routers",
    "queriers",
    "rtp_streams",
    "services",
    "sessions",
    "spanning_tree",
    "speakers",
    "switch_ports",
    "tcp_analysis",
    "traffic_classes",
    "transit",
    "trust",
    "tunnels",
    "vlan_pairs",
];

/// What is not known of a span even where its packets were read again: it is measured over more than a span.
const NOT_BY_PACKETS: [&str; 3] = ["host", "switch_ports", "trust"];

impl SpanShown {
    /// What is not kept of it, by the tokens of tables and members of reports: there is none of it in the picture.
    pub fn not_kept(&self) -> &'static [&'static str] {
        if self.exact { &NOT_BY_PACKETS } else { &NOT_BY_SLOTS }
    }
}

/// What is counted of a span besides its statistics.
pub(super) struct Counted {
    pub captured_bytes: u64,
    pub truncated_packets: u64,
    pub losses: Losses,
    pub dissected: Dissected,
    pub mirror: Mirror,
    pub switch: SwitchView,
}

impl Snapshot {
    /// The picture of a span of this run: what was counted in it, and who is who.
    pub(super) fn picture_of(&self, shown: SpanShown, stats: Statistics, counted: Counted) -> Self {
        let span = shown.span;
        Self {
            number: self.number,
            finished: true,
            live: false,
            now: span.to,
            recent_seconds: span.seconds(),
            capture: CaptureSummary {
                sources: self.capture.sources.iter().map(named).collect(),
                filter: self.capture.filter.clone(),
                speed: self.capture.speed,
                is_speed_by_lldp: self.capture.is_speed_by_lldp,
                captured_bytes: counted.captured_bytes,
                truncated_packets: counted.truncated_packets,
                first: Some(span.from),
                last: Some(span.to),
                losses: counted.losses,
            },
            stats,
            dissect: counted.dissected,
            mirror: counted.mirror,
            switch: counted.switch,
            diagnosis: Diagnosis {
                host: Vec::new(),
                network: Network::default(),
                // Those that held in it, with the numbers of all of the time: they are judged over more than a span.
                findings: held_in(&self.diagnosis.findings, span),
            },
            history: self.history.clone(),
            narrowed_by: None,
            span: Some(Arc::new(shown)),
        }
    }

    /// What slots tell besides statistics, of a span with so many packets.
    pub(super) fn told_by_slots(&self, span: TimeSpan, total: Traffic, (captured_bytes, truncated_packets): (u64, u64)) -> Counted {
        Counted {
            captured_bytes,
            truncated_packets,
            losses: Losses::default(),
            dissected: Dissected { apps: Vec::new(), names: self.dissect.names.clone() },
            mirror: self.mirror_of_slots(span, total),
            switch: self.switch_of_slots(span),
        }
    }

    fn mirror_of_slots(&self, span: TimeSpan, total: Traffic) -> Mirror {
        Mirror {
            transport: self.mirror.transport,
            // What was left out as a copy is not kept by slots.
            link: total,
            recent_link: total,
            sessions: Vec::new(),
            sampled: self.mirror.one_in(),
            stamps: Vec::new(),
            duplicates: Duplicates { dropped: self.mirror.duplicates.dropped, ..Duplicates::default() },
            loss: LossLedger::default(),
            sides: Sides::default(),
            trust: unjudged(),
            silenced: Vec::new(),
            forgotten: Forgotten::default(),
            not_judged: Vec::new(),
            tunnels: Table::default(),
            gaps: self.mirror.gaps.iter().filter(|gap| span.from <= gap.first && gap.last <= span.to).copied().collect(),
        }
    }

    /// Who is who, and what has a time of its own.
    fn switch_of_slots(&self, span: TimeSpan) -> SwitchView {
        let all = &self.switch;
        SwitchView {
            identity: all.identity.clone(),
            link: all.link.clone(),
            link_speed: all.link_speed,
            unknown: all.unknown.clone(),
            remedy: all.remedy.clone(),
            addresses: all.addresses.clone(),
            routers: all.routers.clone(),
            events: all.events.iter().filter(|event| span.contains(event.time)).cloned().collect(),
            link_use: all.link_use.as_ref().map(|used| used_in(used, span)),
            neighbours: Vec::new(),
            trees: Vec::new(),
            aggregates: Vec::new(),
            gateways: Vec::new(),
            ospf: Vec::new(),
            speakers: Vec::new(),
            chatter: Vec::new(),
            authenticators: Vec::new(),
            queriers: Vec::new(),
            members: Vec::new(),
            events_forgotten: 0,
            asked: None,
            ports: Vec::new(),
            offered: None,
            transit: Default::default(),
            packets: 0,
            beyond: 0,
        }
    }

    /// What was counted where the packets of a span were read again.
    pub(super) fn told_by_packets(&self, exact: &Self) -> Counted {
        Counted {
            captured_bytes: exact.capture.captured_bytes,
            truncated_packets: exact.capture.truncated_packets,
            losses: exact.capture.losses,
            dissected: Dissected { apps: exact.dissect.apps.clone(), names: self.dissect.names.clone() },
            // All of that is of the span's packets alone; it is the verdict that takes more of them.
            mirror: Mirror {
                trust: unjudged(),
                silenced: Vec::new(),
                not_judged: Vec::new(),
                sampled: exact.mirror.one_in().or(self.mirror.one_in()),
                ..exact.mirror.clone()
            },
            switch: SwitchView {
                identity: self.switch.identity.clone(),
                link: self.switch.link.clone(),
                asked: None,
                ports: Vec::new(),
                offered: None,
                ..exact.switch.clone()
            },
        }
    }
}

/// A source by its name and kind: how many packets of a span came from it is not kept.
fn named(source: &SourceInfo) -> SourceInfo {
    SourceInfo {
        name: source.name.clone(),
        format: source.format.clone(),
        compression: source.compression,
        link_types: source.link_types.clone(),
        promiscuous: source.promiscuous,
        speed: source.speed,
        is_uncounted: true,
        ..SourceInfo::default()
    }
}

fn unjudged() -> Trust {
    Trust { verdict: Verdict::Unknown, summary: "not judged of a span of time".into(), ..Trust::default() }
}

/// How a link was used in a span: bursts have their times, how full it was otherwise is not kept.
fn used_in(used: &LinkUse, span: TimeSpan) -> LinkUse {
    let begins_in = used.list.iter().filter(|burst| span.contains(burst.at));
    let list: Vec<_> = begins_in.cloned().collect();
    let coarse = if used.bin == 0 { used.coarse.clone() } else { "it is not kept by spans of time".to_owned() };
    LinkUse { bursts: list.len() as u64, list, nanos: span.length(), ..used.clone().untold(coarse) }
}

/// Findings as they held in a span. There all of them are active: what has cleared since stands where its severity puts it.
fn held_in(findings: &[Finding], span: TimeSpan) -> Vec<Finding> {
    let mut held: Vec<Finding> = findings.iter().filter_map(|finding| one_held_in(finding, span)).collect();
    held.arrange_by_key(|finding| (Reverse(finding.severity), Reverse(finding.hosts)));
    held
}

/// A finding as it held in a span: in which of its episodes.
fn one_held_in(finding: &Finding, span: TimeSpan) -> Option<Finding> {
    let closed = |first: Timestamp, last: Timestamp| TimeSpan { from: first, to: last.plus(1) };
    let whole = closed(finding.first, finding.last).overlaps(span);
    let episode = finding.episodes.iter().rev().find(|e| closed(e.first, e.last).overlaps(span));
    if !whole && episode.is_none() {
        return None;
    }
    let mut out = finding.clone();
    if let Some(episode) = episode {
        (out.first, out.last) = (episode.first, episode.last);
    }
    out.active = true;
    Some(out)
}

/// The load of a span: intervals that lie in it.
pub(super) fn load_in(load: &Load, span: TimeSpan) -> Load {
    let inside = |sample: &&Sample| span.from <= sample.start && sample.start.plus(sample.length) <= span.to;
    let samples: Vec<Sample> = load.samples.iter().chain(load.open.as_ref()).filter(inside).copied().collect();
    let fastest = |a: &&Sample, b: &&Sample| a.bits_per_second().total_cmp(&b.bits_per_second());
    let busiest = samples.iter().filter(|sample| sample.peak_ms_bytes > 0).max_by_key(|sample| sample.peak_ms_bytes);
    Load {
        interval: load.interval,
        peak: samples.iter().max_by(fastest).copied(),
        peak_ms: busiest.and_then(|s| Some((s.peak_ms_at?, s.peak_ms_bytes, s.peak_ms_packets))),
        samples,
        open: None,
        fine: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Severity;

    #[test]
    fn what_held_in_a_span_stands_by_its_severity_though_it_has_cleared_since() {
        let second = |at: i64| Timestamp::new(at, 0);
        let note = Finding::new("addr.rogue", Severity::Note, "still there", second(5));
        let later = Finding::new("tcp.rtt", Severity::Critical, "after the span", second(50));
        let cleared = Finding { active: false, ..Finding::new("tcp.loss", Severity::Warning, "over", second(6)) };
        let held = held_in(&[note, later, cleared], TimeSpan { from: second(0), to: second(10) });
        assert_eq!(held.iter().map(|f| (f.id, f.active)).collect::<Vec<_>>(), [("tcp.loss", true), ("addr.rogue", true)]);
    }
}
