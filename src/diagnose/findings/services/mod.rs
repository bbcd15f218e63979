//! What services answer, and when: name servers, web servers and all others whose requests and answers are read.

mod errors;
mod hanging;
mod hanging_hosts;
mod names;
mod proxies;
mod slow;
mod web;

pub use errors::ServiceErrors;
pub use names::{DnsFailing, DnsSlow, DnsUnanswered};
pub use slow::ServerSlow;
pub use web::HttpErrors;

use super::{SEVERAL, exceeded, subject};
use crate::diagnose::detector::Report;
use crate::diagnose::evidence::Evidence;
use crate::model::evidence::{ServiceEvidence, ServiceWindow, Threshold, Trouble, Troubled};
use crate::model::units::plural;
use crate::model::{Estimate, Severity, Value, wilson};

/// The names of protocols that have findings of their own.
const DNS: &str = "dns";
const HTTP: &str = "http";
const TLS: &str = "tls";
const NTP: &str = "ntp";

/// Whether errors of an application are told of by a rule of its own; so too of one that is not known.
pub fn has_rule_of_its_own(token: &str) -> bool {
    matches!(token, "" | DNS | HTTP | TLS | NTP)
}

/// Share of queries without an answer: told of; how many queries there must be.
static QUERIES: Threshold = Threshold::count(20.0);

/// Share of errors among answers: told of, critical.
static FAILING_MOST: Threshold = Threshold::share(0.5);

/// Clients of which at least so many wait before a service that has several is dead or hangs.
static DEAD_CLIENTS: Threshold = Threshold::count(2.0);

/// Errors there must be at least.
static BAD: Threshold = Threshold::count(5.0);

/// The latest stretch in which so many answers are errors that the service fails: how many, of whom, and their share. `answers` is how many there
/// must be, `most` the share that is too much.
fn fails<'a>(
    service: &'a ServiceEvidence,
    (answers, most): (&Threshold, &Threshold),
    stands: bool,
) -> Option<(&'a ServiceWindow, Troubled, Estimate)> {
    let w = service.window(|w| are_enough(w, Trouble::Error, answers))?;
    let bad = w.trouble(Trouble::Error);
    let share = wilson(bad.count, w.answered);
    let is_much = bad.count >= BAD.number() && exceeded(&share, most.value(), most.value() / 2.0, stands);
    is_much.then_some((w, bad, share))
}

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
fn by_clients(clients: u64, is_grave: bool) -> Severity {
    if is_grave && clients >= SEVERAL.number() { Severity::Critical } else { Severity::Warning }
}

fn report(service: &ServiceEvidence, w: &ServiceWindow, trouble: Trouble, severity: Severity, title: String) -> Report {
    let bad = w.trouble(trouble);
    // What is slow is slow among answers that are timed, be they read or not.
    let is_slow = matches!(trouble, Trouble::Slow | Trouble::VerySlow | Trouble::SlowerThanUsual);
    let [requests, answered] = if is_slow && w.turns.answered > 0 { [w.timed; 2] } else { [w.requests, w.answered] };
    let share = wilson(bad.count, if trouble == Trouble::Unanswered { requests } else { answered });
    let mut evidence = vec![
        ("requests", Value::Count(requests)),
        ("answered", Value::Count(answered)),
        (if is_slow { "slow" } else { "bad" }, Value::Count(bad.count)),
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
    report.counted_within(w.seconds).held(bad.span.into_iter().collect())
}

/// The codes of errors in words: `503 12 times`.
fn codes(w: &ServiceWindow, is_meant: impl Fn(u32) -> bool) -> String {
    let listed: Vec<String> =
        w.codes.iter().filter(|c| is_meant(c.code)).take(3).map(|c| format!("{} {}", c.text, plural(c.count, "time"))).collect();
    listed.join(", ")
}
