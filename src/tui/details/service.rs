//! One service: how much it is used, how fast it answers, what goes wrong, who its clients are.
//!
//! ```text
//! ─ Service ──────────────────────────────────────────────
//!  listens   10.20.1.2:53 over UDP
//!  used      1,204 requests by 14 clients
//!  answers   half within 1.2 ms, 95 % within 910 ms
//! ─ Clients ──────────────┬─ Conversations ───────────────
//! ```

use super::talkers::Titles;
use super::{SubjectPage, gone, head, names, related, span_line, talkers, traffic_line, troubles};
use crate::model::evidence::Trouble;
use crate::model::units::{grouped, plural};
use crate::model::{Address, Proto, ServiceKey, Timestamp, Traffic};
use crate::snapshot::sweeps::MANY_PORTS;
use crate::snapshot::{Conversation, Filter, HostRow, Service, Snapshot};
use crate::tui::canvas::Canvas;
use crate::tui::label;
use crate::tui::panels::facts::Fact;
use crate::tui::screen::Screen;
use crate::tui::theme::Hue;
use crate::tui::view::{Kind, Scene, Topic};
use ratatui::layout::Rect;

pub(super) struct ServicePage;

/// The kind of conversations that a service has.
pub(super) fn kind(key: ServiceKey) -> Kind {
    match key.protocol {
        Proto::Udp => Kind::Udp,
        Proto::Sctp => Kind::Sctp,
        _ => Kind::Tcp,
    }
}

impl SubjectPage for ServicePage {
    fn covers(&self, topic: &Topic) -> bool {
        matches!(topic, Topic::Service(_))
    }

    fn crumb(&self, scene: &Scene, topic: &Topic) -> String {
        let Topic::Service(key) = topic else { return String::new() };
        label::endpoint(scene, kind(*key), key.address, key.port)
    }

    fn narrows(&self, topic: &Topic) -> Option<Filter> {
        let Topic::Service(key) = topic else { return None };
        Filter::host(key.address)
    }

    fn sides(&self, snapshot: &Snapshot, topic: &Topic) -> Option<(Traffic, Traffic)> {
        let Topic::Service(key) = topic else { return None };
        end(snapshot, *key).map(|row| (row.recent_tx, row.recent_rx))
    }
}

/// What is counted of its port.
fn end(snapshot: &Snapshot, key: ServiceKey) -> Option<&HostRow> {
    kind(key).endpoints(snapshot).rows.iter().find(|row| (row.address, row.port) == (key.address, key.port))
}

fn find<'a>(scene: &Scene<'a>) -> Option<&'a Service> {
    let Some(Topic::Service(key)) = scene.topic else { return None };
    scene.snapshot.stats.services.rows.iter().find(|service| service.key == *key)
}

fn conversations<'a>(scene: &Scene<'a>) -> Vec<(Topic, (Kind, &'a Conversation))> {
    let Some(Topic::Service(key)) = scene.topic else { return Vec::new() };
    let at = |address: Address, port: u16| (address, port) == (key.address, key.port);
    let mut rows = related(scene, &|c| at(c.a, c.a_port) || at(c.b, c.b_port));
    rows.retain(|(_, (of, _))| *of == kind(*key));
    rows
}

/// `30 connections and 50 requests by 2 clients`.
fn used(service: &Service) -> String {
    let counts = &service.counts;
    let attempts = (counts.attempts > 0).then(|| plural(counts.attempts, "connection"));
    let requests = (counts.requests > 0).then(|| plural(counts.requests, "request"));
    let uses: Vec<String> = [attempts, requests].into_iter().flatten().collect();
    let uses = if uses.is_empty() { "nothing asked".to_owned() } else { uses.join(" and ") };
    let more = if counts.is_more_clients { "at least " } else { "" };
    format!("{uses} by {more}{}", plural(counts.clients, "client"))
}

/// What went wrong how often, and with which codes.
fn failed(service: &Service) -> Vec<String> {
    let kinds = [
        (Trouble::Refused, "refused"),
        (Trouble::NoAnswer, "connections not answered"),
        (Trouble::HalfOpen, "never completed"),
        (Trouble::Cut, "cut by a reset"),
        (Trouble::Unanswered, "requests not answered"),
        (Trouble::Error, "answered by an error"),
        (Trouble::Rejected, "answered that the client is wrong"),
        (Trouble::Denied, "refused for their credentials"),
        (Trouble::Unreachable, "unreachable by ICMP"),
    ];
    let counted = kinds.map(|(trouble, words)| (service.trouble(trouble), words));
    let mut out: Vec<String> = counted.into_iter().filter(|(n, _)| *n > 0).map(|(n, words)| format!("{} {words}", grouped(n))).collect();
    let codes = service.counts.codes.iter().take(4).map(|code| format!("{} {}×", code.text, grouped(code.count)));
    let codes: Vec<String> = codes.collect();
    if !codes.is_empty() {
        out.push(format!("codes {}", codes.join(", ")));
    }
    out
}

/// The time that its numbers are of: where port after port was tried as long as that took.
fn when(scene: &Scene, service: &Service) -> String {
    let sweeps = || scene.snapshot.sweep_of(service.key).filter(|_| service.ports > 0);
    match (sweeps().map(|sweep| sweep.span.first).min(), sweeps().map(|sweep| sweep.span.last).max()) {
        (Some(first), Some(last)) => format!(" at {}, {}", ports(service.ports), span_line(scene, first, last)),
        _ if scene.whole() => String::new(),
        _ => " in the last minute".to_owned(),
    }
}

fn ports(number: u32) -> String {
    if number == MANY_PORTS { "many ports".to_owned() } else { plural(number.into(), "port") }
}

fn facts(scene: &Scene, service: &Service) -> Vec<Fact> {
    let key = service.key;
    let text = scene.style(Hue::Text);
    let listens = format!("{} over {}", label::endpoint(scene, kind(key), key.address, key.port), key.protocol.token().to_uppercase());
    let what = if service.ports > 0 { "tried" } else { "listens at" };
    let mut facts: Vec<Fact> = vec![(what.into(), listens, text)];
    facts.extend(names::fact(scene, key.address));
    let speaks = service.app.map(str::to_owned).or_else(|| service.guess.map(|guess| format!("{guess}? by its port")));
    if let Some(speaks) = speaks {
        let family = label::family(service.app.or(service.guess).unwrap_or_default());
        facts.push(("speaks".into(), speaks, scene.style(Hue::Family(family))));
    }
    facts.extend(troubles::findings(scene, &[(key.address, key.port)]));
    facts.push(("used".into(), format!("{}{}", used(service), when(scene, service)), text));
    facts.extend(troubles::speed(scene, service));
    match failed(service) {
        failed if failed.is_empty() => facts.push(("failed".into(), "nothing".into(), scene.style(Hue::Dim))),
        failed => facts.push(("failed".into(), failed.join(" · "), scene.style(Hue::Warn))),
    }
    if let Some(row) = end(scene.snapshot, key) {
        let active = Some(row.last.seconds_since(row.first));
        facts.push(("sends".into(), traffic_line(scene, row.recent_tx, row.tx, active), scene.style(Hue::Out)));
        facts.push(("receives".into(), traffic_line(scene, row.recent_rx, row.rx, active), scene.style(Hue::In)));
        if row.first != Timestamp::UNKNOWN {
            facts.push(("seen".into(), span_line(scene, row.first, row.last), text));
        }
    }
    facts
}

impl Screen for ServicePage {
    fn title(&self) -> &'static str {
        "Service"
    }

    fn looks_back(&self) -> bool {
        false
    }

    fn looks_back_exactly(&self) -> bool {
        true
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        conversations(scene).into_iter().map(|r| r.0).collect()
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let Some(service) = find(scene) else { return gone(canvas, area, scene) };
        let rows = conversations(scene);
        let rest = head(canvas, area, scene, ("Service", &facts(scene, service), Some(("sends", "receives"))), (rows.len(), false));
        if rest.height >= 3 {
            let (but, counted) = (Some(service.key.address), Some(service.counts.clients));
            talkers::draw(canvas, rest, scene, &rows, &Titles { talkers: "Clients", talks: "Conversations", but, counted });
        }
    }
}
