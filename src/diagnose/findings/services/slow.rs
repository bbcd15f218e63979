//! Services whose answers come late, or not at all any more.

use super::hanging::{ANSWERED_BEFORE, HANGING, HELD, HELD_READ, HELD_SHARE, WAITING, hangs, hung, may_be_meant};
use super::{BAD, DEAD_CLIENTS, DNS, TLS, by_clients, hanging_hosts, proxies, report};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Nanos, Tuned};
use crate::diagnose::findings::{SEVERAL, SURE, all_of, exceeded, of, slow_times, subject, unusual, waits_for_the_mirror};
use crate::model::evidence::{
    LONG_POLL, SERVERS_SHARE, SLOW_FLOOR, ServiceEvidence, ServiceWindow, Threshold, Trouble, USERS_WAIT, USUAL_TIMES, VERY_SLOW_REPLY,
    WAITS_TOGETHER,
};
use crate::model::time::SECOND;
use crate::model::units::duration;
use crate::model::{Finding, PathSide, Severity, Timestamp, Value, wilson};

/// Share of very slow answers of another service, and how many answers there must be; the same where nearly all are; and the median that is critical, seconds.
static SERVER_SLOW: Threshold = Threshold::share(0.2);
static SERVER_ANSWERS: Threshold = Threshold::count(20.0);
static SERVER_NEARLY: Threshold = Threshold::share(0.5);
static SERVER_FEW: Threshold = Threshold::count(8.0);
static SERVER_CRITICAL: Threshold = Threshold::seconds(4.0);

/// How long turns of a service must be known before they are slow by themselves: whoever holds requests shows it by then.
const KNOWN_FOR: i64 = 60 * SECOND;

/// What says what is usual.
const USUAL: &str = "usual_seconds";

/// A server is slow.
pub struct ServerSlow;

impl Detector for ServerSlow {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "server.slow",
            aspect: None,
            meaning: "The service answers slowly, and the network does not: requests arrive and the first byte of the answer leaves late.",
            measured: "Requests whose answer began more than {slow} later, or more than {times} times as late as usual and {floor} beyond the \
                       round trip, {servers} of that time the server's and not the network's: surely more than {share} of at least {n} (lower \
                       end of the {sure} interval), or more than {nearly} of at least {few}, while the round trip to the server is less than half of the median; critical when at \
                       least {several} clients wait and the median is above {grave}. Where requests cannot be read (TLS, protocols without \
                       a dissector), turns tell them: from the last packet of what the client said to the first of what the server said, of \
                       TLS between records of application data alone. Of a protocol that is not known only what is slower than usual counts, \
                       and so of any whose turns are known for less than {known}.\n\n\
                       A service hangs when it takes requests and answers none: at least {hanging} requests over TCP of {by} clients have waited \
                       for more than {wait} (what was asked {together} before one that was answered waits for something of its own), and nothing that was asked later is answered, by a service that had answered at least {before}. \
                       Of TLS hellos tell; a service that never answered one fails (tls.failing). A host hangs when that is so at two of its \
                       services or more, for {by} clients together, and nothing else that is asked of it is answered. What ends stays listed with its time.",
            cause: "The server or what it depends on (database, storage, name server) is overloaded or waits.",
            lookalikes: "Requests that are meant to wait: event streams, uploads, jobs of a single client that is answered soon besides (a note). Answers by HTTP to what is fetched, and such without content to anything, that begin {held} later or more count as long \
                         polls, which the server holds until there is something to tell: they are not judged, and where there are at least {holds} \
                         and {holding_read} of them ({holding} where nobody can read the requests), of others only what is slower than usual counts; where \
                         they are most, there is no verdict. So too where connections that nobody can read \
                         turn out to be talks of both sides (event streams, chats, terminals).",
            remedy: "Look at the server: load, locks, what it asks in its turn. If it asks another service seen here, look at that one's \
                     times first.",
            topic: None,
            figures: &[
                SURE,
                ("slow", Tuned(&VERY_SLOW_REPLY)),
                ("share", Tuned(&SERVER_SLOW)),
                ("n", Tuned(&SERVER_ANSWERS)),
                ("nearly", Tuned(&SERVER_NEARLY)),
                ("few", Tuned(&SERVER_FEW)),
                ("several", Tuned(&SEVERAL)),
                ("grave", Tuned(&SERVER_CRITICAL)),
                ("held", Tuned(&LONG_POLL)),
                ("times", Tuned(&USUAL_TIMES)),
                ("floor", Tuned(&SLOW_FLOOR)),
                ("servers", Tuned(&SERVERS_SHARE)),
                ("holds", Tuned(&HELD)),
                ("holding", Tuned(&HELD_SHARE)),
                ("holding_read", Tuned(&HELD_READ)),
                ("hanging", Tuned(&HANGING)),
                ("by", Tuned(&DEAD_CLIENTS)),
                ("before", Tuned(&ANSWERED_BEFORE)),
                ("wait", Tuned(&USERS_WAIT)),
                ("known", Nanos(KNOWN_FOR)),
                ("together", Nanos(WAITS_TOGETHER)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[
            Need::Undivided,
            Need::BothDirections,
            Need::Timely,
            Need::Prompt,
            Need::Complete,
            Need::SteadyClock,
            Need::TimedClock,
            Need::EverySide,
            Need::Unsampled,
        ]
    }

    /// Answers that were seen were slow, whatever else was not seen.
    fn is_proved_without(&self, need: Need, finding: &Finding) -> bool {
        matches!(need, Need::EverySide | Need::Unsampled) && !finding.evidence.iter().any(|(name, _)| *name == WAITING)
    }

    fn is_of_the_mirror(&self, finding: &Finding, mirror: &Evidence) -> Option<String> {
        let waits = finding.evidence.iter().any(|(name, _)| *name == WAITING);
        waits.then(|| waits_for_the_mirror(finding, mirror)).flatten()
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let services = e.network.services.iter().filter(|s| s.app_token != DNS).filter_map(|service| {
            let stands = standing.on(subject(&service.key));
            let slow = || slow_behind(service, stands).or_else(|| slow(service, e.network.now, stands));
            hangs(service).or_else(|| hung(service)).or_else(slow)
        });
        all_of(hanging_hosts::reports(e).into_iter().chain(services))
    }

    fn withdraws(&self, e: &Evidence, finding: &Finding) -> bool {
        let is_of = |service: &&ServiceEvidence| subject(&service.key) == finding.subject;
        let is_against_usual = finding.evidence.iter().any(|(name, _)| *name == USUAL);
        !is_against_usual && e.network.services.iter().find(is_of).is_some_and(|service| may_be_meant(&service.waits))
    }
}

/// A service whose answers come late.
fn slow(service: &ServiceEvidence, now: Timestamp, stands: bool) -> Option<Report> {
    let w = service.newest(|w| w.timed >= SERVER_ANSWERS.number()).or_else(|| service.newest(|w| nearly_all(w, Trouble::VerySlow)))?;
    let is_much = |kind: &Trouble| {
        let slow = w.trouble(*kind).count;
        slow >= BAD.number() && exceeded(&wilson(slow, w.timed), SERVER_SLOW.value(), SERVER_SLOW.value() / 2.0, stands)
    };
    let kind = *slow_kinds(service, w, now).iter().find(|kind| is_much(kind))?;
    let slow = w.trouble(kind);
    let median = w.response.map_or(0.0, |r| r.p50);
    // The round trip may have risen since connections were opened: then it is the network that is slow.
    let lately = w.trips.get(PathSide::Server as usize).and_then(|trips| trips.times.as_ref()).map(|times| times.p50);
    let network = service.network.into_iter().chain(lately).fold(0.0, f64::max);
    if network > median / 2.0 {
        return None;
    }
    // What one client asks for may take its time: a job, unless it waits for whatever it asks.
    let is_of_one = slow.clients <= 1 && !slow.is_more && !nearly_all(w, kind);
    let is_job = is_of_one && kind == Trouble::VerySlow && service.usual_response.is_none();
    let severity = if is_job { Severity::Note } else { by_clients(slow.clients, median > SERVER_CRITICAL.in_seconds()) };
    let way = service.network.map_or_else(String::new, |_| format!(", network {}", duration(network)));
    let usual = service.usual_response.filter(|usual| kind == Trouble::SlowerThanUsual || *usual < median / 2.0);
    let way = way + &usual.map_or_else(String::new, |usual| format!("; usual are {}", duration(usual)));
    let mut report = report(
        service,
        w,
        kind,
        severity,
        format!("{}: {}{way}", slowly(service, w), slow_times(w, (slow.count, w.timed), limit(service, kind, network))),
    );
    if let Some(usual) = service.usual_response.filter(|_| kind == Trouble::SlowerThanUsual) {
        report = unusual(report.with(USUAL, Value::Seconds(usual)), service.unusual_since.response);
    }
    Some(if w.turns.answered > 0 { report.with("turns", Value::Count(w.turns.answered)) } else { report })
}

/// Seconds from which on answers of a service are slow in a way, with a round trip of so many.
fn limit(service: &ServiceEvidence, kind: Trouble, network: f64) -> f64 {
    match service.usual_response.filter(|_| kind == Trouble::SlowerThanUsual) {
        Some(usual) => (USUAL_TIMES.value() * usual).max(network + SLOW_FLOOR.in_nanos() as f64 / 1e9),
        None => VERY_SLOW_REPLY.in_nanos() as f64 / 1e9,
    }
}

/// A host behind a proxy that answers slowly, be it a small part of what the proxy is asked for.
fn slow_behind(service: &ServiceEvidence, stands: bool) -> Option<Report> {
    let target = proxies::to_blame(service.proxy.slow.as_ref())?;
    let w = service.newest(|w| w.trouble(Trouble::VerySlow).count >= BAD.number())?;
    if !exceeded(&wilson(target.bad, target.asked), SERVER_SLOW.value(), SERVER_SLOW.value() / 2.0, stands) {
        return None;
    }
    let slow = w.trouble(Trouble::VerySlow);
    let requests = of(target.bad, target.asked);
    let title = format!("{}: {requests} requests take long", proxies::slowly(target, &service.key));
    let severity = if slow.clients <= 1 && !slow.is_more { Severity::Note } else { Severity::Warning };
    Some(proxies::about(report(service, w, Trouble::VerySlow, severity, title), target))
}

/// Whether nearly all that was answered was slow: then few answers are enough to say so.
fn nearly_all(w: &ServiceWindow, kind: Trouble) -> bool {
    w.timed >= SERVER_FEW.number() && wilson(w.trouble(kind).count, w.timed).low > SERVER_NEARLY.value()
}

/// What can be said to be slow of a service: what is meant to wait, or may turn out to be, only against what it usually does.
fn slow_kinds(service: &ServiceEvidence, w: &ServiceWindow, now: Timestamp) -> &'static [Trouble] {
    let is_young = service.waits.first_turn.is_some_and(|first| now.since(first) < KNOWN_FOR);
    match may_be_meant(&service.waits) || w.turns.answered > 0 && is_young {
        true => &[Trouble::SlowerThanUsual],
        false => &[Trouble::VerySlow, Trouble::SlowerThanUsual],
    }
}

/// What a service does slowly: it is called by its protocol, where that is known.
fn slowly(service: &ServiceEvidence, w: &ServiceWindow) -> String {
    match (service.app_token, w.turns.answered) {
        ("", _) => format!("The service at {} answers slowly", service.key),
        (TLS, 1..) => format!("{TLS} at {} answers encrypted requests slowly", service.key),
        (app, _) => format!("{app} at {} answers slowly", service.key),
    }
}
