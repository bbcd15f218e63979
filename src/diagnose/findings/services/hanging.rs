//! Services that take requests and answer none.

use super::{DEAD_CLIENTS, by_clients};
use crate::diagnose::detector::Report;
use crate::diagnose::findings::subject;
use crate::model::evidence::{MeantWaits, ServiceEvidence, Threshold, Troubled};
use crate::model::units::{duration, plural};
use crate::model::{Proto, Value};

/// Requests that were held for long, and their share, from which on others may be meant to wait as well: what ended their waiting sooner.
pub(super) static HELD: Threshold = Threshold::count(2.0);
pub(super) static HELD_SHARE: Threshold = Threshold::share(0.02);

/// The same share where requests are read, of which nothing that was sent is held: what is overloaded has a few answers that take as long.
pub(super) static HELD_READ: Threshold = Threshold::share(0.2);

/// Requests over TCP that wait, and answers known before, before a service hangs.
pub(super) static HANGING: Threshold = Threshold::count(3.0);
pub(super) static ANSWERED_BEFORE: Threshold = Threshold::count(5.0);

/// Turns that a connection showed before it turned out to be a talk, so that others may be talks as well.
const TURNS_OF_TALKS: u64 = 4;

/// What says how many requests of a service that hangs have no answer.
pub(super) const WAITING: &str = "waiting";

/// A service that takes requests and answers none since it last answered anybody.
pub(super) fn hangs(service: &ServiceEvidence) -> Option<Report> {
    let waiting = &service.since_success.requests;
    if !may_hang(service) || !are_several(waiting) {
        return None;
    }
    let (app, requests) = (service.app_token, plural(waiting.count, "request"));
    let title = format!("{app} at {} answers nothing any more: {requests} of {} wait", service.key, waiting.who());
    let evidence = vec![(WAITING, Value::Count(waiting.count)), ("clients", waiting.told())];
    let report = Report::new(by_clients(waiting.clients, true), title, evidence).about(subject(&service.key)).suffered_by(waiting.clients);
    // Who waits says nothing meanwhile.
    Some(report.held(waiting.span.into_iter().collect()).lasting())
}

/// A service that took requests and answered none for a while, and answers again.
pub(super) fn hung(service: &ServiceEvidence) -> Option<Report> {
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
    let is_told = service.manners.is_prompt && service.key.protocol == Proto::Tcp;
    is_told && service.waits.timed >= ANSWERED_BEFORE.number() && !may_be_meant(&service.waits)
}

/// Whether so many requests of so many clients are no chance.
pub(super) fn are_several(waiting: &Troubled) -> bool {
    waiting.count >= HANGING.number() && (waiting.clients >= DEAD_CLIENTS.number() || waiting.is_more)
}

/// Whether requests may be meant to wait: some were held for long, or connections of which nobody can read anything turn out to be talks of both
/// sides.
pub(super) fn may_be_meant(waits: &MeantWaits) -> bool {
    let least = if waits.turns > 0 { HELD_SHARE.value() } else { HELD_READ.value() };
    let is_held = waits.held >= HELD.number() && waits.held as f64 >= least * waits.timed as f64;
    is_held || waits.talks > 0 && waits.talks * TURNS_OF_TALKS >= waits.turns
}
