//! One VLAN and its conversations.
//!
//! ```text
//! ─ VLAN ─────────────────────────────────────
//!  traffic    612 Mb/s, 61 kp/s · …
//! ─ Conversations ────────────────────────────
//! ```

use super::{SubjectPage, gone, head, related, talkers, traffic_line};
use crate::snapshot::{Conversation, Filter};
use crate::tui::canvas::Canvas;
use crate::tui::screen::Screen;
use crate::tui::theme::Hue;
use crate::tui::view::{Kind, Scene, Topic};
use crate::tui::widgets::amount;
use ratatui::layout::Rect;

pub(super) struct VlanPage;

impl SubjectPage for VlanPage {
    fn covers(&self, topic: &Topic) -> bool {
        matches!(topic, Topic::Vlan(_))
    }

    fn crumb(&self, _: &Scene, topic: &Topic) -> String {
        let Topic::Vlan(id) = topic else { return String::new() };
        format!("VLAN {id}")
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
        let facts = vec![
            ("vlan".into(), row.id.to_string(), text),
            ("traffic".into(), traffic_line(scene, row.recent, row.traffic, None), text),
            ("share".into(), amount::share(scene.share(row.recent, row.traffic)), text),
        ];
        let rest = head(canvas, area, scene, "VLAN", &facts, None);
        if rest.height >= 3 {
            talkers::draw(canvas, rest, scene, &conversations(scene), ("Hosts", None));
        }
    }
}
