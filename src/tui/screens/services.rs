//! What listens where, who uses it, how fast it answers and what goes wrong.
//!
//! ```text
//! ─ Services ──────────────────────────────────────────────────────────── 12 ─
//!  service          app    clients  requests  failed  median    95 %  to server
//!  10.20.1.2:53     dns         14     1,204      31  1.2 ms  910 ms
//!  10.20.1.9:443    tls          3        20       0                    0.4 ms
//! ```

use crate::snapshot::Column;
use crate::snapshot::tables::services::SERVICES;
use crate::tui::canvas::Canvas;
use crate::tui::details;
use crate::tui::panels::any_table::TablePanel;
use crate::tui::screen::{Screen, Sorts};
use crate::tui::view::{Scene, Topic};
use ratatui::layout::Rect;

/// Services; of more than a dashboard holds those used most.
pub(in crate::tui) struct ServicesScreen;

/// The time its numbers are of on a port.
pub(in crate::tui) const BASE: Option<&str> = Some("last minute");

const SHEET: TablePanel = TablePanel {
    empty: "no service was used yet: they show with the first connection that is opened and the first question that is asked",
    named: true,
    narrowed: true,
    base: BASE,
    ..TablePanel::of(&SERVICES)
};

impl Screen for ServicesScreen {
    fn title(&self) -> &'static str {
        "Services"
    }

    fn short_title(&self) -> &'static str {
        "Serv"
    }

    fn about(&self) -> &'static str {
        "what listens where: clients, connections, requests, response times, what failed; Enter opens one"
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        SHEET.topics(scene)
    }

    fn opens(&self, scene: &Scene, topic: &Topic) -> Option<Topic> {
        let at = SHEET.place(scene, topic)?;
        scene.snapshot.stats.services.rows.get(at).map(|service| Topic::Service(service.key))
    }

    fn sorting(&self) -> Option<(Sorts, Vec<Column>)> {
        Some(SHEET.sorting())
    }

    fn looks_back(&self) -> bool {
        false
    }

    fn looks_back_exactly(&self) -> bool {
        true
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let topics = SHEET.topics(scene);
        // A line of its own for the title.
        let (list, below) = details::with_preview(area, topics.len() + usize::from(!topics.is_empty()));
        SHEET.draw(canvas, list, scene, true);
        let service = details::chosen(scene, topics.iter()).and_then(|topic| self.opens(scene, topic));
        if let Some((below, service)) = below.zip(service) {
            details::preview(canvas, below, scene, &service);
        }
    }
}
