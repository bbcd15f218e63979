//! What is said: DNS, TLS and the like, each with its numbers.
//!
//! ```text
//!  dns 14   tls 9   mdns 0   llmnr 0
//! ─ Domain Name System ────────────────────────────────────────── 14 ─
//!  what            which       count   share   median    95 %    longest
//!  Response codes  NXDOMAIN       12     8 %
//!  Latency                       140           1.2 ms   31 ms     910 ms
//! ```

use crate::snapshot::tables::applications::APPLICATIONS;
use crate::snapshot::{Column, Snapshot};
use crate::tui::canvas::{Canvas, split_top};
use crate::tui::details;
use crate::tui::panels::any_table::TablePanel;
use crate::tui::panels::kinds;
use crate::tui::screen::{Hint, Screen, Sorts};
use crate::tui::view::{Scene, Topic};
use ratatui::layout::Rect;

/// Application protocols, one at a time.
pub(in crate::tui) struct ApplicationsScreen;

/// What is shown without a protocol chosen.
const ALL: TablePanel = TablePanel { empty: "nothing was recognised by its content yet", ..TablePanel::of(&APPLICATIONS) };

/// The numbers of the protocol chosen.
fn sheet(scene: &Scene) -> TablePanel {
    TablePanel { group: scene.snapshot.dissect.apps.get(scene.pane.kind).map(|app| app.title), ..ALL }
}

impl Screen for ApplicationsScreen {
    fn title(&self) -> &'static str {
        "Applications"
    }

    fn about(&self) -> &'static str {
        "DNS, TLS and the like: questions, answers, codes, versions, server names, latency"
    }

    fn kinds(&self, snapshot: &Snapshot) -> usize {
        snapshot.dissect.apps.len()
    }

    fn kind_with_rows(&self, snapshot: &Snapshot, kind: usize) -> Option<usize> {
        let rows = |title| TablePanel { group: Some(title), ..ALL }.count(snapshot);
        Some(kinds::with_rows(snapshot.dissect.apps.iter().map(|app| rows(app.title)), kind))
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        sheet(scene).topics(scene)
    }

    /// Who speaks it.
    fn opens(&self, scene: &Scene, _: &Topic) -> Option<Topic> {
        scene.snapshot.dissect.apps.get(scene.pane.kind).map(|app| Topic::App(app.token.to_owned()))
    }

    fn sorting(&self) -> Option<(Sorts, Vec<Column>)> {
        Some(ALL.sorting())
    }

    fn keys(&self) -> &'static [Hint] {
        &[Hint { key: "← →", word: "protocol", help: "the protocol" }]
    }

    fn looks_back(&self) -> bool {
        false
    }

    fn looks_back_exactly(&self) -> bool {
        true
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let apps = &scene.snapshot.dissect.apps;
        let (line, body) = split_top(area, u16::from(!apps.is_empty()));
        let names: Vec<_> =
            apps.iter().map(|app| (app.token, Some(TablePanel { group: Some(app.title), ..ALL }.count(scene.snapshot)))).collect();
        kinds::draw(canvas, line, scene, &names);
        let list = sheet(scene);
        let lines = list.topics(scene).len();
        // Who speaks it stands below, where there is room.
        let app = apps.get(scene.pane.kind).filter(|_| lines > 0);
        let Some((app, (body, Some(below)))) = app.map(|app| (app, details::with_preview(body, lines + 1))) else {
            return list.draw(canvas, body, scene, true);
        };
        list.draw(canvas, body, scene, true);
        details::speakers(canvas, below, scene, &format!("Conversations with {}", app.token), &|c| c.app == Some(app.token));
    }
}
