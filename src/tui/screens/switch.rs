//! The switch: which one it is, its spanning trees, its neighbours, what happened.
//!
//! ```text
//!  sw-core-1 Gi1/0/24   managed at 10.0.0.2   by LLDP
//!  ◂ Neighbours 2   Spanning tree 3   Link aggregation 2   Gateways 2   OSPF 0   Queriers 1   Events 4 ▸
//! ─ Neighbours ─────────────────── 2 ─┬─ Events ───────────────────────────────────── 4 ─
//!  device           port       by     │ 12:00:07  stp.root   names 4096/… as root, no longer …
//! ─ Spanning tree ──────────────── 3 ─┤
//!  vlan  kind   root         bridge   │
//! ```

use crate::snapshot::Snapshot;
use crate::snapshot::tables::ports::PORTS;
use crate::snapshot::tables::switch::{AGGREGATES, EVENTS, GATEWAYS, NEIGHBOURS, OSPF, QUERIERS, TREES};
use crate::tui::canvas::{Canvas, cells, cut_end, split_top, wrap};
use crate::tui::panels::any_table::TablePanel;
use crate::tui::panels::kinds;
use crate::tui::screen::{Hint, Screen};
use crate::tui::theme::Hue;
use crate::tui::view::{Scene, Topic};
use crate::tui::widgets::frame::columns as divide;
use ratatui::layout::Rect;
use std::borrow::Cow;

/// The switch.
pub(in crate::tui) struct Switch;

/// What is said where nothing is known.
const UNSEEN: &str = "not visible in this mirror: most mirror sessions leave out what switches say to each other";

/// The panels, in the order Left and Right walk through them.
const PANELS: [(&str, TablePanel); 8] = [
    ("Neighbours", TablePanel { empty: UNSEEN, ..TablePanel::of(&NEIGHBOURS) }),
    ("Ports", TablePanel { empty: "the switch is asked only when told to: --switch snmp://HOST", ..TablePanel::of(&PORTS) }),
    ("Spanning tree", TablePanel { empty: UNSEEN, ..TablePanel::of(&TREES) }),
    ("LACP", TablePanel { empty: UNSEEN, ..TablePanel::of(&AGGREGATES) }),
    ("Gateways", TablePanel { empty: "no VRRP, CARP, HSRP or GLBP is visible in this mirror", ..TablePanel::of(&GATEWAYS) }),
    ("OSPF", TablePanel { empty: "no OSPF hello is visible in this mirror", ..TablePanel::of(&OSPF) }),
    ("Queriers", TablePanel { empty: "no query for multicast groups is visible in this mirror", ..TablePanel::of(&QUERIERS) }),
    ("Events", TablePanel { empty: "nothing has happened since the beginning, as far as this mirror shows it", ..TablePanel::of(&EVENTS) }),
];

const NEIGHBOURS_AT: usize = 0;
const TREES_AT: usize = 2;
const EVENTS_AT: usize = 7;

fn panel(at: usize) -> &'static TablePanel {
    PANELS.get(at).map_or(&PANELS[0].1, |panel| &panel.1)
}

impl Screen for Switch {
    fn title(&self) -> &'static str {
        "Switch"
    }

    fn about(&self) -> &'static str {
        "which switch and port is mirrored, spanning tree, neighbours, link aggregation, gateways, what happened"
    }

    fn kinds(&self, _: &Snapshot) -> usize {
        PANELS.len()
    }

    fn topics(&self, scene: &Scene) -> Vec<Topic> {
        panel(scene.pane.kind).topics(scene)
    }

    fn opens(&self, scene: &Scene, topic: &Topic) -> Option<Topic> {
        panel(scene.pane.kind).host(scene, topic)
    }

    fn keys(&self) -> &'static [Hint] {
        &[Hint {
            key: "← →",
            word: "panel",
            help: "neighbours, ports, spanning tree, link aggregation, gateways, routers, queriers, events",
        }]
    }

    fn looks_back(&self) -> bool {
        false
    }

    fn draw(&self, canvas: &mut Canvas, area: Rect, scene: &Scene) {
        let lines = identity(scene, area.width.saturating_sub(2));
        let (head, rest) = split_top(area, (lines.len() as u16).min(area.height / 3));
        for (line, y) in lines.iter().zip(head.top()..head.bottom()) {
            canvas.pieces(head.x + 1, y, head.width.saturating_sub(2), line);
        }
        let (tabs, body) = split_top(rest, u16::from(rest.height > 2));
        let names: Vec<_> = PANELS.iter().map(|(name, panel)| (*name, Some(panel.count(scene.snapshot)))).collect();
        kinds::draw(canvas, tabs, scene, &names);
        let kind = scene.pane.kind;
        if body.height < 14 {
            return panel(kind).draw(canvas, body, scene, true);
        }
        // What was walked to stands first; beside and below it what tells most.
        let beside = [NEIGHBOURS_AT, TREES_AT, EVENTS_AT].into_iter().filter(|at| *at != kind);
        let mut others: Vec<usize> = beside.collect();
        let room = |at: usize| (panel(at).count(scene.snapshot).clamp(1, 200) as u16).saturating_add(3);
        let (above, below) = if body.width >= 150 && others.len() > 1 {
            let last = others.pop().unwrap_or(EVENTS_AT);
            let parts = divide(canvas, body, &[body.width * 58 / 100]);
            let [left, right] = parts[..] else { return };
            panel(last).draw(canvas, right, scene, false);
            split_top(left, room(kind).clamp(6, (left.height * 2 / 3).max(6)))
        } else {
            split_top(body, room(kind).clamp(6, (body.height / 2).max(6)))
        };
        panel(kind).draw(canvas, above, scene, true);
        let many = others.len().max(1);
        let mut rest = below;
        for (place, at) in others.into_iter().enumerate() {
            let left = (many - place) as u16;
            let height = if left <= 1 {
                rest.height
            } else {
                room(at).min(rest.height.saturating_sub(4 * (left - 1))).max(rest.height / (left + 1))
            };
            let (part, under) = split_top(rest, height);
            panel(at).draw(canvas, part, scene, false);
            rest = under;
        }
    }
}

type Line = Vec<(Cow<'static, str>, ratatui::style::Style)>;

/// Which switch it is, or why that is not known and what to change.
fn identity(scene: &Scene, width: u16) -> Vec<Line> {
    let mut lines = named(scene, width);
    let trouble = scene.snapshot.switch.asked.as_ref().and_then(|asked| asked.trouble.as_ref());
    lines.extend(trouble.into_iter().flat_map(|words| {
        wrap(words, width).into_iter().take(2).map(|line| vec![(line.into(), scene.style(Hue::Warn))]).collect::<Vec<Line>>()
    }));
    lines
}

fn named(scene: &Scene, width: u16) -> Vec<Line> {
    let v = &scene.snapshot.switch;
    let (text, dim) = (scene.style(Hue::Text), scene.style(Hue::Dim));
    let Some(i) = &v.identity else {
        let words = match (v.unknown.as_str(), v.link.as_slice()) {
            ("", _) => UNSEEN.to_owned(),
            (unknown, [a, b]) => format!("{a} – {b}: {unknown}"),
            (unknown, _) => unknown.to_owned(),
        };
        let said = format!("Which switch: {words}. {}", v.remedy);
        return wrap(said.trim(), width).into_iter().take(3).map(|line| vec![(line.into(), dim)]).collect();
    };
    let mut line: Line = vec![(cut_end(&v.title().unwrap_or_default(), width / 2).into_owned().into(), scene.theme.strong(Hue::Title))];
    if let Some(address) = i.management {
        line.extend([("   managed at ".into(), dim), (address.to_string().into(), text)]);
    }
    line.extend([("   by ".into(), dim), (i.source.token().to_uppercase().into(), text)]);
    if !i.is_likely {
        return vec![line];
    }
    let said = "nobody else says who it is: it may be the device at the other end";
    let used: usize = line.iter().map(|piece| usize::from(cells(&piece.0))).sum();
    if used + 3 + said.len() <= usize::from(width) {
        line.push((format!("   {said}").into(), dim));
        return vec![line];
    }
    let below = wrap(said, width).into_iter().map(|line| vec![(line.into(), dim)]);
    std::iter::once(line).chain(below).collect()
}
