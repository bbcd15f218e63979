//! What is said: DNS, TLS and the like, each with its numbers, and behind them the streams of calls.
//!
//! ```text
//!  dns 14   tls 9   mdns 0   llmnr 0
//! ─ Domain Name System ────────────────────────────────────────── 14 ─
//!  what            which       count   share   median    95 %    longest
//!  Response codes  NXDOMAIN       12     8 %
//!  Latency                       140           1.2 ms   31 ms     910 ms
//! ```

use crate::snapshot::tables::applications::APPLICATIONS;
use crate::snapshot::tables::rtp_streams::RTP_STREAMS;
use crate::snapshot::{Column, Conversation, Snapshot};
use crate::tui::canvas::{Canvas, split_top};
use crate::tui::details;
use crate::tui::panels::any_table::TablePanel;
use crate::tui::panels::kinds;
use crate::tui::screen::{Hint, Screen, Sorts};
use crate::tui::view::{Kind, Scene, Topic};
use ratatui::layout::Rect;

/// Application protocols, one at a time.
pub(in crate::tui) struct ApplicationsScreen;

/// What is shown without a protocol chosen.
const ALL: TablePanel =
    TablePanel { empty: "nothing was recognised by its content yet", base: Some("since start"), ..TablePanel::of(&APPLICATIONS) };

/// Streams of voice and pictures, behind the protocols where there are any.
const STREAMS: TablePanel =
    TablePanel { empty: "no stream of voice or pictures was seen yet", base: Some("since start"), ..TablePanel::of(&RTP_STREAMS) };

/// How the page of streams is called beside the protocols.
const CALLS: &str = "calls (RTP)";

/// The pages: the protocols, and the streams where there are any.
fn pages(snapshot: &Snapshot) -> Vec<(&'static str, TablePanel)> {
    let apps = snapshot.dissect.apps.iter().map(|app| (app.token, TablePanel { group: Some(app.title), ..ALL }));
    let streams = (!snapshot.stats.streams.is_empty()).then_some((CALLS, STREAMS));
    apps.chain(streams).collect()
}

/// The page chosen.
fn sheet(scene: &Scene) -> TablePanel {
    pages(scene.snapshot).into_iter().nth(scene.pane.kind).map_or(ALL, |page| page.1)
}

/// The conversation that carries a stream.
fn call(scene: &Scene, topic: &Topic) -> Option<Topic> {
    let row = scene.snapshot.stats.streams.get(STREAMS.place(scene, topic)?)?;
    let is_it = |c: &&Conversation| row.stream.is_between((c.a, c.a_port), (c.b, c.b_port));
    let carried = scene.snapshot.stats.conversations.udp.rows.iter().find(is_it)?;
    Some(Topic::conversation(Kind::Udp, carried))
}

/// The calls, and below them the conversation of the selected one where there is room.
fn draw_calls(canvas: &mut Canvas, area: Rect, scene: &Scene, list: TablePanel) {
    let topics = list.topics(scene);
    let (body, below) = details::with_preview(area, topics.len() + 1);
    list.draw(canvas, body, scene, true);
    let conversation = details::chosen(scene, topics.iter()).and_then(|topic| call(scene, topic));
    if let Some((below, conversation)) = below.zip(conversation) {
        details::preview(canvas, below, scene, &conversation);
    }
}

impl Screen for ApplicationsScreen {
    fn title(&self) -> &'static str {
        "Applications"
    }

    fn about(&self) -> &'static str {
        "DNS, TLS and the like: questions, answers, codes, versions, server names, latency; behind them calls: streams of voice and pictures (RTP), what they lack, jitter"
    }

    fn kinds(&self, snapshot: &Snapshot) -> usize {
        pages(snapshot).len()
    }

    fn kind_with_rows(&self, scene: &Scene, kind: usize) -> Option<usize> {
        Some(kinds::with_rows(pages(scene.snapshot).iter().map(|page| page.1.matching(scene)), kind))
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        sheet(scene).topics(scene)
    }

    /// Who speaks it; of a call the conversation that carries it.
    fn opens(&self, scene: &Scene, topic: &Topic) -> Option<Topic> {
        match scene.snapshot.dissect.apps.get(scene.pane.kind) {
            Some(app) => Some(Topic::App(app.token.to_owned())),
            None => call(scene, topic),
        }
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
        let pages = pages(scene.snapshot);
        let (line, body) = split_top(area, u16::from(!pages.is_empty()));
        let names: Vec<_> = pages.iter().map(|(name, page)| (*name, Some(page.matching(scene)))).collect();
        kinds::draw(canvas, line, scene, &names);
        let list = sheet(scene);
        let lines = list.topics(scene).len();
        // Who speaks it stands below, where there is room.
        let app = scene.snapshot.dissect.apps.get(scene.pane.kind).filter(|_| lines > 0);
        if app.is_none() && lines > 0 {
            return draw_calls(canvas, body, scene, list);
        }
        let Some((app, (body, Some(below)))) = app.map(|app| (app, details::with_preview(body, lines + 1))) else {
            return list.draw(canvas, body, scene, true);
        };
        list.draw(canvas, body, scene, true);
        details::speakers(canvas, below, scene, &format!("Conversations with {}", app.token), &|c| c.app == Some(app.token));
    }
}
