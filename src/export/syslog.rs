//! Findings for a system's log and for what collects security events: RFC 5424 over UDP, TCP (octet counting, RFC 6587) or a local socket,
//! as plain text or as CEF (ArcSight Common Event Format 25).

use super::finding_sender::{Delivery, FindingExporter, FindingSender};
use super::iso::rfc3339;
use super::net::{Endpoint, ReceiverLink};
use super::{
    ExportNeeds, ExportOption, ExportRecord, ExportValue, ExporterKind, ExporterOpening, FindingNews, Identity, OpenExporter,
    PreparedExporter,
};
use crate::error::Error;
use crate::model::text::printable;
use crate::model::{Severity, SubjectPart};
use std::sync::Arc;

/// The port of syslog.
const PORT: u16 = 514;
/// The facility local0.
const FACILITY: u8 = 16;
/// Bytes of a message that every receiver takes by UDP (RFC 5424 section 6.1: should be at least 2048).
const LONGEST: usize = 2_000;

/// The kind.
pub static KIND: ExporterKind = ExporterKind {
    token: "syslog",
    about: "findings as syslog messages (RFC 5424), plain or as CEF",
    target: "udp://HOST[:514], tcp://HOST[:514] or unix:/dev/log",
    hides_path: false,
    options: &[ExportOption { key: "format", takes: ExportValue::OneOf(&["text", "cef"]), about: "what a message looks like" }],
    takes: |record| matches!(record, ExportRecord::Findings(_)),
    prepare,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Cef,
}

fn prepare(opening: ExporterOpening<'_>) -> Result<PreparedExporter<'_>, Error> {
    let endpoint = Endpoint::parse(&opening.target.target, PORT).ok_or_else(|| opening.wrong(format!("a target is {}", KIND.target)))?;
    let form = if opening.option("format") == Some("cef") { Form::Cef } else { Form::Text };
    let needs = ExportNeeds { connects: endpoint.port().into_iter().collect(), ..ExportNeeds::default() };
    let link = ReceiverLink::new(endpoint, Arc::clone(opening.counters));
    let sender = Syslog { identity: Arc::clone(opening.identity), link, form };
    let exporter = FindingExporter::new(Arc::clone(opening.counters), sender);
    Ok(PreparedExporter::new(needs.clone(), move || Ok(OpenExporter { exporter: Box::new(exporter), needs })))
}

struct Syslog {
    identity: Arc<Identity>,
    link: ReceiverLink,
    form: Form,
}

impl FindingSender for Syslog {
    type Message = String;

    fn message(&mut self, news: &FindingNews) -> String {
        message(&self.identity, news, self.form)
    }

    fn send(&mut self, message: &String) -> Result<Delivery, String> {
        self.link.connect()?;
        let framed = if self.link.endpoint().is_stream() { format!("{} {message}", message.len()) } else { message.clone() };
        self.link.send(framed.as_bytes())?;
        Ok(Delivery::Sent)
    }

    fn hurry(&mut self) {
        self.link.hurry();
    }
}

/// The severity of RFC 5424 section 6.2.1.
fn level(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 2,
        Severity::Warning => 4,
        Severity::Note => 5,
    }
}

/// One behind the other, each with its end.
fn sentences(texts: &[String]) -> String {
    let ended = |text: &String| if text.ends_with(['.', '!', '?']) { text.clone() } else { format!("{text}.") };
    texts.iter().map(ended).collect::<Vec<_>>().join(" ")
}

fn message(identity: &Identity, news: &FindingNews, form: Form) -> String {
    let finding = &news.finding;
    let priority = FACILITY * 8 + level(finding.severity);
    let body = match form {
        Form::Cef => cef(identity, news),
        Form::Text => {
            let parts = [finding.title.as_str(), finding.cause.as_str(), finding.remedy.as_str()];
            let told: Vec<String> = parts.iter().filter(|part| !part.is_empty()).map(|part| printable(part).into_owned()).collect();
            format!(
                "{} {} {}: {} (site {}, session {})",
                news.state.token(),
                finding.id,
                printable(&finding.subject.to_string()),
                sentences(&told),
                printable(&identity.site),
                identity.session
            )
        }
    };
    let data = format!("[origin software=\"spantop\" swVersion=\"{}\"]", env!("CARGO_PKG_VERSION"));
    let text = format!("<{priority}>1 {} {} spantop - {} {data} {body}", rfc3339(finding.last), header(&identity.probe), finding.id);
    let end = (0..=text.len().min(LONGEST)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(..end).unwrap_or_default().to_owned()
}

/// A name in the header: printable ASCII without spaces.
fn header(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_ascii_graphic() { c } else { '_' }).take(255).collect();
    if name.is_empty() { "-".into() } else { name }
}

/// `CEF:0|vendor|product|version|id|name|severity|extension`; 0 to 10.
fn cef(identity: &Identity, news: &FindingNews) -> String {
    let finding = &news.finding;
    let severity = match finding.severity {
        Severity::Note => 3,
        Severity::Warning => 6,
        Severity::Critical => 9,
    };
    let field = |text: &str| printable(text).replace('\\', "\\\\").replace('|', "\\|");
    let value = |text: &str| printable(text).replace('\\', "\\\\").replace('=', "\\=");
    let mut extension = format!(
        "rt={} start={} dvchost={} act={} msg={} cs1Label=subject cs1={} cs2Label=site cs2={} cs3Label=session cs3={}",
        finding.last.0.div_euclid(1_000_000),
        finding.first.0.div_euclid(1_000_000),
        value(&identity.probe),
        news.state.token(),
        value(&sentences(&[&finding.cause, &finding.remedy].map(|text| text.to_string()))),
        value(&finding.subject.to_string()),
        value(&identity.site),
        value(&identity.session),
    );
    for (name, part) in finding.subject.parts() {
        match (name, part) {
            ("address" | "a" | "source", SubjectPart::Address(address)) => extension += &format!(" src={address}"),
            ("b" | "destination", SubjectPart::Address(address)) => extension += &format!(" dst={address}"),
            ("mac", SubjectPart::Address(address)) => extension += &format!(" smac={address}"),
            ("port" | "a_port", SubjectPart::Number(port)) => extension += &format!(" spt={port}"),
            ("b_port", SubjectPart::Number(port)) => extension += &format!(" dpt={port}"),
            ("protocol", SubjectPart::Word(word)) => extension += &format!(" proto={word}"),
            _ => {}
        }
    }
    format!("CEF:0|spantop|spantop|{}|{}|{}|{severity}|{extension}", env!("CARGO_PKG_VERSION"), finding.id, field(&finding.title))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::FindingState;
    use crate::model::{Address, Finding, Subject, Timestamp};

    fn news(title: &str) -> FindingNews {
        let subject = Subject::Host(Address::V4([10, 0, 0, 1].into()));
        let finding = Finding { subject, ..Finding::new("dns.slow", Severity::Warning, title, Timestamp(1_700_000_000_000_000_000)) };
        FindingNews { state: FindingState::Opened, finding: Arc::new(finding) }
    }

    #[test]
    fn what_packets_say_ends_no_message_and_no_field() {
        let identity = Identity::new("probe 1", "lab", Timestamp(5), 7);
        let text = message(&identity, &news("a\nb|c=d\\e"), Form::Text);
        assert!(text.starts_with("<132>1 2023-11-14T22:13:20.000000Z probe_1 spantop - dns.slow [origin "), "{text}");
        assert!(text.contains("opened dns.slow 10.0.0.1: a\\u{a}b|c=d\\e") && !text.contains('\n'), "{text}");
        let cef = message(&identity, &news("a|b\nc"), Form::Cef);
        assert!(cef.contains("|dns.slow|a\\|b\\\\u{a}c|6|rt=1700000000000 ") && cef.contains(" src=10.0.0.1"), "{cef}");
        assert!(cef.contains("dvchost=probe 1") && cef.contains("cs2=lab") && cef.contains("cs3=5-7"), "{cef}");
        assert!(message(&identity, &news(&"ä".repeat(3000)), Form::Text).len() <= LONGEST);
    }
}
