//! One VLAN and its conversations.
//!
//! ```text
//! ─ VLAN ─────────────────────────────────────
//!  traffic    612 Mb/s, 61 kp/s · …
//!  in         402 Mb/s, 31 kp/s · …     from routers into the VLAN
//!  out        190 Mb/s, 29 kp/s · …
//! ─ Hosts ────────────────────────────────────
//! ─ Conversations ────────────────────────────
//! ```

use super::talkers::{self, Titles};
use super::{SubjectPage, gone, head, related, traffic_line};
use crate::model::text::printable;
use crate::snapshot::{Conversation, Filter, Snapshot, Traffic};
use crate::tui::canvas::Canvas;
use crate::tui::screen::Screen;
use crate::tui::theme::Hue;
use crate::tui::view::{Kind, Scene, Topic};
use crate::tui::widgets::amount;
use ratatui::layout::Rect;

pub(super) struct VlanPage;

/// Why it is not said what comes in and goes out.
const UNTOLD: &str = "not known: no router was recognised in this VLAN, all of it may be between its stations";

impl SubjectPage for VlanPage {
    fn covers(&self, topic: &Topic) -> bool {
        matches!(topic, Topic::Vlan(_))
    }

    fn crumb(&self, _: &Scene, topic: &Topic) -> String {
        let Topic::Vlan(id) = topic else { return String::new() };
        format!("VLAN {id}")
    }

    fn sides(&self, snapshot: &Snapshot, topic: &Topic) -> Option<(Traffic, Traffic)> {
        let Topic::Vlan(id) = topic else { return None };
        let [into, out] = snapshot.stats.vlans.rows.iter().find(|row| row.id == *id)?.ways?.recent;
        Some((out, into))
    }

    fn narrows(&self, topic: &Topic) -> Option<Filter> {
        let Topic::Vlan(id) = topic else { return None };
        Some(Filter::vlan(*id))
    }
}

fn conversations<'a>(scene: &Scene<'a>) -> Vec<(Topic, (Kind, &'a Conversation))> {
    let Some(Topic::Vlan(id)) = scene.topic else { return Vec::new() };
    related(scene, &|c| c.vlans.ids().contains(id))
}

impl Screen for VlanPage {
    fn title(&self) -> &'static str {
        "VLAN"
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        conversations(scene).into_iter().map(|r| r.0).collect()
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let row = match scene.topic {
            Some(Topic::Vlan(id)) => scene.snapshot.stats.vlans.rows.iter().find(|r| r.id == *id),
            _ => None,
        };
        let Some(row) = row else { return gone(canvas, area, scene) };
        let text = scene.style(Hue::Text);
        let name = row.name.as_deref().map(|name| format!(" {}", printable(name))).unwrap_or_default();
        let mut facts = vec![
            ("vlan".into(), format!("{}{name}", row.id), text),
            ("traffic".into(), traffic_line(scene, row.recent, row.traffic, None), text),
        ];
        match row.ways {
            Some(ways) => {
                let line = |at: usize| {
                    let of = |part: [Traffic; 2]| part.get(at).copied().unwrap_or_default();
                    traffic_line(scene, of(ways.recent), of(ways.traffic), None)
                };
                facts.push(("in".into(), line(0), scene.style(Hue::In)));
                facts.push(("out".into(), line(1), scene.style(Hue::Out)));
            }
            None => facts.push(("in, out".into(), UNTOLD.into(), scene.style(Hue::Dim))),
        }
        facts.push(("share".into(), amount::share(scene.share(row.recent, row.traffic)), text));
        if let Some(groups) = row.groups.filter(|_| row.traffic.packets > 0) {
            let part = amount::share(groups.packets as f64 / row.traffic.packets as f64);
            facts.push(("to groups".into(), format!("{part} of the packets"), text));
        }
        let sides = row.ways.map(|_| ("out", "in"));
        let rows = conversations(scene);
        let rest = head(canvas, area, scene, ("VLAN", &facts, sides), (rows.len(), false));
        if rest.height >= 3 {
            talkers::draw(canvas, rest, scene, &rows, &Titles::of("Hosts", "Conversations"));
        }
    }
}
