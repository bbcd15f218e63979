//! From the detectors' counts to the mirror as a snapshot shows it.

use crate::decode::Rules;
use crate::diagnose::{self, Evidence, Judge, Need, Vendor, VendorTopic};
use crate::engine::fold::detectors::DetectorReport;
use crate::engine::judge::asked;
use crate::engine::judge::evidence::{self, Sources};
use crate::engine::judge::history::{CountsHistory, Sums};
use crate::engine::judge::holes::MirrorHoles;
use crate::engine::judge::network::NetworkJudge;
use crate::engine::merge::{Assess, Assessment};
use crate::engine::tape::Request;
use crate::engine::tape::facts::TunnelFacts;
use crate::mirror::{CopyClass, DuplicateCounts, LossSplit, Pauses};
use crate::model::Arrange as _;
use crate::model::JoinScoped;
use crate::model::evidence::LossEvidence;
use crate::model::mirror::Purpose;
use crate::model::{CapScale, Chatter, ChatterRow, Episode, Finding, Mac, NetworkBatch, SwitchView, Timestamp, Traffic};
use crate::snapshot::{DuplicateClass, Duplicates, Forgotten, LossLedger, Mirror, Sides, Table, TunnelRow};
use std::cmp::Reverse;

/// VLAN pairs shown.
const VLAN_PAIRS: usize = 64;

/// What stands between two snapshots: findings, and counts to subtract.
#[derive(Debug, Default)]
pub struct MirrorJudge {
    dedup: bool,
    caps: CapScale,
    rules: Rules,
    beside: Option<JoinScoped>,
    judge: Judge,
    /// Whether findings ever rested on the recent past: then what stands is known from before.
    was_live: bool,
    history: CountsHistory,
    network: NetworkJudge,
    begun: Option<Timestamp>,
    link_before: Traffic,
    copies_before: Traffic,
    chatter_before: [Traffic; Chatter::ALL.len()],
}

impl MirrorJudge {
    /// Nothing judged yet of packets that are read by these rules.
    pub fn new(dedup: bool, caps: CapScale, rules: Rules, beside: Option<JoinScoped>) -> Self {
        Self { dedup, caps, rules, beside, network: NetworkJudge::within(caps, beside), ..Self::default() }
    }
}

impl Assess for MirrorJudge {
    fn forget(&mut self) {
        *self = Self::new(self.dedup, self.caps, std::mem::take(&mut self.rules), self.beside);
    }

    fn leave(&mut self) {
        std::mem::forget(std::mem::take(self));
    }

    fn take(&mut self, batches: Vec<NetworkBatch>) {
        self.network.take(batches);
    }

    fn assess(
        &mut self,
        request: &Request,
        detected: &DetectorReport,
        link: Traffic,
        mac_pairs: &mut dyn Iterator<Item = (Mac, Mac, u64)>,
    ) -> Assessment {
        let live = request.live;
        let whole = Sums::of(request, detected, link);
        let sums = if live { self.history.recent(request.now, &whole) } else { whole.clone() };
        // Totals are shown of the whole run.
        let duplicates = duplicates(&whole.counts.duplicates, self.dedup, live.then_some(self.copies_before));
        let (_, split) = evidence::loss(request, detected, &whole);
        let first_look = self.begun.is_none();
        let begun = *self.begun.get_or_insert(request.first.map_or(request.now, |first| first.min(request.now)));
        let age = request.now.seconds_since(begun);
        let sources = Sources { request, detected, sums: &sums, age, dropped: self.dedup, mac_pairs };
        let (all, lately) = evidence::loss(request, detected, &sums);
        let evidence = evidence::evidence(sources, all, &lately);
        let mut evidence = super::host::with_host_facts(evidence, &request.host);
        evidence.network.expired = self.network.expired();
        [evidence.tags.doubled, evidence.tags.addresses] = self.network.doubled(request.now);
        if !evidence.copies.sent_on.is_empty() {
            evidence.copies = evidence.copies.without(self.network.attracts(request.now));
        }
        // What is read so and contradicts itself is no reason to advise that.
        evidence.contents.carriers.retain(|(port, kind, _)| self.rules.reads(*port) != Some(*kind));
        evidence.first_look = first_look;
        evidence.order.hidden = self.network.quickest();
        self.was_live |= live;
        if !self.was_live {
            // A file is judged as a whole each time it is looked at: what its beginning looked like is no reason for anything.
            self.judge = Judge::default();
        }
        let judgement = diagnose::judge(&evidence, &mut self.judge, request.now);
        let (network, troubles, services) = {
            let besides = diagnose::gravest_of_the_network(&judgement.findings);
            self.network.assess(request.now, (live, request.finished), &evidence, besides, request.query.rows)
        };
        let switch = self.switch(request, detected, &whole, &evidence);
        let host = super::host::checks(request, detected);
        let mirror = Mirror {
            link,
            recent_link: if live { link.since(self.link_before) } else { link },
            loss: ledger(request, &whole, &split, &evidence),
            gaps: gaps(request, &evidence),
            sides: Sides { judged: evidence.sides.judged, one_sided: evidence.sides.one_sided },
            trust: diagnose::trust(&evidence, &judgement.findings, &host),
            not_judged: judgement.silenced.iter().chain(&judgement.undecided).cloned().collect(),
            silenced: judgement.silenced,
            duplicates,
            forgotten: forgotten(request, &whole),
            ..picture(&request.tunnels)
        };
        self.link_before = link;
        self.copies_before = whole.counts.duplicates.copies();
        let streams = self.network.media(request.query.rows);
        let findings = in_order(judgement.findings, troubles, request.first);
        Assessment { mirror, network, switch, services, streams, windows: self.network.window_uses(), findings, host }
    }
}

/// All findings, the gravest first. The mirror's come first where they weigh the same: they say whether the others can be believed.
fn in_order(mut findings: Vec<Finding>, troubles: Vec<Finding>, begun: Option<Timestamp>) -> Vec<Finding> {
    findings.extend(troubles);
    // What is looked at may begin before the capture: nothing was found there.
    findings.iter_mut().for_each(|finding| begin_with(finding, begun));
    findings.arrange_by_key(|f| (!f.active, Reverse(f.severity)));
    diagnose::by_cause(&mut findings);
    findings
}

impl MirrorJudge {
    /// What the switch and its neighbours say, with what is seen of the link beside it.
    fn switch(&mut self, request: &Request, detected: &DetectorReport, whole: &Sums, evidence: &Evidence) -> SwitchView {
        let mut switch = self.network.switch(request.now);
        switch.link_use = super::link_use::link_use(&request.used, &evidence.clock);
        let unknown = gaps(request, evidence).iter().fold(0i64, |sum, gap| sum.saturating_add(gap.last.since(gap.first)));
        switch.link_use.iter_mut().for_each(|used| used.nanos = used.nanos.saturating_sub(unknown));
        switch.transit = super::transit::transit(&detected.transits, &whole.counts.duplicates, &request.tunnels, evidence.clock.grain);
        let said = whole.counts.switch.chatter;
        let before = if request.live { self.chatter_before } else { Default::default() };
        let rows = Chatter::ALL.into_iter().zip(said.into_iter().zip(before));
        let rows = rows.map(|(kind, (traffic, before))| ChatterRow { kind, traffic, recent: traffic.since(before) });
        switch.chatter = rows.filter(|row| row.traffic.packets > 0).collect();
        self.chatter_before = said;
        asked::add(&mut switch, request);
        if switch.identity.is_none() && switch.link.is_empty() {
            switch.remedy = if switch.packets == 0 { unseen(evidence.vendor) } else { UNNAMED.to_owned() };
        }
        switch
    }
}

/// Loss by place.
fn ledger(request: &Request, whole: &Sums, split: &LossSplit, evidence: &Evidence) -> LossLedger {
    // The parts of the whole run, with the holes that are known of late.
    // What seems to be missing, and may lie in tunnels that nobody looks into, is no number.
    let is_told = Need::Undivided.check(evidence).is_ok();
    let switch = split.switch.filter(|_| is_told);
    let switch = asked::larger(switch, asked::mirror_port(request).as_ref().and_then(asked::loss));
    let upstream = split.upstream.filter(|_| is_told);
    let unmatched = evidence::unmatched(whole).filter(|_| is_told);
    let whole_loss = LossEvidence { path: split.transport, switch, upstream, ..LossEvidence::default() };
    let loss = MirrorHoles::of(evidence.silent.as_ref(), &evidence.outages, evidence.one_way.as_ref())
        .within(whole_loss, evidence.loss.beside_holes);
    LossLedger { host: split.host, path: loss.path, switch: loss.switch, upstream: loss.upstream, unmatched }
}

/// What found no room.
fn forgotten(request: &Request, whole: &Sums) -> Forgotten {
    Forgotten {
        copies: whole.counts.duplicates.displaced,
        holes: whole.counts.loss.forgotten,
        requests: whole.counts.health.unmatched.forgotten,
        tunnels: request.tunnels.beyond.packets,
    }
}

/// Times that means leave out, in their order.
fn gaps(request: &Request, evidence: &Evidence) -> Vec<Episode> {
    // On a port it was watched that nothing came; between one file and the next nobody captured.
    let is_file = !request.live && request.sources.len() == 1;
    let captured = request.first.zip(request.latest).filter(|_| is_file).map(|(first, last)| Episode { first, last });
    let mut gaps =
        captured.map_or_else(Vec::new, |captured| Pauses::gaps(request.load.covered.holes().collect(), captured, evidence.packets));
    let told = evidence.outages.iter().filter(|o| o.outlasts).map(|o| Episode { first: o.from, last: o.until() });
    let new: Vec<Episode> = told.filter(|told| gaps.iter().all(|gap| gap.last <= told.first || told.last <= gap.first)).collect();
    gaps.extend(new);
    gaps.arrange_by_key(|gap| gap.first);
    gaps
}

/// Nothing is found before the first packet.
fn begin_with(finding: &mut Finding, first: Option<Timestamp>) {
    let Some(first) = first.filter(|first| *first > finding.first && *first <= finding.last) else { return };
    finding.first = first;
    for episode in finding.episodes.iter_mut().filter(|episode| episode.last >= first) {
        episode.first = episode.first.max(first);
    }
}

/// Control packets are mirrored, and none says who sends it.
const UNNAMED: &str = "Other control packets are mirrored: with LLDP or CDP turned on at the port the switch says its name.";

/// What brings the packets by which the switch could be known.
fn unseen(vendor: Option<Vendor>) -> String {
    let known = vendor.and_then(|v| Some((v, v.command(VendorTopic::Encapsulation)?)));
    let (vendor, command) = known.unwrap_or((Vendor::CiscoIos, Vendor::CiscoIos.command(VendorTopic::Encapsulation).unwrap_or_default()));
    format!("Most mirror sessions leave out what switches send themselves; {} includes it by {command}.", vendor.name())
}

/// The sessions, and by what the mirror arrives: the kind of the sessions taken off, `plain` without any.
fn picture(facts: &TunnelFacts) -> Mirror {
    let (mirrors, others): (Vec<_>, Vec<_>) =
        facts.sessions.iter().partition(|s| s.session.peeled || s.session.tunnel.kind.purpose() == Purpose::Mirror);
    let mut kinds: Vec<&str> = mirrors.iter().filter(|s| s.session.peeled).map(|s| s.session.tunnel.kind.token()).collect();
    kinds.arrange();
    kinds.dedup();
    let transport = match kinds.as_slice() {
        [] => "plain",
        [one] => one,
        _ => "mixed",
    };
    let mut rows: Vec<TunnelRow> = others
        .iter()
        .map(|s| TunnelRow {
            tunnel: s.session.tunnel,
            traffic: Traffic { packets: s.session.packets, wire_bytes: s.session.outer_bytes },
            recent: Traffic::default(),
            inner_bytes: s.session.inner_bytes,
        })
        .collect();
    rows.arrange_by_key(|r| (std::cmp::Reverse(r.traffic.wire_bytes), r.tunnel));
    Mirror {
        transport,
        sessions: mirrors.into_iter().map(|s| s.session.clone()).collect(),
        stamps: facts.stamps.clone(),
        tunnels: Table { total_rows: rows.len() as u64, rows, ..Table::default() },
        ..Mirror::default()
    }
}

/// The copies: `before` is their number at the previous snapshot, on a live port.
fn duplicates(counts: &DuplicateCounts, dropped: bool, before: Option<Traffic>) -> Duplicates {
    let traffic = counts.copies();
    let mut classes: Vec<DuplicateClass> = CopyClass::ALL
        .iter()
        .map(|&class| DuplicateClass { class: class.token(), traffic: counts.class(class).traffic })
        .chain([
            DuplicateClass { class: "ambiguous", traffic: counts.ambiguous },
            DuplicateClass { class: "repeated", traffic: counts.repeated },
            DuplicateClass { class: "looped", traffic: counts.looped },
        ])
        .filter(|c| c.traffic.packets > 0)
        .collect();
    classes.arrange_by_key(|c| std::cmp::Reverse(c.traffic.packets));
    let mut vlan_pairs = counts.vlan_pairs();
    vlan_pairs.truncate(VLAN_PAIRS);
    let gaps = counts.gaps();
    let seconds = |q| gaps.quantile(q).map(|nanos| nanos as f64 / 1e9);
    Duplicates {
        dropped,
        traffic,
        recent: before.map_or(traffic, |b| traffic.since(b)),
        share: counts.share(),
        classes,
        vlan_pairs,
        remarked: counts.remarked_pairs(),
        remarked_dscp: counts.remarked_dscp_pairs(),
        gap: seconds(0.5).zip(seconds(0.95)).zip(seconds(0.99)).map(|((a, b), c)| [a, b, c]),
    }
}
