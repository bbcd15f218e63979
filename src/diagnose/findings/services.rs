//! What services answer, and when: name servers, web servers and all others whose requests and answers are read.

use super::SEVERAL;
use super::hanging_hosts;
use super::{SURE, all_of, exceeded, of, subject, times};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Count, Tuned};
use crate::model::evidence::{
    FAILING_SHARE, FAILING_ZONES, LONG_POLL, MeantWaits, PROMPT, SERVERS_SHARE, SLOW_FLOOR, SLOW_NAME_FLOOR, SLOW_REPLY, SLOW_SHARE,
    ServiceEvidence, ServiceWindow, Threshold, Trouble, Troubled, UNANSWERED_SHARE, USERS_WAIT, USUAL_TIMES, VERY_SLOW_REPLY,
    WEB_ERRORS_SHARE,
};
use crate::model::time::SECOND;
use crate::model::units::{duration, grouped, percent, plural};
use crate::model::{Finding, PathSide, Proto, Severity, Timestamp, Value, wilson};

/// The names of protocols that have findings of their own.
const DNS: &str = "dns";
const HTTP: &str = "http";
const TLS: &str = "tls";
const NTP: &str = "ntp";

/// Share of queries without an answer: told of; how many queries there must be.
static QUERIES: Threshold = Threshold::count(20.0);

/// Queries of which none was answered, that make a dead name server, for how long, and of how many clients where it has several.
static DEAD: Threshold = Threshold::count(5.0);
static DEAD_SECONDS: Threshold = Threshold::seconds(10.0);
pub(super) static DEAD_CLIENTS: Threshold = Threshold::count(2.0);

/// Share of answers that there is no such name, and how many times the usual one: told of.
static MISSING: Threshold = Threshold::share(0.7);
static MISSING_TIMES: Threshold = Threshold::count(3.0);

/// Share of errors among answers: told of, critical.
static FAILING_MOST: Threshold = Threshold::share(0.5);

/// Share of slow answers of a name server: told of; of very slow ones: critical. How many answers there must be.
static VERY_SLOW: Threshold = Threshold::share(0.2);
static ANSWERS: Threshold = Threshold::count(50.0);

/// Errors there must be at least.
static BAD: Threshold = Threshold::count(5.0);

/// Share of errors among a web server's answers: told of, critical; how many answers there must be.
static WEB_ERRORS_MANY: Threshold = Threshold::share(0.1);
static WEB_ANSWERS: Threshold = Threshold::count(50.0);

/// Share of requests that a web server refuses, and how many times the usual one: told of; where nothing is known of what is usual.
static REJECTED: Threshold = Threshold::share(0.2);
static REJECTED_TIMES: Threshold = Threshold::count(3.0);
static REJECTED_UNUSUAL: Threshold = Threshold::share(0.5);

/// Share of very slow answers of another service, how many answers there must be, and the median that is critical, seconds.
static SERVER_SLOW: Threshold = Threshold::share(0.2);
static SERVER_ANSWERS: Threshold = Threshold::count(20.0);
static SERVER_CRITICAL: Threshold = Threshold::seconds(4.0);

/// Requests that were held for long, and their share, from which on others may be meant to wait as well: what ended their waiting sooner.
static HELD: Threshold = Threshold::count(2.0);

/// Requests over TCP that wait, and answers known before, before a service hangs.
static HANGING: Threshold = Threshold::count(3.0);
static ANSWERED_BEFORE: Threshold = Threshold::count(5.0);

static HELD_SHARE: Threshold = Threshold::share(0.02);

/// Turns that a connection showed before it turned out to be a talk, so that others may be talks as well.
const TURNS_OF_TALKS: u64 = 4;

/// How long turns of a service must be known before they are slow by themselves: whoever holds requests shows it by then.
const KNOWN_FOR: i64 = 60 * SECOND;

/// What says what is usual.
const USUAL: &str = "usual_seconds";

/// A name server does not answer.
pub struct DnsUnanswered;

/// A name server answers with errors.
pub struct DnsFailing;

/// A name server is slow.
pub struct DnsSlow;

/// A server is slow.
pub struct ServerSlow;

/// A web server answers with errors.
pub struct HttpErrors;

/// Another service answers with errors.
pub struct ServiceErrors;

/// Whether so many answers are enough to say how many of them are bad: as many as a small share takes, or fewer of which surely most are.
fn are_enough(w: &ServiceWindow, trouble: Trouble, usual: &Threshold) -> bool {
    let bad = w.trouble(trouble).count;
    w.answered >= usual.number() || bad >= BAD.number() && wilson(bad, w.answered).low > FAILING_MOST.value()
}

fn speaking<'a>(e: &'a Evidence, app: &'static str) -> impl Iterator<Item = &'a ServiceEvidence> {
    e.network.services.iter().filter(move |s| s.app_token == app)
}

/// Who waits, in words.
fn waiting(clients: &Troubled) -> String {
    if clients.clients == 1 && !clients.is_more { "1 client waits".into() } else { format!("{} wait", clients.who()) }
}

/// How bad it is by who suffers: one of a few clients is a warning.
pub(super) fn by_clients(clients: u64, is_grave: bool) -> Severity {
    if is_grave && clients >= SEVERAL.number() { Severity::Critical } else { Severity::Warning }
}

fn report(service: &ServiceEvidence, w: &ServiceWindow, trouble: Trouble, severity: Severity, title: String) -> Report {
    let bad = w.trouble(trouble);
    // What is slow is slow among answers that are timed, be they read or not.
    let is_slow = matches!(trouble, Trouble::VerySlow | Trouble::SlowerThanUsual) && w.turns.answered > 0;
    let [requests, answered] = if is_slow { [w.timed; 2] } else { [w.requests, w.answered] };
    let share = wilson(bad.count, if trouble == Trouble::Unanswered { requests } else { answered });
    let mut evidence = vec![
        ("requests", Value::Count(requests)),
        ("answered", Value::Count(answered)),
        ("bad", Value::Count(bad.count)),
        ("share", Value::Share(share.rate)),
        ("share_low", Value::Share(share.low)),
        ("clients", bad.told()),
    ];
    if let Some(r) = w.response {
        evidence.extend([("p50_seconds", Value::Seconds(r.p50)), ("p95_seconds", Value::Seconds(r.p95))]);
    }
    if let Some(half) = service.network {
        evidence.push(("network_seconds", Value::Seconds(half)));
    }
    let report = Report::new(severity, title, evidence).about(subject(&service.key)).suffered_by(bad.clients);
    report.held(bad.span.into_iter().collect())
}

impl Detector for DnsUnanswered {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "dns.unanswered",
            aspect: None,
            meaning: "Queries to this name server are not answered. Whoever asks waits for seconds before it asks again or elsewhere, and \
                      everything that begins with a name is slow or fails.",
            measured: "Queries without an answer until five seconds after their last repetition: surely more than {share} of at least {n} \
                       (lower end of the {sure} interval). The server is dead when none of at least {dead} queries was answered since it \
                       last answered anybody, for {time} and longer, to at least {clients} clients where it has several.",
            cause: "The server is down or overloaded, or packets are dropped on the way.",
            lookalikes: "A mirror that does not show its answers (dir.half, route.asym); clients that ask several servers at once and take \
                         the first answer: what the others leave unanswered is not counted.",
            remedy: "Ask the server by hand from another place. If it answers there, look for filters and loss on the way.",
            topic: None,
            figures: &[
                SURE,
                ("share", Tuned(&UNANSWERED_SHARE)),
                ("n", Tuned(&QUERIES)),
                ("dead", Tuned(&DEAD)),
                ("time", Tuned(&DEAD_SECONDS)),
                ("clients", Tuned(&DEAD_CLIENTS)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Undivided, Need::BothDirections, Need::Timely, Need::EverySide, Need::Complete, Need::Unsampled]
    }

    /// Of a server that answers a mirror that loses a part shows something.
    fn is_proved_without(&self, need: Need, finding: &Finding) -> bool {
        need == Need::Complete && finding.evidence.iter().any(|e| *e == ("answered", Value::Count(0)))
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        all_of(speaking(e, DNS).filter_map(|service| {
            let stands = standing.on(subject(&service.key));
            let since = service.since_success.requests;
            let clients = service.windows.iter().map(|w| w.clients).max().unwrap_or(0).min(DEAD_CLIENTS.number());
            let long = since.span.is_some_and(|s| e.network.now.seconds_since(s.first) >= DEAD_SECONDS.in_seconds());
            if since.count >= DEAD.number() && since.clients >= clients && (long || stands) {
                let silent = since;
                let before = if service.last_success.is_some() { ", which answered before," } else { "" };
                let title = format!(
                    "Name server {}{before} does not answer: {} of {} in vain",
                    service.key.address,
                    if silent.count == 1 { "1 query".into() } else { format!("{} queries", grouped(silent.count)) },
                    silent.who()
                );
                let severity = if service.last_success.is_some() || silent.clients >= 2 { Severity::Critical } else { Severity::Warning };
                let mut w = ServiceWindow { requests: silent.count, ..ServiceWindow::default() };
                w.troubles.iter_mut().skip(Trouble::Unanswered as usize).take(1).for_each(|unanswered| *unanswered = silent);
                return Some(report(service, &w, Trouble::Unanswered, severity, title));
            }
            if let Some(report) = was_dead(service, clients) {
                return Some(report);
            }
            let w = service.window(|w| w.requests >= QUERIES.number())?;
            let silent = w.trouble(Trouble::Unanswered);
            let share = wilson(silent.count, w.requests);
            if silent.count < BAD.number() || !exceeded(&share, UNANSWERED_SHARE.value(), UNANSWERED_SHARE.value() / 2.0, stands) {
                return None;
            }
            let title = format!(
                "Name server {} leaves {} queries unanswered; {}",
                service.key.address,
                of(silent.count, w.requests),
                waiting(&silent)
            );
            Some(report(service, w, Trouble::Unanswered, by_clients(silent.clients, share.low > FAILING_MOST.value()), title))
        }))
    }
}

/// A name server that was dead and answers again, unless it left queries unanswered since.
fn was_dead(service: &ServiceEvidence, clients: u64) -> Option<Report> {
    let past = service.since_success.past_requests?;
    let (span, silent) = (past.span()?, past.what);
    let lasted = span.last.since(span.first);
    let is_again = service.windows.iter().filter_map(|w| w.trouble(Trouble::Unanswered).span).any(|span| span.last > past.over);
    let is_enough = silent.count >= DEAD.number() && silent.clients >= clients && lasted >= (DEAD_SECONDS.in_seconds() * 1e9) as i64;
    if is_again || !is_enough {
        return None;
    }
    let title = format!(
        "Name server {} did not answer for {}: {} of {} in vain; it does again",
        service.key.address,
        duration(lasted as f64 / 1e9),
        if silent.count == 1 { "1 query".into() } else { format!("{} queries", grouped(silent.count)) },
        silent.who()
    );
    let severity = if silent.clients >= 2 { Severity::Critical } else { Severity::Warning };
    let mut w = ServiceWindow { requests: silent.count, ..ServiceWindow::default() };
    w.troubles.iter_mut().skip(Trouble::Unanswered as usize).take(1).for_each(|unanswered| *unanswered = silent);
    Some(report(service, &w, Trouble::Unanswered, severity, title).held(vec![span]).over(true))
}

impl Detector for DnsFailing {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "dns.failing",
            aspect: None,
            meaning: "This name server answers with errors (SERVFAIL, REFUSED, FORMERR, NOTIMP): names cannot be resolved.",
            measured: "Answers with such a code: surely more than {share} of at least {n}, or {most} of fewer, and at least {bad} (lower end of the {sure} \
                       interval), for names of at least {zones} zones, else a note unless nothing else was answered since; critical above {most}. That a name does not exist is no \
                       error, unless surely more than {missing} of the answers say so, and {times} times as many as usual.",
            cause: "The server cannot reach those it asks itself, a zone is broken or badly signed, or it does not serve these clients.",
            lookalikes: "One broken zone that one client asks for again and again.",
            remedy: "Look at its log, and whether it reaches the root and its forwarders.",
            topic: None,
            figures: &[
                SURE,
                ("share", Tuned(&FAILING_SHARE)),
                ("n", Tuned(&QUERIES)),
                ("bad", Tuned(&BAD)),
                ("most", Tuned(&FAILING_MOST)),
                ("zones", Count(FAILING_ZONES)),
                ("missing", Tuned(&MISSING)),
                ("times", Tuned(&MISSING_TIMES)),
            ],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        all_of(speaking(e, DNS).filter_map(|service| {
            let w = service.window(|w| are_enough(w, Trouble::Error, &QUERIES))?;
            let bad = w.trouble(Trouble::Error);
            let share = wilson(bad.count, w.answered);
            let stands = standing.on(subject(&service.key));
            if bad.count < BAD.number() || !exceeded(&share, FAILING_SHARE.value(), FAILING_SHARE.value() / 2.0, stands) {
                return missing_names(service, stands);
            }
            let is_most = share.low > FAILING_MOST.value();
            let is_all = service.since_success.last_good.zip(bad.span).is_none_or(|(good, span)| good < span.first);
            let severity = match bad.clients {
                // Whoever is asked for one zone alone, and answers nothing else any more, is no owner's trouble.
                2.. if w.failing_zones < FAILING_ZONES && is_most && is_all => Severity::Warning,
                _ if w.failing_zones < FAILING_ZONES => Severity::Note,
                ..=1 if !is_most => Severity::Note,
                clients => by_clients(clients, is_most),
            };
            let title = format!(
                "Name server {} answers {} queries with errors to {}: {}",
                service.key.address,
                of(bad.count, w.answered),
                bad.who(),
                codes(w, |_| true)
            );
            Some(report(service, w, Trouble::Error, severity, title))
        }))
    }
}

/// Nearly everything that is asked for does not exist, and that is new.
fn missing_names(service: &ServiceEvidence, stands: bool) -> Option<Report> {
    let usual = service.usual_missing?;
    let w = service.newest(|w| w.answered >= QUERIES.number())?;
    let missing = w.trouble(Trouble::NoSuchName);
    let share = wilson(missing.count, w.answered);
    let most = MISSING.value().max(MISSING_TIMES.value() * usual);
    if !exceeded(&share, most, most / 2.0, stands) {
        return None;
    }
    let title = format!(
        "Name server {} answers {} queries that there is no such name; usual are {}",
        service.key.address,
        of(missing.count, w.answered),
        percent(usual)
    );
    Some(report(service, w, Trouble::NoSuchName, Severity::Warning, title))
}

impl Detector for DnsSlow {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "dns.slow",
            aspect: None,
            meaning: "This name server answers slowly: everything that begins with a name waits for it.",
            measured: "Answers more than {slow} and the way to the server and back after the first query: surely more than {share} of at least {n} (lower end of the {sure} \
                       interval); or half of at least {n} of the last seconds took more than {times} times as long as usual and than {floor} and \
                       the way. What opens connections to the same host or to others elsewhere, whom a name server asks in its turn, shows how \
                       long the way is; where nothing does, answers from elsewhere that always take the same time. \
                       Critical when surely more than {most} take longer than {very} and the way, for then clients ask again.",
            cause: "It is overloaded, or those it asks itself answer slowly.",
            lookalikes: "One slow zone; a cold cache after a restart; a satellite link, on which everything takes as long.",
            remedy: "Look at its load and at the servers it forwards to.",
            topic: None,
            figures: &[
                SURE,
                ("slow", Tuned(&SLOW_REPLY)),
                ("share", Tuned(&SLOW_SHARE)),
                ("n", Tuned(&ANSWERS)),
                ("most", Tuned(&VERY_SLOW)),
                ("very", Tuned(&VERY_SLOW_REPLY)),
                ("times", Tuned(&USUAL_TIMES)),
                ("floor", Tuned(&SLOW_NAME_FLOOR)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Undivided, Need::BothDirections, Need::Timely, Need::Prompt, Need::SteadyClock]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        all_of(speaking(e, DNS).filter_map(|service| {
            let w = service.newest(|w| w.answered >= ANSWERS.number())?;
            let slow = w.trouble(Trouble::Slow);
            let share = wilson(slow.count, w.answered);
            let stands = standing.on(subject(&service.key));
            let way = service.path.unwrap_or(0.0);
            let is_beyond = |slow: i64| w.response.is_some_and(|r| r.p95 > slow as f64 / 1e9 + way);
            if slow.count < BAD.number()
                || !exceeded(&share, SLOW_SHARE.value(), SLOW_SHARE.value() / 2.0, stands)
                || !is_beyond(SLOW_REPLY.in_nanos())
            {
                return slower_names(service, w, stands);
            }
            let grave =
                wilson(w.trouble(Trouble::VerySlow).count, w.answered).low > VERY_SLOW.value() && is_beyond(VERY_SLOW_REPLY.in_nanos());
            let severity = if grave { Severity::Critical } else { Severity::Warning };
            let title = format!("Name server {} answers slowly: {}; {}", service.key.address, times(w), waiting(&slow));
            Some(report(service, w, Trouble::Slow, severity, title))
        }))
    }
}

/// Half of a name server's answers take far longer than usual.
fn slower_names(service: &ServiceEvidence, w: &ServiceWindow, stands: bool) -> Option<Report> {
    let (usual, median) = (service.usual_response?, w.response?.p50);
    let least = (USUAL_TIMES.number() as i64 as f64 * usual).max(SLOW_NAME_FLOOR.in_nanos() as f64 / 1e9 + service.path.unwrap_or(0.0));
    if median <= if stands { least / 2.0 } else { least } {
        return None;
    }
    let late = w.trouble(Trouble::SlowerThanUsual);
    let title = format!("Name server {} answers slowly: {}; usual are {}", service.key.address, times(w), duration(usual));
    Some(report(service, w, Trouble::SlowerThanUsual, Severity::Warning, title).suffered_by(late.clients))
}

impl Detector for ServerSlow {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "server.slow",
            aspect: None,
            meaning: "The service answers slowly, and the network does not: requests arrive and the first byte of the answer leaves late.",
            measured: "Requests whose answer began more than {very} later, or more than {times} times as late as usual and {floor} beyond the \
                       round trip, {servers} of that time the server's and not the network's: surely more than {share} of at least {n} (lower \
                       end of the {sure} interval), while the round trip to the server is less than half of the median; critical when at \
                       least {several} clients wait and the median is above {grave}. Where requests cannot be read (TLS, protocols without \
                       a dissector), turns tell them: from the last packet of what the client said to the first of what the server said, of \
                       TLS between records of application data alone. Of a protocol that is not known only what is slower than usual counts.\n\n\
                       A service hangs when it takes requests and answers none: at least {hanging} requests over TCP of {by} clients have waited \
                       for more than {wait}, and nothing that was asked later is answered, by a service that had answered at least {before}. \
                       Of TLS hellos tell; a service that never answered one fails (tls.failing). A host hangs when that is so at two of its \
                       services or more, for {by} clients together, and nothing else that is asked of it is answered. What ends stays listed with its time.",
            cause: "The server or what it depends on (database, storage, name server) is overloaded or waits.",
            lookalikes: "Requests that are meant to wait: event streams, uploads, jobs of a single client (a note). Answers by HTTP that begin {held} later or more count as long \
                         polls, which the server holds until there is something to tell: they are not judged, and where there are at least {holds} \
                         and {holding} of them, of others only what is slower than usual counts. So too where connections that nobody can read \
                         turn out to be talks of both sides (event streams, chats, terminals).",
            remedy: "Look at the server: load, locks, what it asks in its turn. If it asks another service seen here, look at that one's \
                     times first.",
            topic: None,
            figures: &[
                SURE,
                ("very", Tuned(&VERY_SLOW_REPLY)),
                ("share", Tuned(&SERVER_SLOW)),
                ("n", Tuned(&SERVER_ANSWERS)),
                ("several", Tuned(&SEVERAL)),
                ("grave", Tuned(&SERVER_CRITICAL)),
                ("held", Tuned(&LONG_POLL)),
                ("times", Tuned(&USUAL_TIMES)),
                ("floor", Tuned(&SLOW_FLOOR)),
                ("servers", Tuned(&SERVERS_SHARE)),
                ("holds", Tuned(&HELD)),
                ("holding", Tuned(&HELD_SHARE)),
                ("hanging", Tuned(&HANGING)),
                ("by", Tuned(&DEAD_CLIENTS)),
                ("before", Tuned(&ANSWERED_BEFORE)),
                ("wait", Tuned(&USERS_WAIT)),
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
            Need::EverySide,
            Need::Unsampled,
        ]
    }

    /// Answers that were seen were slow, whatever else was not seen.
    fn is_proved_without(&self, need: Need, finding: &Finding) -> bool {
        matches!(need, Need::EverySide | Need::Unsampled) && !finding.evidence.iter().any(|(name, _)| *name == WAITING)
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let services = e.network.services.iter().filter(|s| s.app_token != DNS).filter_map(|service| {
            if let Some(hangs) = hangs(service).or_else(|| hung(service)) {
                return Some(hangs);
            }
            let w = service.newest(|w| w.timed >= SERVER_ANSWERS.number())?;
            let stands = standing.on(subject(&service.key));
            let is_much = |kind: &Trouble| {
                let slow = w.trouble(*kind).count;
                slow >= BAD.number() && exceeded(&wilson(slow, w.timed), SERVER_SLOW.value(), SERVER_SLOW.value() / 2.0, stands)
            };
            let kind = *slow_kinds(service, w, e.network.now).iter().find(|kind| is_much(kind))?;
            let slow = w.trouble(kind);
            let median = w.response.map_or(0.0, |r| r.p50);
            // The round trip may have risen since connections were opened: then it is the network that is slow.
            let lately = w.trips.get(PathSide::Server as usize).and_then(|trips| trips.times.as_ref()).map(|times| times.p50);
            let network = service.network.into_iter().chain(lately).fold(0.0, f64::max);
            if network > median / 2.0 {
                return None;
            }
            // What one client asks for may take its time: a job.
            let is_job = slow.clients <= 1 && !slow.is_more && kind == Trouble::VerySlow && service.usual_response.is_none();
            let severity = if is_job { Severity::Note } else { by_clients(slow.clients, median > SERVER_CRITICAL.in_seconds()) };
            let way = service.network.map_or_else(String::new, |_| format!(", network {}", duration(network)));
            let usual = service.usual_response.filter(|usual| kind == Trouble::SlowerThanUsual || *usual < median / 2.0);
            let way = way + &usual.map_or_else(String::new, |usual| format!("; usual are {}", duration(usual)));
            let title = format!("{}: {}{way}", slowly(service, w), times(w));
            let mut report = report(service, w, kind, severity, title);
            if let Some(usual) = service.usual_response.filter(|_| kind == Trouble::SlowerThanUsual) {
                report = report.with(USUAL, Value::Seconds(usual));
            }
            Some(if w.turns.answered > 0 { report.with("turns", Value::Count(w.turns.answered)) } else { report })
        });
        all_of(hanging_hosts::reports(e).into_iter().chain(services))
    }

    fn withdraws(&self, e: &Evidence, finding: &Finding) -> bool {
        let is_of = |service: &&ServiceEvidence| subject(&service.key) == finding.subject;
        let is_against_usual = finding.evidence.iter().any(|(name, _)| *name == USUAL);
        !is_against_usual && e.network.services.iter().find(is_of).is_some_and(|service| may_be_meant(&service.waits))
    }
}

/// What says how many requests of a service that hangs have no answer.
pub(super) const WAITING: &str = "waiting";

/// A service that takes requests and answers none since it last answered anybody.
fn hangs(service: &ServiceEvidence) -> Option<Report> {
    let waiting = &service.since_success.requests;
    if !may_hang(service) || !are_several(waiting) {
        return None;
    }
    let (app, requests) = (service.app_token, plural(waiting.count, "request"));
    let title = format!("{app} at {} answers nothing any more: {requests} of {} wait", service.key, waiting.who());
    let evidence = vec![(WAITING, Value::Count(waiting.count)), ("clients", waiting.told())];
    let report = Report::new(by_clients(waiting.clients, true), title, evidence).about(subject(&service.key)).suffered_by(waiting.clients);
    Some(report.held(waiting.span.into_iter().collect()))
}

/// A service that took requests and answered none for a while, and answers again.
fn hung(service: &ServiceEvidence) -> Option<Report> {
    let past = service.since_success.past_requests.filter(|past| may_hang(service) && are_several(&past.what))?;
    let (span, waited) = (past.span()?, past.what);
    let lasted = duration(span.last.since(span.first) as f64 / 1e9);
    let (app, requests) = (service.app_token, plural(waited.count, "request"));
    let title = format!("{app} at {} answered nothing for {lasted}: {requests} of {} waited; it does again", service.key, waited.who());
    let evidence = vec![(WAITING, Value::Count(waited.count)), ("clients", waited.told())];
    let report = Report::new(by_clients(waited.clients, true), title, evidence).about(subject(&service.key));
    Some(report.suffered_by(waited.clients).held(vec![span]).over(true))
}

/// Whether requests of a service that wait tell that it hangs: it had answered, and nobody asks what is meant to wait.
pub(super) fn may_hang(service: &ServiceEvidence) -> bool {
    let is_told = PROMPT.contains(&service.app_token) && service.key.protocol == Proto::Tcp;
    is_told && service.waits.timed >= ANSWERED_BEFORE.number() && !may_be_meant(&service.waits)
}

/// Whether so many requests of so many clients are no chance.
pub(super) fn are_several(waiting: &Troubled) -> bool {
    waiting.count >= HANGING.number() && (waiting.clients >= DEAD_CLIENTS.number() || waiting.is_more)
}

/// Whether requests may be meant to wait: some were held for long, or connections of which nobody can read anything turn out to be talks of both
/// sides.
fn may_be_meant(waits: &MeantWaits) -> bool {
    let is_held = waits.held >= HELD.number() && waits.held as f64 >= HELD_SHARE.value() * waits.timed as f64;
    is_held || waits.talks > 0 && waits.talks * TURNS_OF_TALKS >= waits.turns
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

/// The codes of errors in words: `503 12 times`.
fn codes(w: &ServiceWindow, is_meant: impl Fn(u32) -> bool) -> String {
    let listed: Vec<String> =
        w.codes.iter().filter(|c| is_meant(c.code)).take(3).map(|c| format!("{} {}", c.text, plural(c.count, "time"))).collect();
    listed.join(", ")
}

impl Detector for HttpErrors {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "http.errors",
            aspect: None,
            meaning: "The web server answers requests with errors of its own (status codes of the five hundreds), or suddenly refuses many \
                      (four hundreds, but for what is not there and for credentials).",
            measured: "Answers of the five hundreds: surely more than {share} of at least {n}, or {most} of fewer, and at least {bad} (lower end of the {sure} \
                       interval); critical above {many} when at least {several} clients suffer. Refusals: surely more than {rejected} and \
                       {times} times as many as usual, or than {unusual} where that is not known.",
            cause: "The application behind it fails, is overloaded or cannot be reached by its proxy.",
            lookalikes: "One broken page that one client asks for again and again.",
            remedy: "Look at its error log at these times; behind a proxy at the server that it asks.",
            topic: None,
            figures: &[
                SURE,
                ("share", Tuned(&WEB_ERRORS_SHARE)),
                ("n", Tuned(&WEB_ANSWERS)),
                ("bad", Tuned(&BAD)),
                ("many", Tuned(&WEB_ERRORS_MANY)),
                ("several", Tuned(&SEVERAL)),
                ("rejected", Tuned(&REJECTED)),
                ("times", Tuned(&REJECTED_TIMES)),
                ("unusual", Tuned(&REJECTED_UNUSUAL)),
                ("most", Tuned(&FAILING_MOST)),
            ],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        all_of(speaking(e, HTTP).filter_map(|service| {
            let w = service.window(|w| are_enough(w, Trouble::Error, &WEB_ANSWERS))?;
            let bad = w.trouble(Trouble::Error);
            let share = wilson(bad.count, w.answered);
            let stands = standing.on(subject(&service.key));
            if bad.count < BAD.number() || !exceeded(&share, WEB_ERRORS_SHARE.value(), WEB_ERRORS_SHARE.value() / 2.0, stands) {
                return refusals(service, stands);
            }
            let severity = by_clients(bad.clients, share.low > WEB_ERRORS_MANY.value());
            let codes = codes(w, |code| code >= 500);
            let title = format!("Web server {} answers {} requests with errors: {codes}", service.key, of(bad.count, w.answered));
            Some(report(service, w, Trouble::Error, severity, title))
        }))
    }
}

/// A web server refuses more requests than it usually does.
fn refusals(service: &ServiceEvidence, stands: bool) -> Option<Report> {
    let w = service.newest(|w| w.answered >= WEB_ANSWERS.number())?;
    let refused = w.trouble(Trouble::Rejected);
    let most = service.usual_rejected.map_or(REJECTED_UNUSUAL.value(), |usual| REJECTED.value().max(REJECTED_TIMES.value() * usual));
    if refused.count < BAD.number() || !exceeded(&wilson(refused.count, w.answered), most, most / 2.0, stands) {
        return None;
    }
    let severity = if refused.clients <= 1 { Severity::Note } else { Severity::Warning };
    let usual = service.usual_rejected.map_or_else(String::new, |usual| format!("; usual are {}", percent(usual)));
    let codes = codes(w, |code| code < 500);
    let title =
        format!("Web server {} refuses {} requests to {}: {codes}{usual}", service.key, of(refused.count, w.answered), refused.who());
    Some(report(service, w, Trouble::Rejected, severity, title))
}

impl Detector for ServiceErrors {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "service.errors",
            aspect: None,
            meaning: "The service answers requests with errors.",
            measured: "Answers whose code is an error, negative answers that are normal left out: surely more than {share} of at least {n}, \
                       or {most} of fewer, and at least {bad} (lower end of the {sure} interval); critical above {most} when at least {several} clients suffer.",
            cause: "The service fails, lacks something it needs, or its clients ask for what they may not.",
            lookalikes: "One client that tries again and again.",
            remedy: "Look at its log at these times.",
            topic: None,
            figures: &[
                SURE,
                ("share", Tuned(&FAILING_SHARE)),
                ("n", Tuned(&QUERIES)),
                ("bad", Tuned(&BAD)),
                ("most", Tuned(&FAILING_MOST)),
                ("several", Tuned(&SEVERAL)),
            ],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        // Those that have a rule of their own are told of there.
        let others = e.network.services.iter().filter(|s| !matches!(s.app_token, "" | DNS | HTTP | TLS | NTP));
        all_of(others.filter_map(|service| {
            let w = service.window(|w| are_enough(w, Trouble::Error, &QUERIES))?;
            let bad = w.trouble(Trouble::Error);
            let share = wilson(bad.count, w.answered);
            if bad.count < BAD.number()
                || !exceeded(&share, FAILING_SHARE.value(), FAILING_SHARE.value() / 2.0, standing.on(subject(&service.key)))
            {
                return None;
            }
            let severity = if bad.clients <= 1 { Severity::Note } else { by_clients(bad.clients, share.low > FAILING_MOST.value()) };
            let title = format!(
                "{} at {} answers {} requests with errors to {}: {}",
                service.app_token,
                service.key,
                of(bad.count, w.answered),
                bad.who(),
                codes(w, |_| true)
            );
            Some(report(service, w, Trouble::Error, severity, title))
        }))
    }
}
