//! Services, and what is thought of the network.

use crate::model::Quantiles;
use crate::model::evidence::Trouble;
use crate::snapshot::{Network, Service};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A service.
pub struct ServiceJson<'a>(pub &'a Service);

/// Times in seconds.
struct Times<'a>(&'a Quantiles);

impl Serialize for Times<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Quantiles { count, min, p50, p95, p99, max, .. } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("n", count)?;
        for (name, seconds) in [("min", min), ("p50", p50), ("p95", p95), ("p99", p99), ("max", max)] {
            map.serialize_entry(name, seconds)?;
        }
        map.end()
    }
}

impl Serialize for ServiceJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let s = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("address", &s.key.address)?;
        map.serialize_entry("port", &s.key.port)?;
        map.serialize_entry("protocol", s.key.protocol.token())?;
        if let Some(app) = s.app.or(s.guess) {
            map.serialize_entry("app", app)?;
            map.serialize_entry("app_by", if s.app.is_some() { "content" } else { "port" })?;
        }
        map.serialize_entry("clients", &s.counts.clients)?;
        if s.counts.is_more_clients {
            map.serialize_entry("clients_at_least", &true)?;
        }
        map.serialize_entry("connections", &s.counts.attempts)?;
        map.serialize_entry("established", &s.counts.established)?;
        map.serialize_entry("requests", &s.counts.requests)?;
        map.serialize_entry("failed_connections", &s.failed_connections())?;
        map.serialize_entry("broken_connections", &s.broken_connections())?;
        map.serialize_entry("failed_requests", &s.failed_requests())?;
        map.serialize_entry("errors", &s.errors())?;
        for (name, count) in TROUBLES {
            map.serialize_entry(name, &count(s))?;
        }
        map.serialize_entry("waiting", &s.judged_waiting())?;
        if !s.counts.codes.is_empty() {
            let codes: std::collections::BTreeMap<&str, u64> = s.counts.codes.iter().map(|c| (&*c.text, c.count)).collect();
            map.serialize_entry("error_codes", &codes)?;
        }
        for (name, times) in [("response", &s.response), ("network", &s.network), ("client_network", &s.client_network)] {
            map.serialize_entry(name, &times.as_ref().map(Times))?;
        }
        if let Some(by) = s.response_by {
            map.serialize_entry("response_by", by.token())?;
        }
        map.end()
    }
}

/// A count of a service, by its name here; none of what the mirror may not show.
type NamedCount = (&'static str, fn(&Service) -> Option<u64>);

/// What goes wrong.
const TROUBLES: [NamedCount; 14] = [
    ("refused", |s| s.judged(Trouble::Refused)),
    ("no_answer", |s| s.judged(Trouble::NoAnswer)),
    ("half_open", |s| s.judged(Trouble::HalfOpen)),
    ("cut", |s| s.judged(Trouble::Cut)),
    ("tls_failed", |s| s.judged(Trouble::TlsFailed)),
    ("hung", |s| s.judged(Trouble::Hung)),
    ("untaken", |s| s.judged(Trouble::Untaken)),
    ("late", |s| s.judged(Trouble::Late)),
    ("refused_first", |s| s.judged(Trouble::RefusedFirst)),
    ("unanswered", |s| s.judged(Trouble::Unanswered)),
    ("error_answers", |s| Some(s.error_answers())),
    ("denied", |s| s.judged(Trouble::Denied)),
    ("no_such_name", |s| s.judged(Trouble::NoSuchName)),
    ("unreachable", |s| s.judged(Trouble::Unreachable)),
];

/// The verdict on the network.
pub struct NetworkJson<'a>(pub &'a Network);

/// A finding that was not judged, and why.
struct NotJudged<'a>(&'a (&'static str, String));

impl Serialize for NotJudged<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", self.0.0)?;
        map.serialize_entry("reason", &self.0.1)?;
        map.end()
    }
}

impl Serialize for NetworkJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let n = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("verdict", n.verdict.token())?;
        map.serialize_entry("judged", &n.judged)?;
        map.serialize_entry("failed", &n.failed)?;
        map.serialize_entry("refused", &n.refused)?;
        map.serialize_entry("broken", &n.broken)?;
        map.serialize_entry("waiting", &n.waiting)?;
        map.serialize_entry("failing", &n.failing.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        map.serialize_entry("open", &n.open)?;
        map.serialize_entry("attempts_not_followed", &n.unfollowed)?;
        map.serialize_entry("services_beyond_cap", &n.beyond)?;
        map.serialize_entry("not_judged", &n.not_judged.iter().map(NotJudged).collect::<Vec<_>>())?;
        map.end()
    }
}
