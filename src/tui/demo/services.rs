//! The services of the demonstration: what its conversations lead to.

use super::model::evidence::{ServiceWindow, Trouble, Troubled};
use super::model::{Address, Proto, Quantiles, ResponseBy, ServiceKey};
use super::snapshot::{Conversation, Service};
use crate::model::Arrange as _;
use std::collections::BTreeMap;

/// Seconds as shares of a median.
fn quantiles(count: u64, p50: f64) -> Option<Quantiles> {
    (count > 0).then_some(Quantiles { count, min: p50 * 0.4, p50, p95: p50 * 4.5, p99: p50 * 9.0, max: p50 * 14.0, mean: p50 * 1.4 })
}

fn service(key: ServiceKey, clients: &[&Conversation], trouble: bool) -> Service {
    let app = clients.iter().find_map(|c| c.app);
    let is_read = clients.iter().any(|c| matches!(c.app, Some("dns" | "tls")));
    let opened = if key.protocol == Proto::Tcp { 3 * clients.len() as u64 } else { 0 };
    let asked = if is_read { 31 * clients.len() as u64 } else { 0 };
    let slow = trouble && app == Some("dns");
    let mut counts = ServiceWindow {
        seconds: 3_600.0,
        attempts: opened,
        established: opened,
        requests: asked,
        answered: asked,
        clients: clients.len() as u64,
        sources: clients.len() as u64,
        ..ServiceWindow::default()
    };
    if slow {
        *counts.troubles.of_mut(Trouble::Unanswered) = Troubled { count: 31, clients: 4, ..Troubled::default() };
    }
    let way = 120e-6 + f64::from(key.port % 7) * 40e-6;
    Service {
        key,
        ports: 0,
        reads_requests: true,
        is_used: true,
        app: app.filter(|_| is_read),
        guess: app.filter(|_| !is_read),
        shows_answers: true,
        counts,
        response: quantiles(asked, if slow { 0.2 } else { 0.0012 }),
        response_by: (asked > 0).then_some(ResponseBy::Answers),
        network: quantiles(opened, way),
        client_network: quantiles(opened, way * 0.7),
        waiting: 0,
        lately: None,
        last: clients.iter().map(|c| c.last).max().unwrap_or_default(),
    }
}

/// What the clients of these conversations use; of transport protocols those with this one are TCP.
pub(super) fn services(rows: &[(bool, Conversation)], trouble: bool) -> Vec<Service> {
    let mut by: BTreeMap<(Address, u16, bool), Vec<&Conversation>> = BTreeMap::new();
    for (tcp, c) in rows {
        let (address, port) = if c.originator_is_a { (c.b, c.b_port) } else { (c.a, c.a_port) };
        by.entry((address, port, *tcp)).or_default().push(c);
    }
    let one = |((address, port, tcp), clients): (&(Address, u16, bool), &Vec<&Conversation>)| {
        let protocol = if *tcp { Proto::Tcp } else { Proto::Udp };
        service(ServiceKey { address: *address, port: *port, protocol }, clients, trouble)
    };
    let mut out: Vec<Service> = by.iter().map(one).collect();
    out.arrange_by(|x, y| y.uses().cmp(&x.uses()).then_with(|| x.key.cmp(&y.key)));
    out
}
