//! Requests that web servers answer with errors, or refuse.

use super::proxies::{self, ONE_TARGET};
use super::{BAD, FAILING_MOST, HTTP, by_clients, codes, fails, report, speaking};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, Need, Report, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::Tuned;
use crate::diagnose::findings::{SEVERAL, SURE, all_of, exceeded, of, subject, unusual};
use crate::model::evidence::{ServiceEvidence, Threshold, Trouble, WEB_ERRORS_SHARE};
use crate::model::units::percent;
use crate::model::{Finding, Severity, wilson};

/// Share of errors among a web server's answers: told of, critical; how many answers there must be.
static WEB_ERRORS_MANY: Threshold = Threshold::share(0.1);
static WEB_ANSWERS: Threshold = Threshold::count(50.0);

/// Share of requests that a web server refuses, and how many times the usual one: told of; where nothing is known of what is usual.
static REJECTED: Threshold = Threshold::share(0.2);
static REJECTED_TIMES: Threshold = Threshold::count(3.0);
static REJECTED_UNUSUAL: Threshold = Threshold::share(0.5);

/// A web server answers with errors.
pub struct HttpErrors;

impl Detector for HttpErrors {
    fn page(&self) -> &'static ExplainPage {
        static PAGE: ExplainPage = ExplainPage {
            id: "http.errors",
            aspect: None,
            meaning: "The web server answers requests with errors of its own (status 5xx), or suddenly refuses many (4xx, but for 401 \
                      and 407, which ask for credentials, 404 and 410, what is not there, and 412 and 416, conditions that do not hold).",
            measured: "Answers with 5xx: surely more than {share} of at least {n}, or {most} of fewer, and at least {bad} (lower end of the {sure} \
                       interval); critical above {many} when at least {several} clients suffer. Where {target} of them are of one host that a \
                       proxy is asked for, it is that host, and a warning at most. 4xx: surely more than {rejected} and \
                       {times} times as many as usual, or than {unusual} where that is not known.",
            cause: "The application behind it fails, is overloaded or cannot be reached by its proxy.",
            lookalikes: "One broken page that one client asks for again and again; a proxy that is asked for one host which fails: then that host is \
                         named.",
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
                ("target", Tuned(&ONE_TARGET)),
            ],
        };
        &PAGE
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Legible]
    }

    /// Codes that were read were sent.
    fn is_proved_without(&self, _: Need, _: &Finding) -> bool {
        true
    }

    fn judge(&self, e: &Evidence, standing: StandingFindings<'_>) -> Detection {
        all_of(speaking(e, HTTP).filter_map(|service| {
            let stands = standing.on(subject(&service.key));
            let Some((w, bad, share)) = fails(service, (&WEB_ANSWERS, &WEB_ERRORS_SHARE), stands) else { return refusals(service, stands) };
            let severity = by_clients(bad.clients, share.low > WEB_ERRORS_MANY.value());
            let codes = codes(w, |code| code >= 500);
            let told = |severity, title| report(service, w, Trouble::Error, severity, title);
            if let Some(target) = proxies::to_blame(service.proxy.failing.as_ref()) {
                return Some(proxies::failing(target, &service.key, &codes, |title| told(severity.min(Severity::Warning), title)));
            }
            let what = if service.proxy.targets > 0 { "Proxy" } else { "Web server" };
            let title = format!("{what} {} answers {} requests with errors: {codes}", service.key, of(bad.count, w.answered));
            Some(if service.proxy.targets > 0 {
                proxies::failing_itself(told(severity, title), &service.proxy)
            } else {
                told(severity, title)
            })
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
    Some(unusual(report(service, w, Trouble::Rejected, severity, title), service.unusual_since.rejected))
}
