//! Findings over time: they appear, hold and clear.

use super::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use super::evidence::Evidence;
use super::lapses::Lapses;
use super::registry::{DETECTORS, NETWORK, takes_from};
use super::together::one_each;
use super::vendor::Vendor;
use crate::model::evidence::{SEEN_WITHIN, Trouble};
use crate::model::time::SECOND;
use crate::model::units::grouped;
use crate::model::{Address, Aspect, Episode, Finding, PathSide, Proves, ServiceKey, Severity, Subject, Timestamp, Value, limits};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Packet time without sufficient evidence after which a finding clears: longer than a pause between two bursts of load, short
/// enough that a mended mirror shows at once.
pub const CLEAR_AFTER: i64 = 10 * SECOND;

/// A finding that was raised, and when the evidence last sufficed.
#[derive(Debug, Clone)]
struct Raised {
    finding: Finding,
    seen: Timestamp,
    /// What was said when it was worst, of the network.
    worst: Option<Box<Finding>>,
}

/// What stands between two judgements: findings by identifier and subject, at most [`limits::FINDINGS`].
#[derive(Debug, Clone, Default)]
pub struct Judge {
    raised: BTreeMap<(&'static str, Subject), Raised>,
}

/// What one judgement says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judgement {
    /// Active findings first, worst first, then in the registry's order; cleared ones stay listed.
    pub findings: Vec<Finding>,
    /// Detectors whose evidence means nothing at present, and why.
    pub silenced: Vec<(&'static str, String)>,
    /// Detectors that have too little evidence, and what they lack.
    pub undecided: Vec<(&'static str, String)>,
}

/// Judges the mirror by the evidence at packet time `now`.
pub fn judge(evidence: &Evidence, state: &mut Judge, now: Timestamp) -> Judgement {
    run(DETECTORS, evidence, state, now)
}

/// Judges the network by [`Evidence::network`] at packet time `now`. What the mirror's state does to it is [`silence`]'s.
pub fn judge_network(evidence: &Evidence, state: &mut Judge, now: Timestamp) -> Judgement {
    run(NETWORK, evidence, state, now)
}

/// Of the findings that the mirror's evidence gives, the severity of those that say something of the network.
pub fn gravest_of_the_network(findings: &[Finding]) -> Option<Severity> {
    let of_network = |id| DETECTORS.iter().any(|d| d.page().id == id && d.is_of_the_network());
    findings.iter().filter(|f| f.active && of_network(f.id)).map(|f| f.severity).max()
}

/// Takes out of `findings` about the network those that the mirror cannot show, by the evidence of the mirror; says which and why.
pub fn silence(findings: &mut Vec<Finding>, mirror: &Evidence) -> Vec<(&'static str, String)> {
    let mut silenced = Vec::new();
    for detector in NETWORK {
        let lacking: Vec<(Need, String)> = detector.needs().iter().filter_map(|n| Some((*n, n.check(mirror).err()?))).collect();
        let id = detector.page().id;
        let mut complaint = lacking.first().map(|(_, complaint)| complaint.clone());
        findings.retain(|f| {
            let why = if f.id == id { detector.is_of_the_mirror(f, mirror) } else { None };
            let is_kept = why.is_none() && (f.id != id || lacking.iter().all(|(need, _)| detector.is_proved_without(*need, f)));
            complaint = complaint.take().or(why);
            is_kept
        });
        if let Some(complaint) = complaint.filter(|_| !findings.iter().any(|f| f.id == id)) {
            silenced.push((id, complaint));
        }
    }
    silenced
}

/// The same of findings about a time in which the mirror could not show them, of a port at `now`.
pub fn silence_afterwards(
    findings: &mut Vec<Finding>,
    mirror: &Evidence,
    lapses: &mut Lapses,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    lapses.silence(NETWORK, findings, mirror, now)
}

fn run(detectors: &[&'static dyn Detector], evidence: &Evidence, state: &mut Judge, now: Timestamp) -> Judgement {
    let mut judgement = Judgement::default();
    for detector in detectors {
        let page = detector.page();
        if state.any_stands(detector.yields_to()) || detector.part().is_some_and(|aspect| state.is_named(aspect, page.id, evidence)) {
            state.end(page.id);
            continue;
        }
        // Of the network the state of the mirror is not known here: see `silence`.
        let complaint = detector.needs().iter().find_map(|n| n.check(evidence).err()).filter(|_| !evidence.sliding);
        if let Some(complaint) = complaint {
            judgement.silenced.push((page.id, complaint));
            state.end(page.id);
            continue;
        }
        state.raised.retain(|(id, _), raised| *id != page.id || !detector.withdraws(evidence, &raised.finding));
        let mut untold = 0u64;
        let outcome = detector.judge(evidence, StandingFindings::new(&|subject| state.stands(page.id, subject)));
        match outcome {
            Detection::Present(reports) => {
                for report in one_each(reports) {
                    if is_past(&report, evidence, now) {
                        state.clear((page.id, report.subject));
                        continue;
                    }
                    let report = proved(page.id, report, evidence);
                    untold = untold.saturating_add(u64::from(!state.raise(page, report, evidence, now)));
                }
            }
            Detection::Clear if detector.ends_at_once() => state.end(page.id),
            Detection::Clear => {}
            Detection::Unknown(lack) => judgement.undecided.push((page.id, lack)),
        }
        if untold > 0 {
            judgement.undecided.push((page.id, format!("no room for {} more findings of this kind", grouped(untold))));
        }
        state.expire(page.id, now);
    }
    judgement.findings = state.listed(detectors, evidence);
    judgement
}

/// Whether nothing of what is reported of the network was seen for so long that it is over. A file's end is about the whole of it.
fn is_past(report: &Report, evidence: &Evidence, now: Timestamp) -> bool {
    let is_judged_lately = evidence.sliding && !evidence.network.is_whole;
    is_judged_lately && report.last_seen().is_some_and(|last| now.since(last) >= SEEN_WITHIN)
}

/// Whether a report says no more than what stands, but that the stretch it counts in has moved on: then the numbers are those of when it was seen.
fn is_old_news(report: &Report, stands: &Finding, evidence: &Evidence) -> bool {
    let is_graver = report.severity > stands.severity || report.hosts > stands.hosts;
    let is_judged_lately = evidence.sliding && !evidence.network.is_whole;
    is_judged_lately && stands.active && !is_graver && report.last_seen().is_some_and(|last| last <= stands.last)
}

/// Whether a report of what has cleared rests on nothing newer than its end, but for what is told late: then it is the same once more. What is over stays
/// over when that is told again.
fn is_of_the_past(report: &Report, known: &Raised, evidence: &Evidence) -> bool {
    let is_judged_lately = evidence.sliding && !evidence.network.is_whole;
    let ended = known.finding.last.max(known.seen.plus(-CLEAR_AFTER));
    is_judged_lately && !known.finding.active && !report.is_over && report.held.last().is_some_and(|latest| latest.last <= ended)
}

/// Whether a report says that something is over of which newer evidence stands.
fn ends_before(report: &Report, stands: &Finding, evidence: &Evidence) -> bool {
    let is_judged_lately = evidence.sliding && !evidence.network.is_whole;
    is_judged_lately && report.is_over && stands.active && report.held.last().is_some_and(|latest| latest.last < stands.last)
}

/// A report with the packets that prove it, where it has none of its own.
fn proved(id: &str, mut report: Report, evidence: &Evidence) -> Report {
    report.vlan = report.vlan.or_else(|| vlan_of(&report, evidence));
    if let Some(names) = suffering(id, &report, evidence) {
        report.evidence.push(("suffering", Value::Text(names)));
    }
    if !report.packets.is_empty() {
        return report;
    }
    if let Subject::Service { address, port, protocol } = report.subject {
        let key = ServiceKey { address, port, protocol };
        let service = evidence.network.services.iter().find(|service| service.key == key);
        let proofs = service.map_or(&[][..], |service| &service.proof);
        let proving = troubles(id, report.severity).iter().find_map(|kind| proofs.iter().find(|proof| proof.0 == *kind));
        report.packets = proving.map(|(_, packets)| packets.numbers()).unwrap_or_default();
    }
    if report.packets.is_empty() {
        report.packets = evidence.network.proofs.of(proves(id, report.side), report.subject);
    }
    // What devices of a VLAN say to each other is noted by the VLAN, whichever of them it is about.
    if report.packets.is_empty() && CONTROL.iter().any(|family| id.starts_with(family)) {
        let vlan = report.evidence.iter().find_map(|(name, value)| match value {
            Value::Count(id) if *name == "vlan" => u16::try_from(*id).ok().map(Subject::Vlan),
            _ => None,
        });
        let places = vlan.into_iter().chain([Subject::Network]);
        let known = places.map(|place| evidence.network.proofs.of(proves(id, report.side), place));
        report.packets = known.into_iter().find(|packets| !packets.is_empty()).unwrap_or_default();
    }
    report
}

/// The VLAN of what a report is about.
fn vlan_of(report: &Report, evidence: &Evidence) -> Option<u16> {
    match report.subject {
        Subject::Vlan(id) => Some(id),
        Subject::Service { address, port, protocol } => {
            let key = ServiceKey { address, port, protocol };
            evidence.network.services.iter().find(|service| service.key == key).and_then(|service| service.vlan)
        }
        _ => None,
    }
}

/// Who suffers at a service, by name: the first few.
fn suffering(id: &str, report: &Report, evidence: &Evidence) -> Option<String> {
    let Subject::Service { address, port, protocol } = report.subject else { return None };
    // Who floods does not suffer, and is nobody where the address is forged.
    if id == "tcp.synflood" {
        return None;
    }
    let key = ServiceKey { address, port, protocol };
    let service = evidence.network.services.iter().find(|service| service.key == key)?;
    let since = &service.since_success;
    let windows = service.windows.iter().chain(std::iter::once(&service.recent));
    let kinds = troubles(id, report.severity);
    let known = kinds.iter().flat_map(|kind| windows.clone().map(|w| w.trouble(*kind)));
    let all = known.chain([since.silent, since.requests, since.attempts].into_iter().filter(|_| !kinds.is_empty()));
    let named = all.map(|trouble| trouble.named).find(|named| named.iter().any(Option::is_some))?;
    let names: Vec<String> = named.iter().flatten().map(Address::to_string).collect();
    let more = report.hosts.unwrap_or(0).saturating_sub(names.len() as u64);
    Some(if more > 0 { format!("{} and {more} more", names.join(", ")) } else { names.join(", ") })
}

/// Families of findings about what switches and routers say to each other.
const CONTROL: [&str; 10] = ["stp.", "fhrp.", "ospf.", "bgp.", "lacp.", "mtu.", "vlan.native", "duplex.", "igmp.two_queriers", "eapol."];

/// What goes wrong at a service when it is found.
fn troubles(id: &str, severity: Severity) -> &'static [Trouble] {
    match id {
        "tcp.no_answer" => &[Trouble::NoAnswer],
        "tcp.refused" => &[Trouble::Refused, Trouble::RefusedFirst],
        "tcp.reset" if severity == Severity::Note => &[Trouble::IdleCut],
        "tcp.reset" => &[Trouble::Cut],
        "tcp.synflood" => &[Trouble::HalfOpen],
        "tcp.loss" => &[Trouble::Lossy],
        "icmp.unreachable" => &[Trouble::Unreachable],
        "dns.unanswered" | "ntp.bad" => &[Trouble::Unanswered],
        "dns.failing" => &[Trouble::Error, Trouble::NoSuchName],
        "http.errors" => &[Trouble::Error, Trouble::Rejected],
        "service.errors" => &[Trouble::Error, Trouble::Unanswered],
        "dns.slow" => &[Trouble::Slow, Trouble::SlowerThanUsual],
        "server.slow" => &[Trouble::VerySlow, Trouble::SlowerThanUsual, Trouble::Waiting],
        "auth.failing" => &[Trouble::Denied],
        _ => &[],
    }
}

/// What packets prove when it is found of anybody.
fn proves(id: &str, side: Option<PathSide>) -> &'static [Proves] {
    match id {
        "stp.root_changed" | "stp.topology_changes" => &[Proves::TreeNews, Proves::Tree],
        "stp.two_roots" | "stp.bpdu_lost" => &[Proves::Tree],
        "fhrp.two_masters" => &[Proves::Gateway],
        "fhrp.flip" => &[Proves::GatewayNews, Proves::Gateway],
        "ospf.hello_lost" | "mtu.mismatch" => &[Proves::RouterNews, Proves::Router],
        "bgp.reset" => &[Proves::Session],
        "lacp.half" | "lacp.mismatch" => &[Proves::Link],
        "vlan.native" | "duplex.mismatch" => &[Proves::Neighbour],
        "igmp.two_queriers" => &[Proves::Query],
        "eapol.failing" => &[Proves::Login],
        "arp.conflict" => &[Proves::Claimed],
        "arp.unanswered" => &[Proves::Sought],
        "arp.storm" => &[Proves::Asks],
        "dhcp.rogue" => &[Proves::Gives],
        "dhcp.no_offer" => &[Proves::Discovers],
        "dhcp.exhausted" => &[Proves::Refuses, Proves::Discovers],
        "nd.rogue_ra" => &[Proves::Announces],
        "icmp.redirect" => &[Proves::Redirects],
        "scan.ports" | "scan.hosts" => &[Proves::Failed, Proves::Asks],
        "tcp.synflood" => &[Proves::Unfinished],
        "storm.broadcast" => &[Proves::Broadcasts],
        "storm.multicast" => &[Proves::LinkMulticasts],
        "pause.storm" => &[Proves::Pauses],
        "loop.layer2" => &[Proves::Circles],
        "ipv6.broken" => &[Proves::FailedByIpv6],
        "pmtu.blackhole" => &[Proves::Stuck],
        "ip.fragments" => &[Proves::Broken, Proves::Fragmented],
        "tcp.loss" => &[Proves::Lost],
        "tcp.rtt" if side == Some(PathSide::Client) => &[Proves::FarClients],
        "tcp.rtt" => &[Proves::FarServer],
        "tcp.window_limited" => &[Proves::Window],
        "tcp.slow_receiver" => &[Proves::Stalled],
        "tcp.keepalive" => &[Proves::KeptAlive],
        "tls.failing" => &[Proves::TlsFailed],
        "tls.old" => &[Proves::OldTls],
        "tls.expiring" => &[Proves::Certificate],
        "auth.failing" => &[Proves::Short],
        "ntp.bad" => &[Proves::TellsTime],
        "rtp.loss" => &[Proves::Gap],
        "rtp.jitter" => &[Proves::Uneven],
        "quic.blocked" => &[Proves::QuicFailed],
        _ => &[],
    }
}

impl Judge {
    /// Whether the finding of that identifier about this subject stands.
    fn stands(&self, id: &'static str, subject: Subject) -> bool {
        self.raised.get(&(id, subject)).is_some_and(|r| r.finding.active)
    }

    fn any_stands(&self, ids: &[&str]) -> bool {
        !ids.is_empty() && self.raised.iter().any(|((id, _), r)| r.finding.active && ids.contains(id))
    }

    /// Whether a finding other than `own` that is more than a note says what takes from a part of trust.
    fn is_named(&self, part: Aspect, own: &str, evidence: &Evidence) -> bool {
        let grave = |r: &Raised| r.finding.active && r.finding.severity > Severity::Note;
        self.raised.iter().any(|((id, _), r)| *id != own && grave(r) && takes_from(id, part, evidence))
    }

    fn of(&mut self, id: &'static str) -> impl Iterator<Item = &mut Raised> {
        self.raised.range_mut((id, Subject::Network)..).take_while(move |(key, _)| key.0 == id).map(|(_, raised)| raised)
    }

    /// Clears all findings of a kind.
    fn end(&mut self, id: &'static str) {
        self.of(id).for_each(|r| r.finding.active = false);
    }

    /// Clears one finding.
    fn clear(&mut self, key: (&'static str, Subject)) {
        self.raised.get_mut(&key).into_iter().for_each(|r| r.finding.active = false);
    }

    /// Clears those of a kind that were not found for so long.
    fn expire(&mut self, id: &'static str, now: Timestamp) {
        self.of(id).for_each(|r| r.finding.active &= now.since(r.seen) < CLEAR_AFTER);
    }

    /// Takes in what was found; `false` when there is no room for it.
    fn raise(&mut self, page: &'static ExplainPage, report: Report, evidence: &Evidence, now: Timestamp) -> bool {
        let key = (page.id, report.subject);
        if !self.raised.contains_key(&key) && self.raised.len() >= limits::FINDINGS && !self.make_room() {
            return false;
        }
        if let Some(known) = self.raised.get_mut(&key).filter(|r| is_old_news(&report, &r.finding, evidence)) {
            known.seen = now;
            return true;
        }
        let is_known = |r: &Raised| is_of_the_past(&report, r, evidence) || ends_before(&report, &r.finding, evidence);
        if self.raised.get(&key).is_some_and(is_known) {
            return true;
        }
        let old = self.raised.get(&key).map(|r| &r.finding);
        let times = episodes(old, &report.held, evidence, now);
        let is_over = report.is_over;
        let mut finding = finding(page, report, evidence.vendor, now);
        if is_over {
            // What ended keeps its place in the list, and how bad it was.
            let was = old.filter(|old| times.last().is_some_and(|latest| old.last >= latest.first)).map(|old| old.severity);
            (finding.active, finding.severity) = (false, finding.severity.max(was.unwrap_or(finding.severity)));
        }
        finding.forgotten_episodes = old.map_or(0, |f| f.forgotten_episodes);
        let finding = finding.held(times);
        let worst = evidence.sliding.then(|| {
            let before = self.raised.remove(&key).and_then(|r| r.worst).filter(|worst| worst.severity > finding.severity);
            before.unwrap_or_else(|| Box::new(finding.clone()))
        });
        self.raised.insert(key, Raised { finding, seen: now, worst });
        true
    }

    /// Every finding as it was when it was worst, with all the times in which it held: what is said of a file, whose end is not what it is about.
    pub fn at_worst(&self) -> Vec<Finding> {
        let place = |id| NETWORK.iter().position(|d| d.page().id == id);
        let mut findings: Vec<Finding> = self
            .raised
            .values()
            .map(|r| {
                let Finding { first, last, ref episodes, forgotten_episodes, .. } = r.finding;
                let worst = r.worst.as_deref().unwrap_or(&r.finding).clone();
                Finding { first, last, episodes: episodes.clone(), forgotten_episodes, active: true, ..worst }
            })
            .collect();
        findings.sort_by_cached_key(|f| (Reverse(f.severity), Reverse(f.hosts), place(f.id), f.subject));
        findings
    }

    /// Forgets the cleared finding that held longest ago; `false` without one.
    fn make_room(&mut self) -> bool {
        let oldest = self.raised.iter().filter(|(_, r)| !r.finding.active).min_by_key(|(_, r)| r.finding.last).map(|(key, _)| *key);
        oldest.is_some_and(|key| self.raised.remove(&key).is_some())
    }

    /// The findings in order, each with what it explains.
    fn listed(&self, detectors: &[&'static dyn Detector], evidence: &Evidence) -> Vec<Finding> {
        let place = |id| detectors.iter().position(|d| d.page().id == id);
        let mut findings: Vec<Finding> = self.raised.values().map(|r| r.finding.clone()).collect();
        for finding in findings.iter_mut().filter(|f| f.active) {
            let explains = place(finding.id).and_then(|at| detectors.get(at)).map_or(&[][..], |d| d.explains(evidence));
            finding.cause_of = explains.iter().copied().filter(|id| self.any_stands(&[id])).collect();
        }
        findings.sort_by_cached_key(|f| (!f.active, Reverse(f.severity), Reverse(f.hosts), place(f.id), f.subject));
        findings
    }
}

/// When a finding held, with this judgement: as the evidence knows, else on a live port now, which prolongs an episode that lasts, and in a
/// file as long as the file is. What the evidence of a live port has forgotten is kept; a file's is known as a whole.
fn episodes(old: Option<&Finding>, held: &[Episode], evidence: &Evidence, now: Timestamp) -> Vec<Episode> {
    if evidence.sliding {
        return prolonged(old, held, evidence, now);
    }
    if !evidence.goes_on() {
        return if held.is_empty() { vec![evidence.span.unwrap_or(Episode::at(now))] } else { held.to_vec() };
    }
    let mut times = old.map(|f| f.episodes.clone()).unwrap_or_default();
    let was_cleared = old.is_some_and(|f| !f.active);
    if let Some(&newest) = held.last().filter(|_| was_cleared && begins_again(&times, held)) {
        times.push(Episode::at(newest.last));
    } else if let Some(first) = held.first() {
        times.retain(|e| e.last < first.first);
        times.extend_from_slice(held);
    } else if let Some(latest) = times.last_mut().filter(|_| old.is_some_and(|f| f.active)) {
        latest.last = now;
    } else {
        times.push(Episode::at(now));
    }
    times
}

/// Whether what is found anew goes on from an episode that had ended, as the lists have shown: evidence that reaches farther back has not noticed
/// the pause.
fn begins_again(times: &[Episode], held: &[Episode]) -> bool {
    let (before, now) = (times.last(), held.last());
    before.zip(now).is_some_and(|(before, now)| now.first <= before.last && now.last > before.last)
}

/// When a finding of the network held: the stretch that is looked at slides on and forgets how it began, so while a finding stands its episode
/// goes on.
fn prolonged(old: Option<&Finding>, held: &[Episode], evidence: &Evidence, now: Timestamp) -> Vec<Episode> {
    let latest = held.last().copied().unwrap_or(Episode::at(now));
    let mut times = old.map(|f| f.episodes.clone()).unwrap_or_default();
    if evidence.live && old.is_some_and(|f| !f.active) && begins_again(&times, &[latest]) {
        times.push(Episode::at(latest.last));
        return times;
    }
    match times.last_mut().filter(|t| old.is_some_and(|f| f.active) || t.last >= latest.first) {
        Some(episode) => episode.last = episode.last.max(latest.last),
        None => times.push(latest),
    }
    times
}

fn finding(page: &'static ExplainPage, report: Report, vendor: Option<Vendor>, now: Timestamp) -> Finding {
    let mut remedy = report.remedy.unwrap_or_else(|| page.text(page.remedy));
    if let Some((vendor, topic)) = vendor.zip(page.topic)
        && let Some(command) = vendor.command(topic)
    {
        remedy = format!("{remedy} {}: {command}", vendor.name());
    }
    Finding {
        subject: report.subject,
        side: report.side,
        location: report.location,
        hosts: report.hosts,
        packets: report.packets,
        vlan: report.vlan,
        covers: report.covers,
        evidence: report.evidence,
        cause: report.cause.unwrap_or_else(|| page.text(page.cause)),
        remedy,
        lookalikes: page.text(page.lookalikes),
        ..Finding::new(page.id, report.severity, report.title, now)
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
pub(super) mod tests;

#[cfg(test)]
#[path = "network_tests.rs"]
mod network_tests;
