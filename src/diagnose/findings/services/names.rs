//! What name servers answer, and when.

use super::{BAD, DEAD_CLIENTS, DNS, FAILING_MOST, QUERIES, by_clients, codes, fails, report, speaking, waiting};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::{Count, Tuned};
use crate::diagnose::findings::{SURE, all_of, exceeded, of, slow_times, subject, times, unusual};
use crate::model::evidence::{
    FAILING_SHARE, FAILING_ZONES, KindCount, SLOW_NAME_FLOOR, SLOW_REPLY, SLOW_SHARE, ServiceEvidence, ServiceWindow, Threshold, Trouble,
    UNANSWERED_SHARE, USUAL_TIMES, VERY_SLOW_REPLY,
};
use crate::model::units::{duration, grouped, percent};
use crate::model::{Severity, wilson};

/// Queries of which none was answered, that make a dead name server, and for how long.
static DEAD: Threshold = Threshold::count(5.0);
static DEAD_SECONDS: Threshold = Threshold::seconds(10.0);

/// Share of answers that there is no such name, and how many times the usual one: told of.
static MISSING: Threshold = Threshold::share(0.7);
static MISSING_TIMES: Threshold = Threshold::count(3.0);

/// The same whatever is usual, and how many answers there must be.
static MISSING_NEARLY: Threshold = Threshold::share(0.9);
static MISSING_ANSWERS: Threshold = Threshold::count(500.0);

/// Share of slow answers of a name server: told of; of very slow ones: critical. How many answers there must be.
static VERY_SLOW: Threshold = Threshold::share(0.2);
static ANSWERS: Threshold = Threshold::count(50.0);

/// Slow answers that are enough where surely most are: more than a cold cache has to ask for.
static MOSTLY_SLOW: Threshold = Threshold::count(10.0);

/// A name server does not answer.
pub struct DnsUnanswered;

/// A name server answers with errors.
pub struct DnsFailing;

/// A name server is slow.
pub struct DnsSlow;

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
        &[
            Need::Undivided,
            Need::BothDirections,
            Need::Replies,
            Need::Begun,
            Need::Timely,
            Need::EverySide,
            Need::Complete,
            Need::Unsampled,
            Need::Abreast,
        ]
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
                *w.troubles.of_mut(Trouble::Unanswered) = silent;
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
    *w.troubles.of_mut(Trouble::Unanswered) = silent;
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
                       error, unless surely more than {missing} of the answers say so, and {times} times as many as usual; a note where more than {nearly} of \
                       at least {many} say so. Where all errors are for one kind of record (A, AAAA), of which most fail, and at least {bad} others are answered it is that kind.",
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
                ("nearly", Tuned(&MISSING_NEARLY)),
                ("many", Tuned(&MISSING_ANSWERS)),
            ],
        };
        &PAGE
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        all_of(speaking(e, DNS).filter_map(|service| {
            let stands = standing.on(subject(&service.key));
            let Some((w, bad, share)) = fails(service, (&QUERIES, &FAILING_SHARE), stands) else { return missing_names(service, stands) };
            let is_most = share.low > FAILING_MOST.value();
            let is_all = service.since_success.last_good.zip(bad.span).is_none_or(|(good, span)| good < span.first);
            let severity = match bad.clients {
                // Whoever is asked for one zone alone, and answers nothing else any more, is no owner's trouble.
                2.. if w.failing_zones < FAILING_ZONES && is_most && is_all => Severity::Warning,
                _ if w.failing_zones < FAILING_ZONES => Severity::Note,
                ..=1 if !is_most => Severity::Note,
                clients => by_clients(clients, is_most),
            };
            let kind = failing_kind(w);
            let title = format!(
                "Name server {} answers {} queries with errors to {}: {}{}",
                service.key.address,
                of(bad.count, w.answered),
                bad.who(),
                codes(w, |_| true),
                kind.map_or_else(String::new, |kind| format!(", all of them for {}", kind.name))
            );
            let report = report(service, w, Trouble::Error, severity, title);
            Some(match (kind, w.codes.first().and_then(|most| why(most.code))) {
                (Some(kind), _) => of_one_kind(report, kind.name),
                (None, Some((cause, remedy))) => report.because(cause).mend(remedy),
                (None, None) => report,
            })
        }))
    }
}

/// The kind of queries of which most fail, and that all errors are for, where others are answered.
fn failing_kind(w: &ServiceWindow) -> Option<KindCount> {
    let is_failing = |kind: &&KindCount| {
        let [errors, answered] = [kind.errors, kind.answered].map(u64::from);
        let is_all = errors == w.trouble(Trouble::Error).count && w.answered.saturating_sub(answered) >= BAD.number();
        is_all && wilson(errors, answered).low > FAILING_MOST.value()
    };
    w.kinds.iter().find(is_failing).copied()
}

fn of_one_kind(report: Report, kind: &str) -> Report {
    let report = report.because(format!(
        "Only queries for {kind} fail, all others are answered: the server, or what it asks in its turn, does not know this kind of record, or a \
         filter before it drops such queries."
    ));
    report.mend(format!(
        "Ask it for {kind} and for another kind of record (`dig {kind} …`), and those that it forwards to; look at filters of its."
    ))
}

/// Why a name server answers most with this code, where that says more than that it cannot find out, and what to do about it (RFC 1035 section 4.1.1).
fn why(code: u32) -> Option<(&'static str, &'static str)> {
    match code {
        1 => Some((
            "The server does not understand the questions (FORMERR): an old server, or a firewall before it, that knows no EDNS (RFC 6891), or one \
             that takes an option for an error.",
            "Ask once with and once without EDNS (`dig +noedns`); renew the server or the firewall that answers so.",
        )),
        4 => Some((
            "The server does not do what it is asked for (NOTIMP): a kind of question or an operation that it does not know.",
            "Look at what is asked for; a resolver that forwards such questions is to send them elsewhere.",
        )),
        5 => Some((
            "The server does not serve these clients or these names (REFUSED): it has no upstream for them, its access list leaves these clients out, \
             or it limits how much it answers.",
            "Look at its access lists and forwarders, and whether these clients are meant to ask it at all.",
        )),
        _ => None,
    }
}

/// Nearly everything that is asked for does not exist, and that is new or very much.
fn missing_names(service: &ServiceEvidence, stands: bool) -> Option<Report> {
    unusually_missing(service, stands).or_else(|| much_missing(service, stands))
}

/// It is more than usual.
fn unusually_missing(service: &ServiceEvidence, stands: bool) -> Option<Report> {
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
    Some(unusual(report(service, w, Trouble::NoSuchName, Severity::Warning, title), service.unusual_since.missing))
}

/// It is so much within a minute that it does the server and its clients no good, usual or not.
fn much_missing(service: &ServiceEvidence, stands: bool) -> Option<Report> {
    let w = service.window(|w| w.answered >= MISSING_ANSWERS.number())?;
    let missing = w.trouble(Trouble::NoSuchName);
    if !exceeded(&wilson(missing.count, w.answered), MISSING_NEARLY.value(), MISSING_NEARLY.value() / 2.0, stands) {
        return None;
    }
    let (count, who) = (of(missing.count, w.answered), missing.who());
    let title = format!("Name server {} answers {count} queries of {who} that there is no such name", service.key.address);
    let report = report(service, w, Trouble::NoSuchName, Severity::Note, title);
    Some(
        report
            .because("Clients complete each name with one search domain after the other, or a program asks for names that are gone; block lists that are asked as names answer so as well.")
            .mend("Look at what is asked for: shorten the list of search domains, write names with a dot at their end, or mend the program that asks."),
    )
}

impl Detector for DnsSlow {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "dns.slow",
            aspect: None,
            meaning: "This name server answers slowly: everything that begins with a name waits for it.",
            measured: "Answers more than {slow} and the way to the server and back after the first query: surely more than {share} of at least {n} (lower end of the {sure} \
                       interval), or {few} and more that surely are most of fewer; or half of at least {n} of the last seconds took more than {times} times as long as usual and than {floor} and \
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
                ("few", Tuned(&MOSTLY_SLOW)),
                ("most", Tuned(&VERY_SLOW)),
                ("very", Tuned(&VERY_SLOW_REPLY)),
                ("times", Tuned(&USUAL_TIMES)),
                ("floor", Tuned(&SLOW_NAME_FLOOR)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Undivided, Need::BothDirections, Need::Timely, Need::Prompt, Need::SteadyClock, Need::TimedClock]
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        all_of(speaking(e, DNS).filter_map(|service| {
            let is_mostly = |w: &ServiceWindow| {
                let slow = w.trouble(Trouble::Slow).count;
                slow >= MOSTLY_SLOW.number() && wilson(slow, w.answered).low > FAILING_MOST.value()
            };
            let w = service.newest(|w| w.answered >= ANSWERS.number() || is_mostly(w))?;
            let slow = w.trouble(Trouble::Slow);
            let share = wilson(slow.count, w.answered);
            let stands = standing.on(subject(&service.key));
            let way = service.path.unwrap_or(0.0);
            let is_beyond = |slow: i64| w.response.is_some_and(|r| r.p95 > slow as f64 / 1e9 + way);
            if slow.count < BAD.number()
                || !exceeded(&share, SLOW_SHARE.value(), SLOW_SHARE.value() / 2.0, stands)
                || !is_beyond(SLOW_REPLY.in_nanos())
            {
                return slower_names(service, w, stands).filter(|_| w.answered >= ANSWERS.number());
            }
            let grave =
                wilson(w.trouble(Trouble::VerySlow).count, w.answered).low > VERY_SLOW.value() && is_beyond(VERY_SLOW_REPLY.in_nanos());
            let severity = if grave { Severity::Critical } else { Severity::Warning };
            let title = format!(
                "Name server {} answers slowly: {}; {}",
                service.key.address,
                slow_times(w, (slow.count, w.answered), SLOW_REPLY.in_nanos() as f64 / 1e9 + way),
                waiting(&slow)
            );
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
    let report = report(service, w, Trouble::SlowerThanUsual, Severity::Warning, title).suffered_by(late.clients);
    Some(unusual(report, service.unusual_since.response))
}
