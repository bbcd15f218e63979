//! Services: what listens where, who uses it, how fast it answers, what goes wrong.

use crate::model::evidence::Trouble;
use crate::model::path::Layer;
use crate::model::{AppBy, ResponseBy};
use crate::snapshot::Service;
use crate::snapshot::table::{Field, FieldKind, FieldValue, Room, TableSpec, Tint, sheet};
use std::cmp::Ordering;

/// A row a service: those used most first.
pub static SERVICES: TableSpec<Service> = TableSpec {
    sheets: &[sheet("Services", |s| (&s.stats.services).into())],
    fields: &[
        Field::address("address", "Address", |s: &Service| s.key.address).machine(),
        Field::port("port", "Port", |s: &Service| s.key.port.into()).machine(),
        Field::word("protocol", "Over", |s: &Service| Some(s.key.protocol.token())).paper(1, Room::Fixed).screen(1, "over", 3).wide(4, 4),
        Field::new("service", "Service", FieldKind::End, |s: &Service| FieldValue::End(s.key.address, s.key.port))
            .people()
            .paper(0, Room::Cut)
            .screen(0, "service", 0)
            .wide(16, 44)
            .searched(true),
        Field::new("app", "App", FieldKind::App, app).paper(2, Room::Fixed).screen(2, "app", 1).wide(8, 18).searched(true),
        Field::word("app_by", "App known by", |s: &Service| app_by(s).map(AppBy::token)).machine().one_of(&AppBy::TOKENS),
        Field::new("clients", "Clients", FieldKind::Count, clients).paper(3, Room::Fixed).screen(3, "clients", 2).wide(7, 7),
        Field::count("attempts", "Connections", |s: &Service| s.counts.attempts)
            .paper(4, Room::Dropped(3))
            .screen(4, "connects", 7)
            .wide(8, 8),
        Field::new("failed_connections", "Conn. failed", FieldKind::Count, |s: &Service| seen(s.failed_connections(), s.unjudged()[0]))
            .paper(4, Room::Fixed)
            .screen(4, "conn fail", 2)
            .wide(9, 9)
            .tint(Tint::Warn),
        Field::new("broken_connections", "Conn. broken", FieldKind::Count, |s: &Service| seen(s.broken_connections(), s.unjudged()[1]))
            .paper(4, Room::Dropped(4))
            .screen(4, "conn broke", 8)
            .wide(10, 10)
            .tint(Tint::Warn),
        Field::new("requests", "Requests", FieldKind::Count, |s: &Service| FieldValue::count(read(s, s.counts.requests)))
            .paper(5, Room::Fixed)
            .screen(5, "requests", 5)
            .wide(8, 8),
        Field::new("failed_requests", "Req. failed", FieldKind::Count, failed_requests)
            .paper(6, Room::Fixed)
            .screen(6, "req fail", 2)
            .wide(8, 8)
            .tint(Tint::Warn),
        Field::count("errors", "Went wrong", Service::errors).machine(),
        Field::new("response_p50", "Median", FieldKind::Span, |s: &Service| span(s.response.map(|q| q.p50)))
            .paper(7, Room::Fixed)
            .optional()
            .screen(7, "median", 3),
        Field::new("response_p95", "95 %", FieldKind::Span, |s: &Service| span(s.response.map(|q| q.p95)))
            .paper(8, Room::Fixed)
            .optional()
            .screen(8, "95 %", 2),
        Field::new("response_p99", "99 %", FieldKind::Span, |s: &Service| span(s.response.map(|q| q.p99)))
            .paper(9, Room::Dropped(2))
            .optional()
            .screen(9, "99 %", 9),
        Field::word("response_by", "By", |s: &Service| s.response_by.map(ResponseBy::token))
            .one_of(&ResponseBy::TOKENS)
            .no_paper()
            .no_screen(),
        Field::new("network_p50", "Network", FieldKind::Span, |s: &Service| span(s.network.map(|q| q.p50)))
            .paper(10, Room::Dropped(1))
            .optional()
            .screen(10, "to server", 3)
            .wide(9, 9),
        Field::new("client_network_p50", "To client", FieldKind::Span, |s: &Service| span(s.client_network.map(|q| q.p50)))
            .no_paper()
            .screen(11, "to client", 8)
            .wide(9, 9),
        trouble("refused", "refused", |s| judged(s, Trouble::Refused)),
        trouble("no_answer", "no answer", |s| judged(s, Trouble::NoAnswer)),
        trouble("half_open", "half-open", |s| judged(s, Trouble::HalfOpen)),
        trouble("cut", "cut", |s| judged(s, Trouble::Cut)),
        trouble("tls_failed", "TLS failed", |s| judged(s, Trouble::TlsFailed)),
        trouble("unanswered", "unanswered", |s| judged(s, Trouble::Unanswered)),
        trouble("waiting", "waiting", |s| FieldValue::count(s.judged_waiting())),
        trouble("error_answers", "errors", |s| FieldValue::Count(s.error_answers())),
        trouble("denied", "denied", |s| judged(s, Trouble::Denied)),
        trouble("no_such_name", "no name", |s| judged(s, Trouble::NoSuchName)),
    ],
    weight: Service::uses,
    in_json: false,
    ..TableSpec::new("services", "service", "", by_use)
};

const fn trouble(token: &'static str, title: &'static str, get: fn(&Service) -> FieldValue<'_>) -> Field<Service> {
    Field::new(token, title, FieldKind::Count, get).no_paper().screen(20, title, 12).wide(6, 10)
}

/// How often something went wrong; nothing where the mirror may not show it.
fn judged(s: &Service, trouble: Trouble) -> FieldValue<'_> {
    FieldValue::count(s.judged(trouble))
}

/// What was seen to fail, where so much more may have.
fn seen(failed: u64, unjudged: u64) -> FieldValue<'static> {
    match (failed, unjudged) {
        (n, 0) => FieldValue::Count(n),
        (0, _) => FieldValue::None,
        (n, _) => FieldValue::AtLeast(n),
    }
}

fn failed_requests(s: &Service) -> FieldValue<'_> {
    read(s, s.failed_requests()).map_or(FieldValue::None, |failed| seen(failed, s.unjudged()[2]))
}

/// A count of requests, where they are read.
fn read(s: &Service, count: u64) -> Option<u64> {
    (s.reads_requests || count > 0).then_some(count)
}

fn clients(s: &Service) -> FieldValue<'static> {
    // There is nobody without clients: who they are was not told apart.
    if s.counts.clients == 0 {
        return FieldValue::None;
    }
    if s.counts.is_more_clients { FieldValue::AtLeast(s.counts.clients) } else { FieldValue::Count(s.counts.clients) }
}

/// Seconds as a length of time.
fn span(seconds: Option<f64>) -> FieldValue<'static> {
    seconds.map_or(FieldValue::None, |s| FieldValue::Span((s * 1e9) as i64))
}

/// What is spoken; what only the port tells is a guess, and what it does not tell is called by the port.
fn app(s: &Service) -> FieldValue<'_> {
    let over = Layer::Known(s.key.protocol);
    match (s.app, s.guess) {
        _ if s.ports > 0 => FieldValue::Ports(over, s.ports),
        (Some(app), _) => FieldValue::word(Some(app)),
        (None, Some(guess)) => FieldValue::Guess(guess),
        (None, None) => FieldValue::PortOf(over, s.key.port),
    }
}

/// How it is known what is spoken; `None` where it is not.
fn app_by(s: &Service) -> Option<AppBy> {
    match (s.app, s.guess) {
        _ if s.ports > 0 => None,
        (Some(_), _) => Some(AppBy::Content),
        (None, guess) => guess.map(|_| AppBy::Port),
    }
}

fn by_use(x: &Service, y: &Service) -> Ordering {
    y.uses().cmp(&x.uses()).then_with(|| x.key.cmp(&y.key))
}
