//! Order and time of what was captured.

use super::loss::{GRAVE, severity};
use super::{SURE, lacking, present_if};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Limit, Need, Report, StandingFindings, TCP_LIMIT};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Count, Nanos, Seconds, Share, Times, Tuned};
use crate::model::Arrange as _;
use crate::model::evidence::{
    CAUSES, CAUSES_FEW, CLOCK_STEP, ClockEvidence, Forward, OVERTAKEN_REACH, Outage, PAUSE, PAUSE_BESIDES, PAUSE_MISSED, PAUSE_SHORT,
    PAUSE_STANDS, PAUSE_STEADY, SILENT, Threshold, share,
};
use crate::model::tcp::HOLD;
use crate::model::units::{duration, grouped, percent, times};
use crate::model::{Aspect, Episode, Estimate, Severity, Value, wilson};

/// Effects before causes.
pub struct OrderSkew;

/// Effects that come first before they are more than chance.
static VIOLATIONS: Threshold = Threshold::count(5.0);

/// The share of effects that come first, lower end of its interval, above which it is told; and the share from which on it is a warning.
static SKEWED: Limit = Limit::new(0.001);
static SKEWED_WARNING: Threshold = Threshold::share(0.01);

/// The clock was set.
pub struct ClockStep;

/// The clock is coarse.
pub struct ClockCoarse;

/// Grain in nanoseconds: ten of the first are the shortest burst that is told; the second hides bursts of 10 ms.
const NOTE: u64 = 100_000;
const WARNING: u64 = 1_000_000;

/// Packets stamped like the one before, and the longest run of them, beyond which stamps are given in batches.
static BATCHED: Threshold = Threshold::share(0.5);
static RUN: Threshold = Threshold::count(64.0);

/// The mirror was silent.
pub struct MirrorOutage;

impl Detector for OrderSkew {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "order.skew",
            aspect: Some(Aspect::Order),
            meaning: "Packets arrive in another order than they were sent in: answers before their questions. Round-trip times and \
                      what looks like retransmission are unreliable.",
            measured: "Handshakes with the answer first, data that arrives (within {hold}; of some, within {reach}) after its \
                       acknowledgement, a SYN-ACK after its acknowledgement, DNS and echo replies before their question. Raised when \
                       surely more than {limit} (lower end of the {sure} interval) of at least {pairs} such pairs, with at least \
                       {least}, or most of them, with at least {few}; a warning from {warning}. Where data comes later than {hold} after \
                       its acknowledgement, loss is not judged. Also where surely more than \
                       {turned} of the packets of a file are stamped by more than {queue} before the one that they follow. \
                       Not judged of samples: of data that was sent again the first may not be among them.",
            cause: "The two directions are buffered apart: by the mirror, by two legs of a tap, by several receive queues of this \
                    host, or by parallel links on the way.",
            lookalikes: "A capture file merged from two captures whose clocks differ.",
            remedy: "Let both directions take one way: one destination port, no link aggregation on the way, one receive queue \
                     (`ethtool -L IF combined 1`) or a symmetric hash.",
            topic: None,
            figures: &[
                SURE,
                ("hold", Nanos(HOLD)),
                ("limit", Tuned(&SKEWED.raise)),
                ("pairs", Count(CAUSES)),
                ("few", Count(CAUSES_FEW)),
                ("reach", Nanos(OVERTAKEN_REACH)),
                ("least", Tuned(&VIOLATIONS)),
                ("warning", Tuned(&SKEWED_WARNING)),
                ("turned", Share(ClockEvidence::TURNED)),
                ("queue", Nanos(ClockEvidence::QUEUES)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections, Need::Unique, Need::SteadyClock, Need::Unsampled]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let active = standing.at_all();
        let order = &e.order;
        if let Some(apart) = order.clocks_apart {
            let title = format!("Two clocks: one direction of the conversations is stamped about {} later than the other", duration(apart));
            return Report::new(Severity::Warning, title, vec![("clocks_apart_seconds", Value::Seconds(apart))])
                .because("Two captures were merged whose clocks, or time zones, differ.")
                .into();
        }
        if let Some(turned) = e.clock.turned() {
            let by = duration(e.clock.turned_by);
            let title = format!("{} of the packets are stamped up to {by} before the one that they follow", percent(turned));
            let evidence = vec![("share", Value::Share(turned)), ("largest_seconds", Value::Seconds(e.clock.turned_by))];
            return Report::new(Severity::Warning, title, evidence)
                .because(
                    "Packets of several interfaces are written as they come, and their clocks differ; or they are stamped at one place and put in order \
                     at another.",
                )
                .into();
        }
        if !order.is_enough() {
            return lacking(order.judged, CAUSES, "pairs of cause and effect");
        }
        let rate = order.rate();
        let surely = wilson(order.violations, order.judged).low;
        present_if(order.violations >= VIOLATIONS.number() && SKEWED.exceeded(surely, active), || {
            let mut evidence =
                vec![("share", Value::Share(rate)), ("violations", Value::Count(order.violations)), ("pairs", Value::Count(order.judged))];
            let mut by = String::new();
            if let Some([p50, p99]) = order.skew {
                by = format!(", by about {} in the median", duration(p50));
                evidence.push(("p50_seconds", Value::Seconds(p50)));
                evidence.push(("p99_seconds", Value::Seconds(p99)));
            }
            let severity = if rate >= SKEWED_WARNING.value() { Severity::Warning } else { Severity::Note };
            let title = format!("{} of the answers arrive before their cause{by}", percent(rate));
            let report = Report::new(severity, title, evidence).held(e.of_file(&order.violated_at.episodes()));
            match (order.outer_in_order, order.queues) {
                (Some(true), _) => report.because("Copies arrive in the order they were sent: the switch mixes them when it makes them."),
                (Some(false), _) => {
                    report.because("Copies overtake each other on their way: parallel links, or several receive queues of this host.")
                }
                (None, Some(1)) => {
                    report.because("This host has one receive queue, so it is the mirror or the way that buffers the directions apart.")
                }
                _ => report,
            }
        })
    }
}

impl Detector for ClockStep {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "clock.step",
            aspect: Some(Aspect::Timing),
            meaning: "The clock of the capture was set while it ran: times and rates around it are wrong.",
            measured: "Packets stamped more than {step} earlier than the packet before. Set forward: a pause that stands out of the traffic like an \
                       outage (mirror.outage), over which connections go on without a missing byte, several hosts at once, and nobody sends anything \
                       again.",
            cause: "Time synchronisation stepped the clock, or a virtual machine was moved or paused.",
            lookalikes: "Files merged or sorted wrongly; several receive queues read in turn give smaller steps; on a virtual port \
                         some packets may be stamped before a queue and others behind it.",
            remedy: "Let the clock be slewed instead of stepped (chrony does, after the first seconds); start synchronisation before \
                     the capture.",
            topic: None,
            figures: &[("step", Nanos(CLOCK_STEP))],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let clock = &e.clock;
        if let Some(forward) = clock.forward.filter(|_| clock.steps == 0) {
            let Forward { from, seconds } = forward;
            let evidence = vec![("from", Value::Time(from)), ("forward_seconds", Value::Seconds(seconds))];
            let title = format!("The capture clock was set forward by {}: no byte is missing over it", duration(seconds));
            let held = Episode { first: from, last: forward.until() };
            return Report::new(Severity::Warning, title, evidence).held(vec![held]).into();
        }
        present_if(clock.steps > 0, || {
            let evidence = vec![("steps", Value::Count(clock.steps)), ("largest_seconds", Value::Seconds(clock.largest_step))];
            let by = if clock.steps == 1 { "by" } else { "by up to" };
            let title = format!("The capture clock stepped back {}, {by} {}", times(clock.steps), duration(clock.largest_step));
            Report::new(Severity::Warning, title, evidence)
        })
    }
}

impl Detector for ClockCoarse {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "clock.coarse",
            aspect: Some(Aspect::Timing),
            meaning: "Time stamps are coarse or given in batches: bursts and times between packets shorter than that mean nothing.",
            measured: "The greatest common divisor of the differences between stamps, over at least {n} of them ({few} where {alike} of the packets are \
                       stamped like the one before). A note \
                       from {note} (bursts of ten times that need such a resolution), a warning from {warning}. Batches: \
                       more than {batched} of the packets stamped like the one before, in runs of more than {run}. A warning as well where {alike} are stamped alike \
                       and hardly any other.",
            cause: "The capture's clock or file format is coarse, or the driver stamps a batch of packets at once.",
            lookalikes: "Traffic made by a generator on an even beat: one packet a beat is known for it, several beats beside each other are not.",
            remedy: "Use hardware time stamps where the interface has them, and a file format with nanoseconds.",
            topic: None,
            figures: &[
                ("n", Count(ClockEvidence::DIFFERENCES)),
                ("few", Count(ClockEvidence::FEW)),
                ("alike", Share(ClockEvidence::ALIKE)),
                ("note", Seconds(NOTE as f64 / 1e9)),
                ("warning", Seconds(WARNING as f64 / 1e9)),
                ("batched", Tuned(&BATCHED)),
                ("run", Tuned(&RUN)),
            ],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let clock = &e.clock;
        if clock.is_timeless() {
            let evidence = vec![("equal_stamps", Value::Share(share(clock.equal, clock.packets))), ("n", Value::Count(clock.differences))];
            let report = Report::new(Severity::Warning, "The capture has no times: nearly all packets have one stamp", evidence);
            return report.because("Whatever wrote the file had no times, or did not write them (text that was made a capture).").into();
        }
        if !clock.is_enough() {
            return lacking(clock.differences, ClockEvidence::DIFFERENCES, "differences between time stamps");
        }
        if clock.is_beat {
            return Detection::Unknown(format!("packets on another beat than {}", duration(clock.grain as f64 / 1e9)));
        }
        let batched = share(clock.equal, clock.packets) > BATCHED.value() && clock.longest_run > RUN.number();
        present_if(clock.grain >= NOTE || batched, || {
            let grain = clock.grain as f64 / 1e9;
            let evidence = vec![
                ("grain_seconds", Value::Seconds(grain)),
                ("equal_stamps", Value::Share(share(clock.equal, clock.packets))),
                ("longest_run", Value::Count(clock.longest_run)),
                ("n", Value::Count(clock.differences)),
            ];
            let severity = if clock.grain >= WARNING { Severity::Warning } else { Severity::Note };
            let title = if clock.grain >= NOTE {
                format!("The capture clock is coarse: {}", duration(grain))
            } else {
                format!("Packets are stamped in batches of up to {}", grouped(clock.longest_run))
            };
            Report::new(severity, title, evidence)
        })
    }
}

/// Why nobody knows whether it was a rest.
pub(super) const NOTHING_OPEN: &str = "Which of the two it was is not judged: nothing is missing over that time, and no conversation was under way that a \
                                       mirror that goes would have cut, or too few.";

/// Silences from which on they are how this mirror is.
const OFTEN: u64 = 4;

impl Detector for MirrorOutage {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "mirror.outage",
            aspect: Some(Aspect::Coverage),
            meaning: "For a while nothing was mirrored: senders that are regular as a clock were all silent at once, or traffic that \
                      never pauses did.",
            measured: "Spanning tree, LLDP, LACP, VRRP and the like, after five even intervals: at least three in a row missing from \
                       every sender frequent enough to tell, while fewer packets than {little} of the usual arrived; where that \
                       is one sender only, none at all. Also a pause of at least {pause} without any packet, in which at \
                       least {missed} would have come, {steady} times as long as every ordinary one, beside {besides} of \
                       traffic at least, from one source. A pause from {short} on, {stands} times as long as every ordinary one, where bytes are missing over it or \
                       connections begin in their middle behind it; {steady} times, where many hosts paused at once. Pauses of like length that come again and again, from {short} on, and are \
                      longer than all others, where behind most of them bytes, or numbers of streams (RTP), are missing or connections are met in \
                      their middle that end. Critical while it lasts, and where {grave} of the traffic is missing from such times: surely, for bytes or \
                      numbers are missing over them, or conversations end in their middle before them or are met in it behind them and none \
                      outlives them; or {often} times and more. A warning else; a note where it is longer than \
                       all the traffic besides, which then has no pause that is noteworthy, and where nothing was under way that it would \
                       have cut: everybody may have rested. A rest it is where many connections would have been open and each was closed before. A time over most of which this host's \
                       own counters of lost packets rose is none (host.drop).",
            cause: "The session was removed or changed, its destination port flapped, or the switch reloaded.",
            lookalikes: "The senders themselves were down, if there are few of them; all that was seen came from one host, which paused; \
                         a clock that was set forward; two captures in one file.",
            remedy: "Look at the switch's log at that time.",
            topic: None,
            figures: &[
                ("little", Share(SILENT)),
                ("pause", Nanos(PAUSE)),
                ("short", Nanos(PAUSE_SHORT)),
                ("stands", Times(PAUSE_STANDS as f64)),
                ("missed", Count(PAUSE_MISSED)),
                ("grave", Share(GRAVE)),
                ("often", Count(OFTEN)),
                ("steady", Times(PAUSE_STEADY as f64)),
                ("besides", Nanos(PAUSE_BESIDES)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::SteadyClock]
    }

    fn takes_also(&self, e: &Evidence) -> Option<Aspect> {
        e.silent.map(|_| Aspect::Completeness)
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        let enough = |o: &&Outage| o.missed >= 3;
        let rank = |o: &Outage| (o.open, o.is_told(), o.outlasts, o.seconds);
        let Some(longest) =
            e.outages.iter().filter(enough).max_by(|a, b| rank(a).partial_cmp(&rank(b)).unwrap_or(std::cmp::Ordering::Equal))
        else {
            return Detection::Clear;
        };
        let count = e.outages.iter().filter(enough).count() as u64;
        let mut evidence = vec![
            ("outages", Value::Count(e.silent.map_or(count, |silent| silent.times.max(count)))),
            ("from", Value::Time(longest.from)),
            ("seconds", Value::Seconds(longest.seconds)),
            ("senders", Value::Count(longest.senders)),
            ("missed", Value::Count(longest.missed)),
        ];
        let mut held: Vec<Episode> = e.outages.iter().filter(enough).map(|o| Episode { first: o.from, last: o.until() }).collect();
        held.arrange_by_key(|h| h.first);
        let (severity, title) = if longest.open {
            (Severity::Critical, format!("The mirror has been silent for {}", duration(longest.seconds)))
        } else if longest.outlasts {
            let title = format!("Nothing arrived for {}: silence, two captures, or a clock set forward", duration(longest.seconds));
            (Severity::Note, title)
        } else if longest.is_undecided {
            let title = format!("Nothing arrived for {}: everybody rested, or the mirror was silent", duration(longest.seconds));
            let report = Report::new(Severity::Note, title, evidence).held(held);
            return report.because(NOTHING_OPEN).into();
        } else if let Some(silent) = e.silent {
            let Estimate { rate, low, high, .. } = silent.missing;
            evidence.push(("silent_seconds", Value::Seconds(silent.seconds)));
            evidence.extend([("share", rate), ("share_low", low), ("share_high", high)].map(|(name, share)| (name, Value::Share(share))));
            let is_often = silent.times >= OFTEN && rate >= GRAVE;
            let is_sure = is_often || low > TCP_LIMIT.raise.value();
            let grave = if is_sure { severity(&silent.missing).max(Severity::Warning) } else { Severity::Warning };
            (grave, format!("The mirror was silent {} of {}", silent.for_how_long(), duration(e.seconds)))
        } else {
            (Severity::Warning, format!("The mirror was silent for {}", duration(longest.seconds)))
        };
        Detection::from(Report::new(severity, title, evidence).held(held))
    }
}
