//! One protocol: where it sits, how much of it there is, who speaks it.
//!
//! ```text
//! ─ Protocol ─────────────────────────────────
//!  path       eth:vlan:ip:tcp
//!  traffic    612 Mb/s, 61 kp/s · …
//! ─ Conversations ────────────────────────────
//! ```

use super::talkers::{self, Titles};
use super::{SubjectPage, gone, head, related, traffic_line};
use crate::snapshot::Conversation;
use crate::tui::canvas::Canvas;
use crate::tui::label;
use crate::tui::panels::{facts, top};
use crate::tui::screen::Screen;
use crate::tui::theme::Hue;
use crate::tui::view::{Kind, Scene, Topic};
use crate::tui::widgets::amount;
use ratatui::layout::Rect;

pub(super) struct ProtocolPage;

impl SubjectPage for ProtocolPage {
    fn covers(&self, topic: &Topic) -> bool {
        matches!(topic, Topic::Protocol(_) | Topic::App(_) | Topic::Spoken(..))
    }

    fn crumb(&self, _: &Scene, topic: &Topic) -> String {
        match topic {
            Topic::Protocol(path) => path.to_string(),
            Topic::App(name) => name.clone(),
            Topic::Spoken(path, name) => format!("{path}:{name}"),
            _ => String::new(),
        }
    }
}

fn conversations<'a>(scene: &Scene<'a>) -> Vec<(Topic, (Kind, &'a Conversation))> {
    match scene.topic {
        Some(Topic::Protocol(path)) => related(scene, &|c| c.path == *path || c.path.prefixes().any(|p| p == *path)),
        Some(Topic::Spoken(path, name)) => related(scene, &|c| c.path == *path && c.app == Some(name)),
        Some(Topic::App(name)) => related(scene, &|c| c.app == Some(name.as_str())),
        _ => Vec::new(),
    }
}

fn facts(scene: &Scene) -> Option<Vec<facts::Fact>> {
    let text = scene.style(Hue::Text);
    match scene.topic? {
        Topic::Protocol(path) => {
            let row = top::hierarchy(scene).into_iter().find(|r| r.path == *path && r.app.is_none())?;
            let layer = path.last()?;
            Some(vec![
                ("protocol".into(), label::full_name(*path), scene.style(Hue::Family(label::layer_family(layer)))),
                ("path".into(), path.to_string(), text),
                ("traffic".into(), traffic_line(scene, row.recent, row.traffic, None), text),
                ("share".into(), amount::share(scene.share(row.recent, row.traffic)), text),
                ("ends here".into(), crate::model::units::grouped(row.own.packets) + " packets have nothing known inside", text),
            ])
        }
        Topic::Spoken(path, name) => {
            let row = top::hierarchy(scene).into_iter().find(|r| r.path == *path && r.app.is_some_and(|app| app.0 == *name))?;
            let guess = row.app.is_some_and(|app| app.1);
            let words = if guess { format!("{name}? by its port") } else { (*name).to_owned() };
            Some(vec![
                ("application".into(), words, scene.style(Hue::Family(label::family(name)))),
                ("path".into(), format!("{path}:{name}"), text),
                ("traffic".into(), traffic_line(scene, row.recent, row.traffic, None), text),
                ("share".into(), amount::share(scene.share(row.recent, row.traffic)), text),
            ])
        }
        Topic::App(name) => {
            let leaf = top::leaves(scene).into_iter().find(|l| l.name == *name)?;
            Some(vec![
                (
                    "application".into(),
                    if leaf.guess { format!("{name}? by its port") } else { name.clone() },
                    scene.style(Hue::Family(leaf.family)),
                ),
                ("traffic".into(), traffic_line(scene, leaf.recent, leaf.total, None), text),
                ("share".into(), amount::share(scene.share(leaf.recent, leaf.total)), text),
            ])
        }
        _ => None,
    }
}

impl Screen for ProtocolPage {
    fn title(&self) -> &'static str {
        "Protocol"
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        conversations(scene).into_iter().map(|r| r.0).collect()
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let Some(facts) = facts(scene) else { return gone(canvas, area, scene) };
        let rows = conversations(scene);
        let rest = head(canvas, area, scene, ("Protocol", &facts, None), (rows.len(), false));
        if rest.height >= 3 {
            talkers::draw(canvas, rest, scene, &rows, &Titles::of("Hosts", "Conversations"));
        }
    }
}
