//! Order and time of what was captured.

use super::{lacking, present_if};
use crate::diagnose::detector::{Detector, Limit, Need, Outcome, Page, Report};
use crate::diagnose::evidence::{Evidence, share};
use crate::model::units::{duration, grouped, percent};
use crate::model::{Severity, Value};

/// Effects before causes.
pub struct Skew;

/// The clock was set.
pub struct Step;

/// The clock is coarse.
pub struct Coarse;

/// The mirror was silent.
pub struct Gone;

impl Detector for Skew {
    fn page(&self) -> &'static Page {
        &Page {
            id: "order.skew",
            meaning: "Packets arrive in another order than they were sent in: answers before their questions. Round-trip times and \
                      what looks like retransmission are unreliable.",
            measured: "Handshakes with the answer first, data that arrives (within 200 ms) after its acknowledgement, DNS and echo \
                       replies before their question. Raised above 0.1 % of at least 1,000 such pairs, with at least 5; a warning \
                       from 1 %.",
            cause: "The two directions are buffered apart: by the mirror, by two legs of a tap, by several receive queues of this \
                    host, or by parallel links on the way.",
            lookalikes: "A capture file merged from two captures whose clocks differ.",
            remedy: "Let both directions take one way: one destination port, no link aggregation on the way, one receive queue \
                     (`ethtool -L IF combined 1`) or a symmetric hash.",
            topic: None,
        }
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections, Need::Unique, Need::SteadyClock]
    }

    fn judge(&self, e: &Evidence, active: bool) -> Outcome {
        let order = &e.order;
        if order.judged < 1000 {
            return lacking(order.judged, 1000, "pairs of cause and effect");
        }
        let rate = share(order.violations, order.judged);
        present_if(order.violations >= 5 && Limit::new(0.001).exceeded(rate, active), || {
            let mut evidence =
                vec![("share", Value::Share(rate)), ("violations", Value::Count(order.violations)), ("pairs", Value::Count(order.judged))];
            let mut by = String::new();
            if let Some([p50, p99]) = order.skew {
                by = format!(", by {} in the median", duration(p50));
                evidence.push(("p50_seconds", Value::Number(p50)));
                evidence.push(("p99_seconds", Value::Number(p99)));
            }
            let severity = if rate >= 0.01 { Severity::Warning } else { Severity::Note };
            let report = Report::new(severity, format!("{} of the answers arrive before their cause{by}", percent(rate)), evidence);
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

impl Detector for Step {
    fn page(&self) -> &'static Page {
        &Page {
            id: "clock.step",
            meaning: "The clock of the capture was set back while it ran: times and rates around it are wrong.",
            measured: "Packets stamped more than 10 ms earlier than the packet before.",
            cause: "Time synchronisation stepped the clock, or a virtual machine was moved or paused.",
            lookalikes: "Files merged or sorted wrongly; several receive queues read in turn give smaller steps; on a virtual port \
                         some packets may be stamped before a queue and others behind it.",
            remedy: "Let the clock be slewed instead of stepped (chrony does, after the first seconds); start synchronisation before \
                     the capture.",
            topic: None,
        }
    }

    fn judge(&self, e: &Evidence, _active: bool) -> Outcome {
        let clock = &e.clock;
        present_if(clock.steps > 0, || {
            let evidence = vec![("steps", Value::Count(clock.steps)), ("largest_seconds", Value::Number(clock.largest_step))];
            let title =
                format!("The capture clock stepped back {} time(s), by up to {}", grouped(clock.steps), duration(clock.largest_step));
            Report::new(Severity::Warning, title, evidence)
        })
    }
}

impl Detector for Coarse {
    fn page(&self) -> &'static Page {
        &Page {
            id: "clock.coarse",
            meaning: "Time stamps are coarse or given in batches: bursts and times between packets shorter than that mean nothing.",
            measured: "The greatest common divisor of the differences between stamps, over at least 100 of them. A note from 100 µs \
                       (bursts of 1 ms need a grain ten times finer), a warning from 1 ms. Batches: more than half of the packets \
                       stamped like the one before, in runs of more than 64.",
            cause: "The capture's clock or file format is coarse, or the driver stamps a batch of packets at once.",
            lookalikes: "Traffic made by a generator on an even beat.",
            remedy: "Use hardware time stamps where the interface has them, and a file format with nanoseconds.",
            topic: None,
        }
    }

    fn judge(&self, e: &Evidence, _active: bool) -> Outcome {
        const NOTE: u64 = 100_000;
        const WARNING: u64 = 1_000_000;
        let clock = &e.clock;
        if clock.differences < 100 {
            return lacking(clock.differences, 100, "differences between time stamps");
        }
        let batched = share(clock.equal, clock.packets) > 0.5 && clock.longest_run > 64;
        present_if(clock.grain >= NOTE || batched, || {
            let grain = clock.grain as f64 / 1e9;
            let evidence = vec![
                ("grain_seconds", Value::Number(grain)),
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

impl Detector for Gone {
    fn page(&self) -> &'static Page {
        &Page {
            id: "mirror.outage",
            meaning: "For a while nothing was mirrored: senders that are regular as a clock were all silent at once.",
            measured: "Spanning tree, LLDP, LACP, VRRP and the like, after five even intervals: at least three in a row missing from \
                       every sender frequent enough to tell; where that is one sender only, no packet at all may have arrived. \
                       Critical while it lasts, a warning afterwards.",
            cause: "The session was removed or changed, its destination port flapped, or the switch reloaded.",
            lookalikes: "The senders themselves were down, if there are few of them; a spanning tree change moved them.",
            remedy: "Look at the switch's log at that time.",
            topic: None,
        }
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::SteadyClock]
    }

    fn judge(&self, e: &Evidence, _active: bool) -> Outcome {
        let enough = |o: &&crate::diagnose::Outage| o.missed >= 3;
        let Some(longest) = e
            .outages
            .iter()
            .filter(enough)
            .max_by(|a, b| (a.open, a.seconds).partial_cmp(&(b.open, b.seconds)).unwrap_or(std::cmp::Ordering::Equal))
        else {
            return Outcome::Clear;
        };
        let evidence = vec![
            ("outages", Value::Count(e.outages.iter().filter(enough).count() as u64)),
            ("from", Value::Text(longest.from.to_string())),
            ("seconds", Value::Number(longest.seconds)),
            ("senders", Value::Count(longest.senders)),
            ("missed", Value::Count(longest.missed)),
        ];
        let (severity, title) = if longest.open {
            (Severity::Critical, format!("The mirror has been silent for {}", duration(longest.seconds)))
        } else {
            (Severity::Warning, format!("The mirror was silent for {}", duration(longest.seconds)))
        };
        Outcome::Present(Report::new(severity, title, evidence))
    }
}
