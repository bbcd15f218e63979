//! Why something is slow or fails, on the page about it: what was found about it, how fast its service answers, what was sent again.

use crate::model::Arrange as _;
use crate::model::{Address, AnalysisFlags, Direction, ResponseBy, Subject, units};
use crate::snapshot::{Conversation, Service};
use crate::tui::label;
use crate::tui::panels::facts::Fact;
use crate::tui::theme::Hue;
use crate::tui::view::Scene;
use crate::tui::widgets::amount;

/// Findings that stand on a page at most.
const FINDINGS: usize = 3;

/// An end: an address, and a port or 0 for any.
pub(super) type EndOf = (Address, u16);

/// Whether a finding's subject is one of these ends, at one of them, or a conversation of one of them (of both, where there are two).
fn concerns(subject: Subject, ends: &[EndOf]) -> bool {
    let meets = |address: Address, port: u16| ends.iter().any(|(here, at)| *here == address && (*at == 0 || port == 0 || *at == port));
    match subject {
        Subject::Host(address) | Subject::Group(address) => meets(address, 0),
        Subject::Station(mac) => meets(Address::Mac(mac), 0),
        Subject::Service { address, port, .. } => meets(address, port),
        Subject::Conversation { a, a_port, b, b_port, .. } if ends.len() > 1 => meets(a, a_port) && meets(b, b_port),
        Subject::Conversation { a, a_port, b, b_port, .. } => meets(a, a_port) || meets(b, b_port),
        _ => false,
    }
}

/// What was found about these ends, worst first.
pub(super) fn findings(scene: &Scene, ends: &[EndOf]) -> Vec<Fact> {
    let mut about: Vec<_> = scene.snapshot.diagnosis.findings.iter().filter(|f| f.active && concerns(f.subject, ends)).collect();
    about.arrange_by_key(|f| std::cmp::Reverse(f.severity));
    let more = about.len().saturating_sub(FINDINGS);
    let mut out: Vec<Fact> = Vec::new();
    for finding in about.into_iter().take(FINDINGS) {
        let (symbol, hue) = label::severity(finding.severity);
        out.push(("wrong".into(), format!("{symbol} {}", finding.title), scene.style(hue)));
    }
    if more > 0 {
        out.push((String::new(), format!("and {more} more: 6 lists them"), scene.style(Hue::Dim)));
    }
    out
}

/// How fast a service answers, and how far away it is: whether the server or the network is slow.
pub(super) fn service(scene: &Scene, (address, port): EndOf, transport: &str) -> Vec<Fact> {
    let of = |s: &&Service| s.key.address == address && s.key.port == port && s.key.protocol.token() == transport;
    let Some(service) = scene.snapshot.stats.services.rows.iter().find(of) else { return Vec::new() };
    let mut pieces = times(service);
    pieces.extend(service.failed_words());
    if pieces.is_empty() { Vec::new() } else { vec![("service".into(), pieces.join(" · "), scene.style(Hue::Text))] }
}

/// Response times and round trips, in words.
fn times(service: &Service) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    if let Some(response) = service.response {
        let (half, most) = (amount::short_duration(response.p50), amount::short_duration(response.p95));
        let (what, of) = match service.response_by {
            Some(ResponseBy::Turns) => ("exchange", " of content that is not read"),
            Some(ResponseBy::Handshakes) => ("TLS handshake", ""),
            _ => ("answer", ""),
        };
        let count = units::plural(response.count, what);
        pieces.push(format!("answers half within {half}, 95 % within {most} ({count}{of})"));
    }
    let ways = [("to the server", service.network), ("to its clients", service.client_network)];
    let ways = ways.into_iter().filter_map(|(name, trips)| Some(format!("{} {name}", amount::short_duration(trips?.p50))));
    let ways: Vec<String> = ways.collect();
    if !ways.is_empty() {
        pieces.push(format!("handshakes take {}", ways.join(" and ")));
    }
    pieces
}

/// How fast a service answers, on its own page.
pub(super) fn speed(scene: &Scene, service: &Service) -> Option<Fact> {
    let pieces = times(service);
    (!pieces.is_empty()).then(|| ("speed".into(), pieces.join(" · "), scene.style(Hue::Text)))
}

/// What Wireshark's analysis says of a connection, where there is something.
pub(super) fn segments(scene: &Scene, row: &Conversation) -> Vec<Fact> {
    let Some(tcp) = &row.tcp else { return Vec::new() };
    let again = tcp.of(AnalysisFlags::RETRANSMISSION);
    let mut pieces: Vec<String> = Vec::new();
    if again > 0 {
        pieces.push(format!("{} sent again ({})", units::grouped(again), amount::share(tcp.retransmitted())));
    }
    let counted = [
        (AnalysisFlags::LOST_SEGMENT, "not seen", "not seen"),
        (AnalysisFlags::ZERO_WINDOW, "zero window", "zero windows"),
        (AnalysisFlags::WINDOW_FULL, "full window", "full windows"),
    ];
    for (flag, one, many) in counted {
        match tcp.of(flag) {
            0 => {}
            1 => pieces.push(format!("1 {one}")),
            n => pieces.push(format!("{} {many}", units::grouped(n))),
        }
    }
    let way = if row.originator_is_a { Direction::AToB } else { Direction::BToA };
    let ([before, beyond], side) = tcp.losses(way);
    if before.saturating_add(beyond) > 0 {
        let whose = side.map(|side| format!(" on the {}'s side", side.token())).unwrap_or_default();
        pieces.push(format!("{} lost{whose}", units::grouped(before.saturating_add(beyond))));
    }
    match pieces.is_empty() {
        true => vec![("segments".into(), "none sent again, no window closed".into(), scene.style(Hue::Dim))],
        false => vec![("segments".into(), pieces.join(" · "), scene.style(Hue::Text))],
    }
}
