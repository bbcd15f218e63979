//! Whatever is found of a service stands in its row, and what failed in a row is of what stands beside it.

use spantop::model::evidence::Trouble;
use spantop::model::{Finding, Subject, Value};
use spantop::snapshot::{Service, Snapshot};

/// A number of a finding, by its name, and the number of the row that it is part of.
type Part = (&'static str, fn(&Service) -> u64);

/// Numbers of findings that are of a service. A row is of all the time, and has whoever scans besides.
const PARTS: [(&str, &[Part]); 9] = [
    (
        "tcp.no_answer",
        &[("attempts", |s| s.counts.attempts), ("unanswered", |s| s.trouble(Trouble::NoAnswer)), ("failed", Service::failed_connections)],
    ),
    (
        "tcp.refused",
        &[("attempts", |s| s.counts.attempts), ("refused", |s| s.trouble(Trouble::Refused)), ("failed", Service::failed_connections)],
    ),
    ("tcp.reset", &[("cut", |s| s.trouble(Trouble::Cut) + s.trouble(Trouble::IdleCut)), ("ended", |s| s.counts.ended)]),
    ("dns.unanswered", &[("requests", |s| s.counts.requests), ("bad", |s| s.trouble(Trouble::Unanswered))]),
    ("dns.failing", &[("answered", |s| s.counts.answered), ("bad", |s| s.trouble(Trouble::Error) + s.trouble(Trouble::NoSuchName))]),
    ("http.errors", &[("requests", |s| s.counts.requests), ("answered", |s| s.counts.answered), ("bad", Service::error_answers)]),
    (
        "service.errors",
        &[
            ("requests", |s| s.counts.requests),
            ("answered", |s| s.counts.answered),
            ("bad", |s| s.error_answers() + s.trouble(Trouble::Unanswered)),
        ],
    ),
    ("tls.failing", &[("failed", |s| s.trouble(Trouble::TlsFailed)), ("failed", Service::broken_connections)]),
    ("auth.failing", &[("answers", |s| s.counts.answered), ("refused", |s| s.trouble(Trouble::Denied))]),
];

/// Holds every row and every finding of a service to that.
pub(super) fn rows_agree_with_findings(s: &Snapshot) {
    s.stats.services.rows.iter().for_each(is_of_one_thing);
    let (network, rows) = (&s.diagnosis.network, &s.stats.services.rows);
    let sum = |of: fn(&Service) -> u64| rows.iter().map(of).sum::<u64>();
    // Where the mirror does not show whether hosts answer nothing is said of it.
    if let Some((failed, broken)) = network.failed.zip(network.broken) {
        assert_eq!(failed, sum(Service::failures), "{network:#?} {rows:#?}");
        assert_eq!((broken, network.waiting), (sum(Service::broken_connections), sum(|row| row.waiting)), "{network:#?} {rows:#?}");
    }
    for finding in &s.diagnosis.findings {
        let Subject::Service { address, port, protocol } = finding.subject else { continue };
        let is_its = |row: &&Service| (row.key.address, row.key.port, row.key.protocol) == (address, port, protocol);
        let parts = PARTS.iter().filter(|(id, _)| *id == finding.id).flat_map(|(_, parts)| *parts);
        for (name, number) in parts {
            let Some(found) = number_of(finding, name) else { continue };
            let row = s.stats.services.rows.iter().find(is_its).unwrap_or_else(|| panic!("no row: {finding:#?}"));
            assert!(found <= number(row), "{name} {found} is more than its row's {}: {finding:#?} {row:#?}", number(row));
        }
    }
}

/// What failed is of what it is counted beside.
fn is_of_one_thing(row: &Service) {
    let counts = &row.counts;
    assert!(row.failed_connections() <= counts.attempts, "{row:#?}");
    assert!(counts.established + row.failed_connections() <= counts.attempts, "{row:#?}");
    assert!(row.trouble(Trouble::Cut) <= counts.ended, "{row:#?}");
    assert!(row.failed_requests() <= counts.requests && counts.answered <= counts.requests, "{row:#?}");
    let unjudged = row.unjudged().iter().sum::<u64>();
    assert_eq!(row.failed_words().is_none(), row.failures() + row.broken_connections() + unjudged == 0, "{row:#?}");
}

fn number_of(finding: &Finding, name: &str) -> Option<u64> {
    finding.evidence.iter().find_map(|(key, value)| match value {
        Value::Count(n) | Value::AtLeast(n) if *key == name => Some(*n),
        _ => None,
    })
}
