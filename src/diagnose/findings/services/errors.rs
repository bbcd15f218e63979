//! Requests that services without a rule of their own answer with errors.

use super::{BAD, DNS, FAILING_MOST, HTTP, NTP, QUERIES, TLS, by_clients, codes, fails, report};
use crate::diagnose::detector::{Detection, Detector, ExplainPage, StandingFindings};
use crate::diagnose::evidence::Evidence;
use crate::diagnose::figure::Figure::Tuned;
use crate::diagnose::findings::{SEVERAL, SURE, all_of, of, subject};
use crate::model::Severity;
use crate::model::evidence::{FAILING_SHARE, Trouble};

/// Another service answers with errors.
pub struct ServiceErrors;

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
            let (w, bad, share) = fails(service, (&QUERIES, &FAILING_SHARE), standing.on(subject(&service.key)))?;
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
