//! Findings for whoever takes a POST of JSON: chat, tickets, alarms.

use super::finding_sender::{Delivery, FindingExporter, FindingSender};
use super::http::{HttpClient, ServerAddress};
use super::iso::rfc3339;
use super::net::BackOff;
use super::secret::secret;
use super::{
    ExportNeeds, ExportOption, ExportRecord, ExportValue, ExporterCounters, ExporterKind, ExporterOpening, FindingNews, Identity,
    OpenExporter, PreparedExporter,
};
use crate::error::Error;
use crate::model::clock;
use crate::settings::Secret;
use serde_json::{Value, json};
use std::sync::Arc;

/// The kind.
pub static KIND: ExporterKind = ExporterKind {
    token: "webhook",
    about: "findings as a POST of JSON each",
    target: "https://HOST/PATH",
    hides_path: true,
    options: &[
        ExportOption {
            key: "token-file",
            takes: ExportValue::Text,
            about: "file with a bearer token, which others may not read [default: $SPANTOP_WEBHOOK_TOKEN]",
        },
        ExportOption { key: "ca", takes: ExportValue::Text, about: "certificates (PEM) to trust instead of the system's" },
    ],
    takes: |record| matches!(record, ExportRecord::Findings(_)),
    prepare,
};

fn prepare(opening: ExporterOpening<'_>) -> Result<PreparedExporter<'_>, Error> {
    let address = ServerAddress::parse(&opening.target.target).ok_or_else(|| opening.wrong(format!("a target is {}", KIND.target)))?;
    let token = secret(opening.target, "token-file", "SPANTOP_WEBHOOK_TOKEN")?;
    let needs = ExportNeeds { connects: vec![address.port], ..ExportNeeds::default() };
    let sender = Webhook {
        identity: Arc::clone(opening.identity),
        counters: Arc::clone(opening.counters),
        http: HttpClient::new(&address, opening.option("ca")).map_err(|e| opening.wrong(e))?,
        url: address.url,
        token: token.map(|token| Secret::new(format!("Bearer {}", token.expose()))),
        // Beyond every number of an earlier start: what it opens again it does not count anew.
        told: clock::wall().0.unsigned_abs(),
        pauses: BackOff::default(),
    };
    let exporter = FindingExporter::new(Arc::clone(opening.counters), sender);
    Ok(PreparedExporter::new(needs.clone(), move || Ok(OpenExporter { exporter: Box::new(exporter), needs })))
}

struct Webhook {
    identity: Arc<Identity>,
    counters: Arc<ExporterCounters>,
    http: HttpClient,
    url: String,
    token: Option<Secret>,
    told: u64,
    pauses: BackOff,
}

impl FindingSender for Webhook {
    /// Each with its number.
    type Message = (u64, Value);

    fn message(&mut self, news: &FindingNews) -> (u64, Value) {
        self.told = self.told.wrapping_add(1);
        (self.told, body(&self.identity, news))
    }

    fn send(&mut self, (number, value): &(u64, Value)) -> Result<Delivery, String> {
        if !self.pauses.is_over() {
            return Ok(Delivery::Later);
        }
        // The same for each attempt: a receiver can tell one that comes again.
        let key = format!("{}-{}-{number}", self.identity.probe, self.identity.session);
        let key: String = key.chars().map(|c| if c.is_ascii_graphic() { c } else { '_' }).collect();
        let mut headers = vec![("Content-Type", "application/json"), ("Idempotency-Key", key.as_str())];
        if let Some(token) = &self.token {
            headers.push(("Authorization", token.expose()));
        }
        // The path of an address may be a secret of its own: it is not told.
        match self.http.post(&self.url, &headers, value.to_string().as_bytes()) {
            Ok(answer) if (200..300).contains(&answer.status) => {
                self.pauses.reset();
                Ok(Delivery::Sent)
            }
            Ok(answer) if matches!(answer.status, 400 | 404 | 405 | 410 | 413 | 415 | 422) => {
                Ok(Delivery::Refused(format!("refused with status {}", answer.status)))
            }
            other => {
                ExporterCounters::add(&self.counters.retries, 1);
                self.pauses.failed();
                Err(other.map_or_else(|e| e, |answer| format!("status {}", answer.status)))
            }
        }
    }

    fn hurry(&mut self) {
        self.pauses.reset();
    }
}

fn body(identity: &Identity, news: &FindingNews) -> Value {
    let f = &news.finding;
    let evidence: Vec<Value> = f.evidence.iter().map(|(name, value)| json!({ "name": name, "text": value.to_string() })).collect();
    json!({
        "probe": identity.probe, "site": identity.site, "session": identity.session,
        "state": news.state.token(), "id": f.id, "severity": f.severity.token(), "subject": f.subject, "title": f.title,
        "cause": f.cause, "remedy": f.remedy, "evidence": evidence, "first": rfc3339(f.first), "last": rfc3339(f.last),
        "text": format!("[{}] {} {}: {}", f.severity.token(), identity.probe, news.state.token(), f.title),
    })
}
