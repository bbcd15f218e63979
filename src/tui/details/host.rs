//! One end point and its conversations.
//!
//! ```text
//! ─ Host ────────────────────────────────────┬─ Since opened ─────
//!  sends      188 Mb/s …                     │ …
//! ─ Conversations ────────────────────────────────────────────────
//! ```

use super::{SubjectPage, draw_related, gone, head, names, related, span_line, traffic_line, troubles};
use crate::model::Arrange as _;
use crate::model::text::printable;
use crate::model::{Address, AppBy, Mac, NeighbourRow, Timestamp, Traffic};
use crate::snapshot::tables::conversations::CONVERSATIONS;
use crate::snapshot::{Conversation, Filter, HostRow, Service, Snapshot};
use crate::tui::canvas::Canvas;
use crate::tui::columns;
use crate::tui::label;
use crate::tui::panels::facts::Fact;
use crate::tui::screen::Screen;
use crate::tui::theme::Hue;
use crate::tui::view::{Kind, Scene, Topic};
use ratatui::layout::Rect;

/// Addresses and services that stand on a page at most.
const LISTED: usize = 8;

pub(super) struct HostPage;

impl SubjectPage for HostPage {
    fn covers(&self, topic: &Topic) -> bool {
        matches!(topic, Topic::Host { .. })
    }

    fn crumb(&self, scene: &Scene, topic: &Topic) -> String {
        let Topic::Host { kind, address, port } = topic else { return String::new() };
        label::endpoint(scene, *kind, *address, *port)
    }

    fn narrows(&self, topic: &Topic) -> Option<Filter> {
        let Topic::Host { address, .. } = topic else { return None };
        Filter::host(*address)
    }

    fn sides(&self, snapshot: &Snapshot, topic: &Topic) -> Option<(Traffic, Traffic)> {
        let Topic::Host { kind, .. } = topic else { return None };
        let row = kind.endpoints(snapshot).rows.iter().find(|row| Topic::host(*kind, row) == *topic)?;
        Some((row.recent_tx, row.recent_rx))
    }
}

fn find<'a>(scene: &Scene<'a>) -> Option<(Kind, &'a HostRow)> {
    let Some(Topic::Host { kind, address, port }) = scene.topic else { return None };
    let row = kind.endpoints(scene.snapshot).rows.iter().find(|row| row.address == *address && row.port == *port)?;
    Some((*kind, row))
}

fn conversations<'a>(scene: &Scene<'a>) -> Vec<(Topic, (Kind, &'a Conversation))> {
    let Some(Topic::Host { kind, address, port }) = scene.topic else { return Vec::new() };
    if *kind == Kind::Eth {
        let rows = Kind::Eth.conversations(scene.snapshot).rows.iter().filter(|c| c.a == *address || c.b == *address);
        let mut rows: Vec<_> = rows.map(|c| (Topic::conversation(Kind::Eth, c), (Kind::Eth, c))).collect();
        let order = columns::busiest(scene.snapshot.live);
        rows.arrange_by(|x, y| CONVERSATIONS.compare(order, x.1.1, y.1.1));
        return scene.pane.arrange(rows);
    }
    related(scene, &|c| {
        let at = |a: Address, p: u16| a == *address && (*port == 0 || p == *port);
        at(c.a, c.a_port) || at(c.b, c.b_port)
    })
}

/// The network card that claimed the address, with its maker.
fn card(scene: &Scene, row: &HostRow) -> Option<Fact> {
    let claims = &scene.base.switch.addresses;
    let text = scene.style(Hue::Text);
    if let Address::Mac(mac) = row.address {
        // With what each is called, so that the page of the card and that of the address are about the same machine.
        let named = |address: Address| match label::learnt(scene, address) {
            Some(name) => format!("{address} ({name})"),
            None => address.to_string(),
        };
        let list: Vec<String> = claims.iter().filter(|claim| claim.0 == mac).take(LISTED).map(|claim| named(claim.1)).collect();
        return (!list.is_empty()).then(|| ("addresses".into(), list.join(" · "), text));
    }
    let list: Vec<String> = claims
        .iter()
        .filter(|claim| claim.1 == row.address)
        .take(LISTED)
        .map(|(mac, _)| {
            let of = |row: &&NeighbourRow| row.source == *mac && !row.told.name().is_empty();
            let itself = scene.base.switch.neighbours.iter().find(of).map(|row| format!("calls itself {}", printable(row.told.name())));
            let maker = (scene.options.manufacturer)(*mac).map(str::to_owned);
            match [itself, maker].into_iter().flatten().collect::<Vec<_>>().join(", ") {
                told if told.is_empty() => mac.to_string(),
                told => format!("{mac} ({told})"),
            }
        })
        .collect();
    (!list.is_empty()).then(|| ("mac".into(), list.join(" · "), text))
}

/// What a card's device says of itself to its neighbours, by each protocol.
fn says(scene: &Scene, mac: Mac) -> Vec<Fact> {
    let (text, title) = (scene.style(Hue::Text), scene.style(Hue::Title));
    let of = scene.base.switch.neighbours.iter().filter(|row| row.source == mac).take(SAYS);
    of.flat_map(|row| {
        let who = format!("{} {}", row.told.name(), row.told.port_name());
        let head = (row.told.protocol.token().to_owned(), printable(who.trim()).into_owned(), title);
        let facts = row.told.facts().into_iter().map(move |(what, words)| (what.to_owned(), printable(&words).into_owned(), text));
        std::iter::once(head).chain(facts)
    })
    .collect()
}

/// Announcements of one card that stand on its page.
const SAYS: usize = 4;

/// What listens at an address: ports, what they speak, and how often that failed.
fn serves(scene: &Scene, address: Address) -> Option<Fact> {
    let of: Vec<&Service> = scene.snapshot.stats.services.rows.iter().filter(|s| s.key.address == address).collect();
    let one = |s: &&Service| {
        let speaks = s.app.map(|app| format!(" {app}")).or_else(|| s.guess.map(|guess| format!(" {guess}?"))).unwrap_or_default();
        let failed = s.failed_words().map(|words| format!(" ({words})")).unwrap_or_default();
        format!("{}/{}{speaks}{failed}", s.key.protocol.token(), s.key.port)
    };
    let mut list: Vec<String> = of.iter().take(LISTED).map(one).collect();
    if of.len() > LISTED {
        list.push(format!("and {} more: 5 lists them", of.len() - LISTED));
    }
    (!list.is_empty()).then(|| ("serves".into(), list.join(" · "), scene.style(Hue::Text)))
}

impl Screen for HostPage {
    fn title(&self) -> &'static str {
        "Host"
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        conversations(scene).into_iter().map(|r| r.0).collect()
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let Some((kind, row)) = find(scene) else { return gone(canvas, area, scene) };
        let text = scene.style(Hue::Text);
        let mut facts = vec![("address".to_owned(), row.address.to_string(), text)];
        if row.port != 0 {
            facts.push(("port".into(), row.port.to_string(), text));
        }
        facts.extend(names::fact(scene, row.address));
        facts.extend(troubles::findings(scene, &[(row.address, row.port)]));
        facts.extend(troubles::service(scene, (row.address, row.port), kind.token()));
        if let Address::Mac(mac) = row.address {
            let (what, words) = match (scene.options.manufacturer)(mac) {
                Some(maker) => ("maker", maker),
                None if mac.is_group() => ("kind", "a group address"),
                None if mac.is_local() => ("maker", "none: an address that was set or drawn at random, of no maker's"),
                None => ("maker", "unknown"),
            };
            facts.push((what.into(), words.into(), text));
        }
        facts.extend(card(scene, row));
        if let Address::Mac(mac) = row.address {
            facts.extend(says(scene, mac));
        }
        if row.port == 0 {
            facts.extend(serves(scene, row.address));
        }
        let side = columns::side(row.inside);
        if !side.is_empty() {
            facts.push(("side".into(), side.into(), text));
        }
        if let Some(app) = row.app {
            let guess = if row.app_by == Some(AppBy::Content) { "" } else { "? by its port" };
            facts.push(("speaks".into(), format!("{app}{guess}"), scene.style(Hue::Family(label::family(app)))));
        }
        let active = Some(row.last.seconds_since(row.first));
        facts.push(("sends".into(), traffic_line(scene, row.recent_tx, row.tx, active), scene.style(Hue::Out)));
        facts.push(("receives".into(), traffic_line(scene, row.recent_rx, row.rx, active), scene.style(Hue::In)));
        if row.first != Timestamp::UNKNOWN {
            facts.push(("seen".into(), span_line(scene, row.first, row.last), text));
        }
        let rows = conversations(scene);
        let rest = head(canvas, area, scene, (kind.name(), &facts, Some(("sends", "receives"))), (rows.len(), false));
        if rest.height >= 3 {
            draw_related(canvas, rest, scene, "Conversations", &rows);
        }
    }
}
