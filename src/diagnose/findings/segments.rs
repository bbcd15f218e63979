//! Segments that were lost in the network, and receivers that take no data.

use super::connections::{exceeded, subject};
use super::{SURE, all_of};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Count, Nanos, Seconds, Share, Tuned};
use crate::model::evidence::{LOSS_REORDERED, LOSS_TIMED_OUT};
use crate::model::evidence::{LOST_CRITICAL_SHARE, LOST_SHARE, ServiceEvidence, ServiceWindow};
use crate::model::units::{duration, grouped, percent, plural};
use crate::model::{Location, PathSide, Severity, Subject, Value, wilson};

/// Share of lost segments: told of, critical; of how many segments, and how many at least.
const SEGMENTS: u64 = 300;
const LOST_LEAST: u64 = 5;

/// Losses, connections and the share of losses on one side of the mirrored port before that side is named.
const SIDED: u64 = 10;
const SIDED_CONNECTIONS: u64 = 3;
const ONE_SIDE: f64 = 0.8;

/// Stalls that are told of: so many that last so long together, or one that is longer.
const STALLS: u64 = 3;
const STALLED: f64 = 0.2;
const LONG_STALL: f64 = 3.0;

/// A stall that never ends: so many probes in vain for so long.
const PROBES: u64 = 5;
const NEVER: f64 = 30.0;

/// Segments are lost.
pub struct TcpLoss;

/// A receiver takes no data.
pub struct TcpSlowReceiver;

impl Detector for TcpLoss {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "tcp.loss",
            aspect: None,
            meaning: "Segments of this service's connections are lost in the network and have to be sent again: transfers are slow, and \
                      users wait for time-outs.",
            measured: "Segments that are seen again because their receiver asked for them, or after more than {timeout}: lost beyond the \
                       mirrored port; holes that close later than {reordered} and half a round trip, for which the receiver asked: lost \
                       before it. Raised when they surely are more than {lost} of at least {segments} packets of the ways that carry data, and at least {least} (lower \
                       end of the {sure} interval); critical from {many}. The side is named from {sided} losses in {connections} \
                       connections on, when {one} of them are on it.",
            cause: "A full queue (then round-trip times rise as well), a bad cable or transceiver, a duplex mismatch, radio.",
            lookalikes: "What the mirror loses is acknowledged and never sent again, and is not counted here; neither are probes of a \
                         connection's tail, keep-alives, reordering and what was sent again although it had arrived.",
            remedy: "Look at error and drop counters of the ports on the side that is named, and at the load of its links.",
            topic: None,
            figures: &[
                SURE,
                ("timeout", Nanos(LOSS_TIMED_OUT)),
                ("reordered", Nanos(LOSS_REORDERED)),
                ("lost", Tuned(&LOST_SHARE)),
                ("segments", Count(SEGMENTS)),
                ("least", Count(LOST_LEAST)),
                ("many", Tuned(&LOST_CRITICAL_SHARE)),
                ("sided", Count(SIDED)),
                ("connections", Count(SIDED_CONNECTIONS)),
                ("one", Share(ONE_SIDE)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[
            Need::BothDirections,
            Need::EverySide,
            Need::Unique,
            Need::SurelyComplete,
            Need::Unsampled,
            Need::Whole,
            Need::Unmerged,
            Need::SteadyClock,
        ]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        all_of(e.network.services.iter().filter_map(|service| {
            let w = service.window(|w| w.loss.segments >= SEGMENTS)?;
            lost(service, w, standing.on(subject(&service.key)))
        }))
    }
}

fn lost(service: &ServiceEvidence, w: &ServiceWindow, stands: bool) -> Option<Report> {
    let loss = &w.loss;
    let [client, server] = loss.lost;
    let all = client.saturating_add(server);
    let share = wilson(all, loss.segments);
    if all < LOST_LEAST || !exceeded(&share, LOST_SHARE.value(), LOST_SHARE.value() / 2.0, stands) {
        return None;
    }
    let is_sided = all >= SIDED && loss.connections >= SIDED_CONNECTIONS;
    let most = |part: u64| is_sided && part as f64 >= ONE_SIDE * all as f64;
    let side = if most(client) { Some(PathSide::Client) } else { Some(PathSide::Server).filter(|_| most(server)) };
    let beyond = all.saturating_sub(loss.before);
    let location = if most(loss.before) { Some(Location::BeforeMirror) } else { Some(Location::BeyondMirror).filter(|_| most(beyond)) };
    let whose = match side {
        Some(PathSide::Client) => ", on the clients' side of the mirrored port",
        Some(PathSide::Server) => ", on the server's side of the mirrored port",
        None => "",
    };
    let title = format!("Packets from and to {} are lost: {} ({}){whose}", service.key, grouped(all), percent(share.rate));
    let evidence = vec![
        ("lost", Value::Count(all)),
        ("segments", Value::Count(loss.segments)),
        ("loss_share", Value::Share(share.rate)),
        ("share_low", Value::Share(share.low)),
        ("share_high", Value::Share(share.high)),
        ("client_side", Value::Count(client)),
        ("server_side", Value::Count(server)),
        ("before_mirror", Value::Count(loss.before)),
        ("connections", Value::Count(loss.connections)),
    ];
    let severity = if share.low >= LOST_CRITICAL_SHARE.value() { Severity::Critical } else { Severity::Warning };
    let mut report = Report::new(severity, title, evidence).about(subject(&service.key)).suffered_by(loss.clients);
    (report.location, report.side) = (location, side);
    Some(report.held(loss.span.into_iter().collect()))
}

impl Detector for TcpSlowReceiver {
    fn page(&self) -> &'static ExplainPage {
        &ExplainPage {
            id: "tcp.slow_receiver",
            aspect: None,
            meaning: "A host cannot take the data that is sent to it: it announces a window of zero, and its sender has to wait. The network \
                      is not the cause.",
            measured: "Times from the first segment that announces a window of zero to the first that announces more, those shorter than an \
                       ordinary pause and those at the end of a connection left out: at least {stalls} of more than {stalled} together, or \
                       one of {long}; critical when one does not end within {never} and {probes} probes. Probes without data, which \
                       Linux sends, count as well.",
            cause: "The receiving program does not read fast enough: overload, a slow disk or printer behind it, or it hangs.",
            lookalikes: "Printers and backup targets, whose pace that is; a window of zero while a connection is closed.",
            remedy: "Look at the receiving program and what it waits for.",
            topic: None,
            figures: &[
                ("stalls", Count(STALLS)),
                ("stalled", Seconds(STALLED)),
                ("long", Seconds(LONG_STALL)),
                ("never", Seconds(NEVER)),
                ("probes", Count(PROBES)),
            ],
        }
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::BothDirections, Need::Prompt, Need::Unmerged]
    }

    fn judge(&self, e: &Evidence, _: StandingFindings<'_>) -> Detection {
        all_of(e.network.stalls.iter().filter_map(|stall| {
            if !(stall.stalls >= STALLS && stall.seconds > STALLED || stall.longest >= LONG_STALL) {
                return None;
            }
            let never = stall.lasts && stall.longest > NEVER && stall.probes >= PROBES;
            let whose = if stall.receiver == stall.service.address { "from its clients" } else { "from the server" };
            let longest = duration(stall.longest);
            let title = match never {
                true => format!("{} takes no data any more at {}: for {longest} so far", stall.receiver, stall.service),
                false => {
                    format!("{} cannot take data {whose} in time: {}, the longest {longest}", stall.receiver, plural(stall.stalls, "stall"))
                }
            };
            let evidence = vec![
                ("stalls", Value::Count(stall.stalls)),
                ("stalled_seconds", Value::Seconds(stall.seconds)),
                ("longest_seconds", Value::Seconds(stall.longest)),
                ("probes", Value::Count(stall.probes)),
            ];
            let severity = if never { Severity::Critical } else { Severity::Warning };
            Some(Report::new(severity, title, evidence).about(Subject::Host(stall.receiver)).held(vec![stall.span]))
        }))
    }
}
