//! Loss by the place where it happened.

use super::{SURE, lacking, numbers, present_if};
use crate::diagnose::detector::{
    Detection, Detector, ExplainPage, LOSS_NEEDS, Limit, Need, ORPHAN_LIMIT, Report, StandingFindings, TCP_LIMIT, orphans_alone,
};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{self, Count, Nanos, Share, Tuned};
use crate::diagnose::vendor::VendorTopic;
use crate::model::evidence::{LossEvidence, MIDWAY_SEGMENTS, NARROW_SEQUENCE_BITS, SessionLoss, StreamEvidence, Threshold, share};
use crate::model::tcp;
use crate::model::text::printable;
use crate::model::units::{duration, percent, plural};
use crate::model::{Aspect, Episode, Estimate, Severity, Subject, Value};

/// Things looked at before a rate is given.
static SAMPLE: Threshold = Threshold::count(100.0);

/// Answers before their questions are taken to say at what rate single packets are missing.
pub(super) const ANSWERS: u64 = LossEvidence::ANSWERS;

/// The same by sequence numbers, which count every packet.
static SEQUENCE_LIMIT: Limit = Limit::new(0.001);

/// Shares from which on volumes are partial, and not to be believed.
static PARTIAL: Threshold = Threshold::share(0.01);
pub(in crate::diagnose) const GRAVE: f64 = 0.05;

/// The share lost here from which on it is a warning: what this host loses can be mended here.
static HOST_WARNING: Threshold = Threshold::share(0.001);

/// Figures that several pages name.
const HOLD: (&str, Figure) = ("hold", Nanos(tcp::HOLD));
const N: (&str, Figure) = ("n", Tuned(&SAMPLE));
const WARN: (&str, Figure) = ("warning", Tuned(&PARTIAL));
const CRITICAL: (&str, Figure) = ("critical", Share(GRAVE));

/// How many times the likeliest share the upper end of its interval may be for it to be as grave as that: else it is no more than a warning, unless what
/// is surely missing is.
const WIDE: f64 = 2.0;

/// Below 1 % usable, below 5 % partial, beyond it volumes are not to be believed.
pub(super) fn severity(share: &Estimate) -> Severity {
    let likeliest = graded(share.rate);
    if share.high > WIDE * share.rate { likeliest.min(graded(share.low).max(Severity::Warning)) } else { likeliest }
}

fn graded(share: f64) -> Severity {
    match share {
        r if r >= GRAVE => Severity::Critical,
        r if r >= PARTIAL.value() => Severity::Warning,
        _ => Severity::Note,
    }
}

/// Loss with a pattern is not reported a second time as plain loss.
const PATTERNS: &[&str] = &["span.oversub", "span.sampled", "span.ratelimit", "span.size"];

/// A rate of loss.
fn rated(estimate: Option<Estimate>, limit: &Limit, active: bool, title: impl FnOnce(String) -> String) -> Detection {
    let Some(estimate) = estimate else { return Detection::Unknown("nothing was seen by which such loss could be counted".into()) };
    if estimate.n < SAMPLE.number() {
        return lacking(estimate.n, SAMPLE.number(), "samples");
    }
    present_if(limit.exceeded(estimate.low, active), || Report::new(severity(&estimate), title(percent(estimate.rate)), numbers(&estimate)))
}

/// Why bulk data is missing while few answers lack their question.
const RUNS: &str = "Losses come in runs, not packet by packet: bulk data is missing, and yet few of the answers seen lack their question. Bursts \
                    exceed what the mirror carries, by the speed of its destination port, by its buffer or by a rate limit. Of short conversations that fall \
                    into a gap as a whole nothing tells: more may be missing.";

/// When acknowledged data was lost, and what the answers without a question say beside it.
fn witnessed(outcome: Detection, e: &Evidence) -> Detection {
    let outcome = match outcome {
        Detection::Present(reports) => Detection::Present(reports.into_iter().map(|r| r.held(e.of_file(&e.loss.times))).collect()),
        other => other,
    };
    match (outcome, e.loss.unmatched) {
        (Detection::Present(reports), Some(unmatched)) => {
            let runs = e.loss.all.is_some_and(|all| LossEvidence::comes_in_runs(&all, &unmatched));
            let add = |mut report: Report| {
                report.evidence.push(("lone_answers", Value::Share(unmatched.rate)));
                report.evidence.push(("answers", Value::Count(unmatched.n)));
                if runs { report.because(RUNS) } else { report }
            };
            Detection::Present(reports.into_iter().map(add).collect())
        }
        (outcome, _) => outcome,
    }
}

/// The loss of one mirror session, which is named where there are several.
fn lossy(session: &SessionLoss, e: &Evidence, standing: StandingFindings<'_>, several: bool) -> Option<Report> {
    let subject = Subject::Session(session.tunnel);
    let loss = session.loss.filter(|l| l.n >= SAMPLE.number() && SEQUENCE_LIMIT.exceeded(l.low, standing.on(subject)))?;
    let of = if several { format!(" of {subject}") } else { String::new() };
    let title = format!("{} of the copies{of} are lost between switch and host", percent(loss.rate));
    Some(Report::new(severity(&loss), title, numbers(&loss)).about(subject).held(e.of_file(&[session.span])))
}

/// What answers without a question say where they have to tell alone.
fn single_packets(single: Estimate, e: &Evidence, active: bool) -> Detection {
    if single.rate < LossEvidence::MOST {
        return rated(Some(single), &ORPHAN_LIMIT, active, |p| format!("{p} of single packets never arrived: their answers did"));
    }
    let title = format!("{} of the answers arrive without their question", percent(single.rate));
    Report::new(Severity::Critical, title, numbers(&single)).because(if is_both_ways(e) { SAMPLED } else { UNASKED }).into()
}

/// Whether conversations show both directions.
fn is_both_ways(e: &Evidence) -> bool {
    e.sides.judged >= BOTH_WAYS && e.sides.one_sided == 0 || e.sides.both_roles > 0 && e.sides.answered_packets > 0
}

/// Conversations, all of which show both directions, before these are known to be mirrored.
const BOTH_WAYS: u64 = 5;

/// Why most answers lack their question where both directions are mirrored.
const SAMPLED: &str = "Both directions are seen, so the mirror copies one packet in many, or loses nearly everything; or nobody here asked (answers \
                       sent to a forged address).";

/// Why most answers lack their question.
const UNASKED: &str = "Only the direction of the answers is mirrored, or the mirror copies one packet in many; or nobody here asked (answers sent to \
                       a forged address).";

/// Copies the switch never made.
pub struct SwitchLoss;

/// Copies lost in the switch or on the path, which cannot be told apart.
pub struct UpstreamLoss;

/// Copies lost between switch and host.
pub struct PathLoss;

/// Packets lost in this host.
pub struct HostDrop;

/// The port that sends the copies drops some.
pub struct SwitchDiscards;

impl Detector for SwitchDiscards {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "switch.discards",
            aspect: Some(Aspect::Completeness),
            meaning: "The switch itself says that the port which sends the copies drops some of them: it is to send more than it can. What is \
                      dropped is missing here, whatever this host does.",
            measured: "Packets that the port discarded (ifOutDiscards, ifOutErrors, or portCopyDestDropEvents of the mirror session) between two \
                       answers of the switch, which was asked by SNMP, beside those that it sent: above {limit}, a warning from {warning}, \
                       critical from {critical}. On a live port between the latest two answers. Where the switch says which ports are \
                       mirrored, what they carried stands beside it.",
            cause: "The ports that are mirrored carry more together than the port for the copies; bursts exceed its buffer.",
            lookalikes: "A switch that counts what it never meant to send, as frames of a VLAN that is not allowed there: then this host \
                         misses nothing.",
            remedy: "Mirror fewer sources or one direction, filter at the source, or use a faster destination port.",
            topic: Some(VendorTopic::Relief),
            figures: &[("limit", Tuned(&SEQUENCE_LIMIT.raise)), WARN, CRITICAL],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        // Where it was not asked there is nothing to wait for.
        let Some(port) = &e.loss.mirror_port else { return Detection::Clear };
        let dropped = port.dropped();
        let rate = share(dropped, port.sent.saturating_add(dropped));
        present_if(dropped > 0 && SEQUENCE_LIMIT.exceeded(rate, standing.at_all()), || {
            let title = format!(
                "{} of the switch drops {} of the copies: {} in {}",
                printable(&port.port),
                percent(rate),
                plural(dropped, "packet"),
                duration(port.seconds)
            );
            let mut evidence = vec![
                ("share", Value::Share(rate)),
                ("discards", Value::Count(port.discards)),
                ("errors", Value::Count(port.errors)),
                ("sent", Value::Count(port.sent)),
                ("seconds", Value::Seconds(port.seconds)),
                ("port", Value::Text(port.port.clone())),
            ];
            if let Some(load) = &port.offered {
                evidence.push(("mirrored_ports", Value::Count(load.ports)));
                evidence.push(("offered_packets", Value::Count(load.packets)));
                evidence.extend(load.bits_per_second().map(|[offered, _]| ("offered_bits_per_second", Value::BitsPerSecond(offered))));
                evidence.push(("drop_events", Value::Count(load.drop_events)));
            }
            Report::new(graded(rate), title, evidence)
        })
    }
}

/// What says the same, with its reason.
const TOLD: &[&str] = &["span.oversub", "span.sampled", "span.ratelimit", "span.size", "switch.discards"];

impl Detector for SwitchLoss {
    fn yields_to(&self) -> &'static [&'static str] {
        TOLD
    }

    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "switch.loss",
            aspect: Some(Aspect::Completeness),
            meaning: "Packets crossed the network, but the switch never made copies of them. Volumes are too low by this share.",
            measured: "TCP data that was acknowledged and never seen within {hold} of packet time, in bytes, less what \
                       sequence numbers of the encapsulation show lost later. Raised when the lower end of its {sure} \
                       interval is above {limit}, on at least {n} segments; a warning from {warning}, critical from \
                       {critical}. Answers whose question was never seen (SYN-ACK, DNS, echo) stand beside it as a \
                       witness.",
            cause: "The mirror copies more than it can: sources together exceed the destination, or the switch gives copies a \
                    low priority.",
            lookalikes: "Traffic that takes another way for a time; a middlebox that changes sequence numbers; \
                       conversations joined midway (only those with {settled} packets of each side are judged).",
            remedy: "Mirror fewer sources or one direction, filter at the source, or use a faster destination port.",
            topic: Some(VendorTopic::Relief),
            figures: &[SURE, HOLD, N, WARN, CRITICAL, ("limit", Tuned(&TCP_LIMIT.raise)), ("settled", Count(MIDWAY_SEGMENTS as u64))],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        LOSS_NEEDS
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        let lost = if e.has_holes() { e.loss.switch.and(e.loss.beside_holes) } else { e.loss.switch };
        witnessed(rated(lost, &TCP_LIMIT, active, |p| format!("{p} of the traffic is never copied by the switch")), e)
    }
}

impl Detector for UpstreamLoss {
    fn yields_to(&self) -> &'static [&'static str] {
        PATTERNS
    }

    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "upstream.loss",
            aspect: Some(Aspect::Completeness),
            meaning: "Packets crossed the network, but their copies never reached this host. Volumes are too low by this share.",
            measured: "TCP data that was acknowledged and never seen within {hold} of packet time, in bytes, less what \
                       this host lost itself. Without sequence numbers on the copies, switch and path cannot be told \
                       apart. Raised when the lower end of its {sure} interval is above {limit}, on at least {n} \
                       segments; a warning from {warning}, critical from {critical}. Answers whose question was never \
                       seen (SYN-ACK, DNS, echo) stand beside it as a witness; where less TCP than that was seen, or surely less \
                       of it is missing, at least {n} answers raise it alone, when surely more than {alone} lack their question and \
                       this host lost nothing; without TCP at least {few}, when surely most of them do. Without TCP also by the \
                       numbers that senders put on their packets (RTP, IPsec, WireGuard), on at least {numbered}: what the \
                       quarter of at least {streams} streams lacks that lacks least, of {senders} senders or more. What is missing from times in \
                       which nothing was mirrored (mirror.outage), or one direction (dir.some), is told with those.",
            cause: "The mirror copies more than its destination carries, or copies are lost on their way here.",
            lookalikes: "Traffic that takes another way for a time; a middlebox that changes sequence numbers; network cards \
                         that drop without counting.",
            remedy: "Mirror fewer sources or one direction, or use a faster destination port; check the counters of the ports on \
                     the way and switch flow control off.",
            topic: Some(VendorTopic::Relief),
            figures: &[
                SURE,
                HOLD,
                N,
                WARN,
                CRITICAL,
                ("limit", Tuned(&TCP_LIMIT.raise)),
                ("alone", Tuned(&ORPHAN_LIMIT.raise)),
                ("few", Count(LossEvidence::FEW)),
                ("numbered", Count(StreamEvidence::ENOUGH)),
                ("streams", Count(StreamEvidence::SEVERAL)),
                ("senders", Count(StreamEvidence::SENDERS)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        LOSS_NEEDS
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        let by_data = || match e.loss.switch {
            Some(_) => Detection::Clear,
            None => witnessed(rated(e.loss.upstream, &TCP_LIMIT, active, |p| format!("{p} of the traffic never reached this host")), e),
        };
        // What is missing from times in which a direction or everything is, is told with those; here what is lost beside them.
        if e.has_holes() {
            let lost = e.loss.beside_holes.filter(|_| e.loss.switch.is_none());
            return lost.map_or(Detection::Clear, |lost| {
                witnessed(rated(Some(lost), &TCP_LIMIT, active, |p| format!("{p} of the traffic never reached this host")), e)
            });
        }
        if let Some(single) = orphans_alone(e) {
            // Of two that say it, the one that rests on more is told.
            let is_better_founded = e.loss.all.is_some_and(|all| all.n > single.n);
            if let told @ Detection::Present(_) = by_data()
                && is_better_founded
            {
                return told;
            }
            let told = single_packets(single, e, active);
            let is_alone = e.loss.all.is_none_or(|all| all.n < SAMPLE.number()) && e.loss.numbered_alone().is_none();
            if matches!(told, Detection::Present(_)) || is_alone {
                return told;
            }
        }
        // What is missing of copies that are numbered themselves is told by place.
        if let Some(numbered) = e.loss.numbered_alone().filter(|_| e.loss.path.is_none()) {
            let told =
                rated(Some(numbered), &TCP_LIMIT, active, |p| format!("{p} of the packets that senders number never reached this host"));
            let times: Vec<Episode> = e.loss.streams.by_stretch.iter().map(|(_, times)| *times).collect();
            return held(told, &e.of_file(&times));
        }
        by_data()
    }
}

/// With the times in which it held, where they are known.
fn held(told: Detection, times: &[Episode]) -> Detection {
    match told {
        Detection::Present(reports) if !times.is_empty() => {
            Detection::Present(reports.into_iter().map(|report| report.held(times.to_vec())).collect())
        }
        told => told,
    }
}

impl Detector for PathLoss {
    fn yields_to(&self) -> &'static [&'static str] {
        PATTERNS
    }

    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "path.loss",
            aspect: Some(Aspect::Completeness),
            meaning: "The switch sent copies that never arrived here.",
            measured: "Gaps in the sequence numbers of the encapsulation (ERSPAN, GRE), less what this host lost \
                       itself. Raised when the lower end of the {sure} interval is above {limit}, on at least {n} \
                       packets; a warning from {warning}, critical from {critical}.",
            cause: "The network between switch and analyser drops copies, or the switch numbers copies before the queue of its \
                    mirror and drops them there.",
            lookalikes: "A restart of the session begins its numbers anew (counted apart); a switch that numbers with \
                       {bits} bits; line cards that number each for themselves (told apart); copies for others that are numbered with \
                       these: where TCP's data is whole although numbers are missing, it is not judged by them.",
            remedy: "Check drops and MTU on the way, and how the way treats the DSCP value of mirror packets; give them a queue of \
                     their own.",
            topic: Some(VendorTopic::Relief),
            figures: &[SURE, N, WARN, CRITICAL, ("limit", Tuned(&SEQUENCE_LIMIT.raise)), ("bits", Count(NARROW_SEQUENCE_BITS as u64))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let several = e.loss.by_session.iter().filter(|s| s.loss.is_some()).count() > 1;
        let own: Vec<Report> = e.loss.by_session.iter().filter_map(|s| lossy(s, e, standing, several)).collect();
        if !own.is_empty() {
            return Detection::Present(own);
        }
        if let Some(refuted) = e.loss.refuted_numbers {
            let share = percent(refuted.rate);
            return Detection::Unknown(format!(
                "{share} of the copies' numbers are not here, and TCP's data in them is whole: others get copies that are numbered with these"
            ));
        }
        rated(e.loss.path, &SEQUENCE_LIMIT, standing.at_all(), |p| format!("{p} of the copies are lost between switch and host"))
    }
}

impl Detector for HostDrop {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "host.drop",
            aspect: Some(Aspect::Completeness),
            meaning: "This host is too slow or too busy: packets arrived at it and were lost before they were analysed.",
            measured: "Counters of the interface, the kernel's capture buffer and our own queues, as a share of what \
                       arrived. Raised by the first lost packet; a warning from {host}, critical from {critical}. A \
                       capture file may carry the counters of the host that made it.",
            cause: "More packets than the capture can take: a small buffer, a busy processor, or one receive queue for all.",
            lookalikes: "Drivers that count frames dropped on purpose (unknown protocols, pause frames) among losses; counters \
                         that began before the capture did.",
            remedy: "Enlarge the capture buffer and the ring of the interface (`ethtool -G IF rx 4096`), capture with a filter, or \
                     move other work off this host.",
            topic: None,
            figures: &[CRITICAL, ("host", Tuned(&HOST_WARNING))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let lost = e.host.lost;
        // Counters without a packet beside them are of a capture whose packets are not in this file.
        if !e.live && e.packets == 0 {
            return match lost {
                0 => Detection::Clear,
                _ => {
                    Detection::Unknown(format!("{} dropped in the capture, and none that arrived is in this file", plural(lost, "packet")))
                }
            };
        }
        let rate = e.loss.host.map_or_else(|| share(lost, e.packets.saturating_add(lost)), |h| h.rate);
        if lost == 0 && rate <= 0.0 {
            return Detection::Clear;
        }
        let severity = match rate {
            r if r >= GRAVE => Severity::Critical,
            r if r >= HOST_WARNING.value() => Severity::Warning,
            _ => Severity::Note,
        };
        let evidence = vec![("share", Value::Share(rate)), ("lost", Value::Count(lost)), ("packets", Value::Count(e.packets))];
        let who = if e.live { "This host loses" } else { "The host that captured lost" };
        let what = if e.live { "arrives" } else { "arrived" };
        Detection::from(Report::new(severity, format!("{who} {} of what {what}", percent(rate)), evidence))
    }
}
