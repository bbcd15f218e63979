//! Requests that services without a rule of their own answer with errors.

use super::{BAD, FAILING_MOST, QUERIES, by_clients, codes, fails, has_rule_of_its_own, report};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::Tuned;
use crate::diagnose::findings::{SEVERAL, SURE, all_of, of, subject};
use crate::model::evidence::{FAILING_SHARE, KindCount, ServiceEvidence, ServiceWindow, Threshold, Trouble};
use crate::model::{Finding, Proto, Severity, Value, wilson};

/// For how long a service must answer nothing.
static SILENT_SECONDS: Threshold = Threshold::seconds(10.0);

/// What says how many were not answered.
const UNANSWERED: &str = "unanswered";

/// Another service answers with errors.
pub struct ServiceErrors;

/// A service that answers nothing of what it owes an answer to, or did so and answers again; or nothing of one kind of requests. Where its host says
/// that nothing listens at the port that is told of by itself.
fn silent(service: &ServiceEvidence, stands: bool) -> Option<Report> {
    let is_owed = service.manners.owes && service.key.protocol == Proto::Udp;
    let is_silent = |w: &ServiceWindow| are_enough_unanswered(w) || silent_kind(w).is_some();
    let w = service.window(|w| is_owed && is_silent(w) && !is_closed(w) && !is_of_strangers(w))?;
    let bad = w.trouble(Trouble::Unanswered);
    let span = bad.span?;
    let lasts = span.last.seconds_since(span.first) >= SILENT_SECONDS.in_seconds();
    if !(lasts || stands) {
        return None;
    }
    let kind = silent_kind(w).filter(|_| !are_enough_unanswered(w));
    let (was_there, is_again) = (service.did_before(span.first), service.does_since(span.last) && kind.is_none());
    let severity = match bad.clients <= 1 && !bad.is_more && !was_there {
        true => Severity::Note,
        false => by_clients(bad.clients, kind.is_some() || wilson(bad.count, w.requests).low > FAILING_MOST.value()),
    };
    // What answers other requests is there all the while.
    let before = if was_there && kind.is_none() { ", which answered before," } else { "" };
    let (leaves, again) = if is_again { ("left", "; it answers since") } else { ("leaves", "") };
    let requests = match kind {
        Some(kind) => format!("{} {}", of(kind.unanswered.into(), asked(&kind)), kind.name),
        None => of(bad.count, w.requests),
    };
    let title = format!("{} at {}{before} {leaves} {requests} requests of {} unanswered{again}", service.app_token, service.key, bad.who());
    let report = report(service, w, Trouble::Unanswered, severity, title).with(UNANSWERED, Value::Count(bad.count)).over(is_again);
    Some(match service.app_token {
        "snmp" | "radius" => report
            .because("It takes the requests for those of a stranger, and drops them without a word: a wrong community or secret, or a client it does not know; or nothing listens there.")
            .mend("Compare community or secret and the list of clients on both sides; then look whether the service runs."),
        _ => report,
    })
}

/// Requests of a kind.
fn asked(kind: &KindCount) -> u64 {
    u64::from(kind.answered) + u64::from(kind.unanswered)
}

/// The kind of requests of which surely most were not answered.
fn silent_kind(w: &ServiceWindow) -> Option<KindCount> {
    let is_silent = |kind: &&KindCount| {
        let bad = u64::from(kind.unanswered);
        bad >= BAD.number() && wilson(bad, asked(kind)).low > FAILING_MOST.value()
    };
    w.kinds.iter().filter(is_silent).max_by_key(|kind| kind.unanswered).copied()
}

/// Whether what has no answer is of clients outside that never got any while others do: who drops what scanners ask for serves all the same.
fn is_of_strangers(w: &ServiceWindow) -> bool {
    w.trouble(Trouble::Unanswered).count.saturating_sub(w.shunned) < BAD.number() && w.shunned > 0
}

/// Whether its host, or a router, says by ICMP of most requests that they cannot be delivered.
fn is_closed(w: &ServiceWindow) -> bool {
    let [errors, unanswered] = [Trouble::Unreachable, Trouble::Unanswered].map(|trouble| w.trouble(trouble).count);
    errors * 2 > unanswered
}

/// Whether surely most requests of a stretch were not answered.
fn are_enough_unanswered(w: &ServiceWindow) -> bool {
    let bad = w.trouble(Trouble::Unanswered).count;
    bad >= BAD.number() && wilson(bad, w.requests).low > FAILING_MOST.value()
}

impl Detector for ServiceErrors {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "service.errors",
            aspect: None,
            meaning: "The service answers requests with errors, or, where it is one that owes an answer to each, not at all.",
            measured: "Answers whose code is an error, negative answers that are normal left out: surely more than {share} of at least {n}, \
                       or {most} of fewer, and at least {bad} (lower end of the {sure} interval); critical above {most} when at least {several} clients suffer. \
                       Requests by SNMP, RADIUS, Kerberos and SIP without an answer: surely more than {most}, and at least {bad}, over at least \
                       {time}; a note with one client where it has never answered. Of SIP so too where it is so of calls (INVITE) or of those who \
                       want to be reached (REGISTER), whatever else is answered; not where all of it is of clients outside that never got an answer, \
                       while others do.",
            cause: "The service fails, lacks something it needs, or its clients ask for what they may not.",
            lookalikes: "One client that tries again and again, or looks for what is not there.",
            remedy: "Look at its log at these times.",
            topic: None,
            figures: &[
                SURE,
                ("share", Tuned(&FAILING_SHARE)),
                ("n", Tuned(&QUERIES)),
                ("bad", Tuned(&BAD)),
                ("most", Tuned(&FAILING_MOST)),
                ("several", Tuned(&SEVERAL)),
                ("time", Tuned(&SILENT_SECONDS)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[
            Need::Undivided,
            Need::BothDirections,
            Need::Replies,
            Need::Timely,
            Need::EverySide,
            Need::Complete,
            Need::Unsampled,
            Need::Abreast,
            Need::Legible,
        ]
    }

    /// What is answered by errors needs nothing but the answers, and that nothing is answered no code of any.
    fn is_proved_without(&self, need: Need, finding: &Finding) -> bool {
        need == Need::Legible || !finding.evidence.iter().any(|(name, _)| *name == UNANSWERED)
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        let others = e.network.services.iter().filter(|s| !has_rule_of_its_own(s.app_token));
        all_of(others.filter_map(|service| {
            let stands = standing.on(subject(&service.key));
            let Some((w, bad, share)) = fails(service, (&QUERIES, &FAILING_SHARE), stands) else { return silent(service, stands) };
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
