//! Proxies: of what they are asked for, who fails or is slow.

use super::BAD;
use crate::diagnose::detector::Report;
use crate::diagnose::findings::of;
use crate::model::evidence::{ProxiedTarget, ProxyEvidence, Threshold};
use crate::model::units::plural;
use crate::model::{ServiceKey, Value};

/// Share of what fails at a proxy that must be of one host, for it to be that host.
pub(super) static ONE_TARGET: Threshold = Threshold::share(0.9);

/// The host that is to blame for what fails, or takes long, at a proxy: nearly all of it is its, and others were asked for.
pub(super) fn to_blame(target: Option<&ProxiedTarget>) -> Option<&ProxiedTarget> {
    let all = |t: &ProxiedTarget| t.bad.saturating_add(t.others_bad);
    target.filter(|t| t.bad >= BAD.number() && t.others_asked >= BAD.number() && t.bad as f64 >= ONE_TARGET.value() * all(t) as f64)
}

/// One host fails through a proxy; `report` makes the report of a title.
pub(super) fn failing(target: &ProxiedTarget, proxy: &ServiceKey, codes: &str, report: impl Fn(String) -> Report) -> Report {
    let requests = of(target.bad, target.asked);
    about(report(format!("{} fails through the proxy {proxy}: {requests} requests are answered with errors: {codes}", target.name)), target)
}

/// What one host does slowly.
pub(super) fn slowly(target: &ProxiedTarget, proxy: &ServiceKey) -> String {
    format!("{} answers slowly through the proxy {proxy}", target.name)
}

/// A report about one host behind a proxy, with what is known of the others.
pub(super) fn about(report: Report, target: &ProxiedTarget) -> Report {
    let &ProxiedTarget { name, asked, bad, others_asked, others_bad } = target;
    let besides = match others_bad {
        0 => format!("{} for other hosts through the same proxy fared well: it is not the proxy.", plural(others_asked, "request")),
        _ => format!("Of {} for other hosts through the same proxy {others_bad} fared as badly.", plural(others_asked, "request")),
    };
    report
        .because(format!("{name} fails, is slow, or cannot be reached from the proxy. {besides}"))
        .mend(format!("Look at {name}: whether it runs, and whether the proxy finds its name and reaches it."))
        .with("target", Value::Text(name.to_string()))
        .with("target_asked", Value::Count(asked))
        .with("target_bad", Value::Count(bad))
        .with("others_asked", Value::Count(others_asked))
        .with("others_bad", Value::Count(others_bad))
}

/// A report about a proxy at which whatever it is asked for fails.
pub(super) fn failing_itself(report: Report, proxy: &ProxyEvidence) -> Report {
    let cause = match (proxy.targets, &proxy.failing) {
        (1, Some(only)) => {
            format!("It is asked for {} alone: that host fails or cannot be reached from it, or it fails itself.", only.name)
        }
        _ => "It fails for several hosts alike: its own way out, its name service, or it is overloaded.".to_owned(),
    };
    let report = report.because(cause);
    report.mend("Look at the proxy: its log at these times, whether it resolves names, and whether it reaches what lies behind it.")
}
